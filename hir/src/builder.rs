//! Bytecode to HIR: abstract interpretation of each instruction, in SSA form from the start.
//!
//! The unit of work is the bytecode instruction. Its HIR works on [`Vars`], the values of locals and evaluation stack at that place; loads, stores and
//! stack juggling change these and emit nothing. Blocks of bytecode are visited in reverse post order ([`blocks`]); where paths meet, values
//! that differ get phis ([`merge`]). At the head of a loop phis are made beforehand, for what the loop may write.
//!
//! Rules that every family of instructions keeps:
//!
//! * Before the first instruction that is more than a constant or a name, a `Snapshot` of the state before the bytecode instruction ([`emit`]). Guards come
//!   before anything that cannot be done twice.
//! * The type of a value may come from what was *seen* only through a guard. `RefineType` states what the compiler of bytecode guarantees, or what a branch
//!   has found out. Phis of loops whose inputs are not all known have no type to rely on until the end.
//! * What enters from the interpreter's frame (resumed generators, loops entered in the middle, handlers) is typed by nothing: the interpreter may have
//!   come there on a path that compiled code does not have.
//! * A bytecode instruction that has never run becomes a `Deopt`, and with it all that only it leads to.
//! * Handlers are reached through the interpreter, and compiled only as entries of their own, if wanted, or from where exceptions are caught ([`catching`]).
//!
//! What cannot be compiled is a [`Refusal`].

mod arrays;
mod attributes;
mod blocks;
mod calls;
mod catching;
mod containers;
mod control;
mod dispatch;
mod emit;
mod exceptions;
mod generators;
mod iteration;
mod locals;
mod merge;
mod mixed_numbers;
mod names;
mod natives;
mod operators;
mod special_methods;
mod subscripts;
mod super_attributes;

use crate::environment::{CodeUnit, Preloaded};
use crate::function::{CodeId, FrameStateId, Function};
use crate::instr::{Block, EntryKind, Value};
use crate::types::Type;
use blocks::Flow;
use bytecode::Opcode;
use merge::Place;
use std::fmt;
use std::sync::Arc;

/// How control may come into the function, and limits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Whether it can be called. Generators have an entry behind each `yield` that is compiled, in any case.
    pub start: bool,
    pub loops: LoopEntries,
    pub misses: Misses,
    /// What locals and stack are guarded for where a loop is entered, in this order; none at all: nothing.
    pub entry_types: Vec<Type>,
    /// Whether handlers are entries. Only with them is the code of handlers compiled.
    pub handlers: bool,
    /// Whether a generator is entered wherever it may have been suspended, compiled or not, and where what it delegates to has returned.
    pub resumptions: bool,
    /// The greatest numbers of blocks and instructions of a function.
    pub block_limit: usize,
    pub instr_limit: usize,
}

/// Which heads of loops are entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoopEntries {
    None,
    /// Nothing is known then of the types of values at heads of loops.
    All,
    /// The loop whose head is the instruction of this index.
    Only(u32),
}

/// What is done about an owner of an attribute that is of none of the several classes that were seen. (If only one was seen, it is a deopt.)
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misses {
    /// The interpreter goes on, and learns of the class.
    Deopt,
    /// The attribute is looked up.
    LookUp,
}

/// Why a function is not compiled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The code is not well formed, or its constants are not in the environment.
    Malformed,
    /// An instruction of [`REFUSED`].
    Opcode(Opcode),
    /// It calls what looks at the variables of the running frame.
    LooksAtFrame(&'static str),
    TooBig,
}

/// So often a function is built before it is refused.
const ATTEMPTS: usize = 16;

/// Instructions that are never compiled.
pub const REFUSED: &[Opcode] = &[Opcode::InterpreterExit];

impl Default for Options {
    fn default() -> Options {
        Options {
            start: true,
            loops: LoopEntries::None,
            misses: Misses::Deopt,
            entry_types: Vec::new(),
            handlers: false,
            resumptions: false,
            block_limit: 4000,
            instr_limit: 40_000,
        }
    }
}

impl Options {
    /// For a generator, which the interpreter makes and compiled code resumes.
    pub fn generator() -> Options {
        Options { start: false, resumptions: true, ..Options::default() }
    }

    /// For code that runs a loop for long, to be entered at the loop's head in the middle of a run.
    pub fn on_stack_replacement(head: u32) -> Options {
        Options { start: false, loops: LoopEntries::Only(head), ..Options::default() }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Malformed => write!(f, "the code is not well formed"),
            Refusal::Opcode(opcode) => write!(f, "{} is not compiled", opcode.name()),
            Refusal::LooksAtFrame(name) => write!(f, "`{name}` looks at variables of the running frame"),
            Refusal::TooBig => write!(f, "the function is too big"),
        }
    }
}

