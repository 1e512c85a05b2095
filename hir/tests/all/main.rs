//! From text to text.

mod builder;
mod environment;
mod passes;
mod random;
mod text;
