//! From events to calls of Python handlers.

use super::dtd::ModelPart;
use super::event::{Event, External, Span};
use super::parser::{codec_table, payload};
use object::dict::Dict;
use object::{Object, PyResult, Ref, Vm};

/// A handler: its attribute.
pub(super) struct Handler {
    pub(super) name: &'static str,
}

macro_rules! handlers {
    ($($name:literal)*) => {
        /// All handlers, in the order of the bits of [`super::event::want`].
        pub(super) static HANDLERS: [Handler; [$($name),*].len()] = [$(Handler { name: $name }),*];
    };
}

handlers! {
    "StartElementHandler" "EndElementHandler" "ProcessingInstructionHandler" "CharacterDataHandler" "UnparsedEntityDeclHandler"
    "NotationDeclHandler" "StartNamespaceDeclHandler" "EndNamespaceDeclHandler" "CommentHandler" "StartCdataSectionHandler"
    "EndCdataSectionHandler" "DefaultHandler" "DefaultHandlerExpand" "NotStandaloneHandler" "ExternalEntityRefHandler"
    "StartDoctypeDeclHandler" "EndDoctypeDeclHandler" "EntityDeclHandler" "XmlDeclHandler" "ElementDeclHandler"
    "AttlistDeclHandler" "SkippedEntityHandler"
}

/// The index of the handler for character data.
pub(super) const TEXT: usize = 3;
const DEFAULT: usize = 11;
const DEFAULT_EXPAND: usize = 12;

/// The handler that an event goes to.
fn handler_of(event: &Event, expanding: bool) -> usize {
    match event {
        Event::StartElement { .. } => 0,
        Event::EndElement { .. } => 1,
        Event::Instruction { .. } => 2,
        Event::Text(_) => TEXT,
        Event::UnparsedEntity { .. } => 4,
        Event::Notation { .. } => 5,
        Event::StartNamespace { .. } => 6,
        Event::EndNamespace { .. } => 7,
        Event::Comment(_) => 8,
        Event::StartCdata => 9,
        Event::EndCdata => 10,
        Event::Default(_) if expanding => DEFAULT_EXPAND,
        Event::Default(_) => DEFAULT,
        Event::NotStandalone => 13,
        Event::ExternalEntity { .. } => 14,
        Event::StartDoctype { .. } => 15,
        Event::EndDoctype => 16,
        Event::EntityDeclaration { .. } => 17,
        Event::XmlDeclaration { .. } => 18,
        Event::ElementDeclaration { .. } => 19,
        Event::AttlistDeclaration { .. } => 20,
        Event::SkippedEntity { .. } => 21,
        Event::UnknownEncoding(_) => usize::MAX,
    }
}

/// Calls a handler.
fn call(vm: &mut Vm, this: Ref<'_>, handler: &Object, args: &[Ref<'_>]) -> PyResult {
    let parser = payload(this);
    let outer = parser.in_callback.replace(true);
    let result = vm.call(handler.borrow(), args);
    parser.in_callback.set(outer);
    result
}

/// Reports the text that was held back.
pub(super) fn flush(vm: &mut Vm, this: Ref<'_>) -> PyResult<()> {
    let parser = payload(this);
    match parser.buffer.get_mut(vm) {
        Some(buffer) if !buffer.is_empty() => {
            let text = std::mem::take(buffer);
            report_text(vm, this, &text)
        }
        _ => Ok(()),
    }
}

fn report_text(vm: &mut Vm, this: Ref<'_>, text: &str) -> PyResult<()> {
    let Some(handler) = payload(this).handlers[TEXT].get() else { return Ok(()) };
    let text = vm.new_str(text);
    call(vm, this, &handler, &[text.borrow().object()])?;
    Ok(())
}

