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

/// The `__dict__` of the native base, if that has one of its own kind: types do.
fn native_descriptor(this: Ref<'_>) -> Option<Object> {
    let native = std::iter::successors(Some(this.class()), |class| class.base()).find(|class| !class.is_heap_type())?;
    let found = native.lookup(crate::str::names::__dict__())?;
    let is_this = found.downcast_exact::<crate::descriptor::GetsetDescriptor>().is_some_and(|getset| std::ptr::eq(getset.getset, &raw const DICT));
    (!is_this).then(|| found.to_owned())
}

fn get_dict(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    if let Some(native) = native_descriptor(this)
        && let Some(get) = native.borrow().class().slots().descr_get
    {
        return get(vm, native.borrow(), Some(this), Some(this.class().object()));
    }
    match instance::dict_of(vm, this) {
        Some(dict) => Ok(dict.into_object()),
        None => Err(no_dict(vm, this)),
    }
}

fn set_dict(vm: &mut Vm, this: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    if let Some(native) = native_descriptor(this)
        && let Some(set) = native.borrow().class().slots().descr_set
    {
        return set(vm, native.borrow(), this, value);
    }
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
