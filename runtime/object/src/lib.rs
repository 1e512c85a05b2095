//! Values, the heap and its collector, classes and shapes, and the core data types.
//!
//! This crate is the home of `unsafe`; what it offers is safe. It knows nothing of frames,
//! bytecode execution or IO. Read [`value`] first (what a Python value is in Rust), then [`vm`]
//! (who may run Python, how errors travel), [`class`] (types and slots), [`native`] (how native
//! functions and types are declared).

pub mod value;
pub mod vm;
pub mod cell;
pub mod class;
pub mod slots;
pub mod native;
pub mod call;
pub mod protocol;
pub mod attribute;
pub mod instance;
pub mod shape;
pub mod heap;
pub mod collector;
pub mod weak;
pub mod gil;
pub mod int;
pub mod float;
pub mod str;
pub mod bytes;
pub mod tuple;
pub mod list;
pub mod dict;
pub mod exception;
pub mod function;
pub mod descriptor;
pub mod generic_alias;
pub mod singleton;
pub mod super_object;
pub mod type_new;

pub use call::Args;
pub use cell::{ObjectCell, VmCell, Visitor};
pub use class::{Payload, Type};
pub use native::{Getset, Member, Method, Module, Native, TypeSpec};
pub use slots::Slots;
pub use str::names;
pub use value::{Object, ObjectOf, Ref, RefOf};
pub use vm::{PyResult, Raised, Vm};
