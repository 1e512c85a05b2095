//! The buffer protocol: memory of one object that others read and write.
//!
//! A [`Buffer`] holds its owner and counts as an export of it for as long as it lives; an owner with
//! exports keeps its memory where it is, which [`Memory`] sees to. Contents are read through `&Vm`
//! and changed through `&mut Vm`, like those of a cell.

use crate::cell::VmCell;
use crate::exception;
use crate::value::{Object, Ref};
use crate::vm::{PyResult, Vm};
use std::any::Any;
use std::cell::Cell;
use std::rc::Rc;

/// A vector of bytes that does not move while buffers of it exist. Part of the payload of a
/// `bytearray`, an `array` and others.
#[derive(Default)]
pub struct Memory {
    bytes: VmCell<Vec<u8>>,
    exports: Cell<usize>,
}

/// Where a [`Memory`] has what compiled code reads, in bytes from its start.
#[derive(Clone, Copy, Debug)]
pub struct MemoryPlaces {
    /// The address of the bytes.
    pub address: usize,
    /// How many there are.
    pub length: usize,
}

impl Memory {
    /// Looks at one to find out how vectors are laid out, which Rust does not say.
    pub fn places() -> MemoryPlaces {
        const WORDS: usize = size_of::<Vec<u8>>() / 8;
        let mut bytes = Vec::with_capacity(7);
        bytes.extend([0u8; 3]);
        let (address, length) = (bytes.as_ptr().expose_provenance(), bytes.len());
        let memory = Memory::new(bytes);
        // SAFETY: a cell is laid out as what it holds, and a vector is three words without padding.
        let words = unsafe { *(&raw const memory.bytes).cast::<[usize; WORDS]>() };
        let place = |wanted: usize| words.iter().position(|word| *word == wanted).expect("a vector has a length and an address");
        let start = std::mem::offset_of!(Memory, bytes);
        MemoryPlaces { address: start + 8 * place(address), length: start + 8 * place(length) }
    }

    pub const fn new(bytes: Vec<u8>) -> Memory {
        Memory { bytes: VmCell::new(bytes), exports: Cell::new(0) }
    }

    #[inline]
    pub fn data<'a>(&'a self, vm: &'a Vm) -> &'a [u8] {
        self.bytes.get(vm)
    }

    #[inline]
    pub fn data_mut<'a>(&'a self, vm: &'a mut Vm) -> &'a mut [u8] {
        self.bytes.get_mut(vm)
    }

    /// The vector itself, to be resized; `BufferError` if there are exports.
    #[inline]
    pub fn resizable<'a>(&'a self, vm: &'a mut Vm) -> PyResult<&'a mut Vec<u8>> {
        self.check_resizable(vm)?;
        Ok(self.bytes.get_mut(vm))
    }

    #[inline]
    pub fn check_resizable(&self, vm: &mut Vm) -> PyResult<()> {
        if self.exports.get() == 0 {
            return Ok(());
        }
        Err(vm.raise(&exception::BUFFER_ERROR, "Existing exports of data: object cannot be re-sized"))
    }

    /// The number of buffers that exist.
    pub fn exports(&self) -> usize {
        self.exports.get()
    }

    /// A buffer of the memory, which is in the payload of `owner`.
    ///
    /// # Panics
    ///
    /// If `owner` is not the object that holds this memory.
    pub fn export(&self, vm: &Vm, owner: Ref<'_>, readonly: bool) -> Buffer {
        let address = std::ptr::from_ref(self).addr();
        let inside = owner.address().is_some_and(|start| (start..start + crate::heap::capacity(start)).contains(&address));
        assert!(inside, "a memory is exported by the object it is part of");
        let data = self.bytes.get(vm);
        // SAFETY: the owner holds the memory, which does not move while the count says there are exports.
        unsafe { Buffer::from_raw(owner.to_owned(), data.as_ptr().cast_mut(), data.len(), readonly, Some(&self.exports)) }
    }
}

/// How the bytes of a buffer are items: what `memoryview` shows. A buffer without one is plain bytes.
#[derive(Clone, Debug, PartialEq)]
pub struct Layout {
    /// In the notation of the `struct` module.
    pub format: String,
    pub item_size: usize,
    pub shape: Vec<usize>,
    pub strides: Vec<isize>,
}

