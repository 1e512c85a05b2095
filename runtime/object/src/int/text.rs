//! Ints from and to digits, with the limit on how many there may be.
//!
//! Bases that are not a power of two take time that grows faster than the number of digits, so Python
//! refuses very long ones unless told otherwise.

use super::digits::to_ascii;
use crate::vm::{PyResult, Vm};
use num_bigint::{BigInt, BigUint, Sign};
use num_traits::{Pow, ToPrimitive};
use std::sync::atomic::{AtomicUsize, Ordering};

/// The least limit that can be set, other than 0 for none.
pub const LEAST_MAX_STR_DIGITS: usize = 640;
pub const DEFAULT_MAX_STR_DIGITS: usize = 4300;

static MAX_STR_DIGITS: AtomicUsize = AtomicUsize::new(DEFAULT_MAX_STR_DIGITS);

/// `sys.get_int_max_str_digits()`; 0: no limit.
pub fn max_str_digits() -> usize {
    MAX_STR_DIGITS.load(Ordering::Relaxed)
}

/// `sys.set_int_max_str_digits()`, for a number that has been checked.
pub fn set_max_str_digits(limit: usize) {
    MAX_STR_DIGITS.store(limit, Ordering::Relaxed);
}

/// Why a text is not an int.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
pub enum ParseError {
    Invalid,
    /// The text has this many digits, more than the limit.
    TooLong(usize),
}

impl ParseError {
    /// The message of the `ValueError`. `shown` is the `repr` of what was to be parsed.
    pub fn message(self, base: u32, shown: &str) -> String {
        match self {
            ParseError::Invalid => format!("invalid literal for int() with base {base}: {shown}"),
            ParseError::TooLong(n) => too_long(Some(n)),
        }
    }
}

fn too_long(n_digits: Option<usize>) -> String {
    let value = n_digits.map(|n| format!(": value has {n} digits")).unwrap_or_default();
    format!(
        "Exceeds the limit ({} digits) for integer string conversion{value}; use sys.set_int_max_str_digits() to increase the limit",
        max_str_digits()
    )
}

