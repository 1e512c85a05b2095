//! Interior mutability for payloads, without locks or borrow flags.
//!
//! `&mut Vm` means "may run Python", `&Vm` "may not". Whoever reads a [`VmCell`] borrows the `Vm`, so
//! running Python, or changing the cell, while the borrow is alive does not compile. There is one
//! `Vm` per thread and the global lock lets one thread at a time hold its own mutably, so the rule
//! holds across threads too.

use crate::collector;
use crate::value::{Object, Ref};
use crate::vm::Vm;
use std::cell::UnsafeCell;

/// A value that is read through `&Vm` and changed through `&mut Vm`.
#[derive(Default)]
#[repr(transparent)]
pub struct VmCell<T>(UnsafeCell<T>);

// SAFETY: cells are reached only by the thread that holds the global lock.
unsafe impl<T> Sync for VmCell<T> {}
// SAFETY: as above.
unsafe impl<T> Send for VmCell<T> {}

impl<T> VmCell<T> {
    pub const fn new(value: T) -> VmCell<T> {
        VmCell(UnsafeCell::new(value))
    }

    #[inline]
    pub fn get<'a>(&'a self, _vm: &'a Vm) -> &'a T {
        // SAFETY: changes need `&mut Vm`, which the shared borrow rules out for `'a`.
        unsafe { &*self.0.get() }
    }

    #[inline]
    pub fn get_mut<'a>(&'a self, _vm: &'a mut Vm) -> &'a mut T {
        // SAFETY: `&mut Vm` is exclusive, so no borrow from any cell is alive.
        unsafe { &mut *self.0.get() }
    }

    #[inline]
    pub fn set(&self, vm: &mut Vm, value: T) {
        drop(self.replace(vm, value));
    }

    #[inline]
    pub fn replace(&self, vm: &mut Vm, value: T) -> T {
        std::mem::replace(self.get_mut(vm), value)
    }

    /// For the collector, which holds `&mut Vm` while it hands out visitors.
    #[inline]
    pub fn visit(&self, _visitor: &Visitor<'_>) -> &T {
        // SAFETY: nothing else runs while the collector does.
        unsafe { &*self.0.get() }
    }

    /// Access while no `Vm` is at hand: in a payload's `Drop`, or at start-up.
    ///
    /// # Safety
    ///
    /// No other borrow of the contents may be alive.
    #[expect(clippy::mut_from_ref, reason = "the caller vouches for exclusiveness")]
    #[inline]
    pub unsafe fn get_unchecked(&self) -> &mut T {
        // SAFETY: the caller's promise.
        unsafe { &mut *self.0.get() }
    }

    /// The contents of a cell that nobody else can reach.
    #[inline]
    pub fn get_exclusive(&mut self) -> &mut T {
        self.0.get_mut()
    }

    pub fn into_inner(self) -> T {
        self.0.into_inner()
    }
}

/// An optional reference that is always read by copying it, and so can be changed at any time.
#[derive(Default)]
#[repr(transparent)]
pub struct ObjectCell(UnsafeCell<Option<Object>>);

// SAFETY: cells are reached only by the thread that holds the global lock.
unsafe impl Sync for ObjectCell {}
// SAFETY: as above.
unsafe impl Send for ObjectCell {}

impl ObjectCell {
    pub const fn new(value: Option<Object>) -> ObjectCell {
        ObjectCell(UnsafeCell::new(value))
    }

    #[expect(clippy::declare_interior_mutable_const, reason = "each use makes a new empty cell")]
    pub const EMPTY: ObjectCell = ObjectCell::new(None);

    #[inline]
    pub fn get(&self) -> Option<Object> {
        // SAFETY: the borrow ends before anything else can run.
        unsafe { (*self.0.get()).clone() }
    }

    /// The value, or `None` the Python object.
    #[inline]
    pub fn get_or_none(&self) -> Object {
        self.get().unwrap_or(Object::none())
    }

    /// Borrows the value for as long as nothing can change it.
    #[inline]
    pub fn borrow<'a>(&'a self, _vm: &'a Vm) -> Option<Ref<'a>> {
        // SAFETY: a change needs `set`, whose callers run native code with `&mut Vm`; the shared
        // borrow of the `Vm` rules those out.
        unsafe { (*self.0.get()).as_ref().map(Object::borrow) }
    }

    #[inline]
    pub fn set(&self, value: Option<Object>) {
        drop(self.replace(value));
    }

    #[inline]
    pub fn replace(&self, value: Option<Object>) -> Option<Object> {
        // SAFETY: the old value is moved out before anything else can run; dropping it happens later.
        unsafe { std::mem::replace(&mut *self.0.get(), value) }
    }

    #[inline]
    pub fn take(&self) -> Option<Object> {
        self.replace(None)
    }

    #[inline]
    pub fn is_set(&self) -> bool {
        // SAFETY: the borrow ends before anything else can run.
        unsafe { (*self.0.get()).is_some() }
    }

    /// The word of the value, not counted; 0 if there is none.
    #[inline]
    pub fn bits(&self) -> u64 {
        // SAFETY: the borrow ends before anything else can run.
        unsafe { (*self.0.get()).as_ref().map_or(0, |object| object.borrow().bits()) }
    }

    /// Puts a word in and takes the old one out.
    ///
    /// # Safety
    ///
    /// The new word is zero or owns a reference, which moves in; so does the one that comes out.
    #[inline]
    pub unsafe fn replace_bits(&self, word: u64) -> u64 {
        // SAFETY: the caller's promise.
        let old = self.replace(unsafe { Object::from_raw(word) });
        old.map_or(0, Object::into_raw)
    }

    /// Shows the reference to the collector.
    #[inline]
    pub fn traverse(&self, visitor: &mut Visitor<'_>) {
        // SAFETY: nothing else runs while the collector does.
        if let Some(object) = unsafe { &*self.0.get() } {
            visitor.visit(object.borrow());
        }
    }
}

/// What the collector shows an object's references to.
pub struct Visitor<'v> {
    mode: Mode<'v>,
}

/// What is done with each reference. What collections do, of which there are many, is not called through a pointer.
pub(crate) enum Mode<'v> {
    Each(&'v mut dyn FnMut(Ref<'_>)),
    /// See [`collector::subtract`].
    Subtract,
    /// See [`collector::reach`].
    Reach(&'v mut Vec<usize>),
}

impl<'v> Visitor<'v> {
    pub(crate) fn new(mode: Mode<'v>) -> Visitor<'v> {
        Visitor { mode }
    }

    pub fn visit(&mut self, object: Ref<'_>) {
        match &mut self.mode {
            Mode::Each(each) => each(object),
            Mode::Subtract => collector::subtract(object),
            Mode::Reach(work) => collector::reach(object, work),
        }
    }

    #[inline]
    pub fn visit_all<'a>(&mut self, objects: impl IntoIterator<Item = &'a Object>) {
        match &mut self.mode {
            Mode::Each(each) => objects.into_iter().for_each(|object| each(object.borrow())),
            Mode::Subtract => objects.into_iter().for_each(|object| collector::subtract(object.borrow())),
            Mode::Reach(work) => objects.into_iter().for_each(|object| collector::reach(object.borrow(), work)),
        }
    }
}
