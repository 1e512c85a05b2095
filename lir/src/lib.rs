//! The low-level representation: instructions of the machine over virtual registers, allocation of registers, text both ways.
//!
//! A function is built with a `Builder` (or read from text), improved by `peephole`, and allocated by `Allocator`; what comes out
//! is ready to be encoded. Nothing here knows Python, or the encoding of instructions.
//!
//! Reading order: `reg`, `operand`, `condition` and `opcode` say what instructions are made of, `function` holds them.
#![forbid(unsafe_code)]

mod allocate;
mod builder;
mod condition;
mod constants;
mod dominators;
mod function;
mod layout;
mod opcode;
mod operand;
pub mod peephole;
mod reg;
mod symbols;
pub mod text;
pub mod verify;

pub use allocate::{Allocated, AllocationError, Allocator, SafepointValues};
pub use builder::{Builder, Record};
pub use condition::{Condition, Width};
pub use function::{Block, BlockId, Draft, Edge, Function, Instr, NO_ORIGIN};
pub use opcode::{Conditions, Edges, Effect, Facts, Opcode, Role, Slot, UNLESS_NULL, UNLESS_TAGGED};
pub use operand::{Address, Form, Operand, Scale, SymbolId};
pub use reg::{Class, Place, Reg};
pub use symbols::SymbolTable;
