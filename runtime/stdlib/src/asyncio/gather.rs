//! `gather`: a future of the results of several awaitables.

use super::eager::{self, Started};
use super::future::{self, State};
use super::{base_loop, current, imported, keyword_names};
use crate::contextvars;
use interp::generator::COROUTINE;
use object::call::Args;
use object::cell::{ObjectCell, Visitor, VmCell};
use object::class::Payload;
use object::exception;
use object::native::{PayloadInfo, flag};
use object::str::Str;
use object::tuple::Tuple;
use object::{Getset, Object, PyResult, Ref, Slots, Type, TypeSpec, Vm};
use std::cell::Cell;

/// What the children of a `gather` call when they are done.
pub struct Gathering {
    children: VmCell<Vec<Object>>,
    /// Empty until all children exist.
    outer: ObjectCell,
    /// The task that called `gather`.
    current: ObjectCell,
    n_finished: Cell<usize>,
    /// How many different children there are.
    n_futures: Cell<usize>,
    return_exceptions: bool,
}

impl Payload for Gathering {
    fn class() -> &'static Type {
        &GATHERING
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        let children = self.children.visit(visitor);
        visitor.visit_all(children);
        self.outer.traverse(visitor);
        self.current.traverse(visitor);
    }

    fn clear(&self, vm: &mut Vm) {
        drop(self.children.replace(vm, Vec::new()));
        self.outer.set(None);
        self.current.set(None);
    }
}

/// The callback's type. Its names are those of the function that the library uses.
pub static GATHERING: Type = Type::new(&GATHERING_SPEC);
static GATHERING_SPEC: TypeSpec = TypeSpec {
    name: "_asyncio._GatherCallback",
    flags: flag::NO_INSTANTIATION,
    payload: PayloadInfo::of::<Gathering>(),
    slots: Slots { call: Some(call), ..Slots::NONE },
    getsets: &[
        Getset::readonly("__name__", "", |vm, _| Ok(vm.intern("_done_callback").to_owned())),
        Getset::readonly("__qualname__", "", |vm, _| Ok(vm.intern("gather.<locals>._done_callback").to_owned())),
    ],
    ..TypeSpec::DEFAULT
};

fn gathering(object: Ref<'_>) -> &Gathering {
    object.downcast::<Gathering>().expect("the slot belongs to the type").get()
}

fn call(vm: &mut Vm, this: Ref<'_>, args: Args<'_>) -> PyResult {
    match (args.positionals(), args.has_keywords()) {
        (&[child], false) => child_done(vm, gathering(this), child).map(|()| Object::none()),
        _ => Err(vm.type_error("_done_callback() takes one argument")),
    }
}

/// `asyncio.gather`
pub(super) fn gather(vm: &mut Vm, _module: Ref<'_>, args: Args<'_>) -> PyResult {
    let mut return_exceptions = false;
    for (keyword, value) in args.keywords() {
        let text = keyword.downcast::<Str>().map(|keyword| keyword.get().to_string_lossy().into_owned()).unwrap_or_default();
        if text != "return_exceptions" {
            return Err(vm.type_error(format!("gather() got an unexpected keyword argument '{text}'")));
        }
        return_exceptions = vm.is_true(value)?;
    }
    let awaitables = args.positionals();
    if awaitables.is_empty() {
        let event_loop = super::event_loop(vm)?;
        let outer = vm.call_method(event_loop.borrow(), "create_future", &[])?;
        let results = vm.new_list(Vec::new()).into_object();
        vm.call_method(outer.borrow(), "set_result", &[results.borrow()])?;
        return Ok(outer);
    }
    let event_loop = current::running_loop(vm);
    let mut started = Vec::new();
    if let Some(event_loop) = &event_loop
        && eager::is_possible(vm, event_loop.borrow())?
    {
        let all_done;
        (started, all_done) = eager::start(vm, event_loop.borrow(), awaitables, return_exceptions)?;
        if all_done {
            return eager::all_done(vm, event_loop.borrow(), started);
        }
    }
    let current = match &event_loop {
        Some(event_loop) => current_task(vm, event_loop.borrow())?,
        None => None,
    };
    let gathering = Gathering {
        children: VmCell::new(Vec::with_capacity(awaitables.len())),
        outer: ObjectCell::EMPTY,
        current: ObjectCell::new(current),
        n_finished: Cell::new(0),
        n_futures: Cell::new(0),
        return_exceptions,
    };
    let callback = vm.allocate(gathering).into_object();
    gather_all(vm, callback.borrow(), awaitables, started, event_loop)
}

