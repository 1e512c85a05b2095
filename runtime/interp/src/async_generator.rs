//! Asynchronous generators and their awaitables.

use crate::frame;
use crate::generator::{self, GeneratorData, Resumed, State, generator_payload};
use object::cell::{ObjectCell, Visitor};
use object::class::Payload;
use object::exception;
use object::native::{Getset, PayloadInfo, TypeSpec, flag};
use object::protocol::iter_self;
use object::slots::Slots;
use object::{Object, PyResult, Raised, Ref, Type, Vm, method};
use std::cell::Cell;

generator_payload!(
    /// The payload of an async generator.
    AsyncGenerator, ASYNC_GENERATOR
);

/// `types.AsyncGeneratorType`
pub static ASYNC_GENERATOR: Type = Type::new(&ASYNC_GENERATOR_SPEC);
static ASYNC_GENERATOR_SPEC: TypeSpec = TypeSpec {
    name: "async_generator",
    flags: flag::NO_INSTANTIATION | flag::WEAK_REFERENCES,
    payload: PayloadInfo::of::<AsyncGenerator>(),
    slots: Slots { aiter: Some(iter_self), anext: Some(|vm, this| asend(vm, this, Ref::NONE)), finalize: Some(finalize), ..generator::SLOTS },
    methods: &[
        method!(Binary asend "($self, value, /)", "asend(v) -> send 'v' in generator."),
        method!(Bound athrow "($self, type, value=None, traceback=None, /)", "athrow(value)\nathrow(type[,value[,tb]])\n\nraise exception in generator.\nthe (type, val, tb) signature is deprecated, \nand may be removed in a future version of Python."),
        method!(Unary aclose "($self, /)", "aclose() -> raise GeneratorExit inside generator."),
        generator::SIZEOF,
        method!(Binary class_getitem as "__class_getitem__" "($cls, item, /)", "See PEP 585").class_method(),
    ],
    getsets: &[
        generator::NAME,
        generator::QUALNAME,
        Getset::readonly("ag_await", "object being awaited on, or None", |_, this| Ok(data(this).delegate().unwrap_or(Object::none()))),
        Getset::readonly("ag_frame", "", generator::get_frame),
        Getset::readonly("ag_code", "", |_, this| Ok(data(this).code.get_or_none())),
        Getset::readonly("ag_running", "", |_, this| Ok(Object::bool(data(this).running_async.get()))),
        Getset::readonly("ag_suspended", "", |_, this| Ok(Object::bool(data(this).state() == State::Suspended))),
    ],
    ..TypeSpec::DEFAULT
};

use generator::class_getitem;

fn data(this: Ref<'_>) -> &GeneratorData {
    &this.downcast::<AsyncGenerator>().expect("the slot belongs to the type").get().0
}

/// Calls the finalizer hook of the event loop, or closes the generator.
fn finalize(vm: &mut Vm, this: Ref<'_>) -> PyResult<()> {
    let data = data(this);
    if let Some(finalizer) = data.finalizer.get()
        && data.state() != State::Finished
        && !data.closed.get()
    {
        return vm.call(finalizer.borrow(), &[this]).map(drop);
    }
    match data.state() {
        State::Suspended => generator::close(vm, this).map(drop),
        _ => Ok(()),
    }
}

/// Tells the event loop's hooks of a generator that is iterated for the first time.
fn first_iteration(vm: &mut Vm, this: Ref<'_>) -> PyResult<()> {
    let data = data(this);
    if data.hooks_called.replace(true) {
        return Ok(());
    }
    let [first, finalizer] = frame::interp(vm).async_generator_hooks.clone();
    data.finalizer.set(finalizer);
    match first {
        Some(first) => vm.call(first.borrow(), &[this]).map(drop),
        None => Ok(()),
    }
}

/// What a value yielded by an async generator is wrapped in, to tell it from an awaitable's.
pub struct WrappedValue {
    value: ObjectCell,
}

