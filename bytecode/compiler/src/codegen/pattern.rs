//! `match`.
//!
//! While a pattern is tested the stack holds the subject, `on_top` values above it that belong to
//! patterns around, and the values captured so far. A failing test jumps to a label that pops as
//! many values as lie there: `fail[n]` pops n.

use super::{Compiler, Result, Use};
use crate::flow::{self, Label, Op};
use crate::source::Span;
use crate::unparse;
use bytecode::opcode::BinaryOp;
use bytecode::{Constant, Opcode as O};
use ruff_python_ast::{self as ast, CmpOp, Expr, Identifier, Pattern, Singleton};

const NONE: Span = Span::NONE;

#[derive(Default)]
struct Context {
    /// Names captured, in the order of their values from the bottom.
    stores: Vec<String>,
    /// Whether a pattern that always matches may stand here.
    allow_irrefutable: bool,
    fail: Vec<Label>,
    on_top: usize,
}

fn is_wildcard(pattern: &Pattern) -> bool {
    matches!(pattern, Pattern::MatchAs(node) if node.name.is_none() && node.pattern.is_none())
}

fn is_star_wildcard(pattern: &Pattern) -> bool {
    matches!(pattern, Pattern::MatchStar(node) if node.name.is_none())
}

impl<'a> Compiler<'a> {
    pub fn match_(&mut self, node: &'a ast::StmtMatch) -> Result {
        self.expression(&node.subject)?;
        let end = self.label();
        let count = node.cases.len();
        let has_default = count > 1 && node.cases.last().is_some_and(|case| is_wildcard(&case.pattern));
        let tested = if has_default { count - 1 } else { count };
        for (index, case) in node.cases.iter().take(tested).enumerate() {
            let span = self.span(&case.pattern);
            if index + 1 < tested {
                self.op_arg(span, O::Copy, 1);
            }
            let mut context = Context { allow_irrefutable: case.guard.is_some() || index + 1 == count, ..Context::default() };
            self.pattern(&case.pattern, &mut context)?;
            for name in std::mem::take(&mut context.stores) {
                self.name(span, &name, Use::Store)?;
            }
            if let Some(guard) = &case.guard {
                let fail = self.fail_label(&mut context, 0);
                self.jump_if(guard, fail, false)?;
            }
            if index + 1 < tested {
                self.op(Span::NEXT, O::PopTop);
            }
            self.statements(&case.body)?;
            self.jump(NONE, Op::Jump, end);
            self.place_failures(span, &mut context);
        }
        if let Some(case) = node.cases.last().filter(|_| has_default) {
            let span = self.span(&case.pattern);
            if count == 1 {
                self.op(span, O::PopTop);
            } else {
                self.op(span, O::Nop);
            }
            if let Some(guard) = &case.guard {
                self.jump_if(guard, end, false)?;
            }
            self.statements(&case.body)?;
        }
        self.place(end);
        Ok(())
    }

    fn fail_label(&mut self, context: &mut Context, pops: usize) -> Label {
        while context.fail.len() <= pops {
            let label = self.label();
            context.fail.push(label);
        }
        context.fail[pops]
    }

    fn jump_to_failure(&mut self, span: Span, context: &mut Context, op: impl Into<Op>) {
        let pops = context.on_top + context.stores.len();
        let label = self.fail_label(context, pops);
        self.jump(span, op, label);
    }

    fn place_failures(&mut self, span: Span, context: &mut Context) {
        for (pops, label) in std::mem::take(&mut context.fail).into_iter().enumerate().rev() {
            self.place(label);
            if pops > 0 {
                self.op(span, O::PopTop);
            }
        }
    }

    fn pattern(&mut self, pattern: &'a Pattern, context: &mut Context) -> Result {
        self.nested(|this| this.pattern_inner(pattern, context))
    }

    fn subpattern(&mut self, pattern: &'a Pattern, context: &mut Context) -> Result {
        let before = std::mem::replace(&mut context.allow_irrefutable, true);
        self.pattern(pattern, context)?;
        context.allow_irrefutable = before;
        Ok(())
    }

