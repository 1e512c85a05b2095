//! Korea's encodings: EUC-KR, its extension UHC (code page 949), and Johab.

use super::chinese::{cell, decode_in, encode_in};
use super::codec::{Codec, Ending, State, Step, Stop, byte, put, show};
use super::tables::Charset;
use object::str::StrBuilder;

pub static CODECS: &[&Codec] = &[
    &Codec::stateless("euc_kr", encode_euc_kr, decode_euc_kr),
    &Codec::stateless("cp949", encode_in::<{ Charset::Cp949 as usize }>, decode_in::<{ Charset::Cp949 as usize }>),
    &Codec::stateless("johab", encode_johab, decode_johab),
];

/// The first of the syllables, which are ordered by initial, vowel and final letter.
const SYLLABLES: u32 = 0xAC00;
const N_VOWELS: u32 = 21;
/// One of them is no letter at all.
const N_FINALS: u32 = 28;
/// The first letter of the block of letters that stand alone.
const LETTERS: u32 = 0x3131;
/// The initial letters, counted from [`LETTERS`].
const INITIALS: [u8; 19] = [0, 1, 3, 6, 7, 8, 16, 17, 18, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29];
/// The final letters after the absent one, counted from [`LETTERS`].
const FINALS: [u8; 27] = [0, 1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 19, 20, 21, 22, 23, 25, 26, 27, 28, 29];
/// The first vowel, counted from [`LETTERS`].
const VOWELS: u8 = 30;

/// Initial, vowel and final letter of a syllable, each by its order.
fn parts(character: u32) -> Option<[usize; 3]> {
    let number = character.checked_sub(SYLLABLES).filter(|&number| number < 19 * N_VOWELS * N_FINALS)?;
    Some([number / (N_VOWELS * N_FINALS), number / N_FINALS % N_VOWELS, number % N_FINALS].map(|part| part as usize))
}

fn syllable(initial: usize, vowel: usize, last: usize) -> u32 {
    SYLLABLES + (initial as u32 * N_VOWELS + vowel as u32) * N_FINALS + last as u32
}

/// The row of KS X 1001 that has the letters, and in it the filler, which stands for an absent letter
/// and begins a syllable spelt in letters.
const LETTER_ROW: u8 = 0xA4;
const FILLER: u8 = 0xD4;
const FIRST_LETTER: u8 = 0xA1;

fn encode_euc_kr(_: &mut State, text: &[u32], _: Ending, out: &mut Vec<u8>) -> Step {
    let character = text[0];
    if character < 0x80 {
        return put(out, &[character as u8]);
    }
    if let Some(code) = Charset::Ksx1001.encode(character) {
        return put(out, &code);
    }
    let [initial, vowel, last] = parts(character).ok_or(Stop::Illegal(1))?;
    let last = last.checked_sub(1).map_or(FILLER, |last| FIRST_LETTER + FINALS[last]);
    let vowel = FIRST_LETTER + VOWELS + vowel as u8;
    put(out, &[LETTER_ROW, FILLER, LETTER_ROW, FIRST_LETTER + INITIALS[initial], LETTER_ROW, vowel, LETTER_ROW, last])
}

fn decode_euc_kr(_: &mut State, data: &[u8], out: &mut StrBuilder) -> Step {
    let lead = data[0];
    if lead < 0x80 {
        return show(out, u32::from(lead), 1);
    }
    let trail = byte(data, 1)?;
    if (lead, trail) != (LETTER_ROW, FILLER) {
        return cell(Charset::Ksx1001.decode(lead, trail), out);
    }
    let spelt: &[u8; 8] = data.first_chunk().ok_or(Stop::Incomplete)?;
    match spelt_syllable(spelt) {
        Some(character) => show(out, character, spelt.len()),
        None => Err(Stop::Illegal(1)),
    }
}

/// The syllable of a filler and three letters.
fn spelt_syllable(spelt: &[u8; 8]) -> Option<u32> {
    let &[_, _, LETTER_ROW, initial, LETTER_ROW, vowel, LETTER_ROW, last] = spelt else {
        return None;
    };
    let initial = initial.checked_sub(FIRST_LETTER)?;
    let initial = INITIALS.iter().position(|&letter| letter == initial)?;
    let vowel = usize::from(vowel.checked_sub(FIRST_LETTER + VOWELS)?);
    let last = match last {
        FILLER => 0,
        last => {
            let last = last.checked_sub(FIRST_LETTER)?;
            1 + FINALS.iter().position(|&letter| letter == last)?
        }
    };
    (vowel < N_VOWELS as usize).then(|| syllable(initial, vowel, last))
}

/// Johab's number for an absent initial or final letter, and for an absent vowel.
const ABSENT: u8 = 1;
const ABSENT_VOWEL: u8 = 2;

/// Five bits of Johab's for a vowel: groups of six with gaps between them.
fn johab_vowel(vowel: usize) -> u8 {
    let vowel = vowel as u8;
    match vowel {
        0..5 => 3 + vowel,
        5..11 => 10 + (vowel - 5),
        11..17 => 18 + (vowel - 11),
        _ => 26 + (vowel - 17),
    }
}

