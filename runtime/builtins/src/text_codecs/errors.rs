//! What happens where text cannot be encoded or bytes cannot be decoded.

use object::bytes::Bytes;
use object::exception;
use object::str::{Str, StrBuilder};
use object::tuple::Tuple;
use object::vm::{PyResult, Raised, Vm, hooks};
use object::{Object, Ref, RefOf};
use std::borrow::Cow;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Strict,
    Ignore,
    Replace,
    BackslashReplace,
    XmlCharRefReplace,
    NameReplace,
    SurrogateEscape,
    SurrogatePass,
    Registered,
}

/// The `errors` argument of an encoder or decoder.
#[derive(Clone)]
pub struct Errors<'a> {
    kind: Kind,
    name: &'a str,
    /// A registered handler, once it was looked up.
    handler: Option<Object>,
}

impl<'a> Errors<'a> {
    pub fn new(name: Option<&'a str>) -> Errors<'a> {
        let name = name.unwrap_or("strict");
        let kind = match name {
            "strict" => Kind::Strict,
            "ignore" => Kind::Ignore,
            "replace" => Kind::Replace,
            "backslashreplace" => Kind::BackslashReplace,
            "xmlcharrefreplace" => Kind::XmlCharRefReplace,
            "namereplace" => Kind::NameReplace,
            "surrogateescape" => Kind::SurrogateEscape,
            "surrogatepass" => Kind::SurrogatePass,
            _ => Kind::Registered,
        };
        Errors { kind, name, handler: None }
    }

    pub const STRICT: Errors<'static> = Errors { kind: Kind::Strict, name: "strict", handler: None };

    fn handler(&mut self, vm: &mut Vm) -> PyResult {
        if let Some(handler) = &self.handler {
            return Ok(handler.clone());
        }
        let found = match super::hooks().lookup_error {
            Some(lookup) => lookup(vm, self.name)?,
            None => return Err(vm.raise(&exception::LOOKUP_ERROR, format!("unknown error handler name '{}'", self.name))),
        };
        self.handler = Some(found.clone());
        Ok(found)
    }
}

/// What stands in for characters that cannot be encoded.
pub enum Replacement {
    /// Characters, which the encoding must have.
    Text(Vec<u32>),
    /// Bytes of the result.
    Bytes(Vec<u8>),
}

/// An encoder at work.
pub struct Encoding<'a> {
    /// As error messages show it.
    pub name: &'a str,
    pub string: RefOf<'a, Str>,
    pub errors: Errors<'a>,
    pub out: Vec<u8>,
}

/// A new `UnicodeEncodeError`.
pub fn encode_error(vm: &mut Vm, encoding: &str, string: Ref<'_>, start: usize, end: usize, reason: &str) -> Object {
    unicode_error(vm, &exception::UNICODE_ENCODE_ERROR, encoding, string.to_owned(), start, end, reason)
}

/// A new `UnicodeDecodeError`.
pub fn decode_error(vm: &mut Vm, encoding: &str, data: &[u8], start: usize, end: usize, reason: &str) -> Object {
    let data = vm.new_bytes(data).into_object();
    unicode_error(vm, &exception::UNICODE_DECODE_ERROR, encoding, data, start, end, reason)
}

fn unicode_error(vm: &mut Vm, class: &'static object::Type, encoding: &str, object: Object, start: usize, end: usize, reason: &str) -> Object {
    let values = [
        vm.new_str(encoding).into_object(),
        object,
        Object::small_int(start as i64),
        Object::small_int(end as i64),
        vm.new_str(reason).into_object(),
    ];
    let error = exception::new(vm, class, values.to_vec());
    for (name, value) in ["encoding", "object", "start", "end", "reason"].into_iter().zip(values) {
        exception::set_field(vm, error.borrow(), name, Some(value));
    }
    error
}

/// `\xNN`, `\uNNNN` or `\UNNNNNNNN`.
pub fn push_backslash_escape(code_point: u32, push: &mut impl FnMut(&str)) {
    push(&match code_point {
        0..=0xFF => format!("\\x{code_point:02x}"),
        0x100..=0xFFFF => format!("\\u{code_point:04x}"),
        _ => format!("\\U{code_point:08x}"),
    });
}

