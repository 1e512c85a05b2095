//! The tokens of small texts, one matter each. Where a line begins and ends, what is indented, and what is a keyword is as CPython's
//! `tokenize` has it.

macro_rules! tokens {
    ($($name:ident: $source:expr;)*) => { $(
        #[test]
        fn $name() {
            insta::with_settings!({ description => $source, omit_expression => true }, {
                insta::assert_snapshot!(parser::tokens($source));
            });
        }
    )* };
}

tokens! {
    indentation: "if a:\n    b\n    if c:\n        d\n\ne\n";
    joined_lines: "(a,\n  b)\nc = \\\n  d\n";
    numbers: "0 1_000 0xff 0o17 0b1 1.5 .5 5. 1e-3 2j 1if a else 2\n";
    text: "'a' \"b\" b'c' r'\\d' '''e\nf''' Rb'g' u'h'\n";
    interpolations: "f'a{b!r:>{c}}{{' t'{d=}'\n";
    soft_keywords: "match = type\nmatch a:\n    case _: pass\ntype b = c\n";
    comments: "# a\nb # c\n\n# d\n";
    operators: "a := b -> c ** d // e >> f << g != h @= i ...\n";
    names: "é _a µ ª\n";
}
