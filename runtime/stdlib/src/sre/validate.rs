//! Checks code words: the engine trusts them, and anybody can call `_sre.compile`.

use super::codes::{AtCode, CategoryCode, MAXREPEAT, Opcode};

/// How deep code may nest; `re`'s parser gives up earlier.
const MAX_DEPTH: usize = 5000;

struct Checker<'a> {
    code: &'a [u32],
    groups: usize,
    depth: usize,
}

/// Whether `code` is a pattern with so many groups.
pub fn is_valid(code: &[u32], groups: usize) -> bool {
    let mut checker = Checker { code, groups, depth: 0 };
    match code.split_last() {
        Some((&last, _)) if last == Opcode::Success as u32 => checker.sequence(0, code.len() - 1).is_some(),
        _ => false,
    }
}

/// `Some(())`: valid.
type Valid<T = ()> = Option<T>;

fn ensure(condition: bool) -> Valid {
    condition.then_some(())
}

impl Checker<'_> {
    fn word(&self, position: usize) -> Valid<usize> {
        self.code.get(position).map(|&word| word as usize)
    }

    fn opcode(&self, position: usize) -> Valid<Opcode> {
        Opcode::of(*self.code.get(position)?)
    }

    /// The end of a block whose length is in the word at `position`, counted from there.
    fn skip(&self, position: usize, end: usize) -> Valid<usize> {
        let target = position.checked_add(self.word(position)?)?;
        (target >= position && target <= end).then_some(target)
    }

    fn is(&self, position: usize, opcode: Opcode) -> Valid {
        ensure(self.opcode(position)? == opcode)
    }

    /// Code from `at` to before `end`.
    fn sequence(&mut self, at: usize, end: usize) -> Valid {
        self.depth += 1;
        ensure(self.depth <= MAX_DEPTH && at <= end)?;
        let mut at = at;
        while at < end {
            at = stacker::maybe_grow(64 << 10, 1 << 20, || self.operation(at, end))?;
            ensure(at <= end)?;
        }
        self.depth -= 1;
        Some(())
    }

    /// One operation; returns where the next one starts.
    fn operation(&mut self, at: usize, end: usize) -> Valid<usize> {
        use Opcode::*;
        match self.opcode(at)? {
            Any | AnyAll | Failure | Success => Some(at + 1),
            Literal | NotLiteral | LiteralIgnore | NotLiteralIgnore | LiteralUniIgnore | NotLiteralUniIgnore | LiteralLocIgnore
            | NotLiteralLocIgnore => ensure(at + 2 <= end).map(|()| at + 2),
            Mark => ensure(self.word(at + 1)? < 2 * self.groups).map(|()| at + 2),
            At => AtCode::of(*self.code.get(at + 1)?).map(|_| at + 2),
            Category => self.category(at + 1).map(|()| at + 2),
            In | InIgnore | InUniIgnore | InLocIgnore => {
                let target = self.skip(at + 1, end)?;
                self.charset(at + 2, target.checked_sub(1)?)?;
                self.is(target - 1, Failure)?;
                Some(target)
            }
            Info => self.info(at, end),
            Branch => self.branch(at, end),
            RepeatOne | MinRepeatOne | PossessiveRepeatOne => {
                let target = self.repeat(at, end)?;
                self.is(target.checked_sub(1)?, Success)?;
                self.sequence(at + 4, target - 1)?;
                Some(target)
            }
            Repeat => {
                let target = self.repeat(at, end)?;
                self.sequence(at + 4, target)?;
                ensure(matches!(self.opcode(target)?, MaxUntil | MinUntil) && target < end)?;
                Some(target + 1)
            }
            PossessiveRepeat => {
                let target = self.repeat(at, end)?;
                self.sequence(at + 4, target)?;
                ensure(target < end)?;
                self.is(target, Success)?;
                Some(target + 1)
            }
            AtomicGroup => {
                let target = self.skip(at + 1, end)?;
                self.is(target.checked_sub(1)?, Success)?;
                self.sequence(at + 2, target - 1)?;
                Some(target)
            }
            Groupref | GrouprefIgnore | GrouprefUniIgnore | GrouprefLocIgnore => ensure(self.word(at + 1)? < self.groups).map(|()| at + 2),
            GrouprefExists => self.conditional(at, end),
            Assert | AssertNot => {
                let target = self.skip(at + 1, end)?;
                ensure(self.word(at + 2)? & 0x8000_0000 == 0)?;
                self.is(target.checked_sub(1)?, Success)?;
                self.sequence(at + 3, target - 1)?;
                Some(target)
            }
            // Handled where they belong: not operations of their own.
            Jump | MaxUntil | MinUntil | Charset | Bigcharset | Negate | Range | RangeUniIgnore | Subpattern => None,
        }
    }

    fn category(&self, at: usize) -> Valid {
        CategoryCode::of(*self.code.get(at)?).map(|_| ())
    }

    /// The target of a repeat whose bounds are in order.
    fn repeat(&self, at: usize, end: usize) -> Valid<usize> {
        let target = self.skip(at + 1, end)?;
        let (least, most) = (self.word(at + 2)?, self.word(at + 3)?);
        ensure(least <= most && most <= MAXREPEAT as usize && target > at + 3)?;
        Some(target)
    }

    /// `<INFO> <skip> <flags> <min> <max> <prefix length> <prefix skip> <prefix> <overlap>` or a charset.
    fn info(&self, at: usize, end: usize) -> Valid<usize> {
        let target = self.skip(at + 1, end)?;
        let flags = self.word(at + 2)?;
        ensure(target >= at + 5 && flags & !7 == 0 && flags & 5 != 5 && (flags & 2 == 0 || flags & 1 != 0))?;
        if flags & 1 != 0 {
            let (length, skip) = (self.word(at + 5)?, self.word(at + 6)?);
            ensure(length > 0 && skip <= length && at + 7 + 2 * length == target)?;
            let overlaps = &self.code[at + 7 + length..target];
            ensure(overlaps.iter().enumerate().all(|(index, &overlap)| (overlap as usize) <= index))?;
        } else if flags & 4 != 0 {
            self.charset(at + 5, target.checked_sub(1)?)?;
            self.is(target - 1, Opcode::Failure)?;
        }
        Some(target)
    }

    /// `<BRANCH> <skip> code <JUMP> <skip> ... <0>`
    fn branch(&mut self, at: usize, end: usize) -> Valid<usize> {
        let mut position = at + 1;
        let mut target = None;
        loop {
            let skip = self.word(position)?;
            if skip == 0 {
                break;
            }
            let next = self.skip(position, end)?;
            let jump = next.checked_sub(2)?;
            self.sequence(position + 1, jump)?;
            self.is(jump, Opcode::Jump)?;
            let to = self.skip(jump + 1, end)?;
            ensure(*target.get_or_insert(to) == to)?;
            position = next;
        }
        ensure(position < end)?;
        let target = target.unwrap_or(position + 1);
        ensure(target == position + 1)?;
        Some(target)
    }

    /// `<GROUPREF_EXISTS> <group> <skip> yes [<JUMP> <skip> no]`
    fn conditional(&mut self, at: usize, end: usize) -> Valid<usize> {
        ensure(self.word(at + 1)? < self.groups)?;
        // Unlike others, this length counts from the word before it.
        let no = (at + 1).checked_add(self.word(at + 2)?).filter(|&no| no >= at + 3 && no <= end)?;
        let jump = no.checked_sub(2)?;
        if jump >= at + 3
            && self.is(jump, Opcode::Jump).is_some()
            && let Some(target) = self.skip(jump + 1, end)
            && target >= no
            && self.sequence(at + 3, jump).is_some()
        {
            self.sequence(no, target)?;
            return Some(target);
        }
        self.sequence(at + 3, no)?;
        Some(no)
    }

    fn charset(&self, at: usize, end: usize) -> Valid {
        use Opcode::*;
        let mut at = at;
        while at < end {
            at = match self.opcode(at)? {
                Negate => at + 1,
                Literal => at + 2,
                Range | RangeUniIgnore => at + 3,
                Charset => at + 9,
                Category => self.category(at + 1).map(|()| at + 2)?,
                Bigcharset => {
                    let blocks = self.word(at + 1)?;
                    let indices = self.code.get(at + 2..at + 66)?;
                    ensure(indices.iter().flat_map(|word| word.to_ne_bytes()).all(|index| usize::from(index) < blocks))?;
                    at.checked_add(66 + blocks.checked_mul(8)?)?
                }
                _ => return None,
            };
        }
        ensure(at == end)
    }
}