impl<'a> Encoding<'a> {
    pub fn new(name: &'a str, string: RefOf<'a, Str>, errors: Errors<'a>) -> Encoding<'a> {
        Encoding { name, string, errors, out: Vec::with_capacity(string.len() + 8) }
    }

    /// Encodes all characters by `unit`, which returns `false` for one it does not have; `reason`
    /// says why. `together`: whether a run of such characters is one error.
    pub fn run(mut self, vm: &mut Vm, reason: &str, together: bool, unit: impl Fn(u32, &mut Vec<u8>) -> bool) -> PyResult<Vec<u8>> {
        let data = self.string.get().data();
        let mut position = 0;
        while position < data.len() {
            if unit(data.at(position), &mut self.out) {
                position += 1;
                continue;
            }
            let mut end = position + 1;
            let written = self.out.len();
            while together && end < data.len() && !unit(data.at(end), &mut self.out) {
                end += 1;
            }
            self.out.truncate(written);
            position = self.replace(vm, position, end, reason, &unit)?;
        }
        Ok(self.out)
    }

    fn replace(&mut self, vm: &mut Vm, start: usize, end: usize, reason: &str, unit: &impl Fn(u32, &mut Vec<u8>) -> bool) -> PyResult<usize> {
        let (replacement, next) = self.replacement(vm, start, end, reason)?;
        match replacement {
            Replacement::Bytes(bytes) => {
                let width = if self.name.starts_with("utf-16") {
                    2
                } else if self.name.starts_with("utf-32") {
                    4
                } else {
                    1
                };
                if bytes.len() % width != 0 {
                    return Err(self.strict(vm, start, end, reason));
                }
                self.out.extend_from_slice(&bytes);
            }
            Replacement::Text(text) => {
                // The encodings of Unicode take no replacement but ASCII.
                let is_unicode = self.name.starts_with("utf-");
                for code_point in text {
                    if (is_unicode && code_point >= 0x80) || !unit(code_point, &mut self.out) {
                        return Err(self.strict(vm, start, end, reason));
                    }
                }
            }
        }
        Ok(next)
    }

    /// Raises the error.
    pub fn strict(&self, vm: &mut Vm, start: usize, end: usize, reason: &str) -> Raised {
        let error = encode_error(vm, self.name, self.string.object(), start, end, reason);
        vm.raise_object(error)
    }

    /// What to write for the characters from `start` to `end`, and where to go on.
    pub fn replacement(&mut self, vm: &mut Vm, start: usize, end: usize, reason: &str) -> PyResult<(Replacement, usize)> {
        let part = self.string.get().data().slice(start, end);
        let escaped = |each: &dyn Fn(u32, &mut String)| {
            let mut text = String::new();
            part.code_points().for_each(|code_point| each(code_point, &mut text));
            Ok((Replacement::Text(text.chars().map(u32::from).collect()), end))
        };
        match self.errors.kind {
            Kind::Strict => Err(self.strict(vm, start, end, reason)),
            Kind::Ignore => Ok((Replacement::Text(Vec::new()), end)),
            Kind::Replace => Ok((Replacement::Text(vec![u32::from('?'); end - start]), end)),
            Kind::BackslashReplace => escaped(&|code_point, text| push_backslash_escape(code_point, &mut |piece| text.push_str(piece))),
            Kind::XmlCharRefReplace => escaped(&|code_point, text| text.push_str(&format!("&#{code_point};"))),
            Kind::NameReplace => {
                // CPython asks the module for the names, and so programs find it imported.
                if hooks().import.is_some() {
                    vm.import("unicodedata")?;
                }
                escaped(&|code_point, text| match char::from_u32(code_point).and_then(unicode_names2::name) {
                    Some(name) => text.push_str(&format!("\\N{{{name}}}")),
                    None => push_backslash_escape(code_point, &mut |piece| text.push_str(piece)),
                })
            }
            Kind::SurrogateEscape => {
                let bytes: Vec<u8> =
                    part.code_points().map_while(|code_point| (0xDC80..=0xDCFF).contains(&code_point).then_some(code_point as u8)).collect();
                if bytes.is_empty() {
                    return Err(self.strict(vm, start, end, reason));
                }
                let next = start + bytes.len();
                Ok((Replacement::Bytes(bytes), next))
            }
            Kind::SurrogatePass => match self.surrogates(start, end) {
                Some(bytes) => Ok((Replacement::Bytes(bytes), end)),
                None => Err(self.strict(vm, start, end, reason)),
            },
            Kind::Registered => self.ask(vm, start, end, reason),
        }
    }

    /// Surrogates as the encodings of Unicode would write them.
    fn surrogates(&self, start: usize, end: usize) -> Option<Vec<u8>> {
        let transformation = Transformation::of(self.name)?;
        let mut bytes = Vec::new();
        for code_point in self.string.get().data().slice(start, end).code_points() {
            if !(0xD800..0xE000).contains(&code_point) {
                return None;
            }
            transformation.write(code_point, &mut bytes);
        }
        Some(bytes)
    }

    fn ask(&mut self, vm: &mut Vm, start: usize, end: usize, reason: &str) -> PyResult<(Replacement, usize)> {
        let handler = self.errors.handler(vm)?;
        let error = encode_error(vm, self.name, self.string.object(), start, end, reason);
        let answer = vm.call(handler.borrow(), &[error.borrow()])?;
        let parts = answer.borrow().downcast::<Tuple>();
        let Some(&[replacement, position]) = parts.as_ref().map(|tuple| tuple.items()) else {
            return Err(vm.type_error("encoding error handler must return (str/bytes, int) tuple"));
        };
        let replacement = if let Some(text) = replacement.downcast::<Str>() {
            Replacement::Text(text.code_points().collect())
        } else if let Some(bytes) = replacement.downcast::<Bytes>() {
            Replacement::Bytes(bytes.data().to_vec())
        } else {
            return Err(vm.type_error("encoding error handler must return (str/bytes, int) tuple"));
        };
        let next = position_from_handler(vm, position, self.string.len(), "encoding error handler must return (str/bytes, int) tuple")?;
        Ok((replacement, next))
    }
}

fn position_from_handler(vm: &mut Vm, position: Ref<'_>, len: usize, message: &str) -> PyResult<usize> {
    if !object::int::is_int(position) {
        return Err(vm.type_error(message));
    }
    let position = vm.index_isize(position)?;
    let wanted = if position < 0 { position + len as isize } else { position };
    match usize::try_from(wanted) {
        Ok(wanted) if wanted <= len => Ok(wanted),
        _ => Err(vm.raise(&object::exception::INDEX_ERROR, format!("position {position} from error handler out of bounds"))),
    }
}

/// The encodings `surrogatepass` works with.
#[derive(Clone, Copy)]
enum Transformation {
    Utf8,
    Utf16 { little: bool },
    Utf32 { little: bool },
}

impl Transformation {
    fn of(name: &str) -> Option<Transformation> {
        let name = name.to_ascii_lowercase().replace('_', "-");
        let rest = name.strip_prefix("utf")?;
        let rest = rest.strip_prefix('-').unwrap_or(rest);
        let native = cfg!(target_endian = "little");
        let order = |rest: &str| match rest {
            "" => Some(native),
            "le" | "-le" => Some(true),
            "be" | "-be" => Some(false),
            _ => None,
        };
        if rest == "8" {
            return Some(Transformation::Utf8);
        }
        if let Some(rest) = rest.strip_prefix("16") {
            return order(rest).map(|little| Transformation::Utf16 { little });
        }
        order(rest.strip_prefix("32")?).map(|little| Transformation::Utf32 { little })
    }

