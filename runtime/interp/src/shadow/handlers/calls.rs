//! Calls and returns, and the generators that take part in them.

use super::enter::{enter_function, enter_small, enter_with_defaults, start_of};
use crate::compiled::Entry;
use crate::compiled::resume::{self, Awaited};
use crate::eval::calls as eval_calls;
use crate::frame::{Ending, Frame};
use crate::function::{self, FUNCTION, Function};
use crate::generator;
use crate::shadow::dispatch::{Exit, arg, drop_and_go, go, go_anywhere, go_into, handler, look_or_go, misfit, release_and_go, seen};
use crate::shadow::opcode::HANDLERS;
use crate::shadow::{is_shadow, original};
use bytecode::{Instr, Opcode};
use object::class::TYPE;
use object::function::{BOUND_METHOD, BUILTIN_FUNCTION, METHOD_DESCRIPTOR};
use object::raw;
use object::tuple::Tuple;
use object::vm::{breaker, breaker_reasons};
use object::{Args, Object, Ref, Type, Vm};
use std::cell::Cell;

/// Goes on in the frame of a call of a Python function; what has to be bound goes another way.
macro_rules! go_into_python {
    ($vm:ident, $ip:ident, $first:ident, $frame:ident, $word:ident, $callable:ident, $fuel:ident) => {{
        let has_self = usize::from(*$first.sub(1) != 0);
        let n = arg($word);
        let inner = enter_small($vm, $frame, $callable, $first.sub(has_self), n + has_self);
        if inner.is_null() {
            return call_function($vm, $ip, $first.add(n), $frame, $word, $fuel);
        }
        (*$frame).sp = $first.sub(2);
        go_anywhere!($vm, start_of(inner), (*inner).sp, inner, $fuel);
    }};
}

handler!(
    /// A bound method is replaced by its function and `self`.
    #[inline(never)]
    call_method(vm ip sp frame word fuel) {
        eval_calls::unpack_bound_method(sp.sub(arg(word)));
        return call(vm, ip, sp, frame, word, fuel);
    }
);

handler!(call(vm ip sp frame word fuel) {
    let n = arg(word);
    let first = sp.sub(n);
    let callable = *first.sub(2);
    (*frame).ip = ip;
    let class = raw::class_address(callable);
    if class != std::ptr::from_ref(&FUNCTION).addr() {
        if class == std::ptr::from_ref(&METHOD_DESCRIPTOR).addr() || class == std::ptr::from_ref(&BUILTIN_FUNCTION).addr() {
            return call_native(vm, ip, sp, frame, word, fuel);
        }
        if class == std::ptr::from_ref(&BOUND_METHOD).addr() && *first.sub(1) == 0 {
            return call_method(vm, ip, sp, frame, word, fuel);
        }
        return call_other(vm, ip, sp, frame, word, fuel);
    }
    go_into_python!(vm, ip, first, frame, word, callable, fuel);
});

handler!(
    /// A site that has seen Python functions.
    call_python(vm ip sp frame word fuel) {
        let first = sp.sub(arg(word));
        let callable = *first.sub(2);
        if raw::class_address(callable) != std::ptr::from_ref(&FUNCTION).addr() {
            return misfit(vm, ip, sp, frame, word, fuel);
        }
        (*frame).ip = ip;
        go_into_python!(vm, ip, first, frame, word, callable, fuel);
    }
);

handler!(
    /// A site that has seen Python functions whose last parameters get their defaults.
    call_defaults(vm ip sp frame word fuel) {
        let first = sp.sub(arg(word));
        let callable = *first.sub(2);
        if raw::class_address(callable) != std::ptr::from_ref(&FUNCTION).addr() {
            return misfit(vm, ip, sp, frame, word, fuel);
        }
        (*frame).ip = ip;
        let has_self = usize::from(*first.sub(1) != 0);
        let inner = enter_with_defaults(vm, frame, callable, first.sub(has_self), arg(word) + has_self);
        if inner.is_null() {
            return call_function(vm, ip, sp, frame, word, fuel);
        }
        (*frame).sp = first.sub(2);
        go_anywhere!(vm, start_of(inner), (*inner).sp, inner, fuel);
    }
);

handler!(
    /// Calls a Python function whose arguments have to be bound first.
    #[inline(never)]
    call_function(vm ip sp frame word fuel) {
        let first = sp.sub(arg(word));
        let inner = enter_function(vm, frame, first, arg(word));
        go_into!(vm, inner, ip, first.sub(2), fuel);
    }
);

