//! `Future`: a result that may not be there yet.

use super::{base_loop, future_iterator, task};
use object::call::{Args, bind_args};
use object::cell::{ObjectCell, Visitor, VmCell};
use object::exception::{self, Exception};
use object::native::{PayloadInfo, flag};
use object::vm::Raised;
use object::{Getset, Method, Object, Payload, PyResult, Ref, RefOf, Slots, Type, TypeSpec, Vm, collector, method};
use std::cell::Cell;
use std::collections::BTreeMap;

/// How far a future is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Pending,
    Cancelled,
    Finished,
}

/// Something to call, and the context to call it in.
type Callback = (Object, Object);

/// The payload of a `Future`.
pub struct Future {
    /// Empty until `__init__` has run.
    pub(super) event_loop: ObjectCell,
    pub(super) state: Cell<State>,
    /// Whether `await` has handed the future to its task.
    pub(super) blocking: Cell<bool>,
    pub(super) log_traceback: Cell<bool>,
    callbacks: VmCell<Vec<Callback>>,
    result: ObjectCell,
    exception: ObjectCell,
    exception_traceback: ObjectCell,
    pub(super) source_traceback: ObjectCell,
    pub(super) cancel_message: ObjectCell,
    /// The exception that ended the task, to raise instead of a new one.
    pub(super) cancelled_error: ObjectCell,
    /// Who awaits the future: the first, and the rest by their words.
    awaiter: ObjectCell,
    more_awaiters: VmCell<BTreeMap<u64, Object>>,
}

impl Future {
    /// A future whose `__init__` has not run.
    pub(super) fn new() -> Future {
        Future {
            event_loop: ObjectCell::EMPTY,
            state: Cell::new(State::Pending),
            blocking: Cell::new(false),
            log_traceback: Cell::new(false),
            callbacks: VmCell::new(Vec::new()),
            result: ObjectCell::EMPTY,
            exception: ObjectCell::EMPTY,
            exception_traceback: ObjectCell::EMPTY,
            source_traceback: ObjectCell::EMPTY,
            cancel_message: ObjectCell::EMPTY,
            cancelled_error: ObjectCell::EMPTY,
            awaiter: ObjectCell::EMPTY,
            more_awaiters: VmCell::new(BTreeMap::new()),
        }
    }

    fn cells(&self) -> [&ObjectCell; 8] {
        let Future { event_loop, result, exception, exception_traceback, source_traceback, cancel_message, cancelled_error, awaiter, .. } = self;
        [event_loop, result, exception, exception_traceback, source_traceback, cancel_message, cancelled_error, awaiter]
    }
}

impl Payload for Future {
    fn class() -> &'static Type {
        &FUTURE
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        for cell in self.cells() {
            cell.traverse(visitor);
        }
        for (callback, context) in self.callbacks.visit(visitor) {
            visitor.visit_all([callback, context]);
        }
        let awaiters = self.more_awaiters.visit(visitor);
        visitor.visit_all(awaiters.values());
    }

    fn clear(&self, vm: &mut Vm) {
        for cell in self.cells() {
            cell.set(None);
        }
        drop(self.callbacks.replace(vm, Vec::new()));
        drop(self.more_awaiters.replace(vm, BTreeMap::new()));
    }
}

/// `_asyncio.Future`
pub static FUTURE: Type = Type::new(&FUTURE_SPEC);
static FUTURE_SPEC: TypeSpec = TypeSpec {
    name: "_asyncio.Future",
    doc: "This class is *almost* compatible with concurrent.futures.Future.\n\n    Differences:\n\n    - result() and exception() do not take a timeout argument and\n      raise an exception when the future isn't done yet.\n\n    - Callbacks registered with add_done_callback() are always called\n      via the event loop's call_soon_threadsafe().\n\n    - This class is not compatible with the wait() and as_completed()\n      methods in the concurrent.futures package.",
    signature: "(*, loop=None)",
    flags: flag::BASE_TYPE | flag::HAS_DICT | flag::WEAK_REFERENCES,
    payload: PayloadInfo::of::<Future>(),
    slots: Slots {
        new: Some(new),
        init: Some(init),
        repr: Some(repr),
        iter: Some(future_iterator::new),
        r#await: Some(future_iterator::new),
        finalize: Some(finalize),
        ..Slots::NONE
    },
    methods: METHODS,
    getsets: GETSETS,
    ..TypeSpec::DEFAULT
};

