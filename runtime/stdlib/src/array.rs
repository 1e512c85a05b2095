//! `array`: sequences of machine numbers or characters.

use builtins::iterators::{builtin, inherits_init, reduced};
use builtins::slice::{self, Positions, Slice, argument_bound, clamp_bound, position, size_argument};
use bytecode::opcode::Comparison;
use object::bytes::buffer::{Buffer, Layout, Memory};
use object::call::Args;
use object::cell::{ObjectCell, Visitor};
use object::class::Payload;
use object::exception;
use object::flat::{FlatItems, FlatLayout};
use object::instance::size_of_instance;
use object::list::List;
use object::native::{Module, PayloadInfo, flag};
use object::protocol::{iter_self, ordering_satisfies};
use object::str::{Str, StrBuilder, names};
use object::{Getset, Method, Object, PyResult, Ref, RefOf, Slots, Type, TypeSpec, Vm, instance, method};
use std::cell::Cell;

mod kind;
mod reconstruct;

use kind::Kind;

pub static MODULE: Module = Module {
    name: "array",
    doc: "This module defines an object type which can efficiently represent\nan array of basic values: characters, integers, floating-point\nnumbers.  Arrays are sequence types and behave very much like lists,\nexcept that the type of objects stored in them is constrained.\n",
    functions: &[
        method!(Bound array_reconstructor as "_array_reconstructor" "($module, arraytype, typecode, mformat_code, items, /)", "Internal. Used for pickling support."),
    ],
    types: &[&ARRAY],
    init: Some(|vm, module| {
        module.set(vm, "ArrayType", ARRAY.to_object());
        let codes: String = kind::ALL.iter().map(|kind| char::from(kind.code)).collect();
        let codes = vm.new_str(&codes).into_object();
        module.set(vm, "typecodes", codes);
        object::type_new::ready(vm, &ARRAY_ITERATOR);
        let abc = vm.import("collections.abc")?;
        let sequence = vm.get_attr_str(abc.borrow(), "MutableSequence")?;
        vm.call_method(sequence.borrow(), "register", &[ARRAY.object()])?;
        Ok(())
    }),
};

/// The payload of an `array`.
pub struct Array {
    memory: Memory,
    kind: &'static Kind,
}

impl Payload for Array {
    fn class() -> &'static Type {
        &ARRAY
    }
}

/// `array.array`
pub static ARRAY: Type = Type::new(&ARRAY_SPEC);
static ARRAY_SPEC: TypeSpec = TypeSpec {
    name: "array.array",
    doc: "array(typecode [, initializer]) -> array\n\nReturn a new array whose items are restricted by typecode, and\ninitialized from the optional initializer value, which must be a list,\nstring or iterable over elements of the appropriate type.\n\nArrays represent basic values and behave very much like lists, except\nthe type of objects stored in them is constrained. The type is specified\nat object creation time by using a type code, which is a single character.\nThe following type codes are defined:\n\n    Type code   C Type             Minimum size in bytes\n    'b'         signed integer     1\n    'B'         unsigned integer   1\n    'u'         Unicode character  2 (see note)\n    'w'         Py_UCS4            4\n    'h'         signed integer     2\n    'H'         unsigned integer   2\n    'i'         signed integer     2\n    'I'         unsigned integer   2\n    'l'         signed integer     4\n    'L'         unsigned integer   4\n    'q'         signed integer     8 (see note)\n    'Q'         unsigned integer   8 (see note)\n    'f'         floating-point     4\n    'd'         floating-point     8\n\nNOTE: The 'u' typecode corresponds to Python's unicode character. On\nnarrow builds this is 2-bytes on wide builds this is 4-bytes.\n\nNOTE: The 'q' and 'Q' type codes are only available if the platform\nC compiler used to build Python supports 'long long', or, on Windows,\n'__int64'.\n\nMethods:\n\nappend() -- append a new item to the end of the array\nbuffer_info() -- return information giving the current memory info\nbyteswap() -- byteswap all the items of the array\ncount() -- return number of occurrences of an object\nextend() -- extend array by appending multiple elements from an iterable\nfromfile() -- read items from a file object\nfromlist() -- append items from the list\nfrombytes() -- append items from the string\nindex() -- return index of first occurrence of an object\ninsert() -- insert a new item into the array at a provided position\npop() -- remove and return item (default last)\nremove() -- remove first occurrence of an object\nreverse() -- reverse the order of the items in the array\ntofile() -- write all items to a file object\ntolist() -- return the array converted to an ordinary list\ntobytes() -- return the array converted to a string\n\nAttributes:\n\ntypecode -- the typecode character used to create the array\nitemsize -- the length in bytes of one array item\n",
    flags: flag::BASE_TYPE | flag::SEQUENCE | flag::WEAK_REFERENCES,
    payload: PayloadInfo::leaf::<Array>(),
    slots: Slots {
        new: Some(new),
        repr: Some(repr),
        compare: Some(compare),
        len: Some(|vm, array| Ok(this(array).len(vm))),
        getitem: Some(get_item),
        setitem: Some(set_item),
        contains: Some(|vm, array, value| Ok(find(vm, this(array), value, 0, usize::MAX)?.is_some())),
        concat: Some(concat),
        repeat: Some(repeat),
        inplace_concat: Some(inplace_concat),
        inplace_repeat: Some(inplace_repeat),
        iter: Some(iter),
        buffer: Some(buffer),
        ..Slots::NONE
    },
    methods: METHODS,
    getsets: &[
        Getset::readonly("typecode", "the typecode character used to create the array", |vm, array| {
            Ok(vm.new_char(this(array).kind.code.into()).into_object())
        }),
        Getset::readonly("itemsize", "the size, in bytes, of one array item", |_, array| Ok(Object::small_int(this(array).kind.size as i64))),
    ],
    flat: Some(&FLAT),
    ..TypeSpec::DEFAULT
};

