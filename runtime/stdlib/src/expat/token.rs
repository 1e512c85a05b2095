//! Tokens of content: tags, references, text, sections, and what comments and instructions look like
//! everywhere.
//!
//! A scan looks at the data from a position on and says which token is there and where it ends. If the data
//! end within the token, or hold what cannot be there, it says so with a [`Stop`], whose position is
//! the one that expat reports.

use super::chars::{Class, Stop, char_length, classify, is_space};

/// A token of content, of a CDATA section, or of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// There are no data left.
    None,
    StartTag,
    EmptyElement,
    EndTag,
    Text,
    Newline,
    /// A carriage return that ends the data: a line feed may follow.
    TrailingReturn,
    /// One or two closing brackets that end the data: `]]>` may come of them.
    TrailingBracket,
    CdataOpen,
    CdataClose,
    EntityRef,
    CharRef,
    ParameterRef,
    Instruction,
    XmlDeclaration,
    Comment,
    /// White space in an attribute's value.
    Space,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) end: usize,
}

pub(super) type Scan = Result<Token, Stop>;

pub(super) const fn token(kind: Kind, end: usize) -> Scan {
    Ok(Token { kind, end })
}

/// The byte at `at`, or `Partial`.
#[inline]
pub(super) fn need(data: &[u8], at: usize) -> Result<u8, Stop> {
    data.get(at).copied().ok_or(Stop::Partial)
}

/// The class of the character at `at`, or `Partial`.
#[inline]
fn need_class(data: &[u8], at: usize) -> Result<Class, Stop> {
    if at < data.len() { classify(data, at) } else { Err(Stop::Partial) }
}

/// Skips the first character of a name.
fn name_start(data: &[u8], at: usize, namespaces: bool) -> Result<usize, Stop> {
    match need_class(data, at)? {
        Class::NameStart(len) => Ok(at + len),
        Class::Colon if !namespaces => Ok(at + 1),
        _ => Err(Stop::Invalid(at)),
    }
}

/// Skips a name. Something must follow it. With namespaces there are no colons in the names of entities and instructions.
pub(super) fn name(data: &[u8], at: usize, namespaces: bool) -> Result<usize, Stop> {
    let mut at = name_start(data, at, namespaces)?;
    loop {
        match need_class(data, at)? {
            Class::NameStart(len) | Class::NameRest(len) => at += len,
            Class::Colon if !namespaces => at += 1,
            Class::Colon | Class::Other(_) => return Ok(at),
        }
    }
}

fn skip_space(data: &[u8], mut at: usize) -> Result<usize, Stop> {
    while is_space(need(data, at)?) {
        at += 1;
    }
    Ok(at)
}

/// The next token of content.
pub(super) fn content(data: &[u8], at: usize, namespaces: bool) -> Scan {
    match data.get(at) {
        None => token(Kind::None, at),
        Some(b'<') => markup(data, at + 1, namespaces),
        Some(b'&') => reference(data, at + 1, namespaces),
        Some(b'\n') => token(Kind::Newline, at + 1),
        Some(b'\r') => carriage_return(data, at),
        Some(b']') => bracket(data, at),
        Some(_) => text(data, at + char_length(data, at)?, true),
    }
}

fn carriage_return(data: &[u8], at: usize) -> Scan {
    match data.get(at + 1) {
        None => token(Kind::TrailingReturn, at + 1),
        Some(b'\n') => token(Kind::Newline, at + 2),
        Some(_) => token(Kind::Newline, at + 1),
    }
}

fn bracket(data: &[u8], at: usize) -> Scan {
    match (data.get(at + 1), data.get(at + 2)) {
        (None, _) | (Some(b']'), None) => token(Kind::TrailingBracket, at + 1),
        (Some(b']'), Some(b'>')) => Err(Stop::Invalid(at + 2)),
        _ => text(data, at + 1, true),
    }
}

