//! `re.Pattern`, scanners and the iterator of `finditer`.

use super::drive::{Driver, Mode, Range, Span, Subject};
use super::matching;
use super::program::Program;
use super::template::{self, Output, Template};
use builtins::dict::mapping_proxy::new_proxy;
use bytecode::opcode::Comparison;
use object::bytes::Bytes;
use object::dict::Dict;
use object::native::{Getset, Member, PayloadInfo, TypeSpec, flag};
use object::protocol::iter_self;
use object::str::{Str, StrBuilder, StrData};
use object::tuple::Tuple;
use object::{Object, ObjectOf, Payload, PyResult, Ref, RefOf, Slots, Type, Visitor, Vm, method};
use std::cell::{Cell, OnceCell};

/// What a pattern can be matched against.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Text,
    Bytes,
}

/// The payload of a pattern.
pub struct Pattern {
    pub source: Object,
    pub flags: i32,
    pub code: Box<[u32]>,
    pub groups: usize,
    /// What runs, made of the code words when it is first to run: many patterns are compiled and never used.
    pub program: OnceCell<Program>,
    /// A dict: name of a group to its number.
    pub group_index: Object,
    /// The names of groups by number.
    pub index_group: ObjectOf<Tuple>,
    /// `None`: made without a source, matches anything.
    pub kind: Option<Kind>,
}

impl Pattern {
    /// What runs.
    #[inline]
    pub fn program(&self) -> &Program {
        self.program.get_or_init(|| Program::new(&self.code, self.groups))
    }
}

pub static PATTERN: Type = Type::new(&SPEC);
static SPEC: TypeSpec = TypeSpec {
    name: "re.Pattern",
    doc: "Compiled regular expression object.",
    flags: flag::NO_INSTANTIATION | flag::WEAK_REFERENCES,
    payload: PayloadInfo::of::<Pattern>(),
    slots: Slots { repr: Some(repr), hash: Some(hash), compare: Some(compare), ..Slots::NONE },
    methods: &[
        method!(Bound match_ as "match" "($self, /, string, pos=0, endpos=sys.maxsize)", "Matches zero or more characters at the beginning of the string."),
        method!(Bound fullmatch "($self, /, string, pos=0, endpos=sys.maxsize)", "Matches against all of the string."),
        method!(Bound search "($self, /, string, pos=0, endpos=sys.maxsize)", "Scan through string looking for a match, and return a corresponding match object instance.\n\nReturn None if no position in the string matches."),
        method!(Bound sub "($self, /, repl, string, count=0)", "Return the string obtained by replacing the leftmost non-overlapping occurrences of pattern in string by the replacement repl."),
        method!(Bound subn "($self, /, repl, string, count=0)", "Return the tuple (new_string, number_of_subs_made) found by replacing the leftmost non-overlapping occurrences of pattern with the replacement repl."),
        method!(Bound findall "($self, /, string, pos=0, endpos=sys.maxsize)", "Return a list of all non-overlapping matches of pattern in string."),
        method!(Bound split "($self, /, string, maxsplit=0)", "Split string by the occurrences of pattern."),
        method!(Bound finditer "($self, /, string, pos=0, endpos=sys.maxsize)", "Return an iterator over all non-overlapping matches for the RE pattern in string.\n\nFor each match, the iterator returns a match object."),
        method!(Bound scanner "($self, /, string, pos=0, endpos=sys.maxsize)", ""),
        method!(Unary copy as "__copy__" "($self, /)", ""),
        method!(Binary deepcopy as "__deepcopy__" "($self, memo, /)", ""),
        method!(Binary class_getitem as "__class_getitem__" "($type, item, /)", "See PEP 585").class_method(),
    ],
    getsets: &[Getset::readonly("groupindex", "A dictionary mapping group names to group numbers.", |vm, this| {
        Ok(new_proxy(vm, pattern(this).group_index.clone()))
    })],
    members: &[
        Member(Getset::readonly("pattern", "The pattern string from which the RE object was compiled.", |_, this| Ok(pattern(this).source.clone()))),
        Member(Getset::readonly("flags", "The regex matching flags.", |vm, this| Ok(vm.new_int(i64::from(pattern(this).flags))))),
        Member(Getset::readonly("groups", "The number of capturing groups in the pattern.", |vm, this| Ok(vm.new_int(pattern(this).groups as i64)))),
    ],
    ..TypeSpec::DEFAULT
};

