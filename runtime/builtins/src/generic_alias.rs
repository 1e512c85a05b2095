//! `types.GenericAlias`: `list[int]`, and the substitution of type parameters that it shares with unions
//! and type aliases.

use bytecode::opcode::Comparison;
use object::call::Args;
use object::cell::{ObjectCell, Visitor};
use object::generic_alias::{GENERIC_ALIAS, GenericAlias, payload};
use object::list::List;
use object::native::{Extension, PayloadInfo};
use object::str::{Str, StrBuilder};
use object::{Getset, Member, Method, Object, Payload, PyResult, Ref, RefOf, Slots, Type, TypeSpec, Vm, method, names};

pub mod substitution;
pub mod union;

pub use union::type_or;

pub(crate) static ALIAS_EXTENSION: Extension = Extension {
    class: &GENERIC_ALIAS,
    slots: Slots {
        new: Some(new),
        repr: Some(repr),
        hash: Some(hash),
        compare: Some(compare),
        call: Some(call),
        getattr: Some(get_attribute),
        getitem: Some(get_item),
        iter: Some(iter),
        or: Some(type_or),
        ..Slots::NONE
    },
    methods: METHODS,
    getsets: &[
        Getset::readonly("__parameters__", "Type variables in the GenericAlias.", parameters),
        Getset::readonly("__typing_unpacked_tuple_args__", "", unpacked_tuple_args),
    ],
    members: &[
        Member(Getset::readonly("__origin__", "", |_, this| Ok(alias(this).origin.get_or_none()))),
        Member(Getset::readonly("__args__", "", |_, this| Ok(alias(this).args.get_or_none()))),
        Member(Getset::readonly("__unpacked__", "", |_, this| Ok(Object::bool(alias(this).starred.get())))),
    ],
};

const METHODS: &[Method] = &[
    method!(Binary mro_entries as "__mro_entries__" "($self, bases, /)", ""),
    method!(Binary instance_check as "__instancecheck__" "($self, instance, /)", ""),
    method!(Binary subclass_check as "__subclasscheck__" "($self, subclass, /)", ""),
    method!(Unary reduce as "__reduce__" "($self, /)", ""),
    method!(Unary dir as "__dir__" "($self, /)", ""),
];

/// Attributes that are the alias's own; all others are the origin's.
const OWN_ATTRIBUTES: [&str; 9] = [
    "__class__",
    "__origin__",
    "__args__",
    "__unpacked__",
    "__parameters__",
    "__typing_unpacked_tuple_args__",
    "__mro_entries__",
    "__reduce_ex__",
    "__reduce__",
];
/// Attributes that neither has.
const BLOCKED_ATTRIBUTES: [&str; 3] = ["__bases__", "__copy__", "__deepcopy__"];

pub(crate) fn alias(this: Ref<'_>) -> &GenericAlias {
    this.downcast::<GenericAlias>().expect("the slot belongs to generic aliases").get()
}

fn new(vm: &mut Vm, class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    object::call::check_positional(vm, "GenericAlias", args, 2, 2)?;
    let payload = payload(vm, args.positionals()[0], args.positionals()[1]);
    Ok(vm.allocate_in(class.get(), payload))
}

/// How a type is shown inside an alias or union.
pub fn push_type_repr(vm: &mut Vm, text: &mut StrBuilder, item: Ref<'_>) -> PyResult<()> {
    if item.is(Ref::ELLIPSIS) {
        text.push_str("...");
        return Ok(());
    }
    if item.is(object::singleton::NONE_TYPE.object()) {
        text.push_str("None");
        return Ok(());
    }
    let is_alias = vm.find_attr(item, names::__origin__())?.is_some() && vm.find_attr(item, names::__args__())?.is_some();
    if !is_alias
        && let Some(qualname) = vm.find_attr(item, names::__qualname__())?
        && let Some(module) = vm.find_attr(item, names::__module__())?.filter(|module| !module.borrow().is_none())
    {
        let is_builtin = module.borrow().downcast::<Str>().is_some_and(|module| module.equals_str("builtins"));
        if !is_builtin {
            text.push_object(vm.str(module.borrow())?.borrow().get());
            text.push_str(".");
        }
        text.push_object(vm.str(qualname.borrow())?.borrow().get());
        return Ok(());
    }
    text.push_object(vm.repr(item)?.borrow().get());
    Ok(())
}

