//! Fast locals, cells, constants, stack juggling.

use super::{Builder, Refusal};
use crate::instr::{Instr, Value};
use crate::types::{Type, ty};
use bytecode::opcode::CommonConstant;

impl Builder<'_> {
    fn local(&self, index: u32) -> Option<Value> {
        self.vars.locals[index as usize]
    }

    /// A local known to be set.
    pub(super) fn load_fast(&mut self, index: u32) {
        if self.block.is_none() {
            return;
        }
        let Some(value) = self.local(index) else {
            // Only paths that are never taken load what is not set.
            return self.deopt("unset local");
        };
        let value = if self.ty(value).may_be_null() { self.known_as(value, ty::Object) } else { value };
        self.push(value);
    }

    pub(super) fn load_fast_check(&mut self, index: u32) {
        if let Some(value) = self.checked_local(index) {
            self.push(value);
        }
    }

    /// The value of a local. If it is unset for certain, leaves to the interpreter, which raises.
    fn checked_local(&mut self, index: u32) -> Option<Value> {
        let Some(value) = self.local(index) else {
            self.deopt("unbound local");
            return None;
        };
        if !self.ty(value).may_be_null() {
            return Some(value);
        }
        let name = self.local_name(index);
        let checked = self.emit(Instr::check_var(value, name));
        self.rename(value, checked);
        Some(checked)
    }

    pub(super) fn load_fast_and_clear(&mut self, index: u32) {
        let value = self.vars.locals[index as usize].take();
        self.vars.stack.push(value);
    }

    pub(super) fn store_fast(&mut self, index: u32) {
        // The null that `LOAD_FAST_AND_CLEAR` pushed comes back this way.
        self.vars.locals[index as usize] = self.pop_opt();
    }

    pub(super) fn delete_fast(&mut self, index: u32) {
        if self.checked_local(index).is_some() {
            self.vars.locals[index as usize] = None;
        }
    }

    // ---- cells --------------------------------------------------------------------------------------------------------------

    pub(super) fn make_cell(&mut self, index: u32) {
        let contents = self.local(index).unwrap_or_else(|| self.null());
        let cell = self.emit(Instr::make_cell(contents));
        self.vars.locals[index as usize] = Some(cell);
    }

    pub(super) fn copy_free_vars(&mut self, count: u32) {
        let start = self.vars.locals.len().saturating_sub(count as usize);
        for index in 0..count {
            let cell = self.emit_plain(Instr::load_closure_cell(index));
            self.vars.locals[start + index as usize] = Some(cell);
        }
    }

    /// The cell in a local, which the compiler guarantees to be there.
    fn cell(&mut self, index: u32) -> Value {
        match self.local(index) {
            Some(value) => self.known_as(value, ty::Cell),
            None => {
                let null = self.null();
                self.refine(null, ty::Cell)
            }
        }
    }

    fn checked_item(&mut self, cell: Value, index: u32) -> Value {
        let item = self.emit(Instr::load_cell_item(cell));
        let name = self.local_name(index);
        self.emit(Instr::check_freevar(item, name, index))
    }

    pub(super) fn load_deref(&mut self, index: u32) {
        let cell = self.cell(index);
        let value = self.checked_item(cell, index);
        self.push(value);
    }

    pub(super) fn store_deref(&mut self, index: u32) {
        let value = self.pop();
        let cell = self.cell(index);
        let previous = self.emit(Instr::take_cell_item(cell));
        self.emit(Instr::set_cell_item(cell, value, previous));
    }

    pub(super) fn delete_deref(&mut self, index: u32) {
        let cell = self.cell(index);
        self.checked_item(cell, index);
        let null = self.null();
        let previous = self.emit(Instr::take_cell_item(cell));
        self.emit(Instr::set_cell_item(cell, null, previous));
    }

    pub(super) fn load_from_dict_or_deref(&mut self, index: u32) {
        let mapping = self.pop();
        let cell = self.cell(index);
        let name = self.local_name(index);
        let value = self.emit(Instr::load_from_dict_or_deref(mapping, cell, name, index));
        self.push(value);
    }

    // ---- constants ----------------------------------------------------------------------------------------------------------

    pub(super) fn load_const(&mut self, index: u32) {
        let constant = self.unit.constants[index as usize];
        let value = self.constant(constant);
        self.push(value);
    }

    pub(super) fn load_small_int(&mut self, number: u32) {
        let value = self.constant(Type::small_int(i64::from(number)));
        self.push(value);
    }

    pub(super) fn load_common_constant(&mut self, operand: u32) -> Result<(), Refusal> {
        let constant = CommonConstant::from_u32(operand).ok_or(Refusal::Malformed)?;
        let value = self.emit_plain(Instr::load_common_constant(constant));
        self.push(value);
        Ok(())
    }

    // ---- the stack ----------------------------------------------------------------------------------------------------------

    pub(super) fn copy(&mut self, n: u32) {
        let place = self.place_of(n);
        self.vars.stack.push(self.vars.stack[place]);
    }

    pub(super) fn swap(&mut self, n: u32) {
        let (top, other) = (self.place_of(1), self.place_of(n));
        self.vars.stack.swap(top, other);
    }
}
