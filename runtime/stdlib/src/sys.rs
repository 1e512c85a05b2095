//! System calls as safe functions. Each returns the error number of a failure; nothing here knows
//! of Python. With the files beside it that are named `sys.rs`, this is where the library's native
//! modules hold their `unsafe`. [`accounts`], [`spawn`] and [`xattr`] have the calls that their names say.

mod accounts;
mod spawn;
mod xattr;

pub use accounts::{Group, User, Who, all_groups, all_users, find_group, find_user};
pub use spawn::{FileAction, SpawnAttributes, execve, fexecve, posix_spawn, system};
pub use xattr::{XattrTarget, getxattr, listxattr, removexattr, setxattr};

use crate::blocking::SysResult;
use std::ffi::{CStr, c_char};
use std::mem::MaybeUninit;

/// The error number the last failed call left.
pub fn last_error() -> i32 {
    std::io::Error::last_os_error().raw_os_error().unwrap_or(0)
}

/// The result of a call that says -1 when it fails.
pub trait MinusOne: Copy {
    fn is_failure(self) -> bool;
}

macro_rules! minus_one {
    ($($ty:ty),*) => { $(impl MinusOne for $ty {
        #[inline]
        fn is_failure(self) -> bool {
            self == -1
        }
    })* };
}
minus_one!(i32, i64, isize);

#[inline]
pub fn check<T: MinusOne>(result: T) -> SysResult<T> {
    if result.is_failure() { Err(last_error()) } else { Ok(result) }
}

/// An argument as C takes it.
trait Raw {
    type As;
    fn raw(self) -> Self::As;
}

macro_rules! raw_numbers {
    ($($ty:ty),*) => { $(impl Raw for $ty {
        type As = $ty;
        #[inline]
        fn raw(self) -> $ty {
            self
        }
    })* };
}
raw_numbers!(i32, u32, i64, u64, isize, usize);

impl Raw for &CStr {
    type As = *const c_char;

    fn raw(self) -> *const c_char {
        self.as_ptr()
    }
}

/// Calls that take nothing but numbers and C strings and say -1 when they fail.
macro_rules! syscalls {
    ($($name:ident($($arg:ident: $ty:ty),*) -> $ret:ty;)*) => { $(
        #[doc = concat!("`", stringify!($name), "(2)`")]
        #[inline]
        pub fn $name($($arg: $ty),*) -> SysResult<$ret> {
            // SAFETY: the call takes numbers, and strings that live until it returns.
            check(unsafe { libc::$name($($arg.raw()),*) })
        }
    )* };
}

syscalls! {
    access(path: &CStr, mode: i32) -> i32;
    chdir(path: &CStr) -> i32;
    chroot(path: &CStr) -> i32;
    close(fd: i32) -> i32;
    dup(fd: i32) -> i32;
    dup2(fd: i32, fd2: i32) -> i32;
    dup3(fd: i32, fd2: i32, flags: i32) -> i32;
    eventfd(initial: u32, flags: i32) -> i32;
    faccessat(dir_fd: i32, path: &CStr, mode: i32, flags: i32) -> i32;
    fchdir(fd: i32) -> i32;
    fchmod(fd: i32, mode: u32) -> i32;
    fchmodat(dir_fd: i32, path: &CStr, mode: u32, flags: i32) -> i32;
    fchown(fd: i32, uid: u32, gid: u32) -> i32;
    fchownat(dir_fd: i32, path: &CStr, uid: u32, gid: u32, flags: i32) -> i32;
    fdatasync(fd: i32) -> i32;
    fsync(fd: i32) -> i32;
    ftruncate(fd: i32, length: i64) -> i32;
    truncate(path: &CStr, length: i64) -> i32;
    getpgid(pid: i32) -> i32;
    getsid(pid: i32) -> i32;
    grantpt(fd: i32) -> i32;
    unlockpt(fd: i32) -> i32;
    posix_openpt(flags: i32) -> i32;
    initgroups(user: &CStr, group: u32) -> i32;
    kill(pid: i32, signal: i32) -> i32;
    killpg(group: i32, signal: i32) -> i32;
    lchown(path: &CStr, uid: u32, gid: u32) -> i32;
    linkat(from_fd: i32, from: &CStr, to_fd: i32, to: &CStr, flags: i32) -> i32;
    lockf(fd: i32, command: i32, length: i64) -> i32;
    flock(fd: i32, operation: i32) -> i32;
    lseek(fd: i32, offset: i64, whence: i32) -> i64;
    login_tty(fd: i32) -> i32;
    memfd_create(name: &CStr, flags: u32) -> i32;
    mkdirat(dir_fd: i32, path: &CStr, mode: u32) -> i32;
    mkfifoat(dir_fd: i32, path: &CStr, mode: u32) -> i32;
    mknodat(dir_fd: i32, path: &CStr, mode: u32, device: u64) -> i32;
    openat(dir_fd: i32, path: &CStr, flags: i32, mode: u32) -> i32;
    renameat(from_fd: i32, from: &CStr, to_fd: i32, to: &CStr) -> i32;
    sched_get_priority_max(policy: i32) -> i32;
    sched_get_priority_min(policy: i32) -> i32;
    sched_getscheduler(pid: i32) -> i32;
    sched_yield() -> i32;
    setegid(gid: u32) -> i32;
    seteuid(uid: u32) -> i32;
    setgid(gid: u32) -> i32;
    setuid(uid: u32) -> i32;
    setns(fd: i32, kind: i32) -> i32;
    unshare(flags: i32) -> i32;
    setpgid(pid: i32, group: i32) -> i32;
    setregid(real: u32, effective: u32) -> i32;
    setreuid(real: u32, effective: u32) -> i32;
    setresgid(real: u32, effective: u32, saved: u32) -> i32;
    setresuid(real: u32, effective: u32, saved: u32) -> i32;
    setsid() -> i32;
    symlinkat(target: &CStr, dir_fd: i32, path: &CStr) -> i32;
    tcgetpgrp(fd: i32) -> i32;
    tcsetpgrp(fd: i32, group: i32) -> i32;
    timerfd_create(clock: i32, flags: i32) -> i32;
    unlinkat(dir_fd: i32, path: &CStr, flags: i32) -> i32;
    fork() -> i32;
    shm_open(path: &CStr, flags: i32, mode: u32) -> i32;
    shm_unlink(path: &CStr) -> i32;
    tcsendbreak(fd: i32, duration: i32) -> i32;
    tcdrain(fd: i32) -> i32;
    tcflush(fd: i32, queue: i32) -> i32;
    tcflow(fd: i32, action: i32) -> i32;
    listen(fd: i32, backlog: i32) -> i32;
    shutdown(fd: i32, how: i32) -> i32;
    socket(family: i32, kind: i32, protocol: i32) -> i32;
    epoll_create1(flags: i32) -> i32;
    sethostname(name: &CStr, len: usize) -> i32;
}

