//! `fcntl`: control of descriptors.

use crate::blocking::retry;
use crate::os_support::*;
use crate::sys::{self, Memory};
use object::method;
use object::native::Module;
use object::str::Str;
use object::{Object, PyResult, Ref, Vm};

/// `fcntl`
pub static MODULE: Module = Module {
    name: "fcntl",
    doc: "This module performs file control and I/O control on file\ndescriptors.  It is an interface to the fcntl() and ioctl() Unix\nroutines.  File descriptors can be obtained with the fileno() method of\na file or socket object.",
    functions: &[
        method!(Bound fcntl "($module, fd, cmd, arg=0, /)", "Perform the operation `cmd` on file descriptor fd."),
        method!(Bound ioctl "($module, fd, request, arg=0, mutate_flag=True, /)", "Perform the operation request on file descriptor fd."),
        method!(Bound flock "($module, fd, operation, /)", "Perform the lock operation on file descriptor fd."),
        method!(Bound lockf "($module, fd, cmd, len=0, start=0, whence=0, /)", "A wrapper around the fcntl() locking calls."),
    ],
    init: Some(|vm, module| {
        add_constants(vm, module, CONSTANTS);
        Ok(())
    }),
    ..Module::DEFAULT
};

/// The most memory a request may need, whatever it was given.
const LEAST_MEMORY: usize = 1024;

/// An argument that is a string or bytes, in memory with room behind it for what the system writes.
fn memory_argument(vm: &mut Vm, value: Ref<'_>) -> PyResult<Option<(Vec<u8>, usize)>> {
    let data = match value.downcast::<Str>() {
        Some(text) => fs_encode(vm, text.get())?,
        None if vm.has_buffer(value) => vm.buffer(value)?.bytes(vm).to_vec(),
        None => return Ok(None),
    };
    let len = data.len();
    let mut data = data;
    data.resize(len.max(LEAST_MEMORY), 0);
    Ok(Some((data, len)))
}

fn number_argument(vm: &mut Vm, value: Option<Ref<'_>>) -> PyResult<i64> {
    let Some(value) = value else { return Ok(0) };
    let number = vm.index(value)?;
    match (object::int::as_i64(number.borrow()), object::int::as_u64(number.borrow())) {
        (Some(number), _) => Ok(number),
        (None, Some(number)) => Ok(number as i64),
        (None, None) => Err(vm.overflow_error("Python int too large to convert to C long")),
    }
}

fn fcntl(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let fd = file_descriptor(vm, arg(args, 0))?;
    let command = vm.to_i32(arg(args, 1))?;
    if let Some(value) = args[2].filter(|value| value.class().slots().index.is_none())
        && let Some((mut data, len)) = memory_argument(vm, value)?
    {
        if len > LEAST_MEMORY {
            return Err(vm.value_error("fcntl argument 3 is too long"));
        }
        let memory = Memory::of_slice_mut(&mut data);
        let result = retry(vm, || sys::fcntl_memory(fd, command, memory))?;
        checked(vm, result)?;
        return Ok(vm.new_bytes(&data[..len]).into_object());
    }
    let number = number_argument(vm, args[2])?;
    let result = retry(vm, || sys::fcntl(fd, command, i64::from(number as i32)))?;
    let result = checked(vm, result)?;
    Ok(Object::small_int(i64::from(result)))
}

fn ioctl(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let fd = file_descriptor(vm, arg(args, 0))?;
    let request = number_argument(vm, args[1])? as u64;
    let mutate = truth(vm, args[3], true)?;
    let Some(value) = args[2].filter(|value| value.class().slots().index.is_none()) else {
        let number = number_argument(vm, args[2])?;
        let result = retry(vm, || sys::ioctl(fd, request, number))?;
        let result = checked(vm, result)?;
        return Ok(Object::small_int(i64::from(result)));
    };
    let writable = match vm.buffer_any(value, true) {
        Ok(Some(buffer)) if !buffer.is_readonly() && buffer.is_c_contiguous() => Some(buffer),
        Ok(_) => None,
        Err(raised) => {
            vm.catch_if(raised, &object::exception::BUFFER_ERROR)?;
            None
        }
    };
    let Some((mut data, len)) = memory_argument(vm, value)? else {
        return Err(vm.type_error(format!("ioctl() argument 3 must be int, bytes-like object, or string, not {}", value.class().full_name())));
    };
    let memory = Memory::of_slice_mut(&mut data);
    let result = retry(vm, || sys::ioctl_memory(fd, request, memory))?;
    let result = checked(vm, result)?;
    match writable.filter(|_| mutate) {
        Some(buffer) => {
            buffer.bytes_mut(vm).copy_from_slice(&data[..len]);
            Ok(Object::small_int(i64::from(result)))
        }
        None => Ok(vm.new_bytes(&data[..len]).into_object()),
    }
}

fn flock(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let fd = file_descriptor(vm, arg(args, 0))?;
    let operation = vm.to_i32(arg(args, 1))?;
    let result = retry(vm, || sys::flock(fd, operation))?;
    checked(vm, result)?;
    Ok(Object::none())
}

