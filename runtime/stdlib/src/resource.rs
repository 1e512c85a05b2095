//! `resource`: limits on what the process may use, and what it has used.

use crate::blocking::SysResult;
use crate::os_support::*;
use crate::sys;
use builtins::struct_sequence::{self, StructSequence as _};
use object::exception;
use object::method;
use object::native::Module;
use object::singleton::ModuleObject;
use object::{Object, PyResult, Ref, RefOf, Vm};

builtins::struct_sequence!(StructRusage, STRUCT_RUSAGE, "resource.struct_rusage",
    "struct_rusage: Result from getrusage.\n\nThis object may be accessed either as a tuple of\n    (utime,stime,maxrss,ixrss,idrss,isrss,minflt,majflt,\n    nswap,inblock,oublock,msgsnd,msgrcv,nsignals,nvcsw,nivcsw)\nor via the attributes ru_utime, ru_stime, ru_maxrss, and so on.",
    [ru_utime "user time used", ru_stime "system time used", ru_maxrss "max. resident set size", ru_ixrss "shared memory size", ru_idrss "unshared data size", ru_isrss "unshared stack size",
     ru_minflt "page faults not requiring I/O", ru_majflt "page faults requiring I/O", ru_nswap "number of swap outs", ru_inblock "block input operations", ru_oublock "block output operations",
     ru_msgsnd "IPC messages sent", ru_msgrcv "IPC messages received", ru_nsignals "signals received", ru_nvcsw "voluntary context switches", ru_nivcsw "involuntary context switches"], [], []);

/// `resource`
pub static MODULE: Module = Module {
    name: "resource",
    functions: &[
        method!(Bound getrusage "($module, who, /)", ""),
        method!(Bound getrlimit "($module, resource, /)", ""),
        method!(Bound setrlimit "($module, resource, limits, /)", ""),
        method!(Bound prlimit "($module, pid, resource, limits=None, /)", ""),
        method!(Unary getpagesize "($module, /)", ""),
    ],
    init: Some(init),
    ..Module::DEFAULT
};

fn init(vm: &mut Vm, module: RefOf<'_, ModuleObject>) -> PyResult<()> {
    add_constants(vm, module, CONSTANTS);
    module.set(vm, "error", exception::OS_ERROR.to_object());
    let class = struct_sequence::ready::<StructRusage>(vm);
    module.set(vm, "struct_rusage", class.to_object());
    Ok(())
}

fn seconds(time: &libc::timeval) -> f64 {
    time.tv_sec as f64 + time.tv_usec as f64 * 1e-6
}

/// A `struct_rusage`.
pub fn usage_object(vm: &mut Vm, usage: &libc::rusage) -> PyResult {
    struct_sequence::ready::<StructRusage>(vm);
    let mut values = vec![vm.new_float(seconds(&usage.ru_utime)), vm.new_float(seconds(&usage.ru_stime))];
    let counts = [
        usage.ru_maxrss,
        usage.ru_ixrss,
        usage.ru_idrss,
        usage.ru_isrss,
        usage.ru_minflt,
        usage.ru_majflt,
        usage.ru_nswap,
        usage.ru_inblock,
        usage.ru_oublock,
        usage.ru_msgsnd,
        usage.ru_msgrcv,
        usage.ru_nsignals,
        usage.ru_nvcsw,
        usage.ru_nivcsw,
    ];
    values.extend(counts.iter().map(|&count| vm.new_int(count)));
    Ok(StructRusage::make(vm, values))
}

fn getrusage(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let who = vm.to_i32(arg(args, 0))?;
    match sys::getrusage(who) {
        Ok(usage) => usage_object(vm, &usage),
        Err(libc::EINVAL) => Err(vm.value_error("invalid who parameter")),
        Err(code) => Err(os_error(vm, code, None)),
    }
}

fn resource_number(vm: &mut Vm, value: Ref<'_>) -> PyResult<i32> {
    let number = vm.to_i32(value)?;
    if !(0..16).contains(&number) {
        return Err(vm.value_error("invalid resource specified"));
    }
    Ok(number)
}

fn limit_object(vm: &Vm, limit: u64) -> Object {
    if limit == libc::RLIM_INFINITY { Object::small_int(-1) } else { vm.new_uint(limit) }
}

fn limits_object(vm: &Vm, limits: &libc::rlimit) -> Object {
    vm.new_tuple([limit_object(vm, limits.rlim_cur), limit_object(vm, limits.rlim_max)]).into_object()
}

