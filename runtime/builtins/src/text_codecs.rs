//! The text encodings that are built in, and error handlers.
//!
//! `str.encode` and `bytes.decode` come here. Encodings that are not built in, and error handlers
//! that Python code registered, are found through [`Hooks`], which the `_codecs` module sets.
//!
//! An encoder appends to a vector of bytes, a decoder to a [`StrBuilder`]; where one of them cannot
//! go on it asks [`errors`] for a replacement and the position to go on from.

pub mod charmap;
pub mod errors;
pub mod escapes;
pub mod narrow;
pub mod utf16;
pub mod utf32;
pub mod utf7;
pub mod utf8;

use object::bytes::{Buffer, Bytes};
use object::str::Str;
use object::vm::{PyResult, Vm};
use object::{Object, ObjectOf, Ref, RefOf};
use std::borrow::Cow;
use std::sync::atomic::{AtomicBool, Ordering};

pub use errors::{Decoding, Encoding, Errors};

/// What the `_codecs` module adds.
#[derive(Default, Clone, Copy)]
pub struct Hooks {
    /// The registered error handler of this name, or `LookupError`.
    pub lookup_error: Option<fn(&mut Vm, &str) -> PyResult>,
    /// `codecs.encode(object, encoding, errors)`; text encodings only.
    pub encode: Option<fn(&mut Vm, Ref<'_>, &str, Option<&str>) -> PyResult>,
    /// `codecs.decode(object, encoding, errors)`; text encodings only.
    pub decode: Option<fn(&mut Vm, Ref<'_>, &str, Option<&str>) -> PyResult>,
}

static HOOKS: std::sync::RwLock<Hooks> = std::sync::RwLock::new(Hooks { lookup_error: None, encode: None, decode: None });

/// Whether names of error handlers are checked even where none is needed, as `-X dev` asks for.
static CHECKS_ERRORS: AtomicBool = AtomicBool::new(false);

/// Sets whether names of error handlers are always checked; at start-up.
pub fn set_dev_mode(is_on: bool) {
    CHECKS_ERRORS.store(is_on, Ordering::Relaxed);
}

fn check_errors(vm: &mut Vm, errors: Option<&str>) -> PyResult<()> {
    match (errors, hooks().lookup_error) {
        (Some(name), Some(lookup)) if name != "strict" && CHECKS_ERRORS.load(Ordering::Relaxed) => lookup(vm, name).map(drop),
        _ => Ok(()),
    }
}

/// The hooks that are set.
pub fn hooks() -> Hooks {
    HOOKS.read().map(|hooks| *hooks).unwrap_or_default()
}

/// Sets the hooks; at start-up.
pub fn set_hooks(hooks: Hooks) {
    if let Ok(mut place) = HOOKS.write() {
        *place = hooks;
    }
}

/// An encoding that is built in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BuiltIn {
    Utf8,
    Utf16,
    Utf16Le,
    Utf16Be,
    Utf32,
    Utf32Le,
    Utf32Be,
    Latin1,
    Ascii,
}

/// The built-in encoding of this name, in any of its spellings that need no registry.
pub fn built_in(name: &str) -> Option<BuiltIn> {
    match name {
        "utf-8" | "utf8" => return Some(BuiltIn::Utf8),
        "ascii" => return Some(BuiltIn::Ascii),
        "latin-1" | "latin1" => return Some(BuiltIn::Latin1),
        _ => {}
    }
    if name.len() > 16 {
        return None;
    }
    let name: String = name.chars().map(|character| if matches!(character, '-' | ' ') { '_' } else { character.to_ascii_lowercase() }).collect();
    Some(match name.as_str() {
        "utf_8" | "utf8" => BuiltIn::Utf8,
        "utf_16" | "utf16" => BuiltIn::Utf16,
        "utf_16_le" => BuiltIn::Utf16Le,
        "utf_16_be" => BuiltIn::Utf16Be,
        "utf_32" | "utf32" => BuiltIn::Utf32,
        "utf_32_le" => BuiltIn::Utf32Le,
        "utf_32_be" => BuiltIn::Utf32Be,
        "latin_1" | "latin1" | "iso_8859_1" | "iso8859_1" => BuiltIn::Latin1,
        "ascii" | "us_ascii" => BuiltIn::Ascii,
        _ => return None,
    })
}

/// The byte order of an encoding of units of several bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The machine's; written with a mark, read from the mark if there is one.
    Marked,
    Little,
    Big,
}

impl Order {
    /// As the `_codecs` functions count: negative little, positive big.
    pub fn from_number(number: i64) -> Order {
        match number {
            0 => Order::Marked,
            ..0 => Order::Little,
            _ => Order::Big,
        }
    }

    pub fn number(self) -> i64 {
        match self {
            Order::Marked => 0,
            Order::Little => -1,
            Order::Big => 1,
        }
    }

    fn is_little(self) -> bool {
        match self {
            Order::Marked => cfg!(target_endian = "little"),
            Order::Little => true,
            Order::Big => false,
        }
    }
}

