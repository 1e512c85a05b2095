//! Floats: those with a common exponent are held in the word, the others in a heap object.

use crate::class::{Payload, Type};
use crate::int::HASH_MODULUS;
use crate::int::digits::to_ascii;
use crate::native::{PayloadInfo, TypeSpec, flag};
use crate::value::{Object, Ref};
use crate::vm::{PyResult, Vm};
use num_bigint::BigInt;
use num_integer::Integer;
use num_traits::{FromPrimitive, Pow, Zero};
use std::cmp::Ordering;

#[cfg(test)]
mod tests;

/// The payload of a float that the word cannot hold, or of an instance of a subclass.
pub struct Float {
    value: f64,
}

impl Payload for Float {
    fn class() -> &'static Type {
        &FLOAT
    }
}

/// `float`. Its methods are in the builtins crate, which fills in the rest.
pub static FLOAT: Type = Type::new(&FLOAT_SPEC);
static FLOAT_SPEC: TypeSpec = TypeSpec {
    name: "float",
    flags: flag::BASE_TYPE | flag::MATCH_SELF,
    payload: PayloadInfo::leaf::<Float>(),
    doc: "Convert a string or number to a floating-point number, if possible.",
    signature: "(x=0, /)",
    ..TypeSpec::DEFAULT
};

impl Vm {
    #[inline]
    pub fn new_float(&self, value: f64) -> Object {
        match Object::from_small_float(value) {
            Some(object) => object,
            None => self.allocate(Float { value }).into_object(),
        }
    }

    /// An instance of a subclass of `float`.
    pub fn new_float_of(&self, class: &Type, value: f64) -> Object {
        self.allocate_in(class, Float { value })
    }
}

/// The value of a float or of an instance of a subclass; ints are not considered.
#[inline]
pub fn value(object: Ref<'_>) -> Option<f64> {
    object.as_small_float().or_else(|| object.downcast::<Float>().map(|float| float.get().value))
}

/// The hash of a float that is a number: equal to that of an int of the same value.
pub fn hash_f64(value: f64) -> i64 {
    if value.is_infinite() {
        return if value > 0.0 { 314_159 } else { -314_159 };
    }
    let bits = value.to_bits();
    let exponent = ((bits >> 52) & 0x7ff) as i64;
    let fraction = bits & ((1 << 52) - 1);
    // The value is mantissa * 2^power, and 2^61 is 1 modulo the modulus.
    let (mantissa, power) = if exponent == 0 { (fraction, -1074) } else { (fraction | 1 << 52, exponent - 1075) };
    let shift = power.rem_euclid(61) as u32;
    let product = u128::from(mantissa) << shift;
    let hash = (product % u128::from(HASH_MODULUS)) as i64;
    match if value < 0.0 { -hash } else { hash } {
        -1 => -2,
        hash => hash,
    }
}

/// The hash of a float; one that is not a number is hashed by identity.
pub fn hash(object: Ref<'_>) -> Option<i64> {
    let value = value(object)?;
    if value.is_nan() {
        return Some(object.address().map_or(0, |address| (address as i64) >> 4));
    }
    Some(hash_f64(value))
}

/// The shortest decimal digits that read back as the same finite value, without sign, and the
/// exponent of the first: `0.d1d2d3... * 10^(exponent + 1)`.
pub fn shortest_digits(value: f64) -> (String, i32) {
    let mut buffer = ryu::Buffer::new();
    let text = buffer.format_finite(value.abs());
    let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = [whole, fraction].concat();
    let digits = all.trim_start_matches('0');
    let exponent = exponent.parse().unwrap_or(0) + whole.len() as i32 - 1 - (all.len() - digits.len()) as i32;
    match digits.trim_end_matches('0') {
        "" => ("0".into(), 0),
        digits => (digits.into(), exponent),
    }
}

/// Calls `with` with `repr(value)`.
pub fn with_repr<T>(value: f64, with: impl FnOnce(&str) -> T) -> T {
    // Where it is written without an exponent the shortest text is what Python shows.
    if value == 0.0 || (1e-4..1e16).contains(&value.abs()) {
        return with(ryu::Buffer::new().format_finite(value));
    }
    let mut text = repr_without_zero(value);
    if value.is_finite() && !text.contains(['.', 'e']) {
        text.push_str(".0");
    }
    with(&text)
}

/// `repr(value)`
pub fn repr(value: f64) -> String {
    with_repr(value, str::to_owned)
}

