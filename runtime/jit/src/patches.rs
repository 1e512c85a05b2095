//! What compiled code assumes without looking: where it counts on the version of a class or function, or on the value of a global name, it does nothing, until that changes.
//! Then the place is overwritten with a jump to its exit, so that whoever comes there, or returns to there, goes on in the interpreter.

use crate::memory;
use codegen_x64::Code;
use object::dict::GlobalCell;
use std::collections::BTreeMap;
use std::ops::Range;
use std::rc::Rc;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What code counts on.
#[derive(Clone)]
pub enum Counted {
    /// A class or function has this version.
    Version { place: *const u32, version: u32 },
    /// A global name has the value with this word.
    Global { cell: Rc<GlobalCell>, word: u64 },
}

/// A jump that may have to be written.
struct Patch {
    address: usize,
    jump: [u8; 5],
}

/// By the place that must not change.
static PATCHES: Mutex<BTreeMap<usize, Vec<Patch>>> = Mutex::new(BTreeMap::new());

fn patches() -> MutexGuard<'static, BTreeMap<usize, Vec<Patch>>> {
    PATCHES.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Counted {
    /// Whether it is still so.
    fn holds(&self) -> bool {
        match self {
            // SAFETY: the place is in a class or function that the code that is being compiled refers to.
            Counted::Version { place, version } => unsafe { place.read() == *version },
            Counted::Global { cell, word } => cell.word() == Some(*word),
        }
    }

    /// The address by which [`object::assumed`] tells that it changes.
    fn place(&self) -> usize {
        match self {
            Counted::Version { place, .. } => place.addr(),
            Counted::Global { cell, .. } => cell.place().addr(),
        }
    }
}

/// Makes jumps, in code that is not installed yet, of the patchpoints whose assumptions are wrong by now. `counted` is by the points of exits.
pub fn apply(made: &mut Code, counted: &BTreeMap<u32, Counted>) {
    for patchpoint in std::mem::take(&mut made.patchpoints) {
        if counted[&made.exits[patchpoint.exit as usize].id].holds() {
            made.patchpoints.push(patchpoint);
        } else {
            let start = patchpoint.offset as usize;
            let jump = made.patch(&patchpoint);
            made.bytes[start..start + jump.len()].copy_from_slice(&jump);
        }
    }
}

/// Code is at an address now: the patchpoints it has left wait for what they count on to change.
pub fn await_changes(made: &Code, counted: &BTreeMap<u32, Counted>, address: usize) {
    let mut patches = patches();
    for patchpoint in &made.patchpoints {
        let counted = &counted[&made.exits[patchpoint.exit as usize].id];
        let patch = Patch { address: address + patchpoint.offset as usize, jump: made.patch(patchpoint) };
        patches.entry(counted.place()).or_default().push(patch);
    }
}

/// Something changes: what counted on it leaves from now on.
pub fn place_changes(place: usize) {
    let broken = patches().remove(&place);
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
