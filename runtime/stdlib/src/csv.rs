//! `_csv`: comma-separated values.

use crate::exception_class;
use object::call::Args;
use object::cell::{ObjectCell, VmCell};
use object::dict::Dict;
use object::exception;
use object::int;
use object::native::Module;
use object::str::Str;
use object::vm::Raised;
use object::{Object, ObjectOf, PyResult, Ref, Vm, method};

mod dialect;
mod reader;
mod writer;

pub static MODULE: Module = Module {
    name: "_csv",
    doc: "CSV parsing and writing.\n",
    functions: &[
        method!(Raw reader "($module, iterable, /, dialect='excel', **fmtparams)", "Return a reader object that will process lines from the given iterable.\n\nThe \"iterable\" argument can be any object that returns a line\nof input for each iteration, such as a file object or a list.  The\noptional \"dialect\" argument defines a CSV dialect.  The function\nalso accepts optional keyword arguments which override settings\nprovided by the dialect.\n\nThe returned object is an iterator.  Each iteration returns a row\nof the CSV file (which can span multiple input lines).\n"),
        method!(Raw writer "($module, fileobj, /, dialect='excel', **fmtparams)", "Return a writer object that will write user data on the given file object.\n\nThe \"fileobj\" argument can be any object that supports the file API.\nThe optional \"dialect\" argument defines a CSV dialect.  The function\nalso accepts optional keyword arguments which override settings\nprovided by the dialect.\n"),
        method!(Raw register_dialect "($module, name, /, dialect='excel', **fmtparams)", "Create a mapping from a string name to a CVS dialect.\n\nThe optional \"dialect\" argument specifies the base dialect instance\nor the name of the registered dialect.  The function also accepts\noptional keyword arguments which override settings provided by the\ndialect.\n"),
        method!(Unary list_dialects "($module, /)", "Return a list of all known dialect names."),
        method!(Bound unregister_dialect "($module, /, name)", "Delete the name/dialect mapping associated with a string name."),
        method!(Bound get_dialect "($module, /, name)", "Return the dialect instance associated with name."),
        method!(Bound field_size_limit "($module, /, new_limit=<unrepresentable>)", "Sets an upper limit on parsed fields.\n\nReturns old limit. If limit is not given, no new limit is set and\nthe old limit is returned"),
    ],
    types: &[&dialect::DIALECT],
    init: Some(|vm, module| {
        for (name, class) in [("Reader", &reader::READER), ("Writer", &writer::WRITER)] {
            object::type_new::ready(vm, class);
            module.set(vm, name, class.to_object());
        }
        for (value, name) in dialect::QUOTING_NAMES.iter().enumerate() {
            module.set(vm, name, Object::small_int(value as i64));
        }
        let dialects = dialects(vm).into_object();
        module.set(vm, "_dialects", dialects);
        exception_class::define(vm, module, &ERROR, "_csv", "Error", &exception::EXCEPTION, None)
    }),
};

/// `_csv.Error`
static ERROR: ObjectCell = ObjectCell::EMPTY;

fn error(vm: &mut Vm, message: &str) -> Raised {
    exception_class::raise(vm, &ERROR, Some(message))
}

/// Registered dialects by name.
static DIALECTS: ObjectCell = ObjectCell::EMPTY;

fn dialects(vm: &Vm) -> ObjectOf<Dict> {
    if let Some(Ok(dialects)) = DIALECTS.get().map(Object::downcast::<Dict>) {
        return dialects;
    }
    let dialects = vm.new_dict();
    DIALECTS.set(Some(dialects.clone().into_object()));
    dialects
}

/// How long a field may be.
static FIELD_LIMIT: VmCell<isize> = VmCell::new(128 * 1024);

fn field_limit(vm: &Vm) -> isize {
    *FIELD_LIMIT.get(vm)
}

fn registered(vm: &mut Vm, name: Ref<'_>) -> PyResult {
    match dialects(vm).get(vm, name)? {
        Some(dialect) => Ok(dialect),
        None => Err(error(vm, "unknown dialect")),
    }
}

fn reader(vm: &mut Vm, _module: Ref<'_>, args: Args<'_>) -> PyResult {
    builtins::iterators::count_positional(vm, "reader", args, 1, 2)?;
    let iterator = vm.iter(args.positionals()[0])?;
    let dialect = dialect::make(vm, args.skip(1))?;
    Ok(reader::new(vm, iterator, dialect))
}

fn writer(vm: &mut Vm, _module: Ref<'_>, args: Args<'_>) -> PyResult {
    builtins::iterators::count_positional(vm, "writer", args, 1, 2)?;
    let dialect = dialect::make(vm, args.skip(1))?;
    let write = vm.find_attr(args.positionals()[0], object::str::names::write())?;
    match write.filter(|write| write.borrow().class().slots().call.is_some()) {
        Some(write) => Ok(writer::new(vm, write, dialect)),
        None => Err(vm.type_error("argument 1 must have a \"write\" method")),
    }
}

fn register_dialect(vm: &mut Vm, _module: Ref<'_>, args: Args<'_>) -> PyResult {
    builtins::iterators::count_positional(vm, "register_dialect", args, 1, 2)?;
    let name = args.positionals()[0];
    if name.downcast::<Str>().is_none() {
        return Err(vm.type_error("dialect name must be a string"));
    }
    let dialect = dialect::make(vm, args.skip(1))?;
    dialects(vm).set(vm, name, dialect.into_object())?;
    Ok(Object::none())
}

fn unregister_dialect(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    match dialects(vm).remove(vm, args[0].expect("a required argument"))? {
        Some(_) => Ok(Object::none()),
        None => Err(error(vm, "unknown dialect")),
    }
}

fn get_dialect(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    registered(vm, args[0].expect("a required argument"))
}

fn list_dialects(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    let names = dialects(vm).keys_snapshot(vm);
    Ok(vm.new_list(names).into_object())
}

fn field_size_limit(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let old = field_limit(vm);
    if let Some(limit) = args[0] {
        if !int::is_int(limit) {
            return Err(vm.type_error("limit must be an integer"));
        }
        let limit = builtins::slice::size_argument(vm, limit)?;
        FIELD_LIMIT.set(vm, limit);
    }
    Ok(vm.new_int(old as i64))
}
