//! Syntax tree to bytecode: symbol table, code generation, flow graph, assembly.
//!
//! A tree goes through four stages. [`symtable`] decides what every name is; [`codegen`] walks the
//! tree and writes a flat sequence of instructions with labels; [`flow`] turns that into basic
//! blocks, optimises them and finds out stack depths and handlers; and its last part makes the
//! [`bytecode::Code`]. The result is what CPython 3.14 compiles, except that operands are wide.
#![forbid(unsafe_code)]

mod codegen;
mod error;
mod flow;
pub mod literal;
mod options;
pub mod source;
pub mod symtable;
mod tables;
pub mod unparse;

pub use error::{CompileError, ErrorKind, Warning, WarningAction};
pub use options::{Future, Options};

use bytecode::Code;
use ruff_python_ast as ast;
use symtable::SymbolTable;

/// Compiles a module: `compile(source, filename, 'exec')`.
pub fn compile_module(tree: &ast::ModModule, source: &str, options: &Options<'_>) -> Result<Code, CompileError> {
    codegen::compile(codegen::Program::Module(&tree.body), source, options)
}

/// Compiles an expression: `compile(source, filename, 'eval')`. The code returns the value.
pub fn compile_expression(tree: &ast::ModExpression, source: &str, options: &Options<'_>) -> Result<Code, CompileError> {
    codegen::compile(codegen::Program::Expression(&tree.body), source, options)
}

/// Compiles an interactive statement: `compile(source, filename, 'single')`. Expression statements are printed.
pub fn compile_interactive(tree: &ast::ModModule, source: &str, options: &Options<'_>) -> Result<Code, CompileError> {
    codegen::compile(codegen::Program::Interactive(&tree.body), source, options)
}

/// The symbol table of a module, as the `symtable` module shows it.
pub fn module_symbols(tree: &ast::ModModule, source: &str, options: &Options<'_>) -> Result<SymbolTable, CompileError> {
    codegen::symbols(codegen::Program::Module(&tree.body), source, options)
}

/// The symbol table of an expression.
pub fn expression_symbols(tree: &ast::ModExpression, source: &str, options: &Options<'_>) -> Result<SymbolTable, CompileError> {
    codegen::symbols(codegen::Program::Expression(&tree.body), source, options)
}
