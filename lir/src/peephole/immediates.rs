//! A constant is an immediate where the machine takes one.

use super::{Change, Site};
use crate::opcode::Opcode;
use crate::operand::{Form, Operand};

pub(super) fn apply(site: &Site<'_>) -> Option<Change> {
    // Calls have more operands than a change can hold; their constants are found by `constants`.
    site.uses().iter().enumerate().take(4).find_map(|(index, operand)| {
        operand.reg()?;
        let value = site.instr.width.sign_extend(site.constant(*operand)? as u64);
        let returns = site.instr.opcode == Opcode::Return && Form::W.accepts(Operand::Imm(value));
        (returns || site.accepts(index, Operand::Imm(value))).then(|| site.with_use(index, Operand::Imm(value)))?
    })
}
