//! Powers of floats, for compiled code; quicker than the C library's for exponents that are written often: squares, cubes, roots and their reciprocals.
//!
//! What Python promises is the C library's `pow`, whose errors are below 0.54 units in the last place (glibc's own bound). So wherever the exact power is less
//! than 0.455 units from a float there is only one float that `pow` can give, and that is found with a few exact operations: products and square roots
//! with what rounding took away as a second float, about 100 bits in all. Where the exact power lies near the middle between two floats, about one time
//! in ten, and for bases with large exponents, `pow` is asked.

/// As far as the exact result may be from the float that is given, in units in its last place.
const SURE: f64 = 0.455;

/// `base ** exponent`, as the C library has it.
pub fn power(base: f64, exponent: f64) -> f64 {
    // The sign of what is squared does not matter, nor that of its rounding errors.
    let magnitude = if exponent.abs() == 2.0 { base.abs() } else { base };
    // Nothing that is computed on the way leaves the range of normal numbers.
    if (1e-60..1e60).contains(&magnitude)
        && let Some(result) = common(magnitude, exponent)
    {
        return result;
    }
    base.powf(exponent)
}

/// An unevaluated sum of two floats: the second is less than a unit in the last place of the first.
#[derive(Clone, Copy)]
struct Sum {
    high: f64,
    low: f64,
}

/// The exponents for which this is quicker.
#[inline]
fn common(base: f64, exponent: f64) -> Option<f64> {
    if exponent == 2.0 {
        return rounded(product(base, base));
    }
    if exponent == 0.5 {
        return rounded(root(base));
    }
    if exponent == 3.0 {
        return rounded(times(base, product(base, base)));
    }
    if exponent == -2.0 {
        return rounded(reciprocal(product(base, base)));
    }
    None
}

/// The float next to the sum, if all others are farther off by enough.
#[inline]
fn rounded(sum: Sum) -> Option<f64> {
    let nearest = sum.high + sum.low;
    let rest = (sum.high - nearest) + sum.low;
    let bits = nearest.to_bits();
    let unit = f64::from_bits(bits & (0x7ff << 52)) * f64::EPSILON;
    // Below a power of two floats are closer together.
    let is_power_of_two = bits << 12 == 0;
    (rest.abs() < unit * SURE && !is_power_of_two).then_some(nearest)
}

/// Exact.
#[inline]
fn product(left: f64, right: f64) -> Sum {
    let high = left * right;
    let ((a, b), (c, d)) = (halves(left), halves(right));
    Sum { high, low: ((a * c - high) + a * d + b * c) + b * d }
}

/// Two floats of 26 bits whose sum the number is (Veltkamp).
#[inline]
fn halves(number: f64) -> (f64, f64) {
    let scaled = number * 134_217_729.0;
    let upper = scaled - (scaled - number);
    (upper, number - upper)
}

#[inline]
fn times(factor: f64, sum: Sum) -> Sum {
    let Sum { high, low } = product(factor, sum.high);
    Sum { high, low: low + factor * sum.low }
}

#[inline]
fn root(number: f64) -> Sum {
    let high = number.sqrt();
    let square = product(high, high);
    Sum { high, low: ((number - square.high) - square.low) / (high + high) }
}

#[inline]
fn reciprocal(sum: Sum) -> Sum {
    let high = 1.0 / sum.high;
    let Sum { high: one, low } = product(high, sum.high);
    Sum { high, low: ((1.0 - one) - low - high * sum.low) * high }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_are_those_of_the_c_library() {
        let mut state = 88_172_645_463_325_252_u64;
        let mut random = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        };
        for turn in 0..400_000 {
            let exponent_bits = if turn % 2 == 0 { 0x3ff } else { 0x3ff - 250 + random() % 500 };
            let base = match turn % 5 {
                0 => (random() % 100_000) as f64 / 8.0,
                1 => ((random() % 1000) as f64).powi(2),
                _ => f64::from_bits(exponent_bits << 52 | random() >> 12),
            };
            for exponent in [2.0, 0.5, 3.0, -2.0, -1.5, 1.0, 0.0] {
                assert_eq!(power(base, exponent).to_bits(), base.powf(exponent).to_bits(), "{base:e} ** {exponent}");
                assert_eq!(power(-base, exponent).to_bits(), (-base).powf(exponent).to_bits(), "-{base:e} ** {exponent}");
            }
        }
    }
}
