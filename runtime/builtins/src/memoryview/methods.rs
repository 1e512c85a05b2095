//! The methods of `memoryview`.

use super::{contents, from_buffer, index, item, release, view};
use crate::bytes::hex as hexadecimal;
use object::bytes::{Buffer, Layout};
use object::list::List;
use object::str::Str;
use object::tuple::Tuple;
use object::vm::{PyResult, Vm};
use object::{Object, Ref, exception};

pub(super) fn enter(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    view(vm, this)?;
    Ok(this.to_owned())
}

pub(super) fn exit(vm: &mut Vm, this: Ref<'_>, _arguments: &[Option<Ref<'_>>]) -> PyResult {
    release(vm, this)
}

pub(super) fn class_getitem(vm: &mut Vm, class: Ref<'_>, argument: Ref<'_>) -> PyResult {
    vm.generic_alias(class, argument)
}

pub(super) fn toreadonly(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let buffer = view(vm, this)?;
    Ok(from_buffer(vm, buffer.with_readonly(true)))
}

pub(super) fn hex(vm: &mut Vm, this: Ref<'_>, arguments: &[Option<Ref<'_>>]) -> PyResult {
    let buffer = view(vm, this)?;
    let _export = super::export(vm, this)?;
    let (separator, group) = hexadecimal::separator(vm, arguments)?;
    let text = hexadecimal::to_hex(&contents(vm, &buffer), separator, group);
    Ok(vm.new_str(&text).into_object())
}

pub(super) fn tolist(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let buffer = view(vm, this)?;
    let layout = buffer.layout_or_bytes();
    if item::native(&layout.format).is_none() {
        return Err(item::unsupported(vm, &layout.format));
    }
    index::to_list(vm, &buffer, &layout, 0, buffer.offset() as isize)
}

/// The bytes with the first index varying fastest.
fn fortran_contents(vm: &Vm, buffer: &Buffer) -> Vec<u8> {
    let mut layout = buffer.layout_or_bytes();
    layout.shape.reverse();
    layout.strides.reverse();
    let memory = buffer.memory(vm);
    let mut out = Vec::with_capacity(layout.len());
    super::for_each_offset(&layout, buffer.offset(), &mut |offset| out.extend_from_slice(&memory[offset..offset + layout.item_size]));
    out
}

pub(super) fn tobytes(vm: &mut Vm, this: Ref<'_>, arguments: &[Option<Ref<'_>>]) -> PyResult {
    let order = match arguments[0] {
        Some(order) if !order.is_none() => match order.downcast::<Str>() {
            Some(order) if order.equals_str("C") => 'C',
            Some(order) if order.equals_str("F") => 'F',
            Some(order) if order.equals_str("A") => 'A',
            Some(_) => return Err(vm.value_error("order must be 'C', 'F' or 'A'")),
            None => return Err(vm.type_error(format!("tobytes() argument 'order' must be str or None, not {}", order.class().full_name()))),
        },
        _ => 'C',
    };
    let buffer = view(vm, this)?;
    let fortran = order == 'F' || (order == 'A' && buffer.is_f_contiguous() && !buffer.is_c_contiguous());
    let bytes = if fortran { fortran_contents(vm, &buffer) } else { contents(vm, &buffer) };
    Ok(vm.new_bytes(&bytes).into_object())
}

/// The items of a one-dimensional view.
fn one_dimension(vm: &mut Vm, this: Ref<'_>) -> PyResult<(Buffer, Layout)> {
    let buffer = view(vm, this)?;
    let layout = buffer.layout_or_bytes();
    match layout.shape.len() {
        1 => Ok((buffer, layout)),
        0 => Err(vm.type_error("invalid lookup on 0-dim memory")),
        _ => Err(vm.raise(&exception::NOT_IMPLEMENTED_ERROR, "multi-dimensional lookup is not implemented")),
    }
}

pub(super) fn count(vm: &mut Vm, this: Ref<'_>, value: Ref<'_>) -> PyResult {
    let iterator = vm.iter(this)?;
    let mut count = 0;
    while let Some(item) = vm.next(iterator.borrow())? {
        count += i64::from(vm.equal(item.borrow(), value)?);
    }
    Ok(Object::small_int(count))
}

