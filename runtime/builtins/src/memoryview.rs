//! `memoryview`: a window on the memory of another object.
//!
//! A view holds a [`Buffer`] until it is released. Views of views share the first owner's buffer, so
//! that releasing one does not touch the others; what takes a buffer *of* a view keeps the view
//! from being released.

pub mod index;
pub mod item;
pub mod methods;

use bytecode::opcode::Comparison;
use object::bytes::{Buffer, Layout};
use object::cell::Visitor;
use object::native::{Getset, Method, PayloadInfo, TypeSpec, flag};
use object::vm::{PyResult, Vm};
use object::{Args, Object, ObjectCell, Payload, Ref, RefOf, Slots, Type, VmCell, exception, method};
use std::cell::Cell;
use std::rc::Rc;

/// The payload of a `memoryview`.
pub struct MemoryView {
    /// `None` once released.
    buffer: VmCell<Option<Buffer>>,
    /// Each buffer taken of the view holds a clone.
    exports: Rc<dyn std::any::Any>,
    /// -1: not computed.
    hash: Cell<i64>,
}

impl Payload for MemoryView {
    fn class() -> &'static Type {
        &MEMORYVIEW
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        if let Some(buffer) = self.buffer.visit(visitor) {
            visitor.visit(buffer.owner());
        }
    }

    fn clear(&self, vm: &mut Vm) {
        drop(self.buffer.replace(vm, None));
    }
}

/// `memoryview`
pub static MEMORYVIEW: Type = Type::new(&MEMORYVIEW_SPEC);
static MEMORYVIEW_SPEC: TypeSpec = TypeSpec {
    name: "memoryview",
    doc: "Create a new memoryview object which references the given object.",
    signature: "(object)",
    flags: flag::SEQUENCE | flag::WEAK_REFERENCES,
    payload: PayloadInfo::of::<MemoryView>(),
    slots: Slots {
        new: Some(new),
        repr: Some(repr),
        hash: Some(hash),
        iter: Some(iter),
        compare: Some(compare),
        len: Some(len),
        getitem: Some(index::getitem),
        setitem: Some(index::setitem),
        buffer: Some(buffer_slot),
        ..Slots::NONE
    },
    methods: METHODS,
    getsets: GETSETS,
    ..TypeSpec::DEFAULT
};

static METHODS: &[Method] = &[
    method!(Unary release "($self, /)", "Release the underlying buffer exposed by the memoryview object."),
    method!(Bound tobytes "($self, /, order='C')", "Return the data in the buffer as a byte string."),
    method!(Bound hex "($self, /, sep=<unrepresentable>, bytes_per_sep=1)", "Return the data in the buffer as a str of hexadecimal numbers."),
    method!(Unary tolist "($self, /)", "Return the data in the buffer as a list of elements."),
    method!(Bound cast "($self, /, format, shape=<unrepresentable>)", "Cast a memoryview to a new format or shape."),
    method!(Unary toreadonly "($self, /)", "Return a readonly version of the memoryview."),
    method!(Binary count "($self, value, /)", "Count the number of occurrences of a value."),
    method!(Bound index_of as "index" "($self, value, start=0, stop=sys.maxsize, /)", "Return the index of the first occurrence of a value."),
    method!(Bound from_flags as "_from_flags" "($type, /, object, flags)", "Create a new memoryview object which references the given object.")
        .class_method(),
    method!(Unary enter as "__enter__" "($self, /)", ""),
    method!(Bound exit as "__exit__" "($self, /, *exc_info)", ""),
    method!(Binary class_getitem as "__class_getitem__" "($type, object, /)", "See PEP 585").class_method(),
];
use methods::{cast, class_getitem, count, enter, exit, hex, index_of, tobytes, tolist, toreadonly};

