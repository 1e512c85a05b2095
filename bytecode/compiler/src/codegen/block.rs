//! Frame blocks: what `return`, `break` and `continue` must undo on their way out.

use super::{Compiler, Result, Use};
use crate::flow::{Label, Op};
use crate::source::Span;
use bytecode::Opcode as O;
use ruff_python_ast::Stmt;

/// CPython's limit on nested blocks.
pub(crate) const MAX_BLOCKS: usize = 21;

#[derive(Clone, Copy)]
pub(crate) enum BlockKind<'a> {
    WhileLoop,
    ForLoop,
    AsyncForLoop,
    TryExcept,
    /// The body of `try` with the `finally` that follows it.
    FinallyTry(&'a [Stmt]),
    FinallyEnd,
    With {
        is_async: bool,
    },
    /// The body of `except`, with the name it binds.
    HandlerCleanup(Option<&'a str>),
    PopValue,
    ExceptionHandler,
    ExceptionGroupHandler,
    AsyncComprehension,
    StopIteration,
}

#[derive(Clone, Copy)]
pub(crate) struct FrameBlock<'a> {
    pub kind: BlockKind<'a>,
    /// Where `continue` goes, and where `break` goes.
    pub start: Option<Label>,
    pub exit: Option<Label>,
    pub span: Span,
}

impl<'a> FrameBlock<'a> {
    pub fn new(kind: BlockKind<'a>, span: Span) -> FrameBlock<'a> {
        FrameBlock { kind, start: None, exit: None, span }
    }

    pub fn looping(kind: BlockKind<'a>, span: Span, start: Label, exit: Label) -> FrameBlock<'a> {
        FrameBlock { kind, start: Some(start), exit: Some(exit), span }
    }

    fn is_loop(&self) -> bool {
        matches!(self.kind, BlockKind::WhileLoop | BlockKind::ForLoop | BlockKind::AsyncForLoop)
    }
}

impl<'a> Compiler<'a> {
    pub fn enter_block(&mut self, kind: BlockKind<'a>, span: Span) -> Result {
        self.push_block(FrameBlock::new(kind, span), span)
    }

    /// Undoes one block. `span` is that of the statement, and artificial from a `finally` on.
    pub fn unwind(&mut self, block: FrameBlock<'a>, span: &mut Span, preserve: bool) -> Result {
        match block.kind {
            BlockKind::WhileLoop
            | BlockKind::ExceptionHandler
            | BlockKind::ExceptionGroupHandler
            | BlockKind::AsyncComprehension
            | BlockKind::StopIteration => {}
            BlockKind::ForLoop | BlockKind::AsyncForLoop | BlockKind::PopValue => {
                self.swap_if(preserve, *span);
                self.op(*span, O::PopTop);
            }
            BlockKind::TryExcept => self.op(*span, Op::PopBlock),
            BlockKind::FinallyTry(body) => {
                self.op(*span, Op::PopBlock);
                if preserve {
                    self.enter_block(BlockKind::PopValue, *span)?;
                }
                self.quiet += 1;
                self.statements(body)?;
                self.quiet -= 1;
                if preserve {
                    self.pop_block();
                }
                *span = Span::NONE;
            }
            BlockKind::FinallyEnd => {
                self.swap_if(preserve, *span);
                self.op(*span, O::PopTop);
                self.swap_if(preserve, *span);
                self.op(*span, Op::PopBlock);
                self.op(*span, O::PopExcept);
            }
            BlockKind::With { is_async } => {
                *span = block.span;
                self.op(*span, Op::PopBlock);
                if preserve {
                    self.op_arg(*span, O::Swap, 3);
                    self.op_arg(*span, O::Swap, 2);
                }
                self.call_exit_with_nones(*span);
                if is_async {
                    self.await_value(*span, 2);
                }
                self.op(*span, O::PopTop);
                *span = Span::NONE;
            }
            BlockKind::HandlerCleanup(name) => {
                if name.is_some() {
                    self.op(*span, Op::PopBlock);
                }
                self.swap_if(preserve, *span);
                self.op(*span, Op::PopBlock);
                self.op(*span, O::PopExcept);
                if let Some(name) = name {
                    self.unbind(name, *span)?;
                }
            }
        }
        Ok(())
    }

    /// `name = None; del name`
    pub fn unbind(&mut self, name: &str, span: Span) -> Result {
        self.load_none(span);
        self.name(span, name, Use::Store)?;
        self.name(span, name, Use::Delete)
    }

    fn swap_if(&mut self, preserve: bool, span: Span) {
        if preserve {
            self.op_arg(span, O::Swap, 2);
        }
    }

    /// Undoes blocks from the inside out, up to a loop if `to_loop`; the answer is that loop.
    pub fn unwind_all(&mut self, span: &mut Span, preserve: bool, to_loop: bool) -> Result<Option<FrameBlock<'a>>> {
        let mut undone = Vec::new();
        let mut found = None;
        while let Some(&block) = self.unit.blocks.last() {
            if matches!(block.kind, BlockKind::ExceptionGroupHandler) {
                return self.error("'break', 'continue' and 'return' cannot appear in an except* block", *span);
            }
            if to_loop && block.is_loop() {
                found = Some(block);
                break;
            }
            self.unit.blocks.pop();
            undone.push(block);
            self.unwind(block, span, preserve)?;
        }
        self.unit.blocks.extend(undone.into_iter().rev());
        Ok(found)
    }
}
