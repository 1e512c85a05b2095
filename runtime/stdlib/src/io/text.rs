//! `TextIOWrapper`: text over a buffered stream.
//!
//! Bytes are read in chunks and decoded at once; lines and characters are taken from the decoded
//! text. What is written is encoded at once and passed on in chunks. [`codec`] does the encoding,
//! [`position`] the cookies of `seek` and `tell`.

pub mod codec;
pub mod position;

use super::base::{self, TEXT_IO_BASE};
use super::buffered::{self, BUFFERED_RANDOM, BUFFERED_READER, BUFFERED_WRITER};
use super::file::getstate;
use super::newline::Newlines;
use super::string_io::{NewlineMode, replace_newlines};
use super::unsupported;
use crate::os_support::*;
use codec::{Codec, State};
use object::call::Args;
use object::exception;
use object::method;
use object::native::{PayloadInfo, flag};
use object::str::{Str, StrBuilder};
use object::{Getset, Member, Object, ObjectCell, ObjectOf, Payload, PyResult, Ref, RefOf, Slots, Type, TypeSpec, Visitor, Vm, VmCell};
use position::{seek, tell};
use std::cell::Cell;

/// The payload of a `TextIOWrapper`.
pub struct Text {
    buffer: ObjectCell,
    detached: Cell<bool>,
    encoding: ObjectCell,
    errors: ObjectCell,
    codec: Codec,
    newlines: Newlines,
    mode: Cell<NewlineMode>,
    line_buffering: Cell<bool>,
    write_through: Cell<bool>,
    has_read1: Cell<bool>,
    seekable: Cell<bool>,
    /// Whether `tell` works: not while the lines are iterated over.
    telling: Cell<bool>,
    finalizing: Cell<bool>,
    chunk_size: Cell<usize>,
    /// Encoded text that has not been passed on.
    pending: VmCell<Vec<u8>>,
    /// Decoded text, and how many characters of it have been taken.
    decoded: ObjectCell,
    used: Cell<usize>,
    /// The decoder's state before the last chunk, and that chunk.
    snapshot: VmCell<Option<State>>,
    bytes_per_char: Cell<f64>,
}

