//! Universal newlines: `IncrementalNewlineDecoder`, and the translation the text layers use.

use crate::os_support::*;
use object::call::Args;
use object::method;
use object::native::{PayloadInfo, flag};
use object::str::{Str, StrBuilder, StrData};
use object::tuple::Tuple;
use object::{Getset, Object, ObjectCell, ObjectOf, Payload, PyResult, Ref, RefOf, Slots, Type, TypeSpec, Visitor, Vm};
use std::cell::Cell;

const CR: u32 = '\r' as u32;
const LF: u32 = '\n' as u32;

const SEEN_CR: u8 = 1;
const SEEN_LF: u8 = 2;
const SEEN_CRLF: u8 = 4;

/// What a stream of text remembers of its newlines.
#[derive(Default)]
pub struct Newlines {
    /// Whether `\r` and `\r\n` become `\n`.
    pub translate: Cell<bool>,
    /// A `\r` came last, and a `\n` may follow.
    pub pending_cr: Cell<bool>,
    seen: Cell<u8>,
}

fn contains(data: StrData<'_>, character: u8) -> bool {
    match data {
        StrData::Latin1(units) => memchr::memchr(character, units).is_some(),
        StrData::Ucs2(units) => units.contains(&u16::from(character)),
        StrData::Ucs4(units) => units.contains(&u32::from(character)),
    }
}

impl Newlines {
    /// The text as the reader sees it. `is_final`: nothing follows, so that a `\r` need not wait.
    pub fn decode(&self, vm: &Vm, text: ObjectOf<Str>, is_final: bool) -> ObjectOf<Str> {
        let ends_in_cr = !text.is_empty() && text.char_at(text.len() - 1) == CR;
        if !self.pending_cr.get() && !contains(text.data(), b'\r') {
            if self.seen.get() & SEEN_LF == 0 && contains(text.data(), b'\n') {
                self.seen.set(self.seen.get() | SEEN_LF);
            }
            return text;
        }
        let mut all = StrBuilder::with_capacity(text.len() + 1);
        if self.pending_cr.get() && (!text.is_empty() || is_final) {
            all.push(CR);
            self.pending_cr.set(false);
        }
        all.push_data(text.data());
        if ends_in_cr && !is_final {
            all.truncate(all.len() - 1);
            self.pending_cr.set(true);
        }
        self.translated(vm, all.data())
    }

    fn translated(&self, vm: &Vm, data: StrData<'_>) -> ObjectOf<Str> {
        let mut seen = self.seen.get();
        let translate = self.translate.get();
        let mut out = StrBuilder::with_capacity(data.len());
        let mut characters = data.code_points().peekable();
        while let Some(character) = characters.next() {
            match character {
                LF => {
                    seen |= SEEN_LF;
                    out.push(LF);
                }
                CR if characters.peek() == Some(&LF) => {
                    seen |= SEEN_CRLF;
                    characters.next();
                    if !translate {
                        out.push(CR);
                    }
                    out.push(LF);
                }
                CR => {
                    seen |= SEEN_CR;
                    out.push(if translate { LF } else { CR });
                }
                other => out.push(other),
            }
        }
        self.seen.set(seen);
        out.finish(vm)
    }

    pub fn reset(&self) {
        self.seen.set(0);
        self.pending_cr.set(false);
    }

    /// The `newlines` attribute.
    pub fn seen_object(&self, vm: &Vm) -> Object {
        let kinds = [(SEEN_CR, "\r"), (SEEN_LF, "\n"), (SEEN_CRLF, "\r\n")];
        let seen: Vec<Object> = kinds.iter().filter(|(bit, _)| self.seen.get() & bit != 0).map(|(_, text)| vm.new_str(text).into_object()).collect();
        match seen.len() {
            0 => Object::none(),
            1 => seen.into_iter().next().unwrap_or(Object::none()),
            _ => vm.new_tuple(seen).into_object(),
        }
    }
}

/// The payload of an `IncrementalNewlineDecoder`.
pub struct NewlineDecoder {
    decoder: ObjectCell,
    errors: ObjectCell,
    newlines: Newlines,
    ready: Cell<bool>,
}

/// `_io.IncrementalNewlineDecoder`
pub static INCREMENTAL_NEWLINE_DECODER: Type = Type::new(&DECODER_SPEC);
static DECODER_SPEC: TypeSpec = TypeSpec {
    name: "_io.IncrementalNewlineDecoder",
    doc: "Codec used when reading a file in universal newlines mode.\n\nIt wraps another incremental decoder, translating \\r\\n and \\r into \\n.\nIt also records the types of newlines encountered.  When used with\ntranslate=False, it ensures that the newline sequence is returned in\none piece. When used with decoder=None, it expects unicode strings as\ndecode input and translates newlines without first invoking an external\ndecoder.",
    flags: flag::BASE_TYPE,
    payload: PayloadInfo::of::<NewlineDecoder>(),
    slots: Slots { new: Some(new), init: Some(init), ..Slots::NONE },
    signature: "(decoder, translate, errors='strict')",
    methods: &[
        method!(Bound decode "($self, /, input, final=False)", ""),
        method!(Unary getstate "($self, /)", ""),
        method!(Binary setstate "($self, state, /)", ""),
        method!(Unary reset "($self, /)", ""),
    ],
    getsets: &[Getset::readonly("newlines", "", |vm, this| Ok(ready_decoder(vm, this)?.newlines.seen_object(vm)))],
    ..TypeSpec::DEFAULT
};

