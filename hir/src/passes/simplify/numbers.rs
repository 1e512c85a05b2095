//! Arithmetic of Python's ints and floats.
//!
//! Operations on floats are split into unboxing, machine arithmetic and boxing, so that what one boxes and the next unboxes goes away.

use super::{Change, Simplifier};
use crate::instr::{Condition, DoubleKind, DoubleUnaryKind, Instr, UnaryKind, Value};
use crate::types::{Spec, Type, ty};
use bytecode::opcode::BinaryOp;

impl Simplifier<'_> {
    pub(super) fn number(&mut self, value: Value, instr: Instr) -> Option<Change> {
        match instr {
            Instr::BinaryOp { left, right, op } => self.binary(left, right, op),
            Instr::UnaryOp { value: operand, op } => self.unary(value, operand, op),
            Instr::LongBinaryOp { left, right, op } => self.long(left, right, op),
            Instr::SmallIntBinaryOp { left, right, op } => self.small(value, left, right, op),
            Instr::SmallIntUnaryOp { value, op } => {
                let known = self.int(value)?;
                let result = if op == UnaryKind::Negate { known.checked_neg()? } else { !known };
                self.small_constant(result)
            }
            Instr::FloatBinaryOp { left, right, op } => self.float(left, right, op),
            Instr::NumberBinaryOp { left, right, op } => self.either(left, right, op),
            Instr::NumberToDouble { value } => match self.int(value) {
                Some(known) => self.give_constant(Type::c_double(known as f64)),
                None => self.double_of(value).map(Change::To),
            },
            Instr::SmallIntUnbox { value } => match (self.def(value), self.int(value)) {
                (_, Some(known)) => self.give_constant(Type::c_int(ty::CInt64, known)),
                (Instr::SmallIntBox { value } | Instr::SmallIntBoxUnchecked { value }, None) => Some(Change::To(value)),
                _ => None,
            },
            Instr::SmallIntBox { value } | Instr::SmallIntBoxUnchecked { value } => match (self.def(value), self.int(value)) {
                (_, Some(known)) => self.small_constant(known),
                (Instr::SmallIntUnbox { value }, None) => Some(Change::To(value)),
                _ => None,
            },
            Instr::FloatUnbox { value } => match (self.def(value), self.double(value)) {
                (_, Some(known)) => self.give_constant(Type::c_double(known)),
                (Instr::FloatBox { value }, None) => Some(Change::To(value)),
                _ => None,
            },
            Instr::FloatBox { value } => match (self.def(value), self.double(value)) {
                (Instr::FloatUnbox { value }, _) => Some(Change::To(value)),
                (_, Some(known)) => tagged(known).and_then(|constant| self.give_constant(constant)),
                _ => None,
            },
            Instr::PrimitiveBox { value } => self.primitive_box(value),
            Instr::PrimitiveUnbox { value, ty } => self.primitive_unbox(value, self.function.pool.ty(ty)),
            _ => None,
        }
    }

    fn binary(&mut self, left: Value, right: Value, op: BinaryOp) -> Option<Change> {
        let base = op.without_inplace();
        if matches!(base, BinaryOp::Subscript | BinaryOp::MatrixMultiply) {
            return None;
        }
        if self.both(left, right, ty::LongExact) {
            return Some(Change::Into(Instr::long_binary_op(left, right, op)));
        }
        if base == BinaryOp::Add && self.both(left, right, ty::UnicodeExact) {
            return Some(Change::Into(Instr::unicode_concat(left, right)));
        }
        let is_float = matches!(
            base,
            BinaryOp::Add | BinaryOp::Subtract | BinaryOp::Multiply | BinaryOp::TrueDivide | BinaryOp::FloorDivide | BinaryOp::Remainder
        );
        if is_float && self.both(left, right, ty::FloatExact) {
            return Some(Change::Into(Instr::float_binary_op(left, right, op)));
        }
        if !self.both(left, right, ty::Number) {
            return None;
        }
        if self.is(left, ty::FloatExact) || self.is(right, ty::FloatExact) {
            return self.float_of_number(left, right, op);
        }
        if !matches!(base, BinaryOp::Add | BinaryOp::Subtract | BinaryOp::Multiply) {
            return None;
        }
        let state = self.guard_state()?;
        Some(Change::To(self.emit_with(Instr::number_binary_op(left, right, base), Some(state))))
    }

    /// The operator on two numbers, one of which is a float.
    fn float_of_number(&mut self, left: Value, right: Value, op: BinaryOp) -> Option<Change> {
        let kind = DoubleKind::of(op).filter(|kind| *kind != DoubleKind::Divide)?;
        let [left, right] = [left, right].map(|value| self.double_of(value).unwrap_or(value));
        let [left, right] = [left, right].map(|value| if self.is(value, ty::Number) { self.emit(Instr::number_to_double(value)) } else { value });
        let result = self.emit(Instr::double_binary_op(left, right, kind));
        self.into(Instr::float_box(result))
    }

    /// The operator on two numbers, by what is known of them.
    fn either(&mut self, left: Value, right: Value, op: BinaryOp) -> Option<Change> {
        if self.both(left, right, ty::SmallInt) {
            return Some(Change::Into(Instr::small_int_binary_op(left, right, op)));
        }
        if self.is(left, ty::FloatExact) || self.is(right, ty::FloatExact) { self.float_of_number(left, right, op) } else { None }
    }

    fn unary(&mut self, _value: Value, operand: Value, op: UnaryKind) -> Option<Change> {
        if self.is(operand, ty::FloatExact) && op == UnaryKind::Negate {
            let double = self.emit(Instr::float_unbox(operand));
            let result = self.emit(Instr::double_unary_op(double, DoubleUnaryKind::Negate));
            return self.into(Instr::float_box(result));
        }
        if !self.is(operand, ty::SmallInt) {
            return None;
        }
        if let Some(known) = self.int(operand) {
            let result = if op == UnaryKind::Negate { known.checked_neg()? } else { !known };
            return self.small_constant(result);
        }
        match op {
            // There is always a complement.
            UnaryKind::Invert => {
                let state = self.guard_state()?;
                Some(Change::To(self.emit_with(Instr::small_int_unary_op(operand, op), Some(state))))
            }
            UnaryKind::Negate => {
                let zero = self.constant(Type::small_int(0));
                Some(Change::Into(Instr::long_binary_op(zero, operand, BinaryOp::Subtract)))
            }
        }
    }

    fn long(&mut self, left: Value, right: Value, op: BinaryOp) -> Option<Change> {
        let (a, b) = (self.known_small(left), self.known_small(right));
        let folded = self.folded([left, right], [a, b], op);
        if folded.is_some() {
            return folded;
        }
        let never_overflows = match op.without_inplace() {
            BinaryOp::And | BinaryOp::Or | BinaryOp::Xor => true,
            BinaryOp::RightShift => b.is_some_and(|count| count >= 0),
            BinaryOp::FloorDivide => b.is_some_and(|divisor| divisor > 0),
            BinaryOp::Remainder => b.is_some_and(|divisor| divisor != 0),
            _ => false,
        };
        if never_overflows && self.both(left, right, ty::SmallInt) {
            let state = self.guard_state()?;
            return Some(Change::To(self.emit_with(Instr::small_int_binary_op(left, right, op), Some(state))));
        }
        None
    }

    fn small(&mut self, _value: Value, left: Value, right: Value, op: BinaryOp) -> Option<Change> {
        let (a, b) = (self.int(left), self.int(right));
        let folded = self.folded([left, right], [a, b], op);
        if folded.is_some() {
            return folded;
        }
        let base = op.without_inplace();
        let is_zero = match base {
            BinaryOp::Multiply | BinaryOp::And => a == Some(0) || b == Some(0),
            BinaryOp::Subtract | BinaryOp::Xor => left == right,
            BinaryOp::Remainder => b == Some(1),
            _ => false,
        };
        if is_zero {
            return self.small_constant(0);
        }
        let is_commutative = matches!(base, BinaryOp::Add | BinaryOp::Multiply | BinaryOp::And | BinaryOp::Or | BinaryOp::Xor);
        if is_commutative && a.is_some() && b.is_none() {
            return Some(Change::Into(Instr::small_int_binary_op(right, left, base)));
        }
        // In place or not is one to numbers; so that equal instructions look equal.
        (op != base).then(|| Change::Into(Instr::small_int_binary_op(left, right, base)))
    }

    /// The result, if both operands are known, or the operand that is the result because the other one is neutral.
    fn folded(&mut self, [left, right]: [Value; 2], [a, b]: [Option<i64>; 2], op: BinaryOp) -> Option<Change> {
        if let (Some(a), Some(b)) = (a, b)
            && let Some(result) = fold(op, a, b)
        {
            return self.small_constant(result);
        }
        let (is_left, is_right) = match op.without_inplace() {
            BinaryOp::Add | BinaryOp::Or | BinaryOp::Xor => (a == Some(0), b == Some(0)),
            BinaryOp::Subtract | BinaryOp::LeftShift | BinaryOp::RightShift => (false, b == Some(0)),
            BinaryOp::Multiply => (a == Some(1), b == Some(1)),
            BinaryOp::FloorDivide => (false, b == Some(1)),
            BinaryOp::And => (a == Some(-1), b == Some(-1)),
            _ => (false, false),
        };
        let same = if is_right { Some(left) } else { is_left.then_some(right) };
        same.map(Change::To)
    }

    fn known_small(&self, value: Value) -> Option<i64> {
        self.int(value).filter(|_| self.is(value, ty::SmallInt))
    }

    fn small_constant(&mut self, value: i64) -> Option<Change> {
        if (abi::tag::INT_MIN..=abi::tag::INT_MAX).contains(&value) { self.give_constant(Type::small_int(value)) } else { None }
    }

    fn float(&mut self, left: Value, right: Value, op: BinaryOp) -> Option<Change> {
        let kind = DoubleKind::of(op)?;
        if kind == DoubleKind::Divide {
            return self.divide(left, right);
        }
        let (left, right) = (self.emit(Instr::float_unbox(left)), self.emit(Instr::float_unbox(right)));
        let result = self.emit(Instr::double_binary_op(left, right, kind));
        self.into(Instr::float_box(result))
    }

    /// Division raises if the divisor is zero: the interpreter does that.
    fn divide(&mut self, left: Value, right: Value) -> Option<Change> {
        let known = self.double(right);
        if known == Some(0.0) {
            return None;
        }
        let state = self.guard_state()?;
        let (left, right) = (self.emit(Instr::float_unbox(left)), self.emit(Instr::float_unbox(right)));
        if known.is_none() {
            let zero = self.constant(Type::c_double(0.0));
            let is_not_zero = self.emit(Instr::primitive_compare(right, zero, Condition::NotEqual));
            self.emit_with(Instr::guard(is_not_zero), Some(state));
        }
        let result = self.emit(Instr::double_binary_op(left, right, DoubleKind::Divide));
        self.into(Instr::float_box(result))
    }

    fn primitive_box(&mut self, value: Value) -> Option<Change> {
        if self.is(value, ty::CDouble) {
            return self.into(Instr::float_box(value));
        }
        if self.is(value, ty::CBool) {
            return self.into(Instr::bool_box(value));
        }
        let is_narrow =
            self.is(value, ty::CInt) && !self.is(value, ty::CInt64) && !self.is(value, ty::CUInt64) && self.ty(value).leaves().count() == 1;
        if is_narrow {
            let wide = self.function.pool.add_type(ty::CInt64);
            let wide = self.emit(Instr::primitive_convert(value, wide));
            return self.into(Instr::small_int_box_unchecked(wide));
        }
        None
    }

    fn primitive_unbox(&mut self, value: Value, to: Type) -> Option<Change> {
        if let Instr::PrimitiveBox { value } = self.def(value)
            && self.ty(value).leaves() == to.leaves()
        {
            return Some(Change::To(value));
        }
        if to.fits(ty::CDouble) && self.is(value, ty::FloatExact) {
            return self.into(Instr::float_unbox(value));
        }
        if to.fits(ty::CBool) && self.is(value, ty::Bool) {
            return self.into(Instr::bool_unbox(value));
        }
        if to.fits(ty::CInt64) && self.is(value, ty::SmallInt) { self.into(Instr::small_int_unbox(value)) } else { None }
    }
}

