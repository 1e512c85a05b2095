//! Fast paths of operators on ints and floats held in words, and appending to strings in place.

use bytecode::opcode::{BinaryOp, Comparison};
use bytecode::{Instr, Opcode};
use object::str::{STR, Str};
use object::{Object, PyResult, Ref, Vm};

const ADD: u32 = BinaryOp::Add as u32;
const SUBTRACT: u32 = BinaryOp::Subtract as u32;
const MULTIPLY: u32 = BinaryOp::Multiply as u32;
const TRUE_DIVIDE: u32 = BinaryOp::TrueDivide as u32;
const FLOOR_DIVIDE: u32 = BinaryOp::FloorDivide as u32;
const REMAINDER: u32 = BinaryOp::Remainder as u32;
const AND: u32 = BinaryOp::And as u32;
const OR: u32 = BinaryOp::Or as u32;
const XOR: u32 = BinaryOp::Xor as u32;
const INPLACE_ADD: u32 = BinaryOp::InplaceAdd as u32;
const INPLACE_SUBTRACT: u32 = BinaryOp::InplaceSubtract as u32;
const INPLACE_MULTIPLY: u32 = BinaryOp::InplaceMultiply as u32;
const INPLACE_TRUE_DIVIDE: u32 = BinaryOp::InplaceTrueDivide as u32;
const INPLACE_FLOOR_DIVIDE: u32 = BinaryOp::InplaceFloorDivide as u32;
const INPLACE_REMAINDER: u32 = BinaryOp::InplaceRemainder as u32;
const INPLACE_AND: u32 = BinaryOp::InplaceAnd as u32;
const INPLACE_OR: u32 = BinaryOp::InplaceOr as u32;
const INPLACE_XOR: u32 = BinaryOp::InplaceXor as u32;
const POWER: u32 = BinaryOp::Power as u32;
const INPLACE_POWER: u32 = BinaryOp::InplacePower as u32;
const LEFT_SHIFT: u32 = BinaryOp::LeftShift as u32;
const INPLACE_LEFT_SHIFT: u32 = BinaryOp::InplaceLeftShift as u32;
const RIGHT_SHIFT: u32 = BinaryOp::RightShift as u32;
const INPLACE_RIGHT_SHIFT: u32 = BinaryOp::InplaceRightShift as u32;
const SUBSCRIPT: u32 = BinaryOp::Subscript as u32;

/// The result of an operator, where both operands are ints or floats in words and the result is easy.
#[inline(always)]
pub(crate) fn fast(vm: &mut Vm, op: u32, left: Ref<'_>, right: Ref<'_>) -> Option<Object> {
    if let (Some(a), Some(b)) = (left.as_small_int(), right.as_small_int()) {
        return match op {
            // Sums and differences of 63-bit ints fit 64 bits.
            ADD | INPLACE_ADD => Some(vm.new_int(a + b)),
            SUBTRACT | INPLACE_SUBTRACT => Some(vm.new_int(a - b)),
            MULTIPLY | INPLACE_MULTIPLY => a.checked_mul(b).map(|product| vm.new_int(product)),
            AND | INPLACE_AND => Some(Object::small_int(a & b)),
            OR | INPLACE_OR => Some(Object::small_int(a | b)),
            XOR | INPLACE_XOR => Some(Object::small_int(a ^ b)),
            FLOOR_DIVIDE | INPLACE_FLOOR_DIVIDE if b > 0 => Some(Object::small_int(a / b - i64::from(a % b < 0))),
            REMAINDER | INPLACE_REMAINDER if b > 0 => Some(Object::small_int(a % b + if a % b < 0 { b } else { 0 })),
            LEFT_SHIFT | INPLACE_LEFT_SHIFT if (0..62).contains(&b) && a.unsigned_abs().leading_zeros() > b as u32 + 2 => {
                Some(Object::small_int(a << b))
            }
            RIGHT_SHIFT | INPLACE_RIGHT_SHIFT if b >= 0 => Some(Object::small_int(a >> b.min(63))),
            POWER | INPLACE_POWER if (0..64).contains(&b) => a.checked_pow(b as u32).map(|power| vm.new_int(power)),
            TRUE_DIVIDE | INPLACE_TRUE_DIVIDE if b != 0 => Some(vm.new_float(number(left)? / number(right)?)),
            _ => None,
        };
    }
    if op == SUBSCRIPT {
        return subscript(vm, left, right);
    }
    let (a, b) = (number(left)?, number(right)?);
    let result = match op {
        ADD | INPLACE_ADD => a + b,
        SUBTRACT | INPLACE_SUBTRACT => a - b,
        MULTIPLY | INPLACE_MULTIPLY => a * b,
        TRUE_DIVIDE | INPLACE_TRUE_DIVIDE if b != 0.0 => a / b,
        // Other bases and results have rules and errors of their own.
        POWER | INPLACE_POWER if a > 0.0 && a.is_finite() && b.is_finite() => Some(a.powf(b)).filter(|power| power.is_finite())?,
        _ => return None,
    };
    Some(vm.new_float(result))
}