impl Payload for NewlineDecoder {
    fn class() -> &'static Type {
        &INCREMENTAL_NEWLINE_DECODER
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        self.decoder.traverse(visitor);
        self.errors.traverse(visitor);
    }
}

fn decoder_of<'a>(this: Ref<'a>) -> &'a NewlineDecoder {
    this.downcast::<NewlineDecoder>().expect("the method belongs to the type").get()
}

fn ready_decoder<'a>(vm: &mut Vm, this: Ref<'a>) -> PyResult<&'a NewlineDecoder> {
    let decoder = decoder_of(this);
    if decoder.ready.get() { Ok(decoder) } else { Err(vm.value_error("IncrementalNewlineDecoder.__init__() not called")) }
}

fn new(vm: &mut Vm, class: RefOf<'_, Type>, _args: Args<'_>) -> PyResult {
    let payload = NewlineDecoder { decoder: ObjectCell::EMPTY, errors: ObjectCell::EMPTY, newlines: Newlines::default(), ready: Cell::new(false) };
    Ok(vm.allocate_in(class.get(), payload))
}

fn init(vm: &mut Vm, this: Ref<'_>, args: Args<'_>) -> PyResult<()> {
    let mut bound = [None, None, None];
    object::call::bind_args(vm, "IncrementalNewlineDecoder", "(decoder, translate, errors='strict')", args, &mut bound)?;
    let [inner, translate, errors] = bound;
    let decoder = decoder_of(this);
    decoder.newlines.reset();
    decoder.newlines.translate.set(truth(vm, translate.as_ref().map(Object::borrow), false)?);
    decoder.decoder.set(inner.filter(|inner| !inner.borrow().is_none()));
    decoder.errors.set(errors);
    decoder.ready.set(true);
    Ok(())
}

fn decode(vm: &mut Vm, this: Ref<'_>, args: Arguments<'_, '_>) -> PyResult {
    let is_final = truth(vm, args[1], false)?;
    let decoder = ready_decoder(vm, this)?;
    let text = match decoder.decoder.get() {
        Some(inner) => vm.call_method(inner.borrow(), "decode", &[arg(args, 0), Object::bool(is_final).borrow()])?,
        None => arg(args, 0).to_owned(),
    };
    let Ok(text) = text.clone().downcast::<Str>() else {
        return Err(vm.type_error(format!("decoder should return a string result, not '{}'", text.borrow().class().full_name())));
    };
    Ok(decoder.newlines.decode(vm, text, is_final).into_object())
}

fn getstate(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let decoder = ready_decoder(vm, this)?;
    let (buffer, flag) = match decoder.decoder.get() {
        None => (vm.new_bytes(b"").into_object(), 0),
        Some(inner) => {
            let state = vm.call_method(inner.borrow(), "getstate", &[])?;
            let parts = state.borrow().downcast::<Tuple>().map(RefOf::get).map(Tuple::items);
            match parts {
                Some(&[buffer, flag]) => (buffer.to_owned(), vm.to_i64(flag)?),
                _ => return Err(vm.type_error("illegal decoder state")),
            }
        }
    };
    let flag = flag << 1 | i64::from(decoder.newlines.pending_cr.get());
    let flag = vm.new_int(flag);
    Ok(vm.new_tuple([buffer, flag]).into_object())
}

fn setstate(vm: &mut Vm, this: Ref<'_>, state: Ref<'_>) -> PyResult {
    let decoder = ready_decoder(vm, this)?;
    let Some(parts) = state.downcast::<Tuple>() else { return Err(vm.type_error("state argument must be a tuple")) };
    let &[buffer, flag] = RefOf::get(parts).items() else { return Err(vm.type_error("setstate(): illegal state argument")) };
    let flag = vm.to_i64(flag)?;
    decoder.newlines.pending_cr.set(flag & 1 != 0);
    if let Some(inner) = decoder.decoder.get() {
        let flag = vm.new_int(flag >> 1);
        let state = vm.new_tuple([buffer.to_owned(), flag]).into_object();
        vm.call_method(inner.borrow(), "setstate", &[state.borrow()])?;
    }
    Ok(Object::none())
}

fn reset(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let decoder = ready_decoder(vm, this)?;
    decoder.newlines.reset();
    match decoder.decoder.get() {
        Some(inner) => vm.call_method(inner.borrow(), "reset", &[]),
        None => Ok(Object::none()),
    }
}
