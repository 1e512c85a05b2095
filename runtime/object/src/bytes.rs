//! `bytes`, whose data is inline, and `bytearray`, whose data is in a [`Memory`].

use crate::class::{Payload, Type};
use crate::native::{PayloadInfo, TypeSpec, flag};
use crate::slots::Slots;
use crate::str::hash;
use crate::value::{Header, Object, ObjectOf, Ref, RefOf};
use crate::vm::{PyResult, Vm};
use std::cell::Cell;
use std::sync::atomic::{AtomicI64, Ordering};

pub mod buffer;

/// How often `-b` was given: strings mixed up with bytes are warned of.
static WARNING_LEVEL: AtomicI64 = AtomicI64::new(0);

/// Sets whether text made of bytes and comparisons of text with bytes are warned of.
pub fn set_warning_level(level: i64) {
    WARNING_LEVEL.store(level, Ordering::Relaxed);
}

/// Warns of a mix-up of bytes and text, if that is wanted.
pub fn warn_of_mixture(vm: &mut Vm, message: &str) -> PyResult<()> {
    if WARNING_LEVEL.load(Ordering::Relaxed) == 0 { Ok(()) } else { vm.warn(&crate::exception::BYTES_WARNING, message, 1) }
}

pub use buffer::{Buffer, Layout, Memory};

/// The payload of a `bytes`: its length, then the data.
#[repr(C)]
pub struct Bytes {
    /// -1: not computed.
    hash: Cell<i64>,
    len: usize,
    data: [u64; 0],
}

impl Payload for Bytes {
    fn class() -> &'static Type {
        &BYTES
    }
}

unsafe fn n_items(pointer: *const Header) -> usize {
    // SAFETY: the caller's promise.
    unsafe { item_bytes((*pointer.cast::<u8>().add(Bytes::OFFSET).cast::<Bytes>()).len) }
}

/// The data's share of an instance: a zero follows the data, for functions of C that are given its address, and
/// attributes of a subclass, which follow, stay aligned.
#[inline]
const fn item_bytes(len: usize) -> usize {
    (len + 1).next_multiple_of(8)
}

impl PayloadInfo {
    /// The layout of bytes.
    pub const BYTES: PayloadInfo = PayloadInfo { item_size: 1, n_items: Some(n_items), drop: None, ..PayloadInfo::leaf::<Bytes>() };
}

/// `bytes`. Its methods are in the builtins crate, which fills in the rest.
pub static BYTES: Type = Type::new(&BYTES_SPEC);
static BYTES_SPEC: TypeSpec = TypeSpec {
    name: "bytes",
    flags: flag::BASE_TYPE | flag::MATCH_SELF,
    payload: PayloadInfo::BYTES,
    slots: Slots { buffer: Some(bytes_buffer), ..Slots::NONE },
    doc: "bytes(iterable_of_ints) -> bytes\nbytes(string, encoding[, errors]) -> bytes\nbytes(bytes_or_buffer) -> immutable copy of bytes_or_buffer\nbytes(int) -> bytes object of size given by the parameter initialized with null bytes\nbytes() -> empty bytes object\n\nConstruct an immutable array of bytes from:\n  - an iterable yielding integers in range(256)\n  - a text string encoded using the specified encoding\n  - any object implementing the buffer API.\n  - an integer",
    ..TypeSpec::DEFAULT
};

impl Bytes {
    #[inline]
    pub fn len(&self) -> usize {
        self.len
    }

    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The data. Bytes never change, so it can be held while Python runs.
    #[inline]
    pub fn data(&self) -> &[u8] {
        // SAFETY: `len` bytes follow, written when the object was made.
        unsafe { std::slice::from_raw_parts((&raw const self.data).cast(), self.len) }
    }

    /// `hash(self)`, never -1.
    #[inline]
    pub fn hash(&self) -> i64 {
        let known = self.hash.get();
        if known != -1 {
            return known;
        }
        let hash = hash::hash_bytes(self.data());
        self.hash.set(hash);
        hash
    }
}

/// The words of the empty bytes (last) and of single bytes; 0: not made yet.
struct Singles([Cell<u64>; 257]);

// SAFETY: touched only by the thread that holds the global lock.
unsafe impl Sync for Singles {}

static SINGLES: Singles = Singles([const { Cell::new(0) }; 257]);

fn single(data: &[u8]) -> Object {
    let cell = &SINGLES.0[data.first().map_or(256, |&byte| usize::from(byte))];
    if cell.get() == 0 {
        let object = make(&BYTES, data.len(), |to| to.copy_from_slice(data));
        object.borrow().immortalize();
        cell.set(object.into_raw());
    }
    // SAFETY: the word is that of an immortal object.
    unsafe { Ref::from_bits(cell.get()) }.to_owned()
}

fn make(class: &Type, len: usize, fill: impl FnOnce(&mut [u8])) -> Object {
    // SAFETY: the payload is written before anything can look at it; the data is initialised.
    unsafe {
        let pointer = crate::instance::allocate_raw(class, item_bytes(len));
        let bytes = pointer.cast::<u8>().add(Bytes::OFFSET).cast::<Bytes>();
        (&raw mut (*bytes).hash).write(Cell::new(-1));
        (&raw mut (*bytes).len).write(len);
        let data = (&raw mut (*bytes).data).cast::<u8>();
        data.write_bytes(0, len + 1);
        fill(std::slice::from_raw_parts_mut(data, len));
        Object::from_header(pointer)
    }
}

