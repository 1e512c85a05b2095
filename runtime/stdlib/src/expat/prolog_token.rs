//! Tokens outside the document element: what the document type declaration is made of.

use super::chars::{Class, Stop, char_length, classify, is_space};
use super::token::{Kind as Content, comment, instruction, need};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    None,
    Space,
    Literal,
    Instruction,
    XmlDeclaration,
    Comment,
    /// `<!NAME`
    DeclarationOpen,
    DeclarationClose,
    /// The start tag of the document element is next.
    InstanceStart,
    Percent,
    ParameterRef,
    Comma,
    OpenBracket,
    CloseBracket,
    SectionOpen,
    SectionClose,
    OpenParen,
    CloseParen,
    CloseParenQuestion,
    CloseParenAsterisk,
    CloseParenPlus,
    Or,
    PoundName,
    Name,
    PrefixedName,
    NameToken,
    NameQuestion,
    NameAsterisk,
    NamePlus,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) end: usize,
    /// The data end with the token, and what follows could be part of it.
    pub(super) tentative: bool,
}

pub(super) type Scan = Result<Token, Stop>;

const fn token(kind: Kind, end: usize) -> Scan {
    Ok(Token { kind, end, tentative: false })
}

const fn tentative(kind: Kind, end: usize) -> Scan {
    Ok(Token { kind, end, tentative: true })
}

/// The next token.
pub(super) fn prolog(data: &[u8], at: usize, namespaces: bool) -> Scan {
    match data.get(at) {
        None => token(Kind::None, at),
        Some(&quote @ (b'"' | b'\'')) => literal(data, at + 1, quote),
        Some(b'<') => markup(data, at, namespaces),
        Some(b' ' | b'\t' | b'\n' | b'\r') => space(data, at),
        Some(b'%') => percent(data, at + 1, namespaces),
        Some(b',') => token(Kind::Comma, at + 1),
        Some(b'[') => token(Kind::OpenBracket, at + 1),
        Some(b']') => close_bracket(data, at + 1),
        Some(b'(') => token(Kind::OpenParen, at + 1),
        Some(b')') => close_paren(data, at + 1),
        Some(b'|') => token(Kind::Or, at + 1),
        Some(b'>') => token(Kind::DeclarationClose, at + 1),
        Some(b'#') => pound_name(data, at + 1, namespaces),
        Some(_) => name(data, at, namespaces),
    }
}

/// A name that ends where the data end is tentative.
fn class_at(data: &[u8], at: usize) -> Result<Option<Class>, Stop> {
    if at < data.len() { classify(data, at).map(Some) } else { Ok(None) }
}

fn space(data: &[u8], at: usize) -> Scan {
    if data[at] == b'\r' && at + 1 == data.len() {
        return tentative(Kind::Space, at + 1);
    }
    let mut end = at + 1;
    while end < data.len() && is_space(data[end]) {
        // A return that ends the data is left for later, so that it is not parted from a line feed.
        if data[end] == b'\r' && end + 1 == data.len() {
            break;
        }
        end += 1;
    }
    token(Kind::Space, end)
}

fn literal(data: &[u8], mut at: usize, quote: u8) -> Scan {
    while at < data.len() {
        if data[at] != quote {
            at += char_length(data, at)?;
            continue;
        }
        at += 1;
        return match data.get(at) {
            None => tentative(Kind::Literal, at),
            Some(b' ' | b'\t' | b'\n' | b'\r' | b'>' | b'%' | b'[') => token(Kind::Literal, at),
            Some(_) => Err(Stop::Invalid(at)),
        };
    }
    Err(Stop::Partial)
}

/// A `<` at `at`.
fn markup(data: &[u8], at: usize, namespaces: bool) -> Scan {
    match need(data, at + 1)? {
        b'!' => declaration(data, at + 2, namespaces),
        b'?' => {
            let scanned = instruction(data, at + 2, namespaces)?;
            token(if scanned.kind == Content::XmlDeclaration { Kind::XmlDeclaration } else { Kind::Instruction }, scanned.end)
        }
        _ => match classify(data, at + 1) {
            Ok(Class::NameStart(_)) => token(Kind::InstanceStart, at),
            Ok(Class::Colon) if !namespaces => token(Kind::InstanceStart, at),
            // Any character beyond ASCII is let through here and judged as part of the tag.
            Ok(Class::NameRest(2..) | Class::Other(2..)) | Err(Stop::PartialChar) => token(Kind::InstanceStart, at),
            Err(_) if data[at + 1] >= 0xC0 && data[at + 1] < 0xF5 => token(Kind::InstanceStart, at),
            _ => Err(Stop::Invalid(at + 1)),
        },
    }
}

/// What follows `<!`.
fn declaration(data: &[u8], at: usize, namespaces: bool) -> Scan {
    match need(data, at)? {
        b'-' => token(Kind::Comment, comment(data, at + 1)?.end),
        b'[' => token(Kind::SectionOpen, at + 1),
        byte if is_keyword(byte, namespaces) => declaration_name(data, at + 1, namespaces),
        _ => Err(Stop::Invalid(at)),
    }
}

/// Whether a character can be in the keyword of a declaration, as far as the tokenizer goes.
const fn is_keyword(byte: u8, namespaces: bool) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || byte == b':' && !namespaces
}

