//! Files of the library that is inside the program, shown where they would be if it were installed.
//!
//! `os.__file__` and its like name files that are not there. Tools read them all the same, list their directories,
//! compile them; so what asks the system for a path below the library's directory, and is told that there is no such
//! thing, gets the embedded file instead. A real file in its place wins.

use crate::blocking::SysResult;
use crate::sys;
use std::collections::BTreeMap;
use std::ffi::CStr;
use std::io::Write;
use std::sync::OnceLock;

/// Path below the directory and contents of all files. There is no index: programs seldom ask, and a walk is quick.
pub type Files = fn() -> Box<dyn Iterator<Item = (&'static str, &'static [u8])>>;

struct Library {
    directory: Vec<u8>,
    files: Files,
}

/// What a path leads to.
enum Node {
    File(&'static [u8]),
    Directory,
}

static LIBRARY: OnceLock<Library> = OnceLock::new();

/// Says where the files are shown, and what they are.
pub fn show(directory: &str, files: Files) {
    // A second runtime in the process shows the same files.
    let _ = LIBRARY.set(Library { directory: normal(directory.as_bytes()), files });
}

/// The path without empty and `.` components, and with `..` taken back.
fn normal(path: &[u8]) -> Vec<u8> {
    let mut parts: Vec<&[u8]> = Vec::new();
    for part in path.split(|&byte| byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." => drop(parts.pop()),
            _ => parts.push(part),
        }
    }
    let mut out = Vec::with_capacity(path.len());
    for part in parts {
        out.push(b'/');
        out.extend_from_slice(part);
    }
    out
}

/// The part of an absolute path below the library's directory: empty, or with a slash in front.
fn below(library: &Library, path: &CStr) -> Option<Vec<u8>> {
    let path = path.to_bytes();
    if path.first() != Some(&b'/') {
        return None;
    }
    let path = normal(path);
    let below = path.strip_prefix(library.directory.as_slice())?;
    matches!(below, [] | [b'/', ..]).then(|| below.to_vec())
}

/// What comes behind a directory in the path of a file that is somewhere in it.
fn within<'a>(file: &'a str, directory: &[u8]) -> Option<&'a [u8]> {
    match directory {
        [] => Some(file.as_bytes()),
        [_, directory @ ..] => file.as_bytes().strip_prefix(directory)?.strip_prefix(b"/"),
    }
}

/// What is shown at an absolute path.
fn find(path: &CStr) -> Option<Node> {
    let library = LIBRARY.get()?;
    let below = below(library, path)?;
    if below.is_empty() {
        return Some(Node::Directory);
    }
    (library.files)().find_map(|(file, contents)| match within(file, &below) {
        Some(_) => Some(Node::Directory),
        None => (file.as_bytes() == &below[1..]).then_some(Node::File(contents)),
    })
}

/// Whether an error says that there is no such file.
fn is_missing(code: i32) -> bool {
    code == libc::ENOENT || code == libc::ENOTDIR
}

/// `openat(2)`; a file of the library is opened for reading as an anonymous one.
pub fn open(dir_fd: i32, path: &CStr, flags: i32, mode: u32) -> SysResult<i32> {
    let result = sys::openat(dir_fd, path, flags, mode);
    match result {
        Err(code) if is_missing(code) && flags & (libc::O_ACCMODE | libc::O_CREAT) == libc::O_RDONLY => match find(path) {
            Some(Node::File(contents)) => anonymous(contents).or(result),
            _ => result,
        },
        _ => result,
    }
}

/// A descriptor from which the contents can be read.
fn anonymous(contents: &[u8]) -> SysResult<i32> {
    let fd = sys::memfd_create(c"library", libc::MFD_CLOEXEC)?;
    // Written through a descriptor of its own, so that reading begins at the beginning.
    let written = std::fs::OpenOptions::new().write(true).open(format!("/proc/self/fd/{fd}")).and_then(|mut file| file.write_all(contents));
    match written {
        Ok(()) => Ok(fd),
        Err(error) => {
            // The descriptor is of no use; whether closing it works does not matter.
            let _ = sys::close(fd);
            Err(error.raw_os_error().unwrap_or(libc::EIO))
        }
    }
}

/// The status of a path that the system does not know.
pub fn status(path: &CStr) -> Option<libc::stat> {
    let node = find(path)?;
    // As old as the program it is part of.
    let mut stat = sys::fstatat_plain(libc::AT_FDCWD, c"/proc/self/exe", 0).ok()?;
    let (mode, size) = match node {
        Node::File(contents) => (libc::S_IFREG | 0o644, contents.len()),
        Node::Directory => (libc::S_IFDIR | 0o755, 4096),
    };
    // Numbers that tell the files apart, as `os.path.samefile` wants.
    let number = normal(path.to_bytes()).iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
    (stat.st_mode, stat.st_size, stat.st_ino, stat.st_nlink) = (mode, size as i64, number >> 1, 1);
    stat.st_blocks = size.div_ceil(512) as i64;
    Some(stat)
}

/// Whether a path that the system does not know can be used as asked for: everything may be read.
pub fn is_accessible(path: &CStr, mode: i32) -> bool {
    match find(path) {
        Some(Node::File(_)) => mode & (libc::W_OK | libc::X_OK) == 0,
        Some(Node::Directory) => mode & libc::W_OK == 0,
        None => false,
    }
}

/// The entries of a directory that the system does not know.
pub fn entries(path: &CStr) -> Option<Vec<sys::Entry>> {
    let library = LIBRARY.get()?;
    let below = below(library, path)?;
    let mut found: BTreeMap<&[u8], u8> = BTreeMap::new();
    for (file, _) in (library.files)() {
        let Some(rest) = within(file, &below) else { continue };
        match rest.iter().position(|&byte| byte == b'/') {
            Some(slash) => found.insert(&rest[..slash], libc::DT_DIR),
            None => found.insert(rest, libc::DT_REG),
        };
    }
    if found.is_empty() {
        return None;
    }
    let entry = |(index, (name, kind)): (usize, (&[u8], u8))| sys::Entry { name: name.to_vec(), inode: index as u64 + 1, kind };
    Some(found.into_iter().enumerate().map(entry).collect())
}
