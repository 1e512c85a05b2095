//! `FileIO`: a descriptor as a raw stream.

use super::base::{self, RAW_IO_BASE};
use super::unsupported;
use crate::blocking::{SysResult, retry};
use crate::os_support::*;
use crate::sys::{self, Memory};
use object::call::Args;
use object::exception;
use object::method;
use object::native::{PayloadInfo, flag};
use object::str::Str;
use object::{Getset, Member, Object, Payload, PyResult, Ref, RefOf, Slots, Type, TypeSpec, Vm};
use std::cell::Cell;

/// The payload of a `FileIO`.
pub struct FileIo {
    /// -1: closed.
    fd: Cell<i32>,
    creating: Cell<bool>,
    readable: Cell<bool>,
    writable: Cell<bool>,
    appending: Cell<bool>,
    /// Once somebody has asked.
    seekable: Cell<Option<bool>>,
    close_fd: Cell<bool>,
    finalizing: Cell<bool>,
    block_size: Cell<i64>,
    /// The size when the file was opened, as a guess at how much there is to read.
    size: Cell<Option<u64>>,
    is_character_device: Cell<bool>,
}

/// `_io.FileIO`
pub static FILE_IO: Type = Type::new(&FILE_IO_SPEC);
static FILE_IO_SPEC: TypeSpec = TypeSpec {
    name: "_io.FileIO",
    doc: "Open a file.\n\nThe mode can be 'r' (default), 'w', 'x' or 'a' for reading,\nwriting, exclusive creation or appending.  The file will be created if it\ndoesn't exist when opened for writing or appending; it will be truncated\nwhen opened for writing.",
    base: Some(&RAW_IO_BASE),
    flags: flag::BASE_TYPE | flag::HAS_DICT | flag::WEAK_REFERENCES | flag::FINALIZER,
    payload: PayloadInfo::leaf::<FileIo>(),
    slots: Slots { new: Some(new), init: Some(init), repr: Some(repr), ..Slots::NONE },
    signature: "(file, mode='r', closefd=True, opener=None)",
    methods: &[
        method!(Bound read "($self, size=-1, /)", "Read at most size bytes, returned as bytes."),
        method!(Unary readall "($self, /)", "Read all data from the file, returned as bytes."),
        method!(Binary readinto "($self, buffer, /)", "Same as RawIOBase.readinto()."),
        method!(Binary write "($self, b, /)", "Write buffer b to file, return number of bytes written."),
        method!(Bound seek "($self, pos, whence=0, /)", "Move to new file position and return the file position."),
        method!(Unary tell "($self, /)", "Current file position."),
        method!(Bound truncate "($self, size=None, /)", "Truncate the file to at most size bytes and return the truncated size."),
        method!(Unary close "($self, /)", "Close the file."),
        method!(Unary seekable "($self, /)", "True if file supports random-access."),
        method!(Unary readable "($self, /)", "True if file was opened in a read mode."),
        method!(Unary writable "($self, /)", "True if file was opened in a write mode."),
        method!(Unary fileno "($self, /)", "Return the underlying file descriptor (an integer)."),
        method!(Unary isatty "($self, /)", "True if the file is connected to a TTY device."),
        method!(Unary isatty_open_only as "_isatty_open_only" "($self, /)", "Cheap check for if the file can be a TTY."),
        method!(Binary dealloc_warn as "_dealloc_warn" "($self, object, /)", ""),
        method!(Unary getstate as "__getstate__" "($self, /)", ""),
    ],
    getsets: &[
        Getset::readonly("closed", "True if the file is closed", |_, this| Ok(Object::bool(file_of(this).fd.get() < 0))),
        Getset::readonly("closefd", "True if the file descriptor will be closed by close().", |_, this| {
            Ok(Object::bool(file_of(this).close_fd.get()))
        }),
        Getset::readonly("mode", "String giving the file mode", |vm, this| Ok(vm.new_str(file_of(this).mode()).into_object())),
        Getset::readonly("_blksize", "Stat st_blksize if available", |vm, this| Ok(vm.new_int(file_of(this).block_size.get()))),
    ],
    members: &[Member(Getset::new(
        "_finalizing",
        "",
        |_, this| Ok(Object::bool(file_of(this).finalizing.get())),
        |vm, this, value| {
            file_of(this).finalizing.set(super::bool_attribute(vm, value)?);
            Ok(())
        },
    ))],
    ..TypeSpec::DEFAULT
};

