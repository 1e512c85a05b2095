//! `_contextvars`: contexts, and variables whose values belong to them.
//!
//! A context's values are in a map that copies share until one of them changes it.

use bytecode::opcode::Comparison;
use object::call::{Args, bind_args};
use object::cell::{ObjectCell, Visitor, VmCell};
use object::exception;
use object::native::{Module, PayloadInfo, flag};
use object::str::Str;
use object::vm::Raised;
use object::{Getset, Member, Method, Object, Payload, PyResult, Ref, RefOf, Slots, Type, TypeSpec, Vm, method};
use std::cell::Cell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};

pub static MODULE: Module = Module {
    name: "_contextvars",
    doc: "Context Variables",
    functions: &[method!(Unary copy_context "($module, /)", "")],
    types: &[&CONTEXT, &CONTEXT_VAR, &TOKEN],
    init: Some(|vm, _| {
        object::type_new::ready(vm, &MISSING_TYPE);
        let missing = vm.allocate(Missing).into_object();
        TOKEN.dict().get().set_str(vm, "MISSING", missing);
        TOKEN.modified();
        Ok(())
    }),
};

/// Variables and their values, by the variable's word.
type Values = HashMap<u64, (Object, Object)>;

/// The payload of a `Context`.
pub struct Context {
    values: VmCell<Rc<Values>>,
    /// The context to go back to, while this one is entered.
    previous: ObjectCell,
    entered: Cell<bool>,
}

impl Payload for Context {
    fn class() -> &'static Type {
        &CONTEXT
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        let values = self.values.visit(visitor);
        // The references of a shared map belong to several contexts at once: the collector, which
        // counts them, must take them for somebody else's.
        if Rc::strong_count(values) == 1 {
            for (variable, value) in values.values() {
                visitor.visit_all([variable, value]);
            }
        }
        self.previous.traverse(visitor);
    }

    fn clear(&self, vm: &mut Vm) {
        let values = self.values.replace(vm, Rc::default());
        drop(values);
        self.previous.set(None);
    }
}

/// `contextvars.Context`
pub static CONTEXT: Type = Type::new(&CONTEXT_SPEC);
static CONTEXT_SPEC: TypeSpec = TypeSpec {
    name: "_contextvars.Context",
    flags: flag::WEAK_REFERENCES,
    payload: PayloadInfo::of::<Context>(),
    slots: Slots {
        new: Some(new_context),
        len: Some(|vm, this| Ok(context(this).values.get(vm).len())),
        getitem: Some(get_item),
        contains: Some(|vm, this, key| Ok(lookup(vm, this, key)?.is_some())),
        iter: Some(iter),
        compare: Some(compare),
        ..Slots::NONE
    },
    methods: CONTEXT_METHODS,
    ..TypeSpec::DEFAULT
};

const CONTEXT_METHODS: &[Method] = &[
    method!(Bound get "($self, key, default=None, /)", "Return the value for `key` if `key` has the value in the context object.\n\nIf `key` does not exist, return `default`.  If `default` is not\ngiven, return None."),
    method!(Unary items "($self, /)", "Return all variables and their values in the context object.\n\nThe result is returned as a list of 2-tuples (variable, value)."),
    method!(Unary keys "($self, /)", "Return a list of all variables in the context object."),
    method!(Unary values "($self, /)", "Return a list of all variables' values in the context object."),
    method!(Unary copy "($self, /)", "Return a shallow copy of the context object."),
    method!(Raw run "", ""),
];

fn context(object: Ref<'_>) -> &Context {
    object.downcast::<Context>().expect("the method belongs to contexts").get()
}

/// Counts everything that can change what a variable's value is.
static CHANGES: AtomicU64 = AtomicU64::new(1);

/// A state of all contexts: while it stays the same, so do the values of variables.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    changes: u64,
    context: u64,
}

impl Moment {
    /// Before there were contexts.
    pub const NEVER: Moment = Moment { changes: 0, context: 0 };
}

/// The state of contexts as this thread sees it.
#[inline]
pub fn moment(vm: &Vm) -> Moment {
    Moment { changes: CHANGES.load(Ordering::Relaxed), context: vm.context.as_ref().map_or(vm.thread_id, |context| context.borrow().bits()) }
}

fn changed() {
    CHANGES.fetch_add(1, Ordering::Relaxed);
}

/// The value of a variable in the current context.
pub fn value_of(vm: &Vm, variable: Ref<'_>) -> Option<Object> {
    current_value(vm, variable)
}

fn allocate_context(vm: &Vm, values: Rc<Values>) -> Object {
    changed();
    vm.allocate(Context { values: VmCell::new(values), previous: ObjectCell::EMPTY, entered: Cell::new(false) }).into_object()
}

