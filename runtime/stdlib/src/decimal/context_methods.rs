//! Methods of `Context`: the operations, with the context's own precision, rounding and traps.

use super::common::{binary_operations, unary_operations};
use super::context::{context, reduce};
use super::number::{Kind, Number};
use super::object::{
    BinaryOperation, Decimal, Operand, UnaryOperation, compute, convert_rounded, div_mod_in, from_float_object, new_decimal, required,
};
use super::operations::{Extreme, Measure, ordering_number, same_quantum as same_exponent};
use super::settings::Settings;
use object::{Method, Object, PyResult, Ref, Vm, method};

type Values<'a, 'b> = &'a [Option<Ref<'b>>];

pub const METHODS: &[Method] = &[
    method!(Binary absolute as "abs" "($self, x, /)", "Return the absolute value of x.\n\n"),
    method!(Binary exp "($self, x, /)", "Return e ** x.\n\n"),
    method!(Binary ln "($self, x, /)", "Return the natural (base e) logarithm of x.\n\n"),
    method!(Binary log10 "($self, x, /)", "Return the base 10 logarithm of x.\n\n"),
    method!(Binary minus "($self, x, /)", "Minus corresponds to the unary prefix minus operator in Python, but applies\nthe context to the result.\n\n"),
    method!(Binary next_minus "($self, x, /)", "Return the largest representable number smaller than x.\n\n"),
    method!(Binary next_plus "($self, x, /)", "Return the smallest representable number larger than x.\n\n"),
    method!(Binary normalize "($self, x, /)", "Reduce x to its simplest form. Alias for reduce(x).\n\n"),
    method!(Binary plus "($self, x, /)", "Plus corresponds to the unary prefix plus operator in Python, but applies\nthe context to the result.\n\n"),
    method!(Binary to_integral_value as "to_integral" "($self, x, /)", "Identical to to_integral_value(x).\n\n"),
    method!(Binary to_integral_exact "($self, x, /)", "Round to an integer. Signal if the result is rounded or inexact.\n\n"),
    method!(Binary to_integral_value "($self, x, /)", "Round to an integer.\n\n"),
    method!(Binary sqrt "($self, x, /)", "Square root of a non-negative number to context precision.\n\n"),
    method!(Bound add "($self, x, y, /)", "Return the sum of x and y.\n\n"),
    method!(Bound compare "($self, x, y, /)", "Compare x and y numerically.\n\n"),
    method!(Bound compare_signal "($self, x, y, /)", "Compare x and y numerically.  All NaNs signal.\n\n"),
    method!(Bound divide "($self, x, y, /)", "Return x divided by y.\n\n"),
    method!(Bound divide_int "($self, x, y, /)", "Return x divided by y, truncated to an integer.\n\n"),
    method!(Bound div_mod as "divmod" "($self, x, y, /)", "Return quotient and remainder of the division x / y.\n\n"),
    method!(Bound max "($self, x, y, /)", "Compare the values numerically and return the maximum.\n\n"),
    method!(Bound max_mag "($self, x, y, /)", "Compare the values numerically with their sign ignored.\n\n"),
    method!(Bound min "($self, x, y, /)", "Compare the values numerically and return the minimum.\n\n"),
    method!(Bound min_mag "($self, x, y, /)", "Compare the values numerically with their sign ignored.\n\n"),
    method!(Bound multiply "($self, x, y, /)", "Return the product of x and y.\n\n"),
    method!(Bound next_toward "($self, x, y, /)", "Return the number closest to x, in the direction towards y.\n\n"),
    method!(Bound quantize "($self, x, y, /)", "Return a value equal to x (rounded), having the exponent of y.\n\n"),
    method!(Bound remainder "($self, x, y, /)", "Return the remainder from integer division.  The sign of the result,\nif non-zero, is the same as that of the original dividend.\n\n"),
    method!(Bound remainder_near "($self, x, y, /)", "Return x - y * n, where n is the integer nearest the exact value of x / y\n(if the result is 0 then its sign will be the sign of x).\n\n"),
    method!(Bound subtract "($self, x, y, /)", "Return the difference between x and y.\n\n"),
    method!(Bound power "($self, /, a, b, modulo=None)", "Compute a**b. If 'a' is negative, then 'b' must be integral. The result\nwill be inexact unless 'a' is integral and the result is finite and can\nbe expressed exactly in 'precision' digits.  In the Python version the\nresult is always correctly rounded, in the C version the result is almost\nalways correctly rounded.\n\nIf modulo is given, compute (a**b) % modulo. The following restrictions\nhold:\n\n    * all three arguments must be integral\n    * 'b' must be nonnegative\n    * at least one of 'a' or 'b' must be nonzero\n    * modulo must be nonzero and less than 10**prec in absolute value\n\n\n"),
    method!(Bound fma "($self, x, y, z, /)", "Return x multiplied by y, plus z.\n\n"),
    method!(Unary etiny as "Etiny" "($self, /)", "Return a value equal to Emin - prec + 1, which is the minimum exponent value\nfor subnormal results.  When underflow occurs, the exponent is set to Etiny.\n\n"),
    method!(Unary etop as "Etop" "($self, /)", "Return a value equal to Emax - prec + 1.  This is the maximum exponent\nif the _clamp field of the context is set to 1 (IEEE clamp mode).  Etop()\nmust not be negative.\n\n"),
    method!(Unary radix "($self, /)", "Return 10.\n\n"),
    method!(Binary is_canonical "($self, x, /)", "Return True if x is canonical, False otherwise.\n\n"),
    method!(Binary is_finite "($self, x, /)", "Return True if x is finite, False otherwise.\n\n"),
    method!(Binary is_infinite "($self, x, /)", "Return True if x is infinite, False otherwise.\n\n"),
    method!(Binary is_nan "($self, x, /)", "Return True if x is a qNaN or sNaN, False otherwise.\n\n"),
    method!(Binary is_normal "($self, x, /)", "Return True if x is a normal number, False otherwise.\n\n"),
    method!(Binary is_qnan "($self, x, /)", "Return True if x is a quiet NaN, False otherwise.\n\n"),
    method!(Binary is_signed "($self, x, /)", "Return True if x is negative, False otherwise.\n\n"),
    method!(Binary is_snan "($self, x, /)", "Return True if x is a signaling NaN, False otherwise.\n\n"),
    method!(Binary is_subnormal "($self, x, /)", "Return True if x is subnormal, False otherwise.\n\n"),
    method!(Binary is_zero "($self, x, /)", "Return True if x is a zero, False otherwise.\n\n"),
    method!(Binary apply as "_apply" "($self, object, /)", ""),
    method!(Binary canonical "($self, x, /)", "Return a new instance of x.\n\n"),
    method!(Binary copy_abs "($self, x, /)", "Return a copy of x with the sign set to 0.\n\n"),
    method!(Binary copy_decimal "($self, x, /)", "Return a copy of Decimal x.\n\n"),
    method!(Binary copy_negate "($self, x, /)", "Return a copy of x with the sign inverted.\n\n"),
    method!(Binary logb "($self, x, /)", "Return the exponent of the magnitude of the operand's MSD.\n\n"),
    method!(Binary logical_invert "($self, x, /)", "Invert all the digits in the operand.\n\nThe operand must be a logical number.\n\n    >>> ExtendedContext.logical_invert(Decimal('0'))\n    Decimal('111111111')\n    >>> ExtendedContext.logical_invert(Decimal('1'))\n    Decimal('111111110')\n    >>> ExtendedContext.logical_invert(Decimal('111111111'))\n    Decimal('0')\n    >>> ExtendedContext.logical_invert(Decimal('101010101'))\n    Decimal('10101010')\n    >>> ExtendedContext.logical_invert(1101)\n    Decimal('111110010')\n\n"),
    method!(Binary number_class "($self, x, /)", "Return an indication of the class of x.\n\n"),
    method!(Binary to_sci_string "($self, x, /)", "Convert a number to a string using scientific notation.\n\n"),
    method!(Binary to_eng_string "($self, x, /)", "Convert a number to a string, using engineering notation.\n\n"),
    method!(Bound compare_total "($self, x, y, /)", "Compare x and y using their abstract representation.\n\n"),
    method!(Bound compare_total_mag "($self, x, y, /)", "Compare x and y using their abstract representation, ignoring sign.\n\n"),
    method!(Bound copy_sign "($self, x, y, /)", "Copy the sign from y to x.\n\n"),
    method!(Bound logical_and "($self, x, y, /)", "Applies the logical operation 'and' between each operand's digits.\n\nThe operands must be both logical numbers.\n\n    >>> ExtendedContext.logical_and(Decimal('0'), Decimal('0'))\n    Decimal('0')\n    >>> ExtendedContext.logical_and(Decimal('0'), Decimal('1'))\n    Decimal('0')\n    >>> ExtendedContext.logical_and(Decimal('1'), Decimal('0'))\n    Decimal('0')\n    >>> ExtendedContext.logical_and(Decimal('1'), Decimal('1'))\n    Decimal('1')\n    >>> ExtendedContext.logical_and(Decimal('1100'), Decimal('1010'))\n    Decimal('1000')\n    >>> ExtendedContext.logical_and(Decimal('1111'), Decimal('10'))\n    Decimal('10')\n    >>> ExtendedContext.logical_and(110, 1101)\n    Decimal('100')\n    >>> ExtendedContext.logical_and(Decimal(110), 1101)\n    Decimal('100')\n    >>> ExtendedContext.logical_and(110, Decimal(1101))\n    Decimal('100')\n\n"),
    method!(Bound logical_or "($self, x, y, /)", "Applies the logical operation 'or' between each operand's digits.\n\nThe operands must be both logical numbers.\n\n    >>> ExtendedContext.logical_or(Decimal('0'), Decimal('0'))\n    Decimal('0')\n    >>> ExtendedContext.logical_or(Decimal('0'), Decimal('1'))\n    Decimal('1')\n    >>> ExtendedContext.logical_or(Decimal('1'), Decimal('0'))\n    Decimal('1')\n    >>> ExtendedContext.logical_or(Decimal('1'), Decimal('1'))\n    Decimal('1')\n    >>> ExtendedContext.logical_or(Decimal('1100'), Decimal('1010'))\n    Decimal('1110')\n    >>> ExtendedContext.logical_or(Decimal('1110'), Decimal('10'))\n    Decimal('1110')\n    >>> ExtendedContext.logical_or(110, 1101)\n    Decimal('1111')\n    >>> ExtendedContext.logical_or(Decimal(110), 1101)\n    Decimal('1111')\n    >>> ExtendedContext.logical_or(110, Decimal(1101))\n    Decimal('1111')\n\n"),
    method!(Bound logical_xor "($self, x, y, /)", "Applies the logical operation 'xor' between each operand's digits.\n\nThe operands must be both logical numbers.\n\n    >>> ExtendedContext.logical_xor(Decimal('0'), Decimal('0'))\n    Decimal('0')\n    >>> ExtendedContext.logical_xor(Decimal('0'), Decimal('1'))\n    Decimal('1')\n    >>> ExtendedContext.logical_xor(Decimal('1'), Decimal('0'))\n    Decimal('1')\n    >>> ExtendedContext.logical_xor(Decimal('1'), Decimal('1'))\n    Decimal('0')\n    >>> ExtendedContext.logical_xor(Decimal('1100'), Decimal('1010'))\n    Decimal('110')\n    >>> ExtendedContext.logical_xor(Decimal('1111'), Decimal('10'))\n    Decimal('1101')\n    >>> ExtendedContext.logical_xor(110, 1101)\n    Decimal('1011')\n    >>> ExtendedContext.logical_xor(Decimal(110), 1101)\n    Decimal('1011')\n    >>> ExtendedContext.logical_xor(110, Decimal(1101))\n    Decimal('1011')\n\n"),
    method!(Bound rotate "($self, x, y, /)", "Return a copy of x, rotated by y places.\n\n"),
    method!(Bound same_quantum "($self, x, y, /)", "Return True if the two operands have the same exponent.\n\n"),
    method!(Bound scaleb "($self, x, y, /)", "Return the first operand after adding the second value to its exp.\n\n"),
    method!(Bound shift "($self, x, y, /)", "Return a copy of x, shifted by y places.\n\n"),
    method!(Unary clear_flags "($self, /)", "Reset all flags to False.\n\n"),
    method!(Unary clear_traps "($self, /)", "Set all traps to False.\n\n"),
    method!(Unary copy as "__copy__" "($self, /)", ""),
    method!(Unary reduce as "__reduce__" "($self, /)", ""),
    method!(Unary copy "($self, /)", "Return a duplicate of the context.\n\n"),
    method!(Bound create_decimal "($self, num=\"0\", /)", "Create a new Decimal instance from num, using self as the context. Unlike the\nDecimal constructor, this function observes the context limits.\n\n"),
    method!(Binary create_decimal_from_float "($self, f, /)", "Create a new Decimal instance from float f.  Unlike the Decimal.from_float()\nclass method, this function observes the context limits.\n\n"),
];

