//! What modules that talk to the operating system share: `OSError` of an error number, file system
//! encoding, and the conversion of paths, descriptors and flags as arguments.

use crate::blocking::SysResult;
use object::exception;
use object::int;
use object::singleton::ModuleObject;
use object::str::Str;
use object::{Object, PyResult, Raised, Ref, RefOf, Vm};
use std::ffi::CString;

/// `os.strerror(code)`
pub fn strerror(code: i32) -> String {
    let text = std::io::Error::from_raw_os_error(code).to_string();
    match text.rfind(" (os error ") {
        Some(end) => text[..end].to_owned(),
        None => text,
    }
}

/// Raises the subclass of `OSError` that belongs to the error number.
#[cold]
pub fn os_error(vm: &mut Vm, code: i32, filename: Option<Ref<'_>>) -> Raised {
    os_error_two(vm, code, filename, None)
}

/// As [`os_error`], with the two file names of a call such as `rename`.
#[cold]
pub fn os_error_two(vm: &mut Vm, code: i32, filename: Option<Ref<'_>>, filename2: Option<Ref<'_>>) -> Raised {
    let message = vm.new_str(&strerror(code)).into_object();
    let number = Object::small_int(i64::from(code));
    let mut args = vec![number, message];
    if let Some(filename) = filename {
        args.push(filename.to_owned());
        if let Some(filename2) = filename2 {
            args.push(Object::none());
            args.push(filename2.to_owned());
        }
    }
    match vm.call(exception::OS_ERROR.object(), Object::as_refs(&args)) {
        Ok(error) => vm.raise_object(error),
        Err(raised) => raised,
    }
}

/// Raises `OSError` if a system call failed.
#[inline]
pub fn checked<T>(vm: &mut Vm, result: SysResult<T>) -> PyResult<T> {
    result.map_err(|code| os_error(vm, code, None))
}

/// `None`, or `OSError`.
pub fn done<T>(vm: &mut Vm, result: SysResult<T>) -> PyResult {
    checked(vm, result)?;
    Ok(Object::none())
}

/// The number that a system call gives, or `OSError`.
pub fn number(vm: &mut Vm, result: SysResult<i32>) -> PyResult {
    Ok(Object::small_int(i64::from(checked(vm, result)?)))
}

/// The arguments of a bound call.
pub type Arguments<'a, 'b> = &'a [Option<Ref<'b>>];

/// A fixed argument of a bound call; `None` the object if it is missing.
#[inline]
pub fn arg<'a>(args: &[Option<Ref<'a>>], index: usize) -> Ref<'a> {
    args.get(index).copied().flatten().unwrap_or(Ref::NONE)
}

/// An optional argument, where leaving it out and `None` are the same.
#[inline]
pub fn optional<'a>(args: &[Option<Ref<'a>>], index: usize) -> Option<Ref<'a>> {
    args.get(index).copied().flatten().filter(|value| !value.is_none())
}

/// A flag argument.
pub fn truth(vm: &mut Vm, value: Option<Ref<'_>>, default: bool) -> PyResult<bool> {
    value.map_or(Ok(default), |value| vm.is_true(value))
}

/// An `int` argument with a default.
pub fn int_or(vm: &mut Vm, value: Option<Ref<'_>>, default: i32) -> PyResult<i32> {
    value.map_or(Ok(default), |value| vm.to_i32(value))
}

/// Adds integer constants to a module.
pub fn add_constants(vm: &mut Vm, module: RefOf<'_, ModuleObject>, constants: &[(&str, i64)]) {
    for &(name, value) in constants {
        let value = vm.new_int(value);
        module.set(vm, name, value);
    }
}

/// Adds a string constant to a module.
pub fn add_text(vm: &mut Vm, module: RefOf<'_, ModuleObject>, name: &str, text: &str) {
    let text = vm.new_str(text).into_object();
    module.set(vm, name, text);
}

/// File system names: UTF-8, undecodable bytes as lone surrogates.
pub fn fs_decode(vm: &Vm, bytes: &[u8]) -> Object {
    match std::str::from_utf8(bytes) {
        Ok(text) => vm.new_str(text).into_object(),
        Err(_) => {
            let mut code_points = Vec::with_capacity(bytes.len());
            for chunk in bytes.utf8_chunks() {
                code_points.extend(chunk.valid().chars().map(u32::from));
                code_points.extend(chunk.invalid().iter().map(|&byte| 0xDC00 + u32::from(byte)));
            }
            vm.new_str_from_code_points(&code_points).into_object()
        }
    }
}

