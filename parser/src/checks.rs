//! Whether what ruff accepted is what CPython accepts; if ruff refused it, what is wrong.

use crate::error::{ErrorKind, ErrorLocation, SyntaxError};
use crate::source::Lines;
use crate::{Mode, Options, diagnose};
use ruff_python_ast::token::TokenKind;
use ruff_python_ast::{Mod, token::Tokens};
use ruff_python_parser::Parsed;
use ruff_text_size::Ranged;

/// What became of a source text.
pub(crate) enum Outcome {
    Valid,
    Invalid(SyntaxError),
    /// CPython accepts it and ruff does not; the error is ruff's.
    Misunderstood(SyntaxError),
}

/// Whether CPython accepts `source`, of which ruff made `parsed`.
pub(crate) fn check(source: &str, parsed: &Parsed<Mod>, mode: Mode, options: &Options) -> Outcome {
    let refused = refused(parsed);
    // Interactive input is short, and where it ends is a matter of its own.
    let doubtful = mode == Mode::Interactive || *options != Options::default();
    if !refused && !doubtful && !suspicious(source, mode, parsed.tokens()) {
        return Outcome::Valid;
    }
    match diagnose::diagnose(source, mode, options) {
        Some(error) => Outcome::Invalid(error),
        None if refused => Outcome::Misunderstood(ruffs_error(source, parsed)),
        None => Outcome::Valid,
    }
}

/// Whether ruff found errors.
pub(crate) fn refused(parsed: &Parsed<Mod>) -> bool {
    !parsed.errors().is_empty() || !parsed.unsupported_syntax_errors().is_empty()
}

/// Whether there is anything that ruff lets pass and CPython may not.
fn suspicious(source: &str, mode: Mode, tokens: &Tokens) -> bool {
    let bytes = source.as_bytes();
    // A byte order mark belongs to bytes; an expression's trailing blanks are an indentation.
    if source.starts_with('\u{feff}') || mode == Mode::Expression && source.ends_with([' ', '\t']) {
        return true;
    }
    let mut interpolated = 0;
    let mut braces = 0;
    if memchr::memchr(b'\t', bytes).is_some() && !diagnose::has_good_tokens(source) {
        return true;
    }
    let mut before = None;
    let (mut after_yield, mut after_lazy) = (false, false);
    tokens.iter().any(|token| {
        let kind = token.kind();
        let start = usize::from(token.start());
        let odd = match kind {
            // Numbers run together with what follows, and what Python 2 had.
            TokenKind::Name => before == Some(start),
            // Format specs in format specs in format specs.
            TokenKind::FStringStart | TokenKind::TStringStart => {
                interpolated += 1;
                false
            }
            TokenKind::FStringEnd | TokenKind::TStringEnd => {
                interpolated -= 1;
                false
            }
            TokenKind::Lbrace if interpolated > 0 => {
                braces += 1;
                braces > 3
            }
            TokenKind::Rbrace if interpolated > 0 => {
                braces -= 1;
                false
            }
            _ if after_yield && cannot_be_yielded(kind) => true,
            // New in 3.15: `lazy import`.
            TokenKind::Import | TokenKind::From => after_lazy,
            _ => false,
        };
        after_yield = kind == TokenKind::Yield;
        after_lazy = kind == TokenKind::Lazy;
        before = matches!(kind, TokenKind::Int | TokenKind::Float | TokenKind::Complex).then(|| usize::from(token.end()));
        odd
    })
}

/// Operators that ruff takes for the end of a bare `yield`.
fn cannot_be_yielded(kind: TokenKind) -> bool {
    kind == TokenKind::Comma
        || kind == TokenKind::In
        || kind == TokenKind::Is
        || kind == TokenKind::Dot
        || kind.as_augmented_assign_operator().is_some()
        || kind.as_bool_operator().is_some()
        || kind.as_binary_operator().is_some_and(|_| kind.as_unary_operator().is_none() && kind != TokenKind::Star)
        || (TokenKind::EqEqual..=TokenKind::GreaterEqual).contains(&kind)
        || matches!(kind, TokenKind::Less | TokenKind::Greater)
}

/// Ruff's own words: for what the diagnosis finds nothing wrong with.
fn ruffs_error(source: &str, parsed: &Parsed<Mod>) -> SyntaxError {
    let range = match parsed.errors().first() {
        Some(error) => error.location,
        None => parsed.unsupported_syntax_errors().first().map(Ranged::range).unwrap_or_default(),
    };
    let lines = Lines::new(source);
    let (line, column) = lines.position(range.start().into());
    let end = Some(lines.position(range.end().into()));
    SyntaxError {
        kind: ErrorKind::SyntaxError,
        message: "invalid syntax".to_owned(),
        location: Some(ErrorLocation { line, column, end }),
        text: Some(lines.text_of(line as usize).to_owned()),
        ..SyntaxError::BLANK
    }
}
