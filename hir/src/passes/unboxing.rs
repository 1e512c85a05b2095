//! Keeps floats, bools and small ints in their machine form through phis, so that loops do not box what the next turn unboxes.
//!
//! A phi is given a twin of the machine type if somebody unboxes it and some input is made by boxing, or is a constant. The twin's inputs are what was boxed;
//! others are unboxed at the end of the predecessor. Who needs the Python value gets it boxed right before; frame states hold the machine value, which deopt boxes.
//!
//! A float that comes in as an object and leaves through such a phi is another object then, if it is one of those that are objects at all.

use crate::environment::Preloaded;
use crate::function::Function;
use crate::instr::{Block, Instr, Value};
use crate::types::{Type, ty};
use rustc_hash::{FxHashMap, FxHashSet};

/// A Python type with a machine form.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Float,
    Bool,
    SmallInt,
}

pub(super) fn run(function: &mut Function, _preloaded: &Preloaded) {
    let chosen = choose(function);
    if chosen.is_empty() {
        return;
    }
    let mut twins: FxHashMap<Value, (Value, Form)> = FxHashMap::default();
    for &(phi, form) in &chosen {
        if let Some((block, _)) = function.position(phi) {
            twins.insert(phi, (function.add_phi(block, &[]), form));
        }
    }
    for &(phi, form) in &chosen {
        fill(function, phi, form, &twins);
    }
    replace_operands(function, &twins);
    replace_in_states(function, &twins);
    function.reflow_types();
}

/// The phis to unbox, in the order of blocks.
fn choose(function: &Function) -> Vec<(Value, Form)> {
    let users = function.users();
    let phis: Vec<(Value, Form)> =
        function.values().filter(|value| function.instr(*value).is_phi()).filter_map(|phi| Some((phi, Form::of(function.ty(phi))?))).collect();
    let mut wanted: FxHashSet<Value> = FxHashSet::default();
    let mut fresh: FxHashSet<Value> = FxHashSet::default();
    loop {
        let before = wanted.len() + fresh.len();
        for &(phi, form) in &phis {
            if users[phi.0 as usize].iter().any(|user| form.unboxed(function.instr(*user)) == Some(phi) || wanted.contains(user)) {
                wanted.insert(phi);
            }
            // Tagged ints are cheap to count with as they are.
            let is_constant = |input: &Value| form != Form::SmallInt && form.constant(function.ty(*input)).is_some();
            let is_made = |input: &Value| form.boxed(function.instr(*input)).is_some() || is_constant(input) || fresh.contains(input);
            if function.phi_inputs(phi).iter().any(is_made) {
                fresh.insert(phi);
            }
        }
        if wanted.len() + fresh.len() == before {
            break;
        }
    }
    phis.into_iter().filter(|(phi, _)| wanted.contains(phi) && fresh.contains(phi)).collect()
}

fn fill(function: &mut Function, phi: Value, form: Form, twins: &FxHashMap<Value, (Value, Form)>) {
    let Some((block, _)) = function.position(phi) else { return };
    let preds = function.preds(block).to_vec();
    let mut inputs = Vec::new();
    for (input, pred) in function.phi_inputs(phi).to_vec().into_iter().zip(preds) {
        let end = function.instrs(pred).len() - 1;
        inputs.push(if let Some((twin, _)) = twins.get(&input) {
            *twin
        } else if let Some(raw) = form.boxed(function.instr(input)) {
            raw
        } else if let Some(constant) = form.constant(function.ty(input)) {
            function.insert_const(pred, end, constant)
        } else {
            function.insert(pred, end, form.unbox(input), None)
        });
    }
    function.set_phi_inputs(twins[&phi].0, &inputs);
}

/// Boxes in front of who needs the Python value; unboxing is the twin itself.
fn replace_operands(function: &mut Function, twins: &FxHashMap<Value, (Value, Form)>) {
    let mut replacements = FxHashMap::default();
    for block in function.blocks() {
        let mut boxes: FxHashMap<Value, Value> = FxHashMap::default();
        let mut index = 0;
        while index < function.instrs(block).len() {
            let value = function.instrs(block)[index];
            index += 1;
            if function.instr(value).is_phi() {
                continue;
            }
            let unboxes = function
                .operands(value)
                .first()
                .and_then(|operand| twins.get(operand))
                .filter(|(_, form)| form.unboxed(function.instr(value)).is_some());
            if let Some((twin, _)) = unboxes {
                replacements.insert(value, *twin);
                continue;
            }
            let mut needed = function.operands(value);
            if function.instr(value).info().steals_frame_state {
                for id in function.state_chain(function.frame_state(value)) {
                    needed.extend(function.state(id).values());
                }
            }
            for operand in needed {
                if let Some((twin, form)) = twins.get(&operand)
                    && !boxes.contains_key(&operand)
                {
                    let boxed = function.insert(block, place_before(function, block, index - 1), form.box_up(*twin), None);
                    boxes.insert(operand, boxed);
                    index += 1;
                }
            }
            function.replace_operands(value, &mut |operand| boxes.get(&operand).copied().unwrap_or(operand));
            if function.instr(value).info().steals_frame_state {
                function.replace_in_frame_state(value, &mut |held| boxes.get(&held).copied().unwrap_or(held));
            }
        }
    }
    box_inputs(function, twins);
    for block in function.blocks() {
        function.retain(block, &mut |_, value| !replacements.contains_key(&value));
    }
    function.replace_uses(&replacements);
}

