//! `select`: waiting for descriptors.

pub mod sys;

use crate::os_support::*;
use object::call::Args;
use object::exception;
use object::method;
use object::native::{Method, Module, PayloadInfo, flag};
use object::singleton::ModuleObject;
use object::{Getset, Object, Payload, PyResult, Ref, RefOf, Slots, Type, TypeSpec, Vm, VmCell};
use std::cell::Cell;
use std::time::{Duration, Instant};

/// `select`
pub static MODULE: Module = Module {
    name: "select",
    doc: "This module supports asynchronous I/O on multiple file descriptors.\n\n*** IMPORTANT NOTICE ***\nOn Windows, only sockets are supported; on Unix, all file descriptors.",
    functions: &[
        method!(Bound select "($module, rlist, wlist, xlist, timeout=None, /)", "Wait until one or more file descriptors are ready for some kind of I/O."),
        method!(Unary poll "($module, /)", "Returns a polling object."),
    ],
    types: &[&EPOLL],
    init: Some(init),
};

fn init(vm: &mut Vm, module: RefOf<'_, ModuleObject>) -> PyResult<()> {
    add_constants(vm, module, CONSTANTS);
    module.set(vm, "error", exception::OS_ERROR.to_object());
    object::type_new::ready(vm, &POLL);
    Ok(())
}

/// How long to wait: `None`: for ever.
fn timeout_argument(vm: &mut Vm, value: Option<Ref<'_>>, unit: i64) -> PyResult<Option<Duration>> {
    let Some(value) = value else { return Ok(None) };
    if object::float::value(value).is_none() && value.class().slots().index.is_none() {
        return Err(vm.type_error("timeout must be an integer or None"));
    }
    let nanoseconds = if unit == 1_000_000_000 {
        nanoseconds_of(vm, value, Rounding::Up)?
    } else {
        match object::float::value(value) {
            Some(number) if number.is_nan() => return Err(vm.value_error("Invalid value NaN (not a number)")),
            Some(number) if number.abs() < 9.2e12 => (number * unit as f64).ceil() as i64,
            Some(_) => return Err(vm.overflow_error("timeout is too large")),
            None => {
                let number = vm.index(value)?;
                match object::int::as_i64(number.borrow()).and_then(|number| number.checked_mul(unit)) {
                    Some(nanoseconds) => nanoseconds,
                    None => return Err(vm.overflow_error("timeout is too large")),
                }
            }
        }
    };
    Ok(Some(if nanoseconds < 0 { Duration::MAX } else { Duration::from_nanos(nanoseconds as u64) }))
}

fn deadline_of(timeout: Option<Duration>) -> Option<Instant> {
    timeout.and_then(|timeout| Instant::now().checked_add(timeout))
}

/// Milliseconds until the deadline, rounded up; -1: for ever.
fn milliseconds_left(deadline: Option<Instant>) -> i32 {
    match deadline {
        None => -1,
        Some(deadline) => {
            let left = deadline.saturating_duration_since(Instant::now());
            i32::try_from(left.as_nanos().div_ceil(1_000_000)).unwrap_or(i32::MAX)
        }
    }
}

fn descriptors(vm: &mut Vm, value: Ref<'_>) -> PyResult<Vec<(Object, i32)>> {
    if value.class().slots().iter.is_none() && !vm.is_sequence(value) {
        return Err(vm.type_error("arguments 1-3 must be sequences"));
    }
    let mut all = Vec::new();
    // A list may change while `fileno` of its items is called.
    let list = value.downcast_exact::<object::list::List>();
    let items = if list.is_some() { Vec::new() } else { vm.collect(value)? };
    for index in 0.. {
        let item = match list {
            Some(list) => list.items(vm).get(index).cloned(),
            None => items.get(index).cloned(),
        };
        let Some(item) = item else { break };
        let fd = file_descriptor(vm, item.borrow())?;
        if fd >= sys::FD_SETSIZE {
            return Err(vm.value_error("filedescriptor out of range in select()"));
        }
        all.push((item, fd));
    }
    if all.len() > sys::FD_SETSIZE as usize {
        return Err(vm.value_error("too many file descriptors in select()"));
    }
    Ok(all)
}

