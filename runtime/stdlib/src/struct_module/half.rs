//! Floats of 16 bits: a sign, 5 bits of exponent, 10 of fraction.

/// The nearest half-precision float, ties to even; `None` if the value is too large.
pub(super) fn from_f64(value: f64) -> Option<u16> {
    let sign = ((value.to_bits() >> 48) & 0x8000) as u16;
    if value.is_nan() {
        return Some(sign | 0x7e00);
    }
    if value.is_infinite() {
        return Some(sign | 0x7c00);
    }
    let exponent = ((value.to_bits() >> 52) & 0x7ff) as i32 - 1023;
    if exponent < -26 {
        return Some(sign);
    }
    // Values below 2^-14 have the quantum of that exponent.
    let scale = exponent.max(-14);
    let rounded = (value.abs() * 2f64.powi(10 - scale)).round_ties_even() as u32;
    // A fraction that was rounded up to the next power carries into the exponent.
    let bits = if exponent < -14 { rounded } else { ((scale + 14) as u32 * 1024).saturating_add(rounded) };
    (bits < 0x7c00).then_some(sign | bits as u16)
}

/// The value of a half-precision float.
pub(super) fn to_f64(bits: u16) -> f64 {
    let sign = if bits & 0x8000 == 0 { 1.0 } else { -1.0 };
    let (exponent, fraction) = (i32::from(bits >> 10 & 0x1f), f64::from(bits & 0x3ff));
    sign * match exponent {
        0 => fraction * 2f64.powi(-24),
        0x1f if fraction == 0.0 => f64::INFINITY,
        0x1f => f64::NAN,
        _ => (1.0 + fraction / 1024.0) * 2f64.powi(exponent - 15),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_halves_round_trip() {
        for bits in 0..=u16::MAX {
            let value = to_f64(bits);
            if !value.is_nan() {
                assert_eq!(from_f64(value), Some(bits), "{bits:#x}");
            }
        }
        assert_eq!(from_f64(65519.9), Some(0x7bff));
        assert_eq!(from_f64(65520.0), None);
        assert_eq!(from_f64(2f64.powi(-25)), Some(0));
        assert_eq!(from_f64(2f64.powi(-25) * 1.01), Some(1));
    }
}
