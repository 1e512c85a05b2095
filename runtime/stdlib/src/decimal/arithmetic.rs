//! The basic operations: sum, product, quotients, remainders, square root.
//!
//! Each follows the General Decimal Arithmetic specification: NaNs and infinities first, then the
//! exact result, or as many digits of it as rounding needs, which [`Settings::finish`] rounds.

use super::coefficient::{Coefficient, POWERS, Rest, SMALL_DIGITS, digits_u128, divide_wide, multiply_wide};
use super::number::{Kind, Number};
use super::settings::condition::*;
use super::settings::{Rounding, Settings, Status};

impl Settings {
    /// What a NaN operand makes of the operation.
    #[inline]
    pub fn propagate(&self, operands: &[&Number], status: &mut Status) -> Option<Number> {
        if operands.iter().all(|operand| !operand.is_nan()) {
            return None;
        }
        Some(self.propagate_nan(operands, status))
    }

    #[cold]
    fn propagate_nan(&self, operands: &[&Number], status: &mut Status) -> Number {
        let signaling = operands.iter().find(|operand| operand.is_signaling());
        if signaling.is_some() {
            status.add(INVALID_OPERATION);
        }
        let quiet = operands.iter().find(|operand| operand.is_nan());
        match signaling.or(quiet) {
            Some(&nan) => self.fit_payload(Number { kind: Kind::Quiet, ..nan.clone() }),
            None => Number::NAN,
        }
    }

    pub fn plus(&self, operand: &Number, status: &mut Status) -> Number {
        if let Some(nan) = self.propagate(&[operand], status) {
            return nan;
        }
        let negative = if operand.is_zero() { operand.negative && self.rounding == Rounding::Floor } else { operand.negative };
        self.finish(operand.clone().with_sign(negative), status)
    }

    pub fn minus(&self, operand: &Number, status: &mut Status) -> Number {
        if let Some(nan) = self.propagate(&[operand], status) {
            return nan;
        }
        let negative = if operand.is_zero() { !operand.negative && self.rounding == Rounding::Floor } else { !operand.negative };
        self.finish(operand.clone().with_sign(negative), status)
    }

    pub fn absolute(&self, operand: &Number, status: &mut Status) -> Number {
        if operand.negative { self.minus(operand, status) } else { self.plus(operand, status) }
    }

    pub fn subtract(&self, left: &Number, right: &Number, status: &mut Status) -> Number {
        if let Some(nan) = self.propagate(&[left, right], status) {
            return nan;
        }
        self.add_signed(left, right, !right.negative, status)
    }

    pub fn add(&self, left: &Number, right: &Number, status: &mut Status) -> Number {
        if let Some(nan) = self.propagate(&[left, right], status) {
            return nan;
        }
        self.add_signed(left, right, right.negative, status)
    }

    /// `left + right`, where `right` has this sign.
    #[inline]
    fn add_signed(&self, left: &Number, right: &Number, right_negative: bool, status: &mut Status) -> Number {
        if left.is_special() || right.is_special() {
            return match (left.is_infinite(), right.is_infinite()) {
                (true, true) if left.negative != right_negative => status.invalid(INVALID_OPERATION),
                (true, _) => Number::infinity(left.negative),
                _ => Number::infinity(right_negative),
            };
        }
        if left.coefficient.is_zero() || right.coefficient.is_zero() {
            return self.add_zero(left, right, right_negative, status);
        }
        let (a, b, exponent) = self.align(left, right);
        if left.negative == right_negative {
            return self.finish(Number::new(left.negative, a.plus(&b), exponent), status);
        }
        let sum = match a.cmp(&b) {
            std::cmp::Ordering::Greater => Number::new(left.negative, a.minus(&b), exponent),
            std::cmp::Ordering::Less => Number::new(right_negative, b.minus(&a), exponent),
            std::cmp::Ordering::Equal => Number::zero(self.rounding == Rounding::Floor, exponent),
        };
        self.finish(sum, status)
    }

