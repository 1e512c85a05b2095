//! `StringIO`: text in memory.

use super::base::{self, TEXT_IO_BASE};
use super::newline::Newlines;
use crate::os_support::*;
use object::call::Args;
use object::instance;
use object::method;
use object::native::{PayloadInfo, flag};
use object::str::{Str, StrBuilder, StrData};
use object::tuple::Tuple;
use object::{Getset, Object, ObjectOf, Payload, PyResult, Ref, RefOf, Slots, Type, TypeSpec, Vm, VmCell};
use std::cell::Cell;

/// Where lines end, and what is written for a `\n`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NewlineMode {
    /// `None`: any newline is read as `\n`.
    Translated,
    /// `""`: any newline ends a line and stays as it is.
    Universal,
    Lf,
    Cr,
    CrLf,
}

impl NewlineMode {
    /// Reads a `newline` argument.
    pub fn parse(vm: &mut Vm, value: Option<Ref<'_>>, default: NewlineMode) -> PyResult<NewlineMode> {
        let Some(value) = value else { return Ok(default) };
        if value.is_none() {
            return Ok(NewlineMode::Translated);
        }
        let Some(text) = value.downcast::<Str>() else {
            return Err(vm.type_error(format!("newline must be str or None, not {}", value.class().full_name())));
        };
        match text.to_utf8().as_deref() {
            Some("") => Ok(NewlineMode::Universal),
            Some("\n") => Ok(NewlineMode::Lf),
            Some("\r") => Ok(NewlineMode::Cr),
            Some("\r\n") => Ok(NewlineMode::CrLf),
            _ => {
                let text = vm.repr_text(value)?;
                Err(vm.value_error(format!("illegal newline value: {text}")))
            }
        }
    }

    pub fn is_universal(self) -> bool {
        matches!(self, NewlineMode::Translated | NewlineMode::Universal)
    }

    pub fn name(self) -> Option<&'static str> {
        match self {
            NewlineMode::Translated => None,
            NewlineMode::Universal => Some(""),
            NewlineMode::Lf => Some("\n"),
            NewlineMode::Cr => Some("\r"),
            NewlineMode::CrLf => Some("\r\n"),
        }
    }

    /// Where the first line of `data` ends, if it does; else how much of it has no end of line in it.
    pub fn find_end(self, data: StrData<'_>) -> Result<usize, usize> {
        let len = data.len();
        match (self, data) {
            (NewlineMode::Translated | NewlineMode::Lf, StrData::Latin1(units)) => memchr::memchr(b'\n', units).map(|end| end + 1).ok_or(len),
            (NewlineMode::Translated | NewlineMode::Lf, _) => find(data, '\n').map(|end| end + 1).ok_or(len),
            (NewlineMode::Cr, _) => find(data, '\r').map(|end| end + 1).ok_or(len),
            (NewlineMode::CrLf, _) => {
                let mut start = 0;
                while let Some(found) = find(data.slice(start, len), '\r') {
                    let at = start + found;
                    if at + 1 == len {
                        return Err(at);
                    }
                    if data.at(at + 1) == u32::from('\n') {
                        return Ok(at + 2);
                    }
                    start = at + 1;
                }
                Err(len)
            }
            (NewlineMode::Universal, _) => {
                let found = match data {
                    StrData::Latin1(units) => memchr::memchr2(b'\n', b'\r', units),
                    _ => data.code_points().position(|character| character == u32::from('\n') || character == u32::from('\r')),
                };
                let Some(at) = found else { return Err(len) };
                let crlf = data.at(at) == u32::from('\r') && at + 1 < len && data.at(at + 1) == u32::from('\n');
                Ok(at + if crlf { 2 } else { 1 })
            }
        }
    }
}

fn find(data: StrData<'_>, character: char) -> Option<usize> {
    match data {
        StrData::Latin1(units) => memchr::memchr(character as u8, units),
        StrData::Ucs2(units) => units.iter().position(|&unit| u32::from(unit) == u32::from(character)),
        StrData::Ucs4(units) => units.iter().position(|&unit| unit == u32::from(character)),
    }
}

/// Text with each `\n` replaced.
pub fn replace_newlines(vm: &Vm, text: &Str, newline: &str) -> ObjectOf<Str> {
    let mut out = StrBuilder::with_capacity(text.len() + 16);
    for character in text.code_points() {
        if character == u32::from('\n') { out.push_str(newline) } else { out.push(character) }
    }
    out.finish(vm)
}

