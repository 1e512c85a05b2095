//! `mmap`: files and memory mapped into the process.

mod sys;

use crate::os_support::*;
use object::bytes::Buffer;
use object::call::Args;
use object::exception;
use object::method;
use object::native::{Module, PayloadInfo, flag};
use object::singleton::ModuleObject;
use object::{Getset, Object, Payload, PyResult, Ref, RefOf, Slots, Type, TypeSpec, Vm};
use std::cell::Cell;
use sys::Mapping;

/// `mmap`
pub static MODULE: Module = Module { name: "mmap", types: &[&MMAP], init: Some(init), ..Module::DEFAULT };

macro_rules! constants {
    ($($name:ident),* $(,)?) => { &[$((stringify!($name), libc::$name as i64)),*] };
}

static CONSTANTS: &[(&str, i64)] = constants![
    PROT_EXEC,
    PROT_READ,
    PROT_WRITE,
    MAP_SHARED,
    MAP_PRIVATE,
    MAP_DENYWRITE,
    MAP_EXECUTABLE,
    MAP_ANON,
    MAP_ANONYMOUS,
    MAP_POPULATE,
    MAP_STACK,
    MAP_NORESERVE,
    MAP_32BIT,
    MADV_NORMAL,
    MADV_RANDOM,
    MADV_SEQUENTIAL,
    MADV_WILLNEED,
    MADV_DONTNEED,
    MADV_REMOVE,
    MADV_DONTFORK,
    MADV_DOFORK,
    MADV_HWPOISON,
    MADV_MERGEABLE,
    MADV_UNMERGEABLE,
    MADV_HUGEPAGE,
    MADV_NOHUGEPAGE,
    MADV_DONTDUMP,
    MADV_DODUMP,
    MADV_FREE,
];

const ACCESS_DEFAULT: i32 = 0;
const ACCESS_READ: i32 = 1;
const ACCESS_WRITE: i32 = 2;
const ACCESS_COPY: i32 = 3;

fn page_size() -> i64 {
    crate::sys::sysconf(libc::_SC_PAGESIZE).unwrap_or(4096)
}

fn init(vm: &mut Vm, module: RefOf<'_, ModuleObject>) -> PyResult<()> {
    add_constants(vm, module, CONSTANTS);
    let access = [("ACCESS_DEFAULT", ACCESS_DEFAULT), ("ACCESS_READ", ACCESS_READ), ("ACCESS_WRITE", ACCESS_WRITE), ("ACCESS_COPY", ACCESS_COPY)];
    add_constants(vm, module, &access.map(|(name, value)| (name, i64::from(value))));
    add_constants(vm, module, &[("PAGESIZE", page_size()), ("ALLOCATIONGRANULARITY", page_size())]);
    module.set(vm, "error", exception::OS_ERROR.to_object());
    Ok(())
}

/// The payload of a `mmap`.
pub struct Mmap {
    mapping: Mapping,
    position: Cell<usize>,
    /// A descriptor of our own, or -1 for memory without a file.
    fd: i32,
    /// Whether `size` and `resize` may use the descriptor.
    tracks_fd: bool,
    /// Whether changes are seen by other processes.
    is_shared: bool,
    offset: i64,
    access: i32,
    exports: Cell<usize>,
}

impl Drop for Mmap {
    fn drop(&mut self) {
        if self.fd >= 0 {
            // Nobody is left to hear of a failure.
            let _ = crate::sys::close(self.fd);
        }
    }
}

