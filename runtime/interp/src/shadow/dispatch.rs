//! How handlers follow one another, and how they get back to the evaluation loop.

use super::opcode::{HANDLERS, Specialized};
use super::{DISTANCE_MASK, DISTANCE_SHIFT, SITE_WORDS};
use crate::eval::steps::STEPS;
use crate::frame::Frame;
use bytecode::{Instr, Opcode};
use object::raw;
use object::vm::{breaker, breaker_reasons};
use object::{Object, Vm};
use std::cell::Cell;

/// Runs the instruction at `ip`, whose word is `word`, and those after it. The last parameter is how many more
/// jumps backward, calls and returns may follow before the evaluation loop is visited again: where
/// the optimiser leaves a call of the next handler a call, it bounds the native stack.
///
/// # Safety
///
/// The frame is the innermost one and `ip` is in its code's copy; `sp` is its evaluation stack's top.
pub(crate) type Handler = unsafe fn(vm: *mut Vm, ip: *const Instr, sp: *mut u64, frame: *mut Frame, word: u64, fuel: u64) -> Exit;

/// Back to the evaluation loop. The innermost frame is in the `Vm`.
#[derive(Clone, Copy)]
pub(crate) struct Exit {
    /// The instruction to go on with; its low bits say why.
    ip: u64,
    pub sp: *mut u64,
}

/// Why a handler goes back.
pub(crate) enum Why {
    /// The loop is to execute the original instruction.
    Miss,
    /// The loop is to look whether somebody wants something, and to go on.
    Look,
    /// An exception was raised.
    Raised,
    /// The frame that the loop was entered with returned or yielded, and is the innermost one no longer.
    Finished(Object),
}

impl Exit {
    pub(super) fn miss(ip: *const Instr, sp: *mut u64) -> Exit {
        Exit { ip: ip.expose_provenance() as u64, sp }
    }

    pub(super) fn look(ip: *const Instr, sp: *mut u64) -> Exit {
        Exit { ip: ip.expose_provenance() as u64 | 1, sp }
    }

    /// The word `value` owns a reference to what the frame gave.
    pub(super) fn finished(value: u64) -> Exit {
        Exit { ip: 3, sp: std::ptr::with_exposed_provenance_mut(value as usize) }
    }

    pub(super) fn raised(ip: *const Instr, sp: *mut u64) -> Exit {
        Exit { ip: ip.expose_provenance() as u64 | 2, sp }
    }

    #[inline(always)]
    pub(crate) fn ip(self) -> *const Instr {
        std::ptr::with_exposed_provenance((self.ip & !7) as usize)
    }

    #[inline(always)]
    pub(crate) fn why(self) -> Why {
        match self.ip & 7 {
            0 => Why::Miss,
            1 => Why::Look,
            2 => Why::Raised,
            // SAFETY: the word of a finished frame's value owns a reference, and an exit is looked at once.
            _ => Why::Finished(unsafe { Object::from_raw(self.sp.expose_provenance() as u64) }.expect("a value is never null")),
        }
    }
}

/// See [`Handler`].
const FUEL: u64 = if cfg!(debug_assertions) { 50 } else { 4096 };

/// Runs instructions until one needs the evaluation loop.
///
/// # Safety
///
/// As for [`Handler`].
#[inline(always)]
pub(crate) unsafe fn run(vm: &mut Vm, ip: *const Instr, sp: *mut u64, frame: *mut Frame) -> Exit {
    // SAFETY: the caller's promise.
    unsafe {
        let word = (*ip).0;
        HANDLERS[usize::from(word as u8)](vm, ip, sp, frame, word, FUEL)
    }
}

