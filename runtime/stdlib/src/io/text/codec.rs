//! How a text stream turns bytes into text and back: natively for UTF-8, ASCII and Latin-1, and by
//! the codec's incremental encoder and decoder for all others.

use crate::os_support::*;
use builtins::text_codecs::narrow::{self, Narrow};
use builtins::text_codecs::{BuiltIn, Errors, built_in, utf8};
use object::exception;
use object::str::Str;
use object::tuple::Tuple;
use object::{Object, ObjectCell, ObjectOf, PyResult, Ref, RefOf, Visitor, Vm, VmCell};
use std::cell::Cell;

/// The encodings.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    Utf8,
    Ascii,
    Latin1,
    Other,
}

/// A stream's encoder and decoder.
pub struct Codec {
    kind: Cell<Kind>,
    errors: VmCell<String>,
    pub can_encode: Cell<bool>,
    pub can_decode: Cell<bool>,
    /// Bytes of an incomplete character, for UTF-8.
    incomplete: VmCell<Vec<u8>>,
    encoder: ObjectCell,
    decoder: ObjectCell,
}

/// What a decoder remembers: bytes it has not decoded, and flags of its own.
#[derive(Clone, Default)]
pub struct State {
    pub buffer: Vec<u8>,
    pub flags: i64,
}

impl Default for Codec {
    fn default() -> Self {
        Self::new()
    }
}

impl Codec {
    pub const fn new() -> Codec {
        Codec {
            kind: Cell::new(Kind::Utf8),
            errors: VmCell::new(String::new()),
            can_encode: Cell::new(false),
            can_decode: Cell::new(false),
            incomplete: VmCell::new(Vec::new()),
            encoder: ObjectCell::EMPTY,
            decoder: ObjectCell::EMPTY,
        }
    }

    pub fn traverse(&self, visitor: &mut Visitor<'_>) {
        self.encoder.traverse(visitor);
        self.decoder.traverse(visitor);
    }

    pub fn is_native(&self) -> bool {
        self.kind.get() != Kind::Other
    }

    /// Gets ready for an encoding; looks it up unless it is native.
    pub fn set_up(&self, vm: &mut Vm, encoding: &str, errors: &str, decodes: bool, encodes: bool) -> PyResult<()> {
        let kind = match built_in(encoding) {
            Some(BuiltIn::Utf8) => Kind::Utf8,
            Some(BuiltIn::Ascii) => Kind::Ascii,
            Some(BuiltIn::Latin1) => Kind::Latin1,
            _ => Kind::Other,
        };
        let (mut encoder, mut decoder) = (None, None);
        if kind == Kind::Other {
            let codec = crate::codecs::registry::lookup(vm, encoding)?;
            let is_text = match vm.find_attr_str(codec.borrow(), "_is_text_encoding")? {
                Some(flag) => vm.is_true(flag.borrow())?,
                None => true,
            };
            if !is_text {
                let message = format!("'{encoding}' is not a text encoding; use codecs.open() to handle arbitrary codecs");
                return Err(vm.raise(&exception::LOOKUP_ERROR, message));
            }
            let errors = vm.new_str(errors).into_object();
            if decodes {
                decoder = Some(vm.call_method(codec.borrow(), "incrementaldecoder", &[errors.borrow()])?);
            }
            if encodes {
                encoder = Some(vm.call_method(codec.borrow(), "incrementalencoder", &[errors.borrow()])?);
            }
        }
        self.kind.set(kind);
        self.errors.set(vm, errors.to_owned());
        self.can_decode.set(decodes);
        self.can_encode.set(encodes);
        self.incomplete.set(vm, Vec::new());
        self.encoder.set(encoder);
        self.decoder.set(decoder);
        Ok(())
    }

    /// Decodes bytes that follow those of the last call.
    pub fn decode(&self, vm: &mut Vm, data: Ref<'_>, bytes: &[u8], is_final: bool) -> PyResult<ObjectOf<Str>> {
        let errors = self.errors.get(vm).clone();
        match self.kind.get() {
            Kind::Latin1 => Ok(vm.new_str_latin1(bytes)),
            Kind::Ascii => narrow::decode_ascii(vm, bytes, Errors::new(Some(&errors))),
            Kind::Utf8 => {
                let mut joined = std::mem::take(self.incomplete.get_mut(vm));
                let all = if joined.is_empty() {
                    bytes
                } else {
                    joined.extend_from_slice(bytes);
                    &joined
                };
                let (text, used) = utf8::decode(vm, all, Errors::new(Some(&errors)), is_final)?;
                if used < all.len() {
                    let rest = all[used..].to_vec();
                    self.incomplete.set(vm, rest);
                }
                Ok(text)
            }
            Kind::Other => {
                let Some(decoder) = self.decoder.get() else { return Ok(vm.new_str("")) };
                let text = vm.call_method(decoder.borrow(), "decode", &[data, Object::bool(is_final).borrow()])?;
                match text.downcast::<Str>() {
                    Ok(text) => Ok(text),
                    Err(other) => Err(vm.type_error(format!("decoder should return a string result, not '{}'", other.borrow().class().full_name()))),
                }
            }
        }
    }

