//! `decimal.Decimal`: how it is made from other objects, and its slots.

use super::coefficient::Coefficient;
use super::context::{self, Context};
use super::number::{Kind, Number};
use super::settings::condition::*;
use super::settings::{MIN_ETINY, Settings, Status};
use super::transcendental::to_integer;
use bytecode::opcode::Comparison;
use num_bigint::{BigInt, BigUint, Sign};
use num_traits::{Signed, ToPrimitive, Zero};
use object::call::{Args, bind_args};
use object::cell::ObjectCell;
use object::float;
use object::int;
use object::list::List;
use object::native::{PayloadInfo, flag};
use object::protocol::ordering_satisfies;
use object::str::Str;
use object::tuple::Tuple;
use object::{Getset, Object, ObjectOf, Payload, PyResult, Ref, RefOf, Slots, Type, TypeSpec, Vm};
use std::cell::Cell;
use std::ops::Deref;

/// The payload of a `Decimal`.
pub struct Decimal {
    pub number: Number,
    /// -1: not computed.
    hash: Cell<i64>,
}

impl Payload for Decimal {
    fn class() -> &'static Type {
        &DECIMAL
    }
}

/// `decimal.Decimal`
pub static DECIMAL: Type = Type::new(&DECIMAL_SPEC);
static DECIMAL_SPEC: TypeSpec = TypeSpec {
    name: "decimal.Decimal",
    doc: "Construct a new Decimal object. 'value' can be an integer, string, tuple,\nor another Decimal object. If no value is given, return Decimal('0'). The\ncontext does not affect the conversion and is only passed to determine if\nthe InvalidOperation trap is active.\n\n",
    signature: "(value=\"0\", context=None)",
    flags: flag::BASE_TYPE,
    payload: PayloadInfo::leaf::<Decimal>(),
    slots: Slots {
        new: Some(new),
        repr: Some(|vm, this| {
            let capitals = context::current(vm)?.borrow().capitals.get();
            Ok(vm.new_str(&format!("Decimal('{}')", number(this).text(false, capitals))).into_object())
        }),
        str: Some(|vm, this| {
            let capitals = context::current(vm)?.borrow().capitals.get();
            Ok(vm.new_str(&number(this).text(false, capitals)).into_object())
        }),
        hash: Some(hash),
        compare: Some(compare),
        add: Some(|vm, left, right| binary(vm, left, right, Settings::add)),
        subtract: Some(|vm, left, right| binary(vm, left, right, Settings::subtract)),
        multiply: Some(|vm, left, right| binary(vm, left, right, Settings::multiply)),
        true_divide: Some(|vm, left, right| binary(vm, left, right, Settings::divide)),
        floor_divide: Some(|vm, left, right| binary(vm, left, right, Settings::divide_int)),
        remainder: Some(|vm, left, right| binary(vm, left, right, Settings::remainder)),
        power: Some(power),
        negative: Some(|vm, this| unary(vm, this, Settings::minus)),
        positive: Some(|vm, this| unary(vm, this, Settings::plus)),
        absolute: Some(|vm, this| unary(vm, this, Settings::absolute)),
        bool: Some(|_, this| Ok(!number(this).is_zero())),
        int: Some(|vm, this| to_int(vm, number(this), super::settings::Rounding::Down)),
        float: Some(|vm, this| {
            let value = to_float(vm, number(this))?;
            Ok(vm.new_float(value))
        }),
        ..Slots::NONE
    },
    methods: super::methods::METHODS,
    getsets: &[
        Getset::readonly("real", "", |_, this| Ok(this.to_owned())),
        Getset::readonly("imag", "", |vm, _| Ok(new_decimal(vm, Number::zero(false, 0)))),
    ],
    ..TypeSpec::DEFAULT
};

/// The number of an instance.
#[inline]
pub fn number(object: Ref<'_>) -> &Number {
    &object.downcast::<Decimal>().expect("the method belongs to decimals").get().number
}

/// A new `Decimal`.
#[inline]
pub fn new_decimal(vm: &Vm, number: Number) -> Object {
    vm.allocate(Decimal { number, hash: Cell::new(-1) }).into_object()
}

