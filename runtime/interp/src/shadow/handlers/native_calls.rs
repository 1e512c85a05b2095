//! Calls of native functions whose shape a site has seen: the function is called without looking at what it is.
//!
//! A site notes the description of the function, which lives as long as the process, and the function itself. The instruction's
//! operand says how many arguments there are, so that whether they fit is found out once.

use super::calls::drop_words_down_to;
use super::enter::enter;
use crate::frame::{Ending, Frame};
use crate::shadow::dispatch::{
    Exit, arg, drop_and_go, drop_both_and_go, drop_two_and_go, go, go_anywhere, handler, look_or_go, misfit, release_and_go, rewrite, seen,
};
use crate::shadow::opcode::{HANDLERS, Specialized};
use builtins::list::is_append;
use bytecode::{Instr, Opcode};
use object::attribute::cache::Site;
use object::call::{Args, NativeInfo};
use object::class::{TYPE, Type};
use object::function::{BUILTIN_FUNCTION, BuiltinFunction, METHOD_DESCRIPTOR, MethodDescriptor};
use object::list::{LIST, List};
use object::native::Native;
use object::raw;
use object::slots::NewFn;
use object::str::STR;
use object::type_new::{builtin_maker, initialize};
use object::vm::{breaker, breaker_reasons};
use object::{Object, PyResult, Ref, Vm};
use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What the site of a native call has seen.
#[repr(C)]
pub(in crate::shadow) struct NativeSite {
    info: Cell<u64>,
    /// The function's address; its type goes with the form of the instruction.
    function: Cell<u64>,
}

type Unary = fn(&mut Vm, Ref<'_>) -> PyResult;
type Binary = fn(&mut Vm, Ref<'_>, Ref<'_>) -> PyResult;
type Many = fn(&mut Vm, Ref<'_>, &[Ref<'_>]) -> PyResult;
type Bound = fn(&mut Vm, Ref<'_>, &[Option<Ref<'_>>]) -> PyResult;

impl NativeSite {
    /// Notes what is called with `n` positional arguments, and says which form goes with it.
    pub(in crate::shadow) fn fill(&self, callable: Ref<'_>, has_self: bool, n: usize) -> Option<Specialized> {
        let (info, is_method) = match (callable.downcast_exact::<MethodDescriptor>(), callable.downcast_exact::<BuiltinFunction>()) {
            (Some(method), _) if has_self => (method.get().info, true),
            (_, Some(function)) if !has_self => (function.get().info, false),
            _ => return None,
        };
        let (function, form) = match (info.method.call, n, is_method) {
            (Native::Unary(function), 0, true) => (function as usize, Specialized::CallMethodUnary),
            (Native::Unary(function), 0, false) => (function as usize, Specialized::CallBuiltinUnary),
            (Native::Binary(function), 1, true) if is_append(info) => (function as usize, Specialized::CallMethodAppend),
            (Native::Binary(function), 1, false) if is_append(info) => (function as usize, Specialized::CallAppend),
            (Native::Binary(function), 1, true) => (function as usize, Specialized::CallMethodBinary),
            (Native::Binary(function), 1, false) => (function as usize, Specialized::CallBuiltinBinary),
            (Native::Many(function), _, true) => (function as usize, Specialized::CallMethodMany),
            (Native::Many(function), _, false) => (function as usize, Specialized::CallBuiltinMany),
            (Native::Bound(function), _, _) => {
                let (least, most) = info.few_parameters()?;
                let form = match (n, is_method) {
                    _ if n < least || n > most => return None,
                    (_, true) if n == most => Specialized::CallMethodBound,
                    (_, true) => Specialized::CallMethodFew,
                    (_, false) if n == most => Specialized::CallBuiltinBound,
                    (_, false) => Specialized::CallBuiltinFew,
                };
                (function as usize, form)
            }
            _ => return None,
        };
        self.info.set((&raw const *info).addr() as u64);
        self.function.set(function as u64);
        Some(form)
    }

    /// Notes a builtin class that is called; whether there is such a form for it.
    pub(in crate::shadow) fn fill_class(&self, class: Ref<'_>) -> bool {
        let maker = class.downcast_exact::<Type>().and_then(|class| builtin_maker(class.get()));
        let Some((new, has_init)) = maker else { return false };
        self.info.set(class.bits() | u64::from(has_init));
        self.function.set(new as usize as u64);
        true
    }

    /// Whether a function has the description that was noted.
    #[inline(always)]
    fn is_of(&self, info: &'static NativeInfo) -> bool {
        self.info.get() == (&raw const *info).addr() as u64
    }
}

