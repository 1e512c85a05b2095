//! `complex(...)` and `complex.from_number(x)`.

use super::arithmetic::Pair;
use super::{COMPLEX, Complex, value};
use object::call::{Args, bind_args};
use object::int::digits::to_ascii;
use object::str::Str;
use object::{Method, Object, PyResult, Ref, RefOf, Type, Vm, exception, float, method};

pub(super) const FROM_NUMBER: Method = method!(
    Binary from_number "($type, number, /)",
    "Convert number to a complex floating-point number."
)
.class_method();

pub(super) fn new(vm: &mut Vm, class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    let given = args.n_positional() + args.n_keywords();
    if given > 2 {
        return Err(vm.type_error(format!("complex() takes at most 2 arguments ({given} given)")));
    }
    let mut bound = [None, None];
    bind_args(vm, "complex", "(real=0, imag=0)", args, &mut bound)?;
    let [real, imaginary] = bound;
    let value = match (&real, &imaginary) {
        (Some(object), None) if args.n_positional() == 1 => {
            let object = object.borrow();
            if object.is_exactly(&COMPLEX) && class.object().is(COMPLEX.object()) {
                return Ok(object.to_owned());
            }
            from_one(vm, object)?
        }
        _ => from_parts(vm, real.as_ref().map(Object::borrow), imaginary.as_ref().map(Object::borrow))?,
    };
    Ok(vm.allocate_in(&class, Complex { value }))
}

/// What `__complex__` returns, if there is one.
fn special(vm: &mut Vm, object: Ref<'_>) -> PyResult<Option<Pair>> {
    if object.is_exactly(&COMPLEX) {
        return Ok(value(object));
    }
    let name = object::names::__complex__();
    let Some(convert) = vm.lookup_special(object, name)? else { return Ok(None) };
    let result: Object = vm.call(convert.borrow(), &[])?;
    let found = result.borrow();
    match value(found) {
        Some(value) => {
            if !found.is_exactly(&COMPLEX) {
                let message = format!(
                    "__complex__ returned non-complex (type {}).  The ability to return an instance of a strict subclass of complex is deprecated, and may be removed in a future version of Python.",
                    found.class().full_name()
                );
                vm.warn(&exception::DEPRECATION_WARNING, &message, 1)?;
            }
            Ok(Some(value))
        }
        None => Err(vm.type_error(format!("__complex__ returned non-complex (type {})", found.class().full_name()))),
    }
}

fn is_real(object: Ref<'_>) -> bool {
    let slots = object.class().slots();
    slots.float.is_some() || slots.index.is_some()
}

fn from_one(vm: &mut Vm, object: Ref<'_>) -> PyResult<Pair> {
    if let Some(text) = object.downcast::<Str>() {
        return from_text(vm, text.get(), object);
    }
    if let Some(value) = special(vm, object)?.or_else(|| value(object)) {
        return Ok(value);
    }
    if !is_real(object) {
        let message = format!("complex() argument must be a string or a number, not {}", object.class().full_name());
        return Err(vm.type_error(message));
    }
    Ok((crate::float::construct::to_float(vm, object)?, 0.0))
}

/// One of two parts: a real number, or, deprecated, a complex one.
fn part(vm: &mut Vm, name: &str, object: Option<Ref<'_>>) -> PyResult<Pair> {
    let Some(object) = object else { return Ok((0.0, 0.0)) };
    let message = format!("complex() argument '{name}' must be a real number, not {}", object.class().full_name());
    let complex = if name == "real" { special(vm, object)?.or_else(|| value(object)) } else { value(object) };
    if let Some(value) = complex {
        vm.warn(&exception::DEPRECATION_WARNING, &message, 1)?;
        return Ok(value);
    }
    if !is_real(object) {
        return Err(vm.type_error(message));
    }
    Ok((crate::float::construct::to_float(vm, object)?, 0.0))
}

fn from_parts(vm: &mut Vm, real: Option<Ref<'_>>, imaginary: Option<Ref<'_>>) -> PyResult<Pair> {
    let a = part(vm, "real", real)?;
    let b = part(vm, "imag", imaginary)?;
    let imaginary_is_complex = imaginary.is_some_and(|object| value(object).is_some());
    let real_is_complex = real.is_some_and(|object| value(object).is_some());
    Ok((if imaginary_is_complex { a.0 - b.1 } else { a.0 }, if real_is_complex { b.0 + a.1 } else { b.0 }))
}

fn from_text(vm: &mut Vm, text: &Str, shown: Ref<'_>) -> PyResult<Pair> {
    let ascii = text.to_utf8().and_then(|text| to_ascii(&text).map(|text| text.into_owned()));
    let Some(ascii) = ascii else { return Err(vm.value_error("complex() arg is a malformed string")) };
    let Some(plain) = without_underscores(&ascii) else {
        let shown = vm.repr_text(shown)?;
        return Err(vm.value_error(format!("could not convert string to complex: {shown}")));
    };
    match parse(&plain) {
        Some(value) => Ok(value),
        None => Err(vm.value_error("complex() arg is a malformed string")),
    }
}

