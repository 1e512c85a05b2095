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

/// The text, and how many bytes were read: all, unless more may come.
pub fn decode(vm: &mut Vm, data: &[u8], errors: Errors<'_>, is_final: bool) -> PyResult<(ObjectOf<Str>, usize)> {
    if let Ok(text) = std::str::from_utf8(data) {
        return Ok((vm.new_str(text), data.len()));
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
