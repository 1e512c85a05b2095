//! The code words of `re._compiler`: numbers that `re._constants` knows as well.

macro_rules! codes {
    ($(#[$doc:meta])* $name:ident { $($code:ident,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u32)]
        pub enum $name {
            $($code,)*
        }

        impl $name {
            /// The code of a word, if it is one.
            pub fn of(word: u32) -> Option<$name> {
                const ALL: &[$name] = &[$($name::$code,)*];
                ALL.get(word as usize).copied()
            }
        }
    };
}

codes! {
    /// Operations, in the order of their numbers.
    Opcode {
        Failure, Success, Any, AnyAll, Assert, AssertNot, At, Branch, Category, Charset, Bigcharset, Groupref, GrouprefExists, In, Info, Jump,
        Literal, Mark, MaxUntil, MinUntil, NotLiteral, Negate, Range, Repeat, RepeatOne, Subpattern, MinRepeatOne, AtomicGroup,
        PossessiveRepeat, PossessiveRepeatOne, GrouprefIgnore, InIgnore, LiteralIgnore, NotLiteralIgnore, GrouprefLocIgnore, InLocIgnore,
        LiteralLocIgnore, NotLiteralLocIgnore, GrouprefUniIgnore, InUniIgnore, LiteralUniIgnore, NotLiteralUniIgnore, RangeUniIgnore,
    }
}

codes! {
    /// Conditions on a position.
    AtCode {
        Beginning, BeginningLine, BeginningString, Boundary, NonBoundary, End, EndLine, EndString, LocBoundary, LocNonBoundary, UniBoundary,
        UniNonBoundary,
    }
}

codes! {
    /// Kinds of characters.
    CategoryCode {
        Digit, NotDigit, Space, NotSpace, Word, NotWord, Linebreak, NotLinebreak, LocWord, LocNotWord, UniDigit, UniNotDigit, UniSpace,
        UniNotSpace, UniWord, UniNotWord, UniLinebreak, UniNotLinebreak,
    }
}

/// The version of the code words.
pub const MAGIC: usize = 20_230_612;
/// Bytes of a code word.
pub const CODESIZE: usize = 4;
/// "As often as you like", as the upper bound of a repeat.
pub const MAXREPEAT: u32 = u32::MAX;
/// More groups than any pattern can have.
pub const MAXGROUPS: usize = i32::MAX as usize / 2;