fn select(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    if optional(args, 3).is_some_and(|value| object::float::value(value).is_none() && value.class().slots().index.is_none()) {
        return Err(vm.type_error("timeout must be a float or None"));
    }
    let timeout = timeout_argument(vm, optional(args, 3), 1_000_000_000)?;
    if timeout == Some(Duration::MAX) {
        return Err(vm.value_error("timeout must be non-negative"));
    }
    let sets = [descriptors(vm, arg(args, 0))?, descriptors(vm, arg(args, 1))?, descriptors(vm, arg(args, 2))?];
    let [read, write, except] = sets.each_ref().map(|set| set.iter().map(|&(_, fd)| fd).collect::<Vec<i32>>());
    let deadline = deadline_of(timeout);
    let ready = loop {
        let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        let left = left.map(|left| libc::timeval { tv_sec: left.as_secs() as i64, tv_usec: i64::from(left.subsec_nanos()).div_ceil_thousand() });
        match vm.allow_threads(|| sys::select([&read, &write, &except], left)) {
            Ok(ready) => break ready,
            Err(libc::EINTR) => vm.run_signal_handlers()?,
            Err(code) => return Err(os_error(vm, code, None)),
        }
    };
    let lists: Vec<Object> = sets
        .into_iter()
        .zip(ready)
        .map(|(set, ready)| {
            let items = set.into_iter().filter(|(_, fd)| ready.contains(fd)).map(|(item, _)| item).collect();
            vm.new_list(items).into_object()
        })
        .collect();
    Ok(vm.new_tuple(lists).into_object())
}

/// Nanoseconds as microseconds, so that a wait is never too short.
trait DivCeilThousand {
    fn div_ceil_thousand(self) -> i64;
}

impl DivCeilThousand for i64 {
    fn div_ceil_thousand(self) -> i64 {
        ((self + 999) / 1000).min(999_999)
    }
}

/// The payload of a polling object: descriptors and the events they wait for, in order of registration.
pub struct Poll {
    registered: VmCell<Vec<(i32, u16)>>,
    polling: Cell<bool>,
}

/// `select.poll`
pub static POLL: Type = Type::new(&POLL_SPEC);
static POLL_SPEC: TypeSpec = TypeSpec {
    name: "select.poll",
    flags: flag::NO_INSTANTIATION,
    payload: PayloadInfo::leaf::<Poll>(),
    methods: &[
        method!(Bound poll_register as "register" "($self, fd, eventmask=select.POLLIN | select.POLLPRI | select.POLLOUT, /)", "Register a file descriptor with the polling object."),
        method!(Bound poll_modify as "modify" "($self, fd, eventmask, /)", "Modify an already registered file descriptor."),
        method!(Binary poll_unregister as "unregister" "($self, fd, /)", "Remove a file descriptor being tracked by the polling object."),
        method!(Bound poll_poll as "poll" "($self, timeout=None, /)", "Polls the set of registered file descriptors."),
    ],
    ..TypeSpec::DEFAULT
};

impl Payload for Poll {
    fn class() -> &'static Type {
        &POLL
    }
}

fn poll(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    Ok(vm.allocate(Poll { registered: VmCell::new(Vec::new()), polling: Cell::new(false) }).into_object())
}

fn poll_of<'a>(this: Ref<'a>) -> &'a Poll {
    this.downcast::<Poll>().expect("the method belongs to the type").get()
}

fn event_mask(vm: &mut Vm, value: Ref<'_>) -> PyResult<u16> {
    let number = vm.index(value)?;
    match object::int::as_i64(number.borrow()) {
        Some(mask) if mask < 0 => Err(vm.value_error("value must be positive")),
        Some(mask) if mask <= i64::from(u16::MAX) => Ok(mask as u16),
        _ => Err(vm.overflow_error("Python int too large for C unsigned short")),
    }
}

