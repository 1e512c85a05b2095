//! Attributes of instances whose class and layout a site has seen.

use super::enter::enter;
use crate::eval::calls as eval_calls;
use crate::frame::{Ending, Frame};
use crate::shadow::dispatch::{
    Exit, arg, drop_after_native, drop_and_go, drop_two_and_go, go, go_anywhere, go_into, handler, look_or_go, misfit, release_and_go, rewrite, seen,
    site,
};
use crate::shadow::opcode::{HANDLERS, Specialized};
use builtins::strict_module::{STRICT_MODULE, StrictModule};
use bytecode::Instr;
use object::attribute::cache::{self, Found, Polymorphic, Site};
use object::dict::ModuleSite;
use object::raw;
use object::singleton::{MODULE, ModuleObject};
use object::vm::{breaker, breaker_reasons};
use object::{Object, Ref, Vm};

/// Puts an attribute's value in the owner's place on the stack, for a call with a null above, and goes on.
macro_rules! put_value {
    ($value:ident, $vm:ident, $ip:ident, $sp:ident, $frame:ident, $word:ident, $fuel:ident) => {{
        raw::increment($value);
        let owner = std::mem::replace(&mut *$sp.sub(1), $value);
        let mut top = $sp;
        if $word >> 32 & 1 != 0 {
            *top = 0;
            top = top.add(1);
        }
        drop_and_go!($vm, $ip, top, $frame, owner, $fuel);
    }};
}

/// Puts a function of the class in the owner's place on the stack, and the owner above, for a call, and goes on.
macro_rules! put_method {
    ($method:expr, $vm:ident, $ip:ident, $sp:ident, $frame:ident, $fuel:ident) => {{
        let method: u64 = $method;
        raw::increment(method);
        *$sp = std::mem::replace(&mut *$sp.sub(1), method);
        go!($vm, $ip.add(1), $sp.add(1), $frame, $fuel);
    }};
}

handler!(load_word(vm ip sp frame word fuel) {
    let owner = *sp.sub(1);
    let site: &Site = seen(ip, word);
    if site.matches(Ref::from_bits(owner)) {
        let value = site.word(Ref::from_bits(owner)).get();
        if value != 0 {
            put_value!(value, vm, ip, sp, frame, word, fuel);
        }
        return Exit::miss(ip, sp);
    }
    return misfit(vm, ip, sp, frame, word, fuel);
});

handler!(
    /// A local, and its attribute, which the next instruction loads. The local is not counted.
    load_fast_word(vm ip sp frame word fuel) {
        let owner = *Frame::locals(frame).add(arg(word));
        let next = ip.add(1);
        let next_word = (*next).0;
        let site: &Site = seen(next, next_word);
        if next_word as u8 == Specialized::LoadAttrWord as u8 && site.matches(Ref::from_bits(owner)) {
            let value = site.word(Ref::from_bits(owner)).get();
            if value != 0 {
                raw::increment(value);
                *sp = value;
                if next_word >> 32 & 1 != 0 {
                    *sp.add(1) = 0;
                    go!(vm, ip.add(2), sp.add(2), frame, fuel);
                }
                go!(vm, ip.add(2), sp.add(1), frame, fuel);
            }
        }
        if next_word as u8 == Specialized::LoadAttrPolymorphic as u8 {
            return load_fast_polymorphic(vm, ip, sp, frame, word, fuel);
        }
        raw::increment(owner);
        *sp = owner;
        go!(vm, next, sp.add(1), frame, fuel);
    }
);

/// What the site of an attribute that was seen in a few classes has seen.
///
/// # Safety
///
/// The instruction at `ip`, whose word is `word`, has that form.
#[inline(always)]
unsafe fn several<'a>(ip: *const Instr, word: u64) -> &'a Polymorphic {
    // SAFETY: the caller's promise: the copy, which owns what the site has seen, is running.
    unsafe { &*std::ptr::with_exposed_provenance::<Polymorphic>(site(ip, word)[1].get() as usize) }
}