    fn pattern_inner(&mut self, pattern: &'a Pattern, context: &mut Context) -> Result {
        let span = self.span(pattern);
        match pattern {
            Pattern::MatchValue(node) => {
                self.match_value(&node.value)?;
                self.op(span, O::ToBool);
                self.jump_to_failure(span, context, O::PopJumpIfFalse);
            }
            Pattern::MatchSingleton(node) => {
                let constant = match node.value {
                    Singleton::None => Constant::None,
                    Singleton::True => Constant::True,
                    Singleton::False => Constant::False,
                };
                self.load_constant(span, constant);
                self.comparison(span, CmpOp::Is);
                self.jump_to_failure(span, context, O::PopJumpIfFalse);
            }
            Pattern::MatchSequence(node) => self.match_sequence(node, span, context)?,
            Pattern::MatchMapping(node) => self.match_mapping(node, span, context)?,
            Pattern::MatchClass(node) => self.match_class(node, span, context)?,
            Pattern::MatchStar(node) => self.capture(span, node.name.as_ref(), context)?,
            Pattern::MatchAs(node) => self.match_as(node, span, context)?,
            Pattern::MatchOr(node) => self.match_or(node, span, context)?,
        }
        Ok(())
    }

    fn match_value(&mut self, value: &'a Expr) -> Result {
        let span = self.span(value);
        if !value.is_attribute_expr() && self.pattern_constant(value)?.is_none() {
            return self.error("patterns may only match literals and attribute lookups", span);
        }
        self.expression(value)?;
        self.comparison(span, CmpOp::Eq);
        Ok(())
    }

    /// The value of a literal of a pattern, which may have a sign and two parts: `-1 + 2j`.
    fn pattern_constant(&self, expression: &Expr) -> Result<Option<Constant>> {
        match expression {
            Expr::UnaryOp(node) if node.op == ast::UnaryOp::USub => {
                Ok(self.constant(&node.operand)?.and_then(|operand| flow::unary(flow::Unary::Negative, &operand)))
            }
            Expr::BinOp(node) => {
                let op = match node.op {
                    ast::Operator::Add => BinaryOp::Add,
                    ast::Operator::Sub => BinaryOp::Subtract,
                    _ => return Ok(None),
                };
                let (left, right) = (self.pattern_constant(&node.left)?, self.constant(&node.right)?);
                Ok(left.zip(right).and_then(|(left, right)| flow::binary(op, &left, &right)))
            }
            expression => self.constant(expression),
        }
    }

    /// Keeps the value on top for a name, below what other patterns still need.
    fn capture(&mut self, span: Span, name: Option<&Identifier>, context: &mut Context) -> Result {
        let Some(name) = name else {
            self.op(span, O::PopTop);
            return Ok(());
        };
        if context.stores.iter().any(|store| store == name.as_str()) {
            return self.error(format!("multiple assignments to name '{name}' in pattern"), span);
        }
        self.rotate(span, context.on_top + context.stores.len() + 1);
        context.stores.push(name.to_string());
        Ok(())
    }

    /// Moves the value on top `count - 1` places down.
    fn rotate(&mut self, span: Span, count: usize) {
        for depth in (2..=count).rev() {
            self.op_arg(span, O::Swap, depth as u32);
        }
    }

    fn match_as(&mut self, node: &'a ast::PatternMatchAs, span: Span, context: &mut Context) -> Result {
        let Some(inner) = node.pattern.as_deref() else {
            if !context.allow_irrefutable {
                return match &node.name {
                    Some(name) => self.error(format!("name capture '{name}' makes remaining patterns unreachable"), span),
                    None => self.error("wildcard makes remaining patterns unreachable", span),
                };
            }
            return self.capture(span, node.name.as_ref(), context);
        };
        context.on_top += 1;
        self.op_arg(span, O::Copy, 1);
        self.pattern(inner, context)?;
        context.on_top -= 1;
        self.capture(span, node.name.as_ref(), context)
    }

    fn match_sequence(&mut self, node: &'a ast::PatternMatchSequence, span: Span, context: &mut Context) -> Result {
        let patterns = &node.patterns;
        let star = patterns.iter().position(|pattern| matches!(pattern, Pattern::MatchStar(_)));
        if star.is_some_and(|star| patterns[star + 1..].iter().any(|pattern| matches!(pattern, Pattern::MatchStar(_)))) {
            return self.error("multiple starred names in sequence pattern", span);
        }
        let star_wildcard = star.is_some_and(|star| is_star_wildcard(&patterns[star]));
        let only_wildcard = patterns.iter().all(|pattern| is_wildcard(pattern) || is_star_wildcard(pattern));
        let size = patterns.len();
        context.on_top += 1;
        self.op(span, O::MatchSequence);
        self.jump_to_failure(span, context, O::PopJumpIfFalse);
        match star {
            None => {
                self.op(span, O::GetLen);
                self.load_constant(span, Constant::Int(size as i64));
                self.comparison(span, CmpOp::Eq);
                self.jump_to_failure(span, context, O::PopJumpIfFalse);
            }
            Some(_) if size > 1 => {
                self.op(span, O::GetLen);
                self.load_constant(span, Constant::Int(size as i64 - 1));
                self.comparison(span, CmpOp::GtE);
                self.jump_to_failure(span, context, O::PopJumpIfFalse);
            }
            Some(_) => {}
        }
        context.on_top -= 1;
        if only_wildcard {
            self.op(span, O::PopTop);
            Ok(())
        } else if star_wildcard {
            self.subscripted_sequence(patterns, star.unwrap_or(0), span, context)
        } else {
            self.unpacked_sequence(patterns, star, span, context)
        }
    }