/// The task that runs; one that is written in Python is known to the library alone.
fn current_task(vm: &mut Vm, event_loop: Ref<'_>) -> PyResult<Option<Object>> {
    if let Some(current) = current::current_task(vm, event_loop) {
        return Ok(Some(current));
    }
    let module = vm.import("asyncio.tasks")?;
    let current = vm.call_method(module.borrow(), "current_task", &[event_loop])?;
    Ok(Some(current).filter(|current| !current.borrow().is_none()))
}

/// Makes a future of each awaitable and one of them all. Some may have run already.
fn gather_all(vm: &mut Vm, callback: Ref<'_>, awaitables: &[Ref<'_>], started: Vec<Started>, event_loop: Option<Object>) -> PyResult {
    let gathering = gathering(callback);
    let mut event_loop = event_loop;
    let mut context = None;
    // Those that were done before come before those that ran now.
    let (mut done, mut done_now) = (Vec::new(), Vec::new());
    let mut seen = Seen::new(vm, awaitables);
    let mut started = started.into_iter();
    for &awaitable in awaitables {
        let started = started.next().unwrap_or(Started::Not);
        let (has_run, is_fatal) = (!matches!(started, Started::Not), matches!(started, Started::Fatal(_)));
        let child = match started {
            Started::Value(value) => future::finished(vm, event_loop.as_ref().map_or(Ref::NONE, Object::borrow), value),
            Started::Future(child) | Started::Fatal(child) => child,
            Started::Same(earlier) => {
                let child = gathering.children.get(vm)[earlier].clone();
                gathering.children.get_mut(vm).push(child);
                continue;
            }
            Started::Not => {
                if let Some(child) = seen.get(vm, gathering, awaitable)? {
                    gathering.children.get_mut(vm).push(child);
                    continue;
                }
                let child = ensure_future(vm, awaitable, event_loop.as_ref())?;
                if event_loop.is_none() {
                    event_loop = Some(future::loop_of(vm, child.borrow())?);
                }
                if !child.borrow().is(awaitable) {
                    // Nobody else has the future: no word when it is dropped while it is pending.
                    super::task::set_silent(vm, child.borrow())?;
                }
                seen.add(vm, awaitable, &child)?;
                child
            }
        };
        gathering.n_futures.set(gathering.n_futures.get() + 1);
        if !is_fatal && is_done(vm, child.borrow())? {
            let done = if has_run && awaitable.is_exactly(&COROUTINE) { &mut done_now } else { &mut done };
            done.push(child.clone());
        } else {
            when_done(vm, gathering, child.borrow(), callback, &mut context)?;
        }
        gathering.children.get_mut(vm).push(child);
    }
    let event_loop = event_loop.unwrap_or(Object::none());
    let outer = new_outer(vm, gathering, event_loop)?;
    gathering.outer.set(Some(outer.clone()));
    for child in done.iter().chain(&done_now) {
        child_done(vm, gathering, child.borrow())?;
    }
    Ok(outer)
}

/// Has a child that is not done say when it is.
fn when_done(vm: &mut Vm, gathering: &Gathering, child: Ref<'_>, callback: Ref<'_>, context: &mut Option<Object>) -> PyResult<()> {
    if let Some(current) = gathering.current.get() {
        set_edge(vm, child, current.borrow(), true)?;
    }
    if !future::is_plain(child) {
        return vm.call_method(child, "add_done_callback", &[callback]).map(drop);
    }
    let context = context.get_or_insert_with(|| contextvars::copy_current(vm)).clone();
    future::add_done_callback(vm, child, callback, Some(context.borrow()))
}

/// Which awaitables have futures already: found by identity, or in a dict if they may have an equality of their own.
enum Seen<'a> {
    ByIdentity(&'a [Ref<'a>]),
    ByEquality(Object),
}

