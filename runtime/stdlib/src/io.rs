//! `_io`: streams. Files and memory, raw, buffered and text; `open` puts the layers together.

pub mod base;
pub mod buffered;
pub mod bytes_io;
pub mod file;
pub mod newline;
pub mod pair;
pub mod string_io;
pub mod text;

use crate::os_support::*;
use object::exception;
use object::method;
use object::native::Module;
use object::singleton::ModuleObject;
use object::str::Str;
use object::{Object, ObjectCell, PyResult, Raised, Ref, RefOf, Vm};

/// How much a buffered stream reads at once if nothing is said.
pub const DEFAULT_BUFFER_SIZE: usize = 128 << 10;

/// `_io`
pub static MODULE: Module = Module {
    name: "_io",
    doc: "The io module provides the Python interfaces to stream handling. The\nbuiltin open function is defined in this module.",
    functions: &[
        method!(Bound open "($module, /, file, mode='r', buffering=-1, encoding=None, errors=None, newline=None, closefd=True, opener=None)", "Open file and return a stream.  Raise OSError upon failure."),
        method!(Bound open_code "($module, /, path)", "Opens the provided file with the intent to import the contents."),
        method!(Bound text_encoding "($module, encoding, stacklevel=2, /)", "A helper function to choose the text encoding."),
    ],
    types: &[
        &base::IO_BASE,
        &base::RAW_IO_BASE,
        &base::BUFFERED_IO_BASE,
        &base::TEXT_IO_BASE,
        &file::FILE_IO,
        &bytes_io::BYTES_IO,
        &bytes_io::BYTES_IO_BUFFER,
        &string_io::STRING_IO,
        &buffered::BUFFERED_READER,
        &buffered::BUFFERED_WRITER,
        &buffered::BUFFERED_RANDOM,
        &pair::BUFFERED_RW_PAIR,
        &newline::INCREMENTAL_NEWLINE_DECODER,
        &text::TEXT_IO_WRAPPER,
    ],
    init: Some(init),
};

static UNSUPPORTED_OPERATION: ObjectCell = ObjectCell::EMPTY;

fn init(vm: &mut Vm, module: RefOf<'_, ModuleObject>) -> PyResult<()> {
    module.set(vm, "DEFAULT_BUFFER_SIZE", Object::small_int(DEFAULT_BUFFER_SIZE as i64));
    module.set(vm, "BlockingIOError", exception::BLOCKING_IO_ERROR.to_object());
    let class = new_exception(vm, "io.UnsupportedOperation", &[exception::OS_ERROR.object(), exception::VALUE_ERROR.object()])?;
    UNSUPPORTED_OPERATION.set(Some(class.clone()));
    module.set(vm, "UnsupportedOperation", class);
    Ok(())
}

/// Raises `io.UnsupportedOperation`.
#[cold]
pub fn unsupported(vm: &mut Vm, message: &str) -> Raised {
    let text = vm.new_str(message).into_object();
    match UNSUPPORTED_OPERATION.get() {
        Some(class) => raise_class(vm, class.borrow(), &[text.borrow()]),
        None => vm.raise(&exception::OS_ERROR, message),
    }
}

/// The value of an attribute that must be a `bool`.
pub fn bool_attribute(vm: &mut Vm, value: Option<Ref<'_>>) -> PyResult<bool> {
    match value.and_then(Ref::as_bool) {
        Some(value) => Ok(value),
        None => Err(vm.type_error("attribute value type must be bool")),
    }
}

/// Raises `ValueError` of a closed stream.
#[cold]
pub fn closed_error(vm: &mut Vm) -> Raised {
    vm.value_error("I/O operation on closed file.")
}

/// The bytes that a stream's method returned, if it did return bytes.
pub fn as_bytes_result<'a>(data: Ref<'a>) -> Option<&'a [u8]> {
    object::bytes::as_bytes(data)
}

/// A `memoryview` of an object.
pub fn memory_view(vm: &mut Vm, object: Ref<'_>) -> PyResult {
    let builtins = vm.import("builtins")?;
    let class = vm.get_attr_str(builtins.borrow(), "memoryview")?;
    vm.call(class.borrow(), &[object])
}

/// What the letters of a mode ask for.
#[derive(Default, Clone, Copy)]
struct Mode {
    creating: bool,
    reading: bool,
    writing: bool,
    appending: bool,
    updating: bool,
    text: bool,
    binary: bool,
}

fn parse_mode(vm: &mut Vm, mode: &str) -> PyResult<Mode> {
    let mut parsed = Mode::default();
    let mut seen = String::new();
    for letter in mode.chars() {
        if seen.contains(letter) {
            return Err(vm.value_error(format!("invalid mode: '{mode}'")));
        }
        seen.push(letter);
        match letter {
            'x' => parsed.creating = true,
            'r' => parsed.reading = true,
            'w' => parsed.writing = true,
            'a' => parsed.appending = true,
            '+' => parsed.updating = true,
            't' => parsed.text = true,
            'b' => parsed.binary = true,
            _ => return Err(vm.value_error(format!("invalid mode: '{mode}'"))),
        }
    }
    if parsed.text && parsed.binary {
        return Err(vm.value_error("can't have text and binary mode at once"));
    }
    if [parsed.creating, parsed.reading, parsed.writing, parsed.appending].iter().filter(|&&set| set).count() > 1 {
        return Err(vm.value_error("must have exactly one of create/read/write/append mode"));
    }
    Ok(parsed)
}

impl Mode {
    fn raw(self) -> String {
        let letters = [(self.creating, 'x'), (self.reading, 'r'), (self.writing, 'w'), (self.appending, 'a'), (self.updating, '+')];
        letters.iter().filter(|(set, _)| *set).map(|&(_, letter)| letter).collect()
    }
}

