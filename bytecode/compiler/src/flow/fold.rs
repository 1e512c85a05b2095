//! Arithmetic on constants, within CPython's limits on the size of what comes out.

use bytecode::Constant;
use bytecode::opcode::BinaryOp;
use num_bigint::{BigInt, Sign};
use num_integer::Integer;
use num_traits::{Pow, Signed, ToPrimitive, Zero};
use rustpython_wtf8::{CodePoint, Wtf8Buf};

const MAX_INT_BITS: u64 = 128;
const MAX_COLLECTION: usize = 256;
const MAX_TEXT: usize = 4096;
const MAX_ITEMS: isize = 1024;

/// Whether the constant is true; `None` where that is not certain.
pub(crate) fn truth(constant: &Constant) -> Option<bool> {
    Some(match constant {
        Constant::None | Constant::False => false,
        Constant::True | Constant::Ellipsis | Constant::BigInt(_) | Constant::Slice(_) => true,
        Constant::Int(value) => *value != 0,
        Constant::Float(value) => *value != 0.0,
        Constant::Complex(real, imaginary) => *real != 0.0 || *imaginary != 0.0,
        Constant::Str(text) => !text.is_empty(),
        Constant::Bytes(bytes) => !bytes.is_empty(),
        Constant::Tuple(items) | Constant::FrozenSet(items) => !items.is_empty(),
        Constant::Code(_) => return None,
    })
}

/// The parts of a number, such that numbers equal in Python have equal parts.
fn number_parts(constant: &Constant) -> Option<(Option<BigInt>, f64, f64)> {
    let parts = |real: f64, imaginary: f64| match <BigInt as num_traits::FromPrimitive>::from_f64(real).filter(|_| real.fract() == 0.0) {
        Some(integer) => (Some(integer), 0.0, imaginary),
        None => (None, real, imaginary),
    };
    match constant {
        Constant::Float(value) => Some(parts(*value, 0.0)),
        Constant::Complex(real, imaginary) => Some(parts(*real, *imaginary)),
        _ => as_int(constant).map(|value| (Some(value), 0.0, 0.0)),
    }
}

/// Whether both are numbers, and equal in Python: `1`, `1.0` and `True` are.
pub(crate) fn same_number(left: &Constant, right: &Constant) -> bool {
    number_parts(left).is_some_and(|left| number_parts(right) == Some(left))
}

pub(crate) fn boolean(value: bool) -> Constant {
    if value { Constant::True } else { Constant::False }
}

/// The smallest constant for an integer.
pub(crate) fn integer(value: BigInt) -> Constant {
    match value.to_i64() {
        Some(value) => Constant::Int(value),
        None => Constant::BigInt(value),
    }
}

fn as_int(constant: &Constant) -> Option<BigInt> {
    match constant {
        Constant::Int(value) => Some(BigInt::from(*value)),
        Constant::BigInt(value) => Some(value.clone()),
        Constant::True => Some(BigInt::from(1)),
        Constant::False => Some(BigInt::from(0)),
        _ => None,
    }
}

fn as_bool(constant: &Constant) -> Option<bool> {
    match constant {
        Constant::True => Some(true),
        Constant::False => Some(false),
        _ => None,
    }
}

/// A float, or an int that is exactly one.
fn as_float(constant: &Constant) -> Option<f64> {
    match constant {
        Constant::Float(value) => Some(*value),
        _ => as_int(constant).filter(|value| value.bits() <= 53).and_then(|value| value.to_f64()),
    }
}

/// `-`, `~`, `+` and `not`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unary {
    Negative,
    Invert,
    Positive,
    Not,
}

pub(crate) fn unary(op: Unary, operand: &Constant) -> Option<Constant> {
    match (op, operand) {
        (Unary::Not, _) => truth(operand).map(|value| boolean(!value)),
        (Unary::Negative, Constant::Float(value)) => Some(Constant::Float(-value)),
        (Unary::Negative, Constant::Complex(real, imaginary)) => Some(Constant::Complex(-real, -imaginary)),
        (Unary::Negative, _) => as_int(operand).map(|value| integer(-value)),
        (Unary::Positive, Constant::Float(_) | Constant::Complex(..)) => Some(operand.clone()),
        (Unary::Positive, _) => as_int(operand).map(integer),
        // `~True` warns when it runs.
        (Unary::Invert, Constant::True | Constant::False) => None,
        (Unary::Invert, _) => as_int(operand).map(|value| integer(!value)),
    }
}

