//! The abstract bases: `_IOBase`, `_RawIOBase`, `_BufferedIOBase`, `_TextIOBase`.

use super::{as_bytes_result, closed_error, unsupported};
use object::bytes::ByteArray;
use object::instance;
use object::method;
use object::native::{PayloadInfo, flag};
use object::{Getset, Object, PyResult, Ref, Slots, Type, TypeSpec, Vm};

type Arguments<'a, 'b> = &'a [Option<Ref<'b>>];

/// `_io._IOBase`
pub static IO_BASE: Type = Type::new(&IO_BASE_SPEC);
static IO_BASE_SPEC: TypeSpec = TypeSpec {
    name: "_io._IOBase",
    doc: "The abstract base class for all I/O classes.\n\nThis class provides dummy implementations for many methods that\nderived classes can override selectively; the default implementations\nrepresent a file that cannot be read, written or seeked.",
    flags: flag::BASE_TYPE | flag::HAS_DICT | flag::WEAK_REFERENCES | flag::FINALIZER,
    payload: PayloadInfo::NONE,
    slots: Slots { iter: Some(iter), next: Some(next), finalize: Some(finalize), ..Slots::NONE },
    methods: &[
        method!(Many seek "($self, offset, whence=0, /)", "Change the stream position to the given byte offset."),
        method!(Unary tell "($self, /)", "Return current stream position."),
        method!(Bound truncate "($self, size=None, /)", "Truncate file to size bytes."),
        method!(Unary flush "($self, /)", "Flush write buffers, if applicable."),
        method!(Unary close "($self, /)", "Flush and close the IO object.\n\nThis method has no effect if the file is already closed."),
        method!(Unary no as "seekable" "($self, /)", "Return whether object supports random access."),
        method!(Unary no as "readable" "($self, /)", "Return whether object was opened for reading."),
        method!(Unary no as "writable" "($self, /)", "Return whether object was opened for writing."),
        method!(Unary check_closed as "_checkClosed" "($self, /)", ""),
        method!(Unary check_seekable as "_checkSeekable" "($self, /)", ""),
        method!(Unary check_readable as "_checkReadable" "($self, /)", ""),
        method!(Unary check_writable as "_checkWritable" "($self, /)", ""),
        method!(Unary fileno "($self, /)", "Return underlying file descriptor if one exists.\n\nRaise OSError if the IO object does not use a file descriptor."),
        method!(Unary isatty "($self, /)", "Return whether this is an 'interactive' stream."),
        method!(Unary enter as "__enter__" "($self, /)", ""),
        method!(Many exit as "__exit__" "($self, /, *args)", ""),
        method!(Bound readline "($self, size=-1, /)", "Read and return a line from the stream."),
        method!(Bound readlines "($self, hint=-1, /)", "Return a list of lines from the stream."),
        method!(Binary writelines "($self, lines, /)", "Write a list of lines to stream."),
    ],
    getsets: &[Getset::readonly("closed", "", |vm, this| Ok(Object::bool(is_marked_closed(vm, this))))],
    ..TypeSpec::DEFAULT
};

/// `_io._RawIOBase`
pub static RAW_IO_BASE: Type = Type::new(&RAW_IO_BASE_SPEC);
static RAW_IO_BASE_SPEC: TypeSpec = TypeSpec {
    name: "_io._RawIOBase",
    doc: "Base class for raw binary I/O.",
    base: Some(&IO_BASE),
    flags: flag::BASE_TYPE | flag::HAS_DICT | flag::WEAK_REFERENCES | flag::FINALIZER,
    methods: &[
        method!(Bound raw_read as "read" "($self, size=-1, /)", ""),
        method!(Unary raw_readall as "readall" "($self, /)", "Read until EOF, using multiple read() call."),
        method!(Many not_implemented as "readinto" "($self, /, *args)", ""),
        method!(Many not_implemented as "write" "($self, /, *args)", ""),
    ],
    ..TypeSpec::DEFAULT
};

/// `_io._BufferedIOBase`
pub static BUFFERED_IO_BASE: Type = Type::new(&BUFFERED_IO_BASE_SPEC);
static BUFFERED_IO_BASE_SPEC: TypeSpec = TypeSpec {
    name: "_io._BufferedIOBase",
    doc: "Base class for buffered IO objects.\n\nThe main difference with RawIOBase is that the read() method\nsupports omitting the size argument, and does not have a default\nimplementation that defers to readinto().",
    base: Some(&IO_BASE),
    flags: flag::BASE_TYPE | flag::HAS_DICT | flag::WEAK_REFERENCES | flag::FINALIZER,
    methods: &[
        method!(Unary no_detach as "detach" "($self, /)", "Disconnect this buffer from its underlying raw stream and return it."),
        method!(Bound no_read as "read" "($self, size=-1, /)", "Read and return up to n bytes."),
        method!(Bound no_read1 as "read1" "($self, size=-1, /)", "Read and return up to size bytes, with at most one read() call\nto the underlying raw stream."),
        method!(Binary buffered_readinto as "readinto" "($self, buffer, /)", ""),
        method!(Binary buffered_readinto1 as "readinto1" "($self, buffer, /)", ""),
        method!(Binary no_write as "write" "($self, b, /)", "Write buffer b to the IO stream."),
    ],
    ..TypeSpec::DEFAULT
};