fn lockf(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let fd = file_descriptor(vm, arg(args, 0))?;
    let command = vm.to_i32(arg(args, 1))?;
    let kind = if command & libc::LOCK_UN != 0 {
        libc::F_UNLCK
    } else if command & libc::LOCK_SH != 0 {
        libc::F_RDLCK
    } else if command & libc::LOCK_EX != 0 {
        libc::F_WRLCK
    } else {
        return Err(vm.value_error("unrecognized lockf argument"));
    };
    let len = number_argument(vm, args[2])?;
    let start = number_argument(vm, args[3])?;
    let whence = int_or(vm, args[4], 0)?;
    let wait = command & libc::LOCK_NB == 0;
    let result = retry(vm, || sys::lock_range(fd, wait, kind, whence, start, len))?;
    checked(vm, result)?;
    Ok(Object::none())
}

/// Constants by name.
static CONSTANTS: &[(&str, i64)] = &[
    ("DN_ACCESS", 1),
    ("DN_ATTRIB", 32),
    ("DN_CREATE", 4),
    ("DN_DELETE", 8),
    ("DN_MODIFY", 2),
    ("DN_MULTISHOT", 2147483648),
    ("DN_RENAME", 16),
    ("FASYNC", 8192),
    ("FD_CLOEXEC", libc::FD_CLOEXEC as i64),
    ("FICLONE", libc::FICLONE as i64),
    ("FICLONERANGE", libc::FICLONERANGE as i64),
    ("F_ADD_SEALS", libc::F_ADD_SEALS as i64),
    ("F_DUPFD", libc::F_DUPFD as i64),
    ("F_DUPFD_CLOEXEC", libc::F_DUPFD_CLOEXEC as i64),
    ("F_DUPFD_QUERY", 1027),
    ("F_EXLCK", 4),
    ("F_GETFD", libc::F_GETFD as i64),
    ("F_GETFL", libc::F_GETFL as i64),
    ("F_GETLEASE", libc::F_GETLEASE as i64),
    ("F_GETLK", libc::F_GETLK as i64),
    ("F_GETLK64", 5),
    ("F_GETOWN", libc::F_GETOWN as i64),
    ("F_GETOWN_EX", 16),
    ("F_GETPIPE_SZ", libc::F_GETPIPE_SZ as i64),
    ("F_GETSIG", 11),
    ("F_GET_FILE_RW_HINT", 1037),
    ("F_GET_RW_HINT", 1035),
    ("F_GET_SEALS", libc::F_GET_SEALS as i64),
    ("F_NOTIFY", libc::F_NOTIFY as i64),
    ("F_OFD_GETLK", libc::F_OFD_GETLK as i64),
    ("F_OFD_SETLK", libc::F_OFD_SETLK as i64),
    ("F_OFD_SETLKW", libc::F_OFD_SETLKW as i64),
    ("F_OWNER_PGRP", 2),
    ("F_OWNER_PID", 1),
    ("F_OWNER_TID", 0),
    ("F_RDLCK", libc::F_RDLCK as i64),
    ("F_SEAL_FUTURE_WRITE", libc::F_SEAL_FUTURE_WRITE as i64),
    ("F_SEAL_GROW", libc::F_SEAL_GROW as i64),
    ("F_SEAL_SEAL", libc::F_SEAL_SEAL as i64),
    ("F_SEAL_SHRINK", libc::F_SEAL_SHRINK as i64),
    ("F_SEAL_WRITE", libc::F_SEAL_WRITE as i64),
    ("F_SETFD", libc::F_SETFD as i64),
    ("F_SETFL", libc::F_SETFL as i64),
    ("F_SETLEASE", libc::F_SETLEASE as i64),
    ("F_SETLK", libc::F_SETLK as i64),
    ("F_SETLK64", 6),
    ("F_SETLKW", libc::F_SETLKW as i64),
    ("F_SETLKW64", 7),
    ("F_SETOWN", libc::F_SETOWN as i64),
    ("F_SETOWN_EX", 15),
    ("F_SETPIPE_SZ", libc::F_SETPIPE_SZ as i64),
    ("F_SETSIG", 10),
    ("F_SET_FILE_RW_HINT", 1038),
    ("F_SET_RW_HINT", 1036),
    ("F_SHLCK", 8),
    ("F_UNLCK", libc::F_UNLCK as i64),
    ("F_WRLCK", libc::F_WRLCK as i64),
    ("LOCK_EX", libc::LOCK_EX as i64),
    ("LOCK_MAND", 32),
    ("LOCK_NB", libc::LOCK_NB as i64),
    ("LOCK_READ", 64),
    ("LOCK_RW", 192),
    ("LOCK_SH", libc::LOCK_SH as i64),
    ("LOCK_UN", libc::LOCK_UN as i64),
    ("LOCK_WRITE", 128),
    ("RWH_WRITE_LIFE_EXTREME", 5),
    ("RWH_WRITE_LIFE_LONG", 4),
    ("RWH_WRITE_LIFE_MEDIUM", 3),
    ("RWH_WRITE_LIFE_NONE", 1),
    ("RWH_WRITE_LIFE_NOT_SET", 0),
    ("RWH_WRITE_LIFE_SHORT", 2),
];
