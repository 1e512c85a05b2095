//! Remembers what attribute access came to, by the instance's shape and the name.
//!
//! A shape says exact class and layout, so that all the generic algorithm depends on is the shape, the
//! name, and what the classes in the order hold, which the class's version stands for. An entry is
//! right as long as shape, version and name are the same; nothing ever needs to be invalidated. What
//! an entry cannot say (dicts of instances, data descriptors of Python) is remembered as
//! [`Kind::Generic`], so that nobody tries again.

use crate::class::{OBJECT, Type};
use crate::descriptor::{CLASS_METHOD, ClassMethod, MEMBER, MemberDescriptor, MemberPlace, STATIC_METHOD, StaticMethod};
use crate::dict::Dict;
use crate::instance;
use crate::names;
use crate::native::flag;
use crate::shape;
use crate::value::{Header, Object, Ref, RefOf};
use std::cell::Cell;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// The algorithm must be gone through.
    Generic,
    /// The value is in the instance, so many bytes from its start.
    Word,
    /// The class's attribute, a function that binds `self`.
    Method,
    /// The class's attribute, which is not a descriptor.
    Value,
    /// The instance's attributes are in a dict, whose word is so many bytes from its start; what is not there may be a
    /// function of the class that binds `self`.
    Dict,
    /// Storing adds the attribute: at the offset, and the instance gets the shape.
    Add,
}

struct Entry {
    shape: Cell<u32>,
    version: Cell<u32>,
    name: Cell<u64>,
    /// The class's attribute, or the new shape.
    value: Cell<u64>,
    kind: Cell<Kind>,
    offset: Cell<u32>,
}

const SIZE: usize = 2048;

struct Entries([Entry; SIZE]);

// SAFETY: touched only by the thread that holds the global lock.
unsafe impl Sync for Entries {}

impl Entries {
    const fn new() -> Entries {
        Entries(
            [const {
                Entry {
                    shape: Cell::new(0),
                    version: Cell::new(0),
                    name: Cell::new(0),
                    value: Cell::new(0),
                    kind: Cell::new(Kind::Generic),
                    offset: Cell::new(0),
                }
            }; SIZE],
        )
    }

    #[inline]
    fn at(&self, shape: u32, name: Ref<'_>) -> &Entry {
        &self.0[((name.bits() as usize >> 4) ^ (shape as usize).wrapping_mul(0x9e5)) % SIZE]
    }
}

/// What one instruction has seen: the same as an entry, kept beside the instruction.
#[derive(Default)]
#[repr(C)]
pub struct Site {
    shape: Cell<u32>,
    version: Cell<u32>,
    /// An offset in bytes, the class's attribute, or offset and new shape.
    value: Cell<u64>,
}

/// Which form of an instruction goes with what a [`Site`] holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SiteKind {
    /// [`Site::word`]
    Word,
    /// [`Site::class_value`], which binds the object.
    Method,
    /// [`Site::class_value`], as it is.
    Value,
    /// [`Site::add`]
    Add,
}

/// What a [`Site`] holds, for those who only want to know.
#[derive(Clone, Copy, Debug)]
pub struct Noted {
    pub shape: u32,
    /// The class's version. What the site says is so as long as the class has it.
    pub version: u32,
    /// An offset in bytes, the class's attribute, or offset and new shape.
    pub value: u64,
}

impl Site {
    /// What the site holds; nothing if it was not filled.
    pub fn noted(&self) -> Option<Noted> {
        let noted = Noted { shape: self.shape.get(), version: self.version.get(), value: self.value.get() };
        (noted.version != 0).then_some(noted)
    }

    /// Whether the object looks as the one the site was filled for, and its class too.
    #[inline(always)]
    pub fn matches(&self, object: Ref<'_>) -> bool {
        let Some(header) = object.header() else { return false };
        // SAFETY: an object keeps its type alive.
        header.shape.get() == self.shape.get() && unsafe { &*header.ty.get() }.known_version() == self.version.get()
    }