/// Calls that cannot fail.
macro_rules! infallible {
    ($($name:ident($($arg:ident: $ty:ty),*) -> $ret:ty;)*) => { $(
        #[doc = concat!("`", stringify!($name), "(2)`")]
        #[inline]
        pub fn $name($($arg: $ty),*) -> $ret {
            // SAFETY: the call takes numbers and always succeeds.
            unsafe { libc::$name($($arg),*) }
        }
    )* };
}

infallible! {
    abort() -> !;
    _exit(status: i32) -> !;
    getegid() -> u32;
    geteuid() -> u32;
    getgid() -> u32;
    getpgrp() -> i32;
    getpid() -> i32;
    getppid() -> i32;
    getuid() -> u32;
    isatty(fd: i32) -> i32;
    sync() -> ();
    umask(mask: u32) -> u32;
    alarm(seconds: u32) -> u32;
    pause() -> i32;
    posix_fallocate(fd: i32, offset: i64, length: i64) -> i32;
    posix_fadvise(fd: i32, offset: i64, length: i64, advice: i32) -> i32;
}

/// Calls that fill in one structure and return it.
fn filled<T>(call: impl FnOnce(*mut T) -> i32) -> SysResult<T> {
    let mut value = MaybeUninit::<T>::zeroed();
    check(call(value.as_mut_ptr()))?;
    // SAFETY: the call succeeded and so filled the structure in; C structures may be all zero.
    Ok(unsafe { value.assume_init() })
}

pub fn fstat(fd: i32) -> SysResult<libc::stat> {
    // SAFETY: the structure is the kind the call fills in.
    filled(|out| unsafe { libc::fstat(fd, out) })
}

/// `fstatat(2)`, which sees the files of the library too.
pub fn fstatat(dir_fd: i32, path: &CStr, flags: i32) -> SysResult<libc::stat> {
    fstatat_plain(dir_fd, path, flags).or_else(|code| match code {
        libc::ENOENT | libc::ENOTDIR => crate::library_files::status(path).ok_or(code),
        _ => Err(code),
    })
}

/// `fstatat(2)`
pub fn fstatat_plain(dir_fd: i32, path: &CStr, flags: i32) -> SysResult<libc::stat> {
    // SAFETY: as above.
    filled(|out| unsafe { libc::fstatat(dir_fd, path.as_ptr(), out, flags) })
}

pub fn statvfs(path: &CStr) -> SysResult<libc::statvfs> {
    // SAFETY: as above.
    filled(|out| unsafe { libc::statvfs(path.as_ptr(), out) })
}

pub fn fstatvfs(fd: i32) -> SysResult<libc::statvfs> {
    // SAFETY: as above.
    filled(|out| unsafe { libc::fstatvfs(fd, out) })
}

pub fn uname() -> SysResult<libc::utsname> {
    // SAFETY: as above.
    filled(|out| unsafe { libc::uname(out) })
}

pub fn clock_gettime(clock: i32) -> SysResult<libc::timespec> {
    // SAFETY: as above.
    filled(|out| unsafe { libc::clock_gettime(clock, out) })
}

