//! The scanner: characters to tokens, as CPython's own tokenizer makes them.
//!
//! The text always ends with a newline; one that was missing is added and remembered. Inside a
//! formatted string the scanner switches between reading text ([`Mode::Text`]) and ordinary tokens.

use builtins::unicode;
use std::cell::Cell;
use std::collections::VecDeque;

/// Numbers of kinds of tokens, as in the module `token`.
mod kind {
    pub const END: i64 = 0;
    pub const NAME: i64 = 1;
    pub const NUMBER: i64 = 2;
    pub const STRING: i64 = 3;
    pub const NEWLINE: i64 = 4;
    pub const INDENT: i64 = 5;
    pub const DEDENT: i64 = 6;
    pub const OPERATOR: i64 = 55;
    pub const FSTRING_START: i64 = 59;
    pub const TSTRING_START: i64 = 62;
    pub const COMMENT: i64 = 65;
    pub const NL: i64 = 66;
}

pub struct Token {
    pub kind: i64,
    pub text: String,
    pub start: (i64, i64),
    pub end: (i64, i64),
    pub line: String,
}

impl Token {
    pub fn is_last(&self) -> bool {
        self.kind == kind::END
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    Syntax,
    Indentation,
    Tab,
}

/// What is wrong with the text, and where.
pub struct Flaw {
    pub class: Class,
    pub message: String,
    pub line: i64,
    pub column: i64,
    /// The line; `None` if the exception does not show it.
    pub text: Option<String>,
}

type Scanned<T> = Result<T, Box<Flaw>>;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Text,
    Ordinary,
}

/// A formatted string that is being read.
#[derive(Clone)]
struct Formatted {
    mode: Mode,
    letter: char,
    quote: char,
    quote_size: usize,
    raw: bool,
    /// Where the string starts.
    start: usize,
    /// Open brackets inside the string's expressions.
    depth: i32,
    /// The depth at which the innermost expression started; -1 outside expressions.
    expression: i32,
    in_spec: bool,
}

pub struct Scanner {
    chars: Vec<char>,
    /// Where lines start; the last entry is the end of the text.
    lines: Vec<usize>,
    at: usize,
    at_line_start: bool,
    /// Whether the newline at the end was added.
    added_newline: bool,
    extra_tokens: bool,
    /// Columns of open blocks, with tabs of 8 and of 1.
    indents: Vec<(usize, usize)>,
    brackets: Vec<char>,
    strings: Vec<Formatted>,
    pending: VecDeque<Token>,
    finished: bool,
    /// Whether all lines are there.
    complete: bool,
    /// Whether a character past the last line was asked for.
    hit_end: Cell<bool>,
}

/// What the scanner has next.
pub enum Step {
    Token(Token),
    /// The next token needs another line, or to know that there is none.
    NeedsLine,
    End,
}

/// The scanner before a token, to go back to if the token needs another line.
struct Saved {
    at: usize,
    at_line_start: bool,
    indents: Vec<(usize, usize)>,
    brackets: Vec<char>,
    strings: Vec<Formatted>,
}

const OPERATORS: [&[&str]; 3] = [
    &["**=", "//=", "...", "<<=", ">>="],
    &["!=", "%=", "&=", "**", "*=", "+=", "-=", "->", "//", "/=", ":=", "<<", "<=", "==", ">=", ">>", "@=", "^=", "|=", "<>"],
    &[],
];

