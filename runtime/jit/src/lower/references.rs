//! Reference counts.
//!
//! A count is touched only if the word is a pointer, as far as its type does not say so, and the object is not immortal: then the count's top bit is set,
//! which makes it negative.

use super::{Lowering, W64, to};
use crate::compile::Refusal;
use crate::helpers::Helper;
use abi::tag::IMMEDIATE_MASK;
use hir::types::Leaves;
use hir::{Instr, Value, ty};
use lir::{Address, BlockId, Condition, Operand, Reg, Width};

impl Lowering<'_, '_> {
    pub(super) fn references(&mut self, _value: Value, instr: &Instr) -> Result<bool, Refusal> {
        match *instr {
            Instr::Incref { value } | Instr::XIncref { value } => self.increment(value),
            Instr::Decref { value } | Instr::XDecref { value } => self.decrement(value),
            Instr::BatchDecref { values } => {
                for &value in self.function.pool.values(values) {
                    self.decrement(value);
                }
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Whether a value is certainly not a counted object.
    fn is_never_counted(&self, value: Value) -> bool {
        self.ty(value).leaves().and(Leaves::HEAP).is_empty() || self.ty(value).is_uncounted()
    }

    /// Goes to `done` unless the value is a pointer.
    fn skip_unless_pointer(&mut self, value: Value, reg: Reg, done: BlockId) {
        let leaves = self.ty(value).leaves();
        if !leaves.and(ty::Uncounted.leaves().or(ty::Exhausted.leaves())).is_empty() {
            let next = self.builder.new_block();
            self.builder.test_jump(W64, Condition::NotEqual, reg, IMMEDIATE_MASK as i64, to(done), to(next));
            self.builder.switch_to(next);
        }
        if self.ty(value).may_be_null() {
            let next = self.builder.new_block();
            self.builder.test_jump(W64, Condition::Equal, reg, reg, to(done), to(next));
            self.builder.switch_to(next);
        }
    }

    pub(super) fn increment(&mut self, value: Value) {
        if self.is_never_counted(value) {
            return;
        }
        let reg = self.reg(value);
        let done = self.builder.new_block();
        self.skip_unless_pointer(value, reg, done);
        self.increment_pointer(reg, done);
    }

    /// Counts a reference to a heap object, and goes on in `done`.
    pub(super) fn increment_pointer(&mut self, reg: Reg, done: BlockId) {
        let count = self.builder.new_block();
        let place = Address::new(reg, 0);
        self.builder.compare_jump(Width::W32, Condition::Less, place, 0, to(done), to(count));
        self.builder.switch_to(count);
        self.builder.add_memory(Width::W32, place, 1);
        self.go(done);
        self.builder.switch_to(done);
    }

    /// Counts a reference to any value but null.
    pub(super) fn increment_any(&mut self, word: Reg) {
        let (pointer, done) = (self.builder.new_block(), self.builder.new_block());
        self.builder.test_jump(W64, Condition::NotEqual, word, IMMEDIATE_MASK as i64, to(done), to(pointer));
        self.builder.switch_to(pointer);
        self.increment_pointer(word, done);
    }

    /// Gives a reference to any value, or null, up.
    pub(super) fn decrement_any(&mut self, word: Reg) {
        let (pointer, set, done) = (self.builder.new_block(), self.builder.new_block(), self.builder.new_block());
        self.builder.test_jump(W64, Condition::NotEqual, word, IMMEDIATE_MASK as i64, to(done), to(pointer));
        self.builder.switch_to(pointer);
        self.builder.test_jump(W64, Condition::Equal, word, word, to(done), to(set));
        self.builder.switch_to(set);
        self.decrement_pointer(word, done);
    }

    fn decrement(&mut self, value: Value) {
        if self.is_never_counted(value) {
            return;
        }
        let reg = self.reg(value);
        let done = self.builder.new_block();
        self.skip_unless_pointer(value, reg, done);
        self.decrement_pointer(reg, done);
    }

    /// Gives a reference to a heap object up, and goes on in `done`.
    fn decrement_pointer(&mut self, reg: Reg, done: BlockId) {
        let (count, last) = (self.builder.new_block(), self.cold());
        let place = Address::new(reg, 0);
        self.builder.compare_jump(Width::W32, Condition::Less, place, 0, to(done), to(count));
        self.builder.switch_to(count);
        self.builder.sub_memory_jump(Width::W32, Condition::Equal, place, 1, to(last), to(done));
        self.builder.switch_to(last);
        self.helper(Helper::release, &[Operand::Reg(reg)]);
        self.go(done);
        self.builder.switch_to(done);
    }
}
