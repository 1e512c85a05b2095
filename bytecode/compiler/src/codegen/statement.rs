//! Simple statements, conditions and loops.

use super::block::{BlockKind, FrameBlock};
use super::unit::UnitKind;
use super::{Compiler, Result, Use};
use crate::flow::{Label, Op};
use crate::literal;
use crate::source::Span;
use bytecode::Opcode as O;
use bytecode::opcode::{CommonConstant, Intrinsic1};
use ruff_python_ast::{self as ast, BoolOp, CmpOp, Expr, Stmt, UnaryOp};

impl<'a> Compiler<'a> {
    pub fn statements(&mut self, body: &'a [Stmt]) -> Result {
        body.iter().try_for_each(|statement| self.statement(statement))
    }

    fn statement(&mut self, statement: &'a Stmt) -> Result {
        self.nested(|this| this.statement_inner(statement))
    }

    fn statement_inner(&mut self, statement: &'a Stmt) -> Result {
        let span = self.span(statement);
        match statement {
            Stmt::FunctionDef(node) => self.function(node),
            Stmt::ClassDef(node) => self.class(node),
            Stmt::Return(node) => self.return_(node),
            Stmt::Delete(node) => node.targets.iter().try_for_each(|target| self.delete(target)),
            Stmt::TypeAlias(node) => self.type_alias(node),
            Stmt::Assign(node) => self.assign(node),
            Stmt::AugAssign(node) => self.augmented_assign(node),
            Stmt::AnnAssign(node) => self.annotated_assign(node),
            Stmt::For(node) => self.conditional(|this| if node.is_async { this.async_for(node) } else { this.for_(node) }),
            Stmt::While(node) => self.conditional(|this| this.while_(node)),
            Stmt::If(node) => self.conditional(|this| this.if_(&node.test, &node.body, &node.elif_else_clauses, span)),
            Stmt::With(node) => self.conditional(|this| {
                if node.is_async {
                    this.require_async(span, "'async with' outside async function")?;
                }
                this.with(node, 0)
            }),
            Stmt::Match(node) => self.conditional(|this| this.match_(node)),
            Stmt::Raise(node) => self.raise(node),
            Stmt::Try(node) => self.conditional(|this| this.try_(node)),
            Stmt::Assert(node) => self.assert(node),
            Stmt::Import(node) => self.import(node),
            Stmt::ImportFrom(node) => self.import_from(node),
            Stmt::Global(_) | Stmt::Nonlocal(_) => Ok(()),
            Stmt::Expr(node) => self.expression_statement(node),
            Stmt::Pass(_) => {
                self.op(span, O::Nop);
                Ok(())
            }
            Stmt::Break(_) => self.break_(span),
            Stmt::Continue(_) => self.continue_(span),
            Stmt::IpyEscapeCommand(_) => self.error("invalid syntax", span),
        }
    }

    /// Annotations in `work` are executed or not, so that it has to be noted at run time.
    fn conditional(&mut self, work: impl FnOnce(&mut Self) -> Result) -> Result {
        let before = std::mem::replace(&mut self.unit.in_conditional_block, true);
        work(self)?;
        self.unit.in_conditional_block = before;
        Ok(())
    }

    pub fn require_async(&self, span: Span, message: &str) -> Result {
        let top_level = self.options.top_level_await && self.unit.kind == UnitKind::Module;
        if !top_level && self.unit.kind != UnitKind::AsyncFunction {
            return self.error(message, span);
        }
        Ok(())
    }

    fn expression_statement(&mut self, node: &'a ast::StmtExpr) -> Result {
        let span = self.span(node);
        if self.interactive && self.stack.is_empty() {
            self.expression(&node.value)?;
            self.op_arg(span, O::CallIntrinsic1, Intrinsic1::Print as u32);
            self.op(Span::NONE, O::PopTop);
            return Ok(());
        }
        if literal::is_constant(&node.value) {
            // Big integers may still be an error.
            self.constant(&node.value)?;
            self.op(span, O::Nop);
            return Ok(());
        }
        self.expression(&node.value)?;
        self.op(Span::NONE, O::PopTop);
        Ok(())
    }

    fn return_(&mut self, node: &'a ast::StmtReturn) -> Result {
        let mut span = self.span(node);
        if !self.is_function_like() {
            return self.error("'return' outside function", span);
        }
        if node.value.is_some() && self.scope().coroutine && self.scope().generator {
            return self.error("'return' with value in async generator", span);
        }
        let value = node.value.as_deref();
        let constant = value.filter(|value| literal::is_constant(value));
        let preserve = value.is_some() && constant.is_none();
        let line = span.line;
        match value {
            Some(value) if preserve => self.expression(value)?,
            Some(value) => {
                span = self.span(value);
                self.op(span, O::Nop);
            }
            None => {}
        }
        if value.is_none_or(|value| self.span(value).line != line) {
            span = self.span(node);
            self.op(span, O::Nop);
        }
        self.unwind_all(&mut span, preserve, false)?;
        match constant {
            Some(constant) => {
                if let Some(value) = self.constant(constant)? {
                    self.load_constant(span, value);
                }
            }
            None if value.is_none() => self.load_none(span),
            None => {}
        }
        self.op(span, O::ReturnValue);
        Ok(())
    }

