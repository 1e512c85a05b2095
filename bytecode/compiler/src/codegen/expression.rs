//! Expressions.

use super::assign::binary_operator;
use super::{Compiler, Result, Use};
use crate::flow::Op;
use crate::source::Span;
use crate::symtable::Comprehension;
use bytecode::opcode::{BinaryOp, Intrinsic1};
use bytecode::{Constant, Opcode as O};
use ruff_python_ast::{self as ast, Expr, UnaryOp};

/// Longer displays are built step by step.
pub(super) const STACK_GUIDELINE: usize = 30;

/// The instructions that build a list, set or tuple.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Display {
    List,
    Set,
    Tuple,
}

impl<'a> Compiler<'a> {
    pub fn expressions(&mut self, expressions: impl IntoIterator<Item = &'a Expr>) -> Result {
        expressions.into_iter().try_for_each(|expression| self.expression(expression))
    }

    pub fn expression(&mut self, expression: &'a Expr) -> Result {
        self.nested(|this| this.expression_inner(expression))
    }

    fn expression_inner(&mut self, expression: &'a Expr) -> Result {
        let span = self.span(expression);
        if let Some(constant) = self.constant(expression)? {
            self.load_constant(span, constant);
            return Ok(());
        }
        match expression {
            Expr::Named(node) => {
                self.expression(&node.value)?;
                self.op_arg(span, O::Copy, 1);
                self.store(&node.target)
            }
            Expr::BoolOp(node) => self.bool_op(node, span),
            Expr::BinOp(node) => {
                if self.format_operator(node, span)? {
                    return Ok(());
                }
                self.expression(&node.left)?;
                self.expression(&node.right)?;
                self.op_arg(span, O::BinaryOp, binary_operator(node.op, false) as u32);
                Ok(())
            }
            Expr::UnaryOp(node) => self.unary_op(node, span),
            Expr::Lambda(node) => self.lambda(node),
            Expr::If(node) => {
                let [end, orelse] = self.new_labels();
                self.jump_if(&node.test, orelse, false)?;
                self.expression(&node.body)?;
                self.jump(Span::NONE, Op::JumpNoInterrupt, end);
                self.place(orelse);
                self.expression(&node.orelse)?;
                self.place(end);
                Ok(())
            }
            Expr::Dict(node) => self.dict(node, span),
            Expr::Set(node) => self.display(span, &node.elts, 0, Display::Set, None),
            Expr::ListComp(node) => self.comprehension(expression, Comprehension::List, &node.generators, &node.elt, None),
            Expr::SetComp(node) => self.comprehension(expression, Comprehension::Set, &node.generators, &node.elt, None),
            Expr::DictComp(node) => match node.key.as_deref() {
                Some(key) => self.comprehension(expression, Comprehension::Dict, &node.generators, key, Some(&node.value)),
                None => self.error("dict unpacking cannot be used in dict comprehension", span),
            },
            Expr::Generator(node) => self.comprehension(expression, Comprehension::Generator, &node.generators, &node.elt, None),
            Expr::Await(node) => {
                self.expression(&node.value)?;
                self.await_value(span, 0);
                Ok(())
            }
            Expr::Yield(node) => {
                if !self.is_function_like() {
                    return self.error("'yield' outside function", span);
                }
                match &node.value {
                    Some(value) => self.expression(value)?,
                    None => self.load_none(span),
                }
                self.yield_value(span);
                Ok(())
            }
            Expr::YieldFrom(node) => {
                if !self.is_function_like() {
                    return self.error("'yield from' outside function", span);
                }
                if self.scope().coroutine {
                    return self.error("'yield from' inside async function", span);
                }
                self.expression(&node.value)?;
                self.op(span, O::GetYieldFromIter);
                self.load_none(span);
                self.yield_from(span, false);
                Ok(())
            }
            Expr::Compare(node) => self.compare(node, span),
            Expr::Call(node) => self.call(node, span),
            Expr::FString(node) => self.f_string(node, span),
            Expr::TString(node) => self.t_string(node, span),
            Expr::Attribute(node) => self.attribute(node, span),
            Expr::Subscript(node) => self.subscript(node, span),
            Expr::Starred(_) => self.error("can't use starred expression here", span),
            Expr::Name(node) => self.name(span, &node.id, Use::Load),
            Expr::List(node) => self.display(span, &node.elts, 0, Display::List, None),
            Expr::Tuple(node) => self.display(span, &node.elts, 0, Display::Tuple, None),
            Expr::Slice(node) => self.slice(node, span),
            Expr::IpyEscapeCommand(_) => self.error("invalid syntax", span),
            Expr::StringLiteral(_)
            | Expr::BytesLiteral(_)
            | Expr::NumberLiteral(_)
            | Expr::BooleanLiteral(_)
            | Expr::NoneLiteral(_)
            | Expr::EllipsisLiteral(_) => Ok(()),
        }
    }

