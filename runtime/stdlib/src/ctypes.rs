//! `_ctypes`: data types of C, and calls of functions in shared libraries.
//!
//! - `info`: what is known of a type; each class that is a C type has one.
//! - `data`: objects that are views of memory; `memory` is the memory itself, `codes` the conversion of numbers,
//!   characters and pointers.
//! - `ctype`, `simple`, `structure`, `field`, `array`, `pointer`, `function`: the types and their metaclasses.
//! - `argument`, `parameters`: how Python values become C's arguments; `call` and `callback`: the calling convention.
//! - `python_api`: functions of CPython's C interface, for `ctypes.pythonapi`.
//!
//! Only `memory`, `call` and `callback` touch memory by its address.

mod argument;
mod array;
mod call;
mod callback;
mod codes;
mod ctype;
mod data;
mod field;
mod function;
mod info;
mod memory;
mod parameters;
mod pointer;
pub mod python_api;
mod simple;
mod structure;

use crate::exception_class;
use crate::os_support::{add_constants, fs_decode, fs_encode, fspath};
use data::CData;
use info::{info_of, info_of_instance};
use object::native::Module;
use object::singleton::ModuleObject;
use object::str::Str;
use object::tuple::Tuple;
use object::vm::Raised;
use object::{Object, ObjectCell, PyResult, Ref, RefOf, Vm, exception, method};
use std::ffi::CString;

/// `_ctypes`
pub static MODULE: Module = Module {
    name: "_ctypes",
    doc: "Create and manipulate C compatible data types in Python.",
    functions: &[
        method!(Unary get_errno "($self, /)", ""),
        method!(Many set_errno "", ""),
        method!(Many unpickle as "_unpickle" "", ""),
        method!(Binary buffer_info "($self, object, /)", "Return buffer interface information"),
        method!(Bound resize "($module, obj, size, /)", ""),
        method!(Many dlopen "", "dlopen(name, flag={RTLD_GLOBAL|RTLD_LOCAL}) open a shared library"),
        method!(Many dlclose "", "dlclose a library"),
        method!(Many dlsym "", "find symbol in shared library"),
        method!(Unary dllist "($self, /)", "dllist() return a list of loaded shared libraries"),
        method!(Binary alignment "($self, object, /)", "alignment(C type) -> integer\nalignment(C instance) -> integer\nReturn the alignment requirements of a C instance"),
        method!(Binary sizeof "($module, obj, /)", "Return the size in bytes of a C instance."),
        method!(Bound byref "($module, obj, offset=0, /)", "Return a pointer lookalike to a C instance, only usable as function argument."),
        method!(Binary addressof "($module, obj, /)", "Return the address of the C instance internal buffer"),
        method!(Many call_function "", ""),
        method!(Many call_cdeclfunction "", ""),
        method!(Many object_from_pointer as "PyObj_FromPtr" "", ""),
        method!(Binary increment as "Py_INCREF" "($self, object, /)", ""),
        method!(Binary decrement as "Py_DECREF" "($self, object, /)", ""),
    ],
    types: &[&simple::SIMPLE_DATA, &structure::STRUCTURE, &structure::UNION, &array::ARRAY, &pointer::POINTER, &function::FUNCTION, &field::FIELD],
    init: Some(init),
};

static ARGUMENT_ERROR: ObjectCell = ObjectCell::EMPTY;

