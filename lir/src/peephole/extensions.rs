//! Extensions of what is extended already; masks that are extensions.

use super::{Change, Shape, Site};
use crate::condition::Width;
use crate::opcode::{Effect, Opcode};
use crate::operand::Operand;

pub(super) fn apply(site: &Site<'_>) -> Option<Change> {
    match site.instr.opcode {
        Opcode::ZeroExtend => {
            let definition = site.definition(site.uses()[0])?;
            (clear_above(definition.instr.opcode, definition.instr.width)? <= site.instr.width).then(|| site.uses()[0].reg().map(Change::Alias))?
        }
        Opcode::SignExtend => {
            let definition = site.definition(site.uses()[0])?;
            let extended = matches!(definition.instr.opcode, Opcode::SignExtend | Opcode::LoadSigned) && definition.instr.width <= site.instr.width;
            extended.then(|| site.uses()[0].reg().map(Change::Alias))?
        }
        Opcode::And if site.instr.width == Width::W64 => {
            let [left, right] = *site.uses() else { return None };
            let mask = site.constant(right)? as u64;
            let width = Width::ALL.into_iter().take(3).find(|width| width.mask() == mask)?;
            Some(Change::Replace(Shape { width, ..Shape::new(Opcode::ZeroExtend, site.instr, &[Operand::Reg(left.reg()?)]) }))
        }
        _ => None,
    }
}

/// The width above which the instruction's result has no bits, if it is known.
fn clear_above(opcode: Opcode, width: Width) -> Option<Width> {
    match opcode {
        Opcode::Load | Opcode::ZeroExtend => Some(width),
        Opcode::CompareSet | Opcode::TestSet | Opcode::BitSet | Opcode::FloatCompareSet => Some(Width::W8),
        Opcode::LoadSigned | Opcode::SignExtend | Opcode::CompareSelect | Opcode::TestSelect => None,
        _ => (width == Width::W32 && opcode.facts().effect <= Effect::Reads && opcode.n_defs() == 1).then_some(Width::W32),
    }
}
