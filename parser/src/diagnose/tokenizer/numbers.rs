//! Numbers, and what can be wrong with them.

use super::{Kind, Out, Token, Tokenizer, is_identifier_byte};
use crate::diagnose::{Failure, Origin};
use crate::error::{ErrorKind, ErrorLocation};

impl Tokenizer<'_> {
    pub(super) fn number(&mut self) -> Out<Token> {
        if self.peek() == Some(b'0') {
            let base = self.at(self.cursor + 1).to_ascii_lowercase();
            match base {
                b'x' => return self.radix("hexadecimal", 16),
                b'o' => return self.radix("octal", 8),
                b'b' => return self.radix("binary", 2),
                _ => {}
            }
        }
        if self.peek() == Some(b'0') {
            self.zeros()?;
            let zeros_end = self.cursor;
            if self.peek().is_some_and(|b| b.is_ascii_digit()) {
                self.digits()?;
                if !matches!(self.peek(), Some(b'.' | b'e' | b'E' | b'j' | b'J')) {
                    return Err(self.leading_zeros(zeros_end));
                }
            }
        } else if self.peek() != Some(b'.') {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.cursor += 1;
            if self.peek().is_some_and(|b| b.is_ascii_digit()) {
                self.digits()?;
            }
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            let signed = matches!(self.at(self.cursor + 1), b'+' | b'-');
            let digit = self.at(self.cursor + 1 + usize::from(signed));
            if digit.is_ascii_digit() {
                self.cursor += 1 + usize::from(signed);
                self.digits()?;
            } else if signed {
                self.cursor += 2;
                return self.fail("invalid decimal literal");
            }
        }
        let mut kind = "decimal";
        if matches!(self.peek(), Some(b'j' | b'J')) {
            self.cursor += 1;
            kind = "imaginary";
        }
        self.number_end(kind)?;
        Ok(self.make(Kind::Number, self.start, self.cursor))
    }

    fn zeros(&mut self) -> Out<()> {
        loop {
            if self.peek() == Some(b'_') {
                self.cursor += 1;
                if !self.peek().is_some_and(|b| b.is_ascii_digit()) {
                    return self.fail("invalid decimal literal");
                }
            }
            if self.peek() != Some(b'0') {
                return Ok(());
            }
            self.cursor += 1;
        }
    }

    fn digits(&mut self) -> Out<()> {
        loop {
            while self.peek().is_some_and(|b| b.is_ascii_digit()) {
                self.cursor += 1;
            }
            if self.peek() != Some(b'_') {
                return Ok(());
            }
            self.cursor += 1;
            if !self.peek().is_some_and(|b| b.is_ascii_digit()) {
                return self.fail("invalid decimal literal");
            }
        }
    }

    fn radix(&mut self, kind: &str, base: u32) -> Out<Token> {
        self.cursor += 2;
        let is_digit = |byte: Option<u8>| byte.is_some_and(|b| char::from(b).is_digit(base));
        loop {
            if self.peek() == Some(b'_') {
                self.cursor += 1;
            }
            if !is_digit(self.peek()) {
                if let Some(digit) = self.peek().filter(u8::is_ascii_digit) {
                    self.cursor += 1;
                    return self.fail(format!("invalid digit '{}' in {kind} literal", char::from(digit)));
                }
                return self.fail(format!("invalid {kind} literal"));
            }
            while is_digit(self.peek()) {
                self.cursor += 1;
            }
            if self.peek() != Some(b'_') {
                break;
            }
        }
        if let Some(digit) = self.peek().filter(u8::is_ascii_digit) {
            self.cursor += 1;
            return self.fail(format!("invalid digit '{}' in {kind} literal", char::from(digit)));
        }
        self.number_end(kind)?;
        Ok(self.make(Kind::Number, self.start, self.cursor))
    }

    /// A number may run into a few keywords, with a warning, and into no other word.
    fn number_end(&self, kind: &str) -> Out<()> {
        let rest = &self.source[self.cursor..];
        if matches!(rest, [b'i', b'f' | b'n' | b's', ..]) {
            return Ok(());
        }
        let keywords: [&[u8]; 5] = [b"and", b"else", b"for", b"or", b"not"];
        let whole = |length: usize| !rest.get(length).is_some_and(|&byte| is_identifier_byte(byte));
        if keywords.iter().any(|keyword| rest.starts_with(keyword) && whole(keyword.len())) {
            return Ok(());
        }
        match rest.first() {
            Some(&byte) if byte < 128 && is_identifier_byte(byte) => self.fail(format!("invalid {kind} literal")),
            _ => Ok(()),
        }
    }

    fn leading_zeros(&self, zeros_end: usize) -> Failure {
        let (line, column) = self.lines.position(self.start);
        let end = self.lines.position(zeros_end).1;
        Failure {
            kind: ErrorKind::SyntaxError,
            message: "leading zeros in decimal integer literals are not permitted; \
                      use an 0o prefix for octal integers"
                .to_owned(),
            location: ErrorLocation { line, column, end: Some((line, end)) },
            origin: Origin::Tokenizer { precedes: true },
            newline: false,
        }
    }
}
