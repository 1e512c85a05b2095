//! Checks of trees that programs make: what the parser never gives and the compiler counts on.
//!
//! The reader has seen to the classes of nodes; here contexts, required items and names are checked.

use object::{PyResult, Vm};
use ruff_python_ast::{self as ast, Expr, ExprContext, Pattern, Stmt};

/// Checks statements.
pub(super) fn statements(vm: &mut Vm, body: &[Stmt]) -> PyResult<()> {
    body.iter().try_for_each(|statement| self::statement(vm, statement))
}

/// Checks an expression whose value is used.
pub(super) fn expression(vm: &mut Vm, expression: &Expr) -> PyResult<()> {
    check(vm, expression, ExprContext::Load)
}

fn non_empty<T>(vm: &mut Vm, items: &[T], what: &str, owner: &str) -> PyResult<()> {
    if items.is_empty() { Err(vm.value_error(format!("empty {what} on {owner}"))) } else { Ok(()) }
}

fn body_of(vm: &mut Vm, body: &[Stmt], owner: &str) -> PyResult<()> {
    non_empty(vm, body, "body", owner)?;
    statements(vm, body)
}

fn name(vm: &mut Vm, name: &str) -> PyResult<()> {
    if matches!(name, "None" | "True" | "False") {
        return Err(vm.value_error(format!("identifier field can't represent '{name}' constant")));
    }
    Ok(())
}

fn optional(vm: &mut Vm, value: Option<&Expr>) -> PyResult<()> {
    value.map_or(Ok(()), |value| expression(vm, value))
}

fn all<'a>(vm: &mut Vm, values: impl IntoIterator<Item = &'a Expr>, context: ExprContext) -> PyResult<()> {
    values.into_iter().try_for_each(|value| check(vm, value, context))
}

fn loads<'a>(vm: &mut Vm, values: impl IntoIterator<Item = &'a Expr>) -> PyResult<()> {
    all(vm, values, ExprContext::Load)
}

fn context_name(context: ExprContext) -> &'static str {
    match context {
        ExprContext::Load | ExprContext::Invalid => "Load",
        ExprContext::Store => "Store",
        ExprContext::Del => "Del",
    }
}

/// The context an expression says it is in, if it is of a kind that has one.
fn context_of(expression: &Expr) -> Option<ExprContext> {
    match expression {
        Expr::Attribute(node) => Some(node.ctx),
        Expr::Subscript(node) => Some(node.ctx),
        Expr::Starred(node) => Some(node.ctx),
        Expr::Name(node) => Some(node.ctx),
        Expr::List(node) => Some(node.ctx),
        Expr::Tuple(node) => Some(node.ctx),
        _ => None,
    }
}

fn check(vm: &mut Vm, expression: &Expr, context: ExprContext) -> PyResult<()> {
    vm.check_stack(" during compilation")?;
    match context_of(expression) {
        Some(own) if own != context => {
            let (wanted, own) = (context_name(context), context_name(own));
            return Err(vm.value_error(format!("expression must have {wanted} context but has {own} instead")));
        }
        None if context != ExprContext::Load => {
            return Err(vm.value_error(format!("expression which can't be assigned to in {} context", context_name(context))));
        }
        _ => {}
    }
    children(vm, expression, context)
}

