//! Removes the frame of an inlined function that nobody can see: between its begin and end, in one block, is nothing that leaves or runs Python.

use crate::environment::Preloaded;
use crate::function::Function;
use crate::instr::{Block, Instr};

pub(super) fn run(function: &mut Function, _preloaded: &Preloaded) {
    for block in function.blocks() {
        while let Some((begin, end)) = unseen(function, block) {
            function.remove(block, end);
            function.remove(block, begin);
        }
    }
}

/// The places of a begin and its end with nothing between that could see the frame. The innermost pairs come first.
fn unseen(function: &Function, block: Block) -> Option<(usize, usize)> {
    let mut begin = None;
    for (index, value) in function.instrs(block).iter().enumerate() {
        let instr = function.instr(*value);
        match instr {
            Instr::BeginInlinedFunction { .. } => begin = Some(index),
            Instr::EndInlinedFunction {} => match begin {
                Some(begin) => return Some((begin, index)),
                None => continue,
            },
            // A snapshot is what guards take their states from, and those name frames.
            Instr::Snapshot {} => {}
            _ if instr.info().has_frame_state() || instr.info().runs_python => begin = None,
            _ => {}
        }
    }
    None
}