fn init(vm: &mut Vm, module: RefOf<'_, ModuleObject>) -> PyResult<()> {
    info::ready(vm);
    codes::ready(vm);
    function::ready(vm);
    for class in [&ctype::CTYPE_TYPE, &data::CDATA, &argument::ARGUMENT] {
        object::type_new::ready(vm, class);
    }
    exception_class::define(vm, module, &ARGUMENT_ERROR, "ctypes", "ArgumentError", &exception::EXCEPTION, None)?;
    add_constants(
        vm,
        module,
        &[
            ("FUNCFLAG_CDECL", 1),
            ("FUNCFLAG_PYTHONAPI", i64::from(info::flag::PYTHON_API)),
            ("FUNCFLAG_USE_ERRNO", i64::from(info::flag::USE_ERRNO)),
            ("FUNCFLAG_USE_LASTERROR", 16),
            ("RTLD_LOCAL", i64::from(libc::RTLD_LOCAL)),
            ("RTLD_GLOBAL", i64::from(libc::RTLD_GLOBAL)),
            ("CTYPES_MAX_ARGCOUNT", function::MAX_ARGUMENTS as i64),
            ("SIZEOF_TIME_T", size_of::<libc::time_t>() as i64),
        ],
    );
    crate::os_support::add_text(vm, module, "__version__", "1.1.0");
    python_api::start(vm)?;
    let (memmove, memset) = memory::copy_functions();
    let copies = [("_memmove_addr", memmove), ("_memset_addr", memset)];
    for (name, address) in copies.into_iter().chain(callback::helper_addresses()) {
        let address = vm.new_uint(address as u64);
        module.set(vm, name, address);
    }
    Ok(())
}

/// Reports an event to the hooks of `sys.addaudithook`.
fn audit(vm: &mut Vm, event: &str, arguments: &[Ref<'_>]) -> PyResult<()> {
    crate::sys_module::raise_event(vm, event, arguments)
}

fn argument_error_class(_vm: &mut Vm) -> Object {
    ARGUMENT_ERROR.get().unwrap_or(exception::TYPE_ERROR.to_object())
}

fn argument_error(vm: &mut Vm, message: &str) -> Raised {
    exception_class::raise(vm, &ARGUMENT_ERROR, Some(message))
}

/// Turns an exception into one of another class, whose message says where it happened, and repeats the first.
#[cold]
fn extend_error(vm: &mut Vm, raised: Raised, class: &Object, prefix: &str) -> Raised {
    let error = vm.catch(raised);
    let name = error.borrow().class().name().to_owned();
    let message = match vm.str_text(error.borrow()) {
        Ok(text) => format!("{prefix}{name}: {text}"),
        Err(raised) => {
            vm.catch(raised);
            format!("{prefix}{name}: ???")
        }
    };
    let message = vm.new_str(&message).into_object();
    match vm.call(class.borrow(), &[message.borrow()]) {
        Ok(error) => vm.raise_object(error),
        Err(raised) => raised,
    }
}

/// The system's reason for a failure to load, or a message for a symbol that is null.
fn load_error(reason: Option<Vec<u8>>, what: &str, symbol: &str) -> String {
    match reason {
        Some(reason) => String::from_utf8_lossy(&reason).into_owned(),
        None => format!("{what} '{symbol}' not found"),
    }
}

/// The `_handle` of a library object.
fn library_handle(vm: &mut Vm, library: Ref<'_>) -> PyResult<usize> {
    let handle = vm.get_attr_str(library, "_handle")?;
    if !object::int::is_int(handle.borrow()) {
        return Err(vm.type_error("the _handle attribute of the second argument must be an integer"));
    }
    codes::low_bits(vm, handle.borrow()).map(|handle| handle as usize)
}

fn expect_data(vm: &mut Vm, value: Ref<'_>, place: &str) -> PyResult<()> {
    match value.downcast::<CData>() {
        Some(_) => Ok(()),
        None => Err(vm.type_error(format!("{place} must be _ctypes._CData, not {}", value.class().full_name()))),
    }
}

/// Raises unless there are as many arguments as a function takes.
fn expect_count(vm: &mut Vm, name: &str, args: &[Ref<'_>], least: usize, most: usize) -> PyResult<()> {
    if (least..=most).contains(&args.len()) {
        return Ok(());
    }
    let (bound, limit) = match (least == most, args.len() < least) {
        (true, _) => ("exactly", least),
        (_, true) => ("at least", least),
        _ => ("at most", most),
    };
    let plural = if limit == 1 { "" } else { "s" };
    Err(vm.type_error(format!("{name}() takes {bound} {limit} argument{plural} ({} given)", args.len())))
}

fn get_errno(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    audit(vm, "ctypes.get_errno", &[])?;
    Ok(Object::small_int(i64::from(call::saved_errno())))
}

fn set_errno(vm: &mut Vm, _module: Ref<'_>, args: &[Ref<'_>]) -> PyResult {
    expect_count(vm, "set_errno", args, 1, 1)?;
    audit(vm, "ctypes.set_errno", args)?;
    let value = vm.to_i32(args[0])?;
    Ok(Object::small_int(i64::from(call::set_saved_errno(value))))
}

fn unpickle(vm: &mut Vm, _module: Ref<'_>, args: &[Ref<'_>]) -> PyResult {
    expect_count(vm, "_unpickle", args, 2, 2)?;
    let Some(state) = args[1].downcast::<Tuple>() else {
        return Err(vm.type_error(format!("_unpickle() argument 2 must be tuple, not {}", args[1].class().full_name())));
    };
    let object = vm.call_method(args[0], "__new__", &[args[0]])?;
    vm.call_method(object.borrow(), "__setstate__", state.items())?;
    Ok(object)
}

