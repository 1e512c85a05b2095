//! `XMLParser`: feeds a target, usually a `TreeBuilder`, from a document.

use super::builder::{self, BUILDER, REPORTS, Report};
use super::parse_error;
use crate::expat::VERSION;
use crate::expat::engine::{Engine, Options};
use crate::expat::error::{XmlError, message};
use crate::expat::event::{Event, Span, want};
use crate::expat::parser::codec_table;
use object::cell::{ObjectCell, Visitor, VmCell};
use object::dict::Dict;
use object::exception;
use object::list::List;
use object::native::{Getset, Member, PayloadInfo, TypeSpec, flag};
use object::str::Str;
use object::{Args, Object, Payload, PyResult, Raised, Ref, Slots, Type, Vm, method};
use std::collections::HashMap;

/// The methods of a target.
#[derive(Clone, Copy)]
enum Call {
    StartNamespace,
    EndNamespace,
    Start,
    Data,
    End,
    Comment,
    Instruction,
    Close,
    Doctype,
}

const CALLS: [&str; 9] = ["start_ns", "end_ns", "start", "data", "end", "comment", "pi", "close", "doctype"];

/// The payload of a parser.
pub struct Parser {
    engine: VmCell<Option<Engine>>,
    target: ObjectCell,
    entity: ObjectCell,
    calls: [ObjectCell; CALLS.len()],
    /// Names of tags and attributes as the tree has them, by what the engine calls them.
    names: VmCell<HashMap<Box<str>, Object>>,
}

impl Payload for Parser {
    fn class() -> &'static Type {
        &PARSER
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        self.target.traverse(visitor);
        self.entity.traverse(visitor);
        for call in &self.calls {
            call.traverse(visitor);
        }
        let names = self.names.visit(visitor);
        visitor.visit_all(names.values());
    }

    fn clear(&self, vm: &mut Vm) {
        self.target.set(None);
        self.entity.set(None);
        for call in &self.calls {
            call.set(None);
        }
        self.names.set(vm, HashMap::new());
    }
}

/// `xml.etree.ElementTree.XMLParser`
pub static PARSER: Type = Type::new(&PARSER_SPEC);
static PARSER_SPEC: TypeSpec = TypeSpec {
    name: "xml.etree.ElementTree.XMLParser",
    flags: flag::BASE_TYPE,
    payload: PayloadInfo::of::<Parser>(),
    slots: Slots { new: Some(|vm, class, _| Ok(vm.allocate_in(class.get(), empty()))), init: Some(init), ..Slots::NONE },
    methods: &[
        method!(Binary feed_method as "feed" "($self, data, /)", ""),
        method!(Unary close "($self, /)", ""),
        method!(Unary flush "($self, /)", ""),
        method!(Binary parse_whole as "_parse_whole" "($self, file, /)", ""),
        method!(Many set_events as "_setevents" "($self, events_queue, events_to_report=None, /)", ""),
    ],
    getsets: &[Getset::readonly("version", "", |vm, _| {
        let (major, minor, micro) = VERSION;
        Ok(vm.new_str(&format!("Expat {major}.{minor}.{micro}")).into_object())
    })],
    members: &[
        Member(Getset::readonly("entity", "", |_, this| Ok(payload(this).entity.get_or_none()))),
        Member(Getset::readonly("target", "", |_, this| Ok(payload(this).target.get_or_none()))),
    ],
    ..TypeSpec::DEFAULT
};

fn empty() -> Parser {
    Parser {
        engine: VmCell::new(None),
        target: ObjectCell::EMPTY,
        entity: ObjectCell::EMPTY,
        calls: [const { ObjectCell::EMPTY }; CALLS.len()],
        names: VmCell::new(HashMap::new()),
    }
}

fn payload(this: Ref<'_>) -> &Parser {
    this.downcast::<Parser>().expect("the method belongs to the type").get()
}

