//! Operators and comparisons on ints and floats.

use super::slices;
use crate::eval::arithmetic;
use crate::frame::Frame;
use crate::shadow::dispatch::{
    Exit, arg, drop_both_and_go, drop_both_and_go_by_truth, drop_two_and_go, fall_through, go, go_by_truth, handler, misfit, target,
};
use crate::shadow::opcode::HANDLERS;
use builtins::slice::SLICE;
use bytecode::opcode::{BinaryOp, Comparison};
use bytecode::{Instr, Opcode};
use object::raw;
use object::{Object, Ref, Vm};

macro_rules! int_operator {
    ($name:ident, $operation:path) => {
        handler!($name(vm ip sp frame word fuel) {
            let (left, right) = (*sp.sub(2), *sp.sub(1));
            if raw::are_ints(left, right)
                && let Some(result) = $operation(left, right)
            {
                *sp.sub(2) = result;
                go!(vm, ip.add(1), sp.sub(1), frame, fuel);
            }
            return misfit(vm, ip, sp, frame, word, fuel);
        });
    };
}

int_operator!(add_int, raw::add_ints);
int_operator!(subtract_int, raw::subtract_ints);
int_operator!(multiply_int, raw::multiply_ints);

/// `&`, `|` or `^` by the operand, `None` for other operators.
#[inline(always)]
fn bitwise(op: u32, left: u64, right: u64) -> Option<u64> {
    const AND: u32 = BinaryOp::And as u32;
    const OR: u32 = BinaryOp::Or as u32;
    const XOR: u32 = BinaryOp::Xor as u32;
    const INPLACE_AND: u32 = BinaryOp::InplaceAnd as u32;
    const INPLACE_OR: u32 = BinaryOp::InplaceOr as u32;
    const INPLACE_XOR: u32 = BinaryOp::InplaceXor as u32;
    match op {
        AND | INPLACE_AND => Some(left & right),
        OR | INPLACE_OR => Some(left | right),
        XOR | INPLACE_XOR => Some(left ^ right | 1),
        _ => None,
    }
}

handler!(bitwise_int(vm ip sp frame word fuel) {
    let (left, right) = (*sp.sub(2), *sp.sub(1));
    if raw::are_ints(left, right)
        && let Some(result) = bitwise(arg(word) as u32, left, right)
    {
        *sp.sub(2) = result;
        go!(vm, ip.add(1), sp.sub(1), frame, fuel);
    }
    return misfit(vm, ip, sp, frame, word, fuel);
});

macro_rules! float_operator {
    ($name:ident, $operator:tt) => {
        handler!($name(vm ip sp frame word fuel) {
            let (left, right) = (Ref::from_bits(*sp.sub(2)), Ref::from_bits(*sp.sub(1)));
            if let (Some(left), Some(right)) = (left.as_small_float(), right.as_small_float())
                && let Some(result) = Object::from_small_float(left $operator right)
            {
                *sp.sub(2) = result.into_raw();
                go!(vm, ip.add(1), sp.sub(1), frame, fuel);
            }
            return misfit(vm, ip, sp, frame, word, fuel);
        });
    };
}

float_operator!(add_float, +);
float_operator!(subtract_float, -);
float_operator!(multiply_float, *);

handler!(
    /// Numbers of any kind; everything else is the loop's.
    binary_general(vm ip sp frame word fuel) {
        let (left, right) = (Ref::from_bits(*sp.sub(2)), Ref::from_bits(*sp.sub(1)));
        let Some(result) = arithmetic::fast(&mut *vm, arg(word) as u32, left, right) else {
            return binary_native(vm, ip, sp, frame, word, fuel);
        };
        *sp.sub(2) = result.into_raw();
        drop_both_and_go!(vm, ip, sp.sub(1), frame, word, left.bits(), right.bits(), fuel);
    }
);

handler!(
    /// Anything but items that a Python method gives, whose frame is the loop's to make.
    #[inline(never)]
    binary_native(vm ip sp frame word fuel) {
        if arg(word) == BinaryOp::Subscript as usize && raw::class_address(*sp.sub(1)) == std::ptr::from_ref(&SLICE).addr() {
            let (left, right) = (*sp.sub(2), *sp.sub(1));
            let result = slices::item_by_slice(vm, left, right);
            if result != 0 {
                *sp.sub(2) = result;
                drop_both_and_go!(vm, ip, sp.sub(1), frame, word, left, right, fuel);
            }
        }
        if arg(word) == BinaryOp::Subscript as usize && Ref::from_bits(*sp.sub(2)).class().is_heap_type() {
            return Exit::miss(ip, sp);
        }
        (*frame).ip = ip;
        let result = operate(vm, ip, sp, frame, arg(word) as u32);
        if result == 0 {
            return Exit::raised(ip, sp);
        }
        let left = std::mem::replace(&mut *sp.sub(2), result);
        let sp = sp.sub(1);
        *sp.add(1) = *sp;
        *sp = left;
        return drop_two_and_go(vm, ip, sp, frame, word, fuel);
    }
);