/// `mmap.mmap`
pub static MMAP: Type = Type::new(&MMAP_SPEC);
static MMAP_SPEC: TypeSpec = TypeSpec {
    name: "mmap.mmap",
    doc: "Maps length bytes from the file specified by the file descriptor fileno,\nand returns a mmap object.",
    flags: flag::BASE_TYPE | flag::WEAK_REFERENCES,
    payload: PayloadInfo::leaf::<Mmap>(),
    slots: Slots {
        new: Some(new),
        repr: Some(repr),
        len: Some(len),
        getitem: Some(getitem),
        setitem: Some(setitem),
        buffer: Some(buffer),
        ..Slots::NONE
    },
    methods: &[
        method!(Unary close "($self, /)", ""),
        method!(Bound find "($self, view, start=None, end=None, /)", ""),
        method!(Bound rfind "($self, view, start=None, end=None, /)", ""),
        method!(Bound flush "($self, offset=0, size=None, /)", ""),
        method!(Bound madvise "($self, option, start=0, length=None, /)", ""),
        method!(Bound move_bytes as "move" "($self, dest, src, count, /)", ""),
        method!(Bound read "($self, n=None, /)", ""),
        method!(Unary read_byte "($self, /)", ""),
        method!(Unary readline "($self, /)", ""),
        method!(Bound resize "($self, newsize, /)", ""),
        method!(Bound seek "($self, pos, whence=0, /)", ""),
        method!(Unary seekable "($self, /)", ""),
        method!(Unary size "($self, /)", ""),
        method!(Unary tell "($self, /)", ""),
        method!(Binary write "($self, bytes, /)", ""),
        method!(Binary write_byte "($self, byte, /)", ""),
        method!(Unary enter as "__enter__" "($self, /)", ""),
        method!(Many exit as "__exit__" "($self, exc_type, exc_value, traceback, /)", ""),
    ],
    getsets: &[Getset::readonly("closed", "", |_, this| Ok(Object::bool(!mmap_of(this).mapping.is_open())))],
    ..TypeSpec::DEFAULT
};

impl Payload for Mmap {
    fn class() -> &'static Type {
        &MMAP
    }
}

fn mmap_of<'a>(this: Ref<'a>) -> &'a Mmap {
    this.downcast::<Mmap>().expect("the method belongs to the type").get()
}

fn open_map<'a>(vm: &mut Vm, this: Ref<'a>) -> PyResult<&'a Mmap> {
    let map = mmap_of(this);
    if map.mapping.is_open() { Ok(map) } else { Err(vm.value_error("mmap closed or invalid")) }
}

fn writable_map<'a>(vm: &mut Vm, this: Ref<'a>) -> PyResult<&'a Mmap> {
    let map = open_map(vm, this)?;
    if map.access == ACCESS_READ { Err(vm.type_error("mmap can't modify a readonly memory map.")) } else { Ok(map) }
}

/// What the access argument means: protection, flags, access.
fn access_flags(vm: &mut Vm, access: i32, protection: i32, flags: i32, explicit: bool) -> PyResult<(i32, i32, i32)> {
    if access != ACCESS_DEFAULT && explicit {
        return Err(vm.value_error("mmap can't specify both access and flags, prot."));
    }
    match access {
        ACCESS_READ => Ok((libc::PROT_READ, libc::MAP_SHARED, access)),
        ACCESS_WRITE => Ok((libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED, access)),
        ACCESS_COPY => Ok((libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE, access)),
        ACCESS_DEFAULT => {
            let access = if protection & libc::PROT_WRITE != 0 { ACCESS_WRITE } else { ACCESS_READ };
            Ok((protection, flags, if protection & libc::PROT_READ != 0 && protection & libc::PROT_WRITE != 0 { ACCESS_DEFAULT } else { access }))
        }
        _ => Err(vm.value_error("mmap invalid access parameter.")),
    }
}

