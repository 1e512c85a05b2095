//! Removes blocks that control does not reach, and joins blocks in line.

use crate::environment::Preloaded;
use crate::function::Function;
use crate::instr::{Block, Instr};

pub(crate) fn run(function: &mut Function, preloaded: &Preloaded) {
    let mut changed = false;
    loop {
        let again = remove_unreachable(function) | fold_branches(function) | merge(function);
        if !again {
            break;
        }
        changed = true;
    }
    if changed {
        super::phi_elimination::run(function, preloaded);
        function.reflow_types();
    }
}

pub(crate) fn remove_unreachable(function: &mut Function) -> bool {
    let mut is_reachable = vec![false; function.block_limit()];
    for block in function.reverse_post_order() {
        is_reachable[block.0 as usize] = true;
    }
    let dead: Vec<Block> = function.blocks().filter(|block| !is_reachable[block.0 as usize]).collect();
    for &block in &dead {
        function.remove_block(block);
    }
    !dead.is_empty()
}

/// A branch both ways to the same block is no choice. (Two entries there are.)
fn fold_branches(function: &mut Function) -> bool {
    let mut changed = false;
    for block in function.blocks() {
        let successors = function.successors(block);
        let [first, second] = successors[..] else { continue };
        let is_entry =
            block == Function::ENTRY && matches!(function.terminator(block).map(|value| function.instr(value)), Some(Instr::EntrySwitch { .. }));
        let is_choice = is_entry || first != second || function.phis(first).iter().any(|phi| differs(function, *phi, block));
        if !is_choice {
            function.set_terminator(block, Instr::branch(first), None);
            changed = true;
        }
    }
    changed
}

/// Whether a phi has different inputs for the edges from `pred`.
fn differs(function: &Function, phi: crate::Value, pred: Block) -> bool {
    let Some((home, _)) = function.position(phi) else { return false };
    let mut inputs = function.preds(home).iter().zip(function.phi_inputs(phi)).filter(|(from, _)| **from == pred).map(|(_, input)| *input);
    let first = inputs.next();
    inputs.any(|input| Some(input) != first)
}

fn merge(function: &mut Function) -> bool {
    let mut changed = false;
    for block in function.blocks() {
        let [pred] = *function.preds(block) else { continue };
        let is_line = pred != block && matches!(function.terminator(pred).map(|value| function.instr(value)), Some(Instr::Branch { .. }));
        if is_line {
            function.merge_into_pred(block);
            changed = true;
        }
    }
    changed
}
