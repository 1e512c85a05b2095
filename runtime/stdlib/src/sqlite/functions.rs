//! The methods of `Connection`: the table, Python functions for SQL, hooks, backups, limits and the rest.

use super::connection::{Connection, blobopen, close, commit, cursor, database, enter, execute, executemany, executescript, exit, rollback, usable};
use super::ffi::{self, Hook};
use super::{callbacks, constants, errors};
use libsqlite3_sys as sqlite;
use object::call::Args;
use object::exception;
use object::str::Str;
use object::{Method, Object, PyResult, Ref, Vm, method};
use std::ffi::CString;

type Arguments<'a, 'b> = &'a [Option<Ref<'b>>];

pub const METHODS: &[Method] = &[
    method!(Bound backup "($self, /, target, *, pages=-1, progress=None, name='main', sleep=0.25)", "Makes a backup of the database."),
    method!(Bound blobopen "($self, table, column, rowid, /, *, readonly=False, name='main')", "Open and return a BLOB object.\n\n  table\n    Table name.\n  column\n    Column name.\n  rowid\n    Row id.\n  readonly\n    Open the BLOB without write permissions.\n  name\n    Database name."),
    method!(Unary close "($self, /)", "Close the database connection.\n\nAny pending transaction is not committed implicitly."),
    method!(Unary commit "($self, /)", "Commit any pending transaction to the database.\n\nIf there is no open transaction, this method is a no-op."),
    method!(Raw create_aggregate "($self, /, name, n_arg, aggregate_class)", "Creates a new aggregate.\n\nNote: Passing keyword arguments 'name', 'n_arg' and 'aggregate_class'\nto _sqlite3.Connection.create_aggregate() is deprecated. Parameters\n'name', 'n_arg' and 'aggregate_class' will become positional-only in\nPython 3.15.\n"),
    method!(Bound create_collation "($self, name, callback, /)", "Creates a collation function."),
    method!(Raw create_function "($self, /, name, narg, func, *, deterministic=False)", "Creates a new function.\n\nNote: Passing keyword arguments 'name', 'narg' and 'func' to\n_sqlite3.Connection.create_function() is deprecated. Parameters\n'name', 'narg' and 'func' will become positional-only in Python 3.15.\n"),
    method!(Bound create_window_function "($self, name, num_params, aggregate_class, /)", "Creates or redefines an aggregate window function. Non-standard.\n\n  name\n    The name of the SQL aggregate window function to be created or\n    redefined.\n  num_params\n    The number of arguments the step and inverse methods takes.\n  aggregate_class\n    A class with step(), finalize(), value(), and inverse() methods.\n    Set to None to clear the window function."),
    method!(Bound cursor "($self, /, factory=<unrepresentable>)", "Return a cursor for the connection."),
    method!(Bound deserialize "($self, data, /, *, name='main')", "Load a serialized database.\n\n  data\n    The serialized database content.\n  name\n    Which database to reopen with the deserialization.\n\nThe deserialize interface causes the database connection to\ndisconnect from the target database, and then reopen it as\nan in-memory database based on the given serialized data.\n\nThe deserialize interface will fail with SQLITE_BUSY if the database\nis currently in a read transaction or is involved in a backup\noperation."),
    method!(Binary enable_load_extension "($self, enable, /)", "Enable dynamic loading of SQLite extension modules."),
    method!(Bound execute "($self, sql, parameters=(), /)", "Executes an SQL statement."),
    method!(Bound executemany "($self, sql, parameters, /)", "Repeatedly executes an SQL statement."),
    method!(Binary executescript "($self, sql_script, /)", "Executes multiple SQL statements at once."),
    method!(Binary getconfig "($self, op, /)", "Query a boolean connection configuration option.\n\n  op\n    The configuration verb; one of the sqlite3.SQLITE_DBCONFIG codes."),
    method!(Binary getlimit "($self, category, /)", "Get connection run-time limits.\n\n  category\n    The limit category to be queried."),
    method!(Unary interrupt "($self, /)", "Abort any pending database operation."),
    method!(Bound iterdump "($self, /, *, filter=None)", "Returns iterator to the dump of the database in an SQL text format.\n\n  filter\n    An optional LIKE pattern for database objects to dump"),
    method!(Bound load_extension "($self, name, /, *, entrypoint=None)", "Load SQLite extension module."),
    method!(Unary rollback "($self, /)", "Roll back to the start of any pending transaction.\n\nIf there is no open transaction, this method is a no-op."),
    method!(Bound serialize "($self, /, *, name='main')", "Serialize a database into a byte string.\n\n  name\n    Which database to serialize.\n\nFor an ordinary on-disk database file, the serialization is just\na copy of the disk file.  For an in-memory database or a \"temp\"\ndatabase, the serialization is the same sequence of bytes which\nwould be written to disk if that database were backed up to disk."),
    method!(Raw set_authorizer "($self, /, authorizer_callback)", "Set authorizer callback.\n\nNote: Passing keyword argument 'authorizer_callback' to\n_sqlite3.Connection.set_authorizer() is deprecated. Parameter\n'authorizer_callback' will become positional-only in Python 3.15.\n"),
    method!(Raw set_progress_handler "($self, /, progress_handler, n)", "Set progress handler callback.\n\n  progress_handler\n    A callable that takes no arguments.\n    If the callable returns non-zero, the current query is\n    terminated, and an exception is raised.\n  n\n    The number of SQLite virtual machine instructions that are\n    executed between invocations of 'progress_handler'.\n\nIf 'progress_handler' is None or 'n' is 0, the progress handler is\ndisabled.\n\nNote: Passing keyword argument 'progress_handler' to\n_sqlite3.Connection.set_progress_handler() is deprecated. Parameter\n'progress_handler' will become positional-only in Python 3.15.\n"),
    method!(Raw set_trace_callback "($self, /, trace_callback)", "Set a trace callback called for each SQL statement (passed as unicode).\n\nNote: Passing keyword argument 'trace_callback' to\n_sqlite3.Connection.set_trace_callback() is deprecated. Parameter\n'trace_callback' will become positional-only in Python 3.15.\n"),
    method!(Bound setconfig "($self, op, enable=True, /)", "Set a boolean connection configuration option.\n\n  op\n    The configuration verb; one of the sqlite3.SQLITE_DBCONFIG codes."),
    method!(Bound setlimit "($self, category, limit, /)", "Set connection run-time limits.\n\n  category\n    The limit category to be set.\n  limit\n    The new limit. If the new limit is a negative number, the limit\n    is unchanged.\n\nAttempts to increase a limit above its hard upper bound are silently\ntruncated to the hard upper bound. Regardless of whether or not the\nlimit was changed, the prior value of the limit is returned."),
    method!(Unary enter as "__enter__" "($self, /)", "Called when the connection is used as a context manager.\n\nReturns itself as a convenience to the caller."),
    method!(Bound exit as "__exit__" "($self, type, value, traceback, /)", "Called when the connection is used as a context manager.\n\nIf there was any exception, a rollback takes place; otherwise we\ncommit."),
];

