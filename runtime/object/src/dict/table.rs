//! The compact ordered hash table under dicts. (Sets have another, whose order is CPython's.)
//!
//! Entries stand in a vector in the order they were inserted; a deleted entry stays behind as one
//! without a key. Beside it an open-addressed index maps a hash to an entry's position; its slots
//! have the smallest width that can number the entries, and up to five entries need no allocation for it.
//! The index is never fuller than two thirds, so every probe ends at a free slot.
//!
//! Nothing here runs Python but [`lookup`], which may call `__eq__` and so borrows the table anew
//! after every comparison.

use crate::cell::VmCell;
use crate::int::INT;
use crate::str::Str;
use crate::tuple::{TUPLE, Tuple};
use crate::value::{Object, ObjectOf, Ref, RefOf};
use crate::vm::{PyResult, Vm};

/// What a table must know of its entries.
pub trait Entry: Clone {
    /// The key, or `None` for an entry that was deleted.
    fn key(&self) -> Option<Ref<'_>>;
    /// The hash of the key of a live entry.
    fn hash(&self) -> i64;
    /// Turns the entry into a deleted one and hands out what it held.
    fn take(&mut self) -> Self;
}

/// An entry of a dict whose keys may be anything.
#[derive(Clone)]
pub struct DictEntry {
    pub(super) hash: i64,
    pub(super) key: Option<Object>,
    pub(super) value: Object,
}

/// An entry of a dict whose keys are exact strings: they know their hashes themselves.
#[derive(Clone)]
pub struct StrEntry {
    pub(super) key: Option<ObjectOf<Str>>,
    pub(super) value: Object,
}

impl Entry for DictEntry {
    #[inline]
    fn key(&self) -> Option<Ref<'_>> {
        self.key.as_ref().map(Object::borrow)
    }

    #[inline]
    fn hash(&self) -> i64 {
        self.hash
    }

    fn take(&mut self) -> DictEntry {
        DictEntry { hash: self.hash, key: self.key.take(), value: std::mem::replace(&mut self.value, Object::none()) }
    }
}

impl StrEntry {
    /// An entry for a key that is an exact string.
    pub(super) fn new(key: Ref<'_>, value: Object) -> StrEntry {
        StrEntry { key: key.downcast_exact::<Str>().map(RefOf::to_owned), value }
    }

    /// Whether it is the entry of this name, which has this hash.
    #[inline]
    pub(super) fn is_name(&self, name: RefOf<'_, Str>, hash: i64) -> bool {
        self.key.as_ref().is_some_and(|key| key.borrow().object().is(name.object()) || (key.hash() == hash && **key == *name.get()))
    }
}

impl Entry for StrEntry {
    #[inline]
    fn key(&self) -> Option<Ref<'_>> {
        self.key.as_ref().map(|key| key.borrow().object())
    }

    #[inline]
    fn hash(&self) -> i64 {
        self.key.as_ref().map_or(0, |key| key.hash())
    }

    fn take(&mut self) -> StrEntry {
        StrEntry { key: self.key.take(), value: std::mem::replace(&mut self.value, Object::none()) }
    }
}

/// One slot of the index: the position of an entry, free, or left behind by a deletion.
trait Slot: Copy + PartialEq {
    const FREE: Self;
    const DELETED: Self;
    fn of(position: usize) -> Self;
    fn position(self) -> usize;
}

macro_rules! slots {
    ($($Int:ty),*) => { $(
        impl Slot for $Int {
            const FREE: $Int = <$Int>::MAX;
            const DELETED: $Int = <$Int>::MAX - 1;

            #[inline]
            fn of(position: usize) -> $Int {
                position as $Int
            }

            #[inline]
            fn position(self) -> usize {
                self as usize
            }
        }
    )* };
}
slots!(u8, u16, u32);

const INLINE: usize = 8;

