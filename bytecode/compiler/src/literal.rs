//! Values of literals, as constants.

use crate::error::CompileError;
use crate::options::Options;
use crate::source::{Lines, Span};
use bytecode::Constant;
use num_bigint::BigInt;
use ruff_python_ast::{self as ast, Expr};
use ruff_text_size::{Ranged, TextRange};
use rustpython_wtf8::{CodePoint, Wtf8Buf};

/// Whether the expression is one of CPython's `Constant` nodes.
pub(crate) fn is_constant(expression: &Expr) -> bool {
    match expression {
        Expr::StringLiteral(_)
        | Expr::BytesLiteral(_)
        | Expr::NumberLiteral(_)
        | Expr::BooleanLiteral(_)
        | Expr::NoneLiteral(_)
        | Expr::EllipsisLiteral(_) => true,
        Expr::Name(node) => &node.id == "__debug__" && node.ctx.is_load(),
        _ => false,
    }
}

/// The value of a literal; `None` for any other expression.
pub fn constant(expression: &Expr, lines: &Lines<'_>, options: &Options<'_>) -> Result<Option<Constant>, CompileError> {
    Ok(Some(match expression {
        Expr::StringLiteral(node) => Constant::Str(string(node, lines)),
        Expr::BytesLiteral(node) => Constant::Bytes(node.value.bytes().collect()),
        Expr::NumberLiteral(node) => number(node, lines, options)?,
        Expr::BooleanLiteral(node) => crate::flow::boolean(node.value),
        Expr::NoneLiteral(_) => Constant::None,
        Expr::EllipsisLiteral(_) => Constant::Ellipsis,
        Expr::Name(node) if &node.id == "__debug__" && node.ctx.is_load() => crate::flow::boolean(options.optimize == 0),
        _ => return Ok(None),
    }))
}

/// The value of a string literal, all its parts joined.
pub fn string(node: &ast::ExprStringLiteral, lines: &Lines<'_>) -> Wtf8Buf {
    let mut out = Wtf8Buf::new();
    for part in &node.value {
        push_text(&mut out, &part.value, part.range, part.flags.prefix().is_raw(), lines);
    }
    out
}

/// Appends a literal's text. The parser replaces lone surrogates, so the source decides about those.
pub fn push_text(out: &mut Wtf8Buf, value: &str, range: TextRange, raw: bool, lines: &Lines<'_>) {
    let source = lines.slice(range);
    let suspicious = !raw && value.contains('\u{fffd}') && source.contains('\\');
    if !suspicious {
        out.push_str(value);
        return;
    }
    // Every escape stands for one character of the value, but a joined line stands for none.
    let start = source.find(value.chars().next().unwrap_or(' ')).filter(|_| !source.starts_with(['"', '\'', 'u', 'U', 'f', 'F', 't', 'T']));
    let body = match start {
        Some(_) => source,
        None => strip_quotes(source),
    };
    let mut source = body.chars().peekable();
    let mut values = value.chars();
    while let Some(char) = source.next() {
        if char != '\\' {
            if let ('{' | '}', Some(next)) = (char, source.peek())
                && *next == char
                && values.as_str().starts_with(char)
            {
                source.next();
            }
            out.extend(values.next().map(CodePoint::from_char));
            continue;
        }
        match source.next() {
            Some('\n') => {}
            Some('\r') => {
                if source.peek() == Some(&'\n') {
                    source.next();
                }
            }
            Some(escape @ ('u' | 'U' | 'x')) => {
                let length = match escape {
                    'x' => 2,
                    'u' => 4,
                    _ => 8,
                };
                let digits: String = source.by_ref().take(length).collect();
                let plain = values.next();
                match u32::from_str_radix(&digits, 16).ok().and_then(CodePoint::from_u32) {
                    Some(point) if point.to_char().is_none() => out.push(point),
                    _ => out.extend(plain.map(CodePoint::from_char)),
                }
            }
            Some('N') => {
                for char in source.by_ref() {
                    if char == '}' {
                        break;
                    }
                }
                out.extend(values.next().map(CodePoint::from_char));
            }
            Some('0'..='7') => {
                for _ in 0..2 {
                    if matches!(source.peek(), Some('0'..='7')) {
                        source.next();
                    }
                }
                out.extend(values.next().map(CodePoint::from_char));
            }
            Some('\\' | '\'' | '"' | 'a' | 'b' | 'f' | 'n' | 'r' | 't' | 'v') => out.extend(values.next().map(CodePoint::from_char)),
            Some(_) => {
                out.extend(values.next().map(CodePoint::from_char));
                out.extend(values.next().map(CodePoint::from_char));
            }
            None => break,
        }
    }
}