impl Payload for FileIo {
    fn class() -> &'static Type {
        &FILE_IO
    }
}

impl FileIo {
    fn closed() -> FileIo {
        FileIo {
            fd: Cell::new(-1),
            creating: Cell::new(false),
            readable: Cell::new(false),
            writable: Cell::new(false),
            appending: Cell::new(false),
            seekable: Cell::new(None),
            close_fd: Cell::new(true),
            finalizing: Cell::new(false),
            block_size: Cell::new(super::DEFAULT_BUFFER_SIZE as i64),
            size: Cell::new(None),
            is_character_device: Cell::new(false),
        }
    }

    fn mode(&self) -> &'static str {
        match (self.creating.get(), self.appending.get(), self.readable.get(), self.writable.get()) {
            (true, _, true, _) => "xb+",
            (true, ..) => "xb",
            (_, true, true, _) => "ab+",
            (_, true, ..) => "ab",
            (_, _, true, true) => "rb+",
            (_, _, true, false) => "rb",
            _ => "wb",
        }
    }

    /// The descriptor; `ValueError` if the file is closed.
    fn open_fd(&self, vm: &mut Vm) -> PyResult<i32> {
        match self.fd.get() {
            fd if fd < 0 => Err(vm.value_error("I/O operation on closed file")),
            fd => Ok(fd),
        }
    }

    pub fn is_closed(&self) -> bool {
        self.fd.get() < 0
    }

    fn readable_fd(&self, vm: &mut Vm) -> PyResult<i32> {
        let fd = self.open_fd(vm)?;
        if self.readable.get() { Ok(fd) } else { Err(unsupported(vm, "File not open for reading")) }
    }

    fn writable_fd(&self, vm: &mut Vm) -> PyResult<i32> {
        let fd = self.open_fd(vm)?;
        if self.writable.get() { Ok(fd) } else { Err(unsupported(vm, "File not open for writing")) }
    }
}

fn file_of<'a>(this: Ref<'a>) -> &'a FileIo {
    this.downcast::<FileIo>().expect("the method belongs to the type").get()
}

fn new(vm: &mut Vm, class: RefOf<'_, Type>, _args: Args<'_>) -> PyResult {
    Ok(vm.allocate_in(class.get(), FileIo::closed()))
}

/// A new `FileIO`, as `open` makes it.
pub fn open(vm: &mut Vm, path: Ref<'_>, mode: &str, close_fd: bool, opener: Option<Ref<'_>>) -> PyResult {
    let file = vm.allocate(FileIo::closed()).into_object();
    initialize(vm, file.borrow(), path, mode, close_fd, opener)?;
    Ok(file)
}

fn init(vm: &mut Vm, this: Ref<'_>, args: Args<'_>) -> PyResult<()> {
    let mut bound = [None, None, None, None];
    object::call::bind_args(vm, "FileIO", "(file, mode='r', closefd=True, opener=None)", args, &mut bound)?;
    let [file, mode, close_fd, opener] = bound;
    let mode = match &mode {
        Some(mode) => match mode.borrow().downcast::<Str>() {
            Some(text) => match text.to_utf8() {
                Some(text) if text.contains('\0') => return Err(vm.value_error("embedded null character")),
                Some(text) => text.into_owned(),
                None => return Err(surrogate_error(vm, text.get(), 0)),
            },
            None => return Err(vm.type_error(format!("FileIO() argument 'mode' must be str, not {}", mode.borrow().class().full_name()))),
        },
        None => "r".to_owned(),
    };
    let close_fd = truth(vm, close_fd.as_ref().map(Object::borrow), true)?;
    let file = file.unwrap_or(Object::none());
    initialize(vm, this, file.borrow(), &mode, close_fd, opener.as_ref().map(Object::borrow).filter(|opener| !opener.is_none()))
}

