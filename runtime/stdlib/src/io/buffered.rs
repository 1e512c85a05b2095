//! `BufferedReader`, `BufferedWriter`, `BufferedRandom`: a buffer before a raw stream.
//!
//! All three share one payload. The raw stream stands behind what has been read ahead, and before
//! what waits to be written; at most one of the two buffers holds anything. A lock keeps other
//! threads out while the raw stream is asked, which may release the global lock.

use super::base::{self, BUFFERED_IO_BASE, OsErrorMessage as _};
use super::file::{self, FileIo, getstate};
use super::{memory_view, unsupported};
use crate::os_support::*;
use crate::sys::Memory;
use crate::thread::lock;
use crate::thread::raw_lock::RawLock;
use object::bytes::ByteArray;
use object::call::Args;
use object::exception;
use object::method;
use object::native::{Method, PayloadInfo, flag};
use object::{Getset, Member, Object, ObjectCell, Payload, PyResult, Raised, Ref, RefOf, Slots, Type, TypeSpec, Visitor, Vm, VmCell};
use std::cell::Cell;

/// The payload of a buffered stream.
pub struct Buffered {
    raw: ObjectCell,
    /// Why the stream cannot be used, if there is no raw stream.
    detached: Cell<bool>,
    finalizing: Cell<bool>,
    readable: Cell<bool>,
    writable: Cell<bool>,
    buffer_size: Cell<usize>,
    /// What was read ahead, and how much of it has been taken.
    ahead: VmCell<Vec<u8>>,
    position: Cell<usize>,
    /// What waits to be written.
    pending: VmCell<Vec<u8>>,
    lock: RawLock,
    owner: Cell<u64>,
}

impl Payload for Buffered {
    fn class() -> &'static Type {
        &BUFFERED
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        self.raw.traverse(visitor);
    }
}

/// The layout the three types share; Python never sees it.
pub static BUFFERED: Type = Type::new(&BUFFERED_SPEC);
static BUFFERED_SPEC: TypeSpec = TypeSpec {
    name: "_io._BufferedIOBase",
    base: Some(&BUFFERED_IO_BASE),
    flags: flag::BASE_TYPE | flag::HAS_DICT | flag::WEAK_REFERENCES | flag::FINALIZER,
    payload: PayloadInfo::of::<Buffered>(),
    ..TypeSpec::DEFAULT
};

macro_rules! common_methods {
    ($($row:expr),* $(,)?) => { &[
        method!(Unary detach "($self, /)", "Disconnect this buffer from its underlying raw stream and return it."),
        method!(Unary flush "($self, /)", ""),
        method!(Unary close "($self, /)", ""),
        method!(Unary seekable "($self, /)", ""),
        method!(Unary fileno "($self, /)", ""),
        method!(Unary isatty "($self, /)", ""),
        method!(Binary dealloc_warn as "_dealloc_warn" "($self, source, /)", ""),
        method!(Unary tell "($self, /)", ""),
        method!(Bound truncate "($self, pos=None, /)", ""),
        method!(Unary sizeof as "__sizeof__" "($self, /)", ""),
        method!(Unary getstate as "__getstate__" "($self, /)", ""),
        $($row),*
    ] };
}

const GETSETS: &[Getset] = &[
    Getset::readonly("closed", "", closed),
    Getset::readonly("name", "", |vm, this| raw_attribute(vm, this, "name")),
    Getset::readonly("mode", "", |vm, this| raw_attribute(vm, this, "mode")),
];

const MEMBERS: &[Member] = &[
    Member(Getset::readonly("raw", "", |_, this| Ok(buffered_of(this).raw.get_or_none()))),
    Member(Getset::new(
        "_finalizing",
        "",
        |_, this| Ok(Object::bool(buffered_of(this).finalizing.get())),
        |vm, this, value| {
            buffered_of(this).finalizing.set(super::bool_attribute(vm, value)?);
            Ok(())
        },
    )),
];

const READ: Method = method!(Bound read "($self, size=-1, /)", "Read and return up to n bytes.");
const READ1: Method = method!(Bound read1 "($self, size=-1, /)", "");
const READINTO: Method = method!(Binary readinto "($self, buffer, /)", "");
const READINTO1: Method = method!(Binary readinto1 "($self, buffer, /)", "");
const READLINE: Method = method!(Bound readline "($self, size=-1, /)", "");
const PEEK: Method = method!(Bound peek "($self, size=0, /)", "");
const WRITE: Method = method!(Binary write "($self, buffer, /)", "Write buffer b to the IO stream.");
const SEEK: Method = method!(Bound seek "($self, target, whence=0, /)", "");
const READABLE: Method = method!(Unary readable "($self, /)", "");
const WRITABLE: Method = method!(Unary writable "($self, /)", "");

const READER_METHODS: &[Method] = common_methods![READ, READ1, READINTO, READINTO1, READLINE, PEEK, SEEK, READABLE];
const WRITER_METHODS: &[Method] = common_methods![WRITE, SEEK, WRITABLE];
const RANDOM_METHODS: &[Method] = common_methods![READ, READ1, READINTO, READINTO1, READLINE, PEEK, WRITE, SEEK, READABLE, WRITABLE];

