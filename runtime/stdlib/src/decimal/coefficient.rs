//! Coefficients: integers of any size whose decimal digits matter.
//!
//! One that fits 128 bits, which is every one of ordinary precision, is kept in two words; longer
//! ones are big integers. The form is canonical: whatever fits is small.

use num_bigint::BigUint;
use num_integer::Integer;
use num_traits::{ToPrimitive, Zero};
use std::borrow::Cow;
use std::cell::RefCell;
use std::cmp::Ordering;
use std::rc::Rc;

/// A natural number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Coefficient {
    /// Low and high word.
    Small(u64, u64),
    Large(Box<BigUint>),
}

/// What was cut off by a division, compared with half of the divisor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rest {
    Nothing,
    BelowHalf,
    Half,
    AboveHalf,
}

impl Rest {
    /// The rest when there is something after the digits that were looked at.
    pub fn with_more(self) -> Rest {
        match self {
            Rest::Nothing => Rest::BelowHalf,
            Rest::Half => Rest::AboveHalf,
            other => other,
        }
    }
}

/// Decimal digits that a `u128` always holds.
pub const SMALL_DIGITS: u64 = 38;

/// More digits than this are refused as more than memory holds.
pub const MOST_DIGITS: i64 = 1 << 32;

const fn powers() -> [u128; 39] {
    let mut table = [1u128; 39];
    let mut index = 1;
    while index < 39 {
        table[index] = table[index - 1] * 10;
        index += 1;
    }
    table
}

/// Powers of ten that fit.
pub static POWERS: [u128; 39] = powers();

/// How many decimal digits a number has; zero has one.
#[inline]
pub fn digits_u128(value: u128) -> u64 {
    if value == 0 {
        return 1;
    }
    let bits = 128 - value.leading_zeros();
    let guess = (bits * 1233) >> 12;
    u64::from(guess + u32::from(value >= POWERS[guess as usize]))
}

const CACHED_POWERS: usize = 2048;

thread_local! {
    static POWER_CACHE: RefCell<Vec<Option<Rc<BigUint>>>> = const { RefCell::new(Vec::new()) };
}

/// Ten to the power of `exponent`.
pub fn power_of_ten(exponent: u64) -> Rc<BigUint> {
    let index = exponent as usize;
    if index >= CACHED_POWERS {
        return Rc::new(compute_power(exponent));
    }
    POWER_CACHE.with_borrow_mut(|cache| {
        if cache.len() <= index {
            cache.resize(index + 1, None);
        }
        Rc::clone(cache[index].get_or_insert_with(|| Rc::new(compute_power(exponent))))
    })
}

fn compute_power(exponent: u64) -> BigUint {
    BigUint::from(5u32).pow(exponent as u32) << exponent
}

/// The product of two 128-bit numbers, high half first.
#[inline]
pub fn multiply_wide(left: u128, right: u128) -> (u128, u128) {
    const LOW: u128 = u64::MAX as u128;
    let (a, b) = (left >> 64, left & LOW);
    let (c, d) = (right >> 64, right & LOW);
    let low = b * d;
    let middle = a * d + (low >> 64);
    let other = b * c + (middle & LOW);
    (a * c + (middle >> 64) + (other >> 64), (other << 64) | (low & LOW))
}

/// Divides a 256-bit number whose high half is less than the divisor.
pub fn divide_wide(high: u128, low: u128, divisor: u128) -> (u128, u128) {
    debug_assert!(high < divisor);
    if high == 0 {
        return (low / divisor, low % divisor);
    }
    // Knuth's algorithm D with two 64-bit digits of quotient, on a divisor whose top bit is set.
    let shift = divisor.leading_zeros();
    let divisor = divisor << shift;
    let high = if shift == 0 { high } else { (high << shift) | (low >> (128 - shift)) };
    let low = low << shift;
    let (quotient_high, rest) = divide_step(high, (low >> 64) as u64, divisor);
    let (quotient_low, rest) = divide_step(rest, low as u64, divisor);
    ((u128::from(quotient_high) << 64) | u128::from(quotient_low), rest >> shift)
}

/// One digit of quotient of (`high`, `next`) by a normalized divisor; `high` is less than it.
fn divide_step(high: u128, next: u64, divisor: u128) -> (u64, u128) {
    let (top, bottom) = ((divisor >> 64) as u64, divisor as u64);
    let mut guess = high / u128::from(top);
    let mut rest = high % u128::from(top);
    while guess > u128::from(u64::MAX) || guess * u128::from(bottom) > ((rest << 64) | u128::from(next)) {
        guess -= 1;
        rest += u128::from(top);
        if rest > u128::from(u64::MAX) {
            break;
        }
    }
    let full = (high << 64) | u128::from(next);
    let rest = full.wrapping_sub(guess.wrapping_mul(divisor));
    (guess as u64, rest)
}