/// The receiver of a method call with the callable below it, if the site has seen such calls; zero if not.
///
/// # Safety
///
/// Callable and self, or null, are the two words from `bottom` on.
#[inline(always)]
unsafe fn method_receiver(bottom: *mut u64, site: &NativeSite) -> u64 {
    // SAFETY: the caller's promise; the type is compared.
    unsafe {
        let (callable, this) = (*bottom, *bottom.add(1));
        if raw::class_address(callable) != std::ptr::from_ref(&METHOD_DESCRIPTOR).addr() || this == 0 {
            return 0;
        }
        let method = Ref::from_bits(callable).downcast_unchecked::<MethodDescriptor>().get();
        if site.is_of(method.info) && Ref::from_bits(this).is_exactly(method.class) { this } else { 0 }
    }
}

/// The same for a builtin function: what it is bound to.
///
/// # Safety
///
/// As for [`method_receiver`].
#[inline(always)]
unsafe fn builtin_receiver(bottom: *mut u64, site: &NativeSite) -> u64 {
    // SAFETY: the caller's promise; the type is compared.
    unsafe {
        let callable = *bottom;
        if raw::class_address(callable) != std::ptr::from_ref(&BUILTIN_FUNCTION).addr() || *bottom.add(1) != 0 {
            return 0;
        }
        let function = Ref::from_bits(callable).downcast_unchecked::<BuiltinFunction>().get();
        if !site.is_of(function.info) {
            return 0;
        }
        match function.this.bits() {
            0 => raw::NONE,
            bits => bits,
        }
    }
}

