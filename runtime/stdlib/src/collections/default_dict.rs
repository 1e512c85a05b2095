//! `defaultdict`.

use super::payload;
use object::call::Args;
use object::cell::{ObjectCell, Visitor};
use object::dict::{DICT, Dict};
use object::native::{PayloadInfo, flag};
use object::str::StrBuilder;
use object::{Getset, Member, Method, Object, Payload, PyResult, Ref, RefOf, Slots, Type, TypeSpec, Vm, method};

/// The payload of a `defaultdict`: it starts with that of a `dict`.
#[repr(C)]
pub struct DefaultDict {
    dict: Dict,
    factory: ObjectCell,
}

impl Payload for DefaultDict {
    fn class() -> &'static Type {
        &DEFAULT_DICT
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        self.dict.traverse(visitor);
        self.factory.traverse(visitor);
    }

    fn clear(&self, vm: &mut Vm) {
        Payload::clear(&self.dict, vm);
        self.factory.set(None);
    }
}

/// `collections.defaultdict`
pub static DEFAULT_DICT: Type = Type::new(&DEFAULT_DICT_SPEC);
static DEFAULT_DICT_SPEC: TypeSpec = TypeSpec {
    name: "collections.defaultdict",
    doc: "defaultdict(default_factory=None, /, [...]) --> dict with default factory\n\nThe default factory is called without arguments to produce\na new value when a key is not present, in __getitem__ only.\nA defaultdict compares equal to a dict with the same items.\nAll remaining arguments are treated the same as if they were\npassed to the dict constructor, including keyword arguments.\n",
    base: Some(&DICT),
    flags: flag::BASE_TYPE | flag::MAPPING,
    payload: PayloadInfo::of::<DefaultDict>(),
    slots: Slots { new: Some(new), init: Some(init), repr: Some(repr), or: Some(or), ..Slots::NONE },
    methods: METHODS,
    members: &[Member(Getset::new(
        "default_factory",
        "Factory for default value called by __missing__().",
        |_, this| Ok(payload::<DefaultDict>(this).factory.get_or_none()),
        |_, this, value| {
            payload::<DefaultDict>(this).factory.set(value.map(Ref::to_owned));
            Ok(())
        },
    ))],
    ..TypeSpec::DEFAULT
};

const METHODS: &[Method] = &[
    method!(Binary missing as "__missing__" "($self, object, /)", "__missing__(key) # Called by __getitem__ for missing key; pseudo-code:\n  if self.default_factory is None: raise KeyError((key,))\n  self[key] = value = self.default_factory()\n  return value\n"),
    method!(Unary copy "($self, /)", "D.copy() -> a shallow copy of D."),
    method!(Unary copy as "__copy__" "($self, /)", "D.copy() -> a shallow copy of D."),
    method!(Unary reduce as "__reduce__" "($self, /)", "Return state information for pickling."),
    method!(Binary class_get_item as "__class_getitem__" "($type, object, /)", "defaultdicts are generic over two types, signifying (respectively) the types of the dictionary's keys and values").class_method(),
];

fn new(vm: &mut Vm, class: RefOf<'_, Type>, _args: Args<'_>) -> PyResult {
    Ok(vm.allocate_in(class.get(), DefaultDict { dict: Dict::new(), factory: ObjectCell::EMPTY }))
}

fn init(vm: &mut Vm, this: Ref<'_>, args: Args<'_>) -> PyResult<()> {
    let mut rest = args;
    let mut factory = None;
    if let Some(&first) = args.positionals().first() {
        if !first.is_none() && first.class().slots().call.is_none() {
            return Err(vm.type_error("first argument must be callable or None"));
        }
        factory = Some(first.to_owned());
        rest = args.skip(1);
    }
    payload::<DefaultDict>(this).factory.set(factory);
    match DICT.slots().init {
        Some(init) => init(vm, this, rest),
        None => Ok(()),
    }
}

fn missing(vm: &mut Vm, this: Ref<'_>, key: Ref<'_>) -> PyResult {
    let factory = payload::<DefaultDict>(this).factory.get_or_none();
    if factory.borrow().is_none() {
        return Err(vm.key_error(key));
    }
    let value = vm.call(factory.borrow(), &[])?;
    // The factory may have set the key meanwhile.
    payload::<DefaultDict>(this).dict.set_default(vm, key, value)
}

fn repr(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let factory = payload::<DefaultDict>(this).factory.get_or_none();
    let base = match DICT.slots().repr {
        Some(repr) => repr(vm, this)?,
        None => return Ok(Object::none()),
    };
    let mut text = StrBuilder::new();
    text.push_fmt(format_args!("{}(", this.class().name()));
    if vm.enter_repr(factory.borrow()) {
        let shown = vm.repr(factory.borrow());
        vm.leave_repr(factory.borrow());
        text.push_object(&*shown?);
    } else {
        text.push_str("...");
    }
    text.push_str(", ");
    if let Some(base) = base.borrow().downcast::<object::str::Str>() {
        text.push_object(base.get());
    }
    text.push_str(")");
    Ok(text.finish(vm).into_object())
}

fn copy(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let factory = payload::<DefaultDict>(this).factory.get_or_none();
    vm.call(this.class().object(), &[factory.borrow(), this])
}

fn or(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>) -> PyResult {
    let (this, other) = if left.downcast::<DefaultDict>().is_some() { (left, right) } else { (right, left) };
    if other.downcast::<Dict>().is_none() {
        return Ok(Object::not_implemented());
    }
    let factory = payload::<DefaultDict>(this).factory.get_or_none();
    let result = vm.call(this.class().object(), &[factory.borrow(), left])?;
    let Some(dict) = result.borrow().downcast::<Dict>() else { return Ok(Object::not_implemented()) };
    builtins::dict::update_from(vm, dict, right)?;
    Ok(result.clone())
}

fn reduce(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let factory = payload::<DefaultDict>(this).factory.get().filter(|factory| !factory.borrow().is_none());
    let args = vm.new_tuple(factory.into_iter().collect::<Vec<_>>()).into_object();
    let items = vm.call_method(this, "items", &[])?;
    let items = vm.iter(items.borrow())?;
    Ok(vm.new_tuple([this.class().to_object(), args, Object::none(), Object::none(), items]).into_object())
}

fn class_get_item(vm: &mut Vm, class: Ref<'_>, args: Ref<'_>) -> PyResult {
    vm.generic_alias(class, args)
}
