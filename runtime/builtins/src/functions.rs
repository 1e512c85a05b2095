//! The module `builtins`: its functions, but for those that need the interpreter, and the types and
//! constants that are in it.

use crate::iterators;
use crate::list_sort;
use bytecode::opcode::Comparison;
use object::call::{Args, NativeInfo};
use object::class::{OBJECT, TYPE};
use object::dict::DICT;
use object::exception;
use object::int;
use object::list::LIST;
use object::singleton::{ModuleObject, singletons};
use object::str::{STR, Str, names};
use object::tuple::TUPLE;
use object::{Method, Object, ObjectOf, PyResult, Ref, RefOf, Type, Vm, float, method};

pub mod arithmetic;
pub mod io;

use arithmetic::{abs, bin, divmod, hex, oct, pow, round, sum};
use io::{breakpoint, input, open, print};

/// The functions that need no interpreter.
pub static FUNCTIONS: &[Method] = &[
    method!(Binary abs "($module, x, /)", "Return the absolute value of the argument."),
    method!(Binary all "($module, iterable, /)", "Return True if bool(x) is True for all values x in the iterable.\n\nIf the iterable is empty, return True."),
    method!(Binary any "($module, iterable, /)", "Return True if bool(x) is True for any x in the iterable.\n\nIf the iterable is empty, return False."),
    method!(Binary ascii "($module, obj, /)", "Return an ASCII-only representation of an object.\n\nAs repr(), return a string containing a printable representation of an\nobject, but escape the non-ASCII characters in the string returned by\nrepr() using \\\\x, \\\\u or \\\\U escapes. This generates a string similar\nto that returned by repr() in Python 2."),
    method!(Binary bin "($module, number, /)", "Return the binary representation of an integer.\n\n   >>> bin(2796202)\n   '0b1010101010101010101010'"),
    method!(Raw breakpoint "($module, /, *args, **kws)", "Call sys.breakpointhook(*args, **kws).  sys.breakpointhook() must accept\nwhatever arguments are passed.\n\nBy default, this drops you into the pdb debugger."),
    method!(Binary callable "($module, obj, /)", "Return whether the object is callable (i.e., some kind of function).\n\nNote that classes are callable, as are instances of classes with a\n__call__() method."),
    method!(Binary chr "($module, i, /)", "Return a Unicode string of one character with ordinal i; 0 <= i <= 0x10ffff."),
    method!(Bound delattr "($module, obj, name, /)", "Deletes the named attribute from the given object.\n\ndelattr(x, 'y') is equivalent to ``del x.y``"),
    method!(Raw dir "", "dir([object]) -> list of strings\n\nIf called without an argument, return the names in the current scope.\nElse, return an alphabetized list of names comprising (some of) the\nattributes of the given object, and of attributes reachable from it.\nIf the object supplies a method named __dir__, it will be used;\notherwise the default dir() logic is used and returns:\n  for a module object: the module's attributes.\n  for a class object:  its attributes, and recursively the attributes\n    of its bases.\n  for any other object: its attributes, its class's attributes, and\n    recursively the attributes of its class's base classes."),
    method!(Bound divmod "($module, x, y, /)", "Return the tuple (x//y, x%y).  Invariant: div*y + mod == x."),
    method!(Bound format "($module, value, format_spec='', /)", "Return type(value).__format__(value, format_spec)\n\nMany built-in types implement format_spec according to the\nFormat Specification Mini-language. See help('FORMATTING').\n\nIf type(value) does not supply a method named __format__\nand format_spec is empty, then str(value) is returned.\nSee also help('SPECIALMETHODS')."),
    method!(Raw getattr "", "getattr(object, name[, default]) -> value\n\nGet a named attribute from an object.\n\ngetattr(x, 'y') is equivalent to x.y.\nWhen a default argument is given, it is returned when the attribute\ndoesn't exist; without it, an exception is raised in that case."),
    method!(Bound hasattr "($module, obj, name, /)", "Return whether the object has an attribute with the given name.\n\nThis is done by calling getattr(obj, name) and catching AttributeError."),
    method!(Binary hash "($module, obj, /)", "Return the integer hash value for the given object.\n\nTwo objects that compare equal must also have the same hash value, but\nthe reverse is not necessarily true.  Hash values may differ between\nPython processes.  Not all objects are hashable; calling hash() on an\nunhashable object raises TypeError."),
    method!(Binary hex "($module, number, /)", "Return the hexadecimal representation of an integer.\n\n   >>> hex(12648430)\n   '0xc0ffee'"),
    method!(Binary id "($module, obj, /)", "Return the identity of an object.\n\nThis is guaranteed to be unique among simultaneously existing objects.\n(CPython uses the object's memory address.)"),
    method!(Bound input "($module, prompt='', /)", "Read a string from standard input.  The trailing newline is stripped.\n\nThe prompt string, if given, is printed to standard output without a\ntrailing newline before reading input.\n\nIf the user hits EOF (*nix: Ctrl-D, Windows: Ctrl-Z+Return), raise\nEOFError.\nOn *nix systems, readline is used if available."),
    method!(Bound isinstance "($module, obj, class_or_tuple, /)", "Return whether an object is an instance of a class or of a subclass thereof.\n\nA tuple, as in ``isinstance(x, (A, B, ...))``, may be given as the\ntarget to check against.  This is equivalent to ``isinstance(x, A) or\nisinstance(x, B) or ...`` etc."),
    method!(Bound issubclass "($module, cls, class_or_tuple, /)", "Return whether 'cls' is derived from another class or is the same class.\n\nA tuple, as in ``issubclass(x, (A, B, ...))``, may be given as the\ntarget to check against.  This is equivalent to ``issubclass(x, A) or\nissubclass(x, B) or ...``."),
    method!(Raw iter "", "iter(iterable) -> iterator\niter(callable, sentinel) -> iterator\n\nGet an iterator from an object.  In the first form, the argument must\nsupply its own iterator, or be a sequence.\nIn the second form, the callable is called until it returns the\nsentinel."),
    method!(Binary aiter "($module, async_iterable, /)", "Return an AsyncIterator for an AsyncIterable object."),
    method!(Binary len "($module, obj, /)", "Return the number of items in a container."),
    method!(Raw max "", "max(iterable, *[, default=obj, key=func]) -> value\nmax(arg1, arg2, *args, *[, key=func]) -> value\n\nWith a single iterable argument, return its biggest item. The\ndefault keyword-only argument specifies an object to return if\nthe provided iterable is empty.\nWith two or more positional arguments, return the largest argument."),
    method!(Raw min "", "min(iterable, *[, default=obj, key=func]) -> value\nmin(arg1, arg2, *args, *[, key=func]) -> value\n\nWith a single iterable argument, return its smallest item. The\ndefault keyword-only argument specifies an object to return if\nthe provided iterable is empty.\nWith two or more positional arguments, return the smallest argument."),
    method!(Raw next "", "next(iterator[, default])\n\nReturn the next item from the iterator.  If default is given and the\niterator is exhausted, it is returned instead of raising StopIteration."),
    method!(Bound anext "($module, aiterator, default=<unrepresentable>, /)", "Return the next item from the async iterator.\n\nIf default is given and the async iterator is exhausted,\nit is returned instead of raising StopAsyncIteration."),
    method!(Binary oct "($module, number, /)", "Return the octal representation of an integer.\n\n   >>> oct(342391)\n   '0o1234567'"),
    method!(Binary ord "($module, character, /)", "Return the ordinal value of a character.\n\nIf the argument is a one-character string, return the Unicode code\npoint of that character.\n\nIf the argument is a bytes or bytearray object of length 1, return its\nsingle byte value."),
    method!(Bound pow "($module, /, base, exp, mod=None)", "Equivalent to base**exp with 2 arguments or base**exp % mod with 3 arguments\n\nSome types, such as ints, are able to use a more efficient algorithm\nwhen invoked using the three argument form."),
    method!(Raw print "($module, /, *args, sep=' ', end='\\n', file=None, flush=False)", "Prints the values to a stream, or to sys.stdout by default.\n\n  sep\n    string inserted between values, default a space.\n  end\n    string appended after the last value, default a newline.\n  file\n    a file-like object (stream); defaults to the current sys.stdout.\n  flush\n    whether to forcibly flush the stream."),
    method!(Binary repr "($module, obj, /)", "Return the canonical string representation of the object.\n\nFor many object types, including most builtins, eval(repr(obj)) == obj."),
    method!(Bound round "($module, /, number, ndigits=None)", "Round a number to a given precision in decimal digits.\n\nThe return value is an integer if ndigits is omitted or None.\nOtherwise the return value has the same type as the number.  ndigits\nmay be negative."),
    method!(Bound setattr "($module, obj, name, value, /)", "Sets the named attribute on the given object to the specified value.\n\nsetattr(x, 'y', v) is equivalent to ``x.y = v``"),
    method!(Raw sorted "($module, iterable, /, *, key=None, reverse=False)", "Return a new list containing all items from the iterable in ascending order.\n\nA custom key function can be supplied to customize the sort order, and the\nreverse flag can be set to request the result in descending order."),
    method!(Bound sum "($module, iterable, /, start=0)", "Return the sum of a 'start' value (default: 0) plus an iterable of numbers\n\nWhen the iterable is empty, return the start value.\nThis function is intended specifically for use with numeric values and\nmay reject non-numeric types."),
    method!(Raw vars "", "vars([object]) -> dictionary\n\nWithout arguments, equivalent to locals().\nWith an argument, equivalent to object.__dict__."),
    method!(Raw open "($module, /, file, mode='r', buffering=-1, encoding=None,\n     errors=None, newline=None, closefd=True, opener=None)", "Open file and return a stream.  Raise OSError upon failure.\n\nfile is either a text or byte string giving the name (and the path\nif the file isn't in the current working directory) of the file to\nbe opened or an integer file descriptor of the file to be\nwrapped.  (If a file descriptor is given, it is closed when the\nreturned I/O object is closed, unless closefd is set to False.)\n\nmode is an optional string that specifies the mode in which the file\nis opened.  It defaults to 'r' which means open for reading in text\nmode.  Other common values are 'w' for writing (truncating the file if\nit already exists), 'x' for creating and writing to a new file, and\n'a' for appending (which on some Unix systems, means that all writes\nappend to the end of the file regardless of the current seek position).\nIn text mode, if encoding is not specified the encoding used is platform\ndependent: locale.getencoding() is called to get the current locale\nencoding.  (For reading and writing raw bytes use binary mode and leave\nencoding unspecified.)  The available modes are:\n\n========= ==========================================================\nCharacter Meaning\n--------- ----------------------------------------------------------\n'r'       open for reading (default)\n'w'       open for writing, truncating the file first\n'x'       create a new file and open it for writing\n'a'       open for writing, appending to the end of the file if it\n          exists\n'b'       binary mode\n't'       text mode (default)\n'+'       open a disk file for updating (reading and writing)\n========= ==========================================================\n\nThe default mode is 'rt' (open for reading text).  For binary random\naccess, the mode 'w+b' opens and truncates the file to 0 bytes, while\n'r+b' opens the file without truncation.  The 'x' mode implies 'w' and\nraises an `FileExistsError` if the file already exists.\n\nPython distinguishes between files opened in binary and text modes,\neven when the underlying operating system doesn't.  Files opened in\nbinary mode (appending 'b' to the mode argument) return contents as\nbytes objects without any decoding.  In text mode (the default, or when\n't' is appended to the mode argument), the contents of the file are\nreturned as strings, the bytes having been first decoded using a\nplatform-dependent encoding or using the specified encoding if given.\n\nbuffering is an optional integer used to set the buffering policy.\nPass 0 to switch buffering off (only allowed in binary mode), 1 to\nselect line buffering (only usable in text mode), and an integer > 1 to\nindicate the size of a fixed-size chunk buffer.   When no buffering\nargument is given, the default buffering policy works as follows:\n\n* Binary files are buffered in fixed-size chunks; the size of the buffer\n  is max(min(blocksize, 8 MiB), DEFAULT_BUFFER_SIZE) when the device\n  block size is available.\n  On most systems, the buffer will typically be 128 kilobytes long.\n\n* \"Interactive\" text files (files for which isatty() returns True)\n  use line buffering.  Other text files use the policy described above\n  for binary files.\n\nencoding is the name of the encoding used to decode or encode the\nfile.  This should only be used in text mode.  The default encoding is\nplatform dependent, but any encoding supported by Python can be\npassed.  See the codecs module for the list of supported encodings.\n\nerrors is an optional string that specifies how encoding errors are to\nbe handled---this argument should not be used in binary mode.  Pass\n'strict' to raise a ValueError exception if there is an encoding error\n(the default of None has the same effect), or pass 'ignore' to ignore\nerrors.  (Note that ignoring encoding errors can lead to data loss.)\nSee the documentation for codecs.register or run 'help(codecs.Codec)'\nfor a list of the permitted encoding error strings.\n\nnewline controls how universal newlines works (it only applies to text\nmode).  It can be None, '', '\\n', '\\r', and '\\r\\n'.  It works as\nfollows:\n\n* On input, if newline is None, universal newlines mode is enabled.\n  Lines in the input can end in '\\n', '\\r', or '\\r\\n', and these are\n  translated into '\\n' before being returned to the caller.  If it is\n  '', universal newline mode is enabled, but line endings are returned\n  to the caller untranslated.  If it has any of the other legal values,\n  input lines are only terminated by the given string, and the line\n  ending is returned to the caller untranslated.\n\n* On output, if newline is None, any '\\n' characters written are\n  translated to the system default line separator, os.linesep.  If\n  newline is '' or '\\n', no translation takes place.  If newline is any\n  of the other legal values, any '\\n' characters written are translated\n  to the given string.\n\nIf closefd is False, the underlying file descriptor will be kept open\nwhen the file is closed.  This does not work when a file name is given\nand must be True in that case.\n\nA custom opener can be used by passing a callable as *opener*.  The\nunderlying file descriptor for the file object is then obtained by\ncalling *opener* with (*file*, *flags*).  *opener* must return an open\nfile descriptor (passing os.open as *opener* results in functionality\nsimilar to passing None).\n\nopen() returns a file object whose type depends on the mode, and\nthrough which the standard file operations such as reading and writing\nare performed.  When open() is used to open a file in a text mode ('w',\n'r', 'wt', 'rt', etc.), it returns a TextIOWrapper.  When used to open\na file in a binary mode, the returned class varies: in read binary\nmode, it returns a BufferedReader; in write binary and append binary\nmodes, it returns a BufferedWriter, and in read/write mode, it returns\na BufferedRandom.\n\nIt is also possible to use a string or bytearray as a file for both\nreading and writing.  For strings StringIO can be used like a file\nopened in a text mode, and for bytes a BytesIO can be used like a file\nopened in a binary mode."),
];