/// `_io.TextIOWrapper`
pub static TEXT_IO_WRAPPER: Type = Type::new(&TEXT_SPEC);
static TEXT_SPEC: TypeSpec = TypeSpec {
    name: "_io.TextIOWrapper",
    doc: "Character and line based layer over a BufferedIOBase object, buffer.\n\nencoding gives the name of the encoding that the stream will be\ndecoded or encoded with. It defaults to locale.getencoding().\n\nerrors determines the strictness of encoding and decoding (see\nhelp(codecs.Codec) or the documentation for codecs.register) and\ndefaults to \"strict\".\n\nnewline controls how line endings are handled. It can be None, '',\n'\\n', '\\r', and '\\r\\n'.\n\nIf line_buffering is True, a call to flush is implied when a call to\nwrite contains a newline character.",
    base: Some(&TEXT_IO_BASE),
    flags: flag::BASE_TYPE | flag::HAS_DICT | flag::WEAK_REFERENCES | flag::FINALIZER,
    payload: PayloadInfo::of::<Text>(),
    slots: Slots { new: Some(new), init: Some(init), repr: Some(repr), next: Some(next), ..Slots::NONE },
    signature: "(buffer, encoding=None, errors=None, newline=None, line_buffering=False, write_through=False)",
    methods: &[
        method!(Unary detach "($self, /)", "Separate the underlying buffer from the TextIOBase and return it."),
        method!(Bound reconfigure "($self, /, *, encoding=None, errors=None, newline=None, line_buffering=None, write_through=None)", "Reconfigure the text stream with new parameters."),
        method!(Binary write "($self, text, /)", "Write string s to stream."),
        method!(Bound read "($self, size=-1, /)", "Read at most size characters from stream."),
        method!(Bound readline "($self, size=-1, /)", "Read until newline or EOF."),
        method!(Unary flush "($self, /)", ""),
        method!(Unary close "($self, /)", ""),
        method!(Unary fileno "($self, /)", ""),
        method!(Unary seekable "($self, /)", ""),
        method!(Unary readable "($self, /)", ""),
        method!(Unary writable "($self, /)", ""),
        method!(Unary isatty "($self, /)", ""),
        method!(Bound seek "($self, cookie, whence=0, /)", "Set the stream position, and return the new stream position."),
        method!(Unary tell "($self, /)", "Return the stream position as an opaque number."),
        method!(Bound truncate "($self, pos=None, /)", ""),
        method!(Unary getstate as "__getstate__" "($self, /)", ""),
    ],
    getsets: &[
        Getset::readonly("name", "", |vm, this| of_buffer(vm, this, "name")),
        Getset::readonly("closed", "", |vm, this| of_buffer(vm, this, "closed")),
        Getset::readonly("newlines", "", |vm, this| {
            let (text, _) = ready(vm, this)?;
            Ok(if text.mode.get().is_universal() { text.newlines.seen_object(vm) } else { Object::none() })
        }),
        Getset::readonly("errors", "", |vm, this| {
            let text = text_of(this);
            if text.encoding.is_set() { Ok(text.errors.get_or_none()) } else { Err(vm.value_error("I/O operation on uninitialized object")) }
        }),
        Getset::new("_CHUNK_SIZE", "", chunk_size, set_chunk_size),
        Getset::readonly("buffer", "", |vm, this| Ok(ready(vm, this)?.1)),
    ],
    members: &[
        Member(Getset::readonly("encoding", "", |_, this| Ok(text_of(this).encoding.get_or_none()))),
        Member(Getset::readonly("line_buffering", "", |_, this| Ok(Object::bool(text_of(this).line_buffering.get())))),
        Member(Getset::readonly("write_through", "", |_, this| Ok(Object::bool(text_of(this).write_through.get())))),
        Member(Getset::new(
            "_finalizing",
            "",
            |_, this| Ok(Object::bool(text_of(this).finalizing.get())),
            |vm, this, value| {
                text_of(this).finalizing.set(super::bool_attribute(vm, value)?);
                Ok(())
            },
        )),
    ],
    ..TypeSpec::DEFAULT
};

impl Payload for Text {
    fn class() -> &'static Type {
        &TEXT_IO_WRAPPER
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        for cell in [&self.buffer, &self.encoding, &self.errors, &self.decoded] {
            cell.traverse(visitor);
        }
        self.codec.traverse(visitor);
    }
}

fn text_of<'a>(this: Ref<'a>) -> &'a Text {
    this.downcast::<Text>().expect("the method belongs to the type").get()
}

/// The stream and the one below; `ValueError` if there is none.
fn ready<'a>(vm: &mut Vm, this: Ref<'a>) -> PyResult<(&'a Text, Object)> {
    let text = text_of(this);
    match text.buffer.get() {
        Some(buffer) => Ok((text, buffer)),
        None if text.detached.get() => Err(vm.value_error("underlying buffer has been detached")),
        None => Err(vm.value_error("I/O operation on uninitialized object")),
    }
}

fn empty() -> Text {
    Text {
        buffer: ObjectCell::EMPTY,
        detached: Cell::new(false),
        encoding: ObjectCell::EMPTY,
        errors: ObjectCell::EMPTY,
        codec: Codec::new(),
        newlines: Newlines::default(),
        mode: Cell::new(NewlineMode::Translated),
        line_buffering: Cell::new(false),
        write_through: Cell::new(false),
        has_read1: Cell::new(false),
        seekable: Cell::new(false),
        telling: Cell::new(false),
        finalizing: Cell::new(false),
        chunk_size: Cell::new(8192),
        pending: VmCell::new(Vec::new()),
        decoded: ObjectCell::EMPTY,
        used: Cell::new(0),
        snapshot: VmCell::new(None),
        bytes_per_char: Cell::new(0.0),
    }
}

fn new(vm: &mut Vm, class: RefOf<'_, Type>, _args: Args<'_>) -> PyResult {
    Ok(vm.allocate_in(class.get(), empty()))
}

