//! Runs the grammar: a parser that tries alternatives in order, goes back when one fails, and
//! remembers what each rule matched at each token.
//!
//! Tokens are fetched when first looked at, and the last one fetched is where CPython puts an
//! error it has no better place for; so the order in which the grammar looks at things matters.

use super::grammar::{Action, Alternative, GRAMMAR, Item, KEYWORDS, NodeKind, SOFT_KEYWORDS};
use super::tokenizer::{Kind, Token, Tokenizer};
use super::{Failure, Origin};
use crate::error::{ErrorKind, ErrorLocation};
use crate::{Mode, Options};
use std::collections::HashMap;

/// CPython's `MAXSTACK`.
const DEPTH_LIMIT: usize = 6000;

/// An index into the machine's nodes.
pub(super) type NodeId = u32;

/// A matched piece of the program: tokens `first..=last`.
#[derive(Clone)]
pub(super) struct Node {
    pub(super) kind: NodeKind,
    pub(super) first: usize,
    pub(super) last: usize,
    pub(super) children: Vec<NodeId>,
}

/// What an item matched: nothing, or a node if there was anything to make one of.
pub(super) type Matched = Result<Option<NodeId>, Failure>;

pub(super) struct Machine<'a> {
    source: &'a str,
    pub(super) tokenizer: Tokenizer<'a>,
    tokens: Vec<Token>,
    pub(super) nodes: Vec<Node>,
    /// Rule, token and whether mistakes were looked for, to result and the token after it.
    memory: HashMap<(usize, usize, bool), (Option<NodeId>, usize)>,
    /// The next token.
    pub(super) mark: usize,
    mode: Mode,
    /// Whether mistakes are looked for.
    mistakes: bool,
    depth: usize,
    /// In interactive input the end counts as the end of a line, once.
    started: bool,
    options: Options,
}

/// The names that items of an alternative were given.
pub(super) type Names = [Option<NodeId>; 3];

