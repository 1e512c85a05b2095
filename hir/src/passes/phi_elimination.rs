//! Removes phis whose inputs are one value (and perhaps the phi itself), and `Assign`.
//!
//! One removal may make another phi trivial, so it goes on until nothing changes.

use crate::environment::Preloaded;
use crate::function::Function;
use crate::instr::{Instr, Value};
use rustc_hash::FxHashMap;

pub(crate) fn run(function: &mut Function, _preloaded: &Preloaded) {
    loop {
        let mut replacements = FxHashMap::default();
        for value in function.values() {
            if let Some(same) = replacement(function, value, &replacements) {
                replacements.insert(value, same);
            }
        }
        if replacements.is_empty() {
            return;
        }
        function.replace_values(&replacements);
    }
}

/// The value that is always the same as this one.
fn replacement(function: &Function, value: Value, known: &FxHashMap<Value, Value>) -> Option<Value> {
    let find = |mut value: Value| {
        while let Some(next) = known.get(&value) {
            value = *next;
        }
        value
    };
    match *function.instr(value) {
        Instr::Assign { value: source } => Some(find(source)),
        Instr::Phi { .. } => {
            let mut others = function.phi_inputs(value).iter().map(|input| find(*input)).filter(|input| *input != value);
            let first = others.next()?;
            others.all(|input| input == first).then_some(first)
        }
        _ => None,
    }
    .filter(|same| *same != value)
}
