//! Methods of `Decimal`.

use super::coefficient::Coefficient;
use super::common::{binary_operations, unary_operations};
use super::context::{self, Context, rounding_argument};
use super::number::{Kind, Number};
use super::object::{
    BinaryOperation, DECIMAL, UnaryOperation, compute, compute_with, convert_exactly, div_mod, from_float_object, integer_ratio, new_decimal, number,
    required, to_float, to_int,
};
use super::operations::{Extreme, Measure, ordering_number, same_quantum as same_exponent};
use super::settings::{Rounding, Settings};
use object::cell::ObjectCell;
use object::float;
use object::int;
use object::{Method, Object, ObjectOf, PyResult, Ref, Vm, method};

type Values<'a, 'b> = &'a [Option<Ref<'b>>];

pub const METHODS: &[Method] = &[
    method!(Binary divide_modulo as "__divmod__" "($self, value, /)", "Return divmod(self, value)."),
    method!(Binary reverse_divide_modulo as "__rdivmod__" "($self, value, /)", "Return divmod(value, self)."),
    method!(Bound exp "($self, /, context=None)", "Return the value of the (natural) exponential function e**x at the given\nnumber.  The function always uses the ROUND_HALF_EVEN mode and the result\nis correctly rounded.\n\n"),
    method!(Bound ln "($self, /, context=None)", "Return the natural (base e) logarithm of the operand. The function always\nuses the ROUND_HALF_EVEN mode and the result is correctly rounded.\n\n"),
    method!(Bound log10 "($self, /, context=None)", "Return the base ten logarithm of the operand. The function always uses the\nROUND_HALF_EVEN mode and the result is correctly rounded.\n\n"),
    method!(Bound next_minus "($self, /, context=None)", "Return the largest number representable in the given context (or in the\ncurrent default context if no context is given) that is smaller than the\ngiven operand.\n\n"),
    method!(Bound next_plus "($self, /, context=None)", "Return the smallest number representable in the given context (or in the\ncurrent default context if no context is given) that is larger than the\ngiven operand.\n\n"),
    method!(Bound normalize "($self, /, context=None)", "Normalize the number by stripping the rightmost trailing zeros and\nconverting any result equal to Decimal('0') to Decimal('0e0').  Used\nfor producing canonical values for members of an equivalence class.\nFor example, Decimal('32.100') and Decimal('0.321000e+2') both normalize\nto the equivalent value Decimal('32.1').\n\n"),
    method!(Bound to_integral_value as "to_integral" "($self, /, rounding=None, context=None)", "Identical to the to_integral_value() method.  The to_integral() name has been\nkept for compatibility with older versions.\n\n"),
    method!(Bound to_integral_exact "($self, /, rounding=None, context=None)", "Round to the nearest integer, signaling Inexact or Rounded as appropriate if\nrounding occurs.  The rounding mode is determined by the rounding parameter\nif given, else by the given context. If neither parameter is given, then the\nrounding mode of the current default context is used.\n\n"),
    method!(Bound to_integral_value "($self, /, rounding=None, context=None)", "Round to the nearest integer without signaling Inexact or Rounded.  The\nrounding mode is determined by the rounding parameter if given, else by\nthe given context. If neither parameter is given, then the rounding mode\nof the current default context is used.\n\n"),
    method!(Bound sqrt "($self, /, context=None)", "Return the square root of the argument to full precision. The result is\ncorrectly rounded using the ROUND_HALF_EVEN rounding mode.\n\n"),
    method!(Bound compare "($self, /, other, context=None)", "Compare self to other.  Return a decimal value:\n\n    a or b is a NaN ==> Decimal('NaN')\n    a < b           ==> Decimal('-1')\n    a == b          ==> Decimal('0')\n    a > b           ==> Decimal('1')\n\n"),
    method!(Bound compare_signal "($self, /, other, context=None)", "Identical to compare, except that all NaNs signal.\n\n"),
    method!(Bound max "($self, /, other, context=None)", "Maximum of self and other.  If one operand is a quiet NaN and the other is\nnumeric, the numeric operand is returned.\n\n"),
    method!(Bound max_mag "($self, /, other, context=None)", "Similar to the max() method, but the comparison is done using the absolute\nvalues of the operands.\n\n"),
    method!(Bound min "($self, /, other, context=None)", "Minimum of self and other. If one operand is a quiet NaN and the other is\nnumeric, the numeric operand is returned.\n\n"),
    method!(Bound min_mag "($self, /, other, context=None)", "Similar to the min() method, but the comparison is done using the absolute\nvalues of the operands.\n\n"),
    method!(Bound next_toward "($self, /, other, context=None)", "If the two operands are unequal, return the number closest to the first\noperand in the direction of the second operand.  If both operands are\nnumerically equal, return a copy of the first operand with the sign set\nto be the same as the sign of the second operand.\n\n"),
    method!(Bound quantize "($self, /, exp, rounding=None, context=None)", "Return a value equal to the first operand after rounding and having the\nexponent of the second operand.\n\n    >>> Decimal('1.41421356').quantize(Decimal('1.000'))\n    Decimal('1.414')\n\nUnlike other operations, if the length of the coefficient after the quantize\noperation would be greater than precision, then an InvalidOperation is signaled.\nThis guarantees that, unless there is an error condition, the quantized exponent\nis always equal to that of the right-hand operand.\n\nAlso unlike other operations, quantize never signals Underflow, even if the\nresult is subnormal and inexact.\n\nIf the exponent of the second operand is larger than that of the first, then\nrounding may be necessary. In this case, the rounding mode is determined by the\nrounding argument if given, else by the given context argument; if neither\nargument is given, the rounding mode of the current thread's context is used.\n\n"),
    method!(Bound remainder_near "($self, /, other, context=None)", "Return the remainder from dividing self by other.  This differs from\nself % other in that the sign of the remainder is chosen so as to minimize\nits absolute value. More precisely, the return value is self - n * other\nwhere n is the integer nearest to the exact value of self / other, and\nif two integers are equally near then the even one is chosen.\n\nIf the result is zero then its sign will be the sign of self.\n\n"),
    method!(Bound fma "($self, /, other, third, context=None)", "Fused multiply-add.  Return self*other+third with no rounding of the\nintermediate product self*other.\n\n    >>> Decimal(2).fma(3, 5)\n    Decimal('11')\n\n\n"),
    method!(Unary is_canonical "($self, /)", "Return True if the argument is canonical and False otherwise.  Currently,\na Decimal instance is always canonical, so this operation always returns\nTrue.\n\n"),
    method!(Unary is_finite "($self, /)", "Return True if the argument is a finite number, and False if the argument\nis infinite or a NaN.\n\n"),
    method!(Unary is_infinite "($self, /)", "Return True if the argument is either positive or negative infinity and\nFalse otherwise.\n\n"),
    method!(Unary is_nan "($self, /)", "Return True if the argument is a (quiet or signaling) NaN and False\notherwise.\n\n"),
    method!(Unary is_qnan "($self, /)", "Return True if the argument is a quiet NaN, and False otherwise.\n\n"),
    method!(Unary is_snan "($self, /)", "Return True if the argument is a signaling NaN and False otherwise.\n\n"),
    method!(Unary is_signed "($self, /)", "Return True if the argument has a negative sign and False otherwise.\nNote that both zeros and NaNs can carry signs.\n\n"),
    method!(Unary is_zero "($self, /)", "Return True if the argument is a (positive or negative) zero and False\notherwise.\n\n"),
    method!(Bound is_normal "($self, /, context=None)", "Return True if the argument is a normal finite non-zero number with an\nadjusted exponent greater than or equal to Emin. Return False if the\nargument is zero, subnormal, infinite or a NaN.\n\n"),
    method!(Bound is_subnormal "($self, /, context=None)", "Return True if the argument is subnormal, and False otherwise. A number is\nsubnormal if it is non-zero, finite, and has an adjusted exponent less\nthan Emin.\n\n"),
    method!(Unary adjusted "($self, /)", "Return the adjusted exponent of the number.  Defined as exp + digits - 1.\n\n"),
    method!(Unary itself as "canonical" "($self, /)", "Return the canonical encoding of the argument.  Currently, the encoding\nof a Decimal instance is always canonical, so this operation returns its\nargument unchanged.\n\n"),
    method!(Unary itself as "conjugate" "($self, /)", "Return self.\n\n"),
    method!(Unary radix "($self, /)", "Return Decimal(10), the radix (base) in which the Decimal class does\nall its arithmetic. Included for compatibility with the specification.\n\n"),
    method!(Unary copy_abs "($self, /)", "Return the absolute value of the argument.  This operation is unaffected by\ncontext and is quiet: no flags are changed and no rounding is performed.\n\n"),
    method!(Unary copy_negate "($self, /)", "Return the negation of the argument.  This operation is unaffected by context\nand is quiet: no flags are changed and no rounding is performed.\n\n"),
    method!(Bound logb "($self, /, context=None)", "For a non-zero number, return the adjusted exponent of the operand as a\nDecimal instance.  If the operand is a zero, then Decimal('-Infinity') is\nreturned and the DivisionByZero condition is raised. If the operand is\nan infinity then Decimal('Infinity') is returned.\n\n"),
    method!(Bound logical_invert "($self, /, context=None)", "Invert all its digits.\n\nThe self must be logical number.\n\n"),
    method!(Bound number_class "($self, /, context=None)", "Return a string describing the class of the operand.  The returned value\nis one of the following ten strings:\n\n    * '-Infinity', indicating that the operand is negative infinity.\n    * '-Normal', indicating that the operand is a negative normal number.\n    * '-Subnormal', indicating that the operand is negative and subnormal.\n    * '-Zero', indicating that the operand is a negative zero.\n    * '+Zero', indicating that the operand is a positive zero.\n    * '+Subnormal', indicating that the operand is positive and subnormal.\n    * '+Normal', indicating that the operand is a positive normal number.\n    * '+Infinity', indicating that the operand is positive infinity.\n    * 'NaN', indicating that the operand is a quiet NaN (Not a Number).\n    * 'sNaN', indicating that the operand is a signaling NaN.\n\n\n"),
    method!(Bound to_eng_string "($self, /, context=None)", "Convert to an engineering-type string.  Engineering notation has an exponent\nwhich is a multiple of 3, so there are up to 3 digits left of the decimal\nplace. For example, Decimal('123E+1') is converted to Decimal('1.23E+3').\n\nThe value of context.capitals determines whether the exponent sign is lower\nor upper case. Otherwise, the context does not affect the operation.\n\n"),
    method!(Bound compare_total "($self, /, other, context=None)", "Compare two operands using their abstract representation rather than\ntheir numerical value.  Similar to the compare() method, but the result\ngives a total ordering on Decimal instances.  Two Decimal instances with\nthe same numeric value but different representations compare unequal\nin this ordering:\n\n    >>> Decimal('12.0').compare_total(Decimal('12'))\n    Decimal('-1')\n\nQuiet and signaling NaNs are also included in the total ordering. The result\nof this function is Decimal('0') if both operands have the same representation,\nDecimal('-1') if the first operand is lower in the total order than the second,\nand Decimal('1') if the first operand is higher in the total order than the\nsecond operand. See the specification for details of the total order.\n\nThis operation is unaffected by context and is quiet: no flags are changed\nand no rounding is performed. As an exception, the C version may raise\nInvalidOperation if the second operand cannot be converted exactly.\n\n"),
    method!(Bound compare_total_mag "($self, /, other, context=None)", "Compare two operands using their abstract representation rather than their\nvalue as in compare_total(), but ignoring the sign of each operand.\n\nx.compare_total_mag(y) is equivalent to x.copy_abs().compare_total(y.copy_abs()).\n\nThis operation is unaffected by context and is quiet: no flags are changed\nand no rounding is performed. As an exception, the C version may raise\nInvalidOperation if the second operand cannot be converted exactly.\n\n"),
    method!(Bound copy_sign "($self, /, other, context=None)", "Return a copy of the first operand with the sign set to be the same as the\nsign of the second operand. For example:\n\n    >>> Decimal('2.3').copy_sign(Decimal('-1.5'))\n    Decimal('-2.3')\n\nThis operation is unaffected by context and is quiet: no flags are changed\nand no rounding is performed. As an exception, the C version may raise\nInvalidOperation if the second operand cannot be converted exactly.\n\n"),
    method!(Bound same_quantum "($self, /, other, context=None)", "Test whether self and other have the same exponent or whether both are NaN.\n\nThis operation is unaffected by context and is quiet: no flags are changed\nand no rounding is performed. As an exception, the C version may raise\nInvalidOperation if the second operand cannot be converted exactly.\n\n"),
    method!(Bound logical_and "($self, /, other, context=None)", "Applies an 'and' operation between self and other's digits.\n\nBoth self and other must be logical numbers.\n\n"),
    method!(Bound logical_or "($self, /, other, context=None)", "Applies an 'or' operation between self and other's digits.\n\nBoth self and other must be logical numbers. \n\n"),
    method!(Bound logical_xor "($self, /, other, context=None)", "Applies an 'xor' operation between self and other's digits.\n\nBoth self and other must be logical numbers.\n\n"),
    method!(Bound rotate "($self, /, other, context=None)", "Return the result of rotating the digits of the first operand by an amount\nspecified by the second operand.  The second operand must be an integer in\nthe range -precision through precision. The absolute value of the second\noperand gives the number of places to rotate. If the second operand is\npositive then rotation is to the left; otherwise rotation is to the right.\nThe coefficient of the first operand is padded on the left with zeros to\nlength precision if necessary. The sign and exponent of the first operand are\nunchanged.\n\n"),
    method!(Bound scaleb "($self, /, other, context=None)", "Return the first operand with the exponent adjusted the second.  Equivalently,\nreturn the first operand multiplied by 10**other. The second operand must be\nan integer.\n\n"),
    method!(Bound shift "($self, /, other, context=None)", "Return the result of shifting the digits of the first operand by an amount\nspecified by the second operand.  The second operand must be an integer in\nthe range -precision through precision. The absolute value of the second\noperand gives the number of places to shift. If the second operand is\npositive, then the shift is to the left; otherwise the shift is to the\nright. Digits shifted into the coefficient are zeros. The sign and exponent\nof the first operand are unchanged.\n\n"),
    method!(Binary from_float "($type, f, /)", "Class method that converts a float to a decimal number, exactly.\nSince 0.1 is not exactly representable in binary floating point,\nDecimal.from_float(0.1) is not the same as Decimal('0.1').\n\n    >>> Decimal.from_float(0.1)\n    Decimal('0.1000000000000000055511151231257827021181583404541015625')\n    >>> Decimal.from_float(float('nan'))\n    Decimal('NaN')\n    >>> Decimal.from_float(float('inf'))\n    Decimal('Infinity')\n    >>> Decimal.from_float(float('-inf'))\n    Decimal('-Infinity')\n\n\n").class_method(),
    method!(Binary from_number "($type, number, /)", "Class method that converts a real number to a decimal number, exactly.\n\n    >>> Decimal.from_number(314)              # int\n    Decimal('314')\n    >>> Decimal.from_number(0.1)              # float\n    Decimal('0.1000000000000000055511151231257827021181583404541015625')\n    >>> Decimal.from_number(Decimal('3.14'))  # another decimal instance\n    Decimal('3.14')\n\n\n").class_method(),
    method!(Unary as_tuple "($self, /)", "Return a tuple representation of the number.\n\n"),
    method!(Unary as_integer_ratio "($self, /)", "Decimal.as_integer_ratio() -> (int, int)\n\nReturn a pair of integers, whose ratio is exactly equal to the original\nDecimal and with a positive denominator. The ratio is in lowest terms.\nRaise OverflowError on infinities and a ValueError on NaNs.\n\n"),
    method!(Unary itself as "__copy__" "($self, /)", ""),
    method!(Binary deep_copy as "__deepcopy__" "($self, object, /)", ""),
    method!(Many format as "__format__" "", ""),
    method!(Unary reduce as "__reduce__" "($self, /)", ""),
    method!(Many round as "__round__" "", ""),
    method!(Unary ceil as "__ceil__" "($self, /)", ""),
    method!(Unary floor as "__floor__" "($self, /)", ""),
    method!(Unary trunc as "__trunc__" "($self, /)", ""),
    method!(Unary complex as "__complex__" "($self, /)", ""),
    method!(Unary size as "__sizeof__" "($self, /)", ""),
];

