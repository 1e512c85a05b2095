//! The state of a running thread of Python: who may run Python, and how exceptions travel.
//!
//! A function that takes `&mut Vm` may run Python; one that takes `&Vm` may not. A function that
//! fails sets the exception on the `Vm` and returns [`Raised`].

use crate::class::Type;
use crate::exception;
use crate::value::{Object, Ref};
use std::any::Any;
use std::cell::Cell;
use std::fmt::Display;
use std::sync::atomic::{AtomicU32, Ordering};

/// Proof that an exception is set on the thread.
#[derive(Debug, PartialEq, Eq)]
#[must_use]
pub struct Raised(());

pub type PyResult<T = Object> = Result<T, Raised>;

/// The state of one thread.
pub struct Vm {
    /// The exception that is on its way up.
    raised: Option<Object>,
    /// The exceptions being handled, innermost last; a generator that runs has its own entries on top.
    pub handled: Vec<Option<Object>>,
    /// The lowest address the native stack may grow to before calls are refused.
    stack_limit: usize,
    /// Where on the native stack the thread stood when it let go of the lock, and where that ends.
    pub(crate) stack: Option<(usize, usize)>,
    /// Python frames in progress, and how many there may be.
    pub depth: usize,
    pub depth_limit: usize,
    /// The interpreter's own state.
    pub interp: Option<Box<dyn Any>>,
    /// The innermost frame; its type is the interpreter's business.
    pub frame: *mut u8,
    /// The free part of the interpreter's data stack.
    pub data_stack: std::ops::Range<*mut u64>,
    /// What an iterator that has just ended returned, if it was not `None`.
    stop_value: Option<Object>,
    /// Objects whose `repr` is in progress.
    pub(crate) repr_stack: Vec<usize>,
    /// What `_thread.get_ident` says.
    pub thread_id: u64,
    /// The current `contextvars.Context`, once there is one.
    pub context: Option<Object>,
    /// See [`crate::threads`].
    pub(crate) entry: Option<crate::threads::Entry>,
}

/// Reasons for the evaluation loop to look up from its work, shared by all threads.
pub mod breaker {
    /// A signal arrived.
    pub const SIGNAL: u32 = 1;
    /// Another thread wants the global lock.
    pub const LOCK_WANTED: u32 = 2;
    /// The collector should run.
    pub const COLLECT: u32 = 4;
    /// Finalisers or weak reference callbacks wait.
    pub const FINALIZERS: u32 = 8;
    /// Calls other code asked to be made by the main thread.
    pub const PENDING_CALLS: u32 = 16;
    /// An exception was set for a thread from outside.
    pub const ASYNC_EXCEPTION: u32 = 32;
    /// A thread wants the events of running code. Stays set as long as one does.
    pub const TRACE: u32 = 64;
    /// Memory ran out, and the reserve had to be given up.
    pub const MEMORY: u32 = 128;
}

static BREAKER: AtomicU32 = AtomicU32::new(0);

/// Asks the evaluation loop to look up.
#[inline]
pub fn set_breaker(reason: u32) {
    BREAKER.fetch_or(reason, Ordering::Relaxed);
}

#[inline]
pub fn clear_breaker(reason: u32) {
    BREAKER.fetch_and(!reason, Ordering::Relaxed);
}

/// Where the reasons are, for compiled code to look at.
pub fn breaker_address() -> *const AtomicU32 {
    &raw const BREAKER
}

/// The reasons that are set.
#[inline]
pub fn breaker_reasons() -> u32 {
    BREAKER.load(Ordering::Relaxed)
}

impl Vm {
    /// The state of a new thread. `stack_size` is how much native stack it has, in bytes.
    ///
    /// There must be one `Vm` per thread, used while that thread holds the global lock.
    pub fn new(stack_size: usize) -> Vm {
        let marker = 0u8;
        let here = std::ptr::from_ref(&marker).addr();
        Vm {
            raised: None,
            handled: vec![None],
            stack_limit: here.saturating_sub(stack_size.saturating_sub(256 << 10)),
            stack: None,
            depth: 0,
            depth_limit: 1000,
            interp: None,
            frame: std::ptr::null_mut(),
            data_stack: std::ptr::null_mut()..std::ptr::null_mut(),
            stop_value: None,
            repr_stack: Vec::new(),
            thread_id: 0,
            context: None,
            entry: None,
        }
    }