pub fn clock_getres(clock: i32) -> SysResult<libc::timespec> {
    // SAFETY: as above.
    filled(|out| unsafe { libc::clock_getres(clock, out) })
}

pub fn sched_getparam(pid: i32) -> SysResult<libc::sched_param> {
    // SAFETY: as above.
    filled(|out| unsafe { libc::sched_getparam(pid, out) })
}

pub fn sched_rr_get_interval(pid: i32) -> SysResult<libc::timespec> {
    // SAFETY: as above.
    filled(|out| unsafe { libc::sched_rr_get_interval(pid, out) })
}

pub fn sched_getaffinity(pid: i32) -> SysResult<Vec<usize>> {
    // SAFETY: as above; the size given is that of the set.
    let set: libc::cpu_set_t = filled(|out| unsafe { libc::sched_getaffinity(pid, size_of::<libc::cpu_set_t>(), out) })?;
    // SAFETY: the set is valid and the index in range.
    Ok((0..libc::CPU_SETSIZE as usize).filter(|&cpu| unsafe { libc::CPU_ISSET(cpu, &set) }).collect())
}

pub fn sched_setaffinity(pid: i32, cpus: &[usize]) -> SysResult<i32> {
    // SAFETY: an all-zero set is empty; indices are checked.
    unsafe {
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        for &cpu in cpus {
            if cpu < libc::CPU_SETSIZE as usize {
                libc::CPU_SET(cpu, &mut set);
            }
        }
        check(libc::sched_setaffinity(pid, size_of::<libc::cpu_set_t>(), &set))
    }
}

pub fn sched_setparam(pid: i32, priority: i32) -> SysResult<i32> {
    let param = libc::sched_param { sched_priority: priority };
    // SAFETY: the structure lives through the call.
    check(unsafe { libc::sched_setparam(pid, &param) })
}

pub fn sched_setscheduler(pid: i32, policy: i32, priority: i32) -> SysResult<i32> {
    let param = libc::sched_param { sched_priority: priority };
    // SAFETY: the structure lives through the call.
    check(unsafe { libc::sched_setscheduler(pid, policy, &param) })
}

pub fn utimensat(dir_fd: i32, path: &CStr, times: Option<[libc::timespec; 2]>, flags: i32) -> SysResult<i32> {
    let times = times.as_ref().map_or(std::ptr::null(), |times| times.as_ptr());
    // SAFETY: the times, if any, live through the call.
    check(unsafe { libc::utimensat(dir_fd, path.as_ptr(), times, flags) })
}

pub fn futimens(fd: i32, times: Option<[libc::timespec; 2]>) -> SysResult<i32> {
    let times = times.as_ref().map_or(std::ptr::null(), |times| times.as_ptr());
    // SAFETY: as above.
    check(unsafe { libc::futimens(fd, times) })
}

/// Reads up to `count` bytes into a new vector.
pub fn read_vec(fd: i32, count: usize) -> SysResult<Vec<u8>> {
    let mut data: Vec<u8> = Vec::with_capacity(count);
    // SAFETY: the vector has room for `count` bytes, and as many as were read are initialised.
    unsafe {
        let n = check(libc::read(fd, data.as_mut_ptr().cast(), count))?;
        data.set_len(n as usize);
    }
    Ok(data)
}

pub fn pread_vec(fd: i32, count: usize, offset: i64) -> SysResult<Vec<u8>> {
    let mut data: Vec<u8> = Vec::with_capacity(count);
    // SAFETY: as above.
    unsafe {
        let n = check(libc::pread(fd, data.as_mut_ptr().cast(), count, offset))?;
        data.set_len(n as usize);
    }
    Ok(data)
}

/// Memory held by a buffer or a vector, for calls made without the global lock.
#[derive(Clone, Copy)]
pub struct Memory {
    start: *mut u8,
    len: usize,
}

// SAFETY: who makes one keeps the memory in place and alive while calls use it.
unsafe impl Send for Memory {}
// SAFETY: as above.
unsafe impl Sync for Memory {}

impl Memory {
    /// The memory of a buffer, which the caller holds for as long as it uses this.
    pub fn of(buffer: &object::bytes::Buffer) -> Memory {
        Memory { start: buffer.address(), len: buffer.len() }
    }

    pub fn of_slice(data: &[u8]) -> Memory {
        Memory { start: data.as_ptr().cast_mut(), len: data.len() }
    }

    pub fn of_slice_mut(data: &mut [u8]) -> Memory {
        Memory { start: data.as_mut_ptr(), len: data.len() }
    }

    pub fn len(self) -> usize {
        self.len
    }

    pub fn is_empty(self) -> bool {
        self.len == 0
    }

    #[must_use]
    pub fn limit(self, len: usize) -> Memory {
        Memory { len: self.len.min(len), ..self }
    }

    #[must_use]
    pub fn skip(self, n: usize) -> Memory {
        let n = n.min(self.len);
        Memory { start: self.start.wrapping_add(n), len: self.len - n }
    }

    pub fn as_iovec(self) -> libc::iovec {
        libc::iovec { iov_base: self.start.cast(), iov_len: self.len }
    }

