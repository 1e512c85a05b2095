//! Properties of code points as of Unicode 16.0 and 3.2.
//!
//! The crate's data may be newer than Unicode 16.0; what was added or changed since is listed here
//! and left out. CPython's few departures from the standard are here too.

use rustpython_unicode::{LookupResult, NormalizeForm, Ucd, character_name, normalize as normalize_all};
use rustpython_wtf8::{CodePoint, Wtf8, Wtf8Buf};

/// Code points assigned after Unicode 16.0.
const LATER: &[(u32, u32)] = &[
    (0x558, 0x558),
    (0x58B, 0x58C),
    (0x5C8, 0x5C9),
    (0x88F, 0x88F),
    (0xB53, 0xB54),
    (0xC5C, 0xC5C),
    (0xCDC, 0xCDC),
    (0x1ACF, 0x1AF0),
    (0x208F, 0x208F),
    (0x209D, 0x209F),
    (0x20C1, 0x20C4),
    (0x2B96, 0x2B96),
    (0x2E60, 0x2E63),
    (0xA7CE, 0xA7CF),
    (0xA7D2, 0xA7D2),
    (0xA7D4, 0xA7D4),
    (0xA7DD, 0xA7DD),
    (0xA7E2, 0xA7E2),
    (0xA7F1, 0xA7F1),
    (0xAB6C, 0xAB6D),
    (0xFBC3, 0xFBD2),
    (0xFD90, 0xFD91),
    (0xFDC8, 0xFDCE),
    (0x107BB, 0x107BF),
    (0x10940, 0x10959),
    (0x10EC5, 0x10EC7),
    (0x10EC9, 0x10EEE),
    (0x10EF0, 0x10EFB),
    (0x11B0A, 0x11B0A),
    (0x11B60, 0x11B67),
    (0x11DB0, 0x11DDB),
    (0x11DE0, 0x11DE9),
    (0x11DF0, 0x11DF1),
    (0x1246F, 0x1246F),
    (0x12475, 0x1247F),
    (0x12550, 0x12686),
    (0x16EA0, 0x16EB8),
    (0x16EBB, 0x16ED3),
    (0x16FF2, 0x16FF6),
    (0x187F8, 0x187FF),
    (0x18CD6, 0x18CDA),
    (0x18D09, 0x18D20),
    (0x18D80, 0x18DF2),
    (0x18E00, 0x19191),
    (0x191A0, 0x191D2),
    (0x1B123, 0x1B128),
    (0x1B168, 0x1B168),
    (0x1CCFA, 0x1CCFC),
    (0x1CEBA, 0x1CED0),
    (0x1CED2, 0x1CED4),
    (0x1CEDD, 0x1CEFD),
    (0x1D127, 0x1D128),
    (0x1D1EB, 0x1D1FF),
    (0x1D250, 0x1D281),
    (0x1D6A6, 0x1D6A6),
    (0x1DB00, 0x1DB1C),
    (0x1DF1F, 0x1DF24),
    (0x1DF2B, 0x1DF81),
    (0x1DF90, 0x1DF96),
    (0x1DFCD, 0x1DFFF),
    (0x1E6C0, 0x1E6DE),
    (0x1E6E0, 0x1E6F5),
    (0x1E6FE, 0x1E6FF),
    (0x1F1AE, 0x1F1AE),
    (0x1F6D8, 0x1F6D9),
    (0x1F777, 0x1F77A),
    (0x1F7DA, 0x1F7DB),
    (0x1F7F1, 0x1F7FF),
    (0x1F8D0, 0x1F8D8),
    (0x1FA54, 0x1FA57),
    (0x1FA8A, 0x1FA8E),
    (0x1FAC8, 0x1FAC8),
    (0x1FACC, 0x1FACD),
    (0x1FADD, 0x1FADD),
    (0x1FAEA, 0x1FAEB),
    (0x1FAEF, 0x1FAEF),
    (0x1FAF9, 0x1FAFA),
    (0x1FBFA, 0x1FBFA),
    (0x2B73A, 0x2B73F),
    (0x2B81E, 0x2B81E),
    (0x2CEA2, 0x2CEAD),
    (0x323B0, 0x33479),
    (0x3D000, 0x3FC3F),
];

/// Characters whose decomposition was corrected: the code point, the old one, the new one.
const CORRECTED: &[(u32, &str, &str)] = &[
    (0xF951, "964B", "964B"),
    (0x2F868, "2136A", "36FC"),
    (0x2F874, "5F33", "5F53"),
    (0x2F91F, "43AB", "243AB"),
    (0x2F95F, "7AAE", "7AEE"),
    (0x2F9BF, "4D57", "45D7"),
];

