//! Encodings given by a mapping: `codecs.charmap_encode`, `charmap_decode`, `charmap_build`.

use super::errors::{Decoding, Encoding, Errors, Replacement};
use object::bytes::Bytes;
use object::dict::Dict;
use object::exception;
use object::str::Str;
use object::vm::{PyResult, Vm};
use object::{Object, ObjectOf, Ref, RefOf};

/// Bytes to text by a mapping of byte values: a string, a dict, or anything with items.
pub fn decode(vm: &mut Vm, data: &[u8], errors: Errors<'_>, mapping: Option<Ref<'_>>) -> PyResult<ObjectOf<Str>> {
    let Some(mapping) = mapping else {
        return Ok(vm.new_str_latin1(data));
    };
    let mut decoding = Decoding::new("charmap", data, errors);
    let mut position = 0;
    if let Some(table) = mapping.downcast::<Str>() {
        while let Some(&byte) = decoding.data.get(position) {
            let known = (usize::from(byte) < table.len()).then(|| table.char_at(usize::from(byte)));
            position = match known {
                Some(code_point) if code_point != 0xFFFE => {
                    decoding.out.push(code_point);
                    position + 1
                }
                _ => decoding.replace(vm, position, position + 1, "character maps to <undefined>")?,
            };
        }
        return Ok(decoding.out.finish(vm));
    }
    while let Some(&byte) = decoding.data.get(position) {
        position = match look_up(vm, mapping, i64::from(byte))? {
            Some(Mapped::Number(number)) if number != 0xFFFE => {
                let Some(code_point) = u32::try_from(number).ok().filter(|&number| number <= 0x10_FFFF) else {
                    return Err(vm.type_error("character mapping must be in range(0x110000)"));
                };
                decoding.out.push(code_point);
                position + 1
            }
            Some(Mapped::Object(value)) if value.borrow().downcast::<Str>().is_some_and(|text| !text.equals_str("\u{FFFE}")) => {
                if let Some(text) = value.borrow().downcast::<Str>() {
                    decoding.out.push_object(&text);
                }
                position + 1
            }
            Some(Mapped::Object(value)) if value.borrow().downcast::<Str>().is_none() => {
                return Err(vm.type_error("character mapping must return integer, None or str"));
            }
            _ => decoding.replace(vm, position, position + 1, "character maps to <undefined>")?,
        };
    }
    Ok(decoding.out.finish(vm))
}

enum Mapped {
    Number(i64),
    Object(Object),
}

/// What the mapping has for a number; `None` if that is nothing, or the value `None`.
fn look_up(vm: &mut Vm, mapping: Ref<'_>, key: i64) -> PyResult<Option<Mapped>> {
    let key = Object::small_int(key);
    let found = match vm.get_item(mapping, key.borrow()) {
        Ok(found) => found,
        Err(raised) => {
            vm.catch_if(raised, &exception::LOOKUP_ERROR)?;
            return Ok(None);
        }
    };
    if found.borrow().is_none() {
        return Ok(None);
    }
    Ok(Some(match object::int::as_i64(found.borrow()) {
        Some(number) => Mapped::Number(number),
        None => Mapped::Object(found),
    }))
}

/// Text to bytes by a mapping of code points: what `charmap_build` makes, a dict, or anything with items.
pub fn encode(vm: &mut Vm, string: RefOf<'_, Str>, errors: Errors<'_>, mapping: Option<Ref<'_>>) -> PyResult<Vec<u8>> {
    let Some(mapping) = mapping else {
        return super::narrow::encode_object(vm, string, errors, super::narrow::Narrow::Latin1).map(|bytes| bytes.data().to_vec());
    };
    let mut encoding = Encoding::new("charmap", string, errors);
    let data = string.get().data();
    let mut position = 0;
    while position < data.len() {
        if push(vm, mapping, data.at(position), &mut encoding.out)? {
            position += 1;
            continue;
        }
        let mut end = position + 1;
        while end < data.len() && !push(vm, mapping, data.at(end), &mut Vec::new())? {
            end += 1;
        }
        const REASON: &str = "character maps to <undefined>";
        let (replacement, next) = encoding.replacement(vm, position, end, REASON)?;
        match replacement {
            Replacement::Bytes(bytes) => encoding.out.extend_from_slice(&bytes),
            Replacement::Text(text) => {
                for code_point in text {
                    if !push(vm, mapping, code_point, &mut encoding.out)? {
                        return Err(encoding.strict(vm, position, end, REASON));
                    }
                }
            }
        }
        position = next;
    }
    Ok(encoding.out)
}

fn push(vm: &mut Vm, mapping: Ref<'_>, code_point: u32, out: &mut Vec<u8>) -> PyResult<bool> {
    match look_up(vm, mapping, i64::from(code_point))? {
        None => Ok(false),
        Some(Mapped::Number(number)) => match u8::try_from(number) {
            Ok(byte) => {
                out.push(byte);
                Ok(true)
            }
            Err(_) => Err(vm.type_error("character mapping must be in range(256)")),
        },
        Some(Mapped::Object(value)) => match value.borrow().downcast::<Bytes>() {
            Some(bytes) => {
                out.extend_from_slice(bytes.data());
                Ok(true)
            }
            None => {
                let message = format!("character mapping must return integer, bytes or None, not {}", value.borrow().class().full_name());
                Err(vm.type_error(message))
            }
        },
    }
}

/// The mapping for [`encode`] that reverses a decoding table.
pub fn build(vm: &mut Vm, table: RefOf<'_, Str>) -> PyResult<ObjectOf<Dict>> {
    let mapping = vm.new_dict();
    for (byte, code_point) in table.code_points().enumerate().take(256) {
        if code_point != 0xFFFE {
            let key = Object::small_int(i64::from(code_point));
            mapping.set(vm, key.borrow(), Object::small_int(byte as i64))?;
        }
    }
    Ok(mapping)
}
