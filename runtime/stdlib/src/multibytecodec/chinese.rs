//! Mainland China's encodings (GB 2312, GBK, GB 18030, HZ), and Big5 of Taiwan and Hong Kong.

use super::codec::{Codec, Ending, State, Step, Stop, byte, put, show};
use super::tables::{Cell, Charset};
use object::str::StrBuilder;
use std::sync::OnceLock;

pub static MAINLAND: &[&Codec] = &[
    &Codec::stateless("gb2312", encode_in::<{ Charset::Gb2312 as usize }>, decode_in::<{ Charset::Gb2312 as usize }>),
    &Codec::stateless("gbk", encode_in::<{ Charset::Gbk as usize }>, decode_in::<{ Charset::Gbk as usize }>),
    &Codec::stateless("gb18030", encode_gb18030, decode_gb18030),
    &Codec { reset_encoder: Some(reset_hz_encoder), reset_decoder: Some(|state| state[SHIFTED] = 0), ..Codec::stateless("hz", encode_hz, decode_hz) },
];

pub static TAIWAN: &[&Codec] = &[
    &Codec::stateless("big5", encode_in::<{ Charset::Big5 as usize }>, decode_in::<{ Charset::Big5 as usize }>),
    &Codec::stateless("cp950", encode_in::<{ Charset::Cp950 as usize }>, decode_in::<{ Charset::Cp950 as usize }>),
];

pub static HONG_KONG: &[&Codec] = &[&Codec::stateless("big5hkscs", encode_hkscs, decode_in::<{ Charset::Big5Hkscs as usize }>)];

/// The character set whose number a function was made for.
const fn charset(number: usize) -> Charset {
    Charset::ALL[number]
}

/// ASCII and characters of two bytes.
pub(super) fn encode_in<const CHARSET: usize>(_: &mut State, text: &[u32], _: Ending, out: &mut Vec<u8>) -> Step {
    match text[0] {
        character @ ..0x80 => put(out, &[character as u8]),
        character => put(out, &charset(CHARSET).encode(character).ok_or(Stop::Illegal(1))?),
    }
}

/// ASCII and characters of two bytes.
pub(super) fn decode_in<const CHARSET: usize>(_: &mut State, data: &[u8], out: &mut StrBuilder) -> Step {
    match data[0] {
        lead @ ..0x80 => show(out, u32::from(lead), 1),
        lead => cell(charset(CHARSET).decode(lead, byte(data, 1)?), out),
    }
}

/// A character of two bytes.
pub(super) fn cell(cell: Option<Cell>, out: &mut StrBuilder) -> Step {
    cell.ok_or(Stop::Illegal(1))?.push_to(out);
    Ok(2)
}

/// The characters of the Basic Multilingual Plane that GB 18030 has four bytes for, in their order.
fn four_byte_characters() -> &'static [u16] {
    static CHARACTERS: OnceLock<Vec<u16>> = OnceLock::new();
    CHARACTERS.get_or_init(|| {
        let all = (0x80..0xD800).chain(0xE000..=0xFFFF_u16);
        all.filter(|&character| Charset::Gb18030.encode(u32::from(character)).is_none()).collect()
    })
}

/// The number of the four bytes for U+10000.
const SUPPLEMENTARY: u32 = 15 * 12600;

fn encode_gb18030(_: &mut State, text: &[u32], _: Ending, out: &mut Vec<u8>) -> Step {
    let character = text[0];
    if character < 0x80 {
        return put(out, &[character as u8]);
    }
    if let Some(code) = Charset::Gb18030.encode(character) {
        return put(out, &code);
    }
    let number = match u16::try_from(character) {
        Ok(character) => four_byte_characters().binary_search(&character).map_err(|_| Stop::Illegal(1))? as u32,
        Err(_) => character - 0x1_0000 + SUPPLEMENTARY,
    };
    let digit = |weight: u32, base: u32| (number / weight % base) as u8;
    put(out, &[0x81 + digit(12600, 126), 0x30 + digit(1260, 10), 0x81 + digit(10, 126), 0x30 + digit(1, 10)])
}

