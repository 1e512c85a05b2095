//! Programs that are not valid and what is said of them, and warnings. Each file under
//! `diagnostics/` holds programs set apart by lines of dashes; what was recorded is what CPython
//! 3.14 says.

use parser::{ErrorKind, Mode, Options, Source, parse};
use std::fmt::Write;

fn report(source: &str) -> String {
    match parse(source, Mode::Module, &Options::default()) {
        Ok(parsed) => {
            let mut out = "valid\n".to_owned();
            for warning in &parsed.warnings {
                let _ = writeln!(out, "line {}: {}", warning.location.line, warning.message);
            }
            out
        }
        Err(error) => format!("{error}\n"),
    }
}

fn check(name: &str, programs: &str) {
    let mut out = String::new();
    for program in programs.trim_end_matches('\n').split("\n-----\n") {
        for line in program.lines() {
            let _ = writeln!(out, "    {}", line.escape_default());
        }
        out += &report(program);
        out.push('\n');
    }
    insta::assert_snapshot!(name, out);
}

macro_rules! diagnostics {
    ($($name:ident)*) => { $(
        #[test]
        fn $name() {
            check(stringify!($name), include_str!(concat!("diagnostics/", stringify!($name), ".txt")));
        }
    )* };
}

diagnostics! {
    brackets compound_statements definitions expressions imports indentation numbers_and_characters
    patterns simple_statements strings warnings
}

fn error(source: &[u8], mode: Mode, options: Options) -> String {
    parse(Source::Bytes(source), mode, &options).map_or_else(|error| error.to_string(), |_| "valid".to_owned())
}

#[test]
fn encodings() {
    let mut out = String::new();
    let sources: &[&[u8]] = &[
        b"a=1\nb=\"\xff\"\n",
        b"# coding: foo\na=1",
        b"# coding: latin-1\na=\"\xff\"",
        b"\xef\xbb\xbf# coding: latin-1\na=1",
        b"\xef\xbb\xbfa=1",
        b"# coding: ascii\na=\"\xff\"",
        b"# coding: hex\na",
        b"# coding: shift_jis\n\"\x81\"",
        b"# coding: cp1252\n\"\x81\"",
        b"# coding: utf8\n\xff",
        b"\n\n# coding: foo\na",
        b"#!/usr/bin/python\r\n# coding=gbk\r\n\"\xc4\xe3",
        b"a\0b",
        b"a b\r\nc",
        b"a\rb c\r",
    ];
    for source in sources {
        let _ = writeln!(out, "{}\n    {}", source.escape_ascii(), error(source, Mode::Module, Options::default()));
    }
    insta::assert_snapshot!(out);
}

#[test]
fn incomplete_input() {
    let options = Options { allow_incomplete_input: true, dont_imply_dedent: true, ..Options::default() };
    let mut out = String::new();
    for source in ["if 1:", "if 1:\n  a", "if 1:\n  a\n", "(a,\n", "'''a", "a", "a b\n", "a = \\\n", "@a\n", "", "# c\n"] {
        let _ = writeln!(out, "{source:?}\n    {}", error(source.as_bytes(), Mode::Interactive, options));
    }
    insta::assert_snapshot!(out);
}

#[test]
fn one_statement_at_a_time() {
    let plain = Options::default();
    assert_eq!(error(b"a; b\n", Mode::Interactive, plain), "valid");
    assert_eq!(error(b"if a:\n  b\n", Mode::Interactive, plain), "valid");
    let two = error(b"a\nb\n", Mode::Interactive, plain);
    assert!(two.contains("multiple statements found while compiling a single statement"), "{two}");
}

#[test]
fn function_types() {
    let parsed = parse("(int, *str, **List[Any, x]) -> Dict[a, (b, c)]", Mode::FunctionType, &Options::default()).unwrap();
    let parser::Tree::FunctionType { arguments, returns } = parsed.tree() else { panic!("another tree") };
    let text = |expression: &ruff_python_ast::Expr| {
        let range = ruff_text_size::Ranged::range(expression);
        parsed.source[usize::from(range.start())..usize::from(range.end())].to_owned()
    };
    assert_eq!(arguments.iter().map(text).collect::<Vec<_>>(), ["int", "str", "List[Any, x]"]);
    assert_eq!(text(returns), "Dict[a, (b, c)]");
    assert!(parse("() -> int", Mode::FunctionType, &Options::default()).is_ok());
    assert!(parse("(int) -> ", Mode::FunctionType, &Options::default()).is_err());
}

#[test]
fn pep_401() {
    let source = "from __future__ import barry_as_FLUFL\na <> b\n";
    assert!(parse(source, Mode::Module, &Options::default()).is_ok());
    assert!(parse("a <> b", Mode::Module, &Options::default()).is_err());
}

#[test]
fn raise_before_a_semicolon() {
    let parsed = parse("try: a\nexcept:\n    raise ; b\n", Mode::Module, &Options::default()).unwrap();
    let tree = parser::ast(&parsed);
    assert!(tree.contains("Raise(") && !tree.contains("Pass("), "{tree}");
}

#[test]
fn nesting_is_bounded() {
    let kind = |source: &str| parse(source, Mode::Module, &Options::default()).map(drop).map_err(|error| error.kind);
    let nested = |open: &str, close: &str, count: usize| format!("{}a{}", open.repeat(count), close.repeat(count));
    for (open, close) in [("(", ")"), ("[", "]"), ("{1:", "}"), ("f(", ")"), ("a[", "]")] {
        assert_eq!(kind(&nested(open, close, 200)), Ok(()), "{open}");
        assert_eq!(kind(&nested(open, close, 201)), Err(ErrorKind::SyntaxError), "{open}");
        assert_eq!(kind(&nested(open, close, 100_000)), Err(ErrorKind::SyntaxError), "{open}");
        assert_eq!(kind(&open.repeat(100_000)), Err(ErrorKind::SyntaxError), "{open}");
    }
    for prefix in ["-", "not ", "lambda: ", "a if a else ", "a ** "] {
        assert_eq!(kind(&nested(prefix, "", 2900)), Ok(()), "{prefix}");
        assert_eq!(kind(&nested(prefix, "", 100_000)), Err(ErrorKind::MemoryError), "{prefix}");
        assert_eq!(kind(&prefix.repeat(100_000)), Err(ErrorKind::MemoryError), "{prefix}");
    }
    for suffix in [".b", "()", "[0]", " + b"] {
        assert_eq!(kind(&format!("a{}", suffix.repeat(5000))), Ok(()), "{suffix}");
        assert_eq!(kind(&format!("a{}", suffix.repeat(1_000_000))), Err(ErrorKind::RecursionError), "{suffix}");
    }
    let deep = |levels: usize| (0..levels).map(|level| " ".repeat(level) + "if a:\n").collect::<String>() + &" ".repeat(levels) + "b";
    assert_eq!(kind(&deep(99)), Ok(()));
    assert_eq!(kind(&deep(100)), Err(ErrorKind::IndentationError));
    assert_eq!(kind(&nested("f\"{", "}\"", 149)), Ok(()));
    assert_eq!(kind(&nested("f\"{", "}\"", 150)), Err(ErrorKind::SyntaxError));
}
