//! The module `math`. The numerical work is the crate `pymath`'s, whose results are CPython's bit for bit.

use crate::math::integer::{comb, factorial, gcd, isqrt, lcm, perm};
use crate::math::sums::{dist, fsum, hypot, prod, sumprod};
use num_traits::{Signed, ToPrimitive};
use object::float::{self, FLOAT};
use object::native::Module;
use object::singleton::ModuleObject;
use object::{Method, Object, PyResult, Raised, Ref, RefOf, Vm, exception, int, method};
use pymath::Error;

mod integer;
mod sums;

pub static MODULE: Module = Module {
    name: "math",
    doc: "This module provides access to the mathematical functions\ndefined by the C standard.",
    functions: FUNCTIONS,
    init: Some(init),
    ..Module::DEFAULT
};

/// Sets the constants, which are those of `cmath` too.
pub fn init(vm: &mut Vm, module: RefOf<'_, ModuleObject>) -> PyResult<()> {
    use std::f64::consts::{E, PI, TAU};
    for (name, value) in [("pi", PI), ("e", E), ("tau", TAU), ("inf", f64::INFINITY), ("nan", f64::NAN)] {
        let value = vm.new_float(value);
        module.set(vm, name, value);
    }
    Ok(())
}

const FUNCTIONS: &[Method] = &[
    method!(Binary acos "($module, x, /)", "Return the arc cosine (measured in radians) of x.\n\nThe result is between 0 and pi."),
    method!(Binary acosh "($module, x, /)", "Return the inverse hyperbolic cosine of x."),
    method!(Binary asin "($module, x, /)", "Return the arc sine (measured in radians) of x.\n\nThe result is between -pi/2 and pi/2."),
    method!(Binary asinh "($module, x, /)", "Return the inverse hyperbolic sine of x."),
    method!(Binary atan "($module, x, /)", "Return the arc tangent (measured in radians) of x.\n\nThe result is between -pi/2 and pi/2."),
    method!(Bound atan2 "($module, y, x, /)", "Return the arc tangent (measured in radians) of y/x.\n\nUnlike atan(y/x), the signs of both x and y are considered."),
    method!(Binary atanh "($module, x, /)", "Return the inverse hyperbolic tangent of x."),
    method!(Binary cbrt "($module, x, /)", "Return the cube root of x."),
    method!(Binary ceil "($module, x, /)", "Return the ceiling of x as an Integral.\n\nThis is the smallest integer >= x."),
    method!(Bound comb "($module, n, k, /)", "Number of ways to choose k items from n items without repetition and without order.\n\nEvaluates to n! / (k! * (n - k)!) when k <= n and evaluates\nto zero when k > n.\n\nAlso called the binomial coefficient because it is equivalent\nto the coefficient of k-th term in polynomial expansion of the\nexpression (1 + x)**n.\n\nRaises TypeError if either of the arguments are not integers.\nRaises ValueError if either of the arguments are negative."),
    method!(Bound copysign "($module, x, y, /)", "Return a float with the magnitude (absolute value) of x but the sign of y.\n\nOn platforms that support signed zeros, copysign(1.0, -0.0)\nreturns -1.0.\n"),
    method!(Binary cos "($module, x, /)", "Return the cosine of x (measured in radians)."),
    method!(Binary cosh "($module, x, /)", "Return the hyperbolic cosine of x."),
    method!(Binary degrees "($module, x, /)", "Convert angle x from radians to degrees."),
    method!(Bound dist "($module, p, q, /)", "Return the Euclidean distance between two points p and q.\n\nThe points should be specified as sequences (or iterables) of\ncoordinates.  Both inputs must have the same dimension.\n\nRoughly equivalent to:\n    sqrt(sum((px - qx) ** 2.0 for px, qx in zip(p, q)))"),
    method!(Binary erf "($module, x, /)", "Error function at x."),
    method!(Binary erfc "($module, x, /)", "Complementary error function at x."),
    method!(Binary exp "($module, x, /)", "Return e raised to the power of x."),
    method!(Binary exp2 "($module, x, /)", "Return 2 raised to the power of x."),
    method!(Binary expm1 "($module, x, /)", "Return exp(x)-1.\n\nThis function avoids the loss of precision involved in the direct evaluation of exp(x)-1 for small x."),
    method!(Binary fabs "($module, x, /)", "Return the absolute value of the float x."),
    method!(Binary factorial "($module, n, /)", "Find n!."),
    method!(Binary floor "($module, x, /)", "Return the floor of x as an Integral.\n\nThis is the largest integer <= x."),
    method!(Bound fma "($module, x, y, z, /)", "Fused multiply-add operation.\n\nCompute (x * y) + z with a single round."),
    method!(Bound fmod "($module, x, y, /)", "Return fmod(x, y), according to platform C.\n\nx % y may differ."),
    method!(Binary frexp "($module, x, /)", "Return the mantissa and exponent of x, as pair (m, e).\n\nIf x is a finite nonzero number, then m is a float with\n0.5 <= abs(m) < 1.0 and an integer e is such that\nx == m * 2**e exactly.  Else, return (x, 0)."),
    method!(Binary fsum "($module, seq, /)", "Return an accurate floating-point sum of values in the iterable seq.\n\nAssumes IEEE-754 floating-point arithmetic."),
    method!(Binary gamma "($module, x, /)", "Gamma function at x."),
    method!(Many gcd "($module, /, *integers)", "Greatest Common Divisor."),
    method!(Many hypot "($module, /, *coordinates)", "Multidimensional Euclidean distance from the origin to a point.\n\nRoughly equivalent to:\n    sqrt(sum(x**2 for x in coordinates))\n\nFor a two dimensional point (x, y), gives the hypotenuse\nusing the Pythagorean theorem:  sqrt(x*x + y*y).\n\nFor example, the hypotenuse of a 3/4/5 right triangle is:\n\n    >>> hypot(3.0, 4.0)\n    5.0"),
    method!(Bound isclose "($module, /, a, b, *, rel_tol=1e-09, abs_tol=0.0)", "Determine whether two floating-point numbers are close in value.\n\n  rel_tol\n    maximum difference for being considered \"close\", relative to the\n    magnitude of the input values\n  abs_tol\n    maximum difference for being considered \"close\", regardless of the\n    magnitude of the input values\n\nReturn True if a is close in value to b, and False otherwise.\n\nFor the values to be considered close, the difference between them\nmust be smaller than at least one of the tolerances.\n\n-inf, inf and NaN behave similarly to the IEEE 754 Standard.  That\nis, NaN is not close to anything, even itself.  inf and -inf are\nonly close to themselves."),
    method!(Binary isfinite "($module, x, /)", "Return True if x is neither an infinity nor a NaN, and False otherwise."),
    method!(Binary isinf "($module, x, /)", "Return True if x is a positive or negative infinity, and False otherwise."),
    method!(Binary isnan "($module, x, /)", "Return True if x is a NaN (not a number), and False otherwise."),
    method!(Binary isqrt "($module, n, /)", "Return the integer part of the square root of the input."),
    method!(Many lcm "($module, /, *integers)", "Least Common Multiple."),
    method!(Bound ldexp "($module, x, i, /)", "Return x * (2**i).\n\nThis is essentially the inverse of frexp()."),
    method!(Binary lgamma "($module, x, /)", "Natural logarithm of absolute value of Gamma function at x."),
    method!(Many log "", "log(x, [base=math.e])\nReturn the logarithm of x to the given base.\n\nIf the base is not specified, returns the natural logarithm (base e) of x."),
    method!(Binary log10 "($module, x, /)", "Return the base 10 logarithm of x."),
    method!(Binary log1p "($module, x, /)", "Return the natural logarithm of 1+x (base e).\n\nThe result is computed in a way which is accurate for x near zero."),
    method!(Binary log2 "($module, x, /)", "Return the base 2 logarithm of x."),
    method!(Binary modf "($module, x, /)", "Return the fractional and integer parts of x.\n\nBoth results carry the sign of x and are floats."),
    method!(Bound nextafter "($module, x, y, /, *, steps=None)", "Return the floating-point value the given number of steps after x towards y.\n\nIf steps is not specified or is None, it defaults to 1.\n\nRaises a TypeError, if x or y is not a double, or if steps is not\nan integer.  Raises ValueError if steps is negative."),
    method!(Bound perm "($module, n, k=None, /)", "Number of ways to choose k items from n items without repetition and with order.\n\nEvaluates to n! / (n - k)! when k <= n and evaluates\nto zero when k > n.\n\nIf k is not specified or is None, then k defaults to n\nand the function returns n!.\n\nRaises TypeError if either of the arguments are not integers.\nRaises ValueError if either of the arguments are negative."),
    method!(Bound pow "($module, x, y, /)", "Return x**y (x to the power of y)."),
    method!(Bound prod "($module, iterable, /, *, start=1)", "Calculate the product of all the elements in the input iterable.\n\nThe default start value for the product is 1.\n\nWhen the iterable is empty, return the start value.  This function is\nintended specifically for use with numeric values and may reject\nnon-numeric types."),
    method!(Binary radians "($module, x, /)", "Convert angle x from degrees to radians."),
    method!(Bound remainder "($module, x, y, /)", "Difference between x and the closest integer multiple of y.\n\nReturn x - n*y where n*y is the closest integer multiple of y.\nIn the case where x is exactly halfway between two multiples of\ny, the nearest even value of n is used. The result is always exact."),
    method!(Binary sin "($module, x, /)", "Return the sine of x (measured in radians)."),
    method!(Binary sinh "($module, x, /)", "Return the hyperbolic sine of x."),
    method!(Binary sqrt "($module, x, /)", "Return the square root of x."),
    method!(Bound sumprod "($module, p, q, /)", "Return the sum of products of values from two iterables p and q.\n\nRoughly equivalent to:\n\n    sum(map(operator.mul, p, q, strict=True))\n\nFor float and mixed int/float inputs, the intermediate products\nand sums are computed with extended precision."),
    method!(Binary tan "($module, x, /)", "Return the tangent of x (measured in radians)."),
    method!(Binary tanh "($module, x, /)", "Return the hyperbolic tangent of x."),
    method!(Binary trunc "($module, x, /)", "Truncates the Real x to the nearest Integral toward 0.\n\nUses the __trunc__ magic method."),
    method!(Binary ulp "($module, x, /)", "Return the value of the least significant bit of the float x."),
];

