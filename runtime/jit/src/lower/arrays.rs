//! Arrays of machine numbers.

use super::{Lowering, W64, to};
use crate::compile::Refusal;
use abi::header;
use hir::environment::ItemKind;
use hir::types::Spec;
use hir::{Instr, Type, Value};
use lir::{Address, Condition, Edge, Reg, Scale, Width};
use object::flat::{FlatItems, FlatLayout};

impl Lowering<'_, '_> {
    pub(super) fn arrays(&mut self, value: Value, instr: &Instr) -> Result<bool, Refusal> {
        match *instr {
            Instr::LoadArrayLength { array, kind } => {
                let place = self.array_field(array, |layout| layout.length);
                let bytes = self.builder.load(W64, place);
                let length = match kind.size() {
                    1 => bytes,
                    size => self.builder.shr(W64, bytes, i64::from(size.trailing_zeros())),
                };
                self.define(value, length);
            }
            Instr::LoadArrayData { array } => {
                let place = self.array_field(array, |layout| layout.items);
                let data = self.builder.load(W64, place);
                self.define(value, data);
            }
            Instr::LoadArrayItem { data, index, kind, .. } => {
                let place = self.array_place(data, index, kind);
                let number = match kind {
                    ItemKind::Double => self.builder.load_float(place),
                    ItemKind::Int8 | ItemKind::Int16 | ItemKind::Int32 => self.builder.load_signed(width(kind), place),
                    ItemKind::UInt8 | ItemKind::UInt16 | ItemKind::UInt32 | ItemKind::Int64 => self.builder.load(width(kind), place),
                };
                self.define(value, number);
            }
            Instr::StoreArrayItem { data, index, value: stored, kind, .. } => {
                let place = self.array_place(data, index, kind);
                if kind == ItemKind::Double {
                    let number = self.float_reg(stored);
                    self.builder.store_float(place, number);
                } else {
                    let number = self.reg(stored);
                    self.builder.store(width(kind), place, number);
                }
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// A field of an array; all that the function knows are of one class.
    fn array_field(&mut self, array: Value, field: impl Fn(FlatLayout) -> usize) -> Address {
        let (_, items, _) = self.environment.arrays.first().expect("the array has been guarded to be of such a class");
        let offset = (header::SIZE + field((items.layout)())) as i32;
        Address::new(self.reg(array), offset)
    }

    fn array_place(&mut self, data: Value, index: Value, kind: ItemKind) -> Address {
        let data = self.reg(data);
        let (scale, size) = match kind.size() {
            1 => (Scale::One, 1),
            2 => (Scale::Two, 2),
            4 => (Scale::Four, 4),
            _ => (Scale::Eight, 8),
        };
        match self.constant(index) {
            Some(index) if (0..1 << 20).contains(&index) => Address::new(data, size * index as i32),
            _ => Address::indexed(data, self.reg(index), scale, 0),
        }
    }

    /// The arrays a type stands for.
    pub(super) fn array_of(&self, wanted: Type) -> Option<(&'static FlatItems, usize)> {
        let Spec::ClassExact(class) = wanted.spec() else { return None };
        let (_, items, kind) = self.environment.arrays.iter().find(|(known, ..)| *known == class)?;
        Some((*items, *kind))
    }

    /// Ends the block by the test for such an array.
    pub(super) fn branch_on_array(&mut self, (checked, word): (Value, Reg), (items, kind): (&FlatItems, usize), so: Edge, not: Edge) {
        self.skip_tagged(checked, word, &not);
        let class = self.builder.load_imm(items.class.object().bits() as i64);
        let (array, other) = (self.builder.new_block(), self.cold());
        self.builder.compare_jump(W64, Condition::Equal, Address::new(word, header::TYPE as i32), class, to(array), to(other));
        self.builder.switch_to(other);
        self.builder.branch(not.clone());
        self.builder.switch_to(array);
        let kind = self.builder.load_imm((items.word_of_kind)(kind) as i64);
        let place = Address::new(word, (header::SIZE + (items.layout)().kind) as i32);
        self.builder.compare_jump(W64, Condition::Equal, place, kind, so, not);
    }
}

fn width(kind: ItemKind) -> Width {
    match kind.size() {
        1 => Width::W8,
        2 => Width::W16,
        4 => Width::W32,
        _ => W64,
    }
}
