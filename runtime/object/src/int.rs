//! Ints: 63 bits in the word itself, anything longer in a heap object.
//!
//! An exact `int` that fits the word is never on the heap, so small ints can be compared by word.
//! Instances of subclasses hold whatever value as a heap [`Int`]. `True` and `False` are constants
//! of their own; the functions here treat them as 1 and 0.
//!
//! The operations return `None` if an operand is not an int.

use crate::class::{Payload, Type};
use crate::exception;
use crate::heap;
use crate::native::{PayloadInfo, TypeSpec, flag};
use crate::value::{Object, Ref};
use crate::vm::{PyResult, Vm};
use num_bigint::{BigInt, Sign};
use num_integer::Integer;
use num_traits::{FromPrimitive, One, Pow, Signed, ToPrimitive, Zero};
use std::borrow::Cow;
use std::cmp::Ordering;

pub mod digits;
mod division;
mod inverse;
mod montgomery;
pub mod rounding;
#[cfg(test)]
mod tests;
pub mod text;

use division::div_mod_floor;
pub use rounding::{compare_with_float, true_quotient};
pub use text::{ParseError, max_str_digits, parse, set_max_str_digits, to_decimal, to_radix};

/// The payload of an int that does not fit the word, or of an instance of a subclass.
pub struct Int {
    value: BigInt,
}

impl Payload for Int {
    fn class() -> &'static Type {
        &INT
    }
}

/// `int`. Its methods are in the builtins crate, which fills in the rest.
pub static INT: Type = Type::new(&INT_SPEC);
static INT_SPEC: TypeSpec = TypeSpec {
    name: "int",
    flags: flag::BASE_TYPE | flag::MATCH_SELF,
    payload: PayloadInfo::leaf::<Int>(),
    doc: "int([x]) -> integer\nint(x, base=10) -> integer\n\nConvert a number or string to an integer, or return 0 if no arguments\nare given.  If x is a number, return x.__int__().  For floating-point\nnumbers, this truncates towards zero.\n\nIf x is not a number or if base is given, then x must be a string,\nbytes, or bytearray instance representing an integer literal in the\ngiven base.  The literal can be preceded by '+' or '-' and be surrounded\nby whitespace.  The base defaults to 10.  Valid bases are 0 and 2-36.\nBase 0 means to interpret the base from the string as an integer literal.\n>>> int('0b100', base=0)\n4",
    ..TypeSpec::DEFAULT
};

/// `bool`
pub static BOOL: Type = Type::new(&BOOL_SPEC);
static BOOL_SPEC: TypeSpec = TypeSpec {
    name: "bool",
    base: Some(&INT),
    flags: flag::MATCH_SELF,
    payload: PayloadInfo::leaf::<Int>(),
    doc: "Returns True when the argument is true, False otherwise.\n\nThe builtins True and False are the only two instances of the class bool.\nThe class bool is a subclass of the class int, and cannot be subclassed.",
    signature: "(object=False, /)",
    ..TypeSpec::DEFAULT
};

/// The modulus of numeric hashes, a Mersenne prime.
pub const HASH_MODULUS: u64 = (1 << 61) - 1;

impl Int {
    #[inline]
    pub fn value(&self) -> &BigInt {
        &self.value
    }
}

impl Vm {
    #[inline]
    pub fn new_int(&self, value: i64) -> Object {
        match Object::from_small_int(value) {
            Some(object) => object,
            None => self.allocate(Int { value: BigInt::from(value) }).into_object(),
        }
    }

    #[inline]
    pub fn new_uint(&self, value: u64) -> Object {
        match i64::try_from(value) {
            Ok(value) => self.new_int(value),
            Err(_) => self.allocate(Int { value: BigInt::from(value) }).into_object(),
        }
    }

    pub fn new_bigint(&self, value: BigInt) -> Object {
        match value.to_i64().and_then(Object::from_small_int) {
            Some(object) => object,
            None => self.allocate(Int { value }).into_object(),
        }
    }

    /// An instance of a subclass of `int`.
    pub fn new_int_of(&self, class: &Type, value: BigInt) -> Object {
        self.allocate_in(class, Int { value })
    }
}

/// Whether the object is an instance of `int` or of a subclass.
#[inline]
pub fn is_int(object: Ref<'_>) -> bool {
    object.as_small_int().is_some() || object.is_instance_of(&INT)
}

