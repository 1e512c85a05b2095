//! UTF-8.

use super::errors::{Decoding, Encoding, Errors};
use object::bytes::Bytes;
use object::str::Str;
use object::vm::{PyResult, Vm};
use object::{ObjectOf, RefOf};

/// Appends a character; `false` for a surrogate.
#[inline]
pub fn push(code_point: u32, out: &mut Vec<u8>) -> bool {
    if code_point < 0x80 {
        out.push(code_point as u8);
        return true;
    }
    match char::from_u32(code_point) {
        Some(character) => {
            out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            true
        }
        None => false,
    }
}

/// The text in UTF-8.
pub fn encode_object(vm: &mut Vm, string: RefOf<'_, Str>, errors: Errors<'_>) -> PyResult<ObjectOf<Bytes>> {
    if string.is_ascii() {
        return Ok(vm.new_bytes(string.raw()));
    }
    if let Some(bytes) = encode_whole(string.get()) {
        return Ok(vm.new_bytes(&bytes));
    }
    let bytes = Encoding::new("utf-8", string, errors).run(vm, "surrogates not allowed", true, push)?;
    Ok(vm.new_bytes(&bytes))
}

/// The text in UTF-8; `None` if there are surrogates.
#[expect(clippy::useless_conversion, reason = "useless in one of the expansions only")]
fn encode_whole(string: &Str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(string.raw().len() + string.len() / 2 + 8);
    object::with_str_data!(string.data(), units => for &unit in units {
        if !push(u32::from(unit), &mut out) {
            return None;
        }
    });
    Some(out)
}

/// A character that storage of two bytes holds, and the length of its UTF-8; `None` for anything else.
#[inline]
fn short_character(data: &[u8], start: usize) -> Option<(u16, usize)> {
    let follows = |offset: usize| data.get(start + offset).filter(|&&byte| byte & 0xC0 == 0x80).map(|&byte| u16::from(byte & 0x3F));
    match u16::from(*data.get(start)?) {
        lead @ 0..0x80 => Some((lead, 1)),
        lead @ 0xC2..0xE0 => Some(((lead & 0x1F) << 6 | follows(1)?, 2)),
        lead @ 0xE0..0xF0 => {
            let code_point = (lead & 0x0F) << 12 | follows(1)? << 6 | follows(2)?;
            matches!(code_point, 0x800..0xD800 | 0xE000..).then_some((code_point, 3))
        }
        _ => None,
    }
}

/// The text of valid UTF-8 in one pass; `None` if there is an error.
fn decode_whole(vm: &Vm, data: &[u8]) -> Option<ObjectOf<Str>> {
    let mut units: Vec<u16> = Vec::with_capacity(data.len());
    let mut position = 0;
    while position < data.len() {
        match short_character(data, position) {
            Some((unit, len)) => {
                units.push(unit);
                position += len;
            }
            // Longer characters, and errors.
            None => return std::str::from_utf8(data).ok().map(|text| vm.new_str(text)),
        }
    }
    Some(vm.new_str_ucs2(&units))
}

/// The text, and how many bytes were read: all, unless more may come.
pub fn decode(vm: &mut Vm, data: &[u8], errors: Errors<'_>, is_final: bool) -> PyResult<(ObjectOf<Str>, usize)> {
    if data.is_ascii() {
        return Ok((vm.new_str_latin1(data), data.len()));
    }
    if let Some(text) = decode_whole(vm, data) {
        return Ok((text, data.len()));
    }
    let mut decoding = Decoding::new("utf-8", data, errors);
    let mut position = 0;
    while position < decoding.data.len() {
        let rest = &decoding.data[position..];
        let error = match std::str::from_utf8(rest) {
            Ok(text) => {
                decoding.out.push_str(text);
                position = decoding.data.len();
                break;
            }
            Err(error) => error,
        };
        let valid = error.valid_up_to();
        decoding.out.push_str(std::str::from_utf8(&rest[..valid]).expect("the valid part"));
        let lead = rest[valid];
        let start = position + valid;
        let (end, reason) = match error.error_len() {
            None if !is_final => {
                position = start;
                break;
            }
            // Two bytes of a surrogate: which error handlers may take, once the third is there.
            Some(_) if !is_final && lead == 0xED && matches!(decoding.data[start + 1..], [0xA0..=0xBF]) => {
                position = start;
                break;
            }
            None => (decoding.data.len(), "unexpected end of data"),
            Some(1) if matches!(lead, 0x80..=0xC1 | 0xF5..) => (start + 1, "invalid start byte"),
            Some(len) => (start + len, "invalid continuation byte"),
        };
        position = decoding.replace(vm, start, end, reason)?;
    }
    Ok((decoding.out.finish(vm), position))
}
