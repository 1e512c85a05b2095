//! `_stat`: the meaning of the numbers in a `stat_result`.

use crate::os_support::add_constants;
use object::method;
use object::native::Module;
use object::{Object, PyResult, Ref, Vm};

/// `_stat`
pub static MODULE: Module = Module {
    name: "_stat",
    doc: "Constants and functions for interpreting results of os.stat() and os.lstat().",
    functions: &[
        method!(Binary s_imode as "S_IMODE" "($module, mode, /)", "Return the portion of the file's mode that can be set by os.chmod()."),
        method!(Binary s_ifmt as "S_IFMT" "($module, mode, /)", "Return the portion of the file's mode that describes the file type."),
        method!(Binary s_isdir as "S_ISDIR" "($module, mode, /)", "S_ISDIR(mode) -> bool\n\nReturn True if mode is from a directory."),
        method!(Binary s_ischr as "S_ISCHR" "($module, mode, /)", "S_ISCHR(mode) -> bool\n\nReturn True if mode is from a character special device file."),
        method!(Binary s_isblk as "S_ISBLK" "($module, mode, /)", "S_ISBLK(mode) -> bool\n\nReturn True if mode is from a block special device file."),
        method!(Binary s_isreg as "S_ISREG" "($module, mode, /)", "S_ISREG(mode) -> bool\n\nReturn True if mode is from a regular file."),
        method!(Binary s_isfifo as "S_ISFIFO" "($module, mode, /)", "S_ISFIFO(mode) -> bool\n\nReturn True if mode is from a FIFO (named pipe)."),
        method!(Binary s_islnk as "S_ISLNK" "($module, mode, /)", "S_ISLNK(mode) -> bool\n\nReturn True if mode is from a symbolic link."),
        method!(Binary s_issock as "S_ISSOCK" "($module, mode, /)", "S_ISSOCK(mode) -> bool\n\nReturn True if mode is from a socket."),
        method!(Binary never as "S_ISDOOR" "($module, mode, /)", "S_ISDOOR(mode) -> bool\n\nReturn True if mode is from a door."),
        method!(Binary never as "S_ISPORT" "($module, mode, /)", "S_ISPORT(mode) -> bool\n\nReturn True if mode is from an event port."),
        method!(Binary never as "S_ISWHT" "($module, mode, /)", "S_ISWHT(mode) -> bool\n\nReturn True if mode is from a whiteout."),
        method!(Binary filemode "($module, mode, /)", "Convert a file's mode to a string of the form '-rwxrwxrwx'"),
    ],
    init: Some(|vm, module| {
        add_constants(vm, module, CONSTANTS);
        Ok(())
    }),
    ..Module::DEFAULT
};

fn mode_argument(vm: &mut Vm, value: Ref<'_>) -> PyResult<u32> {
    let number = vm.index(value)?;
    match object::int::as_i64(number.borrow()) {
        Some(mode) if mode < 0 => Err(vm.overflow_error("can't convert negative value to unsigned int")),
        Some(mode) if mode <= i64::from(u32::MAX) => Ok(mode as u32),
        Some(_) => Err(vm.overflow_error("mode out of range")),
        None => Err(vm.overflow_error("Python int too large to convert to C unsigned long")),
    }
}

fn s_imode(vm: &mut Vm, _module: Ref<'_>, mode: Ref<'_>) -> PyResult {
    let mode = mode_argument(vm, mode)?;
    Ok(Object::small_int(i64::from(mode & 0o7777)))
}

fn s_ifmt(vm: &mut Vm, _module: Ref<'_>, mode: Ref<'_>) -> PyResult {
    let mode = mode_argument(vm, mode)?;
    Ok(Object::small_int(i64::from(mode & libc::S_IFMT)))
}

fn never(vm: &mut Vm, _module: Ref<'_>, mode: Ref<'_>) -> PyResult {
    mode_argument(vm, mode)?;
    Ok(Object::bool(false))
}

macro_rules! kinds {
    ($($name:ident: $kind:ident;)*) => { $(
        fn $name(vm: &mut Vm, _module: Ref<'_>, mode: Ref<'_>) -> PyResult {
            let mode = mode_argument(vm, mode)?;
            Ok(Object::bool(mode & libc::S_IFMT == libc::$kind))
        }
    )* };
}

