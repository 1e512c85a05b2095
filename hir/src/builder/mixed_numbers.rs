//! Operators on numbers each of which may be a tagged int or a float: code that has met both asks, rather than leave it to the runtime.

use super::Builder;
use super::operators::EXACT_IN_DOUBLE;
use crate::instr::{Block, Condition, Instr, Value};
use crate::types::{Type, ty};
use bytecode::opcode::BinaryOp;

impl Builder<'_> {
    /// An operator on two numbers: on ints if both are, else on floats.
    pub(super) fn mixed_operator(&mut self, left: Value, right: Value, op: BinaryOp) -> Value {
        match op {
            BinaryOp::Add | BinaryOp::Subtract | BinaryOp::Multiply => self.emit(Instr::number_binary_op(left, right, op)),
            BinaryOp::TrueDivide => self.mixed_division(left, right),
            _ => self.emit(Instr::binary_op(left, right, op)),
        }
    }

    fn mixed_division(&mut self, left: Value, right: Value) -> Value {
        let is_replayable = self.is_replayable;
        let (small, other, join) = (self.new_block(), self.new_block(), self.new_block());
        self.branch_if_small(left, right, small, other);
        let (int_left, int_right) = self.refined_ints(left, right);
        let of_ints = self.emit(Instr::long_binary_op(int_left, int_right, BinaryOp::TrueDivide));
        self.branch_inside(join);
        self.is_replayable = is_replayable;
        self.continue_in(other);
        let of_floats = self.float_operator(left, right, BinaryOp::TrueDivide);
        self.branch_inside(join);
        self.continue_in(join);
        self.is_replayable = false;
        self.join(join, &[of_ints, of_floats])
    }

    /// Compares two numbers, as a machine bool. Ints that floats do not have exactly are left to the interpreter.
    pub(super) fn mixed_comparison(&mut self, left: Value, right: Value, condition: Condition) -> Value {
        let (small, other, join) = (self.new_block(), self.new_block(), self.new_block());
        let are_both_possible = self.may_be(left, ty::SmallInt) && self.may_be(right, ty::SmallInt);
        let mut results = Vec::new();
        if are_both_possible {
            self.branch_if_small(left, right, small, other);
            let (int_left, int_right) = self.refined_ints(left, right);
            results.push(self.emit_plain(Instr::small_int_compare(int_left, int_right, condition)));
            self.branch_inside(join);
        } else {
            self.function.remove_block(small);
            self.branch_inside(other);
        }
        self.continue_in(other);
        let (left, right) = (self.exact_double(left), self.exact_double(right));
        results.push(self.emit_plain(Instr::primitive_compare(left, right, condition)));
        self.branch_inside(join);
        self.continue_in(join);
        self.join(join, &results)
    }

    /// Goes on in `small`, where both are tagged ints.
    fn branch_if_small(&mut self, left: Value, right: Value, small: Block, other: Block) {
        for (index, value) in [left, right].into_iter().enumerate() {
            if self.is(value, ty::SmallInt) && index == 0 {
                continue;
            }
            let then = if index == 1 { small } else { self.new_block() };
            let int = self.type_id(ty::SmallInt);
            self.emit_terminator(Instr::cond_branch_check_type(value, then, other, int));
            self.continue_in(then);
        }
    }

    fn refined_ints(&mut self, left: Value, right: Value) -> (Value, Value) {
        let small = self.refine(left, ty::SmallInt);
        (small, if left == right { small } else { self.refine(right, ty::SmallInt) })
    }

    /// The machine float that a number is exactly.
    fn exact_double(&mut self, value: Value) -> Value {
        if self.is(value, ty::FloatExact) || self.ty(value).known_int().is_some_and(|number| number.unsigned_abs() <= EXACT_IN_DOUBLE.unsigned_abs())
        {
            return self.double(value);
        }
        if self.is(value, ty::SmallInt) {
            return self.exact_double_of_int(value);
        }
        let number = self.type_id(ty::Number);
        self.emit_plain(Instr::use_type(value, number));
        let small = self.type_id(ty::SmallInt);
        let of_int = |builder: &mut Self| {
            let number = builder.refine(value, ty::SmallInt);
            builder.exact_double_of_int(number)
        };
        let of_float = |builder: &mut Self| {
            let number = builder.refine(value, ty::FloatExact);
            builder.double(number)
        };
        self.fork(|int, float| Instr::cond_branch_check_type(value, int, float, small), of_int, of_float)
    }

    fn exact_double_of_int(&mut self, value: Value) -> Value {
        for (bound, condition) in [(EXACT_IN_DOUBLE, Condition::LessEqual), (-EXACT_IN_DOUBLE, Condition::GreaterEqual)] {
            let bound = self.constant(Type::small_int(bound));
            let is_exact = self.emit_plain(Instr::small_int_compare(value, bound, condition));
            self.emit(Instr::guard(is_exact));
        }
        self.double(value)
    }
}
