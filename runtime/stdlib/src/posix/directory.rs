//! Directories and names: listing, `DirEntry`, making, renaming, removing, linking.

use super::stat::stat_object;
use crate::blocking::SysResult;
use crate::os_support::*;
use crate::sys::{self, Directory};
use object::method;
use object::native::{Method, PayloadInfo, flag};
use object::{Getset, Member, Object, ObjectCell, Payload, PyResult, Ref, RefOf, Slots, Type, TypeSpec, Visitor, Vm, VmCell};
use std::cell::Cell;
use std::ffi::CString;

fn done<T>(vm: &mut Vm, path: &Path, result: SysResult<T>) -> PyResult {
    path.checked(vm, result)?;
    Ok(Object::none())
}

/// Opens the directory an argument names; a descriptor is duplicated.
fn open_directory(vm: &mut Vm, path: &Path) -> PyResult<Directory> {
    let result = vm.allow_threads(|| match path.fd {
        Some(fd) => sys::fcntl(fd, libc::F_DUPFD_CLOEXEC, 0).and_then(Directory::from_fd),
        None => Directory::open(&path.text),
    });
    path.checked(vm, result)
}

pub fn listdir(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let path = PathArg::new("listdir").or_fd().or_none().convert(vm, args[0].unwrap_or(Ref::NONE))?;
    let mut directory = open_directory(vm, &path)?;
    let result = vm.allow_threads(|| {
        let mut names = Vec::new();
        while let Some(entry) = directory.next_entry()? {
            names.push(entry.name);
        }
        Ok(names)
    });
    let names = path.checked(vm, result)?;
    let names = names.iter().map(|name| path.decode(vm, name)).collect();
    Ok(vm.new_list(names).into_object())
}

/// The payload of what `scandir` returns.
pub struct ScandirIterator {
    directory: VmCell<Option<Directory>>,
    path: VmCell<Path>,
}

/// `posix.ScandirIterator`
pub static SCANDIR_ITERATOR: Type = Type::new(&SCANDIR_SPEC);
static SCANDIR_SPEC: TypeSpec = TypeSpec {
    name: "posix.ScandirIterator",
    flags: flag::NO_INSTANTIATION | flag::FINALIZER,
    payload: PayloadInfo::of::<ScandirIterator>(),
    slots: Slots { iter: Some(object::protocol::iter_self), next: Some(scandir_next), finalize: Some(scandir_finalize), ..Slots::NONE },
    methods: &[
        method!(Unary scandir_enter as "__enter__" "($self, /)", ""),
        method!(Many scandir_exit as "__exit__" "($self, /, *args)", ""),
        method!(Unary scandir_close as "close" "($self, /)", ""),
    ],
    ..TypeSpec::DEFAULT
};

impl Payload for ScandirIterator {
    fn class() -> &'static Type {
        &SCANDIR_ITERATOR
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        if let Some(object) = &self.path.visit(visitor).object {
            visitor.visit(object.borrow());
        }
    }
}

fn scandir_of<'a>(this: Ref<'a>) -> RefOf<'a, ScandirIterator> {
    this.downcast::<ScandirIterator>().expect("the slot belongs to the type")
}

pub fn scandir(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let path = PathArg::new("scandir").or_fd().or_none().convert(vm, args[0].unwrap_or(Ref::NONE))?;
    let directory = open_directory(vm, &path)?;
    Ok(vm.allocate(ScandirIterator { directory: VmCell::new(Some(directory)), path: VmCell::new(path) }).into_object())
}

fn scandir_next(vm: &mut Vm, this: Ref<'_>) -> PyResult<Option<Object>> {
    let iterator = scandir_of(this);
    let Some(directory) = iterator.directory.get_mut(vm) else { return Ok(None) };
    let entry = match directory.next_entry() {
        Ok(Some(entry)) => entry,
        Ok(None) => {
            iterator.directory.set(vm, None);
            return Ok(None);
        }
        Err(code) => {
            iterator.directory.set(vm, None);
            let object = iterator.path.get(vm).object.clone();
            return Err(os_error(vm, code, object.as_ref().map(Object::borrow)));
        }
    };
    let path = iterator.path.get(vm);
    let name = path.decode(vm, &entry.name);
    let mut joined = Vec::new();
    if path.fd.is_none() {
        joined.extend_from_slice(path.text.as_bytes());
        if path.object.is_none() {
            joined.clear();
            joined.push(b'.');
        }
        if joined.last().is_some_and(|&last| last != b'/') {
            joined.push(b'/');
        }
    }
    joined.extend_from_slice(&entry.name);
    let full = path.decode(vm, &joined);
    let text = CString::new(joined).unwrap_or_default();
    let fd = path.fd;
    let entry = DirEntry {
        name,
        path: full,
        text,
        dir_fd: fd,
        inode: entry.inode,
        kind: Cell::new(entry.kind),
        stat: ObjectCell::EMPTY,
        lstat: ObjectCell::EMPTY,
    };
    Ok(Some(vm.allocate(entry).into_object()))
}

