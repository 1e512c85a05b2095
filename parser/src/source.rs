//! From bytes to text: byte order mark, PEP 263 coding cookies, encodings, newlines; and from
//! offsets in the text to lines and columns.

use crate::error::{ErrorKind, ErrorLocation, SyntaxError};
use encoding_rs::Encoding;
use std::borrow::Cow;

/// What is given to be parsed.
#[derive(Clone, Copy, Debug)]
pub enum Source<'a> {
    /// Text; a coding cookie in it means nothing.
    Text(&'a str),
    /// A file's contents.
    Bytes(&'a [u8]),
    /// The contents of a script, which CPython reads line by line and has other messages for, and its name.
    Script(&'a [u8], &'a str),
}

impl<'a> From<&'a str> for Source<'a> {
    fn from(text: &'a str) -> Source<'a> {
        Source::Text(text)
    }
}

impl<'a> From<&'a [u8]> for Source<'a> {
    fn from(bytes: &'a [u8]) -> Source<'a> {
        Source::Bytes(bytes)
    }
}

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The text of `source`, with `\n` for every newline and without a byte order mark.
pub fn decode(source: Source<'_>) -> Result<String, SyntaxError> {
    let bytes = match source {
        Source::Text(text) => text.as_bytes(),
        Source::Bytes(bytes) | Source::Script(bytes, _) => bytes,
    };
    let null = memchr::memchr(0, bytes);
    if let (Some(at), Source::Script(..)) = (null, source) {
        // What is wrong on an earlier line is found first.
        let start = memchr::memrchr(b'\n', &bytes[..at]).map_or(0, |newline| newline + 1);
        decode_bytes(&bytes[..start], source)?;
        return Err(null_in_script(bytes, start, at));
    }
    if null.is_some() {
        let message = "source code string cannot contain null bytes";
        return Err(SyntaxError::nowhere(ErrorKind::SyntaxError, message));
    }
    let text = match source {
        Source::Text(text) => Cow::Borrowed(text),
        Source::Bytes(bytes) | Source::Script(bytes, _) => decode_bytes(bytes, source)?,
    };
    Ok(universal_newlines(text))
}

fn null_in_script(bytes: &[u8], start: usize, at: usize) -> SyntaxError {
    let line = 1 + memchr::memchr_iter(b'\n', &bytes[..start]).count() as i32;
    SyntaxError {
        message: "source code cannot contain null bytes".to_owned(),
        location: Some(ErrorLocation { line, column: 0, end: None }),
        text: Some(String::from_utf8_lossy(&bytes[start..at]).into_owned()),
        ..SyntaxError::BLANK
    }
}

fn universal_newlines(text: Cow<'_, str>) -> String {
    if memchr::memchr(b'\r', text.as_bytes()).is_none() {
        return text.into_owned();
    }
    text.replace("\r\n", "\n").replace('\r', "\n")
}

fn decode_bytes<'a>(bytes: &'a [u8], source: Source<'_>) -> Result<Cow<'a, str>, SyntaxError> {
    let marked = bytes.starts_with(BYTE_ORDER_MARK);
    let body = if marked { &bytes[BYTE_ORDER_MARK.len()..] } else { bytes };
    let cookie = coding_cookie(body);
    let encoding = cookie.as_ref().map_or("utf-8", |(name, _)| name.as_str());
    if encoding == "utf-8" {
        return utf8(body).map_err(|error| match source {
            Source::Script(_, name) => not_utf8_in_script(body, error, cookie.is_some() || marked, name),
            _ => not_utf8(body, error.valid_up_to()),
        });
    }
    if marked {
        let line = cookie.as_ref().map_or(0, |&(_, line)| line);
        return Err(cookie_conflict(body, encoding, line));
    }
    let decoded = decode_as(encoding, body);
    if let (Err(_), Source::Script(..), Some((_, line))) = (&decoded, source, &cookie) {
        // A script is read anew from the end of the line that says how, where the codec begins to count.
        let end = memchr::memchr_iter(b'\n', body).nth(*line).unwrap_or(0);
        return match decode_as(encoding, &body[end..]) {
            Err(error) => Err(error),
            Ok(_) => decoded,
        };
    }
    decoded
}

fn utf8(body: &[u8]) -> Result<Cow<'_, str>, std::str::Utf8Error> {
    std::str::from_utf8(body).map(Cow::Borrowed)
}

