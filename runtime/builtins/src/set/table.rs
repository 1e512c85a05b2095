//! The hash table of sets.
//!
//! Open addressing with short linear runs, grown by the same rule as CPython's: programs see the
//! members in the same order there and here, as far as hashes are not random.

use object::dict::table::{Quick, quick_equal};
use object::{Object, Ref};

/// How many neighbours are tried before a jump.
const LINEAR_PROBES: usize = 9;
const SMALLEST: usize = 8;

/// A slot: unused ones have hash 0 and no key, deleted ones hash -1, which no key has.
#[derive(Clone)]
struct Slot {
    hash: i64,
    key: Option<Object>,
}

const UNUSED: Slot = Slot { hash: 0, key: None };

impl Slot {
    #[inline]
    fn is_unused(&self) -> bool {
        self.key.is_none() && self.hash == 0
    }
}

/// A set's members.
#[derive(Clone, Default)]
pub struct Table {
    /// Empty, or a power of two long.
    slots: Vec<Slot>,
    /// Slots that are not unused.
    fill: usize,
    used: usize,
    /// Where `pop` goes on.
    finger: usize,
    /// Changes when members move.
    generation: u32,
}

/// The slots to try for a hash, in order.
pub struct Probe {
    mask: usize,
    perturb: usize,
    start: usize,
    linear: usize,
    pub slot: usize,
}

impl Probe {
    #[inline]
    fn new(hash: i64, mask: usize) -> Probe {
        let mut probe = Probe { mask, perturb: hash as usize, start: hash as usize & mask, linear: 0, slot: 0 };
        probe.begin_run();
        probe
    }

    #[inline]
    fn begin_run(&mut self) {
        self.slot = self.start;
        self.linear = if self.start + LINEAR_PROBES <= self.mask { LINEAR_PROBES } else { 0 };
    }

    #[inline]
    pub fn advance(&mut self) {
        if self.linear > 0 {
            self.linear -= 1;
            self.slot += 1;
        } else {
            self.perturb >>= 5;
            self.start = self.start.wrapping_mul(5).wrapping_add(1).wrapping_add(self.perturb) & self.mask;
            self.begin_run();
        }
    }
}

/// What a probe finds in a slot.
pub enum Seen<'a> {
    /// The key is absent.
    End,
    Other,
    /// A member with the same hash.
    Candidate(Ref<'a>),
}

/// Where a key belongs.
pub enum Place {
    Taken(usize),
    Free(usize),
    /// Only `__eq__` knows.
    Unknown,
}

impl Table {
    #[inline]
    pub fn len(&self) -> usize {
        self.used
    }

    #[inline]
    pub fn is_empty(&self) -> bool {
        self.used == 0
    }

    #[inline]
    fn mask(&self) -> usize {
        self.slots.len().max(SMALLEST) - 1
    }

    #[inline]
    pub fn generation(&self) -> u32 {
        self.generation
    }

    /// Bytes allocated for the table.
    pub fn allocated_bytes(&self) -> usize {
        self.slots.capacity() * size_of::<Slot>()
    }

    #[inline]
    pub fn probe(&self, hash: i64) -> Probe {
        Probe::new(hash, self.mask())
    }

