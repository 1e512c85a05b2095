//! The format mini-language: what `format(value, spec)` does for `str`, `int`, `float` and `complex`.
//!
//! A specification is parsed into a [`Spec`]; numbers are laid out by [`number`] from their sign,
//! prefix and digits; [`float`] turns a float into digits.

pub mod float;
pub mod number;
pub mod percent;
pub mod spec;

use num_bigint::BigInt;
use num_traits::ToPrimitive;
use object::str::{Str, StrBuilder};
use object::vm::{PyResult, Vm};
use object::{Object, Ref, RefOf};
use spec::{Align, Sign, Spec, Thousands};

/// How numbers are grouped and their decimal point written in the current locale.
#[derive(Clone)]
pub struct Locale {
    pub decimal_point: String,
    pub thousands_separator: String,
    /// Group sizes from the right, as in C's `lconv`: the last repeats, 127 ends grouping.
    pub grouping: Vec<u8>,
}

/// Asks for the current locale; set by the `_locale` module.
static LOCALE_HOOK: std::sync::RwLock<Option<fn() -> Locale>> = std::sync::RwLock::new(None);

/// Sets what the format code `n` asks for the locale.
pub fn set_locale_hook(hook: fn() -> Locale) {
    if let Ok(mut place) = LOCALE_HOOK.write() {
        *place = Some(hook);
    }
}

/// What the format code `n` goes by.
pub fn current_locale() -> Locale {
    match LOCALE_HOOK.read().ok().and_then(|hook| *hook) {
        Some(hook) => hook(),
        None => Locale { decimal_point: ".".into(), thousands_separator: String::new(), grouping: Vec::new() },
    }
}

/// `str.__format__(text, spec)`
pub fn format_str(vm: &mut Vm, text: RefOf<'_, Str>, spec: &Str) -> PyResult {
    if spec.is_empty() {
        return vm.str(text.object()).map(Object::from);
    }
    let spec = Spec::parse(vm, spec, text.object(), Align::Left)?;
    if !matches!(spec.code, None | Some(0x73)) {
        return Err(spec.unknown_code(vm));
    }
    let refusal = match (spec.sign, spec.no_negative_zero, spec.alternate, spec.align) {
        (Some(Sign::Space), ..) => Some("Space not allowed in string format specifier"),
        (Some(_), ..) => Some("Sign not allowed in string format specifier"),
        (_, true, ..) => Some("Negative zero coercion (z) not allowed in string format specifier"),
        (_, _, true, _) => Some("Alternate form (#) not allowed in string format specifier"),
        (_, _, _, Some(Align::AfterSign)) => Some("'=' alignment not allowed in string format specifier"),
        _ => None,
    };
    if let Some(message) = refusal {
        return Err(vm.value_error(message));
    }
    let len = spec.precision.map_or(text.len(), |precision| precision.min(text.len()));
    let width = spec.width.unwrap_or(0);
    if width <= len && len == text.len() {
        return vm.str(text.object()).map(Object::from);
    }
    spec::check_size(vm, width)?;
    let mut out = StrBuilder::with_capacity(width.max(len));
    spec.pad(&mut out, len, Align::Left, |out| out.push_data(text.get().data().slice(0, len)));
    Ok(out.finish(vm).into_object())
}

/// `int.__format__(value, spec)`
pub fn format_int(vm: &mut Vm, value: Ref<'_>, spec: &Str) -> PyResult {
    if spec.is_empty() {
        return vm.str(value).map(Object::from);
    }
    let parsed = Spec::parse(vm, spec, value, Align::Right)?;
    match parsed.code.map_or(Some('d'), char::from_u32) {
        Some('b' | 'c' | 'd' | 'o' | 'x' | 'X' | 'n') => {
            let out = int_text(vm, value, &parsed)?;
            Ok(out.finish(vm).into_object())
        }
        Some('e' | 'E' | 'f' | 'F' | 'g' | 'G' | '%') => {
            let value = object::int::to_f64(vm, value)?;
            let out = float_text(vm, value, &parsed)?;
            Ok(out.finish(vm).into_object())
        }
        _ => Err(parsed.unknown_code(vm)),
    }
}

