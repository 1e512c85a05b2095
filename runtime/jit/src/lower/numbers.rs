//! Numbers: tagged and machine integers, floats, booleans.

use super::{Lowered, Lowering, W64, condition, float_condition, form_of, to, unsupported};
use crate::compile::Refusal;
use crate::deopt::Form;
use crate::helpers::Helper;
use crate::layout;
use abi::tag;
use bytecode::opcode::BinaryOp;
use hir::instr::{DoubleKind, DoubleUnaryKind, IntKind, IntUnaryKind, UnaryKind};
use hir::{Instr, Type, Value, ty};
use lir::{Address, Class, Condition, Edge, Operand, Reg, Scale, Width};

/// The bits of `True` lie so far above those of `False`.
const BOOL_SHIFT: i64 = 4;

impl Lowering<'_, '_> {
    pub(super) fn numbers(&mut self, value: Value, instr: &Instr) -> Result<bool, Refusal> {
        let result: Operand = match *instr {
            Instr::UnaryNot { value } => {
                let word = self.reg(value);
                let sum = self.builder.load_imm((tag::TRUE + tag::FALSE) as i64);
                self.builder.sub(W64, sum, word).into()
            }
            Instr::BoolNot { value } => {
                let word = self.reg(value);
                self.builder.xor(W64, word, 1).into()
            }
            Instr::BoolBox { value } => {
                let word = self.reg(value);
                let shifted = self.builder.shl(W64, word, BOOL_SHIFT);
                self.builder.add(W64, shifted, tag::FALSE as i64).into()
            }
            Instr::BoolUnbox { value } => {
                let word = self.reg(value);
                self.builder.compare_set(W64, Condition::Equal, word, tag::TRUE as i64).into()
            }
            Instr::Is { left, right } => {
                let (left, right) = (self.reg(left), self.operand(right));
                self.builder.compare_set(W64, Condition::Equal, left, right).into()
            }
            Instr::SmallIntBinaryOp { left, right, op } => {
                self.small_binary(value, left, right, op)?;
                return Ok(true);
            }
            Instr::SmallIntUnaryOp { value: operand, op } => self.small_unary(value, operand, op)?.into(),
            Instr::SmallIntCompare { left, right, op } => {
                let (left, right) = (self.reg(left), self.operand(right));
                self.builder.compare_set(W64, condition(op, true), left, right).into()
            }
            Instr::SmallIntUnbox { value } => {
                let word = self.reg(value);
                self.builder.sar(W64, word, 1).into()
            }
            Instr::SmallIntBox { value: operand } => {
                let number = self.reg(operand);
                let exit = self.exit(value, false)?;
                let doubled = self.builder.guard_add(W64, Condition::NoOverflow, number, number, exit.record());
                self.builder.add(W64, doubled, 1).into()
            }
            Instr::SmallIntBoxUnchecked { value } => {
                let number = self.reg(value);
                self.tagged(number).into()
            }
            Instr::FloatUnbox { value } => self.float_of(value).into(),
            Instr::FloatBox { value } => {
                let number = self.float_reg(value);
                self.box_float(number).into()
            }
            Instr::IntToDouble { value } => {
                let number = self.reg(value);
                self.builder.int_to_float(W64, number).into()
            }
            Instr::NumberToDouble { value } => self.number_to_double(value).into(),
            Instr::NumberBinaryOp { left, right, op } => {
                self.number_binary(value, left, right, op)?;
                return Ok(true);
            }
            Instr::FloatBinaryOp { left, right, op } => {
                self.float_binary(value, left, right, op)?;
                return Ok(true);
            }
            Instr::FloatCompare { left, right, op } => {
                let (left, right) = (self.float_of(left), self.float_of(right));
                self.builder.float_compare_set(float_condition(op), left, right).into()
            }
            Instr::DoubleBinaryOp { left, right, op } => {
                let (left, right) = (self.float_reg(left), self.float_reg(right));
                self.double_binary(op, left, right).into()
            }
            Instr::DoubleUnaryOp { value, op } => self.double_unary(op, value).into(),
            Instr::IntBinaryOp { left, right, op } => self.int_binary(left, right, op).into(),
            Instr::IntUnaryOp { value: operand, op } => {
                let number = self.reg(operand);
                let result = match op {
                    IntUnaryKind::Negate => self.builder.neg(W64, number),
                    IntUnaryKind::Invert => self.builder.not(W64, number),
                };
                self.extended(result, self.ty(operand)).into()
            }
            Instr::PrimitiveCompare { left, right, op } => self.primitive_compare(left, right, op).into(),
            Instr::PrimitiveConvert { value, ty } => {
                let target = self.function.pool.ty(ty);
                if target.fits(ty::CDouble) || self.ty(value).fits(ty::CDouble) {
                    return unsupported("conversions of machine floats");
                }
                let number = self.reg(value);
                self.extended(number, target).into()
            }
            Instr::IntToBool { value } => {
                let number = self.reg(value);
                self.builder.test_set(W64, Condition::NotEqual, number, number).into()
            }
            Instr::BitCast { value: operand, ty } => self.bit_cast(operand, self.function.pool.ty(ty)),
            Instr::PrimitiveBox { value } => self.boxed(value).into(),
            _ => return Ok(false),
        };
        self.define(value, result);
        Ok(true)
    }

