//! Adding, replacing and removing instructions.

use super::{FrameStateId, Function, Node};
use crate::instr::{Block, Instr, Value};
use crate::types::{Type, ty};

impl Function {
    /// An instruction that is in no block yet.
    pub fn create(&mut self, instr: Instr, frame_state: Option<FrameStateId>) -> Value {
        let value = Value(self.nodes.len() as u32);
        let ty = self.output_type(&instr);
        self.nodes.push(Node { instr, ty, frame_state });
        value
    }

    /// Adds an instruction at the end of a block.
    pub fn append(&mut self, block: Block, instr: Instr) -> Value {
        self.append_with(block, instr, None)
    }

    /// Adds an instruction with a frame state at the end of a block.
    pub fn append_with(&mut self, block: Block, instr: Instr, frame_state: Option<FrameStateId>) -> Value {
        self.insert(block, self.instrs(block).len(), instr, frame_state)
    }

    /// Adds an instruction before the one of that index.
    pub fn insert(&mut self, block: Block, index: usize, instr: Instr, frame_state: Option<FrameStateId>) -> Value {
        let value = self.create(instr, frame_state);
        self.place(block, index, value);
        value
    }

    /// Puts an instruction that is in no block before the one of that index.
    pub fn place(&mut self, block: Block, index: usize, value: Value) {
        self.blocks[block.0 as usize].instrs.insert(index, value);
        for successor in self.instr(value).successors(&self.pool) {
            self.link(block, successor);
        }
    }

    /// Adds a constant before the instruction of that index.
    pub fn insert_const(&mut self, block: Block, index: usize, ty: Type) -> Value {
        let ty = self.pool.add_type(ty);
        self.insert(block, index, Instr::load_const(ty), None)
    }

    /// Adds a constant at the end of a block.
    pub fn append_const(&mut self, block: Block, ty: Type) -> Value {
        self.insert_const(block, self.instrs(block).len(), ty)
    }

    /// Puts another instruction in the place of one that is no terminator; uses stay, and the frame state, if one is needed.
    pub fn replace(&mut self, value: Value, instr: Instr) {
        debug_assert!(!self.instr(value).is_terminator() && !instr.is_terminator());
        self.nodes[value.0 as usize].instr = instr;
        if !instr.info().has_frame_state() {
            self.set_frame_state(value, None);
        }
        self.update_type(value);
    }

    /// Gives a block another terminator, or its first. Edges that are in both keep the inputs of phis; where an edge is added, phis need an input.
    pub fn set_terminator(&mut self, block: Block, instr: Instr, frame_state: Option<FrameStateId>) -> Value {
        debug_assert!(instr.is_terminator());
        let old = self.successors(block);
        if self.terminator(block).is_some() {
            self.blocks[block.0 as usize].instrs.pop();
        }
        let mut added = instr.successors(&self.pool);
        for successor in old {
            match added.iter().position(|kept| *kept == successor) {
                Some(at) => drop(added.remove(at)),
                None => self.unlink(block, successor),
            }
        }
        for successor in added {
            self.link(block, successor);
        }
        let value = self.create(instr, frame_state);
        self.blocks[block.0 as usize].instrs.push(value);
        value
    }

    /// Removes an instruction from its block. Nothing may use it any more.
    pub fn remove(&mut self, block: Block, index: usize) -> Value {
        let value = self.blocks[block.0 as usize].instrs.remove(index);
        for successor in self.instr(value).successors(&self.pool) {
            self.unlink(block, successor);
        }
        self.live.remove(&value);
        value
    }

    /// Removes what `keep` refuses, but for terminators.
    pub fn retain(&mut self, block: Block, keep: &mut dyn FnMut(&Function, Value) -> bool) {
        let mut instrs = std::mem::take(&mut self.blocks[block.0 as usize].instrs);
        instrs.retain(|value| self.instr(*value).is_terminator() || keep(self, *value));
        self.blocks[block.0 as usize].instrs = instrs;
    }

    /// Replaces the list of a block's instructions; the terminator must stay.
    pub fn set_instrs(&mut self, block: Block, instrs: Vec<Value>) {
        debug_assert_eq!(self.instrs(block).last(), instrs.last());
        self.blocks[block.0 as usize].instrs = instrs;
    }

    // What the parser needs: parts as the text has them, right or wrong.

    /// Makes room for values of these numbers.
    pub(crate) fn reserve_values(&mut self, count: usize) {
        self.nodes.resize(count, Node { instr: Instr::unreachable(), ty: ty::Bottom, frame_state: None });
    }

    pub(crate) fn restore_block(&mut self, block: Block, preds: Vec<Block>) {
        self.blocks[block.0 as usize].preds = preds;
    }

    pub(crate) fn restore_instr(&mut self, block: Block, output: Option<(Value, Type)>, instr: Instr, frame_state: Option<FrameStateId>) -> Value {
        let node = Node { instr, ty: output.map_or(ty::Bottom, |(_, ty)| ty), frame_state };
        let value = match output {
            Some((value, _)) => {
                self.nodes[value.0 as usize] = node;
                value
            }
            None => {
                self.nodes.push(node);
                Value(self.nodes.len() as u32 - 1)
            }
        };
        self.blocks[block.0 as usize].instrs.push(value);
        value
    }
}
