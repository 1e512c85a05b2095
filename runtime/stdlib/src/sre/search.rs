//! Where a search tries to match: what a program can start with tells most places at a glance.

use super::analysis::{self, First};
use super::codes::AtCode;
use super::matcher::{Character, Matcher};
use super::program::{Op, Program};
use memchr::memmem::Finder;

/// How to find the next place where a match may start.
pub enum Search {
    Everywhere,
    /// At the start of the text alone.
    Start,
    /// At starts of lines.
    Lines,
    /// All matches start with these characters.
    Prefix(Box<Prefix>),
    /// All matches start with one of a few bytes.
    Bytes(Vec<u8>),
    /// All matches start with one of these.
    First(Box<First>),
}

/// What all matches start with.
pub struct Prefix {
    characters: Vec<u32>,
    /// `None`: not all of the characters are bytes.
    finder: Option<Finder<'static>>,
    /// Whether there is nothing else to a match.
    is_all: bool,
}

impl Search {
    /// How to search for a program whose instructions are complete.
    pub fn of(program: &Program) -> Search {
        let first_op = program.ops.iter().find(|op| !matches!(op, Op::Mark(_)));
        match first_op {
            Some(Op::At(AtCode::Beginning | AtCode::BeginningString)) => return Search::Start,
            Some(Op::At(AtCode::BeginningLine)) => return Search::Lines,
            _ => {}
        }
        let (characters, is_all) = prefix(program);
        if !characters.is_empty() {
            let bytes: Option<Vec<u8>> = characters.iter().map(|&character| u8::try_from(character).ok()).collect();
            let finder = bytes.map(|bytes| Finder::new(&bytes).into_owned());
            return Search::Prefix(Box::new(Prefix { characters, finder, is_all }));
        }
        let first = analysis::first(program, 0);
        if first.end || first.is_full() {
            return Search::Everywhere;
        }
        let bytes: Vec<u8> = (0..=255).filter(|&byte| first.latin[usize::from(byte)]).collect();
        if (1..=3).contains(&bytes.len()) && !first.others { Search::Bytes(bytes) } else { Search::First(Box::new(first)) }
    }
}

/// The characters that all matches start with, and whether that is all.
fn prefix(program: &Program) -> (Vec<u32>, bool) {
    let mut characters = Vec::new();
    for op in &program.ops {
        match *op {
            Op::Unit(super::charset::Unit::Char(character)) => characters.push(character),
            Op::Text { start, len } => characters.extend_from_slice(&program.text[start as usize..(start + len) as usize]),
            Op::Mark(_) => {}
            Op::Success => return (characters, program.groups == 0),
            _ => break,
        }
    }
    (characters, false)
}

impl Prefix {
    /// The first place of the characters.
    #[inline]
    fn find<C: Character>(&self, text: &[C]) -> Option<usize> {
        let (&first, rest) = self.characters.split_first().expect("a prefix is not empty");
        if rest.is_empty() {
            return C::find(text, first);
        }
        if let Some(bytes) = C::as_bytes(text) {
            return self.finder.as_ref()?.find(bytes);
        }
        let mut from = 0;
        loop {
            let at = from + C::find(&text[from..], first)?;
            let next = text.get(at + 1..at + 1 + rest.len())?;
            if next.iter().zip(rest).all(|(unit, &character)| unit.code() == character) {
                return Some(at);
            }
            from = at + 1;
        }
    }
}

impl<C: Character> Matcher<'_, C> {
    /// Looks for the first match from `start` on.
    pub fn search(&mut self, start: usize) -> bool {
        let program = self.program;
        let Some(last) = self.text.len().checked_sub(program.least_length).filter(|&last| start <= last) else {
            return false;
        };
        let text = self.text;
        match &program.search {
            Search::Everywhere => (start..=last).any(|at| self.match_at(at)),
            Search::Start => start == 0 && self.match_at(0),
            Search::Lines => self.each(start, last, |from| {
                if from == 0 || text[from - 1].code() == 10 { Some(from) } else { C::find(&text[from..], 10).map(|at| from + at + 1) }
            }),
            Search::Prefix(prefix) if prefix.is_all && !self.ending.at_end => self.search_text(prefix, start),
            Search::Prefix(prefix) => self.each(start, last, |from| prefix.find(&text[from..]).map(|at| from + at)),
            Search::Bytes(wanted) => match C::as_bytes(text) {
                Some(bytes) => self.each(start, last, |from| find_bytes(wanted, &bytes[from..]).map(|at| from + at)),
                None => self.each(start, last, |from| {
                    let is_wanted = |unit: &C| u8::try_from(unit.code()).is_ok_and(|byte| wanted.contains(&byte));
                    text[from..].iter().position(is_wanted).map(|at| from + at)
                }),
            },
            Search::First(first) => self.each(start, last, |from| {
                let can = |unit: &C| first.latin.get(unit.code() as usize).copied().unwrap_or(first.others);
                text[from..].iter().position(can).map(|at| from + at)
            }),
        }
    }

    /// Tries each place that `next` finds, given where to look from.
    #[inline]
    fn each(&mut self, start: usize, last: usize, next: impl Fn(usize) -> Option<usize>) -> bool {
        let mut from = start;
        while from <= last {
            match next(from) {
                Some(at) if at <= last => {
                    if self.match_at(at) {
                        return true;
                    }
                    from = at + 1;
                }
                _ => return false,
            }
        }
        false
    }

    /// The pattern is a text and nothing else.
    fn search_text(&mut self, prefix: &Prefix, start: usize) -> bool {
        let Some(at) = prefix.find(&self.text[start..]) else { return false };
        self.found(start + at, start + at + prefix.characters.len());
        true
    }
}

fn find_bytes(wanted: &[u8], text: &[u8]) -> Option<usize> {
    match *wanted {
        [one] => memchr::memchr(one, text),
        [one, two] => memchr::memchr2(one, two, text),
        [one, two, three] => memchr::memchr3(one, two, three, text),
        _ => None,
    }
}
