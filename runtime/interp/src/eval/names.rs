//! Names: globals, builtins, namespaces, cells, imports, special methods.

use crate::cell_object::CellObject;
use crate::code::CodeObject;
use crate::frame::Frame;
use crate::function::Function;
use bytecode::LocalKind;
use bytecode::opcode::{CommonConstant, SpecialMethod};
use object::cell::ObjectCell;
use object::dict::{DICT, Dict};
use object::exception;
use object::singleton::ModuleObject;
use object::str::Str;
use object::{Object, PyResult, Raised, Ref, Type, Vm};

/// The namespace of the builtins module, for code that names none of its own.
static BUILTINS: ObjectCell = ObjectCell::EMPTY;

/// Sets the builtins that new code sees; at start-up.
pub fn set_builtins(dict: Object) {
    BUILTINS.set(Some(dict));
}

/// The dict of the builtins module.
pub fn builtins_dict(vm: &mut Vm) -> Object {
    match BUILTINS.get() {
        Some(dict) => dict,
        None => vm.new_dict().into_object(),
    }
}

fn text(name: Ref<'_>) -> String {
    name.downcast::<Str>().map(|name| name.get().to_string_lossy().into_owned()).unwrap_or_default()
}

fn name_error(vm: &mut Vm, class: &'static Type, name: Ref<'_>, message: String) -> Raised {
    let message = vm.new_str(&message).into_object();
    let error = exception::new(vm, class, vec![message]);
    exception::set_field(vm, error.borrow(), "name", Some(name.to_owned()));
    vm.raise_object(error)
}

#[cold]
fn not_defined(vm: &mut Vm, name: Ref<'_>) -> Raised {
    let message = format!("name '{}' is not defined", text(name));
    name_error(vm, &exception::NAME_ERROR, name, message)
}

#[cold]
pub(crate) fn unbound_local(vm: &mut Vm, code: &CodeObject, index: usize) -> Raised {
    let name = code.local_names[index];
    let message = format!("cannot access local variable '{}' where it is not associated with a value", text(name));
    vm.raise(&exception::UNBOUND_LOCAL_ERROR, message)
}

#[cold]
pub(crate) fn unbound_cell(vm: &mut Vm, code: &CodeObject, index: usize) -> Raised {
    let name = code.local_names[index];
    if code.data.local_kinds[index].has(LocalKind::FREE) {
        let message = format!("cannot access free variable '{}' where it is not associated with a value in enclosing scope", text(name));
        return name_error(vm, &exception::NAME_ERROR, name, message);
    }
    unbound_local(vm, code, index)
}

/// A name in any mapping, `None` if it is missing.
fn find_in(vm: &mut Vm, mapping: Ref<'_>, name: Ref<'_>) -> PyResult<Option<Object>> {
    if mapping.is_exactly(&DICT)
        && let Some(dict) = mapping.downcast::<Dict>()
    {
        return Ok(dict.get_interned(name).map(Ref::to_owned));
    }
    let result = vm.get_item(mapping, name);
    vm.ignore(result, &exception::KEY_ERROR)
}

#[inline(always)]
pub(crate) fn load_global(vm: &mut Vm, function: &Function, name: Ref<'_>) -> PyResult {
    let (globals, builtins) = (function.globals.borrow(), function.builtins.borrow());
    if globals.is_exactly(&DICT) && builtins.is_exactly(&DICT) {
        // SAFETY: the types were just compared.
        let (globals, builtins) = unsafe { (globals.downcast_unchecked::<Dict>(), builtins.downcast_unchecked::<Dict>()) };
        return match object::dict::find_in_scope(globals, builtins, name) {
            Some(value) => Ok(value.to_owned()),
            None => Err(not_defined(vm, name)),
        };
    }
    load_global_slow(vm, globals.to_owned(), builtins.to_owned(), name)
}