    /// The word in the object that holds the attribute; zero if it is not set. Only after [`Site::matches`].
    #[inline(always)]
    pub fn word<'a>(&self, object: Ref<'a>) -> &'a Cell<u64> {
        let header = object.header().expect("a site matches heap objects only");
        word_at(header, self.value.get() as u32)
    }

    /// The class's attribute. Only after [`Site::matches`].
    #[inline(always)]
    pub fn class_value(&self) -> u64 {
        self.value.get()
    }

    /// Adds the attribute to the object. Only after [`Site::matches`].
    #[inline(always)]
    pub fn add(&self, object: Ref<'_>, value: u64) {
        let header = object.header().expect("a site matches heap objects only");
        word_at(header, self.value.get() as u32).set(value);
        header.shape.set((self.value.get() >> 32) as u32);
    }

    #[inline(always)]
    fn found<'a>(&self, object: Ref<'a>, kind: SiteKind) -> Option<Found<'a>> {
        match kind {
            SiteKind::Word => {
                let word = self.word(object).get();
                // SAFETY: the word is a reference that the object holds.
                (word != 0).then(|| Found::Value(unsafe { Ref::from_bits(word) }))
            }
            // SAFETY: while the version holds, the namespace that holds the value has not changed.
            SiteKind::Method => Some(Found::Method(unsafe { Ref::from_bits(self.value.get()) })),
            // SAFETY: as above.
            SiteKind::Value => Some(Found::Value(unsafe { Ref::from_bits(self.value.get()) })),
            SiteKind::Add => None,
        }
    }

    /// Remembers the object's layout alone.
    fn note_layout(&self, object: Ref<'_>) {
        let Some(header) = object.header() else { return };
        self.shape.set(header.shape.get());
        self.version.set(object.class().known_version());
    }

    /// Whether the object is the class the site was filled for, and both it and its metaclass are as they were.
    #[inline(always)]
    pub fn matches_class(&self, object: Ref<'_>) -> bool {
        let Some(header) = object.header() else { return false };
        // SAFETY: an object keeps its type alive; a version belongs to one type, here to a metaclass, whose instances are types.
        unsafe {
            (*header.ty.get()).known_version() == self.shape.get() && object.downcast_unchecked::<Type>().get().known_version() == self.version.get()
        }
    }

    /// Notes a function that instances of the object's class use for something; it is [`Site::class_value`] after [`Site::matches`].
    pub fn fill_special(&self, object: Ref<'_>, function: Ref<'_>) -> bool {
        let Some(header) = object.header() else { return false };
        let version = object.class().version();
        if header.shape.get() == 0 || version == 0 {
            return false;
        }
        self.shape.set(header.shape.get());
        self.version.set(version);
        self.value.set(function.bits());
        true
    }

    /// Notes what `class.name` is, if that is simple: then it is [`Site::class_value`] after [`Site::matches_class`].
    pub fn fill_class(&self, object: Ref<'_>, name: Ref<'_>) -> bool {
        let value = self.note_class(object, name).and_then(|found| {
            // A function is its own value when asked of the class.
            let is_itself =
                found.class().slots().descr_get.is_none() || found.class().has_flag(flag::METHOD_DESCRIPTOR) && found.class().name() == "function";
            if is_itself { Some(found.bits()) } else { static_function(found) }
        });
        value.map(|value| self.value.set(value)).is_some()
    }

    /// Notes the function of `class.name`, if that is a class method: then it is [`Site::class_value`] after [`Site::matches_class`].
    pub fn fill_class_method(&self, object: Ref<'_>, name: Ref<'_>) -> bool {
        let function = self.note_class(object, name).and_then(|found| {
            let method = found.is_exactly(&CLASS_METHOD).then(|| found.downcast::<ClassMethod>())??;
            let function = method.get().function.get()?;
            // Anything else is asked how it binds the class.
            (function.borrow().class().name() == "function" && !function.borrow().class().is_heap_type()).then(|| function.borrow().bits())
        });
        function.map(|function| self.value.set(function)).is_some()
    }

    /// Notes the versions of a class and its metaclass, if that is what `class.name` depends on; gives what is found in the class.
    fn note_class<'a>(&self, object: Ref<'a>, name: Ref<'_>) -> Option<Ref<'a>> {
        let class = object.downcast::<Type>().map(RefOf::get)?;
        let metaclass = object.class();
        let (version, metaclass_version) = (class.version(), metaclass.version());
        if version == 0 || metaclass_version == 0 || !crate::type_new::finds_like_type(metaclass) {
            return None;
        }
        // A data descriptor of the metaclass goes first.
        if metaclass.lookup(name).is_some_and(|found| found.class().slots().descr_set.is_some()) {
            return None;
        }
        let found = class.lookup(name)?;
        self.shape.set(metaclass_version);
        self.version.set(version);
        Some(found)
    }

    fn fill(&self, object: Ref<'_>, how: impl FnOnce(&Type, u32) -> (Kind, u32, u64)) -> Option<SiteKind> {
        let header = object.header()?;
        let (class, shape) = (object.class(), header.shape.get());
        let version = class.version();
        if shape == 0 || version == 0 {
            return None;
        }
        let (kind, offset, value) = how(class, shape);
        let (kind, value) = match kind {
            // The table that all sites share has these.
            Kind::Generic | Kind::Dict => return None,
            Kind::Word => (SiteKind::Word, u64::from(offset)),
            Kind::Method => (SiteKind::Method, value),
            Kind::Value => (SiteKind::Value, value),
            Kind::Add => (SiteKind::Add, u64::from(offset) | value << 32),
        };
        self.shape.set(shape);
        self.version.set(version);
        self.value.set(value);
        Some(kind)
    }

    /// Notes how `object.name` is loaded; `None` if there is no simple way.
    pub fn fill_load(&self, object: Ref<'_>, name: Ref<'_>) -> Option<SiteKind> {
        self.fill(object, |class, shape| how_to_load(class, shape, name))
    }

    /// Notes how `object.name` is stored to; `None` if there is no simple way.
    pub fn fill_store(&self, object: Ref<'_>, name: Ref<'_>) -> Option<SiteKind> {
        self.fill(object, |class, shape| how_to_store(class, shape, name))
    }
}

