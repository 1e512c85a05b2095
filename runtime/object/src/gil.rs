//! The global interpreter lock: one thread at a time holds it and runs Python.
//!
//! A thread that waits longer than the switch interval asks the holder to hand over, by way of
//! [`breaker::LOCK_WANTED`]; the holder, in [`yield_if_wanted`], lets go and does not take the lock
//! back before another thread has had it. After `fork` the child, whose only thread held the lock,
//! starts over with a fresh one.

use crate::vm::{Vm, breaker, breaker_reasons, clear_breaker, set_breaker};
use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

struct State {
    held: bool,
    /// How often the lock has been taken: tells whether another thread had it meanwhile.
    taken: u64,
    waiting: usize,
    /// Threads that handed over and wait until somebody has had the lock.
    handing_over: usize,
}

struct Lock {
    state: Mutex<State>,
    released: Condvar,
    was_taken: Condvar,
}

impl Lock {
    const fn new(held: bool) -> Lock {
        Lock { state: Mutex::new(State { held, taken: 0, waiting: 0, handing_over: 0 }), released: Condvar::new(), was_taken: Condvar::new() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

static FIRST: Lock = Lock::new(false);
/// The lock in use, if it is no longer the first: a child process replaces it.
static CURRENT: AtomicPtr<Lock> = AtomicPtr::new(std::ptr::null_mut());
/// How long a thread waits before it asks for the lock, in nanoseconds.
static INTERVAL: AtomicU64 = AtomicU64::new(5_000_000);
/// Set while the interpreter ends: threads that are not the one that ends it get the lock no more.
static FINALIZING: AtomicBool = AtomicBool::new(false);

thread_local! {
    static MAY_FINALIZE: Cell<bool> = const { Cell::new(false) };
    static HOLDS: Cell<bool> = const { Cell::new(false) };
}

fn current() -> &'static Lock {
    let pointer = CURRENT.load(Ordering::Acquire);
    // SAFETY: what is stored was leaked by `after_fork`.
    unsafe { pointer.as_ref() }.unwrap_or(&FIRST)
}

/// Takes the lock; waits until the holder lets go.
pub fn acquire() {
    let lock = current();
    if FINALIZING.load(Ordering::Acquire) && !MAY_FINALIZE.get() {
        park_for_ever();
    }
    let mut state = lock.state();
    while state.held {
        let taken = state.taken;
        state.waiting += 1;
        let interval = Duration::from_nanos(INTERVAL.load(Ordering::Relaxed));
        let (again, timeout) = lock.released.wait_timeout(state, interval).unwrap_or_else(PoisonError::into_inner);
        state = again;
        state.waiting -= 1;
        if timeout.timed_out() && state.held && state.taken == taken {
            set_breaker(breaker::LOCK_WANTED);
        }
    }
    if FINALIZING.load(Ordering::Acquire) && !MAY_FINALIZE.get() {
        // Whoever handed over must not wait for a thread that takes nothing any more.
        lock.released.notify_one();
        lock.was_taken.notify_all();
        drop(state);
        park_for_ever();
    }
    state.held = true;
    state.taken += 1;
    HOLDS.set(true);
    clear_breaker(breaker::LOCK_WANTED);
    // Telling nobody would be a system call all the same.
    if state.handing_over > 0 {
        lock.was_taken.notify_all();
    }
}

/// Lets go of the lock.
pub fn release() {
    let lock = current();
    HOLDS.set(false);
    let mut state = lock.state();
    state.held = false;
    if state.waiting > 0 {
        lock.released.notify_one();
    }
}

/// Whether the calling thread holds the lock.
pub fn is_held() -> bool {
    HOLDS.get()
}

/// A thread that outlives the interpreter stops for good.
fn park_for_ever() -> ! {
    loop {
        std::thread::park();
    }
}

/// Hands the lock to a thread that has asked for it, and takes it back afterwards.
#[inline]
pub fn yield_if_wanted(vm: &mut Vm) {
    if breaker_reasons() & breaker::LOCK_WANTED != 0 {
        hand_over(vm);
    }
}

#[cold]
fn hand_over(vm: &mut Vm) {
    vm.note_place();
    clear_breaker(breaker::LOCK_WANTED);
    if FINALIZING.load(Ordering::Acquire) && MAY_FINALIZE.get() {
        return;
    }
    let lock = current();
    HOLDS.set(false);
    let mut state = lock.state();
    state.held = false;
    let taken = state.taken;
    lock.released.notify_one();
    state.handing_over += 1;
    while state.waiting > 0 && state.taken == taken {
        state = lock.was_taken.wait(state).unwrap_or_else(PoisonError::into_inner);
    }
    state.handing_over -= 1;
    drop(state);
    acquire();
}

/// `sys.getswitchinterval()`
pub fn switch_interval() -> Duration {
    Duration::from_nanos(INTERVAL.load(Ordering::Relaxed))
}

/// `sys.setswitchinterval()`
pub fn set_switch_interval(interval: Duration) {
    let nanoseconds = u64::try_from(interval.as_nanos()).unwrap_or(u64::MAX).max(1000);
    INTERVAL.store(nanoseconds, Ordering::Relaxed);
}

/// In the child of `fork`, whose only thread holds the lock: what other threads did to the old lock
/// does not matter any more.
pub fn after_fork() {
    CURRENT.store(Box::into_raw(Box::new(Lock::new(true))), Ordering::Release);
    HOLDS.set(true);
}

/// From now on only the calling thread gets the lock; daemon threads that want it stop for good.
pub fn begin_finalizing() {
    MAY_FINALIZE.set(true);
    FINALIZING.store(true, Ordering::Release);
}

impl Vm {
    /// Runs `f`, which must not touch objects, while other threads may run Python.
    #[inline]
    pub fn allow_threads<T>(&mut self, f: impl FnOnce() -> T) -> T {
        struct Again;
        impl Drop for Again {
            fn drop(&mut self) {
                acquire();
            }
        }
        self.note_place();
        release();
        let again = Again;
        let result = f();
        drop(again);
        result
    }
}