/// The result of an operator on the two values on top of the stack, which stay; 0 if it raised.
///
/// # Safety
///
/// As for a handler at a `BINARY_OP` with this operand.
#[inline(never)]
unsafe fn operate(vm: *mut Vm, ip: *const Instr, sp: *mut u64, frame: *mut Frame, op: u32) -> u64 {
    // SAFETY: the caller's promise.
    unsafe {
        let (left, right) = (Ref::from_bits(*sp.sub(2)), Ref::from_bits(*sp.sub(1)));
        let op = BinaryOp::from_u32(op).expect("the operand was verified");
        let result = if op == BinaryOp::InplaceAdd && arithmetic::is_append(left, right) {
            arithmetic::append(&mut *vm, sp, ip.add(1), Frame::locals(frame))
        } else {
            (*vm).binary(op, left, right)
        };
        result.map_or(0, Object::into_raw)
    }
}

/// The result of a comparison of the two values on top of the stack, which stay; 0 if it raised.
///
/// # Safety
///
/// As for a handler at a `COMPARE_OP` with this operand.
#[inline(never)]
unsafe fn compare_values(vm: *mut Vm, sp: *mut u64, operand: u32) -> u64 {
    // SAFETY: the caller's promise.
    unsafe {
        let (left, right) = (Ref::from_bits(*sp.sub(2)), Ref::from_bits(*sp.sub(1)));
        let op = Comparison::from_u32(operand & 15).expect("the operand was verified");
        let Ok(result) = (*vm).compare(left, right, op) else { return 0 };
        if operand & 16 == 0 || result.borrow().as_bool().is_some() {
            return result.into_raw();
        }
        (*vm).is_true(result.borrow()).map_or(0, raw::bool_word)
    }
}

/// What the operand of a comparison says of two ints in words.
#[inline(always)]
fn holds(op: u32, left: u64, right: u64) -> bool {
    const LESS: u32 = Comparison::Less as u32;
    const LESS_EQUAL: u32 = Comparison::LessEqual as u32;
    const EQUAL: u32 = Comparison::Equal as u32;
    const NOT_EQUAL: u32 = Comparison::NotEqual as u32;
    const GREATER: u32 = Comparison::Greater as u32;
    let (left, right) = (left as i64, right as i64);
    match op {
        LESS => left < right,
        LESS_EQUAL => left <= right,
        EQUAL => left == right,
        NOT_EQUAL => left != right,
        GREATER => left > right,
        _ => left >= right,
    }
}

handler!(compare_int(vm ip sp frame word fuel) {
    let (left, right) = (*sp.sub(2), *sp.sub(1));
    if raw::are_ints(left, right) {
        *sp.sub(2) = raw::bool_word(holds(arg(word) as u32 & 15, left, right));
        go!(vm, ip.add(1), sp.sub(1), frame, fuel);
    }
    return misfit(vm, ip, sp, frame, word, fuel);
});

/// Where a conditional jump that follows a comparison goes.
///
/// # Safety
///
/// `jump` is a `POP_JUMP_IF_FALSE` or `POP_JUMP_IF_TRUE` of a copy.
#[inline(always)]
unsafe fn after_jump(jump: *const Instr, truth: bool) -> *const Instr {
    // SAFETY: the caller's promise.
    unsafe {
        let word = (*jump).0;
        if truth == (word as u8 == Opcode::PopJumpIfTrue as u8) { target(jump, word) } else { fall_through(jump) }
    }
}

handler!(
    /// The comparison and the conditional jump after it.
    compare_int_jump(vm ip sp frame word fuel) {
        let (left, right) = (*sp.sub(2), *sp.sub(1));
        if raw::are_ints(left, right) {
            let truth = holds(arg(word) as u32 & 15, left, right);
            go!(vm, after_jump(ip.add(1), truth), sp.sub(2), frame, fuel);
        }
        return misfit(vm, ip, sp, frame, word, fuel);
    }
);

handler!(compare_general(vm ip sp frame word fuel) {
    let (left, right) = (Ref::from_bits(*sp.sub(2)), Ref::from_bits(*sp.sub(1)));
    // The order of the drops is CPython's.
    match arithmetic::fast_compare(arg(word) as u32 & 15, left, right) {
        Some(truth) => drop_both_and_go_by_truth!(vm, ip, sp.sub(2), frame, word, right.bits(), left.bits(), truth, fuel),
        None => return compare_other(vm, ip, sp, frame, word, fuel),
    }
});

handler!(
    /// Comparisons that are not quick.
    #[inline(never)]
    compare_other(vm ip sp frame word fuel) {
        (*frame).ip = ip;
        let result = compare_values(vm, sp, arg(word) as u32);
        if result == 0 {
            return Exit::raised(ip, sp);
        }
        let left = std::mem::replace(&mut *sp.sub(2), result);
        *sp = left;
        return drop_two_and_go(vm, ip, sp.sub(1), frame, word, fuel);
    }
);

handler!(
    /// The comparison and the conditional jump after it.
    compare_general_jump(vm ip sp frame word fuel) {
        let (left, right) = (*sp.sub(2), *sp.sub(1));
        if raw::class_address(left) | raw::class_address(right) == 0
            && let Some(truth) = arithmetic::fast_compare(arg(word) as u32 & 15, Ref::from_bits(left), Ref::from_bits(right))
        {
            go!(vm, after_jump(ip.add(1), truth), sp.sub(2), frame, fuel);
        }
        return compare_general(vm, ip, sp, frame, word, fuel);
    }
);
