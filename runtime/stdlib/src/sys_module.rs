//! `sys`.

use crate::thread::everywhere;
use builtins::struct_sequence::StructSequence;
use interp::frame::{self, Frame};
use interp::frame_object;
use object::cell::ObjectCell;
use object::dict::Dict;
use object::exception::{self, Exception};
use object::native::Module;
use object::singleton::ModuleObject;
use object::str::Str;
use object::{Args, Object, ObjectOf, PyResult, Ref, RefOf, Vm, method};
use std::sync::atomic::{AtomicI64, Ordering};

pub mod configuration;
mod early_stderr;
mod info;
mod library_names;
mod unraisable;

pub use configuration::{Configuration, library_below};
use unraisable::unraisablehook;
pub use unraisable::{report_unraisable, traceback_text};

static MODULES: ObjectCell = ObjectCell::EMPTY;
static MODULE_OBJECT: ObjectCell = ObjectCell::EMPTY;

/// `sys.modules`
pub fn modules(vm: &mut Vm) -> Object {
    if let Some(sys) = MODULE_OBJECT.get()
        && let Some(sys) = sys.borrow().downcast::<ModuleObject>()
    {
        let name = vm.intern("modules");
        if let Some(modules) = sys.get().dict().get_interned(name) {
            return modules.to_owned();
        }
    }
    MODULES.get_or_none()
}

/// The module, once it has been made.
pub fn module() -> Option<Object> {
    MODULE_OBJECT.get()
}

/// An attribute of `sys`, as it is now.
pub fn attribute(vm: &mut Vm, name: &str) -> Option<Object> {
    let sys = MODULE_OBJECT.get()?;
    let sys = sys.borrow().downcast::<ModuleObject>()?;
    let name = vm.intern(name);
    sys.get().dict().get_interned(name).map(Ref::to_owned)
}

/// Sets an attribute of `sys`.
pub fn set_attribute(vm: &mut Vm, name: &str, value: Object) {
    if let Some(sys) = MODULE_OBJECT.get()
        && let Some(sys) = sys.borrow().downcast::<ModuleObject>()
    {
        sys.get().set(vm, name, value);
    }
}

/// Makes the module from the configuration.
pub fn new_module(vm: &mut Vm, configuration: &Configuration) -> PyResult<ObjectOf<ModuleObject>> {
    vm.thread_id = crate::thread::ident();
    crate::import::set_import_time(configuration.import_time);
    CPU_COUNT.store(configuration.cpu_count.unwrap_or(-1), Ordering::Relaxed);
    let module = vm.new_native_module(&SYS)?;
    MODULE_OBJECT.set(Some(module.clone().into_object()));
    let modules = vm.new_dict().into_object();
    MODULES.set(Some(modules.clone()));
    module.set(vm, "modules", modules);
    info::populate(vm, module.borrow(), configuration)?;
    crate::monitoring::populate(vm, module.borrow())?;
    let stderr = early_stderr::new(vm);
    module.set(vm, "stderr", stderr);
    let jit = vm.new_native_module(&CPYTHON_JIT)?;
    module.set(vm, "_jit", jit.into_object());
    Ok(module)
}

/// How many processors there are to be; -1: as many as there are.
static CPU_COUNT: AtomicI64 = AtomicI64::new(-1);

/// The number of processors that the user wants programs to see.
pub fn cpu_count_wanted() -> Option<i64> {
    Some(CPU_COUNT.load(Ordering::Relaxed)).filter(|&count| count > 0)
}

/// Sets `sys.flags` to what a configuration says.
pub fn set_flags(vm: &mut Vm, configuration: &Configuration) {
    let flags = info::flags(vm, configuration);
    set_attribute(vm, "flags", flags);
}

