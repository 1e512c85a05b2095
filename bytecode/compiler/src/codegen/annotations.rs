//! Annotations, type parameters and type aliases: values that are computed when asked for.

use super::unit::UnitKind;
use super::{Compiler, Result, Use};
use crate::flow::Sequence;
use crate::source::Span;
use crate::symtable::{Node, Part, ScopeId, annotations};
use crate::unparse;
use bytecode::opcode::{CommonConstant, Comparison, FunctionAttribute, Intrinsic1, Intrinsic2};
use bytecode::{Constant, Opcode as O};
use ruff_python_ast::{self as ast, Expr, TypeParam};

/// `annotationlib.Format.VALUE_WITH_FAKE_GLOBALS`, the last format that code answers itself.
const VALUE_WITH_FAKE_GLOBALS: i64 = 2;

impl<'a> Compiler<'a> {
    pub fn annotation_text(&mut self, annotation: &'a Expr) {
        let text = unparse::annotation(annotation, self.lines);
        self.load_text(self.span(annotation), &text);
    }

    /// Begins a function of one parameter, the format wanted.
    fn enter_format_scope(&mut self, name: &str, scope: ScopeId, span: Span) {
        self.enter_scope(name, UnitKind::Annotations, scope, span.line, None);
        self.unit.arg_count = 1;
        self.unit.positional_only_count = 1;
        let body = self.label();
        self.op_arg(span, O::LoadFast, 0);
        self.load_constant(span, Constant::Int(VALUE_WITH_FAKE_GLOBALS));
        self.op_arg(span, O::CompareOp, Comparison::Greater as u32);
        self.jump(span, O::PopJumpIfFalse, body);
        self.op_arg(span, O::LoadCommonConstant, CommonConstant::NotImplementedError as u32);
        self.op_arg(span, O::RaiseVarargs, 1);
        self.place(body);
    }

    fn leave_annotate(&mut self, span: Span) -> Result {
        self.op(span, O::ReturnValue);
        self.unit.renamed_parameter = Some("format");
        let code = self.leave(true)?;
        self.make_closure(span, code, 0)
    }

    pub fn function_annotations(&mut self, node: &'a ast::StmtFunctionDef, span: Span) -> Result<u32> {
        let annotated = annotations(&node.parameters);
        if annotated.is_empty() && node.returns.is_none() {
            return Ok(0);
        }
        let Some(scope) = self.table.lookup(Node::of(&*node.parameters, Part::Annotations)) else { return Ok(0) };
        // The function's own name comes to be part of it when the function is made.
        self.enter_format_scope("__annotate__", scope, span);
        let mut count = 0;
        for (parameter, annotation) in annotated {
            let is_variadic = node.parameters.vararg.as_deref().is_some_and(|vararg| std::ptr::eq(vararg, parameter));
            self.annotation(&parameter.name, annotation, is_variadic, span)?;
            count += 1;
        }
        if let Some(returns) = &node.returns {
            self.annotation("return", returns, false, span)?;
            count += 1;
        }
        self.op_arg(span, O::BuildMap, count);
        self.leave_annotate(span)?;
        Ok(FunctionAttribute::Annotate as u32)
    }

    fn annotation(&mut self, name: &str, annotation: &'a Expr, variadic: bool, span: Span) -> Result {
        let mangled = self.mangle(name);
        self.load_text(span, &mangled);
        if self.future.annotations {
            self.annotation_text(annotation);
            return Ok(());
        }
        match annotation {
            Expr::Starred(node) if variadic => {
                // `*args: *Ts`
                self.expression(&node.value)?;
                self.op_arg(span, O::UnpackSequence, 1);
                Ok(())
            }
            annotation => self.expression(annotation),
        }
    }

    /// Remembers the annotation of a module's or class's variable for its `__annotate__`.
    pub fn defer_annotation(&mut self, node: &'a ast::StmtAnnAssign, span: Span) {
        let is_module = self.unit.kind == UnitKind::Module;
        let tracked = self.scope().has_conditional_annotations && (is_module || self.unit.in_conditional_block);
        let index = tracked.then(|| {
            self.unit.next_annotation += 1;
            self.unit.next_annotation - 1
        });
        self.unit.annotations.push((node, index));
        let Some(index) = index else { return };
        if is_module {
            self.name_op(span, O::LoadName, "__conditional_annotations__");
        } else {
            self.deref_op(span, O::LoadDeref, "__conditional_annotations__");
        }
        self.load_constant(span, Constant::Int(i64::from(index)));
        self.op_arg(span, O::SetAdd, 1);
        self.op(span, O::PopTop);
    }

