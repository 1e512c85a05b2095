//! Where objects live: size-class blocks inside aligned segments, with a side table.
//!
//! A segment is 1 MiB, aligned to its size. Its first 64 KiB are the side table, one byte for each
//! 16-byte granule of the segment; the bytes that would describe the table itself hold the
//! descriptors of the segment's blocks. The rest is blocks of 16 KiB, each cut into cells of
//! one size for one kind of object (those the collector looks at, and leaves). An object over 8 KiB
//! has a run of blocks; one over half a segment a mapping of its own whose start looks like a segment.
//! A block whose last cell is freed goes back to its segment, to be used for anything.
//!
//! So everything about an object but its count (allocated, marked, watched by weak references,
//! finalised) is found from its address, outside the page it is on: the collector writes to no page
//! that holds objects, and forked processes keep sharing them.

pub mod quick;
mod release;
pub mod reserve;
mod segment;
#[cfg(test)]
mod tests;

use crate::value::Header;
use abi::heap::{GRANULE, SEGMENT};
use segment::{BLOCK, Block, Free, Memory};
use std::cell::{Cell, UnsafeCell};

pub(crate) use release::release;
pub use segment::can_allocate;

const LARGEST_CELL: usize = BLOCK / 2;

/// What the system gives memory by.
const PAGE: usize = 4 << 10;

/// Bits of a byte of the side table, for the granule at which an object starts.
pub(crate) mod bit {
    /// An object starts here.
    pub(crate) const LIVE: u8 = 0x01;
    /// The collector follows its references. In a block of such objects, one without the bit has been found to refer to
    /// nothing that could be part of a cycle.
    pub(crate) const TRACED: u8 = 0x02;
    /// Survived a collection.
    pub(crate) const OLD: u8 = 0x04;
    /// Weak references to it exist.
    pub(crate) const WEAKLY_REFERENCED: u8 = 0x08;
    /// Its finaliser was queued once.
    pub(crate) const FINALIZED: u8 = 0x10;
    /// In the set a running collection looks at, and not found reachable.
    pub(crate) const MARK: u8 = 0x20;
    /// Set aside by `gc.freeze`.
    pub(crate) const FROZEN: u8 = 0x40;
}

/// One list of blocks for each cell size and kind.
const N_CLASSES: usize = 64;

struct Class {
    /// The block that cells are taken from; null before the first.
    current: Cell<*mut Block>,
    /// The first of the other blocks that have room.
    with_room: Cell<*mut Block>,
}

struct Heap {
    /// How many more traced objects may be made before a collection is due.
    until_collection: Cell<isize>,
    /// `until_collection` right after the last collection.
    young_limit: Cell<isize>,
    releasing: Cell<u32>,
    has_postponed: Cell<bool>,
    classes: [[Class; N_CLASSES]; 2],
    memory: Memory,
    postponed: UnsafeCell<Vec<*mut Header>>,
}

// SAFETY: the heap is touched only by the thread that holds the global lock.
unsafe impl Sync for Heap {}

static HEAP: Heap = Heap::new();

/// The class of a cell of `size` bytes: every 16 bytes up to 512, then in steps of an eighth.
#[inline]
const fn class_of(size: usize) -> usize {
    if size <= 512 {
        return size.div_ceil(16) - 1;
    }
    let log = usize::BITS as usize - 1 - (size - 1).leading_zeros() as usize;
    32 + (log - 9) * 4 + (((size - 1) >> (log - 2)) & 3)
}

const fn class_size(class: usize) -> usize {
    if class < 32 {
        return (class + 1) * 16;
    }
    let (log, step) = (9 + (class - 32) / 4, (class - 32) % 4);
    (1 << log) + ((step + 1) << (log - 2))
}

#[inline]
fn segment_of(address: usize) -> usize {
    address & !(SEGMENT - 1)
}

#[inline]
fn side(address: usize) -> *mut u8 {
    (segment_of(address) + (address & (SEGMENT - 1)) / GRANULE) as *mut u8
}

#[inline]
fn block_of(address: usize) -> *mut Block {
    let segment = segment_of(address);
    (segment as *mut Block).wrapping_add((address - segment) / BLOCK)
}

fn block_start(block: *mut Block) -> usize {
    let segment = segment_of(block.addr());
    segment + (block.addr() - segment) / size_of::<Block>() * BLOCK
}

/// The side-table bits of the object at `address`.
#[inline]
pub(crate) fn bits(address: usize) -> u8 {
    // SAFETY: the address is an object's, so its segment's table is mapped.
    unsafe { *side(address) }
}

#[inline]
pub(crate) fn set_bits(address: usize, bits: u8) {
    // SAFETY: as for `bits`.
    unsafe { *side(address) |= bits }
}

#[inline]
pub(crate) fn clear_bits(address: usize, bits: u8) {
    // SAFETY: as for `bits`.
    unsafe { *side(address) &= !bits }
}