fn new_decimal_of(vm: &Vm, class: &Type, number: Number) -> Object {
    vm.allocate_in(class, Decimal { number, hash: Cell::new(-1) })
}

/// An operand: the number of a `Decimal`, or one made from an int.
pub enum Operand<'a> {
    Own(&'a Number),
    Made(Number),
}

impl Deref for Operand<'_> {
    type Target = Number;

    #[inline]
    fn deref(&self) -> &Number {
        match self {
            Operand::Own(number) => number,
            Operand::Made(number) => number,
        }
    }
}

/// The operand that an object is; `None` if it is neither `Decimal` nor int.
#[inline]
pub fn operand<'a>(object: Ref<'a>) -> Option<Operand<'a>> {
    if let Some(decimal) = object.downcast::<Decimal>() {
        return Some(Operand::Own(&decimal.get().number));
    }
    from_int(object).map(Operand::Made)
}

/// The same, for methods, which refuse everything else.
pub fn required<'a>(vm: &mut Vm, object: Ref<'a>) -> PyResult<Operand<'a>> {
    match operand(object) {
        Some(operand) => Ok(operand),
        None => Err(vm.type_error(format!("conversion from {} to Decimal is not supported", object.class().full_name()))),
    }
}

fn from_int(object: Ref<'_>) -> Option<Number> {
    if let Some(value) = object.as_small_int() {
        return Some(Number::from_i64(value));
    }
    let value = int::to_bigint(object)?;
    Some(from_bigint(&value))
}

pub fn from_bigint(value: &BigInt) -> Number {
    Number::new(value.is_negative(), value.magnitude().clone().into(), 0)
}

/// A float's exact value.
pub fn from_float(value: f64) -> Number {
    let negative = value.is_sign_negative();
    if value.is_nan() {
        return Number::NAN.with_sign(negative);
    }
    if value.is_infinite() {
        return Number::infinity(negative);
    }
    if value == 0.0 {
        return Number::zero(negative, 0);
    }
    let bits = value.to_bits();
    let (fraction, exponent) = (bits & ((1 << 52) - 1), ((bits >> 52) & 0x7ff) as i64);
    let (mantissa, exponent) = if exponent == 0 { (fraction, -1074) } else { (fraction | 1 << 52, exponent - 1075) };
    let zeros = i64::from(mantissa.trailing_zeros());
    let (mantissa, exponent) = (mantissa >> zeros, exponent + zeros);
    if exponent >= 0 {
        return Number::new(negative, (BigUint::from(mantissa) << exponent as u64).into(), 0);
    }
    // m / 2**k is m * 5**k / 10**k.
    let places = exponent.unsigned_abs();
    Number::new(negative, (BigUint::from(5u32).pow(places as u32) * mantissa).into(), exponent)
}

/// An operation on one number.
pub type UnaryOperation = fn(&Settings, &Number, &mut Status) -> Number;
/// An operation on two numbers.
pub type BinaryOperation = fn(&Settings, &Number, &Number, &mut Status) -> Number;

/// Ends an operation: its conditions are reported, its result made an object.
#[inline]
pub fn finish(vm: &mut Vm, context: &Context, result: Number, status: Status) -> PyResult {
    if status.0 != 0 {
        context.report(vm, status)?;
    }
    Ok(new_decimal(vm, result))
}

/// Does an operation by the settings of a context.
#[inline]
pub fn compute(vm: &mut Vm, context: &Context, operation: impl FnOnce(&Settings, &mut Status) -> Number) -> PyResult {
    compute_with(vm, context, &context.settings(), operation)
}

/// Does an operation by settings that a context is the origin of.
#[inline]
pub fn compute_with(vm: &mut Vm, context: &Context, settings: &Settings, operation: impl FnOnce(&Settings, &mut Status) -> Number) -> PyResult {
    let mut status = Status::default();
    let result = operation(settings, &mut status);
    finish(vm, context, result, status)
}

#[inline]
fn unary(vm: &mut Vm, this: Ref<'_>, operation: UnaryOperation) -> PyResult {
    let context = context::current(vm)?;
    compute(vm, &context.borrow(), |settings, status| operation(settings, number(this), status))
}

