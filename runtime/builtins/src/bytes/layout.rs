//! Padding, stripping, tabs and translation.

use super::common::{data, make_from, part};
use super::split::is_space;
use crate::format::spec::check_size;
use crate::str::args::check_count;
use object::bytes::{ByteArray, Bytes};
use object::vm::{PyResult, Vm};
use object::{Object, Ref};

fn fill_byte(vm: &mut Vm, name: &str, value: Option<Ref<'_>>) -> PyResult<u8> {
    let Some(value) = value else { return Ok(b' ') };
    let (first, len, kind) = if let Some(bytes) = value.downcast::<Bytes>() {
        (bytes.data().first().copied(), bytes.len(), "bytes")
    } else if let Some(array) = value.downcast::<ByteArray>() {
        (array.data(vm).first().copied(), array.len(vm), "bytearray")
    } else {
        let message = format!("{name}() argument 2 must be a byte string of length 1, not {}", value.class().full_name());
        return Err(vm.type_error(message));
    };
    match first {
        Some(byte) if len == 1 => Ok(byte),
        _ => Err(vm.type_error(format!("{name}(): argument 2 must be a byte string of length 1, not a {kind} object of length {len}"))),
    }
}

fn pad(vm: &mut Vm, name: &str, this: Ref<'_>, arguments: &[Ref<'_>], left_of: fn(usize, usize) -> usize) -> PyResult {
    check_count(vm, name, arguments.len(), 1, 2)?;
    let width = vm.index_isize(arguments[0])?.max(0) as usize;
    let fill = fill_byte(vm, name, arguments.get(1).copied())?;
    check_size(vm, width)?;
    let whole = data(vm, this);
    let missing = width.saturating_sub(whole.len());
    if missing == 0 {
        return Ok(part(vm, this, 0, whole.len()));
    }
    let left = left_of(missing, width);
    let mut out = vec![fill; width];
    out[left..left + whole.len()].copy_from_slice(whole);
    Ok(make_from(vm, this, out))
}

pub(crate) fn center(vm: &mut Vm, this: Ref<'_>, arguments: &[Ref<'_>]) -> PyResult {
    // The odd one goes to the left if the width is odd.
    pad(vm, "center", this, arguments, |missing, width| missing / 2 + (missing & width & 1))
}

pub(crate) fn ljust(vm: &mut Vm, this: Ref<'_>, arguments: &[Ref<'_>]) -> PyResult {
    pad(vm, "ljust", this, arguments, |_, _| 0)
}

pub(crate) fn rjust(vm: &mut Vm, this: Ref<'_>, arguments: &[Ref<'_>]) -> PyResult {
    pad(vm, "rjust", this, arguments, |missing, _| missing)
}

pub(crate) fn zfill(vm: &mut Vm, this: Ref<'_>, width: Ref<'_>) -> PyResult {
    let width = vm.index_isize(width)?.max(0) as usize;
    check_size(vm, width)?;
    let whole = data(vm, this);
    let missing = width.saturating_sub(whole.len());
    if missing == 0 {
        return Ok(part(vm, this, 0, whole.len()));
    }
    let signed = usize::from(matches!(whole.first(), Some(b'+' | b'-')));
    let mut out = Vec::with_capacity(width);
    out.extend_from_slice(&whole[..signed]);
    out.resize(signed + missing, b'0');
    out.extend_from_slice(&whole[signed..]);
    Ok(make_from(vm, this, out))
}

fn strip_sides(vm: &mut Vm, name: &str, this: Ref<'_>, arguments: &[Ref<'_>], left: bool, right: bool) -> PyResult {
    check_count(vm, name, arguments.len(), 0, 1)?;
    let bytes = match arguments.first() {
        Some(&bytes) if !bytes.is_none() => Some(vm.buffer(bytes)?),
        _ => None,
    };
    let vm: &Vm = vm;
    let whole = data(vm, this);
    let strips = |byte: &u8| match &bytes {
        Some(bytes) => memchr::memchr(*byte, bytes.bytes(vm)).is_some(),
        None => is_space(*byte),
    };
    let start = if left { whole.iter().position(|byte| !strips(byte)).unwrap_or(whole.len()) } else { 0 };
    let end = if right { whole.iter().rposition(|byte| !strips(byte)).map_or(start, |last| last + 1) } else { whole.len() };
    Ok(part(vm, this, start, end.max(start)))
}

