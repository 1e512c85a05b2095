//! Subscripts of views.

use super::{contents, for_each_offset, from_buffer, item, view};
use crate::slice::{self, Positions, Slice};
use object::bytes::{Buffer, Layout};
use object::tuple::Tuple;
use object::vm::{PyResult, Raised, Vm};
use object::{Object, Ref, RefOf, exception};

fn not_implemented(vm: &mut Vm, message: &str) -> Raised {
    vm.raise(&exception::NOT_IMPLEMENTED_ERROR, message)
}

/// The item at an offset of the memory.
pub(super) fn read(vm: &mut Vm, buffer: &Buffer, layout: &Layout, offset: usize) -> PyResult {
    let Some(code) = item::native(&layout.format) else {
        return Err(item::unsupported(vm, &layout.format));
    };
    let Some(bytes) = buffer.memory(vm).get(offset..offset + layout.item_size) else {
        return Err(vm.index_error("index out of bounds on dimension 1"));
    };
    Ok(item::unpack(vm, code, bytes))
}

/// What a subscript names.
enum Target {
    /// The view itself.
    Whole,
    /// An item at an offset.
    Item(usize),
    /// Part of the first dimension.
    Part(Positions),
}

fn is_index(value: Ref<'_>) -> bool {
    object::int::is_int(value) || value.class().slots().index.is_some()
}

fn offset_of(vm: &mut Vm, layout: &Layout, start: isize, dimension: usize, index: Ref<'_>) -> PyResult<isize> {
    let index = slice::item_index(vm, index)?;
    match slice::position(index, layout.shape[dimension]) {
        Some(position) => Ok(start + position as isize * layout.strides[dimension]),
        None => Err(vm.raise(&object::exception::INDEX_ERROR, format!("index out of bounds on dimension {}", dimension + 1))),
    }
}

fn target(vm: &mut Vm, buffer: &Buffer, layout: &Layout, key: Ref<'_>) -> PyResult<Target> {
    let n = layout.shape.len();
    let start = buffer.offset() as isize;
    let tuple = key.downcast::<Tuple>().map(|tuple| RefOf::get(tuple).items());
    if n == 0 {
        return match tuple {
            Some([]) => Ok(Target::Item(buffer.offset())),
            _ if key.is(Ref::ELLIPSIS) => Ok(Target::Whole),
            _ => Err(vm.type_error("invalid indexing of 0-dim memory")),
        };
    }
    if is_index(key) {
        if n > 1 {
            return Err(not_implemented(vm, "multi-dimensional sub-views are not implemented"));
        }
        return offset_of(vm, layout, start, 0, key).map(|offset| Target::Item(offset as usize));
    }
    if let Some(key) = key.downcast::<Slice>() {
        let bounds = slice::unpack(vm, &key)?;
        return Ok(Target::Part(slice::adjust(bounds, layout.shape[0])));
    }
    match tuple {
        Some(keys) if keys.iter().all(|&key| is_index(key)) => {
            if keys.len() > n {
                return Err(vm.type_error(format!("cannot index {n}-dimension view with {}-element tuple", keys.len())));
            }
            if keys.len() < n {
                return Err(not_implemented(vm, "sub-views are not implemented"));
            }
            let mut offset = start;
            for (dimension, &key) in keys.iter().enumerate() {
                offset = offset_of(vm, layout, offset, dimension, key)?;
            }
            Ok(Target::Item(offset as usize))
        }
        Some(keys) if keys.iter().all(|key| key.downcast::<Slice>().is_some()) => {
            Err(not_implemented(vm, "multi-dimensional slicing is not implemented"))
        }
        _ => Err(vm.type_error("memoryview: invalid slice key")),
    }
}

/// The part of the first dimension that a slice names, as a layout and its offset.
fn part(layout: &Layout, start: usize, positions: Positions) -> (usize, Layout) {
    let mut part = layout.clone();
    part.shape[0] = positions.count;
    part.strides[0] = layout.strides[0].wrapping_mul(positions.step);
    let offset = if positions.count == 0 { start } else { (start as isize + positions.start as isize * layout.strides[0]) as usize };
    (offset, part)
}

