//! `unicode_escape`, `raw_unicode_escape`, and the escapes of bytes literals.

use super::errors::{Decoding, Errors, push_backslash_escape};
use object::ObjectOf;
use object::exception;
use object::str::Str;
use object::vm::{PyResult, Vm};

/// The text with escapes for all that is not printable ASCII.
pub fn unicode_escape_encode(string: &Str) -> Vec<u8> {
    let mut out = String::with_capacity(string.len());
    for code_point in string.code_points() {
        match code_point {
            0x5C => out.push_str("\\\\"),
            0x09 => out.push_str("\\t"),
            0x0A => out.push_str("\\n"),
            0x0D => out.push_str("\\r"),
            0x20..0x7F => out.push(code_point as u8 as char),
            _ => push_backslash_escape(code_point, &mut |piece| out.push_str(piece)),
        }
    }
    out.into_bytes()
}

/// The text in Latin-1 with escapes for what Latin-1 lacks.
pub fn raw_unicode_escape_encode(string: &Str) -> Vec<u8> {
    let mut out = Vec::with_capacity(string.len());
    for code_point in string.code_points() {
        match u8::try_from(code_point) {
            Ok(byte) => out.push(byte),
            Err(_) => push_backslash_escape(code_point, &mut |piece| out.extend_from_slice(piece.as_bytes())),
        }
    }
    out
}

/// The value of the hexadecimal digits at `start`, at most `most`, and how many there are.
fn hexadecimal(data: &[u8], start: usize, most: usize) -> (u32, usize) {
    let digits = data.get(start..).unwrap_or(&[]).iter().take(most).map_while(|&byte| char::from(byte).to_digit(16));
    digits.fold((0, 0), |(value, count), digit| (value << 4 | digit, count + 1))
}

/// The value of an octal escape at `start`, and how many digits it has.
fn octal(data: &[u8], start: usize) -> (u32, usize) {
    let digits = data[start..].iter().take(3).map_while(|&byte| char::from(byte).to_digit(8));
    digits.fold((0, 0), |(value, count), digit| (value << 3 | digit, count + 1))
}

/// What a one-letter escape means.
fn simple(letter: u8) -> Option<&'static [u8]> {
    Some(match letter {
        b'\n' => b"",
        b'\\' => b"\\",
        b'\'' => b"'",
        b'"' => b"\"",
        b'a' => b"\x07",
        b'b' => b"\x08",
        b'f' => b"\x0c",
        b'n' => b"\n",
        b'r' => b"\r",
        b't' => b"\t",
        b'v' => b"\x0b",
        _ => return None,
    })
}

/// Reports an escape that means nothing.
fn warn_invalid(vm: &mut Vm, escape: &str, octal: bool) -> PyResult<()> {
    let kind = if octal { "octal " } else { "" };
    let message = format!("\"\\{escape}\" is an invalid {kind}escape sequence. Such sequences will not work in the future. ");
    vm.warn(&exception::DEPRECATION_WARNING, &message, 1)
}

/// Text with escapes, otherwise Latin-1; also how many bytes were read.
pub fn unicode_escape_decode(vm: &mut Vm, data: &[u8], errors: Errors<'_>, is_final: bool) -> PyResult<(ObjectOf<Str>, usize)> {
    if !data.contains(&b'\\') {
        return Ok((vm.new_str_latin1(data), data.len()));
    }
    let mut decoding = Decoding::new("unicodeescape", data, errors);
    let (mut position, mut invalid) = (0, None);
    while position < decoding.data.len() {
        let byte = decoding.data[position];
        if byte != b'\\' {
            decoding.out.push(u32::from(byte));
            position += 1;
            continue;
        }
        match unicode_escape(vm, &mut decoding, position, is_final, &mut invalid)? {
            Some(next) => position = next,
            None => break,
        }
    }
    if let Some((escape, is_octal)) = invalid {
        warn_invalid(vm, &escape, is_octal)?;
    }
    // An error handler may have exchanged the data: what was used is told in terms of the caller's.
    let left = decoding.data.len().saturating_sub(position);
    Ok((decoding.out.finish(vm), data.len().saturating_sub(left)))
}

/// Decodes the escape at `start`; `None` if it is not complete yet.
fn unicode_escape(
    vm: &mut Vm,
    decoding: &mut Decoding<'_>,
    start: usize,
    is_final: bool,
    invalid: &mut Option<(String, bool)>,
) -> PyResult<Option<usize>> {
    let Some(&letter) = decoding.data.get(start + 1) else {
        return if is_final { decoding.replace(vm, start, start + 1, "\\ at end of string").map(Some) } else { Ok(None) };
    };
    if let Some(meaning) = simple(letter) {
        decoding.out.push_latin1(meaning);
        return Ok(Some(start + 2));
    }
    let (digits, reason) = match letter {
        b'0'..=b'7' => {
            let (value, count) = octal(&decoding.data, start + 1);
            if value > 0o377 && invalid.is_none() {
                *invalid = Some((format!("{value:o}"), true));
            }
            decoding.out.push(value);
            return Ok(Some(start + 1 + count));
        }
        b'x' => (2, "truncated \\xXX escape"),
        b'u' => (4, "truncated \\uXXXX escape"),
        b'U' => (8, "truncated \\UXXXXXXXX escape"),
        b'N' => return named_escape(vm, decoding, start, is_final),
        _ => {
            invalid.get_or_insert_with(|| (char::from(letter).to_string(), false));
            decoding.out.push_latin1(&[b'\\', letter]);
            return Ok(Some(start + 2));
        }
    };
    numeric_escape(vm, decoding, start, digits, is_final, reason, "illegal Unicode character")
}

