//! Runs a program: a backtracking matcher.
//!
//! Where there is a choice, the way not taken is put on a stack: an instruction, a position, and how long the *journal* was. Every
//! change of a slot (a mark of a group, a register of a loop) is written to the journal with what was there before, so that going back
//! to a choice undoes what was done since. An atomic group or a lookaround, once through, cuts the stack back and leaves the journal
//! as it is: older choices undo what it did. Nothing recurses, so the depth of a match is bounded by memory alone.

use super::charset::{self, Unit};
use super::codes::AtCode;
use super::program::{Filter, Loop, Op, Program, Run, Target};

/// A slot that is not set.
pub const UNSET: usize = usize::MAX;

/// A unit of a stored string.
pub trait Character: Copy + PartialEq {
    fn code(self) -> u32;
    /// The first place of a character.
    fn find(text: &[Self], character: u32) -> Option<usize>;
    /// The last place of a character.
    fn find_last(text: &[Self], character: u32) -> Option<usize>;
    /// The text, if its units are bytes.
    fn as_bytes(text: &[Self]) -> Option<&[u8]>;
    /// Whether the text starts with a text of the program.
    fn starts_with(text: &[Self], program: &Program, start: usize, len: usize) -> bool;
}

impl Character for u8 {
    #[inline]
    fn code(self) -> u32 {
        u32::from(self)
    }

    #[inline]
    fn find(text: &[u8], character: u32) -> Option<usize> {
        memchr::memchr(u8::try_from(character).ok()?, text)
    }

    #[inline]
    fn find_last(text: &[u8], character: u32) -> Option<usize> {
        memchr::memrchr(u8::try_from(character).ok()?, text)
    }

    #[inline]
    fn as_bytes(text: &[u8]) -> Option<&[u8]> {
        Some(text)
    }

    #[inline]
    fn starts_with(text: &[u8], program: &Program, start: usize, len: usize) -> bool {
        // A character that is no byte has a zero in its place.
        text.starts_with(&program.text_bytes[start..start + len])
            && (!program.has_wide_text || program.text[start..start + len].iter().all(|&character| character < 256))
    }
}

macro_rules! wide_character {
    ($unit:ty) => {
        impl Character for $unit {
            #[inline]
            fn code(self) -> u32 {
                u32::from(self)
            }

            #[inline]
            fn find(text: &[$unit], character: u32) -> Option<usize> {
                let wanted = <$unit>::try_from(character).ok()?;
                text.iter().position(|&unit| unit == wanted)
            }

            #[inline]
            fn find_last(text: &[$unit], character: u32) -> Option<usize> {
                let wanted = <$unit>::try_from(character).ok()?;
                text.iter().rposition(|&unit| unit == wanted)
            }

            #[inline]
            fn as_bytes(_text: &[$unit]) -> Option<&[u8]> {
                None
            }

            #[inline]
            fn starts_with(text: &[$unit], program: &Program, start: usize, len: usize) -> bool {
                text.len() >= len && text.iter().zip(&program.text[start..start + len]).all(|(&unit, &character)| u32::from(unit) == character)
            }
        }
    };
}

wide_character!(u16);
wide_character!(u32);

/// A way not taken.
#[derive(Clone, Copy)]
struct Choice {
    at: Target,
    journal: u32,
    position: usize,
    /// Of a run: the end of what it can still do; of a switch: how many alternatives were tried; [`NO_RUN`]: go on at the instruction.
    bound: usize,
}

const NO_RUN: usize = usize::MAX;

struct Change {
    slot: u32,
    before: usize,
}

/// The memory of a matcher, to be used again, and what it found.
#[derive(Default)]
pub struct Memory {
    /// The span of the match.
    pub start: usize,
    pub end: usize,
    slots: Vec<usize>,
    stack: Vec<Choice>,
    journal: Vec<Change>,
}

impl Memory {
    /// The span of a group that took part in the match, the first group being 0.
    #[inline]
    pub fn group(&self, index: usize) -> Option<(usize, usize)> {
        let (start, end) = (self.slots[2 * index], self.slots[2 * index + 1]);
        (start != UNSET && end != UNSET).then_some((start, end))
    }

