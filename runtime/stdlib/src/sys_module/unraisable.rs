//! `sys.unraisablehook`: how exceptions that nobody can catch are shown, and tracebacks without the library's help.

use super::{attribute, write_stderr};
use builtins::struct_sequence::StructSequence;
use interp::frame_object::FrameObject;
use interp::traceback::Traceback;
use object::dict::Dict;
use object::exception::Exception;
use object::str::Str;
use object::{Object, PyResult, Ref, Vm};

/// What `Vm::write_unraisable` is told where there is nothing to say but that an exception was ignored.
const IGNORED: &str = "Exception ignored in";

/// How often an entry of a traceback is shown that comes again and again.
const REPETITIONS: usize = 3;

/// How many entries of a traceback are shown if `sys.tracebacklimit` does not say.
const LIMIT: i64 = 1000;

builtins::struct_sequence!(UnraisableHookArgs, UNRAISABLE_HOOK_ARGS, "UnraisableHookArgs",
    "UnraisableHookArgs\n\nType used to pass arguments to sys.unraisablehook.",
    [exc_type "Exception type", exc_value "Exception value", exc_traceback "Exception traceback", err_msg "Error message", object "Object causing the exception"], [], []);

/// Reports an exception that nobody can catch; the hook of `Vm::write_unraisable`.
pub fn report_unraisable(vm: &mut Vm, error: Object, message: &str, object: Option<Ref<'_>>) {
    let message = if message == IGNORED && object.is_some() { Object::none() } else { vm.new_str(message).into_object() };
    let args = hook_arguments(vm, error, message, object);
    let hook = attribute(vm, "unraisablehook").filter(|hook| !hook.borrow().is_none());
    let Some(hook) = hook else { return write_unraisable(vm, args.borrow()).unwrap_or_else(|raised| drop(vm.catch(raised))) };
    if let Err(raised) = vm.call(hook.borrow(), &[args.borrow()]) {
        let error = vm.catch(raised);
        let message = vm.new_str("Exception ignored in sys.unraisablehook").into_object();
        let args = hook_arguments(vm, error, message, Some(hook.borrow()));
        if let Err(raised) = write_unraisable(vm, args.borrow()) {
            drop(vm.catch(raised));
        }
    }
}

fn hook_arguments(vm: &mut Vm, error: Object, message: Object, object: Option<Ref<'_>>) -> Object {
    let class = error.borrow().class().to_object();
    let traceback = error.borrow().downcast::<Exception>().and_then(|payload| payload.traceback.get());
    let traceback = traceback.or_else(|| interp::traceback::of_current_frame(vm)).unwrap_or(Object::none());
    let object = object.map_or(Object::none(), Ref::to_owned);
    object::type_new::ready(vm, &UNRAISABLE_HOOK_ARGS);
    UnraisableHookArgs::make(vm, vec![class, error, traceback, message, object])
}

/// `sys.unraisablehook`
pub(super) fn unraisablehook(vm: &mut Vm, _module: Ref<'_>, args: Ref<'_>) -> PyResult {
    if !args.is_exactly(&UNRAISABLE_HOOK_ARGS) {
        return Err(vm.type_error("sys.unraisablehook argument type must be UnraisableHookArgs"));
    }
    write_unraisable(vm, args)?;
    Ok(Object::none())
}

/// Writes what the arguments of the hook tell.
fn write_unraisable(vm: &mut Vm, args: Ref<'_>) -> PyResult<()> {
    if attribute(vm, "stderr").is_some_and(|stderr| stderr.borrow().is_none()) {
        return Ok(());
    }
    let class = vm.get_attr_str(args, "exc_type")?;
    let value = vm.get_attr_str(args, "exc_value")?;
    let traceback = vm.get_attr_str(args, "exc_traceback")?;
    let message = vm.get_attr_str(args, "err_msg")?;
    let object = vm.get_attr_str(args, "object")?;
    let mut text = if message.borrow().is_none() { String::new() } else { vm.str_text(message.borrow())? };
    if !object.borrow().is_none() {
        let shown = vm.repr_text(object.borrow()).unwrap_or_else(|raised| {
            drop(vm.catch(raised));
            "<object repr() failed>".into()
        });
        let message = if message.borrow().is_none() { IGNORED } else { &text };
        text = format!("{message}: {shown}\n");
    } else if !message.borrow().is_none() {
        text.push_str(":\n");
    }
    text.push_str(&entries_text(vm, Some(traceback).filter(|traceback| !traceback.borrow().is_none())));
    if !class.borrow().is_none() {
        text.push_str(&class_name(vm, class.borrow()));
        if !value.borrow().is_none() {
            let shown = vm.str_text(value.borrow()).unwrap_or_else(|raised| {
                drop(vm.catch(raised));
                "<exception str() failed>".into()
            });
            text.push_str(": ");
            text.push_str(&shown);
        }
        text.push('\n');
    }
    write_stderr(vm, &text);
    Ok(())
}

