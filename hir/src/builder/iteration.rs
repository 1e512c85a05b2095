//! `for`: iterators of ranges, lists and tuples step without a call.

use super::Builder;
use crate::environment::Seen;
use crate::instr::{Instr, Value};
use crate::types::{Type, ty};
use bytecode::Opcode;

/// Iterators with a step of their own.
const STEPPED: &[Type] = &[ty::RangeIterator, ty::ListIterator, ty::TupleIterator];
/// What `iter` gives back as it is.
const ITERATORS: &[Type] = &[ty::RangeIterator, ty::ListIterator, ty::TupleIterator, ty::Gen];

impl Builder<'_> {
    pub(super) fn get_iter(&mut self) {
        let value = self.expected_iterable();
        let iterator = if ITERATORS.iter().any(|iterator| self.is(value, *iterator)) { value } else { self.new_iterator(value) };
        self.push(iterator);
        self.expect_iterator(iterator);
    }

    /// What is iterated over: guarded, if the loop that follows has seen the iterator of a list or tuple, unless that has been found wrong.
    fn expected_iterable(&mut self) -> Value {
        let value = self.top(1);
        let (next, unit) = (self.at + 1, self.unit);
        if matches!(self.seen(), Seen::Operands(iterable, _) if *iterable == ty::List) && self.may_be(value, ty::List) {
            let list = self.type_id(ty::List);
            let narrow = self.emit(Instr::guard_list_iteration(value, list));
            self.rename(value, narrow);
            return self.pop();
        }
        if *self.seen() != Seen::Megamorphic
            && self.opcode_at(next) == Some(Opcode::ForIter)
            && let Seen::Iterator(seen) = unit.seen(next)
            && !seen.is_bottom()
        {
            let kinds = [(ty::ListIterator, ty::ListExact), (ty::TupleIterator, ty::TupleExact)];
            let expected = kinds.into_iter().find(|(iterator, _)| seen.fits(*iterator));
            if let Some((_, iterable)) = expected.filter(|(_, iterable)| self.may_be(value, *iterable)) {
                self.guard_exactly(value, iterable);
            }
        }
        self.pop()
    }

    fn new_iterator(&mut self, value: Value) -> Value {
        let iterator = self.emit(Instr::get_iter(value));
        let is_guarded = matches!(self.function.instr(value), Instr::GuardListIteration { .. });
        if is_guarded || self.is(value, ty::ListExact) {
            self.refine(iterator, ty::ListIterator)
        } else if self.is(value, ty::TupleExact) {
            self.refine(iterator, ty::TupleIterator)
        } else {
            iterator
        }
    }

    /// Guards the iterator of the loop that follows before the loop rather than in it.
    fn expect_iterator(&mut self, iterator: Value) {
        let next = self.at + 1;
        let unit = self.unit;
        if self.opcode_at(next) == Some(Opcode::ForIter) && self.stepped(iterator, unit.seen(next)).is_some() {
            self.begin_instruction(next);
            self.guard_iterator();
            // The instruction itself is still to come.
            self.at = next - 1;
        }
    }

    /// If the instruction is a step of a loop, guards the iterator on top of the stack.
    pub(super) fn guard_iterator(&mut self) {
        if self.opcode() != Opcode::ForIter {
            return;
        }
        let iterator = self.top(1);
        if let Some(stepped) = self.stepped(iterator, self.seen()) {
            self.guard_type(iterator, stepped);
        }
    }

    /// The type to guard an iterator for, if that is of use.
    fn stepped(&self, iterator: Value, seen: &Seen) -> Option<Type> {
        let Seen::Iterator(seen) = seen else { return None };
        let stepped = STEPPED.iter().copied().find(|stepped| !seen.is_bottom() && seen.fits(*stepped))?;
        (self.may_be(iterator, stepped) && !self.is(iterator, stepped)).then_some(stepped)
    }

    pub(super) fn for_iter(&mut self, operand: u32) {
        self.guard_iterator();
        let iterator = self.top(1);
        let step = if self.is(iterator, ty::RangeIterator) {
            Instr::range_iterator_next(iterator)
        } else if self.is(iterator, ty::ListIterator) {
            Instr::list_iterator_next(iterator)
        } else if self.is(iterator, ty::TupleIterator) {
            Instr::tuple_iterator_next(iterator)
        } else {
            Instr::iter_next(iterator)
        };
        let is_generator = self.is(iterator, ty::Gen) || matches!(self.seen(), Seen::Iterator(seen) if seen.fits(ty::Gen) && !seen.is_bottom());
        let takes_apart = matches!(step, Instr::IterNext { .. }) && !is_generator && super::blocks::is_over_pairs(&self.unit.code, self.at);
        let step = if takes_apart { Instr::iter_next_pair(iterator) } else { step };
        let item = self.emit(step);
        let second = takes_apart.then(|| self.second_output(item, ty::OptObject));
        let end = super::blocks::jump_target(Opcode::ForIter, operand);
        let (body, end_block) = (self.new_block(), self.target(end));
        let from = self.emit_terminator(Instr::cond_branch_iter_not_done(item, body, end_block));
        self.arrive(from, end);
        self.block = Some(body);
        let item = self.refine(item, ty::Object);
        if let Some(second) = second {
            self.push_pair(item, second);
        }
        self.push(item);
        self.branch_to(self.at + 1);
    }

    /// Goes on behind the `UNPACK_SEQUENCE` that follows if there is a second value. Control comes back if there is none.
    fn push_pair(&mut self, first: Value, second: Value) {
        let (pair, other) = (self.new_block(), self.new_block());
        self.emit_terminator(Instr::cond_branch(second, pair, other));
        let vars = self.vars.clone();
        self.block = Some(pair);
        let second = self.refine(second, ty::Object);
        self.push(second);
        self.push(first);
        self.branch_to(self.at + 2);
        self.vars = vars;
        self.block = Some(other);
        self.set_cold();
    }

    pub(super) fn get_yield_from_iter(&mut self) {
        let value = self.pop();
        let iterator = if self.is(value, ty::Gen) { value } else { self.emit(Instr::get_yield_from_iter(value)) };
        self.push(iterator);
    }
}
