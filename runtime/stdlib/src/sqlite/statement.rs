//! Compiled statements, and the values bound to their parameters.

use super::ffi::{self, Database, Value};
use super::{adapt, callbacks, errors};
use object::dict::Dict;
use object::exception;
use object::list::List;
use object::native::PayloadInfo;
use object::str::Str;
use object::tuple::Tuple;
use object::{Object, Payload, PyResult, Ref, RefOf, Type, TypeSpec, Vm, float, int};
use std::cell::Cell;
use std::ffi::CString;

/// The payload of a statement.
pub struct Statement {
    pub raw: ffi::Statement,
    /// Whether it inserts, updates, deletes or replaces.
    pub is_dml: bool,
    /// Whether a cursor has it.
    pub in_use: Cell<bool>,
}

impl Payload for Statement {
    fn class() -> &'static Type {
        &STATEMENT
    }
}

/// `sqlite3.Statement`
pub static STATEMENT: Type = Type::new(&STATEMENT_SPEC);
static STATEMENT_SPEC: TypeSpec = TypeSpec {
    name: "sqlite3.Statement",
    flags: object::native::flag::NO_INSTANTIATION,
    payload: PayloadInfo::leaf::<Statement>(),
    ..TypeSpec::DEFAULT
};

/// The statement in an object.
pub fn payload(object: Ref<'_>) -> &Statement {
    object.downcast::<Statement>().expect("made as a statement").get()
}

/// The text after blanks and comments; nothing if there is no more.
fn skip_blanks_and_comments(mut sql: &[u8]) -> &[u8] {
    loop {
        match sql {
            [b' ' | b'\t' | b'\x0c' | b'\n' | b'\r', rest @ ..] => sql = rest,
            [b'-', b'-', rest @ ..] => match rest.iter().position(|&byte| byte == b'\n') {
                Some(end) => sql = &rest[end + 1..],
                None => return &[],
            },
            [b'/', b'*', rest @ ..] => match rest.windows(2).position(|pair| pair == b"*/") {
                Some(end) => sql = &rest[end + 2..],
                None => return &[],
            },
            _ => return sql,
        }
    }
}

fn is_dml(sql: &[u8]) -> bool {
    let sql = skip_blanks_and_comments(sql);
    [&b"insert"[..], b"update", b"delete", b"replace"].iter().any(|verb| sql.get(..verb.len()).is_some_and(|start| start.eq_ignore_ascii_case(verb)))
}

/// SQL as C takes it.
fn sql_text(vm: &mut Vm, database: &Database, sql: Ref<'_>) -> PyResult<CString> {
    let text = sql.downcast::<Str>().expect("the caller has looked at the type");
    let bytes = callbacks::encode(vm, text.get(), sql)?;
    let most = ffi::run(vm, || database.limit(libsqlite3_sys::SQLITE_LIMIT_SQL_LENGTH, -1));
    if bytes.len() > usize::try_from(most).unwrap_or(0) {
        return Err(errors::raise(vm, &errors::DATA_ERROR, "query string is too large"));
    }
    match CString::new(bytes) {
        Ok(text) => Ok(text),
        Err(_) => Err(errors::programming(vm, "the query contains a null character")),
    }
}

/// Compiles a text of one statement.
pub fn create(vm: &mut Vm, database: &Database, sql: Ref<'_>) -> PyResult {
    let text = sql_text(vm, database, sql)?;
    let prepared = ffi::run(vm, || database.prepare(&text));
    let (raw, n_left) = match prepared {
        Ok(prepared) => prepared,
        Err(failure) => return Err(errors::of_failure(vm, &failure)),
    };
    let bytes = text.as_bytes();
    if !skip_blanks_and_comments(&bytes[bytes.len() - n_left..]).is_empty() {
        return Err(errors::programming(vm, "You can only execute one statement at a time."));
    }
    let is_dml = is_dml(bytes);
    Ok(vm.allocate(Statement { raw, is_dml, in_use: Cell::new(false) }).into_object())
}

/// Binds one value.
fn bind_one(vm: &mut Vm, database: &Database, statement: &Statement, index: usize, value: Ref<'_>) -> PyResult<()> {
    let raw = &statement.raw;
    let bind = |vm: &mut Vm, value: Value<'_>| {
        let _locked = raw.lock(vm);
        raw.bind(index, value)
    };
    let bound = if value.is_none() {
        bind(vm, Value::Null)
    } else if int::is_int(value) {
        match int::as_i64(value) {
            Some(number) => bind(vm, Value::Integer(number)),
            None => return Err(vm.overflow_error("Python int too large to convert to SQLite INTEGER")),
        }
    } else if let Some(number) = float::value(value) {
        bind(vm, Value::Float(number))
    } else if let Some(text) = value.downcast::<Str>() {
        match text.get().as_str() {
            Some(text) => bind(vm, Value::Text(text.as_bytes())),
            None => {
                let bytes = callbacks::encode(vm, text.get(), value)?;
                bind(vm, Value::Text(&bytes))
            }
        }
    } else if vm.has_buffer(value) {
        let buffer = vm.buffer(value)?;
        let _locked = raw.lock(vm);
        raw.bind(index, Value::Blob(buffer.bytes(vm)))
    } else {
        let message = format!("Error binding parameter {index}: type '{}' is not supported", value.class().full_name());
        return Err(errors::programming(vm, &message));
    };
    if bound {
        return Ok(());
    }
    let failure = ffi::run(vm, || database.failure());
    Err(errors::of_failure(vm, &failure))
}

