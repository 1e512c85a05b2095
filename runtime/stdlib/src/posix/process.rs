//! Processes: forking, waiting, signalling, scheduling.

use super::pair;
use crate::blocking::retry;
use crate::os_support::*;
use crate::sys;
use builtins::struct_sequence::StructSequence as _;
use object::gil;
use object::{Object, PyResult, Ref, Vm, VmCell};

builtins::struct_sequence!(WaitidResult, WAITID_RESULT, "posix.waitid_result",
    "waitid_result: Result from waitid.\n\nThis object may be accessed either as a tuple of\n  (si_pid, si_uid, si_signo, si_status, si_code),\nor via the attributes si_pid, si_uid, and so on.\n\nSee os.waitid for more information.",
    [si_pid "", si_uid "", si_signo "", si_status "", si_code ""], [], []);

builtins::struct_sequence!(SchedParam, SCHED_PARAM, "posix.sched_param", "Currently has only one field: sched_priority\n\n  sched_priority\n    A scheduling parameter.",
    flags: 0, new: Some(new_sched_param), [sched_priority "the scheduling priority"], [], []);

/// What to call when the process forks.
#[derive(Default)]
struct ForkHooks {
    before: Vec<Object>,
    after_in_child: Vec<Object>,
    after_in_parent: Vec<Object>,
}

static HOOKS: VmCell<ForkHooks> = VmCell::new(ForkHooks { before: Vec::new(), after_in_child: Vec::new(), after_in_parent: Vec::new() });

pub fn register_at_fork(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    if args.iter().all(Option::is_none) {
        return Err(vm.type_error("At least one argument is required."));
    }
    for (name, hook) in ["before", "after_in_child", "after_in_parent"].iter().zip(args) {
        if let Some(hook) = hook
            && hook.class().slots().call.is_none()
        {
            return Err(vm.type_error(format!("'{name}' must be callable, not {}", hook.class().full_name())));
        }
    }
    let hooks = HOOKS.get_mut(vm);
    for (list, hook) in [&mut hooks.before, &mut hooks.after_in_child, &mut hooks.after_in_parent].into_iter().zip(args) {
        list.extend(hook.map(|hook| hook.to_owned()));
    }
    Ok(Object::none())
}

fn call_hooks(vm: &mut Vm, hooks: Vec<Object>) {
    for hook in hooks {
        if let Err(raised) = vm.call(hook.borrow(), &[]) {
            vm.write_unraisable(raised, "Exception ignored in", Some(hook.borrow()));
        }
    }
}

/// To be called before a fork.
pub fn before_fork(vm: &mut Vm) {
    let mut hooks = HOOKS.get(vm).before.clone();
    hooks.reverse();
    call_hooks(vm, hooks);
    // The child is not to see modules that another thread has half imported.
    crate::imp::take_lock(vm);
}

/// To be called after a fork, in the child.
pub fn after_fork_in_child(vm: &mut Vm) {
    gil::after_fork();
    crate::thread::after_fork(vm);
    crate::signal::after_fork(vm);
    crate::asyncio::after_fork(vm);
    crate::imp::give_lock_back();
    let hooks = HOOKS.get(vm).after_in_child.clone();
    call_hooks(vm, hooks);
}

/// To be called after a fork, in the parent.
pub fn after_fork_in_parent(vm: &mut Vm) {
    crate::imp::give_lock_back();
    let hooks = HOOKS.get(vm).after_in_parent.clone();
    call_hooks(vm, hooks);
}

/// Warns in a parent that has several threads.
fn warn_about_threads(vm: &mut Vm, name: &str) -> PyResult<()> {
    if crate::thread::count() == 0 {
        return Ok(());
    }
    let message = format!("This process (pid={}) is multi-threaded, use of {name}() may lead to deadlocks in the child.", sys::getpid());
    vm.warn(&object::exception::DEPRECATION_WARNING, &message, 1)
}

pub fn fork(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    crate::sys_module::check_not_finalizing(vm, "can't fork at interpreter shutdown")?;
    before_fork(vm);
    let result = sys::fork();
    if result == Ok(0) {
        after_fork_in_child(vm);
    } else {
        after_fork_in_parent(vm);
        warn_about_threads(vm, "fork")?;
    }
    number(vm, result)
}

pub fn forkpty(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    crate::sys_module::check_not_finalizing(vm, "can't fork at interpreter shutdown")?;
    before_fork(vm);
    let result = sys::forkpty();
    if matches!(result, Ok((0, _))) {
        after_fork_in_child(vm);
    } else {
        after_fork_in_parent(vm);
        warn_about_threads(vm, "forkpty")?;
    }
    let (pid, master) = checked(vm, result)?;
    Ok(pair(vm, pid, master))
}

