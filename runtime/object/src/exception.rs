//! Exceptions: the class hierarchy in one table, and what every exception carries.
//!
//! All exceptions share one payload. What particular classes add (`OSError.errno`,
//! `StopIteration.value`, ...) are named fields, declared with the class. Constructors and `str` of
//! the classes that have their own are in the builtins crate.

use crate::cell::{ObjectCell, Visitor};
use crate::class::{OBJECT, Payload, Type};
use crate::native::{Getset, Member, PayloadInfo, TypeSpec, flag};
use crate::tuple::Tuple;
use crate::value::{Object, Ref};
use crate::vm::{PyResult, Vm};
use std::cell::Cell;

/// The payload of every exception.
pub struct Exception {
    pub args: ObjectCell,
    pub traceback: ObjectCell,
    pub context: ObjectCell,
    pub cause: ObjectCell,
    pub suppress_context: Cell<bool>,
    /// What the class adds; see [`fields_of`].
    fields: Box<[ObjectCell]>,
}

impl Payload for Exception {
    fn class() -> &'static Type {
        &BASE_EXCEPTION
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        for cell in [&self.args, &self.traceback, &self.context, &self.cause].into_iter().chain(&self.fields) {
            cell.traverse(visitor);
        }
    }

    fn clear(&self, _vm: &mut Vm) {
        for cell in [&self.traceback, &self.context, &self.cause].into_iter().chain(&self.fields) {
            cell.set(None);
        }
    }
}

macro_rules! define_exceptions {
    ($( $STATIC:ident, $SPEC:ident, $name:literal, $base:expr, [$($field:ident),*], $doc:literal; )*) => {
        $(
            #[doc = concat!("`", $name, "`")]
            pub static $STATIC: Type = Type::new(&$SPEC);
            static $SPEC: TypeSpec = TypeSpec {
                name: $name,
                doc: $doc,
                base: $base,
                flags: flag::BASE_TYPE | flag::HAS_DICT | flag::EXCEPTION,
                payload: PayloadInfo::of::<Exception>(),
                members: &[$(Member(Getset::new(
                    stringify!($field),
                    concat!("exception ", stringify!($field)),
                    |_, this| Ok(field(this, stringify!($field)).unwrap_or(Object::none())),
                    |vm, this, value| {
                        if matches!(stringify!($field), "message" | "exceptions") {
                            return Err(vm.raise(&ATTRIBUTE_ERROR, "readonly attribute"));
                        }
                        set_field(vm, this, stringify!($field), value.map(Ref::to_owned));
                        Ok(())
                    },
                ))),*],
                fields: &[$(stringify!($field)),*],
                ..TypeSpec::DEFAULT
            };
        )*

        /// All exception classes, bases first.
        pub static ALL: &[&Type] = &[$(&$STATIC),*];
    };
}

