//! What is left of an operator once one method has been called for it: for callers that call the special methods of Python classes themselves.

use super::{number_slot, swapped};
use crate::str::names;
use crate::value::{Object, Ref};
use crate::vm::{PyResult, Vm};
use bytecode::opcode::{BinaryOp, Comparison};

/// The names of the methods of an operator: the left operand's, the right operand's, and the left operand's for the in-place form.
pub fn method_names(op: BinaryOp) -> Option<[Ref<'static>; 3]> {
    Some(match op.without_inplace() {
        BinaryOp::Add => [names::__add__(), names::__radd__(), names::__iadd__()],
        BinaryOp::Subtract => [names::__sub__(), names::__rsub__(), names::__isub__()],
        BinaryOp::Multiply => [names::__mul__(), names::__rmul__(), names::__imul__()],
        BinaryOp::TrueDivide => [names::__truediv__(), names::__rtruediv__(), names::__itruediv__()],
        BinaryOp::FloorDivide => [names::__floordiv__(), names::__rfloordiv__(), names::__ifloordiv__()],
        BinaryOp::Remainder => [names::__mod__(), names::__rmod__(), names::__imod__()],
        BinaryOp::MatrixMultiply => [names::__matmul__(), names::__rmatmul__(), names::__imatmul__()],
        BinaryOp::And => [names::__and__(), names::__rand__(), names::__iand__()],
        BinaryOp::Or => [names::__or__(), names::__ror__(), names::__ior__()],
        BinaryOp::Xor => [names::__xor__(), names::__rxor__(), names::__ixor__()],
        BinaryOp::LeftShift => [names::__lshift__(), names::__rlshift__(), names::__ilshift__()],
        BinaryOp::RightShift => [names::__rshift__(), names::__rrshift__(), names::__irshift__()],
        _ => return None,
    })
}

/// The name of the method of a comparison.
pub fn comparison_name(op: Comparison) -> Ref<'static> {
    match op {
        Comparison::Less => names::__lt__(),
        Comparison::LessEqual => names::__le__(),
        Comparison::Greater => names::__gt__(),
        Comparison::GreaterEqual => names::__ge__(),
        Comparison::Equal => names::__eq__(),
        Comparison::NotEqual => names::__ne__(),
    }
}

impl Vm {
    /// Goes on with an operator of [`method_names`] when the method of the left operand, whose class Python code made, has given `NotImplemented`. The class of the right operand
    /// is not derived from the left one's.
    pub fn binary_rest(&mut self, op: BinaryOp, left: Ref<'_>, right: Ref<'_>) -> PyResult {
        let (left_class, right_class) = (left.class(), right.class());
        if !std::ptr::eq(left_class, right_class)
            && let Some(slot) = number_slot(op)
            && let Some(function) = slot(right_class.slots())
        {
            let is_of_python = slot(left_class.slots()).is_some_and(|left| std::ptr::fn_addr_eq(left, function));
            let result = if is_of_python {
                let [_, reflected, _] = method_names(op).expect("the operator has a method");
                match self.lookup_special(right, reflected)? {
                    Some(method) => self.call(method.borrow(), &[left])?,
                    None => Object::not_implemented(),
                }
            } else {
                function(self, left, right)?
            };
            if !result.borrow().is_not_implemented() {
                return Ok(result);
            }
        }
        match op.without_inplace() {
            BinaryOp::Add => self.concat(op, left, right),
            BinaryOp::Multiply => self.repeat(op, left, right),
            _ => Err(self.unsupported(op, left, right)),
        }
    }

    /// Goes on with a comparison when the method of the left operand has given `NotImplemented`. The class of the right operand is not derived from the left one's.
    pub fn compare_rest(&mut self, op: Comparison, left: Ref<'_>, right: Ref<'_>) -> PyResult {
        if let Some(compare) = right.class().slots().compare {
            let result = compare(self, right, left, swapped(op))?;
            if !result.borrow().is_not_implemented() {
                return Ok(result);
            }
        }
        self.compare_by_identity(op, left, right)
    }
}
