//! Reads `grammar.txt` into tables, once, when a program is first found to be wrong.
//!
//! A rule is a name, a colon and alternatives separated by `|`, tried in order. Items: `'text'` is
//! a token with that text, upper-case words are kinds of tokens, other words are rules;
//! `x?`, `x*`, `x+` and `','.x+` (separated) repeat; `&x` and `!x` look ahead; `&&'text'` insists,
//! `~` forbids later alternatives; `a=x` names what was matched. In braces stands what becomes of
//! a match: a kind of node, a name, an [`Special`] action, or, after `!`, an error: where (a
//! name, `a..b` a range, `a..` up to where the tokenizer is, `next` the next token, nothing the
//! last token, `indent` the same as an `IndentationError`) and its text.

use super::actions::{Error, Place, Special};
use super::tokenizer::Kind;
use std::collections::HashMap;
use std::sync::LazyLock;

/// What a node is. Expressions are told apart as far as messages do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NodeKind {
    /// A token by itself.
    Token,
    /// A repetition.
    Sequence,
    /// Anything that no message names.
    Other,
    Name,
    True,
    False,
    None,
    Ellipsis,
    Constant,
    JoinedStr,
    TemplateStr,
    Attribute,
    Subscript,
    Starred,
    List,
    Tuple,
    Set,
    Dict,
    Lambda,
    Call,
    BoolOp,
    BinOp,
    UnaryOp,
    Compare,
    /// `in` and its operand, within a comparison.
    In,
    IfExp,
    NamedExpr,
    Generator,
    ListComp,
    SetComp,
    DictComp,
    Yield,
    Await,
    Keyword,
    DoubleStarred,
}

impl NodeKind {
    const NAMES: &[(&str, NodeKind)] = &[
        ("Name", NodeKind::Name),
        ("True", NodeKind::True),
        ("False", NodeKind::False),
        ("None", NodeKind::None),
        ("Ellipsis", NodeKind::Ellipsis),
        ("Constant", NodeKind::Constant),
        ("JoinedStr", NodeKind::JoinedStr),
        ("TemplateStr", NodeKind::TemplateStr),
        ("Attribute", NodeKind::Attribute),
        ("Subscript", NodeKind::Subscript),
        ("Starred", NodeKind::Starred),
        ("List", NodeKind::List),
        ("Tuple", NodeKind::Tuple),
        ("Set", NodeKind::Set),
        ("Dict", NodeKind::Dict),
        ("Lambda", NodeKind::Lambda),
        ("Call", NodeKind::Call),
        ("BoolOp", NodeKind::BoolOp),
        ("BinOp", NodeKind::BinOp),
        ("UnaryOp", NodeKind::UnaryOp),
        ("Compare", NodeKind::Compare),
        ("In", NodeKind::In),
        ("IfExp", NodeKind::IfExp),
        ("NamedExpr", NodeKind::NamedExpr),
        ("Generator", NodeKind::Generator),
        ("ListComp", NodeKind::ListComp),
        ("SetComp", NodeKind::SetComp),
        ("DictComp", NodeKind::DictComp),
        ("Yield", NodeKind::Yield),
        ("Await", NodeKind::Await),
        ("Keyword", NodeKind::Keyword),
        ("DoubleStarred", NodeKind::DoubleStarred),
    ];

    /// What messages call such an expression.
    pub(super) const fn description(self) -> &'static str {
        match self {
            NodeKind::Name | NodeKind::Token => "name",
            NodeKind::True => "True",
            NodeKind::False => "False",
            NodeKind::None => "None",
            NodeKind::Ellipsis => "ellipsis",
            NodeKind::Constant => "literal",
            NodeKind::JoinedStr => "f-string expression",
            NodeKind::TemplateStr => "t-string expression",
            NodeKind::Attribute => "attribute",
            NodeKind::Subscript => "subscript",
            NodeKind::Starred => "starred",
            NodeKind::List => "list",
            NodeKind::Tuple => "tuple",
            NodeKind::Set => "set display",
            NodeKind::Dict => "dict literal",
            NodeKind::Lambda => "lambda",
            NodeKind::Call => "function call",
            NodeKind::BoolOp | NodeKind::BinOp | NodeKind::UnaryOp => "expression",
            NodeKind::Compare => "comparison",
            NodeKind::IfExp => "conditional expression",
            NodeKind::NamedExpr => "named expression",
            NodeKind::Generator => "generator expression",
            NodeKind::ListComp => "list comprehension",
            NodeKind::SetComp => "set comprehension",
            NodeKind::DictComp => "dict comprehension",
            NodeKind::Yield => "yield expression",
            NodeKind::Await => "await expression",
            NodeKind::Sequence | NodeKind::Other | NodeKind::In | NodeKind::Keyword | NodeKind::DoubleStarred => "expression",
        }
    }
}

