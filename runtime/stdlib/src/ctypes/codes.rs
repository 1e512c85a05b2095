//! The conversions between C values in memory and Python values, one for each type code.

use super::info::Code;
use super::memory;
use num_bigint::BigInt;
use object::native::PayloadInfo;
use object::str::Str;
use object::{Object, Payload, PyResult, Ref, Type, TypeSpec, Vm};
use std::borrow::Cow;

/// All type codes that programs may give.
pub const CODES: &str = "cbBhHiIlLdDFGfuzZqQPOv?g";

/// Bytes and alignment of a value.
pub fn size_and_align(code: u8) -> (usize, usize) {
    match code {
        b'c' | b'b' | b'B' | b'?' => (1, 1),
        b'h' | b'H' | b'v' => (2, 2),
        b'i' | b'I' | b'f' | b'u' => (4, 4),
        b'F' => (8, 4),
        b'D' => (16, 8),
        b'g' => (16, 16),
        b'G' => (32, 16),
        _ => (8, 8),
    }
}

/// Whether there is a type of the other byte order.
pub fn has_swapped(code: u8) -> bool {
    b"bBhHiIlLqQfdFD?".contains(&code)
}

/// Whether values are addresses.
pub fn is_pointer(code: u8) -> bool {
    b"zZPO".contains(&code)
}

/// The format of the buffer protocol.
pub fn buffer_format(code: Code) -> String {
    let order = if code.swapped { '>' } else { '<' };
    let letter = match code.code {
        b'l' => 'q',
        b'L' => 'Q',
        other => char::from(other),
    };
    format!("{order}{letter}")
}

/// Whether an integer code is signed; `None`: it is none.
pub fn signedness(code: u8) -> Option<bool> {
    match code {
        b'b' | b'h' | b'i' | b'l' | b'q' => Some(true),
        b'B' | b'H' | b'I' | b'L' | b'Q' | b'?' => Some(false),
        _ => None,
    }
}

/// A number of at most eight bytes, in the order of the code.
fn load(code: Code, address: usize, size: usize) -> u64 {
    let mut bytes = [0; 8];
    memory::read_into(address, &mut bytes[..size]);
    if code.swapped {
        bytes[..size].reverse();
    }
    u64::from_le_bytes(bytes)
}

fn store(code: Code, address: usize, size: usize, value: u64) {
    let mut bytes = value.to_le_bytes();
    if code.swapped {
        bytes[..size].reverse();
    }
    memory::write(address, &bytes[..size]);
}

/// The lower bits of a number, as a signed or unsigned one.
fn number(vm: &Vm, value: u64, bits: u32, signed: bool) -> Object {
    let unused = 64 - bits;
    if signed { vm.new_int(((value << unused) as i64) >> unused) } else { vm.new_uint((value << unused) >> unused) }
}

/// The lower 64 bits of an int.
pub fn low_bits(vm: &mut Vm, value: Ref<'_>) -> PyResult<u64> {
    if let Some(small) = value.as_small_int() {
        return Ok(small as u64);
    }
    let int = vm.index(value)?;
    if let Some(small) = object::int::as_i64(int.borrow()) {
        return Ok(small as u64);
    }
    let big: Cow<'_, BigInt> = object::int::to_bigint(int.borrow()).expect("`index` gives an int");
    let mut digits = big.iter_u64_digits();
    let low = digits.next().unwrap_or(0);
    Ok(if big.sign() == num_bigint::Sign::Minus { low.wrapping_neg() } else { low })
}

