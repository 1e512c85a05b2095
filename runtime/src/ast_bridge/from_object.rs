//! Nodes back to the parser's tree, for `compile()` of a tree.
//!
//! The compiler takes lines and columns from a text, and these nodes have none. So one is made up:
//! blank lines wide enough for every column, in which a place is where its line and column say.

use object::list::List;
use object::str::Str;
use object::{Object, PyResult, Raised, Ref, Vm};
use ruff_python_ast::{self as ast, AtomicNodeIndex, Expr, ExprContext, Identifier, Stmt};
use ruff_text_size::{Ranged, TextRange, TextSize};
use stdlib::ast::is_kind;
use stdlib::ast::node::Node;
use stdlib::ast::table::Kind;

/// The largest text that is made up; with places beyond it all are in the first line.
const MAX_TEXT: usize = 64 << 20;

/// Reads nodes.
pub(super) struct Reader {
    pub text: Vec<u8>,
    width: usize,
}

type Read<T> = fn(&mut Reader, &mut Vm, Ref<'_>) -> PyResult<T>;

fn number(vm: &mut Vm, node: Ref<'_>, name: &str) -> PyResult<Option<i64>> {
    let Some(value) = vm.find_attr_str(node, name)? else { return Ok(None) };
    match object::int::as_i64(value.borrow()) {
        None if name == "lineno" || name == "col_offset" => {
            let shown = vm.repr_text(value.borrow())?;
            Err(vm.value_error(format!("invalid integer value: {shown}")))
        }
        number => Ok(number),
    }
}

/// The last line and column that a tree mentions.
fn extent(vm: &mut Vm, object: Ref<'_>, last: &mut (i64, i64)) -> PyResult<()> {
    vm.check_stack(" during compilation")?;
    if let Some(list) = object.downcast::<List>() {
        for item in list.items(vm).to_vec() {
            extent(vm, item.borrow(), last)?;
        }
        return Ok(());
    }
    if object.downcast::<Node>().is_none() {
        return Ok(());
    }
    for (line, column) in [("lineno", "col_offset"), ("end_lineno", "end_col_offset")] {
        last.0 = last.0.max(number(vm, object, line)?.unwrap_or(1));
        last.1 = last.1.max(number(vm, object, column)?.unwrap_or(0));
    }
    let Some(fields) = vm.find_attr_str(object.class().object(), "_fields")? else { return Ok(()) };
    for field in vm.collect(fields.borrow())? {
        let name = vm.attribute_name(field.borrow())?;
        if let Some(value) = vm.find_attr(object, name.borrow())? {
            extent(vm, value.borrow(), last)?;
        }
    }
    Ok(())
}

impl Reader {
    pub(super) fn new(vm: &mut Vm, tree: Ref<'_>) -> PyResult<Reader> {
        let mut last = (1, 0);
        extent(vm, tree, &mut last)?;
        let (lines, mut width) = (last.0.max(1) as usize, last.1.max(0) as usize + 3);
        let mut lines = lines;
        if lines.saturating_mul(width) > MAX_TEXT {
            (lines, width) = (1, 3);
        }
        let mut text = vec![b' '; lines * width];
        for line in 1..=lines {
            text[line * width - 1] = b'\n';
        }
        Ok(Reader { text, width })
    }

    fn offset(&self, line: i64, column: i64) -> TextSize {
        let line = line.max(1) as usize - 1;
        let offset = line.saturating_mul(self.width).saturating_add((column.max(0) as usize).min(self.width - 2));
        TextSize::from(offset.min(self.text.len() - 1) as u32)
    }

    pub(super) fn range(&self, vm: &mut Vm, node: Ref<'_>, sum: &str) -> PyResult<TextRange> {
        let mut required = [0; 2];
        for (value, name) in required.iter_mut().zip(["lineno", "col_offset"]) {
            *value = match number(vm, node, name)? {
                Some(value) => value,
                None => return Err(vm.type_error(format!("required field \"{name}\" missing from {sum}"))),
            };
        }
        let [line, column] = required;
        let end_line = number(vm, node, "end_lineno")?.unwrap_or(line);
        let end_column = number(vm, node, "end_col_offset")?.unwrap_or(column);
        if line > end_line {
            return Err(vm.value_error(format!("AST node line range ({line}, {end_line}) is not valid")));
        }
        if line < 0 && end_line != line || column < 0 && column != end_column {
            return Err(vm.value_error(format!("AST node column range ({column}, {end_column}) for line range ({line}, {end_line}) is not valid")));
        }
        if line == end_line && column > end_column {
            return Err(vm.value_error(format!("line {line}, column {column}-{end_column} is not a valid range")));
        }
        let (start, end) = (self.offset(line, column), self.offset(end_line, end_column));
        Ok(TextRange::new(start, end.max(start)))
    }

    pub(super) fn field(&self, vm: &mut Vm, node: Ref<'_>, name: &str) -> PyResult {
        match vm.find_attr_str(node, name)? {
            Some(value) => Ok(value),
            None => Err(vm.type_error(format!("required field \"{name}\" missing from {}", node.class().name()))),
        }
    }

    pub(super) fn one<T>(&mut self, vm: &mut Vm, node: Ref<'_>, name: &str, read: Read<T>) -> PyResult<T> {
        let value = self.field(vm, node, name)?;
        if value.borrow().is_none() {
            return Err(vm.value_error(format!("field '{name}' is required for {}", node.class().name())));
        }
        read(self, vm, value.borrow())
    }

    pub(super) fn optional<T>(&mut self, vm: &mut Vm, node: Ref<'_>, name: &str, read: Read<T>) -> PyResult<Option<T>> {
        match vm.find_attr_str(node, name)? {
            Some(value) if !value.borrow().is_none() => read(self, vm, value.borrow()).map(Some),
            _ => Ok(None),
        }
    }

    fn items(&mut self, vm: &mut Vm, node: Ref<'_>, name: &str) -> PyResult<Vec<Object>> {
        let Some(value) = vm.find_attr_str(node, name)? else { return Ok(Vec::new()) };
        match value.borrow().downcast::<List>() {
            Some(list) => Ok(list.items(vm).to_vec()),
            None => {
                let message = format!("{} field \"{name}\" must be a list, not a {}", node.class().name(), value.borrow().class().full_name());
                Err(vm.type_error(message))
            }
        }
    }

    pub(super) fn many<T>(&mut self, vm: &mut Vm, node: Ref<'_>, name: &str, read: Read<T>) -> PyResult<Vec<T>> {
        let items = self.items(vm, node, name)?;
        let mut values = Vec::with_capacity(items.len());
        for item in &items {
            if item.borrow().is_none() {
                return Err(vm.value_error(format!("None disallowed in {} list", if name == "body" { "statement" } else { "expression" })));
            }
            values.push(read(self, vm, item.borrow())?);
        }
        Ok(values)
    }

    pub(super) fn expr(&mut self, vm: &mut Vm, node: Ref<'_>, name: &str) -> PyResult<Box<Expr>> {
        self.one(vm, node, name, Reader::expression).map(Box::new)
    }

    pub(super) fn optional_expr(&mut self, vm: &mut Vm, node: Ref<'_>, name: &str) -> PyResult<Option<Box<Expr>>> {
        Ok(self.optional(vm, node, name, Reader::expression)?.map(Box::new))
    }

    pub(super) fn exprs(&mut self, vm: &mut Vm, node: Ref<'_>, name: &str) -> PyResult<Vec<Expr>> {
        self.many(vm, node, name, Reader::expression)
    }

    pub(super) fn text_of(&mut self, vm: &mut Vm, object: Ref<'_>) -> PyResult<String> {
        match object.downcast::<Str>() {
            Some(text) => Ok(text.to_string_lossy().into_owned()),
            None => Err(vm.type_error("AST identifier must be of type str")),
        }
    }

    pub(super) fn name(&mut self, vm: &mut Vm, node: Ref<'_>, field: &str) -> PyResult<Identifier> {
        let name = self.one(vm, node, field, Reader::text_of)?;
        Ok(Identifier::new(name, TextRange::default()))
    }

    pub(super) fn optional_name(&mut self, vm: &mut Vm, node: Ref<'_>, field: &str) -> PyResult<Option<Identifier>> {
        let name = self.optional(vm, node, field, Reader::text_of)?;
        Ok(name.map(|name| Identifier::new(name, TextRange::default())))
    }

    fn integer(&mut self, vm: &mut Vm, node: Ref<'_>, field: &str) -> PyResult<i64> {
        match vm.find_attr_str(node, field)? {
            Some(value) if !value.borrow().is_none() => match object::int::as_i64(value.borrow()) {
                Some(number) => Ok(number),
                None => {
                    let shown = vm.repr_text(value.borrow())?;
                    Err(vm.value_error(format!("invalid integer value: {shown}")))
                }
            },
            _ => Ok(0),
        }
    }

    fn unexpected(&self, vm: &mut Vm, sum: &str, node: Ref<'_>) -> Raised {
        match vm.repr_text(node) {
            Ok(shown) => vm.type_error(format!("expected some sort of {sum}, but got {shown}")),
            Err(raised) => raised,
        }
    }

    /// The name of a node's class, if it is of the sum.
    pub(super) fn class_of(&self, vm: &mut Vm, node: Ref<'_>, kind: Kind, sum: &str) -> PyResult<String> {
        if !is_kind(vm, node, kind)? {
            return Err(self.unexpected(vm, sum, node));
        }
        // A subclass counts as the node class it derives from.
        let own =
            node.class().mro_types().map(|class| class.name().to_owned()).find(|name| stdlib::ast::table::ROWS.iter().any(|row| row.name == *name));
        own.ok_or_else(|| self.unexpected(vm, sum, node))
    }

    pub(super) fn body(&mut self, vm: &mut Vm, node: Ref<'_>, name: &str) -> PyResult<ast::Suite> {
        Ok(self.many(vm, node, name, Reader::statement)?.into_iter().collect())
    }

    pub(super) fn required_body(&mut self, vm: &mut Vm, node: Ref<'_>, name: &str) -> PyResult<ast::Suite> {
        let body = self.body(vm, node, name)?;
        if body.is_empty() {
            return Err(vm.value_error(format!("empty {name} on {}", node.class().name())));
        }
        Ok(body)
    }

    fn context(&mut self, vm: &mut Vm, node: Ref<'_>) -> PyResult<ExprContext> {
        let context = self.field(vm, node, "ctx")?;
        let name = self.class_of(vm, context.borrow(), Kind::expr_context, "expr_context")?;
        Ok(match name.as_str() {
            "Store" => ExprContext::Store,
            "Del" => ExprContext::Del,
            _ => ExprContext::Load,
        })
    }

    fn operator(&mut self, vm: &mut Vm, object: Ref<'_>) -> PyResult<ast::Operator> {
        use ast::Operator::*;
        let name = self.class_of(vm, object, Kind::operator, "operator")?;
        let all = [Add, Sub, Mult, MatMult, Div, Mod, Pow, LShift, RShift, BitOr, BitXor, BitAnd, FloorDiv];
        all.into_iter().find(|op| format!("{op:?}") == name).ok_or_else(|| self.unexpected(vm, "operator", object))
    }

    fn comparison(&mut self, vm: &mut Vm, object: Ref<'_>) -> PyResult<ast::CmpOp> {
        use ast::CmpOp::*;
        let name = self.class_of(vm, object, Kind::cmpop, "cmpop")?;
        let all = [Eq, NotEq, Lt, LtE, Gt, GtE, Is, IsNot, In, NotIn];
        all.into_iter().find(|op| format!("{op:?}") == name).ok_or_else(|| self.unexpected(vm, "cmpop", object))
    }

    pub(super) fn expression(&mut self, vm: &mut Vm, node: Ref<'_>) -> PyResult<Expr> {
        vm.check_stack(" during compilation")?;
        let class = self.class_of(vm, node, Kind::expr, "expr")?;
        let range = self.range(vm, node, "expr")?;
        let node_index = AtomicNodeIndex::default();
        Ok(match class.as_str() {
            "BoolOp" => {
                let op = self.field(vm, node, "op")?;
                let name = self.class_of(vm, op.borrow(), Kind::boolop, "boolop")?;
                let op = if name == "And" { ast::BoolOp::And } else { ast::BoolOp::Or };
                let values = self.exprs(vm, node, "values")?;
                if values.len() < 2 {
                    return Err(vm.value_error("BoolOp with less than 2 values"));
                }
                Expr::BoolOp(ast::ExprBoolOp { node_index, range, op, values })
            }
            "NamedExpr" => {
                let target = self.expr(vm, node, "target")?;
                if !target.is_name_expr() {
                    return Err(vm.type_error("NamedExpr target must be a Name"));
                }
                Expr::Named(ast::ExprNamed { node_index, range, target, value: self.expr(vm, node, "value")? })
            }
            "BinOp" => Expr::BinOp(ast::ExprBinOp {
                node_index,
                range,
                left: self.expr(vm, node, "left")?,
                op: self.one(vm, node, "op", Reader::operator)?,
                right: self.expr(vm, node, "right")?,
            }),
            "UnaryOp" => {
                let op = self.field(vm, node, "op")?;
                let op = match self.class_of(vm, op.borrow(), Kind::unaryop, "unaryop")?.as_str() {
                    "Invert" => ast::UnaryOp::Invert,
                    "Not" => ast::UnaryOp::Not,
                    "UAdd" => ast::UnaryOp::UAdd,
                    _ => ast::UnaryOp::USub,
                };
                Expr::UnaryOp(ast::ExprUnaryOp { node_index, range, op, operand: self.expr(vm, node, "operand")? })
            }
            "Lambda" => Expr::Lambda(ast::ExprLambda {
                node_index,
                range,
                parameters: Some(Box::new(self.one(vm, node, "args", Reader::parameters)?)),
                body: self.expr(vm, node, "body")?,
            }),
            "IfExp" => Expr::If(ast::ExprIf {
                node_index,
                range,
                test: self.expr(vm, node, "test")?,
                body: self.expr(vm, node, "body")?,
                orelse: self.expr(vm, node, "orelse")?,
            }),
            "Dict" => {
                let keys = self.items(vm, node, "keys")?;
                let values = self.exprs(vm, node, "values")?;
                if keys.len() != values.len() {
                    return Err(vm.value_error("Dict doesn't have the same number of keys as values"));
                }
                let mut items = Vec::with_capacity(keys.len());
                for (key, value) in keys.iter().zip(values) {
                    let key = if key.borrow().is_none() { None } else { Some(self.expression(vm, key.borrow())?) };
                    items.push(ast::DictItem { key, value });
                }
                Expr::Dict(ast::ExprDict { node_index, range, items })
            }
            "Set" => Expr::Set(ast::ExprSet { node_index, range, elts: self.exprs(vm, node, "elts")? }),
            "ListComp" => {
                Expr::ListComp(ast::ExprListComp { node_index, range, elt: self.expr(vm, node, "elt")?, generators: self.generators(vm, node)? })
            }
            "SetComp" => {
                Expr::SetComp(ast::ExprSetComp { node_index, range, elt: self.expr(vm, node, "elt")?, generators: self.generators(vm, node)? })
            }
            "GeneratorExp" => Expr::Generator(ast::ExprGenerator {
                node_index,
                range,
                elt: self.expr(vm, node, "elt")?,
                generators: self.generators(vm, node)?,
                parenthesized: true,
            }),
            "DictComp" => Expr::DictComp(ast::ExprDictComp {
                node_index,
                range,
                key: Some(self.expr(vm, node, "key")?),
                value: self.expr(vm, node, "value")?,
                generators: self.generators(vm, node)?,
            }),
            "Await" => Expr::Await(ast::ExprAwait { node_index, range, value: self.expr(vm, node, "value")? }),
            "Yield" => Expr::Yield(ast::ExprYield { node_index, range, value: self.optional_expr(vm, node, "value")? }),
            "YieldFrom" => Expr::YieldFrom(ast::ExprYieldFrom { node_index, range, value: self.expr(vm, node, "value")? }),
            "Compare" => {
                let left = self.expr(vm, node, "left")?;
                let ops = self.many(vm, node, "ops", Reader::comparison)?;
                let comparators = self.exprs(vm, node, "comparators")?;
                if comparators.is_empty() {
                    return Err(vm.value_error("Compare with no comparators"));
                }
                if ops.len() != comparators.len() {
                    return Err(vm.value_error("Compare has a different number of comparators and operands"));
                }
                Expr::Compare(ast::ExprCompare { node_index, range, left, ops: ops.into(), comparators: comparators.into() })
            }
            "Call" => {
                let func = self.expr(vm, node, "func")?;
                let arguments = self.arguments(vm, node, "args", range)?;
                Expr::Call(ast::ExprCall { node_index, range_start: range.start(), func, arguments })
            }
            "JoinedStr" => {
                let elements = self.elements(vm, node)?;
                let part =
                    ast::FString { range, node_index: AtomicNodeIndex::default(), elements: elements.into(), flags: ast::FStringFlags::empty() };
                Expr::FString(ast::ExprFString { node_index, range, value: ast::FStringValue::single(part) })
            }
            "FormattedValue" => {
                let element = self.interpolation(vm, node)?;
                let elements = vec![ast::InterpolatedStringElement::Interpolation(element)];
                let part =
                    ast::FString { range, node_index: AtomicNodeIndex::default(), elements: elements.into(), flags: ast::FStringFlags::empty() };
                Expr::FString(ast::ExprFString { node_index, range, value: ast::FStringValue::single(part) })
            }
            "TemplateStr" => {
                let elements = self.elements(vm, node)?;
                self.template(elements, range)
            }
            "Interpolation" => {
                let element = self.interpolation(vm, node)?;
                self.template(vec![ast::InterpolatedStringElement::Interpolation(element)], range)
            }
            "Constant" => {
                let value = self.field(vm, node, "value")?;
                self.constant(vm, value.borrow(), range)?
            }
            "Attribute" => Expr::Attribute(ast::ExprAttribute {
                node_index,
                range,
                value: self.expr(vm, node, "value")?,
                attr: self.name(vm, node, "attr")?,
                ctx: self.context(vm, node)?,
            }),
            "Subscript" => Expr::Subscript(ast::ExprSubscript {
                node_index,
                range,
                value: self.expr(vm, node, "value")?,
                slice: self.expr(vm, node, "slice")?,
                ctx: self.context(vm, node)?,
            }),
            "Starred" => Expr::Starred(ast::ExprStarred { node_index, range, value: self.expr(vm, node, "value")?, ctx: self.context(vm, node)? }),
            "Name" => Expr::Name(ast::ExprName { node_index, range, id: self.name(vm, node, "id")?.id, ctx: self.context(vm, node)? }),
            "List" => Expr::List(ast::ExprList { node_index, range, elts: self.exprs(vm, node, "elts")?, ctx: self.context(vm, node)? }),
            "Tuple" => Expr::Tuple(ast::ExprTuple {
                node_index,
                range,
                elts: self.exprs(vm, node, "elts")?,
                ctx: self.context(vm, node)?,
                parenthesized: true,
            }),
            "Slice" => Expr::Slice(ast::ExprSlice {
                node_index,
                range,
                lower: self.optional_expr(vm, node, "lower")?,
                upper: self.optional_expr(vm, node, "upper")?,
                step: self.optional_expr(vm, node, "step")?,
            }),
            _ => return Err(self.unexpected(vm, "expr", node)),
        })
    }

    fn constant(&mut self, vm: &mut Vm, value: Ref<'_>, range: TextRange) -> PyResult<Expr> {
        let node_index = AtomicNodeIndex::default();
        if value.is_none() {
            return Ok(Expr::NoneLiteral(ast::ExprNoneLiteral { node_index, range }));
        }
        if let Some(value) = value.as_bool() {
            return Ok(Expr::BooleanLiteral(ast::ExprBooleanLiteral { node_index, range, value }));
        }
        if value.is(Ref::ELLIPSIS) {
            return Ok(Expr::EllipsisLiteral(ast::ExprEllipsisLiteral { node_index, range }));
        }
        if let Some(text) = value.downcast_exact::<Str>() {
            let part = ast::StringLiteral {
                range,
                node_index: AtomicNodeIndex::default(),
                value: text.to_string_lossy().into(),
                flags: ast::StringLiteralFlags::empty(),
            };
            return Ok(Expr::StringLiteral(ast::ExprStringLiteral { node_index, range, value: ast::StringLiteralValue::single(part) }));
        }
        if value.is_exactly(&object::bytes::BYTES)
            && let Some(data) = object::bytes::as_bytes(value)
        {
            let part =
                ast::BytesLiteral { range, node_index: AtomicNodeIndex::default(), value: data.into(), flags: ast::BytesLiteralFlags::empty() };
            return Ok(Expr::BytesLiteral(ast::ExprBytesLiteral { node_index, range, value: ast::BytesLiteralValue::single(part) }));
        }
        let number = |value| Expr::NumberLiteral(ast::ExprNumberLiteral { node_index: AtomicNodeIndex::default(), range, value });
        let negated = |operand| {
            Expr::UnaryOp(ast::ExprUnaryOp { node_index: AtomicNodeIndex::default(), range, op: ast::UnaryOp::USub, operand: Box::new(operand) })
        };
        if let Some(value) = object::float::value(value) {
            let literal = number(ast::Number::Float(value.abs()));
            return Ok(if value.is_sign_negative() { negated(literal) } else { literal });
        }
        if let Some(value) = object::int::to_bigint(value) {
            let digits = value.magnitude().to_string();
            if let Ok(int) = digits.parse::<ast::Int>() {
                let literal = number(ast::Number::Int(int));
                return Ok(if value.sign() == num_bigint::Sign::Minus { negated(literal) } else { literal });
            }
        }
        if value.class().name() == "complex" {
            let (real, imag) = (vm.get_attr_str(value, "real")?, vm.get_attr_str(value, "imag")?);
            let (real, imag) = (vm.to_float(real.borrow())?, vm.to_float(imag.borrow())?);
            return Ok(number(ast::Number::Complex { real, imag }));
        }
        if let Some(tuple) = value.downcast_exact::<object::tuple::Tuple>() {
            let elts = tuple.items().iter().map(|&item| self.constant(vm, item, range)).collect::<PyResult<Vec<_>>>()?;
            return Ok(Expr::Tuple(ast::ExprTuple { node_index, range, elts, ctx: ExprContext::Load, parenthesized: true }));
        }
        if value.is_exactly(&builtins::set::FROZEN_SET) {
            // What is wrong with an element comes first.
            for item in vm.collect(value)? {
                self.constant(vm, item.borrow(), range)?;
            }
        }
        let name = value.class().full_name().to_owned();
        Err(vm.type_error(format!("got an invalid type in Constant: {name}")))
    }

    fn elements(&mut self, vm: &mut Vm, node: Ref<'_>) -> PyResult<Vec<ast::InterpolatedStringElement>> {
        let mut elements = Vec::new();
        for item in self.items(vm, node, "values")? {
            let item = item.borrow();
            let class = self.class_of(vm, item, Kind::expr, "expr")?;
            if class == "Constant" {
                let range = self.range(vm, item, "expr")?;
                let value = self.one(vm, item, "value", Reader::text_of)?;
                elements.push(ast::InterpolatedStringElement::Literal(ast::InterpolatedStringLiteralElement {
                    range,
                    node_index: AtomicNodeIndex::default(),
                    value: value.into(),
                }));
            } else if matches!(class.as_str(), "FormattedValue" | "Interpolation") {
                elements.push(ast::InterpolatedStringElement::Interpolation(self.interpolation(vm, item)?));
            } else {
                // Any other expression is taken for the text that it gives.
                let range = self.range(vm, item, "expr")?;
                elements.push(ast::InterpolatedStringElement::Interpolation(ast::InterpolatedElement {
                    range,
                    node_index: AtomicNodeIndex::default(),
                    expression: Box::new(self.expression(vm, item)?),
                    debug_text: None,
                    conversion: ast::ConversionFlag::None,
                    format_spec: None,
                }));
            }
        }
        Ok(elements)
    }

    fn interpolation(&mut self, vm: &mut Vm, node: Ref<'_>) -> PyResult<ast::InterpolatedElement> {
        let range = self.range(vm, node, "expr")?;
        let expression = self.expr(vm, node, "value")?;
        let conversion = match u8::try_from(self.integer(vm, node, "conversion")?) {
            Ok(b's') => ast::ConversionFlag::Str,
            Ok(b'r') => ast::ConversionFlag::Repr,
            Ok(b'a') => ast::ConversionFlag::Ascii,
            _ => ast::ConversionFlag::None,
        };
        let format_spec = self.optional(vm, node, "format_spec", |this, vm, spec| {
            let range = this.range(vm, spec, "expr")?;
            let elements = this.elements(vm, spec)?;
            Ok(Box::new(ast::InterpolatedStringFormatSpec { range, node_index: AtomicNodeIndex::default(), elements: elements.into() }))
        })?;
        let node_index = AtomicNodeIndex::default();
        if is_kind(vm, node, Kind::Interpolation)? {
            // What the expression looked like is behind the text that is made up; the index says where.
            let shown = self.one(vm, node, "str", Reader::text_of)?;
            node_index.set((self.text.len() as u32).into());
            self.text.extend(shown.bytes());
            self.text.push(0);
        }
        Ok(ast::InterpolatedElement { range, node_index, expression, debug_text: None, conversion, format_spec })
    }

    fn template(&self, elements: Vec<ast::InterpolatedStringElement>, range: TextRange) -> Expr {
        let part = ast::TString { range, node_index: AtomicNodeIndex::default(), elements: elements.into(), flags: ast::TStringFlags::empty() };
        Expr::TString(ast::ExprTString { node_index: AtomicNodeIndex::default(), range, value: ast::TStringValue::single(part) })
    }

    fn generators(&mut self, vm: &mut Vm, node: Ref<'_>) -> PyResult<Vec<ast::Comprehension>> {
        let generators = self.many(vm, node, "generators", |this, vm, node| {
            Ok(ast::Comprehension {
                range: TextRange::default(),
                node_index: AtomicNodeIndex::default(),
                target: *this.expr(vm, node, "target")?,
                iter: *this.expr(vm, node, "iter")?,
                ifs: this.exprs(vm, node, "ifs")?,
                is_async: this.integer(vm, node, "is_async")? != 0,
            })
        })?;
        if generators.is_empty() {
            return Err(vm.value_error("comprehension with no generators"));
        }
        Ok(generators)
    }

    fn arguments(&mut self, vm: &mut Vm, node: Ref<'_>, positional: &str, range: TextRange) -> PyResult<ast::Arguments> {
        let args = self.exprs(vm, node, positional)?;
        let keywords = self.many(vm, node, "keywords", |this, vm, node| {
            let range = this.range(vm, node, "keyword")?;
            Ok(ast::Keyword {
                range,
                node_index: AtomicNodeIndex::default(),
                arg: this.optional_name(vm, node, "arg")?,
                value: *this.expr(vm, node, "value")?,
            })
        })?;
        Ok(ast::Arguments { range, node_index: AtomicNodeIndex::default(), args: args.into(), keywords: keywords.into_iter().collect() })
    }

    fn parameter(&mut self, vm: &mut Vm, node: Ref<'_>) -> PyResult<ast::Parameter> {
        let range = self.range(vm, node, "arg")?;
        let mut name = self.name(vm, node, "arg")?;
        name.range = range;
        Ok(ast::Parameter { range, node_index: AtomicNodeIndex::default(), name, annotation: self.optional_expr(vm, node, "annotation")? })
    }

    fn parameters(&mut self, vm: &mut Vm, node: Ref<'_>) -> PyResult<ast::Parameters> {
        let with = |parameter: ast::Parameter, default: Option<Expr>| ast::ParameterWithDefault {
            range: parameter.range,
            node_index: AtomicNodeIndex::default(),
            parameter,
            default: default.map(Box::new),
        };
        let positional_only = self.many(vm, node, "posonlyargs", Reader::parameter)?;
        let positional = self.many(vm, node, "args", Reader::parameter)?;
        let defaults = self.exprs(vm, node, "defaults")?;
        let n_only = positional_only.len();
        let Some(plain) = (n_only + positional.len()).checked_sub(defaults.len()) else {
            return Err(vm.value_error("more positional defaults than args on arguments"));
        };
        let defaults = std::iter::repeat_with(|| None).take(plain).chain(defaults.into_iter().map(Some));
        let mut all: Vec<_> =
            positional_only.into_iter().chain(positional).zip(defaults).map(|(parameter, default)| with(parameter, default)).collect();
        let positional = all.split_off(n_only);
        let keyword_only = self.many(vm, node, "kwonlyargs", Reader::parameter)?;
        let keyword_defaults = self.items(vm, node, "kw_defaults")?;
        if keyword_only.len() != keyword_defaults.len() {
            for parameter in all.iter().chain(&positional).map(|parameter| &parameter.parameter).chain(&keyword_only) {
                super::validate::parameter(vm, parameter)?;
            }
            return Err(vm.value_error("length of kwonlyargs is not the same as kw_defaults on arguments"));
        }
        let mut keywords = Vec::new();
        for (parameter, default) in keyword_only.into_iter().zip(&keyword_defaults) {
            let default = if default.borrow().is_none() { None } else { Some(self.expression(vm, default.borrow())?) };
            keywords.push(with(parameter, default));
        }
        Ok(ast::Parameters {
            range: TextRange::default(),
            node_index: AtomicNodeIndex::default(),
            posonlyargs: all.into_iter().collect(),
            args: positional.into_iter().collect(),
            vararg: self.optional(vm, node, "vararg", Reader::parameter)?.map(Box::new),
            kwonlyargs: keywords.into_iter().collect(),
            kwarg: self.optional(vm, node, "kwarg", Reader::parameter)?.map(Box::new),
        })
    }

    fn decorators(&mut self, vm: &mut Vm, node: Ref<'_>, range: TextRange) -> PyResult<(Vec<ast::Decorator>, TextRange)> {
        let decorators: Vec<ast::Decorator> = self
            .exprs(vm, node, "decorator_list")?
            .into_iter()
            .map(|expression| ast::Decorator { range: expression.range(), node_index: AtomicNodeIndex::default(), expression })
            .collect();
        // The definition itself is found as the first thing behind its decorators.
        if !decorators.is_empty() {
            self.text[range.start().to_usize()] = b'd';
        }
        let start = decorators.first().map_or(range.start(), |first| first.range.start().min(range.start()));
        Ok((decorators, TextRange::new(start, range.end())))
    }

    fn alias(&mut self, vm: &mut Vm, node: Ref<'_>) -> PyResult<ast::Alias> {
        let range = self.range(vm, node, "alias")?;
        Ok(ast::Alias {
            range,
            node_index: AtomicNodeIndex::default(),
            name: self.name(vm, node, "name")?,
            asname: self.optional_name(vm, node, "asname")?,
        })
    }

    fn names(&mut self, vm: &mut Vm, node: Ref<'_>) -> PyResult<Vec<Identifier>> {
        let names = self.many(vm, node, "names", Reader::text_of)?;
        Ok(names.into_iter().map(|name| Identifier::new(name, TextRange::default())).collect())
    }

    fn statement(&mut self, vm: &mut Vm, node: Ref<'_>) -> PyResult<Stmt> {
        vm.check_stack(" during compilation")?;
        let class = self.class_of(vm, node, Kind::stmt, "stmt")?;
        let range = self.range(vm, node, "stmt")?;
        let node_index = AtomicNodeIndex::default();
        Ok(match class.as_str() {
            "FunctionDef" | "AsyncFunctionDef" => {
                let (decorator_list, range) = self.decorators(vm, node, range)?;
                Stmt::FunctionDef(ast::StmtFunctionDef {
                    node_index,
                    range,
                    is_async: class == "AsyncFunctionDef",
                    decorator_list: decorator_list.into_iter().collect(),
                    name: self.name(vm, node, "name")?,
                    type_params: self.type_parameters(vm, node, range)?,
                    parameters: Box::new(self.one(vm, node, "args", Reader::parameters)?),
                    returns: self.optional_expr(vm, node, "returns")?,
                    body: self.required_body(vm, node, "body")?,
                })
            }
            "ClassDef" => {
                let (decorator_list, range) = self.decorators(vm, node, range)?;
                let arguments = self.arguments(vm, node, "bases", range)?;
                let arguments = (!arguments.is_empty()).then(|| Box::new(arguments));
                let name = self.name(vm, node, "name")?;
                let type_params = self.type_parameters(vm, node, range)?;
                Stmt::ClassDef(ast::StmtClassDef {
                    node_index,
                    range,
                    decorator_list: decorator_list.into_iter().collect(),
                    name,
                    type_params,
                    arguments,
                    body: self.required_body(vm, node, "body")?,
                })
            }
            "Return" => Stmt::Return(ast::StmtReturn { node_index, range, value: self.optional_expr(vm, node, "value")? }),
            "Delete" => Stmt::Delete(ast::StmtDelete { node_index, range, targets: self.exprs(vm, node, "targets")? }),
            "Assign" => {
                Stmt::Assign(ast::StmtAssign { node_index, range, targets: self.exprs(vm, node, "targets")?, value: self.expr(vm, node, "value")? })
            }
            "AugAssign" => Stmt::AugAssign(ast::StmtAugAssign {
                node_index,
                range,
                target: self.expr(vm, node, "target")?,
                op: self.one(vm, node, "op", Reader::operator)?,
                value: self.expr(vm, node, "value")?,
            }),
            "AnnAssign" => Stmt::AnnAssign(ast::StmtAnnAssign {
                node_index,
                range,
                target: self.expr(vm, node, "target")?,
                annotation: self.expr(vm, node, "annotation")?,
                value: self.optional_expr(vm, node, "value")?,
                simple: self.integer(vm, node, "simple")? != 0,
            }),
            "For" | "AsyncFor" => Stmt::For(ast::StmtFor {
                node_index,
                range,
                is_async: class == "AsyncFor",
                target: self.expr(vm, node, "target")?,
                iter: self.expr(vm, node, "iter")?,
                body: self.required_body(vm, node, "body")?,
                orelse: self.body(vm, node, "orelse")?,
            }),
            "While" => Stmt::While(ast::StmtWhile {
                node_index,
                range,
                test: self.expr(vm, node, "test")?,
                body: self.required_body(vm, node, "body")?,
                orelse: self.body(vm, node, "orelse")?,
            }),
            "If" => {
                let test = self.expr(vm, node, "test")?;
                let body = self.required_body(vm, node, "body")?;
                let orelse = self.body(vm, node, "orelse")?;
                let clause = |body| ast::ElifElseClause { range, node_index: AtomicNodeIndex::default(), test: None, body };
                let elif_else_clauses = if orelse.is_empty() { Vec::new() } else { vec![clause(orelse)] };
                Stmt::If(ast::StmtIf { node_index, range, test, body, elif_else_clauses })
            }
            "With" | "AsyncWith" => {
                let items = self.many(vm, node, "items", |this, vm, node| {
                    let context_expr = *this.expr(vm, node, "context_expr")?;
                    Ok(ast::WithItem {
                        range: context_expr.range(),
                        node_index: AtomicNodeIndex::default(),
                        context_expr,
                        optional_vars: this.optional_expr(vm, node, "optional_vars")?,
                    })
                })?;
                if items.is_empty() {
                    return Err(vm.value_error(format!("empty items on {class}")));
                }
                Stmt::With(ast::StmtWith { node_index, range, is_async: class == "AsyncWith", items, body: self.required_body(vm, node, "body")? })
            }
            "Match" => Stmt::Match(ast::StmtMatch {
                node_index,
                range,
                subject: self.expr(vm, node, "subject")?,
                cases: self.many(vm, node, "cases", Reader::case)?,
            }),
            "TypeAlias" => {
                let name = self.expr(vm, node, "name")?;
                if !name.is_name_expr() {
                    return Err(vm.type_error("TypeAlias with non-Name name"));
                }
                Stmt::TypeAlias(ast::StmtTypeAlias {
                    node_index,
                    range,
                    name,
                    type_params: self.type_parameters(vm, node, range)?,
                    value: self.expr(vm, node, "value")?,
                })
            }
            "Raise" => Stmt::Raise(ast::StmtRaise {
                node_index,
                range,
                exc: self.optional_expr(vm, node, "exc")?,
                cause: self.optional_expr(vm, node, "cause")?,
            }),
            "Try" | "TryStar" => {
                let handlers = self.many(vm, node, "handlers", |this, vm, node| {
                    let range = this.range(vm, node, "excepthandler")?;
                    Ok(ast::ExceptHandler::ExceptHandler(ast::ExceptHandlerExceptHandler {
                        range,
                        node_index: AtomicNodeIndex::default(),
                        type_: this.optional_expr(vm, node, "type")?,
                        name: this.optional_name(vm, node, "name")?,
                        body: this.required_body(vm, node, "body")?,
                    }))
                })?;
                let body = self.required_body(vm, node, "body")?;
                let (orelse, finalbody) = (self.body(vm, node, "orelse")?, self.body(vm, node, "finalbody")?);
                if handlers.is_empty() && finalbody.is_empty() {
                    return Err(vm.value_error(format!("{class} has neither except handlers nor finalbody")));
                }
                Stmt::Try(ast::StmtTry { node_index, range, body, handlers, orelse, finalbody, is_star: class == "TryStar" })
            }
            "Assert" => {
                Stmt::Assert(ast::StmtAssert { node_index, range, test: self.expr(vm, node, "test")?, msg: self.optional_expr(vm, node, "msg")? })
            }
            "Import" => Stmt::Import(ast::StmtImport { node_index, range, names: self.many(vm, node, "names", Reader::alias)?, is_lazy: false }),
            "ImportFrom" => {
                let level = self.integer(vm, node, "level")?;
                let Ok(level) = u32::try_from(level) else {
                    return Err(vm.value_error("Negative ImportFrom level"));
                };
                Stmt::ImportFrom(ast::StmtImportFrom {
                    node_index,
                    range,
                    module: self.optional_name(vm, node, "module")?,
                    names: self.many(vm, node, "names", Reader::alias)?,
                    level,
                    is_lazy: false,
                })
            }
            "Global" => Stmt::Global(ast::StmtGlobal { node_index, range, names: self.names(vm, node)? }),
            "Nonlocal" => Stmt::Nonlocal(ast::StmtNonlocal { node_index, range, names: self.names(vm, node)? }),
            "Expr" => Stmt::Expr(ast::StmtExpr { node_index, range, value: self.expr(vm, node, "value")? }),
            "Pass" => Stmt::Pass(ast::StmtPass { node_index, range }),
            "Break" => Stmt::Break(ast::StmtBreak { node_index, range }),
            "Continue" => Stmt::Continue(ast::StmtContinue { node_index, range }),
            _ => return Err(self.unexpected(vm, "stmt", node)),
        })
    }
}
