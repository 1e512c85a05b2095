//! What is wrong inside string literals: escapes that cannot be decoded, bytes that are no bytes.

/// Whether a literal has a `b` in its prefix.
pub(super) fn is_bytes(literal: &str) -> bool {
    prefix(literal).contains(['b', 'B'])
}

fn prefix(literal: &str) -> &str {
    &literal[..literal.find(['\'', '"']).unwrap_or(0)]
}

/// The error in a whole literal, quotes and all.
pub(super) fn literal_error(literal: &str) -> Option<String> {
    let prefix = prefix(literal);
    let raw = prefix.contains(['r', 'R']);
    let body = &literal[prefix.len()..];
    let quotes = if body.len() >= 6 && (body.starts_with("'''") || body.starts_with("\"\"\"")) { 3 } else { 1 };
    let body = body.get(quotes..body.len().checked_sub(quotes)?)?;
    if is_bytes(literal) {
        if !body.is_ascii() {
            return Some("bytes can only contain ASCII literal characters".to_owned());
        }
        return if raw { None } else { bytes_error(body) };
    }
    if raw { None } else { text_error(body) }
}

fn bytes_error(body: &str) -> Option<String> {
    let bytes = body.as_bytes();
    let mut at = 0;
    while let Some(found) = memchr::memchr(b'\\', &bytes[at..]) {
        at += found;
        let escape = bytes.get(at + 1)?;
        if *escape == b'x' {
            let digits = bytes.get(at + 2..at + 4).filter(|digits| digits.iter().all(u8::is_ascii_hexdigit));
            if digits.is_none() {
                return Some(format!("(value error) invalid \\x escape at position {at}"));
            }
        }
        at += 2;
    }
    None
}

/// The error of decoding the escapes of `body`. Positions count bytes of what CPython hands to
/// its decoder, in which characters outside ASCII are ten-byte escapes.
pub(super) fn text_error(body: &str) -> Option<String> {
    let mut rest = body;
    let mut position = 0;
    loop {
        let found = memchr::memchr(b'\\', rest.as_bytes())?;
        position += width(&rest[..found]);
        rest = &rest[found..];
        let escape = rest[1..].chars().next()?;
        let length = match escape {
            'x' => match hexadecimal(rest, 2, position, "truncated \\xXX escape") {
                Ok(length) => length,
                Err(message) => return Some(message),
            },
            'u' => match hexadecimal(rest, 4, position, "truncated \\uXXXX escape") {
                Ok(length) => length,
                Err(message) => return Some(message),
            },
            'U' => match hexadecimal(rest, 8, position, "truncated \\UXXXXXXXX escape") {
                Ok(length) => length,
                Err(message) => return Some(message),
            },
            'N' => match named(rest, position) {
                Ok(length) => length,
                Err(message) => return Some(message),
            },
            other => {
                if !other.is_ascii() {
                    // The backslash itself becomes an escape.
                    position += 5;
                }
                1 + other.len_utf8()
            }
        };
        position += width(&rest[..length]);
        rest = &rest[length..];
    }
}

fn width(text: &str) -> usize {
    text.chars().map(|c| if c.is_ascii() { 1 } else { 10 }).sum()
}

fn decode_error(position: usize, last: usize, reason: &str) -> String {
    if position == last {
        return format!("(unicode error) 'unicodeescape' codec can't decode byte 0x5c in position {position}: {reason}");
    }
    format!("(unicode error) 'unicodeescape' codec can't decode bytes in position {position}-{last}: {reason}")
}

fn hexadecimal(rest: &str, count: usize, position: usize, reason: &str) -> Result<usize, String> {
    let digits = rest[2..].bytes().take(count).take_while(u8::is_ascii_hexdigit).count();
    if digits < count {
        return Err(decode_error(position, position + 1 + digits, reason));
    }
    let value = u32::from_str_radix(&rest[2..2 + count], 16).unwrap_or(u32::MAX);
    if value > 0x10_ffff {
        return Err(decode_error(position, position + 1 + count, "illegal Unicode character"));
    }
    Ok(2 + count)
}

fn named(rest: &str, position: usize) -> Result<usize, String> {
    const MALFORMED: &str = "malformed \\N character escape";
    if !rest[2..].starts_with('{') {
        return Err(decode_error(position, position + 1, MALFORMED));
    }
    let Some(end) = rest.find('}') else {
        return Err(decode_error(position, position + width(rest) - 1, MALFORMED));
    };
    let name = &rest[3..end];
    if name.is_empty() {
        return Err(decode_error(position, position + 2, MALFORMED));
    }
    if rustpython_unicode::lookup_character(name).is_none() {
        return Err(decode_error(position, position + width(&rest[..=end]) - 1, "unknown Unicode character name"));
    }
    Ok(end + 1)
}
