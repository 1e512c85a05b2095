//! Which loop and which task run in each thread, and which tasks there are.

use super::future::{self, State};
use super::task::Task;
use object::cell::{ObjectCell, VmCell};
use object::weak::{self, WeakReference};
use object::{Object, ObjectOf, PyResult, Ref, Vm};
use std::collections::BTreeMap;

/// What runs in a thread.
struct Running {
    thread: u64,
    event_loop: Option<Object>,
    task: Option<Object>,
}

/// An entry for each thread in which something runs.
static RUNNING: VmCell<Vec<Running>> = VmCell::new(Vec::new());

/// Weak references to the native tasks that are not done, by the task's word.
static TASKS: VmCell<BTreeMap<u64, ObjectOf<WeakReference>>> = VmCell::new(BTreeMap::new());

/// The native tasks in their first step, before the loop knows of them; most end in it.
static EAGER_TASKS: VmCell<Vec<Object>> = VmCell::new(Vec::new());

/// A `WeakSet` of the tasks of other kinds, and a set of those that are in their first step.
static OTHER_TASKS: ObjectCell = ObjectCell::EMPTY;
static OTHER_EAGER_TASKS: ObjectCell = ObjectCell::EMPTY;

fn own(vm: &Vm) -> Option<&Running> {
    RUNNING.get(vm).iter().find(|running| running.thread == vm.thread_id)
}

/// Changes the thread's entry, which goes when nothing runs any more.
fn change(vm: &mut Vm, change: impl FnOnce(&mut Running) -> Option<Object>) -> Option<Object> {
    let thread = vm.thread_id;
    let entries = RUNNING.get_mut(vm);
    let position = entries.iter().position(|running| running.thread == thread).unwrap_or_else(|| {
        entries.push(Running { thread, event_loop: None, task: None });
        entries.len() - 1
    });
    let old = change(&mut entries[position]);
    if entries[position].event_loop.is_none() && entries[position].task.is_none() {
        entries.swap_remove(position);
    }
    old
}

/// The loop that runs in this thread.
pub(super) fn running_loop(vm: &Vm) -> Option<Object> {
    own(vm)?.event_loop.clone()
}

/// Whether that loop runs in this thread.
pub(super) fn is_running_loop(vm: &Vm, event_loop: Ref<'_>) -> bool {
    own(vm).and_then(|running| running.event_loop.as_ref()).is_some_and(|running| running.borrow().is(event_loop))
}

pub(super) fn set_running_loop(vm: &mut Vm, event_loop: Option<Ref<'_>>) {
    let event_loop = event_loop.map(Ref::to_owned);
    let old = change(vm, |running| std::mem::replace(&mut running.event_loop, event_loop));
    drop(old);
}

/// The task of a loop that runs in any thread.
pub(super) fn current_task(vm: &Vm, event_loop: Ref<'_>) -> Option<Object> {
    let is_of_loop = |running: &&Running| running.event_loop.as_ref().is_some_and(|own| own.borrow().is(event_loop));
    RUNNING.get(vm).iter().find(is_of_loop)?.task.clone()
}

fn check_running(vm: &mut Vm, event_loop: Ref<'_>) -> PyResult<()> {
    if is_running_loop(vm, event_loop) {
        return Ok(());
    }
    let shown = vm.repr_text(event_loop)?;
    Err(vm.runtime_error(format!("loop {shown} is not the running loop")))
}

/// The task in progress.
fn running_task(vm: &Vm) -> Option<Object> {
    own(vm)?.task.clone()
}

/// Says that a step of `task` begins.
pub(super) fn enter(vm: &mut Vm, event_loop: Ref<'_>, task: Ref<'_>) -> PyResult<()> {
    check_running(vm, event_loop)?;
    if let Some(running) = running_task(vm) {
        let (shown, other) = (vm.repr_text(task)?, vm.repr_text(running.borrow())?);
        return Err(vm.runtime_error(format!("Cannot enter into task {shown} while another task {other} is being executed.")));
    }
    let task = task.to_owned();
    change(vm, |running| running.task.replace(task));
    Ok(())
}

/// Says that a step of `task` ends.
pub(super) fn leave(vm: &mut Vm, event_loop: Ref<'_>, task: Ref<'_>) -> PyResult<()> {
    check_running(vm, event_loop)?;
    let running = running_task(vm);
    if !running.as_ref().is_some_and(|running| running.borrow().is(task)) {
        let running = running.unwrap_or(Object::none());
        let (shown, other) = (vm.repr_text(task)?, vm.repr_text(running.borrow())?);
        return Err(vm.runtime_error(format!("Invalid attempt to leave task {shown} while task {other} is entered.")));
    }
    let old = change(vm, |running| running.task.take());
    drop(old);
    Ok(())
}