/// The HIR of a code object of the environment. The code must have passed the verifier of bytecode.
pub fn build(preloaded: &Preloaded, code: CodeId, options: &Options) -> Result<Function, Refusal> {
    let unit = preloaded.codes.get(code.0 as usize).ok_or(Refusal::Malformed)?;
    if unit.constants.len() != unit.code.constants.len() || unit.code.instructions.is_empty() {
        return Err(Refusal::Malformed);
    }
    names::check_globals(&unit.code)?;
    let mut flow = Flow::new(unit, options)?;
    // What turns out to be unreachable can make blocks be visited before some that lead there. Then they need more phis.
    for _ in 0..ATTEMPTS {
        let mut builder = Builder::new(preloaded, code, options, flow);
        builder.build()?;
        let surprised = builder.surprised();
        if surprised.is_empty() {
            return Ok(builder.function);
        }
        flow = builder.flow;
        surprised.into_iter().for_each(|place| flow.write_all(place));
    }
    Err(Refusal::TooBig)
}

/// What locals and stack hold; `None` is null.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Vars {
    locals: Vec<Option<Value>>,
    stack: Vec<Option<Value>>,
}

struct Builder<'a> {
    preloaded: &'a Preloaded,
    unit: &'a CodeUnit,
    code: CodeId,
    options: &'a Options,
    flow: Flow,
    function: Function,
    /// Where the blocks of bytecode have got to, by their numbers in `flow`.
    places: Vec<Place>,
    entries: Vec<(EntryKind, Block)>,
    /// The bytecode instruction.
    at: u32,
    /// Where HIR goes; `None` behind a terminator.
    block: Option<Block>,
    vars: Vars,
    /// The values before the bytecode instruction.
    before: Vars,
    /// The frame state of the bytecode instruction, once it is needed.
    state: Option<FrameStateId>,
    /// Whether the block has the snapshot of the bytecode instruction, or must not have it.
    has_snapshot: bool,
    /// Whether nothing that the bytecode instruction did so far forbids to execute it again.
    is_replayable: bool,
}

impl<'a> Builder<'a> {
    fn new(preloaded: &'a Preloaded, code: CodeId, options: &'a Options, flow: Flow) -> Builder<'a> {
        let unit = preloaded.code(code);
        let function = Function::new(&unit.name, Arc::clone(&preloaded.classes));
        let places = flow.blocks.iter().map(|_| Place::default()).collect();
        Builder {
            preloaded,
            unit,
            code,
            options,
            flow,
            function,
            places,
            entries: Vec::new(),
            at: 0,
            block: None,
            vars: Vars::default(),
            before: Vars::default(),
            state: None,
            has_snapshot: false,
            is_replayable: true,
        }
    }

    fn build(&mut self) -> Result<(), Refusal> {
        self.enter_function();
        let mut is_done = false;
        while !is_done {
            let mut has_started = false;
            for index in 0..self.flow.order.len() {
                let place = self.flow.order[index];
                if self.start_place(place)? {
                    has_started = true;
                    self.run_place(place)?;
                }
                if self.function.block_limit() > self.options.block_limit || self.function.value_limit() > self.options.instr_limit {
                    return Err(Refusal::TooBig);
                }
            }
            is_done = !(0..self.places.len()).any(|place| self.is_waiting(place));
            if !is_done && !has_started {
                // Something leads to where the flow of control does not.
                return Err(Refusal::Malformed);
            }
        }
        self.leave_entry();
        self.function.reflow_types();
        Ok(())
    }

    /// Executes a block of bytecode.
    fn run_place(&mut self, place: usize) -> Result<(), Refusal> {
        let range = self.flow.blocks[place].range.clone();
        let mut at = range.start;
        while at < range.end {
            self.begin_instruction(at);
            self.execute()?;
            if self.block.is_none() {
                return Ok(());
            }
            let ends_handler = self.opcode() == Opcode::PopExcept && !self.unit.caught.is_empty();
            at = self.at + 1;
            if ends_handler {
                self.begin_instruction(at);
                self.guard_unobserved();
            }
        }
        // Control falls into the next block.
        self.branch_to(range.end);
        Ok(())
    }

    /// Notes the state before an instruction.
    fn begin_instruction(&mut self, at: u32) {
        self.at = at;
        self.before.clone_from(&self.vars);
        self.state = None;
        self.has_snapshot = false;
        self.is_replayable = true;
    }
}
