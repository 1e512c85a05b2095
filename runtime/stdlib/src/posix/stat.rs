//! The status of files: `stat` and its family, permissions, owners, times, extended attributes.

use super::identity::{to_gid, to_uid};
use crate::blocking::retry;
use crate::os_support::*;
use crate::sys::{self, Memory, XattrTarget};
use builtins::struct_sequence::StructSequence as _;
use object::tuple::Tuple;
use object::{Object, PyResult, Ref, RefOf, Vm};

builtins::struct_sequence!(StatResult, STAT_RESULT, "os.stat_result",
    "stat_result: Result from stat, fstat, or lstat.\n\nThis object may be accessed either as a tuple of\n  (mode, ino, dev, nlink, uid, gid, size, atime, mtime, ctime)\nor via the attributes st_mode, st_ino, st_dev, st_nlink, st_uid, and so on.\n\nPosix/windows: If your platform supports st_blksize, st_blocks, st_rdev,\nor st_flags, they are available as attributes only.\n\nSee os.stat for more information.",
    [st_mode "protection bits", st_ino "inode", st_dev "device", st_nlink "number of hard links", st_uid "user ID of owner", st_gid "group ID of owner", st_size "total size, in bytes"],
    ["st_atime", "st_mtime", "st_ctime"],
    [st_atime "time of last access", st_mtime "time of last modification", st_ctime "time of last change",
     st_atime_ns "time of last access in nanoseconds", st_mtime_ns "time of last modification in nanoseconds", st_ctime_ns "time of last change in nanoseconds",
     st_blksize "blocksize for filesystem I/O", st_blocks "number of blocks allocated", st_rdev "device type (if inode device)"]);

builtins::struct_sequence!(StatvfsResult, STATVFS_RESULT, "os.statvfs_result",
    "statvfs_result: Result from statvfs or fstatvfs.\n\nThis object may be accessed either as a tuple of\n  (bsize, frsize, blocks, bfree, bavail, files, ffree, favail, flag, namemax),\nor via the attributes f_bsize, f_frsize, f_blocks, f_bfree, and so on.\n\nSee os.statvfs for more information.",
    [f_bsize "", f_frsize "", f_blocks "", f_bfree "", f_bavail "", f_files "", f_ffree "", f_favail "", f_flag "", f_namemax ""], [], [f_fsid ""]);

/// A `stat_result`.
pub fn stat_object(vm: &mut Vm, stat: &libc::stat) -> Object {
    let times = [(stat.st_atime, stat.st_atime_nsec), (stat.st_mtime, stat.st_mtime_nsec), (stat.st_ctime, stat.st_ctime_nsec)];
    let mut values = vec![
        vm.new_int(i64::from(stat.st_mode)),
        vm.new_uint(stat.st_ino),
        vm.new_uint(stat.st_dev),
        vm.new_uint(stat.st_nlink),
        vm.new_int(i64::from(stat.st_uid)),
        vm.new_int(i64::from(stat.st_gid)),
        vm.new_int(stat.st_size),
    ];
    values.extend(times.map(|(seconds, _)| vm.new_int(seconds)));
    values.extend(times.map(|(seconds, nanoseconds)| vm.new_float(seconds as f64 + 1e-9 * nanoseconds as f64)));
    values.extend(times.map(|(seconds, nanoseconds)| new_nanoseconds(vm, seconds, nanoseconds)));
    values.extend([vm.new_int(stat.st_blksize), vm.new_int(stat.st_blocks), vm.new_uint(stat.st_rdev)]);
    StatResult::make(vm, values)
}

/// The flag of the `*at` calls for a `follow_symlinks` argument.
fn follow_flag(follow: bool) -> i32 {
    if follow { 0 } else { libc::AT_SYMLINK_NOFOLLOW }
}

/// Refuses a directory or an unfollowed link together with a descriptor.
fn check_fd_combination(vm: &mut Vm, function: &str, path: &Path, dir_fd: i32, follow: bool) -> PyResult<()> {
    if path.fd.is_none() {
        return Ok(());
    }
    if dir_fd != libc::AT_FDCWD {
        return Err(vm.value_error(format!("{function}: can't specify dir_fd without matching path")));
    }
    if !follow {
        return Err(vm.value_error(format!("{function}: cannot use fd and follow_symlinks together")));
    }
    Ok(())
}