    pub fn pointer(self) -> *mut u8 {
        self.start
    }
}

/// Reads into memory that is held.
pub fn read(fd: i32, memory: Memory) -> SysResult<usize> {
    // SAFETY: the memory is held by the caller and that long.
    check(unsafe { libc::read(fd, memory.start.cast(), memory.len) }).map(|n| n as usize)
}

pub fn write(fd: i32, memory: Memory) -> SysResult<usize> {
    // SAFETY: as above.
    check(unsafe { libc::write(fd, memory.start.cast(), memory.len) }).map(|n| n as usize)
}

pub fn pwrite(fd: i32, memory: Memory, offset: i64) -> SysResult<usize> {
    // SAFETY: as above.
    check(unsafe { libc::pwrite(fd, memory.start.cast(), memory.len, offset) }).map(|n| n as usize)
}

/// `readv`, `preadv2`, `writev`, `pwritev2`: which one, then descriptor, memory, offset, flags.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Vectored {
    Read,
    ReadAt(i64, i32),
    Write,
    WriteAt(i64, i32),
}

pub fn vectored(fd: i32, memory: &[Memory], how: Vectored) -> SysResult<usize> {
    let vectors: Vec<libc::iovec> = memory.iter().map(|memory| memory.as_iovec()).collect();
    let (start, n) = (vectors.as_ptr(), vectors.len() as i32);
    // SAFETY: the vectors describe memory the caller holds.
    let result = unsafe {
        match how {
            Vectored::Read => libc::readv(fd, start, n),
            Vectored::ReadAt(offset, 0) => libc::preadv(fd, start, n, offset),
            Vectored::ReadAt(offset, flags) => libc::preadv2(fd, start, n, offset, flags),
            Vectored::Write => libc::writev(fd, start, n),
            Vectored::WriteAt(offset, 0) => libc::pwritev(fd, start, n, offset),
            Vectored::WriteAt(offset, flags) => libc::pwritev2(fd, start, n, offset, flags),
        }
    };
    check(result).map(|n| n as usize)
}

pub fn sendfile(out_fd: i32, in_fd: i32, offset: Option<i64>, count: usize) -> SysResult<usize> {
    let mut offset = offset;
    let pointer = offset.as_mut().map_or(std::ptr::null_mut(), std::ptr::from_mut);
    // SAFETY: the offset, if any, lives through the call.
    check(unsafe { libc::sendfile(out_fd, in_fd, pointer, count) }).map(|n| n as usize)
}

pub fn copy_file_range(from: i32, from_offset: Option<i64>, to: i32, to_offset: Option<i64>, count: usize) -> SysResult<usize> {
    let (mut from_offset, mut to_offset) = (from_offset, to_offset);
    let from_pointer = from_offset.as_mut().map_or(std::ptr::null_mut(), std::ptr::from_mut);
    let to_pointer = to_offset.as_mut().map_or(std::ptr::null_mut(), std::ptr::from_mut);
    // SAFETY: as above.
    check(unsafe { libc::copy_file_range(from, from_pointer, to, to_pointer, count, 0) }).map(|n| n as usize)
}

pub fn splice(from: i32, from_offset: Option<i64>, to: i32, to_offset: Option<i64>, count: usize, flags: u32) -> SysResult<usize> {
    let (mut from_offset, mut to_offset) = (from_offset, to_offset);
    let from_pointer = from_offset.as_mut().map_or(std::ptr::null_mut(), std::ptr::from_mut);
    let to_pointer = to_offset.as_mut().map_or(std::ptr::null_mut(), std::ptr::from_mut);
    // SAFETY: as above.
    check(unsafe { libc::splice(from, from_pointer, to, to_pointer, count, flags) }).map(|n| n as usize)
}

pub fn pipe2(flags: i32) -> SysResult<(i32, i32)> {
    let mut fds = [0; 2];
    // SAFETY: the array has room for two descriptors.
    check(unsafe { libc::pipe2(fds.as_mut_ptr(), flags) })?;
    Ok((fds[0], fds[1]))
}

pub fn socketpair(family: i32, kind: i32, protocol: i32) -> SysResult<(i32, i32)> {
    let mut fds = [0; 2];
    // SAFETY: as above.
    check(unsafe { libc::socketpair(family, kind, protocol, fds.as_mut_ptr()) })?;
    Ok((fds[0], fds[1]))
}

pub fn openpty() -> SysResult<(i32, i32)> {
    let (mut master, mut slave) = (0, 0);
    let null = std::ptr::null_mut();
    // SAFETY: the descriptors are filled in; name, settings and size are not wanted.
    check(unsafe { libc::openpty(&mut master, &mut slave, null, std::ptr::null_mut(), std::ptr::null_mut()) })?;
    Ok((master, slave))
}

pub fn forkpty() -> SysResult<(i32, i32)> {
    let mut master = -1;
    // SAFETY: as above.
    let pid = check(unsafe { libc::forkpty(&mut master, std::ptr::null_mut(), std::ptr::null_mut(), std::ptr::null_mut()) })?;
    Ok((pid, master))
}

