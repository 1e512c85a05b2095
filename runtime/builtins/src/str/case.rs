//! Case mappings and the tests named `is...`.

use super::string;
use crate::unicode;
use object::str::{Str, StrBuilder, StrData};
use object::vm::{PyResult, Vm};
use object::{Object, Ref, RefOf};

/// Maps an ASCII string byte by byte.
fn map_ascii(vm: &Vm, this: RefOf<'_, Str>, map: impl Fn(&mut [u8])) -> Object {
    let source = this.raw();
    let mapped = vm.new_str_latin1_with(source.len(), |bytes| {
        bytes.copy_from_slice(source);
        map(bytes);
    });
    mapped.into_object()
}

const SIGMA: u32 = 0x3A3;

/// Whether the capital sigma at `index` ends a word: a cased letter before it, none after it, not
/// counting characters that case ignores.
fn is_final_sigma(data: StrData<'_>, index: usize) -> bool {
    let cased = |mut characters: Box<dyn Iterator<Item = u32> + '_>| {
        characters.find(|&character| !unicode::is_case_ignorable(character)).is_some_and(unicode::is_cased)
    };
    cased(Box::new(data.slice(0, index).code_points().rev())) && !cased(Box::new(data.slice(index + 1, data.len()).code_points()))
}

fn lower_sigma(data: StrData<'_>, index: usize) -> u32 {
    if is_final_sigma(data, index) { 0x3C2 } else { 0x3C3 }
}

fn push_lower(data: StrData<'_>, index: usize, out: &mut StrBuilder) {
    match data.at(index) {
        SIGMA => out.push(lower_sigma(data, index)),
        code_point => unicode::to_lower(code_point, |mapped| out.push(mapped)),
    }
}

#[expect(clippy::useless_conversion, reason = "useless in one of the expansions only")]
pub(super) fn lower(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let this = string(vm, this)?;
    if this.is_ascii() {
        return Ok(map_ascii(vm, this, <[u8]>::make_ascii_lowercase));
    }
    let data = this.get().data();
    let mut out: Vec<u32> = Vec::with_capacity(data.len());
    object::with_str_data!(data, units => for (index, &unit) in units.iter().enumerate() {
        match u32::from(unit) {
            code_point @ 0..0x80 => out.push(u32::from((code_point as u8).to_ascii_lowercase())),
            SIGMA => out.push(lower_sigma(data, index)),
            code_point => unicode::to_lower(code_point, |mapped| out.push(mapped)),
        }
    });
    Ok(vm.new_str_from_code_points(&out).into_object())
}

pub(super) fn upper(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let this = string(vm, this)?;
    if this.is_ascii() {
        return Ok(map_ascii(vm, this, <[u8]>::make_ascii_uppercase));
    }
    let mut out = StrBuilder::with_capacity(this.len());
    this.code_points().for_each(|code_point| unicode::to_upper(code_point, |mapped| out.push(mapped)));
    Ok(out.finish(vm).into_object())
}

pub(super) fn casefold(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let this = string(vm, this)?;
    if this.is_ascii() {
        return Ok(map_ascii(vm, this, <[u8]>::make_ascii_lowercase));
    }
    let mut out = StrBuilder::with_capacity(this.len());
    this.code_points().for_each(|code_point| unicode::case_fold(code_point, |mapped| out.push(mapped)));
    Ok(out.finish(vm).into_object())
}

pub(super) fn capitalize(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let this = string(vm, this)?;
    let data = this.get().data();
    let mut out = StrBuilder::with_capacity(data.len());
    for index in 0..data.len() {
        if index == 0 { unicode::to_title(data.at(0), |mapped| out.push(mapped)) } else { push_lower(data, index, &mut out) }
    }
    Ok(out.finish(vm).into_object())
}

