//! Scoria as a library: start-up, wiring, and running programs.
//!
//! A program that embeds the runtime makes a [`Runtime`] and runs code on its `Vm`. Everything
//! Python-visible is in the crates below this one; here they are put together.

mod ast_bridge;
mod compile;
mod symbols;

use interp::code::CodeObject;
use interp::compile_hook::{self, Mode};
use interp::{eval, frame, function};
use object::dict::Dict;
use object::singleton::ModuleObject;
use object::{Object, ObjectOf, PyResult, Ref, Type, Vm, exception};
pub use stdlib::sys_module::Configuration;
use stdlib::{imp, sys_module};

/// Native stack of the thread that runs Python.
pub const STACK_SIZE: usize = 256 << 20;

/// How much of it Python may use before `RecursionError`: about as deep as CPython goes. The rest is for what
/// does not ask: the parser and the compiler, which have limits of their own, and destructors.
const PYTHON_STACK: usize = 12 << 20;

/// A started runtime. There can be one in a process.
pub struct Runtime {
    pub vm: Vm,
}

impl Runtime {
    /// Starts the runtime on this thread, which must have [`STACK_SIZE`] bytes of stack. The error is an
    /// exception that start-up could not handle, as text.
    pub fn start(configuration: &Configuration) -> Result<Runtime, String> {
        object::gil::acquire();
        object::heap::reserve::lay_in();
        object::str::set_hash_seed(configuration.hash_seed);
        let mut vm = Vm::new(PYTHON_STACK);
        object::str::names::initialize(&vm);
        object::type_new::extend(builtins::EXTENSIONS);
        ready_types(&mut vm);
        interp::install(&mut vm);
        frame::start_main_thread(&mut vm);
        let mut runtime = Runtime { vm };
        match runtime.initialize(configuration) {
            Ok(()) => Ok(runtime),
            Err(raised) => {
                let error = runtime.vm.catch(raised);
                let text = runtime.vm.str_text(error.borrow()).unwrap_or_default();
                let trace = traceback_text(&mut runtime.vm, error.borrow());
                Err(format!("{trace}{}: {text}", error.borrow().class().name()))
            }
        }
    }

    fn initialize(&mut self, configuration: &Configuration) -> PyResult<()> {
        let vm = &mut self.vm;
        object::int::set_max_str_digits(configuration.int_max_str_digits.max(0) as usize);
        compile_hook::set_compiler(compile::compile);
        stdlib::symtable::set_table_maker(symbols::make_table);
        stdlib::codecs::install();
        compile::set_optimize(configuration.optimize);
        imp::set_library(imp::Library { find: find_embedded, names: || library::MODULES.iter().map(|entry| entry.name).collect() });
        object::vm::set_hooks(|hooks| {
            hooks.import = Some(eval::import_name);
            hooks.unraisable = Some(sys_module::report_unraisable);
            hooks.thread_started = Some(frame::start_thread);
        });
        stdlib::signal::start();
        let sys = sys_module::new_module(vm, configuration)?;
        let builtins = stdlib::builtins::new_module(vm);
        let namespace = builtins.borrow().get().dict().object().to_owned();
        eval::set_builtins(namespace);
        builtins.set(vm, "__debug__", Object::bool(configuration.optimize == 0));
        let modules = sys_module::modules(vm);
        for (name, module) in [("sys", &sys), ("builtins", &builtins)] {
            let key = vm.new_str(name).into_object();
            vm.set_item(modules.borrow(), key.borrow(), module.borrow().object())?;
        }
        self.install_importlib(sys.borrow().object())?;
        self.open_streams(configuration)?;
        let vm = &mut self.vm;
        // Its import lets an interrupt from the keyboard raise `KeyboardInterrupt`.
        vm.import("_signal")?;
        vm.import("warnings")?;
        object::vm::set_hooks(|hooks| hooks.warn = Some(stdlib::warnings::warn));
        let main = vm.new_module("__main__", None);
        let builtins = builtins.into_object();
        main.set(vm, "__builtins__", builtins);
        let key = vm.new_str("__main__").into_object();
        vm.set_item(modules.borrow(), key.borrow(), main.borrow().object())?;
        let loader = vm.import("_frozen_importlib").and_then(|importlib| vm.get_attr_str(importlib.borrow(), "BuiltinImporter"))?;
        main.set(vm, "__loader__", loader);
        if !configuration.no_site {
            vm.import("site")?;
        }
        Ok(())
    }