impl<'a> Seen<'a> {
    fn new(vm: &Vm, awaitables: &'a [Ref<'a>]) -> Seen<'a> {
        let is_simple = |awaitable: &Ref<'_>| awaitable.is_exactly(&COROUTINE) || future::is_plain(*awaitable);
        if awaitables.len() <= 16 && awaitables.iter().all(is_simple) {
            return Seen::ByIdentity(awaitables);
        }
        Seen::ByEquality(vm.new_dict().into_object())
    }

    /// The future of an awaitable that came before.
    fn get(&self, vm: &mut Vm, gathering: &Gathering, awaitable: Ref<'_>) -> PyResult<Option<Object>> {
        match self {
            Seen::ByIdentity(awaitables) => {
                let children = gathering.children.get(vm);
                Ok(awaitables[..children.len()].iter().position(|earlier| earlier.is(awaitable)).map(|index| children[index].clone()))
            }
            Seen::ByEquality(futures) => {
                let futures = futures.borrow().downcast::<object::dict::Dict>().expect("made as a dict");
                futures.get().get(vm, awaitable)
            }
        }
    }

    fn add(&mut self, vm: &mut Vm, awaitable: Ref<'_>, child: &Object) -> PyResult<()> {
        match self {
            Seen::ByIdentity(_) => Ok(()),
            Seen::ByEquality(futures) => vm.set_item(futures.borrow(), awaitable, child.borrow()),
        }
    }
}

/// `asyncio.ensure_future(awaitable, loop=event_loop)`
fn ensure_future(vm: &mut Vm, awaitable: Ref<'_>, event_loop: Option<&Object>) -> PyResult {
    static ENSURE_FUTURE: ObjectCell = ObjectCell::EMPTY;
    static NAMES: ObjectCell = ObjectCell::EMPTY;
    if let Some(event_loop) = event_loop
        && awaitable.is_exactly(&COROUTINE)
    {
        let result = base_loop::create_task(vm, event_loop.borrow(), awaitable);
        let Err(raised) = result else { return result };
        let error = vm.catch_if(raised, &exception::RUNTIME_ERROR)?;
        vm.call_method(awaitable, "close", &[])?;
        return Err(vm.reraise(error));
    }
    let function = imported(vm, &ENSURE_FUTURE, "asyncio.tasks", "ensure_future")?;
    let names = keyword_names(vm, &NAMES, "loop");
    let names = names.borrow().downcast::<Tuple>().expect("made as a tuple");
    let event_loop = event_loop.map_or(Ref::NONE, Object::borrow);
    vm.call_with(function.borrow(), Args::new(&[awaitable, event_loop], Some(names)))
}

/// The `_GatheringFuture` of the children.
fn new_outer(vm: &mut Vm, gathering: &Gathering, event_loop: Object) -> PyResult {
    static CLASS: ObjectCell = ObjectCell::EMPTY;
    let class = imported(vm, &CLASS, "asyncio.tasks", "_GatheringFuture")?;
    let class = class.borrow().downcast::<Type>().expect("a class of the library");
    let outer = vm.allocate_in(class.get(), future::Future::new());
    future::initialize(vm, outer.borrow(), Some(event_loop))?;
    let children = gathering.children.get(vm).clone();
    let children = vm.new_list(children).into_object();
    vm.set_attr_str(outer.borrow(), "_children", children.borrow())?;
    vm.set_attr_str(outer.borrow(), "_cancel_requested", Ref::FALSE)?;
    Ok(outer)
}

fn asked(vm: &mut Vm, child: Ref<'_>, method: &str) -> PyResult<bool> {
    let answer = vm.call_method(child, method, &[])?;
    vm.is_true(answer.borrow())
}

fn is_done(vm: &mut Vm, child: Ref<'_>) -> PyResult<bool> {
    if future::is_plain(child) { Ok(future::payload(child).state.get() != State::Pending) } else { asked(vm, child, "done") }
}

fn is_cancelled(vm: &mut Vm, child: Ref<'_>) -> PyResult<bool> {
    if future::is_plain(child) { Ok(future::payload(child).state.get() == State::Cancelled) } else { asked(vm, child, "cancelled") }
}

