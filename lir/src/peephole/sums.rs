//! The sum of a sum and a constant, with constants, has one constant.

use super::{Change, Shape, Site};
use crate::condition::Width;
use crate::opcode::Opcode;
use crate::operand::Operand;

pub(super) fn apply(site: &Site<'_>) -> Option<Change> {
    let added = |opcode: Opcode, value: i64| match opcode {
        Opcode::Add => Some(value),
        Opcode::Sub => value.checked_neg(),
        _ => None,
    };
    let [left, right] = *site.uses() else { return None };
    let outer = added(site.instr.opcode, right.imm()?)?;
    let inner = &site.definition(left)?.instr;
    if inner.width != Width::W64 || site.instr.width != Width::W64 {
        return None;
    }
    let [base, constant] = *site.function.uses(inner) else { return None };
    let sum = outer.checked_add(added(inner.opcode, constant.imm()?)?)?;
    i32::try_from(sum).ok()?;
    Some(Change::Replace(Shape::new(Opcode::Add, site.instr, &[base, Operand::Imm(sum)])))
}
