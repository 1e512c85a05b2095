//! `_posixsubprocess`: starting a program in a child process, for `subprocess`.

mod child;

use crate::os_support::*;
use crate::posix::identity::{to_gid, to_uid};
use crate::posix::process;
use crate::sys;
use child::{Plan, Prepared};
use object::method;
use object::native::Module;
use object::tuple::Tuple;
use object::{Object, PyResult, Ref, RefOf, Vm};
use std::ffi::CString;

/// `_posixsubprocess`
pub static MODULE: Module = Module {
    name: "_posixsubprocess",
    doc: "A POSIX helper for the subprocess module.",
    functions: &[
        method!(Bound fork_exec "($module, args, executable_list, close_fds, pass_fds, cwd, env, p2cread, p2cwrite, c2pread, c2pwrite, errread, errwrite, errpipe_read, errpipe_write, restore_signals, call_setsid, pgid_to_set, gid, extra_groups, uid, child_umask, preexec_fn, /)", "Spawn a fresh new child process."),
    ],
    ..Module::DEFAULT
};

/// Strings of an iterable, as the system takes them.
fn strings(vm: &mut Vm, value: Ref<'_>) -> PyResult<Vec<CString>> {
    let mut all = Vec::new();
    for item in vm.collect(value)? {
        all.push(fs_c_string(vm, item.borrow())?);
    }
    Ok(all)
}

/// The descriptors to keep: positive and in order.
fn kept(vm: &mut Vm, value: Ref<'_>) -> PyResult<Vec<i32>> {
    let Some(tuple) = value.downcast::<Tuple>() else {
        return Err(vm.type_error(format!("fork_exec() argument 4 must be tuple, not {}", value.class().full_name())));
    };
    let mut fds: Vec<i32> = Vec::new();
    for &item in RefOf::get(tuple).items() {
        match object::int::as_i64(item).and_then(|fd| i32::try_from(fd).ok()) {
            Some(fd) if fd >= 0 && fds.last().is_none_or(|&last| last < fd) => fds.push(fd),
            _ => return Err(vm.value_error("bad value(s) in fds_to_keep")),
        }
    }
    Ok(fds)
}

fn group_list(vm: &mut Vm, value: Ref<'_>) -> PyResult<Option<Vec<u32>>> {
    if value.is_none() {
        return Ok(None);
    }
    let mut groups = Vec::new();
    for group in vm.collect(value)? {
        if !object::int::is_int(group.borrow()) {
            return Err(vm.type_error("extra_groups must be integers"));
        }
        let gid = to_gid(vm, group.borrow());
        match vm.ignore(gid, &object::exception::OVERFLOW_ERROR)? {
            Some(gid) => groups.push(gid),
            None => return Err(vm.value_error("invalid group id")),
        }
    }
    Ok(Some(groups))
}

fn read_plan(vm: &mut Vm, args: &[Option<Ref<'_>>]) -> PyResult<Plan> {
    let close_fds = vm.is_true(arg(args, 2))?;
    let keep = kept(vm, arg(args, 3))?;
    let mut numbers = [0; 8];
    for (index, number) in numbers.iter_mut().enumerate() {
        *number = vm.to_i32(arg(args, 6 + index))?;
    }
    let [p2cread, p2cwrite, c2pread, c2pwrite, errread, errwrite, error_read, error_write] = numbers;
    if close_fds && error_write < 3 {
        return Err(vm.value_error("errpipe_write must be >= 3"));
    }
    Ok(Plan {
        executables: strings(vm, arg(args, 1))?,
        args: strings(vm, arg(args, 0))?,
        environment: if arg(args, 5).is_none() { None } else { Some(strings(vm, arg(args, 5))?) },
        directory: if arg(args, 4).is_none() { None } else { Some(fs_c_string(vm, arg(args, 4))?) },
        close_fds,
        keep,
        pipes: [p2cread, p2cwrite, c2pread, c2pwrite, errread, errwrite],
        error_read,
        error_write,
        restore_signals: vm.is_true(arg(args, 14))?,
        new_session: vm.is_true(arg(args, 15))?,
        group_to_set: vm.to_i32(arg(args, 16))?,
        gid: if arg(args, 17).is_none() { None } else { Some(to_gid(vm, arg(args, 17))?) },
        groups: group_list(vm, arg(args, 18))?,
        uid: if arg(args, 19).is_none() { None } else { Some(to_uid(vm, arg(args, 19))?) },
        umask: vm.to_i32(arg(args, 20))?,
    })
}

fn fork_exec(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let plan = read_plan(vm, args)?;
    if crate::sys_module::has_audit_hooks(vm) {
        let executables = vm.collect(arg(args, 1))?;
        let executables = vm.new_list(executables).into_object();
        let arguments = vm.collect(arg(args, 0))?;
        let arguments = vm.new_list(arguments).into_object();
        crate::sys_module::raise_event(vm, "_posixsubprocess.fork_exec", &[executables.borrow(), arguments.borrow(), arg(args, 5)])?;
    }
    let prepared = Prepared::new(plan);
    let preexec = optional(args, 21);
    if preexec.is_some() {
        crate::sys_module::check_not_finalizing(vm, "preexec_fn not supported at interpreter shutdown")?;
    }
    if preexec.is_some() {
        process::before_fork(vm);
    }
    let result = sys::fork();
    if result == Ok(0) {
        match preexec {
            None => prepared.run(None),
            Some(function) => {
                process::after_fork_in_child(vm);
                let mut call = || match vm.call(function, &[]) {
                    Ok(_) => true,
                    Err(raised) => {
                        vm.catch(raised);
                        false
                    }
                };
                prepared.run(Some(&mut call))
            }
        }
    }
    if preexec.is_some() {
        process::after_fork_in_parent(vm);
    }
    let pid = checked(vm, result)?;
    Ok(Object::small_int(i64::from(pid)))
}
