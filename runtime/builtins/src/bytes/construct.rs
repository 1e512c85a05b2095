//! Constructors: `bytes(...)`, `bytearray(...)`, `fromhex`, and decoding.

use super::common::byte_or;
use crate::str::args::optional_text;
use crate::text_codecs;
use object::bytes::{BYTES, ByteArray, Bytes};
use object::exception;
use object::list::List;
use object::names;
use object::str::Str;
use object::tuple::Tuple;
use object::vm::{PyResult, Vm};
use object::{Args, Object, Ref, RefOf, Type};

const SIGNATURE: &str = "(source=b'', encoding='utf-8', errors='strict')";

/// What `value.__bytes__()` returns, if there is such a method.
pub fn from_dunder_bytes(vm: &mut Vm, value: Ref<'_>) -> PyResult<Option<Object>> {
    let Some(method) = vm.lookup_special(value, names::__bytes__())? else {
        return Ok(None);
    };
    let result = vm.call(method.borrow(), &[])?;
    if result.borrow().downcast::<Bytes>().is_none() {
        let message = format!("__bytes__ returned non-bytes (type {})", result.borrow().class().full_name());
        return Err(vm.type_error(message));
    }
    Ok(Some(result))
}

/// The arguments of a constructor: the source, if any, and its text encoded, if it was text.
enum Source {
    Nothing,
    Encoded(Object),
    Value(Object),
}

fn source(vm: &mut Vm, name: &'static str, arguments: Args<'_>) -> PyResult<Source> {
    let mut bound = [None, None, None];
    object::call::bind_args(vm, name, SIGNATURE, arguments, &mut bound)?;
    let [value, encoding, errors] = bound;
    let has_encoding = encoding.is_some();
    let encoding = optional_text(vm, name, "encoding", encoding.as_ref().map(Object::borrow))?;
    let errors = optional_text(vm, name, "errors", errors.as_ref().map(Object::borrow))?;
    let text = value.as_ref().and_then(|value| value.borrow().downcast::<Str>());
    if let Some(text) = text {
        // `bytes` asks a string's `__bytes__` first.
        if let (false, None, "bytes", Some(value)) = (has_encoding, &errors, name, &value) {
            return Ok(Source::Value(value.clone()));
        }
        if !has_encoding {
            return Err(vm.type_error("string argument without an encoding"));
        }
        return text_codecs::encode(vm, text, encoding.as_deref(), errors.as_deref()).map(Source::Encoded);
    }
    if has_encoding {
        return Err(vm.type_error("encoding without a string argument"));
    }
    if errors.is_some() {
        return Err(vm.type_error("errors without a string argument"));
    }
    Ok(value.map_or(Source::Nothing, Source::Value))
}

/// So many bytes there is always room for.
const MANY: i64 = 1 << 16;

/// A count of zero bytes, if `value` is a number.
fn count(vm: &mut Vm, value: Ref<'_>) -> PyResult<Option<usize>> {
    if !object::int::is_int(value) && value.class().slots().index.is_none() {
        return Ok(None);
    }
    let result = vm.index_isize(value);
    match vm.ignore(result, &exception::TYPE_ERROR)? {
        None => Ok(None),
        Some(count) => match usize::try_from(count) {
            Ok(count) => {
                crate::format::spec::check_size(vm, count)?;
                Ok(Some(count))
            }
            Err(_) => Err(vm.value_error("negative count")),
        },
    }
}

pub(super) fn new_bytes(vm: &mut Vm, class: RefOf<'_, Type>, arguments: Args<'_>) -> PyResult {
    let is_exact = std::ptr::eq(class.get(), &BYTES);
    if is_exact && let ([value], false) = (arguments.positionals(), arguments.has_keywords()) {
        if value.is_exactly(&BYTES) {
            return Ok((*value).to_owned());
        }
        if let Some(array) = value.downcast_exact::<ByteArray>() {
            return Ok(vm.new_bytes(array.data(vm)).into_object());
        }
        if let Some(count @ 0..=MANY) = value.as_small_int() {
            return Ok(vm.new_bytes_with(count as usize, |_| {}).into_object());
        }
    }
    let value = match source(vm, "bytes", arguments)? {
        Source::Nothing => return Ok(vm.new_bytes_in(class.get(), &[])),
        Source::Encoded(bytes) if is_exact => return Ok(bytes),
        Source::Encoded(bytes) => return Ok(vm.new_bytes_in(class.get(), object::bytes::as_bytes(bytes.borrow()).unwrap_or(&[]))),
        Source::Value(value) => value,
    };
    let value = value.borrow();
    if is_exact && value.is_exactly(&BYTES) {
        return Ok(value.to_owned());
    }
    if let Some(bytes) = from_dunder_bytes(vm, value)? {
        if is_exact {
            return Ok(bytes);
        }
        return Ok(vm.new_bytes_in(class.get(), object::bytes::as_bytes(bytes.borrow()).unwrap_or(&[])));
    }
    if value.downcast::<Str>().is_some() {
        return Err(vm.type_error("string argument without an encoding"));
    }
    let data = match count(vm, value)? {
        Some(count) if is_exact => return Ok(vm.new_bytes_with(count, |_| {}).into_object()),
        Some(count) => vec![0; count],
        None => from_object(vm, value, "bytes")?,
    };
    Ok(vm.new_bytes_in(class.get(), &data))
}

