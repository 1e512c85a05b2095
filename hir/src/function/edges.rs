//! Edges between blocks: predecessor lists, and the inputs of phis that go with them.

use super::{BlockData, Function};
use crate::instr::{Block, Instr, Value};
use smallvec::SmallVec;

impl Function {
    /// Adds an empty block without predecessors.
    pub fn add_block(&mut self) -> Block {
        self.blocks.push(BlockData::default());
        Block(self.blocks.len() as u32 - 1)
    }

    /// Where control can come from, one entry per edge.
    pub fn preds(&self, block: Block) -> &[Block] {
        &self.data(block).preds
    }

    /// Where control can go to, one entry per edge; none while the block has no terminator.
    pub fn successors(&self, block: Block) -> SmallVec<[Block; 4]> {
        self.terminator(block).map_or_else(SmallVec::new, |value| self.instr(value).successors(&self.pool))
    }

    /// The phis of a block.
    pub fn phis(&self, block: Block) -> &[Value] {
        let instrs = self.instrs(block);
        let count = instrs.iter().take_while(|value| self.instr(**value).is_phi()).count();
        &instrs[..count]
    }

    /// The inputs of a phi, in the order of the block's predecessors.
    pub fn phi_inputs(&self, phi: Value) -> &[Value] {
        match *self.instr(phi) {
            Instr::Phi { inputs } => self.pool.values(inputs),
            _ => &[],
        }
    }

    /// Sets the inputs of a phi, in the order of predecessors.
    pub fn set_phi_inputs(&mut self, phi: Value, inputs: &[Value]) {
        let inputs = self.pool.add_values(inputs);
        self.nodes[phi.0 as usize].instr = Instr::phi(inputs);
        self.update_type(phi);
    }

    /// Adds the input for the edge that was added last.
    pub fn add_phi_input(&mut self, phi: Value, input: Value) {
        let inputs: Vec<Value> = self.phi_inputs(phi).iter().copied().chain([input]).collect();
        self.set_phi_inputs(phi, &inputs);
    }

    /// A phi behind those that the block has. Its type is that of the inputs it has now: who adds inputs later calls
    /// [`Function::reflow_types`] in the end, and believes no types that depend on the phi before.
    pub fn add_phi(&mut self, block: Block, inputs: &[Value]) -> Value {
        let inputs = self.pool.add_values(inputs);
        let at = self.phis(block).len();
        self.insert(block, at, Instr::phi(inputs), None)
    }

    /// Notes that a terminator of `from` leads to `to`.
    pub(super) fn link(&mut self, from: Block, to: Block) {
        self.blocks[to.0 as usize].preds.push(from);
    }

    /// Forgets one edge, and the inputs of phis for it.
    pub(super) fn unlink(&mut self, from: Block, to: Block) {
        let Some(at) = self.preds(to).iter().position(|pred| *pred == from) else { return };
        self.blocks[to.0 as usize].preds.remove(at);
        for phi in self.phis(to).to_vec() {
            let mut inputs = self.phi_inputs(phi).to_vec();
            if at < inputs.len() {
                inputs.remove(at);
                self.set_phi_inputs(phi, &inputs);
            }
        }
    }

    /// Renames a predecessor on all edges, which keeps the inputs of phis.
    pub(super) fn rename_pred(&mut self, block: Block, old: Block, new: Block) {
        for pred in &mut self.blocks[block.0 as usize].preds {
            if *pred == old {
                *pred = new;
            }
        }
    }

    /// Makes the first edge from `from` to `old` lead to `new`. Phis of `old` lose the input; those of `new` need one more.
    pub fn redirect(&mut self, from: Block, old: Block, new: Block) {
        if self.retarget(from, old, new) {
            self.unlink(from, old);
            self.link(from, new);
        }
    }

