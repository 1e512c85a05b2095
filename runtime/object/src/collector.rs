//! The cyclic garbage collector.
//!
//! It finds cycles the way CPython's does: of a set of objects, those whose references all come from
//! within the set, and that nothing outside can reach, are garbage. The difference is where it
//! keeps its notes: in tables of its own and in the heap's side table, never in the objects, so that a
//! collection leaves the pages that hold live objects as they are.
//!
//! A young collection looks at the objects made since the last one; those that survive are old and are
//! looked at by full collections only.

use crate::cell::{Mode, Visitor, VmCell};
use crate::class::Type;
use crate::heap::{self, Part, bit};
use crate::instance;
use crate::tuple::{TUPLE, Tuple};
use crate::value::{Header, Object, Ref};
use crate::vm::{Vm, breaker, breaker_reasons, clear_breaker, set_breaker};
use crate::weak;
use std::hash::Hasher;

mod immortal;
pub(crate) mod order;

pub use immortal::immortalize_heap;
pub use order::order_of_ends;

/// Which objects a collection looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Generation {
    Young,
    Full,
}

/// The collector's settings and counts, as the `gc` module shows them.
pub struct State {
    pub enabled: bool,
    /// Young objects that start a young collection, see [`young_limit`]; young ones before a full one; unused.
    pub thresholds: [i64; 3],
    pub collections: [u64; 3],
    pub collected: [u64; 3],
    pub uncollectable: [u64; 3],
    /// `gc.DEBUG_*`
    pub debug: u32,
    collecting: bool,
    /// Whether the program has a say in when collections run.
    are_thresholds_set: bool,
    young_since_full: i64,
    old_at_full: usize,
    n_old: usize,
}

/// `gc.DEBUG_SAVEALL`: garbage goes to `gc.garbage` instead of being freed.
pub const DEBUG_SAVE_ALL: u32 = 32;

static STATE: VmCell<State> = VmCell::new(State {
    enabled: true,
    thresholds: [2000, 10, 0],
    collections: [0; 3],
    collected: [0; 3],
    uncollectable: [0; 3],
    debug: 0,
    collecting: false,
    are_thresholds_set: false,
    young_since_full: 0,
    old_at_full: 0,
    n_old: 0,
});

/// The collector's state.
pub fn state(vm: &mut Vm) -> &mut State {
    STATE.get_mut(vm)
}

/// Changes when collections run.
pub fn set_thresholds(vm: &mut Vm, thresholds: [i64; 3]) {
    let state = STATE.get_mut(vm);
    (state.thresholds, state.are_thresholds_set) = (thresholds, true);
    heap::set_young_limit(young_limit(state));
}

/// How many young objects start a collection: as many as the threshold says, and in a program that has had many collections and never set a threshold up to
/// five times that. What is in use when a collection happens to run becomes old, so there is less of it the fewer there are, while so many objects still fit into
/// the processor's cache.
fn young_limit(state: &State) -> isize {
    let factor = if state.are_thresholds_set { 1 } else { (1 + state.collections[0] / 8).min(5) };
    factor as isize * state.thresholds[0] as isize
}

/// `gc.enable` and `gc.disable`
pub fn set_enabled(vm: &mut Vm, enabled: bool) {
    let state = STATE.get_mut(vm);
    state.enabled = enabled;
    heap::set_young_limit(young_limit(state));
}

/// What a collection found.
#[derive(Debug, Default)]
pub struct Outcome {
    pub collected: usize,
    /// With [`DEBUG_SAVE_ALL`]: the garbage, for `gc.garbage`.
    pub saved: Vec<Object>,
}

/// Addresses are spread by a multiplication; they need no more.
#[derive(Default)]
pub(crate) struct AddressHasher(u64);

impl Hasher for AddressHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        }
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = (value >> 4).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 ^= self.0 >> 32;
    }

    fn write_usize(&mut self, value: usize) {
        self.write_u64(value as u64);
    }
}

