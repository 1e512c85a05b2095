//! `anext_awaitable`: what `anext(iterator, default)` returns.

use object::cell::Visitor;
use object::exception;
use object::native::{PayloadInfo, flag};
use object::protocol::iter_self;
use object::vm::Raised;
use object::{Object, Payload, PyResult, Ref, RefOf, Slots, Type, TypeSpec, Vm, method};

/// The payload of an `anext_awaitable`.
pub struct AnextAwaitable {
    wrapped: Object,
    default: Object,
}

impl Payload for AnextAwaitable {
    fn class() -> &'static Type {
        &ANEXT_AWAITABLE
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        visitor.visit_all([&self.wrapped, &self.default]);
    }
}

/// `anext_awaitable`
pub static ANEXT_AWAITABLE: Type = Type::new(&ANEXT_AWAITABLE_SPEC);
static ANEXT_AWAITABLE_SPEC: TypeSpec = TypeSpec {
    name: "anext_awaitable",
    flags: flag::NO_INSTANTIATION,
    payload: PayloadInfo::of::<AnextAwaitable>(),
    slots: Slots { iter: Some(iter_self), r#await: Some(iter_self), next: Some(next), ..Slots::NONE },
    methods: &[
        method!(Binary send "", "send(arg) -> send 'arg' into the wrapped iterator,\nreturn next yielded value or raise StopIteration."),
        method!(Many throw "", "throw(value)\nthrow(typ[,val[,tb]])\n\nraise exception in the wrapped iterator, return next yielded value\nor raise StopIteration."),
        method!(Unary close "", "close() -> raise GeneratorExit inside generator."),
    ],
    ..TypeSpec::DEFAULT
};

pub fn new(vm: &Vm, wrapped: Object, default: Object) -> Object {
    vm.allocate(AnextAwaitable { wrapped, default }).into_object()
}

fn this(object: Ref<'_>) -> RefOf<'_, AnextAwaitable> {
    object.downcast().expect("the method belongs to the type")
}

/// The iterator that drives the wrapped awaitable.
fn driver(vm: &mut Vm, awaitable: Ref<'_>) -> PyResult {
    let wrapped = this(awaitable).wrapped.clone();
    if is_iterable_coroutine(vm, wrapped.borrow())? {
        return Ok(wrapped);
    }
    let Some(function) = wrapped.borrow().class().slots().r#await else {
        return Err(vm.type_error(format!("'{}' object can't be awaited", wrapped.borrow().class().full_name())));
    };
    let driver = function(vm, wrapped.borrow())?;
    if driver.borrow().class().full_name() == "coroutine" || is_iterable_coroutine(vm, driver.borrow())? {
        return Err(vm.type_error("__await__() returned a coroutine"));
    }
    if driver.borrow().class().slots().next.is_none() {
        return Err(vm.type_error(format!("__await__() returned non-iterator of type '{}'", driver.borrow().class().full_name())));
    }
    Ok(driver)
}

/// Whether an object is a generator that `types.coroutine` made awaitable.
fn is_iterable_coroutine(vm: &mut Vm, object: Ref<'_>) -> PyResult<bool> {
    if object.class().full_name() != "generator" || object.class().is_heap_type() {
        return Ok(false);
    }
    const ITERABLE_COROUTINE: i64 = 0x100;
    let code = vm.get_attr_str(object, "gi_code")?;
    let flags = vm.get_attr_str(code.borrow(), "co_flags")?;
    Ok(flags.borrow().as_small_int().is_some_and(|flags| flags & ITERABLE_COROUTINE != 0))
}

/// The end of the asynchronous iterator becomes the default.
fn with_default(vm: &mut Vm, awaitable: Ref<'_>, raised: Raised) -> Raised {
    match vm.catch_if(raised, &exception::STOP_ASYNC_ITERATION) {
        Ok(_) => {
            let default = this(awaitable).default.clone();
            vm.raise_with(&exception::STOP_ITERATION, vec![default])
        }
        Err(raised) => raised,
    }
}

fn next(vm: &mut Vm, awaitable: Ref<'_>) -> PyResult<Option<Object>> {
    let driver = driver(vm, awaitable)?;
    match vm.next(driver.borrow()) {
        Ok(item) => Ok(item),
        Err(raised) => {
            vm.catch_if(raised, &exception::STOP_ASYNC_ITERATION)?;
            let default = this(awaitable).default.clone();
            vm.set_stop_value(Some(default).filter(|default| !default.borrow().is_none()));
            Ok(None)
        }
    }
}

fn forward(vm: &mut Vm, awaitable: Ref<'_>, name: &str, args: &[Ref<'_>]) -> PyResult {
    let driver = driver(vm, awaitable)?;
    match vm.call_method(driver.borrow(), name, args) {
        Ok(value) => Ok(value),
        Err(raised) => Err(with_default(vm, awaitable, raised)),
    }
}

fn send(vm: &mut Vm, awaitable: Ref<'_>, value: Ref<'_>) -> PyResult {
    forward(vm, awaitable, "send", &[value])
}

fn throw(vm: &mut Vm, awaitable: Ref<'_>, args: &[Ref<'_>]) -> PyResult {
    forward(vm, awaitable, "throw", args)
}

fn close(vm: &mut Vm, awaitable: Ref<'_>) -> PyResult {
    forward(vm, awaitable, "close", &[])
}