fn character_data(vm: &mut Vm, this: Ref<'_>, span: Span) -> PyResult<()> {
    let parser = payload(this);
    let text = parser.engine.get(vm).text(span).into_owned();
    let size = parser.buffer_size.get();
    if let Some(buffer) = parser.buffer.get(vm) {
        if buffer.len() + text.len() > size {
            flush(vm, this)?;
            // The handler may have been taken away, or buffering ended.
            if !parser.handlers[TEXT].is_set() {
                return Ok(());
            }
        }
        if text.len() <= size
            && let Some(buffer) = parser.buffer.get_mut(vm)
        {
            buffer.push_str(&text);
            return Ok(());
        }
    }
    report_text(vm, this, &text)
}

/// Calls the handler of an event.
pub(super) fn dispatch(vm: &mut Vm, this: Ref<'_>, event: Event) -> PyResult<()> {
    let parser = payload(this);
    match event {
        Event::Text(span) => return character_data(vm, this, span),
        Event::UnknownEncoding(name) => {
            let name = parser.engine.get(vm).text(name).into_owned();
            let table = codec_table(vm, &name)?;
            parser.engine.get_mut(vm).reply_encoding(table);
            return Ok(());
        }
        _ => {}
    }
    let index = handler_of(&event, parser.expanding.get());
    let is_question = matches!(event, Event::NotStandalone | Event::ExternalEntity { .. });
    if parser.handlers[index].is_set() {
        flush(vm, this)?;
    }
    let Some(handler) = parser.handlers[index].get() else {
        parser.engine.get_mut(vm).reply(true);
        return Ok(());
    };
    let args = arguments(vm, this, &event)?;
    let result = call(vm, this, &handler, Object::as_refs(&args))?;
    if is_question {
        let ok = vm.to_i64(result.borrow())? != 0;
        parser.engine.get_mut(vm).reply(ok);
    }
    Ok(())
}

fn text(vm: &Vm, this: Ref<'_>, span: Span) -> Object {
    vm.new_str(&payload(this).engine.get(vm).text(span)).into_object()
}

fn optional(vm: &Vm, this: Ref<'_>, span: Option<Span>) -> Object {
    span.map_or(Object::none(), |span| text(vm, this, span))
}

/// The one string that is used for all equal ones.
fn shared(vm: &mut Vm, this: Ref<'_>, string: Object) -> PyResult {
    match payload(this).intern.get() {
        Some(intern) => match intern.borrow().downcast::<Dict>() {
            Some(intern) => intern.set_default(vm, string.borrow(), string.clone()),
            None => Ok(string),
        },
        None => Ok(string),
    }
}

fn name(vm: &mut Vm, this: Ref<'_>, span: Span) -> PyResult {
    let string = text(vm, this, span);
    shared(vm, this, string)
}

fn optional_name(vm: &mut Vm, this: Ref<'_>, span: Option<Span>) -> PyResult {
    span.map_or(Ok(Object::none()), |span| name(vm, this, span))
}

fn external_names(vm: &mut Vm, this: Ref<'_>, external: &External) -> PyResult<[Object; 3]> {
    Ok([optional_name(vm, this, external.base)?, optional_name(vm, this, external.system_id)?, optional_name(vm, this, external.public_id)?])
}

