//! `_cinderx`: the native part of Cinder's modules. `cinderx` and `cinder`, in `runtime/lib`, have the rest.

use crate::exception_class;
use crate::gc::{immortalize_heap, is_immortal};
use builtins::strict_module::{STRICT_MODULE, strict_module_patch, strict_module_patch_delete, strict_module_patch_enabled};
use hot_code::{
    clear_all_shadow_caches, clear_caches, clear_shadow_cache, delay_adaptive, get_adaptive_delay, getknobs, set_adaptive_delay, setknobs,
};
use interp::code::CodeObject;
use interp::generator::COROUTINE;
use object::cell::ObjectCell;
use object::collector;
use object::instance;
use object::native::{Module, flag};
use object::singleton::ModuleObject;
use object::str::Str;
use object::{Object, PyResult, Ref, RefOf, Type, Vm, exception, method};
use std::sync::atomic::{AtomicBool, Ordering};

mod hot_code;

pub static MODULE: Module = Module {
    name: "_cinderx",
    doc: "The native part of the modules cinder and cinderx.",
    functions: &[
        method!(Unary immortalize_heap "($module, /)", "Collect garbage and make all objects that are left immortal."),
        method!(Binary is_immortal "($module, obj, /)", "Returns true if the object is immortal: not counted and never freed."),
        method!(Binary freeze_type "($module, t, /)", "Marks a type as being frozen and disallows any future mutations to it."),
        method!(Binary warn_on_inst_dict "($module, t, /)", "Has the warn handler called when an instance of the type gets a first attribute, or the type is changed after it was frozen."),
        method!(Binary set_warn_handler "($module, callback, /)", "Sets a callback that receives Cinder's warnings: message, then what it is about."),
        method!(Unary get_warn_handler "($module, /)", "Gets the callback that receives Cinder's warnings."),
        method!(Unary live_coroutines as "_live_coroutines" "($module, /)", "All coroutines there are."),
        method!(Unary clear_caches "($module, /)", "Forgets what the instructions of hot code have seen; it stays hot."),
        method!(Binary delay_adaptive "($module, delay, /)", "Sets whether code runs often before it becomes hot, or is hot at once."),
        method!(Unary get_adaptive_delay "($module, /)", "How many calls make code hot."),
        method!(Binary set_adaptive_delay "($module, calls, /)", "Sets how many calls make code hot, of code that is not hot yet."),
        method!(Unary getknobs "($module, /)", "Gets the available knobs and their current status."),
        method!(Binary setknobs "($module, knobs, /)", "Sets the knobs that a dictionary names to enabled or not. See getknobs() for those there are."),
        method!(Binary clear_shadow_cache "($module, function, /)", "Forgets that a function, or code object, is hot."),
        method!(Unary clear_all_shadow_caches "($module, /)", "Forgets of all code that it is hot."),
        method!(Many set_qualname as "_set_qualname" "($module, /, *args)", "Sets the qualified name of a code object (first), unless it (second) is None."),
        method!(Binary has_no_shadowing_instances as "_has_no_shadowing_instances" "($module, t, /)", "Whether no instance of the type has had an attribute in front of one of its methods."),
        method!(Binary next_or_sentinel as "_next_or_sentinel" "($module, iterator, /)", "The iterator's next value, or _NEXT_SENTINEL if there is none."),
        method!(Many strict_module_patch "($module, /, *args)", "Sets an attribute (name second, value third) of a strict module (first) that can be patched."),
        method!(Many strict_module_patch_delete "($module, /, *args)", "Deletes an attribute (name second) of a strict module (first) that can be patched."),
        method!(Binary strict_module_patch_enabled "($module, mod, /)", "Gets whether patching is enabled on the strict module."),
        method!(Many find_attribute as "_find_attribute" "($module, /, *args)", "The value an instance (first) itself has under a name (second), or a default (third)."),
        method!(Many store_attribute as "_store_attribute" "($module, /, *args)", "Puts a value (third) into an instance itself; false if it has no room for attributes."),
        method!(Many delete_attribute as "_delete_attribute" "($module, /, *args)", "Deletes an attribute of an instance itself; false if it is not there."),
        method!(Binary has_attributes as "_has_attributes" "($module, obj, /)", "Whether the instance has room for attributes."),
    ],
    types: &[&STRICT_MODULE],
    init: Some(init),
};

fn init(vm: &mut Vm, module: RefOf<'_, ModuleObject>) -> PyResult<()> {
    object::vm::set_hooks(|hooks| hooks.flagged = Some(call_warn_handler));
    ENABLE_PATCHING.store(std::env::var_os("PYTHONENABLEPATCHING").is_some_and(|value| value == "1"), Ordering::Relaxed);
    let sentinel = vm.call(object::class::OBJECT.object(), &[])?;
    SENTINEL.set(Some(sentinel.clone()));
    module.get().set(vm, "_NEXT_SENTINEL", sentinel);
    exception_class::define(vm, module, &STATIC_TYPE_ERROR, "cinderx", "StaticTypeError", &exception::TYPE_ERROR, None)
}

/// What [`set_warn_handler`] set.
static WARN_HANDLER: ObjectCell = ObjectCell::EMPTY;

/// `cinderx.StaticTypeError`
static STATIC_TYPE_ERROR: ObjectCell = ObjectCell::EMPTY;

