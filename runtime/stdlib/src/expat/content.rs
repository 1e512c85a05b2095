//! The content of the document element, of entities in it, and what follows the element.

use super::chars::{Stop, push_normalized};
use super::engine::{Awaiting, Engine, Flow, OpenEntity, Stage, Step};
use super::error::XmlError;
use super::event::{Event, External, want};
use super::prolog_token;
use super::token::{self, Kind, Token};

/// Text of a document that is not in UTF-8 is reported in pieces no longer than this.
const PIECE: usize = 1024;

impl Engine {
    /// How many elements are open.
    fn level(&self) -> usize {
        self.base_level + self.tags.len()
    }

    /// How many there were where the current entity began.
    fn start_level(&self) -> usize {
        self.open.last().map_or(self.base_level, |open| open.level)
    }

    /// The first token of an external entity.
    pub(super) fn content_start(&mut self, data: &[u8], at: usize) -> Step {
        if self.at_mark(data, at) {
            self.consume(at + 3);
            return Ok(Flow::More);
        }
        match token::content(data, at, self.options.namespaces.is_some()) {
            Err(stop @ (Stop::Partial | Stop::PartialChar)) => return self.end_of_data(stop),
            Ok(Token { kind: Kind::None, .. }) if self.more_to_come() => return Ok(Flow::Wait),
            Ok(Token { kind: Kind::XmlDeclaration, end }) => {
                self.stage = Stage::Content;
                self.consume(end);
                return self.xml_declaration(data, at, end, true);
            }
            _ => {}
        }
        self.stage = Stage::Content;
        Ok(Flow::More)
    }

    pub(super) fn content_step(&mut self, data: &[u8], at: usize) -> Step {
        let token = match token::content(data, at, self.options.namespaces.is_some()) {
            Ok(token) => token,
            Err(stop) => return self.stopped(stop),
        };
        match token.kind {
            Kind::None => return self.end_of_content(at),
            Kind::TrailingReturn | Kind::TrailingBracket if self.more_to_come() => return Ok(Flow::Wait),
            _ => {}
        }
        self.count(token.end - at)?;
        self.consume(token.end);
        let text = &data[at..token.end];
        match token.kind {
            Kind::Text | Kind::TrailingBracket => self.emit_text(text),
            Kind::TrailingReturn if self.start_level() == 0 => {
                self.emit_newline(text);
                return Err(XmlError::NoElements);
            }
            Kind::Newline | Kind::TrailingReturn => self.emit_newline(text),
            Kind::StartTag => self.start_tag(data, at, token.end, false)?,
            Kind::EmptyElement => self.start_tag(data, at, token.end, true)?,
            Kind::EndTag => self.end_tag(data, at, token.end)?,
            Kind::EntityRef => self.content_entity(text)?,
            Kind::CharRef => self.char_reference(text)?,
            Kind::Comment => self.comment(text),
            Kind::Instruction => self.instruction(text),
            Kind::XmlDeclaration => return Err(XmlError::MisplacedXmlPi),
            Kind::CdataOpen => {
                self.stage = Stage::Cdata;
                self.emit_or_default(want::START_CDATA, Event::StartCdata, text);
            }
            _ => self.emit_default(text),
        }
        Ok(Flow::More)
    }

    /// There is nothing left of the current entity, or of the main input.
    fn end_of_content(&mut self, at: usize) -> Step {
        if self.more_to_come() {
            return Ok(Flow::Wait);
        }
        if self.open.is_empty() {
            self.check_rest()?;
        }
        if self.start_level() == 0 {
            self.set_place(at);
            return Err(XmlError::NoElements);
        }
        if self.level() != self.start_level() {
            return Err(XmlError::AsyncEntity);
        }
        match self.open.pop() {
            Some(open) => {
                self.dtd.borrow_mut().entities[open.entity].open = false;
                Ok(Flow::More)
            }
            None => Ok(Flow::Wait),
        }
    }