/// What an instruction that meets a few classes has seen.
#[derive(Default)]
pub struct Polymorphic {
    sites: [Site; 4],
    kinds: [Cell<Option<SiteKind>>; 4],
    /// How often a layout was noted.
    filled: Cell<usize>,
}

impl Polymorphic {
    /// What was noted of each layout; `None` for one that is not simple.
    pub fn noted(&self) -> impl Iterator<Item = (Noted, Option<SiteKind>)> + '_ {
        self.sites.iter().zip(&self.kinds).filter_map(|(site, kind)| Some((site.noted()?, kind.get())))
    }

    /// Whether layouts keep pushing one another out.
    pub fn is_overfull(&self) -> bool {
        self.filled.get() > 2 * self.sites.len()
    }

    /// The word in the object that holds the attribute, if that is what was noted of the object's layout.
    #[inline(always)]
    pub fn word<'a>(&self, object: Ref<'a>) -> Option<&'a Cell<u64>> {
        for (site, kind) in self.sites.iter().zip(&self.kinds) {
            if site.matches(object) {
                return (kind.get() == Some(SiteKind::Word)).then(|| site.word(object));
            }
        }
        None
    }

    /// What loading `object.name` gives, if that is simple.
    #[inline]
    pub fn load<'a>(&self, object: Ref<'a>, name: Ref<'_>) -> Option<Found<'a>> {
        for (site, kind) in self.sites.iter().zip(&self.kinds) {
            if site.matches(object) {
                return site.found(object, kind.get()?);
            }
        }
        self.load_first(object, name)
    }

    /// Does `object.name = value` if that is simple, with a word that owns a reference; gives the word that was there, zero if none was.
    #[inline]
    pub fn exchange(&self, object: Ref<'_>, name: Ref<'_>, value: u64) -> Option<u64> {
        let find = || self.sites.iter().zip(&self.kinds).find(|(site, _)| site.matches(object));
        let (site, kind) = find().or_else(|| {
            self.store_first(object, name);
            find()
        })?;
        match kind.get()? {
            SiteKind::Word => Some(site.word(object).replace(value)),
            SiteKind::Add => {
                site.add(object, value);
                Some(0)
            }
            SiteKind::Method | SiteKind::Value => None,
        }
    }

    #[cold]
    #[inline(never)]
    fn store_first(&self, object: Ref<'_>, name: Ref<'_>) {
        let index = self.filled.get() % self.sites.len();
        self.filled.set(self.filled.get().wrapping_add(1));
        let kind = self.sites[index].fill_store(object, name);
        self.kinds[index].set(kind);
        if kind.is_none() {
            // Not to be tried for this layout again.
            self.sites[index].note_layout(object);
        }
    }

    #[cold]
    #[inline(never)]
    fn load_first<'a>(&self, object: Ref<'a>, name: Ref<'_>) -> Option<Found<'a>> {
        object.header()?;
        let index = self.filled.get() % self.sites.len();
        self.filled.set(self.filled.get().wrapping_add(1));
        let kind = self.sites[index].fill_load(object, name);
        self.kinds[index].set(kind);
        if kind.is_none() {
            // Not to be tried for this layout again.
            self.sites[index].note_layout(object);
        }
        self.sites[index].found(object, kind?)
    }
}

static LOADS: Entries = Entries::new();
static STORES: Entries = Entries::new();

impl Entry {
    #[inline]
    fn matches(&self, header: &Header, name: Ref<'_>) -> bool {
        // SAFETY: an object keeps its type alive.
        let version = unsafe { &*header.ty.get() }.known_version();
        self.shape.get() == header.shape.get() && self.name.get() == name.bits() && self.version.get() == version && version != 0
    }

