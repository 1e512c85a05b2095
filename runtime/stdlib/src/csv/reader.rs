//! `reader`: a machine that goes through the lines character by character.

use super::dialect::{Dialect, Quoting};
use super::{error, field_limit};
use object::cell::Visitor;
use object::float::FLOAT;
use object::native::{PayloadInfo, flag};
use object::protocol::iter_self;
use object::str::{Str, StrBuilder};
use object::{Getset, Member, Object, ObjectOf, Payload, PyResult, Ref, Slots, Type, TypeSpec, Vm};
use std::cell::Cell;

/// The payload of a reader.
pub struct Reader {
    lines: Object,
    dialect: ObjectOf<Dialect>,
    line_number: Cell<i64>,
    /// How many records have been begun: to notice lines that read from the reader themselves.
    records: Cell<u64>,
}

impl Payload for Reader {
    fn class() -> &'static Type {
        &READER
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        visitor.visit(self.lines.borrow());
        visitor.visit(self.dialect.borrow().object());
    }
}

fn payload(object: Ref<'_>) -> &Reader {
    object.downcast::<Reader>().expect("the slot belongs to the type").get()
}

/// `_csv.reader`
pub static READER: Type = Type::new(&READER_SPEC);
static READER_SPEC: TypeSpec = TypeSpec {
    name: "_csv.reader",
    doc: "CSV reader\n\nReader objects are responsible for reading and parsing tabular data\nin CSV format.\n",
    flags: flag::NO_INSTANTIATION,
    payload: PayloadInfo::of::<Reader>(),
    slots: Slots { iter: Some(iter_self), next: Some(next), ..Slots::NONE },
    members: &[
        Member(Getset::readonly("dialect", "", |_, this| Ok(payload(this).dialect.clone().into_object()))),
        Member(Getset::readonly("line_num", "", |_, this| Ok(Object::small_int(payload(this).line_number.get())))),
    ],
    ..TypeSpec::DEFAULT
};

pub(super) fn new(vm: &Vm, lines: Object, dialect: ObjectOf<Dialect>) -> Object {
    vm.allocate(Reader { lines, dialect, line_number: Cell::new(0), records: Cell::new(0) }).into_object()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    StartRecord,
    StartField,
    Escaped,
    InField,
    InQuotes,
    EscapedInQuotes,
    QuoteInQuotes,
    EatNewLine,
    AfterEscapedNewLine,
}

const NEW_LINE: u32 = 10;

/// A record in the making.
struct Record<'a> {
    dialect: &'a Dialect,
    state: State,
    fields: Vec<Object>,
    field: StrBuilder,
    unquoted: bool,
}

