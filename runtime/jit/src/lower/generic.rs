//! Instructions that the runtime executes: operators on any values, and instructions of the interpreter.

use super::{Lowered, Lowering, W64, to};
use crate::compile::Refusal;
use crate::helpers::{Helper, step_word};
use crate::inline_cache::SuperCache;
use bytecode::Opcode;
use bytecode::opcode::{BinaryOp, Intrinsic1};
use hir::instr::{Conversion, UnaryKind};
use hir::{Instr, Value};
use interp::compiled::{self, Take, layout};
use lir::{Class, Condition, Edge, Operand, Reg};
use object::raw;

/// An instruction of the interpreter.
struct Step {
    opcode: Opcode,
    arg: u32,
    take: Take,
}

impl Step {
    fn new(opcode: Opcode, arg: u32, take: Take) -> Step {
        Step { opcode, arg, take }
    }
}

impl Lowering<'_, '_> {
    pub(super) fn generic(&mut self, value: Value, instr: &Instr) -> Result<bool, Refusal> {
        if self.operators(value, instr)? {
            return Ok(true);
        }
        let Some((step, operands)) = self.step_of(instr)? else { return Ok(false) };
        self.step(value, &step, &operands)?;
        Ok(true)
    }

    fn operators(&mut self, value: Value, instr: &Instr) -> Result<bool, Refusal> {
        match *instr {
            Instr::TryBinaryOp { left, right, op: BinaryOp::Subscript } => self.call_raising_on(value, Helper::load_item, &[left, right])?,
            Instr::BinaryOp { left, right, op } | Instr::LongBinaryOp { left, right, op } | Instr::TryBinaryOp { left, right, op } => {
                self.any_binary(value, left, right, op)?;
            }
            Instr::BinaryOpRest { left, right, op } => {
                let args = [self.operand(left), self.operand(right), Operand::Imm(op as i64)];
                self.call_raising(value, Helper::binary_rest, &args)?;
            }
            Instr::CompareRest { left, right, op } => {
                let args = [self.operand(left), self.operand(right), Operand::Imm(op as i64)];
                self.call_raising(value, Helper::compare_rest, &args)?;
            }
            Instr::UnaryOp { value: operand, op } => {
                let operand = self.operand(operand);
                let helper = if op == UnaryKind::Negate { Helper::negative } else { Helper::invert };
                self.call_raising(value, helper, &[operand])?;
            }
            Instr::Compare { left, right, op } => self.compare(value, [left, right], op, false)?,
            Instr::CompareBool { left, right, op } => self.compare(value, [left, right], op, true)?,
            Instr::Contains { value: item, container } => self.call_truth_on(value, Helper::contains, &[item, container])?,
            Instr::LoadSpecial { owner, method } => {
                let place = self.site(SuperCache::new());
                let args = [self.operand(owner), Operand::Imm(method as i64), Operand::Imm(place)];
                self.call_raising(value, Helper::load_special, &args)?;
            }
            Instr::IsTruthy { value: operand } => self.is_truthy(value, operand)?,
            Instr::MakeFunction { code } => self.call_on(value, Helper::make_function, &[code]),
            Instr::SetFunctionAttribute { value: set, function, attribute } => {
                let args = [Operand::Imm(attribute as i64), self.operand(function), self.operand(set)];
                self.helper(Helper::set_function_attribute, &args);
            }
            Instr::IsInstance { value: operand, class } => self.call_truth_on(value, Helper::is_instance, &[operand, class])?,
            Instr::FormatSimple { value: operand } => self.call_raising_on(value, Helper::format_simple, &[operand])?,
            Instr::LoadCommonConstant { constant } => {
                let object = compiled::common_constant(self.vm, constant as u32);
                let word = object.borrow().bits();
                self.extras.references.push(object);
                self.define(value, Operand::Imm(word as i64));
            }
            Instr::LoadFromDictOrDeref { mapping, cell, local, name: _ } => {
                // The interpreter looks for the cell in its frame.
                let place = self.frame_place(layout::LOCALS + 8 * local as usize);
                let (mapping, cell) = (self.operand(mapping), self.operand(cell));
                self.builder.store(W64, place, cell);
                self.put_on_stack(&[mapping])?;
                let step = Step::new(Opcode::LoadFromDictOrDeref, local, Take::Top);
                let result = self.call_step(&step, 1);
                self.builder.store(W64, place, 0);
                self.guard_raised(value, result)?;
                self.define(value, result);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// What a constant is, is said at once.
    fn is_truthy(&mut self, value: Value, operand: Value) -> Lowered {
        let word = self.reg(operand);
        let (done, other, falsy) = (self.builder.new_block(), self.builder.new_block(), self.builder.new_block());
        let result = self.builder.add_param(done, Class::Int);
        let (yes, no) = (self.builder.load_imm(1), self.builder.load_imm(0));
        self.builder.compare_jump(W64, Condition::Equal, word, raw::TRUE as i64, Edge::new(done, vec![yes]), to(other));
        self.builder.switch_to(other);
        let (not_false, slow) = (self.builder.new_block(), self.builder.new_block());
        self.builder.compare_jump(W64, Condition::Equal, word, raw::FALSE as i64, to(falsy), to(not_false));
        self.builder.switch_to(not_false);
        self.builder.compare_jump(W64, Condition::Equal, word, raw::NONE as i64, to(falsy), to(slow));
        self.builder.switch_to(falsy);
        self.builder.branch(Edge::new(done, vec![no]));
        self.builder.switch_to(slow);
        let truth = self.truth(value, Helper::is_true, &[word.into()])?;
        self.join(done, truth);
        self.define(value, result);
        Ok(())
    }

    /// The interpreter's instruction, with its operands from the bottom of the stack on.
    fn step_of(&mut self, instr: &Instr) -> Result<Option<(Step, Vec<Operand>)>, Refusal> {
        let new = Step::new;
        let null = Operand::Imm(0);
        let (step, values): (Step, Vec<Value>) = match *instr {
            Instr::DeleteAttr { owner, name } => (new(Opcode::DeleteAttr, self.name_index(name)?, Take::Nothing), vec![owner]),
            Instr::StoreGlobal { value, name } => (new(Opcode::StoreGlobal, self.name_index(name)?, Take::Nothing), vec![value]),
            Instr::DeleteGlobal { name } => (new(Opcode::DeleteGlobal, self.name_index(name)?, Take::Nothing), vec![]),
            Instr::LoadName { name } => (new(Opcode::LoadName, self.name_index(name)?, Take::Top), vec![]),
            Instr::StoreName { value, name } => (new(Opcode::StoreName, self.name_index(name)?, Take::Nothing), vec![value]),
            Instr::DeleteName { name } => (new(Opcode::DeleteName, self.name_index(name)?, Take::Nothing), vec![]),
            Instr::LoadLocals {} => (new(Opcode::LoadLocals, 0, Take::Top), vec![]),
            Instr::LoadFromDictOrGlobals { mapping, name } => (new(Opcode::LoadFromDictOrGlobals, self.name_index(name)?, Take::Top), vec![mapping]),
            Instr::LoadBuildClass {} => (new(Opcode::LoadBuildClass, 0, Take::Top), vec![]),
            Instr::SetupAnnotations {} => (new(Opcode::SetupAnnotations, 0, Take::Nothing), vec![]),
            Instr::ImportName { level, names, name } => (new(Opcode::ImportName, self.name_index(name)?, Take::Top), vec![level, names]),
            Instr::ImportFrom { module, name } => (new(Opcode::ImportFrom, self.name_index(name)?, Take::Top), vec![module]),
            Instr::CallIntrinsic1 { value, function } => (new(Opcode::CallIntrinsic1, function as u32, Take::First), vec![value]),
            Instr::CallIntrinsic2 { first, second, function } => (new(Opcode::CallIntrinsic2, function as u32, Take::First), vec![first, second]),
            Instr::MakeSet { items } => {
                let items = self.function.pool.values(items).to_vec();
                (new(Opcode::BuildSet, items.len() as u32, Take::First), items)
            }
            Instr::BuildTemplate { strings, interpolations } => (new(Opcode::BuildTemplate, 0, Take::First), vec![strings, interpolations]),
            Instr::BuildInterpolation { value, expression, spec, conversion } => {
                let has_spec = self.constant(spec) != Some(0);
                let arg = conversion << 2 | u32::from(has_spec);
                let mut values = vec![value, expression];
                values.extend(has_spec.then_some(spec));
                (new(Opcode::BuildInterpolation, arg, Take::First), values)
            }
            Instr::FormatWithSpec { value, spec } => (new(Opcode::FormatWithSpec, 0, Take::First), vec![value, spec]),
            Instr::ConvertValue { value, conversion } => {
                let arg = match conversion {
                    Conversion::Str => 1,
                    Conversion::Repr => 2,
                    Conversion::Ascii => 3,
                };
                (new(Opcode::ConvertValue, arg, Take::First), vec![value])
            }
            Instr::ListExtend { list, items } => (new(Opcode::ListExtend, 1, Take::Nothing), vec![list, items]),
            Instr::ListToTuple { list } => (new(Opcode::CallIntrinsic1, Intrinsic1::ListToTuple as u32, Take::First), vec![list]),
            Instr::SetUpdate { set, items } => (new(Opcode::SetUpdate, 1, Take::Nothing), vec![set, items]),
            Instr::DictUpdate { dict, items } => (new(Opcode::DictUpdate, 1, Take::Nothing), vec![dict, items]),
            Instr::DictMerge { dict, items, callable } => {
                // The callable is where a call has it: below null and positional arguments.
                let operands = vec![self.operand(callable), null, null, self.operand(dict), self.operand(items)];
                return Ok(Some((new(Opcode::DictMerge, 1, Take::Nothing), operands)));
            }
            Instr::MatchClass { subject, class, names, positional } => {
                (new(Opcode::MatchClass, positional, Take::First), vec![subject, class, names])
            }
            Instr::MatchKeys { subject, keys } => (new(Opcode::MatchKeys, 0, Take::Top), vec![subject, keys]),
            Instr::MatchMapping { subject } => (new(Opcode::MatchMapping, 0, Take::Top), vec![subject]),
            Instr::MatchSequence { subject } => (new(Opcode::MatchSequence, 0, Take::Top), vec![subject]),
            Instr::CheckEgMatch { group, kind } => (new(Opcode::CheckEgMatch, 0, Take::SecondThenFirst), vec![group, kind]),
            Instr::WithExceptStart { exit, receiver, exception } => {
                let operands = vec![self.operand(exit), self.operand(receiver), null, null, self.operand(exception)];
                return Ok(Some((new(Opcode::WithExceptStart, 0, Take::Top), operands)));
            }
            Instr::GetYieldFromIter { value } => (new(Opcode::GetYieldFromIter, 0, Take::First), vec![value]),
            Instr::GetAiter { value } => (new(Opcode::GetAiter, 0, Take::First), vec![value]),
            _ => return Ok(None),
        };
        let operands = values.into_iter().map(|value| self.operand(value)).collect();
        Ok(Some((step, operands)))
    }

    fn call_step(&mut self, step: &Step, n: usize) -> Reg {
        let word = step_word(step.opcode, step.take, n);
        self.helper(Helper::step, &[Operand::Imm(word as i64), Operand::Imm(i64::from(step.arg))])
    }

    fn step(&mut self, value: Value, step: &Step, operands: &[Operand]) -> Lowered {
        self.put_on_stack(operands)?;
        let result = self.call_step(step, operands.len());
        if self.function.instr(value).info().deopt.raises {
            self.guard_raised(value, result)?;
        }
        if !self.function.has_output(value) {
            return Ok(());
        }
        if self.ty(value).fits(hir::ty::CBool) {
            let truth = self.builder.compare_set(W64, Condition::Equal, result, raw::TRUE as i64);
            self.define(value, truth);
        } else {
            self.define(value, result);
        }
        Ok(())
    }
}
