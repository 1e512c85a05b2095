//! `_bz2`: bzip2 streams, on the crate `bzip2`.

use crate::compression::{self, Coder, Decompressor as _, Progress, Step, limit, run};
use bzip2::{Action, Compress, Compression, Decompress, Error, Status};
use object::native::{Module, PayloadInfo, TypeSpec};
use object::{Args, Payload, PyResult, Raised, Ref, RefOf, Slots, Type, Vm, VmCell, exception, method};

pub static MODULE: Module = Module { name: "_bz2", types: &[&COMPRESSOR, &DECOMPRESSOR], ..Module::DEFAULT };

type Compressor = compression::Compressor<Compress>;

impl Payload for Compressor {
    fn class() -> &'static Type {
        &COMPRESSOR
    }
}

pub static COMPRESSOR: Type = Type::new(&COMPRESSOR_SPEC);
static COMPRESSOR_SPEC: TypeSpec = TypeSpec {
    name: "_bz2.BZ2Compressor",
    doc: "Create a compressor object for compressing data incrementally.\n\n  compresslevel\n    Compression level, as a number between 1 and 9.\n\nFor one-shot compression, use the compress() function instead.",
    signature: "(compresslevel=9, /)",
    payload: PayloadInfo::leaf::<Compressor>(),
    slots: Slots { new: Some(new_compressor), ..Slots::NONE },
    methods: &[
        method!(Binary compress "($self, data, /)", "Provide data to the compressor object.\n\nReturns a chunk of compressed data if possible, or b'' otherwise.\n\nWhen you have finished providing data to the compressor, call the\nflush() method to finish the compression process."),
        method!(Unary flush "($self, /)", "Finish the compression process.\n\nReturns the compressed data left in internal buffers.\n\nThe compressor object may not be used after this method is called."),
    ],
    ..TypeSpec::DEFAULT
};

fn new_compressor(vm: &mut Vm, class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    let mut bound = [None];
    object::call::bind_args(vm, "BZ2Compressor", "(compresslevel=9, /)", args, &mut bound)?;
    let [level] = bound;
    let level = level.map_or(Ok(9), |level| vm.to_i32(level.borrow()))?;
    let level = u32::try_from(level).ok().filter(|level| (1..=9).contains(level));
    let Some(level) = level else {
        return Err(vm.value_error("compresslevel must be between 1 and 9"));
    };
    Ok(vm.allocate_in(class.get(), Compressor::new(Compress::new(Compression::new(level), 0))))
}

fn raise(vm: &mut Vm, error: Error) -> Raised {
    match error {
        Error::Data | Error::DataMagic => vm.raise(&exception::OS_ERROR, "Invalid data stream"),
        Error::Param => vm.value_error("Internal error - invalid parameters passed to libbzip2"),
        Error::Sequence => vm.runtime_error("Internal error - Invalid sequence of commands sent to libbzip2"),
    }
}

impl Coder for Compress {
    type Error = Error;

    fn step(&mut self, input: &[u8], out: &mut [u8], finish: bool) -> Result<Step, Error> {
        let before = (self.total_in(), self.total_out());
        let status = self.compress(input, out, if finish { Action::Finish } else { Action::Run })?;
        Ok(Step::between(before, (self.total_in(), self.total_out()), status == Status::StreamEnd))
    }

    fn raise(vm: &mut Vm, error: Error) -> Raised {
        raise(vm, error)
    }
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
    /// `None` after a failure.
    state: VmCell<Option<Decompress>>,
    progress: Progress,
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
    name: "_bz2.BZ2Decompressor",
    doc: "Create a decompressor object for decompressing data incrementally.\n\nFor one-shot decompression, use the decompress() function instead.",
    signature: "()",
    payload: PayloadInfo::leaf::<Decompressor>(),
    slots: Slots { new: Some(new_decompressor), ..Slots::NONE },
    methods: &[
        method!(Bound decompress "($self, /, data, max_length=-1)", "Decompress *data*, returning uncompressed data as bytes.\n\nIf *max_length* is nonnegative, returns at most *max_length* bytes\nof decompressed data.  If this limit is reached and further output\ncan be produced, *self.needs_input* will be set to ``False``.  In\nthis case, the next call to *decompress()* may provide *data* as b''\nto obtain more of the output.\n\nIf all of the input data was decompressed and returned (either\nbecause this was less than *max_length* bytes, or because\n*max_length* was negative), *self.needs_input* will be set to True.\n\nAttempting to decompress data after the end of stream is reached\nraises an EOFError.  Any data found after the end of the stream is\nignored and saved in the unused_data attribute."),
    ],
    members: &[Decompressor::EOF, Decompressor::UNUSED_DATA, Decompressor::NEEDS_INPUT],
    ..TypeSpec::DEFAULT
};

fn new_decompressor(vm: &mut Vm, class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    if args.has_keywords() {
        return Err(vm.type_error("BZ2Decompressor() takes no keyword arguments"));
    }
    if args.n_positional() > 0 {
        return Err(vm.type_error("BZ2Decompressor() takes no positional arguments"));
    }
    Ok(vm.allocate_in(class.get(), Decompressor { state: VmCell::new(Some(Decompress::new(false))), progress: Progress::default() }))
}

fn decompressor<'a>(this: Ref<'a>) -> RefOf<'a, Decompressor> {
    this.downcast::<Decompressor>().expect("the method belongs to the type")
}

fn decompress(vm: &mut Vm, this: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let most = limit(vm, args[1])?;
    let this = decompressor(this);
    let input = this.progress.take_input(vm, args[0].unwrap_or(Ref::NONE), "End of stream already reached")?;
    let mut out = Vec::new();
    let Some(mut state) = this.state.replace(vm, None) else {
        return Err(vm.value_error("Decompressor is unusable after a previous error"));
    };
    let done = run(&input, most, &mut out, &mut |input, out| {
        let before = (state.total_in(), state.total_out());
        let status = state.decompress(input, out)?;
        Ok(Step::between(before, (state.total_in(), state.total_out()), status == Status::StreamEnd))
    });
    match done {
        Ok(done) => {
            this.state.set(vm, Some(state));
            this.progress.keep_rest(vm, input, &done, false);
            Ok(vm.new_bytes(&out).into_object())
        }
        Err(error) => {
            this.progress.fail(vm);
            Err(raise(vm, error))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_compressed_is_decompressed() {
        let mut state = Compress::new(Compression::new(9), 0);
        let mut packed = Vec::new();
        run(b"scoria scoria", usize::MAX, &mut packed, &mut |input, out| state.step(input, out, false)).unwrap();
        let end = run(&[], usize::MAX, &mut packed, &mut |input, out| state.step(input, out, true)).unwrap();
        assert!(end.ended);
        assert!(packed.starts_with(b"BZh9"));
    }
}