macro_rules! buffered_type {
    ($NAME:ident, $SPEC:ident, $name:literal, $doc:literal, $methods:expr, next: $next:expr, readable: $readable:literal, writable: $writable:literal, init: $init:ident) => {
        #[doc = concat!("`", $name, "`")]
        pub static $NAME: Type = Type::new(&$SPEC);
        static $SPEC: TypeSpec = TypeSpec {
            name: $name,
            doc: $doc,
            base: Some(&BUFFERED),
            flags: flag::BASE_TYPE | flag::HAS_DICT | flag::WEAK_REFERENCES | flag::FINALIZER,
            payload: PayloadInfo::of::<Buffered>(),
            slots: Slots { new: Some(new), init: Some($init), repr: Some(repr), next: $next, ..Slots::NONE },
            signature: "(raw, buffer_size=131072)",
            methods: $methods,
            getsets: GETSETS,
            members: MEMBERS,
            ..TypeSpec::DEFAULT
        };

        fn $init(vm: &mut Vm, this: Ref<'_>, args: Args<'_>) -> PyResult<()> {
            init(vm, this, args, $readable, $writable)
        }
    };
}

buffered_type!(BUFFERED_READER, READER_SPEC, "_io.BufferedReader", "Create a new buffered reader using the given readable raw IO object.", READER_METHODS, next: Some(next), readable: true, writable: false, init: reader_init);
buffered_type!(BUFFERED_WRITER, WRITER_SPEC, "_io.BufferedWriter", "A buffer for a writeable sequential RawIO object.\n\nThe constructor creates a BufferedWriter for the given writeable raw\nstream. If the buffer_size is not given, it defaults to\nDEFAULT_BUFFER_SIZE.", WRITER_METHODS, next: None, readable: false, writable: true, init: writer_init);
buffered_type!(BUFFERED_RANDOM, RANDOM_SPEC, "_io.BufferedRandom", "A buffered interface to random access streams.\n\nThe constructor creates a reader and writer for a seekable stream,\nraw, given in the first argument. If the buffer_size is omitted it\ndefaults to DEFAULT_BUFFER_SIZE.", RANDOM_METHODS, next: Some(next), readable: true, writable: true, init: random_init);

fn buffered_of<'a>(this: Ref<'a>) -> &'a Buffered {
    this.downcast::<Buffered>().expect("the method belongs to the type").get()
}

fn empty() -> Buffered {
    Buffered {
        raw: ObjectCell::EMPTY,
        detached: Cell::new(false),
        finalizing: Cell::new(false),
        readable: Cell::new(false),
        writable: Cell::new(false),
        buffer_size: Cell::new(0),
        ahead: VmCell::new(Vec::new()),
        position: Cell::new(0),
        pending: VmCell::new(Vec::new()),
        lock: RawLock::new(),
        owner: Cell::new(0),
    }
}

fn new(vm: &mut Vm, class: RefOf<'_, Type>, _args: Args<'_>) -> PyResult {
    Ok(vm.allocate_in(class.get(), empty()))
}

/// A buffered stream as `open` makes it.
pub fn make(vm: &mut Vm, class: &'static Type, raw: Object, size: usize) -> PyResult {
    let readable = !std::ptr::eq(class, &BUFFERED_WRITER);
    let writable = !std::ptr::eq(class, &BUFFERED_READER);
    let stream = vm.allocate_in(class, empty());
    set_up(vm, stream.borrow(), raw, size, readable, writable)?;
    Ok(stream)
}

fn init(vm: &mut Vm, this: Ref<'_>, args: Args<'_>, readable: bool, writable: bool) -> PyResult<()> {
    let mut bound = [None, None];
    let name = this.class().spec().name.rsplit('.').next().unwrap_or("BufferedReader");
    object::call::bind_args(vm, name, "(raw, buffer_size=131072)", args, &mut bound)?;
    let [raw, size] = bound;
    let buffered = buffered_of(this);
    buffered.raw.set(None);
    buffered.detached.set(false);
    let size = size.map_or(Ok(super::DEFAULT_BUFFER_SIZE as isize), |size| vm.index_isize(size.borrow()))?;
    let raw = raw.unwrap_or(Object::none());
    if writable && readable {
        base::require(vm, raw.borrow(), "seekable", "File or stream is not seekable.")?;
    }
    if readable {
        base::require(vm, raw.borrow(), "readable", "File or stream is not readable.")?;
    }
    if writable {
        base::require(vm, raw.borrow(), "writable", "File or stream is not writable.")?;
    }
    if size <= 0 {
        return Err(vm.value_error("buffer size must be strictly positive"));
    }
    set_up(vm, this, raw, size as usize, readable, writable)
}