    fn small_unary(&mut self, value: Value, operand: Value, op: UnaryKind) -> Result<Reg, Refusal> {
        let word = self.reg(operand);
        Ok(match op {
            UnaryKind::Negate => {
                let exit = self.exit(value, false)?;
                let two = self.builder.load_imm(2);
                self.builder.guard_sub(W64, Condition::NoOverflow, two, word, exit.record())
            }
            UnaryKind::Invert => self.builder.xor(W64, word, -2),
        })
    }

    fn primitive_compare(&mut self, left: Value, right: Value, op: hir::instr::Condition) -> Reg {
        if self.ty(left).fits(ty::CDouble) {
            let (left, right) = (self.float_reg(left), self.float_reg(right));
            return self.builder.float_compare_set(float_condition(op), left, right);
        }
        let is_signed = self.ty(left).fits(ty::CSigned);
        let (left, right) = (self.reg(left), self.operand(right));
        self.builder.compare_set(W64, condition(op, is_signed), left, right)
    }

    fn bit_cast(&mut self, operand: Value, target: Type) -> Operand {
        match [self.ty(operand), target].map(|ty| form_of(ty) == Form::Double) {
            [false, true] => {
                let bits = self.reg(operand);
                self.builder.bits_to_float(bits).into()
            }
            [true, false] => {
                let number = self.float_reg(operand);
                self.builder.float_to_bits(number).into()
            }
            _ => self.operand(operand),
        }
    }

    /// `2 * number + 1`
    pub(super) fn tagged(&mut self, number: Reg) -> Reg {
        self.builder.lea(Address::indexed(number, number, Scale::One, 1))
    }