pub(super) fn getitem(vm: &mut Vm, object: Ref<'_>, key: Ref<'_>) -> PyResult {
    let buffer = view(vm, object)?;
    let layout = buffer.layout_or_bytes();
    match target(vm, &buffer, &layout, key)? {
        Target::Whole => Ok(object.to_owned()),
        Target::Item(offset) => {
            // Reading the index may have released the view.
            view(vm, object)?;
            read(vm, &buffer, &layout, offset)
        }
        Target::Part(positions) => {
            let (offset, part) = part(&layout, buffer.offset(), positions);
            Ok(from_buffer(vm, buffer.with_layout(offset, part)))
        }
    }
}

pub(super) fn setitem(vm: &mut Vm, object: Ref<'_>, key: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    let buffer = view(vm, object)?;
    if buffer.is_readonly() {
        return Err(vm.type_error("cannot modify read-only memory"));
    }
    let Some(value) = value else {
        return Err(vm.type_error("cannot delete memory"));
    };
    let layout = buffer.layout_or_bytes();
    let Some(code) = item::native(&layout.format) else {
        return Err(item::unsupported(vm, &layout.format));
    };
    if is_index(key) && layout.shape.len() > 1 {
        return Err(not_implemented(vm, "sub-views are not implemented"));
    }
    match target(vm, &buffer, &layout, key)? {
        Target::Whole => write(vm, object, &buffer, code, &layout, buffer.offset(), value),
        Target::Item(offset) => write(vm, object, &buffer, code, &layout, offset, value),
        Target::Part(_) if layout.shape.len() > 1 => Err(not_implemented(vm, "memoryview slice assignments are currently restricted to ndim = 1")),
        Target::Part(positions) => assign(vm, object, &buffer, &layout, positions, value),
    }
}

fn write(vm: &mut Vm, object: Ref<'_>, buffer: &Buffer, code: u8, layout: &Layout, offset: usize, value: Ref<'_>) -> PyResult<()> {
    let bytes = item::pack(vm, code, &layout.format, value)?;
    // Reading the value may have released the view.
    view(vm, object)?;
    if let Some(place) = buffer.memory_mut(vm).get_mut(offset..offset + layout.item_size) {
        place.copy_from_slice(&bytes);
    }
    Ok(())
}

fn assign(vm: &mut Vm, object: Ref<'_>, buffer: &Buffer, layout: &Layout, positions: Positions, value: Ref<'_>) -> PyResult<()> {
    let Some(source) = vm.buffer_any(value, false)? else {
        return Err(vm.type_error(format!("a bytes-like object is required, not '{}'", value.class().full_name())));
    };
    // Reading the bounds or the value may have released the view.
    view(vm, object)?;
    let given = source.layout_or_bytes();
    let (offset, part) = part(layout, buffer.offset(), positions);
    let format = |layout: &Layout| layout.format.strip_prefix('@').unwrap_or(&layout.format).to_owned();
    if format(&given) != format(&part) || given.shape != part.shape || given.item_size != part.item_size {
        return Err(vm.value_error("memoryview assignment: lvalue and rvalue have different structures"));
    }
    let bytes = contents(vm, &source);
    let memory = buffer.memory_mut(vm);
    let mut items = bytes.chunks(part.item_size.max(1));
    for_each_offset(&part, offset, &mut |offset| {
        if let Some(item) = items.next() {
            memory[offset..offset + item.len()].copy_from_slice(item);
        }
    });
    Ok(())
}

/// The items as nested lists.
pub(super) fn to_list(vm: &mut Vm, buffer: &Buffer, layout: &Layout, dimension: usize, offset: isize) -> PyResult {
    if dimension == layout.shape.len() {
        return read(vm, buffer, layout, offset as usize);
    }
    let mut items = Vec::with_capacity(layout.shape[dimension]);
    for index in 0..layout.shape[dimension] {
        items.push(to_list(vm, buffer, layout, dimension + 1, offset + index as isize * layout.strides[dimension])?);
    }
    Ok(Object::from(vm.new_list(items)))
}
