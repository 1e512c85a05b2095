//! Decimal digits and whitespace of Unicode, as number parsing accepts them.

/// The zero of each run of ten decimal digits beyond ASCII, in order.
const ZEROS: [u32; 75] = [
    0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xde6, 0xe50, 0xed0, 0xf20, 0x1040, 0x1090, 0x17e0, 0x1810,
    0x1946, 0x19d0, 0x1a80, 0x1a90, 0x1b50, 0x1bb0, 0x1c40, 0x1c50, 0xa620, 0xa8d0, 0xa900, 0xa9d0, 0xa9f0, 0xaa50, 0xabf0, 0xff10, 0x104a0, 0x10d30,
    0x10d40, 0x11066, 0x110f0, 0x11136, 0x111d0, 0x112f0, 0x11450, 0x114d0, 0x11650, 0x116c0, 0x116d0, 0x116da, 0x11730, 0x118e0, 0x11950, 0x11bf0,
    0x11c50, 0x11d50, 0x11da0, 0x11f50, 0x16130, 0x16a60, 0x16ac0, 0x16b50, 0x16d70, 0x1ccf0, 0x1d7ce, 0x1d7d8, 0x1d7e2, 0x1d7ec, 0x1d7f6, 0x1e140,
    0x1e2f0, 0x1e4f0, 0x1e5f1, 0x1e950, 0x1fbf0,
];

/// The value of a decimal digit of any script.
pub fn decimal_digit(code_point: u32) -> Option<u8> {
    if code_point < 0x80 {
        let digit = code_point.wrapping_sub(u32::from(b'0'));
        return (digit < 10).then_some(digit as u8);
    }
    let run = ZEROS.partition_point(|&zero| zero <= code_point).checked_sub(1)?;
    let digit = code_point - ZEROS[run];
    (digit < 10).then_some(digit as u8)
}

/// Whether `str.isspace` holds for a character.
pub fn is_space(character: char) -> bool {
    matches!(character, '\u{9}'..='\u{d}' | '\u{1c}'..='\u{20}' | '\u{85}' | '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{2028}' | '\u{2029}'
        | '\u{202f}' | '\u{205f}' | '\u{3000}')
}

fn is_ascii_space(character: char) -> bool {
    matches!(character, '\t'..='\r' | ' ')
}

/// The text without surrounding whitespace and with digits of all scripts made ASCII; `None` if it has
/// characters that no number has.
pub fn to_ascii(text: &str) -> Option<std::borrow::Cow<'_, str>> {
    if text.is_ascii() {
        return Some(text.trim_matches(is_ascii_space).into());
    }
    let mut ascii = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            _ if character.is_ascii() => ascii.push(character),
            _ if is_space(character) => ascii.push(' '),
            _ => ascii.push(char::from(b'0' + decimal_digit(u32::from(character))?)),
        }
    }
    Some(ascii.trim_matches(is_ascii_space).to_owned().into())
}
