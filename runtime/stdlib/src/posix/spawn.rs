//! Running programs: `execv`, `execve`, `posix_spawn`.

use super::process::sched_priority;
use crate::os_support::*;
use crate::sys::{self, FileAction, SpawnAttributes};
use object::list::List;
use object::tuple::Tuple;
use object::{Object, PyResult, Ref, Vm};
use std::ffi::CString;

fn is_sequence_of_args(value: Ref<'_>) -> bool {
    value.downcast::<List>().is_some() || value.downcast::<Tuple>().is_some()
}

/// The arguments of the program.
fn argument_list(vm: &mut Vm, function: &str, argv: Ref<'_>) -> PyResult<Vec<CString>> {
    if !is_sequence_of_args(argv) {
        let message = if function == "execve" {
            "execve: argv must be a tuple or list".to_owned()
        } else {
            format!("{function}{} must be a tuple or list", if function == "execv" { "() arg 2" } else { ": argv" })
        };
        return Err(vm.type_error(message));
    }
    let items = vm.collect(argv)?;
    if items.is_empty() {
        let message = if function == "execv" { "execv() arg 2 must not be empty".to_owned() } else { format!("{function}: argv must not be empty") };
        return Err(vm.value_error(message));
    }
    let mut args = Vec::new();
    for item in items {
        args.push(fs_c_string(vm, item.borrow())?);
    }
    if args[0].is_empty() {
        let message = if function == "execv" {
            "execv() arg 2 first element cannot be empty".to_owned()
        } else {
            format!("{function}: argv first element cannot be empty")
        };
        return Err(vm.value_error(message));
    }
    Ok(args)
}

/// The environment of the program, from a mapping.
fn environment_list(vm: &mut Vm, mapping: Ref<'_>) -> PyResult<Vec<CString>> {
    let mut all = Vec::new();
    let keys = vm.call_method(mapping, "keys", &[])?;
    let values = vm.call_method(mapping, "values", &[])?;
    let (keys, values) = (vm.collect(keys.borrow())?, vm.collect(values.borrow())?);
    for (key, value) in keys.iter().zip(&values) {
        let key = fs_c_string(vm, key.borrow())?;
        let value = fs_c_string(vm, value.borrow())?;
        if key.as_bytes().is_empty() || key.as_bytes().contains(&b'=') {
            return Err(vm.value_error("illegal environment variable name"));
        }
        let mut text = key.into_bytes();
        text.push(b'=');
        text.extend_from_slice(value.as_bytes());
        all.push(CString::new(text).expect("the parts have no null bytes"));
    }
    Ok(all)
}

pub fn execv(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let path = PathArg::new("execv").convert(vm, arg(args, 0))?;
    let argv = argument_list(vm, "execv", arg(args, 1))?;
    let code = sys::execve(&path.text, &argv, None);
    Err(os_error(vm, code, None))
}

pub fn execve(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let path = PathArg::new("execve").or_fd().convert(vm, arg(args, 0))?;
    let argv = argument_list(vm, "execve", arg(args, 1))?;
    let mapping = arg(args, 2);
    if mapping.class().slots().getitem.is_none() {
        return Err(vm.type_error("execve: environment must be a mapping object"));
    }
    let environment = environment_list(vm, mapping)?;
    let code = match path.fd {
        Some(fd) => sys::fexecve(fd, &argv, &environment),
        None => sys::execve(&path.text, &argv, Some(&environment)),
    };
    Err(path.error(vm, code))
}

fn file_actions(vm: &mut Vm, actions: Ref<'_>) -> PyResult<Vec<FileAction>> {
    let mut all = Vec::new();
    for action in vm.collect(actions)? {
        let items: Vec<Object> = match action.borrow().downcast::<Tuple>() {
            Some(tuple) if !tuple.is_empty() => tuple.items().iter().map(|&item| item.to_owned()).collect(),
            _ => return Err(vm.type_error("Each file_actions element must be a non-empty tuple")),
        };
        let kind = vm.to_i64(items[0].borrow())?;
        let refs = Object::as_refs(&items);
        all.push(match (kind, refs) {
            (0, &[_, fd, path, flags, mode]) => {
                let fd = vm.to_i32(fd)?;
                let path = fs_c_string(vm, path)?;
                FileAction::Open(fd, path, vm.to_i32(flags)?, vm.to_i64(mode)? as u32)
            }
            (0, _) => return Err(vm.type_error("A open file_action tuple must have 5 elements")),
            (1, &[_, fd]) => FileAction::Close(vm.to_i32(fd)?),
            (1, _) => return Err(vm.type_error("A close file_action tuple must have 2 elements")),
            (2, &[_, fd, new]) => FileAction::Dup2(vm.to_i32(fd)?, vm.to_i32(new)?),
            (2, _) => return Err(vm.type_error("A dup2 file_action tuple must have 3 elements")),
            (3, &[_, fd]) => FileAction::CloseFrom(vm.to_i32(fd)?),
            (3, _) => return Err(vm.type_error("A closefrom file_action tuple must have 2 elements")),
            _ => return Err(vm.type_error("Unknown file_actions identifier")),
        });
    }
    Ok(all)
}

fn signals(vm: &mut Vm, value: Option<Ref<'_>>) -> PyResult<Option<Vec<i32>>> {
    value.map(|value| crate::signal::signal_numbers(vm, value)).transpose()
}

fn scheduler(vm: &mut Vm, value: Option<Ref<'_>>) -> PyResult<Option<(Option<i32>, i32)>> {
    let Some(value) = value.filter(|value| !value.is_none()) else { return Ok(None) };
    let items: Vec<Object> = match value.downcast::<Tuple>() {
        Some(tuple) if tuple.len() == 2 => tuple.items().iter().map(|&item| item.to_owned()).collect(),
        Some(_) => return Err(vm.type_error("A scheduler tuple must have two elements")),
        None => return Err(vm.type_error("scheduler must be a tuple or None")),
    };
    let policy = if items[0].borrow().is_none() { None } else { Some(vm.to_i32(items[0].borrow())?) };
    Ok(Some((policy, sched_priority(vm, items[1].borrow())?)))
}

fn spawn(vm: &mut Vm, function: &'static str, search: bool, args: Arguments<'_, '_>) -> PyResult {
    let path = PathArg::new(function).convert(vm, arg(args, 0))?;
    let argv = argument_list(vm, function, arg(args, 1))?;
    let mapping = arg(args, 2);
    let environment = if mapping.is_none() {
        None
    } else if mapping.class().slots().getitem.is_none() {
        return Err(vm.type_error(format!("{function}: environment must be a mapping object or None")));
    } else {
        Some(environment_list(vm, mapping)?)
    };
    let actions = match args[3] {
        Some(actions) if !actions.is_none() => file_actions(vm, actions)?,
        _ => Vec::new(),
    };
    let attributes = SpawnAttributes {
        group: optional(args, 4).map(|group| vm.to_i32(group)).transpose()?,
        reset_ids: truth(vm, args[5], false)?,
        new_session: truth(vm, args[6], false)?,
        mask: signals(vm, args[7])?,
        defaults: signals(vm, args[8])?,
        scheduler: scheduler(vm, args[9])?,
    };
    let result = sys::posix_spawn(search, &path.text, &argv, environment.as_deref(), &actions, &attributes);
    let pid = path.checked(vm, result)?;
    Ok(Object::small_int(i64::from(pid)))
}

pub fn posix_spawn(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    spawn(vm, "posix_spawn", false, args)
}

pub fn posix_spawnp(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    spawn(vm, "posix_spawnp", true, args)
}
