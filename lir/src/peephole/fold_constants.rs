//! What can be computed now is.

use super::{Change, Site};
use crate::condition::Width;
use crate::opcode::Opcode;

pub(super) fn apply(site: &Site<'_>) -> Option<Change> {
    let width = site.instr.width;
    // A narrow result keeps the rest of the left operand.
    if width < Width::W32 && !matches!(site.instr.opcode, Opcode::ZeroExtend | Opcode::SignExtend) {
        return None;
    }
    let left = site.constant(*site.uses().first()?)?;
    let right = match site.uses().get(1) {
        Some(right) => site.constant(*right)?,
        None => 0,
    };
    let value = compute(site.instr.opcode, width, left as u64, right as u64)?;
    Some(Change::Constant(value as i64))
}

fn compute(opcode: Opcode, width: Width, left: u64, right: u64) -> Option<u64> {
    let count = right as u32 & (width.bits() - 1);
    let low = left & width.mask();
    let value = match opcode {
        Opcode::Add => left.wrapping_add(right),
        Opcode::Sub => left.wrapping_sub(right),
        Opcode::And => left & right,
        Opcode::Or => left | right,
        Opcode::Xor => left ^ right,
        Opcode::Mul => left.wrapping_mul(right),
        Opcode::Neg => left.wrapping_neg(),
        Opcode::Not => !left,
        Opcode::Shl => low << count,
        Opcode::Shr => low >> count,
        Opcode::Sar => (width.sign_extend(low) >> count) as u64,
        Opcode::ZeroExtend => low,
        Opcode::SignExtend => return Some(width.sign_extend(left) as u64),
        _ => return None,
    };
    Some(value & width.mask())
}
