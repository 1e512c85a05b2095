//! Checks code words: the engine trusts them, and anybody can call `_sre.compile`.

use rustpython_sre_engine::{MAXREPEAT, SreAtCode, SreCatCode, SreOpcode};

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
        Some((&last, _)) if last == SreOpcode::SUCCESS as u32 => checker.sequence(0, code.len() - 1).is_some(),
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

    fn opcode(&self, position: usize) -> Valid<SreOpcode> {
        SreOpcode::try_from(*self.code.get(position)?).ok()
    }

    /// The end of a block whose length is in the word at `position`, counted from there.
    fn skip(&self, position: usize, end: usize) -> Valid<usize> {
        let target = position.checked_add(self.word(position)?)?;
        (target >= position && target <= end).then_some(target)
    }

    fn is(&self, position: usize, opcode: SreOpcode) -> Valid {
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
        use SreOpcode::*;
        match self.opcode(at)? {
            ANY | ANY_ALL | FAILURE | SUCCESS => Some(at + 1),
            LITERAL
            | NOT_LITERAL
            | LITERAL_IGNORE
            | NOT_LITERAL_IGNORE
            | LITERAL_UNI_IGNORE
            | NOT_LITERAL_UNI_IGNORE
            | LITERAL_LOC_IGNORE
            | NOT_LITERAL_LOC_IGNORE => ensure(at + 2 <= end).map(|()| at + 2),
            MARK => ensure(self.word(at + 1)? < 2 * self.groups).map(|()| at + 2),
            AT => SreAtCode::try_from(*self.code.get(at + 1)?).ok().map(|_| at + 2),
            CATEGORY => self.category(at + 1).map(|()| at + 2),
            IN | IN_IGNORE | IN_UNI_IGNORE | IN_LOC_IGNORE => {
                let target = self.skip(at + 1, end)?;
                self.charset(at + 2, target.checked_sub(1)?)?;
                self.is(target - 1, FAILURE)?;
                Some(target)
            }
            INFO => self.info(at, end),
            BRANCH => self.branch(at, end),
            REPEAT_ONE | MIN_REPEAT_ONE | POSSESSIVE_REPEAT_ONE => {
                let target = self.repeat(at, end)?;
                self.is(target.checked_sub(1)?, SUCCESS)?;
                self.sequence(at + 4, target - 1)?;
                Some(target)
            }
            REPEAT => {
                let target = self.repeat(at, end)?;
                self.sequence(at + 4, target)?;
                ensure(matches!(self.opcode(target)?, MAX_UNTIL | MIN_UNTIL) && target < end)?;
                Some(target + 1)
            }
            POSSESSIVE_REPEAT => {
                let target = self.repeat(at, end)?;
                self.sequence(at + 4, target)?;
                ensure(target < end)?;
                self.is(target, SUCCESS)?;
                Some(target + 1)
            }
            ATOMIC_GROUP => {
                let target = self.skip(at + 1, end)?;
                self.is(target.checked_sub(1)?, SUCCESS)?;
                self.sequence(at + 2, target - 1)?;
                Some(target)
            }
            GROUPREF | GROUPREF_IGNORE | GROUPREF_UNI_IGNORE | GROUPREF_LOC_IGNORE => ensure(self.word(at + 1)? < self.groups).map(|()| at + 2),
            GROUPREF_EXISTS => self.conditional(at, end),
            ASSERT | ASSERT_NOT => {
                let target = self.skip(at + 1, end)?;
                ensure(self.word(at + 2)? & 0x8000_0000 == 0)?;
                self.is(target.checked_sub(1)?, SUCCESS)?;
                self.sequence(at + 3, target - 1)?;
                Some(target)
            }
            // Handled where they belong: not operations of their own.
            JUMP | MAX_UNTIL | MIN_UNTIL | CHARSET | BIGCHARSET | NEGATE | RANGE | RANGE_UNI_IGNORE | SUBPATTERN => None,
        }
    }

    fn category(&self, at: usize) -> Valid {
        SreCatCode::try_from(*self.code.get(at)?).ok().map(|_| ())
    }

    /// The target of a repeat whose bounds are in order.
    fn repeat(&self, at: usize, end: usize) -> Valid<usize> {
        let target = self.skip(at + 1, end)?;
        let (least, most) = (self.word(at + 2)?, self.word(at + 3)?);
        ensure(least <= most && most <= MAXREPEAT && target > at + 3)?;
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
            self.is(target - 1, SreOpcode::FAILURE)?;
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
            self.is(jump, SreOpcode::JUMP)?;
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
            && self.is(jump, SreOpcode::JUMP).is_some()
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
        use SreOpcode::*;
        let mut at = at;
        while at < end {
            at = match self.opcode(at)? {
                NEGATE => at + 1,
                LITERAL => at + 2,
                RANGE | RANGE_UNI_IGNORE => at + 3,
                CHARSET => at + 9,
                CATEGORY => self.category(at + 1).map(|()| at + 2)?,
                BIGCHARSET => {
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