fn new(vm: &mut Vm, class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    let mut bound = [const { None }; 7];
    object::call::bind_args(
        vm,
        "mmap",
        "(fileno, length, flags=MAP_SHARED, prot=PROT_WRITE|PROT_READ, access=ACCESS_DEFAULT, offset=0, *, trackfd=True)",
        args,
        &mut bound,
    )?;
    let given = |index: usize| bound[index].as_ref().map(Object::borrow);
    let fd = int_or(vm, given(0), -1)?;
    let length = given(1).map_or(Ok(0), |length| vm.index_isize(length))?;
    let flags = int_or(vm, given(2), libc::MAP_SHARED)?;
    let protection = int_or(vm, given(3), libc::PROT_READ | libc::PROT_WRITE)?;
    let access = int_or(vm, given(4), ACCESS_DEFAULT)?;
    let offset = given(5).map_or(Ok(0), |offset| vm.to_i64(offset))?;
    let track = truth(vm, given(6), true)?;
    let Ok(mut length) = usize::try_from(length) else { return Err(vm.overflow_error("memory mapped length must be positive")) };
    if offset < 0 {
        return Err(vm.overflow_error("memory mapped offset must be positive"));
    }
    let explicit = given(2).is_some_and(|_| flags != libc::MAP_SHARED) || given(3).is_some_and(|_| protection != libc::PROT_READ | libc::PROT_WRITE);
    let shown = [i64::from(fd), length as i64, i64::from(access), offset].map(Object::small_int);
    crate::sys_module::raise_event(vm, "mmap.__new__", Object::as_refs(&shown))?;
    let (protection, mut flags, access) = access_flags(vm, access, protection, flags, explicit)?;
    if fd == -1 {
        flags |= libc::MAP_ANONYMOUS;
    } else if let Ok(stat) = crate::sys::fstat(fd)
        && stat.st_mode & libc::S_IFMT == libc::S_IFREG
    {
        let size = stat.st_size;
        if length == 0 {
            if size == 0 {
                return Err(vm.value_error("cannot mmap an empty file"));
            }
            if offset >= size {
                return Err(vm.value_error("mmap offset is greater than file size"));
            }
            length = (size - offset) as usize;
        } else if offset > size || size - offset < length as i64 {
            return Err(vm.value_error("mmap length is greater than file size"));
        }
    }
    let own = if fd != -1 && track { checked(vm, crate::sys::fcntl(fd, libc::F_DUPFD_CLOEXEC, 0))? } else { -1 };
    let result = vm.allow_threads(|| Mapping::new(length, protection, flags, fd, offset));
    match result {
        Ok(mapping) => {
            let is_shared = flags & libc::MAP_PRIVATE == 0;
            let map = Mmap { mapping, position: Cell::new(0), fd: own, tracks_fd: track, is_shared, offset, access, exports: Cell::new(0) };
            Ok(vm.allocate_in(class.get(), map))
        }
        Err(code) => {
            if own >= 0 {
                // The descriptor was made for the mapping, which is not there.
                let _ = crate::sys::close(own);
            }
            Err(os_error(vm, code, None))
        }
    }
}

fn repr(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let map = mmap_of(this);
    let name = this.class().full_name();
    let text = if map.mapping.is_open() {
        let access = ["ACCESS_DEFAULT", "ACCESS_READ", "ACCESS_WRITE", "ACCESS_COPY"][map.access as usize & 3];
        format!("<{name} closed=False, access={access}, length={}, pos={}, offset={}>", map.mapping.len(), map.position.get(), map.offset)
    } else {
        format!("<{name} closed=True>")
    };
    Ok(vm.new_str(&text).into_object())
}

fn len(vm: &mut Vm, this: Ref<'_>) -> PyResult<usize> {
    Ok(open_map(vm, this)?.mapping.len())
}

fn buffer(vm: &mut Vm, this: Ref<'_>, writable: bool) -> PyResult<Buffer> {
    let map = open_map(vm, this)?;
    if writable && map.access == ACCESS_READ {
        return Err(vm.raise(&exception::BUFFER_ERROR, "Object is not writable."));
    }
    Ok(sys::export(this, &map.mapping, map.access == ACCESS_READ, &map.exports))
}

fn index_in(vm: &mut Vm, map: &Mmap, key: Ref<'_>) -> PyResult<usize> {
    let index = vm.index_isize(key)?;
    let len = map.mapping.len() as isize;
    let index = if index < 0 { index + len } else { index };
    if !map.mapping.is_open() {
        return Err(vm.value_error("mmap closed or invalid"));
    }
    if (0..len).contains(&index) { Ok(index as usize) } else { Err(vm.index_error("mmap index out of range")) }
}

