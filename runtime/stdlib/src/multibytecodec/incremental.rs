//! `MultibyteIncrementalEncoder` and `MultibyteIncrementalDecoder`, and the coders inside them, which the streams
//! use as well.

use super::codec::{Codec, Ending, State};
use super::engine::{self, Policy};
use super::{codec_of, constructor_errors, error_name, payload, text_of};
use crate::argument;
use builtins::text_codecs::{Errors, errors, utf8};
use num_bigint::{BigInt, Sign};
use object::bytes::Bytes;
use object::native::{Getset, PayloadInfo, TypeSpec, flag};
use object::str::Str;
use object::tuple::Tuple;
use object::{Args, Object, Payload, PyResult, Ref, RefOf, Slots, Type, Vm, VmCell, exception, int, method};

/// How many characters an encoder may hold back.
const MOST_PENDING_CHARACTERS: usize = 2;
/// How many bytes they are in UTF-8.
const MOST_PENDING_UTF8: usize = 4 * MOST_PENDING_CHARACTERS;
/// How many bytes a decoder may hold back.
const MOST_PENDING_BYTES: usize = 8;

/// What an encoder or decoder keeps between calls.
pub struct Coder<T> {
    codec: &'static Codec,
    state: VmCell<State>,
    /// What waits for more.
    pending: VmCell<Vec<T>>,
    errors: VmCell<String>,
}

pub type Encoder = Coder<u32>;
pub type Decoder = Coder<u8>;

impl<T> Coder<T> {
    fn new(codec: &'static Codec, state: State, errors: String) -> Coder<T> {
        Coder { codec, state: VmCell::new(state), pending: VmCell::new(Vec::new()), errors: VmCell::new(errors) }
    }

    /// `errors`
    pub fn errors(&self, vm: &Vm) -> Object {
        vm.new_str(self.errors.get(vm)).into_object()
    }

    pub fn set_errors(&self, vm: &mut Vm, value: Option<Ref<'_>>) -> PyResult<()> {
        let Some(value) = value else {
            return Err(vm.raise(&exception::ATTRIBUTE_ERROR, "cannot delete attribute"));
        };
        let Some(name) = value.downcast::<Str>() else {
            return Err(vm.type_error("errors must be a string"));
        };
        let name = error_name(vm, &name)?;
        self.errors.set(vm, name);
        Ok(())
    }
}

impl Coder<u32> {
    pub fn encoder(codec: &'static Codec, errors: String) -> Encoder {
        Coder::new(codec, codec.encoder_state, errors)
    }

    /// Encodes what was held back and the input.
    pub fn encode(&self, vm: &mut Vm, input: Ref<'_>, ending: Ending) -> PyResult<Vec<u8>> {
        let input = text_of(vm, input)?;
        let pending = self.pending.replace(vm, Vec::new());
        let text = if pending.is_empty() {
            input
        } else {
            let mut text = pending.clone();
            text.extend(input.borrow().downcast::<Str>().expect("it is a string").code_points());
            vm.new_str_from_code_points(&text).into_object()
        };
        let text = text.borrow().downcast::<Str>().expect("it is a string");
        let mut state = *self.state.get(vm);
        let name = self.errors.get(vm).clone();
        let result = engine::encode(vm, self.codec, &mut state, text, &mut Policy::new(Some(&name)), ending);
        self.state.set(vm, state);
        let (data, used) = match result {
            Ok(done) => done,
            Err(raised) => {
                self.pending.set(vm, pending);
                return Err(raised);
            }
        };
        let rest: Vec<u32> = text.code_points().skip(used).collect();
        if rest.len() > MOST_PENDING_CHARACTERS {
            let error = errors::encode_error(vm, self.codec.name, text.object(), used, text.len(), "pending buffer overflow");
            return Err(vm.raise_object(error));
        }
        self.pending.set(vm, rest);
        Ok(data)
    }

    /// Writes what is held back and what leads to the initial state.
    pub fn finish(&self, vm: &mut Vm) -> PyResult<Vec<u8>> {
        let empty = vm.empty_str();
        self.encode(vm, empty.object(), Ending::Reset)
    }

    pub fn has_pending(&self, vm: &Vm) -> bool {
        !self.pending.get(vm).is_empty()
    }

    /// Forgets what is held back, and goes to the initial state without a word.
    fn reset(&self, vm: &mut Vm) {
        if let Some(reset) = self.codec.reset_encoder {
            reset(self.state.get_mut(vm), &mut Vec::new());
        }
        self.pending.set(vm, Vec::new());
    }

    /// The length of the text held back, that text in UTF-8, and the state; as one number, least byte first.
    fn number(&self, vm: &mut Vm) -> PyResult {
        let pending = vm.new_str_from_code_points(&self.pending.get(vm).clone());
        let text = utf8::encode_object(vm, pending.borrow(), Errors::STRICT)?;
        if text.len() > MOST_PENDING_UTF8 {
            return Err(vm.raise(&exception::UNICODE_ERROR, "pending buffer too large"));
        }
        let mut bytes = vec![text.len() as u8];
        bytes.extend_from_slice(text.data());
        bytes.extend_from_slice(self.state.get(vm));
        Ok(vm.new_bigint(BigInt::from_bytes_le(Sign::Plus, &bytes)))
    }

