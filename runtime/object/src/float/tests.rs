//! Texts, hashes and divisions of floats.

use super::{div_mod, hash_f64, parse, repr, shortest_digits};
use proptest::prelude::*;

proptest! {
    #[test]
    fn repr_reads_back(bits in any::<u64>()) {
        let value = f64::from_bits(bits);
        if !value.is_nan() {
            prop_assert_eq!(parse(&repr(value)).map(f64::to_bits), Some(bits));
        }
    }

    #[test]
    fn whole_numbers_hash_like_ints(value in -(1i64 << 53)..1 << 53) {
        prop_assert_eq!(hash_f64(value as f64), crate::int::hash_i64(value));
    }

    #[test]
    fn remainder_has_the_sign_of_the_divisor(left in any::<f64>(), right in any::<f64>()) {
        if left.is_finite() && right.is_finite() && right != 0.0 {
            let (_, rest) = div_mod(left, right);
            prop_assert!(rest == 0.0 || (rest < 0.0) == (right < 0.0));
            prop_assert!(rest.abs() <= right.abs());
        }
    }
}

#[test]
fn texts() {
    for (value, text) in [
        (1e16, "1e+16"),
        (1e15, "1000000000000000.0"),
        (123_456_789_012_345_680.0, "1.2345678901234568e+17"),
        (1e-4, "0.0001"),
        (1e-5, "1e-05"),
        (1.0, "1.0"),
        (0.1, "0.1"),
        (5e-324, "5e-324"),
        (f64::MAX, "1.7976931348623157e+308"),
        (-0.0, "-0.0"),
        (1234.5, "1234.5"),
        (f64::NEG_INFINITY, "-inf"),
    ] {
        assert_eq!(repr(value), text);
    }
    assert_eq!(shortest_digits(-1234.5), ("12345".to_owned(), 3));
}

#[test]
fn parsing() {
    for (text, value) in [
        ("1_0.5_0e1_0", 105e9),
        (" .5 ", 0.5),
        ("5.", 5.0),
        ("-inf", f64::NEG_INFINITY),
        ("+Infinity", f64::INFINITY),
        ("\u{661}.5", 1.5),
        ("1e400", f64::INFINITY),
    ] {
        assert_eq!(parse(text), Some(value), "{text:?}");
    }
    for text in ["", "1__0", "_1", "1_", "1_.5", "1._5", "x", ".", "e5", "1e", "0x10", "infinit", "1 2", "--1", "1e5.5"] {
        assert_eq!(parse(text), None, "{text:?}");
    }
}

#[test]
fn hashes() {
    assert_eq!(hash_f64(1.5), 1_152_921_504_606_846_977);
    assert_eq!(hash_f64(1e300), 1_224_995_262_755_759_164);
    assert_eq!(hash_f64(-1.0), -2);
    assert_eq!(hash_f64(f64::INFINITY), 314_159);
}

#[test]
fn divisions() {
    assert_eq!(div_mod(-7.0, 2.0), (-4.0, 1.0));
    assert_eq!(div_mod(7.0, -2.0), (-4.0, -1.0));
    assert_eq!(div_mod(1.0, f64::INFINITY), (0.0, 1.0));
    assert_eq!(div_mod(-1.0, f64::INFINITY), (-1.0, f64::INFINITY));
}
