//! Instances: allocation, `__slots__` and attributes.
//!
//! ```text
//! header · payload of the native base · __slots__ members · items, if their number varies · dict · attribute slots
//! ```
//!
//! The last two exist where the class gives its instances a `__dict__`. Attributes are in slots, as the shape says, and
//! the dict, if somebody asked for it, is a view of them (`slots.rs`). Where slots will not do (they run out, a key is
//! not the name of an attribute, another `__dict__` or `__class__` is assigned), the attributes move to the dict for good.

use crate::class::{Payload, Type};
use crate::dict::Dict;
use crate::heap;
use crate::native::flag;
use crate::shape;
use crate::value::{Header, Object, ObjectOf, Ref};
use crate::vm::{PyResult, Vm};
pub(crate) use slots::Slots;
use smallvec::SmallVec;
use std::cell::Cell;

mod slots;

/// Slots of an instance's attributes at the least.
pub(crate) const LEAST_CAPACITY: u16 = 2;
/// Attribute slots an instance can have at the most.
pub(crate) const GREATEST_CAPACITY: u16 = 64;

#[inline]
fn attributes_offset(class: &Type, n_items: usize) -> usize {
    let payload = class.payload_ref();
    (class.fixed_size.get() as usize + n_items * payload.item_size).next_multiple_of(8)
}

/// Memory for an instance of `class` with `n_items` items: header set, attributes empty, payload undefined.
///
/// # Safety
///
/// The caller writes a valid payload before anything can look at the object.
#[inline]
pub(crate) unsafe fn allocate_raw(class: &Type, n_items: usize) -> *mut Header {
    let payload = class.payload_ref();
    let start = attributes_offset(class, n_items);
    let capacity = class.capacity.get();
    let size = start + capacity.map_or(0, |capacity| 8 + 8 * usize::from(capacity));
    let traced = payload.traced || class.is_heap_type();
    // SAFETY: the header is written next, the payload by the caller.
    unsafe {
        let pointer = heap::allocate(size, traced);
        pointer.write(Header { refcount: Cell::new(1), shape: Cell::new(class.root_shape.get()), ty: Cell::new(class) });
        if class.is_heap_type() {
            std::mem::forget(class.to_object());
            if class.has_finalizer() {
                crate::collector::order::remember(pointer.addr());
            }
            let slots = payload.size.next_multiple_of(8);
            clear(pointer.cast::<u8>().add(slots), class.fixed_size.get() as usize - slots);
        }
        if capacity.is_some() {
            clear(pointer.cast::<u8>().add(start), size - start);
        }
        pointer
    }
}

/// The same without items.
///
/// # Safety
///
/// As for [`allocate_raw`].
#[inline(never)]
unsafe fn allocate_without_items(class: &Type) -> *mut Header {
    // SAFETY: the caller's promise.
    unsafe { allocate_raw(class, 0) }
}

/// What an instance of a class looks like when it has just been made.
#[derive(Clone, Debug)]
pub struct Blank {
    /// Its bytes.
    pub size: usize,
    /// The bytes that are zero.
    pub zeroed: std::ops::Range<usize>,
    /// Its shape, as long as the class has it at [`Blank::ROOT_SHAPE`]; with another shape it may have another size.
    pub shape: u32,
}

impl Blank {
    /// How far behind the address of a class the shape of its new instances is, 32 bits.
    pub const ROOT_SHAPE: usize = std::mem::offset_of!(Type, root_shape);

    /// Of a Python class whose instances have no payload, and end without a finaliser.
    pub fn of(class: &Type) -> Option<Blank> {
        let payload = class.payload_ref();
        if !class.is_heap_type() || class.has_finalizer() || payload.n_items.is_some() || payload.size != size_of::<Header>() {
            return None;
        }
        let start = attributes_offset(class, 0);
        let size = start + class.capacity.get().map_or(0, |capacity| 8 + 8 * usize::from(capacity));
        Some(Blank { size, zeroed: size_of::<Header>()..size, shape: class.root_shape.get() })
    }
}