pub fn exit(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let status = vm.to_i32(arg(args, 0))?;
    sys::_exit(status)
}

pub fn abort(_vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    sys::abort()
}

/// Process, status and, where asked for, resources.
fn wait_with(vm: &mut Vm, pid: i32, options: i32, with_usage: bool) -> PyResult {
    let result = retry(vm, || sys::wait4(pid, options))?;
    let (pid, status, usage) = checked(vm, result)?;
    let mut items = vec![Object::small_int(i64::from(pid)), Object::small_int(i64::from(status))];
    if with_usage {
        items.push(crate::resource::usage_object(vm, &usage)?);
    }
    Ok(vm.new_tuple(items).into_object())
}

pub fn wait(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    wait_with(vm, -1, 0, false)
}

pub fn wait3(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let options = vm.to_i32(arg(args, 0))?;
    wait_with(vm, -1, options, true)
}

pub fn wait4(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let (pid, options) = (vm.to_i32(arg(args, 0))?, vm.to_i32(arg(args, 1))?);
    wait_with(vm, pid, options, true)
}

pub fn waitpid(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let (pid, options) = (vm.to_i32(arg(args, 0))?, vm.to_i32(arg(args, 1))?);
    wait_with(vm, pid, options, false)
}

pub fn waitid(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let (kind, id, options) = (vm.to_i32(arg(args, 0))?, vm.to_i32(arg(args, 1))?, vm.to_i32(arg(args, 2))?);
    let result = retry(vm, || sys::waitid(kind as u32, id as u32, options))?;
    let values = checked(vm, result)?;
    if values[0] == 0 {
        return Ok(Object::none());
    }
    Ok(WaitidResult::make(vm, values.iter().map(|&value| Object::small_int(value)).collect()))
}

pub fn waitstatus_to_exitcode(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let status = vm.to_i32(arg(args, 0))?;
    if libc::WIFEXITED(status) {
        return Ok(Object::small_int(i64::from(libc::WEXITSTATUS(status))));
    }
    if libc::WIFSIGNALED(status) {
        return Ok(Object::small_int(-i64::from(libc::WTERMSIG(status))));
    }
    if libc::WIFSTOPPED(status) {
        return Err(vm.value_error(format!("process stopped by delivery of signal {}", libc::WSTOPSIG(status))));
    }
    Err(vm.value_error(format!("invalid wait status: {status}")))
}

macro_rules! status_functions {
    ($($name:ident: $libc:ident -> $make:expr;)*) => { $(
        pub fn $name(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
            let status = vm.to_i32(arg(args, 0))?;
            Ok($make(libc::$libc(status)))
        }
    )* };
}

fn small(value: i32) -> Object {
    Object::small_int(i64::from(value))
}

status_functions! {
    w_core_dump: WCOREDUMP -> Object::bool;
    w_exit_status: WEXITSTATUS -> small;
    w_if_continued: WIFCONTINUED -> Object::bool;
    w_if_exited: WIFEXITED -> Object::bool;
    w_if_signaled: WIFSIGNALED -> Object::bool;
    w_if_stopped: WIFSTOPPED -> Object::bool;
    w_stop_signal: WSTOPSIG -> small;
    w_term_signal: WTERMSIG -> small;
}

pub fn kill(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let (pid, signal) = (vm.to_i32(arg(args, 0))?, vm.to_i32(arg(args, 1))?);
    checked(vm, sys::kill(pid, signal))?;
    vm.run_signal_handlers()?;
    Ok(Object::none())
}

pub fn killpg(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let (group, signal) = (vm.to_i32(arg(args, 0))?, vm.to_i32(arg(args, 1))?);
    checked(vm, sys::killpg(group, signal))?;
    vm.run_signal_handlers()?;
    Ok(Object::none())
}

pub fn pidfd_open(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let pid = vm.to_i32(arg(args, 0))?;
    let flags = int_or(vm, args[1], 0)? as u32;
    number(vm, sys::pidfd_open(pid, flags))
}

pub fn system(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let command = fs_c_string(vm, arg(args, 0))?;
    let status = vm.allow_threads(|| sys::system(&command));
    Ok(small(status))
}

pub fn nice(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let increment = vm.to_i32(arg(args, 0))?;
    number(vm, sys::nice(increment))
}

pub fn getpriority(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let (which, who) = (vm.to_i32(arg(args, 0))?, vm.to_i32(arg(args, 1))?);
    number(vm, sys::getpriority(which, who as u32))
}

