//! Dicts: compact, ordered hash tables, with a smaller layout for those whose keys are all strings.
//!
//! Lookups of string keys run no Python and need no `&mut Vm`. Other keys may be compared with
//! `__eq__`; [`table::lookup`] copes with one that changes the dict.
//!
//! The `__dict__` of an instance has no table of its own as long as the instance's slots will do: it is a view of
//! them. Attribute access does not go by the dict, so a view has no versions; one that somebody wants to watch, or to
//! remember positions in, takes the attributes over first.

use crate::cell::{Visitor, VmCell};
use crate::class::{Payload, TYPE, Type};
use crate::exception;
use crate::instance::Slots;
use crate::int::INT;
use crate::native::{PayloadInfo, TypeSpec, flag};
use crate::str::{STR, Str};
use crate::type_new::identity_hash;
use crate::value::{Object, ObjectOf, Ref, RefOf};
use crate::vm::{PyResult, Vm};
pub use cells::{GlobalCell, global_cell};
pub use scope::{Site as ModuleSite, find_in_scope};
use std::cell::Cell;
use table::{DictEntry, Entry, Lookup, Quick, StrEntry, Table, lookup, quick_equal};

mod cells;
mod scope;
pub mod table;
#[cfg(test)]
mod tests;

/// The payload of a `dict`.
pub struct Dict {
    storage: VmCell<Storage>,
    /// Changes with every change of any kind.
    version: Cell<u32>,
    /// Names the set of keys, no other dict's ever: 0 if nobody has asked since it changed.
    keys_version: Cell<u32>,
    watched: Cell<bool>,
    scope: cells::ScopeId,
}

enum Storage {
    /// All keys are exact strings.
    Str(Table<StrEntry>),
    General(Table<DictEntry>),
    /// The attributes of an instance, in its slots.
    Slots(Slots),
}

impl Payload for Dict {
    fn class() -> &'static Type {
        &DICT
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        match self.storage.visit(visitor) {
            Storage::Str(table) => {
                for entry in table.iter() {
                    if let Some(key) = entry.key() {
                        visitor.visit(key);
                    }
                    visitor.visit(entry.value.borrow());
                }
            }
            Storage::General(table) => {
                for entry in table.iter() {
                    visitor.visit_all(&entry.key);
                    visitor.visit(entry.value.borrow());
                }
            }
            Storage::Slots(slots) => slots.values().for_each(|value| visitor.visit(value)),
        }
    }

    fn clear(&self, vm: &mut Vm) {
        Dict::clear(self, vm);
    }
}

/// `dict`. Its methods are in the builtins crate, which fills in the rest.
pub static DICT: Type = Type::new(&DICT_SPEC);
static DICT_SPEC: TypeSpec = TypeSpec {
    name: "dict",
    flags: flag::BASE_TYPE | flag::MAPPING | flag::MATCH_SELF,
    payload: PayloadInfo::of::<Dict>(),
    doc: "dict() -> new empty dictionary\ndict(mapping) -> new dictionary initialized from a mapping object's\n    (key, value) pairs\ndict(iterable) -> new dictionary initialized as if via:\n    d = {}\n    for k, v in iterable:\n        d[k] = v\ndict(**kwargs) -> new dictionary initialized with the name=value pairs\n    in the keyword argument list.  For example:  dict(one=1, two=2)",
    ..TypeSpec::DEFAULT
};