/// Five bits of Johab's for a final letter, where 0 is the absent one; number 18 is left out.
fn johab_final(last: usize) -> u8 {
    let last = last as u8;
    if last <= 16 { ABSENT + last } else { ABSENT + last + 1 }
}

fn johab_code(initial: u8, vowel: u8, last: u8) -> [u8; 2] {
    (0x8000 | u16::from(initial) << 10 | u16::from(vowel) << 5 | u16::from(last)).to_be_bytes()
}

/// A letter alone: as an initial if it can be one, else as a vowel or as a final.
fn johab_letter(letter: u8) -> [u8; 2] {
    if let Some(initial) = INITIALS.iter().position(|&known| known == letter) {
        johab_code(2 + initial as u8, ABSENT_VOWEL, ABSENT)
    } else if letter >= VOWELS {
        johab_code(ABSENT, johab_vowel(usize::from(letter - VOWELS)), ABSENT)
    } else {
        let last = FINALS.iter().position(|&known| known == letter).map_or(0, |last| last + 1);
        johab_code(ABSENT, ABSENT_VOWEL, johab_final(last))
    }
}

fn encode_johab(_: &mut State, text: &[u32], _: Ending, out: &mut Vec<u8>) -> Step {
    let character = text[0];
    match character {
        ..0x80 => return put(out, &[character as u8]),
        LETTERS..0x3164 => return put(out, &johab_letter((character - LETTERS) as u8)),
        _ => {}
    }
    if let Some([initial, vowel, last]) = parts(character) {
        return put(out, &johab_code(2 + initial as u8, johab_vowel(vowel), johab_final(last)));
    }
    let [row, column] = Charset::Ksx1001.encode(character).ok_or(Stop::Illegal(1))?;
    put(out, &johab_symbol(row - 0xA1, column - 0xA1).ok_or(Stop::Illegal(1))?)
}

/// Two rows of KS X 1001 share a lead byte of Johab: symbols 0xD9 to 0xDE, Hanja 0xE0 to 0xF9.
fn johab_symbol(row: u8, column: u8) -> Option<[u8; 2]> {
    let lead = match row {
        0..12 => 0xD9 + row / 2,
        41..93 => 0xE0 + (row - 41) / 2,
        _ => return None,
    };
    let is_second = if row < 12 { row % 2 == 1 } else { (row - 41) % 2 == 1 };
    let column = column + if is_second { 94 } else { 0 };
    Some([lead, if column < 78 { 0x31 + column } else { 0x91 + (column - 78) }])
}

fn decode_johab(_: &mut State, data: &[u8], out: &mut StrBuilder) -> Step {
    let lead = data[0];
    if lead < 0x80 {
        return show(out, u32::from(lead), 1);
    }
    let trail = byte(data, 1)?;
    if lead >= 0xD8 {
        let [row, column] = ksx1001_of_johab(lead, trail).ok_or(Stop::Illegal(1))?;
        return cell(Charset::Ksx1001.decode(row, column), out);
    }
    let code = u16::from_be_bytes([lead, trail]);
    let bits = |shift: u16| (code >> shift & 31) as u8;
    show(out, johab_hangul(bits(10), bits(5), bits(0)).ok_or(Stop::Illegal(1))?, 2)
}

/// The syllable or letter of Johab's three numbers.
fn johab_hangul(initial: u8, vowel: u8, last: u8) -> Option<u32> {
    let initial = match initial {
        ABSENT => None,
        2..21 => Some(usize::from(initial - 2)),
        _ => return None,
    };
    let vowel = match vowel {
        ABSENT_VOWEL => None,
        _ => Some((0..N_VOWELS as usize).find(|&known| johab_vowel(known) == vowel)?),
    };
    let last = (0..N_FINALS as usize).find(|&known| johab_final(known) == last)?;
    let letter = |letter: u8| LETTERS + u32::from(letter);
    match (initial, vowel, last) {
        (Some(initial), Some(vowel), last) => Some(syllable(initial, vowel, last)),
        (None, None, 0) => Some(0x3000),
        (Some(initial), None, 0) => Some(letter(INITIALS[initial])),
        (None, Some(vowel), 0) => Some(letter(VOWELS + vowel as u8)),
        (None, None, last) => Some(letter(FINALS[last - 1])),
        _ => None,
    }
}

/// The cell of KS X 1001 that Johab's two bytes stand for.
fn ksx1001_of_johab(lead: u8, trail: u8) -> Option<[u8; 2]> {
    let column = match trail {
        0x31..=0x7E => trail - 0x31,
        0x91..=0xFE => trail - 0x91 + 78,
        _ => return None,
    };
    let row = match lead {
        // The letters, which Johab has among the syllables.
        0xDA if (0xA1..=0xD3).contains(&trail) => return None,
        0xD9..=0xDE => 2 * (lead - 0xD9),
        0xE0..=0xF9 => 2 * (lead - 0xE0) + 41,
        _ => return None,
    };
    Some([0xA1 + row + column / 94, 0xA1 + column % 94])
}
