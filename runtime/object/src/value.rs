//! What a Python value is in Rust: one 64-bit word.
//!
//! - [`Object`] owns one reference and releases it on drop.
//! - [`Ref`] borrows somebody's reference for a lifetime; it is `Copy` and free.
//! - [`ObjectOf`] and [`RefOf`] are the same with a known payload type.
//!
//! The word is an int, a float, a constant or a pointer; `abi::tag` has the encoding, and only this
//! file looks at its bits. It is never zero, so `Option<Object>` and `Result<Object, Raised>` are
//! one word too.
//!
//! Dropping an [`Object`] never runs Python: an object that has a finaliser is queued, and the queue
//! is drained where a `&mut Vm` is at hand (see [`crate::weak`]).

use crate::class::{Payload, Type};
use crate::heap;
use crate::singleton;
use abi::{header, tag};
use std::cell::Cell;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::num::NonZeroU64;
use std::ops::Deref;

/// What every heap object starts with.
#[repr(C)]
pub struct Header {
    /// The number of references, or any number with the top bit set if the object is immortal.
    pub(crate) refcount: Cell<u32>,
    /// Says exact type and attribute layout.
    pub(crate) shape: Cell<u32>,
    pub(crate) ty: Cell<*const Type>,
}

const _: () = assert!(
    size_of::<Header>() == header::SIZE
        && std::mem::offset_of!(Header, refcount) == header::REFCOUNT
        && std::mem::offset_of!(Header, shape) == header::SHAPE
        && std::mem::offset_of!(Header, ty) == header::TYPE
);

/// An owned reference to a value.
#[repr(transparent)]
pub struct Object(NonZeroU64);

/// A borrowed reference to a value.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct Ref<'a>(NonZeroU64, PhantomData<&'a Object>);

/// An owned reference to a heap object whose payload is a `T`.
#[repr(transparent)]
pub struct ObjectOf<T>(Object, PhantomData<*const T>);

/// A borrowed reference to a heap object whose payload is a `T`.
#[repr(transparent)]
pub struct RefOf<'a, T>(Ref<'a>, PhantomData<&'a T>);

const fn word(bits: u64) -> NonZeroU64 {
    NonZeroU64::new(bits).expect("no value is encoded as zero")
}

/// The word of a float held in the word itself, if its exponent is in range: bits 62 to 60 are 011 or 100 for exponents from 2^-255 to 2^256. One more in bit 60
/// makes 100 and 101 of them, and by rotation bits 62 and 61 become the tag. So the tag is all that needs to be looked at.
#[inline]
fn float_bits(value: f64) -> Option<u64> {
    let bits = value.to_bits();
    let rotated = bits.wrapping_add(tag::FLOAT_BIAS).rotate_left(tag::FLOAT_ROTATION);
    if rotated & tag::FLOAT_MASK == tag::FLOAT && rotated != tag::FLOAT_ZERO {
        return Some(rotated);
    }
    (bits == 0).then_some(tag::FLOAT_ZERO)
}

#[inline]
fn float_from_bits(bits: u64) -> f64 {
    if bits == tag::FLOAT_ZERO {
        return 0.0;
    }
    f64::from_bits(bits.rotate_right(tag::FLOAT_ROTATION).wrapping_sub(tag::FLOAT_BIAS))
}

impl Object {
    /// The int `value`, if it fits 63 bits.
    #[inline]
    pub const fn from_small_int(value: i64) -> Option<Object> {
        if value >= tag::INT_MIN && value <= tag::INT_MAX { Some(Object(word((value as u64) << 1 | tag::INT))) } else { None }
    }

    /// An int that is known to fit 63 bits, as any `i32`, `u32` or collection length does.
    #[inline]
    pub const fn small_int(value: i64) -> Object {
        debug_assert!(value >= tag::INT_MIN && value <= tag::INT_MAX);
        Object(word((value as u64) << 1 | tag::INT))
    }

    /// The float `value`, if the word itself can hold it.
    #[inline]
    pub fn from_small_float(value: f64) -> Option<Object> {
        float_bits(value).map(|bits| Object(word(bits)))
    }

    pub const fn none() -> Object {
        Object(word(tag::NONE))
    }

    #[inline]
    pub const fn bool(value: bool) -> Object {
        Object(word(if value { tag::TRUE } else { tag::FALSE }))
    }

    pub const fn not_implemented() -> Object {
        Object(word(tag::NOT_IMPLEMENTED))
    }