/// Whether types that are to be frozen stay as they are, so that tests can patch them.
static ENABLE_PATCHING: AtomicBool = AtomicBool::new(false);

/// What [`next_or_sentinel`] gives in the place of a next value.
static SENTINEL: ObjectCell = ObjectCell::EMPTY;

fn freeze_type(vm: &mut Vm, _module: Ref<'_>, class: Ref<'_>) -> PyResult {
    let Some(found) = class.downcast::<Type>() else {
        return Err(vm.type_error(format!("freeze_type requires a type, got {}", class.class().name())));
    };
    // Native types are frozen already.
    if found.get().is_heap_type() && !ENABLE_PATCHING.load(Ordering::Relaxed) {
        found.get().set_flag(flag::FROZEN);
    }
    Ok(class.to_owned())
}

fn warn_on_inst_dict(vm: &mut Vm, _module: Ref<'_>, class: Ref<'_>) -> PyResult {
    let Some(found) = class.downcast::<Type>() else {
        return Err(vm.type_error(format!("warn_on_inst_dict requires a type, got {}", class.class().name())));
    };
    if found.get().is_immutable() {
        return Err(vm.type_error("can't call warn_on_inst_dict on a frozen type"));
    }
    found.get().set_flag(flag::FLAGGED);
    // Ways to store attributes that were remembered know nothing of the flag.
    found.get().modified();
    Ok(class.to_owned())
}

fn call_warn_handler(vm: &mut Vm, message: &str, class: Ref<'_>, name: Ref<'_>) -> PyResult<()> {
    let Some(handler) = WARN_HANDLER.get() else { return Ok(()) };
    let message = vm.new_str(message).into_object();
    vm.call(handler.borrow(), &[message.borrow(), class, name]).map(drop)
}

fn set_warn_handler(_vm: &mut Vm, _module: Ref<'_>, handler: Ref<'_>) -> PyResult {
    WARN_HANDLER.set((!handler.is_none()).then(|| handler.to_owned()));
    Ok(Object::none())
}

fn get_warn_handler(_vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    Ok(WARN_HANDLER.get_or_none())
}

fn set_qualname(vm: &mut Vm, _module: Ref<'_>, args: &[Ref<'_>]) -> PyResult {
    let &[code, name] = args else { return Err(vm.type_error("Expected 2 arguments")) };
    let Some(code) = code.downcast::<CodeObject>() else { return Err(vm.type_error("Expected code object as 1st argument")) };
    if !name.is_none() {
        let Some(name) = name.downcast::<Str>() else { return Err(vm.type_error("Expected str as 2nd argument")) };
        code.get().qualname.set(vm.intern_str(name));
    }
    Ok(Object::none())
}

fn has_no_shadowing_instances(vm: &mut Vm, _module: Ref<'_>, class: Ref<'_>) -> PyResult {
    let Some(found) = class.downcast::<Type>() else {
        return Err(vm.type_error(format!("Expected type object, got {}", class.class().name())));
    };
    Ok(Object::bool(!instance::may_shadow_methods(found.get())))
}

fn next_or_sentinel(vm: &mut Vm, _module: Ref<'_>, iterator: Ref<'_>) -> PyResult {
    if iterator.class().slots().next.is_none() {
        return Err(vm.type_error(format!("'{}' object is not an iterator", iterator.class().name())));
    }
    Ok(vm.next(iterator)?.unwrap_or_else(|| SENTINEL.get_or_none()))
}

fn live_coroutines(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    Ok(vm.new_list(collector::instances_of(&COROUTINE)).into_object())
}

/// The arguments, of which there must be so many; the second is an attribute's name and is interned.
fn attribute_arguments<'a, const N: usize>(vm: &mut Vm, args: &[Ref<'a>]) -> PyResult<[Ref<'a>; N]> {
    let Ok(mut args) = <[Ref<'a>; N]>::try_from(args) else {
        return Err(vm.type_error(format!("expected {N} arguments, got {}", args.len())));
    };
    let Some(name) = args[1].downcast::<Str>() else {
        return Err(vm.type_error(format!("attribute name must be string, not '{}'", args[1].class().name())));
    };
    args[1] = vm.intern_str(name);
    Ok(args)
}

fn find_attribute(vm: &mut Vm, _module: Ref<'_>, args: &[Ref<'_>]) -> PyResult {
    let [object, name, default] = attribute_arguments(vm, args)?;
    Ok(instance::get_attribute(object, name).unwrap_or(default).to_owned())
}

fn store_attribute(vm: &mut Vm, _module: Ref<'_>, args: &[Ref<'_>]) -> PyResult {
    let [object, name, value] = attribute_arguments(vm, args)?;
    Ok(Object::bool(instance::set_attribute(vm, object, name, value.to_owned())))
}

fn delete_attribute(vm: &mut Vm, _module: Ref<'_>, args: &[Ref<'_>]) -> PyResult {
    let [object, name] = attribute_arguments(vm, args)?;
    Ok(Object::bool(instance::delete_attribute(vm, object, name)))
}

fn has_attributes(_vm: &mut Vm, _module: Ref<'_>, object: Ref<'_>) -> PyResult {
    Ok(Object::bool(instance::has_attributes(object)))
}
