//! `repr` of bytes.

use object::Ref;
use object::vm::{PyResult, Vm};

/// `b'...'`
pub fn repr(data: &[u8]) -> String {
    escaped(data, false)
}

/// The same, with single quotes escaped whatever the quotes around are, as `bytearray` has it.
pub fn array_repr(data: &[u8]) -> String {
    escaped(data, true)
}

fn escaped(data: &[u8], escapes_quotes: bool) -> String {
    let quote = if data.contains(&b'\'') && !data.contains(&b'"') { '"' } else { '\'' };
    let mut out = String::with_capacity(data.len() + 3);
    out.push('b');
    out.push(quote);
    for &byte in data {
        match byte {
            b'\\' => out.push_str("\\\\"),
            b'\t' => out.push_str("\\t"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            _ if char::from(byte) == quote || escapes_quotes && byte == b'\'' => {
                out.push('\\');
                out.push(char::from(byte));
            }
            0x20..=0x7E => out.push(char::from(byte)),
            _ => out.push_str(&format!("\\x{byte:02x}")),
        }
    }
    out.push(quote);
    out
}

/// `str(this)`, which is the `repr`.
pub(crate) fn str_slot(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let kind = if this.downcast::<object::bytes::Bytes>().is_some() { "bytes" } else { "bytearray" };
    object::bytes::warn_of_mixture(vm, &format!("str() on a {kind} instance"))?;
    match this.class().slots().repr {
        Some(repr) => repr(vm, this),
        None => Err(vm.type_error("bytes without a repr")),
    }
}
