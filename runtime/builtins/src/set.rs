//! `set` and `frozenset`.

use crate::dict::{class_get_item, one_argument, sizes_allow};
use bytecode::opcode::Comparison;
use object::call::Args;
use object::cell::{Visitor, VmCell};
use object::dict::table::Quick;
use object::dict::{Dict, hash_key};
use object::exception;
use object::instance::size_of_instance;
use object::native::{PayloadInfo, flag};
use object::str::StrBuilder;
use object::{Method, Object, ObjectOf, Payload, PyResult, Ref, RefOf, Slots, Type, TypeSpec, Vm, method};
use std::cell::Cell;
use std::ops::Deref;
use table::{Place, Seen, Table};

pub mod iterator;
pub mod operations;
pub mod table;

pub use operations::{difference_update, symmetric_difference_update, update};

/// What sets and frozen sets have in common.
#[derive(Default)]
pub struct Core {
    table: VmCell<Table>,
}

/// The payload of a `set`.
#[derive(Default)]
pub struct Set {
    core: Core,
}

/// The payload of a `frozenset`.
#[derive(Default)]
pub struct FrozenSet {
    core: Core,
    /// -1: not computed.
    hash: Cell<i64>,
}

impl Deref for Set {
    type Target = Core;

    fn deref(&self) -> &Core {
        &self.core
    }
}

impl Deref for FrozenSet {
    type Target = Core;

    fn deref(&self) -> &Core {
        &self.core
    }
}

impl Core {
    fn traverse(&self, visitor: &mut Visitor<'_>) {
        for (_, key) in self.table.visit(visitor).iter() {
            visitor.visit(key.borrow());
        }
    }
}

impl Payload for Set {
    fn class() -> &'static Type {
        &SET
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        self.core.traverse(visitor);
    }

    fn clear(&self, vm: &mut Vm) {
        self.core.clear(vm);
    }
}

impl Payload for FrozenSet {
    fn class() -> &'static Type {
        &FROZEN_SET
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        self.core.traverse(visitor);
    }

    fn clear(&self, vm: &mut Vm) {
        self.core.clear(vm);
    }
}

const COMMON_SLOTS: Slots = Slots {
    repr: Some(repr),
    len: Some(len),
    contains: Some(contains),
    iter: Some(iterator::new),
    compare: Some(compare),
    subtract: Some(operations::subtract),
    and: Some(operations::and),
    or: Some(operations::or),
    xor: Some(operations::xor),
    ..Slots::NONE
};

/// `set`
pub static SET: Type = Type::new(&SET_SPEC);
static SET_SPEC: TypeSpec = TypeSpec {
    name: "set",
    doc: "Build an unordered collection of unique elements.",
    flags: flag::BASE_TYPE | flag::MATCH_SELF | flag::WEAK_REFERENCES,
    payload: PayloadInfo::of::<Set>(),
    signature: "(iterable=(), /)",
    slots: Slots {
        new: Some(new),
        init: Some(init),
        inplace_subtract: Some(operations::inplace_subtract),
        inplace_and: Some(operations::inplace_and),
        inplace_or: Some(operations::inplace_or),
        inplace_xor: Some(operations::inplace_xor),
        ..COMMON_SLOTS
    },
    methods: &[
        method!(Binary add_method as "add" "($self, object, /)", "Add an element to a set.\n\nThis has no effect if the element is already present."),
        method!(Unary clear "($self, /)", "Remove all elements from this set."),
        method!(Binary discard "($self, object, /)", "Remove an element from a set if it is a member.\n\nUnlike set.remove(), the discard() method does not raise\nan exception when an element is missing from the set."),
        method!(Binary remove "($self, object, /)", "Remove an element from a set; it must be a member.\n\nIf the element is not a member, raise a KeyError."),
        method!(Unary pop "($self, /)", "Remove and return an arbitrary set element.\n\nRaises KeyError if the set is empty."),
        UPDATE,
        DIFFERENCE_UPDATE,
        INTERSECTION_UPDATE,
        SYMMETRIC_DIFFERENCE_UPDATE,
        UNION,
        DIFFERENCE,
        INTERSECTION,
        SYMMETRIC_DIFFERENCE,
        IS_DISJOINT,
        IS_SUBSET,
        IS_SUPERSET,
        COPY,
        REDUCE,
        SIZE_OF,
        method!(Binary class_get_item as "__class_getitem__" "($type, object, /)", "sets are generic over the type of their elements").class_method(),
    ],
    ..TypeSpec::DEFAULT
};