/// Told of every change to a watched dict, before anything else happens; the key is `None` if
/// all of the dict changes. It must not run Python.
pub type Watcher = fn(dict: &Dict, key: Option<Ref<'_>>);

static WATCHER: VmCell<Option<Watcher>> = VmCell::new(None);

/// Sets the function that is told of changes to watched dicts; only at start-up.
pub fn set_watcher(vm: &mut Vm, watcher: Watcher) {
    WATCHER.set(vm, Some(watcher));
}

/// The next keys version to hand out; 0 once they have run out.
static NEXT_KEYS_VERSION: VmCell<u32> = VmCell::new(1);

/// A dict has room for so many entries from the first one on.
const FEW: usize = 5;

impl Storage {
    const EMPTY: Storage = Storage::Str(Table::EMPTY);

    fn as_str(&self) -> Option<&Table<StrEntry>> {
        match self {
            Storage::Str(table) => Some(table),
            Storage::General(_) | Storage::Slots(_) => None,
        }
    }

    fn as_general(&self) -> Option<&Table<DictEntry>> {
        match self {
            Storage::Str(_) | Storage::Slots(_) => None,
            Storage::General(table) => Some(table),
        }
    }

    #[inline]
    fn len(&self) -> usize {
        match self {
            Storage::Str(table) => table.len(),
            Storage::General(table) => table.len(),
            Storage::Slots(slots) => slots.len(),
        }
    }

    #[inline]
    fn value(&self, position: usize) -> &Object {
        match self {
            Storage::Str(table) => &table.entry(position).value,
            Storage::General(table) => &table.entry(position).value,
            Storage::Slots(slots) => slots.value(position),
        }
    }

    fn replace_value(&mut self, position: usize, value: Object) -> Object {
        let place = match self {
            Storage::Str(table) => &mut table.entry_mut(position).value,
            Storage::General(table) => &mut table.entry_mut(position).value,
            Storage::Slots(slots) => return slots.replace(position, value),
        };
        std::mem::replace(place, value)
    }

    /// How many bytes the next new key needs, if it is not just an entry's.
    fn growth(&self) -> usize {
        match self {
            Storage::Str(table) => table.growth(),
            Storage::General(table) => table.growth(),
            Storage::Slots(_) => 0,
        }
    }

    /// Takes the attributes of an instance over, if that is where the entries are.
    fn own(&mut self) {
        if let Storage::Slots(slots) = self {
            let mut table = Table::with_capacity(slots.len());
            slots.leave(|name, value| {
                table.insert(Storage::name_hash(name), StrEntry::new(name, value));
            });
            *self = Storage::Str(table);
        }
    }

    fn name_hash(name: Ref<'_>) -> i64 {
        name.downcast_exact::<Str>().expect("names are exact strings").hash()
    }

    /// Whether there never was an entry, nor room for one.
    #[inline]
    fn is_unused(&self) -> bool {
        matches!(self, Storage::Str(table) if table.is_unused())
    }

    /// Adds the first key.
    #[inline]
    fn begin(&mut self, key: Ref<'_>, hash: i64, value: Object) {
        let generation = match self {
            Storage::Str(table) => table.generation().wrapping_add(1),
            Storage::General(_) | Storage::Slots(_) => return self.insert(key, hash, value),
        };
        // Each is built where it stays, and what was there holds nothing.
        match key.downcast_exact::<Str>() {
            Some(key) => {
                let entry = StrEntry { key: Some(key.to_owned()), value };
                std::mem::forget(std::mem::replace(self, Storage::Str(Table::of_first(hash, entry, generation))));
            }
            None => {
                let entry = DictEntry { hash, key: Some(key.to_owned()), value };
                std::mem::forget(std::mem::replace(self, Storage::General(Table::of_first(hash, entry, generation))));
            }
        }
    }

    /// Adds a key that is known to be absent.
    fn insert(&mut self, key: Ref<'_>, hash: i64, value: Object) {
        let value = match self {
            Storage::Slots(slots) => match slots.add_key(key, value) {
                Ok(()) => return,
                Err(value) => value,
            },
            _ => value,
        };
        self.own();
        if let Storage::Str(table) = self {
            if let Some(key) = key.downcast_exact::<Str>() {
                table.insert(hash, StrEntry { key: Some(key.to_owned()), value });
                return;
            }
            let table = if table.entries().is_empty() {
                table.start_anew()
            } else {
                table.take_all().convert(|entry| DictEntry { hash: entry.hash(), key: entry.key.map(ObjectOf::into_object), value: entry.value })
            };
            *self = Storage::General(table);
        }
        if let Storage::General(table) = self {
            table.insert(hash, DictEntry { hash, key: Some(key.to_owned()), value });
        }
    }

    fn remove(&mut self, position: usize) -> (Option<Object>, Object) {
        if let Storage::Slots(slots) = self {
            let key = slots.names()[position].to_owned();
            if let Some(value) = slots.remove(position) {
                return (Some(key), value);
            }
            self.own();
        }
        match self {
            Storage::Slots(_) => unreachable!("the entries were just taken over"),
            Storage::Str(table) => {
                let entry = table.remove(position);
                (entry.key.map(ObjectOf::into_object), entry.value)
            }
            Storage::General(table) => {
                let entry = table.remove(position);
                (entry.key, entry.value)
            }
        }
    }

    fn pop(&mut self) -> Option<(Object, Object)> {
        match self {
            Storage::Slots(slots) => {
                let last = slots.len().checked_sub(1)?;
                let key = slots.names()[last].to_owned();
                Some((key, slots.remove(last)?))
            }
            Storage::Str(table) => table.pop().and_then(|entry| Some((entry.key?.into_object(), entry.value))),
            Storage::General(table) => table.pop().and_then(|entry| Some((entry.key?, entry.value))),
        }
    }

    #[inline]
    fn entry_from(&self, position: usize) -> Option<(usize, Ref<'_>, Ref<'_>)> {
        match self {
            Storage::Str(table) => table.entry_from(position).and_then(|(index, entry)| Some((index, entry.key()?, entry.value.borrow()))),
            Storage::General(table) => table.entry_from(position).and_then(|(index, entry)| Some((index, entry.key()?, entry.value.borrow()))),
            Storage::Slots(slots) => slots.names().get(position).map(|&name| (position, name, slots.value(position).borrow())),
        }
    }

    fn entry_before(&self, position: usize) -> Option<(usize, Ref<'_>, Ref<'_>)> {
        match self {
            Storage::Str(table) => table.entry_before(position).and_then(|(index, entry)| Some((index, entry.key()?, entry.value.borrow()))),
            Storage::General(table) => table.entry_before(position).and_then(|(index, entry)| Some((index, entry.key()?, entry.value.borrow()))),
            Storage::Slots(slots) => {
                let index = position.min(slots.len()).checked_sub(1)?;
                Some((index, slots.names()[index], slots.value(index).borrow()))
            }
        }
    }

    fn hash_at(&self, position: usize) -> i64 {
        match self {
            Storage::Str(table) => table.entry(position).hash(),
            Storage::General(table) => table.entry(position).hash(),
            Storage::Slots(slots) => Storage::name_hash(slots.names()[position]),
        }
    }

    /// The position of an exact string. A key of another type that would claim to be equal is not found.
    #[inline]
    fn find_str(&self, name: RefOf<'_, Str>) -> Option<usize> {
        let hash = name.hash();
        match self {
            Storage::Slots(slots) => slots.find(name),
            Storage::Str(table) => table.find(hash, |entry| entry.is_name(name, hash)),
            Storage::General(table) => {
                table.find(hash, |entry| entry.hash == hash && entry.key().is_some_and(|key| quick_equal(key, name.object()) == Some(true)))
            }
        }
    }

    fn compact_copy(&self) -> Storage {
        match self {
            Storage::Str(table) => Storage::Str(table.compact_copy()),
            Storage::General(table) => Storage::General(table.compact_copy()),
            Storage::Slots(slots) => {
                let mut table = Table::with_capacity(slots.len());
                for (&name, value) in slots.names().iter().zip(slots.values()) {
                    table.insert(Storage::name_hash(name), StrEntry::new(name, value.to_owned()));
                }
                Storage::Str(table)
            }
        }
    }

    fn end(&self) -> usize {
        match self {
            Storage::Str(table) => table.entries().len(),
            Storage::General(table) => table.entries().len(),
            Storage::Slots(slots) => slots.len(),
        }
    }
}

/// The name of a type with its module, unless that is `builtins` or `__main__`.
pub(crate) fn qualified_name(class: &Type) -> String {
    let qualname = class.qualname.get().and_then(|name| name.downcast::<Str>().ok());
    let Some(qualname) = qualname else { return class.full_name().to_owned() };
    let module = class.dict().get_interned(crate::str::names::__module__()).and_then(|module| module.downcast::<Str>());
    match module.map(|module| module.get().to_string_lossy()) {
        Some(module) if module != "builtins" && module != "__main__" => format!("{module}.{}", qualname.to_string_lossy()),
        _ => qualname.to_string_lossy().into_owned(),
    }
}

/// Hashes a key for a container, as `what` of which an unhashable one is refused: "a dict key".
#[inline]
pub fn hash_key(vm: &mut Vm, key: Ref<'_>, what: &str) -> PyResult<i64> {
    match quick_hash(key) {
        Some(hash) => Ok(hash),
        None => hash_any_key(vm, key, what),
    }
}

/// The hash of what is hashed most: strings, small ints, classes.
#[inline]
pub fn quick_hash(key: Ref<'_>) -> Option<i64> {
    if let Some(text) = key.downcast_exact::<Str>() {
        return Some(text.hash());
    }
    if let Some(number) = key.as_small_int().filter(|number| (0..SMALLEST_REDUCED).contains(number)) {
        return Some(number);
    }
    if key.is_exactly(&TYPE) {
        return Some(identity_hash(key));
    }
    // Instances of subclasses of `int` which are hashed alike.
    let is_int = key.class().slots().hash.is_some_and(|hash| INT.slots().hash.is_some_and(|int_hash| std::ptr::fn_addr_eq(hash, int_hash)));
    if is_int { crate::int::short(key).filter(|number| (0..SMALLEST_REDUCED).contains(number)) } else { None }
}

/// Ints from zero to this one are their own hashes.
const SMALLEST_REDUCED: i64 = (1 << 61) - 1;

fn hash_any_key(vm: &mut Vm, key: Ref<'_>, what: &str) -> PyResult<i64> {
    match vm.hash(key) {
        Ok(hash) => Ok(hash),
        Err(raised) => {
            if !vm.raised().is_some_and(|error| error.is_exactly(&exception::TYPE_ERROR)) {
                return Err(raised);
            }
            let error = vm.catch(raised);
            let reason = vm.str(error.borrow())?;
            let name = qualified_name(key.class());
            Err(vm.type_error(format!("cannot use '{name}' as {what} ({})", reason.to_string_lossy())))
        }
    }
}

impl Default for Dict {
    fn default() -> Dict {
        Dict::new()
    }
}

impl Dict {
    pub const fn new() -> Dict {
        Dict {
            storage: VmCell::new(Storage::EMPTY),
            version: Cell::new(1),
            keys_version: Cell::new(0),
            watched: Cell::new(false),
            scope: cells::ScopeId::none(),
        }
    }

    /// An empty dict with room for this many entries.
    pub fn with_capacity(entries: usize) -> Dict {
        Dict { storage: VmCell::new(Storage::Str(Table::with_capacity(entries))), ..Dict::new() }
    }

    /// The live `__dict__` of an instance.
    pub(crate) fn of_slots(slots: Slots) -> Dict {
        Dict { storage: VmCell::new(Storage::Slots(slots)), ..Dict::new() }
    }

    /// Takes the attributes of an instance over, if this dict shows them. Entries keep their positions.
    pub(crate) fn own(&self) {
        // SAFETY: nothing else runs, and what is borrowed of a view are values, which stay where they are in memory.
        unsafe { self.storage.get_unchecked() }.own();
    }

    /// Lets go of the instance that it shows, which is about to end, and the dict with it.
    pub(crate) fn forget_slots(&self) {
        // SAFETY: nothing else runs, and nobody else has the dict.
        *unsafe { self.storage.get_unchecked() } = Storage::EMPTY;
    }

    /// Whether this dict shows the slots of an instance.
    pub(crate) fn is_view(&self, vm: &Vm) -> bool {
        matches!(self.storage.get(vm), Storage::Slots(_))
    }

    #[inline]
    pub fn len(&self, vm: &Vm) -> usize {
        self.storage.get(vm).len()
    }

    #[inline]
    pub fn is_empty(&self, vm: &Vm) -> bool {
        self.len(vm) == 0
    }

    /// A number that changes with every change to the dict, but not with the attributes of an instance whose dict it is.
    #[inline]
    pub fn version(&self) -> u32 {
        self.version.get()
    }

    /// A number that changes when keys are added, removed or reordered, and that no other dict has;
    /// 0 if numbers have run out.
    #[inline]
    pub fn keys_version(&self) -> u32 {
        let version = self.keys_version.get();
        if version != 0 { version } else { self.assign_keys_version() }
    }

    #[cold]
    fn assign_keys_version(&self) -> u32 {
        // The attributes of an instance change without the dict.
        self.own();
        // SAFETY: the lock is held and the borrow ends here.
        let next = unsafe { NEXT_KEYS_VERSION.get_unchecked() };
        let version = *next;
        if version != 0 {
            *next = version.wrapping_add(1);
            self.keys_version.set(version);
        }
        version
    }

    /// From now on the watcher is told of changes.
    pub fn watch(&self) {
        self.own();
        self.watched.set(true);
    }

    pub fn unwatch(&self) {
        self.watched.set(false);
    }

    /// Whether all keys are exact strings.
    pub fn has_only_str_keys(&self, vm: &Vm) -> bool {
        match self.storage.get(vm) {
            Storage::Str(_) | Storage::Slots(_) => true,
            Storage::General(table) => table.iter().all(|entry| entry.key().is_some_and(|key| key.is_exactly(Str::class()))),
        }
    }

    /// Bytes allocated beside the object itself.
    pub fn allocated_bytes(&self, vm: &Vm) -> usize {
        match self.storage.get(vm) {
            Storage::Str(table) => table.allocated_bytes(),
            Storage::General(table) => table.allocated_bytes(),
            Storage::Slots(_) => 0,
        }
    }

    #[inline]
    fn value_changes(&self, vm: &Vm, key: Option<Ref<'_>>) {
        self.version.set(self.version.get().wrapping_add(1));
        if self.watched.get()
            && let Some(watcher) = WATCHER.get(vm)
        {
            watcher(self, key);
        }
    }

    /// Notes that keys change, where nobody watches.
    #[inline]
    fn quiet_keys_change(&self, key: Ref<'_>) {
        self.keys_version.set(0);
        self.scope.keys_change(Some(key));
        self.version.set(self.version.get().wrapping_add(1));
    }

    #[inline]
    fn keys_change(&self, vm: &Vm, key: Option<Ref<'_>>) {
        self.keys_version.set(0);
        self.scope.keys_change(key);
        self.value_changes(vm, key);
    }

    #[inline]
    fn find(&self, vm: &mut Vm, key: Ref<'_>, hash: i64) -> PyResult<Option<usize>> {
        if let (Storage::Str(_) | Storage::Slots(_), Some(name)) = (self.storage.get(vm), key.downcast_exact::<Str>()) {
            // The keys are exact strings too: no `__eq__` is called.
            return Ok(self.storage.get(vm).find_str(name));
        }
        if let Storage::General(table) = self.storage.get(vm) {
            match table.find_quick(key, hash) {
                Quick::Found(position) => return Ok(Some(position)),
                Quick::Absent => return Ok(None),
                Quick::Unknown => {}
            }
        }
        self.find_any(vm, key, hash)
    }

    #[inline(never)]
    fn find_any(&self, vm: &mut Vm, key: Ref<'_>, hash: i64) -> PyResult<Option<usize>> {
        loop {
            let result = match self.storage.get(vm) {
                Storage::Str(_) => lookup(vm, &self.storage, Storage::as_str, key, hash)?,
                Storage::General(_) => lookup(vm, &self.storage, Storage::as_general, key, hash)?,
                Storage::Slots(slots) if slots.names().iter().all(|&name| Storage::name_hash(name) != hash) => return Ok(None),
                Storage::Slots(_) => {
                    self.own();
                    continue;
                }
            };
            match result {
                Lookup::Found(position) => return Ok(Some(position)),
                Lookup::Absent => return Ok(None),
                Lookup::Moved => {}
            }
        }
    }

    /// `dict.get(key)`: the value, if there is one.
    pub fn get_item(&self, vm: &mut Vm, key: Ref<'_>) -> PyResult<Option<Object>> {
        let hash = hash_key(vm, key, "a dict key")?;
        self.get_with_hash(vm, key, hash)
    }

    /// The same, for an [`ObjectOf`]; `get` of a [`RefOf`] is its payload.
    #[inline]
    pub fn get(&self, vm: &mut Vm, key: Ref<'_>) -> PyResult<Option<Object>> {
        self.get_item(vm, key)
    }

    pub fn get_with_hash(&self, vm: &mut Vm, key: Ref<'_>, hash: i64) -> PyResult<Option<Object>> {
        let found = self.find(vm, key, hash)?;
        Ok(found.map(|position| self.storage.get(vm).value(position).clone()))
    }

    pub fn contains(&self, vm: &mut Vm, key: Ref<'_>) -> PyResult<bool> {
        let hash = hash_key(vm, key, "a dict key")?;
        Ok(self.find(vm, key, hash)?.is_some())
    }

    pub fn contains_with_hash(&self, vm: &mut Vm, key: Ref<'_>, hash: i64) -> PyResult<bool> {
        Ok(self.find(vm, key, hash)?.is_some())
    }

    /// `dict[key] = value`
    pub fn set(&self, vm: &mut Vm, key: Ref<'_>, value: Object) -> PyResult<()> {
        let hash = hash_key(vm, key, "a dict key")?;
        self.set_with_hash(vm, key, hash, value)
    }

    pub fn set_with_hash(&self, vm: &mut Vm, key: Ref<'_>, hash: i64, value: Object) -> PyResult<()> {
        if self.storage.get(vm).is_unused() {
            self.keys_change(vm, Some(key));
            self.storage.get_mut(vm).begin(key, hash, value);
            return Ok(());
        }
        match self.set_quickly(vm, key, hash, value) {
            Ok(old) => {
                drop(old);
                Ok(())
            }
            Err(value) => self.set_any(vm, key, hash, value),
        }
    }

    /// Sets the value of a key that can be found by one search without running anything, in a table that need not
    /// grow; gives out the old one. Else the value comes back.
    #[inline]
    fn set_quickly(&self, vm: &mut Vm, key: Ref<'_>, hash: i64, value: Object) -> Result<Option<Object>, Object> {
        if self.watched.get() {
            return Err(value);
        }
        match self.storage.get_mut(vm) {
            Storage::Str(table) => {
                let Some(name) = key.downcast_exact::<Str>() else { return Err(value) };
                match table.find_or_slot(hash, |entry| entry.is_name(name, hash)) {
                    Ok(position) => {
                        let place = &mut table.entry_mut(position).value;
                        self.scope.value_changes(place.borrow(), key);
                        self.version.set(self.version.get().wrapping_add(1));
                        Ok(Some(std::mem::replace(place, value)))
                    }
                    Err(slot) if table.has_room() => {
                        self.quiet_keys_change(key);
                        table.insert_at(slot, StrEntry { key: Some(name.to_owned()), value });
                        Ok(None)
                    }
                    Err(_) => Err(value),
                }
            }
            Storage::General(table) => {
                let mut is_unknown = false;
                let found = table.find_or_slot(hash, |entry| {
                    entry.hash == hash
                        && entry.key().is_some_and(|candidate| {
                            quick_equal(candidate, key).unwrap_or_else(|| {
                                is_unknown = true;
                                true
                            })
                        })
                });
                match found {
                    _ if is_unknown => Err(value),
                    Ok(position) => {
                        let place = &mut table.entry_mut(position).value;
                        self.scope.value_changes(place.borrow(), key);
                        self.version.set(self.version.get().wrapping_add(1));
                        Ok(Some(std::mem::replace(place, value)))
                    }
                    Err(slot) if table.has_room() => {
                        self.quiet_keys_change(key);
                        table.insert_at(slot, DictEntry { hash, key: Some(key.to_owned()), value });
                        Ok(None)
                    }
                    Err(_) => Err(value),
                }
            }
            Storage::Slots(_) => Err(value),
        }
    }

    fn set_any(&self, vm: &mut Vm, key: Ref<'_>, hash: i64, value: Object) -> PyResult<()> {
        let found = self.find(vm, key, hash)?;
        if found.is_none() {
            self.check_growth(vm)?;
        }
        self.store(vm, found, key, hash, value);
        Ok(())
    }

    /// Makes room for this many entries in a dict that never had one.
    pub fn make_room(&self, vm: &mut Vm, entries: usize) {
        let storage = self.storage.get_mut(vm);
        if entries > FEW && storage.is_unused() {
            *storage = Storage::Str(Table::with_capacity(entries));
        }
    }

    /// Raises `MemoryError` if there is no room for one more key.
    fn check_growth(&self, vm: &mut Vm) -> PyResult<()> {
        let growth = self.storage.get(vm).growth();
        vm.check_room(growth)
    }

    fn store(&self, vm: &mut Vm, found: Option<usize>, key: Ref<'_>, hash: i64, value: Object) {
        match found {
            Some(position) => {
                self.scope.value_changes(self.storage.get(vm).value(position).borrow(), key);
                self.value_changes(vm, Some(key));
                let old = self.storage.get_mut(vm).replace_value(position, value);
                drop(old);
            }
            None => {
                self.keys_change(vm, Some(key));
                self.storage.get_mut(vm).insert(key, hash, value);
            }
        }
    }

    /// `del dict[key]`, but an absent key is `None`.
    pub fn remove(&self, vm: &mut Vm, key: Ref<'_>) -> PyResult<Option<Object>> {
        let hash = hash_key(vm, key, "a dict key")?;
        self.remove_with_hash(vm, key, hash)
    }

    pub fn remove_with_hash(&self, vm: &mut Vm, key: Ref<'_>, hash: i64) -> PyResult<Option<Object>> {
        let found = self.find(vm, key, hash)?;
        Ok(found.map(|position| self.remove_at(vm, position, key)))
    }

    fn remove_at(&self, vm: &mut Vm, position: usize, key: Ref<'_>) -> Object {
        self.keys_change(vm, Some(key));
        let (old_key, value) = self.storage.get_mut(vm).remove(position);
        drop(old_key);
        value
    }

    /// `dict.setdefault(key, default)`
    pub fn set_default(&self, vm: &mut Vm, key: Ref<'_>, default: Object) -> PyResult {
        let hash = hash_key(vm, key, "a dict key")?;
        if let Some(position) = self.find(vm, key, hash)? {
            return Ok(self.storage.get(vm).value(position).clone());
        }
        self.check_growth(vm)?;
        self.store(vm, None, key, hash, default.clone());
        Ok(default)
    }

    /// Removes the entry that was added last.
    pub fn pop_item(&self, vm: &mut Vm) -> Option<(Object, Object)> {
        let (_, key, _) = self.storage.get(vm).entry_before(usize::MAX)?;
        let key = key.to_owned();
        self.keys_change(vm, Some(key.borrow()));
        self.storage.get_mut(vm).pop()
    }

    pub fn clear(&self, vm: &mut Vm) {
        if self.storage.get(vm).end() == 0 {
            return;
        }
        self.keys_change(vm, None);
        let (mut old, mut values) = (Storage::EMPTY, Vec::new());
        match self.storage.get_mut(vm) {
            Storage::Str(table) => old = Storage::Str(table.take_all()),
            storage @ Storage::General(_) => std::mem::swap(storage, &mut old),
            Storage::Slots(slots) => values = slots.clear(),
        }
        // The instance that the dict shows may end with its attributes.
        drop((old, values));
    }

    /// A new exact dict with the same entries.
    pub fn copy(&self, vm: &Vm) -> ObjectOf<Dict> {
        vm.allocate(Dict { storage: VmCell::new(self.storage.get(vm).compact_copy()), ..Dict::new() })
    }

    /// Adds the entries of another dict; they replace what is there.
    pub fn update_from(&self, vm: &mut Vm, other: &Dict) -> PyResult<()> {
        self.merge_from(vm, other, Merge::Replace)
    }

    /// Adds the entries of another dict.
    pub fn merge_from(&self, vm: &mut Vm, other: &Dict, merge: Merge) -> PyResult<()> {
        if std::ptr::eq(self, other) || other.is_empty(vm) {
            return Ok(());
        }
        if self.storage.get(vm).end() == 0 && !self.is_view(vm) {
            let copy = other.storage.get(vm).compact_copy();
            self.keys_change(vm, None);
            return self.replace_storage(vm, copy);
        }
        let size = other.len(vm);
        let mut position = if merge == Merge::Replace && self.is_view(vm) { self.merge_attributes(vm, other) } else { 0 };
        while let Some((index, key, value)) = other.storage.get(vm).entry_from(position) {
            let (key, value, hash) = (key.to_owned(), value.to_owned(), other.storage.get(vm).hash_at(index));
            position = index + 1;
            let found = self.find(vm, key.borrow(), hash)?;
            match merge {
                Merge::Keep if found.is_some() => {}
                Merge::Unique if found.is_some() => return Err(vm.key_error(key.borrow())),
                _ => {
                    self.check_growth(vm)?;
                    self.store(vm, found, key.borrow(), hash, value);
                }
            }
            if other.len(vm) != size {
                return Err(vm.runtime_error("dict mutated during update"));
            }
        }
        Ok(())
    }

    /// Sets attributes of the instance that this dict shows, as long as the other dict's keys are names. Returns the position to go on from.
    fn merge_attributes(&self, vm: &mut Vm, other: &Dict) -> usize {
        self.keys_change(vm, None);
        let mut position = 0;
        while let Some((index, key, value)) = other.storage.get(vm).entry_from(position)
            && let Storage::Slots(slots) = self.storage.get(vm)
            && let Ok(old) = slots.set_key(key, value.to_owned())
        {
            position = index + 1;
            drop(old);
        }
        position
    }

    fn replace_storage(&self, vm: &mut Vm, storage: Storage) -> PyResult<()> {
        let place = self.storage.get_mut(vm);
        match (place, storage) {
            (Storage::Str(old), Storage::Str(new)) => drop(old.replace(new)),
            (Storage::General(old), Storage::General(new)) => drop(old.replace(new)),
            (place, new) => *place = new,
        }
        Ok(())
    }

    /// Has whoever knows by a [`GlobalCell`] where a name is look it up again.
    pub(crate) fn forget_cells(&self) {
        self.scope.keys_change(None);
    }

    /// The value of a string key. Runs no Python: a key that is not an exact string is not considered.
    #[inline]
    pub fn get_interned(&self, name: Ref<'_>) -> Option<Ref<'_>> {
        let name = name.downcast_exact::<Str>()?;
        // SAFETY: nothing else runs during the search. The value found stays in the dict until
        // somebody with a `&mut Vm` changes it, which callers must not let happen while they use it.
        let storage = unsafe { self.storage.get_unchecked() };
        storage.find_str(name).map(|position| storage.value(position).borrow())
    }

    /// The value of an exact string as a key, or that it is none; `None` if that cannot be said without running Python: an instance of a subclass of `str`
    /// may be equal to it.
    #[inline]
    pub fn get_quickly(&self, name: Ref<'_>) -> Option<Option<Ref<'_>>> {
        let found = self.get_interned(name);
        // SAFETY: the borrow ends here.
        let may_have_others = matches!(unsafe { self.storage.get_unchecked() }, Storage::General(_));
        (found.is_some() || !may_have_others && name.is_exactly(&STR)).then_some(found)
    }

    /// The value of a string key, as a new reference.
    #[inline]
    pub fn get_name(&self, vm: &Vm, name: Ref<'_>) -> Option<Object> {
        let storage = self.storage.get(vm);
        let position = storage.find_str(name.downcast_exact::<Str>()?)?;
        Some(storage.value(position).clone())
    }

    /// Where the entry of a string key stands. The position holds as long as [`Dict::keys_version`] does.
    #[inline]
    pub fn position_of(&self, vm: &Vm, name: Ref<'_>) -> Option<usize> {
        self.storage.get(vm).find_str(name.downcast_exact::<Str>()?)
    }

    /// The value at a position that [`Dict::position_of`] gave, if the keys version is still the same.
    #[inline]
    pub fn value_at<'a>(&'a self, vm: &'a Vm, position: usize) -> Ref<'a> {
        self.storage.get(vm).value(position).borrow()
    }

    /// Replaces the value at a position that [`Dict::position_of`] gave.
    pub fn set_value_at(&self, vm: &mut Vm, position: usize, value: Object) {
        if self.watched.get() || self.scope.is_known() {
            let entry = self.storage.get(vm).entry_from(position);
            let key = entry.map(|(_, key, _)| key.to_owned());
            if let Some(key) = &key {
                self.scope.value_changes(self.storage.get(vm).value(position).borrow(), key.borrow());
            }
            self.value_changes(vm, key.as_ref().map(Object::borrow));
        } else {
            self.value_changes(vm, None);
        }
        let old = self.storage.get_mut(vm).replace_value(position, value);
        drop(old);
    }

    pub fn get_str<'a>(&'a self, vm: &'a Vm, name: &str) -> Option<Ref<'a>> {
        let name = vm.new_str(name);
        let storage = self.storage.get(vm);
        storage.find_str(name.borrow()).map(|position| storage.value(position).borrow())
    }

    /// Sets the value of a string key. Runs no Python.
    pub fn set_interned(&self, vm: &mut Vm, name: Ref<'_>, value: Object) {
        let Some(name) = name.downcast_exact::<Str>() else {
            debug_assert!(false, "names are exact strings");
            return;
        };
        let found = self.storage.get(vm).find_str(name);
        self.store(vm, found, name.object(), name.hash(), value);
    }

    /// Puts the word of another value in the place of a string key's, if it is there and nobody watches, and gives the old one out.
    ///
    /// # Safety
    ///
    /// The new word owns a reference, which moves in unless the result is `None`. The old one's is the caller's.
    #[inline]
    pub(crate) unsafe fn exchange_interned(&self, name: Ref<'_>, value: u64) -> Option<u64> {
        let name = name.downcast_exact::<Str>().filter(|_| !self.watched.get())?;
        // SAFETY: nothing else runs, and nothing is dropped here.
        let storage = unsafe { self.storage.get_unchecked() };
        let position = storage.find_str(name)?;
        self.scope.value_changes(storage.value(position).borrow(), name.object());
        self.version.set(self.version.get().wrapping_add(1));
        // SAFETY: the caller's promise.
        unsafe { Object::from_raw(value) }.map(|value| storage.replace_value(position, value).into_raw())
    }

    pub fn set_str(&self, vm: &mut Vm, name: &str, value: Object) {
        let name = vm.intern(name);
        self.set_interned(vm, name, value);
    }

    /// Removes a string key. Runs no Python.
    pub fn remove_interned(&self, vm: &mut Vm, name: Ref<'_>) -> Option<Object> {
        let position = self.position_of(vm, name)?;
        Some(self.remove_at(vm, position, name))
    }

    pub fn remove_str(&self, vm: &mut Vm, name: &str) -> Option<Object> {
        let name = vm.new_str(name);
        self.remove_interned(vm, name.borrow().object())
    }

    /// The entry at `position` or the first after it, and the position to go on from.
    #[inline]
    pub fn entry_at<'a>(&'a self, vm: &'a Vm, position: usize) -> Option<(usize, Ref<'a>, Ref<'a>)> {
        self.storage.get(vm).entry_from(position).map(|(index, key, value)| (index + 1, key, value))
    }

    /// The position after the last entry.
    pub fn end(&self, vm: &Vm) -> usize {
        self.storage.get(vm).end()
    }

    /// The last entry before `position`, and its position, to go on from backwards.
    pub fn entry_before<'a>(&'a self, vm: &'a Vm, position: usize) -> Option<(usize, Ref<'a>, Ref<'a>)> {
        self.storage.get(vm).entry_before(position)
    }

    /// The hash of the key [`Dict::entry_at`] gave together with this position to go on from.
    pub fn hash_before(&self, vm: &Vm, next: usize) -> i64 {
        self.storage.get(vm).hash_at(next - 1)
    }

    /// The entries, for as long as nothing can run Python.
    pub fn iter<'a>(&'a self, vm: &'a Vm) -> impl Iterator<Item = (Ref<'a>, Ref<'a>)> {
        let mut position = 0;
        std::iter::from_fn(move || {
            let (next, key, value) = self.entry_at(vm, position)?;
            position = next;
            Some((key, value))
        })
    }

    /// The entries as they are now.
    pub fn items_snapshot(&self, vm: &Vm) -> Vec<(Object, Object)> {
        self.iter(vm).map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
    }

    pub fn keys_snapshot(&self, vm: &Vm) -> Vec<Object> {
        self.iter(vm).map(|(key, _)| key.to_owned()).collect()
    }

    pub fn values_snapshot(&self, vm: &Vm) -> Vec<Object> {
        self.iter(vm).map(|(_, value)| value.to_owned()).collect()
    }
}

/// What [`Dict::merge_from`] does with a key that is there already.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Merge {
    Replace,
    Keep,
    /// Raises `KeyError`.
    Unique,
}

impl<'a> RefOf<'a, Dict> {
    /// Whether there is a key of this name.
    pub fn has_name(self, name: &str) -> bool {
        self.get_interned(crate::str::intern::intern(name)).is_some()
    }

    /// The value of a string key, borrowed for as long as the dict is; see [`Dict::get_interned`].
    #[inline]
    pub fn get_interned(self, name: Ref<'_>) -> Option<Ref<'a>> {
        self.get().get_interned(name)
    }
}

impl Vm {
    #[inline]
    pub fn new_dict(&self) -> ObjectOf<Dict> {
        self.allocate(Dict::new())
    }

    /// An empty dict with room for this many entries.
    pub fn new_dict_with_capacity(&self, entries: usize) -> ObjectOf<Dict> {
        self.allocate(Dict::with_capacity(entries))
    }
}