fn scandir_enter(_vm: &mut Vm, this: Ref<'_>) -> PyResult {
    Ok(this.to_owned())
}

fn scandir_exit(vm: &mut Vm, this: Ref<'_>, _args: &[Ref<'_>]) -> PyResult {
    scandir_close(vm, this)
}

fn scandir_close(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    scandir_of(this).directory.set(vm, None);
    Ok(Object::none())
}

fn scandir_finalize(vm: &mut Vm, this: Ref<'_>) -> PyResult<()> {
    let iterator = scandir_of(this);
    if iterator.directory.get(vm).is_none() {
        return Ok(());
    }
    iterator.directory.set(vm, None);
    let text = vm.repr_text(this)?;
    let result = vm.warn(&object::exception::RESOURCE_WARNING, &format!("unclosed scandir iterator {text}"), 1);
    if let Err(raised) = result {
        vm.write_unraisable(raised, "Exception ignored in", Some(this));
    }
    Ok(())
}

/// The payload of a `DirEntry`.
pub struct DirEntry {
    name: Object,
    path: Object,
    text: CString,
    dir_fd: Option<i32>,
    inode: u64,
    kind: Cell<u8>,
    stat: ObjectCell,
    lstat: ObjectCell,
}

/// `os.DirEntry`
pub static DIR_ENTRY: Type = Type::new(&DIR_ENTRY_SPEC);
static DIR_ENTRY_SPEC: TypeSpec = TypeSpec {
    name: "posix.DirEntry",
    flags: flag::NO_INSTANTIATION,
    payload: PayloadInfo::of::<DirEntry>(),
    slots: Slots { repr: Some(entry_repr), ..Slots::NONE },
    methods: &[
        method!(Bound entry_is_dir as "is_dir" "($self, /, *, follow_symlinks=True)", "Return True if the entry is a directory; cached per entry."),
        method!(Bound entry_is_file as "is_file" "($self, /, *, follow_symlinks=True)", "Return True if the entry is a file; cached per entry."),
        method!(Unary entry_is_symlink as "is_symlink" "($self, /)", "Return True if the entry is a symbolic link; cached per entry."),
        method!(Unary entry_is_junction as "is_junction" "($self, /)", "Return True if the entry is a junction; cached per entry."),
        method!(Bound entry_stat as "stat" "($self, /, *, follow_symlinks=True)", "Return stat_result object for the entry; cached per entry."),
        method!(Unary entry_inode as "inode" "($self, /)", "Return inode of the entry; cached per entry."),
        method!(Unary entry_fspath as "__fspath__" "($self, /)", "Returns the path for the entry."),
        Method::new("__class_getitem__", "($cls, object, /)", "See PEP 585", object::Native::Binary(entry_class_getitem)).class_method(),
    ],
    members: &[
        Member(Getset::readonly("name", "the entry's base filename, relative to scandir() \"path\" argument", |_, this| {
            Ok(entry_of(this).name.clone())
        })),
        Member(Getset::readonly("path", "the entry's full path name; equivalent to os.path.join(scandir_path, entry.name)", |_, this| {
            Ok(entry_of(this).path.clone())
        })),
    ],
    ..TypeSpec::DEFAULT
};

impl Payload for DirEntry {
    fn class() -> &'static Type {
        &DIR_ENTRY
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        visitor.visit(self.name.borrow());
        visitor.visit(self.path.borrow());
        self.stat.traverse(visitor);
        self.lstat.traverse(visitor);
    }
}

fn entry_of<'a>(this: Ref<'a>) -> &'a DirEntry {
    this.downcast::<DirEntry>().expect("the method belongs to the type").get()
}

