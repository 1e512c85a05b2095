//! Subscripts of strings and bytes: an index, or a slice fitted to a length.

use crate::slice::{self, Positions, Slice};
use object::exception::INDEX_ERROR;
use object::vm::{PyResult, Vm};
use object::{Raised, Ref};

/// A subscript that was checked against the length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subscript {
    Index(usize),
    Slice(Positions),
}

/// An optional `start` or `end` argument, as `find` takes them.
pub fn optional_bound(vm: &mut Vm, value: Option<Ref<'_>>) -> PyResult<Option<isize>> {
    match value {
        Some(value) if !value.is_none() => slice::bound(vm, value).map(Some),
        _ => Ok(None),
    }
}

#[cold]
fn index_out_of_range(vm: &mut Vm, kind: &str) -> Raised {
    match kind {
        "byte" => vm.index_error("index out of range"),
        "string" => vm.index_error("string index out of range"),
        "list" => vm.index_error("list index out of range"),
        "tuple" => vm.index_error("tuple index out of range"),
        _ => vm.raise(&INDEX_ERROR, format!("{kind} index out of range")),
    }
}

/// Applies a subscript to a sequence. `len` is asked after everything that may run Python; `kind` is
/// what messages call the sequence.
pub fn subscript(vm: &mut Vm, key: Ref<'_>, len: impl FnOnce(&Vm) -> usize, kind: &str) -> PyResult<Subscript> {
    if let Some(index) = key.as_small_int() {
        return match slice::position(index as isize, len(vm)) {
            Some(index) => Ok(Subscript::Index(index)),
            None => Err(index_out_of_range(vm, kind)),
        };
    }
    if object::int::is_int(key) || key.class().slots().index.is_some() {
        let index = match vm.index(key)?.borrow().as_small_int() {
            Some(index) => index as isize,
            None => return Err(vm.raise(&INDEX_ERROR, format!("cannot fit '{}' into an index-sized integer", key.class().full_name()))),
        };
        return match slice::position(index, len(vm)) {
            Some(index) => Ok(Subscript::Index(index)),
            None => Err(index_out_of_range(vm, kind)),
        };
    }
    match key.downcast::<Slice>() {
        Some(key) => {
            let bounds = slice::unpack(vm, &key)?;
            Ok(Subscript::Slice(slice::adjust(bounds, len(vm))))
        }
        None => {
            let name = key.class().full_name();
            let message = match kind {
                "string" => format!("string indices must be integers, not '{name}'"),
                _ => format!("{kind} indices must be integers or slices, not {name}"),
            };
            Err(vm.type_error(message))
        }
    }
}
