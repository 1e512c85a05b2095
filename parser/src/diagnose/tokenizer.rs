//! A tokenizer that fails as CPython's does: at the same place, in the same words.
//!
//! Ruff's lexer recovers and words things its own way, so the diagnosis has a tokenizer of its
//! own. It is pulled one token at a time, since an error counts only once the parser has come that
//! far. Inside f-strings and t-strings it alternates between two modes, literal text and
//! expressions, with one [`Interpolated`] on a stack for each string it is in.

use super::machine::column_in;
use super::{Failure, Origin};
use crate::error::{ErrorKind, ErrorLocation};
use crate::limits;
use crate::source::Lines;

mod numbers;

/// What a token is. Keywords are names and told apart by their text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Name,
    Number,
    String,
    Newline,
    Indent,
    Dedent,
    End,
    Operator,
    FStringStart,
    FStringMiddle,
    FStringEnd,
    TStringStart,
    TStringMiddle,
    TStringEnd,
}

/// A token: its kind, and the byte offsets of its text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) start: usize,
    pub(super) end: usize,
    /// How many brackets were open after it.
    pub(super) level: usize,
}

/// Depth of format specs inside format specs, counting from the expression.
const EXPRESSION_NESTING: i32 = 3;
const INTERPOLATED_NESTING: usize = 150;

struct Bracket {
    open: u8,
    offset: usize,
}

/// An f-string or t-string that has not ended yet.
struct Interpolated {
    letter: char,
    quote: u8,
    triple: bool,
    raw: bool,
    start: usize,
    /// Whether literal text comes next, as opposed to an expression.
    literal: bool,
    in_format_spec: bool,
    /// Brackets of any kind open inside this string.
    brackets: i32,
    /// How many expressions are open, less one.
    expressions: i32,
}

pub(super) struct Tokenizer<'a> {
    source: &'a [u8],
    pub(super) lines: &'a Lines<'a>,
    pub(super) cursor: usize,
    start: usize,
    line_start: bool,
    /// A line that does not begin a token, and where the token in it that came from earlier lines
    /// begins its own: CPython counts some columns from there.
    joined: (usize, usize),
    brackets: Vec<Bracket>,
    /// Column with tabs to multiples of eight, column with tabs of one.
    indents: Vec<(usize, usize)>,
    pending_indents: i32,
    interpolated: Vec<Interpolated>,
    /// The input ended inside brackets, a string or after a backslash.
    pub(super) hit_end: bool,
    /// A backslash is not the last of its line.
    pub(super) bad_continuation: bool,
}

type Out<T> = Result<T, Failure>;