static FLAT: FlatItems = FlatItems {
    class: &ARRAY,
    kinds: &kind::FLAT,
    kind_of: |array| kind::ALL.iter().position(|kind| std::ptr::eq(kind, this(array).kind)).unwrap_or(0),
    word_of_kind: |index| (&raw const kind::ALL[index]).expose_provenance() as u64,
    layout: || {
        let (bytes, memory) = (std::mem::offset_of!(Array, memory), Memory::places());
        FlatLayout { kind: std::mem::offset_of!(Array, kind), items: bytes + memory.address, length: bytes + memory.length }
    },
};

const METHODS: &[Method] = &[
    method!(Binary append "($self, v, /)", "Append new value v to the end of the array."),
    method!(Unary buffer_info "($self, /)", "Return a tuple (address, length) giving the current memory address and the length in items of the buffer used to hold array's contents.\n\nThe length should be multiplied by the itemsize attribute to\ncalculate the buffer length in bytes."),
    method!(Unary byteswap "($self, /)", "Byteswap all items of the array.\n\nIf the items in the array are not 1, 2, 4, or 8 bytes in size,\nRuntimeError is raised."),
    method!(Unary clear "($self, /)", "Remove all items from the array."),
    method!(Unary copy as "__copy__" "($self, /)", "Return a copy of the array."),
    method!(Binary count "($self, v, /)", "Return number of occurrences of v in the array."),
    method!(Binary deep_copy as "__deepcopy__" "($self, unused, /)", "Return a copy of the array."),
    method!(Binary extend "($self, bb, /)", "Append items to the end of the array."),
    method!(Bound fromfile "($self, f, n, /)", "Read n objects from the file object f and append them to the end of the array."),
    method!(Binary fromlist "($self, list, /)", "Append items to array from list."),
    method!(Binary frombytes "($self, buffer, /)", "Appends items from the string, interpreting it as an array of machine values, as if it had been read from a file using the fromfile() method."),
    method!(Binary fromunicode "($self, ustr, /)", "Extends this array with data from the unicode string ustr.\n\nThe array must be a unicode type array; otherwise a ValueError is\nraised.  Use array.frombytes(ustr.encode(...)) to append Unicode\ndata to an array of some other type."),
    method!(Bound index "($self, v, start=0, stop=sys.maxsize, /)", "Return index of first occurrence of v in the array.\n\nRaise ValueError if the value is not present."),
    method!(Bound insert "($self, i, v, /)", "Insert a new item v into the array before position i."),
    method!(Bound pop "($self, i=-1, /)", "Return the i-th element and delete it from the array.\n\ni defaults to -1."),
    method!(Binary reduce_ex as "__reduce_ex__" "($self, value, /)", "Return state information for pickling."),
    method!(Binary remove "($self, v, /)", "Remove the first occurrence of v in the array."),
    method!(Unary reverse "($self, /)", "Reverse the order of the items in the array."),
    method!(Binary tofile "($self, f, /)", "Write all items (as machine values) to the file object f."),
    method!(Unary tolist "($self, /)", "Convert array to an ordinary list with the same items."),
    method!(Unary tobytes "($self, /)", "Convert the array to an array of machine values and return the bytes representation."),
    method!(Unary tounicode "($self, /)", "Extends this array with data from the unicode string ustr.\n\nConvert the array to a unicode string.  The array must be a unicode\ntype array; otherwise a ValueError is raised.  Use\narray.tobytes().decode() to obtain a unicode string from an array of\nsome other type."),
    method!(Unary size_of as "__sizeof__" "($self, /)", "Size of the array in memory, in bytes."),
    method!(Binary class_get_item as "__class_getitem__" "($type, object, /)", "Arrays are generic over the type of their elements").class_method(),
];