/// `frozenset`
pub static FROZEN_SET: Type = Type::new(&FROZEN_SET_SPEC);
static FROZEN_SET_SPEC: TypeSpec = TypeSpec {
    name: "frozenset",
    doc: "Build an immutable unordered collection of unique elements.",
    flags: flag::BASE_TYPE | flag::MATCH_SELF | flag::WEAK_REFERENCES,
    payload: PayloadInfo::of::<FrozenSet>(),
    signature: "(iterable=(), /)",
    slots: Slots { new: Some(new_frozen), hash: Some(hash), ..COMMON_SLOTS },
    methods: &[
        UNION,
        DIFFERENCE,
        INTERSECTION,
        SYMMETRIC_DIFFERENCE,
        IS_DISJOINT,
        IS_SUBSET,
        IS_SUPERSET,
        COPY,
        REDUCE,
        SIZE_OF,
        method!(Binary class_get_item as "__class_getitem__" "($type, object, /)", "frozensets are generic over the type of their elements")
            .class_method(),
    ],
    ..TypeSpec::DEFAULT
};

use operations::{
    difference, difference_update_method, intersection, intersection_update, is_disjoint, is_subset_method, is_superset_method, symmetric_difference,
    symmetric_difference_update_method, union, update_method,
};

const UPDATE: Method = method!(Many update_method as "update" "($self, /, *others)", "Update the set, adding elements from all others.");
const DIFFERENCE_UPDATE: Method =
    method!(Many difference_update_method as "difference_update" "($self, /, *others)", "Update the set, removing elements found in others.");
const INTERSECTION_UPDATE: Method =
    method!(Many intersection_update "($self, /, *others)", "Update the set, keeping only elements found in it and all others.");
const SYMMETRIC_DIFFERENCE_UPDATE: Method = method!(
    Binary symmetric_difference_update_method as "symmetric_difference_update" "($self, other, /)",
    "Update the set, keeping only elements found in either set, but not in both."
);
const UNION: Method = method!(Many union "($self, /, *others)", "Return a new set with elements from the set and all others.");
const DIFFERENCE: Method = method!(Many difference "($self, /, *others)", "Return a new set with elements in the set that are not in the others.");
const INTERSECTION: Method = method!(Many intersection "($self, /, *others)", "Return a new set with elements common to the set and all others.");
const SYMMETRIC_DIFFERENCE: Method =
    method!(Binary symmetric_difference "($self, other, /)", "Return a new set with elements in either the set or other but not both.");
const IS_DISJOINT: Method = method!(Binary is_disjoint as "isdisjoint" "($self, other, /)", "Return True if two sets have a null intersection.");
const IS_SUBSET: Method = method!(Binary is_subset_method as "issubset" "($self, other, /)", "Report whether another set contains this set.");
const IS_SUPERSET: Method = method!(Binary is_superset_method as "issuperset" "($self, other, /)", "Report whether this set contains another set.");
const COPY: Method = method!(Unary copy "($self, /)", "Return a shallow copy of a set.");
const REDUCE: Method = method!(Unary reduce as "__reduce__" "($self, /)", "Return state information for pickling.");
const SIZE_OF: Method = method!(Unary size_of as "__sizeof__" "($self, /)", "S.__sizeof__() -> size of S in memory, in bytes.");

/// The members of a set or frozen set.
#[inline]
pub fn core(object: Ref<'_>) -> Option<&Core> {
    if let Some(set) = object.downcast::<Set>() {
        return Some(&set.get().core);
    }
    Some(&object.downcast::<FrozenSet>()?.get().core)
}

/// Whether an object is a set or frozen set.
pub fn is_any_set(object: Ref<'_>) -> bool {
    core(object).is_some()
}

fn this(object: Ref<'_>) -> &Core {
    core(object).expect("the method belongs to sets")
}

/// A new empty set.
pub fn new_set(vm: &Vm) -> ObjectOf<Set> {
    vm.allocate(Set::default())
}

/// `set(iterable)`
pub fn from_iterable(vm: &mut Vm, iterable: Ref<'_>) -> PyResult<ObjectOf<Set>> {
    let set = new_set(vm);
    update(vm, &set, iterable)?;
    Ok(set)
}

