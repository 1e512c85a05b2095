//! Items of arrays of machine numbers.

use super::Builder;
use crate::instr::{Condition, Instr, ItemKind, Value};
use crate::types::{Type, ty};

/// Where an item is.
pub(super) struct Item {
    pub array: Value,
    pub data: Value,
    pub index: Value,
}

impl Builder<'_> {
    /// The kind of items, if a type is that of arrays of one kind.
    pub(super) fn array_kind(&self, expected: Type) -> Option<ItemKind> {
        let (class, is_exact) = expected.known_class(&self.function.classes).filter(|_| !expected.is_bottom())?;
        if is_exact { self.preloaded.arrays.get(&class).copied() } else { None }
    }

    /// The same of container and index.
    pub(super) fn expected_array(&self, (container, key): (Type, Type)) -> Option<(Type, ItemKind)> {
        let kind = self.array_kind(container)?;
        key.fits(ty::SmallInt).then_some((container, kind))
    }

    /// An array of the type, and an index within its bounds.
    pub(super) fn array_item(&mut self, container: Value, key: Value, exact: Type, kind: ItemKind) -> Item {
        let array = self.guard_exactly(container, exact);
        let index = self.machine_index(key);
        let length = self.emit_plain(Instr::load_array_length(array, kind));
        let index = self.emit(Instr::check_bounds(index, length));
        let data = self.emit_plain(Instr::load_array_data(array));
        Item { array, data, index }
    }

    /// The Python value of an item.
    pub(super) fn load_array_item(&mut self, item: &Item, kind: ItemKind) -> Value {
        let ty = self.type_id(if kind == ItemKind::Double { ty::CDouble } else { ty::CInt64 });
        let number = self.emit_plain(Instr::load_array_item(item.array, item.data, item.index, kind, ty));
        match kind {
            ItemKind::Double => self.emit_plain(Instr::float_box(number)),
            ItemKind::Int64 => self.emit(Instr::small_int_box(number)),
            _ => self.emit_plain(Instr::small_int_box_unchecked(number)),
        }
    }

    /// The machine number that is stored for a value, if values of its type can be stored at all.
    pub(super) fn number_for_array(&mut self, value: Value, kind: ItemKind) -> Option<Value> {
        let Some((least, greatest)) = kind.bounds() else {
            if !self.may_be(value, ty::Number) {
                return None;
            }
            let wanted = if self.may_be(value, ty::SmallInt) { ty::Number } else { ty::FloatExact };
            let value = self.guard_exactly(value, wanted);
            return Some(self.double(value));
        };
        if !self.may_be(value, ty::SmallInt) {
            return None;
        }
        let value = self.guard_type(value, ty::SmallInt);
        let number = self.emit_plain(Instr::small_int_unbox(value));
        if kind != ItemKind::Int64 {
            for (bound, op) in [(least, Condition::GreaterEqual), (greatest, Condition::LessEqual)] {
                let bound = self.c_int(bound);
                let is_within = self.emit_plain(Instr::primitive_compare(number, bound, op));
                self.emit(Instr::guard(is_within));
            }
        }
        Some(number)
    }
}
