//! Memory for machine code: written while it is not executable, executable while it is not writable.
//!
//! Code lies in chunks, one function behind the other. A chunk is made writable for as long as a function is copied into it. That is
//! right because whoever compiles holds the global lock: no other thread runs compiled code meanwhile.

use std::ptr::NonNull;

const CHUNK: usize = 1 << 20;
const PAGE: usize = 4096;
/// Words in front of a function's code that say whose it is.
pub const HEADER: usize = 16;

/// The chunks of a process.
#[derive(Default)]
pub struct CodeMemory {
    chunk: Option<Chunk>,
    /// Bytes in use.
    pub used: usize,
}

struct Chunk {
    start: NonNull<u8>,
    size: usize,
    used: usize,
}

impl CodeMemory {
    /// Copies code to executable memory, with a word in front of it. `None`: there is no memory. The code stays for as long as the process.
    pub fn install(&mut self, owner: u64, code: &[u8]) -> Option<*const u8> {
        let needed = (HEADER + code.len()).next_multiple_of(16);
        if self.chunk.as_ref().is_none_or(|chunk| chunk.size - chunk.used < needed) {
            self.chunk = Some(Chunk::new(needed.max(CHUNK).next_multiple_of(PAGE))?);
        }
        let chunk = self.chunk.as_mut()?;
        let place = chunk.write(owner, code)?;
        chunk.used += needed;
        self.used += needed;
        Some(place)
    }
}

impl Chunk {
    fn new(size: usize) -> Option<Chunk> {
        // SAFETY: an anonymous mapping of fresh memory.
        let start =
            unsafe { libc::mmap(std::ptr::null_mut(), size, libc::PROT_READ | libc::PROT_EXEC, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS, -1, 0) };
        if start == libc::MAP_FAILED {
            return None;
        }
        Some(Chunk { start: NonNull::new(start.cast())?, size, used: 0 })
    }

    fn protect(&self, protection: i32) -> bool {
        // SAFETY: the range is the chunk's own mapping.
        unsafe { libc::mprotect(self.start.as_ptr().cast(), self.size, protection) == 0 }
    }

    fn write(&self, owner: u64, code: &[u8]) -> Option<*const u8> {
        if !self.protect(libc::PROT_READ | libc::PROT_WRITE) {
            return None;
        }
        // SAFETY: the caller found room for header and code, and the memory is writable now.
        let place = unsafe {
            let place = self.start.as_ptr().add(self.used);
            place.cast::<u64>().write(owner);
            let place = place.add(HEADER);
            place.copy_from_nonoverlapping(code.as_ptr(), code.len());
            place
        };
        self.protect(libc::PROT_READ | libc::PROT_EXEC).then_some(place.cast_const())
    }
}

// SAFETY: the memory belongs to the process; whoever uses it holds the global lock.
unsafe impl Send for CodeMemory {}
