//! Which standard streams the process was started without.
//!
//! Rust's start-up opens the descriptors 0, 1 and 2 on `/dev/null` if they are closed, so that no file of the program's gets such a number. Python
//! programs are to see `None` for a stream that is not there. So somebody has to look before Rust's start-up does: the C library calls the
//! functions of `.init_array` before `main`.

use std::sync::atomic::{AtomicU8, Ordering};

/// A bit for each closed descriptor.
static CLOSED: AtomicU8 = AtomicU8::new(0);

#[used]
// SAFETY: the section holds pointers to functions that take nothing they must look at and return nothing, and this is one.
#[unsafe(link_section = ".init_array")]
static LOOK: extern "C" fn() = look;

/// Uses nothing of Rust's runtime, which has not started.
extern "C" fn look() {
    for descriptor in 0..3 {
        // SAFETY: asking for a descriptor's flags changes nothing, whether it is open or not.
        if unsafe { libc::fcntl(descriptor, libc::F_GETFD) } == -1 {
            CLOSED.fetch_or(1 << descriptor, Ordering::Relaxed);
        }
    }
}

/// Which of standard input, output and error were closed when the process started.
pub fn at_start() -> [bool; 3] {
    let closed = CLOSED.load(Ordering::Relaxed);
    [0, 1, 2].map(|descriptor| closed & (1 << descriptor) != 0)
}