#[cold]
fn load_global_slow(vm: &mut Vm, globals: Object, builtins: Object, name: Ref<'_>) -> PyResult {
    for mapping in [globals, builtins] {
        if let Some(value) = find_in(vm, mapping.borrow(), name)? {
            return Ok(value);
        }
    }
    Err(not_defined(vm, name))
}

/// The namespace of a frame, if its code has one.
fn namespace(frame: &Frame) -> Option<Object> {
    // SAFETY: the word is a reference or zero.
    (frame.namespace != 0).then(|| unsafe { Ref::from_bits(frame.namespace) }.to_owned())
}

pub(super) fn load_locals(vm: &mut Vm, frame: &Frame) -> PyResult {
    match namespace(frame) {
        Some(namespace) => Ok(namespace),
        None => Err(vm.system_error("no locals")),
    }
}

pub(super) fn load_name(vm: &mut Vm, frame: &Frame, name: Ref<'_>) -> PyResult {
    if let Some(namespace) = namespace(frame)
        && let Some(value) = find_in(vm, namespace.borrow(), name)?
    {
        return Ok(value);
    }
    load_global(vm, frame.function(), name)
}

pub(super) fn load_from_mapping_or_globals(vm: &mut Vm, frame: &Frame, mapping: Ref<'_>, name: Ref<'_>) -> PyResult {
    match find_in(vm, mapping, name)? {
        Some(value) => Ok(value),
        None => load_global(vm, frame.function(), name),
    }
}

pub(super) fn load_from_mapping_or_cell(vm: &mut Vm, frame: &Frame, mapping: Ref<'_>, index: usize) -> PyResult {
    let code = frame.code();
    if let Some(value) = find_in(vm, mapping, code.local_names[index])? {
        return Ok(value);
    }
    // SAFETY: the index is that of a cell of this frame.
    let cell = unsafe { Ref::from_bits(*Frame::locals(std::ptr::from_ref(frame).cast_mut()).add(index)) };
    match cell.downcast::<CellObject>().and_then(|cell| cell.contents.get()) {
        Some(value) => Ok(value),
        None => Err(unbound_cell(vm, code, index)),
    }
}

fn store_in(vm: &mut Vm, mapping: Ref<'_>, name: Ref<'_>, value: Object) -> PyResult<()> {
    if mapping.is_exactly(&DICT)
        && let Some(dict) = mapping.downcast::<Dict>()
    {
        dict.set_interned(vm, name, value);
        return Ok(());
    }
    vm.set_item(mapping, name, value.borrow())
}

pub(super) fn store_name(vm: &mut Vm, frame: &Frame, name: Ref<'_>, value: Object) -> PyResult<()> {
    match namespace(frame) {
        Some(namespace) => store_in(vm, namespace.borrow(), name, value),
        None => Err(vm.system_error(format!("no locals found when storing '{}'", text(name)))),
    }
}

pub(super) fn delete_name(vm: &mut Vm, frame: &Frame, name: Ref<'_>) -> PyResult<()> {
    let Some(namespace) = namespace(frame) else {
        return Err(vm.system_error(format!("no locals when deleting '{}'", text(name))));
    };
    let result = vm.del_item(namespace.borrow(), name);
    match vm.ignore(result, &exception::KEY_ERROR)? {
        Some(()) => Ok(()),
        None => Err(not_defined(vm, name)),
    }
}

pub(super) fn store_global(vm: &mut Vm, frame: &Frame, name: Ref<'_>, value: Object) -> PyResult<()> {
    let globals = frame.globals();
    store_in(vm, globals.borrow(), name, value)
}

pub(super) fn delete_global(vm: &mut Vm, frame: &Frame, name: Ref<'_>) -> PyResult<()> {
    let globals = frame.globals();
    let result = vm.del_item(globals.borrow(), name);
    match vm.ignore(result, &exception::KEY_ERROR)? {
        Some(()) => Ok(()),
        None => Err(not_defined(vm, name)),
    }
}

