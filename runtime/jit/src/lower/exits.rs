//! Exits: what the interpreter's frames are made of where compiled code leaves.

use super::{Lowered, Lowering, W64, form_of, unsupported};
use crate::compile::Refusal;
use crate::deopt::{After, Description, Form, FramePoint, Kind, Place, Point, Recorded};
use bytecode::Opcode;
use bytecode::opcode::BinaryOp;
use hir::function::FrameStateId;
use hir::{Instr, RefKind, Value};
use interp::inlined::Ending;
use lir::{Condition, Operand, Record, Reg};

/// An exit to be: its number, and the values it records.
#[derive(Clone)]
pub(super) struct Exit {
    pub id: u32,
    pub values: Vec<Operand>,
}

impl Exit {
    pub fn record(&self) -> Record<'_> {
        Record { id: self.id, values: &self.values }
    }
}

/// What an exit records, as it is found.
#[derive(Default)]
struct Held {
    values: Vec<(Value, bool)>,
    /// The values whose objects are made, in step with `descriptions`.
    objects: Vec<Value>,
    descriptions: Vec<Description>,
}

impl Lowering<'_, '_> {
    /// The exit of an instruction: before it, or with an exception set.
    pub(super) fn exit(&mut self, value: Value, is_raise: bool) -> Result<Exit, Refusal> {
        match &self.safepoint {
            Some((noted, exit)) if is_raise && *noted == value => Ok(exit.clone()),
            _ => self.new_exit(value, is_raise),
        }
    }

    /// Leaves, always.
    pub(super) fn leave_here(&mut self, value: Value, is_raise: bool) -> Lowered {
        let exit = self.exit(value, is_raise)?;
        self.builder.exit(exit.record());
        Ok(())
    }

    fn new_exit(&mut self, value: Value, is_raise: bool) -> Result<Exit, Refusal> {
        let Some(id) = self.function.frame_state(value) else { return unsupported("an exit without frame state") };
        let live = self.function.live.get(&value).map_or(&[][..], Vec::as_slice);
        let mut held = Held { values: live.iter().map(|live| (live.value, live.kind == RefKind::Owned)).collect(), ..Held::default() };
        let mut chain: Vec<FrameStateId> = self.function.state_chain(Some(id)).collect();
        chain.reverse();
        let mut frames = Vec::with_capacity(chain.len());
        for (depth, id) in chain.into_iter().enumerate() {
            frames.push(self.frame_point(id, depth, &mut held)?);
        }
        let recorded = |&(value, is_owned): &(Value, bool)| {
            let form = form_of(self.function.ty(value));
            Recorded { form, is_owned: is_owned && form == Form::Word }
        };
        let instr = self.function.instr(value);
        let guilty = match *instr {
            Instr::GuardType { value, .. } | Instr::GuardIs { value, .. } | Instr::GuardShape { value, .. } | Instr::GuardFloatUnbox { value } => {
                Some(value)
            }
            _ => None,
        };
        // The state of a guard that was moved up knows nothing of what it looks at.
        let guilty = guilty.map(|guilty| {
            let known = held.values.iter().position(|(value, _)| *value == guilty);
            known.unwrap_or_else(|| {
                held.values.push((guilty, false));
                held.values.len() - 1
            }) as u32
        });
        let point = Point {
            site: self.function.blames.get(&value).copied().unwrap_or(self.function.state(id).bytecode),
            instr: instr.opcode(),
            guilty,
            is_raise,
            values: held.values.iter().map(recorded).collect(),
            objects: held.descriptions,
            frames,
            n_laid: self.n_laid(),
            after: self.after(value, id),
        };
        let values = held.values.iter().map(|(value, _)| self.operand(*value)).collect();
        self.extras.points.push(point);
        Ok(Exit { id: self.extras.points.len() as u32 - 1, values })
    }

    /// Has the calls of an instruction that may run Python code record what its exit does: while such a call is made, somebody may ask for the variables, or
    /// want the interpreter to go on behind it.
    pub(super) fn begin_safepoint(&mut self, value: Value) {
        self.safepoint = None;
        let info = self.function.instr(value).info();
        if info.runs_python && info.deopt.raises && self.function.frame_state(value).is_some() {
            self.safepoint = self.new_exit(value, true).ok().map(|exit| (value, exit));
        }
    }

