//! The system: names and limits, environment, time used, random bytes, device numbers.

use super::constants;
use crate::os_support::*;
use crate::sys;
use builtins::struct_sequence::StructSequence as _;
use object::int;
use object::str::Str;
use object::{Object, PyResult, Ref, Vm};

builtins::struct_sequence!(UnameResult, UNAME_RESULT, "posix.uname_result",
    "uname_result: Result from os.uname().\n\nThis object may be accessed either as a tuple of\n  (sysname, nodename, release, version, machine),\nor via the attributes sysname, nodename, release, version, and machine.\n\nSee os.uname for more information.",
    [sysname "operating system name", nodename "name of machine on network (implementation-defined)", release "operating system release", version "operating system version", machine "hardware identifier"], [], []);

builtins::struct_sequence!(TimesResult, TIMES_RESULT, "posix.times_result",
    "times_result: Result from os.times().\n\nThis object may be accessed either as a tuple of\n  (user, system, children_user, children_system, elapsed),\nor via the attributes user, system, children_user, children_system,\nand elapsed.\n\nSee os.times for more information.",
    [user "user time", system "system time", children_user "user time of children", children_system "system time of children", elapsed "elapsed time since an arbitrary point in the past"], [], []);

pub fn uname(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    let names = checked(vm, sys::uname())?;
    let names = [&names.sysname[..], &names.nodename, &names.release, &names.version, &names.machine];
    let values = names.iter().map(|name| fs_decode(vm, &sys::chars_to_bytes(name))).collect();
    Ok(UnameResult::make(vm, values))
}

pub fn times(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    let (times, elapsed) = checked(vm, sys::times())?;
    let ticks = checked(vm, sys::sysconf(libc::_SC_CLK_TCK))? as f64;
    let values = [times.tms_utime, times.tms_stime, times.tms_cutime, times.tms_cstime, elapsed];
    let values = values.iter().map(|&value| vm.new_float(value as f64 / ticks)).collect();
    Ok(TimesResult::make(vm, values))
}

pub fn umask(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let mask = vm.to_i32(arg(args, 0))?;
    Ok(Object::small_int(i64::from(sys::umask(mask as u32))))
}

pub fn strerror(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let code = vm.to_i32(arg(args, 0))?;
    Ok(vm.new_str(&crate::os_support::strerror(code)).into_object())
}

pub fn putenv(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let (name, value) = (fs_c_string(vm, arg(args, 0))?, fs_c_string(vm, arg(args, 1))?);
    if name.as_bytes().contains(&b'=') {
        return Err(vm.value_error("illegal environment variable name"));
    }
    checked(vm, sys::setenv(&name, &value))?;
    Ok(Object::none())
}

pub fn unsetenv(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let name = fs_c_string(vm, arg(args, 0))?;
    checked(vm, sys::unsetenv(&name))?;
    Ok(Object::none())
}

pub fn create_environ(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    let dict = vm.new_dict();
    for entry in sys::environment() {
        let Some(equals) = entry.iter().position(|&byte| byte == b'=') else { continue };
        let (key, value) = (vm.new_bytes(&entry[..equals]).into_object(), vm.new_bytes(&entry[equals + 1..]).into_object());
        dict.set_default(vm, key.borrow(), value)?;
    }
    Ok(dict.into_object())
}

/// Bytes from the system's random number generator.
pub fn random_bytes(vm: &mut Vm, size: usize, flags: u32) -> PyResult<Vec<u8>> {
    let mut data = object::room::zeros(vm, size)?;
    let mut done = 0;
    while done < size {
        let rest = &mut data[done..];
        match crate::blocking::retry(vm, || sys::getrandom(rest, flags))? {
            Ok(n) => done += n,
            Err(code) => return Err(os_error(vm, code, None)),
        }
    }
    Ok(data)
}

pub fn urandom(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let size = vm.index_isize(arg(args, 0))?;
    let Ok(size) = usize::try_from(size) else { return Err(vm.value_error("negative argument not allowed")) };
    let data = random_bytes(vm, size, 0)?;
    Ok(vm.new_bytes(&data).into_object())
}

