//! Calls that were inlined: whose code an instruction is of, and frames for those that somebody could see.
//!
//! Frames of inlined calls lie behind the function's own, as those of calls do: so each is at a fixed distance from it, and the register of the frame stays
//! what it is. A call of a function that nobody can see has none; where compiled code leaves, deopt lays it.

use super::{Environment, Lowered, Lowering, W64, to, unsupported};
use crate::compile::Refusal;
use crate::deopt::Callee;
use crate::helpers::Helper;
use crate::layout::{VM_DATA_STACK, VM_DATA_STACK_END, VM_DEPTH, VM_DEPTH_LIMIT, VM_FRAME};
use hir::function::Ending;
use hir::types::ObjectId;
use hir::{CodeId, Value};
use interp::compiled::{layout, look};
use interp::{CodeObject, inlined};
use lir::{Address, Condition, Operand, Reg, Width};

/// A function that may have been inlined.
pub struct Inlinable<'a> {
    pub object: ObjectId,
    /// Its word.
    pub function: u64,
    pub code: &'a CodeObject,
}

impl<'a> Environment<'a> {
    /// The code of a number.
    pub(super) fn code_of(&self, code: CodeId) -> Option<&'a CodeObject> {
        match code.0 {
            0 => Some(self.code),
            index => self.inlinable.get(index as usize - 1).map(|inlinable| inlinable.code),
        }
    }
}

