//! `int(x)` and `int(text, base)`.

use super::{check_arguments, instance, warn_subclass};
use object::bytes::{ByteArray, Bytes};
use object::call::Args;
use object::int::{self, INT, ParseError};
use object::str::Str;
use object::{Object, PyResult, Ref, RefOf, Type, Vm};

pub(super) fn new(vm: &mut Vm, class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    if let ([object], false, true) = (args.positionals(), args.has_keywords(), class.object().is(INT.object())) {
        return to_int(vm, *object);
    }
    check_arguments(vm, "int", args, &["base"], 2)?;
    let object = args.positionals().first().copied();
    let base = args.positionals().get(1).copied().or_else(|| args.keyword("base"));
    let value = match (object, base) {
        (None, None) => Object::small_int(0),
        (None, Some(_)) => return Err(vm.type_error("int() missing string argument")),
        (Some(object), None) => to_int(vm, object)?,
        (Some(object), Some(base)) => with_base(vm, object, base)?,
    };
    instance(vm, class, value)
}

fn with_base(vm: &mut Vm, object: Ref<'_>, base: Ref<'_>) -> PyResult {
    let base = vm.index_clamped(base)?;
    if base != 0 && !(2..=36).contains(&base) {
        return Err(vm.value_error("int() base must be >= 2 and <= 36, or 0"));
    }
    let base = base as u32;
    if let Some(text) = object.downcast::<Str>() {
        return from_text(vm, text.get(), object, base);
    }
    if object.downcast::<Bytes>().is_some() || object.downcast::<ByteArray>().is_some() {
        return from_bytes(vm, object, base);
    }
    Err(vm.type_error("int() can't convert non-string with explicit base"))
}

/// `int(object)`
pub fn to_int(vm: &mut Vm, object: Ref<'_>) -> PyResult {
    if object.is_exactly(&INT) {
        return Ok(object.to_owned());
    }
    if let Some(text) = object.downcast_exact::<Str>() {
        return from_text(vm, text.get(), object, 10);
    }
    let slots = object.class().slots();
    if let Some(convert) = slots.int {
        let result = convert(vm, object)?;
        return plain(vm, "__int__", result);
    }
    if slots.index.is_some() {
        return vm.index(object);
    }
    if let Some(text) = object.downcast::<Str>() {
        return from_text(vm, text.get(), object, 10);
    }
    if slots.buffer.is_some() {
        return from_bytes(vm, object, 10);
    }
    let message = format!("int() argument must be a string, a bytes-like object or a real number, not '{}'", object.class().full_name());
    Err(vm.type_error(message))
}

/// What a conversion method returned, as an exact int.
fn plain(vm: &mut Vm, method: &str, result: Object) -> PyResult {
    let found = result.borrow();
    if found.is_exactly(&INT) {
        return Ok(result);
    }
    let name = found.class().full_name().to_owned();
    match int::to_exact(vm, found) {
        Some(exact) => {
            warn_subclass(vm, method, &name, "int")?;
            Ok(exact)
        }
        None => Err(vm.type_error(format!("{method} returned non-int (type {name})"))),
    }
}

fn from_text(vm: &mut Vm, text: &Str, shown: Ref<'_>, base: u32) -> PyResult {
    if let Some(value) = text.as_str().and_then(|text| plain_digits(text.as_bytes(), base)) {
        return Ok(vm.new_int(value));
    }
    let parsed = text.to_utf8().map_or(Err(ParseError::Invalid), |text| int::parse(&text, base));
    finish(vm, parsed, shown, base)
}

fn plain_digits(text: &[u8], base: u32) -> Option<i64> {
    if base == 0 { None } else { int::text::parse_plain(text, base) }
}

fn from_bytes(vm: &mut Vm, object: Ref<'_>, base: u32) -> PyResult {
    if let Some(value) = object.downcast_exact::<Bytes>().and_then(|bytes| plain_digits(bytes.get().data(), base)) {
        return Ok(vm.new_int(value));
    }
    let data = vm.buffer(object)?.bytes(vm).to_vec();
    let parsed = match std::str::from_utf8(&data) {
        Ok(text) if text.is_ascii() => int::parse(text, base),
        _ => Err(ParseError::Invalid),
    };
    let shown = if object.downcast::<Bytes>().is_some() { object.to_owned() } else { vm.new_bytes(&data).into_object() };
    finish(vm, parsed, shown.borrow(), base)
}

fn finish(vm: &mut Vm, parsed: Result<num_bigint::BigInt, ParseError>, shown: Ref<'_>, base: u32) -> PyResult {
    match parsed {
        Ok(value) => Ok(vm.new_bigint(value)),
        Err(error) => {
            let shown: String = vm.repr_text(shown)?.chars().take(200).collect();
            Err(vm.value_error(error.message(base, &shown)))
        }
    }
}
