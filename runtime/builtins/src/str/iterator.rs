//! The iterators of strings.

use super::string;
use crate::iterators::{builtin, reduced};
use object::cell::Visitor;
use object::method;
use object::native::{Method, PayloadInfo, TypeSpec};
use object::protocol::iter_self;
use object::str::Str;
use object::vm::{PyResult, Vm};
use object::{Object, ObjectCell, Payload, Ref, RefOf, Slots, Type};
use std::cell::Cell;

/// The payload of the iterators: a string, until it is exhausted, and a position.
pub struct StrIterator {
    string: ObjectCell,
    position: Cell<usize>,
}

/// An ASCII string's iterator; the payload is the same.
#[repr(transparent)]
pub struct StrAsciiIterator(StrIterator);

impl Payload for StrIterator {
    fn class() -> &'static Type {
        &STR_ITERATOR
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        self.string.traverse(visitor);
    }
}

impl Payload for StrAsciiIterator {
    fn class() -> &'static Type {
        &STR_ASCII_ITERATOR
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        self.0.traverse(visitor);
    }
}

const SLOTS: Slots = Slots { iter: Some(iter_self), next: Some(next), ..Slots::NONE };
static METHODS: &[Method] = &[
    method!(Unary length_hint as "__length_hint__" "($self, /)", "Private method returning an estimate of len(list(it))."),
    method!(Unary reduce as "__reduce__" "($self, /)", "Return state information for pickling."),
    method!(Binary setstate as "__setstate__" "($self, object, /)", "Set state information for unpickling."),
];

/// `str_iterator`
pub static STR_ITERATOR: Type = Type::new(&STR_ITERATOR_SPEC);
static STR_ITERATOR_SPEC: TypeSpec = TypeSpec {
    name: "str_iterator",
    payload: PayloadInfo::of::<StrIterator>(),
    flags: object::native::flag::NO_INSTANTIATION,
    slots: SLOTS,
    methods: METHODS,
    ..TypeSpec::DEFAULT
};

/// `str_ascii_iterator`
pub static STR_ASCII_ITERATOR: Type = Type::new(&STR_ASCII_ITERATOR_SPEC);
static STR_ASCII_ITERATOR_SPEC: TypeSpec = TypeSpec {
    name: "str_ascii_iterator",
    payload: PayloadInfo::of::<StrAsciiIterator>(),
    flags: object::native::flag::NO_INSTANTIATION,
    slots: SLOTS,
    methods: METHODS,
    ..TypeSpec::DEFAULT
};

pub(super) fn iter(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let this = string(vm, this)?;
    let state = StrIterator { string: ObjectCell::new(Some(this.object().to_owned())), position: Cell::new(0) };
    Ok(if this.is_ascii() { vm.allocate(StrAsciiIterator(state)).into_object() } else { vm.allocate(state).into_object() })
}

fn state<'a>(vm: &mut Vm, this: Ref<'a>) -> PyResult<&'a StrIterator> {
    if let Some(iterator) = this.downcast_exact::<StrAsciiIterator>() {
        return Ok(&RefOf::get(iterator).0);
    }
    match this.downcast::<StrIterator>() {
        Some(iterator) => Ok(RefOf::get(iterator)),
        None => Err(vm.type_error("a string iterator is required")),
    }
}

fn next(vm: &mut Vm, this: Ref<'_>) -> PyResult<Option<Object>> {
    let state = state(vm, this)?;
    let position = state.position.get();
    let item = match state.string.borrow(vm).and_then(|string| string.downcast::<Str>()) {
        None => return Ok(None),
        Some(string) if position < string.len() => vm.str_item(&string, position).into_object(),
        Some(_) => {
            state.string.set(None);
            return Ok(None);
        }
    };
    state.position.set(position + 1);
    Ok(Some(item))
}

fn remaining(vm: &Vm, state: &StrIterator) -> usize {
    state.string.borrow(vm).and_then(|string| string.downcast::<Str>()).map_or(0, |string| string.len().saturating_sub(state.position.get()))
}

fn length_hint(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let state = state(vm, this)?;
    Ok(Object::small_int(remaining(vm, state) as i64))
}

fn reduce(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let state = state(vm, this)?;
    let iter = builtin(vm, "iter")?;
    match state.string.get() {
        Some(string) => reduced(vm, iter, string, Some(Object::small_int(state.position.get() as i64))),
        None => {
            let empty = vm.empty_str().object().to_owned();
            reduced(vm, iter, empty, None)
        }
    }
}

fn setstate(vm: &mut Vm, this: Ref<'_>, position: Ref<'_>) -> PyResult {
    let state = state(vm, this)?;
    let position = vm.index_isize(position)?.max(0) as usize;
    let len = state.string.borrow(vm).and_then(|string| string.downcast::<Str>()).map_or(0, |string| string.len());
    state.position.set(position.min(len));
    Ok(Object::none())
}