static SYS: Module = Module {
    name: "sys",
    doc: "This module provides access to some objects used or maintained by the\ninterpreter and to functions that interact strongly with the interpreter.",
    functions: &[
        method!(Many exit "($module, status=None, /)", "Exit the interpreter by raising SystemExit(status)."),
        method!(Binary displayhook "($module, object, /)", "Print an object to sys.stdout and also save it in builtins._"),
        method!(Binary displayhook as "__displayhook__" "($module, object, /)", "Print an object to sys.stdout and also save it in builtins._"),
        method!(Bound excepthook "($module, exctype, value, traceback, /)", "Handle an exception by displaying it with a traceback on sys.stderr."),
        method!(Bound excepthook as "__excepthook__" "($module, exctype, value, traceback, /)", "Handle an exception by displaying it with a traceback on sys.stderr."),
        method!(Raw breakpointhook "", "This hook function is called by built-in breakpoint()."),
        method!(Raw breakpointhook as "__breakpointhook__" "", "This hook function is called by built-in breakpoint()."),
        method!(Binary unraisablehook "($module, unraisable, /)", "Handle an unraisable exception."),
        method!(Binary unraisablehook as "__unraisablehook__" "($module, unraisable, /)", "Handle an unraisable exception."),
        method!(Unary exc_info "($module, /)", "Return current exception information: (type, value, traceback).\n\nReturn information about the most recent exception caught by an except\nclause in the current stack frame or in an older stack frame."),
        method!(Unary exception_function as "exception" "($module, /)", "Return the current exception.\n\nReturn the most recent exception caught by an except clause\nin the current stack frame or in an older stack frame, or None\nif no such clause exists."),
        method!(Bound getframe as "_getframe" "($module, depth=0, /)", "Return a frame object from the call stack."),
        method!(Bound getframemodulename as "_getframemodulename" "($module, /, depth=0)", "Return the name of the module for a calling frame."),
        method!(Unary current_frames as "_current_frames" "($module, /)", "Return a dict mapping each thread's thread id to its current stack frame."),
        method!(Unary current_exceptions as "_current_exceptions" "($module, /)", "Return a dict mapping each thread's identifier to its current raised exception."),
        method!(Unary getrecursionlimit "($module, /)", "Return the current value of the recursion limit."),
        method!(Binary setrecursionlimit "($module, limit, /)", "Set the maximum depth of the Python interpreter stack to n."),
        method!(Binary getrefcount "($module, object, /)", "Return the reference count of object."),
        method!(Raw getsizeof "", "getsizeof(object [, default]) -> int\n\nReturn the size of object in bytes."),
        method!(Bound intern "($module, string, /)", "``Intern'' the given string."),
        method!(Bound is_interned as "_is_interned" "($module, string, /)", "Return True if the given string is \"interned\"."),
        method!(Binary is_immortal as "_is_immortal" "($module, op, /)", "Return True if the given object is \"immortal\" per PEP 683."),
        method!(Unary is_finalizing "($module, /)", "Return True if Python is exiting."),
        method!(Unary getdefaultencoding "($module, /)", "Return the current default encoding used by the Unicode implementation."),
        method!(Unary getfilesystemencoding "($module, /)", "Return the encoding used to convert Unicode filenames to OS filenames."),
        method!(Unary getfilesystemencodeerrors "($module, /)", "Return the error mode used for Unicode to OS filename conversion."),
        method!(Unary get_int_max_str_digits "($module, /)", "Return the maximum string digits limit for non-binary int<->str conversions."),
        method!(Bound set_int_max_str_digits "($module, /, maxdigits)", "Set the maximum string digits limit for non-binary int<->str conversions."),
        method!(Unary getswitchinterval "($module, /)", "Return the current thread switch interval; see sys.setswitchinterval()."),
        method!(Binary setswitchinterval "($module, interval, /)", "Set the ideal thread switching delay inside the Python interpreter."),
        method!(Unary gettrace "($module, /)", "Return the global debug tracing function set with sys.settrace."),
        method!(Binary settrace "($module, function, /)", "Set the global debug tracing function."),
        method!(Binary set_trace_everywhere as "_settraceallthreads" "($module, arg, /)", "Set the global debug tracing function in all running threads belonging to the current interpreter.\n\nIt will be called on each function call. See the debugger chapter\nin the library manual."),
        method!(Binary set_profile_everywhere as "_setprofileallthreads" "($module, arg, /)", "Set the profiling function in all running threads belonging to the current interpreter.\n\nIt will be called on each function call and return.  See the profiler\nchapter in the library manual."),
        method!(Unary getprofile "($module, /)", "Return the profiling function set with sys.setprofile."),
        method!(Binary setprofile "($module, function, /)", "Set the profiling function."),
        method!(Unary get_asyncgen_hooks "($module, /)", "Return the installed asynchronous generators hooks."),
        method!(Bound set_asyncgen_hooks "($module, /, firstiter=None, finalizer=None)", "Set a finalizer for async generators objects."),
        method!(Unary get_coroutine_origin_tracking_depth "($module, /)", "Check status of origin tracking for coroutine objects in this thread."),
        method!(Bound set_coroutine_origin_tracking_depth "($module, /, depth)", "Enable or disable origin tracking for coroutine objects in this thread."),
        method!(Bound audit "($module, event, /, *args)", "Passes the event to any hooks that are attached."),
        method!(Bound addaudithook "($module, /, hook)", "Adds a new audit hook callback."),
        method!(Unary clear_type_cache as "_clear_type_cache" "($module, /)", "Clear the internal type lookup cache."),
        method!(Unary clear_type_cache as "_clear_internal_caches" "($module, /)", "Clear all internal performance-related caches."),
        method!(Bound call_tracing "($module, func, args, /)", "Call func(*args), while tracing is enabled."),
        method!(Binary clear_type_descriptors as "_clear_type_descriptors" "($module, type, /)", "Private function for clearing certain descriptors from a type's dictionary."),
        method!(Unary getallocatedblocks "($module, /)", "Return the number of memory blocks currently allocated."),
        method!(Unary getunicodeinternedsize "($module, /)", "Return the number of elements of the unicode interned dictionary"),
        method!(Unary cpu_count_config as "_get_cpu_count_config" "($module, /)", "Private function for getting PyConfig.cpu_count"),
        method!(Unary is_gil_enabled as "_is_gil_enabled" "($module, /)", "Return True if the GIL is currently enabled and False if it's disabled."),
        method!(Unary is_remote_debug_enabled "($module, /)", "Return True if remote debugging is enabled, False otherwise."),
        method!(Unary is_stack_trampoline_active "($module, /)", "Return *True* if a stack profiler trampoline is active."),
    ],
    ..Module::DEFAULT
};