/// Characters that are neither markup nor line ends. In `content`, `]]>` is an error; in a CDATA section a
/// bracket ends the text.
fn text(data: &[u8], mut at: usize, content: bool) -> Scan {
    while let Some(&byte) = data.get(at) {
        match byte {
            b'\n' | b'\r' => break,
            b'<' | b'&' if content => break,
            b']' if !content => break,
            b']' => match (data.get(at + 1), data.get(at + 2)) {
                (None, _) | (Some(b']'), None) => break,
                (Some(b']'), Some(b'>')) => return Err(Stop::Invalid(at + 2)),
                _ => at += 1,
            },
            _ => match char_length(data, at) {
                Ok(len) => at += len,
                Err(_) => break,
            },
        }
    }
    token(Kind::Text, at)
}

/// The next token of a CDATA section.
pub(super) fn cdata(data: &[u8], at: usize) -> Scan {
    match data.get(at) {
        None => token(Kind::None, at),
        Some(b'\n') => token(Kind::Newline, at + 1),
        Some(b'\r') => match data.get(at + 1) {
            None => Err(Stop::Partial),
            Some(_) => carriage_return(data, at),
        },
        Some(b']') => match need(data, at + 1)? {
            b']' => match need(data, at + 2)? {
                b'>' => token(Kind::CdataClose, at + 3),
                _ => text(data, at + 1, false),
            },
            _ => text(data, at + 1, false),
        },
        Some(_) => text(data, at + char_length(data, at)?, false),
    }
}

/// What follows a `<` in content.
fn markup(data: &[u8], at: usize, namespaces: bool) -> Scan {
    match need(data, at)? {
        b'!' => match need(data, at + 1)? {
            b'-' => comment(data, at + 2),
            b'[' => cdata_open(data, at + 2),
            _ => Err(Stop::Invalid(at + 1)),
        },
        b'?' => instruction(data, at + 1, namespaces),
        b'/' => end_tag(data, at + 1),
        _ => start_tag(data, at, namespaces),
    }
}

/// The rest of a comment, from its second `-` on.
pub(super) fn comment(data: &[u8], at: usize) -> Scan {
    if at >= data.len() {
        return Err(Stop::Partial);
    }
    if data[at] != b'-' {
        return Err(Stop::Invalid(at));
    }
    let mut at = at + 1;
    while at < data.len() {
        if data[at] != b'-' {
            at += char_length(data, at)?;
            continue;
        }
        if need(data, at + 1)? == b'-' {
            return match need(data, at + 2)? {
                b'>' => token(Kind::Comment, at + 3),
                _ => Err(Stop::Invalid(at + 2)),
            };
        }
        at += 1;
    }
    Err(Stop::Partial)
}

/// What follows `<![` in content.
fn cdata_open(data: &[u8], at: usize) -> Scan {
    if data.len() < at + 6 {
        return Err(Stop::Partial);
    }
    match b"CDATA[".iter().zip(&data[at..]).position(|(wanted, found)| wanted != found) {
        Some(offset) => Err(Stop::Invalid(at + offset)),
        None => token(Kind::CdataOpen, at + 6),
    }
}

/// What follows `<?`.
pub(super) fn instruction(data: &[u8], at: usize, namespaces: bool) -> Scan {
    let target = at;
    let at = name(data, at, namespaces)?;
    let kind = match &data[target..at] {
        b"xml" => Kind::XmlDeclaration,
        name if name.eq_ignore_ascii_case(b"xml") => return Err(Stop::Invalid(at)),
        _ => Kind::Instruction,
    };
    if data[at] == b'?' {
        return match need(data, at + 1)? {
            b'>' => token(kind, at + 2),
            _ => Err(Stop::Invalid(at + 1)),
        };
    }
    if !is_space(data[at]) {
        return Err(Stop::Invalid(at));
    }
    let mut at = at + 1;
    while at < data.len() {
        if data[at] != b'?' {
            at += char_length(data, at)?;
            continue;
        }
        at += 1;
        if need(data, at)? == b'>' {
            return token(kind, at + 1);
        }
    }
    Err(Stop::Partial)
}

fn end_tag(data: &[u8], at: usize) -> Scan {
    let at = name(data, at, false)?;
    let at = skip_space(data, at)?;
    match data[at] {
        b'>' => token(Kind::EndTag, at + 1),
        _ => Err(Stop::Invalid(at)),
    }
}

