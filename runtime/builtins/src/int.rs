//! `int`: the methods of the type that `object::int` declares.

use bytecode::opcode::Comparison;
use num_bigint::{BigInt, Sign};
use num_integer::Integer;
use num_traits::{Pow, Signed, ToPrimitive};
use object::call::Args;
use object::int::{self, INT};
use object::native::{Extension, Getset};
use object::protocol::ordering_satisfies;
use object::str::Str;
use object::{Method, Object, PyResult, Ref, RefOf, Slots, Type, Vm, exception, method};
use std::borrow::Cow;

pub mod bytes;
pub mod construct;

pub static INT_EXTENSION: Extension = Extension {
    class: &INT,
    slots: Slots {
        new: Some(construct::new),
        repr: Some(repr),
        hash: Some(hash),
        compare: Some(compare),
        add: Some(add),
        subtract: Some(subtract),
        multiply: Some(multiply),
        remainder: Some(remainder),
        power: Some(power),
        left_shift: Some(left_shift),
        right_shift: Some(right_shift),
        and: Some(and),
        xor: Some(xor),
        or: Some(or),
        floor_divide: Some(floor_divide),
        true_divide: Some(true_divide),
        negative: Some(negative),
        positive: Some(exact),
        absolute: Some(absolute),
        invert: Some(invert),
        bool: Some(is_true),
        int: Some(exact),
        float: Some(float),
        index: Some(exact),
        ..Slots::NONE
    },
    methods: METHODS,
    getsets: GETSETS,
    members: &[],
};

const METHODS: &[Method] = &[
    method!(Unary exact as "conjugate" "($self, /)", "Returns self, the complex conjugate of any int."),
    method!(Unary bit_length "($self, /)", "Number of bits necessary to represent self in binary.\n\n>>> bin(37)\n'0b100101'\n>>> (37).bit_length()\n6"),
    method!(Unary bit_count "($self, /)", "Number of ones in the binary representation of the absolute value of self.\n\nAlso known as the population count.\n\n>>> bin(13)\n'0b1101'\n>>> (13).bit_count()\n3"),
    bytes::TO_BYTES,
    bytes::FROM_BYTES,
    method!(Unary as_integer_ratio "($self, /)", "Return a pair of integers, whose ratio is equal to the original int.\n\nThe ratio is in lowest terms and has a positive denominator.\n\n>>> (10).as_integer_ratio()\n(10, 1)\n>>> (-10).as_integer_ratio()\n(-10, 1)\n>>> (0).as_integer_ratio()\n(0, 1)"),
    method!(Unary is_integer "($self, /)", "Returns True. Exists for duck type compatibility with float.is_integer."),
    method!(Unary exact as "__trunc__" "($self, /)", "Truncating an Integral returns itself."),
    method!(Unary exact as "__floor__" "($self, /)", "Flooring an Integral returns itself."),
    method!(Unary exact as "__ceil__" "($self, /)", "Ceiling of an Integral returns itself."),
    method!(Bound round as "__round__" "($self, ndigits=None, /)", "Rounding an Integral returns itself.\n\nRounding with an ndigits argument also returns an integer."),
    method!(Unary new_args as "__getnewargs__" "($self, /)", ""),
    method!(Binary format as "__format__" "($self, format_spec, /)", "Convert to a string according to format_spec."),
    method!(Unary size_of as "__sizeof__" "($self, /)", "Returns size in memory, in bytes."),
    method!(Binary div_mod as "__divmod__" "($self, value, /)", "Return divmod(self, value)."),
    method!(Binary reverse_div_mod as "__rdivmod__" "($self, value, /)", "Return divmod(value, self)."),
];

const GETSETS: &[Getset] = &[
    Getset::readonly("real", "the real part of a complex number", exact),
    Getset::readonly("imag", "the imaginary part of a complex number", zero),
    Getset::readonly("numerator", "the numerator of a rational number in lowest terms", exact),
    Getset::readonly("denominator", "the denominator of a rational number in lowest terms", one),
];

const INTS: &str = "the method belongs to ints";

