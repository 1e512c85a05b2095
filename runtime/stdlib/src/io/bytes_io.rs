//! `BytesIO`: a stream in memory.

use super::base::{self, BUFFERED_IO_BASE};
use super::memory_view;
use crate::os_support::*;
use object::bytes::{Buffer, Bytes, Memory};
use object::call::Args;
use object::dict::Dict;
use object::instance;
use object::method;
use object::native::{PayloadInfo, flag};
use object::tuple::Tuple;
use object::{Getset, Object, Payload, PyResult, Ref, RefOf, Slots, Type, TypeSpec, Visitor, Vm};
use std::cell::Cell;

/// The payload of a `BytesIO`.
pub struct BytesIo {
    memory: Memory,
    position: Cell<usize>,
    closed: Cell<bool>,
}

/// `_io.BytesIO`
pub static BYTES_IO: Type = Type::new(&BYTES_IO_SPEC);
static BYTES_IO_SPEC: TypeSpec = TypeSpec {
    name: "_io.BytesIO",
    doc: "Buffered I/O implementation using an in-memory bytes buffer.",
    base: Some(&BUFFERED_IO_BASE),
    flags: flag::BASE_TYPE | flag::HAS_DICT | flag::WEAK_REFERENCES | flag::FINALIZER,
    payload: PayloadInfo::leaf::<BytesIo>(),
    slots: Slots { new: Some(new), init: Some(init), iter: Some(iter), next: Some(next), ..Slots::NONE },
    signature: "(initial_bytes=b'')",
    methods: &[
        method!(Unary yes as "readable" "($self, /)", "Returns True if the IO object can be read."),
        method!(Unary yes as "seekable" "($self, /)", "Returns True if the IO object can be seeked."),
        method!(Unary yes as "writable" "($self, /)", "Returns True if the IO object can be written."),
        method!(Unary close "($self, /)", "Disable all I/O operations."),
        method!(Unary flush "($self, /)", "Does nothing."),
        method!(Unary isatty "($self, /)", "Always returns False."),
        method!(Unary tell "($self, /)", "Current file position, an integer."),
        method!(Binary write "($self, b, /)", "Write bytes to file."),
        method!(Binary writelines "($self, lines, /)", "Write lines to the file."),
        method!(Bound read "($self, size=-1, /)", "Read at most size bytes, returned as a bytes object."),
        method!(Bound read as "read1" "($self, size=-1, /)", "Read at most size bytes, returned as a bytes object."),
        method!(Binary readinto "($self, buffer, /)", "Read bytes into buffer."),
        method!(Bound readline "($self, size=-1, /)", "Next line from the file, as a bytes object."),
        method!(Bound readlines "($self, size=None, /)", "List of bytes objects, each a line from the file."),
        method!(Unary getbuffer "($self, /)", "Get a read-write view over the contents of the BytesIO object."),
        method!(Unary getvalue "($self, /)", "Retrieve the entire contents of the BytesIO object."),
        method!(Bound seek "($self, pos, whence=0, /)", "Change stream position."),
        method!(Bound truncate "($self, size=None, /)", "Truncate the file to at most size bytes."),
        method!(Unary getstate as "__getstate__" "($self, /)", ""),
        method!(Binary setstate as "__setstate__" "($self, object, /)", ""),
        method!(Unary sizeof as "__sizeof__" "($self, /)", ""),
    ],
    getsets: &[Getset::readonly("closed", "True if the file is closed.", |_, this| Ok(Object::bool(stream_of(this).closed.get())))],
    ..TypeSpec::DEFAULT
};

impl Payload for BytesIo {
    fn class() -> &'static Type {
        &BYTES_IO
    }
}

/// What `getbuffer` makes a view of: the memory of the stream.
pub struct BytesIoBuffer {
    stream: Object,
}

/// `_io._BytesIOBuffer`
pub static BYTES_IO_BUFFER: Type = Type::new(&BYTES_IO_BUFFER_SPEC);
static BYTES_IO_BUFFER_SPEC: TypeSpec = TypeSpec {
    name: "_io._BytesIOBuffer",
    flags: flag::NO_INSTANTIATION,
    payload: PayloadInfo::of::<BytesIoBuffer>(),
    slots: Slots { buffer: Some(buffer), ..Slots::NONE },
    ..TypeSpec::DEFAULT
};

impl Payload for BytesIoBuffer {
    fn class() -> &'static Type {
        &BYTES_IO_BUFFER
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        visitor.visit(self.stream.borrow());
    }
}

fn buffer(vm: &mut Vm, this: Ref<'_>, _writable: bool) -> PyResult<Buffer> {
    let holder = this.downcast::<BytesIoBuffer>().expect("the slot belongs to the type").get();
    let stream = holder.stream.borrow();
    Ok(stream_of(stream).memory.export(vm, stream, false))
}

fn stream_of<'a>(this: Ref<'a>) -> &'a BytesIo {
    this.downcast::<BytesIo>().expect("the method belongs to the type").get()
}