handler!(
    /// The same where the attribute's site has seen a few classes.
    load_fast_polymorphic(vm ip sp frame word fuel) {
        let owner = *Frame::locals(frame).add(arg(word));
        let next = ip.add(1);
        let next_word = (*next).0;
        if let Some(value) = several(next, next_word).word(Ref::from_bits(owner)) {
            let value = value.get();
            if value != 0 {
                raw::increment(value);
                *sp = value;
                if next_word >> 32 & 1 != 0 {
                    *sp.add(1) = 0;
                    go!(vm, ip.add(2), sp.add(2), frame, fuel);
                }
                go!(vm, ip.add(2), sp.add(1), frame, fuel);
            }
        }
        raw::increment(owner);
        *sp = owner;
        go!(vm, next, sp.add(1), frame, fuel);
    }
);

handler!(
    /// A function of the class, for a call.
    load_method(vm ip sp frame word fuel) {
        let site: &Site = seen(ip, word);
        if site.matches(Ref::from_bits(*sp.sub(1))) {
            put_method!(site.class_value(), vm, ip, sp, frame, fuel);
        }
        return misfit(vm, ip, sp, frame, word, fuel);
    }
);

handler!(
    /// What the class has, and is no descriptor.
    load_value(vm ip sp frame word fuel) {
        let owner = *sp.sub(1);
        let site: &Site = seen(ip, word);
        if site.matches(Ref::from_bits(owner)) {
            let value = site.class_value();
            put_value!(value, vm, ip, sp, frame, word, fuel);
        }
        return misfit(vm, ip, sp, frame, word, fuel);
    }
);

handler!(
    /// A name of a module.
    load_module(vm ip sp frame word fuel) {
        let owner = *sp.sub(1);
        let site: &ModuleSite = seen(ip, word);
        if raw::class_address(owner) == std::ptr::from_ref(&MODULE).addr()
            && let Some(value) = site.word(Ref::from_bits(owner).downcast_unchecked::<ModuleObject>().dict().get())
        {
            put_value!(value, vm, ip, sp, frame, word, fuel);
        }
        return misfit(vm, ip, sp, frame, word, fuel);
    }
);

handler!(
    /// A name of a strict module.
    load_strict_module(vm ip sp frame word fuel) {
        let owner = *sp.sub(1);
        let site: &ModuleSite = seen(ip, word);
        if raw::class_address(owner) == std::ptr::from_ref(&STRICT_MODULE).addr()
            && let Some(value) = site.word(Ref::from_bits(owner).downcast_unchecked::<StrictModule>().get().globals().get())
        {
            put_value!(value, vm, ip, sp, frame, word, fuel);
        }
        return misfit(vm, ip, sp, frame, word, fuel);
    }
);

handler!(
    /// An attribute of a class.
    load_class(vm ip sp frame word fuel) {
        let owner = *sp.sub(1);
        let site: &Site = seen(ip, word);
        if site.matches_class(Ref::from_bits(owner)) {
            let value = site.class_value();
            put_value!(value, vm, ip, sp, frame, word, fuel);
        }
        return misfit(vm, ip, sp, frame, word, fuel);
    }
);

handler!(
    /// The function of a class method, asked of the class, for a call.
    load_class_method(vm ip sp frame word fuel) {
        let site: &Site = seen(ip, word);
        if site.matches_class(Ref::from_bits(*sp.sub(1))) {
            put_method!(site.class_value(), vm, ip, sp, frame, fuel);
        }
        return misfit(vm, ip, sp, frame, word, fuel);
    }
);

/// Puts the bound method in the owner's place on the stack, and goes on.
macro_rules! bind_and_go {
    ($method:ident, $vm:ident, $ip:ident, $sp:ident, $frame:ident, $fuel:ident) => {{
        (*$frame).ip = $ip;
        let owner = *$sp.sub(1);
        let value = bound($vm, $method, owner);
        if value == 0 {
            return Exit::raised($ip, $sp);
        }
        *$sp.sub(1) = value;
        drop_and_go!($vm, $ip, $sp, $frame, owner, $fuel);
    }};
}

