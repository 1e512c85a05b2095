//! Slots of Python classes: functions that call the special methods, and the choice of slots when a
//! class is made or changed.
//!
//! A slot whose special methods are all found to be wrappers of one native type's slot takes that
//! function over, so a Python subclass of `list` that does not define `__len__` is as fast as `list`.

use crate::attribute::{bind, find_generic, generic_get};
use crate::bytes::Buffer;
use crate::call::Args;
use crate::class::Type;
use crate::exception;
use crate::function::SlotWrapper;
use crate::int;
use crate::native::flag;
use crate::slots::{Slot, Slots, SpecialMethod, Wrapper, special_methods};
use crate::str::names;
use crate::value::{Object, Ref, RefOf};
use crate::vm::{PyResult, Vm};
use bytecode::opcode::Comparison;

/// Calls the special method `name` of `this` with arguments; `None` if the class has none, or if its descriptor
/// says that there is no such attribute.
fn call_special(vm: &mut Vm, this: Ref<'_>, name: Ref<'static>, args: &[Ref<'_>]) -> PyResult<Option<Object>> {
    call_found(vm, this, name, args, MissingBinding::IsNone)
}

/// What it means that a descriptor raises `AttributeError`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum MissingBinding {
    IsNone,
    Raises,
}

fn call_found(vm: &mut Vm, this: Ref<'_>, name: Ref<'static>, args: &[Ref<'_>], missing: MissingBinding) -> PyResult<Option<Object>> {
    let Some(found) = this.class().lookup(name) else { return Ok(None) };
    vm.check_stack("")?;
    if found.class().has_flag(flag::METHOD_DESCRIPTOR) {
        let found = found.to_owned();
        return Args::positional(args).with_first(this, |args| vm.call_with(found.borrow(), args)).map(Some);
    }
    let found = found.to_owned();
    match bind(vm, found, Some(this), this.class()) {
        Ok(method) => vm.call(method.borrow(), args).map(Some),
        Err(raised) if missing == MissingBinding::IsNone => {
            vm.catch_if(raised, &crate::exception::ATTRIBUTE_ERROR)?;
            Ok(None)
        }
        Err(raised) => Err(raised),
    }
}

/// The same for a method that was there when the slot was chosen.
fn call_required(vm: &mut Vm, this: Ref<'_>, name: Ref<'static>, args: &[Ref<'_>]) -> PyResult {
    match call_found(vm, this, name, args, MissingBinding::Raises)? {
        Some(value) => Ok(value),
        None => Err(crate::attribute::no_attribute(vm, this, name)),
    }
}

macro_rules! unary_slots {
    ($($function:ident $name:ident;)*) => { $(
        fn $function(vm: &mut Vm, this: Ref<'_>) -> PyResult {
            call_required(vm, this, names::$name(), &[])
        }
    )* };
}

unary_slots! {
    slot_str __str__; slot_negative __neg__; slot_positive __pos__; slot_absolute __abs__;
    slot_invert __invert__; slot_int __int__; slot_float __float__; slot_index __index__; slot_await __await__;
    slot_aiter __aiter__; slot_anext __anext__;
}

fn slot_repr(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    match call_special(vm, this, names::__repr__(), &[])? {
        Some(text) => Ok(text),
        None => {
            let text = format!("<{} object at {:#x}>", this.class().name(), this.bits());
            Ok(vm.new_str(&text).into_object())
        }
    }
}

fn slot_iter(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let name = names::__iter__();
    match this.class().lookup(name) {
        Some(found) if found.is_none() => Err(vm.type_error(format!("'{}' object is not iterable", this.class().full_name()))),
        _ => match call_special(vm, this, names::__iter__(), &[])? {
            Some(iterator) => Ok(iterator),
            None => Err(vm.type_error(format!("'{}' object is not iterable", this.class().full_name()))),
        },
    }
}

macro_rules! inplace_slots {
    ($($function:ident $name:ident;)*) => { $(
        fn $function(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>) -> PyResult {
            call_required(vm, left, names::$name(), &[right])
        }
    )* };
}

inplace_slots! {
    slot_inplace_add __iadd__; slot_inplace_subtract __isub__; slot_inplace_multiply __imul__; slot_inplace_remainder __imod__;
    slot_inplace_power __ipow__; slot_inplace_left_shift __ilshift__; slot_inplace_right_shift __irshift__; slot_inplace_and __iand__;
    slot_inplace_xor __ixor__; slot_inplace_or __ior__; slot_inplace_floor_divide __ifloordiv__;
    slot_inplace_true_divide __itruediv__; slot_inplace_matrix_multiply __imatmul__; slot_getitem __getitem__;
}

/// A binary operator of a Python class: its method, or the reflected one of the right operand.
fn number(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>, method_names: [Ref<'static>; 2], slot: Slot, own: usize) -> PyResult {
    let [name, reflected] = method_names;
    let has_own = |class: &Type| {
        super::special::binary(class.slots(), slot).is_some_and(|function| function as usize == own)
            || (slot == Slot::power && class.slots().power.is_some_and(|function| function as usize == own))
    };
    let mut try_right = !std::ptr::eq(left.class(), right.class()) && has_own(right.class());
    if has_own(left.class()) {
        if try_right && right.class().is_subclass_of(left.class()) && overrides(left, right, reflected) {
            if let Some(result) = call_special(vm, right, reflected, &[left])?
                && !result.borrow().is_not_implemented()
            {
                return Ok(result);
            }
            try_right = false;
        }
        if let Some(result) = call_special(vm, left, name, &[right])?
            && (!result.borrow().is_not_implemented() || std::ptr::eq(left.class(), right.class()))
        {
            return Ok(result);
        }
    }
    if try_right && let Some(result) = call_special(vm, right, reflected, &[left])? {
        return Ok(result);
    }
    Ok(Object::not_implemented())
}

/// Whether the right operand's class has another method of that name than the left one's.
fn overrides(left: Ref<'_>, right: Ref<'_>, name: Ref<'static>) -> bool {
    match (left.class().lookup(name), right.class().lookup(name)) {
        (Some(left), Some(right)) => !left.is(right),
        (None, found) => found.is_some(),
        (Some(_), None) => false,
    }
}

macro_rules! number_slots {
    ($($function:ident $slot:ident $name:ident $reflected:ident;)*) => { $(
        fn $function(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>) -> PyResult {
            let own: crate::slots::BinaryFn = $function;
            number(vm, left, right, [names::$name(), names::$reflected()], Slot::$slot, own as usize)
        }
    )* };
}

number_slots! {
    slot_add add __add__ __radd__; slot_subtract subtract __sub__ __rsub__; slot_multiply multiply __mul__ __rmul__;
    slot_remainder remainder __mod__ __rmod__; slot_left_shift left_shift __lshift__ __rlshift__;
    slot_right_shift right_shift __rshift__ __rrshift__; slot_and and __and__ __rand__; slot_xor xor __xor__ __rxor__;
    slot_or or __or__ __ror__; slot_floor_divide floor_divide __floordiv__ __rfloordiv__;
    slot_true_divide true_divide __truediv__ __rtruediv__; slot_matrix_multiply matrix_multiply __matmul__ __rmatmul__;
}

fn slot_power(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>, modulus: Option<Ref<'_>>) -> PyResult {
    let own: crate::slots::TernaryFn = slot_power;
    let Some(modulus) = modulus else {
        return number(vm, left, right, [names::__pow__(), names::__rpow__()], Slot::power, own as usize);
    };
    for (this, name, other) in [(left, names::__pow__(), right), (right, names::__rpow__(), left)] {
        if this.class().slots().power.is_some_and(|function| std::ptr::fn_addr_eq(function, own))
            && let Some(result) = call_special(vm, this, name, &[other, modulus])?
            && !result.borrow().is_not_implemented()
        {
            return Ok(result);
        }
    }
    Ok(Object::not_implemented())
}

fn slot_hash(vm: &mut Vm, this: Ref<'_>) -> PyResult<i64> {
    let name = names::__hash__();
    if this.class().lookup(name).is_none_or(Ref::is_none) {
        return Err(vm.type_error(format!("unhashable type: '{}'", this.class().full_name())));
    }
    let Some(value) = call_special(vm, this, names::__hash__(), &[])? else { return unhashable(vm, this) };
    match int::to_bigint(value.borrow()) {
        // A hash of any size is folded as the hash of an int would be, unless it fits.
        Some(_) => match int::to_i64(value.borrow()).flatten() {
            Some(-1) => Ok(-2),
            Some(hash) => Ok(hash),
            None => Ok(int::hash(value.borrow()).unwrap_or(0)),
        },
        None => Err(vm.type_error("__hash__ method should return an integer")),
    }
}

fn unhashable(vm: &mut Vm, this: Ref<'_>) -> PyResult<i64> {
    Err(vm.type_error(format!("unhashable type: '{}'", this.class().full_name())))
}

fn slot_call(vm: &mut Vm, this: Ref<'_>, args: Args<'_>) -> PyResult {
    vm.check_stack("")?;
    let name = names::__call__();
    let Some(found) = this.class().lookup(name).map(Ref::to_owned) else {
        return Err(vm.type_error(format!("'{}' object is not callable", this.class().full_name())));
    };
    if found.borrow().class().has_flag(flag::METHOD_DESCRIPTOR) {
        return args.with_first(this, |args| vm.call_with(found.borrow(), args));
    }
    let method = bind(vm, found, Some(this), this.class())?;
    vm.call_with(method.borrow(), args)
}

fn slot_next(vm: &mut Vm, this: Ref<'_>) -> PyResult<Option<Object>> {
    match call_required(vm, this, names::__next__(), &[]) {
        Ok(value) => Ok(Some(value)),
        Err(raised) => {
            let error = vm.catch_if(raised, &exception::STOP_ITERATION)?;
            let value = exception::field(error.borrow(), "value").filter(|value| !value.borrow().is_none());
            vm.set_stop_value(value);
            Ok(None)
        }
    }
}

fn slot_getattr(vm: &mut Vm, this: Ref<'_>, name: Ref<'_>) -> PyResult {
    call_required(vm, this, names::__getattribute__(), &[name])
}

/// Attribute access of a class with `__getattr__`.
fn slot_getattr_hook(vm: &mut Vm, this: Ref<'_>, name: Ref<'_>) -> PyResult {
    let own = names::__getattribute__();
    let overridden = this
        .class()
        .lookup(own)
        .is_some_and(|found| found.downcast_exact::<SlotWrapper>().is_none_or(|wrapper| !std::ptr::eq(wrapper.class, &crate::class::OBJECT)));
    let found = if overridden {
        let result = call_required(vm, this, names::__getattribute__(), &[name]);
        vm.ignore(result, &exception::ATTRIBUTE_ERROR)?
    } else {
        find_generic(vm, this, name)?
    };
    match found {
        Some(value) => Ok(value),
        None => match call_special(vm, this, names::__getattr__(), &[name])? {
            Some(value) => Ok(value),
            None => generic_get(vm, this, name),
        },
    }
}

/// Whether classes made by a metaclass look their attributes up as `type` does.
pub(crate) fn finds_like_type(metaclass: &Type) -> bool {
    let get: crate::slots::BinaryFn = crate::attribute::type_get;
    metaclass.slots().getattr.is_some_and(|getattr| std::ptr::fn_addr_eq(getattr, get))
}

/// Whether attributes that are found are what `object.__getattribute__` finds.
pub fn finds_like_object(class: &Type) -> bool {
    let Some(getattr) = class.slots().getattr else { return true };
    let hook: crate::slots::BinaryFn = slot_getattr_hook;
    std::ptr::fn_addr_eq(getattr, hook)
        && class
            .lookup(names::__getattribute__())
            .and_then(|found| found.downcast_exact::<SlotWrapper>())
            .is_some_and(|wrapper| std::ptr::eq(wrapper.class, &crate::class::OBJECT))
}

fn slot_setattr(vm: &mut Vm, this: Ref<'_>, name: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    store(vm, this, name, value, [names::__setattr__(), names::__delattr__()])
}

fn slot_setitem(vm: &mut Vm, this: Ref<'_>, key: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    let name = if value.is_some() { names::__setitem__() } else { names::__delitem__() };
    if this.class().lookup(name).is_none() {
        let what = if value.is_some() { "does not support item assignment" } else { "doesn't support item deletion" };
        return Err(vm.type_error(format!("'{}' object {what}", this.class().full_name())));
    }
    store(vm, this, key, value, [names::__setitem__(), names::__delitem__()])
}

fn slot_descr_set(vm: &mut Vm, this: Ref<'_>, instance: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    store(vm, this, instance, value, [names::__set__(), names::__delete__()])
}

fn store(vm: &mut Vm, this: Ref<'_>, key: Ref<'_>, value: Option<Ref<'_>>, [set, delete]: [Ref<'static>; 2]) -> PyResult<()> {
    match value {
        Some(value) => {
            // `__set__` missing where only `__delete__` is defined: CPython names the method.
            if this.class().lookup(set).is_none() {
                let text = vm.str_text(set)?;
                return Err(vm.raise(&exception::ATTRIBUTE_ERROR, text));
            }
            call_required(vm, this, set, &[key, value])
        }
        None => {
            if this.class().lookup(delete).is_none() {
                let text = vm.str_text(delete)?;
                return Err(vm.raise(&exception::ATTRIBUTE_ERROR, text));
            }
            call_required(vm, this, delete, &[key])
        }
    }
    .map(drop)
}

fn slot_compare(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>, op: Comparison) -> PyResult {
    let name = match op {
        Comparison::Less => names::__lt__(),
        Comparison::LessEqual => names::__le__(),
        Comparison::Equal => names::__eq__(),
        Comparison::NotEqual => names::__ne__(),
        Comparison::Greater => names::__gt__(),
        Comparison::GreaterEqual => names::__ge__(),
    };
    Ok(call_special(vm, left, name, &[right])?.unwrap_or(Object::not_implemented()))
}

fn slot_len(vm: &mut Vm, this: Ref<'_>) -> PyResult<usize> {
    let value = call_required(vm, this, names::__len__(), &[])?;
    length_of_result(vm, value.borrow())
}

/// The length that a `__len__` meant by what it returned. A `TypeError`, `ValueError` or `OverflowError` if it cannot be one.
pub fn length_of_result(vm: &mut Vm, value: Ref<'_>) -> PyResult<usize> {
    let length = vm.index(value)?;
    if int::is_negative(length.borrow()) {
        return Err(vm.value_error("__len__() should return >= 0"));
    }
    Ok(vm.index_isize(length.borrow())? as usize)
}

fn slot_contains(vm: &mut Vm, this: Ref<'_>, item: Ref<'_>) -> PyResult<bool> {
    let name = names::__contains__();
    match this.class().lookup(name) {
        Some(found) if found.is_none() => Err(vm.type_error(format!("'{}' object is not a container", this.class().full_name()))),
        _ => {
            let Some(result) = call_special(vm, this, names::__contains__(), &[item])? else {
                return Err(vm.type_error(format!("argument of type '{}' is not a container or iterable", this.class().full_name())));
            };
            vm.is_true(result.borrow())
        }
    }
}

fn slot_bool(vm: &mut Vm, this: Ref<'_>) -> PyResult<bool> {
    let Some(result) = call_special(vm, this, names::__bool__(), &[])? else { return Ok(true) };
    match result.borrow().as_bool() {
        Some(value) => Ok(value),
        None => Err(vm.type_error(format!("__bool__ should return bool, returned {}", result.borrow().class().full_name()))),
    }
}

fn slot_descr_get(vm: &mut Vm, this: Ref<'_>, instance: Option<Ref<'_>>, owner: Option<Ref<'_>>) -> PyResult {
    match call_special(vm, this, names::__get__(), &[instance.unwrap_or(Ref::NONE), owner.unwrap_or(Ref::NONE)])? {
        Some(value) => Ok(value),
        None => Ok(this.to_owned()),
    }
}

fn slot_init(vm: &mut Vm, this: Ref<'_>, args: Args<'_>) -> PyResult<()> {
    let name = names::__init__();
    let Some(found) = this.class().lookup(name).map(Ref::to_owned) else { return Ok(()) };
    let result = if found.borrow().class().has_flag(flag::METHOD_DESCRIPTOR) {
        args.with_first(this, |args| vm.call_with(found.borrow(), args))?
    } else {
        let method = bind(vm, found, Some(this), this.class())?;
        vm.call_with(method.borrow(), args)?
    };
    if result.borrow().is_none() {
        return Ok(());
    }
    Err(vm.type_error(format!("__init__() should return None, not '{}'", result.borrow().class().full_name())))
}

fn slot_new(vm: &mut Vm, class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    let name = names::__new__();
    let new = vm.get_attr(class.object(), name)?;
    args.with_first(class.object(), |args| vm.call_with(new.borrow(), args))
}

fn slot_finalize(vm: &mut Vm, this: Ref<'_>) -> PyResult<()> {
    call_special(vm, this, names::__del__(), &[]).map(drop)
}

fn slot_buffer(vm: &mut Vm, this: Ref<'_>, writable: bool) -> PyResult<Buffer> {
    // PyBUF_FULL_RO or PyBUF_FULL.
    let flags = Object::small_int(if writable { 0x11d } else { 0x11c });
    let view = call_required(vm, this, names::__buffer__(), &[flags.borrow()])?;
    if view.borrow().class().name() != "memoryview" {
        return Err(vm.type_error("__buffer__ returned non-memoryview object"));
    }
    match view.borrow().class().slots().buffer {
        Some(buffer) => {
            let buffer = buffer(vm, view.borrow(), writable)?;
            let name = names::__release_buffer__();
            Ok(match vm.lookup_special(this, name)? {
                Some(release) => buffer.with_release(release, view),
                None => buffer,
            })
        }
        None => Err(vm.type_error("__buffer__ returned non-memoryview object")),
    }
}

/// The slots that call Python's special methods.
const PYTHON: Slots = Slots {
    repr: Some(slot_repr),
    str: Some(slot_str),
    hash: Some(slot_hash),
    call: Some(slot_call),
    iter: Some(slot_iter),
    next: Some(slot_next),
    getattr: Some(slot_getattr),
    setattr: Some(slot_setattr),
    compare: Some(slot_compare),
    len: Some(slot_len),
    getitem: Some(slot_getitem),
    setitem: Some(slot_setitem),
    contains: Some(slot_contains),
    add: Some(slot_add),
    subtract: Some(slot_subtract),
    multiply: Some(slot_multiply),
    remainder: Some(slot_remainder),
    power: Some(slot_power),
    left_shift: Some(slot_left_shift),
    right_shift: Some(slot_right_shift),
    and: Some(slot_and),
    xor: Some(slot_xor),
    or: Some(slot_or),
    floor_divide: Some(slot_floor_divide),
    true_divide: Some(slot_true_divide),
    matrix_multiply: Some(slot_matrix_multiply),
    inplace_add: Some(slot_inplace_add),
    inplace_subtract: Some(slot_inplace_subtract),
    inplace_multiply: Some(slot_inplace_multiply),
    inplace_remainder: Some(slot_inplace_remainder),
    inplace_power: Some(slot_inplace_power),
    inplace_left_shift: Some(slot_inplace_left_shift),
    inplace_right_shift: Some(slot_inplace_right_shift),
    inplace_and: Some(slot_inplace_and),
    inplace_xor: Some(slot_inplace_xor),
    inplace_or: Some(slot_inplace_or),
    inplace_floor_divide: Some(slot_inplace_floor_divide),
    inplace_true_divide: Some(slot_inplace_true_divide),
    inplace_matrix_multiply: Some(slot_inplace_matrix_multiply),
    negative: Some(slot_negative),
    positive: Some(slot_positive),
    absolute: Some(slot_absolute),
    invert: Some(slot_invert),
    bool: Some(slot_bool),
    int: Some(slot_int),
    float: Some(slot_float),
    index: Some(slot_index),
    descr_get: Some(slot_descr_get),
    descr_set: Some(slot_descr_set),
    init: Some(slot_init),
    new: Some(slot_new),
    finalize: Some(slot_finalize),
    r#await: Some(slot_await),
    aiter: Some(slot_aiter),
    anext: Some(slot_anext),
    buffer: Some(slot_buffer),
    // Python's `__add__` and `__mul__` are numbers' slots, which are asked first.
    concat: None,
    repeat: None,
    inplace_concat: None,
    inplace_repeat: None,
};

/// What a class's special methods ask of one slot.
enum Choice {
    /// No method is found.
    Empty,
    /// All that are found are wrappers of this type's slot.
    Native(&'static Type),
    Python,
}

/// A special method and its name, interned.
type Special = (Ref<'static>, &'static SpecialMethod);

fn choose(class: &Type, slot: Slot, specials: &[Special]) -> Choice {
    let mut choice = Choice::Empty;
    for (name, special) in specials {
        // Each is asked for once: not worth a place in the cache.
        let Some(found) = class.lookup_uncached(*name) else { continue };
        let native = match found.downcast_exact::<SlotWrapper>() {
            Some(wrapper) if wrapper.special.slot == slot && wrapper.special.name == special.name && class.is_subclass_of(wrapper.get().class) => {
                Some(wrapper.get().class)
            }
            // The wrapper of a sequence's `+` says nothing of the numbers' slot, and the other way round.
            Some(wrapper) if wrapper.special.slot != slot && wrapper.special.name == special.name && class.is_subclass_of(wrapper.get().class) => {
                continue;
            }
            _ => None,
        };
        choice = match (choice, native) {
            (Choice::Empty, Some(native)) => Choice::Native(native),
            (Choice::Native(known), Some(native)) if same_function(known, native, slot) => Choice::Native(known),
            _ => Choice::Python,
        };
        if matches!(choice, Choice::Python) {
            break;
        }
    }
    choice
}

fn same_function(left: &Type, right: &Type, slot: Slot) -> bool {
    left.slots().same_slot(slot, right.slots())
}

thread_local! {
    static SPECIALS: Vec<Special> = special_methods().iter().map(|special| (crate::str::intern::intern(special.name), special)).collect();
}

/// Whether a change of this attribute may change a slot.
pub(super) fn is_special(name: &str) -> bool {
    name == "__getattr__" || special_methods().iter().any(|special| special.name == name)
}

/// Chooses a Python class's slots anew, and those of its subclasses.
pub(super) fn update(class: &Type) {
    SPECIALS.with(|specials| update_with(class, specials));
}

fn update_with(class: &Type, specials: &[Special]) {
    if class.is_heap_type() {
        let mut slots = Slots::NONE;
        // A slot's methods are next to each other in the table.
        for methods in specials.chunk_by(|(_, left), (_, right)| left.slot == right.slot) {
            let slot = methods[0].1.slot;
            match choose(class, slot, methods) {
                Choice::Empty => {}
                Choice::Native(native) => slots.copy_slot(slot, native.slots()),
                Choice::Python => slots.copy_slot(slot, &PYTHON),
            }
        }
        special_cases(class, &mut slots);
        class.slots_mut(|own| *own = slots);
        if slots.finalize.is_some() {
            class.set_flag(flag::FINALIZER);
        }
    }
    for subclass in super::subclasses(class) {
        let subclass = subclass.borrow().downcast::<Type>().expect("subclasses are types").to_owned();
        update_with(&subclass, specials);
    }
}

fn special_cases(class: &Type, slots: &mut Slots) {
    let lookup = |name: &str| class.lookup(crate::str::intern::intern(name));
    if lookup("__hash__").is_some_and(Ref::is_none) {
        slots.hash = Some(unhashable);
    }
    if lookup("__getattr__").is_some() {
        slots.getattr = Some(slot_getattr_hook);
    }
    // `__new__` is no wrapper: a native one is found by its function.
    let native_new =
        lookup("__new__").and_then(|found| found.downcast_exact::<crate::function::BuiltinFunction>()).and_then(|function| function.this.get());
    let native_base = std::iter::successors(Some(class), |class| class.base()).find(|class| !class.is_heap_type());
    // One borrowed from a type with another layout is called as Python would, and refuses.
    if let (Some(native), Some(base)) = (native_new.as_ref().and_then(|native| native.borrow().downcast::<Type>()), native_base)
        && class.is_subclass_of(native.get())
        && base.slots().same_slot(Slot::new, native.slots())
    {
        slots.new = native.get().slots().new;
    }
    if let Some(base) = native_base {
        // What has no special method comes from the native base.
        if slots.buffer.is_none() {
            slots.buffer = base.slots().buffer;
        }
    }
    // A mapping's or sequence's native slots that share a name with the numbers' stay usable.
    debug_assert!(special_methods().iter().all(|special| special.wrapper != Wrapper::Iter));
}