    pub(super) fn small_binary(&mut self, value: Value, left: Value, right: Value, op: BinaryOp) -> Lowered {
        let (a, b) = (self.reg(left), self.operand(right));
        let result = match op.without_inplace() {
            BinaryOp::Add => {
                let exit = self.exit(value, false)?;
                // The sum of both words has the tag twice.
                match (self.constant(left), b) {
                    (_, Operand::Imm(word)) => self.builder.guard_add(W64, Condition::NoOverflow, a, word - 1, exit.record()),
                    (Some(word), _) => {
                        let b = self.in_register(b);
                        self.builder.guard_add(W64, Condition::NoOverflow, b, word - 1, exit.record())
                    }
                    _ => {
                        let bare = self.builder.sub(W64, a, 1);
                        self.builder.guard_add(W64, Condition::NoOverflow, bare, b, exit.record())
                    }
                }
            }
            BinaryOp::Subtract => {
                let exit = self.exit(value, false)?;
                match b {
                    Operand::Imm(word) => self.builder.guard_sub(W64, Condition::NoOverflow, a, word - 1, exit.record()),
                    _ => {
                        let b = self.in_register(b);
                        let bare = self.builder.sub(W64, b, 1);
                        self.builder.guard_sub(W64, Condition::NoOverflow, a, bare, exit.record())
                    }
                }
            }
            BinaryOp::Multiply => {
                let exit = self.exit(value, false)?;
                let bare = self.builder.sub(W64, a, 1);
                let b = self.in_register(b);
                let number = self.builder.sar(W64, b, 1);
                let product = self.builder.guard_mul(W64, Condition::NoOverflow, bare, number, exit.record());
                self.builder.add(W64, product, 1)
            }
            BinaryOp::And => self.builder.and(W64, a, b),
            BinaryOp::Or => self.builder.or(W64, a, b),
            BinaryOp::Xor => {
                let bits = self.builder.xor(W64, a, b);
                self.builder.or(W64, bits, 1)
            }
            BinaryOp::LeftShift => {
                let exit = self.exit(value, false)?;
                let b = self.in_register(b);
                let count = self.builder.sar(W64, b, 1);
                self.builder.guard_compare(W64, Condition::Below, count, 63, exit.record());
                let bare = self.builder.sub(W64, a, 1);
                let shifted = self.builder.shl(W64, bare, count);
                let back = self.builder.sar(W64, shifted, count);
                self.builder.guard_compare(W64, Condition::Equal, back, bare, exit.record());
                self.builder.add(W64, shifted, 1)
            }
            BinaryOp::RightShift => {
                let exit = self.exit(value, false)?;
                let b = self.in_register(b);
                let count = self.builder.sar(W64, b, 1);
                self.builder.guard_compare(W64, Condition::GreaterEqual, count, 0, exit.record());
                let most = self.builder.load_imm(63);
                let count = self.builder.compare_select(W64, Condition::Greater, count, most, count, 63);
                let shifted = self.builder.sar(W64, a, count);
                self.builder.or(W64, shifted, 1)
            }
            BinaryOp::FloorDivide | BinaryOp::Remainder => self.small_divide(value, a, b, op)?,
            _ => return unsupported("an operator on tagged ints"),
        };
        self.define(value, result);
        Ok(())
    }

    /// The machine rounds quotients towards zero, Python downwards.
    fn small_divide(&mut self, value: Value, a: Reg, b: Operand, op: BinaryOp) -> Result<Reg, Refusal> {
        let exit = self.exit(value, false)?;
        let b = self.in_register(b);
        self.builder.guard_compare(W64, Condition::NotEqual, b, 1, exit.record());
        let (dividend, divisor) = (self.builder.sar(W64, a, 1), self.builder.sar(W64, b, 1));
        let [quotient, remainder] = self.builder.divide(W64, dividend, divisor);
        // All ones if the remainder is not zero and has another sign than the divisor.
        let signs = self.builder.xor(W64, remainder, divisor);
        let differ = self.builder.sar(W64, signs, 63);
        let is_exact = self.builder.test_set(W64, Condition::Equal, remainder, remainder);
        let inexact = self.builder.sub(W64, is_exact, 1);
        let correction = self.builder.and(W64, differ, inexact);
        if op.without_inplace() == BinaryOp::Remainder {
            let more = self.builder.and(W64, correction, divisor);
            let remainder = self.builder.add(W64, remainder, more);
            return Ok(self.tagged(remainder));
        }
        let quotient = self.builder.add(W64, quotient, correction);
        let doubled = self.builder.guard_add(W64, Condition::NoOverflow, quotient, quotient, exit.record());
        Ok(self.builder.add(W64, doubled, 1))
    }