/// Puts what was found in the owner's place on the stack and goes on; what is not simple is the loop's.
macro_rules! finish_load {
    ($found:expr, $vm:ident, $ip:ident, $sp:ident, $frame:ident, $word:ident, $fuel:ident) => {{
        match $found {
            Some(Found::Value(value)) => {
                let value = value.bits();
                put_value!(value, $vm, $ip, $sp, $frame, $word, $fuel);
            }
            Some(Found::Method(method)) if $word >> 32 & 1 != 0 => put_method!(method.bits(), $vm, $ip, $sp, $frame, $fuel),
            Some(Found::Method(method)) => {
                let method = method.bits();
                bind_and_go!(method, $vm, $ip, $sp, $frame, $fuel);
            }
            None => return load_other($vm, $ip, $sp, $frame, $word, $fuel),
        }
    }};
}

/// What a function of the class gives that is asked for and not called; 0 if that raised.
///
/// # Safety
///
/// The words are those of live values, the first that of something that binds instances.
#[inline(never)]
unsafe fn bound(vm: *mut Vm, method: u64, owner: u64) -> u64 {
    // SAFETY: the caller's promise.
    unsafe {
        let (method, owner) = (Ref::from_bits(method), Ref::from_bits(owner));
        let get = method.class().slots().descr_get.expect("what binds instances is a descriptor");
        get(&mut *vm, method, Some(owner), Some(owner.class().object())).map_or(0, Object::into_raw)
    }
}

handler!(
    /// A function of the class, bound to the owner, that is not called at once.
    load_bound(vm ip sp frame word fuel) {
        let site: &Site = seen(ip, word);
        if site.matches(Ref::from_bits(*sp.sub(1))) {
            let method = site.class_value();
            bind_and_go!(method, vm, ip, sp, frame, fuel);
        }
        return misfit(vm, ip, sp, frame, word, fuel);
    }
);

handler!(
    /// A site that sees a few classes.
    load_polymorphic(vm ip sp frame word fuel) {
        if let Some(value) = several(ip, word).word(Ref::from_bits(*sp.sub(1))) {
            let value = value.get();
            if value != 0 {
                put_value!(value, vm, ip, sp, frame, word, fuel);
            }
        }
        return load_polymorphic_other(vm, ip, sp, frame, word, fuel);
    }
);

handler!(
    /// The same for what is no attribute of an instance, or was not seen yet.
    #[inline(never)]
    load_polymorphic_other(vm ip sp frame word fuel) {
        let seen = several(ip, word);
        if seen.is_overfull() {
            rewrite(ip, Specialized::LoadAttrGeneral as u8);
            return load_general(vm, ip, sp, frame, word, fuel);
        }
        let name = *(*(*frame).code).names.as_ptr().add(arg(word) >> 1);
        let found = seen.load(Ref::from_bits(*sp.sub(1)), name);
        finish_load!(found, vm, ip, sp, frame, word, fuel)
    }
);

handler!(
    /// A site that is not simple: the cache that all sites share.
    load_general(vm ip sp frame word fuel) {
        let name = *(*(*frame).code).names.as_ptr().add(arg(word) >> 1);
        let found = cache::load(Ref::from_bits(*sp.sub(1)), name);
        finish_load!(found, vm, ip, sp, frame, word, fuel)
    }
);

/// The attribute, and for a call what it is bound to; 0 if that raised.
///
/// # Safety
///
/// The words are those of live values.
#[inline(never)]
unsafe fn get_attribute(vm: *mut Vm, owner: u64, name: Ref<'_>, is_call: bool) -> (u64, u64) {
    // SAFETY: the caller's promise.
    unsafe {
        if !is_call {
            return ((*vm).get_attr(Ref::from_bits(owner), name).map_or(0, Object::into_raw), 0);
        }
        (*vm).get_method(Ref::from_bits(owner), name).map_or((0, 0), |(method, this)| (method.into_raw(), this.map_or(0, Object::into_raw)))
    }
}

