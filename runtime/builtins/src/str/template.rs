//! Format strings: `str.format`, `str.format_map`, and the parsers the `_string` module shows.

use super::{args, string};
use crate::format;
use crate::functions::format_value;
use crate::unicode;
use object::str::{Str, StrBuilder, StrData};
use object::vm::{PyResult, Vm};
use object::{Args, Object, ObjectOf, Ref, RefOf};

/// A replacement field.
#[derive(Clone, Copy, Debug)]
pub struct Field<'a> {
    pub name: StrData<'a>,
    pub conversion: Option<u32>,
    pub spec: StrData<'a>,
    /// Whether the specification has fields of its own.
    pub nested: bool,
}

/// Literal text and the field that follows it.
#[derive(Clone, Copy, Debug)]
pub struct Piece<'a> {
    pub literal: StrData<'a>,
    pub field: Option<Field<'a>>,
}

/// Takes a format string apart.
pub struct Pieces<'a> {
    text: StrData<'a>,
    position: usize,
}

const OPEN: u32 = 0x7B;
const CLOSE: u32 = 0x7D;

impl<'a> Pieces<'a> {
    pub fn new(text: StrData<'a>) -> Pieces<'a> {
        Pieces { text, position: 0 }
    }

    /// Where the next piece begins.
    pub fn position(&self) -> usize {
        self.position
    }

    /// Goes on from a place that [`Pieces::position`] gave.
    #[must_use]
    pub fn starting_at(mut self, position: usize) -> Pieces<'a> {
        self.position = position.min(self.text.len());
        self
    }

    fn peek(&self) -> Option<u32> {
        (self.position < self.text.len()).then(|| self.text.at(self.position))
    }

    /// The next piece; an error is the message of a `ValueError`.
    pub fn next_piece(&mut self) -> Result<Option<Piece<'a>>, String> {
        let start = self.position;
        if start == self.text.len() {
            return Ok(None);
        }
        let Some(brace) = self.skip_literal() else {
            return Ok(Some(Piece { literal: self.text.slice(start, self.text.len()), field: None }));
        };
        // The position is behind the brace.
        if self.peek() == Some(brace) {
            self.position += 1;
            return Ok(Some(Piece { literal: self.text.slice(start, self.position - 1), field: None }));
        }
        if brace == CLOSE {
            return Err("Single '}' encountered in format string".into());
        }
        if self.peek().is_none() {
            return Err("Single '{' encountered in format string".into());
        }
        let literal = self.text.slice(start, self.position - 1);
        Ok(Some(Piece { literal, field: Some(self.field()?) }))
    }

    fn skip_literal(&mut self) -> Option<u32> {
        while let Some(code_point) = self.peek() {
            self.position += 1;
            if matches!(code_point, OPEN | CLOSE) {
                return Some(code_point);
            }
        }
        None
    }

    fn field(&mut self) -> Result<Field<'a>, String> {
        let start = self.position;
        let end = loop {
            let Some(code_point) = self.peek() else {
                return Err("expected '}' before end of string".into());
            };
            self.position += 1;
            match code_point {
                OPEN => return Err("unexpected '{' in field name".into()),
                0x5B => {
                    while self.peek().is_some_and(|code_point| code_point != 0x5D) {
                        self.position += 1;
                    }
                }
                CLOSE | 0x3A | 0x21 => break code_point,
                _ => {}
            }
        };
        let name = self.text.slice(start, self.position - 1);
        let empty = self.text.slice(start, start);
        if end == CLOSE {
            return Ok(Field { name, conversion: None, spec: empty, nested: false });
        }
        let mut conversion = None;
        if end == 0x21 {
            let Some(letter) = self.peek() else {
                return Err("end of string while looking for conversion specifier".into());
            };
            self.position += 1;
            conversion = Some(letter);
            if let Some(after) = self.peek() {
                self.position += 1;
                match after {
                    CLOSE => return Ok(Field { name, conversion, spec: empty, nested: false }),
                    0x3A => {}
                    _ => return Err("expected ':' after conversion specifier".into()),
                }
            }
        }
        let (spec, nested) = self.spec()?;
        Ok(Field { name, conversion, spec, nested })
    }

    fn spec(&mut self) -> Result<(StrData<'a>, bool), String> {
        let (start, mut depth, mut nested) = (self.position, 1, false);
        while let Some(code_point) = self.peek() {
            self.position += 1;
            match code_point {
                OPEN => (depth, nested) = (depth + 1, true),
                CLOSE => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return Ok((self.text.slice(start, self.position - 1), nested));
            }
        }
        Err("unmatched '{' in format spec".into())
    }
}

