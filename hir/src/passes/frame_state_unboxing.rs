//! Has frame states hold the machine form of floats that are computed with, rather than the objects: so nobody has to count references to these. Deopt boxes.
//!
//! That is done with floats of which nothing but the machine form is wanted, from where that is known. A float that is an object is another object then where
//! control has left.

use crate::environment::Preloaded;
use crate::function::{FrameStateId, Function};
use crate::instr::{Block, Instr, Value};
use crate::types::ty;
use rustc_hash::FxHashMap;

pub(super) fn run(function: &mut Function, _preloaded: &Preloaded) {
    guard_and_unbox(function);
    let wanted = wanted(function);
    if !wanted.contains(&true) {
        return;
    }
    let dominators = function.dominators();
    let mut known: FxHashMap<Value, (Block, Value)> = FxHashMap::default();
    for block in function.reverse_post_order() {
        // States of this block that were seen since something was unboxed last.
        let mut seen: FxHashMap<FrameStateId, Option<FrameStateId>> = FxHashMap::default();
        for value in function.instrs(block).to_vec() {
            if let Instr::FloatUnbox { value: float } = *function.instr(value)
                && wanted[float.0 as usize]
            {
                known.entry(float).or_insert((block, value));
                seen.clear();
            }
            let Some(state) = function.frame_state(value).filter(|_| !known.is_empty()) else { continue };
            if function.instr(value).info().steals_frame_state {
                continue;
            }
            if let Some(copy) = seen.get(&state) {
                if copy.is_some() {
                    function.set_frame_state(value, *copy);
                }
                continue;
            }
            let machine =
                |held: Value| known.get(&held).filter(|(there, _)| *there == block || dominators.dominates(*there, block)).map(|(_, raw)| *raw);
            let is_held = function.state_chain(Some(state)).any(|id| function.state(id).values().any(|held| machine(held).is_some()));
            if is_held {
                function.replace_in_frame_state(value, &mut |held| machine(held).unwrap_or(held));
            }
            seen.insert(state, function.frame_state(value).filter(|_| is_held));
        }
    }
}

/// Makes guard and unboxing one, where nobody wants the object that passed the guard.
fn guard_and_unbox(function: &mut Function) {
    let wanted = wanted(function);
    if function.values().any(|value| function.instr(value).info().steals_frame_state) {
        return;
    }
    let mut replacements = FxHashMap::default();
    for value in function.values() {
        if let Instr::FloatUnbox { value: float } = *function.instr(value)
            && wanted[float.0 as usize]
            && matches!(*function.instr(float), Instr::GuardType { ty, .. } if function.pool.ty(ty) == ty::FloatExact)
        {
            replacements.insert(value, float);
        }
    }
    for &float in replacements.values() {
        if let Instr::GuardType { value, .. } = *function.instr(float) {
            function.replace(float, Instr::guard_float_unbox(value));
        }
    }
    let is_use =
        |function: &Function, value: Value| matches!(*function.instr(value), Instr::UseType { value, .. } if function.ty(value).fits(ty::CDouble));
    if !replacements.is_empty() {
        function.replace_values(&replacements);
        for block in function.blocks() {
            function.retain(block, &mut |function, value| !is_use(function, value));
        }
        function.reflow_types();
    }
}

/// Whether a value is a counted float that nobody wants but for its machine form.
fn wanted(function: &Function) -> Vec<bool> {
    let users = function.users();
    let mut wanted = vec![false; users.len()];
    for value in function.values() {
        let (ty, users) = (function.ty(value), &users[value.0 as usize]);
        let is_counted =
            !ty.is_bottom() && ty.fits(ty::FloatExact) && !ty.fits(ty::TaggedFloat) && !matches!(function.instr(value), Instr::FloatBox { .. });
        let is_alone = users.iter().all(|user| matches!(function.instr(*user), Instr::FloatUnbox { .. } | Instr::UseType { .. }));
        wanted[value.0 as usize] = is_counted && is_alone && !users.is_empty();
    }
    wanted
}