fn decode_gb18030(_: &mut State, data: &[u8], out: &mut StrBuilder) -> Step {
    let first = data[0];
    if first < 0x80 {
        return show(out, u32::from(first), 1);
    }
    let second = byte(data, 1)?;
    if !second.is_ascii_digit() {
        return cell(Charset::Gb18030.decode(first, second), out);
    }
    let (third, fourth) = (byte(data, 2)?, byte(data, 3)?);
    if !(0x81..=0xFE).contains(&first) || !(0x81..=0xFE).contains(&third) || !fourth.is_ascii_digit() {
        return Err(Stop::Illegal(1));
    }
    let digit = |byte: u8, zero: u8| u32::from(byte - zero);
    let number = digit(first, 0x81) * 12600 + digit(second, 0x30) * 1260 + digit(third, 0x81) * 10 + digit(fourth, 0x30);
    let character = match four_byte_characters().get(number as usize) {
        Some(&character) => u32::from(character),
        None => {
            number.checked_sub(SUPPLEMENTARY).map(|number| number + 0x1_0000).filter(|&character| character <= 0x10_FFFF).ok_or(Stop::Illegal(1))?
        }
    };
    show(out, character, 4)
}

/// The byte of the state of HZ that says whether two bytes are a character.
const SHIFTED: usize = 0;

fn reset_hz_encoder(state: &mut State, out: &mut Vec<u8>) {
    if state[SHIFTED] != 0 {
        out.extend_from_slice(b"~}");
        state[SHIFTED] = 0;
    }
}

fn encode_hz(state: &mut State, text: &[u32], _: Ending, out: &mut Vec<u8>) -> Step {
    let character = text[0];
    if character < 0x80 {
        reset_hz_encoder(state, out);
        let written: &[u8] = if character == u32::from(b'~') { b"~~" } else { &[character as u8] };
        return put(out, written);
    }
    let [lead, trail] = Charset::Gb2312.encode(character).ok_or(Stop::Illegal(1))?;
    if state[SHIFTED] == 0 {
        out.extend_from_slice(b"~{");
        state[SHIFTED] = 1;
    }
    put(out, &[lead & 0x7F, trail & 0x7F])
}

fn decode_hz(state: &mut State, data: &[u8], out: &mut StrBuilder) -> Step {
    let first = data[0];
    if first == b'~' {
        match (byte(data, 1)?, state[SHIFTED]) {
            (b'~', 0) => out.push(u32::from(b'~')),
            (b'{', 0) => state[SHIFTED] = 1,
            (b'}', 1) => state[SHIFTED] = 0,
            (b'\n', 0) => {}
            _ => return Err(Stop::Illegal(1)),
        }
        return Ok(2);
    }
    if first >= 0x80 {
        return Err(Stop::Illegal(1));
    }
    if state[SHIFTED] == 0 {
        return show(out, u32::from(first), 1);
    }
    let second = byte(data, 1)?;
    if second >= 0x80 {
        return Err(Stop::Illegal(1));
    }
    cell(Charset::Gb2312.decode(first | 0x80, second | 0x80), out)
}

/// Big5 with Hong Kong's characters, some of which are two of Unicode's.
fn encode_hkscs(_: &mut State, text: &[u32], ending: Ending, out: &mut Vec<u8>) -> Step {
    let character = text[0];
    if character < 0x80 {
        return put(out, &[character as u8]);
    }
    let table = Charset::Big5Hkscs.table();
    if table.begins_pair(character) {
        match text.get(1) {
            None if ending == Ending::More => return Err(Stop::Incomplete),
            None => {}
            Some(&second) => {
                if let Some(code) = table.encode_pair(character, second) {
                    out.extend_from_slice(&code);
                    return Ok(2);
                }
            }
        }
    }
    put(out, &Charset::Big5Hkscs.encode(character).ok_or(Stop::Illegal(1))?)
}
