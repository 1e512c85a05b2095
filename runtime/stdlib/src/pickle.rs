//! `_pickle`: objects to bytes and back.
//!
//! A [`pickler::Pickler`] writes instructions for a small stack machine ([`opcode`]) that an
//! [`unpickler::Unpickler`] runs. How an object becomes instructions is in `save` (the types that the machine
//! knows) and `reduce` (all others, by what `__reduce_ex__` says, and globals by name).

use object::cell::ObjectCell;
use object::native::Module;
use object::singleton::ModuleObject;
use object::vm::Raised;
use object::{Object, PyResult, Ref, RefOf, Vm, exception, method};

pub mod opcode;

mod hook;
mod load;
mod memo;
mod output;
mod pickler;
mod reduce;
mod save;
mod unpickler;

pub static MODULE: Module = Module {
    name: "_pickle",
    doc: "Optimized C implementation for the Python pickle module.",
    functions: &[
        method!(Bound dump "($module, /, obj, file, protocol=None, *, fix_imports=True,\n     buffer_callback=None)", "Write a pickled representation of obj to the open file object file.\n\nThis is equivalent to ``Pickler(file, protocol).dump(obj)``, but may\nbe more efficient."),
        method!(Bound dumps "($module, /, obj, protocol=None, *, fix_imports=True,\n      buffer_callback=None)", "Return the pickled representation of the object as a bytes object."),
        method!(Bound load "($module, /, file, *, fix_imports=True, encoding='ASCII',\n     errors='strict', buffers=())", "Read and return an object from the pickle data stored in a file.\n\nThis is equivalent to ``Unpickler(file).load()``, but may be more\nefficient."),
        method!(Bound loads "($module, data, /, *, fix_imports=True, encoding='ASCII',\n      errors='strict', buffers=())", "Read and return an object from the given pickle data."),
    ],
    types: &[&crate::pickle_buffer::PICKLE_BUFFER],
    init: Some(init),
};

static PICKLE_ERROR: ObjectCell = ObjectCell::EMPTY;
static PICKLING_ERROR: ObjectCell = ObjectCell::EMPTY;
static UNPICKLING_ERROR: ObjectCell = ObjectCell::EMPTY;

/// What other modules hold for pickling, in the order of [`Shared`].
static SHARED: [ObjectCell; 8] = [const { ObjectCell::EMPTY }; 8];

/// Tables and functions of `copyreg`, `_compat_pickle`, `codecs` and `functools`.
#[derive(Clone, Copy)]
enum Shared {
    DispatchTable,
    ExtensionRegistry,
    InvertedRegistry,
    ExtensionCache,
    NameMapping,
    ImportMapping,
    ReverseNameMapping,
    ReverseImportMapping,
}

const SHARED_NAMES: [(&str, &str); 8] = [
    ("copyreg", "dispatch_table"),
    ("copyreg", "_extension_registry"),
    ("copyreg", "_inverted_registry"),
    ("copyreg", "_extension_cache"),
    ("_compat_pickle", "NAME_MAPPING"),
    ("_compat_pickle", "IMPORT_MAPPING"),
    ("_compat_pickle", "REVERSE_NAME_MAPPING"),
    ("_compat_pickle", "REVERSE_IMPORT_MAPPING"),
];

fn shared(which: Shared) -> Object {
    SHARED[which as usize].get_or_none()
}

fn init(vm: &mut Vm, module: RefOf<'_, ModuleObject>) -> PyResult<()> {
    for (cell, (home, name)) in SHARED.iter().zip(SHARED_NAMES) {
        let home = vm.import(home)?;
        cell.set(Some(vm.get_attr_str(home.borrow(), name)?));
    }
    for (name, class) in [("Pickler", &pickler::PICKLER), ("Unpickler", &unpickler::UNPICKLER)] {
        object::type_new::ready(vm, class);
        module.set(vm, name, class.to_object());
    }
    for class in [&memo::PICKLER_MEMO, &memo::UNPICKLER_MEMO] {
        object::type_new::ready(vm, class);
    }
    crate::exception_class::define(vm, module, &PICKLE_ERROR, "_pickle", "PickleError", &exception::EXCEPTION, None)?;
    let base = PICKLE_ERROR.get_or_none();
    let base = base.borrow().downcast::<object::Type>().expect("the class was just made");
    for (cell, name) in [(&PICKLING_ERROR, "PicklingError"), (&UNPICKLING_ERROR, "UnpicklingError")] {
        crate::exception_class::define(vm, module, cell, "_pickle", name, base.get(), None)?;
    }
    Ok(())
}

fn pickling_error(vm: &mut Vm, message: impl AsRef<str>) -> Raised {
    crate::exception_class::raise(vm, &PICKLING_ERROR, Some(message.as_ref()))
}

fn unpickling_error(vm: &mut Vm, message: impl AsRef<str>) -> Raised {
    crate::exception_class::raise(vm, &UNPICKLING_ERROR, Some(message.as_ref()))
}

/// The name of an object's class as CPython's `%T` shows it.
fn type_name(vm: &mut Vm, object: Ref<'_>) -> String {
    let name = object::type_new::qualified_name(vm, object.class());
    name.strip_prefix("__main__.").map(str::to_owned).unwrap_or(name)
}

/// Adds a note to the exception on its way.
fn with_note(vm: &mut Vm, raised: Raised, note: &str) -> Raised {
    let error = vm.catch(raised);
    let note = vm.new_str(note);
    match vm.call_method(error.borrow(), "add_note", &[note.borrow().object()]) {
        Ok(_) => vm.reraise(error),
        Err(raised) => raised,
    }
}

/// The arguments, each a reference of its own.
fn owned<const N: usize>(args: &[Option<Ref<'_>>]) -> [Option<Object>; N] {
    std::array::from_fn(|index| args.get(index).copied().flatten().map(Ref::to_owned))
}

fn dump(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let [object, file, protocol, fix_imports, callback] = owned(args);
    let (object, file) = (object.unwrap_or(Object::none()), file.unwrap_or(Object::none()));
    let pickler = pickler::make(vm, Some(file.borrow()), protocol, fix_imports, callback)?;
    pickler::dump_to_file(vm, pickler.borrow(), object.borrow())?;
    Ok(Object::none())
}

fn dumps(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let [object, protocol, fix_imports, callback] = owned(args);
    let object = object.unwrap_or(Object::none());
    let pickler = pickler::make(vm, None, protocol, fix_imports, callback)?;
    pickler::dump_to_bytes(vm, pickler.borrow(), object.borrow())
}

fn load(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let [file, fix_imports, encoding, errors, buffers] = owned(args);
    let unpickler = vm.allocate(unpickler::Unpickler::new()).into_object();
    let file = file.unwrap_or(Object::none());
    unpickler::initialize(vm, unpickler.borrow(), Some(file.borrow()), [fix_imports, encoding, errors, buffers])?;
    load::run(vm, unpickler.borrow())
}

fn loads(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let [data, fix_imports, encoding, errors, buffers] = owned(args);
    let data = data.unwrap_or(Object::none());
    let buffer = vm.buffer(data.borrow())?;
    let bytes = buffer.bytes(vm).to_vec();
    drop(buffer);
    let unpickler = vm.allocate(unpickler::Unpickler::new()).into_object();
    unpickler::initialize(vm, unpickler.borrow(), None, [fix_imports, encoding, errors, buffers])?;
    unpickler::of(unpickler.borrow()).set_input(vm, bytes);
    load::run(vm, unpickler.borrow())
}
