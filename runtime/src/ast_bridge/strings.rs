//! Formatted strings and templates.
//!
//! Neighbouring literal parts become one constant, and empty ones vanish, as in CPython.

use super::Maker;
use compiler::literal;
use object::{Object, PyResult, Vm};
use ruff_python_ast::str_prefix::{FStringPrefix, TStringPrefix};
use ruff_python_ast::{self as ast, ConversionFlag, FStringPart, InterpolatedElement, InterpolatedStringElement};
use ruff_text_size::{Ranged, TextRange, TextSize};
use rustpython_wtf8::Wtf8Buf;
use stdlib::ast::table::Kind;

/// A part of a string: neighbouring literals are joined.
enum Piece<'a> {
    Text { text: Wtf8Buf, range: TextRange, is_unicode: bool },
    Value(&'a InterpolatedElement),
}

fn push_piece(pieces: &mut Vec<Piece<'_>>, text: Wtf8Buf, range: TextRange, is_unicode: bool) {
    if let Some(Piece::Text { text: last, range: last_range, .. }) = pieces.last_mut() {
        last.push_wtf8(&text);
        *last_range = TextRange::new(last_range.start(), range.end());
    } else {
        pieces.push(Piece::Text { text, range, is_unicode });
    }
}

impl Maker<'_> {
    pub(super) fn formatted_string(&self, vm: &mut Vm, node: &ast::ExprFString) -> PyResult {
        let mut pieces = Vec::new();
        for part in &node.value {
            match part {
                FStringPart::Literal(part) => {
                    let mut text = Wtf8Buf::new();
                    literal::push_text(&mut text, &part.value, part.range, part.flags.prefix().is_raw(), &self.lines);
                    push_piece(&mut pieces, text, part.range, self.has_unicode_prefix(part.range));
                }
                FStringPart::FString(part) => {
                    let raw = matches!(part.flags.prefix(), FStringPrefix::Raw { .. });
                    self.push_elements(&part.elements, raw, &mut pieces);
                }
            }
        }
        self.joined(vm, Kind::JoinedStr, node.range, &pieces)
    }

    pub(super) fn template_string(&self, vm: &mut Vm, node: &ast::ExprTString) -> PyResult {
        let mut pieces = Vec::new();
        for part in &node.value {
            let raw = matches!(part.flags.prefix(), TStringPrefix::Raw { .. });
            self.push_elements(&part.elements, raw, &mut pieces);
        }
        self.joined(vm, Kind::TemplateStr, node.range, &pieces)
    }

    /// Whether a literal starts with `u`.
    pub(super) fn has_unicode_prefix(&self, range: TextRange) -> bool {
        self.lines.slice(range).starts_with('u')
    }

    fn push_elements<'t>(&self, elements: &'t ast::InterpolatedStringElements, raw: bool, pieces: &mut Vec<Piece<'t>>) {
        for element in elements {
            match element {
                InterpolatedStringElement::Literal(element) => {
                    let mut text = Wtf8Buf::new();
                    literal::push_text(&mut text, &element.value, element.range, raw, &self.lines);
                    push_piece(pieces, text, element.range, false);
                }
                InterpolatedStringElement::Interpolation(element) => {
                    if let Some(debug) = &element.debug_text {
                        let start = element.start() + TextSize::from(1);
                        push_piece(pieces, Wtf8Buf::from(debug.as_str()), TextRange::new(start, self.debug_end(element)), false);
                    }
                    pieces.push(Piece::Value(element));
                }
            }
        }
    }

    /// Where the text of `{x=}` ends.
    fn debug_end(&self, element: &InterpolatedElement) -> TextSize {
        let len = element.debug_text.as_ref().map_or(0, |debug| debug.as_str().len());
        let end = element.start() + TextSize::from(1) + TextSize::try_from(len).unwrap_or_default();
        // The end of the whole text counts, not of the expression.
        end.min(element.end())
    }

    fn joined(&self, vm: &mut Vm, kind: Kind, range: TextRange, pieces: &[Piece<'_>]) -> PyResult {
        let pieces = pieces.iter().filter(|piece| !matches!(piece, Piece::Text { text, .. } if text.is_empty()));
        let values = self.list(vm, pieces, |this, vm, piece| match piece {
            Piece::Text { text, range, is_unicode } => {
                let value = vm.new_wtf8(text).into_object();
                let prefix = if *is_unicode { this.name(vm, "u") } else { Object::none() };
                this.node(vm, Kind::Constant, *range, [value, prefix])
            }
            Piece::Value(element) => this.interpolation(vm, element, kind),
        })?;
        self.node(vm, kind, range, [values])
    }

    fn interpolation(&self, vm: &mut Vm, element: &InterpolatedElement, kind: Kind) -> PyResult {
        let value = self.expression(vm, &element.expression)?;
        let conversion = match element.conversion {
            ConversionFlag::None if element.debug_text.is_some() && element.format_spec.is_none() => i64::from(b'r'),
            ConversionFlag::None => -1,
            ConversionFlag::Str => i64::from(b's'),
            ConversionFlag::Ascii => i64::from(b'a'),
            ConversionFlag::Repr => i64::from(b'r'),
        };
        let conversion = Object::small_int(conversion);
        let spec = match &element.format_spec {
            None => Object::none(),
            Some(spec) => {
                let mut pieces = Vec::new();
                self.push_elements(&spec.elements, false, &mut pieces);
                // The colon belongs to it.
                let start = spec.start().checked_sub(TextSize::from(1)).unwrap_or(spec.start());
                self.joined(vm, Kind::JoinedStr, TextRange::new(start, spec.end()), &pieces)?
            }
        };
        if kind == Kind::TemplateStr {
            let text = vm.new_str(self.expression_text(element)).into_object();
            return self.node(vm, Kind::Interpolation, element.range, [value, text, conversion, spec]);
        }
        self.node(vm, Kind::FormattedValue, element.range, [value, conversion, spec])
    }

    /// The source text of an interpolated expression, white space included.
    fn expression_text<'t>(&'t self, element: &'t InterpolatedElement) -> &'t str {
        match &element.debug_text {
            Some(debug) => {
                // After the sign there may be blanks and continued lines.
                let text = debug.as_str().trim_end_matches(|char: char| char.is_whitespace() || char == '\\');
                text.strip_suffix('=').unwrap_or(text)
            }
            None => {
                // Parentheses around the expression are part of the text, but not of its range.
                let end = match (&element.format_spec, element.conversion) {
                    (_, ConversionFlag::Str | ConversionFlag::Ascii | ConversionFlag::Repr) => None,
                    (Some(spec), ConversionFlag::None) => Some(spec.start() - TextSize::from(1)),
                    (None, ConversionFlag::None) => Some(element.end() - TextSize::from(1)),
                };
                let start = element.start() + TextSize::from(1);
                match end {
                    Some(end) => self.lines.slice(TextRange::new(start, end)),
                    None => {
                        let rest = self.lines.slice(TextRange::new(element.expression.end(), element.end()));
                        let len = rest.find('!').unwrap_or(0);
                        let end = element.expression.end() + TextSize::try_from(len).unwrap_or_default();
                        self.lines.slice(TextRange::new(start, end))
                    }
                }
            }
        }
    }
}