fn children(vm: &mut Vm, expression: &Expr, context: ExprContext) -> PyResult<()> {
    match expression {
        Expr::BoolOp(node) if node.values.len() < 2 => Err(vm.value_error("BoolOp with less than 2 values")),
        Expr::BoolOp(node) => loads(vm, &node.values),
        Expr::Named(node) => {
            check(vm, &node.target, ExprContext::Store)?;
            self::expression(vm, &node.value)
        }
        Expr::BinOp(node) => loads(vm, [&*node.left, &*node.right]),
        Expr::UnaryOp(node) => self::expression(vm, &node.operand),
        Expr::Lambda(node) => {
            if let Some(parameters) = &node.parameters {
                self::parameters(vm, parameters)?;
            }
            self::expression(vm, &node.body)
        }
        Expr::If(node) => loads(vm, [&*node.test, &*node.body, &*node.orelse]),
        Expr::Dict(node) => {
            for item in &node.items {
                optional(vm, item.key.as_ref())?;
                self::expression(vm, &item.value)?;
            }
            Ok(())
        }
        Expr::Set(node) => loads(vm, &node.elts),
        Expr::ListComp(node) => comprehension(vm, &node.generators, [&*node.elt]),
        Expr::SetComp(node) => comprehension(vm, &node.generators, [&*node.elt]),
        Expr::Generator(node) => comprehension(vm, &node.generators, [&*node.elt]),
        Expr::DictComp(node) => comprehension(vm, &node.generators, node.key.as_deref().into_iter().chain([&*node.value])),
        Expr::Await(node) => self::expression(vm, &node.value),
        Expr::Yield(node) => optional(vm, node.value.as_deref()),
        Expr::YieldFrom(node) => self::expression(vm, &node.value),
        Expr::Compare(node) => {
            if node.comparators.is_empty() {
                return Err(vm.value_error("Compare has no comparators"));
            }
            if node.comparators.len() != node.ops.len() {
                return Err(vm.value_error("Compare has a different number of comparators and operands"));
            }
            self::expression(vm, &node.left)?;
            loads(vm, &node.comparators)
        }
        Expr::Call(node) => {
            self::expression(vm, &node.func)?;
            arguments(vm, &node.arguments)
        }
        Expr::FString(node) => node.value.elements().try_for_each(|element| interpolated(vm, element)),
        Expr::TString(node) => node.value.elements().try_for_each(|element| interpolated(vm, element)),
        Expr::Attribute(node) => self::expression(vm, &node.value),
        Expr::Subscript(node) => loads(vm, [&*node.slice, &*node.value]),
        Expr::Starred(node) => check(vm, &node.value, context),
        Expr::Name(node) => name(vm, node.id.as_str()),
        Expr::List(node) => all(vm, &node.elts, context),
        Expr::Tuple(node) => all(vm, &node.elts, context),
        Expr::Slice(node) => {
            optional(vm, node.lower.as_deref())?;
            optional(vm, node.upper.as_deref())?;
            optional(vm, node.step.as_deref())
        }
        Expr::StringLiteral(_)
        | Expr::BytesLiteral(_)
        | Expr::NumberLiteral(_)
        | Expr::BooleanLiteral(_)
        | Expr::NoneLiteral(_)
        | Expr::EllipsisLiteral(_)
        | Expr::IpyEscapeCommand(_) => Ok(()),
    }
}

fn interpolated(vm: &mut Vm, element: &ast::InterpolatedStringElement) -> PyResult<()> {
    let ast::InterpolatedStringElement::Interpolation(node) = element else { return Ok(()) };
    expression(vm, &node.expression)?;
    match &node.format_spec {
        Some(spec) => spec.elements.iter().try_for_each(|element| interpolated(vm, element)),
        None => Ok(()),
    }
}

fn comprehension<'a>(vm: &mut Vm, generators: &[ast::Comprehension], parts: impl IntoIterator<Item = &'a Expr>) -> PyResult<()> {
    if generators.is_empty() {
        return Err(vm.value_error("comprehension with no generators"));
    }
    for generator in generators {
        check(vm, &generator.target, ExprContext::Store)?;
        expression(vm, &generator.iter)?;
        loads(vm, &generator.ifs)?;
    }
    loads(vm, parts)
}

fn arguments(vm: &mut Vm, arguments: &ast::Arguments) -> PyResult<()> {
    loads(vm, &arguments.args)?;
    arguments.keywords.iter().try_for_each(|keyword| expression(vm, &keyword.value))
}

/// Checks the name and the annotation of a parameter.
pub(super) fn parameter(vm: &mut Vm, parameter: &ast::Parameter) -> PyResult<()> {
    name(vm, parameter.name.as_str())?;
    optional(vm, parameter.annotation.as_deref())
}

fn parameters(vm: &mut Vm, parameters: &ast::Parameters) -> PyResult<()> {
    for parameter in parameters.posonlyargs.iter().chain(&parameters.args).chain(&parameters.kwonlyargs) {
        self::parameter(vm, &parameter.parameter)?;
        optional(vm, parameter.default.as_deref())?;
    }
    for parameter in [&parameters.vararg, &parameters.kwarg].into_iter().flatten() {
        self::parameter(vm, parameter)?;
    }
    Ok(())
}

fn type_parameters(vm: &mut Vm, parameters: Option<&ast::TypeParams>) -> PyResult<()> {
    for parameter in parameters.into_iter().flat_map(|parameters| &parameters.type_params) {
        let (identifier, bound, default) = match parameter {
            ast::TypeParam::TypeVar(node) => (&node.name, node.bound.as_deref(), node.default.as_deref()),
            ast::TypeParam::ParamSpec(node) => (&node.name, None, node.default.as_deref()),
            ast::TypeParam::TypeVarTuple(node) => (&node.name, None, node.default.as_deref()),
        };
        name(vm, identifier.as_str())?;
        optional(vm, bound)?;
        optional(vm, default)?;
    }
    Ok(())
}

fn decorators(vm: &mut Vm, decorators: &[ast::Decorator]) -> PyResult<()> {
    decorators.iter().try_for_each(|decorator| expression(vm, &decorator.expression))
}