    /// Runs importlib's bootstrap, which then imports everything else.
    fn install_importlib(&mut self, sys: Ref<'_>) -> PyResult<()> {
        let vm = &mut self.vm;
        let importlib = imp::import_embedded(vm, "_frozen_importlib")?;
        let imp = imp::create(vm, "_imp")?;
        let modules = sys_module::modules(vm);
        let key = vm.new_str("_imp").into_object();
        vm.set_item(modules.borrow(), key.borrow(), imp.borrow())?;
        vm.call_method(importlib.borrow().object(), "_install", &[sys, imp.borrow()])?;
        stdlib::import::set_importlib(importlib.clone().into_object());
        let frozen_importer = vm.get_attr_str(importlib.borrow().object(), "FrozenImporter")?;
        let info = object::call::NativeInfo::leak(&imp::GET_SOURCE, None);
        let get_source = object::function::new_builtin(vm, info, Some(frozen_importer.clone()), None);
        let get_source = object::descriptor::new_static_method(vm, get_source);
        vm.set_attr_str(frozen_importer.borrow(), "get_source", get_source.borrow())?;
        vm.call_method(importlib.borrow().object(), "_install_external_importers", &[])?;
        stdlib::zip_hook::install(vm);
        Ok(())
    }

    /// Sets `sys.stdin`, `sys.stdout` and `sys.stderr`.
    fn open_streams(&mut self, configuration: &Configuration) -> PyResult<()> {
        let vm = &mut self.vm;
        let io = vm.import("io")?;
        let open = vm.get_attr_str(io.borrow(), "open")?;
        let builtins = eval::builtins_dict(vm);
        if let Some(builtins) = builtins.borrow().downcast::<Dict>() {
            builtins.set_str(vm, "open", open);
        }
        for (descriptor, name) in [(0, "stdin"), (1, "stdout"), (2, "stderr")] {
            let stream = open_stream(vm, io.borrow(), descriptor, name, configuration)?;
            sys_module::set_attribute(vm, name, stream.clone());
            sys_module::set_attribute(vm, &format!("__{name}__"), stream);
        }
        Ok(())
    }

    /// The namespace of `__main__`.
    pub fn main_namespace(&mut self) -> Object {
        let vm = &mut self.vm;
        let modules = sys_module::modules(vm);
        let key = vm.new_str("__main__").into_object();
        let main = vm.get_item(modules.borrow(), key.borrow()).ok();
        let namespace = main.as_ref().and_then(|main| main.borrow().downcast::<ModuleObject>().map(|main| main.get().dict().object().to_owned()));
        namespace.unwrap_or_else(|| vm.new_dict().into_object())
    }

    /// Compiles text and runs it in a namespace.
    pub fn run_text(&mut self, text: &str, filename: &str, mode: Mode, namespace: Object) -> PyResult {
        let code = compile_hook::compile_text(&mut self.vm, text, filename, mode)?;
        self.run_code(code, namespace)
    }

    /// Runs a code object in a namespace.
    pub fn run_code(&mut self, code: Object, namespace: Object) -> PyResult {
        let code: ObjectOf<CodeObject> = match code.downcast() {
            Ok(code) => code,
            Err(_) => return Err(self.vm.type_error("a code object is required")),
        };
        function::run_code(&mut self.vm, code, namespace.clone(), namespace, None)
    }

    /// Puts a directory at the front of `sys.path`.
    pub fn insert_path(&mut self, directory: &str) {
        let vm = &mut self.vm;
        let directory = stdlib::os_support::fs_decode(vm, directory.as_bytes());
        if let Some(path) = sys_module::attribute(vm, "path")
            && let Some(path) = path.borrow().downcast::<object::list::List>()
        {
            path.items_mut(vm).insert(0, directory);
        }
    }

    /// `-c text`. Indentation that all lines have in common is taken off, and tracebacks show the text's lines.
    pub fn run_command(&mut self, text: &str, namespace: Object) -> PyResult {
        let text = dedent(text);
        let code = compile_hook::compile_text(&mut self.vm, &text, "<string>", Mode::Exec)?;
        let vm = &mut self.vm;
        let linecache = vm.import("linecache")?;
        let (source, name) = (vm.new_str(&text).into_object(), vm.new_str("<string>").into_object());
        vm.call_method(linecache.borrow(), "_register_code", &[code.borrow(), source.borrow(), name.borrow()])?;
        self.run_code(code, namespace)
    }

