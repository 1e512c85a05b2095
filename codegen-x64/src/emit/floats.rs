//! Arithmetic of floats, and their comparison.

use super::Emitter;
use crate::assembler::Rm;
use crate::encodings::{CVTSI2SD, CVTTSD2SI};
use iced_x86::Code;
use lir::{Condition, Instr, Opcode, Operand, Reg, Width};

/// The flags that mean that a condition holds.
#[derive(Clone, Copy, Debug)]
pub(super) enum Test {
    One(Condition),
    Both(Condition, Condition),
    Either(Condition, Condition),
}

const SIGN: u64 = 1 << 63;

impl Emitter<'_> {
    pub(super) fn float(&mut self, instr: &Instr) {
        let (uses, width, to) = (self.uses(instr), instr.width, self.def(instr));
        match instr.opcode {
            Opcode::FloatAdd => self.sse(Code::Addsd_xmm_xmmm64, to, uses[1]),
            Opcode::FloatSub => self.sse(Code::Subsd_xmm_xmmm64, to, uses[1]),
            Opcode::FloatMul => self.sse(Code::Mulsd_xmm_xmmm64, to, uses[1]),
            Opcode::FloatDiv => self.sse(Code::Divsd_xmm_xmmm64, to, uses[1]),
            Opcode::FloatSqrt => self.sse(Code::Sqrtsd_xmm_xmmm64, to, uses[0]),
            Opcode::FloatNegate => self.with_bits(Code::Xorpd_xmm_xmmm128, to, SIGN),
            Opcode::FloatAbsolute => self.with_bits(Code::Andpd_xmm_xmmm128, to, !SIGN),
            Opcode::IntToFloat => {
                // The machine keeps the upper half and so would wait for whatever wrote the register last.
                self.assembler.reg_rm(Code::Xorps_xmm_xmmm128, Width::W64, to, Rm::Reg(to));
                let src = self.rm(uses[0]);
                self.assembler.reg_rm(CVTSI2SD.of(width), width, to, src);
            }
            Opcode::FloatToInt => {
                let src = self.rm(uses[0]);
                self.assembler.reg_rm(CVTTSD2SI.of(width), width, to, src);
            }
            _ => unreachable!("{} is no arithmetic of floats", instr.opcode.name()),
        }
    }

    fn sse(&mut self, code: Code, to: Reg, right: Operand) {
        let right = self.rm(right);
        self.assembler.reg_rm(code, Width::W64, to, right);
    }

    fn with_bits(&mut self, code: Code, to: Reg, bits: u64) {
        self.assembler.load_imm(Reg::SCRATCH, bits);
        self.assembler.reg_rm(Code::Movq_xmm_rm64, Width::W64, Reg::FLOAT_SCRATCH, Rm::Reg(Reg::SCRATCH));
        self.assembler.reg_rm(code, Width::W64, to, Rm::Reg(Reg::FLOAT_SCRATCH));
    }

    /// Makes flags and says which of them mean that the instruction's condition holds.
    pub(super) fn flags(&mut self, instr: &Instr) -> Test {
        if !instr.condition.is_float() {
            self.make_flags(instr);
            return Test::One(instr.condition);
        }
        let (test, swapped) = float_test(instr.condition);
        let uses = self.uses(instr);
        let left = uses[0].reg().expect("the left float is in a register");
        match (swapped, self.rm(uses[1])) {
            (false, right) => self.compare_floats(left, right),
            (true, Rm::Reg(right)) => self.compare_floats(right, Rm::Reg(left)),
            (true, Rm::Mem(_)) => {
                self.load_float(Reg::FLOAT_SCRATCH, uses[1]);
                self.compare_floats(Reg::FLOAT_SCRATCH, Rm::Reg(left));
            }
        }
        test
    }

    fn compare_floats(&mut self, left: Reg, right: Rm) {
        self.assembler.reg_rm(Code::Ucomisd_xmm_xmmm64, Width::W64, left, right);
    }
}

/// The test of `ucomisd left, right`, and whether the operands must be swapped: `ucomisd` sets the flags of "below" and of
/// "equal" when a float is not a number, so only "above" is true of numbers alone.
fn float_test(condition: Condition) -> (Test, bool) {
    use Condition::*;
    match condition {
        FloatEqual => (Test::Both(NoParity, Equal), false),
        FloatNotEqual => (Test::Either(Parity, NotEqual), false),
        FloatLess => (Test::One(Above), true),
        FloatNotLess => (Test::One(BelowEqual), true),
        FloatLessEqual => (Test::One(AboveEqual), true),
        FloatNotLessEqual => (Test::One(Below), true),
        FloatGreater => (Test::One(Above), false),
        FloatNotGreater => (Test::One(BelowEqual), false),
        FloatGreaterEqual => (Test::One(AboveEqual), false),
        FloatNotGreaterEqual => (Test::One(Below), false),
        FloatOrdered => (Test::One(NoParity), false),
        FloatUnordered => (Test::One(Parity), false),
        _ => (Test::One(condition), false),
    }
}
