//! `zlib`: deflate streams, on the crates `zlib-rs` and `libz-rs-sys`.
//!
//! [`stream`] runs the coders over whole inputs; here are the functions and the three types.

mod stream;
mod sys;

use crate::argument::{given, mask_u32, new_exception, raise_class, set_constants};
use object::bytes::Buffer;
use object::cell::VmCell;
use object::exception;
use object::native::{Getset, Member, Module, PayloadInfo, TypeSpec, flag};
use object::singleton::ModuleObject;
use object::{Args, Object, Payload, PyResult, Raised, Ref, RefOf, Slots, Type, Vm, method};
use stream::{Compressor, Decompressor, Failure, compressor, decompressor};

type Arguments<'a> = [Option<Ref<'a>>];

pub static MODULE: Module = Module {
    name: "zlib",
    doc: "The functions in this module allow compression and decompression using the\nzlib library, which is based on GNU zip.\n\nadler32(string[, start]) -- Compute an Adler-32 checksum.\ncompress(data[, level]) -- Compress data, with compression level 0-9 or -1.\ncompressobj([level[, ...]]) -- Return a compressor object.\ncrc32(string[, start]) -- Compute a CRC-32 checksum.\ndecompress(string,[wbits],[bufsize]) -- Decompresses a compressed string.\ndecompressobj([wbits[, zdict]]) -- Return a decompressor object.\n\n'wbits' is window buffer size and container format.\nCompressor objects support compress() and flush() methods; decompressor\nobjects support decompress() and flush().",
    functions: &[
        method!(Bound adler32 "($module, data, value=1, /)", "Compute an Adler-32 checksum of data.\n\n  value\n    Starting value of the checksum.\n\nThe returned checksum is an integer."),
        method!(Bound crc32 "($module, data, value=0, /)", "Compute a CRC-32 checksum of data.\n\n  value\n    Starting value of the checksum.\n\nThe returned checksum is an integer."),
        method!(Bound compress "($module, data, /, level=Z_DEFAULT_COMPRESSION, wbits=MAX_WBITS)", "Returns a bytes object containing compressed data.\n\n  data\n    Binary data to be compressed.\n  level\n    Compression level, in 0-9 or -1.\n  wbits\n    The window buffer size and container format."),
        method!(Bound decompress "($module, data, /, wbits=MAX_WBITS, bufsize=DEF_BUF_SIZE)", "Returns a bytes object containing the uncompressed data.\n\n  data\n    Compressed data.\n  wbits\n    The window buffer size and container format.\n  bufsize\n    The initial output buffer size."),
        method!(Bound compressobj "($module, /, level=Z_DEFAULT_COMPRESSION, method=DEFLATED,\n            wbits=MAX_WBITS, memLevel=DEF_MEM_LEVEL,\n            strategy=Z_DEFAULT_STRATEGY, zdict=<unrepresentable>)", "Return a compressor object.\n\n  level\n    The compression level (an integer in the range 0-9 or -1; default is\n    currently equivalent to 6).  Higher compression levels are slower,\n    but produce smaller results.\n  method\n    The compression algorithm.  If given, this must be DEFLATED.\n  wbits\n    +9 to +15: The base-two logarithm of the window size.  Include a zlib\n        container.\n    -9 to -15: Generate a raw stream.\n    +25 to +31: Include a gzip container.\n  memLevel\n    Controls the amount of memory used for internal compression state.\n    Valid values range from 1 to 9.  Higher values result in higher memory\n    usage, faster compression, and smaller output.\n  strategy\n    Used to tune the compression algorithm.  Possible values are\n    Z_DEFAULT_STRATEGY, Z_FILTERED, and Z_HUFFMAN_ONLY.\n  zdict\n    The predefined compression dictionary - a sequence of bytes\n    containing subsequences that are likely to occur in the input data."),
        method!(Bound decompressobj "($module, /, wbits=MAX_WBITS, zdict=b'')", "Return a decompressor object.\n\n  wbits\n    The window buffer size and container format.\n  zdict\n    The predefined compression dictionary.  This must be the same\n    dictionary as used by the compressor that produced the input data."),
    ],
    types: &[&ZLIB_DECOMPRESSOR],
    init: Some(init),
};

