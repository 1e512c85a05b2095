//! Expressions back to text, as CPython's `ast_unparse.c` writes annotations
//! (`from __future__ import annotations`).

use crate::literal;
use crate::options::Options;
use crate::source::Lines;
use bytecode::Constant;
use ruff_python_ast::{self as ast, CmpOp, Expr, FStringPart, InterpolatedStringElement, Number, Operator, UnaryOp};
use rustpython_wtf8::Wtf8;

/// How tightly operators bind, loosest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Named,
    Tuple,
    Test,
    Or,
    And,
    Not,
    Compare,
    BitOr,
    BitXor,
    BitAnd,
    Shift,
    Arithmetic,
    Term,
    Factor,
    Power,
    Await,
    Atom,
}

impl Level {
    fn next(self) -> Level {
        use Level::*;
        const ALL: [Level; 17] =
            [Named, Tuple, Test, Or, And, Not, Compare, BitOr, BitXor, BitAnd, Shift, Arithmetic, Term, Factor, Power, Await, Atom];
        ALL[(self as usize + 1).min(ALL.len() - 1)]
    }
}

/// The text of an annotation.
pub fn annotation(node: &Expr, lines: &Lines<'_>) -> String {
    write(node, lines, Level::Test)
}

/// The text of an expression.
pub fn expression(node: &Expr, lines: &Lines<'_>) -> String {
    write(node, lines, Level::Test)
}

fn write(node: &Expr, lines: &Lines<'_>, level: Level) -> String {
    let mut unparser = Unparser { out: String::new(), lines };
    unparser.expression(node, level);
    unparser.out
}

struct Unparser<'a> {
    out: String,
    lines: &'a Lines<'a>,
}