    fn int_binary(&mut self, left: Value, right: Value, op: IntKind) -> Reg {
        let ty = self.ty(left);
        let is_signed = ty.fits(ty::CSigned);
        let (a, b) = (self.reg(left), self.operand(right));
        let result = match op {
            IntKind::Add => self.builder.add(W64, a, b),
            IntKind::Subtract => self.builder.sub(W64, a, b),
            IntKind::Multiply => self.builder.mul(W64, a, b),
            IntKind::And => self.builder.and(W64, a, b),
            IntKind::Or => self.builder.or(W64, a, b),
            IntKind::Xor => self.builder.xor(W64, a, b),
            IntKind::LeftShift => self.builder.shl(W64, a, b),
            IntKind::RightShift if is_signed => self.builder.sar(W64, a, b),
            IntKind::RightShift => self.builder.shr(W64, a, b),
            IntKind::Divide | IntKind::Remainder => {
                let b = self.in_register(b);
                let both = if is_signed { self.builder.divide(W64, a, b) } else { self.builder.divide_unsigned(W64, a, b) };
                both[usize::from(op == IntKind::Remainder)]
            }
        };
        self.extended(result, ty)
    }

    /// The low bits of a word, as the type has them, extended to a word again.
    pub(super) fn extended(&mut self, word: Reg, ty: Type) -> Reg {
        let widths = [(ty::CInt8, ty::CUInt8, Width::W8), (ty::CInt16, ty::CUInt16, Width::W16), (ty::CInt32, ty::CUInt32, Width::W32)];
        for (signed, unsigned, width) in widths {
            if ty.fits(signed) {
                return self.builder.sign_extend(width, word);
            }
            if ty.fits(unsigned) {
                return self.builder.zero_extend(width, word);
            }
        }
        word
    }

    /// The Python value of a machine value.
    fn boxed(&mut self, value: Value) -> Reg {
        match form_of(self.ty(value)) {
            Form::Word => self.reg(value),
            Form::Double => {
                let number = self.float_reg(value);
                self.box_float(number)
            }
            Form::Bool => {
                let word = self.reg(value);
                let shifted = self.builder.shl(W64, word, BOOL_SHIFT);
                self.builder.add(W64, shifted, tag::FALSE as i64)
            }
            Form::Signed => {
                let number = self.operand(value);
                self.helper(Helper::new_int, &[number])
            }
            Form::Unsigned => {
                let number = self.operand(value);
                self.helper(Helper::new_unsigned, &[number])
            }
        }
    }

    // ---- floats

    /// A machine float in a register.
    pub(super) fn float_reg(&mut self, value: Value) -> Reg {
        match self.operand(value) {
            Operand::Reg(reg) => reg,
            Operand::Imm(bits) => self.builder.load_float_imm(f64::from_bits(bits as u64)),
            other => self.builder.move_float(other),
        }
    }

    /// The machine float of a Python float, tagged or on the heap.
    pub(super) fn float_of(&mut self, value: Value) -> Reg {
        if let Some(number) = self.ty(value).known_double() {
            return self.builder.load_float_imm(number);
        }
        let word = self.reg(value);
        if self.ty(value).fits(ty::TaggedFloat) {
            return self.untagged_float(word);
        }
        if self.ty(value).fits(ty::BoxedFloat) {
            return self.builder.load_float(Address::new(word, layout::FLOAT_VALUE));
        }
        let (tagged, heap, done) = (self.builder.new_block(), self.cold(), self.builder.new_block());
        let result = self.builder.add_param(done, Class::Float);
        self.builder.test_jump(W64, Condition::NotEqual, word, tag::FLOAT as i64, to(tagged), to(heap));
        self.builder.switch_to(tagged);
        let number = self.untagged_float(word);
        self.builder.branch(Edge::new(done, vec![number]));
        self.builder.switch_to(heap);
        let number = self.builder.load_float(Address::new(word, layout::FLOAT_VALUE));
        self.join(done, number);
        result
    }

