//! Descriptors: opening, reading, writing, duplicating, pseudo-terminals.

use super::{name_object, pair};
use crate::blocking::{SysResult, retry};
use crate::os_support::*;
use crate::sys::{self, Memory, Vectored};
use builtins::struct_sequence::StructSequence as _;
use object::bytes::Buffer;
use object::{Object, PyResult, Ref, Vm};

builtins::struct_sequence!(TerminalSize, TERMINAL_SIZE, "os.terminal_size", "A tuple of (columns, lines) for holding terminal window size",
    [columns "width of the terminal window in characters", lines "height of the terminal window in characters"], [], []);

fn count(vm: &mut Vm, result: SysResult<usize>) -> PyResult {
    Ok(Object::small_int(checked(vm, result)? as i64))
}

fn offset_or_none(vm: &mut Vm, value: Option<Ref<'_>>) -> PyResult<Option<i64>> {
    value.map(|value| vm.to_i64(value)).transpose()
}

pub fn open(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let path = PathArg::new("open").convert(vm, arg(args, 0))?;
    let flags = vm.to_i32(arg(args, 1))? | libc::O_CLOEXEC;
    let mode = int_or(vm, args[2], 0o777)? as u32;
    let dir_fd = dir_fd(vm, args[3])?;
    let result = retry(vm, || crate::library_files::open(dir_fd, &path.text, flags, mode))?;
    let fd = path.checked(vm, result)?;
    Ok(Object::small_int(i64::from(fd)))
}

pub fn close(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let fd = vm.to_i32(arg(args, 0))?;
    // A descriptor is closed even where the call says it was interrupted.
    match vm.allow_threads(|| sys::close(fd)) {
        Err(code) if code != libc::EINTR => Err(os_error(vm, code, None)),
        _ => Ok(Object::none()),
    }
}

pub fn closerange(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let (low, high) = (vm.to_i32(arg(args, 0))?, vm.to_i32(arg(args, 1))?);
    vm.allow_threads(|| close_range(low.max(0), high));
    Ok(Object::none())
}

/// Closes the descriptors from `low` to before `high`.
pub fn close_range(low: i32, high: i32) {
    let limit = match sys::sysconf(libc::_SC_OPEN_MAX) {
        Ok(limit) if limit > 0 => high.min(i32::try_from(limit).unwrap_or(i32::MAX)),
        _ => high,
    };
    for fd in low..limit {
        // What is not open need not be closed.
        let _ = sys::close(fd);
    }
}

pub fn dup(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let fd = vm.to_i32(arg(args, 0))?;
    number(vm, sys::fcntl(fd, libc::F_DUPFD_CLOEXEC, 0))
}

pub fn dup2(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let (fd, fd2) = (vm.to_i32(arg(args, 0))?, vm.to_i32(arg(args, 1))?);
    let inheritable = truth(vm, args[2], true)?;
    if fd < 0 || fd2 < 0 {
        return Err(os_error(vm, libc::EBADF, None));
    }
    let result = retry(vm, || if inheritable || fd == fd2 { sys::dup2(fd, fd2) } else { sys::dup3(fd, fd2, libc::O_CLOEXEC) })?;
    number(vm, result)
}

/// A length that must not be negative.
fn length(vm: &mut Vm, value: Ref<'_>) -> PyResult<usize> {
    let length = vm.index_isize(value)?;
    usize::try_from(length).map_err(|_| os_error(vm, libc::EINVAL, None))
}

pub fn read(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let fd = vm.to_i32(arg(args, 0))?;
    let n = length(vm, arg(args, 1))?.min(0x7fff_f000);
    let result = retry(vm, || sys::read_vec(fd, n))?;
    let data = checked(vm, result)?;
    Ok(vm.new_bytes(&data).into_object())
}