    /// Makes the `__annotate__` function of a module or class.
    pub fn deferred_annotations(&mut self, span: Span) -> Result {
        let deferred = std::mem::take(&mut self.unit.annotations);
        let (false, Some(scope)) = (deferred.is_empty(), self.scope().annotation_block) else { return Ok(()) };
        let is_module = self.unit.kind == UnitKind::Module;
        let main = is_module.then(|| std::mem::take(&mut self.unit.sequence));
        self.enter_format_scope("__annotate__", scope, span);
        self.op_arg(span, O::BuildMap, 0);
        for (node, index) in deferred {
            let Expr::Name(target) = &*node.target else { continue };
            let at = self.span(node);
            let skip = self.label();
            if let Some(index) = index {
                self.load_constant(at, Constant::Int(i64::from(index)));
                if is_module {
                    let index = self.unit.name_index("__conditional_annotations__");
                    self.op_arg(at, O::LoadGlobal, index << 1);
                } else {
                    self.deref_op(at, O::LoadDeref, "__conditional_annotations__");
                }
                self.op_arg(at, O::ContainsOp, 0);
                self.jump(at, O::PopJumpIfFalse, skip);
            }
            self.expression(&node.annotation)?;
            self.op_arg(at, O::Copy, 2);
            let mangled = self.mangle(&target.id);
            self.load_text(at, &mangled);
            self.op(span, O::StoreSubscr);
            self.place(skip);
        }
        self.leave_annotate(span)?;
        let name = if is_module { "__annotate__" } else { "__annotate_func__" };
        self.name(span, name, Use::Store)?;
        if let Some(main) = main {
            let setup: Sequence = std::mem::replace(&mut self.unit.sequence, main);
            self.unit.annotation_setup = Some(setup);
        }
        Ok(())
    }

    /// Makes the type parameters, binds them and pushes the tuple of them.
    pub fn type_parameters(&mut self, parameters: &'a ast::TypeParams) -> Result {
        let mut seen_default = false;
        for parameter in &parameters.type_params {
            let span = self.span(parameter);
            let name = parameter.name();
            self.load_text(span, name);
            let default = match parameter {
                TypeParam::TypeVar(node) => {
                    if let Some(bound) = &node.bound {
                        self.lazy_value(name, bound, Node::of(node, Part::Bound), false, span)?;
                        let intrinsic = if bound.is_tuple_expr() { Intrinsic2::TypeVarWithConstraints } else { Intrinsic2::TypeVarWithBound };
                        self.op_arg(span, O::CallIntrinsic2, intrinsic as u32);
                    } else {
                        self.op_arg(span, O::CallIntrinsic1, Intrinsic1::TypeVar as u32);
                    }
                    (&node.default, Node::of(node, Part::Default))
                }
                TypeParam::TypeVarTuple(node) => {
                    self.op_arg(span, O::CallIntrinsic1, Intrinsic1::TypeVarTuple as u32);
                    (&node.default, Node::of(node, Part::Default))
                }
                TypeParam::ParamSpec(node) => {
                    self.op_arg(span, O::CallIntrinsic1, Intrinsic1::ParamSpec as u32);
                    (&node.default, Node::of(node, Part::Default))
                }
            };
            match default {
                (Some(expression), key) => {
                    seen_default = true;
                    let allow_starred = matches!(parameter, TypeParam::TypeVarTuple(_));
                    self.lazy_value(name, expression, key, allow_starred, span)?;
                    self.op_arg(span, O::CallIntrinsic2, Intrinsic2::SetTypeParamDefault as u32);
                }
                (None, _) if seen_default => {
                    return self.error(format!("non-default type parameter '{name}' follows default type parameter"), span);
                }
                _ => {}
            }
            self.op_arg(span, O::Copy, 1);
            self.name(span, name, Use::Store)?;
        }
        let first = parameters.type_params.first().map_or(Span::NONE, |first| self.span(first));
        self.op_arg(first, O::BuildTuple, parameters.type_params.len() as u32);
        Ok(())
    }

    /// A function that computes a bound or default when called.
    fn lazy_value(&mut self, name: &str, expression: &'a Expr, key: Node, allow_starred: bool, _span: Span) -> Result {
        let span = self.span(expression);
        let Some(scope) = self.table.lookup(key) else { return Ok(()) };
        self.load_constant(span, Constant::Tuple(vec![Constant::Int(1)]));
        self.enter_format_scope(name, scope, span);
        match expression {
            Expr::Starred(node) if allow_starred => {
                self.expression(&node.value)?;
                self.op_arg(span, O::UnpackSequence, 1);
            }
            expression => self.expression(expression)?,
        }
        self.op(span, O::ReturnValue);
        let code = self.leave(true)?;
        self.make_closure(span, code, FunctionAttribute::Defaults as u32)
    }

    pub fn type_alias(&mut self, node: &'a ast::StmtTypeAlias) -> Result {
        let span = self.span(node);
        let Expr::Name(name) = &*node.name else { return self.error("invalid syntax", span) };
        if let Some(parameters) = node.type_params.as_deref() {
            let unit_name = format!("<generic parameters of {}>", name.id);
            self.enter(&unit_name, UnitKind::Annotations, Node::of(parameters, Part::TypeParameters), span.line, None)?;
            self.load_text(span, &name.id);
            self.type_parameters(parameters)?;
        } else {
            self.load_text(span, &name.id);
            self.load_none(span);
        }
        let Some(scope) = self.table.lookup(Node::of(node, Part::TypeAlias)) else { return Ok(()) };
        self.load_constant(span, Constant::Tuple(vec![Constant::Int(1)]));
        self.enter_format_scope(&name.id, scope, span);
        self.expression(&node.value)?;
        self.op(span, O::ReturnValue);
        let code = self.leave(true)?;
        self.make_closure(span, code, FunctionAttribute::Defaults as u32)?;
        self.op_arg(span, O::BuildTuple, 3);
        self.op_arg(span, O::CallIntrinsic1, Intrinsic1::TypeAlias as u32);
        if node.type_params.is_some() {
            let code = self.leave(false)?;
            self.make_closure(span, code, 0)?;
            self.op(span, O::PushNull);
            self.op_arg(span, O::Call, 0);
        }
        self.name(span, &name.id, Use::Store)
    }
}