/// The bounds of the line that `at` is on.
fn line_around(body: &[u8], at: usize) -> (usize, usize) {
    let start = body[..at].iter().rposition(|&b| b == b'\n').map_or(0, |newline| newline + 1);
    let end = body[at..].iter().position(|&b| b == b'\n').map_or(body.len(), |length| at + length);
    (start, end)
}

/// The error of `compile()` for a byte that cannot be there.
fn not_utf8(body: &[u8], at: usize) -> SyntaxError {
    let (start, end) = line_around(body, at);
    let line = 1 + body[..at].iter().filter(|&&b| b == b'\n').count() as i32;
    let column = 1 + String::from_utf8_lossy(&body[start..at]).chars().count() as i32;
    SyntaxError {
        message: format!(
            "Non-UTF-8 code starting with '\\x{:02x}' on line {line}, but no encoding declared; \
             see https://peps.python.org/pep-0263/ for details",
            body[at]
        ),
        location: Some(ErrorLocation { line, column, end: Some((line, column)) }),
        text: Some(String::from_utf8_lossy(&body[start..end]).into_owned()),
        has_no_file: true,
        ..SyntaxError::BLANK
    }
}

/// The same of a script. On the second line, if the first cannot declare an encoding, the first one is named.
fn not_utf8_in_script(body: &[u8], error: std::str::Utf8Error, is_declared: bool, name: &str) -> SyntaxError {
    let at = error.valid_up_to();
    let (start, end) = line_around(body, at);
    let plain = not_utf8(body, at);
    if is_declared {
        let codec = match std::str::from_utf8(&body[start..end]) {
            Err(error) => bad_utf8(&body[start..end], error).message,
            Ok(_) => String::new(),
        };
        let location = plain.location.map(|location| ErrorLocation { column: 0, end: None, ..location });
        return SyntaxError { message: format!("(unicode error) {codec}"), location, has_no_file: false, ..plain };
    }
    let first = body.split(|&byte| byte == b'\n').next().unwrap_or_default().trim_ascii_start();
    let is_code = !first.is_empty() && !first.starts_with(b"#");
    let location = plain.location.map(|location| {
        let line = if location.line == 2 && is_code { 1 } else { location.line };
        ErrorLocation { line, end: Some((line, location.column)), ..location }
    });
    let line = location.map_or(1, |location| location.line);
    SyntaxError {
        message: format!(
            "Non-UTF-8 code starting with '\\x{:02x}' in file {name} on line {line}, but no encoding declared; \
             see https://peps.python.org/pep-0263/ for details",
            body[at]
        ),
        location,
        has_no_file: false,
        ..plain
    }
}

fn cookie_conflict(body: &[u8], encoding: &str, line: usize) -> SyntaxError {
    let text = body.split(|&b| b == b'\n').nth(line).unwrap_or_default();
    let text = String::from_utf8_lossy(text).trim_end_matches('\r').to_owned();
    let line = line as i32 + 1;
    SyntaxError {
        kind: ErrorKind::SyntaxError,
        message: format!("encoding problem: {encoding} with BOM"),
        location: Some(ErrorLocation { line, column: 0, end: Some((line, text.chars().count() as i32)) }),
        text: Some(text),
        has_no_file: true,
        ..SyntaxError::BLANK
    }
}

/// The encoding named in a comment on one of the first two lines, and on which of them, from 0.
/// The second line counts only if the first has nothing but a comment.
fn coding_cookie(body: &[u8]) -> Option<(String, usize)> {
    let mut lines = body.split(|&b| b == b'\n' || b == b'\r');
    for number in 0..2 {
        let line = lines.next()?;
        let blank = line.iter().position(|&b| !matches!(b, b' ' | b'\t' | 0x0c)).unwrap_or(line.len());
        if blank < line.len() && line[blank] != b'#' {
            return None;
        }
        if let Some(name) = cookie_in(&line[blank..]) {
            return Some((name, number));
        }
        // `\r\n` is one newline.
        if body.get(line.len()) == Some(&b'\r') && body.get(line.len() + 1) == Some(&b'\n') {
            lines.next();
        }
    }
    None
}

