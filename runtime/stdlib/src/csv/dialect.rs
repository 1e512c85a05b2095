//! Dialects: which characters separate and quote fields.

use super::registered;
use object::call::Args;
use object::cell::Visitor;
use object::native::{PayloadInfo, flag};
use object::str::Str;
use object::vm::Raised;
use object::{Getset, Member, Object, ObjectOf, Payload, PyResult, Ref, RefOf, Slots, Type, TypeSpec, Vm, int, method};

/// The module's constants; their values are their positions.
pub(super) const QUOTING_NAMES: [&str; 6] = ["QUOTE_MINIMAL", "QUOTE_ALL", "QUOTE_NONNUMERIC", "QUOTE_NONE", "QUOTE_STRINGS", "QUOTE_NOTNULL"];

/// When fields are quoted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Quoting {
    Minimal,
    All,
    NonNumeric,
    None,
    Strings,
    NotNull,
}

const QUOTINGS: [Quoting; 6] = [Quoting::Minimal, Quoting::All, Quoting::NonNumeric, Quoting::None, Quoting::Strings, Quoting::NotNull];

/// The payload of a `Dialect`.
pub struct Dialect {
    pub(super) delimiter: u32,
    pub(super) quote: Option<u32>,
    pub(super) escape: Option<u32>,
    pub(super) line_end: Object,
    pub(super) quoting: Quoting,
    pub(super) double_quote: bool,
    pub(super) skip_space: bool,
    pub(super) strict: bool,
}

impl Payload for Dialect {
    fn class() -> &'static Type {
        &DIALECT
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        visitor.visit(self.line_end.borrow());
    }
}

fn this(object: Ref<'_>) -> &Dialect {
    object.downcast::<Dialect>().expect("the method belongs to dialects").get()
}

fn char_object(vm: &Vm, character: Option<u32>) -> Object {
    character.map_or(Object::none(), |character| vm.new_char(character).into_object())
}

/// `_csv.Dialect`
pub static DIALECT: Type = Type::new(&DIALECT_SPEC);
static DIALECT_SPEC: TypeSpec = TypeSpec {
    name: "_csv.Dialect",
    doc: "CSV dialect\n\nThe Dialect type records CSV parsing and generation options.\n",
    flags: flag::BASE_TYPE,
    payload: PayloadInfo::of::<Dialect>(),
    slots: Slots { new: Some(new), ..Slots::NONE },
    methods: &[
        method!(Unary refuse_reduce as "__reduce__" "($self, /)", "raises an exception to avoid pickling"),
        method!(Many refuse_reduce_ex as "__reduce_ex__" "", "raises an exception to avoid pickling"),
    ],
    members: &[
        Member(Getset::readonly("skipinitialspace", "", |_, object| Ok(Object::bool(this(object).skip_space)))),
        Member(Getset::readonly("doublequote", "", |_, object| Ok(Object::bool(this(object).double_quote)))),
        Member(Getset::readonly("strict", "", |_, object| Ok(Object::bool(this(object).strict)))),
    ],
    getsets: &[
        Getset::readonly("delimiter", "", |vm, object| Ok(char_object(vm, Some(this(object).delimiter)))),
        Getset::readonly("escapechar", "", |vm, object| Ok(char_object(vm, this(object).escape))),
        Getset::readonly("lineterminator", "", |_, object| Ok(this(object).line_end.clone())),
        Getset::readonly("quotechar", "", |vm, object| Ok(char_object(vm, this(object).quote))),
        Getset::readonly("quoting", "", |_, object| Ok(Object::small_int(this(object).quoting as i64))),
    ],
    ..TypeSpec::DEFAULT
};

fn refuse(vm: &mut Vm, object: Ref<'_>) -> Raised {
    vm.type_error(format!("cannot pickle '{}' instances", object.class().name()))
}

fn refuse_reduce(vm: &mut Vm, object: Ref<'_>) -> PyResult {
    Err(refuse(vm, object))
}

fn refuse_reduce_ex(vm: &mut Vm, object: Ref<'_>, _args: &[Ref<'_>]) -> PyResult {
    Err(refuse(vm, object))
}

/// A dialect from arguments as `reader` takes them after the first.
pub(super) fn make(vm: &mut Vm, args: Args<'_>) -> PyResult<ObjectOf<Dialect>> {
    let dialect = new(vm, DIALECT.as_ref(), args)?;
    match dialect.downcast::<Dialect>() {
        Ok(dialect) => Ok(dialect),
        Err(_) => Err(vm.type_error("a dialect was expected")),
    }
}

const NAMES: [&str; 8] = ["delimiter", "doublequote", "escapechar", "lineterminator", "quotechar", "quoting", "skipinitialspace", "strict"];

