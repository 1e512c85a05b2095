//! `Task`: a future that drives a coroutine, one step at each turn of the loop.

use super::future::{self, Future, State};
use super::{base_loop, call_cancel, call_in_context, current, imported, invalid_state, is_cancelled_error};
use crate::contextvars;
use interp::generator::{self, COROUTINE, GENERATOR, Resumed};
use object::call::{Args, NativeInfo, bind_args};
use object::cell::{ObjectCell, Visitor, VmCell};
use object::exception;
use object::function::new_builtin;
use object::native::{PayloadInfo, flag};
use object::str::{STR, Str};
use object::vm::Raised;
use object::{Getset, Method, Object, Payload, PyResult, Ref, RefOf, Slots, Type, TypeSpec, Vm, method};
use std::cell::Cell;

/// The payload of a `Task`.
#[repr(C)]
pub struct Task {
    future: Future,
    coroutine: ObjectCell,
    context: ObjectCell,
    /// What the coroutine awaits.
    waiter: ObjectCell,
    /// Empty while the name is made of the number.
    name: ObjectCell,
    number: Cell<u64>,
    cancel_requests: Cell<i64>,
    must_cancel: Cell<bool>,
    log_destroy_pending: Cell<bool>,
}

impl Task {
    fn cells(&self) -> [&ObjectCell; 4] {
        [&self.coroutine, &self.context, &self.waiter, &self.name]
    }
}

impl Payload for Task {
    fn class() -> &'static Type {
        &TASK
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        self.future.traverse(visitor);
        for cell in self.cells() {
            cell.traverse(visitor);
        }
    }

    fn clear(&self, vm: &mut Vm) {
        self.future.clear(vm);
        for cell in self.cells() {
            cell.set(None);
        }
    }
}

/// `_asyncio.Task`
pub static TASK: Type = Type::new(&TASK_SPEC);
static TASK_SPEC: TypeSpec = TypeSpec {
    name: "_asyncio.Task",
    doc: "A coroutine wrapped in a Future.",
    signature: "(coro, *, loop=None, name=None, context=None, eager_start=False)",
    base: Some(&future::FUTURE),
    flags: flag::BASE_TYPE | flag::HAS_DICT | flag::WEAK_REFERENCES,
    payload: PayloadInfo::of::<Task>(),
    slots: Slots { new: Some(new), init: Some(init), repr: Some(repr), finalize: Some(finalize), ..Slots::NONE },
    methods: METHODS,
    getsets: &[
        Getset::new("_log_destroy_pending", "", |_, this| Ok(Object::bool(payload(this).log_destroy_pending.get())), set_log_destroy_pending),
        Getset::readonly("_must_cancel", "", |_, this| Ok(Object::bool(payload(this).must_cancel.get()))),
        Getset::readonly("_coro", "", |_, this| Ok(payload(this).coroutine.get_or_none())),
        Getset::readonly("_fut_waiter", "", |_, this| Ok(payload(this).waiter.get_or_none())),
    ],
    ..TypeSpec::DEFAULT
};

