//! Comprehensions and generator expressions. All but the latter run in the frame around them (PEP 709).

use super::block::BlockKind;
use super::unit::UnitKind;
use super::{Compiler, Result};
use crate::flow::{Label, Op};
use crate::source::Span;
use crate::symtable::{Comprehension as Kind, NameScope, Node, Part, ScopeId, flag};
use bytecode::Opcode as O;
use ruff_python_ast::{Comprehension, Expr};

const NONE: Span = Span::NONE;

/// Where the iterable of a generator is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Iterable {
    Expression,
    /// On the stack, already an iterator.
    OnStack,
    /// In the parameter, already an iterator.
    Iterator,
}

/// What has to be put back after an inlined comprehension.
struct Inlined {
    /// Names saved on the stack.
    pushed: Vec<String>,
    /// Flags the scope had for names that mean something else in the comprehension.
    symbols: Vec<(String, Option<u32>)>,
    hidden: Vec<String>,
    cleanup: Option<Label>,
}

/// What is collected.
#[derive(Clone, Copy)]
struct Element<'a> {
    kind: Kind,
    element: &'a Expr,
    value: Option<&'a Expr>,
}

impl<'a> Compiler<'a> {
    pub fn comprehension(
        &mut self,
        expression: &'a Expr,
        kind: Kind,
        generators: &'a [Comprehension],
        element: &'a Expr,
        value: Option<&'a Expr>,
    ) -> Result {
        let span = match expression {
            Expr::Generator(node) => match self.sole_arguments.get(&std::ptr::from_ref(node).addr()) {
                Some(&range) => self.lines.range(range),
                None => self.span(expression),
            },
            _ => self.span(expression),
        };
        let (node, name) = match expression {
            Expr::ListComp(node) => (Node::of(node, Part::Comprehension), "<listcomp>"),
            Expr::SetComp(node) => (Node::of(node, Part::Comprehension), "<setcomp>"),
            Expr::DictComp(node) => (Node::of(node, Part::Comprehension), "<dictcomp>"),
            Expr::Generator(node) => (Node::of(node, Part::Comprehension), "<genexpr>"),
            _ => return Ok(()),
        };
        let (Some(scope), Some(outermost)) = (self.table.lookup(node), generators.first()) else { return Ok(()) };
        let collected = Element { kind, element, value };
        let is_async = self.table.scope(scope).coroutine;
        if self.table.scope(scope).inlined {
            self.iterated(&outermost.iter)?;
            self.op(self.span(&outermost.iter), if outermost.is_async { O::GetAiter } else { O::GetIter });
            let state = self.begin_inlined(scope, span);
            self.build_result(kind, span);
            self.op_arg(span, O::Swap, 2);
            self.generator(span, generators, 0, 0, collected, Iterable::OnStack)?;
            self.end_inlined(state, span);
            return Ok(());
        }
        self.enter_scope(name, UnitKind::Comprehension, scope, span.line, None);
        self.unit.arg_count = 1;
        self.build_result(kind, span);
        self.generator(span, generators, 0, 0, collected, Iterable::Iterator)?;
        if kind == Kind::Generator {
            self.wrap_in_stop_iteration_handler();
        } else {
            self.op(self.span(element), O::ReturnValue);
        }
        let code = self.leave(true)?;
        self.make_closure(span, code, 0)?;
        self.iterated(&outermost.iter)?;
        self.op(self.span(&outermost.iter), if outermost.is_async { O::GetAiter } else { O::GetIter });
        self.op_arg(span, O::Call, 0);
        if is_async && kind != Kind::Generator {
            self.await_value(span, 0);
        }
        Ok(())
    }

    fn build_result(&mut self, kind: Kind, span: Span) {
        match kind {
            Kind::List => self.op_arg(span, O::BuildList, 0),
            Kind::Set => self.op_arg(span, O::BuildSet, 0),
            Kind::Dict => self.op_arg(span, O::BuildMap, 0),
            Kind::Generator => {}
        }
    }

