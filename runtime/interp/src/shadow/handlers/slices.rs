//! Slices of lists, tuples and strings by bounds that are ints or `None`, for which no slice object is made.

use super::containers::plain_slice;
use crate::frame::Frame;
use crate::shadow::dispatch::{Exit, arg, drop_after_native, drop_and_go, go, handler, look_or_go, release_and_go, step};
use crate::shadow::opcode::{HANDLERS, Specialized};
use builtins::list_slices;
use builtins::slice::Slice;
use bytecode::Instr;
use bytecode::opcode::BinaryOp;
use object::list::{LIST, List};
use object::raw;
use object::vm::{breaker, breaker_reasons};
use object::{Object, Ref, Vm};

/// `owner[slice]`; 0 if that is not plain.
///
/// # Safety
///
/// Both words are those of live values; the second is a slice.
#[inline(never)]
pub(super) unsafe fn item_by_slice(vm: *mut Vm, owner: u64, slice: u64) -> u64 {
    // SAFETY: the caller's promise.
    unsafe {
        let slice = Ref::from_bits(slice).downcast_unchecked::<Slice>();
        let (start, stop, step) = (slice.start.borrow(), slice.stop.borrow(), slice.step.borrow());
        if step.is_none() {
            return plain_slice(vm, owner, start.bits(), stop.bits()).map_or(0, Object::into_raw);
        }
        if raw::class_address(owner) != std::ptr::from_ref(&LIST).addr() {
            return 0;
        }
        list_slices::quick_slice(&*vm, Ref::from_bits(owner).downcast_unchecked::<List>(), start, stop, step).map_or(0, Object::into_raw)
    }
}

/// `owner[start:stop:step]` of a list; 0 if that is not plain.
///
/// # Safety
///
/// The words are those of live values; the owner is a list.
#[inline(never)]
unsafe fn list_slice(vm: *mut Vm, owner: u64, bounds: *const u64, has_step: bool) -> u64 {
    // SAFETY: the caller's promise.
    unsafe {
        let step = if has_step { Ref::from_bits(*bounds.add(2)) } else { Ref::NONE };
        let (start, stop) = (Ref::from_bits(*bounds), Ref::from_bits(*bounds.add(1)));
        list_slices::quick_slice(&*vm, Ref::from_bits(owner).downcast_unchecked::<List>(), start, stop, step).map_or(0, Object::into_raw)
    }
}

handler!(
    /// A slice, and the item of a list by it that the next instruction asks for, once that has seen what it is for.
    build_slice(vm ip sp frame word fuel) {
        let (next, bounds) = (ip.add(1), sp.sub(arg(word)));
        let next_word = (*next).0;
        if next_word as u8 == Specialized::BinaryGeneral as u8 && arg(next_word) == BinaryOp::Subscript as usize {
            let owner = *bounds.sub(1);
            if raw::class_address(owner) == std::ptr::from_ref(&LIST).addr() {
                let slice = list_slice(vm, owner, bounds, arg(word) == 3);
                if slice != 0 {
                    // The bounds are ints in words or `None`: there is nothing to drop.
                    *bounds.sub(1) = slice;
                    drop_and_go!(vm, next, bounds, frame, owner, fuel);
                }
            }
        }
        return step(vm, ip, sp, frame, word, fuel);
    }
);

/// `owner[start:stop] = value` of a list: whether that was plain, and is done. Then the value is taken over.
///
/// # Safety
///
/// The words are those of live values; the owner is a list.
#[inline(never)]
unsafe fn store_in_list(vm: *mut Vm, value: u64, owner: u64, start: u64, stop: u64) -> bool {
    // SAFETY: the caller's promise.
    unsafe {
        let value = Object::from_raw(value).expect("a value is never null");
        let list = Ref::from_bits(owner).downcast_unchecked::<List>();
        match list_slices::quick_store(&mut *vm, list, Ref::from_bits(start), Ref::from_bits(stop), value) {
            Ok(()) => true,
            Err(value) => {
                std::mem::forget(value);
                false
            }
        }
    }
}

handler!(store_slice(vm ip sp frame word fuel) {
    let owner = *sp.sub(3);
    if raw::class_address(owner) == std::ptr::from_ref(&LIST).addr() {
        (*frame).ip = ip;
        if store_in_list(vm, *sp.sub(4), owner, *sp.sub(2), *sp.sub(1)) {
            drop_after_native!(vm, ip, sp.sub(4), frame, owner, fuel);
        }
    }
    return step(vm, ip, sp, frame, word, fuel);
});
