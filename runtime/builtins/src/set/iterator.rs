//! `set_iterator`, which notices when its set changes size.

use super::core;
use crate::iterators::{builtin, reduced};
use object::cell::{ObjectCell, Visitor};
use object::native::PayloadInfo;
use object::protocol::iter_self;
use object::{Object, Payload, PyResult, Ref, RefOf, Slots, Type, TypeSpec, Vm, method};
use std::cell::Cell;

/// The payload of a `set_iterator`.
pub struct SetIterator {
    /// Empty once the end was reached.
    set: ObjectCell,
    size: Cell<usize>,
    position: Cell<usize>,
    remaining: Cell<usize>,
}

impl Payload for SetIterator {
    fn class() -> &'static Type {
        &SET_ITERATOR
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        self.set.traverse(visitor);
    }
}

/// `set_iterator`
pub static SET_ITERATOR: Type = Type::new(&SPEC);
static SPEC: TypeSpec = TypeSpec {
    name: "set_iterator",
    payload: PayloadInfo::of::<SetIterator>(),
    slots: Slots { iter: Some(iter_self), next: Some(next), ..Slots::NONE },
    methods: &[
        method!(Unary hint as "__length_hint__" "($self, /)", "Private method returning an estimate of len(list(it))."),
        method!(Unary reduce as "__reduce__" "($self, /)", "Return state information for pickling."),
    ],
    ..TypeSpec::DEFAULT
};

/// `iter(set)`
pub fn new(vm: &mut Vm, set: Ref<'_>) -> PyResult {
    let size = super::this(set).len(vm);
    let iterator =
        SetIterator { set: ObjectCell::new(Some(set.to_owned())), size: Cell::new(size), position: Cell::new(0), remaining: Cell::new(size) };
    Ok(vm.allocate(iterator).into_object())
}

fn this(object: Ref<'_>) -> RefOf<'_, SetIterator> {
    object.downcast().expect("the method belongs to the type")
}

fn next(vm: &mut Vm, object: Ref<'_>) -> PyResult<Option<Object>> {
    let iterator = this(object).get();
    let Some(set) = iterator.set.borrow(vm).and_then(core) else { return Ok(None) };
    if set.len(vm) != iterator.size.get() {
        iterator.size.set(usize::MAX);
        return Err(vm.runtime_error("Set changed size during iteration"));
    }
    match set.entry_at(vm, iterator.position.get()) {
        Some((position, _, key)) => {
            iterator.position.set(position);
            iterator.remaining.set(iterator.remaining.get().saturating_sub(1));
            Ok(Some(key.to_owned()))
        }
        None => {
            iterator.set.set(None);
            Ok(None)
        }
    }
}

fn hint(vm: &mut Vm, object: Ref<'_>) -> PyResult {
    let iterator = this(object).get();
    let valid = iterator.set.borrow(vm).and_then(core).is_some_and(|set| set.len(vm) == iterator.size.get());
    Ok(Object::small_int(if valid { iterator.remaining.get() as i64 } else { 0 }))
}

/// The rest as a list, without moving this iterator on.
fn reduce(vm: &mut Vm, object: Ref<'_>) -> PyResult {
    let iterator = this(object).get();
    let saved = (iterator.set.get(), iterator.size.get(), iterator.position.get(), iterator.remaining.get());
    let rest = vm.collect(object);
    iterator.set.set(saved.0);
    iterator.size.set(saved.1);
    iterator.position.set(saved.2);
    iterator.remaining.set(saved.3);
    let rest = vm.new_list(rest?).into_object();
    let iter = builtin(vm, "iter")?;
    reduced(vm, iter, rest, None)
}
