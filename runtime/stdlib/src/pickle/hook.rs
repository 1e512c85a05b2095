//! `persistent_id` and `persistent_load`: a function set on a pickler or unpickler itself hides the method of that
//! name, and is called as it is, without the object.

use object::cell::ObjectCell;
use object::str::Str;
use object::{PyResult, Ref, Vm};

fn is_named(name: Ref<'_>, text: &str) -> bool {
    name.downcast::<Str>().is_some_and(|name| name.equals_str(text))
}

/// An attribute of an object whose hook is kept in a cell.
pub fn getattr(vm: &mut Vm, this: Ref<'_>, name: Ref<'_>, hook: &str, cell: &ObjectCell) -> PyResult {
    if is_named(name, hook)
        && let Some(function) = cell.get()
    {
        return Ok(function);
    }
    object::attribute::generic_get(vm, this, name)
}

/// Sets or deletes an attribute of an object whose hook is kept in a cell.
pub fn setattr(vm: &mut Vm, this: Ref<'_>, name: Ref<'_>, value: Option<Ref<'_>>, hook: &str, cell: &ObjectCell) -> PyResult<()> {
    if is_named(name, hook) {
        drop(cell.replace(value.map(Ref::to_owned)));
        return Ok(());
    }
    object::attribute::generic_set(vm, this, name, value)
}
