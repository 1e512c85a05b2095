//! The list of functions that may be compiled.
//!
//! One entry a line: `module:qualname`, or `qualname@file.py:line`, of whose path only the last part counts. Blank lines and lines that begin with `#` say nothing. With wildcards
//! `*` stands for a module, for a qualified name, or, in `*.method`, for whatever a method is in.

use std::collections::{BTreeMap, BTreeSet};

/// The entries of a list.
#[derive(Clone, Debug, Default)]
pub struct List {
    /// Qualified names by module.
    names: BTreeMap<String, BTreeSet<String>>,
    /// Lines by file by qualified name.
    lines: BTreeMap<String, BTreeMap<String, BTreeSet<u32>>>,
}

/// How entries are read and compared.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rules {
    pub wildcards: bool,
    pub lines: bool,
}

/// What of a function is compared.
pub struct Candidate<'a> {
    pub module: &'a str,
    pub qualname: &'a str,
    pub filename: &'a str,
    pub first_line: u32,
}

/// The last part of a path, of any system.
fn base_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

impl List {
    /// Adds the entry of a line. Whether it is one.
    pub fn add(&mut self, line: &str, rules: Rules) -> bool {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            return true;
        }
        let Some((left, right)) = line.rsplit_once(':') else { return false };
        if let Some((name, path)) = left.split_once('@') {
            let Ok(number) = right.trim().parse() else { return false };
            self.lines.entry(name.to_owned()).or_default().entry(base_name(path).to_owned()).or_default().insert(number);
            return true;
        }
        if left.is_empty() || right.is_empty() || (rules.wildcards && left == "*" && right == "*") {
            return false;
        }
        self.names.entry(left.to_owned()).or_default().insert(right.to_owned());
        true
    }

    /// Whether a function is on the list.
    pub fn has(&self, function: &Candidate<'_>, rules: Rules) -> bool {
        let lines = self.lines.get(function.qualname).and_then(|files| files.get(base_name(function.filename)));
        lines.is_some_and(|lines| !rules.lines || lines.contains(&function.first_line)) || self.has_name(function, rules)
    }

    fn has_name(&self, function: &Candidate<'_>, rules: Rules) -> bool {
        let in_module = |module: &str, is_any_allowed: bool| {
            let Some(names) = self.names.get(module) else { return false };
            let method = || function.qualname.rsplit_once('.').is_some_and(|(_, method)| names.contains(&format!("*.{method}")));
            names.contains(function.qualname) || (rules.wildcards && (method() || (is_any_allowed && names.contains("*"))))
        };
        in_module(function.module, true) || (rules.wildcards && in_module("*", false))
    }

    /// Qualified names by module.
    pub fn names(&self) -> &BTreeMap<String, BTreeSet<String>> {
        &self.names
    }

    /// Lines by file by qualified name.
    pub fn lines(&self) -> &BTreeMap<String, BTreeMap<String, BTreeSet<u32>>> {
        &self.lines
    }
}

/// Whether a text is like a pattern, in which `*` stands for anything.
pub fn is_like(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((before, rest)) => {
            let Some(left) = text.strip_prefix(before) else { return false };
            left.char_indices().map(|(at, _)| at).chain([left.len()]).any(|at| is_like(rest, &left[at..]))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn function<'a>(module: &'a str, qualname: &'a str) -> Candidate<'a> {
        Candidate { module, qualname, filename: "/a/b/file.py", first_line: 3 }
    }

    #[test]
    fn names_and_lines() {
        let mut list = List::default();
        let rules = Rules::default();
        for line in ["", "  # remark", " m:f ", "pkg.m:C.f", "g@some/where/file.py:4", "h@C:\\there\\file.py:3"] {
            assert!(list.add(line, rules), "{line}");
        }
        for line in ["m", "f@file.py", "f@file.py:x", "@:", ":f", "m:"] {
            assert!(!list.add(line, rules), "{line}");
        }
        let by_line = Rules { lines: true, ..rules };
        assert!(list.has(&function("m", "f"), rules) && list.has(&function("pkg.m", "C.f"), rules));
        assert!(!list.has(&function("m", "C.f"), rules) && !list.has(&function("m", "*"), rules));
        assert!(list.has(&function("any", "g"), rules) && !list.has(&function("any", "g"), by_line));
        assert!(list.has(&function("any", "h"), by_line));
    }

    #[test]
    fn wildcards() {
        let rules = Rules { wildcards: true, lines: false };
        let has = |line: &str, module: &str, name: &str| {
            let mut list = List::default();
            assert!(list.add(line, rules));
            list.has(&function(module, name), rules)
        };
        assert!(has("m:*", "m", "f") && has("m:*", "m", "C.f") && !has("m:*", "n", "f"));
        assert!(has("*:f", "m", "f") && !has("*:f", "m", "C.f"));
        assert!(has("*:*.f", "m", "C.f") && !has("*:*.f", "m", "f") && has("m:*.f", "m", "A.B.f") && !has("m:*.f", "n", "C.f"));
        assert!(!List::default().add("*:*", rules) && List::default().add("*:*", Rules::default()));
    }

    #[test]
    fn patterns() {
        assert!(is_like("*", "") && is_like("a*c", "abc") && is_like("*:f", "m:f") && is_like("m:C.*", "m:C.f") && is_like("a", "a"));
        assert!(!is_like("a*c", "abd") && !is_like("a", "ab") && !is_like("*b", "a"));
    }
}