    /// What is only iterated or searched need not be a list: a long one becomes a tuple.
    pub fn iterated(&mut self, expression: &'a Expr) -> Result {
        match expression {
            Expr::List(node) if node.elts.len() > STACK_GUIDELINE && !node.elts.iter().any(Expr::is_starred_expr) => {
                self.display(self.span(expression), &node.elts, 0, Display::Tuple, None)
            }
            expression => self.expression(expression),
        }
    }

    fn bool_op(&mut self, node: &'a ast::ExprBoolOp, span: Span) -> Result {
        let end = self.label();
        let op = if node.op == ast::BoolOp::And { Op::JumpIfFalse } else { Op::JumpIfTrue };
        let Some((last, rest)) = node.values.split_last() else { return Ok(()) };
        for value in rest {
            self.expression(value)?;
            self.jump(span, op, end);
            self.op(span, O::PopTop);
        }
        self.expression(last)?;
        self.place(end);
        Ok(())
    }

    fn unary_op(&mut self, node: &'a ast::ExprUnaryOp, span: Span) -> Result {
        self.expression(&node.operand)?;
        match node.op {
            UnaryOp::Not => {
                self.op(span, O::ToBool);
                self.op(span, O::UnaryNot);
            }
            UnaryOp::Invert => self.op(span, O::UnaryInvert),
            UnaryOp::USub => self.op(span, O::UnaryNegative),
            UnaryOp::UAdd => self.op_arg(span, O::CallIntrinsic1, Intrinsic1::UnaryPositive as u32),
        }
        Ok(())
    }

    pub fn yield_value(&mut self, span: Span) {
        if self.scope().generator && self.scope().coroutine {
            self.op_arg(span, O::CallIntrinsic1, Intrinsic1::AsyncGenWrap as u32);
        }
        self.op_arg(span, O::YieldValue, 0);
        self.op_arg(span, O::Resume, 1);
    }

    /// `yield from` or `await` of the iterator below the value to send.
    pub fn yield_from(&mut self, span: Span, is_await: bool) {
        let [send, fail, exit] = self.new_labels();
        self.place(send);
        self.jump(span, O::Send, exit);
        self.jump(span, Op::SetupFinally, fail);
        self.op_arg(span, O::YieldValue, 1);
        self.op(Span::NONE, Op::PopBlock);
        self.op_arg(span, O::Resume, if is_await { 3 } else { 2 });
        self.jump(span, Op::JumpNoInterrupt, send);
        self.place(fail);
        self.op(span, O::CleanupThrow);
        self.place(exit);
        self.op(span, O::EndSend);
    }

