//! The first pass over annotations, type parameters and type aliases, which have scopes of their own.

use super::build::{Builder, Result};
use super::{Node, Part, ScopeKind, flag};
use crate::source::Span;
use crate::tables::IndexSet;
use ruff_python_ast::{self as ast, Expr, TypeParam};
use ruff_text_size::Ranged;

impl Builder<'_> {
    /// The place of a definition without its decorators.
    pub fn definition_span(&self, decorators: &[ast::Decorator], node: &dyn Ranged) -> Span {
        crate::codegen::definition_span(self.lines, decorators, node.range())
    }

    pub fn variable_annotation(&mut self, annotation: &Expr) -> Result {
        let span = self.span(annotation);
        let scope = self.scope();
        let kind = scope.kind;
        let conditional = kind == ScopeKind::Class && scope.in_conditional_block || kind == ScopeKind::Module;
        if conditional && !scope.has_conditional_annotations {
            self.scope().has_conditional_annotations = true;
            if kind == ScopeKind::Module {
                self.define("__conditional_annotations__", flag::USE, span)?;
            }
        }
        let around = self.current;
        match self.scope().annotation_block {
            Some(id) => self.enter_existing(id),
            None => {
                let id = self.enter("__annotate__", ScopeKind::Annotation, None, span)?;
                self.table.scope_mut(around).annotation_block = Some(id);
                if kind == ScopeKind::Class {
                    self.scope().can_see_class_scope = true;
                    self.define("__classdict__", flag::USE, span)?;
                }
            }
        }
        if conditional && kind == ScopeKind::Class {
            self.define("__conditional_annotations__", flag::USE, span)?;
        }
        // Annotations of local variables are never evaluated and must not affect the scopes around.
        if kind == ScopeKind::Function {
            self.scope().in_unevaluated_annotation = true;
        }
        self.expression(annotation)?;
        self.scope().in_unevaluated_annotation = false;
        self.exit();
        Ok(())
    }

    pub fn function_annotations(&mut self, node: &ast::StmtFunctionDef, span: Span) -> Result {
        let scope = self.scope();
        let sees_class = scope.can_see_class_scope || scope.kind == ScopeKind::Class;
        self.enter("__annotate__", ScopeKind::Annotation, Some(Node::of(&*node.parameters, Part::Annotations)), span)?;
        if sees_class {
            self.scope().can_see_class_scope = true;
            self.define("__classdict__", flag::USE, span)?;
        }
        for annotation in annotations(&node.parameters) {
            self.expression(annotation.1)?;
        }
        self.optional(node.returns.as_deref())?;
        self.exit();
        Ok(())
    }

    pub fn type_parameters(
        &mut self,
        name: &str,
        parameters: &ast::TypeParams,
        function: Option<&ast::Parameters>,
        is_class: bool,
        span: Span,
    ) -> Result {
        let around = self.scope().kind;
        self.enter(name, ScopeKind::TypeParameters, Some(Node::of(parameters, Part::TypeParameters)), span)?;
        if is_class {
            self.scope().mangled_names = Some(IndexSet::default());
        }
        if around == ScopeKind::Class {
            self.scope().can_see_class_scope = true;
            self.define("__classdict__", flag::USE, span)?;
        }
        if is_class {
            self.define(".type_params", flag::DEF_LOCAL, span)?;
            self.define(".type_params", flag::USE, span)?;
            self.define(".generic_base", flag::DEF_LOCAL, span)?;
            self.define(".generic_base", flag::USE, span)?;
        }
        if let Some(function) = function {
            self.define(".defaults", flag::DEF_PARAM, span)?;
            if function.kwonlyargs.iter().any(|parameter| parameter.default.is_some()) {
                self.define(".kwdefaults", flag::DEF_PARAM, span)?;
            }
        }
        parameters.type_params.iter().try_for_each(|parameter| self.type_parameter(parameter))
    }

    fn type_parameter(&mut self, parameter: &TypeParam) -> Result {
        let span = self.span(parameter);
        let name = parameter.name();
        if let Some(names) = &mut self.scope().mangled_names {
            names.insert(name.to_string());
        }
        self.define_checked(name, flag::DEF_TYPE_PARAM | flag::DEF_LOCAL, span)?;
        let default = match parameter {
            TypeParam::TypeVar(node) => {
                let info = match node.bound.as_deref() {
                    Some(Expr::Tuple(_)) => "a TypeVar constraint",
                    _ => "a TypeVar bound",
                };
                self.bound_or_default(name, span, node.bound.as_deref(), Node::of(node, Part::Bound), info)?;
                (&node.default, Node::of(node, Part::Default), "a TypeVar default")
            }
            TypeParam::TypeVarTuple(node) => (&node.default, Node::of(node, Part::Default), "a TypeVarTuple default"),
            TypeParam::ParamSpec(node) => (&node.default, Node::of(node, Part::Default), "a ParamSpec default"),
        };
        self.bound_or_default(name, span, default.0.as_deref(), default.1, default.2)
    }

    fn bound_or_default(&mut self, name: &str, name_span: Span, expression: Option<&Expr>, node: Node, info: &'static str) -> Result {
        if name == "__classdict__" {
            return self.error(format!("reserved name '{name}' cannot be used for type parameter"), name_span);
        }
        let Some(expression) = expression else { return Ok(()) };
        let span = self.span(expression);
        let sees_class = self.scope().can_see_class_scope;
        self.enter(name, ScopeKind::TypeVariable, Some(node), span)?;
        self.scope().can_see_class_scope = sees_class;
        if sees_class {
            self.define("__classdict__", flag::USE, span)?;
        }
        self.scope().scope_info = Some(info);
        self.expression(expression)?;
        self.exit();
        Ok(())
    }

    pub fn type_alias(&mut self, node: &ast::StmtTypeAlias) -> Result {
        let span = self.span(node);
        self.expression(&node.name)?;
        let Expr::Name(name) = &*node.name else { return self.error("invalid syntax", span) };
        let in_class = self.scope().kind == ScopeKind::Class;
        if let Some(parameters) = node.type_params.as_deref() {
            self.type_parameters(&name.id, parameters, None, false, span)?;
        }
        self.enter(&name.id, ScopeKind::TypeAlias, Some(Node::of(node, Part::TypeAlias)), span)?;
        if in_class {
            self.scope().can_see_class_scope = true;
            self.define("__classdict__", flag::USE, span)?;
        }
        self.expression(&node.value)?;
        self.exit();
        if node.type_params.is_some() {
            self.exit();
        }
        Ok(())
    }
}

/// The annotated parameters of a function, in the order of `__annotations__`.
pub(crate) fn annotations(parameters: &ast::Parameters) -> Vec<(&ast::Parameter, &Expr)> {
    let mut all: Vec<&ast::Parameter> = Vec::new();
    all.extend(parameters.args.iter().map(|parameter| &parameter.parameter));
    all.extend(parameters.posonlyargs.iter().map(|parameter| &parameter.parameter));
    all.extend(parameters.vararg.as_deref());
    all.extend(parameters.kwonlyargs.iter().map(|parameter| &parameter.parameter));
    all.extend(parameters.kwarg.as_deref());
    all.into_iter().filter_map(|parameter| Some((parameter, parameter.annotation.as_deref()?))).collect()
}
