//! Versions of memory: numbers that are the same where nothing wrote between.

use super::ASSUMPTIONS;
use crate::function::Function;
use crate::instr::{Block, Heap, Instr, Value};
use rustc_hash::FxHashMap;

/// Kinds of memory.
const KINDS: usize = Heap::ANY.0.count_ones() as usize;
/// Versions that begin with a block have this bit; others are a value's number and one, or 0 at the start.
const BLOCK: u32 = 1 << 31;

/// The version of each kind of memory at a point.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Versions([u32; KINDS]);

/// What an instruction depends on.
pub fn memory_of(instr: &Instr) -> Heap {
    match instr {
        Instr::DeoptPatchpoint { .. } => ASSUMPTIONS,
        _ => instr.info().reads,
    }
}

impl Versions {
    pub fn write(&mut self, heap: Heap, by: Value) {
        for kind in kinds(heap) {
            self.0[kind] = by.0 + 1;
        }
    }

    pub fn of(&self, heap: Heap) -> Vec<u32> {
        kinds(heap).map(|kind| self.0[kind]).collect()
    }
}

fn kinds(heap: Heap) -> impl Iterator<Item = usize> {
    (0..KINDS).filter(move |kind| heap.0 >> kind & 1 != 0)
}

/// The versions where blocks begin. They only change to a block's own, so this ends.
pub fn entries(function: &Function) -> FxHashMap<Block, Versions> {
    let order = function.reverse_post_order();
    let mut entries: FxHashMap<Block, Versions> = FxHashMap::default();
    let mut exits: FxHashMap<Block, Versions> = FxHashMap::default();
    let mut changed = true;
    while changed {
        changed = false;
        for &block in &order {
            let mut entry: Option<Versions> = None;
            for pred in function.preds(block) {
                let Some(exit) = exits.get(pred) else { continue };
                match &mut entry {
                    None => entry = Some(exit.clone()),
                    Some(entry) => {
                        entry.0.iter_mut().zip(exit.0).filter(|(mine, theirs)| **mine != *theirs).for_each(|(mine, _)| *mine = BLOCK | block.0)
                    }
                }
            }
            let mut entry = entry.unwrap_or_default();
            // What was this block's own stays so.
            if let Some(old) = entries.get(&block) {
                entry.0.iter_mut().zip(old.0).filter(|(_, old)| *old == BLOCK | block.0).for_each(|(mine, old)| *mine = old);
            }
            let exit = function.instrs(block).iter().fold(entry.clone(), |mut versions, value| {
                versions.write(function.instr(*value).info().writes, *value);
                versions
            });
            changed |= exits.insert(block, exit.clone()) != Some(exit);
            entries.insert(block, entry);
        }
    }
    entries
}
