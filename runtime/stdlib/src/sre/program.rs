//! What code words are made into before they run: a flat list of instructions with absolute targets.
//!
//! A repeat or an alternative becomes jumps and [`Op::Split`]s. A loop that must count has two *registers*
//! beside the groups' marks: how often it has gone round (one less; all ones before the first time), and where it was
//! when it last went round, so that it does not go on for ever without moving. [`super::analysis`] then looks at the
//! whole program and fills in which characters can follow where.

use super::analysis;
use super::charset::{Fold, Set, Unit};
use super::codes::{AtCode, MAXREPEAT, Opcode};
use super::search::Search;

/// The index of an instruction.
pub type Target = u32;

/// What the next character must be, for the rest of the program to have a chance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filter {
    /// Nothing is known.
    Any,
    Char(u32),
    /// The index of a [`Dispatch`], whose first bit says yes.
    Table(u32),
}

/// Which of two ways can go on, by the next character: bit 0 for the first, bit 1 for the second.
pub struct Dispatch {
    pub latin: [u8; 256],
    pub others: u8,
    /// At the end of the text.
    pub end: u8,
}

/// Which of several alternatives can go on, by the next character.
pub struct Switch {
    /// Where each alternative starts.
    pub alternatives: Vec<Target>,
    /// The alternatives to try, in order; the rest says by which list.
    pub lists: Vec<Vec<Target>>,
    pub latin: [u16; 256],
    pub others: u16,
    /// At the end of the text.
    pub end: u16,
}

impl Switch {
    fn new() -> Switch {
        Switch { alternatives: Vec::new(), lists: Vec::new(), latin: [0; 256], others: 0, end: 0 }
    }

    /// What to try before a character, or at the end.
    #[inline]
    pub fn list(&self, next: Option<u32>) -> &[Target] {
        let list = match next {
            Some(character) => self.latin.get(character as usize).copied().unwrap_or(self.others),
            None => self.end,
        };
        &self.lists[usize::from(list)]
    }
}

/// A repeat of one character.
#[derive(Clone, Copy, Debug)]
pub struct Run {
    pub unit: Unit,
    pub least: u32,
    pub most: u32,
    /// What must follow.
    pub filter: Filter,
    /// Whether what must follow cannot be a character of the run, so that giving some back never helps.
    pub exclusive: bool,
}

/// A loop that counts.
#[derive(Clone, Copy, Debug)]
pub struct Loop {
    /// Its first register.
    pub register: u32,
    pub least: u32,
    pub most: u32,
    /// Where the body starts.
    pub body: Target,
    /// Of the body and of what comes after.
    pub table: u32,
}

impl Loop {
    /// Whether it may go round once more.
    pub fn has_more(&self, count: usize) -> bool {
        self.most == MAXREPEAT || count < self.most as usize
    }
}

#[derive(Clone, Copy, Debug)]
pub enum Op {
    Success,
    Fail,
    Unit(Unit),
    /// Several characters.
    Text {
        start: u32,
        len: u32,
    },
    Mark(u32),
    At(AtCode),
    /// One character before (`back` is 1) or after the position is, or is not, of a kind.
    Look {
        unit: Unit,
        back: u32,
        negated: bool,
    },
    Jump(Target),
    /// Try one way, then the other.
    Split {
        first: Target,
        second: Target,
        table: u32,
    },
    /// Try each of several ways: the index of a [`Switch`].
    Switch(u32),
    Greedy(Run),
    Lazy(Run),
    Possessive(Run),
    /// Before the first time: the target is the loop's end.
    LoopStart {
        register: u32,
        end: Target,
    },
    GreedyLoop(Loop),
    /// Followed by `LazyMore`, which goes round once more.
    LazyLoop(Loop),
    LazyMore(Loop),
    PossessiveStart {
        register: u32,
    },
    PossessiveLoop {
        counted: Loop,
        exit: Target,
    },
    PossessiveEnd {
        register: u32,
        start: Target,
    },
    AtomicStart {
        register: u32,
    },
    AtomicEnd {
        register: u32,
    },
    AssertStart {
        register: u32,
        back: u32,
        after: Target,
    },
    AssertEnd {
        register: u32,
    },
    AssertNotStart {
        register: u32,
        back: u32,
        after: Target,
    },
    AssertNotEnd {
        register: u32,
    },
    GroupRef {
        group: u32,
        fold: Fold,
    },
    GroupExists {
        group: u32,
        otherwise: Target,
    },
}

