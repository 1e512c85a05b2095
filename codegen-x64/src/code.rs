//! What `emit` makes: the bytes, and where in them is what the runtime must find.
//!
//! Offsets are from the start of the bytes. The runtime places the bytes at an address that is a multiple of 16.

use crate::frame::FrameLayout;
use serde::{Deserialize, Serialize};

/// The code of one function.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Code {
    pub bytes: Vec<u8>,
    /// The instructions end here.
    pub code_size: u32,
    /// The pool of addresses begins here, at a multiple of eight, and goes to the end.
    pub pool_offset: u32,
    pub entries: Vec<Entry>,
    /// By the index that the exit's stub pushes.
    pub exits: Vec<ExitRecord>,
    /// By return offset.
    pub safepoints: Vec<SafepointRecord>,
    pub patchpoints: Vec<Patchpoint>,
    /// By offset: each instruction that has bytes.
    pub source_map: Vec<SourceEntry>,
    pub frame: FrameLayout,
    /// Where the trampoline of exits returns to; it ends the function with the result that is in `rax`.
    pub epilogue_offset: u32,
}

/// Where the function can be entered: a C function of the `Vm`, the frame record and up to four more words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The id in the `EntrySwitch`; 0 of a function without one.
    pub id: u32,
    pub offset: u32,
}

/// Where a value is while the code is at an exit or a safepoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Location {
    /// An integer register, by the number that encodes it.
    Int(u8),
    /// The low half of an SSE register.
    Float(u8),
    /// At this offset from `rbp`.
    Stack(i32),
    Constant(u64),
}

/// A place where the code leaves for the interpreter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExitRecord {
    /// The exit's id in LIR. Several exits may share one.
    pub id: u32,
    /// The exit's stub.
    pub stub_offset: u32,
    pub origin: u32,
    pub locations: Vec<Location>,
}

/// A call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SafepointRecord {
    pub id: u32,
    /// The address that the call returns to.
    pub return_offset: u32,
    pub origin: u32,
    pub locations: Vec<Location>,
}

/// Five bytes that do nothing, within eight aligned ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patchpoint {
    pub offset: u32,
    /// Into `Code::exits`.
    pub exit: u32,
}

/// The origin of the bytes from the offset to the next entry's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SourceEntry {
    pub offset: u32,
    /// The instruction, by its block and its place there, in the allocated function.
    pub block: u32,
    pub instr: u32,
    pub origin: u32,
}

impl Code {
    /// The bytes to write over a patchpoint: a jump to its exit.
    pub fn patch(&self, patchpoint: &Patchpoint) -> [u8; 5] {
        let stub = self.exits[patchpoint.exit as usize].stub_offset;
        let distance = (stub as i32 - patchpoint.offset as i32 - 5).to_le_bytes();
        [0xe9, distance[0], distance[1], distance[2], distance[3]]
    }

    /// The call whose return address is at the offset.
    pub fn safepoint_at(&self, return_offset: u32) -> Option<&SafepointRecord> {
        let index = self.safepoints.binary_search_by_key(&return_offset, |record| record.return_offset).ok()?;
        Some(&self.safepoints[index])
    }

    /// What the byte at the offset was made from.
    pub fn source_at(&self, offset: u32) -> Option<&SourceEntry> {
        let after = self.source_map.partition_point(|entry| entry.offset <= offset);
        self.source_map.get(after.checked_sub(1)?)
    }

    pub fn entry(&self, id: u32) -> Option<u32> {
        self.entries.iter().find(|entry| entry.id == id).map(|entry| entry.offset)
    }
}
