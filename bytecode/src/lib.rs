//! Scoria's instruction set and code objects as plain data.
//!
//! This crate knows nothing of syntax trees, live objects or the JIT. [`opcode`] is the one
//! declaration of the instructions; [`instr`] their encoding; [`code`] what the compiler makes
//! and the runtime runs; [`locations`] where its instructions come from. [`text`] prints and parses
//! code objects, [`verify`] checks them, [`marshal`] stores them, [`wordcode`] shows them in
//! CPython's byte forms.
#![forbid(unsafe_code)]

pub mod code;
pub mod instr;
pub mod locations;
pub mod marshal;
pub mod opcode;
pub mod text;
pub mod verify;
pub mod wordcode;

mod varint;

pub use code::{Code, CodeFlags, Constant, ExceptionEntry, Local, LocalKind, Location};
pub use instr::Instr;
pub use locations::Locations;
pub use opcode::Opcode;
