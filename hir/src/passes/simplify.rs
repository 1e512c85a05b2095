//! Replaces instructions by simpler ones, by what is known of their operands.
//!
//! One rule looks at one instruction; instructions that make its operands may be looked at, others not. Rules are in files by families of instructions. All
//! instructions are visited in order, again and again until nothing changes; replaced values are renamed as they are met.
//!
//! A rule that needs a guard takes the frame state of the bytecode instruction's snapshot, and gives up if something between cannot be done twice.

mod branches;
mod calls;
mod comparisons;
mod containers;
mod guards;
mod machine;
mod numbers;
mod truth;

use crate::environment::Preloaded;
use crate::function::{FrameStateId, Function};
use crate::instr::{Block, Instr, Value};
use crate::types::{Type, ty};
use rustc_hash::FxHashMap;

const ROUNDS: usize = 50;

/// What becomes of an instruction.
enum Change {
    /// Its result is that of another.
    To(Value),
    /// It is another one, in the same place.
    Into(Instr),
    /// It goes away; it has no result.
    Gone,
}

struct Simplifier<'a> {
    function: &'a mut Function,
    preloaded: &'a Preloaded,
    block: Block,
    /// Where the instruction is that is looked at; what a rule inserts comes before it.
    index: usize,
    replacements: FxHashMap<Value, Value>,
    changed: bool,
}

pub(super) fn run(function: &mut Function, preloaded: &Preloaded) {
    let mut simplifier = Simplifier { function, preloaded, block: Function::ENTRY, index: 0, replacements: FxHashMap::default(), changed: false };
    for _ in 0..ROUNDS {
        if !simplifier.round() {
            break;
        }
    }
}

impl Simplifier<'_> {
    fn round(&mut self) -> bool {
        self.changed = false;
        for block in self.function.reverse_post_order() {
            self.block = block;
            self.index = 0;
            while self.index < self.function.instrs(block).len() {
                self.visit();
            }
        }
        self.function.replace_uses(&self.replacements);
        self.replacements.clear();
        if self.changed {
            self.function.reflow_types();
        }
        self.changed
    }

    fn visit(&mut self) {
        let value = self.function.instrs(self.block)[self.index];
        let replacements = &self.replacements;
        self.function.replace_operands(value, &mut |operand| Function::resolved(replacements, operand));
        match self.rule(value) {
            None => self.index += 1,
            Some(change) => {
                self.changed = true;
                match change {
                    Change::Into(instr) if instr.is_terminator() => {
                        self.function.set_terminator(self.block, instr, None);
                        self.index += 1;
                    }
                    Change::Into(instr) => {
                        self.function.replace(value, instr);
                        self.index += 1;
                    }
                    Change::To(new) => {
                        self.function.remove(self.block, self.index);
                        self.replacements.insert(value, new);
                    }
                    Change::Gone => drop(self.function.remove(self.block, self.index)),
                }
            }
        }
    }

    fn rule(&mut self, value: Value) -> Option<Change> {
        let instr = *self.function.instr(value);
        if instr.is_phi() || self.ty_is_impossible(&instr) {
            return None;
        }
        match instr {
            Instr::Assign { value } => Some(Change::To(value)),
            _ if instr.is_terminator() => self.branch(instr),
            _ => self
                .guard(instr)
                .or_else(|| self.truth(instr))
                .or_else(|| self.comparison(value, instr))
                .or_else(|| self.number(value, instr))
                .or_else(|| self.machine(instr))
                .or_else(|| self.container(value, instr))
                .or_else(|| self.call(value, instr)),
        }
    }

    /// Whether an operand can have no value: the instruction does not run, and rules would go wrong.
    fn ty_is_impossible(&self, instr: &Instr) -> bool {
        instr.operands(&self.function.pool).iter().any(|operand| self.ty(*operand).is_bottom())
    }

    fn ty(&self, value: Value) -> Type {
        self.function.ty(value)
    }

    fn is(&self, value: Value, ty: Type) -> bool {
        self.ty(value).fits(ty)
    }

    fn both(&self, left: Value, right: Value, ty: Type) -> bool {
        self.is(left, ty) && self.is(right, ty)
    }

    fn int(&self, value: Value) -> Option<i64> {
        self.ty(value).known_int()
    }

    fn double(&self, value: Value) -> Option<f64> {
        self.ty(value).known_double()
    }

    fn def(&self, value: Value) -> Instr {
        *self.function.instr(value)
    }

    /// Inserts an instruction in front.
    fn emit(&mut self, instr: Instr) -> Value {
        self.emit_with(instr, None)
    }

    fn emit_with(&mut self, instr: Instr, state: Option<FrameStateId>) -> Value {
        let value = self.function.insert(self.block, self.index, instr, state);
        self.index += 1;
        value
    }

    fn constant(&mut self, ty: Type) -> Value {
        let value = self.function.insert_const(self.block, self.index, ty);
        self.index += 1;
        value
    }

    fn give_constant(&mut self, ty: Type) -> Option<Change> {
        Some(Change::To(self.constant(ty)))
    }

    fn give_bool(&mut self, value: bool) -> Option<Change> {
        self.give_constant(Type::c_bool(value))
    }

    /// The result is that of a new instruction without a frame state.
    fn into(&mut self, instr: Instr) -> Option<Change> {
        debug_assert!(!instr.info().has_frame_state());
        Some(Change::To(self.emit(instr)))
    }

    /// The frame state for a guard in front.
    fn guard_state(&self) -> Option<FrameStateId> {
        self.function.state_for_guard(self.block, self.index)
    }

    /// The machine float of a number that is known to be one, without rounding.
    fn double_of(&mut self, value: Value) -> Option<Value> {
        if self.is(value, ty::FloatExact) {
            return Some(self.emit(Instr::float_unbox(value)));
        }
        if self.is(value, ty::SmallInt) {
            let int = self.emit(Instr::small_int_unbox(value));
            return Some(self.emit(Instr::int_to_double(int)));
        }
        None
    }
}