    /// Has the terminator of `from` go to `new` the first time it went to `old`, if it did.
    fn retarget(&mut self, from: Block, old: Block, new: Block) -> bool {
        let Some(terminator) = self.terminator(from) else { return false };
        let mut is_done = false;
        self.nodes[terminator.0 as usize].instr.for_each_successor_mut(&mut self.pool, &mut |target| {
            if *target == old && !is_done {
                *target = new;
                is_done = true;
            }
        });
        is_done
    }

    /// Puts a new block on the first edge between two blocks. Phis keep their inputs.
    pub fn split_edge(&mut self, from: Block, to: Block) -> Block {
        let middle = self.add_block();
        let position = self.preds(to).iter().position(|pred| *pred == from);
        let Some(position) = position.filter(|_| self.retarget(from, to, middle)) else { return middle };
        self.blocks[to.0 as usize].preds[position] = middle;
        self.link(from, middle);
        let branch = self.create(Instr::branch(to), None);
        self.blocks[middle.0 as usize].instrs.push(branch);
        middle
    }

    /// Puts a block on each edge from a block with several successors to one with several predecessors.
    pub fn split_critical_edges(&mut self) {
        for from in self.blocks() {
            let successors = self.successors(from);
            if successors.len() < 2 {
                continue;
            }
            for to in successors {
                if self.preds(to).len() > 1 {
                    self.split_edge(from, to);
                }
            }
        }
    }

    /// Removes a block that only branches on to one without phis, if it has one predecessor, which does not lead there by itself.
    pub fn bypass(&mut self, block: Block) {
        let (&[only], &[pred]) = (self.instrs(block), self.preds(block)) else { return };
        let Instr::Branch { target } = *self.instr(only) else { return };
        if block == Self::ENTRY || target == block || self.preds(target).contains(&pred) || !self.phis(target).is_empty() {
            return;
        }
        let Some(terminator) = self.terminator(pred) else { return };
        let mut instr = *self.instr(terminator);
        instr.for_each_successor_mut(&mut self.pool, &mut |next| {
            if *next == block {
                *next = target;
            }
        });
        self.nodes[terminator.0 as usize].instr = instr;
        self.rename_pred(target, block, pred);
        let data = &mut self.blocks[block.0 as usize];
        data.instrs.clear();
        data.preds.clear();
        data.is_removed = true;
    }

    /// Cuts a block in two before the instruction of that index. The new block has the rest and the terminator; the old one has none then.
    pub fn split_block(&mut self, block: Block, index: usize) -> Block {
        let tail = self.add_block();
        let instrs = self.blocks[block.0 as usize].instrs.split_off(index);
        self.blocks[tail.0 as usize].instrs = instrs;
        self.blocks[tail.0 as usize].is_cold = self.is_cold(block);
        for successor in self.successors(tail) {
            self.rename_pred(successor, block, tail);
        }
        tail
    }

    /// Appends a block to its only predecessor, of which it is the only successor. It has no phis with more than one input.
    pub fn merge_into_pred(&mut self, block: Block) {
        let [pred] = *self.preds(block) else { return };
        if pred == block || self.successors(pred)[..] != [block] {
            return;
        }
        for phi in self.phis(block).to_vec() {
            let input = self.phi_inputs(phi)[0];
            self.nodes[phi.0 as usize].instr = Instr::assign(input);
        }
        let instrs = std::mem::take(&mut self.blocks[block.0 as usize].instrs);
        self.blocks[pred.0 as usize].instrs.pop();
        self.blocks[pred.0 as usize].instrs.extend(instrs);
        for successor in self.successors(pred) {
            self.rename_pred(successor, block, pred);
        }
        let data = &mut self.blocks[block.0 as usize];
        data.preds.clear();
        data.is_removed = true;
    }

    /// Removes a block; edges from it go away with the inputs of phis. Nothing may lead to it any more.
    pub fn remove_block(&mut self, block: Block) {
        for successor in self.successors(block) {
            self.unlink(block, successor);
        }
        let data = &mut self.blocks[block.0 as usize];
        data.instrs.clear();
        data.preds.clear();
        data.is_removed = true;
    }
}