    /// Reports an event without data.
    fn emit_or_default(&mut self, bits: u32, event: Event, text: &[u8]) {
        if self.wants(bits) {
            self.emit(event);
        } else {
            self.emit_default(text);
        }
    }

    fn emit_text(&mut self, text: &[u8]) {
        if !self.wants(want::TEXT) {
            return self.emit_default(text);
        }
        let converts = self.open.is_empty() && self.coding().is_some_and(super::encoding::Coding::converts);
        let mut rest = text;
        while converts && rest.len() > PIECE {
            let cut = (1..=PIECE).rev().find(|&cut| rest[cut] & 0xC0 != 0x80).unwrap_or(PIECE);
            let span = self.push_text(&rest[..cut]);
            self.emit(Event::Text(span));
            rest = &rest[cut..];
        }
        let span = self.push_text(rest);
        self.emit(Event::Text(span));
    }

    fn emit_newline(&mut self, text: &[u8]) {
        if self.wants(want::TEXT) {
            let span = self.push_text(b"\n");
            self.emit(Event::Text(span));
        } else {
            self.emit_default(text);
        }
    }

    fn char_reference(&mut self, text: &[u8]) -> Result<(), XmlError> {
        let code = token::char_reference_number(text).ok_or(XmlError::BadCharRef)?;
        if !self.wants(want::TEXT) {
            self.emit_default(text);
            return Ok(());
        }
        let start = self.pool().len();
        super::chars::push_code_point(self.pool(), code);
        let span = self.since(start);
        self.emit(Event::Text(span));
        Ok(())
    }

    /// A reference to a general entity; `text` is `&name;`.
    fn content_entity(&mut self, text: &[u8]) -> Result<(), XmlError> {
        let name = &text[1..text.len() - 1];
        if let Some(character) = token::predefined_entity(name) {
            if self.wants(want::TEXT) {
                let span = self.push_text(&[character]);
                self.emit(Event::Text(span));
            } else {
                self.emit_default(text);
            }
            return Ok(());
        }
        let dtd = self.dtd.clone();
        let mut dtd = dtd.borrow_mut();
        let found = dtd.find(name, false);
        if !dtd.has_parameter_refs || dtd.standalone {
            let index = found.ok_or(XmlError::UndefinedEntity)?;
            if !dtd.entities[index].is_internal {
                return Err(XmlError::EntityDeclaredInPe);
            }
        }
        let Some(index) = found else {
            self.skipped_entity(name, text);
            return Ok(());
        };
        let entity = &mut dtd.entities[index];
        if entity.open {
            return Err(XmlError::RecursiveEntityRef);
        }
        if entity.notation.is_some() {
            return Err(XmlError::BinaryEntityRef);
        }
        if let Some(replacement) = entity.text.clone() {
            if !self.expand {
                self.skipped_entity(name, text);
                return Ok(());
            }
            entity.open = true;
            self.room_for_entity()?;
            self.open.push(OpenEntity { entity: index, text: replacement, at: 0, level: self.base_level + self.tags.len(), is_whole: true });
            return Ok(());
        }
        if !self.wants(want::EXTERNAL_ENTITY) {
            self.emit_default(text);
            return Ok(());
        }
        entity.open = true;
        let context = self.push_context(&dtd);
        dtd.entities[index].open = false;
        let external = self.external(&dtd.entities[index]);
        self.emit(Event::ExternalEntity { context: Some(context), external });
        self.awaiting = Some(Awaiting::ContentEntity);
        Ok(())
    }

    fn skipped_entity(&mut self, name: &[u8], text: &[u8]) {
        if self.wants(want::SKIPPED_ENTITY) {
            let name = self.push_text(name);
            self.emit(Event::SkippedEntity { name, is_parameter: false });
        } else {
            self.emit_default(text);
        }
    }

    /// Copies what identifies an external entity.
    pub(super) fn external(&mut self, entity: &super::dtd::Entity) -> External {
        External {
            base: entity.base.as_ref().map(|base| self.push_text(base)),
            system_id: entity.system_id.as_ref().map(|id| self.push_text(id)),
            public_id: entity.public_id.as_ref().map(|id| self.push_text(id)),
        }
    }

