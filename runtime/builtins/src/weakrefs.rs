//! Weak references and proxies.

use bytecode::opcode::{BinaryOp, Comparison};
use object::call::{Args, check_positional};
use object::exception;
use object::native::Extension;
use object::str::Str;
use object::weak::{
    CALLABLE_PROXY, CallableWeakProxy, PROXY, REFERENCE, WeakProxy, WeakReference, allows_references, attach, attach_payload, find_reference,
    references_to,
};
use object::{Getset, Member, Method, Object, PyResult, Ref, RefOf, Slots, Type, Vm, method, names};

pub(crate) static REFERENCE_EXTENSION: Extension = Extension {
    class: &REFERENCE,
    slots: Slots { new: Some(new), init: Some(init), call: Some(call), repr: Some(repr), hash: Some(hash), compare: Some(compare), ..Slots::NONE },
    methods: &[method!(Binary class_get_item as "__class_getitem__" "($type, object, /)", "See PEP 585").class_method()],
    getsets: &[],
    members: &[Member(Getset::readonly("__callback__", "", |_, this| Ok(reference(this).callback().unwrap_or(Object::none()))))],
};

fn reference(this: Ref<'_>) -> &WeakReference {
    this.downcast::<WeakReference>().expect("the slot belongs to weak references").get()
}

fn class_get_item(vm: &mut Vm, class: Ref<'_>, args: Ref<'_>) -> PyResult {
    vm.generic_alias(class, args)
}

fn check_target(vm: &mut Vm, target: Ref<'_>) -> PyResult<()> {
    if target.address().is_some() && allows_references(target.class()) {
        return Ok(());
    }
    Err(vm.type_error(format!("cannot create weak reference to '{}' object", target.class().full_name())))
}

/// The number of arguments, as CPython's unpacking checks it.
fn check_count(vm: &mut Vm, name: &str, args: Args<'_>) -> PyResult<()> {
    match args.n_positional() {
        1 | 2 => Ok(()),
        given => {
            let bound = if given < 1 { "at least 1 argument" } else { "at most 2 arguments" };
            Err(vm.type_error(format!("{name} expected {bound}, got {given}")))
        }
    }
}

