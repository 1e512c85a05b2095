//! Items of a view: native formats of one character.

use object::bytes::{Bytes, Layout};
use object::tuple::Tuple;
use object::vm::{PyResult, Raised, Vm};
use object::{Object, Ref, RefOf, exception};

/// The format's character, if it is a native one, with or without `@`.
pub fn native(format: &str) -> Option<u8> {
    let [code] = *format.strip_prefix('@').unwrap_or(format).as_bytes() else { return None };
    size(code).map(|_| code)
}

/// Bytes of an item.
pub fn size(code: u8) -> Option<usize> {
    Some(match code {
        b'c' | b'b' | b'B' | b'?' => 1,
        b'h' | b'H' | b'e' => 2,
        b'i' | b'I' | b'f' => 4,
        b'l' | b'L' | b'q' | b'Q' | b'n' | b'N' | b'd' | b'P' => 8,
        _ => return None,
    })
}

pub fn unsupported(vm: &mut Vm, format: &str) -> Raised {
    vm.raise(&exception::NOT_IMPLEMENTED_ERROR, format!("memoryview: format {format} not supported"))
}

/// The value of the item in `bytes`, which has the size of the code.
pub fn unpack(vm: &Vm, code: u8, bytes: &[u8]) -> Object {
    let mut word = [0; 8];
    word[..bytes.len()].copy_from_slice(bytes);
    let unsigned = u64::from_ne_bytes(word);
    match code {
        b'c' => vm.new_bytes(bytes).into_object(),
        b'?' => Object::bool(unsigned != 0),
        b'b' => Object::small_int(i64::from(unsigned as i8)),
        b'h' => Object::small_int(i64::from(unsigned as i16)),
        b'i' => Object::small_int(i64::from(unsigned as i32)),
        b'l' | b'q' | b'n' => vm.new_int(unsigned as i64),
        b'e' => vm.new_float(half_to_f64(unsigned as u16)),
        b'f' => vm.new_float(f64::from(f32::from_bits(unsigned as u32))),
        b'd' => vm.new_float(f64::from_bits(unsigned)),
        _ => vm.new_uint(unsigned),
    }
}