fn init(vm: &mut Vm, this: Ref<'_>, args: Args<'_>) -> PyResult<()> {
    if args.n_positional() > 0 {
        return Err(vm.type_error("XMLParser() takes no positional arguments"));
    }
    let mut bound = [const { None }; 2];
    object::call::bind_args(vm, "XMLParser", "(*, target=None, encoding=None)", args, &mut bound)?;
    let [target, encoding] = bound;
    let encoding = crate::expat::parser::optional_text(vm, encoding.as_ref().map(Object::borrow), "XMLParser", "'encoding'")?;
    let mut engine = Engine::new(encoding.as_deref(), Options { namespaces: Some(Some(b'}')) });
    let target = match target.filter(|target| !target.borrow().is_none()) {
        Some(target) => target,
        None => builder::new(vm),
    };
    let parser = payload(this);
    for (cell, name) in parser.calls.iter().zip(CALLS) {
        let found = vm.find_attr_str(target.borrow(), name)?;
        cell.set(found);
    }
    engine.wants = want::START_ELEMENT | want::END_ELEMENT | want::TEXT | want::DEFAULT | want::START_DOCTYPE;
    for (call, bit) in [
        (Call::StartNamespace, want::START_NAMESPACE),
        (Call::EndNamespace, want::END_NAMESPACE),
        (Call::Comment, want::COMMENT),
        (Call::Instruction, want::INSTRUCTION),
    ] {
        if parser.calls[call as usize].is_set() {
            engine.wants |= bit;
        }
    }
    parser.target.set(Some(target));
    let entity = vm.new_dict().into_object();
    parser.entity.set(Some(entity));
    parser.names.set(vm, HashMap::new());
    parser.engine.set(vm, Some(engine));
    Ok(())
}

fn engine<'a>(vm: &'a Vm, parser: &'a Parser) -> Option<&'a Engine> {
    parser.engine.get(vm).as_ref()
}

/// The engine, to change it. `XMLParser.__init__` makes it.
fn engine_mut<'a>(vm: &'a mut Vm, parser: &'a Parser) -> Option<&'a mut Engine> {
    parser.engine.get_mut(vm).as_mut()
}

fn check_made(vm: &mut Vm, parser: &Parser) -> PyResult<()> {
    match engine(vm, parser) {
        Some(_) => Ok(()),
        None => Err(vm.value_error("XMLParser.__init__() wasn't called")),
    }
}

// Events.

/// A name as the tree has it: `{namespace}local`.
fn name(vm: &mut Vm, parser: &Parser, span: Span) -> Object {
    let text = match engine(vm, parser) {
        Some(engine) => {
            let text = engine.text(span);
            if let Some(known) = parser.names.get(vm).get(&*text) {
                return known.clone();
            }
            text.into_owned()
        }
        None => String::new(),
    };
    let made = if text.contains('}') { vm.new_str(&format!("{{{text}")) } else { vm.new_str(&text) };
    let made = made.into_object();
    parser.names.get_mut(vm).insert(text.into_boxed_str(), made.clone());
    made
}

fn text(vm: &Vm, parser: &Parser, span: Span) -> Object {
    engine(vm, parser).map_or(Object::none(), |engine| vm.new_str(&engine.text(span)).into_object())
}

fn optional(vm: &Vm, parser: &Parser, span: Option<Span>) -> Object {
    span.map_or(Object::none(), |span| text(vm, parser, span))
}

/// The attributes of the last start tag; `None` if there are none.
fn attributes(vm: &mut Vm, parser: &Parser) -> PyResult<Option<Object>> {
    let count = engine(vm, parser).map_or(0, |engine| engine.attributes().len());
    if count == 0 {
        return Ok(None);
    }
    let dict = vm.new_dict_with_capacity(count);
    for index in 0..count {
        let Some(attribute) = engine(vm, parser).and_then(|engine| engine.attributes().get(index).copied()) else { break };
        let key = name(vm, parser, attribute.name);
        let value = text(vm, parser, attribute.value);
        dict.set(vm, key.borrow(), value)?;
    }
    Ok(Some(dict.into_object()))
}

