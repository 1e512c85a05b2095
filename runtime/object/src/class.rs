//! Types: what an object's behaviour and layout are.
//!
//! A [`Type`] is itself an object. A native type is a `static` made from a [`TypeSpec`]; a Python class is on the
//! heap. [`crate::type_new`] fills a type in; this file holds its data, the search along the method
//! resolution order and the version that invalidates caches.

use crate::cell::{ObjectCell, Visitor, VmCell};
use crate::dict::Dict;
use crate::native::{PayloadInfo, TypeSpec, flag};
use crate::slots::Slots;
use crate::tuple::Tuple;
use crate::value::{Header, Object, ObjectOf, Ref, RefOf};
use crate::vm::Vm;
use abi::header;
use std::cell::Cell;
use std::collections::BTreeMap;

/// The Rust type of what follows an object's header.
pub trait Payload: 'static + Sized {
    /// Where the payload starts. Only [`Type`], which includes its header, differs.
    const OFFSET: usize = header::SIZE;

    /// The Python type whose instances hold this payload.
    fn class() -> &'static Type;

    /// Shows every reference the payload holds to the collector.
    fn traverse(&self, _visitor: &mut Visitor<'_>) {}

    /// Gives up references, to break a cycle that is garbage.
    fn clear(&self, _vm: &mut Vm) {}

    /// Whether the type's finaliser would do nothing but what dropping the payload does.
    fn ends_quietly(&self) -> bool {
        false
    }
}

/// A Python type.
#[repr(C)]
pub struct Type {
    header: Header,
    /// The native type itself, or the nearest native base of a Python class.
    spec: &'static TypeSpec,
    /// The short name of a Python class; leaked when the class is renamed.
    name: Cell<Option<&'static str>>,
    flags: Cell<u32>,
    /// Changes whenever an attribute lookup on the type could give another answer; 0: not assigned.
    version: Cell<u32>,
    slots: VmCell<Slots>,
    base: ObjectCell,
    pub(crate) bases: ObjectCell,
    mro: ObjectCell,
    dict: ObjectCell,
    /// Addresses of direct subclasses; each takes its own out when it dies.
    pub(crate) subclasses: VmCell<Vec<usize>>,
    /// Bytes of an instance without attributes and items: header, payload, `__slots__`.
    pub(crate) fixed_size: Cell<u32>,
    /// Attribute slots in each new instance; `None`: instances have no `__dict__`.
    pub(crate) capacity: Cell<Option<u16>>,
    /// Shape of an instance without attributes; also names the exact type.
    pub(crate) root_shape: Cell<u32>,
    /// Shape of an instance whose attributes are in a dict.
    pub(crate) dict_shape: Cell<u32>,
    /// Members of `__slots__` between the native base's payload and `fixed_size`.
    pub(crate) n_slots: Cell<u32>,
    pub(crate) payload: Cell<PayloadInfo>,
    /// Qualified name of a Python class.
    pub(crate) qualname: ObjectCell,
    /// The module or other state a native heap type wants to find.
    pub module_state: ObjectCell,
    /// Orders that were replaced, a chain of tuples `(order, chain)`: somebody may be walking along one.
    old_orders: ObjectCell,
}

// SAFETY: types are changed only by the thread that holds the global lock.
unsafe impl Sync for Type {}
// SAFETY: as above.
unsafe impl Send for Type {}

/// `type`
pub static TYPE: Type = Type::new(&crate::type_new::TYPE_SPEC);
/// `object`
pub static OBJECT: Type = Type::new(&crate::type_new::OBJECT_SPEC);

impl Payload for Type {
    const OFFSET: usize = 0;

    fn class() -> &'static Type {
        &TYPE
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        for cell in [&self.base, &self.bases, &self.mro, &self.dict, &self.qualname, &self.module_state, &self.old_orders] {
            cell.traverse(visitor);
        }
    }

    fn clear(&self, vm: &mut Vm) {
        // The namespace and the order, which has the class itself, are given up; the rest stays, since
        // instances that die later still need the layout.
        self.mro.set(None);
        self.old_orders.set(None);
        if let Some(dict) = self.dict.get()
            && let Some(dict) = dict.borrow().downcast::<Dict>()
        {
            dict.clear(vm);
        }
    }
}

