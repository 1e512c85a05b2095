//! `MultibyteStreamReader` and `MultibyteStreamWriter`.

use super::codec::Ending;
use super::incremental::{Coder, Decoder, Encoder, init_nothing};
use super::{codec_of, constructor_errors, payload};
use crate::argument;
use object::bytes::Bytes;
use object::native::{Getset, Member, PayloadInfo, TypeSpec, flag};
use object::{Args, Object, Payload, PyResult, Ref, RefOf, Slots, Type, Visitor, Vm, exception, int, method};

/// The payload of a reader.
pub struct StreamReader {
    decoder: Decoder,
    stream: Object,
}

impl Payload for StreamReader {
    fn class() -> &'static Type {
        &READER
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        visitor.visit(self.stream.borrow());
    }
}

pub static READER: Type = Type::new(&READER_SPEC);
static READER_SPEC: TypeSpec = TypeSpec {
    name: "_multibytecodec.MultibyteStreamReader",
    flags: flag::BASE_TYPE,
    payload: PayloadInfo::of::<StreamReader>(),
    slots: Slots { new: Some(new_reader), init: Some(init_nothing), ..Slots::NONE },
    methods: &[
        method!(Bound read "($self, sizeobj=None, /)", ""),
        method!(Bound readline "($self, sizeobj=None, /)", ""),
        method!(Bound readlines "($self, sizehintobj=None, /)", ""),
        method!(Unary reader_reset as "reset" "($self, /)", ""),
    ],
    members: &[Member(Getset::readonly("stream", "", |_, this| Ok(payload::<StreamReader>(this).stream.clone())))],
    getsets: &[Getset::new(
        "errors",
        "how to treat errors",
        |vm, this| Ok(payload::<StreamReader>(this).decoder.errors(vm)),
        |vm, this, value| payload::<StreamReader>(this).decoder.set_errors(vm, value),
    )],
    ..TypeSpec::DEFAULT
};

const SIGNATURE: &str = "(stream, errors='strict')";

fn new_reader(vm: &mut Vm, class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    let mut bound = [None, None];
    object::call::bind_args(vm, "StreamReader", SIGNATURE, args, &mut bound)?;
    let [stream, errors] = bound;
    let errors = constructor_errors(vm, "StreamReader", 2, errors.as_ref())?;
    let codec = codec_of(vm, class.object())?;
    let decoder = Coder::decoder(codec, errors);
    Ok(vm.allocate_in(class.get(), StreamReader { decoder, stream: stream.unwrap_or(Object::none()) }))
}

/// Reads by a method of the stream, until there is a character at least; `None`: all there is.
fn read_by(vm: &mut Vm, this: Ref<'_>, method: &str, size: Option<usize>) -> PyResult {
    if size == Some(0) {
        return Ok(vm.empty_str().object().to_owned());
    }
    let reader: &StreamReader = payload(this);
    let stream = reader.stream.clone();
    let mut size = size;
    loop {
        let data = match size {
            None => vm.call_method(stream.borrow(), method, &[])?,
            Some(size) => {
                let size = vm.new_uint(size as u64);
                vm.call_method(stream.borrow(), method, &[size.borrow()])?
            }
        };
        let Some(bytes) = data.borrow().downcast::<Bytes>() else {
            let message = format!("stream function returned a non-bytes object ({})", data.borrow().class().full_name());
            return Err(vm.type_error(message));
        };
        let at_end = bytes.is_empty();
        let text = reader.decoder.decode(vm, bytes.data(), at_end || size.is_none())?;
        if size.is_none() || !text.is_empty() || at_end {
            return Ok(text.into_object());
        }
        size = Some(1);
    }
}

/// A size; `None` and negative numbers are no limit.
fn size_argument(vm: &mut Vm, size: Option<Ref<'_>>) -> PyResult<Option<usize>> {
    match argument::given(size) {
        None => Ok(None),
        Some(size) if int::is_int(size) => match int::as_i64(size) {
            Some(size) => Ok(usize::try_from(size).ok()),
            None => Err(vm.raise(&exception::OVERFLOW_ERROR, "Python int too large to convert to C ssize_t")),
        },
        Some(_) => Err(vm.type_error("arg 1 must be an integer")),
    }
}

