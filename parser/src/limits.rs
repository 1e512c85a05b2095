//! How deeply a program may nest, found out from its tokens before a tree is made of them.
//!
//! CPython's tokenizer stops at 200 open brackets and 100 levels of indentation, its parser at
//! 6000 nested rules, its compiler at the end of the native stack. Ruff's parser has no limits
//! and grows its stack instead, which leaves a tree too deep to visit or drop; so long programs
//! are measured beforehand, and short ones, which cannot hurt, afterwards.

use crate::error::{ErrorKind, SyntaxError};
use ruff_python_ast::token::TokenKind;

/// CPython's `MAXLEVEL`.
pub(crate) const BRACKETS: usize = 200;
/// CPython's `MAXINDENT`, which counts the outermost level.
pub(crate) const INDENTS: usize = 99;
/// What is left of CPython's `MAXSTACK` for operators that nest to the right.
const RIGHT_NESTING: usize = 5968;
/// Operators that nest to the left: CPython has stack for about 27000.
const LEFT_NESTING: usize = 20_000;
/// Sources no longer than this are parsed without being measured first.
pub(crate) const SMALL_SOURCE: usize = 16 * 1024;

/// What measuring found.
pub(crate) enum Verdict {
    Fine,
    /// Something only the diagnosis can word.
    Suspect,
    TooDeep(SyntaxError),
}

/// Nesting inside one bracket, or outside of all.
#[derive(Default, Clone, Copy)]
struct Level {
    /// Operators since the last comma or the like; each may be inside the one before.
    left: usize,
    /// The same for operators that nest to the right, with their cost.
    right: usize,
    /// Prefix operators without an operand between them.
    prefix: usize,
}

/// Follows a stream of tokens.
pub(crate) struct Measure {
    levels: Vec<Level>,
    indents: usize,
    elifs: usize,
    interpolated: usize,
    operand_before: bool,
}

impl Measure {
    pub(crate) fn new() -> Measure {
        Measure { levels: vec![Level::default()], indents: 0, elifs: 0, interpolated: 0, operand_before: false }
    }

    /// Takes account of a token; anything but `Fine` is final.
    pub(crate) fn token(&mut self, kind: TokenKind) -> Verdict {
        match kind {
            TokenKind::Lpar | TokenKind::Lsqb | TokenKind::Lbrace => {
                self.levels.push(Level::default());
                if self.levels.len() > BRACKETS + 1 {
                    return Verdict::Suspect;
                }
            }
            TokenKind::Rpar | TokenKind::Rsqb | TokenKind::Rbrace => {
                if self.levels.len() > 1 {
                    self.levels.pop();
                }
                // Nothing but a display or a replacement field of an f-string ends with a brace.
                self.top().left += usize::from(kind != TokenKind::Rbrace);
            }
            TokenKind::Comma | TokenKind::Semi | TokenKind::Equal => *self.top() = Level::default(),
            TokenKind::Newline => {
                self.levels.truncate(1);
                *self.top() = Level::default();
            }
            TokenKind::Indent => {
                self.indents += 1;
                if self.indents > INDENTS {
                    return Verdict::Suspect;
                }
            }
            TokenKind::Dedent => self.indents = self.indents.saturating_sub(1),
            TokenKind::If => self.elifs = 0,
            TokenKind::Elif => self.elifs += 1,
            TokenKind::FStringStart | TokenKind::TStringStart => {
                self.interpolated += 1;
                if self.interpolated >= 150 {
                    return Verdict::Suspect;
                }
            }
            TokenKind::FStringEnd | TokenKind::TStringEnd => {
                self.interpolated = self.interpolated.saturating_sub(1);
            }
            _ => self.operator(kind),
        }
        self.operand_before = is_operand(kind);
        if self.operand_before {
            self.top().prefix = 0;
        }
        self.verdict()
    }

    fn top(&mut self) -> &mut Level {
        self.levels.last_mut().expect("the outermost level is never popped")
    }

    fn operator(&mut self, kind: TokenKind) {
        let prefix = !self.operand_before;
        let top = self.top();
        match kind {
            TokenKind::Not | TokenKind::Tilde => top.prefix += 1,
            TokenKind::Plus | TokenKind::Minus if prefix => top.prefix += 1,
            TokenKind::Lambda => top.right += 2,
            // Without an operand before it, it is one of many arguments or a mistake.
            TokenKind::DoubleStar if prefix => {}
            TokenKind::DoubleStar => top.right += 2,
            TokenKind::Else => top.right += 1,
            TokenKind::Dot => top.left += 1,
            _ if kind.as_binary_operator().is_some() => top.left += 1,
            _ => {}
        }
    }

    fn verdict(&self) -> Verdict {
        let top = self.levels.last().copied().unwrap_or_default();
        if top.prefix + top.right > RIGHT_NESTING || self.elifs > RIGHT_NESTING {
            let message = "Parser stack overflowed - Python source too complex to parse";
            Verdict::TooDeep(SyntaxError::nowhere(ErrorKind::MemoryError, message))
        } else if top.left > 1000 && self.levels.iter().map(|level| level.left).sum::<usize>() > LEFT_NESTING {
            let message = "maximum recursion depth exceeded during compilation";
            Verdict::TooDeep(SyntaxError::nowhere(ErrorKind::RecursionError, message))
        } else {
            Verdict::Fine
        }
    }
}

fn is_operand(kind: TokenKind) -> bool {
    matches!(
        kind,
        TokenKind::Name
            | TokenKind::Int
            | TokenKind::Float
            | TokenKind::Complex
            | TokenKind::String
            | TokenKind::FStringEnd
            | TokenKind::TStringEnd
            | TokenKind::Rpar
            | TokenKind::Rsqb
            | TokenKind::Rbrace
            | TokenKind::True
            | TokenKind::False
            | TokenKind::None
            | TokenKind::Ellipsis
    ) || kind.is_soft_keyword()
}

/// Measures a stream of tokens that ends with the end of the file.
pub(crate) fn measure(tokens: impl Iterator<Item = TokenKind>) -> Verdict {
    let mut measure = Measure::new();
    for kind in tokens {
        match measure.token(kind) {
            Verdict::Fine => {}
            verdict => return verdict,
        }
    }
    Verdict::Fine
}
