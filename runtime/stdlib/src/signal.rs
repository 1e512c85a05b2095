//! `_signal`: Python handlers of signals.
//!
//! A signal that arrives is marked by [`handler`]; the main thread calls the Python handler at its
//! next safe point, by way of [`run_handlers`].

pub mod handler;

use crate::blocking::SysResult;
use crate::os_support::*;
use crate::sys;
use builtins::struct_sequence::{self, StructSequence as _};
use handler::{Disposition, N_SIGNALS, SignalSet};
use object::exception;
use object::method;
use object::native::Module;
use object::singleton::ModuleObject;
use object::vm::{breaker, clear_breaker, set_breaker};
use object::{Object, ObjectCell, PyResult, Raised, Ref, RefOf, Vm};

builtins::struct_sequence!(StructSiginfo, STRUCT_SIGINFO, "signal.struct_siginfo",
    "struct_siginfo: Result from sigwaitinfo or sigtimedwait.\n\nThis object may be accessed either as a tuple of\n(si_signo, si_code, si_errno, si_pid, si_uid, si_status, si_band),\nor via the attributes si_signo, si_code, and so on.",
    [si_signo "signal number", si_code "signal code", si_errno "errno associated with this signal", si_pid "sending process ID", si_uid "real user ID of sending process", si_status "exit value or signal", si_band "band event for SIGPOLL"], [], []);

/// `_signal`
pub static MODULE: Module = Module {
    name: "_signal",
    doc: "This module provides mechanisms to use signal handlers in Python.",
    functions: &[
        method!(Bound default_int_handler "($module, signalnum, frame, /)", "The default handler for SIGINT installed by Python.\n\nIt raises KeyboardInterrupt."),
        method!(Bound alarm "($module, seconds, /)", "Arrange for SIGALRM to arrive after the given number of seconds."),
        method!(Unary pause "($module, /)", "Wait until a signal arrives."),
        method!(Bound raise_signal "($module, signalnum, /)", "Send a signal to the executing process."),
        method!(Bound signal "($module, signalnum, handler, /)", "Set the action for the given signal."),
        method!(Bound getsignal "($module, signalnum, /)", "Return the current action for the given signal."),
        method!(Bound strsignal "($module, signalnum, /)", "Return the system description of the given signal."),
        method!(Bound siginterrupt "($module, signalnum, flag, /)", "Change system call restart behaviour."),
        method!(Bound set_wakeup_fd "($module, fd, /, *, warn_on_full_buffer=True)", "Sets the fd to be written to (with the signal number) when a signal comes in."),
        method!(Bound setitimer "($module, which, seconds, interval=0.0, /)", "Sets given itimer (one of ITIMER_REAL, ITIMER_VIRTUAL or ITIMER_PROF)."),
        method!(Bound getitimer "($module, which, /)", "Returns current value of given itimer."),
        method!(Bound pthread_sigmask "($module, how, mask, /)", "Fetch and/or change the signal mask of the calling thread."),
        method!(Bound pthread_kill "($module, thread_id, signalnum, /)", "Send a signal to a thread."),
        method!(Unary sigpending "($module, /)", "Examine pending signals."),
        method!(Bound sigwait "($module, sigset, /)", "Wait for a signal."),
        method!(Bound sigwaitinfo "($module, sigset, /)", "Wait synchronously until one of the signals in *sigset* is delivered."),
        method!(Bound sigtimedwait "($module, sigset, timeout, /)", "Like sigwaitinfo(), but with a timeout."),
        method!(Unary valid_signals "($module, /)", "Return a set of valid signal numbers on this platform."),
        method!(Bound pidfd_send_signal "($module, pidfd, signalnum, siginfo=None, flags=0, /)", "Send a signal to a process referred to by a pid file descriptor."),
    ],
    init: Some(init),
    ..Module::DEFAULT
};