fn read(vm: &mut Vm, this: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let size = size_argument(vm, args[0])?;
    read_by(vm, this, "read", size)
}

fn readline(vm: &mut Vm, this: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let size = size_argument(vm, args[0])?;
    read_by(vm, this, "readline", size)
}

fn readlines(vm: &mut Vm, this: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let size = size_argument(vm, args[0])?;
    let text = read_by(vm, this, "read", size)?;
    vm.call_method(text.borrow(), "splitlines", &[Object::bool(true).borrow()])
}

fn reader_reset(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    payload::<StreamReader>(this).decoder.reset(vm);
    Ok(Object::none())
}

/// The payload of a writer.
pub struct StreamWriter {
    encoder: Encoder,
    stream: Object,
}

impl Payload for StreamWriter {
    fn class() -> &'static Type {
        &WRITER
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        visitor.visit(self.stream.borrow());
    }
}

pub static WRITER: Type = Type::new(&WRITER_SPEC);
static WRITER_SPEC: TypeSpec = TypeSpec {
    name: "_multibytecodec.MultibyteStreamWriter",
    flags: flag::BASE_TYPE,
    payload: PayloadInfo::of::<StreamWriter>(),
    slots: Slots { new: Some(new_writer), init: Some(init_nothing), ..Slots::NONE },
    methods: &[
        method!(Binary write "($self, strobj, /)", ""),
        method!(Binary writelines "($self, lines, /)", ""),
        method!(Unary writer_reset as "reset" "($self, /)", ""),
    ],
    members: &[Member(Getset::readonly("stream", "", |_, this| Ok(payload::<StreamWriter>(this).stream.clone())))],
    getsets: &[Getset::new(
        "errors",
        "how to treat errors",
        |vm, this| Ok(payload::<StreamWriter>(this).encoder.errors(vm)),
        |vm, this, value| payload::<StreamWriter>(this).encoder.set_errors(vm, value),
    )],
    ..TypeSpec::DEFAULT
};

fn new_writer(vm: &mut Vm, class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    let mut bound = [None, None];
    object::call::bind_args(vm, "StreamWriter", SIGNATURE, args, &mut bound)?;
    let [stream, errors] = bound;
    let errors = constructor_errors(vm, "StreamWriter", 2, errors.as_ref())?;
    let codec = codec_of(vm, class.object())?;
    let encoder = Coder::encoder(codec, errors);
    Ok(vm.allocate_in(class.get(), StreamWriter { encoder, stream: stream.unwrap_or(Object::none()) }))
}

fn write_bytes(vm: &mut Vm, this: Ref<'_>, data: &[u8]) -> PyResult<()> {
    let stream = payload::<StreamWriter>(this).stream.clone();
    let data = vm.new_bytes(data).into_object();
    vm.call_method(stream.borrow(), "write", &[data.borrow()])?;
    Ok(())
}

fn write(vm: &mut Vm, this: Ref<'_>, text: Ref<'_>) -> PyResult {
    let data = payload::<StreamWriter>(this).encoder.encode(vm, text, Ending::More)?;
    write_bytes(vm, this, &data)?;
    Ok(Object::none())
}

fn writelines(vm: &mut Vm, this: Ref<'_>, lines: Ref<'_>) -> PyResult {
    if lines.class().slots().getitem.is_none() || lines.is_instance_of(&object::dict::DICT) {
        return Err(vm.type_error("arg must be a sequence object"));
    }
    let mut index = 0;
    while index < vm.len(lines)? {
        let place = Object::small_int(index as i64);
        let line = vm.get_item(lines, place.borrow())?;
        write(vm, this, line.borrow())?;
        index += 1;
    }
    Ok(Object::none())
}

fn writer_reset(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let encoder = &payload::<StreamWriter>(this).encoder;
    if !encoder.has_pending(vm) {
        return Ok(Object::none());
    }
    let data = encoder.finish(vm)?;
    if !data.is_empty() {
        write_bytes(vm, this, &data)?;
    }
    Ok(Object::none())
}
