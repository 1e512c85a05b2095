//! Where the `Vm`s of all threads are, so that one thread can look at another's frames.
//!
//! A thread notes its `Vm`'s place whenever it is about to let go of the global lock while Python runs on it. So whoever
//! has the lock finds the place of every thread that has Python frames, and all these threads stand still.

use crate::cell::VmCell;
use crate::value::Object;
use crate::vm::Vm;
use std::cell::Cell;

/// The places of the `Vm`s of threads that have let go of the lock at least once.
static PLACES: VmCell<Places> = VmCell::new(Vec::new());

/// Boxed, since each thread has the address of its own entry.
type Places = Vec<Box<Cell<*const Vm>>>;

fn places() -> &'static mut Places {
    // SAFETY: the lock is held, and every caller lets go of the borrow before anything else runs.
    unsafe { PLACES.get_unchecked() }
}

/// A thread's entry; taken out when its `Vm` ends, which it does with the lock held.
pub(crate) struct Entry(*const Cell<*const Vm>);

impl Entry {
    fn new() -> Entry {
        let place = Box::new(Cell::new(std::ptr::null()));
        let entry = Entry(&raw const *place);
        places().push(place);
        entry
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        places().retain(|place| !std::ptr::eq(&raw const **place, self.0));
    }
}

/// What can be seen of a thread from another one.
pub struct Thread {
    /// What `_thread.get_ident` says there.
    pub id: u64,
    /// The innermost frame; null if there is none.
    pub frame: *mut u8,
    /// An address below what the thread uses of the machine's stack.
    pub stack_limit: usize,
    /// Where on its stack the thread stands, and where that ends; `None` if that is not known.
    pub stack: Option<(usize, usize)>,
    /// The exception that is being handled.
    pub handled: Option<Object>,
}

impl Vm {
    /// To be called before the thread lets go of the lock.
    #[inline]
    pub fn note_place(&mut self) {
        let place: *const Vm = self;
        let marker = 0u8;
        let stands = std::hint::black_box(std::ptr::from_ref(&marker)).addr();
        match &mut self.stack {
            Some((known, _)) => *known = stands,
            unknown => *unknown = end_of_stack().map(|end| (stands, end)),
        }
        // SAFETY: the entry is there until it is dropped, and entries are touched with the lock only.
        unsafe { &*self.entry.get_or_insert_with(Entry::new).0 }.set(place);
    }
}

/// The other threads that run Python, as they stand.
pub fn others(vm: &mut Vm) -> Vec<Thread> {
    // It may have moved since it was last noted.
    vm.note_place();
    let own: *const Vm = vm;
    let others = places().iter().map(|place| place.get()).filter(|&place| !place.is_null() && place != own);
    others
        .map(|place| {
            // SAFETY: the thread noted the place when it let go of the lock; until it has that back, which it cannot while we
            // hold it, it neither moves the `Vm` nor changes it.
            let other = unsafe { &*place };
            Thread {
                id: other.thread_id,
                frame: other.frame,
                stack_limit: other.stack_limit(),
                stack: other.stack,
                handled: other.handled_exception().map(crate::value::Ref::to_owned),
            }
        })
        .collect()
}

/// In the child of a fork: the other threads are not there any more.
pub fn after_fork(vm: &mut Vm) {
    vm.note_place();
    let own: *const Vm = vm;
    places().iter().filter(|place| place.get() != own).for_each(|place| place.set(std::ptr::null()));
}

/// The address behind the stack of the running thread.
#[cold]
pub fn end_of_stack() -> Option<usize> {
    // SAFETY: the attributes are asked for, read and given back.
    unsafe {
        let mut attributes: libc::pthread_attr_t = std::mem::zeroed();
        if libc::pthread_getattr_np(libc::pthread_self(), &mut attributes) != 0 {
            return None;
        }
        let (mut start, mut size) = (std::ptr::null_mut(), 0);
        let is_known = libc::pthread_attr_getstack(&attributes, &mut start, &mut size) == 0;
        libc::pthread_attr_destroy(&mut attributes);
        is_known.then(|| start.addr() + size)
    }
}
