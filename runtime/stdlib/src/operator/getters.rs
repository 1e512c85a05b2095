//! `itemgetter`, `attrgetter` and `methodcaller`.

use builtins::iterators::no_keywords;
use object::call::{Args, check_positional};
use object::cell::Visitor;
use object::native::PayloadInfo;
use object::str::{Str, StrBuilder};
use object::tuple::{TUPLE, Tuple};
use object::{Getset, Object, Payload, PyResult, Ref, RefOf, Slots, Type, TypeSpec, Vm, method};

fn payload<T: Payload>(object: Ref<'_>) -> &T {
    object.downcast::<T>().expect("the slot belongs to the type").get()
}

/// The signature of the callables, for `inspect`.
const TEXT_SIGNATURE: &[Getset] = &[Getset::readonly("__text_signature__", "", |vm, _| Ok(vm.new_str("(obj, /)").into_object()))];

/// Shows `name(args...)` with keyword arguments.
fn show(vm: &mut Vm, this: Ref<'_>, args: &[Object], keywords: &[(Object, Object)]) -> PyResult {
    vm.guard_repr(this, &format!("{}(...)", this.class().full_name()), |vm| show_parts(vm, this, args, keywords))
}

fn show_parts(vm: &mut Vm, this: Ref<'_>, args: &[Object], keywords: &[(Object, Object)]) -> PyResult {
    let mut text = StrBuilder::new();
    text.push_str(this.class().full_name());
    text.push_str("(");
    for (index, arg) in args.iter().enumerate() {
        text.push_str(if index > 0 { ", " } else { "" });
        text.push_object(&*vm.repr(arg.borrow())?);
    }
    for (name, value) in keywords {
        text.push_str(", ");
        text.push_object(&*vm.str(name.borrow())?);
        text.push_str("=");
        text.push_object(&*vm.repr(value.borrow())?);
    }
    text.push_str(")");
    Ok(text.finish(vm).into_object())
}

fn only_argument<'a>(vm: &mut Vm, name: &str, args: Args<'a>) -> PyResult<Ref<'a>> {
    check_positional(vm, name, args, 1, 1)?;
    Ok(args.positionals()[0])
}

/// The payload of an `itemgetter`.
pub struct ItemGetter {
    keys: Vec<Object>,
}

impl Payload for ItemGetter {
    fn class() -> &'static Type {
        &ITEM_GETTER
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        visitor.visit_all(&self.keys);
    }
}

/// `operator.itemgetter`
pub static ITEM_GETTER: Type = Type::new(&ITEM_GETTER_SPEC);
static ITEM_GETTER_SPEC: TypeSpec = TypeSpec {
    name: "operator.itemgetter",
    doc: "Return a callable object that fetches the given item(s) from its operand.\nAfter f = itemgetter(2), the call f(r) returns r[2].\nAfter g = itemgetter(2, 5, 3), the call g(r) returns (r[2], r[5], r[3])",
    signature: "(item, /, *items)",
    payload: PayloadInfo::of::<ItemGetter>(),
    slots: Slots {
        new: Some(new_item_getter),
        call: Some(call_item_getter),
        repr: Some(|vm, this| show(vm, this, &payload::<ItemGetter>(this).keys, &[])),
        ..Slots::NONE
    },
    methods: &[method!(Unary reduce_item_getter as "__reduce__" "($self, /)", "Return state information for pickling")],
    getsets: TEXT_SIGNATURE,
    ..TypeSpec::DEFAULT
};

fn new_item_getter(vm: &mut Vm, class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    no_keywords(vm, "itemgetter", class.get(), &ITEM_GETTER, args)?;
    if args.n_positional() == 0 {
        check_positional(vm, "itemgetter", args, 1, 1)?;
    }
    let keys = args.positionals().iter().map(|&key| key.to_owned()).collect();
    Ok(vm.allocate_in(class.get(), ItemGetter { keys }))
}