/// Calls a method of the target, if it has it.
fn call(vm: &mut Vm, parser: &Parser, method: Call, args: &[Ref<'_>]) -> PyResult<()> {
    match parser.calls[method as usize].get() {
        Some(method) => vm.call(method.borrow(), args).map(drop),
        None => Ok(()),
    }
}

/// The target, if it is a builder and nothing but a builder.
fn own_builder(parser: &Parser) -> Option<Object> {
    parser.target.get().filter(|target| target.borrow().is_exactly(&BUILDER))
}

fn dispatch(vm: &mut Vm, parser: &Parser, event: Event) -> PyResult<()> {
    match event {
        Event::UnknownEncoding(span) => {
            let name = engine(vm, parser).map(|engine| engine.text(span).into_owned()).unwrap_or_default();
            let table = codec_table(vm, &name)?;
            if let Some(engine) = engine_mut(vm, parser) {
                engine.reply_encoding(table);
            }
            Ok(())
        }
        Event::Default(span) => default_data(vm, parser, span),
        Event::StartDoctype { name, system_id, public_id, .. } => doctype(vm, parser, name, system_id, public_id),
        _ => match own_builder(parser) {
            Some(target) => build(vm, parser, builder::payload(target.borrow()), event),
            None => tell(vm, parser, event),
        },
    }
}

/// An event for a builder.
fn build(vm: &mut Vm, parser: &Parser, target: &builder::Builder, event: Event) -> PyResult<()> {
    match event {
        Event::StartElement { name: tag, .. } => {
            let tag = name(vm, parser, tag);
            let attributes = attributes(vm, parser)?;
            builder::start(vm, target, tag, attributes).map(drop)
        }
        Event::EndElement { .. } => builder::end(vm, target).map(drop),
        Event::Text(span) => {
            builder::add_text(vm, target, |vm, pending| {
                if let Some(engine) = engine(vm, parser) {
                    pending.push_str(&engine.text(span));
                }
            });
            Ok(())
        }
        Event::Comment(span) => {
            let text = text(vm, parser, span);
            builder::comment(vm, target, text.borrow()).map(drop)
        }
        Event::Instruction { target: name, data } => {
            let (name, data) = (text(vm, parser, name), text(vm, parser, data));
            builder::instruction(vm, target, name.borrow(), data.borrow()).map(drop)
        }
        Event::StartNamespace { prefix, uri } if target.reports(Report::StartNamespace) => {
            let pair = namespace_pair(vm, parser, prefix, uri);
            builder::report(vm, target, Report::StartNamespace, pair)
        }
        Event::EndNamespace { .. } => builder::report(vm, target, Report::EndNamespace, Object::none()),
        _ => Ok(()),
    }
}

fn text_or_empty(vm: &Vm, parser: &Parser, span: Option<Span>) -> Object {
    match span {
        Some(span) => text(vm, parser, span),
        None => vm.empty_str().object().to_owned(),
    }
}

fn namespace_pair(vm: &mut Vm, parser: &Parser, prefix: Option<Span>, uri: Option<Span>) -> Object {
    let pair = [text_or_empty(vm, parser, prefix), text_or_empty(vm, parser, uri)];
    vm.new_tuple(pair).into_object()
}

/// An event for a target of the application's own.
fn tell(vm: &mut Vm, parser: &Parser, event: Event) -> PyResult<()> {
    match event {
        Event::StartElement { name: tag, .. } if parser.calls[Call::Start as usize].is_set() => {
            let tag = name(vm, parser, tag);
            let attributes = attributes(vm, parser)?.unwrap_or_else(|| vm.new_dict().into_object());
            call(vm, parser, Call::Start, &[tag.borrow(), attributes.borrow()])
        }
        Event::EndElement { name: tag } if parser.calls[Call::End as usize].is_set() => {
            let tag = name(vm, parser, tag);
            call(vm, parser, Call::End, &[tag.borrow()])
        }
        Event::Text(span) if parser.calls[Call::Data as usize].is_set() => {
            let data = text(vm, parser, span);
            call(vm, parser, Call::Data, &[data.borrow()])
        }
        Event::Comment(span) => {
            let data = text(vm, parser, span);
            call(vm, parser, Call::Comment, &[data.borrow()])
        }
        Event::Instruction { target, data } => {
            let (target, data) = (text(vm, parser, target), text(vm, parser, data));
            call(vm, parser, Call::Instruction, &[target.borrow(), data.borrow()])
        }
        Event::StartNamespace { prefix, uri } => {
            let (prefix, uri) = (text_or_empty(vm, parser, prefix), text_or_empty(vm, parser, uri));
            call(vm, parser, Call::StartNamespace, &[prefix.borrow(), uri.borrow()])
        }
        Event::EndNamespace { prefix } => {
            let prefix = text_or_empty(vm, parser, prefix);
            call(vm, parser, Call::EndNamespace, &[prefix.borrow()])
        }
        _ => Ok(()),
    }
}

/// What no other event is for. A reference to an entity that is not declared is looked up in `entity`.
fn default_data(vm: &mut Vm, parser: &Parser, span: Span) -> PyResult<()> {
    let data = engine(vm, parser).map(|engine| engine.text(span).into_owned()).unwrap_or_default();
    let Some(key) = data.strip_prefix('&').filter(|key| !key.is_empty()).map(|key| &key[..key.len() - 1]) else {
        return Ok(());
    };
    let key = vm.new_str(key);
    let found = match parser.entity.get() {
        Some(entity) => match entity.borrow().downcast::<Dict>() {
            Some(entity) => entity.get_item(vm, key.borrow().object())?,
            None => None,
        },
        None => None,
    };
    let Some(value) = found else {
        let position = engine_mut(vm, parser).map_or((1, 0), Engine::position);
        let name = key.borrow().to_string_lossy().into_owned();
        return Err(parse_error(vm, &format!("undefined entity &{name};"), XmlError::UndefinedEntity as i64, position));
    };
    match own_builder(parser) {
        Some(target) => {
            builder::add_data(vm, builder::payload(target.borrow()), value.borrow());
            Ok(())
        }
        None => call(vm, parser, Call::Data, &[value.borrow()]),
    }
}

fn doctype(vm: &mut Vm, parser: &Parser, name: Span, system_id: Option<Span>, public_id: Option<Span>) -> PyResult<()> {
    if !parser.calls[Call::Doctype as usize].is_set() {
        return Ok(());
    }
    let name = text(vm, parser, name);
    let (public_id, system_id) = (optional(vm, parser, public_id), optional(vm, parser, system_id));
    call(vm, parser, Call::Doctype, &[name.borrow(), public_id.borrow(), system_id.borrow()])
}

// Feeding.

/// A parser class with a `doctype` method expects it to be called, which it no longer is.
fn warn_doctype(vm: &mut Vm, this: Ref<'_>) -> PyResult<()> {
    if this.is_exactly(&PARSER) || vm.find_attr_str(this, "doctype")?.is_none() {
        return Ok(());
    }
    let message = "The doctype() method of XMLParser is ignored.  Define doctype() method on the TreeBuilder target.";
    vm.warn(&exception::RUNTIME_WARNING, message, 1)
}

/// Takes a piece of the document.
fn parse(vm: &mut Vm, this: Ref<'_>, data: &[u8], is_final: bool) -> PyResult<()> {
    let parser = payload(this);
    let mut raised: Option<Object> = None;
    let mut outcome = engine_mut(vm, parser).map_or(Ok(()), |engine| engine.feed(data, is_final));
    while outcome.is_ok() {
        match engine_mut(vm, parser).map_or(Ok(None), Engine::advance) {
            Ok(None) => break,
            Ok(Some(_)) if raised.is_some() => {}
            Ok(Some(event)) => {
                let warned = match &event {
                    Event::StartDoctype { .. } if !parser.calls[Call::Doctype as usize].is_set() => warn_doctype(vm, this),
                    _ => Ok(()),
                };
                if let Err(error) = warned.and_then(|()| dispatch(vm, parser, event)) {
                    raised = Some(vm.catch(error));
                }
            }
            Err(error) => outcome = Err(error),
        }
    }
    if let Some(error) = raised {
        return Err(vm.reraise(error));
    }
    outcome.map_err(|error| raise(vm, parser, error))
}

fn raise(vm: &mut Vm, parser: &Parser, error: XmlError) -> Raised {
    let position = engine_mut(vm, parser).map_or((1, 0), Engine::position);
    parse_error(vm, message(error as i64).unwrap_or_default(), error as i64, position)
}

/// Feeds a string, which is what it is whatever the document says of its encoding.
fn parse_str(vm: &mut Vm, this: Ref<'_>, string: Ref<'_>) -> PyResult<()> {
    let Some(string) = string.downcast::<Str>() else { return Ok(()) };
    let encoded = builtins::text_codecs::encode(vm, string, None, Some("surrogatepass"))?;
    if let Some(engine) = engine_mut(vm, payload(this)) {
        engine.set_encoding("utf-8");
    }
    parse(vm, this, object::bytes::as_bytes(encoded.borrow()).unwrap_or_default(), false)
}

fn feed_method(vm: &mut Vm, this: Ref<'_>, data: Ref<'_>) -> PyResult {
    check_made(vm, payload(this))?;
    if data.downcast::<Str>().is_some() {
        parse_str(vm, this, data)?;
    } else {
        let data = crate::argument::bytes(vm, data)?;
        parse(vm, this, &data, false)?;
    }
    Ok(Object::none())
}

fn close(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let parser = payload(this);
    check_made(vm, parser)?;
    parse(vm, this, b"", true)?;
    if let Some(target) = own_builder(parser) {
        return Ok(builder::root(builder::payload(target.borrow())));
    }
    match parser.calls[Call::Close as usize].get() {
        Some(close) => vm.call(close.borrow(), &[]),
        None => Ok(Object::none()),
    }
}

fn flush(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let parser = payload(this);
    check_made(vm, parser)?;
    let Some(was) = engine_mut(vm, parser).map(|engine| std::mem::replace(&mut engine.deferral, false)) else {
        return Ok(Object::none());
    };
    let outcome = parse(vm, this, b"", false);
    if let Some(engine) = engine_mut(vm, parser) {
        engine.deferral = was;
    }
    outcome.map(|()| Object::none())
}

/// How much of a file is read at once.
const PIECE: i64 = 64 * 1024;

fn parse_whole(vm: &mut Vm, this: Ref<'_>, file: Ref<'_>) -> PyResult {
    let parser = payload(this);
    check_made(vm, parser)?;
    let read = vm.get_attr_str(file, "read")?;
    loop {
        let data = vm.call(read.borrow(), &[Object::small_int(PIECE).borrow()])?;
        if let Some(string) = data.borrow().downcast_exact::<Str>() {
            if string.is_empty() {
                break;
            }
            parse_str(vm, this, data.borrow())?;
            continue;
        }
        match object::bytes::as_bytes(data.borrow()) {
            Some(bytes) if !bytes.is_empty() => parse(vm, this, bytes, false)?,
            _ => break,
        }
    }
    parse(vm, this, b"", true)?;
    Ok(own_builder(parser).map_or(Object::none(), |target| builder::root(builder::payload(target.borrow()))))
}

fn set_events(vm: &mut Vm, this: Ref<'_>, args: &[Ref<'_>]) -> PyResult {
    if args.is_empty() || args.len() > 2 {
        let (bound, limit, plural) = if args.is_empty() { ("least", 1, "") } else { ("most", 2, "s") };
        return Err(vm.type_error(format!("_setevents expected at {bound} {limit} argument{plural}, got {}", args.len())));
    }
    let parser = payload(this);
    check_made(vm, parser)?;
    let Some(target) = own_builder(parser) else {
        return Err(vm.type_error("event handling only supported for ElementTree.TreeBuilder targets"));
    };
    let events = match args[0].downcast_exact::<List>() {
        Some(_) => args[0].to_owned(),
        None => vm.get_attr_str(args[0], "append")?,
    };
    let mut names = [const { None }; REPORTS.len()];
    match args.get(1).filter(|wanted| !wanted.is_none()) {
        None => names[Report::End as usize] = Some(vm.new_str("end").into_object()),
        Some(&wanted) => {
            for name in super::access::sequence(vm, wanted, "events must be a sequence")? {
                let index = builder::report_named(vm, name.borrow())?;
                names[index] = Some(name);
            }
        }
    }
    let namespaces = [(Report::StartNamespace, want::START_NAMESPACE), (Report::EndNamespace, want::END_NAMESPACE)];
    if let Some(engine) = engine_mut(vm, parser) {
        for (report, bit) in namespaces {
            if names[report as usize].is_some() {
                engine.wants |= bit;
            }
        }
    }
    builder::payload(target.borrow()).set_events(events, names);
    Ok(Object::none())
}
