//! Sets of characters: one code word's test of one character, with a table for the first 256.

use super::codes::{CategoryCode, Opcode};
use builtins::unicode;

/// How characters are made alike before they are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fold {
    None,
    Ascii,
    Unicode,
    /// As the locale has it. Only ASCII letters have case, whatever the locale.
    Locale,
}

impl Fold {
    /// The lower case of a character.
    #[inline]
    pub fn lower(self, character: u32) -> u32 {
        match self {
            Fold::None => character,
            Fold::Ascii | Fold::Locale => lower_ascii(character),
            Fold::Unicode => unicode::simple_lower(character),
        }
    }
}

/// The lower case of an ASCII letter; other characters as they are.
#[inline]
pub fn lower_ascii(character: u32) -> u32 {
    u8::try_from(character).map_or(character, |byte| u32::from(byte.to_ascii_lowercase()))
}

fn upper_ascii(character: u32) -> u32 {
    u8::try_from(character).map_or(character, |byte| u32::from(byte.to_ascii_uppercase()))
}

fn upper_unicode(character: u32) -> u32 {
    let mut upper = None;
    unicode::to_upper(character, |mapped| {
        upper.get_or_insert(mapped);
    });
    upper.unwrap_or(character)
}

/// A test of one character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Any but a line feed.
    Any,
    AnyAll,
    Char(u32),
    NotChar(u32),
    /// One of the program's sets.
    Set(u32),
}

/// A set of characters.
pub struct Set {
    /// Which of the first 256 characters are in it.
    pub latin: [bool; 256],
    /// Whether all or none of the others are, if that is so.
    pub others: Option<bool>,
    words: Box<[u32]>,
    fold: Fold,
    negated: bool,
}

impl Set {
    /// The set of characters that, folded, are in the set of code words.
    pub fn new(words: &[u32], fold: Fold, negated: bool) -> Set {
        let mut set = Set { latin: [false; 256], others: None, words: words.into(), fold, negated };
        let exact = if fold == Fold::Locale { None } else { Some(latin(words)) };
        for character in 0..256 {
            let found = exact.as_ref().and_then(|exact| exact.get(fold.lower(character) as usize));
            set.latin[character as usize] = found.map_or_else(|| set.test(character), |&found| found != negated);
        }
        if fold != Fold::Unicode {
            set.others = others(words).map(|others| others != negated);
        }
        set
    }

    pub fn is(&self, words: &[u32], fold: Fold, negated: bool) -> bool {
        *self.words == *words && self.fold == fold && self.negated == negated
    }

    #[inline]
    pub fn contains(&self, character: u32) -> bool {
        match self.latin.get(character as usize) {
            Some(&answer) => answer,
            None => self.others.unwrap_or_else(|| self.test(character)),
        }
    }

    fn test(&self, character: u32) -> bool {
        let lower = self.fold.lower(character);
        let upper = if self.fold == Fold::Locale { upper_ascii(character) } else { lower };
        contains(&self.words, lower, upper) != self.negated
    }
}

/// Whether a character is of a category.
pub fn is_category(code: CategoryCode, character: u32) -> bool {
    use CategoryCode::*;
    let byte = u8::try_from(character).ok();
    match code {
        Digit => byte.is_some_and(|byte| byte.is_ascii_digit()),
        Space => matches!(character, 9..=13 | 32),
        Word | LocWord => is_word(character),
        Linebreak => character == 10,
        UniDigit => unicode::is_decimal(character),
        UniSpace => unicode::is_space(character),
        UniWord => is_uni_word(character),
        UniLinebreak => unicode::is_line_break(character),
        NotDigit => !is_category(Digit, character),
        NotSpace => !is_category(Space, character),
        NotWord | LocNotWord => !is_word(character),
        NotLinebreak => character != 10,
        UniNotDigit => !unicode::is_decimal(character),
        UniNotSpace => !unicode::is_space(character),
        UniNotWord => !is_uni_word(character),
        UniNotLinebreak => !unicode::is_line_break(character),
    }
}

#[inline]
pub fn is_word(character: u32) -> bool {
    u8::try_from(character).is_ok_and(|byte| byte == b'_' || byte.is_ascii_alphanumeric())
}

#[inline]
pub fn is_uni_word(character: u32) -> bool {
    if character < 128 { is_word(character) } else { unicode::is_alphanumeric(character) }
}

/// One test of a set: the words after it, and whether it says yes.
enum Member {
    Negate,
    Test(bool),
    End,
    /// Its words cannot be read.
    Broken,
}

fn member(words: &[u32], character: u32) -> (Member, usize) {
    let Some(opcode) = words.first().and_then(|&word| Opcode::of(word)) else {
        return (Member::Broken, 0);
    };
    let (low, high) = (words.get(1).copied().unwrap_or(0), words.get(2).copied().unwrap_or(0));
    match opcode {
        Opcode::Failure => (Member::End, 1),
        Opcode::Negate => (Member::Negate, 1),
        Opcode::Literal => (Member::Test(character == low), 2),
        Opcode::Range => (Member::Test(low <= character && character <= high), 3),
        Opcode::RangeUniIgnore => {
            let upper = upper_unicode(character);
            (Member::Test((low <= character && character <= high) || (low <= upper && upper <= high)), 3)
        }
        Opcode::Category => (Member::Test(CategoryCode::of(low).is_some_and(|code| is_category(code, character))), 2),
        Opcode::Charset => (Member::Test(character < 256 && bit(&words[1..], character)), 9),
        Opcode::Bigcharset => (Member::Test(character < 0x10000 && big_bit(&words[2..], character)), 66 + 8 * low as usize),
        _ => (Member::Broken, 0),
    }
}