static NAMES: &[(&str, i64)] = &[
    ("SIGHUP", 1),
    ("SIGINT", 2),
    ("SIGQUIT", 3),
    ("SIGILL", 4),
    ("SIGTRAP", 5),
    ("SIGIOT", 6),
    ("SIGABRT", 6),
    ("SIGBUS", 7),
    ("SIGFPE", 8),
    ("SIGKILL", 9),
    ("SIGUSR1", 10),
    ("SIGSEGV", 11),
    ("SIGUSR2", 12),
    ("SIGPIPE", 13),
    ("SIGALRM", 14),
    ("SIGTERM", 15),
    ("SIGSTKFLT", 16),
    ("SIGCHLD", 17),
    ("SIGCLD", 17),
    ("SIGCONT", 18),
    ("SIGSTOP", 19),
    ("SIGTSTP", 20),
    ("SIGTTIN", 21),
    ("SIGTTOU", 22),
    ("SIGURG", 23),
    ("SIGXCPU", 24),
    ("SIGXFSZ", 25),
    ("SIGVTALRM", 26),
    ("SIGPROF", 27),
    ("SIGWINCH", 28),
    ("SIGIO", 29),
    ("SIGPOLL", 29),
    ("SIGPWR", 30),
    ("SIGSYS", 31),
    ("NSIG", 65),
    ("SIG_BLOCK", libc::SIG_BLOCK as i64),
    ("SIG_UNBLOCK", libc::SIG_UNBLOCK as i64),
    ("SIG_SETMASK", libc::SIG_SETMASK as i64),
    ("ITIMER_REAL", 0),
    ("ITIMER_VIRTUAL", 1),
    ("ITIMER_PROF", 2),
    ("SIG_DFL", 0),
    ("SIG_IGN", 1),
];

/// The Python handler of each signal; nothing where the handler is not Python's.
static HANDLERS: [ObjectCell; N_SIGNALS] = [ObjectCell::EMPTY; N_SIGNALS];
static ITIMER_ERROR: ObjectCell = ObjectCell::EMPTY;
static DEFAULT_INT_HANDLER: ObjectCell = ObjectCell::EMPTY;

fn init(vm: &mut Vm, module: RefOf<'_, ModuleObject>) -> PyResult<()> {
    add_constants(vm, module, NAMES);
    add_constants(vm, module, &[("SIGRTMIN", i64::from(libc::SIGRTMIN())), ("SIGRTMAX", i64::from(libc::SIGRTMAX()))]);
    let error = new_exception(vm, "signal.ItimerError", &[exception::OS_ERROR.object()])?;
    ITIMER_ERROR.set(Some(error.clone()));
    module.set(vm, "ItimerError", error);
    let class = struct_sequence::ready::<StructSiginfo>(vm);
    module.set(vm, "struct_siginfo", class.to_object());
    let default_int = vm.get_attr_str(module.object(), "default_int_handler")?;
    DEFAULT_INT_HANDLER.set(Some(default_int.clone()));
    for (number, known) in HANDLERS.iter().enumerate().skip(1) {
        if known.is_set() {
            continue;
        }
        let handler = match handler::disposition(number as i32) {
            Some(Disposition::Default) => Object::small_int(0),
            Some(Disposition::Ignore) => Object::small_int(1),
            _ => continue,
        };
        HANDLERS[number].set(Some(handler));
    }
    let interrupt = &HANDLERS[libc::SIGINT as usize];
    if interrupt.get().is_some_and(|handler| handler.borrow().as_small_int() == Some(0)) {
        interrupt.set(Some(default_int));
        // A system that refuses the handler leaves the default.
        let _ = handler::set_disposition(libc::SIGINT, Disposition::Python);
    }
    Ok(())
}

/// Makes the evaluation loop call Python handlers, and ignores the signals Python ignores. To be
/// called once, by the main thread, before Python runs.
pub fn start() {
    object::vm::set_hooks(|hooks| hooks.signals = Some(run_handlers));
    for signal in [libc::SIGPIPE, libc::SIGXFSZ] {
        // A signal that cannot be ignored keeps its default.
        let _ = handler::set_disposition(signal, Disposition::Ignore);
    }
}

/// In the child of a fork: signals that arrived were the parent's.
pub fn after_fork(_vm: &mut Vm) {
    clear_breaker(breaker::SIGNAL);
    handler::clear_all();
}

/// Marks a signal as arrived, as if the system had sent it.
pub fn simulate(signal: i32) {
    handler::trip(signal);
}

