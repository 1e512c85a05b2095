//! `_lzma`: streams of the formats `.xz` and `.lzma`, on the crate `liblzma`.
//!
//! [`filters`] reads and writes filter chains.

mod filters;

use crate::argument::{given, new_exception, raise_class, set_constants};
use crate::compression::{self, Coder, Decompressor as _, Progress, Step, limit, run};
use liblzma::stream::{Action, Check, Error, Status, Stream};
use object::native::{Getset, Member, Module, PayloadInfo, TypeSpec};
use object::singleton::ModuleObject;
use object::{Args, Object, Payload, PyResult, Raised, Ref, RefOf, Slots, Type, Vm, VmCell, exception, int, method};

pub static MODULE: Module = Module {
    name: "_lzma",
    functions: &[
        method!(Binary is_check_supported "($module, check_id, /)", "Test whether the given integrity check is supported.\n\nAlways returns True for CHECK_NONE and CHECK_CRC32."),
        method!(Binary encode_filter_properties as "_encode_filter_properties" "($module, filter, /)", "Return a bytes object encoding the options (properties) of the filter specified by *filter* (a dict).\n\nThe result does not include the filter ID itself, only the options."),
        method!(Bound decode_filter_properties as "_decode_filter_properties" "($module, filter_id, encoded_props, /)", "Return a bytes object encoding the options (properties) of the filter specified by *filter* (a dict).\n\nThe result does not include the filter ID itself, only the options."),
    ],
    types: &[&COMPRESSOR, &DECOMPRESSOR],
    init: Some(init),
    ..Module::DEFAULT
};

const FORMAT_AUTO: i32 = 0;
const FORMAT_XZ: i32 = 1;
const FORMAT_ALONE: i32 = 2;
const FORMAT_RAW: i32 = 3;

const CHECK_NONE: i32 = 0;
const CHECK_CRC32: i32 = 1;
const CHECK_CRC64: i32 = 4;
const CHECK_SHA256: i32 = 10;
const CHECK_ID_MAX: i32 = 15;
const CHECK_UNKNOWN: i32 = 16;

const PRESET_DEFAULT: u32 = 6;

const CONSTANTS: &[(&str, i64)] = &[
    ("FORMAT_AUTO", FORMAT_AUTO as i64),
    ("FORMAT_XZ", FORMAT_XZ as i64),
    ("FORMAT_ALONE", FORMAT_ALONE as i64),
    ("FORMAT_RAW", FORMAT_RAW as i64),
    ("CHECK_NONE", CHECK_NONE as i64),
    ("CHECK_CRC32", CHECK_CRC32 as i64),
    ("CHECK_CRC64", CHECK_CRC64 as i64),
    ("CHECK_SHA256", CHECK_SHA256 as i64),
    ("CHECK_ID_MAX", CHECK_ID_MAX as i64),
    ("CHECK_UNKNOWN", CHECK_UNKNOWN as i64),
    ("FILTER_LZMA1", filters::LZMA1 as i64),
    ("FILTER_LZMA2", filters::LZMA2 as i64),
    ("FILTER_DELTA", filters::DELTA as i64),
    ("FILTER_X86", filters::X86 as i64),
    ("FILTER_IA64", filters::IA64 as i64),
    ("FILTER_ARM", filters::ARM as i64),
    ("FILTER_ARMTHUMB", filters::ARMTHUMB as i64),
    ("FILTER_SPARC", filters::SPARC as i64),
    ("FILTER_POWERPC", filters::POWERPC as i64),
    ("MF_HC3", 0x03),
    ("MF_HC4", 0x04),
    ("MF_BT2", 0x12),
    ("MF_BT3", 0x13),
    ("MF_BT4", 0x14),
    ("MODE_FAST", 1),
    ("MODE_NORMAL", 2),
    ("PRESET_DEFAULT", PRESET_DEFAULT as i64),
    ("PRESET_EXTREME", filters::PRESET_EXTREME as i64),
];

/// `_lzma.LZMAError`
static ERROR: VmCell<Option<Object>> = VmCell::new(None);

const OPTIONS: &str = "Invalid or unsupported options";
const INTERNAL: &str = "Internal error";

