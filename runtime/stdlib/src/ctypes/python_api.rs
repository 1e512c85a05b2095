//! Functions of CPython's C interface, for programs that call them by way of `ctypes.pythonapi`.
//!
//! There is no library that has them: the loader finds none of these names, and then [`find`] is asked. They are called
//! like C functions, with the words of objects where C has `PyObject *`. Only what works without CPython's
//! structures in memory is here.

use super::callback::with_vm;
use super::memory;
use object::dict::Dict;
use object::list::List;
use object::tuple::Tuple;
use object::vm::{breaker, clear_breaker, set_breaker};
use object::{Object, PyResult, Ref, Vm, VmCell, exception};
use std::ffi::CString;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicI32, Ordering};

/// The word of a new reference; zero with an exception set.
fn answer(work: impl FnOnce(&mut Vm) -> PyResult) -> u64 {
    with_vm(|vm| work(vm).map_or(0, Object::into_raw))
}

/// The word of a reference that somebody else holds.
fn borrowed(work: impl FnOnce(&mut Vm) -> PyResult) -> u64 {
    with_vm(|vm| work(vm).map_or(0, |object| object.borrow().bits()))
}

/// A number; -1 with an exception set.
fn number(work: impl FnOnce(&mut Vm) -> PyResult<i64>) -> i64 {
    with_vm(|vm| work(vm).unwrap_or(-1))
}

/// Zero; -1 with an exception set.
fn status(work: impl FnOnce(&mut Vm) -> PyResult<()>) -> i64 {
    number(|vm| work(vm).map(|()| 0))
}

/// An argument, which must not be NULL.
fn given(vm: &mut Vm, word: u64) -> PyResult {
    match memory::object_from_word(word) {
        Some(object) => Ok(object),
        None => Err(vm.system_error("null argument to internal routine")),
    }
}

fn text(vm: &mut Vm, pointer: usize) -> PyResult {
    let bytes = memory::c_string_at(pointer);
    match std::str::from_utf8(&bytes) {
        Ok(text) => Ok(vm.new_str(text).into_object()),
        Err(_) => {
            let bytes = vm.new_bytes(&bytes).into_object();
            vm.call_method(bytes.borrow(), "decode", &[])
        }
    }
}

fn name(vm: &mut Vm, pointer: usize) -> PyResult {
    let text = text(vm, pointer)?;
    vm.attribute_name(text.borrow())
}