/// Whether the signal is ignored, or has the system's default action.
pub fn is_left_to_the_system(signal: i32) -> bool {
    let handler = usize::try_from(signal).ok().and_then(|index| HANDLERS.get(index)).and_then(ObjectCell::get);
    handler.is_some_and(|handler| handler.borrow().as_small_int().is_some())
}

/// Gives the signals back to the system when the program ends.
pub fn finish() {
    for (number, known) in HANDLERS.iter().enumerate().skip(1) {
        let handler = known.replace(None);
        if handler.is_some_and(|handler| handler.borrow().as_small_int().is_none() && !handler.borrow().is_none()) {
            // A signal whose action cannot be changed keeps it.
            let _ = handler::set_disposition(number as i32, Disposition::Default);
        }
    }
}

/// Calls the Python handlers of signals that arrived; does nothing but in the main thread.
pub fn run_handlers(vm: &mut Vm) -> PyResult<()> {
    if object::vm::breaker_reasons() & breaker::ASYNC_EXCEPTION != 0 {
        crate::ctypes::python_api::raise_waiting(vm)?;
    }
    if object::vm::breaker_reasons() & breaker::PENDING_CALLS != 0 {
        crate::thread::everywhere::catch_up(vm);
    }
    if !crate::thread::is_main() {
        return Ok(());
    }
    clear_breaker(breaker::SIGNAL);
    report_wakeup_error(vm);
    for (number, known) in HANDLERS.iter().enumerate().skip(1) {
        if !handler::take(number) {
            continue;
        }
        let Some(handler) = known.get().filter(|handler| !handler.borrow().is_none() && handler.borrow().as_small_int().is_none()) else {
            // The handler went away after the signal had arrived.
            let raised = vm.raise(&exception::OS_ERROR, format!("Signal {number} ignored due to race condition"));
            vm.write_unraisable(raised, "Exception ignored in", Some(Ref::NONE));
            continue;
        };
        let frame = current_frame(vm)?;
        let result = vm.call(handler.borrow(), &[Object::small_int(number as i64).borrow(), frame.borrow()]);
        if let Err(raised) = result {
            // Signals that are left are seen to at the next safe point.
            set_breaker(breaker::SIGNAL);
            return Err(raised);
        }
    }
    Ok(())
}

fn report_wakeup_error(vm: &mut Vm) {
    if let Some(code) = handler::take_wakeup_error() {
        let raised = os_error(vm, code, None);
        vm.write_unraisable(raised, "Exception ignored while trying to write to the signal wakeup fd", None);
    }
}

fn current_frame(vm: &mut Vm) -> PyResult {
    let sys = vm.import("sys")?;
    let result = vm.call_method(sys.borrow(), "_getframe", &[]);
    match result {
        Ok(frame) => Ok(frame),
        Err(raised) => {
            vm.catch_if(raised, &exception::VALUE_ERROR)?;
            Ok(Object::none())
        }
    }
}

fn signal_number(vm: &mut Vm, value: Ref<'_>) -> PyResult<usize> {
    let number = vm.to_i32(value)?;
    match usize::try_from(number) {
        Ok(number) if (1..N_SIGNALS).contains(&number) => Ok(number),
        _ => Err(vm.value_error("signal number out of range")),
    }
}

/// The numbers in an iterable of signals.
pub fn signal_numbers(vm: &mut Vm, iterable: Ref<'_>) -> PyResult<Vec<i32>> {
    let mut numbers = Vec::new();
    let iterator = vm.iter(iterable)?;
    while let Some(item) = vm.next(iterator.borrow())? {
        let number = vm.index(item.borrow())?;
        // A number beyond 64 bits is out of range, too.
        let number = object::int::as_i64(number.borrow()).unwrap_or(-1);
        if !(1..N_SIGNALS as i64).contains(&number) {
            return Err(vm.value_error(format!("signal number {number} out of range [1; {}]", N_SIGNALS - 1)));
        }
        numbers.push(number as i32);
    }
    Ok(numbers)
}

fn set_object(vm: &mut Vm, set: &SignalSet) -> PyResult {
    let members = set.members().into_iter().map(|signal| Object::small_int(i64::from(signal))).collect();
    new_set(vm, members)
}

