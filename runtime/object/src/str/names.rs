//! The names the runtime itself uses, interned once: `names::__init__()` is the string `"__init__"`.

use crate::value::Ref;
use crate::vm::Vm;
use std::cell::Cell;

macro_rules! define_names {
    ($($name:ident = $text:literal;)*) => {
        #[expect(non_camel_case_types, reason = "a name is named after itself")]
        enum Index { $($name),* }

        const TEXTS: &[&str] = &[$($text),*];

        $(
            /// The interned string of this name.
            #[inline]
            pub fn $name() -> Ref<'static> {
                name_at(Index::$name as usize)
            }
        )*
    };
}

define_names! {
    __abs__ = "__abs__";
    __abstractmethods__ = "__abstractmethods__";
    __add__ = "__add__";
    __aenter__ = "__aenter__";
    __aexit__ = "__aexit__";
    __aiter__ = "__aiter__";
    __all__ = "__all__";
    __and__ = "__and__";
    __anext__ = "__anext__";
    __annotate__ = "__annotate__";
    __annotate_func__ = "__annotate_func__";
    __annotations__ = "__annotations__";
    __annotations_cache__ = "__annotations_cache__";
    __args__ = "__args__";
    __await__ = "__await__";
    __bases__ = "__bases__";
    __bool__ = "__bool__";
    __buffer__ = "__buffer__";
    __build_class__ = "__build_class__";
    __builtins__ = "__builtins__";
    __bytes__ = "__bytes__";
    __cached__ = "__cached__";
    __call__ = "__call__";
    __cause__ = "__cause__";
    __ceil__ = "__ceil__";
    __class__ = "__class__";
    __class_getitem__ = "__class_getitem__";
    __classcell__ = "__classcell__";
    __classdict__ = "__classdict__";
    __classdictcell__ = "__classdictcell__";
    __code__ = "__code__";
    __complex__ = "__complex__";
    __contains__ = "__contains__";
    __context__ = "__context__";
    __copy__ = "__copy__";
    __deepcopy__ = "__deepcopy__";
    __debug__ = "__debug__";
    __defaults__ = "__defaults__";
    __del__ = "__del__";
    __delattr__ = "__delattr__";
    __delete__ = "__delete__";
    __delitem__ = "__delitem__";
    __dict__ = "__dict__";
    __dir__ = "__dir__";
    __divmod__ = "__divmod__";
    __doc__ = "__doc__";
    __enter__ = "__enter__";
    __eq__ = "__eq__";
    __exit__ = "__exit__";
    __file__ = "__file__";
    __firstlineno__ = "__firstlineno__";
    __float__ = "__float__";
    __floor__ = "__floor__";
    __floordiv__ = "__floordiv__";
    __format__ = "__format__";
    __fspath__ = "__fspath__";
    __ge__ = "__ge__";
    __get__ = "__get__";
    __getattr__ = "__getattr__";
    __getattribute__ = "__getattribute__";
    __getinitargs__ = "__getinitargs__";
    __getitem__ = "__getitem__";
    __getnewargs__ = "__getnewargs__";
    __getnewargs_ex__ = "__getnewargs_ex__";
    __getstate__ = "__getstate__";
    __globals__ = "__globals__";
    __gt__ = "__gt__";
    __hash__ = "__hash__";
    __iadd__ = "__iadd__";
    __iand__ = "__iand__";
    __ifloordiv__ = "__ifloordiv__";
    __ilshift__ = "__ilshift__";
    __imatmul__ = "__imatmul__";
    __imod__ = "__imod__";
    __import__ = "__import__";
    __imul__ = "__imul__";
    __index__ = "__index__";
    __init__ = "__init__";
    __init_subclass__ = "__init_subclass__";
    __instancecheck__ = "__instancecheck__";
    __int__ = "__int__";
    __invert__ = "__invert__";
    __ior__ = "__ior__";
    __ipow__ = "__ipow__";
    __irshift__ = "__irshift__";
    __isabstractmethod__ = "__isabstractmethod__";
    __isub__ = "__isub__";
    __iter__ = "__iter__";
    __itruediv__ = "__itruediv__";
    __ixor__ = "__ixor__";
    __kwdefaults__ = "__kwdefaults__";
    __le__ = "__le__";
    __len__ = "__len__";
    __length_hint__ = "__length_hint__";
    __lltrace__ = "__lltrace__";
    __loader__ = "__loader__";
    __lshift__ = "__lshift__";
    __lt__ = "__lt__";
    __main__ = "__main__";
    __match_args__ = "__match_args__";
    __matmul__ = "__matmul__";
    __missing__ = "__missing__";
    __mod__ = "__mod__";
    __module__ = "__module__";
    __mro__ = "__mro__";
    __mro_entries__ = "__mro_entries__";
    __mul__ = "__mul__";
    __name__ = "__name__";
    __ne__ = "__ne__";
    __neg__ = "__neg__";
    __new__ = "__new__";
    __next__ = "__next__";
    __notes__ = "__notes__";
    __objclass__ = "__objclass__";
    __or__ = "__or__";
    __origin__ = "__origin__";
    __orig_class__ = "__orig_class__";
    __orig_bases__ = "__orig_bases__";
    __package__ = "__package__";
    __parameters__ = "__parameters__";
    __path__ = "__path__";
    __pos__ = "__pos__";
    __pow__ = "__pow__";
    __prepare__ = "__prepare__";
    __qualname__ = "__qualname__";
    __radd__ = "__radd__";
    __rand__ = "__rand__";
    __rdivmod__ = "__rdivmod__";
    __reduce__ = "__reduce__";
    __reduce_ex__ = "__reduce_ex__";
    __release_buffer__ = "__release_buffer__";
    __repr__ = "__repr__";
    __reversed__ = "__reversed__";
    __rfloordiv__ = "__rfloordiv__";
    __rlshift__ = "__rlshift__";
    __rmatmul__ = "__rmatmul__";
    __rmod__ = "__rmod__";
    __rmul__ = "__rmul__";
    __ror__ = "__ror__";
    __round__ = "__round__";
    __rpow__ = "__rpow__";
    __rrshift__ = "__rrshift__";
    __rshift__ = "__rshift__";
    __rsub__ = "__rsub__";
    __rtruediv__ = "__rtruediv__";
    __rxor__ = "__rxor__";
    __self__ = "__self__";
    __set__ = "__set__";
    __set_name__ = "__set_name__";
    __setattr__ = "__setattr__";
    __setitem__ = "__setitem__";
    __setstate__ = "__setstate__";
    __signature__ = "__signature__";
    __sizeof__ = "__sizeof__";
    __slots__ = "__slots__";
    __slotnames__ = "__slotnames__";
    __spec__ = "__spec__";
    __static_attributes__ = "__static_attributes__";
    __str__ = "__str__";
    __sub__ = "__sub__";
    __subclasscheck__ = "__subclasscheck__";
    __subclasshook__ = "__subclasshook__";
    __suppress_context__ = "__suppress_context__";
    __text_signature__ = "__text_signature__";
    __traceback__ = "__traceback__";
    __truediv__ = "__truediv__";
    __trunc__ = "__trunc__";
    __type_params__ = "__type_params__";
    __typing_subst__ = "__typing_subst__";
    __typing_prepare_subst__ = "__typing_prepare_subst__";
    __typing_is_unpacked_typevartuple__ = "__typing_is_unpacked_typevartuple__";
    __typing_unpacked_tuple_args__ = "__typing_unpacked_tuple_args__";
    __unpacked__ = "__unpacked__";
    __value__ = "__value__";
    __warningregistry__ = "__warningregistry__";
    __weakref__ = "__weakref__";
    __wrapped__ = "__wrapped__";
    __xor__ = "__xor__";
    _abc_impl = "_abc_impl";
    _fields = "_fields";
    _initializing = "_initializing";
    _is_text_encoding = "_is_text_encoding";
    _uninitialized_submodules = "_uninitialized_submodules";
    add = "add";
    append = "append";
    args = "args";
    builtins = "builtins";
    c_call = "c_call";
    c_exception = "c_exception";
    c_return = "c_return";
    call = "call";
    clear = "clear";
    close = "close";
    co_code = "co_code";
    code = "code";
    copyreg = "copyreg";
    decode = "decode";
    default = "default";
    encode = "encode";
    encoding = "encoding";
    end = "end";
    end_lineno = "end_lineno";
    end_offset = "end_offset";
    errors = "errors";
    exception = "exception";
    exc_type = "exc_type";
    exc_value = "exc_value";
    expression = "expression";
    extend = "extend";
    fileno = "fileno";
    filename = "filename";
    flush = "flush";
    format = "format";
    get = "get";
    globals = "globals";
    hash = "hash";
    importlib = "importlib";
    items = "items";
    iter = "iter";
    join = "join";
    key = "key";
    keys = "keys";
    last_exc = "last_exc";
    last_traceback = "last_traceback";
    last_type = "last_type";
    last_value = "last_value";
    line = "line";
    lineno = "lineno";
    locals = "locals";
    maximum = "maximum";
    message = "message";
    metaclass = "metaclass";
    mode = "mode";
    modules = "modules";
    mro = "mro";
    msg = "msg";
    name = "name";
    name_from = "name_from";
    newline = "newline";
    obj = "obj";
    object = "object";
    offset = "offset";
    opcode = "opcode";
    open = "open";
    path = "path";
    pop = "pop";
    print_file_and_line = "print_file_and_line";
    read = "read";
    readable = "readable";
    readinto = "readinto";
    readline = "readline";
    reason = "reason";
    reload = "reload";
    repr = "repr";
    return_ = "return";
    reversed = "reversed";
    seek = "seek";
    seekable = "seekable";
    send = "send";
    sep = "sep";
    setdefault = "setdefault";
    signature = "signature";
    sort = "sort";
    start = "start";
    stderr = "stderr";
    stdin = "stdin";
    stdout = "stdout";
    step = "step";
    stop = "stop";
    strict = "strict";
    sys = "sys";
    tb = "tb";
    tell = "tell";
    text = "text";
    throw = "throw";
    timeout = "timeout";
    trace = "trace";
    truncate = "truncate";
    type_ = "type";
    update = "update";
    value = "value";
    values = "values";
    version = "version";
    warn = "warn";
    warnings = "warnings";
    warnoptions = "warnoptions";
    writable = "writable";
    write = "write";
    zip = "zip";
}

/// Words of the interned strings.
struct Words([Cell<u64>; TEXTS.len()]);

// SAFETY: written at start-up, before there is a second thread.
unsafe impl Sync for Words {}

static WORDS: Words = Words([const { Cell::new(0) }; TEXTS.len()]);

#[inline]
fn name_at(index: usize) -> Ref<'static> {
    // SAFETY: `initialize` has put the word of an immortal string there; `from_bits` refuses zero.
    unsafe { Ref::from_bits(WORDS.0[index].get()) }
}

/// Interns the names. To be called before anything else uses the runtime.
pub fn initialize(vm: &Vm) {
    for (text, word) in TEXTS.iter().zip(&WORDS.0) {
        word.set(vm.intern(text).bits());
    }
}
