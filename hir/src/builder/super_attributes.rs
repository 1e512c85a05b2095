//! `super().name`: what is found behind a class in the order of the receiver's.
//!
//! Where a site has seen one thing alone, for a few classes of receivers, the receiver's class is tested and the order not walked along.
//! Then a method is a known function, whose call may be inlined.

use super::attributes::{Load, Loaded};
use super::{Builder, Misses};
use crate::environment::{Place, Receiver, Seen, SuperOwner};
use crate::instr::{Block, Instr, NameId, Value};
use crate::types::{Type, ty};

/// So many classes of receivers are tested for.
const RECEIVER_LIMIT: usize = 4;

/// What a look behind a class is given.
#[derive(Clone, Copy)]
struct Search {
    super_type: Value,
    class: Value,
    receiver: Value,
    name: NameId,
    /// 1: `super` has both arguments.
    flags: u32,
    load: Load,
}

impl Builder<'_> {
    pub(super) fn load_super_attr(&mut self, operand: u32) {
        let (name, flags) = (self.name(operand >> 2), operand >> 1 & 1);
        let load = if operand & 1 != 0 { Load::Method } else { Load::Value };
        let (receiver, class, super_type) = (self.pop(), self.pop(), self.pop());
        let search = Search { super_type, class, receiver, name, flags, load };
        let loaded = self.load_behind(search);
        self.push_loaded(loaded, load);
    }

    fn load_behind(&mut self, search: Search) -> Loaded {
        let Seen::Super { super_type, owners } = self.seen().clone() else { return self.load_behind_general(search) };
        let known = Type::object(super_type, &self.function.classes);
        let Some(first) = owners.first() else { return self.load_behind_general(search) };
        let start = Type::object(first.start, &self.function.classes);
        let is_one = owners.iter().all(|owner| owner.place == first.place && owner.start == first.start);
        let are_instances = owners.iter().all(|owner| matches!(owner.receiver, Receiver::Instance(_)));
        let can_receive = owners.iter().all(|owner| self.can_receive(search.receiver, owner));
        let is_possible = can_receive && (owners.len() == 1 || are_instances && owners.len() <= RECEIVER_LIMIT);
        let may_be = self.may_be(search.super_type, known) && self.may_be(search.class, start);
        if !is_one || first.place == Place::General || !is_possible || !may_be {
            return self.load_behind_general(search);
        }
        self.guard_is(search.super_type, known);
        self.guard_is(search.class, start);
        match owners.as_slice() {
            [SuperOwner { receiver: Receiver::Class(class), .. }] => {
                let class = Type::object(*class, &self.function.classes);
                let receiver = self.guard_is(search.receiver, class);
                self.assume(first.assumption);
                self.behind_of(first.place, receiver, search)
            }
            [_] => {
                let class = self.receiver_type(first);
                let receiver = self.guard_exactly(search.receiver, class);
                self.assume(first.assumption);
                self.behind_of(first.place, receiver, search)
            }
            several => self.load_behind_several(search, several),
        }
    }

    fn receiver_type(&self, owner: &SuperOwner) -> Type {
        match owner.receiver {
            Receiver::Instance(class) => Type::class_exact(class, &self.function.classes),
            Receiver::Class(class) => Type::object(class, &self.function.classes),
        }
    }

    fn can_receive(&self, receiver: Value, owner: &SuperOwner) -> bool {
        self.may_be(receiver, self.receiver_type(owner))
    }

    /// What was found, once it is sure that it is that.
    fn behind_of(&mut self, place: Place, receiver: Value, search: Search) -> Loaded {
        match place {
            Place::Method(function) if search.load == Load::Method => Loaded { value: self.object(function), receiver: Some(receiver) },
            Place::Method(function) => {
                let function = self.object(function);
                Loaded { value: self.emit(Instr::make_method(function, receiver)), receiver: None }
            }
            Place::Value(value) => Loaded { value: self.object(value), receiver: None },
            Place::Slot { .. } | Place::Added { .. } | Place::Getter(_) | Place::General => self.load_behind_general(search),
        }
    }

    /// Tests for one receiver after the other, for all of which the same was found.
    fn load_behind_several(&mut self, search: Search, owners: &[SuperOwner]) -> Loaded {
        let (join, then) = (self.new_block(), self.new_block());
        let (vars, is_replayable) = (self.vars.clone(), self.is_replayable);
        let (union, next) = self.test_receivers(search.receiver, owners, then);
        self.continue_in(then);
        for (index, owner) in owners.iter().enumerate() {
            if owners[..index].iter().all(|before| before.assumption != owner.assumption) {
                self.assume(owner.assumption);
            }
        }
        let receiver = self.refine(search.receiver, union);
        let mut ways = vec![self.behind_of(owners[0].place, receiver, search)];
        let mut is_replayable_after = self.is_replayable;
        self.branch_inside(join);
        self.vars.clone_from(&vars);
        self.is_replayable = is_replayable;
        self.continue_in(next);
        if self.options.misses == Misses::Deopt && is_replayable {
            self.deopt("another receiver");
        } else {
            self.set_cold();
            ways.push(self.load_behind_general(search));
            is_replayable_after = false;
            self.branch_inside(join);
        }
        let loaded = self.join_ways(join, &ways);
        self.is_replayable = is_replayable_after;
        loaded
    }

    /// Goes on in `then` if a value is one of some receivers; gives their type, and the block where it is not.
    fn test_receivers(&mut self, value: Value, owners: &[SuperOwner], then: Block) -> (Type, Block) {
        let mut union = ty::Bottom;
        for owner in owners {
            let (class, next) = (self.receiver_type(owner), self.new_block());
            let class_id = self.type_id(class);
            self.emit_terminator(Instr::cond_branch_check_type(value, then, next, class_id));
            self.continue_in(next);
            union = union.or(class, &self.function.classes);
        }
        (union, self.here())
    }

    fn load_behind_general(&mut self, search: Search) -> Loaded {
        let Search { super_type, class, receiver, name, flags, load } = search;
        if load == Load::Value {
            return Loaded { value: self.emit(Instr::load_super_attr(super_type, class, receiver, name, flags)), receiver: None };
        }
        let value = self.emit(Instr::load_super_method(super_type, class, receiver, name, flags));
        Loaded { value, receiver: Some(self.second_output(value, ty::OptObject)) }
    }
}
