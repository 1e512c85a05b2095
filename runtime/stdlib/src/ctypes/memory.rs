//! Memory by its address: what C data is made of.
//!
//! `ctypes` gives programs C's view of memory, and with it C's dangers: an address that a program makes up is read and
//! written as C would. The functions here are the only ones that do so; that an address is good is the program's
//! promise, as it is in CPython. Memory that belongs to `ctypes` objects themselves is kept for as long as they live.

use object::bytes::{Buffer, Layout};
use object::{Object, Ref, Vm};
use std::alloc;
use std::cell::{Cell, UnsafeCell};
use std::ffi::{CStr, CString};

/// Room for small values inside the object itself.
#[derive(Default)]
pub struct Inline(UnsafeCell<[u64; 2]>);

impl Inline {
    pub const SIZE: usize = 16;
    pub const ALIGN: usize = 8;

    pub fn address(&self) -> usize {
        self.0.get().expose_provenance()
    }
}

/// Zeroed memory that is given back when dropped.
pub struct Allocation {
    start: *mut u8,
    layout: alloc::Layout,
}

impl Allocation {
    /// `None`: there is not as much memory.
    pub fn new(size: usize, align: usize) -> Option<Allocation> {
        let align = align.max(16).checked_next_power_of_two()?;
        let layout = alloc::Layout::from_size_align(size.max(1), align).ok()?;
        // SAFETY: the size is not zero.
        let start = unsafe { alloc::alloc_zeroed(layout) };
        (!start.is_null()).then_some(Allocation { start, layout })
    }

    pub fn address(&self) -> usize {
        self.start.expose_provenance()
    }
}

impl Drop for Allocation {
    fn drop(&mut self) {
        // SAFETY: the memory was allocated with this layout and is given back once.
        unsafe { alloc::dealloc(self.start, self.layout) };
    }
}

/// The first `N` bytes at an address.
pub fn read<const N: usize>(address: usize) -> [u8; N] {
    // SAFETY: the program vouches for the address.
    unsafe { std::ptr::with_exposed_provenance::<[u8; N]>(address).read_unaligned() }
}

/// `size` bytes at an address.
pub fn read_bytes(address: usize, size: usize) -> Vec<u8> {
    let mut bytes = vec![0; size];
    read_into(address, &mut bytes);
    bytes
}

pub fn read_into(address: usize, bytes: &mut [u8]) {
    // SAFETY: the program vouches for the address; `bytes` is ours and as long as said.
    unsafe { std::ptr::copy(std::ptr::with_exposed_provenance::<u8>(address), bytes.as_mut_ptr(), bytes.len()) };
}

pub fn write(address: usize, bytes: &[u8]) {
    // SAFETY: the program vouches for the address.
    unsafe { std::ptr::copy(bytes.as_ptr(), std::ptr::with_exposed_provenance_mut::<u8>(address), bytes.len()) };
}

/// Copies memory, which may overlap.
pub fn copy(to: usize, from: usize, size: usize) {
    // SAFETY: the program vouches for the addresses.
    unsafe { std::ptr::copy(std::ptr::with_exposed_provenance::<u8>(from), std::ptr::with_exposed_provenance_mut::<u8>(to), size) };
}

pub fn read_pointer(address: usize) -> usize {
    usize::from_ne_bytes(read(address))
}

pub fn write_pointer(address: usize, value: usize) {
    write(address, &value.to_ne_bytes());
}

/// The bytes before the first zero.
pub fn c_string_at(address: usize) -> Vec<u8> {
    // SAFETY: the program vouches for the address, and for the zero.
    unsafe { CStr::from_ptr(std::ptr::with_exposed_provenance(address)) }.to_bytes().to_vec()
}

/// The wide characters before the first zero.
pub fn wide_string_at(address: usize) -> Vec<u32> {
    let mut text = Vec::new();
    loop {
        match u32::from_ne_bytes(read(address.wrapping_add(4 * text.len()))) {
            0 => return text,
            code_point => text.push(code_point),
        }
    }
}

/// The value whose word a `py_object` holds; the reference stays where it is.
pub fn object_from_word(word: u64) -> Option<Object> {
    // SAFETY: the program vouches for the word, as for any pointer; zero is no value.
    (word != 0).then(|| unsafe { Ref::from_bits(word) }.to_owned())
}

/// The value whose word a function returned; the reference is ours.
pub fn object_from_returned_word(word: u64) -> Option<Object> {
    // SAFETY: the function gives up the reference it returns.
    unsafe { Object::from_raw(word) }
}