impl Payload for Pattern {
    fn class() -> &'static Type {
        &PATTERN
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        visitor.visit(self.source.borrow());
        visitor.visit(self.group_index.borrow());
        visitor.visit(self.index_group.borrow().object());
    }
}

fn pattern<'a>(this: Ref<'a>) -> RefOf<'a, Pattern> {
    this.downcast::<Pattern>().expect("the method belongs to the type")
}

/// A string or the bytes of an object, as a subject of matching.
#[inline]
pub fn check_subject(vm: &mut Vm, object: Ref<'_>) -> PyResult<Subject> {
    if object.downcast::<Str>().is_some() {
        return Ok(Subject::Text(object.to_owned()));
    }
    if !vm.has_buffer(object) {
        return Err(vm.type_error(format!("expected string or bytes-like object, got '{}'", object.class().full_name())));
    }
    let buffer = vm.buffer(object)?;
    Ok(Subject::Bytes(object.to_owned(), Box::new(buffer)))
}

impl Pattern {
    pub fn names(&self) -> RefOf<'_, Dict> {
        self.group_index.borrow().downcast::<Dict>().expect("compile() has checked it")
    }

    pub fn group_name(&self, index: usize) -> Option<Ref<'_>> {
        self.index_group.borrow().get().items().get(index).copied()
    }

    fn subject(&self, vm: &mut Vm, object: Ref<'_>) -> PyResult<Subject> {
        let subject = check_subject(vm, object)?;
        match (&subject, self.kind) {
            (Subject::Text(_), Some(Kind::Bytes)) => Err(vm.type_error("cannot use a bytes pattern on a string-like object")),
            (Subject::Bytes(..), Some(Kind::Text)) => Err(vm.type_error("cannot use a string pattern on a bytes-like object")),
            _ => Ok(subject),
        }
    }
}

/// Subject and range of `string, pos, endpos`.
fn subject_and_range(vm: &mut Vm, pattern: RefOf<'_, Pattern>, args: &[Option<Ref<'_>>]) -> PyResult<(Subject, Range)> {
    let mut bound = |index: Option<Ref<'_>>, default| match index {
        Some(index) => index.as_small_int().map_or_else(|| vm.index_isize(index), |index| Ok(index as isize)),
        None => Ok(default),
    };
    let (start, end) = (bound(args[1], 0)?, bound(args[2], isize::MAX)?);
    let subject = pattern.subject(vm, args[0].expect("the argument is required"))?;
    let clamp = |index: isize| usize::try_from(index).unwrap_or(0).min(subject.len());
    let range = Range { start: clamp(start), end: clamp(end), must_advance: false };
    Ok((subject, range))
}

fn find(vm: &mut Vm, this: Ref<'_>, args: &[Option<Ref<'_>>], mode: Mode) -> PyResult {
    let pattern = pattern(this);
    let (subject, range) = subject_and_range(vm, pattern, args)?;
    let mut driver = Driver::new();
    if !driver.run(vm, pattern.program(), &subject, range, mode) {
        return Ok(Object::none());
    }
    Ok(matching::new(vm, pattern, &subject, range, driver.found(pattern.program())))
}

fn match_(vm: &mut Vm, this: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    find(vm, this, args, Mode::Match)
}

fn fullmatch(vm: &mut Vm, this: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    find(vm, this, args, Mode::FullMatch)
}

fn search(vm: &mut Vm, this: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    find(vm, this, args, Mode::Search)
}