/// The text without underscores, which must stand between digits.
fn without_underscores(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let separates = |index: usize| index > 0 && bytes[index - 1].is_ascii_digit() && bytes.get(index + 1).is_some_and(u8::is_ascii_digit);
    let misplaced = bytes.iter().enumerate().any(|(index, &byte)| byte == b'_' && !separates(index));
    (!misplaced).then(|| text.replace('_', ""))
}

fn parse(text: &str) -> Option<Pair> {
    let trim = |text: &'_ str| -> String { text.trim_matches(|c: char| matches!(c, '\t'..='\r' | ' ')).to_owned() };
    let text = trim(text);
    let text = match text.strip_prefix('(') {
        Some(inner) => trim(inner.strip_suffix(')')?),
        None => text,
    };
    let (first, rest) = number(&text);
    match (first, rest) {
        (Some(real), "") => Some((real, 0.0)),
        (Some(imaginary), "j" | "J") => Some((0.0, imaginary)),
        (Some(real), rest) if rest.starts_with(['+', '-']) => Some((real, imaginary_part(rest)?)),
        (Some(_), _) => None,
        (None, rest) => Some((0.0, imaginary_part(rest)?)),
    }
}

/// `[+-]number j` or a bare `[+-]j`, to the end of the text.
fn imaginary_part(text: &str) -> Option<f64> {
    let (value, rest) = number(text);
    if let Some(value) = value {
        return matches!(rest, "j" | "J").then_some(value);
    }
    match text.to_ascii_lowercase().as_str() {
        "j" | "+j" => Some(1.0),
        "-j" => Some(-1.0),
        _ => None,
    }
}

/// The longest number a text starts with, and what follows it.
fn number(text: &str) -> (Option<f64>, &str) {
    let bytes = text.as_bytes();
    let digits = |mut at: usize| {
        while bytes.get(at).is_some_and(u8::is_ascii_digit) {
            at += 1;
        }
        at
    };
    let start = usize::from(matches!(bytes.first(), Some(b'+' | b'-')));
    let lower = text[start..].to_ascii_lowercase();
    for word in ["infinity", "inf", "nan"] {
        if lower.starts_with(word) {
            let end = start + word.len();
            return (float::parse_ascii(&text[..end]), &text[end..]);
        }
    }
    let whole = digits(start);
    let mut end = whole;
    if bytes.get(end) == Some(&b'.') {
        end = digits(end + 1);
    }
    if end - start == usize::from(end > whole) {
        // No digit at all, or only a point.
        return (None, text);
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = end + 1 + usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        if digits(sign) > sign {
            end = digits(sign);
        }
    }
    (float::parse_ascii(&text[..end]), &text[end..])
}

fn from_number(vm: &mut Vm, class: Ref<'_>, number: Ref<'_>) -> PyResult {
    if class.is(COMPLEX.object()) && number.is_exactly(&COMPLEX) {
        return Ok(number.to_owned());
    }
    let (real, imaginary) = to_complex(vm, number)?;
    let value = super::new_complex(vm, real, imaginary);
    if class.is(COMPLEX.object()) { Ok(value) } else { vm.call(class, &[value.borrow()]) }
}

/// Any number as a complex one: by its value, `__complex__`, or `__float__`.
pub fn to_complex(vm: &mut Vm, object: Ref<'_>) -> PyResult<Pair> {
    if let Some(value) = value(object) {
        return Ok(value);
    }
    if float::value(object).is_none()
        && let Some(value) = special(vm, object)?
    {
        return Ok(value);
    }
    Ok((vm.to_float(object)?, 0.0))
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn texts() {
        for (text, value) in [
            ("1+2j", (1.0, 2.0)),
            ("(1-2J)", (1.0, -2.0)),
            ("j", (0.0, 1.0)),
            ("-j", (0.0, -1.0)),
            ("1+j", (1.0, 1.0)),
            ("1e5j", (0.0, 1e5)),
            ("1e-5-2.5e+1j", (1e-5, -25.0)),
            ("infj", (0.0, f64::INFINITY)),
            ("1-infj", (1.0, f64::NEG_INFINITY)),
            ("+1", (1.0, 0.0)),
            (".5", (0.5, 0.0)),
            ("5.j", (0.0, 5.0)),
        ] {
            assert_eq!(parse(text), Some(value), "{text}");
        }
        for text in ["", "1+2", "(1", "1)", "j1", "1 + 2j", "1e", "+", ".", "1+2jx", "1j2", "()"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