fn cookie_in(comment: &[u8]) -> Option<String> {
    for start in memchr::memmem::find_iter(comment, b"coding") {
        let rest = &comment[start + 6..];
        if !matches!(rest.first(), Some(b':' | b'=')) {
            continue;
        }
        let rest = &rest[1..];
        let from = rest.iter().position(|&b| b != b' ' && b != b'\t').unwrap_or(rest.len());
        let name = &rest[from..];
        let end = name.iter().position(|&b| !(b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.')));
        let name = &name[..end.unwrap_or(name.len())];
        if !name.is_empty() {
            return Some(normal_name(&String::from_utf8_lossy(name)));
        }
    }
    None
}

/// The names PEP 263 gives a meaning of their own, spelt one way.
fn normal_name(name: &str) -> String {
    let folded: String = name.chars().take(12).map(|c| if c == '_' { '-' } else { c.to_ascii_lowercase() }).collect();
    let is = |base: &str| folded == base || folded.starts_with(&format!("{base}-"));
    if is("utf-8") {
        "utf-8".to_owned()
    } else if is("latin-1") || is("iso-8859-1") || is("iso-latin-1") {
        "iso-8859-1".to_owned()
    } else {
        name.to_owned()
    }
}

/// Codecs of Python that do not turn bytes into text.
const NOT_TEXT: &[&str] = &[
    "hex",
    "hex-codec",
    "base64",
    "base64-codec",
    "bz2",
    "bz2-codec",
    "zlib",
    "zip",
    "zlib-codec",
    "quopri",
    "quopri-codec",
    "uu",
    "uu-codec",
    "rot13",
    "rot-13",
];

fn decode_as<'a>(encoding: &str, body: &'a [u8]) -> Result<Cow<'a, str>, SyntaxError> {
    let folded = encoding.to_ascii_lowercase().replace('_', "-");
    match folded.as_str() {
        "utf8" | "u8" | "utf" | "cp65001" => {
            return std::str::from_utf8(body).map(Cow::Borrowed).map_err(|error| bad_utf8(body, error));
        }
        "iso-8859-1" | "latin1" | "latin" | "l1" | "iso8859-1" | "8859" | "cp819" | "iso8859" => {
            return Ok(body.iter().map(|&b| char::from(b)).collect::<String>().into());
        }
        "ascii" | "us-ascii" | "646" => return ascii(body),
        "utf-7" | "u7" | "utf7" if body.is_ascii() && !body.contains(&b'+') => {
            return Ok(body.iter().map(|&b| char::from(b)).collect::<String>().into());
        }
        _ => {}
    }
    if NOT_TEXT.contains(&folded.as_str()) {
        return Err(SyntaxError::undecodable(format!("'{encoding}' is not a text encoding; use codecs.decode() to handle arbitrary codecs")));
    }
    let Some(known) = known_encoding(&folded) else {
        return Err(SyntaxError::undecodable(format!("unknown encoding: {encoding}")));
    };
    let text = known.decode_without_bom_handling_and_without_replacement(body).ok_or_else(|| undecodable_byte(encoding, known, body))?;
    if known.name().starts_with("windows-125")
        && let Some((at, c)) = text.chars().enumerate().find(|(_, c)| ('\u{80}'..'\u{a0}').contains(c))
    {
        // The web has a meaning for these bytes; Python has none.
        return Err(SyntaxError::undecodable(format!(
            "'charmap' codec can't decode byte {:#04x} in position {at}: character maps to <undefined>",
            u32::from(c)
        )));
    }
    Ok(text)
}

/// What the codec says, which is asked if the cookie does not spell the name in the usual way.
fn bad_utf8(body: &[u8], error: std::str::Utf8Error) -> SyntaxError {
    let at = error.valid_up_to();
    let byte = body[at];
    let reason = match error.error_len() {
        None => "unexpected end of data",
        Some(1) if !(0xc2..=0xf4).contains(&byte) => "invalid start byte",
        Some(_) => "invalid continuation byte",
    };
    let last = error.error_len().map_or(body.len(), |length| at + length) - 1;
    let place = if last == at { format!("byte {byte:#04x} in position {at}") } else { format!("bytes in position {at}-{last}") };
    SyntaxError::undecodable(format!("'utf-8' codec can't decode {place}: {reason}"))
}

/// The encoding that a file declares in a comment, if any: for those who have codecs that this
/// crate has not.
pub fn declared_encoding(bytes: &[u8]) -> Option<String> {
    coding_cookie(bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes)).map(|(name, _)| name)
}

