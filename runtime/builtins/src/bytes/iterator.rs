//! The iterators of `bytes` and `bytearray`.

use super::common::try_data;
use crate::iterators::{builtin, reduced};
use object::cell::Visitor;
use object::method;
use object::native::{Method, PayloadInfo, TypeSpec, flag};
use object::protocol::iter_self;
use object::vm::{PyResult, Vm};
use object::{Object, ObjectCell, Payload, Ref, RefOf, Slots, Type};
use std::cell::Cell;

/// The payload of the iterators: what is iterated, until it is exhausted, and a position.
pub struct BytesIterator {
    source: ObjectCell,
    position: Cell<usize>,
}

/// A bytearray's iterator; the payload is the same.
#[repr(transparent)]
pub struct ByteArrayIterator(BytesIterator);

impl Payload for BytesIterator {
    fn class() -> &'static Type {
        &BYTES_ITERATOR
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        self.source.traverse(visitor);
    }
}

impl Payload for ByteArrayIterator {
    fn class() -> &'static Type {
        &BYTEARRAY_ITERATOR
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

/// `bytes_iterator`
pub static BYTES_ITERATOR: Type = Type::new(&BYTES_ITERATOR_SPEC);
static BYTES_ITERATOR_SPEC: TypeSpec = TypeSpec {
    name: "bytes_iterator",
    payload: PayloadInfo::of::<BytesIterator>(),
    flags: flag::NO_INSTANTIATION,
    slots: SLOTS,
    methods: METHODS,
    ..TypeSpec::DEFAULT
};

/// `bytearray_iterator`
pub static BYTEARRAY_ITERATOR: Type = Type::new(&BYTEARRAY_ITERATOR_SPEC);
static BYTEARRAY_ITERATOR_SPEC: TypeSpec = TypeSpec {
    name: "bytearray_iterator",
    payload: PayloadInfo::of::<ByteArrayIterator>(),
    flags: flag::NO_INSTANTIATION,
    slots: SLOTS,
    methods: METHODS,
    ..TypeSpec::DEFAULT
};

fn start(this: Ref<'_>) -> BytesIterator {
    BytesIterator { source: ObjectCell::new(Some(this.to_owned())), position: Cell::new(0) }
}

pub(super) fn bytes_iter(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    Ok(vm.allocate(start(this)).into_object())
}

pub(crate) fn bytearray_iter(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    Ok(vm.allocate(ByteArrayIterator(start(this))).into_object())
}

fn state<'a>(vm: &mut Vm, this: Ref<'a>) -> PyResult<&'a BytesIterator> {
    if let Some(iterator) = this.downcast_exact::<ByteArrayIterator>() {
        return Ok(&RefOf::get(iterator).0);
    }
    match this.downcast::<BytesIterator>() {
        Some(iterator) => Ok(RefOf::get(iterator)),
        None => Err(vm.type_error("a bytes iterator is required")),
    }
}

fn next(vm: &mut Vm, this: Ref<'_>) -> PyResult<Option<Object>> {
    let state = state(vm, this)?;
    let position = state.position.get();
    let Some(source) = state.source.borrow(vm) else { return Ok(None) };
    match try_data(vm, source).and_then(|data| data.get(position)) {
        Some(&byte) => {
            state.position.set(position + 1);
            Ok(Some(Object::small_int(i64::from(byte))))
        }
        None => {
            state.source.set(None);
            Ok(None)
        }
    }
}

fn source_len(vm: &Vm, state: &BytesIterator) -> usize {
    state.source.borrow(vm).and_then(|source| try_data(vm, source)).map_or(0, <[u8]>::len)
}

fn length_hint(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let state = state(vm, this)?;
    Ok(Object::small_int(source_len(vm, state).saturating_sub(state.position.get()) as i64))
}

fn reduce(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let state = state(vm, this)?;
    let iter = builtin(vm, "iter")?;
    match state.source.get() {
        Some(source) => reduced(vm, iter, source, Some(Object::small_int(state.position.get() as i64))),
        None => {
            let empty = vm.new_tuple([]).into_object();
            reduced(vm, iter, empty, None)
        }
    }
}

fn setstate(vm: &mut Vm, this: Ref<'_>, position: Ref<'_>) -> PyResult {
    let state = state(vm, this)?;
    let position = vm.index_isize(position)?.max(0) as usize;
    state.position.set(position.min(source_len(vm, state)));
    Ok(Object::none())
}
