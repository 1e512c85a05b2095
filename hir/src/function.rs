//! Functions: blocks of instructions in SSA form.
//!
//! Invariants, which [`crate::verify`] checks:
//!
//! * An instruction is its result: [`Value`] numbers instructions, whether they have results or not. A value has one definition.
//! * Each block is phis, then other instructions, then one terminator. Block 0 is the entry: it has no predecessors, and ends in `EntrySwitch`
//!   if control can come in anywhere but at the start.
//! * The predecessors of a block are a list, one entry per edge (a block that jumps to one block in two ways is listed twice); inputs of phis are in
//!   its order. The methods here that add, change or remove terminators keep lists and inputs in step; an edge that is added appends to the list, and
//!   the caller appends to the phis.
//! * Values hold their types, computed when they are made. [`Function::reflow_types`] computes all of them again.
//!
//! Ids of values, blocks and frame states stay valid: what is removed is left behind, unreferenced.

mod edges;
mod edit;
mod import;
mod inlined;
mod liveness;
mod order;
mod types;
mod uses;

pub use import::Imported;
pub use liveness::{Liveness, ValueSet};
pub use order::Dominators;
pub(crate) use order::reverse_post_order;
pub use uses::Users;

use crate::instr::{Block, Instr, Pool, Value};
use crate::types::{Classes, ObjectId, Type};
use smallvec::SmallVec;
use std::collections::BTreeMap;
use std::sync::Arc;

crate::types::define_ids! {
    /// A frame state of a function.
    FrameStateId "fs";
    /// A code object of the environment: 0 is that of the function being compiled, others are inlined.
    CodeId "code";
}

/// A function being compiled.
#[derive(Clone)]
pub struct Function {
    /// `module:qualified name`.
    pub name: String,
    /// What types are relative to.
    pub classes: Arc<Classes>,
    pub pool: Pool,
    nodes: Vec<Node>,
    blocks: Vec<BlockData>,
    frame_states: Vec<FrameState>,
    /// What is live where an instruction can deopt, and who owns it: filled by the refcount insertion.
    pub live: BTreeMap<Value, Vec<LiveValue>>,
    /// The bytecode instructions that guards are of which have a frame state of another one.
    pub blames: BTreeMap<Value, u32>,
    /// The functions that were inlined, call by call.
    pub inlined: Vec<ObjectId>,
    /// Functions that were not inlined, and why.
    pub not_inlined: BTreeMap<ObjectId, NotInlined>,
}

/// Why a call was not inlined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NotInlined {
    HasKwOnlyArgs,
    HasVarargs,
    HasVarkwargs,
    CalledWithMismatchedArgs,
    IsGenerator,
    HasFreevars,
    NeedsRuntimeAccess,
    NeedsPreload,
    IsRecursive,
    ExceedsDepthLimit,
    /// All together would have too many bytecode instructions.
    TooBig,
    /// The builder refuses it.
    NotCompiled,
}

impl NotInlined {
    /// Cinder's name for it.
    pub const fn name(self) -> &'static str {
        match self {
            NotInlined::HasKwOnlyArgs => "HasKwOnlyArgs",
            NotInlined::HasVarargs => "HasVarargs",
            NotInlined::HasVarkwargs => "HasVarkwargs",
            NotInlined::CalledWithMismatchedArgs => "CalledWithMismatchedArgs",
            NotInlined::IsGenerator => "IsGenerator",
            NotInlined::HasFreevars => "HasFreevars",
            NotInlined::NeedsRuntimeAccess => "NeedsRuntimeAccess",
            NotInlined::NeedsPreload => "NeedsPreload",
            NotInlined::IsRecursive => "IsRecursive",
            NotInlined::ExceedsDepthLimit => "ExceedsDepthLimit",
            NotInlined::TooBig => "TooBig",
            NotInlined::NotCompiled => "NotCompiled",
        }
    }
}

/// An instruction in place.
#[derive(Clone, Copy)]
struct Node {
    instr: Instr,
    ty: Type,
    frame_state: Option<FrameStateId>,
}

#[derive(Clone, Default)]
struct BlockData {
    instrs: Vec<Value>,
    preds: Vec<Block>,
    is_removed: bool,
    /// Rarely or never run: code goes behind all other.
    is_cold: bool,
}

