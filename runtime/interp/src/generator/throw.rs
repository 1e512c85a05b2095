//! `throw()` and `close()`: raising exceptions where generators are suspended, or in what they delegate to.

use super::{
    COROUTINE, Coroutine, GENERATOR, Generator, GeneratorData, Resumed, State, data, kind, raise_stop_iteration, report, resume, stop_on_return,
};
use object::exception::{self, Exception};
use object::{Object, PyResult, Ref, Type, Vm};

/// What `throw(type, value, traceback)` was called with.
#[derive(Clone, Copy)]
pub struct Thrown<'a> {
    args: &'a [Ref<'a>],
}

impl<'a> Thrown<'a> {
    /// The arguments of the method, of which there are one to three.
    pub(crate) fn from_method(vm: &mut Vm, args: &'a [Ref<'a>]) -> PyResult<Thrown<'a>> {
        match args.len() {
            0 => return Err(vm.type_error("throw expected at least 1 argument, got 0")),
            1 => {}
            2 | 3 => {
                let message = "the (type, exc, tb) signature of throw() is deprecated, use the single-arg signature instead.";
                vm.warn(&exception::DEPRECATION_WARNING, message, 1)?;
            }
            n => return Err(vm.type_error(format!("throw expected at most 3 arguments, got {n}"))),
        }
        Ok(Thrown { args })
    }

    /// Arguments that were checked before.
    pub(crate) fn of(args: &'a [Ref<'a>]) -> Thrown<'a> {
        Thrown { args }
    }

    fn kind(self) -> Ref<'a> {
        self.args.first().copied().unwrap_or(Ref::NONE)
    }

    fn is_generator_exit(self) -> bool {
        let kind = self.kind();
        match kind.downcast::<Type>() {
            Some(class) => class.is_subclass_of(&exception::GENERATOR_EXIT),
            None => kind.is_instance_of(&exception::GENERATOR_EXIT),
        }
    }

    /// The exception. One that cannot be made is thrown as what went wrong; what can never be thrown raises.
    pub fn exception(self, vm: &mut Vm) -> PyResult {
        let (kind, value, traceback) = (self.kind(), self.args.get(1).copied(), self.args.get(2).copied());
        let value = value.filter(|value| !value.is_none());
        let traceback = traceback.filter(|traceback| !traceback.is_none());
        if traceback.is_some_and(|traceback| !traceback.is_exactly(&crate::traceback::TRACEBACK)) {
            return Err(vm.type_error("throw() third argument must be a traceback object"));
        }
        let error = if let Some(class) = kind.downcast::<Type>().filter(|class| class.is_subclass_of(&exception::BASE_EXCEPTION)) {
            match value {
                Some(value) if value.is_instance_of(class.get()) => value.to_owned(),
                value => match instance_of(vm, kind, value) {
                    Ok(error) => error,
                    Err(raised) => vm.catch(raised),
                },
            }
        } else if kind.downcast::<Exception>().is_some() {
            if value.is_some() {
                return Err(vm.type_error("instance exception may not have a separate value"));
            }
            kind.to_owned()
        } else {
            let message = format!("exceptions must be classes or instances deriving from BaseException, not {}", kind.class().full_name());
            return Err(vm.type_error(message));
        };
        if let (Some(traceback), Some(payload)) = (traceback, error.borrow().downcast::<Exception>()) {
            payload.traceback.set(Some(traceback.to_owned()));
        }
        Ok(error)
    }
}

fn instance_of(vm: &mut Vm, class: Ref<'_>, value: Option<Ref<'_>>) -> PyResult {
    let error = match value {
        Some(value) => match value.downcast::<object::tuple::Tuple>() {
            Some(args) => vm.call(class, args.get().items())?,
            None => vm.call(class, &[value])?,
        },
        None => vm.call(class, &[])?,
    };
    if error.borrow().downcast::<Exception>().is_none() {
        let shown = vm.repr_text(class)?;
        let message = format!("calling {shown} should have returned an instance of BaseException, not {}", error.borrow().class().full_name());
        return Err(vm.type_error(message));
    }
    Ok(error)
}

/// Makes the exception of `throw(type, value, traceback)`.
pub fn exception_of_throw(vm: &mut Vm, args: &[Ref<'_>]) -> PyResult {
    Thrown::from_method(vm, args)?.exception(vm)
}

/// Makes a suspended generator look as if it ran, while what it delegates to does; returns the frame below.
fn show(vm: &mut Vm, data: &GeneratorData) -> *mut u8 {
    let (below, frame) = (vm.frame, data.frame.get());
    data.state.set(State::Running);
    // SAFETY: a suspended generator has a frame, which nothing else runs meanwhile.
    unsafe { (*frame).previous = below.cast() };
    vm.frame = frame.cast();
    below
}

/// The opposite of [`show`].
fn hide(vm: &mut Vm, data: &GeneratorData, below: *mut u8) {
    vm.frame = below;
    data.state.set(State::Suspended);
    // SAFETY: as above.
    unsafe { (*data.frame.get()).previous = std::ptr::null_mut() };
}

/// Raises an exception where a generator is suspended.
pub fn throw(vm: &mut Vm, object: Ref<'_>, error: Object) -> PyResult<Resumed> {
    throw_args(vm, object, Thrown::of(&[error.borrow()]), OnExit::Close)
}

/// What `GeneratorExit` does to that which a generator delegates to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum OnExit {
    Close,
    /// It is thrown like any other exception: an async generator's awaits may take their time.
    Throw,
}