/// A part of a field name after the first.
#[derive(Clone, Copy, Debug)]
pub enum Step<'a> {
    Attribute(StrData<'a>),
    Index(usize),
    Key(StrData<'a>),
}

/// The number a text is, if it is one.
fn number(text: StrData<'_>) -> Result<Option<usize>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    let mut value = 0usize;
    for code_point in text.code_points() {
        let Some(digit) = unicode::decimal_value(code_point) else {
            return Ok(None);
        };
        value = value
            .checked_mul(10)
            .and_then(|value| value.checked_add(usize::from(digit)))
            .filter(|&value| value <= isize::MAX as usize)
            .ok_or_else(|| String::from("Too many decimal digits in format string"))?;
    }
    Ok(Some(value))
}

/// The first part of a field name, the number it is if it is one, and where the rest begins.
pub fn split_first(name: StrData<'_>) -> Result<(StrData<'_>, Option<usize>, usize), String> {
    let end = name.code_points().position(|code_point| matches!(code_point, 0x2E | 0x5B)).unwrap_or(name.len());
    let first = name.slice(0, end);
    Ok((first, number(first)?, end))
}

/// The step of a field name that begins at `position`, which is moved behind it.
pub fn next_step<'a>(name: StrData<'a>, position: &mut usize) -> Result<Option<Step<'a>>, String> {
    if *position >= name.len() {
        return Ok(None);
    }
    let kind = name.at(*position);
    let start = *position + 1;
    let rest = name.slice(start, name.len());
    match kind {
        0x2E => {
            let len = rest.code_points().position(|code_point| matches!(code_point, 0x2E | 0x5B)).unwrap_or(rest.len());
            *position = start + len;
            if len == 0 {
                return Err("Empty attribute in format string".into());
            }
            Ok(Some(Step::Attribute(rest.slice(0, len))))
        }
        0x5B => {
            let Some(len) = rest.code_points().position(|code_point| code_point == 0x5D) else {
                return Err("Missing ']' in format string".into());
            };
            *position = start + len + 1;
            if len == 0 {
                return Err("Empty attribute in format string".into());
            }
            let key = rest.slice(0, len);
            Ok(Some(number(key)?.map_or(Step::Key(key), Step::Index)))
        }
        _ => Err("Only '.' or '[' may follow ']' in format field specifier".into()),
    }
}

/// Where fields find their values.
enum Values<'a> {
    Arguments(Args<'a>),
    Mapping(Ref<'a>),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Numbering {
    Undecided,
    Automatic,
    Manual,
}

struct Formatter<'a> {
    values: Values<'a>,
    numbering: Numbering,
    next: usize,
}