impl Unparser<'_> {
    fn push(&mut self, text: &str) {
        self.out.push_str(text);
    }

    fn group(&mut self, parenthesized: bool, work: impl FnOnce(&mut Self)) {
        if parenthesized {
            self.push("(");
        }
        work(self);
        if parenthesized {
            self.push(")");
        }
    }

    fn list<'e>(&mut self, items: impl IntoIterator<Item = &'e Expr>) {
        for (index, item) in items.into_iter().enumerate() {
            if index > 0 {
                self.push(", ");
            }
            self.expression(item, Level::Test);
        }
    }

    fn expression(&mut self, node: &Expr, level: Level) {
        stacker::maybe_grow(64 * 1024, 1024 * 1024, || self.expression_inner(node, level));
    }

    fn expression_inner(&mut self, node: &Expr, level: Level) {
        match node {
            Expr::BoolOp(node) => {
                let (word, own) = if node.op == ast::BoolOp::And { (" and ", Level::And) } else { (" or ", Level::Or) };
                self.group(level > own, |this| {
                    for (index, value) in node.values.iter().enumerate() {
                        if index > 0 {
                            this.push(word);
                        }
                        this.expression(value, own.next());
                    }
                });
            }
            Expr::Named(node) => self.group(level > Level::Named, |this| {
                this.expression(&node.target, Level::Atom);
                this.push(" := ");
                this.expression(&node.value, Level::Atom);
            }),
            Expr::BinOp(node) => self.binary(node, level),
            Expr::UnaryOp(node) => {
                let (word, own) = match node.op {
                    UnaryOp::Invert => ("~", Level::Factor),
                    UnaryOp::Not => ("not ", Level::Not),
                    UnaryOp::UAdd => ("+", Level::Factor),
                    UnaryOp::USub => ("-", Level::Factor),
                };
                self.group(level > own, |this| {
                    this.push(word);
                    this.expression(&node.operand, own);
                });
            }
            Expr::Lambda(node) => self.group(level > Level::Test, |this| {
                this.push("lambda");
                if let Some(parameters) = node.parameters.as_deref().filter(|parameters| !parameters.is_empty()) {
                    this.push(" ");
                    this.parameters(parameters);
                }
                this.push(": ");
                this.expression(&node.body, Level::Test);
            }),
            Expr::If(node) => self.group(level > Level::Test, |this| {
                this.expression(&node.body, Level::Test.next());
                this.push(" if ");
                this.expression(&node.test, Level::Test.next());
                this.push(" else ");
                this.expression(&node.orelse, Level::Test);
            }),
            Expr::Dict(node) => {
                self.push("{");
                for (index, item) in node.items.iter().enumerate() {
                    if index > 0 {
                        self.push(", ");
                    }
                    match &item.key {
                        Some(key) => {
                            self.expression(key, Level::Test);
                            self.push(": ");
                            self.expression(&item.value, Level::Test);
                        }
                        None => {
                            self.push("**");
                            self.expression(&item.value, Level::BitOr);
                        }
                    }
                }
                self.push("}");
            }
            Expr::Set(node) => {
                self.push("{");
                self.list(&node.elts);
                self.push("}");
            }
            Expr::ListComp(node) => self.comprehension("[", &node.elt, None, &node.generators, "]"),
            Expr::SetComp(node) => self.comprehension("{", &node.elt, None, &node.generators, "}"),
            Expr::DictComp(node) => {
                let key = node.key.as_deref().unwrap_or(&node.value);
                self.comprehension("{", key, Some(&node.value), &node.generators, "}");
            }
            Expr::Generator(node) => self.comprehension("(", &node.elt, None, &node.generators, ")"),
            Expr::Await(node) => self.group(level > Level::Await, |this| {
                this.push("await ");
                this.expression(&node.value, Level::Atom);
            }),
            Expr::Yield(node) => {
                self.push("(yield");
                if let Some(value) = &node.value {
                    self.push(" ");
                    self.expression(value, Level::Test);
                }
                self.push(")");
            }
            Expr::YieldFrom(node) => {
                self.push("(yield from ");
                self.expression(&node.value, Level::Test);
                self.push(")");
            }
            Expr::Compare(node) => self.group(level > Level::Compare, |this| {
                this.expression(&node.left, Level::Compare.next());
                for (op, comparator) in node.ops.iter().zip(&*node.comparators) {
                    this.push(comparison(*op));
                    this.expression(comparator, Level::Compare.next());
                }
            }),
            Expr::Call(node) => self.call(node),
            Expr::FString(node) => self.f_string(node),
            Expr::TString(node) => {
                let source = self.lines.slice(node.range);
                self.push(source);
            }
            Expr::StringLiteral(node) => {
                if node.value.is_unicode() {
                    self.push("u");
                }
                let text = literal::string(node, self.lines);
                self.push(&repr_str(&text));
            }
            Expr::BytesLiteral(node) => {
                let bytes: Vec<u8> = node.value.bytes().collect();
                self.push(&repr_bytes(&bytes));
            }
            Expr::NumberLiteral(node) => self.number(node),
            Expr::BooleanLiteral(node) => self.push(if node.value { "True" } else { "False" }),
            Expr::NoneLiteral(_) => self.push("None"),
            Expr::EllipsisLiteral(_) => self.push("..."),
            Expr::Attribute(node) => {
                self.expression(&node.value, Level::Atom);
                if matches!(&*node.value, Expr::NumberLiteral(number) if matches!(number.value, Number::Int(_))) {
                    self.push(" ");
                }
                self.push(".");
                self.push(&node.attr);
            }
            Expr::Subscript(node) => {
                self.expression(&node.value, Level::Atom);
                self.push("[");
                self.expression(&node.slice, Level::Tuple);
                self.push("]");
            }
            Expr::Starred(node) => {
                self.push("*");
                self.expression(&node.value, Level::BitOr);
            }
            Expr::Name(node) => self.push(&node.id),
            Expr::List(node) => {
                self.push("[");
                self.list(&node.elts);
                self.push("]");
            }
            Expr::Tuple(node) => {
                if node.elts.is_empty() {
                    self.push("()");
                    return;
                }
                self.group(level > Level::Tuple, |this| {
                    this.list(&node.elts);
                    if node.elts.len() == 1 {
                        this.push(",");
                    }
                });
            }
            Expr::Slice(node) => {
                if let Some(lower) = &node.lower {
                    self.expression(lower, Level::Test);
                }
                self.push(":");
                if let Some(upper) = &node.upper {
                    self.expression(upper, Level::Test);
                }
                if let Some(step) = &node.step {
                    self.push(":");
                    self.expression(step, Level::Test);
                }
            }
            Expr::IpyEscapeCommand(_) => {}
        }
    }

    fn binary(&mut self, node: &ast::ExprBinOp, level: Level) {
        let (word, own) = match node.op {
            Operator::Add => (" + ", Level::Arithmetic),
            Operator::Sub => (" - ", Level::Arithmetic),
            Operator::Mult => (" * ", Level::Term),
            Operator::MatMult => (" @ ", Level::Term),
            Operator::Div => (" / ", Level::Term),
            Operator::Mod => (" % ", Level::Term),
            Operator::FloorDiv => (" // ", Level::Term),
            Operator::LShift => (" << ", Level::Shift),
            Operator::RShift => (" >> ", Level::Shift),
            Operator::BitOr => (" | ", Level::BitOr),
            Operator::BitXor => (" ^ ", Level::BitXor),
            Operator::BitAnd => (" & ", Level::BitAnd),
            Operator::Pow => (" ** ", Level::Power),
        };
        let right_associative = node.op == Operator::Pow;
        self.group(level > own, |this| {
            this.expression(&node.left, if right_associative { own.next() } else { own });
            this.push(word);
            this.expression(&node.right, if right_associative { own } else { own.next() });
        });
    }

    fn call(&mut self, node: &ast::ExprCall) {
        self.expression(&node.func, Level::Atom);
        if let ([argument @ Expr::Generator(_)], []) = (&*node.arguments.args, &*node.arguments.keywords) {
            self.expression(argument, Level::Test);
            return;
        }
        self.push("(");
        self.list(&*node.arguments.args);
        for (index, keyword) in node.arguments.keywords.iter().enumerate() {
            if index > 0 || !node.arguments.args.is_empty() {
                self.push(", ");
            }
            match &keyword.arg {
                Some(name) => {
                    self.push(name);
                    self.push("=");
                }
                None => self.push("**"),
            }
            self.expression(&keyword.value, Level::Test);
        }
        self.push(")");
    }

    fn comprehension(&mut self, open: &str, element: &Expr, value: Option<&Expr>, generators: &[ast::Comprehension], close: &str) {
        self.push(open);
        self.expression(element, Level::Test);
        if let Some(value) = value {
            self.push(": ");
            self.expression(value, Level::Test);
        }
        for generator in generators {
            self.push(if generator.is_async { " async for " } else { " for " });
            self.expression(&generator.target, Level::Tuple);
            self.push(" in ");
            self.expression(&generator.iter, Level::Test.next());
            for condition in &generator.ifs {
                self.push(" if ");
                self.expression(condition, Level::Test.next());
            }
        }
        self.push(close);
    }

    fn parameters(&mut self, parameters: &ast::Parameters) {
        let mut first = true;
        let mut separate = |this: &mut Self| {
            if !std::mem::replace(&mut first, false) {
                this.push(", ");
            }
        };
        let plain = |this: &mut Self, parameter: &ast::ParameterWithDefault| {
            this.push(&parameter.parameter.name);
            if let Some(default) = &parameter.default {
                this.push("=");
                this.expression(default, Level::Test);
            }
        };
        for (index, parameter) in parameters.posonlyargs.iter().chain(&parameters.args).enumerate() {
            separate(self);
            plain(self, parameter);
            if index + 1 == parameters.posonlyargs.len() {
                self.push(", /");
            }
        }
        if parameters.vararg.is_some() || !parameters.kwonlyargs.is_empty() {
            separate(self);
            self.push("*");
            if let Some(vararg) = &parameters.vararg {
                self.push(&vararg.name);
            }
        }
        for parameter in &parameters.kwonlyargs {
            separate(self);
            plain(self, parameter);
        }
        if let Some(kwarg) = &parameters.kwarg {
            separate(self);
            self.push("**");
            self.push(&kwarg.name);
        }
    }

    fn number(&mut self, node: &ast::ExprNumberLiteral) {
        let text = match &node.value {
            Number::Int(_) => {
                let options = Options { max_int_digits: 0, ..Options::new("") };
                match literal::constant(&Expr::NumberLiteral(node.clone()), self.lines, &options) {
                    Ok(Some(Constant::Int(value))) => value.to_string(),
                    Ok(Some(Constant::BigInt(value))) => value.to_string(),
                    _ => String::new(),
                }
            }
            Number::Float(value) => repr_float(*value),
            Number::Complex { imag, .. } => format!("{}j", repr_float(*imag).trim_end_matches(".0")),
        };
        self.push(&text);
    }

    fn f_string(&mut self, node: &ast::ExprFString) {
        let mut body = Unparser { out: String::new(), lines: self.lines };
        for part in &node.value {
            match part {
                FStringPart::Literal(part) => body.push(&part.value.replace('{', "{{").replace('}', "}}")),
                FStringPart::FString(part) => body.elements(&part.elements),
            }
        }
        let text = body.out;
        self.push("f");
        self.push(&repr_str(text.as_str().as_ref()));
    }

    fn elements(&mut self, elements: &ast::InterpolatedStringElements) {
        for element in elements {
            match element {
                InterpolatedStringElement::Literal(element) => {
                    let text = element.value.replace('{', "{{").replace('}', "}}");
                    self.push(&text);
                }
                InterpolatedStringElement::Interpolation(element) => {
                    if let Some(debug) = &element.debug_text {
                        self.push(debug.as_str());
                    }
                    let inner = write(&element.expression, self.lines, Level::Test.next());
                    self.push(if inner.starts_with('{') { "{ " } else { "{" });
                    self.push(&inner);
                    let conversion = match element.conversion.to_char() {
                        None if element.debug_text.is_some() && element.format_spec.is_none() => Some('r'),
                        conversion => conversion,
                    };
                    if let Some(conversion) = conversion {
                        self.push("!");
                        self.out.push(conversion);
                    }
                    if let Some(spec) = &element.format_spec {
                        self.push(":");
                        self.elements(&spec.elements);
                    }
                    self.push("}");
                }
            }
        }
    }
}

