//! Conditions used: values, choices, jumps, guards. Switches, entries, the end.

use super::Emitter;
use super::floats::Test;
use crate::assembler::{Reach, Rm, memory};
use crate::encodings::conditional;
use iced_x86::{Code, Register};
use lir::{Block, BlockId, Condition, Instr, Reg, Width};

/// Up to this many cases are compared one by one.
const FEW_CASES: usize = 4;

/// What may follow a jump within its instruction: two more jumps.
const LAST_INSTRUCTION: u32 = 12;

/// The size of an entry of a table of jumps.
const TABLE_STEP: u32 = 8;

impl Emitter<'_> {
    pub(super) fn set(&mut self, instr: &Instr) {
        let to = self.def(instr);
        let byte = |this: &mut Self, condition: Condition, reg: Reg| {
            this.assembler.rm(conditional(condition).set, Width::W8, Rm::Reg(reg));
        };
        match self.flags(instr) {
            Test::One(condition) => byte(self, condition, to),
            Test::Both(first, second) => {
                byte(self, first, Reg::SCRATCH);
                byte(self, second, to);
                self.assembler.reg_rm(Code::And_r8_rm8, Width::W8, to, Rm::Reg(Reg::SCRATCH));
            }
            Test::Either(first, second) => {
                byte(self, first, Reg::SCRATCH);
                byte(self, second, to);
                self.assembler.reg_rm(Code::Or_r8_rm8, Width::W8, to, Rm::Reg(Reg::SCRATCH));
            }
        }
        self.assembler.reg_rm_of(Code::Movzx_r32_rm8, (Width::W32, to), (Width::W8, Rm::Reg(to)));
    }

    pub(super) fn select(&mut self, instr: &Instr) {
        self.make_flags(instr);
        let chosen = self.rm(self.uses(instr)[1]);
        self.assembler.reg_rm(conditional(instr.condition).move_if, Width::W64, self.def(instr), chosen);
    }

    pub(super) fn jump(&mut self, id: BlockId, block: &Block, instr: &Instr) {
        let test = self.flags(instr);
        let (so, not) = (block.edges[0].block, block.edges[1].block);
        let condition = match test {
            Test::One(condition) => condition,
            Test::Both(first, second) => {
                self.jump_to(id, Some(first.inverse()), not);
                second
            }
            Test::Either(first, second) => {
                self.jump_to(id, Some(first), so);
                second
            }
        };
        if self.follows(id, so) {
            self.jump_to(id, Some(condition.inverse()), not);
        } else {
            self.jump_to(id, Some(condition), so);
            self.go_to(id, not);
        }
    }

    /// Jumps from the last instruction of a block with up to two edges.
    pub(super) fn jump_to(&mut self, id: BlockId, condition: Option<Condition>, target: BlockId) {
        let reach = match target > id && self.bounds[target.index()] - self.bounds[id.index() + 1] + LAST_INSTRUCTION <= 127 {
            true => Reach::Near,
            false => Reach::Far,
        };
        self.assembler.jump_within(condition, self.blocks[target.index()], reach);
    }

    pub(super) fn guard(&mut self, instr: &Instr) {
        let test = self.flags(instr);
        let exit = self.exit(instr);
        match test {
            Test::One(condition) => self.assembler.jump_if(condition.inverse(), exit),
            Test::Both(first, second) => {
                self.assembler.jump_if(first.inverse(), exit);
                self.assembler.jump_if(second.inverse(), exit);
            }
            Test::Either(first, second) => {
                let on = self.assembler.label();
                self.assembler.jump_if(first, on);
                self.assembler.jump_if(second.inverse(), exit);
                self.assembler.bind(on);
            }
        }
    }

    fn follows(&self, id: BlockId, next: BlockId) -> bool {
        id.0 + 1 == next.0
    }

    /// Nothing, if the block comes next.
    pub(super) fn go_to(&mut self, id: BlockId, target: BlockId) {
        if !self.follows(id, target) {
            self.jump_to(id, None, target);
        }
    }

    pub(super) fn switch(&mut self, id: BlockId, block: &Block, instr: &Instr) {
        let (otherwise, cases) = block.edges.split_last().expect("a switch has an edge for all else");
        let index = self.uses(instr)[0].reg().expect("the index is in a register");
        let compare = |this: &mut Self, value: usize| {
            let code = if value > 127 { Code::Cmp_rm64_imm32 } else { Code::Cmp_rm64_imm8 };
            this.assembler.rm_imm(code, Width::W64, Rm::Reg(index), value as i32);
        };
        if cases.len() <= FEW_CASES {
            for (value, case) in cases.iter().enumerate() {
                compare(self, value);
                self.assembler.jump_if(Condition::Equal, self.blocks[case.block.index()]);
            }
            if !self.follows(id, otherwise.block) {
                self.assembler.jump(self.blocks[otherwise.block.index()]);
            }
            return;
        }
        compare(self, cases.len());
        self.assembler.jump_if(Condition::AboveEqual, self.blocks[otherwise.block.index()]);
        self.jump_by_table(cases, index);
    }

    /// A table of jumps: so there are no data between instructions.
    fn jump_by_table(&mut self, cases: &[lir::Edge], index: Reg) {
        let table = self.assembler.label();
        self.assembler.load_label(Reg::SCRATCH, table);
        let place = lir::Address::indexed(Reg::SCRATCH, index, lir::Scale::Eight, 0);
        let place = Rm::Mem(self.memory(&place));
        self.assembler.reg_rm(Code::Lea_r64_m, Width::W64, Reg::SCRATCH, place);
        self.assembler.rm(Code::Jmp_rm64, Width::W64, Rm::Reg(Reg::SCRATCH));
        self.assembler.align(TABLE_STEP);
        self.assembler.bind(table);
        for case in cases {
            self.assembler.jump_far(self.blocks[case.block.index()]);
            self.assembler.align(TABLE_STEP);
        }
    }

    /// The entries of the function. One of them falls through to the next block.
    pub(super) fn entries(&mut self, id: BlockId, block: &Block) {
        let falls_through = block.edges.iter().position(|edge| self.follows(id, edge.block));
        for (index, edge) in block.edges.iter().enumerate() {
            if Some(index) != falls_through {
                self.late_entries.push((edge.key, edge.block));
            }
        }
        if let Some(index) = falls_through {
            self.entry(block.edges[index].key);
        }
    }

    /// Saves what must be saved and makes the frame.
    pub(super) fn entry(&mut self, id: u32) {
        self.record_entry(id);
        self.assembler.reg(Code::Push_r64, Reg::FRAME_POINTER);
        self.assembler.reg_rm(Code::Mov_r64_rm64, Width::W64, Reg::FRAME_POINTER, Rm::Reg(Reg::RSP));
        for index in 0..self.code.frame.saved.len() {
            self.assembler.reg(Code::Push_r64, self.saved(index));
        }
        let rest = self.code.frame.size as i32 - 8 * self.code.frame.saved.len() as i32;
        if rest > 0 {
            let code = if rest <= 127 { Code::Sub_rm64_imm8 } else { Code::Sub_rm64_imm32 };
            self.assembler.rm_imm(code, Width::W64, Rm::Reg(Reg::RSP), rest);
        }
        self.assembler.reg_rm(Code::Mov_r64_rm64, Width::W64, Reg::VM, Rm::Reg(Reg::INT_ARGUMENTS[0]));
        self.assembler.reg_rm(Code::Mov_r64_rm64, Width::W64, Reg::FRAME, Rm::Reg(Reg::INT_ARGUMENTS[1]));
        if let Some(offset) = self.native {
            self.assembler.rm_reg(Code::Mov_rm32_r32, Width::W32, Rm::Mem(memory(Register::RBX, offset)), Reg::RSP);
        }
    }

    /// Puts constants into the registers of results; values are there.
    pub(super) fn leave(&mut self, instr: &Instr) {
        for (operand, reg) in self.uses(instr).iter().zip([Reg::RAX, Reg::RDX]) {
            if operand.reg().is_none() {
                self.load_constant(reg, *operand);
            }
        }
        self.epilogue(self.code.frame.size as usize > 8 * self.code.frame.saved.len());
    }

    /// Restores everything and returns.
    fn epilogue(&mut self, below_saved: bool) {
        let n_saved = self.code.frame.saved.len();
        if below_saved {
            let saved = Rm::Mem(memory(Register::RBP, -8 * n_saved as i32));
            self.assembler.reg_rm(Code::Lea_r64_m, Width::W64, Reg::RSP, saved);
        }
        for index in (0..n_saved).rev() {
            self.assembler.reg(Code::Pop_r64, self.saved(index));
        }
        self.assembler.reg(Code::Pop_r64, Reg::FRAME_POINTER);
        self.assembler.plain(Code::Retnq);
    }

    fn saved(&self, index: usize) -> Reg {
        Reg::machine(lir::Class::Int, self.code.frame.saved[index].0)
    }

    pub(super) fn stubs(&mut self, options: &super::Options) {
        if self.exits.is_empty() {
            return;
        }
        let shared = self.assembler.label();
        self.assembler.bind(shared);
        self.assembler.load_label(Reg::SCRATCH, self.start);
        self.assembler.reg(Code::Push_r64, Reg::SCRATCH);
        let trampoline = self.address_of(options.exit_trampoline);
        self.assembler.through_pool(Code::Call_rm64, trampoline);
        self.code.epilogue_offset = self.assembler.position();
        self.epilogue(true);
        // Behind it, so that the first stubs can jump back in two bytes.
        for index in 0..self.exits.len() {
            self.assembler.bind(self.exits[index]);
            self.assembler.push_imm(index as i32);
            self.assembler.jump(shared);
        }
    }
}