/// The payload of a `StringIO`.
pub struct StringIo {
    text: VmCell<StrBuilder>,
    position: Cell<usize>,
    closed: Cell<bool>,
    ready: Cell<bool>,
    mode: Cell<NewlineMode>,
    newlines: Newlines,
}

/// `_io.StringIO`
pub static STRING_IO: Type = Type::new(&STRING_IO_SPEC);
static STRING_IO_SPEC: TypeSpec = TypeSpec {
    name: "_io.StringIO",
    doc: "Text I/O implementation using an in-memory buffer.\n\nThe initial_value argument sets the value of object.  The newline\nargument is like the one of TextIOWrapper's constructor.",
    base: Some(&TEXT_IO_BASE),
    flags: flag::BASE_TYPE | flag::HAS_DICT | flag::WEAK_REFERENCES | flag::FINALIZER,
    payload: PayloadInfo::leaf::<StringIo>(),
    slots: Slots { new: Some(new), init: Some(init), next: Some(next), ..Slots::NONE },
    signature: "(initial_value='', newline='\\n')",
    methods: &[
        method!(Unary close "($self, /)", "Close the IO object."),
        method!(Unary getvalue "($self, /)", "Retrieve the entire contents of the object."),
        method!(Bound read "($self, size=-1, /)", "Read at most size characters, returned as a string."),
        method!(Bound readline "($self, size=-1, /)", "Read until newline or EOF."),
        method!(Unary tell "($self, /)", "Tell the current file position."),
        method!(Bound truncate "($self, pos=None, /)", "Truncate size to pos."),
        method!(Bound seek "($self, pos, whence=0, /)", "Change stream position."),
        method!(Binary write "($self, s, /)", "Write string to file."),
        method!(Unary yes as "seekable" "($self, /)", "Returns True if the IO object can be seeked."),
        method!(Unary yes as "readable" "($self, /)", "Returns True if the IO object can be read."),
        method!(Unary yes as "writable" "($self, /)", "Returns True if the IO object can be written."),
        method!(Unary getstate as "__getstate__" "($self, /)", ""),
        method!(Binary setstate as "__setstate__" "($self, state, /)", ""),
    ],
    getsets: &[
        Getset::readonly("closed", "", |vm, this| Ok(Object::bool(ready_stream(vm, this)?.closed.get()))),
        Getset::readonly("newlines", "", newlines),
        Getset::readonly("line_buffering", "", |vm, this| {
            open_stream(vm, this)?;
            Ok(Object::bool(false))
        }),
    ],
    ..TypeSpec::DEFAULT
};

impl Payload for StringIo {
    fn class() -> &'static Type {
        &STRING_IO
    }
}

fn stream_of<'a>(this: Ref<'a>) -> &'a StringIo {
    this.downcast::<StringIo>().expect("the method belongs to the type").get()
}

fn ready_stream<'a>(vm: &mut Vm, this: Ref<'a>) -> PyResult<&'a StringIo> {
    let stream = stream_of(this);
    if stream.ready.get() { Ok(stream) } else { Err(vm.value_error("I/O operation on uninitialized object")) }
}

fn open_stream<'a>(vm: &mut Vm, this: Ref<'a>) -> PyResult<&'a StringIo> {
    let stream = ready_stream(vm, this)?;
    if stream.closed.get() { Err(vm.value_error("I/O operation on closed file")) } else { Ok(stream) }
}

fn new(vm: &mut Vm, class: RefOf<'_, Type>, _args: Args<'_>) -> PyResult {
    let payload = StringIo {
        text: VmCell::new(StrBuilder::with_capacity(0)),
        position: Cell::new(0),
        closed: Cell::new(false),
        ready: Cell::new(false),
        mode: Cell::new(NewlineMode::Lf),
        newlines: Newlines::default(),
    };
    Ok(vm.allocate_in(class.get(), payload))
}

