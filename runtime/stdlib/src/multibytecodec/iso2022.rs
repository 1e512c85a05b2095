//! The encodings of ISO 2022: escape sequences say which character sets the next bytes are of.
//!
//! A character set is designated to G0, G1 or G2. Bytes are of G0, or of G1 between the control characters
//! SO and SI; `ESC N` takes one character of G2.

use super::codec::{Codec, Ending, State, Step, Stop, byte, put, show};
use super::japanese::{Edition, Jisx0213, katakana, katakana_byte, pair};
use super::tables::{Cell, Charset};
use object::str::StrBuilder;

/// One of ISO 2022's encodings.
struct Variant {
    /// What can be designated, besides ASCII, in the order in which an encoder tries it.
    designations: &'static [Designation],
    /// Whether SO and SI are characters like others.
    no_shift: bool,
    use_g2: bool,
    /// Whether `ESC & @` may come before the escape sequence for JIS X 0208.
    use_revision: bool,
}

/// A character set that can be designated.
struct Designation {
    /// The last byte of its escape sequence, with [`DOUBLE`] if its characters have two bytes.
    mark: u8,
    /// Which of G0, G1, G2 an encoder designates it to.
    plane: usize,
    encode: fn(&[u32], Ending) -> Result<Option<(Code, usize)>, Stop>,
    decode: fn([u8; 2]) -> Option<Cell>,
}

/// The bytes of a character, seven bits each; a set of one byte uses the first.
type Code = [u8; 2];

const DOUBLE: u8 = 0x80;
const ASCII: u8 = b'B';
const JISX0208: u8 = b'B' | DOUBLE;
const ISO8859_1: u8 = b'A';
const ISO8859_7: u8 = b'F';

impl Designation {
    fn width(&self) -> usize {
        if self.mark & DOUBLE != 0 { 2 } else { 1 }
    }
}

fn seven_bits(code: [u8; 2]) -> Code {
    code.map(|byte| byte & 0x7F)
}

macro_rules! table {
    ($mark:expr, $plane:literal, $charset:ident) => {
        Designation {
            mark: $mark | DOUBLE,
            plane: $plane,
            encode: |text, _| Ok(Charset::$charset.encode(text[0]).map(|code| (seven_bits(code), 1))),
            decode: |[lead, trail]| Charset::$charset.decode(lead | 0x80, trail | 0x80),
        }
    };
}

const KSX1001_G0: Designation = table!(b'C', 0, Ksx1001);
const KSX1001_G1: Designation = table!(b'C', 1, Ksx1001);
const JISX0208_G0: Designation = table!(b'B', 0, Jisx0208);
/// The edition of 1978, which is read as the later one.
const JISX0208_OLD: Designation = table!(b'@', 0, Jisx0208);
const JISX0212: Designation = table!(b'D', 0, Jisx0212);
const GB2312: Designation = table!(b'A', 0, Gb2312);
const JISX0201_ROMAN: Designation = Designation {
    mark: b'J',
    plane: 0,
    encode: |text, _| {
        Ok(match text[0] {
            0xA5 => Some(([b'\\', 0], 1)),
            0x203E => Some(([b'~', 0], 1)),
            _ => None,
        })
    },
    decode: |[byte, _]| match byte {
        b'\\' => Some(Cell::single(0xA5)),
        b'~' => Some(Cell::single(0x203E)),
        _ => Some(Cell::single(u32::from(byte))),
    },
};
const JISX0201_KATAKANA: Designation = Designation {
    mark: b'I',
    plane: 0,
    encode: |text, _| Ok(katakana_byte(text[0]).map(|byte| ([byte & 0x7F, 0], 1))),
    decode: |[byte, _]| katakana(byte | 0x80).map(Cell::single),
};
/// Sets that are designated to G2 and that encoders do not use.
const LATIN1: Designation = Designation { mark: ISO8859_1, plane: 2, encode: |_, _| Ok(None), decode: |_| None };
const GREEK: Designation = Designation { mark: ISO8859_7, plane: 2, encode: |_, _| Ok(None), decode: |_| None };