/// Python's names for what `encoding_rs` knows by the labels of the web.
fn known_encoding(name: &str) -> Option<&'static Encoding> {
    let label = match name {
        "cp932" | "ms932" | "mskanji" | "ms-kanji" | "sjis" | "shiftjis" | "s-jis" | "csshiftjis" => "shift_jis",
        "eucjp" | "ujis" | "u-jis" => "euc-jp",
        "euckr" | "cp949" | "ms949" | "uhc" => "euc-kr",
        "big5-tw" | "cp950" | "ms950" | "big5hkscs" | "big5-hkscs" => "big5",
        "cp936" | "936" | "ms936" | "gb2312" | "euccn" | "eucgb2312-cn" => "gbk",
        "gb18030-2000" => "gb18030",
        "mac-roman" | "macroman" | "macintosh" => "macintosh",
        "cp1252" | "1252" => "windows-1252",
        "koi8-r" | "koi8-u" | "cp866" => name,
        "utf-16" | "utf16" | "u16" => "utf-16le",
        other => {
            if let Some(number) = other.strip_prefix("cp125").filter(|n| n.len() == 1) {
                return Encoding::for_label(format!("windows-125{number}").as_bytes());
            }
            if let Some(number) = other.strip_prefix("latin-").or(other.strip_prefix("latin")) {
                let part = match number {
                    "2" | "3" | "4" => number,
                    "6" => "10",
                    "8" => "14",
                    "9" => "15",
                    "10" => "16",
                    _ => return None,
                };
                return Encoding::for_label(format!("iso-8859-{part}").as_bytes());
            }
            other
        }
    };
    Encoding::for_label(label.as_bytes())
}

fn ascii(body: &[u8]) -> Result<Cow<'_, str>, SyntaxError> {
    match body.iter().position(|b| !b.is_ascii()) {
        Some(at) => {
            Err(SyntaxError::undecodable(format!("'ascii' codec can't decode byte {:#04x} in position {at}: ordinal not in range(128)", body[at])))
        }
        None => Ok(String::from_utf8_lossy(body)),
    }
}

fn undecodable_byte(name: &str, encoding: &'static Encoding, body: &[u8]) -> SyntaxError {
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let mut scratch = vec![0; decoder.max_utf8_buffer_length_without_replacement(body.len()).unwrap_or(0)];
    let (result, read, _) = decoder.decode_to_utf8_without_replacement(body, &mut scratch, true);
    let length = match result {
        encoding_rs::DecoderResult::Malformed(length, after) => usize::from(length) + usize::from(after),
        _ => 1,
    };
    let at = read.saturating_sub(length).min(body.len().saturating_sub(1));
    let byte = body.get(at).copied().unwrap_or(0);
    let (name, reason) = if encoding.is_single_byte() { ("charmap", "character maps to <undefined>") } else { (name, "illegal multibyte sequence") };
    SyntaxError::undecodable(format!("'{name}' codec can't decode byte {byte:#04x} in position {at}: {reason}"))
}

/// The lines of a text.
pub(crate) struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    pub(crate) fn new(text: &'a str) -> Lines<'a> {
        let mut starts = vec![0];
        starts.extend(memchr::memchr_iter(b'\n', text.as_bytes()).map(|newline| newline + 1));
        Lines { text, starts }
    }

    /// The line, from 1, of a byte offset.
    pub(crate) fn line_of(&self, offset: usize) -> usize {
        self.starts.partition_point(|&start| start <= offset)
    }

    pub(crate) fn start_of(&self, line: usize) -> usize {
        self.starts.get(line.saturating_sub(1)).copied().unwrap_or(self.text.len())
    }

    /// The text of a line, without its newline.
    pub(crate) fn text_of(&self, line: usize) -> &'a str {
        let end = self.starts.get(line).map_or(self.text.len(), |next| next - 1);
        self.text.get(self.start_of(line)..end).unwrap_or("")
    }

    /// Line and column, both from 1, the column in characters.
    pub(crate) fn position(&self, offset: usize) -> (i32, i32) {
        let line = self.line_of(offset);
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        let before = self.text.get(self.start_of(line)..offset).unwrap_or("");
        (line as i32, before.chars().count() as i32 + 1)
    }
}
