//! The order of blocks: reverse post-order for the allocator, and in the end cold blocks behind all others.
//!
//! Blocks that are never reached go. Critical edges (from a block with several successors to one with several predecessors) get
//! a block of their own, because the allocator needs a place for the moves of each edge. Empty blocks are removed afterwards, by `finish`.
//!
//! Of a block's successors the one in the deeper loop comes closest, then the one that is named first.

use crate::dominators::reverse_post_order;
use crate::function::{Block, BlockId, Draft, Edge, Function};
use crate::opcode::{Edges, Opcode};
use smallvec::SmallVec;

/// Puts the function into the form and order that allocation needs.
pub(crate) fn order_blocks(function: &mut Function) {
    split_critical_edges(function);
    let depths = loop_depths(function);
    let visit = |block: BlockId| {
        let mut targets: SmallVec<[BlockId; 4]> = function.block(block).edges.iter().rev().map(|edge| edge.block).collect();
        targets.sort_by_key(|target| depths[target.index()]);
        targets
    };
    let order = reverse_post_order(function, &visit);
    rearrange(function, order);
}

/// Puts cold blocks behind all others.
fn cold_last(function: &Function, order: impl Iterator<Item = BlockId>) -> Vec<BlockId> {
    let (mut warm, cold): (Vec<BlockId>, Vec<BlockId>) = order.partition(|block| !function.block(*block).cold);
    warm.extend(cold);
    warm
}

/// Keeps the blocks of the list, in its order.
fn rearrange(function: &mut Function, order: Vec<BlockId>) {
    let mut places = vec![None; function.blocks.len()];
    for (place, block) in order.iter().enumerate() {
        places[block.index()] = Some(BlockId(place as u32));
    }
    let mut blocks: Vec<Option<Block>> = std::mem::take(&mut function.blocks).into_iter().map(Some).collect();
    function.blocks = order.iter().map(|block| blocks[block.index()].take().expect("each block is in the order once")).collect();
    for edge in function.blocks.iter_mut().flat_map(|block| &mut block.edges) {
        edge.block = places[edge.block.index()].expect("a block that is reached reaches blocks that are");
    }
}

fn split_critical_edges(function: &mut Function) {
    let mut n_entering = vec![0u32; function.blocks.len()];
    for edge in function.blocks.iter().flat_map(|block| &block.edges) {
        n_entering[edge.block.index()] += 1;
    }
    for from in function.block_ids() {
        if function.block(from).edges.len() < 2 {
            continue;
        }
        let defines = function.block(from).terminator().is_some_and(|last| last.n_defs > 0);
        for index in 0..function.block(from).edges.len() {
            let target = function.block(from).edges[index].block;
            // What the last instruction defines cannot be an argument of its own edge.
            let passes_result = defines && !function.block(from).edges[index].args.is_empty();
            if n_entering[target.index()] < 2 && !passes_result {
                continue;
            }
            let origin = function.block(from).terminator().map_or(crate::NO_ORIGIN, |instr| instr.origin);
            let between = function.add_block();
            let cold = function.block(target).cold || function.block(from).cold;
            let edge = &mut function.blocks[from.index()].edges[index];
            edge.block = between;
            let onward = Edge::new(target, std::mem::take(&mut edge.args));
            function.push(between, &Draft { origin, ..Draft::new(Opcode::Branch) });
            let block = &mut function.blocks[between.index()];
            block.edges.push(onward);
            block.cold = cold;
        }
    }
}