pub(super) enum Item {
    Text(&'static str),
    /// A token without which nothing else will do.
    Forced(&'static str),
    Kind(Kind),
    /// A name that is a keyword only in places.
    SoftKeyword,
    Rule(usize),
    Group(Vec<Alternative>),
    Optional(Box<Item>),
    Star(Box<Item>),
    Plus(Box<Item>),
    Gather(Box<Item>, Box<Item>),
    Ahead(Box<Item>),
    NotAhead(Box<Item>),
    Cut,
}

pub(super) struct Alternative {
    /// The name given to each item, if any.
    pub(super) items: Vec<(Option<u8>, Item)>,
    pub(super) action: Action,
    /// Consists of nothing but a mistake, and so is for the second pass.
    pub(super) mistake: bool,
}

pub(super) enum Action {
    /// What the only item matched, or a node of no kind.
    Default,
    Make(NodeKind),
    Take(u8),
    Special(Special),
    Error(Error),
}

pub(super) struct Rule {
    pub(super) alternatives: Vec<Alternative>,
    /// Mistakes are not looked for inside.
    pub(super) quiet: bool,
    /// What it matched is remembered whether or not mistakes were looked for: where CPython
    /// remembers, a failure in a quiet attempt hides a mistake from a later one.
    pub(super) shared: bool,
}

pub(super) struct Grammar {
    pub(super) rules: Vec<Rule>,
    names: HashMap<&'static str, usize>,
}

/// The grammar.
pub(super) static GRAMMAR: LazyLock<Grammar> = LazyLock::new(|| read(include_str!("grammar.txt")));

impl Grammar {
    pub(super) fn rule(&self, name: &str) -> usize {
        self.names[name]
    }
}

/// Hard keywords, which are no names.
pub(super) const KEYWORDS: &[&str] = &[
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del", "elif", "else", "except",
    "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "nonlocal", "not", "or", "pass", "raise", "return", "try", "while",
    "with", "yield",
];

pub(super) const SOFT_KEYWORDS: &[&str] = &["_", "case", "match", "type"];

const SHARED: &[&str] = &[
    "arguments",
    "await_primary",
    "bitwise_and",
    "bitwise_or",
    "bitwise_xor",
    "block",
    "closed_pattern",
    "conjunction",
    "del_target",
    "disjunction",
    "dotted_name",
    "expression",
    "factor",
    "inversion",
    "primary",
    "shift",
    "simple_stmt",
    "star_expression",
    "star_target",
    "strings",
    "sum",
    "target_with_star_atom",
    "term",
];

fn read(text: &'static str) -> Grammar {
    let mut bodies: Vec<(&'static str, &'static str)> = Vec::new();
    let mut rest = text;
    // A rule begins with a name in the first column and ends before the next.
    while let Some(start) = rest.find(|c: char| c.is_ascii_lowercase()) {
        let line = rest[..start].rfind('\n').map_or(0, |newline| newline + 1);
        if rest[line..start].starts_with('#') {
            rest = rest[line..].split_once('\n').map_or("", |(_, after)| after);
            continue;
        }
        let (name, body) = rest[start..].split_once(':').expect("a rule's name ends with a colon");
        let mut end = 0;
        for line in body.split_inclusive('\n') {
            if end > 0 && !line.starts_with(' ') {
                break;
            }
            end += line.len();
        }
        bodies.push((name, &body[..end]));
        rest = &body[end..];
    }
    let names = bodies.iter().enumerate().map(|(index, &(name, _))| (name, index)).collect();
    let rules = bodies
        .iter()
        .map(|&(name, body)| Rule {
            alternatives: Reader { rest: body, names: &names }.alternatives(),
            quiet: name == "quiet_expression",
            shared: SHARED.contains(&name),
        })
        .collect();
    Grammar { rules, names }
}

/// Reads the body of one rule. The table is ours, so that a mistake in it may panic; a test reads it.
struct Reader<'a> {
    rest: &'static str,
    names: &'a HashMap<&'static str, usize>,
}

impl Reader<'_> {
    fn skip(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn accept(&mut self, mark: &str) -> bool {
        self.skip();
        match self.rest.strip_prefix(mark) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn alternatives(&mut self) -> Vec<Alternative> {
        let mut alternatives = vec![self.alternative()];
        while self.accept("|") {
            alternatives.push(self.alternative());
        }
        alternatives
    }

    fn alternative(&mut self) -> Alternative {
        let mut items = Vec::new();
        let mut action = Action::Default;
        let mut mistake = false;
        loop {
            self.skip();
            match self.rest.as_bytes().first() {
                None | Some(b'|' | b')') => break,
                Some(b'{') => {
                    action = self.action();
                    break;
                }
                Some(_) => {
                    mistake = items.is_empty() && self.rest.starts_with("bad_");
                    items.push(self.named_item());
                }
            }
        }
        mistake &= items.len() == 1;
        Alternative { items, action, mistake }
    }

    fn named_item(&mut self) -> (Option<u8>, Item) {
        let bytes = self.rest.as_bytes();
        if bytes.len() > 1 && bytes[0].is_ascii_lowercase() && bytes[1] == b'=' {
            let name = bytes[0];
            self.rest = &self.rest[2..];
            return (Some(name), self.item());
        }
        (None, self.item())
    }

    fn item(&mut self) -> Item {
        if self.accept("&&") {
            return Item::Forced(self.quoted());
        }
        if self.accept("&") {
            return Item::Ahead(Box::new(self.item()));
        }
        if self.accept("!") {
            return Item::NotAhead(Box::new(self.item()));
        }
        if self.accept("~") {
            return Item::Cut;
        }
        let atom = self.atom();
        // Postfix marks are never set off.
        let (mark, rest) = match self.rest.as_bytes().first() {
            Some(&mark @ (b'?' | b'*' | b'+' | b'.')) => (mark, &self.rest[1..]),
            _ => return atom,
        };
        self.rest = rest;
        match mark {
            b'?' => Item::Optional(Box::new(atom)),
            b'*' => Item::Star(Box::new(atom)),
            b'+' => Item::Plus(Box::new(atom)),
            _ => {
                let repeated = self.atom();
                assert!(self.rest.starts_with('+'), "a separated repetition ends with a plus");
                self.rest = &self.rest[1..];
                Item::Gather(Box::new(atom), Box::new(repeated))
            }
        }
    }

    fn atom(&mut self) -> Item {
        self.skip();
        if self.accept("(") {
            let alternatives = self.alternatives();
            assert!(self.accept(")"), "a group is closed: {}", self.rest);
            return Item::Group(alternatives);
        }
        if self.rest.starts_with('\'') {
            return Item::Text(self.quoted());
        }
        let end = self.rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(self.rest.len());
        let word = &self.rest[..end];
        self.rest = &self.rest[end..];
        match word {
            "NAME" => Item::Kind(Kind::Name),
            "NUMBER" => Item::Kind(Kind::Number),
            "STRING" => Item::Kind(Kind::String),
            "NEWLINE" => Item::Kind(Kind::Newline),
            "INDENT" => Item::Kind(Kind::Indent),
            "DEDENT" => Item::Kind(Kind::Dedent),
            "END" => Item::Kind(Kind::End),
            "FSTRING_START" => Item::Kind(Kind::FStringStart),
            "FSTRING_MIDDLE" => Item::Kind(Kind::FStringMiddle),
            "FSTRING_END" => Item::Kind(Kind::FStringEnd),
            "TSTRING_START" => Item::Kind(Kind::TStringStart),
            "TSTRING_MIDDLE" => Item::Kind(Kind::TStringMiddle),
            "TSTRING_END" => Item::Kind(Kind::TStringEnd),
            "SOFT_KEYWORD" => Item::SoftKeyword,
            _ => Item::Rule(*self.names.get(word).unwrap_or_else(|| panic!("no rule {word:?} at {:?}", self.rest))),
        }
    }

    fn quoted(&mut self) -> &'static str {
        assert!(self.accept("'"), "a token's text is quoted: {}", self.rest);
        let (text, rest) = self.rest.split_once('\'').expect("a quote is closed");
        self.rest = rest;
        text
    }

    fn action(&mut self) -> Action {
        assert!(self.accept("{"), "an action is in braces");
        if self.accept("!") {
            return Action::Error(self.error());
        }
        let (word, rest) = self.rest.split_once('}').expect("an action is closed");
        self.rest = rest;
        if word.len() == 1 {
            return Action::Take(word.as_bytes()[0]);
        }
        match NodeKind::NAMES.iter().find(|&&(name, _)| name == word) {
            Some(&(_, kind)) => Action::Make(kind),
            None => Action::Special(Special::named(word).unwrap_or_else(|| panic!("no action {word:?}"))),
        }
    }

    fn error(&mut self) -> Error {
        let (place, rest) = self.rest.split_once('"').expect("an error has a text");
        let place = match place.trim().as_bytes() {
            b"" => Place::Last,
            b"next" => Place::Next,
            b"indent" => Place::Indent,
            &[name] => Place::At(name),
            &[name, b'.', b'.'] => Place::From(name),
            &[first, b'.', b'.', last] => Place::Range(first, last),
            other => panic!("no place {other:?}"),
        };
        let end = rest.match_indices('"').find(|&(at, _)| !rest[..at].ends_with('\\')).expect("a text is closed").0;
        let message = rest[..end].replace("\\\"", "\"");
        self.rest = &rest[end + 1..];
        assert!(self.accept("}"), "an action is closed: {}", self.rest);
        Error { place, message }
    }
}
