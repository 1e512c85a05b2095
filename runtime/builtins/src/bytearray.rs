//! `bytearray`: what it has beyond the methods of `bytes`.

use crate::bytes::common::{byte, data};
use crate::bytes::shared::*;
use crate::bytes::{self, construct, iterator, with_shared_methods};
use crate::subscript::{Subscript, subscript};
use bytecode::opcode::Comparison;
use object::bytes::{BYTEARRAY, ByteArray};
use object::native::{Extension, Method};
use object::protocol::ordering_satisfies;
use object::str::Str;
use object::vm::{PyResult, Vm};
use object::{Args, Object, Ref, RefOf, Slots, Type, exception, method};

static METHODS: &[Method] = with_shared_methods![
    method!(Unary alloc as "__alloc__" "($self, /)", "B.__alloc__() -> int\n\nReturn the number of bytes actually allocated."),
    method!(Unary reduce as "__reduce__" "($self, /)", "Return state information for pickling."),
    method!(Many reduce_ex as "__reduce_ex__" "($self, proto=0, /)", "Return state information for pickling."),
    method!(Unary sizeof as "__sizeof__" "($self, /)", "Returns the size of the bytearray object in memory, in bytes."),
    method!(Binary append "($self, item, /)", "Append a single item to the end of the bytearray."),
    method!(Unary clear "($self, /)", "Remove all items from the bytearray."),
    method!(Unary copy "($self, /)", "Return a copy of B."),
    method!(Binary extend "($self, iterable_of_ints, /)", "Append all the items from the iterator or sequence to the end of the bytearray."),
    method!(Bound insert "($self, index, item, /)", "Insert a single item into the bytearray before the given index."),
    method!(Bound pop "($self, index=-1, /)", "Remove and return a single item from B."),
    method!(Binary remove "($self, value, /)", "Remove the first occurrence of a value in the bytearray."),
    method!(Binary resize "($self, size, /)", "Resize the internal buffer of bytearray to len."),
    method!(Unary reverse "($self, /)", "Reverse the order of the values in B in place."),
];

/// The operations and methods of `bytearray`.
pub static BYTEARRAY_EXTENSION: Extension = Extension {
    class: &BYTEARRAY,
    slots: Slots {
        repr: Some(repr),
        str: Some(bytes::repr::str_slot),
        iter: Some(iterator::bytearray_iter),
        compare: Some(compare),
        len: Some(|vm, this| Ok(data(vm, this).len())),
        getitem: Some(|vm, this, key| bytes::item_or_slice(vm, this, key, "bytearray")),
        setitem: Some(setitem),
        contains: Some(bytes::search::contains),
        concat: Some(bytes::concat),
        repeat: Some(repeat),
        inplace_concat: Some(inplace_concat),
        inplace_repeat: Some(inplace_repeat),
        remainder: Some(bytes::remainder),
        new: Some(new),
        init: Some(init),
        ..Slots::NONE
    },
    methods: METHODS,
    getsets: &[],
    members: &[],
};

fn array<'a>(vm: &mut Vm, this: Ref<'a>) -> PyResult<&'a ByteArray> {
    match this.downcast::<ByteArray>() {
        Some(array) => Ok(RefOf::get(array)),
        None => Err(vm.type_error(format!("descriptor requires a 'bytearray' object but received '{}'", this.class().full_name()))),
    }
}

fn new(vm: &mut Vm, class: RefOf<'_, Type>, _arguments: Args<'_>) -> PyResult {
    Ok(vm.allocate_in(class.get(), ByteArray::new(Vec::new())))
}

