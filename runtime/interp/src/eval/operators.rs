//! The end of an operator whose special method ran in a frame of its own: compiled code that inlined it has left.

use crate::shadow;
use bytecode::opcode::{BinaryOp, Comparison};
use bytecode::{Instr, Opcode};
use object::{Object, PyResult, Ref, Vm};

/// What an operator gives whose method, the left operand's or that of the container, has given a value. The operands are on the stack.
///
/// # Safety
///
/// The instruction is an operator with two operands, the top two values of the stack.
pub(super) unsafe fn finish(vm: &mut Vm, instruction: Instr, sp: *mut u64, value: Object) -> PyResult {
    // SAFETY: the caller's promise.
    let [left, right] = unsafe { [Ref::from_bits(*sp.sub(2)), Ref::from_bits(*sp.sub(1))] };
    let arg = instruction.arg();
    match shadow::original(instruction) {
        Opcode::BinaryOp if value.borrow().is_not_implemented() => {
            let op = BinaryOp::from_u32(arg).expect("the code was verified");
            vm.binary_rest(op, left, right)
        }
        Opcode::CompareOp => {
            let op = Comparison::from_u32(arg & 15).expect("the code was verified");
            let value = if value.borrow().is_not_implemented() { vm.compare_rest(op, left, right)? } else { value };
            if arg & 16 == 0 {
                return Ok(value);
            }
            vm.is_true(value.borrow()).map(Object::bool)
        }
        Opcode::ContainsOp => vm.is_true(value.borrow()).map(|truth| Object::bool(truth != (arg == 1))),
        _ => Ok(value),
    }
}
