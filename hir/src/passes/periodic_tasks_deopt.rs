//! Leaves signals, other threads and pending calls to the interpreter: `RunPeriodicTasks`, after which nothing is known of memory any more, becomes a guard that they do not wait.
//!
//! So a loop keeps what it knows, and loads and guards can leave it. It pays where control soon comes back to compiled code at the loop's head.

use crate::environment::Preloaded;
use crate::function::Function;
use crate::instr::{Block, Instr};

pub(super) fn run(function: &mut Function, _preloaded: &Preloaded) {
    for block in function.blocks() {
        for index in 0..function.instrs(block).len() {
            replace(function, block, index);
        }
    }
}

pub(super) fn replace(function: &mut Function, block: Block, index: usize) {
    let value = function.instrs(block)[index];
    if !matches!(function.instr(value), Instr::RunPeriodicTasks {}) {
        return;
    }
    // Its own state is that of a snapshot if nothing of the bytecode instruction has been done yet.
    let state = function.state_for_guard(block, index);
    if state.is_some() && state == function.frame_state(value) {
        function.replace(value, Instr::check_periodic_tasks());
    }
}
