//! `_struct`: values packed into bytes as C's structures.

use crate::exception_class;
use builtins::slice::size_argument;
use num_traits::ToPrimitive;
use object::bytes::buffer::Buffer;
use object::bytes::{BYTEARRAY, Bytes};
use object::call::{Args, bind_args};
use object::cell::{ObjectCell, Visitor, VmCell};
use object::exception;
use object::instance::size_of_instance;
use object::native::{Module, PayloadInfo, flag};
use object::protocol::iter_self;
use object::str::Str;
use object::vm::Raised;
use object::{Getset, Method, Object, Payload, PyResult, Ref, RefOf, Slots, Type, TypeSpec, Vm, int, method};
use std::cell::Cell;
use std::collections::HashMap;
use std::ops::Range;
use std::rc::Rc;

mod half;
mod layout;

use layout::{Item, Layout, Order};

pub static MODULE: Module = Module {
    name: "_struct",
    doc: "Functions to convert between Python values and C structs.\nPython bytes objects are used to hold the data representing the C struct.\nThe format string (explained below) describes the layout of data\nin the C struct.\n\nThe optional first format char indicates byte order, size and alignment:\n  @: native order, size & alignment (default)\n  =: native order, std. size & alignment\n  <: little-endian, std. size & alignment\n  >: big-endian, std. size & alignment\n  !: same as >\n\nThe remaining characters indicate types of args and must match exactly;\nthese can be preceded by a decimal repeat count:\n  x: pad byte (no data); c: char; b: signed byte; B: unsigned byte;\n  ?: _Bool; h: short; H: unsigned short; i: int; I: unsigned int;\n  l: long; L: unsigned long; q: long long; Q: unsigned long long;\n  f: float; d: double; e: half-float;\n  F: float complex; D: double complex.\nSpecial cases (preceding decimal count indicates length):\n  s: byte string (array of char); p: Pascal string (with count byte).\nSpecial cases (only available in native format):\n  n: ssize_t; N: size_t;\n  P: an integer type that is wide enough to hold a pointer.\nWhitespace between formats is ignored.\n\nThe variable struct.error is an exception raised on errors.\n",
    functions: &[
        method!(Unary clearcache as "_clearcache" "($module, /)", "Clear the internal cache."),
        method!(Binary calcsize "($module, format, /)", "Return size in bytes of the struct described by the format string."),
        method!(Bound iter_unpack "($module, format, buffer, /)", "Return an iterator yielding tuples unpacked from the given bytes.\n\nThe bytes are unpacked according to the format string, like\na repeated invocation of unpack_from().\n\nRequires that the bytes length be a multiple of the format struct size."),
        method!(Many pack "", "pack(format, v1, v2, ...) -> bytes\n\nReturn a bytes object containing the values v1, v2, ... packed according\nto the format string.  See help(struct) for more on format strings."),
        method!(Many pack_into "", "pack_into(format, buffer, offset, v1, v2, ...)\n\nPack the values v1, v2, ... according to the format string and write\nthe packed bytes into the writable buffer buf starting at offset.  Note\nthat the offset is a required argument.  A negative offset counts from\nthe end of the buffer.  See help(struct) for more on format strings."),
        method!(Bound unpack "($module, format, buffer, /)", "Return a tuple containing values unpacked according to the format string.\n\nThe buffer's size in bytes must be calcsize(format).\n\nSee help(struct) for more on format strings."),
        method!(Bound unpack_from "($module, format, /, buffer, offset=0)", "Return a tuple containing values unpacked according to the format string.\n\nThe buffer's size, minus offset, must be at least calcsize(format).\nA negative offset counts from the end of the buffer.\n\nSee help(struct) for more on format strings."),
    ],
    types: &[&STRUCT],
    init: Some(|vm, module| {
        object::type_new::ready(vm, &UNPACK_ITERATOR);
        exception_class::define(vm, module, &ERROR, "struct", "error", &exception::EXCEPTION, None)
    }),
};

/// `struct.error`
static ERROR: ObjectCell = ObjectCell::EMPTY;

fn error(vm: &mut Vm, message: impl std::fmt::Display) -> Raised {
    exception_class::raise(vm, &ERROR, Some(&message.to_string()))
}