impl From<u128> for Coefficient {
    #[inline]
    fn from(value: u128) -> Coefficient {
        Coefficient::Small(value as u64, (value >> 64) as u64)
    }
}

impl From<BigUint> for Coefficient {
    fn from(value: BigUint) -> Coefficient {
        match value.to_u128() {
            Some(small) => small.into(),
            None => Coefficient::Large(Box::new(value)),
        }
    }
}

impl Coefficient {
    pub const ZERO: Coefficient = Coefficient::Small(0, 0);
    pub const ONE: Coefficient = Coefficient::Small(1, 0);

    /// The value, if it is small.
    #[inline]
    pub fn small(&self) -> Option<u128> {
        match *self {
            Coefficient::Small(low, high) => Some((u128::from(high) << 64) | u128::from(low)),
            Coefficient::Large(_) => None,
        }
    }

    pub fn big(&self) -> Cow<'_, BigUint> {
        match self {
            Coefficient::Small(..) => Cow::Owned(BigUint::from(self.small().unwrap_or(0))),
            Coefficient::Large(value) => Cow::Borrowed(value),
        }
    }

    #[inline]
    pub fn is_zero(&self) -> bool {
        matches!(self, Coefficient::Small(0, 0))
    }

    #[inline]
    pub fn is_one(&self) -> bool {
        matches!(self, Coefficient::Small(1, 0))
    }

    pub fn is_odd(&self) -> bool {
        match self {
            Coefficient::Small(low, _) => low & 1 == 1,
            Coefficient::Large(value) => value.bit(0),
        }
    }

    /// How many decimal digits it has; zero has one.
    #[inline]
    pub fn digits(&self) -> i64 {
        match self {
            Coefficient::Small(..) => digits_u128(self.small().unwrap_or(0)) as i64,
            Coefficient::Large(value) => digits_big(value) as i64,
        }
    }

    /// `self * 10**places`
    #[inline]
    pub fn times_power(&self, places: u64) -> Coefficient {
        if places == 0 {
            return self.clone();
        }
        if let Some(small) = self.small() {
            if small == 0 {
                return Coefficient::ZERO;
            }
            if places <= SMALL_DIGITS
                && let Some(product) = small.checked_mul(POWERS[places as usize])
            {
                return product.into();
            }
        }
        (self.big().as_ref() * power_of_ten(places).as_ref()).into()
    }

    /// `self // 10**places`, and what was cut off.
    pub fn cut(&self, places: u64) -> (Coefficient, Rest) {
        if places == 0 {
            return (self.clone(), Rest::Nothing);
        }
        if let Some(small) = self.small() {
            let (quotient, rest) = cut_u128(small, places);
            return (quotient.into(), rest);
        }
        let digits = self.digits() as u64;
        if places > digits {
            return (Coefficient::ZERO, Rest::BelowHalf);
        }
        let power = power_of_ten(places);
        let (quotient, rest) = self.big().div_rem(&power);
        let class = if rest.is_zero() { Rest::Nothing } else { compare_half(&(rest << 1u32).cmp(&power)) };
        (quotient.into(), class)
    }

    /// The last digits: `self % 10**places`.
    pub fn last_digits(&self, places: u64) -> Coefficient {
        if places as i64 >= self.digits() {
            return self.clone();
        }
        match self.small() {
            Some(small) => (small % POWERS[places as usize]).into(),
            None => self.big().mod_floor(&power_of_ten(places)).into(),
        }
    }

    /// The last decimal digit.
    pub fn last_digit(&self) -> u32 {
        match self.small() {
            Some(small) => (small % 10) as u32,
            None => (self.big().as_ref() % 10u32).to_u32().unwrap_or(0),
        }
    }

    #[inline]
    pub fn plus(&self, other: &Coefficient) -> Coefficient {
        if let (Some(left), Some(right)) = (self.small(), other.small())
            && let Some(sum) = left.checked_add(right)
        {
            return sum.into();
        }
        (self.big().as_ref() + other.big().as_ref()).into()
    }

    /// The difference, where `other` is not greater.
    #[inline]
    pub fn minus(&self, other: &Coefficient) -> Coefficient {
        match (self.small(), other.small()) {
            (Some(left), Some(right)) => (left - right).into(),
            _ => (self.big().as_ref() - other.big().as_ref()).into(),
        }
    }

    #[inline]
    pub fn times(&self, other: &Coefficient) -> Coefficient {
        if let (Some(left), Some(right)) = (self.small(), other.small())
            && let Some(product) = left.checked_mul(right)
        {
            return product.into();
        }
        (self.big().as_ref() * other.big().as_ref()).into()
    }

    /// Quotient and remainder; `other` is not zero.
    pub fn divide(&self, other: &Coefficient) -> (Coefficient, Coefficient) {
        if let (Some(left), Some(right)) = (self.small(), other.small()) {
            return ((left / right).into(), (left % right).into());
        }
        let (quotient, rest) = self.big().div_rem(other.big().as_ref());
        (quotient.into(), rest.into())
    }

    /// The number of zeros at the end, of a number that is not zero, but not more than `most`.
    pub fn trailing_zeros(&self, most: u64) -> u64 {
        match self.small() {
            Some(small) => trailing_zeros_u128(small, most),
            None => trailing_zeros_big(&self.big(), most),
        }
    }

    /// The digits as text.
    pub fn text(&self) -> String {
        match self.small() {
            Some(small) => match u64::try_from(small) {
                Ok(word) => word.to_string(),
                Err(_) => small.to_string(),
            },
            None => object::int::to_radix(&self.big().into_owned().into(), 10),
        }
    }

    /// The number that a text of ASCII digits shows.
    pub fn parse(digits: &[u8]) -> Coefficient {
        let digits = &digits[digits.iter().position(|&digit| digit != b'0').unwrap_or(digits.len())..];
        if digits.len() <= SMALL_DIGITS as usize {
            return parse_u128(digits).into();
        }
        parse_big(digits).into()
    }
}

