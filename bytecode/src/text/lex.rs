//! Words, numbers, strings and punctuation of the textual form.

use rustpython_wtf8::{CodePoint, Wtf8Buf};

/// One token. Words include opcodes, bare names, labels and numbers.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token<'a> {
    Word(&'a str),
    Str(Wtf8Buf),
    Bytes(Vec<u8>),
    Punctuation(char),
    End,
}

/// Characters of a word: names as Python has them, `<module>`, `.0`, numbers with a sign.
pub(super) fn is_word_char(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '.' | '<' | '>' | '+' | '-')
}

/// A token and the line it begins on, from 1.
pub(super) type Spanned<'a> = (Token<'a>, usize);

/// All tokens of `text`, or the line and description of what is none.
pub(super) fn tokens(text: &str) -> Result<Vec<Spanned<'_>>, (usize, String)> {
    let mut tokens = Vec::new();
    let (mut rest, mut line) = (text, 1);
    while let Some(first) = rest.chars().next() {
        match first {
            '\n' => {
                line += 1;
                rest = &rest[1..];
            }
            ';' => rest = &rest[rest.find('\n').unwrap_or(rest.len())..],
            c if c.is_whitespace() => rest = &rest[c.len_utf8()..],
            '"' => {
                let (value, after) = string(&rest[1..]).ok_or((line, "bad string".to_owned()))?;
                tokens.push((Token::Str(value), line));
                rest = after;
            }
            'b' if rest.starts_with("b\"") => {
                let (value, after) = bytes(&rest[2..]).ok_or((line, "bad bytes".to_owned()))?;
                tokens.push((Token::Bytes(value), line));
                rest = after;
            }
            c if is_word_char(c) => {
                let end = rest.find(|c| !is_word_char(c)).unwrap_or(rest.len());
                tokens.push((Token::Word(&rest[..end]), line));
                rest = &rest[end..];
            }
            '{' | '}' | '(' | ')' | ',' | ':' | '@' => {
                tokens.push((Token::Punctuation(first), line));
                rest = &rest[1..];
            }
            c => return Err((line, format!("unexpected {c:?}"))),
        }
    }
    tokens.push((Token::End, line));
    Ok(tokens)
}

fn string(mut rest: &str) -> Option<(Wtf8Buf, &str)> {
    let mut value = Wtf8Buf::new();
    loop {
        let c = rest.chars().next()?;
        rest = &rest[c.len_utf8()..];
        match c {
            '"' => return Some((value, rest)),
            '\n' => return None,
            '\\' => {
                let escape = rest.chars().next()?;
                rest = &rest[escape.len_utf8()..];
                match escape {
                    'n' => value.push_char('\n'),
                    '"' | '\\' => value.push_char(escape),
                    'u' => {
                        let (digits, after) = rest.strip_prefix('{')?.split_once('}')?;
                        value.push(CodePoint::from_u32(u32::from_str_radix(digits, 16).ok()?)?);
                        rest = after;
                    }
                    _ => return None,
                }
            }
            c => value.push_char(c),
        }
    }
}

fn bytes(mut rest: &str) -> Option<(Vec<u8>, &str)> {
    let mut value = Vec::new();
    loop {
        let c = rest.chars().next().filter(char::is_ascii)?;
        rest = &rest[1..];
        match c {
            '"' => return Some((value, rest)),
            '\\' => {
                let escape = rest.chars().next().filter(char::is_ascii)?;
                rest = &rest[1..];
                value.push(match escape {
                    'n' => b'\n',
                    'r' => b'\r',
                    't' => b'\t',
                    '"' | '\'' | '\\' => escape as u8,
                    'x' => {
                        let byte = u8::from_str_radix(rest.get(..2)?, 16).ok()?;
                        rest = &rest[2..];
                        byte
                    }
                    _ => return None,
                });
            }
            c => value.push(c as u8),
        }
    }
}
