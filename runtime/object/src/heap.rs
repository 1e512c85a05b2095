//! Where objects live: size-class blocks inside aligned segments, with a side table.
//!
//! A segment is 1 MiB, aligned to its size. Its first 64 KiB are the side table, one byte for each
//! 16-byte granule of the segment; the bytes that would describe the table itself hold the
//! descriptors of the segment's blocks. The rest is blocks of 16 KiB, each cut into cells of
//! one size for one kind of object (those the collector looks at, and leaves). An object over 8 KiB
//! has a run of blocks, or a mapping of its own whose start looks like a segment.
//!
//! So everything about an object but its count (allocated, marked, watched by weak references,
//! finalised) is found from its address, outside the page it is on: the collector writes to no page
//! that holds objects, and forked processes keep sharing them.

use crate::class::Type;
use crate::value::Header;
use abi::heap::{GRANULE, SEGMENT};
use std::cell::{Cell, UnsafeCell};

const BLOCK: usize = 16 << 10;
const TABLE: usize = SEGMENT / GRANULE;
const FIRST_BLOCK: usize = TABLE / BLOCK;
const N_BLOCKS: usize = SEGMENT / BLOCK;
const LARGEST_CELL: usize = BLOCK / 2;
const LARGEST_RUN: usize = SEGMENT / 2;

/// Bits of a byte of the side table, for the granule at which an object starts.
pub(crate) mod bit {
    /// An object starts here.
    pub(crate) const LIVE: u8 = 0x01;
    /// The collector follows its references.
    pub(crate) const TRACED: u8 = 0x02;
    /// Survived a collection.
    pub(crate) const OLD: u8 = 0x04;
    /// Weak references to it exist.
    pub(crate) const WEAKLY_REFERENCED: u8 = 0x08;
    /// Its finaliser was queued once.
    pub(crate) const FINALIZED: u8 = 0x10;
    /// Used by a running collection.
    pub(crate) const MARK: u8 = 0x20;
    /// Set aside by `gc.freeze`.
    pub(crate) const FROZEN: u8 = 0x40;
}

/// A block's descriptor.
#[repr(C)]
struct Block {
    free: Cell<*mut Free>,
    /// Cells from here on were never used.
    fresh: Cell<u32>,
    /// Bytes of a cell; 0 for a block that is unused or the later part of a run.
    cell: Cell<u32>,
    live: Cell<u32>,
    /// The class, plus `N_CLASSES` for traced objects.
    class: Cell<u16>,
    /// Blocks of the run that starts here.
    run: Cell<u16>,
    /// Whether the block is in its class's list of blocks with room.
    listed: Cell<bool>,
    /// Whether a cell was handed out since the last collection.
    young: Cell<bool>,
    in_use: Cell<bool>,
}

const _: () = assert!(size_of::<Block>() * N_BLOCKS <= FIRST_BLOCK * BLOCK / GRANULE);

struct Free {
    next: *mut Free,
}

/// One list of blocks for each cell size and kind.
const N_CLASSES: usize = 64;

struct Class {
    current: Cell<*mut Block>,
    with_room: UnsafeCell<Vec<*mut Block>>,
}

struct Heap {
    classes: [[Class; N_CLASSES]; 2],
    segments: UnsafeCell<Vec<usize>>,
    mappings: UnsafeCell<Vec<(usize, usize)>>,
    /// Mappings whose object died, kept to be used again.
    spare_mappings: UnsafeCell<Vec<(usize, usize)>>,
    free_blocks: UnsafeCell<Vec<*mut Block>>,
    live: Cell<usize>,
    /// Traced objects made less those freed since the last collection.
    pub(crate) young: Cell<isize>,
    releasing: Cell<u32>,
    postponed: UnsafeCell<Vec<*mut Header>>,
}

// SAFETY: the heap is touched only by the thread that holds the global lock.
unsafe impl Sync for Heap {}

static HEAP: Heap = Heap {
    classes: [const { [const { Class { current: Cell::new(std::ptr::null_mut()), with_room: UnsafeCell::new(Vec::new()) } }; N_CLASSES] }; 2],
    segments: UnsafeCell::new(Vec::new()),
    mappings: UnsafeCell::new(Vec::new()),
    spare_mappings: UnsafeCell::new(Vec::new()),
    free_blocks: UnsafeCell::new(Vec::new()),
    live: Cell::new(0),
    young: Cell::new(0),
    releasing: Cell::new(0),
    postponed: UnsafeCell::new(Vec::new()),
};

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
    HEAP.live.get()
}

/// Traced objects made since the last collection, less those freed.
#[inline]
pub fn young_objects() -> isize {
    HEAP.young.get()
}

pub(crate) fn reset_young() {
    HEAP.young.set(0);
}

