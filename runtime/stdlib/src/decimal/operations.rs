//! Operations that look at digits and exponents rather than compute: quantizing, rounding to integers,
//! extremes, neighbours, digit-wise logic, shifts.

use super::arithmetic::rescaled;
use super::coefficient::{Coefficient, Rest};
use super::number::{Kind, Number};
use super::settings::condition::*;
use super::settings::{Rounding, Settings, Status};
use std::cmp::Ordering;

/// Which of two numbers is wanted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Extreme {
    Greatest,
    Least,
}

/// Whether signs count.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    Value,
    Magnitude,
}

impl Settings {
    /// The number with another exponent, rounded; no limit of precision.
    fn rescale(&self, number: &Number, exponent: i64, status: &mut Status) -> Number {
        if exponent <= number.exponent {
            return rescaled(number, exponent);
        }
        if number.coefficient.is_zero() {
            return Number::zero(number.negative, exponent);
        }
        let (mut coefficient, rest) = number.coefficient.cut((exponent - number.exponent) as u64);
        if self.rounding.goes_up(&coefficient, rest, number.negative) {
            coefficient = coefficient.plus(&Coefficient::ONE);
        }
        status.add(ROUNDED | if rest == Rest::Nothing { 0 } else { INEXACT });
        Number::new(number.negative, coefficient, exponent)
    }

    pub fn quantize(&self, number: &Number, pattern: &Number, status: &mut Status) -> Number {
        if let Some(nan) = self.propagate(&[number, pattern], status) {
            return nan;
        }
        if number.is_infinite() || pattern.is_infinite() {
            if number.is_infinite() && pattern.is_infinite() {
                return number.clone();
            }
            return status.invalid(INVALID_OPERATION);
        }
        let exponent = pattern.exponent;
        if exponent < self.etiny() || exponent > self.emax {
            return status.invalid(INVALID_OPERATION);
        }
        if number.is_zero() {
            return self.finish(Number::zero(number.negative, exponent), status);
        }
        let adjusted = number.adjusted();
        if adjusted > self.emax || adjusted - exponent + 1 > self.precision {
            return status.invalid(INVALID_OPERATION);
        }
        let mut own = Status::default();
        let result = self.rescale(number, exponent, &mut own);
        if result.adjusted() > self.emax || result.coefficient.digits() > self.precision {
            return status.invalid(INVALID_OPERATION);
        }
        status.add(own.0);
        if !result.is_zero() && result.adjusted() < self.emin {
            status.add(SUBNORMAL);
        }
        let mut finishing = Status::default();
        let result = self.finish(result, &mut finishing);
        status.add(finishing.0);
        result
    }

    /// `to_integral_exact`: reports what rounding lost.
    pub fn integral_exact(&self, number: &Number, status: &mut Status) -> Number {
        if let Some(nan) = self.propagate(&[number], status) {
            return nan;
        }
        if number.is_infinite() || number.exponent >= 0 {
            return number.clone();
        }
        if number.is_zero() {
            return Number::zero(number.negative, 0);
        }
        self.rescale(number, 0, status)
    }

    pub fn integral_value(&self, number: &Number, status: &mut Status) -> Number {
        let mut own = Status::default();
        let result = self.integral_exact(number, &mut own);
        status.add(own.0 & !(INEXACT | ROUNDED));
        result
    }

    /// Without zeros at the end.
    pub fn normalize(&self, number: &Number, status: &mut Status) -> Number {
        if let Some(nan) = self.propagate(&[number], status) {
            return nan;
        }
        let rounded = self.finish(number.clone(), status);
        if !rounded.is_finite() {
            return rounded;
        }
        if rounded.is_zero() {
            return Number::zero(rounded.negative, 0);
        }
        let most = if self.clamp { self.etop() } else { self.emax };
        let room = (most - rounded.exponent).max(0) as u64;
        let zeros = rounded.coefficient.trailing_zeros(room);
        Number::new(rounded.negative, rounded.coefficient.cut(zeros).0, rounded.exponent + zeros as i64)
    }

    pub fn compare(&self, left: &Number, right: &Number, status: &mut Status) -> Number {
        if let Some(nan) = self.propagate(&[left, right], status) {
            return nan;
        }
        ordering_number(left.compare(right))
    }

    /// The same, but quiet NaNs are signalled too.
    pub fn compare_signal(&self, left: &Number, right: &Number, status: &mut Status) -> Number {
        if let Some(nan) = self.propagate(&[left, right], status) {
            status.add(INVALID_OPERATION);
            return nan;
        }
        ordering_number(left.compare(right))
    }

