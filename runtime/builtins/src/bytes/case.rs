//! ASCII case, and the tests named `is...`.

use super::common::{data, make_from};
use object::vm::{PyResult, Vm};
use object::{Object, Ref};

fn mapped(vm: &mut Vm, this: Ref<'_>, map: impl FnOnce(&mut [u8])) -> PyResult {
    let mut bytes = data(vm, this).to_vec();
    map(&mut bytes);
    Ok(make_from(vm, this, bytes))
}

pub(crate) fn lower(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    mapped(vm, this, <[u8]>::make_ascii_lowercase)
}

pub(crate) fn upper(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    mapped(vm, this, <[u8]>::make_ascii_uppercase)
}

pub(crate) fn capitalize(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    mapped(vm, this, |bytes| {
        bytes.make_ascii_lowercase();
        if let Some(first) = bytes.first_mut() {
            first.make_ascii_uppercase();
        }
    })
}

pub(crate) fn title(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    mapped(vm, this, |bytes| {
        let mut in_word = false;
        for byte in bytes {
            if in_word {
                byte.make_ascii_lowercase()
            } else {
                byte.make_ascii_uppercase()
            }
            in_word = byte.is_ascii_alphabetic();
        }
    })
}

pub(crate) fn swapcase(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    mapped(vm, this, |bytes| {
        for byte in bytes.iter_mut().filter(|byte| byte.is_ascii_alphabetic()) {
            *byte ^= 0x20;
        }
    })
}

fn all(vm: &Vm, this: Ref<'_>, test: impl Fn(u8) -> bool) -> PyResult {
    let data = data(vm, this);
    Ok(Object::bool(!data.is_empty() && data.iter().all(|&byte| test(byte))))
}

pub(crate) fn isalnum(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    all(vm, this, |byte| byte.is_ascii_alphanumeric())
}

pub(crate) fn isalpha(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    all(vm, this, |byte| byte.is_ascii_alphabetic())
}

pub(crate) fn isdigit(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    all(vm, this, |byte| byte.is_ascii_digit())
}

pub(crate) fn isspace(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    all(vm, this, super::split::is_space)
}

pub(crate) fn isascii(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    Ok(Object::bool(data(vm, this).is_ascii()))
}

pub(crate) fn islower(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let data = data(vm, this);
    Ok(Object::bool(data.iter().any(u8::is_ascii_lowercase) && !data.iter().any(u8::is_ascii_uppercase)))
}

pub(crate) fn isupper(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let data = data(vm, this);
    Ok(Object::bool(data.iter().any(u8::is_ascii_uppercase) && !data.iter().any(u8::is_ascii_lowercase)))
}

pub(crate) fn istitle(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let (mut found, mut in_word) = (false, false);
    for byte in data(vm, this) {
        if byte.is_ascii_alphabetic() {
            if byte.is_ascii_uppercase() == in_word {
                return Ok(Object::bool(false));
            }
            (found, in_word) = (true, true);
        } else {
            in_word = false;
        }
    }
    Ok(Object::bool(found))
}