handler!(
    /// Attributes that are computed.
    #[inline(never)]
    load_other(vm ip sp frame word fuel) {
        let owner = *sp.sub(1);
        (*frame).ip = ip;
        let name = *(*(*frame).code).names.as_ptr().add(arg(word) >> 1);
        let is_call = word >> 32 & 1 != 0;
        if !is_call
            && Ref::from_bits(owner).class().is_heap_type()
            && let Some(inner) = enter_getter(vm, frame, sp, name)
        {
            go_into!(vm, inner, ip, sp, fuel);
        }
        let (value, this) = get_attribute(vm, owner, name, is_call);
        if value == 0 {
            return Exit::raised(ip, sp);
        }
        *sp.sub(1) = value;
        let mut top = sp;
        if is_call {
            *top = this;
            top = top.add(1);
        }
        drop_after_native!(vm, ip, top, frame, owner, fuel);
    }
);

/// Makes the frame of the Python function that computes an attribute: a property's getter, or `__getattr__` if the attribute is not there. Null: that
/// raised; `None`: there is no such function.
///
/// # Safety
///
/// The owner is on top of the stack of the innermost frame.
#[inline(never)]
unsafe fn enter_getter(vm: *mut Vm, frame: *mut Frame, sp: *mut u64, name: Ref<'_>) -> Option<*mut Frame> {
    // SAFETY: the caller's promise; above the owner is room for two words.
    unsafe {
        let owner = Ref::from_bits(*sp.sub(1));
        if let Some(getter) = eval_calls::python_getter(owner, name) {
            return Some(enter_for_attribute(vm, frame, getter.bits(), sp, 1));
        }
        let hook = eval_calls::python_getattr(owner, name)?;
        *sp.add(1) = name.to_owned().into_raw();
        Some(enter_for_attribute(vm, frame, hook.bits(), sp, 2))
    }
}

/// Makes the frame of a function that computes an attribute of the object on top of the stack, which stays there; null if that raised.
///
/// # Safety
///
/// Above the stack's top is room for the `n` arguments, all but the first of which are there.
#[inline(always)]
unsafe fn enter_for_attribute(vm: *mut Vm, frame: *mut Frame, function: u64, sp: *mut u64, n: usize) -> *mut Frame {
    // SAFETY: the caller's promise.
    unsafe {
        let owner = *sp.sub(1);
        raw::increment(owner);
        *sp = owner;
        let inner = enter(vm, frame, function, sp, n);
        if !inner.is_null() {
            (*inner).ending = Ending::Attribute;
        }
        inner
    }
}

handler!(
    /// A property with a Python getter.
    load_property(vm ip sp frame word fuel) {
        let site: &Site = seen(ip, word);
        let owner = *sp.sub(1);
        if word >> 32 & 1 != 0 || !site.matches(Ref::from_bits(owner)) {
            return misfit(vm, ip, sp, frame, word, fuel);
        }
        (*frame).ip = ip;
        let inner = enter_for_attribute(vm, frame, site.class_value(), sp, 1);
        go_into!(vm, inner, ip, sp, fuel);
    }
);

handler!(store_word(vm ip sp frame word fuel) {
    let owner = *sp.sub(1);
    let site: &Site = seen(ip, word);
    if site.matches(Ref::from_bits(owner)) {
        let old = site.word(Ref::from_bits(owner)).replace(*sp.sub(2));
        let top = sp.sub(2);
        if raw::decrement(old) {
            *top = old;
            *top.add(1) = owner;
            return drop_two_and_go(vm, ip, top, frame, word, fuel);
        }
        drop_and_go!(vm, ip, top, frame, owner, fuel);
    }
    return misfit(vm, ip, sp, frame, word, fuel);
});

handler!(
    /// The first store of an attribute to an object.
    store_add(vm ip sp frame word fuel) {
        let owner = *sp.sub(1);
        let site: &Site = seen(ip, word);
        if site.matches(Ref::from_bits(owner)) {
            site.add(Ref::from_bits(owner), *sp.sub(2));
            let top = sp.sub(2);
            drop_and_go!(vm, ip, top, frame, owner, fuel);
        }
        return misfit(vm, ip, sp, frame, word, fuel);
    }
);