impl Layout {
    /// Items one after the other.
    pub fn contiguous(format: &str, item_size: usize, shape: Vec<usize>) -> Layout {
        let mut strides = vec![0; shape.len()];
        let mut stride = item_size as isize;
        for (size, slot) in shape.iter().zip(&mut strides).rev() {
            *slot = stride;
            stride *= *size as isize;
        }
        Layout { format: format.to_owned(), item_size, shape, strides }
    }

    /// Bytes of all items together.
    pub fn len(&self) -> usize {
        self.shape.iter().product::<usize>() * self.item_size
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether the items follow each other with the last index varying fastest.
    pub fn is_c_contiguous(&self) -> bool {
        self.follows(self.shape.iter().zip(&self.strides).rev())
    }

    /// Whether the items follow each other with the first index varying fastest.
    pub fn is_f_contiguous(&self) -> bool {
        self.follows(self.shape.iter().zip(&self.strides))
    }

    fn follows<'a>(&self, dimensions: impl Iterator<Item = (&'a usize, &'a isize)>) -> bool {
        if self.is_empty() {
            return true;
        }
        let mut expected = self.item_size as isize;
        for (&size, &stride) in dimensions {
            if size > 1 && stride != expected {
                return false;
            }
            expected *= size as isize;
        }
        true
    }
}

/// What keeps the memory of a buffer where it is.
enum Hold {
    Nothing,
    /// A count of exports in the owner's payload.
    Count(*const Cell<usize>),
    /// Something that releases the memory when the last clone is dropped.
    Shared(Rc<dyn Any>),
}

/// Memory of an object, held.
pub struct Buffer {
    /// Dropped before the owner, whose payload it points into: fields are dropped in this order.
    hold: Hold,
    owner: Object,
    base: *mut u8,
    extent: usize,
    /// Where the first item is.
    offset: usize,
    readonly: bool,
    layout: Option<Box<Layout>>,
    /// Bytes after the items that belong to the buffer, too; see [`Buffer::with_surplus`].
    surplus: usize,
}

impl Buffer {
    /// A buffer of plain bytes. `exports`, if given, is counted up now and down when the buffer is dropped.
    ///
    /// # Safety
    ///
    /// The memory is valid, and not changed but through a `&mut Vm`, for as long as `owner` lives and the count is
    /// not zero; the count is in the owner's payload.
    pub unsafe fn from_raw(owner: Object, base: *mut u8, extent: usize, readonly: bool, exports: Option<&Cell<usize>>) -> Buffer {
        let hold = match exports {
            Some(count) => {
                count.set(count.get() + 1);
                Hold::Count(count)
            }
            None => Hold::Nothing,
        };
        Buffer { owner, base, extent, offset: 0, readonly, layout: None, surplus: 0, hold }
    }

    /// The same memory seen as the items `layout` describes, the first of them at `offset`.
    ///
    /// # Panics
    ///
    /// If items would lie outside the memory.
    #[must_use]
    pub fn with_layout(mut self, offset: usize, layout: Layout) -> Buffer {
        assert!(layout_fits(&layout, offset, self.extent), "the items of a buffer lie inside its memory");
        self.offset = offset;
        self.layout = Some(Box::new(layout));
        self.surplus = 0;
        self
    }

    /// The same buffer; what its memory has beyond the items counts as part of it, as with a ctypes object that was resized.
    #[must_use]
    pub fn with_surplus(mut self) -> Buffer {
        if let Some(layout) = self.layout.as_ref().filter(|layout| layout.is_c_contiguous()) {
            self.surplus = self.extent - self.offset - layout.len();
        }
        self
    }

    /// Plain bytes: `len` of them from `offset` on.
    ///
    /// # Panics
    ///
    /// If they would lie outside the memory.
    #[must_use]
    pub fn with_range(mut self, offset: usize, len: usize) -> Buffer {
        assert!(offset <= self.extent && len <= self.extent - offset, "the bytes of a buffer lie inside its memory");
        // SAFETY: the offset lies inside the memory.
        self.base = unsafe { self.base.add(offset) };
        self.extent = len;
        self.offset = 0;
        self.layout = None;
        self.surplus = 0;
        self
    }

    #[must_use]
    pub fn with_readonly(mut self, readonly: bool) -> Buffer {
        self.readonly |= readonly;
        self
    }

