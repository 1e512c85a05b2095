//! Objects that compiled code never made: of what, and how, they are made when it leaves.

use super::Place;
use builtins::iterators::{new_enumerate_at, new_list_iterator_at, new_tuple_iterator_at};
use builtins::range::{self, RangeIterator};
use hir::{Type, ty};
use object::{Object, Vm};
use serde::{Deserialize, Serialize};

/// An object and its parts.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Description {
    pub kind: Kind,
    pub parts: Vec<Place>,
}

/// What is made of parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// Of its items.
    Tuple,
    /// Of its items.
    List,
    /// Start, stop, step.
    Slice,
    /// Function and receiver.
    Method,
    /// Start, stop, step, all small ints.
    Range,
    /// The list, and the index of the next item.
    ListIterator,
    /// The tuple, and the index of the next item.
    TupleIterator,
    /// The list, and the index and number of the next item.
    Enumerate,
    /// The next number, stop, step: small ints.
    RangeIterator,
    /// A bool that says whether there is one, and a float.
    OptionalFloat,
    /// Of a Python class, with this shape: the attributes, each behind its offset.
    Instance { class: u64, shape: u32 },
}

impl Kind {
    /// For a type of HIR.
    pub fn of_type(ty: Type) -> Option<Kind> {
        let kinds = [
            (ty::TupleExact, Kind::Tuple),
            (ty::ListExact, Kind::List),
            (ty::Slice, Kind::Slice),
            (ty::Method, Kind::Method),
            (ty::Range, Kind::Range),
            (ty::ListIterator, Kind::ListIterator),
            (ty::TupleIterator, Kind::TupleIterator),
            (ty::Enumerate, Kind::Enumerate),
            (ty::RangeIterator, Kind::RangeIterator),
            (Type::any_of(&[ty::FloatExact, ty::Nullptr]), Kind::OptionalFloat),
        ];
        kinds.into_iter().find(|(known, _)| ty.fits(*known)).map(|(_, kind)| kind)
    }

    /// Makes the object, if there is one.
    pub fn make(self, vm: &mut Vm, parts: Vec<Option<Object>>) -> Option<Object> {
        let parts: Vec<Object> = parts.into_iter().map(|part| part.unwrap_or_else(Object::none)).collect();
        let number = |index: usize| parts[index].borrow().as_small_int().unwrap_or(0);
        Some(match self {
            Kind::Tuple => vm.new_tuple(parts).into_object(),
            Kind::List => vm.new_list(parts).into_object(),
            Kind::Range => range::new_small(vm, number(0), number(1), number(2)),
            Kind::ListIterator => new_list_iterator_at(vm, parts[0].borrow(), number(1) as usize),
            Kind::TupleIterator => new_tuple_iterator_at(vm, parts[0].borrow(), number(1) as usize),
            Kind::Enumerate => new_enumerate_at(vm, parts[0].borrow(), number(1) as usize),
            Kind::RangeIterator => {
                let (next, stop, step) = (number(0), number(1), number(2));
                vm.allocate(RangeIterator::new(next, step, range::length_of_small(next, stop, step) as u64)).into_object()
            }
            Kind::Instance { class, shape } => {
                let class = super::class_of_word(&class);
                let mut parts = parts.into_iter();
                let pair = || {
                    let offset = parts.next()?.borrow().as_small_int()?;
                    Some((offset as usize, parts.next()?))
                };
                let attributes: Vec<(usize, Object)> = std::iter::from_fn(pair).collect();
                vm.allocate_with_attributes(class, shape, attributes)
            }
            Kind::OptionalFloat => {
                let mut parts = parts.into_iter();
                return parts.next().filter(|is_set| is_set.borrow().is_true()).and(parts.next());
            }
            Kind::Slice | Kind::Method => {
                let mut parts = parts.into_iter();
                let mut part = || parts.next().unwrap_or_else(Object::none);
                let (first, second) = (part(), part());
                if self == Kind::Method { vm.new_bound_method(first, second) } else { builtins::slice::new(vm, first, second, part()) }
            }
        })
    }
}
