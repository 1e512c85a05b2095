//! Calls by the C calling convention, and returns.

use super::Emitter;
use crate::assembler::{Rm, memory};
use crate::frame::{ArgumentPlace, arguments};
use iced_x86::{Code, Register};
use lir::{Class, Instr, Operand, Reg, Width};

impl Emitter<'_> {
    /// The allocator has put values into the registers of their arguments. Constants, and what goes on the stack, are put there here: first the
    /// stack, while all registers are as they were, then the target, then constants.
    pub(super) fn call(&mut self, instr: &Instr) {
        let (target, args) = self.uses(instr).split_first().expect("a call has a target");
        for (operand, place) in args.iter().zip(arguments(args)) {
            if let ArgumentPlace::Stack(word) = place {
                self.store_argument(*operand, 8 * word as i32);
            }
        }
        let constants = || args.iter().zip(arguments(args)).filter(|(operand, _)| operand.reg().is_none_or(Reg::is_pinned));
        let mut target = *target;
        let mut overwritten = false;
        target.for_each_reg(&mut |reg| overwritten |= constants().any(|(_, place)| place == ArgumentPlace::Register(reg)));
        if overwritten {
            let from = self.rm(target);
            self.assembler.reg_rm(Code::Mov_r64_rm64, Width::W64, Reg::SCRATCH, from);
            target = Operand::Reg(Reg::SCRATCH);
        }
        for (operand, place) in constants() {
            let ArgumentPlace::Register(to) = place else { continue };
            match operand {
                Operand::Reg(pinned) => self.move_reg(to, *pinned),
                _ => self.load_constant(to, *operand),
            }
        }
        self.call_target(target);
        self.safepoint(instr);
    }

    fn call_target(&mut self, target: Operand) {
        match target {
            Operand::Symbol(symbol) => {
                let address = self.address_of(symbol);
                self.assembler.through_pool(Code::Call_rm64, address);
            }
            _ => {
                let target = self.rm(target);
                self.assembler.rm(Code::Call_rm64, Width::W64, target);
            }
        }
    }

    fn store_argument(&mut self, operand: Operand, offset: i32) {
        let to = Rm::Mem(memory(Register::RSP, offset));
        match operand {
            Operand::Imm(value) if i32::try_from(value).is_ok() => self.assembler.rm_imm(Code::Mov_rm64_imm32, Width::W64, to, value as i32),
            Operand::Imm(_) | Operand::Symbol(_) => {
                self.load_constant(Reg::SCRATCH, operand);
                self.assembler.rm_reg(Code::Mov_rm64_r64, Width::W64, to, Reg::SCRATCH);
            }
            Operand::Reg(reg) => match (self.place(reg), reg.class()) {
                (Rm::Reg(from), Class::Int) => self.assembler.rm_reg(Code::Mov_rm64_r64, Width::W64, to, from),
                (Rm::Reg(from), Class::Float) => self.assembler.rm_reg(Code::Movsd_xmmm64_xmm, Width::W64, to, from),
                (from @ Rm::Mem(_), _) => {
                    self.assembler.reg_rm(Code::Mov_r64_rm64, Width::W64, Reg::SCRATCH, from);
                    self.assembler.rm_reg(Code::Mov_rm64_r64, Width::W64, to, Reg::SCRATCH);
                }
            },
            Operand::Mem(_) => unreachable!("no argument is in memory"),
        }
    }
}