fn exit(vm: &mut Vm, _module: Ref<'_>, args: &[Ref<'_>]) -> PyResult {
    let status = match *args {
        [] => Object::none(),
        [status] => status.to_owned(),
        _ => return Err(vm.type_error(format!("exit expected at most 1 argument, got {}", args.len()))),
    };
    // A tuple's items become the arguments of the exception, as with any `raise class, value`.
    let class = exception::SYSTEM_EXIT.to_object();
    let error = match status.borrow().downcast::<object::tuple::Tuple>() {
        Some(args) => vm.call(class.borrow(), args.get().items())?,
        None if status.borrow().is_none() => vm.call(class.borrow(), &[])?,
        None => vm.call(class.borrow(), &[status.borrow()])?,
    };
    Err(vm.raise_object(error))
}

fn displayhook(vm: &mut Vm, _module: Ref<'_>, value: Ref<'_>) -> PyResult {
    let builtins = interp::eval::builtins_dict(vm);
    if value.is_none() {
        return Ok(Object::none());
    }
    let builtins = builtins.borrow().downcast::<Dict>().expect("the builtins are a dict").to_owned();
    builtins.borrow().set_str(vm, "_", Object::none());
    let Some(stdout) = attribute(vm, "stdout").filter(|stdout| !stdout.borrow().is_none()) else {
        return Err(vm.runtime_error("lost sys.stdout"));
    };
    let text = vm.repr(value)?;
    if let Err(raised) = vm.call_method(stdout.borrow(), "write", &[text.borrow().object()]) {
        vm.catch_if(raised, &exception::UNICODE_ENCODE_ERROR)?;
        let encoding = vm.get_attr_str(stdout.borrow(), "encoding")?;
        let errors = vm.new_str("backslashreplace").into_object();
        let bytes = vm.call_method(text.borrow().object(), "encode", &[encoding.borrow(), errors.borrow()])?;
        let strict = vm.new_str("strict").into_object();
        let text = vm.call_method(bytes.borrow(), "decode", &[encoding.borrow(), strict.borrow()])?;
        vm.call_method(stdout.borrow(), "write", &[text.borrow()])?;
    }
    let newline = vm.new_str("\n").into_object();
    vm.call_method(stdout.borrow(), "write", &[newline.borrow()])?;
    builtins.borrow().set_str(vm, "_", value.to_owned());
    Ok(Object::none())
}

