//! A value that is loaded for one use is read from memory there, if nothing is written in between.

use super::{Change, Site};
use crate::opcode::Opcode;
use crate::operand::Operand;

pub(super) fn apply(site: &Site<'_>) -> Option<Change> {
    let uses = site.uses();
    if uses.len() > 4 || uses.iter().any(|operand| operand.mem().is_some()) || site.instr.opcode.facts().variadic {
        return None;
    }
    (0..uses.len()).rev().find_map(|index| {
        let reg = uses[index].reg()?;
        let definition = site.definition(uses[index])?;
        let load = &definition.instr;
        let fits = match load.opcode {
            Opcode::Load => load.width == site.instr.width,
            Opcode::LoadFloat => true,
            _ => false,
        };
        let alone = site.rewriter.n_uses[reg.index()?] == 1;
        let from = site.function.uses(load).first().copied()?;
        let accepted = site.accepts(index, from) && uses.iter().filter(|other| **other == Operand::Reg(reg)).count() == 1;
        (fits && alone && site.has_same_memory(definition) && accepted).then(|| site.with_use(index, from))?
    })
}
