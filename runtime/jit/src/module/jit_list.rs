//! The list of functions to compile, from Python.

use crate::list_file::List;
use crate::{policy, start};
use object::str::Str;
use object::{Object, PyResult, Ref, Vm};

fn text_of(vm: &mut Vm, caller: &str, value: Ref<'_>) -> PyResult<String> {
    match value.downcast::<Str>() {
        Some(text) => Ok(text.to_string_lossy().into_owned()),
        None => Err(vm.type_error(format!("{caller} expected a string, received '{}' object", value.class().full_name()))),
    }
}

/// Adds entries. The list stays as it was if a line is none.
fn add(vm: &mut Vm, text: &str) -> PyResult {
    let mut list = policy::list().clone().unwrap_or_default();
    if let Some(line) = start::add_lines(&mut list, text, policy::rules()).first() {
        return Err(vm.runtime_error(format!("Failed to parse new JIT list line {line}")));
    }
    *policy::list() = Some(list);
    Ok(Object::none())
}

pub(super) fn append_jit_list(vm: &mut Vm, _module: Ref<'_>, line: Ref<'_>) -> PyResult {
    let line = text_of(vm, "append_jit_list", line)?;
    add(vm, &line)
}

pub(super) fn read_jit_list(vm: &mut Vm, _module: Ref<'_>, path: Ref<'_>) -> PyResult {
    let path = text_of(vm, "read_jit_list", path)?;
    match std::fs::read_to_string(&path) {
        Ok(text) => add(vm, &text),
        Err(_) => Err(vm.runtime_error(format!("Unable to open JIT list file {path}"))),
    }
}

fn set_of(vm: &mut Vm, items: Vec<Object>) -> PyResult {
    let items = vm.new_list(items).into_object();
    vm.call(builtins::set::SET.object(), &[items.borrow()])
}

/// `({module: {qualname}}, {qualname: {file: {line}}})`
pub(super) fn get_jit_list(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    let list: Option<List> = policy::list().clone();
    let Some(list) = list else { return Ok(Object::none()) };
    let (names, lines) = (vm.new_dict(), vm.new_dict());
    for (module, qualnames) in list.names() {
        let qualnames = qualnames.iter().map(|name| vm.new_str(name).into_object()).collect();
        let set = set_of(vm, qualnames)?;
        names.borrow().set_str(vm, module, set);
    }
    for (qualname, files) in list.lines() {
        let by_file = vm.new_dict();
        for (file, lines) in files {
            let lines = lines.iter().map(|line| vm.new_int(i64::from(*line))).collect();
            let set = set_of(vm, lines)?;
            by_file.borrow().set_str(vm, file, set);
        }
        lines.borrow().set_str(vm, qualname, by_file.into_object());
    }
    Ok(vm.new_tuple([names.into_object(), lines.into_object()]).into_object())
}
