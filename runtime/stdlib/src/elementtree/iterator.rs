//! What `Element.iter` and `Element.itertext` return: a walk in document order, without recursion.

use super::element::{Element, payload as element};
use object::cell::{ObjectCell, Visitor, VmCell};
use object::native::{PayloadInfo, TypeSpec, flag};
use object::protocol::iter_self;
use object::str::Str;
use object::{Object, Payload, PyResult, Ref, Slots, Type, Vm, exception};

/// The payload of an iterator.
pub struct ElementIterator {
    /// Where the walk starts, until it has.
    root: ObjectCell,
    /// The elements that the walk is in, each with the index of the child that is next.
    parents: VmCell<Vec<(Object, usize)>>,
    /// `None`: any tag.
    tag: Option<Object>,
    wants_text: bool,
}

impl Payload for ElementIterator {
    fn class() -> &'static Type {
        &ITERATOR
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        self.root.traverse(visitor);
        if let Some(tag) = &self.tag {
            visitor.visit(tag.borrow());
        }
        let parents = self.parents.visit(visitor);
        for (parent, _) in parents {
            visitor.visit(parent.borrow());
        }
    }

    fn clear(&self, vm: &mut Vm) {
        self.root.set(None);
        self.parents.set(vm, Vec::new());
    }
}

/// `_elementtree._element_iterator`
pub static ITERATOR: Type = Type::new(&ITERATOR_SPEC);
static ITERATOR_SPEC: TypeSpec = TypeSpec {
    name: "_elementtree._element_iterator",
    flags: flag::NO_INSTANTIATION,
    payload: PayloadInfo::of::<ElementIterator>(),
    slots: Slots { iter: Some(iter_self), next: Some(next), ..Slots::NONE },
    ..TypeSpec::DEFAULT
};

/// Walks over elements, or over their text.
pub(super) fn new(vm: &mut Vm, root: Ref<'_>, tag: Option<Ref<'_>>, wants_text: bool) -> Object {
    let iterator =
        ElementIterator { root: ObjectCell::new(Some(root.to_owned())), parents: VmCell::new(Vec::new()), tag: tag.map(Ref::to_owned), wants_text };
    vm.allocate(iterator).into_object()
}

/// A step of the walk.
enum Place {
    /// An element begins.
    Start(Object),
    /// An element within the root has ended.
    End(Object),
    Finished,
}

fn advance(vm: &mut Vm, iterator: &ElementIterator) -> PyResult<Place> {
    let found = match iterator.parents.get(vm).last() {
        None => match iterator.root.take() {
            Some(root) => root,
            None => return Ok(Place::Finished),
        },
        Some((parent, index)) => match element(parent.borrow()).children.get(vm).get(*index).cloned() {
            Some(child) => {
                if let Some(parent) = iterator.parents.get_mut(vm).last_mut() {
                    parent.1 += 1;
                }
                child
            }
            None => {
                let ended = iterator.parents.get_mut(vm).pop();
                // The text behind the element that the walk began with is not part of it.
                let is_root = iterator.parents.get(vm).is_empty();
                return Ok(match ended {
                    Some((ended, _)) if !is_root => Place::End(ended),
                    _ => Place::Finished,
                });
            }
        },
    };
    if found.borrow().downcast::<Element>().is_none() {
        let message = format!("'{}' object has no attribute 'iter'", found.borrow().class().full_name());
        return Err(vm.raise(&exception::ATTRIBUTE_ERROR, message));
    }
    iterator.parents.get_mut(vm).push((found.clone(), 0));
    Ok(Place::Start(found))
}

fn next(vm: &mut Vm, this: Ref<'_>) -> PyResult<Option<Object>> {
    let iterator = this.downcast::<ElementIterator>().expect("the slot belongs to the type").get();
    loop {
        let text = match advance(vm, iterator)? {
            Place::Finished => return Ok(None),
            Place::Start(found) if !iterator.wants_text => {
                let own = element(found.borrow()).tag.get_or_none();
                match &iterator.tag {
                    Some(tag) if !vm.equal(own.borrow(), tag.borrow())? => continue,
                    _ => return Ok(Some(found)),
                }
            }
            Place::Start(found) => {
                let found = element(found.borrow());
                // Comments and instructions have functions for tags, and their text is no text.
                let tag = found.tag.get_or_none();
                if !tag.borrow().is_none() && tag.borrow().downcast::<Str>().is_none() {
                    skip_children(vm, iterator);
                    continue;
                }
                found.text.get_or_none()
            }
            Place::End(_) if !iterator.wants_text => continue,
            Place::End(ended) => element(ended.borrow()).tail.get_or_none(),
        };
        if !text.borrow().is_none() && vm.is_true(text.borrow())? {
            return Ok(Some(text));
        }
    }
}

/// The element just begun has nothing of interest.
fn skip_children(vm: &mut Vm, iterator: &ElementIterator) {
    if let Some(parent) = iterator.parents.get_mut(vm).last_mut() {
        parent.1 = usize::MAX;
    }
}
