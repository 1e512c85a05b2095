//! Adding HIR to the bytecode instruction that is being executed: snapshots, frame states, guards, constants, the stack.

use super::blocks::taken;
use super::{Builder, Vars};
use crate::environment::{AssumptionId, Seen};
use crate::function::{Ending, FrameState, FrameStateId, Function};
use crate::instr::{Block, Instr, NameId, TypeId, Value};
use crate::types::{Type, ty};
use bytecode::Opcode;
use bytecode::verify::entry_at;

/// Why the stack is never too short: the code was verified.
const DEEP_ENOUGH: &str = "the verifier has checked depths of the stack";

impl<'a> Builder<'a> {
    pub(super) fn opcode(&self) -> Opcode {
        self.opcode_at(self.at).expect("the opcodes have been read before")
    }

    /// The opcode of another instruction, if there is one.
    pub(super) fn opcode_at(&self, at: u32) -> Option<Opcode> {
        self.unit.code.instructions.get(at as usize)?.opcode()
    }

    pub(super) fn operand(&self) -> u32 {
        self.operand_at(self.at)
    }

    pub(super) fn operand_at(&self, at: u32) -> u32 {
        self.unit.code.instructions.get(at as usize).map_or(0, |instruction| instruction.arg())
    }

    /// What the instruction has seen.
    pub(super) fn seen(&self) -> &'a Seen {
        let unit = self.unit;
        unit.seen(self.at)
    }

    pub(super) fn here(&self) -> Block {
        self.block.expect("nothing is emitted behind a terminator")
    }

    /// Adds an instruction; the snapshot comes first. Returns its result.
    pub(super) fn emit(&mut self, instr: Instr) -> Value {
        self.snapshot();
        let state = instr.info().has_frame_state().then(|| self.frame_state());
        let block = self.here();
        let value = self.function.append_with(block, instr, state);
        self.is_replayable &= instr.info().is_replayable;
        if instr.is_terminator() {
            self.block = None;
        }
        value
    }

    /// Adds an instruction that neither leaves the function nor changes anything, without a snapshot.
    pub(super) fn emit_plain(&mut self, instr: Instr) -> Value {
        debug_assert!(instr.info().is_replayable && !instr.info().has_frame_state());
        let block = self.here();
        self.function.append(block, instr)
    }

    fn snapshot(&mut self) {
        if !self.has_snapshot && self.is_replayable {
            self.has_snapshot = true;
            let (state, block) = (self.frame_state(), self.here());
            self.function.append_with(block, Instr::snapshot(), Some(state));
        }
    }

    /// The state before the bytecode instruction.
    pub(super) fn frame_state(&mut self) -> FrameStateId {
        if let Some(state) = self.state {
            return state;
        }
        let popped = self.popped();
        let before = self.before.clone();
        let state = self.add_state(before, popped);
        self.state = Some(state);
        state
    }

    /// Adds a call whose result the bytecode instruction does not push: were the function inlined, this would become of what it returns. An instance
    /// that is constructed comes to lie on the stack before the operands.
    pub(super) fn emit_call(&mut self, call: Instr, ending: Ending, instance: Option<Value>) -> Value {
        let normal = self.frame_state();
        let mut state = self.function.state(normal).clone();
        state.ending = ending;
        if ending == Ending::Operator {
            state.popped = 0;
        }
        if let Some(instance) = instance {
            let place = state.stack.len() - state.popped as usize;
            state.stack.insert(place, Some(instance));
        }
        let own = self.function.add_frame_state(state);
        let value = self.emit(call);
        self.function.set_frame_state(value, Some(own));
        value
    }

    /// How many operands are gone if the instruction raises. What a handler expects on the stack stays, and more may stay.
    fn popped(&self) -> u32 {
        let taken = taken(self.unit.code.instructions[self.at as usize]) as u32;
        let depth = self.before.stack.len() as u32;
        let kept = entry_at(&self.unit.code.exception_table, self.at).map_or(0, |entry| entry.depth);
        taken.min(depth.saturating_sub(kept))
    }

    /// A state at the bytecode instruction with these values.
    pub(super) fn add_state(&mut self, vars: Vars, popped: u32) -> FrameStateId {
        let state = FrameState {
            code: self.code,
            bytecode: self.at,
            locals: vars.locals,
            stack: vars.stack,
            popped,
            parent: None,
            is_covered: self.unit.is_covered(self.at),
            ending: Ending::Push,
        };
        self.function.add_frame_state(state)
    }

    /// A block within the bytecode instruction.
    pub(super) fn new_block(&mut self) -> Block {
        self.function.add_block()
    }

    /// Goes on in a block within the bytecode instruction.
    pub(super) fn continue_in(&mut self, block: Block) {
        self.block = Some(block);
        self.has_snapshot = false;
    }

    /// Goes to a block within the bytecode instruction.
    pub(super) fn branch_inside(&mut self, block: Block) {
        self.emit_terminator(Instr::branch(block));
    }

    /// Ends the block without a snapshot.
    pub(super) fn emit_terminator(&mut self, instr: Instr) -> Block {
        let block = self.here();
        self.function.append(block, instr);
        self.block = None;
        block
    }

    /// Leaves the rest to the interpreter, from before the bytecode instruction.
    pub(super) fn deopt(&mut self, reason: &str) {
        self.set_cold();
        let reason = self.function.pool.add_name(reason);
        self.emit(Instr::deopt(reason));
    }

    /// Marks the block as one that is seldom run, unless it is where the function begins.
    pub(super) fn set_cold(&mut self) {
        let block = self.here();
        if block != Function::ENTRY {
            self.function.set_cold(block);
        }
    }

    // ---- constants and names ------------------------------------------------------------------------------------------------

    pub(super) fn constant(&mut self, ty: Type) -> Value {
        let ty = self.type_id(ty);
        self.emit_plain(Instr::load_const(ty))
    }

    pub(super) fn null(&mut self) -> Value {
        self.constant(ty::Nullptr)
    }

    pub(super) fn none(&mut self) -> Value {
        self.constant(ty::NoneType)
    }

    pub(super) fn c_int(&mut self, value: i64) -> Value {
        self.constant(Type::c_int(ty::CInt64, value))
    }

    pub(super) fn type_id(&mut self, ty: Type) -> TypeId {
        self.function.pool.add_type(ty)
    }

    /// A name of the code, by its index.
    pub(super) fn name(&mut self, index: u32) -> NameId {
        let unit = self.unit;
        let name = unit.code.names.get(index as usize).map_or("", String::as_str);
        self.function.pool.add_name(name)
    }

    /// The name of a local.
    pub(super) fn local_name(&mut self, index: u32) -> NameId {
        let unit = self.unit;
        let name = unit.code.locals.get(index as usize).map_or("", |local| local.name.as_str());
        self.function.pool.add_name(name)
    }

    // ---- the stack ----------------------------------------------------------------------------------------------------------

    pub(super) fn push(&mut self, value: Value) {
        self.vars.stack.push(Some(value));
    }

    /// Takes a value off that may be null.
    pub(super) fn pop_opt(&mut self) -> Option<Value> {
        self.vars.stack.pop().expect(DEEP_ENOUGH)
    }

    /// Takes a value off that is null nowhere.
    pub(super) fn pop(&mut self) -> Value {
        let value = self.pop_opt();
        self.not_null(value)
    }

    /// The n-th value from the top, counted from one.
    pub(super) fn top(&mut self, n: u32) -> Value {
        let index = self.place_of(n);
        let value = self.vars.stack[index];
        let known = self.not_null(value);
        self.vars.stack[index] = Some(known);
        known
    }

    /// Where the n-th value from the top is.
    pub(super) fn place_of(&self, n: u32) -> usize {
        self.vars.stack.len().checked_sub(n as usize).expect(DEEP_ENOUGH)
    }

    /// Takes so many values off, the last one pushed being the last.
    pub(super) fn pop_many(&mut self, n: u32) -> Vec<Value> {
        let start = self.place_of(n);
        let values = self.vars.stack.split_off(start);
        values.into_iter().map(|value| self.not_null(value)).collect()
    }

    /// Says what the compiler guarantees: the value is not null.
    pub(super) fn not_null(&mut self, value: Option<Value>) -> Value {
        let Some(value) = value else { return self.null() };
        if self.ty(value).may_be_null() { self.known_as(value, ty::Object) } else { value }
    }

    // ---- types --------------------------------------------------------------------------------------------------------------

    /// Says that a value is of a type, which it is by construction.
    pub(super) fn refine(&mut self, value: Value, ty: Type) -> Value {
        if self.ty(value).is_subtype(ty, &self.function.classes) {
            return value;
        }
        let ty = self.type_id(ty);
        self.emit_plain(Instr::refine_type(value, ty))
    }

    /// The same, wherever the value is kept.
    pub(super) fn known_as(&mut self, value: Value, ty: Type) -> Value {
        let narrow = self.refine(value, ty);
        self.rename(value, narrow);
        narrow
    }

    /// Whether a value may turn out to be of a type.
    pub(super) fn may_be(&self, value: Value, ty: Type) -> bool {
        self.ty(value).could_be(ty, &self.function.classes)
    }

    pub(super) fn is(&self, value: Value, ty: Type) -> bool {
        self.ty(value).is_subtype(ty, &self.function.classes)
    }

    /// Makes sure that a value is of a type.
    pub(super) fn guard_type(&mut self, value: Value, ty: Type) -> Value {
        if self.is(value, ty) {
            return value;
        }
        let ty = self.type_id(ty);
        let narrow = self.emit(Instr::guard_type(value, ty));
        self.rename(value, narrow);
        narrow
    }

    /// The same for what follows without having the value as an operand that must be of the type: the guard is of use all the same.
    pub(super) fn guard_exactly(&mut self, value: Value, ty: Type) -> Value {
        let narrow = self.guard_type(value, ty);
        if narrow != value {
            let ty = self.type_id(ty);
            self.emit_plain(Instr::use_type(narrow, ty));
        }
        narrow
    }

    /// Makes sure that a value is a known one.
    pub(super) fn guard_is(&mut self, value: Value, ty: Type) -> Value {
        if self.is(value, ty) {
            return value;
        }
        let ty = self.type_id(ty);
        let narrow = self.emit(Instr::guard_is(value, ty));
        self.rename(value, narrow);
        narrow
    }

    /// Relies on an assumption from here on.
    pub(super) fn assume(&mut self, assumption: AssumptionId) {
        self.emit(Instr::deopt_patchpoint(assumption));
    }

    /// Puts a narrower name of a value in all places that hold it.
    pub(super) fn rename(&mut self, old: Value, new: Value) {
        for place in self.vars.locals.iter_mut().chain(&mut self.vars.stack) {
            if *place == Some(old) {
                *place = Some(new);
            }
        }
    }

    /// The Python bool of a machine bool.
    pub(super) fn push_bool(&mut self, value: Value) {
        let boxed = self.emit_plain(Instr::bool_box(value));
        self.push(boxed);
    }

    /// The machine bool of a value that the compiler guarantees to be a bool.
    pub(super) fn unboxed_bool(&mut self, value: Value) -> Value {
        if let Instr::BoolBox { value } = *self.function.instr(self.function.model(value)) {
            return value;
        }
        let value = self.refine(value, ty::Bool);
        self.emit_plain(Instr::bool_unbox(value))
    }
}