fn set_up(vm: &mut Vm, this: Ref<'_>, raw: Object, size: usize, readable: bool, writable: bool) -> PyResult<()> {
    let buffered = buffered_of(this);
    buffered.buffer_size.set(size);
    buffered.readable.set(readable);
    buffered.writable.set(writable);
    buffered.ahead.set(vm, Vec::new());
    buffered.pending.set(vm, Vec::new());
    buffered.position.set(0);
    buffered.raw.set(Some(raw));
    buffered.detached.set(false);
    Ok(())
}

/// The raw stream; `ValueError` if there is none.
fn raw_of(vm: &mut Vm, buffered: &Buffered) -> PyResult {
    match buffered.raw.get() {
        Some(raw) => Ok(raw),
        None if buffered.detached.get() => Err(vm.value_error("raw stream has been detached")),
        None => Err(vm.value_error("I/O operation on uninitialized object")),
    }
}

fn is_raw_closed(vm: &mut Vm, raw: Ref<'_>) -> PyResult<bool> {
    if let Some(file) = raw.downcast_exact::<FileIo>() {
        return Ok(file.is_closed());
    }
    base::is_closed(vm, raw)
}

/// Runs `body` while no other thread uses the stream.
fn locked<T>(vm: &mut Vm, this: Ref<'_>, body: impl FnOnce(&mut Vm, &Buffered) -> PyResult<T>) -> PyResult<T> {
    let buffered = buffered_of(this);
    if !buffered.lock.try_lock() {
        if buffered.owner.get() == crate::thread::ident() {
            let text = vm.repr_text(this)?;
            return Err(vm.runtime_error(format!("reentrant call inside {text}")));
        }
        lock::acquire(vm, &buffered.lock, None)?;
    }
    buffered.owner.set(crate::thread::ident());
    let result = body(vm, buffered);
    buffered.owner.set(0);
    buffered.lock.unlock();
    result
}

/// Raises `ValueError` if the raw stream is closed and nothing is left to take.
fn require_open(vm: &mut Vm, buffered: &Buffered, message: &str) -> PyResult {
    let raw = raw_of(vm, buffered)?;
    if is_raw_closed(vm, raw.borrow())? && n_ahead(vm, buffered) == 0 {
        return Err(vm.value_error(message));
    }
    Ok(raw)
}

/// How much has been read ahead and not been taken.
fn n_ahead(vm: &Vm, buffered: &Buffered) -> usize {
    buffered.ahead.get(vm).len() - buffered.position.get()
}

fn forget_ahead(vm: &mut Vm, buffered: &Buffered) {
    buffered.ahead.get_mut(vm).clear();
    buffered.position.set(0);
}

/// Takes up to `n` bytes from what was read ahead.
fn take_ahead(vm: &Vm, buffered: &Buffered, n: usize, into: &mut Vec<u8>) -> usize {
    let start = buffered.position.get();
    let data = &buffered.ahead.get(vm)[start..];
    let n = n.min(data.len());
    into.extend_from_slice(&data[..n]);
    buffered.position.set(start + n);
    n
}

/// The error of a call that would block.
fn blocking_error(vm: &mut Vm, message: &str, written: usize) -> Raised {
    let message = vm.new_str(message).into_object();
    let args = [Object::small_int(i64::from(libc::EAGAIN)), message, Object::small_int(written as i64)];
    raise_class(vm, exception::BLOCKING_IO_ERROR.object(), Object::as_refs(&args))
}

/// Calls a method of a raw stream with memory, again and again while signals interrupt it.
fn call_raw(vm: &mut Vm, raw: Ref<'_>, method: &str, memory: Ref<'_>) -> PyResult {
    loop {
        match vm.call_method(raw, method, &[memory]) {
            Ok(result) => return Ok(result),
            Err(raised) => {
                // A signal interrupted a stream that does not try again by itself.
                vm.catch_if(raised, &exception::INTERRUPTED_ERROR)?;
                vm.run_signal_handlers()?;
            }
        }
    }
}

/// Reads once from the raw stream into the end of `into`. `None`: it would block.
fn raw_read(vm: &mut Vm, raw: Ref<'_>, n: usize, into: &mut Vec<u8>) -> PyResult<Option<usize>> {
    let before = into.len();
    if let Some(file) = raw.downcast_exact::<FileIo>() {
        into.resize(before + n, 0);
        let memory = Memory::of_slice_mut(&mut into[before..]);
        let result = file::read_memory(vm, file.get(), memory);
        let got = match &result {
            Ok(Some(n)) => *n,
            _ => 0,
        };
        into.truncate(before + got);
        return result;
    }
    let array = vm.new_bytearray(vec![0; n]).into_object();
    let view = memory_view(vm, array.borrow())?;
    let result = call_raw(vm, raw, "readinto", view.borrow())?;
    if result.borrow().is_none() {
        return Ok(None);
    }
    let got = match vm.index_isize(result.borrow()) {
        Ok(got) => got,
        Err(raised) => {
            let cause = vm.catch(raised);
            let raised = vm.os_error_message("raw readinto() failed".to_owned());
            let error = vm.catch(raised);
            vm.set_attr_str(error.borrow(), "__cause__", cause.borrow())?;
            return Err(vm.reraise(error));
        }
    };
    if got < 0 || got as usize > n {
        return Err(vm.os_error_message(format!("raw readinto() returned invalid length {got} (should have been between 0 and {n})")));
    }
    let array = array.borrow().downcast::<ByteArray>().expect("the array was made above");
    into.extend_from_slice(&array.get().data(vm)[..got as usize]);
    Ok(Some(got as usize))
}

