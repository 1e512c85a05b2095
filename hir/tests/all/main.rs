//! From text to text.

mod builder;
mod passes;
mod random;
mod text;
