//! Exception classes that native modules make when they are imported.

use object::cell::ObjectCell;
use object::class::TYPE;
use object::singleton::ModuleObject;
use object::vm::Raised;
use object::{Object, PyResult, RefOf, Type, Vm};

/// Makes a class as `class name(base): ...` in module `module` would, puts it into the module and
/// remembers it in `place`.
pub fn define(
    vm: &mut Vm,
    module: RefOf<'_, ModuleObject>,
    place: &ObjectCell,
    module_name: &str,
    name: &str,
    base: &Type,
    doc: Option<&str>,
) -> PyResult<()> {
    let class = match place.get() {
        Some(class) => class,
        None => {
            let bases = vm.new_tuple([base.to_object()]).into_object();
            let namespace = vm.new_dict();
            let module_name = vm.new_str(module_name).into_object();
            namespace.borrow().get().set_str(vm, "__module__", module_name);
            if let Some(doc) = doc {
                let doc = vm.new_str(doc).into_object();
                namespace.borrow().get().set_str(vm, "__doc__", doc);
            }
            let text = vm.new_str(name).into_object();
            vm.call(TYPE.object(), &[text.borrow(), bases.borrow(), namespace.borrow().object()])?
        }
    };
    place.set(Some(class.clone()));
    module.set(vm, name, class);
    Ok(())
}

/// Raises an instance of a class that [`define`] made, with a message if there is one.
pub fn raise(vm: &mut Vm, class: &ObjectCell, message: Option<&str>) -> Raised {
    let class: Object = class.get_or_none();
    let made = match message {
        Some(message) => {
            let message = vm.new_str(message);
            vm.call(class.borrow(), &[message.borrow().object()])
        }
        None => vm.call(class.borrow(), &[]),
    };
    match made {
        Ok(error) => vm.raise_object(error),
        Err(raised) => raised,
    }
}
