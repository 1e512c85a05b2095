//! Segments and what they are cut into: blocks, runs of blocks, and the mappings of objects that are
//! too big for either.
//!
//! A segment keeps a bit for each of its blocks that is free. A run is found first fit: in the first
//! segment that has so many free blocks in a row, at the first place. For every length a hint says before
//! which segment there is no such run. Segments that become empty are unmapped, but for a few; free
//! blocks of the others are given back to the system when there are more of them than blocks in use.

use super::{Heap, N_CLASSES, Part, bit, block_of, block_start, segment_of, side};
use crate::value::Header;
use abi::heap::{GRANULE, SEGMENT};
use std::cell::{Cell, UnsafeCell};

pub(super) const BLOCK: usize = 16 << 10;
const TABLE: usize = SEGMENT / GRANULE;
pub(super) const FIRST_BLOCK: usize = TABLE / BLOCK;
pub(super) const N_BLOCKS: usize = SEGMENT / BLOCK;
/// Most blocks of a run.
pub(super) const LONGEST_RUN: usize = N_BLOCKS / 2;
/// What `Block::run` says of an object that has a mapping of its own.
const MAPPING: u16 = u16::MAX;
/// The class of runs; no cell size has it.
const RUN_CLASS: u16 = N_CLASSES as u16 - 1;
const ALL_FREE: u64 = !0 << FIRST_BLOCK;

/// A block's descriptor.
#[repr(C)]
pub(super) struct Block {
    pub(super) free: Cell<*mut Free>,
    /// The neighbours in the list of blocks with room.
    pub(super) next: Cell<*mut Block>,
    pub(super) previous: Cell<*mut Block>,
    /// Cells from here on were never used. Of a mapping: its place in the list.
    pub(super) fresh: Cell<u32>,
    /// Bytes of a cell or run; 0 for a block that is unused or the later part of a run. Of a mapping: its pages.
    pub(super) cell: Cell<u32>,
    pub(super) live: Cell<u32>,
    /// The class, plus `N_CLASSES` for traced objects.
    pub(super) class: Cell<u16>,
    /// Blocks of the run that starts here, 0 if the block is cut into cells.
    pub(super) run: Cell<u16>,
    /// Whether the block is its class's current one or in the list of those with room.
    pub(super) listed: Cell<bool>,
    /// Whether a cell was handed out since the last collection.
    pub(super) young: Cell<bool>,
    pub(super) in_use: Cell<bool>,
    /// Whether all its objects are immortal: nothing is allocated here any more, and the collector keeps out.
    pub(super) closed: Cell<bool>,
}

/// What a segment knows of itself, in place of the descriptor of its first block, which is never used.
#[repr(C)]
struct Segment {
    /// One bit for each block.
    free: Cell<u64>,
    /// Blocks that were used since the system gave them.
    dirty: Cell<u64>,
    index: Cell<usize>,
    /// The collector's counts, one for each granule; null before the first collection.
    counts: Cell<*mut u32>,
}

/// Bytes of a segment's counts.
const COUNTS: usize = TABLE * size_of::<u32>();

const _: () = assert!(size_of::<Block>() * N_BLOCKS <= FIRST_BLOCK * BLOCK / GRANULE && size_of::<Segment>() <= size_of::<Block>() && N_BLOCKS == 64);

pub(super) struct Free {
    pub(super) next: *mut Free,
}

/// A mapping of one large object: where it starts and its size.
type Mapping = (usize, usize);

/// All memory the heap has from the system.
pub(super) struct Memory {
    segments: UnsafeCell<Vec<usize>>,
    /// For each length of run: the first segment that may have one.
    hints: [Cell<u32>; LONGEST_RUN + 1],
    empty_segments: Cell<usize>,
    /// Blocks in use, and free blocks that still hold memory.
    used: Cell<usize>,
    idle: Cell<usize>,
    mappings: UnsafeCell<Vec<Mapping>>,
    /// Mappings whose object died, kept to be used again.
    spare_mappings: UnsafeCell<Vec<Mapping>>,
}

/// Free blocks that hold memory are not worth giving back until there are this many: 32 MiB.
const MANY_IDLE: usize = 2048;
/// Most empty segments that are kept.
const MOST_EMPTY: usize = 4;
/// Most bytes of a mapping that is kept, and most mappings kept.
const LARGEST_SPARE: usize = 4 << 20;
const MOST_SPARES: usize = 4;

