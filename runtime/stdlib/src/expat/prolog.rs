//! What comes before the document element, and external subsets: the XML declaration, the document type declaration.

use super::chars::{bad_public_id, push_public_id};
use super::dtd::{AttributeDefault, ModelKind, ModelPart};
use super::encoding::Known;
use super::engine::{Awaiting, Engine, Flow, OpenEntity, Stage, Step};
use super::error::XmlError;
use super::event::{Event, External, Span, want};
use super::prolog_token::{Kind, prolog};
use super::role::{Quantifier, Role};
use super::token::{ignored_section, predefined_entity};
use super::value::PseudoAttributes;

/// The name under which the external subset is kept as a parameter entity.
const EXTERNAL_SUBSET: &[u8] = b"#";

/// What is known of the declaration that is being read.
#[derive(Default)]
pub(super) struct Declared {
    doctype_name: Option<Vec<u8>>,
    doctype_system_id: Option<Vec<u8>>,
    doctype_public_id: Option<Vec<u8>>,
    /// An index into the entities.
    entity: Option<usize>,
    element: Vec<u8>,
    attribute: Vec<u8>,
    attribute_kind: Vec<u8>,
    attribute_is_cdata: bool,
    notation_name: Option<Vec<u8>>,
    notation_public_id: Option<Vec<u8>>,
    /// An element is being declared, and somebody wants to know.
    in_element: bool,
    model: Vec<ModelPart>,
    /// The groups of the model that are open, as indexes into it.
    groups: Vec<usize>,
    /// For each open group the connector that its parts have.
    connectors: Vec<u8>,
}

/// Whether a token goes to the default handler: not if somebody else was told of it.
type Handled = Result<bool, XmlError>;

impl Engine {
    pub(super) fn prolog_step(&mut self, data: &[u8], at: usize) -> Step {
        if self.at_mark(data, at) {
            self.consume(at + 3);
            return Ok(Flow::More);
        }
        let token = match prolog(data, at, self.options.namespaces.is_some()) {
            Ok(token) => token,
            Err(stop) => return self.stopped(stop),
        };
        if (token.tentative || token.kind == Kind::None) && self.more_to_come() {
            return Ok(Flow::Wait);
        }
        if token.kind == Kind::None {
            return self.end_of_prolog();
        }
        let text = &data[at..token.end];
        let role = self.roles.role(token.kind, text);
        match role {
            Role::Error => return Err(error_for(token.kind)),
            Role::InstanceStart => return self.instance_start(),
            Role::XmlDeclaration | Role::TextDeclaration => {
                self.count(text.len())?;
                self.consume(token.end);
                return self.xml_declaration(data, at, token.end, role == Role::TextDeclaration);
            }
            _ => {}
        }
        self.count(text.len())?;
        self.consume(token.end);
        let handled = self.declare(role, data, at, token.end)?;
        if !handled {
            self.emit_default(text);
        }
        Ok(Flow::More)
    }

    /// The data end, or a parameter entity does.
    fn end_of_prolog(&mut self) -> Step {
        if self.open.is_empty() {
            self.check_rest()?;
        }
        if self.open.is_empty() && !self.is_parameter_entity {
            return Err(XmlError::NoElements);
        }
        let is_whole = self.open.last().is_none_or(|open| open.is_whole);
        if is_whole && self.roles.role(Kind::None, b"") == Role::Error {
            return Err(XmlError::IncompletePe);
        }
        match self.open.pop() {
            Some(open) => {
                self.dtd.borrow_mut().entities[open.entity].open = false;
                Ok(Flow::More)
            }
            None => Ok(Flow::Wait),
        }
    }

    pub(super) fn ignored_step(&mut self, data: &[u8], at: usize) -> Step {
        match ignored_section(data, at) {
            Ok(end) => {
                self.count(end - at)?;
                self.consume(end);
                self.stage = Stage::Prolog;
                self.emit_default(&data[at..end]);
                Ok(Flow::More)
            }
            Err(super::chars::Stop::Partial) if !self.more_to_come() => Err(XmlError::Syntax),
            Err(stop) => self.stopped(stop),
        }
    }

