//! What is wrong with a source text, and what is merely doubtful.

use std::fmt;

/// Which exception a [`SyntaxError`] becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    SyntaxError,
    IndentationError,
    TabError,
    /// `_IncompleteInputError`: more input could make the text valid. Only on request.
    IncompleteInput,
    /// Nested more deeply than CPython's parser can go.
    MemoryError,
    /// Nested more deeply than a compiler can go.
    RecursionError,
}

impl ErrorKind {
    /// The name of the exception class.
    pub const fn name(self) -> &'static str {
        match self {
            ErrorKind::SyntaxError => "SyntaxError",
            ErrorKind::IndentationError => "IndentationError",
            ErrorKind::TabError => "TabError",
            ErrorKind::IncompleteInput => "_IncompleteInputError",
            ErrorKind::MemoryError => "MemoryError",
            ErrorKind::RecursionError => "RecursionError",
        }
    }
}

/// The attributes `lineno`, `offset`, `end_lineno`, `end_offset` of the exception.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErrorLocation {
    pub line: i32,
    /// In characters, from 1.
    pub column: i32,
    /// `None`: the exception has `None`.
    pub end: Option<(i32, i32)>,
}

/// Why a source text cannot be parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    pub kind: ErrorKind,
    pub message: String,
    /// `None`: the exception has a message and nothing else.
    pub location: Option<ErrorLocation>,
    /// The line of source to show.
    pub text: Option<String>,
    /// All of the source, for an error in its syntax: `_metadata` of the exception is
    /// `(0, 0, source)`, from which `traceback` guesses at misspelt keywords.
    pub source: Option<String>,
    /// The exception says nothing of the file.
    pub has_no_file: bool,
    /// What CPython warns of before it comes to the error.
    pub warnings: Vec<Warning>,
}

impl SyntaxError {
    /// An error that says nothing yet.
    pub const BLANK: SyntaxError = SyntaxError {
        kind: ErrorKind::SyntaxError,
        message: String::new(),
        location: None,
        text: None,
        source: None,
        has_no_file: false,
        warnings: Vec::new(),
    };

    /// An error that is nowhere in particular.
    pub(crate) fn nowhere(kind: ErrorKind, message: impl Into<String>) -> SyntaxError {
        SyntaxError { kind, message: message.into(), ..SyntaxError::BLANK }
    }

    /// An error in decoding, which CPython puts before the first line.
    pub(crate) fn undecodable(message: impl Into<String>) -> SyntaxError {
        SyntaxError {
            kind: ErrorKind::SyntaxError,
            message: message.into(),
            location: Some(ErrorLocation { line: 0, column: -1, end: None }),
            ..SyntaxError::BLANK
        }
    }
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind.name(), self.message)?;
        if let Some(ErrorLocation { line, column, end }) = self.location {
            write!(f, " ({line}:{column}")?;
            if let Some((line, column)) = end {
                write!(f, "-{line}:{column}")?;
            }
            f.write_str(")")?;
        }
        Ok(())
    }
}

impl std::error::Error for SyntaxError {}

/// A `SyntaxWarning`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    pub message: String,
    /// The message of the `SyntaxError` that takes its place when the filters make it an error.
    pub error_message: String,
    pub location: ErrorLocation,
    /// The line of source to show in that error.
    pub text: Option<String>,
}
