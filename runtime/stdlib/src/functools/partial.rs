//! `partial` and its `Placeholder`.

use super::payload;
use object::call::Args;
use object::cell::{ObjectCell, Visitor};
use object::dict::Dict;
use object::instance;
use object::native::{PayloadInfo, flag};
use object::str::{StrBuilder, names};
use object::tuple::{TUPLE, Tuple};
use object::{Getset, Member, Method, Object, Payload, PyResult, Ref, RefOf, Slots, Type, TypeSpec, Vm, method};

/// The payload of `Placeholder`.
pub struct Placeholder;

impl Payload for Placeholder {
    fn class() -> &'static Type {
        &PLACEHOLDER_TYPE
    }
}

/// `functools._PlaceholderType`
pub static PLACEHOLDER_TYPE: Type = Type::new(&PLACEHOLDER_SPEC);
static PLACEHOLDER_SPEC: TypeSpec = TypeSpec {
    name: "functools._PlaceholderType",
    doc: "The type of the Placeholder singleton.\n\nUsed as a placeholder for partial arguments.",
    payload: PayloadInfo::leaf::<Placeholder>(),
    slots: Slots { new: Some(new_placeholder), repr: Some(|vm, _| Ok(vm.new_str("Placeholder").into_object())), ..Slots::NONE },
    methods: &[method!(Unary reduce_placeholder as "__reduce__" "($self, /)", "")],
    ..TypeSpec::DEFAULT
};

/// The only placeholder.
static PLACEHOLDER: ObjectCell = ObjectCell::EMPTY;

/// `functools.Placeholder`
pub(super) fn placeholder(vm: &Vm) -> Object {
    if let Some(placeholder) = PLACEHOLDER.get() {
        return placeholder;
    }
    let placeholder = vm.allocate(Placeholder).into_object();
    placeholder.borrow().immortalize();
    PLACEHOLDER.set(Some(placeholder.clone()));
    placeholder
}

fn new_placeholder(vm: &mut Vm, _class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    if !args.values().is_empty() {
        return Err(vm.type_error("PlaceholderType takes no arguments"));
    }
    Ok(placeholder(vm))
}

fn reduce_placeholder(vm: &mut Vm, _this: Ref<'_>) -> PyResult {
    Ok(vm.new_str("Placeholder").into_object())
}

fn is_placeholder(object: Ref<'_>) -> bool {
    object.is_exactly(&PLACEHOLDER_TYPE)
}

/// The payload of a `partial`.
pub struct Partial {
    function: ObjectCell,
    /// A tuple.
    args: ObjectCell,
    /// A dict.
    keywords: ObjectCell,
}

impl Payload for Partial {
    fn class() -> &'static Type {
        &PARTIAL
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        for cell in [&self.function, &self.args, &self.keywords] {
            cell.traverse(visitor);
        }
    }
}

/// `functools.partial`
pub static PARTIAL: Type = Type::new(&PARTIAL_SPEC);
static PARTIAL_SPEC: TypeSpec = TypeSpec {
    name: "functools.partial",
    doc: "Create a new function with partial application of the given arguments\nand keywords.",
    signature: "(func, /, *args, **keywords)",
    flags: flag::BASE_TYPE | flag::HAS_DICT | flag::WEAK_REFERENCES | flag::METHOD_DESCRIPTOR,
    payload: PayloadInfo::of::<Partial>(),
    slots: Slots { new: Some(new), call: Some(call), repr: Some(repr), descr_get: Some(super::bind), ..Slots::NONE },
    methods: METHODS,
    members: &[
        Member(Getset::readonly("func", "function object to use in future partial calls", |_, this| {
            Ok(payload::<Partial>(this).function.get_or_none())
        })),
        Member(Getset::readonly("args", "tuple of arguments to future partial calls", |_, this| Ok(payload::<Partial>(this).args.get_or_none()))),
        Member(Getset::readonly("keywords", "dictionary of keyword arguments to future partial calls", |_, this| {
            Ok(payload::<Partial>(this).keywords.get_or_none())
        })),
    ],
    ..TypeSpec::DEFAULT
};

const METHODS: &[Method] = &[
    method!(Unary reduce as "__reduce__" "($self, /)", ""),
    method!(Binary set_state as "__setstate__" "($self, object, /)", ""),
    method!(Binary class_get_item as "__class_getitem__" "($type, object, /)", "partial is generic over the wrapped function's return type")
        .class_method(),
];