const METHODS: &[Method] = &[
    method!(Binary set_result "($self, result, /)", ""),
    method!(Binary set_exception "($self, exception, /)", ""),
    method!(Bound cancel "($self, /, msg=None)", "Request that this task cancel itself.\n\nThis arranges for a CancelledError to be thrown into the\nwrapped coroutine on the next cycle through the event loop.\nThe coroutine then has a chance to clean up or even deny\nthe request using try/except/finally.\n\nUnlike Future.cancel, this does not guarantee that the\ntask will be cancelled: the exception might be caught and\nacted upon, delaying cancellation of the task or preventing\ncancellation completely.  The task may also return a value or\nraise a different exception.\n\nImmediately after this method is called, Task.cancelled() will\nnot return True (unless the task was already cancelled).  A\ntask will be marked as cancelled when the wrapped coroutine\nterminates with a CancelledError exception (even if cancel()\nwas not called).\n\nThis also increases the task's count of cancellation requests."),
    method!(Unary cancelling "($self, /)", "Return the count of the task's cancellation requests.\n\nThis count is incremented when .cancel() is called\nand may be decremented using .uncancel()."),
    method!(Unary uncancel "($self, /)", "Decrement the task's count of cancellation requests.\n\nThis should be used by tasks that catch CancelledError\nand wish to continue indefinitely until they are cancelled again.\n\nReturns the remaining number of cancellation requests."),
    method!(Bound get_stack "($self, /, *, limit=None)", "Return the list of stack frames for this task's coroutine.\n\nIf the coroutine is not done, this returns the stack where it is\nsuspended.  If the coroutine has completed successfully or was\ncancelled, this returns an empty list.  If the coroutine was\nterminated by an exception, this returns the list of traceback\nframes.\n\nThe frames are always ordered from oldest to newest.\n\nThe optional limit gives the maximum number of frames to\nreturn; by default all available frames are returned.  Its\nmeaning differs depending on whether a stack or a traceback is\nreturned: the newest frames of a stack are returned, but the\noldest frames of a traceback are returned.  (This matches the\nbehavior of the traceback module.)\n\nFor reasons beyond our control, only one stack frame is\nreturned for a suspended coroutine."),
    method!(Bound print_stack "($self, /, *, limit=None, file=None)", "Print the stack or traceback for this task's coroutine.\n\nThis produces output similar to that of the traceback module,\nfor the frames retrieved by get_stack().  The limit argument\nis passed to get_stack().  The file argument is an I/O stream\nto which the output is written; by default output is written\nto sys.stderr."),
    method!(Unary make_cancelled_error as "_make_cancelled_error" "($self, /)", "Create the CancelledError to raise if the Task is cancelled.\n\nThis should only be called once when handling a cancellation since\nit erases the context exception value."),
    method!(Unary get_name "($self, /)", ""),
    method!(Binary set_name "($self, value, /)", ""),
    method!(Unary get_coro "($self, /)", ""),
    method!(Unary get_context "($self, /)", ""),
    method!(Binary class_get_item as "__class_getitem__" "($type, object, /)", "Tasks are generic over the return type of their wrapped coroutines")
        .class_method(),
];

fn payload(object: Ref<'_>) -> &Task {
    object.downcast::<Task>().expect("the method belongs to tasks").get()
}

impl Task {
    /// A task whose `__init__` has not run.
    fn new() -> Task {
        Task {
            future: Future::new(),
            coroutine: ObjectCell::EMPTY,
            context: ObjectCell::EMPTY,
            waiter: ObjectCell::EMPTY,
            name: ObjectCell::EMPTY,
            number: Cell::new(0),
            cancel_requests: Cell::new(0),
            must_cancel: Cell::new(false),
            log_destroy_pending: Cell::new(false),
        }
    }
}

fn new(vm: &mut Vm, class: RefOf<'_, Type>, _args: Args<'_>) -> PyResult {
    Ok(vm.allocate_in(class.get(), Task::new()))
}

/// `Task(coroutine, loop=event_loop, eager_start=eager)` for a loop that is not debugged.
pub(super) fn create(vm: &mut Vm, event_loop: Ref<'_>, coroutine: Ref<'_>, eager: bool) -> PyResult {
    let made = vm.allocate(Task::new()).into_object();
    let this = made.borrow();
    payload(this).future.event_loop.set(Some(event_loop.to_owned()));
    begin(vm, this, coroutine.to_owned(), None, None, eager)?;
    Ok(made)
}

/// The task of a coroutine that runs already, or is suspended; nothing is scheduled, and no word when it is dropped pending.
pub(super) fn of_started(vm: &mut Vm, event_loop: Ref<'_>, coroutine: Object, context: Object) -> Object {
    let made = vm.allocate(Task::new()).into_object();
    let task = payload(made.borrow());
    task.future.event_loop.set(Some(event_loop.to_owned()));
    task.context.set(Some(context));
    task.coroutine.set(Some(coroutine));
    number(vm, task);
    made
}