pub(super) fn setup_annotations(vm: &mut Vm, frame: &Frame) -> PyResult<()> {
    let Some(namespace) = namespace(frame) else {
        return Err(vm.system_error("no locals found when setting up annotations"));
    };
    let name = object::names::__annotations__();
    if find_in(vm, namespace.borrow(), name)?.is_none() {
        let dict = vm.new_dict().into_object();
        store_in(vm, namespace.borrow(), name, dict)?;
    }
    Ok(())
}

pub(crate) fn common_constant(vm: &mut Vm, arg: u32) -> Object {
    match CommonConstant::from_u32(arg).expect("the operand was verified") {
        CommonConstant::AssertionError => exception::ASSERTION_ERROR.to_object(),
        CommonConstant::NotImplementedError => exception::NOT_IMPLEMENTED_ERROR.to_object(),
        CommonConstant::Tuple => object::tuple::TUPLE.to_object(),
        CommonConstant::All => original_builtin(vm, "all"),
        CommonConstant::Any => original_builtin(vm, "any"),
    }
}

/// A function of the builtins module as it was at start-up.
fn original_builtin(vm: &mut Vm, name: &str) -> Object {
    static ORIGINAL: [ObjectCell; 2] = [ObjectCell::EMPTY, ObjectCell::EMPTY];
    let cell = &ORIGINAL[usize::from(name == "any")];
    if let Some(function) = cell.get() {
        return function;
    }
    let builtins = builtins_dict(vm);
    let name = vm.intern(name);
    let function = builtins.borrow().downcast::<Dict>().and_then(|dict| dict.get_interned(name)).map_or(Object::none(), Ref::to_owned);
    cell.set(Some(function.clone()));
    function
}

pub(super) fn load_build_class(vm: &mut Vm, function: &Function) -> PyResult {
    let name = object::names::__build_class__();
    let builtins = function.builtins.clone();
    match find_in(vm, builtins.borrow(), name)? {
        Some(value) => Ok(value),
        None => Err(vm.raise(&exception::NAME_ERROR, "__build_class__ not found")),
    }
}

/// `LOAD_SPECIAL`: a special method of a context manager.
pub(super) fn load_special(vm: &mut Vm, owner: Ref<'_>, arg: u32) -> PyResult<(Object, Option<Object>)> {
    let special = SpecialMethod::from_u32(arg).expect("the operand was verified");
    let name = match special {
        SpecialMethod::Enter => object::names::__enter__(),
        SpecialMethod::Exit => object::names::__exit__(),
        SpecialMethod::AsyncEnter => object::names::__aenter__(),
        SpecialMethod::AsyncExit => object::names::__aexit__(),
    };
    if let Some(found) = owner.class().lookup(name) {
        if found.class().has_flag(object::native::flag::METHOD_DESCRIPTOR) {
            return Ok((found.to_owned(), Some(owner.to_owned())));
        }
        let found = found.to_owned();
        return Ok((object::attribute::bind(vm, found, Some(owner), owner.class())?, None));
    }
    let class = owner.class().full_name();
    let has = |vm: &mut Vm, name: &str| {
        let name = vm.intern(name);
        owner.class().lookup(name).is_some()
    };
    let (protocol, other, hint) = match special {
        SpecialMethod::Enter | SpecialMethod::Exit => (
            "context manager protocol",
            ["__aenter__", "__aexit__"],
            " but it supports the asynchronous context manager protocol. Did you mean to use 'async with'?",
        ),
        SpecialMethod::AsyncEnter | SpecialMethod::AsyncExit => (
            "asynchronous context manager protocol",
            ["__enter__", "__exit__"],
            " but it supports the context manager protocol. Did you mean to use 'with'?",
        ),
    };
    let hint = if has(vm, other[0]) && has(vm, other[1]) { hint } else { "" };
    let message = format!("'{class}' object does not support the {protocol} (missed {} method){hint}", special.text());
    Err(vm.type_error(message))
}

