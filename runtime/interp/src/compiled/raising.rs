//! Exceptions in compiled code that need no evaluation loop: those that it handles itself, and those that no handler of a frame is for.

use super::{Exited, raised, stack};
use crate::eval;
use crate::frame::{Ending, Frame};
use crate::frame_object;
use object::vm::{breaker, breaker_reasons};
use object::{Object, PyResult, Ref, Vm, raw};

/// Takes the exception that the frame's instruction of this index raised.
///
/// # Safety
///
/// The frame is the innermost one, and an exception is set.
pub unsafe fn catch(vm: &mut Vm, frame: *mut Frame, index: usize) -> u64 {
    // SAFETY: the caller's promise.
    unsafe {
        let native = std::mem::replace(&mut (*frame).native, 0);
        let raised = raised(vm);
        eval::exceptions::add_traceback(vm, frame, index);
        (*frame).native = native;
        vm.catch(raised).into_raw()
    }
}

/// Ends a frame that an exception leaves which is set, if nothing is in the way of that. Whether it has ended.
///
/// # Safety
///
/// The frame is the innermost one; its locals and `depth` words of its stack are in place.
pub unsafe fn unwind(vm: &mut Vm, frame: *mut Frame, index: usize, depth: usize) -> bool {
    // SAFETY: the caller's promise.
    unsafe {
        let is_special = (*frame).generator | (*frame).namespace != 0 || (*frame).ending == Ending::Awaited || (*frame).exited != Exited::No;
        if is_special || breaker_reasons() & breaker::TRACE != 0 || (*(*frame).code).handler(index).is_some() {
            return false;
        }
        (*frame).ip = (*(*frame).code).entry().add(index);
        (*frame).sp = stack(frame).add(depth);
        (*frame).native = 0;
        eval::exceptions::add_traceback(vm, frame, index);
        let caller = (*frame).previous;
        if !(*frame).is_entry && !caller.is_null() {
            // Nobody need watch for the call's return: the caller, which has made it itself, leaves with the exception or catches it.
            let native = std::mem::replace(&mut (*caller).native, 0);
            drop(frame_object::back_of_leaving(vm, frame));
            (*caller).native = native;
        }
        eval::pop_frame(vm, frame, depth);
        vm.run_finalizers();
        true
    }
}

/// Makes an exception the one that is handled. Gives the one before, or `None`.
pub fn push_handled(vm: &mut Vm, exception: Ref<'_>) -> u64 {
    let handled = vm.handled.last_mut().expect("there is always an entry");
    handled.replace(exception.to_owned()).map_or(raw::NONE, Object::into_raw)
}

/// Makes the exception, or `None`, the one that is handled again.
pub fn pop_handled(vm: &mut Vm, previous: Option<Object>) {
    let previous = previous.filter(|previous| !previous.borrow().is_none());
    let handled = vm.handled.last_mut().expect("there is always an entry");
    drop(std::mem::replace(handled, previous));
    vm.run_finalizers();
}

/// `except kind:`
pub fn matches(vm: &mut Vm, exception: Ref<'_>, kind: Ref<'_>) -> PyResult<bool> {
    eval::exceptions::matches(vm, exception, kind)
}
