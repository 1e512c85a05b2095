//! Exponential and logarithm in fixed point, on big integers: a value `v` is held as `v * 2**bits`.
//!
//! Every function here is off by a few units of the last place at most. Callers ask for more bits than
//! they need and check that what is off cannot change the rounding.

use num_bigint::BigInt;
use num_traits::{One, Signed, ToPrimitive, Zero};
use std::cell::RefCell;

/// Bits beyond those asked for, to hold the errors of many steps.
const GUARD: u64 = 24;

thread_local! {
    static LN_10: RefCell<(u64, BigInt)> = const { RefCell::new((0, BigInt::ZERO)) };
}

/// The natural logarithm of ten.
pub fn ln_10(bits: u64) -> BigInt {
    LN_10.with_borrow_mut(|(known, value)| {
        if *known < bits {
            let wanted = bits.max(512);
            *value = compute_ln_10(wanted);
            *known = wanted;
        }
        &*value >> (*known - bits)
    })
}

/// A formula in the manner of Machin: 46 artanh(1/31) + 34 artanh(1/49) + 20 artanh(1/161).
fn compute_ln_10(bits: u64) -> BigInt {
    let scale = bits + GUARD;
    let sum: BigInt = [(46u32, 31u32), (34, 49), (20, 161)].iter().map(|&(factor, inverse)| inverse_artanh(inverse, scale) * factor).sum();
    sum >> GUARD
}

/// artanh(1 / inverse)
fn inverse_artanh(inverse: u32, bits: u64) -> BigInt {
    let square = inverse * inverse;
    let mut power = (BigInt::one() << bits) / inverse;
    let mut sum = power.clone();
    let mut odd = 3u32;
    loop {
        power /= square;
        if power.is_zero() {
            return sum;
        }
        sum += &power / odd;
        odd += 2;
    }
}

/// `e**x` for an `x` of small magnitude: the argument is halved often enough for the series to be
/// short, and the sum squared as often.
pub fn exp(x: &BigInt, bits: u64) -> BigInt {
    let halvings = (bits as f64).sqrt() as u64 / 2 + 4;
    let scale = bits + halvings + GUARD;
    let x = x << GUARD;
    let mut sum = BigInt::one() << scale;
    let mut term = sum.clone();
    for step in 1u64.. {
        term = ((term * &x) >> scale) / step;
        if term.is_zero() || term == BigInt::from(-1) {
            break;
        }
        sum += &term;
    }
    for _ in 0..halvings {
        sum = (&sum * &sum) >> scale;
    }
    sum >> (scale - bits)
}

/// The natural logarithm of an `m` between a tenth and ten, by Halley's iteration, which triples the
/// number of right bits at each step.
pub fn ln(m: &BigInt, bits: u64) -> BigInt {
    let shift = bits.saturating_sub(60);
    let start = (m >> shift).to_f64().unwrap_or(1.0) / 2f64.powi((bits - shift) as i32);
    let mut steps = vec![bits + GUARD];
    while let Some(&last) = steps.last()
        && last > 120
    {
        steps.push(last / 3 + 8);
    }
    let mut known = 60u64;
    let mut y = BigInt::from((start.ln() * 2f64.powi(60)) as i64);
    for &step in steps.iter().rev() {
        y = if step >= known { y << (step - known) } else { y >> (known - step) };
        let m = if step >= bits { m << (step - bits) } else { m >> (bits - step) };
        let e = exp(&y, step);
        let correction = ((&m - &e) << (step + 1)) / (&m + &e);
        y += correction;
        known = step;
    }
    debug_assert!(y.abs().bits() <= known + 2);
    y >> (known - bits)
}
