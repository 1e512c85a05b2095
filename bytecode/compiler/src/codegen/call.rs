//! Calls.

use super::expression::{Display, STACK_GUIDELINE};
use super::unit::UnitKind;
use super::{Compiler, Result, Use};
use crate::flow::{Label, Op};
use crate::source::Span;
use crate::symtable::{NameScope, Node, Part, flag};
use bytecode::opcode::{CommonConstant, Intrinsic1};
use bytecode::{Constant, Opcode as O};
use ruff_python_ast::{self as ast, Expr, Keyword};

impl<'a> Compiler<'a> {
    pub fn call(&mut self, node: &'a ast::ExprCall, span: Span) -> Result {
        self.validate_keywords(&node.arguments.keywords)?;
        if let ([Expr::Generator(argument)], []) = (&*node.arguments.args, &*node.arguments.keywords)
            && !argument.parenthesized
        {
            self.sole_arguments.insert(std::ptr::from_ref(argument).addr(), node.arguments.range);
        }
        if self.method_call(node, span)? {
            return Ok(());
        }
        self.check_caller(&node.func)?;
        let end = self.label();
        self.expression(&node.func)?;
        self.consume_generator(node, end)?;
        self.op(self.span(&*node.func), O::PushNull);
        self.call_arguments(span, 0, &node.arguments.args, None, &node.arguments.keywords)?;
        self.place(end);
        Ok(())
    }

    pub fn validate_keywords(&self, keywords: &'a [Keyword]) -> Result {
        for (index, keyword) in keywords.iter().enumerate() {
            let Some(name) = &keyword.arg else { continue };
            if let Some(again) = keywords[index + 1..].iter().find(|other| other.arg.as_ref().is_some_and(|other| other.as_str() == name.as_str())) {
                return self.error(format!("keyword argument repeated: {name}"), self.span(again));
            }
        }
        Ok(())
    }

    fn is_import(&self, expression: &Expr) -> bool {
        matches!(expression, Expr::Name(node) if self.global_symbol_flags(&node.id) & flag::DEF_IMPORT != 0)
    }

    fn method_call(&mut self, node: &'a ast::ExprCall, span: Span) -> Result<bool> {
        let Expr::Attribute(method) = &*node.func else { return Ok(false) };
        if self.is_import(&method.value) {
            return Ok(false);
        }
        let (args, keywords) = (&node.arguments.args, &node.arguments.keywords);
        let count = args.len() + keywords.len();
        if count + usize::from(!keywords.is_empty()) >= STACK_GUIDELINE {
            return Ok(false);
        }
        if args.iter().any(Expr::is_starred_expr) || keywords.iter().any(|keyword| keyword.arg.is_none()) {
            return Ok(false);
        }
        let method_span = self.span(method);
        if self.can_optimize_super(method) {
            let two = self.super_arguments(&method.value)?;
            let index = self.unit.name_index(&self.mangle(&method.attr));
            self.op_arg(method_span, O::LoadSuperAttr, index << 2 | u32::from(two) << 1 | 1);
            let at = self.attribute_span(method_span, method);
            self.op(at, O::Nop);
        } else {
            self.expression(&method.value)?;
            let at = self.attribute_span(method_span, method);
            self.attribute_op(at, O::LoadAttr, &method.attr, true);
        }
        self.expressions(&**args)?;
        let at = self.attribute_span(span, method);
        if keywords.is_empty() {
            self.op_arg(at, O::Call, args.len() as u32);
        } else {
            self.expressions(keywords.iter().map(|keyword| &keyword.value))?;
            let names_at = self.attribute_span(method_span, method);
            self.keyword_names(names_at, keywords);
            self.op_arg(at, O::CallKw, count as u32);
        }
        Ok(true)
    }

    fn keyword_names(&mut self, span: Span, keywords: &[Keyword]) {
        let names = keywords.iter().filter_map(|keyword| keyword.arg.as_ref()).map(|name| Constant::Str(name.as_str().into())).collect();
        self.load_constant(span, Constant::Tuple(names));
    }

    /// Whether `super().name` can do without the object.
    pub fn can_optimize_super(&self, node: &ast::ExprAttribute) -> bool {
        let Expr::Call(call) = &*node.value else { return false };
        let Expr::Name(function) = &*call.func else { return false };
        if &function.id != "super" || node.attr.as_str() == "__class__" || !call.arguments.keywords.is_empty() {
            return false;
        }
        // `super` must be the builtin, as far as one can see.
        if self.scope().resolve("super") != NameScope::GlobalImplicit {
            return false;
        }
        if self.global_symbol_flags("super") != 0 {
            return false;
        }
        let args = &call.arguments.args;
        if args.len() == 2 {
            return !args.iter().any(Expr::is_starred_expr);
        }
        if !args.is_empty() {
            return false;
        }
        let function_like = matches!(
            self.unit.kind,
            UnitKind::Function | UnitKind::AsyncFunction | UnitKind::Lambda | UnitKind::Comprehension | UnitKind::Annotations
        );
        function_like && self.unit.arg_count > 0 && self.unit.inlined_depth == 0 && self.scope().resolve("__class__") == NameScope::Free
    }

    /// Pushes `super`, class and instance. Answers whether they were written out.
    pub fn super_arguments(&mut self, value: &'a Expr) -> Result<bool> {
        let Expr::Call(call) = value else { return Ok(false) };
        self.expression(&call.func)?;
        let args = &call.arguments.args;
        if !args.is_empty() {
            self.expressions(&**args)?;
            return Ok(true);
        }
        let span = self.span(call);
        self.name(span, "__class__", Use::Load)?;
        if let Some(first) = self.unit.varnames.get_index(0).cloned() {
            self.name(span, &first, Use::Load)?;
        }
        Ok(false)
    }

