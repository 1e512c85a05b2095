//! Does not make objects that only frame states know: deopt makes them of their parts ([`Instr::VirtualObject`]).
//!
//! Objects that are parts of such objects only need not be made either.

use crate::environment::Preloaded;
use crate::function::Function;
use crate::instr::{Instr, Value};
use rustc_hash::FxHashSet;

pub(super) fn run(function: &mut Function, _preloaded: &Preloaded) {
    let mut virtuals: FxHashSet<Value> = function.values().filter(|value| parts(function, *value).is_some()).collect();
    while !virtuals.is_empty() {
        let escaping: Vec<Value> = escaping(function, &virtuals).into_iter().filter(|value| virtuals.contains(value)).collect();
        if escaping.is_empty() {
            break;
        }
        virtuals.retain(|value| !escaping.contains(value));
    }
    for value in function.values().collect::<Vec<_>>() {
        if virtuals.contains(&value)
            && let Some(parts) = parts(function, value)
        {
            let ty = function.ty(value);
            let ty = function.pool.add_type(ty);
            let parts = function.pool.add_values(&parts);
            function.replace(value, Instr::virtual_object(parts, ty));
        }
    }
}

/// Of what an object is made, if deopt could make it.
fn parts(function: &Function, value: Value) -> Option<Vec<Value>> {
    match *function.instr(value) {
        Instr::MakeTuple { .. } | Instr::MakeList { .. } | Instr::MakeMethod { .. } | Instr::MakeSlice { .. } => {
            Some(function.operands(value).into_vec())
        }
        _ => None,
    }
}

/// What is used where there has to be an object.
fn escaping(function: &Function, virtuals: &FxHashSet<Value>) -> FxHashSet<Value> {
    let mut escaping = FxHashSet::default();
    for value in function.values() {
        if !virtuals.contains(&value) {
            escaping.extend(function.operands(value));
        }
        if function.instr(value).info().steals_frame_state {
            for id in function.state_chain(function.frame_state(value)) {
                escaping.extend(function.state(id).values());
            }
        }
    }
    escaping
}
