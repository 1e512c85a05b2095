//! The order of blocks and who dominates whom: Cooper, Harvey and Kennedy, "A Simple, Fast Dominance Algorithm".

use crate::function::{BlockId, Function};
use smallvec::SmallVec;

/// Blocks in reverse post-order, and the tree of dominators.
pub(crate) struct Dominators {
    /// The place in the order, of blocks that are reached.
    order: Vec<Option<u32>>,
    /// The closest dominator, by place in the order.
    parents: Vec<u32>,
}

/// The blocks that are reached from the entry, each before its successors but for loops. `visit` says in which order a block's edges are
/// followed: what is followed last comes closest.
pub(crate) fn reverse_post_order(function: &Function, visit: &dyn Fn(BlockId) -> SmallVec<[BlockId; 4]>) -> Vec<BlockId> {
    let mut seen = vec![false; function.blocks.len()];
    let mut order = Vec::with_capacity(function.blocks.len());
    let mut stack = vec![(BlockId::ENTRY, visit(BlockId::ENTRY).into_iter())];
    seen[0] = true;
    while let Some((block, successors)) = stack.last_mut() {
        match successors.next() {
            Some(next) if seen[next.index()] => (),
            Some(next) => {
                seen[next.index()] = true;
                stack.push((next, visit(next).into_iter()));
            }
            None => {
                order.push(*block);
                stack.pop();
            }
        }
    }
    order.reverse();
    order
}

impl Dominators {
    /// The tree of a function, as its blocks are now.
    pub fn new(function: &Function) -> Dominators {
        let blocks = reverse_post_order(function, &|block| function.block(block).edges.iter().map(|edge| edge.block).collect());
        let mut order = vec![None; function.blocks.len()];
        for (place, block) in blocks.iter().enumerate() {
            order[block.index()] = Some(place as u32);
        }
        let predecessors = function.predecessors();
        let mut parents = vec![u32::MAX; blocks.len()];
        parents[0] = 0;
        let mut changed = true;
        while changed {
            changed = false;
            for (place, block) in blocks.iter().enumerate().skip(1) {
                let known = predecessors.of(*block).iter().filter_map(|from| order[from.index()]).filter(|&from| parents[from as usize] != u32::MAX);
                let parent = known.reduce(|left, right| meet(&parents, left, right)).expect("a block is reached from one before it");
                changed |= parents[place] != parent;
                parents[place] = parent;
            }
        }
        Dominators { order, parents }
    }

    /// Whether control can come to a block.
    pub fn is_reached(&self, block: BlockId) -> bool {
        self.order[block.index()].is_some()
    }

    /// Whether every way to `block` goes through `above`.
    pub fn dominates(&self, above: BlockId, block: BlockId) -> bool {
        let (Some(above), Some(mut place)) = (self.order[above.index()], self.order[block.index()]) else { return false };
        while place > above {
            place = self.parents[place as usize];
        }
        place == above
    }
}

fn meet(parents: &[u32], mut left: u32, mut right: u32) -> u32 {
    while left != right {
        if left > right {
            left = parents[left as usize];
        } else {
            right = parents[right as usize];
        }
    }
    left
}
