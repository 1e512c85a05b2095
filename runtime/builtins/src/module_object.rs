//! Modules: their namespace is a dict of their own, and a missing attribute is explained.

use object::attribute::bind;
use object::call::{Args, bind_args};
use object::dict::Dict;
use object::exception;
use object::native::Extension;
use object::singleton::{MODULE, ModuleObject};
use object::str::Str;
use object::{Getset, Member, Object, PyResult, Raised, Ref, RefOf, Slots, Type, Vm, method, names};
use std::sync::OnceLock;

/// What this file adds to `types.ModuleType`.
pub static MODULE_EXTENSION: Extension = Extension {
    class: &MODULE,
    slots: Slots { new: Some(new), init: Some(init), repr: Some(repr), getattr: Some(get_attribute), ..Slots::NONE },
    methods: &[method!(Unary dir as "__dir__" "($self, /)", "__dir__() -> list\nspecialized dir() implementation")],
    getsets: &[Getset::new("__annotations__", "", get_annotations, set_annotations), Getset::new("__annotate__", "", get_annotate, set_annotate)],
    members: &[Member(Getset::readonly("__dict__", "", |_, this| Ok(module(this).dict().object().to_owned())))],
};

fn module(this: Ref<'_>) -> &ModuleObject {
    this.downcast::<ModuleObject>().expect("the slot belongs to modules").get()
}

fn new(vm: &mut Vm, class: RefOf<'_, Type>, _args: Args<'_>) -> PyResult {
    Ok(vm.allocate_module(class.get()))
}

fn init(vm: &mut Vm, this: Ref<'_>, args: Args<'_>) -> PyResult<()> {
    let mut out = [const { None }; 2];
    bind_args(vm, "module", "(name, doc=None)", args, &mut out)?;
    let [name, doc] = out.map(|value| value.unwrap_or(Object::none()));
    if name.borrow().downcast::<Str>().is_none() {
        return Err(vm.type_error(format!("module() argument 'name' must be str, not {}", name.borrow().class().full_name())));
    }
    let own = module(this);
    own.set(vm, "__name__", name);
    own.set(vm, "__doc__", doc);
    for name in ["__package__", "__loader__", "__spec__"] {
        own.set(vm, name, Object::none());
    }
    Ok(())
}

fn own(this: Ref<'_>, name: Ref<'_>) -> Option<Object> {
    module(this).dict().get_interned(name).map(Ref::to_owned)
}

/// The attribute of an object, `None` if it has none or if it is `None`.
fn some_attribute(vm: &mut Vm, object: Ref<'_>, name: &str) -> PyResult<Option<Object>> {
    Ok(vm.find_attr_str(object, name)?.filter(|value| !value.borrow().is_none()))
}

/// The text of a module, as importlib's `_module_repr` makes it.
pub fn repr(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    if let Some(spec) = some_attribute(vm, this, "__spec__")?
        && vm.is_true(spec.borrow())?
    {
        let text = repr_from_spec(vm, spec.borrow())?;
        return Ok(vm.new_str(&text).into_object());
    }
    let name = vm.find_attr(this, names::__name__())?.unwrap_or_else(|| vm.new_str("?").into_object());
    let name = vm.repr_text(name.borrow())?;
    let text = match vm.find_attr(this, names::__file__())? {
        Some(file) => format!("<module {name} from {}>", vm.repr_text(file.borrow())?),
        None => match some_attribute(vm, this, "__loader__")? {
            Some(loader) => format!("<module {name} ({})>", vm.repr_text(loader.borrow())?),
            None => format!("<module {name}>"),
        },
    };
    Ok(vm.new_str(&text).into_object())
}

