//! Names of a module: its globals, then the builtins.
//!
//! What a lookup came to is remembered by the globals' keys version, which no other dict ever has, and
//! the name: the position of the entry, or that it is not in the globals and where in the builtins it is.

use super::Dict;
use crate::value::{Object, Ref, RefOf};
use std::cell::Cell;

struct Entry {
    name: Cell<u64>,
    globals: Cell<u32>,
    /// The builtins' keys version, if the name is found there; 0 if it is in the globals.
    builtins: Cell<u32>,
    position: Cell<u32>,
}

const SIZE: usize = 1024;

struct Entries([Entry; SIZE]);

// SAFETY: touched only by the thread that holds the global lock.
unsafe impl Sync for Entries {}

static ENTRIES: Entries =
    Entries([const { Entry { name: Cell::new(0), globals: Cell::new(0), builtins: Cell::new(0), position: Cell::new(0) } }; SIZE]);

/// The value of a name in the globals, or else in the builtins. Runs no Python. What is returned stays
/// valid until somebody with a `&mut Vm` changes the dict, which callers must not let happen while they use it.
#[inline]
pub fn find_in_scope<'a>(globals: RefOf<'a, Dict>, builtins: RefOf<'a, Dict>, name: Ref<'_>) -> Option<Ref<'a>> {
    let version = globals.keys_version.get();
    let entry = &ENTRIES.0[((name.bits() as usize >> 4) ^ (version as usize).wrapping_mul(0x9e5)) % SIZE];
    if entry.globals.get() == version && entry.name.get() == name.bits() && version != 0 {
        let position = entry.position.get() as usize;
        if entry.builtins.get() == 0 {
            return Some(value_at(globals, position));
        }
        if entry.builtins.get() == builtins.keys_version.get() {
            return Some(value_at(builtins, position));
        }
    }
    find_first(globals, builtins, name)
}

/// Where one instruction has found a name of a module.
#[derive(Default)]
#[repr(C)]
pub struct Site {
    keys_version: Cell<u32>,
    /// The word of the value.
    place: Cell<usize>,
}

impl Site {
    /// The word of the value, if the dict's keys are what they were.
    #[inline(always)]
    pub fn word(&self, dict: &Dict) -> Option<u64> {
        // SAFETY: entries move only when keys change, and then the version does.
        (dict.keys_version.get() == self.keys_version.get()).then(|| unsafe { *(self.place.get() as *const u64) })
    }

    /// The value, if the dict's keys are what they were.
    pub fn value(&self, dict: RefOf<'_, Dict>) -> Option<Object> {
        let version = dict.get().keys_version.get();
        // SAFETY: the word is that of an entry, which is a reference.
        self.word(dict.get()).filter(|_| version != 0).map(|word| unsafe { Ref::from_bits(word) }.to_owned())
    }

    /// Notes where a name is. Says whether it is there.
    pub fn fill(&self, dict: RefOf<'_, Dict>, name: Ref<'_>) -> bool {
        let Some(position) = position_in(dict, name) else { return false };
        let version = dict.keys_version();
        if version == 0 {
            return false;
        }
        self.keys_version.set(version);
        // SAFETY: nothing else runs while the storage is borrowed.
        let value: *const Object = unsafe { dict.get().storage.get_unchecked() }.value(position);
        self.place.set(value.expose_provenance());
        true
    }
}

#[inline]
fn value_at<'a>(dict: RefOf<'a, Dict>, position: usize) -> Ref<'a> {
    // SAFETY: nothing else runs while the storage is borrowed.
    unsafe { dict.get().storage.get_unchecked() }.value(position).borrow()
}

#[cold]
#[inline(never)]
fn find_first<'a>(globals: RefOf<'a, Dict>, builtins: RefOf<'a, Dict>, name: Ref<'_>) -> Option<Ref<'a>> {
    let (dict, is_builtin) = match position_in(globals, name) {
        Some(_) => (globals, false),
        None => (builtins, true),
    };
    let position = position_in(dict, name)?;
    let (version, builtins_version) = (globals.keys_version(), if is_builtin { builtins.keys_version() } else { 0 });
    if version != 0 && (builtins_version != 0 || !is_builtin) && u32::try_from(position).is_ok() {
        let entry = &ENTRIES.0[((name.bits() as usize >> 4) ^ (version as usize).wrapping_mul(0x9e5)) % SIZE];
        entry.name.set(name.bits());
        entry.globals.set(version);
        entry.builtins.set(builtins_version);
        entry.position.set(position as u32);
    }
    Some(value_at(dict, position))
}

pub(super) fn position_in(dict: RefOf<'_, Dict>, name: Ref<'_>) -> Option<usize> {
    // SAFETY: as above.
    unsafe { dict.get().storage.get_unchecked() }.find_str(name.downcast_exact()?)
}
