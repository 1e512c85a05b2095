//! Events of running code: `sys.settrace`, `sys.setprofile` and `sys.monitoring`.
//!
//! The evaluation loop exists twice: one that reports events, and one that knows nothing of them. While a
//! thread wants events the bit [`breaker::TRACE`] is set, so that the plain loop, when it
//! looks up anyway (at the start of a function, at a jump backwards, after a native call), finds
//! that it should hand over. Both loops keep all their state in frames.
//!
//! What happened in a frame before an instruction is known from the frame's `ip`, which still names
//! the previous one. `lines` says which instructions begin a line, `jump` moves a frame to another
//! line, and `monitoring` has the tools of `sys.monitoring`.

use crate::compiled::look;
use crate::frame::{self, Frame};
use crate::frame_object;
use bytecode::{Instr, Opcode};
use object::exception::Exception;
use object::function::{BOUND_METHOD, BUILTIN_FUNCTION, METHOD_DESCRIPTOR};
use object::vm::{breaker, clear_breaker, set_breaker};
use object::{Object, PyResult, Raised, Ref, Vm};
use std::sync::atomic::{AtomicUsize, Ordering};

mod jump;
pub(crate) mod lines;
pub mod monitoring;

pub(crate) use jump::set_line;
use monitoring::event;

/// How many threads want events.
static ACTIVE_THREADS: AtomicUsize = AtomicUsize::new(0);

/// A thread's part in tracing.
#[derive(Default)]
pub struct State {
    /// `sys.settrace`'s and `sys.setprofile`'s functions.
    pub trace_function: Option<Object>,
    pub profile_function: Option<Object>,
    /// How many trace, profile or monitoring functions are running: they see no events themselves.
    pub(crate) inside: usize,
    /// What the trace function that is running was called for.
    pub(crate) event: Option<event::Event>,
    /// Whether the thread counts in [`ACTIVE_THREADS`].
    is_counted: bool,
}

impl Drop for State {
    fn drop(&mut self) {
        self.trace_function = None;
        self.profile_function = None;
        count(self);
    }
}

/// Brings the breaker up to date with what the thread wants.
fn count(state: &mut State) {
    let wanted = state.trace_function.is_some() || state.profile_function.is_some();
    if wanted != state.is_counted {
        state.is_counted = wanted;
        if wanted {
            ACTIVE_THREADS.fetch_add(1, Ordering::Relaxed);
        } else {
            ACTIVE_THREADS.fetch_sub(1, Ordering::Relaxed);
        }
    }
    update_breaker();
}

pub(super) fn update_breaker() {
    if ACTIVE_THREADS.load(Ordering::Relaxed) != 0 || monitoring::is_active() {
        set_breaker(breaker::TRACE);
    } else {
        clear_breaker(breaker::TRACE);
    }
}

/// Whether the thread's code is to report events.
#[cold]
#[inline(never)]
pub(crate) fn is_active(vm: &mut Vm) -> bool {
    let state = &frame::interp(vm).tracing;
    state.inside == 0 && (state.trace_function.is_some() || state.profile_function.is_some() || monitoring::is_active())
}

/// `sys.settrace`
pub fn set_trace(vm: &mut Vm, function: Option<Object>) {
    let state = &mut frame::interp(vm).tracing;
    let begins = function.is_some();
    let previous = std::mem::replace(&mut state.trace_function, function);
    count(state);
    if begins {
        look::leave_all(vm, false);
    }
    drop(previous);
}

/// `sys.setprofile`
pub fn set_profile(vm: &mut Vm, function: Option<Object>) {
    let state = &mut frame::interp(vm).tracing;
    let begins = function.is_some();
    let previous = std::mem::replace(&mut state.profile_function, function);
    count(state);
    if begins {
        look::leave_all(vm, false);
    }
    drop(previous);
}

/// `sys.call_tracing`: calls a function with tracing on, from within a trace function.
pub fn call_tracing(vm: &mut Vm, function: Ref<'_>, args: &[Ref<'_>]) -> PyResult {
    let state = &mut frame::interp(vm).tracing;
    let (inside, event) = (std::mem::take(&mut state.inside), state.event.take());
    let result = vm.call(function, args);
    let state = &mut frame::interp(vm).tracing;
    (state.inside, state.event) = (inside, event);
    result
}

