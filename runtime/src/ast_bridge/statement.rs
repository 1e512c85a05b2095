//! Statements.

use super::{Maker, type_comments};
use object::{Object, PyResult, Vm};
use ruff_python_ast::{self as ast, Stmt};
use ruff_text_size::{Ranged, TextRange, TextSize};
use stdlib::ast::new_node;
use stdlib::ast::table::Kind;

impl Maker<'_> {
    pub(super) fn statements(&self, vm: &mut Vm, statements: &[Stmt]) -> PyResult {
        self.list(vm, statements, |this, vm, statement| this.statement(vm, statement))
    }

    fn statement(&self, vm: &mut Vm, statement: &Stmt) -> PyResult {
        stacker::maybe_grow(128 << 10, 4 << 20, || self.statement_here(vm, statement))
    }

    fn statement_here(&self, vm: &mut Vm, statement: &Stmt) -> PyResult {
        let range = statement.range();
        self.require_statement(vm, statement)?;
        match statement {
            Stmt::FunctionDef(node) => self.function(vm, node),
            Stmt::ClassDef(node) => self.class(vm, node),
            Stmt::Return(node) => {
                let value = self.optional_expression(vm, node.value.as_deref())?;
                self.node(vm, Kind::Return, range, [value])
            }
            Stmt::Delete(node) => {
                let targets = self.expressions(vm, &node.targets)?;
                self.node(vm, Kind::Delete, range, [targets])
            }
            Stmt::TypeAlias(node) => {
                let name = self.expression(vm, &node.name)?;
                let parameters = self.type_parameters(vm, node.type_params.as_deref())?;
                let value = self.expression(vm, &node.value)?;
                self.node(vm, Kind::TypeAlias, range, [name, parameters, value])
            }
            Stmt::Assign(node) => {
                let targets = self.expressions(vm, &node.targets)?;
                let value = self.expression(vm, &node.value)?;
                let comment = self.type_comment(vm, range.end(), type_comments::same_line);
                self.node(vm, Kind::Assign, range, [targets, value, comment])
            }
            Stmt::AugAssign(node) => {
                let target = self.expression(vm, &node.target)?;
                let op = self.operator(vm, node.op)?;
                let value = self.expression(vm, &node.value)?;
                self.node(vm, Kind::AugAssign, range, [target, op, value])
            }
            Stmt::AnnAssign(node) => {
                let target = self.expression(vm, &node.target)?;
                let annotation = self.expression(vm, &node.annotation)?;
                let value = self.optional_expression(vm, node.value.as_deref())?;
                self.node(vm, Kind::AnnAssign, range, [target, annotation, value, Object::small_int(i64::from(node.simple))])
            }
            Stmt::For(node) => {
                let target = self.expression(vm, &node.target)?;
                let iter = self.expression(vm, &node.iter)?;
                let comment = self.type_comment(vm, node.iter.end(), type_comments::after_colon);
                let body = self.statements(vm, &node.body)?;
                let orelse = self.statements(vm, &node.orelse)?;
                let kind = if node.is_async { Kind::AsyncFor } else { Kind::For };
                self.node(vm, kind, range, [target, iter, body, orelse, comment])
            }
            Stmt::While(node) => {
                let test = self.expression(vm, &node.test)?;
                let body = self.statements(vm, &node.body)?;
                let orelse = self.statements(vm, &node.orelse)?;
                self.node(vm, Kind::While, range, [test, body, orelse])
            }
            Stmt::If(node) => self.condition(vm, node.range.start(), range.end(), &node.test, &node.body, &node.elif_else_clauses),
            Stmt::With(node) => {
                let items = self.list(vm, &node.items, |this, vm, item| {
                    let context = this.expression(vm, &item.context_expr)?;
                    let target = this.optional_expression(vm, item.optional_vars.as_deref())?;
                    new_node(vm, Kind::withitem, [context, target])
                })?;
                let last = node.items.last().map_or(range.end(), |item| item.end());
                let comment = self.type_comment(vm, last, type_comments::after_colon);
                let body = self.statements(vm, &node.body)?;
                let kind = if node.is_async { Kind::AsyncWith } else { Kind::With };
                self.node(vm, kind, range, [items, body, comment])
            }
            Stmt::Match(node) => {
                let subject = self.expression(vm, &node.subject)?;
                let cases = self.list(vm, &node.cases, |this, vm, case| {
                    let pattern = this.pattern(vm, &case.pattern)?;
                    let guard = this.optional_expression(vm, case.guard.as_deref())?;
                    let body = this.statements(vm, &case.body)?;
                    new_node(vm, Kind::match_case, [pattern, guard, body])
                })?;
                self.node(vm, Kind::Match, range, [subject, cases])
            }
            Stmt::Raise(node) => {
                let error = self.optional_expression(vm, node.exc.as_deref())?;
                let cause = self.optional_expression(vm, node.cause.as_deref())?;
                self.node(vm, Kind::Raise, range, [error, cause])
            }
            Stmt::Try(node) => self.try_statement(vm, node),
            Stmt::Assert(node) => {
                let test = self.expression(vm, &node.test)?;
                let message = self.optional_expression(vm, node.msg.as_deref())?;
                self.node(vm, Kind::Assert, range, [test, message])
            }
            Stmt::Import(node) => {
                let names = self.list(vm, &node.names, Self::alias)?;
                self.node(vm, Kind::Import, range, [names])
            }
            Stmt::ImportFrom(node) => {
                let module = self.optional_identifier(vm, node.module.as_ref());
                let names = self.list(vm, &node.names, Self::alias)?;
                self.node(vm, Kind::ImportFrom, range, [module, names, Object::small_int(i64::from(node.level))])
            }
            Stmt::Global(node) => {
                let names = self.identifiers(vm, &node.names);
                self.node(vm, Kind::Global, range, [names])
            }
            Stmt::Nonlocal(node) => {
                let names = self.identifiers(vm, &node.names);
                self.node(vm, Kind::Nonlocal, range, [names])
            }
            Stmt::Expr(node) => {
                let value = self.expression(vm, &node.value)?;
                self.node(vm, Kind::Expr, range, [value])
            }
            Stmt::Pass(_) => self.node(vm, Kind::Pass, range, []),
            Stmt::Break(_) => self.node(vm, Kind::Break, range, []),
            Stmt::Continue(_) => self.node(vm, Kind::Continue, range, []),
            Stmt::IpyEscapeCommand(_) => Err(vm.system_error("the parser does not make escape commands")),
        }
    }

    /// Refuses a statement that is newer than the version asked for.
    fn require_statement(&self, vm: &mut Vm, statement: &Stmt) -> PyResult<()> {
        if self.version.is_none() {
            return Ok(());
        }
        let at = statement.range();
        match statement {
            Stmt::FunctionDef(node) if node.is_async => self.require(vm, 5, "Async functions are", at),
            Stmt::For(node) if node.is_async => self.require(vm, 5, "Async for loops are", at),
            Stmt::With(node) if node.is_async => self.require(vm, 5, "Async with statements are", at),
            Stmt::AnnAssign(_) => self.require(vm, 6, "Variable annotation syntax is", at),
            Stmt::AugAssign(node) if node.op == ast::Operator::MatMult => self.require(vm, 5, "The '@' operator is", at),
            Stmt::Match(_) => self.require(vm, 10, "Pattern matching is", at),
            Stmt::Try(node) if node.is_star => self.require(vm, 11, "Exception groups are", at),
            Stmt::TypeAlias(_) => self.require(vm, 12, "Type statement is", at),
            _ => Ok(()),
        }
    }

    fn alias(&self, vm: &mut Vm, alias: &ast::Alias) -> PyResult {
        let name = self.identifier(vm, &alias.name);
        let asname = self.optional_identifier(vm, alias.asname.as_ref());
        self.node(vm, Kind::alias, alias.range, [name, asname])
    }

    /// Where a definition starts when its decorators are left out.
    fn after_decorators(&self, range: TextRange, decorators: &[ast::Decorator]) -> TextRange {
        match decorators.last() {
            Some(last) => TextRange::new(TextSize::from(self.lines.skip_trivia(last.end().to_u32())), range.end()),
            None => range,
        }
    }

    fn decorators(&self, vm: &mut Vm, decorators: &[ast::Decorator]) -> PyResult {
        self.list(vm, decorators, |this, vm, decorator| this.expression(vm, &decorator.expression))
    }

    fn function(&self, vm: &mut Vm, node: &ast::StmtFunctionDef) -> PyResult {
        let name = self.identifier(vm, &node.name);
        let parameters = self.parameters(vm, Some(&node.parameters))?;
        let head = node.returns.as_ref().map_or(node.parameters.end(), |returns| returns.end());
        let mut comment = self.type_comment(vm, head, type_comments::after_colon);
        if comment.borrow().is_none() {
            comment = self.type_comment(vm, head, type_comments::below_colon);
        } else if let Some(first) = node.body.first()
            && self.comments.within(head.to_usize()..first.start().to_usize()).is_some()
        {
            return Err(self.comment_error(vm, first.start().to_usize(), "Cannot have two type comments on def"));
        }
        let body = self.statements(vm, &node.body)?;
        let decorators = self.decorators(vm, &node.decorator_list)?;
        let returns = self.optional_expression(vm, node.returns.as_deref())?;
        let type_parameters = self.type_parameters(vm, node.type_params.as_deref())?;
        let kind = if node.is_async { Kind::AsyncFunctionDef } else { Kind::FunctionDef };
        let range = self.after_decorators(node.range, &node.decorator_list);
        self.node(vm, kind, range, [name, parameters, body, decorators, returns, comment, type_parameters])
    }

    fn class(&self, vm: &mut Vm, node: &ast::StmtClassDef) -> PyResult {
        let name = self.identifier(vm, &node.name);
        let bases = self.expressions(vm, node.bases())?;
        let keywords = self.list(vm, node.keywords(), Self::keyword)?;
        let body = self.statements(vm, &node.body)?;
        let decorators = self.decorators(vm, &node.decorator_list)?;
        let type_parameters = self.type_parameters(vm, node.type_params.as_deref())?;
        let range = self.after_decorators(node.range, &node.decorator_list);
        self.node(vm, Kind::ClassDef, range, [name, bases, keywords, body, decorators, type_parameters])
    }

    /// An `if`, whose first `elif` becomes an `if` of its own in `orelse`.
    fn condition(&self, vm: &mut Vm, start: TextSize, end: TextSize, test: &ast::Expr, body: &[Stmt], clauses: &[ast::ElifElseClause]) -> PyResult {
        // Inner ones first, so that a long chain does not recurse.
        let mut orelse = vm.new_list(Vec::new()).into_object();
        for clause in clauses.iter().rev() {
            let body = self.statements(vm, &clause.body)?;
            orelse = match &clause.test {
                None => body,
                Some(test) => {
                    let test = self.expression(vm, test)?;
                    let inner = self.node(vm, Kind::If, TextRange::new(clause.start(), end), [test, body, orelse])?;
                    vm.new_list(vec![inner]).into_object()
                }
            };
        }
        let test = self.expression(vm, test)?;
        let body = self.statements(vm, body)?;
        self.node(vm, Kind::If, TextRange::new(start, end), [test, body, orelse])
    }

    fn try_statement(&self, vm: &mut Vm, node: &ast::StmtTry) -> PyResult {
        let body = self.statements(vm, &node.body)?;
        let handlers = self.list(vm, &node.handlers, |this, vm, ast::ExceptHandler::ExceptHandler(handler)| {
            let class = this.optional_expression(vm, handler.type_.as_deref())?;
            let name = this.optional_identifier(vm, handler.name.as_ref());
            let body = this.statements(vm, &handler.body)?;
            this.node(vm, Kind::ExceptHandler, handler.range, [class, name, body])
        })?;
        let orelse = self.statements(vm, &node.orelse)?;
        let finalbody = self.statements(vm, &node.finalbody)?;
        let kind = if node.is_star { Kind::TryStar } else { Kind::Try };
        self.node(vm, kind, node.range, [body, handlers, orelse, finalbody])
    }
}