    fn unpacked_sequence(&mut self, patterns: &'a [Pattern], star: Option<usize>, span: Span, context: &mut Context) -> Result {
        let size = patterns.len();
        match star {
            Some(index) => {
                let after = size - index - 1;
                if index >= 1 << 8 || after >= 1 << 23 {
                    return self.error("too many expressions in star-unpacking sequence pattern", span);
                }
                self.op_arg(span, O::UnpackEx, index as u32 | (after as u32) << 8);
            }
            None => self.op_arg(span, O::UnpackSequence, size as u32),
        }
        context.on_top += size;
        for pattern in patterns {
            context.on_top -= 1;
            self.subpattern(pattern, context)?;
        }
        Ok(())
    }

    /// `[a, *_, b]`: takes the items by index.
    fn subscripted_sequence(&mut self, patterns: &'a [Pattern], star: usize, span: Span, context: &mut Context) -> Result {
        context.on_top += 1;
        let size = patterns.len();
        for (index, pattern) in patterns.iter().enumerate() {
            if is_wildcard(pattern) || index == star {
                continue;
            }
            self.op_arg(span, O::Copy, 1);
            if index < star {
                self.load_constant(span, Constant::Int(index as i64));
            } else {
                self.op(span, O::GetLen);
                self.load_constant(span, Constant::Int((size - index) as i64));
                self.op_arg(span, O::BinaryOp, BinaryOp::Subtract as u32);
            }
            self.op_arg(span, O::BinaryOp, BinaryOp::Subscript as u32);
            self.subpattern(pattern, context)?;
        }
        context.on_top -= 1;
        self.op(span, O::PopTop);
        Ok(())
    }

    fn match_mapping(&mut self, node: &'a ast::PatternMatchMapping, span: Span, context: &mut Context) -> Result {
        let size = node.keys.len();
        context.on_top += 1;
        self.op(span, O::MatchMapping);
        self.jump_to_failure(span, context, O::PopJumpIfFalse);
        if size == 0 && node.rest.is_none() {
            context.on_top -= 1;
            self.op(span, O::PopTop);
            return Ok(());
        }
        if size > 0 {
            self.op(span, O::GetLen);
            self.load_constant(span, Constant::Int(size as i64));
            self.comparison(span, CmpOp::GtE);
            self.jump_to_failure(span, context, O::PopJumpIfFalse);
        }
        self.mapping_keys(node, span)?;
        self.op_arg(span, O::BuildTuple, size as u32);
        self.op(span, O::MatchKeys);
        // Subject, keys and values are on top.
        context.on_top += 2;
        self.op_arg(span, O::Copy, 1);
        self.load_none(span);
        self.op_arg(span, O::IsOp, 1);
        self.jump_to_failure(span, context, O::PopJumpIfFalse);
        self.op_arg(span, O::UnpackSequence, size as u32);
        context.on_top += size;
        context.on_top -= 1;
        for pattern in &node.patterns {
            context.on_top -= 1;
            self.subpattern(pattern, context)?;
        }
        context.on_top -= 2;
        match &node.rest {
            Some(rest) => {
                // A copy of the subject without the keys.
                self.op_arg(span, O::BuildMap, 0);
                self.op_arg(span, O::Swap, 3);
                self.op_arg(span, O::DictUpdate, 2);
                self.op_arg(span, O::UnpackSequence, size as u32);
                for remaining in (1..=size as u32).rev() {
                    self.op_arg(span, O::Copy, 1 + remaining);
                    self.op_arg(span, O::Swap, 2);
                    self.op(span, O::DeleteSubscr);
                }
                self.capture(span, Some(rest), context)
            }
            None => {
                self.op(span, O::PopTop);
                self.op(span, O::PopTop);
                Ok(())
            }
        }
    }