const CONSTANTS: &[(&str, i64)] = &[
    ("MAX_WBITS", 15),
    ("DEFLATED", 8),
    ("DEF_MEM_LEVEL", 8),
    ("DEF_BUF_SIZE", 16384),
    ("Z_NO_COMPRESSION", 0),
    ("Z_BEST_SPEED", 1),
    ("Z_BEST_COMPRESSION", 9),
    ("Z_DEFAULT_COMPRESSION", -1),
    ("Z_FILTERED", 1),
    ("Z_HUFFMAN_ONLY", 2),
    ("Z_RLE", 3),
    ("Z_FIXED", 4),
    ("Z_DEFAULT_STRATEGY", 0),
    ("Z_NO_FLUSH", 0),
    ("Z_PARTIAL_FLUSH", 1),
    ("Z_SYNC_FLUSH", 2),
    ("Z_FULL_FLUSH", 3),
    ("Z_FINISH", 4),
    ("Z_BLOCK", 5),
    ("Z_TREES", 6),
];

/// `zlib.error`
static ERROR: VmCell<Option<Object>> = VmCell::new(None);

fn init(vm: &mut Vm, module: RefOf<'_, ModuleObject>) -> PyResult<()> {
    for class in [&COMPRESS, &DECOMPRESS] {
        object::type_new::ready(vm, class);
    }
    let error = new_exception(vm, module, "zlib", "error", &exception::EXCEPTION)?;
    ERROR.set(vm, Some(error));
    set_constants(vm, module, CONSTANTS);
    for (name, version) in [("ZLIB_VERSION", "1.3.1"), ("ZLIB_RUNTIME_VERSION", "1.3.1"), ("__version__", "1.0")] {
        let version = vm.new_str(version).into_object();
        module.set(vm, name, version);
    }
    Ok(())
}

fn raise(vm: &mut Vm, message: &str) -> Raised {
    match ERROR.get(vm).clone() {
        Some(class) => raise_class(vm, class.borrow(), message),
        None => vm.raise(&exception::EXCEPTION, message),
    }
}

/// Raises `zlib.error` for a code of the library.
fn raise_failure(vm: &mut Vm, failure: Failure, what: &str) -> Raised {
    let message = failure.message.or(match failure.code {
        -5 => Some("incomplete or truncated stream"),
        -2 => Some("inconsistent stream state"),
        -3 => Some("invalid input data"),
        _ => None,
    });
    match message {
        Some(message) => raise(vm, &format!("Error {} {what}: {message}", failure.code)),
        None => raise(vm, &format!("Error {} {what}", failure.code)),
    }
}

const TRUNCATED: Failure = Failure { code: -5, message: None };
const INCONSISTENT: Failure = Failure { code: -2, message: None };

fn required<'a>(args: &Arguments<'a>, index: usize) -> Ref<'a> {
    args[index].expect("the argument is required")
}

fn number(vm: &mut Vm, object: Option<Ref<'_>>, default: i32) -> PyResult<i32> {
    object.map_or(Ok(default), |object| vm.to_i32(object))
}

fn adler32(vm: &mut Vm, _module: Ref<'_>, args: &Arguments<'_>) -> PyResult {
    let buffer = vm.buffer(required(args, 0))?;
    let start = args[1].map_or(Ok(1), |value| mask_u32(vm, value))?;
    Ok(vm.new_int(i64::from(zlib_rs::adler32::adler32(start, buffer.bytes(vm)))))
}

fn crc32(vm: &mut Vm, module: Ref<'_>, args: &Arguments<'_>) -> PyResult {
    crate::binascii::crc32(vm, module, args)
}

fn compress(vm: &mut Vm, _module: Ref<'_>, args: &Arguments<'_>) -> PyResult {
    let buffer = vm.buffer(required(args, 0))?;
    let level = number(vm, args[1], -1)?;
    let window = number(vm, args[2], 15)?;
    let Some(mut compressor) = compressor(level, window, 8, 0) else {
        return Err(raise(vm, "Bad compression level"));
    };
    let mut out = Vec::new();
    match compressor.run(buffer.bytes(vm), stream::FINISH, &mut out) {
        Ok(()) => Ok(vm.new_bytes(&out).into_object()),
        Err(failure) => Err(raise_failure(vm, failure, "while compressing data")),
    }
}