/// Looks a path up, on behalf of `function`.
pub fn stat_path(vm: &mut Vm, function: &'static str, path: &Path, dir_fd: i32, follow: bool) -> PyResult {
    check_fd_combination(vm, function, path, dir_fd, follow)?;
    let result = vm.allow_threads(|| match path.fd {
        Some(fd) => sys::fstat(fd),
        None => sys::fstatat(dir_fd, &path.text, follow_flag(follow)),
    });
    let stat = path.checked(vm, result)?;
    Ok(stat_object(vm, &stat))
}

pub fn stat(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let path = PathArg::new("stat").or_fd().convert(vm, arg(args, 0))?;
    let dir_fd = dir_fd(vm, args[1])?;
    let follow = truth(vm, args[2], true)?;
    stat_path(vm, "stat", &path, dir_fd, follow)
}

pub fn lstat(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let path = PathArg::new("lstat").convert(vm, arg(args, 0))?;
    let dir_fd = dir_fd(vm, args[1])?;
    stat_path(vm, "lstat", &path, dir_fd, false)
}

pub fn fstat(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let fd = vm.to_i32(arg(args, 0))?;
    let result = retry(vm, || sys::fstat(fd))?;
    let stat = checked(vm, result)?;
    Ok(stat_object(vm, &stat))
}

fn statvfs_object(vm: &mut Vm, stat: &libc::statvfs) -> Object {
    let values = [
        stat.f_bsize,
        stat.f_frsize,
        stat.f_blocks,
        stat.f_bfree,
        stat.f_bavail,
        stat.f_files,
        stat.f_ffree,
        stat.f_favail,
        stat.f_flag,
        stat.f_namemax,
        stat.f_fsid,
    ];
    let values = values.iter().map(|&value| vm.new_uint(value)).collect();
    StatvfsResult::make(vm, values)
}

pub fn statvfs(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let path = PathArg::new("statvfs").or_fd().convert(vm, arg(args, 0))?;
    let result = retry(vm, || match path.fd {
        Some(fd) => sys::fstatvfs(fd),
        None => sys::statvfs(&path.text),
    })?;
    let stat = path.checked(vm, result)?;
    Ok(statvfs_object(vm, &stat))
}

pub fn fstatvfs(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let fd = vm.to_i32(arg(args, 0))?;
    let result = retry(vm, || sys::fstatvfs(fd))?;
    let stat = checked(vm, result)?;
    Ok(statvfs_object(vm, &stat))
}

pub fn access(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let path = PathArg::new("access").convert(vm, arg(args, 0))?;
    let mode = vm.to_i32(arg(args, 1))?;
    let dir_fd = dir_fd(vm, args[2])?;
    let effective = truth(vm, args[3], false)?;
    let follow = truth(vm, args[4], true)?;
    let flags = follow_flag(follow) | if effective { libc::AT_EACCESS } else { 0 };
    let result = vm.allow_threads(|| {
        if flags == 0 && dir_fd == libc::AT_FDCWD { sys::access(&path.text, mode) } else { sys::faccessat(dir_fd, &path.text, mode, flags) }
    });
    let shown = || flags == 0 && dir_fd == libc::AT_FDCWD && crate::library_files::is_accessible(&path.text, mode);
    Ok(Object::bool(result.is_ok() || shown()))
}

pub fn chmod(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let path = PathArg::new("chmod").or_fd().convert(vm, arg(args, 0))?;
    let mode = vm.to_i32(arg(args, 1))? as u32;
    let dir_fd = dir_fd(vm, args[2])?;
    let follow = truth(vm, args[3], true)?;
    let result = retry(vm, || match path.fd {
        Some(fd) => sys::fchmod(fd, mode),
        None => sys::fchmodat(dir_fd, &path.text, mode, follow_flag(follow)),
    })?;
    if !follow && matches!(result, Err(libc::ENOTSUP)) {
        let message = if dir_fd == libc::AT_FDCWD {
            "chmod: follow_symlinks unavailable on this platform"
        } else {
            "chmod: cannot use dir_fd and follow_symlinks together"
        };
        return Err(if dir_fd == libc::AT_FDCWD { vm.raise(&object::exception::NOT_IMPLEMENTED_ERROR, message) } else { vm.value_error(message) });
    }
    path.checked(vm, result)?;
    Ok(Object::none())
}

