//! Start tags: attributes, their defaults, and namespaces.

use super::chars::{is_space, name_end};
use super::dtd::Dtd;
use super::engine::{Binding, Engine, Options, Tag};
use super::error::XmlError;
use super::event::{Attribute, Event, Span, want};
use std::collections::HashSet;

const XML_NAMESPACE: &[u8] = b"http://www.w3.org/XML/1998/namespace";
const XMLNS_NAMESPACE: &[u8] = b"http://www.w3.org/2000/xmlns/";

/// The binding of the prefix `xml`, which every document has.
pub(super) fn xml_binding(options: Options) -> Binding {
    Binding { prefix: Some(b"xml".to_vec()), uri: Some(with_separator(XML_NAMESPACE, options)) }
}

/// A namespace's name as it stands in expanded names.
fn with_separator(uri: &[u8], options: Options) -> Vec<u8> {
    let mut uri = uri.to_vec();
    uri.extend(options.namespaces.flatten());
    uri
}

/// Whether a character may be part of a URI.
fn is_uri_character(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"%-._~:/?#[]@!$&'()*+,;=".contains(&byte)
}

fn colon_in(name: &[u8]) -> Option<usize> {
    memchr::memchr(b':', name)
}

/// The prefix that an attribute named `xmlns` or `xmlns:…` binds: `Some(None)` is the default namespace.
fn bound_prefix(name: &[u8]) -> Option<Option<&[u8]>> {
    let rest = name.strip_prefix(b"xmlns")?;
    match rest.first() {
        None => Some(None),
        Some(b':') => Some(Some(&rest[1..])),
        Some(_) => None,
    }
}

/// A list of names among which each new one is looked for.
struct Seen<'d> {
    few: Vec<&'d [u8]>,
    many: HashSet<&'d [u8]>,
}

/// Up to so many names are compared one by one.
const FEW: usize = 12;

impl<'d> Seen<'d> {
    fn new() -> Seen<'d> {
        Seen { few: Vec::new(), many: HashSet::new() }
    }

    /// False if the name was there.
    fn add(&mut self, name: &'d [u8]) -> bool {
        if self.few.len() < FEW {
            let is_new = !self.few.contains(&name);
            self.few.push(name);
            return is_new;
        }
        if self.many.is_empty() {
            self.many.extend(&self.few);
        }
        self.many.insert(name)
    }

    fn contains(&self, name: &[u8]) -> bool {
        self.few.contains(&name) || self.many.contains(name)
    }
}

/// An attribute as it stands in a tag: name, and value between the quotes, as positions in the data.
fn next_attribute(data: &[u8], mut at: usize) -> Option<(usize, usize, usize, usize)> {
    while is_space(data[at]) {
        at += 1;
    }
    if matches!(data[at], b'>' | b'/') {
        return None;
    }
    let name = at;
    let end = name_end(data, at);
    at = end;
    while !matches!(data[at], b'"' | b'\'') {
        at += 1;
    }
    let value = at + 1;
    let length = memchr::memchr(data[at], &data[value..])?;
    Some((name, end, value, value + length))
}

impl Engine {
    /// A start tag, or an empty element's tag.
    pub(super) fn start_tag(&mut self, data: &[u8], at: usize, end: usize, is_empty: bool) -> Result<(), XmlError> {
        let name = &data[at + 1..name_end(data, at + 1)];
        if self.tags.len() == self.tags.capacity() {
            self.accounts.allocate(size_of::<Tag>() + name.len())?;
        }
        let tag = Tag { name: self.names.len(), bindings: self.bindings.len() };
        self.attributes.clear();
        let read = if data[at + 1 + name.len()] == b'>' && self.dtd.borrow().attributes.is_empty() {
            Ok(0)
        } else {
            self.read_attributes(data, name, at + 1 + name.len())
        };
        let (specified, expanded) = match read.and_then(|specified| Ok((specified, self.element_name(name)?))) {
            Ok(read) => read,
            Err(error) => {
                if is_empty {
                    self.end_bindings(tag.bindings);
                }
                return Err(error);
            }
        };
        self.names.extend_from_slice(name);
        self.tags.push(tag);
        if self.wants(want::START_ELEMENT) {
            self.emit(Event::StartElement { name: expanded, specified });
        } else if !(is_empty && self.wants(want::END_ELEMENT)) {
            self.emit_default(&data[at..end]);
        }
        if is_empty {
            if self.wants(want::END_ELEMENT) {
                if self.wants(want::START_ELEMENT) {
                    self.set_place(end);
                }
                self.emit(Event::EndElement { name: expanded });
            }
            self.close_element();
        }
        Ok(())
    }