pub fn readinto(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let fd = vm.to_i32(arg(args, 0))?;
    let buffer = vm.buffer_mut(arg(args, 1))?;
    let memory = Memory::of(&buffer);
    let result = retry(vm, || sys::read(fd, memory))?;
    count(vm, result)
}

pub fn write(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let fd = vm.to_i32(arg(args, 0))?;
    let buffer = vm.buffer(arg(args, 1))?;
    let memory = Memory::of(&buffer).limit(0x7fff_f000);
    let result = retry(vm, || sys::write(fd, memory))?;
    count(vm, result)
}

pub fn pread(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let fd = vm.to_i32(arg(args, 0))?;
    let n = length(vm, arg(args, 1))?;
    let offset = vm.to_i64(arg(args, 2))?;
    let result = retry(vm, || sys::pread_vec(fd, n, offset))?;
    let data = checked(vm, result)?;
    Ok(vm.new_bytes(&data).into_object())
}

pub fn pwrite(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let fd = vm.to_i32(arg(args, 0))?;
    let buffer = vm.buffer(arg(args, 1))?;
    let offset = vm.to_i64(arg(args, 2))?;
    let memory = Memory::of(&buffer);
    let result = retry(vm, || sys::pwrite(fd, memory, offset))?;
    count(vm, result)
}

/// The buffers of a sequence of bytes-like objects.
fn buffers(vm: &mut Vm, sequence: Ref<'_>, function: &str, writable: bool) -> PyResult<Vec<Buffer>> {
    if sequence.class().slots().getitem.is_none() {
        return Err(vm.type_error(format!("{function}() arg 2 must be a sequence")));
    }
    let mut buffers = Vec::new();
    for item in vm.collect(sequence)? {
        buffers.push(if writable { vm.buffer_mut(item.borrow())? } else { vm.buffer(item.borrow())? });
    }
    Ok(buffers)
}

fn vectored(vm: &mut Vm, fd: i32, buffers: &[Buffer], how: Vectored) -> PyResult {
    let memory: Vec<Memory> = buffers.iter().map(Memory::of).collect();
    let result = retry(vm, || sys::vectored(fd, &memory, how))?;
    count(vm, result)
}

pub fn readv(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let fd = vm.to_i32(arg(args, 0))?;
    let buffers = buffers(vm, arg(args, 1), "readv", true)?;
    vectored(vm, fd, &buffers, Vectored::Read)
}

pub fn writev(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let fd = vm.to_i32(arg(args, 0))?;
    let buffers = buffers(vm, arg(args, 1), "writev", false)?;
    vectored(vm, fd, &buffers, Vectored::Write)
}

pub fn preadv(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let fd = vm.to_i32(arg(args, 0))?;
    let buffers = buffers(vm, arg(args, 1), "preadv", true)?;
    let offset = vm.to_i64(arg(args, 2))?;
    let flags = int_or(vm, args[3], 0)?;
    vectored(vm, fd, &buffers, Vectored::ReadAt(offset, flags))
}

pub fn pwritev(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let fd = vm.to_i32(arg(args, 0))?;
    let buffers = buffers(vm, arg(args, 1), "pwritev", false)?;
    let offset = vm.to_i64(arg(args, 2))?;
    let flags = int_or(vm, args[3], 0)?;
    vectored(vm, fd, &buffers, Vectored::WriteAt(offset, flags))
}

pub fn lseek(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let fd = vm.to_i32(arg(args, 0))?;
    let position = vm.to_i64(arg(args, 1))?;
    let whence = vm.to_i32(arg(args, 2))?;
    let result = vm.allow_threads(|| sys::lseek(fd, position, whence));
    let position = checked(vm, result)?;
    Ok(vm.new_int(position))
}

pub fn fsync(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let fd = file_descriptor(vm, arg(args, 0))?;
    let result = retry(vm, || sys::fsync(fd))?;
    done(vm, result)
}

pub fn fdatasync(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let fd = file_descriptor(vm, arg(args, 0))?;
    let result = retry(vm, || sys::fdatasync(fd))?;
    done(vm, result)
}

