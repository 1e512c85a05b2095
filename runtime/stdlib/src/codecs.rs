//! `_codecs`: the registry of encodings and error handlers, and the built-in encodings as functions.
//!
//! The encodings themselves are in `builtins::text_codecs`, which finds its way back to the
//! registry through the hooks that [`install`] sets.

use builtins::text_codecs::{self, Errors, Order, charmap, escapes, narrow, stable, utf7, utf8, utf16, utf32};
use object::bytes::Bytes;
use object::native::Module;
use object::str::Str;
use object::{Object, PyResult, Raised, Ref, RefOf, Vm, method};
use std::borrow::Cow;

pub(crate) mod registry;

type Arguments<'a> = [Option<Ref<'a>>];

pub static MODULE: Module = Module {
    name: "_codecs",
    functions: &[
        method!(Binary register "($module, search_function, /)", "Register a codec search function.\n\nSearch functions are expected to take one argument, the encoding\nname in all lower case letters, and either return None, or a tuple\nof functions (encoder, decoder, stream_reader, stream_writer) (or\na CodecInfo object)."),
        method!(Binary unregister "($module, search_function, /)", "Unregister a codec search function and clear the registry's cache.\n\nIf the search function is not registered, do nothing."),
        method!(Binary lookup "($module, encoding, /)", "Looks up a codec tuple in the Python codec registry and returns a CodecInfo object."),
        method!(Bound encode "($module, /, obj, encoding='utf-8', errors='strict')", "Encodes obj using the codec registered for encoding.\n\nThe default encoding is 'utf-8'.  errors may be given to set a\ndifferent error handling scheme.  Default is 'strict' meaning that\nencoding errors raise a ValueError.  Other possible values are 'ignore',\n'replace' and 'backslashreplace' as well as any other name registered\nwith codecs.register_error that can handle ValueErrors."),
        method!(Bound decode "($module, /, obj, encoding='utf-8', errors='strict')", "Decodes obj using the codec registered for encoding.\n\nDefault encoding is 'utf-8'.  errors may be given to set a\ndifferent error handling scheme.  Default is 'strict' meaning that\nencoding errors raise a ValueError.  Other possible values are 'ignore',\n'replace' and 'backslashreplace' as well as any other name registered\nwith codecs.register_error that can handle ValueErrors."),
        method!(Bound register_error "($module, errors, handler, /)", "Register the specified error handler under the name errors.\n\nhandler must be a callable object, that will be called with an exception\ninstance containing information about the location of the\nencoding/decoding error and must return a (replacement, new position)\ntuple."),
        method!(Binary unregister_error as "_unregister_error" "($module, errors, /)", "Un-register the specified error handler for the error handling `errors'.\n\nOnly custom error handlers can be un-registered. An exception is raised\nif the error handling is a built-in one (e.g., 'strict'), or if an error\noccurs.\n\nOtherwise, this returns True if a custom handler has been successfully\nun-registered, and False if no custom handler for the specified error\nhandling exists."),
        method!(Binary lookup_error "($module, name, /)", "lookup_error(errors) -> handler\n\nReturn the error handler for the specified error handling name or raise\na LookupError, if no handler exists under this name."),
        method!(Bound utf_8_encode "($module, str, errors=None, /)", ""),
        method!(Bound utf_8_decode "($module, data, errors=None, final=False, /)", ""),
        method!(Bound utf_7_encode "($module, str, errors=None, /)", ""),
        method!(Bound utf_7_decode "($module, data, errors=None, final=False, /)", ""),
        method!(Bound utf_16_encode "($module, str, errors=None, byteorder=0, /)", ""),
        method!(Bound utf_16_le_encode "($module, str, errors=None, /)", ""),
        method!(Bound utf_16_be_encode "($module, str, errors=None, /)", ""),
        method!(Bound utf_16_decode "($module, data, errors=None, final=False, /)", ""),
        method!(Bound utf_16_le_decode "($module, data, errors=None, final=False, /)", ""),
        method!(Bound utf_16_be_decode "($module, data, errors=None, final=False, /)", ""),
        method!(Bound utf_16_ex_decode "($module, data, errors=None, byteorder=0, final=False,\n                 /)", ""),
        method!(Bound utf_32_encode "($module, str, errors=None, byteorder=0, /)", ""),
        method!(Bound utf_32_le_encode "($module, str, errors=None, /)", ""),
        method!(Bound utf_32_be_encode "($module, str, errors=None, /)", ""),
        method!(Bound utf_32_decode "($module, data, errors=None, final=False, /)", ""),
        method!(Bound utf_32_le_decode "($module, data, errors=None, final=False, /)", ""),
        method!(Bound utf_32_be_decode "($module, data, errors=None, final=False, /)", ""),
        method!(Bound utf_32_ex_decode "($module, data, errors=None, byteorder=0, final=False,\n                 /)", ""),
        method!(Bound latin_1_encode "($module, str, errors=None, /)", ""),
        method!(Bound latin_1_decode "($module, data, errors=None, /)", ""),
        method!(Bound ascii_encode "($module, str, errors=None, /)", ""),
        method!(Bound ascii_decode "($module, data, errors=None, /)", ""),
        method!(Bound unicode_escape_encode "($module, str, errors=None, /)", ""),
        method!(Bound unicode_escape_decode "($module, data, errors=None, final=True, /)", ""),
        method!(Bound raw_unicode_escape_encode "($module, str, errors=None, /)", ""),
        method!(Bound raw_unicode_escape_decode "($module, data, errors=None, final=True, /)", ""),
        method!(Bound escape_encode "($module, data, errors=None, /)", ""),
        method!(Bound escape_decode "($module, data, errors=None, /)", ""),
        method!(Bound readbuffer_encode "($module, data, errors=None, /)", ""),
        method!(Bound charmap_encode "($module, str, errors=None, mapping=None, /)", ""),
        method!(Bound charmap_decode "($module, data, errors=None, mapping=None, /)", ""),
        method!(Binary charmap_build "($module, map, /)", ""),
    ],
    ..Module::DEFAULT
};

