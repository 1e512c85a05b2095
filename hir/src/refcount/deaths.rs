//! Where values die inside a block.

use super::Inserter;
use crate::function::ValueSet;
use crate::instr::{Block, Value};

impl Inserter<'_> {
    /// For each instruction the values whose last use it is, and its own result if nothing uses that. What a terminator uses last dies
    /// where the next blocks begin, not there.
    pub(super) fn find_deaths(&self, block: Block) -> Vec<Vec<Value>> {
        let function = &*self.function;
        let instrs = function.instrs(block);
        let mut live: ValueSet = self.liveness.live_out(block).clone();
        let mut deaths = vec![Vec::new(); instrs.len()];
        for (index, &value) in instrs.iter().enumerate().rev() {
            if function.has_output(value) && !live.contains(value) {
                deaths[index].push(value);
            }
            live.remove(value);
            function.for_each_use(value, &mut |used| {
                if !live.contains(used) {
                    live.insert(used);
                    deaths[index].push(used);
                }
            });
            if function.instr(value).is_terminator() {
                deaths[index].clear();
            }
        }
        deaths
    }
}
