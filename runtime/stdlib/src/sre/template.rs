//! `_sre.SRE_Template`: a replacement string, parsed: literals and groups by turns.

use super::drive::{Driver, Subject};
use super::matching::Match;
use super::pattern::join;
use object::bytes::Bytes;
use object::int;
use object::native::{PayloadInfo, TypeSpec, flag};
use object::str::{Str, StrBuilder};
use object::{Object, Payload, PyResult, RefOf, Type, Visitor, Vm};

/// The payload of a template.
pub struct Template {
    literal: Object,
    /// A group, and the literal that follows it unless that is empty.
    parts: Box<[(usize, Option<Object>)]>,
}

pub static TEMPLATE: Type = Type::new(&SPEC);
static SPEC: TypeSpec =
    TypeSpec { name: "_sre.SRE_Template", flags: flag::NO_INSTANTIATION, payload: PayloadInfo::of::<Template>(), ..TypeSpec::DEFAULT };

impl Payload for Template {
    fn class() -> &'static Type {
        &TEMPLATE
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        visitor.visit(self.literal.borrow());
        visitor.visit_all(self.parts.iter().filter_map(|(_, literal)| literal.as_ref()));
    }
}

fn is_empty(literal: &Object) -> bool {
    let literal = literal.borrow();
    literal.downcast::<Str>().is_some_and(|text| text.is_empty()) || literal.downcast::<Bytes>().is_some_and(|data| data.is_empty())
}

/// Makes a template of `[literal, group, literal, ..., literal]`.
pub fn new(vm: &mut Vm, list: Vec<Object>) -> PyResult {
    if list.len().is_multiple_of(2) {
        return Err(vm.type_error("invalid template"));
    }
    let mut list = list.into_iter();
    let literal = list.next().expect("the length is odd");
    let mut parts = Vec::with_capacity(list.len() / 2);
    while let (Some(group), Some(literal)) = (list.next(), list.next()) {
        let Some(number) = int::as_i64(group.borrow()) else {
            return Err(vm.type_error("an integer is required"));
        };
        let Ok(number) = usize::try_from(number) else {
            return Err(vm.type_error("invalid template"));
        };
        parts.push((number, (!is_empty(&literal)).then_some(literal)));
    }
    let template = Template { literal, parts: parts.into_boxed_slice() };
    Ok(vm.allocate(template).into_object())
}

impl Template {
    /// The replacement, if it has no groups.
    pub fn as_literal(&self) -> Option<&Object> {
        self.parts.is_empty().then_some(&self.literal)
    }

    /// The replacement for a match.
    pub fn expand(&self, vm: &mut Vm, matched: RefOf<'_, Match>) -> PyResult {
        if self.parts.is_empty() {
            return Ok(self.literal.clone());
        }
        let mut pieces = Vec::with_capacity(1 + 2 * self.parts.len());
        if !is_empty(&self.literal) {
            pieces.push(self.literal.clone());
        }
        for (group, literal) in &self.parts {
            if let Some(text) = matched.group_at(vm, *group)? {
                pieces.push(text);
            }
            pieces.extend(literal.clone());
        }
        join(vm, pieces, matched.is_text())
    }
}

/// Whether a literal is text and the subject too, or both are bytes.
pub fn is_like(subject: &Subject, literal: &Object) -> bool {
    match subject {
        Subject::Text(_) => literal.borrow().downcast::<Str>().is_some(),
        Subject::Bytes(..) => literal.borrow().downcast::<Bytes>().is_some(),
    }
}

impl Template {
    /// Whether the literals are of the subject's type.
    pub fn is_like(&self, subject: &Subject) -> bool {
        is_like(subject, &self.literal) && self.parts.iter().all(|(_, literal)| literal.as_ref().is_none_or(|literal| is_like(subject, literal)))
    }

    /// Whether it refers to no group but these.
    pub fn is_within(&self, groups: usize) -> bool {
        self.parts.iter().all(|&(group, _)| group <= groups)
    }

    /// Writes the replacement for the last match.
    pub fn write(&self, vm: &Vm, subject: &Subject, driver: &Driver, output: &mut Output) {
        output.push_literal(&self.literal);
        for (group, literal) in &self.parts {
            if let Some((start, end)) = driver.group(*group) {
                output.push_part(vm, subject, start, end);
            }
            if let Some(literal) = literal {
                output.push_literal(literal);
            }
        }
    }
}

/// A string or bytes in the making.
pub enum Output {
    Text(StrBuilder),
    Bytes(Vec<u8>),
}

impl Output {
    /// Of the type that parts of the subject have.
    pub fn new(subject: &Subject) -> Output {
        match subject {
            Subject::Text(_) => Output::Text(StrBuilder::new()),
            Subject::Bytes(..) => Output::Bytes(Vec::new()),
        }
    }

    /// Appends a part of the subject.
    pub fn push_part(&mut self, vm: &Vm, subject: &Subject, start: usize, end: usize) {
        match (self, subject) {
            (Output::Text(builder), Subject::Text(object)) => {
                if let Some(text) = object.borrow().downcast::<Str>() {
                    builder.push_data(text.data().slice(start, end));
                }
            }
            (Output::Bytes(data), Subject::Bytes(_, buffer)) => data.extend_from_slice(&buffer.bytes(vm)[start..end]),
            _ => {}
        }
    }

    /// Appends an object of the output's type.
    pub fn push_literal(&mut self, literal: &Object) {
        match self {
            Output::Text(builder) => {
                if let Some(text) = literal.borrow().downcast::<Str>() {
                    builder.push_object(&text);
                }
            }
            Output::Bytes(data) => {
                if let Some(bytes) = literal.borrow().downcast::<Bytes>() {
                    data.extend_from_slice(bytes.data());
                }
            }
        }
    }

    pub fn finish(self, vm: &Vm) -> Object {
        match self {
            Output::Text(builder) => builder.finish(vm).into_object(),
            Output::Bytes(data) => vm.new_bytes(&data).into_object(),
        }
    }
}