/// The range after a match.
fn after(range: Range, (start, end): (usize, usize)) -> Range {
    Range { start: end, must_advance: start == end, ..range }
}

fn findall(vm: &mut Vm, this: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let pattern = pattern(this);
    let (subject, mut range) = subject_and_range(vm, pattern, args)?;
    let mut driver = Driver::new();
    let mut result = Vec::new();
    while driver.run(vm, pattern.program(), &subject, range, Mode::Search) {
        let text = |span: Span| {
            let (start, end) = span.unwrap_or((0, 0));
            subject.slice(vm, start, end)
        };
        result.push(match pattern.groups {
            0 => text(Some(driver.span())),
            1 => text(driver.group(1)),
            groups => vm.new_tuple((1..=groups).map(|index| text(driver.group(index))).collect::<Vec<_>>()).into_object(),
        });
        range = after(range, driver.span());
    }
    Ok(vm.new_list(result).into_object())
}

fn split(vm: &mut Vm, this: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let pattern = pattern(this);
    let most = args[1].map_or(Ok(0), |most| vm.index_isize(most))?;
    let subject = pattern.subject(vm, args[0].expect("the argument is required"))?;
    let mut range = Range { start: 0, end: subject.len(), must_advance: false };
    let mut driver = Driver::new();
    let (mut result, mut last, mut count) = (Vec::new(), 0, 0);
    while (most == 0 || count < most) && driver.run(vm, pattern.program(), &subject, range, Mode::Search) {
        let (start, end) = driver.span();
        result.push(subject.slice(vm, last, start));
        for index in 1..=pattern.groups {
            result.push(driver.group(index).map_or(Object::none(), |(start, end)| subject.slice(vm, start, end)));
        }
        count += 1;
        last = end;
        range = after(range, (start, end));
    }
    result.push(subject.slice(vm, last, subject.len()));
    Ok(vm.new_list(result).into_object())
}

/// `re._compile_template(pattern, replacement)`
pub fn compile_template(vm: &mut Vm, pattern: RefOf<'_, Pattern>, replacement: Ref<'_>) -> PyResult {
    let re = vm.import("re")?;
    vm.call_method(re.borrow(), "_compile_template", &[pattern.object(), replacement])
}

/// Joins pieces of text or bytes.
pub fn join(vm: &mut Vm, pieces: Vec<Object>, text: bool) -> PyResult {
    if let [only] = &*pieces
        && only.borrow().is_exactly(if text { &object::str::STR } else { &object::bytes::BYTES })
    {
        return Ok(only.clone());
    }
    if text {
        let mut builder = StrBuilder::new();
        for (index, piece) in pieces.iter().enumerate() {
            match piece.borrow().downcast::<Str>() {
                Some(piece) => builder.push_object(&piece),
                None => {
                    return Err(vm.type_error(format!("sequence item {index}: expected str instance, {} found", piece.borrow().class().full_name())));
                }
            }
        }
        return Ok(builder.finish(vm).into_object());
    }
    let mut data = Vec::new();
    for (index, piece) in pieces.iter().enumerate() {
        if let Some(piece) = object::bytes::as_bytes(piece.borrow()) {
            data.extend_from_slice(piece);
        } else if vm.has_buffer(piece.borrow()) {
            let buffer = vm.buffer(piece.borrow())?;
            data.extend_from_slice(buffer.bytes(vm));
        } else {
            return Err(vm.type_error(format!("sequence item {index}: expected a bytes-like object, {} found", piece.borrow().class().full_name())));
        }
    }
    Ok(vm.new_bytes(&data).into_object())
}

/// What a match is replaced by.
enum Replacement {
    Literal(Object),
    Template(ObjectOf<Template>),
    Function(Object),
}