/// Connects `str.encode` and `bytes.decode` with the registry; at start-up.
pub fn install() {
    text_codecs::set_hooks(text_codecs::Hooks {
        lookup_error: Some(registry::error_handler),
        encode: Some(|vm, object, encoding, errors| {
            registry::transform(vm, object, encoding, errors, registry::Direction::Encode, registry::Scope::Text)
        }),
        decode: Some(|vm, object, encoding, errors| {
            registry::transform(vm, object, encoding, errors, registry::Direction::Decode, registry::Scope::Text)
        }),
    });
}

fn wrong_argument(vm: &mut Vm, function: &str, which: &str, expected: &str, got: Ref<'_>) -> Raised {
    let got = if got.is_none() { "None" } else { got.class().full_name() };
    vm.type_error(format!("{function}() argument {which} must be {expected}, not {got}"))
}

/// A string argument without null characters.
fn name_argument(vm: &mut Vm, function: &str, which: &str, object: Ref<'_>) -> PyResult<String> {
    let Some(text) = object.downcast::<Str>() else {
        // A function's only argument has no number.
        return Err(match which {
            "" => vm
                .type_error(format!("{function}() argument must be str, not {}", if object.is_none() { "None" } else { object.class().full_name() })),
            _ => wrong_argument(vm, function, which, "str", object),
        });
    };
    let name = utf8_of(vm, text)?;
    if name.contains('\0') {
        return Err(vm.value_error("embedded null character"));
    }
    Ok(name)
}

/// A string's UTF-8; a lone surrogate raises.
fn utf8_of(vm: &mut Vm, text: RefOf<'_, Str>) -> PyResult<String> {
    if let Some(text) = text.to_utf8() {
        return Ok(text.into_owned());
    }
    let bytes = utf8::encode_object(vm, text, Errors::STRICT)?;
    Ok(String::from_utf8_lossy(bytes.data()).into_owned())
}

