//! Reading a JSON string.

use super::decode_error;
use object::str::{Str, StrBuilder, StrData};
use object::{Object, PyResult, RefOf, Vm};

const UNTERMINATED: &str = "Unterminated string starting at";
const BAD_UNICODE: &str = "Invalid \\uXXXX escape";

/// Reads the string whose first character after the quote is at `start`; gives the position after it.
pub(super) fn scan(vm: &mut Vm, text: RefOf<'_, Str>, start: usize, strict: bool) -> PyResult<(Object, usize)> {
    let string = text.get();
    let begin = start.wrapping_sub(1);
    let end = plain_end(string, start, strict);
    if end < string.len() && string.char_at(end) == u32::from(b'"') {
        return Ok((vm.str_slice(string, start, end - start).into_object(), end + 1));
    }
    let mut out = StrBuilder::new();
    let mut position = start;
    loop {
        let end = plain_end(string, position, strict);
        out.push_data(string.data().slice(position, end));
        match string_char(string, end) {
            None => return Err(decode_error(vm, UNTERMINATED, text.object(), begin)),
            Some(0x22) => return Ok((out.finish(vm).into_object(), end + 1)),
            Some(0x5c) => position = push_escaped(vm, text, begin, end + 1, &mut out)?,
            Some(_) => return Err(decode_error(vm, "Invalid control character at", text.object(), end)),
        }
    }
}

fn string_char(string: &Str, index: usize) -> Option<u32> {
    (index < string.len()).then(|| string.char_at(index))
}

/// Where the characters that stand for themselves end.
fn plain_end(string: &Str, start: usize, strict: bool) -> usize {
    if let StrData::Latin1(units) = string.data() {
        let rest = units.get(start..).unwrap_or(&[]);
        let plain = rest.iter().position(|&unit| unit == b'"' || unit == b'\\' || (strict && unit < 0x20));
        return plain.map_or(string.len().max(start.min(string.len())), |plain| start + plain);
    }
    let stops = |&index: &usize| matches!(string.char_at(index), 0x22 | 0x5c) || (strict && string.char_at(index) < 0x20);
    (start..string.len()).find(stops).unwrap_or(string.len())
}

/// Reads an escape; `position` is that of the character after the backslash.
fn push_escaped(vm: &mut Vm, text: RefOf<'_, Str>, begin: usize, position: usize, out: &mut StrBuilder) -> PyResult<usize> {
    let string = text.get();
    let Some(code) = string_char(string, position) else { return Err(decode_error(vm, UNTERMINATED, text.object(), begin)) };
    let plain = match char::from_u32(code) {
        Some('"') => '"',
        Some('\\') => '\\',
        Some('/') => '/',
        Some('b') => '\u{8}',
        Some('f') => '\u{c}',
        Some('n') => '\n',
        Some('r') => '\r',
        Some('t') => '\t',
        Some('u') => return push_unicode(vm, text, position + 1, out),
        _ => return Err(decode_error(vm, "Invalid \\escape", text.object(), position - 1)),
    };
    out.push_char(plain);
    Ok(position + 1)
}

/// Four hexadecimal digits.
fn hex4(string: &Str, start: usize) -> Option<u32> {
    let mut value = 0;
    for index in start..start + 4 {
        value = value * 16 + char::from_u32(string_char(string, index)?)?.to_digit(16)?;
    }
    Some(value)
}

fn push_unicode(vm: &mut Vm, text: RefOf<'_, Str>, start: usize, out: &mut StrBuilder) -> PyResult<usize> {
    let string = text.get();
    let Some(unit) = hex4(string, start) else { return Err(decode_error(vm, BAD_UNICODE, text.object(), start - 1)) };
    let next = start + 4;
    if (0xd800..0xdc00).contains(&unit)
        && string_char(string, next) == Some(0x5c)
        && string_char(string, next + 1) == Some(u32::from(b'u'))
        && let Some(low) = hex4(string, next + 2)
        && (0xdc00..0xe000).contains(&low)
    {
        out.push(0x1_0000 + ((unit - 0xd800) << 10) + (low - 0xdc00));
        return Ok(next + 6);
    }
    out.push(unit);
    Ok(next)
}
