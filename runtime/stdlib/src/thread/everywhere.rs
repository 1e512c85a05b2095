//! Trace and profile functions for all threads: each thread takes them over itself, the next time it looks up from its work.

use object::cell::VmCell;
use object::vm::{breaker, clear_breaker, set_breaker};
use object::{Object, Vm};
use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Which of the two functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    Trace,
    Profile,
}

/// What was asked for last; nothing where nothing was.
struct Wanted {
    version: u64,
    trace: Option<(u64, Option<Object>)>,
    profile: Option<(u64, Option<Object>)>,
}

static WANTED: VmCell<Wanted> = VmCell::new(Wanted { version: 0, trace: None, profile: None });
/// How many threads have not taken over what is wanted.
static BEHIND: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    static SEEN: Cell<u64> = const { Cell::new(0) };
}

fn install(vm: &mut Vm, which: Which, function: Option<Object>) {
    match which {
        Which::Trace => interp::tracing::set_trace(vm, function),
        Which::Profile => interp::tracing::set_profile(vm, function),
    }
}

/// Sets a function in this thread, and has the others set it.
pub fn set(vm: &mut Vm, which: Which, function: Option<Object>) {
    let wanted = WANTED.get_mut(vm);
    wanted.version += 1;
    let version = wanted.version;
    let place = match which {
        Which::Trace => &mut wanted.trace,
        Which::Profile => &mut wanted.profile,
    };
    let old = place.replace((version, function.clone()));
    drop(old);
    SEEN.set(version);
    install(vm, which, function);
    BEHIND.store(super::count(), Ordering::Relaxed);
    if super::count() > 0 {
        set_breaker(breaker::PENDING_CALLS);
    }
}

/// Takes over what other threads have set for this one.
pub fn catch_up(vm: &mut Vm) {
    let (seen, wanted) = (SEEN.get(), WANTED.get(vm));
    if seen == wanted.version {
        return;
    }
    let (version, trace, profile) = (wanted.version, wanted.trace.clone(), wanted.profile.clone());
    caught_up(version);
    for (which, wanted) in [(Which::Trace, trace), (Which::Profile, profile)] {
        if let Some((_, function)) = wanted.filter(|&(version, _)| version > seen) {
            install(vm, which, function);
        }
    }
}

fn caught_up(version: u64) {
    SEEN.set(version);
    let before = BEHIND.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |behind| Some(behind.saturating_sub(1)));
    if before.is_ok_and(|before| before <= 1) {
        clear_breaker(breaker::PENDING_CALLS);
    }
}

/// For a thread that begins: what was set before is not for it.
pub fn begin_thread(vm: &Vm) {
    SEEN.set(WANTED.get(vm).version);
}

/// For a thread that ends: nobody waits for it any more.
pub fn end_thread(vm: &Vm) {
    let version = WANTED.get(vm).version;
    if SEEN.get() != version {
        caught_up(version);
    }
}