/// In how many loops each block is. A loop is what reaches the source of an edge backwards without passing its target.
fn loop_depths(function: &Function) -> Vec<u32> {
    let order = reverse_post_order(function, &|block| function.block(block).edges.iter().map(|edge| edge.block).collect());
    let mut places = vec![u32::MAX; function.blocks.len()];
    for (place, block) in order.iter().enumerate() {
        places[block.index()] = place as u32;
    }
    let predecessors = function.predecessors();
    let mut depths = vec![0; function.blocks.len()];
    let mut seen_for = vec![u32::MAX; function.blocks.len()];
    for header in &order {
        let place = places[header.index()];
        let is_back = |from: &BlockId| places[from.index()] != u32::MAX && places[from.index()] >= place;
        let mut stack: Vec<BlockId> = predecessors.of(*header).iter().copied().filter(is_back).collect();
        if stack.is_empty() {
            continue;
        }
        seen_for[header.index()] = place;
        depths[header.index()] += 1;
        while let Some(block) = stack.pop() {
            if seen_for[block.index()] == place || places[block.index()] == u32::MAX || places[block.index()] < place {
                continue;
            }
            seen_for[block.index()] = place;
            depths[block.index()] += 1;
            stack.extend(predecessors.of(block));
        }
    }
    depths
}

/// The final order, after allocation: leads edges past blocks that only go on to another, removes blocks that no edge leads to, and
/// puts the cold ones last. (The allocator wants blocks in reverse post-order.)
pub(crate) fn finish(function: &mut Function) {
    let onward: Vec<Option<BlockId>> = function.blocks.iter().map(|block| goes_on_to(function, block)).collect();
    for edge in function.blocks.iter_mut().flat_map(|block| &mut block.edges) {
        // A loop of empty blocks has no end.
        for _ in 0..onward.len() {
            match onward[edge.block.index()] {
                Some(next) if next != edge.block => edge.block = next,
                _ => break,
            }
        }
    }
    for block in &mut function.blocks {
        let [so, not] = &block.edges[..] else { continue };
        if so.block == not.block
            && let Some(last) = block.instrs.last_mut()
            && last.opcode.facts().edges == Edges::Two
            && last.n_defs == 0
            && last.opcode.facts().effect == crate::opcode::Effect::Pure
        {
            *last = last.without_operands();
            last.opcode = Opcode::Branch;
            block.edges.truncate(1);
        }
    }
    let mut reached = vec![false; function.blocks.len()];
    reached[0] = true;
    let mut stack = vec![BlockId::ENTRY];
    while let Some(block) = stack.pop() {
        for edge in &function.block(block).edges {
            if !std::mem::replace(&mut reached[edge.block.index()], true) {
                stack.push(edge.block);
            }
        }
    }
    let order = cold_last(function, function.block_ids().filter(|block| reached[block.index()]));
    let order = rotate_loops(function, order);
    rearrange(function, order);
}

/// Puts the head of a loop behind the loop's last block, if it decides whether the loop goes on: then one jump, not two, leads through the loop.
fn rotate_loops(function: &Function, mut order: Vec<BlockId>) -> Vec<BlockId> {
    let mut places = vec![0; function.blocks.len()];
    for (place, block) in order.iter().enumerate() {
        places[block.index()] = place;
    }
    for last in order.clone() {
        let [edge] = &function.block(last).edges[..] else { continue };
        let (head_at, last_at) = (places[edge.block.index()], places[last.index()]);
        let [so, not] = &function.block(edge.block).edges[..] else { continue };
        if head_at == 0 || head_at >= last_at || function.block(edge.block).cold != function.block(last).cold {
            continue;
        }
        let (body, behind) = (order.get(head_at + 1), order.get(last_at + 1));
        let goes_on = body == Some(&so.block) && behind == Some(&not.block) || body == Some(&not.block) && behind == Some(&so.block);
        if goes_on {
            order[head_at..=last_at].rotate_left(1);
            for place in head_at..=last_at {
                places[order[place].index()] = place;
            }
        }
    }
    order
}

/// Where an empty block leads to.
fn goes_on_to(function: &Function, block: &Block) -> Option<BlockId> {
    match (&block.instrs[..], &block.edges[..]) {
        ([last], [edge]) if last.opcode == Opcode::Branch && edge.args.is_empty() && !std::ptr::eq(block, &function.blocks[0]) => Some(edge.block),
        _ => None,
    }
}
