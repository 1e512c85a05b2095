//! Which characters can come next, for each place of a program where there is a choice.
//!
//! What is computed is always a superset: a way that is ruled out cannot lead to a match, so that
//! leaving it out changes nothing but time.

use super::charset::Unit;
use super::codes::AtCode;
use super::program::{Dispatch, Filter, Op, Program, Run, Switch, Target};

/// How many instructions are looked at for one place, beside the starts of alternatives.
const BUDGET: usize = 600;

/// What can come next.
#[derive(Clone)]
pub struct First {
    pub latin: [bool; 256],
    pub others: bool,
    /// The end of the text.
    pub end: bool,
}

impl First {
    const NOTHING: First = First { latin: [false; 256], others: false, end: false };

    fn fill(&mut self) {
        *self = First { latin: [true; 256], others: true, end: true };
    }

    /// Whether anything at all can come next.
    pub fn is_full(&self) -> bool {
        self.end && self.others && self.latin.iter().all(|&can| can)
    }

    fn add(&mut self, program: &Program, unit: Unit) {
        match unit {
            Unit::Char(character) => self.add_char(character),
            Unit::Set(index) => {
                let set = &program.sets[index as usize];
                for (here, &there) in self.latin.iter_mut().zip(&set.latin) {
                    *here |= there;
                }
                self.others |= set.others != Some(false);
            }
            Unit::Any | Unit::AnyAll | Unit::NotChar(_) => {
                for (character, here) in self.latin.iter_mut().enumerate() {
                    *here |= program.matches(unit, character as u32);
                }
                self.others = true;
            }
        }
    }

    fn add_char(&mut self, character: u32) {
        match self.latin.get_mut(character as usize) {
            Some(here) => *here = true,
            None => self.others = true,
        }
    }

    /// The only character that can come next, if there is just one.
    fn only(&self) -> Option<u32> {
        let count = self.latin.iter().filter(|&&can| can).count();
        (count == 1 && !self.others && !self.end).then(|| self.latin.iter().position(|&can| can).expect("it was counted") as u32)
    }

    fn is_disjoint(&self, other: &First) -> bool {
        let both = |(&one, &other): (&bool, &bool)| one && other;
        !both((&self.others, &other.others)) && !self.latin.iter().zip(&other.latin).any(both)
    }
}

/// What can come next at an instruction.
pub fn first(program: &Program, at: Target) -> First {
    let mut walk = Walk { program, first: First::NOTHING, seen: vec![false; program.ops.len()], budget: BUDGET };
    walk.visit(at);
    walk.first
}

struct Walk<'a> {
    program: &'a Program,
    first: First,
    seen: Vec<bool>,
    budget: usize,
}

impl Walk<'_> {
    fn visit(&mut self, at: Target) {
        let mut pending = vec![at];
        while let Some(mut at) = pending.pop() {
            loop {
                if std::mem::replace(&mut self.seen[at as usize], true) || self.first.is_full_cheaply() {
                    break;
                }
                let Some(budget) = self.budget.checked_sub(1) else {
                    self.first.fill();
                    return;
                };
                self.budget = budget;
                match self.step(at, &mut pending) {
                    Some(next) => at = next,
                    None => break,
                }
            }
        }
    }

    /// Looks at one instruction; returns the next one to look at.
    fn step(&mut self, at: Target, pending: &mut Vec<Target>) -> Option<Target> {
        let program = self.program;
        match program.ops[at as usize] {
            Op::Unit(unit) => {
                self.first.add(program, unit);
                None
            }
            Op::Text { start, .. } => {
                self.first.add_char(program.text[start as usize]);
                None
            }
            Op::Look { unit, back: 0, negated: false } => {
                self.first.add(program, unit);
                None
            }
            Op::At(AtCode::End | AtCode::EndLine) => {
                self.first.latin[10] = true;
                self.first.end = true;
                None
            }
            Op::At(AtCode::EndString) => {
                self.first.end = true;
                None
            }
            Op::Greedy(run) | Op::Lazy(run) | Op::Possessive(run) => {
                if run.most > 0 {
                    self.first.add(program, run.unit);
                }
                (run.least == 0).then_some(at + 1)
            }
            Op::Mark(_) | Op::At(_) | Op::Look { .. } | Op::AtomicStart { .. } | Op::PossessiveStart { .. } => Some(at + 1),
            Op::Jump(target) => Some(target),
            Op::Split { first, second, .. } => {
                pending.push(second);
                Some(first)
            }
            Op::Switch(index) => {
                let alternatives = &program.switches[index as usize].alternatives;
                self.budget += alternatives.len();
                pending.extend(alternatives);
                None
            }
            Op::LoopStart { end, .. } => match program.ops[end as usize] {
                Op::GreedyLoop(counted) | Op::LazyLoop(counted) if counted.least > 0 => Some(counted.body),
                _ => Some(end),
            },
            Op::GreedyLoop(counted) => {
                pending.push(counted.body);
                Some(at + 1)
            }
            Op::LazyLoop(counted) => {
                pending.push(counted.body);
                Some(at + 2)
            }
            Op::LazyMore(counted) => Some(counted.body),
            Op::PossessiveLoop { counted, exit } => {
                pending.push(exit);
                Some(counted.body)
            }
            Op::AssertStart { after, .. } | Op::AssertNotStart { after, .. } => Some(after),
            Op::GroupExists { otherwise, .. } => {
                pending.push(otherwise);
                Some(at + 1)
            }
            Op::Fail => None,
            // What an atomic group matches must not depend on what follows it.
            Op::AtomicEnd { .. } | Op::PossessiveEnd { .. } | Op::AssertEnd { .. } | Op::AssertNotEnd { .. } => {
                self.first.fill();
                None
            }
            Op::Success | Op::GroupRef { .. } => {
                self.first.fill();
                None
            }
        }
    }
}

