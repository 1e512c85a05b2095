//! Which machine code is where.

use crate::deopt::Exits;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The code of a function.
#[derive(Clone, Copy, Debug)]
pub struct Code {
    pub start: usize,
    pub size: usize,
    /// Valid as long as the code is here.
    pub exits: *const Exits,
}

// SAFETY: what it points to is touched with the global lock only.
unsafe impl Send for Code {}

static CODES: Mutex<BTreeMap<usize, Code>> = Mutex::new(BTreeMap::new());

fn codes() -> MutexGuard<'static, BTreeMap<usize, Code>> {
    CODES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Code has been installed.
pub fn add(start: usize, size: usize, exits: &Exits) {
    codes().insert(start, Code { start, size, exits });
}

/// The code an address is in.
pub fn at(address: usize) -> Option<Code> {
    let codes = codes();
    let (_, code) = codes.range(..=address).next_back()?;
    (address - code.start < code.size).then_some(*code)
}

/// All code: where it is, and its bytes.
pub fn all() -> Vec<(usize, Vec<u8>)> {
    let bytes = |code: &Code| {
        // SAFETY: code that is noted is in readable memory, and freed with the global lock, which is held.
        let bytes = unsafe { std::slice::from_raw_parts(std::ptr::with_exposed_provenance::<u8>(code.start), code.size) };
        (code.start, bytes.to_vec())
    };
    codes().values().map(bytes).collect()
}

/// The code is not there any more.
pub fn remove(start: usize) {
    codes().remove(&start);
}