#[inline]
fn binary(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>, operation: BinaryOperation) -> PyResult {
    let (Some(a), Some(b)) = (operand(left), operand(right)) else {
        return Ok(Object::not_implemented());
    };
    let context = context::current(vm)?;
    compute(vm, &context.borrow(), |settings, status| operation(settings, &a, &b, status))
}

fn power(vm: &mut Vm, base: Ref<'_>, exponent: Ref<'_>, modulus: Option<Ref<'_>>) -> PyResult {
    let (Some(a), Some(b)) = (operand(base), operand(exponent)) else {
        return Ok(Object::not_implemented());
    };
    let c = match modulus.filter(|modulus| !modulus.is_none()) {
        None => None,
        Some(modulus) => match operand(modulus) {
            None => return Ok(Object::not_implemented()),
            found => found,
        },
    };
    let context = context::current(vm)?;
    let settings = context.borrow().settings();
    let mut status = Status::default();
    let result = match c {
        None => settings.power(&a, &b, &mut status),
        Some(c) => settings.power_modulo(&a, &b, &c, &mut status),
    };
    finish(vm, &context.borrow(), result, status)
}

/// Python's `divmod`, of operands in order.
pub fn div_mod(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>) -> PyResult {
    let (Some(a), Some(b)) = (operand(left), operand(right)) else {
        return Ok(Object::not_implemented());
    };
    let context = context::current(vm)?;
    div_mod_in(vm, &context.borrow(), &a, &b)
}

pub fn div_mod_in(vm: &mut Vm, context: &Context, a: &Number, b: &Number) -> PyResult {
    let mut status = Status::default();
    let (quotient, rest) = context.settings().div_mod(a, b, &mut status);
    context.report(vm, status)?;
    let pair = [new_decimal(vm, quotient), new_decimal(vm, rest)];
    Ok(vm.new_tuple(pair).into_object())
}

/// A rounded int.
pub fn to_int(vm: &mut Vm, number: &Number, rounding: super::settings::Rounding) -> PyResult {
    match number.kind {
        Kind::Quiet | Kind::Signaling => return Err(vm.value_error("cannot convert NaN to integer")),
        Kind::Infinite => return Err(vm.overflow_error("cannot convert Infinity to integer")),
        Kind::Finite => {}
    }
    let mut status = Status::default();
    let whole = Settings::MAXIMUM.with_rounding(rounding).integral_value(number, &mut status);
    if whole.exponent > super::coefficient::MOST_DIGITS {
        return Err(vm.memory_error());
    }
    if whole.exponent == 0
        && let Some(small) = whole.coefficient.small().and_then(|small| i64::try_from(small).ok())
    {
        return Ok(vm.new_int(if whole.negative { -small } else { small }));
    }
    Ok(vm.new_bigint(to_integer(&whole)))
}

pub fn to_float(vm: &mut Vm, number: &Number) -> PyResult<f64> {
    let sign = if number.negative { -1.0 } else { 1.0 };
    match number.kind {
        Kind::Signaling => return Err(vm.value_error("cannot convert signaling NaN to float")),
        Kind::Quiet => return Ok(f64::NAN.copysign(sign)),
        Kind::Infinite => return Ok(sign * f64::INFINITY),
        Kind::Finite => {}
    }
    // Both are exact, so the quotient or product is rounded once.
    if let Some(small) = number.coefficient.small().filter(|&small| small < 1 << 53)
        && number.exponent.abs() <= 22
    {
        let power = super::coefficient::POWERS[number.exponent.unsigned_abs() as usize] as f64;
        let value = small as f64;
        return Ok(sign * if number.exponent < 0 { value / power } else { value * power });
    }
    Ok(float::parse_ascii(&number.text(false, true)).unwrap_or(0.0))
}

fn hash(vm: &mut Vm, this: Ref<'_>) -> PyResult<i64> {
    let decimal = this.downcast::<Decimal>().expect("the method belongs to decimals").get();
    if decimal.hash.get() == -1 {
        let hash = match decimal.number.kind {
            Kind::Signaling => return Err(vm.type_error("Cannot hash a signaling NaN value")),
            Kind::Quiet => (this.bits() >> 4) as i64,
            Kind::Infinite => 314_159 * if decimal.number.negative { -1 } else { 1 },
            Kind::Finite => hash_finite(&decimal.number),
        };
        decimal.hash.set(if hash == -1 { -2 } else { hash });
    }
    Ok(decimal.hash.get())
}