/// The bytes of a file system name.
pub fn fs_encode(vm: &mut Vm, text: &Str) -> PyResult<Vec<u8>> {
    if let Some(text) = text.as_str() {
        return Ok(text.as_bytes().to_vec());
    }
    let mut bytes = Vec::with_capacity(text.len() * 2);
    for (index, code_point) in text.code_points().enumerate() {
        match char::from_u32(code_point) {
            Some(character) => bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
            None if (0xDC80..=0xDCFF).contains(&code_point) => bytes.push((code_point - 0xDC00) as u8),
            None => return Err(surrogate_error(vm, text, index)),
        }
    }
    Ok(bytes)
}

/// `UnicodeEncodeError` of a surrogate that UTF-8 has no bytes for.
#[cold]
pub fn surrogate_error(vm: &mut Vm, text: &Str, index: usize) -> Raised {
    let encoding = vm.new_str("utf-8").into_object();
    let object = vm.new_str_data(text.data()).into_object();
    let (start, end) = (Object::small_int(index as i64), Object::small_int(index as i64 + 1));
    let reason = vm.new_str("surrogates not allowed").into_object();
    let args = [encoding, object, start, end, reason];
    match vm.call(exception::UNICODE_ENCODE_ERROR.object(), Object::as_refs(&args)) {
        Ok(error) => vm.raise_object(error),
        Err(raised) => raised,
    }
}

/// `os.fspath(path)`
pub fn fspath(vm: &mut Vm, path: Ref<'_>) -> PyResult {
    if path.downcast::<Str>().is_some() || object::bytes::as_bytes(path).is_some() {
        return Ok(path.to_owned());
    }
    let name = vm.intern("__fspath__");
    let method = vm.lookup_special(path, name)?;
    let Some(method) = method.filter(|method| !method.borrow().is_none()) else {
        let message = format!("expected str, bytes or os.PathLike object, not {}", path.class().full_name());
        return Err(vm.type_error(message));
    };
    let result = vm.call(method.borrow(), &[])?;
    if result.borrow().downcast::<Str>().is_some() || object::bytes::as_bytes(result.borrow()).is_some() {
        return Ok(result);
    }
    let message = format!("expected {}.__fspath__() to return str or bytes, not {}", path.class().full_name(), result.borrow().class().full_name());
    Err(vm.type_error(message))
}

/// A path or descriptor argument.
pub struct Path {
    /// What the caller gave; `None`: nothing.
    pub object: Option<Object>,
    pub fd: Option<i32>,
    pub text: CString,
    pub is_bytes: bool,
}

/// What a path argument may be, and how messages name it.
#[derive(Clone, Copy)]
pub struct PathArg {
    pub function: &'static str,
    pub name: &'static str,
    pub nullable: bool,
    pub allow_fd: bool,
}

impl PathArg {
    pub const fn new(function: &'static str) -> PathArg {
        PathArg { function, name: "path", nullable: false, allow_fd: false }
    }

    pub const fn named(self, name: &'static str) -> PathArg {
        PathArg { name, ..self }
    }

    pub const fn or_fd(self) -> PathArg {
        PathArg { allow_fd: true, ..self }
    }

    pub const fn or_none(self) -> PathArg {
        PathArg { nullable: true, ..self }
    }

