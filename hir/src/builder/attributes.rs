//! Attributes: by guarded shape where the runtime has seen a few, else through inline caches.
//!
//! An owner that was seen is guarded by its shape, and what was found in its class by an assumption about the class. Several owners become a chain
//! of tests, where those that have the attribute in the same place go the same way; for others see [`Misses`].

use super::{Builder, Misses, Refusal};
use crate::environment::{Owner, Place, Seen};
use crate::instr::{Block, Instr, NameId, Value};
use crate::types::{ObjectId, Type, ty};
use bytecode::opcode::SpecialMethod;

/// So many owners get a way of their own.
const OWNER_LIMIT: usize = 4;

/// What an attribute is loaded for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Load {
    Value,
    /// To be called: the receiver comes too.
    Method,
}

/// What was loaded: a value, and the receiver to call it with.
#[derive(Clone, Copy)]
pub(super) struct Loaded {
    pub value: Value,
    pub receiver: Option<Value>,
}

/// How an attribute is looked up if nothing is known.
#[derive(Clone, Copy)]
enum General {
    Name(NameId),
    Special(SpecialMethod),
}

/// Owners that have the attribute in the same place, together.
fn groups<'a>(owners: &[&'a Owner]) -> Vec<Vec<&'a Owner>> {
    let mut groups: Vec<Vec<&Owner>> = Vec::new();
    for owner in owners {
        match groups.iter_mut().find(|group| group[0].place == owner.place) {
            Some(group) => group.push(owner),
            None => groups.push(vec![owner]),
        }
    }
    groups
}