/// Whether the task is to be cancelled at its next step.
pub(super) fn must_cancel(this: Ref<'_>) -> bool {
    this.downcast::<Task>().is_some_and(|task| task.get().must_cancel.get())
}

/// No word when the task is dropped while it is pending.
pub(super) fn set_silent(vm: &mut Vm, this: Ref<'_>) -> PyResult<()> {
    if this.is_exactly(&TASK) {
        payload(this).log_destroy_pending.set(false);
        return Ok(());
    }
    vm.set_attr_str(this, "_log_destroy_pending", Ref::FALSE)
}

/// Whether a task can drive the object.
fn is_coroutine(vm: &mut Vm, object: Ref<'_>) -> PyResult<bool> {
    static IS_COROUTINE: ObjectCell = ObjectCell::EMPTY;
    if object.is_exactly(&COROUTINE) {
        return Ok(true);
    }
    let function = imported(vm, &IS_COROUTINE, "asyncio.coroutines", "iscoroutine")?;
    let answer = vm.call(function.borrow(), &[object])?;
    vm.is_true(answer.borrow())
}

fn init(vm: &mut Vm, this: Ref<'_>, args: Args<'_>) -> PyResult<()> {
    let mut bound = [const { None }; 5];
    bind_args(vm, "Task", "(coro, *, loop=None, name=None, context=None, eager_start=False)", args, &mut bound)?;
    let [coroutine, event_loop, name, context, eager_start] = bound;
    let coroutine = coroutine.expect("a required argument");
    future::initialize(vm, this, event_loop)?;
    let task = payload(this);
    if !is_coroutine(vm, coroutine.borrow())? {
        task.log_destroy_pending.set(false);
        let shown = vm.repr_text(coroutine.borrow())?;
        return Err(vm.type_error(format!("a coroutine was expected, got {shown}")));
    }
    let eager = match eager_start {
        Some(eager_start) => vm.is_true(eager_start.borrow())?,
        None => false,
    };
    begin(vm, this, coroutine, name, context, eager)
}

/// Gives a task with a loop what it drives, and does or schedules the first step.
fn begin(vm: &mut Vm, this: Ref<'_>, coroutine: Object, name: Option<Object>, context: Option<Object>, eager: bool) -> PyResult<()> {
    let task = payload(this);
    let context = match context.filter(|context| !context.borrow().is_none()) {
        Some(context) => context,
        None => contextvars::copy_current(vm),
    };
    task.context.set(Some(context));
    task.waiter.set(None);
    task.must_cancel.set(false);
    task.log_destroy_pending.set(true);
    task.cancel_requests.set(0);
    task.coroutine.set(Some(coroutine));
    set_given_name(vm, task, name)?;
    if eager {
        let event_loop = task.future.event_loop.get_or_none();
        if base_loop::is_running(vm, event_loop.borrow())? {
            return start_eagerly(vm, this);
        }
    }
    step_soon(vm, this, None)?;
    current::register_native(vm, this);
    Ok(())
}

fn set_given_name(vm: &mut Vm, task: &Task, name: Option<Object>) -> PyResult<()> {
    let name = match name.filter(|name| !name.borrow().is_none()) {
        Some(name) if name.borrow().is_exactly(&STR) => Some(name),
        Some(name) => Some(vm.str(name.borrow())?.into_object()),
        None => {
            number(vm, task);
            None
        }
    };
    task.name.set(name);
    Ok(())
}

/// Gives the task the number that its name is made of.
fn number(vm: &mut Vm, task: &Task) {
    static COUNTER: VmCell<u64> = VmCell::new(0);
    let counter = COUNTER.get_mut(vm);
    *counter += 1;
    task.number.set(*counter);
}

fn repr(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    static REPR: ObjectCell = ObjectCell::EMPTY;
    let function = imported(vm, &REPR, "asyncio.base_tasks", "_task_repr")?;
    vm.call(function.borrow(), &[this])
}