fn value(object: Ref<'_>) -> Cow<'_, BigInt> {
    int::to_bigint(object).expect(INTS)
}

fn repr(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    if let Some(small) = this.as_small_int() {
        return Ok(vm.new_str_latin1(int::text::decimal_bytes(small, &mut [0; 20])).into_object());
    }
    let text = int::repr(vm, this)?.expect(INTS);
    Ok(vm.new_str(&text).into_object())
}

fn hash(_vm: &mut Vm, this: Ref<'_>) -> PyResult<i64> {
    Ok(int_hash(this))
}

fn int_hash(this: Ref<'_>) -> i64 {
    match int::to_i64(this) {
        Some(Some(value)) => int::hash_i64(value),
        _ => int::hash_bigint(&value(this)),
    }
}

fn compare(_vm: &mut Vm, left: Ref<'_>, right: Ref<'_>, op: Comparison) -> PyResult {
    Ok(match int::compare(left, right) {
        Some(ordering) => Object::bool(ordering_satisfies(ordering, op)),
        None => Object::not_implemented(),
    })
}

/// The result of an operation on ints, or `NotImplemented` if an operand is not one.
fn result(object: Option<Object>) -> PyResult {
    Ok(object.unwrap_or(Object::not_implemented()))
}

/// Slots of operations that cannot fail.
macro_rules! operations {
    ($($name:ident),*) => { $(
        pub(crate) fn $name(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>) -> PyResult {
            result(int::$name(vm, left, right))
        }
    )* };
}
operations!(add, subtract, multiply, and, or, xor);

/// Slots of operations that can raise.
macro_rules! fallible_operations {
    ($($name:ident),*) => { $(
        fn $name(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>) -> PyResult {
            result(int::$name(vm, left, right)?)
        }
    )* };
}
fallible_operations!(remainder, floor_divide, true_divide, left_shift, right_shift);

fn power(vm: &mut Vm, base: Ref<'_>, exponent: Ref<'_>, modulus: Option<Ref<'_>>) -> PyResult {
    match modulus.filter(|modulus| !modulus.is_none()) {
        Some(modulus) => result(int::power_modulo(vm, base, exponent, modulus)?),
        None => result(int::power(vm, base, exponent)?),
    }
}

fn div_mod(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>) -> PyResult {
    match int::div_mod(vm, left, right)? {
        Some((quotient, rest)) => Ok(vm.new_tuple([quotient, rest]).into_object()),
        None => Ok(Object::not_implemented()),
    }
}

fn reverse_div_mod(vm: &mut Vm, this: Ref<'_>, left: Ref<'_>) -> PyResult {
    div_mod(vm, left, this)
}

fn negative(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    result(int::negative(vm, this))
}

fn absolute(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    result(int::absolute(vm, this))
}

fn invert(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    result(int::invert(vm, this))
}

/// The same value as an exact int.
fn exact(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    result(int::to_exact(vm, this))
}

fn is_true(_vm: &mut Vm, this: Ref<'_>) -> PyResult<bool> {
    Ok(int::sign(this) != Some(std::cmp::Ordering::Equal))
}

fn float(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let value = int::to_f64(vm, this)?;
    Ok(vm.new_float(value))
}

fn zero(_vm: &mut Vm, _this: Ref<'_>) -> PyResult {
    Ok(Object::small_int(0))
}

fn one(_vm: &mut Vm, _this: Ref<'_>) -> PyResult {
    Ok(Object::small_int(1))
}

fn bit_length(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let bits = match int::to_i64(this) {
        Some(Some(value)) => u64::from(64 - value.unsigned_abs().leading_zeros()),
        _ => value(this).bits(),
    };
    Ok(vm.new_uint(bits))
}

fn bit_count(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let ones = match int::to_i64(this) {
        Some(Some(value)) => u64::from(value.unsigned_abs().count_ones()),
        _ => value(this).magnitude().count_ones(),
    };
    Ok(vm.new_uint(ones))
}

fn as_integer_ratio(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let numerator = exact(vm, this)?;
    Ok(vm.new_tuple([numerator, Object::small_int(1)]).into_object())
}

fn is_integer(_vm: &mut Vm, _this: Ref<'_>) -> PyResult {
    Ok(Object::bool(true))
}

fn new_args(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let plain = exact(vm, this)?;
    Ok(vm.new_tuple([plain]).into_object())
}

fn round(vm: &mut Vm, this: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let Some(n_digits) = args[0].filter(|digits| !digits.is_none()) else { return exact(vm, this) };
    let n_digits = vm.index(n_digits)?;
    if !int::is_negative(n_digits.borrow()) {
        return exact(vm, this);
    }
    let value = value(this);
    let drop = value_of_negative(n_digits.borrow());
    // A power of ten that is more than twice the value rounds it to zero.
    let Some(drop) = drop.filter(|&drop| drop <= value.bits() / 3 + 2) else { return Ok(Object::small_int(0)) };
    let unit = BigInt::from(10).pow(drop);
    let (mut quotient, rest) = value.div_mod_floor(&unit);
    let twice = rest * 2u32;
    if twice > unit || (twice == unit && quotient.is_odd()) {
        quotient += 1u32;
    }
    Ok(vm.new_bigint(quotient * unit))
}

/// The magnitude of a negative int, if it is not enormous.
fn value_of_negative(object: Ref<'_>) -> Option<u64> {
    value(object).abs().to_u64()
}

fn format(vm: &mut Vm, this: Ref<'_>, spec: Ref<'_>) -> PyResult {
    let Some(spec) = spec.downcast::<Str>() else { return Err(bad_format_argument(vm, spec)) };
    if spec.is_empty() {
        return Ok(vm.str(this)?.into_object());
    }
    crate::format::format_int(vm, this, spec.get())
}

pub(crate) fn bad_format_argument(vm: &mut Vm, spec: Ref<'_>) -> object::vm::Raised {
    vm.type_error(format!("__format__() argument must be str, not {}", spec.class().full_name()))
}

fn size_of(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    // CPython's figure: three words and 30 bits in each four bytes.
    let digits = value(this).bits().div_ceil(30).max(1);
    Ok(vm.new_uint(24 + 4 * digits))
}

/// The sign and magnitude of two's complement bytes, the lowest first.
fn from_le(bytes: &[u8], signed: bool) -> BigInt {
    if signed { BigInt::from_signed_bytes_le(bytes) } else { BigInt::from_bytes_le(Sign::Plus, bytes) }
}

/// An int of a class: the class is called unless it is `int` itself.
fn of_class(vm: &mut Vm, class: Ref<'_>, value: Object) -> PyResult {
    if class.is(INT.object()) { Ok(value) } else { vm.call(class, &[value.borrow()]) }
}

/// `value` as an instance of `class`, for constructors.
fn instance(vm: &mut Vm, class: RefOf<'_, Type>, value: Object) -> PyResult {
    if class.object().is(INT.object()) {
        return Ok(value);
    }
    let plain = int::to_bigint(value.borrow()).expect(INTS).into_owned();
    Ok(vm.new_int_of(&class, plain))
}

/// Warns that a conversion returned an instance of a strict subclass.
pub(crate) fn warn_subclass(vm: &mut Vm, what: &str, found: &str, wanted: &str) -> PyResult<()> {
    let message = format!(
        "{what} returned non-{wanted} (type {found}).  The ability to return an instance of a strict subclass of {wanted} is deprecated, and may be removed in a future version of Python."
    );
    vm.warn(&exception::DEPRECATION_WARNING, &message, 1)
}

/// Refuses keyword arguments that are not in `known`, and more than `most` arguments.
fn check_arguments(vm: &mut Vm, name: &str, args: Args<'_>, known: &[&str], most: usize) -> PyResult<()> {
    let given = args.n_positional() + args.n_keywords();
    if given > most {
        return Err(vm.type_error(format!("{name}() takes at most {most} arguments ({given} given)")));
    }
    for (key, _) in args.keywords() {
        let key = key.downcast::<Str>().map(|key| key.to_string_lossy().into_owned()).unwrap_or_default();
        if !known.contains(&key.as_str()) {
            return Err(vm.type_error(format!("{name}() got an unexpected keyword argument '{key}'")));
        }
    }
    Ok(())
}