impl First {
    /// Whether [`First::fill`] was called.
    fn is_full_cheaply(&self) -> bool {
        self.end && self.others && self.latin[0] && self.is_full()
    }
}

/// Fills in all filters and tables of a program.
pub fn fill_in(program: &mut Program) {
    for at in 0..program.ops.len() {
        let here = at as Target;
        match program.ops[at] {
            Op::Split { first: one, second: other, .. } => {
                let table = dispatch(program, one, other);
                program.ops[at] = Op::Split { first: one, second: other, table };
            }
            Op::GreedyLoop(mut counted) => {
                counted.table = dispatch(program, counted.body, here + 1);
                program.ops[at] = Op::GreedyLoop(counted);
            }
            Op::Switch(index) => fill_in_switch(program, index as usize),
            Op::Greedy(run) => program.ops[at] = Op::Greedy(filtered(program, run, here + 1)),
            Op::Lazy(run) => program.ops[at] = Op::Lazy(filtered(program, run, here + 1)),
            _ => {}
        }
    }
}

fn fill_in_switch(program: &mut Program, index: usize) {
    let alternatives = program.switches[index].alternatives.clone();
    let firsts: Vec<First> = alternatives.iter().map(|&alternative| first(program, alternative)).collect();
    let (mut lists, mut scratch): (Vec<Vec<Target>>, Vec<Target>) = Default::default();
    let mut list = |can: &dyn Fn(&First) -> bool| {
        scratch.clear();
        scratch.extend(alternatives.iter().zip(&firsts).filter(|(_, first)| can(first)).map(|(&alternative, _)| alternative));
        // Neighbours tend to have the same.
        let known = lists.iter().rposition(|other| *other == scratch);
        known.unwrap_or_else(|| {
            lists.push(scratch.clone());
            lists.len() - 1
        }) as u16
    };
    let latin = std::array::from_fn(|character| list(&|first| first.latin[character]));
    let (others, end) = (list(&|first| first.others), list(&|first| first.end));
    program.switches[index] = Switch { alternatives, lists, latin, others, end };
}

/// The number of a table; equal tables are one.
fn intern(program: &mut Program, table: Dispatch) -> u32 {
    let same = |other: &Dispatch| other.others == table.others && other.end == table.end && other.latin == table.latin;
    let found = program.tables.iter().rev().take(16).position(same);
    match found {
        Some(back) => (program.tables.len() - 1 - back) as u32,
        None => {
            program.tables.push(table);
            (program.tables.len() - 1) as u32
        }
    }
}

fn dispatch(program: &mut Program, one: Target, other: Target) -> u32 {
    let (one, other) = (first(program, one), first(program, other));
    let bits = |one: bool, other: bool| u8::from(one) | u8::from(other) << 1;
    let mut latin = [0; 256];
    for (index, entry) in latin.iter_mut().enumerate() {
        *entry = bits(one.latin[index], other.latin[index]);
    }
    let table = Dispatch { latin, others: bits(one.others, other.others), end: bits(one.end, other.end) };
    intern(program, table)
}

/// A run with what must follow it.
fn filtered(program: &mut Program, run: Run, after: Target) -> Run {
    let next = first(program, after);
    let mut own = First::NOTHING;
    own.add(program, run.unit);
    let exclusive = next.is_disjoint(&own);
    let filter = if next.is_full() {
        Filter::Any
    } else if let Some(character) = next.only() {
        Filter::Char(character)
    } else {
        let table = Dispatch { latin: next.latin.map(u8::from), others: u8::from(next.others), end: u8::from(next.end) };
        Filter::Table(intern(program, table))
    };
    Run { filter, exclusive, ..run }
}
