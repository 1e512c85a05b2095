//! `type`: the attributes and methods of classes.

use crate::dict::mapping_proxy::new_proxy;
use crate::generic_alias::type_or;
use crate::type_checks::{real_is_instance, real_is_subclass};
use object::attribute::bind;
use object::class::TYPE;
use object::dict::Dict;
use object::exception;
use object::native::{Extension, flag};
use object::str::Str;
use object::tuple::Tuple;
use object::{Getset, Method, Object, PyResult, Raised, Ref, RefOf, Slots, Type, Vm, method, names, type_new};

/// What this file adds to `type`.
pub static TYPE_EXTENSION: Extension =
    Extension { class: &TYPE, slots: Slots { or: Some(type_or), ..Slots::NONE }, methods: METHODS, getsets: GETSETS, members: &[] };

const METHODS: &[Method] = &[
    method!(Unary mro "($self, /)", "Return a type's method resolution order."),
    method!(Unary subclasses as "__subclasses__" "($self, /)", "Return a list of immediate subclasses."),
    method!(Raw prepare as "__prepare__" "($cls, name, bases, /, **kwds)", "Create the namespace for the class statement").class_method(),
    method!(Binary instance_check as "__instancecheck__" "($self, instance, /)", "Check if an object is an instance."),
    method!(Binary subclass_check as "__subclasscheck__" "($self, subclass, /)", "Check if a class is a subclass."),
    method!(Unary dir as "__dir__" "($self, /)", "Specialized __dir__ implementation for types."),
    method!(Unary size_of as "__sizeof__" "($self, /)", "Return memory consumption of the type object."),
];

const GETSETS: &[Getset] = &[
    Getset::new("__name__", "", get_name, set_name),
    Getset::new("__qualname__", "", get_qualname, set_qualname),
    Getset::new("__bases__", "", |_, this| Ok(class(this).bases_object()), set_bases),
    Getset::readonly("__mro__", "", |_, this| Ok(class(this).mro_object())),
    Getset::readonly("__base__", "", |_, this| Ok(class(this).base().map_or(Object::none(), Type::to_object))),
    Getset::new("__module__", "", get_module, set_module),
    Getset::new("__abstractmethods__", "", get_abstract_methods, set_abstract_methods),
    Getset::readonly("__dict__", "", get_dict),
    Getset::new("__doc__", "", get_doc, set_doc),
    Getset::readonly("__text_signature__", "", get_text_signature),
    Getset::new("__annotations__", "", get_annotations, set_annotations),
    Getset::new("__annotate__", "", get_annotate, set_annotate),
    Getset::new("__type_params__", "", get_type_params, set_type_params),
    Getset::readonly("__basicsize__", "", |vm, this| Ok(vm.new_int(class(this).basic_size() as i64))),
    Getset::readonly("__itemsize__", "", |vm, this| Ok(vm.new_int(class(this).item_size() as i64))),
    Getset::readonly("__flags__", "", |vm, this| Ok(vm.new_int(flags(class(this))))),
    Getset::readonly("__dictoffset__", "", |vm, this| Ok(vm.new_int(dict_offset(class(this))))),
    Getset::readonly("__weakrefoffset__", "", |vm, this| Ok(vm.new_int(weak_reference_offset(class(this))))),
];

fn class(this: Ref<'_>) -> &Type {
    this.downcast::<Type>().expect("the method belongs to types").get()
}

fn is_immutable(class: &Type) -> bool {
    class.is_immutable()
}

fn immutable_error(vm: &mut Vm, class: &Type, name: &str) -> Raised {
    vm.type_error(format!("cannot set '{name}' attribute of immutable type '{}'", class.full_name()))
}

/// The value to set, unless the type is immutable or the attribute is being deleted.
fn special_value<'a>(vm: &mut Vm, class: &Type, name: &str, value: Option<Ref<'a>>) -> PyResult<Ref<'a>> {
    if is_immutable(class) {
        return Err(immutable_error(vm, class, name));
    }
    match value {
        Some(value) => Ok(value),
        // CPython's word is "immutable" here too.
        None => Err(vm.type_error(format!("cannot delete '{name}' attribute of immutable type '{}'", class.full_name()))),
    }
}