    /// The attributes of the tag of element `element`, from `at` on. Returns how many are specified.
    fn read_attributes(&mut self, data: &[u8], element: &[u8], mut at: usize) -> Result<usize, XmlError> {
        let dtd = self.dtd.clone();
        let namespaces = self.options.namespaces.is_some();
        let mut seen = Seen::new();
        while let Some((start, end, value, value_end)) = next_attribute(data, at) {
            at = value_end + 1;
            let name = &data[start..end];
            if !seen.add(name) {
                self.set_place(start);
                return Err(XmlError::DuplicateAttribute);
            }
            let is_cdata = is_cdata(&dtd.borrow(), element, name);
            let value = self.attribute_value(data, value, value_end, is_cdata)?;
            match bound_prefix(name).filter(|_| namespaces) {
                Some(prefix) => self.bind(prefix, value)?,
                None => {
                    let name = self.push_text(name);
                    self.attributes.push(Attribute { name, value });
                }
            }
        }
        let specified = self.attributes.len();
        self.add_defaults(&dtd.borrow(), element, &seen)?;
        if namespaces {
            self.expand_attributes()?;
        }
        Ok(specified)
    }

    fn add_defaults(&mut self, dtd: &Dtd, element: &[u8], seen: &Seen<'_>) -> Result<(), XmlError> {
        for default in dtd.attributes.get(element).into_iter().flatten() {
            let Some(value) = &default.value else { continue };
            if seen.contains(&default.name) {
                continue;
            }
            let value = self.push_text(value);
            match bound_prefix(&default.name).filter(|_| self.options.namespaces.is_some()) {
                Some(prefix) => self.bind(prefix, value)?,
                None => {
                    let name = self.push_text(&default.name);
                    self.attributes.push(Attribute { name, value });
                }
            }
        }
        Ok(())
    }

    /// Replaces names with prefixes by expanded ones.
    fn expand_attributes(&mut self) -> Result<(), XmlError> {
        let mut expanded = Vec::new();
        for index in 0..self.attributes.len() {
            let name = self.attributes[index].name;
            let raw = self.bytes(name);
            let Some(colon) = colon_in(raw) else { continue };
            let raw = raw.to_vec();
            let uri = self.uri_of(Some(&raw[..colon])).ok_or(XmlError::UnboundPrefix)?;
            let span = self.push_expanded(&uri, &raw[colon + 1..], Some(&raw[..colon]));
            self.attributes[index].name = span;
            expanded.push(Span { start: span.start, end: span.start + uri.len() + raw.len() - colon - 1 });
        }
        if expanded.len() > 1 {
            let mut seen = Seen::new();
            if !expanded.iter().all(|&span| seen.add(self.bytes(span))) {
                return Err(XmlError::DuplicateAttribute);
            }
        }
        Ok(())
    }

    /// The namespace's name, with the separator, that a prefix or the default stands for.
    fn uri_of(&self, prefix: Option<&[u8]>) -> Option<Vec<u8>> {
        self.bindings.iter().rev().find(|binding| binding.prefix.as_deref() == prefix).and_then(|binding| binding.uri.clone())
    }

    fn push_expanded(&mut self, uri: &[u8], local: &[u8], prefix: Option<&[u8]>) -> Span {
        let start = self.pool().len();
        self.pool().extend_from_slice(uri);
        self.pool().extend_from_slice(local);
        if let (true, Some(prefix), Some(separator)) = (self.triplets, prefix, self.options.namespaces.flatten()) {
            self.pool().push(separator);
            self.pool().extend_from_slice(prefix);
        }
        self.since(start)
    }

    /// The name of an element as it is reported.
    pub(super) fn element_name(&mut self, name: &[u8]) -> Result<Span, XmlError> {
        if self.options.namespaces.is_none() {
            return Ok(self.push_text(name));
        }
        match colon_in(name) {
            Some(colon) => {
                let uri = self.uri_of(Some(&name[..colon])).ok_or(XmlError::UnboundPrefix)?;
                Ok(self.push_expanded(&uri, &name[colon + 1..], Some(&name[..colon])))
            }
            None => match self.uri_of(None) {
                Some(uri) => Ok(self.push_expanded(&uri, name, None)),
                None => Ok(self.push_text(name)),
            },
        }
    }