/// What of JIS X 0213 is two characters of Unicode's; tried before JIS X 0208, which has the first of them.
const fn jisx0213_pairs(mark: u8) -> Designation {
    Designation { mark: mark | DOUBLE, plane: 0, encode: |text, ending| Ok(pair(text, ending)?.map(|code| (seven_bits(code), 2))), decode: |_| None }
}

/// These encodings have the plain tilde in its cell.
const FULLWIDTH_TILDE: u32 = 0xFF5E;

fn first_plane(edition: Edition, lead: u8, trail: u8) -> Option<Cell> {
    let found = edition.decode_first(lead, trail);
    if found == Some(Cell::single(FULLWIDTH_TILDE)) { Some(Cell::single(0x7E)) } else { found }
}

macro_rules! jisx0213 {
    ($mark:literal, $edition:ident, $plane:ident, $decode:expr) => {
        Designation {
            mark: $mark | DOUBLE,
            plane: 0,
            encode: |text, _| match Edition::$edition.encode(text[0]) {
                Some(Jisx0213::$plane(code)) if text[0] != FULLWIDTH_TILDE => Ok(Some((seven_bits(code), 1))),
                _ => Ok(None),
            },
            decode: |[lead, trail]| $decode(lead | 0x80, trail | 0x80),
        }
    };
}

const FIRST_OF_2000: Designation = jisx0213!(b'O', Of2000, First, |lead, trail| first_plane(Edition::Of2000, lead, trail));
const FIRST_OF_2004: Designation = jisx0213!(b'Q', Of2004, First, |lead, trail| first_plane(Edition::Of2004, lead, trail));
/// What moved in 2004 is read where it is now.
const SECOND_OF_2000: Designation = jisx0213!(b'P', Of2000, Second, |lead, trail| Edition::Of2004.decode_second(lead, trail));
const SECOND_OF_2004: Designation = jisx0213!(b'P', Of2004, Second, |lead, trail| Edition::Of2004.decode_second(lead, trail));

const fn japanese(designations: &'static [Designation]) -> Variant {
    Variant { designations, no_shift: true, use_g2: false, use_revision: true }
}

static KR: Variant = Variant { designations: &[KSX1001_G1], no_shift: false, use_g2: false, use_revision: false };
static JP: Variant = japanese(&[JISX0208_G0, JISX0201_ROMAN, JISX0208_OLD]);
static JP_1: Variant = japanese(&[JISX0208_G0, JISX0212, JISX0201_ROMAN, JISX0208_OLD]);
static JP_2: Variant =
    Variant { use_g2: true, ..japanese(&[JISX0208_G0, JISX0212, KSX1001_G0, GB2312, JISX0201_ROMAN, JISX0208_OLD, LATIN1, GREEK]) };
static JP_2004: Variant = japanese(&[jisx0213_pairs(b'Q'), JISX0208_G0, FIRST_OF_2004, SECOND_OF_2004]);
static JP_3: Variant = japanese(&[jisx0213_pairs(b'O'), JISX0208_G0, FIRST_OF_2000, SECOND_OF_2000]);
static JP_EXT: Variant = japanese(&[JISX0208_G0, JISX0212, JISX0201_ROMAN, JISX0201_KATAKANA, JISX0208_OLD]);

macro_rules! codec {
    ($name:literal, $variant:ident) => {
        &Codec {
            name: $name,
            encode: |state, text, ending, out| $variant.encode(state, text, ending, out),
            decode: |state, data, out| $variant.decode(state, data, out),
            encoder_state: [ASCII, ASCII, 0, 0, 0, 0, 0, 0],
            decoder_state: [ASCII, ASCII, ASCII, 0, 0, 0, 0, 0],
            reset_encoder: Some(reset_encoder),
            reset_decoder: Some(reset_decoder),
        }
    };
}

