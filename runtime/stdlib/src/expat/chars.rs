//! Characters as the tokenizer sees them: UTF-8 bytes that may end in the middle of a character or be no
//! UTF-8 at all.

use super::name_tables::{NAME_REST, NAME_START};

/// Stands in decoded text for what could not be decoded. It is no UTF-8, so the tokenizer refuses it.
pub(super) const UNDECODABLE: u8 = 0xFF;

/// Why a scan ended without a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// The data end within the token.
    Partial,
    /// The data end within a character.
    PartialChar,
    /// What stands here cannot.
    Invalid(usize),
}

/// What a character may be part of, with its length in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    NameStart(usize),
    NameRest(usize),
    Colon,
    Other(usize),
}

const OTHER: u8 = 0;
const NAME_START_BYTE: u8 = 1;
const NAME_REST_BYTE: u8 = 2;
const COLON: u8 = 3;
const ILLEGAL: u8 = 4;
const MULTI: u8 = 5;

/// The class of each byte.
static BYTES: [u8; 256] = byte_classes();

const fn byte_classes() -> [u8; 256] {
    let mut classes = [OTHER; 256];
    let mut byte = 0;
    while byte < 256 {
        classes[byte] = match byte as u8 {
            b'\t' | b'\n' | b'\r' => OTHER,
            0..b' ' => ILLEGAL,
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => NAME_START_BYTE,
            b'0'..=b'9' | b'.' | b'-' => NAME_REST_BYTE,
            b':' => COLON,
            0xC0..=0xF4 => MULTI,
            0x80.. => ILLEGAL,
            _ => OTHER,
        };
        byte += 1;
    }
    classes
}

/// The character at `at`, which is before the end of the data.
#[inline]
pub(super) fn classify(data: &[u8], at: usize) -> Result<Class, Stop> {
    match BYTES[data[at] as usize] {
        OTHER => Ok(Class::Other(1)),
        NAME_START_BYTE => Ok(Class::NameStart(1)),
        NAME_REST_BYTE => Ok(Class::NameRest(1)),
        COLON => Ok(Class::Colon),
        ILLEGAL => Err(Stop::Invalid(at)),
        _ => classify_multi(data, at),
    }
}

fn classify_multi(data: &[u8], at: usize) -> Result<Class, Stop> {
    let len = multi_length(data, at)?;
    if len == 4 {
        return Ok(Class::Other(4));
    }
    let code = code_point(&data[at..at + len]) as u16;
    if in_table(NAME_START, code) {
        Ok(Class::NameStart(len))
    } else if in_table(NAME_REST, code) {
        Ok(Class::NameRest(len))
    } else {
        Ok(Class::Other(len))
    }
}

/// The length of the valid character at `at`.
#[inline]
pub(super) fn char_length(data: &[u8], at: usize) -> Result<usize, Stop> {
    match BYTES[data[at] as usize] {
        ILLEGAL => Err(Stop::Invalid(at)),
        MULTI => multi_length(data, at),
        _ => Ok(1),
    }
}

/// The length of the character of several bytes at `at`.
fn multi_length(data: &[u8], at: usize) -> Result<usize, Stop> {
    let len = match data[at] {
        0xF0.. => 4,
        0xE0.. => 3,
        _ => 2,
    };
    let Some(bytes) = data.get(at..at + len) else {
        return Err(Stop::PartialChar);
    };
    let valid = match std::str::from_utf8(bytes) {
        Ok(_) => len != 3 || !matches!(bytes, [0xEF, 0xBF, 0xBE | 0xBF]),
        Err(_) => false,
    };
    if valid { Ok(len) } else { Err(Stop::Invalid(at)) }
}

/// The code point of one valid character of several bytes.
fn code_point(bytes: &[u8]) -> u32 {
    let lead = u32::from(bytes[0]) & (0x7F >> bytes.len());
    bytes[1..].iter().fold(lead, |code, &byte| code << 6 | u32::from(byte & 0x3F))
}

fn in_table(table: &[(u16, u16)], code: u16) -> bool {
    let after = table.partition_point(|range| range.0 <= code);
    after > 0 && code <= table[after - 1].1
}

pub(super) const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// Whether a character reference to it is allowed.
pub(super) fn is_legal(code: u32) -> bool {
    match code {
        0x9 | 0xA | 0xD => true,
        0..0x20 | 0xFFFE | 0xFFFF => false,
        _ => char::from_u32(code).is_some(),
    }
}

/// The end of the run of name characters, colons among them, that starts at `at`.
pub(super) fn name_end(data: &[u8], mut at: usize) -> usize {
    while at < data.len() {
        match classify(data, at) {
            Ok(Class::NameStart(len) | Class::NameRest(len)) => at += len,
            Ok(Class::Colon) => at += 1,
            _ => break,
        }
    }
    at
}

/// Appends text with line ends normalised to line feeds.
pub(super) fn push_normalized(out: &mut Vec<u8>, text: &[u8]) {
    let mut at = 0;
    while let Some(offset) = memchr::memchr(b'\r', &text[at..]) {
        out.extend_from_slice(&text[at..at + offset]);
        out.push(b'\n');
        at += offset + 1;
        if text.get(at) == Some(&b'\n') {
            at += 1;
        }
    }
    out.extend_from_slice(&text[at..]);
}

/// Appends a character that [`is_legal`] has allowed.
pub(super) fn push_code_point(out: &mut Vec<u8>, code: u32) {
    let character = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
    out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
}

/// Appends a public identifier as it is compared: runs of white space become one space, none at the ends.
pub(super) fn push_public_id(out: &mut Vec<u8>, literal: &[u8]) {
    let start = out.len();
    for &byte in literal {
        if !is_space(byte) {
            out.push(byte);
        } else if out.len() > start && out.last() != Some(&b' ') {
            out.push(b' ');
        }
    }
    if out.len() > start && out.last() == Some(&b' ') {
        out.pop();
    }
}

/// The first byte of a public identifier that may not be in one.
pub(super) fn bad_public_id(literal: &[u8]) -> Option<usize> {
    literal.iter().position(|&byte| !(byte.is_ascii_alphanumeric() || b" \r\n-'()+,./:=?;!*#@$_%".contains(&byte)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_have_classes() {
        assert_eq!(classify("é".as_bytes(), 0), Ok(Class::NameStart(2)));
        assert_eq!(classify("·".as_bytes(), 0), Ok(Class::NameRest(2)));
        assert_eq!(classify("€".as_bytes(), 0), Ok(Class::Other(3)));
        assert_eq!(classify(b"\xc3", 0), Err(Stop::PartialChar));
        assert_eq!(classify(b"\xc3(", 0), Err(Stop::Invalid(0)));
        assert_eq!(classify(b"\x00", 0), Err(Stop::Invalid(0)));
        assert_eq!(name_end("ab:é <".as_bytes(), 0), 5);
    }

    #[test]
    fn text_is_normalized() {
        let mut out = Vec::new();
        push_normalized(&mut out, b"a\r\nb\rc\n");
        assert_eq!(out, b"a\nb\nc\n");
        out.clear();
        push_public_id(&mut out, b" a \n b ");
        assert_eq!(out, b"a b");
    }
}