pub fn ftruncate(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let fd = vm.to_i32(arg(args, 0))?;
    let length = vm.to_i64(arg(args, 1))?;
    let result = retry(vm, || sys::ftruncate(fd, length))?;
    done(vm, result)
}

pub fn truncate(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let path = PathArg::new("truncate").or_fd().convert(vm, arg(args, 0))?;
    let length = vm.to_i64(arg(args, 1))?;
    let result = retry(vm, || match path.fd {
        Some(fd) => sys::ftruncate(fd, length),
        None => sys::truncate(&path.text, length),
    })?;
    path.checked(vm, result)?;
    Ok(Object::none())
}

pub fn isatty(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let fd = vm.to_i32(arg(args, 0))?;
    Ok(Object::bool(sys::isatty(fd) == 1))
}

pub fn pipe(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    let (read, write) = checked(vm, sys::pipe2(libc::O_CLOEXEC))?;
    Ok(pair(vm, read, write))
}

pub fn pipe2(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let flags = vm.to_i32(arg(args, 0))?;
    let (read, write) = checked(vm, sys::pipe2(flags))?;
    Ok(pair(vm, read, write))
}

pub fn lockf(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let (fd, command) = (vm.to_i32(arg(args, 0))?, vm.to_i32(arg(args, 1))?);
    let length = vm.to_i64(arg(args, 2))?;
    let result = retry(vm, || sys::lockf(fd, command, length))?;
    done(vm, result)
}

pub fn sendfile(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let (out_fd, in_fd) = (vm.to_i32(arg(args, 0))?, vm.to_i32(arg(args, 1))?);
    let offset = offset_or_none(vm, optional(args, 2))?;
    let n = length(vm, arg(args, 3))?;
    let result = retry(vm, || sys::sendfile(out_fd, in_fd, offset, n))?;
    count(vm, result)
}

pub fn copy_file_range(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let (from, to) = (vm.to_i32(arg(args, 0))?, vm.to_i32(arg(args, 1))?);
    let n = vm.index_isize(arg(args, 2))?;
    let Ok(n) = usize::try_from(n) else { return Err(vm.value_error("negative value for 'count' not allowed")) };
    let (from_offset, to_offset) = (offset_or_none(vm, optional(args, 3))?, offset_or_none(vm, optional(args, 4))?);
    let result = retry(vm, || sys::copy_file_range(from, from_offset, to, to_offset, n))?;
    count(vm, result)
}

pub fn splice(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let (from, to) = (vm.to_i32(arg(args, 0))?, vm.to_i32(arg(args, 1))?);
    let n = vm.index_isize(arg(args, 2))?;
    let Ok(n) = usize::try_from(n) else { return Err(vm.value_error("negative value for 'count' not allowed")) };
    let (from_offset, to_offset) = (offset_or_none(vm, optional(args, 3))?, offset_or_none(vm, optional(args, 4))?);
    let flags = int_or(vm, args[5], 0)? as u32;
    let result = retry(vm, || sys::splice(from, from_offset, to, to_offset, n, flags))?;
    count(vm, result)
}

pub fn posix_fallocate(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let fd = vm.to_i32(arg(args, 0))?;
    let (offset, length) = (vm.to_i64(arg(args, 1))?, vm.to_i64(arg(args, 2))?);
    let result = retry(vm, || verdict(sys::posix_fallocate(fd, offset, length)))?;
    done(vm, result)
}

pub fn posix_fadvise(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let fd = vm.to_i32(arg(args, 0))?;
    let (offset, length) = (vm.to_i64(arg(args, 1))?, vm.to_i64(arg(args, 2))?);
    let advice = vm.to_i32(arg(args, 3))?;
    let result = retry(vm, || verdict(sys::posix_fadvise(fd, offset, length, advice)))?;
    done(vm, result)
}

