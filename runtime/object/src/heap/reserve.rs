//! What happens when the system has no more memory.
//!
//! Large requests are refused before they are made (`room.rs`). For what is small there is a reserve of
//! addresses: the request that finds nothing gives it up and goes on, and the evaluation
//! loop raises `MemoryError` at the next chance. The reserve is laid in again once that memory is free.

use crate::vm::{breaker, set_breaker};
use mimalloc::MiMalloc;
use std::alloc::{GlobalAlloc, Layout};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

const SIZE: usize = 64 << 20;

/// Where the reserve is; 0: there is none.
static START: AtomicUsize = AtomicUsize::new(0);
static GIVEN_UP: AtomicBool = AtomicBool::new(false);

/// Lays the reserve in, unless it is there.
pub fn lay_in() {
    if START.load(Ordering::Relaxed) != 0 {
        return;
    }
    // SAFETY: an anonymous mapping of addresses that nobody may touch.
    let start =
        unsafe { libc::mmap(std::ptr::null_mut(), SIZE, libc::PROT_NONE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE, -1, 0) };
    if start != libc::MAP_FAILED {
        START.store(start.addr(), Ordering::Release);
        GIVEN_UP.store(false, Ordering::Relaxed);
    }
}

/// Lays the reserve in again if it was given up and there is memory now.
pub(crate) fn renew() {
    if GIVEN_UP.load(Ordering::Relaxed) {
        lay_in();
    }
}

/// Gives the reserve up. Says whether there was one.
#[cold]
pub(super) fn give_up() -> bool {
    let start = START.swap(0, Ordering::AcqRel);
    if start == 0 {
        return false;
    }
    GIVEN_UP.store(true, Ordering::Relaxed);
    // SAFETY: the mapping is the reserve's, and only one thread finds it.
    unsafe { libc::munmap(start as *mut _, SIZE) };
    set_breaker(breaker::MEMORY);
    true
}

/// How much the allocator reserves at first: a process whose addresses are limited has little to spare.
const FIRST_ARENA_KIB: libc::c_long = 32 << 10;
/// `mi_option_arena_reserve`
const ARENA_RESERVE: libc::c_int = 23;

/// The greatest request that `mi_malloc_small` takes.
const SMALL: usize = 128 * size_of::<usize>();

unsafe extern "C" {
    fn mi_malloc_small(size: usize) -> *mut u8;
    fn mi_option_set(option: libc::c_int, value: libc::c_long);
}

/// Runs before anything is allocated.
extern "C" fn limit_first_arena() {
    // SAFETY: sets a number of the allocator's.
    unsafe { mi_option_set(ARENA_RESERVE, FIRST_ARENA_KIB) };
}

// SAFETY: the section holds functions to be called when the program starts, without arguments of interest.
#[cfg(target_os = "linux")]
#[used]
#[unsafe(link_section = ".init_array")]
static LIMIT_FIRST_ARENA: extern "C" fn() = limit_first_arena;

/// An allocator that is quick with what is small and short-lived, on whatever thread; the reserve is behind it.
struct Reserved;

#[global_allocator]
static ALLOCATOR: Reserved = Reserved;

// SAFETY: all is done by the allocator.
unsafe impl GlobalAlloc for Reserved {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // What is small is aligned to words without being asked.
        let is_small = layout.size() <= SMALL && layout.align() <= align_of::<usize>();
        // SAFETY: the caller's promise.
        let memory = unsafe { if is_small { mi_malloc_small(layout.size()) } else { MiMalloc.alloc(layout) } };
        // SAFETY: the caller's promise.
        if memory.is_null() && may_retry(layout.size()) { unsafe { MiMalloc.alloc(layout) } } else { memory }
    }

    #[inline]
    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { MiMalloc.dealloc(memory, layout) };
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise.
        let memory = unsafe { MiMalloc.alloc_zeroed(layout) };
        // SAFETY: the caller's promise.
        if memory.is_null() && may_retry(layout.size()) { unsafe { MiMalloc.alloc_zeroed(layout) } } else { memory }
    }

    #[inline]
    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller's promise.
        let moved = unsafe { MiMalloc.realloc(memory, layout, size) };
        // SAFETY: the caller's promise; a request that fails leaves the memory as it was.
        if moved.is_null() && may_retry(size) { unsafe { MiMalloc.realloc(memory, layout, size) } } else { moved }
    }
}

/// Whether giving the reserve up may help. What is bigger than it was asked for by somebody who can do without.
#[cold]
fn may_retry(size: usize) -> bool {
    size <= SIZE / 2 && give_up()
}