/// A float in a word, or an int that a float holds exactly.
#[inline(always)]
fn number(value: Ref<'_>) -> Option<f64> {
    match value.as_small_float() {
        Some(value) => Some(value),
        None => match value.as_small_int() {
            Some(value) if value.unsigned_abs() <= 1 << 53 => Some(value as f64),
            Some(_) => None,
            None if value.is_exactly(&object::float::FLOAT) => object::float::value(value),
            None => None,
        },
    }
}

/// `list[int]` and `tuple[int]` in range.
#[inline(always)]
fn subscript(vm: &mut Vm, container: Ref<'_>, key: Ref<'_>) -> Option<Object> {
    let index = key.as_small_int()?;
    if let Some(list) = container.downcast_exact::<object::list::List>() {
        let items = list.items(vm);
        let index = if index < 0 { index + items.len() as i64 } else { index };
        return usize::try_from(index).ok().and_then(|index| items.get(index).cloned());
    }
    let tuple = container.downcast_exact::<object::tuple::Tuple>()?;
    let index = if index < 0 { index + tuple.len() as i64 } else { index };
    usize::try_from(index).ok().and_then(|index| tuple.items().get(index).copied()).map(Ref::to_owned)
}

/// What `op` says of two values that can be ordered by the machine.
#[inline(always)]
fn holds<T: PartialOrd>(op: u32, a: T, b: T) -> bool {
    const LESS: u32 = Comparison::Less as u32;
    const LESS_EQUAL: u32 = Comparison::LessEqual as u32;
    const EQUAL: u32 = Comparison::Equal as u32;
    const NOT_EQUAL: u32 = Comparison::NotEqual as u32;
    const GREATER: u32 = Comparison::Greater as u32;
    match op {
        LESS => a < b,
        LESS_EQUAL => a <= b,
        EQUAL => a == b,
        NOT_EQUAL => a != b,
        GREATER => a > b,
        _ => a >= b,
    }
}

/// A comparison of ints or floats in words, or of strings for equality.
#[inline(always)]
pub(crate) fn fast_compare(op: u32, left: Ref<'_>, right: Ref<'_>) -> Option<bool> {
    if let (Some(a), Some(b)) = (left.as_small_int(), right.as_small_int()) {
        return Some(holds(op, a, b));
    }
    if (op == Comparison::Equal as u32 || op == Comparison::NotEqual as u32) && left.is_exactly(&STR) && right.is_exactly(&STR) {
        // SAFETY: the types were just compared.
        let same = left.is(right) || unsafe { left.downcast_unchecked::<Str>().get() == right.downcast_unchecked::<Str>().get() };
        return Some(same == (op == Comparison::Equal as u32));
    }
    let (a, b) = (number(left)?, number(right)?);
    Some(holds(op, a, b))
}

/// Whether `left += right` can grow the string in place.
pub(crate) fn is_append(left: Ref<'_>, right: Ref<'_>) -> bool {
    left.is_exactly(&STR) && right.is_exactly(&STR)
}

/// `left += right` of the two strings on top of the stack. If the next instruction stores the
/// result where the left operand came from, that reference is given up first, so that the string
/// is found to be unshared.
///
/// # Safety
///
/// Two exact strings are on top of the stack; `next` is the next instruction.
pub(crate) unsafe fn append(vm: &mut Vm, sp: *mut u64, next: *const Instr, locals: *mut u64) -> PyResult {
    // SAFETY: the caller's promise.
    let size = unsafe { [1, 2].map(|place| Ref::from_bits(*sp.sub(place)).downcast::<Str>().map_or(0, |text| text.len() * 4)) };
    if size[0] + size[1] > 1 << 24 {
        vm.check_room(size[0] + size[1])?;
    }
    // SAFETY: the caller's promise; the left operand's place on the stack is filled with `None`
    // while it is being changed.
    unsafe {
        if (*next).opcode() == Some(Opcode::StoreFast) {
            let local = locals.add((*next).arg() as usize);
            if *local == *sp.sub(2) {
                drop(crate::frame::take(local));
            }
        }
        let left = Object::from_raw(std::mem::replace(&mut *sp.sub(2), Object::none().into_raw())).expect("an operand is never null");
        debug_assert!(left.borrow().downcast::<Str>().is_some());
        Ok(vm.str_append(left, Ref::from_bits(*sp.sub(1))))
    }
}