impl<'a> Lowering<'a, '_> {
    /// The code of the innermost frame.
    pub(super) fn frame_code(&self) -> &'a CodeObject {
        self.laid.last().map_or(self.environment.code, |index| self.environment.inlinable[*index].code)
    }

    /// The code an instruction is of, which may have no frame; and its function, if it was inlined.
    pub(super) fn code_at(&self, value: Value) -> (CodeId, Option<&'a Inlinable<'a>>) {
        let code = self.function.frame_state(value).map_or(CodeId(0), |state| self.function.state(state).code);
        (code, (code.0 as usize).checked_sub(1).and_then(|index| self.environment.inlinable.get(index)))
    }

    /// How many inlined calls have a frame here.
    pub(super) fn n_laid(&self) -> usize {
        self.laid.len()
    }

    /// How far behind the function's own frame the innermost one is.
    fn frame_offset(&self) -> usize {
        let Some((_, callers)) = self.laid.split_last() else { return 0 };
        let words = callers.iter().map(|index| inlined::frame_words(self.environment.inlinable[*index].code)).sum::<usize>();
        8 * (inlined::frame_words(self.environment.code) + words)
    }

    /// A place in the innermost frame.
    pub(super) fn frame_place(&self, offset: usize) -> Address {
        Address::new(Reg::FRAME, (self.frame_offset() + offset) as i32)
    }

    /// The innermost frame.
    pub(super) fn frame_base(&mut self) -> Operand {
        if self.laid.is_empty() {
            return Reg::FRAME.into();
        }
        let place = self.frame_place(0);
        self.builder.lea(place).into()
    }

    /// The frames that inlined calls have where a block begins.
    pub(super) fn begin_frames(&mut self, frames: &[ObjectId]) -> Lowered {
        self.laid.clear();
        for callee in frames {
            let index = self.inlinable_of(*callee)?;
            self.laid.push(index);
        }
        Ok(())
    }

    fn inlinable_of(&self, object: ObjectId) -> Result<usize, Refusal> {
        let found = self.environment.inlinable.iter().position(|inlinable| inlinable.object == object);
        found.ok_or_else(|| Refusal::Unsupported("an unknown inlined function".to_owned()))
    }

    /// The function that an inlined call calls.
    pub(super) fn callee(&self, code: CodeId, ending: Ending) -> Result<Callee, Refusal> {
        let index = (code.0 as usize).checked_sub(1);
        let Some(inlinable) = index.and_then(|index| self.environment.inlinable.get(index)) else {
            return unsupported("an unknown inlined function");
        };
        let ending = match ending {
            Ending::Push => inlined::Ending::Push,
            Ending::Discard => inlined::Ending::Discard,
            Ending::Construct => inlined::Ending::Construct,
            Ending::Operator => inlined::Ending::Operator,
        };
        Ok(Callee { function: inlinable.function, code: std::ptr::from_ref(inlinable.code).expose_provenance() as u64, ending })
    }

    /// Lays the frame of an inlined call, with empty locals.
    pub(super) fn begin_inlined(&mut self, value: Value, callee: ObjectId) -> Lowered {
        let index = self.inlinable_of(callee)?;
        let inlinable = &self.environment.inlinable[index];
        let code = inlinable.code;
        let deep = self.cold();
        let caller = self.frame_base();
        let depth = self.builder.load(W64, Address::new(Reg::VM, VM_DEPTH));
        self.jump_unless(W64, Condition::Below, depth, Address::new(Reg::VM, VM_DEPTH_LIMIT), deep);
        self.laid.push(index);
        let end = self.frame_place(8 * inlined::frame_words(code));
        let end = self.builder.lea(end);
        self.jump_unless(W64, Condition::BelowEqual, end, Address::new(Reg::VM, VM_DATA_STACK_END), deep);
        let next = self.builder.new_block();
        self.go(next);
        let frame = self.laid.pop();
        self.builder.switch_to(deep);
        self.helper(Helper::too_deep, &[]);
        self.leave_here(value, true)?;
        self.builder.switch_to(next);
        self.laid.extend(frame);
        self.builder.store(W64, Address::new(Reg::VM, VM_DATA_STACK), end);
        self.builder.add_memory(W64, Address::new(Reg::VM, VM_DEPTH), 1);
        let function = self.builder.load_imm(inlinable.function as i64);
        let first = code.data.instructions.as_ptr().expose_provenance() as i64;
        let put = |lowering: &mut Self, offset: usize, word: Operand| {
            let place = lowering.frame_place(offset);
            lowering.builder.store(W64, place, word);
        };
        put(self, layout::FRAME_FUNCTION, function.into());
        put(self, layout::FRAME_CODE, Operand::Imm(std::ptr::from_ref(code).expose_provenance() as i64));
        put(self, layout::FRAME_IP, Operand::Imm(first));
        put(self, layout::FRAME_PREVIOUS, caller);
        for offset in [layout::FRAME_NAMESPACE, layout::FRAME_OBJECT, layout::FRAME_GENERATOR, layout::FRAME_FLAGS] {
            put(self, offset, Operand::Imm(0));
        }
        let native = self.frame_place(layout::FRAME_NATIVE);
        self.builder.store(Width::W32, native, i64::from(look::INLINED));
        for local in 0..code.n_locals {
            put(self, layout::LOCALS + 8 * local, Operand::Imm(0));
        }
        let frame = self.frame_base();
        self.builder.store(W64, Address::new(Reg::VM, VM_FRAME), frame);
        self.increment_pointer(function);
        Ok(())
    }

    /// Pops the frame of an inlined call, whose locals and stack are empty.
    pub(super) fn end_inlined(&mut self) {
        let Some(&index) = self.laid.last() else { return };
        let (plain, counted, popped) = (self.builder.new_block(), self.builder.new_block(), self.builder.new_block());
        let (seen, done) = (self.cold(), self.builder.new_block());
        let object = self.frame_place(layout::FRAME_OBJECT);
        self.builder.compare_jump(W64, Condition::Equal, object, 0, to(plain), to(seen));
        self.builder.switch_to(seen);
        self.helper(Helper::pop_frame, &[]);
        self.go(done);
        self.builder.switch_to(plain);
        // The code that is being compiled has the function, too.
        let function = self.builder.load_imm(self.environment.inlinable[index].function as i64);
        self.builder.compare_jump(Width::W32, Condition::Less, Address::new(function, 0), 0, to(popped), to(counted));
        self.builder.switch_to(counted);
        self.builder.sub_memory(Width::W32, Address::new(function, 0), 1);
        self.go(popped);
        self.builder.switch_to(popped);
        let frame = self.frame_base();
        self.builder.store(W64, Address::new(Reg::VM, VM_DATA_STACK), frame);
        self.builder.sub_memory(W64, Address::new(Reg::VM, VM_DEPTH), 1);
        self.laid.pop();
        let caller = self.frame_base();
        self.builder.store(W64, Address::new(Reg::VM, VM_FRAME), caller);
        self.go(done);
        self.builder.switch_to(done);
    }
}
