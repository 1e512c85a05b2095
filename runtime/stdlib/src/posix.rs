//! `posix`: what `os` is made of. Files, directories, processes, identities and the system each
//! have a file beside this one; here are the tables and the constants.

pub mod constants;
pub mod directory;
pub mod files;
pub mod identity;
pub mod paths;
pub mod process;
pub mod spawn;
pub mod stat;
pub mod system;

use crate::os_support::{add_constants, fs_decode};
use object::method;
use object::native::Module;
use object::singleton::ModuleObject;
use object::{Object, PyResult, RefOf, Vm};

use directory::*;
use files::*;
use identity::*;
use paths::*;
use process::*;
use spawn::*;
use stat::*;
use system::*;

/// `posix`
pub static MODULE: Module = Module {
    name: "posix",
    doc: "This module provides access to operating system functionality that is\nstandardized by the C Standard and the POSIX standard (a thinly\ndisguised Unix interface).  Refer to the library manual and\ncorresponding Unix manual entries for more information on calls.",
    functions: &[
        // Files
        method!(Bound open "($module, /, path, flags, mode=511, *, dir_fd=None)", "Open a file for low level IO.  Returns a file descriptor (integer).\n\nIf dir_fd is not None, it should be a file descriptor open to a directory,\n  and path should be relative; path will then be relative to that directory."),
        method!(Bound close "($module, /, fd)", "Close a file descriptor."),
        method!(Bound closerange "($module, fd_low, fd_high, /)", "Closes all file descriptors in [fd_low, fd_high), ignoring errors."),
        method!(Bound dup "($module, fd, /)", "Return a duplicate of a file descriptor."),
        method!(Bound dup2 "($module, /, fd, fd2, inheritable=True)", "Duplicate file descriptor."),
        method!(Bound read "($module, fd, length, /)", "Read from a file descriptor.  Returns a bytes object."),
        method!(Bound readinto "($module, fd, buffer, /)", "Read into a buffer object from a file descriptor."),
        method!(Bound write "($module, fd, data, /)", "Write a bytes object to a file descriptor."),
        method!(Bound pread "($module, fd, length, offset, /)", "Read a number of bytes from a file descriptor starting at a particular offset."),
        method!(Bound pwrite "($module, fd, buffer, offset, /)", "Write bytes to a file descriptor starting at a particular offset."),
        method!(Bound readv "($module, fd, buffers, /)", "Read from a file descriptor fd into an iterable of buffers."),
        method!(Bound writev "($module, fd, buffers, /)", "Iterate over buffers, and write the contents of each to a file descriptor."),
        method!(Bound preadv "($module, fd, buffers, offset, flags=0, /)", "Reads from a file descriptor into a number of mutable bytes-like objects."),
        method!(Bound pwritev "($module, fd, buffers, offset, flags=0, /)", "Writes the contents of bytes-like objects to a file descriptor at a given offset."),
        method!(Bound lseek "($module, fd, position, whence, /)", "Set the position of a file descriptor.  Return the new position."),
        method!(Bound fsync "($module, /, fd)", "Force write of fd to disk."),
        method!(Bound fdatasync "($module, /, fd)", "Force write of fd to disk without forcing update of metadata."),
        method!(Bound ftruncate "($module, fd, length, /)", "Truncate a file, specified by file descriptor, to a specific length."),
        method!(Bound truncate "($module, /, path, length)", "Truncate a file, specified by path, to a specific length."),
        method!(Bound isatty "($module, fd, /)", "Return True if the fd is connected to a terminal."),
        method!(Unary pipe "($module, /)", "Create a pipe.\n\nReturns a tuple of two file descriptors:\n  (read_fd, write_fd)"),
        method!(Bound pipe2 "($module, flags, /)", "Create a pipe with flags set atomically."),
        method!(Bound lockf "($module, fd, command, length, /)", "Apply, test or remove a POSIX lock on an open file descriptor."),
        method!(Bound sendfile "($module, /, out_fd, in_fd, offset, count)", "Copy count bytes from file descriptor in_fd to file descriptor out_fd."),
        method!(Bound copy_file_range "($module, /, src, dst, count, offset_src=None, offset_dst=None)", "Copy count bytes from one file descriptor to another."),
        method!(Bound splice "($module, /, src, dst, count, offset_src=None, offset_dst=None, flags=0)", "Transfer count bytes from one pipe to a descriptor or vice versa."),
        method!(Bound posix_fallocate "($module, fd, offset, length, /)", "Ensure a file has allocated at least a particular number of bytes on disk."),
        method!(Bound posix_fadvise "($module, fd, offset, length, advice, /)", "Announce an intention to access data in a specific pattern."),
        method!(Bound get_blocking "($module, fd, /)", "Get the blocking mode of the file descriptor."),
        method!(Bound set_blocking "($module, fd, blocking, /)", "Set the blocking mode of the specified file descriptor."),
        method!(Bound get_inheritable "($module, fd, /)", "Get the close-on-exe flag of the specified file descriptor."),
        method!(Bound set_inheritable "($module, fd, inheritable, /)", "Set the inheritable flag of the specified file descriptor."),
        method!(Bound memfd_create "($module, /, name, flags=MFD_CLOEXEC)", ""),
        method!(Bound eventfd "($module, /, initval, flags=EFD_CLOEXEC)", "Creates and returns an event notification file descriptor."),
        method!(Bound eventfd_read "($module, /, fd)", "Read eventfd value"),
        method!(Bound eventfd_write "($module, /, fd, value)", "Write eventfd value."),
        method!(Bound timerfd_create "($module, clockid, /, *, flags=0)", "Create and return a timer file descriptor."),
        method!(Bound timerfd_settime "($module, fd, /, *, flags=0, initial=0.0, interval=0.0)", "Alter a timer file descriptor's internal timer in seconds."),
        method!(Bound timerfd_settime_ns "($module, fd, /, *, flags=0, initial=0, interval=0)", "Alter a timer file descriptor's internal timer in nanoseconds."),
        method!(Bound timerfd_gettime "($module, fd, /)", "Return a tuple of a timer file descriptor's (interval, next expiration) in float seconds."),
        method!(Bound timerfd_gettime_ns "($module, fd, /)", "Return a tuple of a timer file descriptor's (interval, next expiration) in nanoseconds."),
        method!(Bound posix_openpt "($module, oflag, /)", "Open and return a file descriptor for a master pseudo-terminal device."),
        method!(Bound grantpt "($module, fd, /)", "Grant access to the slave pseudo-terminal device."),
        method!(Bound unlockpt "($module, fd, /)", "Unlock a pseudo-terminal master/slave pair."),
        method!(Bound ptsname "($module, fd, /)", "Return the name of the slave pseudo-terminal device."),
        method!(Bound ttyname "($module, fd, /)", "Return the name of the terminal device connected to 'fd'."),
        method!(Unary openpty "($module, /)", "Open a pseudo-terminal.\n\nReturn a tuple of (master_fd, slave_fd) containing open file descriptors\nfor both the master and slave ends."),
        method!(Bound login_tty "($module, fd, /)", "Prepare the tty of which fd is a file descriptor for a new login session."),
        method!(Unary ctermid "($module, /)", "Return the name of the controlling terminal for this process."),
        method!(Bound tcgetpgrp "($module, fd, /)", "Return the process group associated with the terminal specified by fd."),
        method!(Bound tcsetpgrp "($module, fd, pgid, /)", "Set the process group associated with the terminal specified by fd."),
        method!(Bound get_terminal_size "($module, fd=<unrepresentable>, /)", "Return the size of the terminal window as (columns, lines)."),
        method!(Bound device_encoding "($module, /, fd)", "Return a string describing the encoding of a terminal's file descriptor."),
        // Status
        method!(Bound stat "($module, /, path, *, dir_fd=None, follow_symlinks=True)", "Perform a stat system call on the given path."),
        method!(Bound lstat "($module, /, path, *, dir_fd=None)", "Perform a stat system call on the given path, without following symbolic links."),
        method!(Bound fstat "($module, /, fd)", "Perform a stat system call on the given file descriptor."),
        method!(Bound statvfs "($module, /, path)", "Perform a statvfs system call on the given path."),
        method!(Bound fstatvfs "($module, fd, /)", "Perform an fstatvfs system call on the given fd."),
        method!(Bound access "($module, /, path, mode, *, dir_fd=None, effective_ids=False, follow_symlinks=True)", "Use the real uid/gid to test for access to a path."),
        method!(Bound chmod "($module, /, path, mode, *, dir_fd=None, follow_symlinks=True)", "Change the access permissions of a file."),
        method!(Bound fchmod "($module, /, fd, mode)", "Change the access permissions of the file given by file descriptor fd."),
        method!(Bound chown "($module, /, path, uid, gid, *, dir_fd=None, follow_symlinks=True)", "Change the owner and group id of path to the numeric uid and gid."),
        method!(Bound fchown "($module, /, fd, uid, gid)", "Change the owner and group id of the file specified by file descriptor."),
        method!(Bound lchown "($module, /, path, uid, gid)", "Change the owner and group id of path to the numeric uid and gid.\n\nThis function will not follow symbolic links."),
        method!(Bound utime "($module, /, path, times=None, *, ns=<unrepresentable>, dir_fd=None, follow_symlinks=True)", "Set the access and modified time of path."),
        method!(Bound getxattr "($module, /, path, attribute, *, follow_symlinks=True)", "Return the value of extended attribute attribute on path."),
        method!(Bound setxattr "($module, /, path, attribute, value, flags=0, *, follow_symlinks=True)", "Set extended attribute attribute on path to value."),
        method!(Bound removexattr "($module, /, path, attribute, *, follow_symlinks=True)", "Remove extended attribute attribute on path."),
        method!(Bound listxattr "($module, /, path=None, *, follow_symlinks=True)", "Return a list of extended attributes on path."),
        // Directories and names
        method!(Bound listdir "($module, /, path=None)", "Return a list containing the names of the files in the directory."),
        method!(Bound scandir "($module, /, path=None)", "Return an iterator of DirEntry objects for given path."),
        method!(Bound mkdir "($module, /, path, mode=511, *, dir_fd=None)", "Create a directory."),
        method!(Bound mkfifo "($module, /, path, mode=438, *, dir_fd=None)", "Create a \"fifo\" (a POSIX named pipe)."),
        method!(Bound mknod "($module, /, path, mode=384, device=0, *, dir_fd=None)", "Create a node in the file system."),
        method!(Bound rmdir "($module, /, path, *, dir_fd=None)", "Remove a directory."),
        method!(Bound remove "($module, /, path, *, dir_fd=None)", "Remove a file (same as unlink())."),
        method!(Bound unlink "($module, /, path, *, dir_fd=None)", "Remove a file (same as remove())."),
        method!(Bound rename "($module, /, src, dst, *, src_dir_fd=None, dst_dir_fd=None)", "Rename a file or directory."),
        method!(Bound replace "($module, /, src, dst, *, src_dir_fd=None, dst_dir_fd=None)", "Rename a file or directory, overwriting the destination."),
        method!(Bound link "($module, /, src, dst, *, src_dir_fd=None, dst_dir_fd=None, follow_symlinks=True)", "Create a hard link to a file."),
        method!(Bound symlink "($module, /, src, dst, target_is_directory=False, *, dir_fd=None)", "Create a symbolic link pointing to src named dst."),
        method!(Bound readlink "($module, /, path, *, dir_fd=None)", "Return a string representing the path to which the symbolic link points."),
        method!(Unary getcwd "($module, /)", "Return a unicode string representing the current working directory."),
        method!(Unary getcwdb "($module, /)", "Return a bytes string representing the current working directory."),
        method!(Bound chdir "($module, /, path)", "Change the current working directory to the specified path."),
        method!(Bound fchdir "($module, /, fd)", "Change to the directory of the given file descriptor."),
        method!(Bound chroot "($module, /, path)", "Change root directory to path."),
        method!(Bound fspath as "fspath" "($module, /, path)", "Return the file system path representation of the object."),
        method!(Bound path_normpath as "_path_normpath" "($module, /, path)", "Normalize path, eliminating double slashes, etc."),
        method!(Bound path_splitroot_ex as "_path_splitroot_ex" "($module, /, p)", "Split a pathname into drive, root and tail."),
        method!(Bound pathconf "($module, /, path, name)", "Return the configuration limit name for the file or directory path."),
        method!(Bound fpathconf "($module, fd, name, /)", "Return the configuration limit name for the file descriptor fd."),
        // Processes
        method!(Unary fork "($module, /)", "Fork a child process.\n\nReturn 0 to child process and PID of child to parent process."),
        method!(Unary forkpty "($module, /)", "Fork a new process with a new pseudo-terminal as controlling tty."),
        method!(Bound register_at_fork "($module, /, *, before=<unrepresentable>, after_in_child=<unrepresentable>, after_in_parent=<unrepresentable>)", "Register callables to be called when forking a new process."),
        method!(Bound execv "($module, path, argv, /)", "Execute an executable path with arguments, replacing current process."),
        method!(Bound execve "($module, /, path, argv, env)", "Execute an executable path with arguments, replacing current process."),
        method!(Bound posix_spawn "($module, path, argv, env, /, *, file_actions=(), setpgroup=<unrepresentable>, resetids=False, setsid=False, setsigmask=(), setsigdef=(), scheduler=<unrepresentable>)", "Execute the program specified by path in a new process."),
        method!(Bound posix_spawnp "($module, path, argv, env, /, *, file_actions=(), setpgroup=<unrepresentable>, resetids=False, setsid=False, setsigmask=(), setsigdef=(), scheduler=<unrepresentable>)", "Execute the program specified by path in a new process."),
        method!(Bound exit as "_exit" "($module, /, status)", "Exit to the system with specified status, without normal exit processing."),
        method!(Unary abort "($module, /)", "Abort the interpreter immediately."),
        method!(Unary wait "($module, /)", "Wait for completion of a child process."),
        method!(Bound wait3 "($module, /, options)", "Wait for completion of a child process."),
        method!(Bound wait4 "($module, /, pid, options)", "Wait for completion of a specific child process."),
        method!(Bound waitid "($module, idtype, id, options, /)", "Returns the result of waiting for a process or processes."),
        method!(Bound waitpid "($module, pid, options, /)", "Wait for completion of a given child process."),
        method!(Bound waitstatus_to_exitcode "($module, /, status)", "Convert a wait status to an exit code."),
        method!(Bound w_core_dump as "WCOREDUMP" "($module, status, /)", "Return True if the process returning status was dumped to a core file."),
        method!(Bound w_exit_status as "WEXITSTATUS" "($module, /, status)", "Return the process return code from status."),
        method!(Bound w_if_continued as "WIFCONTINUED" "($module, /, status)", "Return True if a particular process was continued from a job control stop."),
        method!(Bound w_if_exited as "WIFEXITED" "($module, /, status)", "Return True if the process returning status exited via the exit() system call."),
        method!(Bound w_if_signaled as "WIFSIGNALED" "($module, /, status)", "Return True if the process returning status was terminated by a signal."),
        method!(Bound w_if_stopped as "WIFSTOPPED" "($module, /, status)", "Return True if the process returning status was stopped."),
        method!(Bound w_stop_signal as "WSTOPSIG" "($module, /, status)", "Return the signal that stopped the process that provided the status value."),
        method!(Bound w_term_signal as "WTERMSIG" "($module, /, status)", "Return the signal that terminated the process that provided the status value."),
        method!(Bound kill "($module, pid, signal, /)", "Kill a process with a signal."),
        method!(Bound killpg "($module, pgid, signal, /)", "Kill a process group with a signal."),
        method!(Bound pidfd_open "($module, /, pid, flags=0)", "Return a file descriptor referring to the process *pid*."),
        method!(Bound system "($module, /, command)", "Execute the command in a subshell."),
        method!(Unary times "($module, /)", "Return a collection containing process timing information."),
        method!(Bound nice "($module, increment, /)", "Add increment to the priority of process and return the new priority."),
        method!(Bound getpriority "($module, /, which, who)", "Return program scheduling priority."),
        method!(Bound setpriority "($module, /, which, who, priority)", "Set program scheduling priority."),
        method!(Bound sched_get_priority_max "($module, /, policy)", "Get the maximum scheduling priority for policy."),
        method!(Bound sched_get_priority_min "($module, /, policy)", "Get the minimum scheduling priority for policy."),
        method!(Bound sched_getscheduler "($module, pid, /)", "Get the scheduling policy for the process identified by pid."),
        method!(Bound sched_setscheduler "($module, pid, policy, param, /)", "Set the scheduling policy for the process identified by pid."),
        method!(Bound sched_getparam "($module, pid, /)", "Returns scheduling parameters for the process identified by pid."),
        method!(Bound sched_setparam "($module, pid, param, /)", "Set scheduling parameters for the process identified by pid."),
        method!(Bound sched_rr_get_interval "($module, pid, /)", "Return the round-robin quantum for the process identified by pid, in seconds."),
        method!(Unary sched_yield "($module, /)", "Voluntarily relinquish the CPU."),
        method!(Bound sched_getaffinity "($module, pid, /)", "Return the affinity of the process identified by pid (or the current process if zero)."),
        method!(Bound sched_setaffinity "($module, pid, mask, /)", "Set the CPU affinity of the process identified by pid to mask."),
        method!(Bound setns "($module, /, fd, nstype=0)", "Move the calling thread into different namespaces."),
        method!(Bound unshare "($module, /, flags)", "Disassociate parts of a process (or thread) execution context."),
        // Identities
        method!(Unary getpid "($module, /)", "Return the current process id."),
        method!(Unary getppid "($module, /)", "Return the parent's process id."),
        method!(Unary getpgrp "($module, /)", "Return the current process group id."),
        method!(Unary getuid "($module, /)", "Return the current process's user id."),
        method!(Unary geteuid "($module, /)", "Return the current process's effective user id."),
        method!(Unary getgid "($module, /)", "Return the current process's group id."),
        method!(Unary getegid "($module, /)", "Return the current process's effective group id."),
        method!(Unary getgroups "($module, /)", "Return list of supplemental group IDs for the process."),
        method!(Binary setgroups "($module, groups, /)", "Set the groups of the current process to list."),
        method!(Bound getgrouplist "($module, user, group, /)", "Returns a list of groups to which a user belongs."),
        method!(Bound initgroups "($module, username, gid, /)", "Initialize the group access list."),
        method!(Unary getlogin "($module, /)", "Return the actual login name."),
        method!(Bound getpgid "($module, /, pid)", "Call the system call getpgid(), and return the result."),
        method!(Bound getsid "($module, pid, /)", "Call the system call getsid(pid) and return the result."),
        method!(Unary setsid "($module, /)", "Call the system call setsid()."),
        method!(Bound setpgid "($module, pid, pgrp, /)", "Call the system call setpgid(pid, pgrp)."),
        method!(Unary setpgrp "($module, /)", "Make the current process the leader of its process group."),
        method!(Bound setuid "($module, uid, /)", "Set the current process's user id."),
        method!(Bound seteuid "($module, euid, /)", "Set the current process's effective user id."),
        method!(Bound setgid "($module, gid, /)", "Set the current process's group id."),
        method!(Bound setegid "($module, egid, /)", "Set the current process's effective group id."),
        method!(Bound setreuid "($module, ruid, euid, /)", "Set the current process's real and effective user ids."),
        method!(Bound setregid "($module, rgid, egid, /)", "Set the current process's real and effective group ids."),
        method!(Bound setresuid "($module, ruid, euid, suid, /)", "Set the current process's real, effective, and saved user ids."),
        method!(Bound setresgid "($module, rgid, egid, sgid, /)", "Set the current process's real, effective, and saved group ids."),
        method!(Unary getresuid "($module, /)", "Return a tuple of the current process's real, effective, and saved user ids."),
        method!(Unary getresgid "($module, /)", "Return a tuple of the current process's real, effective, and saved group ids."),
        // The system
        method!(Unary uname "($module, /)", "Return an object identifying the current operating system."),
        method!(Bound umask "($module, mask, /)", "Set the current numeric umask and return the previous umask."),
        method!(Bound strerror "($module, code, /)", "Translate an error code to a message string."),
        method!(Bound putenv "($module, name, value, /)", "Change or add an environment variable."),
        method!(Bound unsetenv "($module, name, /)", "Delete an environment variable."),
        method!(Unary create_environ as "_create_environ" "($module, /)", "Create the environment dictionary."),
        method!(Bound urandom "($module, size, /)", "Return a bytes object containing random bytes suitable for cryptographic use."),
        method!(Bound getrandom "($module, /, size, flags=0)", "Obtain a series of random bytes."),
        method!(Unary cpu_count "($module, /)", "Return the number of logical CPUs in the system."),
        method!(Unary getloadavg "($module, /)", "Return average recent system load information."),
        method!(Bound sysconf "($module, name, /)", "Return an integer-valued system configuration variable."),
        method!(Bound confstr "($module, name, /)", "Return a string-valued system configuration variable."),
        method!(Unary sync "($module, /)", "Force write of everything to disk."),
        method!(Bound major "($module, device, /)", "Extracts a device major number from a raw device number."),
        method!(Bound minor "($module, device, /)", "Extracts a device minor number from a raw device number."),
        method!(Bound makedev "($module, major, minor, /)", "Composes a raw device number from the major and minor device numbers."),
        method!(Unary inputhook as "_inputhook" "($module, /)", "Calls PyOS_CallInputHook droppping the GIL first"),
        method!(Unary is_inputhook_installed as "_is_inputhook_installed" "($module, /)", "Checks if PyOS_CallInputHook is set"),
    ],
    types: &[&DIR_ENTRY],
    init: Some(init),
};