/// The current context, made if there is none yet.
fn current(vm: &mut Vm) -> Object {
    if let Some(context) = &vm.context {
        return context.clone();
    }
    let context = allocate_context(vm, Rc::default());
    vm.context = Some(context.clone());
    context
}

/// `contextvars.copy_context()`
pub fn copy_current(vm: &mut Vm) -> Object {
    let current = current(vm);
    let values = Rc::clone(context(current.borrow()).values.get(vm));
    allocate_context(vm, values)
}

/// Whether a copy of the current context is still like it, and nobody but the caller has it.
pub(crate) fn is_fresh_copy(vm: &mut Vm, copy: Ref<'_>) -> bool {
    let current = current(vm);
    copy.is_unique() && Rc::ptr_eq(context(copy).values.get(vm), context(current.borrow()).values.get(vm))
}

/// Makes a context the current one.
pub fn enter(vm: &mut Vm, object: Ref<'_>) -> PyResult<()> {
    let entered = context(object);
    if entered.entered.get() {
        let shown = vm.repr_text(object)?;
        return Err(vm.runtime_error(format!("cannot enter context: {shown} is already entered")));
    }
    entered.entered.set(true);
    entered.previous.set(vm.context.take());
    vm.context = Some(object.to_owned());
    changed();
    Ok(())
}

/// Goes back to the context that was current before.
pub fn leave(vm: &mut Vm, object: Ref<'_>) {
    let left = context(object);
    left.entered.set(false);
    changed();
    let old = std::mem::replace(&mut vm.context, left.previous.take());
    drop(old);
}

fn copy_context(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    Ok(copy_current(vm))
}

fn new_context(vm: &mut Vm, _class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    if !args.values().is_empty() {
        return Err(vm.type_error("Context() does not accept any arguments"));
    }
    Ok(allocate_context(vm, Rc::default()))
}

fn lookup(vm: &mut Vm, this: Ref<'_>, key: Ref<'_>) -> PyResult<Option<Object>> {
    if key.downcast::<ContextVar>().is_none() {
        let shown = vm.repr_text(key)?;
        return Err(vm.type_error(format!("a ContextVar key was expected, got {shown}")));
    }
    Ok(context(this).values.get(vm).get(&key.bits()).map(|(_, value)| value.clone()))
}

fn get_item(vm: &mut Vm, this: Ref<'_>, key: Ref<'_>) -> PyResult {
    match lookup(vm, this, key)? {
        Some(value) => Ok(value),
        None => Err(vm.key_error(key)),
    }
}

fn get(vm: &mut Vm, this: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let found = lookup(vm, this, args[0].expect("a required argument"))?;
    Ok(found.unwrap_or_else(|| args[1].unwrap_or(Ref::NONE).to_owned()))
}

/// An iterator over what `select` makes of each entry.
fn iterate(vm: &mut Vm, this: Ref<'_>, select: impl Fn(&Vm, &(Object, Object)) -> Object) -> PyResult {
    let entries = context(this).values.get(vm).values().map(|entry| select(vm, entry)).collect();
    let entries = vm.new_list(entries);
    vm.iter(entries.borrow().object())
}

fn iter(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    iterate(vm, this, |_, (variable, _)| variable.clone())
}

fn keys(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    iter(vm, this)
}

fn values(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    iterate(vm, this, |_, (_, value)| value.clone())
}

fn items(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    iterate(vm, this, |vm, (variable, value)| vm.new_tuple([variable.clone(), value.clone()]).into_object())
}

fn copy(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let values = Rc::clone(context(this).values.get(vm));
    Ok(allocate_context(vm, values))
}

fn compare(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>, op: Comparison) -> PyResult {
    let (Comparison::Equal | Comparison::NotEqual, Some(a), Some(b)) = (op, left.downcast::<Context>(), right.downcast::<Context>()) else {
        return Ok(Object::not_implemented());
    };
    let (a, b) = (Rc::clone(a.values.get(vm)), Rc::clone(b.values.get(vm)));
    let mut equal = a.len() == b.len();
    for (word, (_, value)) in a.iter() {
        if !equal {
            break;
        }
        equal = match b.get(word) {
            Some((_, other)) => vm.equal(value.borrow(), other.borrow())?,
            None => false,
        };
    }
    Ok(Object::bool(equal == (op == Comparison::Equal)))
}

fn run(vm: &mut Vm, this: Ref<'_>, args: Args<'_>) -> PyResult {
    let Some(&callable) = args.positionals().first() else {
        return Err(vm.type_error("run() missing 1 required positional argument"));
    };
    enter(vm, this)?;
    let result = vm.call_with(callable, args.skip(1));
    leave(vm, this);
    result
}