/// Whether a replacement has no backslash, so that nothing in it needs to be parsed.
fn is_plain(vm: &mut Vm, replacement: Ref<'_>) -> PyResult<bool> {
    if let Some(text) = replacement.downcast::<Str>() {
        return Ok(match text.data() {
            StrData::Latin1(units) => !units.contains(&b'\\'),
            StrData::Ucs2(units) => !units.contains(&u16::from(b'\\')),
            StrData::Ucs4(units) => !units.contains(&u32::from(b'\\')),
        });
    }
    if let Some(data) = replacement.downcast::<Bytes>() {
        return Ok(!data.data().contains(&b'\\'));
    }
    if vm.has_buffer(replacement) {
        let buffer = vm.buffer(replacement)?;
        return Ok(!buffer.bytes(vm).contains(&b'\\'));
    }
    Ok(false)
}

fn replacement(vm: &mut Vm, pattern: RefOf<'_, Pattern>, given: Ref<'_>) -> PyResult<Replacement> {
    if given.class().slots().call.is_some() {
        return Ok(Replacement::Function(given.to_owned()));
    }
    if is_plain(vm, given)? {
        return Ok(Replacement::Literal(given.to_owned()));
    }
    let compiled = compile_template(vm, pattern, given)?;
    match compiled.downcast::<Template>() {
        Ok(template) => Ok(match template.as_literal() {
            Some(literal) => Replacement::Literal(literal.clone()),
            None => Replacement::Template(template),
        }),
        Err(other) => Ok(Replacement::Function(other)),
    }
}