define_exceptions! {
    BASE_EXCEPTION, BASE_EXCEPTION_SPEC, "BaseException", Some(&OBJECT), [], "Common base class for all exceptions.";
    BASE_EXCEPTION_GROUP, BASE_EXCEPTION_GROUP_SPEC, "BaseExceptionGroup", Some(&BASE_EXCEPTION), [message, exceptions, _exceptions_text], "A combination of multiple unrelated exceptions.";
    EXCEPTION, EXCEPTION_SPEC, "Exception", Some(&BASE_EXCEPTION), [], "Common base class for all non-exit exceptions.";
    GENERATOR_EXIT, GENERATOR_EXIT_SPEC, "GeneratorExit", Some(&BASE_EXCEPTION), [], "Request that a generator exit.";
    KEYBOARD_INTERRUPT, KEYBOARD_INTERRUPT_SPEC, "KeyboardInterrupt", Some(&BASE_EXCEPTION), [], "Program interrupted by user.";
    SYSTEM_EXIT, SYSTEM_EXIT_SPEC, "SystemExit", Some(&BASE_EXCEPTION), [code], "Request to exit from the interpreter.";
    ARITHMETIC_ERROR, ARITHMETIC_ERROR_SPEC, "ArithmeticError", Some(&EXCEPTION), [], "Base class for arithmetic errors.";
    ASSERTION_ERROR, ASSERTION_ERROR_SPEC, "AssertionError", Some(&EXCEPTION), [], "Assertion failed.";
    ATTRIBUTE_ERROR, ATTRIBUTE_ERROR_SPEC, "AttributeError", Some(&EXCEPTION), [name, obj], "Attribute not found.";
    BUFFER_ERROR, BUFFER_ERROR_SPEC, "BufferError", Some(&EXCEPTION), [], "Buffer error.";
    EOF_ERROR, EOF_ERROR_SPEC, "EOFError", Some(&EXCEPTION), [], "Read beyond end of file.";
    IMPORT_ERROR, IMPORT_ERROR_SPEC, "ImportError", Some(&EXCEPTION), [msg, name, path, name_from], "Import can't find module, or can't find name in module.";
    LOOKUP_ERROR, LOOKUP_ERROR_SPEC, "LookupError", Some(&EXCEPTION), [], "Base class for lookup errors.";
    MEMORY_ERROR, MEMORY_ERROR_SPEC, "MemoryError", Some(&EXCEPTION), [], "Out of memory.";
    NAME_ERROR, NAME_ERROR_SPEC, "NameError", Some(&EXCEPTION), [name], "Name not found globally.";
    OS_ERROR, OS_ERROR_SPEC, "OSError", Some(&EXCEPTION), [errno, strerror, filename, filename2, characters_written], "Base class for I/O related errors.";
    REFERENCE_ERROR, REFERENCE_ERROR_SPEC, "ReferenceError", Some(&EXCEPTION), [], "Weak ref proxy used after referent went away.";
    RUNTIME_ERROR, RUNTIME_ERROR_SPEC, "RuntimeError", Some(&EXCEPTION), [], "Unspecified run-time error.";
    STOP_ASYNC_ITERATION, STOP_ASYNC_ITERATION_SPEC, "StopAsyncIteration", Some(&EXCEPTION), [], "Signal the end from iterator.__anext__().";
    STOP_ITERATION, STOP_ITERATION_SPEC, "StopIteration", Some(&EXCEPTION), [value], "Signal the end from iterator.__next__().";
    SYNTAX_ERROR, SYNTAX_ERROR_SPEC, "SyntaxError", Some(&EXCEPTION), [msg, filename, lineno, offset, text, end_lineno, end_offset, print_file_and_line, _metadata], "Invalid syntax.";
    SYSTEM_ERROR, SYSTEM_ERROR_SPEC, "SystemError", Some(&EXCEPTION), [], "Internal error in the Python interpreter.\n\nPlease report this to the Python maintainer, along with the traceback,\nthe Python version, and the hardware/OS platform and version.";
    TYPE_ERROR, TYPE_ERROR_SPEC, "TypeError", Some(&EXCEPTION), [], "Inappropriate argument type.";
    VALUE_ERROR, VALUE_ERROR_SPEC, "ValueError", Some(&EXCEPTION), [], "Inappropriate argument value (of correct type).";
    WARNING, WARNING_SPEC, "Warning", Some(&EXCEPTION), [], "Base class for warning categories.";
    FLOATING_POINT_ERROR, FLOATING_POINT_ERROR_SPEC, "FloatingPointError", Some(&ARITHMETIC_ERROR), [], "Floating-point operation failed.";
    OVERFLOW_ERROR, OVERFLOW_ERROR_SPEC, "OverflowError", Some(&ARITHMETIC_ERROR), [], "Result too large to be represented.";
    ZERO_DIVISION_ERROR, ZERO_DIVISION_ERROR_SPEC, "ZeroDivisionError", Some(&ARITHMETIC_ERROR), [], "Second argument to a division or modulo operation was zero.";
    BYTES_WARNING, BYTES_WARNING_SPEC, "BytesWarning", Some(&WARNING), [], "Base class for warnings about bytes and buffer related problems, mostly\nrelated to conversion from str or comparing to str.";
    DEPRECATION_WARNING, DEPRECATION_WARNING_SPEC, "DeprecationWarning", Some(&WARNING), [], "Base class for warnings about deprecated features.";
    ENCODING_WARNING, ENCODING_WARNING_SPEC, "EncodingWarning", Some(&WARNING), [], "Base class for warnings about encodings.";
    FUTURE_WARNING, FUTURE_WARNING_SPEC, "FutureWarning", Some(&WARNING), [], "Base class for warnings about constructs that will change semantically\nin the future.";
    IMPORT_WARNING, IMPORT_WARNING_SPEC, "ImportWarning", Some(&WARNING), [], "Base class for warnings about probable mistakes in module imports";
    PENDING_DEPRECATION_WARNING, PENDING_DEPRECATION_WARNING_SPEC, "PendingDeprecationWarning", Some(&WARNING), [], "Base class for warnings about features which will be deprecated\nin the future.";
    RESOURCE_WARNING, RESOURCE_WARNING_SPEC, "ResourceWarning", Some(&WARNING), [], "Base class for warnings about resource usage.";
    RUNTIME_WARNING, RUNTIME_WARNING_SPEC, "RuntimeWarning", Some(&WARNING), [], "Base class for warnings about dubious runtime behavior.";
    SYNTAX_WARNING, SYNTAX_WARNING_SPEC, "SyntaxWarning", Some(&WARNING), [], "Base class for warnings about dubious syntax.";
    UNICODE_WARNING, UNICODE_WARNING_SPEC, "UnicodeWarning", Some(&WARNING), [], "Base class for warnings about Unicode related problems, mostly\nrelated to conversion problems.";
    USER_WARNING, USER_WARNING_SPEC, "UserWarning", Some(&WARNING), [], "Base class for warnings generated by user code.";
    BLOCKING_IO_ERROR, BLOCKING_IO_ERROR_SPEC, "BlockingIOError", Some(&OS_ERROR), [], "I/O operation would block.";
    CHILD_PROCESS_ERROR, CHILD_PROCESS_ERROR_SPEC, "ChildProcessError", Some(&OS_ERROR), [], "Child process error.";
    CONNECTION_ERROR, CONNECTION_ERROR_SPEC, "ConnectionError", Some(&OS_ERROR), [], "Connection error.";
    FILE_EXISTS_ERROR, FILE_EXISTS_ERROR_SPEC, "FileExistsError", Some(&OS_ERROR), [], "File already exists.";
    FILE_NOT_FOUND_ERROR, FILE_NOT_FOUND_ERROR_SPEC, "FileNotFoundError", Some(&OS_ERROR), [], "File not found.";
    INTERRUPTED_ERROR, INTERRUPTED_ERROR_SPEC, "InterruptedError", Some(&OS_ERROR), [], "Interrupted by signal.";
    IS_A_DIRECTORY_ERROR, IS_A_DIRECTORY_ERROR_SPEC, "IsADirectoryError", Some(&OS_ERROR), [], "Operation doesn't work on directories.";
    NOT_A_DIRECTORY_ERROR, NOT_A_DIRECTORY_ERROR_SPEC, "NotADirectoryError", Some(&OS_ERROR), [], "Operation only works on directories.";
    PERMISSION_ERROR, PERMISSION_ERROR_SPEC, "PermissionError", Some(&OS_ERROR), [], "Not enough permissions.";
    PROCESS_LOOKUP_ERROR, PROCESS_LOOKUP_ERROR_SPEC, "ProcessLookupError", Some(&OS_ERROR), [], "Process not found.";
    TIMEOUT_ERROR, TIMEOUT_ERROR_SPEC, "TimeoutError", Some(&OS_ERROR), [], "Timeout expired.";
    BROKEN_PIPE_ERROR, BROKEN_PIPE_ERROR_SPEC, "BrokenPipeError", Some(&CONNECTION_ERROR), [], "Broken pipe.";
    CONNECTION_ABORTED_ERROR, CONNECTION_ABORTED_ERROR_SPEC, "ConnectionAbortedError", Some(&CONNECTION_ERROR), [], "Connection aborted.";
    CONNECTION_REFUSED_ERROR, CONNECTION_REFUSED_ERROR_SPEC, "ConnectionRefusedError", Some(&CONNECTION_ERROR), [], "Connection refused.";
    CONNECTION_RESET_ERROR, CONNECTION_RESET_ERROR_SPEC, "ConnectionResetError", Some(&CONNECTION_ERROR), [], "Connection reset.";
    INDENTATION_ERROR, INDENTATION_ERROR_SPEC, "IndentationError", Some(&SYNTAX_ERROR), [], "Improper indentation.";
    INCOMPLETE_INPUT_ERROR, INCOMPLETE_INPUT_ERROR_SPEC, "_IncompleteInputError", Some(&SYNTAX_ERROR), [], "incomplete input.";
    TAB_ERROR, TAB_ERROR_SPEC, "TabError", Some(&INDENTATION_ERROR), [], "Improper mixture of spaces and tabs.";
    INDEX_ERROR, INDEX_ERROR_SPEC, "IndexError", Some(&LOOKUP_ERROR), [], "Sequence index out of range.";
    KEY_ERROR, KEY_ERROR_SPEC, "KeyError", Some(&LOOKUP_ERROR), [], "Mapping key not found.";
    MODULE_NOT_FOUND_ERROR, MODULE_NOT_FOUND_ERROR_SPEC, "ModuleNotFoundError", Some(&IMPORT_ERROR), [], "Module not found.";
    NOT_IMPLEMENTED_ERROR, NOT_IMPLEMENTED_ERROR_SPEC, "NotImplementedError", Some(&RUNTIME_ERROR), [], "Method or function hasn't been implemented yet.";
    PYTHON_FINALIZATION_ERROR, PYTHON_FINALIZATION_ERROR_SPEC, "PythonFinalizationError", Some(&RUNTIME_ERROR), [], "Operation blocked during Python finalization.";
    RECURSION_ERROR, RECURSION_ERROR_SPEC, "RecursionError", Some(&RUNTIME_ERROR), [], "Recursion limit exceeded.";
    UNBOUND_LOCAL_ERROR, UNBOUND_LOCAL_ERROR_SPEC, "UnboundLocalError", Some(&NAME_ERROR), [], "Local name referenced but not bound to a value.";
    UNICODE_ERROR, UNICODE_ERROR_SPEC, "UnicodeError", Some(&VALUE_ERROR), [], "Unicode related error.";
    UNICODE_DECODE_ERROR, UNICODE_DECODE_ERROR_SPEC, "UnicodeDecodeError", Some(&UNICODE_ERROR), [encoding, object, start, end, reason], "Unicode decoding error.";
    UNICODE_ENCODE_ERROR, UNICODE_ENCODE_ERROR_SPEC, "UnicodeEncodeError", Some(&UNICODE_ERROR), [encoding, object, start, end, reason], "Unicode encoding error.";
    UNICODE_TRANSLATE_ERROR, UNICODE_TRANSLATE_ERROR_SPEC, "UnicodeTranslateError", Some(&UNICODE_ERROR), [encoding, object, start, end, reason], "Unicode translation error.";
}

