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

/// Path below the directory and contents of all files.
pub type Files = fn() -> Vec<(&'static str, &'static [u8])>;

struct Library {
    directory: Vec<u8>,
    files: Files,
    tree: OnceLock<BTreeMap<Vec<u8>, Node>>,
}

/// What a path leads to.
enum Node {
    File(&'static [u8]),
    Directory(Vec<Vec<u8>>),
}

static LIBRARY: OnceLock<Library> = OnceLock::new();

/// Says where the files are shown, and what they are.
pub fn show(directory: &str, files: Files) {
    // A second runtime in the process shows the same files.
    let _ = LIBRARY.set(Library { directory: normal(directory.as_bytes()), files, tree: OnceLock::new() });
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

fn tree(library: &'static Library) -> &'static BTreeMap<Vec<u8>, Node> {
    library.tree.get_or_init(|| {
        let mut tree = BTreeMap::from([(Vec::new(), Node::Directory(Vec::new()))]);
        for (path, contents) in (library.files)() {
            enter(&mut tree, path.as_bytes(), Node::File(contents));
        }
        tree
    })
}

/// Enters a node, and the directories it is in.
fn enter(tree: &mut BTreeMap<Vec<u8>, Node>, path: &[u8], node: Node) {
    let (parent, name) = match path.iter().rposition(|&byte| byte == b'/') {
        Some(slash) => (&path[..slash], &path[slash + 1..]),
        None => (&path[..0], path),
    };
    if !tree.contains_key(parent) {
        enter(tree, parent, Node::Directory(Vec::new()));
    }
    if let Some(Node::Directory(names)) = tree.get_mut(parent) {
        names.push(name.to_vec());
    }
    tree.insert(path.to_vec(), node);
}

/// What is shown at an absolute path.
fn find(path: &CStr) -> Option<&'static Node> {
    let library = LIBRARY.get()?;
    let path = path.to_bytes();
    if path.first() != Some(&b'/') {
        return None;
    }
    let path = normal(path);
    let below = path.strip_prefix(library.directory.as_slice())?;
    match below {
        [] => tree(library).get(below),
        [b'/', rest @ ..] => tree(library).get(rest),
        _ => None,
    }
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
        Node::Directory(_) => (libc::S_IFDIR | 0o755, 4096),
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
        Some(Node::Directory(_)) => mode & libc::W_OK == 0,
        None => false,
    }
}

/// The entries of a directory that the system does not know.
pub fn entries(path: &CStr) -> Option<Vec<sys::Entry>> {
    let Some(Node::Directory(names)) = find(path) else { return None };
    let library = LIBRARY.get()?;
    let below = normal(path.to_bytes());
    let below = below.strip_prefix(library.directory.as_slice())?;
    let below = below.strip_prefix(b"/").unwrap_or(below);
    let kind = |name: &[u8]| {
        let full = if below.is_empty() { name.to_vec() } else { [below, b"/", name].concat() };
        match tree(library).get(&full) {
            Some(Node::Directory(_)) => libc::DT_DIR,
            _ => libc::DT_REG,
        }
    };
    Some(names.iter().enumerate().map(|(index, name)| sys::Entry { name: name.clone(), inode: index as u64 + 1, kind: kind(name) }).collect())
}