    pub fn last_group(&self, program: &Program) -> Option<usize> {
        Some(self.slots[program.last_group_slot()]).filter(|&group| group != UNSET)
    }

    /// Whether it has grown so that it had better be given back.
    pub fn is_large(&self) -> bool {
        self.stack.capacity() + self.journal.capacity() > 1 << 16
    }
}

/// How a match must end.
#[derive(Clone, Copy)]
pub struct Ending {
    /// At the end of the text.
    pub at_end: bool,
    /// Not here: `UNSET` if anywhere.
    pub not_at: usize,
}

pub struct Matcher<'a, C> {
    pub program: &'a Program,
    /// The text to its end as the caller sees it.
    pub text: &'a [C],
    pub ending: Ending,
    pub memory: &'a mut Memory,
}

impl<C: Character> Matcher<'_, C> {
    /// Whether the program matches at a position; where is in the memory.
    pub fn match_at(&mut self, start: usize) -> bool {
        let memory = &mut *self.memory;
        memory.slots.clear();
        memory.slots.resize(self.program.slots, UNSET);
        memory.stack.clear();
        memory.journal.clear();
        match self.run(start) {
            Some(end) => {
                (self.memory.start, self.memory.end) = (start, end);
                true
            }
            None => false,
        }
    }

    /// Notes a match of a program without groups that was found otherwise.
    pub fn found(&mut self, start: usize, end: usize) {
        let memory = &mut *self.memory;
        memory.slots.clear();
        memory.slots.resize(self.program.slots, UNSET);
        (memory.start, memory.end) = (start, end);
    }

    fn set(&mut self, slot: u32, value: usize) {
        let place = &mut self.memory.slots[slot as usize];
        let before = std::mem::replace(place, value);
        if !self.memory.stack.is_empty() {
            self.memory.journal.push(Change { slot, before });
        }
    }

    fn get(&self, slot: u32) -> usize {
        self.memory.slots[slot as usize]
    }

    fn push(&mut self, at: Target, position: usize, bound: usize) {
        let journal = self.memory.journal.len() as u32;
        self.memory.stack.push(Choice { at, journal, position, bound });
    }

    fn undo(&mut self, len: u32) {
        while self.memory.journal.len() > len as usize {
            let change = self.memory.journal.pop().expect("it is longer than that");
            self.memory.slots[change.slot as usize] = change.before;
        }
    }

    #[inline]
    fn unit_at(&self, unit: Unit, position: usize) -> bool {
        self.text.get(position).is_some_and(|character| self.program.matches(unit, character.code()))
    }

    /// The ways that can go on from here.
    #[inline]
    fn ways(&self, table: u32, position: usize) -> u8 {
        let table = self.program.table(table);
        match self.text.get(position) {
            Some(character) => table.latin.get(character.code() as usize).copied().unwrap_or(table.others),
            None => table.end,
        }
    }

    #[inline]
    fn passes(&self, filter: Filter, position: usize) -> bool {
        match filter {
            Filter::Any => true,
            Filter::Char(wanted) => self.text.get(position).is_some_and(|character| character.code() == wanted),
            Filter::Table(table) => self.ways(table, position) != 0,
        }
    }

    /// Runs from the first instruction; returns where the match ends.
    fn run(&mut self, start: usize) -> Option<usize> {
        let program = self.program;
        let mut at: Target = 0;
        let mut position = start;
        loop {
            let op = &program.ops[at as usize];
            let went_on = match *op {
                Op::Unit(unit) => {
                    let matched = self.unit_at(unit, position);
                    (at, position) = (at + 1, position + 1);
                    matched
                }
                Op::Text { start, len } => {
                    let matched = C::starts_with(&self.text[position..], program, start as usize, len as usize);
                    (at, position) = (at + 1, position + len as usize);
                    matched
                }
                Op::Mark(mark) => {
                    self.mark(mark, position);
                    at += 1;
                    true
                }
                Op::Jump(target) => {
                    at = target;
                    true
                }
                Op::Split { first, second, table } => match self.ways(table, position) {
                    1 => {
                        at = first;
                        true
                    }
                    2 => {
                        at = second;
                        true
                    }
                    0 => false,
                    _ => {
                        self.push(second, position, NO_RUN);
                        at = first;
                        true
                    }
                },
                Op::Switch(index) => {
                    let list = program.switches[index as usize].list(self.next_code(position));
                    match list {
                        [] => false,
                        [only] => {
                            at = *only;
                            true
                        }
                        [first, ..] => {
                            self.push(at, position, 1);
                            at = *first;
                            true
                        }
                    }
                }
                Op::Greedy(run) => {
                    let end = self.greedy(run, at, position);
                    at += 1;
                    end.inspect(|&end| position = end).is_some()
                }
                Op::Lazy(run) => {
                    let end = self.lazy_start(run, at, position);
                    at += 1;
                    end.inspect(|&end| position = end).is_some()
                }
                Op::Possessive(run) => {
                    let count = self.count(run, position);
                    (at, position) = (at + 1, position + count);
                    count >= run.least as usize
                }
                Op::At(code) => {
                    at += 1;
                    self.is_at(code, position)
                }
                Op::Look { unit, back, negated } => {
                    at += 1;
                    position.checked_sub(back as usize).is_some_and(|position| self.unit_at(unit, position)) != negated
                }
                Op::Success if self.is_end(position) => return Some(position),
                Op::Success | Op::Fail => false,
                Op::GroupRef { .. } | Op::GroupExists { .. } => self.group_condition(*op, &mut at, &mut position),
                _ => self.control(*op, &mut at, &mut position),
            };
            if !went_on {
                (at, position) = self.back()?;
            }
        }
    }

    fn is_end(&self, position: usize) -> bool {
        !(self.ending.at_end && position != self.text.len()) && position != self.ending.not_at
    }

    #[inline]
    fn mark(&mut self, mark: u32, position: usize) {
        if mark & 1 != 0 {
            self.set(self.program.last_group_slot() as u32, mark as usize / 2 + 1);
        }
        self.set(mark, position);
    }

    /// Goes back to the last choice.
    fn back(&mut self) -> Option<(Target, usize)> {
        loop {
            let choice = *self.memory.stack.last()?;
            self.undo(choice.journal);
            if choice.bound == NO_RUN {
                self.memory.stack.pop();
                return Some((choice.at, choice.position));
            }
            let position = match self.program.ops[choice.at as usize] {
                Op::Switch(index) => return Some((self.next_alternative(index, choice), choice.position)),
                Op::Greedy(run) => self.give_back(run, choice),
                Op::Lazy(run) => self.lazy_more(run, choice),
                _ => None,
            };
            if let Some(position) = position {
                return Some((choice.at + 1, position));
            }
        }
    }

    /// The next alternative of a switch, of which so many were tried as the choice's bound says.
    fn next_alternative(&mut self, index: u32, choice: Choice) -> Target {
        let list = self.program.switches[index as usize].list(self.next_code(choice.position));
        let next = choice.bound + 1;
        if next < list.len() {
            self.memory.stack.last_mut().expect("the choice is there").bound = next;
        } else {
            self.memory.stack.pop();
        }
        list[choice.bound]
    }

    #[inline]
    fn next_code(&self, position: usize) -> Option<u32> {
        self.text.get(position).map(|character| character.code())
    }

    /// How often the unit of a run matches from a position on.
    #[inline]
    fn count(&self, run: Run, position: usize) -> usize {
        let rest = &self.text[position..];
        let rest = &rest[..rest.len().min(run.most as usize)];
        let first_other = match run.unit {
            Unit::AnyAll => None,
            Unit::Any => C::find(rest, 10),
            Unit::NotChar(character) => C::find(rest, character),
            Unit::Char(wanted) => rest.iter().position(|character| character.code() != wanted),
            Unit::Set(set) => {
                let set = &self.program.sets[set as usize];
                rest.iter().position(|character| !set.contains(character.code()))
            }
        };
        first_other.unwrap_or(rest.len())
    }

    #[inline]
    fn greedy(&mut self, run: Run, at: Target, position: usize) -> Option<usize> {
        let count = self.count(run, position);
        if count < run.least as usize {
            return None;
        }
        let (low, high) = (position + run.least as usize, position + count);
        if run.exclusive || low == high {
            return self.passes(run.filter, high).then_some(high);
        }
        let end = self.last_passing(run.filter, low, high)?;
        if end > low {
            self.push(at, end, low);
        }
        Some(end)
    }

    /// The last position from `low` to `high` from which the program can go on.
    #[inline]
    fn last_passing(&self, filter: Filter, low: usize, high: usize) -> Option<usize> {
        if self.passes(filter, high) {
            return Some(high);
        }
        let part = &self.text[low..high];
        let index = match filter {
            Filter::Any => None,
            Filter::Char(character) => C::find_last(part, character),
            Filter::Table(table) => {
                let table = self.program.table(table);
                part.iter().rposition(|character| table.latin.get(character.code() as usize).copied().unwrap_or(table.others) != 0)
            }
        };
        index.map(|index| low + index)
    }

    /// A run gives back a character, or as many as it takes.
    fn give_back(&mut self, run: Run, choice: Choice) -> Option<usize> {
        let low = choice.bound;
        let position = self.last_passing(run.filter, low, choice.position - 1);
        match position {
            Some(position) if position > low => self.memory.stack.last_mut().expect("the choice is there").position = position,
            _ => {
                self.memory.stack.pop();
            }
        }
        position
    }

    fn lazy_start(&mut self, run: Run, at: Target, position: usize) -> Option<usize> {
        let least = run.least as usize;
        if self.count(Run { most: run.least, ..run }, position) < least {
            return None;
        }
        let bound = position.saturating_add(run.most as usize).min(NO_RUN - 1);
        self.lazy(run, at, position + least, bound)
    }

    /// The first position from which the program can go on; that there may be more is put on the stack.
    fn lazy(&mut self, run: Run, at: Target, position: usize, bound: usize) -> Option<usize> {
        let mut position = position;
        while !self.passes(run.filter, position) {
            if position >= bound || !self.unit_at(run.unit, position) {
                return None;
            }
            position += 1;
        }
        if position < bound && self.unit_at(run.unit, position) {
            self.push(at, position, bound);
        }
        Some(position)
    }

    /// A lazy run takes one more character; that there is one was known when the choice was made.
    fn lazy_more(&mut self, run: Run, choice: Choice) -> Option<usize> {
        self.memory.stack.pop();
        self.lazy(run, choice.at, choice.position + 1, choice.bound)
    }

    fn is_at(&self, code: AtCode, position: usize) -> bool {
        let len = self.text.len();
        let is_line_feed = |index: usize| self.text.get(index).is_some_and(|character| character.code() == 10);
        let boundary = |is_word: fn(u32) -> bool| {
            let before = position > 0 && is_word(self.text[position - 1].code());
            let after = self.text.get(position).is_some_and(|character| is_word(character.code()));
            before != after
        };
        match code {
            AtCode::Beginning | AtCode::BeginningString => position == 0,
            AtCode::BeginningLine => position == 0 || is_line_feed(position - 1),
            AtCode::End => position == len || (position + 1 == len && is_line_feed(position)),
            AtCode::EndLine => position == len || is_line_feed(position),
            AtCode::EndString => position == len,
            AtCode::Boundary | AtCode::LocBoundary => boundary(charset::is_word),
            AtCode::NonBoundary | AtCode::LocNonBoundary => !boundary(charset::is_word),
            AtCode::UniBoundary => boundary(charset::is_uni_word),
            AtCode::UniNonBoundary => !boundary(charset::is_uni_word),
        }
    }

    /// A group as a reference sees it: closed, and not opened again behind its end.
    fn closed_group(&self, group: u32) -> Option<(usize, usize)> {
        self.memory.group(group as usize).filter(|(start, end)| start <= end)
    }

    fn group_condition(&mut self, op: Op, at: &mut Target, position: &mut usize) -> bool {
        match op {
            Op::GroupRef { group, fold } => {
                let Some((start, end)) = self.closed_group(group) else { return false };
                let len = end - start;
                let Some(here) = self.text.get(*position..*position + len) else { return false };
                *at += 1;
                *position += len;
                let there = &self.text[start..end];
                here.iter().zip(there).all(|(one, other)| one == other || fold.lower(one.code()) == fold.lower(other.code()))
            }
            Op::GroupExists { group, otherwise } => {
                *at = if self.closed_group(group).is_some() { *at + 1 } else { otherwise };
                true
            }
            _ => false,
        }
    }

    /// Loops that count, atomic groups and lookarounds.
    fn control(&mut self, op: Op, at: &mut Target, position: &mut usize) -> bool {
        match op {
            Op::LoopStart { register, end } => {
                self.set(register, UNSET);
                self.set(register + 1, UNSET);
                *at = end;
                true
            }
            Op::GreedyLoop(counted) => self.greedy_loop(counted, at, *position),
            Op::LazyLoop(counted) => {
                let count = self.get(counted.register).wrapping_add(1);
                if count < counted.least as usize {
                    self.set(counted.register, count);
                    *at = counted.body;
                } else {
                    self.push(*at + 1, *position, NO_RUN);
                    *at += 2;
                }
                true
            }
            Op::LazyMore(counted) => {
                let count = self.get(counted.register).wrapping_add(1);
                self.go_round(counted, count, at, *position)
            }
            Op::PossessiveStart { register } => {
                self.set(register, 0);
                self.set(register + 1, UNSET);
                *at += 1;
                true
            }
            Op::PossessiveLoop { counted, exit } => {
                self.possessive_loop(counted, exit, at, *position);
                true
            }
            Op::PossessiveEnd { register, start } => {
                self.cut(register + 2);
                self.set(register, self.get(register) + 1);
                *at = start;
                true
            }
            Op::AtomicStart { register } => {
                self.set(register, self.memory.stack.len());
                *at += 1;
                true
            }
            Op::AtomicEnd { register } => {
                self.cut(register);
                *at += 1;
                true
            }
            _ => self.lookaround(op, at, position),
        }
    }

    /// Forgets the choices made since the number of them was put into a register.
    fn cut(&mut self, register: u32) {
        let len = self.get(register);
        self.memory.stack.truncate(len);
    }

    fn greedy_loop(&mut self, counted: Loop, at: &mut Target, position: usize) -> bool {
        let count = self.get(counted.register).wrapping_add(1);
        if count < counted.least as usize {
            self.set(counted.register, count);
            *at = counted.body;
            return true;
        }
        let mut ways = self.ways(counted.table, position);
        if !counted.has_more(count) || self.get(counted.register + 1) == position {
            ways &= 2;
        }
        if ways == 3 {
            self.push(*at + 1, position, NO_RUN);
        }
        if ways & 1 != 0 {
            return self.go_round(counted, count, at, position);
        }
        *at += 1;
        ways != 0
    }

    /// Goes into the body once more, if that is allowed.
    fn go_round(&mut self, counted: Loop, count: usize, at: &mut Target, position: usize) -> bool {
        if !counted.has_more(count) || self.get(counted.register + 1) == position {
            return false;
        }
        self.set(counted.register, count);
        self.set(counted.register + 1, position);
        *at = counted.body;
        true
    }

    fn possessive_loop(&mut self, counted: Loop, exit: Target, at: &mut Target, position: usize) {
        let register = counted.register;
        let count = self.get(register);
        let height = self.memory.stack.len();
        if count < counted.least as usize {
            self.set(register + 2, height);
            *at = counted.body;
        } else if counted.has_more(count) && self.get(register + 1) != position {
            self.push(exit, position, NO_RUN);
            self.set(register + 1, position);
            self.set(register + 2, height);
            *at = counted.body;
        } else {
            *at = exit;
        }
    }

    fn lookaround(&mut self, op: Op, at: &mut Target, position: &mut usize) -> bool {
        match op {
            Op::AssertStart { register, back, .. } => {
                let Some(start) = position.checked_sub(back as usize) else { return false };
                self.set(register, self.memory.stack.len());
                self.set(register + 1, *position);
                *at += 1;
                *position = start;
                true
            }
            Op::AssertEnd { register } => {
                self.cut(register);
                *position = self.get(register + 1);
                *at += 1;
                true
            }
            Op::AssertNotStart { register, back, after } => {
                match position.checked_sub(back as usize) {
                    None => *at = after,
                    Some(start) => {
                        let height = self.memory.stack.len();
                        self.push(after, *position, NO_RUN);
                        self.set(register, height);
                        *at += 1;
                        *position = start;
                    }
                }
                true
            }
            Op::AssertNotEnd { register } => {
                self.cut(register);
                false
            }
            _ => false,
        }
    }
}
