//! Machine arithmetic on known numbers.

use super::{Change, Simplifier};
use crate::instr::{DoubleKind, DoubleUnaryKind, Instr, IntKind, IntUnaryKind, Value};
use crate::types::{Type, ty};

impl Simplifier<'_> {
    pub(super) fn machine(&mut self, instr: Instr) -> Option<Change> {
        match instr {
            Instr::IntBinaryOp { left, right, op } if self.both(left, right, ty::CInt64) => self.int_binary(left, right, op),
            Instr::IntUnaryOp { value, op } if self.is(value, ty::CInt64) => {
                let known = self.int(value)?;
                let result = if op == IntUnaryKind::Negate { known.wrapping_neg() } else { !known };
                self.give_constant(Type::c_int(ty::CInt64, result))
            }
            Instr::DoubleBinaryOp { left, right, op } => self.double_binary(left, right, op),
            Instr::DoubleUnaryOp { value, op } => {
                let known = self.double(value)?;
                self.give_constant(Type::c_double(match op {
                    DoubleUnaryKind::Negate => -known,
                    DoubleUnaryKind::Absolute => known.abs(),
                    DoubleUnaryKind::SquareRoot => known.sqrt(),
                    DoubleUnaryKind::Sine => known.sin(),
                    DoubleUnaryKind::Cosine => known.cos(),
                }))
            }
            Instr::IntToDouble { value } => {
                let known = self.int(value)?;
                self.give_constant(Type::c_double(known as f64))
            }
            Instr::PrimitiveConvert { value, ty } => {
                let to = self.function.pool.ty(ty);
                (self.ty(value).leaves() == to.leaves()).then_some(Change::To(value))
            }
            _ => None,
        }
    }

    fn int_binary(&mut self, left: Value, right: Value, op: IntKind) -> Option<Change> {
        let (a, b) = (self.int(left), self.int(right));
        if let (Some(a), Some(b)) = (a, b) {
            let result = fold(op, a, b)?;
            return self.give_constant(Type::c_int(ty::CInt64, result));
        }
        let is_left_neutral = match op {
            IntKind::Add | IntKind::Or | IntKind::Xor => a == Some(0),
            IntKind::Multiply => a == Some(1),
            IntKind::And => a == Some(-1),
            IntKind::Subtract | IntKind::LeftShift | IntKind::RightShift | IntKind::Divide | IntKind::Remainder => false,
        };
        if is_left_neutral {
            return Some(Change::To(right));
        }
        let is_right_neutral = match op {
            IntKind::Add | IntKind::Or | IntKind::Xor | IntKind::Subtract | IntKind::LeftShift | IntKind::RightShift => b == Some(0),
            IntKind::Multiply | IntKind::Divide => b == Some(1),
            IntKind::And => b == Some(-1),
            IntKind::Remainder => false,
        };
        is_right_neutral.then_some(Change::To(left))
    }

    fn double_binary(&mut self, left: Value, right: Value, op: DoubleKind) -> Option<Change> {
        let (a, b) = (self.double(left), self.double(right));
        if let (Some(a), Some(b)) = (a, b) {
            return self.give_constant(Type::c_double(match op {
                DoubleKind::Add => a + b,
                DoubleKind::Subtract => a - b,
                DoubleKind::Multiply => a * b,
                DoubleKind::Divide => a / b,
                DoubleKind::Power => a.powf(b),
            }));
        }
        match op {
            DoubleKind::Multiply if a == Some(1.0) => Some(Change::To(right)),
            DoubleKind::Multiply | DoubleKind::Divide if b == Some(1.0) => Some(Change::To(left)),
            // -0.0 - 0.0 is -0.0; adding zero would lose that sign.
            DoubleKind::Subtract if b.is_some_and(|b| b.to_bits() == 0) => Some(Change::To(left)),
            _ => None,
        }
    }
}

fn fold(op: IntKind, a: i64, b: i64) -> Option<i64> {
    Some(match op {
        IntKind::Add => a.wrapping_add(b),
        IntKind::Subtract => a.wrapping_sub(b),
        IntKind::Multiply => a.wrapping_mul(b),
        IntKind::And => a & b,
        IntKind::Or => a | b,
        IntKind::Xor => a ^ b,
        IntKind::LeftShift if (0..64).contains(&b) => a << b,
        IntKind::RightShift if (0..64).contains(&b) => a >> b,
        IntKind::Divide => a.checked_div(b)?,
        IntKind::Remainder => a.checked_rem(b)?,
        IntKind::LeftShift | IntKind::RightShift => return None,
    })
}
