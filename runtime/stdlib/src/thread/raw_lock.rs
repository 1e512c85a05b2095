//! A lock that can be waited for with a timeout and whose waiters wake up when a signal arrives.
//!
//! The word is 0 (free), 1 (held) or 2 (held, and somebody may be waiting).

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

/// See the module.
#[derive(Default)]
pub struct RawLock {
    word: AtomicU32,
}

/// How a wait for a lock ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wait {
    Acquired,
    TimedOut,
    Interrupted,
}

impl RawLock {
    pub const fn new() -> RawLock {
        RawLock { word: AtomicU32::new(0) }
    }

    pub const fn new_locked() -> RawLock {
        RawLock { word: AtomicU32::new(1) }
    }

    #[inline]
    pub fn try_lock(&self) -> bool {
        self.word.compare_exchange(0, 1, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }

    pub fn is_locked(&self) -> bool {
        self.word.load(Ordering::Relaxed) != 0
    }

    /// Lets the next waiter have the lock.
    #[inline]
    pub fn unlock(&self) {
        if self.word.swap(0, Ordering::Release) == 2 {
            futex_wake(&self.word, 1);
        }
    }

    /// Frees the lock whoever held it, in the child of a fork.
    pub fn reset(&self) {
        self.word.store(0, Ordering::Release);
    }

    /// Waits until the lock is free and takes it; to be called without the global lock.
    pub fn wait(&self, deadline: Option<Instant>) -> Wait {
        loop {
            if self.word.swap(2, Ordering::Acquire) == 0 {
                return Wait::Acquired;
            }
            let timeout = match deadline {
                Some(deadline) => match deadline.checked_duration_since(Instant::now()) {
                    Some(left) if !left.is_zero() => Some(libc::timespec { tv_sec: left.as_secs() as i64, tv_nsec: i64::from(left.subsec_nanos()) }),
                    _ => return Wait::TimedOut,
                },
                None => None,
            };
            if futex_wait(&self.word, 2, timeout) == Err(libc::EINTR) {
                return Wait::Interrupted;
            }
        }
    }
}

/// Waits until somebody wakes the word, unless it has another value.
fn futex_wait(word: &AtomicU32, value: u32, timeout: Option<libc::timespec>) -> Result<(), i32> {
    let timeout = timeout.as_ref().map_or(std::ptr::null(), std::ptr::from_ref);
    // SAFETY: the word and the time live through the call.
    let result = unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), libc::FUTEX_WAIT | libc::FUTEX_PRIVATE_FLAG, value, timeout) };
    crate::sys::check(result).map(|_| ())
}

fn futex_wake(word: &AtomicU32, n: i32) {
    // SAFETY: the word lives through the call.
    unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), libc::FUTEX_WAKE | libc::FUTEX_PRIVATE_FLAG, n) };
}
