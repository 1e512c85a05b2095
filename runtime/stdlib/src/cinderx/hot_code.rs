//! Knobs of hot code: when code becomes hot, what its sites may become, and forgetting what they have seen.

use interp::code::{CODE, CodeObject};
use interp::function::Function;
use interp::shadow;
use object::dict::{DICT, Dict};
use object::{Object, PyResult, Ref, Vm, collector};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

/// How many calls make code hot, while it is delayed; 0: nobody has asked yet.
static DELAY: AtomicU32 = AtomicU32::new(0);
/// The delay if the program began without shadowcode, so that it has none.
const DEFAULT_DELAY: u32 = 50;
/// Whether code is hot when it is called first.
static AT_ONCE: AtomicBool = AtomicBool::new(false);

fn delay() -> u32 {
    if DELAY.load(Ordering::Relaxed) == 0 {
        let threshold = shadow::threshold();
        DELAY.store(if threshold == 0 { DEFAULT_DELAY } else { threshold }, Ordering::Relaxed);
    }
    DELAY.load(Ordering::Relaxed)
}

fn is_enabled() -> bool {
    shadow::threshold() != 0
}

/// The threshold of hot code by the settings, if it is enabled at all.
fn threshold() -> u32 {
    if AT_ONCE.load(Ordering::Relaxed) { 1 } else { delay() }
}

/// Has code that is not hot yet become so by the settings.
fn settings_changed() {
    if is_enabled() {
        shadow::set_threshold(threshold());
        for_all_code(|code| {
            if !code.runs_copy() {
                code.cool_down(threshold());
            }
        });
    }
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

pub(super) fn delay_adaptive(vm: &mut Vm, _module: Ref<'_>, delayed: Ref<'_>) -> PyResult {
    if delayed.as_bool().is_none() {
        return Err(vm.type_error("expected bool"));
    }
    // The delay is known from the threshold only as long as there is one.
    delay();
    AT_ONCE.store(!delayed.is_true(), Ordering::Relaxed);
    settings_changed();
    Ok(Object::none())
}

pub(super) fn get_adaptive_delay(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    Ok(vm.new_int(i64::from(delay())))
}

pub(super) fn set_adaptive_delay(vm: &mut Vm, _module: Ref<'_>, calls: Ref<'_>) -> PyResult {
    if !object::int::is_int(calls) {
        return Err(vm.type_error("expected long"));
    }
    let calls = vm.to_i32(calls)?;
    let Ok(calls) = u32::try_from(calls) else { return Err(vm.value_error("delay must not be negative")) };
    DELAY.store(calls.max(1), Ordering::Relaxed);
    settings_changed();
    Ok(Object::none())
}

pub(super) fn getknobs(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    let knobs = vm.new_dict();
    knobs.borrow().set_str(vm, "shadowcode", Object::bool(is_enabled()));
    knobs.borrow().set_str(vm, "polymorphiccache", Object::bool(shadow::is_polymorphic()));
    Ok(knobs.into_object())
}

pub(super) fn setknobs(vm: &mut Vm, _module: Ref<'_>, knobs: Ref<'_>) -> PyResult {
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
    if enabled != is_enabled() {
        delay();
        shadow::set_threshold(if enabled { threshold() } else { 0 });
        cool_all_down();
    }
}

pub(super) fn clear_caches(_vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    for_all_code(CodeObject::forget_seen);
    Ok(Object::none())
}

pub(super) fn clear_shadow_cache(_vm: &mut Vm, _module: Ref<'_>, object: Ref<'_>) -> PyResult {
    if let Some(function) = object.downcast::<Function>() {
        function.code().cool_down(shadow::threshold());
    } else if let Some(code) = object.downcast::<CodeObject>() {
        code.cool_down(shadow::threshold());
    }
    Ok(Object::none())
}

pub(super) fn clear_all_shadow_caches(_vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    cool_all_down();
    Ok(Object::none())
}
