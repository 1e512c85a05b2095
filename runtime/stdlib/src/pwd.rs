//! `pwd`: the database of users.

use crate::os_support::*;
use crate::sys::{self, User, Who};
use builtins::struct_sequence::{self, StructSequence as _};
use object::method;
use object::native::Module;
use object::singleton::ModuleObject;
use object::{Object, PyResult, Ref, RefOf, Vm};

builtins::struct_sequence!(StructPasswd, STRUCT_PASSWD, "pwd.struct_passwd",
    "pwd.struct_passwd: Results from getpw*() routines.\n\nThis object may be accessed either as a tuple of\n  (pw_name,pw_passwd,pw_uid,pw_gid,pw_gecos,pw_dir,pw_shell)\nor via the object attributes as named in the above tuple.",
    [pw_name "user name", pw_passwd "password", pw_uid "user id", pw_gid "group id", pw_gecos "real name", pw_dir "home directory", pw_shell "shell program"], [], []);

/// `pwd`
pub static MODULE: Module = Module {
    name: "pwd",
    doc: "This module provides access to the Unix password database.\nIt is available on all Unix versions.",
    functions: &[
        method!(Bound getpwuid "($module, uidobj, /)", "Return the password database entry for the given numeric user ID."),
        method!(Bound getpwnam "($module, name, /)", "Return the password database entry for the given user name."),
        method!(Unary getpwall "($module, /)", "Return a list of all available password database entries, in arbitrary order."),
    ],
    init: Some(init),
    ..Module::DEFAULT
};

fn init(vm: &mut Vm, module: RefOf<'_, ModuleObject>) -> PyResult<()> {
    let class = struct_sequence::ready::<StructPasswd>(vm);
    module.set(vm, "struct_passwd", class.to_object());
    Ok(())
}

fn user_object(vm: &mut Vm, user: &User) -> Object {
    let id = |id: u32| Object::small_int(if id == u32::MAX { -1 } else { i64::from(id) });
    let values = vec![
        fs_decode(vm, &user.name),
        fs_decode(vm, &user.password),
        id(user.uid),
        id(user.gid),
        fs_decode(vm, &user.comment),
        fs_decode(vm, &user.directory),
        fs_decode(vm, &user.shell),
    ];
    StructPasswd::make(vm, values)
}

fn getpwuid(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let id = match crate::posix::identity::to_uid(vm, arg(args, 0)) {
        Ok(id) => id,
        Err(raised) => {
            vm.catch_if(raised, &object::exception::OVERFLOW_ERROR)?;
            let text = vm.repr_text(arg(args, 0))?;
            return Err(not_found(vm, &format!("getpwuid(): uid not found: {text}")));
        }
    };
    let result = vm.allow_threads(|| sys::find_user(Who::Id(id)));
    match checked(vm, result)? {
        Some(user) => Ok(user_object(vm, &user)),
        None => Err(not_found(vm, &format!("getpwuid(): uid not found: {}", if id == u32::MAX { -1 } else { i64::from(id) }))),
    }
}

fn not_found(vm: &mut Vm, message: &str) -> object::Raised {
    let text = vm.new_str(message).into_object();
    vm.key_error(text.borrow())
}

fn getpwnam(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let given = arg(args, 0);
    if given.downcast::<object::str::Str>().is_none() {
        return Err(vm.type_error(format!("getpwnam() argument must be str, not {}", given.class().full_name())));
    }
    let name = c_string(vm, given)?;
    let result = vm.allow_threads(|| sys::find_user(Who::Name(&name)));
    match checked(vm, result)? {
        Some(user) => Ok(user_object(vm, &user)),
        None => {
            let text = vm.repr_text(given)?;
            Err(not_found(vm, &format!("getpwnam(): name not found: {text}")))
        }
    }
}

fn getpwall(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    let users = sys::all_users().iter().map(|user| user_object(vm, user)).collect();
    Ok(vm.new_list(users).into_object())
}
