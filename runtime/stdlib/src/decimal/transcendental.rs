//! `exp`, `ln`, `log10`, correctly rounded, and `power`.
//!
//! The first three are computed with some digits more than the precision, and again with more of
//! them if what is off could change the rounding. `power` multiplies where the exponent is an integer
//! and goes through `ln` and `exp` where it is not.

use super::coefficient::{Coefficient, power_of_ten};
use super::fixed;
use super::number::{Kind, Number};
use super::settings::condition::*;
use super::settings::{Rounding, Settings, Status};
use num_bigint::{BigInt, BigUint, Sign};
use num_integer::Integer;
use num_traits::{Signed, ToPrimitive, Zero};

/// An exponent beyond all limits.
const BEYOND: i64 = 2_000_000_000_000_000_001;

/// The greatest number of digits for which logarithms are worth trying.
const MOST_DIGITS: i64 = 10_000_000;

fn bits_for(digits: i64) -> u64 {
    (digits as f64 * std::f64::consts::LOG2_10) as u64 + 16
}

/// A positive finite number in fixed point.
fn fixed_point(coefficient: &Coefficient, exponent: i64, bits: u64) -> BigInt {
    let value = if exponent >= 0 {
        (coefficient.big().as_ref() * power_of_ten(exponent as u64).as_ref()) << bits
    } else {
        (coefficient.big().into_owned() << bits) / power_of_ten(exponent.unsigned_abs()).as_ref()
    };
    BigInt::from(value)
}

/// Whether a coefficient that is off by little more than one, having been cut, rounds to `precision` digits
/// without doubt: neither it nor its neighbours are halfway between two results.
fn is_certain(coefficient: &BigUint, precision: i64) -> bool {
    let value = Coefficient::from(coefficient.clone());
    let surplus = value.digits() - precision;
    if surplus <= 1 {
        return false;
    }
    let half = power_of_ten(surplus as u64 - 1).as_ref() * 5u32;
    let after = (coefficient + 1u32) % half;
    after > BigUint::from(2u32)
}

/// A number greater than zero taken apart for logarithms: `mantissa * 10**exponent`, the mantissa near one.
struct Scaled {
    coefficient: Coefficient,
    /// The exponent of the coefficient that makes the mantissa.
    places: i64,
    exponent: i64,
    /// How many digits are lost because the logarithm is close to zero.
    lost: i64,
}

impl Scaled {
    fn new(number: &Number) -> Scaled {
        let digits = number.coefficient.digits();
        let mut exponent = number.exponent + digits - 1;
        let mut places = 1 - digits;
        // The first two digits decide on which side of the square root of ten the mantissa is.
        let first = if digits >= 2 { number.coefficient.cut(digits as u64 - 2).0 } else { number.coefficient.times_power(1) };
        if first.small().is_some_and(|first| first >= 32) {
            exponent += 1;
            places -= 1;
        }
        let lost = if exponent == 0 { (1 - distance_to_one(number)).max(0) } else { 0 };
        Scaled { coefficient: number.coefficient.clone(), places, exponent, lost }
    }

    /// The mantissa's logarithm.
    fn ln(&self, bits: u64) -> BigInt {
        fixed::ln(&fixed_point(&self.coefficient, self.places, bits), bits)
    }
}

/// The exponent of the first digit of `|number - 1|`; the number is not one.
fn distance_to_one(number: &Number) -> i64 {
    let low = number.exponent.min(0);
    let own = number.coefficient.times_power((number.exponent - low) as u64);
    let one = Coefficient::ONE.times_power(low.unsigned_abs());
    let difference = if own > one { own.minus(&one) } else { one.minus(&own) };
    Number::new(false, difference, low).adjusted()
}