/// A pattern, ready to run.
pub struct Program {
    pub ops: Vec<Op>,
    pub sets: Vec<Set>,
    pub tables: Vec<Dispatch>,
    pub switches: Vec<Switch>,
    /// The characters of all `Text`s.
    pub text: Vec<u32>,
    /// The same as bytes, where they are.
    pub text_bytes: Vec<u8>,
    /// Whether some character of a `Text` is no byte.
    pub has_wide_text: bool,
    /// Marks of groups, the number of the group that was closed last, and registers.
    pub slots: usize,
    pub groups: usize,
    /// No match is shorter.
    pub least_length: usize,
    pub search: Search,
}

impl Program {
    /// Makes a program of code words that [`super::validate`] has found good.
    pub fn new(code: &[u32], groups: usize) -> Program {
        let program = Program {
            ops: Vec::new(),
            sets: Vec::new(),
            tables: Vec::new(),
            switches: Vec::new(),
            text: Vec::new(),
            text_bytes: Vec::new(),
            has_wide_text: false,
            slots: 2 * groups + 1,
            groups,
            least_length: 0,
            search: Search::Everywhere,
        };
        let mut writer = Writer { code, program };
        writer.sequence(0, code.len() - 1);
        writer.emit(Op::Success);
        let mut program = writer.program;
        if let (Some(Opcode::Info), Some(&least)) = (Opcode::of(code[0]), code.get(3)) {
            program.least_length = least as usize;
        }
        analysis::fill_in(&mut program);
        program.search = Search::of(&program);
        program
    }

    #[inline]
    pub fn matches(&self, unit: Unit, character: u32) -> bool {
        match unit {
            Unit::Any => character != 10,
            Unit::AnyAll => true,
            Unit::Char(wanted) => character == wanted,
            Unit::NotChar(unwanted) => character != unwanted,
            Unit::Set(set) => self.sets[set as usize].contains(character),
        }
    }

    /// The slot of the number of the group that was closed last.
    pub fn last_group_slot(&self) -> usize {
        2 * self.groups
    }

    #[inline]
    pub fn table(&self, index: u32) -> &Dispatch {
        &self.tables[index as usize]
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Greedy,
    Lazy,
    Possessive,
}

struct Writer<'a> {
    code: &'a [u32],
    program: Program,
}

/// Filled in later: by the analysis, or when the place is known.
const UNKNOWN: u32 = 0;

