//! Asynchronous generators and their awaitables.

use crate::frame;
use crate::generator::{self, GeneratorData, OnExit, Resumed, State, Thrown, generator_payload};
use crate::tracing;
use object::cell::{ObjectCell, Visitor};
use object::class::Payload;
use object::exception;
use object::native::{Getset, PayloadInfo, TypeSpec, flag};
use object::protocol::iter_self;
use object::slots::Slots;
use object::tuple::Tuple;
use object::vm::{breaker, breaker_reasons};
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
        method!(Binary asend "($self, object, /)", "asend(v) -> send 'v' in generator."),
        method!(Many athrow "", "athrow(value)\nathrow(type[,value[,tb]])\n\nraise exception in generator.\nthe (type, val, tb) signature is deprecated, \nand may be removed in a future version of Python."),
        method!(Unary aclose "($self, /)", "aclose() -> raise GeneratorExit inside generator."),
        generator::SIZEOF,
        method!(Binary class_getitem as "__class_getitem__" "($type, object, /)", "async generators are generic over the types of their yield and send values").class_method(),
    ],
    getsets: &[
        generator::name_getset("name of the async generator"),
        generator::qualname_getset("qualified name of the async generator"),
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
        if let Err(raised) = vm.call(finalizer.borrow(), &[this]) {
            generator::report(vm, raised, "Exception ignored while finalizing generator", this);
        }
        return Ok(());
    }
    generator::finalize(vm, this)
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

/// Gives a value that an async generator is about to yield. Where CPython wraps it, to tell it from what an awaitable
/// yields, the generator notes it.
pub(crate) fn wrap(vm: &mut Vm, value: Ref<'_>) -> Object {
    generator::note_own_value(vm);
    value.to_owned()
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
    /// The arguments of `athrow`, a tuple; none for `aclose()`.
    args: ObjectCell,
    progress: Cell<Progress>,
}

