//! The interactive prompt.
//!
//! On a terminal that can do it the library's `_pyrepl` reads and runs what is typed. What is here is what comes before it (start-up file, hook),
//! and the basic prompt for everything else: pipes, simple terminals, `PYTHON_BASIC_REPL`, `sys._baserepl()`.

use crate::{Configuration, Runtime, uncaught};
use interp::code::CodeObject;
use interp::compile_hook::{Mode, Request, Source, flag};
use interp::function;
use object::exception;
use object::singleton::ModuleObject;
use object::str::Str;
use object::{Object, ObjectOf, PyResult, Raised, Ref, RefOf, Vm, method};
use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use stdlib::sys_module;

/// When the prompt appears.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Opening {
    /// There is no program but what is typed.
    Program,
    /// A program has ended and is to be looked at.
    AfterProgram,
}

/// The name of what is typed, in messages.
const NAME: &str = "<stdin>";

/// How many statements were read; each has a name of its own, by which its text is found.
static STATEMENTS: AtomicUsize = AtomicUsize::new(0);

/// The `from __future__` imports so far.
static FUTURES: AtomicU32 = AtomicU32::new(0);

/// Gives `sys` its `_baserepl`.
pub(crate) fn install(vm: &mut Vm, sys: RefOf<'_, ModuleObject>) {
    let info = object::call::NativeInfo::leak(&BASE_REPL, None);
    let module = vm.new_str("sys").into_object();
    let function = object::function::new_builtin(vm, info, Some(sys.object().to_owned()), Some(module));
    sys.get().set(vm, "_baserepl", function);
}

static BASE_REPL: object::Method = method!(Unary base_repl "($module, /)", "Private function for getting the base REPL.");

fn base_repl(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    let interactive = match sys_module::attribute(vm, "flags") {
        Some(flags) => vm.get_attr_str(flags.borrow(), "interactive").and_then(|flag| vm.is_true(flag.borrow()))?,
        None => false,
    };
    if interactive || std::io::stdin().is_terminal() {
        run_loop(vm)?;
        return Ok(Object::none());
    }
    let mut text = String::new();
    while let Some(line) = read_stream(vm)? {
        text.push_str(&line);
    }
    let code = interp::compile_hook::compile_text(vm, &text, NAME, Mode::Exec)?;
    run_code(vm, code)
}

impl Runtime {
    /// What the prompt says first.
    pub fn greet(&mut self, configuration: &Configuration) {
        let vm = &mut self.vm;
        let version = sys_module::attribute(vm, "version").and_then(|version| vm.str_text(version.borrow()).ok()).unwrap_or_default();
        let mut text = format!("Python {version} on linux\n");
        if !configuration.no_site {
            text.push_str("Type \"help\", \"copyright\", \"credits\" or \"license\" for more information.\n");
        }
        show(&text);
    }

    /// Lets lines that are typed be edited.
    pub fn import_readline(&mut self) {
        for name in ["readline", "rlcompleter"] {
            if let Err(raised) = self.vm.import(name) {
                drop(self.vm.catch(raised));
            }
        }
    }

    /// Prompts for statements and runs them until there are no more. An error is one that ends the process.
    pub fn run_interactive(&mut self, configuration: &Configuration, opening: Opening) -> PyResult<()> {
        let vm = &mut self.vm;
        sys_module::set_flags(vm, &Configuration { inspect: false, ..configuration.clone() });
        if opening == Opening::Program && !configuration.ignore_environment {
            self.run_startup_file()?;
        }
        self.run_hook()?;
        let vm = &mut self.vm;
        if opening == Opening::AfterProgram {
            sys_module::raise_event(vm, "cpython.run_stdin", &[])?;
        }
        let wants_basic = !configuration.ignore_environment && self.environment_has("PYTHON_BASIC_REPL");
        if wants_basic || !std::io::stdin().is_terminal() {
            return run_loop(&mut self.vm);
        }
        let vm = &mut self.vm;
        let started = start_pyrepl(vm);
        or_show(vm, started.map(drop))
    }

