//! What CPython would say about a program that is not valid, and where.
//!
//! CPython's messages come from its parser: it parses once; if that fails it parses again with
//! additional rules that match common mistakes, and what the first of them to match says is the
//! error; otherwise it is "invalid syntax" at the last token the first pass looked at; and in both
//! cases an error that the tokenizer finds in the rest of the file takes precedence. Matching
//! its words therefore means doing the same: [`grammar`] holds Python's grammar and the
//! mistakes as a table read from `grammar.txt`, [`machine`] runs it with backtracking and
//! memory over [`tokenizer`]'s tokens, [`actions`] are what rules do that the table cannot say.

mod actions;
mod grammar;
mod machine;
mod strings;
mod tokenizer;

use crate::error::{ErrorKind, ErrorLocation, SyntaxError};
use crate::source::Lines;
use crate::{Mode, Options};
use machine::Machine;
use ruff_python_ast as ast;
use ruff_python_ast::visitor::transformer::{Transformer, walk_stmt};
use ruff_text_size::{Ranged, TextRange, TextSize};
use std::borrow::Cow;
use tokenizer::{Kind, Tokenizer};

/// An error and its place.
#[derive(Clone, Debug)]
struct Failure {
    kind: ErrorKind,
    message: String,
    location: ErrorLocation,
    origin: Origin,
    /// Whether the newline belongs to the line shown: if the tokenizer has come no further.
    newline: bool,
}

/// Who found an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    Parser,
    /// Of those of the tokenizer only some take precedence over what the parser finds earlier in
    /// the file.
    Tokenizer {
        precedes: bool,
    },
}

/// The error CPython reports for `source`, or `None` if it finds none.
pub(crate) fn diagnose(source: &str, mode: Mode, options: &Options) -> Option<SyntaxError> {
    let mut source = Cow::Borrowed(source);
    if mode == Mode::Module && !source.is_empty() && !source.ends_with('\n') {
        source.to_mut().push('\n');
    }
    let lines = Lines::new(&source);
    let failure = find(&source, &lines, mode, options)?;
    let line = failure.location.line;
    let text = usize::try_from(line).ok().filter(|&line| line > 0).map(|line| {
        let text = lines.text_of(line);
        let ends = failure.newline && source[lines.start_of(line) + text.len()..].starts_with('\n');
        if ends { format!("{text}\n") } else { text.to_owned() }
    });
    if failure.kind == ErrorKind::MemoryError {
        return Some(SyntaxError::nowhere(failure.kind, failure.message));
    }
    Some(SyntaxError {
        kind: failure.kind,
        message: failure.message,
        location: Some(failure.location),
        text,
        source: Some(source.into_owned()),
        ..SyntaxError::BLANK
    })
}

/// Whether the tokenizer finds nothing wrong: tabs and spaces, above all.
pub(crate) fn has_good_tokens(source: &str) -> bool {
    let lines = Lines::new(source);
    let mut tokenizer = Tokenizer::new(source, &lines);
    loop {
        match tokenizer.next() {
            Ok(token) if token.kind == Kind::End => return true,
            Ok(_) => {}
            Err(_) => return false,
        }
    }
}

fn find(source: &str, lines: &Lines<'_>, mode: Mode, options: &Options) -> Option<Failure> {
    let tokenizer = Tokenizer::new(source, lines);
    let mut machine = Machine::new(source, tokenizer, mode, *options);
    let first = machine.pass(false);
    if let Ok(true) = first {
        return machine.leftover_statement();
    }
    if options.allow_incomplete_input && machine.at_end_of_source() {
        let message = "incomplete input";
        let from_tokenizer = first.as_ref().is_err_and(|failure| failure.origin != Origin::Parser);
        let failure = if from_tokenizer { machine.failure_at_cursor(message) } else { machine.failure_at_last(message) };
        return Some(Failure { kind: ErrorKind::IncompleteInput, ..failure });
    }
    if let Err(failure) = first {
        let precedes = if failure.origin == Origin::Parser { rest_of_file(&mut machine) } else { None };
        return Some(precedes.unwrap_or(failure));
    }
    let last = machine.last_token();
    let failure = match machine.pass(true) {
        Err(failure) if failure.origin != Origin::Parser => return Some(failure),
        Err(failure) => failure,
        Ok(_) => match machine.kind(last) {
            Kind::Indent => return Some(machine.indentation_failure("unexpected indent")),
            Kind::Dedent => return Some(machine.indentation_failure("unexpected unindent")),
            _ => machine.failure_at(last, last, "invalid syntax"),
        },
    };
    Some(rest_of_file(&mut machine).unwrap_or(failure))
}

