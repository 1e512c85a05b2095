//! Doubtful but valid: escapes that mean nothing, numbers run together with keywords.

use crate::error::{ErrorLocation, Warning};
use crate::source::Lines;
use ruff_python_ast::token::{Token, TokenKind, Tokens};
use ruff_text_size::Ranged;

/// The warnings CPython gives for a valid program, in the order of the text.
pub(crate) fn find(source: &str, tokens: &Tokens) -> Vec<Warning> {
    let mut warnings = Vec::new();
    let mut number: Option<Token> = None;
    for token in tokens {
        let text = source.get(usize::from(token.start())..usize::from(token.end())).unwrap_or("");
        match token.kind() {
            TokenKind::String | TokenKind::FStringMiddle | TokenKind::TStringMiddle => {
                string(source, token, text, &mut warnings);
            }
            TokenKind::And | TokenKind::Else | TokenKind::For | TokenKind::If | TokenKind::In | TokenKind::Is | TokenKind::Not | TokenKind::Or => {
                if let Some(number) = number.filter(|number| number.end() == token.start()) {
                    let text = source.get(usize::from(number.start())..usize::from(number.end())).unwrap_or("");
                    let message = format!("invalid {} literal", number_kind(text));
                    warnings.push(warning(source, usize::from(token.start()) - 1, message.clone(), message));
                }
            }
            _ => {}
        }
        let numeric = matches!(token.kind(), TokenKind::Int | TokenKind::Float | TokenKind::Complex);
        number = numeric.then_some(*token);
    }
    warnings
}

/// What CPython calls a number with this text.
fn number_kind(text: &str) -> &'static str {
    match text.as_bytes() {
        [b'0', b'x' | b'X', ..] => "hexadecimal",
        [b'0', b'o' | b'O', ..] => "octal",
        [b'0', b'b' | b'B', ..] => "binary",
        [.., b'j' | b'J'] => "imaginary",
        _ => "decimal",
    }
}

fn string(source: &str, token: &Token, text: &str, warnings: &mut Vec<Warning>) {
    if memchr::memchr(b'\\', text.as_bytes()).is_none() {
        return;
    }
    let Some(flags) = token.string_flags().filter(|flags| !flags.is_raw_string()) else { return };
    let start = usize::from(token.start());
    if let Some((at, octal)) = invalid_escape(text, flags.is_byte_string()) {
        let mut warning = escape_warning(source, start + at, octal);
        if token.kind() != TokenKind::String {
            // CPython counts newlines up to the escape from the line where the text ends.
            let newlines = |text: &str| memchr::memchr_iter(b'\n', text.as_bytes()).count() as i32;
            warning.location.line += newlines(text);
        }
        warnings.push(warning);
    }
}

/// The first invalid escape: the offset of its backslash, and whether it is an octal one.
fn invalid_escape(text: &str, bytes: bool) -> Option<(usize, bool)> {
    let mut from = 0;
    while let Some(found) = memchr::memchr(b'\\', &text.as_bytes()[from..]) {
        let at = from + found;
        let rest = &text.as_bytes()[at + 1..];
        let Some(escape) = rest.first() else {
            // The text of an f-string ends here because a brace comes next.
            return Some((at, false));
        };
        match escape {
            // Not seen by CPython, which has replaced it by an escape.
            128.. => {}
            b'\n' | b'\\' | b'\'' | b'"' | b'a' | b'b' | b'f' | b'n' | b'r' | b't' | b'v' | b'x' => {}
            b'0'..=b'3' => {}
            b'4'..=b'7' => {
                if rest.len() >= 3 && rest[1..3].iter().all(|digit| matches!(digit, b'0'..=b'7')) {
                    return Some((at, true));
                }
            }
            b'N' | b'u' | b'U' if !bytes => {}
            _ => return Some((at, false)),
        }
        from = at + 2;
    }
    None
}

fn escape_warning(source: &str, at: usize, octal: bool) -> Warning {
    let rest = source.get(at + 1..).unwrap_or("");
    let length = if octal { 3 } else { rest.chars().next().map_or(0, char::len_utf8) };
    let escape = &rest[..length];
    let kind = if octal { "octal escape" } else { "escape" };
    let hint = format!("Did you mean \"\\\\{escape}\"? A raw string is also an option.");
    warning(
        source,
        at,
        format!("\"\\{escape}\" is an invalid {kind} sequence. Such sequences will not work in the future. {hint}"),
        format!("\"\\{escape}\" is an invalid {kind} sequence. {hint}"),
    )
}

fn warning(source: &str, at: usize, message: String, error_message: String) -> Warning {
    let lines = Lines::new(source);
    let (line, column) = lines.position(at);
    let location = ErrorLocation { line, column, end: Some((line, column + 1)) };
    Warning { message, error_message, location, text: Some(lines.text_of(line as usize).to_owned()) }
}