impl<'a> Tokenizer<'a> {
    /// `source` must end with a newline unless it is empty.
    pub(super) fn new(source: &'a str, lines: &'a Lines<'a>) -> Tokenizer<'a> {
        Tokenizer {
            source: source.as_bytes(),
            lines,
            cursor: 0,
            start: 0,
            line_start: true,
            joined: (0, 0),
            brackets: Vec::new(),
            indents: vec![(0, 0)],
            pending_indents: 0,
            interpolated: Vec::new(),
            hit_end: false,
            bad_continuation: false,
        }
    }

    /// The innermost open bracket and where it is.
    pub(super) fn open_bracket(&self) -> Option<(char, usize)> {
        self.brackets.last().map(|bracket| (char::from(bracket.open), bracket.offset))
    }

    /// Whether an f-string or t-string has begun and not ended.
    pub(super) fn is_in_interpolated(&self) -> bool {
        !self.interpolated.is_empty()
    }

    /// Whether the tokenizer has come to a line and no further.
    pub(super) fn is_on(&self, line: i32) -> bool {
        line as usize >= self.last_line()
    }

    /// The line the tokenizer has come to.
    fn line(&self) -> usize {
        self.lines.line_of(self.cursor)
    }

    pub(super) fn next(&mut self) -> Out<Token> {
        let token = match self.interpolated.last() {
            Some(string) if string.literal => self.literal_part(),
            _ => self.normal(),
        }?;
        if token.kind != Kind::Newline && token.end - token.start > 1 && self.source[token.start..token.end].contains(&b'\n') {
            self.join(token.start, token.end);
        }
        Ok(token)
    }

    /// Notes that something goes on from the line of `from` to the line of `to`.
    fn join(&mut self, from: usize, to: usize) {
        let line = self.lines.line_of(from);
        let start = if self.joined.0 == line { self.joined.1 } else { self.lines.start_of(line) };
        self.joined = (self.lines.line_of(to), start);
    }

    /// Ends all blocks, for input that stops inside one.
    pub(super) fn imply_dedents(&mut self) {
        self.pending_indents -= self.indents.len() as i32 - 1;
        self.indents.truncate(1);
    }

    fn peek(&self) -> Option<u8> {
        self.source.get(self.cursor).copied()
    }

    fn at(&self, offset: usize) -> u8 {
        self.source.get(offset).copied().unwrap_or(0)
    }

    fn make(&self, kind: Kind, start: usize, end: usize) -> Token {
        Token { kind, start, end, level: self.brackets.len() }
    }

    /// An error at the character before the cursor.
    fn fail<T>(&self, message: impl Into<String>) -> Out<T> {
        Err(self.failure(self.cursor, message.into()))
    }

    fn failure(&self, cursor: usize, message: String) -> Failure {
        // The cursor may be just behind a newline; the error is on the line before.
        let line = self.lines.line_of(cursor.saturating_sub(1)).max(1);
        let start = self.lines.start_of(line);
        let column = text(self.source, start, cursor).chars().count() as i32;
        let location = ErrorLocation { line: line as i32, column, end: Some((line as i32, column)) };
        let origin = Origin::Tokenizer { precedes: self.interpolated.is_empty() };
        Failure { kind: ErrorKind::SyntaxError, message, location, origin, newline: false }
    }

    fn indentation_failure<T>(&self, kind: ErrorKind, message: &str, column: i32, end: i32) -> Out<T> {
        let line = self.line() as i32;
        let location = ErrorLocation { line, column, end: Some((line, end)) };
        let origin = Origin::Tokenizer { precedes: false };
        Err(Failure { kind, message: message.to_owned(), location, origin, newline: true })
    }

    fn normal(&mut self) -> Out<Token> {
        let mut blank = false;
        if self.line_start {
            self.line_start = false;
            blank = self.indentation()?;
        }
        self.start = self.cursor;
        if self.pending_indents != 0 {
            let kind = if self.pending_indents < 0 { Kind::Dedent } else { Kind::Indent };
            self.pending_indents -= self.pending_indents.signum();
            return Ok(self.make(kind, self.cursor, self.cursor));
        }
        loop {
            while matches!(self.peek(), Some(b' ' | b'\t' | 0x0c)) {
                self.cursor += 1;
            }
            // The newline after a comment begins where the comment does.
            self.start = self.cursor;
            if self.peek() == Some(b'#') {
                let rest = &self.source[self.cursor..];
                self.cursor += memchr::memchr(b'\n', rest).unwrap_or(rest.len());
            }
            let Some(byte) = self.peek() else { return self.end_of_input() };
            match byte {
                b'\n' => {
                    self.cursor += 1;
                    self.line_start = true;
                    if blank || !self.brackets.is_empty() {
                        if !self.brackets.is_empty() {
                            self.line_start = false;
                            continue;
                        }
                        return self.normal_again();
                    }
                    return Ok(self.make(Kind::Newline, self.start, self.cursor));
                }
                b'\\' => self.continuation()?,
                _ => return self.token(byte),
            }
        }
    }

    /// Goes on with the line after a blank one; a loop would do, were it not for the state.
    fn normal_again(&mut self) -> Out<Token> {
        // Runs of blank lines are skipped here, so that this does not recurse once for each.
        loop {
            let rest = &self.source[self.cursor..];
            let length = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
            let line = rest[..length].trim_ascii_start();
            let blank = line.is_empty() || line[0] == b'#';
            if !blank || length == rest.len() {
                break;
            }
            self.cursor += length + 1;
        }
        self.normal()
    }

    fn end_of_input(&mut self) -> Out<Token> {
        self.hit_end = true;
        if let Some((open, offset)) = self.open_bracket() {
            return Err(self.never_closed(open, offset));
        }
        Ok(self.make(Kind::End, self.cursor, self.cursor))
    }

    pub(super) fn never_closed(&self, open: char, offset: usize) -> Failure {
        let (line, column) = self.lines.position(offset);
        Failure {
            kind: ErrorKind::SyntaxError,
            message: format!("'{open}' was never closed"),
            location: ErrorLocation { line, column, end: Some((line, 0)) },
            origin: Origin::Tokenizer { precedes: false },
            newline: self.is_on(line),
        }
    }

    /// Measures the indentation of a line; whether the line is blank.
    fn indentation(&mut self) -> Out<bool> {
        let (mut column, mut narrow) = (0, 0);
        let mut continued = None;
        loop {
            match self.peek() {
                Some(b' ') => (column, narrow) = (column + 1, narrow + 1),
                Some(b'\t') => (column, narrow) = ((column / 8 + 1) * 8, narrow + 1),
                Some(0x0c) => (column, narrow) = (0, 0),
                Some(b'\\') => {
                    continued = continued.or(Some((column, narrow)));
                    self.start = self.cursor;
                    self.continuation()?;
                    continue;
                }
                _ => break,
            }
            self.cursor += 1;
        }
        self.hit_end |= self.peek().is_none();
        if matches!(self.peek(), Some(b'#' | b'\n')) {
            return Ok(true);
        }
        if self.brackets.is_empty() {
            let (column, narrow) = continued.filter(|&(column, _)| column > 0).unwrap_or((column, narrow));
            self.indent_to(column, narrow)?;
        }
        Ok(false)
    }

    fn indent_to(&mut self, column: usize, narrow: usize) -> Out<()> {
        let &(top, narrow_top) = self.indents.last().expect("the outermost level stays");
        if column == top {
            return if narrow == narrow_top { Ok(()) } else { self.inconsistent() };
        }
        if column > top {
            if self.indents.len() > limits::INDENTS {
                let message = "too many levels of indentation";
                return self.indentation_failure(ErrorKind::IndentationError, message, 1, 0);
            }
            if narrow <= narrow_top {
                return self.inconsistent();
            }
            self.indents.push((column, narrow));
            self.pending_indents += 1;
            return Ok(());
        }
        while self.indents.len() > 1 && column < self.indents[self.indents.len() - 1].0 {
            self.indents.pop();
            self.pending_indents -= 1;
        }
        let &(top, narrow_top) = self.indents.last().expect("the outermost level stays");
        if column != top {
            let message = "unindent does not match any outer indentation level";
            let text = self.lines.text_of(self.line());
            let newline = self.lines.start_of(self.line()) + text.len() < self.source.len();
            let column = text.chars().count() as i32 + i32::from(newline);
            return self.indentation_failure(ErrorKind::IndentationError, message, column, -1);
        }
        if narrow == narrow_top { Ok(()) } else { self.inconsistent() }
    }

    fn inconsistent(&self) -> Out<()> {
        let message = "inconsistent use of tabs and spaces in indentation";
        self.indentation_failure(ErrorKind::TabError, message, 1, 0)
    }

    /// A backslash, which must end its line.
    fn continuation(&mut self) -> Out<()> {
        self.cursor += 1;
        match self.peek() {
            Some(b'\n') => {
                self.cursor += 1;
                self.join(self.cursor - 1, self.cursor);
            }
            _ => {
                self.bad_continuation = true;
                let line = self.line();
                let start = if self.joined.0 == line { self.joined.1 } else { self.lines.start_of(line) };
                let bytes = self.cursor - start + usize::from(self.peek().is_some());
                let shown = self.source.get(self.lines.start_of(line)..).unwrap_or_default();
                let end = memchr::memchr(b'\n', shown).map_or(shown.len(), |newline| newline + 1);
                let column = column_in(text(shown, 0, end), bytes);
                let location = ErrorLocation { line: line as i32, column, end: Some((line as i32, 0)) };
                return Err(Failure {
                    kind: ErrorKind::SyntaxError,
                    message: "unexpected character after line continuation character".to_owned(),
                    location,
                    origin: Origin::Tokenizer { precedes: false },
                    newline: true,
                });
            }
        }
        if self.peek().is_none() {
            self.hit_end = true;
            if let Some((open, offset)) = self.open_bracket() {
                return Err(self.never_closed(open, offset));
            }
            let (line, column) = self.lines.position(self.start);
            let location = ErrorLocation { line, column: column + 1, end: Some((line, -1)) };
            let message = "unexpected EOF while parsing".to_owned();
            let origin = Origin::Tokenizer { precedes: false };
            return Err(Failure { kind: ErrorKind::SyntaxError, message, location, origin, newline: true });
        }
        Ok(())
    }

    fn token(&mut self, byte: u8) -> Out<Token> {
        if byte.is_ascii_alphabetic() || byte == b'_' || byte >= 128 {
            return self.name();
        }
        if byte.is_ascii_digit() || (byte == b'.' && self.at(self.cursor + 1).is_ascii_digit()) {
            return self.number();
        }
        if byte == b'\'' || byte == b'"' {
            return self.string();
        }
        self.operator(byte)
    }

    fn name(&mut self) -> Out<Token> {
        let rest = &self.source[self.start..];
        let prefix = rest.iter().take(7).position(|&b| b == b'\'' || b == b'"').unwrap_or(0);
        if prefix > 0 {
            match string_prefix(&rest[..prefix]) {
                Some(Prefix::Plain) => {
                    self.cursor += prefix;
                    return self.string();
                }
                Some(Prefix::Interpolated) => return self.interpolated_start(prefix),
                None => {}
            }
            if let Some((first, second)) = incompatible(&rest[..prefix]) {
                return Err(self.bad_prefix(prefix, first, second));
            }
        }
        let length = rest.iter().position(|&b| !is_identifier_byte(b)).unwrap_or(rest.len());
        self.cursor += length;
        let name = text(self.source, self.start, self.cursor);
        if !name.is_ascii() {
            self.check_identifier(name)?;
        }
        Ok(self.make(Kind::Name, self.start, self.cursor))
    }

    fn bad_prefix(&self, length: usize, first: char, second: char) -> Failure {
        let (line, column) = self.lines.position(self.start);
        let end = column + length as i32;
        let message = format!("'{first}' and '{second}' prefixes are incompatible");
        Failure { location: ErrorLocation { line, column, end: Some((line, end)) }, ..self.failure(self.start, message) }
    }

    fn check_identifier(&mut self, name: &str) -> Out<()> {
        let wrong = name.char_indices().find(|&(at, c)| {
            let fine = if at == 0 {
                c == '_' || rustpython_unicode::identifier::is_xid_start(c)
            } else {
                rustpython_unicode::identifier::is_xid_continue(c)
            };
            !fine
        });
        let Some((at, c)) = wrong else { return Ok(()) };
        self.cursor = self.start + at + c.len_utf8();
        self.fail(bad_character(c))
    }

    /// A plain string; the cursor is at its quote.
    fn string(&mut self) -> Out<Token> {
        let quote = self.at(self.cursor);
        let triple = self.at(self.cursor + 1) == quote && self.at(self.cursor + 2) == quote;
        self.cursor += if triple { 3 } else { 1 };
        if !triple && self.peek() == Some(quote) {
            self.cursor += 1;
            return Ok(self.make(Kind::String, self.start, self.cursor));
        }
        let mut escaped_quote = false;
        loop {
            let Some(byte) = self.peek() else {
                self.hit_end = true;
                return self.unterminated(quote, triple, escaped_quote);
            };
            self.cursor += 1;
            if byte == b'\n' && !triple {
                return self.unterminated(quote, triple, escaped_quote);
            }
            if byte == b'\\' {
                escaped_quote |= self.peek() == Some(quote);
                self.cursor = (self.cursor + 1).min(self.source.len());
            } else if byte == quote {
                if !triple {
                    break;
                }
                if self.at(self.cursor) == quote && self.at(self.cursor + 1) == quote {
                    self.cursor += 2;
                    break;
                }
            }
        }
        Ok(self.make(Kind::String, self.start, self.cursor))
    }

    fn unterminated<T>(&mut self, quote: u8, triple: bool, escaped_quote: bool) -> Out<T> {
        if let Some(string) = self.interpolated.last()
            && string.quote == quote
            && string.triple == triple
        {
            let (letter, at) = (string.letter, self.start + 1);
            return Err(self.failure(at, format!("{letter}-string: expecting '}}'")));
        }
        let line = self.last_line();
        let what = if triple { "triple-quoted string" } else { "string" };
        self.cursor = self.start + 1;
        let hint = if escaped_quote && !triple { "; perhaps you escaped the end quote?" } else { "" };
        Err(self.failure(self.cursor, format!("unterminated {what} literal (detected at line {line}){hint}")))
    }

    /// The line of the character before the cursor.
    fn last_line(&self) -> usize {
        self.lines.line_of(self.cursor.saturating_sub(1)).max(1)
    }

    fn interpolated_start(&mut self, prefix: usize) -> Out<Token> {
        let letters = &self.source[self.start..self.start + prefix];
        let letter = if letters.iter().any(|b| b.eq_ignore_ascii_case(&b't')) { 't' } else { 'f' };
        let raw = letters.iter().any(|b| b.eq_ignore_ascii_case(&b'r'));
        self.cursor += prefix;
        let quote = self.at(self.cursor);
        let triple = self.at(self.cursor + 1) == quote && self.at(self.cursor + 2) == quote;
        self.cursor += if triple { 3 } else { 1 };
        if self.interpolated.len() + 1 >= INTERPOLATED_NESTING {
            return self.fail("too many nested f-strings or t-strings");
        }
        self.interpolated.push(Interpolated {
            letter,
            quote,
            triple,
            raw,
            start: self.start,
            literal: true,
            in_format_spec: false,
            brackets: 0,
            expressions: -1,
        });
        let kind = if letter == 't' { Kind::TStringStart } else { Kind::FStringStart };
        Ok(self.make(kind, self.start, self.cursor))
    }

    /// The end of an f-string, or literal text up to a brace or the end.
    fn literal_part(&mut self) -> Out<Token> {
        self.start = self.cursor;
        let string = self.interpolated.last_mut().expect("called inside one");
        let (quote, triple, letter) = (string.quote, string.triple, string.letter);
        let kind = |f: Kind, t: Kind| if letter == 't' { t } else { f };
        let quotes = if triple { 3 } else { 1 };
        let ends = |source: &[u8], at: usize| (at..at + quotes).all(|at| source.get(at) == Some(&quote));
        if ends(self.source, self.cursor) {
            self.cursor += quotes;
            self.interpolated.pop();
            return Ok(self.make(kind(Kind::FStringEnd, Kind::TStringEnd), self.start, self.cursor));
        }
        if self.source.get(self.cursor) == Some(&b'{') && (self.source.get(self.cursor + 1) != Some(&b'{') || string.in_format_spec) {
            string.expressions += 1;
            string.literal = false;
            if string.expressions >= EXPRESSION_NESTING {
                return self.fail(format!("{letter}-string: expressions nested too deeply"));
            }
            return self.normal();
        }
        self.literal_text(quotes)?;
        self.cursor = self.cursor.min(self.source.len());
        Ok(self.make(kind(Kind::FStringMiddle, Kind::TStringMiddle), self.start, self.cursor))
    }

    /// Moves over literal text, up to a brace that means something or the closing quotes.
    fn literal_text(&mut self, quotes: usize) -> Out<()> {
        let mut named_escape = false;
        loop {
            let next = self.source.get(self.cursor + 1).copied();
            let string = self.interpolated.last_mut().expect("called inside one");
            let in_format_spec = string.in_format_spec && string.expressions >= 0;
            match self.source.get(self.cursor).copied() {
                None => return self.unterminated_interpolated(),
                Some(b'\n') if !string.triple => {
                    if !in_format_spec {
                        return self.unterminated_interpolated();
                    }
                    let letter = string.letter;
                    self.cursor += 1;
                    return self.fail(format!("{letter}-string: newlines are not allowed in format specifiers for single quoted {letter}-strings"));
                }
                Some(byte) if byte == string.quote => {
                    let end = self.cursor + quotes;
                    if (self.cursor..end).all(|at| self.source.get(at) == Some(&byte)) {
                        return Ok(());
                    }
                    self.cursor += 1;
                }
                Some(b'{') => {
                    if next != Some(b'{') || in_format_spec {
                        return Ok(());
                    }
                    self.cursor += 2;
                }
                Some(b'}') if named_escape => {
                    self.cursor += 1;
                    named_escape = false;
                }
                Some(b'}') => {
                    if next != Some(b'}') || in_format_spec || string.brackets != 0 {
                        string.literal = false;
                        return Ok(());
                    }
                    self.cursor += 2;
                }
                Some(b'\\') => {
                    let raw = string.raw;
                    named_escape |= self.literal_escape(raw);
                }
                Some(_) => self.cursor += 1,
            }
        }
    }

    /// Moves over a backslash and what it escapes; whether a character's name in braces follows.
    fn literal_escape(&mut self, raw: bool) -> bool {
        self.cursor += 1;
        match self.source.get(self.cursor) {
            Some(b'{' | b'}') | None => false,
            Some(b'N') if !raw => {
                self.cursor += 1;
                let named = self.source.get(self.cursor) == Some(&b'{');
                self.cursor += usize::from(named);
                named
            }
            Some(_) => {
                self.cursor += 1;
                false
            }
        }
    }

    fn unterminated_interpolated<T>(&mut self) -> Out<T> {
        let string = self.interpolated.last().expect("called inside one");
        let (letter, triple, at) = (string.letter, string.triple, string.start + 1);
        if self.peek().is_none() {
            self.hit_end = true;
        } else {
            self.cursor += 1;
        }
        let line = self.last_line();
        let what = if triple { "triple-quoted " } else { "" };
        Err(self.failure(at, format!("unterminated {what}{letter}-string literal (detected at line {line})")))
    }

    fn operator(&mut self, byte: u8) -> Out<Token> {
        if byte == b':'
            && let Some(string) = self.interpolated.last_mut()
            && string.expressions >= 0
            && string.brackets - 1 == string.expressions
        {
            string.literal = true;
            string.in_format_spec = true;
            self.cursor += 1;
            return Ok(self.make(Kind::Operator, self.start, self.cursor));
        }
        let length = operator_length(&self.source[self.cursor..]);
        self.cursor += length;
        match byte {
            b'(' | b'[' | b'{' => self.open(byte)?,
            b')' | b']' | b'}' => self.close(byte)?,
            _ if byte < 0x20 || byte == 0x7f => return self.fail(bad_character(char::from(byte))),
            _ => {}
        }
        Ok(self.make(Kind::Operator, self.start, self.cursor))
    }

    fn open(&mut self, byte: u8) -> Out<()> {
        if self.brackets.len() >= limits::BRACKETS {
            return self.fail("too many nested parentheses");
        }
        self.brackets.push(Bracket { open: byte, offset: self.start });
        if let Some(string) = self.interpolated.last_mut() {
            string.brackets += 1;
        }
        Ok(())
    }

    fn close(&mut self, byte: u8) -> Out<()> {
        let close = char::from(byte);
        if let Some(string) = self.interpolated.last()
            && string.brackets == 0
            && byte == b'}'
        {
            return self.fail(format!("{}-string: single '}}' is not allowed", string.letter));
        }
        let Some(Bracket { open, offset }) = self.brackets.pop() else {
            return self.fail(format!("unmatched '{close}'"));
        };
        if !matches!((open, byte), (b'(', b')') | (b'[', b']') | (b'{', b'}')) {
            if let Some(string) = self.interpolated.last()
                && open == b'{'
                && string.brackets - 1 == string.expressions
            {
                return self.fail(format!("{}-string: unmatched '{close}'", string.letter));
            }
            let open = char::from(open);
            let line = self.lines.line_of(offset);
            let place = if line == self.lines.line_of(self.start) { String::new() } else { format!(" on line {line}") };
            return self.fail(format!("closing parenthesis '{close}' does not match opening parenthesis '{open}'{place}"));
        }
        if let Some(string) = self.interpolated.last_mut() {
            string.brackets -= 1;
            if byte == b'}' && string.brackets == string.expressions {
                string.expressions -= 1;
                string.literal = true;
                string.in_format_spec = string.expressions >= 0;
            }
        }
        Ok(())
    }
}

fn text(source: &[u8], start: usize, end: usize) -> &str {
    std::str::from_utf8(source.get(start..end).unwrap_or_default()).unwrap_or("")
}

fn is_identifier_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 128
}

