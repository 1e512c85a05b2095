//! Values in quotes: of attributes, where entities are expanded and white space normalised, and of entities, where
//! only characters and parameter entities are.

use super::chars::{Stop, is_space, push_code_point};
use super::engine::Engine;
use super::error::XmlError;
use super::event::Span;
use super::token::{self, Kind, Token};
use std::rc::Rc;

/// A text being read: the value itself, or the text of an entity in it.
struct Frame {
    text: Rc<[u8]>,
    at: usize,
    /// `None` for the value itself.
    entity: Option<usize>,
}

impl Engine {
    /// The value of an attribute of a tag, as a span of the pool.
    pub(super) fn attribute_value(&mut self, data: &[u8], start: usize, end: usize, is_cdata: bool) -> Result<Span, XmlError> {
        let value = &data[start..end];
        if is_cdata && !value.iter().any(|byte| matches!(byte, b'&' | b'\t' | b'\r' | b'\n')) {
            return Ok(self.push_text(value));
        }
        let from = self.pool().len();
        self.expand_attribute_value(value, start, is_cdata, false)?;
        Ok(self.since(from))
    }

    /// Appends the value between the quotes `start` and `end` to the pool. `declared`: it is the default in a declaration.
    pub(super) fn expand_attribute_value(&mut self, value: &[u8], start: usize, is_cdata: bool, declared: bool) -> Result<(), XmlError> {
        let from = self.pool().len();
        let mut frames = vec![Frame { text: Rc::from(value), at: 0, entity: None }];
        while let Some(frame) = frames.last_mut() {
            let (text, at) = (frame.text.clone(), frame.at);
            let direct = frame.entity.is_none();
            let token = match token::attribute_value(&text, at, self.options.namespaces.is_some()) {
                Ok(token) => token,
                Err(stop) => {
                    if direct {
                        self.set_place(start + if let Stop::Invalid(at) = stop { at } else { at });
                    }
                    return Err(XmlError::InvalidToken);
                }
            };
            if token.kind == Kind::None {
                if let Some(entity) = frames.pop().and_then(|frame| frame.entity) {
                    self.dtd.borrow_mut().entities[entity].open = false;
                }
                continue;
            }
            frame.at = token.end;
            if !direct {
                self.accounts.count(token.end - at, false)?;
            }
            let part = &text[at..token.end];
            match token.kind {
                Kind::EntityRef => {
                    let place = direct.then_some(start + at);
                    if let Some(frame) = self.attribute_entity(part, place, declared)? {
                        frames.push(frame);
                    }
                }
                _ => {
                    if self.push_attribute_part(token, part, from, is_cdata).is_err() {
                        if direct {
                            self.set_place(start + at);
                        }
                        return Err(XmlError::BadCharRef);
                    }
                }
            }
        }
        if !is_cdata && self.pool().len() > from && self.pool().last() == Some(&b' ') {
            self.pool().pop();
        }
        Ok(())
    }

    /// A part of a value that is no entity. An error: no such character.
    fn push_attribute_part(&mut self, token: Token, part: &[u8], from: usize, is_cdata: bool) -> Result<(), ()> {
        let pool = self.pool();
        let redundant = !is_cdata && (pool.len() == from || pool.last() == Some(&b' '));
        match token.kind {
            Kind::CharRef => match token::char_reference_number(part).ok_or(())? {
                0x20 if redundant => {}
                code => push_code_point(pool, code),
            },
            Kind::Space | Kind::Newline | Kind::TrailingReturn => {
                if !redundant {
                    pool.push(b' ');
                }
            }
            _ => pool.extend_from_slice(part),
        }
        Ok(())
    }

    /// An entity in an attribute's value; `part` is `&name;`.
    fn attribute_entity(&mut self, part: &[u8], place: Option<usize>, declared: bool) -> Result<Option<Frame>, XmlError> {
        let name = &part[1..part.len() - 1];
        if let Some(character) = token::predefined_entity(name) {
            self.pool().push(character);
            return Ok(None);
        }
        let dtd = self.dtd.clone();
        let mut dtd = dtd.borrow_mut();
        let found = dtd.find(name, false);
        let checked = match declared {
            true if !self.roles.document => false,
            true if dtd.standalone => self.open.is_empty(),
            true => !dtd.has_parameter_refs,
            false => !dtd.has_parameter_refs || dtd.standalone,
        };
        if checked {
            let index = found.ok_or(XmlError::UndefinedEntity)?;
            if !dtd.entities[index].is_internal {
                return Err(XmlError::EntityDeclaredInPe);
            }
        }
        let Some(index) = found else { return Ok(None) };
        let entity = &mut dtd.entities[index];
        let error = if entity.open {
            XmlError::RecursiveEntityRef
        } else if entity.notation.is_some() {
            XmlError::BinaryEntityRef
        } else if let Some(text) = entity.text.clone() {
            entity.open = true;
            return Ok(Some(Frame { text, at: 0, entity: Some(index) }));
        } else {
            XmlError::AttributeExternalEntityRef
        };
        if let Some(place) = place {
            self.set_place(place);
        }
        Err(error)
    }

