//! `complex`: a pair of floats.
//!
//! Arithmetic of a complex and a real number does not make the real one complex first, so that signs
//! of zeros and infinities come out as C's Annex G has them.

use crate::int::bad_format_argument;
use arithmetic::Pair;
use bytecode::opcode::Comparison;
use object::float;
use object::native::{Getset, Member, PayloadInfo, flag};
use object::str::Str;
use object::{Method, Object, Payload, PyResult, Ref, Slots, Type, TypeSpec, Vm, exception, int, method};

pub mod arithmetic;
pub mod construct;

/// The payload of a `complex`.
pub struct Complex {
    value: Pair,
}

impl Payload for Complex {
    fn class() -> &'static Type {
        &COMPLEX
    }
}

/// `complex`
pub static COMPLEX: Type = Type::new(&SPEC);
static SPEC: TypeSpec = TypeSpec {
    name: "complex",
    doc: "Create a complex number from a string or numbers.\n\nIf a string is given, parse it as a complex number.\nIf a single number is given, convert it to a complex number.\nIf the 'real' or 'imag' arguments are given, create a complex number\nwith the specified real and imaginary components.",
    signature: "(real=0, imag=0)",
    flags: flag::BASE_TYPE,
    payload: PayloadInfo::leaf::<Complex>(),
    slots: Slots {
        new: Some(construct::new),
        repr: Some(repr),
        hash: Some(hash),
        compare: Some(compare),
        add: Some(add),
        subtract: Some(subtract),
        multiply: Some(multiply),
        true_divide: Some(divide),
        power: Some(power),
        negative: Some(negative),
        positive: Some(exact),
        absolute: Some(absolute),
        bool: Some(is_true),
        ..Slots::NONE
    },
    methods: &[
        method!(Unary conjugate "($self, /)", "Return the complex conjugate of its argument. (3-4j).conjugate() == 3+4j."),
        construct::FROM_NUMBER,
        METHOD_COMPLEX,
        method!(Unary new_args as "__getnewargs__" "($self, /)", ""),
        method!(Binary format as "__format__" "($self, format_spec, /)", "Convert to a string according to format_spec."),
    ],
    members: &[
        Member(Getset::readonly("real", "the real part of a complex number", real)),
        Member(Getset::readonly("imag", "the imaginary part of a complex number", imaginary)),
    ],
    ..TypeSpec::DEFAULT
};

const METHOD_COMPLEX: Method = method!(Unary exact as "__complex__" "($self, /)", "Convert this value to exact type complex.");

/// A new complex number.
pub fn new_complex(vm: &Vm, real: f64, imaginary: f64) -> Object {
    vm.allocate(Complex { value: (real, imaginary) }).into_object()
}

/// The parts of a complex number or of an instance of a subclass.
#[inline]
pub fn value(object: Ref<'_>) -> Option<Pair> {
    object.downcast::<Complex>().map(|complex| complex.get().value)
}

fn parts(object: Ref<'_>) -> Pair {
    value(object).expect("the method belongs to complex numbers")
}

fn result(vm: &Vm, (real, imaginary): Pair) -> PyResult {
    Ok(new_complex(vm, real, imaginary))
}

/// An operand of an arithmetic operation.
enum Operand {
    Real(f64),
    Complex(Pair),
}

fn operand(vm: &mut Vm, object: Ref<'_>) -> PyResult<Option<Operand>> {
    if let Some(value) = value(object) {
        return Ok(Some(Operand::Complex(value)));
    }
    if let Some(value) = float::value(object) {
        return Ok(Some(Operand::Real(value)));
    }
    if int::is_int(object) { Ok(Some(Operand::Real(int::to_f64(vm, object)?))) } else { Ok(None) }
}

/// Performs an operation given for each mixture of operands.
fn mixed(
    vm: &mut Vm,
    left: Ref<'_>,
    right: Ref<'_>,
    both: fn(Pair, Pair) -> Pair,
    right_real: fn(Pair, f64) -> Pair,
    left_real: fn(f64, Pair) -> Pair,
) -> PyResult {
    use Operand::{Complex, Real};
    let value = match (operand(vm, left)?, operand(vm, right)?) {
        (Some(Complex(left)), Some(Complex(right))) => both(left, right),
        (Some(Complex(left)), Some(Real(right))) => right_real(left, right),
        (Some(Real(left)), Some(Complex(right))) => left_real(left, right),
        _ => return Ok(Object::not_implemented()),
    };
    result(vm, value)
}

fn add(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>) -> PyResult {
    mixed(vm, left, right, |a, b| (a.0 + b.0, a.1 + b.1), |a, b| (a.0 + b, a.1), |a, b| (a + b.0, b.1))
}

fn subtract(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>) -> PyResult {
    mixed(vm, left, right, |a, b| (a.0 - b.0, a.1 - b.1), |a, b| (a.0 - b, a.1), |a, b| (a - b.0, -b.1))
}

fn multiply(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>) -> PyResult {
    mixed(vm, left, right, arithmetic::product, |a, b| (a.0 * b, a.1 * b), |a, b| (a * b.0, a * b.1))
}

