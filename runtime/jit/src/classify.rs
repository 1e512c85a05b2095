//! Which leaf of the lattice a live value is of.

use builtins::{iterators, range, set, slice};
use hir::environment::ItemKind;
use hir::types::Leaves;
use hir::{Type, ty};
use object::flat::ItemForm;
use object::{Ref, Type as Class};

/// Builtin classes with a leaf for exactly their instances, and that leaf.
static EXACT: &[(&Class, Type)] = &[
    (&object::str::STR, ty::UnicodeExact),
    (&object::list::LIST, ty::ListExact),
    (&object::tuple::TUPLE, ty::TupleExact),
    (&object::dict::DICT, ty::DictExact),
    (&object::int::INT, ty::BigInt),
    (&object::float::FLOAT, ty::BoxedFloat),
    (&interp::function::FUNCTION, ty::Func),
    (&object::function::BOUND_METHOD, ty::Method),
    (&object::class::TYPE, ty::TypeExact),
    (&object::bytes::BYTES, ty::BytesExact),
    (&set::SET, ty::SetExact),
    (&iterators::LIST_ITERATOR, ty::ListIterator),
    (&iterators::TUPLE_ITERATOR, ty::TupleIterator),
    (&iterators::ENUMERATE, ty::Enumerate),
    (&range::RANGE_ITERATOR, ty::RangeIterator),
    (&range::RANGE, ty::Range),
    (&slice::SLICE, ty::Slice),
    (&interp::cell_object::CELL, ty::Cell),
    (&interp::code::CODE, ty::Code),
    (&interp::frame_object::FRAME, ty::Frame),
    (&interp::generator::GENERATOR, ty::Gen),
    (&interp::generator::COROUTINE, ty::Coroutine),
    (&interp::async_generator::ASYNC_GENERATOR, ty::AsyncGen),
    (&object::function::BUILTIN_FUNCTION, ty::BuiltinFunction),
    (&object::function::METHOD_DESCRIPTOR, ty::BuiltinFunction),
    (&object::exception::BASE_EXCEPTION, ty::BaseExceptionExact),
    (&object::class::OBJECT, ty::ObjectExact),
];

/// Classes whose subclasses have a leaf.
static DERIVED: &[(&Class, Type)] = &[
    (&object::exception::BASE_EXCEPTION, ty::BaseExceptionUser),
    (&object::singleton::MODULE, ty::Module),
    (&object::str::STR, ty::UnicodeUser),
    (&object::list::LIST, ty::ListUser),
    (&object::tuple::TUPLE, ty::TupleUser),
    (&object::dict::DICT, ty::DictUser),
    (&object::int::INT, ty::LongUser),
    (&object::float::FLOAT, ty::FloatUser),
    (&object::class::TYPE, ty::TypeUser),
    (&object::bytes::BYTES, ty::BytesUser),
    (&set::SET, ty::SetUser),
];

/// The builtin classes that are known here.
pub fn classes() -> impl Iterator<Item = &'static Class> {
    EXACT.iter().chain(DERIVED).map(|(class, _)| *class)
}

/// The leaf of a value.
pub fn leaf_of(value: Ref<'_>) -> Type {
    if value.as_small_int().is_some() {
        return ty::SmallInt;
    }
    if value.as_small_float().is_some() {
        return ty::TaggedFloat;
    }
    if value.as_bool().is_some() {
        return ty::Bool;
    }
    if value.is_none() {
        return ty::NoneType;
    }
    if value.is_not_implemented() {
        return ty::NotImplemented;
    }
    if value.address().is_none() {
        return ty::Ellipsis;
    }
    leaf_of_class(value.class())
}

/// The leaf of heap instances of exactly this class.
pub fn leaf_of_class(class: &Class) -> Type {
    let is_exact = |row: &&(&Class, Type)| std::ptr::eq(row.0, class);
    if let Some((_, leaf)) = EXACT.iter().find(is_exact) {
        return *leaf;
    }
    if class.spec().flat.is_some() && !class.is_heap_type() {
        return ty::Array;
    }
    DERIVED.iter().find(|(base, _)| class.is_subclass_of(base)).map_or(ty::ObjectUser, |(_, leaf)| *leaf)
}

/// The type of all instances of a builtin class, if that says it.
pub fn instances_of(class: &Class) -> Option<Type> {
    let known: [(&Class, Type); 9] = [
        (&object::str::STR, ty::Unicode),
        (&object::list::LIST, ty::List),
        (&object::tuple::TUPLE, ty::Tuple),
        (&object::dict::DICT, ty::Dict),
        (&object::int::INT, ty::Long),
        (&object::int::BOOL, ty::Bool),
        (&object::float::FLOAT, ty::Float),
        (&object::bytes::BYTES, ty::Bytes),
        (&set::SET, ty::Set),
    ];
    known.into_iter().find(|(known, _)| std::ptr::eq(*known, class)).map(|(_, instances)| instances)
}

/// The compiler's name for how an item lies in memory.
pub fn item_kind(form: ItemForm) -> ItemKind {
    match form {
        ItemForm::Int8 => ItemKind::Int8,
        ItemForm::UInt8 => ItemKind::UInt8,
        ItemForm::Int16 => ItemKind::Int16,
        ItemForm::UInt16 => ItemKind::UInt16,
        ItemForm::Int32 => ItemKind::Int32,
        ItemForm::UInt32 => ItemKind::UInt32,
        ItemForm::Int64 => ItemKind::Int64,
        ItemForm::Double => ItemKind::Double,
    }
}

/// The class that all heap objects of a leaf are exactly instances of, if it is one.
pub fn class_of_leaf(leaf: Type) -> Option<&'static Class> {
    let mut rows = EXACT.iter().filter(|(_, own)| *own == leaf);
    let (class, _) = rows.next()?;
    rows.next().is_none().then_some(*class)
}

/// A test of a value against a type, for types whose test is not worth to be written out.
pub struct Check {
    pub leaves: Leaves,
    /// Whether null is of the type.
    pub accepts_null: bool,
    /// What heap objects have to be an instance of, and whether exactly.
    pub class: Option<(*const Class, bool)>,
    /// The one object, if it is known.
    pub object: Option<u64>,
}

impl Check {
    /// Whether the value is of the type.
    pub fn holds(&self, word: u64) -> bool {
        if word == 0 {
            return self.accepts_null;
        }
        // SAFETY: compiled code passes live values.
        let value = unsafe { Ref::from_bits(word) };
        if !leaf_of(value).leaves().within(self.leaves) || value.address().is_some() && self.object.is_some_and(|object| object != word) {
            return false;
        }
        match self.class {
            Some((class, is_exact)) if value.address().is_some() => {
                // SAFETY: whoever made the check keeps the class alive.
                let class = unsafe { &*class };
                if is_exact { value.is_exactly(class) } else { value.is_instance_of(class) }
            }
            _ => true,
        }
    }
}
