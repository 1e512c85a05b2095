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
}

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
        // Id 0 is for values without a header.
        shapes.push(Shape { class: std::ptr::null(), names: Vec::new(), index: None, transitions: Vec::new(), capacity: 0, in_dict: false });
    }
    shapes.push(shape);
    shapes.len() as u32 - 1
}

/// The shape of an instance of `class` without attributes and with room for `capacity`.
pub(crate) fn new_root(class: &Type, capacity: u16) -> u32 {
    add(Shape { class, names: Vec::new(), index: None, transitions: Vec::new(), capacity, in_dict: false })
}

/// The shape of an instance of `class` whose attributes are in a dict.
pub(crate) fn new_dict_shape(class: &Type) -> u32 {
    add(Shape { class, names: Vec::new(), index: None, transitions: Vec::new(), capacity: 0, in_dict: true })
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

/// The shape with `name` added, if there is a slot for it.
pub(crate) fn with_name(id: u32, name: Ref<'_>) -> Option<u32> {
    let shape = &shapes()[id as usize];
    if let Some(&(_, next)) = shape.transitions.iter().find(|(known, _)| *known == name.bits()) {
        return Some(next);
    }
    if shape.names.len() >= usize::from(shape.capacity) {
        return None;
    }
    let mut names = shape.names.clone();
    // SAFETY: interned strings are immortal.
    names.push(unsafe { Ref::from_bits(name.bits()) });
    let index = (names.len() > SCANNED).then(|| names.iter().enumerate().map(|(slot, name)| (name.bits(), slot as u16)).collect());
    let next = add(Shape { class: shape.class, names, index, transitions: Vec::new(), capacity: shape.capacity, in_dict: false });
    shapes()[id as usize].transitions.push((name.bits(), next));
    Some(next)
}

/// The attributes' names in slot order.
#[inline]
pub fn names(shape: u32) -> &'static [Ref<'static>] {
    // The vector of one shape never changes, but the table may move: the slice is of the vector's own memory.
    let names = &shapes()[shape as usize].names;
    // SAFETY: shapes are never dropped.
    unsafe { std::slice::from_raw_parts(names.as_ptr(), names.len()) }
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
