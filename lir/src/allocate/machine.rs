//! The registers of x86-64, for the allocator: which it may use, which a call destroys.

use crate::reg::{Class, Place, Reg};
use regalloc2::{MachineEnv, PReg, PRegSet, RegClass};

/// Integer registers that a call destroys and that values may be in.
const CALLER_SAVED: [u8; 8] = [0, 1, 2, 6, 7, 8, 9, 10];

const N_FLOATS: u8 = 15;

pub(super) fn environment() -> MachineEnv {
    let caller_saved = CALLER_SAVED.into_iter().map(|number| PReg::new(usize::from(number), RegClass::Int)).collect();
    let callee_saved = Reg::CALLEE_SAVED.into_iter().map(to_preg).collect();
    let floats = (0..N_FLOATS).map(|number| PReg::new(usize::from(number), RegClass::Float)).collect();
    MachineEnv {
        preferred_regs_by_class: [caller_saved, floats, PRegSet::empty()],
        non_preferred_regs_by_class: [callee_saved, PRegSet::empty(), PRegSet::empty()],
        scratch_by_class: [Some(to_preg(Reg::SCRATCH)), Some(to_preg(Reg::FLOAT_SCRATCH)), None],
        fixed_stack_slots: Vec::new(),
    }
}

/// What a call destroys, but for the registers of its results.
pub(super) fn clobbers_of_call(results: impl Iterator<Item = PReg>) -> PRegSet {
    let ints = CALLER_SAVED.into_iter().map(|number| PReg::new(usize::from(number), RegClass::Int));
    let floats = (0..N_FLOATS).map(|number| PReg::new(usize::from(number), RegClass::Float));
    let mut clobbers: PRegSet = ints.chain(floats).collect();
    results.for_each(|result| clobbers.remove(result));
    clobbers
}

/// Whether a call may change the register, of those that values are in.
pub(super) fn is_destroyed_by_calls(reg: Reg) -> bool {
    match (reg.place(), reg.class()) {
        (Place::Machine(number), Class::Int) => CALLER_SAVED.contains(&number),
        (Place::Machine(number), Class::Float) => number < N_FLOATS,
        (Place::Virtual(_) | Place::Slot(_) | Place::Area, _) => false,
    }
}

pub(super) fn to_class(class: Class) -> RegClass {
    match class {
        Class::Int => RegClass::Int,
        Class::Float => RegClass::Float,
    }
}

pub(super) fn to_preg(reg: Reg) -> PReg {
    match reg.place() {
        Place::Machine(number) => PReg::new(usize::from(number), to_class(reg.class())),
        Place::Virtual(_) | Place::Slot(_) | Place::Area => panic!("{reg} is not a register of the machine"),
    }
}

pub(super) fn from_allocation(allocation: regalloc2::Allocation, class: Class) -> Reg {
    match (allocation.as_reg(), allocation.as_stack()) {
        (Some(preg), _) => Reg::machine(if preg.class() == RegClass::Float { Class::Float } else { Class::Int }, preg.hw_enc() as u8),
        (None, Some(slot)) => Reg::slot(class, slot.index() as u32),
        (None, None) => panic!("every operand has an allocation"),
    }
}