/// `fcntl` with a number.
pub fn fcntl(fd: i32, command: i32, argument: i64) -> SysResult<i32> {
    // SAFETY: a command that takes a pointer is only called through `fcntl_memory`; with a number
    // that is no address it fails with `EFAULT`.
    check(unsafe { libc::fcntl(fd, command, argument) })
}

/// `fcntl` with memory that the command reads or fills in.
pub fn fcntl_memory(fd: i32, command: i32, memory: Memory) -> SysResult<i32> {
    // SAFETY: the memory is held by the caller; `fcntl` structures are smaller than it must be.
    check(unsafe { libc::fcntl(fd, command, memory.start) })
}

pub fn ioctl(fd: i32, request: u64, argument: i64) -> SysResult<i32> {
    // SAFETY: a request that takes a pointer fails with `EFAULT` if the number is no address.
    check(unsafe { libc::ioctl(fd, request, argument) })
}

pub fn ioctl_memory(fd: i32, request: u64, memory: Memory) -> SysResult<i32> {
    // SAFETY: the memory is held by the caller.
    check(unsafe { libc::ioctl(fd, request, memory.start) })
}

pub fn window_size(fd: i32) -> SysResult<libc::winsize> {
    // SAFETY: the structure is the kind the request fills in.
    filled(|out: *mut libc::winsize| unsafe { libc::ioctl(fd, libc::TIOCGWINSZ, out) })
}

pub fn is_inheritable(fd: i32) -> SysResult<bool> {
    Ok(fcntl(fd, libc::F_GETFD, 0)? & libc::FD_CLOEXEC == 0)
}

pub fn set_inheritable(fd: i32, inheritable: bool) -> SysResult<()> {
    let flags = fcntl(fd, libc::F_GETFD, 0)?;
    let new = if inheritable { flags & !libc::FD_CLOEXEC } else { flags | libc::FD_CLOEXEC };
    if new != flags {
        fcntl(fd, libc::F_SETFD, i64::from(new))?;
    }
    Ok(())
}

pub fn set_blocking(fd: i32, blocking: bool) -> SysResult<()> {
    let flags = fcntl(fd, libc::F_GETFL, 0)?;
    let new = if blocking { flags & !libc::O_NONBLOCK } else { flags | libc::O_NONBLOCK };
    if new != flags {
        fcntl(fd, libc::F_SETFL, i64::from(new))?;
    }
    Ok(())
}

/// The path of the working directory.
pub fn getcwd() -> SysResult<Vec<u8>> {
    let mut size = 1024;
    loop {
        let mut buffer = vec![0u8; size];
        // SAFETY: the buffer is that long.
        let result = unsafe { libc::getcwd(buffer.as_mut_ptr().cast(), size) };
        if !result.is_null() {
            buffer.truncate(buffer.iter().position(|&byte| byte == 0).unwrap_or(size));
            return Ok(buffer);
        }
        match last_error() {
            libc::ERANGE => size *= 2,
            error => return Err(error),
        }
    }
}

pub fn readlinkat(dir_fd: i32, path: &CStr) -> SysResult<Vec<u8>> {
    let mut size = 4096;
    loop {
        let mut buffer = vec![0u8; size];
        // SAFETY: the buffer is that long.
        let n = check(unsafe { libc::readlinkat(dir_fd, path.as_ptr(), buffer.as_mut_ptr().cast(), size) })? as usize;
        if n < size {
            buffer.truncate(n);
            return Ok(buffer);
        }
        size *= 2;
    }
}

/// A directory that is being read.
pub struct Directory {
    stream: *mut libc::DIR,
    /// The entries that are left of a directory of the library, for which there is no stream.
    listed: Vec<Entry>,
}

// SAFETY: used by one thread at a time, the one that holds the object it belongs to.
unsafe impl Send for Directory {}

/// One entry of a directory.
pub struct Entry {
    pub name: Vec<u8>,
    pub inode: u64,
    pub kind: u8,
}

impl Directory {
    pub fn open(path: &CStr) -> SysResult<Directory> {
        // SAFETY: the path lives through the call.
        let directory = unsafe { libc::opendir(path.as_ptr()) };
        if !directory.is_null() {
            return Ok(Directory { stream: directory, listed: Vec::new() });
        }
        let code = last_error();
        match crate::library_files::entries(path).filter(|_| code == libc::ENOENT) {
            Some(listed) => Ok(Directory { stream: directory, listed }),
            None => Err(code),
        }
    }

    /// Takes the descriptor over.
    pub fn from_fd(fd: i32) -> SysResult<Directory> {
        // SAFETY: the call takes a number.
        let directory = unsafe { libc::fdopendir(fd) };
        if directory.is_null() {
            return Err(last_error());
        }
        // SAFETY: the directory has just been opened.
        unsafe { libc::rewinddir(directory) };
        Ok(Directory { stream: directory, listed: Vec::new() })
    }