fn apply_unary(vm: &mut Vm, this: Ref<'_>, operand: Ref<'_>, operation: UnaryOperation) -> PyResult {
    let operand = required(vm, operand)?;
    compute(vm, context(this), |settings, status| operation(settings, &operand, status))
}

/// The two operands of a method.
fn pair<'a>(vm: &mut Vm, args: Values<'_, 'a>) -> PyResult<(Operand<'a>, Operand<'a>)> {
    let left = required(vm, args[0].unwrap_or(Ref::NONE))?;
    let right = required(vm, args[1].unwrap_or(Ref::NONE))?;
    Ok((left, right))
}

fn apply_binary(vm: &mut Vm, this: Ref<'_>, args: Values<'_, '_>, operation: BinaryOperation) -> PyResult {
    let (left, right) = pair(vm, args)?;
    compute(vm, context(this), |settings, status| operation(settings, &left, &right, status))
}

macro_rules! unary_methods {
    ($($name:ident: $operation:expr;)*) => {
        $(fn $name(vm: &mut Vm, this: Ref<'_>, operand: Ref<'_>) -> PyResult {
            apply_unary(vm, this, operand, $operation)
        })*
    };
}

macro_rules! binary_methods {
    ($($name:ident: $operation:expr;)*) => {
        $(fn $name(vm: &mut Vm, this: Ref<'_>, args: Values<'_, '_>) -> PyResult {
            apply_binary(vm, this, args, $operation)
        })*
    };
}

