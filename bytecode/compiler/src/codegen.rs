//! Walks the tree and writes instructions. One file for each family of nodes.
//!
//! A [`Unit`] is the code object under construction. `preserve` on a frame block means a value on
//! top of the stack (that of `return`) has to survive its unwinding.

mod annotations;
mod assign;
mod block;
mod call;
mod class;
mod comprehension;
mod exception;
mod expression;
mod function;
mod import;
mod pattern;
mod statement;
mod strings;
mod unit;
mod warnings;

use crate::error::CompileError;
use crate::flow::{Label, Op};
use crate::literal;
use crate::options::{Future, Options, future_flag};
use crate::source::{Lines, Span};
use crate::symtable::{self, ScopeKind, SymbolTable};
use crate::tables::HashMap;
use block::FrameBlock;
use bytecode::{Code, Constant, Opcode};
use ruff_python_ast::{self as ast, Expr, Stmt};
use ruff_text_size::{Ranged, TextRange};
use unit::{Unit, UnitKind};

pub(crate) type Result<T = ()> = std::result::Result<T, CompileError>;

/// What is compiled.
#[derive(Clone, Copy)]
pub(crate) enum Program<'a> {
    Module(&'a [Stmt]),
    Interactive(&'a [Stmt]),
    Expression(&'a Expr),
}

impl<'a> Program<'a> {
    fn statements(self) -> &'a [Stmt] {
        match self {
            Program::Module(body) | Program::Interactive(body) => body,
            Program::Expression(_) => &[],
        }
    }
}

pub(crate) fn symbols(program: Program<'_>, source: &str, options: &Options<'_>) -> Result<SymbolTable> {
    let lines = Lines::new(source);
    let future = future_features(program, &lines, options)?;
    symtable::build(program, &lines, options, future)
}

pub(crate) fn compile(program: Program<'_>, source: &str, options: &Options<'_>) -> Result<Code> {
    let lines = Lines::new(source);
    let future = future_features(program, &lines, options)?;
    let table = symtable::build(program, &lines, options, future)?;
    let mut compiler = Compiler {
        lines: &lines,
        options,
        future,
        unit: Unit::new(SymbolTable::TOP, UnitKind::Module, "<module>", 1),
        stack: Vec::new(),
        table,
        depth: 0,
        interactive: matches!(program, Program::Interactive(_)),
        quiet: 0,
        sole_arguments: HashMap::default(),
    };
    compiler.start_unit();
    compiler.program(program)
}

/// The string that is the docstring of a body.
pub(crate) fn docstring(body: &[Stmt]) -> Option<&ast::ExprStringLiteral> {
    match body.first()? {
        Stmt::Expr(statement) => statement.value.as_string_literal_expr(),
        _ => None,
    }
}

/// The place of a definition from its keyword on.
pub(crate) fn definition_span(lines: &Lines<'_>, decorators: &[ast::Decorator], range: TextRange) -> Span {
    let span = lines.range(range);
    let Some(last) = decorators.last() else { return span };
    let (line, column) = lines.position(lines.skip_trivia(last.range().end().to_u32()));
    Span { line, column, ..span }
}

fn future_features(program: Program<'_>, lines: &Lines<'_>, options: &Options<'_>) -> Result<Future> {
    let mut future = Future { annotations: false, flags: options.flags };
    let mut allowed = true;
    for (index, statement) in program.statements().iter().enumerate() {
        match statement {
            Stmt::ImportFrom(node) if node.module.as_deref() == Some("__future__") && node.level == 0 => {
                if !allowed {
                    let message = "from __future__ imports must occur at the beginning of the file";
                    return Err(CompileError::syntax(message, lines.span(statement)));
                }
                for alias in &node.names {
                    let Some(flag) = future_flag(&alias.name) else {
                        let message = match alias.name.as_str() {
                            "braces" => "not a chance".to_owned(),
                            name => format!("future feature {name} is not defined"),
                        };
                        return Err(CompileError::syntax(message, lines.span(alias)));
                    };
                    future.flags |= flag;
                }
            }
            Stmt::Expr(_) if index == 0 && docstring(program.statements()).is_some() => {}
            _ => allowed = false,
        }
    }
    future.annotations = future.flags & 0x0100_0000 != 0;
    Ok(future)
}

pub(crate) struct Compiler<'a> {
    lines: &'a Lines<'a>,
    options: &'a Options<'a>,
    future: Future,
    table: SymbolTable,
    unit: Unit<'a>,
    /// The units around the current one.
    stack: Vec<Unit<'a>>,
    depth: u32,
    interactive: bool,
    /// Generator expressions that are a call's only argument: their place includes the call's parentheses.
    sole_arguments: HashMap<usize, TextRange>,
    /// Above zero no warnings are given: the code is compiled again.
    quiet: u32,
}

/// How a name is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Use {
    Load,
    Store,
    Delete,
}