/// The payload of a `ContextVar`.
pub struct ContextVar {
    name: Object,
    default: Option<Object>,
}

impl Payload for ContextVar {
    fn class() -> &'static Type {
        &CONTEXT_VAR
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        visitor.visit(self.name.borrow());
        visitor.visit_all(&self.default);
    }
}

/// `contextvars.ContextVar`
pub static CONTEXT_VAR: Type = Type::new(&CONTEXT_VAR_SPEC);
static CONTEXT_VAR_SPEC: TypeSpec = TypeSpec {
    name: "_contextvars.ContextVar",
    payload: PayloadInfo::of::<ContextVar>(),
    slots: Slots { new: Some(new_variable), repr: Some(repr_variable), ..Slots::NONE },
    methods: VARIABLE_METHODS,
    members: &[Member(Getset::readonly("name", "", |_, this| Ok(variable(this).name.clone())))],
    ..TypeSpec::DEFAULT
};

const VARIABLE_METHODS: &[Method] = &[
    method!(Bound get_value as "get" "($self, default=<unrepresentable>, /)", "Return a value for the context variable for the current context.\n\nIf there is no value for the variable in the current context, the\nmethod will:\n * return the value of the default argument of the method, if\n   provided; or\n * return the default value for the context variable, if it was\n   created with one; or\n * raise a LookupError."),
    method!(Binary set_value as "set" "($self, value, /)", "Call to set a new value for the context variable in the current context.\n\nThe required value argument is the new value for the context\nvariable.\n\nReturns a Token object that can be used to restore the variable to\nits previous value via the `ContextVar.reset()` method."),
    method!(Binary reset "($self, token, /)", "Reset the context variable.\n\nThe variable is reset to the value it had before the\n`ContextVar.set()` that created the token was used."),
    method!(Binary class_get_item as "__class_getitem__" "($type, object, /)", "See PEP 585").class_method(),
];

fn variable(object: Ref<'_>) -> &ContextVar {
    object.downcast::<ContextVar>().expect("the method belongs to context variables").get()
}

fn class_get_item(vm: &mut Vm, class: Ref<'_>, args: Ref<'_>) -> PyResult {
    vm.generic_alias(class, args)
}

fn new_variable(vm: &mut Vm, class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    if args.n_positional() != 1 {
        return Err(vm.type_error(format!("ContextVar() takes exactly 1 positional argument ({} given)", args.n_positional())));
    }
    let mut bound = [const { None }; 2];
    bind_args(vm, "ContextVar", "(name, /, *, default=<unrepresentable>)", args, &mut bound)?;
    let [Some(name), default] = bound else { return Err(vm.type_error("context variable name must be a str")) };
    if name.borrow().downcast::<Str>().is_none() {
        return Err(vm.type_error("context variable name must be a str"));
    }
    vm.hash(name.borrow())?;
    Ok(vm.allocate_in(class.get(), ContextVar { name, default }))
}

fn repr_variable(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    vm.guard_repr(this, "...", |vm| {
        let text = repr_variable_parts(vm, this)?;
        Ok(vm.new_str(&text).into_object())
    })
}

fn repr_variable_parts(vm: &mut Vm, this: Ref<'_>) -> PyResult<String> {
    let name = vm.repr_text(variable(this).name.borrow())?;
    let default = match &variable(this).default {
        Some(default) => format!(" default={}", vm.repr_text(default.borrow())?),
        None => String::new(),
    };
    Ok(format!("<ContextVar name={name}{default} at {:#x}>", this.bits()))
}

/// The variable's value in the current context.
fn current_value(vm: &Vm, this: Ref<'_>) -> Option<Object> {
    let current = vm.context.as_ref()?;
    context(current.borrow()).values.get(vm).get(&this.bits()).map(|(_, value)| value.clone())
}

fn get_value(vm: &mut Vm, this: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let found = current_value(vm, this).or_else(|| args[0].map(Ref::to_owned)).or_else(|| variable(this).default.clone());
    match found {
        Some(value) => Ok(value),
        None => Err(vm.raise_with(&exception::LOOKUP_ERROR, vec![this.to_owned()])),
    }
}

/// Sets the variable in a context, or takes it out.
fn assign(vm: &mut Vm, target: Ref<'_>, this: Ref<'_>, value: Option<Object>) {
    changed();
    let values = Rc::make_mut(context(target).values.get_mut(vm));
    let old = match value {
        Some(value) => values.insert(this.bits(), (this.to_owned(), value)),
        None => values.remove(&this.bits()),
    };
    drop(old);
}

