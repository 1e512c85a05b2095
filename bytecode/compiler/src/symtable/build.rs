//! The first pass: walks the tree and notes definitions and uses. Expressions are here, statements in `statements`.

use super::{Comprehension, Node, Part, Scope, ScopeId, ScopeKind, SymbolTable, flag, maybe_mangle};
use crate::codegen::Program;
use crate::error::{CompileError, Warning, WarningAction};
use crate::options::{Future, Options};
use crate::source::{Lines, Span};
use ruff_python_ast::{self as ast, Expr, ExprContext};
use ruff_text_size::Ranged;

pub(super) type Result<T = ()> = std::result::Result<T, CompileError>;

/// How deep a tree may be. `stacker` provides the stack.
pub(crate) const MAX_DEPTH: u32 = 20_000;

pub(crate) fn build(program: Program<'_>, lines: &Lines<'_>, options: &Options<'_>, future: Future) -> Result<SymbolTable> {
    let mut builder = Builder {
        lines,
        options,
        future,
        table: SymbolTable::default(),
        stack: Vec::new(),
        current: SymbolTable::TOP,
        private: None,
        depth: 0,
        sole_argument: None,
        finally: Finally::default(),
    };
    builder.enter("top", ScopeKind::Module, None, Span::at_line(0))?;
    match program {
        Program::Module(body) | Program::Interactive(body) => builder.statements(body)?,
        Program::Expression(expression) => builder.expression(expression)?,
    }
    let mut table = builder.table;
    super::analyze::analyze(&mut table)?;
    Ok(table)
}

/// What a `return`, `break` or `continue` would leave (PEP 765).
#[derive(Clone, Copy, Default)]
pub(super) struct Finally {
    pub in_finally: bool,
    pub in_function: bool,
    pub in_loop: bool,
}

pub(super) struct Builder<'a> {
    pub lines: &'a Lines<'a>,
    pub options: &'a Options<'a>,
    pub future: Future,
    pub table: SymbolTable,
    stack: Vec<ScopeId>,
    pub current: ScopeId,
    pub private: Option<String>,
    depth: u32,
    sole_argument: Option<Span>,
    pub finally: Finally,
}