/// The error of a function that got `value`. What it `expected` is empty where CPython says no more
/// than "math domain error".
fn fail(vm: &mut Vm, error: Error, expected: &str, value: f64) -> Raised {
    match error {
        Error::ERANGE => vm.overflow_error("math range error"),
        Error::EDOM if expected.is_empty() => vm.value_error("math domain error"),
        Error::EDOM => vm.value_error(format!("expected {expected}, got {}", float::repr(value))),
    }
}

fn finish(vm: &mut Vm, result: pymath::Result<f64>) -> PyResult {
    match result {
        Ok(value) => Ok(vm.new_float(value)),
        Err(error) => Err(fail(vm, error, "", 0.0)),
    }
}

/// Functions of one number, and what they expect of it.
macro_rules! unary {
    ($($name:ident $expected:literal;)*) => { $(
        fn $name(vm: &mut Vm, _module: Ref<'_>, x: Ref<'_>) -> PyResult {
            let x = vm.to_float(x)?;
            match pymath::math::$name(x) {
                Ok(value) => Ok(vm.new_float(value)),
                Err(error) => Err(fail(vm, error, $expected, x)),
            }
        }
    )* };
}

unary! {
    acos "a number in range from -1 up to 1";
    acosh "argument value not less than 1";
    asin "a number in range from -1 up to 1";
    asinh "";
    atan "";
    atanh "a number between -1 and 1";
    cbrt "";
    cos "a finite input";
    cosh "";
    erf "";
    erfc "";
    exp "";
    exp2 "";
    expm1 "";
    fabs "";
    gamma "a noninteger or positive integer";
    lgamma "a noninteger or positive integer";
    log1p "argument value > -1";
    sin "a finite input";
    sinh "";
    sqrt "a nonnegative input";
    tan "a finite input";
    tanh "";
}