/// Zeroes words, of which there are few as a rule.
///
/// # Safety
///
/// There are so many bytes, a multiple of eight.
#[inline(always)]
unsafe fn clear(start: *mut u8, bytes: usize) {
    for offset in (0..bytes).step_by(8) {
        // SAFETY: the caller's promise. A call of the C library for a few words takes longer; a plain store would become one.
        unsafe { start.add(offset).cast::<u64>().write_volatile(0) };
    }
}

/// Memory of `size` bytes for an instance of a native class without attributes: header set, payload undefined.
///
/// # Safety
///
/// The size is that of the class's instances, and `traced` what the class says. The caller writes a valid payload before
/// anything can look at the object.
#[inline]
pub(crate) unsafe fn allocate_plain(class: &'static Type, size: usize, traced: bool) -> *mut Header {
    // SAFETY: the header is written next, the payload by the caller.
    unsafe {
        let pointer = heap::allocate(size, traced);
        pointer.write(Header { refcount: Cell::new(1), shape: Cell::new(class.root_shape.get()), ty: Cell::new(class) });
        pointer
    }
}

/// Drops `__slots__` members and attributes.
///
/// # Safety
///
/// The object is an instance of `class` and is about to be freed.
#[inline]
pub(crate) unsafe fn drop_attributes(pointer: *mut Header, class: &Type) {
    if !class.is_heap_type() && class.capacity.get().is_none() {
        return;
    }
    // SAFETY: the layout is the class's; each reference is taken out once.
    unsafe {
        if let Some(region) = region(pointer, class) {
            if (*region).is_some() {
                end_view(Slots::new(pointer, region));
            }
            let n = shape::n_names((*pointer).shape.get());
            for index in 0..n {
                drop(region.add(1 + index).replace(None));
            }
            drop(region.replace(None));
        }
        let start = class.payload_ref().size.next_multiple_of(8);
        for offset in (start..class.fixed_size.get() as usize).step_by(8) {
            drop(pointer.cast::<u8>().add(offset).cast::<Option<Object>>().replace(None));
        }
    }
}

/// Parts the dict that shows the slots from the instance, which is about to end: one that somebody else has takes the values over.
#[inline(never)]
fn end_view(slots: Slots) {
    if let Some(dict) = slots.view() {
        if dict.object().is_unique() { dict.forget_slots() } else { dict.own() }
    }
}

/// The word of the dict, which the attribute slots follow.
///
/// # Safety
///
/// The object is a live instance of `class`.
#[inline]
unsafe fn region(pointer: *mut Header, class: &Type) -> Option<*mut Option<Object>> {
    class.capacity.get()?;
    // SAFETY: the caller's promise.
    unsafe {
        let n_items = class.payload_ref().n_items.map_or(0, |n_items| n_items(pointer));
        Some(pointer.cast::<u8>().add(attributes_offset(class, n_items)).cast())
    }
}

/// Shows attributes and members to the collector.
///
/// # Safety
///
/// The object is a live instance of `class`.
pub(crate) unsafe fn traverse_attributes(pointer: *mut Header, class: &Type, visitor: &mut crate::cell::Visitor<'_>) {
    if !class.is_heap_type() && class.capacity.get().is_none() {
        return;
    }
    // SAFETY: the layout is the class's; nothing else runs.
    unsafe {
        if let Some(region) = region(pointer, class) {
            // Of a dict that shows the slots it is said to refer to the values.
            let n = if (*region).is_some() { 0 } else { shape::n_names((*pointer).shape.get()) };
            for index in 0..=n {
                if let Some(object) = &*region.add(index) {
                    visitor.visit(object.borrow());
                }
            }
        }
        let start = class.payload_ref().size.next_multiple_of(8);
        for offset in (start..class.fixed_size.get() as usize).step_by(8) {
            if let Some(object) = &*pointer.cast::<u8>().add(offset).cast::<Option<Object>>() {
                visitor.visit(object.borrow());
            }
        }
    }
    if class.is_heap_type() {
        visitor.visit(class.object());
    }
}