/// Whether a native exception class adds fields to those of its base.
pub(crate) fn declares_fields(class: &Type) -> bool {
    !declared_fields(class).is_empty()
}

/// The fields that a native exception class declares itself.
fn declared_fields(class: &Type) -> &'static [&'static str] {
    class.spec().fields
}

/// The fields of a class's instances, by position. A class has at most one base that declares any.
pub fn fields_of(class: &Type) -> &'static [&'static str] {
    let mut current = Some(class);
    while let Some(class) = current {
        let fields = if class.is_heap_type() { &[] } else { declared_fields(class) };
        if !fields.is_empty() {
            return fields;
        }
        current = class.base();
    }
    &[]
}

/// The value of a field; `None` if it is not set, or if the class has no such field.
pub fn field(object: Ref<'_>, name: &str) -> Option<Object> {
    let exception = object.downcast::<Exception>()?;
    let index = fields_of(object.class()).iter().position(|&field| field == name)?;
    exception.fields.get(index)?.get()
}

/// Sets a field that the object's class has.
pub fn set_field(_vm: &Vm, object: Ref<'_>, name: &str, value: Option<Object>) {
    if let Some(exception) = object.downcast::<Exception>()
        && let Some(index) = fields_of(object.class()).iter().position(|&field| field == name)
        && let Some(cell) = exception.fields.get(index)
    {
        cell.set(value);
    }
}