    /// Runs a file's contents.
    pub fn run_source(&mut self, source: &[u8], filename: &str, namespace: Object) -> PyResult {
        let request = compile_hook::Request { source: compile_hook::Source::Bytes(source), filename, mode: Mode::Exec, flags: 0, optimize: -1 };
        let code = compile_hook::compile(&mut self.vm, &request)?;
        self.run_code(code, namespace)
    }

    /// Runs a script: a file, or a directory or archive with a `__main__.py`.
    pub fn run_script(&mut self, path: &str, namespace: Object, skip_first_line: bool, add_directory: bool) -> PyResult {
        if std::path::Path::new(path).is_dir() || stdlib::zip_hook::is_archive(path) {
            self.insert_path(path);
            return self.call_runpy("_run_module_as_main", &["__main__"], Some(false));
        }
        let source = match std::fs::read(path) {
            Ok(source) => source,
            Err(error) => {
                let code = error.raw_os_error().unwrap_or(0);
                let executable = sys_module::attribute(&mut self.vm, "executable");
                let executable = executable.and_then(|executable| self.vm.str_text(executable.borrow()).ok()).unwrap_or_default();
                eprintln!("{executable}: can't open file '{}': [Errno {code}] {}", absolute(path), stdlib::os_support::strerror(code));
                std::process::exit(2);
            }
        };
        if add_directory {
            let real = std::fs::canonicalize(path).unwrap_or_else(|_| path.into());
            let directory = real.parent().map(|parent| parent.to_string_lossy().into_owned()).unwrap_or_default();
            self.insert_path(&directory);
        }
        let vm = &mut self.vm;
        let file = stdlib::os_support::fs_decode(vm, absolute(path).as_bytes());
        if let Some(dict) = namespace.borrow().downcast::<Dict>() {
            dict.set_str(vm, "__file__", file);
            dict.set_str(vm, "__cached__", Object::none());
            let external = vm.import("_frozen_importlib_external")?;
            let loader = vm.get_attr_str(external.borrow(), "SourceFileLoader")?;
            let (name, file) = (vm.new_str("__main__").into_object(), stdlib::os_support::fs_decode(vm, path.as_bytes()));
            let loader = vm.call(loader.borrow(), &[name.borrow(), file.borrow()])?;
            dict.set_str(vm, "__loader__", loader);
        }
        let mut source = source;
        if skip_first_line {
            let end = source.iter().position(|&byte| byte == b'\n').unwrap_or(source.len());
            source.drain(..end);
        }
        self.run_source(&source, &absolute(path), namespace)
    }

    /// `-m name`
    pub fn run_module(&mut self, name: &str) -> PyResult {
        self.call_runpy("_run_module_as_main", &[name], None)
    }

    fn call_runpy(&mut self, function: &str, arguments: &[&str], alter_argv: Option<bool>) -> PyResult {
        let vm = &mut self.vm;
        let runpy = vm.import("runpy")?;
        let mut values: Vec<Object> = arguments.iter().map(|argument| vm.new_str(argument).into_object()).collect();
        values.extend(alter_argv.map(Object::bool));
        vm.call_method(runpy.borrow(), function, Object::as_refs(&values))
    }

    /// The interactive prompt of the library.
    pub fn run_interactive(&mut self) -> PyResult {
        let vm = &mut self.vm;
        let code = vm.import("code")?;
        let namespace = self.main_namespace();
        let vm = &mut self.vm;
        vm.call_method(code.borrow(), "interact", &[Ref::NONE, Ref::NONE, namespace.borrow()])
    }

    /// Ends the runtime: `atexit` functions run, threads are joined, streams flushed. Returns whether all went well.
    pub fn finish(&mut self) -> bool {
        let vm = &mut self.vm;
        let mut clean = true;
        let shutdowns = [
            ("threading", "_shutdown", "Exception ignored on threading shutdown"),
            ("atexit", "_run_exitfuncs", "Exception ignored in atexit callback"),
        ];
        for (module, function, message) in shutdowns {
            if let Some(module) = loaded_module(vm, module)
                && let Err(raised) = vm.call_method(module.borrow(), function, &[])
            {
                vm.write_unraisable(raised, message, None);
            }
        }
        clean &= flush_streams(vm);
        sys_module::set_finalizing();
        object::gil::begin_finalizing();
        forget_modules(vm);
        clean &= flush_streams(vm);
        clean
    }
}

