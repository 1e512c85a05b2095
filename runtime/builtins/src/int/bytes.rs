//! `int.to_bytes` and `int.from_bytes`.

use super::{from_le, of_class, value};
use num_bigint::BigInt;
use num_traits::Signed;
use object::bytes::Bytes;
use object::int::INT;
use object::str::Str;
use object::{Method, Object, PyResult, Ref, Vm, exception, int, method};

pub(super) const TO_BYTES: Method = method!(
    Bound to_bytes "($self, /, length=1, byteorder='big', *, signed=False)",
    "Return an array of bytes representing an integer.\n\n  length\n    Length of bytes object to use.  An OverflowError is raised if\n    the integer is not representable with the given number of bytes.\n    Default is length 1.\n  byteorder\n    The byte order used to represent the integer.  If byteorder is\n    'big', the most significant byte is at the beginning of the byte\n    array.  If byteorder is 'little', the most significant byte is at\n    the end of the byte array.  To request the native byte order of\n    the host system, use sys.byteorder as the byte order value.\n    Default is to use 'big'.\n  signed\n    Determines whether two's complement is used to represent the\n    integer.  If signed is False and a negative integer is given,\n    an OverflowError is raised."
);

pub(super) const FROM_BYTES: Method = method!(
    Bound from_bytes "($type, /, bytes, byteorder='big', *, signed=False)",
    "Return the integer represented by the given array of bytes.\n\n  bytes\n    Holds the array of bytes to convert.  The argument must either\n    support the buffer protocol or be an iterable object producing\n    bytes.  Bytes and bytearray are examples of built-in objects that\n    support the buffer protocol.\n  byteorder\n    The byte order used to represent the integer.  If byteorder is\n    'big', the most significant byte is at the beginning of the byte\n    array.  If byteorder is 'little', the most significant byte is at\n    the end of the byte array.  To request the native byte order of\n    the host system, use sys.byteorder as the byte order value.\n    Default is to use 'big'.\n  signed\n    Indicates whether two's complement is used to represent the\n    integer."
)
.class_method();

#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    Big,
    Little,
}

fn order(vm: &mut Vm, method: &str, argument: Option<Ref<'_>>) -> PyResult<Order> {
    let Some(argument) = argument else { return Ok(Order::Big) };
    let Some(name) = argument.downcast::<Str>() else {
        let message = format!("{method}() argument 'byteorder' must be str, not {}", argument.class().full_name());
        return Err(vm.type_error(message));
    };
    if name.equals_str("big") {
        Ok(Order::Big)
    } else if name.equals_str("little") {
        Ok(Order::Little)
    } else {
        Err(vm.value_error("byteorder must be either 'little' or 'big'"))
    }
}

fn truth(vm: &mut Vm, argument: Option<Ref<'_>>) -> PyResult<bool> {
    argument.map_or(Ok(false), |argument| vm.is_true(argument))
}

/// The bytes of an int of one word, if they are few and it fits.
fn word_bytes(value: i64, length: usize, signed: bool, order: Order) -> Option<[u8; 16]> {
    let bits = 8 * u32::try_from(length).ok().filter(|&length| (1..=16).contains(&length))?;
    let fits = match (signed, value < 0) {
        (false, is_negative) => !is_negative && (bits >= 64 || value >> bits == 0),
        (true, _) => bits >= 64 || value >> (bits - 1) == value >> 63,
    };
    let mut bytes = i128::from(value).to_le_bytes();
    if order == Order::Big {
        bytes[..length].reverse();
    }
    fits.then_some(bytes)
}

fn to_bytes(vm: &mut Vm, this: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let length = args[0].map_or(Ok(1), |length| vm.index_isize(length))?;
    let order = order(vm, "to_bytes", args[1])?;
    let signed = truth(vm, args[2])?;
    let Ok(length) = usize::try_from(length) else { return Err(vm.value_error("length argument must be non-negative")) };
    if let Some(bytes) = this.as_small_int().and_then(|value| word_bytes(value, length, signed, order)) {
        return Ok(vm.new_bytes(&bytes[..length]).into_object());
    }
    let value = value(this);
    if value.is_negative() && !signed {
        return Err(vm.overflow_error("can't convert negative int to unsigned"));
    }
    let mut data = if signed { value.to_signed_bytes_le() } else { value.magnitude().to_bytes_le() };
    let zero = *value == BigInt::ZERO;
    if zero {
        data.clear();
    }
    if data.len() > length {
        return Err(vm.overflow_error("int too big to convert"));
    }
    vm.check_room(length.saturating_mul(2))?;
    data.resize(length, if value.is_negative() { 0xff } else { 0 });
    if order == Order::Big {
        data.reverse();
    }
    Ok(vm.new_bytes(&data).into_object())
}

/// The int that few bytes are, if it fits a word.
fn word_of(data: &[u8], signed: bool, order: Order) -> Option<i64> {
    if data.is_empty() || data.len() > 8 {
        return None;
    }
    let mut bytes = [0; 8];
    bytes[..data.len()].copy_from_slice(data);
    if order == Order::Big {
        bytes[..data.len()].reverse();
    }
    let (word, unused) = (u64::from_le_bytes(bytes), 64 - 8 * data.len() as u32);
    if signed { Some((word << unused) as i64 >> unused) } else { i64::try_from(word).ok() }
}

fn from_bytes(vm: &mut Vm, class: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let source = args[0].expect("a required argument");
    let order = order(vm, "from_bytes", args[1])?;
    let signed = truth(vm, args[2])?;
    if let Some(bytes) = source.downcast_exact::<Bytes>()
        && let Some(value) = word_of(bytes.data(), signed, order)
    {
        let value = vm.new_int(value);
        return of_class(vm, class, value);
    }
    let mut data = bytes_of(vm, source)?;
    if order == Order::Big {
        data.reverse();
    }
    let value = vm.new_bigint(from_le(&data, signed));
    of_class(vm, class, value)
}

/// `bytes(source)`, but counts and texts are refused.
fn bytes_of(vm: &mut Vm, source: Ref<'_>) -> PyResult<Vec<u8>> {
    if let Some(bytes) = source.downcast_exact::<Bytes>() {
        return Ok(bytes.data().to_vec());
    }
    let name = object::names::__bytes__();
    if let Some(convert) = vm.lookup_special(source, name)? {
        let result: Object = vm.call(convert.borrow(), &[])?;
        return match result.borrow().downcast::<Bytes>() {
            Some(bytes) => Ok(bytes.data().to_vec()),
            None => Err(vm.type_error(format!("__bytes__ returned non-bytes (type {})", result.borrow().class().full_name()))),
        };
    }
    if vm.has_buffer(source) {
        let buffer = vm.buffer(source)?;
        return Ok(buffer.bytes(vm).to_vec());
    }
    if source.is_instance_of(&INT) || source.downcast::<Str>().is_some() || source.class().slots().iter.is_none() && !vm.is_sequence(source) {
        return Err(vm.type_error(format!("cannot convert '{}' object to bytes", source.class().full_name())));
    }
    let mut data = Vec::new();
    for item in vm.collect(source)? {
        let item = vm.index(item.borrow())?;
        match int::as_u64(item.borrow()).and_then(|byte| u8::try_from(byte).ok()) {
            Some(byte) => data.push(byte),
            None => return Err(vm.raise(&exception::VALUE_ERROR, "bytes must be in range(0, 256)")),
        }
    }
    Ok(data)
}