/// Reads ahead once; what was read ahead before has been taken.
fn fill(vm: &mut Vm, buffered: &Buffered, raw: Ref<'_>) -> PyResult<Option<usize>> {
    let mut data = std::mem::take(buffered.ahead.get_mut(vm));
    data.drain(..buffered.position.get().min(data.len()));
    buffered.position.set(0);
    let room = buffered.buffer_size.get().saturating_sub(data.len()).max(1);
    let result = raw_read(vm, raw, room, &mut data);
    buffered.ahead.set(vm, data);
    result
}

/// Writes once to the raw stream. `None`: it would block.
fn raw_write(vm: &mut Vm, raw: Ref<'_>, data: &[u8]) -> PyResult<Option<usize>> {
    if let Some(file) = raw.downcast_exact::<FileIo>() {
        return file::write_memory(vm, file.get(), Memory::of_slice(data));
    }
    let bytes = vm.new_bytes(data).into_object();
    let view = memory_view(vm, bytes.borrow())?;
    let result = call_raw(vm, raw, "write", view.borrow())?;
    if result.borrow().is_none() {
        return Ok(None);
    }
    // What is not a number is no length either.
    let n = vm.index_isize(result.borrow()).unwrap_or_else(|raised| {
        drop(vm.catch(raised));
        -1
    });
    if n < 0 || n as usize > data.len() {
        return Err(vm.os_error_message(format!("raw write() returned invalid length {n} (should have been between 0 and {})", data.len())));
    }
    Ok(Some(n as usize))
}

/// Writes out what waits; what could not be written goes on waiting.
fn flush_pending(vm: &mut Vm, buffered: &Buffered, raw: Ref<'_>) -> PyResult<()> {
    let mut data = std::mem::take(buffered.pending.get_mut(vm));
    let mut done = 0;
    let mut result = Ok(());
    while done < data.len() {
        match raw_write(vm, raw, &data[done..]) {
            Ok(Some(n)) => {
                done += n;
                // A handler may want to interrupt a writer that gets nowhere.
                if let Err(raised) = vm.run_signal_handlers() {
                    result = Err(raised);
                    break;
                }
            }
            Ok(None) => {
                result = Err(blocking_error(vm, "write could not complete without blocking", 0));
                break;
            }
            Err(raised) => {
                result = Err(raised);
                break;
            }
        }
    }
    data.drain(..done);
    buffered.pending.set(vm, data);
    result
}

fn raw_seek(vm: &mut Vm, raw: Ref<'_>, target: i64, whence: i32) -> PyResult<i64> {
    let position = match raw.downcast_exact::<FileIo>() {
        Some(file) => file::seek_to(vm, file.get(), target, whence)?,
        None => {
            let target = vm.new_int(target);
            let result = vm.call_method(raw, "seek", &[target.borrow(), Object::small_int(i64::from(whence)).borrow()])?;
            vm.to_i64(result.borrow())?
        }
    };
    checked_position(vm, position)
}

fn raw_tell(vm: &mut Vm, raw: Ref<'_>) -> PyResult<i64> {
    let position = match raw.downcast_exact::<FileIo>() {
        Some(file) => file::seek_to(vm, file.get(), 0, libc::SEEK_CUR)?,
        None => {
            let result = vm.call_method(raw, "tell", &[])?;
            vm.to_i64(result.borrow())?
        }
    };
    checked_position(vm, position)
}

fn checked_position(vm: &mut Vm, position: i64) -> PyResult<i64> {
    if position < 0 { Err(vm.os_error_message(format!("Raw stream returned invalid position {position}"))) } else { Ok(position) }
}

/// Puts the raw stream where the reader is: what was read ahead is forgotten.
fn undo_read_ahead(vm: &mut Vm, buffered: &Buffered, raw: Ref<'_>) -> PyResult<()> {
    let left = n_ahead(vm, buffered);
    if left > 0 {
        raw_seek(vm, raw, -(left as i64), libc::SEEK_CUR)?;
    }
    forget_ahead(vm, buffered);
    Ok(())
}

/// Writes out what waits, before reading.
fn flush_before_read(vm: &mut Vm, buffered: &Buffered, raw: Ref<'_>) -> PyResult<()> {
    if buffered.writable.get() && !buffered.pending.get(vm).is_empty() { flush_pending(vm, buffered, raw) } else { Ok(()) }
}

fn new_bytes_of(vm: &Vm, data: &[u8]) -> Object {
    vm.new_bytes(data).into_object()
}