/// Functions of one number that cannot fail.
macro_rules! total {
    ($($name:ident)*) => { $(
        fn $name(vm: &mut Vm, _module: Ref<'_>, x: Ref<'_>) -> PyResult {
            let x = vm.to_float(x)?;
            Ok(vm.new_float(pymath::math::$name(x)))
        }
    )* };
}
total!(degrees radians ulp);

macro_rules! tests {
    ($($name:ident $method:ident;)*) => { $(
        fn $name(vm: &mut Vm, _module: Ref<'_>, x: Ref<'_>) -> PyResult {
            Ok(Object::bool(vm.to_float(x)?.$method()))
        }
    )* };
}
tests! {
    isfinite is_finite;
    isinf is_infinite;
    isnan is_nan;
}

/// The numbers among bound arguments; a missing one is the default.
fn number(vm: &mut Vm, args: &[Option<Ref<'_>>], index: usize, default: f64) -> PyResult<f64> {
    args[index].map_or(Ok(default), |arg| vm.to_float(arg))
}

macro_rules! binary {
    ($($name:ident)*) => { $(
        fn $name(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
            let (x, y) = (number(vm, args, 0, 0.0)?, number(vm, args, 1, 0.0)?);
            finish(vm, pymath::math::$name(x, y))
        }
    )* };
}
binary!(atan2 copysign fmod pow remainder);

fn fma(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let (x, y, z) = (number(vm, args, 0, 0.0)?, number(vm, args, 1, 0.0)?, number(vm, args, 2, 0.0)?);
    match pymath::math::fma(x, y, z) {
        Ok(value) => Ok(vm.new_float(value)),
        Err(Error::EDOM) => Err(vm.value_error("invalid operation in fma")),
        Err(Error::ERANGE) => Err(vm.overflow_error("overflow in fma")),
    }
}

fn isclose(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let (a, b) = (number(vm, args, 0, 0.0)?, number(vm, args, 1, 0.0)?);
    let (relative, absolute) = (number(vm, args, 2, 1e-9)?, number(vm, args, 3, 0.0)?);
    match pymath::math::isclose(a, b, Some(relative), Some(absolute)) {
        Ok(close) => Ok(Object::bool(close)),
        Err(_) => Err(vm.value_error("tolerances must be non-negative")),
    }
}

fn nextafter(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let (x, y) = (number(vm, args, 0, 0.0)?, number(vm, args, 1, 0.0)?);
    let steps = match args[2].filter(|steps| !steps.is_none()) {
        Some(steps) => {
            let steps = vm.index(steps)?;
            if int::is_negative(steps.borrow()) {
                return Err(vm.value_error("steps must be a non-negative integer"));
            }
            Some(int::as_u64(steps.borrow()).unwrap_or(u64::MAX))
        }
        None => None,
    };
    Ok(vm.new_float(pymath::math::nextafter(x, y, steps)))
}

fn frexp(vm: &mut Vm, _module: Ref<'_>, x: Ref<'_>) -> PyResult {
    let x = vm.to_float(x)?;
    let (mantissa, exponent) = pymath::math::frexp(x);
    let pair = [vm.new_float(mantissa), Object::small_int(i64::from(exponent))];
    Ok(vm.new_tuple(pair).into_object())
}

fn modf(vm: &mut Vm, _module: Ref<'_>, x: Ref<'_>) -> PyResult {
    let x = vm.to_float(x)?;
    let (fraction, whole) = pymath::math::modf(x);
    let pair = [vm.new_float(fraction), vm.new_float(whole)];
    Ok(vm.new_tuple(pair).into_object())
}

fn ldexp(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let x = number(vm, args, 0, 0.0)?;
    let exponent = args[1].expect("a required argument");
    let Some(exponent) = int::to_bigint(exponent) else {
        return Err(vm.type_error("Expected an int as second argument to ldexp."));
    };
    let limit = if exponent.is_negative() { i32::MIN } else { i32::MAX };
    finish(vm, pymath::math::ldexp(x, exponent.to_i32().unwrap_or(limit)))
}

/// What `__floor__` and its like return.
fn special(vm: &mut Vm, name: &str, x: Ref<'_>) -> PyResult<Option<Object>> {
    let name = vm.intern(name);
    match vm.lookup_special(x, name)? {
        Some(method) => vm.call(method.borrow(), &[]).map(Some),
        None => Ok(None),
    }
}

fn floor(vm: &mut Vm, _module: Ref<'_>, x: Ref<'_>) -> PyResult {
    if !x.is_exactly(&FLOAT)
        && let Some(result) = special(vm, "__floor__", x)?
    {
        return Ok(result);
    }
    let x = vm.to_float(x)?;
    int::from_f64(vm, x.floor())
}

fn ceil(vm: &mut Vm, _module: Ref<'_>, x: Ref<'_>) -> PyResult {
    if !x.is_exactly(&FLOAT)
        && let Some(result) = special(vm, "__ceil__", x)?
    {
        return Ok(result);
    }
    let x = vm.to_float(x)?;
    int::from_f64(vm, x.ceil())
}

fn trunc(vm: &mut Vm, _module: Ref<'_>, x: Ref<'_>) -> PyResult {
    match special(vm, "__trunc__", x)? {
        Some(result) => Ok(result),
        None => Err(vm.type_error(format!("type {} doesn't define __trunc__ method", x.class().full_name()))),
    }
}

/// A logarithm, also of ints beyond the range of floats.
fn logarithm(vm: &mut Vm, x: Ref<'_>, log: fn(f64) -> pymath::Result<f64>) -> PyResult<f64> {
    const POSITIVE: &str = "a positive input";
    let index = if int::is_int(x) { Some(x.to_owned()) } else { None };
    if let Some(value) = index.as_ref().and_then(|index| int::to_bigint(index.borrow())) {
        if !value.is_positive() {
            return Err(vm.value_error("expected a positive input"));
        }
        let result = match int::rounding::to_f64(&value) {
            Some(float) => log(float),
            None => {
                let (mantissa, exponent) = int::rounding::frexp(&value);
                log(mantissa).and_then(|low| log(2.0).map(|two| low + two * exponent as f64))
            }
        };
        return result.map_err(|error| fail(vm, error, "", 0.0));
    }
    let x = vm.to_float(x)?;
    log(x).map_err(|error| fail(vm, error, POSITIVE, x))
}

fn log(vm: &mut Vm, _module: Ref<'_>, args: &[Ref<'_>]) -> PyResult {
    let natural = |x| pymath::math::log(x, None);
    let (x, base) = match *args {
        [x] => (x, None),
        [x, base] => (x, Some(base)),
        [] => return Err(vm.type_error("log expected at least 1 argument, got 0")),
        _ => return Err(vm.type_error(format!("log expected at most 2 arguments, got {}", args.len()))),
    };
    let numerator = logarithm(vm, x, natural)?;
    let Some(base) = base else { return Ok(vm.new_float(numerator)) };
    let denominator = logarithm(vm, base, natural)?;
    if denominator == 0.0 {
        return Err(vm.raise(&exception::ZERO_DIVISION_ERROR, "division by zero"));
    }
    Ok(vm.new_float(numerator / denominator))
}

fn log2(vm: &mut Vm, _module: Ref<'_>, x: Ref<'_>) -> PyResult {
    let result = logarithm(vm, x, pymath::math::log2)?;
    Ok(vm.new_float(result))
}

fn log10(vm: &mut Vm, _module: Ref<'_>, x: Ref<'_>) -> PyResult {
    let result = logarithm(vm, x, pymath::math::log10)?;
    Ok(vm.new_float(result))
}