fn adapted(vm: &mut Vm, value: Object) -> PyResult {
    if value.borrow().is_none() || !adapt::needs_adapting(value.borrow()) {
        return Ok(value);
    }
    let protocol = adapt::PREPARE_PROTOCOL.object();
    adapt::adapt(vm, value.borrow(), protocol, Some(value.borrow()))
}

/// Binds the parameters that `execute` was given.
pub fn bind(vm: &mut Vm, database: &Database, statement: &Statement, parameters: Ref<'_>) -> PyResult<()> {
    let is_dict = parameters.downcast::<Dict>().is_some();
    let is_sequence = parameters.downcast_exact::<Tuple>().is_some() || parameters.downcast_exact::<List>().is_some();
    if is_sequence || (!is_dict && vm.is_sequence(parameters)) {
        return bind_sequence(vm, database, statement, parameters);
    }
    if is_dict {
        return bind_mapping(vm, database, statement, parameters);
    }
    Err(errors::programming(vm, "parameters are of unsupported type"))
}

fn bind_sequence(vm: &mut Vm, database: &Database, statement: &Statement, parameters: Ref<'_>) -> PyResult<()> {
    let (needed, given) = (statement.raw.n_parameters, vm.len(parameters)?);
    if given != needed {
        let message = format!("Incorrect number of bindings supplied. The current statement uses {needed}, and there are {given} supplied.");
        return Err(errors::programming(vm, &message));
    }
    for index in 1..=needed {
        if let Some(name) = statement.raw.parameter_name(index).filter(|name| !name.starts_with('?')) {
            let message =
                format!("Binding {index} ('{name}') is a named parameter, but you supplied a sequence which requires nameless (qmark) placeholders.");
            return Err(errors::programming(vm, &message));
        }
        let value = match parameters.downcast_exact::<Tuple>().and_then(|tuple| tuple.get().items().get(index - 1)) {
            Some(&value) => value.to_owned(),
            None => vm.get_item(parameters, Object::small_int(index as i64 - 1).borrow())?,
        };
        let value = adapted(vm, value)?;
        bind_one(vm, database, statement, index, value.borrow())?;
    }
    Ok(())
}

fn bind_mapping(vm: &mut Vm, database: &Database, statement: &Statement, parameters: Ref<'_>) -> PyResult<()> {
    for index in 1..=statement.raw.n_parameters {
        let Some(name) = statement.raw.parameter_name(index) else {
            let message = format!("Binding {index} has no name, but you supplied a dictionary (which has only names).");
            return Err(errors::programming(vm, &message));
        };
        let name = &name[1..];
        let key = vm.new_str(name).into_object();
        let value = match parameters.downcast_exact::<Dict>() {
            Some(dict) => dict.get().get(vm, key.borrow())?,
            None => {
                let found = vm.get_item(parameters, key.borrow());
                vm.ignore(found, &exception::LOOKUP_ERROR)?
            }
        };
        let Some(value) = value else {
            let message = format!("You did not supply a value for binding parameter :{name}.");
            return Err(errors::programming(vm, &message));
        };
        let value = adapted(vm, value)?;
        bind_one(vm, database, statement, index, value.borrow())?;
    }
    Ok(())
}

/// Runs a statement that takes and gives nothing.
pub fn run_simple(vm: &mut Vm, database: &Database, sql: &std::ffi::CStr) -> PyResult<()> {
    let outcome = ffi::run(vm, || {
        let (statement, _) = database.prepare(sql)?;
        match statement.step() {
            ffi::Step::Failed => Err(database.failure()),
            ffi::Step::Row | ffi::Step::Done => Ok(()),
        }
    });
    outcome.map_err(|failure| errors::of_failure(vm, &failure))
}

/// The payload's own reference, for callers that keep the object.
pub fn reference(object: Ref<'_>) -> RefOf<'_, Statement> {
    object.downcast::<Statement>().expect("made as a statement")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verbs_are_found_behind_comments() {
        assert!(is_dml(b" -- x\n /* y */ InSeRt into t"));
        assert!(!is_dml(b"select 1"));
        assert!(!is_dml(b"-- insert"));
        assert!(skip_blanks_and_comments(b" /* never ends").is_empty());
    }
}
