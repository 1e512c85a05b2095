//! What runs specialised and simple instructions, by topic.
//!
//! A handler's quick path ends in `go!`, a call in tail position. Whatever else it may have to do (ending an object,
//! specialising anew) is a tail call of a function with the same parameters, so that the quick path saves no registers.

pub(super) mod arithmetic;
pub(super) mod attributes;
pub(super) mod calls;
pub(super) mod containers;
pub(super) mod enter;
pub(super) mod exceptions;
pub(super) mod globals;
pub(super) mod iteration;
pub(super) mod jumps;
pub(super) mod locals;
pub(super) mod native_calls;
pub(super) mod slices;
pub(super) mod super_attributes;