fn errors_argument(vm: &mut Vm, function: &str, object: Option<Ref<'_>>) -> PyResult<Option<String>> {
    match object {
        None => Ok(None),
        Some(object) if object.is_none() => Ok(None),
        Some(object) if object.downcast::<Str>().is_none() => Err(wrong_argument(vm, function, "2", "str or None", object)),
        Some(object) => name_argument(vm, function, "2", object).map(Some),
    }
}

fn flag_argument(vm: &mut Vm, object: Option<Ref<'_>>, default: bool) -> PyResult<bool> {
    object.map_or(Ok(default), |object| vm.is_true(object))
}

fn register(vm: &mut Vm, _module: Ref<'_>, search: Ref<'_>) -> PyResult {
    registry::register(vm, search)?;
    Ok(Object::none())
}

fn unregister(vm: &mut Vm, _module: Ref<'_>, search: Ref<'_>) -> PyResult {
    registry::unregister(vm, search);
    Ok(Object::none())
}

fn lookup(vm: &mut Vm, _module: Ref<'_>, encoding: Ref<'_>) -> PyResult {
    let encoding = name_argument(vm, "lookup", "", encoding)?;
    registry::lookup(vm, &encoding)
}

fn transform(vm: &mut Vm, args: &Arguments<'_>, function: &str, direction: registry::Direction) -> PyResult {
    let encoding = args[1].map(|encoding| name_argument(vm, function, "'encoding'", encoding)).transpose()?;
    let errors = args[2].map(|errors| name_argument(vm, function, "'errors'", errors)).transpose()?;
    let object = args[0].expect("the argument is required");
    registry::transform(vm, object, encoding.as_deref().unwrap_or("utf-8"), errors.as_deref(), direction, registry::Scope::Any)
}

fn encode(vm: &mut Vm, _module: Ref<'_>, args: &Arguments<'_>) -> PyResult {
    transform(vm, args, "encode", registry::Direction::Encode)
}

fn decode(vm: &mut Vm, _module: Ref<'_>, args: &Arguments<'_>) -> PyResult {
    transform(vm, args, "decode", registry::Direction::Decode)
}

fn register_error(vm: &mut Vm, _module: Ref<'_>, args: &Arguments<'_>) -> PyResult {
    let name = name_argument(vm, "register_error", "1", args[0].expect("the argument is required"))?;
    let handler = args[1].expect("the argument is required");
    if handler.class().slots().call.is_none() {
        return Err(vm.type_error("handler must be callable"));
    }
    registry::error_handlers(vm)?.set_str(vm, &name, handler.to_owned());
    Ok(Object::none())
}

fn unregister_error(vm: &mut Vm, _module: Ref<'_>, name: Ref<'_>) -> PyResult {
    let name = name_argument(vm, "_unregister_error", "", name)?;
    if registry::is_built_in_handler(&name) {
        return Err(vm.value_error(format!("cannot un-register built-in error handler '{name}'")));
    }
    let removed = registry::error_handlers(vm)?.remove_str(vm, &name);
    Ok(Object::bool(removed.is_some()))
}

fn lookup_error(vm: &mut Vm, _module: Ref<'_>, name: Ref<'_>) -> PyResult {
    let name = name_argument(vm, "lookup_error", "", name)?;
    registry::error_handler(vm, &name)
}

fn pair(vm: &Vm, result: Object, count: usize) -> Object {
    vm.new_tuple([result, Object::small_int(count as i64)]).into_object()
}

/// The string and error arguments of an encoder.
fn text_arguments<'a>(vm: &mut Vm, function: &str, args: &Arguments<'a>) -> PyResult<(RefOf<'a, Str>, Option<String>)> {
    let object = args[0].expect("the argument is required");
    let Some(text) = object.downcast::<Str>() else {
        return Err(wrong_argument(vm, function, "1", "str", object));
    };
    Ok((text, errors_argument(vm, function, args.get(1).copied().flatten())?))
}