fn init(vm: &mut Vm, module: RefOf<'_, ModuleObject>) -> PyResult<()> {
    set_constants(vm, module, CONSTANTS);
    let error = new_exception(vm, module, "_lzma", "LZMAError", &exception::EXCEPTION)?;
    let doc = vm.new_str("Call to liblzma failed.").into_object();
    vm.set_attr_str(error.borrow(), "__doc__", doc.borrow())?;
    ERROR.set(vm, Some(error));
    Ok(())
}

/// Raises `LZMAError`.
fn raise(vm: &mut Vm, message: &str) -> Raised {
    match ERROR.get(vm).clone() {
        Some(class) => raise_class(vm, class.borrow(), message),
        None => vm.raise(&exception::EXCEPTION, message),
    }
}

/// Raises what an error of the library means.
fn raise_failure(vm: &mut Vm, error: Error) -> Raised {
    let message = match error {
        Error::Mem => return vm.raise(&exception::MEMORY_ERROR, ""),
        Error::MemLimit => "Memory usage limit exceeded",
        Error::Format => "Input format not supported by decoder",
        Error::Options => OPTIONS,
        Error::Data => "Corrupt input data",
        Error::Program => INTERNAL,
        Error::UnsupportedCheck | Error::NoCheck => "Unsupported integrity check",
    };
    raise(vm, message)
}

/// An unsigned number of so many bits.
fn unsigned(vm: &mut Vm, object: Ref<'_>, bits: u32) -> PyResult<u64> {
    let number = vm.index(object)?;
    let value = int::to_bigint(number.borrow()).map(|number| number.into_owned()).unwrap_or_default();
    if value.sign() == num_bigint::Sign::Minus {
        return Err(vm.value_error("Cannot convert negative int"));
    }
    match u64::try_from(&value).ok().filter(|value| bits == 64 || value >> bits == 0) {
        Some(value) => Ok(value),
        None => Err(vm.raise(&exception::OVERFLOW_ERROR, format!("Python int too large for C uint{bits}_t"))),
    }
}

fn check(id: i32) -> Option<Check> {
    match id {
        CHECK_NONE => Some(Check::None),
        CHECK_CRC32 => Some(Check::Crc32),
        CHECK_CRC64 => Some(Check::Crc64),
        CHECK_SHA256 => Some(Check::Sha256),
        _ => None,
    }
}

fn is_check_supported(vm: &mut Vm, _module: Ref<'_>, id: Ref<'_>) -> PyResult {
    let id = vm.to_i32(id)?;
    Ok(Object::bool(check(id).is_some()))
}

fn encode_filter_properties(vm: &mut Vm, _module: Ref<'_>, specifier: Ref<'_>) -> PyResult {
    let filter = filters::parse(vm, specifier)?;
    match filters::encode(&filter) {
        Ok(bytes) => Ok(vm.new_bytes(&bytes).into_object()),
        Err(message) => Err(raise(vm, message)),
    }
}

fn decode_filter_properties(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let id = unsigned(vm, args[0].unwrap_or(Ref::NONE), 64)?;
    let properties = crate::argument::bytes(vm, args[1].unwrap_or(Ref::NONE))?;
    match filters::decode(id, &properties) {
        Ok(entries) => {
            let dict = vm.new_dict();
            let id = vm.new_bigint(id.into());
            dict.set_str(vm, "id", id);
            for (name, value) in entries {
                let value = vm.new_int(i64::from(value));
                dict.set_str(vm, name, value);
            }
            Ok(dict.into_object())
        }
        Err(message) => Err(raise(vm, message)),
    }
}

impl Coder for Stream {
    type Error = Error;

    fn step(&mut self, input: &[u8], out: &mut [u8], finish: bool) -> Result<Step, Error> {
        let before = (self.total_in(), self.total_out());
        let status = self.process(input, out, if finish { Action::Finish } else { Action::Run })?;
        Ok(Step::between(before, (self.total_in(), self.total_out()), status == Status::StreamEnd))
    }

    fn raise(vm: &mut Vm, error: Error) -> Raised {
        raise_failure(vm, error)
    }
}

type Compressor = compression::Compressor<Stream>;

impl Payload for Compressor {
    fn class() -> &'static Type {
        &COMPRESSOR
    }
}