static GETSETS: &[Getset] = &[
    Getset::readonly("obj", "The underlying object of the memoryview.", |vm, this| Ok(view(vm, this)?.owner().to_owned())),
    Getset::readonly("nbytes", "The amount of space in bytes that the array would use in a contiguous representation.", |vm, this| {
        Ok(Object::small_int(view(vm, this)?.len() as i64))
    }),
    Getset::readonly("readonly", "A bool indicating whether the memory is read only.", |vm, this| Ok(Object::bool(view(vm, this)?.is_readonly()))),
    Getset::readonly("itemsize", "The size in bytes of each element of the memoryview.", |vm, this| {
        Ok(Object::small_int(view(vm, this)?.item_size() as i64))
    }),
    Getset::readonly("format", "A string containing the format (in struct module style) for each element in the view.", |vm, this| {
        let format = view(vm, this)?.format().to_owned();
        Ok(vm.new_str(&format).into_object())
    }),
    Getset::readonly("ndim", "An integer indicating how many dimensions of a multi-dimensional array the memory represents.", |vm, this| {
        Ok(Object::small_int(view(vm, this)?.layout_or_bytes().shape.len() as i64))
    }),
    Getset::readonly("shape", "A tuple of ndim integers giving the shape of the memory as an N-dimensional array.", |vm, this| {
        let shape = view(vm, this)?.layout_or_bytes().shape;
        Ok(vm.new_tuple(shape.iter().map(|&size| Object::small_int(size as i64)).collect::<Vec<_>>()).into_object())
    }),
    Getset::readonly(
        "strides",
        "A tuple of ndim integers giving the size in bytes to access each element for each dimension of the array.",
        |vm, this| {
            let strides = view(vm, this)?.layout_or_bytes().strides;
            Ok(vm.new_tuple(strides.iter().map(|&stride| Object::small_int(stride as i64)).collect::<Vec<_>>()).into_object())
        },
    ),
    Getset::readonly("suboffsets", "A tuple of integers used internally for PIL-style arrays.", |vm, this| {
        view(vm, this)?;
        Ok(vm.new_tuple([]).into_object())
    }),
    Getset::readonly("c_contiguous", "A bool indicating whether the memory is C contiguous.", |vm, this| {
        Ok(Object::bool(view(vm, this)?.is_c_contiguous()))
    }),
    Getset::readonly("f_contiguous", "A bool indicating whether the memory is Fortran contiguous.", |vm, this| {
        Ok(Object::bool(view(vm, this)?.is_f_contiguous()))
    }),
    Getset::readonly("contiguous", "A bool indicating whether the memory is contiguous.", |vm, this| {
        let buffer = view(vm, this)?;
        Ok(Object::bool(buffer.is_c_contiguous() || buffer.is_f_contiguous()))
    }),
];

pub(crate) fn this<'a>(vm: &mut Vm, this: Ref<'a>) -> PyResult<&'a MemoryView> {
    match this.downcast::<MemoryView>() {
        Some(view) => Ok(RefOf::get(view)),
        None => Err(vm.type_error(format!("descriptor requires a 'memoryview' object but received '{}'", this.class().full_name()))),
    }
}

/// The buffer of a view that is not released. It is a clone: an export for as long as it is used.
pub(crate) fn view(vm: &mut Vm, object: Ref<'_>) -> PyResult<Buffer> {
    let view = this(vm, object)?;
    match view.buffer.get(vm) {
        Some(buffer) => Ok(buffer.clone()),
        None => Err(vm.value_error("operation forbidden on released memoryview object")),
    }
}

fn is_released(vm: &Vm, object: Ref<'_>) -> bool {
    object.downcast::<MemoryView>().is_some_and(|view| view.buffer.get(vm).is_none())
}

/// A new view of a buffer.
pub fn from_buffer(vm: &Vm, buffer: Buffer) -> Object {
    vm.allocate(MemoryView { buffer: VmCell::new(Some(buffer)), exports: Rc::new(()), hash: Cell::new(-1) }).into_object()
}

/// `memoryview(object)`
pub fn from_object(vm: &mut Vm, object: Ref<'_>) -> PyResult {
    if object.downcast::<MemoryView>().is_some() {
        let buffer = view(vm, object)?;
        return Ok(from_buffer(vm, buffer));
    }
    match vm.buffer_any(object, false)? {
        Some(buffer) => Ok(from_buffer(vm, buffer)),
        None => Err(vm.type_error(format!("memoryview: a bytes-like object is required, not '{}'", object.class().full_name()))),
    }
}

fn new(vm: &mut Vm, _class: RefOf<'_, Type>, arguments: Args<'_>) -> PyResult {
    let mut bound = [None];
    object::call::bind_args(vm, "memoryview", "(object)", arguments, &mut bound)?;
    let [object] = bound;
    from_object(vm, object.as_ref().map_or(Ref::NONE, Object::borrow))
}

