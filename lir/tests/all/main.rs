//! The tests of this crate: text, verification, allocation, peepholes; random functions run before and after allocation.

mod common {
    pub mod generator;
    pub mod interpreter;
}
mod random;