/// Says by the loop's exception handler that the task never ended.
fn finalize(vm: &mut Vm, this: Ref<'_>) -> PyResult<()> {
    let task = payload(this);
    current::unregister_native(vm, this);
    if task.future.state.get() == State::Pending && task.log_destroy_pending.get() {
        future::report(vm, this, "Task was destroyed but it is pending!", &[("task", this)])?;
    }
    future::finalize(vm, this)
}

/// The payload of a step to come: what the loop calls.
pub struct TaskStep {
    task: Object,
    error: ObjectCell,
}

impl Payload for TaskStep {
    fn class() -> &'static Type {
        &TASK_STEP
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        visitor.visit(self.task.borrow());
        self.error.traverse(visitor);
    }
}

/// `TaskStepMethWrapper`
pub static TASK_STEP: Type = Type::new(&TASK_STEP_SPEC);
static TASK_STEP_SPEC: TypeSpec = TypeSpec {
    name: "_asyncio.TaskStepMethWrapper",
    flags: flag::NO_INSTANTIATION,
    payload: PayloadInfo::of::<TaskStep>(),
    slots: Slots { call: Some(call_step), ..Slots::NONE },
    getsets: &[Getset::readonly("__self__", "", |_, this| Ok(task_step(this).task.clone()))],
    ..TypeSpec::DEFAULT
};

fn task_step(object: Ref<'_>) -> &TaskStep {
    object.downcast::<TaskStep>().expect("the slot belongs to the type").get()
}

fn call_step(vm: &mut Vm, this: Ref<'_>, args: Args<'_>) -> PyResult {
    if args.has_keywords() {
        return Err(vm.type_error("function takes no keyword arguments"));
    }
    if args.n_positional() > 0 {
        return Err(vm.type_error("function takes no positional arguments"));
    }
    let made = task_step(this);
    step(vm, made.task.borrow(), made.error.get())
}

/// Lets the loop do the next step soon; with an error to throw into the coroutine, if there is one.
fn step_soon(vm: &mut Vm, this: Ref<'_>, error: Option<Object>) -> PyResult<()> {
    let task = payload(this);
    let callback = vm.allocate(TaskStep { task: this.to_owned(), error: ObjectCell::new(error) }).into_object();
    let (event_loop, context) = (task.future.event_loop.get_or_none(), task.context.get_or_none());
    future::call_soon(vm, event_loop.borrow(), &[callback.borrow()], context.borrow())
}

/// The first step, at once, in the place of the task that runs.
fn start_eagerly(vm: &mut Vm, this: Ref<'_>) -> PyResult<()> {
    let task = payload(this);
    let event_loop = task.future.event_loop.get_or_none();
    let previous = current::swap(vm, event_loop.borrow(), Some(this.to_owned()))?;
    current::begin_eager(vm, this);
    let context = task.context.get_or_none();
    let result = match enter_context(vm, context.borrow()) {
        Ok(()) => {
            let result = run(vm, this, None);
            contextvars::leave(vm, context.borrow());
            result
        }
        Err(raised) => Err(raised),
    };
    let result = after(vm, result, |vm| current::swap(vm, event_loop.borrow(), previous).map(drop));
    current::end_eager(vm, this);
    settle(vm, this);
    result.map(drop)
}

fn enter_context(vm: &mut Vm, context: Ref<'_>) -> PyResult<()> {
    if context.downcast::<contextvars::Context>().is_none() {
        return Err(vm.type_error("an instance of Context was expected"));
    }
    contextvars::enter(vm, context)
}

/// Does what must be done after something, whether it raised or not.
fn after(vm: &mut Vm, result: PyResult, finish: impl FnOnce(&mut Vm) -> PyResult<()>) -> PyResult {
    match result {
        Ok(value) => finish(vm).map(|()| value),
        Err(raised) => {
            let error = vm.catch(raised);
            if let Err(raised) = finish(vm) {
                drop(vm.catch(raised));
            }
            Err(vm.reraise(error))
        }
    }
}