/// Gives up attributes and members, to break a cycle.
///
/// # Safety
///
/// The object is a live instance of `class`.
pub(crate) unsafe fn clear_attributes(pointer: *mut Header, class: &Type) {
    if !class.is_heap_type() && class.capacity.get().is_none() {
        return;
    }
    // SAFETY: as for `drop_attributes`; the shape says that nothing is left.
    unsafe {
        if let Some(region) = region(pointer, class) {
            if let Some(dict) = Slots::new(pointer, region).view() {
                dict.own();
            }
            let n = shape::n_names((*pointer).shape.get());
            let taken: SmallVec<[_; 12]> = (0..=n).map(|index| region.add(index).replace(None)).collect();
            (*pointer).shape.set(class.dict_shape.get());
            drop(taken);
        }
        let start = class.payload_ref().size.next_multiple_of(8);
        for offset in (start..class.fixed_size.get() as usize).step_by(8) {
            drop(pointer.cast::<u8>().add(offset).cast::<Option<Object>>().replace(None));
        }
    }
}

/// Bytes from the start of an instance to an attribute slot, if that is the same in all instances.
pub(crate) fn slot_offset(class: &Type, slot: u16) -> Option<u32> {
    class.payload_ref().n_items.is_none().then(|| (attributes_offset(class, 0) + 8 + 8 * usize::from(slot)) as u32)
}

/// The place of the `index`-th word after an instance's payload and members.
#[inline]
fn region_of(object: Ref<'_>) -> Option<*mut Option<Object>> {
    let header = object.header()?;
    let class = object.class();
    // SAFETY: the object is live, and `class` is its type.
    unsafe { region(std::ptr::from_ref(header).cast_mut(), class) }
}

/// The slots of an object, whether they are in use or not; `None` if instances have no attributes.
#[inline]
fn slots_of(object: Ref<'_>) -> Option<Slots> {
    let region = region_of(object)?;
    // SAFETY: the region is that of the object. The callers do not keep the slots; a dict does, and `end_view` and
    // `clear_attributes` see to it that it does not use them when the object has ended.
    Some(unsafe { Slots::new(object.header()?, region) })
}

/// The value of an attribute in the instance itself. `name` is interned. Runs no Python.
#[inline]
pub fn get_attribute<'a>(object: Ref<'a>, name: Ref<'_>) -> Option<Ref<'a>> {
    let region = region_of(object)?;
    let shape = object.shape();
    // SAFETY: the region has the dict and as many slots as the shape has names.
    unsafe {
        if let Some(slot) = shape::slot_of(shape, name) {
            return (*region.add(1 + usize::from(slot))).as_ref().map(|value| Ref::from_bits(value.borrow().bits()));
        }
        let dict = (*region).as_ref().filter(|_| shape::is_dict_shape(shape))?.borrow().downcast::<Dict>()?;
        dict.get_interned(name).map(|value| Ref::from_bits(value.bits()))
    }
}

/// Sets an attribute in the instance itself; `false` if instances have no attributes. `name` is interned.
#[inline]
pub fn set_attribute(vm: &mut Vm, object: Ref<'_>, name: Ref<'_>, value: Object) -> bool {
    let Some(slots) = slots_of(object) else { return false };
    if let Some(slot) = slots.position_of(name) {
        drop(slots.replace(slot, value));
        return true;
    }
    let value = match if slots.in_use() { slots.add(name, value) } else { Err(value) } {
        Ok(()) => return true,
        Err(value) => value,
    };
    if is_method(object.class(), name) {
        object.class().set_flag(flag::DICT_SHOWN);
    }
    let dict = own_dict_of(vm, object).expect("an object with attributes has a dict");
    dict.borrow().set_interned(vm, name, value);
    true
}

/// Whether the instance has room for attributes and has none.
pub(crate) fn is_without_attributes(object: Ref<'_>) -> bool {
    region_of(object).is_some() && shape::n_names(object.shape()) == 0 && !shape::is_dict_shape(object.shape())
}

/// Gives later instances of a class more slots, if there are no more than were needed.
#[cold]
fn learn_capacity(class: &Type, needed: usize) {
    let capacity = class.capacity.get().unwrap_or(0);
    if capacity < GREATEST_CAPACITY && needed >= usize::from(capacity) {
        let more = (capacity * 2).clamp(LEAST_CAPACITY, GREATEST_CAPACITY);
        class.capacity.set(Some(more));
        class.root_shape.set(shape::new_root(class, more));
    }
}

