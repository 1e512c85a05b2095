//! Decimal numbers as values: a sign, a coefficient and an exponent, or an infinity or a NaN.

use super::coefficient::Coefficient;
use std::cmp::Ordering;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Finite,
    Infinite,
    Quiet,
    Signaling,
}

/// `(-1)**negative * coefficient * 10**exponent`. The coefficient of a NaN is its payload.
#[derive(Clone, Debug)]
pub struct Number {
    pub coefficient: Coefficient,
    pub exponent: i64,
    pub negative: bool,
    pub kind: Kind,
}

/// Why a text is not a number, or that its exponent is beyond what an exponent can be.
#[derive(Debug, PartialEq, Eq)]
pub struct Malformed;

/// Exponents beyond this are cut to it; all limits are less.
const EXPONENT_CUT: i64 = 3_000_000_000_000_000_000;

impl Number {
    pub const NAN: Number = Number { coefficient: Coefficient::ZERO, exponent: 0, negative: false, kind: Kind::Quiet };

    #[inline]
    pub fn new(negative: bool, coefficient: Coefficient, exponent: i64) -> Number {
        Number { coefficient, exponent, negative, kind: Kind::Finite }
    }

    pub fn infinity(negative: bool) -> Number {
        Number { coefficient: Coefficient::ZERO, exponent: 0, negative, kind: Kind::Infinite }
    }

    pub fn zero(negative: bool, exponent: i64) -> Number {
        Number::new(negative, Coefficient::ZERO, exponent)
    }

    pub fn one() -> Number {
        Number::new(false, Coefficient::ONE, 0)
    }

    pub fn from_i64(value: i64) -> Number {
        Number::new(value < 0, u128::from(value.unsigned_abs()).into(), 0)
    }

    pub fn with_sign(mut self, negative: bool) -> Number {
        self.negative = negative;
        self
    }

    #[inline]
    pub fn is_finite(&self) -> bool {
        self.kind == Kind::Finite
    }

    #[inline]
    pub fn is_special(&self) -> bool {
        self.kind != Kind::Finite
    }

    pub fn is_infinite(&self) -> bool {
        self.kind == Kind::Infinite
    }

    pub fn is_nan(&self) -> bool {
        matches!(self.kind, Kind::Quiet | Kind::Signaling)
    }

    pub fn is_signaling(&self) -> bool {
        self.kind == Kind::Signaling
    }

    #[inline]
    pub fn is_zero(&self) -> bool {
        self.kind == Kind::Finite && self.coefficient.is_zero()
    }

    /// The exponent of the first digit, when written with one digit before the point.
    #[inline]
    pub fn adjusted(&self) -> i64 {
        self.exponent + self.coefficient.digits() - 1
    }

    /// Whether a finite number has no fraction.
    pub fn is_integer(&self) -> bool {
        if !self.is_finite() {
            return false;
        }
        if self.exponent >= 0 || self.coefficient.is_zero() {
            return true;
        }
        let places = self.exponent.unsigned_abs();
        places < self.coefficient.digits() as u64 && self.coefficient.trailing_zeros(places) == places
    }

    /// Whether an integer is odd.
    pub fn is_odd(&self) -> bool {
        match self.exponent {
            0 => self.coefficient.is_odd(),
            1.. => false,
            places => self.coefficient.cut(places.unsigned_abs()).0.is_odd(),
        }
    }

    /// Compares two numbers that are not NaNs.
    pub fn compare(&self, other: &Number) -> Ordering {
        match (self.is_zero(), other.is_zero()) {
            (true, true) => return Ordering::Equal,
            (true, false) => return if other.negative { Ordering::Greater } else { Ordering::Less },
            (false, true) => return if self.negative { Ordering::Less } else { Ordering::Greater },
            (false, false) => {}
        }
        match (self.negative, other.negative) {
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
            (false, false) => self.compare_magnitude(other),
            (true, true) => other.compare_magnitude(self),
        }
    }

    /// Compares two numbers that are not NaNs without regard to their signs.
    pub fn compare_magnitude(&self, other: &Number) -> Ordering {
        match (self.is_infinite(), other.is_infinite()) {
            (true, true) => return Ordering::Equal,
            (true, false) => return Ordering::Greater,
            (false, true) => return Ordering::Less,
            (false, false) => {}
        }
        if self.exponent == other.exponent {
            return self.coefficient.cmp(&other.coefficient);
        }
        match (self.coefficient.is_zero(), other.coefficient.is_zero()) {
            (true, true) => return Ordering::Equal,
            (true, false) => return Ordering::Less,
            (false, true) => return Ordering::Greater,
            (false, false) => {}
        }
        // Numbers whose first digits are at the same place: the exponents differ by no more than the
        // lengths do.
        self.adjusted().cmp(&other.adjusted()).then_with(|| {
            let places = self.exponent.abs_diff(other.exponent);
            if self.exponent > other.exponent {
                self.coefficient.times_power(places).cmp(&other.coefficient)
            } else {
                self.coefficient.cmp(&other.coefficient.times_power(places))
            }
        })
    }

    /// The order of all representations: by value, then by exponent, NaNs outermost.
    pub fn compare_total(&self, other: &Number) -> Ordering {
        match (self.negative, other.negative) {
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
            (false, false) => self.compare_total_magnitude(other),
            (true, true) => other.compare_total_magnitude(self),
        }
    }

