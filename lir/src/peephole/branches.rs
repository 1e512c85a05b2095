//! Jumps and guards whose outcome is known.

use super::{Change, Site};
use crate::condition::{Condition, Width};
use crate::opcode::Opcode;

pub(super) fn apply(site: &Site<'_>) -> Option<Change> {
    match site.instr.opcode {
        Opcode::CompareJump | Opcode::TestJump => Some(Change::Take(usize::from(!outcome(site)?))),
        Opcode::GuardCompare | Opcode::GuardTest => outcome(site)?.then_some(Change::Remove),
        Opcode::Switch => {
            let index = site.constant(site.uses()[0])? as u64;
            let n_edges = site.function.block(site.rewriter.block).edges.len();
            Some(Change::Take(usize::try_from(index).unwrap_or(usize::MAX).min(n_edges - 1)))
        }
        _ => None,
    }
}

fn outcome(site: &Site<'_>) -> Option<bool> {
    let [left, right] = *site.uses() else { return None };
    let (left, right) = (site.constant(left)?, site.constant(right)?);
    let width = site.instr.width;
    if matches!(site.instr.opcode, Opcode::TestJump | Opcode::GuardTest) {
        return holds(width, site.instr.condition, left & right, 0);
    }
    holds(width, site.instr.condition, left, right)
}

fn holds(width: Width, condition: Condition, left: i64, right: i64) -> Option<bool> {
    let unsigned = (left as u64 & width.mask(), right as u64 & width.mask());
    let signed = (width.sign_extend(left as u64), width.sign_extend(right as u64));
    Some(match condition {
        Condition::Equal => unsigned.0 == unsigned.1,
        Condition::NotEqual => unsigned.0 != unsigned.1,
        Condition::Below => unsigned.0 < unsigned.1,
        Condition::BelowEqual => unsigned.0 <= unsigned.1,
        Condition::Above => unsigned.0 > unsigned.1,
        Condition::AboveEqual => unsigned.0 >= unsigned.1,
        Condition::Less => signed.0 < signed.1,
        Condition::LessEqual => signed.0 <= signed.1,
        Condition::Greater => signed.0 > signed.1,
        Condition::GreaterEqual => signed.0 >= signed.1,
        _ => return None,
    })
}