kinds! {
    s_isdir: S_IFDIR;
    s_ischr: S_IFCHR;
    s_isblk: S_IFBLK;
    s_isreg: S_IFREG;
    s_isfifo: S_IFIFO;
    s_islnk: S_IFLNK;
    s_issock: S_IFSOCK;
}

fn filemode(vm: &mut Vm, _module: Ref<'_>, mode: Ref<'_>) -> PyResult {
    let mode = mode_argument(vm, mode)?;
    let kind = match mode & libc::S_IFMT {
        libc::S_IFREG => '-',
        libc::S_IFDIR => 'd',
        libc::S_IFLNK => 'l',
        libc::S_IFBLK => 'b',
        libc::S_IFCHR => 'c',
        libc::S_IFIFO => 'p',
        libc::S_IFSOCK => 's',
        _ => '?',
    };
    let mut text = String::from(kind);
    for (shift, special, set, unset) in [(6, libc::S_ISUID, 's', 'S'), (3, libc::S_ISGID, 's', 'S'), (0, libc::S_ISVTX, 't', 'T')] {
        let bits = mode >> shift & 7;
        text.push(if bits & 4 != 0 { 'r' } else { '-' });
        text.push(if bits & 2 != 0 { 'w' } else { '-' });
        text.push(match (mode & special != 0, bits & 1 != 0) {
            (true, true) => set,
            (true, false) => unset,
            (false, true) => 'x',
            (false, false) => '-',
        });
    }
    Ok(vm.new_str(&text).into_object())
}

/// Constants by name.
static CONSTANTS: &[(&str, i64)] = &[
    ("S_IFDIR", 0o40000),
    ("S_IFCHR", 0o20000),
    ("S_IFBLK", 0o60000),
    ("S_IFREG", 0o100000),
    ("S_IFIFO", 0o10000),
    ("S_IFLNK", 0o120000),
    ("S_IFSOCK", 0o140000),
    ("S_IFDOOR", 0o0),
    ("S_IFPORT", 0o0),
    ("S_IFWHT", 0o0),
    ("S_ISUID", 0o4000),
    ("S_ISGID", 0o2000),
    ("S_ISVTX", 0o1000),
    ("S_ENFMT", 0o2000),
    ("S_IREAD", 0o400),
    ("S_IWRITE", 0o200),
    ("S_IEXEC", 0o100),
    ("S_IRWXU", 0o700),
    ("S_IRUSR", 0o400),
    ("S_IWUSR", 0o200),
    ("S_IXUSR", 0o100),
    ("S_IRWXG", 0o70),
    ("S_IRGRP", 0o40),
    ("S_IWGRP", 0o20),
    ("S_IXGRP", 0o10),
    ("S_IRWXO", 0o7),
    ("S_IROTH", 0o4),
    ("S_IWOTH", 0o2),
    ("S_IXOTH", 0o1),
    ("UF_SETTABLE", 0o177777),
    ("UF_NODUMP", 0o1),
    ("UF_IMMUTABLE", 0o2),
    ("UF_APPEND", 0o4),
    ("UF_OPAQUE", 0o10),
    ("UF_NOUNLINK", 0o20),
    ("UF_COMPRESSED", 0o40),
    ("UF_TRACKED", 0o100),
    ("UF_DATAVAULT", 0o200),
    ("UF_HIDDEN", 0o100000),
    ("SF_SETTABLE", 0o37777600000),
    ("SF_ARCHIVED", 0o200000),
    ("SF_IMMUTABLE", 0o400000),
    ("SF_APPEND", 0o1000000),
    ("SF_NOUNLINK", 0o4000000),
    ("SF_SNAPSHOT", 0o10000000),
    ("SF_FIRMLINK", 0o40000000),
    ("SF_DATALESS", 0o10000000000),
    ("ST_MODE", 0o0),
    ("ST_INO", 0o1),
    ("ST_DEV", 0o2),
    ("ST_NLINK", 0o3),
    ("ST_UID", 0o4),
    ("ST_GID", 0o5),
    ("ST_SIZE", 0o6),
    ("ST_ATIME", 0o7),
    ("ST_MTIME", 0o10),
    ("ST_CTIME", 0o11),
];
