//! Removes instructions without effect whose results are not used.
//!
//! Mark and sweep: useful are instructions that must stay, and whatever useful ones use, in operands or frame states. So phis that only feed each other go.

use crate::environment::Preloaded;
use crate::function::Function;
use crate::instr::Value;

pub(crate) fn run(function: &mut Function, _preloaded: &Preloaded) {
    let mut is_useful = vec![false; function.value_limit()];
    let mut work: Vec<Value> = function.values().filter(|value| !function.instr(*value).is_removable()).collect();
    while let Some(value) = work.pop() {
        if std::mem::replace(&mut is_useful[value.0 as usize], true) {
            continue;
        }
        work.extend(function.operands(value));
        for id in function.state_chain(function.frame_state(value)) {
            work.extend(function.state(id).values());
        }
    }
    for block in function.blocks() {
        function.retain(block, &mut |_, value| is_useful[value.0 as usize]);
    }
}