fn decompress(vm: &mut Vm, _module: Ref<'_>, args: &Arguments<'_>) -> PyResult {
    let buffer = vm.buffer(required(args, 0))?;
    let window = number(vm, args[1], 15)?;
    let size = args[2].map_or(Ok(16384), |size| vm.index_isize(size))?;
    if size < 0 {
        return Err(vm.value_error("bufsize must be non-negative"));
    }
    let Some(mut decompressor) = decompressor(window, None) else {
        return Err(raise_failure(vm, INCONSISTENT, "while preparing to decompress data"));
    };
    let mut out = Vec::new();
    match decompressor.run(buffer.bytes(vm), usize::MAX, &mut out) {
        Ok(done) if done.ended => Ok(vm.new_bytes(&out).into_object()),
        Ok(_) => Err(raise_failure(vm, TRUNCATED, "while decompressing data")),
        Err(failure) => Err(raise_failure(vm, failure, "while decompressing data")),
    }
}

/// The payload of a compressor.
pub struct Compress {
    state: VmCell<Option<Compressor>>,
}

pub static COMPRESS: Type = Type::new(&COMPRESS_SPEC);
static COMPRESS_SPEC: TypeSpec = TypeSpec {
    name: "zlib.Compress",
    flags: flag::NO_INSTANTIATION,
    payload: PayloadInfo::leaf::<Compress>(),
    methods: &[
        method!(Binary compress_data as "compress" "($self, data, /)", "Returns a bytes object containing compressed data.\n\n  data\n    Binary data to be compressed.\n\nAfter calling this function, some of the input data may still\nbe stored in internal buffers for later processing.\nCall the flush() method to clear these buffers."),
        method!(Bound compress_flush as "flush" "($self, mode=zlib.Z_FINISH, /)", "Return a bytes object containing any remaining compressed data.\n\n  mode\n    One of the constants Z_SYNC_FLUSH, Z_FULL_FLUSH, Z_FINISH.\n    If mode == Z_FINISH, the compressor object can no longer be\n    used after calling the flush() method.  Otherwise, more data\n    can still be compressed."),
        method!(Unary compress_copy as "copy" "($self, /)", "Return a copy of the compression object."),
        method!(Unary compress_copy as "__copy__" "($self, /)", ""),
        method!(Binary compress_deepcopy as "__deepcopy__" "($self, memo, /)", ""),
    ],
    ..TypeSpec::DEFAULT
};

impl Payload for Compress {
    fn class() -> &'static Type {
        &COMPRESS
    }
}

fn compressobj(vm: &mut Vm, _module: Ref<'_>, args: &Arguments<'_>) -> PyResult {
    let level = number(vm, args[0], -1)?;
    let method = number(vm, args[1], 8)?;
    let window = number(vm, args[2], 15)?;
    let memory = number(vm, args[3], 8)?;
    let strategy = number(vm, args[4], 0)?;
    let dictionary = given(args[5]).map(|dictionary| vm.buffer(dictionary)).transpose()?;
    let compressor = if method == 8 { compressor(level, window, memory, strategy) } else { None };
    let Some(mut compressor) = compressor else {
        return Err(vm.value_error("Invalid initialization option"));
    };
    if let Some(dictionary) = dictionary
        && !compressor.set_dictionary(dictionary.bytes(vm))
    {
        return Err(vm.value_error("Invalid dictionary"));
    }
    Ok(vm.allocate(Compress { state: VmCell::new(Some(compressor)) }).into_object())
}

fn run_compressor(vm: &mut Vm, this: Ref<'_>, data: Option<&Buffer>, flush: i32, what: &str) -> PyResult {
    let this = this.downcast::<Compress>().expect("the method belongs to the type");
    let Some(mut state) = this.state.replace(vm, None) else {
        return Err(raise_failure(vm, INCONSISTENT, what));
    };
    let mut out = Vec::new();
    let result = state.run(data.map_or(&[], |data| data.bytes(vm)), flush, &mut out);
    if flush != stream::FINISH || result.is_err() {
        this.state.set(vm, Some(state));
    }
    match result {
        Ok(()) => Ok(vm.new_bytes(&out).into_object()),
        Err(failure) => Err(raise_failure(vm, failure, what)),
    }
}

fn compress_data(vm: &mut Vm, this: Ref<'_>, data: Ref<'_>) -> PyResult {
    let buffer = vm.buffer(data)?;
    run_compressor(vm, this, Some(&buffer), stream::NO_FLUSH, "while compressing data")
}

