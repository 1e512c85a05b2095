//! A test of `a & b` with itself tests `a` and `b`.

use super::{Change, Site};
use crate::opcode::Opcode;
use crate::operand::Operand;

pub(super) fn apply(site: &Site<'_>) -> Option<Change> {
    if !matches!(site.instr.opcode, Opcode::TestSet | Opcode::TestJump | Opcode::GuardTest) {
        return None;
    }
    let [left, right] = *site.uses() else { return None };
    let (and, [first, second]) = site.defined_by(left, Opcode::And)? else { return None };
    let is_mask = matches!(second, Operand::Reg(_) | Operand::Imm(_));
    (left == right && and.width == site.instr.width && is_mask).then(|| site.with_uses(&[*first, *second]))
}
