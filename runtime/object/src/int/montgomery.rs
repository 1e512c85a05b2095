//! `pow(base, exponent, modulus)` for odd moduli of up to 128 bits, without memory of its own.
//!
//! Montgomery's method: a number `x` is held as `x * 2^128 mod n`, and the product of two such comes from a multiplication
//! in which each step adds what makes the lowest limb zero.

use num_bigint::BigUint;

/// Two limbs, the lower first.
type Limbs = [u64; 2];

struct Field {
    modulus: u128,
    limbs: Limbs,
    /// `-1 / modulus` modulo `2^64`.
    inverse: u64,
}

fn limbs(value: u128) -> Limbs {
    [value as u64, (value >> 64) as u64]
}

/// `a * b + c + d`, low and high limb: it always fits.
#[inline(always)]
fn multiply_add(a: u64, b: u64, c: u64, d: u64) -> (u64, u64) {
    let sum = u128::from(a) * u128::from(b) + u128::from(c) + u128::from(d);
    (sum as u64, (sum >> 64) as u64)
}

impl Field {
    /// Of an odd modulus above 1.
    fn new(modulus: u128) -> Field {
        let low = modulus as u64;
        // An odd number is its own inverse modulo 8; each step doubles the number of right bits.
        let mut inverse = low;
        for _ in 0..5 {
            inverse = inverse.wrapping_mul(2u64.wrapping_sub(low.wrapping_mul(inverse)));
        }
        Field { modulus, limbs: limbs(modulus), inverse: inverse.wrapping_neg() }
    }

    /// `value * 2^128 mod n`, for a value below the modulus.
    fn enter(&self, mut value: u128) -> u128 {
        for _ in 0..128 {
            let (doubled, carry) = (value << 1, value >> 127 != 0);
            value = if carry || doubled >= self.modulus { doubled.wrapping_sub(self.modulus) } else { doubled };
        }
        value
    }

    /// `a * b / 2^128 mod n`
    #[inline]
    fn multiply(&self, a: u128, b: u128) -> u128 {
        let (a, n) = (limbs(a), self.limbs);
        let (mut low, mut middle, mut high) = (0, 0, 0);
        for limb in limbs(b) {
            let (sum, carry) = multiply_add(a[0], limb, low, 0);
            let (next, carry) = multiply_add(a[1], limb, middle, carry);
            let (top, overflow) = u64::overflowing_add(high, carry);
            let factor = sum.wrapping_mul(self.inverse);
            let (_, carry) = multiply_add(factor, n[0], sum, 0);
            let (shifted, carry) = multiply_add(factor, n[1], next, carry);
            let (above, again) = top.overflowing_add(carry);
            (low, middle, high) = (shifted, above, u64::from(overflow) + u64::from(again));
        }
        let value = u128::from(middle) << 64 | u128::from(low);
        if high != 0 || value >= self.modulus { value.wrapping_sub(self.modulus) } else { value }
    }
}

/// `base ** exponent % modulus`; the modulus is odd and above 1.
pub(super) fn power(base: u128, exponent: &BigUint, modulus: u128) -> u128 {
    let field = Field::new(modulus);
    let base = field.enter(base % modulus);
    let Some(top) = exponent.bits().checked_sub(1) else { return 1 };
    let mut result = base;
    for bit in (0..top).rev() {
        result = field.multiply(result, result);
        if exponent.bit(bit) {
            result = field.multiply(result, base);
        }
    }
    field.multiply(result, 1)
}
