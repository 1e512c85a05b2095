//! Tokens and trees as text, for dumps.

use crate::{Parsed, Tree};
use ruff_python_parser::Mode as RuffMode;
use std::fmt::Write;

/// One line for each token of `source`: range, kind, text.
pub fn tokens(source: &str) -> String {
    let mut out = String::new();
    let parsed = ruff_python_parser::parse_unchecked(source, crate::ruff_options(RuffMode::Module));
    for token in parsed.tokens() {
        let (kind, range) = token.as_tuple();
        let (start, end) = (u32::from(range.start()), u32::from(range.end()));
        let text = source.get(start as usize..end as usize).unwrap_or("");
        let _ = writeln!(out, "{:<10} {:<18} {text:?}", format!("{start}..{end}"), format!("{kind:?}"));
    }
    crate::drop_deep(source, parsed);
    out
}

/// The tree, one node a line.
pub fn ast(parsed: &Parsed) -> String {
    match parsed.tree() {
        Tree::Module(module) | Tree::Interactive(module) => format!("{module:#?}\n"),
        Tree::Expression(expression) => format!("{expression:#?}\n"),
        Tree::FunctionType { arguments, returns } => format!("{arguments:#?} -> {returns:#?}\n"),
    }
}
