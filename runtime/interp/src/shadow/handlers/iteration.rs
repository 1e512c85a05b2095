//! Loops over lists, ranges and tuples, and generators that are resumed without a native call.

use super::enter::enter;
use crate::compiled::Entry;
use crate::compiled::resume::{self, Quick, Resumer, Went};
use crate::eval::calls;
use crate::frame::{Ending, Frame};
use crate::generator::{self, COROUTINE, GENERATOR, Generator};
use crate::shadow::dispatch::{
    Exit, arg, drop_after_native, drop_and_go, go, go_anywhere, go_into, handler, look_or_go, loop_end, misfit, release_and_go, step,
};
use crate::shadow::opcode::HANDLERS;
use builtins::iterators::{self, LIST_ITERATOR, ListIterator, TUPLE_ITERATOR, TupleIterator};
use builtins::range::{RANGE_ITERATOR, RangeIterator};
use bytecode::{Instr, Opcode};
use object::raw;
use object::vm::{breaker, breaker_reasons};
use object::{Object, Ref, Vm};

macro_rules! for_loop {
    ($name:ident, $class:path, $payload:path, |$iterator:ident, $vm:ident| $advance:expr) => {
        handler!($name(vm ip sp frame word fuel) {
            let iterator = Ref::from_bits(*sp.sub(1));
            if raw::class_address(iterator.bits()) != std::ptr::from_ref(&$class).addr() {
                return misfit(vm, ip, sp, frame, word, fuel);
            }
            let ($iterator, $vm) = (iterator.downcast_unchecked::<$payload>(), &mut *vm);
            match $advance {
                Some(value) => {
                    let value = Object::into_raw(value);
                    let next = ip.add(1);
                    let next_word = (*next).0;
                    if next_word as u8 == Opcode::StoreFast as u8 {
                        let old = std::mem::replace(&mut *Frame::locals(frame).add(arg(next_word)), value);
                        drop_and_go!(vm, next, sp, frame, old, fuel);
                    }
                    *sp = value;
                    go!(vm, next, sp.add(1), frame, fuel);
                }
                None => {
                    if breaker_reasons() & breaker::FINALIZERS != 0 {
                        (*frame).ip = ip;
                        return Exit::look(loop_end(ip, word).add(1), sp);
                    }
                    go!(vm, loop_end(ip, word).add(1), sp, frame, fuel);
                }
            }
        });
    };
}

for_loop!(for_list, LIST_ITERATOR, ListIterator, |iterator, vm| iterator.advance(vm));
for_loop!(for_tuple, TUPLE_ITERATOR, TupleIterator, |iterator, vm| iterator.advance(vm));
for_loop!(for_range, RANGE_ITERATOR, RangeIterator, |iterator, vm| iterator.advance().map(|value| vm.new_int(value)));

/// Runs a generator that has just been resumed in compiled code, and goes on with the frame that gets what it gives.
///
/// # Safety
///
/// The frame is the innermost one, and the entry is its.
#[inline(never)]
pub(super) unsafe fn go_on_compiled(vm: *mut Vm, inner: *mut Frame, entry: Entry, fuel: u64) -> Exit {
    // SAFETY: the caller's promise.
    unsafe {
        let went = resume::go_on(&mut *vm, inner, entry, Resumer::Loop);
        let frame: *mut Frame = (*vm).frame.cast();
        match went {
            Went::Finished(value) => Exit::finished(value.into_raw()),
            Went::Failed | Went::Raised => Exit::raised((*frame).ip, (*frame).sp),
            Went::Interpret => {
                let (ip, sp) = ((*frame).ip, (*frame).sp);
                if breaker_reasons() & (breaker::FINALIZERS | breaker::TRACE) != 0 {
                    return Exit::look(ip, sp);
                }
                go_anywhere!(vm, ip, sp, frame, fuel);
            }
        }
    }
}

handler!(
    /// Generators, and iterators of native classes; those of Python classes are the loop's.
    for_general(vm ip sp frame word fuel) {
        let iterator = *sp.sub(1);
        if raw::class_address(iterator) == std::ptr::from_ref(&GENERATOR).addr()
            && let Some(inner) = generator::resume_plain(&mut *vm, Ref::from_bits(iterator).downcast_unchecked::<Generator>().get())
        {
            (*frame).ip = ip;
            (*frame).sp = sp;
            let sp = (*inner).sp;
            *sp = raw::NONE;
            go_anywhere!(vm, (*inner).ip.add(1), sp.add(1), inner, fuel);
        }
        return for_other(vm, ip, sp, frame, word, fuel);
    }
);

