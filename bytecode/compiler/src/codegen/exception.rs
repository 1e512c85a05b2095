//! `try` and `with`.

use super::block::BlockKind;
use super::{Compiler, Result, Use};
use crate::flow::{Label, Op};
use crate::source::Span;
use bytecode::Opcode as O;
use bytecode::opcode::{Intrinsic2, SpecialMethod};
use ruff_python_ast::{self as ast, ExceptHandler, Stmt};

const NONE: Span = Span::NONE;

impl<'a> Compiler<'a> {
    pub fn try_(&mut self, node: &'a ast::StmtTry) -> Result {
        if node.finalbody.is_empty() { self.try_handlers(node) } else { self.try_finally(node) }
    }

    fn try_handlers(&mut self, node: &'a ast::StmtTry) -> Result {
        if node.is_star { self.try_star(node) } else { self.try_except(node) }
    }

    fn try_finally(&mut self, node: &'a ast::StmtTry) -> Result {
        let [end, exit, cleanup] = self.new_labels();
        let span = self.span(node);
        self.jump(span, Op::SetupFinally, end);
        self.enter_block(BlockKind::FinallyTry(&node.finalbody), span)?;
        if node.handlers.is_empty() {
            self.statements(&node.body)?;
        } else {
            self.try_handlers(node)?;
        }
        self.op(NONE, Op::PopBlock);
        self.pop_block();
        self.statements(&node.finalbody)?;
        self.jump(NONE, Op::JumpNoInterrupt, exit);
        self.place(end);
        self.enter_block(BlockKind::FinallyEnd, span)?;
        self.jump(NONE, Op::SetupCleanup, cleanup);
        self.op(NONE, O::PushExcInfo);
        self.quiet += 1;
        self.statements(&node.finalbody)?;
        self.quiet -= 1;
        self.pop_block();
        self.op_arg(NONE, O::Reraise, 0);
        self.place(cleanup);
        self.pop_except_and_reraise();
        self.place(exit);
        Ok(())
    }

    fn pop_except_and_reraise(&mut self) {
        self.op_arg(NONE, O::Copy, 3);
        self.op(NONE, O::PopExcept);
        self.op_arg(NONE, O::Reraise, 1);
    }

    fn try_except(&mut self, node: &'a ast::StmtTry) -> Result {
        let [except, end, cleanup] = self.new_labels();
        let span = self.span(node);
        self.protected_body(&node.body, except, span)?;
        self.op(NONE, Op::PopBlock);
        self.statements(&node.orelse)?;
        self.jump(NONE, Op::JumpNoInterrupt, end);
        self.place(except);
        self.jump(NONE, Op::SetupCleanup, cleanup);
        self.op(NONE, O::PushExcInfo);
        self.enter_block(BlockKind::ExceptionHandler, span)?;
        for (index, handler) in node.handlers.iter().enumerate() {
            let ExceptHandler::ExceptHandler(handler) = handler;
            if handler.type_.is_none() && index + 1 < node.handlers.len() {
                return self.error("default 'except:' must be last", self.span(handler));
            }
            self.handler(handler, end)?;
        }
        self.pop_block();
        self.op_arg(NONE, O::Reraise, 0);
        self.place(cleanup);
        self.pop_except_and_reraise();
        self.place(end);
        Ok(())
    }

    fn protected_body(&mut self, body: &'a [Stmt], except: Label, span: Span) -> Result {
        self.jump(span, Op::SetupFinally, except);
        self.enter_block(BlockKind::TryExcept, span)?;
        self.statements(body)?;
        self.pop_block();
        Ok(())
    }