fn entry_class_getitem(vm: &mut Vm, this: Ref<'_>, item: Ref<'_>) -> PyResult {
    vm.generic_alias(this, item)
}

fn entry_repr(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let name = vm.repr_text(entry_of(this).name.borrow())?;
    Ok(vm.new_str(&format!("<DirEntry {name}>")).into_object())
}

fn entry_fspath(_vm: &mut Vm, this: Ref<'_>) -> PyResult {
    Ok(entry_of(this).path.clone())
}

fn entry_inode(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    Ok(vm.new_uint(entry_of(this).inode))
}

fn entry_is_junction(_vm: &mut Vm, _this: Ref<'_>) -> PyResult {
    Ok(Object::bool(false))
}

/// The status of the entry, asked for once.
fn entry_status(vm: &mut Vm, this: Ref<'_>, follow: bool) -> PyResult {
    let entry = entry_of(this);
    let follow = follow && (entry.kind.get() == libc::DT_LNK || entry.kind.get() == libc::DT_UNKNOWN);
    let cell = if follow { &entry.stat } else { &entry.lstat };
    if let Some(known) = cell.get() {
        return Ok(known);
    }
    let flags = if follow { 0 } else { libc::AT_SYMLINK_NOFOLLOW };
    let dir_fd = entry.dir_fd.unwrap_or(libc::AT_FDCWD);
    let result = vm.allow_threads(|| sys::fstatat(dir_fd, &entry.text, flags));
    let stat = result.map_err(|code| os_error(vm, code, Some(entry.path.borrow())))?;
    let object = stat_object(vm, &stat);
    cell.set(Some(object.clone()));
    Ok(object)
}

fn entry_stat(vm: &mut Vm, this: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let follow = truth(vm, args[0], true)?;
    entry_status(vm, this, follow)
}

/// Whether the entry, or what it links to, is of a kind; a name that leads nowhere is not.
fn entry_is(vm: &mut Vm, this: Ref<'_>, follow: bool, kind: u8, mode: u32) -> PyResult {
    let own = entry_of(this).kind.get();
    if own != libc::DT_UNKNOWN && !(follow && own == libc::DT_LNK) {
        return Ok(Object::bool(own == kind));
    }
    match entry_status(vm, this, follow) {
        Ok(stat) => {
            let found = vm.get_attr_str(stat.borrow(), "st_mode")?;
            let found = vm.to_i64(found.borrow())? as u32;
            Ok(Object::bool(found & libc::S_IFMT == mode))
        }
        Err(raised) => {
            vm.catch_if(raised, &object::exception::FILE_NOT_FOUND_ERROR)?;
            Ok(Object::bool(false))
        }
    }
}

fn entry_is_dir(vm: &mut Vm, this: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let follow = truth(vm, args[0], true)?;
    entry_is(vm, this, follow, libc::DT_DIR, libc::S_IFDIR)
}

fn entry_is_file(vm: &mut Vm, this: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let follow = truth(vm, args[0], true)?;
    entry_is(vm, this, follow, libc::DT_REG, libc::S_IFREG)
}

fn entry_is_symlink(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    entry_is(vm, this, false, libc::DT_LNK, libc::S_IFLNK)
}

pub fn mkdir(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let path = PathArg::new("mkdir").convert(vm, arg(args, 0))?;
    let mode = int_or(vm, args[1], 0o777)? as u32;
    let dir_fd = dir_fd(vm, args[2])?;
    let result = vm.allow_threads(|| sys::mkdirat(dir_fd, &path.text, mode));
    done(vm, &path, result)
}

pub fn mkfifo(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let path = PathArg::new("mkfifo").convert(vm, arg(args, 0))?;
    let mode = int_or(vm, args[1], 0o666)? as u32;
    let dir_fd = dir_fd(vm, args[2])?;
    let result = crate::blocking::retry(vm, || sys::mkfifoat(dir_fd, &path.text, mode))?;
    done(vm, &path, result)
}

pub fn mknod(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let path = PathArg::new("mknod").convert(vm, arg(args, 0))?;
    let mode = int_or(vm, args[1], 0o600)? as u32;
    let device = args[2].map_or(Ok(0), |device| super::system::device_number(vm, device))?;
    let dir_fd = dir_fd(vm, args[3])?;
    let result = crate::blocking::retry(vm, || sys::mknodat(dir_fd, &path.text, mode, device))?;
    done(vm, &path, result)
}