    /// A comment; `text` is all of it.
    pub(super) fn comment(&mut self, text: &[u8]) {
        if !self.wants(want::COMMENT) {
            return self.emit_default(text);
        }
        let start = self.pool().len();
        push_normalized(self.pool(), &text[4..text.len() - 3]);
        let span = self.since(start);
        self.emit(Event::Comment(span));
    }

    /// A processing instruction; `text` is all of it.
    pub(super) fn instruction(&mut self, text: &[u8]) {
        if !self.wants(want::INSTRUCTION) {
            return self.emit_default(text);
        }
        let text = &text[2..text.len() - 2];
        let end = super::chars::name_end(text, 0);
        let target = self.push_text(&text[..end]);
        let rest = &text[end..];
        let rest = &rest[rest.iter().position(|&byte| !super::chars::is_space(byte)).unwrap_or(rest.len())..];
        let start = self.pool().len();
        push_normalized(self.pool(), rest);
        let data = self.since(start);
        self.emit(Event::Instruction { target, data });
    }

    fn end_tag(&mut self, data: &[u8], at: usize, end: usize) -> Result<(), XmlError> {
        if self.level() == self.start_level() {
            return Err(XmlError::AsyncEntity);
        }
        let name = &data[at + 2..super::chars::name_end(data, at + 2)];
        let open = self.tags.last().map_or(&[][..], |tag| &self.names[tag.name..]);
        if name != open {
            self.set_place(at + 2);
            return Err(XmlError::TagMismatch);
        }
        if self.wants(want::END_ELEMENT) {
            let name = self.element_name(name)?;
            self.emit(Event::EndElement { name });
        } else {
            self.emit_default(&data[at..end]);
        }
        self.close_element();
        Ok(())
    }

    /// The innermost element ends.
    pub(super) fn close_element(&mut self) {
        let Some(tag) = self.tags.pop() else { return };
        self.names.truncate(tag.name);
        self.end_bindings(tag.bindings);
        if self.level() == 0 {
            self.stage = Stage::Epilog;
        }
    }

    pub(super) fn cdata_step(&mut self, data: &[u8], at: usize) -> Step {
        let token = match token::cdata(data, at) {
            Ok(token) => token,
            Err(Stop::Invalid(at)) => return self.stopped(Stop::Invalid(at)),
            Err(_) if self.more_to_come() => return Ok(Flow::Wait),
            Err(Stop::PartialChar) => return Err(XmlError::PartialChar),
            Err(Stop::Partial) => return Err(XmlError::UnclosedCdataSection),
        };
        if token.kind == Kind::None {
            return if self.more_to_come() { Ok(Flow::Wait) } else { Err(XmlError::UnclosedCdataSection) };
        }
        self.count(token.end - at)?;
        self.consume(token.end);
        let text = &data[at..token.end];
        match token.kind {
            Kind::Newline => self.emit_newline(text),
            Kind::CdataClose => {
                self.stage = Stage::Content;
                self.emit_or_default(want::END_CDATA, Event::EndCdata, text);
            }
            _ => self.emit_text(text),
        }
        Ok(Flow::More)
    }

    /// What follows the document element.
    pub(super) fn epilog_step(&mut self, data: &[u8], at: usize) -> Step {
        let token = match prolog_token::prolog(data, at, self.options.namespaces.is_some()) {
            Ok(token) => token,
            Err(stop) => return self.stopped(stop),
        };
        let text = &data[at..token.end];
        match token.kind {
            prolog_token::Kind::None => {
                if !self.more_to_come() {
                    self.check_rest()?;
                }
                return Ok(Flow::Wait);
            }
            prolog_token::Kind::Space => self.emit_default(text),
            prolog_token::Kind::Instruction => self.instruction(text),
            prolog_token::Kind::Comment => self.comment(text),
            _ => return Err(XmlError::JunkAfterDocElement),
        }
        self.count(text.len())?;
        self.consume(token.end);
        Ok(Flow::More)
    }
}
