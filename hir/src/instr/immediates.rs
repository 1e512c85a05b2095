//! What stands between `<` and `>`: one text form for each kind of immediate.

use super::pool::{Entries, NameId, Pool, TypeId};
use crate::text::{Cursor, SyntaxError, write_quoted};
use crate::types::{ClassId, ObjectId, ShapeId, Type};
use bytecode::opcode::{BinaryOp, CommonConstant, Comparison, FunctionAttribute, Intrinsic1, Intrinsic2, SpecialMethod};
use std::fmt;

/// A kind of immediate: `parse` accepts what `print` writes.
pub(crate) trait Immediate: Copy {
    fn print(&self, pool: &Pool, f: &mut fmt::Formatter<'_>) -> fmt::Result;
    fn parse(cursor: &mut Cursor<'_>, pool: &mut Pool) -> Result<Self, SyntaxError>;
    /// One of them, for tests that walk the table.
    #[cfg(test)]
    fn sample(pool: &mut Pool) -> Self;

    fn blocks(&self, _pool: &Pool, _visit: &mut dyn FnMut(Block)) {}
    fn blocks_mut(&mut self, _pool: &mut Pool, _visit: &mut dyn FnMut(&mut Block)) {}
    fn type_id(&self) -> Option<TypeId> {
        None
    }
    fn copy_to(&mut self, _from: &Pool, _to: &mut Pool) {}
}

/// A basic block of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Block(pub u32);

/// How control can come into a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EntryKind {
    /// A call.
    Start,
    /// At a bytecode instruction, with locals and stack in the interpreter's frame: a generator that goes on, a loop that
    /// became hot, the code behind a handler.
    Resume(u32),
}

crate::types::define_ids! {
    /// Something assumed, of the tables of the environment: compiled code ends to be valid when it breaks.
    AssumptionId "a";
}

/// Whether numbers are printed as the text of an enumeration, and all members of it.
macro_rules! named_immediates {
    ($($Enum:ty;)*) => { $(
        impl Immediate for $Enum {
            fn print(&self, _pool: &Pool, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{self:?}")
            }
            fn parse(cursor: &mut Cursor<'_>, _pool: &mut Pool) -> Result<Self, SyntaxError> {
                let word = cursor.word()?;
                let found = <$Enum>::ALL.iter().find(|member| format!("{member:?}") == word);
                found.copied().ok_or_else(|| cursor.error(&format!("`{word}` is no {}", stringify!($Enum))))
            }
            #[cfg(test)]
            fn sample(_pool: &mut Pool) -> Self {
                <$Enum>::ALL[0]
            }
        }
    )* };
}

macro_rules! define_kinds {
    ($( $(#[$doc:meta])* $Enum:ident { $( $(#[$mdoc:meta])* $Name:ident, )* } )*) => { $(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum $Enum { $( $(#[$mdoc])* $Name, )* }

        impl $Enum {
            pub const ALL: &[$Enum] = &[$($Enum::$Name),*];
        }
    )* };
}

define_kinds! {
    /// An operator with one operand.
    UnaryKind { Negate, Invert, }
    /// An operation on machine integers of one type. What the machine leaves undefined must have been excluded.
    IntKind {
        Add, Subtract, Multiply, And, Or, Xor, LeftShift,
        /// Of a signed type arithmetic, of an unsigned one logical.
        RightShift,
        /// Rounds toward zero, as machines and Static Python do.
        Divide,
        /// The remainder that goes with `Divide`.
        Remainder,
    }
    IntUnaryKind { Negate, Invert, }
    /// An operation on machine floats, with IEEE 754's results.
    DoubleKind {
        Add, Subtract, Multiply, Divide,
        /// C's `pow`.
        Power,
    }
    DoubleUnaryKind { Negate, Absolute, SquareRoot, Sine, Cosine, }
    /// A comparison of machine values; the type says whether signed. With a NaN only `NotEqual` holds.
    Condition { Less, LessEqual, Equal, NotEqual, Greater, GreaterEqual, }
    Conversion { Str, Repr, Ascii, }
    /// How an item of an array of machine numbers lies in memory.
    ItemKind { Int8, UInt8, Int16, UInt16, Int32, UInt32, Int64, Double, }
}

named_immediates! {
    BinaryOp; CommonConstant; Comparison; FunctionAttribute; Intrinsic1; Intrinsic2; SpecialMethod;
    UnaryKind; IntKind; IntUnaryKind; DoubleKind; DoubleUnaryKind; Condition; Conversion; ItemKind;
}

impl ItemKind {
    /// Bytes of an item.
    pub const fn size(self) -> i64 {
        match self {
            ItemKind::Int8 | ItemKind::UInt8 => 1,
            ItemKind::Int16 | ItemKind::UInt16 => 2,
            ItemKind::Int32 | ItemKind::UInt32 => 4,
            ItemKind::Int64 | ItemKind::Double => 8,
        }
    }

    /// The least and greatest int it can be, of ints.
    pub const fn bounds(self) -> Option<(i64, i64)> {
        match self {
            ItemKind::Int8 => Some((i8::MIN as i64, i8::MAX as i64)),
            ItemKind::UInt8 => Some((0, u8::MAX as i64)),
            ItemKind::Int16 => Some((i16::MIN as i64, i16::MAX as i64)),
            ItemKind::UInt16 => Some((0, u16::MAX as i64)),
            ItemKind::Int32 => Some((i32::MIN as i64, i32::MAX as i64)),
            ItemKind::UInt32 => Some((0, u32::MAX as i64)),
            ItemKind::Int64 => Some((i64::MIN, i64::MAX)),
            ItemKind::Double => None,
        }
    }
}

impl DoubleKind {
    /// What an operator of Python does with floats, if it is one operation of the machine; a division's divisor must not be zero.
    pub const fn of(op: BinaryOp) -> Option<DoubleKind> {
        match op.without_inplace() {
            BinaryOp::Add => Some(DoubleKind::Add),
            BinaryOp::Subtract => Some(DoubleKind::Subtract),
            BinaryOp::Multiply => Some(DoubleKind::Multiply),
            BinaryOp::TrueDivide => Some(DoubleKind::Divide),
            _ => None,
        }
    }
}

impl Condition {
    /// What holds where this does not; not of floats, of which neither may hold.
    pub const fn opposite(self) -> Condition {
        match self {
            Condition::Less => Condition::GreaterEqual,
            Condition::LessEqual => Condition::Greater,
            Condition::Equal => Condition::NotEqual,
            Condition::NotEqual => Condition::Equal,
            Condition::Greater => Condition::LessEqual,
            Condition::GreaterEqual => Condition::Less,
        }
    }

    /// The condition of Python's comparison.
    pub const fn of(comparison: Comparison) -> Condition {
        match comparison {
            Comparison::Less => Condition::Less,
            Comparison::LessEqual => Condition::LessEqual,
            Comparison::Equal => Condition::Equal,
            Comparison::NotEqual => Condition::NotEqual,
            Comparison::Greater => Condition::Greater,
            Comparison::GreaterEqual => Condition::GreaterEqual,
        }
    }

    /// With the operands exchanged.
    pub const fn swapped(self) -> Condition {
        match self {
            Condition::Less => Condition::Greater,
            Condition::LessEqual => Condition::GreaterEqual,
            Condition::Greater => Condition::Less,
            Condition::GreaterEqual => Condition::LessEqual,
            Condition::Equal | Condition::NotEqual => self,
        }
    }
}

macro_rules! number_immediates {
    ($($ty:ty),*) => {$(
        impl Immediate for $ty {
            fn print(&self, _pool: &Pool, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{self}")
            }
            fn parse(cursor: &mut Cursor<'_>, _pool: &mut Pool) -> Result<Self, SyntaxError> {
                cursor.number()
            }
            #[cfg(test)]
            fn sample(_pool: &mut Pool) -> Self {
                7
            }
        }
    )*};
}
number_immediates!(u32, i32);

macro_rules! id_immediates {
    ($($Id:ident),*) => {$(
        impl Immediate for $Id {
            fn print(&self, _pool: &Pool, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}{}", $Id::LETTER, self.0)
            }
            fn parse(cursor: &mut Cursor<'_>, _pool: &mut Pool) -> Result<Self, SyntaxError> {
                cursor.numbered($Id::LETTER).map($Id)
            }
            #[cfg(test)]
            fn sample(_pool: &mut Pool) -> Self {
                $Id(3)
            }
        }
    )*};
}
id_immediates!(ClassId, ShapeId, ObjectId, AssumptionId);

impl Immediate for Block {
    fn print(&self, _pool: &Pool, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }

    fn parse(cursor: &mut Cursor<'_>, _pool: &mut Pool) -> Result<Self, SyntaxError> {
        cursor.number().map(Block)
    }

    #[cfg(test)]
    fn sample(_pool: &mut Pool) -> Self {
        Block(1)
    }

    fn blocks(&self, _pool: &Pool, visit: &mut dyn FnMut(Block)) {
        visit(*self);
    }

    fn blocks_mut(&mut self, _pool: &mut Pool, visit: &mut dyn FnMut(&mut Block)) {
        visit(self);
    }
}

impl Immediate for Entries {
    fn print(&self, pool: &Pool, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (kind, block)) in pool.entries(*self).iter().enumerate() {
            f.write_str(if index == 0 { "" } else { ", " })?;
            match kind {
                EntryKind::Start => write!(f, "start: {}", block.0)?,
                EntryKind::Resume(at) => write!(f, "{at}: {}", block.0)?,
            }
        }
        Ok(())
    }

    fn parse(cursor: &mut Cursor<'_>, pool: &mut Pool) -> Result<Self, SyntaxError> {
        let mut entries = Vec::new();
        loop {
            let kind = if cursor.eat("start") { EntryKind::Start } else { EntryKind::Resume(cursor.number()?) };
            cursor.expect(":")?;
            entries.push((kind, Block(cursor.number()?)));
            if !cursor.eat(",") {
                return Ok(pool.add_entries(&entries));
            }
        }
    }