    /// `PYTHONSTARTUP`
    fn run_startup_file(&mut self) -> PyResult<()> {
        let Some(path) = self.environment_value("PYTHONSTARTUP") else { return Ok(()) };
        let namespace = self.main_namespace();
        let vm = &mut self.vm;
        let name = stdlib::os_support::fs_decode(vm, path.as_encoded_bytes());
        sys_module::raise_event(vm, "cpython.run_startup", &[name.borrow()])?;
        let source = match std::fs::read(&path) {
            Ok(source) => source,
            Err(error) => {
                sys_module::write_stderr(vm, "Could not open PYTHONSTARTUP\n");
                let raised = stdlib::os_support::os_error(vm, error.raw_os_error().unwrap_or(0), Some(name.borrow()));
                return or_show(vm, Err(raised));
            }
        };
        let key = vm.new_str("__file__").into_object();
        vm.set_item(namespace.borrow(), key.borrow(), name.borrow())?;
        let outcome = self.run_source(&source, &path.to_string_lossy(), namespace.clone());
        let vm = &mut self.vm;
        let outcome = or_show(vm, outcome.map(drop));
        let deleted = vm.del_item(namespace.borrow(), key.borrow());
        vm.ignore(deleted, &exception::KEY_ERROR)?;
        outcome
    }

    /// `sys.__interactivehook__`
    fn run_hook(&mut self) -> PyResult<()> {
        let vm = &mut self.vm;
        let Some(hook) = sys_module::attribute(vm, "__interactivehook__") else { return Ok(()) };
        sys_module::raise_event(vm, "cpython.run_interactivehook", &[hook.borrow()])?;
        let outcome = vm.call(hook.borrow(), &[]);
        if outcome.is_err() {
            show("Failed calling sys.__interactivehook__\n");
        }
        or_show(vm, outcome.map(drop))
    }
}

/// The library's prompt.
fn start_pyrepl(vm: &mut Vm) -> PyResult {
    let main = vm.import("__main__")?;
    let module = vm.import("_pyrepl.main")?;
    let modules = sys_module::modules(vm);
    let name = vm.new_str("_pyrepl.main").into_object();
    let module = vm.get_item(modules.borrow(), name.borrow()).unwrap_or(module);
    let console = vm.get_attr_str(module.borrow(), "interactive_console")?;
    vm.call(console.borrow(), &[main.borrow()])
}

/// The basic prompt.
fn run_loop(vm: &mut Vm) -> PyResult<()> {
    for (name, prompt) in [("ps1", ">>> "), ("ps2", "... ")] {
        if sys_module::attribute(vm, name).is_none() {
            let prompt = vm.new_str(prompt).into_object();
            sys_module::set_attribute(vm, name, prompt);
        }
    }
    loop {
        let statement = match read_statement(vm) {
            Ok(Some(text)) => text,
            Ok(None) => return Ok(()),
            Err(raised) => {
                if std::io::stdin().is_terminal() {
                    show("\n");
                }
                let error = vm.catch(raised);
                // What cannot be read now cannot be read later.
                let goes_on = error.borrow().is_instance_of(&exception::KEYBOARD_INTERRUPT);
                let raised = vm.reraise(error);
                or_show(vm, Err(raised))?;
                if goes_on {
                    continue;
                }
                return Ok(());
            }
        };
        let outcome = run_statement(vm, &statement);
        or_show(vm, outcome)?;
        flush(vm);
    }
}

/// An error is shown, one that ends the process given back.
fn or_show(vm: &mut Vm, outcome: PyResult<()>) -> PyResult<()> {
    let Err(raised) = outcome else { return Ok(()) };
    let error = vm.catch(raised);
    if error.borrow().is_instance_of(&exception::SYSTEM_EXIT) {
        return Err(vm.reraise(error));
    }
    match uncaught::show(vm, error) {
        Some(exit) => Err(vm.reraise(exit)),
        None => Ok(()),
    }
}