impl<'a> Machine<'a> {
    pub(super) fn new(source: &'a str, tokenizer: Tokenizer<'a>, mode: Mode, options: Options) -> Machine<'a> {
        Machine {
            source,
            tokenizer,
            tokens: Vec::new(),
            nodes: Vec::new(),
            memory: HashMap::new(),
            mark: 0,
            mode,
            mistakes: false,
            depth: 0,
            started: false,
            options,
        }
    }

    /// Parses from the start; whether the program is valid.
    pub(super) fn pass(&mut self, mistakes: bool) -> Result<bool, Failure> {
        self.mistakes = mistakes;
        self.memory.clear();
        self.nodes.clear();
        self.mark = 0;
        self.depth = 0;
        let start = match self.mode {
            Mode::Module => "file",
            Mode::Expression => "eval",
            Mode::Interactive => "interactive",
            Mode::FunctionType => "function_type",
        };
        let result = self.rule(GRAMMAR.rule(start))?;
        Ok(result.is_some())
    }

    /// Whether PEP 401 is in force.
    pub(super) fn is_flufl(&self) -> bool {
        self.options.barry_as_flufl
    }

    pub(super) fn last_token(&self) -> usize {
        self.tokens.len().saturating_sub(1)
    }

    pub(super) fn kind(&self, token: usize) -> Kind {
        self.tokens.get(token).map_or(Kind::End, |token| token.kind)
    }

    pub(super) fn level(&self, token: usize) -> usize {
        self.tokens.get(token).map_or(0, |token| token.level)
    }

    pub(super) fn token(&mut self, index: usize) -> Result<Token, Failure> {
        while self.tokens.len() <= index {
            let mut token = self.tokenizer.next()?;
            if self.mode == Mode::Interactive && token.kind == Kind::End && self.started {
                token.kind = Kind::Newline;
                self.started = false;
                if !self.options.dont_imply_dedent {
                    self.tokenizer.imply_dedents();
                }
            } else {
                self.started = true;
            }
            self.tokens.push(token);
        }
        Ok(self.tokens[index])
    }

    pub(super) fn text(&self, token: usize) -> &'a str {
        self.tokens.get(token).and_then(|token| self.source.get(token.start..token.end)).unwrap_or("")
    }

    pub(super) fn range(&self, token: usize) -> (usize, usize) {
        self.tokens.get(token).map_or((0, 0), |token| (token.start, token.end))
    }

    pub(super) fn add(&mut self, node: Node) -> NodeId {
        self.nodes.push(node);
        (self.nodes.len() - 1) as NodeId
    }

    pub(super) fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id as usize]
    }

    /// A node over the tokens from `first` to the mark, sequences among `children` dissolved.
    pub(super) fn make(&mut self, kind: NodeKind, first: usize, children: impl IntoIterator<Item = NodeId>) -> NodeId {
        let mut flat = Vec::new();
        for child in children {
            match self.node(child).kind {
                NodeKind::Sequence => flat.extend_from_slice(&self.node(child).children),
                _ => flat.push(child),
            }
        }
        let last = self.mark.saturating_sub(1).max(first);
        self.add(Node { kind, first, last, children: flat })
    }

    fn rule(&mut self, rule: usize) -> Matched {
        let grammar = &*GRAMMAR;
        let definition = &grammar.rules[rule];
        let key = (rule, self.mark, self.mistakes && !definition.shared);
        if let Some(&(result, mark)) = self.memory.get(&key) {
            self.mark = mark;
            return Ok(result);
        }
        self.depth += 1;
        if self.depth > DEPTH_LIMIT {
            return Err(self.too_deep());
        }
        let mistakes = self.mistakes;
        self.mistakes &= !definition.quiet;
        let result = stacker::maybe_grow(64 * 1024, 1024 * 1024, || self.alternatives(&definition.alternatives));
        self.mistakes = mistakes;
        self.depth -= 1;
        let result = result?;
        self.memory.insert(key, (result, self.mark));
        Ok(result)
    }

    fn too_deep(&self) -> Failure {
        Failure {
            kind: ErrorKind::MemoryError,
            message: "Parser stack overflowed - Python source too complex to parse".to_owned(),
            location: ErrorLocation { line: 0, column: 0, end: None },
            origin: Origin::Tokenizer { precedes: false },
            newline: false,
        }
    }

    fn alternatives(&mut self, alternatives: &'static [Alternative]) -> Matched {
        let start = self.mark;
        for alternative in alternatives {
            if alternative.mistake && !self.mistakes {
                continue;
            }
            let mut cut = false;
            if let Some(node) = self.alternative(alternative, &mut cut)? {
                return Ok(Some(node));
            }
            self.mark = start;
            if cut {
                return Ok(None);
            }
        }
        Ok(None)
    }

    fn alternative(&mut self, alternative: &'static Alternative, cut: &mut bool) -> Matched {
        let start = self.mark;
        let mut names: Names = [None; 3];
        let mut all = Vec::new();
        for (name, item) in &alternative.items {
            if matches!(item, Item::Cut) {
                *cut = true;
                continue;
            }
            let Some(matched) = self.item(item)? else { return Ok(None) };
            if let Some(name) = name {
                names[usize::from(name - b'a')] = Some(matched);
            }
            if !matches!(item, Item::Ahead(_) | Item::NotAhead(_)) {
                all.push(matched);
            }
        }
        match &alternative.action {
            Action::Default => match all.as_slice() {
                &[only] => Ok(Some(only)),
                _ => Ok(Some(self.make(NodeKind::Other, start, all))),
            },
            Action::Make(kind) => {
                let named: Vec<NodeId> = names.iter().flatten().copied().collect();
                let children = if named.is_empty() { all } else { named };
                Ok(Some(self.make(*kind, start, children)))
            }
            Action::Take(name) => Ok(names[usize::from(name - b'a')]),
            Action::Special(special) => self.special(*special, start, &names),
            Action::Error(error) => Err(self.error(error, &names)),
        }
    }

    fn item(&mut self, item: &'static Item) -> Matched {
        match item {
            Item::Text(text) => {
                let token = self.token(self.mark)?;
                let found = matches!(token.kind, Kind::Name | Kind::Operator) && self.text(self.mark) == *text;
                Ok(found.then(|| self.take()))
            }
            Item::Forced(text) => {
                let token = self.token(self.mark)?;
                if matches!(token.kind, Kind::Name | Kind::Operator) && self.text(self.mark) == *text {
                    return Ok(Some(self.take()));
                }
                if !self.mistakes {
                    return Ok(None);
                }
                Err(self.failure_at(self.mark, self.mark, &format!("expected '{text}'")))
            }
            Item::Kind(kind) => {
                let token = self.token(self.mark)?;
                let keyword = *kind == Kind::Name && KEYWORDS.contains(&self.text(self.mark));
                Ok((token.kind == *kind && !keyword).then(|| self.take()))
            }
            Item::SoftKeyword => {
                let token = self.token(self.mark)?;
                let found = token.kind == Kind::Name && SOFT_KEYWORDS.contains(&self.text(self.mark));
                Ok(found.then(|| self.take()))
            }
            Item::Rule(rule) => self.rule(*rule),
            Item::Group(alternatives) => self.deeper(|machine| machine.alternatives(alternatives)),
            Item::Optional(item) => {
                let start = self.mark;
                let matched = self.item(item)?;
                Ok(Some(matched.unwrap_or_else(|| {
                    self.mark = start;
                    self.add(Node { kind: NodeKind::Sequence, first: start, last: start, children: Vec::new() })
                })))
            }
            Item::Star(item) => self.repeat(item, None, 0),
            Item::Plus(item) => self.repeat(item, None, 1),
            Item::Gather(separator, item) => self.repeat(item, Some(separator), 1),
            Item::Ahead(item) => self.ahead(item, true),
            Item::NotAhead(item) => self.ahead(item, false),
            Item::Cut => Ok(None),
        }
    }

    fn deeper(&mut self, run: impl FnOnce(&mut Self) -> Matched) -> Matched {
        self.depth += 1;
        let result = run(self);
        self.depth -= 1;
        result
    }

    fn take(&mut self) -> NodeId {
        let at = self.mark;
        self.mark += 1;
        self.add(Node { kind: NodeKind::Token, first: at, last: at, children: Vec::new() })
    }

    fn ahead(&mut self, item: &'static Item, wanted: bool) -> Matched {
        let start = self.mark;
        let found = self.item(item)?.is_some();
        self.mark = start;
        if found != wanted {
            return Ok(None);
        }
        Ok(Some(self.add(Node { kind: NodeKind::Sequence, first: start, last: start, children: Vec::new() })))
    }

    fn repeat(&mut self, item: &'static Item, separator: Option<&'static Item>, least: usize) -> Matched {
        self.depth += 1;
        let first = self.mark;
        let mut children = Vec::new();
        loop {
            let before = self.mark;
            if let Some(separator) = separator.filter(|_| !children.is_empty())
                && self.item(separator)?.is_none()
            {
                self.mark = before;
                break;
            }
            match self.item(item)? {
                // An item that matches nothing would match for ever.
                Some(node) if self.mark > before => children.push(node),
                _ => {
                    self.mark = before;
                    break;
                }
            }
        }
        self.depth -= 1;
        if children.len() < least {
            return Ok(None);
        }
        let last = self.mark.saturating_sub(1).max(first);
        Ok(Some(self.add(Node { kind: NodeKind::Sequence, first, last, children })))
    }

    /// What follows the statement of interactive input, if it is more than blank.
    pub(super) fn leftover_statement(&mut self) -> Option<Failure> {
        if self.mode != Mode::Interactive {
            return None;
        }
        let after = self.tokens.last().map_or(0, |token| token.end);
        let rest = self.source.get(after..).unwrap_or("");
        let blank = rest.split('\n').all(|line| {
            let text = line.trim_start_matches([' ', '\t', '\u{c}']);
            text.is_empty() || text.starts_with('#')
        });
        let message = "multiple statements found while compiling a single statement";
        (!blank).then(|| self.failure_at_last(message))
    }

    pub(super) fn line_of_last(&self) -> usize {
        self.tokens.last().map_or(1, |token| self.tokenizer.lines.line_of(token.start))
    }

    /// An error from the start of one token to the end of another.
    pub(super) fn failure_at(&self, first: usize, last: usize, message: &str) -> Failure {
        let (start, _) = self.range(first);
        let (_, end) = self.range(last);
        let lines = self.tokenizer.lines;
        let (mut line, mut column) = lines.position(start);
        let mut end = lines.position(end);
        if self.has_no_column(first) {
            (line, column) = (self.end_line(first, line), 0);
        }
        if self.has_no_column(last) {
            end = (self.end_line(last, end.0), 0);
        } else if end.1 == 1 && end.0 > line {
            // A newline ends on its own line.
            let text = lines.text_of((end.0 - 1) as usize);
            end = (end.0 - 1, text.chars().count() as i32 + 2);
        }
        if end.0 != line && end.1 > 0 {
            let offset = self.range(last).1 - lines.start_of(end.0 as usize);
            end.1 = column_in(lines.text_of(line as usize), offset + 1);
        }
        let location = ErrorLocation { line, column, end: Some(end) };
        let newline = self.tokenizer.is_on(line);
        Failure { kind: ErrorKind::SyntaxError, message: message.to_owned(), location, origin: Origin::Parser, newline }
    }

    /// The line of a token without a column: the end of the input is on the last line there is.
    fn end_line(&self, token: usize, line: i32) -> i32 {
        if self.source.is_empty() {
            return 0;
        }
        let at_end = self.range(token).0 == self.source.len() && self.source.ends_with('\n');
        if at_end { line - 1 } else { line }
    }

    fn has_no_column(&self, token: usize) -> bool {
        let (start, end) = self.range(token);
        matches!(self.kind(token), Kind::Indent | Kind::Dedent | Kind::End) || self.kind(token) == Kind::Newline && start == end
    }

    /// An error at one token; if that has no column, at where the tokenizer is.
    pub(super) fn failure_on(&self, token: usize, message: &str) -> Failure {
        if !self.has_no_column(token) {
            return self.failure_at(token, token, message);
        }
        let lines = self.tokenizer.lines;
        let cursor = self.tokenizer.cursor;
        let (start, _) = self.range(token);
        let line = self.end_line(token, lines.position(start).0);
        let begin = self.cursor_line_start();
        let column = self.source.get(begin..cursor).unwrap_or("").chars().count() as i32;
        let location = ErrorLocation { line, column, end: Some((line, -1)) };
        let newline = self.tokenizer.is_on(line);
        Failure { kind: ErrorKind::SyntaxError, message: message.to_owned(), location, origin: Origin::Parser, newline }
    }

    /// Where the line of the tokenizer's cursor begins; behind the last newline there is no line.
    fn cursor_line_start(&self) -> usize {
        let (lines, cursor) = (self.tokenizer.lines, self.tokenizer.cursor);
        let behind = usize::from(cursor == self.source.len() && self.source.ends_with('\n'));
        lines.start_of(lines.line_of(cursor) - behind)
    }

    /// Whether the tokenizer has seen that there is no more input.
    pub(super) fn at_end_of_source(&self) -> bool {
        let unended = self.tokenizer.cursor >= self.source.len() && !self.source.ends_with('\n');
        !self.tokenizer.bad_continuation && (self.tokenizer.hit_end || unended)
    }

    /// An error where the tokenizer is.
    pub(super) fn failure_at_cursor(&self, message: &str) -> Failure {
        let begin = self.cursor_line_start();
        let before = self.source.get(begin..self.tokenizer.cursor).unwrap_or("");
        let line = self.tokenizer.lines.line_of(begin) as i32;
        let location = ErrorLocation { line, column: before.chars().count() as i32, end: Some((line, -1)) };
        let newline = self.tokenizer.is_on(line);
        Failure { kind: ErrorKind::SyntaxError, message: message.to_owned(), location, origin: Origin::Parser, newline }
    }

    /// An error at the last token looked at.
    pub(super) fn failure_at_last(&self, message: &str) -> Failure {
        self.failure_on(self.last_token(), message)
    }

    pub(super) fn indentation_failure(&self, message: &str) -> Failure {
        Failure { kind: ErrorKind::IndentationError, ..self.failure_at_last(message) }
    }
}

/// The column CPython makes of the byte column `bytes` of a later line: it counts characters in
/// the line it shows, which is the first one, and no further than just behind its end.
pub(super) fn column_in(line: &str, bytes: usize) -> i32 {
    let inside = bytes.min(line.len());
    let characters = String::from_utf8_lossy(&line.as_bytes()[..inside]).chars().count();
    (characters + usize::from(bytes > line.len())) as i32
}
