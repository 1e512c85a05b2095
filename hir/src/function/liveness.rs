//! Which values are live where blocks begin and end.
//!
//! Uses are operands and frame states; of an object that frame states only describe (`VirtualObject`), its parts. An input of a phi is used at the end of the predecessor, and the phi is defined where its block begins: it is not live
//! into it.

use super::Function;
use crate::instr::{Block, Instr, Value};

/// A set of values.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct ValueSet(Vec<u64>);

/// Live values by block.
pub struct Liveness {
    live_in: Vec<ValueSet>,
    live_out: Vec<ValueSet>,
}

impl ValueSet {
    pub fn contains(&self, value: Value) -> bool {
        self.0.get(value.0 as usize / 64).is_some_and(|word| word >> (value.0 % 64) & 1 != 0)
    }

    pub fn insert(&mut self, value: Value) {
        let index = value.0 as usize / 64;
        if index >= self.0.len() {
            self.0.resize(index + 1, 0);
        }
        self.0[index] |= 1 << (value.0 % 64);
    }

    pub fn remove(&mut self, value: Value) {
        if let Some(word) = self.0.get_mut(value.0 as usize / 64) {
            *word &= !(1 << (value.0 % 64));
        }
    }

    /// Adds the values of another set.
    pub fn extend(&mut self, other: &ValueSet) {
        self.0.resize(self.0.len().max(other.0.len()), 0);
        self.0.iter_mut().zip(&other.0).for_each(|(mine, theirs)| *mine |= theirs);
    }

    /// Takes the values of another set out.
    fn subtract(&mut self, other: &ValueSet) {
        self.0.iter_mut().zip(&other.0).for_each(|(mine, theirs)| *mine &= !theirs);
    }

    /// Whether both have the same values.
    fn is_same(&self, other: &ValueSet) -> bool {
        let n = self.0.len().min(other.0.len());
        self.0[..n] == other.0[..n] && self.0[n..].iter().chain(&other.0[n..]).all(|word| *word == 0)
    }

    /// In the order of numbers.
    pub fn iter(&self) -> impl Iterator<Item = Value> + '_ {
        let without_first = |word: &u64| Some(word & (word - 1)).filter(|rest| *rest != 0);
        let bits = move |word: u64| std::iter::successors(Some(word).filter(|word| *word != 0), without_first).map(u64::trailing_zeros);
        self.0.iter().enumerate().flat_map(move |(index, word)| bits(*word).map(move |bit| Value(index as u32 * 64 + bit)))
    }
}

impl Liveness {
    /// Live before the first instruction that is no phi, without what the phis define.
    pub fn live_in(&self, block: Block) -> &ValueSet {
        &self.live_in[block.0 as usize]
    }

    /// Live behind the terminator: into any successor, or as an input of its phis.
    pub fn live_out(&self, block: Block) -> &ValueSet {
        &self.live_out[block.0 as usize]
    }
}

impl Function {
    /// What an instruction uses: operands and the values of its frame states. (Inputs of a phi are no uses of it here.)
    pub fn for_each_use(&self, value: Value, visit: &mut dyn FnMut(Value)) {
        if self.instr(value).is_phi() {
            return;
        }
        // A description is no code: who refers to it uses the parts.
        if !matches!(self.instr(value), Instr::VirtualObject { .. }) {
            self.instr(value).for_each_operand(&self.pool, visit);
        }
        for id in self.state_chain(self.frame_state(value)) {
            self.state(id).values().for_each(|held| self.for_each_real(held, visit));
        }
    }

    /// A value of a frame state, or the parts of an object that is only described there.
    pub fn for_each_real(&self, value: Value, visit: &mut dyn FnMut(Value)) {
        match self.instr(value) {
            Instr::VirtualObject { parts, .. } => self.pool.values(*parts).iter().for_each(|part| self.for_each_real(*part, visit)),
            _ => visit(value),
        }
    }

    /// The values that are live where blocks begin and end.
    pub fn liveness(&self) -> Liveness {
        let mut liveness =
            Liveness { live_in: vec![ValueSet::default(); self.block_limit()], live_out: vec![ValueSet::default(); self.block_limit()] };
        let order = self.reverse_post_order();
        let local: Vec<(ValueSet, ValueSet)> = order.iter().map(|block| self.used_and_defined(*block)).collect();
        let mut changed = true;
        while changed {
            changed = false;
            for (&block, (used, defined)) in order.iter().zip(&local).rev() {
                let out = self.live_out_of(block, &liveness);
                let mut live = out.clone();
                live.subtract(defined);
                live.extend(used);
                changed |= !live.is_same(liveness.live_in(block));
                liveness.live_in[block.0 as usize] = live;
                liveness.live_out[block.0 as usize] = out;
            }
        }
        liveness
    }

    /// What a block uses of what it has not defined before, and what it defines.
    fn used_and_defined(&self, block: Block) -> (ValueSet, ValueSet) {
        let (mut used, mut defined) = (ValueSet::default(), ValueSet::default());
        for &value in self.instrs(block) {
            self.for_each_use(value, &mut |value| {
                if !defined.contains(value) {
                    used.insert(value);
                }
            });
            defined.insert(value);
        }
        (used, defined)
    }

    fn live_out_of(&self, block: Block, liveness: &Liveness) -> ValueSet {
        let mut out = ValueSet::default();
        for successor in self.successors(block) {
            out.extend(liveness.live_in(successor));
            for &phi in self.phis(successor) {
                let inputs = self.preds(successor).iter().zip(self.phi_inputs(phi)).filter(|(pred, _)| **pred == block);
                inputs.for_each(|(_, input)| out.insert(*input));
            }
        }
        out
    }
}
