//! What a caller of the compiler may choose.

use crate::error::{Warning, WarningAction};

/// `from __future__ import ...` features that change how code is compiled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Future {
    /// `from __future__ import annotations`
    pub annotations: bool,
    /// All features seen, as `co_flags` bits (`CO_FUTURE_ANNOTATIONS` and so on).
    pub flags: u32,
}

/// How to compile.
#[derive(Clone, Copy)]
pub struct Options<'a> {
    pub filename: &'a str,
    /// 0: everything, 1: no asserts and `__debug__` is false, 2: no docstrings either.
    pub optimize: u8,
    /// Future features inherited from the caller, as `co_flags` bits.
    pub flags: u32,
    /// `PyCF_ALLOW_TOP_LEVEL_AWAIT`
    pub top_level_await: bool,
    /// `sys.get_int_max_str_digits()`; 0 for no limit.
    pub max_int_digits: usize,
    /// Told of every `SyntaxWarning`.
    pub warn: Option<&'a dyn Fn(Warning) -> WarningAction>,
}

impl<'a> Options<'a> {
    pub fn new(filename: &'a str) -> Options<'a> {
        Options { filename, optimize: 0, flags: 0, top_level_await: false, max_int_digits: 4300, warn: None }
    }
}

/// `CO_FUTURE_*` bits by feature name.
pub(crate) fn future_flag(name: &str) -> Option<u32> {
    Some(match name {
        "nested_scopes" | "generators" | "division" | "absolute_import" | "with_statement" | "print_function" | "unicode_literals" => 0,
        "barry_as_FLUFL" => 0x0040_0000,
        "generator_stop" => 0,
        "annotations" => 0x0100_0000,
        _ => return None,
    })
}