/// What the interpreter needs to go on.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct FrameState {
    pub code: CodeId,
    /// The bytecode instruction to execute, or whose exception is to be handled.
    pub bytecode: u32,
    /// Fast locals, cells, free variables; `None` is null: unset, or dead.
    pub locals: Vec<Option<Value>>,
    /// The evaluation stack before the instruction; `None` is null.
    pub stack: Vec<Option<Value>>,
    /// So many values on top of the stack are operands that the instruction takes off. If it raised, or is a call that an inlined
    /// function's state has as its parent, they are gone.
    pub popped: u32,
    /// The caller's state, at its call, if the function is inlined.
    pub parent: Option<FrameStateId>,
    /// Whether a handler covers the instruction, in this frame.
    pub is_covered: bool,
    /// What becomes of the result of a call, if the state is the parent of an inlined function's.
    pub ending: Ending,
}

/// What the interpreter does in the calling frame with what a function returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Ending {
    /// Pushes it.
    #[default]
    Push,
    /// Lets it go: a method that stores an item.
    Discard,
    /// Makes sure that it is `None`: an `__init__` whose instance is on the stack, below the operands.
    Construct,
    /// Makes it what the instruction, an operator, pushes, instead of its two operands, which are still on the stack: the method may have
    /// said that it does not know, or the instruction may want to know whether what it gave is true.
    Operator,
}

impl Ending {
    pub const ALL: &[Ending] = &[Ending::Push, Ending::Discard, Ending::Construct, Ending::Operator];

    /// As text has it.
    pub const fn text(self) -> &'static str {
        match self {
            Ending::Push => "",
            Ending::Discard => "discards",
            Ending::Construct => "constructs",
            Ending::Operator => "operates",
        }
    }
}

/// A value that is live at a deopting instruction: one in its frame state, or an owned one that is not. Deopt moves owned values of the state to the
/// frame, counts borrowed ones, and gives up owned values that are in no state; so operands that die at the instruction are in the list, stolen ones are not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LiveValue {
    pub value: Value,
    pub kind: RefKind,
}

/// Whether the reference of a live value is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefKind {
    /// A counted reference that the frame may take over.
    Owned,
    /// Somebody else's.
    Borrowed,
    /// Nothing to count, or a machine value.
    Uncounted,
}

impl FrameState {
    /// All values of this frame, without those of the parents.
    pub fn values(&self) -> impl Iterator<Item = Value> + '_ {
        self.locals.iter().chain(&self.stack).copied().flatten()
    }

    /// The state once the instruction has taken its operands off the stack.
    #[must_use]
    pub fn trimmed(&self) -> FrameState {
        let mut state = self.clone();
        state.stack.truncate(self.stack.len().saturating_sub(self.popped as usize));
        state.popped = 0;
        state
    }

    /// The places of this frame that hold values.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut Value> + '_ {
        self.locals.iter_mut().chain(&mut self.stack).flatten()
    }
}

impl Function {
    /// A function with an empty entry block.
    pub fn new(name: &str, classes: Arc<Classes>) -> Function {
        let mut function = Function {
            name: name.to_owned(),
            classes,
            pool: Pool::default(),
            nodes: Vec::new(),
            blocks: Vec::new(),
            frame_states: Vec::new(),
            live: BTreeMap::new(),
            blames: BTreeMap::new(),
            inlined: Vec::new(),
            not_inlined: BTreeMap::new(),
        };
        function.add_block();
        function
    }

    /// The block that control comes in by.
    pub const ENTRY: Block = Block(0);

    /// The blocks, in order of their numbers.
    pub fn blocks(&self) -> impl Iterator<Item = Block> + use<> {
        let existing: Vec<Block> = (0..self.blocks.len() as u32).map(Block).filter(|block| !self.data(*block).is_removed).collect();
        existing.into_iter()
    }

    /// A number above those of all blocks, for tables.
    pub fn block_limit(&self) -> usize {
        self.blocks.len()
    }

    /// A number above those of all values, for tables.
    pub fn value_limit(&self) -> usize {
        self.nodes.len()
    }

