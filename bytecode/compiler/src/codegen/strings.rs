//! f-strings, t-strings and `'...' % (...)`.

use super::expression::STACK_GUIDELINE;
use super::{Compiler, Result};
use crate::literal;
use crate::source::Span;
use bytecode::{Constant, Opcode as O};
use ruff_python_ast::{self as ast, ConversionFlag, Expr, FStringPart, InterpolatedElement, InterpolatedStringElement, Operator};
use ruff_text_size::{Ranged, TextRange, TextSize};
use rustpython_wtf8::Wtf8Buf;

/// A part of an f-string or t-string, neighbouring literals joined.
enum Piece<'a> {
    Text(Wtf8Buf, TextRange),
    Value(&'a InterpolatedElement),
}

/// A part of a `%` format.
enum Format {
    Text(String),
    /// Conversion and format specification.
    Value(char, String),
}

impl<'a> Compiler<'a> {
    pub fn f_string(&mut self, node: &'a ast::ExprFString, span: Span) -> Result {
        let mut pieces = Vec::new();
        for part in &node.value {
            match part {
                FStringPart::Literal(part) => {
                    let mut text = Wtf8Buf::new();
                    literal::push_text(&mut text, &part.value, part.range, part.flags.prefix().is_raw(), self.lines);
                    push_text(&mut pieces, text, part.range);
                }
                FStringPart::FString(part) => {
                    self.pieces(&part.elements, matches!(part.flags.prefix(), ast::str_prefix::FStringPrefix::Raw { .. }), &mut pieces)
                }
            }
        }
        self.joined(pieces, span)
    }

    fn pieces(&self, elements: &'a ast::InterpolatedStringElements, raw: bool, pieces: &mut Vec<Piece<'a>>) {
        for element in elements {
            match element {
                InterpolatedStringElement::Literal(element) => {
                    let mut text = Wtf8Buf::new();
                    literal::push_text(&mut text, &element.value, element.range, raw, self.lines);
                    push_text(pieces, text, element.range);
                }
                InterpolatedStringElement::Interpolation(element) => {
                    if let Some(debug) = &element.debug_text {
                        let start = element.range.start();
                        let length = TextSize::try_from(debug.as_str().len() + 1).unwrap_or_default();
                        let own = if matches!(pieces.last(), Some(Piece::Text(..))) { 0 } else { 1 };
                        let start = start + TextSize::from(own);
                        push_text(pieces, without_comments(debug.as_str()).into(), TextRange::at(start, length - TextSize::from(own)));
                    }
                    pieces.push(Piece::Value(element));
                }
            }
        }
    }

    fn joined(&mut self, pieces: Vec<Piece<'a>>, span: Span) -> Result {
        let pieces: Vec<Piece<'a>> = pieces.into_iter().filter(|piece| !matches!(piece, Piece::Text(text, _) if text.is_empty())).collect();
        let count = pieces.len();
        if count == 0 {
            self.load_text(span, "");
            return Ok(());
        }
        let big = count > STACK_GUIDELINE;
        if big {
            // `''.join([...])`
            self.load_text(span, "");
            let join = self.unit.name_index("join");
            self.op_arg(span, O::LoadAttr, join << 1 | 1);
            self.op_arg(span, O::BuildList, 0);
        }
        for piece in pieces {
            match piece {
                Piece::Text(text, range) => self.load_constant(self.lines.range(range), Constant::Str(text)),
                Piece::Value(element) => self.formatted(element)?,
            }
            if big {
                self.op_arg(span, O::ListAppend, 1);
            }
        }
        if big {
            self.op_arg(span, O::Call, 1);
        } else if count > 1 {
            self.op_arg(span, O::BuildString, count as u32);
        }
        Ok(())
    }

    fn conversion(element: &InterpolatedElement) -> u32 {
        match element.conversion {
            ConversionFlag::Str => 1,
            ConversionFlag::Repr => 2,
            ConversionFlag::Ascii => 3,
            // `{x=}` shows the repr unless a format is given.
            ConversionFlag::None => u32::from(element.debug_text.is_some() && element.format_spec.is_none()) * 2,
        }
    }