fn init(vm: &mut Vm, module: RefOf<'_, ModuleObject>) -> PyResult<()> {
    add_constants(vm, module, constants::CONSTANTS);
    for (name, table) in
        [("pathconf_names", constants::PATHCONF_NAMES), ("sysconf_names", constants::SYSCONF_NAMES), ("confstr_names", constants::CONFSTR_NAMES)]
    {
        let dict = vm.new_dict();
        for &(key, value) in table {
            dict.set_str(vm, key, Object::small_int(value));
        }
        module.set(vm, name, dict.into_object());
    }
    let functions: Vec<Object> = constants::HAVE_FUNCTIONS.iter().map(|name| vm.new_str(name).into_object()).collect();
    let functions = vm.new_list(functions).into_object();
    module.set(vm, "_have_functions", functions);
    let environ = create_environ(vm, module.object())?;
    module.set(vm, "environ", environ);
    let error = object::exception::OS_ERROR.to_object();
    module.set(vm, "error", error);
    use builtins::struct_sequence::ready;
    for class in [
        ready::<StatResult>(vm),
        ready::<StatvfsResult>(vm),
        ready::<TerminalSize>(vm),
        ready::<TimesResult>(vm),
        ready::<UnameResult>(vm),
        ready::<SchedParam>(vm),
        ready::<WaitidResult>(vm),
    ] {
        module.set(vm, class.name(), class.to_object());
    }
    object::type_new::ready(vm, &SCANDIR_ITERATOR);
    Ok(())
}

/// A tuple of descriptors.
fn pair(vm: &Vm, first: i32, second: i32) -> Object {
    vm.new_tuple([Object::small_int(i64::from(first)), Object::small_int(i64::from(second))]).into_object()
}

/// A name from the system as a string.
fn name_object(vm: &Vm, name: &[u8]) -> PyResult {
    Ok(fs_decode(vm, name))
}