/// Reads the value at an address; `size` matters for character arrays.
pub fn get(vm: &mut Vm, code: Code, address: usize, size: usize) -> PyResult {
    if let Some(signed) = signedness(code.code).filter(|_| code.code != b'?') {
        let (own, _) = size_and_align(code.code);
        return Ok(number(vm, load(code, address, own), 8 * own as u32, signed));
    }
    match code.code {
        b'?' => Ok(Object::bool(load(code, address, 1) != 0)),
        b'v' => Ok(Object::bool(load(code, address, 2) != 0)),
        b'f' | b'd' | b'g' => {
            let value = load_float(code, address);
            Ok(vm.new_float(value))
        }
        b'F' | b'D' | b'G' => {
            let (part, half) = complex_part(code);
            let (real, imaginary) = (load_float(part, address), load_float(part, address + half));
            Ok(builtins::complex::new_complex(vm, real, imaginary))
        }
        b'c' => Ok(vm.new_bytes(&memory::read::<1>(address)).into_object()),
        b'u' => wide_text(vm, &[u32::from_ne_bytes(memory::read(address))]),
        b's' => {
            let bytes = memory::read_bytes(address, size);
            let len = bytes.iter().position(|&byte| byte == 0).unwrap_or(size);
            Ok(vm.new_bytes(&bytes[..len]).into_object())
        }
        b'U' => {
            let text = wide_characters(address, size / 4);
            let len = text.iter().position(|&character| character == 0).unwrap_or(text.len());
            wide_text(vm, &text[..len])
        }
        b'z' => match memory::read_pointer(address) {
            0 => Ok(Object::none()),
            pointer => Ok(vm.new_bytes(&memory::c_string_at(pointer)).into_object()),
        },
        b'Z' => match memory::read_pointer(address) {
            0 => Ok(Object::none()),
            pointer => wide_text(vm, &memory::wide_string_at(pointer)),
        },
        b'O' => match memory::object_from_word(memory::read_pointer(address) as u64) {
            Some(object) => Ok(object),
            None => Err(vm.value_error("PyObject is NULL")),
        },
        _ => match memory::read_pointer(address) {
            0 => Ok(Object::none()),
            pointer => Ok(vm.new_uint(pointer as u64)),
        },
    }
}

/// Writes a value at an address. Returns what must live as long as the memory: usually `None`.
pub fn set(vm: &mut Vm, code: Code, address: usize, size: usize, value: Ref<'_>) -> PyResult {
    if signedness(code.code).is_some_and(|_| code.code != b'?') {
        let bits = low_bits(vm, value)?;
        store(code, address, size_and_align(code.code).0, bits);
        return Ok(Object::none());
    }
    match code.code {
        b'?' => {
            let truth = vm.is_true(value)?;
            store(code, address, 1, u64::from(truth));
        }
        b'v' => {
            let truth = vm.is_true(value)?;
            store(code, address, 2, if truth { u64::MAX } else { 0 });
        }
        b'f' | b'd' | b'g' => {
            let number = vm.to_float(value)?;
            store_float(code, address, number);
        }
        b'F' | b'D' | b'G' => {
            let (real, imaginary) = to_complex(vm, value)?;
            let (part, half) = complex_part(code);
            store_float(part, address, real);
            store_float(part, address + half, imaginary);
        }
        b'c' => set_character(vm, address, value)?,
        b'u' => set_wide_character(vm, address, value)?,
        b's' => set_string(vm, address, size, value)?,
        b'U' => set_wide_string(vm, address, size / 4, value)?,
        b'z' => return set_string_pointer(vm, address, value),
        b'Z' => return set_wide_string_pointer(vm, address, value),
        b'O' => {
            memory::write(address, &value.bits().to_ne_bytes());
            return Ok(value.to_owned());
        }
        _ if value.is_none() => memory::write_pointer(address, 0),
        _ if object::int::is_int(value) => {
            let bits = low_bits(vm, value)?;
            memory::write_pointer(address, bits as usize);
        }
        _ => return Err(vm.type_error("cannot be converted to pointer")),
    }
    Ok(Object::none())
}

/// Reads a bit field: `bits` of them from `shift` on, in a number of `size` bytes.
pub fn get_bits(vm: &Vm, code: Code, address: usize, size: usize, (shift, bits): (u32, u32)) -> Object {
    let value = load(code, address, size) >> shift;
    if code.code == b'?' {
        return Object::bool(value & mask(bits) != 0);
    }
    number(vm, value & mask(bits), bits, signedness(code.code).unwrap_or(false))
}

