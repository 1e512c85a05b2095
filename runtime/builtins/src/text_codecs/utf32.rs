//! UTF-32.

use super::errors::{Decoding, Encoding, Errors};
use super::{Decoded, Order};
use object::RefOf;
use object::str::Str;
use object::vm::{PyResult, Vm};

/// The text in UTF-32, after a mark if the order is [`Order::Marked`].
pub fn encode(vm: &mut Vm, string: RefOf<'_, Str>, errors: Errors<'_>, order: Order) -> PyResult<Vec<u8>> {
    let name = match order {
        Order::Marked => "utf-32",
        Order::Little => "utf-32-le",
        Order::Big => "utf-32-be",
    };
    let little = order.is_little();
    let unit = move |unit: u32, out: &mut Vec<u8>| out.extend_from_slice(&if little { unit.to_le_bytes() } else { unit.to_be_bytes() });
    let mut encoding = Encoding::new(name, string, errors);
    if order == Order::Marked {
        unit(0xFEFF, &mut encoding.out);
    }
    encoding.run(vm, "surrogates not allowed", false, move |code_point, out| {
        let valid = char::from_u32(code_point).is_some();
        if valid {
            unit(code_point, out);
        }
        valid
    })
}

/// Text in UTF-32.
pub fn decode(vm: &mut Vm, data: &[u8], errors: Errors<'_>, order: Order, is_final: bool) -> PyResult<Decoded> {
    let (mut position, mut order) = (0, order);
    if order == Order::Marked {
        match data {
            [0xFF, 0xFE, 0, 0, ..] => (position, order) = (4, Order::Little),
            [0, 0, 0xFE, 0xFF, ..] => (position, order) = (4, Order::Big),
            _ => {}
        }
    }
    let little = order.is_little();
    let mut decoding = Decoding::new(if little { "utf-32-le" } else { "utf-32-be" }, data, errors);
    while position < decoding.data.len() {
        let len = decoding.data.len();
        let Some(&unit) = decoding.data[position..].first_chunk::<4>() else {
            if !is_final {
                break;
            }
            position = decoding.replace(vm, position, len, "truncated data")?;
            continue;
        };
        let code_point = if little { u32::from_le_bytes(unit) } else { u32::from_be_bytes(unit) };
        position = match code_point {
            0xD800..0xE000 => decoding.replace(vm, position, position + 4, "code point in surrogate code point range(0xd800, 0xe000)")?,
            0x11_0000.. => decoding.replace(vm, position, position + 4, "code point not in range(0x110000)")?,
            _ => {
                decoding.out.push(code_point);
                position + 4
            }
        };
    }
    Ok(Decoded { text: decoding.out.finish(vm), consumed: position, order })
}