/// The result of a call that returns an error number.
fn verdict(code: i32) -> SysResult<()> {
    if code == 0 { Ok(()) } else { Err(code) }
}

pub fn get_blocking(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let fd = vm.to_i32(arg(args, 0))?;
    let flags = checked(vm, sys::fcntl(fd, libc::F_GETFL, 0))?;
    Ok(Object::bool(flags & libc::O_NONBLOCK == 0))
}

pub fn set_blocking(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let fd = vm.to_i32(arg(args, 0))?;
    let blocking = vm.is_true(arg(args, 1))?;
    done(vm, sys::set_blocking(fd, blocking))
}

pub fn get_inheritable(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let fd = vm.to_i32(arg(args, 0))?;
    Ok(Object::bool(checked(vm, sys::is_inheritable(fd))?))
}

pub fn set_inheritable(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let (fd, inheritable) = (vm.to_i32(arg(args, 0))?, vm.to_i32(arg(args, 1))?);
    done(vm, sys::set_inheritable(fd, inheritable != 0))
}

pub fn memfd_create(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let name = fs_c_string(vm, arg(args, 0))?;
    let flags = int_or(vm, args[1], libc::MFD_CLOEXEC as i32)? as u32;
    number(vm, sys::memfd_create(&name, flags))
}

pub fn eventfd(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let initial = vm.to_i64(arg(args, 0))?;
    let Ok(initial) = u32::try_from(initial) else { return Err(vm.overflow_error("Python int too large to convert to C unsigned int")) };
    let flags = int_or(vm, args[1], libc::EFD_CLOEXEC)?;
    number(vm, sys::eventfd(initial, flags))
}

pub fn eventfd_read(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let fd = file_descriptor(vm, arg(args, 0))?;
    let result = vm.allow_threads(|| sys::eventfd_read(fd));
    let value = checked(vm, result)?;
    Ok(vm.new_uint(value))
}

pub fn eventfd_write(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let fd = file_descriptor(vm, arg(args, 0))?;
    let value = vm.index(arg(args, 1))?;
    let Some(value) = object::int::as_u64(value.borrow()) else { return Err(vm.overflow_error("can't convert negative int to unsigned")) };
    let result = vm.allow_threads(|| sys::eventfd_write(fd, value));
    done(vm, result)
}

fn timespec_of_seconds(seconds: f64) -> libc::timespec {
    let whole = seconds.floor();
    libc::timespec { tv_sec: whole as i64, tv_nsec: (((seconds - whole) * 1e9) as i64).clamp(0, 999_999_999) }
}

fn timespec_of_nanoseconds(nanoseconds: i64) -> libc::timespec {
    libc::timespec { tv_sec: nanoseconds.div_euclid(1_000_000_000), tv_nsec: nanoseconds.rem_euclid(1_000_000_000) }
}

fn seconds_of(time: &libc::timespec) -> f64 {
    time.tv_sec as f64 + time.tv_nsec as f64 * 1e-9
}

fn timer_tuple(vm: &Vm, times: &libc::itimerspec) -> Object {
    let (value, interval) = (vm.new_float(seconds_of(&times.it_value)), vm.new_float(seconds_of(&times.it_interval)));
    vm.new_tuple([value, interval]).into_object()
}

fn timer_tuple_ns(vm: &Vm, times: &libc::itimerspec) -> Object {
    let value = new_nanoseconds(vm, times.it_value.tv_sec, times.it_value.tv_nsec);
    let interval = new_nanoseconds(vm, times.it_interval.tv_sec, times.it_interval.tv_nsec);
    vm.new_tuple([value, interval]).into_object()
}

pub fn timerfd_create(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let clock = vm.to_i32(arg(args, 0))?;
    let flags = int_or(vm, args[1], libc::TFD_CLOEXEC)?;
    number(vm, sys::timerfd_create(clock, flags | libc::TFD_CLOEXEC))
}