    /// The XML declaration, or the text declaration of an external entity, from `at` to `end`.
    pub(super) fn xml_declaration(&mut self, data: &[u8], at: usize, end: usize, is_text: bool) -> Step {
        let mut attributes = PseudoAttributes { text: &data[at + 5..end - 2], at: 0 };
        let failure = if is_text { XmlError::TextDecl } else { XmlError::XmlDecl };
        let (version, encoding, standalone) = match read_declaration(&mut attributes, is_text) {
            Ok(declaration) => declaration,
            Err(offset) => {
                self.set_place(at + 5 + offset);
                return Err(failure);
            }
        };
        if standalone == 1 {
            self.dtd.borrow_mut().standalone = true;
            if self.parameter_parsing == 1 {
                self.parameter_parsing = 0;
            }
        }
        if self.wants(want::XML_DECLARATION) {
            let version = version.map(|version| self.push_text(version));
            let encoding = encoding.map(|(encoding, _)| self.push_text(encoding));
            self.emit(Event::XmlDeclaration { version, encoding, standalone });
        } else {
            self.emit_default(&data[at..end]);
        }
        match encoding {
            Some((encoding, offset)) if !self.is_requested() => self.declared_encoding(encoding, at + 5 + offset),
            _ => Ok(Flow::More),
        }
    }

    fn declared_encoding(&mut self, name: &[u8], place: usize) -> Step {
        if let Some(known) = Known::named(name) {
            if self.coding().is_some_and(|coding| !known.agrees_with(coding)) {
                self.set_place(place);
                return Err(XmlError::IncorrectEncoding);
            }
            self.awaiting = Some(Awaiting::Declared(known));
            return Ok(Flow::More);
        }
        let name = self.push_text(name);
        self.emit(Event::UnknownEncoding(name));
        self.awaiting = Some(Awaiting::Encoding { declared: Some(place) });
        Ok(Flow::More)
    }

    /// Declarations are given up for lost as soon as a parameter entity is left out, unless the document is standalone.
    fn keeps(&self) -> bool {
        self.dtd.borrow().keep_processing
    }

    /// What a token of the prolog says. `true`: the default handler need not see it.
    fn declare(&mut self, role: Role, data: &[u8], at: usize, end: usize) -> Handled {
        let text = &data[at..end];
        match role {
            Role::Instruction => {
                self.instruction(text);
                Ok(true)
            }
            Role::Comment => {
                self.comment(text);
                Ok(true)
            }
            Role::IgnoreSection => {
                self.emit_default(text);
                self.stage = Stage::IgnoredSection;
                Ok(true)
            }
            Role::ParameterRef | Role::InnerParameterRef => self.parameter_reference(role, text),
            Role::DoctypeRest
            | Role::DoctypeName
            | Role::DoctypeSystemId
            | Role::DoctypePublicId
            | Role::DoctypeInternalSubset
            | Role::DoctypeClose => self.declare_doctype(role, text, at),
            Role::EntityRest
            | Role::GeneralEntityName
            | Role::ParameterEntityName
            | Role::EntityValue
            | Role::EntitySystemId
            | Role::EntityPublicId
            | Role::EntityComplete
            | Role::EntityNotationName => self.declare_entity(role, text, at),
            Role::NotationRest | Role::NotationName | Role::NotationSystemId | Role::NotationNoSystemId | Role::NotationPublicId => {
                self.declare_notation(role, text, at)
            }
            Role::AttlistRest
            | Role::AttlistElementName
            | Role::AttributeName
            | Role::AttributeType(_)
            | Role::AttributeEnumValue
            | Role::AttributeNotationValue
            | Role::ImpliedAttribute
            | Role::RequiredAttribute
            | Role::DefaultAttribute
            | Role::FixedAttribute => self.declare_attribute(role, text, at),
            _ => self.declare_element(role, text),
        }
    }

    fn declare_doctype(&mut self, role: Role, text: &[u8], at: usize) -> Handled {
        let wanted = self.wants(want::START_DOCTYPE);
        match role {
            Role::DoctypeName => {
                self.declared.doctype_system_id = None;
                if wanted {
                    self.declared.doctype_name = Some(text.to_vec());
                    self.declared.doctype_public_id = None;
                }
                Ok(wanted)
            }
            Role::DoctypePublicId => {
                self.foreign_dtd = false;
                let index = self.external_subset();
                self.declared.entity = Some(index);
                let id = self.public_id(text, at)?;
                if self.keeps() {
                    self.dtd.borrow_mut().entities[index].public_id = Some(id.clone());
                }
                if wanted {
                    self.declared.doctype_public_id = Some(id);
                }
                Ok(wanted)
            }
            Role::DoctypeSystemId => self.doctype_system_id(text),
            Role::DoctypeInternalSubset => Ok(self.start_doctype(true)),
            Role::DoctypeClose => self.close_doctype(),
            _ => Ok(wanted),
        }
    }

