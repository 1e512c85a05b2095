//! Expressions.

use super::Maker;
use compiler::{Options, literal};
use object::{Object, PyResult, Vm};
use ruff_python_ast::{self as ast, BoolOp, CmpOp, Expr, ExprContext, Operator, UnaryOp};
use ruff_text_size::{Ranged, TextRange};
use stdlib::ast::new_node;
use stdlib::ast::table::Kind;

impl Maker<'_> {
    pub(super) fn expression(&self, vm: &mut Vm, expression: &Expr) -> PyResult {
        stacker::maybe_grow(128 << 10, 4 << 20, || self.expression_here(vm, expression, expression.range()))
    }

    fn expression_here(&self, vm: &mut Vm, expression: &Expr, range: TextRange) -> PyResult {
        self.require_expression(vm, expression)?;
        match expression {
            Expr::BoolOp(node) => {
                let kind = match node.op {
                    BoolOp::And => Kind::And,
                    BoolOp::Or => Kind::Or,
                };
                let op = new_node(vm, kind, [])?;
                let values = self.expressions(vm, &node.values)?;
                self.node(vm, Kind::BoolOp, range, [op, values])
            }
            Expr::Named(node) => self.pair(vm, Kind::NamedExpr, range, &node.target, &node.value),
            Expr::BinOp(node) => {
                let left = self.expression(vm, &node.left)?;
                let op = self.operator(vm, node.op)?;
                let right = self.expression(vm, &node.right)?;
                self.node(vm, Kind::BinOp, range, [left, op, right])
            }
            Expr::UnaryOp(node) => {
                let kind = match node.op {
                    UnaryOp::Invert => Kind::Invert,
                    UnaryOp::Not => Kind::Not,
                    UnaryOp::UAdd => Kind::UAdd,
                    UnaryOp::USub => Kind::USub,
                };
                let op = new_node(vm, kind, [])?;
                let operand = self.expression(vm, &node.operand)?;
                self.node(vm, Kind::UnaryOp, range, [op, operand])
            }
            Expr::Lambda(node) => {
                let parameters = self.parameters(vm, node.parameters.as_deref())?;
                let body = self.expression(vm, &node.body)?;
                self.node(vm, Kind::Lambda, range, [parameters, body])
            }
            Expr::If(node) => {
                let test = self.expression(vm, &node.test)?;
                let body = self.expression(vm, &node.body)?;
                let orelse = self.expression(vm, &node.orelse)?;
                self.node(vm, Kind::IfExp, range, [test, body, orelse])
            }
            Expr::Dict(node) => {
                let keys = self.list(vm, &node.items, |this, vm, item| this.optional_expression(vm, item.key.as_ref()))?;
                let values = self.list(vm, &node.items, |this, vm, item| this.expression(vm, &item.value))?;
                self.node(vm, Kind::Dict, range, [keys, values])
            }
            Expr::Set(node) => {
                let items = self.expressions(vm, &node.elts)?;
                self.node(vm, Kind::Set, range, [items])
            }
            Expr::ListComp(node) => self.comprehension(vm, Kind::ListComp, range, &node.elt, &node.generators),
            Expr::SetComp(node) => self.comprehension(vm, Kind::SetComp, range, &node.elt, &node.generators),
            Expr::Generator(node) => self.comprehension(vm, Kind::GeneratorExp, range, &node.elt, &node.generators),
            Expr::DictComp(node) => {
                let key = self.optional_expression(vm, node.key.as_deref())?;
                let value = self.expression(vm, &node.value)?;
                let generators = self.generators(vm, &node.generators)?;
                self.node(vm, Kind::DictComp, range, [key, value, generators])
            }
            Expr::Await(node) => self.single(vm, Kind::Await, range, Some(&node.value)),
            Expr::Yield(node) => self.single(vm, Kind::Yield, range, node.value.as_deref()),
            Expr::YieldFrom(node) => self.single(vm, Kind::YieldFrom, range, Some(&node.value)),
            Expr::Compare(node) => {
                let left = self.expression(vm, &node.left)?;
                let ops = self.list(vm, &node.ops, |_, vm, op| new_node(vm, comparison(*op), []))?;
                let comparators = self.expressions(vm, &node.comparators)?;
                self.node(vm, Kind::Compare, range, [left, ops, comparators])
            }
            Expr::Call(node) => self.call(vm, node),
            Expr::FString(node) => self.formatted_string(vm, node),
            Expr::TString(node) => self.template_string(vm, node),
            Expr::StringLiteral(_)
            | Expr::BytesLiteral(_)
            | Expr::NumberLiteral(_)
            | Expr::BooleanLiteral(_)
            | Expr::NoneLiteral(_)
            | Expr::EllipsisLiteral(_) => self.literal(vm, expression, range),
            Expr::Attribute(node) => {
                let value = self.expression(vm, &node.value)?;
                let name = self.identifier(vm, &node.attr);
                let context = self.context(vm, node.ctx)?;
                self.node(vm, Kind::Attribute, range, [value, name, context])
            }
            Expr::Subscript(node) => {
                let value = self.expression(vm, &node.value)?;
                let slice = self.expression(vm, &node.slice)?;
                let context = self.context(vm, node.ctx)?;
                self.node(vm, Kind::Subscript, range, [value, slice, context])
            }
            Expr::Starred(node) => {
                let value = self.expression(vm, &node.value)?;
                let context = self.context(vm, node.ctx)?;
                self.node(vm, Kind::Starred, range, [value, context])
            }
            Expr::Name(node) => {
                let name = self.name(vm, &node.id);
                let context = self.context(vm, node.ctx)?;
                self.node(vm, Kind::Name, range, [name, context])
            }
            Expr::List(node) => {
                let items = self.expressions(vm, &node.elts)?;
                let context = self.context(vm, node.ctx)?;
                self.node(vm, Kind::List, range, [items, context])
            }
            Expr::Tuple(node) => {
                let items = self.expressions(vm, &node.elts)?;
                let context = self.context(vm, node.ctx)?;
                self.node(vm, Kind::Tuple, range, [items, context])
            }
            Expr::Slice(node) => {
                let lower = self.optional_expression(vm, node.lower.as_deref())?;
                let upper = self.optional_expression(vm, node.upper.as_deref())?;
                let step = self.optional_expression(vm, node.step.as_deref())?;
                self.node(vm, Kind::Slice, range, [lower, upper, step])
            }
            Expr::IpyEscapeCommand(_) => Err(vm.system_error("the parser does not make escape commands")),
        }
    }

    fn single(&self, vm: &mut Vm, kind: Kind, range: TextRange, value: Option<&Expr>) -> PyResult {
        let value = self.optional_expression(vm, value)?;
        self.node(vm, kind, range, [value])
    }

    fn pair(&self, vm: &mut Vm, kind: Kind, range: TextRange, one: &Expr, other: &Expr) -> PyResult {
        let one = self.expression(vm, one)?;
        let other = self.expression(vm, other)?;
        self.node(vm, kind, range, [one, other])
    }

    fn comprehension(&self, vm: &mut Vm, kind: Kind, range: TextRange, element: &Expr, generators: &[ast::Comprehension]) -> PyResult {
        let element = self.expression(vm, element)?;
        let generators = self.generators(vm, generators)?;
        self.node(vm, kind, range, [element, generators])
    }

    /// Refuses an expression that is newer than the version asked for.
    fn require_expression(&self, vm: &mut Vm, expression: &Expr) -> PyResult<()> {
        if self.version.is_none() {
            return Ok(());
        }
        let at = expression.range();
        match expression {
            Expr::Named(_) => self.require(vm, 8, "Assignment expressions are", at),
            Expr::Await(_) => self.require(vm, 5, "Await expressions are", at),
            Expr::BinOp(node) if node.op == Operator::MatMult => self.require(vm, 5, "The '@' operator is", at),
            Expr::TString(_) => self.require(vm, 14, "t-strings are", at),
            Expr::NumberLiteral(_) if self.lines.slice(at).contains('_') => self.require(vm, 6, "Underscores in numeric literals are", at),
            _ => Ok(()),
        }
    }

    fn generators(&self, vm: &mut Vm, generators: &[ast::Comprehension]) -> PyResult {
        self.list(vm, generators, |this, vm, generator| {
            if generator.is_async {
                this.require(vm, 6, "Async comprehensions are", generator.range)?;
            }
            let target = this.expression(vm, &generator.target)?;
            let iter = this.expression(vm, &generator.iter)?;
            let conditions = this.expressions(vm, &generator.ifs)?;
            new_node(vm, Kind::comprehension, [target, iter, conditions, Object::small_int(i64::from(generator.is_async))])
        })
    }

    fn call(&self, vm: &mut Vm, node: &ast::ExprCall) -> PyResult {
        let function = self.expression(vm, &node.func)?;
        let arguments = self.list(vm, &node.arguments.args, |this, vm, argument| match argument {
            // A lone generator has the call's parentheses.
            Expr::Generator(generator) if !generator.parenthesized => this.expression_here(vm, argument, node.arguments.range),
            _ => this.expression(vm, argument),
        })?;
        let keywords = self.list(vm, &node.arguments.keywords, Self::keyword)?;
        self.node(vm, Kind::Call, node.range(), [function, arguments, keywords])
    }

    fn literal(&self, vm: &mut Vm, expression: &Expr, range: TextRange) -> PyResult {
        // The limit on digits is the parser's business.
        let options = Options { max_int_digits: 0, ..Options::new("") };
        let constant = match literal::constant(expression, &self.lines, &options) {
            Ok(Some(constant)) => constant,
            Ok(None) => return Err(vm.system_error("a literal has no value")),
            Err(error) => return Err(vm.value_error(error.message)),
        };
        let value = self.constant(vm, constant)?;
        let is_unicode = matches!(expression, Expr::StringLiteral(_)) && self.has_unicode_prefix(range);
        let kind = if is_unicode { self.name(vm, "u") } else { Object::none() };
        self.node(vm, Kind::Constant, range, [value, kind])
    }

    fn context(&self, vm: &mut Vm, context: ExprContext) -> PyResult {
        let kind = match context {
            ExprContext::Load | ExprContext::Invalid => Kind::Load,
            ExprContext::Store => Kind::Store,
            ExprContext::Del => Kind::Del,
        };
        new_node(vm, kind, [])
    }

    pub(super) fn operator(&self, vm: &mut Vm, op: Operator) -> PyResult {
        let kind = match op {
            Operator::Add => Kind::Add,
            Operator::Sub => Kind::Sub,
            Operator::Mult => Kind::Mult,
            Operator::MatMult => Kind::MatMult,
            Operator::Div => Kind::Div,
            Operator::Mod => Kind::Mod,
            Operator::Pow => Kind::Pow,
            Operator::LShift => Kind::LShift,
            Operator::RShift => Kind::RShift,
            Operator::BitOr => Kind::BitOr,
            Operator::BitXor => Kind::BitXor,
            Operator::BitAnd => Kind::BitAnd,
            Operator::FloorDiv => Kind::FloorDiv,
        };
        new_node(vm, kind, [])
    }
}

fn comparison(op: CmpOp) -> Kind {
    match op {
        CmpOp::Eq => Kind::Eq,
        CmpOp::NotEq => Kind::NotEq,
        CmpOp::Lt => Kind::Lt,
        CmpOp::LtE => Kind::LtE,
        CmpOp::Gt => Kind::Gt,
        CmpOp::GtE => Kind::GtE,
        CmpOp::Is => Kind::Is,
        CmpOp::IsNot => Kind::IsNot,
        CmpOp::In => Kind::In,
        CmpOp::NotIn => Kind::NotIn,
    }
}