impl Record<'_> {
    fn add(&mut self, vm: &mut Vm, character: u32) -> PyResult<()> {
        let limit = field_limit(vm);
        if self.field.len() as isize >= limit {
            return Err(error(vm, &format!("field larger than field limit ({limit})")));
        }
        self.field.push(character);
        Ok(())
    }

    fn save(&mut self, vm: &mut Vm) -> PyResult<()> {
        let empty = self.field.is_empty();
        let text = std::mem::take(&mut self.field).finish(vm).into_object();
        let value = match self.dialect.quoting {
            Quoting::Strings | Quoting::NotNull if self.unquoted && empty => Object::none(),
            Quoting::NonNumeric | Quoting::Strings if self.unquoted && !empty => vm.call(FLOAT.object(), &[text.borrow()])?,
            _ => text,
        };
        self.fields.push(value);
        Ok(())
    }

    fn is_quote(&self, character: u32) -> bool {
        self.dialect.quote == Some(character) && self.dialect.quoting != Quoting::None
    }

    /// Ends a field at the end of the line; `None` is the end itself, otherwise its character.
    fn end_line(&mut self, vm: &mut Vm, character: Option<u32>) -> PyResult<()> {
        self.save(vm)?;
        self.state = if character.is_some() { State::EatNewLine } else { State::StartRecord };
        Ok(())
    }

    /// Takes a character, or `None` for the end of the line.
    fn take(&mut self, vm: &mut Vm, input: Option<u32>) -> PyResult<()> {
        let ends_line = matches!(input, None | Some(10 | 13));
        match (self.state, input) {
            (State::StartRecord | State::InQuotes | State::AfterEscapedNewLine, None) => Ok(()),
            (State::StartRecord, Some(10 | 13)) => {
                self.state = State::EatNewLine;
                Ok(())
            }
            (State::StartRecord | State::StartField, _) => {
                self.unquoted = true;
                self.start_field(vm, input)
            }
            (State::Escaped, Some(character @ (10 | 13))) => {
                self.state = State::AfterEscapedNewLine;
                self.add(vm, character)
            }
            (State::Escaped, _) => {
                self.state = State::InField;
                self.add(vm, input.unwrap_or(NEW_LINE))
            }
            (State::InField | State::AfterEscapedNewLine, _) if ends_line => self.end_line(vm, input),
            (State::InField | State::AfterEscapedNewLine, Some(character)) => self.in_field(vm, character),
            (State::InField, None) => self.end_line(vm, None),
            (State::InQuotes, Some(character)) => self.in_quotes(vm, character),
            (State::EscapedInQuotes, _) => {
                self.state = State::InQuotes;
                self.add(vm, input.unwrap_or(NEW_LINE))
            }
            (State::QuoteInQuotes, _) => self.after_quote(vm, input),
            (State::EatNewLine, Some(10 | 13)) => Ok(()),
            (State::EatNewLine, None) => {
                self.state = State::StartRecord;
                Ok(())
            }
            (State::EatNewLine, Some(_)) => {
                Err(error(vm, "new-line character seen in unquoted field - do you need to open the file with newline=''?"))
            }
        }
    }

    fn start_field(&mut self, vm: &mut Vm, input: Option<u32>) -> PyResult<()> {
        let Some(character) = input.filter(|character| !matches!(character, 10 | 13)) else { return self.end_line(vm, input) };
        if self.is_quote(character) {
            self.unquoted = false;
            self.state = State::InQuotes;
        } else if self.dialect.escape == Some(character) {
            self.state = State::Escaped;
        } else if character == u32::from(b' ') && self.dialect.skip_space {
            self.state = State::StartField;
        } else if character == self.dialect.delimiter {
            self.state = State::StartField;
            return self.save(vm);
        } else {
            self.state = State::InField;
            return self.add(vm, character);
        }
        Ok(())
    }

    fn in_field(&mut self, vm: &mut Vm, character: u32) -> PyResult<()> {
        if self.dialect.escape == Some(character) {
            self.state = State::Escaped;
            Ok(())
        } else if character == self.dialect.delimiter {
            self.state = State::StartField;
            self.save(vm)
        } else {
            self.state = State::InField;
            self.add(vm, character)
        }
    }

    fn in_quotes(&mut self, vm: &mut Vm, character: u32) -> PyResult<()> {
        if self.dialect.escape == Some(character) {
            self.state = State::EscapedInQuotes;
        } else if self.is_quote(character) {
            self.state = if self.dialect.double_quote { State::QuoteInQuotes } else { State::InField };
        } else {
            return self.add(vm, character);
        }
        Ok(())
    }

    fn after_quote(&mut self, vm: &mut Vm, input: Option<u32>) -> PyResult<()> {
        let Some(character) = input.filter(|character| !matches!(character, 10 | 13)) else { return self.end_line(vm, input) };
        if self.is_quote(character) {
            self.state = State::InQuotes;
            return self.add(vm, character);
        }
        if character == self.dialect.delimiter {
            self.state = State::StartField;
            return self.save(vm);
        }
        if self.dialect.strict {
            let show = |character| char::from_u32(character).unwrap_or('\u{fffd}');
            let message = format!("'{}' expected after '{}'", show(self.dialect.delimiter), self.dialect.quote.map_or('"', show));
            return Err(error(vm, &message));
        }
        self.state = State::InField;
        self.add(vm, character)
    }
}

fn next(vm: &mut Vm, this: Ref<'_>) -> PyResult<Option<Object>> {
    let reader = payload(this);
    let dialect = reader.dialect.borrow().get();
    let mut record = Record { dialect, state: State::StartRecord, fields: Vec::new(), field: StrBuilder::new(), unquoted: true };
    let number = reader.records.get() + 1;
    reader.records.set(number);
    loop {
        let line = vm.next(reader.lines.borrow())?;
        if reader.records.get() != number {
            return Err(error(vm, "iterator has already advanced the reader"));
        }
        let Some(line) = line else {
            if record.field.is_empty() && record.state != State::InQuotes {
                return Ok(None);
            }
            if dialect.strict {
                return Err(error(vm, "unexpected end of data"));
            }
            record.save(vm)?;
            break;
        };
        let Some(text) = line.borrow().downcast::<Str>() else {
            let message =
                format!("iterator should return strings, not {} (the file should be opened in text mode)", line.borrow().class().full_name());
            return Err(error(vm, &message));
        };
        reader.line_number.set(reader.line_number.get() + 1);
        for character in text.get().code_points() {
            record.take(vm, Some(character))?;
        }
        record.take(vm, None)?;
        if record.state == State::StartRecord {
            break;
        }
    }
    Ok(Some(vm.new_list(record.fields).into_object()))
}