/// The lines of a statement; `None` at the end of the input.
fn read_statement(vm: &mut Vm) -> PyResult<Option<String>> {
    let (first, next) = (prompt(vm, "ps1")?, prompt(vm, "ps2")?);
    let mut text = String::new();
    loop {
        let prompt = if text.is_empty() { &first } else { &next };
        let Some(line) = read_line(vm, prompt)? else {
            show("\n");
            return Ok((!text.is_empty()).then_some(text));
        };
        text.push_str(&line);
        // A line without an end is the last, and only the end of the input shows that.
        if line.ends_with('\n') && is_complete(&text, &line) {
            return Ok(Some(text));
        }
    }
}

/// Whether lines are a statement, or can never become one.
fn is_complete(text: &str, last_line: &str) -> bool {
    if is_blank(text) {
        return true;
    }
    let options = parser::Options { allow_incomplete_input: true, dont_imply_dedent: true, ..parser::Options::default() };
    let statement = text.strip_suffix('\n').unwrap_or(text);
    if parser::parse(statement, parser::Mode::Interactive, &options).is_ok() {
        return true;
    }
    let is_open = match parser::parse(text, parser::Mode::Interactive, &options) {
        Ok(_) => true,
        Err(error) => matches!(error.kind, parser::ErrorKind::IncompleteInput),
    };
    if !is_open || last_line != "\n" {
        return !is_open;
    }
    // An empty line ends what stands open, but for brackets and strings.
    match parser::parse(text, parser::Mode::Interactive, &parser::Options::default()) {
        Ok(_) => true,
        Err(error) => !(error.message.ends_with("was never closed") || error.message.starts_with("unterminated triple-quoted")),
    }
}

/// Whether there is nothing but blanks and a comment.
fn is_blank(text: &str) -> bool {
    let text = text.trim();
    text.is_empty() || (text.starts_with('#') && !text.contains('\n'))
}

fn run_statement(vm: &mut Vm, text: &str) -> PyResult<()> {
    let options = parser::Options { barry_as_flufl: FUTURES.load(Ordering::Relaxed) & 0x0040_0000 != 0, ..parser::Options::default() };
    let parsed = match parser::parse(text, parser::Mode::Interactive, &options) {
        Ok(parsed) => parsed,
        Err(_) if is_blank(text) => {
            STATEMENTS.fetch_add(1, Ordering::Relaxed);
            return Ok(());
        }
        Err(mut error) => {
            crate::compile::warn_all(vm, &error.warnings, NAME)?;
            point_at_empty_line(&mut error, text);
            return Err(crate::compile::raise_syntax_error(vm, &error, NAME));
        }
    };
    let filename = format!("<stdin-{}>", STATEMENTS.fetch_add(1, Ordering::Relaxed));
    crate::compile::warn_all(vm, &parsed.warnings, NAME)?;
    let flags = FUTURES.load(Ordering::Relaxed);
    let request = Request { source: Source::Text(text), filename: &filename, mode: Mode::Single, flags, optimize: -1, feature_version: None };
    let code = match crate::compile::compile_parsed(vm, &parsed, &request) {
        Ok(code) => code,
        Err(raised) => return Err(with_text(vm, raised, text)),
    };
    FUTURES.fetch_or(code.flags.0 & flag::FUTURE_MASK, Ordering::Relaxed);
    let code = interp::code::new_code(vm, crate::compile::ranged(code)).into_object();
    let linecache = vm.import("linecache")?;
    let (source, name) = (vm.new_str(text).into_object(), vm.new_str(NAME).into_object());
    vm.call_method(linecache.borrow(), "_register_code", &[code.borrow(), source.borrow(), name.borrow()])?;
    run_code(vm, code).map(drop)
}