/// The string with replacements, and how many there were.
fn substitute(vm: &mut Vm, this: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult<(Object, isize)> {
    let pattern = pattern(this);
    let most = args[2].map_or(Ok(0), |most| vm.index_isize(most))?;
    let replacement = replacement(vm, pattern, args[0].expect("the argument is required"))?;
    let subject = pattern.subject(vm, args[1].expect("the argument is required"))?;
    match &replacement {
        Replacement::Template(template) if template.is_like(&subject) && template.is_within(pattern.groups) => {
            Ok(substitute_directly(vm, pattern, &subject, most, |vm, driver, output| template.write(vm, &subject, driver, output)))
        }
        Replacement::Literal(literal) if template::is_like(&subject, literal) => {
            Ok(substitute_directly(vm, pattern, &subject, most, |_, _, output| output.push_literal(literal)))
        }
        _ => substitute_pieces(vm, pattern, &replacement, &subject, most),
    }
}

/// Writes text and replacements one after the other; the replacements are of the subject's type.
fn substitute_directly(
    vm: &mut Vm,
    pattern: RefOf<'_, Pattern>,
    subject: &Subject,
    most: isize,
    mut replace: impl FnMut(&Vm, &Driver, &mut Output),
) -> (Object, isize) {
    let mut range = Range { start: 0, end: subject.len(), must_advance: false };
    let mut driver = Driver::new();
    let mut output = Output::new(subject);
    let (mut last, mut count) = (0, 0);
    while (most == 0 || count < most) && driver.run(vm, pattern.program(), subject, range, Mode::Search) {
        let (start, end) = driver.span();
        output.push_part(vm, subject, last, start);
        replace(vm, &driver, &mut output);
        range = after(range, (start, end));
        last = end;
        count += 1;
    }
    if count == 0 {
        return (subject.slice(vm, 0, subject.len()), 0);
    }
    output.push_part(vm, subject, last, subject.len());
    (output.finish(vm), count)
}

/// Collects the pieces and joins them, which finds those that are of the wrong type.
fn substitute_pieces(
    vm: &mut Vm,
    pattern: RefOf<'_, Pattern>,
    replacement: &Replacement,
    subject: &Subject,
    most: isize,
) -> PyResult<(Object, isize)> {
    let all = Range { start: 0, end: subject.len(), must_advance: false };
    let mut driver = Driver::new();
    let (mut range, mut pieces, mut last, mut count) = (all, Vec::new(), 0, 0);
    while (most == 0 || count < most) && driver.run(vm, pattern.program(), subject, range, Mode::Search) {
        let (start, end) = driver.span();
        range = after(range, (start, end));
        if last < start {
            pieces.push(subject.slice(vm, last, start));
        }
        let matched = |vm: &Vm| matching::new(vm, pattern, subject, all, driver.found(pattern.program()));
        let piece = match replacement {
            Replacement::Literal(literal) => literal.clone(),
            Replacement::Template(template) => {
                let matched = matched(vm);
                template.expand(vm, matched.borrow().downcast::<matching::Match>().expect("a match was made"))?
            }
            Replacement::Function(function) => {
                let matched = matched(vm);
                vm.call(function.borrow(), &[matched.borrow()])?
            }
        };
        if !piece.borrow().is_none() {
            pieces.push(piece);
        }
        last = end;
        count += 1;
    }
    if last < subject.len() || pieces.is_empty() {
        pieces.push(subject.slice(vm, last, subject.len()));
    }
    let result = join(vm, pieces, matches!(subject, Subject::Text(_)))?;
    Ok((result, count))
}

fn sub(vm: &mut Vm, this: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    substitute(vm, this, args).map(|(result, _)| result)
}

fn subn(vm: &mut Vm, this: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let (result, count) = substitute(vm, this, args)?;
    let count = vm.new_int(count as i64);
    Ok(vm.new_tuple([result, count]).into_object())
}

const FLAG_NAMES: [(i32, &str); 8] = [
    (2, "re.IGNORECASE"),
    (4, "re.LOCALE"),
    (8, "re.MULTILINE"),
    (16, "re.DOTALL"),
    (32, "re.UNICODE"),
    (64, "re.VERBOSE"),
    (128, "re.DEBUG"),
    (256, "re.ASCII"),
];

fn repr(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let this = pattern(this);
    let mut flags = this.flags;
    // Text patterns are Unicode unless something else is said.
    if this.kind == Some(Kind::Text) && flags & (4 | 32 | 256) == 32 {
        flags &= !32;
    }
    let mut names = Vec::new();
    for (bit, name) in FLAG_NAMES {
        if flags & bit != 0 {
            names.push(name.to_owned());
            flags &= !bit;
        }
    }
    if flags != 0 {
        names.push(format!("{flags:#x}"));
    }
    let source = vm.repr(this.source.borrow())?;
    let mut builder = StrBuilder::new();
    builder.push_str("re.compile(");
    builder.push_data(source.data().slice(0, source.len().min(200)));
    if !names.is_empty() {
        builder.push_str(", ");
        builder.push_str(&names.join("|"));
    }
    builder.push_str(")");
    Ok(builder.finish(vm).into_object())
}

fn hash(vm: &mut Vm, this: Ref<'_>) -> PyResult<i64> {
    let this = pattern(this);
    let source = vm.hash(this.source.borrow())?;
    let code = object::str::hash::hash_bytes(bytemuck::cast_slice(&this.code));
    let hash = source ^ code ^ i64::from(this.flags) ^ i64::from(this.kind == Some(Kind::Bytes)) ^ this.groups as i64;
    Ok(if hash == -1 { -2 } else { hash })
}

fn compare(vm: &mut Vm, left: Ref<'_>, right: Ref<'_>, op: Comparison) -> PyResult {
    let (Some(one), Some(other)) = (left.downcast::<Pattern>(), right.downcast::<Pattern>()) else {
        return Ok(Object::not_implemented());
    };
    if !matches!(op, Comparison::Equal | Comparison::NotEqual) {
        return Ok(Object::not_implemented());
    }
    let same = left.is(right)
        || (one.flags == other.flags
            && one.kind == other.kind
            && one.groups == other.groups
            && one.code == other.code
            && vm.equal(one.source.borrow(), other.source.borrow())?);
    Ok(Object::bool(same == (op == Comparison::Equal)))
}

fn copy(_vm: &mut Vm, this: Ref<'_>) -> PyResult {
    Ok(this.to_owned())
}

fn deepcopy(_vm: &mut Vm, this: Ref<'_>, _memo: Ref<'_>) -> PyResult {
    Ok(this.to_owned())
}

fn class_getitem(vm: &mut Vm, class: Ref<'_>, item: Ref<'_>) -> PyResult {
    vm.generic_alias(class, item)
}

/// The payload of a scanner, and of the iterator that `finditer` returns.
pub struct Scanner {
    pattern: ObjectOf<Pattern>,
    subject: Subject,
    whole: Range,
    /// `None`: there was a last match.
    next: Cell<Option<(usize, bool)>>,
}

pub static SCANNER: Type = Type::new(&SCANNER_SPEC);
static SCANNER_SPEC: TypeSpec = TypeSpec {
    name: "_sre.SRE_Scanner",
    flags: flag::NO_INSTANTIATION,
    payload: PayloadInfo::of::<Scanner>(),
    methods: &[method!(Unary scanner_match as "match" "($self, /)", ""), method!(Unary scanner_search as "search" "($self, /)", "")],
    members: &[Member(Getset::readonly("pattern", "", |_, this| Ok(scanner_of(this).pattern.clone().into_object())))],
    ..TypeSpec::DEFAULT
};

impl Payload for Scanner {
    fn class() -> &'static Type {
        &SCANNER
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        visitor.visit(self.pattern.borrow().object());
        visitor.visit(self.subject.object());
    }
}