/// `async_generator_wrapped_value`
pub static WRAPPED_VALUE: Type = Type::new(&WRAPPED_VALUE_SPEC);
static WRAPPED_VALUE_SPEC: TypeSpec = TypeSpec {
    name: "async_generator_wrapped_value",
    flags: flag::NO_INSTANTIATION,
    payload: PayloadInfo::of::<WrappedValue>(),
    ..TypeSpec::DEFAULT
};

impl Payload for WrappedValue {
    fn class() -> &'static Type {
        &WRAPPED_VALUE
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        self.value.traverse(visitor);
    }
}

/// Wraps a value that an async generator yields.
pub(crate) fn wrap(vm: &mut Vm, value: Ref<'_>) -> Object {
    vm.allocate(WrappedValue { value: ObjectCell::new(Some(value.to_owned())) }).into_object()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Progress {
    Init,
    Iterating,
    Closed,
}

/// The payload of `agen.asend(value)` and `agen.__anext__()`.
pub struct AsyncGeneratorSend {
    generator: ObjectCell,
    value: ObjectCell,
    progress: Cell<Progress>,
}

/// The payload of `agen.athrow(...)` and `agen.aclose()`.
pub struct AsyncGeneratorThrow {
    generator: ObjectCell,
    /// The exception; none for `aclose()`.
    error: ObjectCell,
    progress: Cell<Progress>,
}

/// `async_generator_asend`
pub static ASYNC_GENERATOR_ASEND: Type = Type::new(&ASEND_SPEC);
static ASEND_SPEC: TypeSpec = TypeSpec {
    name: "async_generator_asend",
    flags: flag::NO_INSTANTIATION,
    payload: PayloadInfo::of::<AsyncGeneratorSend>(),
    slots: Slots { r#await: Some(iter_self), iter: Some(iter_self), next: Some(|vm, this| as_next(vm, this, asend_send)), ..Slots::NONE },
    methods: &[
        method!(Binary asend_send as "send" "($self, value, /)", "send(value) -> send 'value' into generator,\nreturn next yielded value or raise StopIteration."),
        method!(Bound asend_throw as "throw" "($self, type, value=None, traceback=None, /)", "throw(value)\nthrow(type[,value[,tb]])\n\nRaise exception in generator, return next yielded value or raise\nStopIteration."),
        method!(Unary asend_close as "close" "($self, /)", "close() -> raise GeneratorExit inside generator."),
    ],
    ..TypeSpec::DEFAULT
};

/// `async_generator_athrow`
pub static ASYNC_GENERATOR_ATHROW: Type = Type::new(&ATHROW_SPEC);
static ATHROW_SPEC: TypeSpec = TypeSpec {
    name: "async_generator_athrow",
    flags: flag::NO_INSTANTIATION,
    payload: PayloadInfo::of::<AsyncGeneratorThrow>(),
    slots: Slots { r#await: Some(iter_self), iter: Some(iter_self), next: Some(|vm, this| as_next(vm, this, athrow_send)), ..Slots::NONE },
    methods: &[
        method!(Binary athrow_send as "send" "($self, value, /)", "send(value) -> send 'value' into generator,\nreturn next yielded value or raise StopIteration."),
        method!(Bound athrow_throw as "throw" "($self, type, value=None, traceback=None, /)", "throw(value)\nthrow(type[,value[,tb]])\n\nRaise exception in generator, return next yielded value or raise\nStopIteration."),
        method!(Unary athrow_close as "close" "($self, /)", "close() -> raise GeneratorExit inside generator."),
    ],
    ..TypeSpec::DEFAULT
};

impl Payload for AsyncGeneratorSend {
    fn class() -> &'static Type {
        &ASYNC_GENERATOR_ASEND
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        self.generator.traverse(visitor);
        self.value.traverse(visitor);
    }
}

impl Payload for AsyncGeneratorThrow {
    fn class() -> &'static Type {
        &ASYNC_GENERATOR_ATHROW
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        self.generator.traverse(visitor);
        self.error.traverse(visitor);
    }
}

/// A `send` as a `next` slot: `StopIteration` ends it.
fn as_next(vm: &mut Vm, this: Ref<'_>, send: fn(&mut Vm, Ref<'_>, Ref<'_>) -> PyResult) -> PyResult<Option<Object>> {
    match send(vm, this, Ref::NONE) {
        Ok(value) => Ok(Some(value)),
        Err(raised) => {
            let stop = vm.catch_if(raised, &exception::STOP_ITERATION)?;
            let value = exception::field(stop.borrow(), "value").filter(|value| !value.borrow().is_none());
            vm.set_stop_value(value);
            Ok(None)
        }
    }
}

fn asend(vm: &mut Vm, this: Ref<'_>, value: Ref<'_>) -> PyResult {
    first_iteration(vm, this)?;
    let payload = AsyncGeneratorSend {
        generator: ObjectCell::new(Some(this.to_owned())),
        value: ObjectCell::new(Some(value.to_owned())),
        progress: Cell::new(Progress::Init),
    };
    Ok(vm.allocate(payload).into_object())
}

fn athrow(vm: &mut Vm, this: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    first_iteration(vm, this)?;
    let error = generator::exception_of_throw(vm, args)?;
    new_athrow(vm, this, Some(error))
}

fn aclose(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    first_iteration(vm, this)?;
    new_athrow(vm, this, None)
}

fn new_athrow(vm: &mut Vm, this: Ref<'_>, error: Option<Object>) -> PyResult {
    let payload =
        AsyncGeneratorThrow { generator: ObjectCell::new(Some(this.to_owned())), error: ObjectCell::new(error), progress: Cell::new(Progress::Init) };
    Ok(vm.allocate(payload).into_object())
}

/// What a resumed async generator gives: a wrapped value ends the awaitable with `StopIteration`.
fn unwrap(vm: &mut Vm, generator: &GeneratorData, result: PyResult<Resumed>) -> PyResult {
    match result {
        Ok(Resumed::Yield(value)) => match value.borrow().downcast_exact::<WrappedValue>() {
            Some(wrapped) => {
                generator.running_async.set(false);
                Err(generator::raise_stop_iteration(vm, wrapped.value.get_or_none()))
            }
            None => Ok(value),
        },
        Ok(Resumed::Return(_)) => {
            generator.running_async.set(false);
            generator.closed.set(true);
            Err(vm.raise_with(&exception::STOP_ASYNC_ITERATION, Vec::new()))
        }
        Err(raised) => {
            generator.running_async.set(false);
            let closes = vm
                .raised()
                .is_some_and(|error| error.is_instance_of(&exception::STOP_ASYNC_ITERATION) || error.is_instance_of(&exception::GENERATOR_EXIT));
            if closes {
                generator.closed.set(true);
            }
            Err(raised)
        }
    }
}

fn asend_of(this: Ref<'_>) -> &AsyncGeneratorSend {
    this.downcast::<AsyncGeneratorSend>().expect("the method belongs to the type").get()
}

fn asend_send(vm: &mut Vm, this: Ref<'_>, value: Ref<'_>) -> PyResult {
    let own = asend_of(this);
    if own.progress.get() == Progress::Closed {
        return Err(vm.runtime_error("cannot reuse already awaited __anext__()/asend()"));
    }
    let generator = own.generator.get_or_none();
    let generator_data = data(generator.borrow());
    let mut sent = value.to_owned();
    if own.progress.get() == Progress::Init {
        if generator_data.running_async.get() {
            own.progress.set(Progress::Closed);
            return Err(vm.runtime_error("anext(): asynchronous generator is already running"));
        }
        if value.is_none() {
            sent = own.value.get_or_none();
        }
        own.progress.set(Progress::Iterating);
    }
    generator_data.running_async.set(true);
    let result = generator::resume(vm, generator.borrow(), sent, None);
    let result = unwrap(vm, generator_data, result);
    if result.is_err() {
        own.progress.set(Progress::Closed);
    }
    result
}

fn asend_throw(vm: &mut Vm, this: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let own = asend_of(this);
    if own.progress.get() == Progress::Closed {
        return Err(vm.runtime_error("cannot reuse already awaited __anext__()/asend()"));
    }
    let generator = own.generator.get_or_none();
    let generator_data = data(generator.borrow());
    if own.progress.get() == Progress::Init {
        if generator_data.running_async.get() {
            own.progress.set(Progress::Closed);
            return Err(vm.runtime_error("anext(): asynchronous generator is already running"));
        }
        own.progress.set(Progress::Iterating);
        generator_data.running_async.set(true);
    }
    let error = generator::exception_of_throw(vm, args)?;
    let result = generator::throw(vm, generator.borrow(), error);
    let result = unwrap(vm, generator_data, result);
    if result.is_err() {
        own.progress.set(Progress::Closed);
    }
    result
}

/// Ends an awaitable by raising `GeneratorExit` in it.
fn close_awaitable(vm: &mut Vm, this: Ref<'_>, throw: fn(&mut Vm, Ref<'_>, &[Option<Ref<'_>>]) -> PyResult) -> PyResult {
    let class = exception::GENERATOR_EXIT.to_object();
    let raised: Raised = match throw(vm, this, &[Some(class.borrow()), None, None]) {
        Ok(_) => return Err(vm.runtime_error("coroutine ignored GeneratorExit")),
        Err(raised) => raised,
    };
    for class in [&exception::STOP_ITERATION, &exception::STOP_ASYNC_ITERATION, &exception::GENERATOR_EXIT] {
        if vm.raised().is_some_and(|error| error.is_instance_of(class)) {
            vm.catch(raised);
            return Ok(Object::none());
        }
    }
    Err(raised)
}

fn asend_close(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    if asend_of(this).progress.get() == Progress::Closed {
        return Ok(Object::none());
    }
    close_awaitable(vm, this, asend_throw)
}

fn athrow_of(this: Ref<'_>) -> &AsyncGeneratorThrow {
    this.downcast::<AsyncGeneratorThrow>().expect("the method belongs to the type").get()
}

fn athrow_send(vm: &mut Vm, this: Ref<'_>, value: Ref<'_>) -> PyResult {
    let own = athrow_of(this);
    let generator = own.generator.get_or_none();
    let generator_data = data(generator.borrow());
    let error = own.error.get();
    let is_close = error.is_none();
    if own.progress.get() == Progress::Closed || generator_data.state() == State::Finished {
        own.progress.set(Progress::Closed);
        if is_close && generator_data.state() == State::Finished {
            return Err(vm.stop_iteration());
        }
        if generator_data.state() == State::Finished && own.progress.get() == Progress::Init {
            return Err(vm.stop_iteration());
        }
        return Err(vm.runtime_error("cannot reuse already awaited aclose()/athrow()"));
    }
    let result = if own.progress.get() == Progress::Init {
        if generator_data.running_async.get() {
            own.progress.set(Progress::Closed);
            let what = if is_close { "aclose" } else { "athrow" };
            return Err(vm.runtime_error(format!("{what}(): asynchronous generator is already running")));
        }
        if generator_data.closed.get() {
            own.progress.set(Progress::Closed);
            return Err(vm.raise_with(&exception::STOP_ASYNC_ITERATION, Vec::new()));
        }
        if !value.is_none() {
            return Err(vm.runtime_error("can't send non-None value to a just-started coroutine"));
        }
        own.progress.set(Progress::Iterating);
        generator_data.running_async.set(true);
        let error = match error {
            Some(error) => error,
            None => {
                generator_data.closed.set(true);
                exception::new(vm, &exception::GENERATOR_EXIT, Vec::new())
            }
        };
        generator::throw(vm, generator.borrow(), error)
    } else {
        generator::resume(vm, generator.borrow(), value.to_owned(), None)
    };
    finish_athrow(vm, own, generator_data, result, is_close)
}

fn finish_athrow(vm: &mut Vm, own: &AsyncGeneratorThrow, generator: &GeneratorData, result: PyResult<Resumed>, is_close: bool) -> PyResult {
    if !is_close {
        let result = unwrap(vm, generator, result);
        if result.is_err() {
            own.progress.set(Progress::Closed);
        }
        return result;
    }
    let raised = match result {
        Ok(Resumed::Yield(value)) if value.borrow().is_exactly(&WRAPPED_VALUE) => {
            generator.running_async.set(false);
            own.progress.set(Progress::Closed);
            return Err(vm.runtime_error("async generator ignored GeneratorExit"));
        }
        Ok(Resumed::Yield(value)) => return Ok(value),
        Ok(Resumed::Return(_)) => vm.raise_with(&exception::STOP_ASYNC_ITERATION, Vec::new()),
        Err(raised) => raised,
    };
    generator.running_async.set(false);
    own.progress.set(Progress::Closed);
    let ends =
        vm.raised().is_some_and(|error| error.is_instance_of(&exception::STOP_ASYNC_ITERATION) || error.is_instance_of(&exception::GENERATOR_EXIT));
    if ends {
        vm.catch(raised);
        return Err(vm.stop_iteration());
    }
    Err(raised)
}

fn athrow_throw(vm: &mut Vm, this: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let own = athrow_of(this);
    if own.progress.get() == Progress::Closed {
        return Err(vm.runtime_error("cannot reuse already awaited aclose()/athrow()"));
    }
    let generator = own.generator.get_or_none();
    let generator_data = data(generator.borrow());
    let is_close = !own.error.is_set();
    if own.progress.get() == Progress::Init {
        if generator_data.running_async.get() {
            own.progress.set(Progress::Closed);
            let what = if is_close { "aclose" } else { "athrow" };
            return Err(vm.runtime_error(format!("{what}(): asynchronous generator is already running")));
        }
        own.progress.set(Progress::Iterating);
        generator_data.running_async.set(true);
    }
    let error = generator::exception_of_throw(vm, args)?;
    let result = generator::throw(vm, generator.borrow(), error);
    finish_athrow(vm, own, generator_data, result, is_close)
}

fn athrow_close(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    if athrow_of(this).progress.get() == Progress::Closed {
        return Ok(Object::none());
    }
    close_awaitable(vm, this, athrow_throw)
}

/// `GET_AITER`
pub(crate) fn get_aiter(vm: &mut Vm, object: Ref<'_>) -> PyResult {
    let Some(aiter) = object.class().slots().aiter else {
        let message = format!("'async for' requires an object with __aiter__ method, got {}", object.class().full_name());
        return Err(vm.type_error(message));
    };
    let iterator = aiter(vm, object)?;
    if iterator.borrow().class().slots().anext.is_none() {
        let message =
            format!("'async for' received an object from __aiter__ that does not implement __anext__: {}", iterator.borrow().class().full_name());
        return Err(vm.type_error(message));
    }
    Ok(iterator)
}

/// `GET_ANEXT`
pub(crate) fn get_anext(vm: &mut Vm, iterator: Ref<'_>) -> PyResult {
    let Some(anext) = iterator.class().slots().anext else {
        let message = format!("'async for' requires an iterator with __anext__ method, got {}", iterator.class().full_name());
        return Err(vm.type_error(message));
    };
    let awaitable = anext(vm, iterator)?;
    if iterator.is_exactly(&ASYNC_GENERATOR) {
        return Ok(awaitable);
    }
    match generator::awaitable_iterator(vm, awaitable.borrow()) {
        Ok(iterator) => Ok(iterator),
        Err(raised) => {
            let cause = vm.catch(raised);
            let message = format!("'async for' received an invalid object from __anext__: {}", awaitable.borrow().class().full_name());
            let raised = vm.type_error(message);
            let error = vm.catch(raised);
            if let Some(payload) = error.borrow().downcast::<exception::Exception>() {
                payload.cause.set(Some(cause.clone()));
                payload.context.set(Some(cause));
                payload.suppress_context.set(true);
            }
            Err(vm.reraise(error))
        }
    }
}

/// The payload of `anext(iterator, default)`.
pub struct AnextAwaitable {
    awaitable: ObjectCell,
    default: ObjectCell,
}

/// `anext_awaitable`
pub static ANEXT_AWAITABLE: Type = Type::new(&ANEXT_AWAITABLE_SPEC);
static ANEXT_AWAITABLE_SPEC: TypeSpec = TypeSpec {
    name: "anext_awaitable",
    flags: flag::NO_INSTANTIATION,
    payload: PayloadInfo::of::<AnextAwaitable>(),
    slots: Slots { r#await: Some(iter_self), iter: Some(iter_self), next: Some(anext_next), ..Slots::NONE },
    methods: &[
        method!(Binary anext_send as "send" "($self, value, /)", "send(value) -> send 'value' into the wrapped iterator,\nreturn next yielded value or raise StopIteration."),
        method!(Raw anext_throw as "throw" "($self, /, *args)", "throw(value)\nRaise exception in the wrapped iterator, return next yielded value\nor raise StopIteration."),
        method!(Unary anext_close as "close" "($self, /)", "close() -> raise GeneratorExit inside generator."),
    ],
    ..TypeSpec::DEFAULT
};

impl Payload for AnextAwaitable {
    fn class() -> &'static Type {
        &ANEXT_AWAITABLE
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        self.awaitable.traverse(visitor);
        self.default.traverse(visitor);
    }
}

/// `anext(iterator, default)`
pub fn anext_with_default(vm: &mut Vm, awaitable: Object, default: Object) -> Object {
    vm.allocate(AnextAwaitable { awaitable: ObjectCell::new(Some(awaitable)), default: ObjectCell::new(Some(default)) }).into_object()
}

fn anext_of(this: Ref<'_>) -> &AnextAwaitable {
    this.downcast::<AnextAwaitable>().expect("the method belongs to the type").get()
}

fn anext_iterator(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let awaitable = anext_of(this).awaitable.get_or_none();
    let iterator = generator::awaitable_iterator(vm, awaitable.borrow())?;
    if iterator.borrow().is_exactly(&generator::COROUTINE) {
        return vm.call_method(iterator.borrow(), "__await__", &[]);
    }
    Ok(iterator)
}

/// The end of the iteration becomes the default.
fn or_default(vm: &mut Vm, this: Ref<'_>, result: PyResult) -> PyResult {
    match result {
        Ok(value) => Ok(value),
        Err(raised) => {
            vm.catch_if(raised, &exception::STOP_ASYNC_ITERATION)?;
            let default = anext_of(this).default.get_or_none();
            Err(generator::raise_stop_iteration(vm, default))
        }
    }
}

fn anext_next(vm: &mut Vm, this: Ref<'_>) -> PyResult<Option<Object>> {
    as_next(vm, this, |vm, this, _| {
        let iterator = anext_iterator(vm, this)?;
        let result = match vm.next(iterator.borrow()) {
            Ok(Some(value)) => Ok(value),
            Ok(None) => Err(vm.stop_iteration()),
            Err(raised) => Err(raised),
        };
        or_default(vm, this, result)
    })
}

fn anext_send(vm: &mut Vm, this: Ref<'_>, value: Ref<'_>) -> PyResult {
    let iterator = anext_iterator(vm, this)?;
    let result = vm.call_method(iterator.borrow(), "send", &[value]);
    or_default(vm, this, result)
}

fn anext_throw(vm: &mut Vm, this: Ref<'_>, args: object::Args<'_>) -> PyResult {
    let iterator = anext_iterator(vm, this)?;
    let result = vm.call_method(iterator.borrow(), "throw", args.positionals());
    or_default(vm, this, result)
}

fn anext_close(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let iterator = anext_iterator(vm, this)?;
    let result = vm.call_method(iterator.borrow(), "close", &[]);
    or_default(vm, this, result)
}
