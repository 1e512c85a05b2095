//! `_warnings`: issuing warnings, and the filters they pass.
//!
//! The module `warnings` may replace filters, registry, default action and the way warnings are
//! shown by assigning its own attributes; until it is imported, those of this file count.

use interp::frame::{self, Frame};
use object::cell::ObjectCell;
use object::dict::Dict;
use object::list::List;
use object::native::Module;
use object::str::Str;
use object::tuple::Tuple;
use object::{Object, PyResult, Raised, Ref, Type, Vm, exception, method};
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

pub static MODULE: Module = Module {
    name: "_warnings",
    doc: "_warnings provides basic warning filtering support.\nIt is a helper module to speed up interpreter start-up.",
    functions: &[
        method!(Bound warn_function as "warn" "($module, /, message, category=None, stacklevel=1, source=None, *, skip_file_prefixes=())", "Issue a warning, or maybe ignore it or raise an exception.\n\n  message\n    Text of the warning message.\n  category\n    The Warning category subclass. Defaults to UserWarning.\n  stacklevel\n    How far up the call stack to make this warning appear. A value of 2 for\n    example attributes the warning to the caller of the code calling warn().\n  source\n    If supplied, the destroyed object which emitted a ResourceWarning\n  skip_file_prefixes\n    An optional tuple of module filename prefixes indicating frames to skip\n    during stacklevel computations for stack frame attribution."),
        method!(Bound warn_explicit "($module, /, message, category, filename, lineno, module=<unrepresentable>, registry=None, module_globals=None, source=None)", "Issue a warning, or maybe ignore it or raise an exception."),
        method!(Unary filters_mutated as "_filters_mutated_lock_held" "($module, /)", ""),
        method!(Unary acquire_lock as "_acquire_lock" "($module, /)", ""),
        method!(Unary release_lock as "_release_lock" "($module, /)", ""),
    ],
    init: Some(|vm, module| {
        let (filters, registry) = (filters(vm), once_registry(vm));
        module.get().set(vm, "filters", filters);
        module.get().set(vm, "_onceregistry", registry);
        let action = vm.new_str("default").into_object();
        module.get().set(vm, "_defaultaction", action);
        // There is no import system yet when this module is made.
        let contexts = crate::imp::create(vm, "_contextvars")?;
        let name = vm.new_str("warnings_context").into_object();
        let context = vm.call_method(contexts.borrow(), "ContextVar", &[name.borrow()])?;
        module.get().set(vm, "_warnings_context", context);
        Ok(())
    }),
    ..Module::DEFAULT
};

// Shared by all threads, under the global lock.
static FILTERS: ObjectCell = ObjectCell::EMPTY;
static ONCE_REGISTRY: ObjectCell = ObjectCell::EMPTY;
/// Registries made for an earlier version of the filters are void.
static FILTERS_VERSION: AtomicI64 = AtomicI64::new(1);
/// The reentrant lock, and how often it is held.
static LOCK: ObjectCell = ObjectCell::EMPTY;
static LOCK_HELD: AtomicUsize = AtomicUsize::new(0);