    /// `all(... for ...)`, `any` and `tuple` run the generator in place if the name is still the builtin.
    fn consume_generator(&mut self, node: &'a ast::ExprCall, end: Label) -> Result {
        let (Expr::Name(function), [argument @ Expr::Generator(generator)], []) = (&*node.func, &*node.arguments.args, &*node.arguments.keywords)
        else {
            return Ok(());
        };
        let scope = self.table.lookup(Node::of(generator, Part::Comprehension));
        if scope.is_some_and(|scope| self.table.scope(scope).coroutine) {
            return Ok(());
        }
        let (constant, initial, go_on) = match function.id.as_str() {
            "all" => (CommonConstant::All, Some(true), O::PopJumpIfTrue),
            "any" => (CommonConstant::Any, Some(false), O::PopJumpIfFalse),
            "tuple" => (CommonConstant::Tuple, None, O::Nop),
            _ => return Ok(()),
        };
        let span = self.span(function);
        let [skip, start, cleanup] = self.new_labels();
        self.op_arg(span, O::Copy, 1);
        self.op_arg(span, O::LoadCommonConstant, constant as u32);
        self.op_arg(span, O::IsOp, 0);
        self.jump(span, O::PopJumpIfFalse, skip);
        self.op(span, O::PopTop);
        if initial.is_none() {
            self.op_arg(span, O::BuildList, 0);
        }
        self.expression(argument)?;
        self.place(start);
        self.jump(span, O::ForIter, cleanup);
        match initial {
            None => {
                self.op_arg(span, O::ListAppend, 2);
                self.jump(span, Op::Jump, start);
            }
            Some(_) => {
                self.op(span, O::ToBool);
                self.jump(span, go_on, start);
            }
        }
        self.op(Span::NONE, O::PopIter);
        if let Some(initial) = initial {
            self.load_constant(span, crate::flow::boolean(!initial));
        }
        self.jump(span, Op::Jump, end);
        self.place(cleanup);
        self.op(Span::NONE, O::EndFor);
        self.op(Span::NONE, O::PopIter);
        match initial {
            None => self.op_arg(span, O::CallIntrinsic1, Intrinsic1::ListToTuple as u32),
            Some(initial) => self.load_constant(span, crate::flow::boolean(initial)),
        }
        self.jump(span, Op::Jump, end);
        self.place(skip);
        Ok(())
    }

    /// The arguments and the call itself; `pushed` positional arguments are on the stack, `extra` names one that comes last.
    pub fn call_arguments(&mut self, span: Span, pushed: usize, args: &'a [Expr], extra: Option<&str>, keywords: &'a [Keyword]) -> Result {
        self.validate_keywords(keywords)?;
        let simple = args.len() + keywords.len() * 2 <= STACK_GUIDELINE
            && !args.iter().any(Expr::is_starred_expr)
            && keywords.iter().all(|keyword| keyword.arg.is_some());
        if simple {
            self.expressions(args)?;
            if let Some(name) = extra {
                self.name(span, name, Use::Load)?;
            }
            let count = pushed + args.len() + usize::from(extra.is_some());
            if keywords.is_empty() {
                self.op_arg(span, O::Call, count as u32);
            } else {
                self.expressions(keywords.iter().map(|keyword| &keyword.value))?;
                self.keyword_names(span, keywords);
                self.op_arg(span, O::CallKw, (count + keywords.len()) as u32);
            }
            return Ok(());
        }
        match args {
            [Expr::Starred(node)] if pushed == 0 && extra.is_none() => self.expression(&node.value)?,
            _ => self.display(span, args, pushed, Display::Tuple, extra)?,
        }
        if keywords.is_empty() {
            self.op(span, O::PushNull);
        } else {
            self.keyword_dict(span, keywords)?;
        }
        self.op(span, O::CallFunctionEx);
        Ok(())
    }

    fn keyword_dict(&mut self, span: Span, keywords: &'a [Keyword]) -> Result {
        let mut have_dict = false;
        let mut seen = 0;
        for (index, keyword) in keywords.iter().enumerate() {
            if keyword.arg.is_some() {
                seen += 1;
                continue;
            }
            if seen > 0 {
                self.keyword_pairs(span, &keywords[index - seen..index])?;
                if have_dict {
                    self.op_arg(span, O::DictMerge, 1);
                }
                have_dict = true;
                seen = 0;
            }
            if !std::mem::replace(&mut have_dict, true) {
                self.op_arg(span, O::BuildMap, 0);
            }
            self.expression(&keyword.value)?;
            self.op_arg(span, O::DictMerge, 1);
        }
        if seen > 0 {
            self.keyword_pairs(span, &keywords[keywords.len() - seen..])?;
            if have_dict {
                self.op_arg(span, O::DictMerge, 1);
            }
        }
        Ok(())
    }

    fn keyword_pairs(&mut self, span: Span, keywords: &'a [Keyword]) -> Result {
        let big = keywords.len() * 2 > STACK_GUIDELINE;
        if big {
            self.op_arg(Span::NONE, O::BuildMap, 0);
        }
        for keyword in keywords {
            self.load_text(span, keyword.arg.as_deref().unwrap_or_default());
            self.expression(&keyword.value)?;
            if big {
                self.op_arg(Span::NONE, O::MapAdd, 1);
            }
        }
        if !big {
            self.op_arg(span, O::BuildMap, keywords.len() as u32);
        }
        Ok(())
    }
}
