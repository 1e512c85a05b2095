//! Parameters with directions, names and defaults: the `paramflags` of a function prototype.

use super::function::state;
use super::info::{Kind, info_of};
use builtins::slice::size_argument;
use object::str::Str;
use object::tuple::Tuple;
use object::{Args, Object, PyResult, Ref, Vm};

const IN: i64 = 1;
const OUT: i64 = 2;
const LCID: i64 = 4;

/// One entry: direction, name, default.
struct Parameter<'a> {
    direction: i64,
    name: Option<Ref<'a>>,
    default: Option<Ref<'a>>,
}

fn parameter<'a>(vm: &mut Vm, entry: Ref<'a>) -> PyResult<Option<Parameter<'a>>> {
    let Some(entry) = entry.downcast::<Tuple>() else { return Ok(None) };
    let items = entry.get().items();
    let Some(&direction) = items.first().filter(|first| object::int::is_int(**first) && items.len() <= 3) else { return Ok(None) };
    let name = items.get(1).copied();
    if name.is_some_and(|name| !name.is_none() && name.downcast::<Str>().is_none()) {
        return Ok(None);
    }
    let direction = size_argument(vm, direction)? as i64;
    Ok(Some(Parameter { direction, name: name.filter(|name| !name.is_none()), default: items.get(2).copied() }))
}

/// Raises unless the flags fit the argument types.
pub fn check_parameter_flags(vm: &mut Vm, types: Option<Ref<'_>>, flags: Option<Ref<'_>>) -> PyResult<()> {
    let (Some(flags), Some(types)) = (flags.filter(|flags| !flags.is_none()), types) else { return Ok(()) };
    let Some(flags) = flags.downcast::<Tuple>() else {
        return Err(vm.type_error("paramflags must be a tuple or None"));
    };
    let types = types.downcast::<Tuple>().expect("argument types are a tuple").get().items();
    if flags.len() != types.len() {
        return Err(vm.value_error("paramflags must have the same length as argtypes"));
    }
    for (index, (&entry, &class)) in flags.items().iter().zip(types).enumerate() {
        let Some(parameter) = parameter(vm, entry)? else {
            return Err(vm.type_error("paramflags must be a sequence of (int [,string [,value]]) tuples"));
        };
        match parameter.direction & (IN | OUT | LCID) {
            OUT => check_output(vm, class, index + 1)?,
            0 | 1 | 3 | 5 => {}
            _ => return Err(vm.type_error("paramflag value not supported".replace("value", &format!("value {}", parameter.direction)))),
        }
    }
    Ok(())
}

/// Raises unless a parameter that the function sets is a pointer.
fn check_output(vm: &mut Vm, class: Ref<'_>, position: usize) -> PyResult<()> {
    let is_pointer = info_of(class).is_some_and(|info| match info.kind {
        Kind::Pointer | Kind::Array => true,
        Kind::Simple => info.code.get().is_some_and(|code| b"PzZ".contains(&code.code)),
        _ => false,
    });
    if is_pointer {
        return Ok(());
    }
    let name = class.downcast::<object::Type>().map_or(class.class().full_name(), |class| class.get().full_name()).to_owned();
    Err(vm.type_error(format!("'out' parameter {position} must be a pointer type, not {name}")))
}

/// The arguments a function is called with, and which of them are results.
pub struct BuiltArguments {
    pub arguments: Vec<Object>,
    /// Index, and whether the value given is itself the result.
    outputs: Vec<(usize, bool)>,
}

/// Takes the next argument by position or name, or its default.
fn take_argument<'a>(vm: &mut Vm, used: &mut usize, parameter: &Parameter<'a>, args: Args<'a>) -> PyResult<Ref<'a>> {
    if let Some(&value) = args.positionals().get(*used) {
        *used += 1;
        return Ok(value);
    }
    let name = parameter.name.and_then(|name| name.downcast::<Str>()).and_then(|name| name.get().to_utf8());
    if let Some(value) = name.as_deref().and_then(|name| args.keyword(name)) {
        *used += 1;
        return Ok(value);
    }
    match (parameter.default, name) {
        (Some(default), _) => Ok(default),
        (None, Some(name)) => Err(vm.type_error(format!("required argument '{name}' missing"))),
        (None, None) => Err(vm.type_error("not enough arguments")),
    }
}

/// A new object for a parameter that the function sets.
fn output_object(vm: &mut Vm, class: Ref<'_>) -> PyResult {
    let Some(info) = info_of(class) else { return Err(vm.runtime_error("NULL stginfo unexpected")) };
    match (info.kind, info.proto.get()) {
        (Kind::Array, _) => vm.call(class, &[]),
        (Kind::Pointer, Some(target)) => vm.call(target.borrow(), &[]),
        _ => {
            let name = class.downcast::<object::Type>().map_or("", |class| class.get().full_name()).to_owned();
            Err(vm.type_error(format!("{name} 'out' parameter must be passed as default value")))
        }
    }
}

/// Makes the arguments of a call from what the program passes, by the function's flags.
pub fn build_arguments(vm: &mut Vm, this: Ref<'_>, types: Option<Ref<'_>>, args: Args<'_>) -> PyResult<BuiltArguments> {
    let flags = state(this).paramflags.get();
    let types = types.and_then(|types| types.downcast::<Tuple>()).map(|types| types.get().items()).unwrap_or(&[]);
    let flags = flags.as_ref().and_then(|flags| flags.borrow().downcast::<Tuple>());
    let Some(flags) = flags.filter(|_| !types.is_empty()) else {
        return Ok(BuiltArguments { arguments: args.positionals().iter().map(|&value| value.to_owned()).collect(), outputs: Vec::new() });
    };
    let mut built = BuiltArguments { arguments: Vec::new(), outputs: Vec::new() };
    let mut used = 0;
    for (index, (&entry, &class)) in flags.items().iter().zip(types).enumerate() {
        let Some(parameter) = parameter(vm, entry)? else {
            return Err(vm.type_error("paramflags must be a sequence of (int [,string [,value]]) tuples"));
        };
        let value = match parameter.direction & (IN | OUT | LCID) {
            direction if direction == IN | LCID => parameter.default.map_or(Object::small_int(0), Ref::to_owned),
            direction if direction == OUT => {
                built.outputs.push((index, false));
                match parameter.default {
                    Some(default) => default.to_owned(),
                    None => output_object(vm, class)?,
                }
            }
            direction => {
                if direction == IN | OUT {
                    built.outputs.push((index, true));
                }
                if direction & LCID != 0 {
                    return Err(vm.value_error(format!("paramflag {} not yet implemented", parameter.direction)));
                }
                take_argument(vm, &mut used, &parameter, args)?.to_owned()
            }
        };
        built.arguments.push(value);
    }
    let given = args.values().len();
    if given != used {
        return Err(vm.type_error(format!("call takes exactly {used} arguments ({given} given)")));
    }
    Ok(built)
}

/// What a call returns: its result, or what it set its output parameters to.
pub fn build_result(vm: &mut Vm, result: Object, built: BuiltArguments) -> PyResult {
    if built.outputs.is_empty() {
        return Ok(result);
    }
    let mut values = Vec::with_capacity(built.outputs.len());
    for (index, is_input) in built.outputs {
        let value = &built.arguments[index];
        values.push(if is_input { value.clone() } else { vm.call_method(value.borrow(), "__ctypes_from_outparam__", &[])? });
    }
    if values.len() == 1 {
        return Ok(values.remove(0));
    }
    Ok(vm.new_tuple(values).into_object())
}
