//! Removes frames of inlined functions that nobody can see: where nothing runs Python code between begin and end. Where control leaves, deopt lays them.
//!
//! What an inlined function calls and was not inlined sees its frame, and those of its callers; so a function without frame calls none that has one.

use crate::environment::Preloaded;
use crate::function::Function;
use crate::instr::{Block, Instr, Value};

/// Operands of collections go through the evaluation stack of the frame; of that of another function, so many words are certain to be there.
const WORDS: usize = 4;

pub(super) fn run(function: &mut Function, _preloaded: &Preloaded) {
    for block in function.blocks() {
        let mut index = 0;
        while index < function.instrs(block).len() {
            let value = function.instrs(block)[index];
            if matches!(function.instr(value), Instr::BeginInlinedFunction { .. }) && remove_unseen(function, block, index) {
                continue;
            }
            index += 1;
        }
    }
}

/// Removes a frame if nothing could see it.
fn remove_unseen(function: &mut Function, block: Block, begin: usize) -> bool {
    let (inside, ends) = function.inlined_region(block, begin);
    if inside.iter().any(|value| sees_frame(function, *value)) {
        return false;
    }
    for end in ends {
        if let Some((block, index)) = function.position(end) {
            function.remove(block, index);
        }
    }
    function.remove(block, begin);
    true
}

/// Whether an instruction runs code that could look at the frame, or needs the frame itself.
fn sees_frame(function: &Function, value: Value) -> bool {
    let instr = function.instr(value);
    match instr {
        // Only what dies runs code there.
        Instr::ListIteratorNext { .. } | Instr::TupleIteratorNext { .. } | Instr::LoadGlobal { .. } => false,
        // These note in the frame that they raise again, put it in tracebacks, or read its function's names.
        Instr::RaiseVarargs { .. } | Instr::Reraise { .. } | Instr::MakeFunction { .. } | Instr::CatchException { .. } => true,
        _ => instr.info().runs_python || function.operands(value).len() > WORDS && !instr.is_phi() && !matches!(instr, Instr::VirtualObject { .. }),
    }
}
