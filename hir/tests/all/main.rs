//! From text to text.

mod passes;
mod text;
