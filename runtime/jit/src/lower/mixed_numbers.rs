//! Operators on numbers each of which may be a tagged int or a float, and on values of which nothing is known, but that are often floats.

use super::{Lowered, Lowering, W64, condition, float_condition, to};
use crate::compile::Refusal;
use crate::helpers::Helper;
use abi::tag;
use bytecode::opcode::{BinaryOp, Comparison};
use hir::instr::{self, DoubleKind};
use hir::{Instr, Type, Value, ty};
use lir::{BlockId, Class, Condition, Edge, Operand, Reg};

impl Lowering<'_, '_> {
    /// The machine float of a tagged int or a float.
    pub(super) fn number_to_double(&mut self, value: Value) -> Reg {
        if self.ty(value).fits(ty::FloatExact) {
            return self.float_of(value);
        }
        let word = self.reg(value);
        if self.ty(value).fits(ty::SmallInt) {
            return self.double_of_tagged_int(word);
        }
        let (float, int, done) = (self.builder.new_block(), self.builder.new_block(), self.builder.new_block());
        let result = self.builder.add_param(done, Class::Float);
        self.builder.test_jump(W64, Condition::NotEqual, word, tag::INT as i64, to(int), to(float));
        self.builder.switch_to(int);
        let number = self.double_of_tagged_int(word);
        self.builder.branch(Edge::new(done, vec![number]));
        self.builder.switch_to(float);
        let number = self.float_of(value);
        self.join(done, number);
        result
    }

    fn double_of_tagged_int(&mut self, word: Reg) -> Reg {
        let number = self.builder.sar(W64, word, 1);
        self.builder.int_to_float(W64, number)
    }

    /// On ints if both are, else on floats. Floats in words, the likeliest, come first.
    pub(super) fn number_binary(&mut self, value: Value, left: Value, right: Value, op: BinaryOp) -> Lowered {
        let kind = DoubleKind::of(op).ok_or_else(|| Refusal::Unsupported("an operator on numbers".into()))?;
        let (floats, other, ints, mixed) = (self.builder.new_block(), self.builder.new_block(), self.builder.new_block(), self.builder.new_block());
        let (compute, done) = (self.builder.new_block(), self.builder.new_block());
        let (first, second) = (self.builder.add_param(compute, Class::Float), self.builder.add_param(compute, Class::Float));
        let result = self.builder.add_param(done, Class::Int);
        let (a, b) = (self.reg(left), self.reg(right));
        self.branch_if_tagged_floats((a, b), floats, other);
        self.builder.switch_to(floats);
        let doubles = self.untagged_floats(a, b);
        self.builder.branch(Edge::new(compute, vec![doubles.0, doubles.1]));
        self.builder.switch_to(other);
        let tags = if a == b { a } else { self.builder.and(W64, a, b) };
        self.builder.test_jump(W64, Condition::NotEqual, tags, tag::INT as i64, to(ints), to(mixed));
        self.builder.switch_to(ints);
        self.small_binary(value, left, right, op)?;
        let int = self.reg(value);
        self.builder.branch(Edge::new(done, vec![int]));
        self.builder.switch_to(mixed);
        let a = self.number_to_double(left);
        let b = if left == right { a } else { self.number_to_double(right) };
        self.builder.branch(Edge::new(compute, vec![a, b]));
        self.builder.switch_to(compute);
        let number = self.double_binary(kind, first, second);
        let boxed = self.box_float(number);
        self.join(done, boxed);
        self.define(value, result);
        Ok(())
    }

    /// An operator on any values, which asks the runtime unless both are floats in words.
    pub(super) fn any_binary(&mut self, value: Value, left: Value, right: Value, op: BinaryOp) -> Lowered {
        let args = [self.operand(left), self.operand(right), Operand::Imm(op as i64)];
        let kind = DoubleKind::of(op).filter(|_| matches!(self.function.instr(value), Instr::BinaryOp { .. }) && self.may_be_floats(left, right));
        let Some(kind) = kind else { return self.call_raising(value, Helper::binary, &args) };
        let (floats, slow, done) = (self.builder.new_block(), self.builder.new_block(), self.builder.new_block());
        let result = self.builder.add_param(done, Class::Int);
        let (a, b) = (self.reg(left), self.reg(right));
        self.branch_if_tagged_floats((a, b), floats, slow);
        self.builder.switch_to(floats);
        if kind == DoubleKind::Divide {
            let not_zero = self.builder.new_block();
            self.builder.compare_jump(W64, Condition::Equal, b, tag::FLOAT_ZERO as i64, to(slow), to(not_zero));
            self.builder.switch_to(not_zero);
        }
        let (a, b) = self.untagged_floats(a, b);
        let number = self.double_binary(kind, a, b);
        let boxed = self.box_float(number);
        self.builder.branch(Edge::new(done, vec![boxed]));
        self.builder.switch_to(slow);
        let word = self.raising(value, Helper::binary, &args)?;
        self.join(done, word);
        self.define(value, result);
        Ok(())
    }

    /// A comparison of any values, which asks the runtime unless both are tagged ints or floats in words.
    pub(super) fn any_compare_bool(&mut self, value: Value, left: Value, right: Value, op: Comparison) -> Lowered {
        let args = [self.operand(left), self.operand(right), Operand::Imm(op as i64)];
        if !self.may_be_floats(left, right) {
            return self.call_truth(value, Helper::compare_truth, &args);
        }
        let (floats, other, ints, slow) = (self.builder.new_block(), self.builder.new_block(), self.builder.new_block(), self.builder.new_block());
        let done = self.builder.new_block();
        let result = self.builder.add_param(done, Class::Int);
        let (a, b) = (self.reg(left), self.reg(right));
        let kind = instr::Condition::of(op);
        self.branch_if_tagged_floats((a, b), floats, other);
        self.builder.switch_to(floats);
        let (x, y) = self.untagged_floats(a, b);
        let holds = self.builder.float_compare_set(float_condition(kind), x, y);
        self.builder.branch(Edge::new(done, vec![holds]));
        self.builder.switch_to(other);
        let tags = self.builder.and(W64, a, b);
        self.builder.test_jump(W64, Condition::NotEqual, tags, tag::INT as i64, to(ints), to(slow));
        self.builder.switch_to(ints);
        let holds = self.builder.compare_set(W64, condition(kind, true), a, b);
        self.builder.branch(Edge::new(done, vec![holds]));
        self.builder.switch_to(slow);
        let holds = self.truth(value, Helper::compare_truth, &args)?;
        self.join(done, holds);
        self.define(value, result);
        Ok(())
    }

    fn may_be_floats(&self, left: Value, right: Value) -> bool {
        let may_be = |value: Value| {
            let known: Type = self.ty(value);
            !known.leaves().and(ty::TaggedFloat.leaves()).is_empty() && known.known_double().is_none()
        };
        may_be(left) && may_be(right)
    }

    fn branch_if_tagged_floats(&mut self, (a, b): (Reg, Reg), so: BlockId, not: BlockId) {
        // Zero in the low bits of each that has the tag.
        let first = self.builder.xor(W64, a, tag::FLOAT as i64);
        let both = if a == b {
            first
        } else {
            let second = self.builder.xor(W64, b, tag::FLOAT as i64);
            self.builder.or(W64, first, second)
        };
        self.builder.test_jump(W64, Condition::Equal, both, tag::FLOAT_MASK as i64, to(so), to(not));
    }

    fn untagged_floats(&mut self, a: Reg, b: Reg) -> (Reg, Reg) {
        let first = self.untagged_float(a);
        (first, if a == b { first } else { self.untagged_float(b) })
    }
}
