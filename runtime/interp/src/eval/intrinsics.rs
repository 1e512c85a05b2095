//! The operations behind `CALL_INTRINSIC_1` and `CALL_INTRINSIC_2`, and string formatting.

use super::names;
use crate::frame::Frame;
use crate::function::Function;
use bytecode::CodeFlags;
use bytecode::opcode::{Intrinsic1, Intrinsic2};
use object::exception::{self, Exception};
use object::list::List;
use object::str::Str;
use object::tuple::Tuple;
use object::{Object, PyResult, Ref, RefOf, Vm};

/// One string of several.
pub(crate) fn join_strings(vm: &mut Vm, parts: &[Ref<'_>]) -> PyResult {
    const FEW: usize = 8;
    let strings = parts.iter().filter_map(|part| part.downcast::<Str>());
    let empty = vm.empty_str();
    let joined = if parts.len() <= FEW {
        let mut few = [empty; FEW];
        for (place, part) in few.iter_mut().zip(strings) {
            *place = part;
        }
        vm.str_join(empty.get(), &few[..parts.len()])
    } else {
        let all: Vec<RefOf<'_, Str>> = strings.collect();
        vm.str_join(empty.get(), &all)
    };
    joined.map(Object::from).ok_or_else(|| vm.overflow_error("join() result is too long for a Python string"))
}

/// `str`, `repr` or `ascii` of a value, as `!s`, `!r` and `!a` say.
pub(super) fn convert(vm: &mut Vm, value: Ref<'_>, conversion: u32) -> PyResult {
    match conversion {
        1 => vm.str(value).map(Object::from),
        2 => vm.repr(value).map(Object::from),
        _ => vm.ascii(value).map(Object::from),
    }
}

/// `BUILD_INTERPOLATION`
pub(super) fn interpolation(vm: &mut Vm, value: Object, text: Object, conversion: u32, spec: Option<Object>) -> PyResult {
    let conversion = match conversion {
        1 => vm.intern("s").to_owned(),
        2 => vm.intern("r").to_owned(),
        3 => vm.intern("a").to_owned(),
        _ => Object::none(),
    };
    let spec = spec.unwrap_or_else(|| vm.empty_str().object().to_owned());
    Ok(builtins::template::new_interpolation(vm, value, text, conversion, spec))
}

pub(super) fn call_1(vm: &mut Vm, frame: &Frame, operation: u32, value: Ref<'_>) -> PyResult {
    match Intrinsic1::from_u32(operation).expect("the operand was verified") {
        Intrinsic1::Print => {
            let sys = vm.import("sys")?;
            let Some(hook) = vm.find_attr_str(sys.borrow(), "displayhook")? else {
                return Err(vm.runtime_error("lost sys.displayhook"));
            };
            vm.call(hook.borrow(), &[value])
        }
        Intrinsic1::ImportStar => names::import_star(vm, frame, value).map(|()| Object::none()),
        Intrinsic1::StopIterationError => stop_iteration_error(vm, frame, value),
        Intrinsic1::AsyncGenWrap => Ok(crate::async_generator::wrap(vm, value)),
        Intrinsic1::UnaryPositive => vm.positive(value),
        Intrinsic1::ListToTuple => {
            let items = value.downcast::<List>().expect("the compiler builds a list first").items(vm).to_vec();
            Ok(vm.new_tuple(items).into_object())
        }
        Intrinsic1::TypeVar => Ok(builtins::typing_types::new_type_var(vm, value, None, None)),
        Intrinsic1::ParamSpec => Ok(builtins::typing_types::new_param_spec(vm, value)),
        Intrinsic1::TypeVarTuple => Ok(builtins::typing_types::new_type_var_tuple(vm, value)),
        Intrinsic1::SubscriptGeneric => builtins::typing_types::subscript_generic(vm, value),
        Intrinsic1::TypeAlias => type_alias(vm, value),
    }
}

/// The alias of a tuple of name, type parameters and the function that computes the value.
fn type_alias(vm: &mut Vm, parts: Ref<'_>) -> PyResult {
    let parts = parts.downcast::<Tuple>().expect("the compiler builds a tuple");
    let &[name, type_params, compute] = parts.get().items() else {
        return Err(vm.system_error("a type alias has three parts"));
    };
    Ok(builtins::typing_types::new_type_alias(vm, name, type_params, compute.to_owned()))
}

/// A `StopIteration` that leaves a generator becomes a `RuntimeError` (PEP 479).
fn stop_iteration_error(vm: &mut Vm, frame: &Frame, value: Ref<'_>) -> PyResult {
    let flags = frame.code().data.flags;
    let (kind, stop) = if flags.has(CodeFlags::ASYNC_GENERATOR) {
        if value.is_instance_of(&exception::STOP_ASYNC_ITERATION) {
            ("async generator", "StopAsyncIteration")
        } else {
            ("async generator", "StopIteration")
        }
    } else if flags.has(CodeFlags::COROUTINE.with(CodeFlags::ITERABLE_COROUTINE)) && flags.has(CodeFlags::COROUTINE) {
        ("coroutine", "StopIteration")
    } else {
        ("generator", "StopIteration")
    };
    let stops =
        value.is_instance_of(&exception::STOP_ITERATION) || (kind == "async generator" && value.is_instance_of(&exception::STOP_ASYNC_ITERATION));
    if !stops {
        return Ok(value.to_owned());
    }
    let message = vm.new_str(&format!("{kind} raised {stop}")).into_object();
    let error = exception::new(vm, &exception::RUNTIME_ERROR, vec![message]);
    let payload = error.borrow().downcast::<Exception>().expect("RuntimeError is an exception");
    payload.cause.set(Some(value.to_owned()));
    payload.context.set(Some(value.to_owned()));
    payload.suppress_context.set(true);
    Ok(error)
}

pub(super) fn call_2(vm: &mut Vm, operation: u32, first: Ref<'_>, second: Ref<'_>) -> PyResult {
    match Intrinsic2::from_u32(operation).expect("the operand was verified") {
        Intrinsic2::PrepReraiseStar => builtins::exceptions::group::prep_reraise_star(vm, first, second),
        Intrinsic2::TypeVarWithBound => Ok(builtins::typing_types::new_type_var(vm, first, Some(second.to_owned()), None)),
        Intrinsic2::TypeVarWithConstraints => Ok(builtins::typing_types::new_type_var(vm, first, None, Some(second.to_owned()))),
        Intrinsic2::SetFunctionTypeParams => {
            if let Some(function) = first.downcast::<Function>() {
                function.type_params.set(Some(second.to_owned()));
            }
            Ok(first.to_owned())
        }
        Intrinsic2::SetTypeParamDefault => {
            builtins::typing_types::set_default(first, second.to_owned());
            Ok(first.to_owned())
        }
    }
}