    fn formatted(&mut self, element: &'a InterpolatedElement) -> Result {
        let span = self.span(element);
        self.expression(&element.expression)?;
        let conversion = Self::conversion(element);
        if conversion != 0 {
            self.op_arg(span, O::ConvertValue, conversion);
        }
        match &element.format_spec {
            Some(spec) => {
                self.format_spec(spec)?;
                self.op(span, O::FormatWithSpec);
            }
            None => self.op(span, O::FormatSimple),
        }
        Ok(())
    }

    fn format_spec(&mut self, spec: &'a ast::InterpolatedStringFormatSpec) -> Result {
        let mut pieces = Vec::new();
        self.pieces(&spec.elements, false, &mut pieces);
        // The colon belongs to it.
        let range = spec.range();
        let start = range.start().checked_sub(TextSize::from(1)).unwrap_or(range.start());
        self.nested(|this| this.joined(pieces, this.lines.range(TextRange::new(start, range.end()))))
    }

    pub fn t_string(&mut self, node: &'a ast::ExprTString, span: Span) -> Result {
        let mut pieces = Vec::new();
        for part in &node.value {
            self.pieces(&part.elements, matches!(part.flags.prefix(), ast::str_prefix::TStringPrefix::Raw { .. }), &mut pieces);
        }
        // A string before, between and after all interpolations.
        let mut strings = 0;
        let mut after_text = false;
        for piece in &pieces {
            match piece {
                Piece::Text(text, range) => {
                    self.load_constant(self.lines.range(*range), Constant::Str(text.clone()));
                    after_text = true;
                    strings += 1;
                }
                Piece::Value(_) => {
                    if !std::mem::replace(&mut after_text, false) {
                        self.load_text(span, "");
                        strings += 1;
                    }
                }
            }
        }
        if !after_text {
            self.load_text(span, "");
            strings += 1;
        }
        self.op_arg(span, O::BuildTuple, strings);
        let mut values = 0;
        for piece in pieces {
            if let Piece::Value(element) = piece {
                self.template_interpolation(element)?;
                values += 1;
            }
        }
        self.op_arg(span, O::BuildTuple, values);
        self.op(span, O::BuildTemplate);
        Ok(())
    }

    fn template_interpolation(&mut self, element: &'a InterpolatedElement) -> Result {
        let span = self.span(element);
        self.expression(&element.expression)?;
        let text = self.interpolation_text(element);
        self.load_text(span, &text);
        let mut arg = 2;
        if let Some(spec) = &element.format_spec {
            arg |= 1;
            self.format_spec(spec)?;
        }
        arg |= Self::conversion(element) << 2;
        self.op_arg(span, O::BuildInterpolation, arg);
        Ok(())
    }

    /// The source of the expression between the braces.
    fn interpolation_text(&self, element: &InterpolatedElement) -> String {
        // In a tree that a program made, the index says where in the source the text is, with a zero behind it.
        if let Some(start) = element.node_index.load().as_u32() {
            let text = self.lines.rest(start);
            return text.split('\0').next().unwrap_or_default().to_owned();
        }
        if let Some(debug) = &element.debug_text {
            let text = without_comments(debug.as_str());
            // After the sign there may be blanks and continued lines.
            let text = text.trim_end_matches(|char: char| char.is_whitespace() || char == '\\');
            return text.strip_suffix('=').unwrap_or(text).to_owned();
        }
        let source = self.lines.slice(element.range);
        let inner = source.strip_prefix('{').unwrap_or(source);
        let used = element.expression.range().end().to_usize().saturating_sub(element.range.start().to_usize() + 1);
        // Closing parentheses around the expression belong to it, comments do not.
        let before = without_comments(inner.get(..used).unwrap_or(inner));
        let rest = without_comments(inner.get(used..).unwrap_or(""));
        let extra = rest.find(['!', ':', '}']).unwrap_or(0);
        before + &rest[..extra]
    }

