//! Truth, and bools in their three forms: Python's, the machine's, an int.

use super::{Change, Simplifier};
use crate::instr::{Condition, Instr, Value};
use crate::types::{ANY_SIZED, Type, ty};

/// Objects of these classes are true: they have neither a truth nor a length of their own.
const TRUE: Type = Type::any_of(&[
    ty::Func,
    ty::Method,
    ty::BuiltinFunction,
    ty::Gen,
    ty::Coroutine,
    ty::Code,
    ty::Slice,
    ty::RangeIterator,
    ty::ListIterator,
    ty::TupleIterator,
    ty::TypeExact,
    ty::ObjectExact,
    ty::Ellipsis,
]);

impl Simplifier<'_> {
    pub(super) fn truth(&mut self, instr: Instr) -> Option<Change> {
        match instr {
            Instr::IsTruthy { value } => self.is_truthy(value),
            Instr::BoolBox { value } => self.bool_box(value),
            Instr::BoolUnbox { value } => match (self.def(value), self.int(value)) {
                (_, Some(known)) => self.give_bool(known != 0),
                (Instr::BoolBox { value }, None) => Some(Change::To(value)),
                _ => None,
            },
            Instr::UnaryNot { value } => match (self.def(value), self.int(value)) {
                (_, Some(known)) => self.give_constant(Type::bool(known == 0)),
                (Instr::BoolBox { value }, None) => {
                    let not = self.emit(Instr::bool_not(value));
                    self.into(Instr::bool_box(not))
                }
                (Instr::UnaryNot { value }, None) => Some(Change::To(value)),
                _ => None,
            },
            Instr::BoolNot { value } => self.bool_not(value),
            Instr::IntToBool { value } if self.is(value, ty::CBool) => Some(Change::To(value)),
            Instr::IntToBool { value } => self.int(value).and_then(|known| self.give_bool(known != 0)),
            _ => None,
        }
    }

    fn is_truthy(&mut self, value: Value) -> Option<Change> {
        let ty = self.ty(value);
        if ty.fits(ty::Bool) {
            return self.into(Instr::bool_unbox(value));
        }
        if ty.fits(ty::NoneType) {
            return self.give_bool(false);
        }
        if ty.fits(TRUE) {
            return self.give_bool(true);
        }
        if ty.fits(ty::LongExact) {
            let zero = self.constant(Type::small_int(0));
            return self.into(Instr::long_compare(value, zero, Condition::NotEqual));
        }
        if ty.fits(ty::FloatExact) {
            let zero = self.constant(Type::c_double(0.0));
            let double = self.emit(Instr::float_unbox(value));
            return self.into(Instr::primitive_compare(double, zero, Condition::NotEqual));
        }
        if ty.fits(ANY_SIZED) {
            let zero = self.constant(Type::c_int(ty::CInt64, 0));
            let length = self.emit(Instr::load_length(value));
            return self.into(Instr::primitive_compare(length, zero, Condition::NotEqual));
        }
        None
    }

    fn bool_box(&mut self, value: Value) -> Option<Change> {
        if let Some(known) = self.int(value) {
            return self.give_constant(Type::bool(known != 0));
        }
        match self.def(value) {
            Instr::BoolUnbox { value } => Some(Change::To(value)),
            _ => None,
        }
    }

    fn bool_not(&mut self, value: Value) -> Option<Change> {
        if let Some(known) = self.int(value) {
            return self.give_bool(known == 0);
        }
        match self.def(value) {
            Instr::BoolNot { value } => Some(Change::To(value)),
            Instr::SmallIntCompare { left, right, op } => self.into(Instr::small_int_compare(left, right, op.opposite())),
            Instr::LongCompare { left, right, op } => self.into(Instr::long_compare(left, right, op.opposite())),
            Instr::UnicodeCompare { left, right, op } => self.into(Instr::unicode_compare(left, right, op.opposite())),
            // With a NaN, "less" and "not less" are both false.
            Instr::PrimitiveCompare { left, right, op } if !self.is(left, ty::CDouble) => {
                self.into(Instr::primitive_compare(left, right, op.opposite()))
            }
            _ => None,
        }
    }
}