/// Builtin types of this crate and of `object`, as the module names them.
const TYPE_NAMES: &[&str] = &[
    "bool",
    "bytearray",
    "bytes",
    "classmethod",
    "complex",
    "dict",
    "enumerate",
    "filter",
    "float",
    "frozenset",
    "int",
    "list",
    "map",
    "memoryview",
    "object",
    "property",
    "range",
    "reversed",
    "set",
    "slice",
    "staticmethod",
    "str",
    "super",
    "tuple",
    "type",
    "zip",
];

/// Types that `object` declares.
static OBJECT_TYPES: &[&Type] = &[
    &int::BOOL,
    &object::bytes::BYTEARRAY,
    &object::bytes::BYTES,
    &object::descriptor::CLASS_METHOD,
    &DICT,
    &float::FLOAT,
    &int::INT,
    &LIST,
    &OBJECT,
    &object::descriptor::PROPERTY,
    &object::descriptor::STATIC_METHOD,
    &STR,
    &object::super_object::SUPER,
    &TUPLE,
    &TYPE,
];

/// Puts all builtin types, exceptions and constants into the builtins module. The types are ready.
pub fn populate(vm: &mut Vm, module: RefOf<'_, ModuleObject>) {
    for &class in OBJECT_TYPES.iter().chain(crate::TYPES).filter(|class| TYPE_NAMES.contains(&class.spec().name)) {
        module.set(vm, class.name(), class.to_object());
    }
    for class in exception::ALL {
        module.set(vm, class.name(), class.to_object());
    }
    match crate::exceptions::group::exception_group(vm) {
        Ok(class) => module.set(vm, "ExceptionGroup", class),
        Err(raised) => drop(vm.catch(raised)),
    }
    for alias in ["EnvironmentError", "IOError"] {
        module.set(vm, alias, exception::OS_ERROR.to_object());
    }
    for (name, value) in singletons() {
        module.set(vm, name, value.to_owned());
    }
    module.set(vm, "True", Object::bool(true));
    module.set(vm, "False", Object::bool(false));
    module.set(vm, "__debug__", Object::bool(true));
}