fn scanner_of<'a>(this: Ref<'a>) -> RefOf<'a, Scanner> {
    this.downcast::<Scanner>().expect("the method belongs to the type")
}

impl Scanner {
    fn next(&self, vm: &Vm, mode: Mode) -> Option<Object> {
        let (start, must_advance) = self.next.get()?;
        let range = Range { start, must_advance, ..self.whole };
        let pattern = self.pattern.borrow();
        let mut driver = Driver::new();
        if !driver.run(vm, pattern.program(), &self.subject, range, mode) {
            self.next.set(None);
            return None;
        }
        let rest = after(range, driver.span());
        self.next.set(Some((rest.start, rest.must_advance)));
        Some(matching::new(vm, pattern, &self.subject, self.whole, driver.found(pattern.program())))
    }
}

fn new_scanner(vm: &mut Vm, this: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult<Scanner> {
    let pattern = pattern(this);
    let (subject, whole) = subject_and_range(vm, pattern, args)?;
    Ok(Scanner { pattern: pattern.to_owned(), subject, whole, next: Cell::new(Some((whole.start, false))) })
}

fn scanner(vm: &mut Vm, this: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let scanner = new_scanner(vm, this, args)?;
    Ok(vm.allocate(scanner).into_object())
}

fn scanner_match(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    Ok(scanner_of(this).next(vm, Mode::Match).unwrap_or(Object::none()))
}

fn scanner_search(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    Ok(scanner_of(this).next(vm, Mode::Search).unwrap_or(Object::none()))
}

/// The payload of the iterator over matches.
pub struct FoundIterator(Scanner);

pub static FOUND: Type = Type::new(&FOUND_SPEC);
static FOUND_SPEC: TypeSpec = TypeSpec {
    name: "callable_iterator",
    flags: flag::NO_INSTANTIATION,
    payload: PayloadInfo::of::<FoundIterator>(),
    slots: Slots { iter: Some(iter_self), next: Some(found_next), ..Slots::NONE },
    ..TypeSpec::DEFAULT
};

impl Payload for FoundIterator {
    fn class() -> &'static Type {
        &FOUND
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        self.0.traverse(visitor);
    }
}

fn finditer(vm: &mut Vm, this: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let scanner = new_scanner(vm, this, args)?;
    Ok(vm.allocate(FoundIterator(scanner)).into_object())
}

fn found_next(vm: &mut Vm, this: Ref<'_>) -> PyResult<Option<Object>> {
    let iterator = this.downcast::<FoundIterator>().expect("the slot belongs to the type");
    Ok(iterator.0.next(vm, Mode::Search))
}