pub static COMPRESSOR: Type = Type::new(&COMPRESSOR_SPEC);
static COMPRESSOR_SPEC: TypeSpec = TypeSpec {
    name: "_lzma.LZMACompressor",
    doc: "LZMACompressor(format=FORMAT_XZ, check=-1, preset=None, filters=None)\n\nCreate a compressor object for compressing data incrementally.\n\nformat specifies the container format to use for the output. This can\nbe FORMAT_XZ (default), FORMAT_ALONE, or FORMAT_RAW.\n\ncheck specifies the integrity check to use. For FORMAT_XZ, the default\nis CHECK_CRC64. FORMAT_ALONE and FORMAT_RAW do not support integrity\nchecks; for these formats, check must be omitted, or be CHECK_NONE.\n\nThe settings used by the compressor can be specified either as a\npreset compression level (with the 'preset' argument), or in detail\nas a custom filter chain (with the 'filters' argument). For FORMAT_XZ\nand FORMAT_ALONE, the default is to use the PRESET_DEFAULT preset\nlevel. For FORMAT_RAW, the caller must always specify a filter chain;\nthe raw compressor does not support preset compression levels.\n\npreset (if provided) should be an integer in the range 0-9, optionally\nOR-ed with the constant PRESET_EXTREME.\n\nfilters (if provided) should be a sequence of dicts. Each dict should\nhave an entry for \"id\" indicating the ID of the filter, plus\nadditional entries for options to the filter.\n\nFor one-shot compression, use the compress() function instead.\n",
    payload: PayloadInfo::leaf::<Compressor>(),
    slots: Slots { new: Some(new_compressor), ..Slots::NONE },
    methods: &[
        method!(Binary compress "($self, data, /)", "Provide data to the compressor object.\n\nReturns a chunk of compressed data if possible, or b'' otherwise.\n\nWhen you have finished providing data to the compressor, call the\nflush() method to finish the compression process."),
        method!(Unary flush "($self, /)", "Finish the compression process.\n\nReturns the compressed data left in internal buffers.\n\nThe compressor object may not be used after this method is called."),
    ],
    ..TypeSpec::DEFAULT
};

fn new_compressor(vm: &mut Vm, class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    let mut bound = [None, None, None, None];
    object::call::bind_args(vm, "LZMACompressor", "(format=1, check=-1, preset=None, filters=None)", args, &mut bound)?;
    let [format, check, preset, specifiers] = &bound;
    let format = format.as_ref().map_or(Ok(FORMAT_XZ), |format| vm.to_i32(format.borrow()))?;
    let check = check.as_ref().map_or(Ok(-1), |check| vm.to_i32(check.borrow()))?;
    let preset = given(preset.as_ref().map(Object::borrow));
    let specifiers = given(specifiers.as_ref().map(Object::borrow));
    if preset.is_some() && specifiers.is_some() {
        return Err(vm.value_error("Cannot specify both preset and filter chain"));
    }
    let preset = preset.map_or(Ok(u64::from(PRESET_DEFAULT)), |preset| unsigned(vm, preset, 32))? as u32;
    if format != FORMAT_XZ && check != -1 && check != CHECK_NONE {
        return Err(vm.value_error("Integrity checks are only supported by FORMAT_XZ"));
    }
    let stream = match format {
        FORMAT_XZ => xz_encoder(vm, if check == -1 { CHECK_CRC64 } else { check }, preset, specifiers),
        FORMAT_ALONE => alone_encoder(vm, preset, specifiers),
        FORMAT_RAW => match specifiers {
            Some(specifiers) => {
                let chain = filters::parse_chain(vm, specifiers)?;
                let made = if chain.is_empty() {
                    Err(Error::Program)
                } else {
                    filters::build_chain(&chain).and_then(|chain| Stream::new_raw_encoder(&chain))
                };
                made.map_err(|error| raise_failure(vm, error))
            }
            None => Err(vm.value_error("Must specify filters for FORMAT_RAW")),
        },
        _ => Err(vm.value_error(format!("Invalid container format: {format}"))),
    }?;
    Ok(vm.allocate_in(class.get(), Compressor::new(stream)))
}

fn xz_encoder(vm: &mut Vm, id: i32, preset: u32, specifiers: Option<Ref<'_>>) -> PyResult<Stream> {
    let chain = specifiers.map(|specifiers| filters::parse_chain(vm, specifiers)).transpose()?;
    let Some(check) = check(id) else {
        let message = if (0..=CHECK_ID_MAX).contains(&id) { "Unsupported integrity check" } else { INTERNAL };
        return Err(raise(vm, message));
    };
    let stream = match chain {
        None => Stream::new_easy_encoder(preset, check),
        Some(chain) if chain.is_empty() => Err(Error::Program),
        Some(chain) => filters::build_chain(&chain).and_then(|chain| Stream::new_stream_encoder(&chain, check)),
    };
    stream.map_err(|error| raise_failure(vm, error))
}