/// Runs something that is to see no events.
pub(super) fn unobserved<T>(vm: &mut Vm, run: impl FnOnce(&mut Vm) -> PyResult<T>) -> PyResult<T> {
    frame::interp(vm).tracing.inside += 1;
    let result = run(vm);
    frame::interp(vm).tracing.inside -= 1;
    result
}

/// Calls a trace or profile function.
unsafe fn call_hook(vm: &mut Vm, hook: &Object, frame: *mut Frame, what: &'static str, argument: Ref<'_>) -> PyResult {
    // SAFETY: the frame is in progress.
    let object = unsafe { frame_object::of(vm, frame) };
    let what = vm.intern(what);
    unobserved(vm, |vm| vm.call(hook.borrow(), &[object.borrow(), what, argument]))
}

/// An event for the profile function.
unsafe fn profile(vm: &mut Vm, frame: *mut Frame, what: &'static str, argument: Ref<'_>) -> PyResult<()> {
    let Some(hook) = frame::interp(vm).tracing.profile_function.clone() else { return Ok(()) };
    // SAFETY: the caller's promise.
    match unsafe { call_hook(vm, &hook, frame, what, argument) } {
        Ok(_) => Ok(()),
        Err(raised) => {
            let error = vm.catch(raised);
            set_profile(vm, None);
            Err(vm.reraise(error))
        }
    }
}

/// An event for the trace function: the thread's for calls, the frame's for everything else.
unsafe fn trace(vm: &mut Vm, frame: *mut Frame, event: event::Event, what: &'static str, argument: Ref<'_>) -> PyResult<()> {
    let state = &frame::interp(vm).tracing;
    let Some(global) = state.trace_function.clone() else { return Ok(()) };
    // SAFETY: the caller's promise; the word is a reference to a frame object, or zero.
    unsafe {
        let hook = if what == "call" {
            global
        } else {
            let local = ((*frame).object != 0).then(|| frame_object::payload(Ref::from_bits((*frame).object)).trace.get()).flatten();
            let Some(local) = local else { return Ok(()) };
            local
        };
        let previous = frame::interp(vm).tracing.event.replace(event);
        let result = call_hook(vm, &hook, frame, what, argument);
        frame::interp(vm).tracing.event = previous;
        let object = frame_object::of(vm, frame);
        let own = frame_object::payload(object.borrow());
        match result {
            Ok(local) => {
                if !local.borrow().is_none() {
                    own.trace.set(Some(local));
                }
                Ok(())
            }
            Err(raised) => {
                let error = vm.catch(raised);
                set_trace(vm, None);
                own.trace.set(None);
                Err(vm.reraise(error))
            }
        }
    }
}

/// A `RESUME` is about to run: the frame begins, or goes on after a `yield` or `await`.
///
/// # Safety
///
/// The frame is the innermost one; so for all functions below.
pub(crate) unsafe fn resumed(vm: &mut Vm, frame: *mut Frame, operand: u32) -> PyResult<()> {
    if !is_active(vm) {
        return Ok(());
    }
    // SAFETY: the caller's promise.
    unsafe {
        let event = if operand & 3 == 0 { event::PY_START } else { event::PY_RESUME };
        monitoring::fire(vm, frame, event, &[])?;
        profile(vm, frame, "call", Ref::NONE)?;
        trace(vm, frame, event, "call", Ref::NONE)
    }
}

/// An exception is about to be thrown into a generator's frame.
pub(crate) unsafe fn thrown(vm: &mut Vm, frame: *mut Frame, raised: Raised) -> Raised {
    if !is_active(vm) {
        return raised;
    }
    let error = vm.catch(raised);
    // SAFETY: the caller's promise.
    let result = unsafe {
        monitoring::fire(vm, frame, event::PY_THROW, &[error.borrow()])
            .and_then(|()| profile(vm, frame, "call", Ref::NONE))
            .and_then(|()| trace(vm, frame, event::PY_THROW, "call", Ref::NONE))
    };
    match result {
        Ok(()) => vm.reraise(error),
        Err(raised) => raised,
    }
}