/// The number of live heap objects.
pub fn live_objects() -> usize {
    HEAP.live()
}

/// Traced objects made since the last collection, less those freed.
#[inline]
pub fn young_objects() -> isize {
    HEAP.young_limit.get() - HEAP.until_collection.get()
}

/// Starts counting anew; a collection is asked for after `limit` more traced objects.
pub(crate) fn reset_young(limit: isize) {
    HEAP.young_limit.set(limit);
    HEAP.until_collection.set(limit);
}

/// Asks for a collection once there are `limit` young objects.
pub(crate) fn set_young_limit(limit: isize) {
    let young = young_objects();
    HEAP.young_limit.set(limit);
    HEAP.until_collection.set(limit - young);
}

/// Lets some more objects be made before a collection is asked for again.
pub(crate) fn postpone_collection(n: isize) {
    HEAP.young_limit.set(HEAP.young_limit.get() + n);
    HEAP.until_collection.set(HEAP.until_collection.get() + n);
}

/// Memory for an object of `size` bytes. Its contents are undefined.
///
/// # Safety
///
/// The caller writes a valid header before anything can look at the object.
#[inline]
pub(crate) unsafe fn allocate(size: usize, traced: bool) -> *mut Header {
    HEAP.allocate(size, traced)
}

/// Gives an object's memory back.
///
/// # Safety
///
/// The payload has been dropped and nobody refers to the object.
#[inline]
pub(crate) unsafe fn free(pointer: *mut Header) {
    // SAFETY: the caller's promise.
    unsafe { HEAP.free(pointer) }
}

/// Bytes of the memory an object has, which may be more than it asked for.
pub(crate) fn capacity(address: usize) -> usize {
    // SAFETY: the object's block, or the mapping it has for itself, has a descriptor.
    segment::capacity(unsafe { &*block_of(address) })
}

/// The collector's count of the object at `address`; undefined before it is set.
#[inline]
pub(crate) fn count_of<'a>(address: usize) -> &'a Cell<u32> {
    segment::count_of(address)
}

/// To be called after a collection that looked at all objects: its counts are not kept.
pub(crate) fn forget_counts() {
    HEAP.memory.forget_counts();
}

/// A part of the heap.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// Blocks that handed out a cell since the last time this part was asked for.
    Young,
    /// All but the blocks in which everything is immortal.
    Mortal,
    All,
}

/// Calls `each` with every live traced object of a part. Nothing is allocated or freed meanwhile.
pub(crate) fn for_each_traced(part: Part, each: &mut impl FnMut(*mut Header, u8)) {
    HEAP.for_each_traced(part, each);
}

/// Calls `each` with every live object, traced or not. Nothing is allocated or freed meanwhile.
pub(crate) fn for_each_live(each: &mut impl FnMut(*mut Header, u8)) {
    HEAP.for_each_live(each);
}

/// To be called after objects were made immortal: no new objects are put between them, on pages that forked
/// processes should go on sharing, and the collector looks at them no more.
pub(crate) fn close_immortal_blocks() {
    HEAP.close();
}

impl Heap {
    const fn new() -> Heap {
        Heap {
            until_collection: Cell::new(DEFAULT_YOUNG_LIMIT),
            young_limit: Cell::new(DEFAULT_YOUNG_LIMIT),
            releasing: Cell::new(0),
            has_postponed: Cell::new(false),
            classes: [const { [const { Class { current: Cell::new(std::ptr::null_mut()), with_room: Cell::new(std::ptr::null_mut()) } }; N_CLASSES] };
                2],
            memory: Memory::new(),
            postponed: UnsafeCell::new(Vec::new()),
        }
    }

    #[inline]
    fn allocate(&self, size: usize, traced: bool) -> *mut Header {
        if traced {
            let left = self.until_collection.get() - 1;
            self.until_collection.set(left);
            if left < 0 {
                crate::collector::ask_for_collection();
            }
        }
        if size > LARGEST_CELL {
            return self.memory.allocate_large(size, traced);
        }
        let class = &self.classes[usize::from(traced)][class_of(size)];
        // SAFETY: a class's current block is a descriptor in a mapped segment.
        if let Some(block) = unsafe { class.current.get().as_ref() }
            && !block.free.get().is_null()
        {
            return take_cell(block, traced);
        }
        self.allocate_slow(size, traced)
    }

    #[cold]
    #[inline(never)]
    fn allocate_slow(&self, size: usize, traced: bool) -> *mut Header {
        let number = class_of(size);
        let class = &self.classes[usize::from(traced)][number];
        loop {
            let current = class.current.get();
            // SAFETY: blocks in a class's lists are descriptors in mapped segments.
            if let Some(block) = unsafe { current.as_ref() } {
                if block.free.get().is_null() {
                    refill(block, block_start(current));
                }
                if !block.free.get().is_null() {
                    return take_cell(block, traced);
                }
                block.listed.set(false);
            }
            let next = class.with_room.get();
            class.current.set(if next.is_null() {
                self.new_block(class_size(number), (number + usize::from(traced) * N_CLASSES) as u16)
            } else {
                unlink(class, next);
                next
            });
        }
    }