fn default_int_handler(vm: &mut Vm, _module: Ref<'_>, _args: Arguments<'_, '_>) -> PyResult {
    Err(vm.raise_with(&exception::KEYBOARD_INTERRUPT, Vec::new()))
}

fn alarm(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let seconds = vm.to_i32(arg(args, 0))?;
    Ok(Object::small_int(i64::from(sys::alarm(seconds as u32))))
}

fn pause(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    vm.allow_threads(sys::pause);
    vm.run_signal_handlers()?;
    Ok(Object::none())
}

fn raise_signal(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let number = vm.to_i32(arg(args, 0))?;
    let result = handler::raise(number);
    checked(vm, result)?;
    vm.run_signal_handlers()?;
    Ok(Object::none())
}

fn signal(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let number = vm.to_i32(arg(args, 0))?;
    let new = arg(args, 1);
    if !crate::thread::is_main() {
        return Err(vm.value_error("signal only works in main thread of the main interpreter"));
    }
    let number = match usize::try_from(number) {
        Ok(number) if (1..N_SIGNALS).contains(&number) => number,
        _ => return Err(vm.value_error("signal number out of range")),
    };
    let value = if new.class().slots().index.is_some() { object::int::as_i64(new) } else { None };
    let disposition = match value {
        Some(0) => Disposition::Default,
        Some(1) => Disposition::Ignore,
        _ if new.class().slots().call.is_some() => Disposition::Python,
        _ => return Err(vm.type_error("signal handler must be signal.SIG_IGN, signal.SIG_DFL, or a callable object")),
    };
    vm.run_signal_handlers()?;
    let result = handler::set_disposition(number as i32, disposition);
    checked(vm, result)?;
    let kept = value.map_or_else(|| new.to_owned(), Object::small_int);
    let old = HANDLERS[number].replace(Some(kept));
    Ok(old.unwrap_or(Object::none()))
}

fn getsignal(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let number = signal_number(vm, arg(args, 0))?;
    Ok(HANDLERS[number].get_or_none())
}

fn strsignal(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let number = signal_number(vm, arg(args, 0))?;
    let text = handler::description(number as i32).filter(|text| !text.starts_with("Unknown signal"));
    Ok(text.map_or(Object::none(), |text| vm.new_str(&text).into_object()))
}

fn siginterrupt(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let number = signal_number(vm, arg(args, 0))?;
    let flag = vm.to_i32(arg(args, 1))?;
    let result = handler::interrupts_calls(number as i32, flag != 0);
    checked(vm, result)?;
    Ok(Object::none())
}

fn set_wakeup_fd(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let fd = vm.to_i32(arg(args, 0))?;
    let warn = truth(vm, args[1], true)?;
    if !crate::thread::is_main() {
        return Err(vm.value_error("set_wakeup_fd only works in main thread of the main interpreter"));
    }
    if fd != -1 {
        let status = sys::fstat(fd);
        checked(vm, status)?;
        let flags = checked(vm, sys::fcntl(fd, libc::F_GETFL, 0))?;
        if flags & libc::O_NONBLOCK == 0 {
            return Err(vm.value_error(format!("the fd {fd} must be in non-blocking mode")));
        }
    }
    Ok(Object::small_int(i64::from(handler::set_wakeup_fd(fd, warn))))
}

fn timer_seconds(value: &libc::timeval) -> f64 {
    value.tv_sec as f64 + value.tv_usec as f64 / 1e6
}

fn timer_object(vm: &mut Vm, result: SysResult<libc::itimerval>) -> PyResult {
    match result {
        Ok(timer) => {
            let parts = [vm.new_float(timer_seconds(&timer.it_value)), vm.new_float(timer_seconds(&timer.it_interval))];
            Ok(vm.new_tuple(parts).into_object())
        }
        Err(code) => Err(itimer_error(vm, code)),
    }
}

fn itimer_error(vm: &mut Vm, code: i32) -> Raised {
    let Some(class) = ITIMER_ERROR.get() else { return os_error(vm, code, None) };
    let message = vm.new_str(&strerror(code)).into_object();
    raise_class(vm, class.borrow(), &[Object::small_int(i64::from(code)).borrow(), message.borrow()])
}