/// How many entries the first one makes room for: as many as the smallest index serves.
const FIRST_ENTRIES: usize = usable(INLINE);

#[derive(Clone)]
enum Index {
    Inline([u8; INLINE]),
    Bytes(Box<[u8]>),
    Words(Box<[u16]>),
    Long(Box<[u32]>),
}

/// Evaluates `$body` with `$slots` bound to the slots of `$index`, whatever their width.
macro_rules! with_slots {
    ($index:expr, $slots:ident => $body:expr) => {
        match $index {
            Index::Inline($slots) => $body,
            Index::Bytes($slots) => $body,
            Index::Words($slots) => $body,
            Index::Long($slots) => $body,
        }
    };
}

impl Index {
    const EMPTY: Index = Index::Inline([u8::FREE; INLINE]);

    fn new(size: usize) -> Index {
        match size {
            0..=INLINE => Index::EMPTY,
            _ if size <= 0x100 => Index::Bytes(vec![u8::FREE; size].into_boxed_slice()),
            _ if size <= 0x1_0000 => Index::Words(vec![u16::FREE; size].into_boxed_slice()),
            _ => Index::Long(vec![u32::FREE; size].into_boxed_slice()),
        }
    }

    #[inline]
    fn size(&self) -> usize {
        with_slots!(self, slots => slots.len())
    }

    fn bytes(&self) -> usize {
        match self {
            Index::Inline(_) => 0,
            Index::Bytes(slots) => slots.len(),
            Index::Words(slots) => slots.len() * 2,
            Index::Long(slots) => slots.len() * 4,
        }
    }

    /// The position a slot holds; `Ok(None)` for one left behind by a deletion, `Err` for a free one.
    #[inline]
    fn read(&self, slot: usize) -> Result<Option<usize>, Free> {
        fn read<S: Slot>(slots: &[S], slot: usize) -> Result<Option<usize>, Free> {
            let value = slots[slot];
            if value == S::FREE {
                Err(Free)
            } else if value == S::DELETED {
                Ok(None)
            } else {
                Ok(Some(value.position()))
            }
        }
        with_slots!(self, slots => read(&slots[..], slot))
    }

    /// Enters a position in the first slot of its probe sequence that has none.
    #[inline]
    fn enter(&mut self, hash: i64, position: usize) {
        fn enter<S: Slot>(slots: &mut [S], hash: i64, position: usize) {
            let mut probe = Probe::new(hash, slots.len());
            while slots[probe.slot] != S::FREE && slots[probe.slot] != S::DELETED {
                probe.advance();
            }
            slots[probe.slot] = S::of(position);
        }
        with_slots!(self, slots => enter(&mut slots[..], hash, position));
    }

    /// Marks the slot that holds `position` as deleted.
    fn forget(&mut self, hash: i64, position: usize) {
        fn forget<S: Slot>(slots: &mut [S], hash: i64, position: usize) {
            let mut probe = Probe::new(hash, slots.len());
            while slots[probe.slot] != S::of(position) {
                probe.advance();
            }
            slots[probe.slot] = S::DELETED;
        }
        with_slots!(self, slots => forget(&mut slots[..], hash, position));
    }
}

/// A free slot was met: the key is not in the table.
struct Free;

/// Where a search ended without having found its key.
pub struct FreeSlot(usize);

#[inline]
fn enter_at<S: Slot>(slots: &mut [S], slot: usize, position: usize) {
    slots[slot] = S::of(position);
}

/// Where to look next for a hash.
struct Probe {
    mask: usize,
    perturb: usize,
    slot: usize,
}

impl Probe {
    #[inline]
    fn new(hash: i64, size: usize) -> Probe {
        let mask = size - 1;
        Probe { mask, perturb: hash as usize, slot: hash as usize & mask }
    }

    #[inline]
    fn advance(&mut self) {
        self.perturb >>= 5;
        self.slot = (self.slot * 5 + self.perturb + 1) & self.mask;
    }
}