fn poll_register(vm: &mut Vm, this: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let fd = file_descriptor(vm, arg(args, 0))?;
    let mask = args[1].map_or(Ok((libc::POLLIN | libc::POLLPRI | libc::POLLOUT) as u16), |mask| event_mask(vm, mask))?;
    let registered = poll_of(this).registered.get_mut(vm);
    match registered.iter_mut().find(|(known, _)| *known == fd) {
        Some(entry) => entry.1 = mask,
        None => registered.push((fd, mask)),
    }
    Ok(Object::none())
}

fn poll_modify(vm: &mut Vm, this: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let fd = file_descriptor(vm, arg(args, 0))?;
    let mask = event_mask(vm, arg(args, 1))?;
    match poll_of(this).registered.get_mut(vm).iter_mut().find(|(known, _)| *known == fd) {
        Some(entry) => {
            entry.1 = mask;
            Ok(Object::none())
        }
        None => Err(os_error(vm, libc::ENOENT, None)),
    }
}

fn poll_unregister(vm: &mut Vm, this: Ref<'_>, fd: Ref<'_>) -> PyResult {
    let fd = file_descriptor(vm, fd)?;
    let registered = poll_of(this).registered.get_mut(vm);
    match registered.iter().position(|&(known, _)| known == fd) {
        Some(index) => {
            registered.remove(index);
            Ok(Object::none())
        }
        None => {
            let fd = vm.new_int(i64::from(fd));
            Err(vm.key_error(fd.borrow()))
        }
    }
}

/// Pairs of descriptor and events.
fn event_list(vm: &Vm, events: impl Iterator<Item = (i32, u32)>) -> Object {
    let pairs =
        events.map(|(fd, events)| vm.new_tuple([Object::small_int(i64::from(fd)), Object::small_int(i64::from(events))]).into_object()).collect();
    vm.new_list(pairs).into_object()
}

fn poll_poll(vm: &mut Vm, this: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let timeout = timeout_argument(vm, optional(args, 0), 1_000_000)?.filter(|&timeout| timeout != Duration::MAX);
    if timeout.is_some_and(|timeout| timeout.as_millis() > i32::MAX as u128) {
        return Err(vm.overflow_error("timeout is too large"));
    }
    let poll = poll_of(this);
    if poll.polling.get() {
        return Err(vm.runtime_error("concurrent poll() invocation"));
    }
    let mut fds: Vec<libc::pollfd> =
        poll.registered.get(vm).iter().map(|&(fd, events)| libc::pollfd { fd, events: events as i16, revents: 0 }).collect();
    let deadline = deadline_of(timeout);
    poll.polling.set(true);
    let result = loop {
        let left = milliseconds_left(deadline);
        match vm.allow_threads(|| sys::poll(&mut fds, left)) {
            Err(libc::EINTR) => {
                if let Err(raised) = vm.run_signal_handlers() {
                    break Err(raised);
                }
            }
            Err(code) => break Err(os_error(vm, code, None)),
            Ok(_) => break Ok(()),
        }
    };
    poll.polling.set(false);
    result?;
    Ok(event_list(vm, fds.iter().filter(|entry| entry.revents != 0).map(|entry| (entry.fd, u32::from(entry.revents as u16)))))
}

/// The payload of an `epoll`.
pub struct Epoll {
    /// -1: closed.
    fd: Cell<i32>,
}

impl Drop for Epoll {
    fn drop(&mut self) {
        if self.fd.get() >= 0 {
            // Nobody is left to hear of a failure.
            let _ = crate::sys::close(self.fd.get());
        }
    }
}

