//! Compiles Python functions to machine code.
//!
//! The pipeline is in [`compile`]: bytecode to HIR (`hir`), passes, counted references, [`lower`] to LIR (`lir`), registers, bytes (`codegen-x64`), memory ([`memory`]).
//! Compiled code runs on the interpreter's frames and calls [`helpers`]; where what it assumed does not hold, or an exception is raised, it leaves for the
//! interpreter ([`deopt`]). [`preload`] says what of the runtime the compiler may know.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

mod classify;
mod codes;
pub mod compile;
mod deopt;
pub mod dump;
mod graveyard;
mod helpers;
mod hot;
mod inline_cache;
mod layout;
pub mod list_file;
mod log;
mod lower;
mod memory;
pub mod module;
pub mod options;
mod patches;
pub mod policy;
mod power;
mod preload;
mod profilers;
mod ration;
mod report;
mod start;
mod stress;
mod trampoline;

pub use compile::{Refusal, compile_function, is_compiled, set_enabled};
pub use module::MODULES;
pub use start::{configure, finish, is_configured};
