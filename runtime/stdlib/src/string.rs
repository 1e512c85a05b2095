//! `_string`: format strings taken apart, for `string.Formatter`.

use builtins::unicode;
use object::native::{Module, PayloadInfo, TypeSpec, flag};
use object::protocol::iter_self;
use object::singleton::ModuleObject;
use object::str::{Str, StrData};
use object::{Object, ObjectOf, Payload, PyResult, Raised, Ref, RefOf, Slots, Type, Visitor, Vm, method};
use std::cell::Cell;

pub static MODULE: Module = Module {
    name: "_string",
    doc: "string helper module",
    functions: &[
        method!(Binary formatter_parser "($module, object, /)", "parse the argument as a format string"),
        method!(Binary formatter_field_name_split "($module, object, /)", "split the argument as a field name"),
    ],
    init: Some(init),
    ..Module::DEFAULT
};

fn init(vm: &mut Vm, _module: RefOf<'_, ModuleObject>) -> PyResult<()> {
    object::type_new::ready(vm, &FORMATTER_ITERATOR);
    object::type_new::ready(vm, &FIELD_NAME_ITERATOR);
    Ok(())
}

/// The payload of both iterators: a string and where in it they are.
pub struct FormatterIterator {
    text: ObjectOf<Str>,
    position: Cell<usize>,
}

pub static FORMATTER_ITERATOR: Type = Type::new(&FORMATTER_SPEC);
static FORMATTER_SPEC: TypeSpec = TypeSpec {
    name: "formatteriterator",
    flags: flag::NO_INSTANTIATION,
    payload: PayloadInfo::of::<FormatterIterator>(),
    slots: Slots { iter: Some(iter_self), next: Some(formatter_next), ..Slots::NONE },
    ..TypeSpec::DEFAULT
};

impl Payload for FormatterIterator {
    fn class() -> &'static Type {
        &FORMATTER_ITERATOR
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        visitor.visit(self.text.borrow().object());
    }
}

/// The payload of the iterator over the rest of a field name.
pub struct FieldNameIterator {
    text: ObjectOf<Str>,
    position: Cell<usize>,
}

pub static FIELD_NAME_ITERATOR: Type = Type::new(&FIELD_NAME_SPEC);
static FIELD_NAME_SPEC: TypeSpec = TypeSpec {
    name: "fieldnameiterator",
    flags: flag::NO_INSTANTIATION,
    payload: PayloadInfo::of::<FieldNameIterator>(),
    slots: Slots { iter: Some(iter_self), next: Some(field_name_next), ..Slots::NONE },
    ..TypeSpec::DEFAULT
};

impl Payload for FieldNameIterator {
    fn class() -> &'static Type {
        &FIELD_NAME_ITERATOR
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        visitor.visit(self.text.borrow().object());
    }
}

fn string_argument<'a>(vm: &mut Vm, object: Ref<'a>) -> PyResult<RefOf<'a, Str>> {
    object.downcast::<Str>().ok_or_else(|| vm.type_error(format!("expected str, got {}", object.class().full_name())))
}

fn formatter_parser(vm: &mut Vm, _module: Ref<'_>, object: Ref<'_>) -> PyResult {
    let text = string_argument(vm, object)?.to_owned();
    Ok(vm.allocate(FormatterIterator { text, position: Cell::new(0) }).into_object())
}

/// What stands between the braces, as ranges of characters.
#[derive(Default)]
struct Field {
    name: (usize, usize),
    conversion: Option<u32>,
    spec: (usize, usize),
}

const OPEN: u32 = b'{' as u32;
const CLOSE: u32 = b'}' as u32;

/// Literal text from `start` on: its end, where to go on, whether a field follows.
fn literal(vm: &mut Vm, text: StrData<'_>, start: usize) -> PyResult<(usize, usize, bool)> {
    let mut position = start;
    while position < text.len() {
        let character = text.at(position);
        position += 1;
        if character != OPEN && character != CLOSE {
            continue;
        }
        let doubled = position < text.len() && text.at(position) == character;
        if doubled {
            return Ok((position, position + 1, false));
        }
        if character == CLOSE {
            return Err(vm.value_error("Single '}' encountered in format string"));
        }
        if position == text.len() {
            return Err(vm.value_error("Single '{' encountered in format string"));
        }
        return Ok((position - 1, position, true));
    }
    Ok((position, position, false))
}