    fn mapping_keys(&mut self, node: &'a ast::PatternMatchMapping, span: Span) -> Result {
        let mut seen: Vec<Constant> = Vec::new();
        for key in &node.keys {
            if let Some(constant) = self.pattern_constant(key)? {
                if seen.iter().any(|other| *other == constant || flow::same_number(other, &constant)) {
                    let text = unparse::number(&constant).unwrap_or_else(|| unparse::expression(key, self.lines));
                    return self.error(format!("mapping pattern checks duplicate key ({text})"), span);
                }
                seen.push(constant);
            } else if !key.is_attribute_expr() {
                return self.error("mapping pattern keys may only match literals and attribute lookups", self.span(key));
            }
            self.expression(key)?;
        }
        Ok(())
    }

    fn match_class(&mut self, node: &'a ast::PatternMatchClass, span: Span, context: &mut Context) -> Result {
        let (patterns, keywords) = (&node.arguments.patterns, &node.arguments.keywords);
        for (index, keyword) in keywords.iter().enumerate() {
            if let Some(again) = keywords[index + 1..].iter().find(|other| other.attr.as_str() == keyword.attr.as_str()) {
                let message = format!("attribute name repeated in class pattern: {}", keyword.attr);
                return self.error(message, self.span(&again.pattern));
            }
        }
        self.expression(&node.cls)?;
        let names: Vec<Constant> = keywords.iter().map(|keyword| Constant::Str(keyword.attr.as_str().into())).collect();
        self.load_constant(span, Constant::Tuple(names));
        self.op_arg(span, O::MatchClass, patterns.len() as u32);
        self.op_arg(span, O::Copy, 1);
        self.load_none(span);
        self.op_arg(span, O::IsOp, 1);
        context.on_top += 1;
        self.jump_to_failure(span, context, O::PopJumpIfFalse);
        let count = patterns.len() + keywords.len();
        self.op_arg(span, O::UnpackSequence, count as u32);
        context.on_top += count;
        context.on_top -= 1;
        for pattern in patterns.iter().chain(keywords.iter().map(|keyword| &keyword.pattern)) {
            context.on_top -= 1;
            if is_wildcard(pattern) {
                self.op(span, O::PopTop);
                continue;
            }
            self.subpattern(pattern, context)?;
        }
        Ok(())
    }

    fn match_or(&mut self, node: &'a ast::PatternMatchOr, span: Span, context: &mut Context) -> Result {
        let end = self.label();
        let count = node.patterns.len();
        let mut control: Option<Vec<String>> = None;
        let allow = context.allow_irrefutable;
        for (index, alternative) in node.patterns.iter().enumerate() {
            let at = self.span(alternative);
            let mut inner = Context { allow_irrefutable: index + 1 == count && allow, ..Context::default() };
            self.op_arg(at, O::Copy, 1);
            self.pattern(alternative, &mut inner)?;
            match &mut control {
                None => control = Some(inner.stores.clone()),
                Some(control) => {
                    if control.len() != inner.stores.len() {
                        return self.error("alternative patterns bind different names", span);
                    }
                    self.reorder_stores(span, at, control, &mut inner.stores)?;
                }
            }
            self.jump(at, Op::Jump, end);
            self.place_failures(at, &mut inner);
        }
        // No alternative matched: drop the subject's copy and fail.
        self.op(span, O::PopTop);
        self.jump_to_failure(span, context, Op::Jump);
        self.place(end);
        let control = control.unwrap_or_default();
        let stores = control.len();
        let rotations = stores + 1 + context.on_top + context.stores.len();
        for name in control {
            // Every captured value goes below what patterns around still need.
            self.rotate(span, rotations);
            if context.stores.contains(&name) {
                return self.error(format!("multiple assignments to name '{name}' in pattern"), span);
            }
            context.stores.push(name);
        }
        self.op(span, O::PopTop);
        Ok(())
    }

    /// Brings captured values into the order of the first alternative.
    fn reorder_stores(&mut self, span: Span, at: Span, control: &mut [String], stores: &mut Vec<String>) -> Result {
        let count = control.len();
        for wanted in (0..count).rev() {
            let name = &control[wanted];
            let Some(found) = stores.iter().position(|store| store == name) else {
                return self.error("alternative patterns bind different names", span);
            };
            if wanted != found {
                // Rotates the names from `found` up to `wanted` in both.
                let rotations = found + 1;
                let rotated: Vec<String> = stores.drain(..rotations).collect();
                let insert_at = wanted - found;
                for (offset, name) in rotated.into_iter().enumerate() {
                    stores.insert(insert_at + offset, name);
                }
                for _ in 0..rotations {
                    self.rotate(at, wanted + 1);
                }
            }
        }
        Ok(())
    }
}