/// Start, step and number of the items a slice names.
fn slice_of(vm: &mut Vm, map: &Mmap, key: Ref<'_>) -> PyResult<(isize, isize, usize)> {
    let length = vm.new_int(map.mapping.len() as i64);
    let indices = vm.call_method(key, "indices", &[length.borrow()])?;
    let parts = vm.collect(indices.borrow())?;
    let mut numbers = [0isize; 3];
    for (number, part) in numbers.iter_mut().zip(&parts) {
        *number = vm.index_isize(part.borrow())?;
    }
    let [start, stop, step] = numbers;
    let count = if step > 0 {
        (stop - start).max(0).cast_unsigned().div_ceil(step.unsigned_abs())
    } else {
        (start - stop).max(0).cast_unsigned().div_ceil(step.unsigned_abs())
    };
    if !map.mapping.is_open() {
        return Err(vm.value_error("mmap closed or invalid"));
    }
    Ok((start, step, count))
}

fn is_slice(key: Ref<'_>) -> bool {
    key.class().name() == "slice"
}

fn getitem(vm: &mut Vm, this: Ref<'_>, key: Ref<'_>) -> PyResult {
    let map = open_map(vm, this)?;
    if key.class().slots().index.is_some() {
        let index = index_in(vm, map, key)?;
        return Ok(Object::small_int(i64::from(map.mapping.bytes()[index])));
    }
    if !is_slice(key) {
        return Err(vm.type_error("mmap indices must be integers"));
    }
    let (start, step, count) = slice_of(vm, map, key)?;
    let bytes = map.mapping.bytes();
    let data: Vec<u8> = (0..count as isize).filter_map(|index| bytes.get((start + index * step) as usize).copied()).collect();
    Ok(vm.new_bytes(&data).into_object())
}

fn setitem(vm: &mut Vm, this: Ref<'_>, key: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    let map = writable_map(vm, this)?;
    let Some(value) = value else {
        let what = if is_slice(key) { "mmap object doesn't support slice deletion" } else { "mmap object doesn't support item deletion" };
        return Err(vm.type_error(what));
    };
    if key.class().slots().index.is_some() {
        let index = index_in(vm, map, key)?;
        if value.class().slots().index.is_none() {
            return Err(vm.type_error("mmap item value must be an int"));
        }
        let number = vm.index_isize(value)?;
        let Ok(byte) = u8::try_from(number) else { return Err(vm.value_error("mmap item value must be in range(0, 256)")) };
        // Converting the value may have run Python that made the mapping smaller.
        let map = writable_map(vm, this)?;
        if index >= map.mapping.len() {
            return Err(vm.index_error("mmap index out of range"));
        }
        map.mapping.write(index, &[byte]);
        return Ok(());
    }
    if !is_slice(key) {
        return Err(vm.type_error("mmap indices must be integers"));
    }
    let data = vm.buffer(value)?;
    let data = data.bytes(vm).to_vec();
    let (start, step, count) = slice_of(vm, map, key)?;
    if data.len() != count {
        return Err(vm.index_error("mmap slice assignment is wrong size"));
    }
    for (index, &byte) in data.iter().enumerate() {
        map.mapping.write((start + index as isize * step) as usize, &[byte]);
    }
    Ok(())
}

fn close(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let map = mmap_of(this);
    if map.exports.get() > 0 {
        return Err(vm.raise(&exception::BUFFER_ERROR, "cannot close exported pointers exist"));
    }
    map.mapping.close();
    Ok(Object::none())
}

fn take(vm: &Vm, map: &Mmap, n: usize) -> Object {
    let start = map.position.get().min(map.mapping.len());
    let end = start.saturating_add(n).min(map.mapping.len());
    map.position.set(end);
    vm.new_bytes(&map.mapping.bytes()[start..end]).into_object()
}

fn read(vm: &mut Vm, this: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let n = match optional(args, 0) {
        Some(n) if n.class().slots().index.is_none() => {
            return Err(vm.type_error(format!("argument should be integer or None, not '{}'", n.class().full_name())));
        }
        Some(n) => usize::try_from(vm.index_isize(n)?).unwrap_or(usize::MAX),
        None => usize::MAX,
    };
    let map = open_map(vm, this)?;
    Ok(take(vm, map, n))
}