/// Everything up to the end. `None`: it would block.
fn read_all(vm: &mut Vm, buffered: &Buffered, raw: Ref<'_>) -> PyResult {
    let mut data = Vec::new();
    take_ahead(vm, buffered, usize::MAX, &mut data);
    forget_ahead(vm, buffered);
    flush_before_read(vm, buffered, raw)?;
    if let Some(file) = raw.downcast_exact::<FileIo>() {
        let rest = file::read_rest(vm, file.get())?;
        return Ok(match rest {
            None if data.is_empty() => Object::none(),
            Some(rest) if data.is_empty() => new_bytes_of(vm, &rest),
            rest => {
                data.extend(rest.unwrap_or_default());
                new_bytes_of(vm, &data)
            }
        });
    }
    if let Some(readall) = vm.find_attr_str(raw, "readall")? {
        let rest = vm.call(readall.borrow(), &[])?;
        if rest.borrow().is_none() {
            return Ok(if data.is_empty() { rest } else { new_bytes_of(vm, &data) });
        }
        let Some(more) = object::bytes::as_bytes(rest.borrow()) else { return Err(vm.type_error("readall() should return bytes")) };
        if data.is_empty() {
            return Ok(rest);
        }
        data.extend_from_slice(more);
        return Ok(new_bytes_of(vm, &data));
    }
    loop {
        let chunk = vm.call_method(raw, "read", &[])?;
        if chunk.borrow().is_none() {
            return Ok(if data.is_empty() { chunk } else { new_bytes_of(vm, &data) });
        }
        let Some(bytes) = object::bytes::as_bytes(chunk.borrow()) else { return Err(vm.type_error("read() should return bytes")) };
        if bytes.is_empty() {
            return Ok(new_bytes_of(vm, &data));
        }
        data.extend_from_slice(bytes);
    }
}

/// Up to `n` bytes; fewer only at the end or if reading more would block.
fn read_some(vm: &mut Vm, buffered: &Buffered, raw: Ref<'_>, n: usize) -> PyResult {
    let start = buffered.position.get();
    if let Some(data) = buffered.ahead.get(vm).get(start..start.saturating_add(n)) {
        let bytes = vm.new_bytes(data).into_object();
        buffered.position.set(start + n);
        return Ok(bytes);
    }
    let mut data = Vec::new();
    take_ahead(vm, buffered, n, &mut data);
    forget_ahead(vm, buffered);
    flush_before_read(vm, buffered, raw)?;
    let size = buffered.buffer_size.get();
    let mut outcome = Some(1);
    while data.len() < n {
        let left = n - data.len();
        outcome = if left >= size {
            // Whole buffers are read past the buffer.
            raw_read(vm, raw, left - left % size, &mut data)?
        } else {
            let got = fill(vm, buffered, raw)?;
            take_ahead(vm, buffered, left, &mut data);
            got
        };
        if matches!(outcome, None | Some(0)) {
            break;
        }
    }
    if outcome.is_none() && data.is_empty() {
        return Ok(Object::none());
    }
    Ok(new_bytes_of(vm, &data))
}

fn read(vm: &mut Vm, this: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let size = match optional(args, 0) {
        None => -1,
        Some(size) if size.class().slots().index.is_none() => {
            return Err(vm.type_error(format!("argument should be integer or None, not '{}'", size.class().full_name())));
        }
        Some(size) => vm.index_isize(size)?,
    };
    if size < -1 {
        return Err(vm.value_error("read length must be non-negative or -1"));
    }
    require_open(vm, buffered_of(this), "read of closed file")?;
    locked(vm, this, |vm, buffered| {
        let raw = raw_of(vm, buffered)?;
        match usize::try_from(size) {
            Ok(n) => read_some(vm, buffered, raw.borrow(), n),
            Err(_) => read_all(vm, buffered, raw.borrow()),
        }
    })
}

fn read1(vm: &mut Vm, this: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let size = args[0].map_or(Ok(-1), |size| vm.index_isize(size))?;
    let n = read1_bytes(vm, this, size)?;
    Ok(n)
}

/// `read1(size)`, for the text layer too.
pub fn read1_bytes(vm: &mut Vm, this: Ref<'_>, size: isize) -> PyResult {
    let buffered = buffered_of(this);
    let size = usize::try_from(size).unwrap_or(buffered.buffer_size.get());
    require_open(vm, buffered, "read of closed file")?;
    if size == 0 {
        return Ok(new_bytes_of(vm, &[]));
    }
    locked(vm, this, |vm, buffered| {
        let mut data = Vec::new();
        if take_ahead(vm, buffered, size, &mut data) > 0 {
            return Ok(new_bytes_of(vm, &data));
        }
        let raw = raw_of(vm, buffered)?;
        forget_ahead(vm, buffered);
        flush_before_read(vm, buffered, raw.borrow())?;
        raw_read(vm, raw.borrow(), size, &mut data)?;
        Ok(new_bytes_of(vm, &data))
    })
}