fn this(object: Ref<'_>) -> &Array {
    object.downcast::<Array>().expect("the method belongs to arrays").get()
}

impl Array {
    fn len(&self, vm: &Vm) -> usize {
        self.memory.data(vm).len() / self.kind.size
    }

    /// The item at an index that is in range, as it is now.
    fn item(&self, vm: &Vm, index: usize) -> Option<Object> {
        let size = self.kind.size;
        let data = self.memory.data(vm).get(index * size..(index + 1) * size)?;
        Some(self.kind.decode(vm, data))
    }

    /// The bytes, to be resized.
    fn resizable<'a>(&'a self, vm: &'a mut Vm) -> PyResult<&'a mut Vec<u8>> {
        if self.memory.exports() > 0 {
            return Err(vm.raise(&exception::BUFFER_ERROR, "cannot resize an array that is exporting buffers"));
        }
        self.memory.resizable(vm)
    }

    fn push(&self, vm: &mut Vm, value: Ref<'_>) -> PyResult<()> {
        let bytes = self.kind.encode(vm, value)?;
        self.resizable(vm)?.extend_from_slice(&bytes[..self.kind.size]);
        Ok(())
    }
}

fn allocate(vm: &Vm, class: &Type, kind: &'static Kind, data: Vec<u8>) -> Object {
    vm.allocate_in(class, Array { memory: Memory::new(data), kind })
}