    #[cfg(test)]
    fn sample(pool: &mut Pool) -> Self {
        pool.add_entries(&[(EntryKind::Start, Block(1)), (EntryKind::Resume(12), Block(2))])
    }

    fn blocks(&self, pool: &Pool, visit: &mut dyn FnMut(Block)) {
        pool.entries(*self).iter().for_each(|(_, block)| visit(*block));
    }

    fn blocks_mut(&mut self, pool: &mut Pool, visit: &mut dyn FnMut(&mut Block)) {
        pool.entries_mut(*self).iter_mut().for_each(|(_, block)| visit(block));
    }

    fn copy_to(&mut self, from: &Pool, to: &mut Pool) {
        *self = to.add_entries(from.entries(*self));
    }
}

impl Immediate for TypeId {
    fn print(&self, pool: &Pool, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", pool.ty(*self))
    }

    fn parse(cursor: &mut Cursor<'_>, pool: &mut Pool) -> Result<Self, SyntaxError> {
        let ty = Type::parse(cursor)?;
        Ok(pool.add_type(ty))
    }

    #[cfg(test)]
    fn sample(pool: &mut Pool) -> Self {
        pool.add_type(Type::small_int(5))
    }

    fn type_id(&self) -> Option<TypeId> {
        Some(*self)
    }

    fn copy_to(&mut self, from: &Pool, to: &mut Pool) {
        *self = to.add_type(from.ty(*self));
    }
}

impl Immediate for NameId {
    fn print(&self, pool: &Pool, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_quoted(f, pool.name(*self))
    }

    fn parse(cursor: &mut Cursor<'_>, pool: &mut Pool) -> Result<Self, SyntaxError> {
        let name = cursor.quoted()?;
        Ok(pool.add_name(&name))
    }

    #[cfg(test)]
    fn sample(pool: &mut Pool) -> Self {
        pool.add_name("a \"name\"")
    }

    fn copy_to(&mut self, from: &Pool, to: &mut Pool) {
        *self = to.add_name(from.name(*self));
    }
}

/// Prints `<a, b>`, or nothing when there is nothing to print.
#[derive(Default)]
pub(super) struct Immediates {
    n_items: usize,
}

impl Immediates {
    pub(super) fn item(&mut self, pool: &Pool, f: &mut fmt::Formatter<'_>, item: &impl Immediate) -> fmt::Result {
        f.write_str(if self.n_items == 0 { "<" } else { ", " })?;
        self.n_items += 1;
        item.print(pool, f)
    }

    pub(super) fn finish(self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.n_items == 0 { Ok(()) } else { f.write_str(">") }
    }

    pub(super) fn next<T: Immediate>(&mut self, cursor: &mut Cursor<'_>, pool: &mut Pool) -> Result<T, SyntaxError> {
        cursor.expect(if self.n_items == 0 { "<" } else { "," })?;
        self.n_items += 1;
        T::parse(cursor, pool)
    }

    pub(super) fn close(self, cursor: &mut Cursor<'_>) -> Result<(), SyntaxError> {
        if self.n_items == 0 { Ok(()) } else { cursor.expect(">") }
    }
}