/// An error of the tokenizer further on.
fn rest_of_file(machine: &mut Machine<'_>) -> Option<Failure> {
    let error_line = machine.line_of_last();
    loop {
        match machine.tokenizer.next() {
            Ok(token) if token.kind == Kind::End => return None,
            Ok(_) => {}
            Err(failure) if failure.origin == (Origin::Tokenizer { precedes: true }) => {
                return Some(failure);
            }
            // The tokenizer stopped, which matters only if a bracket of an earlier line is open.
            Err(_) => {
                let (open, offset) = machine.tokenizer.open_bracket()?;
                let line = machine.tokenizer.lines.line_of(offset);
                let counts = error_line > line && !machine.tokenizer.is_in_interpolated();
                return counts.then(|| machine.tokenizer.never_closed(open, offset));
            }
        }
    }
}

/// The same program, of the same length, in a form that ruff understands where it does not
/// understand a valid one: `!=` for `<>` under PEP 401, and `pass` for a `raise` followed by a
/// semicolon, which [`restore_raise`] undoes in the tree.
pub(crate) fn rewritten(source: &str) -> Option<String> {
    let lines = Lines::new(source);
    let mut tokenizer = Tokenizer::new(source, &lines);
    let mut out = source.as_bytes().to_vec();
    let mut before: Option<tokenizer::Token> = None;
    loop {
        let token = tokenizer.next().ok()?;
        if token.kind == Kind::End {
            break;
        }
        if let Some(before) = before {
            let pair = (source.get(before.start..before.end)?, source.get(token.start..token.end)?);
            match pair {
                ("<", ">") if before.end == token.start => out[before.start..token.end].copy_from_slice(b"!="),
                ("raise", ";") => out[before.start..before.end].copy_from_slice(b"pass "),
                _ => {}
            }
        }
        before = Some(token);
    }
    String::from_utf8(out).ok().filter(|rewritten| rewritten != source)
}

/// Makes `raise` statements of those `pass` statements of `tree` that [`rewritten`] put there.
pub(crate) fn restore_raise(source: &str, tree: &mut ast::Mod) {
    struct Restore<'a>(&'a str);
    impl Transformer for Restore<'_> {
        fn visit_stmt(&self, statement: &mut ast::Stmt) {
            let start = statement.range().start();
            let here = self.0.get(usize::from(start)..).is_some_and(|rest| rest.starts_with("raise"));
            if statement.is_pass_stmt() && here {
                let range = TextRange::at(start, TextSize::of("raise"));
                let node_index = ast::AtomicNodeIndex::NONE;
                *statement = ast::Stmt::Raise(ast::StmtRaise { range, node_index, exc: None, cause: None });
            } else {
                stacker::maybe_grow(64 * 1024, 1024 * 1024, || walk_stmt(self, statement));
            }
        }
    }
    if let ast::Mod::Module(module) = tree {
        Restore(source).visit_body(&mut module.body);
    }
}

/// The byte ranges of the parameter types and, last, of the return type of a valid function type.
pub(crate) fn function_type_parts(source: &str) -> Option<Vec<(usize, usize)>> {
    let lines = Lines::new(source);
    let mut tokenizer = Tokenizer::new(source, &lines);
    let mut parts = Vec::new();
    let mut part: Option<(usize, usize)> = None;
    let (mut begun, mut closed) = (false, false);
    loop {
        let token = tokenizer.next().ok()?;
        let text = source.get(token.start..token.end)?;
        match (token.kind, token.level, text) {
            (Kind::End | Kind::Newline, ..) => {
                parts.extend(part.take());
                return Some(parts);
            }
            (_, 1, "(") if !begun => begun = true,
            (_, 0, ")") if !closed => {
                parts.extend(part.take());
                closed = true;
            }
            (_, 1, ",") if !closed => parts.extend(part.take()),
            (_, 0, "->") => {}
            (_, 1, "*" | "**") if !closed && part.is_none() => {}
            _ => part = Some((part.map_or(token.start, |(start, _)| start), token.end)),
        }
    }
}