/// Characters that had no numeric value in Unicode 3.2.
const NOT_YET_NUMERIC: &[u32] = &[
    0x9F8, 0x3405, 0x3483, 0x382A, 0x3B4D, 0x4E24, 0x4E96, 0x4EC0, 0x4EE8, 0x4FE9, 0x5006, 0x5344, 0x534C, 0x53C4, 0x5E7A, 0x5EFE, 0x62D0, 0x6D1E,
    0x6F06, 0x7695, 0x79ED, 0x8CB3, 0x920E, 0x94A9, 0x9621, 0xF96B, 0xF973, 0xF978, 0xF9B2, 0xF9D1, 0xF9D3, 0xF9FD, 0x10341, 0x1034A, 0x20001,
    0x20064, 0x200E2, 0x20121, 0x2092A, 0x20983, 0x2098C, 0x2099C, 0x20AEA, 0x20AFD, 0x20B19, 0x22390, 0x22998, 0x23B1B, 0x2626D, 0x2F890,
];

/// Which version of Unicode is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    V16,
    V3_2,
}

fn is_later(code_point: u32) -> bool {
    LATER
        .binary_search_by(|&(first, last)| {
            if last < code_point {
                std::cmp::Ordering::Less
            } else if first > code_point {
                std::cmp::Ordering::Greater
            } else {
                std::cmp::Ordering::Equal
            }
        })
        .is_ok()
}

fn point(code_point: u32) -> CodePoint {
    CodePoint::from_u32(code_point).unwrap_or(CodePoint::from_char('\u{FFFF}'))
}

impl Version {
    fn data(self) -> Ucd {
        Ucd::new(self == Version::V16)
    }

    /// Whether the version knows the code point.
    fn has(self, code_point: u32) -> bool {
        match self {
            Version::V16 => !is_later(code_point),
            Version::V3_2 => rustpython_unicode::data::membership_3_2(code_point),
        }
    }