handler!(
    #[inline(never)]
    for_other(vm ip sp frame word fuel) {
        let iterator = Ref::from_bits(*sp.sub(1));
        (*frame).ip = ip;
        let is_generator = iterator.is_exactly(&GENERATOR);
        if is_generator && iterator.downcast_unchecked::<Generator>().get().0.ready.is_noted() {
            (*frame).sp = sp;
            match resume::resume_quickly(vm, iterator.bits(), raw::NONE) {
                Quick::Yielded(value) => {
                    let next = ip.add(1);
                    let next_word = (*next).0;
                    if next_word as u8 == Opcode::StoreFast as u8 && breaker_reasons() & (breaker::FINALIZERS | breaker::TRACE) == 0 {
                        let old = std::mem::replace(&mut *Frame::locals(frame).add(arg(next_word)), value);
                        drop_and_go!(vm, next, sp, frame, old, fuel);
                    }
                    *sp = value;
                    look_or_go!(vm, next, sp.add(1), frame, fuel);
                }
                Quick::Returned(value) => {
                    if raw::decrement(value) {
                        raw::release(value);
                    }
                    look_or_go!(vm, loop_end(ip, word).add(1), sp, frame, fuel);
                }
                Quick::Raised => return Exit::raised(ip, sp),
                Quick::NotReady => {}
            }
        }
        if is_generator
            && let Some(inner) = generator::start_inline(&mut *vm, iterator, None)
        {
            let Ok(inner) = inner else { return Exit::raised(ip, sp) };
            (*frame).sp = sp;
            let inner = generator::resume_delegates(&mut *vm, inner);
            if let Some(entry) = resume::entry_of(&mut *vm, inner) {
                return go_on_compiled(vm, inner, entry, fuel);
            }
            go_anywhere!(vm, (*inner).ip.add(1), (*inner).sp, inner, fuel);
        }
        if iterator.class().is_heap_type() {
            return Exit::miss(ip, sp);
        }
        let Ok(value) = next_value(vm, iterator.bits()) else { return Exit::raised(ip, sp) };
        let (next, top) = if value == 0 { (loop_end(ip, word).add(1), sp) } else { (ip.add(1), sp.add(1)) };
        *sp = value;
        look_or_go!(vm, next, top, frame, fuel);
    }
);

/// What [`next_two`] came to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pair {
    /// The second value is at the stack's top, the first above it.
    Two,
    End,
    Raised,
    /// The iterator is another one.
    Other,
}

/// Puts the next pair of an iterator on the stack, as `UNPACK_SEQUENCE` would.
///
/// # Safety
///
/// There is room for two words at `sp`; the word is that of a live iterator.
#[inline(never)]
unsafe fn next_two(vm: *mut Vm, iterator: u64, sp: *mut u64) -> Pair {
    // SAFETY: the caller's promise.
    unsafe {
        match iterators::next_two(&mut *vm, Ref::from_bits(iterator)) {
            Some(Ok(Some((first, second)))) => {
                *sp = second.into_raw();
                *sp.add(1) = first.into_raw();
                Pair::Two
            }
            Some(Ok(None)) => Pair::End,
            Some(Err(_)) => Pair::Raised,
            None => Pair::Other,
        }
    }
}

handler!(
    /// A loop over pairs that takes each apart: no tuple is made.
    for_pair(vm ip sp frame word fuel) {
        (*frame).ip = ip;
        let (next, top) = match next_two(vm, *sp.sub(1), sp) {
            Pair::Two => (ip.add(2), sp.add(2)),
            Pair::End => (loop_end(ip, word).add(1), sp),
            Pair::Raised => return Exit::raised(ip, sp),
            Pair::Other => return misfit(vm, ip, sp, frame, word, fuel),
        };
        look_or_go!(vm, next, top, frame, fuel);
    }
);

/// The next value of a native iterator, 0 at its end; an error if it raised.
///
/// # Safety
///
/// The word is that of a live iterator.
#[inline(never)]
unsafe fn next_value(vm: *mut Vm, iterator: u64) -> Result<u64, ()> {
    // SAFETY: the caller's promise.
    unsafe { (*vm).next(Ref::from_bits(iterator)).map_or(Err(()), |value| Ok(value.map_or(0, Object::into_raw))) }
}