    /// The entity that stands for the external subset.
    fn external_subset(&mut self) -> usize {
        let mut dtd = self.dtd.borrow_mut();
        match dtd.find(EXTERNAL_SUBSET, true) {
            Some(index) => index,
            None => dtd.declare(EXTERNAL_SUBSET, true).expect("it was not there"),
        }
    }

    fn doctype_system_id(&mut self, text: &[u8]) -> Handled {
        let id = text[1..text.len() - 1].to_vec();
        let wanted = self.wants(want::START_DOCTYPE);
        self.foreign_dtd = false;
        self.declared.doctype_system_id = Some(id.clone());
        let index = self.external_subset();
        let base = self.base.clone();
        let standalone = {
            let mut dtd = self.dtd.borrow_mut();
            dtd.has_parameter_refs = true;
            if dtd.keep_processing {
                let entity = &mut dtd.entities[index];
                if self.declared.entity.is_none() {
                    entity.public_id = None;
                }
                entity.system_id = Some(id);
                entity.base = base;
            }
            dtd.standalone
        };
        self.declared.entity = Some(index);
        if !standalone && self.parameter_parsing == 0 && self.wants(want::NOT_STANDALONE) {
            self.emit(Event::NotStandalone);
            self.awaiting = Some(Awaiting::NotStandalone { closing: false });
        }
        Ok(wanted)
    }

    /// Reports the start of the document type declaration, if that is not done yet.
    fn start_doctype(&mut self, internal_subset: bool) -> bool {
        let Some(name) = self.declared.doctype_name.take() else { return false };
        if !self.wants(want::START_DOCTYPE) {
            return false;
        }
        let name = self.push_text(&name);
        let system_id = self.declared.doctype_system_id.clone().map(|id| self.push_text(&id));
        let public_id = self.declared.doctype_public_id.take().map(|id| self.push_text(&id));
        self.emit(Event::StartDoctype { name, system_id, public_id, internal_subset });
        true
    }

    fn close_doctype(&mut self) -> Handled {
        let handled = self.start_doctype(false);
        let has_system_id = self.declared.doctype_system_id.is_some();
        if (has_system_id || self.foreign_dtd) && self.read_external_subset(has_system_id, true) {
            return Ok(true);
        }
        if self.wants(want::END_DOCTYPE) {
            self.emit(Event::EndDoctype);
            return Ok(true);
        }
        Ok(handled)
    }

    /// Asks the application to read the external subset. False if it will not be.
    fn read_external_subset(&mut self, has_system_id: bool, closing: bool) -> bool {
        let foreign = std::mem::take(&mut self.foreign_dtd);
        let had_refs = std::mem::replace(&mut self.dtd.borrow_mut().has_parameter_refs, true);
        if self.parameter_parsing == 0 || !self.wants(want::EXTERNAL_ENTITY) {
            return false;
        }
        let index = self.external_subset();
        let entity = {
            let mut dtd = self.dtd.borrow_mut();
            dtd.parameter_read = false;
            if foreign {
                dtd.entities[index].base = self.base.clone();
            }
            dtd.entities[index].clone()
        };
        let external = self.external(&entity);
        self.emit(Event::ExternalEntity { context: None, external });
        self.awaiting = Some(Awaiting::ExternalSubset { had_refs, has_system_id, closing });
        true
    }

    /// The document element is next.
    fn instance_start(&mut self) -> Step {
        self.stage = Stage::Content;
        if self.foreign_dtd {
            self.read_external_subset(false, false);
        }
        Ok(Flow::More)
    }