/// Deletes an attribute of the instance itself; `false` if it is not there.
pub fn delete_attribute(vm: &mut Vm, object: Ref<'_>, name: Ref<'_>) -> bool {
    let Some(slots) = slots_of(object) else { return false };
    if slots.in_use() {
        let Some(slot) = slots.position_of(name) else { return false };
        if slots.remove(slot).is_some() {
            return true;
        }
    }
    let dict = own_dict_of(vm, object).expect("an object with attributes has a dict");
    dict.borrow().remove_interned(vm, name).is_some()
}

/// The instance's `__dict__`, made if it was not there; `None` if instances have none.
pub fn dict_of(vm: &mut Vm, object: Ref<'_>) -> Option<ObjectOf<Dict>> {
    let dict = make_dict_of(vm, object)?;
    object.class().set_flag(flag::DICT_SHOWN);
    Some(dict)
}

fn make_dict_of(vm: &mut Vm, object: Ref<'_>) -> Option<ObjectOf<Dict>> {
    let slots = slots_of(object)?;
    let region = region_of(object)?;
    // SAFETY: the region starts with the dict's word.
    if let Some(dict) = unsafe { &*region } {
        return dict.borrow().downcast::<Dict>().map(|dict| dict.to_owned());
    }
    let dict = if slots.in_use() { vm.allocate(Dict::of_slots(slots)) } else { vm.new_dict() };
    // SAFETY: as above; the word was empty.
    unsafe { region.write(Some(dict.clone().into_object())) };
    Some(dict)
}

/// The same, with the attributes moved there for good.
fn own_dict_of(vm: &mut Vm, object: Ref<'_>) -> Option<ObjectOf<Dict>> {
    let dict = make_dict_of(vm, object)?;
    if slots_of(object)?.in_use() {
        dict.borrow().own();
    }
    Some(dict)
}

/// Replaces the instance's `__dict__`; the error is for instances that have none.
pub fn set_dict(_vm: &mut Vm, object: Ref<'_>, dict: ObjectOf<Dict>) -> bool {
    let (Some(slots), Some(region)) = (slots_of(object), region_of(object)) else { return false };
    let mut values = Vec::new();
    match slots.view() {
        Some(view) => view.own(),
        None if slots.in_use() => slots.leave(|_, value| values.push(value)),
        None => {}
    }
    // SAFETY: the region starts with the dict's word.
    drop(unsafe { region.replace(Some(dict.into_object())) });
    object.class().set_flag(flag::DICT_SHOWN);
    drop(values);
    true
}

/// Whether an instance of exactly this class has, or had, an attribute in front of a method of the class, as far as one can know.
pub fn may_shadow_methods(class: &Type) -> bool {
    class.has_flag(flag::DICT_SHOWN) || shape::names_in(class).any(|name| is_method(class, name))
}

fn is_method(class: &Type, name: Ref<'_>) -> bool {
    class.lookup(name).is_some_and(|found| found.class().has_flag(flag::METHOD_DESCRIPTOR))
}

/// Whether the instance has any attribute of its own.
pub fn has_attributes(object: Ref<'_>) -> bool {
    region_of(object).is_some()
}

/// The `__slots__` member at `offset` bytes.
#[inline]
fn member_at<'a>(object: Ref<'a>, offset: usize) -> &'a mut Option<Object> {
    let header = object.header().expect("an instance with members has a header");
    // SAFETY: the member descriptor checked that the object is an instance of the class that laid
    // the member out; the callers copy or move out and let go.
    unsafe { &mut *std::ptr::from_ref(header).cast::<u8>().add(offset).cast_mut().cast::<Option<Object>>() }
}

/// Reads a `__slots__` member of an instance whose class has been checked.
pub(crate) fn get_member(object: Ref<'_>, offset: usize) -> Option<Object> {
    member_at(object, offset).clone()
}

pub(crate) fn set_member(object: Ref<'_>, offset: usize, value: Option<Object>) -> Option<Object> {
    std::mem::replace(member_at(object, offset), value)
}

/// Bytes of an instance, for `__sizeof__`.
pub fn size_of_instance(object: Ref<'_>) -> usize {
    let class = object.class();
    let Some(header) = object.header() else { return 8 };
    // SAFETY: the object is live, and `class` is its type.
    let n_items = class.payload_ref().n_items.map_or(0, |n_items| unsafe { n_items(header) });
    attributes_offset(class, n_items) + class.capacity.get().map_or(0, |capacity| 8 + 8 * usize::from(capacity))
}

