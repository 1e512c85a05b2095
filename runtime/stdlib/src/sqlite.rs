//! `_sqlite3`: databases in files, on SQLite's own library.

mod adapt;
mod blob;
mod callbacks;
mod connection;
mod constants;
mod cursor;
mod errors;
mod ffi;
mod functions;
mod row;
mod statement;

use object::call::Args;
use object::exception;
use object::native::Module;
use object::str::Str;
use object::{Object, PyResult, Ref, Vm, method};

type Arguments<'a, 'b> = &'a [Option<Ref<'b>>];

pub static MODULE: Module = Module {
    name: "_sqlite3",
    functions: &[
        method!(Bound adapt as "adapt" "($module, obj, proto=PrepareProtocolType, alt=<unrepresentable>, /)", "Adapt given object to given protocol."),
        method!(Bound complete_statement "($module, /, statement)", "Checks if a string contains a complete SQL statement."),
        method!(Raw connect "($module, /, database, timeout=5.0, detect_types=0,\n        isolation_level='', check_same_thread=True,\n        factory=ConnectionType, cached_statements=128, uri=False, *,\n        autocommit=sqlite3.LEGACY_TRANSACTION_CONTROL)", "Open a connection to the SQLite database file 'database'.\n\nYou can use \":memory:\" to open a database connection to a database that\nresides in RAM instead of on disk.\n\nNote: Passing more than 1 positional argument to _sqlite3.connect() is\ndeprecated. Parameters 'timeout', 'detect_types', 'isolation_level',\n'check_same_thread', 'factory', 'cached_statements' and 'uri' will\nbecome keyword-only parameters in Python 3.15.\n"),
        method!(Binary enable_callback_tracebacks "($module, enable, /)", "Enable or disable callback functions throwing errors to stderr."),
        method!(Bound register_adapter "($module, type, adapter, /)", "Register a function to adapt Python objects to SQLite values."),
        method!(Bound register_converter "($module, typename, converter, /)", "Register a function to convert SQLite values to Python objects."),
    ],
    types: &[&connection::CONNECTION, &cursor::CURSOR, &row::ROW, &blob::BLOB, &adapt::PREPARE_PROTOCOL],
    init: Some(|vm, module| {
        ffi::initialize();
        object::type_new::ready(vm, &statement::STATEMENT);
        errors::init(vm, module)?;
        for &(name, value) in constants::RESULT_CODES.iter().chain(constants::OTHERS) {
            module.set(vm, name, Object::small_int(i64::from(value)));
        }
        module.set(vm, "PARSE_DECLTYPES", Object::small_int(i64::from(PARSE_DECLTYPES)));
        module.set(vm, "PARSE_COLNAMES", Object::small_int(i64::from(PARSE_COLNAMES)));
        module.set(vm, "LEGACY_TRANSACTION_CONTROL", Object::small_int(LEGACY_TRANSACTION_CONTROL));
        // The library is built for threads that share connections.
        module.set(vm, "threadsafety", Object::small_int(3));
        let version = vm.new_str(&ffi::version()).into_object();
        module.set(vm, "sqlite_version", version);
        let adapters = adapt::adapters(vm);
        module.set(vm, "adapters", adapters);
        let converters = adapt::converters(vm);
        module.set(vm, "converters", converters);
        Ok(())
    }),
    ..Module::DEFAULT
};

/// Whether values are converted by the declared types of columns, and by what stands in brackets in their names.
const PARSE_DECLTYPES: i32 = 1;
const PARSE_COLNAMES: i32 = 2;
/// `sqlite3.LEGACY_TRANSACTION_CONTROL`
const LEGACY_TRANSACTION_CONTROL: i64 = -1;

/// Tells audit hooks.
fn audit(vm: &mut Vm, event: &str, argument: Ref<'_>) -> PyResult<()> {
    let sys = vm.import("sys")?;
    let event = vm.new_str(event).into_object();
    vm.call_method(sys.borrow(), "audit", &[event.borrow(), argument]).map(drop)
}

/// Warns that most arguments will have to be given by name.
fn warn_of_positional(vm: &mut Vm, name: &str) -> PyResult<()> {
    let message = format!(
        "Passing more than 1 positional argument to {name}() is deprecated. Parameters 'timeout', 'detect_types', 'isolation_level', 'check_same_thread', 'factory', 'cached_statements' and 'uri' will become keyword-only parameters in Python 3.15."
    );
    vm.warn(&exception::DEPRECATION_WARNING, &message, 1)
}

fn connect(vm: &mut Vm, _module: Ref<'_>, args: Args<'_>) -> PyResult {
    const FACTORY: usize = 5;
    let by_name = args.keywords().find(|(name, _)| name.downcast::<Str>().is_some_and(|name| name.get().equals_str("factory")));
    let factory = by_name.map(|(_, factory)| factory).or(args.positionals().get(FACTORY).copied());
    let factory = factory.unwrap_or(connection::CONNECTION.object()).to_owned();
    if args.n_positional() > 1 && args.n_positional() <= 8 {
        warn_of_positional(vm, "sqlite3.connect")?;
    }
    vm.call_with(factory.borrow(), args)
}

fn adapt(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let protocol = args[1].unwrap_or(adapt::PREPARE_PROTOCOL.object());
    adapt::adapt(vm, args[0].unwrap_or(Ref::NONE), protocol, args[2])
}

fn complete_statement(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let statement = functions::text_argument(vm, "complete_statement() argument 'statement'", args[0])?;
    Ok(Object::bool(ffi::is_complete(&statement)))
}

fn enable_callback_tracebacks(vm: &mut Vm, _module: Ref<'_>, enable: Ref<'_>) -> PyResult {
    let enable = vm.to_i32(enable)?;
    callbacks::enable_tracebacks(enable != 0);
    Ok(Object::none())
}

fn register_adapter(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    adapt::register_adapter(vm, args[0].unwrap_or(Ref::NONE), args[1].unwrap_or(Ref::NONE))
}

fn register_converter(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let name = args[0].unwrap_or(Ref::NONE);
    functions::text_argument(vm, "register_converter() argument 1", args[0])?;
    adapt::register_converter(vm, name, args[1].unwrap_or(Ref::NONE))
}