    pub(super) fn resume_prolog(&mut self, awaiting: Awaiting, reply: bool) -> Step {
        let (read, standalone) = {
            let dtd = self.dtd.borrow();
            (dtd.parameter_read, dtd.standalone)
        };
        let closing = match awaiting {
            Awaiting::ParameterEntity(entity) => {
                if !reply {
                    return Err(XmlError::ExternalEntityHandling);
                }
                let mut dtd = self.dtd.borrow_mut();
                dtd.entities[entity].open = false;
                if !read {
                    dtd.keep_processing = standalone;
                }
                false
            }
            Awaiting::ExternalSubset { had_refs, has_system_id, closing } => {
                if !reply {
                    return Err(XmlError::ExternalEntityHandling);
                }
                if !read && !has_system_id {
                    self.dtd.borrow_mut().has_parameter_refs = had_refs;
                }
                closing
            }
            Awaiting::NotStandalone { .. } if !reply => return Err(XmlError::NotStandalone),
            Awaiting::NotStandalone { closing } => {
                self.end_doctype(closing);
                return Ok(Flow::More);
            }
            _ => return Ok(Flow::More),
        };
        if read && !standalone && self.wants(want::NOT_STANDALONE) {
            self.emit(Event::NotStandalone);
            self.awaiting = Some(Awaiting::NotStandalone { closing });
        } else {
            self.end_doctype(closing);
        }
        Ok(Flow::More)
    }

    fn end_doctype(&mut self, closing: bool) {
        if closing && self.wants(want::END_DOCTYPE) {
            self.emit(Event::EndDoctype);
        }
    }

    /// A reference to a parameter entity; `text` is `%name;`.
    fn parameter_reference(&mut self, role: Role, text: &[u8]) -> Handled {
        let name = &text[1..text.len() - 1];
        let shared = self.dtd.clone();
        let mut dtd = shared.borrow_mut();
        dtd.has_parameter_refs = true;
        let standalone = dtd.standalone;
        if self.parameter_parsing == 0 {
            dtd.keep_processing = standalone;
            self.ask_not_standalone(standalone);
            return Ok(false);
        }
        let found = dtd.find(name, true);
        if self.roles.document && standalone && self.open.is_empty() {
            let index = found.ok_or(XmlError::UndefinedEntity)?;
            if !dtd.entities[index].is_internal {
                return Err(XmlError::EntityDeclaredInPe);
            }
        }
        let Some(index) = found else {
            dtd.keep_processing = standalone;
            let wanted = role == Role::ParameterRef && self.wants(want::SKIPPED_ENTITY);
            if wanted {
                let name = self.push_text(name);
                self.emit(Event::SkippedEntity { name, is_parameter: true });
            }
            return Ok(wanted);
        };
        if dtd.entities[index].open {
            return Err(XmlError::RecursiveEntityRef);
        }
        if let Some(replacement) = dtd.entities[index].text.clone() {
            dtd.entities[index].open = true;
            self.room_for_entity()?;
            let is_whole = role == Role::ParameterRef;
            self.open.push(OpenEntity { entity: index, text: replacement, at: 0, level: 0, is_whole });
            return Ok(true);
        }
        if !self.wants(want::EXTERNAL_ENTITY) {
            dtd.keep_processing = standalone;
            return Ok(false);
        }
        dtd.parameter_read = false;
        dtd.entities[index].open = true;
        let external = self.external(&dtd.entities[index]);
        self.emit(Event::ExternalEntity { context: None, external });
        self.awaiting = Some(Awaiting::ParameterEntity(index));
        Ok(true)
    }

    /// A document with a parameter reference is not standalone unless it says so.
    fn ask_not_standalone(&mut self, standalone: bool) {
        if !standalone && self.wants(want::NOT_STANDALONE) {
            self.emit(Event::NotStandalone);
            self.awaiting = Some(Awaiting::NotStandalone { closing: false });
        }
    }

    /// A public identifier in quotes, normalised.
    fn public_id(&mut self, text: &[u8], at: usize) -> Result<Vec<u8>, XmlError> {
        let literal = &text[1..text.len() - 1];
        if let Some(offset) = bad_public_id(literal) {
            self.set_place(at + 1 + offset);
            return Err(XmlError::PublicId);
        }
        let mut id = Vec::with_capacity(literal.len());
        push_public_id(&mut id, literal);
        Ok(id)
    }