pub fn timerfd_settime(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let fd = file_descriptor(vm, arg(args, 0))?;
    let flags = int_or(vm, args[1], 0)?;
    let initial = args[2].map_or(Ok(0.0), |value| vm.to_float(value))?;
    let interval = args[3].map_or(Ok(0.0), |value| vm.to_float(value))?;
    let new = libc::itimerspec { it_value: timespec_of_seconds(initial), it_interval: timespec_of_seconds(interval) };
    let old = checked(vm, sys::timerfd_settime(fd, flags, new))?;
    Ok(timer_tuple(vm, &old))
}

pub fn timerfd_settime_ns(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let fd = file_descriptor(vm, arg(args, 0))?;
    let flags = int_or(vm, args[1], 0)?;
    let initial = args[2].map_or(Ok(0), |value| vm.to_i64(value))?;
    let interval = args[3].map_or(Ok(0), |value| vm.to_i64(value))?;
    let new = libc::itimerspec { it_value: timespec_of_nanoseconds(initial), it_interval: timespec_of_nanoseconds(interval) };
    let old = checked(vm, sys::timerfd_settime(fd, flags, new))?;
    Ok(timer_tuple_ns(vm, &old))
}

pub fn timerfd_gettime(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let fd = file_descriptor(vm, arg(args, 0))?;
    let times = checked(vm, sys::timerfd_gettime(fd))?;
    Ok(timer_tuple(vm, &times))
}

pub fn timerfd_gettime_ns(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let fd = file_descriptor(vm, arg(args, 0))?;
    let times = checked(vm, sys::timerfd_gettime(fd))?;
    Ok(timer_tuple_ns(vm, &times))
}

pub fn posix_openpt(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let flags = vm.to_i32(arg(args, 0))? | libc::O_CLOEXEC;
    number(vm, sys::posix_openpt(flags))
}

pub fn grantpt(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let fd = file_descriptor(vm, arg(args, 0))?;
    done(vm, sys::grantpt(fd))
}

pub fn unlockpt(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let fd = file_descriptor(vm, arg(args, 0))?;
    done(vm, sys::unlockpt(fd))
}

pub fn ptsname(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let fd = file_descriptor(vm, arg(args, 0))?;
    let name = checked(vm, sys::ptsname(fd))?;
    name_object(vm, &name)
}

pub fn ttyname(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let fd = vm.to_i32(arg(args, 0))?;
    let name = checked(vm, sys::ttyname(fd))?;
    name_object(vm, &name)
}

pub fn openpty(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    let (master, slave) = checked(vm, sys::openpty())?;
    for fd in [master, slave] {
        checked(vm, sys::set_inheritable(fd, false))?;
    }
    Ok(pair(vm, master, slave))
}

pub fn login_tty(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let fd = file_descriptor(vm, arg(args, 0))?;
    done(vm, sys::login_tty(fd))
}

pub fn ctermid(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    Ok(vm.new_str("/dev/tty").into_object())
}

pub fn tcgetpgrp(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let fd = vm.to_i32(arg(args, 0))?;
    number(vm, sys::tcgetpgrp(fd))
}

pub fn tcsetpgrp(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let (fd, group) = (vm.to_i32(arg(args, 0))?, vm.to_i32(arg(args, 1))?);
    done(vm, sys::tcsetpgrp(fd, group))
}

pub fn get_terminal_size(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let fd = int_or(vm, args[0], 1)?;
    let size = checked(vm, sys::window_size(fd))?;
    let values = vec![Object::small_int(i64::from(size.ws_col)), Object::small_int(i64::from(size.ws_row))];
    Ok(TerminalSize::make(vm, values))
}

pub fn device_encoding(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let fd = vm.to_i32(arg(args, 0))?;
    Ok(if sys::isatty(fd) == 1 { vm.new_str("UTF-8").into_object() } else { Object::none() })
}