    fn handler(&mut self, handler: &'a ast::ExceptHandlerExceptHandler, end: Label) -> Result {
        let span = self.span(handler);
        let next = self.label();
        if let Some(kind) = &handler.type_ {
            self.expression(kind)?;
            self.op(span, O::CheckExcMatch);
            self.jump(span, O::PopJumpIfFalse, next);
        }
        match &handler.name {
            Some(name) => {
                let cleanup = self.label();
                self.name(span, name, Use::Store)?;
                self.jump(span, Op::SetupCleanup, cleanup);
                self.enter_block(BlockKind::HandlerCleanup(Some(name)), span)?;
                self.statements(&handler.body)?;
                self.pop_block();
                self.op(NONE, Op::PopBlock);
                self.op(NONE, Op::PopBlock);
                self.op(NONE, O::PopExcept);
                self.unbind(name, NONE)?;
                self.jump(NONE, Op::JumpNoInterrupt, end);
                self.place(cleanup);
                self.unbind(name, NONE)?;
                self.op_arg(NONE, O::Reraise, 1);
            }
            None => {
                self.op(span, O::PopTop);
                self.enter_block(BlockKind::HandlerCleanup(None), span)?;
                self.statements(&handler.body)?;
                self.pop_block();
                self.op(NONE, Op::PopBlock);
                self.op(NONE, O::PopExcept);
                self.jump(NONE, Op::JumpNoInterrupt, end);
            }
        }
        self.place(next);
        Ok(())
    }

    fn try_star(&mut self, node: &'a ast::StmtTry) -> Result {
        let [except, orelse, end, cleanup, reraise_star, reraise] = self.new_labels();
        let span = self.span(node);
        self.protected_body(&node.body, except, span)?;
        self.op(NONE, Op::PopBlock);
        self.jump(NONE, Op::JumpNoInterrupt, orelse);
        self.place(except);
        self.jump(NONE, Op::SetupCleanup, cleanup);
        self.op(NONE, O::PushExcInfo);
        self.enter_block(BlockKind::ExceptionGroupHandler, span)?;
        for (index, handler) in node.handlers.iter().enumerate() {
            let ExceptHandler::ExceptHandler(handler) = handler;
            if index == 0 {
                // The list of what handlers raise, and the group itself.
                let span = self.span(handler);
                self.op_arg(span, O::BuildList, 0);
                self.op_arg(span, O::Copy, 2);
            }
            self.star_handler(handler)?;
            if index + 1 == node.handlers.len() {
                self.op_arg(NONE, O::ListAppend, 1);
                self.jump(NONE, Op::JumpNoInterrupt, reraise_star);
            }
        }
        self.pop_block();
        self.place(reraise_star);
        self.op_arg(NONE, O::CallIntrinsic2, Intrinsic2::PrepReraiseStar as u32);
        self.op_arg(NONE, O::Copy, 1);
        self.jump(NONE, O::PopJumpIfNotNone, reraise);
        self.op(NONE, O::PopTop);
        self.op(NONE, Op::PopBlock);
        self.op(NONE, O::PopExcept);
        self.jump(NONE, Op::JumpNoInterrupt, end);
        self.place(reraise);
        self.op(NONE, Op::PopBlock);
        self.op_arg(NONE, O::Swap, 2);
        self.op(NONE, O::PopExcept);
        self.op_arg(NONE, O::Reraise, 0);
        self.place(cleanup);
        self.pop_except_and_reraise();
        self.place(orelse);
        self.statements(&node.orelse)?;
        self.place(end);
        Ok(())
    }