    fn declare_entity(&mut self, role: Role, text: &[u8], at: usize) -> Handled {
        let wanted = self.wants(want::ENTITY);
        let keeps = self.keeps();
        let entity = self.declared.entity.filter(|_| keeps);
        match role {
            Role::GeneralEntityName | Role::ParameterEntityName => {
                let declared = self.name_entity(text, role == Role::ParameterEntityName)?;
                return Ok(declared && wanted);
            }
            Role::EntityValue if keeps => {
                let mut value = Vec::with_capacity(text.len());
                let outcome = self.entity_value(&text[1..text.len() - 1], at + 1, &mut value);
                // What there is of the value is reported even if the rest is wrong.
                if let Some(index) = entity {
                    self.dtd.borrow_mut().entities[index].text = Some(value.into());
                    self.report_entity(index);
                }
                outcome?;
                return Ok(entity.is_some() && wanted);
            }
            Role::EntitySystemId => {
                let Some(index) = entity else { return Ok(false) };
                let mut dtd = self.dtd.borrow_mut();
                dtd.entities[index].system_id = Some(text[1..text.len() - 1].to_vec());
                dtd.entities[index].base.clone_from(&self.base);
            }
            Role::EntityPublicId => {
                let id = self.public_id(text, at)?;
                let Some(index) = entity else { return Ok(false) };
                self.dtd.borrow_mut().entities[index].public_id = Some(id);
            }
            Role::EntityComplete => {
                let Some(index) = entity else { return Ok(false) };
                self.report_entity(index);
            }
            Role::EntityNotationName => {
                let Some(index) = entity else { return Ok(false) };
                self.dtd.borrow_mut().entities[index].notation = Some(text.to_vec());
                if self.wants(want::UNPARSED_ENTITY) {
                    let entity = self.dtd.borrow().entities[index].clone();
                    let name = self.push_text(&entity.name);
                    let external = self.external(&entity);
                    let notation = self.push_text(text);
                    self.emit(Event::UnparsedEntity { name, external, notation });
                    return Ok(true);
                }
                self.report_entity(index);
            }
            Role::EntityRest => return Ok(keeps && wanted),
            _ => return Ok(false),
        }
        Ok(wanted)
    }

    /// The name of an entity that is declared. False if the declaration does not count.
    fn name_entity(&mut self, name: &[u8], is_parameter: bool) -> Result<bool, XmlError> {
        self.declared.entity = None;
        if !self.keeps() || !is_parameter && predefined_entity(name).is_some() {
            return Ok(false);
        }
        self.accounts.allocate(name.len() + size_of::<super::dtd::Entity>())?;
        let is_internal = !self.is_child && self.open.is_empty();
        let mut dtd = self.dtd.borrow_mut();
        self.declared.entity = dtd.declare(name, is_parameter);
        if let Some(index) = self.declared.entity {
            dtd.entities[index].is_internal = is_internal;
        }
        Ok(self.declared.entity.is_some())
    }

    fn report_entity(&mut self, index: usize) {
        if !self.wants(want::ENTITY) {
            return;
        }
        let entity = self.dtd.borrow().entities[index].clone();
        let name = self.push_text(&entity.name);
        let value = entity.text.as_deref().map(|text| self.push_text(text));
        let external = match value {
            Some(_) => External { base: self.base.clone().map(|base| self.push_text(&base)), ..External::default() },
            None => self.external(&entity),
        };
        let notation = entity.notation.as_ref().map(|notation| self.push_text(notation));
        self.emit(Event::EntityDeclaration { name, is_parameter: entity.is_parameter, value, external, notation });
    }

    fn declare_notation(&mut self, role: Role, text: &[u8], at: usize) -> Handled {
        let wanted = self.wants(want::NOTATION);
        match role {
            Role::NotationName => {
                self.declared.notation_public_id = None;
                self.declared.notation_name = wanted.then(|| text.to_vec());
                Ok(wanted)
            }
            Role::NotationPublicId => {
                let id = self.public_id(text, at)?;
                let named = self.declared.notation_name.is_some();
                self.declared.notation_public_id = Some(id).filter(|_| named);
                Ok(named)
            }
            Role::NotationSystemId | Role::NotationNoSystemId => {
                let Some(name) = self.declared.notation_name.take().filter(|_| wanted) else { return Ok(false) };
                let name = self.push_text(&name);
                let base = self.base.clone().map(|base| self.push_text(&base));
                let system_id = (role == Role::NotationSystemId).then(|| self.push_text(&text[1..text.len() - 1]));
                let public_id = self.declared.notation_public_id.take().map(|id| self.push_text(&id));
                self.emit(Event::Notation { name, external: External { base, system_id, public_id } });
                Ok(true)
            }
            _ => Ok(wanted),
        }
    }