/// A text stream as `open` makes it.
pub fn make(
    vm: &mut Vm,
    buffer: Ref<'_>,
    encoding: Option<Ref<'_>>,
    errors: Option<Ref<'_>>,
    newline: Option<Ref<'_>>,
    line_buffering: bool,
) -> PyResult {
    let stream = vm.allocate(empty()).into_object();
    set_up(vm, stream.borrow(), buffer, encoding, errors, newline, line_buffering, false)?;
    Ok(stream)
}

fn init(vm: &mut Vm, this: Ref<'_>, args: Args<'_>) -> PyResult<()> {
    let mut bound = [const { None }; 6];
    let signature = "(buffer, encoding=None, errors=None, newline=None, line_buffering=False, write_through=False)";
    object::call::bind_args(vm, "TextIOWrapper", signature, args, &mut bound)?;
    let given = |index: usize| bound[index].as_ref().map(Object::borrow);
    let not_none = |index: usize| given(index).filter(|value| !value.is_none());
    let line_buffering = truth(vm, given(4), false)?;
    let write_through = truth(vm, given(5), false)?;
    let buffer = given(0).unwrap_or(Ref::NONE);
    set_up(vm, this, buffer, not_none(1), not_none(2), not_none(3), line_buffering, write_through)
}

/// The encoding of an argument: its name, and the object that shows it.
fn encoding_argument(vm: &mut Vm, encoding: Option<Ref<'_>>) -> PyResult<(String, Object)> {
    let name = match encoding {
        Some(encoding) => codec::text_argument(vm, encoding, "encoding")?,
        None => "locale".to_owned(),
    };
    let (name, object) = match encoding {
        Some(encoding) if name != "locale" => (name, encoding.to_owned()),
        _ => ("UTF-8".to_owned(), vm.new_str("UTF-8").into_object()),
    };
    Ok((name, object))
}

fn set_up(
    vm: &mut Vm,
    this: Ref<'_>,
    buffer: Ref<'_>,
    encoding: Option<Ref<'_>>,
    errors: Option<Ref<'_>>,
    newline: Option<Ref<'_>>,
    line_buffering: bool,
    write_through: bool,
) -> PyResult<()> {
    let text = text_of(this);
    text.buffer.set(None);
    text.detached.set(false);
    let (encoding_name, encoding) = encoding_argument(vm, encoding)?;
    let errors_name = match errors {
        Some(errors) => codec::text_argument(vm, errors, "errors")?,
        None => "strict".to_owned(),
    };
    if super::system_flag(vm, "dev_mode")? {
        crate::codecs::registry::error_handler(vm, &errors_name)?;
    }
    if let Some(newline) = newline
        && newline.downcast::<Str>().is_none()
    {
        return Err(vm.type_error(format!("TextIOWrapper() argument 'newline' must be str or None, not {}", newline.class().full_name())));
    }
    let mode = NewlineMode::parse(vm, newline, NewlineMode::Translated)?;
    let readable = is_able(vm, buffer, "readable")?;
    let writable = is_able(vm, buffer, "writable")?;
    text.codec.set_up(vm, &encoding_name, &errors_name, readable, writable)?;
    let errors = vm.new_str(&errors_name).into_object();
    text.encoding.set(Some(encoding));
    text.errors.set(Some(errors));
    set_newline_mode(text, mode);
    text.line_buffering.set(line_buffering);
    text.write_through.set(write_through);
    text.pending.set(vm, Vec::new());
    forget_decoded(vm, text);
    text.chunk_size.set(8192);
    text.bytes_per_char.set(0.0);
    let native = [&BUFFERED_READER, &BUFFERED_RANDOM, &BUFFERED_WRITER].iter().any(|class| buffer.is_exactly(class));
    let has_read1 = native || vm.find_attr_str(buffer, "read1")?.is_some();
    text.has_read1.set(has_read1);
    let seekable = is_able(vm, buffer, "seekable")?;
    text.seekable.set(seekable);
    text.telling.set(seekable);
    text.buffer.set(Some(buffer.to_owned()));
    fix_encoder(vm, text, buffer)
}