/// A value is about to be returned or yielded.
pub(crate) unsafe fn returned(vm: &mut Vm, frame: *mut Frame, event: event::Event, value: Ref<'_>) -> PyResult<()> {
    if !is_active(vm) {
        return Ok(());
    }
    // SAFETY: the caller's promise.
    unsafe {
        monitoring::fire(vm, frame, event, &[value])?;
        profile(vm, frame, "return", value)?;
        trace(vm, frame, event, "return", value)
    }
}

/// An exception was raised by the current instruction, or raised again.
pub(crate) unsafe fn raised(vm: &mut Vm, frame: *mut Frame, raised: Raised, is_again: bool) -> Raised {
    if !is_active(vm) {
        return raised;
    }
    let error = vm.catch(raised);
    // SAFETY: the caller's promise.
    let result = unsafe {
        if is_again {
            monitoring::fire(vm, frame, event::RERAISE, &[error.borrow()])
        } else {
            monitoring::fire(vm, frame, event::RAISE, &[error.borrow()]).and_then(|()| trace_exception(vm, frame, event::RAISE, error.borrow()))
        }
    };
    match result {
        Ok(()) => vm.reraise(error),
        Err(raised) => raised,
    }
}

unsafe fn trace_exception(vm: &mut Vm, frame: *mut Frame, event: event::Event, error: Ref<'_>) -> PyResult<()> {
    let traceback = error.downcast::<Exception>().map_or(Object::none(), |exception| exception.traceback.get_or_none());
    let argument = vm.new_tuple([error.class().to_object(), error.to_owned(), traceback]).into_object();
    // SAFETY: the caller's promise.
    unsafe { trace(vm, frame, event, "exception", argument.borrow()) }
}

/// A generator or coroutine that the frame delegated to has returned.
pub(crate) unsafe fn iteration_ended(vm: &mut Vm, frame: *mut Frame, value: Ref<'_>) -> PyResult<()> {
    // SAFETY: the caller's promise.
    unsafe { stopped(vm, frame, event::STOP_ITERATION, value) }
}

/// Another iterator that the frame delegated to has raised `StopIteration` with a value.
pub(crate) unsafe fn receiver_stopped(vm: &mut Vm, frame: *mut Frame, value: Ref<'_>) -> PyResult<()> {
    if value.is_none() {
        return Ok(());
    }
    // SAFETY: the caller's promise.
    unsafe { stopped(vm, frame, event::RAISE, value) }
}

unsafe fn stopped(vm: &mut Vm, frame: *mut Frame, event: event::Event, value: Ref<'_>) -> PyResult<()> {
    if !is_active(vm) {
        return Ok(());
    }
    // SAFETY: the caller's promise.
    unsafe {
        if monitoring::wants(frame, event) || frame::interp(vm).tracing.trace_function.is_some() {
            let args = if value.is_none() { Vec::new() } else { vec![value.to_owned()] };
            let error = object::exception::new(vm, &object::exception::STOP_ITERATION, args);
            monitoring::fire(vm, frame, event, &[error.borrow()])?;
            return trace_exception(vm, frame, event, error.borrow());
        }
    }
    Ok(())
}

/// The exception that is set will be handled in this frame, or will leave it.
pub(crate) unsafe fn unwinding(vm: &mut Vm, frame: *mut Frame, raised: Raised, is_handled: bool) -> Raised {
    if !is_active(vm) {
        return raised;
    }
    let error = vm.catch(raised);
    // SAFETY: the caller's promise.
    let result = unsafe {
        if is_handled {
            monitoring::fire(vm, frame, event::EXCEPTION_HANDLED, &[error.borrow()])
        } else {
            monitoring::fire(vm, frame, event::PY_UNWIND, &[error.borrow()])
                .and_then(|()| profile(vm, frame, "return", Ref::NONE))
                .and_then(|()| trace(vm, frame, event::PY_UNWIND, "return", Ref::NONE))
        }
    };
    match result {
        Ok(()) => vm.reraise(error),
        Err(raised) => raised,
    }
}