/// A module, if it has been imported.
fn loaded_module(vm: &mut Vm, name: &str) -> Option<Object> {
    let modules = sys_module::modules(vm);
    let modules = modules.borrow().downcast::<Dict>()?;
    modules.get().get_str(vm, name).map(Ref::to_owned)
}

/// Lets go of the program's own modules, so that what they hold is finalised while everything else is there.
fn forget_modules(vm: &mut Vm) {
    let modules = sys_module::modules(vm);
    let Some(modules) = modules.borrow().downcast::<Dict>() else { return };
    let names: Vec<Object> = modules.get().keys_snapshot(vm);
    for name in names.iter().rev() {
        let is_library = name.borrow().downcast::<object::str::Str>().and_then(|name| name.get().to_utf8()).is_some_and(|name| {
            library::find(&name).is_some()
                || stdlib::MODULES.iter().any(|module| module.name == name)
                || matches!(&*name, "builtins" | "sys" | "_frozen_importlib" | "_frozen_importlib_external")
        });
        if !is_library && modules.get().remove(vm, name.borrow()).is_err() {
            drop(vm.take_raised());
        }
    }
    vm.run_finalizers();
    object::collector::collect(vm, object::collector::Generation::Full);
    vm.run_finalizers();
}

/// Flushes the standard streams; whether standard output could be.
fn flush_streams(vm: &mut Vm) -> bool {
    let mut clean = true;
    for name in ["stdout", "stderr"] {
        let Some(stream) = sys_module::attribute(vm, name).filter(|stream| !stream.borrow().is_none()) else { continue };
        if let Err(raised) = vm.call_method(stream.borrow(), "flush", &[]) {
            if name == "stdout" {
                clean = false;
                vm.write_unraisable(raised, "Exception ignored while flushing sys.stdout", Some(stream.borrow()));
            } else {
                drop(vm.catch(raised));
            }
        }
    }
    clean
}

fn ready_types(vm: &mut Vm) {
    let core: &[&'static Type] = &[
        &object::class::OBJECT,
        &object::class::TYPE,
        &object::int::INT,
        &object::int::BOOL,
        &object::float::FLOAT,
        &object::str::STR,
        &object::bytes::BYTES,
        &object::bytes::BYTEARRAY,
        &object::tuple::TUPLE,
        &object::list::LIST,
        &object::dict::DICT,
        &object::singleton::NONE_TYPE,
        &object::singleton::ELLIPSIS_TYPE,
        &object::singleton::NOT_IMPLEMENTED_TYPE,
        &object::singleton::MODULE,
        &object::function::BUILTIN_FUNCTION,
        &object::function::METHOD_DESCRIPTOR,
        &object::function::CLASS_METHOD_DESCRIPTOR,
        &object::function::SLOT_WRAPPER,
        &object::function::METHOD_WRAPPER,
        &object::function::BOUND_METHOD,
        &object::descriptor::GETSET,
        &object::descriptor::MEMBER,
        &object::descriptor::PROPERTY,
        &object::descriptor::STATIC_METHOD,
        &object::descriptor::CLASS_METHOD,
        &object::super_object::SUPER,
        &object::protocol::SEQUENCE_ITERATOR,
        &object::weak::REFERENCE,
        &object::generic_alias::GENERIC_ALIAS,
        &object::generic_alias::UNION,
        &object::weak::PROXY,
        &object::weak::CALLABLE_PROXY,
    ];
    for class in core.iter().chain(exception::ALL).chain(builtins::TYPES) {
        object::type_new::ready(vm, class);
    }
}

fn find_embedded(name: &str) -> Option<imp::Embedded> {
    let entry = library::find(name)?;
    Some(imp::Embedded { code: entry.code(), source: entry.source(), path: entry.path, is_package: entry.is_package })
}