fn is_able(vm: &mut Vm, buffer: Ref<'_>, method: &str) -> PyResult<bool> {
    let answer = vm.call_method(buffer, method, &[])?;
    vm.is_true(answer.borrow())
}

fn set_newline_mode(text: &Text, mode: NewlineMode) {
    text.mode.set(mode);
    text.newlines.reset();
    text.newlines.translate.set(mode == NewlineMode::Translated);
}

/// A stream that already has something in it needs no byte order mark.
fn fix_encoder(vm: &mut Vm, text: &Text, buffer: Ref<'_>) -> PyResult<()> {
    if !text.seekable.get() || !text.codec.can_encode.get() {
        return Ok(());
    }
    if text.codec.is_native() {
        return Ok(());
    }
    let position = vm.call_method(buffer, "tell", &[])?;
    if !vm.equal(position.borrow(), Object::small_int(0).borrow())? {
        text.codec.reset_encoder(vm, false)?;
    }
    Ok(())
}

fn forget_decoded(vm: &mut Vm, text: &Text) {
    text.decoded.set(None);
    text.used.set(0);
    text.snapshot.set(vm, None);
}

fn decoded_len(_vm: &Vm, text: &Text) -> usize {
    text.decoded.get().and_then(|decoded| decoded.borrow().downcast::<Str>().map(|decoded| decoded.len())).unwrap_or(0)
}

/// Decodes a chunk and translates its newlines.
fn decode(vm: &mut Vm, text: &Text, data: Ref<'_>, bytes: &[u8], is_final: bool) -> PyResult<ObjectOf<Str>> {
    let decoded = text.codec.decode(vm, data, bytes, is_final)?;
    Ok(if text.mode.get().is_universal() { text.newlines.decode(vm, decoded, is_final) } else { decoded })
}

/// The state of decoder and newlines together.
fn decoder_state(vm: &mut Vm, text: &Text) -> PyResult<State> {
    let mut state = text.codec.state(vm)?;
    if text.mode.get().is_universal() {
        state.flags = state.flags << 1 | i64::from(text.newlines.pending_cr.get());
    }
    Ok(state)
}

fn set_decoder_state(vm: &mut Vm, text: &Text, state: &State) -> PyResult<()> {
    let mut state = state.clone();
    if text.mode.get().is_universal() {
        text.newlines.pending_cr.set(state.flags & 1 != 0);
        state.flags >>= 1;
    }
    text.codec.set_state(vm, &state)
}

fn reset_decoder(vm: &mut Vm, text: &Text) -> PyResult<()> {
    text.newlines.pending_cr.set(false);
    text.codec.reset_decoder(vm)
}

/// Passes on what waits to be written.
fn flush_pending(vm: &mut Vm, text: &Text, buffer: Ref<'_>) -> PyResult<()> {
    if text.pending.get(vm).is_empty() {
        return Ok(());
    }
    let data = std::mem::take(text.pending.get_mut(vm));
    let result = if [&BUFFERED_WRITER, &BUFFERED_RANDOM].iter().any(|class| buffer.is_exactly(class)) {
        buffered::write_bytes(vm, buffer, &data)
    } else {
        let bytes = vm.new_bytes(&data).into_object();
        vm.call_method(buffer, "write", &[bytes.borrow()])
    };
    match result {
        Ok(_) => {
            // The memory is used again.
            let mut data = data;
            data.clear();
            if text.pending.get(vm).is_empty() && data.capacity() <= 1 << 16 {
                text.pending.set(vm, data);
            }
            Ok(())
        }
        Err(raised) => Err(raised),
    }
}