fn apply_unary(vm: &mut Vm, this: Ref<'_>, context: Option<Ref<'_>>, operation: UnaryOperation) -> PyResult {
    let context = context::argument(vm, context)?;
    compute(vm, &context.borrow(), |settings, status| operation(settings, number(this), status))
}

fn apply_binary(vm: &mut Vm, this: Ref<'_>, args: Values<'_, '_>, operation: BinaryOperation) -> PyResult {
    let context = context::argument(vm, args[1])?;
    let other = required(vm, args[0].unwrap_or(Ref::NONE))?;
    compute(vm, &context.borrow(), |settings, status| operation(settings, number(this), &other, status))
}

macro_rules! unary_methods {
    ($($name:ident: $operation:expr;)*) => {
        $(fn $name(vm: &mut Vm, this: Ref<'_>, args: Values<'_, '_>) -> PyResult {
            apply_unary(vm, this, args[0], $operation)
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
        $(fn $name(_vm: &mut Vm, this: Ref<'_>) -> PyResult {
            let test: fn(&Number) -> bool = $test;
            Ok(Object::bool(test(number(this))))
        })*
    };
}

unary_operations!(unary_methods);

binary_operations!(binary_methods);

tests! {
    is_canonical: |_| true;
    is_finite: Number::is_finite;
    is_infinite: Number::is_infinite;
    is_nan: Number::is_nan;
    is_qnan: |number| number.kind == Kind::Quiet;
    is_snan: Number::is_signaling;
    is_signed: |number| number.negative;
    is_zero: Number::is_zero;
}

fn is_normal(vm: &mut Vm, this: Ref<'_>, args: Values<'_, '_>) -> PyResult {
    let context = context::argument(vm, args[0])?;
    Ok(Object::bool(context.borrow().settings().is_normal(number(this))))
}

fn is_subnormal(vm: &mut Vm, this: Ref<'_>, args: Values<'_, '_>) -> PyResult {
    let context = context::argument(vm, args[0])?;
    Ok(Object::bool(context.borrow().settings().is_subnormal(number(this))))
}

fn number_class(vm: &mut Vm, this: Ref<'_>, args: Values<'_, '_>) -> PyResult {
    let context = context::argument(vm, args[0])?;
    let name = context.borrow().settings().number_class(number(this));
    Ok(vm.new_str(name).into_object())
}

fn to_eng_string(vm: &mut Vm, this: Ref<'_>, args: Values<'_, '_>) -> PyResult {
    let context = context::argument(vm, args[0])?;
    let text = number(this).text(true, context.borrow().capitals.get());
    Ok(vm.new_str(&text).into_object())
}

fn same_quantum(vm: &mut Vm, this: Ref<'_>, args: Values<'_, '_>) -> PyResult {
    context::argument(vm, args[1])?;
    let other = required(vm, args[0].unwrap_or(Ref::NONE))?;
    Ok(Object::bool(same_exponent(number(this), &other)))
}

/// The context, and its settings with the rounding that is asked for.
fn rounded_settings(vm: &mut Vm, rounding: Option<Ref<'_>>, context: Option<Ref<'_>>) -> PyResult<(ObjectOf<Context>, Settings)> {
    let context = context::argument(vm, context)?;
    let mut settings = context.borrow().settings();
    if let Some(rounding) = rounding.filter(|rounding| !rounding.is_none()) {
        settings.rounding = rounding_argument(vm, rounding)?;
    }
    Ok((context, settings))
}

fn to_integral_value(vm: &mut Vm, this: Ref<'_>, args: Values<'_, '_>) -> PyResult {
    let (context, settings) = rounded_settings(vm, args[0], args[1])?;
    compute_with(vm, &context.borrow(), &settings, |settings, status| settings.integral_value(number(this), status))
}

fn to_integral_exact(vm: &mut Vm, this: Ref<'_>, args: Values<'_, '_>) -> PyResult {
    let (context, settings) = rounded_settings(vm, args[0], args[1])?;
    compute_with(vm, &context.borrow(), &settings, |settings, status| settings.integral_exact(number(this), status))
}

fn quantize(vm: &mut Vm, this: Ref<'_>, args: Values<'_, '_>) -> PyResult {
    let (context, settings) = rounded_settings(vm, args[1], args[2])?;
    let pattern = required(vm, args[0].unwrap_or(Ref::NONE))?;
    compute_with(vm, &context.borrow(), &settings, |settings, status| settings.quantize(number(this), &pattern, status))
}

fn fma(vm: &mut Vm, this: Ref<'_>, args: Values<'_, '_>) -> PyResult {
    let context = context::argument(vm, args[2])?;
    let other = required(vm, args[0].unwrap_or(Ref::NONE))?;
    let third = required(vm, args[1].unwrap_or(Ref::NONE))?;
    compute(vm, &context.borrow(), |settings, status| settings.fma(number(this), &other, &third, status))
}

fn adjusted(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let own = number(this);
    Ok(vm.new_int(if own.is_special() { 0 } else { own.adjusted() }))
}

fn itself(_vm: &mut Vm, this: Ref<'_>) -> PyResult {
    Ok(this.to_owned())
}

fn radix(vm: &mut Vm, _this: Ref<'_>) -> PyResult {
    Ok(new_decimal(vm, Number::from_i64(10)))
}

fn copy_abs(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    Ok(new_decimal(vm, number(this).clone().with_sign(false)))
}

fn copy_negate(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let own = number(this);
    Ok(new_decimal(vm, own.clone().with_sign(!own.negative)))
}

fn from_float(vm: &mut Vm, class: Ref<'_>, value: Ref<'_>) -> PyResult {
    let exact = from_float_object(vm, value)?;
    let made = new_decimal(vm, exact);
    if class.is(DECIMAL.object()) { Ok(made) } else { vm.call(class, &[made.borrow()]) }
}

fn from_number(vm: &mut Vm, class: Ref<'_>, value: Ref<'_>) -> PyResult {
    if float::value(value).is_none() && !int::is_int(value) && value.downcast::<super::object::Decimal>().is_none() {
        return Err(vm.type_error(format!("conversion from {} to Decimal is not supported", value.class().full_name())));
    }
    let context = context::current(vm)?;
    let made = convert_exactly(vm, &DECIMAL, value, &context)?;
    if class.is(DECIMAL.object()) { Ok(made) } else { vm.call(class, &[made.borrow()]) }
}

/// `decimal.DecimalTuple`
pub static DECIMAL_TUPLE: ObjectCell = ObjectCell::EMPTY;

fn as_tuple(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let own = number(this);
    let exponent = match own.kind {
        Kind::Infinite => vm.new_str("F").into_object(),
        Kind::Quiet => vm.new_str("n").into_object(),
        Kind::Signaling => vm.new_str("N").into_object(),
        Kind::Finite => vm.new_int(own.exponent),
    };
    let text = if own.is_nan() && own.coefficient.is_zero() { String::new() } else { own.coefficient.text() };
    let digits: Vec<Object> = text.bytes().map(|digit| Object::small_int(i64::from(digit - b'0'))).collect();
    let digits = vm.new_tuple(digits).into_object();
    let sign = Object::small_int(i64::from(own.negative));
    vm.call(DECIMAL_TUPLE.get_or_none().borrow(), &[sign.borrow(), digits.borrow(), exponent.borrow()])
}

fn as_integer_ratio(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let own = number(this);
    match own.kind {
        Kind::Quiet | Kind::Signaling => return Err(vm.value_error("cannot convert NaN to integer ratio")),
        Kind::Infinite => return Err(vm.overflow_error("cannot convert Infinity to integer ratio")),
        Kind::Finite => {}
    }
    let (numerator, denominator) = integer_ratio(own);
    let pair = [vm.new_bigint(numerator), vm.new_bigint(denominator)];
    Ok(vm.new_tuple(pair).into_object())
}

fn deep_copy(_vm: &mut Vm, this: Ref<'_>, _memo: Ref<'_>) -> PyResult {
    Ok(this.to_owned())
}

fn reduce(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let text = vm.str(this)?.into_object();
    let args = vm.new_tuple([text]).into_object();
    Ok(vm.new_tuple([this.class().to_object(), args]).into_object())
}

fn round(vm: &mut Vm, this: Ref<'_>, args: &[Ref<'_>]) -> PyResult {
    let digits = match args {
        [] => return to_int(vm, number(this), Rounding::HalfEven),
        [digits] if digits.is_none() => return to_int(vm, number(this), Rounding::HalfEven),
        [digits] if int::is_int(*digits) => context::size_argument(vm, *digits)?,
        [_] => return Err(vm.type_error("optional arg must be an integer")),
        _ => return Err(vm.type_error(format!("__round__ expected at most 1 argument, got {}", args.len()))),
    };
    let context = context::current(vm)?;
    let pattern = Number::new(false, Coefficient::ONE, digits.saturating_neg());
    compute(vm, &context.borrow(), |settings, status| settings.quantize(number(this), &pattern, status))
}

fn ceil(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    to_int(vm, number(this), Rounding::Ceiling)
}

fn floor(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    to_int(vm, number(this), Rounding::Floor)
}

fn trunc(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    to_int(vm, number(this), Rounding::Down)
}

fn complex(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let real = to_float(vm, number(this))?;
    Ok(builtins::complex::new_complex(vm, real, 0.0))
}

fn size(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let words = match &number(this).coefficient {
        Coefficient::Small(..) => 0,
        Coefficient::Large(value) => value.bits().div_ceil(64) as i64 + 3,
    };
    Ok(vm.new_int(this.class().basic_size() as i64 + 8 * words))
}

fn format(vm: &mut Vm, this: Ref<'_>, args: &[Ref<'_>]) -> PyResult {
    super::format::format(vm, this, args)
}

fn divide_modulo(vm: &mut Vm, this: Ref<'_>, other: Ref<'_>) -> PyResult {
    div_mod(vm, this, other)
}

fn reverse_divide_modulo(vm: &mut Vm, this: Ref<'_>, other: Ref<'_>) -> PyResult {
    div_mod(vm, other, this)
}
