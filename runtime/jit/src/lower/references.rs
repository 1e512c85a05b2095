//! Reference counts.
//!
//! A count is touched only if the word is a pointer, as far as its type does not say so, and the object is not immortal: then the count's top bit is set,
//! which makes it negative.

use super::{Lowering, to};
use crate::compile::Refusal;
use crate::helpers::Helper;
use hir::types::Leaves;
use hir::{Instr, Value, ty};
use lir::{Operand, Reg, UNLESS_NULL, UNLESS_TAGGED};

const _: () = assert!(UNLESS_TAGGED == abi::tag::IMMEDIATE_MASK as i64);

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

    /// When a value's word is not the address of an object, as far as its type leaves that open.
    fn unless(&self, value: Value) -> i64 {
        let may_be_tagged = !self.ty(value).leaves().and(ty::Uncounted.leaves().or(ty::Exhausted.leaves())).is_empty();
        let tagged = if may_be_tagged { UNLESS_TAGGED } else { 0 };
        if self.ty(value).may_be_null() { tagged | UNLESS_NULL } else { tagged }
    }

    pub(super) fn increment(&mut self, value: Value) {
        if !self.is_never_counted(value) {
            let (reg, unless) = (self.reg(value), self.unless(value));
            self.builder.incref(reg, unless);
        }
    }

    /// Counts a reference to a heap object.
    pub(super) fn increment_pointer(&mut self, reg: Reg) {
        self.builder.incref(reg, 0);
    }

    /// Counts a reference to any value but null.
    pub(super) fn increment_any(&mut self, word: Reg) {
        self.builder.incref(word, UNLESS_TAGGED);
    }

    /// Gives a reference to any value, or null, up.
    pub(super) fn decrement_any(&mut self, word: Reg) {
        self.decrement_word(word, UNLESS_TAGGED | UNLESS_NULL);
    }

    fn decrement(&mut self, value: Value) {
        if !self.is_never_counted(value) {
            let (reg, unless) = (self.reg(value), self.unless(value));
            self.decrement_word(reg, unless);
        }
    }

    fn decrement_word(&mut self, word: Reg, unless: i64) {
        let (done, last) = (self.builder.new_block(), self.cold());
        self.builder.decref(word, unless, to(last), to(done));
        self.builder.switch_to(last);
        self.helper(Helper::release, &[Operand::Reg(word)]);
        self.go(done);
        self.builder.switch_to(done);
    }
}