/// A string argument as C takes it. `what` names it for the error.
pub fn text_argument(vm: &mut Vm, what: &str, value: Option<Ref<'_>>) -> PyResult<CString> {
    let value = value.unwrap_or(Ref::NONE);
    let Some(text) = value.downcast::<Str>() else {
        let found = if value.is_none() { "None".to_string() } else { value.class().name().to_string() };
        return Err(vm.type_error(format!("{what} must be str, not {found}")));
    };
    let bytes = callbacks::encode(vm, text.get(), value)?;
    CString::new(bytes).map_err(|_| vm.value_error("embedded null character"))
}

/// A database's name, `main` if none is given.
fn name_argument(vm: &mut Vm, what: &str, value: Option<Ref<'_>>) -> PyResult<CString> {
    match value {
        Some(_) => text_argument(vm, what, value),
        None => Ok(CString::from(c"main")),
    }
}

fn given(value: Option<&Object>) -> Option<Object> {
    value.filter(|value| !value.borrow().is_none()).cloned()
}

/// Binds a method's arguments; those that are to become positional are warned about when given by name.
fn bind<const N: usize>(
    vm: &mut Vm,
    name: &str,
    signature: &'static str,
    args: Args<'_>,
    n_positional: usize,
    names: &str,
) -> PyResult<[Option<Object>; N]> {
    if args.n_positional() < n_positional && args.n_keywords() > 0 && args.n_positional() + args.n_keywords() >= n_positional {
        let (plural, subject) = if n_positional > 1 && names.contains(',') { ("s", "Parameters") } else { ("", "Parameter") };
        let listed = names.rsplit_once(", ").map_or(names.to_owned(), |(start, last)| format!("{start} and {last}"));
        let message = format!(
            "Passing keyword argument{plural} {listed} to _sqlite3.Connection.{name}() is deprecated. {subject} {listed} will become positional-only in Python 3.15."
        );
        vm.warn(&exception::DEPRECATION_WARNING, &message, 1)?;
    }
    let mut bound = [const { None }; N];
    object::call::bind_args(vm, name, signature, args, &mut bound)?;
    Ok(bound)
}

