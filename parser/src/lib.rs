//! Source text to syntax tree, with CPython's diagnostics.
//!
//! [`parse`] decodes the source ([`source`]), has `ruff_python_parser` make the tree, and, if
//! that fails, finds out what CPython 3.14 would say and where ([`diagnose`]). Valid programs
//! never pay for the diagnosis. Nesting is bounded ([`limits`]), so that no input overflows the
//! native stack; trees may still be some ten thousand levels deep, and whoever walks one must
//! grow the stack or count.
//!
//! What CPython reports from its symbol table and compiler (`return` outside a function, ...) is
//! not checked here.
#![forbid(unsafe_code)]

mod checks;
mod diagnose;
mod dump;
mod error;
mod limits;
mod source;
mod warnings;

pub use dump::{ast, tokens};
pub use error::{ErrorKind, ErrorLocation, SyntaxError, Warning};
pub use source::{Source, declared_encoding, decode};

use checks::Outcome;
use limits::Verdict;
use ruff_python_ast as ast_nodes;
use ruff_python_ast::PythonVersion;
use ruff_python_ast::token::TokenKind;
use ruff_python_parser::{Mode as RuffMode, ParseOptions};
use ruff_text_size::Ranged;

/// What a source text is to be: the modes of `compile()`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// `exec`
    Module,
    /// `eval`
    Expression,
    /// `single`
    Interactive,
    /// `func_type`: the signature in a type comment.
    FunctionType,
}

/// The flags of `compile()` that concern the parser.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// `PyCF_ALLOW_INCOMPLETE_INPUT`: where more input could help, the error is
    /// [`ErrorKind::IncompleteInput`].
    pub allow_incomplete_input: bool,
    /// `PyCF_DONT_IMPLY_DEDENT`: an indented block must be ended by the text itself.
    pub dont_imply_dedent: bool,
    /// `CO_FUTURE_BARRY_AS_BDFL`: unequal is `<>` (PEP 401). A future import turns it on as well.
    pub barry_as_flufl: bool,
}

/// The tree of a source text, in the form its mode asks for.
#[derive(Clone, Debug)]
pub enum Tree {
    Module(ast_nodes::ModModule),
    Expression(ast_nodes::ModExpression),
    /// The statements of one interactive input.
    Interactive(ast_nodes::ModModule),
    FunctionType {
        arguments: Vec<ast_nodes::Expr>,
        returns: Box<ast_nodes::Expr>,
    },
}

/// A parsed source text.
#[derive(Debug)]
pub struct Parsed {
    /// `None` only while being dropped.
    tree: Option<Tree>,
    /// The text that the tree's ranges are offsets in: decoded, newlines normalised.
    pub source: String,
    pub warnings: Vec<Warning>,
}

impl Parsed {
    pub fn tree(&self) -> &Tree {
        self.tree.as_ref().expect("a tree is only taken by drop")
    }

    /// The tree, the text it belongs to and the warnings, for those who change the tree. Dropping
    /// the tree recurses as deeply as it is nested.
    pub fn into_parts(mut self) -> (Tree, String, Vec<Warning>) {
        let tree = self.tree.take().expect("a tree is only taken once");
        (tree, std::mem::take(&mut self.source), std::mem::take(&mut self.warnings))
    }

    /// The module, whether parsed as a file or as interactive input.
    pub fn module(&self) -> Option<&ast_nodes::ModModule> {
        match self.tree() {
            Tree::Module(module) | Tree::Interactive(module) => Some(module),
            Tree::Expression(_) | Tree::FunctionType { .. } => None,
        }
    }

    pub fn expression(&self) -> Option<&ast_nodes::Expr> {
        match self.tree() {
            Tree::Expression(expression) => Some(&expression.body),
            Tree::Module(_) | Tree::Interactive(_) | Tree::FunctionType { .. } => None,
        }
    }
}

impl Drop for Parsed {
    fn drop(&mut self) {
        let tree = self.tree.take();
        drop_deep(&self.source, tree);
    }
}

/// Drops what was made of `source`, which may be nested as deeply as the source is long.
fn drop_deep<T>(source: &str, tree: T) {
    const FRAMES_PER_BYTE: usize = 512;
    const LARGEST: usize = 64 * 1024 * 1024;
    if source.len() < 512 {
        return drop(tree);
    }
    stacker::maybe_grow(source.len().saturating_mul(FRAMES_PER_BYTE).min(LARGEST), LARGEST, move || drop(tree));
}

/// The byte ranges of the comments of a valid program.
pub fn comments(source: &str) -> Vec<std::ops::Range<usize>> {
    let parsed = ruff_python_parser::parse_unchecked(source, ruff_options(RuffMode::Module));
    let comments = parsed.tokens().iter().filter(|token| token.kind() == TokenKind::Comment);
    let comments = comments.map(|token| usize::from(token.start())..usize::from(token.end())).collect();
    drop_deep(source, parsed);
    comments
}

/// Parses `source`.
pub fn parse<'a>(source: impl Into<Source<'a>>, mode: Mode, options: &Options) -> Result<Parsed, SyntaxError> {
    let source = source::decode(source.into())?;
    parse_text(source, mode, options)
}