/// Layouts of formats that were used lately.
static CACHE: VmCell<Option<HashMap<Vec<u8>, Rc<Layout>>>> = VmCell::new(None);

const CACHE_SIZE: usize = 100;

/// The bytes of a format given as `str` or `bytes`.
fn format_bytes(vm: &mut Vm, format: Ref<'_>) -> PyResult<Vec<u8>> {
    if let Some(text) = format.downcast::<Str>() {
        return match text.as_str() {
            Some(text) => Ok(text.as_bytes().to_vec()),
            None => {
                let encoding = vm.new_str("ascii");
                let encoded = vm.call_method(format, "encode", &[encoding.borrow().object()])?;
                Ok(object::bytes::as_bytes(encoded.borrow()).unwrap_or(&[]).to_vec())
            }
        };
    }
    match object::bytes::as_bytes(format) {
        Some(bytes) => Ok(bytes.to_vec()),
        None => Err(vm.type_error(format!("Struct() argument 1 must be a str or bytes object, not {}", format.class().full_name()))),
    }
}

/// Layouts of short formats that were used last, by their text.
static RECENT: VmCell<[Option<(u128, Rc<Layout>)>; RECENT_SIZE]> = VmCell::new([const { None }; RECENT_SIZE]);

const RECENT_SIZE: usize = 16;

/// A short text as a number.
fn number_of(text: &[u8]) -> Option<u128> {
    let mut bytes = [0; 16];
    bytes.get_mut(..text.len()).filter(|_| text.len() < 16)?.copy_from_slice(text);
    bytes[15] = text.len() as u8;
    Some(u128::from_le_bytes(bytes))
}

fn layout_of(vm: &mut Vm, format: Ref<'_>) -> PyResult<Rc<Layout>> {
    let text = format.downcast_exact::<Str>().and_then(|text| text.get().as_str());
    let Some(number) = text.and_then(|text| number_of(text.as_bytes())) else { return layout_by_text(vm, format) };
    let place = (number >> 8) as usize % RECENT_SIZE;
    if let Some((known, layout)) = &RECENT.get(vm)[place]
        && *known == number
    {
        return Ok(Rc::clone(layout));
    }
    let layout = layout_by_text(vm, format)?;
    RECENT.get_mut(vm)[place] = Some((number, Rc::clone(&layout)));
    Ok(layout)
}

fn layout_by_text(vm: &mut Vm, format: Ref<'_>) -> PyResult<Rc<Layout>> {
    if let Some(text) = format.downcast_exact::<Str>().and_then(|text| text.get().as_str())
        && let Some(layout) = CACHE.get(vm).as_ref().and_then(|cache| cache.get(text.as_bytes()))
    {
        return Ok(Rc::clone(layout));
    }
    let bytes = format_bytes(vm, format)?;
    let layout = match Layout::parse(&bytes) {
        Ok(layout) => Rc::new(layout),
        Err(message) => return Err(error(vm, message)),
    };
    let cache = CACHE.get_mut(vm).get_or_insert_default();
    if cache.len() >= CACHE_SIZE {
        cache.clear();
    }
    cache.insert(bytes, Rc::clone(&layout));
    Ok(layout)
}

fn clearcache(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    CACHE.set(vm, None);
    RECENT.set(vm, [const { None }; RECENT_SIZE]);
    Ok(Object::none())
}

/// Writes one value.
fn pack_item(vm: &mut Vm, item: &Item, order: Order, value: Ref<'_>, out: &mut [u8]) -> PyResult<()> {
    let size = item.size;
    match item.code {
        b'c' => match object::bytes::as_bytes(value) {
            Some(&[byte]) => out[0] = byte,
            _ => return Err(error(vm, "char format requires a bytes object of length 1")),
        },
        b's' | b'p' => return pack_bytes(vm, item, value, out),
        b'?' => out[0] = u8::from(vm.is_true(value)?),
        b'e' | b'f' | b'd' => {
            let number = float_value(vm, value, "required argument is not a float")?;
            pack_float(vm, item.code, order, number, out)?;
        }
        b'F' | b'D' => {
            let (real, imaginary) = complex_value(vm, value)?;
            let (part, code) = (size / 2, if item.code == b'F' { b'f' } else { b'd' });
            pack_float(vm, code, order, real, &mut out[..part])?;
            pack_float(vm, code, order, imaginary, &mut out[part..])?;
        }
        _ => {
            let number = int_value(vm, item, value)?;
            let bytes = (number as u64).to_le_bytes();
            // Copies of a length that is known need no call.
            match (size, &mut *out) {
                (4, [a, b, c, d]) => [*a, *b, *c, *d] = [bytes[0], bytes[1], bytes[2], bytes[3]],
                (1, [byte]) => *byte = bytes[0],
                _ => out.copy_from_slice(&bytes[..size]),
            }
            order.arrange(out);
        }
    }
    Ok(())
}