fn create_function(vm: &mut Vm, this: Ref<'_>, args: Args<'_>) -> PyResult {
    let bound: [Option<Object>; 4] = bind(vm, "create_function", "(name, narg, func, *, deterministic=False)", args, 3, "'name', 'narg', 'func'")?;
    let name = text_argument(vm, "create_function() argument 'name'", bound[0].as_ref().map(Object::borrow))?;
    let n_args = vm.to_i32(bound[1].as_ref().map_or(Ref::NONE, Object::borrow))?;
    let deterministic = bound[3].as_ref().map_or(Ok(false), |flag| vm.is_true(flag.borrow()))?;
    let database = usable(vm, this)?;
    check_n_args(vm, &database, "narg", n_args)?;
    let callable = given(bound[2].as_ref());
    let made = ffi::run(vm, || database.create_function(&name, n_args, deterministic, callable));
    made.map_err(|_| errors::operational(vm, "Error creating function"))?;
    Ok(Object::none())
}

fn check_n_args(vm: &mut Vm, database: &ffi::Database, name: &str, n_args: i32) -> PyResult<()> {
    let most = ffi::run(vm, || database.limit(sqlite::SQLITE_LIMIT_FUNCTION_ARG, -1));
    if n_args < -1 || n_args > most {
        return Err(errors::programming(vm, &format!("'{name}' must be between -1 and {most}, not {n_args}")));
    }
    Ok(())
}

fn create_aggregate(vm: &mut Vm, this: Ref<'_>, args: Args<'_>) -> PyResult {
    let bound: [Option<Object>; 3] = bind(vm, "create_aggregate", "(name, n_arg, aggregate_class)", args, 3, "'name', 'n_arg', 'aggregate_class'")?;
    let name = text_argument(vm, "create_aggregate() argument 'name'", bound[0].as_ref().map(Object::borrow))?;
    let n_args = vm.to_i32(bound[1].as_ref().map_or(Ref::NONE, Object::borrow))?;
    let database = usable(vm, this)?;
    check_n_args(vm, &database, "n_arg", n_args)?;
    let class = given(bound[2].as_ref());
    let made = ffi::run(vm, || database.create_aggregate(&name, n_args, class));
    made.map_err(|_| errors::operational(vm, "Error creating aggregate"))?;
    Ok(Object::none())
}

fn create_window_function(vm: &mut Vm, this: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let name = text_argument(vm, "create_window_function() argument 1", args[0])?;
    let n_args = vm.to_i32(args[1].unwrap_or(Ref::NONE))?;
    let database = usable(vm, this)?;
    check_n_args(vm, &database, "num_params", n_args)?;
    let class = args[2].filter(|class| !class.is_none()).map(Ref::to_owned);
    let made = ffi::run(vm, || database.create_window_function(&name, n_args, class));
    made.map_err(|code| errors::of_code(vm, code))?;
    Ok(Object::none())
}

fn create_collation(vm: &mut Vm, this: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let name = text_argument(vm, "create_collation() argument 1", args[0])?;
    let database = usable(vm, this)?;
    let callable = args[1].filter(|callable| !callable.is_none());
    if callable.is_some_and(|callable| callable.class().slots().call.is_none()) {
        return Err(vm.type_error("parameter must be callable"));
    }
    let callable = callable.map(Ref::to_owned);
    let made = ffi::run(vm, || database.create_collation(&name, callable));
    made.map_err(|failure| errors::of_failure(vm, &failure))?;
    Ok(Object::none())
}

