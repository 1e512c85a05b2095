//! Generators and coroutines: frames that can be left and entered again.
//!
//! A generator owns its frame, which lies in the same object. Resuming it links the frame to the running
//! one and continues the evaluation loop there; a `for` loop or `await` in the loop does so
//! without recursion ([`start_inline`]). What is thrown into generators is in [`mod@throw`].

pub(crate) mod chain;
mod throw;

pub(crate) use throw::{OnExit, throw_args};
pub use throw::{Thrown, close, exception_of_throw, throw};

use crate::code::CodeObject;
use crate::compiled;
use crate::compiled::resume::Ready;
use crate::eval;
use crate::frame::{Ending, Frame};
use crate::frame_object;
use crate::function::attributes::set_text;
use crate::shadow;
use bytecode::opcode::Intrinsic1;
use bytecode::{CodeFlags, Opcode};
use object::cell::{ObjectCell, Visitor};
use object::class::Payload;
use object::exception::{self, Exception};
use object::native::{Getset, Method, PayloadInfo, TypeSpec, flag};
use object::protocol::iter_self;
use object::slots::Slots;
use object::vm::{breaker, breaker_reasons};
use object::{Object, PyResult, Ref, Type, Vm, method};
use std::cell::Cell;
use throw::throw_method;

/// Where a generator is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Created,
    Suspended,
    Running,
    /// In a [chain]: it runs or waits as the chain does.
    Chained,
    Finished,
}

/// What generators, coroutines and async generators have in common.
pub struct GeneratorData {
    /// The frame, which lies behind this in the same object; null: it has ended.
    pub(crate) frame: Cell<*mut Frame>,
    pub(crate) state: Cell<State>,
    /// Where compiled code goes on.
    pub(crate) ready: Ready,
    /// See [chain].
    pub(crate) link: Cell<*mut Frame>,
    pub(crate) members: Cell<u32>,
    /// What it was handling when it was left.
    pub(crate) handled: ObjectCell,
    pub name: ObjectCell,
    pub qualname: ObjectCell,
    pub code: ObjectCell,
    /// `cr_origin`
    pub origin: ObjectCell,
    /// `ag_closed` of an async generator, and whether one of its awaitables is running.
    pub(crate) closed: Cell<bool>,
    pub(crate) running_async: Cell<bool>,
    /// Whether what an async generator is about to yield is its own value, and not an awaitable's.
    pub(crate) yields: Cell<bool>,
    pub(crate) hooks_called: Cell<bool>,
    pub(crate) finalizer: ObjectCell,
}

/// What resuming came to.
pub enum Resumed {
    Yield(Object),
    Return(Object),
}