impl Drop for Type {
    fn drop(&mut self) {
        self.set_version(0);
        crate::type_new::forget_class(self);
    }
}

/// The next version to hand out. Version 0 means "not assigned".
static NEXT_VERSION: VmCell<u32> = VmCell::new(1);

/// Addresses of the classes that have a version, by that.
static VERSIONED: VmCell<BTreeMap<u32, usize>> = VmCell::new(BTreeMap::new());

/// The class that has the version now.
pub fn class_of_version(version: u32) -> Option<Object> {
    // SAFETY: the lock is held and the borrow ends here; a class takes its address out when it dies.
    unsafe { VERSIONED.get_unchecked().get(&version).map(|&address| (*(address as *const Type)).to_object()) }
}

/// A version that no class has, or 0 if they have run out.
pub(crate) fn fresh_version() -> u32 {
    // SAFETY: the lock is held and the borrow ends here.
    let next = unsafe { NEXT_VERSION.get_unchecked() };
    if *next == u32::MAX {
        return 0;
    }
    *next += 1;
    *next - 1
}

const CACHE_SIZE: usize = 4096;

#[derive(Clone, Copy)]
struct CacheEntry {
    version: u32,
    name: u64,
    /// 0: the name is not found.
    value: u64,
}

/// Remembers where lookups ended, by type version and interned name.
static CACHE: VmCell<[CacheEntry; CACHE_SIZE]> = VmCell::new([CacheEntry { version: 0, name: 0, value: 0 }; CACHE_SIZE]);

impl Type {
    /// A native type. It works once [`crate::type_new::ready`] has seen it.
    pub const fn new(spec: &'static TypeSpec) -> Type {
        Type {
            header: Header { refcount: Cell::new(header::IMMORTAL | 1), shape: Cell::new(0), ty: Cell::new(&raw const TYPE) },
            spec,
            name: Cell::new(None),
            flags: Cell::new(spec.flags),
            version: Cell::new(0),
            slots: VmCell::new(spec.slots),
            base: ObjectCell::EMPTY,
            bases: ObjectCell::EMPTY,
            mro: ObjectCell::EMPTY,
            dict: ObjectCell::EMPTY,
            subclasses: VmCell::new(Vec::new()),
            fixed_size: Cell::new(spec.payload.size as u32),
            capacity: Cell::new(None),
            root_shape: Cell::new(0),
            dict_shape: Cell::new(0),
            n_slots: Cell::new(0),
            payload: Cell::new(spec.payload),
            qualname: ObjectCell::EMPTY,
            module_state: ObjectCell::EMPTY,
            old_orders: ObjectCell::EMPTY,
        }
    }

    /// A Python class, before anything is known of it but the native type it derives from.
    pub(crate) fn new_heap(spec: &'static TypeSpec, name: &str) -> Type {
        let class = Type::new(spec);
        class.flags.set(0);
        class.slots_mut(|slots| *slots = Slots::NONE);
        class.name.set(Some(String::from(name).leak()));
        class
    }

