//! `_thread`: threads, locks, thread-local data.
//!
//! Each Python thread is a thread of the system with a [`Vm`] of its own, which it uses while it
//! holds the global lock.

pub mod everywhere;
pub mod handle;
pub mod local;
pub mod lock;
pub mod raw_lock;

use crate::os_support::*;
use crate::sys;
use builtins::struct_sequence;
use object::exception;
use object::gil;
use object::method;
use object::native::Module;
use object::singleton::ModuleObject;
use object::tuple::Tuple;
use object::{Object, PyResult, Ref, RefOf, Vm};
use std::cell::Cell;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

builtins::struct_sequence!(ExceptHookArgs, EXCEPT_HOOK_ARGS, "_thread._ExceptHookArgs",
    "ExceptHookArgs\n\nType used to pass arguments to threading.excepthook.",
    [exc_type "Exception type", exc_value "Exception value", exc_traceback "Exception traceback", thread "Thread"], [], []);

/// `_thread`
pub static MODULE: Module = Module {
    name: "_thread",
    doc: "This module provides primitive operations to write multi-threaded programs.\nThe 'threading' module provides a more convenient interface.",
    functions: &[
        method!(Bound start_new_thread "($module, function, args, kwargs={}, /)", "Start a new thread and return its identifier."),
        method!(Bound start_new_thread as "start_new" "($module, function, args, kwargs={}, /)", "An obsolete synonym of start_new_thread()."),
        method!(Bound start_joinable_thread "($module, /, function, handle=None, daemon=True)", "*For internal use only*: start a new thread."),
        method!(Unary allocate_lock "($module, /)", "Create a new lock object."),
        method!(Unary allocate_lock as "allocate" "($module, /)", "An obsolete synonym of allocate_lock()."),
        method!(Unary exit "($module, /)", "This is synonymous to ``raise SystemExit''."),
        method!(Unary exit as "exit_thread" "($module, /)", "An obsolete synonym of exit()."),
        method!(Bound interrupt_main "($module, signum=signal.SIGINT, /)", "Simulate the arrival of the given signal in the main thread."),
        method!(Unary get_ident "($module, /)", "Return a non-zero integer that uniquely identifies the current thread."),
        method!(Unary get_native_id "($module, /)", "Return a non-negative integer identifying the thread as reported by the OS."),
        method!(Unary thread_count as "_count" "($module, /)", "Return the number of currently running Python threads, excluding the main thread."),
        method!(Bound stack_size "($module, size=0, /)", "Return the thread stack size used when creating new threads."),
        method!(Binary excepthook as "_excepthook" "($module, args, /)", "Handle uncaught Thread.run() exception."),
        method!(Unary is_main_interpreter as "_is_main_interpreter" "($module, /)", "Return True if the current interpreter is the main Python interpreter."),
        method!(Unary shutdown as "_shutdown" "($module, /)", "Wait for all non-daemon threads (other than the calling thread) to stop."),
        method!(Bound make_thread_handle as "_make_thread_handle" "($module, ident, /)", "Internal only. Make a thread handle for threads not spawned by the _thread or threading module."),
        method!(Unary get_main_thread_ident as "_get_main_thread_ident" "($module, /)", "Internal only. Return a non-zero integer that uniquely identifies the main thread of the main interpreter."),
        method!(Unary daemon_threads_allowed "($module, /)", "Return True if daemon threads are allowed in the current interpreter, and False otherwise."),
        method!(Bound set_name "($module, /, name)", "Set the name of the current thread."),
        method!(Unary get_name as "_get_name" "($module, /)", "Get the name of the current thread."),
    ],
    types: &[&lock::LOCK, &lock::RLOCK, &local::LOCAL, &handle::THREAD_HANDLE],
    init: Some(init),
};

fn init(vm: &mut Vm, module: RefOf<'_, ModuleObject>) -> PyResult<()> {
    let limit = vm.new_float(TIMEOUT_MAX);
    module.set(vm, "TIMEOUT_MAX", limit);
    module.set(vm, "_NAME_MAXLEN", Object::small_int(15));
    module.set(vm, "error", exception::RUNTIME_ERROR.to_object());
    module.set(vm, "LockType", lock::LOCK.to_object());
    let class = struct_sequence::ready::<ExceptHookArgs>(vm);
    module.set(vm, "_ExceptHookArgs", class.to_object());
    remember_main();
    Ok(())
}

