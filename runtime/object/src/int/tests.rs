//! Conversions and roundings against exact arithmetic.

use super::digits::{decimal_digit, is_space};
use super::rounding::{compare_with_float, frexp, to_f64, true_quotient};
use super::text::{ParseError, parse, to_radix};
use super::{hash_bigint, hash_i64};
use num_bigint::BigInt;
use num_traits::{FromPrimitive, Pow, Signed, Zero};
use proptest::prelude::*;

fn power_of_two(exponent: u32) -> BigInt {
    BigInt::from(1) << exponent
}

/// The distance of `value * scale` from the float, as a fraction over a common denominator.
fn error(numerator: &BigInt, denominator: &BigInt, float: f64) -> (BigInt, BigInt) {
    // float = mantissa / 2^1074
    let scaled = exact(float);
    ((numerator * power_of_two(1074)) - scaled * denominator, denominator * power_of_two(1074))
}

fn exact(float: f64) -> BigInt {
    let bits = float.abs().to_bits();
    let exponent = (bits >> 52) as i64;
    let fraction = bits & ((1 << 52) - 1);
    let magnitude = if exponent == 0 { BigInt::from(fraction) } else { BigInt::from(fraction | 1 << 52) << (exponent - 1) };
    if float < 0.0 { -magnitude } else { magnitude }
}

fn assert_nearest(numerator: &BigInt, denominator: &BigInt, float: f64) {
    let (own, _) = error(numerator, denominator, float);
    for neighbour in [float.next_up(), float.next_down()] {
        if neighbour.is_finite() {
            let (other, _) = error(numerator, denominator, neighbour);
            assert!(own.abs() <= other.abs(), "{numerator} / {denominator} = {float}");
            if own.abs() == other.abs() {
                assert_eq!(float.to_bits() & 1, 0, "{numerator} / {denominator} = {float} is a tie");
            }
        }
    }
}

fn big() -> impl Strategy<Value = BigInt> {
    (any::<i128>(), 0..900u32, 0..3i64).prop_map(|(value, shift, low)| (BigInt::from(value) << shift) + low)
}

proptest! {
    #[test]
    fn inverses(a in big(), modulus in big()) {
        let modulus = num_integer::Integer::mod_floor(&modulus, &power_of_two(900)).into_parts().1 + 2u32;
        let a = a.into_parts().1 % &modulus;
        let common = num_integer::Integer::gcd(&a, &modulus);
        for (a, modulus) in [(a.clone(), modulus.clone()), (&a / &common, &modulus / &common)] {
            let expected = if modulus == num_bigint::BigUint::from(1u32) { None } else { a.modinv(&modulus) };
            if modulus > num_bigint::BigUint::from(1u32) {
                prop_assert_eq!(super::inverse::inverse(a, &modulus), expected);
            }
        }
    }

    #[test]
    fn powers_modulo_odd_numbers(base: u128, exponent: u64, more in 0usize..3, modulus: u128, bits in 2u32..129) {
        let modulus = (modulus >> (128 - bits)) | 1 | 1 << (bits - 1);
        let (base, exponent) = (base, num_bigint::BigUint::from(exponent) << (more * 40));
        let expected = num_bigint::BigUint::from(base).modpow(&exponent, &modulus.into());
        prop_assert_eq!(num_bigint::BigUint::from(super::montgomery::power(base, &exponent, modulus)), expected);
    }

    #[test]
    fn conversion_to_float_is_nearest(value in big()) {
        if let Some(float) = to_f64(&value) {
            assert_nearest(&value, &BigInt::from(1), float);
        }
    }

    #[test]
    fn quotients_are_nearest(a in big(), b in big()) {
        if !b.is_zero() && let Some(float) = true_quotient(&a, &b) {
            let (a, b) = if b.is_negative() { (-a, -b) } else { (a, b) };
            assert_nearest(&a, &b, float);
        }
    }

    #[test]
    fn tiny_quotients_are_nearest(a in any::<i64>(), shift in 900..1200u32, b in 1..1000u64) {
        let (a, b) = (BigInt::from(a), BigInt::from(b) << shift);
        let float = true_quotient(&a, &b).expect("small");
        assert_nearest(&a, &b, float);
    }

    #[test]
    fn ties_go_to_even(mantissa in 1u64 << 52..1 << 53, shift in 1..500u32) {
        let value = (BigInt::from(mantissa) << (shift + 1)) + power_of_two(shift);
        assert_nearest(&value, &BigInt::from(1), to_f64(&value).expect("in range"));
    }

    #[test]
    fn comparison_is_exact(value in big(), float in any::<f64>(), nudge in -2..3i64) {
        if float.is_finite() {
            let (ours, theirs) = (compare_with_float(&value, float), (value * power_of_two(1074)).cmp(&exact(float)));
            prop_assert_eq!(ours, Some(theirs));
            if let Some(whole) = BigInt::from_f64(float.trunc()) {
                let whole = whole + nudge;
                prop_assert_eq!(compare_with_float(&whole, float), Some((&whole * power_of_two(1074)).cmp(&exact(float))));
            }
        }
    }

    #[test]
    fn text_round_trips(value in big(), base in 2..=36u32) {
        prop_assert_eq!(parse(&to_radix(&value, base), base), Ok(value));
    }

    #[test]
    fn hashes_agree(value in any::<i64>()) {
        prop_assert_eq!(hash_i64(value), hash_bigint(&BigInt::from(value)));
    }
}