fn init(vm: &mut Vm, this: Ref<'_>, arguments: Args<'_>) -> PyResult<()> {
    let array = array(vm, this)?;
    if array.len(vm) > 0 {
        array.resizable(vm)?.clear();
    }
    match construct::bytearray_contents(vm, arguments)? {
        construct::Contents::Whole(contents) => *array.resizable(vm)? = contents,
        // The items come one by one, and what makes them may look at those that came before.
        construct::Contents::Items(iterator) => {
            while let Some(item) = vm.next(iterator.borrow())? {
                let byte = byte(vm, item.borrow())?;
                append_all(vm, array, &[byte])?;
            }
        }
    }
    Ok(())
}

fn repr(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let shown = bytes::repr::array_repr(data(vm, this));
    let text = format!("{}({shown})", this.class().name());
    Ok(vm.new_str(&text).into_object())
}

fn compare(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>, op: Comparison) -> PyResult {
    if !vm.has_buffer(left) || !vm.has_buffer(right) {
        let is_text = left.downcast::<Str>().is_some() || right.downcast::<Str>().is_some();
        if is_text && matches!(op, Comparison::Equal | Comparison::NotEqual) {
            object::bytes::warn_of_mixture(vm, "Comparison between bytearray and string")?;
        }
        return Ok(Object::not_implemented());
    }
    let both = vm.buffer(left).and_then(|left| Ok((left, vm.buffer(right)?)));
    match both {
        Ok((left, right)) => Ok(Object::bool(ordering_satisfies(left.bytes(vm).cmp(right.bytes(vm)), op))),
        Err(raised) => {
            let _ = vm.catch(raised);
            Ok(Object::not_implemented())
        }
    }
}

/// What is assigned to a slice.
fn assigned(vm: &mut Vm, value: Ref<'_>) -> PyResult<Vec<u8>> {
    const MESSAGE: &str = "can assign only bytes, buffers, or iterables of ints in range(0, 256)";
    if vm.has_buffer(value) {
        let buffer = vm.buffer(value)?;
        return Ok(buffer.bytes(vm).to_vec());
    }
    if object::int::is_int(value) || value.downcast::<Str>().is_some() {
        return Err(vm.type_error(MESSAGE));
    }
    construct::from_object(vm, value, "bytearray")
}

fn setitem(vm: &mut Vm, this: Ref<'_>, key: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    let array = array(vm, this)?;
    if let (Some(index), Some(byte)) = (key.as_small_int(), value.and_then(Ref::as_small_int))
        && let (Some(position), Ok(byte)) = (crate::slice::position(index as isize, array.len(vm)), u8::try_from(byte))
    {
        array.data_mut(vm)[position] = byte;
        return Ok(());
    }
    let new = match value {
        Some(value) if key.downcast::<crate::slice::Slice>().is_some() => Some(assigned(vm, value)?),
        _ => None,
    };
    match (subscript(vm, key, |vm| array.len(vm), "bytearray")?, value, new) {
        (Subscript::Index(index), None, _) => {
            array.resizable(vm)?.remove(index);
        }
        (Subscript::Index(_), Some(value), _) => {
            let byte = byte(vm, value)?;
            // Reading the byte may have run Python.
            let Subscript::Index(index) = subscript(vm, key, |vm| array.len(vm), "bytearray")? else { return Ok(()) };
            array.data_mut(vm)[index] = byte;
        }
        (Subscript::Slice(slice), None, _) => {
            if slice.count > 0 {
                delete(array.resizable(vm)?, slice.ascending());
            }
        }
        (Subscript::Slice(slice), Some(_), new) => {
            let new = new.unwrap_or_default();
            if slice.step == 1 && new.len() != slice.count {
                array.resizable(vm)?.splice(slice.start..slice.start + slice.count, new);
                return Ok(());
            }
            if new.is_empty() {
                let data = array.resizable(vm)?;
                if slice.count > 0 {
                    delete(data, slice.ascending());
                }
                return Ok(());
            }
            if new.len() != slice.count {
                return Err(vm.value_error(format!("attempt to assign bytes of size {} to extended slice of size {}", new.len(), slice.count)));
            }
            let data = array.data_mut(vm);
            slice.iter().zip(new).for_each(|(index, byte)| data[index] = byte);
        }
    }
    Ok(())
}