/// The exact kinds of operators, by text.
const EXACT: &[(&str, i64)] = &[
    ("(", 7),
    (")", 8),
    ("[", 9),
    ("]", 10),
    (":", 11),
    (",", 12),
    (";", 13),
    ("+", 14),
    ("-", 15),
    ("*", 16),
    ("/", 17),
    ("|", 18),
    ("&", 19),
    ("<", 20),
    (">", 21),
    ("=", 22),
    (".", 23),
    ("%", 24),
    ("{", 25),
    ("}", 26),
    ("==", 27),
    ("!=", 28),
    ("<=", 29),
    (">=", 30),
    ("~", 31),
    ("^", 32),
    ("<<", 33),
    (">>", 34),
    ("**", 35),
    ("+=", 36),
    ("-=", 37),
    ("*=", 38),
    ("/=", 39),
    ("%=", 40),
    ("&=", 41),
    ("|=", 42),
    ("^=", 43),
    ("<<=", 44),
    (">>=", 45),
    ("**=", 46),
    ("//", 47),
    ("//=", 48),
    ("@", 49),
    ("@=", 50),
    ("->", 51),
    ("...", 52),
    (":=", 53),
    ("!", 54),
];

fn is_name_start(character: char) -> bool {
    character.is_ascii_alphabetic() || character == '_' || !character.is_ascii()
}

fn is_name_continue(character: char) -> bool {
    is_name_start(character) || character.is_ascii_digit()
}

/// What a prefix of letters makes of a string: a formatted one has a letter.
fn string_prefix(prefix: &str) -> Option<(Option<char>, bool)> {
    let prefix = prefix.to_ascii_lowercase();
    match prefix.as_str() {
        "" | "u" | "b" => Some((None, false)),
        "r" | "br" | "rb" => Some((None, true)),
        "f" => Some((Some('f'), false)),
        "fr" | "rf" => Some((Some('f'), true)),
        "t" => Some((Some('t'), false)),
        "tr" | "rt" => Some((Some('t'), true)),
        _ => None,
    }
}

impl Scanner {
    pub fn new(extra_tokens: bool) -> Scanner {
        Scanner {
            chars: Vec::new(),
            lines: vec![0],
            at: 0,
            at_line_start: true,
            added_newline: false,
            extra_tokens,
            indents: vec![(0, 0)],
            brackets: Vec::new(),
            strings: Vec::new(),
            pending: VecDeque::new(),
            finished: false,
            complete: false,
            hit_end: Cell::new(false),
        }
    }

    /// Adds a line; one that does not end gets a newline.
    pub fn add_line(&mut self, text: &str) {
        let start = self.chars.len();
        self.chars.extend(text.chars());
        self.added_newline = self.chars.last().is_some_and(|&last| last != '\n');
        if self.added_newline {
            self.chars.push('\n');
        }
        let ends = self.chars[start..].iter().enumerate().filter(|(_, character)| **character == '\n');
        self.lines.extend(ends.map(|(index, _)| start + index + 1));
    }

    /// Says that there are no more lines.
    pub fn complete(&mut self) {
        self.complete = true;
    }

    /// The next token, made of no more lines than it takes.
    pub fn next(&mut self) -> Scanned<Step> {
        loop {
            if let Some(token) = self.pending.pop_front() {
                return Ok(Step::Token(token));
            }
            if self.finished {
                return Ok(Step::End);
            }
            if self.complete {
                self.scan()?;
                continue;
            }
            let saved = Saved {
                at: self.at,
                at_line_start: self.at_line_start,
                indents: self.indents.clone(),
                brackets: self.brackets.clone(),
                strings: self.strings.clone(),
            };
            self.hit_end.set(false);
            let result = self.scan();
            if self.hit_end.get() {
                let Saved { at, at_line_start, indents, brackets, strings } = saved;
                (self.at, self.at_line_start, self.indents, self.brackets, self.strings) = (at, at_line_start, indents, brackets, strings);
                self.pending.clear();
                self.finished = false;
                return Ok(Step::NeedsLine);
            }
            result?;
        }
    }

    fn peek(&self, ahead: usize) -> Option<char> {
        let character = self.chars.get(self.at + ahead).copied();
        if character.is_none() {
            self.hit_end.set(true);
        }
        character
    }

    fn starts_with(&self, text: &str) -> bool {
        text.chars().enumerate().all(|(index, character)| self.peek(index) == Some(character))
    }