fn compress_flush(vm: &mut Vm, this: Ref<'_>, args: &Arguments<'_>) -> PyResult {
    let mode = number(vm, args[0], stream::FINISH)?;
    if mode == stream::NO_FLUSH {
        return Ok(vm.new_bytes(&[]).into_object());
    }
    run_compressor(vm, this, None, mode, "while flushing")
}

fn inconsistent(vm: &mut Vm) -> Raised {
    vm.value_error("Inconsistent stream state")
}

fn compress_copy(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let this = this.downcast::<Compress>().expect("the method belongs to the type");
    let copy = match this.state.get_mut(vm) {
        Some(state) => state.copy(),
        None => return Err(inconsistent(vm)),
    };
    match copy {
        Some(copy) => Ok(vm.allocate(Compress { state: VmCell::new(Some(copy)) }).into_object()),
        None => Err(vm.raise(&exception::MEMORY_ERROR, "Can't allocate memory for compression object")),
    }
}

fn compress_deepcopy(vm: &mut Vm, this: Ref<'_>, _memo: Ref<'_>) -> PyResult {
    compress_copy(vm, this)
}

/// The payload of a decompressor.
pub struct Decompress {
    state: VmCell<Decompressor>,
    unused_data: VmCell<Vec<u8>>,
    unconsumed_tail: VmCell<Vec<u8>>,
    ended: VmCell<bool>,
    /// Whether `flush` saw the end: nothing can be done any more.
    flushed: VmCell<bool>,
}

pub static DECOMPRESS: Type = Type::new(&DECOMPRESS_SPEC);
static DECOMPRESS_SPEC: TypeSpec = TypeSpec {
    name: "zlib.Decompress",
    flags: flag::NO_INSTANTIATION,
    payload: PayloadInfo::leaf::<Decompress>(),
    methods: &[
        method!(Bound decompress_data as "decompress" "($self, data, /, max_length=0)", "Return a bytes object containing the decompressed version of the data.\n\n  data\n    The binary data to decompress.\n  max_length\n    The maximum allowable length of the decompressed data.\n    Unconsumed input data will be stored in\n    the unconsumed_tail attribute.\n\nAfter calling this function, some of the input data may still be\nstored in internal buffers for later processing.\nCall the flush() method to clear these buffers."),
        method!(Bound decompress_flush as "flush" "($self, length=zlib.DEF_BUF_SIZE, /)", "Return a bytes object containing any remaining decompressed data.\n\n  length\n    the initial size of the output buffer."),
        method!(Unary decompress_copy as "copy" "($self, /)", "Return a copy of the decompression object."),
        method!(Unary decompress_copy as "__copy__" "($self, /)", ""),
        method!(Binary decompress_deepcopy as "__deepcopy__" "($self, memo, /)", ""),
    ],
    members: &[
        Member(Getset::readonly("unused_data", "", |vm, this| Ok(new_bytes(vm, &decompressor_of(this).unused_data)))),
        Member(Getset::readonly("unconsumed_tail", "", |vm, this| Ok(new_bytes(vm, &decompressor_of(this).unconsumed_tail)))),
        Member(Getset::readonly("eof", "", |vm, this| Ok(Object::bool(*decompressor_of(this).ended.get(vm))))),
    ],
    ..TypeSpec::DEFAULT
};

impl Payload for Decompress {
    fn class() -> &'static Type {
        &DECOMPRESS
    }
}

fn new_bytes(vm: &Vm, data: &VmCell<Vec<u8>>) -> Object {
    vm.new_bytes(data.get(vm)).into_object()
}

fn decompressor_of<'a>(this: Ref<'a>) -> RefOf<'a, Decompress> {
    this.downcast::<Decompress>().expect("the method belongs to the type")
}

/// A decompressor with a dictionary that was given or not.
fn new_decompressor(vm: &mut Vm, window: i32, dictionary: Option<Ref<'_>>) -> PyResult<Decompressor> {
    let dictionary = match dictionary {
        Some(dictionary) if !vm.has_buffer(dictionary) => return Err(vm.type_error("zdict argument must support the buffer protocol")),
        Some(dictionary) => Some(crate::argument::bytes(vm, dictionary)?),
        None => None,
    };
    decompressor(window, dictionary).ok_or_else(|| vm.value_error("Invalid initialization option"))
}