/// Prints an exception as it would be printed if nobody caught it, without Python's help if need be.
pub fn print_exception(vm: &mut Vm, error: Ref<'_>) {
    if attribute(vm, "stderr").is_some_and(|stderr| stderr.borrow().is_none()) {
        return;
    }
    let printed = vm.import("traceback").and_then(|traceback| vm.call_method(traceback.borrow(), "_print_exception_bltin", &[error]));
    if let Err(raised) = printed {
        drop(vm.catch(raised));
        let entries = traceback_text(vm, error);
        let text = vm.str_text(error).unwrap_or_else(|raised| {
            drop(vm.catch(raised));
            "<exception str() failed>".into()
        });
        let colon = if text.is_empty() { "" } else { ": " };
        write_stderr(vm, &format!("{entries}{}{colon}{text}\n", error.class().name()));
    }
}

/// Writes to `sys.stderr`, or to the file descriptor if there is none.
pub fn write_stderr(vm: &mut Vm, text: &str) {
    let stderr = attribute(vm, "stderr").filter(|stderr| !stderr.borrow().is_none());
    if let Some(stderr) = stderr {
        let object = vm.new_str(text).into_object();
        match vm.call_method(stderr.borrow(), "write", &[object.borrow()]) {
            Ok(_) => {
                if vm.call_method(stderr.borrow(), "flush", &[]).is_err() {
                    drop(vm.take_raised());
                }
                return;
            }
            Err(raised) => drop(vm.catch(raised)),
        }
    }
    eprint!("{text}");
}

fn excepthook(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let (Some(value), traceback) = (args[1], args[2]) else { return Ok(Object::none()) };
    if let Some(payload) = value.downcast::<Exception>() {
        if let Some(traceback) = traceback.filter(|traceback| !traceback.is_none())
            && !payload.traceback.is_set()
        {
            payload.traceback.set(Some(traceback.to_owned()));
        }
        print_exception(vm, value);
    } else {
        let message = format!("TypeError: print_exception(): Exception expected for value, {} found\n", value.class().full_name());
        write_stderr(vm, &message);
    }
    Ok(Object::none())
}

fn breakpointhook(vm: &mut Vm, _module: Ref<'_>, args: Args<'_>) -> PyResult {
    let variable = std::env::var("PYTHONBREAKPOINT").unwrap_or_default();
    let target = match variable.as_str() {
        "0" => return Ok(Object::none()),
        "" => "pdb.set_trace",
        other => other,
    };
    let (module, function) = target.rsplit_once('.').unwrap_or(("builtins", target));
    let found = vm.import(module).and_then(|module| vm.get_attr_str(module.borrow(), function));
    match found {
        Ok(function) => vm.call_with(function.borrow(), args),
        Err(raised) => {
            vm.catch(raised);
            let message = format!("Ignoring unimportable $PYTHONBREAKPOINT: \"{target}\"");
            vm.warn(&exception::RUNTIME_WARNING, &message, 0)?;
            Ok(Object::none())
        }
    }
}

