//! `str.translate` and `str.maketrans`.

use super::{args, exact, string};
use object::dict::Dict;
use object::exception;
use object::str::{Str, StrBuilder};
use object::vm::{PyResult, Vm};
use object::{Object, Ref, RefOf};

/// What a table says of a character.
#[derive(Clone)]
enum Mapped {
    Same,
    Deleted,
    Char(u32),
    Text(Object),
}

fn look_up(vm: &mut Vm, table: Ref<'_>, code_point: u32) -> PyResult<Mapped> {
    let key = Object::small_int(i64::from(code_point));
    let found = match table.downcast_exact::<Dict>() {
        Some(table) => table.get().get(vm, key.borrow())?,
        None => {
            let found = vm.get_item(table, key.borrow());
            vm.ignore(found, &exception::LOOKUP_ERROR)?
        }
    };
    let Some(value) = found else { return Ok(Mapped::Same) };
    if value.borrow().is_none() {
        return Ok(Mapped::Deleted);
    }
    if object::int::is_int(value.borrow()) {
        return match object::int::as_i64(value.borrow()).and_then(|number| u32::try_from(number).ok()) {
            Some(code_point @ 0..=0x10_FFFF) => Ok(Mapped::Char(code_point)),
            _ => Err(vm.value_error("character mapping must be in range(0x110000)")),
        };
    }
    match value.borrow().downcast::<Str>() {
        Some(text) if text.len() == 1 => Ok(Mapped::Char(text.char_at(0))),
        Some(_) => Ok(Mapped::Text(value)),
        None => Err(vm.type_error("character mapping must return integer, None or str")),
    }
}

/// Translates ASCII text up to a character that becomes anything but ASCII characters; also returns how
/// much was read.
fn translate_ascii(vm: &mut Vm, text: &[u8], table: Ref<'_>) -> PyResult<(Vec<u8>, usize)> {
    const UNKNOWN: u8 = 0xFF;
    const DELETED: u8 = 0xFE;
    let mut known = [UNKNOWN; 128];
    let mut out = Vec::with_capacity(text.len());
    for (position, &byte) in text.iter().enumerate() {
        let place = usize::from(byte & 0x7F);
        if known[place] == UNKNOWN {
            known[place] = match look_up(vm, table, u32::from(byte))? {
                Mapped::Same => byte,
                Mapped::Deleted => DELETED,
                Mapped::Char(code_point @ 0..0x80) => code_point as u8,
                Mapped::Char(_) | Mapped::Text(_) => return Ok((out, position)),
            };
        }
        if known[place] != DELETED {
            out.push(known[place]);
        }
    }
    Ok((out, text.len()))
}

pub(super) fn translate(vm: &mut Vm, this: Ref<'_>, table: Ref<'_>) -> PyResult {
    let this = string(vm, this)?;
    // A table does not change its mind, so each character below 128 is asked for once.
    let mut known: [Option<Mapped>; 128] = [const { None }; 128];
    let mut out = StrBuilder::with_capacity(this.len());
    let (mut start, mut changed) = (0, false);
    if let Some(text) = RefOf::get(this).as_str() {
        let (translated, read) = translate_ascii(vm, text.as_bytes(), table)?;
        if read == text.len() {
            return Ok(if translated == text.as_bytes() { exact(vm, this) } else { vm.new_str_latin1(&translated).into_object() });
        }
        changed = translated != text.as_bytes()[..read];
        out.push_latin1(&translated);
        start = read;
    }
    for code_point in RefOf::get(this).data().slice(start, this.len()).code_points() {
        let mapped = match known.get(code_point as usize) {
            Some(Some(mapped)) => mapped.clone(),
            _ => {
                let mapped = look_up(vm, table, code_point)?;
                if let Some(place) = known.get_mut(code_point as usize) {
                    *place = Some(mapped.clone());
                }
                mapped
            }
        };
        changed |= !matches!(mapped, Mapped::Same);
        match mapped {
            Mapped::Same => out.push(code_point),
            Mapped::Deleted => {}
            Mapped::Char(code_point) => out.push(code_point),
            Mapped::Text(text) => {
                if let Some(text) = text.borrow().downcast::<Str>() {
                    vm.check_room((out.len() + text.len()) * 8)?;
                    out.push_object(&text);
                }
            }
        }
    }
    Ok(if changed { out.finish(vm).into_object() } else { exact(vm, this) })
}

pub(super) fn maketrans(vm: &mut Vm, _this: Ref<'_>, arguments: &[Ref<'_>]) -> PyResult {
    args::check_count(vm, "maketrans", arguments.len(), 1, 3)?;
    let table = vm.new_dict();
    if let [_, second, ..] = *arguments {
        let Some(from) = arguments[0].downcast::<Str>() else {
            let _ = args::text(vm, "maketrans", "argument 2", second)?;
            return Err(vm.type_error("first maketrans argument must be a string if there is a second argument"));
        };
        let to = args::text(vm, "maketrans", "argument 2", second)?;
        let deleted = match arguments.get(2) {
            Some(&deleted) => Some(args::text(vm, "maketrans", "argument 3", deleted)?),
            None => None,
        };
        if from.len() != to.len() {
            return Err(vm.value_error("the first two maketrans arguments must have equal length"));
        }
        for (key, value) in from.code_points().zip(to.code_points()) {
            table.set(vm, Object::small_int(i64::from(key)).borrow(), Object::small_int(i64::from(value)))?;
        }
        for key in deleted.iter().flat_map(|deleted| deleted.code_points()) {
            table.set(vm, Object::small_int(i64::from(key)).borrow(), Object::none())?;
        }
        return Ok(table.into_object());
    }
    let Some(mapping) = arguments[0].downcast_exact::<Dict>() else {
        return Err(vm.type_error("if you give only one argument to maketrans it must be a dict"));
    };
    for (key, value) in mapping.items_snapshot(vm) {
        let code_point = match key.borrow().downcast::<Str>() {
            Some(text) if text.len() == 1 => Object::small_int(i64::from(text.char_at(0))),
            Some(_) => return Err(vm.value_error("string keys in translatetable must be of length 1")),
            None if object::int::is_int(key.borrow()) => key.clone(),
            None => return Err(vm.type_error("keys in translate table mustbe strings or integers")),
        };
        table.set(vm, code_point.borrow(), value)?;
    }
    Ok(table.into_object())
}