/// What the function of a site gives for the values from `args` to `sp`; 0 if it raised.
///
/// # Safety
///
/// The site noted a function of this type; the words are those of live values.
macro_rules! call_as {
    (Unary, $vm:ident, $site:ident, $this:ident, $args:expr, $sp:ident) => {
        std::mem::transmute::<usize, Unary>($site.function.get() as usize)(&mut *$vm, Ref::from_bits($this)).map_or(0, Object::into_raw)
    };
    (Binary, $vm:ident, $site:ident, $this:ident, $args:expr, $sp:ident) => {
        std::mem::transmute::<usize, Binary>($site.function.get() as usize)(&mut *$vm, Ref::from_bits($this), Ref::from_bits(*$args))
            .map_or(0, Object::into_raw)
    };
    (Many, $vm:ident, $site:ident, $this:ident, $args:expr, $sp:ident) => {{
        let values: &[Ref<'_>] = std::slice::from_raw_parts($args.cast(), $sp.offset_from($args) as usize);
        std::mem::transmute::<usize, Many>($site.function.get() as usize)(&mut *$vm, Ref::from_bits($this), values).map_or(0, Object::into_raw)
    }};
    (Bound, $vm:ident, $site:ident, $this:ident, $args:expr, $sp:ident) => {{
        let values: &[Ref<'_>] = std::slice::from_raw_parts($args.cast(), $sp.offset_from($args) as usize);
        std::mem::transmute::<usize, Bound>($site.function.get() as usize)(&mut *$vm, Ref::from_bits($this), Ref::as_options(values))
            .map_or(0, Object::into_raw)
    }};
    (Few, $vm:ident, $site:ident, $this:ident, $args:expr, $sp:ident) => {
        value_of_few($vm, $site, $this, $args, $sp.offset_from($args) as usize)
    };
}

/// Calls a function that takes more arguments than it is given. Gives 0 if it raised.
///
/// # Safety
///
/// As for [`call_as`]; the number of the values is one that the function takes.
#[inline(never)]
unsafe fn value_of_few(vm: *mut Vm, site: &NativeSite, this: u64, args: *mut u64, n: usize) -> u64 {
    // SAFETY: the caller's promise; the site's description lives as long as the process.
    unsafe {
        let info = &*std::ptr::with_exposed_provenance::<NativeInfo>(site.info.get() as usize);
        let values: &[Ref<'_>] = std::slice::from_raw_parts(args.cast(), n);
        let function = std::mem::transmute::<usize, Bound>(site.function.get() as usize);
        info.call_with_few(&mut *vm, function, Ref::from_bits(this), values).map_or(0, Object::into_raw)
    }
}

macro_rules! native_call {
    ($name:ident, $receiver:ident, $Shape:ident) => {
        handler!($name(vm ip sp frame word fuel) {
            let args = sp.sub(arg(word));
            let bottom = args.sub(2);
            let site: &NativeSite = seen(ip, word);
            let this = $receiver(bottom, site);
            if this == 0 {
                return misfit(vm, ip, sp, frame, word, fuel);
            }
            (*frame).ip = ip;
            let value = call_as!($Shape, vm, site, this, args, sp);
            drop_words_down_to(bottom, sp);
            if value == 0 {
                return Exit::raised(ip, bottom);
            }
            *bottom = value;
            look_or_go!(vm, ip.add(1), bottom.add(1), frame, fuel);
        });
    };
}

native_call!(call_method_unary, method_receiver, Unary);
native_call!(call_method_binary, method_receiver, Binary);
native_call!(call_method_many, method_receiver, Many);
native_call!(call_method_bound, method_receiver, Bound);
native_call!(call_method_few, method_receiver, Few);
native_call!(call_builtin_unary, builtin_receiver, Unary);
native_call!(call_builtin_binary, builtin_receiver, Binary);
native_call!(call_builtin_many, builtin_receiver, Many);
native_call!(call_builtin_bound, builtin_receiver, Bound);
native_call!(call_builtin_few, builtin_receiver, Few);

/// Moves the argument of a call of `list.append` from the stack into the list: whether there is room for it.
///
/// # Safety
///
/// `this` is the word of a live list, the argument is on top of the stack.
#[inline(always)]
unsafe fn append_if_room(vm: *mut Vm, this: u64, sp: *mut u64) -> bool {
    // SAFETY: the caller's promise; the reference moves.
    unsafe {
        let items = Ref::from_bits(this).downcast_unchecked::<List>().get().items_mut(&mut *vm);
        let n = items.len();
        if n == items.capacity() {
            return false;
        }
        items.as_mut_ptr().cast::<u64>().add(n).write(*sp.sub(1));
        items.set_len(n + 1);
        true
    }
}

/// Puts the `None` that `append` gives on the stack, unless the next instruction takes it off again: the instruction that is done then, and the stack's top.
///
/// # Safety
///
/// The call is in a copy; `bottom` is where its result goes.
#[inline(always)]
unsafe fn after_append(ip: *const Instr, bottom: *mut u64) -> (*const Instr, *mut u64) {
    // SAFETY: code does not end with a call.
    unsafe {
        if (*ip.add(1)).opcode_byte() == Opcode::PopTop as u8 {
            return (ip.add(1), bottom);
        }
        *bottom = raw::NONE;
        (ip, bottom.add(1))
    }
}

handler!(
    /// `list.append(item)`, a method that is called.
    call_method_append(vm ip sp frame word fuel) {
        let bottom = sp.sub(3);
        let (callable, this) = (*bottom, method_receiver(bottom, seen(ip, word)));
        if this == 0 || !append_if_room(vm, this, sp) {
            return call_method_binary(vm, ip, sp, frame, word, fuel);
        }
        let (at, top) = after_append(ip, bottom);
        drop_both_and_go!(vm, at, top, frame, word, this, callable, fuel);
    }
);

handler!(
    /// The same where the method was bound before.
    call_append(vm ip sp frame word fuel) {
        let bottom = sp.sub(3);
        let (callable, this) = (*bottom, builtin_receiver(bottom, seen(ip, word)));
        if this == 0 || raw::class_address(this) != std::ptr::from_ref(&LIST).addr() || !append_if_room(vm, this, sp) {
            return call_builtin_binary(vm, ip, sp, frame, word, fuel);
        }
        let (at, top) = after_append(ip, bottom);
        drop_and_go!(vm, at, top, frame, callable, fuel);
    }
);

/// The description of `len`, as an address: set when a call of it is specialised first.
static LEN: AtomicUsize = AtomicUsize::new(0);

/// Whether this is the builtin function `len`.
pub(in crate::shadow) fn is_len(callable: Ref<'_>) -> bool {
    let Some(function) = callable.downcast_exact::<BuiltinFunction>() else { return false };
    let info = function.get().info;
    if !builtins::functions::is_len(info) {
        return false;
    }
    LEN.store((&raw const *info).addr(), Ordering::Relaxed);
    true
}

handler!(
    /// `len(object)` where the object's `__len__` is a Python function: its frame runs without a nested loop.
    call_len(vm ip sp frame word fuel) {
        let bottom = sp.sub(3);
        let (callable, owner) = (*bottom, *sp.sub(1));
        if raw::class_address(callable) != std::ptr::from_ref(&BUILTIN_FUNCTION).addr() || *bottom.add(1) != 0 {
            return misfit(vm, ip, sp, frame, word, fuel);
        }
        let info = Ref::from_bits(callable).downcast_unchecked::<BuiltinFunction>().get().info;
        if (&raw const *info).addr() != LEN.load(Ordering::Relaxed) {
            return misfit(vm, ip, sp, frame, word, fuel);
        }
        let site: &Site = seen(ip, word);
        if !site.matches(Ref::from_bits(owner)) {
            return forget_len(vm, ip, sp, frame, word, fuel);
        }
        (*frame).ip = ip;
        if raw::decrement(callable) {
            raw::release(callable);
        }
        let inner = enter(vm, frame, site.class_value(), sp.sub(1), 1);
        if inner.is_null() {
            return Exit::raised(ip, bottom);
        }
        (*inner).ending = Ending::Length;
        (*frame).sp = bottom;
        go_anywhere!(vm, (*inner).ip, (*inner).sp, inner, fuel);
    }
);

handler!(
    /// Objects of several classes: `len` is called like any other function.
    #[cold]
    #[inline(never)]
    forget_len(vm ip sp frame word fuel) {
        let site: &NativeSite = seen(ip, word);
        let form = site.fill(Ref::from_bits(*sp.sub(3)), false, 1).unwrap_or(Specialized::CallGeneral);
        rewrite(ip, form as u8);
        go!(vm, ip, sp, frame, fuel);
    }
);

/// The instance that the class of a site makes; 0 if that raised.
///
/// # Safety
///
/// The site noted a class; the `n` words from `args` on are those of live values.
#[inline(never)]
unsafe fn instance_of(vm: *mut Vm, site: &NativeSite, args: *mut u64, n: usize) -> u64 {
    // SAFETY: the caller's promise; builtin classes live as long as the process.
    unsafe {
        let (class, has_init) = (Ref::from_bits(site.info.get() & !1).downcast_unchecked::<Type>(), site.info.get() & 1 != 0);
        let args = Args::positional(std::slice::from_raw_parts(args.cast(), n));
        let made = std::mem::transmute::<usize, NewFn>(site.function.get() as usize)(&mut *vm, class, args);
        match made {
            Ok(object) if has_init => initialize(&mut *vm, class.get(), object, args).map_or(0, Object::into_raw),
            made => made.map_or(0, Object::into_raw),
        }
    }
}

handler!(
    /// A builtin class.
    call_builtin_class(vm ip sp frame word fuel) {
        let args = sp.sub(arg(word));
        let bottom = args.sub(2);
        let site: &NativeSite = seen(ip, word);
        if *bottom != site.info.get() & !1 || *bottom.add(1) != 0 {
            return misfit(vm, ip, sp, frame, word, fuel);
        }
        (*frame).ip = ip;
        let value = instance_of(vm, site, args, arg(word));
        drop_words_down_to(bottom, sp);
        if value == 0 {
            return Exit::raised(ip, bottom);
        }
        *bottom = value;
        look_or_go!(vm, ip.add(1), bottom.add(1), frame, fuel);
    }
);

handler!(
    /// `type(object)`
    call_type(vm ip sp frame word fuel) {
        let bottom = sp.sub(3);
        if !Ref::from_bits(*bottom).is(TYPE.object()) || *bottom.add(1) != 0 {
            return misfit(vm, ip, sp, frame, word, fuel);
        }
        let object = *bottom.add(2);
        *bottom = Ref::from_bits(object).class().to_object().into_raw();
        (*frame).ip = ip;
        drop_and_go!(vm, ip, bottom.add(1), frame, object, fuel);
    }
);

/// `str(object)`; 0 if it raised.
///
/// # Safety
///
/// The word is that of a live value.
#[inline(never)]
unsafe fn text_of(vm: *mut Vm, object: u64) -> u64 {
    // SAFETY: the caller's promise.
    unsafe { (*vm).str(Ref::from_bits(object)).map_or(0, |text| text.into_object().into_raw()) }
}

handler!(
    /// `str(object)`
    call_str(vm ip sp frame word fuel) {
        let bottom = sp.sub(3);
        if !Ref::from_bits(*bottom).is(STR.object()) || *bottom.add(1) != 0 {
            return misfit(vm, ip, sp, frame, word, fuel);
        }
        let object = *bottom.add(2);
        if raw::class_address(object) == std::ptr::from_ref(&STR).addr() {
            // A string is its own text: the reference moves.
            *bottom = object;
            go!(vm, ip.add(1), bottom.add(1), frame, fuel);
        }
        (*frame).ip = ip;
        let text = text_of(vm, object);
        if text != 0 {
            *bottom = text;
        }
        if raw::decrement(object) {
            raw::release(object);
        }
        if text == 0 {
            return Exit::raised(ip, bottom);
        }
        look_or_go!(vm, ip.add(1), bottom.add(1), frame, fuel);
    }
);