    /// Appends the encoded text.
    pub fn encode(&self, vm: &mut Vm, text: RefOf<'_, Str>, out: &mut Vec<u8>) -> PyResult<()> {
        let kind = self.kind.get();
        if kind != Kind::Other && text.is_ascii() {
            out.extend_from_slice(text.raw());
            return Ok(());
        }
        let errors = self.errors.get(vm).clone();
        let bytes = match kind {
            Kind::Utf8 => {
                let start = out.len();
                out.reserve(text.len() * 2);
                if text.code_points().all(|character| utf8::push(character, out)) {
                    return Ok(());
                }
                out.truncate(start);
                utf8::encode_object(vm, text, Errors::new(Some(&errors)))?.into_object()
            }
            Kind::Ascii => narrow::encode_object(vm, text, Errors::new(Some(&errors)), Narrow::Ascii)?.into_object(),
            Kind::Latin1 => narrow::encode_object(vm, text, Errors::new(Some(&errors)), Narrow::Latin1)?.into_object(),
            Kind::Other => {
                let Some(encoder) = self.encoder.get() else { return Ok(()) };
                vm.call_method(encoder.borrow(), "encode", &[text.object()])?
            }
        };
        match object::bytes::as_bytes(bytes.borrow()) {
            Some(bytes) => out.extend_from_slice(bytes),
            None => return Err(vm.type_error(format!("encoder should return a bytes object, not '{}'", bytes.borrow().class().full_name()))),
        }
        Ok(())
    }

    pub fn state(&self, vm: &mut Vm) -> PyResult<State> {
        let Some(decoder) = self.decoder.get() else {
            return Ok(State { buffer: self.incomplete.get(vm).clone(), flags: 0 });
        };
        let state = vm.call_method(decoder.borrow(), "getstate", &[])?;
        let parts = state.borrow().downcast::<Tuple>().map(RefOf::get).map(Tuple::items);
        let Some(&[buffer, flags]) = parts else { return Err(vm.type_error("illegal decoder state")) };
        let Some(bytes) = object::bytes::as_bytes(buffer) else {
            return Err(
                vm.type_error(format!("illegal decoder state: the first item should be a bytes object, not '{}'", buffer.class().full_name()))
            );
        };
        Ok(State { buffer: bytes.to_vec(), flags: vm.to_i64(flags)? })
    }

    pub fn set_state(&self, vm: &mut Vm, state: &State) -> PyResult<()> {
        let Some(decoder) = self.decoder.get() else {
            self.incomplete.set(vm, state.buffer.clone());
            return Ok(());
        };
        let parts = [vm.new_bytes(&state.buffer).into_object(), vm.new_int(state.flags)];
        let parts = vm.new_tuple(parts).into_object();
        vm.call_method(decoder.borrow(), "setstate", &[parts.borrow()])?;
        Ok(())
    }

    pub fn reset_decoder(&self, vm: &mut Vm) -> PyResult<()> {
        self.incomplete.set(vm, Vec::new());
        if let Some(decoder) = self.decoder.get() {
            vm.call_method(decoder.borrow(), "reset", &[])?;
        }
        Ok(())
    }

    /// Tells the encoder whether it writes at the start of the stream, where a byte order mark belongs.
    pub fn reset_encoder(&self, vm: &mut Vm, at_start: bool) -> PyResult<()> {
        if let Some(encoder) = self.encoder.get() {
            if at_start {
                vm.call_method(encoder.borrow(), "reset", &[])?;
            } else {
                vm.call_method(encoder.borrow(), "setstate", &[Object::small_int(0).borrow()])?;
            }
        }
        Ok(())
    }
}

/// A string argument without null characters.
pub fn text_argument(vm: &mut Vm, value: Ref<'_>, name: &str) -> PyResult<String> {
    let Some(text) = value.downcast::<Str>() else {
        return Err(vm.type_error(format!("TextIOWrapper() argument '{name}' must be str or None, not {}", value.class().full_name())));
    };
    match text.to_utf8() {
        Some(text) if text.contains('\0') => Err(vm.value_error("embedded null character")),
        Some(text) => Ok(text.into_owned()),
        None => Err(surrogate_error(vm, text.get(), 0)),
    }
}