const METHODS: &[Method] = &[
    method!(Unary result "($self, /)", "Return the result this future represents.\n\nIf the future has been cancelled, raises CancelledError.  If the\nfuture's result isn't yet available, raises InvalidStateError.  If\nthe future is done and has an exception set, this exception is\nraised."),
    method!(Unary exception_method as "exception" "($self, /)", "Return the exception that was set on this future.\n\nThe exception (or None if no exception was set) is returned only if\nthe future is done.  If the future has been cancelled, raises\nCancelledError.  If the future isn't done yet, raises\nInvalidStateError."),
    method!(Binary set_result_method as "set_result" "($self, result, /)", "Mark the future done and set its result.\n\nIf the future is already done when this method is called, raises\nInvalidStateError."),
    method!(Binary set_exception_method as "set_exception" "($self, exception, /)", "Mark the future done and set an exception.\n\nIf the future is already done when this method is called, raises\nInvalidStateError."),
    method!(Bound add_done_callback_method as "add_done_callback" "($self, fn, /, *, context=<unrepresentable>)", "Add a callback to be run when the future becomes done.\n\nThe callback is called with a single argument - the future object.\nIf the future is already done when this is called, the callback is\nscheduled with call_soon."),
    method!(Binary remove_done_callback "($self, fn, /)", "Remove all instances of a callback from the \"call when done\" list.\n\nReturns the number of callbacks removed."),
    method!(Bound cancel_method as "cancel" "($self, /, msg=None)", "Cancel the future and schedule callbacks.\n\nIf the future is already done or cancelled, return False.\nOtherwise, change the future's state to cancelled, schedule the\ncallbacks and return True."),
    method!(Unary cancelled "($self, /)", "Return True if the future was cancelled."),
    method!(Unary done "($self, /)", "Return True if the future is done.\n\nDone means either that a result / exception are available, or that\nthe future was cancelled."),
    method!(Unary get_loop "($self, /)", "Return the event loop the Future is bound to."),
    method!(Unary make_cancelled_error as "_make_cancelled_error" "($self, /)", "Create the CancelledError to raise if the Future is cancelled.\n\nThis should only be called once when handling a cancellation since\nit erases the context exception value."),
    method!(Binary class_get_item as "__class_getitem__" "($type, object, /)", "Futures are generic over the type of their results").class_method(),
];

const GETSETS: &[Getset] = &[
    Getset::readonly("_state", "", get_state),
    Getset::new(
        "_asyncio_future_blocking",
        "",
        |vm, this| initialized(vm, this).map(|future| Object::bool(future.blocking.get())),
        |vm, this, value| {
            let value = assigned(vm, "_asyncio_future_blocking", value)?;
            let value = vm.is_true(value)?;
            initialized(vm, this)?.blocking.set(value);
            Ok(())
        },
    ),
    Getset::readonly("_asyncio_awaited_by", "", get_awaited_by),
    Getset::readonly("_loop", "", |_, this| Ok(payload(this).event_loop.get_or_none())),
    Getset::readonly("_callbacks", "", get_callbacks),
    Getset::readonly("_result", "", |vm, this| initialized(vm, this).map(|future| future.result.get_or_none())),
    Getset::readonly("_exception", "", |vm, this| initialized(vm, this).map(|future| future.exception.get_or_none())),
    Getset::new("_log_traceback", "", |vm, this| initialized(vm, this).map(|future| Object::bool(future.log_traceback.get())), set_log_traceback),
    Getset::readonly("_source_traceback", "", |_, this| Ok(payload(this).source_traceback.get_or_none())),
    Getset::new(
        "_cancel_message",
        "",
        |_, this| Ok(payload(this).cancel_message.get_or_none()),
        |vm, this, value| {
            let value = assigned(vm, "_cancel_message", value)?;
            payload(this).cancel_message.set(Some(value.to_owned()));
            Ok(())
        },
    ),
];

