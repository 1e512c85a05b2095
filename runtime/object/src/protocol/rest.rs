//! What is left of an operator once one method has been called for it: for callers that call the special methods of Python classes themselves.

use super::{number_slot, swapped};
use crate::str::intern::intern;
use crate::value::{Object, Ref};
use crate::vm::{PyResult, Vm};
use bytecode::opcode::{BinaryOp, Comparison};

/// [`BinaryOp::method_names`], interned.
pub fn method_names(op: BinaryOp) -> Option<[Ref<'static>; 3]> {
    op.method_names().map(|names| names.map(intern))
}

/// [`Comparison::method_name`], interned.
pub fn comparison_name(op: Comparison) -> Ref<'static> {
    intern(op.method_name())
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
        self.sequence_operation(op, left, right)
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
