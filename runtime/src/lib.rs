//! Scoria as a library: start-up, wiring, and running programs.
//!
//! A program that embeds the runtime makes a [`Runtime`] and runs code on its `Vm`. Everything
//! Python-visible is in the crates below this one; here they are put together.

mod ast_bridge;
mod compile;
mod interactive;
mod symbols;
pub mod uncaught;

pub use interactive::Opening;
use interp::code::CodeObject;
use interp::compile_hook::{self, Mode};
use interp::{eval, frame, function};
pub use jit::options as jit_options;
use object::dict::Dict;
use object::singleton::ModuleObject;
use object::{Object, ObjectOf, PyResult, Ref, Vm, exception};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;
use std::sync::OnceLock;
pub use stdlib::sys_module::{Configuration, library_below};
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
        builtins::ready_types(&mut vm);
        interp::install(&mut vm);
        frame::start_main_thread(&mut vm);
        let mut runtime = Runtime { vm };
        match runtime.initialize(configuration) {
            Ok(()) => Ok(runtime),
            Err(raised) => {
                let error = runtime.vm.catch(raised);
                let text = runtime.vm.str_text(error.borrow()).unwrap_or_default();
                let trace = sys_module::traceback_text(&mut runtime.vm, error.borrow());
                Err(format!("{trace}{}: {text}", error.borrow().class().name()))
            }
        }
    }

    /// From now on hot code is remembered for [`Runtime::shadowcode`].
    pub fn record_shadowcode(&mut self) {
        interp::shadow::listing::start(&mut self.vm);
    }

    /// What the hot code recorded has become, as text; of one function, if its qualified name is given.
    pub fn shadowcode(&mut self, only: Option<&str>) -> String {
        interp::shadow::listing::text(&mut self.vm, only)
    }

    /// From now on what compiled functions become at these stages is noted for [`Runtime::compiled_code`]; of functions whose `module:qualname` is like the pattern,
    /// if one is given.
    pub fn record_compiled_code(stages: Vec<String>, only: Option<&str>) {
        jit::dump::collect(stages, only);
    }

    /// Has the JIT do what its options say. The error is for the user. Who embeds the runtime need not: then they are taken from the configuration.
    pub fn configure_jit(settings: jit_options::Settings) -> Result<(), String> {
        jit::configure(settings)
    }

    /// Whether it is a stage of the JIT's compiler.
    pub fn is_compiler_stage(name: &str) -> bool {
        jit::dump::is_stage(name)
    }

    /// What was noted of compiled functions.
    pub fn compiled_code(&mut self) -> String {
        jit::dump::with_sources(&mut self.vm, &jit::dump::collected())
    }

    fn initialize(&mut self, configuration: &Configuration) -> PyResult<()> {
        let vm = &mut self.vm;
        builtins::text_codecs::set_dev_mode(configuration.dev_mode);
        if configuration.x_options.iter().any(|(name, _)| name == "no_debug_ranges") {
            compile::leave_out_ranges();
        }
        if !jit::is_configured() {
            let settings = jit_options::parse(&configuration.x_options, &|_| None);
            settings.and_then(jit::configure).map_err(|message| vm.runtime_error(message))?;
        }
        let shadowcode = configuration.x_options.iter().rev().find(|(name, _)| name == "shadowcode");
        if let Some(calls) = shadowcode.and_then(|(_, value)| value.as_ref()?.parse().ok()) {
            interp::shadow::set_threshold(calls);
        }
        object::bytes::set_warning_level(configuration.bytes_warning);
        object::int::set_max_str_digits(configuration.int_max_str_digits.max(0) as usize);
        compile_hook::set_compiler(compile::compile);
        stdlib::symtable::set_table_maker(symbols::make_table);
        stdlib::codecs::install();
        compile::set_optimize(configuration.optimize);
        if let Some(directory) = &configuration.library {
            // A second runtime in the process has the same library.
            let _ = LIBRARY_ON_DISK.set(directory.into());
        }
        imp::add_modules(jit::MODULES);
        imp::set_library(imp::Library { find: find_embedded, names: || library::MODULES.iter().map(|entry| entry.name).collect() });
        if configuration.library.is_none() {
            stdlib::library_files::show(&configuration.library_directory(), || {
                Box::new(library::MODULES.iter().map(|entry| (entry.path, entry.source())))
            });
        }
        object::vm::set_hooks(|hooks| {
            hooks.import = Some(eval::import_name);
            hooks.unraisable = Some(sys_module::report_unraisable);
            hooks.thread_started = Some(frame::start_thread);
        });
        stdlib::signal::start();
        let sys = sys_module::new_module(vm, configuration)?;
        interactive::install(vm, sys.borrow());
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
        if !configuration.warn_options.is_empty() {
            vm.import("warnings")?;
        }
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
        let io = vm.import("_io")?;
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
        main_namespace(&mut self.vm)
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
    pub fn insert_path(&mut self, directory: impl AsRef<OsStr>) {
        let vm = &mut self.vm;
        let place = if directory.as_ref().is_empty() { std::env::current_dir().unwrap_or_default().into() } else { directory.as_ref().to_owned() };
        builtins::module_object::set_first_path(&place.to_string_lossy());
        let directory = stdlib::os_support::fs_decode(vm, directory.as_ref().as_bytes());
        if let Some(path) = sys_module::attribute(vm, "path")
            && let Some(path) = path.borrow().downcast::<object::list::List>()
        {
            path.items_mut(vm).insert(0, directory);
        }
    }

    /// `-c text`. Indentation that all lines have in common is taken off, and tracebacks show the text's lines.
    pub fn run_command(&mut self, text: &OsStr, namespace: Object) -> PyResult {
        let Some(text) = text.to_str() else {
            sys_module::write_stderr(&mut self.vm, "Unable to decode the command from the command line:\n");
            let text = stdlib::os_support::fs_decode(&self.vm, text.as_bytes());
            return self.vm.call_method(text.borrow(), "encode", &[]);
        };
        let text = dedent(text);
        let code = compile_hook::compile_text(&mut self.vm, &text, "<string>", Mode::Exec)?;
        let vm = &mut self.vm;
        let linecache = vm.import("linecache")?;
        let (source, name) = (vm.new_str(&text).into_object(), vm.new_str("<string>").into_object());
        vm.call_method(linecache.borrow(), "_register_code", &[code.borrow(), source.borrow(), name.borrow()])?;
        self.run_code(code, namespace)
    }

    /// Whether `os.environ` has a variable that is not empty.
    pub fn environment_has(&mut self, name: &str) -> bool {
        self.environment_value(name).is_some()
    }

    /// A variable of `os.environ` that is not empty.
    pub(crate) fn environment_value(&mut self, name: &str) -> Option<OsString> {
        let vm = &mut self.vm;
        let key = vm.new_str(name).into_object();
        let value = vm
            .import("os")
            .and_then(|os| vm.get_attr_str(os.borrow(), "environ"))
            .and_then(|environ| vm.get_item(environ.borrow(), key.borrow()))
            .and_then(|value| stdlib::os_support::fs_c_string(vm, value.borrow()));
        match value {
            Ok(value) => Some(OsString::from_vec(value.into_bytes())).filter(|value| !value.is_empty()),
            Err(raised) => {
                drop(vm.catch(raised));
                None
            }
        }
    }

    /// Runs a file's contents.
    pub fn run_source(&mut self, source: &[u8], filename: &str, namespace: Object) -> PyResult {
        let request = compile_hook::Request {
            source: compile_hook::Source::Script(source),
            filename,
            mode: Mode::Exec,
            flags: 0,
            optimize: -1,
            feature_version: None,
        };
        let code = compile_hook::compile(&mut self.vm, &request)?;
        self.run_code(code, namespace)
    }

    /// Runs a script: a file, or a directory or archive with a `__main__.py`.
    pub fn run_script(&mut self, path: &OsStr, namespace: Object, skip_first_line: bool, add_directory: bool) -> PyResult {
        if std::path::Path::new(path).is_dir() || stdlib::zip_hook::is_archive(path) {
            self.insert_path(absolute(path));
            return self.call_runpy("_run_module_as_main", &["__main__"], Some(false));
        }
        let source = match std::fs::read(path) {
            Ok(source) => source,
            Err(error) => {
                let code = error.raw_os_error().unwrap_or(0);
                let executable = sys_module::attribute(&mut self.vm, "executable");
                let executable = executable.and_then(|executable| self.vm.str_text(executable.borrow()).ok()).unwrap_or_default();
                let shown = absolute(path);
                eprintln!("{executable}: can't open file '{}': [Errno {code}] {}", shown.display(), stdlib::os_support::strerror(code));
                std::process::exit(2);
            }
        };
        if add_directory {
            let real = std::fs::canonicalize(path).unwrap_or_else(|_| path.into());
            let directory = real.parent().map(|parent| parent.as_os_str().to_owned()).unwrap_or_default();
            self.insert_path(&directory);
        }
        let vm = &mut self.vm;
        let file = stdlib::os_support::fs_decode(vm, absolute(path).as_os_str().as_bytes());
        let is_compiled = path.as_bytes().ends_with(b".pyc");
        if let Some(dict) = namespace.borrow().downcast::<Dict>() {
            dict.set_str(vm, "__file__", file);
            dict.set_str(vm, "__cached__", Object::none());
            let external = vm.import("_frozen_importlib_external")?;
            let loader = vm.get_attr_str(external.borrow(), if is_compiled { "SourcelessFileLoader" } else { "SourceFileLoader" })?;
            let (name, file) = (vm.new_str("__main__").into_object(), stdlib::os_support::fs_decode(vm, path.as_bytes()));
            let loader = vm.call(loader.borrow(), &[name.borrow(), file.borrow()])?;
            dict.set_str(vm, "__loader__", loader);
        }
        if is_compiled {
            let code = self.read_compiled(&source)?;
            return self.run_code(code, namespace);
        }
        let mut source = source;
        if skip_first_line {
            let end = source.iter().position(|&byte| byte == b'\n').unwrap_or(source.len());
            source.drain(..end);
        }
        self.run_source(&source, &absolute(path).to_string_lossy(), namespace)
    }

    /// The code object in a `.pyc` file.
    fn read_compiled(&mut self, data: &[u8]) -> PyResult {
        let vm = &mut self.vm;
        let utilities = vm.import("importlib.util").and_then(|_| vm.import("_frozen_importlib_external"))?;
        let magic = vm.get_attr_str(utilities.borrow(), "MAGIC_NUMBER")?;
        let magic = object::bytes::as_bytes(magic.borrow()).unwrap_or_default().to_vec();
        if data.len() >= 4 && !data.starts_with(&magic) {
            return Err(vm.runtime_error("Bad magic number in .pyc file"));
        }
        if data.len() < 16 {
            return Err(vm.raise(&exception::EOF_ERROR, "EOF read where not expected"));
        }
        let marshal = vm.import("marshal")?;
        let data = vm.new_bytes(&data[16..]).into_object();
        let code = vm.call_method(marshal.borrow(), "loads", &[data.borrow()]);
        match vm.ignore(code, &exception::EXCEPTION)? {
            Some(code) if code.borrow().downcast::<CodeObject>().is_some() => Ok(code),
            _ => Err(vm.runtime_error("Bad code object in .pyc file")),
        }
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

    /// Ends the runtime: threads are joined, `atexit` functions run, streams flushed. Returns whether all went well.
    pub fn finish(&mut self) -> bool {
        let vm = &mut self.vm;
        let mut clean = true;
        if let Some(threading) = loaded_module(vm, "threading")
            && let Err(raised) = vm.call_method(threading.borrow(), "_shutdown", &[])
        {
            vm.write_unraisable(raised, "Exception ignored on threading shutdown", None);
        }
        stdlib::atexit::run(vm);
        clean &= flush_streams(vm);
        sys_module::set_finalizing();
        stdlib::signal::finish();
        object::gil::begin_finalizing();
        jit::finish();
        forget_modules(vm);
        if let Err(raised) = vm.run_signal_handlers() {
            vm.write_unraisable(raised, "Exception ignored in", None);
        }
        clean &= flush_streams(vm);
        clean
    }
}

/// The namespace of `__main__`.
fn main_namespace(vm: &mut Vm) -> Object {
    let main = loaded_module(vm, "__main__");
    let namespace = main.as_ref().and_then(|main| main.borrow().downcast::<ModuleObject>().map(|main| main.get().dict().object().to_owned()));
    namespace.unwrap_or_else(|| vm.new_dict().into_object())
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
    let (library, own): (Vec<Object>, Vec<Object>) = names.into_iter().partition(|name| is_library(name.borrow()));
    let order = finalisation_order(vm, modules.get(), &own, &library);
    for name in own.iter().rev() {
        if modules.get().remove(vm, name.borrow()).is_err() {
            drop(vm.take_raised());
        }
    }
    vm.run_finalizers();
    object::collector::collect_in_order(vm, object::collector::Generation::Full, &order);
    vm.run_finalizers();
}

/// Whether a module is not the program's own.
fn is_library(name: Ref<'_>) -> bool {
    name.downcast::<object::str::Str>().and_then(|name| name.get().to_utf8()).is_some_and(|name| {
        library::find(&name).is_some()
            || stdlib::MODULES.iter().any(|module| module.name == name)
            || matches!(&*name, "builtins" | "sys" | "_frozen_importlib" | "_frozen_importlib_external")
    })
}

/// In which order what the program's modules hold ends: a file, for one, before the raw file that it writes to.
fn finalisation_order(vm: &mut Vm, modules: &Dict, own: &[Object], library: &[Object]) -> Vec<usize> {
    let namespaces = |vm: &mut Vm, names: &[Object]| -> Vec<Object> {
        let mut found = Vec::new();
        for name in names {
            if let Ok(Some(module)) = modules.get(vm, name.borrow()) {
                if let Some(module) = module.borrow().downcast::<ModuleObject>() {
                    found.push(module.dict().object().to_owned());
                }
                found.push(module);
            }
        }
        found
    };
    let (own, library) = (namespaces(vm, own), namespaces(vm, library));
    let roots: Vec<Ref<'_>> = own.iter().map(Object::borrow).collect();
    let barriers: Vec<Ref<'_>> = library.iter().map(Object::borrow).collect();
    object::collector::order_of_ends(&roots, &barriers)
}

/// Flushes the standard streams; whether standard output could be.
fn flush_streams(vm: &mut Vm) -> bool {
    let mut clean = true;
    for name in ["stderr", "stdout"] {
        let Some(stream) = sys_module::attribute(vm, name).filter(|stream| !stream.borrow().is_none()) else { continue };
        let closed = vm.get_attr_str(stream.borrow(), "closed").and_then(|closed| vm.is_true(closed.borrow()));
        if vm.ignore(closed, &exception::EXCEPTION).ok().flatten().unwrap_or(false) {
            continue;
        }
        if let Err(raised) = vm.call_method(stream.borrow(), "flush", &[]) {
            clean = false;
            if name == "stdout" {
                vm.write_unraisable(raised, "Exception ignored while flushing sys.stdout", Some(stream.borrow()));
            } else {
                drop(vm.catch(raised));
            }
        }
    }
    clean
}

/// The directory that takes the place of the embedded library.
static LIBRARY_ON_DISK: OnceLock<PathBuf> = OnceLock::new();

/// Modules that are needed before any file can be imported.
const BOOTSTRAP: &[&str] = &["importlib._bootstrap", "importlib._bootstrap_external", "zipimport"];

/// An embedded module, unless another library has it.
fn find_embedded(name: &str) -> Option<imp::Embedded> {
    let entry = library::find(name)?;
    if let Some(directory) = LIBRARY_ON_DISK.get()
        && !BOOTSTRAP.contains(&name)
        && directory.join(entry.path).exists()
    {
        return None;
    }
    Some(imp::Embedded { code: entry.code(), source: entry.source(), path: entry.path, is_package: entry.is_package })
}

/// A text stream on a file descriptor, or `None` if the descriptor is not open.
fn open_stream(vm: &mut Vm, io: Ref<'_>, descriptor: i64, name: &str, configuration: &Configuration) -> PyResult {
    if configuration.closed_streams.get(descriptor as usize) == Some(&true) {
        return Ok(Object::none());
    }
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
            let given = (!handler.is_empty()).then_some(handler);
            (if encoding.is_empty() { "utf-8" } else { encoding }, given.or((!encoding.is_empty()).then_some("strict")))
        }
        None => ("utf-8", None),
    };
    let default_handler = if descriptor == 2 {
        "backslashreplace"
    } else if configuration.lenient_streams {
        "surrogateescape"
    } else {
        "strict"
    };
    let handler = if descriptor == 2 { default_handler } else { handler.unwrap_or(default_handler) };
    let (mut encoding, handler) = (vm.new_str(encoding).into_object(), vm.new_str(handler).into_object());
    if configuration.io_encoding.is_some() {
        // Streams go by the codec's own name.
        let codecs = vm.import("codecs")?;
        let codec = vm.call_method(codecs.borrow(), "lookup", &[encoding.borrow()])?;
        encoding = vm.get_attr_str(codec.borrow(), "name")?;
    }
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

fn absolute(path: &OsStr) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.into())
}
