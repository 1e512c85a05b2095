//! Splitting and joining.

use super::common::{data, make_from, part};
use memchr::memmem;
use object::bytes::{Buffer, Bytes};
use object::exception;
use object::list::List;
use object::tuple::Tuple;
use object::vm::{PyResult, Vm};
use object::{Object, Ref, RefOf};

/// What `split` and `strip` take for whitespace.
pub(super) fn is_space(byte: u8) -> bool {
    matches!(byte, b'\t'..=b'\r' | b' ')
}

fn arguments(vm: &mut Vm, values: &[Option<Ref<'_>>]) -> PyResult<(Option<Buffer>, usize)> {
    let most = match values[1] {
        Some(most) => usize::try_from(vm.index_isize(most)?).unwrap_or(usize::MAX),
        None => usize::MAX,
    };
    let separator = match values[0] {
        Some(separator) if !separator.is_none() => Some(vm.buffer(separator)?),
        _ => None,
    };
    if separator.as_ref().is_some_and(Buffer::is_empty) {
        return Err(vm.value_error("empty separator"));
    }
    Ok((separator, most))
}

pub(crate) fn split(vm: &mut Vm, this: Ref<'_>, values: &[Option<Ref<'_>>]) -> PyResult {
    let _pin = super::common::pin(vm, this)?;
    let (separator, most) = arguments(vm, values)?;
    let vm: &Vm = vm;
    let whole = data(vm, this);
    let mut parts = Vec::with_capacity(16);
    match &separator {
        Some(separator) => {
            let mut start = 0;
            for found in memmem::find_iter(whole, separator.bytes(vm)).take(most) {
                parts.push(part(vm, this, start, found));
                start = found + separator.len();
            }
            parts.push(part(vm, this, start, whole.len()));
        }
        None => {
            let mut index = 0;
            while let Some(skipped) = whole[index..].iter().position(|&byte| !is_space(byte)) {
                index += skipped;
                if parts.len() == most {
                    parts.push(part(vm, this, index, whole.len()));
                    break;
                }
                let len = whole[index..].iter().position(|&byte| is_space(byte)).unwrap_or(whole.len() - index);
                parts.push(part(vm, this, index, index + len));
                index += len;
            }
        }
    }
    Ok(vm.new_list(parts).into_object())
}

pub(crate) fn rsplit(vm: &mut Vm, this: Ref<'_>, values: &[Option<Ref<'_>>]) -> PyResult {
    let _pin = super::common::pin(vm, this)?;
    let (separator, most) = arguments(vm, values)?;
    let vm: &Vm = vm;
    let whole = data(vm, this);
    let mut parts = Vec::new();
    let mut end = whole.len();
    match &separator {
        Some(separator) => {
            for found in memmem::rfind_iter(whole, separator.bytes(vm)).take(most) {
                parts.push(part(vm, this, found + separator.len(), end));
                end = found;
            }
            parts.push(part(vm, this, 0, end));
        }
        None => {
            while let Some(last) = whole[..end].iter().rposition(|&byte| !is_space(byte)) {
                end = last + 1;
                if parts.len() == most {
                    parts.push(part(vm, this, 0, end));
                    break;
                }
                let start = whole[..end].iter().rposition(|&byte| is_space(byte)).map_or(0, |space| space + 1);
                parts.push(part(vm, this, start, end));
                end = start;
            }
        }
    }
    parts.reverse();
    Ok(vm.new_list(parts).into_object())
}

pub(crate) fn splitlines(vm: &mut Vm, this: Ref<'_>, values: &[Option<Ref<'_>>]) -> PyResult {
    let keep = match values[0] {
        Some(keep) => vm.is_true(keep)?,
        None => false,
    };
    let vm: &Vm = vm;
    let whole = data(vm, this);
    let (mut parts, mut start) = (Vec::new(), 0);
    while start < whole.len() {
        let end = memchr::memchr2(b'\n', b'\r', &whole[start..]).map_or(whole.len(), |len| start + len);
        let next = match whole[end..] {
            [b'\r', b'\n', ..] => end + 2,
            [] => end,
            _ => end + 1,
        };
        parts.push(part(vm, this, start, if keep { next } else { end }));
        start = next;
    }
    Ok(vm.new_list(parts).into_object())
}

