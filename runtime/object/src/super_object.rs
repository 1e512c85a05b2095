//! `super`: attribute lookup that starts after a given class in the method resolution order.

use crate::attribute::{bind, generic_get};
use crate::call::{self, Args};
use crate::cell::{ObjectCell, Visitor};
use crate::class::{Payload, TYPE, Type};
use crate::native::{Getset, Member, PayloadInfo, TypeSpec, flag};
use crate::slots::Slots;
use crate::value::{Object, Ref, RefOf};
use crate::vm::{PyResult, Vm, hooks};

pub mod site;

/// The payload of a `super`.
pub struct Super {
    class: ObjectCell,
    this: ObjectCell,
    this_class: ObjectCell,
}

/// `super`
pub static SUPER: Type = Type::new(&SUPER_SPEC);
static SUPER_SPEC: TypeSpec = TypeSpec {
    name: "super",
    doc: "super() -> same as super(__class__, <first argument>)\nsuper(type) -> unbound super object\nsuper(type, obj) -> bound super object; requires isinstance(obj, type)\nsuper(type, type2) -> bound super object; requires issubclass(type2, type)\nTypical use to call a cooperative superclass method:\nclass C(B):\n    def meth(self, arg):\n        super().meth(arg)\nThis works for class methods too:\nclass C(B):\n    @classmethod\n    def cmeth(cls, arg):\n        super().cmeth(arg)\n",
    flags: flag::BASE_TYPE,
    payload: PayloadInfo::of::<Super>(),
    slots: Slots { new: Some(new), init: Some(init), getattr: Some(get_attribute), repr: Some(repr), descr_get: Some(get), ..Slots::NONE },
    members: &[
        Member(Getset::readonly("__thisclass__", "the class invoking super()", |_, this| Ok(payload(this).class.get_or_none()))),
        Member(Getset::readonly("__self__", "the instance invoking super(); may be None", |_, this| Ok(payload(this).this.get_or_none()))),
        Member(Getset::readonly("__self_class__", "the type of the instance invoking super(); may be None", |_, this| {
            Ok(payload(this).this_class.get_or_none())
        })),
    ],
    ..TypeSpec::DEFAULT
};

impl Payload for Super {
    fn class() -> &'static Type {
        &SUPER
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        for cell in [&self.class, &self.this, &self.this_class] {
            cell.traverse(visitor);
        }
    }
}

fn payload(this: Ref<'_>) -> RefOf<'_, Super> {
    this.downcast::<Super>().expect("the slot belongs to the type")
}

fn new(vm: &mut Vm, class: RefOf<'_, Type>, _args: Args<'_>) -> PyResult {
    Ok(vm.allocate_in(class.get(), Super { class: ObjectCell::EMPTY, this: ObjectCell::EMPTY, this_class: ObjectCell::EMPTY }))
}

fn init(vm: &mut Vm, this: Ref<'_>, args: Args<'_>) -> PyResult<()> {
    if args.n_positional() > 2 {
        return Err(vm.type_error(format!("super() expected at most 2 arguments, got {}", args.n_positional())));
    }
    call::check_positional(vm, "super", args, 0, 2)?;
    let (class, object) = match *args.positionals() {
        [] => {
            let context = hooks().super_context;
            let (class, object) = match context {
                Some(context) => context(vm)?,
                None => return Err(vm.runtime_error("super(): no current frame")),
            };
            (class, Some(object))
        }
        [class] => (class.to_owned(), None),
        [class, object, ..] => (class.to_owned(), (!object.is_none()).then(|| object.to_owned())),
    };
    let Some(start) = class.borrow().downcast::<Type>() else {
        let message = format!("super() argument 1 must be a type, not {}", class.borrow().class().full_name());
        return Err(vm.type_error(message));
    };
    let this = payload(this);
    if let Some(object) = object {
        let object_class = check(vm, start.get(), object.borrow())?;
        this.this.set(Some(object));
        this.this_class.set(Some(object_class));
    }
    this.class.set(Some(class));
    Ok(())
}

/// The class whose order the lookup follows, where that can be said without running Python.
fn check_quickly<'a>(start: &Type, object: Ref<'a>) -> Option<&'a Type> {
    let own = object.downcast::<Type>().map(RefOf::get).filter(|class| class.is_subclass_of(start));
    own.or_else(|| Some(object.class()).filter(|class| class.is_subclass_of(start)))
}

/// The class whose order the lookup follows.
fn check(vm: &mut Vm, start: &Type, object: Ref<'_>) -> PyResult {
    if let Some(class) = check_quickly(start, object) {
        return Ok(class.to_object());
    }
    let name = crate::str::names::__class__();
    if let Some(class) = vm.find_attr(object, name)?
        && let Some(own) = class.borrow().downcast::<Type>()
        && own.get().is_subclass_of(start)
    {
        return Ok(class);
    }
    let kind = if object.downcast::<Type>().is_some() { "type" } else { "instance of" };
    let name = object.downcast::<Type>().map_or(object.class().full_name(), |class| class.get().full_name());
    let message = format!("super(type, obj): obj ({kind} {name}) is not an instance or subtype of type ({}).", start.full_name());
    Err(vm.type_error(message))
}