/// What a profile function is told was called: a native function, bound if it is a method.
fn profiled_callable(vm: &mut Vm, callable: Ref<'_>, first: Option<Ref<'_>>) -> PyResult<Option<Object>> {
    if callable.is_exactly(&BUILTIN_FUNCTION) {
        return Ok(Some(callable.to_owned()));
    }
    match first {
        Some(first) if callable.is_exactly(&METHOD_DESCRIPTOR) => match callable.class().slots().descr_get {
            Some(get) => get(vm, callable, Some(first), Some(first.class().object())).map(Some),
            None => Ok(None),
        },
        _ => Ok(None),
    }
}

/// Who is to hear how a call ended: a bit per tool, and [`PROFILED`] for the profile function.
pub(crate) type Watchers = u32;

const PROFILED: Watchers = 1 << monitoring::N_TOOLS;

/// Something is about to be called; returns who watches.
pub(crate) unsafe fn calling(vm: &mut Vm, frame: *mut Frame, callable: Ref<'_>, first: Option<Ref<'_>>) -> PyResult<Watchers> {
    if !is_active(vm) {
        return Ok(0);
    }
    // SAFETY: the caller's promise.
    unsafe {
        let mut watchers = monitoring::watchers(frame, event::CALL);
        monitoring::fire_call(vm, frame, event::CALL, callable, first, watchers)?;
        if frame::interp(vm).tracing.profile_function.is_some() {
            watchers |= PROFILED;
            if let Some(callable) = profiled_callable(vm, callable, first)? {
                profile(vm, frame, "c_call", callable.borrow())?;
            }
        }
        Ok(watchers)
    }
}

/// Something that is no Python function was called, and returned or raised.
pub(crate) unsafe fn called(
    vm: &mut Vm,
    frame: *mut Frame,
    callable: Ref<'_>,
    first: Option<Ref<'_>>,
    watchers: Watchers,
    result: PyResult,
) -> PyResult {
    if watchers == 0 || !is_active(vm) {
        return result;
    }
    let (value, error) = match result {
        Ok(value) => (Some(value), None),
        Err(raised) => (None, Some(vm.catch(raised))),
    };
    // SAFETY: the caller's promise.
    let reported = unsafe { report_called(vm, frame, callable, first, watchers, error.is_some()) };
    match (reported, value, error) {
        (Err(raised), _, _) => Err(raised),
        (Ok(()), Some(value), _) => Ok(value),
        (Ok(()), None, Some(error)) => Err(vm.reraise(error)),
        (Ok(()), None, None) => Ok(Object::none()),
    }
}

/// The same for a `super()` that was looked into without being called.
pub(crate) unsafe fn called_super<T>(
    vm: &mut Vm,
    frame: *mut Frame,
    callable: Ref<'_>,
    first: Option<Ref<'_>>,
    watchers: Watchers,
    result: PyResult<T>,
) -> PyResult<T> {
    match result {
        // SAFETY: the caller's promise.
        Ok(value) => unsafe { called(vm, frame, callable, first, watchers, Ok(Object::none())) }.map(|_| value),
        // SAFETY: as above.
        Err(raised) => match unsafe { called(vm, frame, callable, first, watchers, Err(raised)) } {
            Ok(_) => Err(vm.system_error("a call that raised did not raise")),
            Err(raised) => Err(raised),
        },
    }
}

unsafe fn report_called(
    vm: &mut Vm,
    frame: *mut Frame,
    callable: Ref<'_>,
    first: Option<Ref<'_>>,
    watchers: Watchers,
    is_raised: bool,
) -> PyResult<()> {
    // SAFETY: the caller's promise.
    unsafe {
        let (event, what) = if is_raised { (event::C_RAISE, "c_exception") } else { (event::C_RETURN, "c_return") };
        if !callable.is_exactly(&BOUND_METHOD) {
            let still = monitoring::watchers(frame, event);
            monitoring::fire_call(vm, frame, event, callable, first, watchers & still)?;
        }
        if watchers & PROFILED != 0
            && frame::interp(vm).tracing.profile_function.is_some()
            && let Some(callable) = profiled_callable(vm, callable, first)?
        {
            profile(vm, frame, what, callable.borrow())?;
        }
    }
    Ok(())
}