impl Builder<'_> {
    pub(super) fn load_attr(&mut self, operand: u32) {
        let name = self.name(operand >> 1);
        let load = if operand & 1 != 0 { Load::Method } else { Load::Value };
        let owner = self.pop();
        let loaded = self.load(owner, load, General::Name(name), name);
        self.push_loaded(loaded, load);
    }

    pub(super) fn load_special(&mut self, operand: u32) -> Result<(), Refusal> {
        let method = SpecialMethod::from_u32(operand).ok_or(Refusal::Malformed)?;
        let owner = self.pop();
        let name = self.function.pool.add_name(method.text());
        let loaded = self.load(owner, Load::Method, General::Special(method), name);
        self.push_loaded(loaded, Load::Method);
        Ok(())
    }

    pub(super) fn push_loaded(&mut self, loaded: Loaded, load: Load) {
        self.push(loaded.value);
        if load == Load::Method {
            self.vars.stack.push(loaded.receiver);
        }
    }

    fn load(&mut self, owner: Value, load: Load, general: General, name: NameId) -> Loaded {
        match self.seen() {
            Seen::Attribute(owners) => match owners.as_slice() {
                [] => self.load_general(owner, load, general),
                [only] if only.place == Place::General => self.load_general(owner, load, general),
                [only] if !self.can_own(owner, only) => self.load_general(owner, load, general),
                [only] => {
                    let owner = self.guard_owner(owner, only);
                    self.load_from(owner, only, load, name)
                }
                several => self.load_by_owner(owner, several, load, general, name),
            },
            Seen::OfClass { class: known, value, assumption } | Seen::OfModule { module: known, value, assumption } => {
                let known = Type::object(*known, &self.function.classes);
                if !self.may_be(owner, known) || !value.is_single_value() {
                    return self.load_general(owner, load, general);
                }
                self.guard_is(owner, known);
                self.assume(*assumption);
                Loaded { value: self.constant(*value), receiver: None }
            }
            Seen::ClassMethod { class, function, assumption } => {
                let class = Type::object(*class, &self.function.classes);
                if load != Load::Method || !self.may_be(owner, class) {
                    return self.load_general(owner, load, general);
                }
                let owner = self.guard_is(owner, class);
                self.assume(*assumption);
                Loaded { value: self.object(*function), receiver: Some(owner) }
            }
            _ => self.load_general(owner, load, general),
        }
    }

    fn load_general(&mut self, owner: Value, load: Load, general: General) -> Loaded {
        let instr = match (general, load) {
            (General::Special(method), _) => Instr::load_special(owner, method),
            (General::Name(name), Load::Method) => Instr::load_method(owner, name),
            (General::Name(name), Load::Value) => {
                return Loaded { value: self.emit(Instr::load_attr(owner, name)), receiver: None };
            }
        };
        let value = self.emit(instr);
        Loaded { value, receiver: Some(self.second_output(value, ty::OptObject)) }
    }

    pub(super) fn second_output(&mut self, first: Value, ty: Type) -> Value {
        let ty = self.type_id(ty);
        self.emit(Instr::get_second_output(first, ty))
    }

    /// A known object.
    pub(super) fn object(&mut self, object: ObjectId) -> Value {
        let known = Type::object(object, &self.function.classes);
        self.constant(known)
    }

    // ---- owners -------------------------------------------------------------------------------------------------------------

    fn class_type(&self, owner: &Owner) -> Type {
        Type::class_exact(owner.class, &self.function.classes)
    }

    /// Whether the type alone says all that the shape does, as for `list`.
    fn is_told_by_type(&self, owner: &Owner) -> bool {
        self.function.classes.class(owner.class).is_some_and(|class| class.is_leaf)
    }

    fn can_own(&self, value: Value, owner: &Owner) -> bool {
        self.may_be(value, self.class_type(owner))
    }

    /// Makes sure that a value is an instance of the class with the layout, and that the class is as it was.
    pub(super) fn guard_owner(&mut self, value: Value, owner: &Owner) -> Value {
        let class = self.class_type(owner);
        let value = if self.is_told_by_type(owner) {
            self.guard_exactly(value, class)
        } else {
            let class = self.type_id(class);
            let narrow = self.emit(Instr::guard_shape(value, owner.shape, class));
            self.rename(value, narrow);
            narrow
        };
        self.assume(owner.assumption);
        value
    }

    /// The attribute of an owner that has been made sure of.
    fn load_from(&mut self, owner: Value, seen: &Owner, load: Load, name: NameId) -> Loaded {
        match seen.place {
            Place::Slot { offset } => Loaded { value: self.emit(Instr::load_slot(owner, offset, name)), receiver: None },
            Place::Method(function) if load == Load::Method => Loaded { value: self.object(function), receiver: Some(owner) },
            Place::Method(function) => {
                let function = self.object(function);
                Loaded { value: self.emit(Instr::make_method(function, owner)), receiver: None }
            }
            Place::Value(value) => Loaded { value: self.object(value), receiver: None },
            Place::Getter(function) => Loaded { value: self.call_known(function, vec![owner]), receiver: None },
            Place::Added { .. } | Place::General => self.load_general(owner, load, General::Name(name)),
        }
    }

    /// Tests for one owner after the other.
    fn load_by_owner(&mut self, owner: Value, seen: &[Owner], load: Load, general: General, name: NameId) -> Loaded {
        let known: Vec<&Owner> = seen.iter().filter(|seen| seen.place != Place::General && self.can_own(owner, seen)).take(OWNER_LIMIT).collect();
        if known.is_empty() {
            return self.load_general(owner, load, general);
        }
        let join = self.new_block();
        let mut ways: Vec<Loaded> = Vec::new();
        let (vars, is_replayable) = (self.vars.clone(), self.is_replayable);
        let mut are_replayable = true;
        for group in groups(&known) {
            let (narrow, next) = self.test_owners(owner, &group);
            ways.push(self.load_from(narrow, group[0], load, name));
            are_replayable &= self.is_replayable;
            self.branch_inside(join);
            self.vars.clone_from(&vars);
            self.is_replayable = is_replayable;
            self.continue_in(next);
        }
        if self.misses_deopt(known.len(), seen.len()) {
            self.deopt("another owner");
        } else {
            self.set_cold();
            ways.push(self.load_general(owner, load, general));
            are_replayable = false;
            self.branch_inside(join);
        }
        let loaded = self.join_ways(join, &ways);
        self.is_replayable = are_replayable;
        loaded
    }

    /// Whether an owner that was not tested for is a reason to leave: all that were seen have been.
    fn misses_deopt(&self, n_tested: usize, n_seen: usize) -> bool {
        self.options.misses == Misses::Deopt && n_tested == n_seen && self.is_replayable
    }

    /// Goes on where a value is of one of some classes and layouts, under its type; gives the block where it is not.
    fn test_owners(&mut self, value: Value, owners: &[&Owner]) -> (Value, Block) {
        let then = self.new_block();
        let mut union = ty::Bottom;
        for seen in owners {
            let (class, next) = (self.class_type(seen), self.new_block());
            let class_id = self.type_id(class);
            let test = if self.is_told_by_type(seen) {
                Instr::cond_branch_check_type(value, then, next, class_id)
            } else {
                Instr::cond_branch_shape(value, then, next, seen.shape)
            };
            self.emit_terminator(test);
            self.continue_in(next);
            union = union.or(class, &self.function.classes);
        }
        let next = self.here();
        self.continue_in(then);
        let mut assumed = Vec::new();
        for seen in owners {
            if !assumed.contains(&seen.assumption) {
                assumed.push(seen.assumption);
                self.assume(seen.assumption);
            }
        }
        (self.refine(value, union), next)
    }

    pub(super) fn join_ways(&mut self, join: Block, ways: &[Loaded]) -> Loaded {
        let preds = self.function.preds(join).to_vec();
        let values: Vec<Value> = ways.iter().map(|way| way.value).collect();
        let receivers: Option<Vec<Value>> = ways.iter().any(|way| way.receiver.is_some()).then(|| {
            let null_before_end = |builder: &mut Self, pred: Block| {
                let end = builder.function.instrs(pred).len() - 1;
                builder.function.insert_const(pred, end, ty::Nullptr)
            };
            ways.iter().zip(preds).map(|(way, pred)| way.receiver.unwrap_or_else(|| null_before_end(self, pred))).collect()
        });
        self.continue_in(join);
        let value = self.join(join, &values);
        let receiver = receivers.map(|receivers| self.join(join, &receivers));
        Loaded { value, receiver }
    }

    // ---- stores -------------------------------------------------------------------------------------------------------------

    pub(super) fn store_attr(&mut self, index: u32) {
        let name = self.name(index);
        let (owner, value) = (self.pop(), self.pop());
        let Seen::Attribute(owners) = self.seen() else {
            self.emit(Instr::store_attr(value, owner, name));
            return;
        };
        let is_known = |seen: &&Owner| matches!(seen.place, Place::Slot { .. } | Place::Added { .. });
        let known: Vec<&Owner> = owners.iter().filter(is_known).filter(|seen| self.can_own(owner, seen)).take(OWNER_LIMIT).collect();
        match known.as_slice() {
            [] => {
                self.emit(Instr::store_attr(value, owner, name));
            }
            [only] if owners.len() == 1 => {
                let owner = self.guard_owner(owner, only);
                self.store_to(owner, value, only, name);
            }
            several => self.store_by_owner(owner, value, several, owners.len(), name),
        }
    }

    fn store_to(&mut self, owner: Value, value: Value, seen: &Owner, name: NameId) {
        match seen.place {
            Place::Slot { offset } => {
                let previous = self.emit(Instr::take_slot(owner, offset, name));
                self.emit(Instr::store_slot(owner, value, previous, offset, name));
            }
            Place::Added { offset, shape } => {
                self.emit(Instr::add_slot(owner, value, offset, name, shape));
            }
            Place::Method(_) | Place::Value(_) | Place::Getter(_) | Place::General => {
                self.emit(Instr::store_attr(value, owner, name));
            }
        }
    }

    fn store_by_owner(&mut self, owner: Value, value: Value, known: &[&Owner], n_seen: usize, name: NameId) {
        let join = self.new_block();
        let (vars, is_replayable) = (self.vars.clone(), self.is_replayable);
        for group in groups(known) {
            let (narrow, next) = self.test_owners(owner, &group);
            self.store_to(narrow, value, group[0], name);
            self.branch_inside(join);
            self.vars.clone_from(&vars);
            self.is_replayable = is_replayable;
            self.continue_in(next);
        }
        if self.misses_deopt(known.len(), n_seen) {
            self.deopt("another owner");
        } else {
            self.set_cold();
            self.emit(Instr::store_attr(value, owner, name));
            self.branch_inside(join);
        }
        self.continue_in(join);
        self.is_replayable = false;
    }

    pub(super) fn delete_attr(&mut self, index: u32) {
        let (owner, name) = (self.pop(), self.name(index));
        self.emit(Instr::delete_attr(owner, name));
    }
}
