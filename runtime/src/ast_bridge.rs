//! Between the parser's syntax tree and the objects of the module `ast`.
//!
//! [`to_object`] makes nodes of a parsed program, for `compile(..., PyCF_ONLY_AST)`. The parser's
//! tree is shaped differently here and there (decorators belong to a definition's range, `elif` is
//! a clause, strings keep their parts); the objects are as CPython makes them, positions included.

mod expression;
mod from_object;
mod from_pattern;
mod pattern;
mod statement;
mod strings;
mod type_comments;
mod validate;

use bytecode::Constant;
use compiler::source::Lines;
use object::{Object, PyResult, Raised, Ref, Vm};
use parser::{Parsed, Tree};
use ruff_python_ast::{self as ast, Identifier};
use ruff_text_size::{Ranged, TextRange, TextSize};
use stdlib::ast::table::Kind;
use stdlib::ast::{Position, new_node, new_node_at};
use type_comments::TypeComments;

/// The nodes of a parsed program.
///
/// Type comments count if `with_type_comments`; `filename` is for those that stand where none may.
/// Syntax that came after `version` is refused.
pub fn to_object(vm: &mut Vm, parsed: &Parsed, with_type_comments: bool, filename: &str, version: Option<u8>) -> PyResult {
    let comments = if with_type_comments { TypeComments::of(&parsed.source) } else { TypeComments::default() };
    let maker = Maker { lines: Lines::new(&parsed.source), source: &parsed.source, comments, filename, version };
    let made = make(vm, &maker, parsed)?;
    match maker.comments.stray() {
        Some(start) => Err(maker.comment_error(vm, start, "invalid syntax")),
        None => Ok(made),
    }
}

fn make(vm: &mut Vm, maker: &Maker<'_>, parsed: &Parsed) -> PyResult {
    match parsed.tree() {
        Tree::Module(module) => {
            let body = maker.statements(vm, &module.body)?;
            let ignores = maker.list(vm, &maker.comments.ignores, |this, vm, (start, tag)| {
                let line = this.lines.range(TextRange::empty(TextSize::try_from(*start).unwrap_or_default())).line;
                let tag = vm.new_str(tag).into_object();
                new_node(vm, Kind::TypeIgnore, [Object::small_int(i64::from(line)), tag])
            })?;
            new_node(vm, Kind::Module, [body, ignores])
        }
        Tree::Interactive(module) => {
            let body = maker.statements(vm, &module.body)?;
            new_node(vm, Kind::Interactive, [body])
        }
        Tree::Expression(expression) => {
            let body = maker.expression(vm, &expression.body)?;
            new_node(vm, Kind::Expression, [body])
        }
        Tree::FunctionType { arguments, returns } => {
            let arguments = maker.expressions(vm, arguments)?;
            let returns = maker.expression(vm, returns)?;
            new_node(vm, Kind::FunctionType, [arguments, returns])
        }
    }
}

/// A tree made of nodes, with the text its ranges are places in.
pub enum Built {
    Module(ast::ModModule, String),
    Interactive(ast::ModModule, String),
    Expression(ast::ModExpression, String),
}

/// The parser's tree of a `Module`, `Interactive` or `Expression` node; `expected` is the name of the
/// class that the mode of compilation asks for.
pub fn from_object(vm: &mut Vm, tree: Ref<'_>, expected: &str) -> PyResult<Built> {
    let found = tree.class().mro_types().any(|class| class.name() == expected);
    if !found {
        let name = tree.class().name().to_owned();
        return Err(vm.type_error(format!("expected {expected} node, got {name}")));
    }
    let mut reader = from_object::Reader::new(vm, tree)?;
    let node_index = ast::AtomicNodeIndex::default();
    let range = TextRange::default();
    if expected == "Expression" {
        let body = vm.get_attr_str(tree, "body")?;
        let body = Box::new(reader.expression(vm, body.borrow())?);
        validate::expression(vm, &body)?;
        return Ok(Built::Expression(ast::ModExpression { node_index, range, body }, text_of(reader)));
    }
    let body = reader.body(vm, tree, "body")?;
    validate::statements(vm, &body)?;
    let module = ast::ModModule { node_index, range, body };
    Ok(if expected == "Module" { Built::Module(module, text_of(reader)) } else { Built::Interactive(module, text_of(reader)) })
}

fn text_of(reader: from_object::Reader) -> String {
    String::from_utf8_lossy(&reader.text).into_owned()
}

