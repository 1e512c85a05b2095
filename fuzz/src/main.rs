//! Fuzzing without nightly tools: texts of the stages' tests are changed at random and fed to parser, verifier and what comes behind.
//!
//! `cargo run --release -p fuzz -- TARGET SECONDS [SEED]` runs a target for as long as one likes and prints the text that it dies of;
//! `cargo test -p fuzz` runs each for some seconds. What is refused is fine: what a verifier accepts must pass all that is behind it without a panic.

#[path = "../../hir/tests/all/environment.rs"]
#[allow(dead_code, reason = "the tests of HIR use more of it")]
mod environment;
mod mutate;
mod targets;

use mutate::{Corpus, Random};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use targets::{TARGETS, Target};

/// What a run found.
struct Found {
    text: String,
    message: String,
}

/// How much a run did.
#[derive(Default)]
struct Tally {
    tried: u64,
    accepted: u64,
}

/// A text that takes longer than this is taken for one that never ends.
const PATIENCE: Duration = Duration::from_secs(10);

/// Ends the process, with the text, if one takes too long.
fn watch(current: Arc<Mutex<(Instant, String)>>) {
    std::thread::spawn(move || {
        loop {
            std::thread::sleep(Duration::from_secs(1));
            let (since, text) = &*current.lock().unwrap_or_else(PoisonError::into_inner);
            if since.elapsed() > PATIENCE && !text.is_empty() {
                println!("{text}\n----\nit does not end");
                std::process::exit(1);
            }
        }
    });
}

/// Tries texts until the time is over, or one makes the target panic.
fn run(target: &Target, time: Duration, seed: u64) -> (Tally, Option<Found>) {
    let corpus = Corpus::read(target.folders, target.extension);
    let mut random = Random::new(seed);
    let mut tally = Tally::default();
    let start = Instant::now();
    let current = Arc::new(Mutex::new((start, String::new())));
    watch(Arc::clone(&current));
    while start.elapsed() < time {
        let text = corpus.mutant(&mut random);
        *current.lock().unwrap_or_else(PoisonError::into_inner) = (Instant::now(), text.clone());
        tally.tried += 1;
        match catch_unwind(AssertUnwindSafe(|| (target.run)(&text))) {
            Ok(is_accepted) => tally.accepted += u64::from(is_accepted),
            Err(panic) => {
                let text_of = |panic: &(dyn std::any::Any + Send)| {
                    panic.downcast_ref::<String>().cloned().or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()))
                };
                let message = text_of(&*panic).unwrap_or_default();
                current.lock().unwrap_or_else(PoisonError::into_inner).1.clear();
                return (tally, Some(Found { text, message }));
            }
        }
    }
    current.lock().unwrap_or_else(PoisonError::into_inner).1.clear();
    (tally, None)
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let target = arguments.first().and_then(|name| TARGETS.iter().find(|target| target.name == name));
    let (Some(target), Some(seconds)) = (target, arguments.get(1).and_then(|text| text.parse().ok())) else {
        let names: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
        eprintln!("usage: fuzz {} SECONDS [SEED]", names.join("|"));
        return ExitCode::from(2);
    };
    let seed = arguments.get(2).and_then(|text| text.parse().ok()).unwrap_or(1);
    let (tally, found) = run(target, Duration::from_secs(seconds), seed);
    println!("{} texts, {} of them accepted", tally.tried, tally.accepted);
    match found {
        None => ExitCode::SUCCESS,
        Some(found) => {
            println!("{}\n----\n{}", found.text, found.message);
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A quarter of a minute for each target.
    fn check(name: &str) {
        let target = TARGETS.iter().find(|target| target.name == name).expect("there is such a target");
        let (tally, found) = run(target, Duration::from_secs(15), 7);
        assert!(tally.accepted > 20, "of {} texts only {} were accepted", tally.tried, tally.accepted);
        if let Some(found) = found {
            panic!("{}\n----\n{}", found.text, found.message);
        }
    }

    #[test]
    fn hir() {
        check("hir");
    }

    #[test]
    fn lir() {
        check("lir");
    }
}
