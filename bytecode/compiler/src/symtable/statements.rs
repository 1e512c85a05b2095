//! The first pass over statements and patterns.

use super::build::{Builder, Finally, Result};
use super::{Node, Part, ScopeKind, flag};
use ruff_python_ast::{self as ast, Expr, ExprContext, Pattern, Stmt};

impl Builder<'_> {
    pub fn statements(&mut self, body: &[Stmt]) -> Result {
        body.iter().try_for_each(|statement| self.statement(statement))
    }

    fn statement(&mut self, statement: &Stmt) -> Result {
        self.nested(|this| this.statement_inner(statement))
    }

    fn statement_inner(&mut self, statement: &Stmt) -> Result {
        match statement {
            Stmt::FunctionDef(node) => self.function(node),
            Stmt::ClassDef(node) => self.class(node),
            Stmt::Return(node) => {
                self.check_finally("return", self.finally.in_finally && !self.finally.in_function, statement)?;
                self.optional(node.value.as_deref())
            }
            Stmt::Delete(node) => self.expressions(&node.targets),
            Stmt::TypeAlias(node) => self.type_alias(node),
            Stmt::Assign(node) => {
                self.expressions(&node.targets)?;
                self.expression(&node.value)
            }
            Stmt::AugAssign(node) => {
                self.expression(&node.target)?;
                self.expression(&node.value)
            }
            Stmt::AnnAssign(node) => self.annotated_assignment(node),
            Stmt::For(node) => {
                self.note_top_level(node.is_async);
                self.expression(&node.target)?;
                self.expression(&node.iter)?;
                self.conditional(|this| {
                    this.in_loop(|this| this.statements(&node.body))?;
                    this.statements(&node.orelse)
                })
            }
            Stmt::While(node) => {
                self.expression(&node.test)?;
                self.conditional(|this| {
                    this.in_loop(|this| this.statements(&node.body))?;
                    this.statements(&node.orelse)
                })
            }
            Stmt::If(node) => {
                self.expression(&node.test)?;
                self.conditional(|this| {
                    this.statements(&node.body)?;
                    for clause in &node.elif_else_clauses {
                        this.optional(clause.test.as_ref())?;
                        this.statements(&clause.body)?;
                    }
                    Ok(())
                })
            }
            Stmt::With(node) => self.conditional(|this| {
                this.note_top_level(node.is_async);
                for item in &node.items {
                    this.expression(&item.context_expr)?;
                    this.optional(item.optional_vars.as_deref())?;
                }
                this.statements(&node.body)
            }),
            Stmt::Match(node) => {
                self.expression(&node.subject)?;
                self.conditional(|this| {
                    for case in &node.cases {
                        this.pattern(&case.pattern)?;
                        this.optional(case.guard.as_deref())?;
                        this.statements(&case.body)?;
                    }
                    Ok(())
                })
            }
            Stmt::Raise(node) => {
                self.optional(node.exc.as_deref())?;
                self.optional(node.cause.as_deref())
            }
            Stmt::Try(node) => self.try_(node),
            Stmt::Assert(node) => {
                self.expression(&node.test)?;
                self.optional(node.msg.as_deref())
            }
            Stmt::Import(node) => node.names.iter().try_for_each(|alias| self.alias(alias)),
            Stmt::ImportFrom(node) => node.names.iter().try_for_each(|alias| self.alias(alias)),
            Stmt::Global(node) => self.declare(&node.names, flag::DEF_GLOBAL, "global", statement),
            Stmt::Nonlocal(node) => self.declare(&node.names, flag::DEF_NONLOCAL, "nonlocal", statement),
            Stmt::Expr(node) => self.expression(&node.value),
            Stmt::Pass(_) => Ok(()),
            Stmt::Break(_) => self.check_finally("break", self.finally.in_finally && !self.finally.in_loop, statement),
            Stmt::Continue(_) => self.check_finally("continue", self.finally.in_finally && !self.finally.in_loop, statement),
            Stmt::IpyEscapeCommand(_) => self.error("invalid syntax", self.span(statement)),
        }
    }

    fn check_finally(&mut self, keyword: &str, leaves: bool, statement: &Stmt) -> Result {
        if leaves {
            self.warn(&format!("'{keyword}' in a 'finally' block"), self.span(statement))?;
        }
        Ok(())
    }

    fn conditional(&mut self, work: impl FnOnce(&mut Self) -> Result) -> Result {
        let before = std::mem::replace(&mut self.scope().in_conditional_block, true);
        work(self)?;
        self.scope().in_conditional_block = before;
        Ok(())
    }

    /// An asynchronous statement of a module, if that is allowed, makes a coroutine of it.
    fn note_top_level(&mut self, is_async: bool) {
        if is_async && self.scope().kind == ScopeKind::Module {
            self.scope().coroutine = true;
        }
    }

    fn in_loop(&mut self, work: impl FnOnce(&mut Self) -> Result) -> Result {
        let before = std::mem::replace(&mut self.finally.in_loop, true);
        work(self)?;
        self.finally.in_loop = before;
        Ok(())
    }

    fn try_(&mut self, node: &ast::StmtTry) -> Result {
        self.conditional(|this| {
            this.statements(&node.body)?;
            for handler in &node.handlers {
                let ast::ExceptHandler::ExceptHandler(handler) = handler;
                this.optional(handler.type_.as_deref())?;
                if let Some(name) = &handler.name {
                    let span = this.span(handler);
                    this.define_checked(name, flag::DEF_LOCAL, span)?;
                }
                this.statements(&handler.body)?;
            }
            this.statements(&node.orelse)?;
            let before = std::mem::replace(&mut this.finally, Finally { in_finally: true, in_function: false, in_loop: false });
            this.statements(&node.finalbody)?;
            this.finally = before;
            Ok(())
        })
    }

    fn alias(&mut self, alias: &ast::Alias) -> Result {
        let span = self.span(alias);
        let name = alias.asname.as_ref().unwrap_or(&alias.name).as_str();
        if name == "*" {
            if self.scope().kind != ScopeKind::Module {
                return self.error("import * only allowed at module level", span);
            }
            return Ok(());
        }
        let stored = match alias.asname {
            Some(_) => name,
            None => name.split('.').next().unwrap_or(name),
        };
        self.define_checked(stored, flag::DEF_IMPORT, span)
    }

    fn declare(&mut self, names: &[ast::Identifier], kind: u32, word: &str, statement: &Stmt) -> Result {
        let span = self.span(statement);
        for name in names {
            let flags = self.lookup(name);
            if flags & (flag::DEF_PARAM | flag::DEF_LOCAL | flag::USE | flag::DEF_ANNOT) != 0 {
                let message = if flags & flag::DEF_PARAM != 0 {
                    format!("name '{name}' is parameter and {word}")
                } else if flags & flag::USE != 0 {
                    format!("name '{name}' is used prior to {word} declaration")
                } else if flags & flag::DEF_ANNOT != 0 {
                    format!("annotated name '{name}' can't be {word}")
                } else {
                    format!("name '{name}' is assigned to before {word} declaration")
                };
                return self.error(message, span);
            }
            self.define_checked(name, kind, span)?;
            self.record_directive(name, span);
        }
        Ok(())
    }

    fn function(&mut self, node: &ast::StmtFunctionDef) -> Result {
        let span = self.definition_span(&node.decorator_list, node);
        self.define_checked(&node.name, flag::DEF_LOCAL, span)?;
        self.defaults(&node.parameters)?;
        self.expressions(node.decorator_list.iter().map(|decorator| &decorator.expression))?;
        if let Some(parameters) = node.type_params.as_deref() {
            self.type_parameters(&node.name, parameters, Some(&node.parameters), false, span)?;
        }
        let id = self.new_scope(&node.name, ScopeKind::Function, Some(Node::of(node, Part::Function)), span);
        self.function_annotations(node, span)?;
        self.enter_existing(id);
        self.parameters(&node.parameters)?;
        self.scope().coroutine = node.is_async;
        self.scope().has_docstring = crate::codegen::docstring(&node.body).is_some();
        let finally = std::mem::replace(&mut self.finally, Finally { in_function: true, ..Finally::default() });
        self.statements(&node.body)?;
        self.finally = finally;
        self.exit();
        if node.type_params.is_some() {
            self.exit();
        }
        Ok(())
    }

    fn class(&mut self, node: &ast::StmtClassDef) -> Result {
        let span = self.definition_span(&node.decorator_list, node);
        self.define_checked(&node.name, flag::DEF_LOCAL, span)?;
        self.expressions(node.decorator_list.iter().map(|decorator| &decorator.expression))?;
        let private = self.private.clone();
        if let Some(parameters) = node.type_params.as_deref() {
            self.private = Some(node.name.to_string());
            self.type_parameters(&node.name, parameters, None, true, span)?;
        }
        if let Some(arguments) = node.arguments.as_deref() {
            self.arguments(arguments)?;
        }
        self.enter(&node.name, ScopeKind::Class, Some(Node::of(node, Part::Class)), span)?;
        self.private = Some(node.name.to_string());
        if node.type_params.is_some() {
            self.define("__type_params__", flag::DEF_LOCAL, span)?;
            self.define(".type_params", flag::USE, span)?;
        }
        self.scope().has_docstring = crate::codegen::docstring(&node.body).is_some();
        let finally = std::mem::take(&mut self.finally);
        self.statements(&node.body)?;
        self.finally = finally;
        self.exit();
        if node.type_params.is_some() {
            self.exit();
        }
        self.private = private;
        Ok(())
    }

    fn pattern(&mut self, pattern: &Pattern) -> Result {
        self.nested(|this| this.pattern_inner(pattern))
    }

    fn pattern_inner(&mut self, pattern: &Pattern) -> Result {
        let span = self.span(pattern);
        match pattern {
            Pattern::MatchValue(node) => self.expression(&node.value),
            Pattern::MatchSingleton(_) => Ok(()),
            Pattern::MatchSequence(node) => node.patterns.iter().try_for_each(|pattern| self.pattern(pattern)),
            Pattern::MatchMapping(node) => {
                self.expressions(&node.keys)?;
                node.patterns.iter().try_for_each(|pattern| self.pattern(pattern))?;
                match &node.rest {
                    Some(rest) => self.define_checked(rest, flag::DEF_LOCAL, span),
                    None => Ok(()),
                }
            }
            Pattern::MatchClass(node) => {
                self.expression(&node.cls)?;
                node.arguments.patterns.iter().try_for_each(|pattern| self.pattern(pattern))?;
                for keyword in &node.arguments.keywords {
                    self.check_name(&keyword.attr, ExprContext::Store, self.span(&keyword.pattern))?;
                }
                node.arguments.keywords.iter().try_for_each(|keyword| self.pattern(&keyword.pattern))
            }
            Pattern::MatchStar(node) => match &node.name {
                Some(name) => self.define_checked(name, flag::DEF_LOCAL, span),
                None => Ok(()),
            },
            Pattern::MatchAs(node) => {
                if let Some(inner) = node.pattern.as_deref() {
                    self.pattern(inner)?;
                }
                match &node.name {
                    Some(name) => self.define_checked(name, flag::DEF_LOCAL, span),
                    None => Ok(()),
                }
            }
            Pattern::MatchOr(node) => node.patterns.iter().try_for_each(|pattern| self.pattern(pattern)),
        }
    }

    fn annotated_assignment(&mut self, node: &ast::StmtAnnAssign) -> Result {
        self.scope().annotations_used = true;
        match &*node.target {
            Expr::Name(target) => {
                let span = self.span(target);
                let flags = self.lookup(&target.id);
                let declared = flags & (flag::DEF_GLOBAL | flag::DEF_NONLOCAL) != 0;
                if declared && self.scope().kind != ScopeKind::Module && node.simple {
                    let word = if flags & flag::DEF_GLOBAL != 0 { "global" } else { "nonlocal" };
                    return self.error(format!("annotated name '{}' can't be {word}", target.id), self.span(node));
                }
                if node.simple {
                    self.define_checked(&target.id, flag::DEF_ANNOT | flag::DEF_LOCAL, span)?;
                } else if node.value.is_some() {
                    self.define_checked(&target.id, flag::DEF_LOCAL, span)?;
                }
            }
            target => self.expression(target)?,
        }
        self.variable_annotation(&node.annotation)?;
        self.optional(node.value.as_deref())
    }
}
