//! The parser without Python: fed with bytes, asked for events.
//!
//! [`Engine::feed`] takes the next piece of the document and [`Engine::advance`] goes on until there is an event, the data are used
//! up, or something is wrong. Nothing recurses: entities being expanded are a stack ([`OpenEntity`]), so are the open elements. The
//! main input is decoded to UTF-8 first; positions are counted there and translated to bytes of the document when asked for.

use super::chars::Stop;
use super::dtd::{Accounts, Dtd};
use super::encoding::{ByteTable, Coding, Detected, Known, detect};
use super::error::XmlError;
use super::event::{Attribute, Event, Span, want};
use super::prolog::Declared;
use super::role::Prolog;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

/// What goes on after a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flow {
    More,
    /// The data are used up.
    Wait,
}

pub(super) type Step = Result<Flow, XmlError>;

/// Which part of the document is next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Prolog,
    IgnoredSection,
    /// The start of an external entity's content: a text declaration may be there.
    ContentStart,
    Content,
    Cdata,
    Epilog,
}

/// The main input.
struct Input {
    /// Bytes not decoded yet.
    raw: Vec<u8>,
    /// Decoded text; what was used is dropped when more comes.
    data: Vec<u8>,
    /// How much of `data` is used.
    at: usize,
    /// Bytes of the document before `data`.
    base: usize,
    coding: Option<Coding>,
    /// A byte order mark is at the start of `data`.
    has_mark: bool,
    is_final: bool,
}

/// Where the last event was.
#[derive(Clone, Copy)]
enum EventPlace {
    Nowhere,
    /// An index into `data`.
    Index(usize),
    /// In data that are gone: the byte of the document.
    Gone(usize),
}

/// Line and column of a place in `data`, counted from 0.
#[derive(Clone, Copy, Default)]
struct Position {
    line: usize,
    column: usize,
    index: usize,
}

/// An internal entity being expanded.
pub(super) struct OpenEntity {
    pub(super) entity: usize,
    pub(super) text: Rc<[u8]>,
    pub(super) at: usize,
    /// The number of open elements at its start.
    pub(super) level: usize,
    /// A parameter entity between declarations, which may not end in the middle of one.
    pub(super) is_whole: bool,
}

/// An open element.
pub(super) struct Tag {
    /// Where its name starts in `Engine::names`.
    pub(super) name: usize,
    /// How many bindings there were before it.
    pub(super) bindings: usize,
}

/// A namespace binding.
#[derive(Clone)]
pub(super) struct Binding {
    /// `None`: the default namespace.
    pub(super) prefix: Option<Vec<u8>>,
    /// `None`: the default namespace is undone.
    pub(super) uri: Option<Vec<u8>>,
}

/// What is left to do once the application has answered.
#[derive(Clone, Copy, Debug)]
pub(super) enum Awaiting {
    ContentEntity,
    ParameterEntity(usize),
    ExternalSubset {
        had_refs: bool,
        has_system_id: bool,
        closing: bool,
    },
    NotStandalone {
        closing: bool,
    },
    /// The encoding that the application asked for, or that the document declares, and where it does.
    Encoding {
        declared: Option<usize>,
    },
    /// Nothing: the document has declared its encoding, and the rest of it is to be decoded.
    Declared(Known),
}

/// How names are treated.
#[derive(Clone, Copy)]
pub(crate) struct Options {
    /// Names are expanded with namespaces: by this separator, or none.
    pub(crate) namespaces: Option<Option<u8>>,
}

pub(crate) struct Engine {
    input: Input,
    place: EventPlace,
    counted: Position,
    pub(super) stage: Stage,
    pub(super) roles: Prolog,
    pub(super) dtd: Rc<RefCell<Dtd>>,
    pub(super) declared: Declared,
    pub(super) options: Options,
    /// Expanded names end with their prefix.
    pub(crate) triplets: bool,
    pub(crate) wants: u32,
    /// Internal entities are expanded, although there is a default handler.
    pub(crate) expand: bool,
    /// `XML_PARAM_ENTITY_PARSING_*`
    pub(super) parameter_parsing: i64,
    pub(super) foreign_dtd: bool,
    pub(super) base: Option<Vec<u8>>,
    pub(super) open: Vec<OpenEntity>,
    pub(super) tags: Vec<Tag>,
    pub(super) names: Vec<u8>,
    /// 1 for an external entity: it ends with as many open elements as it began with.
    pub(super) base_level: usize,
    pub(super) bindings: Vec<Binding>,
    events: VecDeque<(Event, Option<usize>)>,
    pool: Vec<u8>,
    pub(super) attributes: Vec<Attribute>,
    failure: Option<XmlError>,
    failure_place: Option<EventPlace>,
    pub(super) awaiting: Option<Awaiting>,
    pub(super) reply: bool,
    reply_table: Option<ByteTable>,
    requested: Option<Vec<u8>>,
    /// The application has said which encoding it is.
    is_requested: bool,
    started: bool,
    finished: bool,
    error: i64,
    pub(crate) deferral: bool,
    /// Bytes of an incomplete token when it was last looked at.
    partial_before: usize,
    pub(super) accounts: Rc<Accounts>,
    pub(super) is_child: bool,
    /// An external parameter entity or an external subset.
    pub(super) is_parameter_entity: bool,
}