fn open_stream<'a>(vm: &mut Vm, this: Ref<'a>) -> PyResult<&'a BytesIo> {
    let stream = stream_of(this);
    if stream.closed.get() { Err(super::closed_error(vm)) } else { Ok(stream) }
}

fn new(vm: &mut Vm, class: RefOf<'_, Type>, _args: Args<'_>) -> PyResult {
    Ok(vm.allocate_in(class.get(), BytesIo { memory: Memory::default(), position: Cell::new(0), closed: Cell::new(false) }))
}

fn init(vm: &mut Vm, this: Ref<'_>, args: Args<'_>) -> PyResult<()> {
    let mut bound = [None];
    object::call::bind_args(vm, "BytesIO", "(initial_bytes=b'')", args, &mut bound)?;
    let [initial] = bound;
    let stream = stream_of(this);
    stream.memory.check_resizable(vm)?;
    stream.closed.set(false);
    stream.position.set(0);
    stream.memory.resizable(vm)?.clear();
    if let Some(initial) = initial.filter(|initial| !initial.borrow().is_none()) {
        let data = vm.buffer(initial.borrow())?;
        let data = data.bytes(vm).to_vec();
        *stream.memory.resizable(vm)? = data;
    }
    Ok(())
}

fn yes(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    open_stream(vm, this)?;
    Ok(Object::bool(true))
}

fn isatty(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    open_stream(vm, this)?;
    Ok(Object::bool(false))
}

fn flush(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    open_stream(vm, this)?;
    Ok(Object::none())
}

fn iter(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    open_stream(vm, this)?;
    Ok(this.to_owned())
}

fn close(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let stream = stream_of(this);
    stream.memory.check_resizable(vm)?;
    stream.closed.set(true);
    *stream.memory.resizable(vm)? = Vec::new();
    Ok(Object::none())
}

fn tell(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let stream = open_stream(vm, this)?;
    Ok(vm.new_int(stream.position.get() as i64))
}

/// What lies behind the position.
fn rest<'a>(vm: &'a Vm, stream: &'a BytesIo) -> &'a [u8] {
    stream.memory.data(vm).get(stream.position.get()..).unwrap_or(&[])
}

/// Takes `n` bytes from the position on.
fn take(vm: &Vm, stream: &BytesIo, n: usize) -> Object {
    let data = rest(vm, stream);
    let n = n.min(data.len());
    let bytes = vm.new_bytes(&data[..n]).into_object();
    stream.position.set(stream.position.get() + n);
    bytes
}

fn read(vm: &mut Vm, this: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let size = base::size_argument(vm, args[0])?;
    let stream = open_stream(vm, this)?;
    Ok(take(vm, stream, size.unwrap_or(usize::MAX)))
}

fn readinto(vm: &mut Vm, this: Ref<'_>, target: Ref<'_>) -> PyResult {
    let target = vm.buffer_mut(target)?;
    let stream = open_stream(vm, this)?;
    let data = rest(vm, stream);
    let data = data[..data.len().min(target.len())].to_vec();
    target.bytes_mut(vm)[..data.len()].copy_from_slice(&data);
    stream.position.set(stream.position.get() + data.len());
    Ok(Object::small_int(data.len() as i64))
}

/// The length of the line at the position.
fn line_length(vm: &Vm, stream: &BytesIo, limit: Option<usize>) -> usize {
    let data = rest(vm, stream);
    let data = &data[..data.len().min(limit.unwrap_or(usize::MAX))];
    memchr::memchr(b'\n', data).map_or(data.len(), |end| end + 1)
}

fn readline(vm: &mut Vm, this: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let limit = base::size_argument(vm, args[0])?;
    let stream = open_stream(vm, this)?;
    let n = line_length(vm, stream, limit);
    Ok(take(vm, stream, n))
}

fn next(vm: &mut Vm, this: Ref<'_>) -> PyResult<Option<Object>> {
    let stream = open_stream(vm, this)?;
    let n = line_length(vm, stream, None);
    Ok(if n == 0 { None } else { Some(take(vm, stream, n)) })
}

fn readlines(vm: &mut Vm, this: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let hint = base::size_argument(vm, args[0])?.filter(|&hint| hint > 0);
    let stream = open_stream(vm, this)?;
    let (mut lines, mut total) = (Vec::new(), 0);
    loop {
        let n = line_length(vm, stream, None);
        if n == 0 {
            break;
        }
        lines.push(take(vm, stream, n));
        total += n;
        if hint.is_some_and(|hint| total >= hint) {
            break;
        }
    }
    Ok(vm.new_list(lines).into_object())
}