fn comparison(op: CmpOp) -> &'static str {
    match op {
        CmpOp::Eq => " == ",
        CmpOp::NotEq => " != ",
        CmpOp::Lt => " < ",
        CmpOp::LtE => " <= ",
        CmpOp::Gt => " > ",
        CmpOp::GtE => " >= ",
        CmpOp::Is => " is ",
        CmpOp::IsNot => " is not ",
        CmpOp::In => " in ",
        CmpOp::NotIn => " not in ",
    }
}

/// `repr` of a number; `None` for other constants.
pub(crate) fn number(constant: &Constant) -> Option<String> {
    Some(match constant {
        Constant::Int(value) => value.to_string(),
        Constant::BigInt(value) => value.to_string(),
        Constant::Float(value) => repr_float(*value),
        Constant::Complex(real, imaginary) => {
            let short = |value: f64| repr_float(value).trim_end_matches(".0").to_owned();
            if *real == 0.0 && real.is_sign_positive() {
                format!("{}j", short(*imaginary))
            } else {
                let sign = if imaginary.is_sign_negative() { "" } else { "+" };
                format!("({}{sign}{}j)", short(*real), short(*imaginary))
            }
        }
        _ => return None,
    })
}

/// `repr` of a float; infinity is written as a literal too large for one.
fn repr_float(value: f64) -> String {
    if value.is_infinite() {
        return "1e309".to_owned();
    }
    let exponent = if value == 0.0 { 0 } else { format!("{value:e}").split('e').nth(1).and_then(|text| text.parse::<i32>().ok()).unwrap_or(0) };
    if (-4..16).contains(&exponent) {
        return format!("{value:?}").replace("e0", "");
    }
    let text = format!("{value:e}");
    let (digits, _) = text.split_once('e').unwrap_or((&text, ""));
    format!("{digits}e{}{:02}", if exponent < 0 { '-' } else { '+' }, exponent.abs())
}

