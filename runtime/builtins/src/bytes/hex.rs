//! Hexadecimal text of bytes, and bytes of it.

use super::common::data;
use object::bytes::Bytes;
use object::str::Str;
use object::vm::{PyResult, Vm};
use object::{Ref, RefOf};

/// Bytes in hexadecimal. `group`: bytes between separators, counted from the right, or from the left
/// if negative; 0: no separators.
pub fn to_hex(data: &[u8], separator: Option<u8>, group: i64) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let size = group.unsigned_abs() as usize;
    if separator.is_none() || size == 0 {
        let mut out = Vec::with_capacity(data.len() * 2);
        out.extend(data.iter().flat_map(|&byte| [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]));
        return String::from_utf8(out).unwrap_or_default();
    }
    let mut out = String::with_capacity(data.len() * 2 + data.len().checked_div(size).unwrap_or(0));
    for (index, &byte) in data.iter().enumerate() {
        if let Some(separator) = separator
            && index > 0
            && size > 0
            && (if group > 0 { data.len() - index } else { index }).is_multiple_of(size)
        {
            out.push(char::from(separator));
        }
        out.push(char::from(DIGITS[usize::from(byte >> 4)]));
        out.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    out
}

/// The `sep` and `bytes_per_sep` arguments of `hex`.
pub fn separator(vm: &mut Vm, arguments: &[Option<Ref<'_>>]) -> PyResult<(Option<u8>, i64)> {
    let group = match arguments[1] {
        Some(group) => i64::from(vm.to_i32(group)?),
        None => 1,
    };
    let Some(value) = arguments[0] else { return Ok((None, 0)) };
    if vm.len(value)? != 1 {
        return Err(vm.value_error("sep must be length 1."));
    }
    // A subclass may say that it has a length that it has not.
    let code_point = if let Some(text) = value.downcast::<Str>() {
        text.code_points().next().unwrap_or(0)
    } else if let Some(bytes) = value.downcast::<Bytes>() {
        u32::from(bytes.data().first().copied().unwrap_or(0))
    } else {
        return Err(vm.type_error("sep must be str or bytes."));
    };
    match u8::try_from(code_point) {
        Ok(byte @ 0..0x80) => Ok((Some(byte), group)),
        _ => Err(vm.value_error("sep must be ASCII.")),
    }
}

pub(crate) fn hex(vm: &mut Vm, this: Ref<'_>, arguments: &[Option<Ref<'_>>]) -> PyResult {
    let _pin = super::common::pin(vm, this)?;
    let (separator, group) = separator(vm, arguments)?;
    let text = to_hex(data(vm, this), separator, group);
    Ok(vm.new_str(&text).into_object())
}

/// The value of each hexadecimal digit; 255 for other characters.
static VALUES: [u8; 256] = {
    let (mut values, mut byte) = ([255u8; 256], 0);
    while byte < 256 {
        values[byte] = match byte as u8 {
            digit @ b'0'..=b'9' => digit - b'0',
            digit @ b'a'..=b'f' => digit - b'a' + 10,
            digit @ b'A'..=b'F' => digit - b'A' + 10,
            _ => 255,
        };
        byte += 1;
    }
    values
};

/// The bytes of text that is hexadecimal digits and nothing else.
fn from_digits_only(text: &[u8]) -> Option<Vec<u8>> {
    let (pairs, rest) = text.as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    let mut seen = 0;
    let mut out = Vec::with_capacity(pairs.len());
    out.extend(pairs.iter().map(|&[high, low]| {
        let (high, low) = (VALUES[usize::from(high)], VALUES[usize::from(low)]);
        seen |= high | low;
        high << 4 | low & 15
    }));
    (seen < 16).then_some(out)
}

/// The bytes of hexadecimal text; whitespace may stand between two bytes.
pub fn from_hex(vm: &mut Vm, value: Ref<'_>) -> PyResult<Vec<u8>> {
    if let Some(text) = value.downcast::<Str>().and_then(|text| RefOf::get(text).as_latin1())
        && let Some(data) = from_digits_only(text)
    {
        return Ok(data);
    }
    let text: Vec<u32> = if let Some(text) = value.downcast::<Str>() {
        text.code_points().collect()
    } else if vm.has_buffer(value) {
        let buffer = vm.buffer(value)?;
        buffer.bytes(vm).iter().map(|&byte| u32::from(byte)).collect()
    } else {
        return Err(vm.type_error(format!("fromhex() argument must be str or bytes-like, not {}", value.class().full_name())));
    };
    let digit = |index: usize| text.get(index).and_then(|&code_point| char::from_u32(code_point)).and_then(|character| character.to_digit(16));
    let (mut out, mut index) = (Vec::with_capacity(text.len() / 2), 0);
    while index < text.len() {
        if u8::try_from(text[index]).is_ok_and(super::split::is_space) {
            index += 1;
            continue;
        }
        let wrong = match (digit(index), digit(index + 1)) {
            (Some(high), Some(low)) => {
                out.push((high << 4 | low) as u8);
                index += 2;
                continue;
            }
            (Some(_), None) if index + 1 == text.len() => {
                return Err(vm.value_error("fromhex() arg must contain an even number of hexadecimal digits"));
            }
            (Some(_), None) => index + 1,
            (None, _) => index,
        };
        return Err(vm.value_error(format!("non-hexadecimal number found in fromhex() arg at position {wrong}")));
    }
    Ok(out)
}
