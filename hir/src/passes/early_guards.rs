//! Guards that what was loaded is a float right where it is loaded, not where it is first computed with: so that what is known of it, and its machine form, serve
//! all that comes between, frame states above all.
//!
//! A guard moves up within its block to the load of its operand, if one may leave there. It is executed in any case unless control leaves before, so little is
//! guessed that was not before. It is blamed where it stood.

use crate::environment::Preloaded;
use crate::function::Function;
use crate::instr::{Block, Instr, Value};
use crate::types::ty;
use rustc_hash::FxHashMap;

pub(super) fn run(function: &mut Function, _preloaded: &Preloaded) {
    let mut replacements = FxHashMap::default();
    for block in function.blocks() {
        move_guards(function, block, &mut replacements);
    }
    function.replace_uses(&replacements);
    // The guards themselves look at what was loaded.
    for (&loaded, &guard) in &replacements {
        function.replace_operands(guard, &mut |operand| if operand == guard { loaded } else { operand });
    }
    if !replacements.is_empty() {
        function.reflow_types();
    }
}

fn move_guards(function: &mut Function, block: Block, replacements: &mut FxHashMap<Value, Value>) {
    let mut loads: FxHashMap<Value, usize> = FxHashMap::default();
    let mut index = 0;
    while index < function.instrs(block).len() {
        let value = function.instrs(block)[index];
        match *function.instr(value) {
            Instr::LoadListItem { .. } | Instr::LoadTupleItem { .. } => drop(loads.insert(value, index)),
            Instr::GuardType { value: loaded, ty } if function.pool.ty(ty) == ty::FloatExact => {
                if let Some(at) = loads.remove(&loaded)
                    && let Some(state) = function.state_for_guard(block, at + 1)
                    && !function.state(state).values().any(|held| held == loaded)
                {
                    let own = function.frame_state(value).map(|own| function.state(own).bytecode);
                    function.remove(block, index);
                    function.place(block, at + 1, value);
                    function.insert(block, at + 2, Instr::float_unbox(value), None);
                    function.set_frame_state(value, Some(state));
                    if let Some(own) = own {
                        function.blames.entry(value).or_insert(own);
                    }
                    // What was loaded behind is two further on: behind the guard, and its machine form.
                    loads.values_mut().filter(|place| **place > at).for_each(|place| *place += 2);
                    index += 1;
                    replacements.insert(loaded, value);
                }
            }
            _ => {}
        }
        index += 1;
    }
}
