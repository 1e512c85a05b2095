//! `pow(a, -1, modulus)`: Euclid's algorithm in Lehmer's form.
//!
//! The quotients of two long numbers depend, for a while, on their leading 64 bits alone. So the remainders are computed of
//! these, the quotients are gathered in four words, and the long numbers are changed once for many quotients.
//!
//! Of `r[0] = modulus`, `r[1] = a`, `r[i+1] = r[i-1] - q[i] * r[i]` each is a multiple of `a` modulo the modulus, whose factors
//! alternate in sign: magnitudes and the number of steps are all there is to know of them.

use num_bigint::BigUint;
use num_traits::{One, ToPrimitive, Zero};

/// A pair of consecutive remainders as sums of an earlier pair's: `r[j] = ±(u.0 * A - v.0 * B)`, `r[j+1] = ∓(u.1 * A - v.1 * B)`.
struct Steps {
    u: (u64, u64),
    v: (u64, u64),
    /// How many steps lie between the pairs: `j`.
    count: u64,
}

/// The steps that two numbers take whose leading bits are these: those of which it is sure.
fn simulate(mut a: u64, mut b: u64) -> Steps {
    let (mut u, mut v) = ((0, 1, 0), (0, 0, 1));
    let mut count = 0;
    // Collins' condition: the next quotient is right if the remainders are at least as big as what the bits left out could change.
    while b >= v.2 && a - b >= v.1 + v.2 {
        let quotient = a / b;
        (a, b) = (b, a % b);
        u = (u.1, u.2, u.1 + quotient * u.2);
        v = (v.1, v.2, v.1 + quotient * v.2);
        count += 1;
    }
    // The last quotient may be one too big.
    Steps { u: (u.0, u.1), v: (v.0, v.1), count: if count == 0 { 0 } else { count - 1 } }
}

/// All steps of two words, to the end.
fn finish(mut a: u64, mut b: u64) -> (Steps, u64) {
    let mut steps = Steps { u: (1, 0), v: (0, 1), count: 0 };
    while b != 0 {
        let quotient = a / b;
        (a, b) = (b, a % b);
        let next = |(older, newer): (u64, u64)| (newer, older.wrapping_add(quotient.wrapping_mul(newer)));
        (steps.u, steps.v) = (next(steps.u), next(steps.v));
        steps.count += 1;
    }
    (steps, a)
}

/// The leading 64 bits of a number, and those of a smaller one that stand at the same places.
fn leading_bits(a: &BigUint, b: &BigUint) -> (u64, u64) {
    let (a, b) = (a.iter_u64_digits(), b.iter_u64_digits());
    let shorter_by = a.len() - b.len();
    let mut a = a.rev();
    let mut b = std::iter::repeat_n(0, shorter_by).chain(b.rev());
    let (a, b) = ([a.next().unwrap_or(0), a.next().unwrap_or(0)], [b.next().unwrap_or(0), b.next().unwrap_or(0)]);
    let shift = a[0].leading_zeros();
    let top = |words: [u64; 2]| ((u128::from(words[0]) << 64 | u128::from(words[1])) << shift >> 64) as u64;
    (top(a), top(b))
}

/// The inverse of `a`, which is below the modulus; `None` if they have a common divisor.
pub(super) fn inverse(a: BigUint, modulus: &BigUint) -> Option<BigUint> {
    let (mut r, mut s) = (modulus.clone(), a);
    // Magnitudes of the factors of `r` and `s`.
    let (mut x, mut y) = (BigUint::zero(), BigUint::one());
    let mut count = 0;
    let greatest_divisor = loop {
        if let (Some(small), Some(smaller)) = (r.to_u64(), s.to_u64()) {
            let (steps, divisor) = finish(small, smaller);
            x = &x * steps.u.0 + &y * steps.v.0;
            count += steps.count;
            break divisor;
        }
        if s.is_zero() {
            // Both are longer than a word.
            return None;
        }
        let (leading, other) = leading_bits(&r, &s);
        let steps = simulate(leading, other);
        if steps.count == 0 {
            let quotient = &r / &s;
            let remainder = &r - &quotient * &s;
            let next = &x + quotient * &y;
            (r, s, x, y) = (s, remainder, y, next);
            count += 1;
            continue;
        }
        let ((u0, u1), (v0, v1)) = (steps.u, steps.v);
        (r, s) = match steps.count % 2 {
            0 => (&r * u0 - &s * v0, &s * v1 - &r * u1),
            _ => (&s * v0 - &r * u0, &r * u1 - &s * v1),
        };
        (x, y) = (&x * u0 + &y * v0, &x * u1 + &y * v1);
        count += steps.count;
    };
    if greatest_divisor != 1 {
        return None;
    }
    Some(if count % 2 == 1 { x } else { modulus - x })
}