    pub const fn ellipsis() -> Object {
        Object(word(tag::ELLIPSIS))
    }

    #[inline]
    pub const fn borrow(&self) -> Ref<'_> {
        Ref(self.0, PhantomData)
    }

    /// The values as borrowed references.
    #[inline]
    pub fn as_refs(objects: &[Object]) -> &[Ref<'_>] {
        // SAFETY: both types are transparent over the same word, and the references live as long
        // as the slice they are borrowed from.
        unsafe { &*(std::ptr::from_ref(objects) as *const [Ref<'_>]) }
    }

    /// Gives the reference up as a word.
    #[inline]
    pub fn into_raw(self) -> u64 {
        ManuallyDrop::new(self).0.get()
    }

    /// # Safety
    ///
    /// `raw` came from [`Object::into_raw`] and this call takes over that reference, or it is zero.
    #[inline]
    pub unsafe fn from_raw(raw: u64) -> Option<Object> {
        NonZeroU64::new(raw).map(Object)
    }

    /// # Safety
    ///
    /// `pointer` is a live heap object, and the caller owns the reference this returns.
    #[inline]
    pub(crate) unsafe fn from_header(pointer: *const Header) -> Object {
        Object(word(pointer.expose_provenance() as u64))
    }

    /// The typed form, or the object back if it is not a `T`.
    pub fn downcast<T: Payload>(self) -> Result<ObjectOf<T>, Object> {
        if self.borrow().is_instance_of(T::class()) { Ok(ObjectOf(self, PhantomData)) } else { Err(self) }
    }
}

impl Clone for Object {
    #[inline]
    fn clone(&self) -> Object {
        self.borrow().to_owned()
    }
}

impl Drop for Object {
    #[inline]
    fn drop(&mut self) {
        if self.0.get() & tag::IMMEDIATE_MASK != 0 {
            return;
        }
        let pointer = self.0.get() as *const Header;
        // SAFETY: an untagged word is a live heap object for as long as a reference is held.
        let count = unsafe { &(*pointer).refcount };
        let n = count.get();
        if n & header::IMMORTAL == 0 {
            count.set(n - 1);
            if n == 1 {
                // SAFETY: the last reference is gone.
                unsafe { heap::release(pointer.cast_mut()) };
            }
        }
    }
}

impl std::fmt::Debug for Object {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.borrow().fmt(f)
    }
}

impl std::fmt::Debug for Ref<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "<{} {:#x}>", self.class().name(), self.0)
    }
}

impl<'a> Ref<'a> {
    pub const NONE: Ref<'static> = Ref(word(tag::NONE), PhantomData);
    pub const TRUE: Ref<'static> = Ref(word(tag::TRUE), PhantomData);
    pub const FALSE: Ref<'static> = Ref(word(tag::FALSE), PhantomData);
    pub const NOT_IMPLEMENTED: Ref<'static> = Ref(word(tag::NOT_IMPLEMENTED), PhantomData);
    pub const ELLIPSIS: Ref<'static> = Ref(word(tag::ELLIPSIS), PhantomData);

    /// The references as values that could be missing.
    #[inline]
    pub fn as_options<'s>(references: &'s [Ref<'a>]) -> &'s [Option<Ref<'a>>] {
        // SAFETY: a reference is never zero, so an optional one is the same word.
        unsafe { &*(std::ptr::from_ref(references) as *const [Option<Ref<'a>>]) }
    }

    /// The word. Two values with the same word are the same object.
    #[inline]
    pub const fn bits(self) -> u64 {
        self.0.get()
    }

    /// # Safety
    ///
    /// `bits` is the word of a value that lives for `'a`.
    #[inline]
    pub unsafe fn from_bits(bits: u64) -> Ref<'a> {
        Ref(word(bits), PhantomData)
    }

    /// `self is other`.
    #[inline]
    pub fn is(self, other: Ref<'_>) -> bool {
        self.0 == other.0
    }

    /// A new owned reference to the same object.
    #[inline]
    pub fn to_owned(self) -> Object {
        if let Some(header) = self.header() {
            let n = header.refcount.get();
            if n & header::IMMORTAL == 0 {
                header.refcount.set(n + 1);
            }
        }
        Object(self.0)
    }

    #[inline]
    pub(crate) fn header(self) -> Option<&'a Header> {
        if self.0.get() & tag::IMMEDIATE_MASK != 0 {
            return None;
        }
        // SAFETY: an untagged word is a live heap object for as long as a reference is held, and
        // `'a` lies within such a time.
        Some(unsafe { &*(self.0.get() as *const Header) })
    }

    /// The address of the heap object, or `None` for a value held in the word itself.
    pub fn address(self) -> Option<usize> {
        self.header().map(|header| std::ptr::from_ref(header).addr())
    }

    /// `type(self)`.
    #[inline]
    pub fn class(self) -> &'a Type {
        match self.header() {
            // SAFETY: an object keeps its type alive.
            Some(header) => unsafe { &*header.ty.get() },
            None => self.immediate_class(),
        }
    }

    fn immediate_class(self) -> &'static Type {
        let bits = self.0.get();
        if bits & tag::INT != 0 {
            return &crate::int::INT;
        }
        if bits & tag::FLOAT_MASK == tag::FLOAT {
            return &crate::float::FLOAT;
        }
        match bits {
            tag::TRUE | tag::FALSE => &crate::int::BOOL,
            tag::NONE => &singleton::NONE_TYPE,
            tag::NOT_IMPLEMENTED => &singleton::NOT_IMPLEMENTED_TYPE,
            _ => &singleton::ELLIPSIS_TYPE,
        }
    }

