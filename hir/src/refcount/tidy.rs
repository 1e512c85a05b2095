//! Afterwards: many `Decref` in a row become one instruction, and blocks on edges that were not needed go away.

use crate::function::Function;
use crate::instr::{Block, Instr, Value};

/// So many in a row are worth a call of their own.
const BATCH: usize = 4;

pub(super) fn run(function: &mut Function) {
    for block in function.blocks() {
        batch(function, block);
    }
    for block in function.blocks() {
        function.bypass(block);
    }
}

fn batch(function: &mut Function, block: Block) {
    let mut instrs = Vec::new();
    let mut row: Vec<Value> = Vec::new();
    for value in function.instrs(block).to_vec() {
        if !matches!(function.instr(value), Instr::Decref { .. } | Instr::XDecref { .. }) {
            flush(function, &mut row, &mut instrs);
            instrs.push(value);
        } else {
            row.push(value);
        }
    }
    flush(function, &mut row, &mut instrs);
    function.set_instrs(block, instrs);
}

fn flush(function: &mut Function, row: &mut Vec<Value>, instrs: &mut Vec<Value>) {
    if row.len() >= BATCH {
        let values: Vec<Value> = row.drain(..).map(|decref| function.operands(decref)[0]).collect();
        let values = function.pool.add_values(&values);
        instrs.push(function.create(Instr::batch_decref(values), None));
    }
    instrs.append(row);
}
