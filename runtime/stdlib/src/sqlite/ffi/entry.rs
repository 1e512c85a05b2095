//! The functions that SQLite calls, which call Python, and what they get: the context of a call and its arguments.

use super::super::callbacks;
use super::{Callback, ENTERED, Value, bytes_of, drop_object, enter, memory};
use libsqlite3_sys as sqlite;
use object::Object;
use std::cell::Cell;
use std::ffi::{c_char, c_int, c_uint, c_void};

/// The call of a function that a statement makes; results go here.
pub struct Context {
    raw: *mut sqlite::sqlite3_context,
}

impl Context {
    pub fn set(&self, value: Value<'_>) {
        // SAFETY: the context lives through the callback; data is copied.
        unsafe {
            match value {
                Value::Null => sqlite::sqlite3_result_null(self.raw),
                Value::Integer(number) => sqlite::sqlite3_result_int64(self.raw, number),
                Value::Float(number) => sqlite::sqlite3_result_double(self.raw, number),
                Value::Text(text) => {
                    let transient = sqlite::SQLITE_TRANSIENT();
                    sqlite::sqlite3_result_text64(self.raw, text.as_ptr().cast(), text.len() as u64, transient, sqlite::SQLITE_UTF8 as u8);
                }
                Value::Blob(data) => sqlite::sqlite3_result_blob64(self.raw, data.as_ptr().cast(), data.len() as u64, sqlite::SQLITE_TRANSIENT()),
            }
        }
    }

    pub fn fail(&self, message: &str) {
        let len = c_int::try_from(message.len()).unwrap_or(0);
        // SAFETY: as above.
        unsafe { sqlite::sqlite3_result_error(self.raw, message.as_ptr().cast(), len) };
    }

    pub fn fail_for_memory(&self) {
        // SAFETY: as above.
        unsafe { sqlite::sqlite3_result_error_nomem(self.raw) };
    }

    pub fn fail_as_too_big(&self) {
        // SAFETY: as above.
        unsafe { sqlite::sqlite3_result_error_toobig(self.raw) };
    }

    /// The callable that the function was made with.
    fn callable(&self) -> Object {
        // SAFETY: functions are made with a callback as their data, which lives as long as they do.
        unsafe { (*sqlite::sqlite3_user_data(self.raw).cast::<Callback>()).callable.clone() }
    }

    /// The word that SQLite keeps for one run of an aggregate: an instance or zero. Made if asked for.
    fn word(&self, make: bool) -> Option<&Cell<u64>> {
        let size = if make { size_of::<u64>() as c_int } else { 0 };
        // SAFETY: SQLite's memory is zeroed, aligned, and lives through the callback.
        unsafe { sqlite::sqlite3_aggregate_context(self.raw, size).cast::<Cell<u64>>().as_ref() }
    }

    /// The instance of this run.
    pub fn instance(&self) -> Option<Object> {
        let word = self.word(false)?;
        // SAFETY: the word is zero or an object that it owns; it goes on owning it.
        let object = unsafe { Object::from_raw(word.get()) }?;
        let shared = object.clone();
        word.set(object.into_raw());
        Some(shared)
    }

    /// Keeps the instance of this run; `false` if there is no memory.
    pub fn set_instance(&self, object: Object) -> bool {
        match self.word(true) {
            Some(word) => {
                word.set(object.into_raw());
                true
            }
            None => false,
        }
    }

    /// Has SQLite keep a word for this run, so that its end is known.
    pub fn reserve_instance(&self) -> bool {
        self.word(true).is_some()
    }

    fn take_instance(&self) -> Option<Object> {
        let word = self.word(false)?;
        // SAFETY: as above; the word gives the object up.
        unsafe { Object::from_raw(word.replace(0)) }
    }
}

/// The arguments of a call, copied so that Python may use SQLite meanwhile.
#[derive(Clone, Debug, PartialEq)]
pub enum Argument {
    Null,
    Integer(i64),
    Float(f64),
    Text(Vec<u8>),
    Blob(Vec<u8>),
}

/// Copies the arguments of a callback.
///
/// # Safety
///
/// `values` must be what SQLite gave to the callback.
unsafe fn arguments(n: c_int, values: *mut *mut sqlite::sqlite3_value) -> Vec<Argument> {
    let n = usize::try_from(n).unwrap_or(0);
    (0..n)
        .map(|index| {
            // SAFETY: the caller's promise: there are `n` values.
            unsafe {
                let value = *values.add(index);
                match sqlite::sqlite3_value_type(value) {
                    sqlite::SQLITE_INTEGER => Argument::Integer(sqlite::sqlite3_value_int64(value)),
                    sqlite::SQLITE_FLOAT => Argument::Float(sqlite::sqlite3_value_double(value)),
                    sqlite::SQLITE_TEXT => {
                        let data = sqlite::sqlite3_value_text(value);
                        Argument::Text(memory(data, sqlite::sqlite3_value_bytes(value)).to_vec())
                    }
                    sqlite::SQLITE_BLOB => {
                        let data = sqlite::sqlite3_value_blob(value);
                        Argument::Blob(memory(data.cast(), sqlite::sqlite3_value_bytes(value)).to_vec())
                    }
                    _ => Argument::Null,
                }
            }
        })
        .collect()
}

