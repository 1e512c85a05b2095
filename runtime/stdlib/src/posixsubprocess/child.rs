//! What a child process does between `fork` and `exec`: only calls that are safe after a fork of a
//! process with several threads, and no allocation.

use crate::sys::last_error;
use std::ffi::{CString, c_char};

/// What the child is to do.
pub struct Plan {
    pub executables: Vec<CString>,
    pub args: Vec<CString>,
    pub environment: Option<Vec<CString>>,
    pub directory: Option<CString>,
    pub close_fds: bool,
    /// Descriptors that stay open, in order.
    pub keep: Vec<i32>,
    /// Ends of the pipes: parent's and child's for input, child's and parent's for output and errors.
    pub pipes: [i32; 6],
    pub error_read: i32,
    pub error_write: i32,
    pub restore_signals: bool,
    pub new_session: bool,
    pub group_to_set: i32,
    pub gid: Option<u32>,
    pub groups: Option<Vec<u32>>,
    pub uid: Option<u32>,
    pub umask: i32,
}

/// The plan with its arrays of pointers made before the fork.
pub struct Prepared {
    plan: Plan,
    args: Vec<*const c_char>,
    environment: Option<Vec<*const c_char>>,
}

impl Prepared {
    pub fn new(plan: Plan) -> Prepared {
        let pointers = |strings: &[CString]| strings.iter().map(|string| string.as_ptr()).chain([std::ptr::null()]).collect::<Vec<_>>();
        Prepared { args: pointers(&plan.args), environment: plan.environment.as_deref().map(pointers), plan }
    }

    /// Runs in the child; ends the process if the program cannot be started. `preexec` is called
    /// last before descriptors are closed, and says whether it worked.
    pub fn run(&self, preexec: Option<&mut dyn FnMut() -> bool>) -> ! {
        // SAFETY: the calls take numbers and strings made before the fork.
        let failure = unsafe { self.attempt(preexec) };
        let (code, place): (i32, &[u8]) = match failure {
            Failure::Setup(code) => (code, b"noexec"),
            Failure::Directory(code) => (code, b"noexec:chdir"),
            Failure::Exec(code) => (code, b""),
            Failure::Preexec => {
                self.report(b"SubprocessError:0:Exception occurred in preexec_fn.");
                // SAFETY: the process ends without cleaning up what is the parent's.
                unsafe { libc::_exit(255) }
            }
        };
        let mut text = [0u8; 64];
        let mut at = 0;
        for &byte in b"OSError:" {
            text[at] = byte;
            at += 1;
        }
        let mut digits = [0u8; 16];
        let mut n = 0;
        let mut value = code.unsigned_abs();
        while value > 0 {
            digits[n] = b"0123456789abcdef"[(value % 16) as usize];
            value /= 16;
            n += 1;
        }
        for &digit in digits[..n].iter().rev() {
            text[at] = digit;
            at += 1;
        }
        text[at] = b':';
        at += 1;
        for &byte in place {
            text[at] = byte;
            at += 1;
        }
        self.report(&text[..at]);
        // SAFETY: as above.
        unsafe { libc::_exit(255) }
    }

    fn report(&self, text: &[u8]) {
        // SAFETY: the text is that long; nobody is left to hear of a failure.
        unsafe { libc::write(self.plan.error_write, text.as_ptr().cast(), text.len()) };
    }

