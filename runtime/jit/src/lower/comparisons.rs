//! `==` and `!=` of operands of which little is known: objects that have the equality of all objects are equal if they are the same.

use super::{Lowered, Lowering, W64, to};
use crate::helpers::Helper;
use abi::{header, tag};
use bytecode::opcode::Comparison;
use hir::{Value, ty};
use lir::{Address, BlockId, Class, Condition, Edge, Operand, Reg};
use object::raw;

impl Lowering<'_, '_> {
    /// A comparison, whose result is an object or, of `truth`, a machine bool.
    pub(super) fn compare(&mut self, value: Value, operands: [Value; 2], op: Comparison, truth: bool) -> Lowered {
        let [left, right] = operands;
        let helper = if truth { Helper::compare_truth } else { Helper::compare };
        let args = [self.operand(left), self.operand(right), Operand::Imm(op as i64)];
        let condition = match op {
            Comparison::Equal => Condition::Equal,
            Comparison::NotEqual => Condition::NotEqual,
            Comparison::Less | Comparison::LessEqual | Comparison::Greater | Comparison::GreaterEqual => {
                return if truth { self.any_compare_bool(value, left, right, op) } else { self.call_raising(value, helper, &args) };
            }
        };
        let (slow, done) = (self.cold(), self.builder.new_block());
        let result = self.builder.add_param(done, Class::Int);
        let [left_word, right_word] = operands.map(|operand| self.reg(operand));
        self.unless_plain(left, left_word, slow);
        self.unless_plain(right, right_word, slow);
        let same = self.builder.compare_set(W64, condition, left_word, right_word);
        if truth {
            self.builder.branch(Edge::new(done, vec![same]));
        } else {
            let (yes, no) = (self.builder.new_block(), self.builder.new_block());
            self.builder.test_jump(W64, Condition::NotEqual, same, same, to(yes), to(no));
            for (block, word) in [(yes, raw::TRUE), (no, raw::FALSE)] {
                self.builder.switch_to(block);
                let word = self.builder.load_imm(word as i64);
                self.builder.branch(Edge::new(done, vec![word]));
            }
        }
        self.builder.switch_to(slow);
        let answer = if truth { self.truth(value, helper, &args)? } else { self.raising(value, helper, &args)? };
        self.join(done, answer);
        self.define(value, result);
        Ok(())
    }

    /// Goes to `slow` unless a value's class has the comparisons of `object`, or it is `None`, which has them, too.
    fn unless_plain(&mut self, value: Value, word: Reg, slow: BlockId) {
        if self.ty(value).fits(ty::NoneType) {
            return;
        }
        let (heap, plain) = (self.builder.new_block(), self.builder.new_block());
        if self.ty(value).fits(ty::HeapObject) {
            self.go(heap);
        } else {
            let tagged = self.builder.new_block();
            self.builder.test_jump(W64, Condition::Equal, word, tag::IMMEDIATE_MASK as i64, to(heap), to(tagged));
            self.builder.switch_to(tagged);
            self.builder.compare_jump(W64, Condition::Equal, word, tag::NONE as i64, to(plain), to(slow));
        }
        self.builder.switch_to(heap);
        let class = self.builder.load(W64, Address::new(word, header::TYPE as i32));
        let compare = self.builder.load_imm(object::class::OBJECT.compare_word() as i64);
        self.builder.compare_jump(W64, Condition::Equal, Address::new(class, object::Type::COMPARE as i32), compare, to(plain), to(slow));
        self.builder.switch_to(plain);
    }
}