/// Joins a list or tuple of exact `bytes` with an exact `bytes`; `None` for anything else.
fn join_bytes(vm: &mut Vm, this: Ref<'_>, iterable: Ref<'_>) -> PyResult<Option<Object>> {
    let (Some(separator), false) = (this.downcast_exact::<Bytes>(), iterable.is_none()) else { return Ok(None) };
    let separator = RefOf::get(separator).data();
    fn items_of<'a>(vm: &'a Vm, iterable: Ref<'a>) -> Option<&'a [Ref<'a>]> {
        if let Some(list) = iterable.downcast_exact::<List>() {
            return Some(Object::as_refs(RefOf::get(list).items(vm)));
        }
        iterable.downcast_exact::<Tuple>().map(|tuple| RefOf::get(tuple).items())
    }
    let Some(items) = items_of(vm, iterable).filter(|items| items.len() > 1) else { return Ok(None) };
    let mut len = separator.len().saturating_mul(items.len() - 1);
    for item in items {
        let Some(bytes) = item.downcast_exact::<Bytes>() else { return Ok(None) };
        len = len.saturating_add(bytes.len());
    }
    vm.check_room(len)?;
    let items = items_of(vm, iterable).unwrap_or(&[]);
    let joined = vm.new_bytes_with(len, |mut out| {
        let mut write = |data: &[u8]| {
            if let Some((place, rest)) = std::mem::take(&mut out).split_at_mut_checked(data.len()) {
                place.copy_from_slice(data);
                out = rest;
            }
        };
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                write(separator);
            }
            if let Some(bytes) = item.downcast_exact::<Bytes>() {
                write(RefOf::get(bytes).data());
            }
        }
    });
    Ok(Some(joined.into_object()))
}

pub(crate) fn join(vm: &mut Vm, this: Ref<'_>, iterable: Ref<'_>) -> PyResult {
    if let Some(joined) = join_bytes(vm, this, iterable)? {
        return Ok(joined);
    }
    let _pin = super::common::pin(vm, this)?;
    let items = match vm.iter(iterable) {
        Ok(iterator) => vm.collect(iterator.borrow())?,
        Err(raised) => {
            vm.catch_if(raised, &exception::TYPE_ERROR)?;
            return Err(vm.type_error("can only join an iterable"));
        }
    };
    if let [only] = items.as_slice()
        && let (Some(bytes), Some(_)) = (only.borrow().downcast_exact::<Bytes>(), this.downcast::<Bytes>())
    {
        return Ok(bytes.object().to_owned());
    }
    let mut buffers = Vec::with_capacity(items.len());
    for (position, item) in items.iter().enumerate() {
        if !vm.has_buffer(item.borrow()) {
            let message = format!("sequence item {position}: expected a bytes-like object, {} found", item.borrow().class().full_name());
            return Err(vm.type_error(message));
        }
        buffers.push(vm.buffer(item.borrow())?);
        if iterable.downcast::<List>().is_some_and(|list| list.len(vm) != items.len()) {
            return Err(vm.runtime_error("sequence changed size during iteration"));
        }
    }
    let between = data(vm, this).len().saturating_mul(buffers.len().saturating_sub(1));
    let len = buffers.iter().map(Buffer::len).fold(between, usize::saturating_add);
    vm.check_room(len.saturating_mul(2))?;
    let vm: &Vm = vm;
    let separator = data(vm, this);
    let mut out = Vec::with_capacity(len);
    for (index, buffer) in buffers.iter().enumerate() {
        if index > 0 {
            out.extend_from_slice(separator);
        }
        out.extend_from_slice(buffer.bytes(vm));
    }
    Ok(make_from(vm, this, out))
}