macro_rules! tests {
    ($($name:ident: $test:expr;)*) => {
        $(fn $name(vm: &mut Vm, this: Ref<'_>, operand: Ref<'_>) -> PyResult {
            let test: fn(&Settings, &Number) -> bool = $test;
            let operand = required(vm, operand)?;
            Ok(Object::bool(test(&context(this).settings(), &operand)))
        })*
    };
}

unary_operations!(unary_methods);

unary_methods! {
    absolute: Settings::absolute;
    minus: Settings::minus;
    plus: Settings::plus;
    to_integral_value: Settings::integral_value;
    to_integral_exact: Settings::integral_exact;
    copy_abs: |_, number, _| number.clone().with_sign(false);
    copy_negate: |_, number, _| number.clone().with_sign(!number.negative);
    apply: |settings, number, status| settings.finish(number.clone(), status);
}

binary_operations!(binary_methods);

binary_methods! {
    add: Settings::add;
    subtract: Settings::subtract;
    multiply: Settings::multiply;
    divide: Settings::divide;
    divide_int: Settings::divide_int;
    remainder: Settings::remainder;
    quantize: Settings::quantize;
}

tests! {
    is_finite: |_, number| number.is_finite();
    is_infinite: |_, number| number.is_infinite();
    is_nan: |_, number| number.is_nan();
    is_normal: Settings::is_normal;
    is_qnan: |_, number| number.kind == Kind::Quiet;
    is_signed: |_, number| number.negative;
    is_snan: |_, number| number.is_signaling();
    is_subnormal: Settings::is_subnormal;
    is_zero: |_, number| number.is_zero();
}