pub fn fchmod(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let (fd, mode) = (vm.to_i32(arg(args, 0))?, vm.to_i32(arg(args, 1))? as u32);
    let result = retry(vm, || sys::fchmod(fd, mode))?;
    checked(vm, result)?;
    Ok(Object::none())
}

pub fn chown(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let path = PathArg::new("chown").or_fd().convert(vm, arg(args, 0))?;
    let (uid, gid) = (to_uid(vm, arg(args, 1))?, to_gid(vm, arg(args, 2))?);
    let dir_fd = dir_fd(vm, args[3])?;
    let follow = truth(vm, args[4], true)?;
    check_fd_combination(vm, "chown", &path, dir_fd, follow)?;
    let result = retry(vm, || match path.fd {
        Some(fd) => sys::fchown(fd, uid, gid),
        None => sys::fchownat(dir_fd, &path.text, uid, gid, follow_flag(follow)),
    })?;
    path.checked(vm, result)?;
    Ok(Object::none())
}

pub fn fchown(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let fd = vm.to_i32(arg(args, 0))?;
    let (uid, gid) = (to_uid(vm, arg(args, 1))?, to_gid(vm, arg(args, 2))?);
    let result = retry(vm, || sys::fchown(fd, uid, gid))?;
    checked(vm, result)?;
    Ok(Object::none())
}

pub fn lchown(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let path = PathArg::new("lchown").convert(vm, arg(args, 0))?;
    let (uid, gid) = (to_uid(vm, arg(args, 1))?, to_gid(vm, arg(args, 2))?);
    let result = retry(vm, || sys::lchown(&path.text, uid, gid))?;
    path.checked(vm, result)?;
    Ok(Object::none())
}

/// Seconds as a `timespec`, rounded down.
fn time_of_seconds(vm: &mut Vm, value: Ref<'_>) -> PyResult<libc::timespec> {
    if let Some(seconds) = object::float::value(value) {
        if seconds.is_nan() {
            return Err(vm.value_error("Invalid value NaN (not a number)"));
        }
        let mut whole = seconds.floor();
        let mut nanoseconds = ((seconds - whole) * 1e9).floor();
        if nanoseconds >= 1e9 {
            whole += 1.0;
            nanoseconds -= 1e9;
        }
        if !(-9.3e18..=9.2e18).contains(&whole) {
            return Err(vm.overflow_error("timestamp out of range for platform time_t"));
        }
        return Ok(libc::timespec { tv_sec: whole as i64, tv_nsec: nanoseconds as i64 });
    }
    let number = vm.index(value)?;
    match object::int::as_i64(number.borrow()) {
        Some(tv_sec) => Ok(libc::timespec { tv_sec, tv_nsec: 0 }),
        None => Err(vm.overflow_error("timestamp out of range for platform time_t")),
    }
}

fn time_of_nanoseconds(vm: &mut Vm, value: Ref<'_>) -> PyResult<libc::timespec> {
    let number = vm.index(value)?;
    let whole = object::int::to_bigint(number.borrow()).map(|value| value.into_owned()).unwrap_or_default();
    let billion = num_bigint::BigInt::from(1_000_000_000);
    let seconds = num_integer_div_floor(&whole, &billion);
    let rest = &whole - &seconds * &billion;
    match (i64::try_from(seconds), i64::try_from(rest)) {
        (Ok(tv_sec), Ok(tv_nsec)) => Ok(libc::timespec { tv_sec, tv_nsec }),
        _ => Err(vm.overflow_error("timestamp out of range for platform time_t")),
    }
}

fn num_integer_div_floor(value: &num_bigint::BigInt, by: &num_bigint::BigInt) -> num_bigint::BigInt {
    let quotient = value / by;
    if (value - &quotient * by).sign() == num_bigint::Sign::Minus { quotient - 1 } else { quotient }
}