fn float_value(vm: &mut Vm, value: Ref<'_>, message: &str) -> PyResult<f64> {
    match vm.to_float(value) {
        Ok(number) => Ok(number),
        Err(raised) => {
            vm.catch_if(raised, &exception::TYPE_ERROR)?;
            Err(error(vm, message))
        }
    }
}

fn complex_value(vm: &mut Vm, value: Ref<'_>) -> PyResult<(f64, f64)> {
    let real = vm.find_attr_str(value, "real")?;
    let imaginary = vm.find_attr_str(value, "imag")?;
    let is_number = value.class().slots().float.is_some() || value.class().mro_types().any(|class| class.full_name() == "complex");
    match (real, imaginary) {
        (Some(real), Some(imaginary)) if is_number => Ok((vm.to_float(real.borrow())?, vm.to_float(imaginary.borrow())?)),
        _ => Err(error(vm, "required argument is not a complex")),
    }
}

fn pack_float(vm: &mut Vm, code: u8, order: Order, number: f64, out: &mut [u8]) -> PyResult<()> {
    match code {
        b'd' => out.copy_from_slice(&number.to_le_bytes()),
        b'f' => {
            let narrow = number as f32;
            if narrow.is_infinite() && number.is_finite() {
                return Err(vm.overflow_error("float too large to pack with f format"));
            }
            out.copy_from_slice(&narrow.to_le_bytes());
        }
        _ => match half::from_f64(number) {
            Some(bits) => out.copy_from_slice(&bits.to_le_bytes()),
            None => return Err(vm.overflow_error("float too large to pack with e format")),
        },
    }
    order.arrange(out);
    Ok(())
}

fn pack_bytes(vm: &mut Vm, item: &Item, value: Ref<'_>, out: &mut [u8]) -> PyResult<()> {
    if value.downcast::<Bytes>().is_none() && !value.is_instance_of(&BYTEARRAY) {
        return Err(error(vm, format!("argument for '{}' must be a bytes object", char::from(item.code))));
    }
    let buffer = vm.buffer(value)?;
    let data = buffer.bytes(vm);
    if item.code == b's' {
        let len = data.len().min(out.len());
        out[..len].copy_from_slice(&data[..len]);
    } else if let Some((first, rest)) = out.split_first_mut() {
        let len = data.len().min(rest.len());
        rest[..len].copy_from_slice(&data[..len]);
        *first = len.min(255) as u8;
    }
    Ok(())
}

/// An int in the range of its format.
fn int_value(vm: &mut Vm, item: &Item, value: Ref<'_>) -> PyResult<i128> {
    if let Some(number) = value.as_small_int().map(i128::from) {
        let (low, high) = item.range();
        if item.code != b'P' && (low..=high).contains(&number) {
            return Ok(number);
        }
    }
    if !int::is_int(value) && value.class().slots().index.is_none() {
        return Err(error(vm, "required argument is not an integer"));
    }
    let number = vm.index(value)?;
    let number = match number.borrow().as_small_int() {
        Some(number) => Some(i128::from(number)),
        None => int::to_bigint(number.borrow()).and_then(|number| number.to_i128()),
    };
    let (low, high) = item.range();
    let low_allowed = if item.code == b'P' { i128::from(i64::MIN) } else { low };
    match number {
        Some(number) if (low_allowed..=high).contains(&number) => Ok(number),
        _ if item.code == b'P' => Err(error(vm, "int too large to convert")),
        _ => Err(error(vm, format!("'{}' format requires {low} <= number <= {high}", char::from(item.code)))),
    }
}

