//! Scoria's instruction set and code objects as plain data.
//!
//! This crate knows nothing of syntax trees, live objects or the JIT. [`opcode`] is the one
//! declaration of the instructions; [`instr`] their encoding; [`code`] what the compiler makes
//! and the runtime runs.
#![forbid(unsafe_code)]

pub mod code;
pub mod instr;
pub mod opcode;

pub use code::{Code, CodeFlags, Constant, ExceptionEntry, LocalKind, Location};
pub use instr::Instr;
pub use opcode::Opcode;
