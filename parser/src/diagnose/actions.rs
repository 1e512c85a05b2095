//! What rules of the grammar do beyond matching.

use super::grammar::NodeKind;
use super::machine::{Machine, Matched, Names, Node, NodeId, column_in};
use super::strings;
use super::tokenizer::Kind;
use super::{Failure, Origin};
use crate::error::{ErrorKind, ErrorLocation};

/// Where an error is.
#[derive(Clone, Copy)]
pub(super) enum Place {
    Last,
    Next,
    Indent,
    At(u8),
    From(u8),
    Range(u8, u8),
}

/// An error as the grammar has it; its text may name what was matched.
pub(super) struct Error {
    pub(super) place: Place,
    pub(super) message: String,
}

macro_rules! define_specials {
    ($($name:literal => $Variant:ident,)*) => {
        /// An action that is code.
        #[derive(Clone, Copy)]
        pub(super) enum Special { $($Variant,)* }

        impl Special {
            pub(super) fn named(name: &str) -> Option<Special> {
                match name { $($name => Some(Special::$Variant),)* _ => None }
            }
        }
    };
}

define_specials! {
    "fail" => Fail,
    "flat" => Flat,
    "args" => Args,
    "primary" => Primary,
    "real" => Real,
    "imaginary" => Imaginary,
    "strings" => Strings,
    "string" => String,
    "joined" => Joined,
    "template" => Template,
    "literal" => Literal,
    "conversion" => Conversion,
    "assign_target" => AssignTarget,
    "for_target" => ForTarget,
    "delete_target" => DeleteTarget,
    "type_var_tuple" => TypeVarTuple,
    "param_spec" => ParamSpec,
    "not_equal" => NotEqual,
    "less_greater" => LessGreater,
    "flufl" => Flufl,
    "string_mix" => StringMix,
    "inside_string" => InsideString,
    "forgotten_comma" => ForgottenComma,
    "legacy" => Legacy,
    "key_without_colon" => KeyWithoutColon,
    "bare_generator" => BareGenerator,
    "positional_after_keyword" => PositionalAfterKeyword,
}

/// What a target is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum TargetUse {
    Assign,
    For,
    Delete,
}