/// Sets the flags a mode asks for; returns those of the system call.
fn apply_mode(vm: &mut Vm, file: &FileIo, mode: &str) -> PyResult<i32> {
    let (mut main, mut plus, mut flags) = (false, false, 0);
    for letter in mode.chars() {
        match letter {
            'x' | 'r' | 'w' | 'a' if main => return Err(bad_mode(vm)),
            'x' => {
                file.creating.set(true);
                file.writable.set(true);
                flags |= libc::O_EXCL | libc::O_CREAT;
                main = true;
            }
            'r' => {
                file.readable.set(true);
                main = true;
            }
            'w' => {
                file.writable.set(true);
                flags |= libc::O_CREAT | libc::O_TRUNC;
                main = true;
            }
            'a' => {
                file.writable.set(true);
                file.appending.set(true);
                flags |= libc::O_APPEND | libc::O_CREAT;
                main = true;
            }
            'b' => {}
            '+' if plus => return Err(bad_mode(vm)),
            '+' => plus = true,
            _ => return Err(vm.value_error(format!("invalid mode: {mode}"))),
        }
    }
    if !main {
        return Err(bad_mode(vm));
    }
    if plus {
        file.readable.set(true);
        file.writable.set(true);
    }
    Ok(flags
        | libc::O_CLOEXEC
        | match (file.readable.get(), file.writable.get()) {
            (true, true) => libc::O_RDWR,
            (true, false) => libc::O_RDONLY,
            _ => libc::O_WRONLY,
        })
}

fn bad_mode(vm: &mut Vm) -> object::Raised {
    vm.value_error("Must have exactly one of create/read/write/append mode and at most one plus")
}

fn initialize(vm: &mut Vm, this: Ref<'_>, name: Ref<'_>, mode: &str, close_fd: bool, opener: Option<Ref<'_>>) -> PyResult<()> {
    let file = file_of(this);
    if file.fd.get() >= 0 {
        if file.close_fd.get() {
            internal_close(vm, file)?;
        } else {
            file.fd.set(-1);
        }
    }
    for flag in [&file.creating, &file.readable, &file.writable, &file.appending] {
        flag.set(false);
    }
    file.seekable.set(None);
    file.close_fd.set(close_fd);
    let given = if name.class().slots().index.is_some() && name.downcast::<Str>().is_none() {
        if name.as_bool().is_some() {
            vm.warn(&exception::RUNTIME_WARNING, "bool is used as a file descriptor", 1)?;
        }
        // A number that is no descriptor is taken for a path, and refused as such.
        let number = vm.to_i32(name);
        let number = vm.ignore(number, &exception::EXCEPTION)?;
        if number.is_some_and(|fd| fd < 0) {
            return Err(vm.value_error("negative file descriptor"));
        }
        number
    } else {
        None
    };
    let path = match given {
        Some(_) => None,
        None => {
            let path = fspath(vm, name)?;
            let text = match path.borrow().downcast::<Str>() {
                Some(text) => fs_encode(vm, text.get())?,
                None => object::bytes::as_bytes(path.borrow()).unwrap_or_default().to_vec(),
            };
            match std::ffi::CString::new(text) {
                Ok(text) => Some(text),
                Err(_) if path.borrow().downcast::<Str>().is_some() => return Err(vm.value_error("embedded null character")),
                Err(_) => return Err(vm.value_error("embedded null byte")),
            }
        }
    };
    let flags = apply_mode(vm, file, mode)?;
    match (given, path) {
        (Some(fd), _) => file.fd.set(fd),
        (None, _) if !close_fd => return Err(vm.value_error("Cannot use file name with closefd=False")),
        (None, Some(path)) => {
            let fd = match opener {
                Some(opener) => open_by(vm, opener, name, flags)?,
                None => {
                    let result = retry(vm, || crate::library_files::open(libc::AT_FDCWD, &path, flags, 0o666))?;
                    result.map_err(|code| os_error(vm, code, Some(name)))?
                }
            };
            file.fd.set(fd);
        }
        (None, None) => {}
    }
    let own = given.is_none();
    if let Err(raised) = after_open(vm, this, file, name, own) {
        if !own {
            file.fd.set(-1);
        } else {
            let error = vm.catch(raised);
            let fd = file.fd.replace(-1);
            // The descriptor was ours; whether closing it works does not matter now.
            let _ = sys::close(fd);
            return Err(vm.reraise(error));
        }
        return Err(raised);
    }
    Ok(())
}