    fn add_zero(&self, left: &Number, right: &Number, right_negative: bool, status: &mut Status) -> Number {
        let floor = self.rounding == Rounding::Floor;
        let sum = match (left.coefficient.is_zero(), right.coefficient.is_zero()) {
            (true, true) => {
                let negative = if left.negative == right_negative { left.negative } else { floor };
                Number::zero(negative, left.exponent.min(right.exponent))
            }
            (true, false) => self.lengthen(right, right_negative, left.exponent),
            _ => self.lengthen(left, left.negative, right.exponent),
        };
        self.finish(sum, status)
    }

    /// A number written with a lesser exponent, as far as the precision allows.
    fn lengthen(&self, number: &Number, negative: bool, exponent: i64) -> Number {
        let exponent = exponent.max(number.exponent - self.precision - 1);
        if exponent >= number.exponent {
            return number.clone().with_sign(negative);
        }
        // No more digits than are kept, and one to show that there were more.
        let room = (self.precision + 1 - number.coefficient.digits()).max(0);
        let exponent = exponent.max(number.exponent - room - 1);
        Number::new(negative, number.coefficient.times_power((number.exponent - exponent) as u64), exponent)
    }

    /// The coefficients of two numbers at a common exponent. A number so small that only its
    /// presence matters stands in as one unit far below the other.
    #[inline]
    fn align(&self, left: &Number, right: &Number) -> (Coefficient, Coefficient, i64) {
        if left.exponent == right.exponent {
            return (left.coefficient.clone(), right.coefficient.clone(), left.exponent);
        }
        let swapped = left.exponent < right.exponent;
        let (high, low) = if swapped { (right, left) } else { (left, right) };
        let limit = high.exponent + (-1).min(high.coefficient.digits() - self.precision - 2);
        let (low_coefficient, exponent) = if low.exponent < limit && low.coefficient.digits() + low.exponent - 1 < limit {
            (Coefficient::ONE, limit)
        } else {
            (low.coefficient.clone(), low.exponent)
        };
        let high_coefficient = high.coefficient.times_power((high.exponent - exponent) as u64);
        if swapped { (low_coefficient, high_coefficient, exponent) } else { (high_coefficient, low_coefficient, exponent) }
    }

    pub fn multiply(&self, left: &Number, right: &Number, status: &mut Status) -> Number {
        if left.is_special() || right.is_special() {
            if let Some(nan) = self.propagate(&[left, right], status) {
                return nan;
            }
            if left.is_zero() || right.is_zero() {
                return status.invalid(INVALID_OPERATION);
            }
            return Number::infinity(left.negative != right.negative);
        }
        let negative = left.negative != right.negative;
        let exponent = left.exponent + right.exponent;
        if let (Some(a), Some(b)) = (left.coefficient.small(), right.coefficient.small())
            && let (high, low) = multiply_wide(a, b)
            && high != 0
            && let Some(product) = self.finish_wide(negative, high, low, exponent, status)
        {
            return product;
        }
        self.finish(Number::new(negative, left.coefficient.times(&right.coefficient), exponent), status)
    }

    /// Rounds a coefficient of 256 bits, if it is an ordinary case.
    fn finish_wide(&self, negative: bool, high: u128, low: u128, exponent: i64, status: &mut Status) -> Option<Number> {
        if self.precision >= SMALL_DIGITS as i64 || self.clamp {
            return None;
        }
        // As many digits as are surely too many go first; what is left is rounded as usual.
        let least_digits = (255 - i64::from(high.leading_zeros()) - 1) * 1233 / 4096;
        let places = least_digits - self.precision;
        let adjusted = exponent + least_digits;
        if !(1..=SMALL_DIGITS as i64).contains(&places) || adjusted <= self.emin + 2 || adjusted >= self.emax - 2 {
            return None;
        }
        let power = POWERS[places as usize];
        if high >= power {
            return None;
        }
        let (quotient, rest) = divide_wide(high, low, power);
        let mut digits = digits_u128(quotient);
        if digits < self.precision as u64 {
            return None;
        }
        let (coefficient, rest) = if digits > self.precision as u64 {
            let (shorter, cut) = super::coefficient::cut_u128(quotient, digits - self.precision as u64);
            (shorter, if rest != 0 { cut.with_more() } else { cut })
        } else {
            (quotient, classify(rest, power))
        };
        let mut exponent = exponent + places + (digits as i64 - self.precision);
        let mut coefficient = Coefficient::from(coefficient);
        if self.rounding.goes_up(&coefficient, rest, negative) {
            coefficient = coefficient.plus(&Coefficient::ONE);
            digits = coefficient.digits() as u64;
            if digits > self.precision as u64 {
                coefficient = coefficient.cut(1).0;
                exponent += 1;
            }
        }
        status.add(ROUNDED | if rest == Rest::Nothing { 0 } else { INEXACT });
        Some(Number::new(negative, coefficient, exponent))
    }