/// The future of a native future or task, or of an instance of a subclass.
pub(super) fn payload(object: Ref<'_>) -> &Future {
    object.downcast::<Future>().expect("the method belongs to futures").get()
}

/// Whether the object's methods are the ones of this module.
pub(super) fn is_plain(object: Ref<'_>) -> bool {
    object.is_exactly(&FUTURE) || object.is_exactly(&task::TASK)
}

pub(super) fn check_initialized(vm: &mut Vm, this: Ref<'_>) -> PyResult<()> {
    if payload(this).event_loop.is_set() { Ok(()) } else { Err(vm.runtime_error("Future object is not initialized.")) }
}

fn initialized<'a>(vm: &mut Vm, this: Ref<'a>) -> PyResult<&'a Future> {
    check_initialized(vm, this)?;
    Ok(payload(this))
}

/// The value of an attribute that cannot be deleted.
fn assigned<'a>(vm: &mut Vm, name: &str, value: Option<Ref<'a>>) -> PyResult<Ref<'a>> {
    value.ok_or_else(|| vm.raise(&exception::ATTRIBUTE_ERROR, format!("attribute '{name}' of '_asyncio.Future' objects cannot be deleted")))
}

fn new(vm: &mut Vm, class: RefOf<'_, Type>, _args: Args<'_>) -> PyResult {
    Ok(vm.allocate_in(class.get(), Future::new()))
}

fn init(vm: &mut Vm, this: Ref<'_>, args: Args<'_>) -> PyResult<()> {
    let mut bound = [None];
    bind_args(vm, "Future", "(*, loop=None)", args, &mut bound)?;
    let [event_loop] = bound;
    initialize(vm, this, event_loop)
}

/// What `__init__` does; also for tasks.
pub(super) fn initialize(vm: &mut Vm, this: Ref<'_>, event_loop: Option<Object>) -> PyResult<()> {
    let future = payload(this);
    future.clear(vm);
    future.state.set(State::Pending);
    future.blocking.set(false);
    future.log_traceback.set(false);
    let event_loop = match event_loop.filter(|event_loop| !event_loop.borrow().is_none()) {
        Some(event_loop) => event_loop,
        None => super::event_loop(vm)?,
    };
    future.event_loop.set(Some(event_loop.clone()));
    if base_loop::is_debugged(vm, event_loop.borrow())? {
        let module = vm.import("traceback")?;
        let stack = vm.call_method(module.borrow(), "extract_stack", &[])?;
        future.source_traceback.set(Some(stack));
    }
    Ok(())
}

fn repr(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    static REPR: ObjectCell = ObjectCell::EMPTY;
    check_initialized(vm, this)?;
    let function = super::imported(vm, &REPR, "asyncio.base_futures", "_future_repr")?;
    vm.call(function.borrow(), &[this])
}

/// Says by the loop's exception handler that nobody asked for the exception.
pub(super) fn finalize(vm: &mut Vm, this: Ref<'_>) -> PyResult<()> {
    let future = payload(this);
    if !future.log_traceback.replace(false) {
        return Ok(());
    }
    let Some(error) = future.exception.get() else { return Ok(()) };
    let message = format!("{} exception was never retrieved", this.class().name());
    report(vm, this, &message, &[("exception", error.borrow()), ("future", this)])
}

/// Calls the loop's exception handler about a future that is going away.
pub(super) fn report(vm: &mut Vm, this: Ref<'_>, message: &str, entries: &[(&str, Ref<'_>)]) -> PyResult<()> {
    let future = payload(this);
    let context = vm.new_dict();
    let message = vm.new_str(message).into_object();
    context.set_str(vm, "message", message);
    for &(name, value) in entries {
        context.set_str(vm, name, value.to_owned());
    }
    if let Some(stack) = future.source_traceback.get() {
        context.set_str(vm, "source_traceback", stack);
    }
    let event_loop = future.event_loop.get_or_none();
    vm.call_method(event_loop.borrow(), "call_exception_handler", &[context.borrow().object()]).map(drop)
}