    fn write(self, code_point: u32, out: &mut Vec<u8>) {
        match self {
            Transformation::Utf8 => {
                out.extend_from_slice(&[0xE0 | (code_point >> 12) as u8, 0x80 | (code_point >> 6 & 0x3F) as u8, 0x80 | (code_point & 0x3F) as u8])
            }
            Transformation::Utf16 { little: true } => out.extend_from_slice(&(code_point as u16).to_le_bytes()),
            Transformation::Utf16 { little: false } => out.extend_from_slice(&(code_point as u16).to_be_bytes()),
            Transformation::Utf32 { little: true } => out.extend_from_slice(&code_point.to_le_bytes()),
            Transformation::Utf32 { little: false } => out.extend_from_slice(&code_point.to_be_bytes()),
        }
    }

    /// The surrogate at the start of `bytes`, and how long it is.
    fn read(self, bytes: &[u8]) -> Option<(u32, usize)> {
        let (code_point, len) = match self {
            Transformation::Utf8 => match *bytes.first_chunk::<3>()? {
                [first @ 0xE0..=0xEF, second @ 0x80..=0xBF, third @ 0x80..=0xBF] => {
                    (u32::from(first & 0xF) << 12 | u32::from(second & 0x3F) << 6 | u32::from(third & 0x3F), 3)
                }
                _ => return None,
            },
            Transformation::Utf16 { little } => {
                let unit = *bytes.first_chunk::<2>()?;
                (u32::from(if little { u16::from_le_bytes(unit) } else { u16::from_be_bytes(unit) }), 2)
            }
            Transformation::Utf32 { little } => {
                let unit = *bytes.first_chunk::<4>()?;
                (if little { u32::from_le_bytes(unit) } else { u32::from_be_bytes(unit) }, 4)
            }
        };
        (0xD800..0xE000).contains(&code_point).then_some((code_point, len))
    }
}

/// A decoder at work.
pub struct Decoding<'a> {
    /// As error messages show it.
    pub name: &'a str,
    /// The input; an error handler may exchange it.
    pub data: Cow<'a, [u8]>,
    pub errors: Errors<'a>,
    pub out: StrBuilder,
}