/// Writes a bit field.
pub fn set_bits(vm: &mut Vm, code: Code, address: usize, size: usize, (shift, bits): (u32, u32), value: Ref<'_>) -> PyResult<()> {
    let new = if code.code == b'?' { u64::from(vm.is_true(value)?) } else { low_bits(vm, value)? };
    let old = load(code, address, size);
    let field = mask(bits) << shift;
    store(code, address, size, old & !field | new << shift & field);
    Ok(())
}

fn mask(bits: u32) -> u64 {
    u64::MAX >> (64 - bits)
}

fn load_float(code: Code, address: usize) -> f64 {
    match code.code {
        b'f' => f64::from(f32::from_bits(load(code, address, 4) as u32)),
        b'd' => f64::from_bits(load(code, address, 8)),
        _ => from_extended(memory::read(address)),
    }
}

fn store_float(code: Code, address: usize, value: f64) {
    match code.code {
        b'f' => store(code, address, 4, u64::from((value as f32).to_bits())),
        b'd' => store(code, address, 8, value.to_bits()),
        _ => memory::write(address, &to_extended(value)),
    }
}

/// The code of a complex number's parts, and where the second is.
fn complex_part(code: Code) -> (Code, usize) {
    let (part, half) = match code.code {
        b'F' => (b'f', 4),
        b'D' => (b'd', 8),
        _ => (b'g', 16),
    };
    (Code { code: part, ..code }, half)
}

/// A `long double` of the x87 unit: 64 bits with an explicit leading one, 15 bits of exponent, the sign.
fn from_extended(bytes: [u8; 16]) -> f64 {
    let mantissa = u64::from_le_bytes(bytes[..8].try_into().expect("eight bytes"));
    let top = u16::from_le_bytes([bytes[8], bytes[9]]);
    let (negative, exponent) = (top >> 15 != 0, i32::from(top & 0x7fff));
    let magnitude = match (exponent, mantissa) {
        (0x7fff, m) if m << 1 == 0 => f64::INFINITY,
        (0x7fff, _) => f64::NAN,
        (_, 0) => 0.0,
        _ => scaled(mantissa, exponent - 16383 - 63),
    };
    if negative { -magnitude } else { magnitude }
}

/// `mantissa * 2**exponent`, rounded once.
fn scaled(mantissa: u64, exponent: i32) -> f64 {
    let shift = mantissa.leading_zeros();
    let (mantissa, exponent) = (mantissa << shift, exponent - shift as i32);
    // The exponent of the leading bit; what lies below the least one of a float is subnormal.
    let leading = exponent + 63;
    if leading > 1023 {
        return f64::INFINITY;
    }
    let kept = if leading >= -1022 { 53 } else { 53 - (-1022 - leading) };
    if kept < 0 {
        return 0.0;
    }
    let dropped = 64 - kept as u32;
    let high = if dropped == 64 { 0 } else { mantissa >> dropped };
    let rest = if dropped == 64 { mantissa } else { mantissa & ((1 << dropped) - 1) };
    let half = 1u64 << (dropped - 1);
    let high = high + u64::from(rest > half || rest == half && high & 1 == 1);
    let unit = exponent + dropped as i32;
    // Two steps: neither factor leaves the range of floats.
    let first = unit.max(-1022);
    high as f64 * 2f64.powi(first) * 2f64.powi(unit - first)
}