    fn begin_inlined(&mut self, scope: ScopeId, span: Span) -> Inlined {
        let in_class = self.in_class_scope() && self.unit.inlined_depth == 0;
        self.unit.inlined_depth += 1;
        let mut state = Inlined { pushed: Vec::new(), symbols: Vec::new(), hidden: Vec::new(), cleanup: None };
        let symbols: Vec<(String, u32)> = self.table.scope(scope).symbols.iter().map(|(name, &flags)| (name.clone(), flags)).collect();
        let function_like = self.is_function_like();
        for (name, flags) in symbols {
            if flags & flag::DEF_PARAM != 0 {
                continue;
            }
            let outer = self.scope().symbols.get(&name).copied();
            let (inner_scope, outer_scope) = (NameScope::of(flags), NameScope::of(outer.unwrap_or(0)));
            let cell_of_free = inner_scope == NameScope::Cell && outer_scope == NameScope::Free;
            if inner_scope != outer_scope && inner_scope != NameScope::Free && !cell_of_free || in_class {
                let here = self.unit.scope;
                self.table.scope_mut(here).symbols.insert(name.clone(), flags);
                state.symbols.push((name.clone(), outer));
            }
            let is_bound = flags & flag::DEF_LOCAL != 0 && flags & flag::DEF_NONLOCAL == 0;
            if !is_bound {
                continue;
            }
            if !function_like && self.unit.hidden.get(&name) != Some(&true) {
                self.unit.hidden.insert(name.clone(), true);
                state.hidden.push(name.clone());
            }
            let index = self.unit.varname_index(&name);
            self.op_arg(span, O::LoadFastAndClear, index);
            if inner_scope == NameScope::Cell {
                let free = self.unit.freevars.get_index_of(&name).filter(|_| outer_scope == NameScope::Free);
                match free {
                    Some(index) => self.op_arg(span, O::MakeCell, (index + self.unit.cellvars.len()) as u32),
                    None => self.deref_op(span, O::MakeCell, &name),
                }
            }
            state.pushed.push(name);
        }
        if !state.pushed.is_empty() {
            // The iterable stays on top of the saved values.
            self.op_arg(span, O::Swap, state.pushed.len() as u32 + 1);
            let cleanup = self.label();
            state.cleanup = Some(cleanup);
            self.jump(span, Op::SetupFinally, cleanup);
        }
        state
    }

    fn end_inlined(&mut self, state: Inlined, span: Span) {
        self.unit.inlined_depth -= 1;
        let here = self.unit.scope;
        for (name, flags) in &state.symbols {
            let symbols = &mut self.table.scope_mut(here).symbols;
            match flags {
                Some(flags) => {
                    symbols.insert(name.clone(), *flags);
                }
                None => {
                    symbols.shift_remove(name);
                }
            }
        }
        for name in &state.hidden {
            self.unit.hidden.insert(name.clone(), false);
        }
        let Some(cleanup) = state.cleanup else { return };
        let end = self.label();
        self.op(NONE, Op::PopBlock);
        self.jump(NONE, Op::JumpNoInterrupt, end);
        self.place(cleanup);
        // The unfinished result lies below the exception.
        self.op_arg(NONE, O::Swap, 2);
        self.op(NONE, O::PopTop);
        self.restore_locals(&state.pushed, span);
        self.op_arg(NONE, O::Reraise, 0);
        self.place(end);
        self.restore_locals(&state.pushed, span);
    }

    fn restore_locals(&mut self, names: &[String], span: Span) {
        self.op_arg(span, O::Swap, names.len() as u32 + 1);
        for name in names.iter().rev() {
            let index = self.unit.varname_index(name);
            self.op_arg(NONE, Op::StoreFastMaybeNull, index);
        }
    }

    fn generator(
        &mut self,
        span: Span,
        generators: &'a [Comprehension],
        index: usize,
        depth: u32,
        collected: Element<'a>,
        iterable: Iterable,
    ) -> Result {
        let Some(generator) = generators.get(index) else { return self.collect(depth, collected) };
        self.nested(|this| {
            if generator.is_async {
                this.async_generator(span, generators, index, depth, collected, iterable)
            } else {
                this.sync_generator(span, generators, index, depth, collected, iterable)
            }
        })
    }