fn isinstance(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    crate::type_checks::is_instance(vm, required(args, 0), required(args, 1)).map(Object::bool)
}

fn issubclass(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    crate::type_checks::is_subclass(vm, required(args, 0), required(args, 1)).map(Object::bool)
}

fn required<'a>(args: &[Option<Ref<'a>>], index: usize) -> Ref<'a> {
    args[index].expect("a required argument")
}

fn all(vm: &mut Vm, _module: Ref<'_>, iterable: Ref<'_>) -> PyResult {
    let iterator = vm.iter(iterable)?;
    while let Some(item) = vm.next(iterator.borrow())? {
        if !vm.is_true(item.borrow())? {
            return Ok(Object::bool(false));
        }
    }
    Ok(Object::bool(true))
}

fn any(vm: &mut Vm, _module: Ref<'_>, iterable: Ref<'_>) -> PyResult {
    let iterator = vm.iter(iterable)?;
    while let Some(item) = vm.next(iterator.borrow())? {
        if vm.is_true(item.borrow())? {
            return Ok(Object::bool(true));
        }
    }
    Ok(Object::bool(false))
}

fn ascii(vm: &mut Vm, _module: Ref<'_>, object: Ref<'_>) -> PyResult {
    vm.ascii(object).map(Object::from)
}