    fn declare_attribute(&mut self, role: Role, text: &[u8], at: usize) -> Handled {
        let keeps = self.keeps();
        let wanted = keeps && self.wants(want::ATTLIST);
        match role {
            Role::AttlistElementName => self.declared.element = text.to_vec(),
            Role::AttributeName => {
                self.declared.attribute = text.to_vec();
                self.declared.attribute_kind.clear();
                self.declared.attribute_is_cdata = false;
            }
            Role::AttributeType(name) => {
                self.declared.attribute_is_cdata = name == "CDATA";
                self.declared.attribute_kind = name.as_bytes().to_vec();
            }
            Role::AttributeEnumValue | Role::AttributeNotationValue => {
                let kind = &mut self.declared.attribute_kind;
                kind.extend_from_slice(match role {
                    _ if !kind.is_empty() => b"|",
                    Role::AttributeNotationValue => b"NOTATION(",
                    _ => b"(",
                });
                kind.extend_from_slice(text);
            }
            Role::ImpliedAttribute | Role::RequiredAttribute if keeps => self.define_attribute(None, role == Role::RequiredAttribute)?,
            Role::DefaultAttribute | Role::FixedAttribute if keeps => {
                let from = self.pool().len();
                self.expand_attribute_value(&text[1..text.len() - 1], at + 1, self.declared.attribute_is_cdata, true)?;
                let value = self.since(from);
                self.define_attribute(Some(value), role == Role::FixedAttribute)?;
            }
            _ => {}
        }
        Ok(wanted)
    }

    /// The declaration of an attribute is complete.
    fn define_attribute(&mut self, value: Option<Span>, required: bool) -> Result<(), XmlError> {
        let default = AttributeDefault {
            name: self.declared.attribute.clone(),
            is_cdata: self.declared.attribute_is_cdata,
            value: value.map(|value| self.bytes(value).to_vec()),
        };
        self.accounts.allocate(size_of::<AttributeDefault>() + value.map_or(0, |value| value.end - value.start))?;
        {
            let mut dtd = self.dtd.borrow_mut();
            let attributes = dtd.attributes.entry(self.declared.element.clone()).or_default();
            if !attributes.iter().any(|known| known.name == default.name) {
                attributes.push(default);
            }
        }
        if self.wants(want::ATTLIST) && !self.declared.attribute_kind.is_empty() {
            let mut kind = self.declared.attribute_kind.clone();
            if kind[0] == b'(' || kind.starts_with(b"NOTATION(") {
                kind.push(b')');
            }
            let element = self.push_text(&self.declared.element.clone());
            let name = self.push_text(&self.declared.attribute.clone());
            let kind = self.push_text(&kind);
            self.emit(Event::AttlistDeclaration { element, name, kind, default: value, required });
        }
        Ok(())
    }