    /// Appends the value of an entity that is declared as the text between the quotes from `start` on.
    pub(super) fn entity_value(&mut self, value: &[u8], start: usize, out: &mut Vec<u8>) -> Result<(), XmlError> {
        let mut frames = vec![Frame { text: Rc::from(value), at: 0, entity: None }];
        while let Some(frame) = frames.last_mut() {
            let (text, at) = (frame.text.clone(), frame.at);
            let place = frame.entity.is_none().then_some(start);
            let token = match token::entity_value(&text, at, self.options.namespaces.is_some()) {
                Ok(token) => token,
                Err(stop) => {
                    let offset = if let Stop::Invalid(at) = stop { at } else { at };
                    place.inspect(|place| self.set_place(place + offset));
                    return Err(XmlError::InvalidToken);
                }
            };
            if token.kind == Kind::None {
                if let Some(entity) = frames.pop().and_then(|frame| frame.entity) {
                    self.dtd.borrow_mut().entities[entity].open = false;
                }
                continue;
            }
            frame.at = token.end;
            self.accounts.count(token.end - at, false)?;
            let part = &text[at..token.end];
            match token.kind {
                Kind::CharRef => match token::char_reference_number(part) {
                    Some(code) => push_code_point(out, code),
                    None => {
                        place.inspect(|place| self.set_place(place + at));
                        return Err(XmlError::BadCharRef);
                    }
                },
                Kind::Newline | Kind::TrailingReturn => out.push(b'\n'),
                Kind::ParameterRef => match self.parameter_in_value(part) {
                    Ok(Some(inner)) => frames.push(inner),
                    Ok(None) => break,
                    Err(error) => {
                        place.inspect(|place| self.set_place(place + at));
                        return Err(error);
                    }
                },
                _ => out.extend_from_slice(part),
            }
        }
        self.accounts.allocate(out.len())
    }

    /// A parameter entity in an entity's value; `part` is `%name;`. `None`: it is not known, and the value ends here.
    fn parameter_in_value(&mut self, part: &[u8]) -> Result<Option<Frame>, XmlError> {
        if !self.is_parameter_entity && self.open.is_empty() {
            return Err(XmlError::ParamEntityRef);
        }
        let dtd = self.dtd.clone();
        let mut dtd = dtd.borrow_mut();
        let standalone = dtd.standalone;
        let Some(index) = dtd.find(&part[1..part.len() - 1], true) else {
            dtd.keep_processing = standalone;
            return Ok(None);
        };
        let entity = &mut dtd.entities[index];
        if entity.open {
            return Err(XmlError::RecursiveEntityRef);
        }
        match entity.text.clone() {
            Some(text) => {
                entity.open = true;
                Ok(Some(Frame { text, at: 0, entity: Some(index) }))
            }
            None => {
                dtd.keep_processing = standalone;
                Ok(None)
            }
        }
    }
}

/// Names and values of an XML declaration, `name="value"`, as positions. `Err` is where it goes wrong.
pub(super) struct PseudoAttributes<'t> {
    pub(super) text: &'t [u8],
    pub(super) at: usize,
}

/// A name and a value, with where they start.
pub(super) struct PseudoAttribute<'t> {
    pub(super) name: &'t [u8],
    pub(super) name_at: usize,
    pub(super) value: &'t [u8],
    pub(super) value_at: usize,
}

impl<'t> PseudoAttributes<'t> {
    fn byte(&self, at: usize) -> Result<u8, usize> {
        self.text.get(at).copied().filter(u8::is_ascii).ok_or(at)
    }

    /// The next one, if there is one.
    pub(super) fn next(&mut self) -> Result<Option<PseudoAttribute<'t>>, usize> {
        let mut at = self.at;
        if at == self.text.len() {
            return Ok(None);
        }
        if !is_space(self.text[at]) {
            return Err(at);
        }
        while self.text.get(at).copied().is_some_and(is_space) {
            at += 1;
        }
        if at == self.text.len() {
            return Ok(None);
        }
        let name_at = at;
        let name_end = loop {
            match self.byte(at)? {
                b'=' => break at,
                byte if is_space(byte) => {
                    let end = at;
                    while is_space(self.byte(at)?) {
                        at += 1;
                    }
                    if self.byte(at)? != b'=' {
                        return Err(at);
                    }
                    break end;
                }
                _ => at += 1,
            }
        };
        if name_end == name_at {
            return Err(at);
        }
        at += 1;
        while is_space(self.byte(at)?) {
            at += 1;
        }
        let quote = self.byte(at)?;
        if quote != b'"' && quote != b'\'' {
            return Err(at);
        }
        let value_at = at + 1;
        at = value_at;
        while self.byte(at)? != quote {
            if !(self.text[at].is_ascii_alphanumeric() || b".-_".contains(&self.text[at])) {
                return Err(at);
            }
            at += 1;
        }
        self.at = at + 1;
        Ok(Some(PseudoAttribute { name: &self.text[name_at..name_end], name_at, value: &self.text[value_at..at], value_at }))
    }
}
