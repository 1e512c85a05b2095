//! Rust source without what is not code.
//!
//! The rules ask for words (`unsafe`, `todo!`, `.unwrap()`), and those words may also stand in comments and strings.
//! [`code`] replaces comments, strings and character literals by spaces, line by line in place, so that what is left
//! can be searched and its line numbers are still right.

/// The text with comments and literals blanked out.
pub fn code(text: &str) -> String {
    let characters: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < characters.len() {
        let end = match literal_end(&characters, at) {
            Some(end) => end,
            None => {
                out.push(characters[at]);
                at += 1;
                continue;
            }
        };
        out.extend(characters[at..end].iter().map(|&character| if character == '\n' { '\n' } else { ' ' }));
        at = end;
    }
    out
}

/// Code without its `#[cfg(test)]` items; takes what [`code`] returned.
pub fn without_tests(code: &str) -> String {
    let mut out = code.to_owned();
    while let Some(start) = out.find("#[cfg(test)]") {
        let end = item_end(&out, start + "#[cfg(test)]".len());
        let blank: String = out[start..end].chars().map(|character| if character == '\n' { '\n' } else { ' ' }).collect();
        out.replace_range(start..end, &blank);
    }
    out
}

/// The numbers of the lines that hold `word` as a whole word, counted from one.
pub fn lines_with_word(code: &str, word: &str) -> Vec<usize> {
    let is_part = |character: char| character.is_alphanumeric() || character == '_';
    let holds = |line: &str| {
        line.match_indices(word)
            .any(|(at, _)| !line[..at].chars().next_back().is_some_and(is_part) && !line[at + word.len()..].chars().next().is_some_and(is_part))
    };
    code.lines().enumerate().filter(|(_, line)| holds(line)).map(|(index, _)| index + 1).collect()
}

/// Where the item that follows `start` ends: at its closing brace, or at the semicolon before any brace.
fn item_end(code: &str, start: usize) -> usize {
    let mut depth = 0_usize;
    for (at, character) in code[start..].char_indices() {
        match character {
            ';' if depth == 0 => return start + at + 1,
            '{' => depth += 1,
            '}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return start + at + 1;
                }
            }
            _ => {}
        }
    }
    code.len()
}

/// If a comment or literal starts at `at`, where it ends.
fn literal_end(text: &[char], at: usize) -> Option<usize> {
    let next = text.get(at + 1).copied();
    let previous = at.checked_sub(1).map(|before| text[before]);
    match text[at] {
        '/' if next == Some('/') => Some(line_end(text, at)),
        '/' if next == Some('*') => Some(comment_end(text, at)),
        '"' => Some(string_end(text, at + 1)),
        'r' if matches!(next, Some('"' | '#'))
            && !previous.is_some_and(|before| before.is_alphanumeric() && before != 'b' && before != 'c' || before == '_') =>
        {
            raw_string_end(text, at + 1)
        }
        '\'' => character_end(text, at),
        _ => None,
    }
}

fn line_end(text: &[char], at: usize) -> usize {
    text[at..].iter().position(|&character| character == '\n').map_or(text.len(), |length| at + length)
}

/// Block comments nest.
fn comment_end(text: &[char], at: usize) -> usize {
    let mut depth = 0;
    let mut at = at;
    while at + 1 < text.len() {
        match (text[at], text[at + 1]) {
            ('/', '*') => (depth, at) = (depth + 1, at + 2),
            ('*', '/') => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    text.len()
}

fn string_end(text: &[char], mut at: usize) -> usize {
    while at < text.len() {
        match text[at] {
            '\\' => at += 2,
            '"' => return at + 1,
            _ => at += 1,
        }
    }
    text.len()
}

/// `at` is behind the `r`; `r#name` is no string.
fn raw_string_end(text: &[char], at: usize) -> Option<usize> {
    let hashes = text[at..].iter().take_while(|&&character| character == '#').count();
    if text.get(at + hashes) != Some(&'"') {
        return None;
    }
    let mut end = at + hashes + 1;
    while end < text.len() {
        if text[end] == '"' && text[end + 1..].iter().take_while(|&&character| character == '#').count() >= hashes {
            return Some(end + 1 + hashes);
        }
        end += 1;
    }
    Some(text.len())
}

/// A character literal, or nothing where the quote opens a lifetime.
fn character_end(text: &[char], at: usize) -> Option<usize> {
    if text.get(at + 1) == Some(&'\\') {
        let close = text[at + 3..].iter().position(|&character| character == '\'')?;
        return Some(at + 3 + close + 1);
    }
    (text.get(at + 2) == Some(&'\'')).then_some(at + 3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_literals_are_blanked() {
        assert_eq!(code("a // unsafe\nb"), "a          \nb");
        assert_eq!(code("a /* x /* y */ z */ b"), "a                   b");
        assert_eq!(code(r#"f("un\"safe") + 'x' + '\''"#), "f(          ) +     +     ");
        assert_eq!(code(r###"r#"to"do!"# x"###), "            x");
        assert_eq!(code("fn f<'a>(x: &'a str) {}"), "fn f<'a>(x: &'a str) {}");
        assert_eq!(code("r#type + br\"x\""), "r#type + b    ");
    }

    #[test]
    fn test_modules_are_left_out() {
        let text = "fn f() {}\n#[cfg(test)]\nmod tests {\n    fn g() { x.unwrap() }\n}\nfn h() {}";
        let left = without_tests(text);
        assert!(!left.contains("unwrap") && left.contains("fn f") && left.contains("fn h"));
        assert_eq!(left.lines().count(), text.lines().count());
    }

    #[test]
    fn words_are_whole() {
        assert_eq!(lines_with_word("unsafe_code\nunsafe {\nan unsafe fn", "unsafe"), [2, 3]);
    }
}