macro_rules! generator_payload {
    ($(#[$doc:meta])* $Name:ident, $CLASS:ident) => {
        $(#[$doc])*
        #[repr(transparent)]
        pub struct $Name(pub GeneratorData);

        impl Payload for $Name {
            fn class() -> &'static Type {
                &$CLASS
            }

            fn traverse(&self, visitor: &mut Visitor<'_>) {
                self.0.traverse(visitor);
            }

            fn clear(&self, _vm: &mut Vm) {
                self.0.discard();
            }

            fn ends_quietly(&self) -> bool {
                self.0.ends_quietly()
            }
        }
    };
}

pub(crate) use generator_payload;

generator_payload!(
    /// The payload of a generator.
    Generator, GENERATOR
);
generator_payload!(
    /// The payload of a coroutine.
    Coroutine, COROUTINE
);

impl Drop for GeneratorData {
    fn drop(&mut self) {
        self.discard();
    }
}

impl GeneratorData {
    pub(crate) fn traverse(&self, visitor: &mut Visitor<'_>) {
        for cell in [&self.handled, &self.name, &self.qualname, &self.code, &self.origin, &self.finalizer] {
            cell.traverse(visitor);
        }
        let frame = self.frame.get();
        // A running frame's references are counted from outside.
        if frame.is_null() || self.state.get() == State::Running {
            return;
        }
        // SAFETY: the frame is suspended: its locals and the stack below `sp` are references or zero.
        unsafe {
            visitor.visit((*frame).function.borrow());
            for word in [(*frame).namespace, (*frame).object] {
                if word != 0 {
                    visitor.visit(Ref::from_bits(word));
                }
            }
            let mut word = Frame::locals(frame);
            while word < (*frame).sp {
                if *word != 0 {
                    visitor.visit(Ref::from_bits(*word));
                }
                word = word.add(1);
            }
        }
    }

    /// Drops the frame of a generator that will not run again.
    pub(crate) fn discard(&self) {
        if self.state.get() == State::Chained || !self.link.get().is_null() {
            self.settle();
        }
        let frame = self.frame.replace(std::ptr::null_mut());
        if frame.is_null() {
            return;
        }
        self.state.set(State::Finished);
        // SAFETY: the frame is not running; nobody else refers to it.
        unsafe {
            let n_stack = (*frame).sp.offset_from(Frame::locals(frame)) as usize - (*(*frame).code).n_locals;
            eval::clear_frame(frame, n_stack, None);
        }
    }

    /// The frame, unless it has ended.
    pub(crate) fn frame(&self) -> Option<&Frame> {
        // SAFETY: the pointer is null or that of the frame in this object.
        unsafe { self.frame.get().as_ref() }
    }

    pub fn state(&self) -> State {
        if self.state.get() == State::Chained {
            self.settle();
        }
        match self.state.get() {
            State::Chained => State::Running,
            state => state,
        }
    }

    /// Whether `GeneratorExit`, raised where the generator is suspended, would leave it without running any of its code.
    fn would_only_leave(&self) -> bool {
        let Some(frame) = self.frame() else { return false };
        // SAFETY: a frame's code is alive as long as the frame, and `ip` points into it.
        let code = unsafe { &*frame.code };
        let (index, instructions) = (code.index_of(frame.ip), &code.data.instructions);
        let is_stop_iteration_guard = |target: u32| {
            let guard = instructions[target as usize];
            guard.opcode() == Some(Opcode::CallIntrinsic1) && guard.arg() == Intrinsic1::StopIterationError as u32
        };
        // In a delegation whatever is delegated to is to be closed.
        instructions[index].opcode() == Some(Opcode::YieldValue)
            && instructions[index].arg() == 0
            && code.handler(index).is_none_or(|entry| is_stop_iteration_guard(entry.target))
    }

    /// Whether nothing but its references is lost with it: it is finished, or a plain generator that runs none of its code any more.
    pub(crate) fn ends_quietly(&self) -> bool {
        // SAFETY: a frame's code is alive as long as the frame.
        let is_plain = || self.frame().is_some_and(|frame| unsafe { &*frame.code }.has_flag(CodeFlags::GENERATOR));
        match self.state.get() {
            State::Finished => true,
            State::Created => is_plain(),
            State::Suspended => is_plain() && self.would_only_leave() && breaker_reasons() & breaker::TRACE == 0,
            State::Running | State::Chained => false,
        }
    }

    /// What a suspended generator delegates to, in a `yield from` or `await`.
    pub fn delegate(&self) -> Option<Object> {
        if self.state() != State::Suspended {
            return None;
        }
        let frame = self.frame()?;
        // SAFETY: a suspended frame's `ip` is that of its `YIELD_VALUE`; the receiver is on top.
        unsafe {
            let instruction = *frame.ip;
            (instruction.opcode() == Some(Opcode::YieldValue) && instruction.arg() != 0).then(|| Ref::from_bits(*frame.sp.sub(1)).to_owned())
        }
    }
}

/// The common part of a generator, coroutine or async generator.
pub fn data(object: Ref<'_>) -> Option<&GeneratorData> {
    if let Some(generator) = object.downcast_exact::<Generator>() {
        return Some(&generator.get().0);
    }
    if let Some(coroutine) = object.downcast_exact::<Coroutine>() {
        return Some(&coroutine.get().0);
    }
    object.downcast_exact::<crate::async_generator::AsyncGenerator>().map(|generator| &generator.get().0)
}

/// "generator", "coroutine" or "async generator"
fn kind(object: Ref<'_>) -> &'static str {
    match object.class().full_name() {
        "coroutine" => "coroutine",
        "async_generator" => "async generator",
        _ => "generator",
    }
}

/// Makes the generator of a frame that has just started, and takes the frame off the data stack.
///
/// # Safety
///
/// The frame is the innermost one, on top of the data stack; its `sp` is saved.
pub(crate) unsafe fn make(vm: &mut Vm, frame: *mut Frame) -> Object {
    // SAFETY: the caller's promise; the words are moved, and the data stack is cut to below them.
    unsafe {
        let (words, flags) = ((*(*frame).code).frame_words, (*(*frame).code).data.flags);
        vm.frame = (*frame).previous.cast();
        vm.depth -= 1;
        let object = if flags.has(CodeFlags::COROUTINE) {
            let origin = crate::traceback::coroutine_origin(vm);
            vm.allocate_with_words(words, |memory| Coroutine(move_frame(frame, memory, origin))).into_object()
        } else if flags.has(CodeFlags::ASYNC_GENERATOR) {
            vm.allocate_with_words(words, |memory| crate::async_generator::AsyncGenerator(move_frame(frame, memory, None))).into_object()
        } else {
            vm.allocate_with_words(words, |memory| Generator(move_frame(frame, memory, None))).into_object()
        };
        vm.data_stack.start = frame.cast();
        let data = data(object.borrow()).expect("it was just made");
        let moved = data.frame.get();
        (*moved).generator = object.borrow().bits();
        let code = &*(*moved).code;
        compiled::resume::note(data, code, code.index_of((*moved).ip));
        object
    }
}

/// Moves a frame from the data stack to the memory of a generator, whose data this gives.
///
/// # Safety
///
/// As for [`make`]; in `memory` is room for the frame.
unsafe fn move_frame(frame: *mut Frame, memory: *mut u64, origin: Option<Object>) -> GeneratorData {
    // SAFETY: the caller's promise.
    unsafe {
        let used = (*frame).sp.offset_from(frame.cast::<u64>()) as usize;
        memory.copy_from_nonoverlapping(frame.cast(), used);
        let moved = memory.cast::<Frame>();
        (*moved).sp = memory.add(used);
        (*moved).previous = std::ptr::null_mut();
        // What the call came to is the generator.
        (*moved).ending = Ending::Push;
        frame_object::moved(moved);
        let function = (*moved).function();
        GeneratorData {
            frame: Cell::new(moved),
            state: Cell::new(State::Created),
            ready: Ready::new(),
            link: Cell::new(std::ptr::null_mut()),
            members: Cell::new(0),
            handled: ObjectCell::EMPTY,
            name: ObjectCell::new(function.name.get()),
            qualname: ObjectCell::new(function.qualname.get()),
            code: ObjectCell::new(function.code.get()),
            origin: ObjectCell::new(origin),
            closed: Cell::new(false),
            running_async: Cell::new(false),
            yields: Cell::new(false),
            hooks_called: Cell::new(false),
            finalizer: ObjectCell::EMPTY,
        }
    }
}

/// Makes the coroutine of a frame that ran without one until now, and leaves it at its first `yield`.
///
/// # Safety
///
/// As for [`make`]; the frame has an entry of its own in `vm.handled`.
pub(crate) unsafe fn make_suspended(vm: &mut Vm, frame: *mut Frame) -> Object {
    let handled = vm.handled.pop().flatten();
    // SAFETY: the caller's promise.
    let object = unsafe { make(vm, frame) };
    let data = data(object.borrow()).expect("it was just made");
    data.state.set(State::Suspended);
    data.handled.set(handled);
    object
}

/// Links a generator's frame to the running one. Only a resumption that enters the loop anew is held to the
/// recursion limit: one within the loop takes no stack, and CPython lets chains of awaits be as long as they like.
fn link(vm: &mut Vm, data: &GeneratorData, is_entry: bool) -> PyResult<*mut Frame> {
    if is_entry && vm.depth >= vm.depth_limit {
        return Err(vm.raise(&exception::RECURSION_ERROR, "maximum recursion depth exceeded"));
    }
    Ok(link_anyhow(vm, data, is_entry))
}

#[inline]
fn link_anyhow(vm: &mut Vm, data: &GeneratorData, is_entry: bool) -> *mut Frame {
    let frame = data.frame.get();
    // SAFETY: the generator is not finished, so it has a frame, which is not running.
    unsafe {
        (*frame).previous = vm.frame.cast();
        (*frame).is_entry = is_entry;
    }
    vm.frame = frame.cast();
    vm.depth += 1;
    data.state.set(State::Running);
    let handled = data.handled.take();
    vm.handled.push(handled);
    frame
}

/// Links the frame of a generator or coroutine for compiled code that resumes it, if that is all it takes, and pushes the value.
pub(crate) fn start_native<'a>(vm: &mut Vm, object: Ref<'a>, value: Ref<'_>) -> Option<(&'a GeneratorData, *mut Frame)> {
    let data = match object.downcast_exact::<Generator>() {
        Some(generator) => &generator.get().0,
        None => &object.downcast_exact::<Coroutine>()?.get().0,
    };
    if data.state.get() != State::Suspended && (data.state.get() != State::Created || !value.is_none()) {
        return None;
    }
    let frame = link_anyhow(vm, data, true);
    // SAFETY: the frame is the generator's, and waits for a value.
    unsafe { push(frame, value.to_owned()) };
    Some((data, frame))
}

/// Pushes the value a `yield` gives.
///
/// # Safety
///
/// The frame does not run, and the instruction that it is at pushes a value.
pub(crate) unsafe fn push(frame: *mut Frame, value: Object) {
    // SAFETY: the verifier counted the value that a resumed frame finds on its stack.
    unsafe {
        (*frame).sp.write(value.into_raw());
        (*frame).sp = (*frame).sp.add(1);
    }
}

/// Enters a generator's frame from the evaluation loop, if that is all it takes.
#[inline]
pub(crate) fn start_inline(vm: &mut Vm, object: Ref<'_>, value: Option<&Object>) -> Option<PyResult<*mut Frame>> {
    let data = match object.downcast_exact::<Generator>() {
        Some(generator) => &generator.get().0,
        None => match (object.downcast_exact::<Coroutine>(), value) {
            (Some(coroutine), Some(_)) => &coroutine.get().0,
            (None, Some(value)) => return start_awaitable(vm, object, value),
            (_, None) => return None,
        },
    };
    match data.state.get() {
        State::Suspended => {}
        State::Created if value.is_none_or(|value| value.borrow().is_none()) => {}
        _ => return None,
    }
    let value = value.cloned().unwrap_or(Object::none());
    Some(link(vm, data, false).inspect(|&frame| {
        // SAFETY: the frame is the generator's, and waits for a value.
        unsafe { push(frame, value) };
    }))
}

/// Links the frame of a generator to the running one if nothing has to be done but that: it has not begun or waits at a `yield` of its own, handles
/// no exception, and its code is interpreted. The value it is given is the caller's to push.
#[inline(always)]
pub(crate) fn resume_plain(vm: &mut Vm, generator: &Generator) -> Option<*mut Frame> {
    let data = &generator.0;
    let frame = data.frame.get();
    let state = data.state.get();
    if !matches!(state, State::Suspended | State::Created)
        || data.ready.is_noted()
        || data.handled.is_set()
        || vm.handled.len() == vm.handled.capacity()
    {
        return None;
    }
    // SAFETY: a suspended generator has a frame, which is not running, and a frame has its code.
    unsafe {
        let word = *(*frame).ip;
        let waits = state == State::Created || word.opcode_byte() == Opcode::YieldValue as u8 && word.arg() == 0;
        if !waits || (*(*frame).code).compiled.resumable.is_in_use() {
            return None;
        }
        (*frame).previous = vm.frame.cast();
        (*frame).is_entry = false;
    }
    vm.frame = frame.cast();
    vm.depth += 1;
    data.state.set(State::Running);
    vm.handled.push(None);
    Some(frame)
}

/// Leaves the innermost frame at a `yield`, if it is that of a generator that another frame of the loop resumed, and nothing has to be done
/// but that. Gives the frame that resumed it.
///
/// # Safety
///
/// The frame is the innermost one, that of something like a generator; its `ip` and `sp` are saved.
#[inline(always)]
pub(crate) unsafe fn suspend_plain(vm: &mut Vm, frame: *mut Frame) -> Option<*mut Frame> {
    // SAFETY: the caller's promise; whoever resumed the generator holds it.
    unsafe {
        let generator = Ref::from_bits((*frame).generator).downcast_exact::<Generator>()?;
        let resumer = (*frame).previous;
        if (*frame).is_entry || !matches!(vm.handled.last(), Some(None)) || (*(*resumer).ip.add(1)).opcode_byte() == Opcode::YieldValue as u8 {
            return None;
        }
        let data = &generator.get().0;
        data.state.set(State::Suspended);
        data.ready.forget();
        // It holds nothing.
        vm.handled.set_len(vm.handled.len() - 1);
        vm.frame = resumer.cast();
        (*frame).previous = std::ptr::null_mut();
        vm.depth -= 1;
        Some(resumer)
    }
}

/// Whether a frame is that of a generator or coroutine.
///
/// # Safety
///
/// The frame is that of something like a generator.
pub(crate) unsafe fn is_plain(frame: *mut Frame) -> bool {
    // SAFETY: the caller's promise: the generator outlives its frame.
    let generator = unsafe { Ref::from_bits((*frame).generator) };
    generator.is_exactly(&GENERATOR) || generator.is_exactly(&COROUTINE)
}

/// Resumes what a generator that was just resumed delegates to, and what that delegates to, and so on: the instructions in between would
/// only hand the value on. Gives the innermost frame.
///
/// # Safety
///
/// The frame is the innermost one; the value that is sent to it is on its stack.
#[inline]
pub(crate) unsafe fn resume_delegates(vm: &mut Vm, mut frame: *mut Frame) -> *mut Frame {
    // SAFETY: a frame that waits at a `YIELD_VALUE` of a `yield from` has the receiver on its stack, and the `SEND` is the instruction
    // before.
    unsafe {
        loop {
            let ip = (*frame).ip;
            let is_delegating = (*ip).opcode_byte() == Opcode::YieldValue as u8 && (*ip).arg() != 0;
            if !is_delegating {
                return frame;
            }
            if !shadow::is_shadow((*ip).0) || breaker_reasons() != 0 || shadow::original(*ip.sub(1)) != Opcode::Send {
                chain::unchain(frame);
                return frame;
            }
            let last = chain::enter(vm, frame);
            if last != frame {
                frame = last;
                continue;
            }
            let top = (*frame).sp.sub(1);
            let receiver = Ref::from_bits(*top.sub(1));
            let data = match (receiver.downcast_exact::<Generator>(), receiver.downcast_exact::<Coroutine>()) {
                (Some(generator), _) => &generator.get().0,
                (_, Some(coroutine)) => &coroutine.get().0,
                _ => return frame,
            };
            if data.state.get() != State::Suspended {
                return frame;
            }
            let Ok(inner) = link(vm, data, false) else { return frame };
            (*frame).ip = ip.sub(1);
            (*frame).sp = top;
            (*inner).sp.write(*top);
            (*inner).sp = (*inner).sp.add(1);
            frame = inner;
        }
    }
}

/// Leaves a generator's frame at a `yield`, and those of the generators that delegate to it: the instructions in between would only
/// hand the value on. Says whether the last of them was entered by native code.
///
/// # Safety
///
/// As for [`suspend`]; the frame's instruction is that of the `yield`, whose value is not on its stack.
#[inline]
pub(crate) unsafe fn suspend_delegators(vm: &mut Vm, mut frame: *mut Frame) -> bool {
    // SAFETY: the caller's promise.
    unsafe {
        loop {
            let is_entry = (*frame).is_entry;
            suspend(vm, frame);
            if is_entry {
                return true;
            }
            let Some(delegator) = delegator(vm) else { return false };
            frame = chain::join(vm, delegator).unwrap_or(delegator);
        }
    }
}

/// The innermost frame, if it would only hand on what it is given; it is at its `yield` now.
unsafe fn delegator(vm: &mut Vm) -> Option<*mut Frame> {
    // SAFETY: the frame has just been given a value.
    unsafe {
        let frame: *mut Frame = vm.frame.cast();
        let next = (*frame).ip.add(1);
        let is_delegating = (*next).opcode_byte() == Opcode::YieldValue as u8 && (*next).arg() != 0 && shadow::is_shadow((*next).0);
        if !is_delegating || (*frame).generator == 0 || (*frame).ending == Ending::Awaited || breaker_reasons() != 0 {
            return None;
        }
        (*frame).ip = next;
        Some(frame)
    }
}

/// Leaves the innermost frame, which is given a value, and those that delegate to it, if they would only hand the value on. Says whether the last of them was entered by
/// native code, which is given the value then.
///
/// # Safety
///
/// The frame is at the instruction that gives it the value.
#[inline]
pub(crate) unsafe fn suspend_waiting(vm: &mut Vm) -> bool {
    // SAFETY: the caller's promise.
    unsafe {
        let Some(delegator) = delegator(vm) else { return false };
        let frame = chain::join(vm, delegator).unwrap_or(delegator);
        suspend_delegators(vm, frame)
    }
}

/// Enters the frame of an async generator, one of whose awaitables is sent a value.
fn start_awaitable(vm: &mut Vm, object: Ref<'_>, value: &Object) -> Option<PyResult<*mut Frame>> {
    let (generator, value) = crate::async_generator::start_inline(vm, object, value.borrow())?;
    let data = data(generator.borrow()).expect("it is an async generator");
    Some(link(vm, data, false).inspect(|&frame| {
        // SAFETY: as above.
        unsafe { push(frame, value) };
    }))
}

/// Leaves a generator's frame at a `yield`.
///
/// # Safety
///
/// The frame is the innermost one, and a generator's.
pub(crate) unsafe fn suspend(vm: &mut Vm, frame: *mut Frame) {
    // SAFETY: the caller's promise; whoever resumed the generator holds it.
    unsafe {
        let data = data(Ref::from_bits((*frame).generator)).expect("the frame is a generator's");
        data.state.set(State::Suspended);
        data.ready.forget();
        data.handled.set(vm.handled.pop().flatten());
        let resumer = (*frame).previous;
        vm.frame = resumer.cast();
        (*frame).previous = std::ptr::null_mut();
        vm.depth -= 1;
        if data.yields.get() && !(*frame).is_entry {
            // An awaitable is not a member of a chain.
            return end_awaitable(resumer, data);
        }
        chain::leave_if_member(vm);
    }
}

/// The loop sent a value to an awaitable, which ends: the loop goes on where the `SEND` jumps to then.
///
/// # Safety
///
/// The frame is the one that sent it, with the awaitable on its stack.
pub(crate) unsafe fn end_awaitable(resumer: *mut Frame, data: &GeneratorData) {
    data.yields.set(false);
    // SAFETY: the caller's promise.
    unsafe {
        crate::async_generator::end_inline(Ref::from_bits(*(*resumer).sp.sub(1)), data);
        (*resumer).ip = (*(*resumer).code).entry().add((*(*resumer).ip).arg() as usize - 1);
    }
}

/// Notes that what the running async generator yields next is a value of its own.
pub(crate) fn note_own_value(vm: &mut Vm) {
    // SAFETY: the innermost frame runs the code that yields; whoever runs its generator holds it.
    unsafe {
        let generator = (*vm.frame.cast::<Frame>()).generator;
        if generator != 0 {
            data(Ref::from_bits(generator)).expect("the frame is a generator's").yields.set(true);
        }
    }
}

/// Ends a generator's frame, with `n_stack` values left on its stack.
///
/// # Safety
///
/// As for [`suspend`].
pub(crate) unsafe fn finish(vm: &mut Vm, frame: *mut Frame, n_stack: usize) {
    // SAFETY: the caller's promise.
    unsafe {
        let object = Ref::from_bits((*frame).generator);
        let data = data(object).expect("the frame is a generator's");
        let keep_alive = object.to_owned();
        drop(vm.handled.pop());
        vm.frame = (*frame).previous.cast();
        vm.depth -= 1;
        chain::leave_if_member(vm);
        data.state.set(State::Finished);
        if !(*frame).is_entry && object.is_exactly(&crate::async_generator::ASYNC_GENERATOR) {
            if vm.raised().is_some() {
                data.running_async.set(false);
            } else {
                // The loop sent a value to an awaitable, which must raise: the `SEND` comes again, with the `None` that
                // the generator returns, and finds that the generator has ended.
                let resumer = (*frame).previous;
                (*resumer).ip = (*resumer).ip.sub(1);
            }
        }
        data.frame.set(std::ptr::null_mut());
        eval::clear_frame(frame, n_stack, None);
        object::collector::mark_finalized(object);
        drop(keep_alive);
    }
}

/// Resumes a generator with a value, or with an exception to raise in it.
pub fn resume(vm: &mut Vm, object: Ref<'_>, value: Object, error: Option<Object>) -> PyResult<Resumed> {
    let data = data(object).expect("the caller has a generator");
    let value = if error.is_none() && data.ready.is_noted() {
        match compiled::resume::resume_noted(vm, object, value) {
            Ok(resumed) => return resumed,
            Err(value) => value,
        }
    } else {
        value
    };
    if error.is_some() {
        data.settle();
    }
    match data.state() {
        State::Running | State::Chained => return Err(vm.value_error(format!("{} already executing", kind(object)))),
        State::Finished => {
            if kind(object) == "coroutine" {
                return Err(vm.runtime_error("cannot reuse already awaited coroutine"));
            }
            if let Some(error) = error {
                return Err(vm.reraise(error));
            }
            return Ok(Resumed::Return(Object::none()));
        }
        State::Created if error.is_none() && !value.borrow().is_none() => {
            return Err(vm.type_error(format!("can't send non-None value to a just-started {}", kind(object))));
        }
        State::Created | State::Suspended => {}
    }
    vm.check_stack("")?;
    let frame = link(vm, data, true)?;
    // SAFETY: the frame was just linked, and waits for a value or an exception.
    let result = unsafe {
        match error {
            Some(error) => {
                exception_context(vm, error.borrow());
                // Handlers count on the value that a resumed frame finds on its stack.
                push(frame, Object::none());
                let raised = vm.reraise(error);
                eval::raise_in(vm, frame, raised)
            }
            None => {
                push(frame, value);
                compiled::resume::run_resumed(vm, frame)
            }
        }
    };
    let value = result?;
    Ok(if data.state.get() == State::Finished { Resumed::Return(value) } else { Resumed::Yield(value) })
}

/// An exception thrown into a generator that is handling another one is chained to it.
fn exception_context(vm: &mut Vm, error: Ref<'_>) {
    let Some(handled) = vm.handled_exception().map(Ref::to_owned) else { return };
    if let Some(payload) = error.downcast::<Exception>()
        && !handled.borrow().is(error)
        && !payload.context.is_set()
    {
        payload.context.set(Some(handled));
    }
}

/// Sends a value to any iterator, as `SEND` does.
pub fn send(vm: &mut Vm, receiver: Ref<'_>, value: Object) -> PyResult<Resumed> {
    if receiver.downcast_exact::<Generator>().is_some() || receiver.downcast_exact::<Coroutine>().is_some() {
        return resume(vm, receiver, value, None);
    }
    if receiver.is_exactly(&crate::async_generator::ASYNC_GENERATOR_ASEND) {
        return crate::async_generator::advance(vm, receiver, value.borrow());
    }
    if value.borrow().is_none() && receiver.class().slots().next.is_some() {
        return Ok(match vm.next(receiver)? {
            Some(value) => Resumed::Yield(value),
            None => Resumed::Return(vm.take_stop_value().unwrap_or(Object::none())),
        });
    }
    match vm.call_method(receiver, "send", &[value.borrow()]) {
        Ok(value) => Ok(Resumed::Yield(value)),
        Err(raised) => {
            let stop = vm.catch_if(raised, &exception::STOP_ITERATION)?;
            Ok(Resumed::Return(exception::field(stop.borrow(), "value").unwrap_or(Object::none())))
        }
    }
}

/// The outcome as `next()` and `send()` show it: a value, or `StopIteration`.
pub(crate) fn stop_on_return(vm: &mut Vm, resumed: Resumed) -> PyResult {
    match resumed {
        Resumed::Yield(value) => Ok(value),
        Resumed::Return(value) => Err(raise_stop_iteration(vm, value)),
    }
}

/// `StopIteration(value)`, made so that a tuple or exception is not mistaken for arguments.
pub fn raise_stop_iteration(vm: &mut Vm, value: Object) -> object::Raised {
    let args = if value.borrow().is_none() { Vec::new() } else { vec![value] };
    vm.raise_with(&exception::STOP_ITERATION, args)
}

fn next(vm: &mut Vm, this: Ref<'_>) -> PyResult<Option<Object>> {
    if let Some(generator) = this.downcast_exact::<Generator>()
        && vm.depth < vm.depth_limit
        && vm.has_stack()
        && let Some(frame) = resume_plain(vm, generator.get())
    {
        // SAFETY: the frame was just linked, and waits for a value.
        let value = unsafe {
            (*frame).is_entry = true;
            push(frame, Object::none());
            (*frame).ip = (*frame).ip.add(1);
            eval::execute(vm, frame, None)?
        };
        if generator.get().0.state.get() == State::Finished {
            vm.set_stop_value((!value.borrow().is_none()).then_some(value));
            return Ok(None);
        }
        return Ok(Some(value));
    }
    match resume(vm, this, Object::none(), None)? {
        Resumed::Yield(value) => Ok(Some(value)),
        Resumed::Return(value) => {
            vm.set_stop_value((!value.borrow().is_none()).then_some(value));
            Ok(None)
        }
    }
}

fn send_method(vm: &mut Vm, this: Ref<'_>, value: Ref<'_>) -> PyResult {
    let resumed = resume(vm, this, value.to_owned(), None)?;
    stop_on_return(vm, resumed)
}

/// Closes a generator that nobody refers to any more.
pub(crate) fn finalize(vm: &mut Vm, this: Ref<'_>) -> PyResult<()> {
    let data = data(this).expect("the slot belongs to the type");
    match data.state() {
        State::Finished => {}
        State::Created => {
            if this.is_exactly(&COROUTINE) {
                warn_never_awaited(vm, this);
            }
            data.discard();
        }
        _ => {
            if let Err(raised) = close(vm, this) {
                report(vm, raised, "Exception ignored while closing generator", this);
            }
        }
    }
    Ok(())
}

/// Reports an exception that nobody can catch.
pub(crate) fn report(vm: &mut Vm, raised: object::Raised, message: &str, this: Ref<'_>) {
    let error = vm.catch(raised);
    let shown = match vm.repr_text(this) {
        Ok(shown) => format!("{message} {shown}"),
        Err(raised) => {
            vm.catch(raised);
            message.to_owned()
        }
    };
    let raised = vm.reraise(error);
    vm.write_unraisable(raised, &shown, None);
}

fn warn_never_awaited(vm: &mut Vm, this: Ref<'_>) {
    const MESSAGE: &str = "Exception ignored while finalizing coroutine";
    let mut has_warned = false;
    let warnings = vm.import("warnings");
    let result = warnings.and_then(|warnings| vm.call_method(warnings.borrow(), "_warn_unawaited_coroutine", &[this]));
    match result {
        Ok(_) => has_warned = true,
        Err(raised) => {
            has_warned |= vm.raised().is_some_and(|error| error.is_instance_of(&exception::RUNTIME_WARNING));
            let is_missing = vm.raised().is_some_and(|error| error.is_instance_of(&exception::ATTRIBUTE_ERROR));
            if is_missing {
                vm.catch(raised);
            } else {
                report(vm, raised, MESSAGE, this);
            }
        }
    }
    if !has_warned {
        let name = data(this).map(|data| crate::function::text_of(&data.qualname)).unwrap_or_default();
        if let Err(raised) = vm.warn(&exception::RUNTIME_WARNING, &format!("coroutine '{name}' was never awaited"), 1) {
            report(vm, raised, MESSAGE, this);
        }
    }
}

fn repr(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let data = data(this).expect("the slot belongs to the type");
    let name = crate::function::text_of(&data.qualname);
    let text = format!("<{} object {name} at {:#x}>", this.class().full_name(), this.bits());
    Ok(vm.new_str(&text).into_object())
}

pub(crate) const SLOTS: Slots = Slots { repr: Some(repr), finalize: Some(finalize), ..Slots::NONE };

fn get_name(_vm: &mut Vm, this: Ref<'_>) -> PyResult {
    Ok(data(this).expect("the attribute belongs to the type").name.get_or_none())
}

fn get_qualname(_vm: &mut Vm, this: Ref<'_>) -> PyResult {
    Ok(data(this).expect("the attribute belongs to the type").qualname.get_or_none())
}

fn set_name(vm: &mut Vm, this: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    set_text(vm, &data(this).expect("the attribute belongs to the type").name, "__name__", value)
}

fn set_qualname(vm: &mut Vm, this: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    set_text(vm, &data(this).expect("the attribute belongs to the type").qualname, "__qualname__", value)
}

fn get_running(_vm: &mut Vm, this: Ref<'_>) -> PyResult {
    Ok(Object::bool(data(this).is_some_and(|data| data.state() == State::Running)))
}

fn get_suspended(_vm: &mut Vm, this: Ref<'_>) -> PyResult {
    Ok(Object::bool(data(this).is_some_and(|data| data.state() == State::Suspended)))
}

fn get_delegate(_vm: &mut Vm, this: Ref<'_>) -> PyResult {
    Ok(data(this).and_then(GeneratorData::delegate).unwrap_or(Object::none()))
}

pub(crate) fn get_frame(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let data = data(this).expect("the attribute belongs to the type");
    data.settle();
    let frame = data.frame.get();
    if frame.is_null() {
        return Ok(Object::none());
    }
    // SAFETY: the frame is the generator's, which is alive.
    Ok(unsafe { frame_object::of(vm, frame) })
}

fn get_code(_vm: &mut Vm, this: Ref<'_>) -> PyResult {
    Ok(data(this).expect("the attribute belongs to the type").code.get_or_none())
}

fn get_origin(_vm: &mut Vm, this: Ref<'_>) -> PyResult {
    Ok(data(this).expect("the attribute belongs to the type").origin.get_or_none())
}

fn close_method(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    close(vm, this)
}

fn sizeof(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let data = data(this).expect("the method belongs to the type");
    let words = data.code.get().and_then(|code| Some(code.borrow().downcast::<CodeObject>()?.get().frame_words)).unwrap_or(0);
    Ok(vm.new_int((object::instance::size_of_instance(this) + words * 8) as i64))
}

/// `__name__` and `__qualname__`, described as being of that kind of generator.
pub(crate) const fn name_getset(doc: &'static str) -> Getset {
    Getset::new("__name__", doc, get_name, set_name)
}

pub(crate) const fn qualname_getset(doc: &'static str) -> Getset {
    Getset::new("__qualname__", doc, get_qualname, set_qualname)
}

pub(crate) const SIZEOF: Method = method!(Unary sizeof as "__sizeof__" "($self, /)", "gen.__sizeof__() -> size of gen in memory, in bytes");

pub(crate) fn class_getitem(vm: &mut Vm, class: Ref<'_>, item: Ref<'_>) -> PyResult {
    vm.generic_alias(class, item)
}

/// `types.GeneratorType`
pub static GENERATOR: Type = Type::new(&GENERATOR_SPEC);
static GENERATOR_SPEC: TypeSpec = TypeSpec {
    name: "generator",
    flags: flag::NO_INSTANTIATION | flag::WEAK_REFERENCES,
    payload: PayloadInfo::of::<Generator>(),
    slots: Slots { iter: Some(iter_self), next: Some(next), ..SLOTS },
    methods: &[
        method!(Binary send_method as "send" "($self, object, /)", "send(value) -> send 'value' into generator,\nreturn next yielded value or raise StopIteration."),
        method!(Many throw_method as "throw" "", "throw(value)\nthrow(type[,value[,tb]])\n\nRaise exception in generator, return next yielded value or raise\nStopIteration.\nthe (type, val, tb) signature is deprecated, \nand may be removed in a future version of Python."),
        method!(Unary close_method as "close" "($self, /)", "close() -> raise GeneratorExit inside generator."),
        SIZEOF,
        method!(Binary class_getitem as "__class_getitem__" "($type, object, /)", "generators are generic over the types of their yield, send, and return values").class_method(),
    ],
    getsets: &[
        name_getset("name of the generator"),
        qualname_getset("qualified name of the generator"),
        Getset::readonly("gi_yieldfrom", "object being iterated by yield from, or None", get_delegate),
        Getset::readonly("gi_running", "", get_running),
        Getset::readonly("gi_frame", "", get_frame),
        Getset::readonly("gi_suspended", "", get_suspended),
        Getset::readonly("gi_code", "", get_code),
    ],
    ..TypeSpec::DEFAULT
};

/// `types.CoroutineType`
pub static COROUTINE: Type = Type::new(&COROUTINE_SPEC);
static COROUTINE_SPEC: TypeSpec = TypeSpec {
    name: "coroutine",
    flags: flag::NO_INSTANTIATION | flag::WEAK_REFERENCES,
    payload: PayloadInfo::of::<Coroutine>(),
    slots: Slots { r#await: Some(await_coroutine), ..SLOTS },
    methods: &[
        method!(Binary send_method as "send" "($self, object, /)", "send(arg) -> send 'arg' into coroutine,\nreturn next iterated value or raise StopIteration."),
        method!(Many throw_method as "throw" "", "throw(value)\nthrow(type[,value[,traceback]])\n\nRaise exception in coroutine, return next iterated value or raise\nStopIteration.\nthe (type, val, tb) signature is deprecated, \nand may be removed in a future version of Python."),
        method!(Unary close_method as "close" "($self, /)", "close() -> raise GeneratorExit inside coroutine."),
        SIZEOF,
        method!(Binary class_getitem as "__class_getitem__" "($type, object, /)", "coroutines are generic over the types of their yield, send, and return values").class_method(),
    ],
    getsets: &[
        name_getset("name of the coroutine"),
        qualname_getset("qualified name of the coroutine"),
        Getset::readonly("cr_await", "object being awaited on, or None", get_delegate),
        Getset::readonly("cr_running", "", get_running),
        Getset::readonly("cr_frame", "", get_frame),
        Getset::readonly("cr_code", "", get_code),
        Getset::readonly("cr_suspended", "", get_suspended),
        Getset::readonly("cr_origin", "", get_origin),
    ],
    ..TypeSpec::DEFAULT
};

/// The payload of what `coroutine.__await__()` returns.
pub struct CoroutineWrapper {
    coroutine: ObjectCell,
}

/// `coroutine_wrapper`
pub static COROUTINE_WRAPPER: Type = Type::new(&COROUTINE_WRAPPER_SPEC);
static COROUTINE_WRAPPER_SPEC: TypeSpec = TypeSpec {
    name: "coroutine_wrapper",
    doc: "A wrapper object implementing __await__ for coroutines.",
    flags: flag::NO_INSTANTIATION,
    payload: PayloadInfo::of::<CoroutineWrapper>(),
    slots: Slots {
        iter: Some(iter_self),
        next: Some(|vm, this| {
            let coroutine = wrapped(this);
            next(vm, coroutine.borrow())
        }),
        ..Slots::NONE
    },
    methods: &[
        method!(Binary wrapper_send as "send" "($self, value, /)", "send(arg) -> send 'arg' into coroutine,\nreturn next yielded value or raise StopIteration."),
        method!(Many wrapper_throw as "throw" "", "throw(value)\nthrow(type[,value[,traceback]])\n\nRaise exception in coroutine, return next iterated value or raise\nStopIteration.\nthe (type, val, tb) signature is deprecated, \nand may be removed in a future version of Python."),
        method!(Unary wrapper_close as "close" "($self, /)", "close() -> raise GeneratorExit inside coroutine."),
    ],
    ..TypeSpec::DEFAULT
};

impl Payload for CoroutineWrapper {
    fn class() -> &'static Type {
        &COROUTINE_WRAPPER
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        self.coroutine.traverse(visitor);
    }
}

fn wrapped(this: Ref<'_>) -> Object {
    this.downcast::<CoroutineWrapper>().expect("the slot belongs to the type").coroutine.get_or_none()
}

fn wrapper_send(vm: &mut Vm, this: Ref<'_>, value: Ref<'_>) -> PyResult {
    send_method(vm, wrapped(this).borrow(), value)
}

fn wrapper_throw(vm: &mut Vm, this: Ref<'_>, args: &[Ref<'_>]) -> PyResult {
    throw_method(vm, wrapped(this).borrow(), args)
}

