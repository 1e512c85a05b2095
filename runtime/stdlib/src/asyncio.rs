//! `_asyncio`: futures, tasks, and which loop and task run.

mod base_loop;
mod current;
mod eager;
mod future;
mod future_iterator;
mod gather;
mod task;

use object::call::Args;
use object::cell::ObjectCell;
use object::class::Type;
use object::native::Module;
use object::tuple::Tuple;
use object::vm::Raised;
use object::{Object, PyResult, Ref, RefOf, Vm, method};

pub static MODULE: Module = Module {
    name: "_asyncio",
    doc: "Accelerator module for asyncio",
    functions: &[
        method!(Unary get_event_loop "($module, /)", "Return an asyncio event loop.\n\nWhen called from a coroutine or a callback (e.g. scheduled with\ncall_soon or similar API), this function will always return the\nrunning event loop.\n\nIf there is no running event loop set, the function will return\nthe result of `get_event_loop_policy().get_event_loop()` call."),
        method!(Unary get_running_loop "($module, /)", "Return the running event loop.  Raise a RuntimeError if there is none.\n\nThis function is thread-specific."),
        method!(Unary get_running_loop_or_none as "_get_running_loop" "($module, /)", "Return the running event loop or None.\n\nThis is a low-level function intended to be used by event loops.\nThis function is thread-specific."),
        method!(Binary set_running_loop as "_set_running_loop" "($module, loop, /)", "Set the running event loop.\n\nThis is a low-level function intended to be used by event loops.\nThis function is thread-specific."),
        method!(Bound current_task "($module, /, loop=None)", "Return a currently executed task."),
        method!(Bound all_tasks "($module, /, loop=None)", "Return a set of all tasks for the loop."),
        method!(Bound register_task as "_register_task" "($module, /, task)", "Register a new task in asyncio as executed by loop."),
        method!(Bound register_eager_task as "_register_eager_task" "($module, /, task)", "Register a new task in asyncio as executed by loop."),
        method!(Bound unregister_task as "_unregister_task" "($module, /, task)", "Unregister a task."),
        method!(Bound unregister_eager_task as "_unregister_eager_task" "($module, /, task)", "Unregister a task."),
        method!(Bound enter_task as "_enter_task" "($module, /, loop, task)", "Enter into task execution or resume suspended task.\n\nTask belongs to loop."),
        method!(Bound leave_task as "_leave_task" "($module, /, loop, task)", "Leave task execution or suspend a task.\n\nTask belongs to loop."),
        method!(Bound swap_current_task as "_swap_current_task" "($module, /, loop, task)", "Temporarily swap in the supplied task and return the original one (or None).\n\nThis is intended for use during eager coroutine execution."),
        method!(Raw gather "($module, /, *coros_or_futures, return_exceptions=False)", "Return a future aggregating results from the given coroutines/futures.\n\nCoroutines will be wrapped in a future and scheduled in the event\nloop. They will not necessarily be scheduled in the same order as\npassed in.\n\nAll futures must share the same event loop.  If all the tasks are\ndone successfully, the returned future's result is the list of\nresults (in the order of the original sequence, not necessarily\nthe order of results arrival).  If *return_exceptions* is True,\nexceptions in the tasks are treated the same as successful\nresults, and gathered in the result list; otherwise, the first\nraised exception will be immediately propagated to the returned\nfuture."),
        method!(Many future_add_to_awaited_by "($module, fut, waiter, /)", "Record that `fut` is awaited on by `waiter`."),
        method!(Many future_discard_from_awaited_by "($module, fut, waiter, /)", ""),
    ],
    types: &[&future::FUTURE, &task::TASK],
    init: Some(|vm, _| {
        object::type_new::ready(vm, &future_iterator::FUTURE_ITERATOR);
        object::type_new::ready(vm, &task::TASK_STEP);
        object::type_new::ready(vm, &gather::GATHERING);
        Ok(())
    }),
};

use gather::gather;

/// In the child of a fork: no loop runs and no task.
pub fn after_fork(vm: &mut Vm) {
    current::after_fork(vm);
}

/// A name of a Python module of asyncio, looked up once.
fn imported(vm: &mut Vm, place: &'static ObjectCell, module: &str, name: &str) -> PyResult {
    if let Some(found) = place.get() {
        return Ok(found);
    }
    let module = vm.import(module)?;
    let found = vm.get_attr_str(module.borrow(), name)?;
    place.set(Some(found.clone()));
    Ok(found)
}

/// `asyncio.CancelledError`
fn cancelled_error_class(vm: &mut Vm) -> PyResult {
    static CANCELLED_ERROR: ObjectCell = ObjectCell::EMPTY;
    imported(vm, &CANCELLED_ERROR, "asyncio.exceptions", "CancelledError")
}

/// Whether an exception says that something was cancelled.
fn is_cancelled_error(vm: &mut Vm, error: Ref<'_>) -> PyResult<bool> {
    let class = cancelled_error_class(vm)?;
    Ok(class.borrow().downcast::<Type>().is_some_and(|class| error.is_instance_of(class.get())))
}

/// Raises `asyncio.InvalidStateError`.
fn invalid_state(vm: &mut Vm, message: &str) -> Raised {
    static INVALID_STATE_ERROR: ObjectCell = ObjectCell::EMPTY;
    let made = imported(vm, &INVALID_STATE_ERROR, "asyncio.exceptions", "InvalidStateError").and_then(|class| {
        let message = vm.new_str(message).into_object();
        vm.call(class.borrow(), &[message.borrow()])
    });
    match made {
        Ok(error) => vm.raise_object(error),
        Err(raised) => raised,
    }
}