    fn text(&self, start: usize, end: usize) -> String {
        self.chars[start..end].iter().collect()
    }

    /// The index of the line an index is in.
    fn line_of(&self, index: usize) -> usize {
        self.lines.partition_point(|&start| start <= index).saturating_sub(1).min(self.lines.len().saturating_sub(2))
    }

    fn place(&self, line: usize, index: usize) -> (i64, i64) {
        (line as i64 + 1, (index - self.lines[line]) as i64)
    }

    /// The lines from one to another, without the newline that was added.
    fn lines_text(&self, first: usize, last: usize) -> String {
        let end = self.lines.get(last + 1).copied().unwrap_or(self.chars.len());
        let end = if self.added_newline && end == self.chars.len() { end - 1 } else { end };
        self.text(self.lines[first], end.max(self.lines[first]))
    }

    fn push(&mut self, kind: i64, start: usize, end: usize) {
        let first = self.line_of(start);
        // A token that ends with a newline ends on its own line.
        let last = if end > start { self.line_of(end - 1) } else { first };
        let multi_line = kind == kind::STRING || (kind::FSTRING_START..kind::COMMENT).contains(&kind);
        let (end_line, shown) =
            if multi_line && end > start && self.chars[end - 1] == '\n' { (self.line_of(end), self.line_of(end)) } else { (last, last) };
        let mut text = self.text(start, end);
        if self.added_newline && end == self.chars.len() && text.ends_with('\n') {
            text.pop();
        }
        let is_newline = kind == kind::NEWLINE || kind == kind::NL;
        let mut token = Token { kind, text, start: self.place(first, start), end: self.place(end_line, end), line: self.lines_text(first, shown) };
        if !self.extra_tokens && is_newline {
            token.text.clear();
            token.end = token.start;
        }
        self.pending.push_back(token);
    }

    fn fail<T>(&self, class: Class, message: impl Into<String>, line: usize, column: usize) -> Scanned<T> {
        let text = self.lines_text(line, line);
        let text = text.strip_suffix('\n').unwrap_or(&text).to_owned();
        Err(Box::new(Flaw { class, message: message.into(), line: line as i64 + 1, column: column as i64, text: Some(text) }))
    }

    /// An error at the current position.
    fn fail_here<T>(&self, message: impl Into<String>) -> Scanned<T> {
        let line = self.line_of(self.at.saturating_sub(1));
        self.fail(Class::Syntax, message, line, self.at - self.lines[line])
    }

    fn fail_bare<T>(&self, message: &str, line: usize, column: usize) -> Scanned<T> {
        Err(Box::new(Flaw { class: Class::Syntax, message: message.into(), line: line as i64, column: column as i64, text: None }))
    }

    fn scan(&mut self) -> Scanned<()> {
        if self.strings.last().is_some_and(|string| string.mode == Mode::Text) {
            return self.formatted_text();
        }
        if self.at_line_start {
            self.at_line_start = false;
            let line = self.line_of(self.at);
            if self.chars[self.at..].iter().take_while(|&&character| character != '\n').any(|&character| character == '\0') {
                return self.fail_bare("source code cannot contain null bytes", line + 1, 0);
            }
            if self.line_start()? {
                return Ok(());
            }
        }
        while let Some(' ' | '\t' | '\u{c}') = self.peek(0) {
            self.at += 1;
        }
        let start = self.at;
        match self.peek(0) {
            None => self.end_of_text(),
            Some('#') => {
                self.comment();
                Ok(())
            }
            Some('\n') => self.newline(start),
            Some('\r') if self.peek(1) == Some('\n') => self.newline(start),
            Some('\\') => self.continuation(),
            Some('\'' | '"') => self.string(start),
            Some(character) if is_name_start(character) => self.name_or_string(start),
            Some(character) if character.is_ascii_digit() => self.number(start),
            Some('.') if self.peek(1).is_some_and(|character| character.is_ascii_digit()) => self.number(start),
            Some(character) => self.operator(start, character),
        }
    }