handler!(
    /// A site that has seen a class whose instances are set up by a Python function.
    call_class(vm ip sp frame word fuel) {
        let first = sp.sub(arg(word));
        let site: &ClassSite = seen(ip, word);
        let class = *first.sub(2);
        if raw::class_address(class) != std::ptr::from_ref(&TYPE).addr() || *first.sub(1) != 0 || !site.matches(Ref::from_bits(class)) {
            return misfit(vm, ip, sp, frame, word, fuel);
        }
        (*frame).ip = ip;
        let inner = enter_instance(vm, frame, site.init.get(), first, arg(word));
        go_into!(vm, inner, ip, first.sub(1), fuel);
    }
);

/// What the site of a call has seen of a class.
#[repr(C)]
pub(in crate::shadow) struct ClassSite {
    version: Cell<u64>,
    /// The `__init__`, which the class holds as long as it has the version.
    init: Cell<u64>,
}

impl ClassSite {
    /// Notes a class, if its instances are made and set up in the usual way.
    pub(in crate::shadow) fn fill(&self, class: Ref<'_>) -> bool {
        let Some(init) = eval_calls::plain_init(class) else { return false };
        let version = class.downcast::<Type>().map_or(0, |class| class.get().version());
        self.version.set(u64::from(version));
        self.init.set(init.bits());
        version != 0
    }

    /// Whether this is the class that was noted, and unchanged.
    #[inline(always)]
    fn matches(&self, class: Ref<'_>) -> bool {
        // SAFETY: the caller compared the type.
        u64::from(unsafe { class.downcast_unchecked::<Type>() }.get().known_version()) == self.version.get()
    }
}

/// Makes an instance and the frame of its `__init__`; null if that raised.
///
/// # Safety
///
/// As for [`enter_function`], with a class for callable that has this `__init__`.
#[inline(never)]
unsafe fn enter_instance(vm: *mut Vm, frame: *mut Frame, init: u64, first: *mut u64, n: usize) -> *mut Frame {
    // SAFETY: the caller's promise.
    unsafe { eval_calls::enter_init(&mut *vm, frame, Ref::from_bits(*first.sub(2)), Ref::from_bits(init), first, n).unwrap_or(std::ptr::null_mut()) }
}

/// Makes an instance and the frame of its `__init__`: null if that raised, `None` if the class is not that simple.
///
/// # Safety
///
/// As for [`enter_function`], with a class for callable.
#[inline(never)]
unsafe fn enter_class(vm: *mut Vm, frame: *mut Frame, first: *mut u64, n: usize) -> Option<*mut Frame> {
    // SAFETY: the caller's promise.
    unsafe {
        let callable = Ref::from_bits(*first.sub(2));
        let init = eval_calls::plain_init(callable)?;
        Some(eval_calls::enter_init(&mut *vm, frame, callable, init, first, n).unwrap_or(std::ptr::null_mut()))
    }
}

handler!(
    /// Calls a class or something native.
    #[inline(never)]
    call_other(vm ip sp frame word fuel) {
        let first = sp.sub(arg(word));
        if *first.sub(1) == 0 {
            let callable = Ref::from_bits(*first.sub(2));
            if callable.is(TYPE.object()) && arg(word) == 1 {
                let object = *first;
                *first.sub(2) = Ref::from_bits(object).class().to_object().into_raw();
                drop_and_go!(vm, ip, first.sub(1), frame, object, fuel);
            }
            if raw::class_address(callable.bits()) == std::ptr::from_ref(&TYPE).addr()
                && let Some(inner) = enter_class(vm, frame, first, arg(word))
            {
                go_into!(vm, inner, ip, first.sub(1), fuel);
            }
            if eval_calls::python_method(callable, object::names::__call__()).is_some() {
                return Exit::miss(ip, sp);
            }
        }
        return call_native(vm, ip, sp, frame, word, fuel);
    }
);

