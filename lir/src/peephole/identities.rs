//! Arithmetic that changes nothing, or whose result does not depend on the value.

use super::{Change, Site};
use crate::condition::Width;
use crate::opcode::Opcode;

pub(super) fn apply(site: &Site<'_>) -> Option<Change> {
    let [left, right] = *site.uses() else { return None };
    // Narrower results have other bits than the operand.
    if site.instr.width < Width::W32 {
        return None;
    }
    if left == right && matches!(site.instr.opcode, Opcode::Sub | Opcode::Xor) {
        return Some(Change::Constant(0));
    }
    let is_zero_anyway = |value: i64| value == 0 && matches!(site.instr.opcode, Opcode::And | Opcode::Mul);
    let value = site.constant(right)?;
    if is_zero_anyway(value) {
        return Some(Change::Constant(0));
    }
    let unchanged = match site.instr.opcode {
        Opcode::Add | Opcode::Sub | Opcode::Or | Opcode::Xor | Opcode::Shl | Opcode::Shr | Opcode::Sar | Opcode::Rol | Opcode::Ror => value == 0,
        Opcode::Mul => value == 1,
        Opcode::And => value == -1,
        _ => false,
    };
    // A 32-bit operation clears the upper half.
    (unchanged && site.instr.width == Width::W64).then(|| left.reg().map(Change::Alias))?
}