/// A name of a tag or attribute. With namespaces it has one colon at most, with a name on either side.
fn qualified_name(data: &[u8], at: usize, namespaces: bool) -> Result<usize, Stop> {
    let mut colon = !namespaces;
    let mut at = name_start(data, at, namespaces)?;
    loop {
        match need_class(data, at)? {
            Class::NameStart(len) | Class::NameRest(len) => at += len,
            Class::Colon if !namespaces => at += 1,
            Class::Colon if colon => return Err(Stop::Invalid(at)),
            Class::Colon => {
                colon = true;
                match need_class(data, at + 1)? {
                    Class::NameStart(len) => at += 1 + len,
                    _ => return Err(Stop::Invalid(at + 1)),
                }
            }
            Class::Other(_) => return Ok(at),
        }
    }
}

fn start_tag(data: &[u8], at: usize, namespaces: bool) -> Scan {
    let mut at = qualified_name(data, at, namespaces)?;
    loop {
        let after = skip_space(data, at)?;
        match data[after] {
            b'>' => return token(Kind::StartTag, after + 1),
            b'/' => {
                return match need(data, after + 1)? {
                    b'>' => token(Kind::EmptyElement, after + 2),
                    _ => Err(Stop::Invalid(after + 1)),
                };
            }
            _ if after == at => return Err(Stop::Invalid(at)),
            _ => at = attribute(data, after, namespaces)?,
        }
    }
}

/// One attribute of a start tag, up to its closing quote.
fn attribute(data: &[u8], at: usize, namespaces: bool) -> Result<usize, Stop> {
    let at = qualified_name(data, at, namespaces)?;
    let at = skip_space(data, at)?;
    if data[at] != b'=' {
        return Err(Stop::Invalid(at));
    }
    let at = skip_space(data, at + 1)?;
    let quote = data[at];
    if quote != b'"' && quote != b'\'' {
        return Err(Stop::Invalid(at));
    }
    let mut at = at + 1;
    loop {
        match need(data, at)? {
            byte if byte == quote => break,
            b'&' => at = reference(data, at + 1, namespaces)?.end,
            b'<' => return Err(Stop::Invalid(at)),
            _ => at += char_length(data, at)?,
        }
    }
    match need(data, at + 1)? {
        b'>' | b'/' => Ok(at + 1),
        byte if is_space(byte) => Ok(at + 1),
        _ => Err(Stop::Invalid(at + 1)),
    }
}

/// What follows an `&`.
pub(super) fn reference(data: &[u8], at: usize, namespaces: bool) -> Scan {
    if need(data, at)? == b'#' {
        return char_reference(data, at + 1);
    }
    let at = name(data, at, namespaces)?;
    match data[at] {
        b';' => token(Kind::EntityRef, at + 1),
        _ => Err(Stop::Invalid(at)),
    }
}

fn char_reference(data: &[u8], at: usize) -> Scan {
    let hexadecimal = need(data, at)? == b'x';
    let start = at + usize::from(hexadecimal);
    let mut at = start;
    loop {
        match need(data, at)? {
            byte if byte.is_ascii_digit() || hexadecimal && byte.is_ascii_hexdigit() => at += 1,
            b';' if at > start => return token(Kind::CharRef, at + 1),
            _ => {
                char_length(data, at)?;
                return Err(Stop::Invalid(at));
            }
        }
    }
}

/// The number of the character reference that `text` (`&#…;`) is; `None` if it names no legal character.
pub(super) fn char_reference_number(text: &[u8]) -> Option<u32> {
    let digits = &text[2..text.len() - 1];
    let (digits, radix) = match digits.strip_prefix(b"x") {
        Some(digits) => (digits, 16),
        None => (digits, 10),
    };
    let mut number = 0;
    for &digit in digits {
        number = number * radix + char::from(digit).to_digit(radix)?;
        if number >= 0x11_0000 {
            return None;
        }
    }
    super::chars::is_legal(number).then_some(number)
}