impl Settings {
    pub fn exp(&self, operand: &Number, status: &mut Status) -> Number {
        if let Some(nan) = self.propagate(&[operand], status) {
            return nan;
        }
        if operand.is_infinite() {
            return if operand.negative { Number::zero(false, 0) } else { operand.clone() };
        }
        if operand.is_zero() {
            return Number::one();
        }
        if self.precision > MOST_DIGITS {
            return status.invalid(INVALID_OPERATION);
        }
        let adjusted = operand.adjusted();
        let limit = if operand.negative { -self.etiny() + 1 } else { self.emax + 1 };
        let result = if adjusted > decimal_length(limit.saturating_mul(3)) {
            let exponent = if operand.negative { self.etiny() - 1 } else { self.emax + 1 };
            Number::new(false, Coefficient::ONE, exponent)
        } else if !operand.negative && adjusted < -self.precision {
            let places = self.precision;
            Number::new(false, Coefficient::ONE.times_power(places as u64).plus(&Coefficient::ONE), -places)
        } else if operand.negative && adjusted < -self.precision - 1 {
            let places = self.precision + 1;
            Number::new(false, Coefficient::ONE.times_power(places as u64).minus(&Coefficient::ONE), -places)
        } else {
            self.exp_digits(operand)
        };
        self.with_rounding(Rounding::HalfEven).finish(result, status)
    }

    fn exp_digits(&self, operand: &Number) -> Number {
        let mut extra = 4;
        loop {
            let digits = self.precision + extra;
            let bits = bits_for(digits + 2 + operand.adjusted().max(0));
            let mut x = fixed_point(&operand.coefficient, operand.exponent, bits);
            if operand.negative {
                x = -x;
            }
            let (exponent, rest) = x.div_mod_floor(&fixed::ln_10(bits));
            let mantissa = fixed::exp(&rest, bits);
            let coefficient = (mantissa.magnitude() * power_of_ten(digits as u64 - 1).as_ref()) >> bits;
            if is_certain(&coefficient, self.precision) {
                let most = BigInt::from(BEYOND);
                let exponent = exponent.clamp(-most.clone(), most).to_i64().unwrap_or(BEYOND);
                return Number::new(false, coefficient.into(), exponent - (digits - 1));
            }
            extra += 6;
        }
    }

    /// What both logarithms make of special operands.
    fn logarithm_special(&self, operand: &Number, status: &mut Status) -> Option<Number> {
        if let Some(nan) = self.propagate(&[operand], status) {
            return Some(nan);
        }
        if operand.is_zero() {
            return Some(Number::infinity(true));
        }
        if operand.negative {
            return Some(status.invalid(INVALID_OPERATION));
        }
        operand.is_infinite().then(|| operand.clone())
    }

    pub fn ln(&self, operand: &Number, status: &mut Status) -> Number {
        if let Some(special) = self.logarithm_special(operand, status) {
            return special;
        }
        if operand.compare(&Number::one()).is_eq() {
            return Number::zero(false, 0);
        }
        self.logarithm(operand, status, |scaled, bits| scaled.ln(bits) + fixed::ln_10(bits) * scaled.exponent)
    }

    pub fn log10(&self, operand: &Number, status: &mut Status) -> Number {
        if let Some(special) = self.logarithm_special(operand, status) {
            return special;
        }
        let zeros = operand.coefficient.digits() - 1;
        if operand.coefficient.trailing_zeros(zeros as u64) == zeros as u64 && operand.coefficient.cut(zeros as u64).0.is_one() {
            return self.with_rounding(Rounding::HalfEven).finish(Number::from_i64(operand.adjusted()), status);
        }
        self.logarithm(operand, status, |scaled, bits| (scaled.ln(bits) << bits) / fixed::ln_10(bits) + (BigInt::from(scaled.exponent) << bits))
    }

    fn logarithm(&self, operand: &Number, status: &mut Status, compute: fn(&Scaled, u64) -> BigInt) -> Number {
        if self.precision > MOST_DIGITS {
            return status.invalid(INVALID_OPERATION);
        }
        let scaled = Scaled::new(operand);
        let mut extra = 4;
        let result = loop {
            let places = self.precision + extra + scaled.lost;
            // The exponent's digits are before the point.
            let bits = bits_for(places + 24);
            let value = compute(&scaled, bits);
            let coefficient = (value.magnitude() * power_of_ten(places as u64).as_ref()) >> bits;
            if is_certain(&coefficient, self.precision) {
                break Number::new(value.is_negative(), coefficient.into(), -places);
            }
            extra += 6;
        };
        self.with_rounding(Rounding::HalfEven).finish(result, status)
    }

