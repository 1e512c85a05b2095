//! The system's databases of users and groups.

use crate::blocking::SysResult;
use std::ffi::{CStr, c_char};
use std::mem::MaybeUninit;

/// One user or group, as the system's databases have it.
pub struct User {
    pub name: Vec<u8>,
    pub password: Vec<u8>,
    pub uid: u32,
    pub gid: u32,
    pub comment: Vec<u8>,
    pub directory: Vec<u8>,
    pub shell: Vec<u8>,
}

/// See [`User`].
pub struct Group {
    pub name: Vec<u8>,
    pub password: Vec<u8>,
    pub gid: u32,
    pub members: Vec<Vec<u8>>,
}

unsafe fn copied(pointer: *const c_char) -> Vec<u8> {
    // SAFETY: the caller's promise: null or a string.
    if pointer.is_null() { Vec::new() } else { unsafe { CStr::from_ptr(pointer) }.to_bytes().to_vec() }
}

unsafe fn user(entry: &libc::passwd) -> User {
    // SAFETY: the strings of an entry are valid until the next call.
    unsafe {
        User {
            name: copied(entry.pw_name),
            password: copied(entry.pw_passwd),
            uid: entry.pw_uid,
            gid: entry.pw_gid,
            comment: copied(entry.pw_gecos),
            directory: copied(entry.pw_dir),
            shell: copied(entry.pw_shell),
        }
    }
}

unsafe fn group(entry: &libc::group) -> Group {
    // SAFETY: as above; the members end with a null pointer.
    unsafe {
        let mut members = Vec::new();
        let mut next = entry.gr_mem;
        while !next.is_null() && !(*next).is_null() {
            members.push(copied(*next));
            next = next.add(1);
        }
        Group { name: copied(entry.gr_name), password: copied(entry.gr_passwd), gid: entry.gr_gid, members }
    }
}

/// Who is looked up.
#[derive(Clone, Copy)]
pub enum Who<'a> {
    Name(&'a CStr),
    Id(u32),
}

/// A database lookup whose strings go into a buffer of unknown size.
fn looked_up<E, T>(call: impl Fn(*mut E, *mut c_char, usize, *mut *mut E) -> i32, make: unsafe fn(&E) -> T) -> SysResult<Option<T>> {
    let mut size = 1024;
    loop {
        let mut buffer = vec![0u8; size];
        let mut entry = MaybeUninit::<E>::zeroed();
        let mut found = std::ptr::null_mut();
        match call(entry.as_mut_ptr(), buffer.as_mut_ptr().cast(), size, &mut found) {
            libc::ERANGE if size < 1 << 22 => size *= 2,
            // SAFETY: what was found points to the entry, whose strings are in the buffer.
            0 => return Ok(unsafe { found.as_ref().map(|entry| make(entry)) }),
            libc::ENOENT | libc::ESRCH | libc::EBADF | libc::EPERM => return Ok(None),
            code => return Err(code),
        }
    }
}

pub fn find_user(who: Who<'_>) -> SysResult<Option<User>> {
    // SAFETY: the buffer is that long; the name lives through the call.
    looked_up(
        |entry, buffer, size, found| unsafe {
            match who {
                Who::Name(name) => libc::getpwnam_r(name.as_ptr(), entry, buffer, size, found),
                Who::Id(id) => libc::getpwuid_r(id, entry, buffer, size, found),
            }
        },
        user,
    )
}

pub fn find_group(who: Who<'_>) -> SysResult<Option<Group>> {
    // SAFETY: as above.
    looked_up(
        |entry, buffer, size, found| unsafe {
            match who {
                Who::Name(name) => libc::getgrnam_r(name.as_ptr(), entry, buffer, size, found),
                Who::Id(id) => libc::getgrgid_r(id, entry, buffer, size, found),
            }
        },
        group,
    )
}

/// All users; to be called with the global lock held.
pub fn all_users() -> Vec<User> {
    let mut all = Vec::new();
    // SAFETY: an entry is valid until the next call, and the lock keeps others from calling.
    unsafe {
        libc::setpwent();
        while let Some(entry) = libc::getpwent().as_ref() {
            all.push(user(entry));
        }
        libc::endpwent();
    }
    all
}

/// All groups; to be called with the global lock held.
pub fn all_groups() -> Vec<Group> {
    let mut all = Vec::new();
    // SAFETY: as above.
    unsafe {
        libc::setgrent();
        while let Some(entry) = libc::getgrent().as_ref() {
            all.push(group(entry));
        }
        libc::endgrent();
    }
    all
}