enum Prefix {
    Plain,
    Interpolated,
}

fn string_prefix(letters: &[u8]) -> Option<Prefix> {
    let lower = letters.to_ascii_lowercase();
    match lower.as_slice() {
        b"b" | b"u" | b"r" | b"br" | b"rb" => Some(Prefix::Plain),
        b"f" | b"t" | b"fr" | b"rf" | b"tr" | b"rt" => Some(Prefix::Interpolated),
        _ => None,
    }
}

/// Two letters of a would-be prefix that do not go together.
fn incompatible(letters: &[u8]) -> Option<(char, char)> {
    let lower = letters.to_ascii_lowercase();
    let distinct = lower.iter().enumerate().all(|(at, letter)| !lower[..at].contains(letter));
    if !distinct || !lower.iter().all(|letter| b"burft".contains(letter)) {
        return None;
    }
    [('u', 'b'), ('u', 'r'), ('u', 'f'), ('u', 't'), ('b', 'f'), ('b', 't'), ('f', 't')]
        .into_iter()
        .find(|&(first, second)| lower.contains(&(first as u8)) && lower.contains(&(second as u8)))
}

fn operator_length(rest: &[u8]) -> usize {
    let at = |index: usize| rest.get(index).copied().unwrap_or(0);
    match (at(0), at(1), at(2)) {
        (b'*', b'*', b'=') | (b'/', b'/', b'=') | (b'<', b'<', b'=') | (b'>', b'>', b'=') | (b'.', b'.', b'.') => 3,
        (b'!' | b'%' | b'&' | b'*' | b'+' | b'-' | b'/' | b':' | b'<' | b'=' | b'>' | b'@' | b'^' | b'|', b'=', _)
        | (b'*', b'*', _)
        | (b'/', b'/', _)
        | (b'<', b'<', _)
        | (b'>', b'>', _)
        | (b'-', b'>', _) => 2,
        _ => 1,
    }
}

fn bad_character(c: char) -> String {
    let number = u32::from(c);
    if rustpython_unicode::classify::is_repr_printable(c) {
        format!("invalid character '{c}' (U+{number:04X})")
    } else {
        format!("invalid non-printable character U+{number:04X}")
    }
}
