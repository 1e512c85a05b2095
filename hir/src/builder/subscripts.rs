//! Items and slices.

use super::Builder;
use super::arrays::Item;
use crate::environment::{Place, Seen};
use crate::instr::{Instr, Value};
use crate::types::{ObjectId, Type, ty};

impl Builder<'_> {
    /// What container and key will be.
    fn expected_item(&self, container: Value, key: Value) -> Option<(Type, Type)> {
        let (seen_container, seen_key) = match self.seen() {
            Seen::Operands(container, key) => (*container, *key),
            _ => (ty::Object, ty::Object),
        };
        let classes = &self.function.classes;
        let expected = (self.ty(container).and(seen_container, classes), self.ty(key).and(seen_key, classes));
        (!expected.0.is_bottom() && !expected.1.is_bottom()).then_some(expected)
    }

    /// `container[key]`
    pub(super) fn subscript(&mut self, container: Value, key: Value) -> Value {
        if let Some((container, function)) = self.guarded_container(container) {
            return self.call_known(function, vec![container, key]);
        }
        if let Instr::MakeSlice { start, stop, step } = *self.function.instr(self.function.model(key)) {
            let result = self.emit(Instr::strided_slice(container, start, stop, step));
            return self.slice_of(container, result);
        }
        let Some((expected, expected_key)) = self.expected_item(container, key) else {
            return self.emit(Instr::binary_op(container, key, bytecode::opcode::BinaryOp::Subscript));
        };
        let is_index = expected_key.fits(ty::SmallInt);
        if expected.fits(ty::ListExact) && is_index {
            let (list, index) = self.guarded_index(container, key, ty::ListExact);
            return self.emit_plain(Instr::load_list_item(list, index));
        }
        if expected.fits(ty::TupleExact) && is_index {
            let (tuple, index) = self.guarded_index(container, key, ty::TupleExact);
            return self.emit_plain(Instr::load_tuple_item_at(tuple, index));
        }
        if expected.fits(ty::UnicodeExact) && is_index {
            let (text, index) = self.guarded_index(container, key, ty::UnicodeExact);
            return self.emit(Instr::unicode_item(text, index));
        }
        if let Some(kind) = self.array_kind(expected).filter(|_| is_index) {
            let item = self.array_item(container, key, expected, kind);
            return self.load_array_item(&item, kind);
        }
        if expected.fits(ty::DictExact) {
            let dict = self.guard_type(container, ty::DictExact);
            return self.emit(Instr::dict_subscr(dict, key));
        }
        self.emit(Instr::binary_op(container, key, bytecode::opcode::BinaryOp::Subscript))
    }

    /// The container and the special method of its class that was seen here, if that was one.
    fn guarded_container(&mut self, container: Value) -> Option<(Value, ObjectId)> {
        let Seen::Attribute(owners) = self.seen() else { return None };
        let [owner] = owners.as_slice() else { return None };
        let (Place::Getter(function) | Place::Method(function)) = owner.place else { return None };
        Some((self.guard_owner(container, owner), function))
    }

    /// An index that is a tagged int, as a machine integer.
    pub(super) fn machine_index(&mut self, key: Value) -> Value {
        let key = self.guard_type(key, ty::SmallInt);
        match self.ty(key).known_int() {
            Some(number) => self.c_int(number),
            None => self.emit_plain(Instr::small_int_unbox(key)),
        }
    }

    /// A sequence of the type, and an index within its bounds.
    fn guarded_index(&mut self, sequence: Value, key: Value, exact: Type) -> (Value, Value) {
        let sequence = self.guard_exactly(sequence, exact);
        let index = self.machine_index(key);
        let length = self.emit_plain(Instr::load_length(sequence));
        let index = self.emit(Instr::check_bounds(index, length));
        (sequence, index)
    }

    pub(super) fn store_subscr(&mut self) {
        let (key, container, value) = (self.pop(), self.pop(), self.pop());
        if let Some((container, function)) = self.guarded_container(container) {
            self.call_and_discard(function, vec![container, key, value]);
            return;
        }
        if self.method_store(container, key, value) {
            return;
        }
        let expected = self.expected_item(container, key);
        if expected.is_some_and(|(container, key)| container.fits(ty::ListExact) && key.fits(ty::SmallInt)) {
            let (list, index) = self.guarded_index(container, key, ty::ListExact);
            let previous = self.emit(Instr::take_list_item(list, index));
            self.emit(Instr::store_list_item(list, index, value, previous));
        } else if let Some((exact, kind)) = expected.and_then(|expected| self.expected_array(expected))
            && let Some(number) = self.number_for_array(value, kind)
        {
            let Item { array, data, index } = self.array_item(container, key, exact, kind);
            self.emit(Instr::store_array_item(array, data, index, number, kind));
        } else if expected.is_some_and(|(container, _)| container.fits(ty::DictExact)) {
            let dict = self.guard_exactly(container, ty::DictExact);
            self.emit(Instr::dict_set_item(dict, key, value));
        } else {
            self.emit(Instr::store_subscr(value, container, key));
        }
    }

    pub(super) fn delete_subscr(&mut self) {
        let (key, container) = (self.pop(), self.pop());
        self.emit(Instr::delete_subscr(container, key));
    }

    pub(super) fn binary_slice(&mut self) {
        let (stop, start, container) = (self.pop(), self.pop(), self.pop());
        let result = self.emit(Instr::binary_slice(container, start, stop));
        let result = self.slice_of(container, result);
        self.push(result);
    }

    /// What a slice of the container is known to be.
    fn slice_of(&mut self, container: Value, slice: Value) -> Value {
        let same = [ty::ListExact, ty::TupleExact, ty::UnicodeExact].into_iter().find(|exact| self.is(container, *exact));
        same.map_or(slice, |exact| self.refine(slice, exact))
    }

    pub(super) fn store_slice(&mut self) {
        let (stop, start, container, value) = (self.pop(), self.pop(), self.pop(), self.pop());
        self.emit(Instr::store_slice(value, container, start, stop));
    }
}
