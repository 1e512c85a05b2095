//! No program may leave objects behind: each of `tests/programs` runs several times in one process, and the
//! number of live objects has to be the same after every run (`tests/leaks.py`).

use crate::run::{run, scoria};
use std::fs;
use std::path::Path;

/// Programs that are known to leave something behind, and why.
const KNOWN: &[(&str, &str)] = &[
    ("contextvars_logging", "each run adds handlers to loggers, which logging keeps by name (as in CPython)"),
    ("interactive_prompt", "the number of objects varies by a few, up and down, with how the terminal's output comes in"),
    ("immortal_heap", "what is immortal is never freed"),
    ("c_types", "ctypes remembers function types by their signature for good (as in CPython)"),
    ("type_parameters", "typing remembers what was subscripted last, 128 times for each function (as in CPython)"),
];

/// Programs that cannot run twice in one process.
const ONCE: &[&str] = &["threads"];

/// Interpreted: functions that are compiled in a late run would come to what that run left behind.
#[test]
fn programs_leave_no_objects_behind() {
    check(&["-Xjit-disable"]);
}

/// The functions of a program are compiled anew in each run, and so is what leaves compiled code.
#[test]
fn compiled_programs_leave_no_objects_behind() {
    let list = concat!("-Xjit-list-file=", env!("CARGO_MANIFEST_DIR"), "/tests/all/mutations/functions.txt");
    check(&["-Xshadowcode=1", "-Xjit-auto=2", "-Xjit-stress-deopt=7", list, "-Xjit-enable-jit-list-wildcards"]);
}

fn check(options: &[&str]) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/programs");
    let entries = fs::read_dir(&folder).expect("the programs are part of the checkout").flatten();
    let mut programs: Vec<String> = entries
        .filter(|entry| entry.path().extension().is_some_and(|extension| extension == "py"))
        .filter(|entry| !folder.join(entry.path().with_extension("status")).exists())
        .map(|entry| entry.path().file_stem().expect("a file has a name").to_string_lossy().into_owned())
        .filter(|name| !KNOWN.iter().any(|(known, _)| known == name) && !ONCE.contains(&name.as_str()))
        .collect();
    programs.sort();
    let failures: Vec<String> = std::thread::scope(|scope| {
        let halves: Vec<_> = programs
            .chunks(programs.len().div_ceil(2))
            .map(|half| scope.spawn(|| half.iter().filter_map(|name| leak(&folder, name, options)).collect::<Vec<_>>()))
            .collect();
        halves.into_iter().flat_map(|half| half.join().expect("the check itself does not fail")).collect()
    });
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// What the check says of a program, if it complains.
fn leak(folder: &Path, name: &str, options: &[&str]) -> Option<String> {
    let outcome = run(scoria().current_dir(folder).args(options).arg("../leaks.py").arg(format!("{name}.py")), b"");
    let complaint = outcome.stdout.lines().find(|line| line.contains("more objects")).map(str::to_owned);
    match outcome.status {
        0 => None,
        _ => Some(complaint.unwrap_or_else(|| format!("{name}: status {}\n{}", outcome.status, outcome.stderr))),
    }
}