pub fn setpriority(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let (which, who, priority) = (vm.to_i32(arg(args, 0))?, vm.to_i32(arg(args, 1))?, vm.to_i32(arg(args, 2))?);
    done(vm, sys::setpriority(which, who as u32, priority))
}

fn new_sched_param(vm: &mut Vm, class: object::RefOf<'_, object::Type>, args: object::Args<'_>) -> PyResult {
    let mut bound = [None];
    object::call::bind_args(vm, "sched_param", "(sched_priority)", args, &mut bound)?;
    let priority = bound.into_iter().flatten().collect();
    Ok(vm.new_tuple_of(class.get(), priority))
}

/// The priority in a `sched_param`.
pub fn sched_priority(vm: &mut Vm, param: Ref<'_>) -> PyResult<i32> {
    if !param.is_instance_of(&SCHED_PARAM) {
        return Err(vm.type_error("must have a sched_param object"));
    }
    let priority = vm.get_attr_str(param, "sched_priority")?;
    let priority = vm.to_i64(priority.borrow())?;
    i32::try_from(priority).map_err(|_| vm.overflow_error("sched_priority out of range"))
}

fn param_object(vm: &mut Vm, priority: i32) -> Object {
    SchedParam::make(vm, vec![small(priority)])
}

pub fn sched_get_priority_max(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let policy = vm.to_i32(arg(args, 0))?;
    number(vm, sys::sched_get_priority_max(policy))
}

pub fn sched_get_priority_min(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let policy = vm.to_i32(arg(args, 0))?;
    number(vm, sys::sched_get_priority_min(policy))
}

pub fn sched_getscheduler(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let pid = vm.to_i32(arg(args, 0))?;
    number(vm, sys::sched_getscheduler(pid))
}

pub fn sched_setscheduler(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let (pid, policy) = (vm.to_i32(arg(args, 0))?, vm.to_i32(arg(args, 1))?);
    let priority = sched_priority(vm, arg(args, 2))?;
    done(vm, sys::sched_setscheduler(pid, policy, priority))
}

pub fn sched_getparam(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let pid = vm.to_i32(arg(args, 0))?;
    let param = checked(vm, sys::sched_getparam(pid))?;
    Ok(param_object(vm, param.sched_priority))
}

pub fn sched_setparam(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let pid = vm.to_i32(arg(args, 0))?;
    let priority = sched_priority(vm, arg(args, 1))?;
    done(vm, sys::sched_setparam(pid, priority))
}

pub fn sched_rr_get_interval(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let pid = vm.to_i32(arg(args, 0))?;
    let interval = checked(vm, sys::sched_rr_get_interval(pid))?;
    Ok(vm.new_float(interval.tv_sec as f64 + 1e-9 * interval.tv_nsec as f64))
}

pub fn sched_yield(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    let result = vm.allow_threads(sys::sched_yield);
    done(vm, result)
}

pub fn sched_getaffinity(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let pid = vm.to_i32(arg(args, 0))?;
    let cpus = checked(vm, sys::sched_getaffinity(pid))?;
    let cpus = vm.new_list(cpus.into_iter().map(|cpu| Object::small_int(cpu as i64)).collect()).into_object();
    let builtins = vm.import("builtins")?;
    let set = vm.get_attr_str(builtins.borrow(), "set")?;
    vm.call(set.borrow(), &[cpus.borrow()])
}

pub fn sched_setaffinity(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let pid = vm.to_i32(arg(args, 0))?;
    let mut cpus = Vec::new();
    for cpu in vm.collect(arg(args, 1))? {
        if !object::int::is_int(cpu.borrow()) {
            let message = format!("expected an iterator of ints, but iterator yielded {}", vm.repr_text(cpu.borrow().class().object())?);
            return Err(vm.type_error(message));
        }
        let cpu = vm.to_i64(cpu.borrow())?;
        if cpu < 0 {
            return Err(vm.value_error("negative CPU number"));
        }
        if cpu > i64::from(i32::MAX) - 1 {
            return Err(vm.overflow_error("CPU number too large"));
        }
        cpus.push(cpu as usize);
    }
    done(vm, sys::sched_setaffinity(pid, &cpus))
}

pub fn setns(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let fd = file_descriptor(vm, arg(args, 0))?;
    let kind = int_or(vm, args[1], 0)?;
    done(vm, sys::setns(fd, kind))
}

pub fn unshare(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let flags = vm.to_i32(arg(args, 0))?;
    done(vm, sys::unshare(flags))
}