    /// Raises `RecursionError` if the native stack is nearly used up. `place` follows "maximum
    /// recursion depth exceeded", as in " while calling a Python object".
    #[inline]
    pub fn check_stack(&mut self, place: &str) -> PyResult<()> {
        let marker = 0u8;
        if std::hint::black_box(std::ptr::from_ref(&marker)).addr() > self.stack_limit { Ok(()) } else { self.stack_exhausted(place) }
    }

    /// Whether there is native stack enough for code that recurses where the interpreter would not.
    #[inline]
    pub fn has_stack(&self) -> bool {
        let marker = 0u8;
        std::hint::black_box(std::ptr::from_ref(&marker)).addr() > self.stack_limit.saturating_add(Vm::STACK_RESERVE)
    }

    /// An address below what the thread may use of the machine's stack.
    pub fn stack_limit(&self) -> usize {
        self.stack_limit
    }

    /// Where the limit of the native stack is, for compiled code; see [`Vm::has_stack`].
    pub const STACK_LIMIT: usize = std::mem::offset_of!(Vm, stack_limit);

    /// How far above the limit the native stack has to be for code that recurses where the interpreter would not.
    pub const STACK_RESERVE: usize = 1 << 20;

    #[cold]
    #[inline(never)]
    fn stack_exhausted(&mut self, place: &str) -> PyResult<()> {
        // Room to make and handle the exception.
        let limit = self.stack_limit;
        self.stack_limit = limit.saturating_sub(128 << 10);
        let raised = self.raise(&exception::RECURSION_ERROR, format!("maximum recursion depth exceeded{place}"));
        self.stack_limit = limit;
        Err(raised)
    }

    /// Whether an exception is set.
    #[inline]
    pub fn is_raised(&self) -> bool {
        self.raised.is_some()
    }

    /// Raises a new exception of a builtin class with one argument, its message.
    #[cold]
    pub fn raise(&mut self, class: &'static Type, message: impl Display) -> Raised {
        let message = self.new_str(&message.to_string());
        let object = exception::with_message(self, class, message.into_object());
        self.raise_object(object)
    }

    /// The same with a message that never changes: programs raise and catch such exceptions in loops, so its text is made once.
    #[cold]
    pub fn raise_known(&mut self, class: &'static Type, message: &'static str) -> Raised {
        let message = self.intern(message).to_owned();
        let object = exception::with_message(self, class, message);
        self.raise_object(object)
    }

    /// Raises a new exception of a builtin class with these arguments.
    #[cold]
    pub fn raise_with(&mut self, class: &'static Type, args: Vec<Object>) -> Raised {
        let object = exception::new(self, class, args);
        self.raise_object(object)
    }

    /// Raises `object`, an exception instance. The exception being handled becomes its context.
    #[cold]
    pub fn raise_object(&mut self, object: Object) -> Raised {
        exception::set_context(self, object.borrow());
        self.raised = Some(object);
        Raised(())
    }

    /// Raises `object` as it is: its context stays.
    pub fn reraise(&mut self, object: Object) -> Raised {
        self.raised = Some(object);
        Raised(())
    }

    /// Takes the exception that `raised` proves to be set.
    pub fn catch(&mut self, raised: Raised) -> Object {
        let Raised(()) = raised;
        self.raised.take().expect("Raised proves that an exception is set")
    }