fn bit(bitmap: &[u32], index: u32) -> bool {
    bitmap[(index >> 5) as usize] & (1 << (index & 31)) != 0
}

/// Two levels: the numbers of blocks, a byte each, and the blocks.
fn big_bit(words: &[u32], character: u32) -> bool {
    let block = words[(character >> 10) as usize].to_ne_bytes()[(character >> 8 & 3) as usize];
    bit(&words[64 + 8 * usize::from(block)..], character & 255)
}

/// Whether a character is in the set of code words; each test of the set is of both of its cases.
fn contains(words: &[u32], lower: u32, upper: u32) -> bool {
    let (mut words, mut answer) = (words, true);
    loop {
        let (tested, len) = member(words, lower);
        match tested {
            Member::Test(true) => return answer,
            Member::Test(false) if upper != lower && matches!(member(words, upper), (Member::Test(true), _)) => return answer,
            Member::Test(false) => {}
            Member::Negate => answer = !answer,
            Member::End => return !answer,
            Member::Broken => return false,
        }
        words = &words[len..];
    }
}

/// Which of the first 256 characters are in the set of code words.
fn latin(words: &[u32]) -> [bool; 256] {
    let (mut words, mut answer) = (words, true);
    let (mut table, mut open) = ([false; 256], [true; 256]);
    loop {
        let (tested, len) = member(words, 0);
        let mut decide = |characters: std::ops::RangeInclusive<usize>, test: &dyn Fn(u32) -> bool| {
            for character in characters {
                if open[character] && test(character as u32) {
                    (table[character], open[character]) = (answer, false);
                }
            }
        };
        match tested {
            Member::Negate => answer = !answer,
            Member::End => {
                answer = !answer;
                break;
            }
            Member::Broken => {
                answer = false;
                break;
            }
            Member::Test(_) => match (Opcode::of(words[0]), words[1]) {
                (Some(Opcode::Literal), character) if character < 256 => decide(character as usize..=character as usize, &|_| true),
                (Some(Opcode::Literal), _) => {}
                (Some(Opcode::Range), low) if low < 256 => decide(low as usize..=words[2].min(255) as usize, &|_| true),
                (Some(Opcode::Range), _) => {}
                (Some(Opcode::Category), code) => {
                    let category = CategoryCode::of(code);
                    decide(0..=255, &|character| category.is_some_and(|category| is_category(category, character)));
                }
                _ => decide(0..=255, &|character| matches!(member(words, character), (Member::Test(true), _))),
            },
        }
        words = &words[len..];
    }
    for (entry, open) in table.iter_mut().zip(open) {
        *entry |= open && answer;
    }
    table
}

/// Whether all characters from 256 on are in the set, or none, as far as one can see without looking at each.
fn others(words: &[u32]) -> Option<bool> {
    use CategoryCode::*;
    let (mut at, mut answer) = (0, true);
    loop {
        let next = |offset: usize| words.get(at + offset).copied();
        match Opcode::of(next(0)?)? {
            Opcode::Failure => return Some(!answer),
            Opcode::Negate => answer = !answer,
            Opcode::Literal if next(1)? < 256 => {}
            Opcode::Range if next(2)? < 256 => {}
            Opcode::Charset => {}
            Opcode::Category => match CategoryCode::of(next(1)?)? {
                Digit | Space | Word | LocWord | Linebreak => {}
                NotDigit | NotSpace | NotWord | LocNotWord | NotLinebreak => return Some(answer),
                _ => return None,
            },
            _ => return None,
        }
        at += member(&words[at..], 0).1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LITERAL: u32 = Opcode::Literal as u32;
    const RANGE: u32 = Opcode::Range as u32;
    const NEGATE: u32 = Opcode::Negate as u32;
    const CATEGORY: u32 = Opcode::Category as u32;

    #[test]
    fn members_are_tested_in_order() {
        let set = Set::new(&[NEGATE, LITERAL, 97, RANGE, 48, 57, 0], Fold::None, false);
        assert!(!set.contains(97) && !set.contains(53) && set.contains(98) && set.contains(0x1_0000));
        assert_eq!(set.others, Some(true));
    }

    #[test]
    fn the_table_says_what_each_test_says() {
        let charset = [Opcode::Charset as u32, 1 << 10, 0, 0xFF, 0, 0, 0, 0, 0x8000_0000];
        let parts: [&[u32]; 6] =
            [&[NEGATE], &[LITERAL, 97], &[RANGE, 200, 300], &[CATEGORY, CategoryCode::UniWord as u32], &charset, &[LITERAL, 400]];
        for chosen in 0..64 {
            let mut words: Vec<u32> =
                parts.iter().enumerate().filter(|(bit, _)| chosen >> bit & 1 != 0).flat_map(|(_, part)| part.iter().copied()).collect();
            words.push(0);
            for fold in [Fold::None, Fold::Ascii, Fold::Unicode] {
                let set = Set::new(&words, fold, chosen % 3 == 0);
                for character in 0..256 {
                    assert_eq!(set.latin[character as usize], set.test(character), "{words:?} {character}");
                }
            }
        }
    }

    #[test]
    fn folding_ignores_case() {
        let set = Set::new(&[LITERAL, 107, 0], Fold::Unicode, false);
        assert!(set.contains(75) && set.contains(0x212A) && !set.contains(0x212B));
        let negated = Set::new(&[LITERAL, 107, 0], Fold::Ascii, true);
        assert!(!negated.contains(75) && negated.contains(0x212A));
    }

    #[test]
    fn categories_of_wide_characters_are_looked_up() {
        let set = Set::new(&[CATEGORY, CategoryCode::UniWord as u32, 0], Fold::None, false);
        assert!(set.contains(0x65E5) && !set.contains(0x3002) && set.contains(95));
        assert_eq!(set.others, None);
    }
}