/// Calls a callback soon, in its context.
pub(super) fn call_soon(vm: &mut Vm, event_loop: Ref<'_>, args: &[Ref<'_>], context: Ref<'_>) -> PyResult<()> {
    base_loop::call_soon(vm, event_loop, args, context)
}

fn schedule_callbacks(vm: &mut Vm, this: Ref<'_>) -> PyResult<()> {
    let future = payload(this);
    if future.callbacks.get(vm).is_empty() {
        return Ok(());
    }
    let callbacks = future.callbacks.replace(vm, Vec::new());
    let event_loop = future.event_loop.get_or_none();
    for (callback, context) in &callbacks {
        call_soon(vm, event_loop.borrow(), &[callback.borrow(), this], context.borrow())?;
    }
    Ok(())
}

/// Nothing is left to say about the object when it goes away.
fn spare_finalizer(this: Ref<'_>) {
    if is_plain(this) {
        collector::mark_finalized(this);
    }
}

/// `Future.set_result`, for a future that is pending.
pub(super) fn set_result(vm: &mut Vm, this: Ref<'_>, result: Object) -> PyResult<()> {
    let future = payload(this);
    check_pending(vm, this)?;
    future.result.set(Some(result));
    future.state.set(State::Finished);
    spare_finalizer(this);
    schedule_callbacks(vm, this)
}

fn check_pending(vm: &mut Vm, this: Ref<'_>) -> PyResult<()> {
    check_initialized(vm, this)?;
    if payload(this).state.get() == State::Pending { Ok(()) } else { Err(super::invalid_state(vm, "invalid state")) }
}

/// `Future.set_exception`
pub(super) fn set_exception(vm: &mut Vm, this: Ref<'_>, given: Ref<'_>) -> PyResult<()> {
    check_pending(vm, this)?;
    let is_class = given.downcast::<Type>().is_some_and(|class| class.is_subclass_of(&exception::BASE_EXCEPTION));
    let mut error = if is_class { vm.call(given, &[])? } else { given.to_owned() };
    if error.borrow().downcast::<Exception>().is_none() {
        return Err(vm.type_error("invalid exception object"));
    }
    if error.borrow().is_instance_of(&exception::STOP_ITERATION) {
        let message = vm.new_str("StopIteration interacts badly with generators and cannot be raised into a Future").into_object();
        let replacement = exception::new(vm, &exception::RUNTIME_ERROR, vec![message]);
        if let Some(payload) = replacement.borrow().downcast::<Exception>() {
            payload.cause.set(Some(error.clone()));
            payload.context.set(Some(error));
            payload.suppress_context.set(true);
        }
        error = replacement;
    }
    let future = payload(this);
    let traceback = error.borrow().downcast::<Exception>().and_then(|error| error.traceback.get());
    future.exception_traceback.set(traceback);
    future.exception.set(Some(error));
    future.state.set(State::Finished);
    schedule_callbacks(vm, this)?;
    future.log_traceback.set(true);
    Ok(())
}

/// `Future.cancel`
pub(super) fn cancel(vm: &mut Vm, this: Ref<'_>, message: Option<Object>) -> PyResult<bool> {
    let future = payload(this);
    future.log_traceback.set(false);
    if future.state.get() != State::Pending {
        return Ok(false);
    }
    future.state.set(State::Cancelled);
    future.cancel_message.set(message);
    spare_finalizer(this);
    schedule_callbacks(vm, this)?;
    Ok(true)
}

/// The `CancelledError` of a future, made once for what ended it.
pub(super) fn make_cancelled_error(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let future = payload(this);
    if let Some(error) = future.cancelled_error.take() {
        return Ok(error);
    }
    let class = super::cancelled_error_class(vm)?;
    match future.cancel_message.get().filter(|message| !message.borrow().is_none()) {
        Some(message) => vm.call(class.borrow(), &[message.borrow()]),
        None => vm.call(class.borrow(), &[]),
    }
}