/// The bytes of an argument; the UTF-8 of a string where strings are taken.
fn data_argument(vm: &mut Vm, object: Ref<'_>, strings: bool) -> PyResult<Vec<u8>> {
    if strings && let Some(text) = object.downcast::<Str>() {
        return utf8_of(vm, text).map(String::into_bytes);
    }
    let buffer = vm.buffer(object)?;
    Ok(buffer.bytes(vm).to_vec())
}

type Encoder = fn(&mut Vm, RefOf<'_, Str>, Errors<'_>) -> PyResult<Vec<u8>>;

fn encode_by(vm: &mut Vm, args: &Arguments<'_>, function: &str, encoder: Encoder) -> PyResult {
    let (text, errors) = text_arguments(vm, function, args)?;
    let data = encoder(vm, text, Errors::new(errors.as_deref()))?;
    let result = vm.new_bytes(&data).into_object();
    Ok(pair(vm, result, text.len()))
}

/// Data, error handling and finality, to text and the number of bytes used.
type Decoder = fn(&mut Vm, &[u8], Errors<'_>, bool) -> PyResult<(Object, usize)>;

fn decode_with(vm: &mut Vm, args: &Arguments<'_>, function: &str, default_final: bool, strings: bool, decoder: Decoder) -> PyResult {
    let object = args[0].expect("the argument is required");
    let errors = errors_argument(vm, function, args.get(1).copied().flatten())?;
    let is_final = flag_argument(vm, args.get(2).copied().flatten(), default_final)?;
    let errors = Errors::new(errors.as_deref());
    let (text, used) = if strings && object.downcast::<Str>().is_some() {
        let data = data_argument(vm, object, true)?;
        decoder(vm, &data, errors, is_final)?
    } else {
        let buffer = vm.buffer(object)?;
        let data: Cow<'_, [u8]> = stable(vm, &buffer);
        decoder(vm, &data, errors, is_final)?
    };
    Ok(pair(vm, text, used))
}

macro_rules! encoders {
    ($($name:ident = $encoder:expr;)*) => { $(
        fn $name(vm: &mut Vm, _module: Ref<'_>, args: &Arguments<'_>) -> PyResult {
            encode_by(vm, args, stringify!($name), $encoder)
        }
    )* };
}

macro_rules! decoders {
    ($($name:ident ($default_final:literal, $strings:literal) = $decoder:expr;)*) => { $(
        fn $name(vm: &mut Vm, _module: Ref<'_>, args: &Arguments<'_>) -> PyResult {
            decode_with(vm, args, stringify!($name), $default_final, $strings, $decoder)
        }
    )* };
}

encoders! {
    utf_7_encode = |_, text, _| Ok(utf7::encode(&text));
    utf_16_le_encode = |vm, text, errors| utf16::encode(vm, text, errors, Order::Little);
    utf_16_be_encode = |vm, text, errors| utf16::encode(vm, text, errors, Order::Big);
    utf_32_le_encode = |vm, text, errors| utf32::encode(vm, text, errors, Order::Little);
    utf_32_be_encode = |vm, text, errors| utf32::encode(vm, text, errors, Order::Big);
    unicode_escape_encode = |_, text, _| Ok(escapes::unicode_escape_encode(&text));
    raw_unicode_escape_encode = |_, text, _| Ok(escapes::raw_unicode_escape_encode(&text));
}

decoders! {
    utf_8_decode(false, false) = |vm, data, errors, is_final| utf8::decode(vm, data, errors, is_final).map(|(text, used)| (text.into_object(), used));
    utf_7_decode(false, false) = |vm, data, errors, is_final| utf7::decode(vm, data, errors, is_final).map(|(text, used)| (text.into_object(), used));
    utf_16_decode(false, false) = |vm, data, errors, is_final| decoded(utf16::decode(vm, data, errors, Order::Marked, is_final));
    utf_16_le_decode(false, false) = |vm, data, errors, is_final| decoded(utf16::decode(vm, data, errors, Order::Little, is_final));
    utf_16_be_decode(false, false) = |vm, data, errors, is_final| decoded(utf16::decode(vm, data, errors, Order::Big, is_final));
    utf_32_decode(false, false) = |vm, data, errors, is_final| decoded(utf32::decode(vm, data, errors, Order::Marked, is_final));
    utf_32_le_decode(false, false) = |vm, data, errors, is_final| decoded(utf32::decode(vm, data, errors, Order::Little, is_final));
    utf_32_be_decode(false, false) = |vm, data, errors, is_final| decoded(utf32::decode(vm, data, errors, Order::Big, is_final));
    latin_1_decode(true, false) = |vm, data, _, _| Ok((vm.new_str_latin1(data).into_object(), data.len()));
    ascii_decode(true, false) = |vm, data, errors, _| Ok((narrow::decode_ascii(vm, data, errors)?.into_object(), data.len()));
    unicode_escape_decode(true, true) = |vm, data, errors, is_final| escapes::unicode_escape_decode(vm, data, errors, is_final).map(|(text, used)| (text.into_object(), used));
    raw_unicode_escape_decode(true, true) = |vm, data, errors, is_final| escapes::raw_unicode_escape_decode(vm, data, errors, is_final).map(|(text, used)| (text.into_object(), used));
}

fn decoded(result: PyResult<text_codecs::Decoded>) -> PyResult<(Object, usize)> {
    result.map(|decoded| (decoded.text.into_object(), decoded.consumed))
}

fn utf_8_encode(vm: &mut Vm, _module: Ref<'_>, args: &Arguments<'_>) -> PyResult {
    let (text, errors) = text_arguments(vm, "utf_8_encode", args)?;
    let data = utf8::encode_object(vm, text, Errors::new(errors.as_deref()))?;
    Ok(pair(vm, data.into_object(), text.len()))
}

fn encode_narrow(vm: &mut Vm, args: &Arguments<'_>, function: &str, encoding: narrow::Narrow) -> PyResult {
    let (text, errors) = text_arguments(vm, function, args)?;
    let data = narrow::encode_object(vm, text, Errors::new(errors.as_deref()), encoding)?;
    Ok(pair(vm, data.into_object(), text.len()))
}

fn latin_1_encode(vm: &mut Vm, _module: Ref<'_>, args: &Arguments<'_>) -> PyResult {
    encode_narrow(vm, args, "latin_1_encode", narrow::Narrow::Latin1)
}

fn ascii_encode(vm: &mut Vm, _module: Ref<'_>, args: &Arguments<'_>) -> PyResult {
    encode_narrow(vm, args, "ascii_encode", narrow::Narrow::Ascii)
}

fn order_argument(vm: &mut Vm, object: Option<Ref<'_>>) -> PyResult<Order> {
    let number = object.map_or(Ok(0), |object| vm.to_i32(object))?;
    Ok(Order::from_number(i64::from(number)))
}

fn utf_16_encode(vm: &mut Vm, _module: Ref<'_>, args: &Arguments<'_>) -> PyResult {
    let (text, errors) = text_arguments(vm, "utf_16_encode", args)?;
    let order = order_argument(vm, args[2])?;
    let data = utf16::encode(vm, text, Errors::new(errors.as_deref()), order)?;
    let result = vm.new_bytes(&data).into_object();
    Ok(pair(vm, result, text.len()))
}

fn utf_32_encode(vm: &mut Vm, _module: Ref<'_>, args: &Arguments<'_>) -> PyResult {
    let (text, errors) = text_arguments(vm, "utf_32_encode", args)?;
    let order = order_argument(vm, args[2])?;
    let data = utf32::encode(vm, text, Errors::new(errors.as_deref()), order)?;
    let result = vm.new_bytes(&data).into_object();
    Ok(pair(vm, result, text.len()))
}

type OrderedDecoder = fn(&mut Vm, &[u8], Errors<'_>, Order, bool) -> PyResult<text_codecs::Decoded>;

fn decode_extended(vm: &mut Vm, args: &Arguments<'_>, function: &str, decoder: OrderedDecoder) -> PyResult {
    let data = data_argument(vm, args[0].expect("the argument is required"), false)?;
    let errors = errors_argument(vm, function, args[1])?;
    let order = order_argument(vm, args[2])?;
    let is_final = flag_argument(vm, args[3], false)?;
    let decoded = decoder(vm, &data, Errors::new(errors.as_deref()), order, is_final)?;
    let items = [decoded.text.into_object(), Object::small_int(decoded.consumed as i64), Object::small_int(decoded.order.number())];
    Ok(vm.new_tuple(items).into_object())
}

fn utf_16_ex_decode(vm: &mut Vm, _module: Ref<'_>, args: &Arguments<'_>) -> PyResult {
    decode_extended(vm, args, "utf_16_ex_decode", utf16::decode)
}

fn utf_32_ex_decode(vm: &mut Vm, _module: Ref<'_>, args: &Arguments<'_>) -> PyResult {
    decode_extended(vm, args, "utf_32_ex_decode", utf32::decode)
}

fn escape_encode(vm: &mut Vm, _module: Ref<'_>, args: &Arguments<'_>) -> PyResult {
    let object = args[0].expect("the argument is required");
    let Some(data) = object.downcast::<Bytes>() else {
        return Err(wrong_argument(vm, "escape_encode", "1", "bytes", object));
    };
    errors_argument(vm, "escape_encode", args[1])?;
    let result = vm.new_bytes(&escapes::escape_encode(data.data())).into_object();
    Ok(pair(vm, result, data.len()))
}

fn escape_decode(vm: &mut Vm, _module: Ref<'_>, args: &Arguments<'_>) -> PyResult {
    let data = data_argument(vm, args[0].expect("the argument is required"), true)?;
    let errors = errors_argument(vm, "escape_decode", args[1])?;
    let result = escapes::escape_decode(vm, &data, errors.as_deref().unwrap_or("strict"))?;
    let result = vm.new_bytes(&result).into_object();
    Ok(pair(vm, result, data.len()))
}

fn readbuffer_encode(vm: &mut Vm, _module: Ref<'_>, args: &Arguments<'_>) -> PyResult {
    let data = data_argument(vm, args[0].expect("the argument is required"), true)?;
    errors_argument(vm, "readbuffer_encode", args[1])?;
    let result = vm.new_bytes(&data).into_object();
    Ok(pair(vm, result, data.len()))
}

fn charmap_encode(vm: &mut Vm, _module: Ref<'_>, args: &Arguments<'_>) -> PyResult {
    let (text, errors) = text_arguments(vm, "charmap_encode", args)?;
    let mapping = args[2].filter(|mapping| !mapping.is_none());
    let data = charmap::encode(vm, text, Errors::new(errors.as_deref()), mapping)?;
    let result = vm.new_bytes(&data).into_object();
    Ok(pair(vm, result, text.len()))
}

fn charmap_decode(vm: &mut Vm, _module: Ref<'_>, args: &Arguments<'_>) -> PyResult {
    let data = data_argument(vm, args[0].expect("the argument is required"), false)?;
    let errors = errors_argument(vm, "charmap_decode", args[1])?;
    let mapping = args[2].filter(|mapping| !mapping.is_none());
    let text = charmap::decode(vm, &data, Errors::new(errors.as_deref()), mapping)?;
    Ok(pair(vm, text.into_object(), data.len()))
}

fn charmap_build(vm: &mut Vm, _module: Ref<'_>, map: Ref<'_>) -> PyResult {
    match map.downcast::<Str>() {
        Some(table) => charmap::build(vm, table).map(Object::from),
        None => Err(vm.type_error(format!("charmap_build() argument must be str, not {}", map.class().full_name()))),
    }
}
