//! Ints to floats, correctly rounded: conversion, quotients, comparison.

use num_bigint::{BigInt, BigUint};
use num_integer::Integer;
use num_traits::{FromPrimitive, Signed, ToPrimitive, Zero};
use std::cmp::Ordering;

/// `mantissa * 2^exponent`, rounded half to even. `inexact` says that the true value is slightly more
/// than `mantissa`, which then must have at least 55 significant bits. `None`: too large.
pub fn scale(mantissa: u64, inexact: bool, exponent: i64) -> Option<f64> {
    if mantissa == 0 {
        return Some(0.0);
    }
    let bits = i64::from(64 - mantissa.leading_zeros());
    // The exponent of the last bit of the result.
    let last = (bits + exponent - 53).max(-1074);
    let shift = last - exponent;
    let rounded = if shift <= 0 {
        mantissa << -shift
    } else if shift > 64 {
        0
    } else {
        let (quotient, rest, half) =
            if shift == 64 { (0, mantissa, 1u64 << 63) } else { (mantissa >> shift, mantissa & ((1 << shift) - 1), 1u64 << (shift - 1)) };
        let up = rest > half || (rest == half && (inexact || quotient & 1 == 1));
        quotient + u64::from(up)
    };
    if rounded == 0 {
        return Some(0.0);
    }
    let top = i64::from(64 - rounded.leading_zeros()) + last;
    if top > 1024 {
        return None;
    }
    // Both steps are exact: `rounded` has at most 53 bits, or is a power of two.
    let high = last.max(-1000);
    Some(rounded as f64 * power_of_two(high) * power_of_two(last - high))
}

/// `2^exponent` for an exponent from -1022 to 1023.
fn power_of_two(exponent: i64) -> f64 {
    f64::from_bits(((exponent + 1023) as u64) << 52)
}

/// The nearest float; `None` if the int is too large.
pub fn to_f64(value: &BigInt) -> Option<f64> {
    if let Some(small) = value.to_i64() {
        return Some(small as f64);
    }
    let magnitude = value.magnitude();
    let shift = magnitude.bits() - 64;
    let top = (magnitude >> shift).to_u64().unwrap_or(u64::MAX);
    let inexact = magnitude.trailing_zeros().is_some_and(|zeros| zeros < shift);
    let result = scale(top, inexact, i64::try_from(shift).ok()?)?;
    Some(if value.is_negative() { -result } else { result })
}

/// `value` as `mantissa * 2^exponent`, the mantissa in [0.5, 1) and rounded: for logarithms of huge ints.
pub fn frexp(value: &BigInt) -> (f64, i64) {
    let bits = i64::try_from(value.bits()).unwrap_or(i64::MAX);
    if bits <= 64 {
        let float = to_f64(value).unwrap_or(0.0);
        return if float == 0.0 { (0.0, 0) } else { normalise(float) };
    }
    let shift = bits - 64;
    let magnitude = value.magnitude();
    let top = (magnitude >> shift as u64).to_u64().unwrap_or(u64::MAX);
    let inexact = magnitude.trailing_zeros().is_some_and(|zeros| zeros < shift as u64);
    let (mantissa, exponent) = normalise(scale(top, inexact, 0).unwrap_or(0.0));
    (if value.is_negative() { -mantissa } else { mantissa }, exponent + shift)
}

fn normalise(value: f64) -> (f64, i64) {
    let exponent = ((value.to_bits() >> 52) & 0x7ff) as i64 - 1022;
    (value / power_of_two(exponent), exponent)
}

/// The nearest float to the quotient; `None` if it is too large. The divisor is not zero.
pub fn true_quotient(dividend: &BigInt, divisor: &BigInt) -> Option<f64> {
    const EXACT: i64 = 1 << 53;
    if let (Some(a), Some(b)) = (dividend.to_i64(), divisor.to_i64())
        && (-EXACT..=EXACT).contains(&a)
        && (-EXACT..=EXACT).contains(&b)
    {
        return Some(a as f64 / b as f64);
    }
    let negative = dividend.is_negative() != divisor.is_negative();
    let result = quotient(dividend.magnitude(), divisor.magnitude())?;
    Some(if negative { -result } else { result })
}

fn quotient(dividend: &BigUint, divisor: &BigUint) -> Option<f64> {
    if dividend.is_zero() {
        return Some(0.0);
    }
    // Scaled so that the quotient has 62 or 63 bits.
    let shift = dividend.bits() as i64 - divisor.bits() as i64 - 62;
    let (quotient, rest) = if shift >= 0 { dividend.div_rem(&(divisor << shift as u64)) } else { (dividend << (-shift) as u64).div_rem(divisor) };
    scale(quotient.to_u64()?, !rest.is_zero(), shift)
}

/// Compares exactly; `None` if the float is not a number.
pub fn compare_with_float(value: &BigInt, float: f64) -> Option<Ordering> {
    if float.is_nan() {
        return None;
    }
    if float.is_infinite() {
        return Some(if float > 0.0 { Ordering::Less } else { Ordering::Greater });
    }
    let whole = BigInt::from_f64(float.trunc()).unwrap_or_default();
    let fraction = float.fract();
    Some(value.cmp(&whole).then(if fraction > 0.0 {
        Ordering::Less
    } else if fraction < 0.0 {
        Ordering::Greater
    } else {
        Ordering::Equal
    }))
}