fn one_limit(vm: &mut Vm, value: Ref<'_>) -> PyResult<u64> {
    let number = vm.index(value)?;
    match (object::int::as_i64(number.borrow()), object::int::as_u64(number.borrow())) {
        (Some(-1), _) => Ok(libc::RLIM_INFINITY),
        (_, Some(limit)) => Ok(limit),
        (Some(_), None) => Err(vm.value_error("Cannot convert negative int")),
        _ => Err(vm.overflow_error("Python int too large to convert to C rlim_t")),
    }
}

fn limits_argument(vm: &mut Vm, value: Ref<'_>) -> PyResult<libc::rlimit> {
    let items = vm.collect(value)?;
    let [soft, hard] = &items[..] else { return Err(vm.value_error("expected a tuple of 2 integers")) };
    Ok(libc::rlimit { rlim_cur: one_limit(vm, soft.borrow())?, rlim_max: one_limit(vm, hard.borrow())? })
}

fn checked_limit<T>(vm: &mut Vm, result: SysResult<T>) -> PyResult<T> {
    match result {
        Ok(value) => Ok(value),
        Err(libc::EINVAL) => Err(vm.value_error("current limit exceeds maximum limit")),
        Err(libc::EPERM) => Err(vm.value_error("not allowed to raise maximum limit")),
        Err(code) => Err(os_error(vm, code, None)),
    }
}

fn getrlimit(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let resource = resource_number(vm, arg(args, 0))?;
    let limits = checked(vm, sys::prlimit(0, resource, None))?;
    Ok(limits_object(vm, &limits))
}

fn setrlimit(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let resource = resource_number(vm, arg(args, 0))?;
    let limits = limits_argument(vm, arg(args, 1))?;
    checked_limit(vm, sys::prlimit(0, resource, Some(limits)))?;
    Ok(Object::none())
}

fn prlimit(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let pid = vm.to_i32(arg(args, 0))?;
    let resource = resource_number(vm, arg(args, 1))?;
    let new = optional(args, 2).map(|limits| limits_argument(vm, limits)).transpose()?;
    let old = match sys::prlimit(pid, resource, new) {
        Err(libc::EINVAL) => return Err(vm.value_error("current limit exceeds maximum limit")),
        result => checked(vm, result)?,
    };
    Ok(limits_object(vm, &old))
}

fn getpagesize(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    let size = checked(vm, sys::sysconf(libc::_SC_PAGESIZE))?;
    Ok(Object::small_int(size))
}

/// Constants by name.
static CONSTANTS: &[(&str, i64)] = &[
    ("RLIMIT_AS", libc::RLIMIT_AS as i64),
    ("RLIMIT_CORE", libc::RLIMIT_CORE as i64),
    ("RLIMIT_CPU", libc::RLIMIT_CPU as i64),
    ("RLIMIT_DATA", libc::RLIMIT_DATA as i64),
    ("RLIMIT_FSIZE", libc::RLIMIT_FSIZE as i64),
    ("RLIMIT_MEMLOCK", libc::RLIMIT_MEMLOCK as i64),
    ("RLIMIT_MSGQUEUE", libc::RLIMIT_MSGQUEUE as i64),
    ("RLIMIT_NICE", libc::RLIMIT_NICE as i64),
    ("RLIMIT_NOFILE", libc::RLIMIT_NOFILE as i64),
    ("RLIMIT_NPROC", libc::RLIMIT_NPROC as i64),
    ("RLIMIT_OFILE", 7),
    ("RLIMIT_RSS", libc::RLIMIT_RSS as i64),
    ("RLIMIT_RTPRIO", libc::RLIMIT_RTPRIO as i64),
    ("RLIMIT_RTTIME", libc::RLIMIT_RTTIME as i64),
    ("RLIMIT_SIGPENDING", libc::RLIMIT_SIGPENDING as i64),
    ("RLIMIT_STACK", libc::RLIMIT_STACK as i64),
    ("RLIM_INFINITY", libc::RLIM_INFINITY as i64),
    ("RUSAGE_CHILDREN", libc::RUSAGE_CHILDREN as i64),
    ("RUSAGE_SELF", libc::RUSAGE_SELF as i64),
    ("RUSAGE_THREAD", libc::RUSAGE_THREAD as i64),
];