    /// Measures the indentation. `true`: the line has no tokens but comment and newline, which were made.
    fn line_start(&mut self) -> Scanned<bool> {
        let start = self.at;
        let (mut column, mut narrow) = (0, 0);
        // The indentation of joined lines is that of the first.
        let mut joined = 0;
        loop {
            match self.peek(0) {
                Some(' ') => (column, narrow) = (column + 1, narrow + 1),
                Some('\t') => (column, narrow) = ((column / 8 + 1) * 8, narrow + 1),
                Some('\u{c}') => (column, narrow) = (0, 0),
                Some('\\') if self.peek(1) == Some('\n') => {
                    joined = if joined == 0 { column } else { joined };
                    self.at += 1;
                }
                _ => break,
            }
            self.at += 1;
        }
        if !self.brackets.is_empty() {
            return Ok(false);
        }
        match self.peek(0) {
            None => return Ok(false),
            Some('#' | '\n') => {
                self.blank_line();
                return Ok(true);
            }
            Some('\r') if self.peek(1) == Some('\n') => {
                self.blank_line();
                return Ok(true);
            }
            Some(_) => {}
        }
        if joined > 0 {
            (column, narrow) = (joined, joined);
        }
        self.indentation(start, column, narrow)?;
        Ok(false)
    }

    fn blank_line(&mut self) {
        if self.peek(0) == Some('#') {
            self.comment();
        }
        let start = self.at;
        self.at += if self.peek(0) == Some('\r') { 2 } else { 1 };
        self.at = self.at.min(self.chars.len());
        if self.extra_tokens {
            self.push(kind::NL, start, self.at);
        }
        self.at_line_start = true;
    }

    fn comment(&mut self) {
        let start = self.at;
        while self.peek(0).is_some_and(|character| character != '\n') && !(self.peek(0) == Some('\r') && self.peek(1) == Some('\n')) {
            self.at += 1;
        }
        if self.extra_tokens {
            self.push(kind::COMMENT, start, self.at);
        }
    }

    fn indentation(&mut self, start: usize, column: usize, narrow: usize) -> Scanned<()> {
        const MAX_BLOCKS: usize = 100;
        let line = self.line_of(self.at);
        let whole = self.lines[line + 1] - self.lines[line];
        let &(top, top_narrow) = self.indents.last().expect("the outermost block is never closed");
        let inconsistent = |this: &Scanner| this.fail(Class::Tab, "inconsistent use of tabs and spaces in indentation", line, whole);
        if column == top {
            return if narrow == top_narrow { Ok(()) } else { inconsistent(self) };
        }
        if column > top {
            if narrow <= top_narrow {
                return inconsistent(self);
            }
            if self.indents.len() >= MAX_BLOCKS {
                return self.fail(Class::Indentation, "too many levels of indentation", line, whole);
            }
            self.indents.push((column, narrow));
            if self.extra_tokens {
                self.push(kind::INDENT, start, self.at);
            } else {
                self.push_block(kind::INDENT, line);
            }
            return Ok(());
        }
        while self.indents.last().is_some_and(|&(open, _)| column < open) {
            self.indents.pop();
            if self.extra_tokens {
                self.push(kind::DEDENT, self.at, self.at);
            } else {
                self.push_block(kind::DEDENT, line);
            }
        }
        match self.indents.last() {
            Some(&(open, open_narrow)) if open == column => {
                if narrow == open_narrow {
                    Ok(())
                } else {
                    inconsistent(self)
                }
            }
            _ => {
                self.pending.clear();
                self.fail(Class::Indentation, "unindent does not match any outer indentation level", line, whole)
            }
        }
    }

    /// A token without text, as it is without extra tokens.
    fn push_block(&mut self, kind: i64, line: usize) {
        let place = (line as i64 + 1, -1);
        let line = self.lines_text(line, line);
        self.pending.push_back(Token { kind, text: String::new(), start: place, end: place, line });
    }

