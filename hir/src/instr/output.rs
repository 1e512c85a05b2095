//! The rules that give an instruction's result its type.

use super::{Instr, Pool};
use crate::types::{Classes, Type, ty};
use bytecode::opcode::BinaryOp;

/// Where the type of a result comes from.
#[derive(Clone, Copy, Debug)]
pub enum OutputType {
    /// There is no result.
    Nothing,
    Fixed(Type),
    /// The immediate that is a type.
    Immediate,
    /// The type of the first operand.
    First,
    /// The leaf of the first operand.
    FirstKind,
    /// The type of the first operand, without null.
    NotNull,
    /// What the first operand and the immediate type have in common.
    Narrowed,
    /// All operands' types together.
    Union,
    /// As Python's operator gives it for the operands' types.
    Binary,
    Unary,
    /// The iterator of the first operand.
    Iterator,
    /// The Python form of the machine value that is the operand.
    Boxed,
}

impl OutputType {
    /// The type, from the types of the operands.
    pub fn of(self, instr: &Instr, pool: &Pool, operands: &[Type], classes: &Classes) -> Type {
        let first = operands.first().copied().unwrap_or(ty::Bottom);
        let is_unknown = || operands.contains(&ty::Bottom);
        let immediate = || instr.type_immediate().map_or(ty::Top, |id| pool.ty(id));
        match self {
            OutputType::Nothing => ty::Bottom,
            OutputType::Fixed(ty) => ty,
            OutputType::Immediate => immediate(),
            OutputType::First => first,
            OutputType::FirstKind => first.unspecialized(),
            OutputType::NotNull => first.minus(ty::Nullptr, classes),
            OutputType::Narrowed => first.and(immediate(), classes),
            OutputType::Union => operands.iter().fold(ty::Bottom, |union, ty| union.or(*ty, classes)),
            OutputType::Iterator if first.is_bottom() => ty::Bottom,
            OutputType::Iterator => iterator(first),
            // What has no type yet has none that could be told apart.
            OutputType::Binary | OutputType::Unary | OutputType::Boxed if is_unknown() => ty::Bottom,
            OutputType::Binary => binary(instr, operands),
            OutputType::Unary => unary(first),
            OutputType::Boxed => boxed(first),
        }
    }
}

fn binary(instr: &Instr, operands: &[Type]) -> Type {
    let (Instr::BinaryOp { op, .. } | Instr::LongBinaryOp { op, .. } | Instr::FloatBinaryOp { op, .. }) = *instr else { return ty::Object };
    let [left, right] = *operands else { return ty::Object };
    let (op, both) = (op.without_inplace(), |ty: Type| left.fits(ty) && right.fits(ty));
    let is_number = |of: Type| of.fits(ty::LongExact) || of.fits(ty::FloatExact);
    if both(ty::LongExact) {
        return long(op);
    }
    match op {
        // Negative floats have complex powers.
        BinaryOp::Power => ty::Object,
        BinaryOp::Add | BinaryOp::Subtract | BinaryOp::Multiply | BinaryOp::TrueDivide | BinaryOp::FloorDivide | BinaryOp::Remainder
            if is_number(left) && is_number(right) =>
        {
            ty::FloatExact
        }
        BinaryOp::Add if both(ty::UnicodeExact) => ty::UnicodeExact,
        BinaryOp::Add if both(ty::ListExact) => ty::ListExact,
        BinaryOp::Add if both(ty::TupleExact) => ty::TupleExact,
        BinaryOp::Remainder if left.fits(ty::UnicodeExact) && right.fits(ty::BuiltinHeap) => ty::UnicodeExact,
        BinaryOp::Multiply if left.fits(ty::UnicodeExact) && right.fits(ty::LongExact) => ty::UnicodeExact,
        BinaryOp::Multiply if left.fits(ty::ListExact) && right.fits(ty::LongExact) => ty::ListExact,
        BinaryOp::Multiply if left.fits(ty::TupleExact) && right.fits(ty::LongExact) => ty::TupleExact,
        BinaryOp::Subscript if left.fits(ty::UnicodeExact) => ty::UnicodeExact,
        _ => ty::Object,
    }
}

fn long(op: BinaryOp) -> Type {
    match op {
        BinaryOp::TrueDivide => ty::FloatExact,
        BinaryOp::Power => Type::any_of(&[ty::LongExact, ty::FloatExact]),
        BinaryOp::MatrixMultiply | BinaryOp::Subscript => ty::Object,
        _ => ty::LongExact,
    }
}

fn unary(operand: Type) -> Type {
    if operand.fits(ty::LongExact) || operand.fits(ty::Bool) {
        ty::LongExact
    } else if operand.fits(ty::FloatExact) {
        ty::FloatExact
    } else {
        ty::Object
    }
}

fn iterator(operand: Type) -> Type {
    if operand.fits(ty::ListExact) {
        ty::ListIterator
    } else if operand.fits(ty::TupleExact) {
        ty::TupleIterator
    } else if operand.fits(Type::any_of(&[ty::RangeIterator, ty::ListIterator, ty::TupleIterator])) {
        operand.unspecialized()
    } else {
        // Ranges of ints beyond 63 bits have another iterator.
        ty::Object
    }
}

fn boxed(operand: Type) -> Type {
    if operand.fits(ty::CDouble) {
        ty::FloatExact
    } else if operand.fits(ty::CBool) {
        ty::Bool
    } else {
        let is_narrow = !operand.leaves().is_empty() && operand.leaves().and(ty::CInt64.leaves().or(ty::CUInt64.leaves())).is_empty();
        if is_narrow { ty::SmallInt } else { ty::LongExact }
    }
}
