//! Runs programs over subjects: strings as they are stored, one, two or four bytes a character, and bytes-like objects.

use super::matcher::{Character, Ending, Matcher, Memory, UNSET};
use super::program::Program;
use object::bytes::Buffer;
use object::str::{Str, StrData};
use object::{Object, Ref, RefOf, Vm};
use std::cell::Cell;

/// What a pattern is matched against.
pub enum Subject {
    Text(Object),
    Bytes(Object, Box<Buffer>),
}

/// How to look for a match.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Match,
    FullMatch,
    Search,
}

/// Where to look for a match.
#[derive(Clone, Copy)]
pub struct Range {
    pub start: usize,
    pub end: usize,
    /// Whether an empty match at the start does not count, because the last match ended there.
    pub must_advance: bool,
}

/// The span of a group, if it took part in the match.
pub type Span = Option<(usize, usize)>;

/// A match.
pub struct Found {
    start: usize,
    end: usize,
    groups: Box<[Span]>,
    pub last_index: Option<usize>,
}

impl Found {
    pub fn span(&self) -> (usize, usize) {
        (self.start, self.end)
    }

    /// The number of groups, the whole match being one.
    pub fn len(&self) -> usize {
        self.groups.len() + 1
    }

    /// The span of a group, 0 being the whole match; `None` if there is no such group.
    pub fn reg(&self, index: usize) -> Option<Span> {
        match index.checked_sub(1) {
            None => Some(Some(self.span())),
            Some(index) => self.groups.get(index).copied(),
        }
    }

    pub fn regs(&self) -> impl Iterator<Item = Span> + '_ {
        std::iter::once(Some(self.span())).chain(self.groups.iter().copied())
    }
}

thread_local! {
    /// Memory that no matcher uses now.
    static MEMORY: Cell<Option<Box<Memory>>> = const { Cell::new(None) };
}

/// Matches a program against subjects, again and again with the same memory.
pub struct Driver {
    memory: Option<Box<Memory>>,
}

impl Driver {
    pub fn new() -> Driver {
        Driver { memory: Some(MEMORY.take().unwrap_or_default()) }
    }

    fn memory(&self) -> &Memory {
        self.memory.as_ref().expect("it is there until the end")
    }

    /// Looks for a match; what it is can be asked for until the next one.
    pub fn run(&mut self, vm: &Vm, program: &Program, subject: &Subject, range: Range, mode: Mode) -> bool {
        let memory = self.memory.as_mut().expect("it is there until the end");
        match subject {
            Subject::Text(object) => match Subject::text(object).get().data() {
                StrData::Latin1(units) => run(units, program, memory, range, mode),
                StrData::Ucs2(units) => run(units, program, memory, range, mode),
                StrData::Ucs4(units) => run(units, program, memory, range, mode),
            },
            Subject::Bytes(_, buffer) => run(buffer.bytes(vm), program, memory, range, mode),
        }
    }

    /// The span of the last match.
    pub fn span(&self) -> (usize, usize) {
        (self.memory().start, self.memory().end)
    }

    /// The span of a group of the last match, 0 being the whole match.
    pub fn group(&self, index: usize) -> Span {
        match index.checked_sub(1) {
            None => Some(self.span()),
            Some(index) => self.memory().group(index),
        }
    }

    /// The last match, to be kept.
    pub fn found(&self, program: &Program) -> Found {
        let (start, end) = self.span();
        let groups = (0..program.groups).map(|index| self.memory().group(index)).collect();
        Found { start, end, groups, last_index: self.memory().last_group(program) }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        if let Some(memory) = self.memory.take().filter(|memory| !memory.is_large()) {
            MEMORY.set(Some(memory));
        }
    }
}

fn run<C: Character>(text: &[C], program: &Program, memory: &mut Memory, range: Range, mode: Mode) -> bool {
    let end = range.end.min(text.len());
    let not_at = if range.must_advance { range.start } else { UNSET };
    let ending = Ending { at_end: mode == Mode::FullMatch, not_at };
    let mut matcher = Matcher { program, text: &text[..end], ending, memory };
    match mode {
        Mode::Search => range.start <= end && matcher.search(range.start),
        Mode::Match | Mode::FullMatch => range.start <= end && matcher.match_at(range.start),
    }
}

impl Subject {
    pub fn object(&self) -> Ref<'_> {
        match self {
            Subject::Text(object) | Subject::Bytes(object, _) => object.borrow(),
        }
    }

    fn text(object: &Object) -> RefOf<'_, Str> {
        object.borrow().downcast::<Str>().expect("a text subject is a string")
    }

    pub fn len(&self) -> usize {
        match self {
            Subject::Text(object) => Subject::text(object).len(),
            Subject::Bytes(_, buffer) => buffer.len(),
        }
    }

    /// The part from `start` to before `end`; the subject itself if that is all of it.
    pub fn slice(&self, vm: &Vm, start: usize, end: usize) -> Object {
        match self {
            Subject::Text(object) => slice_text(vm, object.borrow(), Subject::text(object), start, end),
            Subject::Bytes(object, buffer) => {
                let (start, end) = (start.min(buffer.len()), end.min(buffer.len()));
                let end = end.max(start);
                let whole = start == 0 && end == buffer.len();
                if whole && object.borrow().is_exactly(&object::bytes::BYTES) {
                    return object.clone();
                }
                vm.new_bytes(&buffer.bytes(vm)[start..end]).into_object()
            }
        }
    }
}

/// The part of a string from `start` to before `end`; the string itself if that is all of it.
pub fn slice_text(vm: &Vm, object: Ref<'_>, text: RefOf<'_, Str>, start: usize, end: usize) -> Object {
    let (start, end) = (start.min(text.len()), end.min(text.len()));
    let end = end.max(start);
    if start == 0 && end == text.len() && object.is_exactly(&object::str::STR) {
        return object.to_owned();
    }
    vm.str_slice(text.get(), start, end - start).into_object()
}