/// Asks a Python function to open the file.
fn open_by(vm: &mut Vm, opener: Ref<'_>, name: Ref<'_>, flags: i32) -> PyResult<i32> {
    let result = vm.call(opener, &[name, Object::small_int(i64::from(flags)).borrow()])?;
    if !object::int::is_int(result.borrow()) {
        return Err(vm.type_error("expected integer from opener"));
    }
    let fd = vm.to_i32(result.borrow())?;
    if fd < 0 {
        return Err(vm.value_error(format!("opener returned {fd}")));
    }
    checked(vm, sys::set_inheritable(fd, false))?;
    Ok(fd)
}

fn after_open(vm: &mut Vm, this: Ref<'_>, file: &FileIo, name: Ref<'_>, _own: bool) -> PyResult<()> {
    let fd = file.fd.get();
    file.size.set(None);
    match sys::fstat(fd) {
        Ok(stat) => {
            let kind = stat.st_mode & libc::S_IFMT;
            if kind == libc::S_IFDIR {
                return Err(os_error(vm, libc::EISDIR, Some(name)));
            }
            file.is_character_device.set(kind == libc::S_IFCHR);
            if stat.st_blksize > 1 {
                file.block_size.set(stat.st_blksize);
            }
            if kind == libc::S_IFREG {
                file.size.set(Some(stat.st_size as u64));
            }
        }
        Err(libc::EBADF) => return Err(os_error(vm, libc::EBADF, None)),
        // Nothing is known of the file, and it may work all the same.
        Err(_) => file.is_character_device.set(true),
    }
    vm.set_attr_str(this, "name", name)?;
    if file.appending.get() {
        match sys::lseek(fd, 0, libc::SEEK_END) {
            Ok(_) | Err(libc::ESPIPE) => {}
            Err(code) => return Err(os_error(vm, code, None)),
        }
    }
    Ok(())
}

fn internal_close(vm: &mut Vm, file: &FileIo) -> PyResult<()> {
    let fd = file.fd.replace(-1);
    if fd < 0 {
        return Ok(());
    }
    match vm.allow_threads(|| sys::close(fd)) {
        Err(code) if code != libc::EINTR => Err(os_error(vm, code, None)),
        _ => Ok(()),
    }
}

/// Whether the stream, as `open` has just made it, is a terminal.
pub fn is_tty(vm: &mut Vm, raw: Ref<'_>) -> PyResult<bool> {
    let file = file_of(raw);
    let _ = vm;
    Ok(file.is_character_device.get() && sys::isatty(file.fd.get()) == 1)
}

/// The size of buffer that suits the file.
pub fn preferred_buffer_size(raw: Ref<'_>) -> usize {
    let block = usize::try_from(file_of(raw).block_size.get()).unwrap_or(0);
    block.clamp(super::DEFAULT_BUFFER_SIZE, 8 << 20)
}

fn repr(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let file = file_of(this);
    let class = this.class().full_name().to_owned();
    if file.fd.get() < 0 {
        return Ok(vm.new_str(&format!("<{class} [closed]>")).into_object());
    }
    let close_fd = if file.close_fd.get() { "True" } else { "False" };
    let name = vm.find_attr_str(this, "name")?;
    let text = match name {
        None => format!("<{class} fd={} mode='{}' closefd={close_fd}>", file.fd.get(), file.mode()),
        Some(name) => {
            if !vm.enter_repr(this) {
                return Err(vm.runtime_error(format!("reentrant call inside {class}.__repr__")));
            }
            let name = vm.repr_text(name.borrow());
            vm.leave_repr(this);
            format!("<{class} name={} mode='{}' closefd={close_fd}>", name?, file.mode())
        }
    };
    Ok(vm.new_str(&text).into_object())
}

/// The outcome of a read or write on a descriptor that may be non-blocking: `None`: it would block.
fn unless_blocking<T>(vm: &mut Vm, result: SysResult<T>) -> PyResult<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(libc::EAGAIN) => Ok(None),
        Err(code) => Err(os_error(vm, code, None)),
    }
}

/// The most that is asked of one system call.
const LARGEST_CALL: usize = 0x7fff_f000;

