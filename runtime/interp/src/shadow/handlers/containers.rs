//! Items of lists, tuples and dicts, displays and unpacking.

use super::enter::enter;
use crate::eval::calls as eval_calls;
use crate::frame::Frame;
use crate::shadow::dispatch::{
    Exit, arg, drop_after_native, drop_and_go, drop_both_and_go, drop_both_and_go_by_truth, drop_two_and_go, fall_through, go, go_anywhere,
    go_by_truth, go_into, handler, look_or_go, misfit, release_and_go, seen, step, target,
};
use crate::shadow::opcode::HANDLERS;
use builtins::set::{self, FROZEN_SET, SET};
use bytecode::{Instr, Opcode};
use object::attribute::cache::Site;
use object::bytes::{BYTEARRAY, ByteArray};
use object::dict::{DICT, Dict, quick_hash};
use object::list::{LIST, List};
use object::raw;
use object::str::{STR, Str};
use object::tuple::{TUPLE, Tuple};
use object::vm::{breaker, breaker_reasons};
use object::{Object, Ref, Vm};

/// An index as a place in a sequence of `n` items.
#[inline(always)]
fn place(index: u64, n: usize) -> Option<usize> {
    let index = index as i64 >> 1;
    let index = if index < 0 { index + n as i64 } else { index };
    ((index as u64) < n as u64).then_some(index as usize)
}

handler!(list_item(vm ip sp frame word fuel) {
    let (owner, index) = (*sp.sub(2), *sp.sub(1));
    if raw::is_int(index)
        && let Some(list) = Ref::from_bits(owner).downcast_exact::<List>()
    {
        let items = list.get().items(&*vm);
        let Some(index) = place(index, items.len()) else { return Exit::miss(ip, sp) };
        let value = items.get_unchecked(index).borrow().bits();
        raw::increment(value);
        *sp.sub(2) = value;
        drop_and_go!(vm, ip, sp.sub(1), frame, owner, fuel);
    }
    return misfit(vm, ip, sp, frame, word, fuel);
});

handler!(tuple_item(vm ip sp frame word fuel) {
    let (owner, index) = (*sp.sub(2), *sp.sub(1));
    if raw::is_int(index)
        && let Some(tuple) = Ref::from_bits(owner).downcast_exact::<Tuple>()
    {
        let items = tuple.get().items();
        let Some(index) = place(index, items.len()) else { return Exit::miss(ip, sp) };
        let value = items.get_unchecked(index).bits();
        raw::increment(value);
        *sp.sub(2) = value;
        drop_and_go!(vm, ip, sp.sub(1), frame, owner, fuel);
    }
    return misfit(vm, ip, sp, frame, word, fuel);
});

/// The string of one character.
///
/// # Safety
///
/// The `Vm` is the running thread's; `character` is a code point.
#[inline(never)]
unsafe fn character_of(vm: *mut Vm, character: u32) -> u64 {
    // SAFETY: the caller's promise.
    unsafe { (*vm).new_char(character).into_object().into_raw() }
}

handler!(str_item(vm ip sp frame word fuel) {
    let (owner, index) = (*sp.sub(2), *sp.sub(1));
    if raw::is_int(index) && raw::class_address(owner) == std::ptr::from_ref(&STR).addr() {
        let text = Ref::from_bits(owner).downcast_unchecked::<Str>().get();
        let Some(index) = place(index, text.len()) else { return Exit::miss(ip, sp) };
        *sp.sub(2) = character_of(vm, text.char_at(index));
        drop_and_go!(vm, ip, sp.sub(1), frame, owner, fuel);
    }
    return misfit(vm, ip, sp, frame, word, fuel);
});