/// Reports the jump or branch that led from the previous instruction to this one, if one did.
unsafe fn jumped(vm: &mut Vm, frame: *mut Frame, previous: usize, index: usize) -> PyResult<()> {
    // SAFETY: the caller's promise.
    let code = unsafe { (*frame).code() };
    let instructions = &code.data.instructions;
    let opcode = |index: usize| instructions.get(index).and_then(|instruction| instruction.opcode());
    let is_next = index == previous + 1;
    let (event, from, to) = match opcode(previous) {
        Some(Opcode::JumpForward | Opcode::JumpBackward) => (event::JUMP, previous, index),
        Some(Opcode::PopJumpIfFalse | Opcode::PopJumpIfTrue | Opcode::PopJumpIfNone | Opcode::PopJumpIfNotNone) => {
            if opcode(previous + 1) != Some(Opcode::NotTaken) {
                return Ok(());
            }
            if is_next { (event::BRANCH_LEFT, previous, index + 1) } else { (event::BRANCH_RIGHT, previous, index) }
        }
        // The loop's end is past its `POP_ITER`.
        Some(Opcode::ForIter) if is_next => (event::BRANCH_LEFT, previous, index),
        Some(Opcode::ForIter) => (event::BRANCH_RIGHT, previous, index + 1),
        Some(Opcode::EndSend) if opcode(index) == Some(Opcode::NotTaken) => (event::BRANCH_LEFT, previous, index + 1),
        Some(Opcode::EndAsyncFor) if is_next => {
            match instructions[..previous].iter().rposition(|instruction| instruction.opcode() == Some(Opcode::EndSend)) {
                Some(from) => (event::BRANCH_RIGHT, from, index),
                None => return Ok(()),
            }
        }
        _ => return Ok(()),
    };
    // SAFETY: the caller's promise.
    unsafe { monitoring::fire_jump(vm, frame, event, from, to) }
}

/// An instruction is about to run; `previous` is the one that ran before it in the frame. The
/// result says whether the frame was moved elsewhere: its `ip` and `sp` say where.
///
/// The frame's `ip` and `sp` are up to date.
pub(crate) unsafe fn before_instruction(vm: &mut Vm, frame: *mut Frame, previous: *const Instr) -> PyResult<bool> {
    // SAFETY: the caller's promise; the words are references or zero.
    unsafe {
        let local = ((*frame).object != 0).then(|| frame_object::payload(Ref::from_bits((*frame).object)));
        let has_local = local.is_some_and(|local| local.trace.is_set());
        if !has_local && !monitoring::is_active() || !is_active(vm) {
            return Ok(false);
        }
        let code = (*frame).code();
        let index = code.index_of((*frame).ip);
        let lines = code.lines();
        if index < lines.first_traceable || (*(*frame).ip).opcode() == Some(Opcode::Resume) {
            return Ok(false);
        }
        let previous_index = code.index_of(previous);
        if monitoring::is_active() && previous_index != index {
            jumped(vm, frame, previous_index, index)?;
        }
        let line = lines.begins_line(index, previous_index, &code.data.instructions);
        if let Some(line) = line {
            monitoring::fire_line(vm, frame, line)?;
        }
        monitoring::fire_instruction(vm, frame, index)?;
        // A callback may have made the frame object, and moved the frame.
        let local = ((*frame).object != 0).then(|| frame_object::payload(Ref::from_bits((*frame).object)));
        if local.is_some_and(|local| local.jump.replace(0) != 0) {
            return Ok(true);
        }
        let Some(local) = local.filter(|local| local.trace.is_set()) else { return Ok(false) };
        if frame::interp(vm).tracing.trace_function.is_none() {
            return Ok(false);
        }
        let keep_alive = frame_object::of(vm, frame);
        let is_line = line.is_some() || lines.repeats_line(index, previous_index, &code.data.instructions);
        if local.trace_lines.get() && is_line {
            trace(vm, frame, event::LINE, "line", Ref::NONE)?;
        }
        if local.trace_opcodes.get() && local.jump.get() == 0 {
            trace(vm, frame, event::INSTRUCTION, "opcode", Ref::NONE)?;
        }
        drop(keep_alive);
        Ok(local.jump.replace(0) != 0)
    }
}