impl Vm {
    /// A new `bytes`.
    #[inline]
    pub fn new_bytes(&self, data: &[u8]) -> ObjectOf<Bytes> {
        let object = if data.len() < 2 { single(data) } else { make(&BYTES, data.len(), |to| to.copy_from_slice(data)) };
        // SAFETY: `make` makes bytes.
        unsafe { ObjectOf::from_object(object) }
    }

    /// A new `bytes` of `len` zeros, which `fill` writes over.
    pub fn new_bytes_with(&self, len: usize, fill: impl FnOnce(&mut [u8])) -> ObjectOf<Bytes> {
        if len < 2 {
            let mut data = [0; 1];
            fill(&mut data[..len]);
            return self.new_bytes(&data[..len]);
        }
        // SAFETY: `make` makes bytes.
        unsafe { ObjectOf::from_object(make(&BYTES, len, fill)) }
    }

    /// A new instance of `class`, which is `bytes` or a subclass.
    pub fn new_bytes_in(&self, class: &Type, data: &[u8]) -> Object {
        if std::ptr::eq(class, &BYTES) { self.new_bytes(data).into_object() } else { make(class, data.len(), |to| to.copy_from_slice(data)) }
    }
}

fn bytes_buffer(vm: &mut Vm, object: Ref<'_>, writable: bool) -> PyResult<Buffer> {
    let Some(bytes) = object.downcast::<Bytes>() else {
        return Err(vm.type_error("a bytes object is required"));
    };
    if writable {
        return Err(vm.raise(&crate::exception::BUFFER_ERROR, "Object is not writable."));
    }
    // SAFETY: the object's data stays where it is for as long as the object lives.
    Ok(unsafe { Buffer::from_raw(object.to_owned(), bytes.data().as_ptr().cast_mut(), bytes.len(), true, None) })
}

/// The payload of a `bytearray`.
pub struct ByteArray {
    memory: Memory,
}

impl Payload for ByteArray {
    fn class() -> &'static Type {
        &BYTEARRAY
    }
}

/// `bytearray`. Its methods are in the builtins crate, which fills in the rest.
pub static BYTEARRAY: Type = Type::new(&BYTEARRAY_SPEC);
static BYTEARRAY_SPEC: TypeSpec = TypeSpec {
    name: "bytearray",
    flags: flag::BASE_TYPE | flag::MATCH_SELF,
    payload: PayloadInfo::leaf::<ByteArray>(),
    slots: Slots { buffer: Some(bytearray_buffer), ..Slots::NONE },
    doc: "bytearray(iterable_of_ints) -> bytearray\nbytearray(string, encoding[, errors]) -> bytearray\nbytearray(bytes_or_buffer) -> mutable copy of bytes_or_buffer\nbytearray(int) -> bytes array of size given by the parameter initialized with null bytes\nbytearray() -> empty bytes array\n\nConstruct a mutable bytearray object from:\n  - an iterable yielding integers in range(256)\n  - a text string encoded using the specified encoding\n  - a bytes or a buffer object\n  - any object implementing the buffer API.\n  - an integer",
    ..TypeSpec::DEFAULT
};

impl ByteArray {
    pub const fn new(data: Vec<u8>) -> ByteArray {
        ByteArray { memory: Memory::new(data) }
    }

    #[inline]
    pub fn data<'a>(&'a self, vm: &'a Vm) -> &'a [u8] {
        self.memory.data(vm)
    }

    /// The data, to be changed where it is.
    #[inline]
    pub fn data_mut<'a>(&'a self, vm: &'a mut Vm) -> &'a mut [u8] {
        self.memory.data_mut(vm)
    }

    /// The vector itself; `BufferError` if somebody holds a buffer of it.
    #[inline]
    pub fn resizable<'a>(&'a self, vm: &'a mut Vm) -> PyResult<&'a mut Vec<u8>> {
        self.memory.resizable(vm)
    }

    #[inline]
    pub fn len(&self, vm: &Vm) -> usize {
        self.memory.data(vm).len()
    }

    pub fn memory(&self) -> &Memory {
        &self.memory
    }
}

impl Vm {
    pub fn new_bytearray(&self, data: Vec<u8>) -> ObjectOf<ByteArray> {
        self.allocate(ByteArray::new(data))
    }
}

fn bytearray_buffer(vm: &mut Vm, object: Ref<'_>, _writable: bool) -> PyResult<Buffer> {
    match object.downcast::<ByteArray>() {
        Some(array) => Ok(array.memory.export(vm, object, false)),
        None => Err(vm.type_error("a bytearray object is required")),
    }
}

/// The data of a `bytes` object, for the many places that take nothing else.
pub fn as_bytes<'a>(object: Ref<'a>) -> Option<&'a [u8]> {
    object.downcast::<Bytes>().map(|bytes| RefOf::get(bytes).data())
}