fn wrapper_close(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    close(vm, wrapped(this).borrow())
}

fn await_coroutine(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    Ok(vm.allocate(CoroutineWrapper { coroutine: ObjectCell::new(Some(this.to_owned())) }).into_object())
}

/// Whether a generator may be awaited (`types.coroutine`).
fn is_iterable_coroutine(object: Ref<'_>) -> bool {
    object
        .downcast_exact::<Generator>()
        .and_then(|generator| generator.get().0.code.get())
        .is_some_and(|code| code.borrow().downcast::<CodeObject>().is_some_and(|code| code.has_flag(CodeFlags::ITERABLE_COROUTINE)))
}

/// The iterator of an awaitable.
pub fn awaitable_iterator(vm: &mut Vm, object: Ref<'_>) -> PyResult {
    if object.is_exactly(&COROUTINE) || is_iterable_coroutine(object) {
        return Ok(object.to_owned());
    }
    let Some(method) = object.class().slots().r#await else {
        return Err(vm.type_error(format!("'{}' object can't be awaited", object.class().full_name())));
    };
    let iterator = method(vm, object)?;
    if iterator.borrow().is_exactly(&COROUTINE) || is_iterable_coroutine(iterator.borrow()) {
        return Err(vm.type_error("__await__() returned a coroutine"));
    }
    if iterator.borrow().class().slots().next.is_none() {
        let message = format!("__await__() returned non-iterator of type '{}'", iterator.borrow().class().full_name());
        return Err(vm.type_error(message));
    }
    Ok(iterator)
}