    fn break_(&mut self, origin: Span) -> Result {
        let mut span = origin;
        self.op(span, O::Nop);
        let Some(found) = self.unwind_all(&mut span, false, true)? else {
            return self.error("'break' outside loop", origin);
        };
        self.unwind(found, &mut span, false)?;
        if let Some(exit) = found.exit {
            self.jump(span, Op::Jump, exit);
        }
        Ok(())
    }

    fn continue_(&mut self, origin: Span) -> Result {
        let mut span = origin;
        self.op(span, O::Nop);
        let Some(found) = self.unwind_all(&mut span, false, true)? else {
            return self.error("'continue' not properly in loop", origin);
        };
        if let Some(start) = found.start {
            self.jump(span, Op::Jump, start);
        }
        Ok(())
    }

    fn raise(&mut self, node: &'a ast::StmtRaise) -> Result {
        let mut count = 0;
        for expression in [&node.exc, &node.cause].into_iter().flatten() {
            self.expression(expression)?;
            count += 1;
        }
        self.op_arg(self.span(node), O::RaiseVarargs, count);
        Ok(())
    }

    fn assert(&mut self, node: &'a ast::StmtAssert) -> Result {
        let span = self.span(node);
        let always = match &*node.test {
            Expr::Tuple(tuple) => !tuple.elts.is_empty(),
            _ => false,
        };
        if always {
            self.warn("assertion is always true, perhaps remove parentheses?", span)?;
        }
        if self.options.optimize > 0 {
            return Ok(());
        }
        let end = self.label();
        self.jump_if(&node.test, end, true)?;
        self.op_arg(span, O::LoadCommonConstant, CommonConstant::AssertionError as u32);
        if let Some(message) = &node.msg {
            self.expression(message)?;
            self.op_arg(span, O::Call, 0);
        }
        self.op_arg(self.span(&*node.test), O::RaiseVarargs, 1);
        self.place(end);
        Ok(())
    }

    fn if_(&mut self, test: &'a Expr, body: &'a [Stmt], clauses: &'a [ast::ElifElseClause], _span: Span) -> Result {
        self.nested(|this| {
            let end = this.label();
            let next = if clauses.is_empty() { end } else { this.label() };
            this.jump_if(test, next, false)?;
            this.statements(body)?;
            if let Some((clause, rest)) = clauses.split_first() {
                this.jump(Span::NONE, Op::JumpNoInterrupt, end);
                this.place(next);
                match &clause.test {
                    Some(test) => this.if_(test, &clause.body, rest, _span)?,
                    None => this.statements(&clause.body)?,
                }
            }
            this.place(end);
            Ok(())
        })
    }

    fn for_(&mut self, node: &'a ast::StmtFor) -> Result {
        let [start, cleanup, end] = self.new_labels();
        let span = self.span(node);
        self.push_block(FrameBlock::looping(BlockKind::ForLoop, span, start, end), span)?;
        self.iterated(&node.iter)?;
        let span = self.span(&*node.iter);
        self.op(span, O::GetIter);
        self.place(start);
        self.jump(span, O::ForIter, cleanup);
        self.op(self.span(&*node.target), O::Nop);
        self.store(&node.target)?;
        self.statements(&node.body)?;
        self.jump(Span::NONE, Op::Jump, start);
        self.place(cleanup);
        self.op(Span::NONE, O::EndFor);
        self.op(Span::NONE, O::PopIter);
        self.pop_block();
        self.statements(&node.orelse)?;
        self.place(end);
        Ok(())
    }

    fn async_for(&mut self, node: &'a ast::StmtFor) -> Result {
        let span = self.span(node);
        self.require_async(span, "'async for' outside async function")?;
        let [start, except, end] = self.new_labels();
        self.expression(&node.iter)?;
        let iter_span = self.span(&*node.iter);
        self.op(iter_span, O::GetAiter);
        self.place(start);
        self.push_block(FrameBlock::looping(BlockKind::AsyncForLoop, span, start, end), span)?;
        self.next_async_item(span, except);
        self.op(span, Op::PopBlock);
        self.op(span, O::NotTaken);
        self.store(&node.target)?;
        self.statements(&node.body)?;
        self.jump(Span::NONE, Op::Jump, start);
        self.pop_block();
        self.place(except);
        self.op(iter_span, O::EndAsyncFor);
        self.statements(&node.orelse)?;
        self.place(end);
        Ok(())
    }

    /// Awaits the next item of the asynchronous iterator on top; `except` gets what that raises.
    pub fn next_async_item(&mut self, span: Span, except: Label) {
        self.jump(span, Op::SetupFinally, except);
        self.op(span, O::GetAnext);
        self.load_none(span);
        self.yield_from(span, true);
    }

