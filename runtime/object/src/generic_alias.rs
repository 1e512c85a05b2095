//! `list[int]` and `int | str`: the data. What they do is in the builtins crate.

use crate::cell::{ObjectCell, Visitor};
use crate::class::{Payload, Type};
use crate::native::{PayloadInfo, TypeSpec, flag};
use crate::tuple::Tuple;
use crate::value::{Object, Ref};
use crate::vm::Vm;
use std::cell::Cell;

/// The payload of a `types.GenericAlias`.
pub struct GenericAlias {
    pub origin: ObjectCell,
    /// A tuple.
    pub args: ObjectCell,
    /// The type parameters among the arguments, once they have been asked for.
    pub parameters: ObjectCell,
    /// Whether it was unpacked with a star.
    pub starred: Cell<bool>,
}

/// `types.GenericAlias`
pub static GENERIC_ALIAS: Type = Type::new(&GENERIC_ALIAS_SPEC);
static GENERIC_ALIAS_SPEC: TypeSpec = TypeSpec {
    name: "types.GenericAlias",
    doc: "Represent a PEP 585 generic type\n\nE.g. for t = list[int], t.__origin__ is list and t.__args__ is (int,).",
    flags: flag::BASE_TYPE | flag::WEAK_REFERENCES,
    payload: PayloadInfo::of::<GenericAlias>(),
    signature: "(origin, args, /)",
    ..TypeSpec::DEFAULT
};

impl Payload for GenericAlias {
    fn class() -> &'static Type {
        &GENERIC_ALIAS
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        for cell in [&self.origin, &self.args, &self.parameters] {
            cell.traverse(visitor);
        }
    }
}

/// The payload of a `types.UnionType`, which is also `typing.Union`.
pub struct Union {
    /// The members, without duplicates, in order: a tuple.
    pub args: ObjectCell,
    /// The hashable members: a frozenset, or `None` until it is made.
    pub hashable_args: ObjectCell,
    /// The unhashable members: a tuple, if there are any.
    pub unhashable_args: ObjectCell,
    /// The type parameters among the members, once they have been asked for.
    pub parameters: ObjectCell,
}

/// `types.UnionType`
pub static UNION: Type = Type::new(&UNION_SPEC);
static UNION_SPEC: TypeSpec = TypeSpec {
    name: "typing.Union",
    doc: "Represent a union type\n\nE.g. for int | str",
    flags: flag::WEAK_REFERENCES,
    payload: PayloadInfo::of::<Union>(),
    ..TypeSpec::DEFAULT
};

impl Payload for Union {
    fn class() -> &'static Type {
        &UNION
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        for cell in [&self.args, &self.hashable_args, &self.unhashable_args, &self.parameters] {
            cell.traverse(visitor);
        }
    }
}

/// The payload of an alias; arguments that are not a tuple become one.
pub fn payload(vm: &Vm, origin: Ref<'_>, args: Ref<'_>) -> GenericAlias {
    let args = match args.downcast::<Tuple>() {
        Some(_) => args.to_owned(),
        None => vm.new_tuple([args.to_owned()]).into_object(),
    };
    GenericAlias {
        origin: ObjectCell::new(Some(origin.to_owned())),
        args: ObjectCell::new(Some(args)),
        parameters: ObjectCell::EMPTY,
        starred: Cell::new(false),
    }
}

/// `types.GenericAlias(origin, args)`
pub fn new(vm: &Vm, origin: Ref<'_>, args: Ref<'_>) -> Object {
    vm.allocate(payload(vm, origin, args)).into_object()
}