/// A string argument of `open`.
fn text_argument(vm: &mut Vm, value: Ref<'_>, name: &str, expected: &str) -> PyResult<String> {
    let Some(text) = value.downcast::<Str>() else {
        return Err(vm.type_error(format!("open() argument '{name}' must be {expected}, not {}", value.class().full_name())));
    };
    match text.to_utf8() {
        Some(text) if text.contains('\0') => Err(vm.value_error("embedded null character")),
        Some(text) => Ok(text.into_owned()),
        None => Err(surrogate_error(vm, text.get(), 0)),
    }
}

fn open(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let file = arg(args, 0);
    let mode_text = match args[1] {
        Some(mode) => text_argument(vm, mode, "mode", "str")?,
        None => "r".to_owned(),
    };
    let buffering = int_or(vm, args[2], -1)?;
    for (index, name) in [(3, "encoding"), (4, "errors"), (5, "newline")] {
        if let Some(value) = optional(args, index) {
            text_argument(vm, value, name, "str or None")?;
        }
    }
    let path = if object::int::is_int(file) { file.to_owned() } else { open_path(vm, file)? };
    let mode = parse_mode(vm, &mode_text)?;
    let [encoding, errors, newline] = [optional(args, 3), optional(args, 4), optional(args, 5)];
    if mode.binary {
        for (given, name) in [(encoding, "an encoding"), (errors, "an errors"), (newline, "a newline")] {
            if given.is_some() {
                return Err(vm.value_error(format!("binary mode doesn't take {name} argument")));
            }
        }
        if buffering == 1 {
            let message = "line buffering (buffering=1) isn't supported in binary mode, the default buffer size will be used";
            vm.warn(&exception::RUNTIME_WARNING, message, 1)?;
        }
    }
    let closefd = truth(vm, args[6], true)?;
    let raw = file::open(vm, path.borrow(), &mode.raw(), closefd, optional(args, 7))?;
    let result = wrap(vm, &raw, mode, &mode_text, buffering, [encoding, errors, newline]);
    if let Err(raised) = result {
        let error = vm.catch(raised);
        close_after_error(vm, raw.borrow());
        return Err(vm.reraise(error));
    }
    result
}

/// Closes a stream that could not be wrapped; what that raises is of no interest.
fn close_after_error(vm: &mut Vm, raw: Ref<'_>) {
    if let Err(raised) = vm.call_method(raw, "close", &[]) {
        vm.catch(raised);
    }
}

/// A path argument of `open`; the message differs from `os.fspath`'s only by what it is about.
fn open_path(vm: &mut Vm, file: Ref<'_>) -> PyResult {
    if file.class().slots().index.is_some() {
        return vm.index(file);
    }
    fspath(vm, file)
}

fn wrap(vm: &mut Vm, raw: &Object, mode: Mode, mode_text: &str, buffering: i32, text: [Option<Ref<'_>>; 3]) -> PyResult {
    let is_tty = buffering < 0 && file::is_tty(vm, raw.borrow())?;
    let line_buffering = !mode.binary && (buffering == 1 || is_tty);
    let size = match buffering {
        0 => {
            if !mode.binary {
                return Err(vm.value_error("can't have unbuffered text I/O"));
            }
            return Ok(raw.clone());
        }
        size if size > 1 => size as usize,
        _ => file::preferred_buffer_size(raw.borrow()),
    };
    let kind = match mode {
        Mode { updating: true, .. } => &buffered::BUFFERED_RANDOM,
        Mode { reading: true, .. } => &buffered::BUFFERED_READER,
        _ => &buffered::BUFFERED_WRITER,
    };
    let buffer = buffered::make(vm, kind, raw.clone(), size)?;
    if mode.binary {
        return Ok(buffer);
    }
    let [encoding, errors, newline] = text;
    let stream = match text::make(vm, buffer.borrow(), encoding, errors, newline, line_buffering) {
        Ok(stream) => stream,
        Err(raised) => {
            let error = vm.catch(raised);
            close_after_error(vm, buffer.borrow());
            return Err(vm.reraise(error));
        }
    };
    let mode_text = vm.new_str(mode_text).into_object();
    vm.set_attr_str(stream.borrow(), "mode", mode_text.borrow())?;
    Ok(stream)
}

fn open_code(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let path = arg(args, 0);
    if path.downcast::<Str>().is_none() {
        return Err(vm.type_error(format!("open_code() argument 'path' must be str, not {}", path.class().full_name())));
    }
    let mode = vm.new_str("rb").into_object();
    open(vm, Ref::NONE, &[Some(path), Some(mode.borrow()), None, None, None, None, None, None])
}

/// A flag of `sys.flags`; unset where there is no such flag.
fn system_flag(vm: &mut Vm, name: &str) -> PyResult<bool> {
    let sys = vm.import("sys")?;
    let Some(flags) = vm.find_attr_str(sys.borrow(), "flags")? else { return Ok(false) };
    match vm.find_attr_str(flags.borrow(), name)? {
        Some(flag) => vm.is_true(flag.borrow()),
        None => Ok(false),
    }
}

fn text_encoding(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    if let Some(encoding) = optional(args, 0) {
        return Ok(encoding.to_owned());
    }
    let level = int_or(vm, args[1], 2)?;
    if system_flag(vm, "warn_default_encoding")? {
        vm.warn(&exception::ENCODING_WARNING, "'encoding' argument not specified", usize::try_from(level).unwrap_or(1))?;
    }
    let name = if system_flag(vm, "utf8_mode")? { "utf-8" } else { "locale" };
    Ok(vm.new_str(name).into_object())
}
