//! Guards and checks of what is known.

use super::{Change, Simplifier};
use crate::instr::{Instr, TypeId, Value};
use crate::types::ty;

impl Simplifier<'_> {
    pub(super) fn guard(&mut self, instr: Instr) -> Option<Change> {
        match instr {
            Instr::CheckVar { value, .. } | Instr::CheckFreevar { value, .. } => (!self.ty(value).may_be_null()).then_some(Change::To(value)),
            Instr::GuardType { value, ty } | Instr::GuardIs { value, ty } => self.implied(value, ty),
            Instr::RefineType { value, ty } => self.implied(value, ty),
            Instr::Guard { condition } => self.is_set(condition).filter(|is| *is).map(|_| Change::Gone),
            Instr::HintType { .. } => Some(Change::Gone),
            Instr::CheckInitResult { value } => self.is(value, ty::NoneType).then_some(Change::Gone),
            _ => None,
        }
    }

    fn implied(&self, value: Value, ty: TypeId) -> Option<Change> {
        let wanted = self.function.pool.ty(ty);
        self.ty(value).is_subtype(wanted, &self.function.classes).then_some(Change::To(value))
    }

    /// Whether what a branch tests is not zero or null, if that is known.
    pub(super) fn is_set(&self, condition: Value) -> Option<bool> {
        let ty = self.ty(condition);
        match ty.known_int() {
            Some(number) if ty.fits(ty::CBool) || ty.fits(ty::CInt) => Some(number != 0),
            _ if ty.fits(ty::Nullptr) => Some(false),
            _ if ty.fits(ty::Object) => Some(true),
            _ => None,
        }
    }
}
