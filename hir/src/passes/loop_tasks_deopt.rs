//! Leaves signals and other threads to the interpreter in loops that run no Python code themselves: there, nothing but `RunPeriodicTasks` could change memory, and what is known
//! of it stays known from turn to turn, so that loads and guards can leave the loop.
//!
//! Who leaves comes back at the loop's head after some turns.

use super::loop_invariant_code_motion::loops;
use super::periodic_tasks_deopt::replace;
use crate::environment::Preloaded;
use crate::function::Function;
use crate::instr::{Instr, Value};

pub(super) fn run(function: &mut Function, _preloaded: &Preloaded) {
    let dominators = function.dominators();
    for it in loops(function, &dominators) {
        let runs_python = it.blocks.iter().flat_map(|block| function.instrs(*block)).any(|value| may_run_python(function, *value));
        if runs_python {
            continue;
        }
        for block in it.blocks {
            for index in 0..function.instrs(block).len() {
                replace(function, block, index);
            }
        }
    }
}

/// Whether an instruction may run Python code, by what dies at it, too.
fn may_run_python(function: &Function, value: Value) -> bool {
    match function.instr(value) {
        Instr::RunPeriodicTasks {} => false,
        Instr::TakeListItem { .. } | Instr::TakeSlot { .. } | Instr::TakeCellItem { .. } => !function.ty(value).is_leaf_scalar(),
        instr => instr.info().runs_python,
    }
}