fn call_item_getter(vm: &mut Vm, this: Ref<'_>, args: Args<'_>) -> PyResult {
    let object = only_argument(vm, "itemgetter", args)?;
    let getter = payload::<ItemGetter>(this);
    if let [key] = &getter.keys[..] {
        if object.is_exactly(&TUPLE)
            && let (Some(tuple), Some(index)) = (object.downcast::<Tuple>(), key.borrow().as_small_int())
            && let Some(item) = usize::try_from(index).ok().and_then(|index| tuple.get().items().get(index))
        {
            return Ok(Ref::to_owned(*item));
        }
        return vm.get_item(object, key.borrow());
    }
    let items = getter.keys.iter().map(|key| vm.get_item(object, key.borrow())).collect::<PyResult<Vec<Object>>>()?;
    Ok(vm.new_tuple(items).into_object())
}

fn reduce_item_getter(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let keys = vm.new_tuple(payload::<ItemGetter>(this).keys.iter().cloned()).into_object();
    Ok(vm.new_tuple([this.class().to_object(), keys]).into_object())
}

/// The payload of an `attrgetter`: the names as given, and split at their dots and interned.
pub struct AttrGetter {
    names: Vec<Object>,
    paths: Vec<Vec<Object>>,
}

impl Payload for AttrGetter {
    fn class() -> &'static Type {
        &ATTR_GETTER
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        visitor.visit_all(&self.names);
    }
}

/// `operator.attrgetter`
pub static ATTR_GETTER: Type = Type::new(&ATTR_GETTER_SPEC);
static ATTR_GETTER_SPEC: TypeSpec = TypeSpec {
    name: "operator.attrgetter",
    doc: "Return a callable object that fetches the given attribute(s) from its operand.\nAfter f = attrgetter('name'), the call f(r) returns r.name.\nAfter g = attrgetter('name', 'date'), the call g(r) returns (r.name, r.date).\nAfter h = attrgetter('name.first', 'name.last'), the call h(r) returns\n(r.name.first, r.name.last).",
    signature: "(attr, /, *attrs)",
    payload: PayloadInfo::of::<AttrGetter>(),
    slots: Slots {
        new: Some(new_attr_getter),
        call: Some(call_attr_getter),
        repr: Some(|vm, this| show(vm, this, &payload::<AttrGetter>(this).names, &[])),
        ..Slots::NONE
    },
    methods: &[method!(Unary reduce_attr_getter as "__reduce__" "($self, /)", "Return state information for pickling")],
    getsets: TEXT_SIGNATURE,
    ..TypeSpec::DEFAULT
};

fn new_attr_getter(vm: &mut Vm, class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    no_keywords(vm, "attrgetter", class.get(), &ATTR_GETTER, args)?;
    if args.n_positional() == 0 {
        check_positional(vm, "attrgetter", args, 1, 1)?;
    }
    let (mut names, mut paths) = (Vec::new(), Vec::new());
    for &name in args.positionals() {
        let Some(text) = name.downcast::<Str>() else { return Err(vm.type_error("attribute name must be a string")) };
        names.push(name.to_owned());
        paths.push(path_of(vm, text.get()));
    }
    Ok(vm.allocate_in(class.get(), AttrGetter { names, paths }))
}

/// The parts of a dotted name, interned.
fn path_of(vm: &mut Vm, name: &Str) -> Vec<Object> {
    let mut path = Vec::new();
    let mut start = 0;
    for end in 0..=name.len() {
        if end == name.len() || name.char_at(end) == u32::from('.') {
            let part = vm.str_slice(name, start, end - start);
            path.push(vm.intern_str(part.borrow()).to_owned());
            start = end + 1;
        }
    }
    path
}

fn follow(vm: &mut Vm, object: Ref<'_>, path: &[Object]) -> PyResult {
    let mut value = object.to_owned();
    for name in path {
        value = vm.get_attr(value.borrow(), name.borrow())?;
    }
    Ok(value)
}

fn call_attr_getter(vm: &mut Vm, this: Ref<'_>, args: Args<'_>) -> PyResult {
    let object = only_argument(vm, "attrgetter", args)?;
    let getter = payload::<AttrGetter>(this);
    if let [path] = &getter.paths[..] {
        return follow(vm, object, path);
    }
    let values = getter.paths.iter().map(|path| follow(vm, object, path)).collect::<PyResult<Vec<Object>>>()?;
    Ok(vm.new_tuple(values).into_object())
}