impl<'a> Compiler<'a> {
    fn program(mut self, program: Program<'a>) -> Result<Code> {
        let add_none = match program {
            Program::Module(body) | Program::Interactive(body) => {
                let span = body.first().map_or(Span { line: 1, end_line: 1, column: 0, end_column: 0 }, |first| self.statement_span(first));
                if self.scope().has_conditional_annotations {
                    self.op_arg(span, Opcode::BuildSet, 0);
                    self.name_op(span, Opcode::StoreName, "__conditional_annotations__");
                }
                self.body(span, body)?;
                true
            }
            Program::Expression(expression) => {
                self.expression(expression)?;
                false
            }
        };
        self.finish_unit(add_none)
    }

    fn statement_span(&self, statement: &Stmt) -> Span {
        match statement {
            Stmt::FunctionDef(node) => self.definition(&node.decorator_list, node),
            Stmt::ClassDef(node) => self.definition(&node.decorator_list, node),
            _ => self.span(statement),
        }
    }

    fn definition(&self, decorators: &[ast::Decorator], node: &dyn Ranged) -> Span {
        definition_span(self.lines, decorators, node.range())
    }

    /// The statements of a module or class body.
    fn body(&mut self, span: Span, body: &'a [Stmt]) -> Result {
        if self.future.annotations && self.scope().annotations_used {
            self.op(span, Opcode::SetupAnnotations);
        }
        let mut rest = body;
        if (!self.interactive || self.unit.kind == UnitKind::Class)
            && let Some(text) = docstring(body)
        {
            rest = &body[1..];
            if self.options.optimize < 2 {
                let constant = Constant::Str(literal::clean_docstring(&literal::string(text, self.lines)));
                self.load_constant(self.span(text), constant);
                self.name(Span::NONE, "__doc__", Use::Store)?;
            }
        }
        self.statements(rest)?;
        if !self.future.annotations {
            self.deferred_annotations(span)?;
        }
        Ok(())
    }

    fn span(&self, node: &dyn Ranged) -> Span {
        self.lines.span(node)
    }

    fn error<T>(&self, message: impl Into<String>, span: Span) -> Result<T> {
        Err(CompileError::syntax(message, span))
    }

    /// Runs `work` one level deeper, on a stack that is large enough.
    fn nested<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        self.depth += 1;
        if self.depth > symtable::MAX_DEPTH {
            return Err(CompileError::recursion());
        }
        let result = stacker::maybe_grow(128 * 1024, 2 * 1024 * 1024, || work(self));
        self.depth -= 1;
        result
    }

    fn op(&mut self, span: Span, op: impl Into<Op>) {
        self.unit.sequence.push(op.into(), 0, None, span);
    }

    fn op_arg(&mut self, span: Span, op: impl Into<Op>, arg: u32) {
        self.unit.sequence.push(op.into(), arg, None, span);
    }

    fn jump(&mut self, span: Span, op: impl Into<Op>, target: Label) {
        self.unit.sequence.push(op.into(), 0, Some(target), span);
    }

    fn label(&mut self) -> Label {
        self.unit.sequence.new_label()
    }

    fn place(&mut self, label: Label) {
        self.unit.sequence.use_label(label);
    }

    fn load_constant(&mut self, span: Span, constant: Constant) {
        match constant {
            Constant::Int(value @ 0..=255) => {
                // The first constant of a code object stays there, used or not.
                if self.unit.constants.values.is_empty() {
                    self.unit.constants.add(constant);
                }
                self.op_arg(span, Opcode::LoadSmallInt, value as u32);
            }
            constant => {
                let index = self.unit.constants.add(constant);
                self.op_arg(span, Opcode::LoadConst, index);
            }
        }
    }

    fn load_none(&mut self, span: Span) {
        self.load_constant(span, Constant::None);
    }

    fn load_text(&mut self, span: Span, text: &str) {
        self.load_constant(span, Constant::Str(text.into()));
    }

    /// The constant a literal stands for.
    fn constant(&self, expression: &Expr) -> Result<Option<Constant>> {
        literal::constant(expression, self.lines, self.options)
    }

    fn mangle(&self, name: &str) -> String {
        symtable::maybe_mangle(self.unit.private.as_deref(), self.scope(), name)
    }

    /// An instruction that names an attribute, global or the like.
    fn name_op(&mut self, span: Span, op: Opcode, name: &str) {
        let index = self.unit.name_index(name);
        self.op_arg(span, op, index);
    }

    fn attribute_op(&mut self, span: Span, op: Opcode, name: &str, method: bool) {
        let index = self.unit.name_index(&self.mangle(name));
        let arg = if op == Opcode::LoadAttr { index << 1 | u32::from(method) } else { index };
        self.op_arg(span, op, arg);
    }

    fn is_function_like(&self) -> bool {
        self.scope().is_function_like()
    }

    fn in_class_scope(&self) -> bool {
        self.scope().kind == ScopeKind::Class
    }

    fn push_block(&mut self, block: FrameBlock<'a>, span: Span) -> Result {
        if self.unit.blocks.len() >= block::MAX_BLOCKS {
            return self.error("too many statically nested blocks", span);
        }
        self.unit.blocks.push(block);
        Ok(())
    }

    fn pop_block(&mut self) {
        self.unit.blocks.pop();
    }
}