pub fn getrandom(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let size = vm.index_isize(arg(args, 0))?;
    let flags = int_or(vm, args[1], 0)? as u32;
    let Ok(size) = usize::try_from(size) else { return Err(os_error(vm, libc::EINVAL, None)) };
    let mut data = object::room::zeros(vm, size)?;
    let result = crate::blocking::retry(vm, || sys::getrandom(&mut data, flags))?;
    let n = checked(vm, result)?;
    Ok(vm.new_bytes(&data[..n]).into_object())
}

pub fn cpu_count(_vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    if let Some(count) = crate::sys_module::cpu_count_wanted() {
        return Ok(Object::small_int(count));
    }
    Ok(match sys::sysconf(libc::_SC_NPROCESSORS_ONLN) {
        Ok(n) if n > 0 => Object::small_int(n),
        _ => Object::none(),
    })
}

pub fn getloadavg(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    match sys::getloadavg() {
        Some(loads) => Ok(vm.new_tuple(loads.map(|load| vm.new_float(load))).into_object()),
        None => Err(vm.raise(&object::exception::OS_ERROR, "Load averages are unobtainable")),
    }
}

/// The number of a configuration name, which may be given as a number.
pub fn name_number(vm: &mut Vm, name: Ref<'_>, table: &[(&str, i64)]) -> PyResult<i32> {
    if name.class().slots().index.is_some() {
        return vm.to_i32(name);
    }
    let Some(text) = name.downcast::<Str>() else {
        return Err(vm.type_error("configuration names must be strings or integers"));
    };
    match table.iter().find(|(key, _)| text.equals_str(key)) {
        Some(&(_, number)) => Ok(number as i32),
        None => Err(vm.value_error("unrecognized configuration name")),
    }
}

pub fn sysconf(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let name = name_number(vm, arg(args, 0), constants::SYSCONF_NAMES)?;
    let value = checked(vm, sys::sysconf(name))?;
    Ok(vm.new_int(value))
}

pub fn confstr(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let name = name_number(vm, arg(args, 0), constants::CONFSTR_NAMES)?;
    let value = checked(vm, sys::confstr(name))?;
    Ok(value.map_or(Object::none(), |value| fs_decode(vm, &value)))
}

pub fn sync(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    vm.allow_threads(sys::sync);
    Ok(Object::none())
}

/// A device number; -1 stands for no device.
pub fn device_number(vm: &mut Vm, value: Ref<'_>) -> PyResult<u64> {
    let number = vm.index(value)?;
    match (int::as_i64(number.borrow()), int::as_u64(number.borrow())) {
        (Some(-1), _) => Ok(u64::MAX),
        (_, Some(device)) => Ok(device),
        _ => Err(vm.overflow_error("can't convert negative int to unsigned")),
    }
}

fn device_part(vm: &Vm, part: u32) -> Object {
    vm.new_int(if part == u32::MAX { -1 } else { i64::from(part) })
}

pub fn major(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let device = device_number(vm, arg(args, 0))?;
    Ok(device_part(vm, libc::major(device)))
}

pub fn minor(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let device = device_number(vm, arg(args, 0))?;
    Ok(device_part(vm, libc::minor(device)))
}

pub fn makedev(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let (major, minor) = (device_number(vm, arg(args, 0))?, device_number(vm, arg(args, 1))?);
    if major == u64::MAX && minor == u64::MAX {
        return Ok(vm.new_int(-1));
    }
    if (major > u64::from(u32::MAX) && major != u64::MAX) || (minor > u64::from(u32::MAX) && minor != u64::MAX) {
        return Err(vm.overflow_error("Python int too large to convert to C unsigned int"));
    }
    Ok(vm.new_uint(libc::makedev(major as u32, minor as u32)))
}

pub fn inputhook(_vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    Ok(Object::none())
}

pub fn is_inputhook_installed(_vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    Ok(Object::bool(false))
}
