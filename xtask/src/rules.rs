//! The rules of the house that a program can check. Each is a function from the workspace to its breaches.

mod crate_edges;
mod unsafe_files;

use crate::source;
use crate::workspace::{RustFile, Workspace};

/// A rule: the breaches it finds, one line of text each.
type Rule = fn(&Workspace) -> Vec<String>;

/// Every rule, with the name it is reported under.
pub const RULES: &[(&str, Rule)] = &[
    ("crate edges", crate_edges::check),
    ("unsafe files", unsafe_files::check),
    ("file heading", file_heading),
    ("mod.rs", no_mod_rs),
    ("unfinished code", no_unfinished_code),
    ("unwrap", no_unwrap),
    ("lints", inherited_lints),
];

/// Every file opens with `//!`: what it is for, then what one must know to read it.
fn file_heading(workspace: &Workspace) -> Vec<String> {
    let opens_well = |file: &&RustFile| file.text.starts_with("//!") && !file.text.starts_with("//! To be written");
    workspace.files.iter().filter(|file| !opens_well(file)).map(|file| format!("{} does not open with `//!` and its purpose", file.path)).collect()
}

/// A module's file stands beside its folder and bears the module's name.
fn no_mod_rs(workspace: &Workspace) -> Vec<String> {
    workspace.files.iter().filter(|file| file.path.ends_with("/mod.rs")).map(|file| format!("{} is named mod.rs", file.path)).collect()
}

/// What is missing is left out and said so, not stubbed.
fn no_unfinished_code(workspace: &Workspace) -> Vec<String> {
    let mut breaches = Vec::new();
    for file in &workspace.files {
        let code = source::code(&file.text);
        for name in ["todo", "unimplemented", "dbg"] {
            let call = format!("{name}!");
            let lines = source::lines_with_word(&code, name).into_iter();
            let calls = lines.filter(|&line| code.lines().nth(line - 1).is_some_and(|text| text.contains(&call)));
            breaches.extend(calls.map(|line| format!("{}:{line}: {call}", file.path)));
        }
    }
    breaches
}

/// Outside tests, `expect` says why a value is there.
fn no_unwrap(workspace: &Workspace) -> Vec<String> {
    let mut breaches = Vec::new();
    for file in workspace.files.iter().filter(|file| !is_test(&file.path)) {
        let code = source::without_tests(&source::code(&file.text));
        let lines = code.lines().enumerate().filter(|(_, line)| line.contains(".unwrap()"));
        breaches.extend(lines.map(|(index, _)| format!("{}:{}: .unwrap() outside tests", file.path, index + 1)));
    }
    breaches
}

/// Test files: a `tests` folder of a package, or a module that only `cfg(test)` includes.
fn is_test(path: &str) -> bool {
    path.split('/').any(|part| part == "tests" || part == "tests.rs" || part == "benches")
}

/// The workspace's lints hold for every package.
fn inherited_lints(workspace: &Workspace) -> Vec<String> {
    let inherits = |package: &&crate::workspace::Package| {
        package.manifest.iter().any(|section| section.heading == "lints" && section.entries.contains(&("workspace".into(), "true".into())))
    };
    workspace
        .packages
        .iter()
        .filter(|package| !inherits(package))
        .map(|package| format!("{} lacks `[lints] workspace = true`", package.folder))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One test per rule, so that the report says which is broken.
    macro_rules! rules {
        ($($test:ident: $rule:path;)*) => {
            $(#[test] fn $test() {
                let breaches = $rule(&Workspace::read());
                assert!(breaches.is_empty(), "{} breaches:\n{}", breaches.len(), breaches.join("\n"));
            })*

            #[test]
            fn every_rule_has_its_test() {
                assert_eq!([$(stringify!($test)),*].len(), RULES.len());
            }
        };
    }

    rules! {
        crates_depend_on_allowed_crates_only: crate_edges::check;
        unsafe_code_stands_in_listed_files_only: unsafe_files::check;
        every_file_opens_with_its_purpose: file_heading;
        no_file_is_named_mod_rs: no_mod_rs;
        nothing_is_stubbed: no_unfinished_code;
        unwrap_is_for_tests: no_unwrap;
        lints_are_inherited: inherited_lints;
    }
}