/// `async_generator_asend`
pub static ASYNC_GENERATOR_ASEND: Type = Type::new(&ASEND_SPEC);
static ASEND_SPEC: TypeSpec = TypeSpec {
    name: "async_generator_asend",
    flags: flag::NO_INSTANTIATION,
    payload: PayloadInfo::of::<AsyncGeneratorSend>(),
    slots: Slots { r#await: Some(iter_self), iter: Some(iter_self), next: Some(asend_next), finalize: Some(asend_finalize), ..Slots::NONE },
    methods: &[
        method!(Binary asend_send as "send" "($self, value, /)", "send(value) -> send 'value' into generator,\nreturn next yielded value or raise StopIteration."),
        method!(Many asend_throw as "throw" "", "throw(value)\nthrow(type[,value[,tb]])\n\nRaise exception in generator, return next yielded value or raise\nStopIteration.\nthe (type, val, tb) signature is deprecated, \nand may be removed in a future version of Python."),
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
    slots: Slots {
        r#await: Some(iter_self),
        iter: Some(iter_self),
        next: Some(|vm, this| as_next(vm, this, athrow_send)),
        finalize: Some(athrow_finalize),
        ..Slots::NONE
    },
    methods: &[
        method!(Binary athrow_send as "send" "($self, value, /)", "send(value) -> send 'value' into generator,\nreturn next yielded value or raise StopIteration."),
        method!(Many athrow_throw as "throw" "", "throw(value)\nthrow(type[,value[,tb]])\n\nRaise exception in generator, return next yielded value or raise\nStopIteration.\nthe (type, val, tb) signature is deprecated, \nand may be removed in a future version of Python."),
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
        self.args.traverse(visitor);
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

fn athrow(vm: &mut Vm, this: Ref<'_>, args: &[Ref<'_>]) -> PyResult {
    Thrown::from_method(vm, args)?;
    first_iteration(vm, this)?;
    let args = vm.new_tuple_from(args).into_object();
    new_athrow(vm, this, Some(args))
}

fn aclose(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    first_iteration(vm, this)?;
    new_athrow(vm, this, None)
}

fn new_athrow(vm: &mut Vm, this: Ref<'_>, args: Option<Object>) -> PyResult {
    let payload =
        AsyncGeneratorThrow { generator: ObjectCell::new(Some(this.to_owned())), args: ObjectCell::new(args), progress: Cell::new(Progress::Init) };
    Ok(vm.allocate(payload).into_object())
}

/// Warns of an awaitable that nobody awaited.
fn warn_never_awaited(vm: &mut Vm, generator: &ObjectCell, method: &str) {
    let generator = generator.get_or_none();
    let Some(data) = generator.borrow().downcast::<AsyncGenerator>().map(|generator| &generator.get().0) else { return };
    let name = crate::function::text_of(&data.qualname);
    let message = format!("coroutine method '{method}' of '{name}' was never awaited");
    if let Err(raised) = vm.warn(&exception::RUNTIME_WARNING, &message, 1) {
        generator::report(vm, raised, "Exception ignored while finalizing async generator", generator.borrow());
    }
}

fn asend_finalize(vm: &mut Vm, this: Ref<'_>) -> PyResult<()> {
    let own = asend_of(this);
    if own.progress.get() == Progress::Init {
        warn_never_awaited(vm, &own.generator, "asend");
    }
    Ok(())
}

fn athrow_finalize(vm: &mut Vm, this: Ref<'_>) -> PyResult<()> {
    let own = athrow_of(this);
    if own.progress.get() == Progress::Init {
        warn_never_awaited(vm, &own.generator, if own.args.is_set() { "athrow" } else { "aclose" });
    }
    Ok(())
}

/// Notes how far an awaitable has come. One that was begun has nothing to say in the end.
fn set_progress(this: Ref<'_>, cell: &Cell<Progress>, progress: Progress) {
    if cell.replace(progress) == Progress::Init {
        object::collector::mark_finalized(this);
    }
}

/// What a resumed async generator gives: a value of its own is what the awaitable returns.
fn unwrap(vm: &mut Vm, generator: &GeneratorData, result: PyResult<Resumed>) -> PyResult<Resumed> {
    match result {
        Ok(Resumed::Yield(value)) if generator.yields.replace(false) => {
            generator.running_async.set(false);
            Ok(Resumed::Return(value))
        }
        Ok(Resumed::Yield(value)) => Ok(Resumed::Yield(value)),
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

/// Whether the awaitable has ended. One that the evaluation loop resumes is not told when its generator raises.
fn is_spent(own: &AsyncGeneratorSend, generator: &GeneratorData) -> bool {
    match own.progress.get() {
        Progress::Init => false,
        Progress::Iterating => !generator.running_async.get(),
        Progress::Closed => true,
    }
}

/// Lets the evaluation loop resume the generator of an awaitable itself: the generator, and what to send. `None` if that takes more than that.
#[inline]
pub(crate) fn start_inline(vm: &mut Vm, this: Ref<'_>, value: Ref<'_>) -> Option<(Object, Object)> {
    let own = this.downcast_exact::<AsyncGeneratorSend>()?.get();
    if breaker_reasons() & breaker::TRACE != 0 && tracing::is_active(vm) {
        return None;
    }
    let generator = own.generator.get()?;
    let data = &generator.borrow().downcast_exact::<AsyncGenerator>()?.get().0;
    let sent = match (own.progress.get(), data.state()) {
        (Progress::Init, State::Created | State::Suspended) if !data.running_async.get() => {
            let sent = if value.is_none() { own.value.get_or_none() } else { value.to_owned() };
            if data.state() == State::Created && !sent.borrow().is_none() {
                return None;
            }
            set_progress(this, &own.progress, Progress::Iterating);
            data.running_async.set(true);
            sent
        }
        (Progress::Iterating, State::Suspended) if data.running_async.get() => value.to_owned(),
        _ => return None,
    };
    Some((generator, sent))
}

/// The generator that the evaluation loop resumed yields a value of its own: its awaitable ends.
#[inline]
pub(crate) fn end_inline(this: Ref<'_>, generator: &GeneratorData) {
    generator.running_async.set(false);
    if let Some(own) = this.downcast_exact::<AsyncGeneratorSend>() {
        own.progress.set(Progress::Closed);
    }
}

/// Sends a value to the generator of an awaitable; `Return` is its end.
pub(crate) fn advance(vm: &mut Vm, this: Ref<'_>, value: Ref<'_>) -> PyResult<Resumed> {
    let own = asend_of(this);
    let generator = own.generator.get_or_none();
    let generator_data = data(generator.borrow());
    if is_spent(own, generator_data) {
        return Err(vm.runtime_error("cannot reuse already awaited __anext__()/asend()"));
    }
    let mut sent = value.to_owned();
    if own.progress.get() == Progress::Init {
        if generator_data.running_async.get() {
            set_progress(this, &own.progress, Progress::Closed);
            return Err(vm.runtime_error("anext(): asynchronous generator is already running"));
        }
        if value.is_none() {
            sent = own.value.get_or_none();
        }
        set_progress(this, &own.progress, Progress::Iterating);
    }
    generator_data.running_async.set(true);
    let result = generator::resume(vm, generator.borrow(), sent, None);
    let result = unwrap(vm, generator_data, result);
    if !matches!(result, Ok(Resumed::Yield(_))) {
        set_progress(this, &own.progress, Progress::Closed);
    }
    result
}

fn asend_send(vm: &mut Vm, this: Ref<'_>, value: Ref<'_>) -> PyResult {
    let resumed = advance(vm, this, value)?;
    generator::stop_on_return(vm, resumed)
}

fn asend_next(vm: &mut Vm, this: Ref<'_>) -> PyResult<Option<Object>> {
    match advance(vm, this, Ref::NONE)? {
        Resumed::Yield(value) => Ok(Some(value)),
        Resumed::Return(value) => {
            vm.set_stop_value(Some(value).filter(|value| !value.borrow().is_none()));
            Ok(None)
        }
    }
}

fn asend_throw(vm: &mut Vm, this: Ref<'_>, args: &[Ref<'_>]) -> PyResult {
    let own = asend_of(this);
    let generator = own.generator.get_or_none();
    let generator_data = data(generator.borrow());
    if is_spent(own, generator_data) {
        return Err(vm.runtime_error("cannot reuse already awaited __anext__()/asend()"));
    }
    if own.progress.get() == Progress::Init {
        if generator_data.running_async.get() {
            set_progress(this, &own.progress, Progress::Closed);
            return Err(vm.runtime_error("anext(): asynchronous generator is already running"));
        }
        set_progress(this, &own.progress, Progress::Iterating);
        generator_data.running_async.set(true);
    }
    let thrown = Thrown::from_method(vm, args)?;
    let result = generator::throw_args(vm, generator.borrow(), thrown, OnExit::Close);
    let result = unwrap(vm, generator_data, result).and_then(|resumed| generator::stop_on_return(vm, resumed));
    if result.is_err() {
        set_progress(this, &own.progress, Progress::Closed);
    }
    result
}

/// Ends an awaitable by raising `GeneratorExit` in it.
fn close_awaitable(vm: &mut Vm, this: Ref<'_>, throw: fn(&mut Vm, Ref<'_>, &[Ref<'_>]) -> PyResult) -> PyResult {
    let class = exception::GENERATOR_EXIT.to_object();
    let raised: Raised = match throw(vm, this, &[class.borrow()]) {
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
    let own = asend_of(this);
    let generator = own.generator.get_or_none();
    if is_spent(own, data(generator.borrow())) {
        return Ok(Object::none());
    }
    close_awaitable(vm, this, asend_throw)
}

fn athrow_of(this: Ref<'_>) -> &AsyncGeneratorThrow {
    this.downcast::<AsyncGeneratorThrow>().expect("the method belongs to the type").get()
}

fn athrow_send(vm: &mut Vm, this: Ref<'_>, value: Ref<'_>) -> PyResult {
    let own = athrow_of(this);
    if own.progress.get() == Progress::Closed {
        return Err(vm.runtime_error("cannot reuse already awaited aclose()/athrow()"));
    }
    let generator = own.generator.get_or_none();
    let generator_data = data(generator.borrow());
    if generator_data.state() == State::Finished {
        set_progress(this, &own.progress, Progress::Closed);
        return Err(vm.stop_iteration());
    }
    let args = own.args.get();
    let is_close = args.is_none();
    let result = if own.progress.get() == Progress::Init {
        begin_athrow(vm, this, generator_data, is_close)?;
        if generator_data.closed.get() {
            generator_data.running_async.set(false);
            set_progress(this, &own.progress, Progress::Closed);
            return Err(vm.raise_with(&exception::STOP_ASYNC_ITERATION, Vec::new()));
        }
        if !value.is_none() {
            own.progress.set(Progress::Init);
            generator_data.running_async.set(false);
            return Err(vm.runtime_error("can't send non-None value to a just-started coroutine"));
        }
        let exit = exception::GENERATOR_EXIT.to_object();
        match args.as_ref().and_then(|args| args.borrow().downcast::<Tuple>()) {
            Some(args) => generator::throw_args(vm, generator.borrow(), Thrown::of(args.get().items()), OnExit::Throw),
            None => {
                generator_data.closed.set(true);
                generator::throw_args(vm, generator.borrow(), Thrown::of(&[exit.borrow()]), OnExit::Throw)
            }
        }
    } else {
        generator::resume(vm, generator.borrow(), value.to_owned(), None)
    };
    finish_athrow(vm, this, generator_data, result, is_close)
}

/// The first step of an awaitable: nothing else may be running the generator.
fn begin_athrow(vm: &mut Vm, this: Ref<'_>, generator: &GeneratorData, is_close: bool) -> PyResult<()> {
    let own = athrow_of(this);
    if generator.running_async.get() {
        set_progress(this, &own.progress, Progress::Closed);
        let what = if is_close { "aclose" } else { "athrow" };
        return Err(vm.runtime_error(format!("{what}(): asynchronous generator is already running")));
    }
    set_progress(this, &own.progress, Progress::Iterating);
    generator.running_async.set(true);
    Ok(())
}

fn finish_athrow(vm: &mut Vm, this: Ref<'_>, generator: &GeneratorData, result: PyResult<Resumed>, is_close: bool) -> PyResult {
    let own = athrow_of(this);
    if !is_close {
        let result = unwrap(vm, generator, result).and_then(|resumed| generator::stop_on_return(vm, resumed));
        if result.is_err() {
            own.progress.set(Progress::Closed);
        }
        return result;
    }
    let raised = match result {
        Ok(Resumed::Yield(_)) if generator.yields.replace(false) => {
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

fn athrow_throw(vm: &mut Vm, this: Ref<'_>, args: &[Ref<'_>]) -> PyResult {
    let own = athrow_of(this);
    if own.progress.get() == Progress::Closed {
        return Err(vm.runtime_error("cannot reuse already awaited aclose()/athrow()"));
    }
    let generator = own.generator.get_or_none();
    let generator_data = data(generator.borrow());
    let is_close = !own.args.is_set();
    if own.progress.get() == Progress::Init {
        begin_athrow(vm, this, generator_data, is_close)?;
    }
    let thrown = Thrown::from_method(vm, args)?;
    let result = generator::throw_args(vm, generator.borrow(), thrown, OnExit::Close);
    finish_athrow(vm, this, generator_data, result, is_close)
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
