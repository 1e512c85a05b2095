//! HIR instructions: what passes may know of each, in one table.
//!
//! A row of [`table`] gives operands and the types they must have, a variable tail of operands, immediates, the rule for the output's
//! type, and facts. The enum, constructors, visitors, printer, parser and metadata come from the row. What the facts mean:
//!
//! * **Ownership of the output** ([`Output`]): who counts the reference, see there.
//! * **Steals**: the instruction takes over the reference of an operand; the refcount insertion hands one over, or makes one: it has to make one if
//!   the value lives on, and also if the instruction's own frame state holds the value.
//! * **Writes**: memory the instruction may change, so that borrowed references from there, and facts read from there, end.
//! * **Reads**: memory the output depends on; two equal instructions give the same only if nothing wrote there between.
//! * **Deopts**: [`Deopt::reexecutes`]: may leave compiled code with nothing done, the interpreter starts at the bytecode instruction of the frame
//!   state. [`Deopt::raises`]: an exception is set, and the interpreter goes on where exceptions of that instruction are looked up. Both need a frame
//!   state, the same: locals and stack *before* the bytecode instruction.
//!   Frame states are trimmed before references are counted (`passes/frame_state_trimming.rs`): an instruction that only raises does not need the values its
//!   bytecode instruction pops, so they may be stolen.
//! * **Runs Python**: arbitrary code may run, so that any assumption may break and any frame may be looked at.
//! * **Replayable**: may be run again from the start of the bytecode instruction; an instruction that deopts by re-execution must be reached
//!   through replayable instructions only, counted from the start of its bytecode instruction. The builder puts a `Snapshot` there, and
//!   [`crate::Function::state_for_guard`] finds it.
//!
//! A result that is owned is a new object or a new reference each time: such an instruction may be removed or repeated, but not merged with an equal one.
//!
//! What the builder owes: a `FrameState` for each bytecode instruction, with locals and stack before it and `popped` as the opcode table says, and a
//! `Snapshot` of it in front of the first HIR instruction made of the bytecode instruction, also at the start of a block that begins within one and may still re-execute.
//! In the block of `EntryKind::Start` all `LoadArg` come first; in that of a resume, all `LoadFrameSlot`.
//!
//! Exceptions leave compiled code today. For handlers in compiled code, an instruction whose frame state `is_covered` will be made the last of its block
//! with a terminator that has a normal and an exceptional successor; rows need no change.
//!
//! Instructions are `Copy` and at most 24 bytes; operand lists, types and names are in the function's [`Pool`].

mod define;
mod facts;
mod immediates;
mod output;
mod pool;
mod table;

pub use facts::{Deopt, Heap, Info, Output};
pub use immediates::{
    AssumptionId, Block, Condition, Conversion, DoubleKind, DoubleUnaryKind, EntryKind, IntKind, IntUnaryKind, ItemKind, UnaryKind,
};
pub use output::OutputType;
pub use pool::{Entries, NameId, Pool, TypeId, Values};
pub use table::{Instr, Opcode};

use crate::text::{Cursor, SyntaxError};
use smallvec::SmallVec;
use std::fmt;

/// An instruction of a function, and its result if it has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Value(pub u32);

/// An instruction with what it needs to print itself.
pub struct DisplayInstr<'a> {
    instr: &'a Instr,
    pool: &'a Pool,
}

impl Instr {
    /// What the table says of it.
    pub const fn info(&self) -> &'static Info {
        self.opcode().info()
    }

    /// The instruction as text, with what the pool has of it.
    pub fn display<'a>(&'a self, pool: &'a Pool) -> DisplayInstr<'a> {
        DisplayInstr { instr: self, pool }
    }

    /// All operands.
    pub fn operands(&self, pool: &Pool) -> SmallVec<[Value; 6]> {
        let mut operands = SmallVec::new();
        self.for_each_operand(pool, &mut |value| operands.push(value));
        operands
    }

    /// The blocks that may come next.
    pub fn successors(&self, pool: &Pool) -> SmallVec<[Block; 4]> {
        let mut blocks = SmallVec::new();
        self.for_each_successor(pool, &mut |block| blocks.push(block));
        blocks
    }

    pub const fn is_terminator(&self) -> bool {
        self.info().is_terminator
    }

    pub const fn is_phi(&self) -> bool {
        matches!(self, Instr::Phi { .. })
    }

    /// Whether the result is, at run time, the first operand itself.
    pub const fn is_passthrough(&self) -> bool {
        matches!(self.info().output, Output::Alias)
    }

    /// Whether a frame state is needed.
    pub const fn may_deopt(&self) -> bool {
        self.info().may_deopt()
    }

    /// Whether it may be removed once nothing uses its result.
    pub const fn is_removable(&self) -> bool {
        let info = self.info();
        // Guards stay although nobody uses their results: what used them may have been removed because it has no effect on values of the guarded types;
        // on others the bytecode instruction may have one. (`guard-type-removal` knows better.)
        let has_effect = info.is_terminator || info.is_essential || !info.writes.is_empty() || info.runs_python;
        !has_effect && !info.may_deopt()
    }

    /// Whether the given operand's reference is taken over. Operands count as they print.
    pub fn steals(&self, operand: usize) -> bool {
        let info = self.info();
        if operand < info.operands.len() { info.steals & 1 << operand != 0 } else { info.steals_rest }
    }
}

impl fmt::Display for DisplayInstr<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.instr.info().name)?;
        self.instr.print_immediates(self.pool, f)?;
        let mut result = Ok(());
        self.instr.for_each_operand(self.pool, &mut |value| {
            result = result.and_then(|()| write!(f, " {value}"));
        });
        result
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v{}", self.0)
    }
}

impl Value {
    pub(crate) fn parse(cursor: &mut Cursor<'_>) -> Result<Value, SyntaxError> {
        cursor.numbered("v").map(Value)
    }

    fn parse_all(cursor: &mut Cursor<'_>, pool: &mut Pool) -> Result<Values, SyntaxError> {
        let mut values = Vec::new();
        while cursor.at_use() {
            values.push(Value::parse(cursor)?);
        }
        Ok(pool.add_values(&values))
    }
}

#[cfg(test)]
mod tests;
