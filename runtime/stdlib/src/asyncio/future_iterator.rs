//! `FutureIter`: what awaiting a future iterates over: the future itself once, if it is not done.

use super::future::{self, State};
use interp::generator;
use object::cell::{ObjectCell, Visitor};
use object::native::{PayloadInfo, flag};
use object::protocol::iter_self;
use object::{Object, Payload, PyResult, Ref, Slots, Type, TypeSpec, Vm, method};

/// The payload of a `FutureIter`.
pub struct FutureIterator {
    /// Empty once the iteration is over.
    future: ObjectCell,
}

impl Payload for FutureIterator {
    fn class() -> &'static Type {
        &FUTURE_ITERATOR
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        self.future.traverse(visitor);
    }

    fn clear(&self, _vm: &mut Vm) {
        self.future.set(None);
    }
}

/// `_asyncio.FutureIter`
pub static FUTURE_ITERATOR: Type = Type::new(&FUTURE_ITERATOR_SPEC);
static FUTURE_ITERATOR_SPEC: TypeSpec = TypeSpec {
    name: "_asyncio.FutureIter",
    flags: flag::NO_INSTANTIATION,
    payload: PayloadInfo::of::<FutureIterator>(),
    slots: Slots { iter: Some(iter_self), next: Some(next), ..Slots::NONE },
    methods: &[method!(Binary send "($self, object, /)", ""), method!(Many throw "", ""), method!(Unary close "($self, /)", "")],
    ..TypeSpec::DEFAULT
};

/// `__await__` and `__iter__` of a future.
pub(super) fn new(vm: &mut Vm, future: Ref<'_>) -> PyResult {
    future::check_initialized(vm, future)?;
    Ok(vm.allocate(FutureIterator { future: ObjectCell::new(Some(future.to_owned())) }).into_object())
}

fn this(object: Ref<'_>) -> &FutureIterator {
    object.downcast::<FutureIterator>().expect("the method belongs to the type").get()
}

fn next(vm: &mut Vm, iterator: Ref<'_>) -> PyResult<Option<Object>> {
    let Some(object) = this(iterator).future.get() else { return Ok(None) };
    let future = future::payload(object.borrow());
    if future.state.get() == State::Pending {
        if future.blocking.get() {
            return Err(vm.runtime_error("await wasn't used with future"));
        }
        future.blocking.set(true);
        return Ok(Some(object));
    }
    this(iterator).future.set(None);
    let result = future::result_of(vm, object.borrow())?;
    vm.set_stop_value(Some(result).filter(|result| !result.borrow().is_none()));
    Ok(None)
}

fn send(vm: &mut Vm, iterator: Ref<'_>, _value: Ref<'_>) -> PyResult {
    match next(vm, iterator)? {
        Some(value) => Ok(value),
        None => {
            let value = vm.take_stop_value().unwrap_or(Object::none());
            Err(generator::raise_stop_iteration(vm, value))
        }
    }
}

fn throw(vm: &mut Vm, iterator: Ref<'_>, args: &[Ref<'_>]) -> PyResult {
    let error = generator::exception_of_throw(vm, args)?;
    this(iterator).future.set(None);
    Err(vm.raise_object(error))
}

fn close(_vm: &mut Vm, iterator: Ref<'_>) -> PyResult {
    this(iterator).future.set(None);
    Ok(Object::none())
}
