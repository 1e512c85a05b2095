//! Children of `gather` that run at once: where the result of `gather` is awaited, a coroutine runs up to where it waits for
//! something, and gets a task only then. It runs as it would in a task: in a context of its own, and with nothing
//! of what its caller is handling.

use super::future;
use super::{base_loop, current, imported, is_cancelled_error, task};
use crate::contextvars;
use interp::generator::{self, COROUTINE, Resumed};
use object::call::NativeInfo;
use object::cell::{ObjectCell, VmCell};
use object::function::new_builtin;
use object::vm::Raised;
use object::{Method, Object, PyResult, Ref, Vm, exception, method};

/// How many coroutines run at once, each within the other: they share a stack, which those of tasks do not.
const MAX_NESTED: usize = 32;

/// How many calls of `gather` in one step of the loop give their results at once; the next one lets the loop have its turn.
const MAX_AT_ONCE: u32 = 100;

/// The depth at which tasks' steps begin, about.
const STEP_DEPTH: usize = 10;

/// What running a child at once came to.
pub(super) enum Started {
    /// It is done.
    Value(Object),
    /// A future that is done with an exception, or the task of a coroutine that waits.
    Future(Object),
    /// A task whose exception ends the loop.
    Fatal(Object),
    /// It is the same as an earlier one.
    Same(usize),
    /// It has to get a future as ever.
    Not,
}

/// Whether the children of the call in progress can run at once.
pub(super) fn is_possible(vm: &mut Vm, event_loop: Ref<'_>) -> PyResult<bool> {
    let possible = current::is_in_native_task(vm) && current::n_children(vm) < MAX_NESTED && interp::frame::awaits_its_call(vm);
    if !possible || base_loop::eagerness(vm, event_loop)?.is_none() {
        return Ok(false);
    }
    // What is ready already runs before the children of a task, as it would without this.
    Ok(current::n_children(vm) > 0 || !has_ready(vm, event_loop)?)
}

/// Whether callbacks wait for their turn in an event loop.
fn has_ready(vm: &mut Vm, event_loop: Ref<'_>) -> PyResult<bool> {
    let Some(ready) = vm.find_attr_str(event_loop, "_ready")? else { return Ok(true) };
    Ok(vm.len(ready.borrow())? > 0)
}

/// Runs what can run at once of the children; says whether all are done.
pub(super) fn start(vm: &mut Vm, event_loop: Ref<'_>, awaitables: &[Ref<'_>], return_exceptions: bool) -> PyResult<(Vec<Started>, bool)> {
    let mut runner = Runner { event_loop, return_exceptions, spare: None };
    let mut started = Vec::with_capacity(awaitables.len());
    let (mut all_done, mut is_fatal) = (true, false);
    for (index, &awaitable) in awaitables.iter().enumerate() {
        let outcome = if awaitable.is_exactly(&COROUTINE) && !is_fatal {
            match generator::data(awaitable).map(generator::GeneratorData::state) {
                Some(generator::State::Created) => runner.run(vm, awaitable)?,
                _ => same(awaitables, index),
            }
        } else if future::is_plain(awaitable) && future::payload(awaitable).event_loop.get_or_none().borrow().is(event_loop) {
            future::good_result(awaitable).map_or_else(|| same(awaitables, index), Started::Value)
        } else {
            Started::Not
        };
        all_done &= match outcome {
            Started::Value(_) => true,
            Started::Same(earlier) => matches!(started[earlier], Started::Value(_)),
            _ => false,
        };
        is_fatal |= matches!(outcome, Started::Fatal(_));
        started.push(outcome);
    }
    Ok((started, all_done))
}

/// An awaitable that came before, or is to get a future.
fn same(awaitables: &[Ref<'_>], index: usize) -> Started {
    awaitables[..index].iter().position(|earlier| earlier.is(awaitables[index])).map_or(Started::Not, Started::Same)
}

/// A future of the results, when all children are done. It is done, too, unless the caller has to wait.
pub(super) fn all_done(vm: &mut Vm, event_loop: Ref<'_>, started: Vec<Started>) -> PyResult {
    static SET_RESULT: ObjectCell = ObjectCell::EMPTY;
    let mut results: Vec<Object> = Vec::with_capacity(started.len());
    for outcome in started {
        match outcome {
            Started::Value(value) => results.push(value),
            Started::Same(earlier) => results.push(results[earlier].clone()),
            Started::Future(_) | Started::Fatal(_) | Started::Not => unreachable!("all are done"),
        }
    }
    let results = vm.new_list(results).into_object();
    // A caller that a child has cancelled has to wait, to be told.
    if current::is_in_native_task(vm) && !current::count_at_once(vm).is_multiple_of(MAX_AT_ONCE) {
        return Ok(future::finished(vm, event_loop, results));
    }
    let outer = future::pending(vm, event_loop);
    let set_result = imported(vm, &SET_RESULT, "asyncio.futures", "_set_result_unless_cancelled")?;
    let context = contextvars::copy_current(vm);
    future::call_soon(vm, event_loop, &[set_result.borrow(), outer.borrow(), results.borrow()], context.borrow())?;
    Ok(outer)
}

/// Runs coroutines.
struct Runner<'a> {
    event_loop: Ref<'a>,
    return_exceptions: bool,
    /// A context that a coroutine was given and left as it was.
    spare: Option<Object>,
}