    fn new_block(&self, cell: usize, class: u16) -> *mut Block {
        let descriptor = self.memory.take_run(1);
        // SAFETY: the block has a descriptor.
        let block = unsafe { &*descriptor };
        block.free.set(std::ptr::null_mut());
        block.fresh.set(0);
        block.cell.set(cell as u32);
        block.class.set(class);
        block.live.set(0);
        block.run.set(0);
        block.young.set(false);
        block.in_use.set(true);
        block.closed.set(false);
        block.listed.set(true);
        descriptor
    }

    /// # Safety
    ///
    /// As for [`free`].
    #[inline]
    unsafe fn free(&self, pointer: *mut Header) {
        let address = pointer.addr();
        let descriptor = block_of(address);
        // SAFETY: the address is an object's, and its block has a descriptor.
        let block = unsafe {
            *side(address) = 0;
            &*descriptor
        };
        if usize::from(block.class.get()) >= N_CLASSES {
            // What was made before the last collection gives no room to young objects.
            let left = self.until_collection.get();
            if left < self.young_limit.get() {
                self.until_collection.set(left + 1);
            }
        }
        let cell = address as *mut Free;
        // SAFETY: the cell is unused from now on.
        unsafe { cell.write(Free { next: block.free.get() }) };
        block.free.set(cell);
        let live = block.live.get() - 1;
        block.live.set(live);
        if live == 0 || !block.listed.get() {
            self.block_changed(block, descriptor);
        }
    }

    /// Sees to a block that is empty now, or has room again.
    #[cold]
    #[inline(never)]
    fn block_changed(&self, block: &Block, descriptor: *mut Block) {
        if block.run.get() != 0 {
            return self.memory.free_large(descriptor);
        }
        let number = usize::from(block.class.get());
        let class = &self.classes[number / N_CLASSES][number % N_CLASSES];
        if block.live.get() > 0 {
            block.listed.set(true);
            return link(class, descriptor);
        }
        // The current block stays, lest one cell that comes and goes make blocks come and go; unless
        // it is all that keeps a segment.
        if std::ptr::eq(class.current.get(), descriptor) {
            if !self.memory.is_last_of_segment(descriptor) {
                return;
            }
            class.current.set(std::ptr::null_mut());
        } else if block.listed.get() {
            unlink(class, descriptor);
        }
        self.memory.give_back(descriptor, 1);
    }
}

/// CPython's default.
const DEFAULT_YOUNG_LIMIT: isize = 2000;

/// Takes a cell off the free list, which is not empty.
#[inline]
fn take_cell(block: &Block, traced: bool) -> *mut Header {
    let free = block.free.get();
    // SAFETY: free cells hold a link to the next.
    block.free.set(unsafe { (*free).next });
    block.live.set(block.live.get() + 1);
    block.young.set(true);
    // SAFETY: the cell lies in a mapped segment.
    unsafe { *side(free.addr()) = bit::LIVE | if traced { bit::TRACED } else { 0 } };
    free.cast()
}

/// Puts never used cells on the free list: few enough that untouched pages stay untouched.
fn refill(block: &Block, start: usize) {
    let cell = block.cell.get() as usize;
    let (from, capacity) = (block.fresh.get() as usize, BLOCK / cell);
    let to = (from + (PAGE / cell).clamp(1, 64)).min(capacity);
    let mut next = std::ptr::null_mut();
    for index in (from..to).rev() {
        let free = (start + index * cell) as *mut Free;
        // SAFETY: the cell lies inside the block and is unused.
        unsafe { free.write(Free { next }) };
        next = free;
    }
    block.free.set(next);
    block.fresh.set(to as u32);
}

/// Puts a block at the front of its class's list.
fn link(class: &Class, descriptor: *mut Block) {
    let first = class.with_room.get();
    // SAFETY: listed blocks have descriptors.
    unsafe {
        (*descriptor).next.set(first);
        (*descriptor).previous.set(std::ptr::null_mut());
        if let Some(first) = first.as_ref() {
            first.previous.set(descriptor);
        }
    }
    class.with_room.set(descriptor);
}

/// Takes a block out of its class's list.
fn unlink(class: &Class, descriptor: *mut Block) {
    // SAFETY: listed blocks have descriptors.
    unsafe {
        let (next, previous) = ((*descriptor).next.get(), (*descriptor).previous.get());
        if let Some(next) = next.as_ref() {
            next.previous.set(previous);
        }
        match previous.as_ref() {
            Some(previous) => previous.next.set(next),
            None => class.with_room.set(next),
        }
    }
}