    fn iterable(&mut self, around: Span, generator: &'a Comprehension, iterable: Iterable) -> Result {
        let span = self.span(&generator.iter);
        match iterable {
            Iterable::Iterator => {
                self.op_arg(around, O::LoadFast, 0);
                return Ok(());
            }
            Iterable::OnStack => return Ok(()),
            Iterable::Expression => self.iterated(&generator.iter)?,
        }
        self.op(span, if generator.is_async { O::GetAiter } else { O::GetIter });
        Ok(())
    }

    /// The value of `for name in [value]`, which is an assignment rather than a loop.
    fn single_value(generator: &'a Comprehension, iterable: Iterable) -> Option<&'a Expr> {
        let elements = match &generator.iter {
            Expr::List(node) => &node.elts,
            Expr::Tuple(node) => &node.elts,
            _ => return None,
        };
        match &elements[..] {
            [value] if iterable == Iterable::Expression && !value.is_starred_expr() => Some(value),
            _ => None,
        }
    }

    fn sync_generator(
        &mut self,
        span: Span,
        generators: &'a [Comprehension],
        index: usize,
        mut depth: u32,
        collected: Element<'a>,
        iterable: Iterable,
    ) -> Result {
        let generator = &generators[index];
        let [start, cleanup, anchor] = self.new_labels();
        let iter_span = self.span(&generator.iter);
        let single = Self::single_value(generator, iterable);
        match single {
            Some(value) => self.expression(value)?,
            None => {
                self.iterable(span, generator, iterable)?;
                self.place(start);
                depth += 1;
                self.jump(iter_span, O::ForIter, anchor);
            }
        }
        self.store(&generator.target)?;
        for condition in &generator.ifs {
            self.jump_if(condition, cleanup, false)?;
        }
        self.generator(span, generators, index + 1, depth, collected, Iterable::Expression)?;
        self.place(cleanup);
        if single.is_none() {
            let back = if index + 1 < generators.len() { self.span(collected.element) } else { self.element_span(collected) };
            self.jump(back, Op::Jump, start);
            self.place(anchor);
            self.op(NONE, O::EndFor);
            self.op(NONE, O::PopIter);
        }
        Ok(())
    }

    fn async_generator(
        &mut self,
        span: Span,
        generators: &'a [Comprehension],
        index: usize,
        depth: u32,
        collected: Element<'a>,
        iterable: Iterable,
    ) -> Result {
        let generator = &generators[index];
        let [start, except, cleanup] = self.new_labels();
        self.iterable(span, generator, iterable)?;
        self.place(start);
        self.enter_block(BlockKind::AsyncComprehension, span)?;
        self.next_async_item(span, except);
        self.op(span, Op::PopBlock);
        self.store(&generator.target)?;
        for condition in &generator.ifs {
            self.jump_if(condition, cleanup, false)?;
        }
        self.generator(span, generators, index + 1, depth + 1, collected, Iterable::Expression)?;
        self.place(cleanup);
        let back = if index + 1 < generators.len() { self.span(collected.element) } else { self.element_span(collected) };
        self.jump(back, Op::Jump, start);
        self.pop_block();
        self.place(except);
        self.op(span, O::EndAsyncFor);
        Ok(())
    }

    fn element_span(&self, collected: Element<'a>) -> Span {
        let span = self.span(collected.element);
        match collected.value {
            Some(value) => {
                let end = self.span(value);
                Span { end_line: end.end_line, end_column: end.end_column, ..span }
            }
            None => span,
        }
    }

    fn collect(&mut self, depth: u32, collected: Element<'a>) -> Result {
        let span = self.element_span(collected);
        if let Expr::Starred(_) = collected.element {
            return self.error("iterable unpacking cannot be used in comprehension", self.span(collected.element));
        }
        self.expression(collected.element)?;
        match collected.kind {
            Kind::Generator => {
                self.yield_value(span);
                self.op(span, O::PopTop);
            }
            Kind::List => self.op_arg(span, O::ListAppend, depth + 1),
            Kind::Set => self.op_arg(span, O::SetAdd, depth + 1),
            Kind::Dict => {
                if let Some(value) = collected.value {
                    self.expression(value)?;
                }
                self.op_arg(span, O::MapAdd, depth + 1);
            }
        }
        Ok(())
    }
}
