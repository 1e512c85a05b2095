//! A choice between a value and itself.

use super::{Change, Site};
use crate::opcode::Opcode;

pub(super) fn apply(site: &Site<'_>) -> Option<Change> {
    match (site.instr.opcode, site.uses()) {
        (Opcode::CompareSelect | Opcode::TestSelect, [if_not, if_so, ..]) if if_not == if_so => if_not.reg().map(Change::Alias),
        _ => None,
    }
}
