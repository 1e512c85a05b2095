//! `_imp`: what importlib needs of the runtime: native modules, the embedded library, the import lock.

mod shadowing;

use crate::thread::ident;
use crate::thread::raw_lock::{RawLock, Wait};
use interp::code;
use interp::function;
use object::native::Module;
use object::singleton::ModuleObject;
use object::str::Str;
use object::{Object, ObjectOf, PyResult, Ref, Vm, exception, method};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// A module of the embedded library, as the crate `runtime` hands it in.
#[derive(Clone, Copy)]
pub struct Embedded {
    pub code: &'static [u8],
    pub source: &'static [u8],
    /// Relative to the library: `email/mime/text.py`.
    pub path: &'static str,
    pub is_package: bool,
}

/// The embedded library.
pub struct Library {
    pub find: fn(&str) -> Option<Embedded>,
    pub names: fn() -> Vec<&'static str>,
}

static LIBRARY: OnceLock<Library> = OnceLock::new();

/// Plugs the embedded library in; once, at start-up.
pub fn set_library(library: Library) {
    LIBRARY.get_or_init(|| library);
}

/// The embedded module of this name.
pub fn find_embedded(name: &str) -> Option<Embedded> {
    (LIBRARY.get()?.find)(name)
}

pub static MODULE: Module = Module {
    name: "_imp",
    doc: "(Extremely) low-level import machinery bits as used by importlib.",
    functions: &[
        method!(Unary extension_suffixes "($module, /)", "Returns the list of file suffixes used to identify extension modules."),
        method!(Unary lock_held "($module, /)", "Return True if the import lock is currently held, else False."),
        method!(Unary acquire_lock "($module, /)", "Acquires the interpreter's import lock for the current thread."),
        method!(Unary release_lock "($module, /)", "Release the interpreter's import lock."),
        method!(Bound find_frozen "($module, name, /, *, withdata=False)", "Return info about the corresponding frozen module (if there is one) or None."),
        method!(Many get_frozen_object "($module, name, data=None, /)", "Create a code object for a frozen module."),
        method!(Binary is_frozen_package "($module, name, /)", "Returns True if the module name is of a frozen package."),
        method!(Binary create_builtin "($module, spec, /)", "Create an extension module."),
        method!(Binary init_frozen "($module, name, /)", "Initializes a frozen module."),
        method!(Binary is_builtin "($module, name, /)", "Returns True if the module name corresponds to a built-in module."),
        method!(Binary is_frozen "($module, name, /)", "Returns True if the module name corresponds to a frozen module."),
        method!(Unary frozen_module_names as "_frozen_module_names" "($module, /)", "Returns the list of available frozen modules."),
        method!(Binary override_frozen as "_override_frozen_modules_for_tests" "($module, override, /)", "(internal-only) Override PyConfig.use_frozen_modules."),
        method!(Binary override_multi_interp as "_override_multi_interp_extensions_check" "($module, override, /)", "(internal-only) Override PyInterpreterConfig.check_multi_interp_extensions."),
        method!(Binary exec_builtin "($module, mod, /)", "Initialize a built-in module."),
        method!(Many fix_co_filename as "_fix_co_filename" "($module, code, path, /)", "Changes code.co_filename to specify the passed-in path."),
        method!(Bound source_hash "($module, /, key, source)", ""),
        method!(Binary comes_first as "_comes_first" "($module, name, /)", "Returns True if CPython has the module frozen, too."),
        method!(Binary embedded_source as "_embedded_source" "($module, name, /)", "Returns the source of a module of the embedded library, or None."),
    ],
    init: Some(|vm, module| {
        let mode = vm.new_str("default").into_object();
        module.get().set(vm, "check_hash_based_pycs", mode);
        let magic = vm.new_int(i64::from(crate::marshal::PYC_MAGIC));
        module.get().set(vm, "pyc_magic_number_token", magic);
        Ok(())
    }),
    ..Module::DEFAULT
};

fn text(vm: &mut Vm, name: Ref<'_>) -> PyResult<String> {
    match name.downcast::<Str>() {
        Some(name) => Ok(name.get().to_string_lossy().into_owned()),
        None => Err(vm.type_error(format!("argument must be str, not {}", name.class().full_name()))),
    }
}

fn extension_suffixes(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    Ok(vm.new_list(Vec::new()).into_object())
}

/// The import lock, which a thread may take more than once: the lock, the thread that has it (0: none), and how often.
static LOCK: RawLock = RawLock::new();
static OWNER: AtomicU64 = AtomicU64::new(0);
static DEPTH: AtomicUsize = AtomicUsize::new(0);

