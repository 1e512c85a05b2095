//! Allocated LIR to machine code of x86-64, and machine code to text.
//!
//! `emit` makes position-independent bytes (addresses of symbols are in the code, or in a pool behind it) and says where in them
//! everything is that the runtime must find: entries, exits, safepoints, patchpoints, origins. Placing the bytes in memory
//! is for others: nothing here is unsafe.
#![forbid(unsafe_code)]

mod assembler;
mod code;
mod disassemble;
mod emit;
mod encodings;
mod frame;

pub use code::{Code, Entry, ExitRecord, Location, Patchpoint, SafepointRecord, SourceEntry};
pub use disassemble::{Syntax, disassemble, disassemble_bytes, disassemble_with};
pub use emit::{EmitError, Options, emit};
pub use frame::FrameLayout;
