//! Removes guards and branches that earlier ones have decided.
//!
//! Blocks are visited in the order of the tree of dominators, with what is known there: which conditions hold, the narrowest name of each value, and within which
//! bounds ints are ([`ranges`]). Operands get the narrowest name, so that other passes see it.

mod ranges;

use crate::environment::Preloaded;
use crate::function::{Dominators, Function};
use crate::instr::{Block, Instr, Value};
use crate::types::Type;
use ranges::Ranges;
use rustc_hash::FxHashMap;

/// What is known at a point.
#[derive(Clone, Default)]
struct Facts {
    conditions: FxHashMap<Value, bool>,
    /// The narrowest name of each model.
    names: FxHashMap<Value, Value>,
    ranges: Ranges,
}

pub(super) fn run(function: &mut Function, _preloaded: &Preloaded) {
    let dominators = function.dominators();
    let mut children = dominators.children();
    let mut work = vec![(Function::ENTRY, Facts::default())];
    let mut changed = false;
    while let Some((block, mut facts)) = work.pop() {
        let mut visitor = Visitor { function, facts: &mut facts, dominators: &dominators, changed: &mut changed };
        visitor.block(block);
        work.extend(children.remove(&block).unwrap_or_default().into_iter().map(|child| (child, facts.clone())));
    }
    if changed {
        function.reflow_types();
    }
}

struct Visitor<'a> {
    function: &'a mut Function,
    facts: &'a mut Facts,
    dominators: &'a Dominators,
    changed: &'a mut bool,
}

impl Visitor<'_> {
    fn block(&mut self, block: Block) {
        self.enter(block);
        self.facts.ranges.phis(self.function, block, self.dominators);
        let mut index = self.function.phis(block).len();
        while index < self.function.instrs(block).len() {
            let value = self.function.instrs(block)[index];
            self.narrow_operands(value);
            if self.instr(block, value) {
                self.function.remove(block, index);
                *self.changed = true;
            } else {
                index += 1;
            }
        }
    }

    /// What the only edge to a block says.
    fn enter(&mut self, block: Block) {
        let [pred] = *self.function.preds(block) else { return };
        let Some(terminator) = self.function.terminator(pred) else { return };
        match *self.function.instr(terminator) {
            Instr::CondBranch { condition, then, otherwise } if then != otherwise => self.learn(condition, block == then),
            Instr::CondBranchCheckType { value, then, otherwise, ty } if then != otherwise && block == then => {
                let wanted = self.function.pool.ty(ty);
                let is = self.function.ty(value);
                if !is.is_subtype(wanted, &self.function.classes) && !self.is_refined(block, value, wanted) {
                    let at = self.function.phis(block).len();
                    self.function.insert(block, at, Instr::refine_type(value, ty), None);
                }
            }
            _ => {}
        }
    }

    /// Whether the block begins with a name for what the branch has found out.
    fn is_refined(&self, block: Block, value: Value, wanted: Type) -> bool {
        let of = self.function.model(value);
        self.function.instrs(block).iter().any(|user| {
            matches!(self.function.instr(*user), Instr::RefineType { .. })
                && self.function.model(*user) == of
                && self.function.ty(*user).is_subtype(wanted, &self.function.classes)
        })
    }

    /// A condition holds, or does not.
    fn learn(&mut self, condition: Value, holds: bool) {
        self.facts.conditions.insert(self.function.model(condition), holds);
        match *self.function.instr(condition) {
            Instr::BoolNot { value } => self.learn(value, !holds),
            Instr::IntToBool { value } => self.learn(value, holds),
            Instr::SmallIntCompare { left, right, op } | Instr::PrimitiveCompare { left, right, op } => {
                self.facts.ranges.learn(self.function, left, right, op, holds)
            }
            _ => {}
        }
    }

    fn narrow_operands(&mut self, value: Value) {
        let (function, facts) = (&mut *self.function, &*self.facts);
        let mut narrower: FxHashMap<Value, Value> = FxHashMap::default();
        for operand in function.operands(value) {
            if let Some(&name) = facts.names.get(&function.model(operand))
                && function.ty(name).is_proper_subtype(function.ty(operand), &function.classes)
            {
                narrower.insert(operand, name);
            }
        }
        if !narrower.is_empty() {
            function.replace_operands(value, &mut |operand| narrower.get(&operand).copied().unwrap_or(operand));
            function.update_type(value);
            *self.changed = true;
        }
    }

    /// Looks at an instruction; whether it goes away.
    fn instr(&mut self, block: Block, value: Value) -> bool {
        let instr = *self.function.instr(value);
        match instr {
            Instr::Guard { condition } => {
                if self.known(condition) == Some(true) {
                    return true;
                }
                self.learn(condition, true);
            }
            Instr::CondBranch { condition, then, otherwise } => {
                if let Some(known) = self.known(condition) {
                    self.function.set_terminator(block, Instr::branch(if known { then } else { otherwise }), None);
                    *self.changed = true;
                }
            }
            Instr::SmallIntBox { value: raw } if self.facts.ranges.fits_small(self.function, raw) => {
                self.function.replace(value, Instr::small_int_box_unchecked(raw));
                *self.changed = true;
            }
            Instr::CheckBounds { index, length } if self.facts.ranges.is_within(self.function, index, length) => {
                self.function.replace(value, Instr::assign(index));
                *self.changed = true;
            }
            _ if instr.is_passthrough() => self.name(value),
            _ => {}
        }
        self.facts.ranges.define(self.function, value);
        false
    }

    fn name(&mut self, value: Value) {
        let model = self.function.model(value);
        let old = self.facts.names.get(&model).map_or(self.function.ty(model), |name| self.function.ty(*name));
        if self.function.ty(value).is_proper_subtype(old, &self.function.classes) {
            self.facts.names.insert(model, value);
        }
    }

    fn known(&self, condition: Value) -> Option<bool> {
        if let Some(known) = self.facts.conditions.get(&self.function.model(condition)) {
            return Some(*known);
        }
        match *self.function.instr(condition) {
            Instr::SmallIntCompare { left, right, op } => self.facts.ranges.compare(self.function, left, right, op),
            Instr::PrimitiveCompare { left, right, op } if self.function.ty(left).fits(crate::ty::CInt64) => {
                self.facts.ranges.compare(self.function, left, right, op)
            }
            _ => None,
        }
    }
}