/// The default filters: those of CPython's release build.
fn filters(vm: &mut Vm) -> Object {
    if let Some(filters) = FILTERS.get() {
        return filters;
    }
    let rows: [(&str, &'static Type, Option<&str>); 5] = [
        ("default", &exception::DEPRECATION_WARNING, Some("__main__")),
        ("ignore", &exception::DEPRECATION_WARNING, None),
        ("ignore", &exception::PENDING_DEPRECATION_WARNING, None),
        ("ignore", &exception::IMPORT_WARNING, None),
        ("ignore", &exception::RESOURCE_WARNING, None),
    ];
    let rows = rows.map(|(action, category, module)| {
        let module = module.map_or(Object::none(), |module| vm.intern(module).to_owned());
        vm.new_tuple([vm.intern(action).to_owned(), Object::none(), category.to_object(), module, Object::small_int(0)]).into_object()
    });
    let filters = vm.new_list(rows.into()).into_object();
    FILTERS.set(Some(filters.clone()));
    filters
}

fn once_registry(vm: &mut Vm) -> Object {
    if let Some(registry) = ONCE_REGISTRY.get() {
        return registry;
    }
    let registry = vm.new_dict().into_object();
    ONCE_REGISTRY.set(Some(registry.clone()));
    registry
}

/// The module `warnings`, if it has been imported.
fn warnings_module(vm: &mut Vm) -> PyResult<Option<Object>> {
    let modules = crate::sys_module::modules(vm);
    match modules.borrow().downcast::<Dict>() {
        Some(modules) => {
            let name = vm.intern("warnings");
            modules.get().get(vm, name)
        }
        None => Ok(None),
    }
}

/// An attribute of `warnings`, if that has been imported and has it.
fn warnings_attribute(vm: &mut Vm, name: &str) -> PyResult<Option<Object>> {
    match warnings_module(vm)? {
        Some(module) => vm.find_attr_str(module.borrow(), name),
        None => Ok(None),
    }
}

/// Issues a warning on behalf of native code.
pub fn warn(vm: &mut Vm, category: &'static Type, message: &str, stack_level: usize) -> PyResult<()> {
    let message = vm.new_str(message).into_object();
    warn_at_level(vm, message, category.object(), stack_level as isize, None, &[])
}

/// Issues a warning about a place in a source file, as the compiler does.
pub fn warn_explicit_at(vm: &mut Vm, category: &'static Type, message: &str, filename: &str, line: u32) -> PyResult<()> {
    let message = vm.new_str(message).into_object();
    let filename = vm.new_str(filename).into_object();
    let module = module_of_file(vm, filename.borrow());
    let warning =
        Warning { message, category: category.to_object(), filename, line: i64::from(line), module, registry: None, source: None, source_line: None };
    issue(vm, warning)
}

fn warn_function(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let message = args[0].unwrap_or(Ref::NONE);
    let category = category_of(vm, message, args[1].filter(|category| !category.is_none()))?;
    let level = args[2].map_or(Ok(1), |level| vm.index_isize(level))?;
    let mut prefixes = Vec::new();
    if let Some(given) = args[4] {
        let Some(given) = given.downcast::<Tuple>() else {
            return Err(vm.type_error(format!("warn() argument 'skip_file_prefixes' must be tuple, not {}", given.class().full_name())));
        };
        for &prefix in given.items() {
            match prefix.downcast::<Str>() {
                Some(prefix) => prefixes.push(prefix.to_string_lossy().into_owned()),
                None => return Err(vm.type_error(format!("Found non-str '{}' in skip_file_prefixes.", prefix.class().full_name()))),
            }
        }
    }
    let level = if prefixes.is_empty() { level } else { level.max(2) };
    let source = args[3].filter(|source| !source.is_none()).map(Ref::to_owned);
    warn_at_level(vm, message.to_owned(), category.borrow(), level, source, &prefixes)?;
    Ok(Object::none())
}

fn is_warning(value: Ref<'_>) -> bool {
    value.is_instance_of(&exception::WARNING)
}

fn category_of(vm: &mut Vm, message: Ref<'_>, category: Option<Ref<'_>>) -> PyResult {
    if is_warning(message) {
        return Ok(message.class().to_object());
    }
    let Some(category) = category else { return Ok(exception::USER_WARNING.to_object()) };
    match category.downcast::<Type>() {
        Some(class) if class.is_subclass_of(&exception::WARNING) => Ok(category.to_owned()),
        _ => Err(vm.type_error(format!("category must be a Warning subclass, not '{}'", category.class().name()))),
    }
}

/// Whether a frame belongs to the import machinery, which warnings see through.
fn is_internal(frame: &Frame) -> bool {
    let filename = filename_text(frame);
    filename.contains("importlib") && filename.contains("_bootstrap")
}

fn filename_text(frame: &Frame) -> String {
    frame.code_object().filename.downcast::<Str>().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// The frame a warning is about.
fn frame_at_level<'a>(vm: &'a Vm, level: isize, prefixes: &[String]) -> Option<&'a Frame> {
    let mut frame = frame::current(vm);
    let sees_all = level <= 0 || frame.is_some_and(is_internal);
    for _ in 1..level {
        frame = frame::previous(frame?);
        if sees_all {
            continue;
        }
        while let Some(skipped) = frame
            && (is_internal(skipped) || prefixes.iter().any(|prefix| filename_text(skipped).starts_with(prefix)))
        {
            frame = frame::previous(skipped);
        }
    }
    frame
}