/// Packs values, whose number has been checked.
fn pack_values(vm: &mut Vm, layout: &Layout, values: &[Ref<'_>]) -> PyResult<Vec<u8>> {
    let mut out = object::room::zeros(vm, layout.size)?;
    let mut values = values.iter();
    for item in &layout.items {
        for repetition in 0..item.repeat {
            let Some(&value) = values.next() else { break };
            let start = item.offset + repetition * item.size;
            pack_item(vm, item, layout.order, value, &mut out[start..start + item.size])?;
        }
    }
    Ok(out)
}

fn check_count(vm: &mut Vm, layout: &Layout, name: &str, given: usize) -> PyResult<()> {
    if given == layout.n_values {
        return Ok(());
    }
    Err(error(vm, format!("{name} expected {} items for packing (got {given})", layout.n_values)))
}

fn unpack_item(vm: &Vm, item: &Item, order: Order, data: &[u8]) -> Object {
    match item.code {
        b'c' | b's' => vm.new_bytes(data).into_object(),
        b'p' => {
            let len = data.first().map_or(0, |&len| usize::from(len).min(data.len() - 1));
            vm.new_bytes(data.get(1..=len).unwrap_or(&[])).into_object()
        }
        b'?' => Object::bool(data.iter().any(|&byte| byte != 0)),
        b'e' | b'f' | b'd' => vm.new_float(unpack_float(order, data)),
        b'F' | b'D' => {
            let half = data.len() / 2;
            builtins::complex::new_complex(vm, unpack_float(order, &data[..half]), unpack_float(order, &data[half..]))
        }
        _ => {
            let mut bytes = [0; 8];
            let part = &mut bytes[..data.len()];
            part.copy_from_slice(data);
            order.arrange(part);
            let value = u64::from_le_bytes(bytes);
            if item.is_signed() {
                let unused = 64 - 8 * data.len() as u32;
                vm.new_int((value << unused) as i64 >> unused)
            } else {
                vm.new_uint(value)
            }
        }
    }
}

fn unpack_float(order: Order, data: &[u8]) -> f64 {
    let mut bytes = [0; 8];
    let part = &mut bytes[..data.len()];
    part.copy_from_slice(data);
    order.arrange(part);
    let bits = u64::from_le_bytes(bytes);
    match data.len() {
        8 => f64::from_bits(bits),
        4 => f64::from(f32::from_bits(bits as u32)),
        _ => half::to_f64(bits as u16),
    }
}

/// The values in as many bytes as the layout has.
fn unpack_values(vm: &Vm, layout: &Layout, data: &[u8]) -> Object {
    let mut values = Vec::with_capacity(layout.n_values);
    for item in &layout.items {
        for repetition in 0..item.repeat {
            let start = item.offset + repetition * item.size;
            values.push(unpack_item(vm, item, layout.order, &data[start..start + item.size]));
        }
    }
    vm.new_tuple(values).into_object()
}

fn pack_all(vm: &mut Vm, layout: &Layout, values: &[Ref<'_>]) -> PyResult {
    check_count(vm, layout, "pack", values.len())?;
    let packed = pack_values(vm, layout, values)?;
    Ok(vm.new_bytes(&packed).into_object())
}

fn unpack_all(vm: &mut Vm, layout: &Layout, data: Ref<'_>) -> PyResult {
    let buffer = vm.buffer(data)?;
    if buffer.len() != layout.size {
        return Err(error(vm, format!("unpack requires a buffer of {} bytes", layout.size)));
    }
    Ok(unpack_values(vm, layout, buffer.bytes(vm)))
}

fn unpack_at(vm: &mut Vm, layout: &Layout, data: Ref<'_>, offset: Option<Ref<'_>>) -> PyResult {
    let offset = offset.map_or(Ok(0), |offset| size_argument(vm, offset))?;
    let buffer = vm.buffer(data)?;
    let place = place_in(vm, buffer.len(), offset, layout.size, &UNPACKING)?;
    Ok(unpack_values(vm, layout, &buffer.bytes(vm)[place]))
}

/// What the messages about a place in a buffer say of the function that looks for it.
struct Doing {
    function: &'static str,
    verb: &'static str,
    lack: &'static str,
}

const UNPACKING: Doing = Doing { function: "unpack_from", verb: "unpacking", lack: "not enough data to unpack" };
const PACKING: Doing = Doing { function: "pack_into", verb: "packing", lack: "no space to pack" };

/// The place of so many bytes at an offset, which counts from the end if it is negative.
fn place_in(vm: &mut Vm, len: usize, offset: isize, size: usize, doing: &Doing) -> PyResult<Range<usize>> {
    let start = if offset < 0 {
        if offset + size as isize > 0 {
            return Err(error(vm, format!("{} {size} bytes at offset {offset}", doing.lack)));
        }
        if offset + (len as isize) < 0 {
            return Err(error(vm, format!("offset {offset} out of range for {len}-byte buffer")));
        }
        (offset + len as isize) as usize
    } else {
        offset as usize
    };
    if start > len || len - start < size {
        let Doing { function, verb, .. } = doing;
        let least = start.saturating_add(size);
        let message =
            format!("{function} requires a buffer of at least {least} bytes for {verb} {size} bytes at offset {start} (actual buffer size is {len})");
        return Err(error(vm, message));
    }
    Ok(start..start + size)
}

/// Packs into a buffer: `buffer, offset, values...`.
fn pack_at(vm: &mut Vm, layout: &Layout, args: &[Ref<'_>]) -> PyResult {
    let &[target, offset, ref values @ ..] = args else {
        let message = if args.is_empty() { "pack_into expected buffer argument" } else { "pack_into expected offset argument" };
        return Err(error(vm, message));
    };
    check_count(vm, layout, "pack_into", values.len())?;
    let buffer = match vm.buffer_mut(target) {
        Ok(buffer) => buffer,
        Err(raised) => {
            vm.catch_if(raised, &exception::TYPE_ERROR)?;
            let message = format!("argument must be read-write bytes-like object, not {}", target.class().full_name());
            return Err(vm.type_error(message));
        }
    };
    let offset = size_argument(vm, offset)?;
    let place = place_in(vm, buffer.len(), offset, layout.size, &PACKING)?;
    let packed = pack_values(vm, layout, values)?;
    buffer.bytes_mut(vm)[place].copy_from_slice(&packed);
    Ok(Object::none())
}

fn calcsize(vm: &mut Vm, _module: Ref<'_>, format: Ref<'_>) -> PyResult {
    let layout = layout_of(vm, format)?;
    Ok(vm.new_uint(layout.size as u64))
}

/// The layout of a module function's first argument.
fn split_format<'a>(vm: &mut Vm, args: &'a [Ref<'a>]) -> PyResult<(Rc<Layout>, &'a [Ref<'a>])> {
    match args.split_first() {
        Some((&format, rest)) => Ok((layout_of(vm, format)?, rest)),
        None => Err(vm.type_error("missing format argument")),
    }
}

fn pack(vm: &mut Vm, _module: Ref<'_>, args: &[Ref<'_>]) -> PyResult {
    let (layout, values) = split_format(vm, args)?;
    pack_all(vm, &layout, values)
}

fn pack_into(vm: &mut Vm, _module: Ref<'_>, args: &[Ref<'_>]) -> PyResult {
    let (layout, rest) = split_format(vm, args)?;
    pack_at(vm, &layout, rest)
}

fn unpack(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let layout = layout_of(vm, args[0].expect("a required argument"))?;
    unpack_all(vm, &layout, args[1].expect("a required argument"))
}

fn unpack_from(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let layout = layout_of(vm, args[0].expect("a required argument"))?;
    unpack_at(vm, &layout, args[1].expect("a required argument"), args[2])
}

fn iter_unpack(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let layout = layout_of(vm, args[0].expect("a required argument"))?;
    new_iterator(vm, layout, args[1].expect("a required argument"))
}

/// The payload of a `Struct`.
pub struct Struct {
    /// Set by `__init__`.
    layout: VmCell<Option<Rc<Layout>>>,
    format: ObjectCell,
}

impl Payload for Struct {
    fn class() -> &'static Type {
        &STRUCT
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        self.format.traverse(visitor);
    }
}

/// `_struct.Struct`
pub static STRUCT: Type = Type::new(&STRUCT_SPEC);
static STRUCT_SPEC: TypeSpec = TypeSpec {
    name: "_struct.Struct",
    doc: "Struct(fmt) --> compiled struct object\n\n",
    flags: flag::BASE_TYPE | flag::WEAK_REFERENCES,
    payload: PayloadInfo::of::<Struct>(),
    slots: Slots { new: Some(new_struct), init: Some(init_struct), repr: Some(repr), ..Slots::NONE },
    methods: METHODS,
    getsets: &[
        Getset::readonly("format", "struct format string", |vm, this| {
            own_layout(vm, this)?;
            Ok(payload::<Struct>(this).format.get_or_none())
        }),
        Getset::readonly("size", "struct size in bytes", |vm, this| {
            let size = payload::<Struct>(this).layout.get(vm).as_ref().map_or(-1, |layout| layout.size as i64);
            Ok(vm.new_int(size))
        }),
    ],
    ..TypeSpec::DEFAULT
};

const METHODS: &[Method] = &[
    method!(Binary struct_iter_unpack as "iter_unpack" "($self, buffer, /)", "Return an iterator yielding tuples.\n\nTuples are unpacked from the given bytes source, like a repeated\ninvocation of unpack_from().\n\nRequires that the bytes length be a multiple of the struct size."),
    method!(Many struct_pack as "pack" "", "S.pack(v1, v2, ...) -> bytes\n\nReturn a bytes object containing values v1, v2, ... packed according\nto the format string S.format.  See help(struct) for more on format\nstrings."),
    method!(Many struct_pack_into as "pack_into" "", "S.pack_into(buffer, offset, v1, v2, ...)\n\nPack the values v1, v2, ... according to the format string S.format\nand write the packed bytes into the writable buffer buf starting at\noffset.  Note that the offset is a required argument.  A negative\noffset counts from the end of the buffer.  See help(struct) for more\non format strings."),
    method!(Binary struct_unpack as "unpack" "($self, buffer, /)", "Return a tuple containing unpacked values.\n\nUnpack according to the format string Struct.format. The buffer's size\nin bytes must be Struct.size.\n\nSee help(struct) for more on format strings."),
    method!(Bound struct_unpack_from as "unpack_from" "($self, /, buffer, offset=0)", "Return a tuple containing unpacked values.\n\nValues are unpacked according to the format string Struct.format.\n\nThe buffer's size in bytes, starting at position offset, must be\nat least Struct.size.  A negative offset counts from the end of the\nbuffer.\n\nSee help(struct) for more on format strings."),
    method!(Unary struct_size as "__sizeof__" "($self, /)", "S.__sizeof__() -> size of S in memory, in bytes"),
];

fn payload<T: Payload>(object: Ref<'_>) -> &T {
    object.downcast::<T>().expect("the slot belongs to the type").get()
}

fn own_layout(vm: &mut Vm, this: Ref<'_>) -> PyResult<Rc<Layout>> {
    match payload::<Struct>(this).layout.get(vm) {
        Some(layout) => Ok(Rc::clone(layout)),
        None => Err(vm.runtime_error("Struct object is not initialized")),
    }
}

fn new_struct(vm: &mut Vm, class: RefOf<'_, Type>, _args: Args<'_>) -> PyResult {
    Ok(vm.allocate_in(class.get(), Struct { layout: VmCell::new(None), format: ObjectCell::EMPTY }))
}

fn init_struct(vm: &mut Vm, this: Ref<'_>, args: Args<'_>) -> PyResult<()> {
    let mut bound = [const { None }; 1];
    bind_args(vm, "Struct", "(format)", args, &mut bound)?;
    let [Some(format)] = bound else { return Err(vm.type_error("Struct() missing required argument 'format' (pos 1)")) };
    let layout = layout_of(vm, format.borrow())?;
    let text = format_bytes(vm, format.borrow())?;
    let text = vm.new_str_latin1(&text).into_object();
    payload::<Struct>(this).layout.set(vm, Some(layout));
    payload::<Struct>(this).format.set(Some(text));
    Ok(())
}

fn repr(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    own_layout(vm, this)?;
    let format = payload::<Struct>(this).format.get_or_none();
    let text = format!("{}({})", this.class().name(), vm.repr_text(format.borrow())?);
    Ok(vm.new_str(&text).into_object())
}

fn struct_pack(vm: &mut Vm, this: Ref<'_>, args: &[Ref<'_>]) -> PyResult {
    let layout = own_layout(vm, this)?;
    pack_all(vm, &layout, args)
}