fn repr(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let own = alias(this);
    let (origin, args) = (own.origin.get_or_none(), own.args.get_or_none());
    let mut text = StrBuilder::new();
    if own.starred.get() {
        text.push_str("*");
    }
    push_type_repr(vm, &mut text, origin.borrow())?;
    text.push_str("[");
    let items = vm.collect(args.borrow())?;
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            text.push_str(", ");
        }
        match item.borrow().downcast::<List>() {
            Some(list) => push_list(vm, &mut text, list)?,
            None => push_type_repr(vm, &mut text, item.borrow())?,
        }
    }
    if items.is_empty() {
        text.push_str("()");
    }
    text.push_str("]");
    Ok(text.finish(vm).into_object())
}

/// The parameter list of a `Callable`.
fn push_list(vm: &mut Vm, text: &mut StrBuilder, list: RefOf<'_, List>) -> PyResult<()> {
    text.push_str("[");
    for index in 0..list.len(vm) {
        if index > 0 {
            text.push_str(", ");
        }
        // Showing an item may have emptied the list.
        let Some(item) = list.get().get(vm, index).map(Ref::to_owned) else { return Err(vm.index_error("list index out of range")) };
        push_type_repr(vm, text, item.borrow())?;
    }
    text.push_str("]");
    Ok(())
}

fn hash(vm: &mut Vm, this: Ref<'_>) -> PyResult<i64> {
    let (origin, args) = (alias(this).origin.get_or_none(), alias(this).args.get_or_none());
    let hash = vm.hash(origin.borrow())? ^ vm.hash(args.borrow())?;
    Ok(if hash == -1 { -2 } else { hash })
}

fn compare(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>, op: Comparison) -> PyResult {
    let (Some(of_left), Some(of_right)) = (left.downcast::<GenericAlias>(), right.downcast::<GenericAlias>()) else {
        return Ok(Object::not_implemented());
    };
    if !matches!(op, Comparison::Equal | Comparison::NotEqual) {
        return Ok(Object::not_implemented());
    }
    let pair = |left: &ObjectCell, right: &ObjectCell| (left.get_or_none(), right.get_or_none());
    let (origins, args) = (pair(&of_left.origin, &of_right.origin), pair(&of_left.args, &of_right.args));
    let equal = of_left.starred.get() == of_right.starred.get()
        && vm.equal(origins.0.borrow(), origins.1.borrow())?
        && vm.equal(args.0.borrow(), args.1.borrow())?;
    Ok(Object::bool(equal == (op == Comparison::Equal)))
}

/// Makes an instance of the origin, and tells it what it was made of.
fn call(vm: &mut Vm, this: Ref<'_>, args: Args<'_>) -> PyResult {
    let origin = alias(this).origin.get_or_none();
    let made = vm.call_with(origin.borrow(), args)?;
    if let Err(raised) = vm.set_attr(made.borrow(), names::__orig_class__(), Some(this)) {
        let harmless = vm
            .raised()
            .is_some_and(|error| error.is_instance_of(&object::exception::ATTRIBUTE_ERROR) || error.is_instance_of(&object::exception::TYPE_ERROR));
        if !harmless {
            return Err(raised);
        }
        vm.catch(raised);
    }
    Ok(made)
}

fn get_attribute(vm: &mut Vm, this: Ref<'_>, name: Ref<'_>) -> PyResult {
    let text = name.downcast::<Str>().and_then(|name| name.get().as_str()).unwrap_or_default();
    if OWN_ATTRIBUTES.contains(&text) || BLOCKED_ATTRIBUTES.contains(&text) {
        return object::attribute::generic_get(vm, this, name);
    }
    let origin = alias(this).origin.get_or_none();
    vm.get_attr(origin.borrow(), name)
}

fn parameters(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    if let Some(known) = alias(this).parameters.get() {
        return Ok(known);
    }
    let args = alias(this).args.get_or_none();
    let found = substitution::make_parameters(vm, args.borrow())?;
    alias(this).parameters.set(Some(found.clone()));
    Ok(found)
}

fn unpacked_tuple_args(_vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let own = alias(this);
    let is_tuple = own.origin.get_or_none().borrow().is(object::tuple::TUPLE.object());
    Ok(if own.starred.get() && is_tuple { own.args.get_or_none() } else { Object::none() })
}