/// The first of `n` bits in a row that are set.
fn first_fit(free: u64, n: usize) -> Option<usize> {
    let (mut starts, mut known) = (free, 1);
    while known < n {
        let step = known.min(n - known);
        starts &= starts >> step;
        known += step;
    }
    (starts != 0).then_some(starts.trailing_zeros() as usize)
}

fn bits_of_run(first: usize, n: usize) -> u64 {
    (u64::MAX >> (64 - n)) << first
}

fn segment_at<'a>(address: usize) -> &'a Segment {
    // SAFETY: callers have the address of a mapped segment, whose table is never written to as a whole.
    unsafe { &*(address as *const Segment) }
}

impl Memory {
    pub(super) const fn new() -> Memory {
        Memory {
            segments: UnsafeCell::new(Vec::new()),
            hints: [const { Cell::new(0) }; LONGEST_RUN + 1],
            empty_segments: Cell::new(0),
            used: Cell::new(0),
            idle: Cell::new(0),
            mappings: UnsafeCell::new(Vec::new()),
            spare_mappings: UnsafeCell::new(Vec::new()),
        }
    }

    /// The start addresses of all segments, for as long as no memory is asked for or given back.
    pub(super) fn segments(&self) -> &[usize] {
        // SAFETY: the lock is held; callers keep to the above.
        unsafe { &*self.segments.get() }
    }

    /// The large objects that have mappings of their own, with the same restriction.
    pub(super) fn mapped_objects(&self) -> impl ExactSizeIterator<Item = usize> {
        // SAFETY: as above.
        unsafe { &*self.mappings.get() }.iter().map(|&(start, _)| start + TABLE)
    }

    /// Calls `each` with every block that has objects, its segment and its place there.
    fn for_each_block(&self, each: &mut impl FnMut(&Block, usize, usize)) {
        for &segment in self.segments() {
            for index in FIRST_BLOCK..N_BLOCKS {
                // SAFETY: descriptors of a segment are mapped.
                let block = unsafe { &*(segment as *mut Block).wrapping_add(index) };
                if block.in_use.get() && block.live.get() != 0 {
                    each(block, segment, index);
                }
            }
        }
    }

    /// A run of `n` blocks that nobody uses.
    pub(super) fn take_run(&self, n: usize) -> *mut Block {
        let hint = &self.hints[n];
        let segments = self.segments();
        let found = (hint.get() as usize..segments.len()).find_map(|index| Some((index, first_fit(segment_at(segments[index]).free.get(), n)?)));
        let (index, first) = found.unwrap_or_else(|| (self.new_segment(), FIRST_BLOCK));
        hint.set(index as u32);
        let start = self.segments()[index];
        let segment = segment_at(start);
        let (free, run) = (segment.free.get(), bits_of_run(first, n));
        if free == ALL_FREE {
            self.empty_segments.set(self.empty_segments.get() - 1);
        }
        segment.free.set(free & !run);
        self.idle.set(self.idle.get() - (segment.dirty.get() & run).count_ones() as usize);
        self.used.set(self.used.get() + n);
        (start as *mut Block).wrapping_add(first)
    }

    /// Takes back the blocks of a run.
    #[cold]
    pub(super) fn give_back(&self, descriptor: *mut Block, n: usize) {
        // SAFETY: a block has a descriptor.
        let block = unsafe { &*descriptor };
        block.in_use.set(false);
        block.listed.set(false);
        block.live.set(0);
        block.cell.set(0);
        let start = segment_of(descriptor.addr());
        let segment = segment_at(start);
        let run = bits_of_run((descriptor.addr() - start) / size_of::<Block>(), n);
        segment.free.set(segment.free.get() | run);
        segment.dirty.set(segment.dirty.get() | run);
        self.used.set(self.used.get() - n);
        self.idle.set(self.idle.get() + n);
        self.may_have_runs(segment.index.get());
        if segment.free.get() == ALL_FREE {
            self.empty_segments.set(self.empty_segments.get() + 1);
            if self.empty_segments.get() > MOST_EMPTY {
                self.unmap_segment(start);
            }
        } else if self.idle.get() > MANY_IDLE && self.idle.get() > self.used.get() {
            self.trim();
        }
    }

    /// Whether a block is the only one in use of its segment, and the segment could be spared.
    pub(super) fn is_last_of_segment(&self, descriptor: *mut Block) -> bool {
        let start = segment_of(descriptor.addr());
        let own = 1 << ((descriptor.addr() - start) / size_of::<Block>());
        self.segments().len() > MOST_EMPTY && segment_at(start).free.get() | own == ALL_FREE
    }