/// The field that starts behind a brace, and where to go on.
fn field(vm: &mut Vm, text: StrData<'_>, start: usize) -> PyResult<(Field, usize)> {
    let (mut position, mut last) = (start, 0);
    let next = |position: &mut usize| {
        let character = (*position < text.len()).then(|| text.at(*position));
        *position += usize::from(character.is_some());
        character
    };
    while let Some(character) = next(&mut position) {
        last = character;
        match u8::try_from(character) {
            Ok(b'{') => return Err(vm.value_error("unexpected '{' in field name")),
            Ok(b'[') => {
                while position < text.len() && text.at(position) != u32::from(b']') {
                    position += 1;
                }
            }
            Ok(b'}' | b':' | b'!') => break,
            _ => {}
        }
    }
    let mut field = Field { name: (start, position - 1), ..Field::default() };
    match u8::try_from(last) {
        Ok(b'}') => return Ok((field, position)),
        Ok(b'!') => {
            let Some(conversion) = next(&mut position) else {
                return Err(vm.value_error("end of string while looking for conversion specifier"));
            };
            field.conversion = Some(conversion);
            match next(&mut position) {
                Some(CLOSE) => return Ok((field, position)),
                Some(character) if character != u32::from(b':') => return Err(vm.value_error("expected ':' after conversion specifier")),
                _ => {}
            }
        }
        Ok(b':') => {}
        _ => return Err(vm.value_error("expected '}' before end of string")),
    }
    let (spec, mut depth) = (position, 1);
    while let Some(character) = next(&mut position) {
        match character {
            OPEN => depth += 1,
            CLOSE => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            field.spec = (spec, position - 1);
            return Ok((field, position));
        }
    }
    Err(vm.value_error("unmatched '{' in format spec"))
}

fn part(vm: &Vm, text: &Str, (start, end): (usize, usize)) -> Object {
    vm.str_slice(text, start, end - start).into_object()
}

fn formatter_next(vm: &mut Vm, this: Ref<'_>) -> PyResult<Option<Object>> {
    let this = this.downcast::<FormatterIterator>().expect("the slot belongs to the type");
    let (text, start) = (this.text.borrow(), this.position.get());
    if start >= text.len() {
        return Ok(None);
    }
    let data = text.get().data();
    let (end, next, has_field) = literal(vm, data, start)?;
    let before = part(vm, &text, (start, end));
    if !has_field {
        this.position.set(next);
        return Ok(Some(vm.new_tuple([before, Object::none(), Object::none(), Object::none()]).into_object()));
    }
    let (field, next) = field(vm, data, next)?;
    this.position.set(next);
    let (name, spec) = (part(vm, &text, field.name), part(vm, &text, field.spec));
    let conversion = field.conversion.map_or(Object::none(), |conversion| vm.new_char(conversion).into_object());
    Ok(Some(vm.new_tuple([before, name, spec, conversion]).into_object()))
}

fn is_separator(character: u32) -> bool {
    character == u32::from(b'.') || character == u32::from(b'[')
}

/// A part of a field name: an int if it is written in decimal digits.
fn key(vm: &mut Vm, text: &Str, (start, end): (usize, usize)) -> PyResult {
    let digits = text.data().slice(start, end).code_points().map(unicode::decimal_value).collect::<Option<Vec<u8>>>();
    match digits.filter(|digits| !digits.is_empty()) {
        None => Ok(part(vm, text, (start, end))),
        Some(digits) => {
            let value = digits.iter().try_fold(0i64, |value, &digit| value.checked_mul(10)?.checked_add(i64::from(digit)));
            match value {
                Some(value) => Ok(vm.new_int(value)),
                None => Err(too_many_digits(vm)),
            }
        }
    }
}

fn too_many_digits(vm: &mut Vm) -> Raised {
    vm.value_error("Too many decimal digits in format string")
}

fn formatter_field_name_split(vm: &mut Vm, _module: Ref<'_>, object: Ref<'_>) -> PyResult {
    let text = string_argument(vm, object)?;
    let end = text.code_points().position(is_separator).unwrap_or(text.len());
    let first = key(vm, &text, (0, end))?;
    let rest = vm.allocate(FieldNameIterator { text: text.to_owned(), position: Cell::new(end) }).into_object();
    Ok(vm.new_tuple([first, rest]).into_object())
}

fn field_name_next(vm: &mut Vm, this: Ref<'_>) -> PyResult<Option<Object>> {
    let this = this.downcast::<FieldNameIterator>().expect("the slot belongs to the type");
    let (text, start) = (this.text.borrow(), this.position.get());
    if start >= text.len() {
        return Ok(None);
    }
    let data = text.get().data();
    let is_attribute = data.at(start) == u32::from(b'.');
    if !is_attribute && data.at(start) != u32::from(b'[') {
        return Err(vm.value_error("Only '.' or '[' may follow ']' in format field specifier"));
    }
    let start = start + 1;
    let rest = data.slice(start, data.len());
    let (end, next) = if is_attribute {
        let end = start + rest.code_points().position(is_separator).unwrap_or(rest.len());
        (end, end)
    } else {
        match rest.code_points().position(|character| character == u32::from(b']')) {
            Some(len) => (start + len, start + len + 1),
            None => return Err(vm.value_error("Missing ']' in format string")),
        }
    };
    if start == end {
        return Err(vm.value_error("Empty attribute in format string"));
    }
    this.position.set(next);
    let key = if is_attribute { part(vm, &text, (start, end)) } else { key(vm, &text, (start, end))? };
    Ok(Some(vm.new_tuple([Object::bool(is_attribute), key]).into_object()))
}