fn init(vm: &mut Vm, this: Ref<'_>, args: Args<'_>) -> PyResult<()> {
    let mut bound = [None, None];
    object::call::bind_args(vm, "StringIO", "(initial_value='', newline='\\n')", args, &mut bound)?;
    let [initial, newline] = bound;
    let mode = NewlineMode::parse(vm, newline.as_ref().map(Object::borrow), NewlineMode::Lf)?;
    let stream = stream_of(this);
    stream.ready.set(false);
    stream.text.set(vm, StrBuilder::with_capacity(0));
    stream.position.set(0);
    stream.mode.set(mode);
    stream.newlines.reset();
    stream.newlines.translate.set(mode == NewlineMode::Translated);
    stream.closed.set(false);
    if let Some(initial) = initial.filter(|initial| !initial.borrow().is_none()) {
        if initial.borrow().downcast::<Str>().is_none() {
            return Err(vm.type_error(format!("initial_value must be str or None, not {}", initial.borrow().class().full_name())));
        }
        put(vm, stream, initial.borrow())?;
        stream.position.set(0);
    }
    stream.ready.set(true);
    Ok(())
}

/// Writes a string at the position.
fn put(vm: &mut Vm, stream: &StringIo, text: Ref<'_>) -> PyResult<()> {
    let Some(text) = text.downcast::<Str>() else { return Ok(()) };
    let mut text = text.to_owned();
    if stream.mode.get().is_universal() {
        text = stream.newlines.decode(vm, text, true);
    }
    if let Some(newline @ ("\r" | "\r\n")) = stream.mode.get().name() {
        text = replace_newlines(vm, &text, newline);
    }
    let (start, len) = (stream.position.get(), text.len());
    let Some(end) = start.checked_add(len).filter(|&end| end <= isize::MAX as usize) else {
        return Err(vm.overflow_error("new position too large"));
    };
    let builder = stream.text.get(vm);
    if end > builder.len() && (start != builder.len() || !builder.has_room_for(text.data())) {
        // The vector may double; a character takes four bytes at most.
        vm.check_room(end.saturating_mul(8))?;
    }
    let builder = stream.text.get_mut(vm);
    if start >= builder.len() {
        let gap = start - builder.len();
        if gap > 0 && len > 0 {
            builder.push_repeated(0, gap);
        }
        builder.push_data(text.data());
    } else {
        // What follows the part that is written over is kept.
        let mut changed = StrBuilder::with_capacity(builder.len().max(end));
        changed.push_data(builder.data().slice(0, start));
        changed.push_data(text.data());
        if end < builder.len() {
            changed.push_data(builder.data().slice(end, builder.len()));
        }
        *builder = changed;
    }
    stream.position.set(end);
    Ok(())
}

fn write(vm: &mut Vm, this: Ref<'_>, text: Ref<'_>) -> PyResult {
    ready_stream(vm, this)?;
    let Some(string) = text.downcast::<Str>() else {
        return Err(vm.type_error(format!("string argument expected, got '{}'", text.class().full_name())));
    };
    let len = string.len();
    let stream = open_stream(vm, this)?;
    if len > 0 {
        put(vm, stream, text)?;
    }
    Ok(Object::small_int(len as i64))
}

/// Takes `n` characters from the position on.
fn take(vm: &Vm, stream: &StringIo, n: usize) -> Object {
    let text = stream.text.get(vm);
    let start = stream.position.get();
    if start >= text.len() {
        return vm.new_str("").into_object();
    }
    let end = start.saturating_add(n).min(text.len());
    stream.position.set(end);
    vm.new_str_data(text.data().slice(start, end)).into_object()
}

fn read(vm: &mut Vm, this: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let size = base::size_argument(vm, args[0])?;
    let stream = open_stream(vm, this)?;
    Ok(take(vm, stream, size.unwrap_or(usize::MAX)))
}

fn take_line(vm: &Vm, stream: &StringIo, limit: Option<usize>) -> Object {
    let text = stream.text.get(vm);
    let start = stream.position.get();
    if start >= text.len() {
        return vm.new_str("").into_object();
    }
    let rest = text.data().slice(start, text.len());
    let n = stream.mode.get().find_end(rest).unwrap_or(rest.len());
    take(vm, stream, n.min(limit.unwrap_or(usize::MAX)))
}

fn readline(vm: &mut Vm, this: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let limit = base::size_argument(vm, args[0])?;
    let stream = open_stream(vm, this)?;
    Ok(take_line(vm, stream, limit))
}

