//! Builtin classes whose instances hold machine numbers in a row, as `array.array` does: what compiled code has to know to reach them.
//!
//! Which kind of number an instance holds is for life. Type feedback tells instances of different kinds apart by versions, as it does classes: each kind has
//! one of its own.

use crate::class::{Type, fresh_version};
use crate::value::Ref;
use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};

/// How an item lies in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ItemForm {
    Int8,
    UInt8,
    Int16,
    UInt16,
    Int32,
    UInt32,
    Int64,
    Double,
}

/// A kind of items.
pub struct FlatKind {
    /// `None`: compiled code does not know the form.
    pub form: Option<ItemForm>,
    version: AtomicU32,
}

/// Offsets within the payload.
#[derive(Clone, Copy, Debug)]
pub struct FlatLayout {
    /// Of the word that says which kind the items are of.
    pub kind: usize,
    /// Of the address of the items.
    pub items: usize,
    /// Of their length in bytes.
    pub length: usize,
}

/// What a class says of its exact instances.
pub struct FlatItems {
    pub class: &'static Type,
    pub kinds: &'static [FlatKind],
    /// The place of an instance's kind in `kinds`.
    pub kind_of: fn(Ref<'_>) -> usize,
    /// What the word of an instance is that has the kind.
    pub word_of_kind: fn(usize) -> u64,
    pub layout: fn() -> FlatLayout,
}

impl FlatKind {
    pub const fn new(form: Option<ItemForm>) -> FlatKind {
        FlatKind { form, version: AtomicU32::new(0) }
    }

    fn version(&self) -> u32 {
        self.version.load(Ordering::Relaxed)
    }
}

/// The rows of numbers that a value can be one of, if its class is exactly such a class.
pub fn flat_items(value: Ref<'_>) -> Option<&'static FlatItems> {
    let class = value.class();
    if class.is_heap_type() { None } else { class.spec().flat }
}

/// The version by which feedback knows the likes of a value: of its class, or of its kind of items.
#[inline]
pub fn version_of(value: Ref<'_>) -> u32 {
    match flat_items(value) {
        None => value.class().version(),
        Some(items) => items.version((items.kind_of)(value)),
    }
}

/// What has a version that [`version_of`] gave for a kind of items.
pub fn with_version(version: u32) -> Option<(&'static FlatItems, usize)> {
    KNOWN.lock().unwrap_or_else(PoisonError::into_inner).iter().copied().find(|(items, kind)| items.kinds[*kind].version() == version)
}

/// The kinds that have a version.
static KNOWN: Mutex<Vec<(&'static FlatItems, usize)>> = Mutex::new(Vec::new());

impl FlatItems {
    /// The version of a kind; 0 if versions have run out.
    fn version(&'static self, kind: usize) -> u32 {
        let slot = &self.kinds[kind].version;
        if slot.load(Ordering::Relaxed) == 0 {
            slot.store(fresh_version(), Ordering::Relaxed);
            KNOWN.lock().unwrap_or_else(PoisonError::into_inner).push((self, kind));
        }
        slot.load(Ordering::Relaxed)
    }
}

impl fmt::Debug for FlatItems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FlatItems of {}", self.class.name())
    }
}