fn decompressobj(vm: &mut Vm, _module: Ref<'_>, args: &Arguments<'_>) -> PyResult {
    let window = number(vm, args[0], 15)?;
    let state = new_decompressor(vm, window, args[1])?;
    let payload = Decompress {
        state: VmCell::new(state),
        unused_data: VmCell::default(),
        unconsumed_tail: VmCell::default(),
        ended: VmCell::new(false),
        flushed: VmCell::new(false),
    };
    Ok(vm.allocate(payload).into_object())
}

fn decompress_copy(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let this = decompressor_of(this);
    if *this.flushed.get(vm) {
        return Err(inconsistent(vm));
    }
    let Some(state) = this.state.get_mut(vm).copy() else {
        return Err(vm.raise(&exception::MEMORY_ERROR, "Can't allocate memory for decompression object"));
    };
    let payload = Decompress {
        state: VmCell::new(state),
        unused_data: VmCell::new(this.unused_data.get(vm).clone()),
        unconsumed_tail: VmCell::new(this.unconsumed_tail.get(vm).clone()),
        ended: VmCell::new(*this.ended.get(vm)),
        flushed: VmCell::new(false),
    };
    Ok(vm.allocate(payload).into_object())
}

fn decompress_deepcopy(vm: &mut Vm, this: Ref<'_>, _memo: Ref<'_>) -> PyResult {
    decompress_copy(vm, this)
}

/// Decompresses, and keeps what was not used.
fn run_decompressor(vm: &mut Vm, this: &Decompress, data: &[u8], most: usize) -> PyResult {
    if *this.ended.get(vm) {
        this.unused_data.get_mut(vm).extend_from_slice(data);
        return Ok(vm.new_bytes(&[]).into_object());
    }
    let mut out = Vec::new();
    match this.state.get_mut(vm).run(data, most, &mut out) {
        Ok(done) => {
            let rest = data[done.used..].to_vec();
            if done.ended {
                this.ended.set(vm, true);
                this.unused_data.get_mut(vm).extend_from_slice(&rest);
                this.unconsumed_tail.set(vm, Vec::new());
            } else {
                this.unconsumed_tail.set(vm, rest);
            }
            Ok(vm.new_bytes(&out).into_object())
        }
        Err(failure) if failure.message == Some(stream::DICTIONARY) => {
            Err(raise_failure(vm, Failure { message: None, ..failure }, "while setting zdict"))
        }
        Err(failure) => Err(raise_failure(vm, failure, "while decompressing data")),
    }
}

fn decompress_data(vm: &mut Vm, this: Ref<'_>, args: &Arguments<'_>) -> PyResult {
    let data = crate::argument::bytes(vm, required(args, 0))?;
    let most = args[1].map_or(Ok(0), |most| vm.index_isize(most))?;
    if most < 0 {
        return Err(vm.value_error("max_length must be non-negative"));
    }
    let most = if most == 0 { usize::MAX } else { most as usize };
    run_decompressor(vm, &decompressor_of(this), &data, most)
}

fn decompress_flush(vm: &mut Vm, this: Ref<'_>, args: &Arguments<'_>) -> PyResult {
    let length = args[0].map_or(Ok(1), |length| vm.index_isize(length))?;
    if length <= 0 {
        return Err(vm.value_error("length must be greater than zero"));
    }
    let this = decompressor_of(this);
    let data = this.unconsumed_tail.replace(vm, Vec::new());
    let result = run_decompressor(vm, &this, &data, usize::MAX)?;
    let ended = *this.ended.get(vm);
    this.flushed.set(vm, ended);
    Ok(result)
}

/// The payload of a decompressor as `gzip` uses it.
pub struct ZlibDecompressor {
    state: VmCell<Decompressor>,
    /// Input that was not needed yet.
    pending: VmCell<Vec<u8>>,
    unused_data: VmCell<Vec<u8>>,
    ended: VmCell<bool>,
    needs_input: VmCell<bool>,
}

