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
            Some(exact) => self.unpack_exact(value, exact, count),
            None => {
                let tuple = self.emit(Instr::unpack_sequence(value, count));
                self.push_items(tuple, count);
            }
        }
    }

    fn unpack_exact(&mut self, value: Value, exact: Type, count: u32) {
        let value = self.guard_type(value, exact);
        let length = self.emit_plain(Instr::load_length(value));
        let wanted = self.c_int(i64::from(count));
        let is_fit = self.emit_plain(Instr::primitive_compare(length, wanted, Condition::Equal));
        self.emit(Instr::guard(is_fit));
        if exact == ty::TupleExact {
            return self.push_items(value, count);
        }
        for index in (0..count).rev() {
            let index = self.c_int(i64::from(index));
            let item = self.emit_plain(Instr::load_list_item(value, index));
            self.push(item);
        }
    }

    /// Pushes so many items of a tuple, the first on top.
    fn push_items(&mut self, tuple: Value, count: u32) {
        for index in (0..count).rev() {
            let item = self.emit_plain(Instr::load_tuple_item(tuple, index));
            self.push(item);
        }
    }

    pub(super) fn unpack_ex(&mut self, operand: u32) {
        let (before, after) = (operand & 0xff, operand >> 8);
        let value = self.pop();
        let tuple = self.emit(Instr::unpack_ex(value, before, after));
        self.push_items(tuple, before + 1 + after);
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
