//! `property`, `staticmethod` and `classmethod`.

use object::call::{Args, bind_args};
use object::cell::ObjectCell;
use object::descriptor::{CLASS_METHOD, ClassMethod, PROPERTY, Property, STATIC_METHOD, StaticMethod};
use object::exception;
use object::native::Extension;
use object::{Getset, Member, Method, Object, PyResult, Raised, Ref, RefOf, Slots, Type, Vm, instance, method, names};
use std::cell::Cell;

pub(crate) static PROPERTY_EXTENSION: Extension = Extension {
    class: &PROPERTY,
    slots: Slots { new: Some(new), init: Some(init), descr_get: Some(get), descr_set: Some(set), ..Slots::NONE },
    methods: &[
        method!(Binary getter "($self, object, /)", "Descriptor to obtain a copy of the property with a different getter."),
        method!(Binary setter "($self, object, /)", "Descriptor to obtain a copy of the property with a different setter."),
        method!(Binary deleter "($self, object, /)", "Descriptor to obtain a copy of the property with a different deleter."),
        method!(Many set_name as "__set_name__" "($self, owner, name, /)", "Method to set name of a property."),
    ],
    getsets: &[Getset::new("__name__", "", get_name, set_property_name), Getset::readonly("__isabstractmethod__", "", is_abstract)],
    members: &[
        Member(Getset::readonly("fget", "", |_, this| Ok(property(this).get.get_or_none()))),
        Member(Getset::readonly("fset", "", |_, this| Ok(property(this).set.get_or_none()))),
        Member(Getset::readonly("fdel", "", |_, this| Ok(property(this).delete.get_or_none()))),
        Member(Getset::new(
            "__doc__",
            "",
            |_, this| Ok(property(this).doc.get_or_none()),
            |_, this, value| {
                property(this).doc.set(value.map(Ref::to_owned));
                Ok(())
            },
        )),
    ],
};

fn property(this: Ref<'_>) -> &Property {
    this.downcast::<Property>().expect("the slot belongs to properties").get()
}

fn new(vm: &mut Vm, class: RefOf<'_, Type>, _args: Args<'_>) -> PyResult {
    let empty = Property {
        get: ObjectCell::EMPTY,
        set: ObjectCell::EMPTY,
        delete: ObjectCell::EMPTY,
        doc: ObjectCell::EMPTY,
        name: ObjectCell::EMPTY,
        doc_from_getter: Cell::new(false),
    };
    Ok(vm.allocate_in(class.get(), empty))
}

fn init(vm: &mut Vm, this: Ref<'_>, args: Args<'_>) -> PyResult<()> {
    let mut out = [const { None }; 4];
    bind_args(vm, "property", "(fget=None, fset=None, fdel=None, doc=None)", args, &mut out)?;
    let [get, set, delete, doc] = out.map(|value| value.filter(|value| !value.borrow().is_none()));
    let own = property(this);
    own.get.set(get.clone());
    own.set.set(set);
    own.delete.set(delete);
    own.name.set(None);
    own.doc_from_getter.set(false);
    let mut shown = doc;
    if shown.is_none()
        && let Some(getter) = get
    {
        shown = vm.find_attr(getter.borrow(), names::__doc__())?.filter(|doc| !doc.borrow().is_none());
        own.doc_from_getter.set(shown.is_some());
    }
    if this.is_exactly(&PROPERTY) {
        own.doc.set(shown);
        return Ok(());
    }
    // A subclass has a `__doc__` of its own, so that the instance's must be an attribute.
    let value = shown.unwrap_or(Object::none());
    let result = vm.set_attr(this, names::__doc__(), Some(value.borrow()));
    if own.doc_from_getter.get() {
        return result;
    }
    // A class without room for a doc that was given does without.
    vm.ignore(result, &exception::ATTRIBUTE_ERROR).map(drop)
}

/// How messages call the property: by its name, if it is known.
fn no_accessor(vm: &mut Vm, this: Ref<'_>, instance: Ref<'_>, what: &str) -> Raised {
    let name = match find_name(vm, this) {
        Ok(name) => name,
        Err(raised) => return raised,
    };
    let qualname = match vm.get_attr(instance.class().object(), names::__qualname__()).and_then(|name| vm.repr_text(name.borrow())) {
        Ok(qualname) => qualname,
        Err(raised) => return raised,
    };
    let message = match name.map(|name| vm.repr_text(name.borrow())) {
        Some(Ok(name)) => format!("property {name} of {qualname} object has no {what}"),
        Some(Err(raised)) => return raised,
        None => format!("property of {qualname} object has no {what}"),
    };
    vm.raise(&exception::ATTRIBUTE_ERROR, message)
}

