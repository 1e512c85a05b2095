//! Padding, stripping and tabs.

use super::{args, exact, part, split, string};
use object::str::{Str, StrBuilder};
use object::vm::{PyResult, Vm};
use object::{Ref, RefOf};

/// Puts `left` and `right` characters around a string.
fn pad(vm: &mut Vm, this: RefOf<'_, Str>, left: usize, right: usize, fill: u32) -> PyResult {
    if left == 0 && right == 0 {
        return Ok(exact(vm, this));
    }
    let len = this.len().saturating_add(left).saturating_add(right);
    if len > isize::MAX as usize {
        return Err(vm.overflow_error("padded string is too long"));
    }
    crate::format::spec::check_size(vm, len)?;
    let mut out = StrBuilder::with_capacity(len);
    out.push_repeated(fill, left);
    out.push_object(&this);
    out.push_repeated(fill, right);
    Ok(out.finish(vm).into_object())
}

/// The characters missing to a width, and what fills it.
fn width_and_fill<'a>(vm: &mut Vm, name: &str, this: Ref<'a>, arguments: &[Ref<'_>]) -> PyResult<(RefOf<'a, Str>, usize, usize, u32)> {
    let this = string(vm, this)?;
    args::check_count(vm, name, arguments.len(), 1, 2)?;
    let width = vm.index_isize(arguments[0])?.max(0) as usize;
    let fill = match arguments.get(1) {
        None => 0x20,
        Some(fill) => match fill.downcast::<Str>() {
            Some(fill) if fill.len() == 1 => fill.char_at(0),
            Some(_) => return Err(vm.type_error("The fill character must be exactly one character long")),
            None => return Err(vm.type_error(format!("The fill character must be a unicode character, not {}", fill.class().full_name()))),
        },
    };
    Ok((this, width, width.saturating_sub(this.len()), fill))
}

pub(super) fn center(vm: &mut Vm, this: Ref<'_>, arguments: &[Ref<'_>]) -> PyResult {
    let (this, width, missing, fill) = width_and_fill(vm, "center", this, arguments)?;
    // The odd one goes to the left if the width is odd.
    let left = missing / 2 + (missing & width & 1);
    pad(vm, this, left, missing - left, fill)
}

pub(super) fn ljust(vm: &mut Vm, this: Ref<'_>, arguments: &[Ref<'_>]) -> PyResult {
    let (this, _, missing, fill) = width_and_fill(vm, "ljust", this, arguments)?;
    pad(vm, this, 0, missing, fill)
}

pub(super) fn rjust(vm: &mut Vm, this: Ref<'_>, arguments: &[Ref<'_>]) -> PyResult {
    let (this, _, missing, fill) = width_and_fill(vm, "rjust", this, arguments)?;
    pad(vm, this, missing, 0, fill)
}

pub(super) fn zfill(vm: &mut Vm, this: Ref<'_>, width: Ref<'_>) -> PyResult {
    let this = string(vm, this)?;
    let width = vm.index_isize(width)?.max(0) as usize;
    let missing = width.saturating_sub(this.len());
    if missing == 0 {
        return Ok(exact(vm, this));
    }
    crate::format::spec::check_size(vm, width)?;
    let data = this.get().data();
    let signed = usize::from(!data.is_empty() && matches!(data.at(0), 0x2B | 0x2D));
    let mut out = StrBuilder::with_capacity(width);
    out.push_data(data.slice(0, signed));
    out.push_repeated(0x30, missing);
    out.push_data(data.slice(signed, data.len()));
    Ok(out.finish(vm).into_object())
}

fn strip_sides(vm: &mut Vm, name: &str, this: Ref<'_>, arguments: &[Ref<'_>], left: bool, right: bool) -> PyResult {
    let this = string(vm, this)?;
    args::check_count(vm, name, arguments.len(), 0, 1)?;
    let data = this.get().data();
    let chars = match arguments.first() {
        Some(chars) if !chars.is_none() => match chars.downcast::<Str>() {
            Some(chars) => Some(chars),
            None => return Err(vm.type_error(format!("{name} arg must be None or str"))),
        },
        _ => None,
    };
    let low = chars.map_or([0u64; 4], |chars| {
        let mut low = [0; 4];
        chars.code_points().filter(|&code_point| code_point < 256).for_each(|code_point| low[code_point as usize / 64] |= 1 << (code_point % 64));
        low
    });
    let strips = |index: usize| match chars {
        None => split::is_space(data, index),
        Some(chars) => match data.at(index) {
            code_point @ 0..256 => low[code_point as usize / 64] >> (code_point % 64) & 1 != 0,
            code_point => chars.code_points().any(|other| other == code_point),
        },
    };
    let (mut start, mut end) = (0, data.len());
    while left && start < end && strips(start) {
        start += 1;
    }
    while right && start < end && strips(end - 1) {
        end -= 1;
    }
    Ok(part(vm, this, start, end))
}

pub(super) fn strip(vm: &mut Vm, this: Ref<'_>, arguments: &[Ref<'_>]) -> PyResult {
    strip_sides(vm, "strip", this, arguments, true, true)
}

pub(super) fn lstrip(vm: &mut Vm, this: Ref<'_>, arguments: &[Ref<'_>]) -> PyResult {
    strip_sides(vm, "lstrip", this, arguments, true, false)
}

pub(super) fn rstrip(vm: &mut Vm, this: Ref<'_>, arguments: &[Ref<'_>]) -> PyResult {
    strip_sides(vm, "rstrip", this, arguments, false, true)
}

pub(super) fn expandtabs(vm: &mut Vm, this: Ref<'_>, arguments: &[Option<Ref<'_>>]) -> PyResult {
    let this = string(vm, this)?;
    let size = match arguments[0] {
        Some(size) => vm.to_i32(size)?.max(0) as usize,
        None => 8,
    };
    if this.as_latin1().is_some_and(|text| !text.contains(&0x09)) {
        return Ok(exact(vm, this));
    }
    let (mut out, mut column) = (StrBuilder::with_capacity(this.len()), 0);
    for code_point in this.code_points() {
        match code_point {
            0x09 if size > 0 => {
                let spaces = size - column % size;
                if out.len().saturating_add(spaces) > 1 << 24 {
                    crate::format::spec::check_size(vm, out.len().saturating_add(spaces))?;
                }
                out.push_repeated(0x20, spaces);
                column += spaces;
            }
            0x09 => {}
            0x0A | 0x0D => {
                out.push(code_point);
                column = 0;
            }
            _ => {
                out.push(code_point);
                column += 1;
            }
        }
    }
    Ok(out.finish(vm).into_object())
}