fn new(vm: &mut Vm, class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    let mut parent = args.positionals().first().map(|&parent| parent.to_owned());
    let mut given = [const { None }; NAMES.len()];
    for (name, value) in args.keywords() {
        let text = vm.str_text(name)?;
        if text == "dialect" && parent.is_none() {
            parent = Some(value.to_owned());
            continue;
        }
        match NAMES.iter().position(|known| *known == text) {
            Some(index) => given[index] = Some(value.to_owned()),
            None => return Err(vm.type_error(format!("this function got an unexpected keyword argument '{text}'"))),
        }
    }
    let mut parent = parent.filter(|parent| !parent.borrow().is_none());
    if let Some(name) = parent.as_ref().filter(|parent| parent.borrow().downcast::<Str>().is_some()) {
        parent = Some(registered(vm, name.borrow())?);
    }
    if let Some(parent) = parent {
        let unchanged = given.iter().all(Option::is_none) && std::ptr::eq(class.get(), &DIALECT);
        if unchanged && parent.borrow().downcast::<Dialect>().is_some() {
            return Ok(parent);
        }
        for (value, name) in given.iter_mut().zip(NAMES) {
            if value.is_none() {
                *value = vm.find_attr_str(parent.borrow(), name)?;
            }
        }
    }
    let dialect = build(vm, given)?;
    check(vm, &dialect)?;
    Ok(vm.allocate_in(class.get(), dialect))
}

/// A parameter that is a character; `or_none`: or `None`.
fn character(vm: &mut Vm, name: &str, value: Ref<'_>, or_none: bool) -> PyResult<Option<u32>> {
    let wanted = if or_none { "a unicode character or None" } else { "a unicode character" };
    match value.downcast::<Str>() {
        Some(text) if text.len() == 1 => Ok(Some(text.char_at(0))),
        Some(text) => Err(vm.type_error(format!("\"{name}\" must be {wanted}, not a string of length {}", text.len()))),
        None if or_none && value.is_none() => Ok(None),
        None => Err(vm.type_error(format!("\"{name}\" must be {wanted}, not {}", value.class().full_name()))),
    }
}

fn build(vm: &mut Vm, given: [Option<Object>; NAMES.len()]) -> PyResult<Dialect> {
    let [delimiter, double_quote, escape, line_end, quote, quoting, skip_space, strict] = given;
    let delimiter = match delimiter {
        Some(value) => character(vm, "delimiter", value.borrow(), false)?.unwrap_or(0),
        None => u32::from(b','),
    };
    let mut truth = |value: Option<Object>, default| value.map_or(Ok(default), |value| vm.is_true(value.borrow()));
    let (double_quote, skip_space, strict) = (truth(double_quote, true)?, truth(skip_space, false)?, truth(strict, false)?);
    let escape = match escape {
        Some(value) => character(vm, "escapechar", value.borrow(), true)?,
        None => None,
    };
    let line_end = match line_end {
        Some(value) if value.borrow().downcast::<Str>().is_none() => {
            return Err(vm.type_error(format!("\"lineterminator\" must be a string, not {}", value.borrow().class().full_name())));
        }
        Some(value) => value,
        None => vm.new_str("\r\n").into_object(),
    };
    let no_quote = quote.as_ref().is_some_and(|quote| quote.borrow().is_none());
    let quote = match quote {
        Some(value) => character(vm, "quotechar", value.borrow(), true)?,
        None => Some(u32::from(b'"')),
    };
    let quoting = match quoting {
        None if no_quote => Quoting::None,
        None => Quoting::Minimal,
        Some(value) => quoting_of(vm, value.borrow())?,
    };
    if quoting != Quoting::None && quote.is_none() {
        return Err(vm.type_error("quotechar must be set if quoting enabled"));
    }
    Ok(Dialect { delimiter, quote, escape, line_end, quoting, double_quote, skip_space, strict })
}

fn quoting_of(vm: &mut Vm, value: Ref<'_>) -> PyResult<Quoting> {
    if !int::is_int(value) {
        return Err(vm.type_error(format!("\"quoting\" must be an integer, not {}", value.class().full_name())));
    }
    match int::as_u64(value).and_then(|value| QUOTINGS.get(value as usize)) {
        Some(&quoting) => Ok(quoting),
        None => Err(vm.type_error("bad \"quoting\" value")),
    }
}

/// Refuses characters that cannot be told apart.
fn check(vm: &mut Vm, dialect: &Dialect) -> PyResult<()> {
    let characters = [("delimiter", Some(dialect.delimiter)), ("escapechar", dialect.escape), ("quotechar", dialect.quote)];
    for (name, character) in characters {
        let bad_space = dialect.skip_space && name != "delimiter" && character == Some(u32::from(b' '));
        if bad_space || character.is_some_and(|character| matches!(character, 10 | 13)) {
            return Err(vm.value_error(format!("bad {name} value")));
        }
    }
    for (first, second) in [(0, 1), (0, 2), (1, 2)] {
        let ((a_name, a), (b_name, b)) = (characters[first], characters[second]);
        if a.is_some() && a == b {
            return Err(vm.value_error(format!("bad {a_name} or {b_name} value")));
        }
    }
    for (name, character) in characters {
        if character.is_some_and(|character| ends_lines(dialect, character)) {
            return Err(vm.value_error(format!("bad {name} or lineterminator value")));
        }
    }
    Ok(())
}

/// Whether a character is in the line terminator.
pub(super) fn ends_lines(dialect: &Dialect, character: u32) -> bool {
    dialect.line_end.borrow().downcast::<Str>().is_some_and(|end| end.get().code_points().any(|in_end| in_end == character))
}
