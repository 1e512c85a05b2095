//! Removes snapshots, and from frame states what is not needed.
//!
//! One state serves all instructions of a bytecode instruction: it is the one before. An instruction that can only raise leaves after the operands were taken
//! off the stack, and so does a call that an inlined function's state has as its parent. Without the operands in the state, their references
//! can be handed over, and they can die.

use crate::environment::Preloaded;
use crate::function::{Ending, FrameStateId, Function};
use crate::instr::{Instr, Value};
use rustc_hash::FxHashMap;

pub(super) fn run(function: &mut Function, _preloaded: &Preloaded) {
    let mut trimmer = Trimmer { whole: FxHashMap::default(), trimmed: FxHashMap::default() };
    for block in function.blocks() {
        function.retain(block, &mut |function, value| !matches!(function.instr(value), Instr::Snapshot {}));
        for value in function.instrs(block).to_vec() {
            let Some(id) = function.frame_state(value) else { continue };
            let id = without_operands(function, value, id);
            let info = function.instr(value).info();
            let only_raises = info.deopt.raises && !info.deopt.reexecutes;
            let is_call = matches!(function.instr(value), Instr::BeginInlinedFunction { .. });
            let new = if only_raises || is_call { trimmer.trimmed(function, id) } else { trimmer.whole(function, id) };
            function.set_frame_state(value, Some(new));
        }
    }
}

/// The state of a call that was not inlined: it takes the operands of its operator off itself.
fn without_operands(function: &mut Function, value: Value, id: FrameStateId) -> FrameStateId {
    if !matches!(function.instr(value), Instr::CallFunction { .. }) || function.state(id).ending != Ending::Operator {
        return id;
    }
    let mut state = function.state(id).clone();
    state.stack.truncate(state.stack.len().saturating_sub(2));
    state.ending = Ending::Push;
    function.add_frame_state(state)
}

/// What states have become.
struct Trimmer {
    whole: FxHashMap<FrameStateId, FrameStateId>,
    trimmed: FxHashMap<FrameStateId, FrameStateId>,
}

impl Trimmer {
    /// The state with trimmed parents.
    fn whole(&mut self, function: &mut Function, id: FrameStateId) -> FrameStateId {
        if let Some(new) = self.whole.get(&id) {
            return *new;
        }
        let new = match function.state(id).parent {
            Some(parent) => {
                let mut state = function.state(id).clone();
                state.parent = Some(self.trimmed(function, parent));
                function.add_frame_state(state)
            }
            None => id,
        };
        self.whole.insert(id, new);
        new
    }

    /// The state without operands.
    fn trimmed(&mut self, function: &mut Function, id: FrameStateId) -> FrameStateId {
        if let Some(new) = self.trimmed.get(&id) {
            return *new;
        }
        let new = if function.state(id).popped == 0 {
            self.whole(function, id)
        } else {
            let mut state = function.state(id).trimmed();
            state.parent = state.parent.map(|parent| self.trimmed(function, parent));
            function.add_frame_state(state)
        };
        self.trimmed.insert(id, new);
        new
    }
}
