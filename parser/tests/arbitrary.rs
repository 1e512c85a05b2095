//! No input makes the parser panic, and what it says is always within the text.

use parser::{Mode, Options, Source, parse};
use proptest::prelude::*;

/// Text out of pieces of programs, which gets further than arbitrary bytes.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        ",",
        ":",
        "=",
        "==",
        ".",
        "*",
        "**",
        "\n",
        "\n    ",
        "\n\t",
        " ",
        ";",
        "'",
        "\"",
        "'''",
        "f'",
        "t\"",
        "{x!r:>{y}}",
        "\\",
        "\\\n",
        "if ",
        "else",
        "for ",
        "in ",
        "lambda ",
        "def f",
        "class ",
        "x",
        "1",
        "0x",
        "1_",
        "1e",
        "match ",
        "case ",
        "try",
        "except",
        " as ",
        "import ",
        "from ",
        "not ",
        "yield ",
        "await ",
        "async ",
        "print ",
        ":=",
        "->",
        "@",
        "é",
        "\u{a0}",
        "\u{0c}",
        "#",
        "\\N{",
        "\\x",
        "b'",
        "\r",
        "\r\n",
        "\u{feff}",
        "_",
        "type ",
    ]);
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

fn check(source: Source<'_>) -> Result<(), TestCaseError> {
    let incomplete = Options { allow_incomplete_input: true, dont_imply_dedent: true, barry_as_flufl: true };
    for mode in [Mode::Module, Mode::Expression, Mode::Interactive, Mode::FunctionType] {
        for options in [Options::default(), incomplete] {
            if let Err(error) = parse(source, mode, &options) {
                prop_assert!(!error.message.is_empty());
                if let (Some(location), Some(text)) = (error.location, &error.text) {
                    prop_assert!(location.line >= 0);
                    prop_assert!(location.column <= text.chars().count() as i32 + 2, "{error} in {text:?}");
                }
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn bytes(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        check(Source::Bytes(&bytes))?;
    }

    #[test]
    fn text(text in any::<String>()) {
        check(Source::Text(&text))?;
    }

    #[test]
    fn programs(text in pieces()) {
        check(Source::Text(&text))?;
        check(Source::Bytes(text.as_bytes()))?;
    }
}