/// `int(text, base)` for a base from 2 to 36, or 0 for the base that the prefix names.
pub fn parse(text: &str, base: u32) -> Result<BigInt, ParseError> {
    let ascii = to_ascii(text).ok_or(ParseError::Invalid)?;
    let (negative, rest) = match ascii.as_bytes() {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    let (base, digits, leading_zero_only) = split_prefix(rest, base);
    let mut values = Vec::with_capacity(digits.len());
    let mut previous_is_digit = false;
    let mut valid = !digits.is_empty();
    for &byte in digits {
        let digit = char::from(byte).to_digit(36).filter(|&digit| digit < base);
        match digit {
            Some(digit) => values.push(digit as u8),
            None if byte == b'_' && previous_is_digit => {}
            None => {
                valid = false;
                break;
            }
        }
        previous_is_digit = digit.is_some();
    }
    let limit = max_str_digits();
    if !base.is_power_of_two() && limit > 0 && values.len() > limit {
        return Err(ParseError::TooLong(values.len()));
    }
    if !valid || !previous_is_digit || (leading_zero_only && values.iter().any(|&digit| digit != 0)) {
        return Err(ParseError::Invalid);
    }
    let magnitude = from_digits(&values, base);
    Ok(BigInt::from_biguint(if negative { Sign::Minus } else { Sign::Plus }, magnitude))
}

/// A number in a base from 2 to 36 that is nothing but a few digits, perhaps after a minus; `None` for what needs [`parse`].
#[inline]
pub fn parse_plain(text: &[u8], base: u32) -> Option<i64> {
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    // As many as fit a small int in any case.
    let bits = base.next_power_of_two().trailing_zeros() as usize;
    if digits.is_empty() || digits.len() * bits > 62 {
        return None;
    }
    let mut value = 0;
    for &byte in digits {
        let digit = char::from(byte).to_digit(base)?;
        value = value * i64::from(base) + i64::from(digit);
    }
    Some(if negative { -value } else { value })
}

/// The decimal digits of a small number, written at the end of `buffer`.
#[inline]
pub fn decimal_bytes(value: i64, buffer: &mut [u8; 20]) -> &[u8] {
    const PAIRS: [[u8; 2]; 100] = {
        let (mut pairs, mut number) = ([[0; 2]; 100], 0);
        while number < 100 {
            pairs[number] = [b'0' + (number / 10) as u8, b'0' + (number % 10) as u8];
            number += 1;
        }
        pairs
    };
    let (mut rest, mut start) = (value.unsigned_abs(), buffer.len());
    while rest >= 10 {
        let pair = PAIRS[(rest % 100) as usize];
        rest /= 100;
        start -= 2;
        buffer[start..start + 2].copy_from_slice(&pair);
    }
    // What is left is one digit, or none behind the last pair.
    if rest > 0 || start == buffer.len() {
        start -= 1;
        buffer[start] = b'0' + rest as u8;
    }
    if value < 0 {
        start -= 1;
        buffer[start] = b'-';
    }
    &buffer[start..]
}

/// The decimal digits of a number as text.
pub fn decimal_digits(value: i64, buffer: &mut [u8; 20]) -> &str {
    std::str::from_utf8(decimal_bytes(value, buffer)).unwrap_or_default()
}

/// Takes a base's prefix off. The last part says that a decimal number must be zero, because it
/// starts with one and has no prefix.
fn split_prefix(text: &[u8], base: u32) -> (u32, &[u8], bool) {
    let named = match text {
        [b'0', b'x' | b'X', ..] => 16,
        [b'0', b'o' | b'O', ..] => 8,
        [b'0', b'b' | b'B', ..] => 2,
        _ => 0,
    };
    if named != 0 && (base == named || base == 0) {
        let rest = &text[2..];
        // One underscore may follow the prefix.
        let rest = match rest {
            [b'_', after @ ..] if !after.is_empty() => after,
            rest => rest,
        };
        return (named, rest, false);
    }
    match base {
        0 => (10, text, text.first() == Some(&b'0')),
        base => (base, text, false),
    }
}

/// The number with these digits, the highest first: halves are combined, which takes as long as their
/// multiplication does.
fn from_digits(digits: &[u8], base: u32) -> BigUint {
    if digits.len() <= 18 && base <= 10 {
        return BigUint::from(digits.iter().fold(0u64, |value, &digit| value * u64::from(base) + u64::from(digit)));
    }
    if digits.len() <= 1500 || base.is_power_of_two() {
        return BigUint::from_radix_be(digits, base).unwrap_or_default();
    }
    let low_len = digits.len() / 2;
    let (high, low) = digits.split_at(digits.len() - low_len);
    from_digits(high, base) * BigUint::from(base).pow(low_len) + from_digits(low, base)
}

/// The digits in a base from 2 to 36, in lower case, with a sign if negative.
pub fn to_radix(value: &BigInt, base: u32) -> String {
    match value.to_i64() {
        Some(small) if base == 10 => small.to_string(),
        _ => value.to_str_radix(base),
    }
}

/// The decimal digits, unless there are more than the limit allows.
pub fn to_decimal(vm: &mut Vm, value: &BigInt) -> PyResult<String> {
    let limit = max_str_digits();
    // 0.30102 is just below the logarithm of 2.
    let at_least = (value.bits() as u128).saturating_sub(1) * 30_102 / 100_000;
    if limit > 0 && at_least > limit as u128 {
        return Err(vm.value_error(too_long(None)));
    }
    let text = to_radix(value, 10);
    if limit > 0 && text.len() > limit && text.trim_start_matches('-').len() > limit {
        return Err(vm.value_error(too_long(None)));
    }
    Ok(text)
}