fn numeric_escape(
    vm: &mut Vm,
    decoding: &mut Decoding<'_>,
    start: usize,
    digits: usize,
    is_final: bool,
    truncated: &str,
    illegal: &str,
) -> PyResult<Option<usize>> {
    let (value, count) = hexadecimal(&decoding.data, start + 2, digits);
    let end = start + 2 + count;
    if count < digits {
        if !is_final && end == decoding.data.len() {
            return Ok(None);
        }
        return decoding.replace(vm, start, end, truncated).map(Some);
    }
    if value > 0x10_FFFF {
        return decoding.replace(vm, start, end, illegal).map(Some);
    }
    decoding.out.push(value);
    Ok(Some(end))
}

fn named_escape(vm: &mut Vm, decoding: &mut Decoding<'_>, start: usize, is_final: bool) -> PyResult<Option<usize>> {
    let data = &decoding.data;
    let mut end = start + 2;
    if data.get(end) == Some(&b'{') {
        end += 1;
        match data[end..].iter().position(|&byte| byte == b'}') {
            Some(0) => {}
            Some(len) => {
                let name = String::from_utf8_lossy(&data[end..end + len]).into_owned();
                end += len + 1;
                let Some(character) = unicode_names2::character(&name) else {
                    return decoding.replace(vm, start, end, "unknown Unicode character name").map(Some);
                };
                decoding.out.push_char(character);
                return Ok(Some(end));
            }
            None if !is_final => return Ok(None),
            None => end = data.len(),
        }
    } else if !is_final && end == data.len() {
        return Ok(None);
    }
    decoding.replace(vm, start, end, "malformed \\N character escape").map(Some)
}

/// Latin-1 with `\u` and `\U` escapes; also how many bytes were read.
pub fn raw_unicode_escape_decode(vm: &mut Vm, data: &[u8], errors: Errors<'_>, is_final: bool) -> PyResult<(ObjectOf<Str>, usize)> {
    let mut decoding = Decoding::new("rawunicodeescape", data, errors);
    let mut position = 0;
    while position < decoding.data.len() {
        let byte = decoding.data[position];
        if byte != b'\\' {
            decoding.out.push(u32::from(byte));
            position += 1;
            continue;
        }
        let (digits, reason) = match decoding.data.get(position + 1) {
            None if !is_final => break,
            Some(b'u') => (4, "truncated \\uXXXX escape"),
            Some(b'U') => (8, "truncated \\UXXXXXXXX escape"),
            other => {
                let other = other.copied();
                decoding.out.push(0x5C);
                position += 1;
                if let Some(other) = other {
                    decoding.out.push(u32::from(other));
                    position += 1;
                }
                continue;
            }
        };
        match numeric_escape(vm, &mut decoding, position, digits, is_final, reason, "\\Uxxxxxxxx out of range")? {
            Some(next) => position = next,
            None => break,
        }
    }
    Ok((decoding.out.finish(vm), position))
}

/// `_codecs.escape_decode`: the escapes of bytes literals.
pub fn escape_decode(vm: &mut Vm, data: &[u8], errors: &str) -> PyResult<Vec<u8>> {
    let mut out = Vec::with_capacity(data.len());
    let (mut position, mut invalid) = (0, None);
    while position < data.len() {
        let byte = data[position];
        if byte != b'\\' {
            out.push(byte);
            position += 1;
            continue;
        }
        let Some(&letter) = data.get(position + 1) else {
            return Err(vm.value_error("Trailing \\ in string"));
        };
        position += 2;
        match letter {
            b'0'..=b'7' => {
                let (value, count) = octal(data, position - 1);
                if value > 0o377 && invalid.is_none() {
                    invalid = Some((format!("{value:o}"), true));
                }
                out.push(value as u8);
                position += count - 1;
            }
            b'x' => match (hexadecimal(data, position, 2), errors) {
                ((value, 2), _) => {
                    out.push(value as u8);
                    position += 2;
                }
                ((_, count), "ignore") => position += count,
                ((_, count), "replace") => {
                    out.push(b'?');
                    position += count;
                }
                (_, "strict") => return Err(vm.value_error(format!("invalid \\x escape at position {}", position - 2))),
                _ => return Err(vm.value_error(format!("decoding error; unknown error handling code: {errors}"))),
            },
            _ => match simple(letter) {
                Some(meaning) => out.extend_from_slice(meaning),
                None => {
                    invalid.get_or_insert_with(|| (char::from(letter).to_string(), false));
                    out.extend_from_slice(&[b'\\', letter]);
                }
            },
        }
    }
    if let Some((escape, is_octal)) = invalid {
        warn_invalid(vm, &escape, is_octal)?;
    }
    Ok(out)
}

/// `_codecs.escape_encode`: bytes as between the quotes of their `repr`.
pub fn escape_encode(data: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(data.len());
    for &byte in data {
        match byte {
            b'\'' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            b'\t' => out.extend_from_slice(b"\\t"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            0x20..0x7F => out.push(byte),
            _ => out.extend_from_slice(format!("\\x{byte:02x}").as_bytes()),
        }
    }
    out
}
