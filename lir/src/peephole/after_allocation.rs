//! The rules that need registers.
//!
//! A value that lives on is moved before it is overwritten. Where a sum follows such a move, `Lea` does both.

use crate::condition::Width;
use crate::function::{Draft, Function, Instr};
use crate::opcode::Opcode;
use crate::operand::{Address, Operand, Scale};
use crate::reg::{Class, Place, Reg};

pub(crate) fn improve_allocated(function: &mut Function) {
    for id in function.block_ids() {
        let old = std::mem::take(&mut function.blocks[id.index()].instrs);
        let mut new: Vec<Instr> = Vec::with_capacity(old.len());
        for instr in old {
            match new.last().and_then(|previous| sum_of_moved(function, previous, &instr)) {
                Some(address) => {
                    new.pop();
                    let def = function.def(&instr).expect("a sum has a result");
                    let draft = Draft { defs: &[def], uses: &[Operand::Mem(address)], origin: instr.origin, ..Draft::new(Opcode::Lea) };
                    new.push(function.make(&draft));
                }
                None => new.push(instr),
            }
        }
        function.blocks[id.index()].instrs = new;
    }
}

/// `a = Move b; a = Add a, c` is the address `[b+c]`.
fn sum_of_moved(function: &Function, previous: &Instr, instr: &Instr) -> Option<Address> {
    if previous.opcode != Opcode::Move || instr.width != Width::W64 {
        return None;
    }
    let is_register = |reg: &Reg| matches!(reg.place(), Place::Machine(_)) && reg.class() == Class::Int;
    let (to, from) = (function.def(previous).filter(is_register)?, function.uses(previous)[0].reg().filter(is_register)?);
    if function.def(instr) != Some(to) {
        return None;
    }
    let right = *function.uses(instr).get(1)?;
    match (instr.opcode, right) {
        (Opcode::Add, Operand::Imm(value)) => Some(Address::new(from, i32::try_from(value).ok()?)),
        (Opcode::Sub, Operand::Imm(value)) => Some(Address::new(from, i32::try_from(value.checked_neg()?).ok()?)),
        (Opcode::Add, Operand::Reg(index)) if is_register(&index) && index != to => Some(Address::indexed(from, index, Scale::One, 0)),
        _ => None,
    }
}