fn quote_for(has_single: bool, has_double: bool) -> char {
    if has_single && !has_double { '"' } else { '\'' }
}

fn repr_str(text: &Wtf8) -> String {
    let has = |char: char| text.code_points().any(|point| point.to_char() == Some(char));
    let quote = quote_for(has('\''), has('"'));
    let mut out = String::from(quote);
    for point in text.code_points() {
        match point.to_char() {
            None => out.push_str(&format!("\\u{:04x}", point.to_u32())),
            Some(char) if char == quote || char == '\\' => {
                out.push('\\');
                out.push(char);
            }
            Some('\n') => out.push_str("\\n"),
            Some('\r') => out.push_str("\\r"),
            Some('\t') => out.push_str("\\t"),
            Some(char) if (char as u32) < 0x20 || (0x7f..=0xa0).contains(&(char as u32)) || char == '\u{ad}' => {
                out.push_str(&format!("\\x{:02x}", char as u32));
            }
            Some(char) => out.push(char),
        }
    }
    out.push(quote);
    out
}

fn repr_bytes(bytes: &[u8]) -> String {
    let quote = quote_for(bytes.contains(&b'\''), bytes.contains(&b'"'));
    let mut out = format!("b{quote}");
    for &byte in bytes {
        match byte {
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            byte if byte as char == quote || byte == b'\\' => {
                out.push('\\');
                out.push(byte as char);
            }
            0x20..=0x7e => out.push(byte as char),
            _ => out.push_str(&format!("\\x{byte:02x}")),
        }
    }
    out.push(quote);
    out
}
