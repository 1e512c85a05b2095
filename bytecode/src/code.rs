//! Code objects as plain data: what the compiler makes, `marshal` stores and the runtime loads.

use crate::instr::Instr;
use crate::locations::Locations;
use num_bigint::BigInt;
use rustpython_wtf8::Wtf8Buf;

/// The compiled form of a module, class body, function, lambda, generator expression or annotation scope.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Code {
    pub name: String,
    pub qualname: String,
    pub filename: String,
    /// The line of `def`, `class` or the first decorator; 1 for a module.
    pub first_line: u32,
    pub flags: CodeFlags,
    /// Positional parameters, positional-only ones included (`co_argcount`).
    pub arg_count: u32,
    pub positional_only_count: u32,
    pub keyword_only_count: u32,
    /// The greatest number of values on the evaluation stack.
    pub stack_size: u32,
    pub instructions: Vec<Instr>,
    /// One per instruction.
    pub locations: Locations,
    pub exception_table: Vec<ExceptionEntry>,
    pub constants: Vec<Constant>,
    pub names: Vec<String>,
    /// Fast locals, in CPython's order: parameters, other locals, cells that are not parameters, free variables.
    pub locals: Vec<Local>,
}

/// A slot of a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Local {
    pub name: String,
    pub kind: LocalKind,
}

/// What a fast local is (`co_localspluskinds`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocalKind(pub u8);

impl LocalKind {
    /// A parameter that takes positional arguments; always with `LOCAL` or `CELL`.
    pub const ARG_POSITIONAL: LocalKind = LocalKind(0x02);
    pub const ARG_KEYWORD: LocalKind = LocalKind(0x04);
    pub const ARG_VARIADIC: LocalKind = LocalKind(0x08);
    /// A variable of an inlined comprehension that is hidden from `locals()`.
    pub const HIDDEN: LocalKind = LocalKind(0x10);
    pub const LOCAL: LocalKind = LocalKind(0x20);
    /// Captured by an inner scope. A captured parameter is `LOCAL | CELL`.
    pub const CELL: LocalKind = LocalKind(0x40);
    /// Captured from an outer scope.
    pub const FREE: LocalKind = LocalKind(0x80);

    pub const fn has(self, other: LocalKind) -> bool {
        self.0 & other.0 != 0
    }

    #[must_use]
    pub const fn with(self, other: LocalKind) -> LocalKind {
        LocalKind(self.0 | other.0)
    }
}

/// `co_flags`, with CPython's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct CodeFlags(pub u32);

impl CodeFlags {
    pub const OPTIMIZED: CodeFlags = CodeFlags(0x1);
    pub const NEWLOCALS: CodeFlags = CodeFlags(0x2);
    pub const VARARGS: CodeFlags = CodeFlags(0x4);
    pub const VARKEYWORDS: CodeFlags = CodeFlags(0x8);
    pub const NESTED: CodeFlags = CodeFlags(0x10);
    pub const GENERATOR: CodeFlags = CodeFlags(0x20);
    pub const COROUTINE: CodeFlags = CodeFlags(0x80);
    pub const ITERABLE_COROUTINE: CodeFlags = CodeFlags(0x100);
    pub const ASYNC_GENERATOR: CodeFlags = CodeFlags(0x200);
    /// Calls give something that suspends and resumes, not what the code returns.
    pub const SUSPENDS: CodeFlags = CodeFlags::GENERATOR.with(CodeFlags::COROUTINE).with(CodeFlags::ASYNC_GENERATOR);
    pub const FUTURE_ANNOTATIONS: CodeFlags = CodeFlags(0x0100_0000);
    pub const NO_MONITORING_EVENTS: CodeFlags = CodeFlags(0x0200_0000);
    pub const HAS_DOCSTRING: CodeFlags = CodeFlags(0x0400_0000);
    pub const METHOD: CodeFlags = CodeFlags(0x0800_0000);

    pub const fn has(self, other: CodeFlags) -> bool {
        self.0 & other.0 != 0
    }

    #[must_use]
    pub const fn with(self, other: CodeFlags) -> CodeFlags {
        CodeFlags(self.0 | other.0)
    }
}

/// A constant of a code object.
#[derive(Clone, Debug, PartialEq)]
pub enum Constant {
    None,
    False,
    True,
    Ellipsis,
    Int(i64),
    /// Outside the range of `i64`.
    BigInt(BigInt),
    Float(f64),
    Complex(f64, f64),
    Str(Wtf8Buf),
    Bytes(Vec<u8>),
    Tuple(Vec<Constant>),
    FrozenSet(Vec<Constant>),
    /// start, stop, step
    Slice(Box<[Constant; 3]>),
    Code(Box<Code>),
}

/// Where an instruction comes from. Lines count from 1, columns are UTF-8 byte offsets from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Location {
    /// 0: the instruction belongs to no line.
    pub line: u32,
    pub end_line: u32,
    /// -1: the column is not known.
    pub column: i32,
    pub end_column: i32,
}

impl Location {
    pub const NONE: Location = Location { line: 0, end_line: 0, column: -1, end_column: -1 };
}

/// A range of instructions protected by a handler (`co_exceptiontable`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExceptionEntry {
    /// The first instruction covered.
    pub start: u32,
    /// The first one no longer covered.
    pub end: u32,
    /// The handler.
    pub target: u32,
    /// The stack is cut to this depth before the handler runs.
    pub depth: u32,
    /// Whether the index of the raising instruction is pushed below the exception.
    pub lasti: bool,
}