impl<'a> Decoding<'a> {
    pub fn new(name: &'a str, data: &'a [u8], errors: Errors<'a>) -> Decoding<'a> {
        Decoding { name, data: Cow::Borrowed(data), errors, out: StrBuilder::with_capacity(data.len()) }
    }

    /// Raises the error.
    pub fn strict(&self, vm: &mut Vm, start: usize, end: usize, reason: &str) -> Raised {
        let error = decode_error(vm, self.name, &self.data, start, end, reason);
        vm.raise_object(error)
    }

    /// Writes what stands for the bytes from `start` to `end`; returns where to go on.
    pub fn replace(&mut self, vm: &mut Vm, start: usize, end: usize, reason: &str) -> PyResult<usize> {
        match self.errors.kind {
            Kind::Ignore => Ok(end),
            Kind::Replace => {
                self.out.push(0xFFFD);
                Ok(end)
            }
            Kind::BackslashReplace => {
                for &byte in &self.data[start..end] {
                    self.out.push_str(&format!("\\x{byte:02x}"));
                }
                Ok(end)
            }
            Kind::SurrogateEscape => {
                let escaped = self.data[start..end].iter().take(4).take_while(|&&byte| byte >= 0x80).count();
                if escaped == 0 {
                    return Err(self.strict(vm, start, end, reason));
                }
                for &byte in &self.data[start..start + escaped] {
                    self.out.push(0xDC00 + u32::from(byte));
                }
                Ok(start + escaped)
            }
            Kind::SurrogatePass => {
                let found = Transformation::of(self.name).and_then(|transformation| transformation.read(&self.data[start..]));
                match found {
                    Some((code_point, len)) => {
                        self.out.push(code_point);
                        Ok(start + len)
                    }
                    None => Err(self.strict(vm, start, end, reason)),
                }
            }
            Kind::Strict => Err(self.strict(vm, start, end, reason)),
            Kind::XmlCharRefReplace | Kind::NameReplace => Err(vm.type_error("don't know how to handle UnicodeDecodeError in error callback")),
            Kind::Registered => self.ask(vm, start, end, reason),
        }
    }

    fn ask(&mut self, vm: &mut Vm, start: usize, end: usize, reason: &str) -> PyResult<usize> {
        const MESSAGE: &str = "decoding error handler must return (str, int) tuple";
        let handler = self.errors.handler(vm)?;
        let error = decode_error(vm, self.name, &self.data, start, end, reason);
        let answer = vm.call(handler.borrow(), &[error.borrow()])?;
        let parts = answer.borrow().downcast::<Tuple>();
        let Some(&[replacement, position]) = parts.as_ref().map(|tuple| tuple.items()) else {
            return Err(vm.type_error(MESSAGE));
        };
        let Some(text) = replacement.downcast::<Str>() else {
            return Err(vm.type_error(MESSAGE));
        };
        self.take_data(vm, error.borrow())?;
        let next = position_from_handler(vm, position, self.data.len(), MESSAGE)?;
        self.out.push_object(&text);
        Ok(next)
    }

    /// Goes on with the bytes the handler left in the exception.
    fn take_data(&mut self, vm: &mut Vm, error: Ref<'_>) -> PyResult<()> {
        let object = exception::field(error, "object");
        match object.as_ref().and_then(|object| object.borrow().downcast::<Bytes>()) {
            Some(bytes) if bytes.data() == &*self.data => Ok(()),
            Some(bytes) => {
                self.data = Cow::Owned(bytes.data().to_vec());
                Ok(())
            }
            None => Err(vm.type_error("object attribute must be bytes")),
        }
    }
}

/// `codecs.strict_errors` and the other handlers as functions of an exception: the replacement and
/// the position.
pub fn handle(vm: &mut Vm, name: &str, error: Ref<'_>) -> PyResult {
    let errors = Errors::new(Some(name));
    let range = |vm: &mut Vm, len: usize| -> PyResult<(usize, usize)> {
        let number = |vm: &mut Vm, field: &str| match exception::field(error, field) {
            Some(value) => vm.index_isize(value.borrow()),
            None => Ok(0),
        };
        let start = number(vm, "start")?.clamp(0, len.saturating_sub(1) as isize) as usize;
        let end = number(vm, "end")?.clamp(len.min(1) as isize, len as isize) as usize;
        Ok((start.min(end), end))
    };
    if errors.kind == Kind::Strict {
        return Err(vm.raise_object(error.to_owned()));
    }
    let text_of = |field: &str| {
        exception::field(error, field)
            .and_then(|value| value.borrow().downcast::<Str>().map(|text| text.to_string_lossy().into_owned()))
            .unwrap_or_default()
    };
    let (encoding, reason) = (text_of("encoding"), text_of("reason"));
    let object = exception::field(error, "object").unwrap_or(Object::none());
    if error.is_instance_of(&exception::UNICODE_DECODE_ERROR)
        && let Some(bytes) = object.borrow().downcast::<Bytes>()
    {
        let (start, end) = range(vm, bytes.len())?;
        let mut decoding = Decoding::new(&encoding, bytes.data(), errors);
        let next = match decoding.replace(vm, start, end, &reason) {
            Ok(next) => next,
            Err(raised) => return Err(same_error(vm, raised, error)),
        };
        let text = decoding.out.finish(vm).into_object();
        return Ok(vm.new_tuple([text, Object::small_int(next as i64)]).into_object());
    }
    let is_encode = error.is_instance_of(&exception::UNICODE_ENCODE_ERROR);
    let is_translate = error.is_instance_of(&exception::UNICODE_TRANSLATE_ERROR);
    let translates = matches!(errors.kind, Kind::Ignore | Kind::Replace | Kind::BackslashReplace);
    if (is_encode || (is_translate && translates))
        && let Some(string) = object.borrow().downcast::<Str>()
    {
        let (start, end) = range(vm, string.len())?;
        if is_translate && errors.kind == Kind::Replace {
            let text = vm.new_str_from_code_points(&vec![0xFFFD; end - start]).into_object();
            return Ok(vm.new_tuple([text, Object::small_int(end as i64)]).into_object());
        }
        let mut encoder = Encoding::new(&encoding, string, errors);
        let (replacement, next) = match encoder.replacement(vm, start, end, &reason) {
            Ok((_, next)) if next < end => return Err(vm.raise_object(error.to_owned())),
            Ok(found) => found,
            Err(raised) => return Err(same_error(vm, raised, error)),
        };
        let value = match replacement {
            Replacement::Text(text) => vm.new_str_from_code_points(&text).into_object(),
            Replacement::Bytes(bytes) => vm.new_bytes(&bytes).into_object(),
        };
        return Ok(vm.new_tuple([value, Object::small_int(next as i64)]).into_object());
    }
    let message = format!("don't know how to handle {} in error callback", error.class().full_name());
    Err(vm.type_error(message))
}

/// Raises the caller's exception rather than one made of its parts.
fn same_error(vm: &mut Vm, raised: Raised, error: Ref<'_>) -> Raised {
    match vm.catch_if(raised, &exception::UNICODE_ERROR) {
        Ok(_) => vm.raise_object(error.to_owned()),
        Err(raised) => raised,
    }
}