    fn may_have_runs(&self, index: usize) {
        for hint in &self.hints {
            hint.set(hint.get().min(index as u32));
        }
    }

    /// Maps a segment and returns its index.
    fn new_segment(&self) -> usize {
        let start = map_promised(map_segment);
        if start == 0 {
            out_of_memory(SEGMENT);
        }
        // SAFETY: the lock is held and the borrow ends with the function.
        let segments = unsafe { &mut *self.segments.get() };
        let segment = segment_at(start);
        segment.free.set(ALL_FREE);
        segment.index.set(segments.len());
        segments.push(start);
        self.empty_segments.set(self.empty_segments.get() + 1);
        segments.len() - 1
    }

    fn unmap_segment(&self, start: usize) {
        let segment = segment_at(start);
        let index = segment.index.get();
        self.empty_segments.set(self.empty_segments.get() - 1);
        self.idle.set(self.idle.get() - segment.dirty.get().count_ones() as usize);
        // SAFETY: the lock is held and the borrow ends here.
        let segments = unsafe { &mut *self.segments.get() };
        segments.swap_remove(index);
        if let Some(&moved) = segments.get(index) {
            segment_at(moved).index.set(index);
        }
        // SAFETY: no block of the segment is in use.
        unsafe {
            if !segment.counts.get().is_null() {
                libc::munmap(segment.counts.get().cast(), COUNTS);
            }
            libc::munmap(start as *mut _, SEGMENT);
        }
        self.may_have_runs(index);
    }

    /// Gives the memory of the collector's counts back.
    pub(super) fn forget_counts(&self) {
        for &start in self.segments() {
            let counts = segment_at(start).counts.get();
            if !counts.is_null() {
                // SAFETY: the collector has ended.
                unsafe { libc::madvise(counts.cast(), COUNTS, libc::MADV_DONTNEED) };
            }
        }
    }

    /// Gives the memory of free blocks back to the system; the blocks stay.
    fn trim(&self) {
        for &start in self.segments() {
            let segment = segment_at(start);
            let mut rest = segment.free.get() & segment.dirty.get();
            segment.dirty.set(segment.dirty.get() & !rest);
            while rest != 0 {
                let first = rest.trailing_zeros() as usize;
                let n = (rest >> first).trailing_ones() as usize;
                // SAFETY: the blocks are free.
                unsafe { libc::madvise((start + first * BLOCK) as *mut _, n * BLOCK, libc::MADV_DONTNEED) };
                rest &= !bits_of_run(first, n);
            }
        }
        self.idle.set(0);
    }

    /// Memory for an object that does not fit a cell.
    #[cold]
    pub(super) fn allocate_large(&self, size: usize, traced: bool) -> *mut Header {
        let n = size.div_ceil(BLOCK);
        let (address, descriptor) = if n <= LONGEST_RUN {
            let descriptor = self.take_run(n);
            // SAFETY: the run's first block has a descriptor.
            let block = unsafe { &*descriptor };
            block.cell.set((n * BLOCK) as u32);
            block.run.set(n as u16);
            block.fresh.set(1);
            (block_start(descriptor), descriptor)
        } else {
            self.allocate_mapping(size)
        };
        // SAFETY: the descriptor is the object's own.
        let block = unsafe { &*descriptor };
        block.free.set(std::ptr::null_mut());
        block.live.set(1);
        block.class.set(RUN_CLASS + if traced { N_CLASSES as u16 } else { 0 });
        block.in_use.set(true);
        block.closed.set(false);
        block.young.set(true);
        block.listed.set(true);
        // SAFETY: the address lies in a mapped segment.
        unsafe { *side(address) = bit::LIVE | if traced { bit::TRACED } else { 0 } };
        address as *mut Header
    }

    fn allocate_mapping(&self, size: usize) -> (usize, *mut Block) {
        let (start, whole) = self.take_spare((TABLE + size).next_multiple_of(4096)).unwrap_or_else(|| {
            // A little more than asked for, so that objects of nearly the same size can take turns.
            let whole = (TABLE + size + size / 8).next_multiple_of(BLOCK);
            match map_aligned(whole) {
                0 => {
                    let least = (TABLE + size).next_multiple_of(BLOCK);
                    (map_promised(|| map_aligned(least)), least)
                }
                start => (start, whole),
            }
        });
        if start == 0 {
            out_of_memory(whole);
        }
        // SAFETY: the lock is held and the borrow ends with the function.
        let mappings = unsafe { &mut *self.mappings.get() };
        let descriptor = block_of(start + TABLE);
        // SAFETY: the mapping starts with the table, which has room for the descriptor.
        let block = unsafe { &*descriptor };
        block.run.set(MAPPING);
        block.cell.set((whole / 4096) as u32);
        block.fresh.set(mappings.len() as u32);
        mappings.push((start, whole));
        (start + TABLE, descriptor)
    }