/// How many entries an index of this size serves.
#[inline]
const fn usable(size: usize) -> usize {
    size / 3 * 2 + size % 3 * 2 / 3
}

/// The smallest index for this many entries.
fn size_for(entries: usize) -> usize {
    let mut size = INLINE;
    while usable(size) < entries {
        size *= 2;
    }
    size
}

/// An ordered hash table.
#[derive(Clone)]
pub struct Table<E> {
    index: Index,
    entries: Vec<E>,
    live: u32,
    /// Entries made since the index is in use, those taken off the end included: each may have used
    /// up a free slot of the index, of which some must remain.
    filled: u32,
    /// Changes when entries move.
    generation: u32,
    /// All entries before this position are deleted, so that taking the first is quick however often it is done.
    front: u32,
}

impl<E: Entry> Default for Table<E> {
    fn default() -> Table<E> {
        Table::EMPTY
    }
}

impl<E> Table<E> {
    pub const EMPTY: Table<E> = Table { index: Index::EMPTY, entries: Vec::new(), live: 0, filled: 0, generation: 0, front: 0 };
}

/// The result of a lookup that runs no Python.
pub enum Quick {
    Found(usize),
    Absent,
    /// An entry with the same hash can only be told apart by `__eq__`.
    Unknown,
}

/// Whether two keys are equal, if that can be said without running Python.
#[inline]
pub fn quick_equal(left: Ref<'_>, right: Ref<'_>) -> Option<bool> {
    if left.is(right) {
        return Some(true);
    }
    if let (Some(left), Some(right)) = (left.downcast_exact::<Str>(), right.downcast_exact::<Str>()) {
        return Some(left.get() == right.get());
    }
    if left.as_small_int().is_some() && right.as_small_int().is_some() {
        return Some(false);
    }
    if left.is_exactly(&TUPLE) {
        return quick_equal_tuples(left, right);
    }
    Some(plain_int(left)? == plain_int(right)?)
}

/// The value of an int that is compared as ints are, if it would fit a word: it may be an instance of a subclass.
#[inline]
fn plain_int(object: Ref<'_>) -> Option<i64> {
    match object.as_small_int() {
        Some(value) => Some(value),
        None => {
            let is_compared_alike = object
                .class()
                .slots()
                .compare
                .is_some_and(|compare| INT.slots().compare.is_some_and(|int_compare| std::ptr::fn_addr_eq(compare, int_compare)));
            if is_compared_alike { crate::int::short(object) } else { None }
        }
    }
}

/// The same for a tuple: as long as its items can be told apart so.
fn quick_equal_tuples(left: Ref<'_>, right: Ref<'_>) -> Option<bool> {
    let (left, right) = (left.downcast_exact::<Tuple>()?.get().items(), right.downcast_exact::<Tuple>()?.get().items());
    if left.len() != right.len() {
        return None;
    }
    for (&left, &right) in left.iter().zip(right) {
        if left.is(right) {
            continue;
        }
        // Tuples in tuples could be many levels deep.
        if left.is_exactly(&TUPLE) {
            return None;
        }
        if !quick_equal(left, right)? {
            return Some(false);
        }
    }
    Some(true)
}

impl<E: Entry> Table<E> {
    /// A table with one entry, as one that was empty becomes.
    #[inline(always)]
    pub fn of_first(hash: i64, entry: E, generation: u32) -> Table<E> {
        let mut entries = Vec::with_capacity(FIRST_ENTRIES);
        entries.push(entry);
        // As a word: what is written in one piece is read in one.
        let slots = u64::MAX << 8;
        let slot = (hash as usize & (INLINE - 1)) as u32;
        Table { index: Index::Inline(slots.rotate_left(8 * slot).to_le_bytes()), entries, live: 1, filled: 1, generation, front: 0 }
    }

