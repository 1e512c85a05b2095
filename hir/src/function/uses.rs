//! Who uses a value: operands of instructions and frame states.

use super::{FrameStateId, Function};
use crate::instr::Value;
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

/// The instructions that have a value as an operand, once for each.
pub type Users = SmallVec<[Value; 4]>;

impl Function {
    /// The frame states that instructions in blocks have, and the parents of those.
    pub fn used_frame_states(&self) -> Vec<FrameStateId> {
        let mut is_used = vec![false; self.frame_state_limit()];
        for value in self.values() {
            for id in self.state_chain(self.frame_state(value)) {
                is_used[id.0 as usize] = true;
            }
        }
        (0..is_used.len() as u32).map(FrameStateId).filter(|id| is_used[id.0 as usize]).collect()
    }

    /// How many operands and places of used frame states hold each value.
    pub fn use_counts(&self) -> Vec<u32> {
        let mut counts = vec![0; self.value_limit()];
        for value in self.values() {
            self.instr(value).for_each_operand(&self.pool, &mut |operand| counts[operand.0 as usize] += 1);
        }
        for id in self.used_frame_states() {
            self.state(id).values().for_each(|value| counts[value.0 as usize] += 1);
        }
        counts
    }

    /// The instructions that have each value as an operand.
    pub fn users(&self) -> Vec<Users> {
        let mut users = vec![SmallVec::new(); self.value_limit()];
        for value in self.values() {
            self.instr(value).for_each_operand(&self.pool, &mut |operand| users[operand.0 as usize].push(value));
        }
        users
    }

    /// Puts `new` wherever `old` is used, in frame states too.
    pub fn replace_all_uses(&mut self, old: Value, new: Value) {
        self.replace_uses(&FxHashMap::from_iter([(old, new)]));
    }

    /// Replaces many values at once, in their uses and where they are; replacements may have replacements themselves.
    pub fn replace_values(&mut self, replacements: &FxHashMap<Value, Value>) {
        self.replace_uses(replacements);
        for block in self.blocks() {
            self.retain(block, &mut |_, value| !replacements.contains_key(&value));
        }
    }

    /// What takes the place of a value; replacements may have replacements themselves.
    pub fn resolved(replacements: &FxHashMap<Value, Value>, value: Value) -> Value {
        std::iter::successors(Some(value), |value| replacements.get(value).copied()).last().unwrap_or(value)
    }

    /// Replaces the uses of many values at once; replacements may have replacements themselves.
    pub fn replace_uses(&mut self, replacements: &FxHashMap<Value, Value>) {
        if replacements.is_empty() {
            return;
        }
        // What takes the place of each value: looked up for each use there is.
        let mut places: Vec<Value> = (0..self.value_limit() as u32).map(Value).collect();
        replacements.iter().for_each(|(old, new)| places[old.0 as usize] = *new);
        let find = |value: &mut Value| {
            while places[value.0 as usize] != *value {
                *value = places[value.0 as usize];
            }
        };
        for block in self.blocks() {
            for index in 0..self.instrs(block).len() {
                let value = self.instrs(block)[index];
                self.nodes[value.0 as usize].instr.for_each_operand_mut(&mut self.pool, &mut |operand| find(operand));
            }
        }
        for state in &mut self.frame_states {
            state.values_mut().for_each(find);
        }
        for live in self.live.values_mut() {
            live.iter_mut().for_each(|live| find(&mut live.value));
        }
    }

    /// Replaces the operands of one instruction, but not in its frame state.
    pub fn replace_operands(&mut self, value: Value, replace: &mut dyn FnMut(Value) -> Value) {
        self.nodes[value.0 as usize].instr.for_each_operand_mut(&mut self.pool, &mut |operand| *operand = replace(*operand));
    }

    /// Gives an instruction frame states of its own, with values replaced: what others share stays.
    pub fn replace_in_frame_state(&mut self, value: Value, replace: &mut dyn FnMut(Value) -> Value) {
        let Some(id) = self.frame_state(value) else { return };
        let own = self.copy_state_chain(id, replace);
        self.set_frame_state(value, Some(own));
    }

    fn copy_state_chain(&mut self, id: FrameStateId, replace: &mut dyn FnMut(Value) -> Value) -> FrameStateId {
        let mut state = self.state(id).clone();
        state.values_mut().for_each(|value| *value = replace(*value));
        state.parent = state.parent.map(|parent| self.copy_state_chain(parent, replace));
        self.add_frame_state(state)
    }
}
