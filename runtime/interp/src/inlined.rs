//! Frames of calls that compiled code has inlined: laid when it leaves, so that the evaluation loop returns into them as if it had made the calls.

use crate::code::CodeObject;
use crate::compiled;
use crate::frame::{self, Frame};
use crate::function;
use object::{Vm, raw};
use serde::{Deserialize, Serialize};

/// What the caller does with what an inlined function returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ending {
    /// It goes on the evaluation stack.
    Push,
    /// It goes nowhere.
    Discard,
    /// It has to be `None`: the instance is on the stack.
    Construct,
    /// It is the answer of a method to an operator whose two operands are on the stack.
    Operator,
}

/// So many words a frame of the code takes on the data stack.
pub fn frame_words(code: &CodeObject) -> usize {
    code.frame_words
}

/// The innermost frames down to one, that not included, the innermost last.
///
/// # Safety
///
/// There are so many frames in progress that `own` has called directly or indirectly.
pub unsafe fn frames_above(vm: &Vm, own: *mut Frame, n: usize) -> Vec<*mut Frame> {
    let mut frames = Vec::with_capacity(n);
    let mut frame: *mut Frame = vm.frame.cast();
    while frames.len() < n && !std::ptr::eq(frame, own) {
        frames.push(frame);
        // SAFETY: the caller's promise.
        frame = unsafe { (*frame).previous };
    }
    frames.reverse();
    frames
}

/// Lays a frame with empty locals for a function, whatever the limits say: it becomes the innermost one.
///
/// # Safety
///
/// The word is that of a Python function, and the code is what it had when it was called; both live on.
pub unsafe fn lay(vm: &mut Vm, function: u64, code: *const CodeObject) -> *mut Frame {
    // SAFETY: the caller's promise.
    unsafe {
        let start = frame::reserve(vm, (*code).frame_words).expect("the data stack has room where the native stack has");
        raw::increment(function);
        vm.depth += 1;
        let frame = start.cast::<Frame>();
        let locals = Frame::locals(frame);
        for index in 0..(*code).n_locals {
            locals.add(index).write(0);
        }
        Frame::write_called(frame, function, code, locals.add((*code).n_locals), vm.frame.cast());
        vm.frame = frame.cast();
        frame
    }
}

/// Says what becomes of what a frame returns.
///
/// # Safety
///
/// The frame is in progress.
pub unsafe fn set_ending(frame: *mut Frame, ending: Ending) {
    // SAFETY: the caller's promise.
    unsafe {
        (*frame).ending = match ending {
            Ending::Push => frame::Ending::Push,
            Ending::Discard => frame::Ending::Discard,
            Ending::Construct => frame::Ending::Init,
            Ending::Operator => frame::Ending::Operator,
        };
    }
}

/// Says at which instruction a frame is, and how many values are on its stack.
///
/// # Safety
///
/// The frame is in progress; the instruction is its code's.
pub unsafe fn set_position(frame: *mut Frame, index: usize, depth: usize) {
    // SAFETY: the caller's promise.
    unsafe {
        (*frame).ip = (*(*frame).code).entry().add(index);
        (*frame).sp = compiled::stack(frame).add(depth);
        (*frame).native = 0;
    }
}

/// Raises that calls are nested too deeply.
pub fn too_deep(vm: &mut Vm) {
    let _ = function::too_deep(vm);
}
