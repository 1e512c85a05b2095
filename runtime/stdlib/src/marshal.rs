//! `marshal`: Python values as bytes, in CPython's format. `write` and `read` are the two directions.
//!
//! Code objects are the exception: their instructions are our own, so they have a type code of their
//! own, [`CODE`], followed by the length and bytes of `bytecode::marshal`'s form.

use object::native::Module;
use object::{Object, PyResult, Ref, Vm, method};

mod read;
mod write;

/// The magic number of our compiled files. Its low half is far from every number CPython and PyPy
/// have used; the high half is `\r\n`, which a transfer in text mode would damage.
pub const PYC_MAGIC: u32 = 0x0a0d_5c01;

/// The format's version, `marshal.version`.
const VERSION: i32 = 5;

/// Nesting that is still written and read.
const DEPTH_LIMIT: u32 = 2000;

/// The type code of code objects. CPython's is `c`.
const CODE: u8 = b'C';

/// Added to a type code: the value is referred to later on.
const FLAG_REF: u8 = 0x80;

pub static MODULE: Module = Module {
    name: "marshal",
    doc: "This module contains functions that can read and write Python values in\na binary format. The format is specific to Python, but independent of\nmachine architecture issues.",
    functions: &[
        method!(Bound dump "($module, value, file, version=5, /, *, allow_code=True)", "Write the value on the open file."),
        method!(Bound load "($module, file, /, *, allow_code=True)", "Read one value from the open file and return it."),
        method!(Bound dumps "($module, value, version=5, /, *, allow_code=True)", "Return the bytes object that would be written to a file by dump(value, file)."),
        method!(Bound loads "($module, bytes, /, *, allow_code=True)", "Convert the bytes-like object to a value."),
    ],
    init: Some(|vm, module| {
        module.get().set(vm, "version", Object::small_int(i64::from(VERSION)));
        Ok(())
    }),
    ..Module::DEFAULT
};

fn version_argument(vm: &mut Vm, value: Option<Ref<'_>>) -> PyResult<i32> {
    value.map_or(Ok(VERSION), |value| vm.to_i32(value))
}

fn allow_code_argument(vm: &mut Vm, value: Option<Ref<'_>>) -> PyResult<bool> {
    value.map_or(Ok(true), |value| vm.is_true(value))
}

/// Tells the audit hooks what is written.
fn audit_dump(vm: &mut Vm, value: Option<Ref<'_>>, version: i32) -> PyResult<()> {
    crate::sys_module::raise_event(vm, "marshal.dumps", &[value.unwrap_or(Ref::NONE), Object::small_int(i64::from(version)).borrow()])
}

fn dumps(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let version = version_argument(vm, args[1])?;
    let allow_code = allow_code_argument(vm, args[2])?;
    audit_dump(vm, args[0], version)?;
    let bytes = write::dumps(vm, args[0].unwrap_or(Ref::NONE), version, allow_code)?;
    Ok(vm.new_bytes(&bytes).into_object())
}

fn dump(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let version = version_argument(vm, args[2])?;
    let allow_code = allow_code_argument(vm, args[3])?;
    audit_dump(vm, args[0], version)?;
    let bytes = write::dumps(vm, args[0].unwrap_or(Ref::NONE), version, allow_code)?;
    let bytes = vm.new_bytes(&bytes).into_object();
    vm.call_method(args[1].unwrap_or(Ref::NONE), "write", &[bytes.borrow()])
}

fn loads(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let allow_code = allow_code_argument(vm, args[1])?;
    crate::sys_module::raise_event(vm, "marshal.loads", &[args[0].unwrap_or(Ref::NONE)])?;
    let buffer = vm.buffer(args[0].unwrap_or(Ref::NONE))?;
    let data = buffer.bytes(vm).to_vec();
    read::from_bytes(vm, data, allow_code)
}

fn load(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let allow_code = allow_code_argument(vm, args[1])?;
    let file = args[0].unwrap_or(Ref::NONE);
    crate::sys_module::raise_event(vm, "marshal.load", &[])?;
    // An empty read tells a text file from a binary one.
    let probe = vm.call_method(file, "read", &[Object::small_int(0).borrow()])?;
    if object::bytes::as_bytes(probe.borrow()).is_none() {
        return Err(vm.type_error(format!("file.read() returned not bytes but {}", probe.borrow().class().full_name())));
    }
    read::from_file(vm, file.to_owned(), allow_code)
}