impl Writer<'_> {
    fn emit(&mut self, op: Op) -> usize {
        self.program.ops.push(op);
        self.program.ops.len() - 1
    }

    fn here(&self) -> Target {
        self.program.ops.len() as Target
    }

    fn registers(&mut self, count: usize) -> u32 {
        let first = self.program.slots as u32;
        self.program.slots += count;
        first
    }

    fn opcode(&self, at: usize) -> Opcode {
        Opcode::of(self.code[at]).expect("the code was validated")
    }

    /// Where the block ends whose length is at `at`.
    fn skip(&self, at: usize) -> usize {
        at + self.code[at] as usize
    }

    fn set(&mut self, words: &[u32], fold: Fold, negated: bool) -> Unit {
        let sets = &mut self.program.sets;
        let index = sets.iter().position(|set| set.is(words, fold, negated)).unwrap_or_else(|| {
            sets.push(Set::new(words, fold, negated));
            sets.len() - 1
        });
        Unit::Set(index as u32)
    }

    /// The test of one character at `at`, and where the next operation starts.
    fn unit(&mut self, at: usize) -> Option<(Unit, usize)> {
        use Opcode::*;
        let code = self.code;
        let operand = code.get(at + 1).copied().unwrap_or(0);
        let literal = [Literal as u32, operand, Failure as u32];
        let folded = |writer: &mut Self, fold, negated| Some((writer.set(&literal, fold, negated), at + 2));
        match self.opcode(at) {
            Any => Some((Unit::Any, at + 1)),
            AnyAll => Some((Unit::AnyAll, at + 1)),
            Literal => Some((Unit::Char(operand), at + 2)),
            NotLiteral => Some((Unit::NotChar(operand), at + 2)),
            LiteralIgnore => folded(self, Fold::Ascii, false),
            NotLiteralIgnore => folded(self, Fold::Ascii, true),
            LiteralUniIgnore => folded(self, Fold::Unicode, false),
            NotLiteralUniIgnore => folded(self, Fold::Unicode, true),
            LiteralLocIgnore => folded(self, Fold::Locale, false),
            NotLiteralLocIgnore => folded(self, Fold::Locale, true),
            Category => Some((self.set(&[Category as u32, operand, Failure as u32], Fold::None, false), at + 2)),
            opcode @ (In | InIgnore | InUniIgnore | InLocIgnore) => {
                let fold = match opcode {
                    InIgnore => Fold::Ascii,
                    InUniIgnore => Fold::Unicode,
                    InLocIgnore => Fold::Locale,
                    _ => Fold::None,
                };
                let end = self.skip(at + 1);
                Some((self.set(&code[at + 2..end], fold, false), end))
            }
            _ => None,
        }
    }

    /// The operations from `at` to before `end`.
    fn sequence(&mut self, at: usize, end: usize) {
        let mut at = at;
        while at < end {
            at = match self.literals(at, end) {
                Some(next) => next,
                None => stacker::maybe_grow(64 << 10, 1 << 20, || self.operation(at)),
            };
        }
    }

    /// Several literals in a row.
    fn literals(&mut self, at: usize, end: usize) -> Option<usize> {
        let is_literal = |at: usize| at < end && self.code[at] == Opcode::Literal as u32;
        let len = (0..).take_while(|index| is_literal(at + 2 * index)).count();
        if len < 2 {
            return None;
        }
        let start = self.program.text.len() as u32;
        for index in 0..len {
            let character = self.code[at + 2 * index + 1];
            self.program.text.push(character);
            self.program.text_bytes.push(u8::try_from(character).unwrap_or(0));
            self.program.has_wide_text |= character > 255;
        }
        self.emit(Op::Text { start, len: len as u32 });
        Some(at + 2 * len)
    }

    /// One operation; returns where the next one starts.
    fn operation(&mut self, at: usize) -> usize {
        use Opcode::*;
        if let Some((unit, next)) = self.unit(at) {
            self.emit(Op::Unit(unit));
            return next;
        }
        let word = |offset: usize| self.code[at + offset];
        match self.opcode(at) {
            Success => {
                self.emit(Op::Success);
                at + 1
            }
            Mark => {
                self.emit(Op::Mark(word(1)));
                at + 2
            }
            At => {
                let code = AtCode::of(word(1)).expect("the code was validated");
                self.emit(Op::At(code));
                at + 2
            }
            Info => self.skip(at + 1),
            Branch => self.branch(at),
            RepeatOne => self.repeat_one(at, Kind::Greedy),
            MinRepeatOne => self.repeat_one(at, Kind::Lazy),
            PossessiveRepeatOne => self.repeat_one(at, Kind::Possessive),
            Repeat => {
                let end = self.skip(at + 1);
                let kind = if self.opcode(end) == MinUntil { Kind::Lazy } else { Kind::Greedy };
                self.repeat(kind, word(2), word(3), at + 4, end);
                end + 1
            }
            PossessiveRepeat => {
                let end = self.skip(at + 1);
                self.repeat(Kind::Possessive, word(2), word(3), at + 4, end);
                end + 1
            }
            AtomicGroup => {
                let end = self.skip(at + 1);
                let register = self.registers(1);
                self.emit(Op::AtomicStart { register });
                self.sequence(at + 2, end - 1);
                self.emit(Op::AtomicEnd { register });
                end
            }
            Groupref => self.group_ref(at, Fold::None),
            GrouprefIgnore => self.group_ref(at, Fold::Ascii),
            GrouprefUniIgnore => self.group_ref(at, Fold::Unicode),
            GrouprefLocIgnore => self.group_ref(at, Fold::Locale),
            GrouprefExists => self.conditional(at),
            Assert => self.assert(at, false),
            AssertNot => self.assert(at, true),
            _ => {
                self.emit(Op::Fail);
                at + 1
            }
        }
    }

    fn group_ref(&mut self, at: usize, fold: Fold) -> usize {
        self.emit(Op::GroupRef { group: self.code[at + 1], fold });
        at + 2
    }

    fn split_target(&mut self, split: usize) {
        let here = self.here();
        if let Op::Split { second, .. } = &mut self.program.ops[split] {
            *second = here;
        }
    }

    /// An alternation: a switch, unless there are two ways alone.
    fn branch(&mut self, at: usize) -> usize {
        let mut count = 0;
        let mut position = at + 1;
        while self.code[position] != 0 {
            count += 1;
            position = self.skip(position);
        }
        if count < 3 {
            return self.split(at);
        }
        let index = self.program.switches.len();
        self.program.switches.push(Switch::new());
        self.emit(Op::Switch(index as u32));
        let mut jumps = Vec::new();
        let mut position = at + 1;
        while self.code[position] != 0 {
            let next = self.skip(position);
            let start = self.here();
            self.program.switches[index].alternatives.push(start);
            self.sequence(position + 1, next - 2);
            jumps.push(self.emit(Op::Jump(UNKNOWN)));
            position = next;
        }
        let here = self.here();
        for jump in jumps {
            self.program.ops[jump] = Op::Jump(here);
        }
        position + 1
    }

    fn split(&mut self, at: usize) -> usize {
        let mut position = at + 1;
        let mut jumps = Vec::new();
        while self.code[position] != 0 {
            let next = self.skip(position);
            let is_last = self.code[next] == 0;
            let first = self.here() + 1;
            let split = (!is_last).then(|| self.emit(Op::Split { first, second: UNKNOWN, table: UNKNOWN }));
            self.sequence(position + 1, next - 2);
            if let Some(split) = split {
                jumps.push(self.emit(Op::Jump(UNKNOWN)));
                self.split_target(split);
            }
            position = next;
        }
        if position == at + 1 {
            self.emit(Op::Fail);
        }
        let here = self.here();
        for jump in jumps {
            self.program.ops[jump] = Op::Jump(here);
        }
        position + 1
    }

    fn repeat_one(&mut self, at: usize, kind: Kind) -> usize {
        let end = self.skip(at + 1);
        let (least, most) = (self.code[at + 2], self.code[at + 3]);
        match self.unit(at + 4) {
            Some((unit, next)) if next == end - 1 => {
                let run = Run { unit, least, most, filter: Filter::Any, exclusive: false };
                self.emit(match kind {
                    Kind::Greedy => Op::Greedy(run),
                    Kind::Lazy => Op::Lazy(run),
                    Kind::Possessive => Op::Possessive(run),
                });
            }
            _ => self.repeat(kind, least, most, at + 4, end - 1),
        }
        end
    }

    /// The operations from `at` to before `end`, repeated.
    fn repeat(&mut self, kind: Kind, least: u32, most: u32, at: usize, end: usize) {
        let endless = most == MAXREPEAT && self.least_width(at, end, 0) > 0;
        match kind {
            Kind::Possessive => self.possessive(least, most, at, end),
            Kind::Greedy | Kind::Lazy if least == 0 && (most == 1 || endless) => self.uncounted(kind, most != 1, at, end),
            Kind::Greedy | Kind::Lazy => self.counted(kind, least, most, at, end),
        }
    }

    /// A repeat from none to one, or from none to any number of something that is never empty.
    fn uncounted(&mut self, kind: Kind, endless: bool, at: usize, end: usize) {
        let start = self.here();
        let split = self.emit(Op::Split { first: start + 1, second: UNKNOWN, table: UNKNOWN });
        self.sequence(at, end);
        if endless {
            self.emit(Op::Jump(start));
        }
        let after = self.here();
        let (first, second) = if matches!(kind, Kind::Lazy) { (after, start + 1) } else { (start + 1, after) };
        self.program.ops[split] = Op::Split { first, second, table: UNKNOWN };
    }

    fn counted(&mut self, kind: Kind, least: u32, most: u32, at: usize, end: usize) {
        let register = self.registers(2);
        let start = self.emit(Op::LoopStart { register, end: UNKNOWN });
        let counted = Loop { register, least, most, body: self.here(), table: UNKNOWN };
        self.sequence(at, end);
        let here = self.here();
        self.program.ops[start] = Op::LoopStart { register, end: here };
        match kind {
            Kind::Lazy => {
                self.emit(Op::LazyLoop(counted));
                self.emit(Op::LazyMore(counted));
            }
            _ => {
                self.emit(Op::GreedyLoop(counted));
            }
        }
    }

    fn possessive(&mut self, least: u32, most: u32, at: usize, end: usize) {
        let register = self.registers(3);
        self.emit(Op::PossessiveStart { register });
        let start = self.here();
        let counted = Loop { register, least, most, body: start + 1, table: UNKNOWN };
        let head = self.emit(Op::PossessiveLoop { counted, exit: UNKNOWN });
        self.sequence(at, end);
        self.emit(Op::PossessiveEnd { register, start });
        let exit = self.here();
        self.program.ops[head] = Op::PossessiveLoop { counted, exit };
    }

    fn assert(&mut self, at: usize, negated: bool) -> usize {
        let (end, back) = (self.skip(at + 1), self.code[at + 2]);
        if let Some((unit, next)) = self.unit(at + 3)
            && next == end - 1
            && back <= 1
        {
            self.emit(Op::Look { unit, back, negated });
            return end;
        }
        let register = self.registers(2);
        let start = self.emit(Op::Fail);
        self.sequence(at + 3, end - 1);
        self.emit(if negated { Op::AssertNotEnd { register } } else { Op::AssertEnd { register } });
        let after = self.here();
        self.program.ops[start] = if negated { Op::AssertNotStart { register, back, after } } else { Op::AssertStart { register, back, after } };
        end
    }

    /// `<GROUPREF_EXISTS> <group> <skip> yes [<JUMP> <skip> no]`
    fn conditional(&mut self, at: usize) -> usize {
        let group = self.code[at + 1];
        let otherwise = at + 1 + self.code[at + 2] as usize;
        let start = self.emit(Op::Fail);
        match self.jump_before(at + 3, otherwise) {
            Some(end) => {
                self.sequence(at + 3, otherwise - 2);
                let jump = self.emit(Op::Jump(UNKNOWN));
                self.program.ops[start] = Op::GroupExists { group, otherwise: self.here() };
                self.sequence(otherwise, end);
                self.program.ops[jump] = Op::Jump(self.here());
                end
            }
            None => {
                self.sequence(at + 3, otherwise);
                self.program.ops[start] = Op::GroupExists { group, otherwise: self.here() };
                otherwise
            }
        }
    }

    /// Where the jump leads that ends the operations from `at` to before `end`.
    fn jump_before(&self, at: usize, end: usize) -> Option<usize> {
        let jump = end.checked_sub(2).filter(|&jump| jump >= at)?;
        // The word could be an operand: walk to it.
        let mut position = at;
        while position < jump {
            position = self.next(position);
        }
        (position == jump && self.code[jump] == Opcode::Jump as u32).then(|| self.skip(jump + 1))
    }

    /// Where the operation after the one at `at` starts.
    fn next(&self, at: usize) -> usize {
        use Opcode::*;
        match self.opcode(at) {
            Any | AnyAll | Failure | Success => at + 1,
            In | InIgnore | InUniIgnore | InLocIgnore | Info | AtomicGroup | Assert | AssertNot => self.skip(at + 1),
            RepeatOne | MinRepeatOne | PossessiveRepeatOne => self.skip(at + 1),
            Repeat | PossessiveRepeat => self.skip(at + 1) + 1,
            Branch => {
                let mut position = at + 1;
                while self.code[position] != 0 {
                    position = self.skip(position);
                }
                position + 1
            }
            GrouprefExists => {
                let otherwise = at + 1 + self.code[at + 2] as usize;
                self.jump_before(at + 3, otherwise).unwrap_or(otherwise)
            }
            _ => at + 2,
        }
    }

    /// A lower bound of the length of what the operations from `at` to before `end` match.
    fn least_width(&self, at: usize, end: usize, depth: usize) -> usize {
        if depth > 50 {
            return 0;
        }
        let (mut at, mut width) = (at, 0_usize);
        while at < end {
            width = width.saturating_add(self.operation_width(at, depth + 1));
            at = self.next(at);
        }
        width
    }

    fn operation_width(&self, at: usize, depth: usize) -> usize {
        use Opcode::*;
        match self.opcode(at) {
            RepeatOne | MinRepeatOne | PossessiveRepeatOne => {
                let once = self.least_width(at + 4, self.skip(at + 1) - 1, depth);
                once.saturating_mul(self.code[at + 2] as usize)
            }
            Repeat | PossessiveRepeat => {
                let once = self.least_width(at + 4, self.skip(at + 1), depth);
                once.saturating_mul(self.code[at + 2] as usize)
            }
            AtomicGroup => self.least_width(at + 2, self.skip(at + 1) - 1, depth),
            Branch => {
                let (mut position, mut least) = (at + 1, usize::MAX);
                while self.code[position] != 0 {
                    let next = self.skip(position);
                    least = least.min(self.least_width(position + 1, next - 2, depth));
                    position = next;
                }
                least
            }
            Any | AnyAll | Literal | NotLiteral | LiteralIgnore | NotLiteralIgnore | LiteralUniIgnore | NotLiteralUniIgnore | LiteralLocIgnore
            | NotLiteralLocIgnore | Category | In | InIgnore | InUniIgnore | InLocIgnore => 1,
            _ => 0,
        }
    }
}