fn hash_finite(number: &Number) -> i64 {
    const MODULUS: u64 = int::HASH_MODULUS;
    const INVERSE_OF_TEN: u64 = {
        // 10**(p - 2) by Fermat's little theorem.
        power_modulo(10, MODULUS - 2)
    };
    let base = if number.exponent < 0 { INVERSE_OF_TEN } else { 10 };
    let power = power_modulo(base, number.exponent.unsigned_abs());
    let coefficient = match number.coefficient.small() {
        Some(small) => (small % u128::from(MODULUS)) as u64,
        None => (number.coefficient.big().as_ref() % MODULUS).to_u64().unwrap_or(0),
    };
    let hash = (u128::from(coefficient) * u128::from(power) % u128::from(MODULUS)) as i64;
    if number.negative { -hash } else { hash }
}

const fn power_modulo(base: u64, mut exponent: u64) -> u64 {
    let modulus = int::HASH_MODULUS as u128;
    let (mut base, mut result) = (base as u128, 1u128);
    while exponent > 0 {
        if exponent & 1 == 1 {
            result = result * base % modulus;
        }
        base = base * base % modulus;
        exponent >>= 1;
    }
    result as u64
}

/// `numbers.Rational`
pub static RATIONAL: ObjectCell = ObjectCell::EMPTY;

fn compare(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>, op: Comparison) -> PyResult {
    let own = number(left);
    if let Some(other) = operand(right) {
        return compare_numbers(vm, own, &other, op);
    }
    let equality = matches!(op, Comparison::Equal | Comparison::NotEqual);
    let real = match right.downcast::<builtins::complex::Complex>() {
        Some(_) if equality => match builtins::complex::value(right) {
            Some(value) if value.1 == 0.0 => Some(value.0),
            _ => return Ok(Object::not_implemented()),
        },
        _ => float::value(right),
    };
    if let Some(real) = real {
        let context = context::current(vm)?;
        if equality {
            context.borrow().set_flags(FLOAT_OPERATION);
        } else {
            context.borrow().report(vm, Status(FLOAT_OPERATION))?;
        }
        return compare_numbers(vm, own, &from_float(real), op);
    }
    compare_rational(vm, own, right, op)
}

fn compare_rational(vm: &mut Vm, own: &Number, right: Ref<'_>, op: Comparison) -> PyResult {
    let Some(rational) = RATIONAL.get() else {
        return Ok(Object::not_implemented());
    };
    let answer = vm.call_method(rational.borrow(), "__instancecheck__", &[right])?;
    if !vm.is_true(answer.borrow())? {
        return Ok(Object::not_implemented());
    }
    let numerator = vm.get_attr_str(right, "numerator")?;
    let denominator = vm.get_attr_str(right, "denominator")?;
    let (Some(numerator), Some(denominator)) = (from_int(numerator.borrow()), from_int(denominator.borrow())) else {
        return Err(vm.type_error("numerator and denominator must be integers"));
    };
    if own.is_special() {
        return compare_numbers(vm, own, &numerator, op);
    }
    let scaled = Number { coefficient: own.coefficient.times(&denominator.coefficient), ..own.clone() };
    compare_numbers(vm, &scaled, &numerator, op)
}

fn compare_numbers(vm: &mut Vm, left: &Number, right: &Number, op: Comparison) -> PyResult {
    if left.is_nan() || right.is_nan() {
        let equality = matches!(op, Comparison::Equal | Comparison::NotEqual);
        if !equality || left.is_signaling() || right.is_signaling() {
            context::current(vm)?.borrow().report(vm, Status(INVALID_OPERATION))?;
        }
        return Ok(Object::bool(op == Comparison::NotEqual));
    }
    Ok(Object::bool(ordering_satisfies(left.compare(right), op)))
}

