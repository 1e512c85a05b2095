//! `_weakref`: weak references, proxies, and what refers weakly to an object.

use builtins::weakrefs;
use object::dict::Dict;
use object::native::Module;
use object::weak::{CALLABLE_PROXY, PROXY, REFERENCE, WeakReference, references_to};
use object::{Object, PyResult, Ref, Vm, method};

/// `_weakref`
pub static MODULE: Module = Module {
    name: "_weakref",
    doc: "Weak-reference support module.",
    functions: &[
        method!(Binary getweakrefcount "($module, object, /)", "Return the number of weak references to 'object'."),
        method!(Many remove_dead as "_remove_dead_weakref" "($module, dct, key, /)", "Atomically remove key from dict if it points to a dead weakref."),
        method!(Binary getweakrefs "($module, object, /)", "Return a list of all weak reference objects pointing to 'object'."),
        method!(Bound proxy "($module, object, callback=None, /)", "Create a proxy object that weakly references 'object'.\n\n'callback', if given, is called with a reference to the\nproxy when 'object' is about to be finalized."),
    ],
    types: &[&REFERENCE, &PROXY, &CALLABLE_PROXY],
    init: Some(|vm, module| {
        module.set(vm, "ref", REFERENCE.to_object());
        Ok(())
    }),
};

fn getweakrefcount(vm: &mut Vm, _module: Ref<'_>, object: Ref<'_>) -> PyResult {
    Ok(vm.new_int(references_to(object).len() as i64))
}

fn getweakrefs(vm: &mut Vm, _module: Ref<'_>, object: Ref<'_>) -> PyResult {
    Ok(vm.new_list(weakrefs::in_order(object)).into_object())
}

fn proxy(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    weakrefs::new_proxy(vm, args[0].expect("a required argument"), args[1])
}

fn remove_dead(vm: &mut Vm, _module: Ref<'_>, args: &[Ref<'_>]) -> PyResult {
    let &[dict, key] = args else {
        return Err(vm.type_error(format!("_remove_dead_weakref expected 2 arguments, got {}", args.len())));
    };
    let Some(dict) = dict.downcast::<Dict>() else {
        return Err(vm.type_error(format!("_remove_dead_weakref() argument 1 must be dict, not {}", dict.class().full_name())));
    };
    let Some(value) = dict.get_item(vm, key)? else { return Ok(Object::none()) };
    let Some(reference) = value.borrow().downcast::<WeakReference>() else {
        return Err(vm.type_error("not a weakref"));
    };
    if reference.is_dead() {
        dict.remove(vm, key)?;
    }
    Ok(Object::none())
}