fn write(vm: &mut Vm, this: Ref<'_>, data: Ref<'_>) -> PyResult {
    let stream = open_stream(vm, this)?;
    stream.memory.check_resizable(vm)?;
    let (buffer, owned);
    let data: &[u8] = if let Some(bytes) = data.downcast_exact::<Bytes>() {
        bytes.get().data()
    } else {
        buffer = vm.buffer(data)?;
        match object::bytes::as_bytes(buffer.owner()).filter(|bytes| bytes.len() == buffer.len()) {
            Some(bytes) => bytes,
            None => {
                owned = buffer.bytes(vm).to_vec();
                &owned
            }
        }
    };
    // Converting the argument may have run Python.
    let stream = open_stream(vm, this)?;
    if data.is_empty() {
        return Ok(Object::small_int(0));
    }
    let position = stream.position.get();
    let Some(end) = position.checked_add(data.len()).filter(|&end| end <= isize::MAX as usize) else {
        return Err(vm.overflow_error("new position too large"));
    };
    let memory = stream.memory.resizable(vm)?;
    if position == memory.len() {
        if !object::room::make_room(memory, data.len()) {
            return Err(vm.memory_error());
        }
        memory.extend_from_slice(data);
    } else {
        if end > memory.len() {
            let more = end - memory.len();
            if memory.try_reserve(more).is_err() {
                return Err(vm.memory_error());
            }
            memory.resize(end, 0);
        }
        memory[position..end].copy_from_slice(data);
    }
    stream.position.set(end);
    Ok(Object::small_int(data.len() as i64))
}

fn writelines(vm: &mut Vm, this: Ref<'_>, lines: Ref<'_>) -> PyResult {
    open_stream(vm, this)?;
    let iterator = vm.iter(lines)?;
    while let Some(line) = vm.next(iterator.borrow())? {
        write(vm, this, line.borrow())?;
    }
    Ok(Object::none())
}

fn getbuffer(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    open_stream(vm, this)?;
    let holder = vm.allocate(BytesIoBuffer { stream: this.to_owned() }).into_object();
    memory_view(vm, holder.borrow())
}

fn getvalue(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let stream = open_stream(vm, this)?;
    Ok(vm.new_bytes(stream.memory.data(vm)).into_object())
}

fn seek(vm: &mut Vm, this: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let offset = vm.index_isize(arg(args, 0))?;
    let whence = int_or(vm, args[1], 0)?;
    let stream = open_stream(vm, this)?;
    let origin = match whence {
        0 if offset < 0 => return Err(vm.value_error(format!("negative seek value {offset}"))),
        0 => 0,
        1 => stream.position.get() as isize,
        2 => stream.memory.data(vm).len() as isize,
        _ => return Err(vm.value_error(format!("invalid whence ({whence}, should be 0, 1 or 2)"))),
    };
    let Some(position) = origin.checked_add(offset) else { return Err(vm.overflow_error("new position too large")) };
    stream.position.set(position.max(0) as usize);
    Ok(vm.new_int(position.max(0) as i64))
}

fn truncate(vm: &mut Vm, this: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let stream = open_stream(vm, this)?;
    stream.memory.check_resizable(vm)?;
    let size = match optional(args, 0) {
        Some(size) => vm.index_isize(size)?,
        None => stream.position.get() as isize,
    };
    let Ok(size) = usize::try_from(size) else { return Err(vm.value_error(format!("negative size value {size}"))) };
    // Converting the argument may have closed the stream.
    let stream = open_stream(vm, this)?;
    stream.memory.resizable(vm)?.truncate(size);
    Ok(vm.new_int(size as i64))
}

fn getstate(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let value = getvalue(vm, this)?;
    let position = vm.new_int(stream_of(this).position.get() as i64);
    let dict = match instance::dict_of(vm, this) {
        Some(dict) => dict.copy(vm).into_object(),
        None => Object::none(),
    };
    Ok(vm.new_tuple([value, position, dict]).into_object())
}

fn setstate(vm: &mut Vm, this: Ref<'_>, state: Ref<'_>) -> PyResult {
    let items = state.downcast::<Tuple>().map(RefOf::get).map(Tuple::items);
    let Some(&[value, position, dict]) = items else {
        let message = format!("{}.__setstate__ argument should be 3-tuple, got {}", this.class().full_name(), state.class().full_name());
        return Err(vm.type_error(message));
    };
    stream_of(this).memory.check_resizable(vm)?;
    stream_of(this).position.set(0);
    stream_of(this).memory.resizable(vm)?.clear();
    write(vm, this, value)?;
    if !object::int::is_int(position) {
        return Err(vm.type_error(format!("second item of state must be an integer, got {}", position.class().full_name())));
    }
    let position = vm.index_isize(position)?;
    let Ok(position) = usize::try_from(position) else { return Err(vm.value_error("position value cannot be negative")) };
    stream_of(this).position.set(position);
    restore_dict(vm, this, dict, "third")?;
    Ok(Object::none())
}

/// Puts saved attributes back.
pub fn restore_dict(vm: &mut Vm, this: Ref<'_>, dict: Ref<'_>, which: &str) -> PyResult<()> {
    if dict.is_none() {
        return Ok(());
    }
    let Some(saved) = dict.downcast::<Dict>() else {
        return Err(vm.type_error(format!("{which} item of state should be a dict, got a {}", dict.class().full_name())));
    };
    if let Some(own) = instance::dict_of(vm, this) {
        own.update_from(vm, saved.get())?;
    }
    Ok(())
}

fn sizeof(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let own = instance::size_of_instance(this);
    Ok(Object::small_int((own + stream_of(this).memory.data(vm).len()) as i64))
}
