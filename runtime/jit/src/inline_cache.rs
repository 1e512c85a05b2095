//! What an instruction that works on an attribute has seen, where nothing was known when it was compiled.
//!
//! Machine code compares shape and class version with those of the first entry, and does without any test of its kind: masks and offsets say where the
//! value is. What does not match goes to a function here, which has a few entries more, and then asks the table of all sites.
//!
//! ```text
//! load:   value = *((owner & base_mask) + offset)    receiver = owner & receiver_mask
//! store:  old = *(owner + offset) & base_mask        the shape becomes `value`
//! ```

use interp::compiled;
use object::attribute::cache::{Found, Polymorphic, Site, SiteKind};
use object::super_object::site::{How, SuperSite};
use object::{Object, Ref, Vm};
use std::cell::Cell;
use std::mem::offset_of;

/// An entry that machine code looks at.
#[repr(C)]
pub struct Entry {
    shape: Cell<u32>,
    version: Cell<u32>,
    base_mask: Cell<u64>,
    offset: Cell<u64>,
    receiver_mask: Cell<u64>,
    /// A value of the class, or the new shape.
    value: Cell<u64>,
}

impl Entry {
    pub const SHAPE: i32 = offset_of!(Entry, shape) as i32;
    pub const VERSION: i32 = offset_of!(Entry, version) as i32;
    pub const BASE_MASK: i32 = offset_of!(Entry, base_mask) as i32;
    pub const OFFSET: i32 = offset_of!(Entry, offset) as i32;
    pub const RECEIVER_MASK: i32 = offset_of!(Entry, receiver_mask) as i32;
    pub const VALUE: i32 = offset_of!(Entry, value) as i32;
}

/// What a site has seen; machine code has its address, and that is the address of the first entry.
#[repr(C)]
pub struct AttributeCache {
    first: Entry,
    others: Polymorphic,
    misses: Cell<u32>,
}

/// What an attribute is loaded for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Load {
    Value,
    /// To be called: the receiver comes too.
    Method,
}

/// No object has this shape.
const NO_SHAPE: u32 = u32::MAX;
/// After so many misses the first entry is of what is seen then.
const TURN: u32 = 64;

/// What `super().name` of a method to be called has seen: where the search for a class's instances ends.
#[repr(C)]
pub struct SuperCache {
    /// The class that the search begins behind.
    class: Cell<u64>,
    method: Cell<u64>,
    /// The version of the receiver's class.
    version: Cell<u32>,
    /// What was found for a few more receivers, and what is no method.
    others: SuperSite,
}

impl SuperCache {
    pub const CLASS: i32 = offset_of!(SuperCache, class) as i32;
    pub const METHOD: i32 = offset_of!(SuperCache, method) as i32;
    pub const VERSION: i32 = offset_of!(SuperCache, version) as i32;

    pub fn new() -> SuperCache {
        SuperCache { class: Cell::new(0), method: Cell::new(0), version: Cell::new(0), others: SuperSite::default() }
    }

    /// What was found behind a class for receivers such as this one.
    pub fn find_behind<'a>(&self, class: Ref<'_>, receiver: Ref<'a>, name: Ref<'_>) -> Option<(How, Ref<'a>)> {
        let found = self.others.find(class, receiver);
        if found.is_some() || self.others.is_overfull() {
            return found;
        }
        self.others.fill(class, receiver, name);
        self.others.find(class, receiver)
    }

    /// The word of what was found before for receivers of this one's class. While the version holds, so does the class's namespace that holds the method.
    pub fn find(&self, receiver: Ref<'_>) -> Option<u64> {
        let version = self.version.get();
        (version != 0 && receiver.address().is_some() && receiver.class().version() == version).then(|| self.method.get())
    }

    /// What was found for a receiver that is a heap object.
    pub fn note(&self, class: Ref<'_>, receiver: Ref<'_>, method: Ref<'_>) {
        let version = receiver.class().version();
        if receiver.address().is_some() && version != 0 {
            self.class.set(class.bits());
            self.method.set(method.bits());
            self.version.set(version);
        }
    }
}