fn builtin(vm: &mut Vm, name: &str, arguments: &[Ref<'_>]) -> PyResult {
    let module = vm.import("builtins")?;
    vm.call_method(module.borrow(), name, arguments)
}

/// Declares C functions that take objects and return a new one.
macro_rules! of_objects {
    ($($function:ident($($argument:ident),*) = |$vm:ident| $body:expr;)*) => {
        $(extern "C" fn $function($($argument: u64),*) -> u64 {
            answer(|$vm| {
                $(let $argument = given($vm, $argument)?;)*
                $(let $argument = $argument.borrow();)*
                $body
            })
        })*
    };
}

of_objects! {
    object_str(object) = |vm| vm.str(object).map(Into::into);
    object_repr(object) = |vm| vm.repr(object).map(Into::into);
    object_ascii(object) = |vm| vm.ascii(object).map(Into::into);
    object_type(object) = |_vm| Ok(object.class().to_object());
    object_dir(object) = |vm| builtin(vm, "dir", &[object]);
    object_bytes(object) = |vm| vm.call(object::bytes::BYTES.object(), &[object]);
    object_iter(object) = |vm| vm.iter(object);
    object_getitem(object, key) = |vm| vm.get_item(object, key);
    object_getattr(object, name) = |vm| { let name = vm.attribute_name(name)?; vm.get_attr(object, name.borrow()) };
    object_call_no_args(object) = |vm| vm.call(object, &[]);
    object_call_one_arg(object, argument) = |vm| vm.call(object, &[argument]);
    sequence_list(object) = |vm| { let items = vm.collect(object)?; Ok(vm.new_list(items).into_object()) };
    sequence_tuple(object) = |vm| { let items = vm.collect(object)?; Ok(vm.new_tuple(items).into_object()) };
    number_add(left, right) = |vm| vm.binary(bytecode::opcode::BinaryOp::Add, left, right);
    number_subtract(left, right) = |vm| vm.binary(bytecode::opcode::BinaryOp::Subtract, left, right);
    number_multiply(left, right) = |vm| vm.binary(bytecode::opcode::BinaryOp::Multiply, left, right);
    unicode_as_utf8_string(object) = |vm| vm.call_method(object, "encode", &[]);
}

extern "C" fn iter_next(iterator: u64) -> u64 {
    with_vm(|vm| {
        let Ok(iterator) = given(vm, iterator) else { return 0 };
        vm.next(iterator.borrow()).ok().flatten().map_or(0, Object::into_raw)
    })
}

extern "C" fn object_call(callable: u64, arguments: u64, keywords: u64) -> u64 {
    answer(|vm| {
        let callable = given(vm, callable)?;
        let arguments = match memory::object_from_word(arguments) {
            Some(arguments) => vm.collect(arguments.borrow())?,
            None => Vec::new(),
        };
        let keywords = memory::object_from_word(keywords);
        let keywords = keywords.as_ref().and_then(|keywords| keywords.borrow().downcast::<Dict>());
        vm.call_star(callable.borrow(), Object::as_refs(&arguments), keywords)
    })
}

extern "C" fn object_call_object(callable: u64, arguments: u64) -> u64 {
    object_call(callable, arguments, 0)
}

extern "C" fn getattr_string(object: u64, pointer: usize) -> u64 {
    answer(|vm| {
        let object = given(vm, object)?;
        let name = name(vm, pointer)?;
        vm.get_attr(object.borrow(), name.borrow())
    })
}

extern "C" fn setattr_string(object: u64, pointer: usize, value: u64) -> i64 {
    status(|vm| {
        let object = given(vm, object)?;
        let name = name(vm, pointer)?;
        let value = memory::object_from_word(value);
        vm.set_attr(object.borrow(), name.borrow(), value.as_ref().map(Object::borrow))
    })
}

extern "C" fn setattr(object: u64, name: u64, value: u64) -> i64 {
    status(|vm| {
        let (object, name) = (given(vm, object)?, given(vm, name)?);
        let name = vm.attribute_name(name.borrow())?;
        let value = memory::object_from_word(value);
        vm.set_attr(object.borrow(), name.borrow(), value.as_ref().map(Object::borrow))
    })
}

extern "C" fn hasattr_string(object: u64, pointer: usize) -> i64 {
    with_vm(|vm| {
        let found = given(vm, object).and_then(|object| {
            let name = name(vm, pointer)?;
            vm.find_attr(object.borrow(), name.borrow())
        });
        match found {
            Ok(found) => i64::from(found.is_some()),
            Err(raised) => {
                vm.catch(raised);
                0
            }
        }
    })
}

extern "C" fn setitem(object: u64, key: u64, value: u64) -> i64 {
    status(|vm| {
        let (object, key, value) = (given(vm, object)?, given(vm, key)?, given(vm, value)?);
        vm.set_item(object.borrow(), key.borrow(), value.borrow())
    })
}

extern "C" fn delitem(object: u64, key: u64) -> i64 {
    status(|vm| {
        let (object, key) = (given(vm, object)?, given(vm, key)?);
        vm.del_item(object.borrow(), key.borrow())
    })
}

extern "C" fn length(object: u64) -> i64 {
    number(|vm| {
        let object = given(vm, object)?;
        vm.len(object.borrow()).map(|len| len as i64)
    })
}

extern "C" fn hash(object: u64) -> i64 {
    number(|vm| {
        let object = given(vm, object)?;
        vm.hash(object.borrow())
    })
}

extern "C" fn is_true(object: u64) -> i64 {
    number(|vm| {
        let object = given(vm, object)?;
        vm.is_true(object.borrow()).map(i64::from)
    })
}

extern "C" fn is_instance(object: u64, class: u64) -> i64 {
    number(|vm| {
        let (object, class) = (given(vm, object)?, given(vm, class)?);
        let result = builtin(vm, "isinstance", &[object.borrow(), class.borrow()])?;
        vm.is_true(result.borrow()).map(i64::from)
    })
}

extern "C" fn contains(container: u64, item: u64) -> i64 {
    number(|vm| {
        let (container, item) = (given(vm, container)?, given(vm, item)?);
        vm.contains(container.borrow(), item.borrow()).map(i64::from)
    })
}

extern "C" fn is_callable(object: u64) -> i64 {
    memory::object_from_word(object).map_or(0, |object| i64::from(object.borrow().class().slots().call.is_some()))
}

extern "C" fn increment(object: u64) {
    with_vm(|_| std::mem::forget(memory::object_from_word(object)));
}

extern "C" fn decrement(object: u64) {
    with_vm(|vm| {
        drop(memory::object_from_returned_word(object));
        vm.run_finalizers();
    });
}

extern "C" fn error_occurred() -> u64 {
    with_vm(|vm| vm.raised().map_or(0, |error| error.class().object().bits()))
}

extern "C" fn error_clear() {
    with_vm(|vm| drop(vm.take_raised()));
}

extern "C" fn error_set_string(class: u64, message: usize) {
    with_vm(|vm| {
        let error = given(vm, class).and_then(|class| {
            let message = text(vm, message)?;
            vm.call(class.borrow(), &[message.borrow()])
        });
        if let Ok(error) = error {
            // The exception is found when the call returns.
            let _ = vm.raise_object(error);
        }
    });
}

extern "C" fn error_set_object(class: u64, value: u64) {
    with_vm(|vm| {
        let error = given(vm, class).and_then(|class| {
            let value = given(vm, value)?;
            vm.call(class.borrow(), &[value.borrow()])
        });
        if let Ok(error) = error {
            // As above.
            let _ = vm.raise_object(error);
        }
    });
}

extern "C" fn bytes_from_string_and_size(pointer: usize, size: isize) -> u64 {
    answer(|vm| {
        let Ok(size) = usize::try_from(size) else {
            return Err(vm.system_error("Negative size passed to PyBytes_FromStringAndSize"));
        };
        vm.check_room(size)?;
        let bytes = if pointer == 0 { vec![0; size] } else { memory::read_bytes(pointer, size) };
        Ok(vm.new_bytes(&bytes).into_object())
    })
}

extern "C" fn bytes_from_string(pointer: usize) -> u64 {
    answer(|vm| Ok(vm.new_bytes(&memory::c_string_at(pointer)).into_object()))
}

extern "C" fn bytes_as_string(object: u64) -> usize {
    with_vm(|vm| {
        let Ok(object) = given(vm, object) else { return 0 };
        match object::bytes::as_bytes(object.borrow()) {
            Some(bytes) => bytes.as_ptr().expose_provenance(),
            None => {
                let message = format!("expected bytes, {} found", object.borrow().class().full_name());
                // The exception is found when the call returns.
                let _ = vm.type_error(message);
                0
            }
        }
    })
}

extern "C" fn unicode_from_string(pointer: usize) -> u64 {
    answer(|vm| text(vm, pointer))
}

extern "C" fn unicode_from_string_and_size(pointer: usize, size: isize) -> u64 {
    answer(|vm| {
        let bytes = memory::read_bytes(pointer, usize::try_from(size).unwrap_or(0));
        let bytes = vm.new_bytes(&bytes).into_object();
        vm.call_method(bytes.borrow(), "decode", &[])
    })
}

extern "C" fn long_from_signed(value: i64) -> u64 {
    answer(|vm| Ok(vm.new_int(value)))
}

extern "C" fn long_from_unsigned(value: u64) -> u64 {
    answer(|vm| Ok(vm.new_uint(value)))
}

extern "C" fn long_as_signed(object: u64) -> i64 {
    number(|vm| {
        let object = given(vm, object)?;
        vm.to_i64(object.borrow())
    })
}

extern "C" fn long_as_unsigned(object: u64) -> u64 {
    with_vm(|vm| given(vm, object).and_then(|object| super::codes::low_bits(vm, object.borrow())).unwrap_or(u64::MAX))
}

extern "C" fn float_from_double(value: f64) -> u64 {
    answer(|vm| Ok(vm.new_float(value)))
}

extern "C" fn float_as_double(object: u64) -> f64 {
    with_vm(|vm| given(vm, object).and_then(|object| vm.to_float(object.borrow())).unwrap_or(-1.0))
}

extern "C" fn bool_from_long(value: i64) -> u64 {
    answer(|_| Ok(Object::bool(value != 0)))
}

extern "C" fn dict_new() -> u64 {
    answer(|vm| Ok(vm.new_dict().into_object()))
}

extern "C" fn dict_get_item(dict: u64, key: u64) -> u64 {
    with_vm(|vm| {
        let found = given(vm, dict).and_then(|dict| {
            let key = given(vm, key)?;
            vm.get_item(dict.borrow(), key.borrow())
        });
        match found {
            Ok(value) => value.borrow().bits(),
            Err(raised) => {
                // A key that is not there is no error.
                vm.catch(raised);
                0
            }
        }
    })
}

extern "C" fn dict_set_item_string(dict: u64, key: usize, value: u64) -> i64 {
    status(|vm| {
        let (dict, key, value) = (given(vm, dict)?, text(vm, key)?, given(vm, value)?);
        vm.set_item(dict.borrow(), key.borrow(), value.borrow())
    })
}

extern "C" fn list_append(list: u64, item: u64) -> i64 {
    status(|vm| {
        let (list, item) = (given(vm, list)?, given(vm, item)?);
        match list.borrow().downcast::<List>() {
            Some(list) => list.append(vm, item),
            None => Err(vm.system_error("bad argument to internal function")),
        }
    })
}

extern "C" fn item_at(sequence: u64, index: isize) -> u64 {
    borrowed(|vm| {
        let sequence = given(vm, sequence)?;
        if sequence.borrow().downcast::<List>().is_none() && sequence.borrow().downcast::<Tuple>().is_none() {
            return Err(vm.system_error("bad argument to internal function"));
        }
        let index = vm.new_int(index.max(0) as i64);
        vm.get_item(sequence.borrow(), index.borrow())
    })
}

extern "C" fn import_module(pointer: usize) -> u64 {
    answer(|vm| {
        let name = text(vm, pointer)?;
        let name = vm.str_text(name.borrow())?;
        vm.import(&name)
    })
}

extern "C" fn run_simple_string(pointer: usize) -> i64 {
    status(|vm| {
        let source = text(vm, pointer)?;
        let main = vm.import("__main__")?;
        let globals = vm.get_attr_str(main.borrow(), "__dict__")?;
        builtin(vm, "exec", &[source.borrow(), globals.borrow()]).map(drop)
    })
}

extern "C" fn version() -> usize {
    static VERSION: OnceLock<CString> = OnceLock::new();
    let known = VERSION.get_or_init(|| {
        with_vm(|vm| {
            let text = vm.import("sys").and_then(|sys| vm.get_attr_str(sys.borrow(), "version")).and_then(|version| vm.str_text(version.borrow()));
            CString::new(text.unwrap_or_default()).unwrap_or_default()
        })
    });
    known.as_ptr().expose_provenance()
}

extern "C" fn yes() -> i64 {
    1
}

extern "C" fn no() -> i64 {
    0
}

/// Exceptions that wait for a thread: its identifier, and the class.
static WAITING: VmCell<Vec<(u64, Object)>> = VmCell::new(Vec::new());

/// Makes a thread raise an exception at its next safe point. Returns the number of threads.
extern "C" fn set_async_exception(thread: u64, class: u64) -> i64 {
    with_vm(|vm| {
        let class = memory::object_from_word(class);
        let exists = thread == crate::thread::ident() || crate::thread::exists(thread);
        if !exists {
            return 0;
        }
        let waiting = WAITING.get_mut(vm);
        waiting.retain(|(known, _)| *known != thread);
        if let Some(class) = class {
            waiting.push((thread, class));
            set_breaker(breaker::ASYNC_EXCEPTION);
        }
        1
    })
}

/// Raises what another thread has asked this one to raise.
pub fn raise_waiting(vm: &mut Vm) -> PyResult<()> {
    let own = crate::thread::ident();
    let waiting = WAITING.get_mut(vm);
    let class = waiting.iter().position(|(thread, _)| *thread == own).map(|position| waiting.remove(position).1);
    if waiting.is_empty() {
        clear_breaker(breaker::ASYNC_EXCEPTION);
    }
    let Some(class) = class else { return Ok(()) };
    let error = exception::instantiate(vm, class.borrow())?;
    Err(vm.raise_object(error))
}

/// `Py_OptimizeFlag`
static OPTIMIZE_FLAG: AtomicI32 = AtomicI32::new(0);

/// Gives the variables of the interface their values.
pub fn start(vm: &mut Vm) -> PyResult<()> {
    let sys = vm.import("sys")?;
    let flags = vm.get_attr_str(sys.borrow(), "flags")?;
    let optimize = vm.get_attr_str(flags.borrow(), "optimize")?;
    OPTIMIZE_FLAG.store(vm.to_i32(optimize.borrow())?, Ordering::Relaxed);
    Ok(())
}

/// Calls `$each` with every name and the function behind it.
macro_rules! table {
    ($($name:literal => $function:expr;)*) => {
        /// The address of a function or variable of the interface.
        pub fn find(symbol: &[u8]) -> Option<usize> {
            let name = std::str::from_utf8(symbol).ok()?;
            Some(match name {
                $($name => $function as *const () as usize,)*
                "Py_OptimizeFlag" => OPTIMIZE_FLAG.as_ptr().expose_provenance(),
                _ => return memory::allocation_function(name),
            })
        }
    };
}

table! {
    "Py_GetVersion" => version;
    "Py_IsInitialized" => yes;
    "Py_IncRef" => increment;
    "Py_DecRef" => decrement;
    "PyErr_Occurred" => error_occurred;
    "PyErr_Clear" => error_clear;
    "PyErr_SetString" => error_set_string;
    "PyErr_SetObject" => error_set_object;
    "PyGILState_Ensure" => no;
    "PyGILState_Release" => no;
    "PyGILState_Check" => yes;
    "PyThreadState_SetAsyncExc" => set_async_exception;
    "PyImport_ImportModule" => import_module;
    "PyRun_SimpleString" => run_simple_string;
    "PyObject_Str" => object_str;
    "PyObject_Repr" => object_repr;
    "PyObject_ASCII" => object_ascii;
    "PyObject_Bytes" => object_bytes;
    "PyObject_Type" => object_type;
    "PyObject_Dir" => object_dir;
    "PyObject_GetIter" => object_iter;
    "PyIter_Next" => iter_next;
    "PyObject_Call" => object_call;
    "PyObject_CallObject" => object_call_object;
    "PyObject_CallNoArgs" => object_call_no_args;
    "PyObject_CallOneArg" => object_call_one_arg;
    "PyObject_GetAttr" => object_getattr;
    "PyObject_GetAttrString" => getattr_string;
    "PyObject_SetAttr" => setattr;
    "PyObject_SetAttrString" => setattr_string;
    "PyObject_HasAttrString" => hasattr_string;
    "PyObject_GetItem" => object_getitem;
    "PyObject_SetItem" => setitem;
    "PyObject_DelItem" => delitem;
    "PyObject_Size" => length;
    "PyObject_Length" => length;
    "PyObject_Hash" => hash;
    "PyObject_IsTrue" => is_true;
    "PyObject_IsInstance" => is_instance;
    "PyCallable_Check" => is_callable;
    "PySequence_List" => sequence_list;
    "PySequence_Tuple" => sequence_tuple;
    "PySequence_Contains" => contains;
    "PySequence_Size" => length;
    "PySequence_Length" => length;
    "PyNumber_Add" => number_add;
    "PyNumber_Subtract" => number_subtract;
    "PyNumber_Multiply" => number_multiply;
    "PyBytes_FromStringAndSize" => bytes_from_string_and_size;
    "PyBytes_FromString" => bytes_from_string;
    "PyBytes_AsString" => bytes_as_string;
    "PyBytes_Size" => length;
    "PyUnicode_FromString" => unicode_from_string;
    "PyUnicode_FromStringAndSize" => unicode_from_string_and_size;
    "PyUnicode_AsUTF8String" => unicode_as_utf8_string;
    "PyUnicode_GetLength" => length;
    "PyLong_FromLong" => long_from_signed;
    "PyLong_FromLongLong" => long_from_signed;
    "PyLong_FromSsize_t" => long_from_signed;
    "PyLong_FromUnsignedLong" => long_from_unsigned;
    "PyLong_FromUnsignedLongLong" => long_from_unsigned;
    "PyLong_FromSize_t" => long_from_unsigned;
    "PyLong_FromVoidPtr" => long_from_unsigned;
    "PyLong_AsLong" => long_as_signed;
    "PyLong_AsLongLong" => long_as_signed;
    "PyLong_AsSsize_t" => long_as_signed;
    "PyLong_AsUnsignedLongMask" => long_as_unsigned;
    "PyLong_AsUnsignedLongLongMask" => long_as_unsigned;
    "PyLong_AsVoidPtr" => long_as_unsigned;
    "PyFloat_FromDouble" => float_from_double;
    "PyFloat_AsDouble" => float_as_double;
    "PyBool_FromLong" => bool_from_long;
    "PyDict_New" => dict_new;
    "PyDict_GetItem" => dict_get_item;
    "PyDict_SetItem" => setitem;
    "PyDict_DelItem" => delitem;
    "PyDict_SetItemString" => dict_set_item_string;
    "PyDict_Size" => length;
    "PyList_Append" => list_append;
    "PyList_Size" => length;
    "PyList_GetItem" => item_at;
    "PyTuple_Size" => length;
    "PyTuple_GetItem" => item_at;
}