fn timeval(vm: &mut Vm, value: Ref<'_>) -> PyResult<libc::timeval> {
    let nanoseconds = nanoseconds_of(vm, value, Rounding::Up)?;
    // Part of a microsecond counts as a whole one.
    let microseconds = nanoseconds.div_euclid(1000) + i64::from(nanoseconds.rem_euclid(1000) > 0);
    Ok(libc::timeval { tv_sec: microseconds.div_euclid(1_000_000), tv_usec: microseconds.rem_euclid(1_000_000) })
}

fn setitimer(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let which = vm.to_i32(arg(args, 0))?;
    let it_value = timeval(vm, arg(args, 1))?;
    let it_interval = match args[2] {
        Some(interval) => timeval(vm, interval)?,
        None => libc::timeval { tv_sec: 0, tv_usec: 0 },
    };
    timer_object(vm, handler::set_timer(which, libc::itimerval { it_value, it_interval }))
}

fn getitimer(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let which = vm.to_i32(arg(args, 0))?;
    timer_object(vm, handler::timer(which))
}

fn pthread_sigmask(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let how = vm.to_i32(arg(args, 0))?;
    let signals = signal_numbers(vm, arg(args, 1))?;
    let old = checked(vm, handler::thread_mask(how, SignalSet::of(&signals)))?;
    vm.run_signal_handlers()?;
    set_object(vm, &old)
}

fn pthread_kill(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let thread = vm.index(arg(args, 0))?;
    let number = vm.to_i32(arg(args, 1))?;
    let Some(thread) = object::int::as_u64(thread.borrow()) else { return Err(vm.overflow_error("can't convert negative int to unsigned")) };
    checked(vm, handler::kill_thread(thread, number))?;
    vm.run_signal_handlers()?;
    Ok(Object::none())
}

fn sigpending(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    let set = checked(vm, handler::pending())?;
    set_object(vm, &set)
}

fn sigwait(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let signals = signal_numbers(vm, arg(args, 0))?;
    let set = SignalSet::of(&signals);
    let result = vm.allow_threads(|| handler::wait(set));
    let signal = checked(vm, result)?;
    Ok(Object::small_int(i64::from(signal)))
}

fn info_object(vm: &mut Vm, info: [i64; 7]) -> Object {
    let values = info.iter().map(|&value| vm.new_int(value)).collect();
    StructSiginfo::make(vm, values)
}

fn sigwaitinfo(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let signals = signal_numbers(vm, arg(args, 0))?;
    let set = SignalSet::of(&signals);
    let result = crate::blocking::retry(vm, || handler::wait_info(set, None))?;
    let info = checked(vm, result)?;
    Ok(info_object(vm, info))
}

fn sigtimedwait(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let signals = signal_numbers(vm, arg(args, 0))?;
    let set = SignalSet::of(&signals);
    let timeout = nanoseconds_of(vm, arg(args, 1), Rounding::Up)?;
    if timeout < 0 {
        return Err(vm.value_error("timeout must be non-negative"));
    }
    let deadline = std::time::Instant::now() + std::time::Duration::from_nanos(timeout as u64);
    loop {
        let left = deadline.saturating_duration_since(std::time::Instant::now());
        let time = libc::timespec { tv_sec: left.as_secs() as i64, tv_nsec: i64::from(left.subsec_nanos()) };
        match vm.allow_threads(|| handler::wait_info(set, Some(time))) {
            Ok(info) => return Ok(info_object(vm, info)),
            Err(libc::EAGAIN) => return Ok(Object::none()),
            Err(libc::EINTR) => vm.run_signal_handlers()?,
            Err(code) => return Err(os_error(vm, code, None)),
        }
    }
}

fn valid_signals(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    set_object(vm, &SignalSet::all())
}

fn pidfd_send_signal(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let (pidfd, number) = (vm.to_i32(arg(args, 0))?, vm.to_i32(arg(args, 1))?);
    let flags = int_or(vm, args[3], 0)? as u32;
    if optional(args, 2).is_some() {
        return Err(vm.type_error("siginfo must be None"));
    }
    checked(vm, handler::send_to_pidfd(pidfd, number, flags))?;
    vm.run_signal_handlers()?;
    Ok(Object::none())
}