/// Reads into memory that is held, for the buffered reader. `None`: it would block.
pub fn read_memory(vm: &mut Vm, file: &FileIo, memory: Memory) -> PyResult<Option<usize>> {
    let fd = file.readable_fd(vm)?;
    let memory = memory.limit(LARGEST_CALL);
    let result = retry(vm, || sys::read(fd, memory))?;
    unless_blocking(vm, result)
}

/// Writes memory that is held, for the buffered writer. `None`: it would block.
pub fn write_memory(vm: &mut Vm, file: &FileIo, memory: Memory) -> PyResult<Option<usize>> {
    let fd = file.writable_fd(vm)?;
    let memory = memory.limit(LARGEST_CALL);
    let result = retry(vm, || sys::write(fd, memory))?;
    unless_blocking(vm, result)
}

/// The position, for the buffered streams.
pub fn seek_to(vm: &mut Vm, file: &FileIo, position: i64, whence: i32) -> PyResult<i64> {
    let fd = file.open_fd(vm)?;
    let result = vm.allow_threads(|| sys::lseek(fd, position, whence));
    if file.seekable.get().is_none() {
        file.seekable.set(Some(result.is_ok()));
    }
    checked(vm, result)
}

fn bytes_or_none(vm: &Vm, data: Option<Vec<u8>>) -> Object {
    data.map_or(Object::none(), |data| vm.new_bytes(&data).into_object())
}

fn read(vm: &mut Vm, this: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let file = file_of(this);
    let fd = file.readable_fd(vm)?;
    match base::size_argument(vm, args[0])? {
        None => readall(vm, this),
        Some(size) => {
            let size = size.min(LARGEST_CALL);
            let result = retry(vm, || sys::read_vec(fd, size))?;
            let data = unless_blocking(vm, result)?;
            Ok(bytes_or_none(vm, data))
        }
    }
}

/// All that is left in the file; `None`: reading it would block.
pub fn read_rest(vm: &mut Vm, file: &FileIo) -> PyResult<Option<Vec<u8>>> {
    let fd = file.readable_fd(vm)?;
    let position = sys::lseek(fd, 0, libc::SEEK_CUR).unwrap_or(0);
    let left = match file.size.get() {
        Some(size) => size.saturating_sub(position as u64) as usize,
        None => 0,
    };
    // One byte more, so that the end is seen without growing.
    let mut data: Vec<u8> = Vec::new();
    if data.try_reserve((left + 1).max(8192)).is_err() {
        return Err(vm.memory_error());
    }
    loop {
        if data.capacity() == data.len() {
            let more = data.len().max(8192);
            if data.try_reserve(more).is_err() {
                return Err(vm.memory_error());
            }
        }
        let before = data.len();
        data.resize(data.capacity().min(before + LARGEST_CALL), 0);
        let memory = Memory::of_slice_mut(&mut data[before..]);
        let result = retry(vm, || sys::read(fd, memory))?;
        let n = unless_blocking(vm, result)?;
        data.truncate(before + n.unwrap_or(0));
        match n {
            None if before == 0 => return Ok(None),
            None | Some(0) => return Ok(Some(data)),
            Some(_) => {}
        }
    }
}

fn readall(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let data = read_rest(vm, file_of(this))?;
    Ok(bytes_or_none(vm, data))
}

fn count_or_none(count: Option<usize>) -> Object {
    count.map_or(Object::none(), |count| Object::small_int(count as i64))
}

fn readinto(vm: &mut Vm, this: Ref<'_>, buffer: Ref<'_>) -> PyResult {
    let file = file_of(this);
    file.readable_fd(vm)?;
    let buffer = vm.buffer_mut(buffer)?;
    let n = read_memory(vm, file, Memory::of(&buffer))?;
    Ok(count_or_none(n))
}

fn write(vm: &mut Vm, this: Ref<'_>, data: Ref<'_>) -> PyResult {
    let file = file_of(this);
    file.writable_fd(vm)?;
    let buffer = vm.buffer(data)?;
    let n = write_memory(vm, file, Memory::of(&buffer))?;
    Ok(count_or_none(n))
}