fn parse_text(source: String, mode: Mode, options: &Options) -> Result<Parsed, SyntaxError> {
    if u32::try_from(source.len()).is_err() {
        return Err(SyntaxError::nowhere(ErrorKind::MemoryError, "source code is too large"));
    }
    if source.len() > limits::SMALL_SOURCE {
        check_depth(&source, limits::measure(lexed(&source)), mode, options)?;
    }
    if mode == Mode::FunctionType {
        return function_type(source, options);
    }
    let flufl = options.barry_as_flufl || imports_flufl(&source);
    let options = &Options { barry_as_flufl: flufl, ..*options };
    let ruff_mode = if mode == Mode::Expression { RuffMode::Expression } else { RuffMode::Module };
    let mut parsed = ruff_python_parser::parse_unchecked(&source, ruff_options(ruff_mode));
    let verdict = if source.len() > limits::SMALL_SOURCE { Verdict::Fine } else { limits::measure(parsed.tokens().iter().map(|token| token.kind())) };
    if let Err(error) = check_depth(&source, verdict, mode, options) {
        drop_deep(&source, parsed);
        return Err(error);
    }
    let mut misunderstood = false;
    match checks::check(&source, &parsed, mode, options) {
        Outcome::Valid => {}
        Outcome::Misunderstood(error) => {
            misunderstood = true;
            let rewritten = diagnose::rewritten(&source).unwrap_or_default();
            let again = ruff_python_parser::parse_unchecked(&rewritten, ruff_options(ruff_mode));
            drop_deep(&source, std::mem::replace(&mut parsed, again));
            if rewritten.is_empty() || checks::refused(&parsed) {
                drop_deep(&source, parsed);
                return Err(error);
            }
        }
        Outcome::Invalid(mut error) => {
            error.warnings = warnings_before(&error, warnings::find(&source, parsed.tokens()));
            drop_deep(&source, parsed);
            return Err(error);
        }
    }
    let warnings = warnings::find(&source, parsed.tokens());
    let mut tree = parsed.into_syntax();
    if misunderstood {
        diagnose::restore_raise(&source, &mut tree);
    }
    let tree = match tree {
        ast_nodes::Mod::Module(module) if mode == Mode::Interactive => Tree::Interactive(module),
        ast_nodes::Mod::Module(module) => Tree::Module(module),
        ast_nodes::Mod::Expression(expression) => Tree::Expression(expression),
    };
    Ok(Parsed { tree: Some(tree), source, warnings })
}

/// The warnings of what stands before an error.
fn warnings_before(error: &SyntaxError, warnings: Vec<Warning>) -> Vec<Warning> {
    if error.kind == ErrorKind::IncompleteInput {
        return warnings;
    }
    let Some(location) = error.location.filter(|_| error.kind == ErrorKind::SyntaxError) else { return Vec::new() };
    let start = (location.line, location.column);
    let end = location.end.filter(|&end| end > start).unwrap_or(start);
    warnings.into_iter().filter(|warning| (warning.location.line, warning.location.column) < end).collect()
}

/// Whether `source` turns PEP 401 on for itself.
fn imports_flufl(source: &str) -> bool {
    memchr::memmem::find(source.as_bytes(), b"barry_as_FLUFL").is_some()
        && source.lines().any(|line| line.strip_prefix("from __future__ import ").is_some_and(|names| names.contains("barry_as_FLUFL")))
}

fn ruff_options(mode: RuffMode) -> ParseOptions {
    ParseOptions::from(mode).with_target_version(PythonVersion::PY314)
}

/// The kinds of `source`'s tokens, as ruff's lexer finds them.
fn lexed(source: &str) -> impl Iterator<Item = TokenKind> + '_ {
    let mut lexer = ruff_python_parser::lexer::lex(source, RuffMode::Module);
    let mut ended = false;
    std::iter::from_fn(move || {
        if ended {
            return None;
        }
        let kind = lexer.next_token();
        ended = kind == TokenKind::EndOfFile;
        Some(kind)
    })
}

fn check_depth(source: &str, verdict: Verdict, mode: Mode, options: &Options) -> Result<(), SyntaxError> {
    match verdict {
        Verdict::Fine => Ok(()),
        Verdict::TooDeep(error) => Err(error),
        Verdict::Suspect => diagnose::diagnose(source, mode, options).map_or(Ok(()), Err),
    }
}

/// `(int, *str, **Any) -> bool`, each part of which is parsed as an expression in place.
fn function_type(source: String, options: &Options) -> Result<Parsed, SyntaxError> {
    if let Some(error) = diagnose::diagnose(&source, Mode::FunctionType, options) {
        return Err(error);
    }
    let fail = || SyntaxError::nowhere(ErrorKind::SyntaxError, "invalid syntax");
    let parts = diagnose::function_type_parts(&source).ok_or_else(fail)?;
    let expression = |&(start, end): &(usize, usize)| {
        let range = ruff_text_size::TextRange::new((start as u32).into(), (end as u32).into());
        ruff_python_parser::parse_expression_range(&source, range).map(|parsed| *parsed.into_syntax().body).map_err(|_| fail())
    };
    let mut arguments = parts.iter().map(expression).collect::<Result<Vec<_>, _>>()?;
    let returns = Box::new(arguments.pop().ok_or_else(fail)?);
    Ok(Parsed { tree: Some(Tree::FunctionType { arguments, returns }), source, warnings: Vec::new() })
}