    /// `'%s ...' % (a, b)` with a constant format becomes an f-string.
    pub fn format_operator(&mut self, node: &'a ast::ExprBinOp, span: Span) -> Result<bool> {
        let (Operator::Mod, Expr::StringLiteral(left), Expr::Tuple(right)) = (node.op, &*node.left, &*node.right) else { return Ok(false) };
        if right.elts.iter().any(Expr::is_starred_expr) {
            return Ok(false);
        }
        let text = literal::string(left, self.lines);
        let Ok(text) = text.as_str() else { return Ok(false) };
        let Some(formats) = parse_format(text) else { return Ok(false) };
        let values = formats.iter().filter(|format| matches!(format, Format::Value(..))).count();
        if values != right.elts.len() || formats.len() > STACK_GUIDELINE {
            return Ok(false);
        }
        let mut elements = right.elts.iter();
        let count = formats.len();
        if count == 0 {
            self.load_text(span, "");
            return Ok(true);
        }
        for format in formats {
            match format {
                Format::Text(text) => self.load_text(Span::NONE, &text),
                Format::Value(conversion, spec) => {
                    let Some(element) = elements.next() else { continue };
                    let at = self.span(element);
                    self.expression(element)?;
                    let conversion = match conversion {
                        's' => 1,
                        'r' => 2,
                        _ => 3,
                    };
                    self.op_arg(at, O::ConvertValue, conversion);
                    if spec.is_empty() {
                        self.op(at, O::FormatSimple);
                    } else {
                        self.load_text(at, &spec);
                        self.op(at, O::FormatWithSpec);
                    }
                }
            }
        }
        if count > 1 {
            self.op_arg(span, O::BuildString, count as u32);
        }
        Ok(true)
    }
}

fn push_text<'a>(pieces: &mut Vec<Piece<'a>>, text: Wtf8Buf, range: TextRange) {
    if text.is_empty() {
        return;
    }
    if let Some(Piece::Text(last, last_range)) = pieces.last_mut() {
        last.push_wtf8(&text);
        *last_range = last_range.cover(range);
    } else {
        pieces.push(Piece::Text(text, range));
    }
}

/// Source text without its comments; `#` in a string begins none.
fn without_comments(source: &str) -> String {
    let mut out = String::with_capacity(source.len());
    let mut quote = None;
    let mut chars = source.chars();
    while let Some(char) = chars.next() {
        match (quote, char) {
            (None, '#') => {
                if chars.by_ref().any(|char| char == '\n') {
                    out.push('\n');
                }
                continue;
            }
            (None, '"' | '\'') => quote = Some(char),
            (Some(open), _) if open == char => quote = None,
            (Some(_), '\\') => {
                out.push(char);
                out.extend(chars.next());
                continue;
            }
            _ => {}
        }
        out.push(char);
    }
    out
}

/// The parts of a `%` format of `%s`, `%r` and `%a` only.
fn parse_format(text: &str) -> Option<Vec<Format>> {
    let mut out = Vec::new();
    let mut literal = String::new();
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        if char != '%' {
            literal.push(char);
            continue;
        }
        if chars.peek() == Some(&'%') {
            chars.next();
            literal.push('%');
            continue;
        }
        let left = chars.next_if_eq(&'-').is_some();
        let digits = |chars: &mut std::iter::Peekable<std::str::Chars<'_>>| {
            let mut digits = String::new();
            while let Some(digit) = chars.next_if(char::is_ascii_digit) {
                digits.push(digit);
            }
            digits
        };
        let width = digits(&mut chars);
        if width.starts_with('0') || width.len() > 2 {
            return None;
        }
        let mut spec = String::new();
        if !width.is_empty() {
            if !left {
                spec.push('>');
            }
            spec.push_str(&width);
        }
        if chars.next_if_eq(&'.').is_some() {
            let precision = digits(&mut chars);
            if precision.len() > 2 {
                return None;
            }
            spec.push('.');
            spec.push_str(if precision.is_empty() { "0" } else { &precision });
        }
        let conversion = chars.next().filter(|char| matches!(char, 's' | 'r' | 'a'))?;
        if !literal.is_empty() {
            out.push(Format::Text(std::mem::take(&mut literal)));
        }
        out.push(Format::Value(conversion, spec));
    }
    if !literal.is_empty() {
        out.push(Format::Text(literal));
    }
    Some(out)
}
