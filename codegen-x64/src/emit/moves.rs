//! Moves, constants, loads and stores.

use super::Emitter;
use crate::assembler::Rm;
use crate::encodings::{MOV_RM_IMM, MOV_RM_R, MOV_SIGN_EXTENDED, MOV_ZERO_EXTENDED};
use iced_x86::Code;
use lir::{Class, Instr, Opcode, Operand, Reg, Width};

impl Emitter<'_> {
    pub(super) fn moving(&mut self, instr: &Instr) {
        let (uses, width) = (self.uses(instr), instr.width);
        match instr.opcode {
            Opcode::Move | Opcode::MoveFloat => self.move_reg(self.def(instr), uses[0].reg().expect("a register is moved")),
            Opcode::LoadImm | Opcode::LoadAddress => self.load_constant(self.def(instr), uses[0]),
            Opcode::LoadFloatImm => self.load_float_constant(self.def(instr), uses[0].imm().expect("bits are an immediate") as u64),
            Opcode::Load | Opcode::ZeroExtend => self.extend_zero(self.def(instr), width, uses[0]),
            Opcode::LoadSigned | Opcode::SignExtend => {
                let (code, src) = (MOV_SIGN_EXTENDED[width as usize], self.rm(uses[0]));
                self.assembler.reg_rm_of(code, (Width::W64, self.def(instr)), (width, src));
            }
            Opcode::Store => self.store(width, uses[0], uses[1]),
            Opcode::LoadFloat => self.load_float(self.def(instr), uses[0]),
            Opcode::StoreFloat => {
                let (rm, src) = (self.rm(uses[0]), uses[1].reg().expect("a register is stored"));
                self.assembler.rm_reg(Code::Movsd_xmmm64_xmm, width, rm, src);
            }
            Opcode::Lea => self.lea(self.def(instr), uses[0]),
            Opcode::BitsToFloat => match self.rm(uses[0]) {
                Rm::Reg(src) => self.assembler.reg_rm(Code::Movq_xmm_rm64, width, self.def(instr), Rm::Reg(src)),
                Rm::Mem(_) => self.load_float(self.def(instr), uses[0]),
            },
            Opcode::FloatToBits => match self.rm(uses[0]) {
                Rm::Reg(src) => self.assembler.rm_reg(Code::Movq_rm64_xmm, width, Rm::Reg(self.def(instr)), src),
                Rm::Mem(src) => self.assembler.reg_rm(Code::Mov_r64_rm64, width, self.def(instr), Rm::Mem(src)),
            },
            _ => unreachable!("{} moves nothing", instr.opcode.name()),
        }
    }

    /// Moves between registers and slots of a class; not from slot to slot.
    pub(super) fn move_reg(&mut self, to: Reg, from: Reg) {
        if to == from {
            return;
        }
        let (to, from, float) = (self.place(to), self.place(from), to.class() == Class::Float);
        match (to, from) {
            (Rm::Reg(to), Rm::Reg(_)) if float => self.assembler.reg_rm(Code::Movaps_xmm_xmmm128, Width::W64, to, from),
            (Rm::Reg(to), Rm::Mem(_)) if float => self.assembler.reg_rm(Code::Movsd_xmm_xmmm64, Width::W64, to, from),
            (Rm::Mem(_), Rm::Reg(from)) if float => self.assembler.rm_reg(Code::Movsd_xmmm64_xmm, Width::W64, to, from),
            (Rm::Reg(to), _) => self.assembler.reg_rm(Code::Mov_r64_rm64, Width::W64, to, from),
            (Rm::Mem(_), Rm::Reg(from)) => self.assembler.rm_reg(Code::Mov_rm64_r64, Width::W64, to, from),
            (Rm::Mem(_), Rm::Mem(_)) => unreachable!("the allocator moves nothing from slot to slot"),
        }
    }

    pub(super) fn load_constant(&mut self, to: Reg, constant: Operand) {
        let value = match constant {
            Operand::Imm(value) => value as u64,
            Operand::Symbol(symbol) => self.address_of(symbol),
            Operand::Reg(_) | Operand::Mem(_) => unreachable!("this is no constant"),
        };
        self.assembler.load_imm(to, value);
    }

    fn load_float_constant(&mut self, to: Reg, bits: u64) {
        if bits == 0 {
            return self.assembler.reg_rm(Code::Xorps_xmm_xmmm128, Width::W64, to, Rm::Reg(to));
        }
        self.assembler.load_imm(Reg::SCRATCH, bits);
        self.assembler.reg_rm(Code::Movq_xmm_rm64, Width::W64, to, Rm::Reg(Reg::SCRATCH));
    }

    pub(super) fn load_float(&mut self, to: Reg, from: Operand) {
        let from = self.rm(from);
        self.assembler.reg_rm(Code::Movsd_xmm_xmmm64, Width::W64, to, from);
    }

    fn extend_zero(&mut self, to: Reg, width: Width, from: Operand) {
        let (code, from) = (MOV_ZERO_EXTENDED[width as usize], self.rm(from));
        let to_width = width.max(Width::W32);
        self.assembler.reg_rm_of(code, (to_width, to), (width, from));
    }

    fn store(&mut self, width: Width, to: Operand, from: Operand) {
        let to = self.rm(to);
        match from {
            Operand::Imm(value) => self.assembler.rm_imm(MOV_RM_IMM[width as usize], width, to, narrow(value, width)),
            _ => self.assembler.rm_reg(MOV_RM_R[width as usize], width, to, from.reg().expect("a register is stored")),
        }
    }

    fn lea(&mut self, to: Reg, from: Operand) {
        let address = from.mem().expect("an address is computed");
        let is_base = address.offset == 0 && address.index().is_none() && address.base != Reg::AREA;
        if is_base {
            return self.move_reg(to, address.base);
        }
        let from = Rm::Mem(self.memory(&address));
        self.assembler.reg_rm(Code::Lea_r64_m, Width::W64, to, from);
    }
}

/// The immediate as an instruction of the width takes it.
pub(super) fn narrow(value: i64, width: Width) -> i32 {
    match width {
        Width::W8 => i32::from(value as i8),
        Width::W16 => i32::from(value as i16),
        Width::W32 | Width::W64 => value as i32,
    }
}