/// Takes the import lock.
pub fn take_lock(vm: &mut Vm) {
    let me = ident();
    if OWNER.load(Ordering::Relaxed) != me {
        // A signal does not end the wait: its handler runs once the lock is there.
        while !LOCK.try_lock() && vm.allow_threads(|| LOCK.wait(None)) != Wait::Acquired {}
        OWNER.store(me, Ordering::Relaxed);
    }
    DEPTH.fetch_add(1, Ordering::Relaxed);
}

/// Gives the import lock back; `false` if the thread does not have it.
pub fn give_lock_back() -> bool {
    if OWNER.load(Ordering::Relaxed) != ident() {
        return false;
    }
    if DEPTH.fetch_sub(1, Ordering::Relaxed) == 1 {
        OWNER.store(0, Ordering::Relaxed);
        LOCK.unlock();
    }
    true
}

fn lock_held(_vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    Ok(Object::bool(LOCK.is_locked()))
}

fn acquire_lock(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    take_lock(vm);
    Ok(Object::none())
}

fn release_lock(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    if give_lock_back() { Ok(Object::none()) } else { Err(vm.runtime_error("not holding the import lock")) }
}

/// Names under which the library's import machinery is known before there is an import system.
fn library_name(name: &str) -> &str {
    match name {
        "_frozen_importlib" => "importlib._bootstrap",
        "_frozen_importlib_external" => "importlib._bootstrap_external",
        other => other,
    }
}

fn find_frozen(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let name = text(vm, args[0].unwrap_or(Ref::NONE))?;
    let with_data = match args[1] {
        Some(value) => vm.is_true(value)?,
        None => false,
    };
    let Some(found) = find_embedded(library_name(&name)) else { return Ok(Object::none()) };
    if !shadowing::is_visible(vm, &name)? {
        return Ok(Object::none());
    }
    let data = if with_data { vm.new_bytes(found.code).into_object() } else { Object::none() };
    let origin = vm.new_str(&name).into_object();
    Ok(vm.new_tuple([data, Object::bool(found.is_package), origin]).into_object())
}

fn not_found(vm: &mut Vm, name: &str) -> object::Raised {
    vm.raise(&exception::IMPORT_ERROR, format!("No such frozen object named {name}"))
}

/// Where the library would be if it were in files: `sys._stdlib_dir`.
fn library_directory(vm: &mut Vm) -> String {
    match crate::sys_module::attribute(vm, "_stdlib_dir") {
        Some(directory) => vm.str_text(directory.borrow()).unwrap_or_default(),
        None => "<library>".into(),
    }
}

/// Replaces the place the library was compiled at by the one it seems to be at.
fn relocate(code: &mut bytecode::Code, directory: &str) {
    if let Some(path) = code.filename.strip_prefix("<library>") {
        code.filename = format!("{directory}{path}");
    }
    for constant in &mut code.constants {
        if let bytecode::Constant::Code(inner) = constant {
            relocate(inner, directory);
        }
    }
}

/// `FrozenImporter.get_source`: the source of an embedded module.
pub static GET_SOURCE: object::Method = method!(Binary get_source "($cls, fullname, /)", "Return the source of a module of the embedded library.");

fn get_source(vm: &mut Vm, _class: Ref<'_>, name: Ref<'_>) -> PyResult {
    let name = text(vm, name)?;
    let Some(found) = find_embedded(library_name(&name)) else { return Err(not_found(vm, &name)) };
    Ok(vm.new_str(&String::from_utf8_lossy(found.source)).into_object())
}

/// The code of an embedded module.
pub fn embedded_code(vm: &mut Vm, name: &str) -> PyResult<ObjectOf<code::CodeObject>> {
    let Some(found) = find_embedded(library_name(name)) else { return Err(not_found(vm, name)) };
    match bytecode::marshal::load_embedded_code(found.code) {
        Ok(mut data) => {
            relocate(&mut data, &library_directory(vm));
            Ok(code::new_code(vm, data))
        }
        Err(error) => Err(vm.raise(&exception::IMPORT_ERROR, format!("Frozen object named '{name}' is invalid: {error}"))),
    }
}

fn get_frozen_object(vm: &mut Vm, _module: Ref<'_>, args: &[Ref<'_>]) -> PyResult {
    let Some(&name) = args.first() else {
        return Err(vm.type_error("get_frozen_object expected at least 1 argument, got 0"));
    };
    let name = text(vm, name)?;
    embedded_code(vm, &name).map(Object::from)
}

fn is_frozen_package(vm: &mut Vm, _module: Ref<'_>, name: Ref<'_>) -> PyResult {
    let name = text(vm, name)?;
    match find_embedded(library_name(&name)) {
        Some(found) => Ok(Object::bool(found.is_package)),
        None => Err(not_found(vm, &name)),
    }
}