fn own(class: &Type, name: Ref<'_>) -> Option<Object> {
    class.dict().get_interned(name).map(Ref::to_owned)
}

fn set_own(vm: &mut Vm, class: &Type, name: Ref<'_>, value: Object) {
    class.dict().set_interned(vm, name, value);
    class.modified();
}

fn remove_own(vm: &mut Vm, class: &Type, name: Ref<'_>) -> bool {
    let removed = class.dict().remove_interned(vm, name);
    class.modified();
    removed.is_some()
}

fn get_name(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    Ok(vm.new_str(class(this).name()).into_object())
}

fn set_name(vm: &mut Vm, this: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    let class = class(this);
    let value = special_value(vm, class, "__name__", value)?;
    let Some(text) = value.downcast::<Str>() else {
        let message = format!("can only assign string to {}.__name__, not '{}'", class.full_name(), value.class().full_name());
        return Err(vm.type_error(message));
    };
    let Some(text) = text.get().to_utf8() else {
        let position = text.code_points().position(|code_point| (0xd800..0xe000).contains(&code_point)).unwrap_or(0);
        let error = crate::text_codecs::errors::encode_error(vm, "utf-8", text.object(), position, position + 1, "surrogates not allowed");
        return Err(vm.raise_object(error));
    };
    if text.contains('\0') {
        return Err(vm.value_error("type name must not contain null characters"));
    }
    type_new::rename(class, &text);
    Ok(())
}

fn get_qualname(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    match class(this).qualname() {
        Some(name) => Ok(name),
        None => get_name(vm, this),
    }
}

fn set_qualname(vm: &mut Vm, this: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    let class = class(this);
    let value = special_value(vm, class, "__qualname__", value)?;
    if value.downcast::<Str>().is_none() {
        let message = format!("can only assign string to {}.__qualname__, not '{}'", class.full_name(), value.class().full_name());
        return Err(vm.type_error(message));
    }
    type_new::set_qualname(class, value.to_owned());
    Ok(())
}

fn set_bases(vm: &mut Vm, this: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    let class = this.downcast::<Type>().expect("the attribute belongs to types");
    let value = special_value(vm, class.get(), "__bases__", value)?;
    type_new::assign_bases(vm, class, value)
}

fn get_module(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let class = class(this);
    if !class.is_heap_type() {
        let module = class.full_name().rsplit_once('.').map_or("builtins", |(module, _)| module);
        return Ok(vm.intern(module).to_owned());
    }
    match own(class, names::__module__()) {
        Some(module) => Ok(module),
        None => Err(vm.raise(&exception::ATTRIBUTE_ERROR, "__module__")),
    }
}

fn set_module(vm: &mut Vm, this: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    let class = class(this);
    let value = special_value(vm, class, "__module__", value)?;
    let first_line = object::names::__firstlineno__();
    remove_own(vm, class, first_line);
    set_own(vm, class, names::__module__(), value.to_owned());
    Ok(())
}

fn get_abstract_methods(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let class = class(this);
    let found = if std::ptr::eq(class, &TYPE) { None } else { own(class, names::__abstractmethods__()) };
    found.ok_or_else(|| vm.attribute_error(this, names::__abstractmethods__(), "__abstractmethods__"))
}

fn set_abstract_methods(vm: &mut Vm, this: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    let class = class(this);
    let is_abstract = match value {
        Some(value) => {
            let is_abstract = vm.is_true(value)?;
            set_own(vm, class, names::__abstractmethods__(), value.to_owned());
            is_abstract
        }
        None => {
            if !remove_own(vm, class, names::__abstractmethods__()) {
                return Err(vm.attribute_error(this, names::__abstractmethods__(), "__abstractmethods__"));
            }
            false
        }
    };
    if is_abstract {
        class.set_flag(flag::ABSTRACT);
    } else {
        class.clear_flag(flag::ABSTRACT);
    }
    Ok(())
}

fn get_dict(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    Ok(new_proxy(vm, class(this).dict().object().to_owned()))
}

fn get_doc(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let class = class(this);
    if !class.is_heap_type() && !class.spec().doc.is_empty() {
        return Ok(vm.new_str(class.spec().doc).into_object());
    }
    match own(class, names::__doc__()) {
        // A class attribute that computes the doc is asked.
        Some(doc) => bind(vm, doc, None, class),
        None => Ok(Object::none()),
    }
}

