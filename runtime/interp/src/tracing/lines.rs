//! Which instructions begin a line.
//!
//! An instruction begins a line if it belongs to another line than the one before it in the code, or
//! if something jumps to it. Whether an event is due is then a matter of how it was come to: not
//! from an instruction of the same line.

use crate::code::Body;
use bytecode::opcode::Arg;
use bytecode::{Instr, Opcode};

/// The lines of a code object's instructions.
pub struct Lines {
    /// The line of each instruction (0: none), with [`BEGINS`] set for those that begin one.
    entries: Box<[u32]>,
    /// The first `RESUME`: what comes before sets the frame up, and reports nothing.
    pub first_traceable: usize,
}

const BEGINS: u32 = 1 << 31;

impl Lines {
    pub fn new(code: &Body) -> Lines {
        let mut entries: Vec<u32> = code.locations.iter().map(|location| location.line & !BEGINS).collect();
        let first_traceable = code.instructions.iter().position(|instruction| instruction.opcode() == Some(Opcode::Resume)).unwrap_or(0);
        let mut current = 0;
        for (index, instruction) in code.instructions.iter().enumerate().skip(first_traceable) {
            // These are stepped over by the instruction that belongs to them, or begin the frame.
            if matches!(instruction.opcode(), Some(Opcode::Resume | Opcode::EndFor | Opcode::EndSend | Opcode::PopIter | Opcode::EndAsyncFor)) {
                continue;
            }
            let line = entries[index];
            if line != 0 && line != current {
                entries[index] |= BEGINS;
            }
            current = line;
        }
        let jumps = code.instructions.iter().filter(|instruction| instruction.opcode().is_some_and(|opcode| opcode.info().arg == Arg::Jump));
        let targets = jumps.map(|instruction| instruction.arg()).chain(code.exception_table.iter().map(|entry| entry.target));
        for target in targets {
            if let Some(entry) = entries.get_mut(target as usize)
                && *entry != 0
            {
                *entry |= BEGINS;
            }
        }
        Lines { entries: entries.into(), first_traceable }
    }

    /// The line of an instruction; 0: none.
    pub fn line(&self, index: usize) -> u32 {
        self.entries.get(index).map_or(0, |entry| entry & !BEGINS)
    }

    /// Whether an instruction begins a line in the code's own order.
    pub fn is_begin(&self, index: usize) -> bool {
        self.entries.get(index).is_some_and(|entry| entry & BEGINS != 0)
    }

    /// The line that begins when an instruction runs after another one.
    pub fn begins_line(&self, index: usize, previous: usize, instructions: &[Instr]) -> Option<u32> {
        let line = self.line(index);
        if !self.is_begin(index) {
            return None;
        }
        // After a `yield` comes its `RESUME`, unless an exception is thrown in, for which there is none.
        let from_start = instructions.get(previous).is_none_or(|previous| matches!(previous.opcode(), Some(Opcode::Resume | Opcode::YieldValue)));
        (self.line(previous) != line || from_start).then_some(line)
    }

    /// Whether a jump backwards stays on its line, which `sys.settrace` shows as the line once more.
    pub fn repeats_line(&self, index: usize, previous: usize, instructions: &[Instr]) -> bool {
        let is_jump = instructions.get(previous).is_some_and(|previous| previous.opcode() == Some(Opcode::JumpBackward));
        is_jump && index <= previous && self.line(index) != 0 && self.line(index) == self.line(previous)
    }
}