    /// Whether there never was an entry, nor room for one.
    #[inline]
    pub fn is_unused(&self) -> bool {
        self.entries.capacity() == 0
    }

    /// Changes when entries move.
    #[inline]
    pub fn generation(&self) -> u32 {
        self.generation
    }

    /// An empty table with room for this many entries.
    pub fn with_capacity(entries: usize) -> Table<E> {
        Table { index: Index::new(size_for(entries)), entries: Vec::with_capacity(entries), live: 0, filled: 0, generation: 0, front: 0 }
    }

    /// The number of live entries.
    #[inline]
    pub fn len(&self) -> usize {
        self.live as usize
    }

    #[inline]
    pub fn is_empty(&self) -> bool {
        self.live == 0
    }

    /// The entries, deleted ones included.
    #[inline]
    pub fn entries(&self) -> &[E] {
        &self.entries
    }

    /// The live entries in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &E> {
        self.entries.iter().filter(|entry| entry.key().is_some())
    }

    /// The live entry at `position` or the first after it, with its position.
    #[inline]
    pub fn entry_from(&self, position: usize) -> Option<(usize, &E)> {
        let position = position.max(self.front as usize);
        let rest = self.entries.get(position..)?;
        rest.iter().position(|entry| entry.key().is_some()).map(|offset| (position + offset, &rest[offset]))
    }

    /// The last live entry before `position`, with its position.
    pub fn entry_before(&self, position: usize) -> Option<(usize, &E)> {
        let rest = &self.entries[..position.min(self.entries.len())];
        rest.iter().rposition(|entry| entry.key().is_some()).map(|index| (index, &rest[index]))
    }

    #[inline]
    pub fn entry(&self, position: usize) -> &E {
        &self.entries[position]
    }

    /// To change an entry's value; its key must stay.
    #[inline]
    pub fn entry_mut(&mut self, position: usize) -> &mut E {
        &mut self.entries[position]
    }

    /// Bytes allocated for the table.
    pub fn allocated_bytes(&self) -> usize {
        self.index.bytes() + self.entries.capacity() * size_of::<E>()
    }

    /// How many bytes the next new entry needs, if it is not just an entry's.
    #[inline]
    pub fn growth(&self) -> usize {
        if self.filled as usize >= usable(self.index.size()) || self.entries.len() == self.entries.capacity() {
            self.entries.len() * size_of::<E>() * 2 + self.grown_size() * 8
        } else {
            0
        }
    }

    /// The position of the first entry with this hash for which `matches` holds.
    #[inline]
    pub fn find(&self, hash: i64, matches: impl FnMut(&E) -> bool) -> Option<usize> {
        #[inline]
        fn find<S: Slot, E: Entry>(slots: &[S], entries: &[E], hash: i64, mut matches: impl FnMut(&E) -> bool) -> Option<usize> {
            let mut probe = Probe::new(hash, slots.len());
            loop {
                let value = slots[probe.slot];
                if value == S::FREE {
                    return None;
                }
                if value != S::DELETED && matches(&entries[value.position()]) {
                    return Some(value.position());
                }
                probe.advance();
            }
        }
        with_slots!(&self.index, slots => find(&slots[..], &self.entries, hash, matches))
    }

    /// The same; where there is none, the free slot that ended the search, for [`Table::insert_at`].
    #[inline]
    pub fn find_or_slot(&self, hash: i64, matches: impl FnMut(&E) -> bool) -> Result<usize, FreeSlot> {
        #[inline]
        fn find<S: Slot, E: Entry>(slots: &[S], entries: &[E], hash: i64, mut matches: impl FnMut(&E) -> bool) -> Result<usize, FreeSlot> {
            let mut probe = Probe::new(hash, slots.len());
            loop {
                let value = slots[probe.slot];
                if value == S::FREE {
                    return Err(FreeSlot(probe.slot));
                }
                if value != S::DELETED && matches(&entries[value.position()]) {
                    return Ok(value.position());
                }
                probe.advance();
            }
        }
        with_slots!(&self.index, slots => find(&slots[..], &self.entries, hash, matches))
    }

    /// Whether one more entry needs no more memory.
    #[inline]
    pub fn has_room(&self) -> bool {
        (self.filled as usize) < usable(self.index.size()) && self.entries.len() < self.entries.capacity()
    }

    /// Appends an entry whose key is known to be absent, at the slot where its search ended. There must be room.
    #[inline]
    pub fn insert_at(&mut self, slot: FreeSlot, entry: E) {
        let position = self.entries.len();
        with_slots!(&mut self.index, slots => enter_at(&mut slots[..], slot.0, position));
        self.entries.push(entry);
        self.live += 1;
        self.filled += 1;
    }

    /// Finds a key as far as that is possible without running Python.
    #[inline]
    pub fn find_quick(&self, key: Ref<'_>, hash: i64) -> Quick {
        let mut unknown = false;
        let found = self.find(hash, |entry| {
            let Some(candidate) = entry.key() else { return false };
            if candidate.is(key) {
                return true;
            }
            if entry.hash() != hash {
                return false;
            }
            quick_equal(candidate, key).unwrap_or_else(|| {
                unknown = true;
                true
            })
        });
        match found {
            Some(_) if unknown => Quick::Unknown,
            Some(position) => Quick::Found(position),
            None => Quick::Absent,
        }
    }

    /// Appends an entry whose key is known to be absent.
    #[inline]
    pub fn insert(&mut self, hash: i64, entry: E) -> usize {
        if self.filled as usize >= usable(self.index.size()) || self.entries.len() == self.entries.capacity() {
            self.grow();
        }
        let position = self.entries.len();
        self.index.enter(hash, position);
        self.entries.push(entry);
        self.live += 1;
        self.filled += 1;
        position
    }

    /// Makes room for one more entry.
    #[cold]
    #[inline(never)]
    fn grow(&mut self) {
        if self.filled as usize >= usable(self.index.size()) {
            self.rebuild(size_for(self.len() * 3 / 2 + 1).max(self.grown_size()));
        }
        if self.entries.len() == self.entries.capacity() {
            // As many as the index serves.
            self.entries.reserve_exact(usable(self.index.size()) - self.entries.len());
        }
    }

    /// The size of index to go to when it is full: thrice the live entries, as a power of two.
    fn grown_size(&self) -> usize {
        (self.len() * 3).next_power_of_two().max(INLINE)
    }

    /// Drops deleted entries and makes a new index.
    fn rebuild(&mut self, size: usize) {
        if self.len() != self.entries.len() {
            self.entries.retain(|entry| entry.key().is_some());
        }
        self.index = Index::new(size);
        self.filled = self.live;
        for (position, entry) in self.entries.iter().enumerate() {
            self.index.enter(entry.hash(), position);
        }
        self.front = 0;
        self.generation = self.generation.wrapping_add(1);
    }

    /// Deletes the entry at `position` and returns what it held.
    pub fn remove(&mut self, position: usize) -> E {
        let hash = self.entries[position].hash();
        self.index.forget(hash, position);
        self.live -= 1;
        let entry = self.entries[position].take();
        if position == self.front as usize {
            self.front += self.entries[position..].iter().take_while(|entry| entry.key().is_none()).count() as u32;
        }
        entry
    }

    /// Deletes the last entry and returns it.
    pub fn pop(&mut self) -> Option<E> {
        let (position, _) = self.entry_before(self.entries.len())?;
        let entry = self.remove(position);
        self.entries.truncate(position);
        self.front = self.front.min(position as u32);
        Some(entry)
    }

    /// Empties the table and returns the old one, to be dropped where that suits.
    pub fn take_all(&mut self) -> Table<E> {
        let generation = self.generation.wrapping_add(1);
        std::mem::replace(self, Table { generation, ..Table::EMPTY })
    }

    /// Replaces the contents; `generation` goes on from the old table's.
    pub fn replace(&mut self, mut table: Table<E>) -> Table<E> {
        table.generation = self.generation.wrapping_add(1);
        std::mem::replace(self, table)
    }

    /// An empty table for another kind of entry, in the place of this one, which has none.
    pub fn start_anew<F: Entry>(&self) -> Table<F> {
        Table { generation: self.generation.wrapping_add(1), ..Table::EMPTY }
    }

    /// The same entries in the same order as another kind of entry.
    pub fn convert<F: Entry>(self, change: impl FnMut(E) -> F) -> Table<F> {
        let generation = self.generation.wrapping_add(1);
        Table {
            index: self.index,
            entries: if self.entries.is_empty() { Vec::new() } else { self.entries.into_iter().map(change).collect() },
            live: self.live,
            filled: self.filled,
            generation,
            front: self.front,
        }
    }

    /// A copy without deleted entries.
    pub fn compact_copy(&self) -> Table<E> {
        if self.len() == self.entries.len() {
            return self.clone();
        }
        let mut copy = Table::with_capacity(self.len());
        for entry in self.iter() {
            copy.insert(entry.hash(), entry.clone());
        }
        copy
    }
}