    unsafe fn attempt(&self, preexec: Option<&mut dyn FnMut() -> bool>) -> Failure {
        let plan = &self.plan;
        // SAFETY: the caller's promise.
        unsafe {
            for &fd in &plan.keep {
                if fd != plan.error_write && !set_inheritable(fd) {
                    return Failure::Setup(last_error());
                }
            }
            let [input_read, input_write, output_read, output_write, errors_read, errors_write] = plan.pipes;
            for fd in [input_write, output_read, errors_read, plan.error_read] {
                if fd != -1 && libc::close(fd) == -1 {
                    return Failure::Setup(last_error());
                }
            }
            let mut output_write = output_write;
            let mut errors_write = errors_write;
            // A pipe end on a standard descriptor would be overwritten below.
            if output_write == 0 {
                output_write = libc::dup(output_write);
                if output_write == -1 {
                    return Failure::Setup(last_error());
                }
            }
            while errors_write == 0 || errors_write == 1 {
                errors_write = libc::dup(errors_write);
                if errors_write == -1 {
                    return Failure::Setup(last_error());
                }
            }
            for (fd, standard) in [(input_read, 0), (output_write, 1), (errors_write, 2)] {
                let worked = if fd == standard { set_inheritable(fd) } else { fd == -1 || libc::dup2(fd, standard) != -1 };
                if !worked {
                    return Failure::Setup(last_error());
                }
            }
            if let Some(directory) = &plan.directory
                && libc::chdir(directory.as_ptr()) == -1
            {
                return Failure::Directory(last_error());
            }
            if plan.umask >= 0 {
                libc::umask(plan.umask as u32);
            }
            if plan.restore_signals {
                for signal in [libc::SIGPIPE, libc::SIGXFSZ] {
                    libc::signal(signal, libc::SIG_DFL);
                }
            }
            if plan.new_session {
                libc::setsid();
            }
            if plan.group_to_set >= 0 && libc::setpgid(0, plan.group_to_set) == -1 {
                return Failure::Setup(last_error());
            }
            if let Some(groups) = &plan.groups
                && libc::setgroups(groups.len(), groups.as_ptr()) == -1
            {
                return Failure::Setup(last_error());
            }
            if let Some(gid) = plan.gid
                && libc::setregid(gid, gid) == -1
            {
                return Failure::Setup(last_error());
            }
            if let Some(uid) = plan.uid
                && libc::setreuid(uid, uid) == -1
            {
                return Failure::Setup(last_error());
            }
            if let Some(preexec) = preexec
                && !preexec()
            {
                return Failure::Preexec;
            }
            if plan.close_fds {
                self.close_others();
            }
            self.exec()
        }
    }

    /// Closes all descriptors but the standard ones and those to keep, which are in order.
    unsafe fn close_others(&self) {
        let mut low = 3;
        for &fd in &self.plan.keep {
            if fd < low {
                continue;
            }
            // SAFETY: the call takes numbers.
            unsafe { close_range(low, fd - 1) };
            low = fd + 1;
        }
        // SAFETY: as above.
        unsafe { close_range(low, i32::MAX) };
    }

    unsafe fn exec(&self) -> Failure {
        let mut saved = 0;
        for executable in &self.plan.executables {
            // SAFETY: the arrays end with a null pointer and were made before the fork.
            unsafe {
                match &self.environment {
                    Some(environment) => libc::execve(executable.as_ptr(), self.args.as_ptr(), environment.as_ptr()),
                    None => libc::execv(executable.as_ptr(), self.args.as_ptr()),
                };
            }
            let error = last_error();
            if saved == 0 || !matches!(error, libc::ENOENT | libc::ENOTDIR) {
                saved = error;
            }
            if !matches!(error, libc::ENOENT | libc::ENOTDIR) {
                break;
            }
        }
        Failure::Exec(saved)
    }
}

enum Failure {
    Setup(i32),
    Directory(i32),
    Exec(i32),
    Preexec,
}

unsafe fn set_inheritable(fd: i32) -> bool {
    // SAFETY: the calls take numbers.
    unsafe {
        let flags = libc::fcntl(fd, libc::F_GETFD);
        flags != -1 && libc::fcntl(fd, libc::F_SETFD, flags & !libc::FD_CLOEXEC) != -1
    }
}

unsafe fn close_range(low: i32, high: i32) {
    if low > high {
        return;
    }
    // SAFETY: the calls take numbers.
    unsafe {
        if libc::syscall(libc::SYS_close_range, low, high, 0) == 0 {
            return;
        }
        let limit = libc::sysconf(libc::_SC_OPEN_MAX).clamp(256, 1 << 20) as i32;
        for fd in low..=high.min(limit) {
            libc::close(fd);
        }
    }
}