/// `_io._TextIOBase`
pub static TEXT_IO_BASE: Type = Type::new(&TEXT_IO_BASE_SPEC);
static TEXT_IO_BASE_SPEC: TypeSpec = TypeSpec {
    name: "_io._TextIOBase",
    doc: "Base class for text I/O.\n\nThis class provides a character and line based interface to stream\nI/O. There is no readinto method because Python's character strings\nare immutable.",
    base: Some(&IO_BASE),
    flags: flag::BASE_TYPE | flag::HAS_DICT | flag::WEAK_REFERENCES | flag::FINALIZER,
    methods: &[
        method!(Unary no_detach as "detach" "($self, /)", "Separate the underlying buffer from the TextIOBase and return it."),
        method!(Bound no_read as "read" "($self, size=-1, /)", "Read at most size characters from stream."),
        method!(Bound no_readline as "readline" "($self, size=-1, /)", "Read until newline or EOF."),
        method!(Binary no_write as "write" "($self, s, /)", "Write string s to stream."),
    ],
    getsets: &[
        Getset::readonly("encoding", "Encoding of the text stream.", none),
        Getset::readonly("newlines", "Line endings translated so far.", none),
        Getset::readonly("errors", "The error setting of the decoder or encoder.", none),
    ],
    ..TypeSpec::DEFAULT
};

fn none(_vm: &mut Vm, _this: Ref<'_>) -> PyResult {
    Ok(Object::none())
}

fn no(_vm: &mut Vm, _this: Ref<'_>) -> PyResult {
    Ok(Object::bool(false))
}

fn not_implemented(vm: &mut Vm, _this: Ref<'_>, _args: &[Ref<'_>]) -> PyResult {
    Err(vm.raise_with(&object::exception::NOT_IMPLEMENTED_ERROR, Vec::new()))
}

fn no_detach(vm: &mut Vm, _this: Ref<'_>) -> PyResult {
    Err(unsupported(vm, "detach"))
}

fn no_read(vm: &mut Vm, _this: Ref<'_>, _args: Arguments<'_, '_>) -> PyResult {
    Err(unsupported(vm, "read"))
}

fn no_read1(vm: &mut Vm, _this: Ref<'_>, _args: Arguments<'_, '_>) -> PyResult {
    Err(unsupported(vm, "read1"))
}

fn no_readline(vm: &mut Vm, _this: Ref<'_>, _args: Arguments<'_, '_>) -> PyResult {
    Err(unsupported(vm, "readline"))
}

fn no_write(vm: &mut Vm, _this: Ref<'_>, _data: Ref<'_>) -> PyResult {
    Err(unsupported(vm, "write"))
}

/// The attribute that marks an object of a Python class as closed.
const CLOSED: &str = "__IOBase_closed";

fn is_marked_closed(vm: &mut Vm, this: Ref<'_>) -> bool {
    let name = vm.intern(CLOSED);
    instance::get_attribute(this, name).is_some()
}

/// The `closed` attribute's truth.
pub fn is_closed(vm: &mut Vm, this: Ref<'_>) -> PyResult<bool> {
    let closed = vm.get_attr_str(this, "closed")?;
    vm.is_true(closed.borrow())
}

/// Raises `ValueError` if the object is closed.
pub fn require_open(vm: &mut Vm, this: Ref<'_>) -> PyResult<()> {
    if is_closed(vm, this)? { Err(closed_error(vm)) } else { Ok(()) }
}

fn check_closed(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    require_open(vm, this)?;
    Ok(Object::none())
}

/// Asks `seekable()` and its like, which must say `True` itself.
pub fn require(vm: &mut Vm, this: Ref<'_>, method: &str, message: &str) -> PyResult<()> {
    let answer = vm.call_method(this, method, &[])?;
    if answer.borrow().is_true() { Ok(()) } else { Err(unsupported(vm, message)) }
}

fn check_seekable(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    require(vm, this, "seekable", "File or stream is not seekable.")?;
    Ok(Object::bool(true))
}

