//! `float`: the methods of the type that `object::float` declares.

use crate::int::bad_format_argument;
use bytecode::opcode::Comparison;
use num_bigint::BigInt;
use object::float::{self, FLOAT};
use object::native::{Extension, Getset};
use object::protocol::ordering_satisfies;
use object::str::Str;
use object::{Method, Object, PyResult, Ref, Slots, Vm, exception, int, method};

pub mod construct;
pub mod hexadecimal;

pub static FLOAT_EXTENSION: Extension = Extension {
    class: &FLOAT,
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
        floor_divide: Some(floor_divide),
        true_divide: Some(true_divide),
        negative: Some(negative),
        positive: Some(exact),
        absolute: Some(absolute),
        bool: Some(is_true),
        int: Some(truncate),
        float: Some(exact),
        ..Slots::NONE
    },
    methods: METHODS,
    getsets: &[
        Getset::readonly("real", "the real part of a complex number", exact),
        Getset::readonly("imag", "the imaginary part of a complex number", zero),
    ],
    members: &[],
};

const METHODS: &[Method] = &[
    method!(Unary exact as "conjugate" "($self, /)", "Return self, the complex conjugate of any float."),
    method!(Unary truncate as "__trunc__" "($self, /)", "Return the Integral closest to x between 0 and x."),
    method!(Unary floor as "__floor__" "($self, /)", "Return the floor as an Integral."),
    method!(Unary ceil as "__ceil__" "($self, /)", "Return the ceiling as an Integral."),
    method!(Bound round as "__round__" "($self, ndigits=None, /)", "Return the Integral closest to x, rounding half toward even.\n\nWhen an argument is passed, work like built-in round(x, ndigits)."),
    method!(Unary as_integer_ratio "($self, /)", "Return a pair of integers, whose ratio is exactly equal to the original float.\n\nThe ratio is in lowest terms and has a positive denominator.  Raise\nOverflowError on infinities and a ValueError on NaNs.\n\n>>> (10.0).as_integer_ratio()\n(10, 1)\n>>> (0.0).as_integer_ratio()\n(0, 1)\n>>> (-.25).as_integer_ratio()\n(-1, 4)"),
    hexadecimal::HEX,
    hexadecimal::FROM_HEX,
    construct::FROM_NUMBER,
    method!(Unary is_integer "($self, /)", "Return True if the float is an integer."),
    method!(Unary new_args as "__getnewargs__" "($self, /)", ""),
    method!(Binary get_format as "__getformat__" "($type, typestr, /)", "You probably don't want to use this function.\n\n  typestr\n    Must be 'double' or 'float'.\n\nIt exists mainly to be used in Python's test suite.\n\nThis function returns whichever of 'unknown', 'IEEE, big-endian' or\n'IEEE, little-endian' best describes the format of floating-point\nnumbers used by the C type named by typestr.").class_method(),
    method!(Binary format as "__format__" "($self, format_spec, /)", "Formats the float according to format_spec."),
    method!(Binary div_mod as "__divmod__" "($self, value, /)", "Return divmod(self, value)."),
    method!(Binary reverse_div_mod as "__rdivmod__" "($self, value, /)", "Return divmod(value, self)."),
];

fn value(object: Ref<'_>) -> f64 {
    float::value(object).expect("the method belongs to floats")
}

/// The value of an operand: a float, or an int that is converted.
#[inline]
fn operand(vm: &mut Vm, object: Ref<'_>) -> PyResult<Option<f64>> {
    if let Some(value) = float::value(object) {
        return Ok(Some(value));
    }
    if int::is_int(object) { int::to_f64(vm, object).map(Some) } else { Ok(None) }
}

/// Binds the two operands as floats, or returns `NotImplemented`.
macro_rules! operands {
    ($vm:ident, $left:ident, $right:ident) => {
        match (operand($vm, $left)?, operand($vm, $right)?) {
            (Some(left), Some(right)) => (left, right),
            _ => return Ok(Object::not_implemented()),
        }
    };
}

fn repr(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    Ok(float::with_repr(value(this), |text| vm.new_str_latin1(text.as_bytes())).into_object())
}

fn hash(_vm: &mut Vm, this: Ref<'_>) -> PyResult<i64> {
    Ok(float::hash(this).expect("the slot belongs to floats"))
}

fn compare(_vm: &mut Vm, left: Ref<'_>, right: Ref<'_>, op: Comparison) -> PyResult {
    let value = value(left);
    let ordering = match float::value(right) {
        Some(other) => value.partial_cmp(&other),
        None => match int::compare_float(right, value) {
            Some(ordering) => ordering.map(std::cmp::Ordering::reverse),
            None => return Ok(Object::not_implemented()),
        },
    };
    Ok(Object::bool(ordering.map_or(op == Comparison::NotEqual, |ordering| ordering_satisfies(ordering, op))))
}

fn add(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>) -> PyResult {
    let (left, right) = operands!(vm, left, right);
    Ok(vm.new_float(left + right))
}

fn subtract(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>) -> PyResult {
    let (left, right) = operands!(vm, left, right);
    Ok(vm.new_float(left - right))
}

fn multiply(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>) -> PyResult {
    let (left, right) = operands!(vm, left, right);
    Ok(vm.new_float(left * right))
}

fn check_divisor(vm: &mut Vm, divisor: f64) -> PyResult<()> {
    if divisor == 0.0 { Err(vm.raise(&exception::ZERO_DIVISION_ERROR, "division by zero")) } else { Ok(()) }
}

fn true_divide(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>) -> PyResult {
    let (left, right) = operands!(vm, left, right);
    check_divisor(vm, right)?;
    Ok(vm.new_float(left / right))
}