fn raise_cancelled(vm: &mut Vm, this: Ref<'_>) -> Raised {
    match make_cancelled_error(vm, this) {
        Ok(error) => vm.raise_object(error),
        Err(raised) => raised,
    }
}

/// `Future.result`
pub(super) fn result_of(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let future = payload(this);
    match future.state.get() {
        State::Cancelled => return Err(raise_cancelled(vm, this)),
        State::Pending => return Err(super::invalid_state(vm, "Result is not set.")),
        State::Finished => {}
    }
    future.log_traceback.set(false);
    let Some(error) = future.exception.get() else { return Ok(future.result.get_or_none()) };
    if let Some(payload) = error.borrow().downcast::<Exception>() {
        payload.traceback.set(future.exception_traceback.get());
    }
    Err(vm.raise_object(error))
}

/// Registers a callback; without a context, in a copy of the current one.
pub(super) fn add_done_callback(vm: &mut Vm, this: Ref<'_>, callback: Ref<'_>, context: Option<Ref<'_>>) -> PyResult<()> {
    let future = initialized(vm, this)?;
    let context = match context {
        Some(context) => context.to_owned(),
        None => crate::contextvars::copy_current(vm),
    };
    if future.state.get() == State::Pending {
        future.callbacks.get_mut(vm).push((callback.to_owned(), context));
        return Ok(());
    }
    let event_loop = future.event_loop.get_or_none();
    call_soon(vm, event_loop.borrow(), &[callback, this], context.borrow())
}

/// The loop of anything that is like a future.
pub(super) fn loop_of(vm: &mut Vm, object: Ref<'_>) -> PyResult {
    if is_plain(object) {
        return Ok(payload(object).event_loop.get_or_none());
    }
    match vm.find_attr_str(object, "get_loop")? {
        Some(method) => vm.call(method.borrow(), &[]),
        None => vm.get_attr_str(object, "_loop"),
    }
}

/// Records that `future` is awaited by `waiter`, if both are native.
pub(super) fn add_awaiter(vm: &mut Vm, future: Ref<'_>, waiter: Ref<'_>) {
    let (Some(future), Some(_)) = (future.downcast::<Future>(), waiter.downcast::<Future>()) else { return };
    let future = future.get();
    match future.awaiter.get() {
        None if future.more_awaiters.get(vm).is_empty() => future.awaiter.set(Some(waiter.to_owned())),
        Some(awaiter) if awaiter.borrow().is(waiter) => {}
        _ => drop(future.more_awaiters.get_mut(vm).insert(waiter.bits(), waiter.to_owned())),
    }
}

/// Records that `future` is not awaited by `waiter` any more.
pub(super) fn discard_awaiter(vm: &mut Vm, future: Ref<'_>, waiter: Ref<'_>) {
    let Some(future) = future.downcast::<Future>() else { return };
    let future = future.get();
    if future.awaiter.get().is_some_and(|awaiter| awaiter.borrow().is(waiter)) {
        future.awaiter.set(None);
        return;
    }
    drop(future.more_awaiters.get_mut(vm).remove(&waiter.bits()));
}

fn get_awaited_by(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let future = initialized(vm, this)?;
    let mut awaiters: Vec<Object> = future.awaiter.get().into_iter().collect();
    awaiters.extend(future.more_awaiters.get(vm).values().cloned());
    if awaiters.is_empty() { Ok(Object::none()) } else { builtins::set::operations::frozen_of(vm, awaiters) }
}

fn get_state(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let name = match initialized(vm, this)?.state.get() {
        State::Pending => "PENDING",
        State::Cancelled => "CANCELLED",
        State::Finished => "FINISHED",
    };
    Ok(vm.intern(name).to_owned())
}

fn get_callbacks(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let future = initialized(vm, this)?;
    let callbacks = future.callbacks.get(vm);
    if callbacks.is_empty() {
        return Ok(Object::none());
    }
    let pairs = callbacks.iter().map(|(callback, context)| vm.new_tuple([callback.clone(), context.clone()]).into_object()).collect();
    Ok(vm.new_list(pairs).into_object())
}