fn write(vm: &mut Vm, this: Ref<'_>, argument: Ref<'_>) -> PyResult {
    let Some(string) = argument.downcast::<Str>() else {
        return Err(vm.type_error(format!("write() argument must be str, not {}", argument.class().full_name())));
    };
    let (text, buffer) = ready(vm, this)?;
    check_open(vm, buffer.borrow())?;
    if !text.codec.can_encode.get() {
        return Err(unsupported(vm, "not writable"));
    }
    let length = string.len();
    let newline = match text.mode.get().name() {
        Some(newline @ ("\r" | "\r\n")) => Some(newline),
        _ => None,
    };
    let has_newline = (newline.is_some() || text.line_buffering.get()) && string.code_points().any(|character| character == u32::from('\n'));
    let translated = match newline {
        Some(newline) if has_newline => Some(replace_newlines(vm, string.get(), newline)),
        _ => None,
    };
    let string = translated.as_ref().map_or(string, |translated| translated.borrow());
    let flushes = text.line_buffering.get() && (has_newline || string.code_points().any(|character| character == u32::from('\r')));
    let mut data = std::mem::take(text.pending.get_mut(vm));
    let before = data.len();
    let encoded = text.codec.encode(vm, string, &mut data);
    if let Err(raised) = encoded {
        data.truncate(before);
        text.pending.set(vm, data);
        return Err(raised);
    }
    let chunk = text.chunk_size.get();
    if before > 0 && data.len() > chunk {
        // What waited is passed on by itself, so that a large text makes one large write.
        let rest = data.split_off(before);
        text.pending.set(vm, data);
        // What Python code below writes meanwhile goes first too.
        while !text.pending.get(vm).is_empty() && text.pending.get(vm).len() + rest.len() > chunk {
            flush_pending(vm, text, buffer.borrow())?;
        }
        data = rest;
    }
    // Python code below may have written meanwhile.
    let mut all = std::mem::take(text.pending.get_mut(vm));
    if all.is_empty() {
        all = data;
    } else {
        all.extend_from_slice(&data);
    }
    let full = all.len() >= chunk || flushes || text.write_through.get();
    text.pending.set(vm, all);
    if full {
        flush_pending(vm, text, buffer.borrow())?;
    }
    if flushes {
        vm.call_method(buffer.borrow(), "flush", &[])?;
    }
    if text.snapshot.get(vm).is_some() {
        forget_decoded(vm, text);
    }
    if text.codec.can_decode.get() {
        reset_decoder(vm, text)?;
    }
    Ok(Object::small_int(length as i64))
}

/// Raises `ValueError` if the stream below is closed.
fn check_open(vm: &mut Vm, buffer: Ref<'_>) -> PyResult<()> {
    base::require_open(vm, buffer)
}

/// Reads and decodes one chunk; `false` at the end.
fn read_chunk(vm: &mut Vm, text: &Text, buffer: Ref<'_>, hint: usize) -> PyResult<bool> {
    if !text.codec.can_decode.get() {
        return Err(unsupported(vm, "not readable"));
    }
    let before = if text.telling.get() { Some(decoder_state(vm, text)?) } else { None };
    let wanted = (text.bytes_per_char.get().max(1.0) * hint as f64) as usize;
    let size = text.chunk_size.get().max(wanted);
    let native = [&BUFFERED_READER, &BUFFERED_RANDOM].iter().any(|class| buffer.is_exactly(class));
    let method = if text.has_read1.get() { "read1" } else { "read" };
    let input = if native {
        buffered::read1_bytes(vm, buffer, size as isize)?
    } else {
        let size = vm.new_int(size as i64);
        vm.call_method(buffer, method, &[size.borrow()])?
    };
    let copied;
    let bytes: &[u8] = match object::bytes::as_bytes(input.borrow()) {
        Some(bytes) => bytes,
        None if vm.has_buffer(input.borrow()) => {
            copied = vm.buffer(input.borrow())?.bytes(vm).to_vec();
            &copied
        }
        None => {
            let message = format!("underlying {method}() should have returned a bytes-like object, not '{}'", input.borrow().class().full_name());
            return Err(vm.type_error(message));
        }
    };
    let at_end = bytes.is_empty();
    let decoded = decode(vm, text, input.borrow(), bytes, at_end)?;
    let n = decoded.len();
    text.bytes_per_char.set(if n > 0 { bytes.len() as f64 / n as f64 } else { 0.0 });
    text.decoded.set(Some(decoded.into_object()));
    text.used.set(0);
    if let Some(mut before) = before {
        before.buffer.extend_from_slice(bytes);
        text.snapshot.set(vm, Some(before));
    }
    Ok(!at_end || n > 0)
}

