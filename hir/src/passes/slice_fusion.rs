//! `a[i:j] = b[k:l:m]` of lists, where nobody else sees the slice: the items are stored without a list of them.
//!
//! `StridedSlice` and `StoreSlice` stand in one block, and what is between, as a rule the sum that is a bound, may be executed again: where it is left, the slice has not been made yet.

use crate::environment::Preloaded;
use crate::function::Function;
use crate::instr::{Block, Instr, Value};
use crate::types::{Type, ty};

/// A slice, and the store of it, with their places in the block.
struct Pair {
    slice: (usize, Value),
    store: (usize, Value),
    fused: Instr,
}

pub(super) fn run(function: &mut Function, _preloaded: &Preloaded) {
    for block in function.blocks() {
        let has_slice = function.instrs(block).iter().any(|value| matches!(function.instr(*value), Instr::StridedSlice { .. }));
        while has_slice && let Some(pair) = find(function, block) {
            fuse(function, block, &pair);
        }
    }
}

fn find(function: &mut Function, block: Block) -> Option<Pair> {
    let instrs = function.instrs(block).to_vec();
    instrs.iter().enumerate().find_map(|(index, &store)| {
        let Instr::StoreSlice { value, container, start, stop } = *function.instr(store) else { return None };
        let slice = function.model(value);
        let Instr::StridedSlice { container: source, start: first, stop: last, step } = *function.instr(slice) else { return None };
        let at = instrs[..index].iter().position(|value| *value == slice)?;
        let bounds = [start, stop, first, last, step];
        let is_list = |list: Value| function.ty(list).fits(ty::ListExact) && !function.ty(list).is_bottom();
        let bound = Type::any_of(&[ty::SmallInt, ty::NoneType]);
        let are_plain = is_list(container) && is_list(source) && bounds.iter().all(|value| function.ty(*value).fits(bound));
        let has_step = function.ty(step).fits(ty::NoneType) || function.ty(step).known_int().is_some_and(|step| step != 0);
        let is_between = |value: &Value| *value == slice || instrs[at + 1..index].contains(value);
        if !are_plain || !has_step || function.frame_state(slice).is_none() || !instrs[at + 1..index].iter().all(|value| is_quiet(function, *value)) {
            return None;
        }
        if is_seen_elsewhere(function, slice, store, &is_between) {
            return None;
        }
        let bounds = function.pool.add_values(&bounds);
        Some(Pair { slice: (at, slice), store: (index, store), fused: Instr::store_strided_slice(container, source, bounds) })
    })
}

fn is_quiet(function: &Function, value: Value) -> bool {
    let instr = function.instr(value);
    let info = instr.info();
    matches!(instr, Instr::Snapshot {})
        || info.is_replayable && !info.runs_python && !info.deopt.raises && !info.is_terminator && info.writes.is_empty()
}

/// Whether anything but names of it and the store has the slice for an operand, or a frame state from elsewhere holds it.
fn is_seen_elsewhere(function: &Function, slice: Value, store: Value, is_between: &dyn Fn(&Value) -> bool) -> bool {
    let is_it = |value: Value| function.model(value) == slice;
    function.values().any(|user| {
        let mut is_operand = false;
        function.instr(user).for_each_operand(&function.pool, &mut |operand| is_operand |= is_it(operand));
        let takes = is_operand && user != store && !(function.instr(user).is_passthrough() && is_between(&user));
        let holds = || function.state_chain(function.frame_state(user)).any(|id| function.state(id).values().any(is_it));
        takes || user != store && !is_between(&user) && holds()
    })
}

fn fuse(function: &mut Function, block: Block, pair: &Pair) {
    let state = function.frame_state(pair.slice.1);
    let instrs = function.instrs(block).to_vec();
    let between = &instrs[pair.slice.0 + 1..pair.store.0];
    for &value in between.iter().filter(|value| function.frame_state(**value).is_some()).collect::<Vec<_>>() {
        if !matches!(function.instr(value), Instr::Snapshot {}) {
            function.set_frame_state(value, state);
        }
    }
    function.replace(pair.store.1, pair.fused);
    let slice = pair.slice.1;
    let dropped: Vec<Value> = between
        .iter()
        .copied()
        .filter(|value| matches!(function.instr(*value), Instr::Snapshot {}) || function.model(*value) == slice)
        .chain([slice])
        .collect();
    function.retain(block, &mut |_, value| !dropped.contains(&value));
}
