//! Users, groups, sessions.

use crate::os_support::*;
use crate::sys;
use object::int;
use object::{Object, PyResult, Ref, Vm};

/// A user or group number; -1 means "unchanged".
fn to_id(vm: &mut Vm, value: Ref<'_>, what: &str) -> PyResult<u32> {
    if value.class().slots().index.is_none() {
        return Err(vm.type_error(format!("{what} should be integer, not {}", value.class().full_name())));
    }
    let number = vm.index(value)?;
    match int::as_i64(number.borrow()) {
        Some(-1) => Ok(u32::MAX),
        Some(id) if (0..i64::from(u32::MAX)).contains(&id) => Ok(id as u32),
        _ if int::is_negative(number.borrow()) => Err(vm.overflow_error(format!("{what} is less than minimum"))),
        _ => Err(vm.overflow_error(format!("{what} is greater than maximum"))),
    }
}

pub fn to_uid(vm: &mut Vm, value: Ref<'_>) -> PyResult<u32> {
    to_id(vm, value, "uid")
}

pub fn to_gid(vm: &mut Vm, value: Ref<'_>) -> PyResult<u32> {
    to_id(vm, value, "gid")
}

fn id_object(id: u32) -> Object {
    Object::small_int(if id == u32::MAX { -1 } else { i64::from(id) })
}

pub fn getpid(_vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    Ok(Object::small_int(i64::from(sys::getpid())))
}

pub fn getppid(_vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    Ok(Object::small_int(i64::from(sys::getppid())))
}

pub fn getpgrp(_vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    Ok(Object::small_int(i64::from(sys::getpgrp())))
}

pub fn getuid(_vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    Ok(id_object(sys::getuid()))
}

pub fn geteuid(_vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    Ok(id_object(sys::geteuid()))
}

pub fn getgid(_vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    Ok(id_object(sys::getgid()))
}

pub fn getegid(_vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    Ok(id_object(sys::getegid()))
}

fn id_list(vm: &Vm, ids: &[u32]) -> Object {
    vm.new_list(ids.iter().map(|&id| id_object(id)).collect()).into_object()
}

pub fn getgroups(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    let groups = checked(vm, sys::getgroups())?;
    Ok(id_list(vm, &groups))
}

pub fn setgroups(vm: &mut Vm, _module: Ref<'_>, groups: Ref<'_>) -> PyResult {
    if groups.class().slots().getitem.is_none() {
        return Err(vm.type_error("setgroups argument must be a sequence"));
    }
    let mut ids = Vec::new();
    for group in vm.collect(groups)? {
        if !int::is_int(group.borrow()) {
            return Err(vm.type_error("groups must be integers"));
        }
        ids.push(to_gid(vm, group.borrow())?);
    }
    if ids.len() > 65536 {
        return Err(vm.value_error("too many groups"));
    }
    done(vm, sys::setgroups(&ids))
}

pub fn getgrouplist(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let user = c_string(vm, arg(args, 0))?;
    let group = to_gid(vm, arg(args, 1))?;
    let groups = checked(vm, sys::getgrouplist(&user, group))?;
    Ok(id_list(vm, &groups))
}

pub fn initgroups(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let user = fs_c_string(vm, arg(args, 0))?;
    let group = to_gid(vm, arg(args, 1))?;
    done(vm, sys::initgroups(&user, group))
}

pub fn getlogin(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    let name = checked(vm, sys::getlogin())?;
    Ok(fs_decode(vm, &name))
}

pub fn getpgid(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let pid = vm.to_i32(arg(args, 0))?;
    number(vm, sys::getpgid(pid))
}

pub fn getsid(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let pid = vm.to_i32(arg(args, 0))?;
    number(vm, sys::getsid(pid))
}

pub fn setsid(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    done(vm, sys::setsid())
}

pub fn setpgid(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let (pid, group) = (vm.to_i32(arg(args, 0))?, vm.to_i32(arg(args, 1))?);
    done(vm, sys::setpgid(pid, group))
}

pub fn setpgrp(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    done(vm, sys::setpgid(0, 0))
}

pub fn setuid(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let id = to_uid(vm, arg(args, 0))?;
    done(vm, sys::setuid(id))
}

pub fn seteuid(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let id = to_uid(vm, arg(args, 0))?;
    done(vm, sys::seteuid(id))
}

pub fn setgid(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let id = to_gid(vm, arg(args, 0))?;
    done(vm, sys::setgid(id))
}

pub fn setegid(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let id = to_gid(vm, arg(args, 0))?;
    done(vm, sys::setegid(id))
}

pub fn setreuid(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let (real, effective) = (to_uid(vm, arg(args, 0))?, to_uid(vm, arg(args, 1))?);
    done(vm, sys::setreuid(real, effective))
}

pub fn setregid(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let (real, effective) = (to_gid(vm, arg(args, 0))?, to_gid(vm, arg(args, 1))?);
    done(vm, sys::setregid(real, effective))
}

pub fn setresuid(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let (real, effective, saved) = (to_uid(vm, arg(args, 0))?, to_uid(vm, arg(args, 1))?, to_uid(vm, arg(args, 2))?);
    done(vm, sys::setresuid(real, effective, saved))
}

pub fn setresgid(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let (real, effective, saved) = (to_gid(vm, arg(args, 0))?, to_gid(vm, arg(args, 1))?, to_gid(vm, arg(args, 2))?);
    done(vm, sys::setresgid(real, effective, saved))
}

pub fn getresuid(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    let ids = checked(vm, sys::getresuid())?;
    Ok(vm.new_tuple(ids.map(id_object)).into_object())
}

pub fn getresgid(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    let ids = checked(vm, sys::getresgid())?;
    Ok(vm.new_tuple(ids.map(id_object)).into_object())
}