/// The longest time that can be waited, in seconds.
pub const TIMEOUT_MAX: f64 = 9_223_372_036.0;

static MAIN_THREAD: AtomicU64 = AtomicU64::new(0);
/// Running threads but the main one.
static COUNT: AtomicUsize = AtomicUsize::new(0);
static STACK_SIZE: AtomicUsize = AtomicUsize::new(0);

/// What threads get if nothing else is asked for, as the main thread has.
const DEFAULT_STACK_SIZE: usize = 8 << 20;
const RESERVED_STACK: usize = 768 << 10;

thread_local! {
    static IDENT: Cell<u64> = const { Cell::new(0) };
}

/// The identifier of the calling thread.
#[inline]
pub fn ident() -> u64 {
    IDENT.with(|ident| {
        if ident.get() == 0 {
            ident.set(sys::thread_self());
        }
        ident.get()
    })
}

/// Makes the calling thread the main one, unless there is one.
pub fn remember_main() {
    // A second interpreter in the process keeps the first one's main thread.
    let _ = MAIN_THREAD.compare_exchange(0, ident(), Ordering::SeqCst, Ordering::SeqCst);
}

/// The main thread's identifier; 0: not known yet. Safe to call from a signal handler.
pub fn main_ident() -> u64 {
    MAIN_THREAD.load(Ordering::Relaxed)
}

pub fn is_main() -> bool {
    let main = MAIN_THREAD.load(Ordering::Relaxed);
    main == 0 || main == ident()
}

/// The number of running threads but the main one.
pub fn count() -> usize {
    COUNT.load(Ordering::Relaxed)
}

/// In the child of a fork: only the calling thread is left, and it is the main one.
pub fn after_fork(vm: &mut Vm) {
    COUNT.store(0, Ordering::Relaxed);
    object::threads::after_fork(vm);
    // The list is used with the global lock only, which the thread that forked holds.
    living().clear();
    MAIN_THREAD.store(ident(), Ordering::SeqCst);
    handle::after_fork(vm);
}

/// The threads that were started here and have not ended.
static LIVING: std::sync::Mutex<Vec<u64>> = std::sync::Mutex::new(Vec::new());

fn living() -> std::sync::MutexGuard<'static, Vec<u64>> {
    LIVING.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Whether there is a thread of that identifier.
pub fn exists(thread: u64) -> bool {
    thread == MAIN_THREAD.load(Ordering::Relaxed) || living().contains(&thread)
}

/// Starts a thread that calls `function` and then marks `done`.
pub(crate) fn spawn(vm: &mut Vm, function: Object, args: Object, keywords: Option<Object>, state: std::sync::Arc<handle::State>) -> PyResult<()> {
    crate::sys_module::check_not_finalizing(vm, "can't create new thread at interpreter shutdown")?;
    let size = match STACK_SIZE.load(Ordering::Relaxed) {
        0 => DEFAULT_STACK_SIZE,
        size => size,
    };
    // Native code needs some of the stack before Python's share begins.
    let size = size + RESERVED_STACK;
    let limit = vm.depth_limit;
    let in_thread = std::sync::Arc::clone(&state);
    COUNT.fetch_add(1, Ordering::Relaxed);
    let started = std::thread::Builder::new().stack_size(size + (64 << 10)).spawn(move || {
        gil::acquire();
        let mut vm = Vm::new(size);
        vm.thread_id = ident();
        vm.depth_limit = limit;
        in_thread.set_ident(ident());
        if let Some(started) = object::vm::hooks().thread_started {
            started(&mut vm);
        }
        everywhere::begin_thread(&vm);
        living().push(ident());
        run(&mut vm, function, args, keywords);
        local::forget_thread(&mut vm);
        vm.run_finalizers();
        if let Some(ended) = object::vm::hooks().thread_ended {
            ended(&mut vm);
        }
        everywhere::end_thread(&vm);
        living().retain(|&other| other != ident());
        COUNT.fetch_sub(1, Ordering::Relaxed);
        drop(vm);
        gil::release();
        in_thread.set_done();
    });
    match started {
        Ok(thread) => {
            drop(thread);
            // The identifier is known once the thread runs.
            vm.allow_threads(|| state.wait_for_ident());
            Ok(())
        }
        Err(_) => {
            COUNT.fetch_sub(1, Ordering::Relaxed);
            Err(vm.runtime_error("can't start new thread"))
        }
    }
}

