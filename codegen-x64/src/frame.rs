//! The stack frame of a function.
//!
//! ```text
//! [rbp+8]   return address
//! [rbp]     the caller's rbp
//! [rbp-8]   the caller's r15        (holds the Vm here)
//! [rbp-16]  the caller's rbx        (holds the frame record here)
//! …         the caller's r12, r13, r14, of those that the function uses
//! …         slots, the first one highest
//! …         the area, growing upwards
//! [rsp]     arguments of calls that do not fit into registers
//! ```

use lir::{Allocated, Class, Opcode, Operand, Place, Reg};

/// Where things are in the stack frame: offsets from `rbp`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FrameLayout {
    /// Registers by the numbers that encode them, and where the caller's values of them are.
    pub saved: Vec<(u8, i32)>,
    /// How many bytes lie between `rbp` and `rsp`.
    pub size: u32,
    pub n_slots: u32,
    /// The start of the area.
    pub area_offset: i32,
}

impl FrameLayout {
    pub(crate) fn new(allocated: &Allocated) -> FrameLayout {
        let function = &allocated.function;
        let registers = [Reg::VM, Reg::FRAME].into_iter().chain(allocated.saved.iter().copied());
        let saved: Vec<(u8, i32)> = registers.enumerate().map(|(index, reg)| (number(reg), -8 * (index as i32 + 1))).collect();
        let words = saved.len() as u32 + function.n_slots + function.area;
        let size = 8 * (words + words_for_arguments(allocated));
        FrameLayout { saved, size: size.next_multiple_of(16), n_slots: function.n_slots, area_offset: -8 * words as i32 }
    }

    /// Where a slot is.
    pub fn slot(&self, index: u32) -> i32 {
        -8 * (self.saved.len() as i32 + index as i32 + 1)
    }
}

fn number(reg: Reg) -> u8 {
    match reg.place() {
        Place::Machine(number) => number,
        Place::Virtual(_) | Place::Slot(_) | Place::Area => unreachable!("registers of the machine are saved"),
    }
}

/// How many words the calls of the function put on the stack, at most.
fn words_for_arguments(allocated: &Allocated) -> u32 {
    let function = &allocated.function;
    let calls = function.blocks.iter().flat_map(|block| &block.instrs).filter(|instr| instr.opcode == Opcode::Call);
    let on_stack = calls.map(|call| arguments(&function.uses(call)[1..]).filter(|place| matches!(place, ArgumentPlace::Stack(_))).count());
    on_stack.max().unwrap_or(0) as u32
}

/// Where the C calling convention wants an argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ArgumentPlace {
    Register(Reg),
    /// This word of the stack.
    Stack(u32),
}

/// The places of the arguments of a call, in order.
pub(crate) fn arguments(args: &[Operand]) -> impl Iterator<Item = ArgumentPlace> + '_ {
    let (mut n_ints, mut n_floats, mut n_words) = (0, 0, 0);
    args.iter().map(move |operand| {
        let register = match operand.reg().map_or(Class::Int, Reg::class) {
            Class::Int => {
                n_ints += 1;
                Reg::INT_ARGUMENTS.get(n_ints - 1).copied()
            }
            Class::Float => {
                n_floats += 1;
                (n_floats <= Reg::N_FLOAT_ARGUMENTS).then(|| Reg::machine(Class::Float, n_floats as u8 - 1))
            }
        };
        match register {
            Some(register) => ArgumentPlace::Register(register),
            None => {
                n_words += 1;
                ArgumentPlace::Stack(n_words - 1)
            }
        }
    })
}