/// The kind an `array(...)` call asks for.
fn kind_argument(vm: &mut Vm, code: Ref<'_>) -> PyResult<&'static Kind> {
    let Some(text) = code.downcast::<Str>() else {
        return Err(vm.type_error(format!("array() argument 1 must be a unicode character, not {}", code.class().full_name())));
    };
    if text.len() != 1 {
        return Err(vm.type_error(format!("array() argument 1 must be a unicode character, not a string of length {}", text.len())));
    }
    let Some(kind) = Kind::of(text.char_at(0)) else {
        return Err(vm.value_error("bad typecode (must be b, B, u, w, h, H, i, I, l, L, q, Q, f or d)"));
    };
    if kind.code == b'u' {
        vm.warn(&exception::DEPRECATION_WARNING, "The 'u' type code is deprecated and will be removed in Python 3.16", 1)?;
    }
    Ok(kind)
}

fn new(vm: &mut Vm, class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    if args.has_keywords() && inherits_init(class.get(), &ARRAY) {
        return Err(vm.type_error("array.array() takes no keyword arguments"));
    }
    let given = args.n_positional();
    if given == 0 || given > 2 {
        let (bound, limit, plural) = if given == 0 { ("least", 1, "") } else { ("most", 2, "s") };
        return Err(vm.type_error(format!("array() takes at {bound} {limit} argument{plural} ({given} given)")));
    }
    let kind = kind_argument(vm, args.positionals()[0])?;
    let array = allocate(vm, class.get(), kind, Vec::new());
    if let Some(&initial) = args.positionals().get(1) {
        fill(vm, this(array.borrow()), initial)?;
    }
    Ok(array)
}

/// Takes the items of a constructor's second argument.
fn fill(vm: &mut Vm, array: &Array, initial: Ref<'_>) -> PyResult<()> {
    let code = char::from(array.kind.code);
    if let Some(text) = initial.downcast::<Str>() {
        if !array.kind.is_text() {
            return Err(vm.type_error(format!("cannot use a str to initialize an array with typecode '{code}'")));
        }
        return push_text(vm, array, text);
    }
    if let Some(other) = initial.downcast::<Array>() {
        if other.kind.is_text() && !array.kind.is_text() {
            return Err(vm.type_error(format!("cannot use a unicode array to initialize an array with typecode '{code}'")));
        }
        if other.kind.code == array.kind.code {
            let data = other.memory.data(vm).to_vec();
            *array.resizable(vm)? = data;
            return Ok(());
        }
    } else if initial.is_instance_of(&object::bytes::BYTES) || initial.is_instance_of(&object::bytes::BYTEARRAY) {
        return push_bytes(vm, array, initial);
    }
    extend_from(vm, array, initial)
}

fn push_text(vm: &mut Vm, array: &Array, text: RefOf<'_, Str>) -> PyResult<()> {
    let units: Vec<u8> = text.code_points().flat_map(u32::to_ne_bytes).collect();
    array.resizable(vm)?.extend(units);
    Ok(())
}

fn push_bytes(vm: &mut Vm, array: &Array, bytes: Ref<'_>) -> PyResult<()> {
    let data = {
        let buffer = vm.buffer(bytes)?;
        buffer.bytes(vm).to_vec()
    };
    if !data.len().is_multiple_of(array.kind.size) {
        return Err(vm.value_error("bytes length not a multiple of item size"));
    }
    array.resizable(vm)?.extend(data);
    Ok(())
}

fn extend_from(vm: &mut Vm, array: &Array, iterable: Ref<'_>) -> PyResult<()> {
    let iterator = vm.iter(iterable)?;
    while let Some(item) = vm.next(iterator.borrow())? {
        array.push(vm, item.borrow())?;
    }
    Ok(())
}

fn items(vm: &Vm, array: &Array) -> Vec<Object> {
    array.memory.data(vm).chunks_exact(array.kind.size).map(|item| array.kind.decode(vm, item)).collect()
}

fn repr(vm: &mut Vm, array: Ref<'_>) -> PyResult {
    let (name, data) = (array.class().name().to_owned(), this(array));
    let mut text = StrBuilder::new();
    text.push_fmt(format_args!("{name}('{}'", char::from(data.kind.code)));
    if data.len(vm) > 0 {
        let shown = if data.kind.is_text() { tounicode(vm, array)? } else { tolist(vm, array)? };
        text.push_str(", ");
        text.push_object(&*vm.repr(shown.borrow())?);
    }
    text.push_str(")");
    Ok(text.finish(vm).into_object())
}

fn compare(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>, op: Comparison) -> PyResult {
    let (Some(a), Some(b)) = (left.downcast::<Array>(), right.downcast::<Array>()) else { return Ok(Object::not_implemented()) };
    let is_equality = matches!(op, Comparison::Equal | Comparison::NotEqual);
    if is_equality && a.len(vm) != b.len(vm) {
        return Ok(Object::bool(op == Comparison::NotEqual));
    }
    if is_equality && a.kind.code == b.kind.code && !a.kind.is_float() {
        return Ok(Object::bool((a.memory.data(vm) == b.memory.data(vm)) == (op == Comparison::Equal)));
    }
    let mut index = 0;
    while let (Some(x), Some(y)) = (a.item(vm, index), b.item(vm, index)) {
        let equal = vm.compare(x.borrow(), y.borrow(), Comparison::Equal)?;
        if !equal.borrow().is_true() {
            return match op {
                Comparison::Equal => Ok(Object::bool(false)),
                Comparison::NotEqual => Ok(Object::bool(true)),
                _ => vm.compare(x.borrow(), y.borrow(), op),
            };
        }
        index += 1;
    }
    Ok(Object::bool(ordering_satisfies(a.len(vm).cmp(&b.len(vm)), op)))
}

/// An index or slice. Runs Python, so the length is asked for afterwards.
enum Key {
    Index(isize),
    Slice((isize, isize, isize)),
}

fn key_of(vm: &mut Vm, key: Ref<'_>) -> PyResult<Key> {
    if let Some(index) = key.as_small_int() {
        return Ok(Key::Index(index as isize));
    }
    if let Some(slice) = key.downcast::<Slice>() {
        return Ok(Key::Slice(slice::unpack(vm, slice.get())?));
    }
    if key.class().slots().index.is_none() {
        return Err(vm.type_error("array indices must be integers"));
    }
    slice::item_index(vm, key).map(Key::Index)
}

fn get_item(vm: &mut Vm, array: Ref<'_>, key: Ref<'_>) -> PyResult {
    let data = this(array);
    match key_of(vm, key)? {
        Key::Index(index) => match position(index, data.len(vm)).and_then(|index| data.item(vm, index)) {
            Some(item) => Ok(item),
            None => Err(vm.index_error("array index out of range")),
        },
        Key::Slice(bounds) => {
            let (size, bytes) = (data.kind.size, data.memory.data(vm));
            let positions = slice::adjust(bounds, bytes.len() / size);
            let part = positions.iter().flat_map(|index| &bytes[index * size..(index + 1) * size]).copied().collect();
            Ok(allocate(vm, &ARRAY, data.kind, part))
        }
    }
}

fn set_item(vm: &mut Vm, array: Ref<'_>, key: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    let data = this(array);
    match (key_of(vm, key)?, value) {
        (Key::Index(index), value) => {
            let encoded = match value {
                Some(value) => {
                    check_index(vm, data, index)?;
                    Some(data.kind.encode(vm, value)?)
                }
                None => None,
            };
            let index = check_index(vm, data, index)?;
            let size = data.kind.size;
            match encoded {
                Some(bytes) => data.memory.data_mut(vm)[index * size..(index + 1) * size].copy_from_slice(&bytes[..size]),
                None => drop(data.resizable(vm)?.drain(index * size..(index + 1) * size)),
            }
            Ok(())
        }
        (Key::Slice(bounds), Some(value)) => {
            let Some(other) = value.downcast::<Array>() else {
                return Err(vm.type_error(format!("can only assign array (not \"{}\") to array slice", value.class().full_name())));
            };
            if other.kind.code != data.kind.code {
                return Err(bad_argument(vm));
            }
            let new = other.memory.data(vm).to_vec();
            let positions = slice::adjust(bounds, data.len(vm));
            assign_slice(vm, data, positions, new)
        }
        (Key::Slice(bounds), None) => {
            let positions = slice::adjust(bounds, data.len(vm)).ascending();
            delete_slice(vm, data, positions)
        }
    }
}

fn bad_argument(vm: &mut Vm) -> object::vm::Raised {
    vm.type_error("bad argument type for built-in operation")
}

fn check_index(vm: &mut Vm, array: &Array, index: isize) -> PyResult<usize> {
    match position(index, array.len(vm)) {
        Some(index) => Ok(index),
        None => Err(vm.index_error("array assignment index out of range")),
    }
}

fn assign_slice(vm: &mut Vm, array: &Array, positions: Positions, new: Vec<u8>) -> PyResult<()> {
    let size = array.kind.size;
    if positions.step == 1 {
        let range = positions.start * size..(positions.start + positions.count) * size;
        if range.len() == new.len() {
            array.memory.data_mut(vm)[range].copy_from_slice(&new);
        } else {
            drop(array.resizable(vm)?.splice(range, new));
        }
        return Ok(());
    }
    if positions.count * size != new.len() {
        let message = format!("attempt to assign array of size {} to extended slice of size {}", new.len() / size, positions.count);
        return Err(vm.value_error(message));
    }
    let data = array.memory.data_mut(vm);
    for (index, item) in positions.iter().zip(new.chunks_exact(size)) {
        data[index * size..(index + 1) * size].copy_from_slice(item);
    }
    Ok(())
}

fn delete_slice(vm: &mut Vm, array: &Array, positions: Positions) -> PyResult<()> {
    if positions.count == 0 {
        return Ok(());
    }
    let size = array.kind.size;
    let data = array.resizable(vm)?;
    if positions.step == 1 {
        drop(data.drain(positions.start * size..(positions.start + positions.count) * size));
        return Ok(());
    }
    let mut index = 0;
    let last = positions.start + (positions.count - 1) * positions.step as usize;
    data.retain(|_| {
        let item = index / size;
        index += 1;
        item < positions.start || item > last || !(item - positions.start).is_multiple_of(positions.step as usize)
    });
    Ok(())
}

fn find(vm: &mut Vm, array: &Array, value: Ref<'_>, start: usize, stop: usize) -> PyResult<Option<usize>> {
    let mut index = start;
    while index < stop
        && let Some(item) = array.item(vm, index)
    {
        if vm.equal(item.borrow(), value)? {
            return Ok(Some(index));
        }
        index += 1;
    }
    Ok(None)
}

fn concat(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>) -> PyResult {
    let Some(other) = right.downcast::<Array>() else {
        return Err(vm.type_error(format!("can only append array (not \"{}\") to array", right.class().full_name())));
    };
    if other.kind.code != this(left).kind.code {
        return Err(bad_argument(vm));
    }
    let data = [this(left).memory.data(vm), other.memory.data(vm)].concat();
    Ok(allocate(vm, &ARRAY, this(left).kind, data))
}

fn repeated(vm: &mut Vm, array: &Array, count: isize) -> PyResult<Vec<u8>> {
    let (data, count) = (array.memory.data(vm), count.max(0) as usize);
    match data.len().checked_mul(count) {
        Some(total) if total < 1 << 20 || (total < isize::MAX as usize / 2 && object::heap::can_allocate(total)) => Ok(data.repeat(count)),
        _ => Err(vm.memory_error()),
    }
}

fn repeat(vm: &mut Vm, array: Ref<'_>, count: isize) -> PyResult {
    let data = repeated(vm, this(array), count)?;
    Ok(allocate(vm, &ARRAY, this(array).kind, data))
}

fn inplace_concat(vm: &mut Vm, array: Ref<'_>, other: Ref<'_>) -> PyResult {
    if other.downcast::<Array>().is_none() {
        return Err(vm.type_error(format!("can only extend array with array (not \"{}\")", other.class().full_name())));
    }
    extend(vm, array, other)?;
    Ok(array.to_owned())
}

fn inplace_repeat(vm: &mut Vm, array: Ref<'_>, count: isize) -> PyResult {
    let data = repeated(vm, this(array), count)?;
    if data.len() != this(array).memory.data(vm).len() {
        *this(array).resizable(vm)? = data;
    }
    Ok(array.to_owned())
}

fn buffer(vm: &mut Vm, array: Ref<'_>, _writable: bool) -> PyResult<Buffer> {
    let data = this(array);
    let layout = Layout::contiguous(data.kind.buffer_format(), data.kind.size, vec![data.len(vm)]);
    Ok(data.memory.export(vm, array, false).with_layout(0, layout))
}

fn append(vm: &mut Vm, array: Ref<'_>, value: Ref<'_>) -> PyResult {
    this(array).push(vm, value)?;
    Ok(Object::none())
}

fn extend(vm: &mut Vm, array: Ref<'_>, iterable: Ref<'_>) -> PyResult {
    let data = this(array);
    let Some(other) = iterable.downcast::<Array>() else {
        extend_from(vm, data, iterable)?;
        return Ok(Object::none());
    };
    if other.kind.code != data.kind.code {
        return Err(vm.type_error("can only extend with array of same kind"));
    }
    let more = other.memory.data(vm).to_vec();
    data.resizable(vm)?.extend(more);
    Ok(Object::none())
}

fn buffer_info(vm: &mut Vm, array: Ref<'_>) -> PyResult {
    let data = this(array);
    let address = data.memory.data(vm).as_ptr().addr();
    let parts = [vm.new_uint(address as u64), vm.new_uint(data.len(vm) as u64)];
    Ok(vm.new_tuple(parts).into_object())
}

fn byteswap(vm: &mut Vm, array: Ref<'_>) -> PyResult {
    let data = this(array);
    data.memory.data_mut(vm).chunks_exact_mut(data.kind.size).for_each(<[u8]>::reverse);
    Ok(Object::none())
}

fn clear(vm: &mut Vm, array: Ref<'_>) -> PyResult {
    this(array).resizable(vm)?.clear();
    Ok(Object::none())
}

fn copy(vm: &mut Vm, array: Ref<'_>) -> PyResult {
    let data = this(array).memory.data(vm).to_vec();
    Ok(allocate(vm, &ARRAY, this(array).kind, data))
}

fn deep_copy(vm: &mut Vm, array: Ref<'_>, _memo: Ref<'_>) -> PyResult {
    copy(vm, array)
}

fn count(vm: &mut Vm, array: Ref<'_>, value: Ref<'_>) -> PyResult {
    let (mut count, mut start) = (0, 0);
    while let Some(index) = find(vm, this(array), value, start, usize::MAX)? {
        count += 1;
        start = index + 1;
    }
    Ok(Object::small_int(count))
}

fn index(vm: &mut Vm, array: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let value = args[0].expect("a required argument");
    let start = args[1].map_or(Ok(0), |start| argument_bound(vm, start))?;
    let stop = args[2].map_or(Ok(isize::MAX), |stop| argument_bound(vm, stop))?;
    let len = this(array).len(vm);
    match find(vm, this(array), value, clamp_bound(start, len), clamp_bound(stop, len))? {
        Some(index) => Ok(Object::small_int(index as i64)),
        None => Err(vm.value_error("array.index(x): x not in array")),
    }
}

fn insert(vm: &mut Vm, array: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let index = size_argument(vm, args[0].expect("a required argument"))?;
    let data = this(array);
    let bytes = data.kind.encode(vm, args[1].expect("a required argument"))?;
    let at = clamp_bound(index, data.len(vm)) * data.kind.size;
    drop(data.resizable(vm)?.splice(at..at, bytes[..data.kind.size].iter().copied()));
    Ok(Object::none())
}

fn pop(vm: &mut Vm, array: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let index = args[0].map_or(Ok(-1), |index| size_argument(vm, index))?;
    let data = this(array);
    let len = data.len(vm);
    if len == 0 {
        return Err(vm.index_error("pop from empty array"));
    }
    let Some(index) = position(index, len) else { return Err(vm.index_error("pop index out of range")) };
    let item = data.item(vm, index).expect("the index is in range");
    let size = data.kind.size;
    drop(data.resizable(vm)?.drain(index * size..(index + 1) * size));
    Ok(item)
}

fn remove(vm: &mut Vm, array: Ref<'_>, value: Ref<'_>) -> PyResult {
    let data = this(array);
    let Some(index) = find(vm, data, value, 0, usize::MAX)? else { return Err(vm.value_error("array.remove(x): x not in array")) };
    let range = index * data.kind.size..(index + 1) * data.kind.size;
    let bytes = data.resizable(vm)?;
    if range.end <= bytes.len() {
        drop(bytes.drain(range));
    }
    Ok(Object::none())
}

fn reverse(vm: &mut Vm, array: Ref<'_>) -> PyResult {
    let data = this(array);
    let bytes = data.memory.data_mut(vm);
    bytes.reverse();
    bytes.chunks_exact_mut(data.kind.size).for_each(<[u8]>::reverse);
    Ok(Object::none())
}

fn fromlist(vm: &mut Vm, array: Ref<'_>, list: Ref<'_>) -> PyResult {
    let Some(items) = list.downcast::<List>() else { return Err(vm.type_error("arg must be list")) };
    let (data, items) = (this(array), items.items(vm).to_vec());
    let len = items.len();
    let mut encoded = Vec::with_capacity(len * data.kind.size);
    for item in items {
        let bytes = data.kind.encode(vm, item.borrow())?;
        encoded.extend_from_slice(&bytes[..data.kind.size]);
        if list.downcast::<List>().is_some_and(|list| list.len(vm) != len) {
            return Err(vm.runtime_error("list changed size during iteration"));
        }
    }
    data.resizable(vm)?.extend(encoded);
    Ok(Object::none())
}

fn frombytes(vm: &mut Vm, array: Ref<'_>, bytes: Ref<'_>) -> PyResult {
    push_bytes(vm, this(array), bytes)?;
    Ok(Object::none())
}

fn fromfile(vm: &mut Vm, array: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let (file, n) = (args[0].expect("a required argument"), args[1].expect("a required argument"));
    let n = size_argument(vm, n)?;
    if n < 0 {
        return Err(vm.value_error("negative count"));
    }
    let Some(wanted) = (n as usize).checked_mul(this(array).kind.size).filter(|&wanted| wanted <= isize::MAX as usize) else {
        return Err(vm.memory_error());
    };
    let wanted_object = vm.new_uint(wanted as u64);
    let bytes = vm.call_method_named(file, names::read(), &[wanted_object.borrow()])?;
    let Some(data) = object::bytes::as_bytes(bytes.borrow()) else { return Err(vm.type_error("read() didn't return bytes")) };
    let short = data.len() != wanted;
    push_bytes(vm, this(array), bytes.borrow())?;
    if short { Err(vm.raise(&exception::EOF_ERROR, "read() didn't return enough bytes")) } else { Ok(Object::none()) }
}

fn tofile(vm: &mut Vm, array: Ref<'_>, file: Ref<'_>) -> PyResult {
    const BLOCK: usize = 64 << 10;
    let data = this(array).memory.data(vm).to_vec();
    for block in data.chunks(BLOCK) {
        let block = vm.new_bytes(block);
        vm.call_method_named(file, names::write(), &[block.borrow().object()])?;
    }
    Ok(Object::none())
}

fn fromunicode(vm: &mut Vm, array: Ref<'_>, text: Ref<'_>) -> PyResult {
    let Some(string) = text.downcast::<Str>() else {
        return Err(vm.type_error(format!("fromunicode() argument must be str, not {}", text.class().full_name())));
    };
    if !this(array).kind.is_text() {
        return Err(vm.value_error("fromunicode() may only be called on unicode type arrays ('u' or 'w')"));
    }
    push_text(vm, this(array), string)?;
    Ok(Object::none())
}

fn tounicode(vm: &mut Vm, array: Ref<'_>) -> PyResult {
    let data = this(array);
    if !data.kind.is_text() {
        return Err(vm.value_error("tounicode() may only be called on unicode type arrays ('u' or 'w')"));
    }
    let code_points: Vec<u32> = data.memory.data(vm).chunks_exact(4).map(kind::code_point).collect();
    match code_points.iter().find(|&&code_point| code_point > 0x10_FFFF) {
        Some(code_point) => Err(vm.value_error(format!("character U+{code_point:x} is not in range [U+0000; U+10ffff]"))),
        None => Ok(vm.new_str_from_code_points(&code_points).into_object()),
    }
}

fn tolist(vm: &mut Vm, array: Ref<'_>) -> PyResult {
    let items = items(vm, this(array));
    Ok(vm.new_list(items).into_object())
}

fn tobytes(vm: &mut Vm, array: Ref<'_>) -> PyResult {
    Ok(vm.new_bytes(this(array).memory.data(vm)).into_object())
}

fn size_of(vm: &mut Vm, array: Ref<'_>) -> PyResult {
    let size = size_of_instance(array) + this(array).memory.data(vm).len();
    Ok(vm.new_uint(size as u64))
}

fn reduce_ex(vm: &mut Vm, array: Ref<'_>, protocol: Ref<'_>) -> PyResult {
    let protocol = vm.to_i64(protocol)?;
    let data = this(array);
    let dict = match instance::dict_of(vm, array) {
        Some(dict) => dict.into_object(),
        None => Object::none(),
    };
    let code = vm.new_char(data.kind.code.into()).into_object();
    if protocol < 3 {
        let items = tolist(vm, array)?;
        let args = vm.new_tuple([code, items]).into_object();
        return Ok(vm.new_tuple([array.class().to_object(), args, dict]).into_object());
    }
    let module = vm.import("array")?;
    let maker = vm.get_attr_str(module.borrow(), "_array_reconstructor")?;
    let bytes = tobytes(vm, array)?;
    let args = vm.new_tuple([array.class().to_object(), code, Object::small_int(data.kind.machine_format()), bytes]).into_object();
    Ok(vm.new_tuple([maker, args, dict]).into_object())
}

fn class_get_item(vm: &mut Vm, class: Ref<'_>, args: Ref<'_>) -> PyResult {
    vm.generic_alias(class, args)
}

fn array_reconstructor(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let mut given = [Ref::NONE; 4];
    for (place, arg) in given.iter_mut().zip(args) {
        *place = arg.expect("a required argument");
    }
    reconstruct::reconstruct(vm, given)
}

/// The payload of an `arrayiterator`.
pub struct ArrayIterator {
    /// Empty once the end was reached.
    array: ObjectCell,
    index: Cell<usize>,
}

impl Payload for ArrayIterator {
    fn class() -> &'static Type {
        &ARRAY_ITERATOR
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        self.array.traverse(visitor);
    }
}