/// The arguments of the handler of an event.
fn arguments(vm: &mut Vm, this: Ref<'_>, event: &Event) -> PyResult<Vec<Object>> {
    Ok(match event {
        Event::StartElement { name: element, specified } => {
            let element = name(vm, this, *element)?;
            vec![element, attributes(vm, this, *specified)?]
        }
        Event::EndElement { name: element } => vec![name(vm, this, *element)?],
        Event::Instruction { target, data } => vec![name(vm, this, *target)?, text(vm, this, *data)],
        Event::Text(span) | Event::Comment(span) | Event::Default(span) => vec![text(vm, this, *span)],
        Event::StartNamespace { prefix, uri } => vec![optional_name(vm, this, *prefix)?, optional_name(vm, this, *uri)?],
        Event::EndNamespace { prefix } => vec![optional_name(vm, this, *prefix)?],
        Event::XmlDeclaration { version, encoding, standalone } => {
            vec![optional(vm, this, *version), optional(vm, this, *encoding), Object::small_int(*standalone)]
        }
        Event::StartDoctype { name: doctype, system_id, public_id, internal_subset } => {
            let doctype = name(vm, this, *doctype)?;
            let ids = [optional_name(vm, this, *system_id)?, optional_name(vm, this, *public_id)?];
            let [system_id, public_id] = ids;
            vec![doctype, system_id, public_id, Object::small_int(i64::from(*internal_subset))]
        }
        Event::ElementDeclaration { name: element, model } => {
            let element = name(vm, this, *element)?;
            vec![element, content_model(vm, this, model, 0)?]
        }
        Event::AttlistDeclaration { element, name: attribute, kind, default, required } => vec![
            name(vm, this, *element)?,
            name(vm, this, *attribute)?,
            text(vm, this, *kind),
            optional(vm, this, *default),
            Object::small_int(i64::from(*required)),
        ],
        Event::EntityDeclaration { name: entity, is_parameter, value, external, notation } => {
            let entity = name(vm, this, *entity)?;
            let value = optional(vm, this, *value);
            let [base, system_id, public_id] = external_names(vm, this, external)?;
            let notation = optional_name(vm, this, *notation)?;
            vec![entity, Object::small_int(i64::from(*is_parameter)), value, base, system_id, public_id, notation]
        }
        Event::UnparsedEntity { name: entity, external, notation } => {
            let entity = name(vm, this, *entity)?;
            let [base, system_id, public_id] = external_names(vm, this, external)?;
            vec![entity, base, system_id, public_id, name(vm, this, *notation)?]
        }
        Event::Notation { name: notation, external } => {
            let notation = name(vm, this, *notation)?;
            let [base, system_id, public_id] = external_names(vm, this, external)?;
            vec![notation, base, system_id, public_id]
        }
        Event::SkippedEntity { name: entity, is_parameter } => vec![name(vm, this, *entity)?, Object::small_int(i64::from(*is_parameter))],
        Event::ExternalEntity { context, external } => {
            let context = optional(vm, this, *context);
            let [base, system_id, public_id] = external_names(vm, this, external)?;
            vec![context, base, system_id, public_id]
        }
        Event::StartCdata | Event::EndCdata | Event::EndDoctype | Event::NotStandalone | Event::UnknownEncoding(_) => Vec::new(),
    })
}

/// The attributes of a start tag, as a dict or a list.
fn attributes(vm: &mut Vm, this: Ref<'_>, specified: usize) -> PyResult {
    let parser = payload(this);
    let all = parser.engine.get(vm).attributes();
    let count = if parser.specified.get() { specified } else { all.len() };
    let pairs: Vec<_> = all[..count].iter().map(|attribute| (text(vm, this, attribute.name), text(vm, this, attribute.value))).collect();
    if parser.ordered.get() {
        let mut list = Vec::with_capacity(pairs.len() * 2);
        for (name, value) in pairs {
            list.push(shared(vm, this, name)?);
            list.push(value);
        }
        return Ok(vm.new_list(list).into_object());
    }
    let dict = vm.new_dict_with_capacity(pairs.len());
    for (name, value) in pairs {
        let name = shared(vm, this, name)?;
        dict.set(vm, name.borrow(), value)?;
    }
    Ok(dict.into_object())
}

/// A content model as nested tuples.
fn content_model(vm: &mut Vm, this: Ref<'_>, model: &[ModelPart], index: usize) -> PyResult {
    vm.check_stack(" in conv_content_model")?;
    let part = &model[index];
    let mut children = Vec::with_capacity(part.children.len());
    for &child in &part.children {
        children.push(content_model(vm, this, model, child)?);
    }
    let children = vm.new_tuple(children).into_object();
    let name = match &part.name {
        Some(name) => {
            let name = vm.new_str(&String::from_utf8_lossy(name)).into_object();
            shared(vm, this, name)?
        }
        None => Object::none(),
    };
    Ok(vm.new_tuple([Object::small_int(part.kind as i64), Object::small_int(part.quantifier as i64), name, children]).into_object())
}