/// The result of [`lookup`].
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
pub enum Lookup {
    Found(usize),
    Absent,
    /// `project` found no table: `__eq__` replaced it by another kind.
    Moved,
}

/// Finds a key in the table that `project` finds in a cell. Keys are compared with `__eq__`; if that
/// changes the table, the search begins anew.
pub fn lookup<C, E: Entry>(vm: &mut Vm, cell: &VmCell<C>, project: fn(&C) -> Option<&Table<E>>, key: Ref<'_>, hash: i64) -> PyResult<Lookup> {
    match project(cell.get(vm)).map(|table| table.find_quick(key, hash)) {
        None => Ok(Lookup::Moved),
        Some(Quick::Found(position)) => Ok(Lookup::Found(position)),
        Some(Quick::Absent) => Ok(Lookup::Absent),
        Some(Quick::Unknown) => lookup_slow(vm, cell, project, key, hash),
    }
}

#[cold]
fn lookup_slow<C, E: Entry>(vm: &mut Vm, cell: &VmCell<C>, project: fn(&C) -> Option<&Table<E>>, key: Ref<'_>, hash: i64) -> PyResult<Lookup> {
    'restart: loop {
        let Some(table) = project(cell.get(vm)) else { return Ok(Lookup::Moved) };
        let (mut probe, generation) = (Probe::new(hash, table.index.size()), table.generation);
        loop {
            let Some(table) = project(cell.get(vm)) else { return Ok(Lookup::Moved) };
            if table.generation != generation {
                continue 'restart;
            }
            let position = match table.index.read(probe.slot) {
                Err(Free) => return Ok(Lookup::Absent),
                Ok(position) => position,
            };
            probe.advance();
            let Some(position) = position else { continue };
            let entry = &table.entries[position];
            let Some(candidate) = entry.key() else { continue };
            if candidate.is(key) {
                return Ok(Lookup::Found(position));
            }
            if entry.hash() != hash {
                continue;
            }
            if let Some(equal) = quick_equal(candidate, key) {
                if equal {
                    return Ok(Lookup::Found(position));
                }
                continue;
            }
            let candidate = candidate.to_owned();
            let equal = vm.equal(candidate.borrow(), key)?;
            let Some(table) = project(cell.get(vm)) else { return Ok(Lookup::Moved) };
            let same =
                table.generation == generation && table.entries.get(position).and_then(Entry::key).is_some_and(|now| now.is(candidate.borrow()));
            if !same {
                continue 'restart;
            }
            if equal {
                return Ok(Lookup::Found(position));
            }
        }
    }
}