fn statement(vm: &mut Vm, statement: &Stmt) -> PyResult<()> {
    vm.check_stack(" during compilation")?;
    match statement {
        Stmt::FunctionDef(node) => {
            body_of(vm, &node.body, if node.is_async { "AsyncFunctionDef" } else { "FunctionDef" })?;
            name(vm, node.name.as_str())?;
            type_parameters(vm, node.type_params.as_deref())?;
            parameters(vm, &node.parameters)?;
            decorators(vm, &node.decorator_list)?;
            optional(vm, node.returns.as_deref())
        }
        Stmt::ClassDef(node) => {
            body_of(vm, &node.body, "ClassDef")?;
            name(vm, node.name.as_str())?;
            type_parameters(vm, node.type_params.as_deref())?;
            if let Some(arguments) = &node.arguments {
                self::arguments(vm, arguments)?;
            }
            decorators(vm, &node.decorator_list)
        }
        Stmt::Return(node) => optional(vm, node.value.as_deref()),
        Stmt::Delete(node) => {
            non_empty(vm, &node.targets, "targets", "Delete")?;
            all(vm, &node.targets, ExprContext::Del)
        }
        Stmt::Assign(node) => {
            non_empty(vm, &node.targets, "targets", "Assign")?;
            all(vm, &node.targets, ExprContext::Store)?;
            expression(vm, &node.value)
        }
        Stmt::AugAssign(node) => {
            check(vm, &node.target, ExprContext::Store)?;
            expression(vm, &node.value)
        }
        Stmt::AnnAssign(node) => {
            if node.simple && !node.target.is_name_expr() {
                return Err(vm.type_error("AnnAssign with simple non-Name target"));
            }
            check(vm, &node.target, ExprContext::Store)?;
            optional(vm, node.value.as_deref())?;
            expression(vm, &node.annotation)
        }
        Stmt::TypeAlias(node) => {
            if !node.name.is_name_expr() {
                return Err(vm.type_error("TypeAlias with non-Name name"));
            }
            check(vm, &node.name, ExprContext::Store)?;
            type_parameters(vm, node.type_params.as_deref())?;
            expression(vm, &node.value)
        }
        Stmt::For(node) => {
            check(vm, &node.target, ExprContext::Store)?;
            expression(vm, &node.iter)?;
            body_of(vm, &node.body, if node.is_async { "AsyncFor" } else { "For" })?;
            statements(vm, &node.orelse)
        }
        Stmt::While(node) => {
            expression(vm, &node.test)?;
            body_of(vm, &node.body, "While")?;
            statements(vm, &node.orelse)
        }
        Stmt::If(node) => {
            expression(vm, &node.test)?;
            body_of(vm, &node.body, "If")?;
            for clause in &node.elif_else_clauses {
                optional(vm, clause.test.as_ref())?;
                statements(vm, &clause.body)?;
            }
            Ok(())
        }
        Stmt::With(node) => {
            let owner = if node.is_async { "AsyncWith" } else { "With" };
            non_empty(vm, &node.items, "items", owner)?;
            for item in &node.items {
                expression(vm, &item.context_expr)?;
                if let Some(target) = &item.optional_vars {
                    check(vm, target, ExprContext::Store)?;
                }
            }
            body_of(vm, &node.body, owner)
        }
        Stmt::Match(node) => {
            expression(vm, &node.subject)?;
            non_empty(vm, &node.cases, "cases", "Match")?;
            for case in &node.cases {
                pattern(vm, &case.pattern, false)?;
                optional(vm, case.guard.as_deref())?;
                body_of(vm, &case.body, "match_case")?;
            }
            Ok(())
        }
        Stmt::Raise(node) => {
            if node.exc.is_none() && node.cause.is_some() {
                return Err(vm.value_error("Raise with cause but no exception"));
            }
            optional(vm, node.exc.as_deref())?;
            optional(vm, node.cause.as_deref())
        }
        Stmt::Try(node) => try_statement(vm, node),
        Stmt::Assert(node) => {
            expression(vm, &node.test)?;
            optional(vm, node.msg.as_deref())
        }
        Stmt::Import(node) => imported(vm, &node.names, "Import"),
        Stmt::ImportFrom(node) => imported(vm, &node.names, "ImportFrom"),
        Stmt::Global(node) => non_empty(vm, &node.names, "names", "Global"),
        Stmt::Nonlocal(node) => non_empty(vm, &node.names, "names", "Nonlocal"),
        Stmt::Expr(node) => expression(vm, &node.value),
        Stmt::Pass(_) | Stmt::Break(_) | Stmt::Continue(_) | Stmt::IpyEscapeCommand(_) => Ok(()),
    }
}

fn imported(vm: &mut Vm, names: &[ast::Alias], owner: &str) -> PyResult<()> {
    non_empty(vm, names, "names", owner)?;
    for alias in names {
        name(vm, alias.name.as_str())?;
        if let Some(other) = &alias.asname {
            name(vm, other.as_str())?;
        }
    }
    Ok(())
}