fn set_log_traceback(vm: &mut Vm, this: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    let value = assigned(vm, "_log_traceback", value)?;
    if vm.is_true(value)? {
        return Err(vm.value_error("_log_traceback can only be set to False"));
    }
    payload(this).log_traceback.set(false);
    Ok(())
}

fn check_usable(vm: &mut Vm, this: Ref<'_>) -> PyResult<()> {
    if payload(this).event_loop.is_set() { Ok(()) } else { Err(super::invalid_state(vm, "Future object is not initialized.")) }
}

/// A future of the loop.
pub(super) fn pending(vm: &mut Vm, event_loop: Ref<'_>) -> Object {
    let made = vm.allocate(Future::new()).into_object();
    payload(made.borrow()).event_loop.set(Some(event_loop.to_owned()));
    made
}

/// A future that has a result.
pub(super) fn finished(vm: &mut Vm, event_loop: Ref<'_>, result: Object) -> Object {
    let made = pending(vm, event_loop);
    let future = payload(made.borrow());
    future.result.set(Some(result));
    future.state.set(State::Finished);
    spare_finalizer(made.borrow());
    made
}

/// The result of a future that has one.
pub(super) fn good_result(this: Ref<'_>) -> Option<Object> {
    let future = payload(this);
    (future.state.get() == State::Finished && !future.exception.is_set()).then(|| future.result.get_or_none())
}

fn result(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    check_usable(vm, this)?;
    result_of(vm, this)
}

pub(super) fn exception_method(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    check_usable(vm, this)?;
    let future = payload(this);
    match future.state.get() {
        State::Cancelled => Err(raise_cancelled(vm, this)),
        State::Pending => Err(super::invalid_state(vm, "Exception is not set.")),
        State::Finished => {
            future.log_traceback.set(false);
            Ok(future.exception.get_or_none())
        }
    }
}

fn set_result_method(vm: &mut Vm, this: Ref<'_>, result: Ref<'_>) -> PyResult {
    set_result(vm, this, result.to_owned()).map(|()| Object::none())
}

fn set_exception_method(vm: &mut Vm, this: Ref<'_>, error: Ref<'_>) -> PyResult {
    set_exception(vm, this, error).map(|()| Object::none())
}

fn add_done_callback_method(vm: &mut Vm, this: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let context = args[1].filter(|context| !context.is_none());
    add_done_callback(vm, this, super::required(args, 0), context).map(|()| Object::none())
}

fn remove_done_callback(vm: &mut Vm, this: Ref<'_>, function: Ref<'_>) -> PyResult {
    let future = initialized(vm, this)?;
    // Comparing may change the list: what is equal is found in a copy, and then taken out.
    let callbacks = future.callbacks.get(vm).clone();
    let mut removed = Vec::new();
    for (callback, context) in &callbacks {
        if vm.equal(callback.borrow(), function)? {
            removed.push((callback.borrow().bits(), context.borrow().bits()));
        }
    }
    if !removed.is_empty() {
        let current = future.callbacks.replace(vm, Vec::new());
        let kept =
            current.into_iter().filter(|(callback, context)| !removed.contains(&(callback.borrow().bits(), context.borrow().bits()))).collect();
        drop(future.callbacks.replace(vm, kept));
    }
    Ok(Object::small_int(removed.len() as i64))
}

fn cancel_method(vm: &mut Vm, this: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    check_initialized(vm, this)?;
    cancel(vm, this, args[0].filter(|message| !message.is_none()).map(Ref::to_owned)).map(Object::bool)
}

fn cancelled(_vm: &mut Vm, this: Ref<'_>) -> PyResult {
    Ok(Object::bool(payload(this).state.get() == State::Cancelled))
}

fn done(_vm: &mut Vm, this: Ref<'_>) -> PyResult {
    Ok(Object::bool(payload(this).state.get() != State::Pending))
}

fn get_loop(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    Ok(initialized(vm, this)?.event_loop.get_or_none())
}

fn class_get_item(vm: &mut Vm, class: Ref<'_>, args: Ref<'_>) -> PyResult {
    vm.generic_alias(class, args)
}