/// Takes up to `n` decoded characters.
fn take_decoded(vm: &Vm, text: &Text, n: usize, into: &mut StrBuilder) {
    let _ = vm;
    if let Some(decoded) = text.decoded.get()
        && let Some(decoded) = decoded.borrow().downcast::<Str>()
    {
        let start = text.used.get();
        let end = start.saturating_add(n).min(decoded.len());
        into.push_data(decoded.data().slice(start, end));
        text.used.set(end);
    }
}

fn read(vm: &mut Vm, this: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let size = base::size_argument(vm, args[0])?;
    let (text, buffer) = ready(vm, this)?;
    check_open(vm, buffer.borrow())?;
    if !text.codec.can_decode.get() {
        return Err(unsupported(vm, "not readable"));
    }
    flush_pending(vm, text, buffer.borrow())?;
    match size {
        None => read_all(vm, text, buffer.borrow()),
        Some(size) => read_some(vm, text, buffer.borrow(), size),
    }
}

fn read_all(vm: &mut Vm, text: &Text, buffer: Ref<'_>) -> PyResult {
    let input = vm.call_method(buffer, "read", &[])?;
    if input.borrow().is_none() {
        return Err(vm.raise(&exception::BLOCKING_IO_ERROR, "Read returned None."));
    }
    let copied;
    let bytes: &[u8] = match object::bytes::as_bytes(input.borrow()) {
        Some(bytes) => bytes,
        None if !text.codec.is_native() => &[],
        None => {
            copied = vm.buffer(input.borrow())?.bytes(vm).to_vec();
            &copied
        }
    };
    let rest = decode(vm, text, input.borrow(), bytes, true)?;
    let result = if text.used.get() < decoded_len(vm, text) {
        let mut all = StrBuilder::with_capacity(rest.len());
        take_decoded(vm, text, usize::MAX, &mut all);
        all.push_data(rest.data());
        all.finish(vm).into_object()
    } else {
        rest.into_object()
    };
    forget_decoded(vm, text);
    Ok(result)
}

fn read_some(vm: &mut Vm, text: &Text, buffer: Ref<'_>, size: usize) -> PyResult {
    let mut all = StrBuilder::with_capacity(0);
    take_decoded(vm, text, size, &mut all);
    while all.len() < size {
        if !read_chunk(vm, text, buffer, size - all.len())? {
            break;
        }
        let left = size - all.len();
        take_decoded(vm, text, left, &mut all);
    }
    Ok(all.finish(vm).into_object())
}

/// A line of at most `limit` characters.
fn line(vm: &mut Vm, text: &Text, buffer: Ref<'_>, limit: Option<usize>) -> PyResult {
    flush_pending(vm, text, buffer)?;
    let mode = text.mode.get();
    // Parts of a line that is in more than one chunk.
    let mut parts: Option<StrBuilder> = None;
    loop {
        while text.used.get() >= decoded_len(vm, text) {
            if !read_chunk(vm, text, buffer, 0)? {
                forget_decoded(vm, text);
                return Ok(parts.map_or_else(|| vm.new_str("").into_object(), |parts| parts.finish(vm).into_object()));
            }
        }
        let decoded = text.decoded.get().unwrap_or(Object::none());
        let Some(decoded) = decoded.borrow().downcast::<Str>() else { return Ok(vm.new_str("").into_object()) };
        let start = text.used.get();
        let rest = decoded.data().slice(start, decoded.len());
        let so_far = parts.as_ref().map_or(0, StrBuilder::len);
        let splits_crlf =
            mode == NewlineMode::CrLf && parts.as_ref().and_then(StrBuilder::last) == Some(u32::from('\r')) && rest.at(0) == u32::from('\n');
        let (mut n, mut complete) = if splits_crlf {
            (1, true)
        } else {
            match mode.find_end(rest) {
                Ok(end) => (end, true),
                Err(_) => (rest.len(), false),
            }
        };
        if let Some(limit) = limit
            && so_far + n >= limit
        {
            n = limit - so_far;
            complete = true;
        }
        text.used.set(start + n);
        match (&mut parts, complete) {
            (None, true) => return Ok(vm.str_slice(decoded.get(), start, n).into_object()),
            (Some(parts), _) => parts.push_data(rest.slice(0, n)),
            (None, false) => {
                let mut first = StrBuilder::with_capacity(n * 2);
                first.push_data(rest);
                parts = Some(first);
            }
        }
        if complete && let Some(parts) = parts {
            return Ok(parts.finish(vm).into_object());
        }
    }
}

