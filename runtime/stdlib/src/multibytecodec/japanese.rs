//! Japan's encodings: Shift JIS, code page 932, EUC-JP, and both with the characters of JIS X 0213.

use super::chinese::cell;
use super::codec::{Codec, Ending, State, Step, Stop, byte, put, show};
use super::tables::{Cell, Charset};
use object::str::StrBuilder;

pub static CODECS: &[&Codec] = &[
    &Codec::stateless("shift_jis", encode_shift_jis, decode_shift_jis),
    &Codec::stateless("cp932", encode_cp932, decode_cp932),
    &Codec::stateless("euc_jp", encode_euc_jp, decode_euc_jp),
    &Codec::stateless(
        "shift_jis_2004",
        |_, text, ending, out| encode_shift_jisx0213(Edition::Of2004, text, ending, out),
        |_, data, out| decode_shift_jisx0213(Edition::Of2004, data, out),
    ),
    &Codec::stateless(
        "euc_jis_2004",
        |_, text, ending, out| encode_euc_jisx0213(Edition::Of2004, text, ending, out),
        |_, data, out| decode_euc_jisx0213(Edition::Of2004, data, out),
    ),
    &Codec::stateless(
        "euc_jisx0213",
        |_, text, ending, out| encode_euc_jisx0213(Edition::Of2000, text, ending, out),
        |_, data, out| decode_euc_jisx0213(Edition::Of2000, data, out),
    ),
    &Codec::stateless(
        "shift_jisx0213",
        |_, text, ending, out| encode_shift_jisx0213(Edition::Of2000, text, ending, out),
        |_, data, out| decode_shift_jisx0213(Edition::Of2000, data, out),
    ),
];

/// Half-width katakana, and the byte of the first of them.
const KATAKANA: std::ops::RangeInclusive<u32> = 0xFF61..=0xFF9F;
const KATAKANA_BYTE: u8 = 0xA1;

/// The byte of a half-width katakana.
pub(super) fn katakana_byte(character: u32) -> Option<u8> {
    KATAKANA.contains(&character).then(|| KATAKANA_BYTE + (character - KATAKANA.start()) as u8)
}

/// The half-width katakana of a byte.
pub(super) fn katakana(byte: u8) -> Option<u32> {
    (KATAKANA_BYTE..=0xDF).contains(&byte).then(|| KATAKANA.start() + u32::from(byte - KATAKANA_BYTE))
}

/// A cell of two rows of JIS as Shift JIS writes it; rows of the first plane are 0 to 93, the second's follow.
fn shift(row: u8, column: u8) -> [u8; 2] {
    let lead = row / 2;
    let trail = if row % 2 == 1 { column + 94 } else { column };
    [if lead < 31 { 0x81 + lead } else { 0xC1 + lead }, if trail < 63 { 0x40 + trail } else { 0x41 + trail }]
}

/// The row and column of two bytes of Shift JIS.
fn unshift(lead: u8, trail: u8) -> Option<(u8, u8)> {
    let lead = match lead {
        0x81..=0x9F => lead - 0x81,
        0xE0..=0xFC => lead - 0xC1,
        _ => return None,
    };
    let trail = match trail {
        0x40..=0x7E => trail - 0x40,
        0x80..=0xFC => trail - 0x41,
        _ => return None,
    };
    Some((2 * lead + trail / 94, trail % 94))
}

fn encode_shift_jis(_: &mut State, text: &[u32], _: Ending, out: &mut Vec<u8>) -> Step {
    let character = text[0];
    match character {
        ..0x80 => return put(out, &[character as u8]),
        0xA5 => return put(out, b"\\"),
        0x203E => return put(out, b"~"),
        _ => {}
    }
    if let Some(byte) = katakana_byte(character) {
        return put(out, &[byte]);
    }
    let [row, column] = Charset::Jisx0208.encode(character).ok_or(Stop::Illegal(1))?;
    put(out, &shift(row - 0xA1, column - 0xA1))
}

