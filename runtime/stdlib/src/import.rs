//! `import`: the fast path for modules that are loaded, and the way into importlib.

use object::dict::Dict;
use object::exception;
use object::str::Str;
use object::{Object, PyResult, Ref, Vm};

/// `__import__(name, globals, locals, fromlist, level)`
pub fn import(vm: &mut Vm, name: Ref<'_>, globals: Ref<'_>, locals: Ref<'_>, from_list: Ref<'_>, level: i32) -> PyResult {
    if name.downcast::<Str>().is_none() {
        return Err(vm.type_error("module name must be a string"));
    }
    if level < 0 {
        return Err(vm.value_error("level must be >= 0"));
    }
    let importlib = importlib(vm)?;
    if level > 0 {
        let level = Object::small_int(i64::from(level));
        return vm.call_method(importlib.borrow(), "__import__", &[name, globals, locals, from_list, level.borrow()]);
    }
    let text = name.downcast::<Str>().expect("checked above");
    if text.is_empty() {
        return Err(vm.value_error("Empty module name"));
    }
    let module = match loaded(vm, name)? {
        Some(module) => module,
        None => {
            let import = import_function(vm)?;
            vm.call_method(importlib.borrow(), "_find_and_load", &[name, import.borrow()])?
        }
    };
    let has_names = !from_list.is_none() && vm.is_true(from_list)?;
    if !has_names {
        let text = text.get().to_string_lossy();
        return match text.split_once('.') {
            None => Ok(module),
            Some((front, _)) => {
                let front = vm.new_str(front).into_object();
                match loaded(vm, front.borrow())? {
                    Some(module) => Ok(module),
                    None => vm.call_method(importlib.borrow(), "_gcd_import", &[front.borrow()]),
                }
            }
        };
    }
    if vm.find_attr_str(module.borrow(), "__path__")?.is_none() {
        return Ok(module);
    }
    let import = import_function(vm)?;
    vm.call_method(importlib.borrow(), "_handle_fromlist", &[module.borrow(), from_list, import.borrow()])
}

fn import_function(vm: &mut Vm) -> PyResult {
    let importlib = importlib(vm)?;
    vm.get_attr_str(importlib.borrow(), "_gcd_import")
}

/// The module `_frozen_importlib`.
fn importlib(vm: &mut Vm) -> PyResult {
    let name = vm.intern("_frozen_importlib");
    match module_named(vm, name)? {
        Some(module) => Ok(module),
        None => Err(vm.raise(&exception::IMPORT_ERROR, "the import system is not ready")),
    }
}

fn module_named(vm: &mut Vm, name: Ref<'_>) -> PyResult<Option<Object>> {
    let modules = crate::sys_module::modules(vm);
    match modules.borrow().downcast::<Dict>() {
        Some(modules) => modules.get_item(vm, name),
        None => {
            let result = vm.get_item(modules.borrow(), name);
            vm.ignore(result, &exception::KEY_ERROR)
        }
    }
}

/// A module that is in `sys.modules` and has been fully loaded.
fn loaded(vm: &mut Vm, name: Ref<'_>) -> PyResult<Option<Object>> {
    let Some(module) = module_named(vm, name)?.filter(|module| !module.borrow().is_none()) else { return Ok(None) };
    let Some(spec) = vm.find_attr_str(module.borrow(), "__spec__")? else { return Ok(Some(module)) };
    let Some(initializing) = vm.find_attr_str(spec.borrow(), "_initializing")? else { return Ok(Some(module)) };
    if vm.is_true(initializing.borrow())? {
        // Another thread may be at work: importlib waits for it.
        let importlib = importlib(vm)?;
        vm.call_method(importlib.borrow(), "_lock_unlock_module", &[name])?;
    }
    Ok(Some(module))
}