fn buffer_info(vm: &mut Vm, _module: Ref<'_>, value: Ref<'_>) -> PyResult {
    let Some(info) = info_of(value).or_else(|| info_of_instance(value)) else {
        return Err(vm.type_error("not a ctypes type or object"));
    };
    let format = data::format_of(vm, &info);
    let format = vm.new_str(&format).into_object();
    let shape: Vec<Object> = info.shape.get(vm).iter().map(|&size| vm.new_uint(size as u64)).collect();
    let n = Object::small_int(shape.len() as i64);
    let shape = vm.new_tuple(shape).into_object();
    Ok(vm.new_tuple([format, n, shape]).into_object())
}

fn resize(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let object = args[0].unwrap_or(Ref::NONE);
    expect_data(vm, object, "resize() argument 1")?;
    let size = builtins::slice::size_argument(vm, args[1].unwrap_or(Ref::NONE))?;
    data::resize(vm, object, usize::try_from(size).unwrap_or(0))?;
    Ok(Object::none())
}

fn sizeof(vm: &mut Vm, _module: Ref<'_>, value: Ref<'_>) -> PyResult {
    if let Some(info) = info_of(value) {
        return Ok(vm.new_uint(info.size.get() as u64));
    }
    match value.downcast::<CData>() {
        Some(data) => Ok(vm.new_uint(data.size.get() as u64)),
        None => Err(vm.type_error("this type has no size")),
    }
}

fn alignment(vm: &mut Vm, _module: Ref<'_>, value: Ref<'_>) -> PyResult {
    match info_of(value).or_else(|| info_of_instance(value)) {
        Some(info) => Ok(vm.new_uint(info.align.get() as u64)),
        None => Err(vm.type_error("no alignment info")),
    }
}

fn byref(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let object = args[0].unwrap_or(Ref::NONE);
    let offset = args[1].map_or(Ok(0), |offset| builtins::slice::size_argument(vm, offset))?;
    expect_data(vm, object, "byref() argument 1")?;
    pointer::byref(vm, object, offset)
}

fn addressof(vm: &mut Vm, _module: Ref<'_>, value: Ref<'_>) -> PyResult {
    expect_data(vm, value, "addressof() argument")?;
    audit(vm, "ctypes.addressof", &[value])?;
    Ok(vm.new_uint(data::cdata(value).address.get() as u64))
}

/// The error of the system's loader.
fn loader_error(vm: &mut Vm, reason: &[u8]) -> Raised {
    let text = fs_decode(vm, reason);
    vm.raise_with(&exception::OS_ERROR, vec![text])
}

fn dlopen(vm: &mut Vm, _module: Ref<'_>, args: &[Ref<'_>]) -> PyResult {
    expect_count(vm, "dlopen", args, 1, 2)?;
    let mode = args.get(1).map_or(Ok(libc::RTLD_NOW), |&mode| vm.to_i32(mode))?;
    let name = match args[0] {
        name if name.is_none() => None,
        name => {
            let path = fspath(vm, name)?;
            let bytes = match path.borrow().downcast::<Str>() {
                Some(text) => fs_encode(vm, text.get())?,
                None => object::bytes::as_bytes(path.borrow()).unwrap_or_default().to_vec(),
            };
            Some(CString::new(bytes).map_err(|_| vm.value_error("embedded null byte"))?)
        }
    };
    audit(vm, "ctypes.dlopen", &[args[0]])?;
    match memory::open_library(vm, name.as_ref(), mode) {
        Ok(handle) => Ok(vm.new_uint(handle as u64)),
        Err(reason) => Err(loader_error(vm, &reason)),
    }
}