fn callable(_vm: &mut Vm, _module: Ref<'_>, object: Ref<'_>) -> PyResult {
    Ok(Object::bool(object.class().slots().call.is_some()))
}

fn chr(vm: &mut Vm, _module: Ref<'_>, code_point: Ref<'_>) -> PyResult {
    let value = vm.index(code_point)?;
    match value.borrow().as_small_int() {
        Some(value @ 0..=0x10_FFFF) => Ok(vm.new_char(value as u32).into_object()),
        _ => Err(vm.value_error("chr() arg not in range(0x110000)")),
    }
}

fn ord(vm: &mut Vm, _module: Ref<'_>, character: Ref<'_>) -> PyResult {
    let len = if let Some(text) = character.downcast::<Str>() {
        if text.len() == 1 {
            return Ok(Object::small_int(text.char_at(0).into()));
        }
        text.len()
    } else if character.is_instance_of(&object::bytes::BYTES) || character.is_instance_of(&object::bytes::BYTEARRAY) {
        let buffer = vm.buffer(character)?;
        if let &[byte] = buffer.bytes(vm) {
            return Ok(Object::small_int(byte.into()));
        }
        buffer.len()
    } else {
        return Err(vm.type_error(format!("ord() expected string of length 1, but {} found", character.class().full_name())));
    };
    Err(vm.type_error(format!("ord() expected a character, but string of length {len} found")))
}

