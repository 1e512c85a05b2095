//! The order of blocks: dead ones go, small exits are copied to where they are jumped to from,
//! exception handlers and what only they reach move to the end.

use super::block::{Block, BlockId, Graph, Inst, Op};
use super::lines;
use crate::source::Span;

/// Exit blocks up to this size are copied rather than jumped to.
const MAX_COPY_SIZE: usize = 4;
const MAX_ROUNDS: usize = 20;

pub(super) fn remove_unreachable(graph: &mut Graph) {
    let mut visited = vec![false; graph.blocks.len()];
    for block in &mut graph.blocks {
        block.predecessors = 0;
    }
    let mut work = vec![Graph::ENTRY];
    graph.block_mut(Graph::ENTRY).predecessors = 1;
    visited[0] = true;
    while let Some(id) = work.pop() {
        let mut successors = Vec::new();
        let block = graph.block(id);
        if block.falls_through() {
            successors.extend(block.next);
        }
        successors.extend(block.insts.iter().filter_map(|inst| inst.target));
        for successor in successors {
            graph.block_mut(successor).predecessors += 1;
            if !std::mem::replace(&mut visited[successor.0 as usize], true) {
                work.push(successor);
            }
        }
    }
    for (block, visited) in graph.blocks.iter_mut().zip(visited) {
        if !visited {
            block.insts.clear();
            block.is_handler = false;
        }
    }
}

/// Copies small exits, and blocks without a line, to the end of the blocks that jump to them.
pub(super) fn inline_small_blocks(graph: &mut Graph) {
    // Blocks without lines that jump to one another could be copied for ever.
    for _ in 0..MAX_ROUNDS {
        let mut changed = false;
        for id in graph.order() {
            changed |= inline_into(graph, id);
        }
        if !changed {
            break;
        }
    }
}

fn inline_into(graph: &mut Graph, id: BlockId) -> bool {
    let Some(&last) = graph.block(id).insts.last() else { return false };
    let (true, Some(target_id)) = (last.op.is_unconditional_jump(), last.target) else { return false };
    let target = graph.block(target_id);
    if target.insts.is_empty() || target_id == id {
        return false;
    }
    let small_exit = target.exits_scope() && target.insts.len() <= MAX_COPY_SIZE;
    let no_line = target.has_no_line() && !target.falls_through();
    if !small_exit && !no_line {
        return false;
    }
    let copied = target.insts.clone();
    let block = graph.block_mut(id);
    if let Some(last) = block.insts.last_mut() {
        last.make_nop();
    }
    block.insts.extend(copied);
    if no_line {
        // Two jumps become one; it interrupts if either did.
        if let Some(new_last) = block.insts.last_mut()
            && new_last.op.is_unconditional_jump()
            && last.op == Op::Jump
        {
            new_last.op = Op::Jump;
        }
    }
    let target = graph.block_mut(target_id);
    target.predecessors = target.predecessors.saturating_sub(1);
    true
}

/// Moves what only exception handlers reach to the end.
pub(super) fn push_cold_blocks(graph: &mut Graph) {
    if graph.block(Graph::ENTRY).next.is_none() {
        return;
    }
    mark_warm(graph);
    mark_cold(graph);
    for id in graph.order() {
        let block = graph.block(id);
        let Some(next) = block.next else { continue };
        if block.cold && block.falls_through() && graph.block(next).warm {
            let mut jump = Inst::new(Op::JumpNoInterrupt, 0, Span::NONE);
            jump.target = Some(next);
            let jump = Block { insts: vec![jump], next: Some(next), predecessors: 1, cold: true, ..Block::default() };
            let jump = graph.add(jump);
            graph.block_mut(id).next = Some(jump);
        }
    }
    let (cold, kept): (Vec<BlockId>, Vec<BlockId>) = graph.order().into_iter().partition(|&id| graph.block(id).cold);
    let moved = !cold.is_empty();
    let order: Vec<BlockId> = kept.into_iter().chain(cold).collect();
    for (index, &id) in order.iter().enumerate() {
        graph.block_mut(id).next = order.get(index + 1).copied();
    }
    if moved {
        lines::remove_redundant_nops_and_jumps(graph);
    }
}

fn mark_warm(graph: &mut Graph) {
    let mut work = vec![Graph::ENTRY];
    while let Some(id) = work.pop() {
        if std::mem::replace(&mut graph.block_mut(id).warm, true) {
            continue;
        }
        let block = graph.block(id);
        if block.falls_through() {
            work.extend(block.next);
        }
        work.extend(block.insts.iter().filter(|inst| inst.op.is_jump()).filter_map(|inst| inst.target));
    }
}

fn mark_cold(graph: &mut Graph) {
    let mut work: Vec<BlockId> = graph.order().into_iter().filter(|&id| graph.block(id).is_handler).collect();
    while let Some(id) = work.pop() {
        let block = graph.block_mut(id);
        if block.warm || block.cold {
            continue;
        }
        block.cold = true;
        let block = graph.block(id);
        if block.falls_through() {
            work.extend(block.next);
        }
        work.extend(block.insts.iter().filter(|inst| inst.op.is_jump()).filter_map(|inst| inst.target));
    }
}