    pub fn extreme(&self, left: &Number, right: &Number, want: Extreme, measure: Measure, status: &mut Status) -> Number {
        if left.is_nan() || right.is_nan() {
            // A quiet NaN gives way to a number.
            return match (left.kind, right.kind) {
                (Kind::Quiet, Kind::Finite | Kind::Infinite) => self.finish(right.clone(), status),
                (Kind::Finite | Kind::Infinite, Kind::Quiet) => self.finish(left.clone(), status),
                _ => self.propagate(&[left, right], status).unwrap_or(Number::NAN),
            };
        }
        let order = match measure {
            Measure::Value => left.compare(right),
            Measure::Magnitude => left.compare_magnitude(right),
        };
        let order = order.then_with(|| left.compare_total(right));
        let first = match want {
            Extreme::Greatest => order != Ordering::Less,
            Extreme::Least => order == Ordering::Less,
        };
        self.finish(if first { left } else { right }.clone(), status)
    }

    /// The nearest representable number above or below.
    pub fn next(&self, number: &Number, down: bool, status: &mut Status) -> Number {
        if let Some(nan) = self.propagate(&[number], status) {
            return nan;
        }
        if number.is_infinite() {
            return if number.negative == down { number.clone() } else { self.largest(number.negative, status) };
        }
        let settings = self.with_rounding(if down { Rounding::Floor } else { Rounding::Ceiling });
        let mut own = Status::default();
        let rounded = settings.finish(number.clone(), &mut own);
        let differs = own.0 & (INEXACT | OVERFLOW) != 0;
        if differs {
            return rounded;
        }
        let tiny = Number::new(down, Coefficient::ONE, settings.etiny() - 1);
        let result = settings.add(number, &tiny, &mut own);
        status.add(own.0 & MALLOC_ERROR);
        result
    }

    pub fn next_toward(&self, number: &Number, target: &Number, status: &mut Status) -> Number {
        if let Some(nan) = self.propagate(&[number, target], status) {
            return nan;
        }
        let down = match number.compare(target) {
            Ordering::Equal => return number.clone().with_sign(target.negative),
            Ordering::Less => false,
            Ordering::Greater => true,
        };
        let result = self.next(number, down, status);
        if result.is_infinite() {
            status.add(OVERFLOW | INEXACT | ROUNDED);
        } else if result.is_finite() && result.adjusted() < self.emin {
            status.add(UNDERFLOW | SUBNORMAL | INEXACT | ROUNDED);
            if result.is_zero() {
                status.add(CLAMPED);
            }
        }
        result
    }

    pub fn logb(&self, number: &Number, status: &mut Status) -> Number {
        if let Some(nan) = self.propagate(&[number], status) {
            return nan;
        }
        if number.is_infinite() {
            return Number::infinity(false);
        }
        if number.is_zero() {
            status.add(DIVISION_BY_ZERO);
            return Number::infinity(true);
        }
        self.finish(Number::from_i64(number.adjusted()), status)
    }

    pub fn scaleb(&self, number: &Number, places: &Number, status: &mut Status) -> Number {
        if let Some(nan) = self.propagate(&[number, places], status) {
            return nan;
        }
        let limit = 2 * (self.emax + self.precision);
        match small_integer(places) {
            Some(shift) if shift.abs() <= limit => {
                if number.is_infinite() {
                    return number.clone();
                }
                let moved = Number { exponent: number.exponent + shift, ..number.clone() };
                self.finish(moved, status)
            }
            _ => status.invalid(INVALID_OPERATION),
        }
    }

    /// The count of places by which to shift or rotate, or the result if there is nothing to move.
    fn places(&self, number: &Number, places: &Number, status: &mut Status) -> Result<i64, Number> {
        if let Some(nan) = self.propagate(&[number, places], status) {
            return Err(nan);
        }
        match small_integer(places).filter(|places| places.abs() <= self.precision) {
            None => Err(status.invalid(INVALID_OPERATION)),
            Some(_) if number.is_infinite() => Err(number.clone()),
            Some(places) => Ok(places),
        }
    }

    pub fn shift(&self, number: &Number, places: &Number, status: &mut Status) -> Number {
        let places = match self.places(number, places, status) {
            Ok(places) => places,
            Err(result) => return result,
        };
        if !self.affordable(places) {
            return status.invalid(MALLOC_ERROR);
        }
        let coefficient = if places < 0 {
            number.coefficient.last_digits(self.precision as u64).cut(places.unsigned_abs()).0
        } else {
            // Digits that would be shifted out need not be there.
            number.coefficient.last_digits((self.precision - places) as u64).times_power(places as u64)
        };
        Number::new(number.negative, coefficient, number.exponent)
    }

