//! Locals, cells, constants and the stack itself.

use crate::cell_object::{CellObject, new_cell};
use crate::frame::Frame;
use crate::shadow::dispatch::{Exit, arg, constant, drop_and_go, drop_both_and_go, drop_two_and_go, go, handler, release_and_go};
use crate::shadow::opcode::HANDLERS;
use bytecode::Instr;
use object::raw;
use object::tuple::Tuple;
use object::{Object, Ref, Vm};

/// Replaces a word that owns a reference by another; the old one has to be dropped.
#[inline(always)]
unsafe fn swap_in(place: *mut u64, value: u64) -> u64 {
    // SAFETY: the caller's promise.
    unsafe { std::mem::replace(&mut *place, value) }
}

handler!(load_fast(vm ip sp frame word fuel) {
    let value = *Frame::locals(frame).add(arg(word));
    raw::increment(value);
    *sp = value;
    go!(vm, ip.add(1), sp.add(1), frame, fuel);
});

handler!(load_fast_check(vm ip sp frame word fuel) {
    let value = *Frame::locals(frame).add(arg(word));
    if value == 0 {
        return Exit::miss(ip, sp);
    }
    raw::increment(value);
    *sp = value;
    go!(vm, ip.add(1), sp.add(1), frame, fuel);
});

handler!(load_fast_load_fast(vm ip sp frame word fuel) {
    let (first, second) = (*Frame::locals(frame).add((word >> 48) as usize), *Frame::locals(frame).add((word >> 32 & 0xffff) as usize));
    raw::increment(first);
    raw::increment(second);
    *sp = first;
    *sp.add(1) = second;
    go!(vm, ip.add(1), sp.add(2), frame, fuel);
});

handler!(store_fast(vm ip sp frame word fuel) {
    let sp = sp.sub(1);
    let old = swap_in(Frame::locals(frame).add(arg(word)), *sp);
    drop_and_go!(vm, ip, sp, frame, old, fuel);
});

handler!(store_fast_load_fast(vm ip sp frame word fuel) {
    let old = swap_in(Frame::locals(frame).add((word >> 48) as usize), *sp.sub(1));
    let value = *Frame::locals(frame).add((word >> 32 & 0xffff) as usize);
    raw::increment(value);
    *sp.sub(1) = value;
    drop_and_go!(vm, ip, sp, frame, old, fuel);
});

handler!(store_fast_store_fast(vm ip sp frame word fuel) {
    let sp = sp.sub(2);
    let (below, above) = (*sp, *sp.add(1));
    let first = swap_in(Frame::locals(frame).add((word >> 48) as usize), above);
    let second = swap_in(Frame::locals(frame).add((word >> 32 & 0xffff) as usize), below);
    // One test for both: most values that come in pairs are ints.
    if first | second == 0 || raw::is_int(first & second) {
        go!(vm, ip.add(1), sp, frame, fuel);
    }
    drop_both_and_go!(vm, ip, sp, frame, word, first, second, fuel);
});

handler!(load_const(vm ip sp frame word fuel) {
    let value = constant(ip, word);
    raw::increment(value);
    *sp = value;
    go!(vm, ip.add(1), sp.add(1), frame, fuel);
});

handler!(load_small_int(vm ip sp frame word fuel) {
    *sp = (word >> 32) << 1 | 1;
    go!(vm, ip.add(1), sp.add(1), frame, fuel);
});

handler!(pop_top(vm ip sp frame word fuel) {
    let sp = sp.sub(1);
    let value = *sp;
    drop_and_go!(vm, ip, sp, frame, value, fuel);
});

handler!(push_null(vm ip sp frame word fuel) {
    *sp = 0;
    go!(vm, ip.add(1), sp.add(1), frame, fuel);
});

handler!(copy(vm ip sp frame word fuel) {
    let value = *sp.sub(arg(word));
    if value != 0 {
        raw::increment(value);
    }
    *sp = value;
    go!(vm, ip.add(1), sp.add(1), frame, fuel);
});

handler!(swap(vm ip sp frame word fuel) {
    std::ptr::swap(sp.sub(1), sp.sub(arg(word)));
    go!(vm, ip.add(1), sp, frame, fuel);
});

handler!(load_deref(vm ip sp frame word fuel) {
    let cell = Ref::from_bits(*Frame::locals(frame).add(arg(word))).downcast_unchecked::<CellObject>();
    let value = cell.contents.bits();
    if value == 0 {
        return Exit::miss(ip, sp);
    }
    raw::increment(value);
    *sp = value;
    go!(vm, ip.add(1), sp.add(1), frame, fuel);
});

handler!(store_deref(vm ip sp frame word fuel) {
    let cell = Ref::from_bits(*Frame::locals(frame).add(arg(word))).downcast_unchecked::<CellObject>();
    let sp = sp.sub(1);
    let old = cell.contents.replace_bits(*sp);
    drop_and_go!(vm, ip, sp, frame, old, fuel);
});

handler!(load_fast_and_clear(vm ip sp frame word fuel) {
    *sp = swap_in(Frame::locals(frame).add(arg(word)), 0);
    go!(vm, ip.add(1), sp.add(1), frame, fuel);
});

handler!(copy_free_variables(vm ip sp frame word fuel) {
    let closure = Ref::from_bits((*frame).function().closure.bits()).downcast_unchecked::<Tuple>();
    let place = Frame::locals(frame).add((*(*frame).code).n_locals - arg(word));
    for (index, cell) in closure.items().iter().enumerate() {
        raw::increment(cell.bits());
        *place.add(index) = cell.bits();
    }
    go!(vm, ip.add(1), sp, frame, fuel);
});

handler!(make_cell(vm ip sp frame word fuel) {
    let place = Frame::locals(frame).add(arg(word));
    *place = cell_of(vm, *place);
    go!(vm, ip.add(1), sp, frame, fuel);
});

/// A new cell with the value, which moves.
///
/// # Safety
///
/// The word is zero or owns a reference.
#[inline(never)]
unsafe fn cell_of(vm: *mut Vm, value: u64) -> u64 {
    // SAFETY: the caller's promise.
    unsafe { new_cell(&*vm, Object::from_raw(value)).into_object().into_raw() }
}