    /// Whether the block was removed: its number is not given anew.
    pub fn is_removed(&self, block: Block) -> bool {
        self.data(block).is_removed
    }

    /// Whether control seldom comes there.
    pub fn is_cold(&self, block: Block) -> bool {
        self.data(block).is_cold
    }

    pub fn set_cold(&mut self, block: Block) {
        self.blocks[block.0 as usize].is_cold = true;
    }

    /// The instructions of a block.
    pub fn instrs(&self, block: Block) -> &[Value] {
        &self.data(block).instrs
    }

    /// All instructions in blocks, in the order of blocks.
    pub fn values(&self) -> impl Iterator<Item = Value> + '_ {
        self.blocks().flat_map(|block| self.instrs(block).iter().copied())
    }

    /// The instruction that makes a value.
    pub fn instr(&self, value: Value) -> &Instr {
        &self.nodes[value.0 as usize].instr
    }

    /// The type of an instruction's result; `Bottom` if it has none.
    pub fn ty(&self, value: Value) -> Type {
        self.nodes[value.0 as usize].ty
    }

    /// Says what is known of a value.
    pub fn set_type(&mut self, value: Value, ty: Type) {
        self.nodes[value.0 as usize].ty = ty;
    }

    /// Whether an instruction gives a value.
    pub fn has_output(&self, value: Value) -> bool {
        self.instr(value).info().has_output()
    }

    /// The operands of an instruction, without those of its frame state.
    pub fn operands(&self, value: Value) -> SmallVec<[Value; 6]> {
        self.instr(value).operands(&self.pool)
    }

    /// Where the interpreter goes on if the instruction leaves compiled code.
    pub fn frame_state(&self, value: Value) -> Option<FrameStateId> {
        self.nodes[value.0 as usize].frame_state
    }

    pub fn set_frame_state(&mut self, value: Value, state: Option<FrameStateId>) {
        self.nodes[value.0 as usize].frame_state = state;
    }

    /// A frame state by its number.
    pub fn state(&self, id: FrameStateId) -> &FrameState {
        &self.frame_states[id.0 as usize]
    }

    pub fn state_mut(&mut self, id: FrameStateId) -> &mut FrameState {
        &mut self.frame_states[id.0 as usize]
    }

    /// Adds a frame state that no instruction has yet.
    pub fn add_frame_state(&mut self, state: FrameState) -> FrameStateId {
        self.frame_states.push(state);
        FrameStateId(self.frame_states.len() as u32 - 1)
    }

    /// A number above those of all frame states, for tables.
    pub fn frame_state_limit(&self) -> usize {
        self.frame_states.len()
    }

    /// The chain of frame states of an instruction, the innermost frame first.
    pub fn state_chain(&self, from: Option<FrameStateId>) -> impl Iterator<Item = FrameStateId> + '_ {
        std::iter::successors(from, |id| self.state(*id).parent)
    }

    /// The frame state for a guard that is inserted before the instruction of that index: that of the nearest `Snapshot` before it in the
    /// block, if all between the two may be executed again.
    pub fn state_for_guard(&self, block: Block, index: usize) -> Option<FrameStateId> {
        for &value in self.instrs(block)[..index].iter().rev() {
            if let Instr::Snapshot {} = self.instr(value) {
                return self.frame_state(value);
            }
            if !self.instr(value).info().is_replayable {
                return None;
            }
        }
        None
    }

    /// The last instruction, if it is a terminator.
    pub fn terminator(&self, block: Block) -> Option<Value> {
        self.instrs(block).last().copied().filter(|value| self.instr(*value).is_terminator())
    }

    /// The value that passthrough instructions (`GuardType`, `Assign`, ...) give on under another name.
    pub fn model(&self, value: Value) -> Value {
        self.names(value).last().unwrap_or(value)
    }

    /// The names of a value that such instructions give on: this one, what it is another name of, and so on to the model.
    pub fn names(&self, value: Value) -> impl Iterator<Item = Value> + '_ {
        std::iter::successors(Some(value), |name| self.instr(*name).is_passthrough().then(|| self.operands(*name)[0]))
    }

    fn data(&self, block: Block) -> &BlockData {
        &self.blocks[block.0 as usize]
    }
}

#[cfg(test)]
mod tests;