fn floor_divide(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>) -> PyResult {
    let (left, right) = operands!(vm, left, right);
    check_divisor(vm, right)?;
    Ok(vm.new_float(float::div_mod(left, right).0))
}

fn remainder(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>) -> PyResult {
    let (left, right) = operands!(vm, left, right);
    check_divisor(vm, right)?;
    Ok(vm.new_float(float::div_mod(left, right).1))
}

fn div_mod(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>) -> PyResult {
    let (left, right) = operands!(vm, left, right);
    check_divisor(vm, right)?;
    let (quotient, rest) = float::div_mod(left, right);
    let pair = [vm.new_float(quotient), vm.new_float(rest)];
    Ok(vm.new_tuple(pair).into_object())
}

fn reverse_div_mod(vm: &mut Vm, this: Ref<'_>, left: Ref<'_>) -> PyResult {
    div_mod(vm, left, this)
}

fn power(vm: &mut Vm, base: Ref<'_>, exponent: Ref<'_>, modulus: Option<Ref<'_>>) -> PyResult {
    if modulus.is_some_and(|modulus| !modulus.is_none()) {
        return Err(vm.type_error("pow() 3rd argument not allowed unless all arguments are integers"));
    }
    let (x, y) = operands!(vm, base, exponent);
    if x == 0.0 && y < 0.0 && y.is_finite() {
        return Err(vm.raise(&exception::ZERO_DIVISION_ERROR, "zero to a negative power"));
    }
    if x < 0.0 && x.is_finite() && y.is_finite() && y != y.floor() {
        return crate::complex::power_of(vm, (x, 0.0), (y, 0.0));
    }
    let result = x.powf(y);
    if result.is_infinite() && x.is_finite() && y.is_finite() {
        let message = vm.new_str("Numerical result out of range").into_object();
        return Err(vm.raise_with(&exception::OVERFLOW_ERROR, vec![Object::small_int(34), message]));
    }
    Ok(vm.new_float(result))
}

fn negative(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    Ok(vm.new_float(-value(this)))
}

fn absolute(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    Ok(vm.new_float(value(this).abs()))
}

/// The same value as an exact float.
fn exact(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    if this.is_exactly(&FLOAT) {
        return Ok(this.to_owned());
    }
    Ok(vm.new_float(value(this)))
}

fn zero(vm: &mut Vm, _this: Ref<'_>) -> PyResult {
    Ok(vm.new_float(0.0))
}

fn is_true(_vm: &mut Vm, this: Ref<'_>) -> PyResult<bool> {
    Ok(value(this) != 0.0)
}

fn truncate(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    int::from_f64(vm, value(this))
}

fn floor(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    int::from_f64(vm, value(this).floor())
}

fn ceil(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    int::from_f64(vm, value(this).ceil())
}

fn round(vm: &mut Vm, this: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let value = value(this);
    let Some(n_digits) = args[0].filter(|digits| !digits.is_none()) else { return int::from_f64(vm, value.round_ties_even()) };
    let n_digits = vm.index_clamped(n_digits)?;
    let rounded = float::round_to(vm, value, n_digits as i64)?;
    Ok(vm.new_float(rounded))
}

/// A finite value as a whole number times a power of two.
fn decompose(value: f64) -> (u64, i64) {
    let bits = value.to_bits();
    let exponent = ((bits >> 52) & 0x7ff) as i64;
    let fraction = bits & ((1 << 52) - 1);
    if exponent == 0 { (fraction, -1074) } else { (fraction | 1 << 52, exponent - 1075) }
}

fn as_integer_ratio(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let value = value(this);
    if value.is_nan() {
        return Err(vm.value_error("cannot convert NaN to integer ratio"));
    }
    if value.is_infinite() {
        return Err(vm.overflow_error("cannot convert Infinity to integer ratio"));
    }
    let (mantissa, exponent) = decompose(value);
    let zeros = if mantissa == 0 { 0 } else { i64::from(mantissa.trailing_zeros()) };
    let exponent = if mantissa == 0 { 0 } else { exponent + zeros };
    let mut numerator = BigInt::from(mantissa >> zeros);
    let mut denominator = BigInt::from(1);
    if exponent >= 0 {
        numerator <<= exponent;
    } else {
        denominator <<= -exponent;
    }
    if value < 0.0 {
        numerator = -numerator;
    }
    let pair = [vm.new_bigint(numerator), vm.new_bigint(denominator)];
    Ok(vm.new_tuple(pair).into_object())
}

fn is_integer(_vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let value = value(this);
    Ok(Object::bool(value.is_finite() && value == value.trunc()))
}

fn new_args(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let plain = exact(vm, this)?;
    Ok(vm.new_tuple([plain]).into_object())
}

fn get_format(vm: &mut Vm, _class: Ref<'_>, kind: Ref<'_>) -> PyResult {
    let Some(kind) = kind.downcast::<Str>() else {
        return Err(vm.type_error(format!("__getformat__() argument must be str, not {}", kind.class().full_name())));
    };
    if !kind.equals_str("double") && !kind.equals_str("float") {
        return Err(vm.value_error("__getformat__() argument 1 must be 'double' or 'float'"));
    }
    let order = if cfg!(target_endian = "little") { "IEEE, little-endian" } else { "IEEE, big-endian" };
    Ok(vm.new_str(order).into_object())
}

fn format(vm: &mut Vm, this: Ref<'_>, spec: Ref<'_>) -> PyResult {
    let Some(spec) = spec.downcast::<Str>() else { return Err(bad_format_argument(vm, spec)) };
    if spec.is_empty() {
        return Ok(vm.str(this)?.into_object());
    }
    crate::format::format_float(vm, this, value(this), spec.get())
}