fn readinto_with(vm: &mut Vm, this: Ref<'_>, target: Ref<'_>, once: bool) -> PyResult {
    let target = vm.buffer_mut(target)?;
    require_open(vm, buffered_of(this), "readinto of closed file")?;
    locked(vm, this, |vm, buffered| {
        let total = target.len();
        let mut data = Vec::with_capacity(total.min(buffered.buffer_size.get()));
        take_ahead(vm, buffered, total, &mut data);
        let raw = raw_of(vm, buffered)?;
        if data.len() < total {
            forget_ahead(vm, buffered);
            flush_before_read(vm, buffered, raw.borrow())?;
        }
        while data.len() < total {
            let left = total - data.len();
            let got = if left > buffered.buffer_size.get() {
                raw_read(vm, raw.borrow(), left, &mut data)?
            } else if !once || data.is_empty() {
                let got = fill(vm, buffered, raw.borrow())?;
                take_ahead(vm, buffered, left, &mut data);
                got
            } else {
                Some(0)
            };
            match got {
                None if data.is_empty() => return Ok(Object::none()),
                None | Some(0) => break,
                Some(_) if once => break,
                Some(_) => {}
            }
        }
        target.bytes_mut(vm)[..data.len()].copy_from_slice(&data);
        Ok(Object::small_int(data.len() as i64))
    })
}

fn readinto(vm: &mut Vm, this: Ref<'_>, target: Ref<'_>) -> PyResult {
    readinto_with(vm, this, target, false)
}

fn readinto1(vm: &mut Vm, this: Ref<'_>, target: Ref<'_>) -> PyResult {
    readinto_with(vm, this, target, true)
}

fn peek(vm: &mut Vm, this: Ref<'_>, _args: Arguments<'_, '_>) -> PyResult {
    require_open(vm, buffered_of(this), "peek of closed file")?;
    locked(vm, this, |vm, buffered| {
        let raw = raw_of(vm, buffered)?;
        flush_before_read(vm, buffered, raw.borrow())?;
        if n_ahead(vm, buffered) == 0 {
            fill(vm, buffered, raw.borrow())?;
        }
        let start = buffered.position.get();
        Ok(vm.new_bytes(&buffered.ahead.get(vm)[start..]).into_object())
    })
}

/// A line of at most `limit` bytes.
fn line(vm: &mut Vm, this: Ref<'_>, limit: Option<usize>) -> PyResult {
    require_open(vm, buffered_of(this), "readline of closed file")?;
    let buffered = buffered_of(this);
    let start = buffered.position.get();
    let ahead = &buffered.ahead.get(vm)[start..];
    let within = &ahead[..ahead.len().min(limit.unwrap_or(usize::MAX))];
    if let Some(end) = memchr::memchr(b'\n', within) {
        let line = vm.new_bytes(&within[..=end]).into_object();
        buffered.position.set(start + end + 1);
        return Ok(line);
    }
    locked(vm, this, |vm, buffered| {
        let raw = raw_of(vm, buffered)?;
        let mut line = Vec::new();
        loop {
            let left = limit.map_or(usize::MAX, |limit| limit - line.len());
            let start = buffered.position.get();
            let ahead = &buffered.ahead.get(vm)[start..];
            let within = &ahead[..ahead.len().min(left)];
            let end = memchr::memchr(b'\n', within).map(|end| end + 1);
            let n = end.unwrap_or(within.len());
            line.extend_from_slice(&within[..n]);
            buffered.position.set(start + n);
            if end.is_some() || limit == Some(line.len()) {
                break;
            }
            forget_ahead(vm, buffered);
            flush_before_read(vm, buffered, raw.borrow())?;
            if matches!(fill(vm, buffered, raw.borrow())?, None | Some(0)) {
                break;
            }
        }
        Ok(new_bytes_of(vm, &line))
    })
}

fn readline(vm: &mut Vm, this: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let limit = base::size_argument(vm, args[0])?;
    line(vm, this, limit)
}

fn next(vm: &mut Vm, this: Ref<'_>) -> PyResult<Option<Object>> {
    let exact = [&BUFFERED_READER, &BUFFERED_RANDOM].iter().any(|class| this.is_exactly(class));
    let line = if exact { line(vm, this, None)? } else { vm.call_method(this, "readline", &[])? };
    let Some(bytes) = object::bytes::as_bytes(line.borrow()) else {
        let message = format!("readline() should have returned a bytes object, not '{}'", line.borrow().class().full_name());
        return Err(vm.os_error_message(message));
    };
    Ok(if bytes.is_empty() { None } else { Some(line) })
}

fn write(vm: &mut Vm, this: Ref<'_>, data: Ref<'_>) -> PyResult {
    raw_of(vm, buffered_of(this))?;
    let data = vm.buffer(data)?;
    let bytes = object::bytes::as_bytes(data.owner());
    match bytes.filter(|bytes| bytes.len() == data.len()) {
        // Bytes never change, so nobody need copy them.
        Some(bytes) => write_bytes(vm, this, bytes),
        None => {
            let copy = data.bytes(vm).to_vec();
            write_bytes(vm, this, &copy)
        }
    }
}