/// Puts another task in the place of the running one, which it returns.
pub(super) fn swap(vm: &mut Vm, event_loop: Ref<'_>, task: Option<Object>) -> PyResult<Option<Object>> {
    check_running(vm, event_loop)?;
    Ok(change(vm, |running| std::mem::replace(&mut running.task, task)))
}

/// Counts a native task among those that are not done.
pub(super) fn register_native(vm: &mut Vm, task: Ref<'_>) {
    let reference = vm.allocate(WeakReference::new(None));
    weak::attach(reference.borrow(), task);
    let old = TASKS.get_mut(vm).insert(task.bits(), reference);
    drop(old);
}

pub(super) fn unregister_native(vm: &mut Vm, task: Ref<'_>) {
    let old = TASKS.get_mut(vm).remove(&task.bits());
    drop(old);
}

/// Counts a native task among those that are in their first step.
pub(super) fn begin_eager(vm: &mut Vm, task: Ref<'_>) {
    let task = task.to_owned();
    EAGER_TASKS.get_mut(vm).push(task);
}

/// The opposite of [`begin_eager`].
pub(super) fn end_eager(vm: &mut Vm, task: Ref<'_>) {
    let tasks = EAGER_TASKS.get_mut(vm);
    let old = tasks.iter().rposition(|entry| entry.borrow().is(task)).map(|index| tasks.remove(index));
    drop(old);
}

fn other_tasks(vm: &mut Vm) -> PyResult {
    if let Some(tasks) = OTHER_TASKS.get() {
        return Ok(tasks);
    }
    let module = vm.import("weakref")?;
    let tasks = vm.call_method(module.borrow(), "WeakSet", &[])?;
    OTHER_TASKS.set(Some(tasks.clone()));
    Ok(tasks)
}

fn other_eager_tasks(vm: &mut Vm) -> Object {
    OTHER_EAGER_TASKS.get().unwrap_or_else(|| {
        let tasks = builtins::set::new_set(vm).into_object();
        OTHER_EAGER_TASKS.set(Some(tasks.clone()));
        tasks
    })
}

pub(super) fn register(vm: &mut Vm, task: Ref<'_>) -> PyResult {
    if task.downcast::<Task>().is_some() {
        register_native(vm, task);
        return Ok(Object::none());
    }
    let tasks = other_tasks(vm)?;
    vm.call_method(tasks.borrow(), "add", &[task])
}

pub(super) fn unregister(vm: &mut Vm, task: Ref<'_>) -> PyResult {
    if task.downcast::<Task>().is_some() {
        unregister_native(vm, task);
        return Ok(Object::none());
    }
    let tasks = other_tasks(vm)?;
    vm.call_method(tasks.borrow(), "discard", &[task])
}

pub(super) fn register_eager(vm: &mut Vm, task: Ref<'_>) -> PyResult {
    if task.downcast::<Task>().is_some() {
        register_native(vm, task);
        return Ok(Object::none());
    }
    let tasks = other_eager_tasks(vm);
    vm.call_method(tasks.borrow(), "add", &[task])
}

pub(super) fn unregister_eager(vm: &mut Vm, task: Ref<'_>) -> PyResult {
    if task.downcast::<Task>().is_some() {
        unregister_native(vm, task);
        return Ok(Object::none());
    }
    let tasks = other_eager_tasks(vm);
    vm.call_method(tasks.borrow(), "discard", &[task])
}

/// The set of a loop's tasks that are not done.
pub(super) fn all_tasks(vm: &mut Vm, event_loop: Ref<'_>) -> PyResult {
    // Eager tasks first: one that becomes a scheduled one meanwhile is not missed.
    let eager = other_eager_tasks(vm);
    let mut candidates = vm.collect(eager.borrow())?;
    let others = other_tasks(vm)?;
    candidates.extend(vm.collect(others.borrow())?);
    let mut found = Vec::new();
    for task in candidates {
        let own = future::loop_of(vm, task.borrow())?;
        if !own.borrow().is(event_loop) {
            continue;
        }
        let done = vm.call_method(task.borrow(), "done", &[])?;
        if !vm.is_true(done.borrow())? {
            found.push(task);
        }
    }
    TASKS.get_mut(vm).retain(|_, reference| !reference.borrow().is_dead());
    let mut native: Vec<Object> = TASKS.get(vm).values().filter_map(|reference| reference.borrow().target()).collect();
    native.extend(EAGER_TASKS.get(vm).iter().cloned());
    found.extend(native.into_iter().filter(|task| {
        let task = future::payload(task.borrow());
        task.state.get() == State::Pending && task.event_loop.get().is_some_and(|own| own.borrow().is(event_loop))
    }));
    builtins::set::operations::set_of(vm, Object::as_refs(&found)).map(ObjectOf::into_object)
}

/// In the child of a fork: what ran in the parent runs there.
pub(super) fn after_fork(vm: &mut Vm) {
    let old = RUNNING.replace(vm, Vec::new());
    for running in old {
        drop(running.task);
        drop(running.event_loop);
    }
}
