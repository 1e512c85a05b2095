//! Multiplication by a power of two is a shift.

use super::{Change, Shape, Site};
use crate::opcode::Opcode;
use crate::operand::Operand;

pub(super) fn apply(site: &Site<'_>) -> Option<Change> {
    if site.instr.opcode != Opcode::Mul {
        return None;
    }
    let [left, right] = *site.uses() else { return None };
    let factor = site.constant(right).filter(|factor| *factor > 1 && factor.count_ones() == 1)?;
    let count = Operand::Imm(i64::from(factor.trailing_zeros()));
    (factor.trailing_zeros() < site.instr.width.bits()).then(|| Change::Replace(Shape::new(Opcode::Shl, site.instr, &[left, count])))
}
