//! `_posixshmem`: named shared memory.

use crate::blocking::retry;
use crate::os_support::*;
use crate::sys;
use object::method;
use object::native::Module;
use object::{Object, PyResult, Ref, Vm};

/// `_posixshmem`
pub static MODULE: Module = Module {
    name: "_posixshmem",
    doc: "POSIX shared memory module",
    functions: &[
        method!(Bound shm_open "($module, /, path, flags, mode=511)", "Open a shared memory object.  Returns a file descriptor (integer)."),
        method!(Bound shm_unlink "($module, path, /)", "Remove a shared memory object (similar to unlink()).\n\nRemove a shared memory object name, and, once all processes have\nunmapped the object, de-allocates and destroys the contents of the\nassociated memory region."),
    ],
    ..Module::DEFAULT
};

fn shm_open(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let path = c_string(vm, arg(args, 0))?;
    let flags = vm.to_i32(arg(args, 1))?;
    let mode = int_or(vm, args[2], 0o777)? as u32;
    let result = retry(vm, || sys::shm_open(&path, flags, mode))?;
    let fd = result.map_err(|code| os_error(vm, code, Some(arg(args, 0))))?;
    Ok(Object::small_int(i64::from(fd)))
}

fn shm_unlink(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let path = c_string(vm, arg(args, 0))?;
    let result = retry(vm, || sys::shm_unlink(&path))?;
    result.map_err(|code| os_error(vm, code, Some(arg(args, 0))))?;
    Ok(Object::none())
}
