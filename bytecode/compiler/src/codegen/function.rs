//! Functions and lambdas.

use super::block::BlockKind;
use super::unit::UnitKind;
use super::{Compiler, Result, Use};
use crate::literal;
use crate::source::Span;
use crate::symtable::{Node, Part};
use bytecode::opcode::{FunctionAttribute, Intrinsic2};
use bytecode::{Constant, Opcode as O};
use ruff_python_ast::{self as ast, Parameters};
use ruff_text_size::Ranged;

impl<'a> Compiler<'a> {
    pub fn decorators(&mut self, decorators: &'a [ast::Decorator]) -> Result {
        for decorator in decorators {
            self.expression(&decorator.expression)?;
        }
        Ok(())
    }

    pub fn apply_decorators(&mut self, decorators: &'a [ast::Decorator]) {
        for decorator in decorators.iter().rev() {
            self.op_arg(self.span(&decorator.expression), O::Call, 0);
        }
    }

    pub fn first_line(&self, decorators: &[ast::Decorator], span: Span) -> i32 {
        decorators.first().map_or(span.line, |first| self.span(&first.expression).line)
    }

    pub fn function(&mut self, node: &'a ast::StmtFunctionDef) -> Result {
        self.decorators(&node.decorator_list)?;
        let span = self.definition(&node.decorator_list, node);
        let first_line = self.first_line(&node.decorator_list, span);
        let mut flags = self.default_arguments(&node.parameters, span)?;
        let passed = flags.count_ones();
        if let Some(parameters) = node.type_params.as_deref() {
            if passed == 2 {
                self.op_arg(span, O::Swap, 2);
            }
            let name = format!("<generic parameters of {}>", node.name);
            self.enter(&name, UnitKind::Annotations, Node::of(parameters, Part::TypeParameters), first_line, None)?;
            self.unit.arg_count = passed;
            self.unit.positional_only_count = 0;
            self.type_parameters(parameters)?;
            for index in 0..passed {
                self.op_arg(span, O::LoadFast, index);
            }
        }
        flags |= self.function_annotations(node, span)?;
        self.function_body(node, flags, first_line, span)?;
        if node.type_params.is_some() {
            self.op_arg(span, O::Swap, 2);
            self.op_arg(span, O::CallIntrinsic2, Intrinsic2::SetFunctionTypeParams as u32);
            let code = self.leave(false)?;
            self.make_closure(span, code, 0)?;
            if passed > 0 {
                self.op_arg(span, O::Swap, passed + 1);
                self.op_arg(span, O::Call, passed - 1);
            } else {
                self.op(span, O::PushNull);
                self.op_arg(span, O::Call, 0);
            }
        }
        self.apply_decorators(&node.decorator_list);
        self.name(span, &node.name, Use::Store)
    }

    fn function_body(&mut self, node: &'a ast::StmtFunctionDef, flags: u32, first_line: i32, span: Span) -> Result {
        let kind = if node.is_async { UnitKind::AsyncFunction } else { UnitKind::Function };
        self.enter(&node.name, kind, Node::of(node, Part::Function), first_line, None)?;
        self.parameter_counts(&node.parameters);
        let mut body = &*node.body;
        if let Some(text) = super::docstring(body) {
            body = &body[1..];
            if self.options.optimize < 2 {
                let constant = Constant::Str(literal::clean_docstring(&literal::string(text, self.lines)));
                self.unit.constants.add(constant);
            }
        }
        let wrap = self.scope().generator || self.scope().coroutine;
        if wrap {
            self.enter_block(BlockKind::StopIteration, span)?;
        }
        self.statements(body)?;
        if wrap {
            self.wrap_in_stop_iteration_handler();
            self.pop_block();
        }
        let code = self.leave(true)?;
        self.make_closure(span, code, flags)
    }

    fn parameter_counts(&mut self, parameters: &Parameters) {
        self.unit.positional_only_count = parameters.posonlyargs.len() as u32;
        self.unit.arg_count = (parameters.posonlyargs.len() + parameters.args.len()) as u32;
        self.unit.keyword_only_count = parameters.kwonlyargs.len() as u32;
    }

    /// Pushes defaults; the answer says which `SET_FUNCTION_ATTRIBUTE` will want.
    fn default_arguments(&mut self, parameters: &'a Parameters, span: Span) -> Result<u32> {
        let mut flags = 0;
        let mut count = 0;
        for parameter in parameters.posonlyargs.iter().chain(&parameters.args) {
            if let Some(default) = &parameter.default {
                self.expression(default)?;
                count += 1;
            }
        }
        if count > 0 {
            self.op_arg(span, O::BuildTuple, count);
            flags |= FunctionAttribute::Defaults as u32;
        }
        let mut count = 0;
        for parameter in &parameters.kwonlyargs {
            if let Some(default) = &parameter.default {
                let name = self.mangle(&parameter.parameter.name);
                self.load_text(span, &name);
                self.expression(default)?;
                count += 1;
            }
        }
        if count > 0 {
            self.op_arg(span, O::BuildMap, count);
            flags |= FunctionAttribute::KeywordDefaults as u32;
        }
        Ok(flags)
    }

    pub fn lambda(&mut self, node: &'a ast::ExprLambda) -> Result {
        let span = self.span(node);
        let flags = match node.parameters.as_deref() {
            Some(parameters) => self.default_arguments(parameters, span)?,
            None => 0,
        };
        self.enter("<lambda>", UnitKind::Lambda, Node::of(node, Part::Lambda), span.line, None)?;
        if let Some(parameters) = node.parameters.as_deref() {
            self.parameter_counts(parameters);
        }
        self.expression(&node.body)?;
        let generator = self.scope().generator;
        if !generator {
            self.op(self.lines.range(node.body.range()), O::ReturnValue);
        }
        let code = self.leave(!generator)?;
        self.make_closure(span, code, flags)
    }
}