fn read_byte(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let map = open_map(vm, this)?;
    let position = map.position.get();
    match map.mapping.bytes().get(position) {
        Some(&byte) => {
            map.position.set(position + 1);
            Ok(Object::small_int(i64::from(byte)))
        }
        None => Err(vm.value_error("read byte out of range")),
    }
}

fn readline(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let map = open_map(vm, this)?;
    let rest = map.mapping.bytes().get(map.position.get()..).unwrap_or(&[]);
    let n = memchr::memchr(b'\n', rest).map_or(rest.len(), |end| end + 1);
    Ok(take(vm, map, n))
}

fn write(vm: &mut Vm, this: Ref<'_>, data: Ref<'_>) -> PyResult {
    let data = vm.buffer(data)?;
    let data = data.bytes(vm).to_vec();
    let map = open_map(vm, this)?;
    let position = map.position.get();
    if position > map.mapping.len() || map.mapping.len() - position < data.len() {
        return Err(vm.value_error("data out of range"));
    }
    let map = writable_map(vm, this)?;
    map.mapping.write(position, &data);
    map.position.set(position + data.len());
    Ok(Object::small_int(data.len() as i64))
}

fn write_byte(vm: &mut Vm, this: Ref<'_>, byte: Ref<'_>) -> PyResult {
    let number = vm.to_i64(byte)?;
    let Ok(byte) = u8::try_from(number) else {
        return Err(vm.overflow_error(if number < 0 {
            "unsigned byte integer is less than minimum"
        } else {
            "unsigned byte integer is greater than maximum"
        }));
    };
    let map = writable_map(vm, this)?;
    let position = map.position.get();
    if position >= map.mapping.len() {
        return Err(vm.value_error("write byte out of range"));
    }
    map.mapping.write(position, &[byte]);
    map.position.set(position + 1);
    Ok(Object::none())
}

fn find_with(vm: &mut Vm, this: Ref<'_>, args: Arguments<'_, '_>, backwards: bool) -> PyResult {
    let wanted = vm.buffer(arg(args, 0))?;
    let wanted = wanted.bytes(vm).to_vec();
    let start = optional(args, 1).map(|start| vm.index_clamped(start)).transpose()?;
    let end = optional(args, 2).map(|end| vm.index_clamped(end)).transpose()?;
    let map = open_map(vm, this)?;
    let len = map.mapping.len() as isize;
    let clamp = |index: isize| if index < 0 { (index + len).max(0) } else { index.min(len) };
    let start = start.map_or(map.position.get() as isize, clamp) as usize;
    let end = end.map_or(len, clamp) as usize;
    let found = match map.mapping.bytes().get(start..end) {
        Some(part) if backwards => memchr::memmem::rfind(part, &wanted),
        Some(part) => memchr::memmem::find(part, &wanted),
        None => None,
    };
    Ok(vm.new_int(found.map_or(-1, |found| (start + found) as i64)))
}

fn find(vm: &mut Vm, this: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    find_with(vm, this, args, false)
}

fn rfind(vm: &mut Vm, this: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    find_with(vm, this, args, true)
}

fn flush(vm: &mut Vm, this: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let offset = args[0].map_or(Ok(0), |offset| vm.index_isize(offset))?;
    let size = optional(args, 1).map(|size| vm.index_isize(size)).transpose()?;
    let map = open_map(vm, this)?;
    let len = map.mapping.len() as isize;
    let size = size.unwrap_or(len);
    if offset < 0 || size < 0 || len - offset < size {
        return Err(vm.value_error("flush values out of range"));
    }
    if map.access == ACCESS_READ || map.access == ACCESS_COPY {
        return Ok(Object::none());
    }
    let (start, n) = (offset as usize, size as usize);
    let result = map.mapping.flush(start, n);
    checked(vm, result)?;
    Ok(Object::none())
}

