//! Assignments and their targets.

use super::unit::UnitKind;
use super::{Compiler, Result, Use};
use crate::source::Span;
use bytecode::Opcode as O;
use bytecode::opcode::BinaryOp;
use ruff_python_ast::{self as ast, Expr, Operator};

impl<'a> Compiler<'a> {
    pub fn assign(&mut self, node: &'a ast::StmtAssign) -> Result {
        self.expression(&node.value)?;
        let span = self.span(node);
        for (index, target) in node.targets.iter().enumerate() {
            if index + 1 < node.targets.len() {
                self.op_arg(span, O::Copy, 1);
            }
            if let Expr::Starred(_) = target {
                return self.error("starred assignment target must be in a list or tuple", self.span(target));
            }
            self.store(target)?;
        }
        Ok(())
    }

    /// Stores the value on top in a target.
    pub fn store(&mut self, target: &'a Expr) -> Result {
        self.nested(|this| this.store_inner(target))
    }

    fn store_inner(&mut self, target: &'a Expr) -> Result {
        let span = self.span(target);
        match target {
            Expr::Name(node) => self.name(span, &node.id, Use::Store),
            Expr::Attribute(node) => {
                self.note_static_attribute(node);
                self.expression(&node.value)?;
                let span = self.attribute_span(span, node);
                self.attribute_op(span, O::StoreAttr, &node.attr, false);
                Ok(())
            }
            Expr::Subscript(node) => self.store_subscript(node),
            Expr::Tuple(node) => self.unpack(&node.elts, span),
            Expr::List(node) => self.unpack(&node.elts, span),
            Expr::Starred(_) => self.error("starred assignment target must be in a list or tuple", span),
            _ => self.error("cannot assign to expression", span),
        }
    }

    fn store_subscript(&mut self, node: &'a ast::ExprSubscript) -> Result {
        let span = self.span(node);
        self.expression(&node.value)?;
        if let Some(slice) = self.plain_slice(&node.slice) {
            self.slice_bounds(slice)?;
            self.op(span, O::StoreSlice);
        } else {
            self.expression(&node.slice)?;
            self.op(span, O::StoreSubscr);
        }
        Ok(())
    }

    fn unpack(&mut self, elements: &'a [Expr], span: Span) -> Result {
        let starred = elements.iter().position(Expr::is_starred_expr);
        match starred {
            Some(index) => {
                if elements[index + 1..].iter().any(Expr::is_starred_expr) {
                    return self.error("multiple starred expressions in assignment", span);
                }
                let after = elements.len() - index - 1;
                if index >= 1 << 8 || after >= 1 << 23 {
                    return self.error("too many expressions in star-unpacking assignment", span);
                }
                self.op_arg(span, O::UnpackEx, index as u32 | (after as u32) << 8);
            }
            None => self.op_arg(span, O::UnpackSequence, elements.len() as u32),
        }
        for element in elements {
            match element {
                Expr::Starred(node) => self.store(&node.value)?,
                element => self.store(element)?,
            }
        }
        Ok(())
    }

    /// `self.name = ...` in a method: the name goes to `__static_attributes__`.
    fn note_static_attribute(&mut self, node: &ast::ExprAttribute) {
        let Expr::Name(owner) = &*node.value else { return };
        if &owner.id != "self" {
            return;
        }
        if let Some(class) = self.stack.iter_mut().rev().find(|unit| unit.kind == UnitKind::Class) {
            class.static_attributes.insert(node.attr.to_string());
        }
    }