fn exc_info(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    let Some(error) = vm.handled_exception().map(Ref::to_owned) else {
        return Ok(vm.new_tuple([Object::none(), Object::none(), Object::none()]).into_object());
    };
    let class = error.borrow().class().to_object();
    let traceback = error.borrow().downcast::<Exception>().map_or(Object::none(), |payload| payload.traceback.get_or_none());
    Ok(vm.new_tuple([class, error, traceback]).into_object())
}

fn exception_function(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    Ok(vm.handled_exception().map_or(Object::none(), Ref::to_owned))
}

fn getframe(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let depth = match args[0] {
        Some(depth) => vm.to_i32(depth)?,
        None => 0,
    };
    match frame_object::at_depth(vm, depth.max(0) as usize) {
        Some(frame) => {
            raise_event(vm, "sys._getframe", &[frame.borrow()])?;
            Ok(frame)
        }
        None => Err(vm.value_error("call stack is not deep enough")),
    }
}

fn getframemodulename(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let mut depth = match args[0] {
        Some(depth) => vm.to_i32(depth)?,
        None => 0,
    };
    raise_event(vm, "sys._getframemodulename", &[Object::small_int(i64::from(depth)).borrow()])?;
    let mut current: Option<&Frame> = frame::current(vm);
    while depth > 0 {
        current = current.and_then(frame::previous);
        depth -= 1;
    }
    let Some(function) = current.map(|frame| frame.function_object().to_owned()) else { return Ok(Object::none()) };
    vm.get_attr_str(function.borrow(), "__module__")
}

fn current_frames(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    // The newest thread comes first; the main one is the oldest.
    let mut frames: Vec<(u64, Option<Object>)> = Vec::new();
    for thread in object::threads::others(vm).into_iter().rev() {
        frames.push((thread.id, frame_object::of_thread(vm, &thread)));
    }
    let own = (vm.thread_id, frame_object::at_depth(vm, 0));
    let place = if crate::thread::is_main() { frames.len() } else { 0 };
    frames.insert(place, own);
    let dict = vm.new_dict();
    for (id, frame) in frames {
        if let Some(frame) = frame {
            let id = vm.new_uint(id);
            dict.borrow().set(vm, id.borrow(), frame)?;
        }
    }
    Ok(dict.into_object())
}

fn current_exceptions(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    let dict = vm.new_dict();
    let error = vm.handled_exception().map_or(Object::none(), Ref::to_owned);
    let id = vm.new_uint(vm.thread_id);
    dict.borrow().set(vm, id.borrow(), error)?;
    for thread in object::threads::others(vm) {
        let id = vm.new_uint(thread.id);
        dict.borrow().set(vm, id.borrow(), thread.handled.unwrap_or(Object::none()))?;
    }
    Ok(dict.into_object())
}

fn getrecursionlimit(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    Ok(vm.new_int(vm.depth_limit as i64))
}

fn setrecursionlimit(vm: &mut Vm, _module: Ref<'_>, limit: Ref<'_>) -> PyResult {
    let limit = vm.to_i32(limit)?;
    if limit < 1 {
        return Err(vm.value_error("recursion limit must be greater or equal than 1"));
    }
    if vm.depth >= limit as usize {
        let message = format!("cannot set the recursion limit to {limit} at the recursion depth {}: the limit is too low", vm.depth);
        return Err(vm.raise(&exception::RECURSION_ERROR, message));
    }
    vm.depth_limit = limit as usize;
    Ok(Object::none())
}

fn getrefcount(vm: &mut Vm, _module: Ref<'_>, object: Ref<'_>) -> PyResult {
    Ok(vm.new_int(i64::from(object.refcount())))
}