#[test]
fn hash_wraps_at_the_mersenne_prime() {
    assert_eq!(hash_i64((1 << 61) - 1), 0);
    assert_eq!(hash_i64(-1), -2);
    assert_eq!(hash_bigint(&power_of_two(200)), 131_072);
    assert_eq!(hash_bigint(&-power_of_two(200)), -131_072);
}

#[test]
fn literals() {
    for (text, base, value) in
        [(" 12 ", 10, 12), ("0x_f", 16, 15), ("0b1", 0, 1), ("0_0", 0, 0), ("-1_000", 10, -1000), ("\u{661}\u{662}", 10, 12), ("zz", 36, 1295)]
    {
        assert_eq!(parse(text, base), Ok(BigInt::from(value)), "{text:?}");
    }
    for (text, base) in [
        ("", 10),
        ("1_", 10),
        ("_1", 10),
        ("1__2", 10),
        ("010", 0),
        ("0b", 2),
        ("0x", 0),
        ("-", 10),
        ("+-1", 10),
        ("9", 8),
        ("0b2", 0),
        ("1\0", 10),
        ("0x__f", 16),
    ] {
        assert_eq!(parse(text, base), Err(ParseError::Invalid), "{text:?}");
    }
    assert_eq!(parse(&"9".repeat(5000), 10), Err(ParseError::TooLong(5000)));
    assert_eq!(parse(&"f".repeat(5000), 16), Ok(power_of_two(20_000) - 1));
}

#[test]
fn long_texts_are_read_in_halves() {
    let text = "1234567890".repeat(400);
    assert_eq!(to_radix(&parse(&text, 10).expect("digits"), 10), text);
}

#[test]
fn digits_of_other_scripts() {
    assert_eq!(decimal_digit('\u{1d7ff}' as u32), Some(9));
    assert_eq!(decimal_digit('\u{b2}' as u32), None);
    assert!(is_space('\u{3000}') && !is_space('\u{200b}'));
}

#[test]
fn mantissas_of_huge_ints() {
    assert_eq!(frexp(&BigInt::from(10).pow(400u32)).1, 1329);
    assert_eq!(frexp(&BigInt::from(1)), (0.5, 1));
    assert_eq!(frexp(&(power_of_two(100) - 1)), (0.5, 101));
}