impl Formatter<'_> {
    fn write(&mut self, vm: &mut Vm, text: StrData<'_>, depth: usize, out: &mut StrBuilder) -> PyResult<()> {
        if depth == 0 {
            return Err(vm.value_error("Max string recursion exceeded"));
        }
        let mut pieces = Pieces::new(text);
        loop {
            match pieces.next_piece() {
                Ok(None) => return Ok(()),
                Ok(Some(piece)) => {
                    out.push_data(piece.literal);
                    if let Some(field) = piece.field {
                        let shown = self.field(vm, field, depth)?;
                        out.push_object(&shown);
                    }
                }
                Err(message) => return Err(vm.value_error(message)),
            }
        }
    }

    fn field(&mut self, vm: &mut Vm, field: Field<'_>, depth: usize) -> PyResult<ObjectOf<Str>> {
        let mut value = self.value(vm, field.name)?;
        if let Some(letter) = field.conversion {
            value = match char::from_u32(letter) {
                Some('r') => vm.repr(value.borrow())?.into_object(),
                Some('s') => vm.str(value.borrow())?.into_object(),
                Some('a') => vm.ascii(value.borrow())?.into_object(),
                _ => {
                    let shown = if (0x21..0x7F).contains(&letter) { char::from(letter as u8).to_string() } else { format!("\\x{letter:x}") };
                    return Err(vm.value_error(format!("Unknown conversion specifier {shown}")));
                }
            };
        }
        let spec = if field.nested {
            let mut expanded = StrBuilder::new();
            self.write(vm, field.spec, depth - 1, &mut expanded)?;
            expanded.finish(vm)
        } else {
            vm.new_str_data(field.spec)
        };
        format_value(vm, value.borrow(), spec.borrow().object())
    }

    fn value(&mut self, vm: &mut Vm, name: StrData<'_>) -> PyResult {
        let (first, index, mut position) = match split_first(name) {
            Ok(parts) => parts,
            Err(message) => return Err(vm.value_error(message)),
        };
        let index = self.numbered(vm, first.is_empty(), index)?;
        let mut value = match index {
            Some(index) => self.positional(vm, index)?,
            None => self.named(vm, first)?,
        };
        loop {
            let step = match next_step(name, &mut position) {
                Ok(Some(step)) => step,
                Ok(None) => return Ok(value),
                Err(message) => return Err(vm.value_error(message)),
            };
            value = match step {
                Step::Attribute(attribute) => {
                    let attribute = vm.new_str_data(attribute).into_object();
                    let attribute = vm.intern_object(attribute);
                    vm.get_attr(value.borrow(), attribute.borrow())?
                }
                Step::Index(index) => vm.get_item(value.borrow(), Object::small_int(index as i64).borrow())?,
                Step::Key(key) => {
                    let key = vm.new_str_data(key);
                    vm.get_item(value.borrow(), key.borrow().object())?
                }
            };
        }
    }

    /// Numbers fields that have neither name nor number.
    fn numbered(&mut self, vm: &mut Vm, is_empty: bool, index: Option<usize>) -> PyResult<Option<usize>> {
        let wanted = match (is_empty, index) {
            (true, _) => Numbering::Automatic,
            (false, Some(_)) => Numbering::Manual,
            (false, None) => return Ok(None),
        };
        match (self.numbering, wanted) {
            (Numbering::Manual, Numbering::Automatic) => {
                return Err(vm.value_error("cannot switch from manual field specification to automatic field numbering"));
            }
            (Numbering::Automatic, Numbering::Manual) => {
                return Err(vm.value_error("cannot switch from automatic field numbering to manual field specification"));
            }
            _ => self.numbering = wanted,
        }
        if is_empty {
            self.next += 1;
            return Ok(Some(self.next - 1));
        }
        Ok(index)
    }

    fn positional(&self, vm: &mut Vm, index: usize) -> PyResult {
        match self.values {
            Values::Mapping(_) => Err(vm.value_error("Format string contains positional fields")),
            Values::Arguments(arguments) => match arguments.positionals().get(index) {
                Some(&value) => Ok(value.to_owned()),
                None => Err(vm.raise(&object::exception::INDEX_ERROR, format!("Replacement index {index} out of range for positional args tuple"))),
            },
        }
    }

    fn named(&self, vm: &mut Vm, name: StrData<'_>) -> PyResult {
        match self.values {
            Values::Mapping(mapping) => {
                let key = vm.new_str_data(name);
                vm.get_item(mapping, key.borrow().object())
            }
            Values::Arguments(arguments) => {
                let found = arguments.keywords().find(|(key, _)| key.downcast::<Str>().is_some_and(|key| RefOf::get(key).data().equals(name)));
                match found {
                    Some((_, value)) => Ok(value.to_owned()),
                    None => {
                        let key = vm.new_str_data(name);
                        Err(vm.key_error(key.borrow().object()))
                    }
                }
            }
        }
    }
}