/// Resumes the generator or coroutine `receiver`, if that needs no native call, and gives its frame; null if that raised. The value
/// is taken over unless the answer is `None`.
///
/// # Safety
///
/// The value is a word that owns a reference.
#[inline(never)]
unsafe fn resume_with(vm: *mut Vm, receiver: u64, value: u64) -> Option<*mut Frame> {
    // SAFETY: the caller's promise.
    unsafe {
        let value = Object::from_raw(value).expect("a value is never null");
        let inner = generator::start_inline(&mut *vm, Ref::from_bits(receiver), Some(&value));
        if inner.is_none() {
            std::mem::forget(value);
        }
        inner.map(|inner| inner.unwrap_or(std::ptr::null_mut()))
    }
}

handler!(
    /// What is awaited or delegated to, if it is a generator or coroutine that can go on at once.
    send(vm ip sp frame word fuel) {
        (*frame).ip = ip;
        let receiver = Ref::from_bits(*sp.sub(2));
        let is_generator = receiver.is_exactly(&GENERATOR) || receiver.is_exactly(&COROUTINE);
        if is_generator && receiver.downcast_unchecked::<Generator>().get().0.ready.is_noted() {
            (*frame).sp = sp.sub(1);
            let (next, value) = match resume::resume_quickly(vm, receiver.bits(), *sp.sub(1)) {
                Quick::Yielded(value) => (ip.add(1), value),
                Quick::Returned(value) => ((*(*frame).code).entry().add(arg(word)), value),
                Quick::Raised => return Exit::raised(ip, sp.sub(1)),
                Quick::NotReady => return send_slowly(vm, ip, sp, frame, word, fuel),
            };
            *sp.sub(1) = value;
            if breaker_reasons() & (breaker::FINALIZERS | breaker::TRACE) != 0 {
                return Exit::look(next, sp);
            }
            go_anywhere!(vm, next, sp, frame, fuel);
        }
        return send_slowly(vm, ip, sp, frame, word, fuel);
    }
);

handler!(
    /// What is awaited or delegated to by frames of the loop.
    send_slowly(vm ip sp frame word fuel) {
        let Some(inner) = resume_with(vm, *sp.sub(2), *sp.sub(1)) else { return Exit::miss(ip, sp) };
        if inner.is_null() {
            return Exit::raised(ip, sp.sub(1));
        }
        (*frame).sp = sp.sub(1);
        let inner = generator::resume_delegates(&mut *vm, inner);
        if let Some(entry) = resume::entry_of(&mut *vm, inner) {
            return go_on_compiled(vm, inner, entry, fuel);
        }
        go_anywhere!(vm, (*inner).ip.add(1), (*inner).sp, inner, fuel);
    }
);

/// An iterator over a value; 0 if making it raised.
///
/// # Safety
///
/// The word is that of a live value.
#[inline(never)]
unsafe fn iterator_of(vm: *mut Vm, iterable: u64) -> u64 {
    // SAFETY: the caller's promise.
    unsafe { (*vm).iter(Ref::from_bits(iterable)).map_or(0, Object::into_raw) }
}

/// Makes the frame of the `__iter__` of the object at `place` on the stack, if it is a Python function; null if that raised.
///
/// # Safety
///
/// The object is on top of the stack of the innermost frame, `frame`; it is taken over unless the answer is `None`.
#[inline(never)]
unsafe fn enter_iter(vm: *mut Vm, frame: *mut Frame, place: *mut u64) -> Option<*mut Frame> {
    // SAFETY: the caller's promise.
    unsafe {
        let method = calls::python_iter(Ref::from_bits(*place))?;
        let inner = enter(vm, frame, method.bits(), place, 1);
        if !inner.is_null() {
            (*inner).ending = Ending::Iterator;
        }
        Some(inner)
    }
}

handler!(get_iter(vm ip sp frame word fuel) {
    let iterable = *sp.sub(1);
    (*frame).ip = ip;
    if Ref::from_bits(iterable).class().is_heap_type()
        && let Some(inner) = enter_iter(vm, frame, sp.sub(1))
    {
        go_into!(vm, inner, ip, sp.sub(1), fuel);
    }
    let iterator = iterator_of(vm, iterable);
    if iterator == 0 {
        return Exit::raised(ip, sp);
    }
    *sp.sub(1) = iterator;
    drop_after_native!(vm, ip, sp, frame, iterable, fuel);
});

handler!(
    /// The same for what is delegated to: generators and coroutines stay themselves.
    get_yield_from_iter(vm ip sp frame word fuel) {
        if Ref::from_bits(*sp.sub(1)).class().is_heap_type() {
            (*frame).ip = ip;
            if let Some(inner) = enter_iter(vm, frame, sp.sub(1)) {
                go_into!(vm, inner, ip, sp.sub(1), fuel);
            }
        }
        return step(vm, ip, sp, frame, word, fuel);
    }
);