/// Shows every reference of a traced heap object.
fn traverse(address: usize, mode: Mode<'_>) {
    let pointer = address as *mut Header;
    // SAFETY: the address is a live traced object's, and nothing else runs.
    unsafe {
        let class: &Type = &*(*pointer).ty.get();
        let mut visitor = Visitor::new(mode);
        if let Some(traverse) = class.payload().traverse {
            traverse(pointer, &mut visitor);
        }
        instance::traverse_attributes(pointer, class, &mut visitor);
    }
}

fn refcount(address: usize) -> u32 {
    // SAFETY: the address is a live object's.
    unsafe { (*(address as *const Header)).refcount.get() }
}

/// How many objects are made before a collector that is switched off is asked for again.
const POSTPONED: isize = 10_000;

/// Runs a collection if one is due; called by the evaluation loop.
pub fn collect_if_due(vm: &mut Vm) {
    clear_breaker(breaker::COLLECT);
    let state = STATE.get_mut(vm);
    if !state.enabled || state.collecting || state.thresholds[0] == 0 {
        heap::postpone_collection(POSTPONED);
        return;
    }
    state.young_since_full += 1;
    // A full collection costs as much as the heap is big: it waits until a third of it is new.
    let enough = state.old_at_full + state.old_at_full / 2;
    let mut due = state.young_since_full > state.thresholds[1].max(1) && state.n_old >= enough;
    if due {
        // Those that have been freed meanwhile were not noted.
        state.n_old = count_old();
        due = state.n_old >= enough;
    }
    let generation = if due { Generation::Full } else { Generation::Young };
    match crate::vm::hooks().collect {
        Some(collect) => {
            // What is told of the collection may make objects too.
            heap::postpone_collection(POSTPONED);
            collect(vm, generation);
        }
        None => drop(collect(vm, generation)),
    }
}

/// How many objects there are that full collections alone look at.
fn count_old() -> usize {
    let mut n = 0;
    heap::for_each_traced(Part::Mortal, &mut |_, bits| n += usize::from(bits & (bit::OLD | bit::FROZEN) == bit::OLD));
    n
}

/// Looks for garbage and frees it. Finalisers run, and weak reference callbacks.
pub fn collect(vm: &mut Vm, generation: Generation) -> Outcome {
    collect_in_order(vm, generation, &[])
}

/// The same; what is in `order`, by its address, is finalised first, and so.
pub fn collect_in_order(vm: &mut Vm, generation: Generation, order: &[usize]) -> Outcome {
    let state = STATE.get_mut(vm);
    if state.collecting {
        return Outcome::default();
    }
    state.collecting = true;
    heap::reserve::renew();
    let mut garbage = find_garbage(vm, generation);
    order::sort(&mut garbage);
    if !order.is_empty() {
        garbage = order::put_first(garbage, order);
    }
    let outcome = dispose(vm, garbage);
    let state = STATE.get_mut(vm);
    state.collecting = false;
    let index = if generation == Generation::Full { 2 } else { 0 };
    state.collections[index] += 1;
    state.collected[index] += outcome.collected as u64;
    outcome
}

/// The unreachable objects among those of a generation; survivors become old.
fn find_garbage(vm: &mut Vm, generation: Generation) -> Vec<Object> {
    let mut set = Vec::new();
    heap::for_each_traced(if generation == Generation::Full { Part::Mortal } else { Part::Young }, &mut |pointer, bits| {
        let skipped = bit::FROZEN | if generation == Generation::Young { bit::OLD } else { 0 };
        let count = refcount(pointer.addr());
        if bits & skipped == 0 && count & abi::header::IMMORTAL == 0 {
            enter(pointer.addr(), count, &mut set);
        }
    });
    mark(&set);
    let state = STATE.get_mut(vm);
    heap::reset_young(young_limit(state));
    let mut garbage = Vec::new();
    let mut survivors = 0;
    for &address in &set {
        if is_unreached(address) {
            heap::clear_bits(address, bit::MARK);
            // SAFETY: the object is alive: its count is not zero.
            garbage.push(unsafe { Ref::from_bits(address as u64) }.to_owned());
        } else if refers_to_atoms(address) {
            heap::clear_bits(address, bit::TRACED);
        } else {
            heap::set_bits(address, bit::OLD);
            survivors += 1;
        }
    }
    if generation == Generation::Full {
        (state.young_since_full, state.old_at_full, state.n_old) = (0, survivors, survivors);
        heap::forget_counts();
    } else {
        state.n_old += survivors;
    }
    garbage
}

