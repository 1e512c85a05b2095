//! HIR: a function as typed instructions in SSA form, between bytecode and machine-like code.
//!
//! [`builder`] makes functions of bytecode. [`types`] is the lattice of what is known of values, [`instr`] the table of instructions, [`function`] the
//! graph of blocks, [`environment`] what the runtime says beforehand about code, classes and objects, [`text`] prints and parses, [`verify`] checks,
//! [`passes`] transforms, [`refcount`] inserts reference counts.
//! The crate knows nothing of live objects, LIR or the machine: what it needs of the runtime is plain data.
#![forbid(unsafe_code)]

pub mod builder;
pub mod environment;
pub mod function;
pub mod instr;
pub mod passes;
pub mod refcount;
pub mod text;
pub mod types;
pub mod verify;

pub use environment::Preloaded;
pub use function::{CodeId, FrameState, FrameStateId, Function, LiveValue, RefKind};
pub use instr::{Block, Instr, Opcode, Value};
pub use passes::Pass;
pub use types::{Classes, Type, ty};