impl PartialOrd for Coefficient {
    fn partial_cmp(&self, other: &Coefficient) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Coefficient {
    #[inline]
    fn cmp(&self, other: &Coefficient) -> Ordering {
        match (self.small(), other.small()) {
            (Some(left), Some(right)) => left.cmp(&right),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => self.big().cmp(&other.big()),
        }
    }
}

fn compare_half(ordering: &Ordering) -> Rest {
    match ordering {
        Ordering::Less => Rest::BelowHalf,
        Ordering::Equal => Rest::Half,
        Ordering::Greater => Rest::AboveHalf,
    }
}

/// `value // 10**places`, and what was cut off.
#[inline]
pub fn cut_u128(value: u128, places: u64) -> (u128, Rest) {
    if value == 0 {
        return (0, Rest::Nothing);
    }
    if places > SMALL_DIGITS {
        // The greatest value is 3.4e38, less than half of 10**39.
        return (0, Rest::BelowHalf);
    }
    let power = POWERS[places as usize];
    let quotient = value / power;
    let rest = value - quotient * power;
    (quotient, if rest == 0 { Rest::Nothing } else { compare_half(&rest.cmp(&(power / 2))) })
}

fn trailing_zeros_u128(mut value: u128, most: u64) -> u64 {
    let mut count = 0;
    for step in [16u64, 8, 4, 2, 1] {
        while count + step <= most && value.is_multiple_of(POWERS[step as usize]) {
            value /= POWERS[step as usize];
            count += step;
            if step != 16 {
                break;
            }
        }
    }
    count
}

fn trailing_zeros_big(value: &BigUint, most: u64) -> u64 {
    // There are no more than there are factors of two.
    let most = most.min(value.trailing_zeros().unwrap_or(0));
    let (mut low, mut high) = (0, 1);
    let divides = |places: u64| places <= most && value.mod_floor(&power_of_ten(places)).is_zero();
    while divides(high) {
        low = high;
        high *= 2;
    }
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if divides(middle) {
            low = middle;
        } else {
            high = middle;
        }
    }
    low
}

fn digits_big(value: &BigUint) -> u64 {
    let bits = value.bits();
    let least = ((bits - 1) as f64 * std::f64::consts::LOG10_2 - 1e-9).max(0.0) as u64 + 1;
    let most = (bits as f64 * std::f64::consts::LOG10_2 + 1e-9) as u64 + 1;
    if least == most || *value < *power_of_ten(least) { least } else { least + 1 }
}

fn parse_u128(digits: &[u8]) -> u128 {
    let mut value = 0u128;
    for chunk in digits.chunks(19) {
        let part = chunk.iter().fold(0u64, |part, &digit| part * 10 + u64::from(digit - b'0'));
        value = value * POWERS[chunk.len()] + u128::from(part);
    }
    value
}

/// Halves are parsed and put together, so that multiplication does the work.
fn parse_big(digits: &[u8]) -> BigUint {
    if digits.len() <= SMALL_DIGITS as usize {
        return BigUint::from(parse_u128(digits));
    }
    let places = digits.len() / 2;
    let (high, low) = digits.split_at(digits.len() - places);
    parse_big(high) * power_of_ten(places as u64).as_ref() + parse_big(low)
}