    fn expected(self) -> &'static str {
        match (self.allow_fd, self.nullable) {
            (true, true) => "string, bytes, os.PathLike, integer or None",
            (true, false) => "string, bytes, os.PathLike or integer",
            (false, true) => "string, bytes, os.PathLike or None",
            (false, false) => "string, bytes or os.PathLike",
        }
    }

    /// Reads the argument.
    pub fn convert(self, vm: &mut Vm, value: Ref<'_>) -> PyResult<Path> {
        if value.is_none() && self.nullable {
            return Ok(Path { object: None, fd: None, text: c".".to_owned(), is_bytes: false });
        }
        let object = Some(value.to_owned());
        if let Some(text) = value.downcast::<Str>() {
            let bytes = fs_encode(vm, text.get())?;
            return Ok(Path { object, fd: None, text: self.c_string(vm, bytes)?, is_bytes: false });
        }
        if let Some(bytes) = object::bytes::as_bytes(value) {
            let bytes = bytes.to_vec();
            return Ok(Path { object, fd: None, text: self.c_string(vm, bytes)?, is_bytes: true });
        }
        if self.allow_fd && value.class().slots().index.is_some() {
            let fd = fd_number(vm, value)?;
            return Ok(Path { object, fd: Some(fd), text: CString::default(), is_bytes: false });
        }
        let name = vm.intern("__fspath__");
        let method = vm.lookup_special(value, name)?;
        let Some(method) = method.filter(|method| !method.borrow().is_none()) else {
            let message = format!("{}: {} should be {}, not {}", self.function, self.name, self.expected(), value.class().full_name());
            return Err(vm.type_error(message));
        };
        let result = vm.call(method.borrow(), &[])?;
        if let Some(text) = result.borrow().downcast::<Str>() {
            let bytes = fs_encode(vm, text.get())?;
            return Ok(Path { object, fd: None, text: self.c_string(vm, bytes)?, is_bytes: false });
        }
        if let Some(bytes) = object::bytes::as_bytes(result.borrow()) {
            let bytes = bytes.to_vec();
            return Ok(Path { object, fd: None, text: self.c_string(vm, bytes)?, is_bytes: true });
        }
        let message =
            format!("expected {}.__fspath__() to return str or bytes, not {}", value.class().full_name(), result.borrow().class().full_name());
        Err(vm.type_error(message))
    }

    fn c_string(self, vm: &mut Vm, bytes: Vec<u8>) -> PyResult<CString> {
        CString::new(bytes).map_err(|_| vm.value_error(format!("{}: embedded null character in {}", self.function, self.name)))
    }
}

impl Path {
    /// Raises `OSError` with this path as file name.
    #[cold]
    pub fn error(&self, vm: &mut Vm, code: i32) -> Raised {
        os_error(vm, code, self.object.as_ref().map(Object::borrow))
    }

    /// Raises `OSError` with this path as file name if a system call failed.
    pub fn checked<T>(&self, vm: &mut Vm, result: SysResult<T>) -> PyResult<T> {
        result.map_err(|code| self.error(vm, code))
    }

    /// A name made by the system, as the type the path has.
    pub fn decode(&self, vm: &Vm, bytes: &[u8]) -> Object {
        if self.is_bytes { vm.new_bytes(bytes).into_object() } else { fs_decode(vm, bytes) }
    }
}

/// An integer that is a descriptor.
pub fn fd_number(vm: &mut Vm, value: Ref<'_>) -> PyResult<i32> {
    if value.as_bool().is_some() {
        vm.warn(&exception::RUNTIME_WARNING, "bool is used as a file descriptor", 1)?;
    }
    let number = vm.index(value)?;
    match int::to_i64(number.borrow()).flatten().map(i32::try_from) {
        Some(Ok(fd)) => Ok(fd),
        _ if int::is_negative(number.borrow()) => Err(vm.overflow_error("fd is less than minimum")),
        _ => Err(vm.overflow_error("fd is greater than maximum")),
    }
}

/// A `dir_fd` argument.
pub fn dir_fd(vm: &mut Vm, value: Option<Ref<'_>>) -> PyResult<i32> {
    let Some(value) = value.filter(|value| !value.is_none()) else { return Ok(libc::AT_FDCWD) };
    if value.class().slots().index.is_none() {
        let message = format!("argument should be integer or None, not {}", value.class().full_name());
        return Err(vm.type_error(message));
    }
    fd_number(vm, value)
}

/// A descriptor, or an object that has one: `PyObject_AsFileDescriptor`.
pub fn file_descriptor(vm: &mut Vm, value: Ref<'_>) -> PyResult<i32> {
    let fd = if int::is_int(value) {
        if value.as_bool().is_some() {
            vm.warn(&exception::RUNTIME_WARNING, "bool is used as a file descriptor", 1)?;
        }
        vm.to_i32(value)?
    } else if let Some(method) = vm.find_attr_str(value, "fileno")? {
        let result = vm.call(method.borrow(), &[])?;
        if !int::is_int(result.borrow()) {
            return Err(vm.type_error("fileno() returned a non-integer"));
        }
        vm.to_i32(result.borrow())?
    } else {
        return Err(vm.type_error("argument must be an int, or have a fileno() method."));
    };
    if fd < 0 {
        return Err(vm.value_error(format!("file descriptor cannot be a negative integer ({fd})")));
    }
    Ok(fd)
}

