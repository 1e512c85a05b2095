//! A moved value is the value.

use super::{Change, Site};
use crate::opcode::Opcode;

pub(super) fn apply(site: &Site<'_>) -> Option<Change> {
    match site.instr.opcode {
        Opcode::Move | Opcode::MoveFloat => site.uses()[0].reg().filter(|reg| reg.is_virtual()).map(Change::Alias),
        _ => None,
    }
}