fn to_extended(value: f64) -> [u8; 16] {
    let bits = value.to_bits();
    let (exponent, fraction) = ((bits >> 52 & 0x7ff) as i32, bits & ((1 << 52) - 1));
    let (exponent, mantissa) = match (exponent, fraction) {
        (0x7ff, _) => (0x7fff, 1 << 63 | fraction << 11),
        (0, 0) => (0, 0),
        (0, _) => {
            let shift = fraction.leading_zeros();
            (16383 - 1022 - (shift as i32 - 11), fraction << shift)
        }
        _ => (exponent - 1023 + 16383, 1 << 63 | fraction << 11),
    };
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&mantissa.to_le_bytes());
    bytes[8..10].copy_from_slice(&(exponent as u16 | (bits >> 48) as u16 & 0x8000).to_le_bytes());
    bytes
}

fn to_complex(vm: &mut Vm, value: Ref<'_>) -> PyResult<(f64, f64)> {
    if let Some(parts) = builtins::complex::value(value) {
        return Ok(parts);
    }
    let name = vm.intern("__complex__");
    if let Some(method) = vm.lookup_special(value, name)? {
        let result = vm.call(method.borrow(), &[])?;
        return match builtins::complex::value(result.borrow()) {
            Some(parts) => Ok(parts),
            None => {
                let (own, got) = (value.class().full_name(), result.borrow().class().full_name());
                Err(vm.type_error(format!("{own}.__complex__() must return a complex, not {got}")))
            }
        };
    }
    Ok((vm.to_float(value)?, 0.0))
}

fn set_character(vm: &mut Vm, address: usize, value: Ref<'_>) -> PyResult<()> {
    let array = value.downcast::<object::bytes::ByteArray>();
    let bytes = object::bytes::as_bytes(value).or_else(|| array.map(|array| array.get().data(vm)));
    if let Some(bytes) = bytes {
        return match *bytes {
            [byte] => {
                memory::write(address, &[byte]);
                Ok(())
            }
            _ => {
                let (name, len) = (value.class().full_name(), bytes.len());
                Err(vm.type_error(format!("one character bytes, bytearray, or an integer in range(256) expected, not {name} of length {len}")))
            }
        };
    }
    if object::int::is_int(value) {
        return match object::int::as_i64(value).map(u8::try_from) {
            Some(Ok(byte)) => {
                memory::write(address, &[byte]);
                Ok(())
            }
            _ => Err(vm.type_error("integer not in range(256)")),
        };
    }
    Err(vm.type_error(format!("one character bytes, bytearray, or an integer in range(256) expected, not {}", value.class().full_name())))
}

fn set_wide_character(vm: &mut Vm, address: usize, value: Ref<'_>) -> PyResult<()> {
    let Some(text) = value.downcast::<Str>() else {
        return Err(vm.type_error(format!("a unicode character expected, not instance of {}", value.class().full_name())));
    };
    if text.len() != 1 {
        return Err(vm.type_error(format!("a unicode character expected, not a string of length {}", text.len())));
    }
    memory::write(address, &text.char_at(0).to_ne_bytes());
    Ok(())
}

fn set_string(vm: &mut Vm, address: usize, room: usize, value: Ref<'_>) -> PyResult<()> {
    let Some(bytes) = object::bytes::as_bytes(value) else {
        return Err(vm.type_error(format!("expected bytes, {} found", value.class().full_name())));
    };
    // What follows a zero is not part of the string.
    let bytes = &bytes[..bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len())];
    if bytes.len() > room {
        return Err(vm.value_error(format!("bytes too long ({}, maximum length {room})", bytes.len())));
    }
    memory::write(address, bytes);
    if bytes.len() < room {
        memory::write(address + bytes.len(), &[0]);
    }
    Ok(())
}

fn set_wide_string(vm: &mut Vm, address: usize, room: usize, value: Ref<'_>) -> PyResult<()> {
    let Some(text) = value.downcast::<Str>() else {
        return Err(vm.type_error(format!("unicode string expected instead of {} instance", value.class().full_name())));
    };
    if text.len() > room {
        return Err(vm.value_error(format!("string too long ({}, maximum length {room})", text.len())));
    }
    write_wide(address, text.get());
    if text.len() < room {
        memory::write(address + 4 * text.len(), &[0; 4]);
    }
    Ok(())
}

