//! Making the whole heap immortal, for a process that is about to fork workers.
//!
//! What is immortal is not counted and not collected, so that using it writes to none of its pages. The rest of
//! what reading would write is written beforehand: hashes, class versions, the versions of sets of keys.
//! Then the blocks are closed: new objects get pages of their own.

use super::{Generation, STATE, collect};
use crate::bytes::Bytes;
use crate::class::Type;
use crate::dict::Dict;
use crate::heap::{self, bit};
use crate::str::Str;
use crate::tuple::Tuple;
use crate::value::Ref;
use crate::vm::Vm;
use crate::weak;

/// How deep tuples are looked into for items whose hashes run no Python; a frozenset counts as several.
const MAX_DEPTH: u32 = 20;
const FROZENSET_DEPTH: u32 = 8;

/// Collects garbage and makes every object that is left immortal.
pub fn immortalize_heap(vm: &mut Vm) {
    collect(vm, Generation::Full);
    weak::run_queue(vm);
    let mut addresses = Vec::new();
    heap::for_each_live(&mut |pointer, _| addresses.push(pointer.addr()));
    for address in addresses {
        if super::refcount(address) & !abi::header::IMMORTAL > 0 {
            // SAFETY: the object is live, and what is done with it frees nothing.
            prepare(vm, unsafe { Ref::from_bits(address as u64) });
        }
    }
    heap::for_each_live(&mut |pointer, bits| {
        // One without references waits for its release.
        if super::refcount(pointer.addr()) & !abi::header::IMMORTAL > 0 {
            // SAFETY: the object is live.
            unsafe { Ref::from_bits(pointer.addr() as u64) }.immortalize();
            if bits & bit::TRACED != 0 {
                heap::set_bits(pointer.addr(), bit::FROZEN | bit::OLD);
            }
        }
    });
    heap::close_immortal_blocks();
    heap::forget_counts();
    let state = STATE.get_mut(vm);
    (state.young_since_full, state.old_at_full, state.n_old) = (0, 0, 0);
    heap::reset_young(super::young_limit(state));
}

/// Writes into an object what reading it would.
fn prepare(vm: &mut Vm, object: Ref<'_>) {
    object.class().version();
    if let Some(class) = object.downcast::<Type>() {
        class.get().version();
    } else if let Some(dict) = object.downcast::<Dict>() {
        if dict.has_only_str_keys(vm) && !dict.is_view(vm) {
            dict.keys_version();
        }
    } else if let Some(string) = object.downcast::<Str>() {
        string.hash();
    } else {
        remember_hash(vm, object, MAX_DEPTH);
    }
}

/// Has a value keep its hash, if it can and that runs no Python. Says whether hashing it again is quick and runs none.
fn remember_hash(vm: &mut Vm, object: Ref<'_>, depth: u32) -> bool {
    let class = object.class();
    if let Some(string) = object.downcast_exact::<Str>() {
        string.hash();
        return true;
    }
    if let Some(bytes) = object.downcast_exact::<Bytes>() {
        bytes.hash();
        return true;
    }
    let quick = if let Some(tuple) = object.downcast_exact::<Tuple>() {
        if tuple.known_hash().is_some() {
            return true;
        }
        depth > 0 && tuple.items().iter().all(|&item| remember_hash(vm, item, depth - 1))
    } else if is_frozenset(class) {
        depth >= FROZENSET_DEPTH && super::referents(object).iter().all(|item| remember_hash(vm, item.borrow(), depth - FROZENSET_DEPTH))
    } else {
        return object.address().is_none() || is_number(class);
    };
    if !quick {
        return false;
    }
    match vm.hash(object) {
        Ok(_) => true,
        Err(raised) => {
            vm.catch(raised);
            false
        }
    }
}

fn is_number(class: &Type) -> bool {
    std::ptr::eq(class, &crate::int::INT) || std::ptr::eq(class, &crate::float::FLOAT)
}

/// The type is declared in a crate that knows this one.
fn is_frozenset(class: &Type) -> bool {
    !class.is_heap_type() && class.full_name() == "frozenset"
}
