//! Reference counts.

use super::Emitter;
use crate::assembler::{Label, Reach};
use crate::encodings::{ADD, CMP, SUB};
use lir::{Address, Block, BlockId, Condition, Instr, Operand, Reg, UNLESS_NULL, UNLESS_TAGGED, Width};

impl Emitter<'_> {
    pub(super) fn incref(&mut self, instr: &Instr) {
        let done = self.assembler.label();
        let count = self.counted(instr, done);
        self.alu(&ADD, Width::W32, count, Operand::Imm(1));
        self.assembler.bind(done);
    }

    pub(super) fn decref(&mut self, id: BlockId, block: &Block, instr: &Instr) {
        let (last, otherwise) = (block.edges[0].block, block.edges[1].block);
        let done = self.assembler.label();
        let count = self.counted(instr, done);
        self.alu(&SUB, Width::W32, count, Operand::Imm(1));
        self.jump_to(id, Some(Condition::Equal), last);
        self.assembler.bind(done);
        self.go_to(id, otherwise);
    }

    /// The count of a reference; goes to `done` if there is none.
    fn counted(&mut self, instr: &Instr, done: Label) -> Operand {
        let &[word, Operand::Imm(unless)] = self.uses(instr) else { unreachable!("the opcode's row says so") };
        if unless & UNLESS_TAGGED != 0 {
            self.test(Width::W64, word, Operand::Imm(unless & UNLESS_TAGGED));
            self.assembler.jump_within(Some(Condition::NotEqual), done, Reach::Near);
        }
        if unless & UNLESS_NULL != 0 {
            self.test(Width::W64, word, word);
            self.assembler.jump_within(Some(Condition::Equal), done, Reach::Near);
        }
        let word: Reg = word.reg().expect("the opcode's row says so");
        let count = Operand::Mem(Address::new(word, 0));
        self.alu(&CMP, Width::W32, count, Operand::Imm(0));
        self.assembler.jump_within(Some(Condition::Less), done, Reach::Near);
        count
    }
}
