//! The compiler as the interpreter sees it: a function that the crate `runtime` plugs in.

use object::{Object, PyResult, Ref, Vm};
use std::sync::OnceLock;

/// What to compile.
pub enum Source<'a> {
    /// Text that has been decoded.
    Text(&'a str),
    /// A file's contents: a coding cookie counts.
    Bytes(&'a [u8]),
    /// The contents of a script, which has some messages of its own.
    Script(&'a [u8]),
    /// A tree of the `ast` module.
    Tree(Ref<'a>),
}

/// `compile()`'s mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Exec,
    Eval,
    Single,
    FunctionType,
}

/// `PyCF_*` flags of `compile()`.
pub mod flag {
    pub const DONT_IMPLY_DEDENT: u32 = 0x0200;
    pub const ONLY_AST: u32 = 0x0400;
    pub const IGNORE_COOKIE: u32 = 0x0800;
    pub const TYPE_COMMENTS: u32 = 0x1000;
    pub const ALLOW_TOP_LEVEL_AWAIT: u32 = 0x2000;
    pub const ALLOW_INCOMPLETE_INPUT: u32 = 0x4000;
    pub const OPTIMIZED_AST: u32 = 0x8000 | ONLY_AST;
    /// Future features: what code inherits from the code that compiles it.
    pub const FUTURE_MASK: u32 = 0x01fe_0000;
}

/// One call of the compiler.
pub struct Request<'a> {
    pub source: Source<'a>,
    pub filename: &'a str,
    pub mode: Mode,
    pub flags: u32,
    /// -1: as the command line says.
    pub optimize: i32,
    /// The minor version of Python 3 whose syntax is to be understood; `None`: all of it.
    pub feature_version: Option<u8>,
}

/// Compiles to a code object, or with [`flag::ONLY_AST`] to a tree.
pub type Compile = fn(&mut Vm, &Request<'_>) -> PyResult;

static COMPILE: OnceLock<Compile> = OnceLock::new();

/// Plugs the compiler in; once, at start-up.
pub fn set_compiler(compile: Compile) {
    COMPILE.get_or_init(|| compile);
}

/// Compiles with the compiler that is plugged in.
pub fn compile(vm: &mut Vm, request: &Request<'_>) -> PyResult {
    match COMPILE.get() {
        Some(compile) => compile(vm, request),
        None => Err(vm.system_error("no compiler is plugged in")),
    }
}

/// Compiles text in a mode with nothing special; for callers inside the runtime.
pub fn compile_text(vm: &mut Vm, text: &str, filename: &str, mode: Mode) -> PyResult<Object> {
    compile(vm, &Request { source: Source::Text(text), filename, mode, flags: 0, optimize: -1, feature_version: None })
}