impl Engine {
    pub(crate) fn new(encoding: Option<&str>, options: Options) -> Engine {
        let mut bindings = Vec::new();
        if options.namespaces.is_some() {
            bindings.push(super::attributes::xml_binding(options));
        }
        Engine {
            input: Input { raw: Vec::new(), data: Vec::new(), at: 0, base: 0, coding: None, has_mark: false, is_final: false },
            place: EventPlace::Nowhere,
            counted: Position::default(),
            stage: Stage::Prolog,
            roles: Prolog::document(),
            dtd: Rc::new(RefCell::new(Dtd::new())),
            declared: Declared::default(),
            options,
            triplets: false,
            wants: 0,
            expand: true,
            parameter_parsing: 0,
            foreign_dtd: false,
            base: None,
            open: Vec::new(),
            tags: Vec::new(),
            names: Vec::new(),
            base_level: 0,
            bindings,
            events: VecDeque::new(),
            pool: Vec::new(),
            attributes: Vec::new(),
            failure: None,
            failure_place: None,
            awaiting: None,
            reply: false,
            reply_table: None,
            requested: encoding.map(|name| name.as_bytes().to_vec()),
            is_requested: encoding.is_some(),
            started: false,
            finished: false,
            error: 0,
            deferral: true,
            partial_before: 0,
            accounts: Rc::new(Accounts::new()),
            is_child: false,
            is_parameter_entity: false,
        }
    }

    /// A parser for an external entity that this one has met. Without `context` it is a parameter entity or the external subset.
    pub(crate) fn child(&self, context: Option<&str>, encoding: Option<&str>) -> Engine {
        let mut child = Engine::new(encoding, self.options);
        child.triplets = self.triplets;
        child.wants = self.wants;
        child.expand = self.expand;
        child.parameter_parsing = self.parameter_parsing;
        child.deferral = self.deferral;
        child.accounts = self.accounts.clone();
        child.is_child = true;
        match context {
            Some(context) => {
                child.dtd = Rc::new(RefCell::new(self.dtd.borrow().clone()));
                child.set_context(context.as_bytes());
                child.stage = Stage::ContentStart;
                child.base_level = 1;
            }
            None => {
                child.dtd = self.dtd.clone();
                child.is_parameter_entity = true;
                child.roles = Prolog::external();
            }
        }
        child
    }

    // The application's side.

    /// Says which encoding the document is in, whatever it says itself. Too late once it has been begun.
    pub(crate) fn set_encoding(&mut self, name: &str) {
        if !self.started {
            self.requested = Some(name.as_bytes().to_vec());
            self.is_requested = true;
        }
    }

    /// Settings cannot be changed in the middle of a document.
    fn is_parsing(&self) -> bool {
        self.started && !self.finished
    }

    pub(crate) fn set_parameter_parsing(&mut self, flag: i64) -> bool {
        if self.is_parsing() {
            return false;
        }
        self.parameter_parsing = flag;
        true
    }

    pub(crate) fn set_foreign_dtd(&mut self, flag: bool) -> bool {
        if self.is_parsing() {
            return false;
        }
        self.foreign_dtd = flag;
        true
    }

    pub(crate) fn base(&self) -> Option<&[u8]> {
        self.base.as_deref()
    }

    pub(crate) fn set_base(&mut self, base: &str) {
        self.base = Some(base.as_bytes().to_vec());
    }

    pub(crate) fn set_triplets(&mut self, triplets: bool) {
        if !self.is_parsing() {
            self.triplets = triplets;
        }
    }

