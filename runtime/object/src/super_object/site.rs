//! What one instruction has found behind a class in the order of others: `super().name`.
//!
//! An entry is of one class of receivers, or of one class that is the receiver itself, and right as long as that class has the
//! version: then the order is the same and so is what the namespaces along it hold.

use super::{check_quickly, find_after};
use crate::class::{TYPE, Type};
use crate::native::flag;
use crate::value::{Object, Ref};
use std::cell::Cell;

/// What is done with what was found.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum How {
    /// It binds the receiver when it is called.
    Method,
    /// Nothing.
    #[default]
    Value,
    /// It is asked for what it is for the receiver.
    Bind,
}

/// Who the receiver is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Receiver {
    #[default]
    Instance,
    /// The class itself.
    Class,
    /// A class, as an instance of its metaclass. It must not be a subclass of the class that the search begins behind.
    InstanceOfMetaclass,
}

#[derive(Default)]
struct Entry {
    /// The class that the search begins behind; 0: nothing is noted. The class that has the version keeps it alive.
    start: Cell<u64>,
    found: Cell<u64>,
    version: Cell<u32>,
    /// Of a receiver that is the class itself.
    metaclass_version: Cell<u32>,
    receiver: Cell<Receiver>,
    how: Cell<How>,
}

/// What an instruction has found.
#[derive(Default)]
pub struct SuperSite {
    entries: [Entry; 4],
    /// How often something was noted, or could not be.
    filled: Cell<usize>,
}

/// What a site holds, for those who only want to know.
#[derive(Clone, Debug)]
pub struct Noted {
    /// The class that the search began behind.
    pub start: Object,
    /// The receiver's class, or the receiver.
    pub class: Object,
    pub version: u32,
    /// Whether the class is the receiver itself.
    pub is_class: bool,
    pub found: Object,
    pub how: How,
}

impl Entry {
    #[inline(always)]
    fn matches(&self, start: Ref<'_>, receiver: Ref<'_>) -> bool {
        if self.start.get() != start.bits() {
            return false;
        }
        let Some(header) = receiver.header() else { return false };
        // SAFETY: an object keeps its type alive.
        let own_version = unsafe { &*header.ty.get() }.known_version();
        if self.receiver.get() == Receiver::Instance {
            return own_version == self.version.get();
        }
        self.matches_class(start, receiver, own_version)
    }

    fn matches_class(&self, start: Ref<'_>, receiver: Ref<'_>, own_version: u32) -> bool {
        if self.receiver.get() == Receiver::Class {
            // SAFETY: a version belongs to one type, here to a metaclass, whose instances are types.
            let class = || unsafe { receiver.downcast_unchecked::<Type>() }.get();
            return own_version == self.metaclass_version.get() && class().known_version() == self.version.get();
        }
        let is_subclass = || Some(receiver.downcast::<Type>()?.get().is_subclass_of(start.downcast::<Type>()?.get()));
        own_version == self.version.get() && is_subclass() == Some(false)
    }

    fn noted(&self) -> Option<Noted> {
        let class = crate::class::class_of_version(self.version.get()).filter(|_| self.start.get() != 0)?;
        let order = class.borrow().downcast::<Type>()?.get();
        let start = order.mro_types().find(|known| known.object().bits() == self.start.get())?.to_object();
        // SAFETY: while the version holds, the namespace that holds the value has not changed.
        let found = unsafe { Ref::from_bits(self.found.get()) }.to_owned();
        let is_class = self.receiver.get() == Receiver::Class;
        Some(Noted { start, class, version: self.version.get(), is_class, found, how: self.how.get() })
    }
}

impl SuperSite {
    /// What was found before behind the class `start` for receivers such as this one.
    #[inline(always)]
    pub fn find<'a>(&self, start: Ref<'_>, receiver: Ref<'a>) -> Option<(How, Ref<'a>)> {
        // SAFETY: while the version holds, the namespace that holds the value has not changed.
        let of = |entry: &Entry| (entry.how.get(), unsafe { Ref::from_bits(entry.found.get()) });
        self.entries.iter().find(|entry| entry.matches(start, receiver)).map(of)
    }

    /// Whether entries keep pushing one another out.
    pub fn is_overfull(&self) -> bool {
        self.filled.get() > 2 * self.entries.len()
    }

    /// What the entries say that are right yet; those of classes that are instances of a metaclass are left out.
    pub fn noted(&self) -> impl Iterator<Item = Noted> + '_ {
        let entries = self.entries.iter().filter(|entry| entry.receiver.get() != Receiver::InstanceOfMetaclass);
        entries.filter_map(Entry::noted)
    }

    /// Notes what `super(start, receiver).name` is; nothing if there is no simple way to it.
    pub fn fill(&self, start: Ref<'_>, receiver: Ref<'_>, name: Ref<'_>) {
        let entry = &self.entries[self.filled.get() % self.entries.len()];
        self.filled.set(self.filled.get().wrapping_add(1));
        let Some(first) = start.downcast::<Type>() else { return };
        let Some(class) = check_quickly(first.get(), receiver).filter(|_| !name.is(crate::names::__class__()) && receiver.header().is_some()) else {
            return;
        };
        let Some(found) = find_after(class, first.get(), name) else { return };
        let version = class.version();
        let metaclass_version = receiver.class().version();
        if version == 0 || metaclass_version == 0 {
            return;
        }
        let kind = match (class.object().is(receiver), receiver.is_instance_of(&TYPE)) {
            (true, _) => Receiver::Class,
            (false, true) => Receiver::InstanceOfMetaclass,
            (false, false) => Receiver::Instance,
        };
        let kind_of_found = found.class();
        let how = match kind_of_found.slots().descr_get {
            None => How::Value,
            // A function is its own value when asked of a class.
            Some(_) if kind == Receiver::Class && kind_of_found.has_flag(flag::METHOD_DESCRIPTOR) && kind_of_found.name() == "function" => How::Value,
            Some(_) if kind != Receiver::Class && kind_of_found.has_flag(flag::METHOD_DESCRIPTOR) => How::Method,
            Some(_) => How::Bind,
        };
        entry.start.set(start.bits());
        entry.found.set(found.bits());
        entry.version.set(version);
        entry.metaclass_version.set(metaclass_version);
        entry.receiver.set(kind);
        entry.how.set(how);
    }
}
