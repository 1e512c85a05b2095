//! Path texts: `fspath`, normalisation, splitting, limits.

use super::system::name_number;
use crate::os_support::*;
use crate::sys;
use object::str::{Str, StrBuilder};
use object::{Object, PyResult, Ref, Vm};

pub fn fspath(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    crate::os_support::fspath(vm, arg(args, 0))
}

/// A path's characters, and whether it is bytes.
fn characters(vm: &mut Vm, path: Ref<'_>) -> PyResult<(Vec<u32>, bool)> {
    let path = crate::os_support::fspath(vm, path)?;
    let path = path.borrow();
    match (path.downcast::<Str>(), object::bytes::as_bytes(path)) {
        (Some(text), _) => Ok((text.code_points().collect(), false)),
        (None, bytes) => Ok((bytes.unwrap_or_default().iter().map(|&byte| u32::from(byte)).collect(), true)),
    }
}

fn make(vm: &Vm, characters: &[u32], is_bytes: bool) -> Object {
    if is_bytes {
        let bytes: Vec<u8> = characters.iter().map(|&character| character as u8).collect();
        return vm.new_bytes(&bytes).into_object();
    }
    let mut text = StrBuilder::with_capacity(characters.len());
    for &character in characters {
        text.push(character);
    }
    text.finish(vm).into_object()
}

const SLASH: u32 = '/' as u32;
const DOT: u32 = '.' as u32;

/// The number of slashes a path's root has: two are kept, three or more are one.
fn root_length(path: &[u32]) -> usize {
    match path.iter().take_while(|&&character| character == SLASH).count() {
        0 => 0,
        2 => 2,
        _ => 1,
    }
}

pub fn path_normpath(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let (path, is_bytes) = characters(vm, arg(args, 0))?;
    let root = root_length(&path);
    let mut parts: Vec<&[u32]> = Vec::new();
    for part in path.split(|&character| character == SLASH) {
        match part {
            [] | [DOT] => {}
            [DOT, DOT] => match parts.last() {
                Some(&[DOT, DOT]) => parts.push(part),
                Some(_) => {
                    parts.pop();
                }
                None if root == 0 => parts.push(part),
                None => {}
            },
            _ => parts.push(part),
        }
    }
    let mut normal = vec![SLASH; root];
    normal.extend(parts.join(&SLASH));
    if normal.is_empty() {
        normal.push(DOT);
    }
    Ok(make(vm, &normal, is_bytes))
}

pub fn path_splitroot_ex(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let (path, is_bytes) = characters(vm, arg(args, 0))?;
    let root = root_length(&path);
    let parts = [make(vm, &[], is_bytes), make(vm, &path[..root], is_bytes), make(vm, &path[root..], is_bytes)];
    Ok(vm.new_tuple(parts).into_object())
}

fn limit(vm: &Vm, value: i64) -> Object {
    vm.new_int(value)
}

pub fn pathconf(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let path = PathArg::new("pathconf").or_fd().convert(vm, arg(args, 0))?;
    let name = name_number(vm, arg(args, 1), super::constants::PATHCONF_NAMES)?;
    let result = match path.fd {
        Some(fd) => sys::fpathconf(fd, name),
        None => sys::pathconf(&path.text, name),
    };
    let result = match result {
        Err(libc::EINVAL) => return Err(os_error(vm, libc::EINVAL, None)),
        other => path.checked(vm, other)?,
    };
    Ok(limit(vm, result))
}

pub fn fpathconf(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let fd = file_descriptor(vm, arg(args, 0))?;
    let name = name_number(vm, arg(args, 1), super::constants::PATHCONF_NAMES)?;
    let result = checked(vm, sys::fpathconf(fd, name))?;
    Ok(limit(vm, result))
}