fn same_quantum(vm: &mut Vm, _this: Ref<'_>, args: Values<'_, '_>) -> PyResult {
    let (left, right) = pair(vm, args)?;
    Ok(Object::bool(same_exponent(&left, &right)))
}

fn div_mod(vm: &mut Vm, this: Ref<'_>, args: Values<'_, '_>) -> PyResult {
    let (left, right) = pair(vm, args)?;
    div_mod_in(vm, context(this), &left, &right)
}

fn power(vm: &mut Vm, this: Ref<'_>, args: Values<'_, '_>) -> PyResult {
    let (base, exponent) = pair(vm, args)?;
    let modulus = match args[2].filter(|modulus| !modulus.is_none()) {
        Some(modulus) => Some(required(vm, modulus)?),
        None => None,
    };
    compute(vm, context(this), |settings, status| match modulus {
        Some(modulus) => settings.power_modulo(&base, &exponent, &modulus, status),
        None => settings.power(&base, &exponent, status),
    })
}

fn fma(vm: &mut Vm, this: Ref<'_>, args: Values<'_, '_>) -> PyResult {
    let (left, right) = pair(vm, args)?;
    let third = required(vm, args[2].unwrap_or(Ref::NONE))?;
    compute(vm, context(this), |settings, status| settings.fma(&left, &right, &third, status))
}