/// The value of an int held in the word, or of a bool.
#[inline]
fn small(object: Ref<'_>) -> Option<i64> {
    object.as_small_int().or_else(|| object.as_bool().map(i64::from))
}

/// The same, or that of an instance of a subclass which would fit a word.
#[inline]
pub(crate) fn short(object: Ref<'_>) -> Option<i64> {
    match small(object) {
        Some(value) => Some(value),
        None => object.downcast::<Int>()?.value.to_i64().filter(|&value| Object::from_small_int(value).is_some()),
    }
}

/// The value of any int.
#[inline]
pub fn to_bigint<'a>(object: Ref<'a>) -> Option<Cow<'a, BigInt>> {
    match small(object) {
        Some(value) => Some(Cow::Owned(BigInt::from(value))),
        None => Some(Cow::Borrowed(object.downcast::<Int>()?.get().value())),
    }
}

/// The value of any int, `Some(None)` if it does not fit; `None` if the object is not an int.
#[inline]
pub fn to_i64(object: Ref<'_>) -> Option<Option<i64>> {
    match small(object) {
        Some(value) => Some(Some(value)),
        None => Some(object.downcast::<Int>()?.value.to_i64()),
    }
}

/// The value of any int if it fits; `None` also if the object is not an int.
#[inline]
pub fn as_i64(object: Ref<'_>) -> Option<i64> {
    to_i64(object).flatten()
}

/// The value of any int if it fits; `None` also if the object is not an int.
pub fn as_u64(object: Ref<'_>) -> Option<u64> {
    match small(object) {
        Some(value) => u64::try_from(value).ok(),
        None => object.downcast::<Int>()?.value.to_u64(),
    }
}

/// Whether an int is negative, zero or positive; `None` if the object is not an int.
pub fn sign(object: Ref<'_>) -> Option<Ordering> {
    match small(object) {
        Some(value) => Some(value.cmp(&0)),
        None => Some(match object.downcast::<Int>()?.value.sign() {
            Sign::Minus => Ordering::Less,
            Sign::NoSign => Ordering::Equal,
            Sign::Plus => Ordering::Greater,
        }),
    }
}

/// Whether the object is an int below zero.
pub fn is_negative(object: Ref<'_>) -> bool {
    sign(object) == Some(Ordering::Less)
}

/// The exact `int` with the value of any int: instances of subclasses become plain.
pub fn to_exact(vm: &Vm, object: Ref<'_>) -> Option<Object> {
    match small(object) {
        Some(value) => Some(Object::small_int(value)),
        None if object.is_exactly(&INT) => Some(object.to_owned()),
        None => Some(vm.new_bigint(object.downcast::<Int>()?.value.clone())),
    }
}

/// The nearest float; `OverflowError` if there is none.
pub fn to_f64(vm: &mut Vm, object: Ref<'_>) -> PyResult<f64> {
    if let Some(value) = small(object) {
        return Ok(value as f64);
    }
    let Some(int) = object.downcast::<Int>() else {
        return Err(vm.type_error(format!("must be real number, not {}", object.class().full_name())));
    };
    match rounding::to_f64(int.get().value()) {
        Some(float) => Ok(float),
        None => Err(vm.overflow_error("int too large to convert to float")),
    }
}

/// `int(float)`
pub fn from_f64(vm: &mut Vm, value: f64) -> PyResult {
    if value.abs() < (1u64 << 62) as f64 {
        return Ok(vm.new_int(value as i64));
    }
    match BigInt::from_f64(value) {
        Some(int) => Ok(vm.new_bigint(int)),
        None if value.is_nan() => Err(vm.value_error("cannot convert float NaN to integer")),
        None => Err(vm.overflow_error("cannot convert float infinity to integer")),
    }
}

/// The hash of any int.
#[inline]
pub fn hash(object: Ref<'_>) -> Option<i64> {
    match small(object) {
        Some(value) => Some(hash_i64(value)),
        None => Some(hash_bigint(object.downcast::<Int>()?.get().value())),
    }
}

#[inline]
pub fn hash_i64(value: i64) -> i64 {
    let hash = (value.unsigned_abs() % HASH_MODULUS) as i64;
    match if value < 0 { -hash } else { hash } {
        -1 => -2,
        hash => hash,
    }
}

pub fn hash_bigint(value: &BigInt) -> i64 {
    let hash = (value.magnitude() % HASH_MODULUS).to_i64().unwrap_or(0);
    match if value.is_negative() { -hash } else { hash } {
        -1 => -2,
        hash => hash,
    }
}