fn is_frozen(vm: &mut Vm, _module: Ref<'_>, name: Ref<'_>) -> PyResult {
    let name = text(vm, name)?;
    Ok(Object::bool(find_embedded(library_name(&name)).is_some()))
}

fn comes_first(vm: &mut Vm, _module: Ref<'_>, name: Ref<'_>) -> PyResult {
    let name = text(vm, name)?;
    Ok(Object::bool(shadowing::FIRST.contains(&name.as_str())))
}

fn is_builtin(vm: &mut Vm, _module: Ref<'_>, name: Ref<'_>) -> PyResult {
    let name = text(vm, name)?;
    Ok(Object::small_int(match name.as_str() {
        "sys" | "builtins" => -1,
        _ => i64::from(native_modules().any(|module| module.name == name)),
    }))
}

fn create_builtin(vm: &mut Vm, _module: Ref<'_>, spec: Ref<'_>) -> PyResult {
    let name = vm.get_attr_str(spec, "name")?;
    let name = text(vm, name.borrow())?;
    create(vm, &name)
}

/// Native modules that other crates have.
static MORE_MODULES: OnceLock<&'static [&'static Module]> = OnceLock::new();

/// Adds native modules to those of this crate; once, at start-up.
pub fn add_modules(modules: &'static [&'static Module]) {
    let _ = MORE_MODULES.set(modules);
}

/// All native modules.
pub fn native_modules() -> impl Iterator<Item = &'static Module> {
    crate::MODULES.iter().chain(MORE_MODULES.get().copied().unwrap_or_default()).copied()
}

/// A native module by name; `None` the object if there is none.
pub fn create(vm: &mut Vm, name: &str) -> PyResult {
    if name == "sys" {
        return Ok(crate::sys_module::module().unwrap_or(Object::none()));
    }
    match native_modules().find(|module| module.name == name) {
        Some(module) => vm.new_native_module(module).map(Object::from),
        None => Ok(Object::none()),
    }
}

fn exec_builtin(_vm: &mut Vm, _module: Ref<'_>, _target: Ref<'_>) -> PyResult {
    // Native modules are complete when they are created.
    Ok(Object::small_int(0))
}

fn init_frozen(vm: &mut Vm, _module: Ref<'_>, name: Ref<'_>) -> PyResult {
    let name = text(vm, name)?;
    import_embedded(vm, &name).map(Object::from)
}

/// Runs an embedded module and puts it in `sys.modules`, without importlib; for importlib itself.
pub fn import_embedded(vm: &mut Vm, name: &str) -> PyResult<ObjectOf<ModuleObject>> {
    let code = embedded_code(vm, name)?;
    let module = vm.new_module(name, None);
    let modules = crate::sys_module::modules(vm);
    let key = vm.new_str(name).into_object();
    vm.set_item(modules.borrow(), key.borrow(), module.borrow().object())?;
    let namespace = module.borrow().get().dict().object().to_owned();
    let builtins = interp::eval::builtins_dict(vm);
    module.borrow().get().set(vm, "__builtins__", builtins);
    let origin = vm.new_str(library_name(name)).into_object();
    module.borrow().get().set(vm, "__origname__", origin);
    function::run_code(vm, code, namespace.clone(), namespace, None)?;
    Ok(module)
}

fn frozen_module_names(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    let names = LIBRARY.get().map(|library| (library.names)()).unwrap_or_default();
    let names = names.into_iter().map(|name| vm.new_str(name).into_object()).collect();
    Ok(vm.new_list(names).into_object())
}

fn override_frozen(_vm: &mut Vm, _module: Ref<'_>, _value: Ref<'_>) -> PyResult {
    Ok(Object::none())
}

fn override_multi_interp(_vm: &mut Vm, _module: Ref<'_>, _value: Ref<'_>) -> PyResult {
    Ok(Object::small_int(0))
}

fn fix_co_filename(_vm: &mut Vm, _module: Ref<'_>, _args: &[Ref<'_>]) -> PyResult {
    // Code is compiled for the path it is found at.
    Ok(Object::none())
}

fn source_hash(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let (key, source) = (args[0].unwrap_or(Ref::NONE), args[1].unwrap_or(Ref::NONE));
    let value = vm.index(key)?;
    let key = object::int::as_u64(value.borrow()).unwrap_or(0);
    let buffer = vm.buffer(source)?;
    let hash = object::str::hash::siphash13(key, 0, buffer.bytes(vm));
    Ok(vm.new_bytes(&hash.to_le_bytes()).into_object())
}

fn embedded_source(vm: &mut Vm, _module: Ref<'_>, name: Ref<'_>) -> PyResult {
    let name = text(vm, name)?;
    Ok(match find_embedded(library_name(&name)) {
        Some(found) => vm.new_bytes(found.source).into_object(),
        None => Object::none(),
    })
}