    /// Limits the growth by entities; false for a parser of an external entity.
    pub(crate) fn set_amplification(&self, factor: Option<f64>, threshold: Option<u64>) -> bool {
        factor.inspect(|&factor| self.accounts.factor.set(factor));
        threshold.inspect(|&threshold| self.accounts.threshold.set(threshold));
        !self.is_child
    }

    /// Limits memory.
    pub(crate) fn set_allocation(&self, factor: Option<f64>, threshold: Option<u64>) -> bool {
        factor.inspect(|&factor| self.accounts.allocation_factor.set(factor));
        threshold.inspect(|&threshold| self.accounts.allocation_threshold.set(threshold));
        !self.is_child
    }

    pub(crate) fn is_child(&self) -> bool {
        self.is_child
    }

    /// The code of the last error.
    pub(crate) fn error_code(&self) -> i64 {
        self.error
    }

    /// Answers [`Event::ExternalEntity`] or [`Event::NotStandalone`].
    pub(crate) fn reply(&mut self, ok: bool) {
        self.reply = ok;
    }

    /// Answers [`Event::UnknownEncoding`].
    pub(crate) fn reply_encoding(&mut self, table: Option<ByteTable>) {
        self.reply_table = table;
    }

    /// Takes the next piece of the document.
    pub(crate) fn feed(&mut self, bytes: &[u8], is_final: bool) -> Result<(), XmlError> {
        if self.finished {
            self.error = XmlError::Finished as i64;
            return Err(XmlError::Finished);
        }
        if let Some(error) = self.failure.filter(|_| self.events.is_empty()) {
            return Err(error);
        }
        self.forget_used();
        self.input.is_final = is_final;
        match &self.input.coding {
            Some(Coding::Utf8) if self.input.raw.is_empty() => self.input.data.extend_from_slice(bytes),
            _ => {
                self.input.raw.extend_from_slice(bytes);
                self.decode();
            }
        }
        if !self.started {
            self.start();
        }
        Ok(())
    }

    fn start(&mut self) {
        self.started = true;
        if self.is_parameter_entity {
            self.dtd.borrow_mut().parameter_read = true;
        }
        let unknown = self.requested.take_if(|name| Known::named(name).is_none());
        if let Some(name) = unknown {
            let name = self.push_text(&name);
            self.events.push_back((Event::UnknownEncoding(name), None));
            self.awaiting = Some(Awaiting::Encoding { declared: None });
        } else {
            self.decode();
        }
    }

    /// Drops used data, so that the buffer does not grow.
    fn forget_used(&mut self) {
        if self.input.at == 0 {
            return;
        }
        if let EventPlace::Index(_) = self.place {
            self.place = EventPlace::Gone(self.byte_index().unwrap_or(0));
        }
        self.input.base += self.raw_length(0, self.input.at);
        self.input.data.drain(..self.input.at);
        self.counted.index = self.counted.index.saturating_sub(self.input.at);
        self.input.at = 0;
    }

    fn decode(&mut self) {
        if self.input.coding.is_none() && (self.started && self.awaiting.is_none()) {
            let requested = self.requested.as_deref().and_then(Known::named);
            if let Detected::Coding(coding, has_mark) = detect(&self.input.raw, requested, self.stage == Stage::ContentStart) {
                self.input.coding = Some(coding);
                self.input.has_mark = has_mark;
            }
        }
        if let Some(coding) = &self.input.coding {
            let used = coding.decode(&self.input.raw, &mut self.input.data);
            self.input.raw.drain(..used);
        }
    }

    /// Goes on to the next event. `None`: more data are needed, or the document is done.
    pub(crate) fn advance(&mut self) -> Result<Option<Event>, XmlError> {
        loop {
            if let Some((event, place)) = self.events.pop_front() {
                if let Some(index) = place {
                    self.place = EventPlace::Index(index);
                }
                return Ok(Some(event));
            }
            if let Some(error) = self.failure {
                if let Some(place) = self.failure_place.take() {
                    self.place = place;
                }
                return Err(error);
            }
            self.pool.clear();
            match self.step() {
                Ok(Flow::More) => {}
                Ok(Flow::Wait) if self.events.is_empty() => {
                    self.end_feed();
                    return Ok(None);
                }
                Ok(Flow::Wait) => {}
                Err(error) => {
                    self.failure = Some(error);
                    self.error = error as i64;
                    self.failure_place = Some(self.place);
                }
            }
        }
    }

