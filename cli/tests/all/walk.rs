//! The walk through the stages in `ARCHITECTURE.md`: what stands there is what the program prints.
//!
//! Behind each comment `<!-- walk: STAGE -->` of the document is a block of code, the stage's dump without its rarer parts ([`excerpt`]).
//! `UPDATE_WALK=1 cargo test -p cli --test all walk` writes the blocks anew when the compiler has changed.

use crate::run::{run, scoria};
use std::fs;
use std::path::{Path, PathBuf};

const MARK: &str = "<!-- walk: ";
const FENCE: &str = "```";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().expect("the test is part of the checkout")
}

/// The stage's dump of the function, by the command that the document names; without where the checkout is.
fn dump(stage: &str) -> String {
    let option = format!("--dump={stage}");
    let arguments = ["-X", "shadowcode=1", "-X", "jit-auto=10", &option, "--dump-only=__main__:total", "cli/tests/all/jit/walk.py"];
    run(scoria().current_dir(root()).args(arguments), b"").stdout.replace(&format!("{}/", root().display()), "")
}

/// What the document shows of a stage; `...` is what was left out.
fn excerpt(stage: &str) -> String {
    if stage == "source" {
        let source = fs::read_to_string(root().join("cli/tests/all/jit/walk.py")).expect("the program is part of the checkout");
        return source.lines().take_while(|line| !line.is_empty()).map(|line| line.to_owned() + "\n").collect();
    }
    let dump = dump(stage);
    let lines: Vec<&str> = dump.lines().filter(|line| !line.starts_with("==== ") && !line.is_empty()).collect();
    let kept: Vec<&str> = match stage {
        // The instructions, of all that is said of code.
        "bytecode" => {
            lines.iter().skip_while(|line| !line.contains("instructions {")).skip(1).take_while(|line| line.trim() != "}").copied().collect()
        }
        // The blocks before the first that is rarely run.
        "lir" | "lir:allocated" => lines.iter().take_while(|line| !line.ends_with(" cold:")).copied().chain(["..."]).collect(),
        // The loop's body, without the LIR it was made from.
        "asm" => {
            let body = lines.iter().skip_while(|line| !line.starts_with(";; line 4"));
            let first = body.clone().take(1);
            let rest = body.skip(1).take_while(|line| !line.starts_with(";; line 4"));
            let code = first.chain(rest).filter(|line| !line.starts_with("; "));
            ["..."].into_iter().chain(code.copied()).chain(["..."]).collect()
        }
        _ => lines,
    };
    kept.iter().map(|line| format!("{line}\n")).collect()
}

/// The document with the blocks as they should be.
fn with_blocks(document: &str) -> String {
    let mut out = String::new();
    let mut lines = document.lines();
    while let Some(line) = lines.next() {
        out.push_str(line);
        out.push('\n');
        let Some(stage) = line.strip_prefix(MARK).and_then(|rest| rest.strip_suffix(" -->")) else { continue };
        let opening = lines.next().filter(|line| line.starts_with(FENCE)).expect("a block is behind each mark");
        let _ = lines.find(|line| *line == FENCE).expect("blocks end");
        out.push_str(&format!("{opening}\n{}{FENCE}\n", excerpt(stage)));
    }
    out
}

#[test]
fn the_walk_shows_what_the_program_prints() {
    let path = root().join("ARCHITECTURE.md");
    let document = fs::read_to_string(&path).expect("the document is part of the checkout");
    assert!(document.matches(MARK).count() >= 7, "the walk is there");
    let wanted = with_blocks(&document);
    if document == wanted {
        return;
    }
    if std::env::var_os("UPDATE_WALK").is_some() {
        fs::write(&path, wanted).expect("the document can be written");
        return;
    }
    let (line, (old, new)) = document.lines().zip(wanted.lines()).enumerate().find(|(_, (old, new))| old != new).unwrap_or((0, ("", "")));
    panic!("ARCHITECTURE.md, line {}: {old:?} should be {new:?}; UPDATE_WALK=1 brings it up to date", line + 1);
}