fn struct_pack_into(vm: &mut Vm, this: Ref<'_>, args: &[Ref<'_>]) -> PyResult {
    let layout = own_layout(vm, this)?;
    pack_at(vm, &layout, args)
}

fn struct_unpack(vm: &mut Vm, this: Ref<'_>, data: Ref<'_>) -> PyResult {
    let layout = own_layout(vm, this)?;
    unpack_all(vm, &layout, data)
}

fn struct_unpack_from(vm: &mut Vm, this: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let layout = own_layout(vm, this)?;
    unpack_at(vm, &layout, args[0].expect("a required argument"), args[1])
}

fn struct_iter_unpack(vm: &mut Vm, this: Ref<'_>, data: Ref<'_>) -> PyResult {
    let layout = own_layout(vm, this)?;
    new_iterator(vm, layout, data)
}

fn struct_size(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let items = own_layout(vm, this)?.items.len() + 1;
    Ok(vm.new_uint((size_of_instance(this) + items * size_of::<Item>()) as u64))
}

/// The payload of an `unpack_iterator`.
pub struct UnpackIterator {
    layout: Rc<Layout>,
    /// Given up at the end.
    buffer: VmCell<Option<Buffer>>,
    position: Cell<usize>,
}

impl Payload for UnpackIterator {
    fn class() -> &'static Type {
        &UNPACK_ITERATOR
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        let owner = self.buffer.visit(visitor).as_ref().map(Buffer::owner);
        if let Some(owner) = owner {
            visitor.visit(owner);
        }
    }
}

