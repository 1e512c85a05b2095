//! The functions of `builtins` that need the interpreter: `compile`, `exec`, `eval`, `globals`,
//! `locals`, `__import__`, `__build_class__`, and those whose defaults look at the caller.

use builtins::functions;
use interp::code::CodeObject;
use interp::compile_hook::{self, Mode, Request, Source, flag};
use interp::frame;
use interp::frame_object::locals_proxy;
use interp::function;
use object::call::NativeInfo;
use object::dict::Dict;
use object::exception;
use object::native::Method;
use object::singleton::ModuleObject;
use object::str::Str;
use object::tuple::Tuple;
use object::{Args, Object, ObjectOf, PyResult, Ref, Vm, method};

static FUNCTIONS: &[Method] = &[
    method!(Raw build_class as "__build_class__" "", "__build_class__(func, name, /, *bases, [metaclass], **kwds) -> class\n\nInternal helper function used by the class statement."),
    method!(Bound import as "__import__" "($module, /, name, globals=None, locals=None, fromlist=(), level=0)", "Import a module.\n\nBecause this function is meant for use by the Python\ninterpreter and not for general use, it is better to use\nimportlib.import_module() to programmatically import a module."),
    method!(Bound compile "($module, /, source, filename, mode, flags=0, dont_inherit=False, optimize=-1, *, _feature_version=-1)", "Compile source into a code object that can be executed by exec() or eval()."),
    method!(Bound eval "($module, source, /, globals=None, locals=None)", "Evaluate the given source in the context of globals and locals."),
    method!(Bound exec "($module, source, /, globals=None, locals=None, *, closure=None)", "Execute the given source in the context of globals and locals."),
    method!(Unary globals "($module, /)", "Return the dictionary containing the current scope's global variables."),
    method!(Unary locals "($module, /)", "Return a dictionary containing the current scope's local variables."),
    method!(Many vars "", "vars([object]) -> dictionary\n\nWithout arguments, equivalent to locals().\nWith an argument, equivalent to object.__dict__."),
    method!(Many dir "", "dir([object]) -> list of strings\n\nIf called without an argument, return the names in the current scope.\nElse, return an alphabetized list of names comprising (some of) the attributes\nof the given object, and of attributes reachable from it."),
];

/// Makes the builtins module.
pub fn new_module(vm: &mut Vm) -> ObjectOf<ModuleObject> {
    let doc = "Built-in functions, types, exceptions, and other objects.\n\nThis module provides direct access to all 'built-in'\nidentifiers of Python; for example, builtins.len is\nthe full name for the built-in function len().\n\nThis module is not normally accessed explicitly by most\napplications, but can be useful in modules that provide\nobjects with the same name as a builtin and need a way to\naccess the built-in object.";
    let module = vm.new_module("builtins", Some(doc));
    functions::populate(vm, module.borrow());
    let name = vm.new_str("builtins").into_object();
    for method in functions::FUNCTIONS.iter().chain(FUNCTIONS) {
        let info = NativeInfo::leak(method, None);
        let object = object::function::new_builtin(vm, info, Some(module.borrow().object().to_owned()), Some(name.clone()));
        module.borrow().get().set(vm, method.name, object);
    }
    module
}

fn build_class(vm: &mut Vm, _module: Ref<'_>, args: Args<'_>) -> PyResult {
    interp::eval::build_class(vm, args)
}

/// `__import__`: modules that are loaded are found here, the rest is importlib's work.
fn import(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let name = args[0].unwrap_or(Ref::NONE);
    let (globals, locals) = (args[1].unwrap_or(Ref::NONE), args[2].unwrap_or(Ref::NONE));
    let from_list = args[3];
    let level = match args[4] {
        Some(level) => vm.to_i32(level)?,
        None => 0,
    };
    crate::import::import(vm, name, globals, locals, from_list.unwrap_or(Ref::NONE), level)
}