fn new(vm: &mut Vm, class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    let (value, context) = if !args.has_keywords() && args.n_positional() <= 1 {
        (args.positionals().first().map(|&value| value.to_owned()), None)
    } else {
        let mut bound = [const { None }; 2];
        bind_args(vm, "Decimal", "(value=\"0\", context=None)", args, &mut bound)?;
        let [value, context] = bound;
        (value, context)
    };
    let context = context::argument(vm, context.as_ref().map(Object::borrow))?;
    match value {
        None => Ok(new_decimal_of(vm, class.get(), Number::zero(false, 0))),
        Some(value) => convert_exactly(vm, class.get(), value.borrow(), &context),
    }
}

/// `Decimal(value)`: the exact value.
pub fn convert_exactly(vm: &mut Vm, class: &Type, value: Ref<'_>, context: &ObjectOf<Context>) -> PyResult {
    if value.is_exactly(&DECIMAL) && std::ptr::eq(class, &DECIMAL) {
        return Ok(value.to_owned());
    }
    let number = if let Some(decimal) = value.downcast::<Decimal>() {
        decimal.get().number.clone()
    } else if let Some(text) = value.downcast::<Str>() {
        let parsed = match text.as_latin1().filter(|bytes| bytes.iter().all(|byte| matches!(byte, 0x21..=0x5e | 0x60..=0x7e))) {
            // Neither whitespace nor underscores, and all ASCII: the usual case.
            Some(plain) => Number::parse(plain),
            None => parse(cleaned(text.get()).as_deref()),
        };
        exactly(vm, context, parsed)?
    } else if let Some(number) = from_int(value) {
        exactly(vm, context, Ok(number))?
    } else if value.downcast::<Tuple>().is_some() || value.downcast::<List>().is_some() {
        let number = from_triple(vm, value)?;
        exactly(vm, context, Ok(number))?
    } else if let Some(real) = float::value(value) {
        context.borrow().report(vm, Status(FLOAT_OPERATION))?;
        from_float(real)
    } else {
        return Err(vm.type_error(format!("conversion from {} to Decimal is not supported", value.class().full_name())));
    };
    Ok(new_decimal_of(vm, class, number))
}

fn parse(text: Option<&str>) -> Result<Number, super::number::Malformed> {
    Number::parse(text.ok_or(super::number::Malformed)?.as_bytes())
}

/// Text as a number may be written: without whitespace around it and underscores within, digits ASCII.
fn cleaned(text: &Str) -> Option<String> {
    let text = text.to_utf8()?;
    let ascii = int::digits::to_ascii(&text)?;
    if text.is_ascii() {
        let trimmed = text.trim_matches(int::digits::is_space);
        return Some(if trimmed.contains('_') { trimmed.replace('_', "") } else { trimmed.to_owned() });
    }
    Some(ascii.trim_matches(int::digits::is_space).replace('_', ""))
}

/// Refuses a number that no context could hold exactly.
fn exactly(vm: &mut Vm, context: &ObjectOf<Context>, parsed: Result<Number, super::number::Malformed>) -> PyResult<Number> {
    let number = match parsed {
        Ok(number) => number,
        Err(_) => {
            context.borrow().report(vm, Status(CONVERSION_SYNTAX))?;
            return Ok(Number::NAN);
        }
    };
    let mut status = Status::default();
    let finished = Settings::MAXIMUM.finish(number, &mut status);
    if status.0 & (INEXACT | ROUNDED | CLAMPED) != 0 {
        context.borrow().report(vm, Status(INVALID_OPERATION))?;
        return Ok(Number::NAN);
    }
    Ok(finished)
}