    pub fn divide(&self, left: &Number, right: &Number, status: &mut Status) -> Number {
        let negative = left.negative != right.negative;
        if left.is_special() || right.is_special() {
            if let Some(nan) = self.propagate(&[left, right], status) {
                return nan;
            }
            if left.is_infinite() {
                return if right.is_infinite() { status.invalid(INVALID_OPERATION) } else { Number::infinity(negative) };
            }
            status.add(CLAMPED);
            return Number::zero(negative, self.etiny());
        }
        if right.coefficient.is_zero() {
            if left.coefficient.is_zero() {
                return status.invalid(DIVISION_UNDEFINED);
            }
            status.add(DIVISION_BY_ZERO);
            return Number::infinity(negative);
        }
        let ideal = left.exponent - right.exponent;
        if left.coefficient.is_zero() {
            return self.finish(Number::zero(negative, ideal), status);
        }
        let shift = right.coefficient.digits() - left.coefficient.digits() + self.precision + 1;
        // Where there is no room for so many digits, a quotient that ends still fits.
        let affordable = self.affordable(shift);
        let shift = if affordable { shift } else { left.coefficient.digits() + 4 * right.coefficient.digits() + 10 };
        let (mut quotient, exact) = shifted_quotient(&left.coefficient, &right.coefficient, shift);
        if !exact && !affordable {
            return status.invalid(MALLOC_ERROR);
        }
        let mut exponent = ideal - shift;
        if !exact {
            // A last digit that shows that there is more.
            if matches!(quotient.last_digit(), 0 | 5) {
                quotient = quotient.plus(&Coefficient::ONE);
            }
        } else if exponent < ideal {
            let zeros = quotient.trailing_zeros((ideal - exponent) as u64);
            quotient = quotient.cut(zeros).0;
            exponent += zeros as i64;
        }
        self.finish(Number::new(negative, quotient, exponent), status)
    }

    /// Integer quotient and remainder of finite numbers, the divisor not zero; `None` if the quotient
    /// has too many digits.
    fn divide_integer(&self, left: &Number, right: &Number) -> Option<(Number, Number)> {
        let negative = left.negative != right.negative;
        let ideal = left.exponent.min(right.exponent);
        let distance = left.adjusted() - right.adjusted();
        if left.coefficient.is_zero() || distance <= -2 {
            return Some((Number::zero(negative, 0), rescaled(left, ideal)));
        }
        if distance > self.precision {
            return None;
        }
        let (a, b) = if left.exponent >= right.exponent {
            (left.coefficient.times_power((left.exponent - right.exponent) as u64), right.coefficient.clone())
        } else {
            (left.coefficient.clone(), right.coefficient.times_power((right.exponent - left.exponent) as u64))
        };
        let (quotient, rest) = a.divide(&b);
        if quotient.digits() > self.precision {
            return None;
        }
        Some((Number::new(negative, quotient, 0), Number::new(left.negative, rest, ideal)))
    }

    pub fn divide_int(&self, left: &Number, right: &Number, status: &mut Status) -> Number {
        if let Some(nan) = self.propagate(&[left, right], status) {
            return nan;
        }
        let negative = left.negative != right.negative;
        if left.is_infinite() {
            return if right.is_infinite() { status.invalid(INVALID_OPERATION) } else { Number::infinity(negative) };
        }
        if right.is_infinite() {
            return Number::zero(negative, 0);
        }
        if right.is_zero() {
            if left.is_zero() {
                return status.invalid(DIVISION_UNDEFINED);
            }
            status.add(DIVISION_BY_ZERO);
            return Number::infinity(negative);
        }
        match self.divide_integer(left, right) {
            Some((quotient, _)) => self.finish(quotient, status),
            None => status.invalid(DIVISION_IMPOSSIBLE),
        }
    }

