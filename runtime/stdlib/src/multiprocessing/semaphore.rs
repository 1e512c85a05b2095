//! Named semaphores of the system as safe values.
//!
//! Python code names a semaphore by its address (`SemLock.handle`): after a fork the child makes a new object of the
//! address it has inherited. So that a wrong number reaches no memory, [`OPEN`] lists the addresses that are
//! semaphores, and how many values here stand for each; the last one closes it.

use crate::blocking::SysResult;
use crate::sys::{check, last_error};
use std::collections::HashMap;
use std::ffi::CStr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What is known of an address.
#[derive(Default)]
struct Uses {
    /// Values of this module.
    values: usize,
    /// Calls of `sem_open`, each to be undone by `sem_close`.
    opened: usize,
}

static OPEN: Mutex<Option<HashMap<usize, Uses>>> = Mutex::new(None);

fn open_semaphores() -> MutexGuard<'static, Option<HashMap<usize, Uses>>> {
    OPEN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An open semaphore.
pub struct Semaphore {
    address: usize,
}

impl Semaphore {
    /// Makes a new semaphore; the name must be free.
    pub fn create(name: &CStr, value: u32) -> SysResult<Semaphore> {
        // SAFETY: the name lives through the call; mode and value are what these flags ask for.
        let opened = unsafe { libc::sem_open(name.as_ptr(), libc::O_CREAT | libc::O_EXCL, 0o600, value) };
        Semaphore::of_opened(opened)
    }

    /// Opens the semaphore of a name.
    pub fn open(name: &CStr) -> SysResult<Semaphore> {
        // SAFETY: the name lives through the call.
        let opened = unsafe { libc::sem_open(name.as_ptr(), 0) };
        Semaphore::of_opened(opened)
    }

    fn of_opened(opened: *mut libc::sem_t) -> SysResult<Semaphore> {
        if opened == libc::SEM_FAILED {
            return Err(last_error());
        }
        let address = opened as usize;
        let mut open = open_semaphores();
        let uses = open.get_or_insert_default().entry(address).or_default();
        uses.values += 1;
        uses.opened += 1;
        Ok(Semaphore { address })
    }

    /// The semaphore at an address of this process, if there is one.
    pub fn at(address: usize) -> Option<Semaphore> {
        let mut open = open_semaphores();
        open.as_mut()?.get_mut(&address)?.values += 1;
        Some(Semaphore { address })
    }

    pub fn address(&self) -> usize {
        self.address
    }

    fn pointer(&self) -> *mut libc::sem_t {
        self.address as *mut libc::sem_t
    }

    /// Takes one off the value if that is possible at once; `EAGAIN` otherwise.
    pub fn try_wait(&self) -> SysResult<()> {
        // SAFETY: the semaphore is open as long as `self` is there.
        check(unsafe { libc::sem_trywait(self.pointer()) }).map(drop)
    }

    /// Waits until one can be taken off the value.
    pub fn wait(&self) -> SysResult<()> {
        // SAFETY: as above.
        check(unsafe { libc::sem_wait(self.pointer()) }).map(drop)
    }

    /// As [`Semaphore::wait`] until a time since the epoch; then `ETIMEDOUT`.
    pub fn wait_until(&self, deadline: Duration) -> SysResult<()> {
        let deadline = libc::timespec { tv_sec: i64::try_from(deadline.as_secs()).unwrap_or(i64::MAX), tv_nsec: i64::from(deadline.subsec_nanos()) };
        // SAFETY: as above; the time lives through the call.
        check(unsafe { libc::sem_timedwait(self.pointer(), &deadline) }).map(drop)
    }

    /// Adds one to the value.
    pub fn post(&self) -> SysResult<()> {
        // SAFETY: as above.
        check(unsafe { libc::sem_post(self.pointer()) }).map(drop)
    }

    pub fn value(&self) -> SysResult<i32> {
        let mut value = 0;
        // SAFETY: as above; the place for the value lives through the call.
        check(unsafe { libc::sem_getvalue(self.pointer(), &mut value) })?;
        Ok(value)
    }
}

impl Drop for Semaphore {
    fn drop(&mut self) {
        let mut open = open_semaphores();
        let Some(all) = open.as_mut() else { return };
        let Some(uses) = all.get_mut(&self.address) else { return };
        uses.values -= 1;
        if uses.values > 0 {
            return;
        }
        let opened = uses.opened;
        all.remove(&self.address);
        for _ in 0..opened {
            // SAFETY: opened as often as it is closed, and no value stands for it any more.
            unsafe { libc::sem_close(self.pointer()) };
        }
    }
}

/// Takes a semaphore's name away.
pub fn unlink(name: &CStr) -> SysResult<()> {
    // SAFETY: the name lives through the call.
    check(unsafe { libc::sem_unlink(name.as_ptr()) }).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_known_while_a_value_stands_for_it() {
        let name = std::ffi::CString::new(format!("/scoria-test-{}", std::process::id())).unwrap();
        let first = Semaphore::create(&name, 1).unwrap();
        unlink(&name).unwrap();
        let address = first.address();
        let second = Semaphore::at(address).unwrap();
        drop(first);
        assert_eq!(second.try_wait(), Ok(()));
        assert_eq!(second.try_wait(), Err(libc::EAGAIN));
        assert_eq!(second.value(), Ok(0));
        second.post().unwrap();
        drop(second);
        assert!(Semaphore::at(address).is_none());
    }
}