handler!(
    /// A string key of a dict.
    dict_item(vm ip sp frame word fuel) {
        let (owner, key) = (Ref::from_bits(*sp.sub(2)), Ref::from_bits(*sp.sub(1)));
        if let Some(dict) = owner.downcast_exact::<Dict>()
            && key.is_exactly(&STR)
        {
            // The loop raises `KeyError`.
            let Some(value) = dict.get().get_interned(key) else { return Exit::miss(ip, sp) };
            let value = value.bits();
            raw::increment(value);
            *sp.sub(2) = value;
            let sp = sp.sub(1);
            // Nothing runs when a string goes.
            if raw::decrement(key.bits()) {
                raw::release(key.bits());
            }
            if raw::decrement(owner.bits()) {
                return release_and_go(vm, ip, sp, frame, owner.bits(), fuel);
            }
            go!(vm, ip.add(1), sp, frame, fuel);
        }
        return misfit(vm, ip, sp, frame, word, fuel);
    }
);

handler!(
    /// An item of an instance of a Python class with `__getitem__`.
    method_item(vm ip sp frame word fuel) {
        let owner = Ref::from_bits(*sp.sub(2));
        let site: &Site = seen(ip, word);
        if !site.matches(owner) {
            return misfit(vm, ip, sp, frame, word, fuel);
        }
        (*frame).ip = ip;
        let inner = enter(vm, frame, site.class_value(), sp.sub(2), 2);
        go_into!(vm, inner, ip, sp.sub(2), fuel);
    }
);

handler!(store_list_item(vm ip sp frame word fuel) {
    let (owner, index) = (*sp.sub(2), *sp.sub(1));
    if raw::is_int(index)
        && let Some(list) = Ref::from_bits(owner).downcast_exact::<List>()
    {
        let items = list.get().items_mut(&mut *vm);
        let Some(index) = place(index, items.len()) else { return Exit::miss(ip, sp) };
        let value = Object::from_raw(*sp.sub(3)).expect("a value is never null");
        let old = std::mem::replace(items.get_unchecked_mut(index), value).into_raw();
        let sp = sp.sub(3);
        if raw::decrement(old) {
            *sp = old;
            *sp.add(1) = owner;
            return drop_two_and_go(vm, ip, sp, frame, word, fuel);
        }
        drop_and_go!(vm, ip, sp, frame, owner, fuel);
    }
    return misfit(vm, ip, sp, frame, word, fuel);
});

/// Whether one string occurs in another.
///
/// # Safety
///
/// Both are strings.
#[inline(never)]
unsafe fn is_part(container: Ref<'_>, item: Ref<'_>) -> bool {
    // SAFETY: the caller's promise.
    let [text, item] = unsafe { [container, item].map(|text| text.downcast_unchecked::<Str>().get()) };
    match (text.as_latin1(), item.as_latin1()) {
        (Some(text), Some(&[character])) => text.contains(&character),
        _ => builtins::str::search::occurs(text, item),
    }
}

handler!(contains(vm ip sp frame word fuel) {
    (*frame).ip = ip;
    let (item, container) = (Ref::from_bits(*sp.sub(2)), Ref::from_bits(*sp.sub(1)));
    if raw::class_address(container.bits()) == std::ptr::from_ref(&STR).addr() && raw::class_address(item.bits()) == std::ptr::from_ref(&STR).addr() {
        let truth = is_part(container, item) != (arg(word) == 1);
        drop_both_and_go_by_truth!(vm, ip, sp.sub(2), frame, word, container.bits(), item.bits(), truth, fuel);
    }
    let Ok(found) = (*vm).contains(container, item) else { return Exit::raised(ip, sp) };
    let truth = found != (arg(word) == 1);
    if breaker_reasons() & (breaker::FINALIZERS | breaker::TRACE) == 0 {
        drop_both_and_go_by_truth!(vm, ip, sp.sub(2), frame, word, container.bits(), item.bits(), truth, fuel);
    }
    *sp.sub(2) = raw::bool_word(truth);
    let sp = sp.sub(1);
    *sp = container.bits();
    *sp.add(1) = item.bits();
    return drop_two_and_go(vm, ip, sp, frame, word, fuel);
});

