//! Instructions whose exceptions are handled where they are: what they raise is a null, on which control branches to the handler.
//!
//! That is done where exceptions have been met often ([`crate::environment::CodeUnit::caught`]). All others leave for the interpreter, which finds the handler.
//! Tracebacks hold the frame's object. While anybody else does, the interpreter has to have the frame, so that its variables are found; that is
//! asked when a handler has ended.

use super::{Builder, Refusal};
use crate::instr::{Instr, Value};
use crate::types::{Type, ty};
use bytecode::Opcode;
use bytecode::opcode::BinaryOp;
use bytecode::verify::entry_at;

impl Builder<'_> {
    /// Executes the bytecode instruction if it is one whose exceptions are caught here.
    pub(super) fn execute_catching(&mut self) -> Result<bool, Refusal> {
        let operand = self.operand();
        if !self.unit.caught.contains(&self.at) || !self.unit.is_covered(self.at) {
            return Ok(false);
        }
        let attempt = match self.opcode() {
            Opcode::Call if self.send_of_call().is_none() => {
                let (callable, receiver, args) = self.pop_call(operand);
                let receiver = receiver.unwrap_or_else(|| self.null());
                let args = self.function.pool.add_values(&args);
                self.emit(Instr::try_call_method(callable, receiver, args))
            }
            Opcode::CallKw => {
                let names = self.pop();
                let (callable, receiver, args) = self.pop_call(operand);
                let receiver = receiver.unwrap_or_else(|| self.null());
                let args = self.function.pool.add_values(&args);
                self.emit(Instr::try_call_kw(callable, receiver, names, args))
            }
            Opcode::CallFunctionEx => {
                let [callable, receiver, args, keywords] = self.pop_function_ex();
                self.emit(Instr::try_call_ex(callable, receiver, args, keywords))
            }
            Opcode::BinaryOp => {
                let op = BinaryOp::from_u32(operand).ok_or(Refusal::Malformed)?;
                let (right, left) = (self.pop(), self.pop());
                self.emit(Instr::try_binary_op(left, right, op))
            }
            Opcode::LoadAttr if operand & 1 == 0 => {
                let owner = self.pop();
                let name = self.name(operand >> 1);
                self.emit(Instr::try_load_attr(owner, name))
            }
            _ => return Ok(false),
        };
        let result = self.branch_to_handler(attempt);
        self.push(result);
        Ok(true)
    }

    /// Goes to the handler if the attempt gave null. Gives the result otherwise.
    fn branch_to_handler(&mut self, attempt: Value) -> Value {
        let (normal, raised) = (self.new_block(), self.new_block());
        self.emit_terminator(Instr::cond_branch(attempt, normal, raised));
        let entry = entry_at(&self.unit.code.exception_table, self.at).expect("a handler covers the instruction");
        let (depth, lasti, target) = (entry.depth as usize, entry.lasti, entry.target);
        let vars = std::mem::replace(&mut self.vars, self.before.clone());
        self.continue_in(raised);
        self.vars.stack.truncate(depth);
        if lasti {
            let index = self.constant(Type::small_int(i64::from(self.at)));
            self.push(index);
        }
        let exception = self.function.append(raised, Instr::catch_exception(self.at));
        self.push(exception);
        self.branch_to(target);
        self.vars = vars;
        self.continue_in(normal);
        self.is_replayable = false;
        self.refine(attempt, ty::Object)
    }

    /// Makes sure, behind the end of a handler, that nobody has the frame's object. At the beginning of an instruction.
    pub(super) fn guard_unobserved(&mut self) {
        let is_unobserved = self.emit_plain(Instr::is_unobserved());
        self.emit(Instr::guard(is_unobserved));
    }
}