/// Memory for an object of `size` bytes. Its contents are undefined.
///
/// # Safety
///
/// The caller writes a valid header before anything can look at the object.
#[inline]
pub(crate) unsafe fn allocate(size: usize, traced: bool) -> *mut Header {
    HEAP.live.set(HEAP.live.get() + 1);
    if traced {
        let young = HEAP.young.get() + 1;
        HEAP.young.set(young);
        crate::collector::note_young(young);
    }
    if size > LARGEST_CELL {
        return allocate_large(size, traced);
    }
    let class = &HEAP.classes[usize::from(traced)][class_of(size)];
    let block = class.current.get();
    if !block.is_null() {
        // SAFETY: a class's current block is a descriptor in a mapped segment.
        let block = unsafe { &*block };
        let free = block.free.get();
        if !free.is_null() {
            // SAFETY: free cells hold a link to the next.
            block.free.set(unsafe { (*free).next });
            block.live.set(block.live.get() + 1);
            block.young.set(true);
            let address = free.addr();
            // SAFETY: the cell lies in a mapped segment.
            unsafe { *side(address) = bit::LIVE | if traced { bit::TRACED } else { 0 } };
            return address as *mut Header;
        }
    }
    allocate_slow(size, traced)
}

#[cold]
#[inline(never)]
fn allocate_slow(size: usize, traced: bool) -> *mut Header {
    let number = class_of(size);
    let class = &HEAP.classes[usize::from(traced)][number];
    loop {
        let current = class.current.get();
        // SAFETY: blocks in a class's lists are descriptors in mapped segments.
        if let Some(block) = unsafe { current.as_ref() } {
            if block.free.get().is_null() {
                refill(block, block_start(current));
            }
            let free = block.free.get();
            if !free.is_null() {
                // SAFETY: free cells hold a link to the next.
                block.free.set(unsafe { (*free).next });
                block.live.set(block.live.get() + 1);
                block.young.set(true);
                // SAFETY: the cell lies in a mapped segment.
                unsafe { *side(free.addr()) = bit::LIVE | if traced { bit::TRACED } else { 0 } };
                return free.cast();
            }
            block.listed.set(false);
        }
        // SAFETY: the lock is held and the borrow ends here.
        let next = unsafe { &mut *class.with_room.get() }.pop();
        class.current.set(next.unwrap_or_else(|| new_block(class_size(number), (number + usize::from(traced) * N_CLASSES) as u16)));
    }
}

