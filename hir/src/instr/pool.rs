//! What instructions refer to by number: operand lists, types, names, entry lists.

use super::{Block, EntryKind, Value};
use crate::types::Type;

/// The variable operands of one instruction, as a range of its function's [`Pool`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Values {
    start: u32,
    len: u32,
}

/// The entries of an `EntrySwitch`, as a range of its function's [`Pool`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Entries {
    start: u32,
    len: u32,
}

/// A type of the function's pool. Equal types have equal ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TypeId(u32);

/// A name of the function's pool. Equal names have equal ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NameId(u32);

/// Owns what a function's instructions refer to.
#[derive(Clone, Debug, Default)]
pub struct Pool {
    values: Vec<Value>,
    entries: Vec<(EntryKind, Block)>,
    types: Vec<Type>,
    names: Vec<String>,
}

impl Values {
    pub const fn len(self) -> usize {
        self.len as usize
    }

    pub const fn is_empty(self) -> bool {
        self.len == 0
    }
}

impl Pool {
    /// Keeps a list of operands.
    pub fn add_values(&mut self, values: &[Value]) -> Values {
        let start = self.values.len() as u32;
        self.values.extend_from_slice(values);
        Values { start, len: values.len() as u32 }
    }

    /// A list that is kept.
    pub fn values(&self, values: Values) -> &[Value] {
        &self.values[values.start as usize..][..values.len as usize]
    }

    pub fn values_mut(&mut self, values: Values) -> &mut [Value] {
        &mut self.values[values.start as usize..][..values.len as usize]
    }

    /// Keeps the ways into a function.
    pub fn add_entries(&mut self, entries: &[(EntryKind, Block)]) -> Entries {
        let start = self.entries.len() as u32;
        self.entries.extend_from_slice(entries);
        Entries { start, len: entries.len() as u32 }
    }

    /// The ways in that are kept.
    pub fn entries(&self, entries: Entries) -> &[(EntryKind, Block)] {
        &self.entries[entries.start as usize..][..entries.len as usize]
    }

    pub fn entries_mut(&mut self, entries: Entries) -> &mut [(EntryKind, Block)] {
        &mut self.entries[entries.start as usize..][..entries.len as usize]
    }

    /// The number of a type; equal types have one.
    pub fn add_type(&mut self, ty: Type) -> TypeId {
        let index = self.types.iter().position(|known| *known == ty).unwrap_or_else(|| {
            self.types.push(ty);
            self.types.len() - 1
        });
        TypeId(index as u32)
    }

    /// The type with a number.
    pub fn ty(&self, id: TypeId) -> Type {
        self.types[id.0 as usize]
    }

    /// The number of a name; equal names have one.
    pub fn add_name(&mut self, name: &str) -> NameId {
        let index = self.names.iter().position(|known| known == name).unwrap_or_else(|| {
            self.names.push(name.to_owned());
            self.names.len() - 1
        });
        NameId(index as u32)
    }

    /// The name with a number.
    pub fn name(&self, id: NameId) -> &str {
        &self.names[id.0 as usize]
    }
}