    /// The id of type and attribute layout; 0 for a value held in the word itself.
    #[inline]
    pub fn shape(self) -> u32 {
        self.header().map_or(0, |header| header.shape.get())
    }

    /// `type(self) is class`.
    #[inline]
    pub fn is_exactly(self, class: &Type) -> bool {
        std::ptr::eq(self.class(), class)
    }

    /// Whether the type is `class` or a subclass; `__instancecheck__` is not asked.
    #[inline]
    pub fn is_instance_of(self, class: &Type) -> bool {
        let own = self.class();
        std::ptr::eq(own, class) || own.is_subclass_of(class)
    }

    #[inline]
    pub const fn is_none(self) -> bool {
        self.0.get() == tag::NONE
    }

    #[inline]
    pub const fn is_true(self) -> bool {
        self.0.get() == tag::TRUE
    }

    #[inline]
    pub const fn is_false(self) -> bool {
        self.0.get() == tag::FALSE
    }

    #[inline]
    pub const fn is_not_implemented(self) -> bool {
        self.0.get() == tag::NOT_IMPLEMENTED
    }

    /// The value of an exact `int` held in the word.
    #[inline]
    pub const fn as_small_int(self) -> Option<i64> {
        if self.0.get() & tag::INT != 0 { Some(self.0.get() as i64 >> 1) } else { None }
    }

    /// The value of a float held in the word.
    #[inline]
    pub fn as_small_float(self) -> Option<f64> {
        if self.0.get() & tag::FLOAT_MASK == tag::FLOAT { Some(float_from_bits(self.0.get())) } else { None }
    }

    /// The value of `True` or `False`.
    #[inline]
    pub const fn as_bool(self) -> Option<bool> {
        match self.0.get() {
            tag::TRUE => Some(true),
            tag::FALSE => Some(false),
            _ => None,
        }
    }

    /// The typed form of an instance of `T`'s type or of a subclass.
    #[inline]
    pub fn downcast<T: Payload>(self) -> Option<RefOf<'a, T>> {
        (self.header().is_some() && self.is_instance_of(T::class())).then_some(RefOf(self, PhantomData))
    }

    /// The typed form of an instance of exactly `T`'s type.
    #[inline]
    pub fn downcast_exact<T: Payload>(self) -> Option<RefOf<'a, T>> {
        match self.header() {
            Some(header) if std::ptr::eq(header.ty.get(), T::class()) => Some(RefOf(self, PhantomData)),
            _ => None,
        }
    }

    /// The typed form, for an object whose type the caller has checked.
    ///
    /// # Safety
    ///
    /// The object is an instance of `T`'s type.
    #[inline]
    pub unsafe fn downcast_unchecked<T: Payload>(self) -> RefOf<'a, T> {
        RefOf(self, PhantomData)
    }

    /// The number of references, as `sys.getrefcount` shows it.
    pub fn refcount(self) -> u32 {
        self.header().map_or(u32::MAX, |header| header.refcount.get())
    }

    pub fn is_immortal(self) -> bool {
        self.header().is_none_or(|header| header.refcount.get() & header::IMMORTAL != 0)
    }

    /// Makes the object immortal; it will never be freed.
    pub fn immortalize(self) {
        if let Some(header) = self.header()
            && header.refcount.get() & header::IMMORTAL == 0
        {
            header.refcount.set(header.refcount.get() | header::IMMORTAL);
        }
    }

    /// Whether the caller's is the only reference.
    #[inline]
    pub fn is_unique(self) -> bool {
        self.header().is_some_and(|header| header.refcount.get() == 1)
    }
}