fn handle_argument(vm: &mut Vm, value: Ref<'_>) -> PyResult<usize> {
    if !object::int::is_int(value) {
        return Err(vm.type_error("an integer is required"));
    }
    codes::low_bits(vm, value).map(|handle| handle as usize)
}

fn dlclose(vm: &mut Vm, _module: Ref<'_>, args: &[Ref<'_>]) -> PyResult {
    expect_count(vm, "dlclose", args, 1, 1)?;
    let handle = handle_argument(vm, args[0])?;
    match memory::close_library(handle) {
        Ok(()) => Ok(Object::none()),
        Err(reason) => Err(loader_error(vm, &reason)),
    }
}

fn dlsym(vm: &mut Vm, _module: Ref<'_>, args: &[Ref<'_>]) -> PyResult {
    expect_count(vm, "dlsym", args, 2, 2)?;
    let handle = handle_argument(vm, args[0])?;
    let Some(text) = args[1].downcast::<Str>() else {
        return Err(vm.type_error(format!("dlsym() argument 2 must be str, not {}", args[1].class().full_name())));
    };
    let text = text.get().to_string_lossy().into_owned();
    audit(vm, "ctypes.dlsym/handle", args)?;
    let Ok(symbol) = CString::new(text.as_bytes()) else { return Err(vm.value_error("embedded null character")) };
    match memory::find_symbol(handle, &symbol) {
        Ok(address) => Ok(vm.new_uint(address as u64)),
        Err(reason) => {
            let message = load_error(reason, "symbol", &text);
            Err(loader_error(vm, message.as_bytes()))
        }
    }
}

fn dllist(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    let names = memory::loaded_libraries().iter().map(|name| fs_decode(vm, name)).collect();
    Ok(vm.new_list(names).into_object())
}

/// `call_function(address, arguments)`
fn call_with_flags(vm: &mut Vm, name: &str, args: &[Ref<'_>], flags: u32) -> PyResult {
    expect_count(vm, name, args, 2, 2)?;
    let address = handle_argument(vm, args[0])?;
    let Some(arguments) = args[1].downcast::<Tuple>() else {
        return Err(vm.type_error(format!("{name}() argument 2 must be tuple, not {}", args[1].class().full_name())));
    };
    let signature = function::Signature { converters: &[], restype: None, checker: None, flags };
    function::call_address(vm, address, arguments.items(), &signature)
}

fn call_function(vm: &mut Vm, _module: Ref<'_>, args: &[Ref<'_>]) -> PyResult {
    call_with_flags(vm, "call_function", args, 0)
}

fn call_cdeclfunction(vm: &mut Vm, _module: Ref<'_>, args: &[Ref<'_>]) -> PyResult {
    call_with_flags(vm, "call_cdeclfunction", args, 1)
}

/// The object with an `id()`.
fn object_from_pointer(vm: &mut Vm, _module: Ref<'_>, args: &[Ref<'_>]) -> PyResult {
    expect_count(vm, "PyObj_FromPtr", args, 1, 1)?;
    let word = handle_argument(vm, args[0])?;
    audit(vm, "ctypes.PyObj_FromPtr", args)?;
    match memory::object_from_word(word as u64) {
        Some(object) => Ok(object),
        None => Err(vm.value_error("PyObject is NULL")),
    }
}

fn increment(_vm: &mut Vm, _module: Ref<'_>, object: Ref<'_>) -> PyResult {
    std::mem::forget(object.to_owned());
    Ok(object.to_owned())
}

/// Gives up a reference that the program says is its own.
fn decrement(_vm: &mut Vm, _module: Ref<'_>, object: Ref<'_>) -> PyResult {
    drop(memory::object_from_returned_word(object.bits()));
    Ok(object.to_owned())
}