    /// The next entry but `.` and `..`.
    pub fn next_entry(&mut self) -> SysResult<Option<Entry>> {
        if self.stream.is_null() {
            return Ok(self.listed.pop());
        }
        loop {
            // SAFETY: errno is the thread's own; the directory is open; an entry is valid until the next call.
            unsafe {
                *libc::__errno_location() = 0;
                let entry = libc::readdir(self.stream);
                if entry.is_null() {
                    return match last_error() {
                        0 => Ok(None),
                        error => Err(error),
                    };
                }
                let name = CStr::from_ptr((&raw const (*entry).d_name).cast()).to_bytes();
                if name == b"." || name == b".." {
                    continue;
                }
                return Ok(Some(Entry { name: name.to_vec(), inode: (*entry).d_ino, kind: (*entry).d_type }));
            }
        }
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        if !self.stream.is_null() {
            // SAFETY: the directory is open and is closed once.
            unsafe { libc::closedir(self.stream) };
        }
    }
}

/// The process's environment, as it is now.
pub fn environment() -> Vec<Vec<u8>> {
    unsafe extern "C" {
        static environ: *const *const c_char;
    }
    let mut all = Vec::new();
    // SAFETY: `environ` is null or ends with a null pointer, and its strings end with a null byte;
    // only threads that hold the global lock change it.
    unsafe {
        let mut next = environ;
        while !next.is_null() && !(*next).is_null() {
            all.push(CStr::from_ptr(*next).to_bytes().to_vec());
            next = next.add(1);
        }
    }
    all
}

pub fn setenv(name: &CStr, value: &CStr) -> SysResult<i32> {
    // SAFETY: the strings are copied; only threads that hold the global lock touch the environment.
    check(unsafe { libc::setenv(name.as_ptr(), value.as_ptr(), 1) })
}

pub fn unsetenv(name: &CStr) -> SysResult<i32> {
    // SAFETY: as above.
    check(unsafe { libc::unsetenv(name.as_ptr()) })
}

pub fn getgroups() -> SysResult<Vec<u32>> {
    // SAFETY: with no room the call only counts; then there is room for as many as it said.
    unsafe {
        let n = check(libc::getgroups(0, std::ptr::null_mut()))?;
        let mut groups = vec![0; n as usize + 1];
        let n = check(libc::getgroups(groups.len() as i32, groups.as_mut_ptr()))?;
        groups.truncate(n as usize);
        Ok(groups)
    }
}

pub fn setgroups(groups: &[u32]) -> SysResult<i32> {
    // SAFETY: the slice is that long.
    check(unsafe { libc::setgroups(groups.len(), groups.as_ptr()) })
}

pub fn getgrouplist(user: &CStr, group: u32) -> SysResult<Vec<u32>> {
    let mut n = 64;
    loop {
        let mut groups = vec![0; n as usize];
        let mut found = n;
        // SAFETY: the vector has room for `n` groups.
        let result = unsafe { libc::getgrouplist(user.as_ptr(), group, groups.as_mut_ptr(), &mut found) };
        if result >= 0 {
            groups.truncate(found as usize);
            return Ok(groups);
        }
        n = found.max(n * 2);
        if n > 1 << 20 {
            return Err(libc::EINVAL);
        }
    }
}

pub fn getresuid() -> SysResult<[u32; 3]> {
    let mut ids = [0; 3];
    let [real, effective, saved] = &mut ids;
    // SAFETY: the ids are filled in.
    check(unsafe { libc::getresuid(real, effective, saved) })?;
    Ok(ids)
}

pub fn getresgid() -> SysResult<[u32; 3]> {
    let mut ids = [0; 3];
    let [real, effective, saved] = &mut ids;
    // SAFETY: as above.
    check(unsafe { libc::getresgid(real, effective, saved) })?;
    Ok(ids)
}

/// A call whose result may be -1 without having failed.
fn with_errno<T: MinusOne>(call: impl FnOnce() -> T) -> SysResult<T> {
    // SAFETY: errno is the thread's own.
    unsafe { *libc::__errno_location() = 0 };
    let result = call();
    if result.is_failure() && last_error() != 0 { Err(last_error()) } else { Ok(result) }
}

pub fn getpriority(which: i32, who: u32) -> SysResult<i32> {
    // SAFETY: the call takes numbers.
    with_errno(|| unsafe { libc::getpriority(which as u32, who) })
}

pub fn setpriority(which: i32, who: u32, priority: i32) -> SysResult<i32> {
    // SAFETY: as above.
    check(unsafe { libc::setpriority(which as u32, who, priority) })
}

pub fn nice(increment: i32) -> SysResult<i32> {
    // SAFETY: as above.
    with_errno(|| unsafe { libc::nice(increment) })
}

pub fn sysconf(name: i32) -> SysResult<i64> {
    // SAFETY: as above.
    with_errno(|| unsafe { libc::sysconf(name) })
}

pub fn pathconf(path: &CStr, name: i32) -> SysResult<i64> {
    // SAFETY: the path lives through the call.
    with_errno(|| unsafe { libc::pathconf(path.as_ptr(), name) })
}

