//! Makes a comparison whose result is only asked for its truth, to branch, one instruction: no bool object, no truth test.
//!
//! `Compare`, `IsTruthy` and `CondBranch` stand in one block, and between the first two is nothing that could be left by or seen.

use crate::environment::Preloaded;
use crate::function::Function;
use crate::instr::{Block, Instr, Value};
use rustc_hash::FxHashMap;

pub(super) fn run(function: &mut Function, _preloaded: &Preloaded) {
    let counts = operand_counts(function);
    for block in function.blocks() {
        fuse(function, block, &counts);
    }
}

/// How many operands hold each value.
fn operand_counts(function: &Function) -> Vec<u32> {
    let mut counts = vec![0; function.value_limit()];
    for value in function.values() {
        function.instr(value).for_each_operand(&function.pool, &mut |operand| counts[operand.0 as usize] += 1);
    }
    counts
}

fn fuse(function: &mut Function, block: Block, counts: &[u32]) -> Option<()> {
    let terminator = function.terminator(block)?;
    let Instr::CondBranch { condition, .. } = *function.instr(terminator) else { return None };
    let Instr::IsTruthy { value: compared } = *function.instr(condition) else { return None };
    let Instr::Compare { left, right, op } = *function.instr(compared) else { return None };
    if counts[condition.0 as usize] != 1 || counts[compared.0 as usize] != 1 {
        return None;
    }
    let instrs = function.instrs(block).to_vec();
    let first = instrs.iter().position(|value| *value == compared)?;
    let second = instrs.iter().position(|value| *value == condition)?;
    let is_quiet = |value: &Value| {
        let instr = function.instr(*value);
        matches!(instr, Instr::Snapshot {}) || instr.is_removable() && instr.info().is_replayable
    };
    if first > second || !instrs[first + 1..second].iter().all(is_quiet) || is_held_elsewhere(function, compared, &instrs[first + 1..=second]) {
        return None;
    }
    let state = function.frame_state(compared);
    function.replace(compared, Instr::compare_bool(left, right, op));
    function.set_frame_state(compared, state);
    function.replace_uses(&FxHashMap::from_iter([(condition, compared)]));
    // The states between hold the result as a Python value on the stack: nothing may resume there any more.
    function.retain(block, &mut |function, value| {
        let is_between = instrs[first + 1..second].contains(&value) && matches!(function.instr(value), Instr::Snapshot {});
        let holds = function.state_chain(function.frame_state(value)).any(|id| function.state(id).values().any(|held| held == compared));
        value != condition && !(is_between && holds)
    });
    Some(())
}

/// Whether a frame state of another instruction holds the value.
fn is_held_elsewhere(function: &Function, value: Value, allowed: &[Value]) -> bool {
    function
        .values()
        .filter(|user| !allowed.contains(user))
        .any(|user| function.state_chain(function.frame_state(user)).any(|id| function.state(id).values().any(|held| held == value)))
}