/// Where something for an instruction goes: nothing comes between taking out of a place and storing there.
fn place_before(function: &Function, block: Block, index: usize) -> usize {
    let stores =
        matches!(function.instr(function.instrs(block)[index]), Instr::StoreSlot { .. } | Instr::StoreListItem { .. } | Instr::SetCellItem { .. });
    let takes = |value: &Value| matches!(function.instr(*value), Instr::TakeSlot { .. } | Instr::TakeListItem { .. } | Instr::TakeCellItem { .. });
    let taken = function.instrs(block)[..index].iter().rposition(takes);
    if stores { taken.unwrap_or(index) } else { index }
}

/// Phis that stay as they are take boxed values from the ends of predecessors.
fn box_inputs(function: &mut Function, twins: &FxHashMap<Value, (Value, Form)>) {
    let machine: FxHashSet<Value> = twins.values().map(|(twin, _)| *twin).collect();
    for block in function.blocks() {
        for phi in function.phis(block).to_vec() {
            if twins.contains_key(&phi) || machine.contains(&phi) {
                continue;
            }
            let preds = function.preds(block).to_vec();
            let mut inputs = function.phi_inputs(phi).to_vec();
            let old = inputs.clone();
            for (input, pred) in inputs.iter_mut().zip(preds) {
                if let Some((twin, form)) = twins.get(input) {
                    let end = function.instrs(pred).len() - 1;
                    *input = function.insert(pred, end, form.box_up(*twin), None);
                }
            }
            if inputs != old {
                function.set_phi_inputs(phi, &inputs);
            }
        }
    }
}

fn replace_in_states(function: &mut Function, twins: &FxHashMap<Value, (Value, Form)>) {
    for id in function.used_frame_states() {
        for place in function.state_mut(id).values_mut() {
            if let Some((twin, _)) = twins.get(place) {
                *place = *twin;
            }
        }
    }
    // The phis themselves are used by each other only now.
    for block in function.blocks() {
        function.retain(block, &mut |_, value| !twins.contains_key(&value));
    }
}

impl Form {
    fn of(ty: Type) -> Option<Form> {
        if ty.is_bottom() {
            None
        } else if ty.fits(ty::FloatExact) {
            Some(Form::Float)
        } else if ty.fits(ty::Bool) {
            Some(Form::Bool)
        } else {
            ty.fits(ty::SmallInt).then_some(Form::SmallInt)
        }
    }

    fn box_up(self, raw: Value) -> Instr {
        match self {
            Form::Float => Instr::float_box(raw),
            Form::Bool => Instr::bool_box(raw),
            Form::SmallInt => Instr::small_int_box_unchecked(raw),
        }
    }

    fn unbox(self, value: Value) -> Instr {
        match self {
            Form::Float => Instr::float_unbox(value),
            Form::Bool => Instr::bool_unbox(value),
            Form::SmallInt => Instr::small_int_unbox(value),
        }
    }

    /// What an instruction boxes.
    fn boxed(self, instr: &Instr) -> Option<Value> {
        match (self, *instr) {
            (Form::Float, Instr::FloatBox { value })
            | (Form::Bool, Instr::BoolBox { value })
            | (Form::SmallInt, Instr::SmallIntBox { value } | Instr::SmallIntBoxUnchecked { value }) => Some(value),
            _ => None,
        }
    }

    /// What an instruction unboxes.
    fn unboxed(self, instr: &Instr) -> Option<Value> {
        match (self, *instr) {
            (Form::Float, Instr::FloatUnbox { value })
            | (Form::Bool, Instr::BoolUnbox { value })
            | (Form::SmallInt, Instr::SmallIntUnbox { value }) => Some(value),
            _ => None,
        }
    }

    /// The machine constant of a constant.
    fn constant(self, ty: Type) -> Option<Type> {
        match self {
            Form::Float => ty.known_double().map(Type::c_double),
            Form::Bool => ty.known_int().map(|known| Type::c_bool(known != 0)),
            Form::SmallInt => ty.known_int().map(|known| Type::c_int(ty::CInt64, known)),
        }
    }
}