fn try_statement(vm: &mut Vm, node: &ast::StmtTry) -> PyResult<()> {
    let owner = if node.is_star { "TryStar" } else { "Try" };
    body_of(vm, &node.body, owner)?;
    if node.handlers.is_empty() && node.finalbody.is_empty() {
        return Err(vm.value_error(format!("{owner} has neither except handlers nor finalbody")));
    }
    if node.handlers.is_empty() && !node.orelse.is_empty() {
        return Err(vm.value_error(format!("{owner} has orelse but no except handlers")));
    }
    for ast::ExceptHandler::ExceptHandler(handler) in &node.handlers {
        optional(vm, handler.type_.as_deref())?;
        if let Some(identifier) = &handler.name {
            name(vm, identifier.as_str())?;
        }
        body_of(vm, &handler.body, "ExceptHandler")?;
    }
    statements(vm, &node.finalbody)?;
    statements(vm, &node.orelse)
}

/// Whether an expression may be a value to match: a literal, or names with dots.
fn is_match_value(expression: &Expr) -> bool {
    let is_number = |expression: &Expr| matches!(expression, Expr::NumberLiteral(_));
    let is_signed = |expression: &Expr| match expression {
        Expr::UnaryOp(node) => node.op == ast::UnaryOp::USub && is_number(&node.operand),
        other => is_number(other),
    };
    match expression {
        Expr::StringLiteral(_) | Expr::BytesLiteral(_) | Expr::FString(_) | Expr::TString(_) | Expr::Attribute(_) => true,
        Expr::BinOp(node) => matches!(node.op, ast::Operator::Add | ast::Operator::Sub) && is_signed(&node.left) && is_number(&node.right),
        other => is_signed(other),
    }
}

fn match_value(vm: &mut Vm, value: &Expr) -> PyResult<()> {
    expression(vm, value)?;
    if is_match_value(value) { Ok(()) } else { Err(vm.value_error("patterns may only match literals and attribute lookups")) }
}

fn capture(vm: &mut Vm, identifier: &str) -> PyResult<()> {
    if identifier == "_" {
        return Err(vm.value_error("can't capture name '_' in patterns"));
    }
    name(vm, identifier)
}

fn patterns(vm: &mut Vm, patterns: &[Pattern], star: bool) -> PyResult<()> {
    patterns.iter().try_for_each(|pattern| self::pattern(vm, pattern, star))
}

fn pattern(vm: &mut Vm, pattern: &Pattern, star: bool) -> PyResult<()> {
    vm.check_stack(" during compilation")?;
    match pattern {
        Pattern::MatchValue(node) => match_value(vm, &node.value),
        Pattern::MatchSingleton(_) => Ok(()),
        Pattern::MatchSequence(node) => patterns(vm, &node.patterns, true),
        Pattern::MatchMapping(node) => {
            if node.keys.len() != node.patterns.len() {
                return Err(vm.value_error("MatchMapping doesn't have the same number of keys as patterns"));
            }
            if let Some(rest) = &node.rest {
                capture(vm, rest.as_str())?;
            }
            for key in &node.keys {
                let is_constant = matches!(key, Expr::BooleanLiteral(_) | Expr::NoneLiteral(_));
                if !is_constant {
                    match_value(vm, key)?;
                }
            }
            patterns(vm, &node.patterns, false)
        }
        Pattern::MatchClass(node) => {
            expression(vm, &node.cls)?;
            let mut class = &*node.cls;
            while let Expr::Attribute(attribute) = class {
                class = &attribute.value;
            }
            if !class.is_name_expr() {
                return Err(vm.value_error("MatchClass cls field can only contain Name or Attribute nodes."));
            }
            for keyword in &node.arguments.keywords {
                name(vm, keyword.attr.as_str())?;
                self::pattern(vm, &keyword.pattern, false)?;
            }
            patterns(vm, &node.arguments.patterns, false)
        }
        Pattern::MatchStar(_) if !star => Err(vm.value_error("can't use MatchStar here")),
        Pattern::MatchStar(node) => node.name.as_ref().map_or(Ok(()), |name| capture(vm, name.as_str())),
        Pattern::MatchAs(node) => {
            if let Some(name) = &node.name {
                capture(vm, name.as_str())?;
            }
            match (&node.pattern, &node.name) {
                (None, _) => Ok(()),
                (Some(_), None) => Err(vm.value_error("MatchAs must specify a target name if a pattern is given")),
                (Some(pattern), Some(_)) => self::pattern(vm, pattern, false),
            }
        }
        Pattern::MatchOr(node) if node.patterns.len() < 2 => Err(vm.value_error("MatchOr requires at least 2 patterns")),
        Pattern::MatchOr(node) => patterns(vm, &node.patterns, false),
    }
}