/// Defines an operation by its cases for two small and two long ints.
macro_rules! operation {
    ($(#[$doc:meta])* $name:ident, |$vm:ident, $x:ident, $y:ident| $small:expr, |$a:ident, $b:ident| $long:expr) => {
        $(#[$doc])*
        #[inline]
        pub fn $name($vm: &Vm, left: Ref<'_>, right: Ref<'_>) -> Option<Object> {
            if let (Some($x), Some($y)) = (left.as_small_int(), right.as_small_int()) {
                return Some($small);
            }
            fn long($vm: &Vm, left: Ref<'_>, right: Ref<'_>) -> Option<Object> {
                if let (Some($x), Some($y)) = (short(left), short(right)) {
                    return Some($small);
                }
                let ($a, $b) = (to_bigint(left)?, to_bigint(right)?);
                let ($a, $b) = (&*$a, &*$b);
                Some($vm.new_bigint($long))
            }
            long($vm, left, right)
        }
    };
}

/// The product. That of short numbers is made where it costs no memory.
fn product(left: &BigInt, right: &BigInt) -> BigInt {
    const MOST: usize = 8;
    let (a, b_len) = (left.magnitude().iter_u64_digits(), right.magnitude().iter_u64_digits().len());
    let len = a.len() + b_len;
    if len > MOST {
        return left * right;
    }
    let mut digits = [0u64; MOST];
    for (start, x) in a.enumerate() {
        let mut carry = 0;
        for (place, y) in digits[start..].iter_mut().zip(right.magnitude().iter_u64_digits()) {
            let sum = u128::from(x) * u128::from(y) + u128::from(*place) + carry;
            (*place, carry) = (sum as u64, sum >> 64);
        }
        digits[start + b_len] = carry as u64;
    }
    let halves: [u32; MOST * 2] = std::array::from_fn(|index| (digits[index / 2] >> (index % 2 * 32)) as u32);
    BigInt::from_slice(left.sign() * right.sign(), &halves[..len * 2])
}

operation!(add, |vm, x, y| vm.new_int(x + y), |a, b| a + b);
operation!(subtract, |vm, x, y| vm.new_int(x - y), |a, b| a - b);
operation!(
    multiply,
    |vm, x, y| match x.checked_mul(y) {
        Some(product) => vm.new_int(product),
        None => vm.new_bigint(BigInt::from(i128::from(x) * i128::from(y))),
    },
    |a, b| product(a, b)
);
operation!(and, |vm, x, y| vm.new_int(x & y), |a, b| a & b);
operation!(or, |vm, x, y| vm.new_int(x | y), |a, b| a | b);
operation!(xor, |vm, x, y| vm.new_int(x ^ y), |a, b| a ^ b);

#[inline]
fn floor_div(x: i64, y: i64) -> i64 {
    let quotient = x / y;
    if x % y != 0 && (x < 0) != (y < 0) { quotient - 1 } else { quotient }
}

#[inline]
fn floor_mod(x: i64, y: i64) -> i64 {
    let rest = x % y;
    if rest != 0 && (rest < 0) != (y < 0) { rest + y } else { rest }
}

#[cold]
fn zero_division<T>(vm: &mut Vm) -> PyResult<T> {
    Err(vm.raise(&exception::ZERO_DIVISION_ERROR, "division by zero"))
}

/// `left // right`
#[inline]
pub fn floor_divide(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>) -> PyResult<Option<Object>> {
    if let (Some(x), Some(y)) = (left.as_small_int(), right.as_small_int()) {
        return if y == 0 { zero_division(vm) } else { Ok(Some(vm.new_int(floor_div(x, y)))) };
    }
    let (Some(a), Some(b)) = (to_bigint(left), to_bigint(right)) else { return Ok(None) };
    if b.is_zero() { zero_division(vm) } else { Ok(Some(vm.new_bigint(div_mod_floor(&a, &b).0))) }
}

/// `left % right`
#[inline]
pub fn remainder(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>) -> PyResult<Option<Object>> {
    if let (Some(x), Some(y)) = (left.as_small_int(), right.as_small_int()) {
        return if y == 0 { zero_division(vm) } else { Ok(Some(Object::small_int(floor_mod(x, y)))) };
    }
    let (Some(a), Some(b)) = (to_bigint(left), to_bigint(right)) else { return Ok(None) };
    if b.is_zero() { zero_division(vm) } else { Ok(Some(vm.new_bigint(div_mod_floor(&a, &b).1))) }
}

/// `divmod(left, right)`, as quotient and remainder.
pub fn div_mod(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>) -> PyResult<Option<(Object, Object)>> {
    if let (Some(x), Some(y)) = (left.as_small_int(), right.as_small_int())
        && y != 0
    {
        return Ok(Some((vm.new_int(floor_div(x, y)), vm.new_int(floor_mod(x, y)))));
    }
    let (Some(a), Some(b)) = (to_bigint(left), to_bigint(right)) else { return Ok(None) };
    if b.is_zero() {
        return zero_division(vm);
    }
    let (quotient, rest) = div_mod_floor(&a, &b);
    Ok(Some((vm.new_bigint(quotient), vm.new_bigint(rest))))
}

/// `left / right`
pub fn true_divide(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>) -> PyResult<Option<Object>> {
    let (Some(a), Some(b)) = (to_bigint(left), to_bigint(right)) else { return Ok(None) };
    if b.is_zero() {
        return zero_division(vm);
    }
    match true_quotient(&a, &b) {
        Some(quotient) => Ok(Some(vm.new_float(quotient))),
        None => Err(vm.overflow_error("integer division result too large for a float")),
    }
}

/// `pow(base, exponent)`: a float if the exponent is negative.
pub fn power(vm: &mut Vm, base: Ref<'_>, exponent: Ref<'_>) -> PyResult<Option<Object>> {
    let (Some(a), Some(e)) = (to_bigint(base), to_bigint(exponent)) else { return Ok(None) };
    if e.is_negative() {
        if a.is_zero() {
            return Err(vm.raise(&exception::ZERO_DIVISION_ERROR, "zero to a negative power"));
        }
        let (a, e) = (to_f64(vm, base)?, to_f64(vm, exponent)?);
        return Ok(Some(vm.new_float(a.powf(e))));
    }
    if e.is_zero() {
        return Ok(Some(Object::small_int(1)));
    }
    if a.magnitude().bits() <= 1 {
        // -1, 0 and 1 stay small whatever the exponent.
        return Ok(Some(if a.is_negative() && e.is_even() { Object::small_int(1) } else { vm.new_bigint(a.into_owned()) }));
    }
    if let (Some(base), Some(exponent)) = (a.to_i64(), e.to_u32())
        && let Some(result) = base.checked_pow(exponent)
    {
        return Ok(Some(vm.new_int(result)));
    }
    let Some(exponent) = e.to_u64() else { return Err(vm.memory_error()) };
    let bytes = u128::from(a.bits() - 1) * u128::from(exponent) / 8;
    if !can_allocate(bytes) {
        return Err(vm.memory_error());
    }
    if a.magnitude().is_one_bit() {
        let magnitude = BigInt::one() << (exponent * (a.bits() - 1));
        return Ok(Some(vm.new_bigint(if a.is_negative() && exponent % 2 == 1 { -magnitude } else { magnitude })));
    }
    Ok(Some(vm.new_bigint(Pow::pow(&*a, exponent))))
}

trait OneBit {
    fn is_one_bit(&self) -> bool;
}

impl OneBit for num_bigint::BigUint {
    fn is_one_bit(&self) -> bool {
        self.trailing_zeros() == Some(self.bits() - 1)
    }
}

fn can_allocate(bytes: u128) -> bool {
    bytes < 1 << 20 || usize::try_from(bytes).is_ok_and(|bytes| bytes < isize::MAX as usize / 2 && heap::can_allocate(bytes))
}

/// `pow(base, exponent, modulus)`
pub fn power_modulo(vm: &mut Vm, base: Ref<'_>, exponent: Ref<'_>, modulus: Ref<'_>) -> PyResult<Option<Object>> {
    let (Some(a), Some(e), Some(m)) = (to_bigint(base), to_bigint(exponent), to_bigint(modulus)) else { return Ok(None) };
    if m.is_zero() {
        return Err(vm.value_error("pow() 3rd argument cannot be 0"));
    }
    if m.magnitude().is_one() {
        return Ok(Some(Object::small_int(0)));
    }
    if !e.is_negative() {
        if let (Some(a), Some(m)) = (a.to_u128(), m.to_u128())
            && m.is_odd()
        {
            return Ok(Some(vm.new_bigint(BigInt::from(montgomery::power(a, e.magnitude(), m)))));
        }
        return Ok(Some(vm.new_bigint(a.modpow(&e, &m))));
    }
    let inverse = match m.sign() {
        Sign::Plus => inverse::inverse(a.mod_floor(&m).into_parts().1, m.magnitude()).map(BigInt::from),
        _ => a.modinv(&m),
    };
    match inverse {
        Some(inverse) if e.magnitude().is_one() => Ok(Some(vm.new_bigint(inverse))),
        Some(inverse) => Ok(Some(vm.new_bigint(inverse.modpow(&-e.into_owned(), &m)))),
        None => Err(vm.value_error("base is not invertible for the given modulus")),
    }
}

/// `left << right`
#[inline]
pub fn left_shift(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>) -> PyResult<Option<Object>> {
    if let (Some(x), Some(y @ 0..=62)) = (left.as_small_int(), right.as_small_int())
        && (x << y) >> y == x
    {
        return Ok(Some(vm.new_int(x << y)));
    }
    left_shift_long(vm, left, right)
}

fn left_shift_long(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>) -> PyResult<Option<Object>> {
    let (Some(a), Some(b)) = (to_bigint(left), to_bigint(right)) else { return Ok(None) };
    if b.is_negative() {
        return Err(vm.value_error("negative shift count"));
    }
    if a.is_zero() {
        return Ok(Some(Object::small_int(0)));
    }
    let Some(shift) = b.to_i64() else { return Err(vm.overflow_error("too many digits in integer")) };
    if !can_allocate((u128::from(a.bits()) + shift as u128) / 8) {
        return Err(vm.memory_error());
    }
    Ok(Some(vm.new_bigint(&*a << shift)))
}

/// `left >> right`
#[inline]
pub fn right_shift(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>) -> PyResult<Option<Object>> {
    if let (Some(x), Some(y)) = (left.as_small_int(), right.as_small_int())
        && y >= 0
    {
        return Ok(Some(Object::small_int(x >> y.min(63))));
    }
    let (Some(a), Some(b)) = (to_bigint(left), to_bigint(right)) else { return Ok(None) };
    if b.is_negative() {
        return Err(vm.value_error("negative shift count"));
    }
    Ok(Some(match b.to_u64() {
        Some(shift) if shift <= a.bits() => vm.new_bigint(&*a >> shift),
        _ => Object::small_int(if a.is_negative() { -1 } else { 0 }),
    }))
}

/// `-object`
pub fn negative(vm: &Vm, object: Ref<'_>) -> Option<Object> {
    match small(object) {
        Some(value) => Some(vm.new_int(-value)),
        None => Some(vm.new_bigint(-object.downcast::<Int>()?.get().value())),
    }
}

/// `abs(object)`
pub fn absolute(vm: &Vm, object: Ref<'_>) -> Option<Object> {
    match sign(object)? {
        Ordering::Less => negative(vm, object),
        Ordering::Equal | Ordering::Greater => to_exact(vm, object),
    }
}

/// `~object`
pub fn invert(vm: &Vm, object: Ref<'_>) -> Option<Object> {
    match small(object) {
        Some(value) => Some(Object::small_int(!value)),
        None => Some(vm.new_bigint(!object.downcast::<Int>()?.get().value())),
    }
}

/// Compares two ints.
#[inline]
pub fn compare(left: Ref<'_>, right: Ref<'_>) -> Option<Ordering> {
    if let (Some(x), Some(y)) = (left.as_small_int(), right.as_small_int()) {
        return Some(x.cmp(&y));
    }
    if let (Some(x), Some(y)) = (short(left), short(right)) {
        return Some(x.cmp(&y));
    }
    Some(to_bigint(left)?.cmp(&to_bigint(right)?))
}

/// Compares an int with a float, exactly. `None`: not an int; `Some(None)`: not a number.
pub fn compare_float(int: Ref<'_>, float: f64) -> Option<Option<Ordering>> {
    const EXACT: i64 = 1 << 53;
    match small(int) {
        Some(value) if value.abs() <= EXACT => Some((value as f64).partial_cmp(&float)),
        _ => Some(compare_with_float(&*to_bigint(int)?, float)),
    }
}

/// `repr(int)`
pub fn repr(vm: &mut Vm, object: Ref<'_>) -> PyResult<Option<String>> {
    match small(object) {
        Some(value) => Ok(Some(value.to_string())),
        None => match object.downcast::<Int>() {
            Some(int) => to_decimal(vm, int.get().value()).map(Some),
            None => Ok(None),
        },
    }
}
