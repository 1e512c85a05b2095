//! Containers, strings and iterators of exact types.

use super::{Change, Simplifier};
use crate::instr::{Condition, Conversion, Instr, Value};
use crate::types::{ANY_SIZED, Type, ty};
use bytecode::opcode::BinaryOp;

/// What is its own iterator.
const ITERATORS: Type = Type::any_of(&[ty::RangeIterator, ty::ListIterator, ty::TupleIterator, ty::Gen]);

impl Simplifier<'_> {
    pub(super) fn container(&mut self, value: Value, instr: Instr) -> Option<Change> {
        match instr {
            Instr::BinaryOp { left, right, op: BinaryOp::Subscript } => self.subscript(left, right),
            Instr::StoreSubscr { value, container, key } => self.store_subscript(value, container, key),
            Instr::LoadTupleItem { tuple, index } => self.items(tuple)?.get(index as usize).copied().map(Change::To),
            Instr::LoadTupleItemAt { tuple, index } => {
                let index = u32::try_from(self.int(index)?).ok()?;
                self.into(Instr::load_tuple_item(tuple, index))
            }
            Instr::LoadItemFrom { sequence, index, .. } if self.is(sequence, ty::TupleExact) => self.into(Instr::load_tuple_item(sequence, index)),
            Instr::LoadLength { container } => {
                let length = self.length(container)?;
                self.give_constant(Type::c_int(ty::CInt64, length))
            }
            Instr::CheckBounds { index, length } => {
                let (mut index, length) = (self.int(index)?, self.int(length)?);
                index += if index < 0 { length } else { 0 };
                if (0..length).contains(&index) { self.give_constant(Type::c_int(ty::CInt64, index)) } else { None }
            }
            Instr::GetLength { value } if self.is(value, ANY_SIZED) => {
                let length = self.emit(Instr::load_length(value));
                self.into(Instr::small_int_box_unchecked(length))
            }
            Instr::GetIter { value } if self.is(value, ITERATORS) => Some(Change::To(value)),
            Instr::IterNext { iterator } => self.next(iterator),
            Instr::UnpackSequence { value: sequence, count } => self.unpack(sequence, count),
            Instr::FormatSimple { value } if self.is(value, ty::UnicodeExact) => Some(Change::To(value)),
            Instr::ConvertValue { value, conversion: Conversion::Str } if self.is(value, ty::UnicodeExact) => Some(Change::To(value)),
            Instr::BuildString { parts } => match *self.function.pool.values(parts) {
                [only] if self.is(only, ty::UnicodeExact) => Some(Change::To(only)),
                _ => None,
            },
            Instr::LoadClass { value: object } => self.class_of(value, object),
            _ => None,
        }
    }

    /// The items of a tuple that was made here.
    fn items(&self, tuple: Value) -> Option<&[Value]> {
        match *self.function.instr(self.function.model(tuple)) {
            Instr::MakeTuple { items } => Some(self.function.pool.values(items)),
            _ => None,
        }
    }

    fn length(&self, container: Value) -> Option<i64> {
        if let Some(items) = self.items(container) {
            return i64::try_from(items.len()).ok();
        }
        match *self.function.instr(self.function.model(container)) {
            Instr::UnpackSequence { count, .. } => Some(i64::from(count)),
            _ => None,
        }
    }

    fn subscript(&mut self, container: Value, key: Value) -> Option<Change> {
        if self.is(container, ty::DictExact) {
            return Some(Change::Into(Instr::dict_subscr(container, key)));
        }
        let is_sequence = self.is(container, ty::ListExact) || self.is(container, ty::TupleExact) || self.is(container, ty::UnicodeExact);
        if !is_sequence || !self.is(key, ty::SmallInt) {
            return None;
        }
        let index = self.index(container, key)?;
        self.into(if self.is(container, ty::ListExact) {
            Instr::load_list_item(container, index)
        } else if self.is(container, ty::TupleExact) {
            Instr::load_tuple_item_at(container, index)
        } else {
            Instr::unicode_item(container, index)
        })
    }

    /// The machine index, guarded to be within bounds: the interpreter raises `IndexError`.
    fn index(&mut self, container: Value, key: Value) -> Option<Value> {
        let state = self.guard_state()?;
        let index = self.emit(Instr::small_int_unbox(key));
        let length = self.emit(Instr::load_length(container));
        Some(self.emit_with(Instr::check_bounds(index, length), Some(state)))
    }

    fn store_subscript(&mut self, value: Value, container: Value, key: Value) -> Option<Change> {
        if self.is(container, ty::DictExact) {
            return Some(Change::Into(Instr::dict_set_item(container, key, value)));
        }
        if !self.is(container, ty::ListExact) || !self.is(key, ty::SmallInt) {
            return None;
        }
        let index = self.index(container, key)?;
        let previous = self.emit(Instr::take_list_item(container, index));
        self.emit(Instr::store_list_item(container, index, value, previous));
        Some(Change::Gone)
    }

    fn next(&mut self, iterator: Value) -> Option<Change> {
        if self.is(iterator, ty::ListIterator) {
            return self.into(Instr::list_iterator_next(iterator));
        }
        if self.is(iterator, ty::TupleIterator) {
            return self.into(Instr::tuple_iterator_next(iterator));
        }
        if self.is(iterator, ty::RangeIterator) {
            let state = self.guard_state()?;
            return Some(Change::To(self.emit_with(Instr::range_iterator_next(iterator), Some(state))));
        }
        None
    }

    fn unpack(&mut self, sequence: Value, count: u32) -> Option<Change> {
        if !self.is(sequence, ty::TupleExact) {
            return None;
        }
        if let Some(length) = self.length(sequence) {
            return (length == i64::from(count)).then_some(Change::To(sequence));
        }
        let state = self.guard_state()?;
        let length = self.emit(Instr::load_length(sequence));
        let wanted = self.constant(Type::c_int(ty::CInt64, i64::from(count)));
        let is_right = self.emit(Instr::primitive_compare(length, wanted, Condition::Equal));
        self.emit_with(Instr::guard(is_right), Some(state));
        Some(Change::To(sequence))
    }

    /// The class of a value whose type says it, as an object of the tables.
    fn class_of(&mut self, _value: Value, object: Value) -> Option<Change> {
        let (class, true) = self.ty(object).known_class(&self.function.classes)? else { return None };
        // The class of an instance of a Python class can be assigned.
        if !self.function.classes.class(class)?.is_leaf {
            return None;
        }
        let (id, _) = self.preloaded.known_classes.iter().find(|(_, known)| known.class == class)?;
        let ty = Type::object(*id, &self.function.classes);
        self.give_constant(ty)
    }
}