fn alone_encoder(vm: &mut Vm, preset: u32, specifiers: Option<Ref<'_>>) -> PyResult<Stream> {
    let options = match specifiers {
        None => match liblzma::stream::LzmaOptions::new_preset(preset) {
            Ok(options) => Ok(options),
            Err(_) => return Err(raise(vm, &format!("Invalid compression preset: {preset}"))),
        },
        Some(specifiers) => match filters::parse_chain(vm, specifiers)?.as_slice() {
            [filters::Filter { id: filters::LZMA1, options: filters::Options::Lzma(options) }] => options.build(),
            _ => return Err(vm.value_error("Invalid filter chain for FORMAT_ALONE - must be a single LZMA1 filter")),
        },
    };
    options.and_then(|options| Stream::new_lzma_encoder(&options)).map_err(|error| raise_failure(vm, error))
}

fn compressor(this: Ref<'_>) -> &Compressor {
    this.downcast::<Compressor>().expect("the method belongs to the type").get()
}

fn compress(vm: &mut Vm, this: Ref<'_>, data: Ref<'_>) -> PyResult {
    compressor(this).compress(vm, data)
}

fn flush(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    compressor(this).flush(vm)
}

/// The payload of a decompressor.
pub struct Decompressor {
    /// After a failure that is for good: the error, to be raised again.
    state: VmCell<Result<Stream, Error>>,
    progress: Progress,
    detection: VmCell<Detection>,
}

/// What the start of the stream says of its integrity check.
struct Detection {
    check: i32,
    /// The first bytes, while they are not enough.
    head: Vec<u8>,
}

impl Detection {
    /// Looks at more of the stream.
    fn feed(&mut self, input: &[u8]) {
        const MAGIC: &[u8] = b"\xfd7zXZ\0";
        const LZIP: &[u8] = b"LZIP";
        if self.check != CHECK_UNKNOWN {
            return;
        }
        let missing = (MAGIC.len() + 2).saturating_sub(self.head.len());
        self.head.extend_from_slice(&input[..missing.min(input.len())]);
        if let Some(flags) = self.head.strip_prefix(MAGIC) {
            if let &[_, kind] = flags {
                self.check = i32::from(kind & 0x0f);
            }
        } else if self.head.starts_with(LZIP) {
            self.check = CHECK_CRC32;
        } else if !MAGIC.starts_with(&self.head) && !LZIP.starts_with(&self.head) {
            self.check = CHECK_NONE;
        }
    }
}

impl Payload for Decompressor {
    fn class() -> &'static Type {
        &DECOMPRESSOR
    }
}

impl compression::Decompressor for Decompressor {
    fn progress(&self) -> &Progress {
        &self.progress
    }
}

pub static DECOMPRESSOR: Type = Type::new(&DECOMPRESSOR_SPEC);
static DECOMPRESSOR_SPEC: TypeSpec = TypeSpec {
    name: "_lzma.LZMADecompressor",
    doc: "Create a decompressor object for decompressing data incrementally.\n\n  format\n    Specifies the container format of the input stream.  If this is\n    FORMAT_AUTO (the default), the decompressor will automatically detect\n    whether the input is FORMAT_XZ or FORMAT_ALONE.  Streams created with\n    FORMAT_RAW cannot be autodetected.\n  memlimit\n    Limit the amount of memory used by the decompressor.  This will cause\n    decompression to fail if the input cannot be decompressed within the\n    given limit.\n  filters\n    A custom filter chain.  This argument is required for FORMAT_RAW, and\n    not accepted with any other format.  When provided, this should be a\n    sequence of dicts, each indicating the ID and options for a single\n    filter.\n\nFor one-shot decompression, use the decompress() function instead.",
    signature: "(format=FORMAT_AUTO, memlimit=None, filters=None)",
    payload: PayloadInfo::leaf::<Decompressor>(),
    slots: Slots { new: Some(new_decompressor), ..Slots::NONE },
    methods: &[
        method!(Bound decompress "($self, /, data, max_length=-1)", "Decompress *data*, returning uncompressed data as bytes.\n\nIf *max_length* is nonnegative, returns at most *max_length* bytes\nof decompressed data. If this limit is reached and further output\ncan be produced, *self.needs_input* will be set to ``False``.  In\nthis case, the next call to *decompress()* may provide *data* as b''\nto obtain more of the output.\n\nIf all of the input data was decompressed and returned (either\nbecause this was less than *max_length* bytes, or because\n*max_length* was negative), *self.needs_input* will be set to True.\n\nAttempting to decompress data after the end of stream is reached\nraises an EOFError.  Any data found after the end of the stream is\nignored and saved in the unused_data attribute."),
    ],
    members: &[
        Member(Getset::readonly("check", "ID of the integrity check used by the input stream.", |vm, this| {
            Ok(Object::small_int(i64::from(decompressor(this).detection.get(vm).check)))
        })),
        Decompressor::EOF,
        Decompressor::NEEDS_INPUT,
        Decompressor::UNUSED_DATA,
    ],
    ..TypeSpec::DEFAULT
};

