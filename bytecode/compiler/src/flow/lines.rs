//! Locations: every instruction gets one where that can be known without a doubt.

use super::block::{Block, BlockId, Graph};
use crate::source::Span;
use bytecode::Opcode;

pub(super) fn resolve(graph: &mut Graph, first_line: i32) {
    duplicate_exits(graph);
    propagate(graph);
    for id in graph.order() {
        let block = graph.block_mut(id);
        if block.insts.last().is_some_and(|last| last.op == Opcode::ReturnValue && last.span.line == -1) {
            for inst in block.insts.iter_mut().filter(|inst| inst.span.line == -1) {
                inst.span = Span::whole_line(first_line);
            }
        }
    }
}

fn is_exit_without_line(block: &Block) -> bool {
    !block.insts.is_empty() && (block.exits_scope() || block.has_eval_break()) && block.has_no_line()
}

/// An exit block without a line of its own gets one copy for each jump to it.
fn duplicate_exits(graph: &mut Graph) {
    for id in graph.order() {
        let Some(&last) = graph.block(id).insts.last() else { continue };
        let (true, Some(target)) = (last.op.is_jump(), last.target) else { continue };
        let Some(target) = graph.next_nonempty(Some(target)) else { continue };
        if is_exit_without_line(graph.block(target)) && graph.block(target).predecessors > 1 {
            let mut copy = graph.block(target).clone();
            copy.insts[0].span = last.span;
            copy.predecessors = 1;
            let copy = graph.add(copy);
            if let Some(last) = graph.block_mut(id).insts.last_mut() {
                last.target = Some(copy);
            }
            let target = graph.block_mut(target);
            target.next = Some(copy);
            target.predecessors = target.predecessors.saturating_sub(1);
        }
    }
    for id in graph.order() {
        let block = graph.block(id);
        let (true, Some(next), Some(&last)) = (block.falls_through(), block.next, block.insts.last()) else { continue };
        if is_exit_without_line(graph.block(next)) {
            graph.block_mut(next).insts[0].span = last.span;
        }
    }
}

fn propagate(graph: &mut Graph) {
    for id in graph.order() {
        let mut previous = Span::NONE;
        let block = graph.block_mut(id);
        for inst in &mut block.insts {
            if inst.span.line == -1 {
                inst.span = previous;
            } else {
                previous = inst.span;
            }
        }
        let Some(&last) = block.insts.last() else { continue };
        let next = block.next.filter(|_| block.falls_through());
        let target = last.target.filter(|_| last.op.is_jump());
        for successor in [next, target].into_iter().flatten() {
            let successor = graph.block_mut(successor);
            if successor.predecessors == 1
                && let Some(first) = successor.insts.first_mut()
                && first.span.line == -1
            {
                first.span = previous;
            }
        }
    }
}

/// Removes what does nothing and is not needed to show a line. Answers how many went.
pub(super) fn remove_redundant_nops(graph: &mut Graph) -> usize {
    let mut changes = 0;
    for id in graph.order() {
        changes += remove_nops_of(graph, id);
    }
    changes
}

fn remove_nops_of(graph: &mut Graph, id: BlockId) -> usize {
    if !graph.block(id).insts.iter().any(super::block::Inst::is_nop) {
        return 0;
    }
    let next_line = graph.next_nonempty(graph.block(id).next).and_then(|next| {
        let mut insts = graph.block(next).insts.iter();
        insts.find(|inst| !(inst.is_nop() && inst.span.line == -1)).map(|inst| inst.span.line)
    });
    let has_next = graph.next_nonempty(graph.block(id).next).is_some();
    let block = graph.block_mut(id);
    let before = block.insts.len();
    let mut kept = 0;
    let mut previous_line = -1;
    for at in 0..before {
        let inst = block.insts[at];
        let line = inst.span.line;
        if inst.is_nop() {
            if line == -1 || previous_line == line {
                continue;
            }
            if let Some(next) = block.insts.get_mut(at + 1) {
                if next.span.line == line {
                    continue;
                }
                if next.span.line == -1 {
                    next.span = inst.span;
                    continue;
                }
            } else if has_next && next_line.unwrap_or(-1) == line {
                continue;
            }
        }
        previous_line = line;
        block.insts[kept] = inst;
        kept += 1;
    }
    block.insts.truncate(kept);
    before - kept
}

/// Removes jumps to the next block, and the `NOP`s that leaves.
pub(super) fn remove_redundant_nops_and_jumps(graph: &mut Graph) {
    loop {
        remove_redundant_nops(graph);
        let mut removed = 0;
        for id in graph.order() {
            let block = graph.block(id);
            let Some(last) = block.insts.last() else { continue };
            if last.op.is_unconditional_jump() {
                let target = graph.next_nonempty(last.target);
                if target.is_some() && target == graph.next_nonempty(block.next) {
                    removed += 1;
                    if let Some(last) = graph.block_mut(id).insts.last_mut() {
                        last.make_nop();
                    }
                }
            }
        }
        if removed == 0 {
            break;
        }
    }
}

/// Removes constants and copies that are popped at once.
pub(super) fn remove_redundant_pairs(graph: &mut Graph) {
    loop {
        remove_redundant_nops(graph);
        let mut changed = false;
        let mut previous: Option<(BlockId, usize)> = None;
        for id in graph.order() {
            // A block that can be reached by a jump starts afresh.
            if graph.block(id).predecessors > 1 || graph.block(id).is_handler {
                previous = None;
            }
            for at in 0..graph.block(id).insts.len() {
                let inst = graph.block(id).insts[at];
                if inst.op == Opcode::PopTop
                    && let Some((before_id, before_at)) = previous
                {
                    let before = graph.block(before_id).insts[before_at];
                    if before.op.loads_constant() || before.op == Opcode::Copy && before.arg == 1 {
                        graph.block_mut(before_id).insts[before_at].make_nop();
                        graph.block_mut(id).insts[at].make_nop();
                        changed = true;
                    }
                }
                previous = (!inst.is_nop() || previous.is_none()).then_some((id, at)).or(previous);
            }
            let block = graph.block(id);
            if block.insts.last().is_some_and(|last| last.op.is_jump()) || !block.falls_through() {
                previous = None;
            }
        }
        if !changed {
            break;
        }
    }
}
