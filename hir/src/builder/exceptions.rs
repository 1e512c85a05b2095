//! Raising, and what handlers do. Handlers are compiled only if they are entries.

use super::Builder;
use crate::instr::Instr;
use crate::types::ty;

impl Builder<'_> {
    pub(super) fn raise_varargs(&mut self, n: u32) {
        let args = self.pop_many(n);
        let args = self.function.pool.add_values(&args);
        self.set_cold();
        self.emit(Instr::raise_varargs(args));
    }

    pub(super) fn reraise(&mut self, operand: u32) {
        if operand != 0 {
            // Another instruction is to blame, which only the interpreter can say.
            return self.deopt("reraise");
        }
        let exception = self.pop();
        self.set_cold();
        self.emit(Instr::reraise(exception));
    }

    pub(super) fn push_exc_info(&mut self) {
        let exception = self.pop();
        let previous = self.emit(Instr::push_exc_info(exception));
        self.push(previous);
        self.push(exception);
    }

    pub(super) fn pop_except(&mut self) {
        let previous = self.pop();
        self.emit(Instr::pop_except(previous));
    }

    pub(super) fn check_exc_match(&mut self) {
        let kind = self.pop();
        let exception = self.top(1);
        let matches = self.emit(Instr::exception_matches(exception, kind));
        self.push_bool(matches);
    }

    pub(super) fn check_eg_match(&mut self) {
        let (kind, group) = (self.pop(), self.pop());
        let matched = self.emit(Instr::check_eg_match(group, kind));
        let rest = self.second_output(matched, ty::Object);
        self.push(rest);
        self.push(matched);
    }

    /// Below: exit, its receiver or null, the index of an instruction, the exception handled before, the exception.
    pub(super) fn with_except_start(&mut self) {
        let exception = self.top(1);
        let exit = self.top(5);
        let place = self.place_of(4);
        let receiver = self.vars.stack[place].unwrap_or_else(|| self.null());
        let result = self.emit(Instr::with_except_start(exit, receiver, exception));
        self.push(result);
    }

    /// Below: the iterator, what was sent last, the exception.
    pub(super) fn cleanup_throw(&mut self) {
        let exception = self.pop();
        let value = self.emit(Instr::cleanup_throw(exception));
        self.pop_opt();
        self.pop_opt();
        let none = self.none();
        self.push(none);
        self.push(value);
    }

    pub(super) fn end_async_for(&mut self) {
        let exception = self.pop();
        self.pop_opt();
        self.emit(Instr::end_async_for(exception));
    }
}