fn unlink_with(vm: &mut Vm, function: &'static str, args: Arguments<'_, '_>, flags: i32) -> PyResult {
    let path = PathArg::new(function).convert(vm, arg(args, 0))?;
    let dir_fd = dir_fd(vm, args[1])?;
    let result = vm.allow_threads(|| sys::unlinkat(dir_fd, &path.text, flags));
    done(vm, &path, result)
}

pub fn rmdir(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    unlink_with(vm, "rmdir", args, libc::AT_REMOVEDIR)
}

pub fn remove(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    unlink_with(vm, "remove", args, 0)
}

pub fn unlink(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    unlink_with(vm, "unlink", args, 0)
}

fn rename_with(vm: &mut Vm, function: &'static str, args: Arguments<'_, '_>) -> PyResult {
    let from = PathArg::new(function).named("src").convert(vm, arg(args, 0))?;
    let to = PathArg::new(function).named("dst").convert(vm, arg(args, 1))?;
    let (from_fd, to_fd) = (dir_fd(vm, args[2])?, dir_fd(vm, args[3])?);
    let result = vm.allow_threads(|| sys::renameat(from_fd, &from.text, to_fd, &to.text));
    two_paths(vm, &from, &to, result)
}

fn two_paths(vm: &mut Vm, from: &Path, to: &Path, result: SysResult<i32>) -> PyResult {
    match result {
        Ok(_) => Ok(Object::none()),
        Err(code) => Err(os_error_two(vm, code, from.object.as_ref().map(Object::borrow), to.object.as_ref().map(Object::borrow))),
    }
}

pub fn rename(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    rename_with(vm, "rename", args)
}

pub fn replace(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    rename_with(vm, "replace", args)
}

pub fn link(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let from = PathArg::new("link").named("src").convert(vm, arg(args, 0))?;
    let to = PathArg::new("link").named("dst").convert(vm, arg(args, 1))?;
    let (from_fd, to_fd) = (dir_fd(vm, args[2])?, dir_fd(vm, args[3])?);
    let follow = truth(vm, args[4], true)?;
    let flags = if follow { libc::AT_SYMLINK_FOLLOW } else { 0 };
    let result = vm.allow_threads(|| sys::linkat(from_fd, &from.text, to_fd, &to.text, flags));
    two_paths(vm, &from, &to, result)
}

pub fn symlink(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let target = PathArg::new("symlink").named("src").convert(vm, arg(args, 0))?;
    let path = PathArg::new("symlink").named("dst").convert(vm, arg(args, 1))?;
    truth(vm, args[2], false)?;
    let dir_fd = dir_fd(vm, args[3])?;
    let result = vm.allow_threads(|| sys::symlinkat(&target.text, dir_fd, &path.text));
    two_paths(vm, &target, &path, result)
}

pub fn readlink(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let path = PathArg::new("readlink").convert(vm, arg(args, 0))?;
    let dir_fd = dir_fd(vm, args[1])?;
    let result = vm.allow_threads(|| sys::readlinkat(dir_fd, &path.text));
    let target = path.checked(vm, result)?;
    Ok(path.decode(vm, &target))
}

pub fn getcwd(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    let path = checked(vm, sys::getcwd())?;
    Ok(fs_decode(vm, &path))
}

pub fn getcwdb(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    let path = checked(vm, sys::getcwd())?;
    Ok(vm.new_bytes(&path).into_object())
}

pub fn chdir(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let path = PathArg::new("chdir").or_fd().convert(vm, arg(args, 0))?;
    let result = vm.allow_threads(|| match path.fd {
        Some(fd) => sys::fchdir(fd),
        None => sys::chdir(&path.text),
    });
    done(vm, &path, result)
}

pub fn fchdir(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let fd = file_descriptor(vm, arg(args, 0))?;
    let result = crate::blocking::retry(vm, || sys::fchdir(fd))?;
    checked(vm, result)?;
    Ok(Object::none())
}

pub fn chroot(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let path = PathArg::new("chroot").convert(vm, arg(args, 0))?;
    let result = vm.allow_threads(|| sys::chroot(&path.text));
    done(vm, &path, result)
}