pub fn fpathconf(fd: i32, name: i32) -> SysResult<i64> {
    // SAFETY: the call takes numbers.
    with_errno(|| unsafe { libc::fpathconf(fd, name) })
}

/// `None`: the name has no value.
pub fn confstr(name: i32) -> SysResult<Option<Vec<u8>>> {
    // SAFETY: without room the call only says how much it wants; then it has that much.
    unsafe {
        *libc::__errno_location() = 0;
        let n = libc::confstr(name, std::ptr::null_mut(), 0);
        if n == 0 {
            return if last_error() != 0 { Err(last_error()) } else { Ok(None) };
        }
        let mut buffer = vec![0u8; n];
        libc::confstr(name, buffer.as_mut_ptr().cast(), n);
        buffer.truncate(n - 1);
        Ok(Some(buffer))
    }
}

pub fn getloadavg() -> Option<[f64; 3]> {
    let mut loads = [0.0; 3];
    // SAFETY: there is room for three numbers.
    (unsafe { libc::getloadavg(loads.as_mut_ptr(), 3) } == 3).then_some(loads)
}

pub fn getrandom(data: &mut [u8], flags: u32) -> SysResult<usize> {
    // SAFETY: the slice is that long.
    check(unsafe { libc::getrandom(data.as_mut_ptr().cast(), data.len(), flags) }).map(|n| n as usize)
}

/// A string that a call writes into a buffer; the call returns an error number.
fn named(call: impl Fn(*mut c_char, usize) -> i32) -> SysResult<Vec<u8>> {
    let mut size = 256;
    loop {
        let mut buffer = vec![0u8; size];
        match call(buffer.as_mut_ptr().cast(), size) {
            0 => {
                buffer.truncate(buffer.iter().position(|&byte| byte == 0).unwrap_or(size));
                return Ok(buffer);
            }
            libc::ERANGE if size < 1 << 16 => size *= 2,
            -1 => return Err(last_error()),
            error => return Err(error),
        }
    }
}

pub fn ttyname(fd: i32) -> SysResult<Vec<u8>> {
    // SAFETY: the buffer is that long.
    named(|buffer, size| unsafe { libc::ttyname_r(fd, buffer, size) })
}

pub fn ptsname(fd: i32) -> SysResult<Vec<u8>> {
    // SAFETY: as above.
    named(|buffer, size| unsafe { libc::ptsname_r(fd, buffer, size) })
}

pub fn getlogin() -> SysResult<Vec<u8>> {
    // SAFETY: the name is copied before anything else can ask for it.
    unsafe {
        let name = libc::getlogin();
        if name.is_null() { Err(last_error()) } else { Ok(CStr::from_ptr(name).to_bytes().to_vec()) }
    }
}

pub fn gethostname() -> SysResult<Vec<u8>> {
    // SAFETY: as above.
    named(|buffer, size| unsafe { libc::gethostname(buffer, size) })
}

/// What `wait4` reports: process, status, resources.
pub fn wait4(pid: i32, options: i32) -> SysResult<(i32, i32, libc::rusage)> {
    let mut status = 0;
    let mut usage = MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: status and usage are filled in; an all-zero usage is valid too.
    unsafe {
        let pid = check(libc::wait4(pid, &mut status, options, usage.as_mut_ptr()))?;
        Ok((pid, status, usage.assume_init()))
    }
}

/// What `waitid` reports: process, user, signal, status, code; all zero if there is nothing to report.
pub fn waitid(kind: u32, id: u32, options: i32) -> SysResult<[i64; 5]> {
    // SAFETY: the structure is the kind the call fills in, and starts out all zero.
    let info: libc::siginfo_t = filled(|out| unsafe { libc::waitid(kind, id, out, options) })?;
    // SAFETY: the fields are those of a child's report, or zero.
    unsafe {
        Ok([i64::from(info.si_pid()), i64::from(info.si_uid()), i64::from(info.si_signo), i64::from(info.si_status()), i64::from(info.si_code)])
    }
}

pub fn times() -> SysResult<(libc::tms, i64)> {
    let mut value = MaybeUninit::<libc::tms>::zeroed();
    // SAFETY: the structure is the kind the call fills in.
    unsafe {
        let elapsed = check(libc::times(value.as_mut_ptr()))?;
        Ok((value.assume_init(), elapsed))
    }
}

pub fn pidfd_open(pid: i32, flags: u32) -> SysResult<i32> {
    // SAFETY: the call takes numbers.
    check(unsafe { libc::syscall(libc::SYS_pidfd_open, pid, flags) }).map(|fd| fd as i32)
}

pub fn eventfd_read(fd: i32) -> SysResult<u64> {
    let mut value = 0u64;
    // SAFETY: the value has the eight bytes.
    check(unsafe { libc::read(fd, (&raw mut value).cast(), 8) })?;
    Ok(value)
}

pub fn eventfd_write(fd: i32, value: u64) -> SysResult<isize> {
    // SAFETY: as above.
    check(unsafe { libc::write(fd, (&raw const value).cast(), 8) })
}

