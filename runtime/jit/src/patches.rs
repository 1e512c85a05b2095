//! What compiled code assumes without looking: each place that counts on the version of a class or function does nothing, until the version changes. Then it is
//! overwritten with a jump to its exit, so that whoever comes there, or returns to there, goes on in the interpreter.

use crate::memory;
use codegen_x64::Code;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A version that code counts on, and the value it must have.
#[derive(Clone, Copy)]
pub struct Version {
    pub place: *const u32,
    pub version: u32,
}

/// A jump that may have to be written.
struct Patch {
    address: usize,
    jump: [u8; 5],
}

/// By where the version is.
static PATCHES: Mutex<BTreeMap<usize, Vec<Patch>>> = Mutex::new(BTreeMap::new());

fn patches() -> MutexGuard<'static, BTreeMap<usize, Vec<Patch>>> {
    PATCHES.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Version {
    /// Whether the version is still that.
    fn holds(self) -> bool {
        // SAFETY: it is in a class or function that the code that is being compiled refers to.
        unsafe { self.place.read() == self.version }
    }
}

/// Makes jumps, in code that is not installed yet, of the patchpoints whose versions have changed by now. `versions` are by the points of exits.
pub fn apply(made: &mut Code, versions: &BTreeMap<u32, Version>) {
    for patchpoint in std::mem::take(&mut made.patchpoints) {
        if versions[&made.exits[patchpoint.exit as usize].id].holds() {
            made.patchpoints.push(patchpoint);
        } else {
            let start = patchpoint.offset as usize;
            let jump = made.patch(&patchpoint);
            made.bytes[start..start + jump.len()].copy_from_slice(&jump);
        }
    }
}

/// Code is at an address now: the patchpoints it has left wait for their versions to change.
pub fn await_changes(made: &Code, versions: &BTreeMap<u32, Version>, address: usize) {
    let mut patches = patches();
    for patchpoint in &made.patchpoints {
        let version = versions[&made.exits[patchpoint.exit as usize].id];
        let patch = Patch { address: address + patchpoint.offset as usize, jump: made.patch(patchpoint) };
        patches.entry(version.place.addr()).or_default().push(patch);
    }
}

/// A version has changed: what counted on it leaves from now on.
pub fn version_changed(place: *const u32) {
    let broken = patches().remove(&place.addr());
    for patch in broken.into_iter().flatten() {
        memory::patch(patch.address, &patch.jump);
    }
}

/// The code at these addresses is not there any more.
pub fn forget(code: Range<usize>) {
    patches().retain(|_, patches| {
        patches.retain(|patch| !code.contains(&patch.address));
        !patches.is_empty()
    });
}