/// `select.epoll`
pub static EPOLL: Type = Type::new(&EPOLL_SPEC);
static EPOLL_SPEC: TypeSpec = TypeSpec {
    name: "select.epoll",
    doc: "select.epoll(sizehint=-1, flags=0)\n\nReturns an epolling object\n\nsizehint must be a positive integer or -1 for the default size. The\nsizehint is used to optimize internal data structures. It doesn't limit\nthe maximum number of monitored events.",
    payload: PayloadInfo::leaf::<Epoll>(),
    slots: Slots { new: Some(epoll_new), ..Slots::NONE },
    signature: "(sizehint=-1, flags=0)",
    methods: &[
        Method::new("fromfd", "($type, fd, /)", "Create an epoll object from a given control fd.", object::Native::Binary(epoll_fromfd))
            .class_method(),
        method!(Unary epoll_close as "close" "($self, /)", "Close the epoll control file descriptor."),
        method!(Unary epoll_fileno as "fileno" "($self, /)", "Return the epoll control file descriptor."),
        method!(Bound epoll_register as "register" "($self, /, fd, eventmask=select.EPOLLIN | select.EPOLLPRI | select.EPOLLOUT)", "Registers a new fd or raises an OSError if the fd is already registered."),
        method!(Bound epoll_modify as "modify" "($self, /, fd, eventmask)", "Modify event mask for a registered file descriptor."),
        method!(Bound epoll_unregister as "unregister" "($self, /, fd)", "Remove a registered file descriptor from the epoll object."),
        method!(Bound epoll_poll as "poll" "($self, /, timeout=None, maxevents=-1)", "Wait for events on the epoll file descriptor."),
        method!(Unary epoll_enter as "__enter__" "($self, /)", ""),
        method!(Many epoll_exit as "__exit__" "($self, exc_type=None, exc_value=None, exc_tb=None, /)", ""),
    ],
    getsets: &[Getset::readonly("closed", "True if the epoll handler is closed", |_, this| Ok(Object::bool(epoll_of(this).fd.get() < 0)))],
    ..TypeSpec::DEFAULT
};

impl Payload for Epoll {
    fn class() -> &'static Type {
        &EPOLL
    }
}

fn epoll_of<'a>(this: Ref<'a>) -> &'a Epoll {
    this.downcast::<Epoll>().expect("the method belongs to the type").get()
}

fn open_epoll(vm: &mut Vm, this: Ref<'_>) -> PyResult<i32> {
    match epoll_of(this).fd.get() {
        fd if fd >= 0 => Ok(fd),
        _ => Err(vm.value_error("I/O operation on closed epoll object")),
    }
}

fn epoll_new(vm: &mut Vm, class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    let mut bound = [None, None];
    object::call::bind_args(vm, "epoll", "(sizehint=-1, flags=0)", args, &mut bound)?;
    let [hint, flags] = bound;
    let hint = int_or(vm, hint.as_ref().map(Object::borrow), -1)?;
    let flags = int_or(vm, flags.as_ref().map(Object::borrow), 0)?;
    if hint < -1 || hint == 0 {
        return Err(vm.value_error("negative sizehint"));
    }
    if flags & !libc::EPOLL_CLOEXEC != 0 {
        return Err(vm.raise(&exception::OS_ERROR, "invalid flags"));
    }
    let fd = checked(vm, crate::sys::epoll_create1(libc::EPOLL_CLOEXEC))?;
    Ok(vm.allocate_in(class.get(), Epoll { fd: Cell::new(fd) }))
}

fn epoll_fromfd(vm: &mut Vm, class: Ref<'_>, fd: Ref<'_>) -> PyResult {
    let fd = vm.to_i32(fd)?;
    let class = class.downcast::<Type>().map_or(&EPOLL, RefOf::get);
    Ok(vm.allocate_in(class, Epoll { fd: Cell::new(fd) }))
}

fn epoll_close(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let fd = epoll_of(this).fd.replace(-1);
    if fd >= 0 {
        let result = vm.allow_threads(|| crate::sys::close(fd));
        checked(vm, result)?;
    }
    Ok(Object::none())
}

fn epoll_fileno(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let fd = open_epoll(vm, this)?;
    Ok(Object::small_int(i64::from(fd)))
}

fn control(vm: &mut Vm, this: Ref<'_>, operation: i32, fd: Ref<'_>, events: u32) -> PyResult {
    let epoll = open_epoll(vm, this)?;
    let fd = file_descriptor(vm, fd)?;
    let result = vm.allow_threads(|| sys::epoll_control(epoll, operation, fd, events));
    checked(vm, result)?;
    Ok(Object::none())
}

fn epoll_mask(vm: &mut Vm, value: Option<Ref<'_>>) -> PyResult<u32> {
    let Some(value) = value else { return Ok((libc::EPOLLIN | libc::EPOLLPRI | libc::EPOLLOUT) as u32) };
    let mask = vm.to_i64(value)?;
    Ok(mask as u32)
}