handler!(
    /// A key of a dict. Looking a string up runs nothing.
    contains_dict(vm ip sp frame word fuel) {
        let (item, container) = (*sp.sub(2), *sp.sub(1));
        if raw::class_address(container) != std::ptr::from_ref(&DICT).addr() {
            return misfit(vm, ip, sp, frame, word, fuel);
        }
        if raw::class_address(item) != std::ptr::from_ref(&STR).addr() {
            return contains(vm, ip, sp, frame, word, fuel);
        }
        let Some(found) = Ref::from_bits(container).downcast_unchecked::<Dict>().get().get_quickly(Ref::from_bits(item)) else {
            return contains(vm, ip, sp, frame, word, fuel);
        };
        (*frame).ip = ip;
        let is_there = found.is_some();
        drop_both_and_go_by_truth!(vm, ip, sp.sub(2), frame, word, container, item, is_there != (arg(word) == 1), fuel);
    }
);

handler!(contains_set(vm ip sp frame word fuel) {
    let class = raw::class_address(*sp.sub(1));
    if class != std::ptr::from_ref(&FROZEN_SET).addr() && class != std::ptr::from_ref(&SET).addr() {
        return misfit(vm, ip, sp, frame, word, fuel);
    }
    let (item, container) = (*sp.sub(2), *sp.sub(1));
    let Some(is_there) = is_member(vm, container, item) else { return contains(vm, ip, sp, frame, word, fuel) };
    (*frame).ip = ip;
    drop_both_and_go_by_truth!(vm, ip, sp.sub(2), frame, word, container, item, is_there != (arg(word) == 1), fuel);
});

/// Whether the item is in a set, if that can be said at once.
///
/// # Safety
///
/// Both words are those of live values; the container is a plain set or frozenset.
#[inline(never)]
unsafe fn is_member(vm: *mut Vm, container: u64, item: u64) -> Option<bool> {
    // SAFETY: the caller's promise.
    unsafe {
        let item = Ref::from_bits(item);
        set::contains_quickly(&*vm, Ref::from_bits(container), item, quick_hash(item)?)
    }
}

handler!(build_tuple(vm ip sp frame word fuel) {
    let bottom = sp.sub(arg(word));
    let tuple = (*vm).new_tuple((0..arg(word)).map(|index| Object::from_raw(*bottom.add(index)).expect("a value is never null")));
    *bottom = tuple.into_object().into_raw();
    go!(vm, ip.add(1), bottom.add(1), frame, fuel);
});

/// A list of the values from `bottom` on.
///
/// # Safety
///
/// There are `n` words that own references, which move.
#[inline(never)]
unsafe fn list_of(vm: *mut Vm, bottom: *mut u64, n: usize) -> u64 {
    // SAFETY: the caller's promise.
    unsafe {
        let mut items: Vec<Object> = Vec::with_capacity(n);
        items.as_mut_ptr().copy_from_nonoverlapping(bottom.cast_const().cast::<Object>(), n);
        items.set_len(n);
        (*vm).new_list(items).into_object().into_raw()
    }
}

handler!(build_list(vm ip sp frame word fuel) {
    let bottom = sp.sub(arg(word));
    *bottom = list_of(vm, bottom, arg(word));
    go!(vm, ip.add(1), bottom.add(1), frame, fuel);
});

/// `{}`
#[inline(never)]
unsafe fn empty_dict(vm: *mut Vm) -> u64 {
    // SAFETY: the caller's promise.
    unsafe { (*vm).new_dict().into_object().into_raw() }
}

handler!(build_map(vm ip sp frame word fuel) {
    if arg(word) != 0 {
        return step(vm, ip, sp, frame, word, fuel);
    }
    *sp = empty_dict(vm);
    go!(vm, ip.add(1), sp.add(1), frame, fuel);
});

handler!(list_append(vm ip sp frame word fuel) {
    let value = Object::from_raw(*sp.sub(1)).expect("a value is never null");
    let sp = sp.sub(1);
    Ref::from_bits(*sp.sub(arg(word))).downcast_unchecked::<List>().push(&mut *vm, value);
    go!(vm, ip.add(1), sp, frame, fuel);
});