fn next(vm: &mut Vm, this: Ref<'_>) -> PyResult<Option<Object>> {
    let stream = open_stream(vm, this)?;
    if this.is_exactly(&STRING_IO) {
        let line = take_line(vm, stream, None);
        let empty = line.borrow().downcast::<Str>().is_none_or(|line| line.is_empty());
        return Ok(if empty { None } else { Some(line) });
    }
    let line = vm.call_method(this, "readline", &[])?;
    match line.borrow().downcast::<Str>() {
        Some(text) => Ok(if text.is_empty() { None } else { Some(line) }),
        None => {
            let message = format!("readline() should have returned a str object, not '{}'", line.borrow().class().full_name());
            Err(vm.raise(&object::exception::OS_ERROR, message))
        }
    }
}

fn getvalue(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let stream = open_stream(vm, this)?;
    Ok(stream.text.get(vm).finish(vm).into_object())
}

fn close(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let stream = stream_of(this);
    stream.closed.set(true);
    stream.text.set(vm, StrBuilder::with_capacity(0));
    Ok(Object::none())
}

fn tell(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let stream = open_stream(vm, this)?;
    Ok(vm.new_int(stream.position.get() as i64))
}

fn seek(vm: &mut Vm, this: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let offset = vm.index_isize(arg(args, 0))?;
    let whence = int_or(vm, args[1], 0)?;
    let stream = open_stream(vm, this)?;
    match whence {
        0 if offset < 0 => return Err(vm.value_error(format!("Negative seek position {offset}"))),
        0 => stream.position.set(offset as usize),
        1 | 2 if offset != 0 => return Err(vm.raise(&object::exception::OS_ERROR, "Can't do nonzero cur-relative seeks")),
        1 => {}
        2 => stream.position.set(stream.text.get(vm).len()),
        _ => return Err(vm.value_error(format!("Invalid whence ({whence}, should be 0, 1 or 2)"))),
    }
    Ok(vm.new_int(stream.position.get() as i64))
}

fn truncate(vm: &mut Vm, this: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let stream = open_stream(vm, this)?;
    let size = match optional(args, 0) {
        Some(size) => vm.index_isize(size)?,
        None => stream.position.get() as isize,
    };
    let Ok(size) = usize::try_from(size) else { return Err(vm.value_error(format!("Negative size value {size}"))) };
    let text = stream.text.get_mut(vm);
    if size < text.len() {
        text.truncate(size);
    }
    Ok(vm.new_int(size as i64))
}

fn yes(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    open_stream(vm, this)?;
    Ok(Object::bool(true))
}

fn newlines(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let stream = open_stream(vm, this)?;
    Ok(if stream.mode.get().is_universal() { stream.newlines.seen_object(vm) } else { Object::none() })
}

fn getstate(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let value = getvalue(vm, this)?;
    let stream = stream_of(this);
    let newline = stream.mode.get().name().map_or(Object::none(), |name| vm.new_str(name).into_object());
    let position = vm.new_int(stream.position.get() as i64);
    let dict = match instance::dict_of(vm, this) {
        Some(dict) => dict.copy(vm).into_object(),
        None => Object::none(),
    };
    Ok(vm.new_tuple([value, newline, position, dict]).into_object())
}

fn setstate(vm: &mut Vm, this: Ref<'_>, state: Ref<'_>) -> PyResult {
    if stream_of(this).closed.get() {
        return Err(vm.value_error("I/O operation on closed file"));
    }
    let items = state.downcast::<Tuple>().map(RefOf::get).map(Tuple::items);
    let Some(&[value, newline, position, dict]) = items else {
        let message = format!("{}.__setstate__ argument should be 4-tuple, got {}", this.class().full_name(), state.class().full_name());
        return Err(vm.type_error(message));
    };
    init(vm, this, Args::positional(&[value, newline]))?;
    // The value had its newlines translated when it was first written.
    let stream = stream_of(this);
    if let Some(text) = value.downcast::<Str>() {
        let mut builder = StrBuilder::with_capacity(text.len());
        builder.push_data(text.data());
        stream.text.set(vm, builder);
    }
    if !object::int::is_int(position) {
        return Err(vm.type_error(format!("third item of state must be an integer, got {}", position.class().full_name())));
    }
    let position = vm.index_isize(position)?;
    let Ok(position) = usize::try_from(position) else { return Err(vm.value_error("position value cannot be negative")) };
    stream.position.set(position);
    super::bytes_io::restore_dict(vm, this, dict, "fourth")?;
    Ok(Object::none())
}