/// Makes nodes.
struct Maker<'a> {
    lines: Lines<'a>,
    source: &'a str,
    comments: TypeComments,
    filename: &'a str,
    version: Option<u8>,
}

impl<'a> Maker<'a> {
    /// The type comment behind `from`, or `None`.
    fn type_comment(&self, vm: &Vm, from: TextSize, suits: fn(&str) -> bool) -> Object {
        match self.comments.take(self.source, from.to_usize(), suits) {
            Some(text) => vm.new_str(&text).into_object(),
            None => Object::none(),
        }
    }

    /// Refuses what is new in a later version than the one asked for.
    fn require(&self, vm: &mut Vm, minor: u8, what: &str, at: TextRange) -> PyResult<()> {
        if self.version.is_none_or(|version| version >= minor) {
            return Ok(());
        }
        let message = format!("{what} only supported in Python 3.{minor} and greater");
        Err(self.comment_error(vm, at.start().to_usize(), &message))
    }

    /// An error at a place, and what stands there.
    fn comment_error(&self, vm: &mut Vm, start: usize, message: &str) -> Raised {
        let span = self.lines.range(TextRange::empty(TextSize::try_from(start).unwrap_or_default()));
        let text = self.source.lines().nth((span.line.max(1) - 1) as usize).unwrap_or("");
        let column = span.column + 1;
        let error = parser::SyntaxError {
            message: message.to_owned(),
            location: Some(parser::ErrorLocation { line: span.line, column, end: Some((span.line, text.chars().count() as i32 + 1)) }),
            text: Some(text.to_owned()),
            ..parser::SyntaxError::BLANK
        };
        crate::compile::raise_syntax_error(vm, &error, self.filename)
    }

    fn position(&self, range: TextRange) -> Position {
        let span = self.lines.range(range);
        Position { line: span.line, column: span.column, end_line: span.end_line, end_column: span.end_column }
    }

    fn node(&self, vm: &mut Vm, kind: Kind, range: TextRange, values: impl IntoIterator<Item = Object>) -> PyResult {
        new_node_at(vm, kind, self.position(range), values)
    }

    /// A list of what `each` makes of the items.
    fn list<T>(&self, vm: &mut Vm, items: impl IntoIterator<Item = T>, mut each: impl FnMut(&Self, &mut Vm, T) -> PyResult) -> PyResult {
        let mut objects = Vec::new();
        for item in items {
            objects.push(each(self, vm, item)?);
        }
        Ok(vm.new_list(objects).into_object())
    }

    fn identifier(&self, vm: &Vm, identifier: &Identifier) -> Object {
        self.name(vm, identifier.as_str())
    }

    fn name(&self, vm: &Vm, name: &str) -> Object {
        vm.intern(name).to_owned()
    }

    fn optional_identifier(&self, vm: &Vm, identifier: Option<&Identifier>) -> Object {
        identifier.map_or(Object::none(), |identifier| self.identifier(vm, identifier))
    }

    fn identifiers(&self, vm: &Vm, identifiers: &[Identifier]) -> Object {
        let names = identifiers.iter().map(|identifier| self.identifier(vm, identifier)).collect();
        vm.new_list(names).into_object()
    }

    fn optional_expression(&self, vm: &mut Vm, expression: Option<&ast::Expr>) -> PyResult {
        match expression {
            Some(expression) => self.expression(vm, expression),
            None => Ok(Object::none()),
        }
    }

    fn expressions(&self, vm: &mut Vm, expressions: &[ast::Expr]) -> PyResult {
        self.list(vm, expressions, |this, vm, expression| this.expression(vm, expression))
    }

    fn parameters(&self, vm: &mut Vm, parameters: Option<&ast::Parameters>) -> PyResult {
        let empty = ast::Parameters::default();
        let parameters = parameters.unwrap_or(&empty);
        let plain = |this: &Self, vm: &mut Vm, parameter: &ast::ParameterWithDefault| this.parameter(vm, &parameter.parameter, parameter.end());
        if let Some(first) = parameters.posonlyargs.first() {
            self.require(vm, 8, "Positional-only parameters are", first.range())?;
        }
        let positional_only = self.list(vm, &parameters.posonlyargs, plain)?;
        let positional = self.list(vm, &parameters.args, plain)?;
        let star = self.optional_parameter(vm, parameters.vararg.as_deref())?;
        if let (None, Some(first)) = (&parameters.vararg, parameters.kwonlyargs.first()) {
            let before = parameters.posonlyargs.iter().chain(&parameters.args).last().map_or(parameters.start(), |parameter| parameter.end());
            if let Some(start) = self.comments.within(before.to_usize()..first.start().to_usize()) {
                return Err(self.comment_error(vm, start, "bare * has associated type comment"));
            }
        }
        let keyword_only = self.list(vm, &parameters.kwonlyargs, plain)?;
        let keyword_defaults = self.list(vm, &parameters.kwonlyargs, |this, vm, parameter| this.optional_expression(vm, parameter.default()))?;
        let keywords = self.optional_parameter(vm, parameters.kwarg.as_deref())?;
        let defaults = parameters.posonlyargs.iter().chain(&parameters.args).filter_map(|parameter| parameter.default());
        let defaults = self.list(vm, defaults, |this, vm, default| this.expression(vm, default))?;
        new_node(vm, Kind::arguments, [positional_only, positional, star, keyword_only, keyword_defaults, keywords, defaults])
    }