/// The exception of a child that is done and was not cancelled.
fn exception_of(vm: &mut Vm, child: Ref<'_>) -> PyResult<Option<Object>> {
    let error = if future::is_plain(child) { future::exception_method(vm, child)? } else { vm.call_method(child, "exception", &[])? };
    Ok(Some(error).filter(|error| !error.borrow().is_none()))
}

/// Notes that the caller of `gather` awaits a child, or that it does not any more.
fn set_edge(vm: &mut Vm, child: Ref<'_>, current: Ref<'_>, is_awaited: bool) -> PyResult<()> {
    if child.downcast::<future::Future>().is_some() && current.downcast::<future::Future>().is_some() {
        if is_awaited {
            future::add_awaiter(vm, child, current);
        } else {
            future::discard_awaiter(vm, child, current);
        }
        return Ok(());
    }
    let module = vm.import("asyncio.futures")?;
    let function = if is_awaited { "future_add_to_awaited_by" } else { "future_discard_from_awaited_by" };
    vm.call_method(module.borrow(), function, &[child, current]).map(drop)
}

/// Children that outlive `gather` are not awaited by its caller any more.
fn discard_edges(vm: &mut Vm, gathering: &Gathering) -> PyResult<()> {
    let Some(current) = gathering.current.get() else { return Ok(()) };
    for child in gathering.children.get(vm).clone() {
        set_edge(vm, child.borrow(), current.borrow(), false)?;
    }
    Ok(())
}

/// A child is done: perhaps it is the last, or it ends it all.
fn child_done(vm: &mut Vm, gathering: &Gathering, child: Ref<'_>) -> PyResult<()> {
    gathering.n_finished.set(gathering.n_finished.get() + 1);
    if let Some(current) = gathering.current.get() {
        set_edge(vm, child, current.borrow(), false)?;
    }
    let outer = gathering.outer.get().filter(|outer| future::payload(outer.borrow()).state.get() == State::Pending);
    let Some(outer) = outer else {
        if !is_cancelled(vm, child)? {
            // Somebody has seen the exception now.
            exception_of(vm, child)?;
        }
        return Ok(());
    };
    if !gathering.return_exceptions {
        let error = if is_cancelled(vm, child)? { Some(vm.call_method(child, "_make_cancelled_error", &[])?) } else { exception_of(vm, child)? };
        if let Some(error) = error {
            discard_edges(vm, gathering)?;
            return future::set_exception(vm, outer.borrow(), error.borrow());
        }
    }
    if gathering.n_finished.get() == gathering.n_futures.get() { all_done(vm, gathering, outer.borrow()) } else { Ok(()) }
}

/// Gives the list of the results to the outer future.
fn all_done(vm: &mut Vm, gathering: &Gathering, outer: Ref<'_>) -> PyResult<()> {
    let children = gathering.children.get(vm).clone();
    let mut results = Vec::with_capacity(children.len());
    for child in &children {
        results.push(outcome(vm, child.borrow())?);
    }
    let cancel_requested = vm.get_attr_str(outer, "_cancel_requested")?;
    if vm.is_true(cancel_requested.borrow())? {
        // A request to cancel is not lost, whatever `return_exceptions` says.
        let last = children.last().map_or(Ref::NONE, Object::borrow);
        let error = vm.call_method(last, "_make_cancelled_error", &[])?;
        return future::set_exception(vm, outer, error.borrow());
    }
    let results = vm.new_list(results).into_object();
    future::set_result(vm, outer, results)
}

/// The result of a child, or its exception.
fn outcome(vm: &mut Vm, child: Ref<'_>) -> PyResult {
    if is_cancelled(vm, child)? {
        let class = super::cancelled_error_class(vm)?;
        let message = vm.get_attr_str(child, "_cancel_message")?;
        let message = if message.borrow().is_none() { vm.new_str("").into_object() } else { message };
        return vm.call(class.borrow(), &[message.borrow()]);
    }
    if let Some(error) = exception_of(vm, child)? {
        return Ok(error);
    }
    if future::is_plain(child) { future::result_of(vm, child) } else { vm.call_method(child, "result", &[]) }
}
