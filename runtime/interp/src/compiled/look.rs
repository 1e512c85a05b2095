//! Frames that run compiled code, as others see them.
//!
//! While compiled code runs a frame, its variables are in registers and on the machine's stack, and the words of its locals are zero. Who looks at them, or wants
//! the frame to be interpreted when what it has called returns, says so here ([`Wish`]); whoever compiles has registered what does it ([`set_looker`]).
//!
//! [`native`] says where the compiled code of a frame is.

use crate::frame::Frame;
use object::threads;
use object::{Ref, Vm};
use std::sync::OnceLock;

/// What [`native`] says of the frame of a call that was inlined: it is run by the code of a frame further out.
pub const INLINED: u32 = 1;

/// What is wanted of a frame that runs compiled code, which has called something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// It has got an object: if somebody still holds that when what it has called returns, it is to go on in the interpreter.
    Watch,
    /// Somebody is about to read or write its variables: they are to be where the interpreter has them.
    Show,
    /// It is to go on in the interpreter, if that is possible where it is.
    Leave,
}

/// What does as is wanted.
///
/// # Safety
///
/// The frame is in progress, or has ended.
pub type Looker = unsafe fn(vm: &mut Vm, frame: *mut Frame, wish: Wish);

static LOOKER: OnceLock<Looker> = OnceLock::new();

/// Registers what is done about compiled frames, once.
pub fn set_looker(looker: Looker) {
    let _ = LOOKER.set(looker);
}

/// Where the compiled code of a frame is: the low half of the machine's stack pointer. 0: the frame is interpreted, as far as anybody could tell.
///
/// # Safety
///
/// The frame is in progress.
#[inline]
pub unsafe fn native(frame: *mut Frame) -> u32 {
    // SAFETY: the caller's promise.
    unsafe { (*frame).native }
}

/// The interpreter has the frame from now on.
///
/// # Safety
///
/// The frame is in progress.
pub unsafe fn forget_native(frame: *mut Frame) {
    // SAFETY: the caller's promise.
    unsafe { (*frame).native = 0 };
}

/// The caller of a frame; null if there is none.
///
/// # Safety
///
/// The frame is in progress.
pub unsafe fn caller(frame: *mut Frame) -> *mut Frame {
    // SAFETY: the caller's promise.
    unsafe { (*frame).previous }
}

/// Whether somebody beside the frame has its object.
///
/// # Safety
///
/// The frame is in progress.
pub unsafe fn is_observed(frame: *mut Frame) -> bool {
    // SAFETY: the caller's promise: the word is a reference or zero.
    unsafe { (*frame).object != 0 && !Ref::from_bits((*frame).object).is_unique() }
}

/// A chain of frames, by the innermost one, and an address on the machine's stack that is below all that its compiled code uses.
#[derive(Clone, Copy)]
pub struct Chain {
    pub innermost: *mut Frame,
    pub below: usize,
}

/// The chain that a frame is in.
///
/// # Safety
///
/// The frame is in progress, or belongs to a generator that is suspended, which is in no chain.
pub unsafe fn chain_of(vm: &mut Vm, frame: *mut Frame) -> Option<Chain> {
    // SAFETY: frames of other threads stand still while this one has the lock.
    chains(vm).into_iter().find(|chain| unsafe { frames(*chain).any(|other| std::ptr::eq(other, frame)) })
}

/// The chains of all threads, the own one first.
fn chains(vm: &mut Vm) -> Vec<Chain> {
    let marker = 0u8;
    let own = Chain { innermost: vm.frame.cast(), below: std::hint::black_box(std::ptr::from_ref(&marker)).addr() };
    let others = threads::others(vm).into_iter().map(|other| Chain { innermost: other.frame.cast(), below: other.stack_limit });
    std::iter::once(own).chain(others).collect()
}

/// The frames of a chain, from the innermost on.
///
/// # Safety
///
/// The thread stands still while this is used.
pub unsafe fn frames(chain: Chain) -> impl Iterator<Item = *mut Frame> {
    let some = |frame: *mut Frame| (!frame.is_null()).then_some(frame);
    // SAFETY: callers' frames outlive callees'.
    std::iter::successors(some(chain.innermost), move |frame| some(unsafe { (**frame).previous }))
}

/// Something is wanted of a frame, which may be one that the interpreter runs.
///
/// # Safety
///
/// The frame is in progress, or has ended.
#[inline]
pub(crate) unsafe fn ask(vm: &mut Vm, frame: *mut Frame, wish: Wish) {
    // SAFETY: the caller's promise.
    unsafe {
        if (*frame).native != 0
            && let Some(looker) = LOOKER.get()
        {
            looker(vm, frame, wish);
        }
    }
}

/// Events are wanted: frames that run compiled code go on in the interpreter, those of the thread or of all.
pub(crate) fn leave_all(vm: &mut Vm, everybody: bool) {
    let n_chains = if everybody { usize::MAX } else { 1 };
    for chain in chains(vm).into_iter().take(n_chains) {
        // SAFETY: the threads stand still.
        let compiled: Vec<*mut Frame> = unsafe { frames(chain).filter(|frame| (**frame).native > INLINED).collect() };
        for frame in compiled {
            // SAFETY: as above.
            unsafe { ask(vm, frame, Wish::Leave) };
        }
    }
}

/// The same of all frames, if these events of `sys.monitoring` are any.
pub fn events_wanted(vm: &mut Vm, events: u32) {
    if events != 0 {
        leave_all(vm, true);
    }
}

/// The same of the callers of a frame, up to the first that is interpreted.
///
/// # Safety
///
/// The frame is in progress.
pub(crate) unsafe fn leave_callers(vm: &mut Vm, frame: *mut Frame) {
    // SAFETY: the caller's promise; callers' frames outlive callees'.
    unsafe {
        let mut frame = (*frame).previous;
        while !frame.is_null() && (*frame).native != 0 {
            if (*frame).native > INLINED {
                ask(vm, frame, Wish::Leave);
            }
            frame = (*frame).previous;
        }
    }
}
