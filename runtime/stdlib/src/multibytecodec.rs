//! `_multibytecodec` and the modules of encodings that it serves: `_codecs_cn`, `_codecs_hk`, `_codecs_iso2022`,
//! `_codecs_jp`, `_codecs_kr`, `_codecs_tw`.
//!
//! An encoding is two functions that make one step each ([`codec`]); [`engine`] runs them and deals with errors;
//! [`incremental`] and [`stream`] keep state between calls. The character sets are in [`tables`].

use self::codec::{Codec, Ending};
use self::engine::Policy;
use crate::argument;
use builtins::text_codecs::stable;
use object::native::{Module, PayloadInfo, TypeSpec, flag};
use object::str::Str;
use object::{Object, Payload, PyResult, Raised, Ref, Type, Vm, exception, method};

pub mod codec;
pub mod tables;

pub mod chinese;
pub mod iso2022;
pub mod japanese;
pub mod korean;

pub mod engine;
pub mod incremental;
pub mod stream;

pub static MODULE: Module = Module {
    name: "_multibytecodec",
    functions: &[method!(Binary create_codec as "__create_codec" "($module, arg, /)", "")],
    types: &[&incremental::ENCODER, &incremental::DECODER, &stream::READER, &stream::WRITER],
    ..Module::DEFAULT
};

/// Makes a codec of a capsule of C's tables, which no Python program has.
fn create_codec(vm: &mut Vm, _module: Ref<'_>, _capsule: Ref<'_>) -> PyResult {
    Err(vm.value_error("argument type invalid"))
}

macro_rules! modules {
    ($($MODULE:ident $name:literal $function:ident $codecs:expr;)*) => { $(
        pub static $MODULE: Module = Module {
            name: $name,
            functions: &[method!(Binary $function as "getcodec" "", "")],
            init: Some(|vm, _| {
                object::type_new::ready(vm, &MULTIBYTE_CODEC);
                Ok(())
            }),
            ..Module::DEFAULT
        };

        fn $function(vm: &mut Vm, _module: Ref<'_>, name: Ref<'_>) -> PyResult {
            get_codec(vm, $codecs, name)
        }
    )* };
}

modules! {
    CN_MODULE "_codecs_cn" get_cn chinese::MAINLAND;
    HK_MODULE "_codecs_hk" get_hk chinese::HONG_KONG;
    ISO2022_MODULE "_codecs_iso2022" get_iso2022 iso2022::CODECS;
    JP_MODULE "_codecs_jp" get_jp japanese::CODECS;
    KR_MODULE "_codecs_kr" get_kr korean::CODECS;
    TW_MODULE "_codecs_tw" get_tw chinese::TAIWAN;
}

fn get_codec(vm: &mut Vm, codecs: &'static [&'static Codec], name: Ref<'_>) -> PyResult {
    let Some(name) = name.downcast::<Str>() else {
        return Err(vm.type_error("encoding name must be a string."));
    };
    match codecs.iter().find(|codec| name.equals_str(codec.name)) {
        Some(codec) => Ok(vm.allocate(MultibyteCodec { codec }).into_object()),
        None => Err(vm.raise(&exception::LOOKUP_ERROR, "no such codec is supported.")),
    }
}

/// The payload of a codec object.
pub struct MultibyteCodec {
    codec: &'static Codec,
}

impl Payload for MultibyteCodec {
    fn class() -> &'static Type {
        &MULTIBYTE_CODEC
    }
}

/// `_multibytecodec.MultibyteCodec`: an encoding, made by `getcodec`.
pub static MULTIBYTE_CODEC: Type = Type::new(&MULTIBYTE_CODEC_SPEC);
static MULTIBYTE_CODEC_SPEC: TypeSpec = TypeSpec {
    name: "_multibytecodec.MultibyteCodec",
    flags: flag::NO_INSTANTIATION,
    payload: PayloadInfo::leaf::<MultibyteCodec>(),
    methods: &[
        method!(Bound encode "($self, /, input, errors=None)", "Return an encoded string version of 'input'.\n\n'errors' may be given to set a different error handling scheme.\nDefault is 'strict' meaning that encoding errors raise\na UnicodeEncodeError.  Other possible values are 'ignore', 'replace'\nand 'xmlcharrefreplace' as well as any other name registered with\ncodecs.register_error that can handle UnicodeEncodeErrors."),
        method!(Bound decode "($self, /, input, errors=None)", "Decodes 'input'.\n\n'errors' may be given to set a different error handling scheme.\nDefault is 'strict' meaning that encoding errors raise\na UnicodeDecodeError.  Other possible values are 'ignore' and\n'replace' as well as any other name registered with\ncodecs.register_error that is able to handle UnicodeDecodeErrors.\""),
    ],
    ..TypeSpec::DEFAULT
};