/// The contents of a new `bytearray`.
pub(crate) enum Contents {
    Whole(Vec<u8>),
    /// An iterator that gives them.
    Items(Object),
}

pub(crate) fn bytearray_contents(vm: &mut Vm, arguments: Args<'_>) -> PyResult<Contents> {
    let value = match source(vm, "bytearray", arguments)? {
        Source::Nothing => return Ok(Contents::Whole(Vec::new())),
        Source::Encoded(bytes) => return Ok(Contents::Whole(object::bytes::as_bytes(bytes.borrow()).unwrap_or(&[]).to_vec())),
        Source::Value(value) => value,
    };
    if let Some(count) = count(vm, value.borrow())? {
        return Ok(Contents::Whole(vec![0; count]));
    }
    let slots = value.borrow().class().slots();
    if slots.next.is_some() && !vm.has_buffer(value.borrow()) {
        return vm.iter(value.borrow()).map(Contents::Items);
    }
    from_object(vm, value.borrow(), "bytearray").map(Contents::Whole)
}

/// Bytes of a buffer or of an iterable of ints, for a constructor of `kind`.
pub fn from_object(vm: &mut Vm, value: Ref<'_>, kind: &str) -> PyResult<Vec<u8>> {
    if vm.has_buffer(value) {
        let buffer = vm.buffer_any(value, false)?.expect("an object that has buffers gave one");
        return Ok(crate::memoryview::contents(vm, &buffer));
    }
    let message = if kind == "bytes" { "bytes must be in range(0, 256)" } else { "byte must be in range(0, 256)" };
    if value.downcast::<Str>().is_none() {
        let iterator = match vm.iter(value) {
            Ok(iterator) => iterator,
            Err(raised) => {
                vm.catch_if(raised, &exception::TYPE_ERROR)?;
                return Err(vm.type_error(format!("cannot convert '{}' object to {kind}", value.class().full_name())));
            }
        };
        return from_iterator(vm, value, iterator.borrow(), message);
    }
    Err(vm.type_error(format!("cannot convert '{}' object to {kind}", value.class().full_name())))
}

/// The bytes an iterator gives; `iterable` is what it came from.
pub(crate) fn from_iterator(vm: &mut Vm, iterable: Ref<'_>, iterator: Ref<'_>, message: &str) -> PyResult<Vec<u8>> {
    let small =
        |items: &[Ref<'_>]| items.iter().map(|item| item.as_small_int().and_then(|value| u8::try_from(value).ok())).collect::<Option<Vec<u8>>>();
    let quick = if let Some(list) = iterable.downcast_exact::<List>() {
        small(Object::as_refs(list.items(vm)))
    } else if let Some(tuple) = iterable.downcast_exact::<Tuple>() {
        small(tuple.items())
    } else {
        None
    };
    if let Some(bytes) = quick {
        return Ok(bytes);
    }
    let mut out = Vec::with_capacity(vm.length_hint(iterable, 64)?.min(1 << 16));
    while let Some(item) = vm.next(iterator)? {
        out.push(byte_or(vm, item.borrow(), message)?);
    }
    Ok(out)
}

pub(crate) fn fromhex(vm: &mut Vm, class: Ref<'_>, text: Ref<'_>) -> PyResult {
    let data = super::hex::from_hex(vm, text)?;
    let Some(class_type) = class.downcast::<Type>() else {
        return Err(vm.type_error("fromhex() needs a class"));
    };
    if std::ptr::eq(class_type.get(), &object::bytes::BYTEARRAY) {
        return Ok(vm.new_bytearray(data).into_object());
    }
    let bytes = vm.new_bytes(&data).into_object();
    if std::ptr::eq(class_type.get(), &BYTES) {
        return Ok(bytes);
    }
    vm.call(class, &[bytes.borrow()])
}

pub(crate) fn decode(vm: &mut Vm, this: Ref<'_>, arguments: &[Option<Ref<'_>>]) -> PyResult {
    if let ([None, None], Some(bytes)) = (arguments, this.downcast_exact::<Bytes>())
        && bytes.data().is_ascii()
    {
        return Ok(vm.new_str_latin1(bytes.data()).into_object());
    }
    let encoding = optional_text(vm, "decode", "encoding", arguments[0])?;
    let errors = optional_text(vm, "decode", "errors", arguments[1])?;
    let buffer = vm.buffer(this)?;
    text_codecs::decode(vm, this, &buffer, encoding.as_deref(), errors.as_deref())
}
