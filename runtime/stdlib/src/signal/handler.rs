//! The part of `_signal` that the system calls: the handler sets flags, wakes who waits on a
//! descriptor, and leaves the rest to the next safe point of the main thread.

use crate::blocking::SysResult;
use crate::sys::{check, last_error};
use object::vm::{breaker, set_breaker};
use std::mem::MaybeUninit;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};

/// One more than the greatest signal number.
pub const N_SIGNALS: usize = 65;

static TRIPPED: [AtomicBool; N_SIGNALS] = [const { AtomicBool::new(false) }; N_SIGNALS];
static WAKEUP_FD: AtomicI32 = AtomicI32::new(-1);
static WARN_ON_FULL_BUFFER: AtomicBool = AtomicBool::new(true);
/// The error number of a write to the wake-up descriptor that failed.
static WAKEUP_ERROR: AtomicI32 = AtomicI32::new(0);

/// Marks a signal as arrived. Safe to call from a signal handler.
pub fn trip(signal: i32) {
    if let Some(flag) = usize::try_from(signal).ok().and_then(|index| TRIPPED.get(index)) {
        flag.store(true, Ordering::SeqCst);
    }
    set_breaker(breaker::SIGNAL);
    let fd = WAKEUP_FD.load(Ordering::Relaxed);
    if fd >= 0 {
        let byte = signal as u8;
        // SAFETY: one byte is written; `write` may be called in a signal handler.
        if unsafe { libc::write(fd, (&raw const byte).cast(), 1) } < 0 {
            let error = last_error();
            let full = error == libc::EAGAIN || error == libc::EWOULDBLOCK;
            if !full || WARN_ON_FULL_BUFFER.load(Ordering::Relaxed) {
                WAKEUP_ERROR.store(error, Ordering::Relaxed);
            }
        }
    }
}

extern "C" fn on_signal(signal: i32) {
    // SAFETY: errno is the thread's own; the interrupted code must find it as it was.
    unsafe {
        let errno = libc::__errno_location();
        let saved = *errno;
        let main = crate::thread::main_ident();
        if main != 0 && main != libc::pthread_self() {
            // The main thread may be waiting in a call that the signal is to interrupt.
            libc::pthread_kill(main, signal);
        } else {
            trip(signal);
        }
        *errno = saved;
    }
}

/// Takes the mark of an arrived signal away.
pub fn take(signal: usize) -> bool {
    TRIPPED[signal].swap(false, Ordering::SeqCst)
}

pub fn clear_all() {
    for flag in &TRIPPED {
        flag.store(false, Ordering::SeqCst);
    }
}

pub fn take_wakeup_error() -> Option<i32> {
    Some(WAKEUP_ERROR.swap(0, Ordering::Relaxed)).filter(|&error| error != 0)
}

pub fn set_wakeup_fd(fd: i32, warn: bool) -> i32 {
    WARN_ON_FULL_BUFFER.store(warn, Ordering::Relaxed);
    WAKEUP_FD.swap(fd, Ordering::Relaxed)
}

/// What the system does with a signal.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Disposition {
    Default,
    Ignore,
    Python,
    Foreign,
}

pub fn set_disposition(signal: i32, disposition: Disposition) -> SysResult<()> {
    let handler = match disposition {
        Disposition::Default => libc::SIG_DFL,
        Disposition::Ignore => libc::SIG_IGN,
        Disposition::Python | Disposition::Foreign => on_signal as *const () as libc::sighandler_t,
    };
    // SAFETY: the structure is filled in; the handler does only what a signal handler may.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = handler;
        action.sa_flags = libc::SA_ONSTACK;
        libc::sigemptyset(&mut action.sa_mask);
        check(libc::sigaction(signal, &action, std::ptr::null_mut()))?;
    }
    Ok(())
}

pub fn disposition(signal: i32) -> Option<Disposition> {
    let mut action = MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: the structure is filled in if the call succeeds.
    let handler = unsafe {
        check(libc::sigaction(signal, std::ptr::null(), action.as_mut_ptr())).ok()?;
        action.assume_init().sa_sigaction
    };
    Some(match handler {
        libc::SIG_DFL => Disposition::Default,
        libc::SIG_IGN => Disposition::Ignore,
        other if other == on_signal as *const () as libc::sighandler_t => Disposition::Python,
        _ => Disposition::Foreign,
    })
}

pub fn interrupts_calls(signal: i32, interrupt: bool) -> SysResult<()> {
    let mut action = MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: the structure is filled in by the first call and changed in one flag.
    unsafe {
        check(libc::sigaction(signal, std::ptr::null(), action.as_mut_ptr()))?;
        let mut action = action.assume_init();
        if interrupt {
            action.sa_flags &= !libc::SA_RESTART
        } else {
            action.sa_flags |= libc::SA_RESTART
        }
        check(libc::sigaction(signal, &action, std::ptr::null_mut()))?;
    }
    Ok(())
}

/// A set of signals.
#[derive(Clone, Copy)]
pub struct SignalSet(libc::sigset_t);

impl SignalSet {
    pub fn of(signals: &[i32]) -> SignalSet {
        // SAFETY: the set is initialised before it is used.
        unsafe {
            let mut set = MaybeUninit::zeroed();
            libc::sigemptyset(set.as_mut_ptr());
            for &signal in signals {
                libc::sigaddset(set.as_mut_ptr(), signal);
            }
            SignalSet(set.assume_init())
        }
    }