/// `LOAD_SUPER_ATTR`: `super(class, this).name`, or for a call the method and its `self`.
pub(super) fn load_super_attribute(
    vm: &mut Vm,
    callee: Ref<'_>,
    class: Ref<'_>,
    this: Ref<'_>,
    name: Ref<'_>,
    arg: u32,
) -> PyResult<(Object, Option<Object>)> {
    if callee.is(object::super_object::SUPER.object()) {
        if arg & 1 != 0 {
            return object::super_object::get_super_method(vm, class, this, name);
        }
        return object::super_object::get_super_attribute(vm, class, this, name).map(|value| (value, None));
    }
    let object = if arg & 2 != 0 { vm.call(callee, &[class, this])? } else { vm.call(callee, &[])? };
    vm.get_attr(object.borrow(), name).map(|value| (value, None))
}

/// `IMPORT_NAME`: calls the `__import__` of the frame's builtins.
pub(super) fn import_name_from_frame(vm: &mut Vm, frame: &Frame, name: Ref<'_>, names: Ref<'_>, level: Ref<'_>) -> PyResult {
    let key = object::names::__import__();
    let builtins = frame.function().builtins.clone();
    let Some(import) = find_in(vm, builtins.borrow(), key)? else {
        return Err(vm.raise(&exception::IMPORT_ERROR, "__import__ not found"));
    };
    let globals = frame.globals();
    let locals = namespace(frame).unwrap_or(Object::none());
    vm.call(import.borrow(), &[name, globals.borrow(), locals.borrow(), names, level])
}

/// `__import__(name)` of the builtins module, the last component returned.
pub fn import_name(vm: &mut Vm, name: &str) -> PyResult {
    let builtins = builtins_dict(vm);
    let key = object::names::__import__();
    let Some(import) = find_in(vm, builtins.borrow(), key)? else {
        return Err(vm.raise(&exception::IMPORT_ERROR, "__import__ not found"));
    };
    let name = vm.new_str(name).into_object();
    // A non-empty list of names makes `__import__` return the last component.
    let names = vm.new_tuple([vm.intern("*").to_owned()]).into_object();
    vm.call(import.borrow(), &[name.borrow(), Ref::NONE, Ref::NONE, names.borrow(), Object::small_int(0).borrow()])
}

/// `from module import name`
pub fn import_from(vm: &mut Vm, module: Ref<'_>, name: Ref<'_>) -> PyResult {
    if let Some(value) = vm.find_attr(module, name)? {
        return Ok(value);
    }
    // A submodule that is being imported in a cycle is in `sys.modules` already.
    let package_name = object::names::__name__();
    let package = vm.find_attr(module, package_name)?;
    let package = package.as_ref().and_then(|package| package.borrow().downcast::<Str>()).map(|package| package.get().to_string_lossy().into_owned());
    if let Some(package) = &package {
        let full = vm.new_str(&format!("{package}.{}", text(name)));
        let sys = vm.import("sys")?;
        let modules = vm.get_attr_str(sys.borrow(), "modules")?;
        let result = vm.get_item(modules.borrow(), full.borrow().object());
        if let Some(found) = vm.ignore(result, &exception::KEY_ERROR)? {
            return Ok(found);
        }
    }
    Err(cannot_import(vm, module, name, package))
}

#[cold]
fn cannot_import(vm: &mut Vm, module: Ref<'_>, name: Ref<'_>, package: Option<String>) -> Raised {
    match cannot_import_error(vm, module, name, package) {
        Ok(error) => vm.raise_object(error),
        Err(raised) => raised,
    }
}