impl Runner<'_> {
    /// Runs a coroutine that has not begun.
    fn run(&mut self, vm: &mut Vm, coroutine: Ref<'_>) -> PyResult<Started> {
        let context = self.spare.take().unwrap_or_else(|| contextvars::copy_current(vm));
        contextvars::enter(vm, context.borrow())?;
        current::enter_child(vm, coroutine, context.clone());
        let outcome = begin(vm, coroutine);
        let started = match outcome {
            Ok(Resumed::Return(value)) if !current::child_has_task(vm) => Ok(Started::Value(value)),
            Err(raised) if !current::child_has_task(vm) => self.failed(vm, raised),
            outcome => self.in_task(vm, outcome),
        };
        current::leave_child(vm);
        contextvars::leave(vm, context.borrow());
        if contextvars::is_fresh_copy(vm, context.borrow()) {
            self.spare = Some(context);
        }
        started
    }

    /// The coroutine waits, or somebody asked for its task: it has one from now on.
    fn in_task(&self, vm: &mut Vm, outcome: PyResult<Resumed>) -> PyResult<Started> {
        let Some(task) = current::task_of_child(vm) else {
            // The process was forked: what ran before does not run any more.
            return outcome.map(|_| Started::Not);
        };
        let concluded = task::conclude(vm, task.borrow(), outcome);
        task::settle(vm, task.borrow());
        match concluded {
            Ok(()) => Ok(Started::Future(task)),
            Err(raised) => {
                let error = vm.catch(raised);
                self.raise_soon(vm, error)?;
                Ok(Started::Fatal(task))
            }
        }
    }

    /// The coroutine raised.
    fn failed(&self, vm: &mut Vm, raised: Raised) -> PyResult<Started> {
        let error = vm.catch(raised);
        let is_fatal = error.borrow().is_instance_of(&exception::KEYBOARD_INTERRUPT) || error.borrow().is_instance_of(&exception::SYSTEM_EXIT);
        if is_fatal || is_cancelled_error(vm, error.borrow())? {
            let raised = vm.reraise(error);
            return self.in_task(vm, Err(raised));
        }
        if self.return_exceptions {
            return Ok(Started::Value(error));
        }
        let failed = future::pending(vm, self.event_loop);
        future::set_exception(vm, failed.borrow(), error.borrow())?;
        Ok(Started::Future(failed))
    }

    /// Has the loop end with an exception.
    fn raise_soon(&self, vm: &mut Vm, error: Object) -> PyResult<()> {
        static INFO: VmCell<Option<&'static NativeInfo>> = VmCell::new(None);
        let info = *INFO.get_mut(vm).get_or_insert_with(|| NativeInfo::leak(&RERAISE, None));
        let callback = new_builtin(vm, info, Some(error), None);
        let context = contextvars::copy_current(vm);
        future::call_soon(vm, self.event_loop, &[callback.borrow()], context.borrow())
    }
}

static RERAISE: Method = method!(Unary reraise "", "");

fn reraise(vm: &mut Vm, error: Ref<'_>) -> PyResult {
    Err(vm.reraise(error.to_owned()))
}

/// Runs a coroutine from its beginning, with nothing of what its caller is handling and as much room for recursion as in
/// a step of the loop.
fn begin(vm: &mut Vm, coroutine: Ref<'_>) -> PyResult<Resumed> {
    let handled = vm.handled_exception().is_some().then(|| std::mem::replace(&mut vm.handled, vec![None]));
    let depth = vm.depth;
    vm.depth = depth.min(STEP_DEPTH);
    let outcome = generator::resume(vm, coroutine, Object::none(), None);
    vm.depth = depth;
    if let Some(handled) = handled {
        vm.handled = handled;
    }
    outcome
}
