//! Latin-1 and ASCII: one byte a character.

use super::errors::{Decoding, Encoding, Errors};
use object::bytes::Bytes;
use object::str::Str;
use object::vm::{PyResult, Vm};
use object::{ObjectOf, RefOf};

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Narrow {
    Latin1,
    Ascii,
}

/// The text in Latin-1 or ASCII.
pub fn encode_object(vm: &mut Vm, string: RefOf<'_, Str>, errors: Errors<'_>, encoding: Narrow) -> PyResult<ObjectOf<Bytes>> {
    let (name, limit, reason) = match encoding {
        Narrow::Latin1 => ("latin-1", 0x100, "ordinal not in range(256)"),
        Narrow::Ascii => ("ascii", 0x80, "ordinal not in range(128)"),
    };
    match string.as_latin1() {
        Some(data) if string.is_ascii() || encoding == Narrow::Latin1 => return Ok(vm.new_bytes(data)),
        _ => {}
    }
    let bytes = Encoding::new(name, string, errors).run(vm, reason, true, |code_point, out| {
        if code_point < limit {
            out.push(code_point as u8);
        }
        code_point < limit
    })?;
    Ok(vm.new_bytes(&bytes))
}

/// ASCII text.
pub fn decode_ascii(vm: &mut Vm, data: &[u8], errors: Errors<'_>) -> PyResult<ObjectOf<Str>> {
    if data.is_ascii() {
        return Ok(vm.new_str_latin1(data));
    }
    let mut decoding = Decoding::new("ascii", data, errors);
    let mut position = 0;
    while let Some(&byte) = decoding.data.get(position) {
        if byte < 0x80 {
            decoding.out.push(u32::from(byte));
            position += 1;
        } else {
            position = decoding.replace(vm, position, position + 1, "ordinal not in range(128)")?;
        }
    }
    Ok(decoding.out.finish(vm))
}