pub fn timerfd_settime(fd: i32, flags: i32, new: libc::itimerspec) -> SysResult<libc::itimerspec> {
    // SAFETY: both structures are of the kind the call takes.
    filled(|old| unsafe { libc::timerfd_settime(fd, flags, &new, old) })
}

pub fn timerfd_gettime(fd: i32) -> SysResult<libc::itimerspec> {
    // SAFETY: as above.
    filled(|out| unsafe { libc::timerfd_gettime(fd, out) })
}

/// A C array of characters that ends with a null.
pub fn chars_to_bytes(chars: &[c_char]) -> Vec<u8> {
    chars.iter().take_while(|&&char| char != 0).map(|&char| char as u8).collect()
}

/// The thread's own number in the system.
pub fn gettid() -> i32 {
    // SAFETY: the call takes nothing and cannot fail.
    unsafe { libc::gettid() }
}

/// The number `threading.get_ident` shows.
pub fn thread_self() -> u64 {
    // SAFETY: as above.
    unsafe { libc::pthread_self() }
}

/// Names the calling thread, for debuggers.
pub fn set_thread_name(name: &CStr) {
    // SAFETY: the name lives through the call, and is at most 15 bytes long.
    unsafe { libc::pthread_setname_np(libc::pthread_self(), name.as_ptr()) };
}

pub fn thread_name() -> Vec<u8> {
    // SAFETY: the buffer is that long.
    named(|buffer, size| unsafe { libc::pthread_getname_np(libc::pthread_self(), buffer, size) }).unwrap_or_default()
}

pub fn getrusage(who: i32) -> SysResult<libc::rusage> {
    // SAFETY: the structure is the kind the call fills in.
    filled(|out| unsafe { libc::getrusage(who, out) })
}

/// Reads a limit, and sets it if a new one is given.
pub fn prlimit(pid: i32, resource: i32, new: Option<libc::rlimit>) -> SysResult<libc::rlimit> {
    let new = new.as_ref().map_or(std::ptr::null(), std::ptr::from_ref);
    // SAFETY: as above; the new limits, if any, live through the call.
    filled(|old| unsafe { libc::prlimit(pid, resource as u32, new, old) })
}

/// Locks or unlocks part of a file for the process.
pub fn lock_range(fd: i32, wait: bool, kind: i32, whence: i32, start: i64, len: i64) -> SysResult<i32> {
    // SAFETY: a structure of numbers may be all zero; it lives through the call.
    unsafe {
        let mut lock: libc::flock = std::mem::zeroed();
        lock.l_type = kind as i16;
        lock.l_whence = whence as i16;
        lock.l_start = start;
        lock.l_len = len;
        check(libc::fcntl(fd, if wait { libc::F_SETLKW } else { libc::F_SETLK }, &lock))
    }
}

/// Opens the connection to the system's log; `None`: the program's own name is shown.
///
/// The name must stay alive until the next call or `closelog`.
pub fn openlog(ident: Option<&CStr>, options: i32, facility: i32) {
    // SAFETY: the caller keeps the name alive.
    unsafe { libc::openlog(ident.map_or(std::ptr::null(), CStr::as_ptr), options, facility) };
}

pub fn syslog(priority: i32, message: &CStr) {
    // SAFETY: the message is the argument of a fixed format.
    unsafe { libc::syslog(priority, c"%s".as_ptr(), message.as_ptr()) };
}

pub fn closelog() {
    // SAFETY: the call takes nothing.
    unsafe { libc::closelog() };
}

pub fn setlogmask(mask: i32) -> i32 {
    // SAFETY: the call takes a number.
    unsafe { libc::setlogmask(mask) }
}

/// The settings of a terminal.
pub struct Terminal {
    pub tty: libc::termios,
    pub input_speed: u32,
    pub output_speed: u32,
}

pub fn tcgetattr(fd: i32) -> SysResult<Terminal> {
    // SAFETY: the structure is the kind the call fills in.
    let tty: libc::termios = filled(|out| unsafe { libc::tcgetattr(fd, out) })?;
    // SAFETY: the structure is valid.
    let (input_speed, output_speed) = unsafe { (libc::cfgetispeed(&tty), libc::cfgetospeed(&tty)) };
    Ok(Terminal { tty, input_speed, output_speed })
}

pub fn tcsetattr(fd: i32, when: i32, settings: &Terminal) -> SysResult<i32> {
    let mut tty = settings.tty;
    // SAFETY: the structure is valid and lives through the calls.
    unsafe {
        check(libc::cfsetispeed(&mut tty, settings.input_speed))?;
        check(libc::cfsetospeed(&mut tty, settings.output_speed))?;
        check(libc::tcsetattr(fd, when, &tty))
    }
}

pub fn set_window_size(fd: i32, size: libc::winsize) -> SysResult<i32> {
    // SAFETY: the structure lives through the call.
    check(unsafe { libc::ioctl(fd, libc::TIOCSWINSZ, &size) })
}
