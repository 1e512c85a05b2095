//! `sys.stderr` of the time before there are streams: `-v` has a lot to say then.

use object::native::PayloadInfo;
use object::str::Str;
use object::{Method, Object, Payload, PyResult, Ref, Type, TypeSpec, Vm, method};
use std::io::{IsTerminal, Write};

/// The payload: there is nothing to know.
pub struct StderrPrinter;

impl Payload for StderrPrinter {
    fn class() -> &'static Type {
        &STDERR_PRINTER
    }
}

/// `stderrprinter`
static STDERR_PRINTER: Type = Type::new(&SPEC);
static SPEC: TypeSpec = TypeSpec { name: "stderrprinter", payload: PayloadInfo::of::<StderrPrinter>(), methods: METHODS, ..TypeSpec::DEFAULT };

const METHODS: &[Method] = &[
    method!(Binary write "($self, text, /)", ""),
    method!(Unary flush "($self, /)", ""),
    method!(Unary flush as "close" "($self, /)", ""),
    method!(Unary fileno "($self, /)", ""),
    method!(Unary isatty "($self, /)", ""),
];

/// The stream for the time being.
pub fn new(vm: &mut Vm) -> Object {
    object::type_new::ready(vm, &STDERR_PRINTER);
    vm.allocate(StderrPrinter).into_object()
}

fn write(vm: &mut Vm, _this: Ref<'_>, text: Ref<'_>) -> PyResult {
    let Some(text) = text.downcast::<Str>() else { return Err(vm.type_error("write() argument must be str")) };
    let shown: String = text.get().code_points().map(|point| char::from_u32(point).unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
    // Nobody may be there to read it.
    let _ = std::io::stderr().write_all(shown.as_bytes());
    Ok(Object::small_int(shown.len() as i64))
}

fn flush(_vm: &mut Vm, _this: Ref<'_>) -> PyResult {
    Ok(Object::none())
}

fn fileno(_vm: &mut Vm, _this: Ref<'_>) -> PyResult {
    Ok(Object::small_int(2))
}

fn isatty(_vm: &mut Vm, _this: Ref<'_>) -> PyResult {
    Ok(Object::bool(std::io::stderr().is_terminal()))
}