/// Puts the items of a sequence on the stack, the first on top, in its place, and goes on; where the length is wrong the loop raises.
macro_rules! unpack {
    ($items:expr, $vm:ident, $ip:ident, $sp:ident, $frame:ident, $word:ident, $fuel:ident) => {{
        let (items, n): (&[Ref<'_>], usize) = ($items, arg($word));
        if items.len() != n {
            return Exit::miss($ip, $sp);
        }
        let bottom = $sp.sub(1);
        let sequence = *bottom;
        for index in 0..n {
            let item = items.get_unchecked(n - 1 - index).bits();
            raw::increment(item);
            *bottom.add(index) = item;
        }
        drop_and_go!($vm, $ip, bottom.add(n), $frame, sequence, $fuel);
    }};
}

handler!(unpack_two_tuple(vm ip sp frame word fuel) {
    let sequence = *sp.sub(1);
    if raw::class_address(sequence) != std::ptr::from_ref(&TUPLE).addr() {
        return misfit(vm, ip, sp, frame, word, fuel);
    }
    let &[first, second] = Ref::from_bits(sequence).downcast_unchecked::<Tuple>().get().items() else { return Exit::miss(ip, sp) };
    let (first, second) = (first.bits(), second.bits());
    raw::increment(first);
    raw::increment(second);
    let (next, is_dead) = (ip.add(1), raw::decrement(sequence));
    let next_word = (*next).0;
    if next_word as u8 == Opcode::StoreFastStoreFast as u8 && !is_dead {
        let locals = Frame::locals(frame);
        let old_first = std::mem::replace(&mut *locals.add((next_word >> 48) as usize), first);
        let old_second = std::mem::replace(&mut *locals.add((next_word >> 32 & 0xffff) as usize), second);
        drop_both_and_go!(vm, next, sp.sub(1), frame, next_word, old_first, old_second, fuel);
    }
    *sp.sub(1) = second;
    *sp = first;
    if is_dead {
        return release_and_go(vm, ip, sp.add(1), frame, sequence, fuel);
    }
    go!(vm, next, sp.add(1), frame, fuel);
});

handler!(unpack_tuple(vm ip sp frame word fuel) {
    let sequence = *sp.sub(1);
    if raw::class_address(sequence) != std::ptr::from_ref(&TUPLE).addr() {
        return misfit(vm, ip, sp, frame, word, fuel);
    }
    unpack!(Ref::from_bits(sequence).downcast_unchecked::<Tuple>().get().items(), vm, ip, sp, frame, word, fuel);
});

handler!(unpack_list(vm ip sp frame word fuel) {
    let sequence = *sp.sub(1);
    if raw::class_address(sequence) != std::ptr::from_ref(&LIST).addr() {
        return misfit(vm, ip, sp, frame, word, fuel);
    }
    unpack!(Object::as_refs(Ref::from_bits(sequence).downcast_unchecked::<List>().get().items(&*vm)), vm, ip, sp, frame, word, fuel);
});

handler!(unpack_general(vm ip sp frame word fuel) {
    let sequence = *sp.sub(1);
    let class = raw::class_address(sequence);
    if class == std::ptr::from_ref(&TUPLE).addr() {
        unpack!(Ref::from_bits(sequence).downcast_unchecked::<Tuple>().get().items(), vm, ip, sp, frame, word, fuel);
    }
    if class == std::ptr::from_ref(&LIST).addr() {
        unpack!(Object::as_refs(Ref::from_bits(sequence).downcast_unchecked::<List>().get().items(&*vm)), vm, ip, sp, frame, word, fuel);
    }
    Exit::miss(ip, sp)
});

/// Stores `value` in a dict: whether that raised.
///
/// # Safety
///
/// All words are those of live values; the container is a dict.
#[inline(never)]
unsafe fn set_in_dict(vm: *mut Vm, owner: u64, key: u64, value: u64) -> bool {
    // SAFETY: the caller's promise.
    unsafe { Ref::from_bits(owner).downcast_unchecked::<Dict>().set(&mut *vm, Ref::from_bits(key), Ref::from_bits(value).to_owned()).is_err() }
}

handler!(store_dict_item(vm ip sp frame word fuel) {
    let (value, owner, key) = (*sp.sub(3), *sp.sub(2), *sp.sub(1));
    if raw::class_address(owner) != std::ptr::from_ref(&DICT).addr() {
        return misfit(vm, ip, sp, frame, word, fuel);
    }
    (*frame).ip = ip;
    if set_in_dict(vm, owner, key, value) {
        return Exit::raised(ip, sp);
    }
    // The dict holds the value.
    if raw::decrement(value) {
        raw::release(value);
    }
    let sp = sp.sub(3);
    *sp = owner;
    *sp.add(1) = key;
    return drop_two_and_go(vm, ip, sp, frame, word, fuel);
});

handler!(map_add(vm ip sp frame word fuel) {
    let (key, value) = (*sp.sub(2), *sp.sub(1));
    let sp = sp.sub(2);
    (*frame).ip = ip;
    if set_in_dict(vm, *sp.sub(arg(word)), key, value) {
        return Exit::raised(ip, sp.add(2));
    }
    return drop_two_and_go(vm, ip, sp, frame, word, fuel);
});

/// Adds to a set: whether that raised.
///
/// # Safety
///
/// Both words are those of live values.
#[inline(never)]
unsafe fn add_to_set(vm: *mut Vm, set: u64, value: u64) -> bool {
    // SAFETY: the caller's promise.
    unsafe { eval_calls::set_add(&mut *vm, Ref::from_bits(set), Ref::from_bits(value)).is_err() }
}

handler!(set_add(vm ip sp frame word fuel) {
    let (value, sp) = (*sp.sub(1), sp.sub(1));
    (*frame).ip = ip;
    if add_to_set(vm, *sp.sub(arg(word)), value) {
        return Exit::raised(ip, sp.add(1));
    }
    drop_after_native!(vm, ip, sp, frame, value, fuel);
});

/// A bound of a slice of `n` items as a place among them; `None` if it is no int that fits a word.
#[inline(always)]
fn clipped(bound: u64, n: usize, default: usize) -> Option<usize> {
    if bound == raw::NONE {
        return Some(default);
    }
    if !raw::is_int(bound) {
        return None;
    }
    let bound = bound as i64 >> 1;
    Some(if bound < 0 { (bound + n as i64).max(0) as usize } else { (bound as u64).min(n as u64) as usize })
}

/// A slice of a list, tuple or string by ints that fit words, or `None`.
///
/// # Safety
///
/// The words are those of live values.
#[inline(always)]
pub(crate) unsafe fn plain_slice(vm: *mut Vm, owner: u64, start: u64, stop: u64) -> Option<Object> {
    // SAFETY: the caller's promise; the types are compared.
    unsafe {
        let (vm, class) = (&*vm, raw::class_address(owner));
        let owner = Ref::from_bits(owner);
        if class == std::ptr::from_ref(&LIST).addr() {
            let items = owner.downcast_unchecked::<List>().get().items(vm);
            let (start, stop) = (clipped(start, items.len(), 0)?, clipped(stop, items.len(), items.len())?);
            return Some(vm.new_list(items[start..stop.max(start)].to_vec()).into_object());
        }
        if class == std::ptr::from_ref(&TUPLE).addr() {
            let items = owner.downcast_unchecked::<Tuple>().get().items();
            let (start, stop) = (clipped(start, items.len(), 0)?, clipped(stop, items.len(), items.len())?);
            let items: Vec<Object> = items[start..stop.max(start)].iter().map(|item| (*item).to_owned()).collect();
            return Some(vm.new_tuple(items).into_object());
        }
        if class == std::ptr::from_ref(&STR).addr() {
            let text = owner.downcast_unchecked::<Str>().get();
            let (start, stop) = (clipped(start, text.len(), 0)?, clipped(stop, text.len(), text.len())?);
            if start == 0 && stop == text.len() {
                return Some(owner.to_owned());
            }
            return Some(vm.str_slice(text, start, stop.saturating_sub(start)).into_object());
        }
        None
    }
}

/// A slice of a list, tuple, string or bytes object; 0 if that raised.
///
/// # Safety
///
/// The words own references to a container and two bounds; the bounds are taken over.
#[inline(never)]
unsafe fn slice_of(vm: *mut Vm, owner: u64, start: u64, stop: u64) -> u64 {
    // SAFETY: the caller's promise.
    unsafe {
        if let Some(slice) = plain_slice(vm, owner, start, stop) {
            return slice.into_raw();
        }
        let bound = |word| Object::from_raw(word).expect("a value is never null");
        let slice = builtins::slice::new(&*vm, bound(start), bound(stop), Object::none());
        (*vm).get_item(Ref::from_bits(owner), slice.borrow()).map_or(0, Object::into_raw)
    }
}

handler!(binary_slice(vm ip sp frame word fuel) {
    let owner = *sp.sub(3);
    (*frame).ip = ip;
    let result = slice_of(vm, owner, *sp.sub(2), *sp.sub(1));
    let sp = sp.sub(2);
    if result == 0 {
        return Exit::raised(ip, sp);
    }
    *sp.sub(1) = result;
    drop_after_native!(vm, ip, sp, frame, owner, fuel);
});

/// `format(value)`; 0 if that raised.
///
/// # Safety
///
/// The word is that of a live value.
#[inline(never)]
unsafe fn format_of(vm: *mut Vm, value: u64) -> u64 {
    // SAFETY: the caller's promise.
    unsafe {
        let nothing = (*vm).empty_str();
        builtins::functions::format_value(&mut *vm, Ref::from_bits(value), nothing.object()).map_or(0, |text| text.into_object().into_raw())
    }
}

handler!(
    /// What is a string already formats as itself.
    format_simple(vm ip sp frame word fuel) {
        let value = *sp.sub(1);
        if raw::class_address(value) == std::ptr::from_ref(&STR).addr() {
            go!(vm, ip.add(1), sp, frame, fuel);
        }
        (*frame).ip = ip;
        let text = format_of(vm, value);
        if text == 0 {
            return Exit::raised(ip, sp);
        }
        *sp.sub(1) = text;
        drop_after_native!(vm, ip, sp, frame, value, fuel);
    }
);

/// Does `owner[key] = value`: whether that raised.
///
/// # Safety
///
/// All words are those of live values.
#[inline(never)]
unsafe fn set_item(vm: *mut Vm, owner: u64, key: u64, value: u64) -> bool {
    // SAFETY: the caller's promise.
    unsafe { (*vm).set_item(Ref::from_bits(owner), Ref::from_bits(key), Ref::from_bits(value)).is_err() }
}

handler!(
    /// Items of objects of native classes; what classes of Python do is the loop's.
    store_general(vm ip sp frame word fuel) {
        let (value, owner, key) = (*sp.sub(3), *sp.sub(2), *sp.sub(1));
        if raw::class_address(owner) == std::ptr::from_ref(&BYTEARRAY).addr() && raw::are_ints(key, value) {
            let data = Ref::from_bits(owner).downcast_unchecked::<ByteArray>().get().data_mut(&mut *vm);
            if let (Some(index), Ok(byte)) = (place(key, data.len()), u8::try_from(value as i64 >> 1)) {
                *data.get_unchecked_mut(index) = byte;
                drop_and_go!(vm, ip, sp.sub(3), frame, owner, fuel);
            }
        }
        if Ref::from_bits(owner).class().is_heap_type() {
            return Exit::miss(ip, sp);
        }
        (*frame).ip = ip;
        if set_item(vm, owner, key, value) {
            return Exit::raised(ip, sp);
        }
        if raw::decrement(value) {
            raw::release(value);
        }
        let sp = sp.sub(3);
        *sp = owner;
        *sp.add(1) = key;
        return drop_two_and_go(vm, ip, sp, frame, word, fuel);
    }
);
