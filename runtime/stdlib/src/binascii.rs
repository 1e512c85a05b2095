//! `binascii`: bytes as text: hexadecimal, base 64, uuencode, quoted-printable; and checksums.

use crate::argument::{ascii_bytes, bytes, flag, mask_u32, new_exception, raise_own};
use object::exception;
use object::native::Module;
use object::singleton::ModuleObject;
use object::str::{Kind, Str};
use object::{PyResult, Ref, RefOf, Vm, method};

mod base64;
mod quoted_printable;
mod uu;

type Arguments<'a> = [Option<Ref<'a>>];

pub static MODULE: Module = Module {
    name: "binascii",
    doc: "Conversion between binary data and ASCII",
    functions: &[
        method!(Binary a2b_uu "($module, data, /)", "Decode a line of uuencoded data."),
        method!(Bound b2a_uu "($module, data, /, *, backtick=False)", "Uuencode line of data."),
        method!(Bound a2b_base64 "($module, data, /, *, strict_mode=False)", "Decode a line of base64 data.\n\n  strict_mode\n    When set to True, bytes that are not part of the base64 standard are not allowed.\n    The same applies to excess data after padding (= / ==)."),
        method!(Bound b2a_base64 "($module, data, /, *, newline=True)", "Base64-code line of data."),
        method!(Binary a2b_hex "($module, hexstr, /)", "Binary data of hexadecimal representation.\n\nhexstr must contain an even number of hex digits (upper or lower case).\nThis function is also available as \"unhexlify()\"."),
        method!(Bound b2a_hex "($module, /, data, sep=<unrepresentable>, bytes_per_sep=1)", "Hexadecimal representation of binary data.\n\n  sep\n    An optional single character or byte to separate hex bytes.\n  bytes_per_sep\n    How many bytes between separators.  Positive values count from the\n    right, negative values count from the left.\n\nThe return value is a bytes object.  This function is also\navailable as \"hexlify()\".\n\nExample:\n>>> binascii.b2a_hex(b'\\xb9\\x01\\xef')\nb'b901ef'\n>>> binascii.hexlify(b'\\xb9\\x01\\xef', ':')\nb'b9:01:ef'\n>>> binascii.b2a_hex(b'\\xb9\\x01\\xef', b'_', 2)\nb'b9_01ef'"),
        method!(Bound b2a_hex as "hexlify" "($module, /, data, sep=<unrepresentable>, bytes_per_sep=1)", "Hexadecimal representation of binary data.\n\n  sep\n    An optional single character or byte to separate hex bytes.\n  bytes_per_sep\n    How many bytes between separators.  Positive values count from the\n    right, negative values count from the left.\n\nThe return value is a bytes object.  This function is also\navailable as \"b2a_hex()\"."),
        method!(Binary a2b_hex as "unhexlify" "($module, hexstr, /)", "Binary data of hexadecimal representation.\n\nhexstr must contain an even number of hex digits (upper or lower case)."),
        method!(Bound a2b_qp "($module, /, data, header=False)", "Decode a string of qp-encoded data."),
        method!(Bound b2a_qp "($module, /, data, quotetabs=False, istext=True, header=False)", "Encode a string using quoted-printable encoding.\n\nOn encoding, when istext is set, newlines are not encoded, and white\nspace at end of lines is.  When istext is not set, \\r and \\n (CR/LF)\nare both encoded.  When quotetabs is set, space and tabs are encoded."),
        method!(Bound crc_hqx "($module, data, crc, /)", "Compute CRC-CCITT incrementally."),
        method!(Bound crc32 "($module, data, crc=0, /)", "Compute CRC-32 incrementally."),
    ],
    init: Some(init),
    ..Module::DEFAULT
};

fn init(vm: &mut Vm, module: RefOf<'_, ModuleObject>) -> PyResult<()> {
    let error = new_exception(vm, module, "binascii", "Error", &exception::VALUE_ERROR)?;
    module.state.set(Some(error));
    new_exception(vm, module, "binascii", "Incomplete", &exception::EXCEPTION)?;
    Ok(())
}

fn required<'a>(args: &Arguments<'a>, index: usize) -> Ref<'a> {
    args[index].expect("the argument is required")
}

/// The bytes a converter made, or its complaint as `binascii.Error`.
fn finish<E: std::fmt::Display>(vm: &mut Vm, module: Ref<'_>, result: Result<Vec<u8>, E>) -> PyResult {
    match result {
        Ok(data) => Ok(vm.new_bytes(&data).into_object()),
        Err(message) => Err(raise_own(vm, module, &message.to_string())),
    }
}

fn a2b_uu(vm: &mut Vm, module: Ref<'_>, data: Ref<'_>) -> PyResult {
    let data = ascii_bytes(vm, data)?;
    finish(vm, module, uu::decode(&data))
}

