//! Products, quotients and powers of complex numbers, with infinities recovered as C's Annex G says.

/// Real and imaginary part.
pub type Pair = (f64, f64);

/// 1 with the sign of an infinite part, 0 with the sign of any other.
fn boxed(part: f64) -> f64 {
    (if part.is_infinite() { 1.0f64 } else { 0.0 }).copysign(part)
}

fn without_nan(part: f64) -> f64 {
    if part.is_nan() { 0.0f64.copysign(part) } else { part }
}

pub fn product(z: Pair, w: Pair) -> Pair {
    let ((mut a, mut b), (mut c, mut d)) = (z, w);
    let (ac, bd, ad, bc) = (a * c, b * d, a * d, b * c);
    let result = (ac - bd, ad + bc);
    if !result.0.is_nan() || !result.1.is_nan() {
        return result;
    }
    let mut recover = false;
    if a.is_infinite() || b.is_infinite() {
        (a, b, c, d) = (boxed(a), boxed(b), without_nan(c), without_nan(d));
        recover = true;
    }
    if c.is_infinite() || d.is_infinite() {
        (a, b, c, d) = (without_nan(a), without_nan(b), boxed(c), boxed(d));
        recover = true;
    }
    if !recover && [ac, bd, ad, bc].iter().any(|part| part.is_infinite()) {
        (a, b, c, d) = (without_nan(a), without_nan(b), without_nan(c), without_nan(d));
        recover = true;
    }
    if recover { (f64::INFINITY * (a * c - b * d), f64::INFINITY * (a * d + b * c)) } else { result }
}

/// The quotient; that by zero is zero.
pub fn quotient(a: Pair, b: Pair) -> Pair {
    let (abs_real, abs_imaginary) = (b.0.abs(), b.1.abs());
    let result = if abs_real >= abs_imaginary {
        if abs_real == 0.0 {
            return (0.0, 0.0);
        }
        let ratio = b.1 / b.0;
        let denominator = b.0 + b.1 * ratio;
        ((a.0 + a.1 * ratio) / denominator, (a.1 - a.0 * ratio) / denominator)
    } else if abs_imaginary >= abs_real {
        let ratio = b.0 / b.1;
        let denominator = b.0 * ratio + b.1;
        ((a.0 * ratio + a.1) / denominator, (a.1 * ratio - a.0) / denominator)
    } else {
        (f64::NAN, f64::NAN)
    };
    if !result.0.is_nan() || !result.1.is_nan() {
        return result;
    }
    let (a_finite, b_finite) = (a.0.is_finite() && a.1.is_finite(), b.0.is_finite() && b.1.is_finite());
    if (a.0.is_infinite() || a.1.is_infinite()) && b_finite {
        let (x, y) = (boxed(a.0), boxed(a.1));
        (f64::INFINITY * (x * b.0 + y * b.1), f64::INFINITY * (y * b.0 - x * b.1))
    } else if (b.0.is_infinite() || b.1.is_infinite()) && a_finite {
        let (x, y) = (boxed(b.0), boxed(b.1));
        (0.0 * (a.0 * x + a.1 * y), 0.0 * (a.1 * x - a.0 * y))
    } else {
        result
    }
}

/// A real number divided by a complex one; the quotient by zero is zero.
pub fn quotient_of_real(a: f64, b: Pair) -> Pair {
    let (abs_real, abs_imaginary) = (b.0.abs(), b.1.abs());
    let result = if abs_real >= abs_imaginary {
        if abs_real == 0.0 {
            return (0.0, 0.0);
        }
        let ratio = b.1 / b.0;
        let denominator = b.0 + b.1 * ratio;
        (a / denominator, (-a * ratio) / denominator)
    } else if abs_imaginary >= abs_real {
        let ratio = b.0 / b.1;
        let denominator = b.0 * ratio + b.1;
        ((a * ratio) / denominator, (-a) / denominator)
    } else {
        (f64::NAN, f64::NAN)
    };
    if result.0.is_nan() && result.1.is_nan() && a.is_finite() && (b.0.is_infinite() || b.1.is_infinite()) {
        let (x, y) = (boxed(b.0), boxed(b.1));
        return (0.0 * (a * x), 0.0 * (-a * y));
    }
    result
}

/// The power; `None` for zero to a negative or complex power.
pub fn power(base: Pair, exponent: Pair) -> Option<Pair> {
    if exponent.1 == 0.0 && exponent.0 == exponent.0.floor() && exponent.0.abs() <= 100.0 {
        return integer_power(base, exponent.0 as i32);
    }
    if exponent == (0.0, 0.0) {
        return Some((1.0, 0.0));
    }
    if base == (0.0, 0.0) {
        return (exponent.1 == 0.0 && exponent.0 >= 0.0).then_some((0.0, 0.0));
    }
    let modulus = base.0.hypot(base.1);
    let angle = base.1.atan2(base.0);
    let (mut length, mut phase) = (modulus.powf(exponent.0), angle * exponent.0);
    if exponent.1 != 0.0 {
        length *= (-angle * exponent.1).exp();
        phase += exponent.1 * modulus.ln();
    }
    Some((length * phase.cos(), length * phase.sin()))
}

fn integer_power(base: Pair, exponent: i32) -> Option<Pair> {
    let power = positive_power(base, exponent.unsigned_abs());
    if exponent >= 0 {
        return Some(power);
    }
    (power != (0.0, 0.0)).then(|| quotient((1.0, 0.0), power))
}

fn positive_power(base: Pair, exponent: u32) -> Pair {
    let (mut result, mut square, mut mask) = ((1.0, 0.0), base, 1u32);
    while exponent >= mask {
        if exponent & mask != 0 {
            result = product(result, square);
        }
        mask <<= 1;
        square = product(square, square);
    }
    result
}
