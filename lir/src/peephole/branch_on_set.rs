//! A jump or guard on a condition that was made a value is one on the condition.

use super::{Change, Shape, Site};
use crate::condition::Condition;
use crate::opcode::Opcode;

pub(super) fn apply(site: &Site<'_>) -> Option<Change> {
    let negated = match site.instr.condition {
        Condition::NotEqual => false,
        Condition::Equal => true,
        _ => return None,
    };
    if !matches!(site.instr.opcode, Opcode::TestSet | Opcode::TestJump | Opcode::GuardTest) {
        return None;
    }
    let [left, right] = *site.uses() else { return None };
    // The lowest bit is all there is.
    let tests_it = left == right || matches!(site.constant(right), Some(mask) if mask & 1 == 1);
    let definition = site.definition(left).filter(|_| tests_it)?;
    let set = &definition.instr;
    let opcode = match (set.opcode, site.instr.opcode) {
        (Opcode::CompareSet, Opcode::TestJump) => Opcode::CompareJump,
        (Opcode::CompareSet, Opcode::GuardTest) => Opcode::GuardCompare,
        (Opcode::CompareSet, _) => Opcode::CompareSet,
        (Opcode::TestSet, opcode) => opcode,
        (Opcode::BitSet, Opcode::TestJump) => Opcode::BitJump,
        (Opcode::BitSet, Opcode::GuardTest) => Opcode::GuardBit,
        (Opcode::BitSet, _) => Opcode::BitSet,
        (Opcode::FloatCompareSet, Opcode::TestJump) => Opcode::FloatCompareJump,
        (Opcode::FloatCompareSet, Opcode::GuardTest) => Opcode::GuardFloatCompare,
        (Opcode::FloatCompareSet, _) => Opcode::FloatCompareSet,
        _ => return None,
    };
    let uses = site.function.uses(set);
    // What was in memory may have changed.
    if uses.iter().any(|operand| operand.mem().is_some()) && !site.has_same_memory(definition) {
        return None;
    }
    let condition = if negated { set.condition.inverse() } else { set.condition };
    Some(Change::Replace(Shape { condition, ..Shape::new(opcode, set, uses) }))
}