fn delattr(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let name = vm.attribute_name(required(args, 1))?;
    vm.set_attr(required(args, 0), name.borrow(), None)?;
    Ok(Object::none())
}

fn setattr(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let name = vm.attribute_name(required(args, 1))?;
    vm.set_attr(required(args, 0), name.borrow(), Some(required(args, 2)))?;
    Ok(Object::none())
}

fn hasattr(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let name = vm.attribute_name(required(args, 1))?;
    Ok(Object::bool(vm.find_attr(required(args, 0), name.borrow())?.is_some()))
}

fn getattr(vm: &mut Vm, _module: Ref<'_>, args: Args<'_>) -> PyResult {
    object::call::check_positional(vm, "getattr", args, 2, 3)?;
    let (object, name, default) = (args.positionals()[0], args.positionals()[1], args.positionals().get(2).copied());
    let name = vm.attribute_name(name)?;
    match default {
        None => vm.get_attr(object, name.borrow()),
        Some(default) => Ok(vm.find_attr(object, name.borrow())?.unwrap_or_else(|| default.to_owned())),
    }
}

/// The locals of the innermost Python frame.
fn current_locals(vm: &mut Vm) -> PyResult {
    let locals = iterators::builtin(vm, "locals")?;
    vm.call(locals.borrow(), &[])
}