    fn newline(&mut self, start: usize) -> Scanned<()> {
        self.at += if self.peek(0) == Some('\r') { 2 } else { 1 };
        self.at_line_start = true;
        if self.brackets.is_empty() && self.strings.is_empty() {
            self.push(kind::NEWLINE, start, self.at);
        } else {
            if self.extra_tokens {
                self.push(kind::NL, start, self.at);
            }
        }
        Ok(())
    }

    fn continuation(&mut self) -> Scanned<()> {
        self.at += 1;
        if self.peek(0) == Some('\r') && self.peek(1) == Some('\n') {
            self.at += 1;
        }
        if self.peek(0) != Some('\n') {
            // The character after the backslash is the culprit.
            self.at += 1;
            let line = self.line_of(self.at - 1);
            let column = self.lines[line + 1] - 1 - self.lines[line];
            return self.fail(Class::Syntax, "unexpected character after line continuation character", line, column);
        }
        self.at += 1;
        if self.peek(0).is_none() {
            let line = self.line_of(self.at - 1);
            return self.fail_bare("unexpected EOF in multi-line statement", line + 1, self.at - self.lines[line]);
        }
        Ok(())
    }

    fn end_of_text(&mut self) -> Scanned<()> {
        if !self.brackets.is_empty() {
            return self.fail_bare("unexpected EOF in multi-line statement", self.lines.len() - 1, 0);
        }
        self.finished = true;
        let line = if self.chars.is_empty() { 1 } else { self.lines.len() as i64 };
        let (place, text) = if self.extra_tokens {
            ((line, 0), String::new())
        } else {
            ((line.max(2) - 1, -1), if self.chars.is_empty() { String::new() } else { self.lines_text(self.lines.len() - 2, self.lines.len() - 2) })
        };
        for _ in 1..self.indents.len() {
            self.pending.push_back(Token { kind: kind::DEDENT, text: String::new(), start: place, end: place, line: text.clone() });
        }
        self.pending.push_back(Token { kind: kind::END, text: String::new(), start: place, end: place, line: text });
        Ok(())
    }

    fn name_or_string(&mut self, start: usize) -> Scanned<()> {
        while self.peek(0).is_some_and(is_name_continue) {
            self.at += 1;
            if self.at - start <= 2 && matches!(self.peek(0), Some('\'' | '"')) && string_prefix(&self.text(start, self.at)).is_some() {
                return self.string(start);
            }
        }
        if !self.extra_tokens {
            self.check_identifier(start)?;
        }
        self.push(kind::NAME, start, self.at);
        Ok(())
    }

    fn check_identifier(&mut self, start: usize) -> Scanned<()> {
        for index in start..self.at {
            let code_point = u32::from(self.chars[index]);
            let fine = if index == start { unicode::is_identifier_start(code_point) } else { unicode::is_identifier_continue(code_point) };
            if !fine {
                let character = self.chars[index];
                self.at = index + 1;
                return if unicode::is_printable(code_point) {
                    self.fail_here(format!("invalid character '{character}' (U+{code_point:04X})"))
                } else {
                    self.fail_here(format!("invalid non-printable character U+{code_point:04X}"))
                };
            }
        }
        Ok(())
    }

    /// Digits with single underscores between them.
    fn digits(&mut self, is_digit: fn(char) -> bool, what: &str) -> Scanned<()> {
        loop {
            while self.peek(0).is_some_and(is_digit) {
                self.at += 1;
            }
            if self.peek(0) != Some('_') {
                return Ok(());
            }
            self.at += 1;
            if !self.peek(0).is_some_and(is_digit) {
                return self.fail_here(format!("invalid {what} literal"));
            }
        }
    }