pub(super) type FunctionCallback = unsafe extern "C" fn(*mut sqlite::sqlite3_context, c_int, *mut *mut sqlite::sqlite3_value);
pub(super) type FinalCallback = unsafe extern "C" fn(*mut sqlite::sqlite3_context);
pub(super) type DestroyCallback = unsafe extern "C" fn(*mut c_void);
pub(super) type CollationCallback = unsafe extern "C" fn(*mut c_void, c_int, *const c_void, c_int, *const c_void) -> c_int;
pub(super) type AuthorizeCallback = unsafe extern "C" fn(*mut c_void, c_int, *const c_char, *const c_char, *const c_char, *const c_char) -> c_int;
pub(super) type ProgressCallback = unsafe extern "C" fn(*mut c_void) -> c_int;
pub(super) type TraceCallback = unsafe extern "C" fn(c_uint, *mut c_void, *mut c_void, *mut c_void) -> c_int;

pub(super) unsafe extern "C" fn on_function(context: *mut sqlite::sqlite3_context, n: c_int, values: *mut *mut sqlite::sqlite3_value) {
    let context = Context { raw: context };
    // SAFETY: SQLite's arguments.
    let values = unsafe { arguments(n, values) };
    enter((), |vm| callbacks::function(vm, context.callable(), &context, values));
}

pub(super) unsafe extern "C" fn on_step(context: *mut sqlite::sqlite3_context, n: c_int, values: *mut *mut sqlite::sqlite3_value) {
    let context = Context { raw: context };
    // SAFETY: SQLite's arguments.
    let values = unsafe { arguments(n, values) };
    enter((), |vm| callbacks::step(vm, context.callable(), &context, "step", values));
}

pub(super) unsafe extern "C" fn on_inverse(context: *mut sqlite::sqlite3_context, n: c_int, values: *mut *mut sqlite::sqlite3_value) {
    let context = Context { raw: context };
    // SAFETY: SQLite's arguments.
    let values = unsafe { arguments(n, values) };
    enter((), |vm| callbacks::step(vm, context.callable(), &context, "inverse", values));
}

pub(super) unsafe extern "C" fn on_value(context: *mut sqlite::sqlite3_context) {
    let context = Context { raw: context };
    enter((), |vm| {
        if let Some(instance) = context.instance() {
            callbacks::result(vm, context.callable(), &context, "value", instance);
        }
    });
}

pub(super) unsafe extern "C" fn on_final(context: *mut sqlite::sqlite3_context) {
    let context = Context { raw: context };
    let Some(instance) = context.take_instance() else { return };
    if ENTERED.get().vm.is_null() {
        drop_object(Some(instance));
        return;
    }
    enter((), |vm| callbacks::result(vm, context.callable(), &context, "finalize", instance));
}

/// The callable of a hook or collation.
///
/// # Safety
///
/// `data` must be a callback's address, which lives while this runs.
unsafe fn callable_of(data: *mut c_void) -> Object {
    // SAFETY: the caller's promise. The lock is held: `enter` took it.
    unsafe { (*data.cast::<Callback>()).callable.clone() }
}

pub(super) unsafe extern "C" fn on_collation(data: *mut c_void, n1: c_int, text1: *const c_void, n2: c_int, text2: *const c_void) -> c_int {
    enter(0, |vm| {
        // SAFETY: SQLite's arguments.
        let (callable, left, right) = unsafe { (callable_of(data), memory(text1.cast(), n1).to_vec(), memory(text2.cast(), n2).to_vec()) };
        callbacks::collate(vm, callable, &left, &right)
    })
}

pub(super) unsafe extern "C" fn on_authorize(
    data: *mut c_void,
    action: c_int,
    first: *const c_char,
    second: *const c_char,
    database: *const c_char,
    trigger: *const c_char,
) -> c_int {
    enter(sqlite::SQLITE_DENY, |vm| {
        // SAFETY: the connection's own hook.
        let callable = unsafe { callable_of(data) };
        let texts = [first, second, database, trigger].map(|text| bytes_of(text).map(<[u8]>::to_vec));
        callbacks::authorize(vm, callable, action, texts)
    })
}

pub(super) unsafe extern "C" fn on_progress(data: *mut c_void) -> c_int {
    enter(0, |vm| {
        // SAFETY: the connection's own hook.
        let callable = unsafe { callable_of(data) };
        callbacks::progress(vm, callable)
    })
}

pub(super) unsafe extern "C" fn on_trace(_kind: c_uint, data: *mut c_void, statement: *mut c_void, sql: *mut c_void) -> c_int {
    enter((), |vm| {
        // SAFETY: the connection's own hook.
        let callable = unsafe { callable_of(data) };
        // SAFETY: the statement that begins to run; the text is made for us.
        let expanded = unsafe {
            let expanded = sqlite::sqlite3_expanded_sql(statement.cast());
            let copied = bytes_of(expanded).map(<[u8]>::to_vec);
            sqlite::sqlite3_free(expanded.cast());
            copied
        };
        let plain = bytes_of(sql.cast::<c_char>().cast_const()).map(<[u8]>::to_vec).unwrap_or_default();
        callbacks::trace(vm, callable, expanded, plain);
    });
    0
}