/// Calls a method with one keyword argument after the positional ones, of which there are two at most.
fn call_with_keyword(vm: &mut Vm, object: Ref<'_>, method: &str, args: &[Ref<'_>], names: RefOf<'_, Tuple>, value: Ref<'_>) -> PyResult {
    let name = vm.intern(method);
    let (function, this) = vm.get_method(object, name)?;
    let mut values = [Ref::NONE; 4];
    let mut used = 0;
    for argument in this.as_ref().map(Object::borrow).into_iter().chain(args.iter().copied()).chain([value]) {
        values[used] = argument;
        used += 1;
    }
    vm.call_with(function.borrow(), Args::new(&values[..used], Some(names)))
}

/// A tuple of one keyword's name, made once.
fn keyword_names(vm: &mut Vm, place: &'static ObjectCell, name: &str) -> Object {
    place.get().unwrap_or_else(|| {
        let names = vm.intern(name).to_owned();
        let names = vm.new_tuple([names]).into_object();
        place.set(Some(names.clone()));
        names
    })
}

/// Calls `method` of `object` with a `context`.
fn call_in_context(vm: &mut Vm, object: Ref<'_>, method: &str, args: &[Ref<'_>], context: Ref<'_>) -> PyResult {
    static NAMES: ObjectCell = ObjectCell::EMPTY;
    let names = keyword_names(vm, &NAMES, "context");
    let names = names.borrow().downcast::<Tuple>().expect("made as a tuple");
    call_with_keyword(vm, object, method, args, names, context)
}

/// `object.cancel(msg=message)`
fn call_cancel(vm: &mut Vm, object: Ref<'_>, message: Ref<'_>) -> PyResult<bool> {
    static NAMES: ObjectCell = ObjectCell::EMPTY;
    let names = keyword_names(vm, &NAMES, "msg");
    let names = names.borrow().downcast::<Tuple>().expect("made as a tuple");
    let answer = call_with_keyword(vm, object, "cancel", &[], names, message)?;
    vm.is_true(answer.borrow())
}

fn get_event_loop(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    event_loop(vm)
}

/// The running loop, or the one the policy says.
fn event_loop(vm: &mut Vm) -> PyResult {
    static POLICY: ObjectCell = ObjectCell::EMPTY;
    if let Some(running) = current::running_loop(vm) {
        return Ok(running);
    }
    let policy = imported(vm, &POLICY, "asyncio.events", "_get_event_loop_policy")?;
    let policy = vm.call(policy.borrow(), &[])?;
    vm.call_method(policy.borrow(), "get_event_loop", &[])
}

fn get_running_loop(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    match current::running_loop(vm) {
        Some(running) => Ok(running),
        None => Err(vm.runtime_error("no running event loop")),
    }
}

fn get_running_loop_or_none(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    Ok(current::running_loop(vm).unwrap_or(Object::none()))
}

fn set_running_loop(vm: &mut Vm, _module: Ref<'_>, event_loop: Ref<'_>) -> PyResult {
    current::set_running_loop(vm, Some(event_loop).filter(|event_loop| !event_loop.is_none()));
    Ok(Object::none())
}

/// A required argument.
fn required<'a>(args: &[Option<Ref<'a>>], index: usize) -> Ref<'a> {
    args[index].expect("a required argument")
}

/// The loop that was given, or the running one.
fn given_loop(vm: &mut Vm, module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    match args[0].filter(|event_loop| !event_loop.is_none()) {
        Some(event_loop) => Ok(event_loop.to_owned()),
        None => get_running_loop(vm, module),
    }
}

fn current_task(vm: &mut Vm, module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let event_loop = given_loop(vm, module, args)?;
    Ok(current::current_task(vm, event_loop.borrow()).unwrap_or(Object::none()))
}

fn all_tasks(vm: &mut Vm, module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let event_loop = given_loop(vm, module, args)?;
    current::all_tasks(vm, event_loop.borrow())
}

fn register_task(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    current::register(vm, required(args, 0))
}

fn register_eager_task(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    current::register_eager(vm, required(args, 0))
}

fn unregister_task(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    current::unregister(vm, required(args, 0))
}

fn unregister_eager_task(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    current::unregister_eager(vm, required(args, 0))
}

fn enter_task(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    current::enter(vm, required(args, 0), required(args, 1)).map(|()| Object::none())
}

fn leave_task(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    current::leave(vm, required(args, 0), required(args, 1)).map(|()| Object::none())
}

fn swap_current_task(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let task = required(args, 1);
    let previous = current::swap(vm, required(args, 0), Some(task).filter(|task| !task.is_none()).map(Ref::to_owned))?;
    Ok(previous.unwrap_or(Object::none()))
}

/// The two arguments of the functions that keep the graph of who awaits whom.
fn two<'a>(vm: &mut Vm, name: &str, args: &[Ref<'a>]) -> PyResult<[Ref<'a>; 2]> {
    match *args {
        [future, waiter] => Ok([future, waiter]),
        _ => Err(vm.type_error(format!("{name} expected 2 arguments, got {}", args.len()))),
    }
}

fn future_add_to_awaited_by(vm: &mut Vm, _module: Ref<'_>, args: &[Ref<'_>]) -> PyResult {
    let [future, waiter] = two(vm, "future_add_to_awaited_by", args)?;
    future::add_awaiter(vm, future, waiter);
    Ok(Object::none())
}

fn future_discard_from_awaited_by(vm: &mut Vm, _module: Ref<'_>, args: &[Ref<'_>]) -> PyResult {
    let [future, waiter] = two(vm, "future_discard_from_awaited_by", args)?;
    future::discard_awaiter(vm, future, waiter);
    Ok(Object::none())
}