    fn number(&mut self, start: usize) -> Scanned<()> {
        let radix = match (self.peek(0), self.peek(1)) {
            (Some('0'), Some('x' | 'X')) => Some(("hexadecimal", (|character: char| character.is_ascii_hexdigit()) as fn(char) -> bool)),
            (Some('0'), Some('o' | 'O')) => Some(("octal", (|character: char| character.is_digit(8)) as fn(char) -> bool)),
            (Some('0'), Some('b' | 'B')) => Some(("binary", (|character: char| character.is_digit(2)) as fn(char) -> bool)),
            _ => None,
        };
        match radix {
            Some((what, is_digit)) => self.radix_number(what, is_digit)?,
            None => self.decimal_number()?,
        }
        if !self.extra_tokens && self.peek(0).is_some_and(|character| character.is_ascii() && is_name_start(character)) {
            self.check_end(start, radix.map_or("decimal", |(what, _)| what))?;
        }
        self.push(kind::NUMBER, start, self.at);
        Ok(())
    }

    fn radix_number(&mut self, what: &str, is_digit: fn(char) -> bool) -> Scanned<()> {
        self.at += 2;
        if self.peek(0) == Some('_') {
            self.at += 1;
        }
        if !self.peek(0).is_some_and(is_digit) {
            return match self.peek(0) {
                Some(digit) if digit.is_ascii_digit() => {
                    self.at += 1;
                    self.fail_here(format!("invalid digit '{digit}' in {what} literal"))
                }
                _ => self.fail_here(format!("invalid {what} literal")),
            };
        }
        self.digits(is_digit, what)?;
        match self.peek(0) {
            Some(digit) if digit.is_ascii_digit() => {
                self.at += 1;
                self.fail_here(format!("invalid digit '{digit}' in {what} literal"))
            }
            _ => Ok(()),
        }
    }

    fn decimal_number(&mut self) -> Scanned<()> {
        const DIGIT: fn(char) -> bool = |character| character.is_ascii_digit();
        let start = self.at;
        self.digits(DIGIT, "decimal")?;
        let mut is_integer = true;
        if self.peek(0) == Some('.') {
            is_integer = false;
            self.at += 1;
            if self.peek(0).is_some_and(DIGIT) {
                self.digits(DIGIT, "decimal")?;
            }
        }
        if let Some('e' | 'E') = self.peek(0) {
            let sign = usize::from(matches!(self.peek(1), Some('+' | '-')));
            if self.peek(1 + sign).is_some_and(DIGIT) {
                is_integer = false;
                self.at += 1 + sign;
                self.digits(DIGIT, "decimal")?;
            } else if sign == 1 {
                self.at += 2;
                return self.fail_here("invalid decimal literal");
            }
        }
        if let Some('j' | 'J') = self.peek(0) {
            is_integer = false;
            self.at += 1;
        }
        let digits = &self.chars[start..self.at];
        if is_integer && !self.extra_tokens && digits.first() == Some(&'0') && digits.iter().any(|&digit| digit != '0' && digit != '_') {
            return self.fail_here("leading zeros in decimal integer literals are not permitted; use an 0o prefix for octal integers");
        }
        Ok(())
    }

    /// A number may be followed by a keyword only.
    fn check_end(&mut self, _start: usize, what: &str) -> Scanned<()> {
        let keyword = ["and", "else", "for", "if", "in", "is", "not", "or"].iter().any(|keyword| self.starts_with(keyword));
        if keyword {
            return Ok(());
        }
        self.at += 1;
        self.fail_here(format!("invalid {what} literal"))
    }

