//! UTF-7 (RFC 2152): ASCII, with the rest as UTF-16 in base64 between `+` and `-`.

use super::errors::{Decoding, Errors};
use object::ObjectOf;
use object::str::Str;
use object::vm::{PyResult, Vm};

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn value_of(byte: u8) -> Option<u32> {
    ALPHABET.iter().position(|&letter| letter == byte).map(|value| value as u32)
}

/// Whether a character is written as it is.
fn is_direct(code_point: u32) -> bool {
    u8::try_from(code_point).is_ok_and(|byte| byte.is_ascii_alphanumeric() || b"'(),-./:? \t\n\r!\"#$%&*;<=>@[]^_`{|}".contains(&byte))
}

/// The text in UTF-7.
pub fn encode(string: &Str) -> Vec<u8> {
    let (mut out, mut shifted, mut bits, mut n_bits) = (Vec::new(), false, 0u64, 0);
    for code_point in string.code_points() {
        if is_direct(code_point) {
            if shifted {
                if n_bits > 0 {
                    out.push(ALPHABET[(bits << (6 - n_bits) & 63) as usize]);
                }
                (shifted, bits, n_bits) = (false, 0, 0);
                if u8::try_from(code_point).is_ok_and(|byte| value_of(byte).is_some() || byte == b'-') {
                    out.push(b'-');
                }
            }
            out.push(code_point as u8);
            continue;
        }
        if !shifted {
            out.push(b'+');
            if code_point == u32::from('+') {
                out.push(b'-');
                continue;
            }
            shifted = true;
        }
        let mut units = [0; 2];
        let units: &[u16] = match char::from_u32(code_point) {
            Some(character) => character.encode_utf16(&mut units),
            None => &[code_point as u16],
        };
        for &unit in units {
            bits = bits << 16 | u64::from(unit);
            n_bits += 16;
            while n_bits >= 6 {
                n_bits -= 6;
                out.push(ALPHABET[(bits >> n_bits & 63) as usize]);
            }
            bits &= 63;
        }
    }
    if shifted {
        if n_bits > 0 {
            out.push(ALPHABET[(bits << (6 - n_bits) & 63) as usize]);
        }
        out.push(b'-');
    }
    out
}

/// Text in UTF-7, and how many bytes were read.
pub fn decode(vm: &mut Vm, data: &[u8], errors: Errors<'_>, is_final: bool) -> PyResult<(ObjectOf<Str>, usize)> {
    let mut decoding = Decoding::new("utf7", data, errors);
    let mut position = 0;
    // Inside a shift: where it began, how much had been written then, and what is pending.
    let mut shift: Option<Shift> = None;
    while position < decoding.data.len() {
        let byte = decoding.data[position];
        if let Some(state) = &mut shift {
            if let Some(value) = value_of(byte) {
                state.push(value, &mut decoding.out);
                position += 1;
                continue;
            }
            let state = shift.take().expect("inside a shift");
            position += 1;
            if state.n_bits >= 6 {
                position = decoding.replace(vm, state.start, position, "partial character in shift sequence")?;
                continue;
            }
            if state.bits != 0 {
                position = decoding.replace(vm, state.start, position, "non-zero padding bits in shift sequence")?;
                continue;
            }
            // A lone surrogate counts only if what follows it stands for itself.
            if let Some(high) = state.surrogate.filter(|_| byte < 0x80 && byte != b'+') {
                decoding.out.push(high);
            }
            if byte == b'-' {
                if state.is_empty {
                    decoding.out.push(u32::from('+'));
                }
                continue;
            }
            if state.is_empty {
                position = decoding.replace(vm, state.start, position, "ill-formed sequence")?;
                continue;
            }
            position -= 1;
        } else if byte == b'+' {
            shift = Some(Shift { start: position, written: decoding.out.len(), bits: 0, n_bits: 0, surrogate: None, is_empty: true });
            position += 1;
        } else if byte < 0x80 {
            decoding.out.push(u32::from(byte));
            position += 1;
        } else {
            position = decoding.replace(vm, position, position + 1, "unexpected special character")?;
        }
    }
    if let Some(state) = shift {
        if !is_final {
            decoding.out.truncate(state.written);
            return Ok((decoding.out.finish(vm), state.start));
        }
        if state.surrogate.is_some() || state.n_bits >= 6 || (state.n_bits > 0 && state.bits != 0) {
            let end = decoding.data.len();
            decoding.replace(vm, state.start, end, "unterminated shift sequence")?;
        }
    }
    Ok((decoding.out.finish(vm), position))
}

struct Shift {
    start: usize,
    written: usize,
    bits: u32,
    n_bits: u32,
    surrogate: Option<u32>,
    is_empty: bool,
}

impl Shift {
    fn push(&mut self, value: u32, out: &mut object::str::StrBuilder) {
        self.is_empty = false;
        self.bits = self.bits << 6 | value;
        self.n_bits += 6;
        if self.n_bits < 16 {
            return;
        }
        self.n_bits -= 16;
        let unit = self.bits >> self.n_bits & 0xFFFF;
        self.bits &= (1 << self.n_bits) - 1;
        match (self.surrogate.take(), unit) {
            (Some(high), 0xDC00..0xE000) => return out.push(0x1_0000 + ((high - 0xD800) << 10) + (unit - 0xDC00)),
            (Some(high), _) => out.push(high),
            (None, _) => {}
        }
        if (0xD800..0xDC00).contains(&unit) { self.surrogate = Some(unit) } else { out.push(unit) }
    }
}