    #[inline]
    pub fn look(&self, slot: usize, hash: i64) -> Seen<'_> {
        match self.slots.get(slot) {
            None => Seen::End,
            Some(slot) if slot.is_unused() => Seen::End,
            Some(Slot { hash: own, key: Some(key) }) if *own == hash => Seen::Candidate(key.borrow()),
            Some(_) => Seen::Other,
        }
    }

    /// Finds a key as far as that is possible without running Python.
    #[inline]
    pub fn find_quick(&self, key: Ref<'_>, hash: i64) -> Quick {
        match self.place_of(key, hash) {
            Place::Taken(slot) => Quick::Found(slot),
            Place::Free(_) => Quick::Absent,
            Place::Unknown => Quick::Unknown,
        }
    }

    /// Where a key is, or would be, as far as that can be said without running Python.
    #[inline]
    pub fn place_of(&self, key: Ref<'_>, hash: i64) -> Place {
        // The first place that is looked at is the right one as a rule.
        let first = hash as usize & self.mask();
        match self.slots.get(first) {
            Some(slot) if slot.is_unused() => Place::Free(first),
            Some(Slot { hash: own, key: Some(known) }) if *own == hash && known.borrow().is(key) => Place::Taken(first),
            Some(_) => self.place_further(key, hash),
            None => Place::Free(first),
        }
    }

    fn place_further(&self, key: Ref<'_>, hash: i64) -> Place {
        let mut probe = self.probe(hash);
        loop {
            match self.look(probe.slot, hash) {
                Seen::End => return Place::Free(probe.slot),
                Seen::Other => {}
                Seen::Candidate(candidate) => match quick_equal(candidate, key) {
                    Some(true) => return Place::Taken(probe.slot),
                    Some(false) => {}
                    None => return Place::Unknown,
                },
            }
            probe.advance();
        }
    }

    #[inline]
    pub fn key_at(&self, slot: usize) -> Option<Ref<'_>> {
        self.slots.get(slot).and_then(|slot| slot.key.as_ref()).map(Object::borrow)
    }

    /// The member in `slot` or the first after it: the slot after it, the hash, the key.
    #[inline]
    pub fn entry_from(&self, slot: usize) -> Option<(usize, i64, Ref<'_>)> {
        let rest = self.slots.get(slot..)?;
        rest.iter().enumerate().find_map(|(offset, found)| found.key.as_ref().map(|key| (slot + offset + 1, found.hash, key.borrow())))
    }

    pub fn iter(&self) -> impl Iterator<Item = (i64, &Object)> {
        self.slots.iter().filter_map(|slot| slot.key.as_ref().map(|key| (slot.hash, key)))
    }

    /// Whether all members are in another table, if that can be said without running Python.
    pub fn is_within(&self, other: &Table) -> Option<bool> {
        for (hash, key) in self.iter() {
            match other.find_quick(key.borrow(), hash) {
                Quick::Found(_) => {}
                Quick::Absent => return Some(false),
                Quick::Unknown => return None,
            }
        }
        Some(true)
    }

    /// The members that are in another table, or, unless `present`, those that are not, if that can be said without running Python.
    pub fn selected(&self, other: &Table, present: bool) -> Option<Table> {
        let mut selected = Table::default();
        for (hash, key) in self.iter() {
            let is_present = match other.find_quick(key.borrow(), hash) {
                Quick::Found(_) => true,
                Quick::Absent => false,
                Quick::Unknown => return None,
            };
            if is_present == present {
                selected.insert(hash, key.clone());
            }
        }
        Some(selected)
    }

    /// Adds a key; whether it is new. `None` if that takes a search that runs Python, or a greater table: nothing has happened then.
    #[inline]
    pub fn add_quickly(&mut self, key: Ref<'_>, hash: i64) -> Option<bool> {
        let has_room = (self.fill + 1) * 5 < self.mask() * 3;
        if self.slots.is_empty() {
            return None;
        }
        match self.place_of(key, hash) {
            Place::Taken(_) => Some(false),
            Place::Free(slot) if has_room => {
                self.slots[slot] = Slot { hash, key: Some(key.to_owned()) };
                self.fill += 1;
                self.used += 1;
                Some(true)
            }
            Place::Free(_) | Place::Unknown => None,
        }
    }

    /// Adds members of another table as long as that is quick; says where to go on.
    pub fn add_all_quickly(&mut self, other: &Table) -> usize {
        for (position, slot) in other.slots.iter().enumerate() {
            if let Some(key) = &slot.key
                && self.add_quickly(key.borrow(), slot.hash).is_none()
            {
                return position;
            }
        }
        other.slots.len()
    }

    /// Makes the smallest table if there is none.
    #[inline]
    pub fn make_first(&mut self) {
        if self.slots.is_empty() {
            self.slots = vec![UNUSED; SMALLEST];
        }
    }

    /// Adds a key that is known to be absent.
    pub fn insert(&mut self, hash: i64, key: Object) {
        self.make_first();
        let mut probe = self.probe(hash);
        while !self.slots[probe.slot].is_unused() {
            probe.advance();
        }
        self.insert_at(probe.slot, hash, key);
    }

    /// Adds a key that is known to be absent where [`Table::place_of`] says.
    #[inline]
    pub fn insert_at(&mut self, slot: usize, hash: i64, key: Object) {
        match self.slots.get_mut(slot) {
            Some(slot) => *slot = Slot { hash, key: Some(key) },
            // There is no table yet.
            None => return self.insert(hash, key),
        }
        self.fill += 1;
        self.used += 1;
        if self.fill * 5 >= self.mask() * 3 {
            self.resize(self.grown());
        }
    }

    /// How many bytes the next new member needs, if it is not just a slot.
    #[inline]
    pub fn growth(&self) -> usize {
        if (self.fill + 1) * 5 >= self.mask() * 3 { self.grown() * 2 * size_of::<Slot>() } else { 0 }
    }

    fn grown(&self) -> usize {
        if self.used > 50_000 { self.used * 2 } else { self.used * 4 }
    }

    /// Moves the members to a table of more than `least` slots.
    fn resize(&mut self, least: usize) {
        let old = std::mem::replace(&mut self.slots, vec![UNUSED; Table::size_over(least)]);
        for slot in old {
            if slot.key.is_some() {
                self.place(slot);
            }
        }
        self.fill = self.used;
        self.generation = self.generation.wrapping_add(1);
    }

    /// Puts a member where nothing was deleted.
    fn place(&mut self, slot: Slot) {
        let mut probe = self.probe(slot.hash);
        while self.slots[probe.slot].key.is_some() {
            probe.advance();
        }
        self.slots[probe.slot] = slot;
    }

    /// How many slots a resize to more than `least` makes.
    fn size_over(least: usize) -> usize {
        let mut size = SMALLEST;
        while size <= least {
            size *= 2;
        }
        size
    }

    fn is_too_full_for(&self, more: usize) -> bool {
        (self.fill + more) * 5 >= self.mask() * 3
    }

    /// Makes room for `more` members at once.
    pub fn reserve(&mut self, more: usize) {
        if self.is_too_full_for(more) {
            self.resize((self.used + more) * 2);
        }
    }

    /// Takes the members of another table if this one has never had any.
    pub fn copy_if_new(&mut self, other: &Table) -> bool {
        if self.fill != 0 {
            return false;
        }
        let size = if self.is_too_full_for(other.used) { Table::size_over((self.used + other.used) * 2) } else { self.mask() + 1 };
        if size == other.mask() + 1 && other.fill == other.used {
            self.slots = other.slots.clone();
        } else {
            self.reserve(other.used);
            if self.slots.is_empty() {
                self.slots = vec![UNUSED; SMALLEST];
            }
            for (hash, key) in other.iter() {
                self.place(Slot { hash, key: Some(key.clone()) });
            }
        }
        self.fill = other.used;
        self.used = other.used;
        self.generation = self.generation.wrapping_add(1);
        true
    }

    /// Removes the member in a slot.
    pub fn remove(&mut self, slot: usize) -> Option<Object> {
        let slot = self.slots.get_mut(slot)?;
        let key = slot.key.take()?;
        slot.hash = -1;
        self.used -= 1;
        Some(key)
    }

    /// Removes any member.
    pub fn pop(&mut self) -> Option<Object> {
        if self.used == 0 {
            return None;
        }
        let size = self.slots.len();
        let mut slot = self.finger & (size - 1);
        while self.slots[slot].key.is_none() {
            slot = (slot + 1) & (size - 1);
        }
        self.finger = slot + 1;
        self.remove(slot)
    }

    /// Gets rid of the traces of deleted members if there are many.
    pub fn tidy(&mut self) {
        if self.fill - self.used > self.mask() / 4 {
            self.resize(self.grown());
        }
    }

    /// Empties the table and returns the old one.
    pub fn take_all(&mut self) -> Table {
        let generation = self.generation.wrapping_add(1);
        std::mem::replace(self, Table { generation, ..Table::default() })
    }

    /// Replaces the contents.
    pub fn replace(&mut self, mut table: Table) -> Table {
        table.generation = self.generation.wrapping_add(1);
        std::mem::replace(self, table)
    }

    /// A number made of the members' hashes, whatever their order.
    pub fn content_hash(&self) -> i64 {
        let shuffle = |hash: u64| ((hash ^ 89_869_747) ^ (hash << 16)).wrapping_mul(3_644_798_167);
        let mut hash = self.iter().fold(0u64, |hash, (member, _)| hash ^ shuffle(member as u64));
        hash ^= (self.used as u64 + 1).wrapping_mul(1_927_868_237);
        hash ^= (hash >> 11) ^ (hash >> 25);
        hash = hash.wrapping_mul(69_069).wrapping_add(907_133_923);
        if hash == u64::MAX { 590_923_713 } else { hash as i64 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use object::int::hash_i64;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn find(table: &Table, key: i64) -> Option<usize> {
        match table.find_quick(Object::small_int(key).borrow(), hash_i64(key)) {
            Quick::Found(slot) => Some(slot),
            Quick::Absent => None,
            Quick::Unknown => panic!("ints are told apart without Python"),
        }
    }

    fn members(table: &Table) -> Vec<i64> {
        table.iter().filter_map(|(_, key)| key.borrow().as_small_int()).collect()
    }

    fn table_of(keys: impl IntoIterator<Item = i64>) -> Table {
        let mut table = Table::default();
        for key in keys {
            if find(&table, key).is_none() {
                table.insert(hash_i64(key), Object::small_int(key));
            }
        }
        table
    }

    #[test]
    fn order_is_cpythons() {
        assert_eq!(members(&table_of([3, 1, 2])), [1, 2, 3]);
        // A display of constants is a copy of a frozen set, whose table is bigger.
        let mut copy = Table::default();
        copy.copy_if_new(&table_of([100, 5, 17, 1000, -1, -2]));
        assert_eq!(members(&copy), [17, 100, 5, -1, 1000, -2]);
        assert_eq!(members(&table_of((0..7).map(|n| 20 - 3 * n))), [2, 5, 8, 11, 14, 17, 20]);
    }

    #[test]
    fn content_hash_is_cpythons() {
        assert_eq!(Table::default().content_hash(), 133_146_708_735_736);
        assert_eq!(table_of([1, 2, 3]).content_hash(), -272_375_401_224_217_160);
    }

    proptest! {
        #[test]
        fn behaves_like_a_set(steps in prop::collection::vec((0..4u8, -200..200i64), 1..600)) {
            let mut table = Table::default();
            let mut model = BTreeSet::new();
            for (step, key) in steps {
                match step {
                    0 | 1 => {
                        if find(&table, key).is_none() {
                            table.insert(hash_i64(key), Object::small_int(key));
                        }
                        model.insert(key);
                    }
                    2 => {
                        let removed = find(&table, key).and_then(|slot| table.remove(slot));
                        prop_assert_eq!(removed.is_some(), model.remove(&key));
                    }
                    _ if key % 16 == 0 => {
                        let popped = table.pop().and_then(|key| key.borrow().as_small_int());
                        prop_assert_eq!(popped.is_some(), !model.is_empty());
                        model.retain(|other| Some(*other) != popped);
                    }
                    _ => table.tidy(),
                }
                let mut found = members(&table);
                found.sort_unstable();
                prop_assert_eq!(&found, &model.iter().copied().collect::<Vec<_>>());
                let mut copy = Table::default();
                prop_assert!(copy.copy_if_new(&table));
                prop_assert!(model.iter().all(|key| find(&copy, *key).is_some()));
            }
        }
    }
}