impl AttributeCache {
    pub fn new() -> AttributeCache {
        AttributeCache {
            first: Entry {
                shape: Cell::new(NO_SHAPE),
                version: Cell::new(0),
                base_mask: Cell::new(0),
                offset: Cell::new(0),
                receiver_mask: Cell::new(0),
                value: Cell::new(0),
            },
            others: Polymorphic::default(),
            misses: Cell::new(0),
        }
    }

    /// Whether what is seen now should be in the first entry.
    fn is_turn(&self) -> bool {
        let misses = self.misses.get();
        self.misses.set(misses.wrapping_add(1));
        misses.is_multiple_of(TURN)
    }

    /// Notes how an attribute is loaded. A method that is not to be called at once has to be made an object of.
    fn note_load(&self, owner: Ref<'_>, name: Ref<'_>, load: Load) {
        let site = Site::default();
        let Some(kind) = site.fill_load(owner, name).filter(|kind| load == Load::Method || *kind != SiteKind::Method) else { return };
        let Some(noted) = site.noted() else { return };
        let entry = &self.first;
        entry.shape.set(noted.shape);
        entry.version.set(noted.version);
        entry.receiver_mask.set(if kind == SiteKind::Method { !0 } else { 0 });
        if kind == SiteKind::Word {
            entry.base_mask.set(!0);
            entry.offset.set(noted.value);
        } else {
            entry.value.set(noted.value);
            entry.base_mask.set(0);
            entry.offset.set(entry.value.as_ptr().expose_provenance() as u64);
        }
    }

    /// Notes how an attribute is stored to.
    fn note_store(&self, owner: Ref<'_>, name: Ref<'_>) {
        let site = Site::default();
        let Some(kind) = site.fill_store(owner, name) else { return };
        let Some(noted) = site.noted() else { return };
        let entry = &self.first;
        let is_added = kind == SiteKind::Add;
        entry.base_mask.set(if is_added { 0 } else { !0 });
        entry.offset.set(noted.value & u64::from(u32::MAX));
        entry.value.set(if is_added { noted.value >> 32 } else { noted.shape.into() });
        entry.shape.set(noted.shape);
        entry.version.set(noted.version);
    }

    fn find<'a>(&self, owner: Ref<'a>, name: Ref<'_>, load: Load) -> Option<Found<'a>> {
        if self.is_turn() {
            self.note_load(owner, name, load);
        }
        if self.others.is_overfull() { object::attribute::cache::load(owner, name) } else { self.others.load(owner, name) }
    }

    /// `owner.name` where the first entry does not match: a word, 0 if it raised.
    pub fn load(&self, vm: &mut Vm, owner: Ref<'_>, name: Ref<'_>) -> u64 {
        match self.find(owner, name, Load::Value) {
            Some(Found::Value(value)) => value.to_owned().into_raw(),
            Some(Found::Method(_)) | None => compiled::load_attribute(vm, owner, name),
        }
    }

    /// The same of a method to be called, with the receiver or zero; 0 if it raised.
    pub fn load_method(&self, vm: &mut Vm, owner: Ref<'_>, name: Ref<'_>) -> (u64, u64) {
        match self.find(owner, name, Load::Method) {
            Some(Found::Value(value)) => (value.to_owned().into_raw(), 0),
            Some(Found::Method(method)) => (method.to_owned().into_raw(), owner.to_owned().into_raw()),
            None => {
                let found = vm.get_method(owner, name);
                vm.run_finalizers();
                found.map_or((0, 0), |(method, this)| (method.into_raw(), this.map_or(0, Object::into_raw)))
            }
        }
    }

    /// `owner.name = value` where the first entry does not match; whether that went well.
    pub fn store(&self, vm: &mut Vm, owner: Ref<'_>, name: Ref<'_>, value: Ref<'_>) -> bool {
        if self.is_turn() {
            self.note_store(owner, name);
        }
        compiled::store_attribute(vm, owner, name, value)
    }
}
