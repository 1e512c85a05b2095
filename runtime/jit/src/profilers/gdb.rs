//! GDB's interface: a list of object files in memory, and a function that is called when the list changes, where the debugger has a breakpoint.

use std::ptr::null_mut;
use std::sync::Mutex;

#[repr(C)]
struct Entry {
    next: *mut Entry,
    previous: *mut Entry,
    file: *const u8,
    size: u64,
}

#[repr(C)]
pub struct Descriptor {
    version: u32,
    action: u32,
    relevant: *mut Entry,
    first: *mut Entry,
}

const REGISTER: u32 = 1;

/// Where debuggers look.
#[used]
#[unsafe(no_mangle)]
pub static mut __jit_debug_descriptor: Descriptor = Descriptor { version: 1, action: 0, relevant: null_mut(), first: null_mut() };

/// Debuggers stop here; it must not be left out.
#[inline(never)]
#[unsafe(no_mangle)]
pub extern "C" fn __jit_debug_register_code() {
    std::hint::black_box(0);
}

static LOCK: Mutex<()> = Mutex::new(());

/// Tells of an object file, which stays for as long as the process: so does the code.
pub fn register(image: Vec<u8>) {
    let _guard = LOCK.lock();
    let image: &'static [u8] = Vec::leak(image);
    let entry = Box::leak(Box::new(Entry { next: null_mut(), previous: null_mut(), file: image.as_ptr(), size: image.len() as u64 }));
    // SAFETY: the descriptor is only touched here, by whoever has the lock; entries stay.
    unsafe {
        let descriptor = &raw mut __jit_debug_descriptor;
        entry.next = (*descriptor).first;
        if !entry.next.is_null() {
            (*entry.next).previous = entry;
        }
        (*descriptor).first = entry;
        (*descriptor).relevant = entry;
        (*descriptor).action = REGISTER;
    }
    __jit_debug_register_code();
}
