//! A comparison with zero is a test of the value with itself: fewer bytes, the same flags.

use super::{Change, Shape, Site};
use crate::opcode::Opcode;
use crate::operand::Operand;

pub(super) fn apply(site: &Site<'_>) -> Option<Change> {
    let opcode = match site.instr.opcode {
        Opcode::CompareSet => Opcode::TestSet,
        Opcode::CompareJump => Opcode::TestJump,
        Opcode::CompareSelect => Opcode::TestSelect,
        Opcode::GuardCompare => Opcode::GuardTest,
        _ => return None,
    };
    let (compared, others) =
        site.uses().split_last().zip(site.uses().len().checked_sub(2)).map(|((right, rest), n)| ([rest[n], *right], &rest[..n]))?;
    let [left, right] = compared;
    if right != Operand::Imm(0) || left.reg().is_none() {
        return None;
    }
    let uses: Vec<Operand> = others.iter().copied().chain([left, left]).collect();
    Some(Change::Replace(Shape::new(opcode, site.instr, &uses)))
}
