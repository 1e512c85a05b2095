//! Frames of calls, laid and popped in line.
//!
//! A call of a known function goes from compiled code to compiled code: the frame is written to the data stack from registers, and its entry is called. A site
//! notes the entry it may go to ([`interp::compiled::call_python_from`]), so that one comparison says that the function is compiled, for these
//! globals, and not to be interpreted. What else can be in the way of a call is asked here: recursion, room, somebody who wants to look.

use super::{Lowered, Lowering, W64, to};
use crate::helpers::Helper;
use crate::layout::{VM_DATA_STACK, VM_DATA_STACK_END, VM_DEPTH, VM_DEPTH_LIMIT, VM_FRAME};
use hir::types::ObjectId;
use hir::{Value, ty};
use interp::compiled::{self, Callee, NO_ENTRY, SMALL_LOCALS, SMALL_PARAMETERS, layout};
use lir::{Address, BlockId, Builder, Class, Condition, Edge, Operand, Reg, Scale, Width};
use object::Vm;
use std::cell::Cell;

impl Lowering<'_, '_> {
    /// Calls a Python function with all its arguments, which are taken over. `object` is the function, if it is known.
    pub(super) fn call_function(&mut self, value: Value, object: ObjectId, function: Operand, args: &[Operand]) -> Lowered {
        let known = self.environment.objects.get(object.0 as usize).and_then(|object| object.borrow().downcast_exact::<interp::Function>());
        let Some(callee) = known.and_then(|known| compiled::callee(known.get(), args.len())) else {
            self.put_on_stack(args)?;
            return self.call_raising(value, Helper::call_python, &[function, Operand::Imm(args.len() as i64)]);
        };
        let (slow, done) = (self.cold(), self.builder.new_block());
        let result = self.builder.add_param(done, Class::Int);
        let place = self.site(Cell::new(NO_ENTRY));
        let entry = self.entry_of(&callee, place, slow);
        let frame = self.lay_frame(&callee, function, args, slow);
        let given = self.call_recording(entry, &[Reg::VM.into(), frame.into()]);
        self.builder.branch(Edge::new(done, vec![given]));
        self.builder.switch_to(slow);
        self.put_on_stack(args)?;
        let given = self.helper(Helper::call_python_from, &[function, Operand::Imm(args.len() as i64), Operand::Imm(place)]);
        self.builder.branch(Edge::new(done, vec![given]));
        self.end_call(value, done, result)
    }

    /// What both ways of a call end in: its result, or what it raised.
    fn end_call(&mut self, value: Value, done: BlockId, result: Reg) -> Lowered {
        self.builder.switch_to(done);
        self.guard_raised(value, result)?;
        if self.function.has_output(value) {
            self.define(value, result);
        }
        Ok(())
    }

    /// The entry of compiled code, if it is the one the site has noted.
    fn entry_of(&mut self, callee: &Callee, site: i64, slow: BlockId) -> Reg {
        let entry_place = self.builder.load_imm(callee.entry.expose_provenance() as i64);
        let entry = self.builder.load(W64, Address::new(entry_place, 0));
        let noted = self.builder.load_imm(site);
        self.jump_unless(W64, Condition::Equal, entry, Address::new(noted, 0), slow);
        entry
    }

    /// Calls what may be a small Python function with the arguments, which are borrowed, and a receiver before them; anything else is called by the helper.
    pub(super) fn call_unknown(&mut self, value: Value, callable: Value, receiver: Option<Value>, args: &[Value]) -> Lowered {
        let (slow, done) = (self.cold(), self.builder.new_block());
        let result = self.builder.add_param(done, Class::Int);
        let all: Vec<Value> = receiver.into_iter().chain(args.iter().copied()).collect();
        if all.len() <= SMALL_PARAMETERS {
            let (entry, frame) = self.lay_unknown_frame(callable, receiver, &all, slow);
            let given = self.call_recording(entry, &[Reg::VM.into(), frame.into()]);
            self.builder.branch(Edge::new(done, vec![given]));
        } else {
            self.go(slow);
        }
        self.builder.switch_to(slow);
        let mut operands = vec![self.operand(callable), receiver.map_or(Operand::Imm(0), |receiver| self.operand(receiver))];
        operands.extend(self.words(args));
        self.put_on_stack(&operands)?;
        let given = self.helper(Helper::call, &[Operand::Imm(args.len() as i64)]);
        self.builder.branch(Edge::new(done, vec![given]));
        self.end_call(value, done, result)
    }

