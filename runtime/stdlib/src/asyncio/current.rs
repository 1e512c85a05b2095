//! Which loop and which task run in each thread, and which tasks there are.

use super::future::{self, State};
use super::task::{self, Task};
use object::cell::{ObjectCell, VmCell};
use object::weak::{self, WeakReference};
use object::{Object, ObjectOf, PyResult, Ref, Vm};
use std::collections::BTreeMap;

/// What runs in a thread.
struct Running {
    thread: u64,
    event_loop: Option<Object>,
    task: Option<Object>,
    /// Coroutines that run within the task's step as if in tasks of their own, the innermost last.
    children: Vec<Child>,
    /// How many calls of `gather` in this step have given their results at once.
    n_at_once: u32,
}

/// A coroutine that `gather` runs at once. It gets its task when somebody asks for it.
struct Child {
    coroutine: Object,
    context: Object,
    task: Option<Object>,
    /// What is said to be the running task: `task`, unless that was swapped.
    shown: Option<Object>,
}

impl Running {
    fn new(thread: u64) -> Running {
        Running { thread, event_loop: None, task: None, children: Vec::new(), n_at_once: 0 }
    }

    /// The place of the task in progress; a child's has been made.
    fn place(&mut self) -> &mut Option<Object> {
        match self.children.last_mut() {
            Some(child) => &mut child.shown,
            None => &mut self.task,
        }
    }
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
        entries.push(Running::new(thread));
        entries.len() - 1
    });
    let old = change(&mut entries[position]);
    let entry = &entries[position];
    if entry.event_loop.is_none() && entry.task.is_none() && entry.children.is_empty() {
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
pub(super) fn current_task(vm: &mut Vm, event_loop: Ref<'_>) -> Option<Object> {
    let is_of_loop = |running: &Running| running.event_loop.as_ref().is_some_and(|own| own.borrow().is(event_loop));
    let position = RUNNING.get(vm).iter().position(is_of_loop)?;
    task_at(vm, position)
}

/// The task in progress in a thread.
fn task_at(vm: &mut Vm, position: usize) -> Option<Object> {
    let n_children = RUNNING.get(vm)[position].children.len();
    if n_children == 0 {
        return RUNNING.get(vm)[position].task.clone();
    }
    give_task(vm, position, n_children - 1);
    RUNNING.get_mut(vm)[position].place().clone()
}

/// Makes the task of a child that has none yet.
fn give_task(vm: &mut Vm, position: usize, index: usize) {
    let running = &RUNNING.get(vm)[position];
    let child = &running.children[index];
    if child.task.is_some() {
        return;
    }
    let event_loop = running.event_loop.clone().unwrap_or(Object::none());
    let (coroutine, context) = (child.coroutine.clone(), child.context.clone());
    let task = task::of_started(vm, event_loop.borrow(), coroutine, context);
    begin_eager(vm, task.borrow());
    let child = &mut RUNNING.get_mut(vm)[position].children[index];
    (child.task, child.shown) = (Some(task.clone()), Some(task));
}

/// How many coroutines this thread runs at once, each within the step of the other.
pub(super) fn n_children(vm: &Vm) -> usize {
    own(vm).map_or(0, |running| running.children.len())
}

/// Whether what runs in this thread's loop is a task of this module, which is not to be cancelled at its next step.
pub(super) fn is_in_native_task(vm: &Vm) -> bool {
    let Some(running) = own(vm) else { return false };
    let task = match running.children.last() {
        Some(Child { task: None, .. }) => return true,
        Some(child) => &child.shown,
        None => &running.task,
    };
    task.as_ref().is_some_and(|task| task.borrow().is_exactly(&task::TASK) && !task::must_cancel(task.borrow()))
}

/// Says that a coroutine runs as if in a task of its own.
pub(super) fn enter_child(vm: &mut Vm, coroutine: Ref<'_>, context: Object) {
    let child = Child { coroutine: coroutine.to_owned(), context, task: None, shown: None };
    change(vm, |running| {
        running.children.push(child);
        None
    });
}

/// The task of the innermost child.
pub(super) fn task_of_child(vm: &mut Vm) -> Option<Object> {
    let thread = vm.thread_id;
    let position = RUNNING.get(vm).iter().position(|running| running.thread == thread)?;
    let index = RUNNING.get(vm)[position].children.len().checked_sub(1)?;
    give_task(vm, position, index);
    RUNNING.get(vm)[position].children[index].task.clone()
}

/// Whether somebody has asked for the task of the innermost child.
pub(super) fn child_has_task(vm: &Vm) -> bool {
    own(vm).and_then(|running| running.children.last()).is_some_and(|child| child.task.is_some())
}

/// The opposite of [`enter_child`].
pub(super) fn leave_child(vm: &mut Vm) {
    let mut left = None;
    change(vm, |running| {
        left = running.children.pop();
        None
    });
    if let Some(task) = left.as_ref().and_then(|child| child.task.as_ref()) {
        end_eager(vm, task.borrow());
    }
    drop(left);
}

/// Counts the calls of `gather` that give their results at once in a step of the loop; says how many there were.
pub(super) fn count_at_once(vm: &mut Vm) -> u32 {
    let thread = vm.thread_id;
    let Some(running) = RUNNING.get_mut(vm).iter_mut().find(|running| running.thread == thread) else { return 0 };
    running.n_at_once += 1;
    running.n_at_once
}

fn check_running(vm: &mut Vm, event_loop: Ref<'_>) -> PyResult<()> {
    if is_running_loop(vm, event_loop) {
        return Ok(());
    }
    let shown = vm.repr_text(event_loop)?;
    Err(vm.runtime_error(format!("loop {shown} is not the running loop")))
}

/// The task in progress.
fn running_task(vm: &mut Vm) -> Option<Object> {
    let thread = vm.thread_id;
    let position = RUNNING.get(vm).iter().position(|running| running.thread == thread)?;
    task_at(vm, position)
}

/// Says that a step of `task` begins.
pub(super) fn enter(vm: &mut Vm, event_loop: Ref<'_>, task: Ref<'_>) -> PyResult<()> {
    check_running(vm, event_loop)?;
    if let Some(running) = running_task(vm) {
        let (shown, other) = (vm.repr_text(task)?, vm.repr_text(running.borrow())?);
        return Err(vm.runtime_error(format!("Cannot enter into task {shown} while another task {other} is being executed.")));
    }
    let task = task.to_owned();
    change(vm, |running| {
        running.n_at_once = 0;
        running.place().replace(task)
    });
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
    let old = change(vm, |running| running.place().take());
    drop(old);
    Ok(())
}

/// Puts another task in the place of the running one, which it returns.
pub(super) fn swap(vm: &mut Vm, event_loop: Ref<'_>, task: Option<Object>) -> PyResult<Option<Object>> {
    check_running(vm, event_loop)?;
    if n_children(vm) > 0 {
        drop(task_of_child(vm));
    }
    Ok(change(vm, |running| std::mem::replace(running.place(), task)))
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

/// Makes the tasks of all children.
fn give_tasks(vm: &mut Vm) {
    for position in 0..RUNNING.get(vm).len() {
        for index in 0..RUNNING.get(vm)[position].children.len() {
            give_task(vm, position, index);
        }
    }
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
    give_tasks(vm);
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
        drop(running);
    }
}