/// `repr(value)`, but a whole number has no `.0`: as parts of a complex number are shown.
pub fn repr_without_zero(value: f64) -> String {
    if value.is_nan() {
        return "nan".into();
    }
    if value.is_infinite() {
        return if value > 0.0 { "inf" } else { "-inf" }.into();
    }
    let (digits, exponent) = shortest_digits(value);
    let mut text = String::from(if value.is_sign_negative() { "-" } else { "" });
    if (-4..16).contains(&exponent) {
        if exponent < 0 {
            text.push_str("0.");
            text.extend(std::iter::repeat_n('0', (-exponent - 1) as usize));
            text.push_str(&digits);
        } else {
            let whole = exponent as usize + 1;
            if digits.len() <= whole {
                text.push_str(&digits);
                text.extend(std::iter::repeat_n('0', whole - digits.len()));
            } else {
                text.push_str(&digits[..whole]);
                text.push('.');
                text.push_str(&digits[whole..]);
            }
        }
        return text;
    }
    text.push_str(&digits[..1]);
    if digits.len() > 1 {
        text.push('.');
        text.push_str(&digits[1..]);
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    text.push_str(&format!("e{sign}{:02}", exponent.abs()));
    text
}

/// `float(text)`; `None` if it is not a number.
pub fn parse(text: &str) -> Option<f64> {
    parse_ascii(&to_ascii(text)?)
}

/// The same for ASCII text without surrounding whitespace.
pub fn parse_ascii(text: &str) -> Option<f64> {
    let bytes = text.as_bytes();
    if !bytes.contains(&b'_') {
        return parse_plain(text);
    }
    // An underscore stands between digits.
    let separates = |index: usize| index > 0 && bytes[index - 1].is_ascii_digit() && bytes.get(index + 1).is_some_and(u8::is_ascii_digit);
    if bytes.iter().enumerate().any(|(index, &byte)| byte == b'_' && !separates(index)) {
        return None;
    }
    parse_plain(&text.replace('_', ""))
}

fn parse_plain(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let negative = text.starts_with('-');
    match unsigned.bytes().next()? {
        b'0'..=b'9' | b'.' => text.parse().ok(),
        _ if unsigned.eq_ignore_ascii_case("inf") || unsigned.eq_ignore_ascii_case("infinity") => {
            Some(if negative { f64::NEG_INFINITY } else { f64::INFINITY })
        }
        _ if unsigned.eq_ignore_ascii_case("nan") => Some(if negative { -f64::NAN } else { f64::NAN }),
        _ => None,
    }
}

/// `round(value, n_digits)`, correctly rounded, half to even; `OverflowError` if the result is too large.
pub fn round_to(vm: &mut Vm, value: f64, n_digits: i64) -> PyResult<f64> {
    if !value.is_finite() || value == 0.0 || n_digits > 323 {
        return Ok(value);
    }
    if n_digits < -308 {
        return Ok(0.0f64.copysign(value));
    }
    let rounded = if n_digits >= 0 {
        format!("{value:.*}", n_digits as usize).parse().unwrap_or(value)
    } else {
        round_to_tens(value.abs(), n_digits.unsigned_abs()).copysign(value)
    };
    if rounded.is_infinite() { Err(vm.overflow_error("rounded value too large to represent")) } else { Ok(rounded) }
}

/// Rounds a positive value to a multiple of `10^n`.
fn round_to_tens(value: f64, n: u64) -> f64 {
    let unit = BigInt::from(10).pow(n);
    let whole = BigInt::from_f64(value.trunc()).unwrap_or_default();
    let (mut quotient, rest) = whole.div_mod_floor(&unit);
    let half = (rest * 2u32).cmp(&unit).then(if value.fract() > 0.0 { Ordering::Greater } else { Ordering::Equal });
    if half == Ordering::Greater || (half == Ordering::Equal && quotient.is_odd()) {
        quotient += 1u32;
    }
    if quotient.is_zero() {
        return 0.0;
    }
    crate::int::rounding::to_f64(&(quotient * unit)).unwrap_or(f64::INFINITY)
}

/// `left // right` and `left % right` of floats; the divisor is not zero.
pub fn div_mod(left: f64, right: f64) -> (f64, f64) {
    let mut rest = left % right;
    let mut quotient = (left - rest) / right;
    if rest != 0.0 {
        if (right < 0.0) != (rest < 0.0) {
            rest += right;
            quotient -= 1.0;
        }
    } else {
        rest = 0.0f64.copysign(right);
    }
    if quotient == 0.0 {
        return (0.0f64.copysign(left / right), rest);
    }
    let floor = quotient.floor();
    (if quotient - floor > 0.5 { floor + 1.0 } else { floor }, rest)
}
