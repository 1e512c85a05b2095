//! Splitting and joining.

use super::search::Needle;
use super::{exact, part, string};
use crate::unicode;
use object::exception;
use object::list::List;
use object::str::{Str, StrData};
use object::tuple::Tuple;
use object::vm::{PyResult, Vm};
use object::{Object, Ref, RefOf};
use std::ops::ControlFlow;

struct Arguments<'a> {
    separator: Option<RefOf<'a, Str>>,
    most: usize,
}

fn arguments<'a>(vm: &mut Vm, values: &[Option<Ref<'a>>]) -> PyResult<Arguments<'a>> {
    let most = match values[1] {
        Some(most) => usize::try_from(vm.index_isize(most)?).unwrap_or(usize::MAX),
        None => usize::MAX,
    };
    let separator = match values[0] {
        Some(value) if !value.is_none() => match value.downcast::<Str>() {
            Some(separator) if separator.is_empty() => return Err(vm.value_error("empty separator")),
            Some(separator) => Some(separator),
            None => return Err(vm.type_error(format!("must be str or None, not {}", value.class().full_name()))),
        },
        _ => None,
    };
    Ok(Arguments { separator, most })
}

#[inline]
pub(super) fn is_space(data: StrData<'_>, index: usize) -> bool {
    match data.at(index) {
        code_point @ 0..0x80 => matches!(code_point, 0x09..=0x0D | 0x1C..=0x20),
        code_point => unicode::is_space(code_point),
    }
}

/// For how many parts there is room at first, as in CPython.
const FEW_PARTS: usize = 12;

pub(super) fn split(vm: &mut Vm, this: Ref<'_>, values: &[Option<Ref<'_>>]) -> PyResult {
    let this = string(vm, this)?;
    let Arguments { separator, most } = arguments(vm, values)?;
    let data = this.get().data();
    let mut parts = Vec::with_capacity(most.saturating_add(1).min(FEW_PARTS));
    match separator {
        Some(separator) => {
            let mut start = 0;
            if let Some(needle) = Needle::new(separator.get().data(), this.kind()).filter(|_| most > 0) {
                needle.for_each(data, |found| {
                    parts.push(part(vm, this, start, found));
                    start = found + needle.len();
                    if parts.len() == most { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
                });
            }
            parts.push(part(vm, this, start, data.len()));
        }
        None if this.is_ascii() => split_ascii(vm, this, most, &mut parts),
        None => {
            let mut index = 0;
            loop {
                while index < data.len() && is_space(data, index) {
                    index += 1;
                }
                if index == data.len() {
                    break;
                }
                if parts.len() == most {
                    // What is left keeps its trailing whitespace.
                    parts.push(part(vm, this, index, data.len()));
                    break;
                }
                let start = index;
                while index < data.len() && !is_space(data, index) {
                    index += 1;
                }
                parts.push(part(vm, this, start, index));
            }
        }
    }
    Ok(vm.new_list(parts).into_object())
}

/// Splits ASCII text at whitespace.
fn split_ascii(vm: &Vm, this: RefOf<'_, Str>, most: usize, parts: &mut Vec<Object>) {
    let text = this.raw();
    let is_space = |byte: &u8| matches!(byte, 0x09..=0x0D | 0x1C..=0x20);
    let mut index = 0;
    while let Some(skipped) = text[index..].iter().position(|byte| !is_space(byte)) {
        index += skipped;
        if parts.len() == most {
            parts.push(part(vm, this, index, text.len()));
            return;
        }
        let len = text[index..].iter().position(is_space).unwrap_or(text.len() - index);
        parts.push(part(vm, this, index, index + len));
        index += len;
    }
}

pub(super) fn rsplit(vm: &mut Vm, this: Ref<'_>, values: &[Option<Ref<'_>>]) -> PyResult {
    let this = string(vm, this)?;
    let Arguments { separator, most } = arguments(vm, values)?;
    let data = this.get().data();
    let mut parts = Vec::new();
    let mut end = data.len();
    match separator {
        Some(separator) => {
            if let Some(needle) = Needle::new(separator.get().data(), this.kind()) {
                while parts.len() < most
                    && let Some(found) = needle.rfind(data.slice(0, end))
                {
                    parts.push(part(vm, this, found + needle.len(), end));
                    end = found;
                }
            }
            parts.push(part(vm, this, 0, end));
        }
        None => loop {
            while end > 0 && is_space(data, end - 1) {
                end -= 1;
            }
            if end == 0 {
                break;
            }
            if parts.len() == most {
                parts.push(part(vm, this, 0, end));
                break;
            }
            let stop = end;
            while end > 0 && !is_space(data, end - 1) {
                end -= 1;
            }
            parts.push(part(vm, this, end, stop));
        },
    }
    parts.reverse();
    Ok(vm.new_list(parts).into_object())
}

pub(super) fn splitlines(vm: &mut Vm, this: Ref<'_>, values: &[Option<Ref<'_>>]) -> PyResult {
    let this = string(vm, this)?;
    let keep = match values[0] {
        Some(keep) => vm.is_true(keep)?,
        None => false,
    };
    let data = this.get().data();
    let is_break = |index: usize| match data.at(index) {
        code_point @ 0..0x80 => matches!(code_point, 0x0A..=0x0D | 0x1C..=0x1E),
        code_point => unicode::is_line_break(code_point),
    };
    let (mut parts, mut index) = (Vec::new(), 0);
    while index < data.len() {
        let start = index;
        while index < data.len() && !is_break(index) {
            index += 1;
        }
        let end = index;
        if index < data.len() {
            index += if data.at(index) == 0x0D && index + 1 < data.len() && data.at(index + 1) == 0x0A { 2 } else { 1 };
        }
        parts.push(part(vm, this, start, if keep { index } else { end }));
    }
    Ok(vm.new_list(parts).into_object())
}

fn join_items(vm: &Vm, separator: RefOf<'_, Str>, items: &[Ref<'_>]) -> Result<Object, Option<(usize, String)>> {
    if let [only] = items
        && let Some(only) = only.downcast_exact::<Str>()
    {
        return Ok(exact(vm, only));
    }
    match RefOf::all(items) {
        Ok(strings) => vm.str_join(&separator, strings).map(Object::from).ok_or(None),
        Err(position) => Err(Some((position, items[position].class().full_name().to_owned()))),
    }
}

pub(super) fn join(vm: &mut Vm, this: Ref<'_>, iterable: Ref<'_>) -> PyResult {
    let this = string(vm, this)?;
    let joined = if let Some(list) = iterable.downcast_exact::<List>() {
        join_items(vm, this, Object::as_refs(list.items(vm)))
    } else if let Some(tuple) = iterable.downcast_exact::<Tuple>() {
        join_items(vm, this, tuple.items())
    } else {
        let iterator = match vm.iter(iterable) {
            Ok(iterator) => iterator,
            Err(raised) => {
                vm.catch_if(raised, &exception::TYPE_ERROR)?;
                return Err(vm.type_error("can only join an iterable"));
            }
        };
        let items = vm.collect(iterator.borrow())?;
        join_items(vm, this, Object::as_refs(&items))
    };
    match joined {
        Ok(joined) => Ok(joined),
        // No list is long enough for its strings to come to more than could be counted.
        Err(None) => Err(vm.memory_error()),
        Err(Some((position, kind))) => Err(vm.type_error(format!("sequence item {position}: expected str instance, {kind} found"))),
    }
}