    /// An attribute binds a prefix to a namespace.
    fn bind(&mut self, prefix: Option<&[u8]>, uri: Span) -> Result<(), XmlError> {
        let name = self.bytes(uri).to_vec();
        self.check_binding(prefix, &name)?;
        let undone = name.is_empty() && prefix.is_none();
        let binding = Binding { prefix: prefix.map(<[u8]>::to_vec), uri: (!undone).then(|| with_separator(&name, self.options)) };
        self.bindings.push(binding);
        if self.wants(want::START_NAMESPACE) {
            let prefix = prefix.map(|prefix| self.push_text(prefix));
            self.emit(Event::StartNamespace { prefix, uri: (!undone).then_some(uri) });
        }
        Ok(())
    }

    /// Ends all bindings but the first so many.
    pub(super) fn end_bindings(&mut self, keep: usize) {
        while self.bindings.len() > keep {
            let binding = self.bindings.pop();
            if self.wants(want::END_NAMESPACE) {
                let prefix = binding.and_then(|binding| binding.prefix).map(|prefix| self.push_text(&prefix));
                self.emit(Event::EndNamespace { prefix });
            }
        }
    }

    fn check_binding(&self, prefix: Option<&[u8]>, uri: &[u8]) -> Result<(), XmlError> {
        if uri.is_empty() && prefix.is_some() {
            return Err(XmlError::UndeclaringPrefix);
        }
        if prefix == Some(b"xmlns") {
            return Err(XmlError::ReservedPrefixXmlns);
        }
        // A separator in a namespace's name would make expanded names ambiguous.
        if let Some(separator) = self.options.namespaces.flatten().filter(|&byte| !is_uri_character(byte))
            && uri.contains(&separator)
        {
            return Err(XmlError::Syntax);
        }
        match (prefix == Some(b"xml"), uri == XML_NAMESPACE) {
            (true, false) => Err(XmlError::ReservedPrefixXml),
            (false, true) => Err(XmlError::ReservedNamespaceUri),
            _ if uri == XMLNS_NAMESPACE => Err(XmlError::ReservedNamespaceUri),
            _ => Ok(()),
        }
    }

    /// What a parser of an external entity must know of the place the entity is in: bindings and open entities, separated
    /// by form feeds.
    pub(super) fn push_context(&mut self, dtd: &Dtd) -> Span {
        let mut context: Vec<u8> = Vec::new();
        let mut seen: Vec<Option<&[u8]>> = Vec::new();
        let separator = usize::from(self.options.namespaces.flatten().is_some());
        for binding in self.bindings.iter().rev() {
            let prefix = binding.prefix.as_deref();
            if seen.contains(&prefix) {
                continue;
            }
            seen.push(prefix);
            let Some(uri) = &binding.uri else { continue };
            if !context.is_empty() {
                context.push(b'\x0c');
            }
            context.extend_from_slice(prefix.unwrap_or_default());
            context.push(b'=');
            context.extend_from_slice(&uri[..uri.len() - separator]);
        }
        for entity in dtd.entities.iter().filter(|entity| entity.open && !entity.is_parameter) {
            if !context.is_empty() {
                context.push(b'\x0c');
            }
            context.extend_from_slice(&entity.name);
        }
        self.push_text(&context)
    }

    /// Takes over a context as [`Engine::push_context`] makes it.
    pub(super) fn set_context(&mut self, context: &[u8]) {
        let mut dtd = self.dtd.borrow_mut();
        for entity in &mut dtd.entities {
            entity.open = false;
        }
        for part in context.split(|&byte| byte == b'\x0c') {
            match part.iter().position(|&byte| byte == b'=') {
                Some(equals) => {
                    let prefix = (equals > 0).then(|| part[..equals].to_vec());
                    if self.options.namespaces.is_some() && prefix.as_deref() != Some(b"xml") {
                        let uri = Some(with_separator(&part[equals + 1..], self.options));
                        self.bindings.push(Binding { prefix, uri });
                    }
                }
                None => {
                    if let Some(index) = dtd.find(part, false) {
                        dtd.entities[index].open = true;
                    }
                }
            }
        }
    }
}

/// Whether an attribute's value is taken as it is: true unless it was declared with another type.
fn is_cdata(dtd: &Dtd, element: &[u8], name: &[u8]) -> bool {
    dtd.attributes.get(element).and_then(|defaults| defaults.iter().find(|default| default.name == name)).is_none_or(|default| default.is_cdata)
}