fn set_doc(vm: &mut Vm, this: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    let class = class(this);
    let value = special_value(vm, class, "__doc__", value)?;
    set_own(vm, class, names::__doc__(), value.to_owned());
    Ok(())
}

fn get_text_signature(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let class = class(this);
    if class.is_heap_type() || class.spec().signature.is_empty() {
        return Ok(Object::none());
    }
    Ok(vm.new_str(class.spec().signature).into_object())
}

fn no_annotations(vm: &mut Vm, this: Ref<'_>, name: Ref<'_>) -> Raised {
    let message = format!("type object '{}' has no attribute '{}'", class(this).full_name(), vm.str_text(name).unwrap_or_default());
    vm.attribute_error(this, name, message)
}

fn get_annotations(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let class = class(this);
    if !class.is_heap_type() {
        return Err(no_annotations(vm, this, names::__annotations__()));
    }
    if let Some(found) = own(class, names::__annotations__()).or_else(|| own(class, names::__annotations_cache__())) {
        return bind(vm, found, None, class);
    }
    let annotate = get_annotate(vm, this)?;
    let annotations = if annotate.borrow().class().slots().call.is_some() {
        let annotations = vm.call(annotate.borrow(), &[Object::small_int(1).borrow()])?;
        if annotations.borrow().downcast::<Dict>().is_none() {
            return Err(vm.type_error(format!("__annotate__ returned non-dict of type '{}'", annotations.borrow().class().full_name())));
        }
        annotations
    } else {
        vm.new_dict().into_object()
    };
    set_own(vm, class, names::__annotations_cache__(), annotations.clone());
    Ok(annotations)
}

fn set_annotations(vm: &mut Vm, this: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    let class = class(this);
    if is_immutable(class) {
        return Err(immutable_error(vm, class, "__annotations__"));
    }
    match value {
        Some(value) => {
            let name = if own(class, names::__annotations__()).is_some() { names::__annotations__() } else { names::__annotations_cache__() };
            set_own(vm, class, name, value.to_owned());
        }
        None => {
            if !remove_own(vm, class, names::__annotations__()) && !remove_own(vm, class, names::__annotations_cache__()) {
                return Err(vm.attribute_error(this, names::__annotations__(), "__annotations__"));
            }
        }
    }
    remove_own(vm, class, names::__annotate_func__());
    remove_own(vm, class, names::__annotate__());
    Ok(())
}

fn get_annotate(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let class = class(this);
    if !class.is_heap_type() {
        return Err(no_annotations(vm, this, names::__annotate__()));
    }
    match own(class, names::__annotate__()).or_else(|| own(class, names::__annotate_func__())) {
        Some(found) => bind(vm, found, None, class),
        None => {
            set_own(vm, class, names::__annotate_func__(), Object::none());
            Ok(Object::none())
        }
    }
}

fn set_annotate(vm: &mut Vm, this: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    let class = class(this);
    let Some(value) = value else { return Err(vm.type_error("cannot delete __annotate__ attribute")) };
    if is_immutable(class) {
        return Err(immutable_error(vm, class, "__annotate__"));
    }
    if !value.is_none() && value.class().slots().call.is_none() {
        return Err(vm.type_error("__annotate__ must be callable or None"));
    }
    set_own(vm, class, names::__annotate_func__(), value.to_owned());
    if !value.is_none() {
        remove_own(vm, class, names::__annotations_cache__());
    }
    Ok(())
}

fn get_type_params(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let class = class(this);
    let found = if std::ptr::eq(class, &TYPE) { None } else { own(class, names::__type_params__()) };
    Ok(found.unwrap_or_else(|| vm.new_tuple([]).into_object()))
}

fn set_type_params(vm: &mut Vm, this: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    let class = class(this);
    let value = special_value(vm, class, "__type_params__", value)?;
    set_own(vm, class, names::__type_params__(), value.to_owned());
    Ok(())
}