/// One step: as far as the coroutine goes.
fn step(vm: &mut Vm, this: Ref<'_>, error: Option<Object>) -> PyResult {
    let task = payload(this);
    if task.future.state.get() != State::Pending {
        let (shown, error) = (vm.repr_text(this)?, vm.repr_text(error.unwrap_or(Object::none()).borrow())?);
        return Err(invalid_state(vm, &format!("__step(): already done: {shown} {error}")));
    }
    let mut error = error;
    if task.must_cancel.get() {
        let is_cancellation = match &error {
            Some(error) => is_cancelled_error(vm, error.borrow())?,
            None => false,
        };
        if !is_cancellation {
            error = Some(future::make_cancelled_error(vm, this)?);
        }
        task.must_cancel.set(false);
    }
    task.waiter.set(None);
    let event_loop = task.future.event_loop.get_or_none();
    current::enter(vm, event_loop.borrow(), this)?;
    let result = run(vm, this, error);
    after(vm, result, |vm| current::leave(vm, event_loop.borrow(), this))
}

/// Resumes the coroutine and sees to what it came to.
fn run(vm: &mut Vm, this: Ref<'_>, error: Option<Object>) -> PyResult {
    let task = payload(this);
    let coroutine = task.coroutine.get_or_none();
    let outcome = advance(vm, coroutine.borrow(), error);
    let result = conclude(vm, this, outcome);
    if task.future.state.get() != State::Pending {
        current::unregister_native(vm, this);
    }
    result.map(|()| Object::none())
}

/// Sees to what resuming the coroutine came to.
pub(super) fn conclude(vm: &mut Vm, this: Ref<'_>, outcome: PyResult<Resumed>) -> PyResult<()> {
    match outcome {
        Ok(Resumed::Yield(value)) => wait_for(vm, this, value.borrow()),
        Ok(Resumed::Return(value)) => finish(vm, this, value),
        Err(raised) => fail(vm, this, raised),
    }
}

/// The task's coroutine ran before the loop knew of the task: which it does from now on, unless the task is done.
pub(super) fn settle(vm: &mut Vm, this: Ref<'_>) {
    let task = payload(this);
    if task.future.state.get() == State::Pending {
        current::register_native(vm, this);
    } else {
        task.coroutine.set(None);
    }
}

fn advance(vm: &mut Vm, coroutine: Ref<'_>, error: Option<Object>) -> PyResult<Resumed> {
    let Some(error) = error else { return generator::send(vm, coroutine, Object::none()) };
    if coroutine.is_exactly(&COROUTINE) || coroutine.is_exactly(&GENERATOR) {
        return generator::throw(vm, coroutine, error);
    }
    match vm.call_method(coroutine, "throw", &[error.borrow()]) {
        Ok(value) => Ok(Resumed::Yield(value)),
        Err(raised) => {
            let stop = vm.catch_if(raised, &exception::STOP_ITERATION)?;
            Ok(Resumed::Return(exception::field(stop.borrow(), "value").unwrap_or(Object::none())))
        }
    }
}

/// The coroutine returned.
fn finish(vm: &mut Vm, this: Ref<'_>, value: Object) -> PyResult<()> {
    let task = payload(this);
    if task.must_cancel.replace(false) {
        // Cancelled right before the coroutine ended.
        return future::cancel(vm, this, task.future.cancel_message.get()).map(drop);
    }
    future::set_result(vm, this, value)
}

/// The coroutine raised.
fn fail(vm: &mut Vm, this: Ref<'_>, raised: Raised) -> PyResult<()> {
    let error = vm.catch(raised);
    if is_cancelled_error(vm, error.borrow())? {
        payload(this).future.cancelled_error.set(Some(error));
        return future::cancel(vm, this, None).map(drop);
    }
    future::set_exception(vm, this, error.borrow())?;
    if error.borrow().is_instance_of(&exception::KEYBOARD_INTERRUPT) || error.borrow().is_instance_of(&exception::SYSTEM_EXIT) {
        return Err(vm.reraise(error));
    }
    Ok(())
}

