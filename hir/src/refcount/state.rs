//! What is known of references at a point.

use crate::instr::{Heap, Value};
use smallvec::{SmallVec, smallvec};

/// What keeps a borrowed value alive: it ends when any of it does.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Support {
    pub heap: u32,
    /// Owned models that a phi is borrowed from, in order.
    pub models: SmallVec<[Value; 2]>,
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
    pub copies: SmallVec<[Value; 2]>,
    pub kind: Kind,
}

/// The live models, in order.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct State(Vec<(Value, Entry)>);

impl Support {
    pub fn of_heap(heap: Heap) -> Support {
        Support { heap: heap.0, models: SmallVec::new() }
    }

    pub fn of_model(model: Value) -> Support {
        Support { heap: 0, models: smallvec![model] }
    }

    fn extend(&mut self, other: &Support) {
        self.heap |= other.heap;
        other.models.iter().for_each(|model| self.insert(*model));
    }

    fn insert(&mut self, model: Value) {
        if let Err(at) = self.models.binary_search(&model) {
            self.models.insert(at, model);
        }
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
    fn place(&self, model: Value) -> Result<usize, usize> {
        self.0.binary_search_by_key(&model, |(model, _)| *model)
    }

    pub fn get(&self, model: Value) -> Option<&Entry> {
        Some(&self.0[self.place(model).ok()?].1)
    }

    pub fn get_mut(&mut self, model: Value) -> Option<&mut Entry> {
        let place = self.place(model).ok()?;
        Some(&mut self.0[place].1)
    }

    pub fn get_or_insert_with(&mut self, model: Value, entry: impl FnOnce() -> Entry) -> &mut Entry {
        let place = self.place(model).unwrap_or_else(|place| {
            self.0.insert(place, (model, entry()));
            place
        });
        &mut self.0[place].1
    }

    pub fn remove(&mut self, model: Value) -> Option<Entry> {
        Some(self.0.remove(self.place(model).ok()?).1)
    }

    /// In the order of the models.
    pub fn iter(&self) -> impl Iterator<Item = (Value, &Entry)> {
        self.0.iter().map(|(model, entry)| (*model, entry))
    }

    pub fn entries_mut(&mut self) -> impl Iterator<Item = &mut Entry> {
        self.0.iter_mut().map(|(_, entry)| entry)
    }

    pub fn kind(&self, model: Value) -> Option<&Kind> {
        self.get(model).map(|entry| &entry.kind)
    }

    pub fn is_owned(&self, model: Value) -> bool {
        self.kind(model).is_some_and(Kind::is_owned)
    }

    pub fn set(&mut self, model: Value, kind: Kind) {
        if let Some(entry) = self.get_mut(model) {
            entry.kind = kind;
        }
    }

    /// A model begins.
    pub fn define(&mut self, value: Value, kind: Kind) {
        let entry = Entry { copies: smallvec![value], kind };
        match self.place(value) {
            Ok(place) => self.0[place].1 = entry,
            Err(place) => self.0.insert(place, (value, entry)),
        }
    }

    /// What is borrowed from `old` is borrowed from `new`, which has taken its reference over.
    pub fn repoint(&mut self, old: Value, new: Value) {
        for entry in self.entries_mut() {
            if let Kind::Borrowed(support) = &mut entry.kind
                && let Ok(at) = support.models.binary_search(&old)
            {
                support.models.remove(at);
                support.insert(new);
            }
        }
    }
}
