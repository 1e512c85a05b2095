//! Extended attributes of files.

use super::{Memory, check};
use crate::blocking::SysResult;
use std::ffi::CStr;

/// Whose extended attributes: a path (following links or not) or a descriptor.
#[derive(Clone, Copy)]
pub enum XattrTarget<'a> {
    Path(&'a CStr, bool),
    Fd(i32),
}

/// Calls with a buffer of growing size until the result fits.
fn growing(call: impl Fn(*mut u8, usize) -> isize) -> SysResult<Vec<u8>> {
    for size in [256, 4096, 65536] {
        let mut buffer = vec![0u8; size];
        match check(call(buffer.as_mut_ptr(), size)) {
            Ok(n) => {
                buffer.truncate(n as usize);
                return Ok(buffer);
            }
            Err(libc::ERANGE) => {}
            Err(error) => return Err(error),
        }
    }
    Err(libc::ERANGE)
}

pub fn getxattr(target: XattrTarget<'_>, name: &CStr) -> SysResult<Vec<u8>> {
    // SAFETY: the buffer is that long; strings live through the call.
    growing(|buffer, size| unsafe {
        match target {
            XattrTarget::Path(path, true) => libc::getxattr(path.as_ptr(), name.as_ptr(), buffer.cast(), size),
            XattrTarget::Path(path, false) => libc::lgetxattr(path.as_ptr(), name.as_ptr(), buffer.cast(), size),
            XattrTarget::Fd(fd) => libc::fgetxattr(fd, name.as_ptr(), buffer.cast(), size),
        }
    })
}

pub fn listxattr(target: XattrTarget<'_>) -> SysResult<Vec<u8>> {
    // SAFETY: as above.
    growing(|buffer, size| unsafe {
        match target {
            XattrTarget::Path(path, true) => libc::listxattr(path.as_ptr(), buffer.cast(), size),
            XattrTarget::Path(path, false) => libc::llistxattr(path.as_ptr(), buffer.cast(), size),
            XattrTarget::Fd(fd) => libc::flistxattr(fd, buffer.cast(), size),
        }
    })
}

pub fn setxattr(target: XattrTarget<'_>, name: &CStr, value: Memory, flags: i32) -> SysResult<i32> {
    let (data, len) = (value.start.cast_const().cast(), value.len);
    // SAFETY: the value is held by the caller; strings live through the call.
    check(unsafe {
        match target {
            XattrTarget::Path(path, true) => libc::setxattr(path.as_ptr(), name.as_ptr(), data, len, flags),
            XattrTarget::Path(path, false) => libc::lsetxattr(path.as_ptr(), name.as_ptr(), data, len, flags),
            XattrTarget::Fd(fd) => libc::fsetxattr(fd, name.as_ptr(), data, len, flags),
        }
    })
}

pub fn removexattr(target: XattrTarget<'_>, name: &CStr) -> SysResult<i32> {
    // SAFETY: strings live through the call.
    check(unsafe {
        match target {
            XattrTarget::Path(path, true) => libc::removexattr(path.as_ptr(), name.as_ptr()),
            XattrTarget::Path(path, false) => libc::lremovexattr(path.as_ptr(), name.as_ptr()),
            XattrTarget::Fd(fd) => libc::fremovexattr(fd, name.as_ptr()),
        }
    })
}
