//! `float.hex` and `float.fromhex`.

use super::construct::of_class;
use super::{decompose, value};
use object::int::rounding::scale;
use object::str::Str;
use object::{Method, PyResult, Ref, Vm, float, method};

pub(super) const HEX: Method = method!(
    Unary hex "($self, /)",
    "Return a hexadecimal representation of a floating-point number.\n\n>>> (-0.1).hex()\n'-0x1.999999999999ap-4'\n>>> 3.14159.hex()\n'0x1.921f9f01b866ep+1'"
);

pub(super) const FROM_HEX: Method = method!(
    Binary from_hex as "fromhex" "($type, string, /)",
    "Create a floating-point number from a hexadecimal string.\n\n>>> float.fromhex('0x1.ffffp10')\n2047.984375\n>>> float.fromhex('-0x1p-1074')\n-5e-324"
)
.class_method();

fn hex(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    Ok(vm.new_str(&hex_text(value(this))).into_object())
}

fn hex_text(value: f64) -> String {
    if !value.is_finite() {
        return float::repr(value);
    }
    let sign = if value.is_sign_negative() { "-" } else { "" };
    if value == 0.0 {
        return format!("{sign}0x0.0p+0");
    }
    let (mantissa, exponent) = decompose(value);
    let fraction = mantissa & ((1 << 52) - 1);
    let exponent = exponent + 52;
    let exponent_sign = if exponent < 0 { '-' } else { '+' };
    format!("{sign}0x{}.{fraction:013x}p{exponent_sign}{}", mantissa >> 52, exponent.abs())
}

enum Flaw {
    Invalid,
    TooLarge,
}

fn from_hex(vm: &mut Vm, class: Ref<'_>, text: Ref<'_>) -> PyResult {
    let Some(text) = text.downcast::<Str>() else {
        return Err(vm.type_error("bad argument type for built-in operation"));
    };
    let parsed = text.to_utf8().map_or(Err(Flaw::Invalid), |text| parse(&text));
    match parsed {
        Ok(value) => of_class(vm, class, value),
        Err(Flaw::Invalid) => Err(vm.value_error("invalid hexadecimal floating-point string")),
        Err(Flaw::TooLarge) => Err(vm.overflow_error("hexadecimal value too large to represent as a float")),
    }
}

fn parse(text: &str) -> Result<f64, Flaw> {
    let text = text.trim_matches(|c: char| matches!(c, '\t'..='\r' | ' '));
    let (negative, rest) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    let lower = rest.to_ascii_lowercase();
    let magnitude = match lower.as_str() {
        "inf" | "infinity" => f64::INFINITY,
        "nan" => f64::NAN,
        number => parse_number(number.strip_prefix("0x").unwrap_or(number))?,
    };
    Ok(if negative { -magnitude } else { magnitude })
}

/// `digits[.digits][p[sign]digits]`, in lower case.
fn parse_number(text: &str) -> Result<f64, Flaw> {
    let (digits, exponent) = match text.split_once('p') {
        Some((digits, exponent)) => (digits, parse_exponent(exponent).ok_or(Flaw::Invalid)?),
        None => (text, 0),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.len() + fraction.len() == 0 || !whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_hexdigit()) {
        return Err(Flaw::Invalid);
    }
    let mut mantissa = 0u64;
    let mut inexact = false;
    let mut exponent = exponent.saturating_sub(4 * fraction.len() as i64);
    for byte in whole.bytes().chain(fraction.bytes()) {
        let digit = char::from(byte).to_digit(16).map_or(0, u64::from);
        if mantissa >> 56 == 0 {
            mantissa = mantissa << 4 | digit;
        } else {
            // 57 bits or more are enough to round by.
            inexact |= digit != 0;
            exponent = exponent.saturating_add(4);
        }
    }
    if mantissa == 0 {
        return Ok(0.0);
    }
    match exponent {
        ..-2000 => Ok(0.0),
        2001.. => Err(Flaw::TooLarge),
        _ => scale(mantissa, inexact, exponent).ok_or(Flaw::TooLarge),
    }
}

/// A decimal exponent; one that is too long saturates.
fn parse_exponent(text: &str) -> Option<i64> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let value = digits.bytes().fold(0i64, |value, byte| (value * 10 + i64::from(byte - b'0')).min(1 << 50));
    Some(if negative { -value } else { value })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts() {
        for (value, text) in
            [(1.5, "0x1.8000000000000p+0"), (-0.0, "-0x0.0p+0"), (5e-324, "0x0.0000000000001p-1022"), (-0.1, "-0x1.999999999999ap-4")]
        {
            assert_eq!(hex_text(value), text);
            assert_eq!(parse(text).ok().map(f64::to_bits), Some(value.to_bits()));
        }
        assert_eq!(parse("  0X1.P+4  ").ok(), Some(16.0));
        assert_eq!(parse("0x1.fffffffffffff7p1023").ok(), Some(f64::MAX));
        assert_eq!(parse("0x1.8p-1075").ok(), Some(5e-324));
        assert_eq!(parse("0x1p-1075").ok(), Some(0.0));
        assert!(matches!(parse("0x1.fffffffffffff8p1023"), Err(Flaw::TooLarge)));
        assert!(matches!(parse("0x"), Err(Flaw::Invalid)));
        assert!(matches!(parse("0x1p"), Err(Flaw::Invalid)));
    }
}