    /// A display of a list, set or tuple, or the arguments of a call; `pushed` values of it are on the stack already.
    pub(super) fn display(&mut self, span: Span, elements: &'a [Expr], pushed: usize, kind: Display, extra: Option<&str>) -> Result {
        let (build, add, extend) = match kind {
            Display::Set => (O::BuildSet, O::SetAdd, O::SetUpdate),
            Display::List | Display::Tuple => (O::BuildList, O::ListAppend, O::ListExtend),
        };
        let tuple = kind == Display::Tuple;
        let starred = elements.iter().any(Expr::is_starred_expr);
        let count = elements.len() + pushed + usize::from(extra.is_some());
        let big = count > STACK_GUIDELINE;
        if !starred && !big {
            self.expressions(elements)?;
            if let Some(name) = extra {
                self.name(span, name, Use::Load)?;
            }
            self.op_arg(span, if tuple { O::BuildTuple } else { build }, count as u32);
            return Ok(());
        }
        let mut built = big;
        if big {
            self.op_arg(span, build, pushed as u32);
        }
        for (index, element) in elements.iter().enumerate() {
            match element {
                Expr::Starred(node) => {
                    if !std::mem::replace(&mut built, true) {
                        self.op_arg(span, build, (index + pushed) as u32);
                    }
                    self.expression(&node.value)?;
                    self.op_arg(span, extend, 1);
                }
                element => {
                    self.expression(element)?;
                    if built {
                        self.op_arg(span, add, 1);
                    }
                }
            }
        }
        if let Some(name) = extra {
            self.name(span, name, Use::Load)?;
            self.op_arg(span, add, 1);
        }
        if tuple {
            self.op_arg(span, O::CallIntrinsic1, Intrinsic1::ListToTuple as u32);
        }
        Ok(())
    }

    fn dict(&mut self, node: &'a ast::ExprDict, span: Span) -> Result {
        let mut have_dict = false;
        let mut pending: Vec<(&'a Expr, &'a Expr)> = Vec::new();
        for item in &node.items {
            match &item.key {
                None => {
                    self.flush_dict(&mut pending, &mut have_dict, span)?;
                    if !std::mem::replace(&mut have_dict, true) {
                        self.op_arg(span, O::BuildMap, 0);
                    }
                    self.expression(&item.value)?;
                    self.op_arg(span, O::DictUpdate, 1);
                }
                Some(key) => {
                    // A big display is built in pieces.
                    pending.push((key, &item.value));
                    if (pending.len() - 1) * 2 > STACK_GUIDELINE {
                        self.flush_dict(&mut pending, &mut have_dict, span)?;
                    }
                }
            }
        }
        self.flush_dict(&mut pending, &mut have_dict, span)?;
        if !have_dict {
            self.op_arg(span, O::BuildMap, 0);
        }
        Ok(())
    }

    fn flush_dict(&mut self, pending: &mut Vec<(&'a Expr, &'a Expr)>, have_dict: &mut bool, span: Span) -> Result {
        if pending.is_empty() {
            return Ok(());
        }
        self.add_pairs(pending, span)?;
        if std::mem::replace(have_dict, true) {
            self.op_arg(span, O::DictUpdate, 1);
        }
        pending.clear();
        Ok(())
    }

    fn add_pairs(&mut self, pairs: &[(&'a Expr, &'a Expr)], span: Span) -> Result {
        let big = pairs.len() * 2 > STACK_GUIDELINE;
        if big {
            self.op_arg(span, O::BuildMap, 0);
        }
        for (key, value) in pairs {
            self.expression(key)?;
            self.expression(value)?;
            if big {
                self.op_arg(span, O::MapAdd, 1);
            }
        }
        if !big {
            self.op_arg(span, O::BuildMap, pairs.len() as u32);
        }
        Ok(())
    }