fn warn_at_level(vm: &mut Vm, message: Object, category: Ref<'_>, level: isize, source: Option<Object>, prefixes: &[String]) -> PyResult<()> {
    let place = frame_at_level(vm, level, prefixes)
        .map(|frame| (frame.globals(), frame.code_object().filename.to_owned(), i64::from(frame.line().unwrap_or(0))));
    let (globals, filename, line) = match place {
        Some(place) => place,
        None => {
            let sys = crate::sys_module::module().unwrap_or(Object::none());
            let globals = vm.get_attr_str(sys.borrow(), "__dict__")?;
            (globals, vm.new_str("<sys>").into_object(), 0)
        }
    };
    let (registry, module) = match globals.borrow().downcast::<Dict>() {
        Some(globals) => {
            let name = vm.intern("__warningregistry__");
            let registry = match globals.get().get(vm, name)? {
                Some(registry) => registry,
                None => {
                    let registry = vm.new_dict().into_object();
                    globals.get().set(vm, name, registry.clone())?;
                    registry
                }
            };
            let name = vm.intern("__name__");
            (Some(registry), globals.get().get(vm, name)?)
        }
        None => (None, None),
    };
    let module = match module.filter(|module| module.borrow().downcast::<Str>().is_some() || !module.borrow().is_none()) {
        Some(module) => module,
        None => vm.new_str("<string>").into_object(),
    };
    issue(vm, Warning { message, category: category.to_owned(), filename, line, module, registry, source, source_line: None })
}

/// The module a file is taken for.
fn module_of_file(vm: &mut Vm, filename: Ref<'_>) -> Object {
    let Some(text) = filename.downcast::<Str>() else { return Object::none() };
    if text.is_empty() {
        return vm.new_str("<unknown>").into_object();
    }
    let name = text.to_string_lossy();
    match name.strip_suffix(".py") {
        Some(stem) => vm.new_str(stem).into_object(),
        None => filename.to_owned(),
    }
}

fn warn_explicit(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let [message, category, filename, line] = [0, 1, 2, 3].map(|index| args[index].unwrap_or(Ref::NONE));
    if filename.downcast::<Str>().is_none() {
        return Err(vm.type_error(format!("warn_explicit() argument 'filename' must be str, not {}", filename.class().full_name())));
    }
    let line = i64::from(vm.to_i32(line)?);
    let mut source_line = None;
    if let Some(globals) = args[6].filter(|globals| !globals.is_none()) {
        if globals.downcast::<Dict>().is_none() {
            return Err(vm.type_error(format!("module_globals must be a dict, not '{}'", globals.class().full_name())));
        }
        let found = line_of_loader(vm, globals, line)?;
        let is_readable = filename.downcast::<Str>().is_some_and(|name| std::fs::metadata(&*name.to_string_lossy()).is_ok());
        source_line = found.filter(|_| !is_readable);
    }
    let module = match args[4] {
        Some(module) if module.is_none() => return Ok(Object::none()),
        Some(module) => module.to_owned(),
        None => module_of_file(vm, filename),
    };
    let registry = args[5].filter(|registry| !registry.is_none()).map(Ref::to_owned);
    let source = args[7].filter(|source| !source.is_none()).map(Ref::to_owned);
    let warning = Warning {
        message: message.to_owned(),
        category: category.to_owned(),
        filename: filename.to_owned(),
        line,
        module,
        registry,
        source,
        source_line,
    };
    issue(vm, warning)?;
    Ok(Object::none())
}