/// A string argument that C code takes: UTF-8, without null characters.
pub fn c_string(vm: &mut Vm, value: Ref<'_>) -> PyResult<CString> {
    let bytes = match (value.downcast::<Str>(), object::bytes::as_bytes(value)) {
        (Some(text), _) => fs_encode(vm, text.get())?,
        (None, Some(bytes)) => bytes.to_vec(),
        (None, None) => {
            let message = format!("expected str, bytes or os.PathLike object, not {}", value.class().full_name());
            return Err(vm.type_error(message));
        }
    };
    CString::new(bytes).map_err(|_| vm.value_error("embedded null byte"))
}

/// `os.fsencode(path)` as a C string.
pub fn fs_c_string(vm: &mut Vm, value: Ref<'_>) -> PyResult<CString> {
    let path = fspath(vm, value)?;
    c_string(vm, path.borrow())
}

/// A whole number of nanoseconds as a Python int.
pub fn new_nanoseconds(vm: &Vm, seconds: i64, nanoseconds: i64) -> Object {
    match seconds.checked_mul(1_000_000_000).and_then(|whole| whole.checked_add(nanoseconds)) {
        Some(all) => vm.new_int(all),
        None => vm.new_bigint(num_bigint::BigInt::from(seconds) * 1_000_000_000 + nanoseconds),
    }
}

/// A new exception class, `module.name`, derived from these.
pub fn new_exception(vm: &mut Vm, full_name: &str, bases: &[Ref<'_>]) -> PyResult {
    let (module, name) = full_name.rsplit_once('.').unwrap_or(("builtins", full_name));
    let dict = vm.new_dict();
    let module = vm.new_str(module).into_object();
    dict.set_str(vm, "__module__", module);
    let name = vm.new_str(name).into_object();
    let bases = vm.new_tuple_from(bases).into_object();
    let dict = dict.into_object();
    vm.call(object::class::TYPE.object(), &[name.borrow(), bases.borrow(), dict.borrow()])
}

/// Raises an exception class that is an object, with these arguments.
pub fn raise_class(vm: &mut Vm, class: Ref<'_>, args: &[Ref<'_>]) -> Raised {
    match vm.call(class, args) {
        Ok(error) => vm.raise_object(error),
        Err(raised) => raised,
    }
}

/// A `set` of these items.
pub fn new_set(vm: &mut Vm, items: Vec<Object>) -> PyResult {
    let items = vm.new_list(items).into_object();
    let builtins = vm.import("builtins")?;
    let set = vm.get_attr_str(builtins.borrow(), "set")?;
    vm.call(set.borrow(), &[items.borrow()])
}

/// How a number of seconds is rounded to whole nanoseconds.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Rounding {
    Floor,
    /// Away from zero, so that a wait is never too short.
    Up,
    HalfEven,
}

/// Seconds, an int or a float, as nanoseconds.
pub fn nanoseconds_of(vm: &mut Vm, value: Ref<'_>, rounding: Rounding) -> PyResult<i64> {
    if let Some(seconds) = object::float::value(value) {
        if seconds.is_nan() {
            return Err(vm.value_error("Invalid value NaN (not a number)"));
        }
        let scaled = seconds * 1e9;
        let whole = match rounding {
            Rounding::Floor => scaled.floor(),
            Rounding::Up => {
                if scaled >= 0.0 {
                    scaled.ceil()
                } else {
                    scaled.floor()
                }
            }
            Rounding::HalfEven => scaled.round_ties_even(),
        };
        if !(-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&whole) {
            return Err(vm.overflow_error("timestamp too large to convert to C PyTime_t"));
        }
        return Ok(whole as i64);
    }
    if value.class().slots().index.is_none() {
        let message = format!("'{}' object cannot be interpreted as an integer or float", value.class().full_name());
        return Err(vm.type_error(message));
    }
    let number = vm.index(value)?;
    match object::int::as_i64(number.borrow()).map(|seconds| seconds.checked_mul(1_000_000_000)) {
        Some(Some(nanoseconds)) => Ok(nanoseconds),
        _ => Err(vm.overflow_error("timestamp too large to convert to C PyTime_t")),
    }
}
