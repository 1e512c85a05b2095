//! Generators and coroutines: where they suspend and end, and what they delegate to.
//!
//! A generator's code has no start, only entries behind its `yield`s, to which the frame brings locals and stack. At a `yield` they go back.

use super::{Lowering, W64, unsupported};
use crate::compile::Refusal;
use crate::deopt::Form;
use crate::helpers::Helper;
use crate::lower::form_of;
use bytecode::CodeFlags;
use bytecode::opcode::Intrinsic1;
use hir::{FrameStateId, Instr, Value};
use interp::compiled::layout;
use lir::{Address, Operand, Reg};

impl Lowering<'_, '_> {
    pub(super) fn generators(&mut self, value: Value, instr: &Instr) -> Result<bool, Refusal> {
        match *instr {
            Instr::Yield { value: yielded, .. } => {
                let Some(state) = self.function.frame_state(value) else { return unsupported("a yield without frame state") };
                self.suspend(yielded, state)?;
            }
            Instr::Return { value: returned } if self.environment.code.has_flag(CodeFlags::SUSPENDS) => {
                let word = self.operand(returned);
                self.helper(Helper::finish_generator, &[]);
                self.builder.ret(&[word]);
            }
            Instr::Send { receiver, value: sent } => self.call_raising_on(value, Helper::send, &[receiver, sent])?,
            Instr::CallAwaited { callable, receiver, args } => {
                let mut operands = vec![self.operand(callable), self.operand(receiver)];
                operands.extend(self.operands(args));
                self.put_on_stack(&operands)?;
                self.call_raising(value, Helper::call_awaited, &[Operand::Imm(args.len() as i64)])?;
            }
            Instr::GetAnext { iterator } => self.call_raising_on(value, Helper::get_anext, &[iterator])?,
            Instr::GetAwaitable { value: awaited, context } => {
                let args = [self.operand(awaited), Operand::Imm(i64::from(context))];
                self.call_raising(value, Helper::get_awaitable, &args)?;
            }
            Instr::CallIntrinsic1 { value: yielded, function: Intrinsic1::AsyncGenWrap } => self.call_on(value, Helper::wrap_own, &[yielded]),
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Hands locals and stack over to the frame, and returns the value.
    fn suspend(&mut self, yielded: Value, state: FrameStateId) -> Result<(), Refusal> {
        let state = self.function.state(state).clone();
        let n_locals = self.environment.code.n_locals;
        if state.parent.is_some() || state.locals.len() != n_locals {
            return unsupported("a yield of other code");
        }
        let places = state.locals.iter().chain(&state.stack);
        for (index, place) in places.enumerate() {
            let word = match *place {
                // Locals were taken out of the frame when it was entered.
                None if index < n_locals => continue,
                None => Operand::Imm(0),
                Some(held) if form_of(self.ty(held)) != Form::Word => return unsupported("a machine value in a generator's frame"),
                Some(held) => self.operand(held),
            };
            let place = Address::new(Reg::FRAME, (layout::LOCALS + 8 * index) as i32);
            self.builder.store(W64, place, word);
        }
        let word = self.operand(yielded);
        let (index, depth) = (Operand::Imm(i64::from(state.bytecode)), Operand::Imm(state.stack.len() as i64));
        let is_delegating = self.environment.code.data.instructions[state.bytecode as usize].arg() != 0;
        let helper = if is_delegating { Helper::suspend_delegating } else { Helper::suspend };
        self.helper(helper, &[index, depth]);
        self.builder.ret(&[word]);
        Ok(())
    }
}