    pub fn power(&self, base: &Number, exponent: &Number, status: &mut Status) -> Number {
        if let Some(nan) = self.propagate(&[base, exponent], status) {
            return nan;
        }
        let integral = exponent.is_integer();
        let negative = integral && base.negative && exponent.is_odd();
        if base.is_zero() {
            return match (exponent.is_zero(), exponent.negative) {
                (true, _) => status.invalid(INVALID_OPERATION),
                (_, true) => Number::infinity(negative),
                (_, false) => Number::zero(negative, 0),
            };
        }
        if base.negative && !integral {
            return status.invalid(INVALID_OPERATION);
        }
        if exponent.is_infinite() {
            return self.power_infinite(base, exponent, status);
        }
        if exponent.is_zero() {
            return Number::one().with_sign(negative);
        }
        if base.is_infinite() {
            return if exponent.negative { Number::zero(negative, 0) } else { Number::infinity(negative) };
        }
        let magnitude = base.compare_magnitude(&Number::one());
        if magnitude.is_eq() {
            return self.power_of_one(base, exponent, integral, negative, status);
        }
        if let Some(result) = self.power_beyond(base, exponent, magnitude.is_gt() == exponent.negative, negative, status) {
            return result;
        }
        if integral { self.power_integer(base, exponent, negative, status) } else { self.power_real(base, exponent, status) }
    }

    /// One with as many zeros as the precision allows.
    fn padded_one(&self, zeros: i64, status: &mut Status) -> Number {
        if !self.affordable(zeros) {
            return status.invalid(MALLOC_ERROR);
        }
        Number::new(false, Coefficient::ONE.times_power(zeros as u64), -zeros)
    }

    fn power_infinite(&self, base: &Number, exponent: &Number, status: &mut Status) -> Number {
        match base.compare_magnitude(&Number::one()) {
            std::cmp::Ordering::Equal => {
                status.add(INEXACT | ROUNDED);
                self.padded_one(self.precision - 1, status)
            }
            order if order.is_gt() == exponent.negative => Number::zero(false, 0),
            _ => Number::infinity(false),
        }
    }

    fn power_of_one(&self, base: &Number, exponent: &Number, integral: bool, negative: bool, status: &mut Status) -> Number {
        if integral && exponent.negative {
            return Number::one().with_sign(negative);
        }
        let zeros = if integral {
            let wanted = BigUint::from(base.exponent.min(0).unsigned_abs()) * whole(exponent, self.precision);
            match wanted.to_i64().filter(|&wanted| wanted < self.precision) {
                Some(wanted) => wanted,
                None => {
                    status.add(ROUNDED);
                    self.precision - 1
                }
            }
        } else {
            status.add(INEXACT | ROUNDED);
            self.precision - 1
        };
        self.padded_one(zeros, status).with_sign(negative)
    }

    /// The result, if it is clear from the operands' magnitudes that it is out of range.
    fn power_beyond(&self, base: &Number, exponent: &Number, small: bool, negative: bool, status: &mut Status) -> Option<Number> {
        // The base's decimal logarithm is at least ten to the power of `bound`.
        let adjusted = base.adjusted();
        let bound = match adjusted {
            1.. => decimal_length(adjusted) - 1,
            ..=-2 => decimal_length(-1 - adjusted) - 1,
            0 => distance_to_one(base) - 2,
            -1 => distance_to_one(base) - 1,
        };
        let bound = bound + exponent.adjusted();
        let limit = if small { -self.etiny() } else { self.emax };
        if bound <= decimal_length(limit) {
            return None;
        }
        let exponent = if small { self.etiny() - 1 } else { BEYOND };
        Some(self.finish(Number::new(negative, Coefficient::ONE, exponent), status))
    }

