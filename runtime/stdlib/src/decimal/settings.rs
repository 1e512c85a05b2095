//! What a context says of numbers: precision, limits of the exponent, rounding; the conditions that
//! operations report; and the rounding that ends every operation.

use super::coefficient::{Coefficient, MOST_DIGITS, Rest};
use super::number::{Kind, Number};

pub const MAX_PRECISION: i64 = 999_999_999_999_999_999;
pub const MAX_EMAX: i64 = 999_999_999_999_999_999;
pub const MIN_EMIN: i64 = -999_999_999_999_999_999;
pub const MIN_ETINY: i64 = MIN_EMIN - (MAX_PRECISION - 1);

/// Conditions, as bits of a status.
pub mod condition {
    pub const CLAMPED: u32 = 0x1;
    pub const CONVERSION_SYNTAX: u32 = 0x2;
    pub const DIVISION_BY_ZERO: u32 = 0x4;
    pub const DIVISION_IMPOSSIBLE: u32 = 0x8;
    pub const DIVISION_UNDEFINED: u32 = 0x10;
    pub const INEXACT: u32 = 0x40;
    pub const INVALID_CONTEXT: u32 = 0x80;
    pub const INVALID_OPERATION: u32 = 0x100;
    pub const MALLOC_ERROR: u32 = 0x200;
    pub const FLOAT_OPERATION: u32 = 0x400;
    pub const OVERFLOW: u32 = 0x800;
    pub const ROUNDED: u32 = 0x1000;
    pub const SUBNORMAL: u32 = 0x2000;
    pub const UNDERFLOW: u32 = 0x4000;
    /// All that the signal `InvalidOperation` stands for.
    pub const ANY_INVALID: u32 = CONVERSION_SYNTAX | DIVISION_IMPOSSIBLE | DIVISION_UNDEFINED | INVALID_CONTEXT | INVALID_OPERATION | MALLOC_ERROR;
    pub const ERRORS: u32 = ANY_INVALID | DIVISION_BY_ZERO;
}
use condition::*;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rounding {
    Up,
    Down,
    Ceiling,
    Floor,
    HalfUp,
    HalfDown,
    HalfEven,
    ZeroFiveUp,
}

/// Names and values, in the order in which errors list them.
pub const ROUNDINGS: [(&str, Rounding); 8] = [
    ("ROUND_CEILING", Rounding::Ceiling),
    ("ROUND_FLOOR", Rounding::Floor),
    ("ROUND_UP", Rounding::Up),
    ("ROUND_DOWN", Rounding::Down),
    ("ROUND_HALF_UP", Rounding::HalfUp),
    ("ROUND_HALF_DOWN", Rounding::HalfDown),
    ("ROUND_HALF_EVEN", Rounding::HalfEven),
    ("ROUND_05UP", Rounding::ZeroFiveUp),
];

impl Rounding {
    pub fn name(self) -> &'static str {
        ROUNDINGS.iter().find(|(_, rounding)| *rounding == self).map_or("", |(name, _)| name)
    }

    /// Whether a coefficient goes up by one when `rest` is cut off it.
    #[inline]
    pub fn goes_up(self, coefficient: &Coefficient, rest: Rest, negative: bool) -> bool {
        if rest == Rest::Nothing {
            return false;
        }
        match self {
            Rounding::Down => false,
            Rounding::Up => true,
            Rounding::Ceiling => !negative,
            Rounding::Floor => negative,
            Rounding::HalfUp => rest != Rest::BelowHalf,
            Rounding::HalfDown => rest == Rest::AboveHalf,
            Rounding::HalfEven => rest == Rest::AboveHalf || rest == Rest::Half && coefficient.is_odd(),
            Rounding::ZeroFiveUp => matches!(coefficient.last_digit(), 0 | 5),
        }
    }
}

/// The part of a context that arithmetic looks at.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    pub precision: i64,
    pub emax: i64,
    pub emin: i64,
    pub rounding: Rounding,
    pub clamp: bool,
}

/// The conditions an operation has met.
#[derive(Clone, Copy, Debug, Default)]
pub struct Status(pub u32);

impl Status {
    #[inline]
    pub fn add(&mut self, conditions: u32) {
        self.0 |= conditions;
    }

    /// Reports an invalid operation, whose result is NaN.
    pub fn invalid(&mut self, conditions: u32) -> Number {
        self.add(conditions);
        Number::NAN
    }
}

impl Settings {
    /// The widest limits, in which results are exact or errors.
    pub const MAXIMUM: Settings = Settings { precision: MAX_PRECISION, emax: MAX_EMAX, emin: MIN_EMIN, rounding: Rounding::HalfEven, clamp: false };