fn madvise(vm: &mut Vm, this: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let option = vm.to_i32(arg(args, 0))?;
    let start = args[1].map_or(Ok(0), |start| vm.index_isize(start))?;
    let length = optional(args, 2).map(|length| vm.index_isize(length)).transpose()?;
    let map = open_map(vm, this)?;
    let len = map.mapping.len();
    let Some(start) = usize::try_from(start).ok().filter(|&start| start < len) else {
        return Err(vm.value_error("madvise start out of bounds"));
    };
    let Ok(length) = usize::try_from(length.unwrap_or(len as isize)) else { return Err(vm.value_error("madvise length invalid")) };
    if isize::try_from(start.saturating_add(length)).is_err() {
        return Err(vm.overflow_error("madvise length too large"));
    }
    checked(vm, map.mapping.advise(start, length.min(len - start), option))?;
    Ok(Object::none())
}

fn move_bytes(vm: &mut Vm, this: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let mut numbers = [0isize; 3];
    for (index, number) in numbers.iter_mut().enumerate() {
        *number = vm.index_isize(arg(args, index))?;
    }
    let map = writable_map(vm, this)?;
    let len = map.mapping.len();
    let [Ok(to), Ok(from), Ok(count)] = numbers.map(usize::try_from) else {
        return Err(vm.value_error("source, destination, or count out of range"));
    };
    if len < to || len - to < count || len < from || len - from < count {
        return Err(vm.value_error("source, destination, or count out of range"));
    }
    let data = map.mapping.bytes()[from..from + count].to_vec();
    map.mapping.write(to, &data);
    Ok(Object::none())
}

fn resize(vm: &mut Vm, this: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let size = vm.index_isize(arg(args, 0))?;
    let map = open_map(vm, this)?;
    if map.exports.get() > 0 {
        return Err(vm.raise(&exception::BUFFER_ERROR, "mmap can't resize with extant buffers exported."));
    }
    if !map.tracks_fd {
        return Err(vm.value_error("mmap can't resize with trackfd=False."));
    }
    if map.access == ACCESS_READ || map.access == ACCESS_COPY {
        return Err(vm.type_error("mmap can't resize a readonly or copy-on-write memory map."));
    }
    let Ok(size) = usize::try_from(size) else { return Err(vm.value_error("new size out of range")) };
    if map.fd < 0 && map.is_shared && size > map.mapping.len() {
        return Err(vm.value_error("mmap: can't expand a shared anonymous mapping"));
    }
    if map.fd >= 0 {
        checked(vm, crate::sys::ftruncate(map.fd, map.offset + size as i64))?;
    }
    checked(vm, map.mapping.resize(size))?;
    Ok(Object::none())
}

fn seek(vm: &mut Vm, this: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let distance = vm.index_isize(arg(args, 0))?;
    let whence = int_or(vm, args[1], 0)?;
    let map = open_map(vm, this)?;
    let origin = match whence {
        0 => 0,
        1 => map.position.get() as isize,
        2 => map.mapping.len() as isize,
        _ => return Err(vm.value_error("unknown seek type")),
    };
    match origin.checked_add(distance).map(usize::try_from) {
        Some(Ok(position)) if position <= map.mapping.len() => {
            map.position.set(position);
            Ok(vm.new_int(position as i64))
        }
        _ => Err(vm.value_error("seek out of range")),
    }
}

fn seekable(_vm: &mut Vm, _this: Ref<'_>) -> PyResult {
    Ok(Object::bool(true))
}

fn size(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let map = open_map(vm, this)?;
    if map.fd < 0 {
        return Err(os_error(vm, libc::EBADF, None));
    }
    let stat = checked(vm, crate::sys::fstat(map.fd))?;
    Ok(vm.new_int(stat.st_size))
}

fn tell(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let map = open_map(vm, this)?;
    Ok(vm.new_int(map.position.get() as i64))
}

fn enter(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    open_map(vm, this)?;
    Ok(this.to_owned())
}

fn exit(vm: &mut Vm, this: Ref<'_>, _args: &[Ref<'_>]) -> PyResult {
    vm.call_method(this, "close", &[])
}
