//! Builtin functions that read and write: `breakpoint`, `input`, `open`, `print`.

use object::call::Args;
use object::exception;
use object::str::{Str, StrBuilder, names};
use object::vm::Raised;
use object::{Object, PyResult, Ref, Vm};

/// An attribute of `sys`, if it is there.
fn sys_attribute(vm: &mut Vm, name: &str) -> PyResult<Option<Object>> {
    let sys = vm.import("sys")?;
    vm.find_attr_str(sys.borrow(), name)
}

pub(super) fn breakpoint(vm: &mut Vm, _module: Ref<'_>, args: Args<'_>) -> PyResult {
    match sys_attribute(vm, "breakpointhook")? {
        Some(hook) => vm.call_with(hook.borrow(), args),
        None => Err(vm.runtime_error("lost sys.breakpointhook")),
    }
}

pub(super) fn open(vm: &mut Vm, _module: Ref<'_>, args: Args<'_>) -> PyResult {
    let io = vm.import("_io")?;
    let open = vm.get_attr(io.borrow(), names::open())?;
    vm.call_with(open.borrow(), args)
}

/// What `print` was asked to do.
#[derive(Default)]
struct Request<'a> {
    separator: Option<Ref<'a>>,
    end: Option<Ref<'a>>,
    file: Option<Ref<'a>>,
    flush: bool,
}

fn text_or_none<'a>(vm: &mut Vm, name: &str, value: Ref<'a>) -> PyResult<Option<Ref<'a>>> {
    if value.is_none() {
        return Ok(None);
    }
    if value.downcast::<Str>().is_none() {
        return Err(vm.type_error(format!("{name} must be None or a string, not {}", value.class().full_name())));
    }
    Ok(Some(value))
}

pub(super) fn print(vm: &mut Vm, _module: Ref<'_>, args: Args<'_>) -> PyResult {
    let mut request = Request::default();
    for (keyword, value) in args.keywords() {
        let text = keyword.downcast::<Str>().map(|keyword| keyword.get().to_string_lossy().into_owned()).unwrap_or_default();
        match text.as_str() {
            "sep" => request.separator = text_or_none(vm, "sep", value)?,
            "end" => request.end = text_or_none(vm, "end", value)?,
            "file" => request.file = Some(value).filter(|file| !file.is_none()),
            "flush" => request.flush = vm.is_true(value)?,
            _ => return Err(vm.type_error(format!("print() got an unexpected keyword argument '{text}'"))),
        }
    }
    let file = match request.file {
        Some(file) => file.to_owned(),
        None => match sys_attribute(vm, "stdout")? {
            Some(file) if file.borrow().is_none() => return Ok(Object::none()),
            Some(file) => file,
            None => return Err(vm.runtime_error("lost sys.stdout")),
        },
    };
    if file.borrow().class().full_name() == "_io.TextIOWrapper" {
        print_at_once(vm, file.borrow(), args.positionals(), &request)?;
    } else {
        print_in_pieces(vm, file.borrow(), args.positionals(), &request)?;
    }
    if request.flush {
        vm.call_method_named(file.borrow(), names::flush(), &[])?;
    }
    Ok(Object::none())
}

fn push_text(text: &mut StrBuilder, string: Option<Ref<'_>>, default: &str) {
    match string.and_then(|string| string.downcast::<Str>()) {
        Some(string) => text.push_object(string.get()),
        None => text.push_str(default),
    }
}

/// One call of `write`, which nobody can tell from several: the file is the runtime's own.
fn print_at_once(vm: &mut Vm, file: Ref<'_>, items: &[Ref<'_>], request: &Request<'_>) -> PyResult<()> {
    let mut text = StrBuilder::new();
    let mut failed = None;
    for (index, &item) in items.iter().enumerate() {
        if index > 0 {
            push_text(&mut text, request.separator, " ");
        }
        match vm.str(item) {
            Ok(string) => text.push_object(&string),
            Err(raised) => {
                failed = Some(vm.catch(raised));
                break;
            }
        }
    }
    if failed.is_none() {
        push_text(&mut text, request.end, "\n");
    }
    let text = text.finish(vm);
    // What came before an item that fails has been written by then.
    vm.call_method_named(file, names::write(), &[text.borrow().object()])?;
    match failed {
        Some(error) => Err(vm.reraise(error)),
        None => Ok(()),
    }
}

