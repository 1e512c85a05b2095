//! Strings as JSON writes them.

use object::str::{Str, StrBuilder, StrData};

/// Appends a string in quotes; with `ascii`, everything else is escaped.
pub(super) fn push_quoted(out: &mut StrBuilder, string: &Str, ascii: bool) {
    out.push_latin1(b"\"");
    if let StrData::Latin1(units) = string.data() {
        push_units(out, units, ascii);
    } else {
        let mut plain = 0;
        let data = string.data();
        for (index, code_point) in data.code_points().enumerate() {
            if needs_escape(code_point, ascii) {
                out.push_data(data.slice(plain, index));
                push_escape(out, code_point);
                plain = index + 1;
            }
        }
        out.push_data(data.slice(plain, data.len()));
    }
    out.push_latin1(b"\"");
}

fn push_units(out: &mut StrBuilder, units: &[u8], ascii: bool) {
    let escaped = if ascii { &ESCAPED_IN_ASCII } else { &ESCAPED };
    let mut rest = units;
    while let Some(index) = rest.iter().position(|&unit| escaped[usize::from(unit)]) {
        out.push_latin1(&rest[..index]);
        push_escape(out, rest[index].into());
        rest = &rest[index + 1..];
    }
    out.push_latin1(rest);
}

static ESCAPED: [bool; 256] = escaped_units(false);
static ESCAPED_IN_ASCII: [bool; 256] = escaped_units(true);

/// For each Latin-1 character whether it needs an escape.
const fn escaped_units(ascii: bool) -> [bool; 256] {
    let mut escaped = [false; 256];
    let mut unit = 0;
    while unit < 256 {
        escaped[unit] = needs_escape(unit as u32, ascii);
        unit += 1;
    }
    escaped
}

#[inline]
const fn needs_escape(code_point: u32, ascii: bool) -> bool {
    code_point < 0x20 || code_point == 0x22 || code_point == 0x5c || (ascii && code_point > 0x7e)
}

fn push_escape(out: &mut StrBuilder, code_point: u32) {
    match code_point {
        0x22 => out.push_str("\\\""),
        0x5c => out.push_str("\\\\"),
        0x08 => out.push_str("\\b"),
        0x0c => out.push_str("\\f"),
        0x0a => out.push_str("\\n"),
        0x0d => out.push_str("\\r"),
        0x09 => out.push_str("\\t"),
        0x1_0000.. => {
            let offset = code_point - 0x1_0000;
            out.push_fmt(format_args!("\\u{:04x}\\u{:04x}", 0xd800 + (offset >> 10), 0xdc00 + (offset & 0x3ff)));
        }
        _ => out.push_fmt(format_args!("\\u{code_point:04x}")),
    }
}