fn delete(data: &mut Vec<u8>, slice: crate::slice::Positions) {
    if slice.step == 1 {
        data.drain(slice.start..slice.start + slice.count);
        return;
    }
    let (step, end) = (slice.step as usize, slice.start + (slice.count - 1) * slice.step as usize);
    let mut index = 0;
    data.retain(|_| {
        let deleted = index >= slice.start && index <= end && (index - slice.start).is_multiple_of(step);
        index += 1;
        !deleted
    });
}

fn repeat(vm: &mut Vm, this: Ref<'_>, count: isize) -> PyResult {
    bytes::repeated_len(vm, data(vm, this).len(), count)?;
    let repeated = data(vm, this).repeat(usize::try_from(count).unwrap_or(0));
    Ok(vm.new_bytearray(repeated).into_object())
}

fn inplace_repeat(vm: &mut Vm, this: Ref<'_>, count: isize) -> PyResult {
    let array = array(vm, this)?;
    bytes::repeated_len(vm, array.len(vm), count)?;
    if count != 1 {
        let data = array.resizable(vm)?;
        *data = data.repeat(usize::try_from(count).unwrap_or(0));
    }
    Ok(this.to_owned())
}

fn inplace_concat(vm: &mut Vm, this: Ref<'_>, other: Ref<'_>) -> PyResult {
    let array = array(vm, this)?;
    if !vm.has_buffer(other) {
        return Err(vm.type_error(format!("can't concat {} to {}", other.class().full_name(), this.class().full_name())));
    }
    let more = copied(vm, other)?;
    append_all(vm, array, &more)?;
    Ok(this.to_owned())
}

fn append(vm: &mut Vm, this: Ref<'_>, item: Ref<'_>) -> PyResult {
    let array = array(vm, this)?;
    let byte = byte(vm, item)?;
    append_all(vm, array, &[byte])?;
    Ok(Object::none())
}

fn clear(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let array = array(vm, this)?;
    *array.resizable(vm)? = Vec::new();
    Ok(Object::none())
}

fn copy(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let copy = data(vm, this).to_vec();
    Ok(vm.new_bytearray(copy).into_object())
}

fn extend(vm: &mut Vm, this: Ref<'_>, iterable: Ref<'_>) -> PyResult {
    let array = array(vm, this)?;
    if let Some(bytes) = iterable.downcast_exact::<object::bytes::Bytes>() {
        append_all(vm, array, object::RefOf::get(bytes).data())?;
        return Ok(Object::none());
    }
    let end = array.len(vm);
    let more = if vm.has_buffer(iterable) {
        copied(vm, iterable)?
    } else {
        let iterator = match vm.iter(iterable) {
            Ok(iterator) => iterator,
            Err(raised) => {
                vm.catch_if(raised, &exception::TYPE_ERROR)?;
                return Err(vm.type_error(format!("can't extend bytearray with {}", iterable.class().full_name())));
            }
        };
        if iterable.downcast::<Str>().is_some_and(|text| !text.is_empty()) {
            return Err(vm.type_error("expected iterable of integers; got: 'str'"));
        }
        construct::from_iterator(vm, iterable, iterator.borrow(), "byte must be in range(0, 256)")?
    };
    // Making the bytes may have run Python that made the array longer: they go where it ended before.
    if array.len(vm) > end {
        array.resizable(vm)?.splice(end..end, more);
    } else {
        append_all(vm, array, &more)?;
    }
    Ok(Object::none())
}

/// The bytes of a buffer, copied: they may be those of the array that is to be changed.
fn copied(vm: &mut Vm, object: Ref<'_>) -> PyResult<Vec<u8>> {
    let buffer = vm.buffer(object)?;
    vm.check_room(buffer.len())?;
    Ok(buffer.bytes(vm).to_vec())
}