/// `_struct.unpack_iterator`
static UNPACK_ITERATOR: Type = Type::new(&UNPACK_ITERATOR_SPEC);
static UNPACK_ITERATOR_SPEC: TypeSpec = TypeSpec {
    name: "_struct.unpack_iterator",
    flags: flag::NO_INSTANTIATION,
    payload: PayloadInfo::of::<UnpackIterator>(),
    slots: Slots { iter: Some(iter_self), next: Some(next), ..Slots::NONE },
    methods: &[method!(Unary length_hint as "__length_hint__" "($self, /)", "")],
    ..TypeSpec::DEFAULT
};

fn new_iterator(vm: &mut Vm, layout: Rc<Layout>, data: Ref<'_>) -> PyResult {
    if layout.size == 0 {
        return Err(error(vm, "cannot iteratively unpack with a struct of length 0"));
    }
    let buffer = vm.buffer(data)?;
    if !buffer.len().is_multiple_of(layout.size) {
        return Err(error(vm, format!("iterative unpacking requires a buffer of a multiple of {} bytes", layout.size)));
    }
    Ok(vm.allocate(UnpackIterator { layout, buffer: VmCell::new(Some(buffer)), position: Cell::new(0) }).into_object())
}

fn next(vm: &mut Vm, this: Ref<'_>) -> PyResult<Option<Object>> {
    let iterator = payload::<UnpackIterator>(this);
    let Some(buffer) = iterator.buffer.get(vm) else { return Ok(None) };
    let (start, size) = (iterator.position.get(), iterator.layout.size);
    if start + size > buffer.len() {
        let buffer = iterator.buffer.replace(vm, None);
        drop(buffer);
        return Ok(None);
    }
    iterator.position.set(start + size);
    Ok(Some(unpack_values(vm, &iterator.layout, &buffer.bytes(vm)[start..start + size])))
}

fn length_hint(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let iterator = payload::<UnpackIterator>(this);
    let left = iterator.buffer.get(vm).as_ref().map_or(0, |buffer| (buffer.len() - iterator.position.get()) / iterator.layout.size);
    Ok(vm.new_uint(left as u64))
}