    fn fill(&self, header: &Header, version: u32, name: Ref<'_>, (kind, offset, value): (Kind, u32, u64)) {
        self.shape.set(header.shape.get());
        self.version.set(version);
        self.name.set(name.bits());
        self.kind.set(kind);
        self.offset.set(offset);
        self.value.set(value);
    }
}

/// What a name means for an object.
#[derive(Clone, Copy)]
pub enum Found<'a> {
    /// The attribute's value.
    Value(Ref<'a>),
    /// A function of the class that binds the object.
    Method(Ref<'a>),
}

#[inline]
fn word_at(header: &Header, offset: u32) -> &Cell<u64> {
    // SAFETY: the entry was made for this layout, in which there is a reference, or zero, at the offset.
    unsafe { &*std::ptr::from_ref(header).cast::<u8>().add(offset as usize).cast() }
}

/// What loading `object.name` gives, if that is simple and known. `name` is interned.
#[inline]
pub fn load<'a>(object: Ref<'a>, name: Ref<'_>) -> Option<Found<'a>> {
    let header = object.header()?;
    let entry = LOADS.at(header.shape.get(), name);
    if !entry.matches(header, name) {
        return load_first(object, header, name);
    }
    read(header, entry, name)
}

/// An attribute of an instance that keeps its attributes in a dict, or else the class's function.
#[inline]
fn in_dict<'a>(header: &'a Header, offset: u32, function: u64, name: Ref<'_>) -> Option<Found<'a>> {
    let word = word_at(header, offset).get();
    if word != 0 {
        // SAFETY: the word is the instance's dict.
        let dict = unsafe { Ref::<'a>::from_bits(word).downcast_unchecked::<Dict>() };
        if let Some(value) = dict.get_interned(name) {
            return Some(Found::Value(value));
        }
    }
    // SAFETY: while the version holds, the namespace that holds the function has not changed.
    (function != 0).then(|| Found::Method(unsafe { Ref::from_bits(function) }))
}

#[inline]
fn read<'a>(header: &'a Header, entry: &Entry, name: Ref<'_>) -> Option<Found<'a>> {
    match entry.kind.get() {
        Kind::Word => {
            let word = word_at(header, entry.offset.get()).get();
            // SAFETY: the word is a reference that the object holds.
            (word != 0).then(|| Found::Value(unsafe { Ref::from_bits(word) }))
        }
        // SAFETY: while the version holds, the namespace that holds the value has not changed.
        Kind::Method => Some(Found::Method(unsafe { Ref::from_bits(entry.value.get()) })),
        // SAFETY: as above.
        Kind::Value => Some(Found::Value(unsafe { Ref::from_bits(entry.value.get()) })),
        Kind::Dict => in_dict(header, entry.offset.get(), entry.value.get(), name),
        Kind::Generic | Kind::Add => None,
    }
}

#[cold]
#[inline(never)]
fn load_first<'a>(object: Ref<'a>, header: &'a Header, name: Ref<'_>) -> Option<Found<'a>> {
    let (class, shape) = (object.class(), header.shape.get());
    let version = class.version();
    if shape == 0 || version == 0 {
        return None;
    }
    let entry = LOADS.at(shape, name);
    entry.fill(header, version, name, how_to_load(class, shape, name));
    read(header, entry, name)
}

const GENERIC: (Kind, u32, u64) = (Kind::Generic, 0, 0);

fn how_to_load(class: &Type, shape: u32, name: Ref<'_>) -> (Kind, u32, u64) {
    if !crate::type_new::finds_like_object(class) {
        return GENERIC;
    }
    let found = class.lookup(name);
    if let Some(found) = found
        && found.class().slots().descr_set.is_some()
    {
        // What an object's class is the version says.
        if name.is(names::__class__()) && OBJECT.lookup(name).is_some_and(|own| own.is(found)) {
            return (Kind::Value, 0, class.object().bits());
        }
        return member_offset(class, found).map_or(GENERIC, |offset| (Kind::Word, offset, 0));
    }
    if class.capacity.get().is_some() {
        if shape::is_dict_shape(shape) {
            let function = match found {
                Some(found) if found.class().has_flag(flag::METHOD_DESCRIPTOR) => found.bits(),
                _ => 0,
            };
            return instance::slot_offset(class, 0).map_or(GENERIC, |offset| (Kind::Dict, offset - 8, function));
        }
        if let Some(slot) = shape::slot_of(shape, name) {
            return instance::slot_offset(class, slot).map_or(GENERIC, |offset| (Kind::Word, offset, 0));
        }
    }
    match found {
        Some(found) if found.class().has_flag(flag::METHOD_DESCRIPTOR) => (Kind::Method, 0, found.bits()),
        Some(found) if found.class().slots().descr_get.is_none() => (Kind::Value, 0, found.bits()),
        Some(found) => static_function(found).map_or(GENERIC, |function| (Kind::Value, 0, function)),
        None => GENERIC,
    }
}

