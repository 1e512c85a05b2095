//! Operators and comparisons on ints and floats.

use crate::eval::arithmetic;
use crate::frame::Frame;
use crate::shadow::dispatch::{Exit, arg, drop_two_and_go, go, handler, misfit, target};
use crate::shadow::opcode::HANDLERS;
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
            return Exit::miss(ip, sp);
        };
        *sp.sub(2) = result.into_raw();
        if raw::class_address(left.bits()) | raw::class_address(right.bits()) == 0 {
            go!(vm, ip.add(1), sp.sub(1), frame, fuel);
        }
        let sp = sp.sub(1);
        *sp = left.bits();
        *sp.add(1) = right.bits();
        return drop_two_and_go(vm, ip, sp, frame, word, fuel);
    }
);

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
        if truth == (word as u8 == Opcode::PopJumpIfTrue as u8) { target(jump, word) } else { jump.add(1) }
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
    let Some(truth) = arithmetic::fast_compare(arg(word) as u32 & 15, left, right) else {
        return Exit::miss(ip, sp);
    };
    *sp.sub(2) = raw::bool_word(truth);
    if raw::class_address(left.bits()) | raw::class_address(right.bits()) == 0 {
        go!(vm, ip.add(1), sp.sub(1), frame, fuel);
    }
    let sp = sp.sub(1);
    *sp = left.bits();
    *sp.add(1) = right.bits();
    return drop_two_and_go(vm, ip, sp, frame, word, fuel);
});

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
