//! Allocation of registers, by `regalloc2`.
//!
//! Steps: blocks are ordered (`layout`), constants made where they are used (`constants`), the function shown to `regalloc2`
//! (`adapter`), its answer written into the operands and its moves between the instructions (`rewrite`), calls in cold blocks written out (`cold_calls`),
//! empty blocks removed. In debug
//! builds `regalloc2`'s checker proves every answer.

mod adapter;
mod cold_calls;
mod machine;
mod rewrite;

use crate::constants;
use crate::function::Function;
use crate::layout;
use crate::peephole;
use crate::reg::{Place, Reg};
use adapter::Adapter;
use std::fmt;

/// A function whose values are in registers and slots. Its blocks are in the order of the code to be.
#[derive(Clone, Debug)]
pub struct Allocated {
    pub function: Function,
    /// The registers it must save beside the pinned ones, in order.
    pub saved: Vec<Reg>,
}

/// Why there is no allocation: a flaw of the function, or of the allocator.
#[derive(Clone, Debug)]
pub struct AllocationError(String);

/// Where values may be that a safepoint records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SafepointValues {
    /// In slots, or in registers that the called function saves somewhere.
    #[default]
    Anywhere,
    /// In slots, where whoever knows the stack frame finds them.
    OnStack,
}

/// Allocates registers of one function after the other; keeps its memory between them.
pub struct Allocator {
    machine: regalloc2::MachineEnv,
    context: regalloc2::Ctx,
    pub safepoint_values: SafepointValues,
}

impl Default for Allocator {
    fn default() -> Self {
        Allocator::new()
    }
}

impl Allocator {
    pub fn new() -> Allocator {
        Allocator { machine: machine::environment(), context: regalloc2::Ctx::default(), safepoint_values: SafepointValues::default() }
    }

    /// Allocates registers of a function that satisfies `verify`.
    pub fn allocate(&mut self, mut function: Function) -> Result<Allocated, AllocationError> {
        layout::order_blocks(&mut function);
        constants::rematerialise(&mut function);
        let adapter = Adapter::new(&function);
        let options = regalloc2::RegallocOptions { verbose_log: false, validate_ssa: cfg!(debug_assertions), algorithm: regalloc2::Algorithm::Ion };
        regalloc2::run_with_ctx(&adapter, &self.machine, &options, &mut self.context).map_err(|error| AllocationError(error.to_string()))?;
        let output = &self.context.output;
        if cfg!(debug_assertions) {
            let mut checker = regalloc2::checker::Checker::new(&adapter, &self.machine);
            checker.prepare(output);
            checker.run().map_err(|errors| AllocationError(format!("{errors:?}")))?;
        }
        rewrite::rewrite(&mut function, output);
        cold_calls::expand(&mut function, self.safepoint_values);
        layout::finish(&mut function);
        peephole::improve_allocated(&mut function);
        Ok(Allocated::new(function))
    }
}

impl Allocated {
    /// Takes a function whose operands are registers of the machine and slots.
    pub fn new(function: Function) -> Allocated {
        let mut used = 0u16;
        let mut visit = |reg: Reg| {
            if let (Place::Machine(number), crate::Class::Int) = (reg.place(), reg.class()) {
                used |= 1 << number;
            }
        };
        for instr in function.blocks.iter().flat_map(|block| &block.instrs) {
            function.operands(instr).iter().for_each(|operand| operand.for_each_reg(&mut visit));
        }
        let is_used = |reg: &Reg| matches!(reg.place(), Place::Machine(number) if used & 1 << number != 0);
        let saved = Reg::CALLEE_SAVED.into_iter().filter(is_used).collect();
        Allocated { function, saved }
    }
}

impl fmt::Display for Allocated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.function.fmt(f)
    }
}

impl fmt::Display for AllocationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for AllocationError {}
