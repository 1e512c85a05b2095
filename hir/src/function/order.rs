//! Orders of blocks, and dominators (Cooper, Harvey and Kennedy, "A Simple, Fast Dominance Algorithm").

use super::Function;
use crate::instr::{Block, Value};
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

/// Which blocks every path to a block goes through.
pub struct Dominators {
    /// Reverse post order, and each block's place in it.
    order: Vec<Block>,
    place: Vec<Option<usize>>,
    /// By place: the place of the immediate dominator; the entry is its own.
    parents: Vec<usize>,
}

/// The nodes of a graph of `n` that can be reached from the roots, each before its successors but for edges that go back, those of an earlier root
/// before those that only a later one reaches.
pub(crate) fn reverse_post_order(
    n: usize,
    roots: impl IntoIterator<Item = usize, IntoIter: DoubleEndedIterator>,
    successors: &dyn Fn(usize) -> SmallVec<[usize; 4]>,
) -> Vec<usize> {
    let mut order = Vec::new();
    let mut is_seen = vec![false; n];
    for root in roots.into_iter().rev() {
        if std::mem::replace(&mut is_seen[root], true) {
            continue;
        }
        let mut path = vec![(root, successors(root))];
        while let Some((node, next)) = path.last_mut() {
            match next.pop() {
                Some(next) if !is_seen[next] => {
                    is_seen[next] = true;
                    path.push((next, successors(next)));
                }
                Some(_) => {}
                None => {
                    order.push(*node);
                    path.pop();
                }
            }
        }
    }
    order.reverse();
    order
}

impl Function {
    /// The blocks that can be reached, each before its successors but for edges that go back.
    pub fn reverse_post_order(&self) -> Vec<Block> {
        let successors = |block: usize| self.successors(Block(block as u32)).iter().map(|next| next.0 as usize).collect();
        let order = reverse_post_order(self.block_limit(), [Function::ENTRY.0 as usize], &successors);
        order.into_iter().map(|block| Block(block as u32)).collect()
    }

    /// Where each instruction is: its block and its index there; `None` if it is in none.
    pub fn positions(&self) -> Vec<Option<(Block, usize)>> {
        let mut positions = vec![None; self.value_limit()];
        for block in self.blocks() {
            for (index, value) in self.instrs(block).iter().enumerate() {
                positions[value.0 as usize] = Some((block, index));
            }
        }
        positions
    }

    /// The block an instruction is in, and its index there.
    pub fn position(&self, value: Value) -> Option<(Block, usize)> {
        self.blocks().find_map(|block| Some((block, self.instrs(block).iter().position(|other| *other == value)?)))
    }

    /// The tree of dominators, as the blocks are now.
    pub fn dominators(&self) -> Dominators {
        let order = self.reverse_post_order();
        let mut place = vec![None; self.block_limit()];
        for (index, block) in order.iter().enumerate() {
            place[block.0 as usize] = Some(index);
        }
        let mut parents: Vec<Option<usize>> = vec![None; order.len()];
        parents[0] = Some(0);
        let mut changed = true;
        while changed {
            changed = false;
            for index in 1..order.len() {
                let known = self.preds(order[index]).iter().filter_map(|pred| place[pred.0 as usize]).filter(|pred| parents[*pred].is_some());
                let parent = known.reduce(|a, b| common(&parents, a, b));
                changed |= parents[index] != parent;
                parents[index] = parent;
            }
        }
        Dominators { order, place, parents: parents.into_iter().map(|parent| parent.unwrap_or(0)).collect() }
    }
}

/// The nearest block that dominates both.
fn common(parents: &[Option<usize>], mut a: usize, mut b: usize) -> usize {
    while a != b {
        let greater = a.max(b);
        let up = parents[greater].unwrap_or(0);
        if a == greater { a = up } else { b = up }
    }
    a
}

impl Dominators {
    /// Reverse post order.
    pub fn order(&self) -> &[Block] {
        &self.order
    }

    /// Whether control can come to a block.
    pub fn is_reachable(&self, block: Block) -> bool {
        self.place[block.0 as usize].is_some()
    }

    /// Whether every path to `below` goes through `above`; a block dominates itself.
    pub fn dominates(&self, above: Block, below: Block) -> bool {
        let (Some(above), Some(mut below)) = (self.place[above.0 as usize], self.place[below.0 as usize]) else { return false };
        while below > above {
            below = self.parents[below];
        }
        below == above
    }

    /// The blocks that each block is the nearest dominator of, in reverse post order.
    pub fn children(&self) -> FxHashMap<Block, Vec<Block>> {
        let mut children: FxHashMap<Block, Vec<Block>> = FxHashMap::default();
        for &block in &self.order {
            if let Some(parent) = self.parent(block) {
                children.entry(parent).or_default().push(block);
            }
        }
        children
    }

    /// The nearest dominator of a block that can be reached; the entry has none.
    pub fn parent(&self, block: Block) -> Option<Block> {
        let place = self.place[block.0 as usize].filter(|place| *place != 0)?;
        Some(self.order[self.parents[place]])
    }
}