    /// A mapping of at least `whole` bytes, not much more, whose object died.
    fn take_spare(&self, whole: usize) -> Option<Mapping> {
        // SAFETY: the lock is held and the borrow ends with the function.
        let spares = unsafe { &mut *self.spare_mappings.get() };
        let index = spares.iter().rposition(|&(_, size)| size >= whole && size <= whole + whole / 2)?;
        Some(spares.swap_remove(index))
    }

    /// Takes back what a large object had.
    #[cold]
    pub(super) fn free_large(&self, descriptor: *mut Block) {
        // SAFETY: the object's descriptor.
        let block = unsafe { &*descriptor };
        if block.run.get() != MAPPING {
            return self.give_back(descriptor, usize::from(block.run.get()));
        }
        // SAFETY: the lock is held and the borrows end with the function.
        let (mappings, spares) = unsafe { (&mut *self.mappings.get(), &mut *self.spare_mappings.get()) };
        let index = block.fresh.get() as usize;
        debug_assert_eq!(mappings[index].0, segment_of(descriptor.addr()));
        let (start, size) = mappings.swap_remove(index);
        if let Some(&(moved, _)) = mappings.get(index) {
            // SAFETY: as above, for the one that took its place.
            unsafe { (*block_of(moved + TABLE)).fresh.set(index as u32) };
        }
        let counts = &segment_at(start).counts;
        if !counts.get().is_null() {
            // SAFETY: the counts were mapped for this mapping.
            unsafe { libc::munmap(counts.replace(std::ptr::null_mut()).cast(), COUNTS) };
        }
        if size <= LARGEST_SPARE && spares.len() < MOST_SPARES {
            return spares.push((start, size));
        }
        // SAFETY: the mapping held one object, which is gone.
        unsafe { libc::munmap(start as *mut _, size) };
    }
}

/// The collector's count of the object at `address`. What it holds at first is undefined.
#[inline]
pub(super) fn count_of<'a>(address: usize) -> &'a Cell<u32> {
    let segment = segment_at(segment_of(address));
    let counts = segment.counts.get();
    // SAFETY: there is a count for each granule.
    unsafe { &*(if counts.is_null() { new_counts(segment) } else { counts }).add((address & (SEGMENT - 1)) / GRANULE).cast() }
}

#[cold]
fn new_counts(segment: &Segment) -> *mut u32 {
    let counts = map(0, COUNTS);
    if counts == 0 {
        out_of_memory(COUNTS);
    }
    segment.counts.set(counts as *mut u32);
    segment.counts.get()
}

/// Bytes of the memory the object has that `block` describes.
pub(super) fn capacity(block: &Block) -> usize {
    if block.run.get() == MAPPING { block.cell.get() as usize * 4096 - TABLE } else { block.cell.get() as usize }
}

fn map(hint: usize, size: usize) -> usize {
    // The system says at once that there will never be so much memory, unless it is told not to care.
    let care = if size < 1 << 30 { libc::MAP_NORESERVE } else { 0 };
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | care;
    // SAFETY: an anonymous mapping of fresh memory.
    let start = unsafe { libc::mmap(hint as *mut _, size, libc::PROT_READ | libc::PROT_WRITE, flags, -1, 0) };
    if start == libc::MAP_FAILED { 0 } else { start.expose_provenance() }
}

/// `map` with the reserve behind it, for objects that were promised.
fn map_promised(request: impl Fn() -> usize) -> usize {
    let start = request();
    if start == 0 && super::reserve::give_up() { request() } else { start }
}

