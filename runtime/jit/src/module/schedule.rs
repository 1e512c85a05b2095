//! When functions are compiled, from Python.

use super::{IS_RUNNING, payload};
use crate::compile::{self, Options};
use crate::options;
use interp::CodeObject;
use interp::code::CODE;
use interp::function::FUNCTION;
use object::collector::instances_of;
use object::{Object, PyResult, Ref, Vm};
use std::collections::HashSet;
use std::sync::atomic::Ordering;
use std::sync::{Mutex, PoisonError};

/// The addresses of code objects whose compiled code `disable(deopt_all=True)` took from their calls.
static DETACHED: Mutex<Option<HashSet<usize>>> = Mutex::new(None);

fn address(code: &interp::CodeObject) -> usize {
    std::ptr::from_ref(code).addr()
}

pub(super) fn compile_after_n_calls(vm: &mut Vm, _module: Ref<'_>, calls: Ref<'_>) -> PyResult {
    let calls = vm.to_i64(calls)?;
    let Ok(calls) = u32::try_from(calls) else { return Err(vm.value_error(format!("number of calls must be from 0 to 4294967295, not {calls}"))) };
    compile::set_enabled(true, calls);
    for code in instances_of(&CODE) {
        if let Some(code) = code.borrow().downcast::<CodeObject>() {
            compile::schedule(code.get(), calls);
        }
    }
    Ok(Object::none())
}

pub(super) fn enable(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    if options::get().disable {
        return Err(vm.runtime_error("the JIT cannot be enabled: -X jit-disable was given"));
    }
    IS_RUNNING.store(true, Ordering::Relaxed);
    let detached = DETACHED.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(detached) = detached {
        for function in instances_of(&FUNCTION) {
            let code = payload(&function).get().code();
            if detached.contains(&address(code)) {
                compile::reattach(code);
            }
        }
    }
    Ok(Object::none())
}

pub(super) fn disable(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let deopts_all = args[0].map_or(Ok(false), |value| vm.is_true(value))?;
    IS_RUNNING.store(false, Ordering::Relaxed);
    if deopts_all {
        let functions = instances_of(&FUNCTION);
        let codes = functions.iter().map(|function| payload(function).get().code());
        let taken: HashSet<usize> = codes.filter(|code| compile::uncompile(code)).map(address).collect();
        DETACHED.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_default().extend(taken);
    }
    Ok(Object::none())
}

pub(super) fn precompile_all(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let workers = args[0].map_or(Ok(0), |value| vm.to_i64(value))?;
    if workers < 0 {
        return Err(vm.value_error("workers must not be negative"));
    }
    if !super::is_running() {
        return Ok(Object::bool(false));
    }
    for function in instances_of(&FUNCTION) {
        let function = payload(&function);
        if compile::is_scheduled(function.get().code()) && compile::compile_function(vm, function.get(), &Options::default()).is_err() {
            compile::unschedule(function.get().code());
        }
    }
    Ok(Object::bool(true))
}
