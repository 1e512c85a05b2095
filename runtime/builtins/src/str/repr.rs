//! `repr` and `ascii` of strings.

use crate::unicode;
use object::ObjectOf;
use object::str::{Str, StrBuilder};
use object::vm::Vm;

/// The quote that needs the least escaping.
fn quote(string: &Str) -> u32 {
    let has = |wanted: char| string.code_points().any(|code_point| code_point == u32::from(wanted));
    u32::from(if has('\'') && !has('"') { '"' } else { '\'' })
}

/// `repr(string)`
pub fn repr(vm: &Vm, string: &Str) -> ObjectOf<Str> {
    let text = string.raw();
    if string.is_ascii() && text.iter().all(|&byte| matches!(byte, b' '..=b'~') && !matches!(byte, b'\'' | b'\\')) {
        return vm.new_str_latin1_with(text.len() + 2, |quoted| {
            quoted.fill(b'\'');
            quoted[1..=text.len()].copy_from_slice(text);
        });
    }
    write(string, unicode::is_printable).finish(vm)
}

/// `ascii(string)`
pub fn ascii(vm: &Vm, string: &Str) -> ObjectOf<Str> {
    write(string, |_| false).finish(vm)
}

fn escape(code_point: u32, out: &mut StrBuilder) {
    crate::text_codecs::errors::push_backslash_escape(code_point, &mut |piece| out.push_str(piece));
}

fn write(string: &Str, is_shown: impl Fn(u32) -> bool) -> StrBuilder {
    let quote = quote(string);
    let mut out = StrBuilder::with_capacity(string.len() + 2);
    out.push(quote);
    for code_point in string.code_points() {
        match code_point {
            0x5C => out.push_str("\\\\"),
            0x09 => out.push_str("\\t"),
            0x0A => out.push_str("\\n"),
            0x0D => out.push_str("\\r"),
            _ if code_point == quote => {
                out.push(0x5C);
                out.push(quote);
            }
            0x20..=0x7E => out.push(code_point),
            0xA0.. if is_shown(code_point) => out.push(code_point),
            _ => escape(code_point, &mut out),
        }
    }
    out.push(quote);
    out
}