fn decode_shift_jis(_: &mut State, data: &[u8], out: &mut StrBuilder) -> Step {
    let lead = data[0];
    if lead < 0x80 {
        return show(out, u32::from(lead), 1);
    }
    if let Some(character) = katakana(lead) {
        return show(out, character, 1);
    }
    if !matches!(lead, 0x81..=0x9F | 0xE0..=0xEA) {
        return Err(Stop::Illegal(1));
    }
    let (row, column) = unshift(lead, byte(data, 1)?).ok_or(Stop::Illegal(1))?;
    cell(Charset::Jisx0208.decode(0xA1 + row, 0xA1 + column), out)
}

/// Characters of users' own in code page 932: the first of them, the lead byte of the first, and how
/// many a lead byte has.
const USERS: u32 = 0xE000;
const USERS_LEAD: u8 = 0xF0;
const USERS_PER_LEAD: u32 = 188;
const USERS_END: u32 = USERS + 10 * USERS_PER_LEAD;

fn encode_cp932(_: &mut State, text: &[u32], _: Ending, out: &mut Vec<u8>) -> Step {
    let character = text[0];
    match character {
        ..=0x80 => return put(out, &[character as u8]),
        0xF8F0 => return put(out, &[0xA0]),
        0xF8F1..=0xF8F3 => return put(out, &[(character - 0xF8F1) as u8 + 0xFD]),
        USERS..USERS_END => {
            let [lead, trail] = [(character - USERS) / USERS_PER_LEAD, (character - USERS) % USERS_PER_LEAD].map(|part| part as u8);
            return put(out, &[USERS_LEAD + lead, if trail < 63 { 0x40 + trail } else { 0x41 + trail }]);
        }
        _ => {}
    }
    match katakana_byte(character) {
        Some(byte) => put(out, &[byte]),
        None => put(out, &Charset::Cp932.encode(character).ok_or(Stop::Illegal(1))?),
    }
}

fn decode_cp932(_: &mut State, data: &[u8], out: &mut StrBuilder) -> Step {
    let lead = data[0];
    match lead {
        ..=0x80 => return show(out, u32::from(lead), 1),
        0xA0 => return show(out, 0xF8F0, 1),
        0xFD.. => return show(out, u32::from(lead - 0xFD) + 0xF8F1, 1),
        _ => {}
    }
    match katakana(lead) {
        Some(character) => show(out, character, 1),
        // The crate's table has the users' characters as well.
        None => cell(Charset::Cp932.decode(lead, byte(data, 1)?), out),
    }
}

/// The lead bytes of EUC-JP for half-width katakana and for the second character set.
const SINGLE_SHIFT_TWO: u8 = 0x8E;
const SINGLE_SHIFT_THREE: u8 = 0x8F;

fn encode_euc_jp(_: &mut State, text: &[u32], _: Ending, out: &mut Vec<u8>) -> Step {
    let character = text[0];
    match character {
        ..0x80 => return put(out, &[character as u8]),
        0xA5 => return put(out, b"\\"),
        0x203E => return put(out, b"~"),
        _ => {}
    }
    if let Some(byte) = katakana_byte(character) {
        return put(out, &[SINGLE_SHIFT_TWO, byte]);
    }
    if let Some(code) = Charset::Jisx0208.encode(character) {
        return put(out, &code);
    }
    let [row, column] = Charset::Jisx0212.encode(character).ok_or(Stop::Illegal(1))?;
    put(out, &[SINGLE_SHIFT_THREE, row, column])
}

/// Three bytes of EUC-JP.
fn cell_of_three(found: Option<Cell>, out: &mut StrBuilder) -> Step {
    cell(found, out).map(|_| 3)
}

fn decode_euc_jp(_: &mut State, data: &[u8], out: &mut StrBuilder) -> Step {
    match data[0] {
        lead @ ..0x80 => show(out, u32::from(lead), 1),
        SINGLE_SHIFT_TWO => show(out, katakana(byte(data, 1)?).ok_or(Stop::Illegal(1))?, 2),
        SINGLE_SHIFT_THREE => {
            let (row, column) = (byte(data, 1)?, byte(data, 2)?);
            cell_of_three(Charset::Jisx0212.decode(row, column), out)
        }
        lead => cell(Charset::Jisx0208.decode(lead, byte(data, 1)?), out),
    }
}

