//! Reading text from left to right.

use std::fmt::{self, Write};
use std::str::FromStr;

/// Reads HIR text.
pub struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

/// Why text was rejected, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// From 1.
    pub line: u32,
    pub message: String,
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.message)
    }
}

impl std::error::Error for SyntaxError {}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

impl<'a> Cursor<'a> {
    /// At the start of a text.
    pub fn new(text: &'a str) -> Self {
        Cursor { text, at: 0 }
    }

    /// What is left, without space and comments in front.
    fn rest(&mut self) -> &'a str {
        loop {
            let rest = &self.text[self.at..];
            let trimmed = rest.trim_start();
            self.at += rest.len() - trimmed.len();
            if !trimmed.starts_with(';') {
                return trimmed;
            }
            self.at += trimmed.find('\n').unwrap_or(trimmed.len());
        }
    }

    /// Whether only blanks are left.
    pub fn is_at_end(&mut self) -> bool {
        self.rest().is_empty()
    }

    /// Whether a token comes next.
    pub fn starts_with(&mut self, token: &str) -> bool {
        self.rest().starts_with(token)
    }

    /// Consumes `token` if it comes next; a word must end where the token ends.
    pub fn eat(&mut self, token: &str) -> bool {
        let Some(behind) = self.rest().strip_prefix(token) else { return false };
        if token.ends_with(is_word) && behind.starts_with(is_word) {
            return false;
        }
        self.at += token.len();
        true
    }

    /// Reads a token that must come next.
    pub fn expect(&mut self, token: &str) -> Result<(), SyntaxError> {
        if self.eat(token) {
            return Ok(());
        }
        Err(self.error(&format!("expected `{token}`")))
    }

    /// The next run of word characters.
    pub fn word(&mut self) -> Result<&'a str, SyntaxError> {
        let rest = self.rest();
        let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
        if end == 0 {
            return Err(self.error("expected a word"));
        }
        self.at += end;
        Ok(&rest[..end])
    }

    /// Everything up to a character, which stays.
    pub fn until(&mut self, end: &str) -> &'a str {
        let rest = self.rest();
        let found = &rest[..rest.find(end).unwrap_or(rest.len())];
        self.at += found.len();
        found
    }

    /// An integer.
    pub fn number<T: FromStr>(&mut self) -> Result<T, SyntaxError> {
        let rest = self.rest();
        let digits = rest.strip_prefix('-').unwrap_or(rest);
        let end = rest.len() - digits.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let Ok(number) = rest[..end].parse() else { return Err(self.error("expected a number")) };
        self.at += end;
        Ok(number)
    }

    /// Whether a number behind a prefix comes next, as in `v12`.
    pub fn at_numbered(&mut self, prefix: &str) -> bool {
        self.rest().strip_prefix(prefix).is_some_and(|digits| digits.starts_with(|c: char| c.is_ascii_digit()))
    }

    /// Whether the use of a value comes next, and not its definition (`v12:Type = ...`).
    pub fn at_use(&mut self) -> bool {
        self.at_numbered("v") && !self.rest()[1..].trim_start_matches(|c: char| c.is_ascii_digit()).starts_with(':')
    }

    /// A number behind a prefix.
    pub fn numbered(&mut self, prefix: &str) -> Result<u32, SyntaxError> {
        if !self.at_numbered(prefix) {
            return Err(self.error(&format!("expected `{prefix}` and a number")));
        }
        self.at += prefix.len();
        self.number()
    }

    /// A string between double quotes, as [`write_quoted`] writes it.
    pub fn quoted(&mut self) -> Result<String, SyntaxError> {
        self.expect("\"")?;
        let mut text = String::new();
        let mut chars = self.text[self.at..].char_indices();
        while let Some((index, c)) = chars.next() {
            match c {
                '"' => {
                    self.at += index + 1;
                    return Ok(text);
                }
                '\\' => match chars.next() {
                    Some((_, 'n')) => text.push('\n'),
                    Some((_, c)) => text.push(c),
                    None => break,
                },
                c => text.push(c),
            }
        }
        Err(self.error("the string does not end"))
    }

    /// An error at this place.
    pub fn error(&self, message: &str) -> SyntaxError {
        let line = self.text[..self.at].matches('\n').count() as u32 + 1;
        let rest = self.text[self.at..].lines().next().unwrap_or_default();
        SyntaxError { line, message: format!("{message} at `{rest}`") }
    }
}

/// Writes a string between double quotes.
pub(crate) fn write_quoted(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_char('"')?;
    for c in text.chars() {
        match c {
            '"' | '\\' => write!(f, "\\{c}")?,
            '\n' => f.write_str("\\n")?,
            c => f.write_char(c)?,
        }
    }
    f.write_char('"')
}
