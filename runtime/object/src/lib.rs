//! Values, the heap and its collector, classes and shapes, and the core data types.
//!
//! This crate is the home of `unsafe`; what it offers is safe. It knows nothing of frames,
//! bytecode execution or IO. Read [`value`] first (what a Python value is in Rust), then [`vm`]
//! (who may run Python, how errors travel), [`class`] (types and slots), [`native`] (how native
//! functions and types are declared).

pub mod assumed;
pub mod attribute;
pub mod bytes;
pub mod call;
pub mod cell;
pub mod class;
pub mod collector;
pub mod descriptor;
pub mod dict;
pub mod exception;
pub mod flat;
pub mod float;
pub mod function;
pub mod generic_alias;
pub mod gil;
pub mod heap;
pub mod instance;
pub mod int;
pub mod list;
pub mod native;
pub mod protocol;
pub mod raw;
pub mod room;
pub mod shape;
pub mod singleton;
pub mod slots;
pub mod str;
pub mod super_object;
pub mod threads;
pub mod tuple;
pub mod type_new;
pub mod value;
pub mod vm;
pub mod weak;

pub use call::Args;
pub use cell::{ObjectCell, Visitor, VmCell};
pub use class::{Payload, Type};
pub use native::{Getset, Member, Method, Module, Native, TypeSpec};
pub use slots::Slots;
pub use str::names;
pub use value::{Object, ObjectOf, Ref, RefOf};
pub use vm::{PyResult, Raised, Vm};
