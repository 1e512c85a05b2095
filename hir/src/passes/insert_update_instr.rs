//! Keeps the index of the running bytecode instruction in the frame, for tracebacks and whoever looks at frames: an `UpdateInstr` before what may run Python or raise,
//! where the index is another one than the frame has.
//!
//! What the frame has is known along all paths, by block: the same on all edges, or unknown. It comes behind the reference counts: what a dying object runs sees the
//! index of the instruction before.

use crate::environment::Preloaded;
use crate::function::Function;
use crate::instr::{Block, Instr, Value};
use crate::types::ObjectId;
use rustc_hash::FxHashMap;

/// The index in the innermost frame; none if that is unknown.
type Known = Option<u32>;

pub(super) fn run(function: &mut Function, _preloaded: &Preloaded) {
    let order = function.reverse_post_order();
    let frames = function.inlined_frames();
    let mut exits: FxHashMap<Block, Known> = FxHashMap::default();
    let mut changed = true;
    while changed {
        changed = false;
        for &block in &order {
            let mut frames = frames[block.0 as usize].clone();
            let first = entry(function, block, &exits);
            let known = function.instrs(block).iter().fold(first, |known, value| behind(function, *value, known, &mut frames));
            changed |= exits.insert(block, known) != Some(known);
        }
    }
    for &block in &order {
        insert(function, block, entry(function, block, &exits), frames[block.0 as usize].clone());
    }
}

fn entry(function: &Function, block: Block, exits: &FxHashMap<Block, Known>) -> Known {
    let mut known = function.preds(block).iter().filter_map(|pred| exits.get(pred));
    let first = *known.next()?;
    if known.all(|other| *other == first) { first } else { None }
}

/// The index an instruction needs to be there.
fn needed(function: &Function, value: Value, n_frames: usize) -> Option<u32> {
    let info = function.instr(value).info();
    let is_seen = info.runs_python || info.deopt.raises;
    let state = function.frame_state(value).filter(|_| is_seen)?;
    // Where an inlined function has no frame, nobody looks, and deopt knows better.
    let has_frame = function.state_chain(Some(state)).count() == n_frames + 1;
    has_frame.then(|| function.state(state).bytecode)
}

fn behind(function: &Function, value: Value, known: Known, frames: &mut Vec<ObjectId>) -> Known {
    let needed = needed(function, value, frames.len());
    function.follow_frames(value, frames);
    match function.instr(value) {
        Instr::UpdateInstr { index } => Some(*index),
        // The frame is another one.
        Instr::BeginInlinedFunction { .. } | Instr::EndInlinedFunction {} => None,
        _ => needed.or(known),
    }
}

fn insert(function: &mut Function, block: Block, mut known: Known, mut frames: Vec<ObjectId>) {
    let mut index = 0;
    while index < function.instrs(block).len() {
        let value = function.instrs(block)[index];
        if let Some(needed) = needed(function, value, frames.len()).filter(|needed| known != Some(*needed)) {
            function.insert(block, index, Instr::update_instr(needed), None);
            index += 1;
        }
        known = behind(function, value, known, &mut frames);
        index += 1;
    }
}