/// A position argument; floats have a message of their own.
fn position_argument(vm: &mut Vm, value: Ref<'_>) -> PyResult<i64> {
    if object::float::value(value).is_some() {
        return Err(vm.type_error("an integer is required"));
    }
    vm.to_i64(value)
}

fn seek(vm: &mut Vm, this: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let file = file_of(this);
    file.open_fd(vm)?;
    let position = position_argument(vm, arg(args, 0))?;
    let whence = int_or(vm, args[1], 0)?;
    let position = seek_to(vm, file, position, whence)?;
    Ok(vm.new_int(position))
}

fn tell(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let position = seek_to(vm, file_of(this), 0, libc::SEEK_CUR)?;
    Ok(vm.new_int(position))
}

fn truncate(vm: &mut Vm, this: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let file = file_of(this);
    let fd = file.writable_fd(vm)?;
    let size = match optional(args, 0) {
        Some(size) => position_argument(vm, size)?,
        None => seek_to(vm, file, 0, libc::SEEK_CUR)?,
    };
    let result = retry(vm, || sys::ftruncate(fd, size))?;
    checked(vm, result)?;
    file.size.set(None);
    Ok(vm.new_int(size))
}

fn close(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let file = file_of(this);
    let result = base::close(vm, this);
    if !file.close_fd.get() {
        file.fd.set(-1);
        return result;
    }
    let pending = match result {
        Ok(_) => None,
        Err(raised) => Some(vm.catch(raised)),
    };
    if file.finalizing.get() {
        warn_unclosed(vm, file, this);
    }
    let closed = internal_close(vm, file);
    match (pending, closed) {
        (None, Ok(())) => Ok(Object::none()),
        (None, Err(raised)) => Err(raised),
        (Some(error), Ok(())) => Err(vm.reraise(error)),
        (Some(error), Err(raised)) => {
            let second = vm.catch(raised);
            vm.set_attr_str(second.borrow(), "__context__", error.borrow())?;
            Err(vm.reraise(second))
        }
    }
}

fn warn_unclosed(vm: &mut Vm, file: &FileIo, source: Ref<'_>) {
    if file.fd.get() < 0 || !file.close_fd.get() {
        return;
    }
    let result = vm.repr_text(source).and_then(|text| vm.warn(&exception::RESOURCE_WARNING, &format!("unclosed file {text}"), 1));
    if let Err(raised) = result {
        match vm.catch_if(raised, &exception::WARNING) {
            Ok(error) => {
                let raised = vm.reraise(error);
                vm.write_unraisable(raised, "Exception ignored in", Some(source));
            }
            Err(raised) => {
                vm.catch(raised);
            }
        }
    }
}

fn dealloc_warn(vm: &mut Vm, this: Ref<'_>, source: Ref<'_>) -> PyResult {
    warn_unclosed(vm, file_of(this), source);
    Ok(Object::none())
}

fn seekable(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    Ok(Object::bool(is_seekable(vm, file_of(this))?))
}

/// Whether the file has a position, asked of the system once.
pub fn is_seekable(vm: &mut Vm, file: &FileIo) -> PyResult<bool> {
    let fd = file.open_fd(vm)?;
    if let Some(known) = file.seekable.get() {
        return Ok(known);
    }
    let seekable = vm.allow_threads(|| sys::lseek(fd, 0, libc::SEEK_CUR)).is_ok();
    file.seekable.set(Some(seekable));
    Ok(seekable)
}

fn readable(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let file = file_of(this);
    file.open_fd(vm)?;
    Ok(Object::bool(file.readable.get()))
}

fn writable(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let file = file_of(this);
    file.open_fd(vm)?;
    Ok(Object::bool(file.writable.get()))
}

fn fileno(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let fd = file_of(this).open_fd(vm)?;
    Ok(Object::small_int(i64::from(fd)))
}

fn isatty(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let fd = file_of(this).open_fd(vm)?;
    let result = vm.allow_threads(|| sys::isatty(fd));
    Ok(Object::bool(result == 1))
}

fn isatty_open_only(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    if !file_of(this).is_character_device.get() {
        return Ok(Object::bool(false));
    }
    isatty(vm, this)
}

/// `__getstate__` of streams that cannot be pickled.
pub fn getstate(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    Err(vm.type_error(format!("cannot pickle '{}' instances", this.class().full_name())))
}