/// The value of an IEEE 754 half.
pub fn half_to_f64(bits: u16) -> f64 {
    let sign = if bits & 0x8000 != 0 { -1.0 } else { 1.0 };
    let (exponent, fraction) = (i32::from(bits >> 10 & 0x1F), f64::from(bits & 0x3FF));
    sign * match exponent {
        0 => fraction * 2f64.powi(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (1.0 + fraction / 1024.0) * 2f64.powi(exponent - 15),
    }
}

/// The half nearest to a value; `None` if it is too large.
pub fn f64_to_half(value: f64) -> Option<u16> {
    let sign = if value.is_sign_negative() { 0x8000 } else { 0 };
    if value.is_nan() {
        return Some(sign | 0x7E00);
    }
    let magnitude = value.abs();
    if magnitude.is_infinite() {
        return Some(sign | 0x7C00);
    }
    // Units of the last place: 2^-24 below the least normal number.
    let exponent = if magnitude < 2f64.powi(-14) { -14 } else { magnitude.log2().floor() as i32 };
    let exponent = if magnitude < 2f64.powi(exponent) { exponent - 1 } else { exponent }.max(-14);
    let units = (magnitude * 2f64.powi(10 - exponent)).round_ties_even() as u32;
    let bits = if units < 0x400 { units } else { ((exponent + 15) as u32 - 1) * 0x400 + units };
    (bits < 0x7C00).then_some(sign | bits as u16)
}

/// The bytes of `value` as an item.
pub fn pack(vm: &mut Vm, code: u8, format: &str, value: Ref<'_>) -> PyResult<Vec<u8>> {
    match code {
        b'c' => {
            let Some(bytes) = value.downcast::<Bytes>() else {
                return Err(wrong_type(vm, format));
            };
            if bytes.len() != 1 {
                return Err(wrong_value(vm, format));
            }
            Ok(bytes.data().to_vec())
        }
        b'?' => Ok(vec![u8::from(vm.is_true(value)?)]),
        b'e' | b'f' | b'd' => {
            let result = vm.to_float(value);
            let Some(number) = vm.ignore(result, &exception::TYPE_ERROR)? else {
                return Err(wrong_type(vm, format));
            };
            match code {
                b'd' => Ok(number.to_ne_bytes().to_vec()),
                b'f' if number.is_finite() && (number as f32).is_infinite() => Err(vm.overflow_error("float too large to pack with f format")),
                b'f' => Ok((number as f32).to_ne_bytes().to_vec()),
                _ => match f64_to_half(number) {
                    Some(half) => Ok(half.to_ne_bytes().to_vec()),
                    None => Err(vm.overflow_error("float too large to pack with e format")),
                },
            }
        }
        _ => pack_int(vm, code, format, value),
    }
}

fn pack_int(vm: &mut Vm, code: u8, format: &str, value: Ref<'_>) -> PyResult<Vec<u8>> {
    let result = vm.index(value);
    let Some(number) = vm.ignore(result, &exception::TYPE_ERROR)? else {
        return Err(wrong_type(vm, format));
    };
    let n_bytes = size(code).unwrap_or(8);
    let word = if code == b'P' {
        // A pointer may be given as a negative number.
        object::int::as_u64(number.borrow()).or_else(|| object::int::as_i64(number.borrow()).map(|value| value as u64))
    } else if matches!(code, b'b' | b'h' | b'i' | b'l' | b'q' | b'n') {
        let shift = 64 - 8 * n_bytes as u32;
        object::int::as_i64(number.borrow()).filter(|&value| value << shift >> shift == value).map(|value| value as u64)
    } else {
        object::int::as_u64(number.borrow()).filter(|&value| n_bytes == 8 || value >> (8 * n_bytes) == 0)
    };
    match word {
        Some(word) if cfg!(target_endian = "little") => Ok(word.to_le_bytes()[..n_bytes].to_vec()),
        Some(word) => Ok(word.to_be_bytes()[8 - n_bytes..].to_vec()),
        None => Err(wrong_value(vm, format)),
    }
}

fn wrong_type(vm: &mut Vm, format: &str) -> Raised {
    vm.type_error(format!("memoryview: invalid type for format '{}'", format.trim_start_matches('@')))
}

fn wrong_value(vm: &mut Vm, format: &str) -> Raised {
    vm.value_error(format!("memoryview: invalid value for format '{}'", format.trim_start_matches('@')))
}

/// Reads items of any format, those that are not native by the `struct` module.
pub enum Reader {
    Native(u8),
    Struct(Object),
}

impl Reader {
    /// `None` if nobody can read the format.
    pub fn new(vm: &mut Vm, layout: &Layout) -> PyResult<Option<Reader>> {
        if let Some(code) = native(&layout.format) {
            return Ok(Some(Reader::Native(code)));
        }
        let module = vm.import("struct")?;
        let format = vm.new_str(&layout.format);
        let made = vm.call_method(module.borrow(), "Struct", &[format.borrow().object()]);
        match made {
            Ok(made) => Ok(Some(Reader::Struct(made))),
            Err(raised) => {
                vm.catch_if(raised, &exception::EXCEPTION)?;
                Ok(None)
            }
        }
    }

    pub fn read(&self, vm: &mut Vm, bytes: &[u8]) -> PyResult {
        match self {
            Reader::Native(code) => Ok(unpack(vm, *code, bytes)),
            Reader::Struct(reader) => {
                let bytes = vm.new_bytes(bytes);
                let values = vm.call_method(reader.borrow(), "unpack", &[bytes.borrow().object()])?;
                let only = values.borrow().downcast::<Tuple>().and_then(|tuple| match *RefOf::get(tuple).items() {
                    [only] => Some(Ref::to_owned(only)),
                    _ => None,
                });
                Ok(only.unwrap_or(values))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_round_trip() {
        for bits in 0..=0x7C00u16 {
            assert_eq!(f64_to_half(half_to_f64(bits)), Some(bits), "{bits:#x}");
        }
        assert_eq!(f64_to_half(65520.0), None);
        assert_eq!(f64_to_half(65519.0), Some(0x7BFF));
        assert_eq!(f64_to_half(1e-10), Some(0));
    }
}