fn run(vm: &mut Vm, function: Object, args: Object, keywords: Option<Object>) {
    let items: Vec<Object> = args.borrow().downcast::<Tuple>().map_or(Vec::new(), |args| args.items().iter().map(|&item| item.to_owned()).collect());
    let keywords = keywords.as_ref().and_then(|keywords| keywords.borrow().downcast::<object::dict::Dict>());
    let result = vm.call_star(function.borrow(), Object::as_refs(&items), keywords);
    let Err(raised) = result else { return };
    if let Err(raised) = vm.catch_if(raised, &exception::SYSTEM_EXIT) {
        let error = vm.catch(raised);
        let text = match vm.repr_text(function.borrow()) {
            Ok(text) => text,
            Err(second) => {
                vm.catch(second);
                function.borrow().class().name().to_owned()
            }
        };
        let raised = vm.reraise(error);
        vm.write_unraisable(raised, &format!("Exception ignored in thread started by {text}"), None);
    }
}

fn start_new_thread(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let (function, arguments) = (arg(args, 0), arg(args, 1));
    if function.class().slots().call.is_none() {
        return Err(vm.type_error("first arg must be callable"));
    }
    if arguments.downcast::<Tuple>().is_none() {
        return Err(vm.type_error("2nd arg must be a tuple"));
    }
    if args[2].is_some_and(|keywords| keywords.downcast::<object::dict::Dict>().is_none()) {
        return Err(vm.type_error("optional 3rd arg must be a dictionary"));
    }
    let keywords = optional(args, 2).unwrap_or(Ref::NONE);
    crate::sys_module::raise_event(vm, "_thread.start_new_thread", &[function, arguments, keywords])?;
    let state = handle::State::starting();
    spawn(vm, function.to_owned(), arguments.to_owned(), args[2].map(|keywords| keywords.to_owned()), std::sync::Arc::clone(&state))?;
    Ok(vm.new_uint(state.ident()))
}

fn start_joinable_thread(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let function = arg(args, 0);
    if function.class().slots().call.is_none() {
        return Err(vm.type_error("thread function must be callable"));
    }
    let daemon = truth(vm, args[2], true)?;
    let shown = [function, Object::small_int(i64::from(daemon)).borrow(), optional(args, 1).unwrap_or(Ref::NONE)].map(Ref::to_owned);
    crate::sys_module::raise_event(vm, "_thread.start_joinable_thread", Object::as_refs(&shown))?;
    let handle = match optional(args, 1) {
        Some(given) => match given.downcast::<handle::ThreadHandle>() {
            Some(_) => given.to_owned(),
            None => return Err(vm.type_error("'handle' must be a _ThreadHandle")),
        },
        None => handle::new_handle(vm),
    };
    handle::start(vm, handle.borrow(), function, daemon)?;
    Ok(handle)
}

fn allocate_lock(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    Ok(lock::new_lock(vm))
}

fn exit(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    Err(vm.raise_with(&exception::SYSTEM_EXIT, Vec::new()))
}

fn interrupt_main(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let signal = int_or(vm, args[0], libc::SIGINT)?;
    if !(1..65).contains(&signal) {
        return Err(vm.value_error("signal number out of range"));
    }
    if !crate::signal::is_left_to_the_system(signal) {
        crate::signal::simulate(signal);
        vm.run_signal_handlers()?;
    }
    Ok(Object::none())
}

fn get_ident(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    Ok(vm.new_uint(ident()))
}

fn get_native_id(_vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    Ok(Object::small_int(i64::from(sys::gettid())))
}

fn thread_count(_vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    Ok(Object::small_int(count() as i64))
}