fn from_flags(vm: &mut Vm, _class: Ref<'_>, arguments: &[Option<Ref<'_>>]) -> PyResult {
    let object = arguments[0].unwrap_or(Ref::NONE);
    let flags = vm.to_i32(arguments[1].unwrap_or(Ref::NONE))?;
    if object.downcast::<MemoryView>().is_some() {
        return from_object(vm, object);
    }
    let writable = flags & 1 != 0;
    match vm.buffer_any(object, writable)? {
        Some(buffer) if writable && buffer.is_readonly() => Err(vm.raise(&exception::BUFFER_ERROR, "Object is not writable.")),
        Some(buffer) => Ok(from_buffer(vm, buffer)),
        None => Err(vm.type_error(format!("memoryview: a bytes-like object is required, not '{}'", object.class().full_name()))),
    }
}

/// Keeps the view from being released.
pub(crate) fn export(vm: &mut Vm, object: Ref<'_>) -> PyResult<Rc<dyn std::any::Any>> {
    Ok(Rc::clone(&this(vm, object)?.exports))
}

fn buffer_slot(vm: &mut Vm, object: Ref<'_>, writable: bool) -> PyResult<Buffer> {
    let buffer = view(vm, object)?;
    if writable && buffer.is_readonly() {
        return Err(vm.raise(&exception::BUFFER_ERROR, "memoryview: underlying buffer is not writable"));
    }
    let exports = Rc::clone(&this(vm, object)?.exports);
    Ok(buffer.with_owner(object.to_owned(), exports))
}

/// Gives the buffer up; `BufferError` while somebody holds a buffer of the view.
pub(crate) fn release(vm: &mut Vm, object: Ref<'_>) -> PyResult {
    let view = this(vm, object)?;
    let exports = Rc::strong_count(&view.exports) - 1;
    if view.buffer.get(vm).is_some() && exports > 0 {
        let plural = if exports == 1 { "" } else { "s" };
        return Err(vm.raise(&exception::BUFFER_ERROR, format!("memoryview has {exports} exported buffer{plural}")));
    }
    drop(view.buffer.replace(vm, None));
    Ok(Object::none())
}

fn repr(vm: &mut Vm, object: Ref<'_>) -> PyResult {
    let kind = if is_released(vm, object) { "released memory" } else { "memory" };
    let text = format!("<{kind} at {:#x}>", object.address().unwrap_or(0));
    Ok(vm.new_str(&text).into_object())
}

fn len(vm: &mut Vm, object: Ref<'_>) -> PyResult<usize> {
    match view(vm, object)?.layout_or_bytes().shape.first() {
        Some(&len) => Ok(len),
        None => Err(vm.type_error("0-dim memory has no length")),
    }
}

fn hash(vm: &mut Vm, object: Ref<'_>) -> PyResult<i64> {
    let known = this(vm, object)?.hash.get();
    if known != -1 {
        return Ok(known);
    }
    let buffer = view(vm, object)?;
    if !buffer.is_readonly() {
        return Err(vm.value_error("cannot hash writable memoryview object"));
    }
    if !matches!(item::native(buffer.format()), Some(b'B' | b'b' | b'c')) {
        return Err(vm.value_error("memoryview: hashing is restricted to formats 'B', 'b' or 'c'"));
    }
    // The owner must be hashable too. The view cannot be released meanwhile.
    let _export = export(vm, object)?;
    vm.hash(buffer.owner())?;
    let hash = object::str::hash::hash_bytes(&contents(vm, &buffer));
    this(vm, object)?.hash.set(hash);
    Ok(hash)
}

/// Calls `each` with the offsets of all items, the last index varying fastest.
pub(crate) fn for_each_offset(layout: &Layout, start: usize, each: &mut dyn FnMut(usize)) {
    fn walk(layout: &Layout, dimension: usize, offset: isize, each: &mut dyn FnMut(usize)) {
        if dimension == layout.shape.len() {
            return each(offset as usize);
        }
        for index in 0..layout.shape[dimension] {
            walk(layout, dimension + 1, offset + index as isize * layout.strides[dimension], each);
        }
    }
    walk(layout, 0, start as isize, each);
}

/// The bytes of all items in order, whatever the layout.
pub fn contents(vm: &Vm, buffer: &Buffer) -> Vec<u8> {
    if buffer.is_c_contiguous() {
        return buffer.bytes(vm).to_vec();
    }
    let layout = buffer.layout_or_bytes();
    let memory = buffer.memory(vm);
    let mut out = Vec::with_capacity(layout.len());
    for_each_offset(&layout, buffer.offset(), &mut |offset| out.extend_from_slice(&memory[offset..offset + layout.item_size]));
    out
}