    fn compare(&mut self, node: &'a ast::ExprCompare, span: Span) -> Result {
        self.check_compare(node)?;
        self.expression(&node.left)?;
        let last = node.ops.len() - 1;
        if last == 0 {
            self.expression(&node.comparators[0])?;
            self.comparison(span, node.ops[0]);
            return Ok(());
        }
        let cleanup = self.label();
        for (op, comparator) in node.ops.iter().zip(&*node.comparators).take(last) {
            self.expression(comparator)?;
            self.op_arg(span, O::Swap, 2);
            self.op_arg(span, O::Copy, 2);
            self.comparison(span, *op);
            self.jump(span, Op::JumpIfFalse, cleanup);
            self.op(span, O::PopTop);
        }
        self.expression(&node.comparators[last])?;
        self.comparison(span, node.ops[last]);
        let end = self.label();
        self.jump(Span::NONE, Op::JumpNoInterrupt, end);
        self.place(cleanup);
        self.op_arg(span, O::Swap, 2);
        self.op(span, O::PopTop);
        self.place(end);
        Ok(())
    }

    /// The place of an attribute's name, if the expression goes over lines.
    pub fn attribute_span(&self, span: Span, node: &ast::ExprAttribute) -> Span {
        let end = self.span(node);
        if span.line == end.end_line {
            return span;
        }
        let length = node.attr.as_str().chars().count() as i32;
        match end.end_column.checked_sub(length) {
            Some(column) if column >= 0 => Span { line: end.end_line, column, ..span },
            _ => Span { line: end.end_line, column: -1, end_column: -1, ..span },
        }
    }

    fn attribute(&mut self, node: &'a ast::ExprAttribute, span: Span) -> Result {
        if self.can_optimize_super(node) {
            let two = self.super_arguments(&node.value)?;
            let index = self.unit.name_index(&self.mangle(&node.attr));
            self.op_arg(span, O::LoadSuperAttr, index << 2 | u32::from(two) << 1);
            let at = self.attribute_span(span, node);
            self.op(at, O::Nop);
            return Ok(());
        }
        self.expression(&node.value)?;
        let at = self.attribute_span(span, node);
        self.attribute_op(at, O::LoadAttr, &node.attr, false);
        Ok(())
    }

    fn subscript(&mut self, node: &'a ast::ExprSubscript, span: Span) -> Result {
        self.check_subscripter(&node.value)?;
        self.check_index(&node.value, &node.slice)?;
        self.expression(&node.value)?;
        if let Some(slice) = self.plain_slice(&node.slice) {
            self.slice_bounds(slice)?;
            self.op(span, O::BinarySlice);
        } else {
            self.expression(&node.slice)?;
            self.op_arg(span, O::BinaryOp, BinaryOp::Subscript as u32);
        }
        Ok(())
    }

    fn is_constant_slice(&self, node: &ast::ExprSlice) -> bool {
        [&node.lower, &node.upper, &node.step].into_iter().flatten().all(|part| crate::literal::is_constant(part))
    }

    /// A slice of two bounds, for which there are instructions without a slice object.
    pub fn plain_slice(&self, slice: &'a Expr) -> Option<&'a ast::ExprSlice> {
        match slice {
            Expr::Slice(node) if node.step.is_none() && !self.is_constant_slice(node) => Some(node),
            _ => None,
        }
    }

    pub fn slice_bounds(&mut self, node: &'a ast::ExprSlice) -> Result {
        let span = self.span(node);
        for bound in [&node.lower, &node.upper] {
            match bound {
                Some(bound) => self.expression(bound)?,
                None => self.load_none(span),
            }
        }
        Ok(())
    }

    fn slice(&mut self, node: &'a ast::ExprSlice, span: Span) -> Result {
        if self.is_constant_slice(node) {
            let mut parts = [Constant::None, Constant::None, Constant::None];
            for (part, expression) in parts.iter_mut().zip([&node.lower, &node.upper, &node.step]) {
                if let Some(expression) = expression {
                    *part = self.constant(expression)?.unwrap_or(Constant::None);
                }
            }
            self.load_constant(span, Constant::Slice(Box::new(parts)));
            return Ok(());
        }
        self.slice_bounds(node)?;
        let mut count = 2;
        if let Some(step) = &node.step {
            self.expression(step)?;
            count = 3;
        }
        self.op_arg(span, O::BuildSlice, count);
        Ok(())
    }
}
