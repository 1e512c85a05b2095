//! The end of objects: what happens when the last reference to one is gone.

use super::{HEAP, bit, bits, free, set_bits};
use crate::class::Type;
use crate::value::Header;

/// How deep destructors may nest on the native stack before the rest is postponed.
const MAX_NESTED_RELEASES: u32 = 100;

/// Ends an object whose last reference is gone: queues its finaliser, or drops it at once.
///
/// # Safety
///
/// The object's count has just become zero.
#[inline(never)]
pub(crate) unsafe fn release(pointer: *mut Header) {
    // SAFETY: the object is intact, only unreferenced.
    if unsafe { &*(*pointer).ty.get() }.is_plain_data() && bits(pointer.addr()) & bit::WEAKLY_REFERENCED == 0 {
        // SAFETY: there is nothing to drop.
        return unsafe { free(pointer) };
    }
    let depth = HEAP.releasing.get();
    if depth >= MAX_NESTED_RELEASES {
        // SAFETY: the lock is held and the borrow ends here.
        unsafe { &mut *HEAP.postponed.get() }.push(pointer);
        HEAP.has_postponed.set(true);
        return;
    }
    HEAP.releasing.set(depth + 1);
    // SAFETY: the caller's promise.
    unsafe { release_now(pointer) };
    if depth == 0 && HEAP.has_postponed.get() {
        release_postponed();
    }
    HEAP.releasing.set(depth);
}

#[cold]
#[inline(never)]
fn release_postponed() {
    // SAFETY: postponed objects have no references; each is taken out before it is released.
    while let Some(next) = unsafe { &mut *HEAP.postponed.get() }.pop() {
        // SAFETY: as above.
        unsafe { release_now(next) };
    }
    HEAP.has_postponed.set(false);
}

#[inline]
unsafe fn release_now(pointer: *mut Header) {
    // SAFETY: the object is intact, only unreferenced.
    let (class, address) = unsafe { (&*(*pointer).ty.get(), pointer.addr()) };
    let special = bits(address);
    if class.has_finalizer() {
        let ends_quietly = class.payload_ref().ends_quietly.filter(|_| !class.is_heap_type());
        // SAFETY: the object is an instance of the class.
        let is_finalized = special & bit::FINALIZED != 0 || ends_quietly.is_some_and(|ends_quietly| unsafe { ends_quietly(pointer) });
        if !is_finalized {
            set_bits(address, bit::FINALIZED);
            // SAFETY: the queue owns the one reference made here.
            unsafe { crate::weak::queue_finalizer(pointer) };
            return;
        }
        if class.is_heap_type() {
            crate::collector::order::forget(address);
        }
    }
    if special & bit::WEAKLY_REFERENCED != 0 {
        crate::weak::clear_references(address);
    }
    // SAFETY: nobody refers to the object, and its type says how to drop it.
    unsafe { destroy(pointer, class) };
}

/// Drops an object's payload and attributes and frees its memory.
///
/// # Safety
///
/// Nobody refers to the object, and `class` is its type.
#[inline]
pub(crate) unsafe fn destroy(pointer: *mut Header, class: &Type) {
    // SAFETY: the caller's promise; the type's layout describes the object.
    unsafe {
        let is_heap_type = class.is_heap_type();
        if is_heap_type || class.capacity.get().is_some() {
            crate::instance::drop_attributes(pointer, class);
        }
        if let Some(drop_payload) = class.payload_ref().drop {
            drop_payload(pointer);
        }
        let keep_class = is_heap_type.then(|| class.release_instance_reference());
        free(pointer);
        drop(keep_class);
    }
}