/// `frozenset(iterable)`
pub fn frozen_from_iterable(vm: &mut Vm, iterable: Ref<'_>) -> PyResult {
    if iterable.is_exactly(&FROZEN_SET) {
        return Ok(iterable.to_owned());
    }
    let set = vm.allocate(FrozenSet { hash: Cell::new(-1), ..FrozenSet::default() });
    update(vm, &set, iterable)?;
    Ok(set.into_object())
}

/// `set.add(key)`; whether the key is new.
pub fn add(vm: &mut Vm, set: &Core, key: Ref<'_>) -> PyResult<bool> {
    let hash = hash_key(vm, key, ELEMENT)?;
    set.add_with_hash(vm, key, hash)
}

const ELEMENT: &str = "a set element";

/// The hash to look a key up by; a set is looked up as a frozen set of the same members would be.
fn lookup_hash(vm: &mut Vm, key: Ref<'_>) -> PyResult<i64> {
    match hash_key(vm, key, ELEMENT) {
        Err(raised) if key.downcast::<Set>().is_some() => {
            vm.catch_if(raised, &exception::TYPE_ERROR)?;
            Ok(this(key).table.get(vm).content_hash())
        }
        result => result,
    }
}

impl Core {
    #[inline]
    pub fn len(&self, vm: &Vm) -> usize {
        self.table.get(vm).len()
    }

    #[inline]
    pub fn is_empty(&self, vm: &Vm) -> bool {
        self.len(vm) == 0
    }

    /// The members as they are now.
    pub fn snapshot(&self, vm: &Vm) -> Vec<Object> {
        self.table.get(vm).iter().map(|(_, key)| key.clone()).collect()
    }

