//! Positions: byte offsets of the tree to lines and columns.

use ruff_text_size::{Ranged, TextRange};
use std::cell::Cell;

/// Lines and columns of a piece of source. Lines count from 1, columns are byte offsets from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// -1: no location; -2: that of the next instruction.
    pub line: i32,
    pub end_line: i32,
    pub column: i32,
    pub end_column: i32,
}

impl Span {
    pub const NONE: Span = Span { line: -1, end_line: -1, column: -1, end_column: -1 };
    /// The instruction takes the location of the next one.
    pub(crate) const NEXT: Span = Span { line: -2, end_line: -2, column: -2, end_column: -2 };

    pub(crate) const fn at_line(line: i32) -> Span {
        Span { line, end_line: line, column: 0, end_column: 0 }
    }

    pub(crate) const fn whole_line(line: i32) -> Span {
        Span { line, end_line: line, column: -1, end_column: -1 }
    }
}

/// Where lines start.
pub struct Lines<'a> {
    text: &'a str,
    starts: Vec<u32>,
    /// The line that was found last: the next is mostly the same, or near.
    last: Cell<usize>,
}

impl<'a> Lines<'a> {
    pub fn new(text: &'a str) -> Lines<'a> {
        let bytes = text.as_bytes();
        let mut starts = vec![0];
        for (index, &byte) in bytes.iter().enumerate() {
            if byte == b'\n' || byte == b'\r' && bytes.get(index + 1) != Some(&b'\n') {
                starts.push(index as u32 + 1);
            }
        }
        // A byte order mark is not a column.
        if text.starts_with('\u{feff}') {
            starts[0] = 3;
        }
        Lines { text, starts, last: Cell::new(1) }
    }

    pub fn text(&self) -> &'a str {
        self.text
    }

    /// 1-based line and 0-based column of an offset.
    pub fn position(&self, offset: u32) -> (i32, i32) {
        let last = self.last.get();
        let line = if self.is_in(offset, last) {
            last
        } else if self.is_in(offset, last + 1) {
            last + 1
        } else {
            self.starts.partition_point(|&start| start <= offset).max(1)
        };
        self.last.set(line);
        (line as i32, offset.saturating_sub(self.starts[line - 1]) as i32)
    }

    /// Whether an offset is in a line, which counts from 1.
    fn is_in(&self, offset: u32, line: usize) -> bool {
        self.starts.get(line - 1).is_some_and(|&start| start <= offset) && self.starts.get(line).is_none_or(|&next| offset < next)
    }

    pub fn range(&self, range: TextRange) -> Span {
        let (line, column) = self.position(range.start().to_u32());
        let (end_line, end_column) = self.position(range.end().to_u32());
        Span { line, end_line, column, end_column }
    }

    pub fn span(&self, node: &dyn Ranged) -> Span {
        self.range(node.range())
    }

    /// The text of a range; empty if the range is not of this source.
    pub fn slice(&self, range: TextRange) -> &'a str {
        self.text.get(range.start().to_usize()..range.end().to_usize()).unwrap_or("")
    }

    /// The text from an offset on; empty if the offset is not of this source.
    pub fn rest(&self, start: u32) -> &'a str {
        self.text.get(start as usize..).unwrap_or("")
    }

    /// The first offset from `offset` on that is neither white space nor a comment nor a joined line.
    pub fn skip_trivia(&self, offset: u32) -> u32 {
        let bytes = self.text.as_bytes();
        let mut at = offset as usize;
        while let Some(&byte) = bytes.get(at) {
            match byte {
                b' ' | b'\t' | b'\n' | b'\r' | 0x0c | b'\\' => at += 1,
                b'#' => {
                    while bytes.get(at).is_some_and(|&byte| byte != b'\n' && byte != b'\r') {
                        at += 1;
                    }
                }
                _ => break,
            }
        }
        at as u32
    }
}