    /// A string whose prefix is behind; the quote is next.
    fn string(&mut self, start: usize) -> Scanned<()> {
        let (letter, raw) = string_prefix(&self.text(start, self.at)).unwrap_or((None, false));
        let quote = self.peek(0).expect("the caller has seen the quote");
        let quote_size = if self.peek(1) == Some(quote) && self.peek(2) == Some(quote) { 3 } else { 1 };
        self.at += quote_size;
        if let Some(letter) = letter {
            let kind = if letter == 't' { kind::TSTRING_START } else { kind::FSTRING_START };
            self.push(kind, start, self.at);
            self.strings.push(Formatted { mode: Mode::Text, letter, quote, quote_size, raw, start, depth: 0, expression: -1, in_spec: false });
            return Ok(());
        }
        loop {
            let Some(character) = self.peek(0) else {
                return self.unterminated(start, "", quote_size, quote);
            };
            if character == '\n' && (quote_size == 1 || (self.complete && self.added_newline && self.at + 1 == self.chars.len())) {
                return self.unterminated(start, "", quote_size, quote);
            }
            self.at += 1;
            if character == '\\' {
                self.at = (self.at + 1).min(self.chars.len());
            } else if character == quote && (quote_size == 1 || (self.peek(0) == Some(quote) && self.peek(1) == Some(quote))) {
                self.at += quote_size - 1;
                self.push(kind::STRING, start, self.at);
                return Ok(());
            }
        }
    }

    fn unterminated<T>(&mut self, start: usize, what: &str, quote_size: usize, quote: char) -> Scanned<T> {
        if what.is_empty()
            && let Some(string) = self.strings.last()
            && (string.quote, string.quote_size) == (quote, quote_size)
        {
            // The quote was to end the string around, whose expression is not closed.
            let message = format!("{}-string: expecting '}}'", string.letter);
            let line = self.line_of(start);
            return self.fail(Class::Syntax, message, line, start + 1 - self.lines[line]);
        }
        let detected = self.line_of(self.at.min(self.chars.len() - 1)) + 1;
        let triple = if quote_size == 3 { "triple-quoted " } else { "" };
        let line = self.line_of(start);
        let column = start + 1 - self.lines[line];
        self.fail(Class::Syntax, format!("unterminated {triple}{what}string literal (detected at line {detected})"), line, column)
    }

    /// Text of a formatted string, up to a brace or the end of the string.
    fn formatted_text(&mut self) -> Scanned<()> {
        let string = self.strings.last_mut().expect("the caller has seen the string");
        let (quote, size, raw, letter, from) = (string.quote, string.quote_size, string.raw, string.letter, string.start);
        let in_spec = string.in_spec && string.expression >= 0;
        let base = if letter == 't' { kind::TSTRING_START } else { kind::FSTRING_START };
        let (chars, start) = (&self.chars, self.at);
        if chars.get(start) == Some(&'{') && chars.get(start + 1) != Some(&'{') {
            string.expression += 1;
            string.mode = Mode::Ordinary;
            return Ok(());
        }
        let at_end = |index: usize| (0..size).all(|ahead| chars.get(index + ahead) == Some(&quote));
        if at_end(start) {
            self.at += size;
            self.strings.pop();
            self.push(base + 2, start, self.at);
            return Ok(());
        }
        let mut named = false;
        loop {
            let character = self.peek(0);
            let last_newline = character == Some('\n') && self.complete && self.added_newline && self.at + 1 == self.chars.len();
            if character.is_none() || last_newline || (size == 1 && character == Some('\n')) {
                if in_spec && character == Some('\n') && size == 1 {
                    self.at += 1;
                    return self
                        .fail_here(format!("{letter}-string: newlines are not allowed in format specifiers for single quoted {letter}-strings"));
                }
                return self.unterminated(from, if letter == 't' { "t-" } else { "f-" }, size, quote);
            }
            if (0..size).all(|ahead| self.peek(ahead) == Some(quote)) {
                self.push(base + 1, start, self.at);
                return Ok(());
            }
            self.at += 1;
            match character {
                Some('{') if self.peek(0) == Some('{') && !in_spec => {
                    self.push(base + 1, start, self.at);
                    self.at += 1;
                    return Ok(());
                }
                Some('{') => {
                    self.at -= 1;
                    self.push(base + 1, start, self.at);
                    let string = self.strings.last_mut().expect("the string is open");
                    string.expression += 1;
                    string.mode = Mode::Ordinary;
                    return Ok(());
                }
                Some('}') if named => {
                    named = false;
                }
                Some('}') => {
                    let string = self.strings.last_mut().expect("the string is open");
                    if self.chars.get(self.at) == Some(&'}') && !in_spec && string.depth == 0 {
                        self.push(base + 1, start, self.at);
                        self.at += 1;
                    } else {
                        string.mode = Mode::Ordinary;
                        self.at -= 1;
                        self.push(base + 1, start, self.at);
                    }
                    return Ok(());
                }
                Some('\\') => match self.peek(0) {
                    Some('{' | '}') => {}
                    Some('N') if !raw && self.peek(1) == Some('{') => {
                        self.at += 2;
                        named = true;
                    }
                    Some('\r') if self.peek(1) == Some('\n') => self.at += 2,
                    Some(_) => self.at += 1,
                    None => {}
                },
                _ => {}
            }
        }
    }