fn dir(vm: &mut Vm, _module: Ref<'_>, args: Args<'_>) -> PyResult {
    object::call::check_positional(vm, "dir", args, 0, 1)?;
    let unsorted = match args.positionals().first() {
        Some(&object) => match vm.lookup_special(object, names::__dir__())? {
            Some(method) => vm.call(method.borrow(), &[])?,
            None => return Err(vm.type_error("object does not provide __dir__")),
        },
        None => {
            let locals = current_locals(vm)?;
            vm.call_method(locals.borrow(), "keys", &[])?
        }
    };
    let mut items = vm.collect(unsorted.borrow())?;
    list_sort::sort(vm, &mut items, None, false)?;
    Ok(vm.new_list(items).into_object())
}

fn vars(vm: &mut Vm, _module: Ref<'_>, args: Args<'_>) -> PyResult {
    object::call::check_positional(vm, "vars", args, 0, 1)?;
    let Some(&object) = args.positionals().first() else { return current_locals(vm) };
    match vm.find_attr(object, names::__dict__())? {
        Some(dict) => Ok(dict),
        None => Err(vm.type_error("vars() argument must have __dict__ attribute")),
    }
}

/// `format(value, spec)`; `spec` is a string.
pub fn format_value(vm: &mut Vm, value: Ref<'_>, spec: Ref<'_>) -> PyResult<ObjectOf<Str>> {
    let plain = spec.downcast::<Str>().is_some_and(|spec| spec.is_empty());
    if plain {
        if let Some(text) = value.downcast_exact::<Str>() {
            return Ok(text.to_owned());
        }
        if value.as_small_int().is_some() {
            return vm.str(value);
        }
    }
    if let Some(text) = spec.downcast_exact::<Str>()
        && let Some(formatted) = format_exact(vm, value, text.get())?
        && let Ok(formatted) = formatted.downcast::<Str>()
    {
        return Ok(formatted);
    }
    let Some(method) = vm.lookup_special(value, names::__format__())? else {
        return Err(vm.type_error(format!("Type {} doesn't define __format__", value.class().full_name())));
    };
    let result = vm.call(method.borrow(), &[spec])?;
    match result.downcast::<Str>() {
        Ok(text) => Ok(text),
        Err(other) => Err(vm.type_error(format!("__format__ must return a str, not {}", other.borrow().class().full_name()))),
    }
}