fn etiny(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    Ok(vm.new_int(context(this).settings().etiny()))
}

fn etop(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    Ok(vm.new_int(context(this).settings().etop()))
}

fn radix(vm: &mut Vm, _this: Ref<'_>) -> PyResult {
    Ok(new_decimal(vm, Number::from_i64(10)))
}

fn is_canonical(vm: &mut Vm, this: Ref<'_>, operand: Ref<'_>) -> PyResult {
    canonical(vm, this, operand)?;
    Ok(Object::bool(true))
}

fn canonical(vm: &mut Vm, _this: Ref<'_>, operand: Ref<'_>) -> PyResult {
    if operand.downcast::<Decimal>().is_none() {
        return Err(vm.type_error("argument must be a Decimal"));
    }
    Ok(operand.to_owned())
}

fn copy_decimal(vm: &mut Vm, _this: Ref<'_>, operand: Ref<'_>) -> PyResult {
    if operand.downcast::<Decimal>().is_some() {
        return Ok(operand.to_owned());
    }
    let number = required(vm, operand)?.clone();
    Ok(new_decimal(vm, number))
}

fn number_class(vm: &mut Vm, this: Ref<'_>, operand: Ref<'_>) -> PyResult {
    let operand = required(vm, operand)?;
    let name = context(this).settings().number_class(&operand);
    Ok(vm.new_str(name).into_object())
}

fn to_sci_string(vm: &mut Vm, this: Ref<'_>, operand: Ref<'_>) -> PyResult {
    let operand = required(vm, operand)?;
    Ok(vm.new_str(&operand.text(false, context(this).capitals.get())).into_object())
}

fn to_eng_string(vm: &mut Vm, this: Ref<'_>, operand: Ref<'_>) -> PyResult {
    let operand = required(vm, operand)?;
    Ok(vm.new_str(&operand.text(true, context(this).capitals.get())).into_object())
}

fn clear_flags(_vm: &mut Vm, this: Ref<'_>) -> PyResult {
    context(this).clear_flags();
    Ok(Object::none())
}

fn clear_traps(_vm: &mut Vm, this: Ref<'_>) -> PyResult {
    context(this).clear_traps();
    Ok(Object::none())
}

fn copy(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    Ok(vm.allocate(context(this).copied()).into_object())
}

fn create_decimal(vm: &mut Vm, this: Ref<'_>, args: Values<'_, '_>) -> PyResult {
    match args[0] {
        Some(value) => convert_rounded(vm, value, context(this)),
        None => Ok(new_decimal(vm, Number::zero(false, 0))),
    }
}

fn create_decimal_from_float(vm: &mut Vm, this: Ref<'_>, value: Ref<'_>) -> PyResult {
    let exact = from_float_object(vm, value)?;
    compute(vm, context(this), |settings, status| settings.finish(exact, status))
}
