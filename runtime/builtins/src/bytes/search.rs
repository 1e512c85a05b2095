//! Finding, counting and replacing.

use super::common::{self, Sub, data, make, make_from, part};
use crate::str::args::check_count;
use memchr::memmem;
use object::exception;
use object::tuple::Tuple;
use object::vm::{PyResult, Vm};
use object::{Object, Ref, RefOf};

fn find_in(hay: &[u8], needle: &[u8]) -> Option<usize> {
    match needle {
        &[byte] => memchr::memchr(byte, hay),
        _ => memmem::find(hay, needle),
    }
}

fn rfind_in(hay: &[u8], needle: &[u8]) -> Option<usize> {
    match needle {
        &[byte] => memchr::memrchr(byte, hay),
        _ => memmem::rfind(hay, needle),
    }
}

/// `item in this`
pub(crate) fn contains(vm: &mut Vm, this: Ref<'_>, item: Ref<'_>) -> PyResult<bool> {
    let _pin = common::pin(vm, this)?;
    if item.as_small_int().is_some() || (!vm.has_buffer(item) && (object::int::is_int(item) || item.class().slots().index.is_some())) {
        // What cannot be read as a number is taken for a buffer, which it hardly is.
        let number = match vm.index(item) {
            Ok(number) => Some(common::byte(vm, number.borrow())?),
            Err(raised) => {
                vm.catch(raised);
                None
            }
        };
        if let Some(byte) = number {
            return Ok(memchr::memchr(byte, data(vm, this)).is_some());
        }
    }
    let item = vm.buffer(item)?;
    Ok(find_in(data(vm, this), item.bytes(vm)).is_some())
}

type Finder = fn(&[u8], &[u8]) -> Option<usize>;

fn search(vm: &mut Vm, name: &str, this: Ref<'_>, arguments: &[Ref<'_>], finder: Finder) -> PyResult<Option<usize>> {
    check_count(vm, name, arguments.len(), 1, 3)?;
    // The bounds may do what they like, the subsection must let the buffer be.
    let range = common::range(vm, &arguments[1..], this)?;
    if let Some(byte) = arguments[0].as_small_int().and_then(|number| u8::try_from(number).ok()) {
        // Nothing can happen to the buffer meanwhile.
        return Ok(range.and_then(|(start, end)| finder(data(vm, this).get(start..end)?, &[byte]).map(|found| found + start)));
    }
    let _pin = common::pin(vm, this)?;
    let sub = Sub::new(vm, arguments[0])?;
    let vm: &Vm = vm;
    let found = range.and_then(|(start, end)| finder(data(vm, this).get(start..end)?, sub.bytes(vm)).map(|found| found + start));
    Ok(found)
}

fn position(found: Option<usize>) -> Object {
    Object::small_int(found.map_or(-1, |found| found as i64))
}

fn required(vm: &mut Vm, found: Option<usize>) -> PyResult {
    if found.is_none() {
        return Err(vm.value_error("subsection not found"));
    }
    Ok(position(found))
}

pub(crate) fn find(vm: &mut Vm, this: Ref<'_>, arguments: &[Ref<'_>]) -> PyResult {
    search(vm, "find", this, arguments, find_in).map(position)
}

pub(crate) fn rfind(vm: &mut Vm, this: Ref<'_>, arguments: &[Ref<'_>]) -> PyResult {
    search(vm, "rfind", this, arguments, rfind_in).map(position)
}

pub(crate) fn index(vm: &mut Vm, this: Ref<'_>, arguments: &[Ref<'_>]) -> PyResult {
    let found = search(vm, "index", this, arguments, find_in)?;
    required(vm, found)
}

pub(crate) fn rindex(vm: &mut Vm, this: Ref<'_>, arguments: &[Ref<'_>]) -> PyResult {
    let found = search(vm, "rindex", this, arguments, rfind_in)?;
    required(vm, found)
}

pub(crate) fn count(vm: &mut Vm, this: Ref<'_>, arguments: &[Ref<'_>]) -> PyResult {
    check_count(vm, "count", arguments.len(), 1, 3)?;
    let range = common::range(vm, &arguments[1..], this)?;
    let _pin = common::pin(vm, this)?;
    let sub = Sub::new(vm, arguments[0])?;
    let Some((start, end)) = range else {
        return Ok(Object::small_int(0));
    };
    let hay = data(vm, this).get(start..end).unwrap_or(&[]);
    let count = match sub.bytes(vm) {
        [] => hay.len() + 1,
        &[byte] => memchr::memchr_iter(byte, hay).count(),
        needle => memmem::find_iter(hay, needle).count(),
    };
    Ok(Object::small_int(count as i64))
}

