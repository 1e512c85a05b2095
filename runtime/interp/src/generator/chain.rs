//! Chains of generators that delegate to one another, `yield from` in `yield from`, resumed and left in one go however long they are.
//!
//! The *root* was resumed by somebody who does not delegate; each *member* is what the one before delegates to. Invariants:
//!
//! * Root and members wait at the `YIELD_VALUE` of a delegation in a copy. Members are generators or coroutines that handle no exception, in the state
//!   [`State::Chained`]; they are linked by `previous`, which they keep while the chain waits. The root is in the state it would be in without members.
//! * The root's `link` is the frame of the last member, that one's `link` the root's frame; `members` of the root is their number.
//! * While the chain runs, `vm.depth` counts its members, but these have no entry in `vm.handled`. So a member that comes to run any code of
//!   its own, because what it delegates to has ended, first [leaves](leave) the chain: then it has all that a running generator has. The last member leaves whenever the
//!   chain is entered, and joins again when it waits.
//! * `ip` of members is that of the `SEND`, as in frames that run, but for the last one of a chain that waits, which is at its `YIELD_VALUE`.
//! * The root does not run any code of its own while it has members: who resumes it enters the chain or [takes it apart](unchain). So does
//!   everybody who looks at a member ([`settle`]) while the chain waits.

use super::{GeneratorData, State, is_plain};
use crate::frame::{Ending, Frame};
use crate::shadow;
use bytecode::Opcode;
use object::vm::breaker_reasons;
use object::{Ref, Vm};
use std::ptr::null_mut;

/// So many generators that delegate, the innermost one not counted, are worth a chain.
const MIN_LENGTH: usize = 3;

/// The data of a frame's generator.
///
/// # Safety
///
/// The frame is a generator's.
#[inline(always)]
unsafe fn data_of<'a>(frame: *mut Frame) -> &'a GeneratorData {
    // SAFETY: the caller's promise: the payloads of generators are all nothing but this, and outlive the frame.
    unsafe { &Ref::from_bits((*frame).generator).downcast_unchecked::<super::Generator>().get().0 }
}

/// Whether a frame, if there is one, is a member's.
#[inline(always)]
unsafe fn is_member(frame: *mut Frame) -> bool {
    // SAFETY: the caller's promise: the frame is null or in progress.
    unsafe { !frame.is_null() && (*frame).generator != 0 && data_of(frame).state.get() == State::Chained }
}

/// Has the innermost frame leave its chain, if it is in one: it comes to run.
///
/// # Safety
///
/// Whatever ran above it has just been unlinked.
#[inline(always)]
pub(crate) unsafe fn leave_if_member(vm: &mut Vm) {
    // SAFETY: the innermost frame is null or in progress; what ran above a member was in its place as last one.
    unsafe {
        let frame: *mut Frame = vm.frame.cast();
        if is_member(frame) {
            leave(vm, frame);
        }
    }
}

/// Takes the last member out of its chain, which runs.
unsafe fn leave(vm: &mut Vm, frame: *mut Frame) {
    // SAFETY: the caller's promise; frames of a chain are alive as long as it is.
    unsafe {
        let data = data_of(frame);
        let root = data.link.replace(null_mut());
        data.state.set(State::Running);
        vm.handled.push(None);
        let root_data = data_of(root);
        let left = root_data.members.get() - 1;
        root_data.members.set(left);
        let before = (*frame).previous;
        root_data.link.set(if left == 0 { null_mut() } else { before });
        if left > 0 {
            data_of(before).link.set(root);
        }
    }
}

/// From a root that was just resumed to its last member, with the value that is sent. The frame, if it is no root; `None`: the chain was taken apart.
///
/// # Safety
///
/// The frame is the innermost one, and waits at the `YIELD_VALUE` of a delegation; the value is on its stack.
#[inline(always)]
pub(crate) unsafe fn enter(vm: &mut Vm, frame: *mut Frame) -> *mut Frame {
    // SAFETY: the caller's promise.
    unsafe {
        let data = data_of(frame);
        let last = data.link.get();
        if last.is_null() {
            return frame;
        }
        let top = (*frame).sp.sub(1);
        (*frame).ip = (*frame).ip.sub(1);
        (*frame).sp = top;
        vm.frame = last.cast();
        vm.depth += data.members.get() as usize;
        (*last).sp.write(*top);
        (*last).sp = (*last).sp.add(1);
        leave(vm, last);
        last
    }
}

/// Takes the chain of a root apart, if it has members: all of them wait, each for itself.
///
/// # Safety
///
/// The frame is a generator's, and the chain does not run.
#[inline(always)]
pub(crate) unsafe fn unchain(root: *mut Frame) {
    // SAFETY: the caller's promise.
    unsafe {
        if !data_of(root).link.get().is_null() {
            take_apart(root);
        }
    }
}

