//! What one instruction does to references.

use super::Inserter;
use super::state::{Kind, State, Support};
use crate::function::{LiveValue, RefKind};
use crate::instr::{Block, Heap, Instr, Output, Value};
use crate::types::ty;
use smallvec::SmallVec;
use std::cmp::Reverse;
use std::collections::BTreeMap;

impl Inserter<'_> {
    /// Executes the first instruction, and those behind it that belong to it. Returns how many.
    pub(super) fn step(&mut self, state: &mut State, block: Block, instrs: &[Value], deaths: &[Vec<Value>]) -> usize {
        let value = instrs[0];
        let info = self.function.instr(value).info();
        self.invalidate(state, info.writes, None);
        self.steal(state, value, &deaths[0]);
        if info.may_deopt() && self.output.is_some() {
            let live = self.live_values(state, value);
            self.function.live.insert(value, live);
        }
        if info.is_terminator {
            self.reconcile(state, block);
        }
        self.keep(value);
        self.define(state, value);
        let mut dying = deaths[0].clone();
        let mut count = 1;
        // Nothing may come between a first and a second result, nor between what moves values out of the frame.
        while let Some(&next) = instrs.get(count).filter(|next| self.belongs(value, **next)) {
            self.keep(next);
            self.define(state, next);
            dying.extend(&deaths[count]);
            count += 1;
        }
        self.kill(state, &dying, Some(value));
        count
    }

    fn belongs(&self, first: Value, next: Value) -> bool {
        let is_load = |value: Value| matches!(self.function.instr(value), Instr::LoadArg { .. } | Instr::LoadFrameSlot { .. });
        matches!(self.function.instr(next), Instr::GetSecondOutput { .. }) || is_load(first) && is_load(next)
    }

    /// Makes references to what is borrowed from memory that is written, or from a model that is given up.
    pub(super) fn invalidate(&mut self, state: &mut State, heap: Heap, model: Option<Value>) {
        if heap.is_empty() && model.is_none() {
            return;
        }
        let meets = |kind: &Kind| matches!(kind, Kind::Borrowed(support) if support.meets(heap, model));
        for entry in state.entries_mut().filter(|entry| meets(&entry.kind)) {
            entry.kind = Kind::Owned;
            self.incref(&entry.copies);
        }
    }

    /// References that the instruction takes over.
    fn steal(&mut self, state: &mut State, value: Value, dying: &[Value]) {
        let instr = *self.function.instr(value);
        let mut taken: BTreeMap<Value, usize> = BTreeMap::new();
        // What is also read must live until the instruction is done.
        let mut read = SmallVec::<[Value; 6]>::new();
        for (place, operand) in instr.operands(&self.function.pool).into_iter().enumerate() {
            if instr.steals(place) {
                *taken.entry(self.model(operand)).or_default() += 1;
            } else {
                read.push(self.model(operand));
            }
        }
        let takes_state = instr.info().steals_frame_state;
        if taken.is_empty() && !takes_state {
            return;
        }
        let held = self.held(value);
        if takes_state {
            held.iter().for_each(|held| *taken.entry(self.model(*held)).or_default() += 1);
        }
        for (model, count) in taken {
            let Some(entry) = state.get(model).cloned() else { continue };
            if entry.kind == Kind::Uncounted {
                continue;
            }
            let is_held = !takes_state && held.iter().any(|held| self.model(*held) == model) || read.contains(&model);
            let dies = instr.info().is_terminator || entry.copies.iter().all(|copy| dying.contains(copy));
            let hands_over = entry.kind.is_owned() && dies && !is_held;
            if dies && !is_held {
                // Nobody asks for it again.
                state.set(model, Kind::Borrowed(Support::default()));
            }
            if hands_over {
                self.invalidate(state, Heap::NOTHING, Some(model));
            }
            for _ in usize::from(hands_over)..count {
                self.incref(&entry.copies);
            }
        }
    }

    /// The values in the instruction's frame states, place by place.
    fn held(&self, value: Value) -> Vec<Value> {
        let function = &*self.function;
        let mut held = Vec::new();
        for id in function.state_chain(function.frame_state(value)) {
            for place in function.state(id).values() {
                function.for_each_real(place, &mut |value| held.push(value));
            }
        }
        held
    }

    /// What is in the frame states, and what is owned besides.
    fn live_values(&self, state: &State, value: Value) -> Vec<LiveValue> {
        let mut live = Vec::new();
        let mut held: Vec<(Value, Value)> = self.held(value).into_iter().map(|held| (self.model(held), held)).collect();
        held.sort_unstable();
        held.dedup();
        for (model, entry) in state.iter() {
            let first = held.partition_point(|(held, _)| *held < model);
            let mut named = held[first..].iter().take_while(|(held, _)| *held == model).map(|(_, value)| *value).peekable();
            let unnamed = entry.copies.last().copied().filter(|_| named.peek().is_none() && entry.kind.is_owned());
            for (index, value) in named.chain(unnamed).enumerate() {
                let kind = match entry.kind {
                    Kind::Uncounted => RefKind::Uncounted,
                    Kind::Owned if index == 0 => RefKind::Owned,
                    Kind::Owned | Kind::Borrowed(_) => RefKind::Borrowed,
                };
                live.push(LiveValue { value, kind });
            }
        }
        live.sort_unstable_by_key(|live| live.value);
        live
    }

    /// The instruction's result.
    fn define(&mut self, state: &mut State, value: Value) {
        let function = &*self.function;
        let is_uncounted = function.ty(value).is_uncounted();
        let kind = match function.instr(value).info().output {
            Output::Nothing => return,
            Output::Alias => {
                // A copy. Who knows that it is not counted knows it of the model.
                if let Some(entry) = state.get_mut(self.models[value.0 as usize]) {
                    entry.copies.push(value);
                    if is_uncounted {
                        entry.kind = Kind::Uncounted;
                    }
                }
                return;
            }
            _ if is_uncounted => Kind::Uncounted,
            Output::Uncounted => Kind::Uncounted,
            Output::Borrowed(heap) => Kind::Borrowed(Support::of_heap(heap)),
            Output::Owned | Output::Merged => Kind::Owned,
        };
        state.define(value, kind);
    }

    /// Names that are not used any more, behind an instruction if that is known. A model without names is given up if it is owned.
    pub(super) fn kill(&mut self, state: &mut State, dying: &[Value], behind: Option<Value>) {
        let mut owned = Vec::new();
        for &value in dying {
            let model = self.model(value);
            let Some(entry) = state.get_mut(model) else { continue };
            let Some(at) = entry.copies.iter().position(|copy| *copy == value) else { continue };
            let newest = entry.copies.last().copied().unwrap_or(value);
            entry.copies.remove(at);
            if entry.copies.is_empty() {
                let entry = state.remove(model);
                if entry.is_some_and(|entry| entry.kind.is_owned()) {
                    owned.push((model, newest));
                }
            }
        }
        // While states are computed the order is of no consequence.
        if owned.len() > 1 && self.output.is_some() {
            match behind.map(|behind| self.turns(behind)) {
                Some(turns) => owned.sort_by_cached_key(|(model, _)| (turns.get(model).copied().unwrap_or_default(), Reverse(*model))),
                None => owned.sort_unstable(),
            }
        }
        for (model, name) in owned {
            let is_leaf =
                self.function.ty(name).minus(ty::Nullptr, &self.function.classes).minus(ty::Exhausted, &self.function.classes).is_leaf_scalar();
            self.invalidate(state, if is_leaf { Heap::NOTHING } else { Heap::MANAGED }, Some(model));
            self.decref(name);
        }
    }

    fn decref(&mut self, name: Value) {
        if self.output.is_none() {
            return;
        }
        let name = self.countable(name);
        let may_be_null = !self.function.ty(name).fits(ty::Object);
        let instr = if may_be_null { Instr::x_decref(name) } else { Instr::decref(name) };
        let decref = self.function.create(instr, None);
        self.keep(decref);
    }
}