    /// See `float_from_bits` of the object model.
    pub(super) fn untagged_float(&mut self, word: Reg) -> Reg {
        let (other, zero, done) = (self.builder.new_block(), self.cold(), self.builder.new_block());
        let result = self.builder.add_param(done, Class::Float);
        self.builder.compare_jump(W64, Condition::Equal, word, tag::FLOAT_ZERO as i64, to(zero), to(other));
        self.builder.switch_to(zero);
        let number = self.builder.load_float_imm(0.0);
        self.builder.branch(Edge::new(done, vec![number]));
        self.builder.switch_to(other);
        let rotated = self.builder.ror(W64, word, i64::from(tag::FLOAT_ROTATION));
        let bias = self.builder.load_imm(tag::FLOAT_BIAS as i64);
        let bits = self.builder.sub(W64, rotated, bias);
        let number = self.builder.bits_to_float(bits);
        self.join(done, number);
        result
    }

    /// See `float_bits` of the object model.
    pub(super) fn box_float(&mut self, number: Reg) -> Reg {
        let bits = self.builder.float_to_bits(number);
        let (common, rare, out_of_range) = (self.builder.new_block(), self.cold(), self.cold());
        let done = self.builder.new_block();
        let result = self.builder.add_param(done, Class::Int);
        let bias = self.builder.load_imm(tag::FLOAT_BIAS as i64);
        let biased = self.builder.add(W64, bits, bias);
        let word = self.builder.rol(W64, biased, i64::from(tag::FLOAT_ROTATION));
        // Zero for the tag of floats.
        let difference = self.builder.add(W64, word, tag::FLOAT as i64);
        self.builder.test_jump(W64, Condition::Equal, difference, tag::FLOAT_MASK as i64, to(common), to(rare));
        self.builder.switch_to(common);
        self.builder.compare_jump(W64, Condition::Equal, word, tag::FLOAT_ZERO as i64, to(rare), Edge::new(done, vec![word]));
        self.builder.switch_to(rare);
        let zero = self.builder.load_imm(tag::FLOAT_ZERO as i64);
        self.builder.test_jump(W64, Condition::Equal, bits, bits, Edge::new(done, vec![zero]), to(out_of_range));
        self.builder.switch_to(out_of_range);
        let boxed = self.helper(Helper::new_float, &[bits.into()]);
        self.join(done, boxed);
        result
    }

    fn double_unary(&mut self, op: DoubleUnaryKind, operand: Value) -> Reg {
        let number = self.float_reg(operand);
        match op {
            DoubleUnaryKind::Negate => self.builder.float_negate(number),
            DoubleUnaryKind::Absolute => self.builder.float_absolute(number),
            DoubleUnaryKind::SquareRoot => self.builder.float_sqrt(number),
            DoubleUnaryKind::Sine => self.float_function(Helper::sine, &[number]),
            DoubleUnaryKind::Cosine => self.float_function(Helper::cosine, &[number]),
        }
    }

    pub(super) fn double_binary(&mut self, op: DoubleKind, left: Reg, right: Reg) -> Reg {
        match op {
            DoubleKind::Add => self.builder.float_add(left, right),
            DoubleKind::Subtract => self.builder.float_sub(left, right),
            DoubleKind::Multiply => self.builder.float_mul(left, right),
            DoubleKind::Divide => self.builder.float_div(left, right),
            DoubleKind::Power => self.float_function(Helper::power, &[left, right]),
        }
    }

    /// A helper that takes and gives floats, as bits.
    fn float_function(&mut self, helper: Helper, numbers: &[Reg]) -> Reg {
        let bits: Vec<Operand> = numbers.iter().map(|number| self.builder.float_to_bits(*number).into()).collect();
        let result = self.helper(helper, &bits);
        self.builder.bits_to_float(result)
    }

    fn float_binary(&mut self, value: Value, left: Value, right: Value, op: BinaryOp) -> Lowered {
        let Some(kind) = DoubleKind::of(op).filter(|kind| *kind != DoubleKind::Divide) else {
            let args = [self.operand(left), self.operand(right), Operand::Imm(op as i64)];
            return self.call_raising(value, Helper::binary, &args);
        };
        let (left, right) = (self.float_of(left), self.float_of(right));
        let number = self.double_binary(kind, left, right);
        let boxed = self.box_float(number);
        self.define(value, boxed);
        Ok(())
    }
}
