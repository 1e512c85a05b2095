//! A comparison of a choice between two constants with one of them is the condition of the choice: so are Python's truth values tested.

use super::{Change, Shape, Site};
use crate::condition::Condition;
use crate::opcode::Opcode;
use crate::operand::Operand;

pub(super) fn apply(site: &Site<'_>) -> Option<Change> {
    let negated = match site.instr.condition {
        Condition::Equal => false,
        Condition::NotEqual => true,
        _ => return None,
    };
    let [left, right] = *site.uses() else { return None };
    let definition = site.definition(left)?;
    let select = &definition.instr;
    let opcode = match (select.opcode, site.instr.opcode) {
        (Opcode::CompareSelect, Opcode::CompareJump | Opcode::CompareSet | Opcode::GuardCompare) => site.instr.opcode,
        (Opcode::TestSelect, Opcode::CompareJump) => Opcode::TestJump,
        (Opcode::TestSelect, Opcode::CompareSet) => Opcode::TestSet,
        (Opcode::TestSelect, Opcode::GuardCompare) => Opcode::GuardTest,
        _ => return None,
    };
    let [if_not, if_so, ref compared @ ..] = *site.function.uses(select) else { return None };
    let width = site.instr.width;
    let low = |operand: Operand| Some(width.sign_extend(site.constant(operand)? as u64));
    let (if_not, if_so, value) = (low(if_not)?, low(if_so)?, low(right)?);
    let is_memory_kept = compared.iter().all(|operand| operand.mem().is_none()) || site.has_same_memory(definition);
    if if_not == if_so || value != if_not && value != if_so || !is_memory_kept {
        return None;
    }
    let holds = (value == if_so) != negated;
    let condition = if holds { select.condition } else { select.condition.inverse() };
    Some(Change::Replace(Shape { condition, ..Shape::new(opcode, select, compared) }))
}