    /// The same limits of the exponent with another precision, and rounding to even.
    pub fn working(precision: i64) -> Settings {
        Settings { precision, ..Settings::MAXIMUM }
    }

    #[inline]
    pub fn etiny(&self) -> i64 {
        self.emin - (self.precision - 1)
    }

    #[inline]
    pub fn etop(&self) -> i64 {
        self.emax - (self.precision - 1)
    }

    pub fn with_rounding(mut self, rounding: Rounding) -> Settings {
        self.rounding = rounding;
        self
    }

    /// Rounds to the context: the end of every operation.
    #[inline]
    pub fn finish(&self, number: Number, status: &mut Status) -> Number {
        if number.kind == Kind::Finite && !number.coefficient.is_zero() {
            let digits = number.coefficient.digits();
            let adjusted = number.exponent + digits - 1;
            if digits <= self.precision && adjusted >= self.emin && adjusted <= self.emax && !self.clamp {
                return number;
            }
        }
        self.finish_slowly(number, status)
    }

    #[inline(never)]
    fn finish_slowly(&self, number: Number, status: &mut Status) -> Number {
        match number.kind {
            Kind::Infinite => return number,
            Kind::Quiet | Kind::Signaling => return self.fit_payload(number),
            Kind::Finite => {}
        }
        if number.coefficient.is_zero() {
            return self.fit_zero(number, status);
        }
        let (etiny, etop) = (self.etiny(), self.etop());
        let digits = number.coefficient.digits();
        let mut least = digits + number.exponent - self.precision;
        if least > etop {
            return self.overflow(number.negative, status);
        }
        let subnormal = least < etiny;
        if subnormal {
            least = etiny;
        }
        if number.exponent < least {
            return self.round_to(number, least, subnormal, status);
        }
        if subnormal {
            status.add(SUBNORMAL);
        }
        if self.clamp && number.exponent > etop {
            status.add(CLAMPED);
            let places = (number.exponent - etop) as u64;
            return Number { coefficient: number.coefficient.times_power(places), exponent: etop, ..number };
        }
        number
    }

    /// Cuts a number at exponent `least`, which is greater than its own.
    fn round_to(&self, number: Number, mut least: i64, subnormal: bool, status: &mut Status) -> Number {
        let (mut coefficient, rest) = number.coefficient.cut((least - number.exponent) as u64);
        if self.rounding.goes_up(&coefficient, rest, number.negative) {
            coefficient = coefficient.plus(&Coefficient::ONE);
            if coefficient.digits() > self.precision {
                coefficient = coefficient.cut(1).0;
                least += 1;
            }
        }
        if least > self.etop() && coefficient.digits() + least - 1 > self.emax {
            return self.overflow(number.negative, status);
        }
        if rest != Rest::Nothing {
            status.add(INEXACT | if subnormal { UNDERFLOW } else { 0 });
        }
        if subnormal {
            status.add(SUBNORMAL);
        }
        status.add(ROUNDED);
        if coefficient.is_zero() {
            status.add(CLAMPED);
        }
        Number::new(number.negative, coefficient, least)
    }

    fn fit_zero(&self, number: Number, status: &mut Status) -> Number {
        let most = if self.clamp { self.etop() } else { self.emax };
        let exponent = number.exponent.max(self.etiny()).min(most);
        if exponent != number.exponent {
            status.add(CLAMPED);
        }
        Number::zero(number.negative, exponent)
    }

    /// Cuts a NaN's payload to what the precision allows.
    pub fn fit_payload(&self, number: Number) -> Number {
        let most = self.precision - i64::from(self.clamp);
        if number.coefficient.digits() <= most {
            return number;
        }
        Number { coefficient: number.coefficient.last_digits(most as u64), ..number }
    }

    /// What becomes of a number that is too large.
    pub fn overflow(&self, negative: bool, status: &mut Status) -> Number {
        status.add(OVERFLOW | INEXACT | ROUNDED);
        let infinite = match self.rounding {
            Rounding::HalfUp | Rounding::HalfEven | Rounding::HalfDown | Rounding::Up => true,
            Rounding::Ceiling => !negative,
            Rounding::Floor => negative,
            Rounding::Down | Rounding::ZeroFiveUp => false,
        };
        if infinite { Number::infinity(negative) } else { self.largest(negative, status) }
    }

    /// The number of greatest magnitude.
    pub fn largest(&self, negative: bool, status: &mut Status) -> Number {
        if !self.affordable(self.precision) {
            return status.invalid(MALLOC_ERROR);
        }
        let nines = Coefficient::ONE.times_power(self.precision as u64).minus(&Coefficient::ONE);
        Number::new(negative, nines, self.etop())
    }

    /// Whether there may be so many digits.
    pub fn affordable(&self, digits: i64) -> bool {
        digits <= MOST_DIGITS
    }
}
