//! Raising, matching and handling exceptions.

use crate::frame::Frame;
use crate::traceback;
use object::exception::{self, Exception};
use object::tuple::Tuple;
use object::{Args, Object, PyResult, Raised, Ref, Type, Vm};

/// Bit of `Frame::traced`: the exception is raised again, so that no traceback entry is added.
pub(crate) const RERAISED: u8 = 0x80;

/// Adds the frame to the exception's traceback.
///
/// # Safety
///
/// The frame is the innermost one.
pub(crate) unsafe fn add_traceback(vm: &mut Vm, frame: *mut Frame, index: usize) {
    // SAFETY: the caller's promise.
    unsafe {
        if (*frame).traced & RERAISED != 0 {
            (*frame).traced &= !RERAISED;
            return;
        }
        traceback::add_entry(vm, frame, index);
    }
}

/// `raise`, `raise exception`, `raise exception from cause`.
#[cold]
pub(crate) fn raise(vm: &mut Vm, value: Option<Object>, cause: Option<Object>) -> Raised {
    match exception_to_raise(vm, value, cause) {
        Ok(Some(exception)) => vm.raise_object(exception),
        Ok(None) => match vm.handled_exception().map(Ref::to_owned) {
            Some(exception) => vm.reraise(exception),
            None => vm.runtime_error("No active exception to reraise"),
        },
        Err(raised) => raised,
    }
}

fn exception_to_raise(vm: &mut Vm, value: Option<Object>, cause: Option<Object>) -> PyResult<Option<Object>> {
    let Some(value) = value else { return Ok(None) };
    let exception = exception::instantiate(vm, value.borrow())?;
    if let Some(cause) = cause {
        let cause = if cause.borrow().is_none() {
            None
        } else if cause.borrow().downcast::<Exception>().is_some() || is_exception_class(cause.borrow()) {
            Some(exception::instantiate(vm, cause.borrow())?)
        } else {
            return Err(vm.type_error("exception causes must derive from BaseException"));
        };
        let payload = exception.borrow().downcast::<Exception>().expect("instantiate returns exceptions");
        payload.cause.set(cause);
        payload.suppress_context.set(true);
    }
    Ok(Some(exception))
}

fn is_exception_class(value: Ref<'_>) -> bool {
    value.downcast::<Type>().is_some_and(|class| class.is_subclass_of(&exception::BASE_EXCEPTION))
}

const NOT_A_CLASS: &str = "catching classes that do not inherit from BaseException is not allowed";

/// `except class:`; `class` may be a tuple.
pub(crate) fn matches(vm: &mut Vm, exception: Ref<'_>, class: Ref<'_>) -> PyResult<bool> {
    if let Some(class) = class.downcast::<Type>()
        && class.is_subclass_of(&exception::BASE_EXCEPTION)
    {
        return Ok(exception.is_instance_of(class.get()));
    }
    let Some(classes) = class.downcast::<Tuple>() else {
        return Err(vm.type_error(NOT_A_CLASS));
    };
    let mut matches = false;
    for &class in classes.items() {
        if !is_exception_class(class) {
            return Err(vm.type_error(NOT_A_CLASS));
        }
        matches |= class.downcast::<Type>().is_some_and(|class| exception.is_instance_of(class.get()));
    }
    Ok(matches)
}

/// `except* class:`; returns what matches and the rest.
pub(super) fn match_group(vm: &mut Vm, exception: Ref<'_>, class: Ref<'_>) -> PyResult<(Object, Object)> {
    let (found, rest) = builtins::exceptions::group::match_group(vm, exception, class)?;
    // A group made for a single exception begins here.
    if !found.borrow().is(exception)
        && !exception.is_instance_of(&exception::BASE_EXCEPTION_GROUP)
        && let Some(traceback) = traceback::of_current_frame(vm)
        && let Some(payload) = found.borrow().downcast::<Exception>()
    {
        payload.traceback.set(Some(traceback));
    }
    Ok((found, rest))
}

/// Calls `__exit__` with the exception that is being handled. On the stack: exit, self or null, index of
/// the instruction, previous exception, exception.
///
/// # Safety
///
/// The five are on top of the stack.
pub(super) unsafe fn with_except_start(vm: &mut Vm, sp: *mut u64) -> PyResult {
    // SAFETY: the caller's promise.
    let (exit, this, error) = unsafe { (Ref::from_bits(*sp.sub(5)), *sp.sub(4), Ref::from_bits(*sp.sub(1))) };
    let traceback = error.downcast::<Exception>().map_or(Object::none(), |exception| exception.traceback.get_or_none());
    let class = error.class().to_object();
    let args = [class.borrow(), error, traceback.borrow()];
    if this == 0 {
        return vm.call(exit, &args);
    }
    // SAFETY: the word is a reference.
    let this = unsafe { Ref::from_bits(this) };
    Args::positional(&args).with_first(this, |args| vm.call_with(exit, args))
}

/// The value of a `StopIteration`, which a delegated-to iterator ended with; `None` for anything else.
pub(super) fn cleanup_throw(_vm: &mut Vm, exception: Ref<'_>) -> Option<Object> {
    exception.is_instance_of(&exception::STOP_ITERATION).then(|| exception::field(exception, "value").unwrap_or(Object::none()))
}
