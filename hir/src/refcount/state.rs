//! What is known of references at a point.

use crate::instr::{Heap, Value};
use std::collections::{BTreeMap, BTreeSet};

/// What keeps a borrowed value alive: it ends when any of it does.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Support {
    pub heap: u32,
    /// Owned models that a phi is borrowed from.
    pub models: BTreeSet<Value>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    Uncounted,
    Borrowed(Support),
    Owned,
}

/// A live model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Live names of it, in the order of their definitions.
    pub copies: Vec<Value>,
    pub kind: Kind,
}

/// The live models.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct State(pub BTreeMap<Value, Entry>);

impl Support {
    pub fn of_heap(heap: Heap) -> Support {
        Support { heap: heap.0, models: BTreeSet::new() }
    }

    pub fn of_model(model: Value) -> Support {
        Support { heap: 0, models: BTreeSet::from([model]) }
    }

    fn extend(&mut self, other: &Support) {
        self.heap |= other.heap;
        self.models.extend(&other.models);
    }

    /// Whether it ends when memory is written or a model given up.
    pub fn meets(&self, heap: Heap, model: Option<Value>) -> bool {
        self.heap & heap.0 != 0 || model.is_some_and(|model| self.models.contains(&model))
    }
}

impl Kind {
    /// The least kind that both are.
    pub fn merge(&mut self, other: &Kind) {
        match (&mut *self, other) {
            (Kind::Owned, _) | (_, Kind::Uncounted) => {}
            (Kind::Borrowed(mine), Kind::Borrowed(theirs)) => mine.extend(theirs),
            (Kind::Uncounted, _) | (Kind::Borrowed(_), Kind::Owned) => *self = other.clone(),
        }
    }

    pub fn is_owned(&self) -> bool {
        matches!(self, Kind::Owned)
    }
}

impl State {
    pub fn kind(&self, model: Value) -> Option<&Kind> {
        self.0.get(&model).map(|entry| &entry.kind)
    }

    pub fn is_owned(&self, model: Value) -> bool {
        self.kind(model).is_some_and(Kind::is_owned)
    }

    pub fn set(&mut self, model: Value, kind: Kind) {
        if let Some(entry) = self.0.get_mut(&model) {
            entry.kind = kind;
        }
    }

    /// A model begins.
    pub fn define(&mut self, value: Value, kind: Kind) {
        self.0.insert(value, Entry { copies: vec![value], kind });
    }

    /// What is borrowed from `old` is borrowed from `new`, which has taken its reference over.
    pub fn repoint(&mut self, old: Value, new: Value) {
        for entry in self.0.values_mut() {
            if let Kind::Borrowed(support) = &mut entry.kind
                && support.models.remove(&old)
            {
                support.models.insert(new);
            }
        }
    }
}