/// The character that a predefined entity's name (`lt`, …) stands for.
pub(super) fn predefined_entity(name: &[u8]) -> Option<u8> {
    match name {
        b"lt" => Some(b'<'),
        b"gt" => Some(b'>'),
        b"amp" => Some(b'&'),
        b"quot" => Some(b'"'),
        b"apos" => Some(b'\''),
        _ => None,
    }
}

/// The next token of an attribute's value, or of the text of an entity that one refers to.
pub(super) fn attribute_value(data: &[u8], at: usize, namespaces: bool) -> Scan {
    let start = at;
    let mut at = at;
    while let Some(&byte) = data.get(at) {
        match byte {
            b'&' | b'<' | b'\n' | b'\r' | b' ' | b'\t' if at > start => break,
            b'&' => return reference(data, at + 1, namespaces),
            b'<' => return Err(Stop::Invalid(at)),
            b'\n' => return token(Kind::Newline, at + 1),
            b'\r' => return carriage_return(data, at),
            b' ' | b'\t' => return token(Kind::Space, at + 1),
            _ => match char_length(data, at) {
                Ok(len) => at += len,
                Err(_) => at += 1,
            },
        }
    }
    token(if at == start { Kind::None } else { Kind::Text }, at)
}

/// The next token of an entity's value.
pub(super) fn entity_value(data: &[u8], at: usize, namespaces: bool) -> Scan {
    let start = at;
    let mut at = at;
    while let Some(&byte) = data.get(at) {
        match byte {
            b'&' | b'%' | b'\n' | b'\r' if at > start => break,
            b'&' => return reference(data, at + 1, namespaces),
            b'%' => {
                let end = name(data, at + 1, namespaces)?;
                return if data[end] == b';' { token(Kind::ParameterRef, end + 1) } else { Err(Stop::Invalid(end)) };
            }
            b'\n' => return token(Kind::Newline, at + 1),
            b'\r' => return carriage_return(data, at),
            _ => match char_length(data, at) {
                Ok(len) => at += len,
                Err(_) => at += 1,
            },
        }
    }
    token(if at == start { Kind::None } else { Kind::Text }, at)
}

/// The end of the ignored conditional section whose contents start at `at`.
pub(super) fn ignored_section(data: &[u8], mut at: usize) -> Result<usize, Stop> {
    let mut level = 0;
    while at < data.len() {
        match data[at] {
            b'<' if need(data, at + 1)? == b'!' => {
                at += 2;
                if need(data, at)? == b'[' {
                    level += 1;
                    at += 1;
                }
            }
            b']' if need(data, at + 1)? == b']' => {
                at += 1;
                if need(data, at + 1)? == b'>' {
                    at += 2;
                    if level == 0 {
                        return Ok(at);
                    }
                    level -= 1;
                }
            }
            _ => at += char_length(data, at)?,
        }
    }
    Err(Stop::Partial)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scan(text: &str) -> Scan {
        content(text.as_bytes(), 0, false)
    }

    #[test]
    fn tokens_are_told_apart() {
        assert_eq!(scan("<a b='c'>x"), token(Kind::StartTag, 9));
        assert_eq!(scan("<a/>"), token(Kind::EmptyElement, 4));
        assert_eq!(scan("</a >"), token(Kind::EndTag, 5));
        assert_eq!(scan("ab\nc"), token(Kind::Text, 2));
        assert_eq!(scan("&#12;"), token(Kind::CharRef, 5));
        assert_eq!(scan("<!-- - -->"), token(Kind::Comment, 10));
        assert_eq!(scan("<![CDATA[x"), token(Kind::CdataOpen, 9));
        assert_eq!(scan("<a b='c'"), Err(Stop::Partial));
        assert_eq!(scan("<a b=c>"), Err(Stop::Invalid(5)));
        assert_eq!(scan("a]]>"), Err(Stop::Invalid(3)));
        assert_eq!(content(b"<a:b:c/>", 0, true), Err(Stop::Invalid(4)));
    }

    #[test]
    fn ignored_sections_nest() {
        assert_eq!(ignored_section(b"a <![x[ b ]]> c ]]>d", 0), Ok(19));
    }
}