    /// Lays the frame of a function that is asked for all there is to know. Gives its entry, too.
    fn lay_unknown_frame(&mut self, callable: Value, receiver: Option<Value>, args: &[Value], slow: BlockId) -> (Reg, Reg) {
        let function = self.reg(callable);
        if !self.ty(callable).fits(ty::Func) {
            self.expect_class(callable, function, std::ptr::from_ref(&interp::function::FUNCTION).expose_provenance() as i64, slow);
        }
        if let Some(receiver) = receiver.filter(|receiver| self.ty(*receiver).may_be_null()) {
            let (receiver, set) = (self.reg(receiver), self.builder.new_block());
            self.builder.test_jump(W64, Condition::NotEqual, receiver, receiver, to(set), to(slow));
            self.builder.switch_to(set);
        }
        let code = self.builder.load(W64, Address::new(function, layout::FUNCTION_CODE as i32));
        self.jump_unless(Width::W32, Condition::Equal, Address::new(code, layout::CODE_SMALL_ARGUMENTS as i32), args.len() as i64, slow);
        let entry = self.builder.load(W64, Address::new(code, layout::CODE_ENTRY as i32));
        self.jump_unless(W64, Condition::Equal, entry, Address::new(function, layout::FUNCTION_ENTRY as i32), slow);
        let words = self.builder.load(W64, Address::new(code, layout::CODE_FRAME_WORDS as i32));
        let instructions = self.builder.load(W64, Address::new(code, layout::CODE_INSTRUCTIONS as i32));
        let frame = self.make_room(|builder, start| builder.lea(Address::indexed(start, words, Scale::Eight, 0)), slow);
        self.write_fixed_part(frame, function, code.into(), instructions.into());
        for (index, &arg) in args.iter().enumerate() {
            self.increment(arg);
            let word = self.operand(arg);
            self.builder.store(W64, Address::new(frame, (layout::LOCALS + 8 * index) as i32), word);
        }
        for index in args.len()..args.len() + SMALL_LOCALS {
            self.builder.store(W64, Address::new(frame, (layout::LOCALS + 8 * index) as i32), 0);
        }
        self.begin_frame(frame, function);
        (entry, frame)
    }

    /// Lays the frame of a call with exactly the parameters and makes it the innermost one. Goes to `slow` before anything has been done if that
    /// is not possible now.
    pub(super) fn lay_frame(&mut self, callee: &Callee, function: Operand, args: &[Operand], slow: BlockId) -> Reg {
        let bytes = 8 * callee.frame_words as i32;
        let frame = self.make_room(|builder, start| builder.lea(Address::new(start, bytes)), slow);
        let function = self.in_register(function);
        let code = Operand::Imm(callee.code.expose_provenance() as i64);
        self.write_fixed_part(frame, function, code, Operand::Imm(callee.first_instruction.expose_provenance() as i64));
        for index in 0..callee.n_locals {
            let word = args.get(index).copied().unwrap_or(Operand::Imm(0));
            self.builder.store(W64, Address::new(frame, (layout::LOCALS + 8 * index) as i32), word);
        }
        self.begin_frame(frame, function);
        frame
    }

