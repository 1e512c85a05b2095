//! The workshop: commands for people who work on Scoria, and the checks that keep its rules.
//!
//! `cargo run -p xtask -- check` prints every breach of the rules; the same checks are ordinary tests here, so that
//! `cargo test` fails on a breach. `cargo run -p xtask -- bench A B` times the builtin methods on two interpreters.

mod bench;
mod rules;
mod source;
mod start_up;
mod workspace;

use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo run -p xtask -- COMMAND

    check                                       every breach of the project's rules
    bench SCORIA REFERENCE [--rounds N] [NAME]  builtin methods timed on two interpreters, interleaved
    start-up SCORIA                             which functions run at start-up, for the linker (needs valgrind)";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["check"] => check(),
        ["bench", rest @ ..] => bench::run(rest),
        ["start-up", scoria] => start_up::run(scoria),
        _ => {
            eprintln!("{USAGE}");
            ExitCode::from(2)
        }
    }
}

fn check() -> ExitCode {
    let workspace = workspace::Workspace::read();
    let mut breaches = 0;
    for (name, rule) in rules::RULES {
        for breach in rule(&workspace) {
            println!("{name}: {breach}");
            breaches += 1;
        }
    }
    println!("{breaches} breaches of {} rules", rules::RULES.len());
    if breaches == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
