//! The module `cmath`. The numerical work is the crate `pymath`'s, whose results are CPython's bit for bit.

use builtins::complex::construct::to_complex;
use builtins::complex::new_complex;
use num_complex::Complex64;
use object::native::Module;
use object::singleton::ModuleObject;
use object::{Method, Object, PyResult, Raised, Ref, RefOf, Vm, method};
use pymath::Error;

pub static MODULE: Module = Module {
    name: "cmath",
    doc: "This module provides access to mathematical functions for complex\nnumbers.",
    functions: FUNCTIONS,
    init: Some(init),
    ..Module::DEFAULT
};

fn init(vm: &mut Vm, module: RefOf<'_, ModuleObject>) -> PyResult<()> {
    crate::math::init(vm, module)?;
    for (name, value) in [("infj", f64::INFINITY), ("nanj", f64::NAN)] {
        let value = new_complex(vm, 0.0, value);
        module.set(vm, name, value);
    }
    Ok(())
}

const FUNCTIONS: &[Method] = &[
    method!(Binary acos "($module, z, /)", "Return the arc cosine of z."),
    method!(Binary acosh "($module, z, /)", "Return the inverse hyperbolic cosine of z."),
    method!(Binary asin "($module, z, /)", "Return the arc sine of z."),
    method!(Binary asinh "($module, z, /)", "Return the inverse hyperbolic sine of z."),
    method!(Binary atan "($module, z, /)", "Return the arc tangent of z."),
    method!(Binary atanh "($module, z, /)", "Return the inverse hyperbolic tangent of z."),
    method!(Binary cos "($module, z, /)", "Return the cosine of z."),
    method!(Binary cosh "($module, z, /)", "Return the hyperbolic cosine of z."),
    method!(Binary exp "($module, z, /)", "Return the exponential value e**z."),
    method!(Bound isclose "($module, /, a, b, *, rel_tol=1e-09, abs_tol=0.0)", "Determine whether two complex numbers are close in value.\n\n  rel_tol\n    maximum difference for being considered \"close\", relative to the\n    magnitude of the input values\n  abs_tol\n    maximum difference for being considered \"close\", regardless of the\n    magnitude of the input values\n\nReturn True if a is close in value to b, and False otherwise.\n\nFor the values to be considered close, the difference between them must\nbe smaller than at least one of the tolerances.\n\n-inf, inf and NaN behave similarly to the IEEE 754 Standard.  That is,\nNaN is not close to anything, even itself. inf and -inf are only close\nto themselves."),
    method!(Binary isfinite "($module, z, /)", "Return True if both the real and imaginary parts of z are finite, else False."),
    method!(Binary isinf "($module, z, /)", "Checks if the real or imaginary part of z is infinite."),
    method!(Binary isnan "($module, z, /)", "Checks if the real or imaginary part of z not a number (NaN)."),
    method!(Bound log "($module, z, base=<unrepresentable>, /)", "log(z[, base]) -> the logarithm of z to the given base.\n\nIf the base is not specified, returns the natural logarithm (base e)\nof z."),
    method!(Binary log10 "($module, z, /)", "Return the base-10 logarithm of z."),
    method!(Binary phase "($module, z, /)", "Return argument, also known as the phase angle, of a complex."),
    method!(Binary polar "($module, z, /)", "Convert a complex from rectangular coordinates to polar coordinates.\n\nr is the distance from 0 and phi the phase angle."),
    method!(Bound rect "($module, r, phi, /)", "Convert from polar coordinates to rectangular coordinates."),
    method!(Binary sin "($module, z, /)", "Return the sine of z."),
    method!(Binary sinh "($module, z, /)", "Return the hyperbolic sine of z."),
    method!(Binary sqrt "($module, z, /)", "Return the square root of z."),
    method!(Binary tan "($module, z, /)", "Return the tangent of z."),
    method!(Binary tanh "($module, z, /)", "Return the hyperbolic tangent of z."),
];

fn fail(vm: &mut Vm, error: Error) -> Raised {
    match error {
        Error::EDOM => vm.value_error("math domain error"),
        Error::ERANGE => vm.overflow_error("math range error"),
    }
}

fn argument(vm: &mut Vm, object: Ref<'_>) -> PyResult<Complex64> {
    let (real, imaginary) = to_complex(vm, object)?;
    Ok(Complex64::new(real, imaginary))
}

fn finish(vm: &mut Vm, result: pymath::Result<Complex64>) -> PyResult {
    match result {
        Ok(value) => Ok(new_complex(vm, value.re, value.im)),
        Err(error) => Err(fail(vm, error)),
    }
}

/// Functions of one complex number.
macro_rules! unary {
    ($($name:ident)*) => { $(
        fn $name(vm: &mut Vm, _module: Ref<'_>, z: Ref<'_>) -> PyResult {
            let z = argument(vm, z)?;
            finish(vm, pymath::cmath::$name(z))
        }
    )* };
}
unary!(acos acosh asin asinh atan atanh cos cosh exp log10 sin sinh sqrt tan tanh);

macro_rules! tests {
    ($($name:ident)*) => { $(
        fn $name(vm: &mut Vm, _module: Ref<'_>, z: Ref<'_>) -> PyResult {
            let z = argument(vm, z)?;
            Ok(Object::bool(pymath::cmath::$name(z)))
        }
    )* };
}
tests!(isfinite isinf isnan);

fn log(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let z = argument(vm, args[0].expect("a required argument"))?;
    let base = match args[1] {
        Some(base) => Some(argument(vm, base)?),
        None => None,
    };
    finish(vm, pymath::cmath::log(z, base))
}

fn phase(vm: &mut Vm, _module: Ref<'_>, z: Ref<'_>) -> PyResult {
    let z = argument(vm, z)?;
    match pymath::cmath::phase(z) {
        Ok(phase) => Ok(vm.new_float(phase)),
        Err(error) => Err(fail(vm, error)),
    }
}

fn polar(vm: &mut Vm, _module: Ref<'_>, z: Ref<'_>) -> PyResult {
    let z = argument(vm, z)?;
    match pymath::cmath::polar(z) {
        Ok((modulus, phase)) => {
            let pair = [vm.new_float(modulus), vm.new_float(phase)];
            Ok(vm.new_tuple(pair).into_object())
        }
        Err(error) => Err(fail(vm, error)),
    }
}

fn rect(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let modulus = vm.to_float(args[0].expect("a required argument"))?;
    let phase = vm.to_float(args[1].expect("a required argument"))?;
    finish(vm, pymath::cmath::rect(modulus, phase))
}

fn isclose(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let a = argument(vm, args[0].expect("a required argument"))?;
    let b = argument(vm, args[1].expect("a required argument"))?;
    let relative = args[2].map_or(Ok(1e-9), |tolerance| vm.to_float(tolerance))?;
    let absolute = args[3].map_or(Ok(0.0), |tolerance| vm.to_float(tolerance))?;
    match pymath::cmath::isclose(a, b, Some(relative), Some(absolute)) {
        Ok(close) => Ok(Object::bool(close)),
        Err(_) => Err(vm.value_error("tolerances must be non-negative")),
    }
}