/// A line of the source that the loader of a module has.
fn line_of_loader(vm: &mut Vm, globals: Ref<'_>, line: i64) -> PyResult<Option<Object>> {
    let external = vm.import("importlib._bootstrap_external")?;
    let loader = vm.call_method(external.borrow(), "_bless_my_loader", &[globals])?;
    if loader.borrow().is_none() {
        return Ok(None);
    }
    let Some(get_source) = vm.find_attr_str(loader.borrow(), "get_source")? else { return Ok(None) };
    let Some(name) = module_name(vm, globals)? else { return Ok(None) };
    // A loader may not know the module by this name.
    let source = vm.call(get_source.borrow(), &[name.borrow()]);
    let Some(source) = vm.ignore(source, &exception::IMPORT_ERROR)?.filter(|source| !source.borrow().is_none()) else { return Ok(None) };
    // The method of `str`, whatever a subclass makes of it.
    let split = vm.get_attr_str(object::str::STR.object(), "splitlines")?;
    let lines = vm.call(split.borrow(), &[source.borrow()])?;
    let lines = vm.collect(lines.borrow())?;
    Ok(line.checked_sub(1).and_then(|index| usize::try_from(index).ok()).and_then(|index| lines.get(index).cloned()))
}

/// The name a module's loader knows it by.
fn module_name(vm: &mut Vm, globals: Ref<'_>) -> PyResult<Option<Object>> {
    let Some(globals) = globals.downcast::<Dict>() else { return Ok(None) };
    let key = vm.intern("__spec__");
    if let Some(spec) = globals.get().get(vm, key)?
        && let Some(name) = vm.find_attr_str(spec.borrow(), "name")?
    {
        return Ok(Some(name));
    }
    let key = vm.intern("__name__");
    globals.get().get(vm, key)
}

/// A warning that is about to be issued.
struct Warning {
    message: Object,
    category: Object,
    filename: Object,
    line: i64,
    module: Object,
    registry: Option<Object>,
    source: Option<Object>,
    /// The text of the line, where it is not to be looked up by file name.
    source_line: Option<Object>,
}

fn issue(vm: &mut Vm, mut warning: Warning) -> PyResult<()> {
    if warning.registry.as_ref().is_some_and(|registry| registry.borrow().downcast::<Dict>().is_none()) {
        return Err(vm.type_error("'registry' must be a dict or None"));
    }
    let text = if is_warning(warning.message.borrow()) {
        warning.category = warning.message.borrow().class().to_object();
        vm.str(warning.message.borrow())?.into_object()
    } else {
        let text = warning.message.clone();
        warning.message = vm.call(warning.category.borrow(), &[text.borrow()])?;
        text
    };
    let line = vm.new_int(warning.line);
    let key = vm.new_tuple([text.clone(), warning.category.clone(), line.clone()]).into_object();
    if let Some(registry) = &warning.registry
        && already_warned(vm, registry.borrow(), key.borrow(), false)?
    {
        return Ok(());
    }
    let (action, item) = find_action(vm, &warning, text.borrow(), line.borrow())?;
    match action.as_str() {
        "ignore" => return Ok(()),
        "error" => return Err(vm.raise_object(warning.message)),
        "always" | "all" => {}
        _ => {
            if let Some(registry) = &warning.registry {
                vm.set_item(registry.borrow(), key.borrow(), Object::bool(true).borrow())?;
            }
            let registry = match action.as_str() {
                "once" if warning.registry.is_none() => Some(current_once_registry(vm)?),
                "once" | "module" => warning.registry.clone(),
                "default" => None,
                _ => return Err(unrecognized(vm, &action, item)),
            };
            if let Some(registry) = registry {
                let key = vm.new_tuple([text.clone(), warning.category.clone()]).into_object();
                if already_warned(vm, registry.borrow(), key.borrow(), true)? {
                    return Ok(());
                }
            }
        }
    }
    show(vm, &warning, text.borrow())
}

fn unrecognized(vm: &mut Vm, action: &str, item: Option<Object>) -> Raised {
    let action = vm.new_str(action).into_object();
    let shown = vm.repr_text(action.borrow()).and_then(|action| Ok((action, vm.repr_text(item.as_ref().map_or(Ref::NONE, Object::borrow))?)));
    match shown {
        Ok((action, item)) => vm.runtime_error(format!("Unrecognized action ({action}) in warnings.filters:\n {item}")),
        Err(raised) => raised,
    }
}