/// The future features of the innermost frame's code.
fn inherited_flags(vm: &Vm) -> u32 {
    frame::current(vm).map_or(0, |frame| frame.code_object().data.flags.0 & flag::FUTURE_MASK)
}

fn filename_of(vm: &mut Vm, object: Ref<'_>) -> PyResult<String> {
    let path = crate::os_support::fspath(vm, object)?;
    match path.borrow().downcast::<object::bytes::Bytes>() {
        Some(bytes) => {
            let text = crate::os_support::fs_decode(vm, bytes.get().data());
            vm.str_text(text.borrow())
        }
        None => vm.str_text(path.borrow()),
    }
}

fn compile(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let (Some(source), Some(filename), Some(mode)) = (args[0], args[1], args[2]) else {
        return Err(vm.type_error("compile() missing required arguments"));
    };
    let filename = filename_of(vm, filename)?;
    let Some(mode_text) = mode.downcast::<Str>() else {
        return Err(vm.type_error(format!("compile() argument 'mode' must be str, not {}", mode.class().full_name())));
    };
    let flags = match args[3] {
        Some(flags) => vm.to_i32(flags)? as u32,
        None => 0,
    };
    let known = flag::FUTURE_MASK
        | 0x00f0_0000
        | flag::DONT_IMPLY_DEDENT
        | flag::OPTIMIZED_AST
        | flag::IGNORE_COOKIE
        | flag::TYPE_COMMENTS
        | flag::ALLOW_TOP_LEVEL_AWAIT
        | flag::ALLOW_INCOMPLETE_INPUT
        | 0x10;
    if flags & !known != 0 {
        return Err(vm.value_error("compile(): unrecognised flags"));
    }
    let dont_inherit = match args[4] {
        Some(value) => vm.is_true(value)?,
        None => false,
    };
    let optimize = match args[5] {
        Some(optimize) => vm.to_i32(optimize)?,
        None => -1,
    };
    if !(-1..=2).contains(&optimize) {
        return Err(vm.value_error("compile(): invalid optimize value"));
    }
    let flags = if dont_inherit { flags } else { flags | inherited_flags(vm) };
    let mode = match mode_text.to_utf8().as_deref() {
        Some("exec") => Mode::Exec,
        Some("eval") => Mode::Eval,
        Some("single") => Mode::Single,
        Some("func_type") if flags & flag::ONLY_AST != 0 => Mode::FunctionType,
        Some("func_type") => return Err(vm.value_error("compile() mode 'func_type' requires flag PyCF_ONLY_AST")),
        _ if flags & flag::ONLY_AST != 0 => return Err(vm.value_error("compile() mode must be 'exec', 'eval', 'single' or 'func_type'")),
        _ => return Err(vm.value_error("compile() mode must be 'exec', 'eval' or 'single'")),
    };
    let feature_version = match args.get(6).copied().flatten() {
        Some(version) => u8::try_from(vm.to_i32(version)?).ok().filter(|_| flags & flag::ONLY_AST != 0),
        None => None,
    };
    compile_source(vm, source, &filename, mode, flags, (optimize, feature_version), "compile", "string, bytes or AST")
}

/// Compiles what `compile`, `exec` and `eval` accept as source.
fn compile_source(
    vm: &mut Vm,
    source: Ref<'_>,
    filename: &str,
    mode: Mode,
    flags: u32,
    (optimize, feature_version): (i32, Option<u8>),
    who: &str,
    what: &str,
) -> PyResult {
    if let Some(text) = source.downcast::<Str>() {
        let Some(text) = text.get().to_utf8() else {
            return Err(surrogates(vm, source));
        };
        return compile_hook::compile(
            vm,
            &Request { source: Source::Text(&text), filename, mode, flags: flags | flag::IGNORE_COOKIE, optimize, feature_version },
        );
    }
    if source.class().slots().buffer.is_some() {
        let buffer = vm.buffer(source);
        let Some(buffer) = vm.ignore(buffer, &exception::EXCEPTION)? else {
            return Err(vm.type_error(format!("{who}() arg 1 must be a {what} object")));
        };
        let bytes = buffer.bytes(vm).to_vec();
        drop(buffer);
        return compile_hook::compile(vm, &Request { source: Source::Bytes(&bytes), filename, mode, flags, optimize, feature_version });
    }
    if who == "compile" && source.class().is_subclass_of(&crate::ast::node::NODE) {
        return compile_hook::compile(vm, &Request { source: Source::Tree(source), filename, mode, flags, optimize, feature_version });
    }
    Err(vm.type_error(format!("{who}() arg 1 must be a {what} object")))
}