/// What `__format__` returns for an exact str, int or float: these have theirs for good.
fn format_exact(vm: &mut Vm, value: Ref<'_>, spec: &Str) -> PyResult<Option<Object>> {
    if value.as_small_int().is_some() {
        return crate::format::format_int(vm, value, spec).map(Some);
    }
    if value.is_exactly(&object::float::FLOAT)
        && let Some(number) = object::float::value(value)
    {
        return crate::format::format_float(vm, value, number, spec).map(Some);
    }
    match value.downcast_exact::<Str>() {
        Some(text) => crate::format::format_str(vm, text, spec).map(Some),
        None => Ok(None),
    }
}

fn format(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let spec = args[1].unwrap_or(vm.empty_str().object());
    if spec.downcast::<Str>().is_none() {
        return Err(vm.type_error(format!("format() argument 2 must be str, not {}", spec.class().full_name())));
    }
    format_value(vm, required(args, 0), spec).map(Object::from)
}

fn hash(vm: &mut Vm, _module: Ref<'_>, object: Ref<'_>) -> PyResult {
    let hash = vm.hash(object)?;
    Ok(vm.new_int(hash))
}

fn id(vm: &mut Vm, _module: Ref<'_>, object: Ref<'_>) -> PyResult {
    Ok(vm.new_uint(object.bits()))
}

fn iter(vm: &mut Vm, _module: Ref<'_>, args: Args<'_>) -> PyResult {
    object::call::check_positional(vm, "iter", args, 1, 2)?;
    match *args.positionals() {
        [callable, sentinel] => {
            if callable.class().slots().call.is_none() {
                return Err(vm.type_error("iter(v, w): v must be callable"));
            }
            Ok(iterators::new_callable_iterator(vm, callable, sentinel))
        }
        [object, ..] => vm.iter(object),
        [] => Ok(Object::none()),
    }
}

fn next(vm: &mut Vm, _module: Ref<'_>, args: Args<'_>) -> PyResult {
    object::call::check_positional(vm, "next", args, 1, 2)?;
    let iterator = args.positionals()[0];
    let result = vm.next(iterator);
    match (args.positionals().get(1).copied(), result) {
        (_, Ok(Some(item))) => Ok(item),
        (Some(default), Ok(None)) => Ok(default.to_owned()),
        (None, Ok(None)) => Err(vm.stop_iteration()),
        (Some(default), Err(raised)) => {
            vm.catch_if(raised, &exception::STOP_ITERATION)?;
            Ok(default.to_owned())
        }
        (None, Err(raised)) => Err(raised),
    }
}

fn aiter(vm: &mut Vm, _module: Ref<'_>, object: Ref<'_>) -> PyResult {
    let Some(aiter) = object.class().slots().aiter else {
        return Err(vm.type_error(format!("'{}' object is not an async iterable", object.class().full_name())));
    };
    let iterator = aiter(vm, object)?;
    if iterator.borrow().class().slots().anext.is_none() {
        return Err(vm.type_error(format!("aiter() returned not an async iterator of type '{}'", iterator.borrow().class().full_name())));
    }
    Ok(iterator)
}

fn anext(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let iterator = required(args, 0);
    let Some(anext) = iterator.class().slots().anext else {
        return Err(vm.type_error(format!("'{}' object is not an async iterator", iterator.class().full_name())));
    };
    let awaitable = anext(vm, iterator)?;
    Ok(match args[1] {
        Some(default) => crate::anext_awaitable::new(vm, awaitable, default.to_owned()),
        None => awaitable,
    })
}

/// Whether this is the description of `len`.
pub fn is_len(info: &NativeInfo) -> bool {
    info.calls(len)
}