    pub fn compare_total_magnitude(&self, other: &Number) -> Ordering {
        let rank = |number: &Number| match number.kind {
            Kind::Finite | Kind::Infinite => 0,
            Kind::Signaling => 1,
            Kind::Quiet => 2,
        };
        rank(self).cmp(&rank(other)).then_with(|| {
            if self.is_nan() {
                return self.coefficient.cmp(&other.coefficient);
            }
            let order = self.compare_magnitude(other);
            if self.is_infinite() || other.is_infinite() { order } else { order.then(self.exponent.cmp(&other.exponent)) }
        })
    }

    /// Reads a number as `Decimal(text)` does: exactly, without whitespace around it.
    pub fn parse(text: &[u8]) -> Result<Number, Malformed> {
        let (negative, body) = match text {
            [b'-', rest @ ..] => (true, rest),
            [b'+', rest @ ..] => (false, rest),
            rest => (false, rest),
        };
        match body.first() {
            Some(b'0'..=b'9' | b'.') => parse_finite(negative, body),
            Some(_) => parse_special(negative, body),
            None => Err(Malformed),
        }
    }

    /// The text in scientific notation, as `str` shows it, or in engineering notation.
    pub fn text(&self, engineering: bool, capitals: bool) -> String {
        let sign = if self.negative { "-" } else { "" };
        match self.kind {
            Kind::Infinite => return format!("{sign}Infinity"),
            Kind::Quiet | Kind::Signaling => {
                let name = if self.is_signaling() { "sNaN" } else { "NaN" };
                let payload = if self.coefficient.is_zero() { String::new() } else { self.coefficient.text() };
                return format!("{sign}{name}{payload}");
            }
            Kind::Finite => {}
        }
        let digits = self.coefficient.text();
        if self.exponent == 0 && !self.negative {
            return digits;
        }
        let left = self.exponent + digits.len() as i64;
        let point = if self.exponent <= 0 && left > -6 {
            left
        } else if !engineering {
            1
        } else if self.coefficient.is_zero() {
            (left + 1).rem_euclid(3) - 1
        } else {
            (left - 1).rem_euclid(3) + 1
        };
        let mut out = String::with_capacity(digits.len() + 8);
        out.push_str(sign);
        push_with_point(&mut out, &digits, point);
        if left != point {
            out.push(if capitals { 'E' } else { 'e' });
            out.push_str(&format!("{:+}", left - point));
        }
        out
    }
}

/// Writes digits with a point after the first `point` of them; zeros fill up what is missing.
pub fn push_with_point(out: &mut String, digits: &str, point: i64) {
    if point <= 0 {
        out.push_str("0.");
        out.extend(std::iter::repeat_n('0', point.unsigned_abs() as usize));
        out.push_str(digits);
    } else if point as usize >= digits.len() {
        out.push_str(digits);
        out.extend(std::iter::repeat_n('0', point as usize - digits.len()));
    } else {
        let (whole, fraction) = digits.split_at(point as usize);
        out.push_str(whole);
        out.push('.');
        out.push_str(fraction);
    }
}

fn parse_special(negative: bool, body: &[u8]) -> Result<Number, Malformed> {
    if body.eq_ignore_ascii_case(b"inf") || body.eq_ignore_ascii_case(b"infinity") {
        return Ok(Number::infinity(negative));
    }
    let (kind, body) = match body {
        [b's' | b'S', rest @ ..] => (Kind::Signaling, rest),
        rest => (Kind::Quiet, rest),
    };
    match body.split_at_checked(3) {
        Some((name, payload)) if name.eq_ignore_ascii_case(b"nan") && payload.iter().all(u8::is_ascii_digit) => {
            Ok(Number { coefficient: Coefficient::parse(payload), exponent: 0, negative, kind })
        }
        _ => Err(Malformed),
    }
}

fn parse_finite(negative: bool, body: &[u8]) -> Result<Number, Malformed> {
    let end = body.iter().position(|&byte| matches!(byte, b'e' | b'E')).unwrap_or(body.len());
    let (mantissa, exponent) = body.split_at(end);
    let exponent = match exponent {
        [] => 0,
        [_, rest @ ..] => parse_exponent(rest)?,
    };
    let point = mantissa.iter().position(|&byte| byte == b'.');
    let (whole, fraction) = match point {
        Some(point) => (&mantissa[..point], &mantissa[point + 1..]),
        None => (mantissa, &[][..]),
    };
    if whole.is_empty() && fraction.is_empty() || !whole.iter().chain(fraction).all(u8::is_ascii_digit) {
        return Err(Malformed);
    }
    let coefficient = if fraction.is_empty() {
        Coefficient::parse(whole)
    } else if whole.is_empty() {
        Coefficient::parse(fraction)
    } else {
        Coefficient::parse(&[whole, fraction].concat())
    };
    Ok(Number::new(negative, coefficient, exponent - fraction.len() as i64))
}

fn parse_exponent(text: &[u8]) -> Result<i64, Malformed> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Err(Malformed);
    }
    let value = digits.iter().fold(0i64, |value, &digit| (value.saturating_mul(10).saturating_add(i64::from(digit - b'0'))).min(EXPONENT_CUT));
    Ok(if negative { -value } else { value })
}