/// `string.encode(encoding, errors)`
pub fn encode(vm: &mut Vm, string: RefOf<'_, Str>, encoding: Option<&str>, errors: Option<&str>) -> PyResult {
    check_errors(vm, errors)?;
    let name = encoding.unwrap_or("utf-8");
    if let Some(encoding) = built_in(name) {
        let errors = Errors::new(errors);
        let bytes = match encoding {
            BuiltIn::Utf8 => return utf8::encode_object(vm, string, errors).map(Object::from),
            BuiltIn::Latin1 => return narrow::encode_object(vm, string, errors, narrow::Narrow::Latin1).map(Object::from),
            BuiltIn::Ascii => return narrow::encode_object(vm, string, errors, narrow::Narrow::Ascii).map(Object::from),
            BuiltIn::Utf16 => utf16::encode(vm, string, errors, Order::Marked)?,
            BuiltIn::Utf16Le => utf16::encode(vm, string, errors, Order::Little)?,
            BuiltIn::Utf16Be => utf16::encode(vm, string, errors, Order::Big)?,
            BuiltIn::Utf32 => utf32::encode(vm, string, errors, Order::Marked)?,
            BuiltIn::Utf32Le => utf32::encode(vm, string, errors, Order::Little)?,
            BuiltIn::Utf32Be => utf32::encode(vm, string, errors, Order::Big)?,
        };
        return Ok(vm.new_bytes(&bytes).into_object());
    }
    let Some(hook) = hooks().encode else {
        return Err(unknown_encoding(vm, name));
    };
    let encoded = hook(vm, string.object(), name, errors)?;
    if encoded.borrow().downcast::<Bytes>().is_some() {
        return Ok(encoded);
    }
    if let Some(array) = encoded.borrow().downcast::<object::bytes::ByteArray>() {
        let data = array.data(vm).to_vec();
        return Ok(vm.new_bytes(&data).into_object());
    }
    let message = format!(
        "'{name}' encoder returned '{}' instead of 'bytes'; use codecs.encode() to encode to arbitrary types",
        encoded.borrow().class().full_name()
    );
    Err(vm.type_error(message))
}

fn unknown_encoding(vm: &mut Vm, name: &str) -> object::Raised {
    vm.raise(&object::exception::LOOKUP_ERROR, format!("unknown encoding: {name}"))
}

/// `object.decode(encoding, errors)` for a bytes-like object.
pub fn decode(vm: &mut Vm, object: Ref<'_>, buffer: &Buffer, encoding: Option<&str>, errors: Option<&str>) -> PyResult {
    check_errors(vm, errors)?;
    let name = encoding.unwrap_or("utf-8");
    if let Some(encoding) = built_in(name) {
        let data = stable(vm, buffer);
        return decode_built_in(vm, &data, encoding, errors);
    }
    let Some(hook) = hooks().decode else {
        return Err(unknown_encoding(vm, name));
    };
    let decoded = if object.downcast::<Bytes>().is_some() {
        hook(vm, object, name, errors)?
    } else {
        let bytes = vm.new_bytes(&stable(vm, buffer)).into_object();
        hook(vm, bytes.borrow(), name, errors)?
    };
    if decoded.borrow().downcast::<Str>().is_some() {
        return Ok(decoded);
    }
    let message = format!(
        "'{name}' decoder returned '{}' instead of 'str'; use codecs.decode() to decode to arbitrary types",
        decoded.borrow().class().full_name()
    );
    Err(vm.type_error(message))
}

fn decode_built_in(vm: &mut Vm, data: &[u8], encoding: BuiltIn, errors: Option<&str>) -> PyResult {
    let errors = Errors::new(errors);
    let string = match encoding {
        BuiltIn::Utf8 => utf8::decode(vm, data, errors, true)?.0,
        BuiltIn::Latin1 => vm.new_str_latin1(data),
        BuiltIn::Ascii => narrow::decode_ascii(vm, data, errors)?,
        BuiltIn::Utf16 => utf16::decode(vm, data, errors, Order::Marked, true)?.text,
        BuiltIn::Utf16Le => utf16::decode(vm, data, errors, Order::Little, true)?.text,
        BuiltIn::Utf16Be => utf16::decode(vm, data, errors, Order::Big, true)?.text,
        BuiltIn::Utf32 => utf32::decode(vm, data, errors, Order::Marked, true)?.text,
        BuiltIn::Utf32Le => utf32::decode(vm, data, errors, Order::Little, true)?.text,
        BuiltIn::Utf32Be => utf32::decode(vm, data, errors, Order::Big, true)?.text,
    };
    Ok(string.into_object())
}

/// The result of a decoder that reads a byte order mark and may leave an incomplete end.
pub struct Decoded {
    pub text: ObjectOf<Str>,
    pub consumed: usize,
    pub order: Order,
}

/// The bytes of a buffer in a form that can be held while Python runs: those of a `bytes` object
/// never change, others are copied.
pub fn stable<'a>(vm: &Vm, buffer: &'a Buffer) -> Cow<'a, [u8]> {
    match buffer.owner().downcast::<Bytes>() {
        Some(bytes) if buffer.len() == bytes.len() && buffer.layout().is_none() => Cow::Borrowed(RefOf::get(bytes).data()),
        _ => Cow::Owned(buffer.bytes(vm).to_vec()),
    }
}

#[cfg(test)]
mod tests;
