//! Encodings of documents: which one it is, and decoding to UTF-8, which is what the tokenizer reads.

use super::chars::{UNDECODABLE, is_legal, push_code_point};
use std::rc::Rc;

/// What each byte of an encoding with one byte per character stands for.
pub(crate) type ByteTable = Rc<[Option<u32>; 256]>;

#[derive(Clone, Debug)]
pub(super) enum Coding {
    Utf8,
    Ascii,
    Latin1,
    Utf16 { big: bool },
    Table(ByteTable),
}

/// An encoding that the parser knows without asking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    Utf8,
    Ascii,
    Latin1,
    Utf16,
    Utf16Big,
    Utf16Little,
}

impl Known {
    pub(super) fn named(name: &[u8]) -> Option<Known> {
        const NAMES: [(&str, Known); 6] = [
            ("utf-8", Known::Utf8),
            ("us-ascii", Known::Ascii),
            ("iso-8859-1", Known::Latin1),
            ("utf-16", Known::Utf16),
            ("utf-16be", Known::Utf16Big),
            ("utf-16le", Known::Utf16Little),
        ];
        NAMES.into_iter().find(|known| known.0.as_bytes().eq_ignore_ascii_case(name)).map(|known| known.1)
    }

    pub(super) fn coding(self) -> Coding {
        match self {
            Known::Utf8 => Coding::Utf8,
            Known::Ascii => Coding::Ascii,
            Known::Latin1 => Coding::Latin1,
            Known::Utf16 | Known::Utf16Big => Coding::Utf16 { big: true },
            Known::Utf16Little => Coding::Utf16 { big: false },
        }
    }

    /// Whether a document in `coding` may say that it is in this encoding.
    pub(super) fn agrees_with(self, coding: &Coding) -> bool {
        match (self, coding) {
            (Known::Utf16, Coding::Utf16 { .. }) => true,
            (Known::Utf16Big, Coding::Utf16 { big }) => *big,
            (Known::Utf16Little, Coding::Utf16 { big }) => !big,
            (Known::Utf16 | Known::Utf16Big | Known::Utf16Little, _) | (_, Coding::Utf16 { .. }) => false,
            _ => true,
        }
    }
}

/// What the first bytes tell.
pub(super) enum Detected {
    /// They are too few.
    Undecided,
    /// The encoding, and whether a byte order mark says so.
    Coding(Coding, bool),
}

/// Finds the encoding of a document, or of an external entity if `content`, from its first bytes. `requested` is what the
/// application said.
pub(super) fn detect(raw: &[u8], requested: Option<Known>, content: bool) -> Detected {
    let fallback = Detected::Coding(requested.unwrap_or(Known::Utf8).coding(), false);
    let big = Coding::Utf16 { big: true };
    let little = Coding::Utf16 { big: false };
    match raw {
        [] => Detected::Undecided,
        [_] if matches!(requested, Some(Known::Utf16 | Known::Utf16Big | Known::Utf16Little)) => Detected::Undecided,
        [0xFE | 0xFF | 0xEF] if content && requested == Some(Known::Latin1) => fallback,
        [0xFE | 0xFF | 0xEF | 0x00 | b'<'] => Detected::Undecided,
        [_] => fallback,
        [0xFE, 0xFF, ..] if !(content && requested == Some(Known::Latin1)) => Detected::Coding(big, true),
        [0xFF, 0xFE, ..] if !(content && requested == Some(Known::Latin1)) => Detected::Coding(little, true),
        [b'<', 0, ..] if !(content && matches!(requested, Some(Known::Utf16 | Known::Utf16Big))) => Detected::Coding(little, false),
        [0xEF, 0xBB, rest @ ..] => match rest {
            _ if content && matches!(requested, Some(Known::Latin1 | Known::Utf16 | Known::Utf16Big | Known::Utf16Little)) => fallback,
            [] => Detected::Undecided,
            [0xBF, ..] => Detected::Coding(Coding::Utf8, true),
            _ => fallback,
        },
        [0, ..] if !(content && requested == Some(Known::Utf16Little)) => Detected::Coding(big, false),
        [_, 0, ..] if !content => Detected::Coding(little, false),
        _ => fallback,
    }
}

impl Coding {
    /// Whether text is copied in pieces of limited size on its way to the application.
    pub(super) fn converts(&self) -> bool {
        !matches!(self, Coding::Utf8 | Coding::Ascii)
    }