/// A text stream on a file descriptor, or `None` if the descriptor is not open.
fn open_stream(vm: &mut Vm, io: Ref<'_>, descriptor: i64, name: &str, configuration: &Configuration) -> PyResult {
    let fd = Object::small_int(descriptor);
    let posix = vm.import("posix")?;
    if let Err(raised) = vm.call_method(posix.borrow(), "fstat", &[fd.borrow()]) {
        vm.catch(raised);
        return Ok(Object::none());
    }
    let is_input = descriptor == 0;
    let terminal = vm.call_method(posix.borrow(), "isatty", &[fd.borrow()])?;
    let terminal = vm.is_true(terminal.borrow())?;
    let raw = vm.get_attr_str(io, "FileIO")?;
    let mode = vm.new_str(if is_input { "rb" } else { "wb" }).into_object();
    let raw = vm.call(raw.borrow(), &[fd.borrow(), mode.borrow(), Ref::FALSE])?;
    let shown = vm.new_str(&format!("<{name}>")).into_object();
    vm.set_attr_str(raw.borrow(), "name", shown.borrow())?;
    let buffered = vm.get_attr_str(io, if is_input { "BufferedReader" } else { "BufferedWriter" })?;
    let unbuffered = configuration.unbuffered && !is_input;
    let buffer = if unbuffered { raw.clone() } else { vm.call(buffered.borrow(), &[raw.borrow()])? };
    let (encoding, handler) = match configuration.io_encoding.as_deref() {
        Some(setting) => {
            let (encoding, handler) = setting.split_once(':').unwrap_or((setting, ""));
            (if encoding.is_empty() { "utf-8" } else { encoding }, (!handler.is_empty()).then_some(handler))
        }
        None => ("utf-8", None),
    };
    let default_handler = if descriptor == 2 {
        "backslashreplace"
    } else if configuration.utf8_mode {
        "surrogateescape"
    } else {
        "strict"
    };
    let handler = if descriptor == 2 { default_handler } else { handler.unwrap_or(default_handler) };
    let (encoding, handler) = (vm.new_str(encoding).into_object(), vm.new_str(handler).into_object());
    let newline = if is_input { Object::none() } else { vm.new_str("\n").into_object() };
    let line_buffered = Object::bool(terminal || descriptor == 2);
    let write_through = Object::bool(unbuffered);
    let text = vm.get_attr_str(io, "TextIOWrapper")?;
    let stream = vm.call(
        text.borrow(),
        &[buffer.borrow(), encoding.borrow(), handler.borrow(), newline.borrow(), line_buffered.borrow(), write_through.borrow()],
    )?;
    let mode = vm.new_str(if is_input { "r" } else { "w" }).into_object();
    vm.set_attr_str(stream.borrow(), "mode", mode.borrow())?;
    Ok(stream)
}

/// Where an exception comes from, for errors before the library can show them.
fn traceback_text(vm: &mut Vm, error: Ref<'_>) -> String {
    let mut text = String::new();
    let mut entry = error.downcast::<exception::Exception>().and_then(|error| error.traceback.get());
    while let Some(object) = entry {
        let Some(traceback) = object.borrow().downcast::<interp::traceback::Traceback>() else { break };
        if let Some(frame) = traceback.frame.get()
            && let Some(frame) = frame.borrow().downcast::<interp::frame_object::FrameObject>()
        {
            let code = frame.frame().code_object();
            let line = code.location(traceback.index.get()).line;
            text.push_str(&format!("  File \"{}\", line {line}, in {}\n", code.data.filename, code.data.name));
        }
        entry = traceback.next.get();
    }
    drop(vm.take_raised());
    text
}

/// The text without the leading blanks that all its lines share; lines of blanks alone become empty.
fn dedent(text: &str) -> String {
    let indent = |line: &str| line.len() - line.trim_start_matches([' ', '\t']).len();
    let mut common: Option<&str> = None;
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let blanks = &line[..indent(line)];
        let shared = common.map_or(blanks.len(), |common| common.bytes().zip(blanks.bytes()).take_while(|(a, b)| a == b).count());
        common = Some(&blanks[..shared]);
    }
    let shared = common.map_or(0, str::len);
    if shared == 0 {
        return text.to_owned();
    }
    text.split_inclusive('\n').map(|line| if line.trim().is_empty() { "\n" } else { &line[shared..] }).collect()
}

fn absolute(path: &str) -> String {
    std::path::absolute(path).map_or_else(|_| path.to_owned(), |path| path.to_string_lossy().into_owned())
}