/// The error of source text that cannot be encoded.
fn surrogates(vm: &mut Vm, source: Ref<'_>) -> object::Raised {
    match vm.call_method(source, "encode", &[]) {
        Ok(_) => vm.value_error("source cannot be encoded"),
        Err(raised) => raised,
    }
}

/// The namespaces of `exec` and `eval`.
fn namespaces(vm: &mut Vm, who: &str, globals: Option<Ref<'_>>, locals: Option<Ref<'_>>) -> PyResult<(Object, Object)> {
    let given = |value: Option<Ref<'_>>| value.filter(|value| !value.is_none()).map(Ref::to_owned);
    let (globals, locals) = (given(globals), given(locals));
    if let Some(locals) = &locals
        && locals.borrow().class().slots().getitem.is_none()
    {
        let message = if who == "eval" {
            "locals must be a mapping".to_owned()
        } else {
            format!("{who}() locals must be a mapping or None, not {}", locals.borrow().class().full_name())
        };
        return Err(vm.type_error(message));
    }
    if let Some(globals) = &globals
        && globals.borrow().downcast::<Dict>().is_none()
    {
        let is_mapping = globals.borrow().class().slots().getitem.is_some();
        let message = if who == "eval" {
            if is_mapping { "globals must be a real dict; try eval(code, {}, mapping)".to_owned() } else { "globals must be a dict".to_owned() }
        } else {
            format!("{who}() globals must be a dict, not {}", globals.borrow().class().full_name())
        };
        return Err(vm.type_error(message));
    }
    let (globals, locals) = match (globals, locals) {
        (Some(globals), locals) => {
            let locals = locals.unwrap_or_else(|| globals.clone());
            (globals, locals)
        }
        (None, locals) => {
            let globals = current_globals(vm, who)?;
            let locals = match locals {
                Some(locals) => locals,
                None => locals_proxy::locals(vm)?,
            };
            (globals, locals)
        }
    };
    add_builtins(vm, &globals);
    Ok((globals, locals))
}

fn current_globals(vm: &mut Vm, who: &str) -> PyResult {
    match frame::current(vm).map(|frame| frame.globals()) {
        Some(globals) => Ok(globals),
        None => Err(vm.system_error(format!("globals and locals cannot be NULL: {who}"))),
    }
}

/// Globals without `__builtins__` get those of the caller.
fn add_builtins(vm: &mut Vm, globals: &Object) {
    let name = vm.intern("__builtins__");
    let Some(dict) = globals.borrow().downcast::<Dict>() else { return };
    if dict.get_interned(name).is_none() {
        let builtins = function::builtins_of(vm, globals.borrow());
        dict.set_interned(vm, name, builtins);
    }
}

fn eval(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let source = args[0].unwrap_or(Ref::NONE);
    let (globals, locals) = namespaces(vm, "eval", args[1], args[2])?;
    let code = match source.downcast::<CodeObject>() {
        Some(code) => {
            if code.n_free > 0 {
                return Err(vm.type_error("code object passed to eval() may not contain free variables"));
            }
            code.to_owned()
        }
        None => {
            let stripped = strip_leading(vm, source);
            let flags = inherited_flags(vm);
            let code = compile_source(vm, stripped.borrow(), "<string>", Mode::Eval, flags, (-1, None), "eval", "string, bytes or code")?;
            code.downcast::<CodeObject>().expect("the compiler returns code")
        }
    };
    function::run_code(vm, code, globals, locals, None)
}

