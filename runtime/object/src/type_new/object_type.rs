//! `object` and `type`: the slots everything inherits. Their methods are in the builtins crate.

use crate::attribute;
use crate::call::Args;
use crate::class::{OBJECT, TYPE, Type};
use crate::exception;
use crate::native::{PayloadInfo, TypeSpec, flag};
use crate::slots::{NewFn, Slots};
use crate::value::{Object, Ref, RefOf};
use crate::vm::{PyResult, Vm};
use bytecode::opcode::Comparison;

/// `object.__doc__`
pub const OBJECT_EXTENSION_DOC: &str = "The base class of the class hierarchy.\n\nWhen called, it accepts no arguments and returns a new featureless\ninstance that has no instance attributes and cannot be given any.\n";

pub(crate) static OBJECT_SPEC: TypeSpec = TypeSpec {
    name: "object",
    doc: OBJECT_EXTENSION_DOC,
    flags: flag::BASE_TYPE,
    payload: PayloadInfo::NONE,
    slots: Slots {
        new: Some(object_new),
        init: Some(object_init),
        repr: Some(object_repr),
        str: Some(|vm, this| vm.repr(this).map(Object::from)),
        hash: Some(|_, this| Ok(identity_hash(this))),
        compare: Some(object_compare),
        getattr: None,
        setattr: None,
        ..Slots::NONE
    },
    signature: "()",
    ..TypeSpec::DEFAULT
};

pub(crate) static TYPE_SPEC: TypeSpec = TypeSpec {
    name: "type",
    doc: "type(object) -> the object's type\ntype(name, bases, dict, **kwds) -> a new type",
    flags: flag::BASE_TYPE | flag::WEAK_REFERENCES | flag::METACLASS,
    payload: PayloadInfo::of::<Type>(),
    slots: Slots {
        new: Some(super::construct::type_new),
        init: Some(type_init),
        call: Some(type_call),
        repr: Some(type_repr),
        getattr: Some(attribute::type_get),
        setattr: Some(attribute::type_set),
        ..Slots::NONE
    },
    ..TypeSpec::DEFAULT
};

/// The hash of an object by its identity.
#[inline]
pub(crate) fn identity_hash(this: Ref<'_>) -> i64 {
    let hash = this.bits().rotate_right(4) as i64;
    if hash == -1 { -2 } else { hash }
}

/// Whether a class has another function in a slot than `object`.
fn overrides_new(class: &Type) -> bool {
    !matches!((class.slots().new, OBJECT.slots().new), (Some(own), Some(base)) if std::ptr::fn_addr_eq(own, base))
}

fn overrides_init(class: &Type) -> bool {
    !matches!((class.slots().init, OBJECT.slots().init), (Some(own), Some(base)) if std::ptr::fn_addr_eq(own, base))
}

/// The `__init__` of a class that leaves everything else about making instances to `object` and `type`.
#[inline]
pub fn plain_init(class: &Type) -> Option<Ref<'_>> {
    if overrides_new(class) || class.has_flag(flag::ABSTRACT | flag::NO_INSTANTIATION) || class.payload_ref().size > PayloadInfo::NONE.size {
        return None;
    }
    class.lookup(crate::str::names::__init__())
}

/// What makes the instances of a builtin class, if a call of it does nothing else.
pub fn plain_new(class: &Type) -> Option<NewFn> {
    let is_plain = !class.is_heap_type() && !class.has_flag(flag::NO_INSTANTIATION) && !std::ptr::eq(class, &TYPE);
    class.slots().new.filter(|_| is_plain && overrides_new(class) && !overrides_init(class))
}

/// What makes the instances of a builtin class, and whether they have an `__init__` of their own, if calling the class does nothing else.
pub fn builtin_maker(class: &Type) -> Option<(NewFn, bool)> {
    let is_builtin = !class.is_heap_type() && !class.has_flag(flag::NO_INSTANTIATION) && !std::ptr::eq(class, &TYPE);
    let new = class.slots().new.filter(|_| is_builtin)?;
    Some((new, !overrides_new(class) || overrides_init(class)))
}

/// What a call of a class comes to after `__new__`.
#[inline]
pub fn initialize(vm: &mut Vm, class: &Type, object: Object, args: Args<'_>) -> PyResult {
    if object.borrow().is_instance_of(class)
        && let Some(init) = object.borrow().class().slots().init
    {
        init(vm, object.borrow(), args)?;
    }
    Ok(object)
}

/// `object.__new__`
pub fn object_new(vm: &mut Vm, class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    let class = class.get();
    if !args.values().is_empty() {
        if overrides_new(class) {
            return Err(vm.type_error("object.__new__() takes exactly one argument (the type to instantiate)"));
        }
        if !overrides_init(class) {
            return Err(vm.type_error(format!("{}() takes no arguments", class.full_name())));
        }
    }
    if class.has_flag(flag::ABSTRACT) {
        return Err(abstract_error(vm, class));
    }
    if class.has_flag(flag::NO_INSTANTIATION) {
        return Err(vm.type_error(format!("cannot create '{}' instances", class.full_name())));
    }
    if class.payload().size > PayloadInfo::NONE.size {
        let message = format!("object.__new__({}) is not safe, use {}.__new__()", class.full_name(), class.spec().name);
        return Err(vm.type_error(message));
    }
    Ok(vm.allocate_plain(class))
}