fn get_item(vm: &mut Vm, this: Ref<'_>, item: Ref<'_>) -> PyResult {
    let parameters = parameters(vm, this)?;
    let (origin, args) = (alias(this).origin.get_or_none(), alias(this).args.get_or_none());
    let args = substitution::substitute(vm, this, args.borrow(), parameters.borrow(), item)?;
    let made = vm.generic_alias(origin.borrow(), args.borrow())?;
    alias(made.borrow()).starred.set(alias(this).starred.get());
    Ok(made)
}

fn mro_entries(vm: &mut Vm, this: Ref<'_>, _bases: Ref<'_>) -> PyResult {
    Ok(vm.new_tuple([alias(this).origin.get_or_none()]).into_object())
}

fn instance_check(vm: &mut Vm, _this: Ref<'_>, _instance: Ref<'_>) -> PyResult {
    Err(vm.type_error("isinstance() argument 2 cannot be a parameterized generic"))
}

fn subclass_check(vm: &mut Vm, _this: Ref<'_>, _subclass: Ref<'_>) -> PyResult {
    Err(vm.type_error("issubclass() argument 2 cannot be a parameterized generic"))
}

fn builtin(vm: &mut Vm, name: &str) -> PyResult {
    let builtins = vm.import("builtins")?;
    vm.get_attr_str(builtins.borrow(), name)
}

fn reduce(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let own = alias(this);
    let (origin, args) = (own.origin.get_or_none(), own.args.get_or_none());
    if own.starred.get() {
        let plain = vm.generic_alias(origin.borrow(), args.borrow())?;
        let iterator = vm.iter(plain.borrow())?;
        let next = builtin(vm, "next")?;
        let args = vm.new_tuple([iterator]).into_object();
        return Ok(vm.new_tuple([next, args]).into_object());
    }
    let parts = vm.new_tuple([origin, args]).into_object();
    Ok(vm.new_tuple([this.class().to_object(), parts]).into_object())
}

fn dir(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let origin = alias(this).origin.get_or_none();
    let dir = builtin(vm, "dir")?;
    let listed = vm.call(dir.borrow(), &[origin.borrow()])?;
    let mut listed = vm.collect(listed.borrow())?;
    for name in OWN_ATTRIBUTES {
        let name = vm.intern(name);
        let mut known = false;
        for entry in &listed {
            known = known || vm.equal(entry.borrow(), name)?;
        }
        if !known {
            listed.push(name.to_owned());
        }
    }
    Ok(vm.new_list(listed).into_object())
}

/// The payload of the iterator that gives `*list[int]` once.
pub struct AliasIterator {
    alias: ObjectCell,
}

/// The type of the iterator of an alias.
pub static ALIAS_ITERATOR: Type = Type::new(&ALIAS_ITERATOR_SPEC);
static ALIAS_ITERATOR_SPEC: TypeSpec = TypeSpec {
    name: "generic_alias_iterator",
    payload: PayloadInfo::of::<AliasIterator>(),
    slots: Slots { iter: Some(object::protocol::iter_self), next: Some(next), ..Slots::NONE },
    methods: &[method!(Unary reduce_iterator as "__reduce__" "($self, /)", "")],
    ..TypeSpec::DEFAULT
};

impl Payload for AliasIterator {
    fn class() -> &'static Type {
        &ALIAS_ITERATOR
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        self.alias.traverse(visitor);
    }
}

fn iter(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    Ok(vm.allocate(AliasIterator { alias: ObjectCell::new(Some(this.to_owned())) }).into_object())
}

fn iterator(this: Ref<'_>) -> &AliasIterator {
    this.downcast::<AliasIterator>().expect("the slot belongs to the iterator").get()
}

fn next(vm: &mut Vm, this: Ref<'_>) -> PyResult<Option<Object>> {
    let Some(plain) = iterator(this).alias.take() else { return Ok(None) };
    let own = alias(plain.borrow());
    let (origin, args) = (own.origin.get_or_none(), own.args.get_or_none());
    let starred = vm.generic_alias(origin.borrow(), args.borrow())?;
    alias(starred.borrow()).starred.set(true);
    Ok(Some(starred))
}

fn reduce_iterator(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let iter = builtin(vm, "iter")?;
    let source = iterator(this).alias.get().unwrap_or_else(|| vm.new_tuple([]).into_object());
    let args = vm.new_tuple([source]).into_object();
    Ok(vm.new_tuple([iter, args]).into_object())
}