handler!(
    /// A site that sees a few classes.
    store_polymorphic(vm ip sp frame word fuel) {
        let (value, owner) = (*sp.sub(2), *sp.sub(1));
        let name = *(*(*frame).code).names.as_ptr().add(arg(word));
        let seen = several(ip, word);
        if seen.is_overfull() {
            rewrite(ip, Specialized::StoreAttrGeneral as u8);
            return store_general(vm, ip, sp, frame, word, fuel);
        }
        (*frame).ip = ip;
        let Some(old) = seen.exchange(Ref::from_bits(owner), name, value) else {
            return store_general(vm, ip, sp, frame, word, fuel);
        };
        let top = sp.sub(2);
        *top = old;
        *top.add(1) = owner;
        return drop_two_and_go(vm, ip, top, frame, word, fuel);
    }
);

handler!(
    /// A site that is not simple: the cache that all sites share.
    store_general(vm ip sp frame word fuel) {
        let (value, owner) = (*sp.sub(2), *sp.sub(1));
        let name = *(*(*frame).code).names.as_ptr().add(arg(word));
        (*frame).ip = ip;
        let Some(old) = cache::exchange(Ref::from_bits(owner), name, value) else {
            return store_other(vm, ip, sp, frame, word, fuel);
        };
        let top = sp.sub(2);
        *top = old;
        *top.add(1) = owner;
        return drop_two_and_go(vm, ip, top, frame, word, fuel);
    }
);

handler!(
    /// Attributes that are stored by a function: a property's setter, `__setattr__`, or a native one.
    #[inline(never)]
    store_other(vm ip sp frame word fuel) {
        let name = *(*(*frame).code).names.as_ptr().add(arg(word));
        if Ref::from_bits(*sp.sub(1)).class().is_heap_type()
            && let Some(inner) = enter_setter(vm, frame, sp, name)
        {
            go_into!(vm, inner, ip, sp.sub(2), fuel);
        }
        if set_attribute(vm, *sp.sub(1), name, *sp.sub(2)) {
            return Exit::raised(ip, sp);
        }
        let (value, owner, top) = (*sp.sub(2), *sp.sub(1), sp.sub(2));
        // The value first: it is what somebody may just have been replaced by.
        *top = value;
        *top.add(1) = owner;
        return drop_two_and_go(vm, ip, top, frame, word, fuel);
    }
);

/// Stores an attribute: whether that raised.
///
/// # Safety
///
/// The words are those of live values.
#[inline(never)]
unsafe fn set_attribute(vm: *mut Vm, owner: u64, name: Ref<'_>, value: u64) -> bool {
    // SAFETY: the caller's promise.
    unsafe { (*vm).set_attr(Ref::from_bits(owner), name, Some(Ref::from_bits(value))).is_err() }
}

/// Makes the frame of the Python function that stores an attribute. Null: that raised; `None`: there is no such function.
///
/// # Safety
///
/// Value and owner, which are taken over unless the answer is `None`, are on top of the stack of the innermost frame.
#[inline(never)]
unsafe fn enter_setter(vm: *mut Vm, frame: *mut Frame, sp: *mut u64, name: Ref<'_>) -> Option<*mut Frame> {
    // SAFETY: the caller's promise; above the owner is room for one word more.
    unsafe {
        let (value, owner) = (*sp.sub(2), *sp.sub(1));
        let (setter, takes_name) = eval_calls::python_setter(Ref::from_bits(owner), name)?;
        *sp.sub(2) = owner;
        let mut n = 2;
        if takes_name {
            *sp.sub(1) = name.to_owned().into_raw();
            n = 3;
        }
        *sp.add(n).sub(3) = value;
        let inner = enter(vm, frame, setter.bits(), sp.sub(2), n);
        if !inner.is_null() {
            (*inner).ending = Ending::Discard;
        }
        Some(inner)
    }
}