fn cannot_import_error(vm: &mut Vm, module: Ref<'_>, name: Ref<'_>, package: Option<String>) -> PyResult {
    let package_text = package.clone().unwrap_or_else(|| "<unknown module name>".into());
    let (spec_name, file_name) = (object::names::__spec__(), object::names::__file__());
    let spec = vm.find_attr(module, spec_name)?;
    let mut origin = match &spec {
        Some(spec) => vm.find_attr_str(spec.borrow(), "origin")?,
        None => None,
    };
    let has_location = match &spec {
        Some(spec) => match vm.find_attr_str(spec.borrow(), "has_location")? {
            Some(value) => vm.is_true(value.borrow())?,
            None => false,
        },
        None => false,
    };
    if !has_location {
        origin = None;
    }
    if origin.is_none() {
        origin = vm.find_attr(module, file_name)?;
    }
    let path = origin.filter(|origin| origin.borrow().downcast::<Str>().is_some());
    let initializing = match &spec {
        Some(spec) => match vm.find_attr_str(spec.borrow(), "_initializing")? {
            Some(value) => vm.is_true(value.borrow())?,
            None => false,
        },
        None => false,
    };
    let location = match &path {
        Some(path) => vm.str_text(path.borrow())?,
        None => "unknown location".into(),
    };
    let shadows = path.is_some() && builtins::module_object::is_possibly_shadowing(&location);
    let hides_stdlib = shadows
        && match vm.find_attr_str(module, "__name__")?.filter(|name| name.borrow().downcast::<Str>().is_some()) {
            Some(name) => builtins::module_object::is_stdlib_name(vm, name.borrow())?,
            None => false,
        };
    let message = if hides_stdlib {
        format!(
            "cannot import name '{}' from '{package_text}' (consider renaming '{location}' since it has the same name as the standard library module \
             named '{package_text}' and prevents importing that standard library module)",
            text(name)
        )
    } else if initializing && shadows {
        format!(
            "cannot import name '{}' from '{package_text}' (consider renaming '{location}' if it has the same name as a library you intended to import)",
            text(name)
        )
    } else if initializing {
        format!(
            "cannot import name '{}' from partially initialized module '{package_text}' (most likely due to a circular import) ({location})",
            text(name)
        )
    } else {
        format!("cannot import name '{}' from '{package_text}' ({location})", text(name))
    };
    let message = vm.new_str(&message).into_object();
    let error = exception::new(vm, &exception::IMPORT_ERROR, vec![message.clone()]);
    let package = package.map(|package| vm.new_str(&package).into_object());
    exception::set_field(vm, error.borrow(), "msg", Some(message));
    exception::set_field(vm, error.borrow(), "name", package);
    exception::set_field(vm, error.borrow(), "path", path);
    exception::set_field(vm, error.borrow(), "name_from", Some(name.to_owned()));
    Ok(error)
}

/// `from module import *` into a namespace.
pub(super) fn import_star(vm: &mut Vm, frame: &Frame, module: Ref<'_>) -> PyResult<()> {
    let Some(namespace) = namespace(frame) else {
        return Err(vm.system_error("no locals found during 'import *'"));
    };
    let all_name = object::names::__all__();
    let all = vm.find_attr(module, all_name)?;
    let (names, skip_private) = match all {
        Some(all) => (vm.collect(all.borrow())?, false),
        None => {
            let names = match module.downcast::<ModuleObject>() {
                Some(module) => module.get().dict().keys_snapshot(vm),
                None => {
                    let Some(dict) = vm.find_attr_str(module, "__dict__")? else {
                        return Err(vm.raise(&exception::IMPORT_ERROR, "from-import-* object has no __dict__ and no __all__"));
                    };
                    vm.collect(dict.borrow())?
                }
            };
            (names, true)
        }
    };
    for name in names {
        let Some(string) = name.borrow().downcast::<Str>() else {
            let module_name = vm.get_attr_str(module, "__name__")?;
            let module_name = vm.str_text(module_name.borrow())?;
            let (place, kind) = if skip_private { ("__dict__", "Key") } else { ("__all__", "Item") };
            let message = format!("{kind} in {module_name}.{place} must be str, not {}", name.borrow().class().full_name());
            return Err(vm.type_error(message));
        };
        if skip_private && string.get().code_points().next() == Some(u32::from('_')) {
            continue;
        }
        let name = vm.intern_str(string);
        let value = vm.get_attr(module, name)?;
        store_in(vm, namespace.borrow(), name, value)?;
    }
    Ok(())
}
