//! Comparisons of values of known types, and identity.

use super::{Change, Simplifier};
use crate::instr::{Condition, Instr, Value};
use crate::types::{Type, ty};
use std::cmp::Ordering;

/// Ints up to here are floats without rounding.
const EXACT: i64 = 1 << 53;

impl Simplifier<'_> {
    pub(super) fn comparison(&mut self, _value: Value, instr: Instr) -> Option<Change> {
        match instr {
            Instr::Compare { left, right, op } => {
                let result = self.compare(left, right, Condition::of(op))?;
                self.into(Instr::bool_box(result))
            }
            Instr::CompareBool { left, right, op } => self.compare(left, right, Condition::of(op)).map(Change::To),
            Instr::LongCompare { left, right, op } if self.both(left, right, ty::SmallInt) => self.into(Instr::small_int_compare(left, right, op)),
            Instr::LongCompare { left, right, op } => self.same(left, right, op),
            Instr::SmallIntCompare { left, right, op } => match (self.int(left), self.int(right)) {
                (Some(a), Some(b)) => self.give_bool(holds(op, Some(a.cmp(&b)))),
                (Some(_), None) => self.into(Instr::small_int_compare(right, left, op.swapped())),
                _ => self.same(left, right, op),
            },
            Instr::FloatCompare { left, right, op } => {
                let (left, right) = (self.emit(Instr::float_unbox(left)), self.emit(Instr::float_unbox(right)));
                self.into(Instr::primitive_compare(left, right, op))
            }
            Instr::UnicodeCompare { left, right, op } => self.same(left, right, op),
            Instr::PrimitiveCompare { left, right, op } => self.primitive_compare(left, right, op),
            Instr::Is { left, right } => self.identity(left, right),
            _ => None,
        }
    }

    /// A comparison of builtin values as a machine bool.
    fn compare(&mut self, left: Value, right: Value, op: Condition) -> Option<Value> {
        let instr = if self.both(left, right, ty::LongExact) {
            Instr::long_compare(left, right, op)
        } else if self.both(left, right, ty::FloatExact) {
            Instr::float_compare(left, right, op)
        } else if self.both(left, right, ty::UnicodeExact) {
            Instr::unicode_compare(left, right, op)
        } else if matches!(op, Condition::Equal | Condition::NotEqual) && self.both(left, right, ty::NoneType) {
            return Some(self.constant(Type::c_bool(op == Condition::Equal)));
        } else if matches!(op, Condition::Equal | Condition::NotEqual) && self.both(left, right, ty::Bool) {
            let is = self.emit(Instr::is(left, right));
            return Some(if op == Condition::Equal { is } else { self.emit(Instr::bool_not(is)) });
        } else {
            return self.compare_with_float(left, right, op);
        };
        Some(self.emit(instr))
    }

    /// A small known int and a float.
    fn compare_with_float(&mut self, left: Value, right: Value, op: Condition) -> Option<Value> {
        let exact = |value: Value| self.int(value).filter(|known| self.is(value, ty::SmallInt) && known.abs() <= EXACT);
        let (float, int, op) = match (exact(left), exact(right)) {
            (None, Some(int)) if self.is(left, ty::FloatExact) => (left, int, op),
            (Some(int), None) if self.is(right, ty::FloatExact) => (right, int, op.swapped()),
            _ => return None,
        };
        let constant = self.constant(Type::c_double(int as f64));
        let double = self.emit(Instr::float_unbox(float));
        Some(self.emit(Instr::primitive_compare(double, constant, op)))
    }

    /// A value compared with itself. (A NaN is no int and no string.)
    fn same(&mut self, left: Value, right: Value, op: Condition) -> Option<Change> {
        if self.function.model(left) != self.function.model(right) {
            return None;
        }
        self.give_bool(holds(op, Some(Ordering::Equal)))
    }

    fn primitive_compare(&mut self, left: Value, right: Value, op: Condition) -> Option<Change> {
        if let (Some(a), Some(b)) = (self.double(left), self.double(right)) {
            return self.give_bool(holds(op, a.partial_cmp(&b)));
        }
        if self.is(left, ty::CDouble) || self.is(left, ty::CPtr) {
            return None;
        }
        match (self.int(left), self.int(right)) {
            (Some(a), Some(b)) if self.is(left, ty::CUnsigned) => self.give_bool(holds(op, Some((a as u64).cmp(&(b as u64))))),
            (Some(a), Some(b)) => self.give_bool(holds(op, Some(a.cmp(&b)))),
            (Some(_), None) => self.into(Instr::primitive_compare(right, left, op.swapped())),
            (None, Some(0)) if op == Condition::NotEqual && self.is(left, ty::CBool) => Some(Change::To(left)),
            _ => self.same(left, right, op),
        }
    }

    fn identity(&mut self, left: Value, right: Value) -> Option<Change> {
        if self.function.model(left) == self.function.model(right) {
            return self.give_bool(true);
        }
        let (a, b) = (self.ty(left), self.ty(right));
        // A boxed float and a boxed int are what they are made to be: two that are equal may be two objects.
        if !a.could_be(b, &self.function.classes) {
            return self.give_bool(false);
        }
        let is_one = a == b && a.is_single_value() && (a.is_uncounted() || a.known_object().is_some());
        if is_one { self.give_bool(true) } else { None }
    }
}

/// Whether a condition holds for two values in this order; none if one is a NaN.
pub(super) fn holds(op: Condition, order: Option<Ordering>) -> bool {
    let Some(order) = order else { return op == Condition::NotEqual };
    match op {
        Condition::Less => order.is_lt(),
        Condition::LessEqual => order.is_le(),
        Condition::Equal => order.is_eq(),
        Condition::NotEqual => order.is_ne(),
        Condition::Greater => order.is_gt(),
        Condition::GreaterEqual => order.is_ge(),
    }
}