pub(crate) fn binary(op: BinaryOp, left: &Constant, right: &Constant) -> Option<Constant> {
    if op == BinaryOp::Subscript {
        return subscript(left, right);
    }
    if let (Some(a), Some(b)) = (as_bool(left), as_bool(right)) {
        match op {
            BinaryOp::And => return Some(boolean(a & b)),
            BinaryOp::Or => return Some(boolean(a | b)),
            BinaryOp::Xor => return Some(boolean(a ^ b)),
            _ => {}
        }
    }
    if let (Some(a), Some(b)) = (as_int(left), as_int(right)) {
        return integers(op, &a, &b);
    }
    if matches!(left, Constant::Complex(..)) || matches!(right, Constant::Complex(..)) {
        return complexes(op, left, right);
    }
    if let (Some(a), Some(b)) = (as_float(left), as_float(right)) {
        return floats(op, a, b).map(Constant::Float);
    }
    match op {
        BinaryOp::Add => concatenate(left, right),
        BinaryOp::Multiply => match (as_int(left), as_int(right)) {
            (None, Some(count)) => repeat(left, &count),
            (Some(count), None) => repeat(right, &count),
            _ => None,
        },
        _ => None,
    }
}

fn integers(op: BinaryOp, a: &BigInt, b: &BigInt) -> Option<Constant> {
    let value = match op {
        BinaryOp::Add => a + b,
        BinaryOp::Subtract => a - b,
        BinaryOp::Multiply => {
            if !a.is_zero() && !b.is_zero() && a.bits() + b.bits() > MAX_INT_BITS {
                return None;
            }
            a * b
        }
        BinaryOp::FloorDivide if !b.is_zero() => a.div_floor(b),
        BinaryOp::Remainder if !b.is_zero() => a.mod_floor(b),
        BinaryOp::TrueDivide if !b.is_zero() => {
            if a.bits() > 53 || b.bits() > 53 {
                return None;
            }
            return Some(Constant::Float(a.to_f64()? / b.to_f64()?));
        }
        BinaryOp::Power => return power(a, b),
        BinaryOp::LeftShift => {
            let shift = b.to_u64()?;
            if !a.is_zero() && shift != 0 && (shift > MAX_INT_BITS || a.bits() > MAX_INT_BITS - shift) {
                return None;
            }
            if a.is_zero() { BigInt::zero() } else { a << shift }
        }
        BinaryOp::RightShift => {
            if b.sign() == Sign::Minus {
                return None;
            }
            match b.to_u64() {
                Some(shift) => a >> shift,
                None if a.is_negative() => BigInt::from(-1),
                None => BigInt::zero(),
            }
        }
        BinaryOp::And => a & b,
        BinaryOp::Or => a | b,
        BinaryOp::Xor => a ^ b,
        _ => return None,
    };
    Some(integer(value))
}

fn power(a: &BigInt, b: &BigInt) -> Option<Constant> {
    if b.is_negative() {
        if a.is_zero() || a.bits() > 53 || b.bits() > 53 {
            return None;
        }
        return floats(BinaryOp::Power, a.to_f64()?, b.to_f64()?).map(Constant::Float);
    }
    if b.is_zero() {
        return Some(Constant::Int(1));
    }
    let exponent = b.to_u64()?;
    if a.bits() > MAX_INT_BITS / exponent {
        return None;
    }
    Some(integer(Pow::pow(a, exponent)))
}

fn floats(op: BinaryOp, a: f64, b: f64) -> Option<f64> {
    match op {
        BinaryOp::Add => Some(a + b),
        BinaryOp::Subtract => Some(a - b),
        BinaryOp::Multiply => Some(a * b),
        BinaryOp::TrueDivide if b != 0.0 => Some(a / b),
        BinaryOp::FloorDivide if b != 0.0 => Some(divide(a, b).0),
        BinaryOp::Remainder if b != 0.0 => Some(divide(a, b).1),
        BinaryOp::Power => {
            if a == 0.0 && b < 0.0 {
                return None;
            }
            Some(a.powf(b)).filter(|value| value.is_finite())
        }
        _ => None,
    }
}

/// `divmod` of floats; the remainder has the divisor's sign.
fn divide(a: f64, b: f64) -> (f64, f64) {
    let mut remainder = a % b;
    let mut quotient = (a - remainder) / b;
    if remainder != 0.0 {
        if (b < 0.0) != (remainder < 0.0) {
            remainder += b;
            quotient -= 1.0;
        }
    } else {
        remainder = 0f64.copysign(b);
    }
    let mut floor = quotient.floor();
    if quotient == 0.0 {
        floor = 0f64.copysign(a / b);
    } else if quotient - floor > 0.5 {
        floor += 1.0;
    }
    (floor, remainder)
}