/// A mistake that shows at the empty line that ends a statement is at the beginning of nothing.
fn point_at_empty_line(error: &mut parser::SyntaxError, text: &str) {
    let n_lines = text.lines().count() as i32;
    if let Some(location) = &mut error.location
        && n_lines > 1
        && location.line == n_lines
        && text.ends_with("\n\n")
    {
        location.column = i32::from(matches!(error.kind, parser::ErrorKind::SyntaxError));
        error.text = Some(String::new());
    }
}

/// The compiler knows no source: a syntax error that it raises gets the line it is about.
fn with_text(vm: &mut Vm, raised: Raised, text: &str) -> Raised {
    let error = vm.catch(raised);
    if error.borrow().is_instance_of(&exception::SYNTAX_ERROR)
        && let Some(number) = exception::field(error.borrow(), "lineno")
        && let Some(Some(number)) = object::int::to_i64(number.borrow())
        && let Some(line) = text.split_inclusive('\n').nth((number - 1).max(0) as usize)
    {
        let line = vm.new_str(line).into_object();
        exception::set_field(vm, error.borrow(), "text", Some(line));
    }
    vm.reraise(error)
}

/// Runs code in `__main__`.
fn run_code(vm: &mut Vm, code: Object) -> PyResult {
    let code: ObjectOf<CodeObject> = match code.downcast() {
        Ok(code) => code,
        Err(_) => return Err(vm.type_error("a code object is required")),
    };
    let namespace = crate::main_namespace(vm);
    function::run_code(vm, code, namespace.clone(), namespace, None)
}

/// The text of `sys.ps1` or `sys.ps2`; nothing if it has none.
fn prompt(vm: &mut Vm, name: &str) -> PyResult<String> {
    let Some(prompt) = sys_module::attribute(vm, name) else { return Ok(String::new()) };
    let text = vm.str_text(prompt.borrow());
    Ok(vm.ignore(text, &exception::EXCEPTION)?.unwrap_or_default())
}

/// A line with its end, after a prompt; `None` at the end of the input.
fn read_line(vm: &mut Vm, prompt: &str) -> PyResult<Option<String>> {
    flush(vm);
    if let Some(edit) = object::vm::hooks().read_line
        && std::io::stdin().is_terminal()
        && std::io::stdout().is_terminal()
    {
        let prompt = vm.new_str(prompt).into_object();
        let line = edit(vm, prompt.borrow());
        match vm.ignore(line, &exception::EOF_ERROR)? {
            Some(Some(line)) => return Ok(Some(vm.str_text(line.borrow())? + "\n")),
            Some(None) => {}
            None => return Ok(None),
        }
    }
    show(prompt);
    read_stream(vm)
}

/// A line of the standard input that the process was started with.
fn read_stream(vm: &mut Vm) -> PyResult<Option<String>> {
    let Some(stdin) = sys_module::attribute(vm, "__stdin__").filter(|stdin| !stdin.borrow().is_none()) else { return Ok(None) };
    let line = vm.call_method(stdin.borrow(), "readline", &[])?;
    let Some(line) = line.borrow().downcast::<Str>() else { return Ok(None) };
    let text: String = line.get().code_points().map(|point| char::from_u32(point).unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
    Ok((!text.is_empty()).then_some(text))
}

/// Writes to the process's standard error, whatever `sys.stderr` is.
fn show(text: &str) {
    // Nobody may be there to read it.
    let _ = std::io::stderr().write_all(text.as_bytes());
}

fn flush(vm: &mut Vm) {
    for name in ["stderr", "stdout"] {
        if let Some(stream) = sys_module::attribute(vm, name).filter(|stream| !stream.borrow().is_none())
            && let Err(raised) = vm.call_method(stream.borrow(), "flush", &[])
        {
            drop(vm.catch(raised));
        }
    }
}