fn set_value(vm: &mut Vm, this: Ref<'_>, value: Ref<'_>) -> PyResult {
    let target = current(vm);
    let old = current_value(vm, this);
    assign(vm, target.borrow(), this, Some(value.to_owned()));
    let token = Token { context: target, variable: this.to_owned(), old, used: Cell::new(false) };
    Ok(vm.allocate(token).into_object())
}

fn reset(vm: &mut Vm, this: Ref<'_>, token: Ref<'_>) -> PyResult {
    let Some(found) = token.downcast::<Token>() else {
        let shown = vm.repr_text(token)?;
        return Err(vm.type_error(format!("expected an instance of Token, got {shown}")));
    };
    let found = found.get();
    let problem = if found.used.get() {
        Some((&exception::RUNTIME_ERROR, "has already been used once"))
    } else if !found.variable.borrow().is(this) {
        Some((&exception::VALUE_ERROR, "was created by a different ContextVar"))
    } else if !vm.context.as_ref().is_some_and(|context| context.borrow().is(found.context.borrow())) {
        Some((&exception::VALUE_ERROR, "was created in a different Context"))
    } else {
        None
    };
    if let Some((class, problem)) = problem {
        return Err(token_error(vm, class, token, problem));
    }
    found.used.set(true);
    assign(vm, found.context.borrow(), this, found.old.clone());
    Ok(Object::none())
}

fn token_error(vm: &mut Vm, class: &'static Type, token: Ref<'_>, problem: &str) -> Raised {
    match vm.repr_text(token) {
        Ok(shown) => vm.raise(class, format!("{shown} {problem}")),
        Err(raised) => raised,
    }
}

/// The payload of a `Token`.
pub struct Token {
    context: Object,
    variable: Object,
    old: Option<Object>,
    used: Cell<bool>,
}

impl Payload for Token {
    fn class() -> &'static Type {
        &TOKEN
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        visitor.visit_all([&self.context, &self.variable]);
        visitor.visit_all(&self.old);
    }
}

/// `contextvars.Token`
pub static TOKEN: Type = Type::new(&TOKEN_SPEC);
static TOKEN_SPEC: TypeSpec = TypeSpec {
    name: "_contextvars.Token",
    payload: PayloadInfo::of::<Token>(),
    slots: Slots { new: Some(|vm, _, _| Err(vm.runtime_error("Tokens can only be created by ContextVars"))), repr: Some(repr_token), ..Slots::NONE },
    methods: TOKEN_METHODS,
    getsets: &[
        Getset::readonly("var", "", |_, this| Ok(this_token(this).variable.clone())),
        Getset::readonly("old_value", "", |vm, this| match &this_token(this).old {
            Some(old) => Ok(old.clone()),
            None => vm.get_attr_str(TOKEN.object(), "MISSING"),
        }),
    ],
    ..TypeSpec::DEFAULT
};

const TOKEN_METHODS: &[Method] = &[
    method!(Binary class_get_item as "__class_getitem__" "($type, object, /)", "Tokens are generic over the same type as the ContextVar which created them.").class_method(),
    method!(Unary enter_token as "__enter__" "($self, /)", "Enter into Token context manager."),
    method!(Many exit as "__exit__" "($self, type, val, tb, /)", "Exit from Token context manager, restore the linked ContextVar."),
];

fn this_token(object: Ref<'_>) -> &Token {
    object.downcast::<Token>().expect("the method belongs to tokens").get()
}

fn repr_token(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let token = this_token(this);
    let shown = vm.repr_text(token.variable.borrow())?;
    let used = if token.used.get() { " used" } else { "" };
    Ok(vm.new_str(&format!("<Token{used} var={shown} at {:#x}>", this.bits())).into_object())
}

fn enter_token(_vm: &mut Vm, this: Ref<'_>) -> PyResult {
    Ok(this.to_owned())
}

fn exit(vm: &mut Vm, this: Ref<'_>, _args: &[Ref<'_>]) -> PyResult {
    let variable = this_token(this).variable.clone();
    reset(vm, variable.borrow(), this)
}

/// The payload of `Token.MISSING`.
struct Missing;

impl Payload for Missing {
    fn class() -> &'static Type {
        &MISSING_TYPE
    }
}

static MISSING_TYPE: Type = Type::new(&MISSING_SPEC);
static MISSING_SPEC: TypeSpec = TypeSpec {
    name: "Token.MISSING",
    flags: flag::NO_INSTANTIATION,
    payload: PayloadInfo::leaf::<Missing>(),
    slots: Slots { repr: Some(|vm, _| Ok(vm.new_str("<Token.MISSING>").into_object())), ..Slots::NONE },
    ..TypeSpec::DEFAULT
};
