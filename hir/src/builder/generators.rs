//! Generators, coroutines, async generators.
//!
//! A generator that is suspended is the interpreter's: what it holds is in its frame. It goes on at an entry of its own.

use super::Builder;
use crate::instr::{Instr, Value};
use crate::types::ty;
use bytecode::Opcode;

impl Builder<'_> {
    pub(super) fn return_generator(&mut self) {
        let vars = self.vars.clone();
        let state = self.add_state(vars, 0);
        let block = self.here();
        self.function.append_with(block, Instr::return_generator(), Some(state));
        self.suspend();
    }

    pub(super) fn yield_value(&mut self) {
        let value = self.pop();
        // The frame is left without the value.
        let vars = self.vars.clone();
        let state = self.add_state(vars, 0);
        let block = self.here();
        self.function.append_with(block, Instr::yield_value(value, self.at + 1), Some(state));
        self.suspend();
    }

    /// Makes the block that follows an entry.
    fn suspend(&mut self) {
        self.block = None;
        if let Some(place) = self.flow.block_at(self.at + 1) {
            self.places[place].is_suspended = true;
        }
    }

    pub(super) fn send(&mut self, target: u32) {
        let value = self.pop();
        let receiver = self.top(1);
        let result = self.emit(Instr::send(receiver, value));
        let has_returned = self.second_output(result, ty::CBool);
        self.push(result);
        let (then, otherwise) = (self.target(target), self.target(self.at + 1));
        let from = self.emit_terminator(Instr::cond_branch(has_returned, then, otherwise));
        self.arrive(from, target);
        self.arrive(from, self.at + 1);
    }

    /// The `SEND` of a call that is awaited at once.
    pub(super) fn send_of_call(&self) -> Option<u32> {
        let opcodes = [1, 2, 3].map(|distance| self.opcode_at(self.at + distance));
        let send = self.at + 3;
        let is_awaited = opcodes == [Opcode::GetAwaitable, Opcode::LoadConst, Opcode::Send].map(Some) && self.operand_at(self.at + 1) == 0;
        let ends = |send: u32| self.opcode_at(self.operand_at(send)) == Some(Opcode::EndSend);
        // What is behind may be left out, as it has never run.
        let goes_on = |send: u32| self.flow.reaches(send + 1) && self.flow.reaches(self.operand_at(send));
        (is_awaited && ends(send) && goes_on(send)).then_some(send)
    }

    /// Calls what is awaited at once: goes on behind the `SEND`, with what the call came to.
    pub(super) fn call_awaited(&mut self, callable: Value, receiver: Option<Value>, args: &[Value], send: u32) {
        let receiver = receiver.unwrap_or_else(|| self.null());
        let args = self.function.pool.add_values(args);
        let value = self.emit(Instr::call_awaited(callable, receiver, args));
        let waiting = self.second_output(value, ty::OptObject);
        let (waits, returned) = (self.new_block(), self.new_block());
        self.emit_terminator(Instr::cond_branch(waiting, waits, returned));
        let vars = self.vars.clone();
        self.block = Some(waits);
        let waiting = self.refine(waiting, ty::Object);
        self.push(waiting);
        self.push(value);
        self.branch_to(send + 1);
        self.vars = vars;
        self.block = Some(returned);
        let none = self.none();
        self.push(none);
        self.push(value);
        self.branch_to(self.operand_at(send));
    }

    /// Removes the receiver below the value.
    pub(super) fn end_send(&mut self) {
        let value = self.pop();
        self.pop_opt();
        self.push(value);
    }

    pub(super) fn get_awaitable(&mut self, context: u32) {
        let value = self.pop();
        let awaitable = self.emit(Instr::get_awaitable(value, context));
        self.push(awaitable);
    }

    pub(super) fn get_aiter(&mut self) {
        let value = self.pop();
        let iterator = self.emit(Instr::get_aiter(value));
        self.push(iterator);
    }

    pub(super) fn get_anext(&mut self) {
        let iterator = self.top(1);
        let awaitable = self.emit(Instr::get_anext(iterator));
        self.push(awaitable);
    }
}