impl Partial {
    fn args(&self) -> Vec<Object> {
        let args = self.args.get_or_none();
        args.borrow().downcast::<Tuple>().map_or_else(Vec::new, |args| args.items().iter().map(|&arg| arg.to_owned()).collect())
    }
}

/// The given arguments, then placeholders filled and the rest from later ones; how many are left over.
fn fill(args: Vec<Object>, later: &[Ref<'_>]) -> (Vec<Object>, usize) {
    let mut later = later.iter();
    let mut missing = 0;
    let mut filled: Vec<Object> = args
        .into_iter()
        .map(|arg| {
            if !is_placeholder(arg.borrow()) {
                return arg;
            }
            match later.next() {
                Some(&value) => value.to_owned(),
                None => {
                    missing += 1;
                    arg
                }
            }
        })
        .collect();
    filled.extend(later.map(|&arg| arg.to_owned()));
    (filled, missing)
}

fn new(vm: &mut Vm, class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    let Some((&function, rest)) = args.positionals().split_first() else {
        return Err(vm.type_error("type 'partial' takes at least one argument"));
    };
    if function.class().slots().call.is_none() {
        return Err(vm.type_error("the first argument must be callable"));
    }
    if rest.last().is_some_and(|&last| is_placeholder(last)) {
        return Err(vm.type_error("trailing Placeholders are not allowed"));
    }
    if args.keywords().any(|(_, value)| is_placeholder(value)) {
        return Err(vm.type_error("Placeholder cannot be passed as a keyword argument"));
    }
    // A partial of a plain partial is one partial of the inner function.
    let inner = function.downcast::<Partial>().filter(|_| {
        function.class().slots().call.is_some_and(|own| std::ptr::fn_addr_eq(own, call as object::slots::CallFn)) && !has_dict_entries(vm, function)
    });
    let (function, given, keywords) = match inner {
        Some(inner) => {
            let keywords = inner.keywords.get_or_none();
            let keywords = match keywords.borrow().downcast::<Dict>() {
                Some(keywords) => keywords.copy(vm),
                None => vm.new_dict(),
            };
            (inner.function.get_or_none(), fill(inner.args(), rest).0, keywords)
        }
        None => (function.to_owned(), rest.iter().map(|&arg| arg.to_owned()).collect(), vm.new_dict()),
    };
    for (name, value) in args.keywords() {
        keywords.set(vm, name, value.to_owned())?;
    }
    let given = vm.new_tuple(given).into_object();
    let partial = Partial {
        function: ObjectCell::new(Some(function)),
        args: ObjectCell::new(Some(given)),
        keywords: ObjectCell::new(Some(keywords.into_object())),
    };
    Ok(vm.allocate_in(class.get(), partial))
}

fn has_dict_entries(vm: &mut Vm, object: Ref<'_>) -> bool {
    instance::dict_of(vm, object).is_some_and(|dict| !dict.is_empty(vm))
}

/// How many arguments need no memory.
const FEW: usize = 8;

/// The call, if few positional arguments come before those of `args`, and none takes the place of another.
fn call_with_few(vm: &mut Vm, partial: &Partial, function: Ref<'_>, args: Args<'_>) -> Option<PyResult> {
    let (held, keywords) = (partial.args.get_or_none(), partial.keywords.get_or_none());
    let (first, more) = (held.borrow().downcast::<Tuple>()?.get().items(), args.values());
    let n = first.len() + more.len();
    let has_keywords = keywords.borrow().downcast::<Dict>().is_some_and(|keywords| !keywords.is_empty(vm));
    if n > FEW || has_keywords || first.iter().any(|&arg| is_placeholder(arg)) {
        return None;
    }
    let mut values = [Ref::NONE; FEW];
    values[..first.len()].copy_from_slice(first);
    values[first.len()..n].copy_from_slice(more);
    Some(vm.call_with(function, Args::new(&values[..n], args.names())))
}

fn call(vm: &mut Vm, this: Ref<'_>, args: Args<'_>) -> PyResult {
    let partial = payload::<Partial>(this);
    let function = partial.function.get_or_none();
    if let Some(result) = call_with_few(vm, partial, function.borrow(), args) {
        return result;
    }
    let (filled, missing) = fill(partial.args(), args.positionals());
    if missing > 0 {
        let given = args.n_positional();
        let message = format!("missing positional arguments in 'partial' call; expected at least {}, got {given}", given + missing);
        return Err(vm.type_error(message));
    }
    let mut values: Vec<Ref<'_>> = Object::as_refs(&filled).to_vec();
    let keywords = partial.keywords.get_or_none();
    let keywords = keywords.borrow().downcast::<Dict>().filter(|keywords| !keywords.is_empty(vm));
    let Some(keywords) = keywords else {
        values.extend(args.keywords().map(|(_, value)| value));
        return vm.call_with(function.borrow(), Args::new(&values, args.names()));
    };
    if !args.has_keywords() {
        return vm.call_star(function.borrow(), &values, Some(keywords));
    }
    let merged = keywords.copy(vm);
    for (name, value) in args.keywords() {
        merged.set(vm, name, value.to_owned())?;
    }
    vm.call_star(function.borrow(), &values, Some(merged.borrow()))
}

fn repr(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    vm.guard_repr(this, "...", |vm| repr_parts(vm, this))
}

fn repr_parts(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let partial = payload::<Partial>(this);
    let mut text = StrBuilder::new();
    let class = this.class().object();
    for (name, separator) in [(names::__module__(), "."), (names::__qualname__(), "(")] {
        let part = vm.get_attr(class, name)?;
        text.push_object(&*vm.str(part.borrow())?);
        text.push_str(separator);
    }
    // What is shown may change the partial: it is shown as it was.
    let (function, args, keywords) = (partial.function.get_or_none(), partial.args(), partial.keywords.get_or_none());
    text.push_object(&*vm.repr(function.borrow())?);
    for arg in args {
        text.push_str(", ");
        text.push_object(&*vm.repr(arg.borrow())?);
    }
    if let Some(keywords) = keywords.borrow().downcast::<Dict>() {
        for (name, value) in keywords.items_snapshot(vm) {
            text.push_str(", ");
            text.push_object(&*vm.str(name.borrow())?);
            text.push_str("=");
            text.push_object(&*vm.repr(value.borrow())?);
        }
    }
    text.push_str(")");
    Ok(text.finish(vm).into_object())
}

fn reduce(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let partial = payload::<Partial>(this);
    let function = partial.function.get_or_none();
    let args = vm.new_tuple([function.clone()]).into_object();
    let dict = if has_dict_entries(vm, this) { instance::dict_of(vm, this).map_or(Object::none(), Object::from) } else { Object::none() };
    let state = vm.new_tuple([function, partial.args.get_or_none(), partial.keywords.get_or_none(), dict]).into_object();
    Ok(vm.new_tuple([this.class().to_object(), args, state]).into_object())
}

fn set_state(vm: &mut Vm, this: Ref<'_>, state: Ref<'_>) -> PyResult {
    let parts = state.downcast::<Tuple>().map_or(&[] as &[Ref<'_>], |state| state.get().items());
    let &[function, args, keywords, dict] = parts else { return Err(vm.type_error("invalid partial state")) };
    let (Some(args_tuple), true) = (args.downcast::<Tuple>(), function.class().slots().call.is_some()) else {
        return Err(vm.type_error("invalid partial state"));
    };
    if [keywords, dict].into_iter().any(|part| !part.is_none() && part.downcast::<Dict>().is_none()) {
        return Err(vm.type_error("invalid partial state"));
    }
    if args_tuple.items().last().is_some_and(|&last| is_placeholder(last)) {
        return Err(vm.type_error("trailing Placeholders are not allowed"));
    }
    let args = if args.is_exactly(&TUPLE) { args.to_owned() } else { vm.new_tuple_from(args_tuple.items()).into_object() };
    let keywords = match keywords.downcast::<Dict>() {
        Some(exact) if keywords.is_exactly(&object::dict::DICT) => exact.object().to_owned(),
        Some(derived) => derived.copy(vm).into_object(),
        None => vm.new_dict().into_object(),
    };
    let partial = payload::<Partial>(this);
    partial.function.set(Some(function.to_owned()));
    partial.args.set(Some(args));
    partial.keywords.set(Some(keywords));
    let dict = dict.downcast::<Dict>().map_or_else(|| vm.new_dict(), |dict| dict.to_owned());
    instance::set_dict(vm, this, dict);
    Ok(Object::none())
}

fn class_get_item(vm: &mut Vm, class: Ref<'_>, args: Ref<'_>) -> PyResult {
    vm.generic_alias(class, args)
}