impl<T: Payload> ObjectOf<T> {
    #[inline]
    pub fn borrow(&self) -> RefOf<'_, T> {
        RefOf(self.0.borrow(), PhantomData)
    }

    #[inline]
    pub fn into_object(self) -> Object {
        self.0
    }

    /// # Safety
    ///
    /// The object is an instance of `T`'s type.
    #[inline]
    pub(crate) unsafe fn from_object(object: Object) -> ObjectOf<T> {
        ObjectOf(object, PhantomData)
    }
}

impl<T: Payload> Clone for ObjectOf<T> {
    #[inline]
    fn clone(&self) -> ObjectOf<T> {
        ObjectOf(self.0.clone(), PhantomData)
    }
}

impl<T: Payload> Deref for ObjectOf<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        self.borrow().get()
    }
}

impl<T> From<ObjectOf<T>> for Object {
    fn from(object: ObjectOf<T>) -> Object {
        object.0
    }
}

impl<T> Clone for RefOf<'_, T> {
    #[inline]
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for RefOf<'_, T> {}

impl<'a, T: Payload> RefOf<'a, T> {
    /// The typed form of references to instances of the type or of subclasses; the index of the first that is none.
    #[inline]
    pub fn all<'s>(references: &'s [Ref<'a>]) -> Result<&'s [RefOf<'a, T>], usize> {
        match references.iter().position(|reference| reference.downcast::<T>().is_none()) {
            Some(flaw) => Err(flaw),
            // SAFETY: both types are transparent over the same word, and each reference is to a `T`.
            None => Ok(unsafe { &*(std::ptr::from_ref(references) as *const [RefOf<'a, T>]) }),
        }
    }

    /// The untyped form.
    #[inline]
    pub fn object(self) -> Ref<'a> {
        self.0
    }

    #[inline]
    pub fn to_owned(self) -> ObjectOf<T> {
        ObjectOf(self.0.to_owned(), PhantomData)
    }

    /// The payload, for as long as the object is borrowed.
    #[inline]
    pub fn get(self) -> &'a T {
        // SAFETY: the payload of an instance of `T`'s type or of a subclass is a `T` at this
        // offset, and the object lives for `'a`. A `RefOf` is never made of an immediate value.
        unsafe { &*((self.0.0.get() as *const u8).add(T::OFFSET).cast::<T>()) }
    }

    /// The typed form of a type or other object known by a Rust reference to it.
    #[inline]
    pub(crate) fn from_header_ref(header: &'a Header) -> RefOf<'a, T> {
        RefOf(Ref(word(std::ptr::from_ref(header).expose_provenance() as u64), PhantomData), PhantomData)
    }
}

impl<T: Payload> Deref for RefOf<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        self.get()
    }
}

impl<'a, T> From<RefOf<'a, T>> for Ref<'a> {
    fn from(object: RefOf<'a, T>) -> Ref<'a> {
        object.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_one_word() {
        assert_eq!(size_of::<Result<Object, crate::vm::Raised>>(), 8);
        assert_eq!(size_of::<Option<Object>>(), 8);
    }

    #[test]
    fn small_ints_round_trip() {
        for value in [0, 1, -1, tag::INT_MIN, tag::INT_MAX] {
            assert_eq!(Object::from_small_int(value).and_then(|object| object.borrow().as_small_int()), Some(value));
        }
        assert!(Object::from_small_int(tag::INT_MAX + 1).is_none());
    }

    #[test]
    fn small_floats_round_trip() {
        for value in
            [0.0, 1.0, -1.0, 0.1, 1e70, -1e-70, 2.0f64.powi(-254), -2.0f64.powi(-255), 2.0f64.powi(256), 3.5, std::f64::consts::PI, 123_456.789]
        {
            let object = Object::from_small_float(value).expect("in range");
            assert_eq!(object.borrow().as_small_float().map(f64::to_bits), Some(value.to_bits()), "{value}");
            assert!(object.borrow().as_small_int().is_none());
        }
        for value in [-0.0, f64::NAN, f64::INFINITY, 1e300, 1e-300, f64::MIN_POSITIVE, 2.0f64.powi(-255), 2.0f64.powi(257)] {
            assert!(Object::from_small_float(value).is_none(), "{value}");
        }
    }
}