fn readline(vm: &mut Vm, this: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let limit = args[0].map_or(Ok(-1), |limit| vm.index_isize(limit))?;
    let (text, buffer) = ready(vm, this)?;
    check_open(vm, buffer.borrow())?;
    line(vm, text, buffer.borrow(), usize::try_from(limit).ok())
}

fn next(vm: &mut Vm, this: Ref<'_>) -> PyResult<Option<Object>> {
    let (text, buffer) = ready(vm, this)?;
    text.telling.set(false);
    let result = if this.is_exactly(&TEXT_IO_WRAPPER) {
        check_open(vm, buffer.borrow())?;
        line(vm, text, buffer.borrow(), None)?
    } else {
        let result = vm.call_method(this, "readline", &[])?;
        if result.borrow().downcast::<Str>().is_none() {
            let message = format!("readline() should have returned a str object, not '{}'", result.borrow().class().full_name());
            return Err(vm.raise(&exception::OS_ERROR, message));
        }
        result
    };
    if result.borrow().downcast::<Str>().is_some_and(|line| line.is_empty()) {
        text.snapshot.set(vm, None);
        text.telling.set(text.seekable.get());
        return Ok(None);
    }
    Ok(Some(result))
}

fn flush(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let (text, buffer) = ready(vm, this)?;
    check_open(vm, buffer.borrow())?;
    text.telling.set(text.seekable.get());
    flush_pending(vm, text, buffer.borrow())?;
    vm.call_method(buffer.borrow(), "flush", &[])
}

fn close(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let (text, buffer) = ready(vm, this)?;
    if base::is_closed(vm, buffer.borrow())? {
        return Ok(Object::none());
    }
    if text.finalizing.get() {
        let result = match vm.find_attr_str(buffer.borrow(), "_dealloc_warn") {
            Ok(Some(warn)) => vm.call(warn.borrow(), &[this]),
            Ok(None) => Ok(Object::none()),
            Err(raised) => Err(raised),
        };
        if let Err(raised) = result {
            vm.catch(raised);
        }
    }
    if text.detached.get() {
        // Asking the stream below may have run Python that detached it.
        return Ok(Object::none());
    }
    let flushed = vm.call_method(this, "flush", &[]);
    buffered::close_raw_after(vm, flushed, buffer.borrow(), |_| ())
}

fn detach(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let (text, _) = ready(vm, this)?;
    vm.call_method(this, "flush", &[])?;
    let buffer = text.buffer.take();
    text.detached.set(true);
    Ok(buffer.unwrap_or(Object::none()))
}