/// The name set, or the getter's.
fn find_name(vm: &mut Vm, this: Ref<'_>) -> PyResult<Option<Object>> {
    if let Some(name) = property(this).name.get() {
        return Ok(Some(name));
    }
    match property(this).get.get() {
        Some(getter) => vm.find_attr(getter.borrow(), names::__name__()),
        None => Ok(None),
    }
}

fn get(vm: &mut Vm, this: Ref<'_>, instance: Option<Ref<'_>>, _owner: Option<Ref<'_>>) -> PyResult {
    let Some(instance) = instance.filter(|instance| !instance.is_none()) else { return Ok(this.to_owned()) };
    match property(this).get.get() {
        Some(getter) => vm.call(getter.borrow(), &[instance]),
        None => Err(no_accessor(vm, this, instance, "getter")),
    }
}

fn set(vm: &mut Vm, this: Ref<'_>, instance: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    let own = property(this);
    let (function, what) = if value.is_some() { (own.set.get(), "setter") } else { (own.delete.get(), "deleter") };
    let Some(function) = function else { return Err(no_accessor(vm, this, instance, what)) };
    match value {
        Some(value) => vm.call(function.borrow(), &[instance, value]),
        None => vm.call(function.borrow(), &[instance]),
    }
    .map(drop)
}

/// A property of the same class with some of the functions replaced.
fn copy(vm: &mut Vm, this: Ref<'_>, functions: [Option<Object>; 3]) -> PyResult {
    let own = property(this);
    let [get, set, delete] = functions;
    let get = get.filter(|function| !function.borrow().is_none()).or_else(|| own.get.get()).unwrap_or(Object::none());
    let set = set.filter(|function| !function.borrow().is_none()).or_else(|| own.set.get()).unwrap_or(Object::none());
    let delete = delete.filter(|function| !function.borrow().is_none()).or_else(|| own.delete.get()).unwrap_or(Object::none());
    let keeps_getter_doc = own.doc_from_getter.get() && !get.borrow().is_none();
    let doc = if keeps_getter_doc { Object::none() } else { own.doc.get_or_none() };
    let class = this.class().to_object();
    let result = vm.call(class.borrow(), &[get.borrow(), set.borrow(), delete.borrow(), doc.borrow()])?;
    if let Some(made) = result.borrow().downcast::<Property>() {
        made.name.set(own.name.get());
    }
    Ok(result)
}

fn getter(vm: &mut Vm, this: Ref<'_>, function: Ref<'_>) -> PyResult {
    copy(vm, this, [Some(function.to_owned()), None, None])
}

fn setter(vm: &mut Vm, this: Ref<'_>, function: Ref<'_>) -> PyResult {
    copy(vm, this, [None, Some(function.to_owned()), None])
}

fn deleter(vm: &mut Vm, this: Ref<'_>, function: Ref<'_>) -> PyResult {
    copy(vm, this, [None, None, Some(function.to_owned())])
}

fn set_name(vm: &mut Vm, this: Ref<'_>, args: &[Ref<'_>]) -> PyResult {
    let &[_, name] = args else {
        return Err(vm.type_error(format!("__set_name__() takes 2 positional arguments but {} were given", args.len())));
    };
    property(this).name.set(Some(name.to_owned()));
    Ok(Object::none())
}

fn get_name(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    match find_name(vm, this)? {
        Some(name) => Ok(name),
        None => Err(object::attribute::no_attribute(vm, this, names::__name__())),
    }
}

fn set_property_name(_vm: &mut Vm, this: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    property(this).name.set(value.map(Ref::to_owned));
    Ok(())
}

/// Whether a function is marked as abstract.
fn is_abstract_function(vm: &mut Vm, function: Option<Object>) -> PyResult<bool> {
    let Some(function) = function else { return Ok(false) };
    match vm.find_attr(function.borrow(), names::__isabstractmethod__())? {
        Some(mark) => vm.is_true(mark.borrow()),
        None => Ok(false),
    }
}

fn is_abstract(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let own = property(this);
    for function in [own.get.get(), own.set.get(), own.delete.get()] {
        if is_abstract_function(vm, function)? {
            return Ok(Object::bool(true));
        }
    }
    Ok(Object::bool(false))
}

/// The function of a `staticmethod` or `classmethod`.
fn function(this: Ref<'_>) -> &ObjectCell {
    match this.downcast::<StaticMethod>() {
        Some(method) => &method.get().function,
        None => &this.downcast::<ClassMethod>().expect("the slot belongs to the two method types").get().function,
    }
}

const WRAPPER_METHODS: &[Method] = &[method!(Binary class_get_item as "__class_getitem__" "($type, object, /)", "See PEP 585").class_method()];

fn class_get_item(vm: &mut Vm, class: Ref<'_>, args: Ref<'_>) -> PyResult {
    vm.generic_alias(class, args)
}