fn epoll_register(vm: &mut Vm, this: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let mask = epoll_mask(vm, args[1])?;
    control(vm, this, libc::EPOLL_CTL_ADD, arg(args, 0), mask)
}

fn epoll_modify(vm: &mut Vm, this: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let mask = epoll_mask(vm, args[1])?;
    control(vm, this, libc::EPOLL_CTL_MOD, arg(args, 0), mask)
}

fn epoll_unregister(vm: &mut Vm, this: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    control(vm, this, libc::EPOLL_CTL_DEL, arg(args, 0), 0)
}

fn epoll_poll(vm: &mut Vm, this: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let epoll = open_epoll(vm, this)?;
    let timeout = timeout_argument(vm, optional(args, 0), 1_000_000_000)?.filter(|&timeout| timeout != Duration::MAX);
    if timeout.is_some_and(|timeout| timeout.as_millis() > i32::MAX as u128) {
        return Err(vm.overflow_error("timeout is too large"));
    }
    let most = match int_or(vm, args[1], -1)? {
        -1 => sys::FD_SETSIZE - 1,
        most if most < 1 => return Err(vm.value_error(format!("maxevents must be greater than 0, got {most}"))),
        most => most,
    };
    let deadline = deadline_of(timeout);
    loop {
        let left = milliseconds_left(deadline);
        match vm.allow_threads(|| sys::epoll_wait(epoll, most as usize, left)) {
            Ok(events) => return Ok(event_list(vm, events.into_iter())),
            Err(libc::EINTR) => vm.run_signal_handlers()?,
            Err(code) => return Err(os_error(vm, code, None)),
        }
    }
}

fn epoll_enter(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    open_epoll(vm, this)?;
    Ok(this.to_owned())
}

fn epoll_exit(vm: &mut Vm, this: Ref<'_>, _args: &[Ref<'_>]) -> PyResult {
    vm.call_method(this, "close", &[])
}

/// Constants by name.
static CONSTANTS: &[(&str, i64)] = &[
    ("EPOLLERR", libc::EPOLLERR as i64),
    ("EPOLLET", libc::EPOLLET as i64),
    ("EPOLLEXCLUSIVE", libc::EPOLLEXCLUSIVE as i64),
    ("EPOLLHUP", libc::EPOLLHUP as i64),
    ("EPOLLIN", libc::EPOLLIN as i64),
    ("EPOLLMSG", libc::EPOLLMSG as i64),
    ("EPOLLONESHOT", libc::EPOLLONESHOT as i64),
    ("EPOLLOUT", libc::EPOLLOUT as i64),
    ("EPOLLPRI", libc::EPOLLPRI as i64),
    ("EPOLLRDBAND", libc::EPOLLRDBAND as i64),
    ("EPOLLRDHUP", libc::EPOLLRDHUP as i64),
    ("EPOLLRDNORM", libc::EPOLLRDNORM as i64),
    ("EPOLLWAKEUP", libc::EPOLLWAKEUP as i64),
    ("EPOLLWRBAND", libc::EPOLLWRBAND as i64),
    ("EPOLLWRNORM", libc::EPOLLWRNORM as i64),
    ("EPOLL_CLOEXEC", libc::EPOLL_CLOEXEC as i64),
    ("PIPE_BUF", libc::PIPE_BUF as i64),
    ("POLLERR", libc::POLLERR as i64),
    ("POLLHUP", libc::POLLHUP as i64),
    ("POLLIN", libc::POLLIN as i64),
    ("POLLMSG", 1024),
    ("POLLNVAL", libc::POLLNVAL as i64),
    ("POLLOUT", libc::POLLOUT as i64),
    ("POLLPRI", libc::POLLPRI as i64),
    ("POLLRDBAND", libc::POLLRDBAND as i64),
    ("POLLRDHUP", libc::POLLRDHUP as i64),
    ("POLLRDNORM", libc::POLLRDNORM as i64),
    ("POLLWRBAND", libc::POLLWRBAND as i64),
    ("POLLWRNORM", libc::POLLWRNORM as i64),
];
