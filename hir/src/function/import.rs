//! Copying one function into another, for inlining.

use super::{CodeId, FrameState, FrameStateId, Function, Node};
use crate::instr::{Block, Value};

/// Where what was copied is.
pub struct Imported {
    first_block: u32,
    first_value: u32,
    first_state: u32,
}

impl Imported {
    /// The copy of a block.
    pub fn block(&self, block: Block) -> Block {
        Block(block.0 + self.first_block)
    }

    /// The copy of an instruction.
    pub fn value(&self, value: Value) -> Value {
        Value(value.0 + self.first_value)
    }

    fn state(&self, state: FrameStateId) -> FrameStateId {
        FrameStateId(state.0 + self.first_state)
    }
}

impl Function {
    /// Copies another function's blocks, behind its own and with no edges to them. Frame states without a parent get `parent`; `code` says which
    /// code of this function's environment a code of the other's is.
    ///
    /// Types of the other function are relative to the same [`crate::Classes`].
    pub fn import(&mut self, other: &Function, parent: Option<FrameStateId>, code: &mut dyn FnMut(CodeId) -> CodeId) -> Imported {
        let imported =
            Imported { first_block: self.blocks.len() as u32, first_value: self.nodes.len() as u32, first_state: self.frame_states.len() as u32 };
        for state in &other.frame_states {
            let state = imported.copy_state(state, parent, code);
            self.frame_states.push(state);
        }
        for node in &other.nodes {
            let node = self.copy_node(node, other, &imported);
            self.nodes.push(node);
        }
        for data in &other.blocks {
            let mut data = data.clone();
            data.instrs.iter_mut().for_each(|value| *value = imported.value(*value));
            data.preds.iter_mut().for_each(|block| *block = imported.block(*block));
            self.blocks.push(data);
        }
        imported
    }

    fn copy_node(&mut self, node: &Node, other: &Function, imported: &Imported) -> Node {
        let mut instr = node.instr;
        instr.copy_immediates(&other.pool, &mut self.pool);
        instr.for_each_operand_mut(&mut self.pool, &mut |value| *value = imported.value(*value));
        instr.for_each_successor_mut(&mut self.pool, &mut |block| *block = imported.block(*block));
        Node { instr, ty: node.ty, frame_state: node.frame_state.map(|state| imported.state(state)) }
    }
}

impl Imported {
    fn copy_state(&self, state: &FrameState, parent: Option<FrameStateId>, code: &mut dyn FnMut(CodeId) -> CodeId) -> FrameState {
        let mut state = state.clone();
        state.values_mut().for_each(|value| *value = self.value(*value));
        state.code = code(state.code);
        state.parent = state.parent.map(|own| self.state(own)).or(parent);
        state
    }
}
