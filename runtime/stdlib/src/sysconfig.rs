//! `_sysconfig`: what `sysconfig` must ask the program about itself.

use object::native::Module;
use object::{Object, PyResult, Ref, Vm, method};

pub static MODULE: Module = Module {
    name: "_sysconfig",
    doc: "A helper for the sysconfig module.",
    functions: &[method!(Unary config_vars "($module, /)", "Returns a dictionary containing build variables intended to be exposed by sysconfig.")],
    ..Module::DEFAULT
};

fn config_vars(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    let variables = vm.new_dict();
    for name in ["Py_GIL_DISABLED", "Py_DEBUG"] {
        variables.borrow().get().set_str(vm, name, Object::small_int(0));
    }
    Ok(variables.into_object())
}