fn strip_quotes(source: &str) -> &str {
    let body = source.trim_start_matches(|char: char| char.is_ascii_alphabetic());
    for quotes in ["\"\"\"", "'''", "\"", "'"] {
        if let Some(inner) = body.strip_prefix(quotes) {
            return inner.strip_suffix(quotes).unwrap_or(inner);
        }
    }
    body
}

fn number(node: &ast::ExprNumberLiteral, lines: &Lines<'_>, options: &Options<'_>) -> Result<Constant, CompileError> {
    match &node.value {
        ast::Number::Int(value) => match value.as_i64() {
            Some(value) => Ok(Constant::Int(value)),
            None => big_int(&value.to_string(), lines.range(node.range()), options),
        },
        ast::Number::Float(value) => Ok(Constant::Float(*value)),
        ast::Number::Complex { real, imag } => Ok(Constant::Complex(*real, *imag)),
    }
}

fn big_int(token: &str, span: Span, options: &Options<'_>) -> Result<Constant, CompileError> {
    let token: String = token.chars().filter(|&char| char != '_').collect();
    let (digits, radix) = match token.get(..2) {
        Some("0x" | "0X") => (&token[2..], 16),
        Some("0o" | "0O") => (&token[2..], 8),
        Some("0b" | "0B") => (&token[2..], 2),
        _ => (token.as_str(), 10),
    };
    if radix == 10 && options.max_int_digits != 0 && digits.len() > options.max_int_digits {
        let message = format!(
            "Exceeds the limit ({} digits) for integer string conversion: value has {} digits; use sys.set_int_max_str_digits() to \
             increase the limit - Consider hexadecimal for huge integer literals to avoid decimal conversion limits.",
            options.max_int_digits,
            digits.len(),
        );
        return Err(CompileError::syntax(message, Span::whole_line(span.line)));
    }
    match BigInt::parse_bytes(digits.as_bytes(), radix) {
        Some(value) => Ok(crate::flow::integer(value)),
        None => Err(CompileError::syntax("invalid decimal literal", span)),
    }
}

/// The indentation of a docstring removed, as the compiler does since 3.13.
pub(crate) fn clean_docstring(text: &Wtf8Buf) -> Wtf8Buf {
    let points: Vec<CodePoint> = expand_tabs(text);
    let is = |point: &CodePoint, char: char| point.to_char() == Some(char);
    let lines: Vec<&[CodePoint]> = points.split(|point| is(point, '\n')).collect();
    let indent_of = |line: &[CodePoint]| line.iter().position(|point| !is(point, ' '));
    let margin = lines.iter().skip(1).filter_map(|line| indent_of(line)).min().unwrap_or(0);
    let mut out = Wtf8Buf::new();
    for (index, line) in lines.iter().enumerate() {
        let skip = if index == 0 { indent_of(line).unwrap_or(line.len()) } else { margin.min(indent_of(line).unwrap_or(line.len())) };
        if index > 0 {
            out.push_str("\n");
        }
        out.extend(line[skip.min(line.len())..].iter().copied());
    }
    out
}

fn expand_tabs(text: &Wtf8Buf) -> Vec<CodePoint> {
    let mut out = Vec::new();
    let mut column = 0;
    for point in text.code_points() {
        match point.to_char() {
            Some('\t') => {
                let spaces = 8 - column % 8;
                out.extend(std::iter::repeat_n(CodePoint::from_char(' '), spaces));
                column += spaces;
            }
            other => {
                column = if matches!(other, Some('\n' | '\r')) { 0 } else { column + 1 };
                out.push(point);
            }
        }
    }
    out
}