/// Puts up to 64 never used cells on the free list, so that untouched memory stays untouched.
fn refill(block: &Block, start: usize) {
    let cell = block.cell.get() as usize;
    let (from, capacity) = (block.fresh.get() as usize, BLOCK / cell);
    let to = (from + 64).min(capacity);
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

fn new_block(cell: usize, class: u16) -> *mut Block {
    // SAFETY: the lock is held and the borrow ends here.
    let reused = unsafe { &mut *HEAP.free_blocks.get() }.pop();
    let descriptor = reused.unwrap_or_else(|| {
        let segment = new_segment();
        // SAFETY: as above.
        let free = unsafe { &mut *HEAP.free_blocks.get() };
        for index in (FIRST_BLOCK + 1..N_BLOCKS).rev() {
            free.push((segment as *mut Block).wrapping_add(index));
        }
        (segment as *mut Block).wrapping_add(FIRST_BLOCK)
    });
    // SAFETY: descriptors lie in a mapped segment, which starts out zeroed.
    let block = unsafe { &*descriptor };
    block.free.set(std::ptr::null_mut());
    block.fresh.set(0);
    block.cell.set(cell as u32);
    block.class.set(class);
    block.live.set(0);
    block.run.set(1);
    block.in_use.set(true);
    block.listed.set(true);
    descriptor
}

fn map(size: usize) -> usize {
    let whole = size + SEGMENT;
    // SAFETY: an anonymous mapping of fresh memory.
    let start = unsafe {
        libc::mmap(std::ptr::null_mut(), whole, libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE, -1, 0)
    };
    if start == libc::MAP_FAILED {
        return 0;
    }
    let start = start.expose_provenance();
    let aligned = start.next_multiple_of(SEGMENT);
    // SAFETY: what is given back is the unused head and tail of the mapping just made.
    unsafe {
        if aligned > start {
            libc::munmap(start as *mut _, aligned - start);
        }
        let tail = start + whole - (aligned + size);
        if tail > 0 {
            libc::munmap((aligned + size) as *mut _, tail);
        }
    }
    aligned
}

fn new_segment() -> usize {
    let segment = map(SEGMENT);
    if segment == 0 {
        out_of_memory(SEGMENT);
    }
    // SAFETY: the lock is held and the borrow ends here.
    unsafe { &mut *HEAP.segments.get() }.push(segment);
    segment
}

fn out_of_memory(size: usize) -> ! {
    std::alloc::handle_alloc_error(std::alloc::Layout::from_size_align(size, 16).expect("a small alignment"))
}

fn allocate_large(size: usize, traced: bool) -> *mut Header {
    let (segment, whole) = take_spare((TABLE + size).next_multiple_of(4096)).unwrap_or_else(|| {
        // A little more than asked for, so that objects of nearly the same size can take turns.
        let whole = (TABLE + size + size / 8).next_multiple_of(16 << 10);
        (map(whole), whole)
    });
    if segment == 0 {
        out_of_memory(whole);
    }
    // SAFETY: the lock is held and the borrow ends here.
    let mappings = unsafe { &mut *HEAP.mappings.get() };
    let index = mappings.len() as u32;
    mappings.push((segment, whole));
    let address = segment + TABLE;
    // SAFETY: the table is at the start of the mapping, and holds an unused descriptor, which
    // keeps the number of the mapping's pages for `capacity` and its place in the list.
    unsafe {
        *side(address) = bit::LIVE | if traced { bit::TRACED } else { 0 };
        (*block_of(address)).cell.set((whole / 4096) as u32);
        (*block_of(address)).live.set(index);
    }
    address as *mut Header
}

/// Most bytes of a mapping that is kept, and most mappings kept.
const LARGEST_SPARE: usize = 4 << 20;
const MOST_SPARES: usize = 16;

/// A mapping of at least `whole` bytes, not much more, whose object died.
fn take_spare(whole: usize) -> Option<(usize, usize)> {
    // SAFETY: the lock is held and the borrow ends here.
    let spares = unsafe { &mut *HEAP.spare_mappings.get() };
    let index = spares.iter().rposition(|&(_, size)| size >= whole && size <= whole + whole / 2)?;
    Some(spares.swap_remove(index))
}

/// Bytes of the memory an object has, which may be more than it asked for.
pub(crate) fn capacity(address: usize) -> usize {
    // SAFETY: the object's block, or the mapping it has for itself, has a descriptor.
    let block = unsafe { &*block_of(address) };
    if block.in_use.get() { block.cell.get() as usize } else { block.cell.get() as usize * 4096 - TABLE }
}

/// Whether an object of this size can be had at all; callers raise `MemoryError` if not.
pub fn can_allocate(size: usize) -> bool {
    size < LARGEST_RUN || {
        let start = map(size.next_multiple_of(4096));
        if start != 0 {
            // SAFETY: the mapping was made by the line above and nobody knows of it.
            unsafe { libc::munmap(start as *mut _, size.next_multiple_of(4096)) };
        }
        start != 0
    }
}

/// Gives an object's memory back.
///
/// # Safety
///
/// The payload has been dropped and nobody refers to the object.
#[inline]
pub(crate) unsafe fn free(pointer: *mut Header) {
    let address = pointer.addr();
    HEAP.live.set(HEAP.live.get() - 1);
    // SAFETY: the address is an object's.
    unsafe {
        let entry = side(address);
        if *entry & bit::TRACED != 0 {
            HEAP.young.set(HEAP.young.get() - 1);
        }
        *entry = 0;
    }
    if address & (SEGMENT - 1) == TABLE && is_mapping(address) {
        return unmap(address);
    }
    let descriptor = block_of(address);
    // SAFETY: the object's block has a descriptor.
    let block = unsafe { &*descriptor };
    let cell = address as *mut Free;
    // SAFETY: the cell is unused from now on.
    unsafe { cell.write(Free { next: block.free.get() }) };
    block.free.set(cell);
    block.live.set(block.live.get() - 1);
    if !block.listed.get() {
        relist(block, descriptor);
    }
}

#[cold]
fn relist(block: &Block, descriptor: *mut Block) {
    block.listed.set(true);
    let traced = usize::from(block.class.get() >= N_CLASSES as u16);
    let class = &HEAP.classes[traced][usize::from(block.class.get()) % N_CLASSES];
    // SAFETY: the lock is held and the borrow ends here.
    unsafe { &mut *class.with_room.get() }.push(descriptor);
}

/// A mapping of one large object has no block descriptors: its first block is never in use.
fn is_mapping(address: usize) -> bool {
    // SAFETY: the descriptor table of any segment or mapping is mapped.
    unsafe { !(*block_of(address)).in_use.get() }
}

#[cold]
fn unmap(address: usize) {
    let segment = segment_of(address);
    // SAFETY: the lock is held and the borrow ends here.
    let (mappings, spares) = unsafe { (&mut *HEAP.mappings.get(), &mut *HEAP.spare_mappings.get()) };
    // SAFETY: a mapping's descriptor says where it is in the list.
    let index = unsafe { (*block_of(address)).live.get() } as usize;
    debug_assert_eq!(mappings[index].0, segment);
    let (start, size) = mappings.swap_remove(index);
    if let Some(&(moved, _)) = mappings.get(index) {
        // SAFETY: as above, for the one that took its place.
        unsafe { (*block_of(moved + TABLE)).live.set(index as u32) };
    }
    if size <= LARGEST_SPARE && spares.len() < MOST_SPARES {
        return spares.push((start, size));
    }
    // SAFETY: the mapping held one object, which is gone.
    unsafe { libc::munmap(start as *mut _, size) };
}

/// How deep destructors may nest on the native stack before the rest is postponed.
const MAX_NESTED_RELEASES: u32 = 100;

/// Ends an object whose last reference is gone: queues its finaliser, or drops it at once.
///
/// # Safety
///
/// The object's count has just become zero.
#[cold]
#[inline(never)]
pub(crate) unsafe fn release(pointer: *mut Header) {
    let depth = HEAP.releasing.get();
    if depth >= MAX_NESTED_RELEASES {
        // SAFETY: the lock is held and the borrow ends here.
        unsafe { &mut *HEAP.postponed.get() }.push(pointer);
        return;
    }
    HEAP.releasing.set(depth + 1);
    // SAFETY: the caller's promise.
    unsafe { release_now(pointer) };
    if depth == 0 {
        // SAFETY: postponed objects have no references; each is taken out before it is released.
        while let Some(next) = unsafe { &mut *HEAP.postponed.get() }.pop() {
            // SAFETY: as above.
            unsafe { release_now(next) };
        }
    }
    HEAP.releasing.set(depth);
}

unsafe fn release_now(pointer: *mut Header) {
    // SAFETY: the object is intact, only unreferenced.
    let (class, address) = unsafe { (&*(*pointer).ty.get(), pointer.addr()) };
    let special = bits(address);
    if class.has_finalizer() && special & bit::FINALIZED == 0 {
        set_bits(address, bit::FINALIZED);
        // SAFETY: the queue owns the one reference made here.
        unsafe { crate::weak::queue_finalizer(pointer) };
        return;
    }
    if special & bit::WEAKLY_REFERENCED != 0 {
        crate::weak::clear_references(address);
    }
    // SAFETY: nobody refers to the object, and its type says how to drop it.
    unsafe { destroy(pointer, class) };
}

/// Drops an object's payload and attributes and frees its memory.
///
/// # Safety
///
/// Nobody refers to the object, and `class` is its type.
pub(crate) unsafe fn destroy(pointer: *mut Header, class: &Type) {
    // SAFETY: the caller's promise; the type's layout describes the object.
    unsafe {
        crate::instance::drop_attributes(pointer, class);
        if let Some(drop_payload) = class.payload().drop {
            drop_payload(pointer);
        }
        let keep_class = class.is_heap_type().then(|| class.release_instance_reference());
        free(pointer);
        drop(keep_class);
    }
}

/// Calls `each` with every live traced object, or, unless `all` are asked for, with those of blocks
/// that handed out a cell since the last time.
pub(crate) fn for_each_traced(all: bool, each: &mut dyn FnMut(*mut Header, u8)) {
    // SAFETY: the lock is held; nothing is allocated while the collector looks.
    let (segments, mappings) = unsafe { (&*HEAP.segments.get(), &*HEAP.mappings.get()) };
    for &segment in segments {
        for index in FIRST_BLOCK..N_BLOCKS {
            // SAFETY: descriptors of a segment are mapped.
            let block = unsafe { &*(segment as *mut Block).wrapping_add(index) };
            if !block.in_use.get() || block.live.get() == 0 || usize::from(block.class.get()) < N_CLASSES || !(all || block.young.get()) {
                continue;
            }
            if !all {
                block.young.set(false);
            }
            let (start, cell) = (segment + index * BLOCK, block.cell.get() as usize);
            for number in 0..block.fresh.get() as usize {
                let address = start + number * cell;
                let entry = bits(address);
                if entry & (bit::LIVE | bit::TRACED) == bit::LIVE | bit::TRACED {
                    each(address as *mut Header, entry);
                }
            }
        }
    }
    for &(start, _) in mappings {
        let entry = bits(start + TABLE);
        if entry & bit::TRACED != 0 {
            each((start + TABLE) as *mut Header, entry);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_hold_what_they_say() {
        for size in 1..=LARGEST_CELL {
            let class = class_of(size);
            assert!(class < N_CLASSES, "{size}");
            assert!(class_size(class) >= size, "{size} in {}", class_size(class));
            assert!(class == 0 || class_size(class - 1) < size, "{size} in {}", class_size(class));
            assert_eq!(class_size(class) % GRANULE, 0);
        }
    }
}
