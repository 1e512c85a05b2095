//! Values as bare words, for loops that move them between the slots of a frame.
//!
//! The interpreter's specialised instructions work on words, so that a count is touched only where one
//! reference becomes two, and so that the rare last drop of an object can be left to a function of its own.

use crate::value::Object;
use abi::{header, tag};
use std::cell::Cell;

/// The reference count of a heap object.
#[inline(always)]
unsafe fn count<'a>(word: u64) -> &'a Cell<u32> {
    // SAFETY: the caller says that the word is a heap object that somebody holds.
    unsafe { &*(word as *const u8).add(header::REFCOUNT).cast() }
}

/// Counts one more reference to a value.
///
/// # Safety
///
/// The word is that of a live value.
#[inline(always)]
pub unsafe fn increment(word: u64) {
    if word & tag::IMMEDIATE_MASK == 0 {
        // SAFETY: the caller's promise.
        let count = unsafe { count(word) };
        let n = count.get();
        if n & header::IMMORTAL == 0 {
            count.set(n + 1);
        }
    }
}

/// Gives one reference to a value up. If it says that it was the last, the object is still
/// there, and [`release`] must end it.
///
/// # Safety
///
/// The word owns the reference, or is zero.
#[inline(always)]
pub unsafe fn decrement(word: u64) -> bool {
    if word & tag::IMMEDIATE_MASK != 0 || word == 0 {
        return false;
    }
    // SAFETY: the caller's promise.
    let count = unsafe { count(word) };
    let n = count.get();
    if n == 1 {
        return true;
    }
    if n & header::IMMORTAL == 0 {
        count.set(n - 1);
    }
    false
}

/// Drops the last reference to an object, as [`decrement`] asked for.
///
/// # Safety
///
/// `decrement` said so of this word, and nothing happened to the object since.
#[cold]
#[inline(never)]
pub unsafe fn release(word: u64) {
    // SAFETY: the count is still one, and this is the reference it stands for.
    drop(unsafe { Object::from_raw(word) });
}

/// Ends an object whose count has become zero.
///
/// # Safety
///
/// Nobody refers to the object any more.
#[inline(always)]
pub unsafe fn end(word: u64) {
    // SAFETY: the caller's promise.
    unsafe { crate::heap::release(word as *mut crate::value::Header) };
}

/// The class of a heap object as an address; 0 for a value held in the word itself.
///
/// # Safety
///
/// The word is that of a live value.
#[inline(always)]
pub unsafe fn class_address(word: u64) -> usize {
    if word & tag::IMMEDIATE_MASK != 0 {
        return 0;
    }
    // SAFETY: the caller's promise.
    unsafe { *(word as *const u8).add(header::TYPE).cast() }
}

pub const TRUE: u64 = tag::TRUE;
pub const FALSE: u64 = tag::FALSE;
pub const NONE: u64 = tag::NONE;
/// The int 0.
pub const ZERO: u64 = tag::INT;

/// Whether both words are ints held in the word itself.
#[inline(always)]
pub const fn are_ints(left: u64, right: u64) -> bool {
    left & right & tag::INT != 0
}

#[inline(always)]
pub const fn is_int(word: u64) -> bool {
    word & tag::INT != 0
}

/// The sum of two ints held in words, if a word can hold it.
#[inline(always)]
pub const fn add_ints(left: u64, right: u64) -> Option<u64> {
    match ((left - tag::INT) as i64).checked_add(right as i64) {
        Some(sum) => Some(sum as u64),
        None => None,
    }
}

/// The difference of two ints held in words, if a word can hold it.
#[inline(always)]
pub const fn subtract_ints(left: u64, right: u64) -> Option<u64> {
    match (left as i64).checked_sub((right - tag::INT) as i64) {
        Some(difference) => Some(difference as u64),
        None => None,
    }
}

/// The product of two ints held in words, if a word can hold it.
#[inline(always)]
pub const fn multiply_ints(left: u64, right: u64) -> Option<u64> {
    match ((left - tag::INT) as i64).checked_mul(right as i64 >> 1) {
        Some(product) => Some(product as u64 + tag::INT),
        None => None,
    }
}

/// The word of a bool.
#[inline(always)]
pub const fn bool_word(value: bool) -> u64 {
    if value { tag::TRUE } else { tag::FALSE }
}