const WRAPPER_MEMBERS: &[Member] = &[
    Member(Getset::readonly("__func__", "", |_, this| Ok(function(this).get_or_none()))),
    Member(Getset::readonly("__wrapped__", "", |_, this| Ok(function(this).get_or_none()))),
];

const WRAPPER_GETSETS: &[Getset] = &[
    Getset::readonly("__isabstractmethod__", "", |vm, this| is_abstract_function(vm, function(this).get()).map(Object::bool)),
    Getset::new(
        "__annotations__",
        "",
        |vm, this| delegated(vm, this, names::__annotations__()),
        |vm, this, value| store(vm, this, names::__annotations__(), value),
    ),
    Getset::new(
        "__annotate__",
        "",
        |vm, this| delegated(vm, this, names::__annotate__()),
        |vm, this, value| store(vm, this, names::__annotate__(), value),
    ),
];

/// An attribute of the wrapped function, remembered once it has been asked for.
fn delegated(vm: &mut Vm, this: Ref<'_>, name: Ref<'static>) -> PyResult {
    if let Some(known) = instance::get_attribute(this, name) {
        return Ok(known.to_owned());
    }
    let function = function(this).get_or_none();
    let value = vm.get_attr(function.borrow(), name)?;
    instance::set_attribute(vm, this, name, value.clone());
    Ok(value)
}

fn store(vm: &mut Vm, this: Ref<'_>, name: Ref<'static>, value: Option<Ref<'_>>) -> PyResult<()> {
    match value {
        Some(value) => {
            instance::set_attribute(vm, this, name, value.to_owned());
        }
        None => {
            if !instance::delete_attribute(vm, this, name) {
                return Err(object::attribute::no_attribute(vm, this, name));
            }
        }
    }
    Ok(())
}

pub(crate) static STATIC_METHOD_EXTENSION: Extension = Extension {
    class: &STATIC_METHOD,
    slots: Slots { new: Some(new_static), init: Some(init_static), repr: Some(repr), call: Some(call_static), ..Slots::NONE },
    methods: WRAPPER_METHODS,
    getsets: WRAPPER_GETSETS,
    members: WRAPPER_MEMBERS,
};

pub(crate) static CLASS_METHOD_EXTENSION: Extension = Extension {
    class: &CLASS_METHOD,
    slots: Slots { new: Some(new_class), init: Some(init_class), repr: Some(repr), ..Slots::NONE },
    methods: WRAPPER_METHODS,
    getsets: WRAPPER_GETSETS,
    members: WRAPPER_MEMBERS,
};

fn new_static(vm: &mut Vm, class: RefOf<'_, Type>, _args: Args<'_>) -> PyResult {
    Ok(vm.allocate_in(class.get(), StaticMethod { function: ObjectCell::EMPTY }))
}

fn new_class(vm: &mut Vm, class: RefOf<'_, Type>, _args: Args<'_>) -> PyResult {
    Ok(vm.allocate_in(class.get(), ClassMethod { function: ObjectCell::EMPTY }))
}

fn init_static(vm: &mut Vm, this: Ref<'_>, args: Args<'_>) -> PyResult<()> {
    wrap(vm, this, args, "staticmethod")
}

fn init_class(vm: &mut Vm, this: Ref<'_>, args: Args<'_>) -> PyResult<()> {
    wrap(vm, this, args, "classmethod")
}

/// Sets the function, and copies the attributes `functools.wraps` would.
fn wrap(vm: &mut Vm, this: Ref<'_>, args: Args<'_>, name: &str) -> PyResult<()> {
    object::call::check_positional(vm, name, args, 1, 1)?;
    let wrapped = args.positionals()[0];
    if function(this).get().is_some() {
        // Sites go by the version of the class that has this.
        object::class::OBJECT.modified();
    }
    function(this).set(Some(wrapped.to_owned()));
    for name in [names::__module__(), names::__name__(), names::__qualname__(), names::__doc__()] {
        if let Some(value) = vm.find_attr(wrapped, name)? {
            instance::set_attribute(vm, this, name, value);
        }
    }
    Ok(())
}

fn call_static(vm: &mut Vm, this: Ref<'_>, args: Args<'_>) -> PyResult {
    let function = function(this).get_or_none();
    vm.call_with(function.borrow(), args)
}

fn repr(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let function = function(this).get_or_none();
    let mut text = object::str::StrBuilder::new();
    text.push_str(if this.downcast::<StaticMethod>().is_some() { "<staticmethod(" } else { "<classmethod(" });
    text.push_object(vm.repr(function.borrow())?.borrow().get());
    text.push_str(")>");
    Ok(text.finish(vm).into_object())
}