#[cold]
#[inline(never)]
unsafe fn take_apart(root: *mut Frame) {
    // SAFETY: the caller's promise.
    unsafe {
        let data = data_of(root);
        let mut frame = data.link.replace(null_mut());
        data.members.set(0);
        let mut is_last = true;
        while !frame.is_null() && frame != root {
            let member = data_of(frame);
            member.state.set(State::Suspended);
            member.link.set(null_mut());
            member.ready.forget();
            if !is_last {
                (*frame).ip = (*frame).ip.add(1);
            }
            is_last = false;
            frame = std::mem::replace(&mut (*frame).previous, null_mut());
        }
    }
}

impl GeneratorData {
    /// Takes the chain apart that begins here, or the one of which this is a member, if that waits.
    pub(crate) fn settle(&self) {
        let frame = self.frame.get();
        if frame.is_null() {
            return;
        }
        // SAFETY: the frames of a chain are alive as long as it is.
        unsafe {
            let mut root = frame;
            while data_of(root).state.get() == State::Chained {
                root = (*root).previous;
            }
            if data_of(root).state.get() == State::Suspended {
                unchain(root);
            }
        }
    }
}

/// Takes the chain of a frame apart, if it waits in one.
pub(crate) fn settle_frame(frame: &Frame) {
    if frame.generator != 0 {
        // SAFETY: a generator outlives its frame.
        unsafe { data_of(std::ptr::from_ref(frame).cast_mut()) }.settle();
    }
}

/// Whether a frame that runs delegates to the one above, and only hands values on.
unsafe fn delegates(frame: *mut Frame) -> bool {
    // SAFETY: the caller's promise: the frame is in progress, at the instruction that resumed the one above.
    unsafe {
        if (*frame).generator == 0 || (*frame).ending == Ending::Awaited {
            return false;
        }
        let next = (*frame).ip.add(1);
        (*next).opcode_byte() == Opcode::YieldValue as u8 && (*next).arg() != 0 && shadow::is_shadow((*next).0) && is_plain(frame)
    }
}

/// Has the innermost frame, and those below that delegate to it, join the chain of the next one below, or make one. Gives the root, which is the innermost frame
/// then.
///
/// # Safety
///
/// The frame is the innermost one, that of something like a generator, and at its `YIELD_VALUE`, which is one of a delegation.
#[inline(always)]
pub(crate) unsafe fn join(vm: &mut Vm, frame: *mut Frame) -> Option<*mut Frame> {
    // SAFETY: the caller's promise.
    unsafe {
        let below = (*frame).previous;
        if (*frame).is_entry || below.is_null() || (*below).generator == 0 || !is_plain(frame) || !data_of(frame).link.get().is_null() {
            return None;
        }
        if data_of(below).state.get() == State::Chained && matches!(vm.handled.last(), Some(None)) {
            let root = data_of(below).link.get();
            return Some(append(vm, below, frame, root, 1));
        }
        // Two that delegate are left as quickly one by one.
        let may_be_long = delegates(below) && !(*below).is_entry && delegates((*below).previous);
        if may_be_long { join_slowly(vm, frame) } else { None }
    }
}

/// [`join`] for more than the innermost frame.
#[inline(never)]
unsafe fn join_slowly(vm: &mut Vm, frame: *mut Frame) -> Option<*mut Frame> {
    // SAFETY: the caller's promise.
    unsafe {
        let (mut first, mut n) = (frame, 1);
        loop {
            let below = (*first).previous;
            let is_last = is_member(below);
            let is_root = !is_last && ((*below).is_entry || (*below).previous.is_null() || !delegates((*below).previous));
            if is_last || is_root {
                let handled = vm.handled.len();
                let are_plain = handled >= n && vm.handled[handled - n..].iter().all(Option::is_none);
                if !are_plain || breaker_reasons() != 0 || !is_last && (n + 1 < MIN_LENGTH || !data_of(below).link.get().is_null()) {
                    return None;
                }
                let root = if is_last { data_of(below).link.get() } else { below };
                return Some(append(vm, below, frame, root, n));
            }
            if !data_of(below).link.get().is_null() {
                return None;
            }
            first = below;
            n += 1;
        }
    }
}

/// Makes `n` frames, of which `frame` is the last and what is above `below` the first, members of a chain that waits from now on.
#[inline(always)]
unsafe fn append(vm: &mut Vm, below: *mut Frame, frame: *mut Frame, root: *mut Frame, n: usize) -> *mut Frame {
    // SAFETY: the caller's promise.
    unsafe {
        let mut member = frame;
        while member != below {
            let data = data_of(member);
            data.state.set(State::Chained);
            data.ready.forget();
            member = (*member).previous;
        }
        // They hold nothing.
        vm.handled.truncate(vm.handled.len() - n);
        let root_data = data_of(root);
        if below != root {
            data_of(below).link.set(null_mut());
        }
        data_of(frame).link.set(root);
        root_data.link.set(frame);
        root_data.members.set(root_data.members.get() + n as u32);
        vm.depth -= root_data.members.get() as usize;
        vm.frame = root.cast();
        (*root).ip = (*root).ip.add(1);
        root
    }
}