/// Whether the registry has this warning; a registry of other filters is emptied first.
fn already_warned(vm: &mut Vm, registry: Ref<'_>, key: Ref<'_>, remember: bool) -> PyResult<bool> {
    let Some(registry) = registry.downcast::<Dict>() else { return Ok(false) };
    let version_name = vm.intern("version");
    let current = FILTERS_VERSION.load(Ordering::Relaxed);
    let version = registry.get().get(vm, version_name)?;
    if version.and_then(|version| object::int::as_i64(version.borrow())) == Some(current) {
        if let Some(found) = registry.get().get(vm, key)?
            && vm.is_true(found.borrow())?
        {
            return Ok(true);
        }
    } else {
        registry.get().clear(vm);
        let version = vm.new_int(current);
        registry.get().set(vm, version_name, version)?;
    }
    if remember {
        registry.get().set(vm, key, Object::bool(true))?;
    }
    Ok(false)
}

fn current_once_registry(vm: &mut Vm) -> PyResult {
    let registry = match warnings_attribute(vm, "onceregistry")? {
        Some(registry) => registry,
        None => once_registry(vm),
    };
    if registry.borrow().downcast::<Dict>().is_none() {
        return Err(vm.type_error(format!("_warnings.onceregistry must be a dict, not '{}'", registry.borrow().class().full_name())));
    }
    ONCE_REGISTRY.set(Some(registry.clone()));
    Ok(registry)
}

/// The filters of `warnings.catch_warnings` in the current context, if it keeps them there.
fn context_filters(vm: &mut Vm) -> PyResult<Option<Object>> {
    let Some(variable) = warnings_attribute(vm, "_warnings_context")? else { return Ok(None) };
    let context = vm.call_method(variable.borrow(), "get", &[Ref::NONE])?;
    if context.borrow().is_none() {
        return Ok(None);
    }
    vm.get_attr_str(context.borrow(), "_filters").map(Some)
}

fn current_filters(vm: &mut Vm) -> PyResult {
    let filters = match context_filters(vm)? {
        Some(filters) => filters,
        None => match warnings_attribute(vm, "filters")? {
            Some(filters) => filters,
            None => filters(vm),
        },
    };
    // The last ones seen count once the attribute is gone.
    FILTERS.set(Some(filters.clone()));
    if filters.borrow().downcast::<List>().is_none() {
        return Err(vm.value_error("_warnings.filters must be a list"));
    }
    Ok(filters)
}

/// What is to be done with a warning, and the filter that says so.
fn find_action(vm: &mut Vm, warning: &Warning, text: Ref<'_>, line: Ref<'_>) -> PyResult<(String, Option<Object>)> {
    let filters = current_filters(vm)?;
    let mut index = 0;
    loop {
        let item = filters.borrow().downcast::<List>().and_then(|filters| filters.get().get(vm, index).map(Ref::to_owned));
        let Some(item) = item else { break };
        let fields: Vec<Object> = match item.borrow().downcast::<Tuple>() {
            Some(tuple) if tuple.len() == 5 => tuple.items().iter().map(|&field| field.to_owned()).collect(),
            _ => return Err(vm.value_error(format!("warnings.filters item {index} isn't a 5-tuple"))),
        };
        let Some(action) = fields[0].borrow().downcast::<Str>().map(|action| action.to_string_lossy().into_owned()) else {
            return Err(vm.type_error(format!("action must be a string, not '{}'", fields[0].borrow().class().full_name())));
        };
        if matches(vm, warning, &fields, text, line)? {
            return Ok((action, Some(item)));
        }
        index += 1;
    }
    let action = match warnings_attribute(vm, "defaultaction")? {
        Some(action) => action,
        None => return Ok(("default".to_owned(), None)),
    };
    match action.borrow().downcast::<Str>() {
        Some(action) => Ok((action.to_string_lossy().into_owned(), None)),
        None => Err(vm.type_error(format!("_warnings.defaultaction must be a string, not '{}'", action.borrow().class().full_name()))),
    }
}

fn matches(vm: &mut Vm, warning: &Warning, fields: &[Object], text: Ref<'_>, line: Ref<'_>) -> PyResult<bool> {
    let is_category = builtins::type_checks::is_subclass(vm, warning.category.borrow(), fields[2].borrow())?;
    let wanted = vm.index_isize(fields[4].borrow())?;
    if !is_category || !(wanted == 0 || line.as_small_int() == Some(wanted as i64)) {
        return Ok(false);
    }
    Ok(text_matches(vm, fields[1].borrow(), text)? && text_matches(vm, fields[3].borrow(), warning.module.borrow())?)
}