/// The editions of JIS X 0213, which differ in ten characters and where another one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edition {
    Of2000,
    Of2004,
}

/// A cell of JIS X 0213, in bytes as EUC writes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Jisx0213 {
    First([u8; 2]),
    Second([u8; 2]),
}

impl Edition {
    /// Whether the edition lacks a character that the tables, which are those of 2004, have.
    fn lacks(self, character: u32) -> bool {
        const NEW: [u32; 11] = [0x4FF1, 0x525D, 0x541E, 0x5653, 0x59F8, 0x5C5B, 0x5E77, 0x7626, 0x7E6B, 0x9B1C, 0x2_0B9F];
        self == Edition::Of2000 && NEW.contains(&character)
    }

    /// Whether the edition lacks what the tables have in a cell of the first plane.
    fn lacks_cell(self, code: [u8; 2]) -> bool {
        let code = u16::from_be_bytes(code);
        self == Edition::Of2000 && matches!(code, 0xAEA1 | 0xAFFE | 0xCFD4 | 0xCFFE | 0xF4A7 | 0xFEFA..=0xFEFE)
    }

    /// What moved: a cell of the second plane, and what it was in 2000.
    const MOVED: ([u8; 2], u32) = ([0xFD, 0xBB], 0x9B1D);

    /// The cell of a character.
    pub fn encode(self, character: u32) -> Option<Jisx0213> {
        if self.lacks(character) {
            return None;
        }
        if self == Edition::Of2000 && character == Self::MOVED.1 {
            return Some(Jisx0213::Second(Self::MOVED.0));
        }
        let first = Charset::Jisx0213First.encode(character).map(Jisx0213::First);
        first.or_else(|| Charset::Jisx0213Second.encode(character).map(Jisx0213::Second))
    }

    pub fn decode_first(self, lead: u8, trail: u8) -> Option<Cell> {
        if self.lacks_cell([lead, trail]) { None } else { Charset::Jisx0213First.decode(lead, trail) }
    }

    pub fn decode_second(self, lead: u8, trail: u8) -> Option<Cell> {
        if self == Edition::Of2000 && [lead, trail] == Self::MOVED.0 {
            return Some(Cell::single(Self::MOVED.1));
        }
        Charset::Jisx0213Second.decode(lead, trail)
    }

    /// A character of two bytes; a cell of the other edition is wrong as a whole.
    fn show_first(self, lead: u8, trail: u8, out: &mut StrBuilder) -> Step {
        if self.lacks_cell([lead, trail]) { Err(Stop::Illegal(2)) } else { cell(self.decode_first(lead, trail), out) }
    }

    /// The cell of what is at the start of the text, which may be two characters, and how many it is.
    fn encode_start(self, text: &[u32], ending: Ending) -> Result<(Option<Jisx0213>, usize), Stop> {
        match pair(text, ending)? {
            Some(code) => Ok((Some(Jisx0213::First(code)), 2)),
            None => Ok((self.encode(text[0]), 1)),
        }
    }
}

/// The cell of the two characters at the start of the text.
pub(super) fn pair(text: &[u32], ending: Ending) -> Result<Option<[u8; 2]>, Stop> {
    let table = Charset::Jisx0213First.table();
    if !table.begins_pair(text[0]) {
        return Ok(None);
    }
    match text.get(1) {
        None if ending == Ending::More => Err(Stop::Incomplete),
        None => Ok(None),
        Some(&second) => Ok(table.encode_pair(text[0], second)),
    }
}

fn encode_euc_jisx0213(edition: Edition, text: &[u32], ending: Ending, out: &mut Vec<u8>) -> Step {
    let character = text[0];
    if character < 0x80 {
        return put(out, &[character as u8]);
    }
    if let Some(byte) = katakana_byte(character) {
        return put(out, &[SINGLE_SHIFT_TWO, byte]);
    }
    let (code, used) = edition.encode_start(text, ending)?;
    match code {
        Some(Jisx0213::First(code)) => out.extend_from_slice(&code),
        Some(Jisx0213::Second([row, column])) => out.extend_from_slice(&[SINGLE_SHIFT_THREE, row, column]),
        None if edition.lacks(character) => return Err(Stop::Illegal(1)),
        None => {
            let [row, column] = Charset::Jisx0212.encode(character).ok_or(Stop::Illegal(1))?;
            out.extend_from_slice(&[SINGLE_SHIFT_THREE, row, column]);
        }
    }
    Ok(used)
}