fn check_readable(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    require(vm, this, "readable", "File or stream is not readable.")?;
    Ok(Object::bool(true))
}

fn check_writable(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    require(vm, this, "writable", "File or stream is not writable.")?;
    Ok(Object::bool(true))
}

fn seek(vm: &mut Vm, _this: Ref<'_>, _args: &[Ref<'_>]) -> PyResult {
    Err(unsupported(vm, "seek"))
}

fn tell(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    vm.call_method(this, "seek", &[Object::small_int(0).borrow(), Object::small_int(1).borrow()])
}

fn truncate(vm: &mut Vm, _this: Ref<'_>, _args: Arguments<'_, '_>) -> PyResult {
    Err(unsupported(vm, "truncate"))
}

fn fileno(vm: &mut Vm, _this: Ref<'_>) -> PyResult {
    Err(unsupported(vm, "fileno"))
}

fn isatty(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    require_open(vm, this)?;
    Ok(Object::bool(false))
}

fn flush(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    if is_marked_closed(vm, this) { Err(closed_error(vm)) } else { Ok(Object::none()) }
}

/// `_IOBase.close`: flushes, and marks the object as closed whether or not that works.
pub fn close(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    if is_marked_closed(vm, this) {
        return Ok(Object::none());
    }
    let result = vm.call_method(this, "flush", &[]);
    let name = vm.intern(CLOSED);
    instance::set_attribute(vm, this, name, Object::bool(true));
    result.map(|_| Object::none())
}

fn enter(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    require_open(vm, this)?;
    Ok(this.to_owned())
}

fn exit(vm: &mut Vm, this: Ref<'_>, _args: &[Ref<'_>]) -> PyResult {
    vm.call_method(this, "close", &[])
}

fn iter(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    require_open(vm, this)?;
    Ok(this.to_owned())
}

fn next(vm: &mut Vm, this: Ref<'_>) -> PyResult<Option<Object>> {
    let line = vm.call_method(this, "readline", &[])?;
    Ok(if vm.len(line.borrow())? == 0 { None } else { Some(line) })
}

/// Closes a stream that nobody refers to any more.
fn finalize(vm: &mut Vm, this: Ref<'_>) -> PyResult<()> {
    let closed = match is_closed(vm, this) {
        Ok(closed) => closed,
        Err(raised) => {
            // A stream that was never initialised, or is detached, cannot say: nothing can be closed.
            vm.catch(raised);
            true
        }
    };
    if closed {
        return Ok(());
    }
    if let Err(raised) = vm.set_attr_str(this, "_finalizing", Ref::TRUE) {
        // Some classes have no such attribute.
        vm.catch(raised);
    }
    if let Err(raised) = vm.call_method(this, "close", &[]) {
        let text = match vm_repr_or_type(vm, this) {
            Some(text) => format!("Exception ignored while finalizing file {text}"),
            None => "Exception ignored while finalizing file".to_owned(),
        };
        vm.write_unraisable(raised, &text, None);
    }
    Ok(())
}

/// `repr(this)` while another exception is set.
fn vm_repr_or_type(vm: &mut Vm, this: Ref<'_>) -> Option<String> {
    let pending = vm.take_raised();
    let text = vm.repr_text(this);
    let text = match text {
        Ok(text) => Some(text),
        Err(raised) => {
            vm.catch(raised);
            None
        }
    };
    if let Some(pending) = pending {
        let _ = vm.reraise(pending);
    }
    text
}

/// A `size` or `hint` argument: `None` and negative numbers mean "no limit".
pub fn size_argument(vm: &mut Vm, value: Option<Ref<'_>>) -> PyResult<Option<usize>> {
    match value.filter(|value| !value.is_none()) {
        None => Ok(None),
        Some(value) => {
            if value.class().slots().index.is_none() {
                let message = format!("argument should be integer or None, not '{}'", value.class().full_name());
                return Err(vm.type_error(message));
            }
            Ok(usize::try_from(vm.index_isize(value)?).ok())
        }
    }
}