/// `throw(*args)`
pub(crate) fn throw_args(vm: &mut Vm, object: Ref<'_>, thrown: Thrown<'_>, on_exit: OnExit) -> PyResult<Resumed> {
    let data = data(object).expect("the caller has a generator");
    data.settle();
    let Some(delegate) = data.delegate() else {
        let error = thrown.exception(vm)?;
        return resume(vm, object, Object::none(), Some(error));
    };
    if on_exit == OnExit::Close && thrown.is_generator_exit() {
        data.state.set(State::Running);
        let closed = close_iterator(vm, delegate.borrow());
        data.state.set(State::Suspended);
        let error = match closed {
            Ok(()) => thrown.exception(vm)?,
            Err(raised) => vm.catch(raised),
        };
        return resume(vm, object, Object::none(), Some(error));
    }
    let is_generator = delegate.borrow().is_exactly(&GENERATOR) || delegate.borrow().is_exactly(&COROUTINE);
    let outcome = if is_generator {
        let shown = show(vm, data);
        let outcome = throw_args(vm, delegate.borrow(), thrown, on_exit);
        hide(vm, data, shown);
        outcome
    } else {
        let name = object::names::throw();
        let Some(method) = vm.find_attr(delegate.borrow(), name)? else {
            let error = thrown.exception(vm)?;
            return resume(vm, object, Object::none(), Some(error));
        };
        let shown = show(vm, data);
        let outcome = vm.call(method.borrow(), thrown.args).map(Resumed::Yield);
        hide(vm, data, shown);
        outcome
    };
    let error = match outcome {
        Ok(Resumed::Yield(value)) => return Ok(Resumed::Yield(value)),
        Ok(Resumed::Return(value)) => {
            let raised = raise_stop_iteration(vm, value);
            vm.catch(raised)
        }
        Err(raised) => vm.catch(raised),
    };
    resume(vm, object, Object::none(), Some(error))
}

pub(super) fn throw_method(vm: &mut Vm, this: Ref<'_>, args: &[Ref<'_>]) -> PyResult {
    let thrown = Thrown::from_method(vm, args)?;
    let resumed = throw_args(vm, this, thrown, OnExit::Close)?;
    stop_on_return(vm, resumed)
}

/// Closes what a generator delegates to. A broken `close` attribute only gets reported.
fn close_iterator(vm: &mut Vm, iterator: Ref<'_>) -> PyResult<()> {
    if iterator.downcast_exact::<Generator>().is_some() || iterator.downcast_exact::<Coroutine>().is_some() {
        return close(vm, iterator).map(drop);
    }
    let name = object::names::close();
    match vm.find_attr(iterator, name) {
        Ok(Some(method)) => vm.call(method.borrow(), &[]).map(drop),
        Ok(None) => Ok(()),
        Err(raised) => {
            report(vm, raised, "Exception ignored while closing generator", iterator);
            Ok(())
        }
    }
}

/// `close()`: raises `GeneratorExit` in the generator; what it returns is the result.
pub fn close(vm: &mut Vm, object: Ref<'_>) -> PyResult {
    let data = data(object).expect("the caller has a generator");
    match data.state() {
        State::Finished => return Ok(Object::none()),
        State::Created => {
            data.discard();
            object::collector::mark_finalized(object);
            return Ok(Object::none());
        }
        State::Suspended if data.would_only_leave() && !crate::tracing::is_active(vm) => {
            data.discard();
            object::collector::mark_finalized(object);
            return Ok(Object::none());
        }
        State::Running | State::Chained | State::Suspended => {}
    }
    let error = exception::new(vm, &exception::GENERATOR_EXIT, Vec::new());
    match throw(vm, object, error) {
        Ok(Resumed::Yield(_)) => {
            let message = format!("{} ignored GeneratorExit", kind(object));
            Err(vm.runtime_error(message))
        }
        Ok(Resumed::Return(value)) => Ok(value),
        Err(raised) => {
            let raised = match vm.catch_if(raised, &exception::STOP_ITERATION) {
                Ok(stop) => return Ok(exception::field(stop.borrow(), "value").unwrap_or(Object::none())),
                Err(raised) => raised,
            };
            vm.catch_if(raised, &exception::GENERATOR_EXIT).map(|_| Object::none())
        }
    }
}