fn set_hook(vm: &mut Vm, this: Ref<'_>, hook: Hook, callable: Option<Object>) -> PyResult {
    let database = usable(vm, this)?;
    let set = ffi::run(vm, || database.set_hook(hook, callable));
    match set {
        Ok(old) => drop(old),
        Err(failure) => return Err(errors::of_failure(vm, &failure)),
    }
    Ok(Object::none())
}

fn set_authorizer(vm: &mut Vm, this: Ref<'_>, args: Args<'_>) -> PyResult {
    let bound: [Option<Object>; 1] = bind(vm, "set_authorizer", "(authorizer_callback)", args, 1, "'authorizer_callback'")?;
    set_hook(vm, this, Hook::Authorizer, given(bound[0].as_ref()))
}

fn set_progress_handler(vm: &mut Vm, this: Ref<'_>, args: Args<'_>) -> PyResult {
    let by_name = args.n_positional() == 0;
    let bound: [Option<Object>; 2] =
        bind(vm, "set_progress_handler", "(progress_handler, n)", args, if by_name { 1 } else { 0 }, "'progress_handler'")?;
    let n = vm.to_i32(bound[1].as_ref().map_or(Ref::NONE, Object::borrow))?;
    set_hook(vm, this, Hook::Progress(n), given(bound[0].as_ref()))
}

fn set_trace_callback(vm: &mut Vm, this: Ref<'_>, args: Args<'_>) -> PyResult {
    let bound: [Option<Object>; 1] = bind(vm, "set_trace_callback", "(trace_callback)", args, 1, "'trace_callback'")?;
    set_hook(vm, this, Hook::Trace, given(bound[0].as_ref()))
}

fn backup(vm: &mut Vm, this: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let target = args[0].unwrap_or(Ref::NONE);
    if target.downcast::<Connection>().is_none() {
        let found = if target.is_none() { "None".to_string() } else { target.class().full_name().to_string() };
        return Err(vm.type_error(format!("backup() argument 'target' must be sqlite3.Connection, not {found}")));
    }
    let pages = args[1].map_or(Ok(-1), |pages| vm.to_i32(pages))?;
    let pages = if pages == 0 { -1 } else { pages };
    let progress = args[2].filter(|progress| !progress.is_none());
    let name = name_argument(vm, "backup() argument 'name'", args[3])?;
    let sleep = args[4].map_or(Ok(0.25), |sleep| vm.to_float(sleep))?;
    let source = usable(vm, this)?;
    if target.is(this) {
        return Err(vm.value_error("target cannot be the same connection instance"));
    }
    let destination = usable(vm, target)?;
    if progress.is_some_and(|progress| progress.class().slots().call.is_none()) {
        return Err(vm.type_error("progress argument must be a callable"));
    }
    let begun = ffi::run(vm, || source.begin_backup(&destination, &name));
    let backup = begun.map_err(|failure| errors::of_failure(vm, &failure))?;
    loop {
        let code = ffi::run(vm, || backup.step(pages));
        if let Some(progress) = progress {
            let (left, all) = backup.progress();
            let numbers = [code, left, all].map(|number| Object::small_int(i64::from(number)));
            vm.call(progress, Object::as_refs(&numbers))?;
        }
        match code {
            sqlite::SQLITE_BUSY | sqlite::SQLITE_LOCKED => ffi::run(vm, || ffi::sleep((sleep * 1000.0) as i32)),
            sqlite::SQLITE_OK => {}
            _ => break,
        }
    }
    let code = ffi::run(vm, || backup.finish());
    if code == sqlite::SQLITE_OK { Ok(Object::none()) } else { Err(errors::of_code(vm, code)) }
}

fn interrupt(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    database(vm, this)?.interrupt();
    Ok(Object::none())
}

fn iterdump(vm: &mut Vm, this: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    database(vm, this)?;
    let module = vm.import("sqlite3.dump")?;
    let Some(function) = vm.find_attr_str(module.borrow(), "_iterdump")? else {
        return Err(errors::operational(vm, "Failed to obtain _iterdump() reference"));
    };
    let names = vm.new_str("filter").into_object();
    let names = vm.new_tuple([names]);
    let values = [this, args[0].unwrap_or(Ref::NONE)];
    vm.call_with(function.borrow(), Args::new(&values, Some(names.borrow())))
}