fn b2a_uu(vm: &mut Vm, module: Ref<'_>, args: &Arguments<'_>) -> PyResult {
    let data = bytes(vm, required(args, 0))?;
    let backtick = flag(vm, args[1], false)?;
    finish(vm, module, uu::encode(&data, backtick))
}

fn a2b_base64(vm: &mut Vm, module: Ref<'_>, args: &Arguments<'_>) -> PyResult {
    let data = ascii_bytes(vm, required(args, 0))?;
    let strict = flag(vm, args[1], false)?;
    finish(vm, module, base64::decode(&data, strict))
}

fn b2a_base64(vm: &mut Vm, _module: Ref<'_>, args: &Arguments<'_>) -> PyResult {
    let buffer = vm.buffer(required(args, 0))?;
    let newline = flag(vm, args[1], true)?;
    let text = base64::encode(buffer.bytes(vm), newline);
    Ok(vm.new_bytes(&text).into_object())
}

fn a2b_hex(vm: &mut Vm, module: Ref<'_>, text: Ref<'_>) -> PyResult {
    let text = ascii_bytes(vm, text)?;
    if text.len() % 2 != 0 {
        return Err(raise_own(vm, module, "Odd-length string"));
    }
    let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
    let data: Option<Vec<u8>> = text.chunks_exact(2).map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?)).collect();
    finish(vm, module, data.ok_or("Non-hexadecimal digit found"))
}

/// The separator of hexadecimal digits.
fn separator(vm: &mut Vm, object: Ref<'_>) -> PyResult<u8> {
    if vm.len(object)? != 1 {
        return Err(vm.value_error("sep must be length 1."));
    }
    if let Some(text) = object.downcast::<Str>() {
        return match text.kind() {
            Kind::Latin1 => Ok(text.char_at(0) as u8),
            Kind::Ucs2 | Kind::Ucs4 => Err(vm.value_error("sep must be ASCII.")),
        };
    }
    match object::bytes::as_bytes(object) {
        Some(data) => Ok(data[0]),
        None => Err(vm.type_error("sep must be str or bytes.")),
    }
}

fn b2a_hex(vm: &mut Vm, _module: Ref<'_>, args: &Arguments<'_>) -> PyResult {
    let buffer = vm.buffer(required(args, 0))?;
    let per_group = args[2].map_or(Ok(1), |number| vm.to_i32(number))?;
    let separator = args[1].map(|object| separator(vm, object)).transpose()?;
    let text = hexadecimal(buffer.bytes(vm), separator, per_group);
    Ok(vm.new_bytes(&text).into_object())
}

/// Hexadecimal digits, with a separator after so many bytes, counted from the right if positive.
fn hexadecimal(data: &[u8], separator: Option<u8>, per_group: i32) -> Vec<u8> {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let size = per_group.unsigned_abs() as usize;
    let mut text = Vec::with_capacity(data.len() * 2);
    for (index, byte) in data.iter().enumerate() {
        if let Some(separator) = separator
            && size > 0
            && index > 0
        {
            let count = if per_group > 0 { data.len() - index } else { index };
            if count % size == 0 {
                text.push(separator);
            }
        }
        text.extend_from_slice(&[DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
    }
    text
}

fn a2b_qp(vm: &mut Vm, _module: Ref<'_>, args: &Arguments<'_>) -> PyResult {
    let data = ascii_bytes(vm, required(args, 0))?;
    let header = flag(vm, args[1], false)?;
    Ok(vm.new_bytes(&quoted_printable::decode(&data, header)).into_object())
}

fn b2a_qp(vm: &mut Vm, _module: Ref<'_>, args: &Arguments<'_>) -> PyResult {
    let data = bytes(vm, required(args, 0))?;
    let options =
        quoted_printable::Options { quote_tabs: flag(vm, args[1], false)?, is_text: flag(vm, args[2], true)?, header: flag(vm, args[3], false)? };
    Ok(vm.new_bytes(&quoted_printable::encode(&data, options)).into_object())
}

fn crc_hqx(vm: &mut Vm, _module: Ref<'_>, args: &Arguments<'_>) -> PyResult {
    let buffer = vm.buffer(required(args, 0))?;
    let mut crc = mask_u32(vm, required(args, 1))? as u16;
    for &byte in buffer.bytes(vm) {
        crc ^= u16::from(byte) << 8;
        for _ in 0..8 {
            crc = if crc & 0x8000 != 0 { crc << 1 ^ 0x1021 } else { crc << 1 };
        }
    }
    Ok(vm.new_int(i64::from(crc)))
}

/// `crc32(data, crc=0)`, which `zlib` has too.
pub fn crc32(vm: &mut Vm, _module: Ref<'_>, args: &Arguments<'_>) -> PyResult {
    let buffer = vm.buffer(required(args, 0))?;
    let start = args[1].map_or(Ok(0), |crc| mask_u32(vm, crc))?;
    let mut hasher = crc32fast::Hasher::new_with_initial(start);
    hasher.update(buffer.bytes(vm));
    Ok(vm.new_int(i64::from(hasher.finalize())))
}