    fn star_handler(&mut self, handler: &'a ast::ExceptHandlerExceptHandler) -> Result {
        let [except, except_with_error, no_match, cleanup] = self.new_labels();
        let span = self.span(handler);
        if let Some(kind) = &handler.type_ {
            self.expression(kind)?;
            self.op(span, O::CheckEgMatch);
            self.op_arg(span, O::Copy, 1);
            self.jump(span, O::PopJumpIfNone, no_match);
        }
        let name = handler.name.as_ref().map(ast::Identifier::as_str);
        match name {
            Some(name) => self.name(span, name, Use::Store)?,
            None => self.op(span, O::PopTop),
        }
        self.jump(span, Op::SetupCleanup, cleanup);
        self.enter_block(BlockKind::HandlerCleanup(name), span)?;
        self.statements(&handler.body)?;
        self.pop_block();
        self.op(NONE, Op::PopBlock);
        if let Some(name) = name {
            self.unbind(name, NONE)?;
        }
        self.jump(NONE, Op::JumpNoInterrupt, except);
        self.place(cleanup);
        if let Some(name) = name {
            self.unbind(name, NONE)?;
        }
        self.op_arg(NONE, O::ListAppend, 3);
        self.op(NONE, O::PopTop);
        self.jump(NONE, Op::JumpNoInterrupt, except_with_error);
        self.place(except);
        self.op(NONE, O::Nop);
        self.jump(NONE, Op::JumpNoInterrupt, except_with_error);
        self.place(no_match);
        self.op(span, O::PopTop);
        self.place(except_with_error);
        Ok(())
    }

    pub fn call_exit_with_nones(&mut self, span: Span) {
        for _ in 0..3 {
            self.load_none(span);
        }
        self.op_arg(span, O::Call, 3);
    }

    /// Awaits the value on top; `place` says where it comes from (`GET_AWAITABLE`'s operand).
    pub fn await_value(&mut self, span: Span, place: u32) {
        self.op_arg(span, O::GetAwaitable, place);
        self.load_none(span);
        self.yield_from(span, true);
    }

    pub fn with(&mut self, node: &'a ast::StmtWith, index: usize) -> Result {
        self.nested(|this| this.with_inner(node, index))
    }

    fn with_inner(&mut self, node: &'a ast::StmtWith, index: usize) -> Result {
        let Some(item) = node.items.get(index) else { return self.statements(&node.body) };
        let [last, exit, cleanup] = self.new_labels();
        let is_async = node.is_async;
        self.expression(&item.context_expr)?;
        let span = self.span(&item.context_expr);
        let (enter_method, exit_method) = match is_async {
            true => (SpecialMethod::AsyncEnter, SpecialMethod::AsyncExit),
            false => (SpecialMethod::Enter, SpecialMethod::Exit),
        };
        self.op_arg(span, O::Copy, 1);
        self.op_arg(span, O::LoadSpecial, exit_method as u32);
        self.op_arg(span, O::Swap, 2);
        self.op_arg(span, O::Swap, 3);
        self.op_arg(span, O::LoadSpecial, enter_method as u32);
        self.op_arg(span, O::Call, 0);
        if is_async {
            self.await_value(span, 1);
        }
        self.jump(span, Op::SetupWith, last);
        self.enter_block(BlockKind::With { is_async }, span)?;
        match &item.optional_vars {
            Some(target) => self.store(target)?,
            None => self.op(span, O::PopTop),
        }
        self.with(node, index + 1)?;
        self.op(NONE, Op::PopBlock);
        self.pop_block();
        self.call_exit_with_nones(span);
        if is_async {
            self.await_value(span, 2);
        }
        self.op(span, O::PopTop);
        self.jump(span, Op::Jump, exit);
        self.place(last);
        self.jump(span, Op::SetupCleanup, cleanup);
        self.op(span, O::PushExcInfo);
        self.op(span, O::WithExceptStart);
        if is_async {
            self.await_value(span, 2);
        }
        self.finish_with(cleanup);
        self.place(exit);
        Ok(())
    }

    fn finish_with(&mut self, cleanup: Label) {
        let [suppress, exit] = self.new_labels();
        self.op(NONE, O::ToBool);
        self.jump(NONE, O::PopJumpIfTrue, suppress);
        self.op_arg(NONE, O::Reraise, 2);
        self.place(suppress);
        self.op(NONE, O::PopTop);
        self.op(NONE, Op::PopBlock);
        self.op(NONE, O::PopExcept);
        for _ in 0..3 {
            self.op(NONE, O::PopTop);
        }
        self.jump(NONE, Op::JumpNoInterrupt, exit);
        self.place(cleanup);
        self.pop_except_and_reraise();
        self.place(exit);
    }
}
