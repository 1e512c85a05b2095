//! Children of elements: by index and slice, by tag, by path.

use super::element::{check_child, exact, payload};
use builtins::slice::{self, Slice};
use object::exception;
use object::str::Str;
use object::{Object, PyResult, Ref, Vm};

/// The items of anything iterable; `message` is the error for what is not.
pub(super) fn sequence(vm: &mut Vm, object: Ref<'_>, message: &str) -> PyResult<Vec<Object>> {
    match vm.iter(object) {
        Ok(iterator) => vm.collect(iterator.borrow()),
        Err(raised) => {
            vm.catch_if(raised, &exception::TYPE_ERROR)?;
            Err(vm.type_error(message))
        }
    }
}

fn is_index(key: Ref<'_>) -> bool {
    key.class().slots().index.is_some()
}

pub(super) fn get_item(vm: &mut Vm, this: Ref<'_>, key: Ref<'_>) -> PyResult {
    let element = payload(this);
    if is_index(key) {
        let index = slice::item_index(vm, key)?;
        let children = element.children.get(vm);
        let found = slice::position(index, children.len()).map(|index| children[index].clone());
        return found.ok_or(()).map_err(|()| vm.index_error("child index out of range"));
    }
    let Some(key) = key.downcast::<Slice>() else {
        return Err(vm.type_error("element indices must be integers"));
    };
    let bounds = slice::unpack(vm, key.get())?;
    let children = element.children.get(vm);
    let found = slice::adjust(bounds, children.len()).iter().map(|index| children[index].clone()).collect();
    Ok(vm.new_list(found).into_object())
}

pub(super) fn set_item(vm: &mut Vm, this: Ref<'_>, key: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    let element = payload(this);
    if is_index(key) {
        let index = slice::item_index(vm, key)?;
        let Some(index) = slice::position(index, element.children.get(vm).len()) else {
            return Err(vm.index_error("child assignment index out of range"));
        };
        let old = match value {
            Some(value) => {
                check_child(vm, value)?;
                std::mem::replace(&mut element.children.get_mut(vm)[index], value.to_owned())
            }
            None => element.children.get_mut(vm).remove(index),
        };
        drop(old);
        return Ok(());
    }
    let Some(key) = key.downcast::<Slice>() else {
        return Err(vm.type_error("element indices must be integers"));
    };
    let new = match value {
        Some(value) => sequence(vm, value, "assignment expects an iterable")?,
        None => Vec::new(),
    };
    let bounds = slice::unpack(vm, key.get())?;
    let positions = slice::adjust(bounds, element.children.get(vm).len());
    if value.is_some() && positions.step != 1 && new.len() != positions.count {
        let message = format!("attempt to assign sequence of size {} to extended slice of size {}", new.len(), positions.count);
        return Err(vm.value_error(message));
    }
    for child in &new {
        check_child(vm, child.borrow())?;
    }
    let children = element.children.get_mut(vm);
    if positions.step == 1 {
        let end = positions.start + positions.count;
        drop(children.splice(positions.start..end, new).collect::<Vec<_>>());
    } else if value.is_some() {
        let old: Vec<_> = positions.iter().zip(new).map(|(index, child)| std::mem::replace(&mut children[index], child)).collect();
        drop(old);
    } else {
        let old: Vec<_> = positions.ascending().iter().rev().map(|index| children.remove(index)).collect();
        drop(old);
    }
    Ok(())
}

/// Whether a path is more than the tag of a child.
fn is_path(path: Ref<'_>) -> bool {
    let Some(path) = path.downcast::<Str>() else { return true };
    let mut outside = true;
    let data = path.data();
    if data.len() >= 3 && data.at(0) == u32::from(b'{') && [b'}', b'*'].map(u32::from).contains(&data.at(1)) {
        return true;
    }
    data.code_points().any(|character| {
        match u8::try_from(character) {
            Ok(b'{') => outside = false,
            Ok(b'}') => outside = true,
            Ok(b'/' | b'*' | b'[' | b'@' | b'.') => return outside,
            _ => {}
        }
        false
    })
}

/// Calls a function of `ElementPath`.
pub(super) fn by_path(vm: &mut Vm, function: &str, args: &[Ref<'_>]) -> PyResult {
    let module = vm.import("xml.etree.ElementPath")?;
    vm.call_method(module.borrow(), function, args)
}

/// Whether a child has a tag.
fn has_tag(vm: &mut Vm, child: Ref<'_>, tag: Ref<'_>) -> PyResult<bool> {
    match exact(child) {
        Some(element) => {
            let own = element.tag.get_or_none();
            vm.equal(own.borrow(), tag)
        }
        None if child.downcast::<super::element::Element>().is_some() => {
            let own = payload(child).tag.get_or_none();
            vm.equal(own.borrow(), tag)
        }
        None => Ok(false),
    }
}

/// The first child with a tag.
fn first_child(vm: &mut Vm, this: Ref<'_>, tag: Ref<'_>) -> PyResult<Option<Object>> {
    let mut index = 0;
    while let Some(child) = payload(this).children.get(vm).get(index).cloned() {
        if has_tag(vm, child.borrow(), tag)? {
            return Ok(Some(child));
        }
        index += 1;
    }
    Ok(None)
}

pub(super) fn find(vm: &mut Vm, this: Ref<'_>, path: Ref<'_>, namespaces: Ref<'_>) -> PyResult<Option<Object>> {
    if !namespaces.is_none() || is_path(path) {
        return by_path(vm, "find", &[this, path, namespaces]).map(Some);
    }
    first_child(vm, this, path)
}

pub(super) fn find_text(vm: &mut Vm, this: Ref<'_>, path: Ref<'_>, default: Ref<'_>, namespaces: Ref<'_>) -> PyResult {
    if !namespaces.is_none() || is_path(path) {
        return by_path(vm, "findtext", &[this, path, default, namespaces]);
    }
    let Some(child) = first_child(vm, this, path)? else { return Ok(default.to_owned()) };
    let text = payload(child.borrow()).text.get_or_none();
    Ok(if text.borrow().is_none() { vm.empty_str().object().to_owned() } else { text })
}

pub(super) fn find_all(vm: &mut Vm, this: Ref<'_>, path: Ref<'_>, namespaces: Ref<'_>) -> PyResult {
    if !namespaces.is_none() || is_path(path) {
        return by_path(vm, "findall", &[this, path, namespaces]);
    }
    let (mut found, mut index) = (Vec::new(), 0);
    while let Some(child) = payload(this).children.get(vm).get(index).cloned() {
        if has_tag(vm, child.borrow(), path)? {
            found.push(child);
        }
        index += 1;
    }
    Ok(vm.new_list(found).into_object())
}
