//! Which keys do what: the language of `.inputrc`.

use std::collections::HashMap;

/// What a key does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// A named command of readline's.
    Command(String),
    /// Types these characters.
    Macro(Vec<u8>),
}

/// `set name value`
pub struct Setting {
    pub name: Vec<u8>,
    pub value: Vec<u8>,
}

/// The bindings that differ from the default ones.
#[derive(Default)]
pub struct Bindings {
    keys: HashMap<Vec<u8>, Action>,
}

impl Bindings {
    /// Executes a line; settings are for the caller to see to.
    pub fn execute(&mut self, line: &[u8]) -> Option<Setting> {
        let line = line.trim_ascii();
        if line.is_empty() || line[0] == b'#' || line[0] == b'$' {
            return None;
        }
        if let Some(rest) = line.strip_prefix(b"set ") {
            let rest = rest.trim_ascii();
            let end = rest.iter().position(u8::is_ascii_whitespace).unwrap_or(rest.len());
            return Some(Setting { name: rest[..end].to_ascii_lowercase(), value: rest[end..].trim_ascii().to_vec() });
        }
        let (key, rest) = split_key(line)?;
        let action = match rest.first() {
            Some(quote @ (b'"' | b'\'')) => {
                let end = rest.iter().rposition(|byte| byte == quote).filter(|end| *end > 0).unwrap_or(rest.len());
                Action::Macro(unescape(&rest[1..end]))
            }
            _ => Action::Command(String::from_utf8_lossy(rest).to_ascii_lowercase()),
        };
        self.keys.insert(key, action);
        None
    }

    /// What a key was bound to.
    pub fn find(&self, key: &[u8]) -> Option<&Action> {
        self.keys.get(key)
    }
}

/// The key sequence before the colon, and what follows it.
fn split_key(line: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    if line[0] == b'"' {
        let mut end = 1;
        while end < line.len() && line[end] != b'"' {
            end += if line[end] == b'\\' { 2 } else { 1 };
        }
        let rest = line.get(end + 1..)?.trim_ascii_start().strip_prefix(b":")?;
        return Some((unescape(&line[1..end.min(line.len())]), rest.trim_ascii()));
    }
    let colon = line.iter().position(|&byte| byte == b':')?;
    Some((key_by_name(&String::from_utf8_lossy(&line[..colon]).to_ascii_lowercase())?, line[colon + 1..].trim_ascii()))
}

/// `Control-a`, `Meta-x`, `tab`
fn key_by_name(name: &str) -> Option<Vec<u8>> {
    let name = name.trim();
    for prefix in ["control-", "c-"] {
        if let Some(rest) = name.strip_prefix(prefix) {
            return key_by_name(rest).and_then(|key| key.last().copied()).map(|byte| vec![byte & 0x1f]);
        }
    }
    for prefix in ["meta-", "m-"] {
        if let Some(rest) = name.strip_prefix(prefix) {
            let mut key = vec![0x1b];
            key.extend(key_by_name(rest)?);
            return Some(key);
        }
    }
    Some(match name {
        "tab" => vec![b'\t'],
        "esc" | "escape" => vec![0x1b],
        "ret" | "return" | "newline" => vec![b'\r'],
        "lfd" | "linefeed" => vec![b'\n'],
        "spc" | "space" => vec![b' '],
        "del" | "rubout" => vec![0x7f],
        _ => vec![*name.as_bytes().first()?],
    })
}

/// Backslash sequences of key sequences and macros.
fn unescape(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = text;
    while let [first, tail @ ..] = rest {
        rest = tail;
        if *first != b'\\' {
            out.push(*first);
            continue;
        }
        match rest {
            [b'C', b'-', key, tail @ ..] => {
                out.push(key & 0x1f);
                rest = tail;
            }
            [b'M', b'-', tail @ ..] => {
                out.push(0x1b);
                rest = tail;
            }
            [escape, tail @ ..] => {
                out.push(match escape {
                    b'e' => 0x1b,
                    b't' => b'\t',
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b'a' => 7,
                    b'b' => 8,
                    b'd' => 0x7f,
                    other => *other,
                });
                rest = tail;
            }
            [] => out.push(b'\\'),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_bind_keys() {
        let mut bindings = Bindings::default();
        for line in ["tab: complete", "Control-a: \"x\\ty\"", r#""\C-b": backward-char"#, "# nothing"] {
            assert!(bindings.execute(line.as_bytes()).is_none());
        }
        assert_eq!(bindings.find(b"\t"), Some(&Action::Command("complete".into())));
        assert_eq!(bindings.find(b"\x01"), Some(&Action::Macro(b"x\ty".to_vec())));
        assert_eq!(bindings.find(b"\x02"), Some(&Action::Command("backward-char".into())));
        assert_eq!(bindings.execute(b"set history-size 10").map(|setting| setting.value), Some(b"10".to_vec()));
    }
}