    /// The type as an object.
    #[inline]
    pub fn object(&self) -> Ref<'_> {
        RefOf::<Type>::from_header_ref(&self.header).object()
    }

    #[inline]
    pub fn as_ref(&self) -> RefOf<'_, Type> {
        RefOf::from_header_ref(&self.header)
    }

    pub fn to_object(&self) -> Object {
        self.object().to_owned()
    }

    pub(crate) fn header(&self) -> &Header {
        &self.header
    }

    /// `__name__`
    pub fn name(&self) -> &str {
        self.name.get().unwrap_or_else(|| self.spec.name.rsplit('.').next().unwrap_or(self.spec.name))
    }

    pub(crate) fn set_name(&self, name: &str) {
        self.name.set(Some(String::from(name).leak()));
    }

    /// The name as error messages show it: a native type's includes its module.
    pub fn full_name(&self) -> &str {
        self.name.get().unwrap_or(self.spec.name)
    }

    /// `__qualname__` of a Python class.
    pub fn qualname(&self) -> Option<Object> {
        self.qualname.get()
    }

    /// Bytes of an instance without items and attributes.
    pub fn basic_size(&self) -> usize {
        self.fixed_size.get() as usize
    }

    /// Bytes of each item of an instance of varying size; 0 if the size does not vary.
    pub fn item_size(&self) -> usize {
        self.payload.get().item_size
    }

    /// Whether instances hold native data, which attributes do not show.
    pub fn has_native_payload(&self) -> bool {
        self.payload.get().size > PayloadInfo::NONE.size
    }

    /// The declaration of the type, or of the nearest native base.
    pub fn spec(&self) -> &'static TypeSpec {
        self.spec
    }

    #[inline]
    pub fn has_flag(&self, flag: u32) -> bool {
        self.flags.get() & flag != 0
    }

    pub fn set_flag(&self, flag: u32) {
        self.flags.set(self.flags.get() | flag);
    }

    pub fn clear_flag(&self, flag: u32) {
        self.flags.set(self.flags.get() & !flag);
    }

    #[inline]
    pub fn is_heap_type(&self) -> bool {
        self.has_flag(flag::HEAP)
    }

    /// Whether attributes of the type cannot be set.
    #[inline]
    pub fn is_immutable(&self) -> bool {
        if self.is_heap_type() { self.has_flag(flag::FROZEN) } else { !self.has_flag(flag::MUTABLE) }
    }

    #[inline]
    pub fn has_finalizer(&self) -> bool {
        self.has_flag(flag::FINALIZER)
    }

    /// Whether instances hold nothing that must be dropped, and nobody is told of their end: strings, for example.
    #[inline]
    pub(crate) fn is_plain_data(&self) -> bool {
        self.payload_ref().drop.is_none() && !self.has_flag(flag::HEAP | flag::FINALIZER) && self.capacity.get().is_none()
    }

    #[inline]
    pub(crate) fn payload(&self) -> PayloadInfo {
        self.payload.get()
    }

    /// The same, to read one field of.
    #[inline]
    pub(crate) fn payload_ref(&self) -> &PayloadInfo {
        // SAFETY: the layout is settled before there are instances; readers let go at once.
        unsafe { &*self.payload.as_ptr() }
    }

    /// The operations. Copy the function out before calling it.
    #[inline]
    pub fn slots(&self) -> &Slots {
        // SAFETY: slots are plain words; readers copy one out at a time.
        unsafe { self.slots.get_unchecked() }
    }

    pub(crate) fn slots_mut(&self, change: impl FnOnce(&mut Slots)) {
        // SAFETY: readers of `slots` copy one word and let go.
        change(unsafe { self.slots.get_unchecked() });
    }

    /// `__base__`: the class this one's layout extends.
    #[inline]
    pub fn base(&self) -> Option<&Type> {
        // SAFETY: a type keeps its base alive, and the base is always a type.
        unsafe { (*std::ptr::from_ref(&self.base).cast::<Option<Object>>()).as_ref().map(|base| &*(base.borrow().bits() as *const Type)) }
    }

    pub(crate) fn set_base(&self, base: Option<&Type>) {
        self.base.set(base.map(Type::to_object));
    }

    /// `__mro__`, this type first.
    #[inline]
    pub fn mro(&self) -> &[Ref<'_>] {
        // SAFETY: the tuple lives as long as the type: one that is replaced is kept (see `set_mro`).
        unsafe {
            match (*std::ptr::from_ref(&self.mro).cast::<Option<Object>>()).as_ref() {
                Some(mro) => mro.borrow().downcast_unchecked::<Tuple>().get().items(),
                None => &[],
            }
        }
    }

    /// The classes of the method resolution order.
    pub fn mro_types(&self) -> impl Iterator<Item = &Type> {
        // SAFETY: the order holds types only.
        self.mro().iter().map(|class| unsafe { &*(class.bits() as *const Type) })
    }

    pub(crate) fn set_mro(&self, vm: &Vm, mro: Object) {
        // Somebody may be walking along the old order: it stays for as long as the class.
        if let Some(old) = self.mro.replace(Some(mro)) {
            let chain = vm.new_tuple([old, self.old_orders.get_or_none()]);
            self.old_orders.set(Some(chain.into_object()));
        }
    }

    pub fn mro_object(&self) -> Object {
        self.mro.get_or_none()
    }

    pub fn bases_object(&self) -> Object {
        self.bases.get_or_none()
    }

    /// The namespace. Whoever changes it calls [`Type::modified`].
    #[inline]
    pub fn dict(&self) -> RefOf<'_, Dict> {
        // SAFETY: every type that is in use has a dict, which is never replaced.
        unsafe {
            (*std::ptr::from_ref(&self.dict).cast::<Option<Object>>())
                .as_ref()
                .unwrap_or_else(|| panic!("the type {} is in use but has not been readied", self.spec.name))
                .borrow()
                .downcast_unchecked::<Dict>()
        }
    }

    pub(crate) fn set_dict(&self, dict: ObjectOf<Dict>) {
        self.dict.set(Some(dict.into_object()));
    }

    #[inline]
    pub fn is_subclass_of(&self, other: &Type) -> bool {
        let mut class = Some(self);
        while let Some(current) = class {
            if std::ptr::eq(current, other) {
                return true;
            }
            class = current.base();
        }
        self.is_heap_type() && self.mro_types().any(|class| std::ptr::eq(class, other))
    }

    /// Whether instances have room for attributes, a `__dict__` as Python sees it.
    pub fn has_attributes(&self) -> bool {
        self.capacity.get().is_some()
    }

    /// The shape of an instance without attributes.
    pub fn root_shape(&self) -> u32 {
        self.root_shape.get()
    }

    /// The version that guards what was learnt of the type; 0 if versions have run out.
    #[inline]
    pub fn version(&self) -> u32 {
        let version = self.version.get();
        if version != 0 { version } else { self.assign_version() }
    }

    /// The same, but 0 if none is assigned.
    #[inline]
    pub fn known_version(&self) -> u32 {
        self.version.get()
    }

    /// How far behind the address of a class the address of its builtin class's description is.
    pub const SPEC: usize = std::mem::offset_of!(Type, spec);

    /// How far behind the address of a class the function is that says how long its instances are.
    pub const LEN: usize = std::mem::offset_of!(Type, slots) + std::mem::offset_of!(Slots, len);

    /// The word there; 0: there is none.
    pub fn len_word(&self) -> u64 {
        self.slots().len.map_or(0, |len| (len as usize) as u64)
    }

    /// How far behind the address of a class the function is that iterates over its instances.
    pub const ITER: usize = std::mem::offset_of!(Type, slots) + std::mem::offset_of!(Slots, iter);

    /// The word there; 0: there is none.
    pub fn iter_word(&self) -> u64 {
        self.slots().iter.map_or(0, |iter| (iter as usize) as u64)
    }

    /// How far behind the address of a class the function is that compares its instances.
    pub const COMPARE: usize = std::mem::offset_of!(Type, slots) + std::mem::offset_of!(Slots, compare);

    /// The word there; 0: there is none.
    pub fn compare_word(&self) -> u64 {
        self.slots().compare.map_or(0, |compare| (compare as usize) as u64)
    }

    /// How far behind the address of a class its version is.
    pub const VERSION: usize = std::mem::offset_of!(Type, version);

    /// Where the version is, for compiled code to look at.
    pub fn version_place(&self) -> *const u32 {
        self.version.as_ptr()
    }

    #[cold]
    fn assign_version(&self) -> u32 {
        // SAFETY: the lock is held and the borrow ends here.
        let next = unsafe { NEXT_VERSION.get_unchecked() };
        if *next == u32::MAX {
            return 0;
        }
        if !self.follows_bases() {
            return 0;
        }
        // Its own first: an order that a metaclass made may lead back here.
        self.set_version(*next);
        *next += 1;
        for base in self.mro_types() {
            if base.version.get() == 0 && base.assign_version() == 0 {
                self.set_version(0);
                return 0;
            }
        }
        self.version.get()
    }

    fn set_version(&self, version: u32) {
        // SAFETY: the lock is held and the borrow ends here.
        let versioned = unsafe { VERSIONED.get_unchecked() };
        let old = self.version.replace(version);
        if version != 0 {
            versioned.insert(version, std::ptr::from_ref(self).addr());
        }
        if old != 0 {
            versioned.remove(&old);
            crate::assumed::changes(self.version_place());
        }
    }

    /// Whether all classes of the order are bases, so that changes of them are heard of. An order that a metaclass made may have
    /// others; nothing is remembered of such a class.
    fn follows_bases(&self) -> bool {
        if self.to_object().borrow().is_exactly(&TYPE) {
            return true;
        }
        let bases_of = |class: &Type| class.bases_object();
        self.mro_types().all(|class| {
            std::ptr::eq(class, self)
                || self.mro_types().any(|derived| {
                    let bases = bases_of(derived);
                    let bases = bases.borrow().downcast::<Tuple>();
                    bases.is_some_and(|bases| {
                        bases.items().iter().any(|base| base.downcast::<Type>().is_some_and(|base| std::ptr::eq(base.get(), class)))
                    })
                })
        })
    }

    /// To be called after every change of the type's namespace, bases or order: whatever was
    /// remembered of it and of its subclasses is forgotten.
    pub fn modified(&self) {
        if self.version.get() == 0 {
            return;
        }
        self.set_version(0);
        // SAFETY: the list changes only when classes are made or die, not during the walk.
        let subclasses = unsafe { self.subclasses.get_unchecked() };
        for &address in subclasses.iter() {
            // SAFETY: a class takes its address out when it dies.
            unsafe { &*(address as *const Type) }.modified();
        }
    }

    /// Finds a name along the method resolution order, without regard to descriptors.
    /// `name` must be interned.
    #[inline]
    pub fn lookup<'a>(&'a self, name: Ref<'_>) -> Option<Ref<'a>> {
        let version = self.version();
        // SAFETY: the borrow of the cache ends before anything else can run.
        let cache = unsafe { CACHE.get_unchecked() };
        let index = ((version as usize) ^ (name.bits() as usize >> 4)) % CACHE_SIZE;
        let entry = cache[index];
        if entry.version == version && version != 0 && entry.name == name.bits() {
            // SAFETY: while the version holds, the namespace that holds the value has not changed.
            return (entry.value != 0).then(|| unsafe { Ref::from_bits(entry.value) });
        }
        let found = self.lookup_uncached(name);
        if version != 0 {
            cache[index] = CacheEntry { version, name: name.bits(), value: found.map_or(0, Ref::bits) };
        }
        found
    }

    pub(crate) fn lookup_uncached<'a>(&'a self, name: Ref<'_>) -> Option<Ref<'a>> {
        self.mro_types().find_map(|class| class.dict().get_interned(name))
    }

    /// The class along the order in whose namespace `name` is found.
    pub fn lookup_with_owner<'a>(&'a self, name: Ref<'_>) -> Option<(&'a Type, Ref<'a>)> {
        self.mro_types().find_map(|class| class.dict().get_interned(name).map(|value| (class, value)))
    }

    /// Gives up the reference that an instance of a Python class held to it.
    ///
    /// # Safety
    ///
    /// To be called once for each instance that is freed.
    pub(crate) unsafe fn release_instance_reference(&self) -> Object {
        // SAFETY: the caller's promise.
        unsafe { Object::from_header(&raw const self.header) }
    }
}
