//! The types of values.

use super::Function;
use crate::instr::{Instr, Value};
use crate::types::{Type, ty};
use smallvec::SmallVec;

impl Function {
    /// The type an instruction's result has, by the types of its operands.
    pub fn output_type(&self, instr: &Instr) -> Type {
        let mut operands = SmallVec::<[Type; 6]>::new();
        instr.for_each_operand(&self.pool, &mut |value| operands.push(self.ty(value)));
        instr.info().output_type.of(instr, &self.pool, &operands, &self.classes)
    }

    /// Computes the type of a value again; whether it changed.
    pub fn update_type(&mut self, value: Value) -> bool {
        let ty = self.output_type(self.instr(value));
        let changed = self.ty(value) != ty;
        self.set_type(value, ty);
        changed
    }

    /// Computes the types of all values again: phis begin with no type at all and grow until nothing changes.
    pub fn reflow_types(&mut self) {
        let order = self.reverse_post_order();
        for &block in &order {
            for value in self.instrs(block).to_vec() {
                self.set_type(value, ty::Bottom);
            }
        }
        let mut changed = true;
        while changed {
            changed = false;
            for &block in &order {
                for index in 0..self.instrs(block).len() {
                    changed |= self.update_type(self.instrs(block)[index]);
                }
            }
        }
    }
}