    pub fn rotate(&self, number: &Number, places: &Number, status: &mut Status) -> Number {
        let places = match self.places(number, places, status) {
            Ok(places) => places,
            Err(result) => return result,
        };
        if !self.affordable(self.precision) {
            return status.invalid(MALLOC_ERROR);
        }
        let places = places.rem_euclid(self.precision);
        let digits = number.coefficient.last_digits(self.precision as u64);
        let (high, _) = digits.cut((self.precision - places) as u64);
        let low = digits.last_digits((self.precision - places) as u64).times_power(places as u64);
        Number::new(number.negative, low.plus(&high), number.exponent)
    }

    /// Digit-wise `and`, `or`, `xor` of numbers whose digits are zeros and ones.
    pub fn logical(&self, left: &Number, right: &Number, combine: fn(bool, bool) -> bool, status: &mut Status) -> Number {
        let (Some(a), Some(b)) = (self.logical_digits(left), self.logical_digits(right)) else {
            return status.invalid(INVALID_OPERATION);
        };
        let length = a.len().max(b.len());
        let digit = |digits: &[bool], place: usize| digits.len().checked_sub(place + 1).is_some_and(|index| digits[index]);
        from_logical((0..length).rev().map(|place| combine(digit(&a, place), digit(&b, place))))
    }

    pub fn logical_invert(&self, number: &Number, status: &mut Status) -> Number {
        let Some(digits) = self.logical_digits(number) else {
            return status.invalid(INVALID_OPERATION);
        };
        if !self.affordable(self.precision) {
            return status.invalid(MALLOC_ERROR);
        }
        let length = self.precision as usize;
        let missing = length - digits.len().min(length);
        from_logical((0..length).map(|index| index < missing || !digits[index - missing]))
    }

    /// The digits of a logical operand, as many as the precision keeps.
    fn logical_digits(&self, number: &Number) -> Option<Vec<bool>> {
        if !number.is_finite() || number.negative || number.exponent != 0 {
            return None;
        }
        let text = number.coefficient.text();
        if !text.bytes().all(|digit| matches!(digit, b'0' | b'1')) {
            return None;
        }
        let kept = (self.precision as usize).min(text.len());
        Some(text.as_bytes()[text.len() - kept..].iter().map(|&digit| digit == b'1').collect())
    }

    pub fn is_subnormal(&self, number: &Number) -> bool {
        number.is_finite() && !number.is_zero() && number.adjusted() < self.emin
    }

    pub fn is_normal(&self, number: &Number) -> bool {
        number.is_finite() && !number.is_zero() && number.adjusted() >= self.emin
    }

    pub fn number_class(&self, number: &Number) -> &'static str {
        match (number.kind, number.negative) {
            (Kind::Signaling, _) => "sNaN",
            (Kind::Quiet, _) => "NaN",
            (Kind::Infinite, true) => "-Infinity",
            (Kind::Infinite, false) => "+Infinity",
            (Kind::Finite, negative) => match (number.is_zero(), self.is_subnormal(number), negative) {
                (true, _, true) => "-Zero",
                (true, _, false) => "+Zero",
                (_, true, true) => "-Subnormal",
                (_, true, false) => "+Subnormal",
                (_, false, true) => "-Normal",
                (_, false, false) => "+Normal",
            },
        }
    }
}

/// Whether two numbers have the same exponent, or are both infinite or both NaN.
pub fn same_quantum(left: &Number, right: &Number) -> bool {
    if left.is_special() || right.is_special() {
        return left.is_nan() && right.is_nan() || left.is_infinite() && right.is_infinite();
    }
    left.exponent == right.exponent
}

pub fn ordering_number(ordering: Ordering) -> Number {
    Number::from_i64(ordering as i64)
}

/// The value of an integer with exponent 0.
fn small_integer(number: &Number) -> Option<i64> {
    if !number.is_finite() || number.exponent != 0 {
        return None;
    }
    let magnitude = i64::try_from(number.coefficient.small()?).ok()?;
    Some(if number.negative { -magnitude } else { magnitude })
}

fn from_logical(digits: impl Iterator<Item = bool>) -> Number {
    let text: Vec<u8> = digits.map(|digit| b'0' + u8::from(digit)).collect();
    Number::new(false, Coefficient::parse(&text), 0)
}
