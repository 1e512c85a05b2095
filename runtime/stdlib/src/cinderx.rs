//! `_cinderx`: the native part of Cinder's modules. `cinderx` and `cinder`, in `runtime/lib`, have the rest.

use crate::exception_class;
use crate::gc::{immortalize_heap, is_immortal};
use interp::code::{CODE, CodeObject};
use interp::function::Function;
use interp::generator::COROUTINE;
use interp::shadow;
use object::cell::ObjectCell;
use object::collector;
use object::dict::{DICT, Dict};
use object::instance;
use object::native::{Module, flag};
use object::singleton::ModuleObject;
use object::str::Str;
use object::{Object, PyResult, Ref, RefOf, Type, Vm, exception, method};
use std::sync::atomic::{AtomicU32, Ordering};

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
        method!(Unary get_adaptive_delay "($module, /)", "How many calls make code hot."),
        method!(Binary set_adaptive_delay "($module, calls, /)", "Sets how many calls make code hot, for code made from now on."),
        method!(Unary getknobs "($module, /)", "Gets the available knobs and their current status."),
        method!(Binary setknobs "($module, knobs, /)", "Sets the knobs that a dictionary names to enabled or not. See getknobs() for those there are."),
        method!(Binary clear_shadow_cache "($module, function, /)", "Forgets that a function, or code object, is hot."),
        method!(Unary clear_all_shadow_caches "($module, /)", "Forgets of all code that it is hot."),
        method!(Many find_attribute as "_find_attribute" "($module, /, *args)", "The value an instance (first) itself has under a name (second), or a default (third)."),
        method!(Many store_attribute as "_store_attribute" "($module, /, *args)", "Puts a value (third) into an instance itself; false if it has no room for attributes."),
        method!(Many delete_attribute as "_delete_attribute" "($module, /, *args)", "Deletes an attribute of an instance itself; false if it is not there."),
        method!(Binary has_attributes as "_has_attributes" "($module, obj, /)", "Whether the instance has room for attributes."),
    ],
    init: Some(init),
    ..Module::DEFAULT
};

fn init(vm: &mut Vm, module: RefOf<'_, ModuleObject>) -> PyResult<()> {
    object::vm::set_hooks(|hooks| hooks.flagged = Some(call_warn_handler));
    exception_class::define(vm, module, &STATIC_TYPE_ERROR, "cinderx", "StaticTypeError", &exception::TYPE_ERROR, None)
}

/// What [`set_warn_handler`] set.
static WARN_HANDLER: ObjectCell = ObjectCell::EMPTY;

/// `cinderx.StaticTypeError`
static STATIC_TYPE_ERROR: ObjectCell = ObjectCell::EMPTY;

/// The threshold that comes back when the knob `shadowcode` is switched on.
static THRESHOLD: AtomicU32 = AtomicU32::new(50);

fn freeze_type(vm: &mut Vm, _module: Ref<'_>, class: Ref<'_>) -> PyResult {
    let Some(found) = class.downcast::<Type>() else {
        return Err(vm.type_error(format!("freeze_type requires a type, got {}", class.class().name())));
    };
    // Native types are frozen already.
    if found.get().is_heap_type() {
        found.get().set_flag(flag::FROZEN);
    }
    Ok(class.to_owned())
}

fn warn_on_inst_dict(vm: &mut Vm, _module: Ref<'_>, class: Ref<'_>) -> PyResult {
    let Some(found) = class.downcast::<Type>() else { return Err(vm.type_error("warn_on_inst_dict requires a type")) };
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

fn live_coroutines(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    Ok(vm.new_list(collector::instances_of(&COROUTINE)).into_object())
}

fn clear_caches(_vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    for_all_code(CodeObject::forget_seen);
    Ok(Object::none())
}

fn get_adaptive_delay(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    Ok(vm.new_int(i64::from(shadow::threshold())))
}

fn set_adaptive_delay(vm: &mut Vm, _module: Ref<'_>, calls: Ref<'_>) -> PyResult {
    let calls = vm.to_i32(calls)?;
    let Ok(calls) = u32::try_from(calls) else { return Err(vm.value_error("delay must not be negative")) };
    shadow::set_threshold(calls);
    Ok(Object::none())
}

fn getknobs(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    let knobs = vm.new_dict();
    knobs.borrow().set_str(vm, "shadowcode", Object::bool(shadow::threshold() != 0));
    knobs.borrow().set_str(vm, "polymorphiccache", Object::bool(shadow::is_polymorphic()));
    Ok(knobs.into_object())
}

fn setknobs(vm: &mut Vm, _module: Ref<'_>, knobs: Ref<'_>) -> PyResult {
    let Some(dict) = knobs.downcast::<Dict>().filter(|_| knobs.is_exactly(&DICT)) else {
        return Err(vm.value_error("expected dictionary of knobs"));
    };
    if let Some(value) = dict.get_str(vm, "shadowcode").map(Ref::to_owned) {
        let enabled = vm.is_true(value.borrow())?;
        enable_shadowcode(enabled);
    }
    if let Some(value) = dict.get_str(vm, "polymorphiccache").map(Ref::to_owned) {
        let enabled = vm.is_true(value.borrow())?;
        if enabled != shadow::is_polymorphic() {
            shadow::set_polymorphic(enabled);
            // Sites that have several classes are to lose them, and the others to get the chance.
            for_all_code(CodeObject::forget_seen);
        }
    }
    Ok(Object::none())
}

fn enable_shadowcode(enabled: bool) {
    let threshold = shadow::threshold();
    match (enabled, threshold) {
        (true, 0) => shadow::set_threshold(THRESHOLD.load(Ordering::Relaxed)),
        (false, 1..) => {
            THRESHOLD.store(threshold, Ordering::Relaxed);
            shadow::set_threshold(0);
        }
        _ => return,
    }
    cool_all_down();
}

fn for_all_code(change: impl Fn(&CodeObject)) {
    for code in collector::instances_of(&CODE) {
        if let Some(code) = code.borrow().downcast::<CodeObject>() {
            change(code.get());
        }
    }
}

/// Has all code run from its original instructions, to become hot again if the threshold allows it.
fn cool_all_down() {
    for_all_code(|code| code.cool_down(shadow::threshold()));
}

fn clear_shadow_cache(_vm: &mut Vm, _module: Ref<'_>, object: Ref<'_>) -> PyResult {
    if let Some(function) = object.downcast::<Function>() {
        function.code().cool_down(shadow::threshold());
    } else if let Some(code) = object.downcast::<CodeObject>() {
        code.cool_down(shadow::threshold());
    }
    Ok(Object::none())
}

fn clear_all_shadow_caches(_vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    cool_all_down();
    Ok(Object::none())
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