pub static CODECS: &[&Codec] = &[
    codec!("iso2022_kr", KR),
    codec!("iso2022_jp", JP),
    codec!("iso2022_jp_1", JP_1),
    codec!("iso2022_jp_2", JP_2),
    codec!("iso2022_jp_2004", JP_2004),
    codec!("iso2022_jp_3", JP_3),
    codec!("iso2022_jp_ext", JP_EXT),
];

/// The byte of the state that has flags; those before it have the marks of G0 to G2.
const FLAGS: usize = 4;
const SHIFTED: u8 = 1;
/// An escape sequence that is none of ISO 2022's is let through, up to its end.
const ESCAPE_THROUGHOUT: u8 = 2;

const ESCAPE: u8 = 0x1B;
const SHIFT_OUT: u8 = 0x0E;
const SHIFT_IN: u8 = 0x0F;
const LONGEST_ESCAPE: usize = 16;

fn reset_encoder(state: &mut State, out: &mut Vec<u8>) {
    unshift(state, out);
    designate_ascii(state, out);
}

fn reset_decoder(state: &mut State) {
    state[0] = ASCII;
    state[FLAGS] &= !SHIFTED;
}

fn unshift(state: &mut State, out: &mut Vec<u8>) {
    if state[FLAGS] & SHIFTED != 0 {
        out.push(SHIFT_IN);
        state[FLAGS] &= !SHIFTED;
    }
}

fn designate_ascii(state: &mut State, out: &mut Vec<u8>) {
    if state[0] != ASCII {
        out.extend_from_slice(b"\x1b(B");
        state[0] = ASCII;
    }
}

fn is_escape_end(byte: u8) -> bool {
    byte.is_ascii_uppercase() || byte == b'@'
}

impl Variant {
    fn encode(&self, state: &mut State, text: &[u32], ending: Ending, out: &mut Vec<u8>) -> Step {
        let character = text[0];
        if character < 0x80 {
            reset_encoder_in_order(state, out);
            if character == u32::from(b'\n') {
                state[FLAGS] &= !SHIFTED;
            }
            return put(out, &[character as u8]);
        }
        for designation in self.designations {
            if let Some((code, used)) = (designation.encode)(text, ending)? {
                designation.write(state, code, out);
                return Ok(used);
            }
        }
        Err(Stop::Illegal(1))
    }

    fn decode(&self, state: &mut State, data: &[u8], out: &mut StrBuilder) -> Step {
        let first = data[0];
        if state[FLAGS] & ESCAPE_THROUGHOUT != 0 {
            if is_escape_end(first) {
                state[FLAGS] &= !ESCAPE_THROUGHOUT;
            }
            return show(out, u32::from(first), 1);
        }
        match first {
            ESCAPE => self.decode_escape(state, data, out),
            SHIFT_IN | SHIFT_OUT if !self.no_shift => {
                state[FLAGS] = if first == SHIFT_OUT { state[FLAGS] | SHIFTED } else { state[FLAGS] & !SHIFTED };
                Ok(1)
            }
            b'\n' => {
                state[FLAGS] &= !SHIFTED;
                show(out, u32::from(first), 1)
            }
            ..0x20 => show(out, u32::from(first), 1),
            0x80.. => Err(Stop::Illegal(1)),
            _ => self.decode_designated(state, data, out),
        }
    }

    fn decode_escape(&self, state: &mut State, data: &[u8], out: &mut StrBuilder) -> Step {
        match byte(data, 1)? {
            b'(' | b')' | b'$' | b'.' | b'&' => self.designate(state, data),
            b'N' if self.use_g2 => self.decode_g2(state, data, out),
            _ => {
                state[FLAGS] |= ESCAPE_THROUGHOUT;
                show(out, u32::from(ESCAPE), 1)
            }
        }
    }

    /// The length of an escape sequence.
    fn escape_len(&self, data: &[u8]) -> Step {
        let mut index = 1;
        while index < LONGEST_ESCAPE {
            if is_escape_end(byte(data, index)?) {
                return Ok(index + 1);
            }
            let is_revision = self.use_revision && data[index..].starts_with(b"&@");
            index += if is_revision { 3 } else { 1 };
        }
        Err(Stop::Illegal(1))
    }

