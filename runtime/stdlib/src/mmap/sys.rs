//! Mappings of files and memory, as safe functions over an object that owns its mapping.

use crate::blocking::SysResult;
use crate::sys::{check, last_error};
use std::cell::Cell;

/// A mapping; null while there is none.
pub struct Mapping {
    start: Cell<*mut u8>,
    len: Cell<usize>,
}

impl Mapping {
    pub fn new(len: usize, protection: i32, flags: i32, fd: i32, offset: i64) -> SysResult<Mapping> {
        // SAFETY: the system chooses a place where nothing is.
        let start = unsafe { libc::mmap(std::ptr::null_mut(), len, protection, flags, fd, offset) };
        if start == libc::MAP_FAILED {
            return Err(last_error());
        }
        Ok(Mapping { start: Cell::new(start.cast()), len: Cell::new(len) })
    }

    pub fn len(&self) -> usize {
        self.len.get()
    }

    pub fn is_open(&self) -> bool {
        !self.start.get().is_null()
    }

    pub fn start(&self) -> *mut u8 {
        self.start.get()
    }

    /// The contents. The caller does nothing meanwhile that unmaps or changes them.
    pub fn bytes(&self) -> &[u8] {
        if !self.is_open() {
            return &[];
        }
        // SAFETY: the mapping is that long and readable; whoever uses mappings of files that others
        // cut short is sent SIGBUS, as in CPython.
        unsafe { std::slice::from_raw_parts(self.start.get(), self.len.get()) }
    }

    /// Writes bytes at a place that the caller has checked to lie inside, and to be writable.
    pub fn write(&self, at: usize, data: &[u8]) {
        assert!(self.is_open() && at <= self.len() && data.len() <= self.len() - at, "the caller checks the range");
        // SAFETY: the range lies in the mapping; the data may overlap it.
        unsafe { self.start.get().add(at).copy_from(data.as_ptr(), data.len()) };
    }

    pub fn flush(&self, at: usize, len: usize) -> SysResult<i32> {
        // SAFETY: the range lies in the mapping.
        check(unsafe { libc::msync(self.start.get().wrapping_add(at).cast(), len, libc::MS_SYNC) })
    }

    pub fn advise(&self, at: usize, len: usize, advice: i32) -> SysResult<i32> {
        // SAFETY: as above; advice that discards contents is what the caller asked for.
        check(unsafe { libc::madvise(self.start.get().wrapping_add(at).cast(), len, advice) })
    }

    pub fn resize(&self, len: usize) -> SysResult<()> {
        // SAFETY: nobody holds a reference into the mapping: there are no exports.
        let start = unsafe { libc::mremap(self.start.get().cast(), self.len.get(), len, libc::MREMAP_MAYMOVE) };
        if start == libc::MAP_FAILED {
            return Err(last_error());
        }
        self.start.set(start.cast());
        self.len.set(len);
        Ok(())
    }

    pub fn close(&self) {
        let start = self.start.replace(std::ptr::null_mut());
        if !start.is_null() {
            // SAFETY: the mapping was made by `new` and nobody refers to it any more.
            unsafe { libc::munmap(start.cast(), self.len.get()) };
        }
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        self.close();
    }
}

/// A buffer of the whole mapping, which is in the payload of `owner` together with the count.
pub fn export(owner: object::Ref<'_>, mapping: &Mapping, readonly: bool, exports: &Cell<usize>) -> object::bytes::Buffer {
    // SAFETY: the mapping neither moves nor goes away while the count says there are exports.
    unsafe { object::bytes::Buffer::from_raw(owner.to_owned(), mapping.start(), mapping.len(), readonly, Some(exports)) }
}