    pub fn remainder(&self, left: &Number, right: &Number, status: &mut Status) -> Number {
        if let Some(nan) = self.propagate(&[left, right], status) {
            return nan;
        }
        if left.is_infinite() {
            return status.invalid(INVALID_OPERATION);
        }
        if right.is_infinite() {
            return self.finish(left.clone(), status);
        }
        if right.is_zero() {
            return status.invalid(if left.is_zero() { DIVISION_UNDEFINED } else { INVALID_OPERATION });
        }
        match self.divide_integer(left, right) {
            Some((_, rest)) => self.finish(rest, status),
            None => status.invalid(DIVISION_IMPOSSIBLE),
        }
    }

    pub fn div_mod(&self, left: &Number, right: &Number, status: &mut Status) -> (Number, Number) {
        if let Some(nan) = self.propagate(&[left, right], status) {
            return (nan.clone(), nan);
        }
        let negative = left.negative != right.negative;
        if left.is_infinite() {
            let quotient = if right.is_infinite() { Number::NAN } else { Number::infinity(negative) };
            return (quotient, status.invalid(INVALID_OPERATION));
        }
        if right.is_infinite() {
            return (Number::zero(negative, 0), self.finish(left.clone(), status));
        }
        if right.is_zero() {
            if left.is_zero() {
                return (status.invalid(DIVISION_UNDEFINED), Number::NAN);
            }
            status.add(DIVISION_BY_ZERO | INVALID_OPERATION);
            return (Number::infinity(negative), Number::NAN);
        }
        match self.divide_integer(left, right) {
            Some((quotient, rest)) => (self.finish(quotient, status), self.finish(rest, status)),
            None => (status.invalid(DIVISION_IMPOSSIBLE), Number::NAN),
        }
    }

    pub fn remainder_near(&self, left: &Number, right: &Number, status: &mut Status) -> Number {
        if let Some(nan) = self.propagate(&[left, right], status) {
            return nan;
        }
        if left.is_infinite() {
            return status.invalid(INVALID_OPERATION);
        }
        if right.is_zero() {
            return status.invalid(if left.is_zero() { DIVISION_UNDEFINED } else { INVALID_OPERATION });
        }
        if right.is_infinite() {
            return self.finish(left.clone(), status);
        }
        let ideal = left.exponent.min(right.exponent);
        if left.is_zero() {
            return self.finish(Number::zero(left.negative, ideal), status);
        }
        let distance = left.adjusted() - right.adjusted();
        if distance > self.precision {
            return status.invalid(DIVISION_IMPOSSIBLE);
        }
        if distance <= -2 {
            return self.finish(rescaled(left, ideal), status);
        }
        let a = left.coefficient.times_power((left.exponent - ideal) as u64);
        let b = right.coefficient.times_power((right.exponent - ideal) as u64);
        let (mut quotient, rest) = a.divide(&b);
        // Half of the divisor or more goes to the next multiple, to the even one if it is half.
        let complement = b.minus(&rest);
        let up = match rest.cmp(&complement) {
            std::cmp::Ordering::Greater => true,
            std::cmp::Ordering::Equal => quotient.is_odd(),
            std::cmp::Ordering::Less => false,
        };
        if up {
            quotient = quotient.plus(&Coefficient::ONE);
        }
        if quotient.digits() > self.precision {
            return status.invalid(DIVISION_IMPOSSIBLE);
        }
        let result = if up { Number::new(!left.negative, complement, ideal) } else { Number::new(left.negative, rest, ideal) };
        let sign = if result.is_zero() { left.negative } else { result.negative };
        self.finish(result.with_sign(sign), status)
    }

    pub fn fma(&self, left: &Number, right: &Number, third: &Number, status: &mut Status) -> Number {
        let undefined = left.is_infinite() && right.is_zero() || left.is_zero() && right.is_infinite();
        if undefined {
            return status.invalid(INVALID_OPERATION);
        }
        if let Some(nan) = self.propagate(&[left, right, third], status) {
            return nan;
        }
        if left.is_infinite() || right.is_infinite() {
            let product = Number::infinity(left.negative != right.negative);
            return self.add(&product, third, status);
        }
        let product = Number::new(left.negative != right.negative, left.coefficient.times(&right.coefficient), left.exponent + right.exponent);
        self.add(&product, third, status)
    }