fn print_in_pieces(vm: &mut Vm, file: Ref<'_>, items: &[Ref<'_>], request: &Request<'_>) -> PyResult<()> {
    let write = vm.get_attr(file, names::write())?;
    let (space, newline) = (vm.new_char(32), vm.new_char(10));
    for (index, &item) in items.iter().enumerate() {
        if index > 0 {
            vm.call(write.borrow(), &[request.separator.unwrap_or(space.borrow().object())])?;
        }
        let text = vm.str(item)?;
        vm.call(write.borrow(), &[text.borrow().object()])?;
    }
    vm.call(write.borrow(), &[request.end.unwrap_or(newline.borrow().object())])?;
    Ok(())
}

/// A standard stream that `input` cannot do without.
fn stream(vm: &mut Vm, name: &str) -> PyResult {
    match sys_attribute(vm, name)? {
        Some(file) if !file.borrow().is_none() => Ok(file),
        _ => Err(vm.runtime_error(format!("lost sys.{name}"))),
    }
}

pub(super) fn input(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let (stdin, stdout, stderr) = (stream(vm, "stdin")?, stream(vm, "stdout")?, stream(vm, "stderr")?);
    let flushed = vm.call_method_named(stderr.borrow(), names::flush(), &[]);
    vm.ignore(flushed, &exception::EXCEPTION)?;
    if let Some(read_line) = object::vm::hooks().read_line
        && is_descriptor(vm, stdin.borrow(), 0)?
        && is_descriptor(vm, stdout.borrow(), 1)?
    {
        let flushed = vm.call_method_named(stdout.borrow(), names::flush(), &[]);
        vm.ignore(flushed, &exception::EXCEPTION)?;
        let prompt = vm.str(args[0].unwrap_or(vm.empty_str().object()))?;
        if let Some(line) = read_line(vm, prompt.borrow().object())? {
            return Ok(line);
        }
    }
    if let Some(prompt) = args[0] {
        let prompt = vm.str(prompt)?;
        vm.call_method_named(stdout.borrow(), names::write(), &[prompt.borrow().object()])?;
    }
    let flushed = vm.call_method_named(stdout.borrow(), names::flush(), &[]);
    vm.ignore(flushed, &exception::EXCEPTION)?;
    read_line(vm, stdin.borrow())
}

/// Whether a stream is the one of a descriptor, and a terminal.
fn is_descriptor(vm: &mut Vm, file: Ref<'_>, fd: i64) -> PyResult<bool> {
    for (method, expected) in [("fileno", Object::small_int(fd)), ("isatty", Object::bool(true))] {
        let answer = vm.call_method(file, method, &[]);
        let answer = vm.ignore(answer, &exception::EXCEPTION)?;
        if !answer.is_some_and(|answer| answer.borrow().is(expected.borrow())) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// A line without its end; `EOFError` if there is none.
fn read_line(vm: &mut Vm, file: Ref<'_>) -> PyResult {
    let line = vm.call_method_named(file, names::readline(), &[])?;
    let Some(text) = line.borrow().downcast::<Str>() else { return Err(not_a_string(vm)) };
    if text.is_empty() {
        return Err(vm.raise(&exception::EOF_ERROR, "EOF when reading a line"));
    }
    if text.char_at(text.len() - 1) == 10 {
        return Ok(vm.str_slice(text.get(), 0, text.len() - 1).into_object());
    }
    Ok(line.clone())
}

fn not_a_string(vm: &mut Vm) -> Raised {
    vm.type_error("object.readline() returned non-string")
}
