//! The handler of fatal signals: it says what happened and lets the signal take its course.

use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};

static FD: AtomicI32 = AtomicI32::new(2);
static ENABLED: AtomicBool = AtomicBool::new(false);

const FATAL: [(i32, &str); 5] = [
    (libc::SIGBUS, "Fatal Python error: Bus error\n\n"),
    (libc::SIGILL, "Fatal Python error: Illegal instruction\n\n"),
    (libc::SIGFPE, "Fatal Python error: Floating-point exception\n\n"),
    (libc::SIGABRT, "Fatal Python error: Aborted\n\n"),
    (libc::SIGSEGV, "Fatal Python error: Segmentation fault\n\n"),
];

extern "C" fn on_fatal(signal: i32) {
    for (number, message) in FATAL {
        if number == signal {
            write_all(FD.load(Ordering::Relaxed), message.as_bytes());
        }
    }
    // SAFETY: both calls may be made in a signal handler; the signal comes again and ends the process.
    unsafe {
        libc::signal(signal, libc::SIG_DFL);
        libc::raise(signal);
    }
}

fn install(handler: libc::sighandler_t) {
    for (signal, _) in FATAL {
        // SAFETY: the structure is filled in; the handler does only what a signal handler may.
        unsafe {
            let mut action: libc::sigaction = std::mem::zeroed();
            action.sa_sigaction = handler;
            action.sa_flags = libc::SA_NODEFER | libc::SA_ONSTACK;
            libc::sigemptyset(&mut action.sa_mask);
            libc::sigaction(signal, &action, std::ptr::null_mut());
        }
    }
}

pub fn enable(fd: i32) {
    FD.store(fd, Ordering::Relaxed);
    if !ENABLED.swap(true, Ordering::Relaxed) {
        install(on_fatal as *const () as libc::sighandler_t);
    }
}

pub fn disable() {
    if ENABLED.swap(false, Ordering::Relaxed) {
        install(libc::SIG_DFL);
    }
}

pub fn is_enabled() -> bool {
    ENABLED.load(Ordering::Relaxed)
}

/// Writes what can be written; may be called in a signal handler.
pub fn write_all(fd: i32, mut data: &[u8]) {
    while !data.is_empty() {
        // SAFETY: the slice is that long.
        let n = unsafe { libc::write(fd, data.as_ptr().cast(), data.len()) };
        match usize::try_from(n) {
            Ok(n) if n > 0 => data = &data[n.min(data.len())..],
            _ => return,
        }
    }
}