/// A pattern is `None`, a text to be equal to, or something with a method `match`.
fn text_matches(vm: &mut Vm, pattern: Ref<'_>, text: Ref<'_>) -> PyResult<bool> {
    if pattern.is_none() {
        return Ok(true);
    }
    if pattern.downcast_exact::<Str>().is_some() {
        return vm.equal(pattern, text);
    }
    let found = vm.call_method(pattern, "match", &[text])?;
    vm.is_true(found.borrow())
}

/// Hands a warning to `warnings._showwarnmsg`, or writes it to stderr where there is no such thing.
fn show(vm: &mut Vm, warning: &Warning, text: Ref<'_>) -> PyResult<()> {
    if warning.source.is_some() {
        // It says where the object was allocated.
        let imported = vm.import("warnings");
        vm.ignore(imported, &exception::IMPORT_ERROR)?;
    }
    let Some(function) = warnings_attribute(vm, "_showwarnmsg")? else {
        return show_plainly(vm, warning, text);
    };
    if function.borrow().class().slots().call.is_none() {
        return Err(vm.type_error("warnings._showwarnmsg() must be set to a callable"));
    }
    let Some(class) = warnings_attribute(vm, "WarningMessage")? else {
        return Err(vm.runtime_error("unable to get warnings.WarningMessage"));
    };
    let line = vm.new_int(warning.line);
    let source = warning.source.clone().unwrap_or(Object::none());
    let source_line = warning.source_line.clone().unwrap_or(Object::none());
    let args = [
        warning.message.borrow(),
        warning.category.borrow(),
        warning.filename.borrow(),
        line.borrow(),
        Ref::NONE,
        source_line.borrow(),
        source.borrow(),
    ];
    let message = vm.call(class.borrow(), &args)?;
    vm.call(function.borrow(), &[message.borrow()]).map(drop)
}

fn show_plainly(vm: &mut Vm, warning: &Warning, text: Ref<'_>) -> PyResult<()> {
    let name = vm.get_attr_str(warning.category.borrow(), "__name__")?;
    let (filename, name, text) = (vm.str_text(warning.filename.borrow())?, vm.str_text(name.borrow())?, vm.str_text(text)?);
    let mut shown = format!("{filename}:{}: {name}: {text}\n", warning.line);
    if let Some(source) = source_line(&filename, warning.line) {
        shown.push_str(&format!("  {source}\n"));
    }
    crate::sys_module::write_stderr(vm, &shown);
    Ok(())
}

fn source_line(filename: &str, line: i64) -> Option<String> {
    let index = usize::try_from(line).ok()?.checked_sub(1)?;
    let text = std::fs::read(filename).ok()?;
    let text = String::from_utf8_lossy(&text);
    text.lines().nth(index).map(|line| line.trim().to_owned()).filter(|line| !line.is_empty())
}

fn filters_mutated(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    if LOCK_HELD.load(Ordering::Relaxed) == 0 {
        return Err(vm.runtime_error("warnings lock is not held"));
    }
    FILTERS_VERSION.fetch_add(1, Ordering::Relaxed);
    Ok(Object::none())
}

fn lock(vm: &mut Vm) -> PyResult {
    if let Some(lock) = LOCK.get() {
        return Ok(lock);
    }
    let threads = vm.import("_thread")?;
    let lock = vm.call_method(threads.borrow(), "RLock", &[])?;
    LOCK.set(Some(lock.clone()));
    Ok(lock)
}

fn acquire_lock(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    let lock = lock(vm)?;
    vm.call_method(lock.borrow(), "acquire", &[])?;
    LOCK_HELD.fetch_add(1, Ordering::Relaxed);
    Ok(Object::none())
}

fn release_lock(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    let lock = lock(vm)?;
    vm.call_method(lock.borrow(), "release", &[])?;
    LOCK_HELD.fetch_sub(1, Ordering::Relaxed);
    Ok(Object::none())
}