/// The digits of an int in a base that is a power of two or ten, without sign.
fn magnitude(vm: &mut Vm, value: Ref<'_>, code: char) -> PyResult<(bool, String)> {
    if let Some(small) = object::int::as_i64(value) {
        let magnitude = small.unsigned_abs();
        let text = match code {
            'b' => format!("{magnitude:b}"),
            'o' => format!("{magnitude:o}"),
            'x' => format!("{magnitude:x}"),
            'X' => format!("{magnitude:X}"),
            _ => object::int::text::decimal_digits(small, &mut [0; 20]).trim_start_matches('-').to_owned(),
        };
        return Ok((small < 0, text));
    }
    let big: BigInt = object::int::to_bigint(value).map(|value| value.into_owned()).unwrap_or_default();
    let text = match code {
        'b' => big.magnitude().to_str_radix(2),
        'o' => big.magnitude().to_str_radix(8),
        'x' => big.magnitude().to_str_radix(16),
        'X' => big.magnitude().to_str_radix(16).to_uppercase(),
        _ => object::int::text::to_decimal(vm, &big)?.trim_start_matches('-').to_owned(),
    };
    Ok((big.sign() == num_bigint::Sign::Minus, text))
}

fn int_text(vm: &mut Vm, value: Ref<'_>, spec: &Spec<'_>) -> PyResult<StrBuilder> {
    if spec.precision.is_some() {
        return Err(vm.value_error("Precision not allowed in integer format specifier"));
    }
    if spec.no_negative_zero {
        return Err(vm.value_error("Negative zero coercion (z) not allowed in integer format specifier"));
    }
    let code = spec.code.and_then(char::from_u32).unwrap_or('d');
    if code == 'c' {
        return int_character(vm, value, spec);
    }
    let (negative, digits) = magnitude(vm, value, code)?;
    let prefix = match code {
        'b' if spec.alternate => "0b",
        'o' if spec.alternate => "0o",
        'x' if spec.alternate => "0x",
        'X' if spec.alternate => "0X",
        _ => "",
    };
    let locale = locale_for(spec, code);
    spec::check_size(vm, spec.width.unwrap_or(0))?;
    let parts = number::Parts { negative, prefix, digits: &digits, rest: "", fraction: "" };
    let mut out = StrBuilder::with_capacity(spec.width.unwrap_or(0).max(digits.len() * 2 + 4));
    parts.write(spec, locale.as_ref(), &mut out);
    Ok(out)
}

fn int_character(vm: &mut Vm, value: Ref<'_>, spec: &Spec<'_>) -> PyResult<StrBuilder> {
    if spec.sign.is_some() {
        return Err(vm.value_error("Sign not allowed with integer format specifier 'c'"));
    }
    if spec.alternate {
        return Err(vm.value_error("Alternate form (#) not allowed with integer format specifier 'c'"));
    }
    if object::int::as_i64(value).is_none() {
        return Err(vm.overflow_error("Python int too large to convert to C long"));
    }
    let code_point = object::int::as_i64(value).and_then(|value| value.to_u32()).filter(|&value| value <= 0x10_FFFF);
    let Some(code_point) = code_point else {
        return Err(vm.overflow_error("%c arg not in range(0x110000)"));
    };
    spec::check_size(vm, spec.width.unwrap_or(0))?;
    let mut out = StrBuilder::new();
    spec.pad(&mut out, 1, Align::Right, |out| out.push(code_point));
    Ok(out)
}

fn locale_for(spec: &Spec<'_>, code: char) -> Option<Locale> {
    debug_assert!(code != 'n' || spec.thousands == Thousands::None);
    (code == 'n').then(current_locale)
}

/// `float.__format__(value, spec)`, where `object` is the float itself.
pub fn format_float(vm: &mut Vm, object: Ref<'_>, value: f64, spec: &Str) -> PyResult {
    if spec.is_empty() {
        return vm.str(object).map(Object::from);
    }
    let spec = Spec::parse(vm, spec, object, Align::Right)?;
    if !matches!(spec.code.map_or(Some('g'), char::from_u32), Some('e' | 'E' | 'f' | 'F' | 'g' | 'G' | 'n' | '%')) {
        return Err(spec.unknown_code(vm));
    }
    let out = float_text(vm, value, &spec)?;
    Ok(out.finish(vm).into_object())
}

