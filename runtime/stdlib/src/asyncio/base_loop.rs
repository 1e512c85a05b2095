//! The methods of `BaseEventLoop` that futures and tasks need all the time: where a loop has them as the
//! library defines them, what they do is done here, without calling them.

use super::{imported, task};
use object::cell::{ObjectCell, VmCell};
use object::class::Type;
use object::{Object, PyResult, Ref, Vm, instance};

/// The methods, by their place in the tables.
#[derive(Clone, Copy)]
enum Original {
    GetDebug,
    IsRunning,
    CreateTask,
    CallSoon,
    InnerCallSoon,
    CheckClosed,
}

const METHODS: [&str; 6] = ["get_debug", "is_running", "create_task", "call_soon", "_call_soon", "_check_closed"];

/// What is known of loops, once it was looked up.
struct Known {
    names: [Ref<'static>; METHODS.len()],
    functions: Vec<Object>,
    debug: Ref<'static>,
    closed: Ref<'static>,
    task_factory: Ref<'static>,
    ready: Ref<'static>,
    append: Ref<'static>,
    /// The class of loops that was found to have all the functions last, and its version.
    class: usize,
    version: u32,
}

static KNOWN: VmCell<Option<Known>> = VmCell::new(None);

/// Looks up the functions; nothing when the library's module is not to be had.
fn look_up(vm: &mut Vm) -> Option<Known> {
    static BASE_EVENT_LOOP: ObjectCell = ObjectCell::EMPTY;
    let class = match imported(vm, &BASE_EVENT_LOOP, "asyncio.base_events", "BaseEventLoop") {
        Ok(class) => class,
        Err(raised) => {
            drop(vm.catch(raised));
            return None;
        }
    };
    let names = METHODS.map(|name| vm.intern(name));
    let class = class.borrow().downcast::<Type>()?;
    let functions = names.iter().map(|&name| class.get().lookup(name).map(Ref::to_owned)).collect::<Option<Vec<Object>>>()?;
    let [debug, closed, task_factory] = ["_debug", "_closed", "_task_factory"].map(|name| vm.intern(name));
    let [ready, append] = ["_ready", "append"].map(|name| vm.intern(name));
    Some(Known { names, functions, debug, closed, task_factory, ready, append, class: 0, version: 0 })
}

/// What is known, if the loop's `methods` are the library's.
fn known<'a>(vm: &'a mut Vm, event_loop: Ref<'_>, methods: &[Original]) -> Option<&'a Known> {
    if KNOWN.get(vm).is_none() {
        let found = look_up(vm)?;
        *KNOWN.get_mut(vm) = Some(found);
    }
    let known = KNOWN.get_mut(vm).as_mut().expect("it was looked up");
    let class = event_loop.class();
    let (address, version) = (std::ptr::from_ref(class).addr(), class.version());
    if known.class != address || known.version != version {
        let is_original = |(&name, function): (&Ref<'_>, &Object)| class.lookup(name).is_some_and(|found| found.is(function.borrow()));
        if class.slots().getattr.is_some() || !known.names.iter().zip(&known.functions).all(is_original) {
            return None;
        }
        (known.class, known.version) = (address, class.version());
    }
    methods.iter().all(|&method| instance::get_attribute(event_loop, known.names[method as usize]).is_none()).then_some(known)
}

/// `loop.get_debug()`
pub(super) fn is_debugged(vm: &mut Vm, event_loop: Ref<'_>) -> PyResult<bool> {
    let own = known(vm, event_loop, &[Original::GetDebug]).and_then(|known| instance::get_attribute(event_loop, known.debug));
    if let Some(own) = own
        && (own.is(Ref::FALSE) || own.is(Ref::TRUE))
    {
        return Ok(own.is(Ref::TRUE));
    }
    let debug = vm.call_method(event_loop, "get_debug", &[])?;
    vm.is_true(debug.borrow())
}

/// `loop.is_running()`
pub(super) fn is_running(vm: &mut Vm, event_loop: Ref<'_>) -> PyResult<bool> {
    // A loop that runs in this thread has set its thread's number.
    let runs_here = super::current::is_running_loop(vm, event_loop);
    if runs_here && known(vm, event_loop, &[Original::IsRunning]).is_some() {
        return Ok(true);
    }
    let running = vm.call_method(event_loop, "is_running", &[])?;
    vm.is_true(running.borrow())
}

/// `loop.call_soon(*args, context=context)`
pub(super) fn call_soon(vm: &mut Vm, event_loop: Ref<'_>, args: &[Ref<'_>], context: Ref<'_>) -> PyResult<()> {
    static HANDLE: ObjectCell = ObjectCell::EMPTY;
    let methods = [Original::CallSoon, Original::InnerCallSoon, Original::CheckClosed, Original::GetDebug];
    let found = known(vm, event_loop, &methods).and_then(|known| {
        let is_false = |name| instance::get_attribute(event_loop, name).is_some_and(|value| value.is(Ref::FALSE));
        let ready = instance::get_attribute(event_loop, known.ready)?;
        (is_false(known.debug) && is_false(known.closed)).then(|| (ready.to_owned(), known.append))
    });
    let Some((ready, append)) = found else {
        return super::call_in_context(vm, event_loop, "call_soon", args, context).map(drop);
    };
    let class = imported(vm, &HANDLE, "asyncio.events", "Handle")?;
    let rest = vm.new_tuple_from(&args[1..]).into_object();
    let handle = vm.call(class.borrow(), &[args[0], rest.borrow(), event_loop, context])?;
    vm.call_method_named(ready.borrow(), append, &[handle.borrow()]).map(drop)
}

/// Whether tasks that the loop makes start eagerly; `None` if they are not the ones of this module, or the loop is debugged.
pub(super) fn eagerness(vm: &mut Vm, event_loop: Ref<'_>) -> PyResult<Option<bool>> {
    static EAGER_FACTORY: ObjectCell = ObjectCell::EMPTY;
    static TASKS: ObjectCell = ObjectCell::EMPTY;
    let found = known(vm, event_loop, &[Original::CreateTask, Original::CheckClosed]).and_then(|known| {
        let closed = instance::get_attribute(event_loop, known.closed)?;
        let factory = instance::get_attribute(event_loop, known.task_factory)?;
        closed.is(Ref::FALSE).then(|| factory.to_owned())
    });
    let eager = match &found {
        Some(factory) if factory.borrow().is_none() => {
            let tasks = imported(vm, &TASKS, "asyncio", "tasks")?;
            let class = vm.get_attr_str(tasks.borrow(), "Task")?;
            class.borrow().is(task::TASK.object()).then_some(false)
        }
        Some(factory) => {
            let eager = imported(vm, &EAGER_FACTORY, "asyncio.tasks", "eager_task_factory")?;
            factory.borrow().is(eager.borrow()).then_some(true)
        }
        None => None,
    };
    Ok(if eager.is_some() && is_debugged(vm, event_loop)? { None } else { eager })
}

/// `loop.create_task(coroutine)`
pub(super) fn create_task(vm: &mut Vm, event_loop: Ref<'_>, coroutine: Ref<'_>) -> PyResult {
    match eagerness(vm, event_loop)? {
        Some(eager) => task::create(vm, event_loop, coroutine, eager),
        None => vm.call_method(event_loop, "create_task", &[coroutine]),
    }
}