fn len(vm: &mut Vm, _module: Ref<'_>, object: Ref<'_>) -> PyResult {
    let len = vm.len(object)?;
    Ok(vm.new_uint(len as u64))
}

fn repr(vm: &mut Vm, _module: Ref<'_>, object: Ref<'_>) -> PyResult {
    vm.repr(object).map(Object::from)
}

fn sorted(vm: &mut Vm, _module: Ref<'_>, args: Args<'_>) -> PyResult {
    iterators::count_positional(vm, "sorted", args, 1, 1)?;
    let mut items = vm.collect(args.positionals()[0])?;
    let (mut key, mut reverse) = (None, false);
    for (name, value) in args.keywords() {
        let text = name.downcast::<Str>().map(|name| name.get().to_string_lossy().into_owned()).unwrap_or_default();
        match text.as_str() {
            "key" => key = Some(value),
            "reverse" => reverse = vm.is_true(value)?,
            _ => return Err(vm.type_error(format!("sort() got an unexpected keyword argument '{text}'"))),
        }
    }
    list_sort::sort(vm, &mut items, key, reverse)?;
    Ok(vm.new_list(items).into_object())
}

fn max(vm: &mut Vm, _module: Ref<'_>, args: Args<'_>) -> PyResult {
    extreme(vm, "max", args, Comparison::Greater)
}

fn min(vm: &mut Vm, _module: Ref<'_>, args: Args<'_>) -> PyResult {
    extreme(vm, "min", args, Comparison::Less)
}

/// `min` and `max`: the first item that no other is `better` than.
fn extreme(vm: &mut Vm, name: &str, args: Args<'_>, better: Comparison) -> PyResult {
    let (mut key, mut default) = (None, None);
    let positionals = args.positionals();
    if let ([first, rest @ ..], false) = (positionals, args.has_keywords() || positionals.len() == 1) {
        let mut best = *first;
        for &item in rest {
            if vm.compare_bool(item, best, better)? {
                best = item;
            }
        }
        return Ok(best.to_owned());
    }
    if positionals.is_empty() {
        return Err(vm.type_error(format!("{name} expected at least 1 argument, got 0")));
    }
    for (keyword, value) in args.keywords() {
        let text = keyword.downcast::<Str>().map(|keyword| keyword.get().to_string_lossy().into_owned()).unwrap_or_default();
        match text.as_str() {
            "key" => key = Some(value).filter(|key| !key.is_none()),
            "default" => default = Some(value),
            _ => return Err(vm.type_error(format!("{name}() got an unexpected keyword argument '{text}'"))),
        }
    }
    let mut best: Option<(Object, Object)> = None;
    if let &[iterable] = positionals {
        let iterator = vm.iter(iterable)?;
        while let Some(item) = vm.next(iterator.borrow())? {
            take_better(vm, &mut best, item, key, better)?;
        }
    } else {
        if default.is_some() {
            return Err(vm.type_error(format!("Cannot specify a default for {name}() with multiple positional arguments")));
        }
        for &item in positionals {
            take_better(vm, &mut best, item.to_owned(), key, better)?;
        }
    }
    match (best, default) {
        (Some((_, item)), _) => Ok(item),
        (None, Some(default)) => Ok(default.to_owned()),
        (None, None) => Err(vm.value_error(format!("{name}() iterable argument is empty"))),
    }
}

fn take_better(vm: &mut Vm, best: &mut Option<(Object, Object)>, item: Object, key: Option<Ref<'_>>, better: Comparison) -> PyResult<()> {
    let value = match key {
        Some(key) => vm.call(key, &[item.borrow()])?,
        None => item.clone(),
    };
    let wins = match best {
        Some((best, _)) => vm.compare_bool(value.borrow(), best.borrow(), better)?,
        None => true,
    };
    if wins {
        *best = Some((value, item));
    }
    Ok(())
}