fn getsizeof(vm: &mut Vm, _module: Ref<'_>, args: Args<'_>) -> PyResult {
    let default = args.keyword("default").or_else(|| args.positionals().get(1).copied());
    let Some(object) = args.keyword("object").or_else(|| args.positionals().first().copied()) else {
        return Err(vm.type_error("getsizeof() missing required argument 'object' (pos 1)"));
    };
    let name = vm.intern("__sizeof__");
    let result = match vm.lookup_special(object, name)? {
        Some(method) => vm.call(method.borrow(), &[]),
        None => Err(vm.type_error(format!("Type {} doesn't define __sizeof__", object.class().full_name()))),
    };
    let size = match (result, default) {
        (Ok(size), _) => vm.index_isize(size.borrow())?,
        (Err(raised), Some(default)) => {
            vm.catch_if(raised, &exception::TYPE_ERROR)?;
            return Ok(default.to_owned());
        }
        (Err(raised), None) => return Err(raised),
    };
    if size < 0 {
        return Err(vm.value_error("__sizeof__() should return >= 0"));
    }
    Ok(vm.new_int(size as i64))
}

fn intern(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let string = args[0].unwrap_or(Ref::NONE);
    match string.downcast_exact::<Str>() {
        Some(text) => Ok(vm.intern_str(text).to_owned()),
        None if string.downcast::<Str>().is_some() => Err(vm.type_error(format!("can't intern {}", string.class().full_name()))),
        None => Err(vm.type_error(format!("intern() argument must be str, not {}", string.class().full_name()))),
    }
}

fn is_interned(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    match args[0].and_then(|string| string.downcast::<Str>()) {
        Some(text) => Ok(Object::bool(text.is_interned())),
        None => Err(vm.type_error("_is_interned() argument must be str")),
    }
}

fn is_immortal(_vm: &mut Vm, _module: Ref<'_>, object: Ref<'_>) -> PyResult {
    Ok(Object::bool(object.is_immortal()))
}

static FINALIZING: std::sync::atomic::AtomicBool = std::sync::atomic::AtomicBool::new(false);

/// Says that the program is ending.
pub fn set_finalizing() {
    FINALIZING.store(true, std::sync::atomic::Ordering::Relaxed);
}

/// Refuses what cannot be done any more when the program is ending.
pub fn check_not_finalizing(vm: &mut Vm, message: &str) -> PyResult<()> {
    if FINALIZING.load(std::sync::atomic::Ordering::Relaxed) {
        return Err(vm.raise(&exception::PYTHON_FINALIZATION_ERROR, message));
    }
    Ok(())
}

fn is_finalizing(_vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    Ok(Object::bool(FINALIZING.load(std::sync::atomic::Ordering::Relaxed)))
}

fn getdefaultencoding(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    Ok(vm.new_str("utf-8").into_object())
}

fn getfilesystemencoding(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    Ok(vm.new_str("utf-8").into_object())
}

fn getfilesystemencodeerrors(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    Ok(vm.new_str("surrogateescape").into_object())
}

fn get_int_max_str_digits(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    Ok(vm.new_int(object::int::max_str_digits() as i64))
}

fn set_int_max_str_digits(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let digits = vm.to_i32(args[0].unwrap_or(Ref::NONE))?;
    if digits != 0 && digits < 640 {
        return Err(vm.value_error("maxdigits must be >= 640 or 0 for unlimited"));
    }
    object::int::set_max_str_digits(digits as usize);
    Ok(Object::none())
}

fn getswitchinterval(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    Ok(vm.new_float(object::gil::switch_interval().as_secs_f64()))
}

fn setswitchinterval(vm: &mut Vm, _module: Ref<'_>, interval: Ref<'_>) -> PyResult {
    let seconds = vm.to_float(interval)?;
    match std::time::Duration::try_from_secs_f64(seconds) {
        Ok(interval) if seconds > 0.0 => object::gil::set_switch_interval(interval),
        _ => return Err(vm.value_error("switch interval must be strictly positive")),
    }
    Ok(Object::none())
}