pub(super) fn title(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let this = string(vm, this)?;
    let data = this.get().data();
    let mut out = StrBuilder::with_capacity(data.len());
    let mut in_word = false;
    for (index, code_point) in data.code_points().enumerate() {
        if in_word {
            push_lower(data, index, &mut out)
        } else {
            unicode::to_title(code_point, |mapped| out.push(mapped))
        }
        in_word = unicode::is_cased(code_point);
    }
    Ok(out.finish(vm).into_object())
}

pub(super) fn swapcase(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let this = string(vm, this)?;
    let data = this.get().data();
    let mut out = StrBuilder::with_capacity(data.len());
    for (index, code_point) in data.code_points().enumerate() {
        if unicode::is_upper(code_point) {
            push_lower(data, index, &mut out);
        } else if unicode::is_lower(code_point) {
            unicode::to_upper(code_point, |mapped| out.push(mapped));
        } else {
            out.push(code_point);
        }
    }
    Ok(out.finish(vm).into_object())
}

pub(super) fn isascii(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    Ok(Object::bool(string(vm, this)?.is_ascii()))
}

/// Whether there are characters and all pass the test.
fn all(vm: &mut Vm, this: Ref<'_>, test: impl Fn(u32) -> bool) -> PyResult {
    let this = string(vm, this)?;
    Ok(Object::bool(!this.is_empty() && this.code_points().all(test)))
}

pub(super) fn isspace(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    all(vm, this, unicode::is_space)
}

pub(super) fn isdecimal(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    all(vm, this, unicode::is_decimal)
}

pub(super) fn isdigit(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    all(vm, this, unicode::is_digit)
}

pub(super) fn isnumeric(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    all(vm, this, unicode::is_numeric)
}

pub(super) fn isalpha(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    all(vm, this, unicode::is_alpha)
}

pub(super) fn isalnum(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    all(vm, this, unicode::is_alphanumeric)
}

pub(super) fn isprintable(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let this = string(vm, this)?;
    Ok(Object::bool(this.code_points().all(unicode::is_printable)))
}

/// Whether the text is an identifier; keywords are.
pub fn is_identifier(string: &Str) -> bool {
    let mut code_points = string.code_points();
    code_points.next().is_some_and(unicode::is_identifier_start) && code_points.all(unicode::is_identifier_continue)
}

pub(super) fn isidentifier(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let this = string(vm, this)?;
    Ok(Object::bool(is_identifier(&this)))
}

/// Whether there is a character that is `wanted` and none that is `refused` or a title-case letter.
fn is_cased_as(this: &Str, wanted: fn(u32) -> bool, refused: fn(u32) -> bool) -> bool {
    let mut found = false;
    for code_point in this.code_points() {
        if refused(code_point) || unicode::is_title(code_point) {
            return false;
        }
        found |= wanted(code_point);
    }
    found
}

pub(super) fn islower(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let this = string(vm, this)?;
    if let Some(text) = this.as_str() {
        return Ok(Object::bool(text.bytes().any(|byte| byte.is_ascii_lowercase()) && !text.bytes().any(|byte| byte.is_ascii_uppercase())));
    }
    Ok(Object::bool(is_cased_as(&this, unicode::is_lower, unicode::is_upper)))
}

pub(super) fn isupper(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let this = string(vm, this)?;
    if let Some(text) = this.as_str() {
        return Ok(Object::bool(text.bytes().any(|byte| byte.is_ascii_uppercase()) && !text.bytes().any(|byte| byte.is_ascii_lowercase())));
    }
    Ok(Object::bool(is_cased_as(&this, unicode::is_upper, unicode::is_lower)))
}

pub(super) fn istitle(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let this = string(vm, this)?;
    let (mut found, mut in_word) = (false, false);
    for code_point in this.code_points() {
        if unicode::is_upper(code_point) || unicode::is_title(code_point) {
            if in_word {
                return Ok(Object::bool(false));
            }
            (found, in_word) = (true, true);
        } else if unicode::is_lower(code_point) {
            if !in_word {
                return Ok(Object::bool(false));
            }
            (found, in_word) = (true, true);
        } else {
            in_word = false;
        }
    }
    Ok(Object::bool(found))
}