/// Writes bytes that stay as they are, for the text layer too.
pub fn write_bytes(vm: &mut Vm, this: Ref<'_>, data: &[u8]) -> PyResult {
    let total = Object::small_int(data.len() as i64);
    locked(vm, this, |vm, buffered| {
        let raw = raw_of(vm, buffered)?;
        if is_raw_closed(vm, raw.borrow())? {
            return Err(vm.value_error("write to closed file"));
        }
        if buffered.readable.get() && n_ahead(vm, buffered) + buffered.position.get() > 0 {
            undo_read_ahead(vm, buffered, raw.borrow())?;
        }
        let size = buffered.buffer_size.get();
        let pending = buffered.pending.get_mut(vm);
        if pending.len() + data.len() <= size {
            pending.extend_from_slice(data);
            return Ok(total);
        }
        if let Err(raised) = flush_pending(vm, buffered, raw.borrow()) {
            keep_what_fits(vm, buffered, data, raised)?;
            return Ok(total);
        }
        let mut done = 0;
        while data.len() - done > size {
            match raw_write(vm, raw.borrow(), &data[done..])? {
                Some(n) => done += n,
                None => {
                    // As much as can be is kept for later.
                    let kept = size.min(data.len() - done);
                    buffered.pending.get_mut(vm).extend_from_slice(&data[done..done + kept]);
                    done += kept;
                    if done == data.len() {
                        return Ok(total);
                    }
                    return Err(blocking_error(vm, "write could not complete without blocking", done));
                }
            }
            vm.run_signal_handlers()?;
        }
        buffered.pending.get_mut(vm).extend_from_slice(&data[done..]);
        Ok(total)
    })
}

/// After a flush that would have blocked: keeps the data for later if there is room, and otherwise
/// as much of it as there is room for, which the error then says.
fn keep_what_fits(vm: &mut Vm, buffered: &Buffered, data: &[u8], raised: Raised) -> PyResult<()> {
    vm.catch_if(raised, &exception::BLOCKING_IO_ERROR)?;
    let size = buffered.buffer_size.get();
    let pending = buffered.pending.get_mut(vm);
    let room = size.saturating_sub(pending.len());
    let kept = room.min(data.len());
    pending.extend_from_slice(&data[..kept]);
    if kept == data.len() {
        return Ok(());
    }
    Err(blocking_error(vm, "write could not complete without blocking", kept))
}

fn flush(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let raw = raw_of(vm, buffered_of(this))?;
    if is_raw_closed(vm, raw.borrow())? {
        return Err(vm.value_error("flush of closed file"));
    }
    if !buffered_of(this).writable.get() {
        return vm.call_method(raw.borrow(), "flush", &[]);
    }
    locked(vm, this, |vm, buffered| {
        flush_pending(vm, buffered, raw.borrow())?;
        if buffered.readable.get() {
            // The raw stream goes where the reader is.
            undo_read_ahead(vm, buffered, raw.borrow())?;
        }
        Ok(Object::none())
    })
}

fn seek(vm: &mut Vm, this: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let whence = int_or(vm, args[1], 0)?;
    if !matches!(whence, 0..=2 | libc::SEEK_HOLE | libc::SEEK_DATA) {
        return Err(vm.value_error(format!("whence value {whence} unsupported")));
    }
    let raw = raw_of(vm, buffered_of(this))?;
    if is_raw_closed(vm, raw.borrow())? {
        return Err(vm.value_error("seek of closed file"));
    }
    match raw.borrow().downcast_exact::<FileIo>() {
        Some(file) => {
            if !file::is_seekable(vm, file.get())? {
                return Err(unsupported(vm, "File or stream is not seekable."));
            }
        }
        None => base::require(vm, raw.borrow(), "seekable", "File or stream is not seekable.")?,
    }
    let target = vm.to_i64(arg(args, 0))?;
    locked(vm, this, |vm, buffered| {
        let ahead = buffered.ahead.get(vm).len();
        if whence <= 1 && buffered.readable.get() && ahead > 0 {
            // The target may be in what has been read.
            let position = raw_tell(vm, raw.borrow())?;
            let start = position - ahead as i64;
            let target = if whence == 1 { start + buffered.position.get() as i64 + target } else { target };
            if (start..=position).contains(&target) {
                buffered.position.set((target - start) as usize);
                // A raw stream that has no position says 0 wherever it is.
                return Ok(vm.new_int(target.max(0)));
            }
        }
        flush_pending(vm, buffered, raw.borrow())?;
        let target = if whence == 1 { target - n_ahead(vm, buffered) as i64 } else { target };
        let position = raw_seek(vm, raw.borrow(), target, whence)?;
        forget_ahead(vm, buffered);
        Ok(vm.new_int(position))
    })
}

fn tell(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let raw = raw_of(vm, buffered_of(this))?;
    locked(vm, this, |vm, buffered| {
        let position = raw_tell(vm, raw.borrow())?;
        let position = position - n_ahead(vm, buffered) as i64 + buffered.pending.get(vm).len() as i64;
        // A raw stream that moved by itself may stand before what was read ahead.
        Ok(vm.new_int(position.max(0)))
    })
}

