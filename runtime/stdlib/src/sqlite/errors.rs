//! The exception classes, and which one a result code raises.

use super::constants;
use super::ffi::{Failure, describe};
use crate::exception_class::{self, define};
use libsqlite3_sys as sqlite;
use object::cell::ObjectCell;
use object::exception;
use object::singleton::ModuleObject;
use object::{Object, PyResult, Raised, Ref, RefOf, Type, Vm};

pub static WARNING: ObjectCell = ObjectCell::EMPTY;
pub static ERROR: ObjectCell = ObjectCell::EMPTY;
pub static INTERFACE_ERROR: ObjectCell = ObjectCell::EMPTY;
pub static DATABASE_ERROR: ObjectCell = ObjectCell::EMPTY;
pub static DATA_ERROR: ObjectCell = ObjectCell::EMPTY;
pub static INTEGRITY_ERROR: ObjectCell = ObjectCell::EMPTY;
pub static INTERNAL_ERROR: ObjectCell = ObjectCell::EMPTY;
pub static NOT_SUPPORTED_ERROR: ObjectCell = ObjectCell::EMPTY;
pub static OPERATIONAL_ERROR: ObjectCell = ObjectCell::EMPTY;
pub static PROGRAMMING_ERROR: ObjectCell = ObjectCell::EMPTY;

/// The classes by name, a class's base before it.
pub static ALL: [(&str, &ObjectCell, Option<&ObjectCell>); 10] = [
    ("Warning", &WARNING, None),
    ("Error", &ERROR, None),
    ("InterfaceError", &INTERFACE_ERROR, Some(&ERROR)),
    ("DatabaseError", &DATABASE_ERROR, Some(&ERROR)),
    ("DataError", &DATA_ERROR, Some(&DATABASE_ERROR)),
    ("IntegrityError", &INTEGRITY_ERROR, Some(&DATABASE_ERROR)),
    ("InternalError", &INTERNAL_ERROR, Some(&DATABASE_ERROR)),
    ("NotSupportedError", &NOT_SUPPORTED_ERROR, Some(&DATABASE_ERROR)),
    ("OperationalError", &OPERATIONAL_ERROR, Some(&DATABASE_ERROR)),
    ("ProgrammingError", &PROGRAMMING_ERROR, Some(&DATABASE_ERROR)),
];

/// Makes the classes.
pub fn init(vm: &mut Vm, module: RefOf<'_, ModuleObject>) -> PyResult<()> {
    for (name, place, base) in ALL {
        let base = base.map(ObjectCell::get_or_none);
        let class = base.as_ref().and_then(|base| base.borrow().downcast::<Type>()).map_or(&exception::EXCEPTION as &Type, RefOf::get);
        define(vm, module, place, "sqlite3", name, class, None)?;
    }
    Ok(())
}

/// Raises one of the classes.
pub fn raise(vm: &mut Vm, class: &ObjectCell, message: &str) -> Raised {
    exception_class::raise(vm, class, Some(message))
}

pub fn programming(vm: &mut Vm, message: &str) -> Raised {
    raise(vm, &PROGRAMMING_ERROR, message)
}

pub fn operational(vm: &mut Vm, message: &str) -> Raised {
    raise(vm, &OPERATIONAL_ERROR, message)
}

/// The class for a result code; `None` for memory errors.
fn class_of(code: i32) -> Option<&'static ObjectCell> {
    Some(match code {
        sqlite::SQLITE_NOMEM => return None,
        sqlite::SQLITE_INTERNAL | sqlite::SQLITE_NOTFOUND => &INTERNAL_ERROR,
        sqlite::SQLITE_ERROR
        | sqlite::SQLITE_PERM
        | sqlite::SQLITE_ABORT
        | sqlite::SQLITE_BUSY
        | sqlite::SQLITE_LOCKED
        | sqlite::SQLITE_READONLY
        | sqlite::SQLITE_INTERRUPT
        | sqlite::SQLITE_IOERR
        | sqlite::SQLITE_FULL
        | sqlite::SQLITE_CANTOPEN
        | sqlite::SQLITE_PROTOCOL
        | sqlite::SQLITE_EMPTY
        | sqlite::SQLITE_SCHEMA => &OPERATIONAL_ERROR,
        sqlite::SQLITE_CORRUPT => &DATABASE_ERROR,
        sqlite::SQLITE_TOOBIG => &DATA_ERROR,
        sqlite::SQLITE_CONSTRAINT | sqlite::SQLITE_MISMATCH => &INTEGRITY_ERROR,
        sqlite::SQLITE_MISUSE | sqlite::SQLITE_RANGE => &INTERFACE_ERROR,
        _ => &DATABASE_ERROR,
    })
}

/// Raises what a failed call means.
pub fn of_failure(vm: &mut Vm, failure: &Failure) -> Raised {
    let Some(class) = class_of(failure.code) else { return vm.memory_error() };
    let raised = raise(vm, class, &failure.message);
    if failure.extended < 0 {
        return raised;
    }
    let error = vm.catch(raised);
    let name = constants::error_name(failure.extended).unwrap_or("unknown");
    let code = Object::small_int(i64::from(failure.extended));
    let name = vm.new_str(name).into_object();
    let set = [("sqlite_errorcode", code), ("sqlite_errorname", name)].into_iter().try_for_each(|(attribute, value)| {
        let value: Ref<'_> = value.borrow();
        vm.set_attr_str(error.borrow(), attribute, value)
    });
    match set {
        Ok(()) => vm.raise_object(error),
        Err(raised) => raised,
    }
}

/// Raises what a result code means.
pub fn of_code(vm: &mut Vm, code: i32) -> Raised {
    of_failure(vm, &Failure { code: code & 0xff, extended: code, message: describe(code) })
}
