//! Tuples: items stored inline after a length.

use crate::cell::{ObjectCell, Visitor};
use crate::class::{Payload, Type};
use crate::native::{PayloadInfo, TypeSpec, flag};
use crate::value::{Header, Object, ObjectOf, Ref};
use crate::vm::Vm;
use std::cell::Cell;

/// The payload of a `tuple`: a length, then the items.
#[repr(C)]
pub struct Tuple {
    len: usize,
    /// -1: not computed. An exact tuple caches its hash here.
    pub(crate) hash: Cell<i64>,
    items: [Object; 0],
}

impl Payload for Tuple {
    fn class() -> &'static Type {
        &TUPLE
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        for &item in self.items() {
            visitor.visit(item);
        }
    }
}

impl Drop for Tuple {
    fn drop(&mut self) {
        // Last one first, as CPython does: finalisers run in that order.
        for index in (0..self.len).rev() {
            // SAFETY: the items were written when the tuple was made and are dropped once.
            unsafe { self.items.as_mut_ptr().add(index).drop_in_place() };
        }
    }
}

unsafe fn n_items(pointer: *const Header) -> usize {
    // SAFETY: the caller's promise.
    unsafe { (*pointer.cast::<u8>().add(Tuple::OFFSET).cast::<Tuple>()).len }
}

impl PayloadInfo {
    /// The layout of tuples.
    pub const TUPLE: PayloadInfo = PayloadInfo { item_size: size_of::<Object>(), n_items: Some(n_items), ..PayloadInfo::of::<Tuple>() };
}

/// `tuple`. Its methods are in the builtins crate, which fills in the rest.
pub static TUPLE: Type = Type::new(&TUPLE_SPEC);
static TUPLE_SPEC: TypeSpec = TypeSpec {
    name: "tuple",
    flags: flag::BASE_TYPE | flag::SEQUENCE | flag::MATCH_SELF,
    payload: PayloadInfo::TUPLE,
    doc: "Built-in immutable sequence.\n\nIf no argument is given, the constructor returns an empty tuple.\nIf iterable is specified the tuple is initialized from iterable's items.\n\nIf the argument is a tuple, the return value is the same object.",
    signature: "(iterable=(), /)",
    ..TypeSpec::DEFAULT
};

impl Tuple {
    pub fn len(&self) -> usize {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The hash, if it has been computed before.
    #[inline]
    pub fn known_hash(&self) -> Option<i64> {
        (self.hash.get() != -1).then(|| self.hash.get())
    }

    pub fn remember_hash(&self, hash: i64) {
        self.hash.set(hash);
    }

    /// The items. A tuple never changes, so they can be held while Python runs.
    #[inline]
    pub fn items(&self) -> &[Ref<'_>] {
        // SAFETY: `len` items follow, written when the tuple was made.
        unsafe { std::slice::from_raw_parts(self.items.as_ptr().cast::<Ref<'_>>(), self.len) }
    }
}

/// Memory for a tuple of so many items, empty as yet.
///
/// # Safety
///
/// The items and their number are written before anything can look at the tuple.
#[inline(never)]
unsafe fn begin_tuple(len: usize) -> *mut crate::value::Header {
    // SAFETY: the payload is written next, the items by the caller.
    unsafe {
        let pointer = crate::instance::allocate_plain(&TUPLE, Tuple::OFFSET + size_of::<Tuple>() + len * 8, true);
        let tuple = pointer.cast::<u8>().add(Tuple::OFFSET).cast::<Tuple>();
        (*tuple).hash = Cell::new(-1);
        (*tuple).len = 0;
        pointer
    }
}

impl Vm {
    /// A new tuple of these items.
    #[inline]
    pub fn new_tuple(&self, items: impl IntoIterator<Item = Object, IntoIter: ExactSizeIterator>) -> ObjectOf<Tuple> {
        let items = items.into_iter();
        let len = items.len();
        if len == 0 {
            return self.empty_tuple();
        }
        // SAFETY: `len` items are written before anything can look at the tuple; should the
        // iterator end early the length says so.
        unsafe {
            let pointer = begin_tuple(len);
            let tuple = pointer.cast::<u8>().add(Tuple::OFFSET).cast::<Tuple>();
            let start = (&raw mut (*tuple).items).cast::<Object>();
            for (index, item) in items.take(len).enumerate() {
                start.add(index).write(item);
                (*tuple).len = index + 1;
            }
            ObjectOf::from_object(Object::from_header(pointer))
        }
    }

    /// `()`, of which there is one.
    fn empty_tuple(&self) -> ObjectOf<Tuple> {
        static EMPTY: ObjectCell = ObjectCell::EMPTY;
        let empty = EMPTY.get().unwrap_or_else(|| {
            let empty = self.new_tuple_of(&TUPLE, Vec::new());
            empty.borrow().immortalize();
            EMPTY.set(Some(empty.clone()));
            empty
        });
        // SAFETY: the cell holds a tuple.
        unsafe { ObjectOf::from_object(empty) }
    }

    /// A new instance of `class`, a subclass of `tuple`.
    pub fn new_tuple_of(&self, class: &Type, items: Vec<Object>) -> Object {
        let len = items.len();
        // SAFETY: as in `new_tuple`.
        unsafe {
            let pointer = crate::instance::allocate_raw(class, len);
            let tuple = pointer.cast::<u8>().add(Tuple::OFFSET).cast::<Tuple>();
            (*tuple).hash = Cell::new(-1);
            (*tuple).len = len;
            let start = (&raw mut (*tuple).items).cast::<Object>();
            for (index, item) in items.into_iter().enumerate() {
                start.add(index).write(item);
            }
            Object::from_header(pointer)
        }
    }

    /// The tuple of borrowed items.
    pub fn new_tuple_from(&self, items: &[Ref<'_>]) -> ObjectOf<Tuple> {
        self.new_tuple(items.iter().map(|&item| item.to_owned()))
    }
}
