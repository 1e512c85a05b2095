//! Asking for memory before taking it.
//!
//! Rust ends the process when memory runs out. Whatever a program can make as large as it likes asks
//! here first, and raises `MemoryError` if there is no room; what is small is not asked for.

use crate::heap::can_allocate;
use crate::vm::{PyResult, Vm};

/// Less than this is taken without asking.
const LARGE: usize = 1 << 20;

impl Vm {
    /// Raises `MemoryError` if there is no room for an object of `bytes` bytes.
    #[inline]
    pub fn check_room(&mut self, bytes: usize) -> PyResult<()> {
        if bytes < LARGE || can_allocate(bytes) { Ok(()) } else { Err(self.memory_error()) }
    }
}

/// Makes room for `more` items at the end of a vector. Says whether there is any.
#[inline]
pub fn make_room<T>(vector: &mut Vec<T>, more: usize) -> bool {
    vector.capacity() - vector.len() >= more || vector.try_reserve(more).is_ok() || vector.try_reserve_exact(more).is_ok()
}

/// A vector of `n` zero bytes, if there is room for it.
pub fn zeros(vm: &mut Vm, n: usize) -> PyResult<Vec<u8>> {
    vm.check_room(n)?;
    Ok(vec![0; n])
}
