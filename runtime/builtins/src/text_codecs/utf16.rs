//! UTF-16.

use super::errors::{Decoding, Encoding, Errors};
use super::{Decoded, Order};
use object::RefOf;
use object::str::Str;
use object::vm::{PyResult, Vm};

/// The text in UTF-16, after a mark if the order is [`Order::Marked`].
pub fn encode(vm: &mut Vm, string: RefOf<'_, Str>, errors: Errors<'_>, order: Order) -> PyResult<Vec<u8>> {
    let name = match order {
        Order::Marked => "utf-16",
        Order::Little => "utf-16-le",
        Order::Big => "utf-16-be",
    };
    let little = order.is_little();
    let unit = move |unit: u16, out: &mut Vec<u8>| out.extend_from_slice(&if little { unit.to_le_bytes() } else { unit.to_be_bytes() });
    let mut encoding = Encoding::new(name, string, errors);
    if order == Order::Marked {
        unit(0xFEFF, &mut encoding.out);
    }
    encoding.run(vm, "surrogates not allowed", false, move |code_point, out| match char::from_u32(code_point) {
        Some(character) => {
            character.encode_utf16(&mut [0; 2]).iter().for_each(|&half| unit(half, out));
            true
        }
        None => false,
    })
}

/// Text in UTF-16.
pub fn decode(vm: &mut Vm, data: &[u8], errors: Errors<'_>, order: Order, is_final: bool) -> PyResult<Decoded> {
    let (mut position, mut order) = (0, order);
    if order == Order::Marked {
        match data {
            [0xFF, 0xFE, ..] => (position, order) = (2, Order::Little),
            [0xFE, 0xFF, ..] => (position, order) = (2, Order::Big),
            _ => {}
        }
    }
    let little = order.is_little();
    let mut decoding = Decoding::new(if little { "utf-16-le" } else { "utf-16-be" }, data, errors);
    let unit = |data: &[u8], at: usize| -> Option<u32> {
        let pair = *data.get(at..)?.first_chunk::<2>()?;
        Some(u32::from(if little { u16::from_le_bytes(pair) } else { u16::from_be_bytes(pair) }))
    };
    while position < decoding.data.len() {
        let len = decoding.data.len();
        let Some(first) = unit(&decoding.data, position) else {
            if !is_final {
                break;
            }
            position = decoding.replace(vm, position, len, "truncated data")?;
            continue;
        };
        position = match first {
            0xD800..0xDC00 => match unit(&decoding.data, position + 2) {
                Some(second @ 0xDC00..0xE000) => {
                    decoding.out.push(0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00));
                    position + 4
                }
                Some(_) => decoding.replace(vm, position, position + 2, "illegal UTF-16 surrogate")?,
                None if !is_final => break,
                None => decoding.replace(vm, position, len, "unexpected end of data")?,
            },
            0xDC00..0xE000 => decoding.replace(vm, position, position + 2, "illegal encoding")?,
            _ => {
                decoding.out.push(first);
                position + 2
            }
        };
    }
    Ok(Decoded { text: decoding.out.finish(vm), consumed: position, order })
}