fn new_decompressor(vm: &mut Vm, class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    let mut bound = [None, None, None];
    object::call::bind_args(vm, "LZMADecompressor", "(format=0, memlimit=None, filters=None)", args, &mut bound)?;
    let [format, memory, specifiers] = &bound;
    let format = format.as_ref().map_or(Ok(FORMAT_AUTO), |format| vm.to_i32(format.borrow()))?;
    let memory = given(memory.as_ref().map(Object::borrow));
    let specifiers = given(specifiers.as_ref().map(Object::borrow));
    if memory.is_some() && format == FORMAT_RAW {
        return Err(vm.value_error("Cannot specify memory limit with FORMAT_RAW"));
    }
    let memory = memory.map_or(Ok(u64::MAX), |memory| unsigned(vm, memory, 64))?;
    let chain = match specifiers {
        None if format == FORMAT_RAW => return Err(vm.value_error("Must specify filters for FORMAT_RAW")),
        Some(_) if format != FORMAT_RAW => return Err(vm.value_error("Cannot specify filters except with FORMAT_RAW")),
        specifiers => specifiers.map(|specifiers| filters::parse_chain(vm, specifiers)).transpose()?,
    };
    let stream = match format {
        FORMAT_AUTO => Stream::new_auto_decoder(memory, 0),
        FORMAT_XZ => Stream::new_stream_decoder(memory, 0),
        FORMAT_ALONE => Stream::new_lzma_decoder(memory),
        FORMAT_RAW => match chain.as_deref() {
            None | Some([]) => Err(Error::Program),
            Some(chain) => filters::build_chain(chain).and_then(|chain| Stream::new_raw_decoder(&chain)),
        },
        _ => return Err(vm.value_error(format!("Invalid container format: {format}"))),
    };
    let stream = stream.map_err(|error| raise_failure(vm, error))?;
    let check = if matches!(format, FORMAT_AUTO | FORMAT_XZ) { CHECK_UNKNOWN } else { CHECK_NONE };
    let payload =
        Decompressor { state: VmCell::new(Ok(stream)), progress: Progress::default(), detection: VmCell::new(Detection { check, head: Vec::new() }) };
    Ok(vm.allocate_in(class.get(), payload))
}

fn decompressor<'a>(this: Ref<'a>) -> RefOf<'a, Decompressor> {
    this.downcast::<Decompressor>().expect("the method belongs to the type")
}

fn decompress(vm: &mut Vm, this: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let most = limit(vm, args[1])?;
    let this = decompressor(this);
    let data = args[0].unwrap_or(Ref::NONE);
    let added = vm.buffer(data)?.len();
    let input = this.progress.take_input(vm, data, "Already at end of stream")?;
    this.detection.get_mut(vm).feed(&input[input.len() - added..]);
    let mut out = Vec::new();
    let state = this.state.get_mut(vm);
    let done = match state {
        Ok(stream) => run(&input, most, &mut out, &mut |input, out| stream.step(input, out, false)),
        Err(error) => Err(*error),
    };
    match done {
        Ok(done) => {
            this.progress.keep_rest(vm, input, &done, true);
            Ok(vm.new_bytes(&out).into_object())
        }
        Err(error) => {
            // The limit of memory is the one thing a coder can fail at and go on.
            if !matches!(error, Error::MemLimit) {
                this.state.set(vm, Err(error));
            }
            Err(raise_failure(vm, error))
        }
    }
}