/// What a call of something native gives; 0 if it raised. All from below `first` to `sp` is dropped.
///
/// # Safety
///
/// The callable and self, or null, are below the arguments at `first`.
#[inline(never)]
unsafe fn value_of_call(vm: *mut Vm, first: *mut u64, sp: *mut u64) -> u64 {
    // SAFETY: the caller's promise.
    unsafe {
        let start = first.sub(usize::from(*first.sub(1) != 0));
        let values: &[Ref<'_>] = std::slice::from_raw_parts(start.cast(), sp.offset_from(start) as usize);
        let result = eval_calls::call_native(&mut *vm, Ref::from_bits(*first.sub(2)), values);
        drop_words_down_to(first.sub(2), sp);
        result.map_or(0, Object::into_raw)
    }
}

/// The same for a call whose last arguments have names, which are in a tuple on top of the stack.
///
/// # Safety
///
/// As for [`value_of_call`].
#[inline(never)]
unsafe fn value_of_call_kw(vm: *mut Vm, first: *mut u64, sp: *mut u64) -> u64 {
    // SAFETY: the caller's promise.
    unsafe {
        let start = first.sub(usize::from(*first.sub(1) != 0));
        let values: &[Ref<'_>] = std::slice::from_raw_parts(start.cast(), sp.offset_from(start) as usize - 1);
        let names = Ref::from_bits(*sp.sub(1)).downcast_unchecked::<Tuple>();
        let result = (*vm).call_with(Ref::from_bits(*first.sub(2)), Args::new(values, Some(names)));
        drop_words_down_to(first.sub(2), sp);
        result.map_or(0, Object::into_raw)
    }
}

/// Drops the words of a stack from its top, `sp`, down to `bottom`.
///
/// # Safety
///
/// The words own references or are zero.
#[inline(always)]
pub(super) unsafe fn drop_words_down_to(bottom: *mut u64, sp: *mut u64) {
    let mut top = sp;
    while top > bottom {
        // SAFETY: the caller's promise.
        unsafe {
            top = top.sub(1);
            if raw::decrement(*top) {
                raw::release(*top);
            }
        }
    }
}

handler!(
    /// Calls what is no Python function.
    #[inline(never)]
    call_native(vm ip sp frame word fuel) {
        let n = arg(word);
        let first = sp.sub(n);
        let top = first.sub(2);
        let value = value_of_call(vm, first, sp);
        if value == 0 {
            return Exit::raised(ip, top);
        }
        *top = value;
        look_or_go!(vm, ip.add(1), top.add(1), frame, fuel);
    }
);

/// Makes the frame of a coroutine function's call that is awaited at once: it runs without a coroutine until it waits. `None` if
/// the callable is something else, null if the call raised.
///
/// # Safety
///
/// As for [`enter_function`], with any callable.
#[inline(never)]
unsafe fn enter_awaited(vm: *mut Vm, frame: *mut Frame, first: *mut u64, n: usize) -> Option<*mut Frame> {
    // SAFETY: the caller's promise.
    unsafe {
        let function = Ref::from_bits(*first.sub(2)).downcast_exact::<Function>()?;
        if !resume::may_begin_awaited(function.get().code()) {
            return None;
        }
        let inner = enter_function(vm, frame, first, n);
        if !inner.is_null() {
            (*inner).ending = Ending::Awaited;
            (*vm).handled.push(None);
        }
        Some(inner)
    }
}

handler!(
    /// A call whose result is awaited by the instructions after it.
    call_awaited(vm ip sp frame word fuel) {
        let first = sp.sub(arg(word));
        if *first.sub(1) == 0 {
            eval_calls::unpack_bound_method(first);
        }
        (*frame).ip = ip;
        let Some(inner) = enter_awaited(vm, frame, first, arg(word)) else {
            return call(vm, ip, sp, frame, word, fuel);
        };
        go_into!(vm, inner, ip, first.sub(2), fuel);
    }
);

/// Runs the frame of an awaited call in compiled code, and goes on in its caller.
///
/// # Safety
///
/// The frame is the innermost one, and the entry is its.
#[inline(never)]
unsafe fn run_awaited(vm: *mut Vm, frame: *mut Frame, entry: Entry, fuel: u64) -> Exit {
    // SAFETY: the caller's promise.
    unsafe {
        let caller = (*frame).previous;
        let awaited = resume::run_awaited(&mut *vm, frame, entry);
        let (call, sp) = ((*caller).ip, (*caller).sp);
        let (ip, value) = match awaited {
            Awaited::Returned(value) => (crate::shadow::after_await(&*(*caller).code, call), value),
            Awaited::Waits(value) => (call.add(crate::shadow::AWAITED_CALL), value),
            Awaited::Raised => return Exit::raised(call, sp),
        };
        *sp = value.into_raw();
        if breaker_reasons() & (breaker::FINALIZERS | breaker::TRACE) != 0 {
            return Exit::look(ip, sp.add(1));
        }
        go_anywhere!(vm, ip, sp.add(1), caller, fuel);
    }
}

handler!(return_generator(vm ip sp frame word fuel) {
    if (*frame).ending == Ending::Awaited {
        *sp = raw::NONE;
        (*frame).ip = ip;
        // Native code that awaits has looked for compiled code before.
        if !(*frame).is_entry && let Some(entry) = resume::entry_of(&mut *vm, frame) {
            return run_awaited(vm, frame, entry, fuel);
        }
        go!(vm, ip.add(1), sp.add(1), frame, fuel);
    }
    if (*frame).is_entry || !matches!((*frame).ending, Ending::Push | Ending::Iterator) {
        return Exit::miss(ip, sp);
    }
    (*frame).ip = ip;
    (*frame).sp = sp;
    let generator = generator_of(vm, frame);
    let caller = (*vm).frame.cast::<Frame>();
    let (ip, sp) = ((*caller).ip.add(1), (*caller).sp);
    *sp = generator;
    go_anywhere!(vm, ip, sp.add(1), caller, fuel);
});

/// Gives the words of a frame back whose locals and function are dropped; its caller, which this gives, becomes the innermost frame.
///
/// # Safety
///
/// The frame is the innermost one and lies on the data stack.
#[inline(always)]
unsafe fn give_back(vm: *mut Vm, frame: *mut Frame) -> *mut Frame {
    // SAFETY: the caller's promise.
    unsafe {
        let caller = (*frame).previous;
        (*vm).frame = caller.cast();
        (*vm).depth -= 1;
        (*vm).data_stack.start = frame.cast();
        caller
    }
}

/// Leaves a frame whose locals and function are dropped, and goes on in its caller with the value.
macro_rules! leave {
    ($vm:ident, $frame:ident, $value:ident, $fuel:ident) => {{
        let caller = give_back($vm, $frame);
        let (mut ip, mut sp) = ((*caller).ip.add(1), (*caller).sp);
        if $value == raw::NONE && (*ip).opcode_byte() == Opcode::PopTop as u8 && is_shadow((*ip).0) {
            ip = ip.add(1);
        } else {
            *sp = $value;
            sp = sp.add(1);
        }
        go_anywhere!($vm, ip, sp, caller, $fuel);
    }};
}

handler!(return_value(vm ip sp frame word fuel) {
    let value = *sp.sub(1);
    if !(*frame).is_plain() {
        return return_other(vm, ip, sp, frame, word, fuel);
    }
    let locals = Frame::locals(frame);
    let mut n_left = (*(*frame).code).n_locals;
    while n_left > 0 {
        if raw::decrement(*locals.add(n_left - 1)) {
            return return_and_release(vm, ip, sp, frame, n_left as u64, fuel);
        }
        n_left -= 1;
    }
    if raw::decrement((*frame).function.borrow().bits()) {
        return return_and_release(vm, ip, sp, frame, 0, fuel);
    }
    leave!(vm, frame, value, fuel);
});

handler!(
    /// Goes on with dropping the locals of a plain frame: the first `word` are left, and the last reference to the last of them is dropped.
    #[inline(never)]
    return_and_release(vm ip sp frame word fuel) {
        let value = *sp.sub(1);
        drop_locals(frame, word as usize);
        if breaker_reasons() & breaker::FINALIZERS != 0 {
            let caller = give_back(vm, frame);
            *(*caller).sp = value;
            return Exit::look((*caller).ip.add(1), (*caller).sp.add(1));
        }
        leave!(vm, frame, value, fuel);
    }
);

/// Drops the first `n_left` locals of a frame, the last of them first, and its function.
///
/// # Safety
///
/// The frame has these references and will not be used again.
#[inline(always)]
unsafe fn drop_locals(frame: *mut Frame, n_left: usize) {
    // SAFETY: the caller's promise.
    unsafe {
        let locals = Frame::locals(frame);
        for index in (0..n_left).rev() {
            let word = *locals.add(index);
            if raw::decrement(word) {
                raw::release(word);
            }
        }
        let function = (*frame).function.borrow().bits();
        if raw::decrement(function) {
            raw::release(function);
        }
    }
}

handler!(
    /// Leaves a frame that native code entered, that Python has a frame object of, or whose value does not just go on its caller's stack.
    #[inline(never)]
    return_other(vm ip sp frame word fuel) {
        let leaver = &*frame;
        let value = *sp.sub(1);
        if leaver.generator != 0 {
            return finish_generator(vm, ip, sp, frame, word, fuel);
        }
        let is_simple = match leaver.ending {
            Ending::Push | Ending::Awaited | Ending::Discard | Ending::Attribute => true,
            Ending::Init => value == raw::NONE,
            Ending::Operator => false,
            Ending::Length => raw::is_int(value) && value as i64 >= 0,
            Ending::Iterator => Ref::from_bits(value).class().slots().next.is_some(),
        };
        if leaver.namespace != 0 || !is_simple {
            return Exit::miss(ip, sp);
        }
        let (ending, is_entry, caller) = (leaver.ending, leaver.is_entry, leaver.previous);
        if leaver.object != 0 {
            (*frame).ip = ip;
            leave_observed(vm, frame);
        } else {
            drop_locals(frame, (*(*frame).code).n_locals);
            give_back(vm, frame);
        }
        if is_entry {
            return Exit::finished(value);
        }
        let (mut ip, mut sp) = ((*caller).ip.add(1), (*caller).sp);
        match ending {
            Ending::Awaited => {
                leave_awaited(vm);
                ip = crate::shadow::after_await(&*(*caller).code, (*caller).ip);
            }
            Ending::Discard if raw::decrement(value) => raw::release(value),
            Ending::Attribute => {
                sp = sp.sub(1);
                if raw::decrement(*sp) {
                    raw::release(*sp);
                }
            }
            _ => {}
        }
        // The instance that was set up is on the stack already.
        if !matches!(ending, Ending::Init | Ending::Discard) {
            *sp = value;
            sp = sp.add(1);
        }
        if breaker_reasons() & breaker::FINALIZERS != 0 {
            return Exit::look(ip, sp);
        }
        go_anywhere!(vm, ip, sp, caller, fuel);
    }
);

/// Leaves a frame whose locals go to the frame object.
///
/// # Safety
///
/// As for [`crate::eval::pop_frame`]; nothing is on the stack but the value returned.
#[inline(never)]
unsafe fn leave_observed(vm: *mut Vm, frame: *mut Frame) {
    // SAFETY: the caller's promise.
    unsafe { crate::eval::pop_frame(&mut *vm, frame, 0) }
}

handler!(
    /// The end of a generator that native code, a loop or a `SEND` resumed.
    #[inline(never)]
    finish_generator(vm ip sp frame word fuel) {
        let value = *sp.sub(1);
        if (*frame).ending != Ending::Push {
            return Exit::miss(ip, sp);
        }
        if (*frame).is_entry {
            (*frame).ip = ip;
            generator::finish(&mut *vm, frame, 0);
            return Exit::finished(value);
        }
        let resumer = (*frame).previous;
        let original = original(*(*resumer).ip);
        // What an async generator's end means to those who wait is the loop's.
        if !matches!(original, Opcode::ForIter | Opcode::Send) || !generator::is_plain(frame) {
            return Exit::miss(ip, sp);
        }
        (*frame).ip = ip;
        generator::finish(&mut *vm, frame, 0);
        let (at, mut sp) = ((*resumer).ip, (*resumer).sp);
        let target = (*(*resumer).code).entry().add((*at).arg() as usize);
        let next = if original == Opcode::Send {
            *sp = value;
            sp = sp.add(1);
            target
        } else {
            // What the generator of a loop returned goes nowhere.
            if raw::decrement(value) {
                raw::release(value);
            }
            target.add(1)
        };
        if breaker_reasons() & breaker::FINALIZERS != 0 {
            return Exit::look(next, sp);
        }
        go_anywhere!(vm, next, sp, resumer, fuel);
    }
);

/// Takes away the entry for exceptions being handled that an awaited call has.
///
/// # Safety
///
/// The `Vm` is the running thread's.
#[inline(never)]
unsafe fn leave_awaited(vm: *mut Vm) {
    // SAFETY: the caller's promise.
    drop(unsafe { &mut (*vm).handled }.pop());
}

/// Makes the generator of a frame that has just started; its caller becomes the innermost frame.
///
/// # Safety
///
/// As for [`generator::make`].
#[inline(never)]
unsafe fn generator_of(vm: *mut Vm, frame: *mut Frame) -> u64 {
    // SAFETY: the caller's promise.
    unsafe { generator::make(&mut *vm, frame).into_raw() }
}

handler!(yield_value(vm ip sp frame word fuel) {
    if (*frame).ending == Ending::Awaited {
        return Exit::miss(ip, sp);
    }
    let value = *sp.sub(1);
    (*frame).ip = ip;
    (*frame).sp = sp.sub(1);
    if let Some(resumer) = generator::suspend_plain(&mut *vm, frame) {
        let (ip, sp) = ((*resumer).ip.add(1), (*resumer).sp);
        *sp = value;
        go_anywhere!(vm, ip, sp.add(1), resumer, fuel);
    }
    return yield_on(vm, ip, sp, frame, word, fuel);
});

handler!(
    /// The same past those that delegate to the generator, to native code, and of what is no plain generator.
    #[inline(never)]
    yield_on(vm ip sp frame word fuel) {
    let value = *sp.sub(1);
    if generator::suspend_delegators(&mut *vm, frame) {
        return Exit::finished(value);
    }
    let resumer = (*vm).frame.cast::<Frame>();
    let (ip, sp) = ((*resumer).ip.add(1), (*resumer).sp);
    *sp = value;
    go_anywhere!(vm, ip, sp.add(1), resumer, fuel);
    }
);

/// Makes the frame of a call with keyword arguments: `None` if the callable is no Python function, null if the call raised.
///
/// # Safety
///
/// `names` is a word that owns a tuple of the keywords' names; the callable is below the `n` arguments at `first`. All are taken over unless the answer is `None`.
#[inline(never)]
unsafe fn enter_with_keywords(vm: *mut Vm, frame: *mut Frame, first: *mut u64, n: usize, names: u64) -> Option<*mut Frame> {
    // SAFETY: the caller's promise.
    unsafe {
        if raw::class_address(*first.sub(2)) != std::ptr::from_ref(&FUNCTION).addr() {
            return None;
        }
        let has_self = usize::from(*first.sub(1) != 0);
        let callee = Object::from_raw(*first.sub(2)).expect("a callable is never null");
        let names = Object::from_raw(names).expect("a value is never null");
        (*frame).sp = first.sub(2);
        let keywords = names.borrow().downcast_unchecked::<Tuple>();
        let inner = function::push_call_frame(&mut *vm, callee, first.sub(has_self), n + has_self, Some(keywords));
        Some(inner.unwrap_or(std::ptr::null_mut()))
    }
}

handler!(call_kw(vm ip sp frame word fuel) {
    let first = sp.sub(1).sub(arg(word));
    if *first.sub(1) == 0 {
        eval_calls::unpack_bound_method(first);
    }
    (*frame).ip = ip;
    let Some(inner) = enter_with_keywords(vm, frame, first, arg(word), *sp.sub(1)) else {
        return call_native_kw(vm, ip, sp, frame, word, fuel);
    };
    go_into!(vm, inner, ip, first.sub(2), fuel);
});

/// Makes a call with arguments in a tuple and a dict. What it came to: the frame of the callee, or a value; 0: it raised.
///
/// # Safety
///
/// Callable, self or null, positional arguments, and keyword arguments or null are on top of the stack; all are dropped.
#[inline(never)]
unsafe fn enter_star(vm: *mut Vm, frame: *mut Frame, sp: *mut u64) -> (u64, bool) {
    // SAFETY: the caller's promise.
    unsafe {
        let call = eval_calls::call_star(&mut *vm, Ref::from_bits(*sp.sub(4)), sp);
        drop_words_down_to(sp.sub(4), sp);
        (*frame).sp = sp.sub(4);
        match call {
            Ok(eval_calls::Call::Frame(inner)) => (inner.expose_provenance() as u64, true),
            Ok(eval_calls::Call::Value(value)) => (value.into_raw(), false),
            Err(_) => (0, false),
        }
    }
}

handler!(call_function_ex(vm ip sp frame word fuel) {
    (*frame).ip = ip;
    let (result, is_frame) = enter_star(vm, frame, sp);
    let top = sp.sub(4);
    if is_frame {
        go_into!(vm, std::ptr::with_exposed_provenance_mut(result as usize), ip, top, fuel);
    }
    if result == 0 {
        return Exit::raised(ip, top);
    }
    *top = result;
    look_or_go!(vm, ip.add(1), top.add(1), frame, fuel);
});

handler!(
    /// Calls what is no Python function with keyword arguments.
    #[inline(never)]
    call_native_kw(vm ip sp frame word fuel) {
        let top = sp.sub(arg(word) + 3);
        let value = value_of_call_kw(vm, top.add(2), sp);
        if value == 0 {
            return Exit::raised(ip, top);
        }
        *top = value;
        look_or_go!(vm, ip.add(1), top.add(1), frame, fuel);
    }
);