pub static ZLIB_DECOMPRESSOR: Type = Type::new(&ZLIB_DECOMPRESSOR_SPEC);
static ZLIB_DECOMPRESSOR_SPEC: TypeSpec = TypeSpec {
    name: "zlib._ZlibDecompressor",
    doc: "Create a decompressor object for decompressing data incrementally.\n\n  wbits = 15\n  zdict\n     The predefined compression dictionary. This is a sequence of bytes\n     (such as a bytes object) containing subsequences that are expected\n     to occur frequently in the data that is to be compressed. Those\n     subsequences that are expected to be most common should come at the\n     end of the dictionary. This must be the same dictionary as used by the\n     compressor that produced the input data.\n\n",
    signature: "(wbits=15, zdict=b'')",
    payload: PayloadInfo::leaf::<ZlibDecompressor>(),
    slots: Slots { new: Some(new_zlib_decompressor), ..Slots::NONE },
    methods: &[
        method!(Bound incremental_decompress as "decompress" "($self, /, data, max_length=-1)", "Decompress *data*, returning uncompressed data as bytes.\n\nIf *max_length* is nonnegative, returns at most *max_length* bytes\nof decompressed data.  If this limit is reached and further output\ncan be produced, *self.needs_input* will be set to ``False``.  In\nthis case, the next call to *decompress()* may provide *data* as b''\nto obtain more of the output.\n\nIf all of the input data was decompressed and returned (either because\nthis was less than *max_length* bytes, or because *max_length* was\nnegative), *self.needs_input* will be set to True.\n\nAttempting to decompress data after the end of stream is reached raises an\nEOFError.  Any data found after the end of the stream is ignored and saved in\nthe unused_data attribute."),
    ],
    members: &[
        Member(Getset::readonly("eof", "True if the end-of-stream marker has been reached.", |vm, this| {
            Ok(Object::bool(*incremental(this).ended.get(vm)))
        })),
        Member(Getset::readonly("unused_data", "Data found after the end of the compressed stream.", |vm, this| {
            Ok(new_bytes(vm, &incremental(this).unused_data))
        })),
        Member(Getset::readonly("needs_input", "True if more input is needed before more decompressed data can be produced.", |vm, this| {
            Ok(Object::bool(*incremental(this).needs_input.get(vm)))
        })),
    ],
    ..TypeSpec::DEFAULT
};

impl Payload for ZlibDecompressor {
    fn class() -> &'static Type {
        &ZLIB_DECOMPRESSOR
    }
}

fn incremental<'a>(this: Ref<'a>) -> RefOf<'a, ZlibDecompressor> {
    this.downcast::<ZlibDecompressor>().expect("the method belongs to the type")
}

fn new_zlib_decompressor(vm: &mut Vm, class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    let mut bound: [Option<Object>; 2] = [None, None];
    object::call::bind_args(vm, "_ZlibDecompressor", "(wbits=15, zdict=b'')", args, &mut bound)?;
    let [window, dictionary] = &bound;
    let window = number(vm, window.as_ref().map(Object::borrow), 15)?;
    let state = new_decompressor(vm, window, dictionary.as_ref().map(Object::borrow))?;
    let payload = ZlibDecompressor {
        state: VmCell::new(state),
        pending: VmCell::default(),
        unused_data: VmCell::default(),
        ended: VmCell::new(false),
        needs_input: VmCell::new(true),
    };
    Ok(vm.allocate_in(class.get(), payload))
}

fn incremental_decompress(vm: &mut Vm, this: Ref<'_>, args: &Arguments<'_>) -> PyResult {
    let data = crate::argument::bytes(vm, required(args, 0))?;
    let most = args[1].map_or(Ok(-1), |most| vm.index_isize(most))?;
    let this = incremental(this);
    if *this.ended.get(vm) {
        return Err(vm.raise(&exception::EOF_ERROR, "End of stream already reached"));
    }
    let mut input = this.pending.replace(vm, Vec::new());
    input.extend_from_slice(&data);
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let mut out = Vec::new();
    match this.state.get_mut(vm).run(&input, most, &mut out) {
        Ok(done) => {
            let rest = input.split_off(done.used);
            this.needs_input.set(vm, !done.ended && rest.is_empty());
            if done.ended {
                this.ended.set(vm, true);
                this.unused_data.set(vm, rest);
            } else {
                this.pending.set(vm, rest);
            }
            Ok(vm.new_bytes(&out).into_object())
        }
        Err(failure) if failure.message == Some(stream::DICTIONARY) => {
            Err(raise_failure(vm, Failure { message: None, ..failure }, "while setting zdict"))
        }
        Err(failure) => Err(raise_failure(vm, failure, "while decompressing data")),
    }
}