/// Whether an object is a tuple of what can never be part of a cycle, so that it cannot either.
fn refers_to_atoms(address: usize) -> bool {
    // SAFETY: the address is a live object's.
    let object = unsafe { Ref::from_bits(address as u64) };
    let is_atom = |item: &Ref<'_>| heap_address(*item).is_none_or(|item| heap::bits(item) & bit::TRACED == 0);
    object.is_exactly(&TUPLE) && object.downcast::<Tuple>().is_some_and(|tuple| tuple.items().iter().all(is_atom))
}

/// Makes an object with this many references part of the set that is looked at.
fn enter(address: usize, references: u32, set: &mut Vec<usize>) {
    heap::count_of(address).set(references);
    heap::set_bits(address, bit::MARK);
    set.push(address);
}

/// Whether the object is part of the set and has not been found reachable.
#[inline]
fn is_unreached(address: usize) -> bool {
    heap::bits(address) & bit::MARK != 0
}

/// Takes the mark off the objects of the set that are reachable from outside of it.
fn mark(set: &[usize]) {
    for &address in set {
        traverse(address, Mode::Subtract);
    }
    let mut work: Vec<usize> = Vec::new();
    for &address in set {
        if heap::count_of(address).get() as i32 > 0 && is_unreached(address) {
            heap::clear_bits(address, bit::MARK);
            work.push(address);
        }
        while let Some(address) = work.pop() {
            traverse(address, Mode::Reach(&mut work));
        }
    }
}

/// Takes a reference from within the set off the count of an object that is in it.
#[inline]
pub(crate) fn subtract(object: Ref<'_>) {
    if let Some(address) = heap_address(object)
        && is_unreached(address)
    {
        let count = heap::count_of(address);
        count.set(count.get().wrapping_sub(1));
    }
}

/// Takes the mark off an object that has been found reachable; what it refers to is still to be looked at.
#[inline]
pub(crate) fn reach(object: Ref<'_>, work: &mut Vec<usize>) {
    if let Some(address) = heap_address(object)
        && is_unreached(address)
    {
        heap::clear_bits(address, bit::MARK);
        work.push(address);
    }
}

/// The address of an object that could be part of a set: immortal ones, native types among them, never are.
#[inline]
fn heap_address(object: Ref<'_>) -> Option<usize> {
    object.address().filter(|_| !object.is_immortal())
}

/// Runs the garbage's finalisers, and frees what is still garbage after that.
fn dispose(vm: &mut Vm, garbage: Vec<Object>) -> Outcome {
    if garbage.is_empty() {
        return Outcome::default();
    }
    weak::forget_callbacks(&garbage);
    for object in &garbage {
        if let Some(address) = object.borrow().address()
            && heap::bits(address) & bit::WEAKLY_REFERENCED != 0
        {
            weak::clear_references(address);
        }
    }
    // All callbacks come before the first finaliser.
    let mut finalizers = false;
    for object in &garbage {
        finalizers |= weak::queue_finalizer_of(object.borrow());
    }
    weak::run_queue(vm);
    let (garbage, resurrected) = if finalizers { split_resurrected(garbage) } else { (garbage, Vec::new()) };
    drop(resurrected);
    let collected = garbage.len();
    if STATE.get(vm).debug & DEBUG_SAVE_ALL != 0 {
        return Outcome { collected, saved: garbage };
    }
    for object in &garbage {
        let object = object.borrow();
        let class = object.class();
        let pointer = object.bits() as *mut Header;
        // SAFETY: the object is alive: `garbage` holds a reference to it.
        unsafe {
            if let Some(clear) = class.payload().clear {
                clear(vm, pointer);
            }
            instance::clear_attributes(pointer, class);
        }
    }
    drop(garbage);
    weak::run_queue(vm);
    Outcome { collected, saved: Vec::new() }
}