fn reconfigure(vm: &mut Vm, this: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let (text, buffer) = ready(vm, this)?;
    let (encoding, errors, newline) = (optional(args, 0), optional(args, 1), args[2]);
    for (value, name) in [(encoding, "encoding"), (errors, "errors")] {
        if let Some(value) = value
            && value.downcast::<Str>().is_none()
        {
            return Err(vm.type_error(format!("reconfigure() argument '{name}' must be str or None, not {}", value.class().full_name())));
        }
    }
    if text.decoded.is_set() && (encoding.is_some() || errors.is_some() || newline.is_some()) {
        return Err(unsupported(vm, "It is not possible to set the encoding or newline of stream after the first read"));
    }
    let mode = match newline {
        Some(newline) if !newline.is_none() && newline.downcast::<Str>().is_none() => {
            return Err(vm.type_error(format!("reconfigure() argument 'newline' must be str or None, not {}", newline.class().full_name())));
        }
        newline => NewlineMode::parse(vm, newline, text.mode.get())?,
    };
    let line_buffering = flag_argument(vm, args[3], text.line_buffering.get())?;
    let write_through = flag_argument(vm, args[4], text.write_through.get())?;
    vm.call_method(this, "flush", &[])?;
    text.snapshot.set(vm, None);
    if encoding.is_some() || errors.is_some() || newline.is_some() {
        let old_encoding = text.encoding.get_or_none();
        let old_errors = text.errors.get_or_none();
        let (name, object) = encoding_argument(vm, Some(encoding.unwrap_or(old_encoding.borrow())))?;
        let errors = match (errors, encoding) {
            (Some(errors), _) => codec::text_argument(vm, errors, "errors")?,
            (None, Some(_)) => "strict".to_owned(),
            (None, None) => codec::text_argument(vm, old_errors.borrow(), "errors")?,
        };
        let (decodes, encodes) = (text.codec.can_decode.get(), text.codec.can_encode.get());
        text.codec.set_up(vm, &name, &errors, decodes, encodes)?;
        let errors = vm.new_str(&errors).into_object();
        text.encoding.set(Some(object));
        text.errors.set(Some(errors));
        set_newline_mode(text, mode);
        fix_encoder(vm, text, buffer.borrow())?;
    }
    text.line_buffering.set(line_buffering);
    text.write_through.set(write_through);
    Ok(Object::none())
}

fn flag_argument(vm: &mut Vm, value: Option<Ref<'_>>, default: bool) -> PyResult<bool> {
    match value.filter(|value| !value.is_none()) {
        None => Ok(default),
        Some(value) => Ok(vm.to_i64(value)? != 0),
    }
}

fn of_buffer(vm: &mut Vm, this: Ref<'_>, name: &str) -> PyResult {
    let (_, buffer) = ready(vm, this)?;
    vm.get_attr_str(buffer.borrow(), name)
}

fn call_buffer(vm: &mut Vm, this: Ref<'_>, method: &str) -> PyResult {
    let (_, buffer) = ready(vm, this)?;
    vm.call_method(buffer.borrow(), method, &[])
}

fn fileno(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    call_buffer(vm, this, "fileno")
}

fn seekable(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    call_buffer(vm, this, "seekable")
}

fn readable(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    call_buffer(vm, this, "readable")
}

fn writable(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    call_buffer(vm, this, "writable")
}

fn isatty(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    call_buffer(vm, this, "isatty")
}

fn truncate(vm: &mut Vm, this: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let (_, buffer) = ready(vm, this)?;
    vm.call_method(this, "flush", &[])?;
    vm.call_method(buffer.borrow(), "truncate", &[arg(args, 0)])
}

fn chunk_size(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let (text, _) = ready(vm, this)?;
    Ok(Object::small_int(text.chunk_size.get() as i64))
}

fn set_chunk_size(vm: &mut Vm, this: Ref<'_>, value: Option<Ref<'_>>) -> PyResult<()> {
    let (text, _) = ready(vm, this)?;
    let Some(value) = value else {
        return Err(vm.raise(&exception::ATTRIBUTE_ERROR, "cannot delete attribute"));
    };
    let size = match vm.index_isize(value) {
        Ok(size) => size,
        Err(raised) => {
            let error = vm.catch_if(raised, &exception::OVERFLOW_ERROR)?;
            let message = vm.str_text(error.borrow())?;
            return Err(vm.value_error(message));
        }
    };
    match usize::try_from(size) {
        Ok(size) if size > 0 => {
            text.chunk_size.set(size);
            Ok(())
        }
        _ => Err(vm.value_error("a strictly positive integer is required")),
    }
}

fn repr(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let text = text_of(this);
    if !text.encoding.is_set() {
        return Err(vm.value_error("I/O operation on uninitialized object"));
    }
    let mut rest = String::new();
    if let Some(mode) = vm.find_attr_str(this, "mode")? {
        rest = format!(" mode={}", vm.repr_text(mode.borrow())?);
    }
    let encoding = text.encoding.get_or_none();
    let encoding = vm.repr_text(encoding.borrow())?;
    let text = buffered::named_repr(vm, this, &format!("{rest} encoding={encoding}"))?;
    Ok(vm.new_str(&text).into_object())
}
