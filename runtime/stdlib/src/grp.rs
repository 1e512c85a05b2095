//! `grp`: the database of groups.

use crate::os_support::*;
use crate::sys::{self, Group, Who};
use builtins::struct_sequence::{self, StructSequence as _};
use object::method;
use object::native::Module;
use object::singleton::ModuleObject;
use object::{Object, PyResult, Ref, RefOf, Vm};

builtins::struct_sequence!(StructGroup, STRUCT_GROUP, "grp.struct_group",
    "grp.struct_group: Results from getgr*() routines.\n\nThis object may be accessed either as a tuple of\n  (gr_name,gr_passwd,gr_gid,gr_mem)\nor via the object attributes as named in the above tuple.",
    [gr_name "group name", gr_passwd "password", gr_gid "group id", gr_mem "group members"], [], []);

/// `grp`
pub static MODULE: Module = Module {
    name: "grp",
    doc: "Access to the Unix group database.",
    functions: &[
        method!(Bound getgrgid "($module, /, id)", "Return the group database entry for the given numeric group ID."),
        method!(Bound getgrnam "($module, /, name)", "Return the group database entry for the given group name."),
        method!(Unary getgrall "($module, /)", "Return a list of all available group entries, in arbitrary order."),
    ],
    init: Some(init),
    ..Module::DEFAULT
};

fn init(vm: &mut Vm, module: RefOf<'_, ModuleObject>) -> PyResult<()> {
    let class = struct_sequence::ready::<StructGroup>(vm);
    module.set(vm, "struct_group", class.to_object());
    Ok(())
}

fn group_object(vm: &mut Vm, group: &Group) -> Object {
    let members = group.members.iter().map(|member| fs_decode(vm, member)).collect();
    let id = Object::small_int(if group.gid == u32::MAX { -1 } else { i64::from(group.gid) });
    let values = vec![fs_decode(vm, &group.name), fs_decode(vm, &group.password), id, vm.new_list(members).into_object()];
    StructGroup::make(vm, values)
}

fn not_found(vm: &mut Vm, message: &str) -> object::Raised {
    let text = vm.new_str(message).into_object();
    vm.key_error(text.borrow())
}

fn getgrgid(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let id = match crate::posix::identity::to_gid(vm, arg(args, 0)) {
        Ok(id) => id,
        Err(raised) => {
            vm.catch_if(raised, &object::exception::OVERFLOW_ERROR)?;
            let text = vm.repr_text(arg(args, 0))?;
            return Err(not_found(vm, &format!("getgrgid(): gid not found: {text}")));
        }
    };
    let result = vm.allow_threads(|| sys::find_group(Who::Id(id)));
    match checked(vm, result)? {
        Some(group) => Ok(group_object(vm, &group)),
        None => Err(not_found(vm, &format!("getgrgid(): gid not found: {}", if id == u32::MAX { -1 } else { i64::from(id) }))),
    }
}

fn getgrnam(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let given = arg(args, 0);
    if given.downcast::<object::str::Str>().is_none() {
        return Err(vm.type_error(format!("getgrnam() argument 'name' must be str, not {}", given.class().full_name())));
    }
    let name = c_string(vm, given)?;
    let result = vm.allow_threads(|| sys::find_group(Who::Name(&name)));
    match checked(vm, result)? {
        Some(group) => Ok(group_object(vm, &group)),
        None => {
            let text = vm.repr_text(given)?;
            Err(not_found(vm, &format!("getgrnam(): name not found: {text}")))
        }
    }
}

fn getgrall(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    let groups = sys::all_groups().iter().map(|group| group_object(vm, group)).collect();
    Ok(vm.new_list(groups).into_object())
}