    pub fn category(self, code_point: u32) -> &'static str {
        match code_point {
            0xD800..=0xDFFF => "Cs",
            // A letter without case until Unicode 17.
            0x295 if self == Version::V16 => "Ll",
            _ if is_later(code_point) => "Cn",
            _ => self.data().category(point(code_point)),
        }
    }

    pub fn bidirectional(self, code_point: u32) -> &'static str {
        match code_point {
            0xD800..=0xDFFF => "L",
            _ if self.category(code_point) == "Cn" => "",
            // Spacing vowel signs of Balinese until Unicode 17.
            0x1B3A | 0x1B3C | 0x1B42 if self == Version::V16 => "NSM",
            _ => self.data().bidirectional(point(code_point)),
        }
    }

    pub fn east_asian_width(self, code_point: u32) -> &'static str {
        if is_later(code_point) {
            return if in_wide_blocks(code_point) { "W" } else { "N" };
        }
        if self == Version::V3_2 && !self.has(code_point) && in_wide_blocks(code_point) {
            // Code points assigned since count as narrow.
            return if Version::V16.category(code_point) == "Cn" { "W" } else { "N" };
        }
        self.data().east_asian_width(point(code_point))
    }

    pub fn mirrored(self, code_point: u32) -> bool {
        !is_later(code_point) && self.data().mirrored(point(code_point)) != 0
    }

    pub fn combining(self, code_point: u32) -> u8 {
        if is_later(code_point) { 0 } else { self.data().combining(point(code_point)) }
    }

    pub fn decomposition(self, code_point: u32) -> String {
        if !self.has(code_point) || is_later(code_point) {
            return String::new();
        }
        if let Some((_, _, new)) = CORRECTED.iter().find(|(corrected, ..)| *corrected == code_point) {
            return (*new).to_owned();
        }
        if (0xAC00..=0xD7A3).contains(&code_point) {
            return decompose_syllable(code_point);
        }
        self.data().decomposition(point(code_point))
    }

    pub fn decimal(self, code_point: u32) -> Option<i64> {
        self.has(code_point).then(|| self.data().decimal(point(code_point))).flatten().map(|value| value as i64)
    }

    pub fn digit(self, code_point: u32) -> Option<i64> {
        // The old version shares the digits of the new one, as in CPython.
        Version::V16.has(code_point).then(|| self.data().digit(point(code_point))).flatten().map(|value| value as i64)
    }

    pub fn numeric(self, code_point: u32) -> Option<f64> {
        if !self.has(code_point) || is_later(code_point) {
            return None;
        }
        match (self, code_point) {
            (Version::V16, 0x5146) => Some(1_000_000.0),
            (Version::V16, 0x12038 | 0x12039 | 0x12079 | 0x12226 | 0x1222B | 0x122D4 | 0x1230B | 0x1230D | 0x12399) => None,
            (Version::V3_2, _) if NOT_YET_NUMERIC.contains(&code_point) => None,
            _ => self.data().numeric(point(code_point)),
        }
    }

    /// The name of a character, if it has one.
    pub fn name(self, code_point: u32) -> Option<String> {
        // CPython has no names for Tangut ideographs.
        if is_tangut(code_point) || !self.has(code_point) || is_later(code_point) {
            return None;
        }
        character_name(char::from_u32(code_point)?)
    }

    /// The characters of this name. The old version has the names of the new one, but no aliases and no sequences.
    pub fn lookup(self, name: &str) -> Option<String> {
        match Version::V16.data().lookup(name)? {
            LookupResult::Character(character) => {
                let own = character_name(character).filter(|_| !is_later(character.into()));
                let is_own = own.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(name));
                // The crate compares loosely: without spaces, hyphens and underscores, and numbers by their value.
                let number = format!("-{:04X}", u32::from(character));
                let is_loose = own.as_deref().is_some_and(|own| own.ends_with(&number) || letters(own).eq(letters(name)));
                (is_own || (!is_loose && self.has_alias(name) && !is_later(character.into()))).then(|| character.into())
            }
            LookupResult::Sequence(characters) => self.has_alias(name).then(|| characters.to_owned()),
        }
    }

    /// Whether this could be an alias or the name of a sequence, by its spelling.
    fn has_alias(self, name: &str) -> bool {
        self == Version::V16 && !name.contains('_') && !name.contains("  ") && name.trim() == name
    }

    /// Whether normalization leaves a character alone: one that is not there yet, or whose decomposition is not. The
    /// old version orders and composes as the new one does.
    fn is_opaque(self, code_point: u32) -> bool {
        is_later(code_point) || (!self.has(code_point) && !Version::V16.decomposition(code_point).is_empty())
    }

    pub fn normalize(self, form: NormalizeForm, text: &Wtf8) -> Wtf8Buf {
        let mut out = Wtf8Buf::with_capacity(text.len());
        let mut run = Wtf8Buf::new();
        // What the version does not know is left as it is, and so stands between runs.
        for code_point in text.code_points() {
            let number = code_point.to_u32();
            let old = CORRECTED.iter().find(|(corrected, ..)| self == Version::V3_2 && *corrected == number);
            if let Some((_, old, _)) = old {
                let old = u32::from_str_radix(old, 16).ok().and_then(CodePoint::from_u32);
                run.push(old.unwrap_or(code_point));
            } else if !self.is_opaque(number) {
                run.push(code_point);
            } else {
                out.push_wtf8(&normalize_all(form, &run));
                run = Wtf8Buf::new();
                out.push(code_point);
            }
        }
        out.push_wtf8(&normalize_all(form, &run));
        out
    }
}

/// The letters and digits of a name, as capitals.
fn letters(name: &str) -> impl Iterator<Item = char> + '_ {
    name.chars().filter(|character| character.is_ascii_alphanumeric()).map(|character| character.to_ascii_uppercase())
}

/// Whether a code point is a Tangut ideograph.
fn is_tangut(code_point: u32) -> bool {
    matches!(code_point, 0x17000..=0x187F7 | 0x18D00..=0x18D08)
}

/// Blocks whose unassigned code points are wide.
fn in_wide_blocks(code_point: u32) -> bool {
    matches!(code_point, 0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xF900..=0xFAFF | 0x20000..=0x2FFFD | 0x30000..=0x3FFFD)
}

/// The canonical decomposition of a Hangul syllable, all the way down.
fn decompose_syllable(code_point: u32) -> String {
    const VOWELS: u32 = 21;
    const TRAILS: u32 = 28;
    let index = code_point - 0xAC00;
    let (lead, vowel, trail) = (index / (VOWELS * TRAILS), index / TRAILS % VOWELS, index % TRAILS);
    let pair = format!("{:04X} {:04X}", 0x1100 + lead, 0x1161 + vowel);
    if trail == 0 { pair } else { format!("{pair} {:04X}", 0x11A7 + trail) }
}