/// Throws a `RuntimeError` into the coroutine at the next step.
fn fail_soon(vm: &mut Vm, this: Ref<'_>, message: &str) -> PyResult<()> {
    let message = vm.new_str(message).into_object();
    let error = exception::new(vm, &exception::RUNTIME_ERROR, vec![message]);
    step_soon(vm, this, Some(error))
}

/// The coroutine awaits something.
fn wait_for(vm: &mut Vm, this: Ref<'_>, awaited: Ref<'_>) -> PyResult<()> {
    if awaited.is(this) {
        let shown = vm.repr_text(this)?;
        return fail_soon(vm, this, &format!("Task cannot await on itself: {shown}"));
    }
    if future::is_plain(awaited) {
        let blocking = future::payload(awaited).blocking.get();
        return wait_for_future(vm, this, awaited, blocking);
    }
    if awaited.is_none() {
        return step_soon(vm, this, None);
    }
    let blocking = vm.find_attr_str(awaited, "_asyncio_future_blocking")?;
    if let Some(blocking) = blocking.filter(|blocking| !blocking.borrow().is_none()) {
        let blocking = vm.is_true(blocking.borrow())?;
        return wait_for_future(vm, this, awaited, blocking);
    }
    let shown = vm.repr_text(awaited)?;
    if awaited.is_exactly(&GENERATOR) {
        let own = vm.repr_text(this)?;
        return fail_soon(vm, this, &format!("yield was used instead of yield from for generator in task {own} with {shown}"));
    }
    fail_soon(vm, this, &format!("Task got bad yield: {shown}"))
}

/// The coroutine awaits a future, or something like one.
fn wait_for_future(vm: &mut Vm, this: Ref<'_>, awaited: Ref<'_>, blocking: bool) -> PyResult<()> {
    let task = payload(this);
    let event_loop = future::loop_of(vm, awaited)?;
    if !event_loop.borrow().is(task.future.event_loop.get_or_none().borrow()) {
        let (own, shown) = (vm.repr_text(this)?, vm.repr_text(awaited)?);
        return fail_soon(vm, this, &format!("Task {own} got Future {shown} attached to a different loop"));
    }
    if !blocking {
        let (own, shown) = (vm.repr_text(this)?, vm.repr_text(awaited)?);
        return fail_soon(vm, this, &format!("yield was used instead of yield from in task {own} with {shown}"));
    }
    future::add_awaiter(vm, awaited, this);
    let callback = wakeup_of(vm, this);
    let context = task.context.get_or_none();
    if future::is_plain(awaited) {
        future::payload(awaited).blocking.set(false);
        future::add_done_callback(vm, awaited, callback.borrow(), Some(context.borrow()))?;
    } else {
        vm.set_attr_str(awaited, "_asyncio_future_blocking", Ref::FALSE)?;
        call_in_context(vm, awaited, "add_done_callback", &[callback.borrow()], context.borrow())?;
    }
    task.waiter.set(Some(awaited.to_owned()));
    if task.must_cancel.get() && call_cancel(vm, awaited, task.future.cancel_message.get_or_none().borrow())? {
        task.must_cancel.set(false);
    }
    Ok(())
}

static WAKEUP: Method = method!(Binary wakeup as "task_wakeup" "", "");

/// What a future calls when it is done.
fn wakeup_of(vm: &mut Vm, this: Ref<'_>) -> Object {
    static INFO: VmCell<Option<&'static NativeInfo>> = VmCell::new(None);
    let info = *INFO.get_mut(vm).get_or_insert_with(|| NativeInfo::leak(&WAKEUP, Some(&TASK)));
    new_builtin(vm, info, Some(this.to_owned()), None)
}

/// What the task awaited is done: the coroutine goes on.
fn wakeup(vm: &mut Vm, this: Ref<'_>, awaited: Ref<'_>) -> PyResult {
    future::discard_awaiter(vm, awaited, this);
    let result = if future::is_plain(awaited) { future::result_of(vm, awaited) } else { vm.call_method(awaited, "result", &[]) };
    match result {
        Ok(_) => step(vm, this, None),
        Err(raised) => {
            let error = vm.catch(raised);
            step(vm, this, Some(error))
        }
    }
}

