//! Displays, comprehensions, strings, unpacking, patterns.

use super::{Builder, Refusal};
use crate::environment::Seen;
use crate::instr::{Condition, Conversion, Instr, Value};
use crate::types::{Type, ty};

impl Builder<'_> {
    pub(super) fn build_list(&mut self, n: u32) {
        let items = self.pop_many(n);
        let items = self.function.pool.add_values(&items);
        let list = self.emit(Instr::make_list(items));
        self.push(list);
    }

    pub(super) fn build_tuple(&mut self, n: u32) {
        let items = self.pop_many(n);
        let items = self.function.pool.add_values(&items);
        let tuple = self.emit(Instr::make_tuple(items));
        self.push(tuple);
    }

    pub(super) fn build_set(&mut self, n: u32) {
        let items = self.pop_many(n);
        let items = self.function.pool.add_values(&items);
        let set = self.emit(Instr::make_set(items));
        self.push(set);
    }

    pub(super) fn build_map(&mut self, n: u32) {
        let items = self.pop_many(2 * n);
        let dict = if items.is_empty() {
            self.emit(Instr::make_empty_dict())
        } else {
            let items = self.function.pool.add_values(&items);
            self.emit(Instr::make_dict(items))
        };
        self.push(dict);
    }

    pub(super) fn build_slice(&mut self, n: u32) {
        let step = if n == 3 { self.pop() } else { self.none() };
        let (stop, start) = (self.pop(), self.pop());
        let slice = self.emit(Instr::make_slice(start, stop, step));
        self.push(slice);
    }

    // ---- strings ------------------------------------------------------------------------------------------------------------

    pub(super) fn build_string(&mut self, n: u32) {
        let parts = self.pop_many(n);
        let parts = self.function.pool.add_values(&parts);
        let text = self.emit(Instr::build_string(parts));
        self.push(text);
    }

    pub(super) fn build_template(&mut self) {
        let (interpolations, strings) = (self.pop(), self.pop());
        let template = self.emit(Instr::build_template(strings, interpolations));
        self.push(template);
    }

    pub(super) fn build_interpolation(&mut self, operand: u32) {
        let spec = if operand & 1 != 0 { self.pop() } else { self.null() };
        let (expression, value) = (self.pop(), self.pop());
        let interpolation = self.emit(Instr::build_interpolation(value, expression, spec, operand >> 2));
        self.push(interpolation);
    }

    pub(super) fn format_simple(&mut self) {
        let value = self.pop();
        let text = if self.is(value, ty::UnicodeExact) { value } else { self.emit(Instr::format_simple(value)) };
        self.push(text);
    }

    pub(super) fn format_with_spec(&mut self) {
        let (spec, value) = (self.pop(), self.pop());
        let text = self.emit(Instr::format_with_spec(value, spec));
        self.push(text);
    }

    pub(super) fn convert_value(&mut self, operand: u32) -> Result<(), Refusal> {
        let conversion = match operand {
            1 => Conversion::Str,
            2 => Conversion::Repr,
            3 => Conversion::Ascii,
            _ => return Err(Refusal::Malformed),
        };
        let value = self.pop();
        let is_itself = conversion == Conversion::Str && self.is(value, ty::UnicodeExact);
        let text = if is_itself { value } else { self.emit(Instr::convert_value(value, conversion)) };
        self.push(text);
        Ok(())
    }

    // ---- what comprehensions and displays with stars build ------------------------------------------------------------------

    /// The container so many places below, of the type that the compiler made.
    fn container(&mut self, n: u32, ty: Type) -> Value {
        let value = self.top(n);
        self.known_as(value, ty)
    }

    pub(super) fn list_append(&mut self, n: u32) {
        let item = self.pop();
        let list = self.container(n, ty::ListExact);
        self.emit(Instr::list_append(list, item));
    }

    pub(super) fn list_extend(&mut self, n: u32) {
        let items = self.pop();
        let list = self.container(n, ty::ListExact);
        self.emit(Instr::list_extend(list, items));
    }

    pub(super) fn set_add(&mut self, n: u32) {
        let item = self.pop();
        let set = self.top(n);
        // The set a module's annotations are counted in is a variable, which programs may rebind.
        let set = self.guard_type(set, ty::Set);
        self.emit(Instr::set_add(set, item));
    }

    pub(super) fn set_update(&mut self, n: u32) {
        let items = self.pop();
        let set = self.container(n, ty::SetExact);
        self.emit(Instr::set_update(set, items));
    }

    pub(super) fn map_add(&mut self, n: u32) {
        let (value, key) = (self.pop(), self.pop());
        let dict = self.container(n, ty::DictExact);
        self.emit(Instr::dict_set_item(dict, key, value));
    }

    pub(super) fn dict_update(&mut self, n: u32) {
        let items = self.pop();
        let dict = self.container(n, ty::DictExact);
        self.emit(Instr::dict_update(dict, items));
    }

    pub(super) fn dict_merge(&mut self, n: u32) {
        let items = self.pop();
        let dict = self.container(n, ty::DictExact);
        let callable = self.top(n + 3);
        self.emit(Instr::dict_merge(dict, items, callable));
    }

    // ---- unpacking ----------------------------------------------------------------------------------------------------------

    pub(super) fn get_len(&mut self) {
        let value = self.top(1);
        let length = self.length(value);
        self.push(length);
    }

    pub(super) fn unpack_sequence(&mut self, count: u32) {
        let value = self.pop();
        let seen = match self.seen() {
            Seen::Operands(seen, _) => *seen,
            _ => ty::Object,
        };
        let expected = self.ty(value).and(seen, &self.function.classes);
        let exact = [ty::TupleExact, ty::ListExact].into_iter().find(|exact| !expected.is_bottom() && expected.fits(*exact));
        match exact {
            Some(exact) => {
                let value = self.guard_type(value, exact);
                let is_fit = self.has_length(value, count);
                self.emit(Instr::guard(is_fit));
                let items = self.load_items(value, exact, count);
                self.push_all(&items);
            }
            None if !expected.is_bottom() && expected.fits(ty::SequenceExact) => self.unpack_either(value, count),
            None => self.unpack_by_type(value, count),
        }
    }

    /// Takes apart what may be a list or a tuple, without asking which for each item.
    fn unpack_either(&mut self, value: Value, count: u32) {
        let value = self.guard_type(value, ty::SequenceExact);
        let is_fit = self.has_length(value, count);
        self.emit(Instr::guard(is_fit));
        let place = self.emit_plain(Instr::load_items(value));
        let items: Vec<Value> = (0..count).map(|index| self.emit_plain(Instr::load_item_from(value, place, index))).collect();
        self.push_all(&items);
    }

    /// Tests for tuples and lists of the length; leaves other values to a call.
    fn unpack_by_type(&mut self, value: Value, count: u32) {
        let (general, join) = (self.new_block(), self.new_block());
        let mut ways = Vec::new();
        for exact in [ty::TupleExact, ty::ListExact] {
            if !self.may_be(value, exact) {
                continue;
            }
            let (then, fit, next) = (self.new_block(), self.new_block(), self.new_block());
            let exact_id = self.type_id(exact);
            self.emit_terminator(Instr::cond_branch_check_type(value, then, next, exact_id));
            self.continue_in(then);
            let narrow = self.refine(value, exact);
            let is_fit = self.has_length(narrow, count);
            self.emit_terminator(Instr::cond_branch(is_fit, fit, general));
            self.continue_in(fit);
            ways.push(self.load_items(narrow, exact, count));
            self.branch_inside(join);
            self.continue_in(next);
        }
        self.branch_inside(general);
        self.continue_in(general);
        self.set_cold();
        let tuple = self.emit(Instr::unpack_sequence(value, count));
        ways.push(self.load_items(tuple, ty::TupleExact, count));
        self.branch_inside(join);
        self.continue_in(join);
        let items: Vec<Value> = (0..count as usize)
            .map(|index| {
                let inputs: Vec<Value> = ways.iter().map(|way| way[index]).collect();
                self.join(join, &inputs)
            })
            .collect();
        self.push_all(&items);
    }

    /// Whether a tuple or list has so many items, as a machine bool.
    fn has_length(&mut self, value: Value, count: u32) -> Value {
        let length = self.emit_plain(Instr::load_length(value));
        let wanted = self.c_int(i64::from(count));
        self.emit_plain(Instr::primitive_compare(length, wanted, Condition::Equal))
    }

    /// The items of a tuple or list that has so many.
    fn load_items(&mut self, value: Value, exact: Type, count: u32) -> Vec<Value> {
        let load = |index: u32| {
            if exact == ty::TupleExact {
                return self.emit_plain(Instr::load_tuple_item(value, index));
            }
            let index = self.c_int(i64::from(index));
            self.emit_plain(Instr::load_list_item(value, index))
        };
        (0..count).map(load).collect()
    }

    /// Pushes items, the first on top.
    fn push_all(&mut self, items: &[Value]) {
        items.iter().rev().for_each(|item| self.push(*item));
    }

    pub(super) fn unpack_ex(&mut self, operand: u32) {
        let (before, after) = (operand & 0xff, operand >> 8);
        let value = self.pop();
        let tuple = self.emit(Instr::unpack_ex(value, before, after));
        let items = self.load_items(tuple, ty::TupleExact, before + 1 + after);
        self.push_all(&items);
    }

    // ---- patterns -----------------------------------------------------------------------------------------------------------

    pub(super) fn match_class(&mut self, positional: u32) {
        let (names, class, subject) = (self.pop(), self.pop(), self.pop());
        let attributes = self.emit(Instr::match_class(subject, class, names, positional));
        self.push(attributes);
    }

    pub(super) fn match_keys(&mut self) {
        let (subject, keys) = (self.top(2), self.top(1));
        let values = self.emit(Instr::match_keys(subject, keys));
        self.push(values);
    }

    pub(super) fn match_mapping(&mut self) {
        let subject = self.top(1);
        let is_mapping = self.emit_plain(Instr::match_mapping(subject));
        self.push_bool(is_mapping);
    }

    pub(super) fn match_sequence(&mut self) {
        let subject = self.top(1);
        let is_sequence = self.emit_plain(Instr::match_sequence(subject));
        self.push_bool(is_sequence);
    }
}
