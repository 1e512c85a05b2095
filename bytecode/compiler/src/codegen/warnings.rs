//! `SyntaxWarning`s for what is surely a mistake.

use super::{Compiler, Result};
use crate::literal;
use crate::source::Span;
use crate::symtable;
use ruff_python_ast::{self as ast, CmpOp, Expr, Number};

/// The type of an expression, where the tree tells it.
fn inferred_type(expression: &Expr) -> Option<&'static str> {
    Some(match expression {
        Expr::Tuple(_) => "tuple",
        Expr::List(_) | Expr::ListComp(_) => "list",
        Expr::Dict(_) | Expr::DictComp(_) => "dict",
        Expr::Set(_) | Expr::SetComp(_) => "set",
        Expr::Generator(_) => "generator",
        Expr::Lambda(_) => "function",
        Expr::FString(_) | Expr::StringLiteral(_) => "str",
        Expr::TString(_) => "string.templatelib.Template",
        Expr::BytesLiteral(_) => "bytes",
        Expr::NumberLiteral(node) => match node.value {
            Number::Int(_) => "int",
            Number::Float(_) => "float",
            Number::Complex { .. } => "complex",
        },
        Expr::BooleanLiteral(_) => "bool",
        Expr::NoneLiteral(_) => "NoneType",
        Expr::EllipsisLiteral(_) => "ellipsis",
        _ => return None,
    })
}

impl<'a> Compiler<'a> {
    pub fn warn(&self, message: &str, span: Span) -> Result {
        if self.quiet > 0 { Ok(()) } else { symtable::warn(self.options, message, span) }
    }

    /// `is` with a literal.
    pub fn check_compare(&mut self, node: &'a ast::ExprCompare) -> Result {
        let singleton = |expression: &Expr| matches!(expression, Expr::NoneLiteral(_) | Expr::BooleanLiteral(_) | Expr::EllipsisLiteral(_));
        let plain = |expression: &Expr| {
            !literal::is_constant(expression) && !matches!(expression, Expr::Tuple(tuple) if is_constant_tuple(tuple)) || singleton(expression)
        };
        let mut left = &*node.left;
        let mut left_plain = plain(left);
        for (op, right) in node.ops.iter().zip(&*node.comparators) {
            let right_plain = plain(right);
            if matches!(op, CmpOp::Is | CmpOp::IsNot) && !(left_plain && right_plain) {
                let culprit = if left_plain { right } else { left };
                if let Some(kind) = inferred_type(culprit) {
                    let message = match op {
                        CmpOp::Is => format!("\"is\" with '{kind}' literal. Did you mean \"==\"?"),
                        _ => format!("\"is not\" with '{kind}' literal. Did you mean \"!=\"?"),
                    };
                    self.warn(&message, self.span(node))?;
                }
            }
            left = right;
            left_plain = right_plain;
        }
        Ok(())
    }

    pub fn check_caller(&mut self, expression: &'a Expr) -> Result {
        if let (Some(kind), false) = (inferred_type(expression), matches!(expression, Expr::Lambda(_))) {
            return self.warn(&format!("'{kind}' object is not callable; perhaps you missed a comma?"), self.span(expression));
        }
        Ok(())
    }

    pub fn check_subscripter(&mut self, expression: &'a Expr) -> Result {
        let scalar = matches!(
            expression,
            Expr::NumberLiteral(_)
                | Expr::BooleanLiteral(_)
                | Expr::NoneLiteral(_)
                | Expr::EllipsisLiteral(_)
                | Expr::Set(_)
                | Expr::SetComp(_)
                | Expr::Generator(_)
                | Expr::TString(_)
                | Expr::Lambda(_)
        );
        if let (true, Some(kind)) = (scalar, inferred_type(expression)) {
            return self.warn(&format!("'{kind}' object is not subscriptable; perhaps you missed a comma?"), self.span(expression));
        }
        Ok(())
    }

    pub fn check_index(&mut self, value: &'a Expr, index: &'a Expr) -> Result {
        let sequence =
            matches!(value, Expr::StringLiteral(_) | Expr::BytesLiteral(_) | Expr::Tuple(_) | Expr::List(_) | Expr::ListComp(_) | Expr::FString(_));
        let integer = matches!(index, Expr::NumberLiteral(node) if matches!(node.value, Number::Int(_))) || matches!(index, Expr::BooleanLiteral(_));
        if !sequence || integer {
            return Ok(());
        }
        if let (Some(value_kind), Some(index_kind)) = (inferred_type(value), inferred_type(index)) {
            let message = format!("{value_kind} indices must be integers or slices, not {index_kind}; perhaps you missed a comma?");
            return self.warn(&message, self.span(value));
        }
        Ok(())
    }
}

fn is_constant_tuple(tuple: &ast::ExprTuple) -> bool {
    tuple
        .elts
        .iter()
        .all(|element| literal::is_constant(element) || matches!(element, Expr::Tuple(inner) if inner.elts.iter().all(literal::is_constant)))
}
