//! The three Unicode errors: what could not be converted, where in it, and why.

use super::init as plain_init;
use object::bytes::as_bytes;
use object::call::Args;
use object::exception::{self as declared, field, set_field};
use object::native::Extension;
use object::str::Str;
use object::{Getset, Object, PyResult, Ref, Slots, Vm};

const GETSETS: &[Getset] = &[
    Getset::new("start", "exception start", |vm, this| get_number(vm, this, "start"), |vm, this, value| set_number(vm, this, "start", value)),
    Getset::new("end", "exception end", |vm, this| get_number(vm, this, "end"), |vm, this, value| set_number(vm, this, "end", value)),
];

macro_rules! unicode_extension {
    ($EXTENSION:ident, $CLASS:ident, $init:ident, $str:ident) => {
        pub(crate) static $EXTENSION: Extension = Extension {
            class: &declared::$CLASS,
            slots: Slots { init: Some($init), str: Some($str), ..Slots::NONE },
            methods: &[],
            getsets: GETSETS,
            members: &[],
        };
    };
}

unicode_extension!(ENCODE_EXTENSION, UNICODE_ENCODE_ERROR, init_encode, str_encode);
unicode_extension!(DECODE_EXTENSION, UNICODE_DECODE_ERROR, init_decode, str_decode);
unicode_extension!(TRANSLATE_EXTENSION, UNICODE_TRANSLATE_ERROR, init_translate, str_translate);

fn get_number(_vm: &mut Vm, this: Ref<'_>, name: &str) -> PyResult {
    Ok(field(this, name).unwrap_or(Object::small_int(0)))
}

fn set_number(vm: &mut Vm, this: Ref<'_>, name: &str, value: Option<Ref<'_>>) -> PyResult<()> {
    let Some(value) = value else { return Err(vm.type_error("can't delete numeric/char attribute")) };
    if value.class().slots().index.is_none() {
        return Err(vm.type_error("an integer is required"));
    }
    let number = vm.index_isize(value)?;
    let number = vm.new_int(number as i64);
    set_field(vm, this, name, Some(number));
    Ok(())
}

/// Checks the arguments after an optional encoding, and sets the fields.
fn fill(vm: &mut Vm, this: Ref<'_>, args: Args<'_>, names: &[&str], is_bytes: bool) -> PyResult<()> {
    plain_init(vm, this, args)?;
    let given = args.positionals();
    if given.len() != names.len() {
        return Err(vm.type_error(format!("function takes exactly {} arguments ({} given)", names.len(), given.len())));
    }
    for (index, (&name, &value)) in names.iter().zip(given).enumerate() {
        let value = match name {
            "start" | "end" => {
                let number = vm.index_isize(value)?;
                vm.new_int(number as i64)
            }
            "object" if is_bytes => own_bytes(vm, value)?,
            _ if value.downcast::<Str>().is_none() => {
                return Err(vm.type_error(format!("argument {} must be str, not {}", index + 1, value.class().full_name())));
            }
            _ => value.to_owned(),
        };
        set_field(vm, this, name, Some(value));
    }
    Ok(())
}

/// Bytes as they are; what else has bytes is copied.
fn own_bytes(vm: &mut Vm, value: Ref<'_>) -> PyResult {
    if as_bytes(value).is_some() {
        return Ok(value.to_owned());
    }
    let buffer = vm.buffer(value)?;
    let data = buffer.bytes(vm).to_vec();
    Ok(vm.new_bytes(&data).into_object())
}

fn init_encode(vm: &mut Vm, this: Ref<'_>, args: Args<'_>) -> PyResult<()> {
    fill(vm, this, args, &["encoding", "object", "start", "end", "reason"], false)
}

fn init_decode(vm: &mut Vm, this: Ref<'_>, args: Args<'_>) -> PyResult<()> {
    fill(vm, this, args, &["encoding", "object", "start", "end", "reason"], true)
}

fn init_translate(vm: &mut Vm, this: Ref<'_>, args: Args<'_>) -> PyResult<()> {
    fill(vm, this, args, &["object", "start", "end", "reason"], false)
}

fn number(this: Ref<'_>, name: &str) -> i64 {
    field(this, name).and_then(|value| object::int::to_i64(value.borrow()).flatten()).unwrap_or(0)
}

fn escaped(code_point: u32) -> String {
    match code_point {
        0..=0xff => format!("\\x{code_point:02x}"),
        0x100..=0xffff => format!("\\u{code_point:04x}"),
        _ => format!("\\U{code_point:08x}"),
    }
}

fn text_of(vm: &mut Vm, this: Ref<'_>, name: &str) -> PyResult<String> {
    let value = field(this, name).unwrap_or(Object::none());
    vm.str_text(value.borrow())
}

/// The object, once more: what was asked for the encoding and the reason may have changed it.
fn object_again(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    match field(this, "object") {
        Some(object) => Ok(object),
        None => Err(vm.type_error("UnicodeError 'object' attribute is not set")),
    }
}

fn describe_text(vm: &mut Vm, this: Ref<'_>, verb: &str) -> PyResult {
    let reason = text_of(vm, this, "reason")?;
    let object = object_again(vm, this)?;
    let Some(text) = object.borrow().downcast::<Str>() else {
        let message = format!("UnicodeError 'object' attribute must be a string, not {}", object.borrow().class().full_name());
        return Err(vm.type_error(message));
    };
    let (start, end) = (number(this, "start"), number(this, "end"));
    let message = if (0..text.len() as i64).contains(&start) && end == start + 1 {
        format!("{verb} character '{}' in position {start}: {reason}", escaped(text.char_at(start as usize)))
    } else {
        format!("{verb} characters in position {start}-{}: {reason}", end - 1)
    };
    Ok(vm.new_str(&message).into_object())
}

/// An error that was never initialised says nothing.
fn is_blank(this: Ref<'_>) -> bool {
    field(this, "object").is_none()
}

fn str_encode(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    if is_blank(this) {
        return Ok(vm.new_str("").into_object());
    }
    let encoding = text_of(vm, this, "encoding")?;
    describe_text(vm, this, &format!("'{encoding}' codec can't encode"))
}

fn str_translate(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    if is_blank(this) {
        return Ok(vm.new_str("").into_object());
    }
    describe_text(vm, this, "can't translate")
}

fn str_decode(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    if is_blank(this) {
        return Ok(vm.new_str("").into_object());
    }
    let (encoding, reason) = (text_of(vm, this, "encoding")?, text_of(vm, this, "reason")?);
    let object = object_again(vm, this)?;
    let Some(bytes) = as_bytes(object.borrow()) else {
        let message = format!("UnicodeError 'object' attribute must be a bytes, not {}", object.borrow().class().full_name());
        return Err(vm.type_error(message));
    };
    let (start, end) = (number(this, "start"), number(this, "end"));
    let message = match usize::try_from(start).ok().and_then(|start| bytes.get(start)) {
        Some(byte) if end == start + 1 => format!("'{encoding}' codec can't decode byte 0x{byte:02x} in position {start}: {reason}"),
        _ => format!("'{encoding}' codec can't decode bytes in position {start}-{}: {reason}", end - 1),
    };
    Ok(vm.new_str(&message).into_object())
}