pub fn utime(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let path = PathArg::new("utime").or_fd().convert(vm, arg(args, 0))?;
    let (times, ns) = (optional(args, 1), args[2]);
    let dir_fd = dir_fd(vm, args[3])?;
    let follow = truth(vm, args[4], true)?;
    if times.is_some() && ns.is_some() {
        return Err(vm.value_error("utime: you may specify either 'times' or 'ns' but not both"));
    }
    let times = match (times, ns) {
        (Some(times), _) => match times.downcast::<Tuple>().map(RefOf::get).map(Tuple::items) {
            Some(&[access, modified]) => Some([time_of_seconds(vm, access)?, time_of_seconds(vm, modified)?]),
            _ => return Err(vm.type_error("utime: 'times' must be either a tuple of two ints or None")),
        },
        (None, Some(ns)) => match ns.downcast::<Tuple>().map(RefOf::get).map(Tuple::items) {
            Some(&[access, modified]) => Some([time_of_nanoseconds(vm, access)?, time_of_nanoseconds(vm, modified)?]),
            _ => return Err(vm.type_error("utime: 'ns' must be a tuple of two ints")),
        },
        (None, None) => None,
    };
    check_fd_combination(vm, "utime", &path, dir_fd, follow)?;
    let result = vm.allow_threads(|| match path.fd {
        Some(fd) => sys::futimens(fd, times),
        None => sys::utimensat(dir_fd, &path.text, times, follow_flag(follow)),
    });
    path.checked(vm, result)?;
    Ok(Object::none())
}

fn xattr_target<'a>(vm: &mut Vm, function: &str, path: &'a Path, follow: bool) -> PyResult<XattrTarget<'a>> {
    check_fd_combination(vm, function, path, libc::AT_FDCWD, follow)?;
    Ok(path.fd.map_or(XattrTarget::Path(&path.text, follow), XattrTarget::Fd))
}

pub fn getxattr(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let path = PathArg::new("getxattr").or_fd().convert(vm, arg(args, 0))?;
    let name = PathArg::new("getxattr").named("attribute").convert(vm, arg(args, 1))?;
    let follow = truth(vm, args[2], true)?;
    let target = xattr_target(vm, "getxattr", &path, follow)?;
    let result = vm.allow_threads(|| sys::getxattr(target, &name.text));
    let value = path.checked(vm, result)?;
    Ok(vm.new_bytes(&value).into_object())
}

pub fn setxattr(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let path = PathArg::new("setxattr").or_fd().convert(vm, arg(args, 0))?;
    let name = PathArg::new("setxattr").named("attribute").convert(vm, arg(args, 1))?;
    let value = vm.buffer(arg(args, 2))?;
    let flags = int_or(vm, args[3], 0)?;
    let follow = truth(vm, args[4], true)?;
    let target = xattr_target(vm, "setxattr", &path, follow)?;
    let memory = Memory::of(&value);
    let result = vm.allow_threads(|| sys::setxattr(target, &name.text, memory, flags));
    path.checked(vm, result)?;
    Ok(Object::none())
}

pub fn removexattr(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let path = PathArg::new("removexattr").or_fd().convert(vm, arg(args, 0))?;
    let name = PathArg::new("removexattr").named("attribute").convert(vm, arg(args, 1))?;
    let follow = truth(vm, args[2], true)?;
    let target = xattr_target(vm, "removexattr", &path, follow)?;
    let result = vm.allow_threads(|| sys::removexattr(target, &name.text));
    path.checked(vm, result)?;
    Ok(Object::none())
}

pub fn listxattr(vm: &mut Vm, _module: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let path = PathArg::new("listxattr").or_fd().or_none().convert(vm, arg(args, 0))?;
    let follow = truth(vm, args[1], true)?;
    let target = xattr_target(vm, "listxattr", &path, follow)?;
    let result = vm.allow_threads(|| sys::listxattr(target));
    let names = path.checked(vm, result)?;
    let names: Vec<Object> = names.split(|&byte| byte == 0).filter(|name| !name.is_empty()).map(|name| fs_decode(vm, name)).collect();
    Ok(vm.new_list(names).into_object())
}