/// The float as a constant, if it is in the word itself.
fn tagged(value: f64) -> Option<Type> {
    let bits = value.to_bits();
    let is_common = matches!(bits >> 60 & 7, 3 | 4) && bits != 0x3000_0000_0000_0000 || bits == 0;
    is_common.then(|| ty::TaggedFloat.specialized(Spec::Double(bits)))
}

/// Python's result, if it is an int of 63 bits.
pub(super) fn fold(op: BinaryOp, a: i64, b: i64) -> Option<i64> {
    let result = match op.without_inplace() {
        BinaryOp::Add => a.checked_add(b)?,
        BinaryOp::Subtract => a.checked_sub(b)?,
        BinaryOp::Multiply => a.checked_mul(b)?,
        BinaryOp::And => a & b,
        BinaryOp::Or => a | b,
        BinaryOp::Xor => a ^ b,
        BinaryOp::FloorDivide if b != 0 => a.div_euclid(b) - i64::from(b < 0 && a.rem_euclid(b) != 0),
        BinaryOp::Remainder if b != 0 => {
            let rest = a.rem_euclid(b);
            if b < 0 && rest != 0 { rest + b } else { rest }
        }
        BinaryOp::LeftShift if (0..62).contains(&b) => a.checked_mul(1 << b)?,
        BinaryOp::RightShift if b >= 0 => a >> b.min(63),
        _ => return None,
    };
    (abi::tag::INT_MIN..=abi::tag::INT_MAX).contains(&result).then_some(result)
}