fn gettrace(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    Ok(frame::interp(vm).tracing.trace_function.clone().unwrap_or(Object::none()))
}

fn settrace(vm: &mut Vm, _module: Ref<'_>, function: Ref<'_>) -> PyResult {
    interp::tracing::set_trace(vm, (!function.is_none()).then(|| function.to_owned()));
    Ok(Object::none())
}

fn set_trace_everywhere(vm: &mut Vm, _module: Ref<'_>, function: Ref<'_>) -> PyResult {
    everywhere::set(vm, everywhere::Which::Trace, (!function.is_none()).then(|| function.to_owned()));
    Ok(Object::none())
}

fn set_profile_everywhere(vm: &mut Vm, _module: Ref<'_>, function: Ref<'_>) -> PyResult {
    everywhere::set(vm, everywhere::Which::Profile, (!function.is_none()).then(|| function.to_owned()));
    Ok(Object::none())
}

fn getprofile(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    Ok(frame::interp(vm).tracing.profile_function.clone().unwrap_or(Object::none()))
}

fn setprofile(vm: &mut Vm, _module: Ref<'_>, function: Ref<'_>) -> PyResult {
    interp::tracing::set_profile(vm, (!function.is_none()).then(|| function.to_owned()));
    Ok(Object::none())
}

builtins::struct_sequence!(AsyncgenHooks, ASYNCGEN_HOOKS, "sys.asyncgen_hooks",
    "asyncgen_hooks\n\nContains information about installed hooks for asynchronous generators.",
    [firstiter "", finalizer ""], [], []);

fn get_asyncgen_hooks(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    let hooks = frame::interp(vm).async_generator_hooks.clone().map(|hook| hook.unwrap_or(Object::none()));
    object::type_new::ready(vm, &ASYNCGEN_HOOKS);
    Ok(AsyncgenHooks::make(vm, hooks.into()))
}

fn set_asyncgen_hooks(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    for (index, name) in ["firstiter", "finalizer"].into_iter().enumerate() {
        let Some(hook) = args[index] else { continue };
        if !hook.is_none() && hook.class().slots().call.is_none() {
            return Err(vm.type_error(format!("callable {name} expected, got {}", hook.class().full_name())));
        }
        frame::interp(vm).async_generator_hooks[index] = (!hook.is_none()).then(|| hook.to_owned());
    }
    Ok(Object::none())
}

fn get_coroutine_origin_tracking_depth(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    let depth = frame::interp(vm).coroutine_origin_depth;
    Ok(vm.new_int(depth as i64))
}

fn set_coroutine_origin_tracking_depth(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let depth = vm.to_i32(args[0].unwrap_or(Ref::NONE))?;
    if depth < 0 {
        return Err(vm.value_error("depth must be >= 0"));
    }
    frame::interp(vm).coroutine_origin_depth = depth as usize;
    if depth > 0 {
        frame::ARE_ORIGINS_TRACKED.store(true, Ordering::Relaxed);
    }
    Ok(Object::none())
}

static AUDIT_HOOKS: object::VmCell<Vec<Object>> = object::VmCell::new(Vec::new());

fn audit(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let (event, arguments) = (args[0].unwrap_or(Ref::NONE), args[1].unwrap_or(Ref::NONE));
    if event.downcast::<Str>().is_none() {
        return Err(vm.type_error(format!("expected str for argument 'event', not {}", event.class().full_name())));
    }
    for hook in AUDIT_HOOKS.get(vm).clone() {
        vm.call(hook.borrow(), &[event, arguments])?;
    }
    Ok(Object::none())
}

/// Whether anybody wants to hear of events.
pub fn has_audit_hooks(vm: &Vm) -> bool {
    !AUDIT_HOOKS.get(vm).is_empty()
}

