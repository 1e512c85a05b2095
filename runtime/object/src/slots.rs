//! The operations of a type: one function pointer each, and the special methods they answer to.
//!
//! [`Slots`] is what the runtime calls. A native type fills in the functions it has, and
//! [`crate::type_new`] makes the special methods Python sees from them; a Python class has special
//! methods, and gets slots that call them. The table in [`for_each_slot!`] is the one place where
//! slot and special method are matched.

use crate::bytes::Buffer;
use crate::call::Args;
use crate::class::Type;
use crate::value::{Object, Ref, RefOf};
use crate::vm::{PyResult, Vm};
use bytecode::opcode::Comparison;

pub type UnaryFn = fn(&mut Vm, Ref<'_>) -> PyResult;
pub type BinaryFn = fn(&mut Vm, Ref<'_>, Ref<'_>) -> PyResult;
pub type TernaryFn = fn(&mut Vm, Ref<'_>, Ref<'_>, Option<Ref<'_>>) -> PyResult;
pub type BoolFn = fn(&mut Vm, Ref<'_>) -> PyResult<bool>;
pub type HashFn = fn(&mut Vm, Ref<'_>) -> PyResult<i64>;
pub type LengthFn = fn(&mut Vm, Ref<'_>) -> PyResult<usize>;
/// `None`: exhausted.
pub type NextFn = fn(&mut Vm, Ref<'_>) -> PyResult<Option<Object>>;
/// Sets an item or attribute, or deletes it where the value is `None`.
pub type StoreFn = fn(&mut Vm, Ref<'_>, Ref<'_>, Option<Ref<'_>>) -> PyResult<()>;
pub type ContainsFn = fn(&mut Vm, Ref<'_>, Ref<'_>) -> PyResult<bool>;
pub type RepeatFn = fn(&mut Vm, Ref<'_>, isize) -> PyResult;
pub type CompareFn = fn(&mut Vm, Ref<'_>, Ref<'_>, Comparison) -> PyResult;
pub type CallFn = fn(&mut Vm, Ref<'_>, Args<'_>) -> PyResult;
pub type NewFn = fn(&mut Vm, RefOf<'_, Type>, Args<'_>) -> PyResult;
pub type InitFn = fn(&mut Vm, Ref<'_>, Args<'_>) -> PyResult<()>;
/// descriptor, instance, owner
pub type DescriptorGetFn = fn(&mut Vm, Ref<'_>, Option<Ref<'_>>, Option<Ref<'_>>) -> PyResult;
pub type FinalizeFn = fn(&mut Vm, Ref<'_>) -> PyResult<()>;
/// object, whether a writable buffer is wanted
pub type BufferFn = fn(&mut Vm, Ref<'_>, bool) -> PyResult<Buffer>;

/// Calls `$each!` with every slot: field, type, the kind of wrapper, and the special methods.
#[macro_export]
macro_rules! for_each_slot {
    ($each:ident) => {
        $each! {
            repr: UnaryFn, Unary, "__repr__";
            str: UnaryFn, Unary, "__str__";
            hash: HashFn, Hash, "__hash__";
            call: CallFn, Call, "__call__";
            iter: UnaryFn, Unary, "__iter__";
            next: NextFn, Next, "__next__";
            /// The whole of attribute access; `None` means the generic one.
            getattr: BinaryFn, GetAttr, "__getattribute__";
            setattr: StoreFn, SetAttr, "__setattr__" "__delattr__";
            compare: CompareFn, Compare, "__lt__" "__le__" "__eq__" "__ne__" "__gt__" "__ge__";
            len: LengthFn, Length, "__len__";
            getitem: BinaryFn, Binary, "__getitem__";
            setitem: StoreFn, SetItem, "__setitem__" "__delitem__";
            contains: ContainsFn, Contains, "__contains__";
            /// `+` of sequences, asked after the numbers' `add`.
            concat: BinaryFn, Binary, "__add__";
            repeat: RepeatFn, Repeat, "__mul__" "__rmul__";
            inplace_concat: BinaryFn, Binary, "__iadd__";
            inplace_repeat: RepeatFn, Repeat, "__imul__";
            add: BinaryFn, Number, "__add__" "__radd__";
            subtract: BinaryFn, Number, "__sub__" "__rsub__";
            multiply: BinaryFn, Number, "__mul__" "__rmul__";
            remainder: BinaryFn, Number, "__mod__" "__rmod__";
            power: TernaryFn, Power, "__pow__" "__rpow__";
            left_shift: BinaryFn, Number, "__lshift__" "__rlshift__";
            right_shift: BinaryFn, Number, "__rshift__" "__rrshift__";
            and: BinaryFn, Number, "__and__" "__rand__";
            xor: BinaryFn, Number, "__xor__" "__rxor__";
            or: BinaryFn, Number, "__or__" "__ror__";
            floor_divide: BinaryFn, Number, "__floordiv__" "__rfloordiv__";
            true_divide: BinaryFn, Number, "__truediv__" "__rtruediv__";
            matrix_multiply: BinaryFn, Number, "__matmul__" "__rmatmul__";
            inplace_add: BinaryFn, Binary, "__iadd__";
            inplace_subtract: BinaryFn, Binary, "__isub__";
            inplace_multiply: BinaryFn, Binary, "__imul__";
            inplace_remainder: BinaryFn, Binary, "__imod__";
            inplace_power: BinaryFn, Binary, "__ipow__";
            inplace_left_shift: BinaryFn, Binary, "__ilshift__";
            inplace_right_shift: BinaryFn, Binary, "__irshift__";
            inplace_and: BinaryFn, Binary, "__iand__";
            inplace_xor: BinaryFn, Binary, "__ixor__";
            inplace_or: BinaryFn, Binary, "__ior__";
            inplace_floor_divide: BinaryFn, Binary, "__ifloordiv__";
            inplace_true_divide: BinaryFn, Binary, "__itruediv__";
            inplace_matrix_multiply: BinaryFn, Binary, "__imatmul__";
            negative: UnaryFn, Unary, "__neg__";
            positive: UnaryFn, Unary, "__pos__";
            absolute: UnaryFn, Unary, "__abs__";
            invert: UnaryFn, Unary, "__invert__";
            bool: BoolFn, Bool, "__bool__";
            int: UnaryFn, Unary, "__int__";
            float: UnaryFn, Unary, "__float__";
            index: UnaryFn, Unary, "__index__";
            descr_get: DescriptorGetFn, DescrGet, "__get__";
            descr_set: StoreFn, DescrSet, "__set__" "__delete__";
            init: InitFn, Init, "__init__";
            new: NewFn, New, "__new__";
            finalize: FinalizeFn, Finalize, "__del__";
            r#await: UnaryFn, Unary, "__await__";
            aiter: UnaryFn, Unary, "__aiter__";
            anext: UnaryFn, Unary, "__anext__";
            buffer: BufferFn, Buffer, "__buffer__";
        }
    };
}

macro_rules! define_slots {
    ($( $(#[$doc:meta])* $field:ident: $Fn:ident, $Wrapper:ident, $($name:literal)+; )*) => {
        /// What a type can do. `None`: it cannot.
        #[derive(Clone, Copy)]
        pub struct Slots { $( $(#[$doc])* pub $field: Option<$Fn>, )* }

        impl Slots {
            pub const NONE: Slots = Slots { $($field: None),* };

            /// Fills in what is missing from a base class.
            pub(crate) fn inherit(&mut self, base: &Slots) {
                $( if self.$field.is_none() { self.$field = base.$field; } )*
            }
        }

        /// Names a slot.
        #[expect(non_camel_case_types, reason = "a slot is named after its field")]
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Slot { $($field),* }

        /// How Python's arguments become a slot's.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Wrapper { Unary, Hash, Call, Next, GetAttr, SetAttr, Compare, Length, Binary, SetItem, Contains,
            Repeat, Number, Power, Bool, DescrGet, DescrSet, Init, New, Finalize, Buffer, Iter }

        /// A special method of a slot: its name, the slot, the wrapper, its position among the slot's methods.
        pub struct SpecialMethod {
            pub name: &'static str,
            pub slot: Slot,
            pub wrapper: Wrapper,
            pub position: usize,
        }

        /// All special methods that slots answer to, in the order of the table.
        pub fn special_methods() -> &'static [SpecialMethod] {
            static ALL: std::sync::LazyLock<Vec<SpecialMethod>> = std::sync::LazyLock::new(|| {
                let mut all = Vec::new();
                $( for (position, name) in [$($name),+].into_iter().enumerate() {
                    all.push(SpecialMethod { name, slot: Slot::$field, wrapper: Wrapper::$Wrapper, position });
                } )*
                all
            });
            &ALL
        }

        impl Slots {
            pub fn has(&self, slot: Slot) -> bool {
                match slot { $(Slot::$field => self.$field.is_some()),* }
            }

            /// Copies one slot.
            pub(crate) fn copy_slot(&mut self, slot: Slot, from: &Slots) {
                match slot { $(Slot::$field => self.$field = from.$field),* }
            }

            pub(crate) fn same_slot(&self, slot: Slot, other: &Slots) -> bool {
                match slot { $(Slot::$field => self.$field.map(|f| f as usize) == other.$field.map(|f| f as usize)),* }
            }
        }
    };
}
for_each_slot!(define_slots);
