//! How calls make the frames of Python functions.
//!
//! Most functions are *small*: up to four parameters, which may have defaults, and few other locals. Their frames are laid
//! by copies of fixed length that may go past the locals, where the evaluation stack will be: no loops, and no calls, so that the handlers
//! that do so save no registers.

use crate::code::{CodeObject, SMALL_PARAMETERS};
use crate::frame::{self, Frame};
use crate::function::{self, Function};
use crate::shadow::is_shadow;
use bytecode::{Instr, Opcode};
use object::raw;
use object::tuple::Tuple;
use object::vm::breaker_reasons;
use object::{Object, Ref, Vm};

/// Where a frame that was just made starts. A `RESUME` of a copy does nothing unless somebody wants something.
///
/// # Safety
///
/// The frame is the innermost one.
#[inline(always)]
pub(super) unsafe fn start_of(inner: *mut Frame) -> *const Instr {
    // SAFETY: code does not end with `RESUME`.
    unsafe {
        let entry = (*inner).ip;
        entry.add(usize::from((*entry).opcode_byte() == Opcode::Resume as u8 && is_shadow((*entry).0) && breaker_reasons() == 0))
    }
}

/// Makes the frame of a call of a small function with exactly its parameters. Null: it is not that simple, or there is no room; then nothing has
/// happened.
///
/// # Safety
///
/// `callable` is a word that owns a reference to a Python function; the `n` values at `args` are on the stack of the innermost frame,
/// `frame`. All are taken over unless the answer is null.
#[inline(always)]
pub(super) unsafe fn enter_small(vm: *mut Vm, frame: *mut Frame, callable: u64, args: *mut u64, n: usize) -> *mut Frame {
    // SAFETY: the caller's promise.
    unsafe {
        let code = Ref::from_bits(callable).downcast_unchecked::<Function>().get().code_data.get();
        if (*code).small_arguments as usize != n {
            return std::ptr::null_mut();
        }
        lay_warming(vm, frame, callable, code, args, n, &[])
    }
}

/// The same where the last parameters get their defaults.
///
/// # Safety
///
/// As for [`enter_small`].
#[inline(always)]
pub(super) unsafe fn enter_with_defaults(vm: *mut Vm, frame: *mut Frame, callable: u64, args: *mut u64, n: usize) -> *mut Frame {
    // SAFETY: the caller's promise; the function holds the tuple of its defaults.
    unsafe {
        let function = Ref::from_bits(callable).downcast_unchecked::<Function>().get();
        let code = function.code_data.get();
        let (defaults, n_parameters) = (function.defaults.bits(), (*code).small_arguments as usize);
        if n_parameters > SMALL_PARAMETERS || n >= n_parameters || defaults == 0 {
            return std::ptr::null_mut();
        }
        let Some(defaults) = Ref::from_bits(defaults).downcast_exact::<Tuple>() else { return std::ptr::null_mut() };
        let defaults = defaults.get().items();
        let Some(first) = (n + defaults.len()).checked_sub(n_parameters) else { return std::ptr::null_mut() };
        lay_warming(vm, frame, callable, code, args, n, &defaults[first..])
    }
}

/// Lays a small function's frame on the data stack: `n` values that are moved from `args`, then copies of `more`. Null if there is no room,
/// or if this call makes the code hot.
///
/// # Safety
///
/// As for [`enter_small`]; the values are all parameters of the code.
#[inline(always)]
unsafe fn lay_warming(
    vm: *mut Vm,
    frame: *mut Frame,
    callable: u64,
    code: *const CodeObject,
    args: *mut u64,
    n: usize,
    more: &[Ref<'_>],
) -> *mut Frame {
    // SAFETY: the caller's promise.
    unsafe {
        let warmth = (*code).warmth.get();
        if warmth == 1 {
            return std::ptr::null_mut();
        }
        let inner = frame::lay_small(vm, frame, callable, code, args, n, more);
        if !inner.is_null() && warmth != 0 {
            (*code).warmth.set(warmth - 1);
        }
        inner
    }
}

/// Makes the frame of a call; null if that raised.
///
/// # Safety
///
/// The callable below the arguments at `first` is a Python function; all are taken over.
#[inline(never)]
pub(super) unsafe fn enter_function(vm: *mut Vm, frame: *mut Frame, first: *mut u64, n: usize) -> *mut Frame {
    // SAFETY: the caller's promise.
    unsafe {
        let has_self = usize::from(*first.sub(1) != 0);
        let callee = Object::from_raw(*first.sub(2)).expect("a callable is never null");
        (*frame).sp = first.sub(2);
        function::push_call_frame(&mut *vm, callee, first.sub(has_self), n + has_self, None).unwrap_or(std::ptr::null_mut())
    }
}

/// Makes the frame of a call of a function with the `n` values from `args` on, which are taken over; null if that raised.
///
/// # Safety
///
/// `function` is a word of a live Python function; the values are on the stack of the innermost frame, `frame`.
#[inline(never)]
pub(super) unsafe fn enter(vm: *mut Vm, frame: *mut Frame, function: u64, args: *mut u64, n: usize) -> *mut Frame {
    // SAFETY: the caller's promise.
    unsafe {
        (*frame).sp = args;
        raw::increment(function);
        let inner = enter_small(vm, frame, function, args, n);
        if !inner.is_null() {
            return inner;
        }
        let callee = Object::from_raw(function).expect("a function is never null");
        function::push_call_frame(&mut *vm, callee, args, n, None).unwrap_or(std::ptr::null_mut())
    }
}
