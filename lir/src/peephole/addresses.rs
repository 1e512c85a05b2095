//! Sums and shifts that an address can do itself.

use super::{Change, Site};
use crate::condition::Width;
use crate::opcode::Opcode;
use crate::operand::{Address, Operand, Scale};
use crate::reg::Reg;

pub(super) fn apply(site: &Site<'_>) -> Option<Change> {
    let (place, address) = site.address()?;
    let better = add_to_base(site, &address).or_else(|| shift_of_index(site, &address))?;
    site.with_use(place, Operand::Mem(better))
}

fn with_offset(base: Reg, index: Option<(Reg, Scale)>, offset: i64) -> Option<Address> {
    let offset = i32::try_from(offset).ok()?;
    Some(match index {
        Some((index, scale)) => Address::indexed(base, index, scale, offset),
        None => Address::new(base, offset),
    })
}

/// The base is a sum, or an address itself.
fn add_to_base(site: &Site<'_>, address: &Address) -> Option<Address> {
    let definition = &site.definition(Operand::Reg(address.base))?.instr;
    let (uses, offset) = (site.function.uses(definition), i64::from(address.offset));
    match definition.opcode {
        Opcode::Add if definition.width == Width::W64 => {
            let base = uses[0].reg()?;
            match (site.constant(uses[1]), uses[1]) {
                (Some(added), _) => with_offset(base, address.index(), offset.checked_add(added)?),
                (None, Operand::Reg(index)) if address.index().is_none() && index.is_virtual() => {
                    with_offset(base, Some((index, Scale::One)), offset)
                }
                _ => None,
            }
        }
        Opcode::Sub if definition.width == Width::W64 => with_offset(uses[0].reg()?, address.index(), offset.checked_sub(site.constant(uses[1])?)?),
        Opcode::Lea => {
            let inner = uses[0].mem()?;
            let index = match (inner.index(), address.index()) {
                (Some(_), Some(_)) => return None,
                (inner, outer) => inner.or(outer),
            };
            with_offset(inner.base, index, offset + i64::from(inner.offset))
        }
        _ => None,
    }
}

fn shift_of_index(site: &Site<'_>, address: &Address) -> Option<Address> {
    let (index, scale) = address.index()?;
    let (shl, uses) = site.defined_by(Operand::Reg(index), Opcode::Shl)?;
    let count = site.constant(uses[1]).filter(|count| (0..=3).contains(count))?;
    let scale = Scale::ALL.get(usize::from(scale.shift()) + count as usize)?;
    let shifted = uses[0].reg().filter(|_| shl.width == Width::W64)?;
    Some(Address::indexed(address.base, shifted, *scale, address.offset))
}
