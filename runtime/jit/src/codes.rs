//! Which machine code is where.

use crate::deopt::Exits;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The code of a function.
struct Code {
    /// `module:qualified name`
    name: String,
    size: usize,
    /// Valid as long as the code is here.
    exits: *const Exits,
}

// SAFETY: what it points to is touched with the global lock only.
unsafe impl Send for Code {}

/// By where it begins.
static CODES: Mutex<BTreeMap<usize, Code>> = Mutex::new(BTreeMap::new());

fn codes() -> MutexGuard<'static, BTreeMap<usize, Code>> {
    CODES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Code has been installed.
pub fn add(name: &str, start: usize, size: usize, exits: &Exits) {
    codes().insert(start, Code { name: name.to_owned(), size, exits });
}

/// Where the code that an address is in begins, and its exits.
pub fn at(address: usize) -> Option<(usize, *const Exits)> {
    let codes = codes();
    let (start, code) = codes.range(..=address).next_back()?;
    (address - start < code.size).then_some((*start, code.exits))
}

/// All code: what it is called, and its bytes.
pub fn all() -> Vec<(String, Vec<u8>)> {
    let bytes = |(start, code): (&usize, &Code)| {
        // SAFETY: code that is noted is in readable memory, and freed with the global lock, which is held.
        let bytes = unsafe { std::slice::from_raw_parts(std::ptr::with_exposed_provenance::<u8>(*start), code.size) };
        (code.name.clone(), bytes.to_vec())
    };
    codes().iter().map(bytes).collect()
}

/// The code is not there any more.
pub fn remove(start: usize) {
    codes().remove(&start);
}