pub(crate) fn strip(vm: &mut Vm, this: Ref<'_>, arguments: &[Ref<'_>]) -> PyResult {
    strip_sides(vm, "strip", this, arguments, true, true)
}

pub(crate) fn lstrip(vm: &mut Vm, this: Ref<'_>, arguments: &[Ref<'_>]) -> PyResult {
    strip_sides(vm, "lstrip", this, arguments, true, false)
}

pub(crate) fn rstrip(vm: &mut Vm, this: Ref<'_>, arguments: &[Ref<'_>]) -> PyResult {
    strip_sides(vm, "rstrip", this, arguments, false, true)
}

pub(crate) fn expandtabs(vm: &mut Vm, this: Ref<'_>, arguments: &[Option<Ref<'_>>]) -> PyResult {
    let size = match arguments[0] {
        Some(size) => vm.to_i32(size)?.max(0) as usize,
        None => 8,
    };
    let n_tabs = memchr::memchr_iter(b'\t', data(vm, this)).count();
    check_size(vm, n_tabs.saturating_mul(size))?;
    let (mut out, mut column) = (Vec::new(), 0);
    for &byte in data(vm, this) {
        match byte {
            b'\t' if size > 0 => {
                let spaces = size - column % size;
                out.resize(out.len() + spaces, b' ');
                column += spaces;
            }
            b'\t' => {}
            _ => {
                out.push(byte);
                column = if matches!(byte, b'\n' | b'\r') { 0 } else { column + 1 };
            }
        }
    }
    Ok(make_from(vm, this, out))
}

pub(crate) fn translate(vm: &mut Vm, this: Ref<'_>, arguments: &[Option<Ref<'_>>]) -> PyResult {
    let table = match arguments[0] {
        Some(table) if !table.is_none() => Some(vm.buffer(table)?),
        _ => None,
    };
    if table.as_ref().is_some_and(|table| table.len() != 256) {
        return Err(vm.value_error("translation table must be 256 characters long"));
    }
    let delete = match arguments[1] {
        Some(delete) => Some(vm.buffer(delete)?),
        None => None,
    };
    let vm: &Vm = vm;
    let mut deleted = [false; 256];
    for &byte in delete.iter().flat_map(|delete| delete.bytes(vm)) {
        deleted[usize::from(byte)] = true;
    }
    let whole = data(vm, this);
    let table = table.as_ref().map(|table| table.bytes(vm));
    if let (Some(table), true) = (table.and_then(|table| table.first_chunk::<256>()), delete.is_none()) {
        let out: Vec<u8> = whole.iter().map(|&byte| table[usize::from(byte)]).collect();
        return Ok(if out == whole { part(vm, this, 0, whole.len()) } else { make_from(vm, this, out) });
    }
    let out: Vec<u8> =
        whole.iter().filter(|&&byte| !deleted[usize::from(byte)]).map(|&byte| table.map_or(byte, |table| table[usize::from(byte)])).collect();
    Ok(if out == whole { part(vm, this, 0, whole.len()) } else { make_from(vm, this, out) })
}

pub(crate) fn maketrans(vm: &mut Vm, _this: Ref<'_>, arguments: &[Ref<'_>]) -> PyResult {
    check_count(vm, "maketrans", arguments.len(), 2, 2)?;
    let (from, to) = (vm.buffer(arguments[0])?, vm.buffer(arguments[1])?);
    if from.len() != to.len() {
        return Err(vm.value_error("maketrans arguments must have same length"));
    }
    let mut table: [u8; 256] = std::array::from_fn(|index| index as u8);
    for (&from, &to) in from.bytes(vm).iter().zip(to.bytes(vm)) {
        table[usize::from(from)] = to;
    }
    Ok(Object::from(vm.new_bytes(&table)))
}