/// Memory of `owner`, which keeps it where it is while the count is not zero, as a buffer.
pub fn export(owner: Ref<'_>, address: usize, size: usize, exports: &Cell<usize>, layout: Layout) -> Buffer {
    // SAFETY: `owner` holds or borrows the memory, and does not give it up while there are exports.
    let buffer = unsafe { Buffer::from_raw(owner.to_owned(), std::ptr::with_exposed_provenance_mut(address), size, false, Some(exports)) };
    if layout.len() <= size { buffer.with_layout(0, layout).with_surplus() } else { buffer }
}

/// Memory that the program vouches for, as a buffer.
pub fn buffer_at(address: usize, size: usize, readonly: bool) -> Buffer {
    // SAFETY: the program vouches for the address for as long as it uses the buffer.
    unsafe { Buffer::from_raw(Object::none(), std::ptr::with_exposed_provenance_mut(address), size, readonly, None) }
}

fn last_load_error() -> Option<Vec<u8>> {
    // SAFETY: the text is copied at once; it is valid until this thread's next call.
    unsafe {
        let text = libc::dlerror();
        (!text.is_null()).then(|| CStr::from_ptr(text).to_bytes().to_vec())
    }
}

/// `dlopen`; the error is the system's text.
pub fn open_library(vm: &mut Vm, name: Option<&CString>, mode: i32) -> Result<usize, Vec<u8>> {
    // SAFETY: the name is terminated. What the library does when loaded is its business.
    let handle =
        vm.allow_threads(|| unsafe { libc::dlopen(name.map_or(std::ptr::null(), |name| name.as_ptr()), mode | libc::RTLD_NOW) }.expose_provenance());
    if handle == 0 { Err(last_load_error().unwrap_or_else(|| b"dlopen() error".to_vec())) } else { Ok(handle) }
}

/// `dlclose`
pub fn close_library(handle: usize) -> Result<(), Vec<u8>> {
    // SAFETY: the program vouches for the handle.
    match unsafe { libc::dlclose(std::ptr::with_exposed_provenance_mut(handle)) } {
        0 => Ok(()),
        _ => Err(last_load_error().unwrap_or_default()),
    }
}

/// `dlsym`; a symbol whose address is zero is an error without a text.
pub fn find_symbol(handle: usize, name: &CString) -> Result<usize, Option<Vec<u8>>> {
    // An older error must not be taken for this call's.
    last_load_error();
    // SAFETY: the program vouches for the handle; the name is terminated.
    match unsafe { libc::dlsym(std::ptr::with_exposed_provenance_mut(handle), name.as_ptr()) }.expose_provenance() {
        0 => super::python_api::find(name.as_bytes()).ok_or_else(last_load_error),
        address => Ok(address),
    }
}

/// The files that are loaded into the process.
pub fn loaded_libraries() -> Vec<Vec<u8>> {
    extern "C" fn each(info: *mut libc::dl_phdr_info, _size: usize, names: *mut libc::c_void) -> i32 {
        // SAFETY: the system hands in a valid description, and the vector below.
        unsafe {
            let names = &mut *names.cast::<Vec<Vec<u8>>>();
            if !(*info).dlpi_name.is_null() {
                names.push(CStr::from_ptr((*info).dlpi_name).to_bytes().to_vec());
            }
        }
        0
    }
    let mut names: Vec<Vec<u8>> = Vec::new();
    // SAFETY: the vector outlives the call, and nobody else refers to it.
    unsafe { libc::dl_iterate_phdr(Some(each), (&raw mut names).cast()) };
    names
}

/// The addresses of the C library's `memmove` and `memset`.
pub fn copy_functions() -> (usize, usize) {
    (libc::memmove as *const () as usize, libc::memset as *const () as usize)
}

/// The functions of the C library that stand for functions of CPython's interface.
pub fn allocation_function(name: &str) -> Option<usize> {
    Some(match name {
        "PyMem_Malloc" | "PyMem_RawMalloc" | "PyObject_Malloc" => libc::malloc as *const () as usize,
        "PyMem_Calloc" | "PyMem_RawCalloc" | "PyObject_Calloc" => libc::calloc as *const () as usize,
        "PyMem_Realloc" | "PyMem_RawRealloc" | "PyObject_Realloc" => libc::realloc as *const () as usize,
        "PyMem_Free" | "PyMem_RawFree" | "PyObject_Free" => libc::free as *const () as usize,
        "PyOS_snprintf" => libc::snprintf as *const () as usize,
        _ => return None,
    })
}