#[cold]
fn abstract_error(vm: &mut Vm, class: &Type) -> crate::vm::Raised {
    let names = match abstract_names(vm, class) {
        Ok(names) => names,
        Err(raised) => return raised,
    };
    let quoted: Vec<String> = names.iter().map(|name| format!("'{name}'")).collect();
    let plural = if names.len() == 1 { "" } else { "s" };
    let message =
        format!("Can't instantiate abstract class {} without an implementation for abstract method{plural} {}", class.name(), quoted.join(", "));
    vm.type_error(message)
}

fn abstract_names(vm: &mut Vm, class: &Type) -> PyResult<Vec<String>> {
    let name = crate::str::names::__abstractmethods__();
    let set = vm.get_attr(class.object(), name)?;
    let mut names = Vec::new();
    for item in vm.collect(set.borrow())? {
        names.push(vm.str_text(item.borrow())?);
    }
    names.sort();
    Ok(names)
}

fn object_init(vm: &mut Vm, this: Ref<'_>, args: Args<'_>) -> PyResult<()> {
    if args.values().is_empty() {
        return Ok(());
    }
    let class = this.class();
    if overrides_init(class) {
        return Err(vm.type_error("object.__init__() takes exactly one argument (the instance to initialize)"));
    }
    if !overrides_new(class) {
        return Err(vm.type_error(format!("{}.__init__() takes exactly one argument (the instance to initialize)", class.full_name())));
    }
    Ok(())
}

fn object_repr(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let class = this.class();
    let qualname = qualified_name(vm, class);
    let text = format!("<{qualname} object at {:#x}>", this.bits());
    Ok(vm.new_str(&text).into_object())
}

/// `module.qualname`, or the qualified name alone for builtins.
pub fn qualified_name(vm: &mut Vm, class: &Type) -> String {
    if !class.is_heap_type() {
        return class.full_name().to_owned();
    }
    let module = crate::str::names::__module__();
    let qualname = class.qualname.get().and_then(|name| vm.str_text(name.borrow()).ok()).unwrap_or_else(|| class.name().to_owned());
    let module = class.dict().get_interned(module).map(Ref::to_owned).and_then(|module| module.downcast::<crate::str::Str>().ok());
    match module.as_ref().and_then(|module| module.as_str()) {
        Some("builtins") | None => qualname,
        Some(module) => format!("{module}.{qualname}"),
    }
}

fn type_repr(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let class = this.downcast::<Type>().expect("the slot belongs to `type`");
    let text = format!("<class '{}'>", qualified_name(vm, class.get()));
    Ok(vm.new_str(&text).into_object())
}

fn object_compare(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>, op: Comparison) -> PyResult {
    match op {
        Comparison::Equal if left.is(right) => Ok(Object::bool(true)),
        // `!=` is the opposite of `==`, whoever defines that.
        Comparison::NotEqual => {
            let Some(compare) = left.class().slots().compare else { return Ok(Object::not_implemented()) };
            let equal = compare(vm, left, right, Comparison::Equal)?;
            if equal.borrow().is_not_implemented() {
                return Ok(equal);
            }
            Ok(Object::bool(!vm.is_true(equal.borrow())?))
        }
        _ => Ok(Object::not_implemented()),
    }
}

/// `type(...)`, and what calling any class does.
fn type_call(vm: &mut Vm, callee: Ref<'_>, args: Args<'_>) -> PyResult {
    let class = callee.downcast::<Type>().expect("the slot belongs to `type`");
    if std::ptr::eq(class.get(), &TYPE) && !args.has_keywords() {
        match *args.positionals() {
            [object] => return Ok(object.class().to_object()),
            [_, _, _] => {}
            _ => return Err(vm.type_error("type() takes 1 or 3 arguments")),
        }
    }
    let new = class.get().slots().new.filter(|_| !class.get().has_flag(flag::NO_INSTANTIATION));
    let Some(new) = new else {
        return Err(vm.raise(&exception::TYPE_ERROR, format!("cannot create '{}' instances", class.get().full_name())));
    };
    if !class.get().is_heap_type() && overrides_new(class.get()) && !overrides_init(class.get()) {
        // `object.__init__` has nothing to say, and the arguments need not be kept for it.
        return new(vm, class, args);
    }
    let object = new(vm, class, args)?;
    initialize(vm, class.get(), object, args)
}

fn type_init(vm: &mut Vm, _this: Ref<'_>, args: Args<'_>) -> PyResult<()> {
    if args.has_keywords() && args.n_positional() == 1 {
        return Err(vm.type_error("type.__init__() takes no keyword arguments"));
    }
    if args.n_positional() == 1 || args.n_positional() == 3 {
        return Ok(());
    }
    Err(vm.type_error("type.__init__() takes 1 or 3 arguments"))
}
