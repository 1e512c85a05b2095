//! Memory for machine code: written while it is not executable, executable while it is not writable.
//!
//! Code lies in chunks, one function behind the other, and where functions have died. A chunk is made writable for as long as a function is copied into it. That is
//! right because whoever compiles holds the global lock: no other thread runs compiled code meanwhile.

use std::collections::BTreeMap;
use std::ptr::NonNull;

const CHUNK: usize = 1 << 20;
const PAGE: usize = 4096;
/// Words in front of a function's code that say whose it is.
pub const HEADER: usize = 16;

/// The chunks of a process.
#[derive(Default)]
pub struct CodeMemory {
    chunks: Vec<Chunk>,
    /// Memory of functions that have died: sizes by addresses.
    free: BTreeMap<usize, usize>,
    /// Bytes in use.
    pub used: usize,
}

struct Chunk {
    start: NonNull<u8>,
    size: usize,
    used: usize,
}

impl CodeMemory {
    /// Copies code to executable memory, with a word in front of it. `None`: there is no memory. The code stays until [`CodeMemory::release`].
    pub fn install(&mut self, owner: u64, code: &[u8]) -> Option<*const u8> {
        let needed = needed(code.len());
        let (chunk, offset) = self.find_room(needed)?;
        let place = self.chunks[chunk].write(offset, owner, code)?;
        self.used += needed;
        Some(place)
    }

    /// Gives the memory of code back, which nobody runs any more.
    pub fn release(&mut self, place: usize, size: usize) {
        let (mut start, mut size) = (place - HEADER, needed(size));
        self.used -= size;
        if cfg!(debug_assertions)
            && let Some(chunk) = self.chunks.iter().find(|chunk| chunk.holds(start))
        {
            chunk.fill_with_traps(start, size);
        }
        if let Some(behind) = self.free.remove(&(start + size)) {
            size += behind;
        }
        if let Some((&before, &length)) = self.free.range(..start).next_back()
            && before + length == start
        {
            (start, size) = (before, length + size);
        }
        self.free.insert(start, size);
    }

    /// The chunk that has so many bytes of room, and where in it.
    fn find_room(&mut self, needed: usize) -> Option<(usize, usize)> {
        if let Some((&start, &size)) =
            self.free.iter().find(|(start, size)| **size >= needed && self.chunks.iter().any(|chunk| chunk.has(**start, needed)))
        {
            self.free.remove(&start);
            if size > needed {
                self.free.insert(start + needed, size - needed);
            }
            let chunk = self.chunks.iter().position(|chunk| chunk.has(start, needed))?;
            return Some((chunk, start - self.chunks[chunk].start.addr().get()));
        }
        if self.chunks.last().is_none_or(|chunk| chunk.size - chunk.used < needed) {
            self.chunks.push(Chunk::new(needed.max(CHUNK).next_multiple_of(PAGE))?);
        }
        let index = self.chunks.len() - 1;
        let chunk = &mut self.chunks[index];
        chunk.used += needed;
        Some((index, chunk.used - needed))
    }
}

/// Overwrites some bytes of installed code. The process ends if the memory cannot be made writable, as the code must not run as it is.
pub fn patch(address: usize, bytes: &[u8]) {
    let start = address & !(PAGE - 1);
    let size = (address + bytes.len()).next_multiple_of(PAGE) - start;
    let page = std::ptr::with_exposed_provenance_mut::<u8>(start);
    // SAFETY: the pages are part of a chunk, as the code is installed, and nobody runs it while the lock is held here. The bytes of a patchpoint are written between
    // two changes of the pages' protection, so no processor has old ones.
    unsafe {
        if libc::mprotect(page.cast(), size, libc::PROT_READ | libc::PROT_WRITE) != 0 {
            crate::log::write("JIT: code cannot be patched\n");
            std::process::exit(1);
        }
        page.add(address - start).copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
        libc::mprotect(page.cast(), size, libc::PROT_READ | libc::PROT_EXEC);
    }
}

/// The bytes that code takes.
fn needed(size: usize) -> usize {
    (HEADER + size).next_multiple_of(16)
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

    fn holds(&self, address: usize) -> bool {
        let start = self.start.addr().get();
        (start..start + self.size).contains(&address)
    }

    /// Whether all of a range, which may go over to the next chunk, is of this one.
    fn has(&self, start: usize, size: usize) -> bool {
        self.holds(start) && self.holds(start + size - 1)
    }

    fn protect(&self, protection: i32) -> bool {
        // SAFETY: the range is the chunk's own mapping.
        unsafe { libc::mprotect(self.start.as_ptr().cast(), self.size, protection) == 0 }
    }

    fn write(&self, offset: usize, owner: u64, code: &[u8]) -> Option<*const u8> {
        if !self.protect(libc::PROT_READ | libc::PROT_WRITE) {
            return None;
        }
        // SAFETY: the caller found room for header and code, and the memory is writable now.
        let place = unsafe {
            let place = self.start.as_ptr().add(offset);
            place.cast::<u64>().write(owner);
            let place = place.add(HEADER);
            place.copy_from_nonoverlapping(code.as_ptr(), code.len());
            place
        };
        self.protect(libc::PROT_READ | libc::PROT_EXEC).then_some(place.cast_const())
    }

    /// So that whoever runs it all the same is found out.
    fn fill_with_traps(&self, start: usize, size: usize) {
        const TRAP: u8 = 0xcc;
        if self.protect(libc::PROT_READ | libc::PROT_WRITE) {
            // SAFETY: the range is the chunk's, and writable now.
            unsafe { self.start.as_ptr().add(start - self.start.addr().get()).write_bytes(TRAP, size) };
            self.protect(libc::PROT_READ | libc::PROT_EXEC);
        }
    }
}

// SAFETY: the memory belongs to the process; whoever uses it holds the global lock.
unsafe impl Send for CodeMemory {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_used_again() {
        let mut memory = CodeMemory::default();
        let code = [0xc3u8; 100];
        let places: Vec<usize> = (0..4).map(|_| memory.install(1, &code).expect("there is memory").addr()).collect();
        assert_eq!(memory.used, 4 * 128);
        memory.release(places[1], 100);
        memory.release(places[2], 100);
        assert_eq!(memory.used, 2 * 128);
        assert_eq!(memory.free.len(), 1);
        // Both together have room for something larger.
        let larger = memory.install(1, &[0xc3; 200]).expect("there is memory").addr();
        assert_eq!(larger, places[1]);
        let small = memory.install(1, &[0xc3; 8]).expect("there is memory").addr();
        assert_eq!(small, places[1] + 224);
        assert!(memory.free.is_empty() || memory.free.values().sum::<usize>() < 128);
    }
}