/// `array.arrayiterator`
pub static ARRAY_ITERATOR: Type = Type::new(&ARRAY_ITERATOR_SPEC);
static ARRAY_ITERATOR_SPEC: TypeSpec = TypeSpec {
    name: "array.arrayiterator",
    flags: flag::NO_INSTANTIATION,
    payload: PayloadInfo::of::<ArrayIterator>(),
    slots: Slots { iter: Some(iter_self), next: Some(next), ..Slots::NONE },
    methods: &[
        method!(Unary iterator_reduce as "__reduce__" "($self, /)", "Return state information for pickling."),
        method!(Binary iterator_set_state as "__setstate__" "($self, state, /)", "Set state information for unpickling."),
    ],
    ..TypeSpec::DEFAULT
};

fn iter(vm: &mut Vm, array: Ref<'_>) -> PyResult {
    Ok(vm.allocate(ArrayIterator { array: ObjectCell::new(Some(array.to_owned())), index: Cell::new(0) }).into_object())
}

fn array_iterator(object: Ref<'_>) -> &ArrayIterator {
    object.downcast::<ArrayIterator>().expect("the method belongs to the iterator").get()
}

fn next(vm: &mut Vm, object: Ref<'_>) -> PyResult<Option<Object>> {
    let iterator = array_iterator(object);
    let index = iterator.index.get();
    let item = iterator.array.borrow(vm).and_then(|array| this(array).item(vm, index));
    match &item {
        Some(_) => iterator.index.set(index + 1),
        None => iterator.array.set(None),
    }
    Ok(item)
}

fn iterator_reduce(vm: &mut Vm, object: Ref<'_>) -> PyResult {
    let iterator = array_iterator(object);
    let iter = builtin(vm, "iter")?;
    match iterator.array.get() {
        Some(array) => reduced(vm, iter, array, Some(Object::small_int(iterator.index.get() as i64))),
        None => {
            let empty = vm.new_tuple([]).into_object();
            reduced(vm, iter, empty, None)
        }
    }
}

fn iterator_set_state(vm: &mut Vm, object: Ref<'_>, state: Ref<'_>) -> PyResult {
    let index = size_argument(vm, state)?;
    let iterator = array_iterator(object);
    if let Some(array) = iterator.array.borrow(vm) {
        iterator.index.set((index.max(0) as usize).min(this(array).len(vm)));
    }
    Ok(Object::none())
}