fn set_string_pointer(vm: &mut Vm, address: usize, value: Ref<'_>) -> PyResult {
    if value.is_none() {
        memory::write_pointer(address, 0);
    } else if let Some(bytes) = object::bytes::as_bytes(value) {
        memory::write_pointer(address, bytes.as_ptr().expose_provenance());
        return Ok(value.to_owned());
    } else if object::int::is_int(value) {
        let pointer = low_bits(vm, value)?;
        memory::write_pointer(address, pointer as usize);
    } else {
        return Err(vm.type_error(format!("bytes or integer address expected instead of {} instance", value.class().full_name())));
    }
    Ok(Object::none())
}

fn set_wide_string_pointer(vm: &mut Vm, address: usize, value: Ref<'_>) -> PyResult {
    if value.is_none() {
        memory::write_pointer(address, 0);
    } else if let Some(text) = value.downcast::<Str>() {
        let (pointer, keep) = wide_copy(vm, text.get())?;
        memory::write_pointer(address, pointer);
        return Ok(keep);
    } else if object::int::is_int(value) {
        let pointer = low_bits(vm, value)?;
        memory::write_pointer(address, pointer as usize);
    } else {
        return Err(vm.type_error(format!("unicode string or integer address expected instead of {} instance", value.class().full_name())));
    }
    Ok(Object::none())
}

/// Writes the characters of a string as wide characters, without a zero at the end.
pub fn write_wide(address: usize, text: &Str) {
    for (index, code_point) in text.code_points().enumerate() {
        memory::write(address + 4 * index, &code_point.to_ne_bytes());
    }
}

/// `n` wide characters.
pub fn wide_characters(address: usize, n: usize) -> Vec<u32> {
    (0..n).map(|index| u32::from_ne_bytes(memory::read(address + 4 * index))).collect()
}

/// A string of wide characters.
pub fn wide_text(vm: &mut Vm, text: &[u32]) -> PyResult {
    if let Some(bad) = text.iter().find(|character| **character > 0x10_ffff) {
        return Err(vm.value_error(format!("character U+{bad:x} is not in range [U+0000; U+10ffff]")));
    }
    Ok(vm.new_str_from_code_points(text).into_object())
}

/// A copy of a string as wide characters with a zero at the end: its address, and what owns it.
pub fn wide_copy(vm: &mut Vm, text: &Str) -> PyResult<(usize, Object)> {
    let Some(allocation) = memory::Allocation::new(4 * (text.len() + 1), 16) else { return Err(vm.memory_error()) };
    let address = allocation.address();
    write_wide(address, text);
    Ok((address, vm.allocate(Capsule(allocation)).into_object()))
}

/// Memory that an object keeps alive.
struct Capsule(#[expect(dead_code, reason = "held until the object dies")] memory::Allocation);

static CAPSULE: Type = Type::new(&CAPSULE_SPEC);
static CAPSULE_SPEC: TypeSpec = TypeSpec { name: "PyCapsule", payload: PayloadInfo::leaf::<Capsule>(), ..TypeSpec::DEFAULT };

impl Payload for Capsule {
    fn class() -> &'static Type {
        &CAPSULE
    }
}

/// Readies the types of this file.
pub fn ready(vm: &mut Vm) {
    object::type_new::ready(vm, &CAPSULE);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_doubles_round_trip() {
        for value in [0.0, -0.0, 1.0, -1.5, f64::MAX, f64::MIN_POSITIVE, 5e-324, -2.5e-310, f64::INFINITY, f64::NEG_INFINITY, 0.1] {
            assert_eq!(from_extended(to_extended(value)).to_bits(), value.to_bits(), "{value}");
        }
        assert!(from_extended(to_extended(f64::NAN)).is_nan());
    }

    #[test]
    fn bits_are_masked() {
        assert_eq!((mask(1), mask(64)), (1, u64::MAX));
    }
}
