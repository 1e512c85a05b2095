//! Boxes a machine value that only frame states need where control leaves, not before: deopt does it.

use crate::environment::Preloaded;
use crate::function::{FrameStateId, Function};
use crate::instr::{Instr, Value};
use rustc_hash::{FxHashMap, FxHashSet};

pub(super) fn run(function: &mut Function, _preloaded: &Preloaded) {
    let used = used(function);
    let mut raw = FxHashMap::default();
    for value in function.values() {
        let (Instr::FloatBox { value: inner }
        | Instr::SmallIntBoxUnchecked { value: inner }
        | Instr::SmallIntBox { value: inner }
        | Instr::BoolBox { value: inner }
        | Instr::PrimitiveBox { value: inner }) = *function.instr(value)
        else {
            continue;
        };
        if !used.contains(&value) {
            raw.insert(value, inner);
        }
    }
    for value in function.values().collect::<Vec<_>>() {
        if matches!(function.instr(value), Instr::VirtualObject { .. }) {
            function.replace_operands(value, &mut |part| raw.get(&part).copied().unwrap_or(part));
        }
    }
    let states: Vec<FrameStateId> = function.used_frame_states();
    for id in states {
        for place in function.state_mut(id).values_mut() {
            while let Some(inner) = raw.get(place) {
                *place = *inner;
            }
        }
    }
}

/// What is an operand, or is handed over to a frame as it is.
fn used(function: &Function) -> FxHashSet<Value> {
    let mut used = FxHashSet::default();
    for value in function.values() {
        if !matches!(function.instr(value), Instr::VirtualObject { .. }) {
            used.extend(function.operands(value));
        }
        if function.instr(value).info().steals_frame_state {
            for id in function.state_chain(function.frame_state(value)) {
                used.extend(function.state(id).values());
            }
        }
    }
    used
}