fn repr_from_spec(vm: &mut Vm, spec: Ref<'_>) -> PyResult<String> {
    let name = some_attribute(vm, spec, "name")?.unwrap_or_else(|| vm.new_str("?").into_object());
    let name = vm.repr_text(name.borrow())?;
    if let Some(origin) = some_attribute(vm, spec, "origin")? {
        let has_location = match vm.find_attr_str(spec, "has_location")? {
            Some(value) => vm.is_true(value.borrow())?,
            None => false,
        };
        return Ok(if has_location {
            format!("<module {name} from {}>", vm.repr_text(origin.borrow())?)
        } else {
            format!("<module {name} ({})>", vm.str_text(origin.borrow())?)
        });
    }
    let Some(loader) = some_attribute(vm, spec, "loader")? else { return Ok(format!("<module {name}>")) };
    if loader.borrow().class().name() == "NamespaceLoader"
        && let Some(path) = vm.find_attr_str(loader.borrow(), "_path")?
    {
        let path = vm.collect(path.borrow())?;
        let path = vm.new_list(path).into_object();
        return Ok(format!("<module {name} (namespace) from {}>", vm.repr_text(path.borrow())?));
    }
    Ok(format!("<module {name} ({})>", vm.repr_text(loader.borrow())?))
}

fn get_attribute(vm: &mut Vm, this: Ref<'_>, name: Ref<'_>) -> PyResult {
    let class = this.class();
    let found = class.lookup(name);
    if let Some(found) = found {
        let slots = found.class().slots();
        if let (Some(get), Some(_)) = (slots.descr_get, slots.descr_set) {
            let found = found.to_owned();
            return get(vm, found.borrow(), Some(this), Some(class.object()));
        }
    }
    if let Some(value) = own(this, name) {
        return Ok(value);
    }
    if let Some(found) = found.map(Ref::to_owned) {
        return bind(vm, found, Some(this), class);
    }
    if let Some(hook) = own(this, names::__getattr__()) {
        return vm.call(hook.borrow(), &[name]);
    }
    match explain(vm, this, name) {
        Ok(message) => Err(vm.attribute_error(this, name, message)),
        Err(raised) => Err(raised),
    }
}

/// Why a module lacks an attribute: it may be half imported, or stand in the way of another.
fn explain(vm: &mut Vm, this: Ref<'_>, name: Ref<'_>) -> PyResult<String> {
    let text = vm.str_text(name)?;
    let Some(own_name) = own(this, names::__name__()).filter(|name| name.borrow().downcast::<Str>().is_some()) else {
        return Ok(format!("module has no attribute '{text}'"));
    };
    let name_object = own_name;
    let own_name = vm.str_text(name_object.borrow())?;
    let plain = format!("module '{own_name}' has no attribute '{text}'");
    let Some(spec) = own(this, names::__spec__()).filter(|spec| !spec.borrow().is_none()) else { return Ok(plain) };
    let origin = origin_of(vm, spec.borrow())?;
    let shadows = match &origin {
        Some(origin) => is_possibly_shadowing(origin),
        None => false,
    };
    if shadows && is_stdlib_name(vm, name_object.borrow())? {
        let file = origin.unwrap_or_default();
        return Ok(format!(
            "{plain} (consider renaming '{file}' since it has the same name as the standard library module named '{own_name}' and prevents importing that standard library module)"
        ));
    }
    if is_initializing(vm, spec.borrow())? {
        return Ok(match origin {
            Some(file) if shadows => format!("{plain} (consider renaming '{file}' if it has the same name as a library you intended to import)"),
            Some(file) => {
                format!("partially initialized module '{own_name}' from '{file}' has no attribute '{text}' (most likely due to a circular import)")
            }
            None => format!("partially initialized module '{own_name}' has no attribute '{text}' (most likely due to a circular import)"),
        });
    }
    if let Some(pending) = vm.find_attr(spec.borrow(), names::_uninitialized_submodules())?
        && vm.contains(pending.borrow(), name)?
    {
        return Ok(format!("cannot access submodule '{text}' of module '{own_name}' (most likely due to a circular import)"));
    }
    Ok(plain)
}

/// Whether the module of a spec is being imported.
pub fn is_initializing(vm: &mut Vm, spec: Ref<'_>) -> PyResult<bool> {
    match vm.find_attr(spec, names::_initializing())? {
        Some(value) => vm.is_true(value.borrow()),
        None => Ok(false),
    }
}

/// The file of a spec, if it has a location.
pub fn origin_of(vm: &mut Vm, spec: Ref<'_>) -> PyResult<Option<String>> {
    let Some(located) = vm.find_attr_str(spec, "has_location")? else { return Ok(None) };
    if !vm.is_true(located.borrow())? {
        return Ok(None);
    }
    let origin = vm.find_attr_str(spec, "origin")?.filter(|origin| origin.borrow().downcast::<Str>().is_some());
    origin.map(|origin| vm.str_text(origin.borrow())).transpose()
}