/// `GET_AWAITABLE`; `place` tells whether the value comes from `__aenter__` (1) or `__aexit__` (2).
pub(crate) fn get_awaitable(vm: &mut Vm, object: Ref<'_>, place: u32) -> PyResult {
    if place != 0 && object.class().slots().r#await.is_none() && !is_iterable_coroutine(object) {
        let method = if place == 1 { "__aenter__" } else { "__aexit__" };
        let message = format!("'async with' received an object from {method} that does not implement __await__: {}", object.class().full_name());
        return Err(vm.type_error(message));
    }
    let iterator = awaitable_iterator(vm, object)?;
    if iterator.borrow().is_exactly(&COROUTINE) && data(iterator.borrow()).is_some_and(|data| data.delegate().is_some()) {
        return Err(vm.runtime_error("coroutine is being awaited already"));
    }
    Ok(iterator)
}

/// `GET_YIELD_FROM_ITER`
pub(crate) fn yield_from_iter(vm: &mut Vm, object: Ref<'_>, code: &CodeObject) -> PyResult {
    if object.is_exactly(&COROUTINE) {
        if !code.has_flag(CodeFlags::COROUTINE.with(CodeFlags::ITERABLE_COROUTINE)) {
            return Err(vm.type_error("cannot 'yield from' a coroutine object in a non-coroutine generator"));
        }
        return Ok(object.to_owned());
    }
    if object.is_exactly(&GENERATOR) {
        return Ok(object.to_owned());
    }
    vm.iter(object)
}
