//! Receivers and arguments of the methods of `bytes` and `bytearray`.

use crate::str::args;
use object::bytes::{BYTES, Buffer, ByteArray, Bytes};
use object::vm::{PyResult, Vm};
use object::{Object, Ref, RefOf};

/// The data of a `bytes` or `bytearray`.
#[inline]
pub fn try_data<'a>(vm: &'a Vm, this: Ref<'a>) -> Option<&'a [u8]> {
    if let Some(bytes) = this.downcast::<Bytes>() {
        return Some(RefOf::get(bytes).data());
    }
    this.downcast::<ByteArray>().map(|array| RefOf::get(array).data(vm))
}

/// The data of a receiver. Methods are called with the right one, or by way of their type, which
/// checks.
#[inline]
pub fn data<'a>(vm: &'a Vm, this: Ref<'a>) -> &'a [u8] {
    try_data(vm, this).unwrap_or(&[])
}

/// A new object of the receiver's kind.
pub fn make(vm: &Vm, like: Ref<'_>, data: &[u8]) -> Object {
    if like.downcast::<ByteArray>().is_some() { vm.new_bytearray(data.to_vec()).into_object() } else { vm.new_bytes(data).into_object() }
}

/// The same for a vector that is given up.
pub fn make_from(vm: &Vm, like: Ref<'_>, data: Vec<u8>) -> Object {
    if like.downcast::<ByteArray>().is_some() { vm.new_bytearray(data).into_object() } else { vm.new_bytes(&data).into_object() }
}

/// Part of the receiver; itself if it is all of an exact `bytes`.
pub fn part(vm: &Vm, this: Ref<'_>, start: usize, end: usize) -> Object {
    let data = data(vm, this);
    if start == 0 && end == data.len() && this.is_exactly(&BYTES) { this.to_owned() } else { make(vm, this, &data[start..end]) }
}

/// An int as a byte.
pub fn byte(vm: &mut Vm, value: Ref<'_>) -> PyResult<u8> {
    byte_or(vm, value, "byte must be in range(0, 256)")
}

/// The same with another message for a number that is none.
pub fn byte_or(vm: &mut Vm, value: Ref<'_>, message: &str) -> PyResult<u8> {
    let number = match value.as_small_int() {
        Some(number) => Some(number),
        None => vm.index(value)?.borrow().as_small_int(),
    };
    match number.and_then(|number| u8::try_from(number).ok()) {
        Some(byte) => Ok(byte),
        None => Err(vm.value_error(message)),
    }
}

/// Keeps a `bytearray` from being resized while its method runs Python.
pub fn pin(vm: &mut Vm, this: Ref<'_>) -> PyResult<Option<Buffer>> {
    if this.downcast::<ByteArray>().is_none() {
        return Ok(None);
    }
    vm.buffer(this).map(Some)
}

/// What to search for: bytes, or one byte given as an int.
pub enum Sub {
    Buffer(Buffer),
    Byte([u8; 1]),
}

impl Sub {
    pub fn new(vm: &mut Vm, value: Ref<'_>) -> PyResult<Sub> {
        if vm.has_buffer(value) {
            return vm.buffer(value).map(Sub::Buffer);
        }
        if object::int::is_int(value) || value.class().slots().index.is_some() {
            return byte(vm, value).map(|byte| Sub::Byte([byte]));
        }
        Err(vm.type_error(format!("argument should be integer or bytes-like object, not '{}'", value.class().full_name())))
    }

    pub fn bytes<'a>(&'a self, vm: &'a Vm) -> &'a [u8] {
        match self {
            Sub::Buffer(buffer) => buffer.bytes(vm),
            Sub::Byte(byte) => byte,
        }
    }
}

/// The bounds of `find` and its like.
pub fn range(vm: &mut Vm, arguments: &[Ref<'_>], this: Ref<'_>) -> PyResult<Option<(usize, usize)>> {
    args::range(vm, arguments, |vm| data(vm, this).len())
}