    /// The exception that is set, without catching it.
    pub fn raised(&self) -> Option<Ref<'_>> {
        self.raised.as_ref().map(Object::borrow)
    }

    /// Takes whatever exception is set.
    pub fn take_raised(&mut self) -> Option<Object> {
        self.raised.take()
    }

    /// Catches the exception if it is an instance of `class`, and hands it back otherwise.
    pub fn catch_if(&mut self, raised: Raised, class: &Type) -> Result<Object, Raised> {
        if self.raised.as_ref().is_some_and(|object| object.borrow().is_instance_of(class)) { Ok(self.catch(raised)) } else { Err(raised) }
    }

    /// Turns an error of `class` into `None`.
    pub fn ignore<T>(&mut self, result: PyResult<T>, class: &Type) -> PyResult<Option<T>> {
        match result {
            Ok(value) => Ok(Some(value)),
            Err(raised) => self.catch_if(raised, class).map(|_| None),
        }
    }

    /// The exception being handled, as `sys.exception()` shows it.
    pub fn handled_exception(&self) -> Option<Ref<'_>> {
        self.handled.iter().rev().find_map(|entry| entry.as_ref()).map(Object::borrow)
    }

    pub fn type_error(&mut self, message: impl Display) -> Raised {
        self.raise(&exception::TYPE_ERROR, message)
    }

    pub fn value_error(&mut self, message: impl Display) -> Raised {
        self.raise(&exception::VALUE_ERROR, message)
    }

    /// `IndexError` with a message that never changes, see [`Vm::raise_known`].
    pub fn index_error(&mut self, message: &'static str) -> Raised {
        self.raise_known(&exception::INDEX_ERROR, message)
    }

    pub fn overflow_error(&mut self, message: impl Display) -> Raised {
        self.raise(&exception::OVERFLOW_ERROR, message)
    }

    pub fn runtime_error(&mut self, message: impl Display) -> Raised {
        self.raise(&exception::RUNTIME_ERROR, message)
    }

    pub fn system_error(&mut self, message: impl Display) -> Raised {
        self.raise(&exception::SYSTEM_ERROR, message)
    }

    pub fn memory_error(&mut self) -> Raised {
        self.raise_with(&exception::MEMORY_ERROR, Vec::new())
    }

    /// `KeyError(key)`.
    pub fn key_error(&mut self, key: Ref<'_>) -> Raised {
        let object = exception::with_message(self, &exception::KEY_ERROR, key.to_owned());
        self.raise_object(object)
    }

    /// `StopIteration` with what the iterator that has just ended returned.
    pub fn stop_iteration(&mut self) -> Raised {
        let value = self.take_stop_value();
        let args: Vec<Object> = value.into_iter().collect();
        self.raise_with(&exception::STOP_ITERATION, args)
    }

    /// Keeps what an iterator returned, for whoever wants to know; to be called by a `next` slot that
    /// is about to say that there is nothing more.
    #[inline]
    pub fn set_stop_value(&mut self, value: Option<Object>) {
        self.stop_value = value;
    }

    /// Takes what the iterator that has just ended returned; `None` for `None`.
    #[inline]
    pub fn take_stop_value(&mut self) -> Option<Object> {
        self.stop_value.take()
    }

    /// `AttributeError` with its `name` and `obj` set.
    pub fn attribute_error(&mut self, owner: Ref<'_>, name: Ref<'_>, message: impl Display) -> Raised {
        let text = self.new_str(&message.to_string()).into_object();
        let error = exception::new(self, &exception::ATTRIBUTE_ERROR, vec![text]);
        exception::set_field(self, error.borrow(), "name", Some(name.to_owned()));
        exception::set_field(self, error.borrow(), "obj", Some(owner.to_owned()));
        self.raise_object(error)
    }

    /// Reports the exception as one that nobody can handle, by `sys.unraisablehook`.
    pub fn write_unraisable(&mut self, raised: Raised, message: &str, object: Option<Ref<'_>>) {
        let error = self.catch(raised);
        if let Some(hook) = hooks().unraisable {
            hook(self, error, message, object);
        }
    }

    /// Marks `object` as being shown by `repr`; `false` if it already is.
    pub fn enter_repr(&mut self, object: Ref<'_>) -> bool {
        let bits = object.bits() as usize;
        if self.repr_stack.contains(&bits) {
            return false;
        }
        self.repr_stack.push(bits);
        true
    }

    pub fn leave_repr(&mut self, object: Ref<'_>) {
        let bits = object.bits() as usize;
        self.repr_stack.retain(|&entry| entry != bits);
    }

    /// Shows an object by `show`; one that is being shown already is this text.
    pub fn guard_repr(&mut self, object: Ref<'_>, again: &str, show: impl FnOnce(&mut Vm) -> PyResult) -> PyResult {
        if !self.enter_repr(object) {
            return Ok(self.new_str(again).into_object());
        }
        let text = show(self);
        self.leave_repr(object);
        text
    }

    /// Runs the finalisers and weak reference callbacks that wait.
    #[inline]
    pub fn run_finalizers(&mut self) {
        if breaker_reasons() & breaker::FINALIZERS != 0 {
            crate::weak::run_queue(self);
        }
    }
}

