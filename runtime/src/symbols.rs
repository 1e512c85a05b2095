//! The compiler's symbol table, for `_symtable`.

use crate::compile;
use compiler::symtable::{Scope as CompilerScope, ScopeId, SymbolTable};
use interp::compile_hook;
use object::{PyResult, Vm};
use parser::Tree;
use stdlib::symtable::{Mode, Scope, Source};

/// Makes the table of a program.
pub(crate) fn make_table(vm: &mut Vm, source: Source<'_>, mode: Mode, filename: &str) -> PyResult<Scope> {
    let (parser_mode, mode) = match mode {
        Mode::Exec => (parser::Mode::Module, compile_hook::Mode::Exec),
        Mode::Eval => (parser::Mode::Expression, compile_hook::Mode::Eval),
        Mode::Single => (parser::Mode::Interactive, compile_hook::Mode::Single),
    };
    let options = parser::Options::default();
    let parsed = match source {
        Source::Text(text) => parser::parse(text, parser_mode, &options),
        Source::Bytes(data) => parser::parse(data, parser_mode, &options),
    };
    let parsed = match parsed {
        Ok(parsed) => parsed,
        Err(error) => return Err(compile::raise_syntax_error(vm, &error, filename)),
    };
    let request =
        compile_hook::Request { source: compile_hook::Source::Text(&parsed.source), filename, mode, flags: 0, optimize: 0, feature_version: None };
    let table = compile::with_options(vm, &request, |options| match parsed.tree() {
        Tree::Module(module) | Tree::Interactive(module) => compiler::module_symbols(module, &parsed.source, options),
        Tree::Expression(expression) => compiler::expression_symbols(expression, &parsed.source, options),
        Tree::FunctionType { .. } => Ok(SymbolTable::default()),
    })?;
    Ok(scope_of(&table, table.scope(SymbolTable::TOP)))
}

fn scope_of(table: &SymbolTable, scope: &CompilerScope) -> Scope {
    let children: Vec<ScopeId> = scope.children.clone();
    Scope {
        name: scope.name.clone(),
        kind: scope.kind as i64,
        line: i64::from(scope.line),
        nested: scope.nested,
        symbols: scope.symbols.iter().map(|(name, flags)| (name.clone(), i64::from(*flags))).collect(),
        parameters: scope.parameters.clone(),
        children: children.into_iter().map(|child| scope_of(table, table.scope(child))).collect(),
    }
}
