//! `_pickle`: `PickleBuffer`, the buffers that pickles may leave out of band.
//!
//! Pickling itself is the library's, in Python: the other names of the module stand for those of `pickle`, looked up
//! when they are used, because `pickle` imports this module before it defines them.

use object::bytes::Buffer;
use object::cell::Visitor;
use object::native::{Module, PayloadInfo, TypeSpec, flag};
use object::str::Str;
use object::{Args, Object, Payload, PyResult, Ref, RefOf, Slots, Type, Vm, VmCell, exception, method};

pub static MODULE: Module = Module {
    name: "_pickle",
    doc: "Optimized C implementation for the Python pickle module.",
    functions: &[
        method!(Raw dump "($module, /, obj, file, protocol=None, *, fix_imports=True,\n     buffer_callback=None)", "Write a pickled representation of obj to the open file object file."),
        method!(Raw dumps "($module, /, obj, protocol=None, *, fix_imports=True,\n      buffer_callback=None)", "Return the pickled representation of the object as a bytes object."),
        method!(Raw load "($module, /, file, *, fix_imports=True, encoding='ASCII',\n     errors='strict', buffers=())", "Read and return an object from the pickle data stored in a file."),
        method!(Raw loads "($module, data, /, *, fix_imports=True, encoding='ASCII',\n      errors='strict', buffers=())", "Read and return an object from the given pickle data."),
        method!(Binary getattr as "__getattr__" "($module, name, /)", "A name that the module pickle defines."),
    ],
    types: &[&PICKLE_BUFFER],
    ..Module::DEFAULT
};

/// Names here and the names of what they are in `pickle`.
const OF_PICKLE: [(&str, &str); 5] = [
    ("PickleError", "PickleError"),
    ("PicklingError", "PicklingError"),
    ("UnpicklingError", "UnpicklingError"),
    ("Pickler", "_Pickler"),
    ("Unpickler", "_Unpickler"),
];

fn getattr(vm: &mut Vm, _module: Ref<'_>, name: Ref<'_>) -> PyResult {
    let name = name.downcast::<Str>().map(|name| name.get().to_string_lossy().into_owned()).unwrap_or_default();
    match OF_PICKLE.iter().find(|(own, _)| *own == name) {
        Some((_, theirs)) => {
            let pickle = vm.import("pickle")?;
            vm.get_attr_str(pickle.borrow(), theirs)
        }
        None => Err(vm.raise(&exception::ATTRIBUTE_ERROR, format!("module '_pickle' has no attribute '{name}'"))),
    }
}

/// Calls a function of `pickle`. The functions here are native so that classes do not bind them.
fn delegate(vm: &mut Vm, name: &str, args: Args<'_>) -> PyResult {
    let pickle = vm.import("pickle")?;
    let function = vm.get_attr_str(pickle.borrow(), name)?;
    vm.call_with(function.borrow(), args)
}

fn dump(vm: &mut Vm, _module: Ref<'_>, args: Args<'_>) -> PyResult {
    delegate(vm, "_dump", args)
}

fn dumps(vm: &mut Vm, _module: Ref<'_>, args: Args<'_>) -> PyResult {
    delegate(vm, "_dumps", args)
}

fn load(vm: &mut Vm, _module: Ref<'_>, args: Args<'_>) -> PyResult {
    delegate(vm, "_load", args)
}

fn loads(vm: &mut Vm, _module: Ref<'_>, args: Args<'_>) -> PyResult {
    delegate(vm, "_loads", args)
}

/// The payload of a `PickleBuffer`.
pub struct PickleBuffer {
    /// `None` once released.
    buffer: VmCell<Option<Buffer>>,
}

impl Payload for PickleBuffer {
    fn class() -> &'static Type {
        &PICKLE_BUFFER
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        if let Some(buffer) = self.buffer.visit(visitor) {
            visitor.visit(buffer.owner());
        }
    }

    fn clear(&self, vm: &mut Vm) {
        drop(self.buffer.replace(vm, None));
    }
}

pub static PICKLE_BUFFER: Type = Type::new(&PICKLE_BUFFER_SPEC);
static PICKLE_BUFFER_SPEC: TypeSpec = TypeSpec {
    name: "pickle.PickleBuffer",
    doc: "Wrapper for potentially out-of-band buffers",
    flags: flag::WEAK_REFERENCES,
    payload: PayloadInfo::of::<PickleBuffer>(),
    slots: Slots { new: Some(new), buffer: Some(buffer_slot), ..Slots::NONE },
    methods: &[
        method!(Unary raw "($self, /)", "Return a memoryview of the raw memory underlying this buffer.\n\nWill raise BufferError is the buffer isn't contiguous."),
        method!(Unary release "($self, /)", "Release the underlying buffer exposed by the PickleBuffer object."),
    ],
    ..TypeSpec::DEFAULT
};

fn new(vm: &mut Vm, class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    let given = args.n_positional();
    let &[object] = args.positionals() else {
        let wanted = if given == 0 { "exactly 1 positional argument" } else { "at most 1 argument" };
        return Err(vm.type_error(format!("PickleBuffer() takes {wanted} ({given} given)")));
    };
    if args.has_keywords() {
        let given = given + args.keywords().count();
        return Err(vm.type_error(format!("PickleBuffer() takes at most 1 argument ({given} given)")));
    }
    match vm.buffer_any(object, false)? {
        Some(buffer) => Ok(vm.allocate_in(class.get(), PickleBuffer { buffer: VmCell::new(Some(buffer)) })),
        None => Err(vm.type_error(format!("a bytes-like object is required, not '{}'", object.class().full_name()))),
    }
}

/// The buffer of an object that is not released; a clone, which holds the memory while it is used.
fn buffer_of(vm: &mut Vm, this: Ref<'_>) -> PyResult<Buffer> {
    let this = this.downcast::<PickleBuffer>().expect("the method belongs to the type");
    match this.buffer.get(vm) {
        Some(buffer) => Ok(buffer.clone()),
        None => Err(vm.value_error("operation forbidden on released PickleBuffer object")),
    }
}

fn buffer_slot(vm: &mut Vm, this: Ref<'_>, writable: bool) -> PyResult<Buffer> {
    let buffer = buffer_of(vm, this)?;
    // The owner knows best what a writable buffer of it is.
    let owner = buffer.owner().to_owned();
    match vm.buffer_any(owner.borrow(), writable)? {
        Some(buffer) => Ok(buffer),
        None => Ok(buffer),
    }
}

fn raw(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let buffer = buffer_of(vm, this)?;
    if !buffer.is_c_contiguous() && !buffer.is_f_contiguous() {
        return Err(vm.raise(&exception::BUFFER_ERROR, "cannot extract raw buffer from non-contiguous buffer"));
    }
    let (offset, length) = (buffer.offset(), buffer.len());
    Ok(builtins::memoryview::from_buffer(vm, buffer.with_range(offset, length)))
}

fn release(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let this = this.downcast::<PickleBuffer>().expect("the method belongs to the type");
    drop(this.buffer.replace(vm, None));
    Ok(Object::none())
}
