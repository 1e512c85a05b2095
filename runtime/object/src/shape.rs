//! Shapes (hidden classes): which attribute is in which slot of an instance.
//!
//! Shapes form a tree for each class: the root is an instance without attributes, and each edge adds one
//! name. An instance's header holds its shape's id, which says exact class and layout at once. One
//! more shape per class stands for instances whose attributes are in a dict.

use crate::cell::VmCell;
use crate::class::Type;
use crate::collector::AddressHasher;
use crate::value::Ref;
use std::collections::HashMap;
use std::hash::BuildHasherDefault;

/// One layout.
pub struct Shape {
    class: *const Type,
    /// Interned names, in slot order.
    names: Vec<Ref<'static>>,
    /// Name to slot, where there are more than a scan should go through.
    index: Option<HashMap<u64, u16, BuildHasherDefault<AddressHasher>>>,
    /// Name to the shape that has it in addition.
    transitions: Vec<(u64, u32)>,
    capacity: u16,
    in_dict: bool,
    /// The shape without the last name; a root is its own.
    parent: u32,
    root: u32,
    /// Of a root: how many shapes may yet be made for the sake of deleted attributes.
    deletions: u16,
}

/// How many shapes of a tree deletions may add: a program that uses an instance as a table of changing names gets a dict.
const GREATEST_DELETIONS: u16 = 64;
/// How many shapes may add one name to the same shape, for the same reason.
const GREATEST_TRANSITIONS: usize = 128;

/// How many names are searched one by one.
const SCANNED: usize = 8;

static SHAPES: VmCell<Vec<Shape>> = VmCell::new(Vec::new());

fn shapes() -> &'static mut Vec<Shape> {
    // SAFETY: the lock is held, and every caller lets go of the borrow before it returns or calls on.
    unsafe { SHAPES.get_unchecked() }
}

fn add(shape: Shape) -> u32 {
    let shapes = shapes();
    if shapes.is_empty() {
        // Start-up makes about 700, and what the table grows out of would be left over.
        shapes.reserve(1024);
        // Id 0 is for values without a header.
        shapes.push(Shape::root(std::ptr::null(), 0));
    }
    shapes.push(shape);
    shapes.len() as u32 - 1
}

impl Shape {
    /// A shape without names, for [`add_root`].
    const fn root(class: *const Type, capacity: u16) -> Shape {
        let deletions = GREATEST_DELETIONS;
        Shape { class, names: Vec::new(), index: None, transitions: Vec::new(), capacity, in_dict: false, parent: 0, root: 0, deletions }
    }
}

fn add_root(shape: Shape) -> u32 {
    let id = add(shape);
    let shape = &mut shapes()[id as usize];
    (shape.parent, shape.root) = (id, id);
    id
}

/// The shape of an instance of `class` without attributes and with room for `capacity`.
pub(crate) fn new_root(class: &Type, capacity: u16) -> u32 {
    add_root(Shape::root(class, capacity))
}

/// The shape of an instance of `class` whose attributes are in a dict.
pub(crate) fn new_dict_shape(class: &Type) -> u32 {
    add_root(Shape { in_dict: true, ..Shape::root(class, 0) })
}

/// The slot of `name`, which is interned.
#[inline]
pub fn slot_of(shape: u32, name: Ref<'_>) -> Option<u16> {
    let shape = &shapes()[shape as usize];
    match &shape.index {
        Some(index) => index.get(&name.bits()).copied(),
        None => shape.names.iter().position(|known| known.is(name)).map(|slot| slot as u16),
    }
}

fn transition(id: u32, name: Ref<'_>) -> Option<u32> {
    shapes()[id as usize].transitions.iter().find(|(known, _)| *known == name.bits()).map(|&(_, next)| next)
}

/// The shape with `name` added, if there is a slot for it.
pub(crate) fn with_name(id: u32, name: Ref<'_>) -> Option<u32> {
    transition(id, name).or_else(|| extend(id, name))
}

fn extend(id: u32, name: Ref<'_>) -> Option<u32> {
    let shape = &shapes()[id as usize];
    if shape.names.len() >= usize::from(shape.capacity) || shape.transitions.len() >= GREATEST_TRANSITIONS {
        return None;
    }
    let mut names = shape.names.clone();
    // SAFETY: interned strings are immortal.
    names.push(unsafe { Ref::from_bits(name.bits()) });
    let index = (names.len() > SCANNED).then(|| names.iter().enumerate().map(|(slot, name)| (name.bits(), slot as u16)).collect());
    let next = add(Shape { names, index, parent: id, root: shape.root, ..Shape::root(shape.class, shape.capacity) });
    shapes()[id as usize].transitions.push((name.bits(), next));
    Some(next)
}

/// The shape without the name in `slot`, and the later ones moved up; `None` if there should not be one.
pub(crate) fn without(id: u32, slot: usize) -> Option<u32> {
    let names = names(id);
    let mut shape = id;
    for _ in slot..names.len() {
        shape = shapes()[shape as usize].parent;
    }
    for &name in &names[slot + 1..] {
        shape = match transition(shape, name) {
            Some(next) => next,
            None => {
                let root = root_of(shape);
                let deletions = &mut shapes()[root as usize].deletions;
                *deletions = deletions.checked_sub(1)?;
                extend(shape, name)?
            }
        };
    }
    Some(shape)
}

/// The shape of instances of `class` with the same names in the same slots, if all instances with this one have room for it.
pub(crate) fn in_class(id: u32, class: &Type) -> Option<u32> {
    let root = class.root_shape.get();
    if class.capacity.get().is_none() || shapes()[root as usize].capacity > shapes()[id as usize].capacity {
        return None;
    }
    names(id).iter().try_fold(root, |shape, &name| with_name(shape, name))
}

/// The shape without any of the names.
pub(crate) fn root_of(shape: u32) -> u32 {
    shapes()[shape as usize].root
}

/// The attributes' names in slot order.
#[inline]
pub fn names(shape: u32) -> &'static [Ref<'static>] {
    // The vector of one shape never changes, but the table may move: the slice is of the vector's own memory.
    let names = &shapes()[shape as usize].names;
    // SAFETY: shapes are never dropped.
    unsafe { std::slice::from_raw_parts(names.as_ptr(), names.len()) }
}

/// The names that instances of exactly this class have, or had, in slots.
pub(crate) fn names_in(class: &Type) -> impl Iterator<Item = Ref<'static>> {
    // A class is younger than its shapes: older ones are those of a class that was at the same address.
    let first = class.root_shape.get().min(class.dict_shape.get());
    let of_class = (first..shapes().len() as u32).filter(|&id| std::ptr::eq(shapes()[id as usize].class, class));
    // Each shape has one name more than its parent, which is one of them.
    of_class.filter_map(|id| names(id).last().copied())
}

#[inline]
pub fn n_names(shape: u32) -> usize {
    shapes()[shape as usize].names.len()
}

/// Whether attributes of instances with this shape are in a dict.
#[inline]
pub fn is_dict_shape(shape: u32) -> bool {
    shapes()[shape as usize].in_dict
}