/// An exception of `class` with these arguments, as its `__new__` leaves it.
pub fn allocate(vm: &Vm, class: &Type, args: Object) -> Object {
    let fields = fields_of(class).iter().map(|_| ObjectCell::EMPTY).collect();
    allocate_with_fields(vm, class, args, fields)
}

fn allocate_with_fields(vm: &Vm, class: &Type, args: Object, fields: Box<[ObjectCell]>) -> Object {
    vm.allocate_in(
        class,
        Exception {
            args: ObjectCell::new(Some(args)),
            traceback: ObjectCell::EMPTY,
            context: ObjectCell::EMPTY,
            cause: ObjectCell::EMPTY,
            suppress_context: Cell::new(false),
            fields,
        },
    )
}

/// A new exception of a native class with a single argument.
pub(crate) fn with_message(vm: &mut Vm, class: &'static Type, message: Object) -> Object {
    if !fields_of(class).is_empty() {
        return new(vm, class, vec![message]);
    }
    let args = vm.new_tuple([message]).into_object();
    allocate_with_fields(vm, class, args, Box::default())
}

/// A new exception of a native class whose constructor takes plain arguments.
pub fn new(vm: &mut Vm, class: &'static Type, args: Vec<Object>) -> Object {
    let fields = fields_of(class);
    if let (false, [first, ..], Some(make)) = (args.is_empty() || fields.is_empty(), fields, class.slots().new)
        && !matches!(*first, "value" | "name")
    {
        // The class's own constructor knows what the arguments mean.
        return match construct(vm, class, make, &args) {
            Ok(object) => object,
            Err(raised) => vm.catch(raised),
        };
    }
    let first = args.first().cloned();
    let args = vm.new_tuple(args).into_object();
    let object = allocate(vm, class, args);
    if fields.first() == Some(&"value") {
        set_field(vm, object.borrow(), "value", first);
    }
    object
}