/// The directory that was put in front of `sys.path` when the program started.
static FIRST_PATH: OnceLock<String> = OnceLock::new();

/// Says which directory is put in front of `sys.path` when the program starts.
pub fn set_first_path(path: &str) {
    // Only the first program of a process is one that was started.
    let _ = FIRST_PATH.set(path.to_owned());
}

/// Whether a module's file lies where the script does, so that it may hide a module meant.
pub fn is_possibly_shadowing(origin: &str) -> bool {
    let Some(first) = FIRST_PATH.get() else { return false };
    let mut root = origin.rsplit_once('/').map_or("", |(root, _)| root);
    if origin.ends_with("/__init__.py") {
        root = root.rsplit_once('/').map_or("", |(root, _)| root);
    }
    root == first
}

/// Whether the standard library has a module of this name.
pub fn is_stdlib_name(vm: &mut Vm, name: Ref<'_>) -> PyResult<bool> {
    let sys = vm.import("sys")?;
    let Some(known) = vm.find_attr_str(sys.borrow(), "stdlib_module_names")? else { return Ok(false) };
    if !known.borrow().is_instance_of(&crate::set::FROZEN_SET) && !known.borrow().is_instance_of(&crate::set::SET) {
        return Ok(false);
    }
    vm.contains(known.borrow(), name)
}

fn dir(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let dict = vm.get_attr(this, names::__dict__())?;
    let Some(dict) = dict.borrow().downcast::<Dict>() else {
        return Err(vm.type_error(format!("{}.__dict__ is not a dictionary", this.class().full_name())));
    };
    if let Some(hook) = dict.get_interned(names::__dir__()).map(Ref::to_owned) {
        return vm.call(hook.borrow(), &[]);
    }
    Ok(vm.new_list(dict.keys_snapshot(vm)).into_object())
}

fn missing(vm: &mut Vm, this: Ref<'_>, name: Ref<'_>) -> Raised {
    let text = vm.str_text(name).unwrap_or_default();
    vm.attribute_error(this, name, text)
}

fn get_annotations(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    if let Some(found) = own(this, names::__annotations__()) {
        return Ok(found);
    }
    let initializing = match own(this, names::__spec__()) {
        Some(spec) => is_initializing(vm, spec.borrow())?,
        None => false,
    };
    let annotations = match own(this, names::__annotate__()).filter(|annotate| annotate.borrow().class().slots().call.is_some()) {
        Some(annotate) => {
            let annotations = vm.call(annotate.borrow(), &[Object::small_int(1).borrow()])?;
            if annotations.borrow().downcast::<Dict>().is_none() {
                return Err(vm.type_error(format!("__annotate__ returned non-dict of type '{}'", annotations.borrow().class().full_name())));
            }
            annotations
        }
        None => vm.new_dict().into_object(),
    };
    // While the module runs there may be more to come.
    if !initializing {
        module(this).set(vm, "__annotations__", annotations.clone());
    }
    Ok(annotations)
}

fn set_annotations(vm: &mut Vm, this: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    let dict = module(this).dict();
    match value {
        Some(value) => dict.set_interned(vm, names::__annotations__(), value.to_owned()),
        None => {
            if dict.remove_interned(vm, names::__annotations__()).is_none() {
                return Err(missing(vm, this, names::__annotations__()));
            }
        }
    }
    dict.remove_interned(vm, names::__annotate__());
    Ok(())
}

fn get_annotate(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    if let Some(found) = own(this, names::__annotate__()) {
        return Ok(found);
    }
    module(this).set(vm, "__annotate__", Object::none());
    Ok(Object::none())
}

fn set_annotate(vm: &mut Vm, this: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    let Some(value) = value else { return Err(vm.raise(&exception::TYPE_ERROR, "cannot delete __annotate__ attribute")) };
    if !value.is_none() && value.class().slots().call.is_none() {
        return Err(vm.type_error("__annotate__ must be callable or None"));
    }
    let dict = module(this).dict();
    dict.set_interned(vm, names::__annotate__(), value.to_owned());
    if !value.is_none() {
        dict.remove_interned(vm, names::__annotations__());
    }
    Ok(())
}