fn float_text(vm: &mut Vm, value: f64, spec: &Spec<'_>) -> PyResult<StrBuilder> {
    let code = spec.code.and_then(char::from_u32);
    spec::check_size(vm, spec.width.unwrap_or(0))?;
    spec::check_precision(vm, spec.precision)?;
    let style = float::Style { alternate: spec.alternate, add_dot_zero: code.is_none(), no_negative_zero: spec.no_negative_zero };
    let percent = code == Some('%');
    let value = if percent { value * 100.0 } else { value };
    let (code, precision) = match (code, spec.precision) {
        (None, None) => ('r', 0),
        (None, Some(precision)) => ('g', precision),
        (Some('n'), precision) => ('g', precision.unwrap_or(6)),
        (Some('%'), precision) => ('f', precision.unwrap_or(6)),
        (Some(code), precision) => (code, precision.unwrap_or(6)),
    };
    let mut text = float::format(value, code, precision, style);
    if percent {
        text.push('%');
    }
    let locale = spec.code.and_then(char::from_u32).and_then(|code| locale_for(spec, code));
    let mut out = StrBuilder::with_capacity(spec.width.unwrap_or(0).max(text.len() + 1));
    number::Parts::of_float(&text).write(spec, locale.as_ref(), &mut out);
    Ok(out)
}

/// `complex.__format__(value, spec)`, where `object` is the number itself.
pub fn format_complex(vm: &mut Vm, object: Ref<'_>, real: f64, imaginary: f64, spec: &Str) -> PyResult {
    if spec.is_empty() {
        return vm.str(object).map(Object::from);
    }
    let spec = Spec::parse(vm, spec, object, Align::Right)?;
    let code = spec.code.and_then(char::from_u32);
    if spec.code.is_some() && !matches!(code, Some('e' | 'E' | 'f' | 'F' | 'g' | 'G' | 'n')) {
        return Err(spec.unknown_code(vm));
    }
    if spec.fill == Some(0x30) {
        return Err(vm.value_error("Zero padding is not allowed in complex format specifier"));
    }
    if spec.align == Some(Align::AfterSign) {
        return Err(vm.value_error("'=' alignment flag is not allowed in complex format specifier"));
    }
    spec::check_size(vm, spec.width.unwrap_or(0))?;
    spec::check_precision(vm, spec.precision)?;
    let style = float::Style { alternate: spec.alternate, add_dot_zero: false, no_negative_zero: spec.no_negative_zero };
    let plain = code.is_none();
    let (letter, precision) = match (code, spec.precision) {
        (None, None) => ('r', 0),
        (None | Some('n'), precision) => ('g', precision.unwrap_or(6)),
        (Some(code), precision) => (code, precision.unwrap_or(6)),
    };
    let skip_real = plain && real == 0.0 && real.is_sign_positive();
    let locale = code.and_then(|code| locale_for(&spec, code));
    let bare = spec.without_padding();
    let mut body = StrBuilder::new();
    if plain && !skip_real {
        body.push_char('(');
    }
    if !skip_real {
        number::Parts::of_float(&float::format(real, letter, precision, style)).write(&bare, locale.as_ref(), &mut body);
    }
    let imaginary_spec = Spec { sign: if skip_real { bare.sign } else { Some(Sign::Plus) }, ..bare };
    number::Parts::of_float(&float::format(imaginary, letter, precision, style)).write(&imaginary_spec, locale.as_ref(), &mut body);
    body.push_char('j');
    if plain && !skip_real {
        body.push_char(')');
    }
    let mut out = StrBuilder::new();
    spec.pad(&mut out, body.len(), Align::Right, |out| out.push_data(body.data()));
    Ok(out.finish(vm).into_object())
}

#[cfg(test)]
mod tests;
