//! Keeps floats that only frame states need as machine floats, so that nobody counts references to them: variables of a loop that each turn sets anew, of
//! which the code makes no further use.
//!
//! Phis are chosen that only other such phis and frame states use, and whose inputs are floats or null, as before the first turn. Each is given a twin, a machine
//! float. If it may be null it is given a flag as well, a machine bool that says whether it is set; flags of a block that always agree are one (the largest
//! partition of them that inputs do not tell apart). Frame states hold the twin, or flag and twin as the description of a float that may be unset.
//!
//! As in [`super::unboxing`], a float that comes in as an object and leaves through such a phi is another object then, if it is one of those that are objects at all.

use crate::environment::Preloaded;
use crate::function::Function;
use crate::instr::{Block, Instr, Value};
use crate::types::{Type, ty};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeMap;

const OPTIONAL: Type = Type::any_of(&[ty::FloatExact, ty::Nullptr]);

pub(super) fn run(function: &mut Function, _preloaded: &Preloaded) {
    let chosen = choose(function);
    if chosen.is_empty() {
        return;
    }
    let classes = classes(function, &chosen);
    let mut flags: FxHashMap<usize, Value> = FxHashMap::default();
    let mut twins: FxHashMap<Value, (Value, Option<Value>)> = FxHashMap::default();
    for &(block, phi) in &chosen {
        let twin = function.add_phi(block, &[]);
        let flag = classes.get(&phi).map(|class| *flags.entry(*class).or_insert_with(|| function.add_phi(block, &[])));
        twins.insert(phi, (twin, flag));
    }
    let mut filled = FxHashSet::default();
    for &(block, phi) in &chosen {
        let (twin, flag) = twins[&phi];
        let inputs = inputs(function, block, phi, &twins);
        function.set_phi_inputs(twin, &inputs);
        if let Some(flag) = flag.filter(|flag| filled.insert(*flag)) {
            let inputs = flag_inputs(function, block, phi, &twins);
            function.set_phi_inputs(flag, &inputs);
        }
    }
    let held = describe(function, &chosen, &twins);
    for id in function.used_frame_states() {
        for place in function.state_mut(id).values_mut() {
            if let Some(new) = held.get(place) {
                *place = *new;
            }
        }
    }
    for block in function.blocks() {
        function.retain(block, &mut |_, value| !held.contains_key(&value));
    }
    function.reflow_types();
}

/// The phis to unbox, with their blocks, in order.
fn choose(function: &Function) -> Vec<(Block, Value)> {
    let mut phis = Vec::new();
    for block in function.blocks() {
        for &phi in function.phis(block) {
            let ty = function.ty(phi);
            if !ty.is_bottom() && ty.fits(OPTIONAL) && !ty.fits(ty::Nullptr) {
                phis.push((block, phi));
            }
        }
    }
    // What is handed over to a frame has to be an object.
    if phis.is_empty() || function.values().any(|value| function.instr(value).info().steals_frame_state) {
        return Vec::new();
    }
    let users = function.users();
    let mut wanted: FxHashSet<Value> = phis.iter().map(|(_, phi)| *phi).collect();
    loop {
        let before = wanted.len();
        for (_, phi) in &phis {
            let is_alone = users[phi.0 as usize].iter().all(|user| wanted.contains(user));
            let is_known =
                |input: &Value| wanted.contains(input) || function.ty(*input).fits(ty::Nullptr) || function.ty(*input).fits(ty::FloatExact);
            if !is_alone || !function.phi_inputs(*phi).iter().all(is_known) {
                wanted.remove(phi);
            }
        }
        if wanted.len() == before {
            break;
        }
    }
    phis.retain(|(_, phi)| wanted.contains(phi));
    phis
}

/// A number for each phi that may be null; phis of a block with the same number are null at the same time.
fn classes(function: &Function, chosen: &[(Block, Value)]) -> FxHashMap<Value, usize> {
    let optional: Vec<(Block, Value)> = chosen.iter().copied().filter(|(_, phi)| function.ty(*phi).may_be_null()).collect();
    let mut classes: FxHashMap<Value, usize> = optional.iter().map(|(block, phi)| (*phi, block.0 as usize)).collect();
    let mut n_classes = 0;
    loop {
        let mut numbers: BTreeMap<(Block, Vec<isize>), usize> = BTreeMap::new();
        let mut next = FxHashMap::with_capacity_and_hasher(classes.len(), rustc_hash::FxBuildHasher);
        for &(block, phi) in &optional {
            let inputs = function.phi_inputs(phi).iter();
            let seen =
                inputs.map(|input| classes.get(input).map_or(if function.ty(*input).fits(ty::Nullptr) { -1 } else { -2 }, |class| *class as isize));
            let key = (block, seen.collect());
            let number = numbers.len();
            next.insert(phi, *numbers.entry(key).or_insert(number));
        }
        classes = next;
        if numbers.len() == n_classes {
            return classes;
        }
        n_classes = numbers.len();
    }
}

/// The machine floats that a phi's twin is made of.
fn inputs(function: &mut Function, block: Block, phi: Value, twins: &FxHashMap<Value, (Value, Option<Value>)>) -> Vec<Value> {
    let preds = function.preds(block).to_vec();
    let old = function.phi_inputs(phi).to_vec();
    let input = |(input, pred): (Value, Block)| {
        let (end, ty) = (function.instrs(pred).len() - 1, function.ty(input));
        if let Some((twin, _)) = twins.get(&input) {
            *twin
        } else if let Instr::FloatBox { value } = *function.instr(input) {
            value
        } else if ty.fits(ty::Nullptr) {
            function.insert_const(pred, end, Type::c_double(0.0))
        } else if let Some(known) = ty.known_double() {
            function.insert_const(pred, end, Type::c_double(known))
        } else {
            function.insert(pred, end, Instr::float_unbox(input), None)
        }
    };
    old.into_iter().zip(preds).map(input).collect()
}

/// Whether the inputs of a phi are set.
fn flag_inputs(function: &mut Function, block: Block, phi: Value, twins: &FxHashMap<Value, (Value, Option<Value>)>) -> Vec<Value> {
    let preds = function.preds(block).to_vec();
    let old = function.phi_inputs(phi).to_vec();
    let input = |(input, pred): (Value, Block)| match twins.get(&input) {
        Some((_, Some(flag))) => *flag,
        _ => {
            let (end, is_set) = (function.instrs(pred).len() - 1, !function.ty(input).fits(ty::Nullptr));
            function.insert_const(pred, end, Type::c_bool(is_set))
        }
    };
    old.into_iter().zip(preds).map(input).collect()
}

/// What frame states hold instead of each phi.
fn describe(function: &mut Function, chosen: &[(Block, Value)], twins: &FxHashMap<Value, (Value, Option<Value>)>) -> FxHashMap<Value, Value> {
    let mut held = FxHashMap::default();
    for &(block, phi) in chosen {
        let (twin, flag) = twins[&phi];
        let new = match flag {
            None => twin,
            Some(flag) => {
                let (parts, ty) = (function.pool.add_values(&[flag, twin]), function.pool.add_type(OPTIONAL));
                let index = function.phis(block).len();
                function.insert(block, index, Instr::virtual_object(parts, ty), None)
            }
        };
        held.insert(phi, new);
    }
    held
}