    fn while_(&mut self, node: &'a ast::StmtWhile) -> Result {
        let [start, end, anchor] = self.new_labels();
        let span = self.span(node);
        self.place(start);
        self.push_block(FrameBlock::looping(BlockKind::WhileLoop, span, start, end), span)?;
        self.jump_if(&node.test, anchor, false)?;
        self.statements(&node.body)?;
        self.jump(Span::NONE, Op::Jump, start);
        self.pop_block();
        self.place(anchor);
        self.statements(&node.orelse)?;
        self.place(end);
        Ok(())
    }

    /// Jumps to `target` if the expression's truth is `condition`.
    pub fn jump_if(&mut self, expression: &'a Expr, target: Label, condition: bool) -> Result {
        self.nested(|this| this.jump_if_inner(expression, target, condition))
    }

    fn jump_if_inner(&mut self, expression: &'a Expr, target: Label, condition: bool) -> Result {
        let span = self.span(expression);
        match expression {
            Expr::UnaryOp(node) if node.op == UnaryOp::Not => return self.jump_if(&node.operand, target, !condition),
            Expr::BoolOp(node) => {
                let inner = node.op == BoolOp::Or;
                let other = if inner == condition { target } else { self.label() };
                if let Some((last, rest)) = node.values.split_last() {
                    for value in rest {
                        self.jump_if(value, other, inner)?;
                    }
                    self.jump_if(last, target, condition)?;
                }
                if other != target {
                    self.place(other);
                }
                return Ok(());
            }
            Expr::If(node) => {
                let [end, orelse] = self.new_labels();
                self.jump_if(&node.test, orelse, false)?;
                self.jump_if(&node.body, target, condition)?;
                self.jump(Span::NONE, Op::JumpNoInterrupt, end);
                self.place(orelse);
                self.jump_if(&node.orelse, target, condition)?;
                self.place(end);
                return Ok(());
            }
            Expr::Compare(node) if node.ops.len() > 1 => return self.jump_if_chained(node, span, target, condition),
            _ => {}
        }
        self.expression(expression)?;
        self.op(span, O::ToBool);
        self.jump(span, if condition { O::PopJumpIfTrue } else { O::PopJumpIfFalse }, target);
        Ok(())
    }

    fn jump_if_chained(&mut self, node: &'a ast::ExprCompare, span: Span, target: Label, condition: bool) -> Result {
        self.check_compare(node)?;
        let cleanup = self.label();
        self.expression(&node.left)?;
        let last = node.ops.len() - 1;
        for (op, comparator) in node.ops.iter().zip(&*node.comparators).take(last) {
            self.expression(comparator)?;
            self.op_arg(span, O::Swap, 2);
            self.op_arg(span, O::Copy, 2);
            self.comparison(span, *op);
            self.op(span, O::ToBool);
            self.jump(span, O::PopJumpIfFalse, cleanup);
        }
        self.expression(&node.comparators[last])?;
        self.comparison(span, node.ops[last]);
        self.op(span, O::ToBool);
        self.jump(span, if condition { O::PopJumpIfTrue } else { O::PopJumpIfFalse }, target);
        let end = self.label();
        self.jump(Span::NONE, Op::JumpNoInterrupt, end);
        self.place(cleanup);
        self.op(span, O::PopTop);
        if !condition {
            self.jump(Span::NONE, Op::JumpNoInterrupt, target);
        }
        self.place(end);
        Ok(())
    }

    pub fn comparison(&mut self, span: Span, op: CmpOp) {
        use bytecode::opcode::Comparison as C;
        let (opcode, arg) = match op {
            CmpOp::Eq => (O::CompareOp, C::Equal as u32),
            CmpOp::NotEq => (O::CompareOp, C::NotEqual as u32),
            CmpOp::Lt => (O::CompareOp, C::Less as u32),
            CmpOp::LtE => (O::CompareOp, C::LessEqual as u32),
            CmpOp::Gt => (O::CompareOp, C::Greater as u32),
            CmpOp::GtE => (O::CompareOp, C::GreaterEqual as u32),
            CmpOp::Is => (O::IsOp, 0),
            CmpOp::IsNot => (O::IsOp, 1),
            CmpOp::In => (O::ContainsOp, 0),
            CmpOp::NotIn => (O::ContainsOp, 1),
        };
        self.op_arg(span, opcode, arg);
    }

    fn delete(&mut self, target: &'a Expr) -> Result {
        self.nested(|this| {
            let span = this.span(target);
            match target {
                Expr::Name(node) => this.name(span, &node.id, Use::Delete),
                Expr::Attribute(node) => {
                    this.expression(&node.value)?;
                    let span = this.attribute_span(span, node);
                    this.attribute_op(span, O::DeleteAttr, &node.attr, false);
                    Ok(())
                }
                Expr::Subscript(node) => {
                    this.expression(&node.value)?;
                    this.expression(&node.slice)?;
                    this.op(span, O::DeleteSubscr);
                    Ok(())
                }
                Expr::Tuple(node) => node.elts.iter().try_for_each(|element| this.delete(element)),
                Expr::List(node) => node.elts.iter().try_for_each(|element| this.delete(element)),
                Expr::Starred(_) => this.error("cannot delete starred", span),
                _ => this.error("cannot delete expression", span),
            }
        })
    }
}