    /// The member at `position` or the first after it: the position to go on from, hash and key.
    #[inline]
    pub fn entry_at<'a>(&'a self, vm: &'a Vm, position: usize) -> Option<(usize, i64, Ref<'a>)> {
        self.table.get(vm).entry_from(position)
    }

    #[inline]
    fn find(&self, vm: &mut Vm, key: Ref<'_>, hash: i64) -> PyResult<Option<usize>> {
        match self.table.get(vm).find_quick(key, hash) {
            Quick::Found(slot) => Ok(Some(slot)),
            Quick::Absent => Ok(None),
            Quick::Unknown => self.find_slow(vm, key, hash),
        }
    }

    /// Compares with `__eq__`, and starts again if that changes the set.
    #[cold]
    fn find_slow(&self, vm: &mut Vm, key: Ref<'_>, hash: i64) -> PyResult<Option<usize>> {
        'restart: loop {
            let table = self.table.get(vm);
            let (mut probe, generation) = (table.probe(hash), table.generation());
            loop {
                let table = self.table.get(vm);
                let candidate = match table.look(probe.slot, hash) {
                    Seen::End => return Ok(None),
                    Seen::Other => None,
                    Seen::Candidate(candidate) if candidate.is(key) => return Ok(Some(probe.slot)),
                    Seen::Candidate(candidate) => Some(candidate.to_owned()),
                };
                if let Some(candidate) = candidate {
                    let equal = vm.equal(candidate.borrow(), key)?;
                    let table = self.table.get(vm);
                    if table.generation() != generation || !table.key_at(probe.slot).is_some_and(|now| now.is(candidate.borrow())) {
                        continue 'restart;
                    }
                    if equal {
                        return Ok(Some(probe.slot));
                    }
                }
                probe.advance();
            }
        }
    }

    #[inline]
    pub fn add_with_hash(&self, vm: &mut Vm, key: Ref<'_>, hash: i64) -> PyResult<bool> {
        let table = self.table.get_mut(vm);
        table.make_first();
        match table.add_quickly(key, hash) {
            Some(is_new) => Ok(is_new),
            None => self.add_slowly(vm, key, hash),
        }
    }

    fn add_slowly(&self, vm: &mut Vm, key: Ref<'_>, hash: i64) -> PyResult<bool> {
        let table = self.table.get(vm);
        let place = table.place_of(key, hash);
        let growth = table.growth();
        match place {
            Place::Taken(_) => return Ok(false),
            Place::Free(slot) if growth == 0 => {
                self.table.get_mut(vm).insert_at(slot, hash, key.to_owned());
                return Ok(true);
            }
            Place::Free(_) => {}
            Place::Unknown if self.find_slow(vm, key, hash)?.is_some() => return Ok(false),
            Place::Unknown => {}
        }
        let growth = self.table.get(vm).growth();
        vm.check_room(growth)?;
        self.table.get_mut(vm).insert(hash, key.to_owned());
        Ok(true)
    }

    pub fn remove_with_hash(&self, vm: &mut Vm, key: Ref<'_>, hash: i64) -> PyResult<bool> {
        let found = self.find(vm, key, hash)?;
        let removed = found.and_then(|slot| self.table.get_mut(vm).remove(slot));
        Ok(removed.is_some())
    }

    pub fn contains_with_hash(&self, vm: &mut Vm, key: Ref<'_>, hash: i64) -> PyResult<bool> {
        Ok(self.find(vm, key, hash)?.is_some())
    }

    /// `key in self`
    #[inline]
    pub fn contains(&self, vm: &mut Vm, key: Ref<'_>) -> PyResult<bool> {
        let hash = lookup_hash(vm, key)?;
        self.contains_with_hash(vm, key, hash)
    }

    pub fn clear(&self, vm: &mut Vm) {
        let old = self.table.get_mut(vm).take_all();
        drop(old);
    }

    fn replace_table(&self, vm: &mut Vm, table: Table) {
        let old = self.table.get_mut(vm).replace(table);
        drop(old);
    }

    /// Whether every member of `self` is one of `other`.
    fn is_subset(&self, vm: &mut Vm, other: &Core) -> PyResult<bool> {
        if self.len(vm) > other.len(vm) {
            return Ok(false);
        }
        if let Some(is_within) = self.table.get(vm).is_within(other.table.get(vm)) {
            return Ok(is_within);
        }
        let mut position = 0;
        while let Some((next, hash, key)) = self.entry_at(vm, position) {
            let key = key.to_owned();
            position = next;
            if !other.contains_with_hash(vm, key.borrow(), hash)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

fn new(vm: &mut Vm, class: RefOf<'_, Type>, _args: Args<'_>) -> PyResult {
    Ok(vm.allocate_in(&class, Set::default()))
}

fn init(vm: &mut Vm, set: Ref<'_>, args: Args<'_>) -> PyResult<()> {
    let iterable = one_argument(vm, "set", args)?;
    this(set).clear(vm);
    match iterable {
        Some(iterable) => update(vm, this(set), iterable),
        None => Ok(()),
    }
}

fn new_frozen(vm: &mut Vm, class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    let own_init = class.slots().init.map(|init| init as usize) == FROZEN_SET.slots().init.map(|init| init as usize);
    let iterable = if own_init { one_argument(vm, "frozenset", args)? } else { args.positionals().first().copied() };
    if class.object().is(FROZEN_SET.object())
        && let Some(same) = iterable.filter(|iterable| iterable.is_exactly(&FROZEN_SET))
    {
        return Ok(same.to_owned());
    }
    let set = vm.allocate_in(&class, FrozenSet { hash: Cell::new(-1), ..FrozenSet::default() });
    if let Some(iterable) = iterable {
        update(vm, this(set.borrow()), iterable)?;
    }
    Ok(set)
}

fn repr(vm: &mut Vm, set: Ref<'_>) -> PyResult {
    let name = set.class().name().to_owned();
    if this(set).is_empty(vm) {
        return Ok(vm.new_str(&format!("{name}()")).into_object());
    }
    vm.guard_repr(set, &format!("{name}(...)"), |vm| repr_members(vm, set, &name))
}

fn repr_members(vm: &mut Vm, set: Ref<'_>, name: &str) -> PyResult {
    let plain = set.is_exactly(&SET);
    let mut text = StrBuilder::default();
    if !plain {
        text.push_str(name);
        text.push_str("(");
    }
    text.push_str("{");
    for (index, member) in this(set).snapshot(vm).into_iter().enumerate() {
        if index > 0 {
            text.push_str(", ");
        }
        text.push_object(&*vm.repr(member.borrow())?);
    }
    text.push_str(if plain { "}" } else { "})" });
    Ok(text.finish(vm).into_object())
}

fn hash(vm: &mut Vm, set: Ref<'_>) -> PyResult<i64> {
    let set = set.downcast::<FrozenSet>().expect("the slot belongs to frozen sets");
    if set.hash.get() == -1 {
        set.hash.set(set.table.get(vm).content_hash());
    }
    Ok(set.hash.get())
}

fn len(vm: &mut Vm, set: Ref<'_>) -> PyResult<usize> {
    Ok(this(set).len(vm))
}

fn contains(vm: &mut Vm, set: Ref<'_>, key: Ref<'_>) -> PyResult<bool> {
    this(set).contains(vm, key)
}

/// Whether a key is a member, if this is a plain set or frozenset.
#[inline]
pub fn contains_plainly(vm: &mut Vm, set: Ref<'_>, key: Ref<'_>) -> Option<PyResult<bool>> {
    (set.is_exactly(&SET) || set.is_exactly(&FROZEN_SET)).then(|| this(set).contains(vm, key))
}

/// Whether a key with this hash is a member of a plain set or frozenset, if that can be said without running Python.
#[inline]
pub fn contains_quickly(vm: &Vm, set: Ref<'_>, key: Ref<'_>, hash: i64) -> Option<bool> {
    if !set.is_exactly(&SET) && !set.is_exactly(&FROZEN_SET) {
        return None;
    }
    match this(set).table.get(vm).find_quick(key, hash) {
        Quick::Found(_) => Some(true),
        Quick::Absent => Some(false),
        Quick::Unknown => None,
    }
}

fn compare(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>, op: Comparison) -> PyResult {
    let (Some(a), Some(b)) = (core(left), core(right)) else { return Ok(Object::not_implemented()) };
    let (size, other) = (a.len(vm), b.len(vm));
    let result = sizes_allow(size, other, op)
        && match op {
            Comparison::Equal => equal(vm, left, right)?,
            Comparison::NotEqual => size != other || !equal(vm, left, right)?,
            Comparison::Less | Comparison::LessEqual => a.is_subset(vm, b)?,
            Comparison::Greater | Comparison::GreaterEqual => b.is_subset(vm, a)?,
        };
    Ok(Object::bool(result))
}

/// Whether two sets of the same size are equal.
fn equal(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>) -> PyResult<bool> {
    let known = |set: Ref<'_>| set.downcast::<FrozenSet>().map(|set| set.get().hash.get()).filter(|&hash| hash != -1);
    if let (Some(a), Some(b)) = (known(left), known(right))
        && a != b
    {
        return Ok(false);
    }
    this(left).is_subset(vm, this(right))
}

fn add_method(vm: &mut Vm, set: Ref<'_>, key: Ref<'_>) -> PyResult {
    add(vm, this(set), key)?;
    Ok(Object::none())
}

fn clear(vm: &mut Vm, set: Ref<'_>) -> PyResult {
    this(set).clear(vm);
    Ok(Object::none())
}

fn discard(vm: &mut Vm, set: Ref<'_>, key: Ref<'_>) -> PyResult {
    let hash = lookup_hash(vm, key)?;
    this(set).remove_with_hash(vm, key, hash)?;
    Ok(Object::none())
}

fn remove(vm: &mut Vm, set: Ref<'_>, key: Ref<'_>) -> PyResult {
    let hash = lookup_hash(vm, key)?;
    if this(set).remove_with_hash(vm, key, hash)? { Ok(Object::none()) } else { Err(vm.key_error(key)) }
}

fn pop(vm: &mut Vm, set: Ref<'_>) -> PyResult {
    match this(set).table.get_mut(vm).pop() {
        Some(member) => Ok(member),
        None => Err(vm.raise(&exception::KEY_ERROR, "pop from an empty set")),
    }
}

fn copy(vm: &mut Vm, set: Ref<'_>) -> PyResult {
    if set.is_exactly(&FROZEN_SET) {
        return Ok(set.to_owned());
    }
    operations::copy_of(vm, set)
}

fn reduce(vm: &mut Vm, set: Ref<'_>) -> PyResult {
    let members = this(set).snapshot(vm);
    let members = vm.new_list(members).into_object();
    let args = vm.new_tuple([members]).into_object();
    let state = vm.call_method(set, "__getstate__", &[])?;
    Ok(vm.new_tuple([set.class().to_object(), args, state]).into_object())
}

fn size_of(vm: &mut Vm, set: Ref<'_>) -> PyResult {
    let size = size_of_instance(set) + this(set).table.get(vm).allocated_bytes();
    Ok(vm.new_uint(size as u64))
}

/// The dict whose keys can be walked directly.
fn exact_dict(object: Ref<'_>) -> Option<RefOf<'_, Dict>> {
    object.downcast_exact::<Dict>()
}