fn run(vm: &mut Vm, this: Ref<'_>, values: Values<'_>) -> PyResult {
    let this = string(vm, this)?;
    let mut out = StrBuilder::with_capacity(this.len() + 16);
    let mut formatter = Formatter { values, numbering: Numbering::Undecided, next: 0 };
    formatter.write(vm, this.get().data(), 2, &mut out)?;
    Ok(out.finish(vm).into_object())
}

pub(super) fn format(vm: &mut Vm, this: Ref<'_>, arguments: Args<'_>) -> PyResult {
    run(vm, this, Values::Arguments(arguments))
}

pub(super) fn format_map(vm: &mut Vm, this: Ref<'_>, mapping: Ref<'_>) -> PyResult {
    run(vm, this, Values::Mapping(mapping))
}

pub(super) fn dunder_format(vm: &mut Vm, this: Ref<'_>, spec: Ref<'_>) -> PyResult {
    let this = string(vm, this)?;
    let spec = args::text(vm, "__format__", "argument", spec)?;
    format::format_str(vm, this, &spec)
}

/// `_string.formatter_parser(text)`: a list of the tuples the iterator gives.
pub fn formatter_parser(vm: &mut Vm, text: RefOf<'_, Str>) -> PyResult<Vec<Object>> {
    let mut pieces = Pieces::new(text.get().data());
    let mut all = Vec::new();
    loop {
        match pieces.next_piece() {
            Ok(Some(piece)) => all.push(piece_tuple(vm, piece)),
            Ok(None) => return Ok(all),
            Err(message) => return Err(vm.value_error(message)),
        }
    }
}

/// `(literal, field name, specification, conversion)`
pub fn piece_tuple(vm: &Vm, piece: Piece<'_>) -> Object {
    let text = |data: StrData<'_>| vm.new_str_data(data).into_object();
    let parts = match piece.field {
        Some(field) => [
            text(piece.literal),
            text(field.name),
            text(field.spec),
            field.conversion.map_or(Object::none(), |letter| vm.new_char(letter).into_object()),
        ],
        None => [text(piece.literal), Object::none(), Object::none(), Object::none()],
    };
    vm.new_tuple(parts).into_object()
}

/// `_string.formatter_field_name_split(name)`: the first part, and the tuples `(is attribute, value)`
/// of the others.
pub fn formatter_field_name_split(vm: &mut Vm, name: RefOf<'_, Str>) -> PyResult<(Object, Vec<Object>)> {
    let data = name.get().data();
    let result = split_first(data).and_then(|(first, index, mut position)| {
        let mut steps = Vec::new();
        while let Some(step) = next_step(data, &mut position)? {
            steps.push(step);
        }
        Ok((first, index, steps))
    });
    let (first, index, steps) = match result {
        Ok(parts) => parts,
        Err(message) => return Err(vm.value_error(message)),
    };
    let first = index.map_or_else(|| vm.new_str_data(first).into_object(), |index| Object::small_int(index as i64));
    let steps = steps.into_iter().map(|step| {
        let (is_attribute, value) = match step {
            Step::Attribute(name) => (true, vm.new_str_data(name).into_object()),
            Step::Index(index) => (false, Object::small_int(index as i64)),
            Step::Key(key) => (false, vm.new_str_data(key).into_object()),
        };
        vm.new_tuple([Object::bool(is_attribute), value]).into_object()
    });
    Ok((first, steps.collect()))
}