    /// The same memory in the name of another object, which holds `guard` back from being dropped.
    #[must_use]
    pub fn with_owner(mut self, owner: Object, guard: Rc<dyn Any>) -> Buffer {
        let (base, extent, offset, readonly, surplus) = (self.base, self.extent, self.offset, self.readonly, self.surplus);
        let layout = self.layout.take();
        Buffer { hold: Hold::Shared(Rc::new((self, guard))), owner, base, extent, offset, readonly, layout, surplus }
    }

    /// The same buffer; when it is released `release(view)` is called at the next point where Python may run.
    #[must_use]
    pub fn with_release(self, release: Object, view: Object) -> Buffer {
        let owner = self.owner.clone();
        self.with_owner(owner, Rc::new(Release(Some((release, view)))))
    }

    /// The object whose memory it is.
    pub fn owner(&self) -> Ref<'_> {
        self.owner.borrow()
    }

    pub fn is_readonly(&self) -> bool {
        self.readonly
    }

    /// Bytes of all items together.
    pub fn len(&self) -> usize {
        self.layout.as_ref().map_or(self.extent, |layout| layout.len() + self.surplus)
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How the bytes are items; `None`: plain bytes.
    pub fn layout(&self) -> Option<&Layout> {
        self.layout.as_deref()
    }

    /// The layout, made up if the buffer is plain bytes.
    pub fn layout_or_bytes(&self) -> Layout {
        self.layout.as_deref().cloned().unwrap_or_else(|| Layout { format: "B".to_owned(), item_size: 1, shape: vec![self.extent], strides: vec![1] })
    }

    pub fn format(&self) -> &str {
        self.layout.as_ref().map_or("B", |layout| &layout.format)
    }

    pub fn item_size(&self) -> usize {
        self.layout.as_ref().map_or(1, |layout| layout.item_size)
    }

    pub fn is_c_contiguous(&self) -> bool {
        self.layout.as_ref().is_none_or(|layout| layout.is_c_contiguous())
    }

    pub fn is_f_contiguous(&self) -> bool {
        self.layout.as_ref().is_none_or(|layout| layout.is_f_contiguous())
    }

    /// The bytes, in order.
    ///
    /// # Panics
    ///
    /// If the buffer is not contiguous; [`Vm::buffer`] gives only contiguous ones.
    #[inline]
    pub fn bytes<'a>(&'a self, vm: &'a Vm) -> &'a [u8] {
        assert!(self.is_c_contiguous() || self.is_f_contiguous(), "only a contiguous buffer is a slice");
        &self.memory(vm)[self.offset..self.offset + self.len()]
    }

    /// The bytes, to be changed.
    ///
    /// # Panics
    ///
    /// If the buffer is read-only or not contiguous.
    #[inline]
    pub fn bytes_mut<'a>(&'a self, vm: &'a mut Vm) -> &'a mut [u8] {
        assert!(self.is_c_contiguous() || self.is_f_contiguous(), "only a contiguous buffer is a slice");
        let (start, len) = (self.offset, self.len());
        &mut self.memory_mut(vm)[start..start + len]
    }

    /// All the memory the items are somewhere in; the first is at [`Buffer::offset`].
    #[inline]
    pub fn memory<'a>(&'a self, _vm: &'a Vm) -> &'a [u8] {
        // SAFETY: the owner keeps the memory where it is; changes need `&mut Vm`.
        unsafe { std::slice::from_raw_parts(self.start(), self.extent) }
    }

    /// As [`Buffer::memory`], to be changed.
    ///
    /// # Panics
    ///
    /// If the buffer is read-only.
    #[inline]
    pub fn memory_mut<'a>(&'a self, _vm: &'a mut Vm) -> &'a mut [u8] {
        assert!(!self.readonly, "the caller has looked whether the buffer can be written");
        // SAFETY: as above; `&mut Vm` is exclusive.
        unsafe { std::slice::from_raw_parts_mut(self.start(), self.extent) }
    }

    /// Where the first item is in [`Buffer::memory`].
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// The address of the first byte, for system calls made while the global lock is released.
    #[inline]
    pub fn address(&self) -> *mut u8 {
        self.start().wrapping_add(self.offset)
    }

    #[inline]
    fn start(&self) -> *mut u8 {
        // An empty vector's pointer is dangling but never null; memory that came from elsewhere may be.
        if self.base.is_null() { std::ptr::dangling_mut() } else { self.base }
    }
}

