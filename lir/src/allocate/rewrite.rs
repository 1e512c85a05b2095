//! Writes the allocator's answer into the function: registers and slots for values, moves between instructions.

use super::machine::from_allocation;
use crate::function::{Draft, Function, Instr};
use crate::opcode::Opcode;
use crate::operand::Operand;
use crate::reg::{Class, Place, Reg};
use regalloc2::{Allocation, Edit, Inst, InstPosition, Output, ProgPoint};

pub(super) fn rewrite(function: &mut Function, output: &Output) {
    let mut edits = output.edits.iter().peekable();
    let mut number = 0;
    let mut room = Vec::new();
    for id in function.block_ids() {
        let mut old = std::mem::take(&mut function.blocks[id.index()].instrs);
        let mut new = std::mem::take(&mut room);
        for instr in old.drain(..) {
            let inst = Inst::new(number);
            number += 1;
            for position in [InstPosition::Before, InstPosition::After] {
                let point = ProgPoint::new(inst, position);
                while let Some((_, edit)) = edits.next_if(|(at, _)| *at <= point) {
                    new.extend(make_move(function, edit, instr.origin));
                }
                if position == InstPosition::Before {
                    assign(function, &instr, output.inst_allocs(inst));
                    new.push(instr);
                }
            }
        }
        let block = &mut function.blocks[id.index()];
        block.instrs = new;
        room = old;
        block.params.clear();
        block.edges.iter_mut().for_each(|edge| edge.args.clear());
    }
    function.n_slots = output.num_spillslots as u32;
    function.n_virtual = 0;
}

fn make_move(function: &mut Function, edit: &Edit, origin: u32) -> Option<Instr> {
    let Edit::Move { from, to } = edit;
    // Between a register and a slot, the register's class is the value's.
    let class = |allocation: &Allocation| allocation.as_reg().map(|_| from_allocation(*allocation, Class::Int).class());
    let class = class(from).or(class(to)).unwrap_or(Class::Int);
    let (from, to) = (from_allocation(*from, class), from_allocation(*to, class));
    if from == to {
        return None;
    }
    let opcode = if class == Class::Int { Opcode::Move } else { Opcode::MoveFloat };
    Some(function.make(&Draft { defs: &[to], uses: &[Operand::Reg(from)], origin, ..Draft::new(opcode) }))
}

/// Gives the instruction's registers their allocations, in the order in which the adapter showed them.
fn assign(function: &mut Function, instr: &Instr, allocations: &[Allocation]) {
    let mut allocations = allocations.iter();
    for operand in function.operands_mut(instr) {
        operand.for_each_reg_mut(&mut |reg: &mut Reg| {
            if let Place::Virtual(_) = reg.place() {
                let allocation = allocations.next().expect("every value shown has an allocation");
                *reg = from_allocation(*allocation, reg.class());
            }
        });
    }
}