fn decode_euc_jisx0213(edition: Edition, data: &[u8], out: &mut StrBuilder) -> Step {
    match data[0] {
        lead @ ..0x80 => show(out, u32::from(lead), 1),
        SINGLE_SHIFT_TWO => show(out, katakana(byte(data, 1)?).ok_or(Stop::Illegal(1))?, 2),
        SINGLE_SHIFT_THREE => {
            let (row, column) = (byte(data, 1)?, byte(data, 2)?);
            cell_of_three(edition.decode_second(row, column).or_else(|| Charset::Jisx0212.decode(row, column)), out)
        }
        lead => edition.show_first(lead, byte(data, 1)?, out),
    }
}

/// The rows of the second plane, in the order in which Shift JIS has them; counted from 0.
const SECOND_PLANE_ROWS: [u8; 26] = [0, 7, 2, 3, 4, 11, 12, 13, 14, 77, 78, 79, 80, 81, 82, 83, 84, 85, 86, 87, 88, 89, 90, 91, 92, 93];

/// The rows and columns of backslash and tilde, whose bytes stand for yen sign and overline.
const BACKSLASH: (u8, u8) = (0, 31);
const TILDE: (u8, u8) = (1, 17);

fn encode_shift_jisx0213(edition: Edition, text: &[u32], ending: Ending, out: &mut Vec<u8>) -> Step {
    let character = text[0];
    match character {
        0xA5 => return put(out, b"\\"),
        0x203E => return put(out, b"~"),
        0x5C => return put(out, &shift(BACKSLASH.0, BACKSLASH.1)),
        0x7E => return put(out, &shift(TILDE.0, TILDE.1)),
        // Their cells are those of the two above.
        0xFF3C | 0xFF5E => return Err(Stop::Illegal(1)),
        ..0x80 => return put(out, &[character as u8]),
        _ => {}
    }
    if let Some(byte) = katakana_byte(character) {
        return put(out, &[byte]);
    }
    let (code, used) = edition.encode_start(text, ending)?;
    let [row, column] = match code.ok_or(Stop::Illegal(1))? {
        Jisx0213::First([row, column]) => [row - 0xA1, column - 0xA1],
        Jisx0213::Second([row, column]) => {
            let row = SECOND_PLANE_ROWS.iter().position(|&known| known == row - 0xA1).ok_or(Stop::Illegal(1))?;
            [94 + row as u8, column - 0xA1]
        }
    };
    out.extend_from_slice(&shift(row, column));
    Ok(used)
}

fn decode_shift_jisx0213(edition: Edition, data: &[u8], out: &mut StrBuilder) -> Step {
    let lead = data[0];
    match lead {
        b'\\' => return show(out, 0xA5, 1),
        b'~' => return show(out, 0x203E, 1),
        ..0x80 => return show(out, u32::from(lead), 1),
        _ => {}
    }
    if let Some(character) = katakana(lead) {
        return show(out, character, 1);
    }
    if !matches!(lead, 0x81..=0x9F | 0xE0..=0xFC) {
        return Err(Stop::Illegal(1));
    }
    let (row, column) = unshift(lead, byte(data, 1)?).ok_or(Stop::Illegal(1))?;
    match (row, column) {
        BACKSLASH => return show(out, 0x5C, 2),
        TILDE => return show(out, 0x7E, 2),
        _ => {}
    }
    match row.checked_sub(94) {
        None => edition.show_first(0xA1 + row, 0xA1 + column, out),
        Some(row) => {
            let row = SECOND_PLANE_ROWS.get(usize::from(row)).copied().ok_or(Stop::Illegal(1))?;
            cell(edition.decode_second(0xA1 + row, 0xA1 + column), out)
        }
    }
}