fn truncate(vm: &mut Vm, this: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let raw = raw_of(vm, buffered_of(this))?;
    if is_raw_closed(vm, raw.borrow())? {
        return Err(vm.value_error("truncate of closed file"));
    }
    if !buffered_of(this).writable.get() {
        return Err(unsupported(vm, "truncate"));
    }
    locked(vm, this, |vm, buffered| {
        flush_pending(vm, buffered, raw.borrow())?;
        if buffered.readable.get() {
            undo_read_ahead(vm, buffered, raw.borrow())?;
        }
        let size = match optional(args, 0) {
            Some(size) => size.to_owned(),
            None => {
                let position = raw_tell(vm, raw.borrow())?;
                vm.new_int(position)
            }
        };
        vm.call_method(raw.borrow(), "truncate", &[size.borrow()])
    })
}

fn closed(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let raw = raw_of(vm, buffered_of(this))?;
    if let Some(file) = raw.borrow().downcast_exact::<FileIo>() {
        return Ok(Object::bool(file.is_closed()));
    }
    vm.get_attr_str(raw.borrow(), "closed")
}

fn raw_attribute(vm: &mut Vm, this: Ref<'_>, name: &str) -> PyResult {
    let raw = raw_of(vm, buffered_of(this))?;
    vm.get_attr_str(raw.borrow(), name)
}

fn detach(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let buffered = buffered_of(this);
    raw_of(vm, buffered)?;
    vm.call_method(this, "flush", &[])?;
    let raw = buffered.raw.take();
    buffered.detached.set(true);
    Ok(raw.unwrap_or(Object::none()))
}

fn close(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let buffered = buffered_of(this);
    let raw = raw_of(vm, buffered)?;
    if is_raw_closed(vm, raw.borrow())? {
        return Ok(Object::none());
    }
    if buffered.finalizing.get() {
        dealloc_warn(vm, this, this)?;
    }
    let flushed = vm.call_method(this, "flush", &[]);
    close_raw_after(vm, flushed, raw.borrow(), |vm| {
        buffered.ahead.set(vm, Vec::new());
        buffered.pending.set(vm, Vec::new());
        buffered.position.set(0);
    })
}

/// Closes the stream below whether or not flushing worked; the errors of both are chained.
pub fn close_raw_after(vm: &mut Vm, flushed: PyResult, raw: Ref<'_>, release: impl FnOnce(&mut Vm)) -> PyResult {
    let pending = match flushed {
        Ok(_) => None,
        Err(raised) => Some(vm.catch(raised)),
    };
    let closed = vm.call_method(raw, "close", &[]);
    release(vm);
    match (pending, closed) {
        (None, result) => result,
        (Some(error), Ok(_)) => Err(vm.reraise(error)),
        (Some(error), Err(raised)) => {
            let second = vm.catch(raised);
            if !second.borrow().is(error.borrow()) {
                vm.set_attr_str(second.borrow(), "__context__", error.borrow())?;
            }
            Err(vm.reraise(second))
        }
    }
}

fn dealloc_warn(vm: &mut Vm, this: Ref<'_>, source: Ref<'_>) -> PyResult {
    let Some(raw) = buffered_of(this).raw.get() else { return Ok(Object::none()) };
    let result = match vm.find_attr_str(raw.borrow(), "_dealloc_warn") {
        Ok(Some(warn)) => vm.call(warn.borrow(), &[source]),
        Ok(None) => Ok(Object::none()),
        Err(raised) => Err(raised),
    };
    if let Err(raised) = result {
        vm.catch(raised);
    }
    Ok(Object::none())
}

/// Methods that ask the raw stream.
macro_rules! methods_of_raw {
    ($($name:ident)*) => {
        $(fn $name(vm: &mut Vm, this: Ref<'_>) -> PyResult {
            let raw = raw_of(vm, buffered_of(this))?;
            vm.call_method(raw.borrow(), stringify!($name), &[])
        })*
    };
}

methods_of_raw!(seekable readable writable fileno isatty);

fn sizeof(_vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let own = object::instance::size_of_instance(this);
    Ok(Object::small_int((own + buffered_of(this).buffer_size.get()) as i64))
}

fn repr(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let text = named_repr(vm, this, "")?;
    Ok(vm.new_str(&text).into_object())
}

/// `<CLASS name=NAME ...>`, as streams that have a name show themselves.
pub fn named_repr(vm: &mut Vm, this: Ref<'_>, rest: &str) -> PyResult<String> {
    let class = this.class().full_name().to_owned();
    let name = match vm.find_attr_str(this, "name") {
        Ok(name) => name,
        Err(raised) => {
            vm.catch_if(raised, &exception::VALUE_ERROR)?;
            None
        }
    };
    let Some(name) = name else { return Ok(format!("<{class}{rest}>")) };
    if !vm.enter_repr(this) {
        return Err(vm.runtime_error(format!("reentrant call inside {class}.__repr__")));
    }
    let name = vm.repr_text(name.borrow());
    vm.leave_repr(this);
    Ok(format!("<{class} name={}{rest}>", name?))
}