fn append_all(vm: &mut Vm, array: &ByteArray, more: &[u8]) -> PyResult<()> {
    if more.is_empty() {
        return Ok(());
    }
    let data = array.resizable(vm)?;
    if !object::room::make_room(data, more.len()) {
        return Err(vm.memory_error());
    }
    data.extend_from_slice(more);
    Ok(())
}

fn insert(vm: &mut Vm, this: Ref<'_>, arguments: &[Option<Ref<'_>>]) -> PyResult {
    let array = array(vm, this)?;
    let index = vm.index_isize(arguments[0].unwrap_or(Ref::NONE))?;
    let byte = byte(vm, arguments[1].unwrap_or(Ref::NONE))?;
    let data = array.resizable(vm)?;
    let at = if index < 0 { index.saturating_add(data.len() as isize).max(0) as usize } else { (index as usize).min(data.len()) };
    data.insert(at, byte);
    Ok(Object::none())
}

fn pop(vm: &mut Vm, this: Ref<'_>, arguments: &[Option<Ref<'_>>]) -> PyResult {
    let array = array(vm, this)?;
    let index = match arguments[0] {
        Some(index) => vm.index_isize(index)?,
        None => -1,
    };
    let len = array.len(vm);
    if len == 0 {
        return Err(vm.index_error("pop from empty bytearray"));
    }
    match crate::slice::position(index, len) {
        Some(index) => Ok(Object::small_int(i64::from(array.resizable(vm)?.remove(index)))),
        None => Err(vm.index_error("pop index out of range")),
    }
}

fn remove(vm: &mut Vm, this: Ref<'_>, value: Ref<'_>) -> PyResult {
    let array = array(vm, this)?;
    let byte = byte(vm, value)?;
    match memchr::memchr(byte, array.data(vm)) {
        Some(index) => {
            array.resizable(vm)?.remove(index);
            Ok(Object::none())
        }
        None => Err(vm.value_error("value not found in bytearray")),
    }
}

fn resize(vm: &mut Vm, this: Ref<'_>, size: Ref<'_>) -> PyResult {
    let array = array(vm, this)?;
    let size = vm.index_isize(size)?;
    let Ok(wanted) = usize::try_from(size) else {
        return Err(vm.value_error(format!("Can only resize to positive sizes, got {size}")));
    };
    crate::format::spec::check_size(vm, wanted)?;
    if wanted != array.len(vm) {
        array.resizable(vm)?.resize(wanted, 0);
    }
    Ok(Object::none())
}

fn reverse(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    array(vm, this)?.data_mut(vm).reverse();
    Ok(Object::none())
}

fn alloc(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let capacity = match data(vm, this).len() {
        0 => 0,
        len => len + 1,
    };
    Ok(Object::small_int(capacity as i64))
}

fn sizeof(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    Ok(Object::small_int((data(vm, this).len() + 57) as i64))
}

fn state(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    vm.call_method(this, "__getstate__", &[])
}

fn reduce_with(vm: &mut Vm, this: Ref<'_>, protocol: i64) -> PyResult {
    let arguments = if protocol < 3 {
        let text = vm.new_str_latin1(data(vm, this)).into_object();
        let encoding = vm.new_str("latin-1").into_object();
        vm.new_tuple(vec![text, encoding])
    } else {
        let copy = vm.new_bytes(data(vm, this)).into_object();
        vm.new_tuple(vec![copy])
    };
    let state = state(vm, this)?;
    Ok(vm.new_tuple([this.class().to_object(), arguments.into_object(), state]).into_object())
}

fn reduce(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    reduce_with(vm, this, 2)
}

fn reduce_ex(vm: &mut Vm, this: Ref<'_>, arguments: &[Ref<'_>]) -> PyResult {
    let protocol = match arguments.first() {
        Some(&protocol) => vm.to_i64(protocol)?,
        None => 0,
    };
    reduce_with(vm, this, protocol)
}
