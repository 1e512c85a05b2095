//! `__dict__` and `__weakref__` as the classes that introduce them show them.

use crate::dict::Dict;
use crate::exception;
use crate::instance;
use crate::native::Getset;
use crate::value::{Object, Ref};
use crate::vm::{PyResult, Vm};

/// `__dict__`
pub(super) static DICT: Getset = Getset::new("__dict__", "dictionary for instance variables", get_dict, set_dict);
/// `__weakref__`
pub(super) static WEAK_REFERENCES: Getset = Getset::readonly("__weakref__", "list of weak references to the object", get_weak_references);

fn no_dict(vm: &mut Vm, this: Ref<'_>) -> crate::vm::Raised {
    let message = format!("This object has no __dict__ ({})", this.class().full_name());
    vm.raise(&exception::ATTRIBUTE_ERROR, message)
}

fn get_dict(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    match instance::dict_of(vm, this) {
        Some(dict) => Ok(dict.into_object()),
        None => Err(no_dict(vm, this)),
    }
}

fn set_dict(vm: &mut Vm, this: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    let dict = match value {
        Some(value) => match value.downcast::<Dict>() {
            Some(dict) => dict.to_owned(),
            None => {
                let message = format!("__dict__ must be set to a dictionary, not a '{}'", value.class().full_name());
                return Err(vm.type_error(message));
            }
        },
        None => vm.new_dict(),
    };
    if instance::set_dict(vm, this, dict) { Ok(()) } else { Err(no_dict(vm, this)) }
}

/// The oldest weak reference to the object; the chain itself is not an object here.
fn get_weak_references(_vm: &mut Vm, this: Ref<'_>) -> PyResult {
    Ok(crate::weak::references_to(this).into_iter().next().unwrap_or(Object::none()))
}