fn stack_size(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let size = args[0].map_or(Ok(0), |size| vm.index_isize(size))?;
    if size < 0 {
        return Err(vm.value_error("size must be 0 or a positive value"));
    }
    if size != 0 && size < 32 << 10 {
        return Err(vm.value_error(format!("size not valid: {size} bytes")));
    }
    Ok(Object::small_int(STACK_SIZE.swap(size as usize, Ordering::Relaxed) as i64))
}

/// Shows an exception that ended a thread on `sys.stderr`.
fn excepthook(vm: &mut Vm, _module: Ref<'_>, args: Ref<'_>) -> PyResult {
    if !args.is_instance_of(&EXCEPT_HOOK_ARGS) {
        return Err(vm.type_error("_thread._excepthook argument type must be ExceptHookArgs"));
    }
    let mut fields = Vec::new();
    for index in 0..4 {
        fields.push(vm.get_item(args, Object::small_int(index).borrow())?);
    }
    let [kind, value, traceback, thread] = <[Object; 4]>::try_from(fields).expect("four items were read");
    if kind.borrow().is(exception::SYSTEM_EXIT.object()) {
        return Ok(Object::none());
    }
    let sys = vm.import("sys")?;
    let name = vm.intern("stderr");
    let mut file = vm.find_attr(sys.borrow(), name)?.filter(|file| !file.borrow().is_none());
    if file.is_none() && !thread.borrow().is_none() {
        file = vm.find_attr_str(thread.borrow(), "_stderr")?.filter(|file| !file.borrow().is_none());
    }
    let Some(file) = file else { return Ok(Object::none()) };
    let label = match thread.borrow().is_none() {
        false => vm.find_attr_str(thread.borrow(), "_name")?,
        true => None,
    };
    let label = match label {
        Some(label) => vm.str_text(label.borrow())?,
        None => ident().to_string(),
    };
    let heading = vm.new_str(&format!("Exception in thread {label}:\n")).into_object();
    vm.call_method(file.borrow(), "write", &[heading.borrow()])?;
    let printer = vm.import("traceback")?;
    let print = vm.get_attr_str(printer.borrow(), "print_exception")?;
    let keywords = vm.new_dict();
    keywords.set_str(vm, "file", file.clone());
    vm.call_star(print.borrow(), &[kind.borrow(), value.borrow(), traceback.borrow()], Some(keywords.borrow()))?;
    vm.call_method(file.borrow(), "flush", &[])?;
    Ok(Object::none())
}

fn is_main_interpreter(_vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    Ok(Object::bool(true))
}

fn shutdown(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    handle::join_all(vm)?;
    Ok(Object::none())
}

fn make_thread_handle(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let ident = vm.index(arg(args, 0))?;
    let Some(ident) = object::int::as_u64(ident.borrow()) else { return Err(vm.overflow_error("can't convert negative int to unsigned")) };
    Ok(handle::new_running_handle(vm, ident))
}

fn get_main_thread_ident(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    Ok(vm.new_uint(MAIN_THREAD.load(Ordering::Relaxed)))
}

fn daemon_threads_allowed(_vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    Ok(Object::bool(true))
}

fn set_name(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let text = arg(args, 0);
    if text.downcast::<object::str::Str>().is_none() {
        return Err(vm.type_error(format!("set_name() argument 'name' must be str, not {}", text.class().full_name())));
    }
    // What cannot be encoded becomes a question mark; the system's names end at a zero byte, and are short.
    let code_points = text.downcast::<object::str::Str>().map(|text| text.get().code_points().collect::<Vec<u32>>()).unwrap_or_default();
    let text: String = code_points.into_iter().map(|code_point| char::from_u32(code_point).unwrap_or('?')).collect();
    let mut name: Vec<u8> = text.into_bytes().into_iter().take_while(|&byte| byte != 0).collect();
    name.truncate(15);
    if let Ok(name) = std::ffi::CString::new(name) {
        sys::set_thread_name(&name);
    }
    Ok(Object::none())
}

fn get_name(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    let name = sys::thread_name();
    Ok(fs_decode(vm, &name))
}