fn declaration_name(data: &[u8], mut at: usize, namespaces: bool) -> Scan {
    loop {
        match need(data, at)? {
            // `<!ENTITY% name` needs the space.
            b'%' if matches!(need(data, at + 1)?, b' ' | b'\t' | b'\n' | b'\r' | b'%') => return Err(Stop::Invalid(at)),
            b'%' | b' ' | b'\t' | b'\n' | b'\r' => return token(Kind::DeclarationOpen, at),
            byte if is_keyword(byte, namespaces) => at += 1,
            _ => return Err(Stop::Invalid(at)),
        }
    }
}

/// What follows a `%`.
fn percent(data: &[u8], at: usize, namespaces: bool) -> Scan {
    match need(data, at)? {
        b' ' | b'\t' | b'\n' | b'\r' | b'%' => token(Kind::Percent, at),
        _ => {
            let end = super::token::name(data, at, namespaces)?;
            if data[end] == b';' { token(Kind::ParameterRef, end + 1) } else { Err(Stop::Invalid(end)) }
        }
    }
}

/// What follows a `]`.
fn close_bracket(data: &[u8], at: usize) -> Scan {
    match data.get(at) {
        None => tentative(Kind::CloseBracket, at),
        Some(b']') => match need(data, at + 1)? {
            b'>' => token(Kind::SectionClose, at + 2),
            _ => token(Kind::CloseBracket, at),
        },
        Some(_) => token(Kind::CloseBracket, at),
    }
}

/// What follows a `)`.
fn close_paren(data: &[u8], at: usize) -> Scan {
    match data.get(at) {
        None => tentative(Kind::CloseParen, at),
        Some(b'*') => token(Kind::CloseParenAsterisk, at + 1),
        Some(b'?') => token(Kind::CloseParenQuestion, at + 1),
        Some(b'+') => token(Kind::CloseParenPlus, at + 1),
        Some(b' ' | b'\t' | b'\n' | b'\r' | b'>' | b',' | b'|' | b')') => token(Kind::CloseParen, at),
        Some(_) => Err(Stop::Invalid(at)),
    }
}

/// What follows a `#`.
fn pound_name(data: &[u8], at: usize, namespaces: bool) -> Scan {
    need(data, at)?;
    let mut at = match classify(data, at)? {
        Class::NameStart(len) => at + len,
        _ => return Err(Stop::Invalid(at)),
    };
    loop {
        match class_at(data, at)? {
            None => return tentative(Kind::PoundName, at),
            Some(Class::NameStart(len) | Class::NameRest(len)) => at += len,
            Some(Class::Colon) if !namespaces => at += 1,
            Some(Class::Colon | Class::Other(_)) => break,
        }
    }
    match data[at] {
        b' ' | b'\t' | b'\n' | b'\r' | b')' | b'>' | b'%' | b'|' => token(Kind::PoundName, at),
        _ => Err(Stop::Invalid(at)),
    }
}

fn name(data: &[u8], at: usize, namespaces: bool) -> Scan {
    let (mut kind, mut at) = match classify(data, at)? {
        Class::NameStart(len) => (Kind::Name, at + len),
        Class::NameRest(len) => (Kind::NameToken, at + len),
        Class::Colon => (if namespaces { Kind::NameToken } else { Kind::Name }, at + 1),
        Class::Other(_) => return Err(Stop::Invalid(at)),
    };
    loop {
        match class_at(data, at)? {
            None => return tentative(kind, at),
            Some(Class::NameStart(len) | Class::NameRest(len)) => at += len,
            Some(Class::Colon) if !namespaces => at += 1,
            Some(Class::Colon) => {
                at += 1;
                kind = match kind {
                    Kind::Name => match need(data, at).and_then(|_| classify(data, at))? {
                        Class::NameStart(_) | Class::NameRest(_) => Kind::PrefixedName,
                        _ => Kind::NameToken,
                    },
                    _ => Kind::NameToken,
                };
            }
            Some(Class::Other(_)) => break,
        }
    }
    let suffixed = match data[at] {
        b' ' | b'\t' | b'\n' | b'\r' | b'>' | b')' | b',' | b'|' | b'[' | b'%' => return token(kind, at),
        b'+' => Kind::NamePlus,
        b'*' => Kind::NameAsterisk,
        b'?' => Kind::NameQuestion,
        _ => return Err(Stop::Invalid(at)),
    };
    if kind == Kind::NameToken { Err(Stop::Invalid(at)) } else { token(suffixed, at + 1) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_told_apart() {
        let scan = |text: &str| prolog(text.as_bytes(), 0, true);
        assert_eq!(scan("<!ENTITY a"), token(Kind::DeclarationOpen, 8));
        assert_eq!(scan("%a; "), token(Kind::ParameterRef, 3));
        assert_eq!(scan("a:b "), token(Kind::PrefixedName, 3));
        assert_eq!(scan("a"), tentative(Kind::Name, 1));
        assert_eq!(scan("a* "), token(Kind::NameAsterisk, 2));
        assert_eq!(scan("'x' "), token(Kind::Literal, 3));
        assert_eq!(scan("<a"), token(Kind::InstanceStart, 0));
        assert_eq!(scan(" \r"), token(Kind::Space, 1));
        assert_eq!(scan("]]>"), token(Kind::SectionClose, 3));
    }
}