    pub fn members(&self) -> Vec<i32> {
        // SAFETY: the set is valid.
        (1..N_SIGNALS as i32).filter(|&signal| unsafe { libc::sigismember(&self.0, signal) } == 1).collect()
    }

    pub fn all() -> SignalSet {
        // SAFETY: the set is initialised by the call.
        unsafe {
            let mut set = MaybeUninit::zeroed();
            libc::sigfillset(set.as_mut_ptr());
            SignalSet(set.assume_init())
        }
    }
}

fn verdict(code: i32) -> SysResult<()> {
    if code == 0 { Ok(()) } else { Err(code) }
}

pub fn thread_mask(how: i32, set: SignalSet) -> SysResult<SignalSet> {
    let mut old = SignalSet::of(&[]);
    // SAFETY: both sets are valid.
    verdict(unsafe { libc::pthread_sigmask(how, &set.0, &mut old.0) })?;
    Ok(old)
}

pub fn pending() -> SysResult<SignalSet> {
    let mut set = SignalSet::of(&[]);
    // SAFETY: the set is valid.
    check(unsafe { libc::sigpending(&mut set.0) })?;
    Ok(set)
}

pub fn wait(set: SignalSet) -> SysResult<i32> {
    let mut signal = 0;
    // SAFETY: the set is valid, the number is filled in.
    verdict(unsafe { libc::sigwait(&set.0, &mut signal) })?;
    Ok(signal)
}

/// What arrived: number, code, errno, pid, uid, status, band.
pub fn wait_info(set: SignalSet, timeout: Option<libc::timespec>) -> SysResult<[i64; 7]> {
    let mut info = MaybeUninit::<libc::siginfo_t>::zeroed();
    // SAFETY: the set is valid; the structure is filled in if the call succeeds, and its fields are
    // numbers whichever signal it was.
    unsafe {
        check(match &timeout {
            Some(timeout) => libc::sigtimedwait(&set.0, info.as_mut_ptr(), timeout),
            None => libc::sigwaitinfo(&set.0, info.as_mut_ptr()),
        })?;
        let info = info.assume_init();
        let band = *(&raw const info).cast::<i64>().add(2);
        Ok([
            i64::from(info.si_signo),
            i64::from(info.si_code),
            i64::from(info.si_errno),
            i64::from(info.si_pid()),
            i64::from(info.si_uid()),
            i64::from(info.si_status()),
            band,
        ])
    }
}

pub fn kill_thread(thread: u64, signal: i32) -> SysResult<()> {
    // SAFETY: a thread number that is not that of a live thread is the caller's mistake, as in CPython.
    verdict(unsafe { libc::pthread_kill(thread, signal) })
}

pub fn raise(signal: i32) -> SysResult<()> {
    // SAFETY: the call takes a number.
    if unsafe { libc::raise(signal) } == 0 { Ok(()) } else { Err(last_error()) }
}

/// Ends the process by a signal, as if it had never been handled; returns if it cannot.
pub fn end_by(signal: i32) -> SysResult<()> {
    set_disposition(signal, Disposition::Default)?;
    thread_mask(libc::SIG_UNBLOCK, SignalSet::of(&[signal]))?;
    // SAFETY: the call takes numbers.
    if unsafe { libc::kill(libc::getpid(), signal) } == 0 { Ok(()) } else { Err(last_error()) }
}

pub fn set_timer(which: i32, new: libc::itimerval) -> SysResult<libc::itimerval> {
    let mut old = MaybeUninit::<libc::itimerval>::zeroed();
    // SAFETY: both structures are of the kind the call takes.
    unsafe {
        check(libc::setitimer(which, &new, old.as_mut_ptr()))?;
        Ok(old.assume_init())
    }
}

pub fn timer(which: i32) -> SysResult<libc::itimerval> {
    let mut value = MaybeUninit::<libc::itimerval>::zeroed();
    // SAFETY: the structure is filled in.
    unsafe {
        check(libc::getitimer(which, value.as_mut_ptr()))?;
        Ok(value.assume_init())
    }
}

pub fn description(signal: i32) -> Option<String> {
    // SAFETY: the text is valid until the next call, and is copied at once.
    unsafe {
        let text = libc::strsignal(signal);
        if text.is_null() {
            return None;
        }
        Some(std::ffi::CStr::from_ptr(text).to_string_lossy().into_owned())
    }
}

pub fn send_to_pidfd(pidfd: i32, signal: i32, flags: u32) -> SysResult<()> {
    // SAFETY: no information is given along.
    check(unsafe { libc::syscall(libc::SYS_pidfd_send_signal, pidfd, signal, std::ptr::null::<libc::siginfo_t>(), flags) })?;
    Ok(())
}

/// Leaves all signals to other threads; for a thread that does not run Python.
pub fn block_all() {
    // SAFETY: the set is filled before it is used.
    unsafe {
        let mut set = MaybeUninit::zeroed();
        libc::sigfillset(set.as_mut_ptr());
        libc::pthread_sigmask(libc::SIG_SETMASK, set.as_ptr(), std::ptr::null_mut());
    }
}