/// Calls a Python exporter's `__release_buffer__` once nobody uses the buffer.
struct Release(Option<(Object, Object)>);

impl Drop for Release {
    fn drop(&mut self) {
        if let Some((release, view)) = self.0.take() {
            crate::weak::queue_call(release, view);
        }
    }
}

impl Clone for Hold {
    fn clone(&self) -> Hold {
        match self {
            Hold::Nothing => Hold::Nothing,
            Hold::Count(count) => {
                // SAFETY: the count is in the payload of the owner, which the buffer holds.
                unsafe { (**count).set((**count).get() + 1) };
                Hold::Count(*count)
            }
            Hold::Shared(shared) => Hold::Shared(Rc::clone(shared)),
        }
    }
}

impl Clone for Buffer {
    /// Another export of the same memory.
    fn clone(&self) -> Buffer {
        Buffer {
            owner: self.owner.clone(),
            base: self.base,
            extent: self.extent,
            offset: self.offset,
            readonly: self.readonly,
            layout: self.layout.clone(),
            surplus: self.surplus,
            hold: self.hold.clone(),
        }
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        if let Hold::Count(count) = *self {
            // SAFETY: the count is in the payload of the owner, which is dropped after the hold.
            unsafe { (*count).set((*count).get() - 1) };
        }
    }
}

fn layout_fits(layout: &Layout, offset: usize, extent: usize) -> bool {
    if layout.is_empty() {
        return offset <= extent;
    }
    let (mut low, mut high) = (offset as isize, offset as isize);
    for (&size, &stride) in layout.shape.iter().zip(&layout.strides) {
        let reach = stride.saturating_mul(size as isize - 1);
        if reach < 0 { low += reach } else { high += reach }
    }
    low >= 0 && high + layout.item_size as isize <= extent as isize
}

impl Vm {
    /// The bytes of a bytes-like object.
    pub fn buffer(&mut self, object: Ref<'_>) -> PyResult<Buffer> {
        match object.class().slots().buffer {
            Some(_) => self.contiguous_buffer(object, false),
            None => Err(self.not_bytes_like(object)),
        }
    }

    /// The bytes of a bytes-like object, to be changed.
    pub fn buffer_mut(&mut self, object: Ref<'_>) -> PyResult<Buffer> {
        let got = match object.class().slots().buffer {
            Some(_) => self.contiguous_buffer(object, true),
            None => return Err(self.not_writable(object)),
        };
        match got {
            Ok(buffer) if buffer.is_readonly() => Err(self.not_writable(object)),
            Ok(buffer) => Ok(buffer),
            Err(raised) => match self.catch_if(raised, &exception::BUFFER_ERROR) {
                Ok(_) => Err(self.not_writable(object)),
                Err(raised) => Err(raised),
            },
        }
    }

    /// A buffer of any layout, as `memoryview` takes it; `None` if the object has none to give.
    pub fn buffer_any(&mut self, object: Ref<'_>, writable: bool) -> PyResult<Option<Buffer>> {
        match object.class().slots().buffer {
            Some(buffer) => buffer(self, object, writable).map(Some),
            None => Ok(None),
        }
    }

    /// Whether the object supports the buffer protocol.
    pub fn has_buffer(&self, object: Ref<'_>) -> bool {
        object.class().slots().buffer.is_some()
    }

    fn contiguous_buffer(&mut self, object: Ref<'_>, writable: bool) -> PyResult<Buffer> {
        let Some(slot) = object.class().slots().buffer else {
            return Err(self.not_bytes_like(object));
        };
        let buffer = slot(self, object, writable)?;
        if buffer.is_c_contiguous() {
            return Ok(buffer);
        }
        Err(self.raise(&exception::BUFFER_ERROR, "memoryview: underlying buffer is not C-contiguous"))
    }

    fn not_bytes_like(&mut self, object: Ref<'_>) -> crate::vm::Raised {
        self.type_error(format!("a bytes-like object is required, not '{}'", object.class().full_name()))
    }

    fn not_writable(&mut self, object: Ref<'_>) -> crate::vm::Raised {
        self.type_error(format!("a read-write bytes-like object is required, not '{}'", object.class().full_name()))
    }
}