fn reduce_attr_getter(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let names = vm.new_tuple(payload::<AttrGetter>(this).names.iter().cloned()).into_object();
    Ok(vm.new_tuple([this.class().to_object(), names]).into_object())
}

/// The payload of a `methodcaller`.
pub struct MethodCaller {
    /// Interned.
    name: Object,
    args: Vec<Object>,
    keywords: Vec<(Object, Object)>,
}

impl Payload for MethodCaller {
    fn class() -> &'static Type {
        &METHOD_CALLER
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        visitor.visit_all(&self.args);
        for (name, value) in &self.keywords {
            visitor.visit_all([name, value]);
        }
    }
}

/// `operator.methodcaller`
pub static METHOD_CALLER: Type = Type::new(&METHOD_CALLER_SPEC);
static METHOD_CALLER_SPEC: TypeSpec = TypeSpec {
    name: "operator.methodcaller",
    doc: "Return a callable object that calls the given method on its operand.\nAfter f = methodcaller('name'), the call f(r) returns r.name().\nAfter g = methodcaller('name', 'date', foo=1), the call g(r) returns\nr.name('date', foo=1).",
    signature: "(name, /, *args, **kwargs)",
    payload: PayloadInfo::of::<MethodCaller>(),
    slots: Slots { new: Some(new_method_caller), call: Some(call_method_caller), repr: Some(repr_method_caller), ..Slots::NONE },
    methods: &[method!(Unary reduce_method_caller as "__reduce__" "($self, /)", "Return state information for pickling")],
    getsets: TEXT_SIGNATURE,
    ..TypeSpec::DEFAULT
};

fn new_method_caller(vm: &mut Vm, class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    let Some((&name, rest)) = args.positionals().split_first() else {
        return Err(vm.type_error("methodcaller needs at least one argument, the method name"));
    };
    if name.downcast::<Str>().is_none() {
        return Err(vm.type_error("method name must be a string"));
    }
    let name = vm.attribute_name(name)?;
    let keywords = args.keywords().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let args = rest.iter().map(|&arg| arg.to_owned()).collect();
    Ok(vm.allocate_in(class.get(), MethodCaller { name, args, keywords }))
}

fn call_method_caller(vm: &mut Vm, this: Ref<'_>, args: Args<'_>) -> PyResult {
    let object = only_argument(vm, "methodcaller", args)?;
    let caller = payload::<MethodCaller>(this);
    if caller.keywords.is_empty() {
        return vm.call_method_named(object, caller.name.borrow(), Object::as_refs(&caller.args));
    }
    let method = vm.get_attr(object, caller.name.borrow())?;
    let names = vm.new_tuple(caller.keywords.iter().map(|(name, _)| name.clone()));
    let values: Vec<Ref<'_>> = caller.args.iter().chain(caller.keywords.iter().map(|(_, value)| value)).map(Object::borrow).collect();
    vm.call_with(method.borrow(), Args::new(&values, Some(names.borrow())))
}

fn repr_method_caller(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let caller = payload::<MethodCaller>(this);
    let args: Vec<Object> = std::iter::once(&caller.name).chain(&caller.args).cloned().collect();
    show(vm, this, &args, &caller.keywords)
}

fn reduce_method_caller(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let caller = payload::<MethodCaller>(this);
    let class = this.class().to_object();
    if caller.keywords.is_empty() {
        let args: Vec<Object> = std::iter::once(&caller.name).chain(&caller.args).cloned().collect();
        let args = vm.new_tuple(args).into_object();
        return Ok(vm.new_tuple([class, args]).into_object());
    }
    let functools = vm.import("functools")?;
    let partial = vm.get_attr_str(functools.borrow(), "partial")?;
    let names = vm.new_tuple(caller.keywords.iter().map(|(name, _)| name.clone()));
    let mut values = vec![class.borrow(), caller.name.borrow()];
    values.extend(caller.keywords.iter().map(|(_, value)| value.borrow()));
    let maker = vm.call_with(partial.borrow(), Args::new(&values, Some(names.borrow())))?;
    let args = vm.new_tuple(caller.args.iter().cloned()).into_object();
    Ok(vm.new_tuple([maker, args]).into_object())
}