/// Declares a handler.
macro_rules! handler {
    ($(#[$doc:meta])* $name:ident($vm:ident $ip:ident $sp:ident $frame:ident $word:ident $fuel:ident) $body:block) => {
        $(#[$doc])*
        #[allow(unused_variables, reason = "handlers have all parameters in common")]
        pub(in crate::shadow) unsafe fn $name(
            $vm: *mut Vm,
            $ip: *const Instr,
            $sp: *mut u64,
            $frame: *mut Frame,
            $word: u64,
            $fuel: u64,
        ) -> Exit {
            // SAFETY: the handler's caller vouches for frame, instruction and stack, see `Handler`.
            #[allow(unused_unsafe, reason = "a handler may do nothing that is unsafe")]
            unsafe {
                $body
            }
        }
    };
}
pub(super) use handler;

/// Goes on with the instruction at `$ip`, which is in a copy.
macro_rules! go {
    ($vm:ident, $ip:expr, $sp:expr, $frame:expr, $fuel:expr) => {{
        let ip: *const Instr = $ip;
        let word = (*ip).0;
        return HANDLERS[usize::from(word as u8)]($vm, ip, $sp, $frame, word, $fuel);
    }};
}
pub(super) use go;

/// Goes on with the instruction at `$ip` after native code ran, which may have left the loop something to look at.
macro_rules! look_or_go {
    ($vm:ident, $ip:expr, $sp:expr, $frame:ident, $fuel:ident) => {{
        let (ip, sp): (*const Instr, *mut u64) = ($ip, $sp);
        if breaker_reasons() & (breaker::FINALIZERS | breaker::TRACE) != 0 {
            return Exit::look(ip, sp);
        }
        go!($vm, ip, sp, $frame, $fuel);
    }};
}
pub(super) use look_or_go;

/// Goes on with the instruction at `$ip` of a frame that has become the innermost one, in a copy or not.
macro_rules! go_anywhere {
    ($vm:ident, $ip:expr, $sp:expr, $frame:expr, $fuel:expr) => {{
        let ip: *const Instr = $ip;
        if $fuel == 0 || !$crate::shadow::is_shadow((*ip).0) {
            return Exit::look(ip, $sp);
        }
        go!($vm, ip, $sp, $frame, $fuel - 1);
    }};
}
pub(super) use go_anywhere;

/// Goes on in the frame `$inner` that a call has made; null: the call raised, and `$sp` is the stack's top now.
macro_rules! go_into {
    ($vm:ident, $inner:expr, $ip:ident, $sp:expr, $fuel:ident) => {{
        let inner: *mut Frame = $inner;
        if inner.is_null() {
            return Exit::raised($ip, $sp);
        }
        go_anywhere!($vm, (*inner).ip, (*inner).sp, inner, $fuel);
    }};
}
pub(super) use go_into;

/// Drops the value that an instruction has taken off the stack, and goes on with the next instruction.
macro_rules! drop_and_go {
    ($vm:ident, $ip:ident, $sp:expr, $frame:ident, $value:expr, $fuel:ident) => {{
        let (sp, value) = ($sp, $value);
        if raw::decrement(value) {
            return release_and_go($vm, $ip, sp, $frame, value, $fuel);
        }
        go!($vm, $ip.add(1), sp, $frame, $fuel);
    }};
}
pub(super) use drop_and_go;

/// Drops two values that an instruction has taken off the stack, in this order, and goes on with the next instruction.
macro_rules! drop_both_and_go {
    ($vm:ident, $ip:ident, $sp:expr, $frame:ident, $word:ident, $first:expr, $second:expr, $fuel:ident) => {{
        let (sp, first, second): (*mut u64, u64, u64) = ($sp, $first, $second);
        let (is_first_dead, is_second_dead) = (raw::decrement(first), raw::decrement(second));
        if !is_first_dead && !is_second_dead {
            go!($vm, $ip.add(1), sp, $frame, $fuel);
        }
        *sp = if is_first_dead { first } else { 0 };
        *sp.add(1) = if is_second_dead { second } else { 0 };
        return drop_two_and_go($vm, $ip, sp, $frame, $word, $fuel);
    }};
}
pub(super) use drop_both_and_go;

/// The same for the operands of a test, and goes on as the test came out, see [`go_by_truth`].
macro_rules! drop_both_and_go_by_truth {
    ($vm:ident, $ip:ident, $sp:expr, $frame:ident, $word:ident, $first:expr, $second:expr, $truth:expr, $fuel:ident) => {{
        let (sp, first, second, truth): (*mut u64, u64, u64, bool) = ($sp, $first, $second, $truth);
        let (is_first_dead, is_second_dead) = (raw::decrement(first), raw::decrement(second));
        if !is_first_dead && !is_second_dead {
            go_by_truth!($vm, $ip, sp, $frame, truth, $fuel);
        }
        *sp = raw::bool_word(truth);
        let sp = sp.add(1);
        *sp = if is_first_dead { first } else { 0 };
        *sp.add(1) = if is_second_dead { second } else { 0 };
        return drop_two_and_go($vm, $ip, sp, $frame, $word, $fuel);
    }};
}
pub(super) use drop_both_and_go_by_truth;

/// The same after native code ran, which may have left the loop something to look at.
macro_rules! drop_after_native {
    ($vm:ident, $ip:ident, $sp:expr, $frame:ident, $value:expr, $fuel:ident) => {{
        let (sp, value) = ($sp, $value);
        if raw::decrement(value) {
            return release_and_go($vm, $ip, sp, $frame, value, $fuel);
        }
        look_or_go!($vm, $ip.add(1), sp, $frame, $fuel);
    }};
}
pub(super) use drop_after_native;

/// The operand.
#[inline(always)]
pub(super) fn arg(word: u64) -> usize {
    (word >> 32) as usize
}

/// Where a jump goes.
///
/// # Safety
///
/// The instruction is a jump of a copy, with this word.
#[inline(always)]
pub(super) unsafe fn target(ip: *const Instr, word: u64) -> *const Instr {
    let distance = ((word << 33) as i64) >> 41;
    // SAFETY: the caller's promise: the distance is within the copy.
    unsafe { ip.offset(distance as isize) }
}

/// The constant of a `LOAD_CONST`.
///
/// # Safety
///
/// The instruction is one of a copy, with this word.
#[inline(always)]
pub(super) unsafe fn constant(ip: *const Instr, word: u64) -> u64 {
    // SAFETY: the caller's promise: the constant is that far behind, in the same allocation.
    unsafe { (*ip.add((word >> DISTANCE_SHIFT & DISTANCE_MASK) as usize)).0 }
}

/// The data of an instruction's site: the number of misses, then what the form of the instruction keeps.
///
/// # Safety
///
/// The instruction is one with a site, in a copy, and has this word.
#[inline(always)]
pub(super) unsafe fn site<'a>(ip: *const Instr, word: u64) -> &'a [Cell<u64>; SITE_WORDS] {
    // SAFETY: the caller's promise: the site is that far behind, in the same allocation.
    unsafe { &*ip.cast::<Cell<u64>>().add((word >> DISTANCE_SHIFT & DISTANCE_MASK) as usize).cast() }
}

/// What a site has seen, as a type that takes two words.
///
/// # Safety
///
/// As for [`site`]; `T` is two words long and any bits are a valid `T`.
#[inline(always)]
pub(super) unsafe fn seen<'a, T>(ip: *const Instr, word: u64) -> &'a T {
    const { assert!(size_of::<T>() == 16) };
    // SAFETY: the caller's promise.
    unsafe { &*std::ptr::from_ref(&site(ip, word)[1]).cast() }
}

/// Where code goes on after a conditional jump that is not taken: the compiler puts a `NOT_TAKEN` behind it, which does nothing.
///
/// # Safety
///
/// The instruction is a conditional jump of a copy.
#[inline(always)]
pub(super) unsafe fn fall_through(jump: *const Instr) -> *const Instr {
    // SAFETY: code does not end with a conditional jump.
    unsafe {
        let next = jump.add(1);
        next.add(usize::from((*next).opcode_byte() == Opcode::NotTaken as u8))
    }
}

/// Goes on with what comes after a test that gave `$truth`, the stack's top being `$sp` without it: a conditional
/// jump, which is most often next, is done at once.
macro_rules! go_by_truth {
    ($vm:ident, $ip:expr, $sp:expr, $frame:ident, $truth:expr, $fuel:ident) => {{
        let (next, sp, truth): (*const Instr, *mut u64, bool) = ($ip.add(1), $sp, $truth);
        let word = (*next).0;
        if word as u8 == Opcode::PopJumpIfFalse as u8 {
            go!($vm, if truth { fall_through(next) } else { target(next, word) }, sp, $frame, $fuel);
        }
        if word as u8 == Opcode::PopJumpIfTrue as u8 {
            go!($vm, if truth { target(next, word) } else { fall_through(next) }, sp, $frame, $fuel);
        }
        *sp = raw::bool_word(truth);
        go!($vm, next, sp.add(1), $frame, $fuel);
    }};
}
pub(super) use go_by_truth;

/// Where a jump with a site goes.
///
/// # Safety
///
/// As for [`site`]; the instruction is a `FOR_ITER`.
#[inline(always)]
pub(super) unsafe fn loop_end(ip: *const Instr, word: u64) -> *const Instr {
    // SAFETY: the caller's promise: the distance is within the copy.
    unsafe { ip.offset(site(ip, word)[2].get() as isize) }
}

/// Gives an instruction another opcode.
///
/// # Safety
///
/// The instruction is in a copy; the opcode stands for the same original.
pub(super) unsafe fn rewrite(ip: *const Instr, opcode: u8) {
    // SAFETY: the words of a copy are cells.
    unsafe {
        let cell = &*ip.cast::<Cell<u64>>();
        cell.set(cell.get() & !0xff | u64::from(opcode));
    }
}

/// How often a site may miss before it gets the general form for good.
const PATIENCE: u64 = 16;

/// The same for the classes of an attribute's owner: then the site keeps several.
const PATIENCE_WITH_CLASSES: u64 = 3;

/// The number of misses that shows a site to see too many different things.
pub(super) fn patience(original: Opcode) -> u64 {
    if original == Opcode::LoadAttr { PATIENCE_WITH_CLASSES } else { PATIENCE }
}

/// A specialised instruction met what it is not for: it is specialised anew, or, if that happens
/// often, gets the general form.
///
/// # Safety
///
/// As for [`Handler`]; the instruction has a site.
#[cold]
#[inline(never)]
pub(super) unsafe fn misfit(vm: *mut Vm, ip: *const Instr, sp: *mut u64, frame: *mut Frame, word: u64, fuel: u64) -> Exit {
    // SAFETY: the caller's promise.
    unsafe {
        let misses = &site(ip, word)[0];
        misses.set(misses.get() + 1);
        let original = super::original(*ip);
        // Of a module that gets a name, all others are elsewhere, as a rule: it is not another owner.
        let is_module = matches!(Specialized::from_byte(word as u8), Some(Specialized::LoadAttrModule | Specialized::LoadAttrSModule));
        let several = match original {
            Opcode::LoadAttr if is_module => None,
            Opcode::LoadAttr => Some(Specialized::LoadAttrPolymorphic),
            Opcode::StoreAttr => Some(Specialized::StoreAttrPolymorphic),
            _ => None,
        };
        if let Some(several) = several.filter(|_| misses.get() >= PATIENCE_WITH_CLASSES && super::is_polymorphic()) {
            let shadow = (*(*frame).code).shadow.get().expect("an instruction of a copy is running");
            site(ip, word)[1].set(shadow.new_polymorphic().expose_provenance() as u64);
            rewrite(ip, several as u8);
        } else if misses.get() < if is_module { PATIENCE } else { patience(original) } {
            rewrite(ip, original as u8);
        } else {
            rewrite(ip, general(original) as u8);
        }
        go!(vm, ip, sp, frame, fuel);
    }
}

/// The form of an instruction that fits everything.
pub(super) fn general(original: Opcode) -> Specialized {
    match original {
        Opcode::BinaryOp => Specialized::BinaryGeneral,
        Opcode::CompareOp => Specialized::CompareGeneral,
        Opcode::LoadGlobal => Specialized::LoadGlobalGeneral,
        Opcode::LoadAttr => Specialized::LoadAttrGeneral,
        Opcode::StoreAttr => Specialized::StoreAttrGeneral,
        Opcode::LoadSuperAttr => Specialized::LoadSuperAttrGeneral,
        Opcode::ForIter => Specialized::ForIterGeneral,
        Opcode::StoreSubscr => Specialized::StoreSubscrGeneral,
        Opcode::Call => Specialized::CallGeneral,
        Opcode::ToBool => Specialized::ToBoolGeneral,
        Opcode::ContainsOp => Specialized::ContainsGeneral,
        Opcode::UnpackSequence => Specialized::UnpackGeneral,
        _ => unreachable!("only instructions with a site miss"),
    }
}

handler!(
    /// Has the evaluation loop execute the instruction.
    miss(vm ip sp frame word fuel) {
        Exit::miss(ip, sp)
    }
);

handler!(
    /// An instruction that is a function from the stack to the stack.
    step(vm ip sp frame word fuel) {
        (*frame).ip = ip;
        let stepped = STEPS[usize::from(word as u8)](&mut *vm, frame, sp, arg(word) as u32);
        if stepped.result.is_err() {
            return Exit::raised(ip, stepped.sp);
        }
        look_or_go!(vm, ip.add(1), stepped.sp, frame, fuel);
    }
);

/// Ends the object `dead`, whose last reference an instruction dropped, and goes on with the next instruction.
///
/// # Safety
///
/// As for [`Handler`], and for [`raw::release`].
#[cold]
#[inline(never)]
pub(super) unsafe fn release_and_go(vm: *mut Vm, ip: *const Instr, sp: *mut u64, frame: *mut Frame, dead: u64, fuel: u64) -> Exit {
    // SAFETY: the caller's promise.
    unsafe {
        (*frame).ip = ip;
        raw::release(dead);
        look_or_go!(vm, ip.add(1), sp, frame, fuel);
    }
}

/// Drops the two words above the stack and goes on with the next instruction. Something may have happened that the loop wants to
/// know of: what was dropped, or native code that ran before.
///
/// # Safety
///
/// As for [`Handler`]; both words own references or are zero.
#[inline(never)]
pub(super) unsafe fn drop_two_and_go(vm: *mut Vm, ip: *const Instr, sp: *mut u64, frame: *mut Frame, _word: u64, fuel: u64) -> Exit {
    // SAFETY: the caller's promise.
    unsafe {
        (*frame).ip = ip;
        for index in 0..2 {
            let word = *sp.add(index);
            if raw::decrement(word) {
                raw::release(word);
            }
        }
        look_or_go!(vm, ip.add(1), sp, frame, fuel);
    }
}
