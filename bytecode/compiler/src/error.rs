//! What can go wrong in compiling, and what may merely be wrong.

use crate::source::Span;

/// Which exception a [`CompileError`] becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    Syntax,
    /// The tree is too deep.
    Recursion,
    /// Something does not fit its operand.
    Overflow,
}

/// The program cannot be compiled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompileError {
    pub kind: ErrorKind,
    pub message: String,
    /// 1-based line and columns as `SyntaxError` shows them: columns count UTF-8 bytes. Line 0: unknown.
    pub line: u32,
    pub column: u32,
    pub end_line: u32,
    pub end_column: u32,
}

impl CompileError {
    pub(crate) fn syntax(message: impl Into<String>, span: Span) -> CompileError {
        CompileError {
            kind: ErrorKind::Syntax,
            message: message.into(),
            line: span.line.max(0) as u32,
            column: (span.column + 1).max(0) as u32,
            end_line: span.end_line.max(0) as u32,
            end_column: (span.end_column + 1).max(0) as u32,
        }
    }

    pub(crate) fn recursion() -> CompileError {
        CompileError { kind: ErrorKind::Recursion, ..CompileError::syntax("maximum recursion depth exceeded during compilation", Span::NONE) }
    }

    pub(crate) fn overflow(message: &str) -> CompileError {
        CompileError { kind: ErrorKind::Overflow, ..CompileError::syntax(message, Span::NONE) }
    }
}

impl std::fmt::Display for CompileError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} (line {}, column {})", self.message, self.line, self.column)
    }
}

impl std::error::Error for CompileError {}

/// A `SyntaxWarning`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    pub message: String,
    pub line: u32,
    pub column: u32,
    pub end_line: u32,
    pub end_column: u32,
}

/// What became of a [`Warning`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WarningAction {
    Continue,
    /// The filters make it an error: compilation ends with a `SyntaxError` of the same text.
    Raise,
}