fn readline(vm: &mut Vm, this: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let limit = size_argument(vm, args[0])?;
    let peek = vm.find_attr_str(this, "peek")?;
    let mut line: Vec<u8> = Vec::new();
    while limit.is_none_or(|limit| line.len() < limit) {
        let mut wanted = 1;
        if let Some(peek) = &peek {
            let ahead = vm.call(peek.borrow(), &[Object::small_int(1).borrow()])?;
            let Some(ahead) = object::bytes::as_bytes(ahead.borrow()) else {
                let message = format!("peek() should have returned a bytes object, not '{}'", ahead.borrow().class().full_name());
                return Err(vm.os_error_message(message));
            };
            if !ahead.is_empty() {
                let ahead = &ahead[..ahead.len().min(limit.map_or(usize::MAX, |limit| limit - line.len()))];
                wanted = memchr::memchr(b'\n', ahead).map_or(ahead.len(), |end| end + 1);
            }
        }
        let data = vm.call_method(this, "read", &[Object::small_int(wanted as i64).borrow()])?;
        let Some(data) = object::bytes::as_bytes(data.borrow()) else {
            let message = format!("read() should have returned a bytes object, not '{}'", data.borrow().class().full_name());
            return Err(vm.os_error_message(message));
        };
        if data.is_empty() {
            break;
        }
        line.extend_from_slice(data);
        if line.last() == Some(&b'\n') {
            break;
        }
    }
    Ok(vm.new_bytes(&line).into_object())
}

/// `OSError` with a message only.
pub trait OsErrorMessage {
    fn os_error_message(&mut self, message: String) -> object::Raised;
}

impl OsErrorMessage for Vm {
    fn os_error_message(&mut self, message: String) -> object::Raised {
        self.raise(&object::exception::OS_ERROR, message)
    }
}

pub fn readlines(vm: &mut Vm, this: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let hint = size_argument(vm, args[0])?.filter(|&hint| hint > 0);
    let mut lines = Vec::new();
    let mut length = 0;
    let iterator = vm.iter(this)?;
    while let Some(line) = vm.next(iterator.borrow())? {
        length += if hint.is_some() { vm.len(line.borrow())? } else { 0 };
        lines.push(line);
        if hint.is_some_and(|hint| length >= hint) {
            break;
        }
    }
    Ok(vm.new_list(lines).into_object())
}

fn writelines(vm: &mut Vm, this: Ref<'_>, lines: Ref<'_>) -> PyResult {
    require_open(vm, this)?;
    let iterator = vm.iter(lines)?;
    while let Some(line) = vm.next(iterator.borrow())? {
        vm.call_method(this, "write", &[line.borrow()])?;
    }
    Ok(Object::none())
}

fn raw_read(vm: &mut Vm, this: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let size = args[0].map_or(Ok(-1), |size| if size.is_none() { Ok(-1) } else { vm.index_isize(size) })?;
    if size < 0 {
        return vm.call_method(this, "readall", &[]);
    }
    let buffer = vm.new_bytearray(vec![0; size as usize]).into_object();
    let result = vm.call_method(this, "readinto", &[buffer.borrow()])?;
    if result.borrow().is_none() {
        return Ok(result);
    }
    let n = vm.index_isize(result.borrow())?;
    let array = buffer.borrow().downcast::<ByteArray>().expect("the buffer was made above");
    let data = array.get().data(vm);
    let Some(data) = usize::try_from(n).ok().and_then(|n| data.get(..n)) else {
        let len = data.len();
        return Err(vm.value_error(format!("readinto returned {n} outside buffer size {len}")));
    };
    Ok(vm.new_bytes(data).into_object())
}

fn raw_readall(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let mut all: Vec<u8> = Vec::new();
    let mut any = false;
    loop {
        let size = vm.new_int(super::DEFAULT_BUFFER_SIZE as i64);
        let data = vm.call_method(this, "read", &[size.borrow()])?;
        if data.borrow().is_none() {
            return Ok(if any { vm.new_bytes(&all).into_object() } else { data });
        }
        let Some(data) = as_bytes_result(data.borrow()) else { return Err(vm.type_error("read() should return bytes")) };
        if data.is_empty() {
            return Ok(vm.new_bytes(&all).into_object());
        }
        any = true;
        all.extend_from_slice(data);
    }
}

fn readinto_by(vm: &mut Vm, this: Ref<'_>, buffer: Ref<'_>, method: &str) -> PyResult {
    let target = vm.buffer_mut(buffer)?;
    let length = vm.new_int(target.len() as i64);
    let data = vm.call_method(this, method, &[length.borrow()])?;
    let Some(data) = as_bytes_result(data.borrow()) else {
        return Err(vm.type_error("read() should return bytes"));
    };
    if data.len() > target.len() {
        let message = format!("read() returned too much data: {} bytes requested, {} returned", target.len(), data.len());
        return Err(vm.value_error(message));
    }
    target.bytes_mut(vm)[..data.len()].copy_from_slice(data);
    Ok(Object::small_int(data.len() as i64))
}

fn buffered_readinto(vm: &mut Vm, this: Ref<'_>, buffer: Ref<'_>) -> PyResult {
    readinto_by(vm, this, buffer, "read")
}

fn buffered_readinto1(vm: &mut Vm, this: Ref<'_>, buffer: Ref<'_>) -> PyResult {
    readinto_by(vm, this, buffer, "read1")
}