    /// Appends what `raw` stands for and returns how many of its bytes were decoded.
    pub(super) fn decode(&self, raw: &[u8], out: &mut Vec<u8>) -> usize {
        match self {
            Coding::Utf8 => out.extend_from_slice(raw),
            Coding::Ascii => out.extend(raw.iter().map(|&byte| if byte < 0x80 { byte } else { UNDECODABLE })),
            Coding::Latin1 => raw.iter().for_each(|&byte| push_code_point(out, u32::from(byte))),
            Coding::Table(table) => {
                for &byte in raw {
                    match table[byte as usize] {
                        Some(code) => push_code_point(out, code),
                        None => out.push(UNDECODABLE),
                    }
                }
            }
            Coding::Utf16 { big } => return decode_utf16(raw, *big, out),
        }
        raw.len()
    }

    /// How many bytes of the document `text` was decoded from.
    pub(super) fn raw_length(&self, text: &[u8]) -> usize {
        match self {
            Coding::Utf8 | Coding::Ascii => text.len(),
            Coding::Latin1 | Coding::Table(_) => text.iter().filter(|&&byte| byte & 0xC0 != 0x80).count(),
            Coding::Utf16 { .. } => text
                .iter()
                .map(|&byte| match byte {
                    0x80..=0xBF => 0,
                    0xF0..=0xF7 => 4,
                    _ => 2,
                })
                .sum(),
        }
    }

    /// The bytes `text` was decoded from.
    pub(super) fn encode(&self, text: &[u8]) -> Vec<u8> {
        let lossy = String::from_utf8_lossy(text);
        match self {
            Coding::Utf8 | Coding::Ascii => text.to_vec(),
            Coding::Latin1 => lossy.chars().map(|character| character as u8).collect(),
            Coding::Table(table) => lossy
                .chars()
                .map(|character| table.iter().position(|&code| code == Some(character.into())).unwrap_or(usize::from(b'?')) as u8)
                .collect(),
            Coding::Utf16 { big: true } => lossy.encode_utf16().flat_map(u16::to_be_bytes).collect(),
            Coding::Utf16 { big: false } => lossy.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        }
    }
}

fn decode_utf16(raw: &[u8], big: bool, out: &mut Vec<u8>) -> usize {
    let unit = |at: usize| {
        let pair = [*raw.get(at)?, *raw.get(at + 1)?];
        Some(u32::from(if big { u16::from_be_bytes(pair) } else { u16::from_le_bytes(pair) }))
    };
    let mut at = 0;
    while let Some(first) = unit(at) {
        match first {
            0xD800..0xDC00 => {
                let Some(second) = unit(at + 2) else { break };
                if (0xDC00..0xE000).contains(&second) {
                    push_code_point(out, 0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00));
                    at += 2;
                } else {
                    out.push(UNDECODABLE);
                }
            }
            0xDC00..0xE000 => out.push(UNDECODABLE),
            _ => push_code_point(out, first),
        }
        at += 2;
    }
    at
}

/// A table that agrees with ASCII where XML's own characters are, or `None`. `codes` are what the bytes stand for.
pub(crate) fn byte_table(codes: &[u32; 256]) -> Option<ByteTable> {
    /// ASCII characters with no meaning in XML.
    const FREE: &[u8] = b"$@\\^`{}~\x7f";
    let fixed = |code: usize| code < 0x80 && !FREE.contains(&(code as u8)) && (code >= 0x20 || matches!(code, 9 | 10 | 13));
    let mut table = [None; 256];
    for (byte, &code) in codes.iter().enumerate() {
        if code > 0xFFFF || code as usize != byte && (fixed(byte) || fixed(code as usize)) {
            return None;
        }
        table[byte] = (code != 0xFFFD && is_legal(code)).then_some(code);
    }
    Some(Rc::new(table))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_are_detected() {
        assert!(matches!(detect(b"<a/>", None, false), Detected::Coding(Coding::Utf8, false)));
        assert!(matches!(detect(b"\xff\xfe<\0", None, false), Detected::Coding(Coding::Utf16 { big: false }, true)));
        assert!(matches!(detect(b"\0<", None, false), Detected::Coding(Coding::Utf16 { big: true }, false)));
        assert!(matches!(detect(b"<", None, false), Detected::Undecided));
    }

    #[test]
    fn lengths_are_those_of_the_document() {
        let coding = Coding::Utf16 { big: true };
        let mut out = Vec::new();
        assert_eq!(coding.decode(&[0, 65, 0xD8, 0x00, 0xDC, 0x00, 0xD8], &mut out), 6);
        assert_eq!(out, "A\u{10000}".as_bytes());
        assert_eq!(coding.raw_length(&out), 6);
    }
}
