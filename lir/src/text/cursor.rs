//! Reading text from left to right.

use std::fmt;

/// Why a piece of text was rejected, and in which line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    pub line: usize,
    pub message: String,
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.message)
    }
}

impl std::error::Error for SyntaxError {}

pub(super) struct Cursor<'a> {
    rest: &'a str,
    pub line: usize,
}

impl<'a> Cursor<'a> {
    /// At the start of a text.
    pub fn new(text: &'a str) -> Cursor<'a> {
        let mut cursor = Cursor { rest: text, line: 1 };
        cursor.skip_space();
        cursor
    }

    /// Skips space, line ends and comments.
    fn skip_space(&mut self) {
        loop {
            let trimmed = self.rest.trim_start();
            self.line += self.rest[..self.rest.len() - trimmed.len()].matches('\n').count();
            self.rest = trimmed;
            if !trimmed.starts_with('#') {
                return;
            }
            self.rest = &trimmed[trimmed.find('\n').unwrap_or(trimmed.len())..];
        }
    }

    /// Whether only blanks are left.
    pub fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    /// Whether a token comes next.
    pub fn starts_with(&self, token: &str) -> bool {
        self.rest.starts_with(token)
    }

    /// Whether a plus sign comes next and no number behind it.
    pub fn at_plus_name(&self) -> bool {
        self.rest.strip_prefix('+').is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_digit()))
    }

    /// Consumes `token` if it comes next.
    pub fn eat(&mut self, token: &str) -> bool {
        let Some(rest) = self.rest.strip_prefix(token) else { return false };
        self.rest = rest;
        self.skip_space();
        true
    }

    /// Consumes the word if it comes next and ends there.
    pub fn eat_word(&mut self, word: &str) -> bool {
        self.peek_word() == word && self.eat(word)
    }

    /// Reads a token that must come next.
    pub fn expect(&mut self, token: &str) -> Result<(), SyntaxError> {
        if self.eat(token) { Ok(()) } else { Err(self.error(&format!("expected `{token}`"))) }
    }

    fn peek(&self, belongs: impl Fn(char) -> bool) -> &'a str {
        &self.rest[..self.rest.find(|c| !belongs(c)).unwrap_or(self.rest.len())]
    }

    fn take(&mut self, text: &'a str, what: &str) -> Result<&'a str, SyntaxError> {
        if text.is_empty() {
            return Err(self.error(&format!("expected {what}")));
        }
        self.rest = &self.rest[text.len()..];
        self.skip_space();
        Ok(text)
    }

    /// The word that comes next; empty if none does.
    pub fn peek_word(&self) -> &'a str {
        self.peek(|c| c.is_ascii_alphanumeric() || c == '_' || c == '%')
    }

    /// The next run of letters, digits and `_`, with `%` for registers.
    pub fn word(&mut self) -> Result<&'a str, SyntaxError> {
        self.take(self.peek_word(), "a word")
    }

    /// The next run of what may be in a symbol's name.
    pub fn symbol(&mut self) -> Result<&'a str, SyntaxError> {
        self.take(self.peek(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | ':')), "a symbol")
    }

    /// The next run of anything but space.
    pub fn name(&mut self) -> Result<&'a str, SyntaxError> {
        self.take(self.peek(|c| !c.is_whitespace()), "a name")
    }

    /// Reads a number.
    pub fn number<T: std::str::FromStr>(&mut self) -> Result<T, SyntaxError> {
        let signed = self.starts_with("-") || self.starts_with("+");
        let digits = self.rest[usize::from(signed)..].find(|c: char| !c.is_ascii_digit());
        let text = &self.rest[..digits.map_or(self.rest.len(), |n| n + usize::from(signed))];
        let number = text.parse().map_err(|_| self.error("expected a number"))?;
        self.take(text, "a number")?;
        Ok(number)
    }

    /// An error at this place.
    pub fn error(&self, message: &str) -> SyntaxError {
        let near: String = self.rest.chars().take(20).take_while(|c| *c != '\n').collect();
        SyntaxError { line: self.line, message: format!("{message} at `{near}`") }
    }
}