fn payload<T: Payload>(object: Ref<'_>) -> &T {
    object.downcast::<T>().expect("the method belongs to the type").get()
}

/// A text; for any other object what `str` makes of it.
fn text_of(vm: &mut Vm, input: Ref<'_>) -> PyResult {
    match input.downcast::<Str>() {
        Some(_) => Ok(input.to_owned()),
        None => vm.str(input).map(Object::from),
    }
}

fn errors_argument(vm: &mut Vm, function: &str, errors: Option<Ref<'_>>) -> PyResult<Option<String>> {
    let Some(errors) = argument::given(errors) else {
        return Ok(None);
    };
    match errors.downcast::<Str>() {
        Some(errors) => error_name(vm, &errors).map(Some),
        None => Err(vm.type_error(format!("{function}() argument 'errors' must be str or None, not {}", errors.class().full_name()))),
    }
}

/// The name of an error handler.
fn error_name(vm: &mut Vm, name: &Str) -> PyResult<String> {
    let name = name.to_string_lossy().into_owned();
    if name.contains('\0') {
        return Err(vm.value_error("embedded null character"));
    }
    Ok(name)
}

fn encode(vm: &mut Vm, this: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let codec = payload::<MultibyteCodec>(this).codec;
    let errors = errors_argument(vm, "encode", args[1])?;
    let text = text_of(vm, args[0].unwrap_or(Ref::NONE))?;
    let text = text.borrow().downcast::<Str>().expect("it is a string");
    let mut state = codec.encoder_state;
    let (data, _) = engine::encode(vm, codec, &mut state, text, &mut Policy::new(errors.as_deref()), Ending::Reset)?;
    let data = vm.new_bytes(&data).into_object();
    Ok(vm.new_tuple([data, Object::small_int(text.len() as i64)]).into_object())
}

fn decode(vm: &mut Vm, this: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let codec = payload::<MultibyteCodec>(this).codec;
    let errors = errors_argument(vm, "decode", args[1])?;
    let buffer = vm.buffer(args[0].unwrap_or(Ref::NONE))?;
    let data = stable(vm, &buffer);
    let mut state = codec.decoder_state;
    let (text, _) = engine::decode(vm, codec, &mut state, &data, &mut Policy::new(errors.as_deref()), true)?;
    Ok(vm.new_tuple([text.into_object(), Object::small_int(data.len() as i64)]).into_object())
}

/// The codec of a class of coders: its attribute `codec`.
fn codec_of(vm: &mut Vm, class: Ref<'_>) -> PyResult<&'static Codec> {
    let codec = vm.get_attr_str(class, "codec")?;
    match codec.borrow().downcast::<MultibyteCodec>() {
        Some(codec) => Ok(codec.codec),
        None => Err(vm.type_error("codec is unexpected type")),
    }
}

fn wrong_errors(vm: &mut Vm, function: &str, number: usize, got: Ref<'_>) -> Raised {
    let got = if got.is_none() { "None" } else { got.class().full_name() };
    vm.type_error(format!("{function}() argument {number} must be str, not {got}"))
}

/// The `errors` argument of a coder's constructor, which is the one of this number.
fn constructor_errors(vm: &mut Vm, function: &str, number: usize, errors: Option<&Object>) -> PyResult<String> {
    let Some(errors) = errors else {
        return Ok("strict".to_owned());
    };
    match errors.borrow().downcast::<Str>() {
        Some(name) => error_name(vm, &name),
        None => Err(wrong_errors(vm, function, number, errors.borrow())),
    }
}