/// Takes out what finalisers made reachable again.
fn split_resurrected(garbage: Vec<Object>) -> (Vec<Object>, Vec<Object>) {
    let mut set = Vec::new();
    for object in &garbage {
        if let Some(address) = object.borrow().address() {
            // One reference is held by `garbage` itself.
            enter(address, refcount(address) - 1, &mut set);
        }
    }
    mark(&set);
    garbage.into_iter().partition(|object| {
        let unreached = object.borrow().address().filter(|&address| is_unreached(address));
        if let Some(address) = unreached {
            heap::clear_bits(address, bit::MARK);
        }
        unreached.is_some()
    })
}

/// Asks for a collection; called when enough traced objects have been made.
#[cold]
#[inline(never)]
pub(crate) fn ask_for_collection() {
    if breaker_reasons() & breaker::COLLECT == 0 {
        set_breaker(breaker::COLLECT);
    }
}

/// All objects the collector knows, for `gc.get_objects`.
pub fn objects(generation: Option<Generation>) -> Vec<Object> {
    let mut found = Vec::new();
    heap::for_each_traced(Part::All, &mut |pointer, bits| {
        let matches = match generation {
            None => true,
            Some(Generation::Young) => bits & bit::OLD == 0,
            Some(Generation::Full) => bits & bit::OLD != 0,
        };
        if matches && bits & bit::FROZEN == 0 {
            // SAFETY: the object is live.
            found.push(unsafe { Ref::from_bits(pointer.addr() as u64) }.to_owned());
        }
    });
    found
}

/// All objects of exactly one class whose instances the collector knows, those set aside included.
pub fn instances_of(class: &Type) -> Vec<Object> {
    let mut found = Vec::new();
    heap::for_each_traced(Part::All, &mut |pointer, _| {
        // SAFETY: the object is live.
        let object = unsafe { Ref::from_bits(pointer.addr() as u64) };
        if object.is_exactly(class) && object.refcount() > 0 {
            found.push(object.to_owned());
        }
    });
    found
}

/// What an object refers to, for `gc.get_referents`.
pub fn referents(object: Ref<'_>) -> Vec<Object> {
    let mut found = Vec::new();
    let native_type = object.downcast::<Type>().is_some_and(|class| !class.is_heap_type());
    if !native_type
        && let Some(address) = object.address()
        && object.class().payload().traced | object.class().is_heap_type()
    {
        traverse(address, Mode::Each(&mut |child| found.push(child.to_owned())));
    }
    if order::is_walked_backward(object) {
        found.reverse();
    }
    found
}

/// `gc.is_tracked`
pub fn is_tracked(object: Ref<'_>) -> bool {
    let native_type = object.downcast::<Type>().is_some_and(|class| !class.is_heap_type());
    !native_type && object.address().is_some_and(|address| heap::bits(address) & bit::TRACED != 0)
}

/// `gc.is_finalized`
pub fn is_finalized(object: Ref<'_>) -> bool {
    is_tracked(object) && object.address().is_some_and(|address| heap::bits(address) & bit::FINALIZED != 0)
}

/// Says that an object needs no finaliser any more, as a generator that has ended.
pub fn mark_finalized(object: Ref<'_>) {
    if let Some(address) = object.address() {
        heap::set_bits(address, bit::FINALIZED);
    }
}

/// `gc.freeze`: sets all objects aside. Returns how many.
pub fn freeze() -> usize {
    set_frozen(true)
}

/// `gc.unfreeze`
pub fn unfreeze() -> usize {
    set_frozen(false)
}

fn set_frozen(frozen: bool) -> usize {
    let mut n = 0;
    heap::for_each_traced(Part::All, &mut |pointer, bits| {
        if frozen {
            heap::set_bits(pointer.addr(), bit::FROZEN | bit::OLD);
            n += 1;
        } else if bits & bit::FROZEN != 0 {
            heap::clear_bits(pointer.addr(), bit::FROZEN);
            n += 1;
        }
    });
    n
}

/// `gc.get_freeze_count`
pub fn freeze_count() -> usize {
    let mut n = 0;
    heap::for_each_traced(Part::All, &mut |_, bits| n += usize::from(bits & bit::FROZEN != 0));
    n
}