impl Builder<'_> {
    pub fn scope(&mut self) -> &mut Scope {
        self.table.scope_mut(self.current)
    }

    pub fn span(&self, node: &dyn Ranged) -> Span {
        self.lines.span(node)
    }

    pub fn error<T>(&self, message: impl Into<String>, span: Span) -> Result<T> {
        Err(CompileError::syntax(message, span))
    }

    pub fn warn(&self, message: &str, span: Span) -> Result {
        warn(self.options, message, span)
    }

    pub fn nested<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(CompileError::recursion());
        }
        let result = stacker::maybe_grow(96 * 1024, 2 * 1024 * 1024, || work(self));
        self.depth -= 1;
        result
    }

    /// Makes a scope without entering it.
    pub fn new_scope(&mut self, name: &str, kind: ScopeKind, node: Option<Node>, span: Span) -> ScopeId {
        let id = ScopeId(self.table.scopes.len() as u32);
        let mut scope = Scope::new(id, name, kind, span.line);
        if let Some(&around) = self.stack.last() {
            let around = self.table.scope(around);
            scope.nested = around.nested || around.is_function_like();
            scope.method = around.kind == ScopeKind::Class && kind == ScopeKind::Function;
        }
        self.table.scopes.push(scope);
        if let Some(node) = node {
            self.table.by_node.insert(node, id);
        }
        id
    }

    pub fn enter(&mut self, name: &str, kind: ScopeKind, node: Option<Node>, span: Span) -> Result<ScopeId> {
        let id = self.new_scope(name, kind, node, span);
        self.enter_existing(id);
        if matches!(kind, ScopeKind::Annotation | ScopeKind::TypeAlias | ScopeKind::TypeVariable) {
            self.define(".format", flag::DEF_PARAM, span)?;
            self.define(".format", flag::USE, span)?;
        }
        Ok(id)
    }

    pub fn enter_existing(&mut self, id: ScopeId) {
        if let Some(&around) = self.stack.last() {
            let around_scope = self.table.scope(around);
            let iteration = around_scope.iteration_expression;
            let mangled = around_scope.mangled_names.clone();
            let scope = self.table.scope_mut(id);
            scope.iteration_expression = iteration;
            if scope.kind != ScopeKind::Class && mangled.is_some() {
                scope.mangled_names = mangled;
            }
            // With `from __future__ import annotations` annotations are text: their scopes leave no trace.
            let ignored = self.future.annotations && scope.kind == ScopeKind::Annotation;
            let children = &mut self.table.scope_mut(around).children;
            if !ignored && !children.contains(&id) {
                children.push(id);
            }
        }
        self.stack.push(id);
        self.current = id;
    }

    pub fn exit(&mut self) {
        self.stack.pop();
        if let Some(&around) = self.stack.last() {
            self.current = around;
        }
    }

    pub fn mangled(&self, name: &str) -> String {
        maybe_mangle(self.private.as_deref(), self.table.scope(self.current), name)
    }

    pub fn lookup(&self, name: &str) -> u32 {
        self.table.scope(self.current).flags(&self.mangled(name))
    }

    pub fn define(&mut self, name: &str, flags: u32, span: Span) -> Result {
        self.define_in(self.current, name, flags, span)
    }

    pub fn define_in(&mut self, id: ScopeId, name: &str, flags: u32, span: Span) -> Result {
        let scope = self.table.scope(id);
        let mangled = maybe_mangle(self.private.as_deref(), scope, name);
        let old = scope.flags(&mangled);
        if flags & old & flag::DEF_PARAM != 0 {
            return self.error(format!("duplicate argument '{name}' in function definition"), span);
        }
        if flags & old & flag::DEF_TYPE_PARAM != 0 {
            return self.error(format!("duplicate type parameter '{name}'"), span);
        }
        let mut value = old | flags;
        if scope.iteration_target {
            if value & (flag::DEF_GLOBAL | flag::DEF_NONLOCAL) != 0 {
                return self.error(format!("comprehension inner loop cannot rebind assignment expression target '{name}'"), span);
            }
            value |= flag::DEF_COMP_ITER;
        }
        let scope = self.table.scope_mut(id);
        if flags & flag::DEF_PARAM != 0 {
            scope.parameters.push(mangled.clone());
        }
        scope.symbols.insert(mangled.clone(), value);
        if flags & flag::DEF_GLOBAL != 0 && flags & flag::DEF_PARAM == 0 {
            *self.table.scope_mut(SymbolTable::TOP).symbols.entry(mangled).or_insert(0) |= flags;
        }
        Ok(())
    }

    pub fn check_name(&self, name: &str, context: ExprContext, span: Span) -> Result {
        match context {
            ExprContext::Store if name == "__debug__" => self.error("cannot assign to __debug__", span),
            ExprContext::Del if name == "__debug__" => self.error("cannot delete __debug__", span),
            _ => Ok(()),
        }
    }

    pub fn define_checked(&mut self, name: &str, flags: u32, span: Span) -> Result {
        self.check_name(name, ExprContext::Store, span)?;
        self.define(name, flags, span)
    }

    pub fn record_directive(&mut self, name: &str, span: Span) {
        let mangled = self.mangled(name);
        self.scope().directives.push((mangled, span));
    }

    fn allows_top_level_await(&self) -> bool {
        self.options.top_level_await && self.table.scope(self.current).kind == ScopeKind::Module
    }

    fn in_async_function(&self) -> bool {
        let scope = self.table.scope(self.current);
        scope.kind == ScopeKind::Function && scope.coroutine
    }

    pub fn expressions<'e>(&mut self, expressions: impl IntoIterator<Item = &'e Expr>) -> Result {
        expressions.into_iter().try_for_each(|expression| self.expression(expression))
    }

    pub fn optional(&mut self, expression: Option<&Expr>) -> Result {
        expression.map_or(Ok(()), |expression| self.expression(expression))
    }

    pub fn expression(&mut self, expression: &Expr) -> Result {
        self.nested(|this| this.expression_inner(expression))
    }

    fn expression_inner(&mut self, expression: &Expr) -> Result {
        match expression {
            Expr::BoolOp(node) => self.expressions(&node.values),
            Expr::Named(node) => self.named(node),
            Expr::BinOp(node) => {
                self.expression(&node.left)?;
                self.expression(&node.right)
            }
            Expr::UnaryOp(node) => self.expression(&node.operand),
            Expr::Lambda(node) => self.lambda(node),
            Expr::If(node) => self.expressions([&*node.test, &*node.body, &*node.orelse]),
            Expr::Dict(node) => {
                for item in &node.items {
                    self.optional(item.key.as_ref())?;
                }
                self.expressions(node.items.iter().map(|item| &item.value))
            }
            Expr::Set(node) => self.expressions(&node.elts),
            Expr::ListComp(node) => {
                self.comprehension(Comprehension::List, Node::of(node, Part::Comprehension), &node.generators, &node.elt, None, expression)
            }
            Expr::SetComp(node) => {
                self.comprehension(Comprehension::Set, Node::of(node, Part::Comprehension), &node.generators, &node.elt, None, expression)
            }
            Expr::DictComp(node) => {
                let key = node.key.as_deref().unwrap_or(&node.value);
                self.comprehension(Comprehension::Dict, Node::of(node, Part::Comprehension), &node.generators, key, Some(&node.value), expression)
            }
            Expr::Generator(node) => {
                self.comprehension(Comprehension::Generator, Node::of(node, Part::Comprehension), &node.generators, &node.elt, None, expression)
            }
            Expr::Await(node) => self.await_(node),
            Expr::Yield(node) => self.yield_(node.value.as_deref(), expression),
            Expr::YieldFrom(node) => self.yield_(Some(&node.value), expression),
            Expr::Compare(node) => {
                self.expression(&node.left)?;
                self.expressions(&*node.comparators)
            }
            Expr::Call(node) => {
                self.expression(&node.func)?;
                if let ([Expr::Generator(argument)], []) = (&*node.arguments.args, &*node.arguments.keywords) {
                    // The place of an only argument includes the call's parentheses.
                    self.sole_argument = (!argument.parenthesized).then(|| self.span(&node.arguments));
                }
                self.arguments(&node.arguments)
            }
            Expr::FString(node) => node.value.elements().try_for_each(|element| self.interpolation(element)),
            Expr::TString(node) => node.value.elements().try_for_each(|element| self.interpolation(element)),
            Expr::Attribute(node) => {
                self.check_name(&node.attr, node.ctx, self.span(node))?;
                self.expression(&node.value)
            }
            Expr::Subscript(node) => {
                self.expression(&node.value)?;
                self.expression(&node.slice)
            }
            Expr::Starred(node) => self.expression(&node.value),
            Expr::Name(node) => self.name(node),
            Expr::List(node) => self.expressions(&node.elts),
            Expr::Tuple(node) => self.expressions(&node.elts),
            Expr::Slice(node) => {
                self.optional(node.lower.as_deref())?;
                self.optional(node.upper.as_deref())?;
                self.optional(node.step.as_deref())
            }
            Expr::StringLiteral(_)
            | Expr::BytesLiteral(_)
            | Expr::NumberLiteral(_)
            | Expr::BooleanLiteral(_)
            | Expr::NoneLiteral(_)
            | Expr::EllipsisLiteral(_) => Ok(()),
            Expr::IpyEscapeCommand(_) => self.error("invalid syntax", self.span(expression)),
        }
    }

    fn interpolation(&mut self, element: &ast::InterpolatedStringElement) -> Result {
        self.nested(|this| {
            let ast::InterpolatedStringElement::Interpolation(node) = element else { return Ok(()) };
            this.expression(&node.expression)?;
            match &node.format_spec {
                Some(spec) => spec.elements.iter().try_for_each(|element| this.interpolation(element)),
                None => Ok(()),
            }
        })
    }

    pub fn arguments(&mut self, arguments: &ast::Arguments) -> Result {
        self.expressions(&*arguments.args)?;
        self.check_keywords(&arguments.keywords)?;
        self.expressions(arguments.keywords.iter().map(|keyword| &keyword.value))
    }

    pub fn check_keywords(&mut self, keywords: &[ast::Keyword]) -> Result {
        for keyword in keywords {
            if let Some(name) = &keyword.arg {
                self.check_name(name, ExprContext::Store, self.span(keyword))?;
            }
        }
        Ok(())
    }

    fn name(&mut self, node: &ast::ExprName) -> Result {
        let span = self.span(node);
        match node.ctx {
            ExprContext::Load | ExprContext::Invalid => {
                if self.table.scope(self.current).in_unevaluated_annotation {
                    return Ok(());
                }
                self.define(&node.id, flag::USE, span)?;
                if &node.id == "super" && self.table.scope(self.current).is_function_like() {
                    self.define("__class__", flag::USE, span)?;
                }
                Ok(())
            }
            context @ (ExprContext::Store | ExprContext::Del) => {
                self.check_name(&node.id, context, span)?;
                self.define(&node.id, flag::DEF_LOCAL, span)
            }
        }
    }

    fn lambda(&mut self, node: &ast::ExprLambda) -> Result {
        if let Some(parameters) = node.parameters.as_deref() {
            self.defaults(parameters)?;
        }
        let span = self.span(node);
        self.enter("lambda", ScopeKind::Function, Some(Node::of(node, Part::Lambda)), span)?;
        if let Some(parameters) = node.parameters.as_deref() {
            self.parameters(parameters)?;
        }
        let finally = std::mem::take(&mut self.finally);
        self.expression(&node.body)?;
        self.finally = finally;
        self.exit();
        Ok(())
    }

    pub fn defaults(&mut self, parameters: &ast::Parameters) -> Result {
        let positional = parameters.posonlyargs.iter().chain(&parameters.args);
        self.expressions(positional.filter_map(|parameter| parameter.default.as_deref()))?;
        self.expressions(parameters.kwonlyargs.iter().filter_map(|parameter| parameter.default.as_deref()))
    }

    /// Defines the parameters in the order of fast locals.
    pub fn parameters(&mut self, parameters: &ast::Parameters) -> Result {
        for parameter in parameters.posonlyargs.iter().chain(&parameters.args).chain(&parameters.kwonlyargs) {
            let span = self.span(&parameter.parameter);
            self.define_checked(&parameter.parameter.name, flag::DEF_PARAM, span)?;
        }
        for (parameter, variadic) in [(&parameters.vararg, true), (&parameters.kwarg, false)] {
            let Some(parameter) = parameter else { continue };
            let span = self.span(&parameter.name);
            self.define_checked(&parameter.name, flag::DEF_PARAM, span)?;
            match variadic {
                true => self.scope().varargs = true,
                false => self.scope().varkeywords = true,
            }
        }
        Ok(())
    }

    fn named(&mut self, node: &ast::ExprNamed) -> Result {
        self.refuse_in_annotation("named expression", self.span(node))?;
        let scope = self.table.scope(self.current);
        if scope.iteration_expression > 0 {
            return self.error("assignment expression cannot be used in a comprehension iterable expression", self.span(node));
        }
        if scope.comprehension.is_some()
            && let Expr::Name(target) = &*node.target
        {
            self.extend_named_target(target)?;
        }
        self.expression(&node.value)?;
        self.expression(&node.target)
    }

    /// A walrus inside a comprehension binds in the scope around it.
    fn extend_named_target(&mut self, target: &ast::ExprName) -> Result {
        let span = self.span(target);
        for index in (0..self.stack.len()).rev() {
            let id = self.stack[index];
            let scope = self.table.scope(id);
            let flags = scope.flags(&maybe_mangle(self.private.as_deref(), scope, &target.id));
            if scope.comprehension.is_some() {
                if flags & flag::DEF_COMP_ITER != 0 && flags & (flag::DEF_LOCAL | flag::DEF_GLOBAL) != 0 {
                    let message = format!("assignment expression cannot rebind comprehension iteration variable '{}'", target.id);
                    return self.error(message, span);
                }
                continue;
            }
            match scope.kind {
                ScopeKind::Function => {
                    let kind = if flags & flag::DEF_GLOBAL != 0 { flag::DEF_GLOBAL } else { flag::DEF_NONLOCAL };
                    self.define(&target.id, kind, span)?;
                    self.record_directive(&target.id, span);
                    return self.define_in(id, &target.id, flag::DEF_LOCAL, span);
                }
                ScopeKind::Module => {
                    self.define(&target.id, flag::DEF_GLOBAL, span)?;
                    self.record_directive(&target.id, span);
                    return self.define_in(id, &target.id, flag::DEF_GLOBAL, span);
                }
                ScopeKind::Class => {
                    return self.error("assignment expression within a comprehension cannot be used in a class body", span);
                }
                ScopeKind::TypeParameters => {
                    let message = "assignment expression within a comprehension cannot be used within the definition of a generic";
                    return self.error(message, span);
                }
                ScopeKind::TypeAlias => {
                    return self.error("assignment expression within a comprehension cannot be used in a type alias", span);
                }
                ScopeKind::TypeVariable => {
                    return self.error("assignment expression within a comprehension cannot be used in a TypeVar bound", span);
                }
                ScopeKind::Annotation => {
                    return self.error("named expression cannot be used within an annotation", span);
                }
            }
        }
        Ok(())
    }

    fn await_(&mut self, node: &ast::ExprAwait) -> Result {
        let span = self.span(node);
        self.refuse_in_annotation("await expression", span)?;
        if !self.allows_top_level_await() {
            let scope = self.table.scope(self.current);
            if !scope.is_function_like() {
                return self.error("'await' outside function", span);
            }
            if !self.in_async_function() && scope.comprehension.is_none() {
                return self.error("'await' outside async function", span);
            }
        }
        self.expression(&node.value)?;
        self.scope().coroutine = true;
        Ok(())
    }

    fn yield_(&mut self, value: Option<&Expr>, node: &Expr) -> Result {
        let span = self.span(node);
        self.refuse_in_annotation("yield expression", span)?;
        self.optional(value)?;
        self.scope().generator = true;
        match self.table.scope(self.current).comprehension {
            None => Ok(()),
            Some(Comprehension::List) => self.error("'yield' inside list comprehension", span),
            Some(Comprehension::Set) => self.error("'yield' inside set comprehension", span),
            Some(Comprehension::Dict) => self.error("'yield' inside dict comprehension", span),
            Some(Comprehension::Generator) => self.error("'yield' inside generator expression", span),
        }
    }

    fn refuse_in_annotation(&self, what: &str, span: Span) -> Result {
        let scope = self.table.scope(self.current);
        let place = match scope.kind {
            ScopeKind::Annotation => "an annotation",
            ScopeKind::TypeVariable => scope.scope_info.unwrap_or("a TypeVar bound"),
            ScopeKind::TypeAlias => "a type alias",
            ScopeKind::TypeParameters => "the definition of a generic",
            ScopeKind::Function | ScopeKind::Class | ScopeKind::Module => return Ok(()),
        };
        self.error(format!("{what} cannot be used within {place}"), span)
    }

    fn comprehension(
        &mut self,
        kind: Comprehension,
        node: Node,
        generators: &[ast::Comprehension],
        element: &Expr,
        value: Option<&Expr>,
        expression: &Expr,
    ) -> Result {
        let Some((outermost, rest)) = generators.split_first() else { return Ok(()) };
        let span = self.sole_argument.take().unwrap_or_else(|| self.span(expression));
        self.scope().iteration_expression += 1;
        self.expression(&outermost.iter)?;
        self.scope().iteration_expression -= 1;
        let name = match kind {
            Comprehension::List => "listcomp",
            Comprehension::Set => "setcomp",
            Comprehension::Dict => "dictcomp",
            Comprehension::Generator => "genexpr",
        };
        self.enter(name, ScopeKind::Function, Some(node), span)?;
        self.scope().comprehension = Some(kind);
        self.scope().coroutine = outermost.is_async;
        self.define(".0", flag::DEF_PARAM, span)?;
        self.iteration_target(&outermost.target)?;
        self.expressions(&outermost.ifs)?;
        for generator in rest {
            self.iteration_target(&generator.target)?;
            self.scope().iteration_expression += 1;
            self.expression(&generator.iter)?;
            self.scope().iteration_expression -= 1;
            self.expressions(&generator.ifs)?;
            if generator.is_async {
                self.scope().coroutine = true;
            }
        }
        self.optional(value)?;
        self.expression(element)?;
        let generator = kind == Comprehension::Generator;
        self.scope().generator = generator;
        let is_async = self.scope().coroutine && !generator;
        self.exit();
        if is_async {
            if !self.in_async_function() && self.scope().comprehension.is_none() && !self.allows_top_level_await() {
                return self.error("asynchronous comprehension outside of an asynchronous function", span);
            }
            self.scope().coroutine = true;
        }
        Ok(())
    }

    fn iteration_target(&mut self, target: &Expr) -> Result {
        self.scope().iteration_target = true;
        self.expression(target)?;
        self.scope().iteration_target = false;
        Ok(())
    }
}

pub(crate) fn warn(options: &Options<'_>, message: &str, span: Span) -> Result {
    let Some(sink) = options.warn else { return Ok(()) };
    let error = CompileError::syntax(message, span);
    let warning =
        Warning { message: error.message.clone(), line: error.line, column: error.column, end_line: error.end_line, end_column: error.end_column };
    match sink(warning) {
        WarningAction::Continue => Ok(()),
        WarningAction::Raise => Err(error),
    }
}