impl Machine<'_> {
    pub(super) fn special(&mut self, special: Special, start: usize, names: &Names) -> Matched {
        let &[a, b, _] = names;
        match special {
            Special::Fail => Ok(None),
            Special::Flat | Special::Args => {
                let children = [a, b].into_iter().flatten();
                Ok(Some(self.make(NodeKind::Sequence, start, children)))
            }
            Special::Primary => Ok(self.primary(start, a, b)),
            Special::Real => self.complex_part(a, "real number required in complex literal", false),
            Special::Imaginary => self.complex_part(a, "imaginary number required in complex literal", true),
            Special::Strings => self.strings(start, a),
            Special::String => self.string(a),
            Special::Joined => self.interpolated(NodeKind::JoinedStr, start, a),
            Special::Template => self.interpolated(NodeKind::TemplateStr, start, a),
            Special::Literal => self.literal(a),
            Special::Conversion => self.conversion(start, a, b),
            Special::AssignTarget => self.bad_target(a, TargetUse::Assign),
            Special::ForTarget => self.bad_target(a, TargetUse::For),
            Special::DeleteTarget => self.bad_target(a, TargetUse::Delete),
            Special::TypeVarTuple => self.bad_bound(a, b, "TypeVarTuple"),
            Special::ParamSpec => self.bad_bound(a, b, "ParamSpec"),
            Special::NotEqual if self.is_flufl() => self.between(a, a, "with Barry as BDFL, use '<>' instead of '!='"),
            Special::NotEqual => Ok(Some(self.make(NodeKind::Other, start, None))),
            Special::LessGreater | Special::Flufl => {
                let adjacent = self.range(start).1 == self.range(start + 1).0;
                let wanted = matches!(special, Special::Flufl);
                if !adjacent || self.is_flufl() != wanted {
                    return Ok(None);
                }
                if wanted {
                    return Ok(Some(self.make(NodeKind::Other, start, None)));
                }
                self.between(a, b, "invalid syntax.  Maybe you meant '!=' instead of '<>'?")
            }
            Special::StringMix => {
                let last = a.and_then(|id| self.node(id).children.last().copied());
                self.between(last, b, "cannot mix t-string literals with string or bytes literals")
            }
            Special::InsideString => self.between(b, b, "invalid syntax. Is this intended to be part of the string?"),
            Special::ForgottenComma => self.forgotten_comma(a, b),
            Special::Legacy => self.legacy(a, b),
            Special::KeyWithoutColon => self.key_without_colon(a),
            Special::BareGenerator => self.bare_generator(a, b),
            Special::PositionalAfterKeyword => self.positional_after_keyword(a),
        }
    }

    pub(super) fn error(&mut self, error: &Error, names: &Names) -> Failure {
        let message = self.filled(&error.message, names);
        let named = |name: u8| names[usize::from(name - b'a')];
        let tokens = |machine: &Self, id: Option<NodeId>| id.map_or((0, 0), |id| (machine.node(id).first, machine.node(id).last));
        match error.place {
            Place::Last => self.failure_at_last(&message),
            Place::Indent => self.indentation_failure(&message),
            Place::Next => match self.token(self.mark) {
                Ok(_) => self.failure_on(self.mark, &message),
                Err(failure) => failure,
            },
            Place::At(name) => {
                let (first, last) = tokens(self, named(name));
                self.failure_at(first, last, &message)
            }
            Place::Range(first, last) => {
                let (first, last) = (tokens(self, named(first)).0, tokens(self, named(last)).1);
                self.failure_at(first, last, &message)
            }
            Place::From(name) => {
                let first = tokens(self, named(name)).0;
                let mut failure = self.failure_at(first, first, &message);
                let (line, column) = self.tokenizer.lines.position(self.tokenizer.cursor.saturating_sub(1));
                failure.location.end = Some((line, column));
                failure
            }
        }
    }

    /// A message with `{a}` replaced by what kind of expression `a` is, `{text:a}` by its text,
    /// `{line:a}` by its line.
    fn filled(&self, message: &str, names: &Names) -> String {
        let mut out = message.to_owned();
        for (index, id) in names.iter().enumerate() {
            let Some(id) = *id else { continue };
            let name = char::from(b'a' + index as u8);
            let node = self.node(id);
            out = out.replace(&format!("{{{name}}}"), node.kind.description());
            out = out.replace(&format!("{{text:{name}}}"), self.text(node.first));
            let line = self.tokenizer.lines.line_of(self.range(node.first).0);
            out = out.replace(&format!("{{line:{name}}}"), &line.to_string());
        }
        out
    }

    fn fail_between(&self, first: NodeId, last: NodeId, message: &str) -> Matched {
        Err(self.failure_at(self.node(first).first, self.node(last).last, message))
    }

    fn between(&self, first: Option<NodeId>, last: Option<NodeId>, message: &str) -> Matched {
        match (first, last) {
            (Some(first), Some(last)) => self.fail_between(first, last, message),
            _ => Ok(None),
        }
    }

    fn primary(&mut self, start: usize, atom: Option<NodeId>, suffixes: Option<NodeId>) -> Option<NodeId> {
        let last = suffixes.and_then(|id| self.node(id).children.last().copied());
        match last {
            Some(last) => {
                let kind = self.node(last).kind;
                Some(self.make(kind, start, atom))
            }
            None => atom,
        }
    }

    fn complex_part(&mut self, number: Option<NodeId>, message: &str, imaginary: bool) -> Matched {
        let Some(number) = number else { return Ok(None) };
        let text = self.text(self.node(number).last);
        if text.ends_with(['j', 'J']) == imaginary {
            return Ok(Some(number));
        }
        self.fail_between(number, number, message)
    }

    /// Adjacent string literals, which must be of one sort.
    fn strings(&mut self, start: usize, parts: Option<NodeId>) -> Matched {
        let Some(parts) = parts else { return Ok(None) };
        let children = self.node(parts).children.clone();
        let (mut bytes, mut text, mut joined, mut template) = (0, 0, 0, 0);
        for &child in &children {
            let node = self.node(child);
            match node.kind {
                NodeKind::JoinedStr => joined += 1,
                NodeKind::TemplateStr => template += 1,
                _ if strings::is_bytes(self.text(node.first)) => bytes += 1,
                _ => text += 1,
            }
        }
        if bytes > 0 && text + joined > 0 {
            let message = "cannot mix bytes and nonbytes literals";
            return Err(self.failure_at_last(message));
        }
        let kind = match (joined, template) {
            (_, 1..) => NodeKind::TemplateStr,
            (1.., _) => NodeKind::JoinedStr,
            _ => NodeKind::Constant,
        };
        Ok(Some(self.make(kind, start, None)))
    }

    /// A plain string literal, decoded as soon as it is seen.
    fn string(&mut self, literal: Option<NodeId>) -> Matched {
        let Some(literal) = literal else { return Ok(None) };
        match strings::literal_error(self.text(self.node(literal).first)) {
            Some(message) => self.fail_between(literal, literal, &message),
            None => Ok(Some(literal)),
        }
    }

    /// Literal text of an f-string.
    fn literal(&mut self, part: Option<NodeId>) -> Matched {
        let Some(part) = part else { return Ok(None) };
        let token = self.node(part).first;
        if !self.in_raw_string(token)
            && let Some(message) = strings::text_error(self.text(token))
        {
            return self.fail_between(part, part, &message);
        }
        Ok(Some(part))
    }

    /// A whole f-string, whose literal text is decoded last.
    fn interpolated(&mut self, kind: NodeKind, start: usize, parts: Option<NodeId>) -> Matched {
        let parts = parts.map_or_else(Vec::new, |parts| self.node(parts).children.clone());
        for part in parts {
            if self.node(part).kind == NodeKind::Token {
                self.literal(Some(part))?;
            }
        }
        Ok(Some(self.make(kind, start, None)))
    }

    /// Whether the f-string that `token` is part of is raw.
    fn in_raw_string(&self, token: usize) -> bool {
        let mut nested = 0;
        for before in (0..token).rev() {
            match self.kind(before) {
                Kind::FStringEnd | Kind::TStringEnd => nested += 1,
                Kind::FStringStart | Kind::TStringStart if nested > 0 => nested -= 1,
                Kind::FStringStart | Kind::TStringStart => {
                    return self.text(before).contains(['r', 'R']);
                }
                _ => {}
            }
        }
        false
    }

    fn conversion(&mut self, start: usize, mark: Option<NodeId>, name: Option<NodeId>) -> Matched {
        let (Some(mark), Some(name)) = (mark, name) else { return Ok(None) };
        let (mark, name) = (self.node(mark).first, self.node(name).first);
        let letter = self.interpolated_letter(mark);
        if self.range(mark).1 != self.range(name).0 {
            let message = format!("{letter}-string: conversion type must come right after the exclamation mark");
            return Err(self.failure_at(mark, name, &message));
        }
        let text = self.text(name);
        if !matches!(text, "s" | "r" | "a") {
            let message = format!("{letter}-string: invalid conversion character '{text}': expected 's', 'r', or 'a'");
            return Err(self.failure_at(name, name, &message));
        }
        Ok(Some(self.make(NodeKind::Other, start, None)))
    }

    fn interpolated_letter(&self, token: usize) -> char {
        let start = (0..token).rev().find(|&before| matches!(self.kind(before), Kind::FStringStart | Kind::TStringStart));
        if start.is_some_and(|start| self.kind(start) == Kind::TStringStart) { 't' } else { 'f' }
    }

    fn bad_target(&mut self, expression: Option<NodeId>, purpose: TargetUse) -> Matched {
        let Some(found) = expression.and_then(|id| self.not_a_target(id, purpose)) else { return Ok(None) };
        let verb = if purpose == TargetUse::Delete { "delete" } else { "assign to" };
        let message = format!("cannot {verb} {}", self.node(found).kind.description());
        self.fail_between(found, found, &message)
    }

    /// The first part of `id` that cannot be a target.
    fn not_a_target(&self, id: NodeId, purpose: TargetUse) -> Option<NodeId> {
        let node = self.node(id);
        match node.kind {
            NodeKind::Name | NodeKind::Attribute | NodeKind::Subscript => None,
            NodeKind::List | NodeKind::Tuple => node.children.iter().find_map(|&child| self.not_a_target(child, purpose)),
            NodeKind::Starred if purpose != TargetUse::Delete => node.children.first().and_then(|&child| self.not_a_target(child, purpose)),
            NodeKind::Compare if purpose == TargetUse::For => {
                let &[left, pair, ..] = node.children.as_slice() else { return None };
                if self.node(pair).kind == NodeKind::In { self.not_a_target(left, purpose) } else { None }
            }
            _ => Some(id),
        }
    }

    fn bad_bound(&mut self, colon: Option<NodeId>, bound: Option<NodeId>, what: &str) -> Matched {
        let (Some(colon), Some(bound)) = (colon, bound) else { return Ok(None) };
        let kind = if self.node(bound).kind == NodeKind::Tuple { "constraints" } else { "bound" };
        let first = self.node(colon).first;
        let mut failure = self.failure_at(first, first, &format!("cannot use {kind} with {what}"));
        let (line, column) = self.tokenizer.lines.position(self.tokenizer.cursor.saturating_sub(1));
        failure.location.end = Some((line, column));
        Err(failure)
    }

    fn is_legacy(&self, id: NodeId) -> bool {
        let node = self.node(id);
        node.first == node.last && matches!(self.text(node.first), "print" | "exec")
    }

    fn forgotten_comma(&mut self, a: Option<NodeId>, b: Option<NodeId>) -> Matched {
        let (Some(first), Some(last)) = (a, b) else { return Ok(None) };
        if self.is_legacy(first) || self.level(self.mark.saturating_sub(1)) == 0 {
            return Ok(None);
        }
        self.fail_between(first, last, "invalid syntax. Perhaps you forgot a comma?")
    }

    fn legacy(&mut self, a: Option<NodeId>, b: Option<NodeId>) -> Matched {
        let (Some(name), Some(last)) = (a, b) else { return Ok(None) };
        if !self.is_legacy(name) {
            return Ok(None);
        }
        let text = self.text(self.node(name).first);
        let message = format!("Missing parentheses in call to '{text}'. Did you mean {text}(...)?");
        self.fail_between(name, last, &message)
    }

    /// CPython puts this one before the last character of the key, and does not say where it ends.
    fn key_without_colon(&mut self, key: Option<NodeId>) -> Matched {
        let Some(key) = key else { return Ok(None) };
        let Node { first, last, .. } = *self.node(key);
        let lines = self.tokenizer.lines;
        let line = lines.position(self.range(first).0).0;
        let (end_line, end) = lines.position(self.range(last).1);
        let mut column = end - 1;
        if line != end_line {
            let offset = self.range(last).1 - lines.start_of(end_line as usize);
            column = column_in(lines.text_of(line as usize), offset);
        }
        let location = ErrorLocation { line, column, end: Some((end_line, 0)) };
        let newline = self.tokenizer.is_on(line);
        let message = "':' expected after dictionary key".to_owned();
        Err(Failure { kind: ErrorKind::SyntaxError, message, location, origin: Origin::Parser, newline })
    }

    fn bare_generator(&mut self, arguments: Option<NodeId>, clauses: Option<NodeId>) -> Matched {
        let (Some(arguments), Some(clauses)) = (arguments, clauses) else { return Ok(None) };
        let &[_, .., last] = self.node(arguments).children.as_slice() else { return Ok(None) };
        self.fail_between(last, clauses, "Generator expression must be parenthesized")
    }

    fn positional_after_keyword(&mut self, arguments: Option<NodeId>) -> Matched {
        let Some(arguments) = arguments else { return Ok(None) };
        let unpacking = self.node(arguments).children.iter().any(|&child| self.node(child).kind == NodeKind::DoubleStarred);
        let message =
            if unpacking { "positional argument follows keyword argument unpacking" } else { "positional argument follows keyword argument" };
        Err(self.failure_at_last(message))
    }
}
