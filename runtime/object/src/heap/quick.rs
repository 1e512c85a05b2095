//! What compiled code has to know to take a cell of the heap without a call.

use super::segment::Block;
use super::{HEAP, LARGEST_CELL, bit, class_of};
use std::mem::offset_of;

/// How a cell of a size is taken: unless there are no free cells, or a collection is due, in which case the runtime is asked.
#[derive(Clone, Copy, Debug)]
pub struct Quick {
    /// The address of the number of objects that may be made before a collection is due, 64 bits: taken down by one, it must not be negative.
    pub until_collection: usize,
    /// The address of the block that cells are taken from: an address, or null.
    pub block: usize,
    /// The byte of the side table that says that an object is alive.
    pub alive: u8,
}

impl Quick {
    /// Within a block: the first free cell, or null. The first word of a cell is the next.
    pub const FREE: i32 = offset_of!(Block, free) as i32;
    /// Within a block: how many cells are in use, 32 bits.
    pub const LIVE: i32 = offset_of!(Block, live) as i32;
    /// Within a block: a byte that says that a cell was taken.
    pub const YOUNG: i32 = offset_of!(Block, young) as i32;
}

/// How objects of a size that the collector looks at are made.
pub fn traced(size: usize) -> Option<Quick> {
    if size > LARGEST_CELL {
        return None;
    }
    let block = HEAP.classes[1][class_of(size)].current.as_ptr();
    let until_collection = HEAP.until_collection.as_ptr();
    Some(Quick { until_collection: until_collection.expose_provenance(), block: block.expose_provenance(), alive: bit::LIVE | bit::TRACED })
}
