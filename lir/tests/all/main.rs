//! The tests of this crate: text, verification, allocation, peepholes; random functions run before and after allocation.

mod allocation;
mod common;
mod flaws;
mod peephole;
mod random;
mod syntax;
