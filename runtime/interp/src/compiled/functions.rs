//! Functions that compiled code makes, and generators of which it calls the function.

use super::resume;
use crate::code::CodeObject;
use crate::frame::{self, Frame};
use crate::function::{self, Function};
use crate::generator;
use bytecode::CodeFlags;
use object::{Object, Ref, Vm, raw};

/// A new function with a code object.
///
/// # Safety
///
/// The frame is the innermost one; the code is a code object.
pub unsafe fn make_function(vm: &mut Vm, frame: *mut Frame, code: Ref<'_>) -> Object {
    // SAFETY: the caller's promise.
    unsafe {
        let code = code.downcast_unchecked::<CodeObject>().to_owned();
        function::new_function(vm, code, (*frame).globals()).into_object()
    }
}

/// The generator that the call of a small generator function gives, for which nothing is executed. Zero: it is none, or there is no room.
///
/// # Safety
///
/// As for [`super::call_python`]: the words are taken over unless the answer is zero.
pub(super) unsafe fn make_generator(vm: &mut Vm, callable: Ref<'_>, args: *mut u64, n: usize) -> u64 {
    // SAFETY: the caller's promise.
    unsafe {
        let code = callable.downcast_unchecked::<Function>().get().code_data.get();
        if (*code).small_arguments as usize != n || !(*code).has_flag(CodeFlags::GENERATOR) {
            return 0;
        }
        let caller = vm.frame.cast();
        let frame = frame::lay_small(vm, caller, callable.bits(), code, args, n, &[]);
        if frame.is_null() {
            return 0;
        }
        raw::increment(callable.bits());
        if !resume::go_to_begin(vm, frame) {
            (*frame).ip = (*code).entry();
            return super::run(vm, frame);
        }
        generator::make(vm, frame).into_raw()
    }
}
