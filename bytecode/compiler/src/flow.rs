//! From a flat sequence of instructions with labels to a code object.
//!
//! [`block`] has the basic blocks and their construction; [`exceptions`] finds the handler of every
//! instruction; [`optimize`], [`fold`], [`thread`] and [`swaps`] improve blocks; [`lines`] gives
//! every instruction a location; [`order`] moves unlikely blocks to the end; [`locals`] looks at
//! fast locals; [`assemble`] makes stack depth, jumps and tables.

mod assemble;
pub(crate) mod block;
mod constants;
mod exceptions;
mod fold;
mod lines;
mod locals;
mod optimize;
mod order;
mod swaps;

pub(crate) use assemble::{Shape, assemble};
pub(crate) use block::{Label, Op, Sequence};
pub(crate) use constants::Constants;
pub(crate) use fold::{Unary, binary, boolean, integer, same_number, unary};