/// The number that (sign, digits, exponent) describes.
fn from_triple(vm: &mut Vm, value: Ref<'_>) -> PyResult<Number> {
    let items = vm.collect(value)?;
    let [sign, digits, exponent] = items.as_slice() else {
        return Err(vm.value_error("argument must be a sequence of length 3"));
    };
    let negative = match int::as_i64(sign.borrow()) {
        Some(sign @ (0 | 1)) => sign == 1,
        _ => return Err(vm.value_error("sign must be an integer with the value 0 or 1")),
    };
    let mut kind = Kind::Finite;
    let mut places = 0;
    if let Some(name) = exponent.borrow().downcast::<Str>() {
        kind = match name.as_str() {
            Some("F") => return Ok(Number::infinity(negative)),
            Some("n") => Kind::Quiet,
            Some("N") => Kind::Signaling,
            _ => return Err(vm.value_error("string argument in the third position must be 'F', 'n' or 'N'")),
        };
    } else {
        places = match int::to_i64(exponent.borrow()) {
            Some(Some(places)) => places.clamp(2 * MIN_ETINY, -2 * MIN_ETINY),
            Some(None) => return Err(vm.overflow_error("Python int too large to convert to C ssize_t")),
            None => return Err(vm.value_error("exponent must be an integer")),
        };
    }
    let digits = digits.borrow();
    if digits.downcast::<Tuple>().is_none() && digits.downcast::<List>().is_none() {
        return Err(vm.value_error("coefficient must be a tuple of digits"));
    }
    let mut text = Vec::new();
    for digit in vm.collect(digits)? {
        match int::as_i64(digit.borrow()) {
            Some(digit @ 0..=9) => text.push(b'0' + digit as u8),
            _ => return Err(vm.value_error("coefficient must be a tuple of digits")),
        }
    }
    Ok(Number { coefficient: Coefficient::parse(&text), exponent: places, negative, kind })
}

/// `context.create_decimal(value)`: the value rounded to the context.
pub fn convert_rounded(vm: &mut Vm, value: Ref<'_>, context: &Context) -> PyResult {
    let mut status = Status::default();
    let number = if let Some(decimal) = value.downcast::<Decimal>() {
        Ok(decimal.get().number.clone())
    } else if let Some(text) = value.downcast::<Str>() {
        let ascii = text.to_utf8().filter(|text| !text.contains(|character| int::digits::is_space(character) || character == '_'));
        let ascii = ascii.as_deref().and_then(int::digits::to_ascii);
        parse(ascii.as_deref())
    } else if let Some(number) = from_int(value) {
        Ok(number)
    } else if let Some(real) = float::value(value) {
        context.report(vm, Status(FLOAT_OPERATION))?;
        Ok(from_float(real))
    } else if value.downcast::<Tuple>().is_some() || value.downcast::<List>().is_some() {
        Ok(from_triple(vm, value)?)
    } else {
        return Err(vm.type_error(format!("conversion from {} to Decimal is not supported", value.class().full_name())));
    };
    let settings = context.settings();
    let result = match number {
        Ok(number)
            if !number.is_nan() || number.coefficient.is_zero() || number.coefficient.digits() <= settings.precision - i64::from(settings.clamp) =>
        {
            settings.finish(number, &mut status)
        }
        // Not a number, or a payload that is too long.
        _ => status.invalid(CONVERSION_SYNTAX),
    };
    finish(vm, context, result, status)
}

/// `Decimal.from_float` without the class: the exact value of a float or an int.
pub fn from_float_object(vm: &mut Vm, value: Ref<'_>) -> PyResult<Number> {
    match from_int(value).or_else(|| float::value(value).map(from_float)) {
        Some(number) => Ok(number),
        None => Err(vm.type_error("argument must be int or float")),
    }
}

/// Numerator and denominator in lowest terms.
pub fn integer_ratio(number: &Number) -> (BigInt, BigInt) {
    let sign = if number.negative { Sign::Minus } else { Sign::Plus };
    if number.exponent >= 0 {
        return (to_integer(number), BigInt::from(1));
    }
    let mut numerator = number.coefficient.big().into_owned();
    if numerator.is_zero() {
        return (BigInt::ZERO, BigInt::from(1));
    }
    // Only twos and fives can be common.
    let mut places = [number.exponent.unsigned_abs(); 2];
    let twos = numerator.trailing_zeros().unwrap_or(0).min(places[0]);
    numerator >>= twos;
    places[0] -= twos;
    while places[1] > 0 && (&numerator % 5u32).is_zero() {
        numerator /= 5u32;
        places[1] -= 1;
    }
    let denominator = BigUint::from(5u32).pow(places[1] as u32) << places[0];
    (BigInt::from_biguint(sign, numerator), denominator.into())
}
