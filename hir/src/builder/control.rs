//! Jumps, branches, returns.

use super::Builder;
use crate::instr::{Block, Instr, Value};
use crate::types::ty;

/// On which outcome a conditional jump is taken; `None` is true of a test for `None`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Jumps {
    IfTrue,
    IfFalse,
}

impl Builder<'_> {
    pub(super) fn resume(&mut self) {
        self.emit(Instr::run_periodic_tasks());
    }

    pub(super) fn jump_backward(&mut self, target: u32) {
        self.emit(Instr::run_periodic_tasks());
        self.branch_to(target);
    }

    pub(super) fn pop_jump_if(&mut self, target: u32, jumps: Jumps) {
        let value = self.pop();
        let condition = self.unboxed_bool(value);
        let (then, otherwise) = self.by_outcome(target, jumps);
        if let Some(known) = self.ty(condition).known_int() {
            return self.branch_to(if known != 0 { then } else { otherwise });
        }
        let (then_block, otherwise_block) = (self.target(then), self.target(otherwise));
        let from = self.emit_terminator(Instr::cond_branch(condition, then_block, otherwise_block));
        self.arrive(from, then);
        self.arrive(from, otherwise);
    }

    /// Where control goes on true and on false.
    fn by_outcome(&self, target: u32, jumps: Jumps) -> (u32, u32) {
        match jumps {
            Jumps::IfTrue => (target, self.at + 1),
            Jumps::IfFalse => (self.at + 1, target),
        }
    }

    pub(super) fn pop_jump_if_none(&mut self, target: u32, jumps: Jumps) {
        let value = self.pop();
        let (then, otherwise) = self.by_outcome(target, jumps);
        if self.is(value, ty::NoneType) {
            return self.branch_to(then);
        }
        if !self.may_be(value, ty::NoneType) {
            return self.branch_to(otherwise);
        }
        let none = self.type_id(ty::NoneType);
        let is_kept = self.vars.locals.iter().chain(&self.vars.stack).any(|place| *place == Some(value));
        if !is_kept {
            let (then_block, otherwise_block) = (self.target(then), self.target(otherwise));
            let from = self.emit_terminator(Instr::cond_branch_check_type(value, then_block, otherwise_block, none));
            self.arrive(from, then);
            self.arrive(from, otherwise);
            return;
        }
        // What the branch finds out is of use on both ways.
        let (then_block, otherwise_block) = (self.new_block(), self.new_block());
        self.emit_terminator(Instr::cond_branch_check_type(value, then_block, otherwise_block, none));
        let vars = self.vars.clone();
        self.block = Some(then_block);
        self.known_as(value, ty::NoneType);
        self.branch_to(then);
        self.vars = vars;
        self.block = Some(otherwise_block);
        let rest = self.ty(value).minus(ty::NoneType, &self.function.classes);
        self.known_as(value, rest);
        self.branch_to(otherwise);
    }

    pub(super) fn return_value(&mut self) {
        let value = self.pop();
        self.emit_terminator(Instr::return_value(value));
    }

    /// One of two values, by a machine bool. Nothing that can raise may follow in the bytecode instruction unless it may be executed again.
    pub(super) fn select(&mut self, condition: Value, then: Value, otherwise: Value) -> Value {
        self.fork(|so, not| Instr::cond_branch(condition, so, not), |_| then, |_| otherwise)
    }

    /// Goes one of two ways, and on behind them with what the way gives.
    pub(super) fn fork(
        &mut self,
        branch: impl FnOnce(Block, Block) -> Instr,
        then: impl FnOnce(&mut Self) -> Value,
        otherwise: impl FnOnce(&mut Self) -> Value,
    ) -> Value {
        let (so, not, join) = (self.new_block(), self.new_block(), self.new_block());
        self.emit_terminator(branch(so, not));
        self.continue_in(so);
        let then = then(self);
        self.branch_inside(join);
        self.continue_in(not);
        let otherwise = otherwise(self);
        self.branch_inside(join);
        self.continue_in(join);
        self.join(join, &[then, otherwise])
    }

    /// The phi of values that come into a block within the bytecode instruction.
    pub(super) fn join(&mut self, block: Block, values: &[Value]) -> Value {
        if values.iter().all(|value| *value == values[0]) { values[0] } else { self.function.add_phi(block, values) }
    }
}
