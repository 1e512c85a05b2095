//! Branches whose way is known.

use super::{Change, Simplifier};
use crate::instr::{Block, Instr};
use crate::types::ty;

impl Simplifier<'_> {
    pub(super) fn branch(&mut self, instr: Instr) -> Option<Change> {
        match instr {
            Instr::CondBranch { condition, then, otherwise } => {
                if let Some(is) = self.is_set(condition) {
                    return Self::to(if is { then } else { otherwise });
                }
                // With both ways to one block, phis tell the edges apart by their order only.
                match self.def(condition) {
                    Instr::BoolNot { value } if then != otherwise => Some(Change::Into(Instr::cond_branch(value, otherwise, then))),
                    Instr::IntToBool { value } => Some(Change::Into(Instr::cond_branch(value, then, otherwise))),
                    _ => None,
                }
            }
            Instr::CondBranchIterNotDone { item, then, otherwise } => {
                if self.is(item, ty::Exhausted) {
                    Self::to(otherwise)
                } else {
                    self.is(item, ty::Object).then(|| Change::Into(Instr::branch(then)))
                }
            }
            Instr::CondBranchCheckType { value, then, otherwise, ty } => {
                let (is, asked) = (self.ty(value), self.function.pool.ty(ty));
                if is.is_subtype(asked, &self.function.classes) {
                    Self::to(then)
                } else {
                    (!is.could_be(asked, &self.function.classes)).then(|| Change::Into(Instr::branch(otherwise)))
                }
            }
            _ => None,
        }
    }

    fn to(block: Block) -> Option<Change> {
        Some(Change::Into(Instr::branch(block)))
    }
}
