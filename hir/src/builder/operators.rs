//! Operators, comparisons, tests for truth.

use super::{Builder, Refusal};
use crate::environment::Seen;
use crate::instr::{Condition, DoubleKind, DoubleUnaryKind, Instr, UnaryKind, Value};
use crate::types::{SIZED, Type, ty};
use bytecode::Opcode;
use bytecode::opcode::{BinaryOp, Comparison};

/// Ints up to this are exact as machine floats.
pub(super) const EXACT_IN_DOUBLE: i64 = 1 << 53;

/// What form an operator has for its operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Numbers {
    /// Tagged ints.
    Small,
    /// Ints.
    Long,
    /// Floats, or one float and a tagged int.
    Float,
    /// Each is a tagged int or a float.
    Either,
}

impl Builder<'_> {
    /// What the two operands will be, as far as that is known or was seen.
    pub(super) fn expected(&self, left: Value, right: Value) -> (Type, Type) {
        let (seen_left, seen_right) = match self.seen() {
            Seen::Operands(left, right) => (*left, *right),
            _ => (ty::Object, ty::Object),
        };
        let expect = |value: Value, seen: Type| self.ty(value).and(seen, &self.function.classes);
        if left == right {
            // One value is of one type, whatever was seen.
            let both = expect(left, seen_left.and(seen_right, &self.function.classes));
            return (both, both);
        }
        (expect(left, seen_left), expect(right, seen_right))
    }

    /// What the only operand will be.
    fn expected_operand(&self, value: Value) -> Type {
        match self.seen() {
            Seen::Operands(seen, _) => self.ty(value).and(*seen, &self.function.classes),
            _ => self.ty(value),
        }
    }

    fn numbers(left: Type, right: Type) -> Option<Numbers> {
        if left.is_bottom() || right.is_bottom() {
            // What was seen is not what will come.
            return None;
        }
        let is_float = |ty: Type| ty.fits(ty::FloatExact);
        let is_number = |ty: Type| ty.fits(ty::Number);
        if left.fits(ty::SmallInt) && right.fits(ty::SmallInt) {
            Some(Numbers::Small)
        } else if left.fits(ty::LongExact) && right.fits(ty::LongExact) {
            Some(Numbers::Long)
        } else if is_float(left) && is_number(right) || is_number(left) && is_float(right) {
            Some(Numbers::Float)
        } else if is_number(left) && is_number(right) {
            Some(Numbers::Either)
        } else {
            None
        }
    }

    /// Guards that a number is what is expected: any float where a float is, for results often leave the common range.
    fn guard_number(&mut self, value: Value, expected: Type) -> Value {
        let wanted = [ty::FloatExact, ty::SmallInt, ty::Number].into_iter().find(|wanted| expected.fits(*wanted)).unwrap_or(ty::LongExact);
        self.guard_type(value, wanted)
    }

    fn guard_numbers(&mut self, left: Value, right: Value, expected: (Type, Type)) -> (Value, Value) {
        let narrow = self.guard_number(left, expected.0);
        let right = if left == right { narrow } else { self.guard_number(right, expected.1) };
        (narrow, right)
    }

    /// The machine float of a float or a tagged int.
    pub(super) fn double(&mut self, value: Value) -> Value {
        if let Some(number) = self.ty(value).known_int() {
            return self.constant(Type::c_double(number as f64));
        }
        if self.is(value, ty::SmallInt) {
            let number = self.emit_plain(Instr::small_int_unbox(value));
            return self.emit_plain(Instr::int_to_double(number));
        }
        if !self.is(value, ty::FloatExact) {
            return self.emit_plain(Instr::number_to_double(value));
        }
        self.emit_plain(Instr::float_unbox(value))
    }

    // ---- binary -------------------------------------------------------------------------------------------------------------

    pub(super) fn binary_op(&mut self, operand: u32) -> Result<(), Refusal> {
        let op = BinaryOp::from_u32(operand).ok_or(Refusal::Malformed)?;
        let (right, left) = (self.pop(), self.pop());
        let result = if op == BinaryOp::Subscript { self.subscript(left, right) } else { self.operator(left, right, op) };
        self.push(result);
        Ok(())
    }

    fn operator(&mut self, left: Value, right: Value, op: BinaryOp) -> Value {
        let expected = self.expected(left, right);
        let plain = op.without_inplace();
        let is_possible = plain != BinaryOp::MatrixMultiply;
        let is_bitwise = matches!(plain, BinaryOp::And | BinaryOp::Or | BinaryOp::Xor | BinaryOp::LeftShift | BinaryOp::RightShift);
        // Bitwise operators on floats raise, and say which operator it was.
        let fits = |numbers: &Numbers| is_possible && (!is_bitwise || matches!(numbers, Numbers::Small | Numbers::Long));
        if let Some(numbers) = Self::numbers(expected.0, expected.1).filter(fits) {
            let (left, right) = self.guard_numbers(left, right, expected);
            return self.number_operator(left, right, plain, numbers);
        }
        let both = |wanted: Type| !expected.0.is_bottom() && !expected.1.is_bottom() && expected.0.fits(wanted) && expected.1.fits(wanted);
        if plain == BinaryOp::Add && both(ty::UnicodeExact) {
            let left = self.guard_type(left, ty::UnicodeExact);
            let right = self.guard_type(right, ty::UnicodeExact);
            return self.concatenation(left, right);
        }
        if let Some(result) = self.method_operator(left, right, op, expected) {
            return result;
        }
        self.emit(Instr::binary_op(left, right, op))
    }

    fn number_operator(&mut self, left: Value, right: Value, op: BinaryOp, numbers: Numbers) -> Value {
        match numbers {
            Numbers::Small if !matches!(op, BinaryOp::TrueDivide | BinaryOp::Power) => self.emit(Instr::small_int_binary_op(left, right, op)),
            Numbers::Small | Numbers::Long => self.emit(Instr::long_binary_op(left, right, op)),
            Numbers::Float => self.float_operator(left, right, op),
            Numbers::Either => self.mixed_operator(left, right, op),
        }
    }

    pub(super) fn float_operator(&mut self, left: Value, right: Value, op: BinaryOp) -> Value {
        let kind = match (DoubleKind::of(op), op) {
            (Some(kind), _) => kind,
            (None, BinaryOp::Power) => DoubleKind::Power,
            (None, BinaryOp::FloorDivide | BinaryOp::Remainder) if self.is(left, ty::FloatExact) && self.is(right, ty::FloatExact) => {
                return self.emit(Instr::float_binary_op(left, right, op));
            }
            // Bitwise operators raise.
            (None, _) => return self.emit(Instr::binary_op(left, right, op)),
        };
        let (left, right) = (self.double(left), self.double(right));
        if kind == DoubleKind::Divide && self.ty(right).known_double().is_none_or(|divisor| divisor == 0.0) {
            // The interpreter raises.
            let zero = self.constant(Type::c_double(0.0));
            let is_fit = self.emit_plain(Instr::primitive_compare(right, zero, Condition::NotEqual));
            self.emit(Instr::guard(is_fit));
        }
        let result = self.emit_plain(Instr::double_binary_op(left, right, kind));
        if kind == DoubleKind::Power {
            // What is not finite may be an error, or complex.
            let (zero, difference) =
                (self.constant(Type::c_double(0.0)), self.emit_plain(Instr::double_binary_op(result, result, DoubleKind::Subtract)));
            let is_finite = self.emit_plain(Instr::primitive_compare(difference, zero, Condition::Equal));
            self.emit(Instr::guard(is_finite));
        }
        self.emit_plain(Instr::float_box(result))
    }

    /// Joins strings, in place if the left one is a variable that the result goes to.
    fn concatenation(&mut self, left: Value, right: Value) -> Value {
        let next = self.at + 1;
        let goes_to_left = match self.opcode_at(next) {
            Some(Opcode::StoreFast) => {
                let held = self.vars.locals.get(self.operand_at(next) as usize).copied().flatten();
                held.is_some_and(|held| self.function.model(held) == self.function.model(left))
            }
            _ => false,
        };
        if goes_to_left { self.emit(Instr::unicode_append(left, right)) } else { self.emit(Instr::unicode_concat(left, right)) }
    }

    // ---- unary --------------------------------------------------------------------------------------------------------------

    pub(super) fn unary_negative(&mut self) {
        self.unary(UnaryKind::Negate);
    }

    pub(super) fn unary_invert(&mut self) {
        self.unary(UnaryKind::Invert);
    }

    fn unary(&mut self, op: UnaryKind) {
        let value = self.pop();
        let expected = self.expected_operand(value);
        let result = if !expected.is_bottom() && expected.fits(ty::SmallInt) {
            let value = self.guard_type(value, ty::SmallInt);
            self.emit(Instr::small_int_unary_op(value, op))
        } else if !expected.is_bottom() && expected.fits(ty::FloatExact) && op == UnaryKind::Negate {
            let value = self.guard_type(value, ty::FloatExact);
            let number = self.double(value);
            let negated = self.emit_plain(Instr::double_unary_op(number, DoubleUnaryKind::Negate));
            self.emit_plain(Instr::float_box(negated))
        } else {
            self.emit(Instr::unary_op(value, op))
        };
        self.push(result);
    }

    pub(super) fn unary_not(&mut self) {
        let value = self.pop();
        let truth = self.unboxed_bool(value);
        let opposite = self.emit_plain(Instr::bool_not(truth));
        self.push_bool(opposite);
    }

    // ---- comparisons --------------------------------------------------------------------------------------------------------

    pub(super) fn compare_op(&mut self, operand: u32) -> Result<(), Refusal> {
        let op = Comparison::from_u32(operand & 15).ok_or(Refusal::Malformed)?;
        let (right, left) = (self.pop(), self.pop());
        if let Some(result) = self.known_comparison(left, right, Condition::of(op)) {
            self.push_bool(result);
            return Ok(());
        }
        if let Some(result) = self.identity_comparison(left, right, op) {
            self.push_bool(result);
            return Ok(());
        }
        let expected = self.expected(left, right);
        if let Some(result) = self.method_comparison(left, right, op, expected) {
            if operand & 16 == 0 {
                self.push(result);
            } else {
                let truth = self.truth_of_any(result);
                self.push_bool(truth);
            }
        } else if operand & 16 != 0 {
            let result = self.emit(Instr::compare_bool(left, right, op));
            self.push_bool(result);
        } else {
            let result = self.emit(Instr::compare(left, right, op));
            self.push(result);
        }
        Ok(())
    }

    /// The machine bool of a comparison, if it is one of numbers or strings.
    fn known_comparison(&mut self, left: Value, right: Value, condition: Condition) -> Option<Value> {
        let expected = self.expected(left, right);
        let numbers = Self::numbers(expected.0, expected.1);
        if let Some(numbers) = numbers {
            let (left, right) = self.guard_numbers(left, right, expected);
            return Some(match numbers {
                Numbers::Small => self.emit_plain(Instr::small_int_compare(left, right, condition)),
                Numbers::Long => self.emit_plain(Instr::long_compare(left, right, condition)),
                Numbers::Float if Self::is_exact(expected) => {
                    let (left, right) = (self.double(left), self.double(right));
                    self.emit_plain(Instr::primitive_compare(left, right, condition))
                }
                Numbers::Float | Numbers::Either => self.mixed_comparison(left, right, condition),
            });
        }
        let are_strings =
            !expected.0.is_bottom() && !expected.1.is_bottom() && expected.0.fits(ty::UnicodeExact) && expected.1.fits(ty::UnicodeExact);
        are_strings.then(|| {
            let left = self.guard_type(left, ty::UnicodeExact);
            let right = self.guard_type(right, ty::UnicodeExact);
            self.emit_plain(Instr::unicode_compare(left, right, condition))
        })
    }

    /// Whether machine floats compare as the numbers do: ints are compared exactly, so they have to be small.
    fn is_exact(types: (Type, Type)) -> bool {
        let is_exact =
            |ty: Type| ty.fits(ty::FloatExact) || ty.known_int().is_some_and(|number| number.unsigned_abs() <= EXACT_IN_DOUBLE.unsigned_abs());
        is_exact(types.0) && is_exact(types.1)
    }

    pub(super) fn is_op(&mut self, operand: u32) {
        let (right, left) = (self.pop(), self.pop());
        let same = self.emit_plain(Instr::is(left, right));
        self.push_outcome(same, operand);
    }

    pub(super) fn contains_op(&mut self, operand: u32) {
        let (container, value) = (self.pop(), self.pop());
        let found = match self.method_contains(value, container) {
            Some(found) => found,
            None => self.emit(Instr::contains(value, container)),
        };
        self.push_outcome(found, operand);
    }

    /// Pushes a machine bool, negated if `invert` is 1.
    fn push_outcome(&mut self, outcome: Value, invert: u32) {
        let outcome = if invert == 1 { self.emit_plain(Instr::bool_not(outcome)) } else { outcome };
        self.push_bool(outcome);
    }

    // ---- truth --------------------------------------------------------------------------------------------------------------

    pub(super) fn test_truth(&mut self) {
        let value = self.pop();
        let expected = self.expected_operand(value);
        if expected.is_bottom() {
            let truth = self.emit(Instr::is_truthy(value));
            return self.push_bool(truth);
        }
        if expected.fits(ty::Bool) {
            let value = self.guard_type(value, ty::Bool);
            return self.push(value);
        }
        if expected.fits(ty::NoneType) {
            self.guard_exactly(value, ty::NoneType);
            let falsehood = self.constant(Type::bool(false));
            return self.push(falsehood);
        }
        let truth = self.truth(value, expected);
        self.push_bool(truth);
    }

    fn truth(&mut self, value: Value, expected: Type) -> Value {
        if expected.fits(ty::SmallInt) {
            let value = self.guard_type(value, ty::SmallInt);
            let zero = self.constant(Type::small_int(0));
            return self.emit_plain(Instr::small_int_compare(value, zero, Condition::NotEqual));
        }
        if expected.fits(ty::FloatExact) {
            let value = self.guard_type(value, ty::FloatExact);
            let number = self.double(value);
            let zero = self.constant(Type::c_double(0.0));
            return self.emit_plain(Instr::primitive_compare(number, zero, Condition::NotEqual));
        }
        if let Some(&exact) = SIZED.iter().find(|exact| expected.fits(**exact)) {
            let value = self.guard_exactly(value, exact);
            let length = self.emit_plain(Instr::load_length(value));
            return self.emit_plain(Instr::int_to_bool(length));
        }
        self.emit(Instr::is_truthy(value))
    }
}