    fn operator(&mut self, start: usize, character: char) -> Scanned<()> {
        let long = OPERATORS.iter().flat_map(|operators| operators.iter()).find(|operator| self.starts_with(operator));
        let len = match long {
            // Only a future import brings this one back.
            Some(&"<>") | None => 1,
            Some(operator) => operator.len(),
        };
        // A colon in a formatted expression starts the format, even if an equals sign follows.
        let ends_expression = character == ':' && self.strings.last().is_some_and(|string| string.depth - 1 == string.expression);
        let len = if ends_expression { 1 } else { len };
        if len == 1 {
            self.bracket(character)?;
            let code_point = u32::from(character);
            if !unicode::is_printable(code_point) {
                self.at += 1;
                return self.fail_here(format!("invalid non-printable character U+{code_point:04X}"));
            }
        }
        self.at += len;
        if ends_expression && let Some(string) = self.strings.last_mut() {
            string.mode = Mode::Text;
            string.in_spec = true;
        }
        let kind = if self.extra_tokens { kind::OPERATOR } else { self.exact_kind(start) };
        self.push(kind, start, self.at);
        Ok(())
    }

    fn check_bracket(&mut self, opening: Option<char>, closing: char) -> Scanned<()> {
        let message = match (opening, closing) {
            (Some('('), ')') | (Some('['), ']') | (Some('{'), '}') => return Ok(()),
            (Some(opening), _) => format!("closing parenthesis '{closing}' does not match opening parenthesis '{opening}'"),
            (None, _) => format!("unmatched '{closing}'"),
        };
        self.at += 1;
        self.fail_here(message)
    }

    fn exact_kind(&self, start: usize) -> i64 {
        let text = self.text(start, self.at);
        EXACT.iter().find(|(operator, _)| *operator == text).map_or(kind::OPERATOR, |(_, kind)| *kind)
    }

    /// Keeps count of brackets, for all and for the formatted string they are in.
    fn bracket(&mut self, character: char) -> Scanned<()> {
        const MAX_BRACKETS: usize = 200;
        match character {
            '(' | '[' | '{' => {
                if self.brackets.len() >= MAX_BRACKETS {
                    self.at += 1;
                    return self.fail_here("too many nested parentheses");
                }
                self.brackets.push(character);
                if let Some(string) = self.strings.last_mut() {
                    string.depth += 1;
                }
            }
            ')' | ']' | '}' => {
                if let Some(string) = self.strings.last()
                    && string.depth == 0
                    && character == '}'
                {
                    let letter = string.letter;
                    self.at += 1;
                    return self.fail_here(format!("{letter}-string: single '}}' is not allowed"));
                }
                let opening = self.brackets.pop();
                if !self.extra_tokens {
                    self.check_bracket(opening, character)?;
                }
                if let Some(string) = self.strings.last_mut() {
                    string.depth -= 1;
                    if character == '}' && string.depth == string.expression {
                        string.expression -= 1;
                        string.mode = Mode::Text;
                        string.in_spec = false;
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }
}
