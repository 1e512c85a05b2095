//! The attribute slots of one instance, as its live `__dict__` sees them.
//!
//! An instance whose shape names its attributes has all of them in slots, none empty. The dict that its `__dict__`
//! gives is then a view: its keys are the names of the shape, its values the slots. Both sides may read, replace,
//! add and delete, and neither knows of the other: what says which attributes there are is the shape alone.
//!
//! The instance owns the dict and the values; the dict knows the instance's address, which is right because the
//! instance, when it ends or takes its slots back, has the dict take the values over (`Dict::own`) or forget them.
//! For the collector it is the dict of a view that refers to the values, as any dict does, and the instance that
//! refers to the dict: so what only the dict can reach is not garbage when the instance is.

use crate::class::Type;
use crate::dict::Dict;
use crate::shape;
use crate::str::{Str, intern};
use crate::value::{Header, Object, Ref, RefOf};

/// The slots of a live instance.
#[derive(Clone, Copy)]
pub(crate) struct Slots {
    header: *const Header,
    /// The word of the dict, which the slots follow.
    region: *mut Option<Object>,
}

impl Slots {
    /// # Safety
    ///
    /// The region is that of the live instance with this header, and nobody uses the result when the
    /// instance has ended.
    #[inline]
    pub(super) const unsafe fn new(header: *const Header, region: *mut Option<Object>) -> Slots {
        Slots { header, region }
    }

    #[inline]
    fn header(&self) -> &Header {
        // SAFETY: `new` promises that the instance is alive.
        unsafe { &*self.header }
    }

    #[inline]
    fn class(&self) -> &Type {
        // SAFETY: an object keeps its type alive.
        unsafe { &*self.header().ty.get() }
    }

    #[inline]
    fn shape(&self) -> u32 {
        self.header().shape.get()
    }

    /// Whether the attributes are in the slots, rather than in a dict.
    #[inline]
    pub(super) fn in_use(&self) -> bool {
        !shape::is_dict_shape(self.shape())
    }

    /// The attributes' names in slot order, which is the order in which they were added.
    #[inline]
    pub(crate) fn names(&self) -> &'static [Ref<'static>] {
        shape::names(self.shape())
    }

    #[inline]
    pub(crate) fn len(&self) -> usize {
        shape::n_names(self.shape())
    }

    /// The slot of an interned name.
    #[inline]
    pub(super) fn position_of(&self, name: Ref<'_>) -> Option<usize> {
        shape::slot_of(self.shape(), name).map(usize::from)
    }

    /// The slot of the name with this text.
    pub(crate) fn find(&self, name: RefOf<'_, Str>) -> Option<usize> {
        let found = self.position_of(name.object());
        if found.is_some() || name.is_interned() {
            return found;
        }
        self.position_of(intern::find(name)?)
    }

    /// The slots.
    #[inline]
    fn places(&self) -> &[Option<Object>] {
        // SAFETY: the region has as many slots as the shape has names, after the dict's word.
        unsafe { std::slice::from_raw_parts(self.region.add(1), self.len()) }
    }

    /// The slots, to be changed. The callers let go of them before anything else can run.
    #[inline]
    fn places_mut<'a>(&self) -> &'a mut [Option<Object>] {
        // SAFETY: as above; nobody else looks at them now.
        unsafe { std::slice::from_raw_parts_mut(self.region.add(1), self.len()) }
    }

    #[inline]
    pub(crate) fn value(&self, slot: usize) -> &Object {
        self.places()[slot].as_ref().expect("the slots of a shape are set")
    }

    /// The values, first to last.
    pub(crate) fn values(&self) -> impl Iterator<Item = Ref<'_>> {
        self.places().iter().flatten().map(Object::borrow)
    }

    #[inline]
    pub(crate) fn replace(&self, slot: usize, value: Object) -> Object {
        self.places_mut()[slot].replace(value).expect("the slots of a shape are set")
    }

    /// Adds an attribute of an interned name that the shape does not have. The value comes back if there is no slot for it.
    #[inline]
    pub(super) fn add(&self, name: Ref<'_>, value: Object) -> Result<(), Object> {
        let Some(next) = shape::with_name(self.shape(), name) else {
            super::learn_capacity(self.class(), self.len());
            return Err(value);
        };
        let slot = self.len();
        self.header().shape.set(next);
        // A slot that the old shape did not name holds nothing.
        let old = self.places_mut()[slot].replace(value);
        debug_assert!(old.is_none());
        Ok(())
    }

    /// Adds an entry of the dict, if an attribute can be called so. No string is interned for that: one that no
    /// program names can stay in a dict.
    pub(crate) fn add_key(&self, key: Ref<'_>, value: Object) -> Result<(), Object> {
        match key.downcast_exact::<Str>().and_then(intern::find) {
            Some(name) => self.add(name, value),
            None => Err(value),
        }
    }

    /// Adds or replaces an entry of the dict, if an attribute can be called so. Returns the old value.
    pub(crate) fn set_key(&self, key: Ref<'_>, value: Object) -> Result<Option<Object>, Object> {
        let Some(name) = key.downcast_exact::<Str>().and_then(intern::find) else { return Err(value) };
        match self.position_of(name) {
            Some(slot) => Ok(Some(self.replace(slot, value))),
            None => self.add(name, value).map(|()| None),
        }
    }

    /// Deletes an attribute, if there is a shape without it.
    pub(crate) fn remove(&self, slot: usize) -> Option<Object> {
        let next = shape::without(self.shape(), slot)?;
        let places = self.places_mut();
        let value = places[slot].take();
        places[slot..].rotate_left(1);
        self.header().shape.set(next);
        value
    }

    /// Deletes all attributes and returns their values.
    pub(crate) fn clear(&self) -> Vec<Object> {
        let values = self.places_mut().iter_mut().filter_map(Option::take).collect();
        self.header().shape.set(shape::root_of(self.shape()));
        values
    }

    /// Empties the slots for good: from now on the instance's attributes are in a dict.
    pub(crate) fn leave(&self, mut each: impl FnMut(Ref<'static>, Object)) {
        for (&name, place) in self.names().iter().zip(self.places_mut()) {
            if let Some(value) = place.take() {
                each(name, value);
            }
        }
        self.header().shape.set(self.class().dict_shape.get());
    }

    /// The dict that shows these slots, if there is one.
    #[inline]
    pub(super) fn view<'a>(&self) -> Option<RefOf<'a, Dict>> {
        if !self.in_use() {
            return None;
        }
        // SAFETY: the region starts with the dict's word; what is in it stays there while nothing else runs.
        let dict = unsafe { (*self.region).as_ref() }?.borrow().bits();
        // SAFETY: as above.
        unsafe { Ref::from_bits(dict) }.downcast_exact::<Dict>()
    }
}