/// `eval` ignores spaces and tabs in front.
fn strip_leading(vm: &mut Vm, source: Ref<'_>) -> Object {
    match source.downcast::<Str>() {
        Some(text) => {
            let n = text.get().code_points().take_while(|&char| char == 32 || char == 9).count();
            if n == 0 { source.to_owned() } else { vm.str_slice(text.get(), n, text.len() - n).into_object() }
        }
        None => source.to_owned(),
    }
}

fn exec(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let source = args[0].unwrap_or(Ref::NONE);
    let (globals, locals) = namespaces(vm, "exec", args[1], args[2])?;
    let closure = args[3].filter(|closure| !closure.is_none());
    let code = match source.downcast::<CodeObject>() {
        Some(code) => {
            check_closure(vm, code.get(), closure)?;
            code.to_owned()
        }
        None => {
            if closure.is_some() {
                return Err(vm.type_error("closure can only be used when source is a code object"));
            }
            let flags = inherited_flags(vm);
            let code = compile_source(vm, source, "<string>", Mode::Exec, flags, (-1, None), "exec", "string, bytes or code")?;
            code.downcast::<CodeObject>().expect("the compiler returns code")
        }
    };
    function::run_code(vm, code, globals, locals, closure.map(Ref::to_owned))?;
    Ok(Object::none())
}

fn check_closure(vm: &mut Vm, code: &CodeObject, closure: Option<Ref<'_>>) -> PyResult<()> {
    if code.n_free == 0 {
        return match closure {
            Some(_) => Err(vm.type_error("cannot use a closure with this code object")),
            None => Ok(()),
        };
    }
    let Some(closure) = closure else {
        return Err(vm.type_error("code object requires a closure of exactly length ".to_owned() + &code.n_free.to_string()));
    };
    let fits = closure
        .downcast_exact::<Tuple>()
        .is_some_and(|cells| cells.len() == code.n_free && cells.items().iter().all(|cell| cell.is_exactly(&interp::cell_object::CELL)));
    if fits { Ok(()) } else { Err(vm.type_error(format!("code object requires a closure of exactly length {}", code.n_free))) }
}

fn globals(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    current_globals(vm, "globals")
}

fn locals(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    locals_proxy::locals(vm)
}

fn vars(vm: &mut Vm, _module: Ref<'_>, args: &[Ref<'_>]) -> PyResult {
    match *args {
        [] => locals_proxy::locals(vm),
        [object] => match vm.find_attr_str(object, "__dict__")? {
            Some(dict) => Ok(dict),
            None => Err(vm.type_error("vars() argument must have __dict__ attribute")),
        },
        _ => Err(vm.type_error(format!("vars expected at most 1 argument, got {}", args.len()))),
    }
}

fn dir(vm: &mut Vm, _module: Ref<'_>, args: &[Ref<'_>]) -> PyResult {
    let names = match *args {
        [] => {
            let locals = locals_proxy::locals(vm)?;
            let keys = vm.call_method(locals.borrow(), "keys", &[])?;
            vm.collect(keys.borrow())?
        }
        [object] => {
            let name = vm.intern("__dir__");
            let Some(method) = vm.lookup_special(object, name)? else {
                return Err(vm.raise(&exception::TYPE_ERROR, "object does not provide __dir__"));
            };
            let names = vm.call(method.borrow(), &[])?;
            vm.collect(names.borrow())?
        }
        _ => return Err(vm.type_error(format!("dir expected at most 1 argument, got {}", args.len()))),
    };
    let list = vm.new_list(names).into_object();
    vm.call_method(list.borrow(), "sort", &[])?;
    Ok(list)
}