fn affix(vm: &mut Vm, name: &str, this: Ref<'_>, arguments: &[Ref<'_>], test: fn(&[u8], &[u8]) -> bool) -> PyResult {
    check_count(vm, name, arguments.len(), 1, 3)?;
    let range = common::range(vm, &arguments[1..], this)?;
    let _pin = common::pin(vm, this)?;
    let holds = |vm: &mut Vm, affix: Ref<'_>| -> PyResult<bool> {
        let affix = vm.buffer(affix)?;
        let vm: &Vm = vm;
        Ok(range.and_then(|(start, end)| data(vm, this).get(start..end)).is_some_and(|part| test(part, affix.bytes(vm))))
    };
    let Some(items) = arguments[0].downcast::<Tuple>() else {
        if !vm.has_buffer(arguments[0]) {
            let message = format!("{name} first arg must be bytes or a tuple of bytes, not {}", arguments[0].class().full_name());
            return Err(vm.type_error(message));
        }
        return holds(vm, arguments[0]).map(Object::bool);
    };
    for &item in RefOf::get(items).items() {
        if holds(vm, item)? {
            return Ok(Object::bool(true));
        }
    }
    Ok(Object::bool(false))
}

pub(crate) fn startswith(vm: &mut Vm, this: Ref<'_>, arguments: &[Ref<'_>]) -> PyResult {
    affix(vm, "startswith", this, arguments, <[u8]>::starts_with)
}

pub(crate) fn endswith(vm: &mut Vm, this: Ref<'_>, arguments: &[Ref<'_>]) -> PyResult {
    affix(vm, "endswith", this, arguments, <[u8]>::ends_with)
}

pub(crate) fn removeprefix(vm: &mut Vm, this: Ref<'_>, prefix: Ref<'_>) -> PyResult {
    let prefix = vm.buffer(prefix)?;
    let whole = data(vm, this);
    let start = if whole.starts_with(prefix.bytes(vm)) { prefix.len() } else { 0 };
    Ok(part(vm, this, start, whole.len()))
}

pub(crate) fn removesuffix(vm: &mut Vm, this: Ref<'_>, suffix: Ref<'_>) -> PyResult {
    let suffix = vm.buffer(suffix)?;
    let whole = data(vm, this);
    let end = whole.len() - if whole.ends_with(suffix.bytes(vm)) { suffix.len() } else { 0 };
    Ok(part(vm, this, 0, end))
}

fn parts_around(vm: &mut Vm, this: Ref<'_>, sep: Ref<'_>, finder: Finder, whole_first: bool) -> PyResult {
    let buffer = vm.buffer(sep)?;
    if buffer.is_empty() {
        return Err(vm.value_error("empty separator"));
    }
    let vm: &Vm = vm;
    let (whole, separator) = (data(vm, this), buffer.bytes(vm));
    let parts = match finder(whole, separator) {
        Some(at) => {
            let middle = if this.downcast::<object::bytes::Bytes>().is_some() { sep.to_owned() } else { make(vm, this, separator) };
            [part(vm, this, 0, at), middle, part(vm, this, at + separator.len(), whole.len())]
        }
        None if whole_first => [part(vm, this, 0, whole.len()), make(vm, this, &[]), make(vm, this, &[])],
        None => [make(vm, this, &[]), make(vm, this, &[]), part(vm, this, 0, whole.len())],
    };
    Ok(vm.new_tuple(parts).into_object())
}

pub(crate) fn partition(vm: &mut Vm, this: Ref<'_>, sep: Ref<'_>) -> PyResult {
    parts_around(vm, this, sep, find_in, true)
}

pub(crate) fn rpartition(vm: &mut Vm, this: Ref<'_>, sep: Ref<'_>) -> PyResult {
    parts_around(vm, this, sep, rfind_in, false)
}

pub(crate) fn replace(vm: &mut Vm, this: Ref<'_>, arguments: &[Option<Ref<'_>>]) -> PyResult {
    let old = vm.buffer(arguments[0].unwrap_or(Ref::NONE))?;
    let new = vm.buffer(arguments[1].unwrap_or(Ref::NONE))?;
    let most = match arguments[2] {
        Some(count) => usize::try_from(vm.index_isize(count)?).unwrap_or(usize::MAX),
        None => usize::MAX,
    };
    match replaced(data(vm, this), old.bytes(vm), new.bytes(vm), most) {
        Ok(Some(out)) => Ok(make_from(vm, this, out)),
        Ok(None) => Ok(part(vm, this, 0, data(vm, this).len())),
        Err(()) => Err(vm.raise(&exception::OVERFLOW_ERROR, "replace bytes is too long")),
    }
}

/// The data with `old` replaced; `None` if there is nothing to replace, `Err` if it gets too long.
fn replaced(data: &[u8], old: &[u8], new: &[u8], most: usize) -> Result<Option<Vec<u8>>, ()> {
    if most == 0 || old == new {
        return Ok(None);
    }
    if old.is_empty() {
        let len = (data.len() + 1)
            .min(most)
            .checked_mul(new.len())
            .and_then(|len| len.checked_add(data.len()))
            .filter(|&len| len <= isize::MAX as usize)
            .ok_or(())?;
        let mut out = Vec::with_capacity(len);
        for (index, &byte) in data.iter().enumerate() {
            if index < most {
                out.extend_from_slice(new);
            }
            out.push(byte);
        }
        if data.len() < most {
            out.extend_from_slice(new);
        }
        return Ok(Some(out));
    }
    let (mut out, mut done) = (Vec::new(), 0);
    for found in memmem::find_iter(data, old).take(most) {
        out.extend_from_slice(&data[done..found]);
        out.extend_from_slice(new);
        done = found + old.len();
    }
    if done == 0 {
        return Ok(None);
    }
    out.extend_from_slice(&data[done..]);
    Ok(Some(out))
}