fn construct(vm: &mut Vm, class: &Type, make: crate::slots::NewFn, args: &[Object]) -> PyResult {
    let args = crate::call::Args::positional(Object::as_refs(args));
    let object = make(vm, class.as_ref(), args)?;
    if let Some(init) = object.borrow().class().slots().init {
        init(vm, object.borrow(), args)?;
    }
    Ok(object)
}

/// Chains the exception being handled to one that is about to be raised, breaking cycles.
pub(crate) fn set_context(vm: &mut Vm, object: Ref<'_>) {
    let Some(handled) = vm.handled_exception().map(Ref::to_owned) else { return };
    if handled.borrow().is(object) {
        return;
    }
    let context_of = |error: &Object| error.borrow().downcast::<Exception>().and_then(|exception| exception.context.get());
    // The chain may run in a circle already: a second look-out goes along it at half the speed.
    let (mut current, mut slow, mut moves_slow) = (handled.clone(), handled.clone(), false);
    while let Some(next) = context_of(&current) {
        if next.borrow().is(object) {
            if let Some(exception) = current.borrow().downcast::<Exception>() {
                exception.context.set(None);
            }
            break;
        }
        current = next;
        if current.borrow().is(slow.borrow()) {
            break;
        }
        if moves_slow {
            slow = context_of(&slow).unwrap_or(slow);
        }
        moves_slow = !moves_slow;
    }
    if let Some(exception) = object.downcast::<Exception>() {
        exception.context.set(Some(handled));
    }
}

/// The exception's arguments.
pub fn args(object: Ref<'_>) -> Option<Object> {
    object.downcast::<Exception>().and_then(|exception| exception.args.get())
}

/// The first argument, if there is just one.
pub fn only_argument(object: Ref<'_>) -> Option<Object> {
    let args = args(object)?;
    let args = args.borrow().downcast::<Tuple>()?;
    match args.items() {
        &[only] => Some(only.to_owned()),
        _ => None,
    }
}

/// Makes an exception to raise of what `raise` was given: an instance, or a class to call.
pub fn instantiate(vm: &mut Vm, value: Ref<'_>) -> PyResult {
    if value.downcast::<Exception>().is_some() {
        return Ok(value.to_owned());
    }
    match value.downcast::<Type>() {
        Some(class) if class.is_subclass_of(&BASE_EXCEPTION) => {
            let object = vm.call(value, &[])?;
            if object.borrow().downcast::<Exception>().is_none() {
                let message = format!(
                    "calling <class '{}'> should have returned an instance of BaseException, not {}",
                    class.name(),
                    object.borrow().class().name()
                );
                return Err(vm.type_error(message));
            }
            Ok(object)
        }
        _ => Err(vm.type_error("exceptions must derive from BaseException")),
    }
}
