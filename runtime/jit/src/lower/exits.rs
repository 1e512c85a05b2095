//! Exits: what the interpreter's frame is made of where compiled code leaves.

use super::{Lowered, Lowering, W64, form_of, unsupported};
use crate::compile::Refusal;
use crate::deopt::{Form, Point, Recorded};
use hir::{Instr, RefKind, Value};
use lir::{Condition, Operand, Record, Reg};
use std::cell::Cell;

/// An exit to be: its number, and the values it records.
pub(super) struct Exit {
    pub id: u32,
    pub values: Vec<Operand>,
}

impl Exit {
    pub fn record(&self) -> Record<'_> {
        Record { id: self.id, values: &self.values }
    }
}

impl Lowering<'_, '_> {
    /// The exit of an instruction: before it, or with an exception set.
    pub(super) fn exit(&mut self, value: Value, is_raise: bool) -> Result<Exit, Refusal> {
        let Some(id) = self.function.frame_state(value) else { return unsupported("an exit without frame state") };
        let state = self.function.state(id);
        if state.parent.is_some() {
            return unsupported("inlined frames");
        }
        let live = self.function.live.get(&value).map_or(&[][..], Vec::as_slice);
        let mut held: Vec<(Value, bool)> = live.iter().map(|live| (live.value, live.kind == RefKind::Owned)).collect();
        for place in state.values() {
            if let Instr::VirtualObject { .. } = self.function.instr(place) {
                return unsupported("virtual objects");
            }
            if !held.iter().any(|(value, _)| *value == place) {
                held.push((place, false));
            }
        }
        let index_of = |place: &Option<Value>| place.and_then(|place| held.iter().position(|(value, _)| *value == place)).map(|index| index as u32);
        let recorded = |&(value, is_owned): &(Value, bool)| {
            let form = form_of(self.function.ty(value));
            Recorded { form, is_owned: is_owned && form == Form::Word }
        };
        let point = Point {
            bytecode: state.bytecode,
            site: self.function.blames.get(&value).copied().unwrap_or(state.bytecode),
            failures: Cell::new(0),
            is_raise,
            values: held.iter().map(recorded).collect(),
            locals: state.locals.iter().map(index_of).collect(),
            stack: state.stack.iter().map(index_of).collect(),
        };
        if point.locals.len() != self.environment.code.n_locals {
            return unsupported("a frame state of other code");
        }
        let values = held.iter().map(|(value, _)| self.operand(*value)).collect();
        self.extras.points.push(point);
        Ok(Exit { id: self.extras.points.len() as u32 - 1, values })
    }

    /// Leaves if a word is zero, which says that an exception is set.
    pub(super) fn guard_raised(&mut self, value: Value, word: Reg) -> Lowered {
        let exit = self.exit(value, true)?;
        self.builder.guard_test(W64, Condition::NotEqual, word, word, exit.record());
        Ok(())
    }
}