/// Fresh zeroed memory aligned to the size of a segment; 0 if there is none.
fn map_aligned(size: usize) -> usize {
    let whole = size + SEGMENT;
    let start = map(0, whole);
    if start == 0 {
        return 0;
    }
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

/// The system hands out addresses from the top, so that one segment is usually right below the one before.
fn map_segment() -> usize {
    let start = map(0, SEGMENT);
    if start.is_multiple_of(SEGMENT) {
        return start;
    }
    // SAFETY: the mapping was just made.
    unsafe { libc::munmap(start as *mut _, SEGMENT) };
    map_aligned(SEGMENT)
}

fn out_of_memory(size: usize) -> ! {
    std::alloc::handle_alloc_error(std::alloc::Layout::from_size_align(size, 16).expect("a small alignment"))
}

/// Whether an object of this size can be had at all; callers raise `MemoryError` if not.
pub fn can_allocate(size: usize) -> bool {
    size <= LONGEST_RUN * BLOCK || {
        // An object needs its table and may have to be aligned.
        let size =
            size.checked_add(TABLE + SEGMENT).and_then(|size| size.checked_next_multiple_of(BLOCK)).filter(|&size| size <= isize::MAX as usize);
        let start = size.map_or(0, |size| map(0, size));
        let size = size.unwrap_or(0);
        if start != 0 {
            // SAFETY: the mapping was made by the line above and nobody knows of it.
            unsafe { libc::munmap(start as *mut _, size) };
        }
        start != 0
    }
}

impl Heap {
    /// The number of objects in it.
    pub(super) fn live(&self) -> usize {
        let mut n = self.memory.mapped_objects().len();
        for &segment in self.memory.segments() {
            for index in FIRST_BLOCK..N_BLOCKS {
                // SAFETY: descriptors of a segment are mapped.
                n += unsafe { &*(segment as *mut Block).wrapping_add(index) }.live.get() as usize;
            }
        }
        n
    }

    /// Calls `each` with every traced object of a part of the heap.
    pub(super) fn for_each_traced(&self, part: Part, each: &mut impl FnMut(*mut Header, u8)) {
        self.memory.for_each_block(&mut |block, segment, index| {
            let wanted = match part {
                Part::Young => block.young.replace(false),
                Part::Mortal => !block.closed.get(),
                Part::All => true,
            };
            if wanted && usize::from(block.class.get()) >= N_CLASSES {
                for_each_object(block, segment + index * BLOCK, &mut |pointer, entry| {
                    if entry & bit::TRACED != 0 {
                        each(pointer, entry);
                    }
                });
            }
        });
        for address in self.memory.mapped_objects() {
            let entry = super::bits(address);
            // SAFETY: a mapping has a descriptor.
            let closed = unsafe { &*block_of(address) }.closed.get();
            if entry & bit::TRACED != 0 && !(closed && part != Part::All) {
                each(address as *mut Header, entry);
            }
        }
    }

    /// Calls `each` with every object, traced or not.
    pub(super) fn for_each_live(&self, each: &mut impl FnMut(*mut Header, u8)) {
        self.memory.for_each_block(&mut |block, segment, index| for_each_object(block, segment + index * BLOCK, each));
        for address in self.memory.mapped_objects() {
            each(address as *mut Header, super::bits(address));
        }
    }

    /// Closes the blocks whose objects are all immortal.
    pub(super) fn close(&self) {
        self.memory.for_each_block(&mut |block, segment, index| {
            let mut all_immortal = true;
            for_each_object(block, segment + index * BLOCK, &mut |pointer, _| all_immortal &= is_immortal(pointer));
            if all_immortal && !block.closed.replace(true) {
                block.young.set(false);
                self.retire(block);
            }
        });
        for address in self.memory.mapped_objects() {
            // SAFETY: a mapping has a descriptor.
            let block = unsafe { &*block_of(address) };
            if is_immortal(address as *mut Header) && !block.closed.replace(true) {
                block.young.set(false);
            }
        }
    }

    /// Sees that nothing is allocated in a block any more.
    fn retire(&self, block: &Block) {
        if block.run.get() != 0 {
            return;
        }
        let (number, descriptor) = (usize::from(block.class.get()), std::ptr::from_ref(block).cast_mut());
        let class = &self.classes[number / N_CLASSES][number % N_CLASSES];
        if std::ptr::eq(class.current.get(), descriptor) {
            class.current.set(std::ptr::null_mut());
        } else if block.listed.get() {
            super::unlink(class, descriptor);
        }
        block.listed.set(false);
    }
}

/// Calls `each` with every object in a block.
fn for_each_object(block: &Block, start: usize, each: &mut impl FnMut(*mut Header, u8)) {
    let cell = block.cell.get() as usize;
    for number in 0..block.fresh.get() as usize {
        let address = start + number * cell;
        let entry = super::bits(address);
        if entry & bit::LIVE != 0 {
            each(address as *mut Header, entry);
        }
    }
}

fn is_immortal(pointer: *mut Header) -> bool {
    // SAFETY: the pointer is a live object's.
    unsafe { (*pointer).refcount.get() & abi::header::IMMORTAL != 0 }
}