    fn designate(&self, state: &mut State, data: &[u8]) -> Step {
        let len = self.escape_len(data)?;
        let illegal = Err(Stop::Illegal(len));
        let (plane, mark) = match data[1..len] {
            [b'$', mark] => (0, mark | DOUBLE),
            [b'(', mark] => (0, mark),
            [b')', mark] => (1, mark),
            [b'.', mark] if self.use_g2 => (2, mark),
            [b'$', b'(', mark] => (0, mark | DOUBLE),
            [b'$', b')', mark] => (1, mark | DOUBLE),
            [b'&', b'@', ESCAPE, b'$', mark @ b'B'] if self.use_revision => (0, mark | DOUBLE),
            _ => return illegal,
        };
        if mark != ASCII && !self.designations.iter().any(|designation| designation.mark == mark) {
            return illegal;
        }
        state[plane] = mark;
        Ok(len)
    }

    /// `ESC N` and a character of G2.
    fn decode_g2(&self, state: &State, data: &[u8], out: &mut StrBuilder) -> Step {
        let last = byte(data, 2)?;
        let character = match state[2] {
            ISO8859_1 => (last < 0x80).then(|| u32::from(last) + 0x80),
            ISO8859_7 => greek(last),
            ASCII => (last < 0x80).then(|| u32::from(last)),
            _ => return Err(Stop::Internal),
        };
        show(out, character.ok_or(Stop::Illegal(3))?, 3)
    }

    fn decode_designated(&self, state: &State, data: &[u8], out: &mut StrBuilder) -> Step {
        let mark = if state[FLAGS] & SHIFTED != 0 { state[1] } else { state[0] };
        if mark == ASCII {
            return show(out, u32::from(data[0]), 1);
        }
        let mut width = 1;
        for designation in self.designations.iter().filter(|designation| designation.mark == mark) {
            width = designation.width();
            let code = [data[0], if width == 2 { byte(data, 1)? } else { 0 }];
            if code[1] < 0x80
                && let Some(cell) = (designation.decode)(code)
            {
                cell.push_to(out);
                return Ok(width);
            }
        }
        Err(Stop::Illegal(width))
    }
}

/// Before ASCII: G0 is ASCII again, then bytes are of G0.
fn reset_encoder_in_order(state: &mut State, out: &mut Vec<u8>) {
    designate_ascii(state, out);
    unshift(state, out);
}

impl Designation {
    /// Writes a character, and before it what designates the set and shifts to it.
    fn write(&self, state: &mut State, code: Code, out: &mut Vec<u8>) {
        if self.plane == 0 {
            unshift(state, out);
        }
        if state[self.plane] != self.mark {
            let into: &[u8] = match (self.mark, self.plane) {
                (JISX0208, 0) => b"$",
                (DOUBLE.., 0) => b"$(",
                (DOUBLE.., _) => b"$)",
                (_, 0) => b"(",
                _ => b")",
            };
            out.push(ESCAPE);
            out.extend_from_slice(into);
            out.push(self.mark & !DOUBLE);
            state[self.plane] = self.mark;
        }
        if self.plane == 1 && state[FLAGS] & SHIFTED == 0 {
            out.push(SHIFT_OUT);
            state[FLAGS] |= SHIFTED;
        }
        out.extend_from_slice(&code[..self.width()]);
    }
}

/// A character of ISO 8859-7, of the edition that has no currency signs; the byte has its top bit reversed.
fn greek(byte: u8) -> Option<u32> {
    let byte = byte ^ 0x80;
    Some(match byte {
        0xA1 => 0x2018,
        0xA2 => 0x2019,
        0xAF => 0x2015,
        ..=0xA0 | 0xA3 | 0xA6..=0xA9 | 0xAB..=0xAD | 0xB0..=0xB3 | 0xB7 | 0xBB | 0xBD => u32::from(byte),
        0xB4..=0xFE if byte != 0xD2 => u32::from(byte) + 0x2D0,
        _ => return None,
    })
}
