//! `bench SCORIA REFERENCE`: the builtin methods of `benches/methods.py`, timed on two interpreters side by side.
//!
//! Each round runs one benchmark on one interpreter and then on the other, in a fresh process each, so that what else the
//! machine does falls on both alike. The figure is the ratio of the medians: the first interpreter's time divided by the
//! second's, so below 1 is faster than the reference.

use crate::workspace;
use std::path::Path;
use std::process::{Command, ExitCode};

/// Runs the command; `arguments` are those behind its name.
pub fn run(arguments: &[&str]) -> ExitCode {
    match options(arguments).and_then(|options| compare(&options)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("bench: {message}");
            ExitCode::FAILURE
        }
    }
}

struct Options {
    subject: String,
    reference: String,
    rounds: usize,
    /// Only benchmarks whose name contains one of these; all if there is none.
    wanted: Vec<String>,
}

fn options(arguments: &[&str]) -> Result<Options, String> {
    let mut plain = Vec::new();
    let mut rounds = 5;
    let mut rest = arguments.iter();
    while let Some(&argument) = rest.next() {
        if argument == "--rounds" {
            rounds = rest.next().and_then(|number| number.parse().ok()).filter(|&rounds| rounds > 0).ok_or("--rounds wants a number")?;
        } else {
            plain.push(argument.to_owned());
        }
    }
    let mut plain = plain.into_iter();
    let (Some(subject), Some(reference)) = (plain.next(), plain.next()) else { return Err("two interpreters to compare, please".into()) };
    Ok(Options { subject, reference, rounds, wanted: plain.collect() })
}

fn compare(options: &Options) -> Result<(), String> {
    let script = workspace::root().join("benches/methods.py");
    let names = output(&options.reference, &script, &["--list"])?;
    let wanted = |name: &&str| options.wanted.is_empty() || options.wanted.iter().any(|part| name.contains(part.as_str()));
    println!("{:<28} {:>12} {:>12} {:>8}", "benchmark", "subject µs", "reference µs", "ratio");
    let mut ratios = Vec::new();
    for name in names.lines().filter(wanted) {
        match times(options, &script, name) {
            Ok((subject, reference)) => {
                println!("{name:<28} {:>12.2} {:>12.2} {:>8.2}", subject * 1e6, reference * 1e6, subject / reference);
                ratios.push(subject / reference);
            }
            Err(message) => println!("{name:<28} {message}"),
        }
    }
    if !ratios.is_empty() {
        let mean = (ratios.iter().map(|ratio| ratio.ln()).sum::<f64>() / ratios.len() as f64).exp();
        println!("{:<28} {:>12} {:>12} {mean:>8.2}", "geometric mean", "", "");
    }
    Ok(())
}

/// The median times of one benchmark on both interpreters, in seconds per iteration.
fn times(options: &Options, script: &Path, name: &str) -> Result<(f64, f64), String> {
    let mut subject = Vec::new();
    let mut reference = Vec::new();
    for _ in 0..options.rounds {
        for (interpreter, times) in [(&options.subject, &mut subject), (&options.reference, &mut reference)] {
            let text = output(interpreter, script, &[name])?;
            times.push(text.trim().parse::<f64>().map_err(|_| format!("printed {text:?}, which is no time"))?);
        }
    }
    Ok((median(subject), median(reference)))
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 { values[middle] } else { (values[middle - 1] + values[middle]) / 2.0 }
}

/// What an interpreter (a command, arguments allowed) prints for the script.
fn output(interpreter: &str, script: &Path, arguments: &[&str]) -> Result<String, String> {
    let mut words = interpreter.split_whitespace();
    let program = words.next().ok_or("an interpreter has no name")?;
    let result = Command::new(program).args(words).arg(script).args(arguments).output();
    let result = result.map_err(|error| format!("{program} does not run: {error}"))?;
    if result.status.success() {
        return Ok(String::from_utf8_lossy(&result.stdout).into_owned());
    }
    let error = String::from_utf8_lossy(&result.stderr);
    Err(format!("{program} failed: {}", error.lines().last().unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), 2.5);
    }

    #[test]
    fn options_are_read() {
        let options = options(&["a", "b", "--rounds", "3", "sort"]).expect("these are right");
        assert_eq!((options.subject.as_str(), options.reference.as_str(), options.rounds), ("a", "b", 3));
        assert_eq!(options.wanted, ["sort"]);
        assert!(super::options(&["a"]).is_err());
    }
}