    fn power_integer(&self, base: &Number, exponent: &Number, negative: bool, status: &mut Status) -> Number {
        let length = exponent.adjusted() + 1;
        let mut working = Settings { precision: self.precision + length + 2, rounding: Rounding::HalfEven, clamp: false, ..*self };
        let mut own = Status::default();
        let base = if exponent.negative {
            working.precision += 1;
            let inverse = working.divide(&Number::one(), base, &mut own);
            if own.0 & ERRORS != 0 {
                status.add(own.0 & ERRORS);
                return Number::NAN;
            }
            inverse
        } else {
            base.clone()
        };
        let exponent = whole(exponent, i64::MAX);
        let mut result = base.clone();
        for bit in (0..exponent.bits() - 1).rev() {
            result = working.multiply(&result, &result, &mut own);
            if exponent.bit(bit) {
                result = working.multiply(&result, &base, &mut own);
            }
            if result.is_special() || result.coefficient.is_zero() && own.0 & CLAMPED != 0 {
                break;
            }
        }
        status.add(own.0);
        if result.is_infinite() {
            result = Number::new(negative, Coefficient::ONE, BEYOND);
        }
        self.finish(result.with_sign(negative), status)
    }

    fn power_real(&self, base: &Number, exponent: &Number, status: &mut Status) -> Number {
        let precision = base.coefficient.digits().max(self.precision) + 4 + 19;
        let working = Settings::working(precision);
        let mut own = Status::default();
        let logarithm = working.ln(base, &mut own);
        let product = working.multiply(&logarithm, exponent, &mut own);
        let mut result = working.exp(&product, status);
        if result.is_finite() && result.compare(&Number::one()).is_eq() {
            result = self.padded_one(self.precision - 1, status);
        }
        if result.is_infinite() {
            result = Number::new(false, Coefficient::ONE, BEYOND);
        }
        self.finish(result, status)
    }

    /// `base ** exponent % modulus` of integers.
    pub fn power_modulo(&self, base: &Number, exponent: &Number, modulus: &Number, status: &mut Status) -> Number {
        if let Some(nan) = self.propagate(&[base, exponent, modulus], status) {
            return nan;
        }
        let integers = base.is_integer() && exponent.is_integer() && modulus.is_integer();
        let undefined = base.is_zero() && exponent.is_zero();
        if !integers || exponent.negative && !exponent.is_zero() || modulus.is_zero() || undefined || modulus.adjusted() >= self.precision {
            return status.invalid(INVALID_OPERATION);
        }
        let negative = base.negative && exponent.is_odd();
        let modulus = whole(modulus, i64::MAX);
        let power = modular_value(base, &modulus);
        // The exponent is coefficient * 10**places: one power after the other.
        let (coefficient, places) =
            if exponent.exponent >= 0 { (exponent.coefficient.big().into_owned(), exponent.exponent) } else { (whole(exponent, i64::MAX), 0) };
        let mut result = power;
        for _ in 0..places {
            result = result.modpow(&BigUint::from(10u32), &modulus);
            if result.is_zero() || result == BigUint::from(1u32) {
                break;
            }
        }
        let result = result.modpow(&coefficient, &modulus);
        self.finish(Number::new(negative, result.into(), 0), status)
    }
}

fn modular_value(number: &Number, modulus: &BigUint) -> BigUint {
    if number.exponent < 0 {
        return whole(number, i64::MAX) % modulus;
    }
    let scale = BigUint::from(10u32).modpow(&BigUint::from(number.exponent as u64), modulus);
    number.coefficient.big().as_ref() * scale % modulus
}

/// The magnitude of an integer; a number of more than `most` digits may come out as any other such number.
fn whole(number: &Number, most: i64) -> BigUint {
    if number.exponent > most && !number.coefficient.is_zero() {
        return power_of_ten(most.clamp(1, 40) as u64).as_ref().clone();
    }
    match number.exponent {
        exponent @ 0.. => number.coefficient.times_power(exponent as u64).big().into_owned(),
        exponent => number.coefficient.cut(exponent.unsigned_abs()).0.big().into_owned(),
    }
}

/// The number of decimal digits of a positive number.
fn decimal_length(value: i64) -> i64 {
    i64::from(value.max(1).ilog10()) + 1
}

/// The nearest integer below of a finite number, as a big integer.
pub fn to_integer(number: &Number) -> BigInt {
    let sign = if number.negative { Sign::Minus } else { Sign::Plus };
    debug_assert!(number.kind == Kind::Finite);
    BigInt::from_biguint(sign, whole(number, i64::MAX))
}
