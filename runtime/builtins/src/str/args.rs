//! Arguments of string methods.

use crate::subscript::optional_bound;
use object::str::Str;
use object::vm::{PyResult, Vm};
use object::{Raised, Ref, RefOf};
use std::borrow::Cow;

/// `TypeError` unless there are as many positional arguments.
pub fn check_count(vm: &mut Vm, name: &str, given: usize, least: usize, most: usize) -> PyResult<()> {
    if (least..=most).contains(&given) {
        return Ok(());
    }
    let (bound, limit) = match (given < least, least == most) {
        (_, true) => ("", least),
        (true, false) => ("at least ", least),
        (false, false) => ("at most ", most),
    };
    let plural = if limit == 1 { "" } else { "s" };
    Err(vm.type_error(format!("{name} expected {bound}{limit} argument{plural}, got {given}")))
}

/// An argument that must be a string; `place` is "argument 1" or, for the only one, "argument".
#[inline]
pub fn text<'a>(vm: &mut Vm, function: &str, place: &str, value: Ref<'a>) -> PyResult<RefOf<'a, Str>> {
    value.downcast::<Str>().ok_or_else(|| no_text(vm, function, place, value))
}

#[cold]
fn no_text(vm: &mut Vm, function: &str, place: &str, value: Ref<'_>) -> Raised {
    let kind = if value.is_none() { "None" } else { value.class().full_name() };
    vm.type_error(format!("{function}() {place} must be str, not {kind}"))
}

/// An argument that is a name, of an encoding for example: no null characters, no surrogates.
pub fn optional_text<'a>(vm: &mut Vm, function: &str, name: &str, value: Option<Ref<'a>>) -> PyResult<Option<Cow<'a, str>>> {
    let Some(value) = value else { return Ok(None) };
    let Some(value) = value.downcast::<Str>() else {
        return text(vm, function, &format!("argument '{name}'"), value).map(|_| None);
    };
    let Some(utf8) = RefOf::get(value).to_utf8() else {
        let position = value.code_points().position(|code_point| (0xD800..0xE000).contains(&code_point)).unwrap_or(0);
        let error = crate::text_codecs::errors::encode_error(vm, "utf-8", value.object(), position, position + 1, "surrogates not allowed");
        return Err(vm.raise_object(error));
    };
    if utf8.contains('\0') {
        return Err(vm.value_error("embedded null character"));
    }
    Ok(Some(utf8))
}

/// The bounds of `find` and its like, applied to `len`. `None`: the start lies behind the end.
pub fn range(vm: &mut Vm, arguments: &[Ref<'_>], len: impl FnOnce(&Vm) -> usize) -> PyResult<Option<(usize, usize)>> {
    let start = optional_bound(vm, arguments.first().copied())?.unwrap_or(0);
    let end = optional_bound(vm, arguments.get(1).copied())?.unwrap_or(isize::MAX);
    let len = len(vm) as isize;
    let end = if end > len {
        len
    } else if end < 0 {
        end.saturating_add(len).max(0)
    } else {
        end
    };
    let start = if start < 0 { start.saturating_add(len).max(0) } else { start };
    Ok((start <= end).then_some((start as usize, end as usize)))
}