    /// Whether a token that was incomplete is left alone until there are twice the data.
    fn is_deferred(&self) -> bool {
        self.deferral && !self.input.is_final && self.partial_before > 0 && self.open.is_empty() && {
            let now = self.input.data.len() - self.input.at + self.input.raw.len();
            now < 2 * self.partial_before
        }
    }

    fn end_feed(&mut self) {
        let left = self.input.data.len() - self.input.at + self.input.raw.len();
        if !self.is_deferred() {
            self.partial_before = if self.input.at == 0 { left } else { 0 };
        }
        self.counted = self.count_to(self.input.at);
        if self.input.is_final {
            self.finished = true;
        }
    }

    fn step(&mut self) -> Step {
        if let Some(awaiting) = self.awaiting.take() {
            return self.resume(awaiting);
        }
        if self.is_deferred() {
            return Ok(Flow::Wait);
        }
        if let Some(open) = self.open.last() {
            let (text, at) = (open.text.clone(), open.at);
            return self.step_in(&text, at);
        }
        self.set_place(self.input.at);
        if self.input.coding.is_none() && !self.input.raw.is_empty() {
            return self.end_of_data(Stop::Partial);
        }
        let data = std::mem::take(&mut self.input.data);
        let flow = self.step_in(&data, self.input.at);
        self.input.data = data;
        flow
    }

    fn step_in(&mut self, data: &[u8], at: usize) -> Step {
        match self.stage {
            Stage::Prolog => self.prolog_step(data, at),
            Stage::IgnoredSection => self.ignored_step(data, at),
            Stage::ContentStart => self.content_start(data, at),
            Stage::Content => self.content_step(data, at),
            Stage::Cdata => self.cdata_step(data, at),
            Stage::Epilog => self.epilog_step(data, at),
        }
    }

    fn resume(&mut self, awaiting: Awaiting) -> Step {
        let reply = std::mem::take(&mut self.reply);
        match awaiting {
            Awaiting::ContentEntity if !reply => Err(XmlError::ExternalEntityHandling),
            Awaiting::ContentEntity => Ok(Flow::More),
            Awaiting::Encoding { declared } => self.set_table(declared),
            Awaiting::Declared(known) => {
                if !matches!(self.input.coding, Some(Coding::Utf16 { .. })) {
                    self.switch_encoding(known.coding());
                }
                Ok(Flow::More)
            }
            _ => self.resume_prolog(awaiting, reply),
        }
    }

    fn set_table(&mut self, declared: Option<usize>) -> Step {
        let Some(table) = self.reply_table.take() else {
            declared.inspect(|&place| self.set_place(place));
            return Err(XmlError::UnknownEncoding);
        };
        self.switch_encoding(Coding::Table(table));
        if declared.is_none() {
            self.decode();
        }
        Ok(Flow::More)
    }

    // The side of the stages.

    /// What comes after the used data is in another encoding than it was taken for.
    pub(super) fn switch_encoding(&mut self, coding: Coding) {
        // What came before counts as it was decoded.
        self.counted = self.count_to(self.input.at);
        self.forget_used();
        let rest = self.input.data.split_off(self.input.at.min(self.input.data.len()));
        self.input.raw.splice(..0, rest);
        self.input.coding = Some(coding);
        self.decode();
    }

    pub(super) fn coding(&self) -> Option<&Coding> {
        self.input.coding.as_ref()
    }

    pub(super) fn is_requested(&self) -> bool {
        self.is_requested
    }

    /// Whether `at` is behind a byte order mark that has not been used yet.
    pub(super) fn at_mark(&self, data: &[u8], at: usize) -> bool {
        self.input.has_mark && self.input.base == 0 && at == 0 && self.open.is_empty() && data.starts_with("\u{feff}".as_bytes())
    }

    /// Whether more data may come to what is being read.
    pub(super) fn more_to_come(&self) -> bool {
        self.open.is_empty() && !self.input.is_final
    }

    /// The data end too early.
    pub(super) fn end_of_data(&self, stop: Stop) -> Step {
        match stop {
            Stop::Partial if !self.more_to_come() => Err(XmlError::UnclosedToken),
            Stop::PartialChar if !self.more_to_come() => Err(XmlError::PartialChar),
            _ => Ok(Flow::Wait),
        }
    }

    /// What a scan stopped at.
    pub(super) fn stopped(&mut self, stop: Stop) -> Step {
        match stop {
            Stop::Invalid(at) => {
                self.set_place(at);
                Err(XmlError::InvalidToken)
            }
            _ => self.end_of_data(stop),
        }
    }