impl Vm {
    /// A new object of `T`'s own type.
    ///
    /// The payload is written by the caller, word by word, where it stays: one that is moved as a whole is read before its words have arrived.
    #[inline(always)]
    pub fn allocate<T: Payload>(&self, payload: T) -> ObjectOf<T> {
        // SAFETY: the payload is written before anybody sees the object.
        unsafe {
            let pointer = allocate_without_items(T::class());
            pointer.cast::<u8>().add(T::OFFSET).cast::<T>().write(payload);
            ObjectOf::from_object(Object::from_header(pointer))
        }
    }

    /// A new object of `T`'s own type with room for `n` words behind the payload, which is made by `make`, from the address of the first.
    /// The words are the payload's own, to be filled and emptied by it.
    #[inline]
    pub fn allocate_with_words<T: Payload>(&self, n: usize, make: impl FnOnce(*mut u64) -> T) -> ObjectOf<T> {
        let (class, payload) = (T::class(), T::class().payload_ref());
        let start = attributes_offset(class, 0);
        // SAFETY: header and payload are written before anybody sees the object; the class is native and has no attributes.
        unsafe {
            let pointer = allocate_plain(class, start + 8 * n, payload.traced);
            let payload = make(pointer.cast::<u8>().add(start).cast());
            pointer.cast::<u8>().add(T::OFFSET).cast::<T>().write(payload);
            ObjectOf::from_object(Object::from_header(pointer))
        }
    }

    /// A new instance of `class`, which is `T`'s type or derives from it.
    #[inline]
    pub fn allocate_in<T: Payload>(&self, class: &Type, payload: T) -> Object {
        debug_assert!(class.is_subclass_of(T::class()));
        // SAFETY: as above; a subclass has the same payload.
        unsafe {
            let pointer = allocate_without_items(class);
            pointer.cast::<u8>().add(T::OFFSET).cast::<T>().write(payload);
            Object::from_header(pointer)
        }
    }

    /// A new instance of a class whose native base is `object`, with this shape and attributes, each so many bytes from its start.
    ///
    /// The shape is one of the class's, and there is room for its attributes.
    pub fn allocate_with_attributes(&self, class: &Type, shape: u32, attributes: impl IntoIterator<Item = (usize, Object)>) -> Object {
        let object = self.allocate_plain(class);
        let header = object.borrow().header().expect("it was just allocated");
        header.shape.set(shape);
        for (offset, value) in attributes {
            // SAFETY: the caller's promise: the word is one of the instance's, and empty.
            unsafe { std::ptr::from_ref(header).cast_mut().cast::<u8>().add(offset).cast::<u64>().write(value.into_raw()) };
        }
        object
    }

    /// A new instance of a class whose native base is `object`.
    pub fn allocate_plain(&self, class: &Type) -> Object {
        // SAFETY: there is no payload.
        unsafe { Object::from_header(allocate_raw(class, 0)) }
    }
}

/// Changes an instance's class to one with the same layout.
pub(crate) fn set_class(vm: &mut Vm, object: Ref<'_>, class: &Type) -> PyResult<()> {
    let header = object.header().expect("only heap objects change class");
    let slots = slots_of(object).filter(Slots::in_use);
    let shape = match slots.map(|_| shape::in_class(header.shape.get(), class)) {
        None if region_of(object).is_none() => class.root_shape.get(),
        Some(Some(shape)) => shape,
        // The shape of what is in a dict is the same for all layouts.
        _ => {
            own_dict_of(vm, object);
            class.dict_shape.get()
        }
    };
    let old = object.class();
    let old_reference = if old.is_heap_type() {
        // SAFETY: the instance held one reference to its old class and gives it up here.
        Some(unsafe { old.release_instance_reference() })
    } else {
        None
    };
    if class.has_flag(flag::HEAP) {
        std::mem::forget(class.to_object());
    }
    header.ty.set(class);
    header.shape.set(shape);
    drop(old_reference);
    Ok(())
}
