//! Arithmetic of ints, and the instructions that make flags.

use super::Emitter;
use super::moves::narrow;
use crate::assembler::Rm;
use crate::encodings::{
    ADD, AND, Alu, BT_RM_IMM8, BT_RM_R, CMP, DIV_RM, IDIV_RM, IMUL_R_RM, IMUL_R_RM_IMM, IMUL_R_RM_IMM8, IMUL_RM, MUL_RM, NEG, NOT, OR, ROL, ROR, SAR,
    SHL, SHR, SIGN_INTO_RDX, SUB, Shift, TEST_RM_IMM, TEST_RM_R, XOR,
};
use iced_x86::Code;
use lir::{Instr, Opcode, Operand, Reg, Width};

impl Emitter<'_> {
    pub(super) fn arithmetic(&mut self, instr: &Instr) {
        let (uses, width) = (self.uses(instr), instr.width);
        match instr.opcode {
            Opcode::Add => self.alu(&ADD, width, uses[0], uses[1]),
            Opcode::Sub => self.alu(&SUB, width, uses[0], uses[1]),
            Opcode::And => self.alu(&AND, width, uses[0], uses[1]),
            Opcode::Or => self.alu(&OR, width, uses[0], uses[1]),
            Opcode::Xor => self.alu(&XOR, width, uses[0], uses[1]),
            Opcode::Mul => self.mul(width, self.def(instr), uses[1]),
            Opcode::Neg => self.assembler.rm(NEG[width as usize], width, Rm::Reg(self.def(instr))),
            Opcode::Not => self.assembler.rm(NOT[width as usize], width, Rm::Reg(self.def(instr))),
            Opcode::Shl => self.shift(&SHL, instr),
            Opcode::Shr => self.shift(&SHR, instr),
            Opcode::Sar => self.shift(&SAR, instr),
            Opcode::Rol => self.shift(&ROL, instr),
            Opcode::Ror => self.shift(&ROR, instr),
            Opcode::MulWide => self.with_rax(IMUL_RM.of(width), width, uses[1]),
            Opcode::MulWideUnsigned => self.with_rax(MUL_RM.of(width), width, uses[1]),
            Opcode::Divide => {
                self.assembler.plain(SIGN_INTO_RDX.of(width));
                self.with_rax(IDIV_RM.of(width), width, uses[1]);
            }
            Opcode::DivideUnsigned => {
                self.assembler.load_imm(Reg::RDX, 0);
                self.with_rax(DIV_RM.of(width), width, uses[1]);
            }
            Opcode::AddMemory => self.alu(&ADD, width, uses[0], uses[1]),
            Opcode::SubMemory => self.alu(&SUB, width, uses[0], uses[1]),
            Opcode::AndMemory => self.alu(&AND, width, uses[0], uses[1]),
            Opcode::OrMemory => self.alu(&OR, width, uses[0], uses[1]),
            _ => unreachable!("{} is no arithmetic", instr.opcode.name()),
        }
    }

    /// The instructions that make the flags which the opcode tests. What they compute stands where it should.
    pub(super) fn make_flags(&mut self, instr: &Instr) {
        let (uses, width) = (self.uses(instr), instr.width);
        match instr.opcode {
            Opcode::CompareSet | Opcode::CompareJump | Opcode::GuardCompare => self.alu(&CMP, width, uses[0], uses[1]),
            Opcode::TestSet | Opcode::TestJump | Opcode::GuardTest => self.test(width, uses[0], uses[1]),
            Opcode::CompareSelect => self.alu(&CMP, width, uses[2], uses[3]),
            Opcode::TestSelect => self.test(width, uses[2], uses[3]),
            Opcode::BitSet | Opcode::BitJump | Opcode::GuardBit => self.bit_test(width, uses[0], uses[1]),
            Opcode::AddJump | Opcode::GuardAdd | Opcode::AddMemoryJump => self.alu(&ADD, width, uses[0], uses[1]),
            Opcode::SubJump | Opcode::GuardSub | Opcode::SubMemoryJump => self.alu(&SUB, width, uses[0], uses[1]),
            Opcode::MulJump | Opcode::GuardMul => self.mul(width, self.def(instr), uses[1]),
            Opcode::NegJump | Opcode::GuardNeg => self.assembler.rm(NEG[width as usize], width, Rm::Reg(self.def(instr))),
            _ => unreachable!("{} makes no flags", instr.opcode.name()),
        }
    }

    /// `left = left op right`. What is written in place is `left`.
    pub(super) fn alu(&mut self, alu: &Alu, width: Width, left: Operand, right: Operand) {
        let place = self.rm(left);
        match (right, place) {
            (Operand::Imm(value), _) => {
                let value = narrow(value, width);
                let code = if i8::try_from(value).is_ok() { alu.rm_imm8 } else { alu.rm_imm };
                self.assembler.rm_imm(code[width as usize], width, place, value);
            }
            (_, Rm::Reg(reg)) => {
                let right = self.rm(right);
                self.assembler.reg_rm(alu.r_rm[width as usize], width, reg, right);
            }
            (_, Rm::Mem(_)) => self.assembler.rm_reg(alu.rm_r[width as usize], width, place, right.reg().expect("one operand is in memory at most")),
        }
    }

    pub(super) fn test(&mut self, width: Width, left: Operand, right: Operand) {
        let place = self.rm(left);
        match right {
            // A mask without high bits tests the low ones.
            Operand::Imm(value @ 0..=0x7f) if matches!(place, Rm::Reg(_)) => {
                self.assembler.rm_imm(TEST_RM_IMM[0], Width::W8, place, value as i32);
            }
            Operand::Imm(value @ 0..=0x7fff_ffff) if width == Width::W64 => {
                self.assembler.rm_imm(TEST_RM_IMM[2], Width::W32, place, value as i32);
            }
            Operand::Imm(value) => self.assembler.rm_imm(TEST_RM_IMM[width as usize], width, place, narrow(value, width)),
            _ => self.assembler.rm_reg(TEST_RM_R[width as usize], width, place, right.reg().expect("a mask is a register or an immediate")),
        }
    }

    fn bit_test(&mut self, width: Width, value: Operand, bit: Operand) {
        let value = self.rm(value);
        match bit {
            Operand::Imm(bit) => self.assembler.rm_imm(BT_RM_IMM8.of(width), width, value, bit as i32 & (width.bits() as i32 - 1)),
            _ => self.assembler.rm_reg(BT_RM_R.of(width), width, value, bit.reg().expect("a bit is a register or an immediate")),
        }
    }

    fn mul(&mut self, width: Width, place: Reg, right: Operand) {
        match right {
            Operand::Imm(value) => {
                let codes = if i8::try_from(value).is_ok() { IMUL_R_RM_IMM8 } else { IMUL_R_RM_IMM };
                self.assembler.reg_rm_imm(codes.of(width), width, place, Rm::Reg(place), value as i32);
            }
            _ => {
                let right = self.rm(right);
                self.assembler.reg_rm(IMUL_R_RM.of(width), width, place, right);
            }
        }
    }

    fn with_rax(&mut self, code: Code, width: Width, right: Operand) {
        let right = self.rm(right);
        self.assembler.rm(code, width, right);
    }

    fn shift(&mut self, shift: &Shift, instr: &Instr) {
        let (uses, width, place) = (self.uses(instr), instr.width, Rm::Reg(self.def(instr)));
        match uses[1] {
            Operand::Imm(count) => self.assembler.rm_imm(shift.rm_imm8[width as usize], width, place, i32::from(count as u8 & 63)),
            _ => self.assembler.rm_cl(shift.rm_cl[width as usize], width, place),
        }
    }
}