    fn set_number(&self, vm: &mut Vm, number: Ref<'_>) -> PyResult<()> {
        let bytes: [u8; 1 + MOST_PENDING_UTF8 + size_of::<State>()] = bytes_of(vm, number)?;
        let len = usize::from(bytes[0]);
        if len > MOST_PENDING_UTF8 {
            return Err(vm.raise(&exception::UNICODE_ERROR, "pending buffer too large"));
        }
        let (text, _) = utf8::decode(vm, &bytes[1..=len], Errors::STRICT, true)?;
        self.pending.set(vm, text.code_points().collect());
        let mut state = State::default();
        state.copy_from_slice(&bytes[1 + len..][..size_of::<State>()]);
        self.state.set(vm, state);
        Ok(())
    }
}

impl Coder<u8> {
    pub fn decoder(codec: &'static Codec, errors: String) -> Decoder {
        Coder::new(codec, codec.decoder_state, errors)
    }

    /// Decodes what was held back and the input.
    pub fn decode(&self, vm: &mut Vm, input: &[u8], is_final: bool) -> PyResult<object::ObjectOf<Str>> {
        let pending = self.pending.replace(vm, Vec::new());
        let mut data = pending.clone();
        data.extend_from_slice(input);
        let mut state = *self.state.get(vm);
        let name = self.errors.get(vm).clone();
        let result = engine::decode(vm, self.codec, &mut state, &data, &mut Policy::new(Some(&name)), is_final);
        self.state.set(vm, state);
        match result {
            Ok((text, used)) if data.len() - used <= MOST_PENDING_BYTES => {
                self.pending.set(vm, data.split_off(used));
                Ok(text)
            }
            Ok((_, used)) => {
                let error = errors::decode_error(vm, self.codec.name, &data, used, data.len(), "pending buffer overflow");
                Err(vm.raise_object(error))
            }
            Err(raised) => {
                self.pending.set(vm, pending);
                Err(raised)
            }
        }
    }

    pub fn reset(&self, vm: &mut Vm) {
        if let Some(reset) = self.codec.reset_decoder {
            reset(self.state.get_mut(vm));
        }
        self.pending.set(vm, Vec::new());
    }

    fn set_parts(&self, vm: &mut Vm, data: &[u8], number: Ref<'_>) -> PyResult<()> {
        let state: State = bytes_of(vm, number)?;
        if data.len() > MOST_PENDING_BYTES {
            let error = errors::decode_error(vm, self.codec.name, data, 0, data.len(), "pending buffer too large");
            return Err(vm.raise_object(error));
        }
        self.pending.set(vm, data.to_vec());
        self.state.set(vm, state);
        Ok(())
    }
}

/// The bytes of an int that is not negative, least first.
fn bytes_of<const N: usize>(vm: &mut Vm, number: Ref<'_>) -> PyResult<[u8; N]> {
    let number = int::to_bigint(number).map(std::borrow::Cow::into_owned).unwrap_or_default();
    if number.sign() == Sign::Minus {
        return Err(vm.raise(&exception::OVERFLOW_ERROR, "can't convert negative int to unsigned"));
    }
    let (_, digits) = number.to_bytes_le();
    if digits.len() > N {
        return Err(vm.raise(&exception::OVERFLOW_ERROR, "int too big to convert"));
    }
    let mut bytes = [0; N];
    bytes[..digits.len()].copy_from_slice(&digits);
    Ok(bytes)
}

/// The payload of an incremental encoder.
pub struct IncrementalEncoder(Encoder);

impl Payload for IncrementalEncoder {
    fn class() -> &'static Type {
        &ENCODER
    }
}

pub static ENCODER: Type = Type::new(&ENCODER_SPEC);
static ENCODER_SPEC: TypeSpec = TypeSpec {
    name: "_multibytecodec.MultibyteIncrementalEncoder",
    flags: flag::BASE_TYPE,
    payload: PayloadInfo::of::<IncrementalEncoder>(),
    slots: Slots { new: Some(new_encoder), init: Some(init_nothing), ..Slots::NONE },
    methods: &[
        method!(Bound encode "($self, /, input, final=False)", ""),
        method!(Unary encoder_getstate as "getstate" "($self, /)", ""),
        method!(Binary encoder_setstate as "setstate" "($self, state, /)", ""),
        method!(Unary encoder_reset as "reset" "($self, /)", ""),
    ],
    getsets: &[Getset::new(
        "errors",
        "how to treat errors",
        |vm, this| Ok(payload::<IncrementalEncoder>(this).0.errors(vm)),
        |vm, this, value| payload::<IncrementalEncoder>(this).0.set_errors(vm, value),
    )],
    ..TypeSpec::DEFAULT
};