    pub fn square_root(&self, operand: &Number, status: &mut Status) -> Number {
        if let Some(nan) = self.propagate(&[operand], status) {
            return nan;
        }
        if operand.is_infinite() && !operand.negative {
            return operand.clone();
        }
        let settings = self.with_rounding(Rounding::HalfEven);
        if operand.is_zero() {
            return settings.finish(Number::zero(operand.negative, operand.exponent.div_euclid(2)), status);
        }
        if operand.negative {
            return status.invalid(INVALID_OPERATION);
        }
        // One digit more than the precision, of a root whose square has an even exponent. Where there is
        // no room for so many digits, an exact root still fits.
        let affordable = self.affordable(2 * self.precision);
        let precision = if affordable { self.precision + 1 } else { operand.coefficient.digits() + 2 };
        let odd = operand.exponent.rem_euclid(2) == 1;
        let half = operand.exponent.div_euclid(2);
        let (coefficient, length) = if odd {
            (operand.coefficient.times_power(1), (operand.coefficient.digits() >> 1) + 1)
        } else {
            (operand.coefficient.clone(), (operand.coefficient.digits() + 1) >> 1)
        };
        let shift = precision - length;
        let (radicand, mut exact) = if shift >= 0 {
            (coefficient.times_power(2 * shift as u64), true)
        } else {
            let (quotient, rest) = coefficient.cut(2 * shift.unsigned_abs());
            (quotient, rest == Rest::Nothing)
        };
        let mut exponent = half - shift;
        let mut root = integer_root(&radicand);
        exact = exact && root.times(&root) == radicand;
        if !exact && !affordable {
            return status.invalid(MALLOC_ERROR);
        }
        if exact {
            if shift >= 0 {
                root = root.cut(shift as u64).0;
            } else {
                root = root.times_power(shift.unsigned_abs());
            }
            exponent += shift;
        } else if matches!(root.last_digit(), 0 | 5) {
            root = root.plus(&Coefficient::ONE);
        }
        settings.finish(Number::new(false, root, exponent), status)
    }
}

fn classify(rest: u128, power: u128) -> Rest {
    match rest {
        0 => Rest::Nothing,
        _ => match rest.cmp(&(power / 2)) {
            std::cmp::Ordering::Less => Rest::BelowHalf,
            std::cmp::Ordering::Equal => Rest::Half,
            std::cmp::Ordering::Greater => Rest::AboveHalf,
        },
    }
}

/// The number written with an exponent that is not greater than its own.
pub fn rescaled(number: &Number, exponent: i64) -> Number {
    if number.coefficient.is_zero() {
        return Number::zero(number.negative, exponent);
    }
    Number::new(number.negative, number.coefficient.times_power((number.exponent - exponent) as u64), exponent)
}

/// `left * 10**shift // right`, and whether there is no remainder.
fn shifted_quotient(left: &Coefficient, right: &Coefficient, shift: i64) -> (Coefficient, bool) {
    if let (Some(a), Some(b)) = (left.small(), right.small())
        && shift >= 0
        && let Some(found) = quotient_wide(a, b, shift as u64)
    {
        return found;
    }
    let (quotient, rest) =
        if shift >= 0 { left.times_power(shift as u64).divide(right) } else { left.divide(&right.times_power(shift.unsigned_abs())) };
    (quotient, rest.is_zero())
}

fn quotient_wide(a: u128, b: u128, shift: u64) -> Option<(Coefficient, bool)> {
    let (a, shift) = if shift > SMALL_DIGITS {
        let first = shift - SMALL_DIGITS;
        if first > SMALL_DIGITS {
            return None;
        }
        (a.checked_mul(POWERS[first as usize])?, SMALL_DIGITS)
    } else {
        (a, shift)
    };
    let (high, low) = multiply_wide(a, POWERS[shift as usize]);
    if high >= b {
        return None;
    }
    let (quotient, rest) = divide_wide(high, low, b);
    Some((quotient.into(), rest == 0))
}

fn integer_root(radicand: &Coefficient) -> Coefficient {
    match radicand.small() {
        Some(small) => small.isqrt().into(),
        None => radicand.big().sqrt().into(),
    }
}