pub(super) fn index_of(vm: &mut Vm, this: Ref<'_>, arguments: &[Option<Ref<'_>>]) -> PyResult {
    let (_, layout) = one_dimension(vm, this)?;
    let len = layout.shape[0];
    let bound = |vm: &mut Vm, value: Option<Ref<'_>>, default: usize| match value {
        Some(value) => crate::slice::argument_bound(vm, value).map(|bound| crate::slice::clamp_bound(bound, len)),
        None => Ok(default),
    };
    let start = bound(vm, arguments[1], 0)?;
    let stop = bound(vm, arguments[2], len)?;
    let value = arguments[0].unwrap_or(Ref::NONE);
    for position in start..stop {
        let (buffer, layout) = one_dimension(vm, this)?;
        let offset = (buffer.offset() as isize + position as isize * layout.strides[0]) as usize;
        let item = index::read(vm, &buffer, &layout, offset)?;
        if vm.equal(item.borrow(), value)? {
            return Ok(Object::small_int(position as i64));
        }
    }
    Err(vm.value_error("memoryview.index(x): x not found"))
}

pub(super) fn cast(vm: &mut Vm, this: Ref<'_>, arguments: &[Option<Ref<'_>>]) -> PyResult {
    let buffer = view(vm, this)?;
    let format = arguments[0].unwrap_or(Ref::NONE);
    let Some(format) = format.downcast::<Str>() else {
        return Err(vm.type_error(format!("cast() argument 'format' must be str, not {}", format.class().full_name())));
    };
    let format = format.to_string_lossy().into_owned();
    if !buffer.is_c_contiguous() {
        return Err(vm.type_error("memoryview: casts are restricted to C-contiguous views"));
    }
    let old = buffer.layout_or_bytes();
    let shape = match arguments[1] {
        Some(shape) => Some(shape_argument(vm, shape)?),
        None => None,
    };
    if (shape.is_some() || old.shape.len() != 1) && (old.shape.contains(&0) || old.strides.contains(&0)) {
        return Err(vm.type_error("memoryview: cannot cast view with zeros in shape or strides"));
    }
    if shape.as_ref().is_some_and(|shape| shape.len() != 1 && old.shape.len() != 1) {
        return Err(vm.type_error("memoryview: cast must be 1D -> ND or ND -> 1D"));
    }
    let Some(item_size) = item::native(&format).and_then(item::size) else {
        return Err(vm.value_error("memoryview: destination format must be a native single character format prefixed with an optional '@'"));
    };
    let is_bytes = |format: &str| matches!(item::native(format), Some(b'b' | b'B' | b'c'));
    // As bytes, items of any kind may be seen.
    if !is_bytes(&format) && item::native(&old.format).is_none() {
        return Err(vm.value_error("memoryview: source format must be a native single character format prefixed with an optional '@'"));
    }
    if !is_bytes(&format) && !is_bytes(&old.format) {
        return Err(vm.type_error("memoryview: cannot cast between two non-byte formats"));
    }
    let len = buffer.len();
    if !len.is_multiple_of(item_size) {
        return Err(vm.type_error("memoryview: length is not a multiple of itemsize"));
    }
    let shape = shape.unwrap_or_else(|| vec![len / item_size]);
    if shape.iter().try_fold(item_size, |product, &size| product.checked_mul(size)) != Some(len) {
        return Err(vm.type_error("memoryview: product(shape) * itemsize != buffer size"));
    }
    let offset = buffer.offset();
    Ok(from_buffer(vm, buffer.with_layout(offset, Layout::contiguous(&format, item_size, shape))))
}

fn shape_argument(vm: &mut Vm, shape: Ref<'_>) -> PyResult<Vec<usize>> {
    if shape.downcast::<List>().is_none() && shape.downcast::<Tuple>().is_none() {
        return Err(vm.type_error("shape must be a list or a tuple"));
    }
    let sizes = vm.collect(shape)?;
    if sizes.len() > 64 {
        return Err(vm.value_error("memoryview: number of dimensions must not exceed 64"));
    }
    let mut shape = Vec::with_capacity(sizes.len());
    for size in &sizes {
        if !object::int::is_int(size.borrow()) {
            return Err(vm.type_error("memoryview.cast(): elements of shape must be integers"));
        }
        match usize::try_from(vm.index_isize(size.borrow())?) {
            Ok(size @ 1..) => shape.push(size),
            _ => return Err(vm.value_error("memoryview.cast(): elements of shape must be integers > 0")),
        }
    }
    Ok(shape)
}