/// `super(class, this).name` without making the object; `None`: no class after `class` has it.
pub fn lookup(vm: &mut Vm, class: &Type, this: Ref<'_>, this_class: &Type, name: Ref<'_>) -> PyResult<Option<Object>> {
    let found = this_class
        .mro_types()
        .skip_while(|candidate| !std::ptr::eq(*candidate, class))
        .skip(1)
        .find_map(|candidate| candidate.dict().get_interned(name))
        .map(Ref::to_owned);
    let Some(found) = found else { return Ok(None) };
    let instance = if this.is(this_class.object()) { None } else { Some(this) };
    bind(vm, found, instance, this_class).map(Some)
}

/// What was found behind a class for `this`, asked for what it is for that.
pub fn bind_found(vm: &mut Vm, class: Ref<'_>, this: Ref<'_>, found: Object) -> PyResult {
    let start = class.downcast::<Type>().expect("a search began behind it");
    let this_class = check_quickly(start.get(), this).expect("a search was made in its order");
    let instance = if this.is(this_class.object()) { None } else { Some(this) };
    bind(vm, found, instance, this_class)
}

/// `super(class, this).name` for `LOAD_SUPER_ATTR`.
pub fn get_super_attribute(vm: &mut Vm, class: Ref<'_>, this: Ref<'_>, name: Ref<'_>) -> PyResult {
    let Some(start) = class.downcast::<Type>() else {
        let message = format!("super() argument 1 must be a type, not {}", class.class().full_name());
        return Err(vm.type_error(message));
    };
    let this_class = check(vm, start.get(), this)?;
    let this_type = this_class.borrow().downcast::<Type>().expect("checked to be a type");
    if !name.is(crate::str::names::__class__())
        && let Some(value) = lookup(vm, start.get(), this, this_type.get(), name)?
    {
        return Ok(value);
    }
    let object = vm.call(SUPER.object(), &[class, this])?;
    generic_get(vm, object.borrow(), name)
}

/// The same for a call: where the attribute is a plain method, it and its `self`.
pub fn get_super_method(vm: &mut Vm, class: Ref<'_>, this: Ref<'_>, name: Ref<'_>) -> PyResult<(Object, Option<Object>)> {
    if let Some(start) = class.downcast_exact::<Type>()
        && this.class().is_subclass_of(start.get())
        && let Some(found) = find_after(this.class(), start.get(), name)
        && found.class().has_flag(flag::METHOD_DESCRIPTOR)
        && !this.is_instance_of(&TYPE)
    {
        return Ok((found.to_owned(), Some(this.to_owned())));
    }
    get_super_attribute(vm, class, this, name).map(|value| (value, None))
}

fn find_after<'a>(class: &'a Type, start: &Type, name: Ref<'_>) -> Option<Ref<'a>> {
    let mut rest = class.mro_types().skip_while(|candidate| !std::ptr::eq(*candidate, start)).skip(1);
    rest.find_map(|candidate| candidate.dict().get_interned(name))
}

fn get_attribute(vm: &mut Vm, this: Ref<'_>, name: Ref<'_>) -> PyResult {
    let own = payload(this);
    if let (Some(class), Some(object), Some(object_class)) = (own.class.get(), own.this.get(), own.this_class.get())
        && !name.is(crate::str::names::__class__())
    {
        let class = class.borrow().downcast::<Type>().expect("checked to be a type");
        let object_class = object_class.borrow().downcast::<Type>().expect("checked to be a type");
        if let Some(value) = lookup(vm, class.get(), object.borrow(), object_class.get(), name)? {
            return Ok(value);
        }
    }
    generic_get(vm, this, name)
}

fn repr(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let own = payload(this);
    let name_of = |cell: &ObjectCell| cell.get().and_then(|class| class.borrow().downcast::<Type>().map(|class| class.get().name().to_owned()));
    let class = name_of(&own.class).unwrap_or_else(|| "NULL".into());
    let text = match name_of(&own.this_class) {
        Some(object) => format!("<super: <class '{class}'>, <{object} object>>"),
        None => format!("<super: <class '{class}'>, NULL>"),
    };
    Ok(vm.new_str(&text).into_object())
}

fn get(vm: &mut Vm, this: Ref<'_>, instance: Option<Ref<'_>>, _owner: Option<Ref<'_>>) -> PyResult {
    let own = payload(this);
    match (instance, own.class.get()) {
        (Some(instance), Some(class)) if !instance.is_none() && !own.this.is_set() => {
            let kind = this.class().to_object();
            vm.call(kind.borrow(), &[class.borrow(), instance])
        }
        _ => Ok(this.to_owned()),
    }
}