/// Everything is done when the instance is made, whatever arguments a subclass passes on.
pub fn init_nothing(_: &mut Vm, _: Ref<'_>, _: Args<'_>) -> PyResult<()> {
    Ok(())
}

fn new_encoder(vm: &mut Vm, class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    let mut bound = [None];
    object::call::bind_args(vm, "IncrementalEncoder", "(errors='strict')", args, &mut bound)?;
    let errors = constructor_errors(vm, "IncrementalEncoder", 1, bound[0].as_ref())?;
    let codec = codec_of(vm, class.object())?;
    Ok(vm.allocate_in(class.get(), IncrementalEncoder(Coder::encoder(codec, errors))))
}

fn encode(vm: &mut Vm, this: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let ending = if argument::flag(vm, args[1], false)? { Ending::Reset } else { Ending::More };
    let data = payload::<IncrementalEncoder>(this).0.encode(vm, args[0].unwrap_or(Ref::NONE), ending)?;
    Ok(vm.new_bytes(&data).into_object())
}

fn encoder_getstate(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    payload::<IncrementalEncoder>(this).0.number(vm)
}

fn encoder_setstate(vm: &mut Vm, this: Ref<'_>, state: Ref<'_>) -> PyResult {
    if !int::is_int(state) {
        let got = if state.is_none() { "None" } else { state.class().full_name() };
        return Err(vm.type_error(format!("setstate() argument must be int, not {got}")));
    }
    payload::<IncrementalEncoder>(this).0.set_number(vm, state)?;
    Ok(Object::none())
}

fn encoder_reset(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    payload::<IncrementalEncoder>(this).0.reset(vm);
    Ok(Object::none())
}

/// The payload of an incremental decoder.
pub struct IncrementalDecoder(Decoder);

impl Payload for IncrementalDecoder {
    fn class() -> &'static Type {
        &DECODER
    }
}

pub static DECODER: Type = Type::new(&DECODER_SPEC);
static DECODER_SPEC: TypeSpec = TypeSpec {
    name: "_multibytecodec.MultibyteIncrementalDecoder",
    flags: flag::BASE_TYPE,
    payload: PayloadInfo::of::<IncrementalDecoder>(),
    slots: Slots { new: Some(new_decoder), init: Some(init_nothing), ..Slots::NONE },
    methods: &[
        method!(Bound decode "($self, /, input, final=False)", ""),
        method!(Unary decoder_getstate as "getstate" "($self, /)", ""),
        method!(Binary decoder_setstate as "setstate" "($self, state, /)", ""),
        method!(Unary decoder_reset as "reset" "($self, /)", ""),
    ],
    getsets: &[Getset::new(
        "errors",
        "how to treat errors",
        |vm, this| Ok(payload::<IncrementalDecoder>(this).0.errors(vm)),
        |vm, this, value| payload::<IncrementalDecoder>(this).0.set_errors(vm, value),
    )],
    ..TypeSpec::DEFAULT
};

fn new_decoder(vm: &mut Vm, class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    let mut bound = [None];
    object::call::bind_args(vm, "IncrementalDecoder", "(errors='strict')", args, &mut bound)?;
    let errors = constructor_errors(vm, "IncrementalDecoder", 1, bound[0].as_ref())?;
    let codec = codec_of(vm, class.object())?;
    Ok(vm.allocate_in(class.get(), IncrementalDecoder(Coder::decoder(codec, errors))))
}

fn decode(vm: &mut Vm, this: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let data = argument::bytes(vm, args[0].unwrap_or(Ref::NONE))?;
    let is_final = argument::flag(vm, args[1], false)?;
    payload::<IncrementalDecoder>(this).0.decode(vm, &data, is_final).map(Object::from)
}

fn decoder_getstate(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let decoder = &payload::<IncrementalDecoder>(this).0;
    let pending = vm.new_bytes(decoder.pending.get(vm)).into_object();
    let number = vm.new_uint(u64::from_le_bytes(*decoder.state.get(vm)));
    Ok(vm.new_tuple([pending, number]).into_object())
}

fn decoder_setstate(vm: &mut Vm, this: Ref<'_>, state: Ref<'_>) -> PyResult {
    let Some(parts) = state.downcast::<Tuple>() else {
        let got = if state.is_none() { "None" } else { state.class().full_name() };
        return Err(vm.type_error(format!("setstate() argument must be tuple, not {got}")));
    };
    if let &[pending, number] = parts.items()
        && let Some(pending) = pending.downcast::<Bytes>()
        && int::is_int(number)
    {
        payload::<IncrementalDecoder>(this).0.set_parts(vm, pending.data(), number)?;
        return Ok(Object::none());
    }
    Err(vm.type_error("setstate(): illegal state argument"))
}

fn decoder_reset(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    payload::<IncrementalDecoder>(this).0.reset(vm);
    Ok(Object::none())
}
