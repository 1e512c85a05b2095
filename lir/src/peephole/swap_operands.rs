//! Constants go to the right, where the machine takes them: of sums and the like, and of comparisons, whose condition turns round.

use super::{Change, Shape, Site};
use crate::condition::Width;
use crate::opcode::Opcode;

pub(super) fn apply(site: &Site<'_>) -> Option<Change> {
    let [left, right] = *site.uses() else { return None };
    if site.constant(left).is_none() || site.constant(right).is_some() || right.reg().is_none_or(|reg| !reg.is_virtual()) {
        return None;
    }
    let condition = match site.instr.opcode {
        // A narrow result keeps the rest of the left operand.
        opcode if opcode.commutes() && site.instr.width >= Width::W32 => site.instr.condition,
        Opcode::CompareSet | Opcode::CompareJump | Opcode::GuardCompare => site.instr.condition.swapped()?,
        _ => return None,
    };
    Some(Change::Replace(Shape { condition, ..Shape::new(site.instr.opcode, site.instr, &[right, left]) }))
}
