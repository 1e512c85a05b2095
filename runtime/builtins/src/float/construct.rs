//! `float(x)` and `float.from_number(x)`.

use crate::dict::one_argument;
use crate::int::warn_subclass;
use object::bytes::Bytes;
use object::call::Args;
use object::float::{self, FLOAT};
use object::str::Str;
use object::{Method, Object, PyResult, Ref, RefOf, Type, Vm, int, method};

pub(super) const FROM_NUMBER: Method = method!(
    Binary from_number "($type, number, /)",
    "Convert real number to a floating-point number."
)
.class_method();

pub(super) fn new(vm: &mut Vm, class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    let own_init = class.slots().init.map(|init| init as usize) == FLOAT.slots().init.map(|init| init as usize);
    let argument = if own_init { one_argument(vm, "float", args)? } else { args.positionals().first().copied() };
    if class.object().is(FLOAT.object())
        && let Some(same) = argument.filter(|argument| argument.is_exactly(&FLOAT))
    {
        return Ok(same.to_owned());
    }
    let value = match argument {
        Some(argument) => to_float(vm, argument)?,
        None => 0.0,
    };
    Ok(if class.object().is(FLOAT.object()) { vm.new_float(value) } else { vm.new_float_of(&class, value) })
}

/// `float(object)`
pub fn to_float(vm: &mut Vm, object: Ref<'_>) -> PyResult<f64> {
    if let Some(text) = object.downcast_exact::<Str>() {
        return from_text(vm, text.get(), object);
    }
    let slots = *object.class().slots();
    if slots.float.is_some() || slots.index.is_some() {
        return from_slots(vm, object);
    }
    if let Some(text) = object.downcast::<Str>() {
        return from_text(vm, text.get(), object);
    }
    if slots.buffer.is_some() {
        return from_bytes(vm, object);
    }
    let message = format!("float() argument must be a string or a real number, not '{}'", object.class().full_name());
    Err(vm.type_error(message))
}

fn from_slots(vm: &mut Vm, object: Ref<'_>) -> PyResult<f64> {
    if object.is_exactly(&FLOAT) {
        return Ok(super::value(object));
    }
    let Some(convert) = object.class().slots().float else {
        let index = vm.index(object)?;
        return int::to_f64(vm, index.borrow());
    };
    let result: Object = convert(vm, object)?;
    let found = result.borrow();
    let (owner, name) = (object.class().full_name().to_owned(), found.class().full_name().to_owned());
    match float::value(found) {
        Some(value) if found.is_exactly(&FLOAT) => Ok(value),
        Some(value) => {
            warn_subclass(vm, &format!("{owner}.__float__"), &name, "float")?;
            Ok(value)
        }
        None => Err(vm.type_error(format!("{owner}.__float__ returned non-float (type {name})"))),
    }
}

fn from_text(vm: &mut Vm, text: &Str, shown: Ref<'_>) -> PyResult<f64> {
    let parsed = text.to_utf8().and_then(|text| float::parse(&text));
    finish(vm, parsed, shown)
}

fn from_bytes(vm: &mut Vm, object: Ref<'_>) -> PyResult<f64> {
    let data = vm.buffer(object)?.bytes(vm).to_vec();
    let parsed = std::str::from_utf8(&data).ok().filter(|text| text.is_ascii()).and_then(float::parse);
    let shown = if object.downcast::<Bytes>().is_some() { object.to_owned() } else { vm.new_bytes(&data).into_object() };
    finish(vm, parsed, shown.borrow())
}

fn finish(vm: &mut Vm, parsed: Option<f64>, shown: Ref<'_>) -> PyResult<f64> {
    match parsed {
        Some(value) => Ok(value),
        None => {
            let shown = vm.repr_text(shown)?;
            Err(vm.value_error(format!("could not convert string to float: {shown}")))
        }
    }
}

fn from_number(vm: &mut Vm, class: Ref<'_>, number: Ref<'_>) -> PyResult {
    if class.is(FLOAT.object()) && number.is_exactly(&FLOAT) {
        return Ok(number.to_owned());
    }
    let value = vm.to_float(number)?;
    of_class(vm, class, value)
}

/// A float of a class: the class is called unless it is `float` itself.
pub(super) fn of_class(vm: &mut Vm, class: Ref<'_>, value: f64) -> PyResult {
    let value = vm.new_float(value);
    if class.is(FLOAT.object()) { Ok(value) } else { vm.call(class, &[value.borrow()]) }
}