fn callback_of(args: &[Ref<'_>]) -> Option<Object> {
    args.get(1).filter(|callback| !callback.is_none()).map(|&callback| callback.to_owned())
}

fn new(vm: &mut Vm, class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    check_count(vm, "__new__", args)?;
    let target = args.positionals()[0];
    check_target(vm, target)?;
    let callback = callback_of(args.positionals());
    let exact = std::ptr::eq(class.get(), &REFERENCE);
    if exact && callback.is_none() {
        return Ok(new_reference(vm, target));
    }
    let made = vm.allocate_in(class.get(), WeakReference::new(callback));
    attach(made.borrow().downcast().expect("a reference was just made"), target);
    Ok(made)
}

/// `weakref.ref(target)`, shared among those who ask; the target allows references.
pub fn new_reference(vm: &mut Vm, target: Ref<'_>) -> Object {
    let shared = find_reference(target, |known| known.is_exactly(&REFERENCE) && reference(known).callback().is_none());
    shared.unwrap_or_else(|| {
        let made = vm.allocate(WeakReference::new(None));
        attach(made.borrow(), target);
        made.into_object()
    })
}

/// The weak references to an object in CPython's order: the shared reference, the shared proxy, then
/// the others, newest first.
pub fn in_order(target: Ref<'_>) -> Vec<Object> {
    let mut all = references_to(target);
    all.reverse();
    all.sort_by_key(|known| {
        let known = known.borrow();
        match proxied(known) {
            Some(proxy) if proxy.callback().is_none() => 1,
            None if known.is_exactly(&REFERENCE) && reference(known).callback().is_none() => 0,
            _ => 2,
        }
    });
    all
}

fn init(vm: &mut Vm, this: Ref<'_>, args: Args<'_>) -> PyResult<()> {
    if args.has_keywords() && this.is_exactly(&REFERENCE) {
        return Err(vm.type_error("ref() takes no keyword arguments"));
    }
    check_count(vm, "__init__", args)
}

fn call(vm: &mut Vm, this: Ref<'_>, args: Args<'_>) -> PyResult {
    check_positional(vm, "weakref", args, 0, 0)?;
    Ok(reference(this).target().unwrap_or(Object::none()))
}

/// ` to 'T' at 0x...` or `dead`.
fn describe_target(target: Option<Object>) -> (String, Option<Object>) {
    match target {
        Some(target) => (format!("to '{}' at {:#x}", target.borrow().class().full_name(), target.borrow().bits()), Some(target)),
        None => ("dead".into(), None),
    }
}

fn repr(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let (mut description, target) = describe_target(reference(this).target());
    if let Some(target) = target
        && let Some(name) = vm.lookup_special(target.borrow(), names::__name__())?.filter(|name| name.borrow().downcast::<Str>().is_some())
    {
        description.push_str(&format!(" ({})", vm.str_text(name.borrow())?));
    }
    Ok(vm.new_str(&format!("<weakref at {:#x}; {description}>", this.bits())).into_object())
}

fn hash(vm: &mut Vm, this: Ref<'_>) -> PyResult<i64> {
    let known = reference(this).hash.get();
    if known != -1 {
        return Ok(known);
    }
    let Some(target) = reference(this).target() else { return Err(vm.type_error("weak object has gone away")) };
    let hash = vm.hash(target.borrow())?;
    reference(this).hash.set(hash);
    Ok(hash)
}

fn compare(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>, op: Comparison) -> PyResult {
    let (Some(of_left), Some(of_right)) = (left.downcast::<WeakReference>(), right.downcast::<WeakReference>()) else {
        return Ok(Object::not_implemented());
    };
    if !matches!(op, Comparison::Equal | Comparison::NotEqual) {
        return Ok(Object::not_implemented());
    }
    match (of_left.target(), of_right.target()) {
        (Some(of_left), Some(of_right)) => vm.compare(of_left.borrow(), of_right.borrow(), op),
        _ => Ok(Object::bool(left.is(right) == (op == Comparison::Equal))),
    }
}

/// The weak reference in a proxy; `None` for any other object.
fn proxied(object: Ref<'_>) -> Option<&WeakReference> {
    if let Some(proxy) = object.downcast_exact::<WeakProxy>() {
        return Some(&proxy.get().0);
    }
    object.downcast_exact::<CallableWeakProxy>().map(|proxy| &proxy.get().0)
}

/// The object behind a proxy, or the object itself.
fn unwrap(vm: &mut Vm, object: Ref<'_>) -> PyResult {
    let Some(proxy) = proxied(object) else { return Ok(object.to_owned()) };
    match proxy.target() {
        Some(target) => Ok(target),
        None => Err(vm.raise(&exception::REFERENCE_ERROR, "weakly-referenced object no longer exists")),
    }
}

/// `weakref.proxy(target, callback)`
pub fn new_proxy(vm: &mut Vm, target: Ref<'_>, callback: Option<Ref<'_>>) -> PyResult {
    check_target(vm, target)?;
    let callback = callback.filter(|callback| !callback.is_none()).map(Ref::to_owned);
    let callable = target.class().slots().call.is_some();
    if callback.is_none() {
        let shared = find_reference(target, |known| proxied(known).is_some_and(|proxy| proxy.callback().is_none()));
        if let Some(shared) = shared {
            return Ok(shared);
        }
    }
    let payload = WeakReference::new(callback);
    let made = if callable { vm.allocate(CallableWeakProxy(payload)).into_object() } else { vm.allocate(WeakProxy(payload)).into_object() };
    attach_payload(proxied(made.borrow()).expect("a proxy was just made"), target);
    Ok(made)
}

macro_rules! proxy_unary {
    ($($function:ident $call:expr;)*) => { $(
        fn $function(vm: &mut Vm, this: Ref<'_>) -> PyResult {
            let target = unwrap(vm, this)?;
            let call: fn(&mut Vm, Ref<'_>) -> PyResult = $call;
            call(vm, target.borrow())
        }
    )* };
}

proxy_unary! {
    proxy_str |vm, target| Ok(vm.str(target)?.into_object());
    proxy_iter |vm, target| vm.iter(target);
    proxy_negative |vm, target| vm.negative(target);
    proxy_positive |vm, target| vm.positive(target);
    proxy_absolute |vm, target| vm.absolute(target);
    proxy_invert |vm, target| vm.invert(target);
    proxy_int |vm, target| vm.call(object::int::INT.object(), &[target]);
    proxy_float |vm, target| vm.call(object::float::FLOAT.object(), &[target]);
    proxy_index |vm, target| vm.index(target);
    proxy_bytes |vm, target| vm.call_method(target, "__bytes__", &[]);
    proxy_reversed |vm, target| vm.call_method(target, "__reversed__", &[]);
}

macro_rules! proxy_binary {
    ($($function:ident $op:ident;)*) => { $(
        fn $function(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>) -> PyResult {
            let (left, right) = (unwrap(vm, left)?, unwrap(vm, right)?);
            vm.binary(BinaryOp::$op, left.borrow(), right.borrow())
        }
    )* };
}

proxy_binary! {
    proxy_add Add; proxy_subtract Subtract; proxy_multiply Multiply; proxy_remainder Remainder; proxy_left_shift LeftShift;
    proxy_right_shift RightShift; proxy_and And; proxy_xor Xor; proxy_or Or; proxy_floor_divide FloorDivide; proxy_true_divide TrueDivide;
    proxy_matrix_multiply MatrixMultiply; proxy_inplace_add InplaceAdd; proxy_inplace_subtract InplaceSubtract;
    proxy_inplace_multiply InplaceMultiply; proxy_inplace_remainder InplaceRemainder; proxy_inplace_power InplacePower;
    proxy_inplace_left_shift InplaceLeftShift; proxy_inplace_right_shift InplaceRightShift; proxy_inplace_and InplaceAnd;
    proxy_inplace_xor InplaceXor; proxy_inplace_or InplaceOr; proxy_inplace_floor_divide InplaceFloorDivide;
    proxy_inplace_true_divide InplaceTrueDivide; proxy_inplace_matrix_multiply InplaceMatrixMultiply;
}

fn proxy_power(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>, modulus: Option<Ref<'_>>) -> PyResult {
    let (left, right) = (unwrap(vm, left)?, unwrap(vm, right)?);
    let modulus = modulus.map(|modulus| unwrap(vm, modulus)).transpose()?;
    vm.power(left.borrow(), right.borrow(), modulus.as_ref().map(Object::borrow))
}

/// `divmod` of what is behind the proxies.
fn divmod(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>) -> PyResult {
    let (left, right) = (unwrap(vm, left)?, unwrap(vm, right)?);
    let builtins = vm.import("builtins")?;
    let function = vm.get_attr_str(builtins.borrow(), "divmod")?;
    vm.call(function.borrow(), &[left.borrow(), right.borrow()])
}

fn reflected_divmod(vm: &mut Vm, right: Ref<'_>, left: Ref<'_>) -> PyResult {
    divmod(vm, left, right)
}

fn proxy_repr(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let (description, _target) = describe_target(proxied(this).and_then(WeakReference::target));
    Ok(vm.new_str(&format!("<weakproxy at {:#x}; {description}>", this.bits())).into_object())
}

fn proxy_next(vm: &mut Vm, this: Ref<'_>) -> PyResult<Option<Object>> {
    let target = unwrap(vm, this)?;
    if target.borrow().class().slots().next.is_none() {
        return Err(vm.type_error(format!("Weakref proxy referenced a non-iterator '{}' object", target.borrow().class().full_name())));
    }
    vm.next(target.borrow())
}

fn proxy_getattr(vm: &mut Vm, this: Ref<'_>, name: Ref<'_>) -> PyResult {
    let target = unwrap(vm, this)?;
    vm.get_attr(target.borrow(), name)
}

fn proxy_setattr(vm: &mut Vm, this: Ref<'_>, name: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    let target = unwrap(vm, this)?;
    vm.set_attr(target.borrow(), name, value)
}

fn proxy_compare(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>, op: Comparison) -> PyResult {
    let (left, right) = (unwrap(vm, left)?, unwrap(vm, right)?);
    vm.compare(left.borrow(), right.borrow(), op)
}

fn proxy_len(vm: &mut Vm, this: Ref<'_>) -> PyResult<usize> {
    let target = unwrap(vm, this)?;
    vm.len(target.borrow())
}

fn proxy_getitem(vm: &mut Vm, this: Ref<'_>, key: Ref<'_>) -> PyResult {
    let (target, key) = (unwrap(vm, this)?, unwrap(vm, key)?);
    vm.get_item(target.borrow(), key.borrow())
}

fn proxy_setitem(vm: &mut Vm, this: Ref<'_>, key: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    let target = unwrap(vm, this)?;
    match value {
        Some(value) => vm.set_item(target.borrow(), key, value),
        None => vm.del_item(target.borrow(), key),
    }
}

fn proxy_contains(vm: &mut Vm, this: Ref<'_>, item: Ref<'_>) -> PyResult<bool> {
    let target = unwrap(vm, this)?;
    vm.contains(target.borrow(), item)
}

fn proxy_bool(vm: &mut Vm, this: Ref<'_>) -> PyResult<bool> {
    let target = unwrap(vm, this)?;
    vm.is_true(target.borrow())
}

fn proxy_call(vm: &mut Vm, this: Ref<'_>, args: Args<'_>) -> PyResult {
    let target = unwrap(vm, this)?;
    vm.call_with(target.borrow(), args)
}

const PROXY_SLOTS: Slots = Slots {
    repr: Some(proxy_repr),
    str: Some(proxy_str),
    iter: Some(proxy_iter),
    next: Some(proxy_next),
    getattr: Some(proxy_getattr),
    setattr: Some(proxy_setattr),
    compare: Some(proxy_compare),
    len: Some(proxy_len),
    getitem: Some(proxy_getitem),
    setitem: Some(proxy_setitem),
    contains: Some(proxy_contains),
    bool: Some(proxy_bool),
    negative: Some(proxy_negative),
    positive: Some(proxy_positive),
    absolute: Some(proxy_absolute),
    invert: Some(proxy_invert),
    int: Some(proxy_int),
    float: Some(proxy_float),
    index: Some(proxy_index),
    add: Some(proxy_add),
    subtract: Some(proxy_subtract),
    multiply: Some(proxy_multiply),
    remainder: Some(proxy_remainder),
    power: Some(proxy_power),
    left_shift: Some(proxy_left_shift),
    right_shift: Some(proxy_right_shift),
    and: Some(proxy_and),
    xor: Some(proxy_xor),
    or: Some(proxy_or),
    floor_divide: Some(proxy_floor_divide),
    true_divide: Some(proxy_true_divide),
    matrix_multiply: Some(proxy_matrix_multiply),
    inplace_add: Some(proxy_inplace_add),
    inplace_subtract: Some(proxy_inplace_subtract),
    inplace_multiply: Some(proxy_inplace_multiply),
    inplace_remainder: Some(proxy_inplace_remainder),
    inplace_power: Some(proxy_inplace_power),
    inplace_left_shift: Some(proxy_inplace_left_shift),
    inplace_right_shift: Some(proxy_inplace_right_shift),
    inplace_and: Some(proxy_inplace_and),
    inplace_xor: Some(proxy_inplace_xor),
    inplace_or: Some(proxy_inplace_or),
    inplace_floor_divide: Some(proxy_inplace_floor_divide),
    inplace_true_divide: Some(proxy_inplace_true_divide),
    inplace_matrix_multiply: Some(proxy_inplace_matrix_multiply),
    ..Slots::NONE
};

const PROXY_METHODS: &[Method] =
    &[method!(Unary proxy_bytes as "__bytes__" "", ""), method!(Unary proxy_reversed as "__reversed__" "", ""), DIVMOD, REFLECTED_DIVMOD];
const DIVMOD: Method = method!(Binary divmod as "__divmod__" "($self, value, /)", "Return divmod(self, value).");
const REFLECTED_DIVMOD: Method = method!(Binary reflected_divmod as "__rdivmod__" "($self, value, /)", "Return divmod(value, self).");

pub(crate) static PROXY_EXTENSION: Extension = Extension { class: &PROXY, slots: PROXY_SLOTS, methods: PROXY_METHODS, getsets: &[], members: &[] };
pub(crate) static CALLABLE_PROXY_EXTENSION: Extension = Extension {
    class: &CALLABLE_PROXY,
    slots: Slots { call: Some(proxy_call), ..PROXY_SLOTS },
    methods: &[DIVMOD, REFLECTED_DIVMOD],
    getsets: &[],
    members: &[],
};