fn serialize(vm: &mut Vm, this: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let name = name_argument(vm, "serialize() argument 'name'", args[0])?;
    let database = usable(vm, this)?;
    match ffi::run(vm, || database.serialize(&name)) {
        Some(data) => Ok(vm.new_bytes(&data).into_object()),
        None => Err(errors::operational(vm, &format!("unable to serialize '{}'", name.to_string_lossy()))),
    }
}

fn deserialize(vm: &mut Vm, this: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let data = args[0].unwrap_or(Ref::NONE);
    let data = match data.downcast::<Str>() {
        Some(text) => callbacks::encode(vm, text.get(), data)?,
        None => {
            let buffer = vm.buffer(data)?;
            buffer.bytes(vm).to_vec()
        }
    };
    let name = name_argument(vm, "deserialize() argument 'name'", args[1])?;
    let database = usable(vm, this)?;
    match ffi::run(vm, || database.deserialize(&name, &data)) {
        Some(Ok(())) => Ok(Object::none()),
        Some(Err(failure)) => Err(errors::of_failure(vm, &failure)),
        None => Err(vm.memory_error()),
    }
}

fn enable_load_extension(vm: &mut Vm, this: Ref<'_>, enable: Ref<'_>) -> PyResult {
    let enable = vm.is_true(enable)?;
    let database = usable(vm, this)?;
    super::audit(vm, "sqlite3.enable_load_extension", this)?;
    if !ffi::run(vm, || database.enable_load_extension(enable)) {
        return Err(errors::operational(vm, "Error enabling load extension"));
    }
    Ok(Object::none())
}

fn load_extension(vm: &mut Vm, this: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let name = text_argument(vm, "load_extension() argument 1", args[0])?;
    let entry = match args[1].filter(|entry| !entry.is_none()) {
        Some(entry) if entry.downcast::<Str>().is_none() => {
            let found = entry.class().name().to_string();
            return Err(vm.type_error(format!("load_extension() argument 'entrypoint' must be str or None, not {found}")));
        }
        entry => entry.map(|entry| text_argument(vm, "load_extension() argument 'entrypoint'", Some(entry))).transpose()?,
    };
    let database = usable(vm, this)?;
    super::audit(vm, "sqlite3.load_extension", this)?;
    let loaded = ffi::run(vm, || database.load_extension(&name, entry.as_deref()));
    loaded.map_err(|failure| errors::of_failure(vm, &failure))?;
    Ok(Object::none())
}

fn limit(vm: &mut Vm, this: Ref<'_>, category: Ref<'_>, value: Option<Ref<'_>>) -> PyResult {
    let category = vm.to_i32(category)?;
    let value = value.map_or(Ok(-1), |value| vm.to_i32(value))?;
    let database = usable(vm, this)?;
    let old = ffi::run(vm, || database.limit(category, value));
    if old < 0 {
        return Err(errors::programming(vm, "'category' is out of bounds"));
    }
    Ok(Object::small_int(i64::from(old)))
}

fn getlimit(vm: &mut Vm, this: Ref<'_>, category: Ref<'_>) -> PyResult {
    limit(vm, this, category, None)
}

fn setlimit(vm: &mut Vm, this: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    limit(vm, this, args[0].unwrap_or(Ref::NONE), args[1])
}

fn configure(vm: &mut Vm, this: Ref<'_>, option: Ref<'_>, value: i32) -> PyResult<bool> {
    let option = vm.to_i32(option)?;
    let database = usable(vm, this)?;
    if !constants::is_switch(option) {
        return Err(vm.value_error(format!("unknown config 'op': {option}")));
    }
    let outcome = ffi::run(vm, || database.configure(option, value));
    outcome.map_err(|failure| errors::of_failure(vm, &failure))
}

fn getconfig(vm: &mut Vm, this: Ref<'_>, option: Ref<'_>) -> PyResult {
    Ok(Object::bool(configure(vm, this, option, -1)?))
}

fn setconfig(vm: &mut Vm, this: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let enable = args[1].map_or(Ok(true), |enable| vm.is_true(enable))?;
    let now = configure(vm, this, args[0].unwrap_or(Ref::NONE), i32::from(enable))?;
    if now != enable {
        return Err(errors::operational(vm, "Unable to set config"));
    }
    Ok(Object::none())
}