/// The word of what a static method gives.
fn static_function(found: Ref<'_>) -> Option<u64> {
    let method = found.is_exactly(&STATIC_METHOD).then(|| found.downcast::<StaticMethod>())??;
    // Whoever sets it anew has all versions change.
    method.get().function.get().map(|function| function.borrow().bits())
}

/// Where a `__slots__` member of instances of `class` is.
fn member_offset(class: &Type, descriptor: Ref<'_>) -> Option<u32> {
    let member = descriptor.is_exactly(&MEMBER).then(|| descriptor.downcast::<MemberDescriptor>())??;
    let owner = member.class.get()?;
    let is_own = owner.borrow().downcast::<Type>().is_some_and(|owner| class.is_subclass_of(owner.get()));
    match member.place {
        MemberPlace::Offset(offset) if is_own => Some(offset),
        _ => None,
    }
}

/// Does `object.name = value` if that is simple and known; the value comes back if not. `name` is interned.
#[inline]
pub fn store(object: Ref<'_>, name: Ref<'_>, value: Object) -> Result<(), Object> {
    let word = value.borrow().bits();
    let Some(old) = exchange(object, name, word) else { return Err(value) };
    std::mem::forget(value);
    // SAFETY: the reference was the object's and is taken over.
    drop(unsafe { Object::from_raw(old) });
    Ok(())
}

/// Does `object.name = value` if that is simple and known, with a word that owns a reference; gives the word that was
/// there, whose reference is the caller's then, zero if none was. `name` is interned.
#[inline]
pub fn exchange(object: Ref<'_>, name: Ref<'_>, value: u64) -> Option<u64> {
    let header = object.header()?;
    let entry = STORES.at(header.shape.get(), name);
    if !entry.matches(header, name) && !store_first(object, header, name) {
        return None;
    }
    match entry.kind.get() {
        Kind::Word => Some(word_at(header, entry.offset.get()).replace(value)),
        Kind::Add => {
            word_at(header, entry.offset.get()).set(value);
            header.shape.set(entry.value.get() as u32);
            Some(0)
        }
        Kind::Dict => exchange_in_dict(header, entry.offset.get(), name, value),
        _ => None,
    }
}

/// Replaces an attribute of an instance that keeps its attributes in a dict; the algorithm adds those that are not there.
fn exchange_in_dict(header: &Header, offset: u32, name: Ref<'_>, value: u64) -> Option<u64> {
    let word = word_at(header, offset).get();
    if word == 0 {
        return None;
    }
    // SAFETY: the word is the instance's dict.
    let dict = unsafe { Ref::from_bits(word).downcast_unchecked::<Dict>() };
    // SAFETY: the reference is the caller's until it is put in.
    unsafe { dict.exchange_interned(name, value) }
}

#[cold]
#[inline(never)]
fn store_first(object: Ref<'_>, header: &Header, name: Ref<'_>) -> bool {
    let (class, shape) = (object.class(), header.shape.get());
    let version = class.version();
    if shape == 0 || version == 0 {
        return false;
    }
    STORES.at(shape, name).fill(header, version, name, how_to_store(class, shape, name));
    true
}

fn how_to_store(class: &Type, shape: u32, name: Ref<'_>) -> (Kind, u32, u64) {
    if class.slots().setattr.is_some() || class.has_flag(flag::FLAGGED) {
        return GENERIC;
    }
    if let Some(found) = class.lookup(name)
        && found.class().slots().descr_set.is_some()
    {
        return member_offset(class, found).map_or(GENERIC, |offset| (Kind::Word, offset, 0));
    }
    if class.capacity.get().is_none() {
        return GENERIC;
    }
    if shape::is_dict_shape(shape) {
        return instance::slot_offset(class, 0).map_or(GENERIC, |offset| (Kind::Dict, offset - 8, 0));
    }
    if let Some(slot) = shape::slot_of(shape, name) {
        return instance::slot_offset(class, slot).map_or(GENERIC, |offset| (Kind::Word, offset, 0));
    }
    let Some(next) = shape::with_name(shape, name) else { return GENERIC };
    match instance::slot_offset(class, shape::n_names(next) as u16 - 1) {
        Some(offset) => (Kind::Add, offset, u64::from(next)),
        None => GENERIC,
    }
}