    pub fn augmented_assign(&mut self, node: &'a ast::StmtAugAssign) -> Result {
        let target_span = self.span(&*node.target);
        let span = self.span(node);
        match &*node.target {
            Expr::Attribute(target) => {
                self.expression(&target.value)?;
                self.op_arg(target_span, O::Copy, 1);
                let at = self.attribute_span(target_span, target);
                self.attribute_op(at, O::LoadAttr, &target.attr, false);
            }
            Expr::Subscript(target) => {
                self.expression(&target.value)?;
                if let Some(slice) = self.plain_slice(&target.slice) {
                    self.slice_bounds(slice)?;
                    for _ in 0..3 {
                        self.op_arg(target_span, O::Copy, 3);
                    }
                    self.op(target_span, O::BinarySlice);
                } else {
                    self.expression(&target.slice)?;
                    self.op_arg(target_span, O::Copy, 2);
                    self.op_arg(target_span, O::Copy, 2);
                    self.op_arg(target_span, O::BinaryOp, BinaryOp::Subscript as u32);
                }
            }
            Expr::Name(target) => self.name(target_span, &target.id, Use::Load)?,
            target => return self.error("illegal expression for augmented assignment", self.span(target)),
        }
        self.expression(&node.value)?;
        self.op_arg(span, O::BinaryOp, binary_operator(node.op, true) as u32);
        match &*node.target {
            Expr::Attribute(target) => {
                let at = self.attribute_span(target_span, target);
                self.op_arg(at, O::Swap, 2);
                self.attribute_op(at, O::StoreAttr, &target.attr, false);
            }
            Expr::Subscript(target) => {
                if self.plain_slice(&target.slice).is_some() {
                    for depth in [4, 3, 2] {
                        self.op_arg(target_span, O::Swap, depth);
                    }
                    self.op(target_span, O::StoreSlice);
                } else {
                    self.op_arg(target_span, O::Swap, 3);
                    self.op_arg(target_span, O::Swap, 2);
                    self.op(target_span, O::StoreSubscr);
                }
            }
            Expr::Name(target) => self.name(target_span, &target.id, Use::Store)?,
            _ => {}
        }
        Ok(())
    }

    pub fn annotated_assign(&mut self, node: &'a ast::StmtAnnAssign) -> Result {
        let span = self.span(node);
        if let Some(value) = &node.value {
            self.expression(value)?;
            self.store(&node.target)?;
        }
        match &*node.target {
            Expr::Name(target) if node.simple && !self.is_function_like() => {
                if self.future.annotations {
                    self.annotation_text(&node.annotation);
                    self.name_op(span, O::LoadName, "__annotations__");
                    let mangled = self.mangle(&target.id);
                    self.load_text(span, &mangled);
                    self.op(span, O::StoreSubscr);
                } else {
                    self.defer_annotation(node, span);
                }
            }
            Expr::Attribute(target) if node.value.is_none() => {
                self.expression(&target.value)?;
                self.op(Span::NONE, O::PopTop);
            }
            Expr::Subscript(target) if node.value.is_none() => {
                self.expression(&target.value)?;
                self.op(Span::NONE, O::PopTop);
                self.check_annotated_subscript(&target.slice)?;
            }
            _ => {}
        }
        Ok(())
    }

    /// The index of an annotation without value is evaluated for its effects.
    fn check_annotated_subscript(&mut self, slice: &'a Expr) -> Result {
        let parts: Vec<&'a Expr> = match slice {
            Expr::Slice(slice) => [&slice.lower, &slice.upper, &slice.step].into_iter().flatten().map(|part| &**part).collect(),
            Expr::Tuple(tuple) => {
                for element in &tuple.elts {
                    self.nested(|this| this.check_annotated_subscript(element))?;
                }
                return Ok(());
            }
            other => vec![other],
        };
        for part in parts {
            self.expression(part)?;
            self.op(Span::NONE, O::PopTop);
        }
        Ok(())
    }
}

pub(super) fn binary_operator(op: Operator, inplace: bool) -> BinaryOp {
    let plain = match op {
        Operator::Add => BinaryOp::Add,
        Operator::Sub => BinaryOp::Subtract,
        Operator::Mult => BinaryOp::Multiply,
        Operator::MatMult => BinaryOp::MatrixMultiply,
        Operator::Div => BinaryOp::TrueDivide,
        Operator::Mod => BinaryOp::Remainder,
        Operator::Pow => BinaryOp::Power,
        Operator::LShift => BinaryOp::LeftShift,
        Operator::RShift => BinaryOp::RightShift,
        Operator::BitOr => BinaryOp::Or,
        Operator::BitXor => BinaryOp::Xor,
        Operator::BitAnd => BinaryOp::And,
        Operator::FloorDiv => BinaryOp::FloorDivide,
    };
    let number = plain as u32 + if inplace { 13 } else { 0 };
    BinaryOp::from_u32(number).unwrap_or(plain)
}