    fn declare_element(&mut self, role: Role, text: &[u8]) -> Handled {
        let wanted = self.wants(want::ELEMENT);
        let in_element = self.declared.in_element;
        match role {
            Role::ElementRest => return Ok(wanted),
            Role::ElementName => {
                self.declared.in_element = wanted;
                self.declared.element = text.to_vec();
                self.declared.model.clear();
                self.declared.groups.clear();
                self.declared.connectors.clear();
                return Ok(wanted);
            }
            Role::GroupOpen => {
                self.declared.connectors.push(0);
                if in_element {
                    let part = self.add_part(ModelKind::Sequence, Quantifier::Once, None)?;
                    self.declared.groups.push(part);
                }
            }
            Role::GroupSequence | Role::GroupChoice => {
                let (connector, other) = if role == Role::GroupChoice { (b'|', b',') } else { (b',', b'|') };
                let current = self.declared.connectors.last_mut().ok_or(XmlError::Syntax)?;
                if *current == other {
                    return Err(XmlError::Syntax);
                }
                let is_first = std::mem::replace(current, connector) == 0;
                if let (Some(&group), b'|') = (self.declared.groups.last(), connector) {
                    self.declared.model[group].kind = ModelKind::Choice;
                }
                // Only the first bar of a group says something.
                return Ok(in_element && (is_first || connector == b','));
            }
            Role::ContentAny | Role::ContentEmpty if in_element => {
                let kind = if role == Role::ContentAny { ModelKind::Any } else { ModelKind::Empty };
                self.add_part(kind, Quantifier::Once, None)?;
                self.report_element();
            }
            Role::ContentPcdata => {
                if let Some(&group) = self.declared.groups.last() {
                    self.declared.model[group].kind = ModelKind::Mixed;
                }
            }
            Role::ContentElement(quantifier) if in_element => {
                let name = if quantifier == Quantifier::Once { text } else { &text[..text.len() - 1] };
                self.add_part(ModelKind::Name, quantifier, Some(name.to_vec()))?;
            }
            Role::GroupClose(quantifier) => {
                self.declared.connectors.pop();
                if let Some(group) = self.declared.groups.pop() {
                    self.declared.model[group].quantifier = quantifier;
                    if self.declared.groups.is_empty() {
                        self.report_element();
                    }
                }
            }
            _ => return Ok(false),
        }
        Ok(in_element)
    }

    /// Adds a part to the innermost group of the content model.
    fn add_part(&mut self, kind: ModelKind, quantifier: Quantifier, name: Option<Vec<u8>>) -> Result<usize, XmlError> {
        self.accounts.allocate(size_of::<ModelPart>())?;
        let index = self.declared.model.len();
        self.declared.model.push(ModelPart { kind, quantifier, name, children: Vec::new() });
        if let Some(&group) = self.declared.groups.last() {
            self.declared.model[group].children.push(index);
        }
        Ok(index)
    }

    fn report_element(&mut self) {
        self.declared.in_element = false;
        let model = std::mem::take(&mut self.declared.model);
        if self.wants(want::ELEMENT) {
            let name = self.push_text(&self.declared.element.clone());
            self.emit(Event::ElementDeclaration { name, model });
        }
    }
}

/// The error for a token that may not be where it is.
fn error_for(kind: Kind) -> XmlError {
    match kind {
        Kind::ParameterRef => XmlError::ParamEntityRef,
        Kind::XmlDeclaration => XmlError::MisplacedXmlPi,
        _ => XmlError::Syntax,
    }
}

/// Whether this is the number of a version of XML that can be read: `1.` and digits.
fn is_version(text: &[u8]) -> bool {
    text.strip_prefix(b"1.").is_some_and(|minor| !minor.is_empty() && minor.iter().all(u8::is_ascii_digit))
}

/// Version, encoding with its place, and standalone: -1 if not given.
type Declaration<'t> = (Option<&'t [u8]>, Option<(&'t [u8], usize)>, i64);

fn read_declaration<'t>(attributes: &mut PseudoAttributes<'t>, is_text: bool) -> Result<Declaration<'t>, usize> {
    let mut next = attributes.next()?.ok_or(attributes.at)?;
    let mut version = None;
    if next.name == b"version" {
        if !is_version(next.value) {
            return Err(next.value_at);
        }
        version = Some(next.value);
        match attributes.next()? {
            Some(attribute) => next = attribute,
            // A text declaration must tell the encoding.
            None if is_text => return Err(attributes.at),
            None => return Ok((version, None, -1)),
        }
    } else if !is_text {
        return Err(next.name_at);
    }
    let mut encoding = None;
    if next.name == b"encoding" {
        if !next.value.first().is_some_and(u8::is_ascii_alphabetic) {
            return Err(next.value_at);
        }
        encoding = Some((next.value, next.value_at));
        match attributes.next()? {
            Some(attribute) => next = attribute,
            None => return Ok((version, encoding, -1)),
        }
    }
    if next.name != b"standalone" || is_text {
        return Err(next.name_at);
    }
    let standalone = match next.value {
        b"yes" => 1,
        b"no" => 0,
        _ => return Err(next.value_at),
    };
    let rest = &attributes.text[attributes.at..];
    match rest.iter().position(|&byte| !super::chars::is_space(byte)) {
        Some(offset) => Err(attributes.at + offset),
        None => Ok((version, encoding, standalone)),
    }
}