    /// How the interpreter goes on behind the calls of an instruction.
    fn after(&self, value: Value, id: FrameStateId) -> After {
        let state = self.function.state(id);
        let Some(code) = self.environment.code_of(state.code) else { return After::More };
        let ending = match state.ending {
            hir::function::Ending::Push => Ending::Push,
            hir::function::Ending::Discard => Ending::Discard,
            hir::function::Ending::Construct => Ending::Construct,
            _ => return After::More,
        };
        let bytecode = code.data.instructions[state.bytecode as usize];
        let Some(opcode) = bytecode.opcode() else { return After::More };
        let is_call = matches!(opcode, Opcode::Call | Opcode::CallKw | Opcode::CallFunctionEx);
        let is_whole = match self.function.instr(value) {
            // What the method of an operator answers is not yet its result.
            Instr::CallFunction { .. } => match opcode {
                Opcode::BinaryOp => bytecode.arg() == BinaryOp::Subscript as u32,
                _ => !matches!(opcode, Opcode::CompareOp | Opcode::ContainsOp),
            },
            Instr::VectorCall { .. } | Instr::CallMethod { .. } | Instr::CallKw { .. } | Instr::CallEx { .. } | Instr::CallNative { .. } => is_call,
            Instr::BinaryOp { .. } => opcode == Opcode::BinaryOp,
            Instr::LoadAttr { .. } => opcode == Opcode::LoadAttr && bytecode.arg() & 1 == 0,
            Instr::GetIter { .. } => opcode == Opcode::GetIter,
            Instr::IterNext { .. } if opcode == Opcode::ForIter => return After::Item { end: bytecode.arg() + 1 },
            Instr::StoreAttr { .. } if opcode == Opcode::StoreAttr => return After::Done,
            Instr::StoreSubscr { .. } if opcode == Opcode::StoreSubscr => return After::Done,
            Instr::IsTruthy { .. } if opcode == Opcode::ToBool => return After::Truth,
            Instr::RunPeriodicTasks {} => return After::Again,
            _ => false,
        };
        if is_whole { After::Next(ending) } else { After::More }
    }

    /// One frame of a chain: the function's own at depth 0.
    fn frame_point(&mut self, id: FrameStateId, depth: usize, held: &mut Held) -> Result<FramePoint, Refusal> {
        let state = self.function.state(id).clone();
        let mut places = |places: &[Option<Value>]| -> Result<Vec<Place>, Refusal> {
            places.iter().map(|place| place.map_or(Ok(Place::Null), |value| self.place(value, held))).collect()
        };
        let (locals, stack) = (places(&state.locals)?, places(&state.stack)?);
        let Some(code) = self.environment.code_of(state.code) else { return unsupported("a frame state of unknown code") };
        if locals.len() != code.n_locals {
            return unsupported("a frame state of other code");
        }
        let callee = match state.parent {
            None => None,
            Some(parent) => Some(self.callee(state.code, self.function.state(parent).ending)?),
        };
        debug_assert_eq!(callee.is_some(), depth > 0);
        Ok(FramePoint { bytecode: state.bytecode, locals, stack, callee })
    }

    /// Where a value of a frame state comes from.
    fn place(&self, value: Value, held: &mut Held) -> Result<Place, Refusal> {
        if let Instr::VirtualObject { parts, ty } = *self.function.instr(value) {
            if let Some(index) = held.objects.iter().position(|known| *known == value) {
                return Ok(Place::Object(index as u32));
            }
            let parts: Result<Vec<Place>, Refusal> = self.function.pool.values(parts).iter().map(|part| self.place(*part, held)).collect();
            let ty = self.function.pool.ty(ty);
            let Some(kind) = self.instance_kind(ty).or_else(|| Kind::of_type(ty)) else {
                return unsupported("a description of an object of no known kind");
            };
            held.descriptions.push(Description { kind, parts: parts? });
            held.objects.push(value);
            return Ok(Place::Object(held.objects.len() as u32 - 1));
        }
        let index = held.values.iter().position(|(known, _)| *known == value).unwrap_or_else(|| {
            held.values.push((value, false));
            held.values.len() - 1
        });
        Ok(Place::Value(index as u32))
    }

    /// How an instance of a Python class is made.
    fn instance_kind(&self, ty: hir::Type) -> Option<Kind> {
        let hir::types::Spec::Shape(shape) = ty.spec() else { return None };
        let shape = self.function.classes.shape(shape)?;
        let class = self.environment.classes.get(shape.class.0 as usize)?.borrow().bits();
        Some(Kind::Instance { class, shape: shape.number })
    }

    /// Leaves if a word is zero, which says that an exception is set.
    pub(super) fn guard_raised(&mut self, value: Value, word: Reg) -> Lowered {
        if catches(self.function.instr(value)) {
            // What is behind it asks.
            return Ok(());
        }
        let exit = self.exit(value, true)?;
        self.builder.guard_test(W64, Condition::NotEqual, word, word, exit.record());
        Ok(())
    }
}

/// Whether the function handles what the instruction raises.
fn catches(instr: &Instr) -> bool {
    matches!(
        instr,
        Instr::TryBinaryOp { .. } | Instr::TryLoadAttr { .. } | Instr::TryCallMethod { .. } | Instr::TryCallKw { .. } | Instr::TryCallEx { .. }
    )
}