    /// Checks that no bytes are left that made no character.
    pub(super) fn check_rest(&self) -> Result<(), XmlError> {
        match self.input.raw.len() {
            0 => Ok(()),
            1 => Err(XmlError::UnclosedToken),
            _ => Err(XmlError::PartialChar),
        }
    }

    /// Moves on in what is being read.
    pub(super) fn consume(&mut self, to: usize) {
        match self.open.last_mut() {
            Some(open) => open.at = to,
            None => self.input.at = to,
        }
    }

    /// Events and errors are here from now on, if this is the main input.
    pub(super) fn set_place(&mut self, index: usize) {
        if self.open.is_empty() {
            self.place = EventPlace::Index(index);
        }
    }

    /// Counts the memory that another open entity needs, if there were never so many.
    pub(super) fn room_for_entity(&self) -> Result<(), XmlError> {
        if self.open.len() < self.open.capacity() { Ok(()) } else { self.accounts.allocate(size_of::<OpenEntity>() * 2) }
    }

    pub(super) fn count(&self, bytes: usize) -> Result<(), XmlError> {
        self.accounts.count(bytes, self.open.is_empty() && !self.is_child)
    }

    /// Whether an event has a handler.
    pub(super) fn wants(&self, bits: u32) -> bool {
        self.wants & bits != 0
    }

    pub(super) fn emit(&mut self, event: Event) {
        let place = match self.place {
            EventPlace::Index(index) => Some(index),
            _ => None,
        };
        self.events.push_back((event, place));
    }

    /// Reports a token as it is, if there is a default handler.
    pub(super) fn emit_default(&mut self, text: &[u8]) {
        if self.wants(want::DEFAULT) {
            let span = self.push_text(text);
            self.emit(Event::Default(span));
        }
    }

    pub(super) fn pool(&mut self) -> &mut Vec<u8> {
        &mut self.pool
    }

    /// The span of what was pushed to the pool since `start`.
    pub(super) fn since(&self, start: usize) -> Span {
        Span { start, end: self.pool.len() }
    }

    pub(super) fn push_text(&mut self, text: &[u8]) -> Span {
        let start = self.pool.len();
        self.pool.extend_from_slice(text);
        self.since(start)
    }

    pub(super) fn bytes(&self, span: Span) -> &[u8] {
        &self.pool[span.start..span.end]
    }

    /// The text of a span of the last event.
    pub(crate) fn text(&self, span: Span) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(self.bytes(span))
    }

    /// The attributes of the last start tag.
    pub(crate) fn attributes(&self) -> &[Attribute] {
        &self.attributes
    }

    // Positions.

    fn raw_length(&self, start: usize, end: usize) -> usize {
        let data = &self.input.data[start..end.min(self.input.data.len())];
        self.input.coding.as_ref().map_or(data.len(), |coding| coding.raw_length(data))
    }

    /// The byte of the document at which the last event is.
    pub(crate) fn byte_index(&self) -> Option<usize> {
        match self.place {
            EventPlace::Nowhere => None,
            EventPlace::Index(index) => Some(self.input.base + self.raw_length(0, index)),
            EventPlace::Gone(index) => Some(index),
        }
    }

    /// Line, from 1, and column, from 0, of the last event; after a piece of the document has been read, of its end.
    pub(crate) fn position(&mut self) -> (usize, usize) {
        if let EventPlace::Index(index) = self.place {
            self.counted = self.count_to(index);
        }
        (self.counted.line + 1, self.counted.column)
    }

    fn count_to(&self, index: usize) -> Position {
        let mut position = self.counted;
        let index = index.min(self.input.data.len());
        if index <= position.index {
            return position;
        }
        let data = &self.input.data[position.index..index];
        let mut at = 0;
        while let Some(&byte) = data.get(at) {
            match byte {
                b'\r' | b'\n' => {
                    if byte == b'\r' && data.get(at + 1) == Some(&b'\n') {
                        at += 1;
                    }
                    position.line += 1;
                    position.column = 0;
                }
                0x80..=0xBF => {}
                _ => position.column += 1,
            }
            at += 1;
        }
        position.index = index;
        position
    }

    /// The document from the last event on, as far as it is known.
    pub(crate) fn input_context(&self) -> Option<Vec<u8>> {
        let EventPlace::Index(index) = self.place else { return None };
        let data = &self.input.data[index.min(self.input.data.len())..];
        Some(self.input.coding.as_ref().map_or_else(|| data.to_vec(), |coding| coding.encode(data)))
    }
}