fn set_result(vm: &mut Vm, _this: Ref<'_>, _result: Ref<'_>) -> PyResult {
    Err(vm.runtime_error("Task does not support set_result operation"))
}

fn set_exception(vm: &mut Vm, _this: Ref<'_>, _error: Ref<'_>) -> PyResult {
    Err(vm.runtime_error("Task does not support set_exception operation"))
}

fn cancel(vm: &mut Vm, this: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let task = payload(this);
    task.future.log_traceback.set(false);
    if task.future.state.get() != State::Pending {
        return Ok(Object::bool(false));
    }
    task.cancel_requests.set(task.cancel_requests.get() + 1);
    let message = args[0].unwrap_or(Ref::NONE);
    if let Some(waiter) = task.waiter.get()
        && call_cancel(vm, waiter.borrow(), message)?
    {
        return Ok(Object::bool(true));
    }
    // The next step is scheduled already.
    task.must_cancel.set(true);
    task.future.cancel_message.set(Some(message.to_owned()).filter(|message| !message.borrow().is_none()));
    Ok(Object::bool(true))
}

fn cancelling(_vm: &mut Vm, this: Ref<'_>) -> PyResult {
    Ok(Object::small_int(payload(this).cancel_requests.get()))
}

fn uncancel(_vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let task = payload(this);
    let requests = task.cancel_requests.get();
    if requests > 0 {
        task.cancel_requests.set(requests - 1);
        if requests == 1 {
            task.must_cancel.set(false);
        }
    }
    Ok(Object::small_int(task.cancel_requests.get()))
}

fn get_stack(vm: &mut Vm, this: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    static GET_STACK: ObjectCell = ObjectCell::EMPTY;
    let function = imported(vm, &GET_STACK, "asyncio.base_tasks", "_task_get_stack")?;
    vm.call(function.borrow(), &[this, args[0].unwrap_or(Ref::NONE)])
}

fn print_stack(vm: &mut Vm, this: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    static PRINT_STACK: ObjectCell = ObjectCell::EMPTY;
    let function = imported(vm, &PRINT_STACK, "asyncio.base_tasks", "_task_print_stack")?;
    vm.call(function.borrow(), &[this, args[0].unwrap_or(Ref::NONE), args[1].unwrap_or(Ref::NONE)])
}

fn make_cancelled_error(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    future::make_cancelled_error(vm, this)
}

fn get_name(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let task = payload(this);
    if let Some(name) = task.name.get() {
        return Ok(name);
    }
    if task.number.get() == 0 {
        return Ok(Object::none());
    }
    let name = vm.new_str(&format!("Task-{}", task.number.get())).into_object();
    task.name.set(Some(name.clone()));
    Ok(name)
}

fn set_name(vm: &mut Vm, this: Ref<'_>, value: Ref<'_>) -> PyResult {
    let name = if value.downcast_exact::<Str>().is_some() { value.to_owned() } else { vm.str(value)?.into_object() };
    payload(this).name.set(Some(name));
    Ok(Object::none())
}

fn get_coro(_vm: &mut Vm, this: Ref<'_>) -> PyResult {
    Ok(payload(this).coroutine.get_or_none())
}

fn get_context(_vm: &mut Vm, this: Ref<'_>) -> PyResult {
    Ok(payload(this).context.get_or_none())
}

fn set_log_destroy_pending(vm: &mut Vm, this: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    let Some(value) = value else {
        return Err(vm.raise(&exception::ATTRIBUTE_ERROR, "attribute '_log_destroy_pending' of '_asyncio.Task' objects cannot be deleted"));
    };
    let value = vm.is_true(value)?;
    payload(this).log_destroy_pending.set(value);
    Ok(())
}

fn class_get_item(vm: &mut Vm, class: Ref<'_>, args: Ref<'_>) -> PyResult {
    vm.generic_alias(class, args)
}