    /// Takes room on the data stack, whose end `end` computes of its start. Goes to `slow` before anything has been done if anything is in the way of a call.
    fn make_room(&mut self, end: impl FnOnce(&mut Builder<'_>, Reg) -> Reg, slow: BlockId) -> Reg {
        // Any reason to look up will do.
        let reasons = self.builder.load_imm(object::vm::breaker_address().expose_provenance() as i64);
        self.jump_unless(Width::W32, Condition::Equal, Address::new(reasons, 0), 0, slow);
        let low = self.builder.lea(Address::new(Reg::AREA, -(Vm::STACK_RESERVE as i32)));
        self.jump_unless(W64, Condition::Above, low, Address::new(Reg::VM, Vm::STACK_LIMIT as i32), slow);
        let depth = self.builder.load(W64, Address::new(Reg::VM, VM_DEPTH));
        self.jump_unless(W64, Condition::Below, depth, Address::new(Reg::VM, VM_DEPTH_LIMIT), slow);
        let frame = self.builder.load(W64, Address::new(Reg::VM, VM_DATA_STACK));
        let end = end(&mut self.builder, frame);
        self.jump_unless(W64, Condition::BelowEqual, end, Address::new(Reg::VM, VM_DATA_STACK_END), slow);
        self.builder.store(W64, Address::new(Reg::VM, VM_DATA_STACK), end);
        self.builder.add_memory(W64, Address::new(Reg::VM, VM_DEPTH), 1);
        frame
    }

    fn write_fixed_part(&mut self, frame: Reg, function: Reg, code: Operand, instructions: Operand) {
        let at = |offset: usize| Address::new(frame, offset as i32);
        self.builder.store(W64, at(layout::FRAME_FUNCTION), function);
        self.builder.store(W64, at(layout::FRAME_CODE), code);
        self.builder.store(W64, at(layout::FRAME_IP), instructions);
        let caller = self.frame_base();
        self.builder.store(W64, at(layout::FRAME_PREVIOUS), caller);
        for offset in [layout::FRAME_NAMESPACE, layout::FRAME_OBJECT, layout::FRAME_GENERATOR, layout::FRAME_FLAGS] {
            self.builder.store(W64, at(offset), 0);
        }
    }

    /// Makes a frame that has been written the innermost one.
    fn begin_frame(&mut self, frame: Reg, function: Reg) {
        self.builder.store(W64, Address::new(Reg::VM, VM_FRAME), frame);
        self.increment_pointer(function);
    }

    /// Goes on if the condition holds, else in another block.
    pub(super) fn jump_unless(
        &mut self,
        width: Width,
        condition: Condition,
        left: impl Into<Operand>,
        right: impl Into<Operand>,
        otherwise: BlockId,
    ) {
        let next = self.builder.new_block();
        self.builder.compare_jump(width, condition, left, right, to(next), to(otherwise));
        self.builder.switch_to(next);
    }

    /// Pops the frame, whose locals and stack are empty, and returns.
    pub(super) fn leave(&mut self, value: Value) -> Result<(), crate::compile::Refusal> {
        if !self.ty(value).fits(ty::Object) {
            return super::unsupported("machine values that are returned");
        }
        let word = self.operand(value);
        let (plain, shared, counted) = (self.builder.new_block(), self.builder.new_block(), self.builder.new_block());
        let (popped, seen, done) = (self.builder.new_block(), self.cold(), self.builder.new_block());
        self.builder.compare_jump(W64, Condition::Equal, Address::new(Reg::FRAME, layout::FRAME_OBJECT as i32), 0, to(plain), to(seen));
        self.builder.switch_to(plain);
        // Somebody else has the function, as a rule.
        let function = self.builder.load(W64, Address::new(Reg::FRAME, layout::FRAME_FUNCTION as i32));
        self.builder.compare_jump(Width::W32, Condition::Equal, Address::new(function, 0), 1, to(seen), to(shared));
        self.builder.switch_to(shared);
        self.builder.compare_jump(Width::W32, Condition::Less, Address::new(function, 0), 0, to(popped), to(counted));
        self.builder.switch_to(counted);
        self.builder.sub_memory(Width::W32, Address::new(function, 0), 1);
        self.go(popped);
        self.builder.switch_to(popped);
        let previous = self.builder.load(W64, Address::new(Reg::FRAME, layout::FRAME_PREVIOUS as i32));
        self.builder.store(W64, Address::new(Reg::VM, VM_FRAME), previous);
        self.builder.sub_memory(W64, Address::new(Reg::VM, VM_DEPTH), 1);
        self.builder.store(W64, Address::new(Reg::VM, VM_DATA_STACK), Reg::FRAME);
        self.go(done);
        self.builder.switch_to(seen);
        self.helper(Helper::pop_frame, &[]);
        self.go(done);
        self.builder.switch_to(done);
        self.builder.ret(&[word]);
        Ok(())
    }
}