/// Tells the audit hooks of an event in native code.
pub fn raise_event(vm: &mut Vm, event: &str, arguments: &[Ref<'_>]) -> PyResult<()> {
    if AUDIT_HOOKS.get(vm).is_empty() {
        return Ok(());
    }
    let event = vm.new_str(event).into_object();
    let arguments = vm.new_tuple_from(arguments).into_object();
    for hook in AUDIT_HOOKS.get(vm).clone() {
        vm.call(hook.borrow(), &[event.borrow(), arguments.borrow()])?;
    }
    Ok(())
}

/// Tells the audit hooks of an event.
pub fn raise_audit_event(vm: &mut Vm, event: &str, args: &[Ref<'_>]) -> PyResult<()> {
    if AUDIT_HOOKS.get(vm).is_empty() {
        return Ok(());
    }
    let (event, args) = (vm.new_str(event).into_object(), vm.new_tuple_from(args).into_object());
    for hook in AUDIT_HOOKS.get(vm).clone() {
        vm.call(hook.borrow(), &[event.borrow(), args.borrow()])?;
    }
    Ok(())
}

fn addaudithook(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    // A hook that objects keeps the new one out.
    if let Err(raised) = raise_event(vm, "sys.addaudithook", &[]) {
        vm.catch_if(raised, &exception::EXCEPTION)?;
        return Ok(Object::none());
    }
    if let Some(hook) = args[0] {
        AUDIT_HOOKS.get_mut(vm).push(hook.to_owned());
    }
    Ok(Object::none())
}

fn clear_type_cache(_vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    Ok(Object::none())
}

/// Takes `__dict__` and `__weakref__` out of a class that a copy with `__slots__` replaces.
fn clear_type_descriptors(vm: &mut Vm, _module: Ref<'_>, class: Ref<'_>) -> PyResult {
    let Some(class) = class.downcast::<object::Type>() else {
        return Err(vm.type_error("argument must be a type"));
    };
    if !class.get().is_heap_type() {
        return Err(vm.type_error("argument is immutable"));
    }
    for name in ["__dict__", "__weakref__"] {
        let name = vm.intern(name);
        class.get().dict().remove_interned(vm, name);
        object::type_new::attribute_changed(class.get(), name);
    }
    Ok(Object::none())
}

fn call_tracing(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let (function, arguments) = (args[0].unwrap_or(Ref::NONE), args[1].unwrap_or(Ref::NONE));
    let items = vm.collect(arguments)?;
    interp::tracing::call_tracing(vm, function, Object::as_refs(&items))
}

fn getallocatedblocks(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    Ok(vm.new_int(object::heap::live_objects() as i64))
}

fn getunicodeinternedsize(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    Ok(vm.new_int(object::str::intern::interned_count() as i64))
}

/// `sys._jit`: CPython's own, which is not there.
static CPYTHON_JIT: Module = Module {
    name: "sys._jit",
    doc: "Utilities for observing just-in-time compilation.",
    functions: &[
        method!(Unary jit_is_off as "is_available" "($module, /)", "Return True if the current Python executable supports JIT compilation, and False otherwise."),
        method!(Unary jit_is_off as "is_enabled" "($module, /)", "Return True if JIT compilation is enabled for the current Python process (implies sys._jit.is_available()), and False otherwise."),
        method!(Unary jit_is_off as "is_active" "($module, /)", "Return True if the topmost Python frame is currently executing JIT code (implies sys._jit.is_enabled()), and False otherwise."),
    ],
    ..Module::DEFAULT
};

fn jit_is_off(_vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    Ok(Object::bool(false))
}

fn cpu_count_config(_vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    Ok(Object::small_int(cpu_count_wanted().unwrap_or(-1)))
}

fn is_gil_enabled(_vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    Ok(Object::bool(true))
}

fn is_remote_debug_enabled(_vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    Ok(Object::bool(false))
}

fn is_stack_trampoline_active(_vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    Ok(Object::bool(false))
}

/// A typed view of the module for callers that fill it in.
pub(crate) type ModuleRef<'a> = RefOf<'a, ModuleObject>;
