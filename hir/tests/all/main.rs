//! From text to text.

mod passes;
mod random;
mod text;
