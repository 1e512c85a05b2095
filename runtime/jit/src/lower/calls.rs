//! Calls, and what makes callables.

use super::{Lowering, W64, to, unsupported};
use crate::compile::Refusal;
use crate::helpers::Helper;
use hir::{Instr, Value};
use lir::{Condition, Operand};
use object::raw;

impl Lowering<'_, '_> {
    pub(super) fn calls(&mut self, value: Value, instr: &Instr) -> Result<bool, Refusal> {
        match *instr {
            Instr::VectorCall { callable, args } => {
                if let Some(known) = self.ty(callable).known_object()
                    && self.call_native_function(value, known, args)?
                {
                    return Ok(true);
                }
                let args = self.function.pool.values(args).to_vec();
                self.call_unknown(value, callable, None, &args)?;
            }
            Instr::CallMethod { callable, receiver, args } | Instr::TryCallMethod { callable, receiver, args } => {
                let receiver = Some(receiver).filter(|receiver| self.constant(*receiver) != Some(0));
                let args = self.function.pool.values(args).to_vec();
                self.call_unknown(value, callable, receiver, &args)?;
            }
            Instr::CallKw { callable, receiver, names, args } | Instr::TryCallKw { callable, receiver, names, args } => {
                self.call_object(value, Helper::call_keywords, callable, Some(receiver), args, Some(names))?;
            }
            Instr::CallEx { callable, receiver, args, keywords } | Instr::TryCallEx { callable, receiver, args, keywords } => {
                let operands = [callable, receiver, args, keywords].map(|value| self.operand(value));
                self.put_on_stack(&operands)?;
                self.call_raising(value, Helper::call_unpacked, &[])?;
            }
            Instr::CallFunction { function, args, callee, .. } => {
                let (function, operands) = (self.operand(function), self.operands(args));
                self.call_function(value, callee, function, &operands)?;
            }
            Instr::CallNative { args, callee, .. } | Instr::CallNativeLeaf { args, callee, .. } => {
                if self.call_native_function(value, callee, args)? {
                    return Ok(true);
                }
                let Some(callable) = self.object(callee) else { return unsupported("a callee that is not known") };
                let operands = self.operands(args);
                self.put_on_stack(&operands)?;
                self.call_raising(value, Helper::call_native, &[Operand::Imm(callable as i64), Operand::Imm(operands.len() as i64)])?;
            }
            Instr::AllocateInstance { class, .. } => {
                let Some(class) = self.environment.classes.get(class.0 as usize) else { return unsupported("a class that is not known") };
                let instance = self.allocate(class.borrow());
                self.define(value, instance);
            }
            Instr::CheckInitResult { value: returned } => {
                let word = self.reg(returned);
                let (fine, wrong) = (self.builder.new_block(), self.cold());
                self.builder.compare_jump(W64, Condition::Equal, word, raw::NONE as i64, to(fine), to(wrong));
                self.builder.switch_to(wrong);
                self.helper(Helper::init_returned, &[word.into()]);
                self.leave_here(value, true)?;
                self.builder.switch_to(fine);
            }
            Instr::MakeMethod { function, receiver } => self.call_on(value, Helper::new_method, &[function, receiver]),
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn call_object(
        &mut self,
        value: Value,
        helper: Helper,
        callable: Value,
        receiver: Option<Value>,
        args: hir::instr::Values,
        names: Option<Value>,
    ) -> Result<(), Refusal> {
        let mut operands = vec![self.operand(callable), receiver.map_or(Operand::Imm(0), |receiver| self.operand(receiver))];
        operands.extend(self.operands(args));
        operands.extend(names.map(|names| self.operand(names)));
        self.put_on_stack(&operands)?;
        self.call_raising(value, helper, &[Operand::Imm(args.len() as i64)])
    }
}