/// The name of an exception's class with that of its module, as far as they can be told.
fn class_name(vm: &mut Vm, class: Ref<'_>) -> String {
    let mut name = |attribute: &str| {
        let value = vm.find_attr_str(class, attribute).unwrap_or_else(|raised| {
            drop(vm.catch(raised));
            None
        })?;
        value.borrow().downcast::<Str>()?;
        vm.str_text(value.borrow()).ok()
    };
    let qualified = name("__qualname__").unwrap_or_else(|| "<unknown>".to_owned());
    match name("__module__") {
        None => format!("<unknown>{qualified}"),
        Some(module) if module == "builtins" || module == "__main__" => qualified,
        Some(module) => format!("{module}.{qualified}"),
    }
}

/// Where an exception comes from, for when the library cannot show it.
pub fn traceback_text(vm: &mut Vm, error: Ref<'_>) -> String {
    let traceback = error.downcast::<Exception>().and_then(|error| error.traceback.get());
    let text = entries_text(vm, traceback);
    drop(vm.take_raised());
    text
}

/// One entry of a traceback that is shown.
struct Entry {
    file: String,
    line: i64,
    name: String,
    globals: Object,
}

/// A traceback's entries with their lines of source, without marks under them.
fn entries_text(vm: &mut Vm, traceback: Option<Object>) -> String {
    let limit = attribute(vm, "tracebacklimit").and_then(|limit| limit.borrow().as_small_int()).unwrap_or(LIMIT);
    let entries = entries(traceback);
    if entries.is_empty() || limit <= 0 {
        return String::new();
    }
    let mut text = "Traceback (most recent call last):\n".to_owned();
    let first = entries.len().saturating_sub(usize::try_from(limit).unwrap_or(usize::MAX));
    let mut index = first;
    while index < entries.len() {
        let entry = &entries[index];
        let same =
            entries[index..].iter().take_while(|other| (&other.file, other.line, &other.name) == (&entry.file, entry.line, &entry.name)).count();
        let source = source_line(vm, entry);
        for _ in 0..same.min(REPETITIONS) {
            text.push_str(&format!("  File \"{}\", line {}, in {}\n{source}", entry.file, entry.line, entry.name));
        }
        if same > REPETITIONS {
            let times = same - REPETITIONS;
            text.push_str(&format!("  [Previous line repeated {times} more time{}]\n", if times == 1 { "" } else { "s" }));
        }
        index += same;
    }
    text
}

fn entries(mut next: Option<Object>) -> Vec<Entry> {
    let mut entries = Vec::new();
    while let Some(object) = next {
        let Some(traceback) = object.borrow().downcast::<Traceback>() else { break };
        if let Some(frame) = traceback.frame.get()
            && let Some(frame) = frame.borrow().downcast::<FrameObject>()
        {
            let code = frame.frame().code_object();
            let line = i64::from(code.location(traceback.index.get()).line);
            let (file, name) = (code.filename_text().into_owned(), code.name_text().into_owned());
            entries.push(Entry { file, line, name, globals: frame.frame().globals() });
        }
        next = traceback.next.get();
    }
    entries
}

/// The line of source that an entry is about, indented; nothing where the program is ending, or where there is none.
fn source_line(vm: &mut Vm, entry: &Entry) -> String {
    if super::FINALIZING.load(std::sync::atomic::Ordering::Relaxed) || (entry.file.starts_with('<') && entry.file.ends_with('>')) {
        return String::new();
    }
    let file = vm.new_str(&entry.file).into_object();
    let line = Object::small_int(entry.line);
    // A module's loader knows the source of that module alone.
    let own = |globals: &Object| {
        let globals = globals.borrow().downcast::<Dict>()?;
        let name = globals.get().get_interned(vm.intern("__file__"))?;
        Some(name.downcast::<Str>()?.to_utf8()? == entry.file.as_str())
    };
    let globals = if own(&entry.globals) == Some(true) { entry.globals.clone() } else { Object::none() };
    let found = vm
        .import("linecache")
        .and_then(|linecache| vm.call_method(linecache.borrow(), "getline", &[file.borrow(), line.borrow(), globals.borrow()]))
        .and_then(|line| vm.str_text(line.borrow()));
    match found {
        Ok(line) if !line.trim().is_empty() => format!("    {}\n", line.trim()),
        Ok(_) => String::new(),
        Err(raised) => {
            drop(vm.catch(raised));
            String::new()
        }
    }
}