fn divide(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>) -> PyResult {
    let zero = match operand(vm, right)? {
        Some(Operand::Real(value)) => value == 0.0,
        Some(Operand::Complex(value)) => value == (0.0, 0.0),
        None => return Ok(Object::not_implemented()),
    };
    if operand(vm, left)?.is_none() {
        return Ok(Object::not_implemented());
    }
    if zero {
        return Err(vm.raise(&exception::ZERO_DIVISION_ERROR, "division by zero"));
    }
    mixed(vm, left, right, arithmetic::quotient, |a, b| (a.0 / b, a.1 / b), arithmetic::quotient_of_real)
}

fn power(vm: &mut Vm, base: Ref<'_>, exponent: Ref<'_>, modulus: Option<Ref<'_>>) -> PyResult {
    let pair = |operand| match operand {
        Operand::Real(value) => (value, 0.0),
        Operand::Complex(value) => value,
    };
    let (Some(left), Some(right)) = (operand(vm, base)?, operand(vm, exponent)?) else { return Ok(Object::not_implemented()) };
    if modulus.is_some_and(|modulus| !modulus.is_none()) {
        return Err(vm.value_error("complex modulo"));
    }
    power_of(vm, pair(left), pair(right))
}

/// `base ** exponent`
pub fn power_of(vm: &mut Vm, base: Pair, exponent: Pair) -> PyResult {
    match arithmetic::power(base, exponent) {
        None => Err(vm.raise(&exception::ZERO_DIVISION_ERROR, "zero to a negative or complex power")),
        Some((real, imaginary)) if real.is_infinite() || imaginary.is_infinite() => Err(vm.overflow_error("complex exponentiation")),
        Some(value) => result(vm, value),
    }
}

fn negative(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let (real, imaginary) = parts(this);
    result(vm, (-real, -imaginary))
}

fn conjugate(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let (real, imaginary) = parts(this);
    result(vm, (real, -imaginary))
}

/// The same value as an exact complex number.
fn exact(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    if this.is_exactly(&COMPLEX) {
        return Ok(this.to_owned());
    }
    result(vm, parts(this))
}

fn absolute(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let (real, imaginary) = parts(this);
    let result = real.hypot(imaginary);
    if result.is_infinite() && real.is_finite() && imaginary.is_finite() {
        return Err(vm.overflow_error("absolute value too large"));
    }
    Ok(vm.new_float(result))
}

fn is_true(_vm: &mut Vm, this: Ref<'_>) -> PyResult<bool> {
    Ok(parts(this) != (0.0, 0.0))
}

fn real(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    Ok(vm.new_float(parts(this).0))
}

fn imaginary(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    Ok(vm.new_float(parts(this).1))
}

fn new_args(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let (real, imaginary) = parts(this);
    let pair = [vm.new_float(real), vm.new_float(imaginary)];
    Ok(vm.new_tuple(pair).into_object())
}

fn compare(_vm: &mut Vm, left: Ref<'_>, right: Ref<'_>, op: Comparison) -> PyResult {
    if !matches!(op, Comparison::Equal | Comparison::NotEqual) {
        return Ok(Object::not_implemented());
    }
    let (real, imaginary) = parts(left);
    let equal = if let Some(other) = value(right) {
        (real, imaginary) == other
    } else if let Some(other) = float::value(right) {
        real == other && imaginary == 0.0
    } else if let Some(ordering) = int::compare_float(right, real) {
        ordering == Some(std::cmp::Ordering::Equal) && imaginary == 0.0
    } else {
        return Ok(Object::not_implemented());
    };
    Ok(Object::bool(equal == (op == Comparison::Equal)))
}

fn hash(_vm: &mut Vm, this: Ref<'_>) -> PyResult<i64> {
    let (real, imaginary) = parts(this);
    // A part that is not a number is hashed by the identity of the whole.
    let part = |value: f64| if value.is_nan() { this.address().map_or(0, |address| address as i64 >> 4) } else { float::hash_f64(value) };
    let hash = part(real).wrapping_add(part(imaginary).wrapping_mul(1_000_003));
    Ok(if hash == -1 { -2 } else { hash })
}

fn repr(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    Ok(vm.new_str(&text(parts(this))).into_object())
}

fn text((real, imaginary): Pair) -> String {
    let imaginary_text = float::repr_without_zero(imaginary);
    if real == 0.0 && real.is_sign_positive() {
        return format!("{imaginary_text}j");
    }
    let sign = if imaginary_text.starts_with('-') { "" } else { "+" };
    format!("({}{sign}{imaginary_text}j)", float::repr_without_zero(real))
}

fn format(vm: &mut Vm, this: Ref<'_>, spec: Ref<'_>) -> PyResult {
    let Some(spec) = spec.downcast::<Str>() else { return Err(bad_format_argument(vm, spec)) };
    if spec.is_empty() {
        return Ok(vm.str(this)?.into_object());
    }
    let (real, imaginary) = parts(this);
    crate::format::format_complex(vm, this, real, imaginary, spec.get())
}