/// `__flags__` with CPython's bits, as far as Python code looks at them.
fn flags(class: &Type) -> i64 {
    let own = [
        (flag::SEQUENCE, 5),
        (flag::MAPPING, 6),
        (flag::NO_INSTANTIATION, 7),
        (flag::HEAP, 9),
        (flag::BASE_TYPE, 10),
        (flag::READY, 12),
        (flag::METHOD_DESCRIPTOR, 17),
        (flag::ABSTRACT, 20),
        (flag::MATCH_SELF, 22),
        (flag::EXCEPTION, 30),
        (flag::METACLASS, 31),
    ];
    let layouts: [(&Type, u32); 6] = [
        (&object::int::INT, 24),
        (&object::list::LIST, 25),
        (&object::tuple::TUPLE, 26),
        (&object::bytes::BYTES, 27),
        (&object::str::STR, 28),
        (&object::dict::DICT, 29),
    ];
    let mut bits = own.iter().filter(|(flag, _)| class.has_flag(*flag)).fold(0i64, |bits, (_, bit)| bits | 1 << bit);
    bits |= layouts.iter().filter(|(base, _)| class.is_subclass_of(base)).fold(0, |bits, (_, bit)| bits | 1 << bit);
    // These are made at run time in CPython, which pickling looks at.
    const HEAP: u32 = 9;
    let is_made = matches!(
        class.full_name(),
        "typing.Generic" | "typing.TypeVar" | "typing.ParamSpec" | "typing.TypeVarTuple" | "typing.ParamSpecArgs" | "typing.ParamSpecKwargs"
    );
    bits |= i64::from(is_made) << HEAP;
    let traced = class.is_heap_type() || class.spec().payload.traced;
    bits | i64::from(is_immutable(class)) << 8 | i64::from(!class.is_heap_type()) << 1 | i64::from(traced) << 14
}

fn dict_offset(class: &Type) -> i64 {
    match (class.has_flag(flag::HAS_DICT), class.is_heap_type()) {
        (false, _) => {
            if class.has_flag(flag::METACLASS) {
                264
            } else {
                0
            }
        }
        (true, true) => -1,
        (true, false) => class.basic_size() as i64,
    }
}

fn weak_reference_offset(class: &Type) -> i64 {
    match (class.has_flag(flag::WEAK_REFERENCES), class.is_heap_type()) {
        (false, _) => 0,
        (true, true) => -32,
        (true, false) => class.basic_size() as i64,
    }
}

fn mro(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let bases = class(this).bases_object();
    let mut order = vec![this.to_owned()];
    if let Some(bases) = bases.borrow().downcast::<Tuple>() {
        order.extend(type_new::linearize(vm, bases.get().items())?);
    }
    Ok(vm.new_list(order).into_object())
}

fn subclasses(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    Ok(vm.new_list(type_new::subclasses(class(this))).into_object())
}

fn prepare(vm: &mut Vm, _this: Ref<'_>, _args: object::Args<'_>) -> PyResult {
    Ok(vm.new_dict().into_object())
}

fn instance_check(vm: &mut Vm, this: Ref<'_>, instance: Ref<'_>) -> PyResult {
    real_is_instance(vm, instance, this).map(Object::bool)
}

fn subclass_check(vm: &mut Vm, this: Ref<'_>, subclass: Ref<'_>) -> PyResult {
    real_is_subclass(vm, subclass, this).map(Object::bool)
}

/// Adds the names of a class and of all its bases.
pub(crate) fn merge_class_names(vm: &mut Vm, names_found: RefOf<'_, Dict>, class: Ref<'_>) -> PyResult<()> {
    vm.check_stack("")?;
    if let Some(dict) = vm.find_attr(class, names::__dict__())? {
        for key in vm.collect(dict.borrow())? {
            names_found.set(vm, key.borrow(), Object::none())?;
        }
    }
    let Some(bases) = vm.find_attr(class, names::__bases__())? else { return Ok(()) };
    if let Some(bases) = bases.borrow().downcast::<Tuple>() {
        for &base in bases.get().items() {
            merge_class_names(vm, names_found, base)?;
        }
    }
    Ok(())
}

fn dir(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let found = vm.new_dict();
    merge_class_names(vm, found.borrow(), this)?;
    Ok(vm.new_list(found.keys_snapshot(vm)).into_object())
}

fn size_of(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let class = class(this);
    let namespace = class.dict().get().allocated_bytes(vm);
    Ok(vm.new_int((std::mem::size_of::<Type>() + namespace) as i64))
}