fn compare(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>, op: Comparison) -> PyResult {
    let negated = match op {
        Comparison::Equal => false,
        Comparison::NotEqual => true,
        _ => return Ok(Object::not_implemented()),
    };
    let equal = if is_released(vm, left) || is_released(vm, right) {
        left.is(right)
    } else if !vm.has_buffer(right) {
        return Ok(Object::not_implemented());
    } else {
        let left = view(vm, left)?;
        let right = match vm.buffer_any(right, false) {
            Ok(Some(right)) => right,
            Ok(None) => return Ok(Object::not_implemented()),
            Err(raised) => {
                let _ = vm.catch(raised);
                return Ok(Object::not_implemented());
            }
        };
        are_equal(vm, &left, &right)?
    };
    Ok(Object::bool(equal != negated))
}

fn are_equal(vm: &mut Vm, left: &Buffer, right: &Buffer) -> PyResult<bool> {
    let (first, second) = (left.layout_or_bytes(), right.layout_or_bytes());
    if first.shape != second.shape {
        return Ok(false);
    }
    let same_bytes = |code: u8| matches!(code, b'b' | b'B' | b'c' | b'h' | b'H' | b'i' | b'I' | b'l' | b'L' | b'q' | b'Q' | b'n' | b'N' | b'P');
    let codes = (item::native(&first.format), item::native(&second.format));
    if let (Some(one), Some(other)) = codes
        && one == other
        && same_bytes(one)
    {
        return Ok(contents(vm, left) == contents(vm, right));
    }
    let (Some(one), Some(other)) = (item::Reader::new(vm, &first)?, item::Reader::new(vm, &second)?) else {
        return Ok(false);
    };
    let (a, b) = (contents(vm, left), contents(vm, right));
    for (x, y) in a.chunks(first.item_size.max(1)).zip(b.chunks(second.item_size.max(1))) {
        let (x, y) = (one.read(vm, x)?, other.read(vm, y)?);
        if !vm.equal(x.borrow(), y.borrow())? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The payload of `memory_iterator`.
pub struct MemoryIterator {
    view: ObjectCell,
    position: Cell<usize>,
}

impl Payload for MemoryIterator {
    fn class() -> &'static Type {
        &MEMORY_ITERATOR
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        self.view.traverse(visitor);
    }
}

/// `memory_iterator`
pub static MEMORY_ITERATOR: Type = Type::new(&MEMORY_ITERATOR_SPEC);
static MEMORY_ITERATOR_SPEC: TypeSpec = TypeSpec {
    name: "memory_iterator",
    payload: PayloadInfo::of::<MemoryIterator>(),
    flags: flag::NO_INSTANTIATION,
    slots: Slots { iter: Some(object::protocol::iter_self), next: Some(next), ..Slots::NONE },
    ..TypeSpec::DEFAULT
};

fn iter(vm: &mut Vm, object: Ref<'_>) -> PyResult {
    let layout = view(vm, object)?.layout_or_bytes();
    match layout.shape.len() {
        0 => return Err(vm.type_error("invalid indexing of 0-dim memory")),
        1 => {}
        _ => return Err(vm.raise(&exception::NOT_IMPLEMENTED_ERROR, "multi-dimensional sub-views are not implemented")),
    }
    if item::native(&layout.format).is_none() {
        return Err(item::unsupported(vm, &layout.format));
    }
    Ok(vm.allocate(MemoryIterator { view: ObjectCell::new(Some(object.to_owned())), position: Cell::new(0) }).into_object())
}

fn next(vm: &mut Vm, iterator: Ref<'_>) -> PyResult<Option<Object>> {
    let Some(state) = iterator.downcast::<MemoryIterator>() else { return Ok(None) };
    let Some(object) = state.view.get() else { return Ok(None) };
    let buffer = view(vm, object.borrow())?;
    let position = state.position.get();
    let layout = buffer.layout_or_bytes();
    if layout.shape.first().is_none_or(|&len| position >= len) {
        state.view.set(None);
        return Ok(None);
    }
    state.position.set(position + 1);
    let offset = (buffer.offset() as isize + position as isize * layout.strides[0]) as usize;
    index::read(vm, &buffer, &layout, offset).map(Some)
}
