//! Type comments (PEP 484): `# type: int` behind assignments, loops, `with`, parameters and the heads of functions.

use std::cell::RefCell;

/// A comment that begins with `# type:`.
struct TypeComment {
    start: usize,
    text: String,
}

/// The type comments of a program that no node has taken yet.
#[derive(Default)]
pub(super) struct TypeComments {
    left: RefCell<Vec<TypeComment>>,
    /// Where `# type: ignore` stands, and what follows it.
    pub ignores: Vec<(usize, String)>,
}

impl TypeComments {
    /// The type comments of a source text.
    pub fn of(source: &str) -> TypeComments {
        let mut found = TypeComments::default();
        for range in parser::comments(source) {
            let start = range.start;
            let Some(text) = content(source.get(range).unwrap_or("")) else { continue };
            match text.strip_prefix("ignore").filter(|rest| !rest.starts_with(|char: char| char.is_ascii_alphanumeric() || !char.is_ascii())) {
                Some(tag) => {
                    // One alone on its line has the newline too.
                    let before = source[..start].rsplit('\n').next().unwrap_or("");
                    let newline = if same_line(before) { "\n" } else { "" };
                    found.ignores.push((start, format!("{tag}{newline}")));
                }
                None => found.left.get_mut().push(TypeComment { start, text: text.to_owned() }),
            }
        }
        found
    }

    /// Takes the first comment behind `from`, if what is between suits the node.
    pub fn take(&self, source: &str, from: usize, suits: fn(&str) -> bool) -> Option<String> {
        let mut left = self.left.borrow_mut();
        let index = left.iter().position(|comment| comment.start >= from)?;
        let is_next = source.get(from..left[index].start).is_some_and(suits);
        is_next.then(|| left.remove(index).text)
    }

    /// Where the first comment is that belongs to nothing.
    pub fn stray(&self) -> Option<usize> {
        self.left.borrow().first().map(|comment| comment.start)
    }

    /// Where the first comment within a range is.
    pub fn within(&self, range: std::ops::Range<usize>) -> Option<usize> {
        self.left.borrow().iter().map(|comment| comment.start).find(|start| range.contains(start))
    }
}

/// What a comment says of a type.
fn content(comment: &str) -> Option<&str> {
    let blank = [' ', '\t'];
    let rest = comment.strip_prefix('#')?.trim_start_matches(blank).strip_prefix("type:")?;
    Some(rest.trim_start_matches(blank))
}

/// Between a statement and its comment: nothing, on the same line.
pub(super) fn same_line(between: &str) -> bool {
    between.chars().all(|char| matches!(char, ' ' | '\t' | '\x0c'))
}

/// Between the last expression of a head and the comment: the colon, on the same line.
pub(super) fn after_colon(between: &str) -> bool {
    between
        .rsplit_once(':')
        .is_some_and(|(before, after)| same_line(after) && before.chars().all(|char| char.is_whitespace() || matches!(char, ')' | ',')))
}

/// Between the head of a function and a comment on a line of its own.
pub(super) fn below_colon(between: &str) -> bool {
    between.rsplit_once(':').is_some_and(|(before, after)| {
        after.contains('\n') && without_comments(after) && before.chars().all(|char| char.is_whitespace() || matches!(char, ')' | ','))
    })
}

fn without_comments(text: &str) -> bool {
    text.lines().all(|line| line.trim_start().is_empty() || line.trim_start().starts_with('#'))
}

/// Between a parameter and its comment: at most a comma.
pub(super) fn after_parameter(between: &str) -> bool {
    let between = between.trim();
    between.is_empty() || between == ","
}
