//! Base 64, lenient and strict as `binascii` is.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Not a digit.
const NONE: u8 = 255;

const VALUES: [u8; 256] = {
    let mut values = [NONE; 256];
    let mut index = 0;
    while index < 64 {
        values[ALPHABET[index] as usize] = index as u8;
        index += 1;
    }
    values
};

pub fn encode(data: &[u8], newline: bool) -> Vec<u8> {
    let mut text = Vec::with_capacity(data.len().div_ceil(3) * 4 + 1);
    let digit = |bits: u32, shift: u32| ALPHABET[(bits >> shift & 63) as usize];
    for group in data.chunks(3) {
        let byte = |index: usize| u32::from(group.get(index).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        text.push(digit(bits, 18));
        text.push(digit(bits, 12));
        text.push(if group.len() > 1 { digit(bits, 6) } else { b'=' });
        text.push(if group.len() > 2 { digit(bits, 0) } else { b'=' });
    }
    if newline {
        text.push(b'\n');
    }
    text
}

/// The data, or what is wrong with the text.
pub fn decode(text: &[u8], strict: bool) -> Result<Vec<u8>, String> {
    let mut data = Vec::with_capacity(text.len() / 4 * 3 + 3);
    let (mut place, mut pads, mut left) = (0, 0, 0u8);
    for (index, &byte) in text.iter().enumerate() {
        if byte == b'=' {
            pads += 1;
            if !strict {
                continue;
            }
            match place {
                0 if index == 0 => return Err("Leading padding not allowed".into()),
                0 => return Err("Excess padding not allowed".into()),
                1 => break,
                _ if place + pads > 4 => return Err("Excess padding not allowed".into()),
                _ => continue,
            }
        }
        let value = VALUES[usize::from(byte)];
        if value == NONE {
            if strict {
                return Err("Only base64 data is allowed".into());
            }
            continue;
        }
        if strict && pads > 0 {
            return Err(if place + pads == 4 { "Excess data after padding" } else { "Discontinuous padding not allowed" }.into());
        }
        pads = 0;
        match place {
            0 => {}
            1 => data.push(left << 2 | value >> 4),
            2 => data.push(left << 4 | value >> 2),
            _ => data.push(left << 6 | value),
        }
        left = value;
        place = (place + 1) % 4;
    }
    match place {
        0 => Ok(data),
        1 => Err(format!(
            "Invalid base64-encoded string: number of data characters ({}) cannot be 1 more than a multiple of 4",
            data.len() / 3 * 4 + 1
        )),
        _ if place + pads >= 4 => Ok(data),
        _ => Err("Incorrect padding".into()),
    }
}