/// What the crates above plug in, so that this one need not know them.
#[derive(Default, Clone, Copy)]
pub struct Hooks {
    /// Reports an exception that cannot be raised: error, message, object.
    pub unraisable: Option<fn(&mut Vm, Object, &str, Option<Ref<'_>>)>,
    /// `__import__(name)` of a module, the last component returned.
    pub import: Option<fn(&mut Vm, &str) -> PyResult>,
    /// The globals of the innermost Python frame.
    pub current_globals: Option<fn(&mut Vm) -> Option<Object>>,
    /// Adds the frame's position to an exception that native code made.
    pub warn: Option<fn(&mut Vm, category: &'static Type, message: &str, stack_level: usize) -> PyResult<()>>,
    /// Calls the `super()` without arguments: class and self of the innermost frame.
    pub super_context: Option<fn(&mut Vm) -> PyResult<(Object, Object)>>,
    /// Runs the Python handlers of signals that arrived, if this is the main thread.
    pub signals: Option<fn(&mut Vm) -> PyResult<()>>,
    /// Reads a line from a terminal, for `input`, after a prompt; `None`: the standard streams are no terminal.
    pub read_line: Option<fn(&mut Vm, Ref<'_>) -> PyResult<Option<Object>>>,
    /// Tells whoever flagged a class ([`crate::native::flag::FLAGGED`]) what happens to it: message, class, name of an attribute.
    pub flagged: Option<fn(&mut Vm, &str, Ref<'_>, Ref<'_>) -> PyResult<()>>,
    /// Runs a collection that is due, in the place of [`crate::collector::collect`].
    pub collect: Option<fn(&mut Vm, crate::collector::Generation)>,
    /// Gives a new thread's `Vm` what the interpreter keeps there.
    pub thread_started: Option<fn(&mut Vm)>,
    /// Takes it away again when the thread ends.
    pub thread_ended: Option<fn(&mut Vm)>,
}

struct HookCell(Cell<Hooks>);

// SAFETY: hooks are set at start-up, before there is a second thread.
unsafe impl Sync for HookCell {}

static HOOKS: HookCell = HookCell(Cell::new(Hooks {
    unraisable: None,
    import: None,
    current_globals: None,
    warn: None,
    super_context: None,
    signals: None,
    read_line: None,
    flagged: None,
    collect: None,
    thread_started: None,
    thread_ended: None,
}));

/// The hooks the upper crates have set.
pub fn hooks() -> Hooks {
    HOOKS.0.get()
}

/// Changes the hooks; only at start-up.
pub fn set_hooks(change: impl FnOnce(&mut Hooks)) {
    let mut hooks = HOOKS.0.get();
    change(&mut hooks);
    HOOKS.0.set(hooks);
}

impl Vm {
    /// Imports a module by its full name and returns it.
    pub fn import(&mut self, name: &str) -> PyResult {
        match hooks().import {
            Some(import) => import(self, name),
            None => Err(self.raise(&exception::IMPORT_ERROR, format!("no import system to import {name}"))),
        }
    }

    /// Runs the handlers of signals that arrived; only the main thread does.
    #[inline]
    pub fn run_signal_handlers(&mut self) -> PyResult<()> {
        match hooks().signals {
            Some(run) if breaker_reasons() & breaker::SIGNAL != 0 => run(self),
            _ => Ok(()),
        }
    }

    /// Issues a warning; the error is the exception a filter turned it into.
    pub fn warn(&mut self, category: &'static Type, message: &str, stack_level: usize) -> PyResult<()> {
        match hooks().warn {
            Some(warn) => warn(self, category, message, stack_level),
            None => Ok(()),
        }
    }
}