    fn optional_parameter(&self, vm: &mut Vm, parameter: Option<&ast::Parameter>) -> PyResult {
        match parameter {
            Some(parameter) => self.parameter(vm, parameter, parameter.end()),
            None => Ok(Object::none()),
        }
    }

    fn parameter(&self, vm: &mut Vm, parameter: &ast::Parameter, end: TextSize) -> PyResult {
        let name = self.identifier(vm, &parameter.name);
        let annotation = self.optional_expression(vm, parameter.annotation())?;
        // The star of a variadic parameter is not part of it.
        let range = TextRange::new(parameter.name.start(), parameter.end());
        let comment = self.type_comment(vm, end, type_comments::after_parameter);
        self.node(vm, Kind::arg, range, [name, annotation, comment])
    }

    fn keyword(&self, vm: &mut Vm, keyword: &ast::Keyword) -> PyResult {
        let name = self.optional_identifier(vm, keyword.arg.as_ref());
        let value = self.expression(vm, &keyword.value)?;
        self.node(vm, Kind::keyword, keyword.range, [name, value])
    }

    fn type_parameters(&self, vm: &mut Vm, parameters: Option<&ast::TypeParams>) -> PyResult {
        if let Some(parameters) = parameters {
            self.require(vm, 12, "Type parameter lists are", parameters.range)?;
            if let Some(default) = parameters.type_params.iter().find(|parameter| parameter.default().is_some()) {
                self.require(vm, 13, "Type parameter defaults are", default.range())?;
            }
        }
        let parameters = parameters.map_or(&[][..], |parameters| &parameters.type_params);
        self.list(vm, parameters, |this, vm, parameter| match parameter {
            ast::TypeParam::TypeVar(node) => {
                let name = this.identifier(vm, &node.name);
                let bound = this.optional_expression(vm, node.bound.as_deref())?;
                let default = this.optional_expression(vm, node.default.as_deref())?;
                this.node(vm, Kind::TypeVar, node.range, [name, bound, default])
            }
            ast::TypeParam::ParamSpec(node) => {
                let name = this.identifier(vm, &node.name);
                let default = this.optional_expression(vm, node.default.as_deref())?;
                this.node(vm, Kind::ParamSpec, node.range, [name, default])
            }
            ast::TypeParam::TypeVarTuple(node) => {
                let name = this.identifier(vm, &node.name);
                let default = this.optional_expression(vm, node.default.as_deref())?;
                this.node(vm, Kind::TypeVarTuple, node.range, [name, default])
            }
        })
    }

    /// A constant as an object; those of the syntax tree have no code or tuples in them.
    fn constant(&self, vm: &mut Vm, constant: Constant) -> PyResult {
        Ok(match constant {
            Constant::None => Object::none(),
            Constant::True => Object::bool(true),
            Constant::False => Object::bool(false),
            Constant::Ellipsis => Object::ellipsis(),
            Constant::Int(value) => vm.new_int(value),
            Constant::BigInt(value) => vm.new_bigint(value),
            Constant::Float(value) => vm.new_float(value),
            Constant::Complex(real, imaginary) => {
                let builtins = vm.import("builtins")?;
                let (real, imaginary) = (vm.new_float(real), vm.new_float(imaginary));
                return vm.call_method(builtins.borrow(), "complex", &[real.borrow(), imaginary.borrow()]);
            }
            Constant::Str(text) => vm.new_wtf8(&text).into_object(),
            Constant::Bytes(data) => vm.new_bytes(&data).into_object(),
            Constant::Tuple(_) | Constant::FrozenSet(_) | Constant::Slice(_) | Constant::Code(_) => {
                return Err(vm.system_error("unexpected constant in a syntax tree"));
            }
        })
    }
}