fn complexes(op: BinaryOp, left: &Constant, right: &Constant) -> Option<Constant> {
    let (real, imaginary) = match (left, right) {
        (Constant::Complex(ar, ai), Constant::Complex(br, bi)) => match op {
            BinaryOp::Add => (ar + br, ai + bi),
            BinaryOp::Subtract => (ar - br, ai - bi),
            BinaryOp::Multiply => (ar * br - ai * bi, ar * bi + ai * br),
            _ => return None,
        },
        (Constant::Complex(ar, ai), _) => {
            let b = as_float(right)?;
            match op {
                BinaryOp::Add => (ar + b, *ai),
                BinaryOp::Subtract => (ar - b, *ai),
                BinaryOp::Multiply => (ar * b, ai * b),
                BinaryOp::TrueDivide if b != 0.0 => (ar / b, ai / b),
                _ => return None,
            }
        }
        (_, Constant::Complex(br, bi)) => {
            let a = as_float(left)?;
            match op {
                BinaryOp::Add => (a + br, *bi),
                BinaryOp::Subtract => (a - br, -bi),
                BinaryOp::Multiply => (a * br, a * bi),
                _ => return None,
            }
        }
        _ => return None,
    };
    (!real.is_nan() && !imaginary.is_nan()).then_some(Constant::Complex(real, imaginary))
}

fn concatenate(left: &Constant, right: &Constant) -> Option<Constant> {
    Some(match (left, right) {
        (Constant::Str(a), Constant::Str(b)) => {
            let mut text = a.clone();
            text.push_wtf8(b);
            Constant::Str(text)
        }
        (Constant::Bytes(a), Constant::Bytes(b)) => Constant::Bytes([&a[..], b].concat()),
        (Constant::Tuple(a), Constant::Tuple(b)) => Constant::Tuple([&a[..], b].concat()),
        _ => return None,
    })
}

fn repeat(value: &Constant, count: &BigInt) -> Option<Constant> {
    let count = count.to_isize()?;
    let within = |length: usize, limit: usize| count >= 0 && (length == 0 || count as usize <= limit / length);
    match value {
        Constant::Tuple(items) => {
            if !items.is_empty() && (!within(items.len(), MAX_COLLECTION) || count != 0 && room(value, MAX_ITEMS) < 0) {
                return None;
            }
            let count = if items.is_empty() { 0 } else { count as usize };
            Some(Constant::Tuple(std::iter::repeat_n(items, count).flatten().cloned().collect()))
        }
        Constant::Str(text) => {
            let length = text.code_points().count();
            if !within(length, MAX_TEXT) {
                return None;
            }
            let count = if length == 0 { 0 } else { count };
            let mut out = Wtf8Buf::new();
            for _ in 0..count {
                out.push_wtf8(text);
            }
            Some(Constant::Str(out))
        }
        Constant::Bytes(bytes) => {
            within(bytes.len(), MAX_TEXT).then(|| Constant::Bytes(bytes.repeat(if bytes.is_empty() { 0 } else { count as usize })))
        }
        _ => None,
    }
}

/// How many more items a nested tuple leaves of `limit`.
fn room(value: &Constant, mut limit: isize) -> isize {
    if let Constant::Tuple(items) = value {
        limit -= items.len() as isize;
        for item in items {
            if limit < 0 {
                break;
            }
            limit = room(item, limit);
        }
    }
    limit
}

fn subscript(value: &Constant, index: &Constant) -> Option<Constant> {
    match value {
        Constant::Tuple(items) => pick(items, index, Constant::Tuple, |item| item),
        Constant::Bytes(bytes) => pick(bytes, index, Constant::Bytes, |byte| Constant::Int(i64::from(byte))),
        Constant::Str(text) => {
            let points: Vec<CodePoint> = text.code_points().collect();
            let join = |points: Vec<CodePoint>| Constant::Str(points.into_iter().collect());
            pick(&points, index, join, |point| Constant::Str(std::iter::once(point).collect()))
        }
        _ => None,
    }
}

fn pick<T: Clone>(items: &[T], index: &Constant, join: impl Fn(Vec<T>) -> Constant, one: impl Fn(T) -> Constant) -> Option<Constant> {
    let length = items.len() as i64;
    if let Constant::Slice(parts) = index {
        let part = |part: &Constant| match part {
            Constant::None => Some(None),
            _ => as_int(part).and_then(|value| value.to_i64()).filter(|value| value.abs() < i64::MAX / 4).map(Some),
        };
        let (start, stop, step) = (part(&parts[0])?, part(&parts[1])?, part(&parts[2])?.unwrap_or(1));
        if step == 0 {
            return None;
        }
        let (low, high) = if step > 0 { (0, length) } else { (-1, length - 1) };
        let bound = |value: Option<i64>, default: i64| match value {
            None => default,
            Some(value) => (if value < 0 { value + length } else { value }).clamp(low, high),
        };
        let (mut at, stop) = if step > 0 { (bound(start, low), bound(stop, high)) } else { (bound(start, high), bound(stop, low)) };
        let mut out = Vec::new();
        while if step > 0 { at < stop } else { at > stop } {
            out.push(items.get(at as usize)?.clone());
            at += step;
        }
        return Some(join(out));
    }
    let index = as_int(index)?.to_i64()?;
    let index = if index < 0 { index.checked_add(length)? } else { index };
    items.get(usize::try_from(index).ok()?).cloned().map(one)
}
