//! `start-up`: which functions run when the program starts, as the linker script that puts them side by side.
//!
//! valgrind says which run, and `nm` which of those are ours, and under what other names: functions with the same code are merged. Names
//! end in a hash that another compiler makes differently, so the script has a star in its place (and for hashes of crates); that takes in
//! other instances of a generic function.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, ExitCode};

const HEAD: &str = "\
/* The functions that `scoria -c pass` runs. Made by `cargo run -p xtask -- start-up target/release/scoria`;
   see ARCHITECTURE.md, \"Start-up\". What is missing, or no longer there, costs a page or two and nothing else. */
SECTIONS
{
  .text.start_up :
  {
";
const TAIL: &str = "  }\n}\nINSERT BEFORE .text;\n";

/// Writes `cli/start_up.ld`, given a release build.
pub fn run(scoria: &str) -> ExitCode {
    match names(scoria) {
        Ok(names) => {
            let mut script = HEAD.to_owned();
            for name in &names {
                writeln!(script, "    *(.text.{name} .text.unlikely.{name})").expect("writing to a string succeeds");
            }
            script.push_str(TAIL);
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../cli/start_up.ld");
            std::fs::write(path, script).expect("the workspace is writable");
            println!("{} names", names.len());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// The names of the functions that run, as patterns.
fn names(scoria: &str) -> std::io::Result<BTreeSet<String>> {
    let listing = output(Command::new("nm").arg(scoria))?;
    let ours = symbols(&listing);
    let out = std::env::temp_dir().join(format!("scoria-start-up-{}", std::process::id()));
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["-q", "--tool=callgrind", "--demangle=no"]).arg(format!("--callgrind-out-file={}", out.display()));
    output(valgrind.args([scoria, "-c", "pass"]))?;
    let profile = std::fs::read_to_string(&out)?;
    std::fs::remove_file(&out)?;
    let addresses: BTreeSet<u64> = profile.lines().filter_map(function).filter_map(|name| ours.get(name).copied()).collect();
    Ok(ours.iter().filter(|(_, address)| addresses.contains(address)).map(|(name, _)| pattern(name)).collect())
}

/// What a command prints.
fn output(command: &mut Command) -> std::io::Result<String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(|error| std::io::Error::other(format!("{name}: {error}")))?;
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        false => Err(std::io::Error::other(format!("{name}: {}", output.status))),
    }
}

/// The functions that `nm` lists, and their addresses.
fn symbols(listing: &str) -> BTreeMap<&str, u64> {
    listing.lines().filter_map(symbol).collect()
}

fn symbol(line: &str) -> Option<(&str, u64)> {
    let mut words = line.splitn(3, ' ');
    let (address, kind, name) = (words.next()?, words.next()?, words.next()?);
    matches!(kind, "t" | "T" | "w" | "W").then_some((name, u64::from_str_radix(address, 16).ok()?))
}

/// The function that a line of the profile names: `fn=(7) _ZN…`, with a number behind it if it calls itself.
fn function(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("fn=").or_else(|| line.strip_prefix("cfn="))?;
    let (_, name) = rest.split_once(' ')?;
    name.split('\'').next()
}

/// The name without hashes, nor what the optimiser puts behind it.
fn pattern(name: &str) -> String {
    match name.rfind("17h").filter(|_| name.starts_with("_ZN")) {
        Some(hash) => format!("{}17h*", &name[..hash]),
        None if !name.starts_with('_') => name.to_owned(),
        None => format!("{}*", without_crate_hashes(name.split('.').next().unwrap_or(name))),
    }
}

/// A name in the newer form, with stars in place of the hashes of crates: `Cs1a2B3c_4core`.
fn without_crate_hashes(name: &str) -> String {
    let mut parts = name.split("Cs");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part.split_once('_') {
            Some((hash, rest)) if hash.len() > 8 && hash.chars().all(|letter| letter.is_ascii_alphanumeric()) => {
                out.push_str("Cs*_");
                out.push_str(rest);
            }
            _ => {
                out.push_str("Cs");
                out.push_str(part);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_become_stars() {
        assert_eq!(pattern("_ZN6object3str4text17h0123456789abcdefE.llvm.17"), "_ZN6object3str4text17h*");
        assert_eq!(pattern("_ZN36_$LT$alloc..vec..Vec$LT$T$GT$$GT$4push17h0123456789abcdefE"), "_ZN36_$LT$alloc..vec..Vec$LT$T$GT$$GT$4push17h*");
        assert_eq!(pattern("_RNvNtCsgEmfK2I1SDS_4core3fmt5write"), "_RNvNtCs*_4core3fmt5write*");
        assert_eq!(function("cfn=(12) _ZN3one"), Some("_ZN3one"));
        assert_eq!(function("fn=(12)"), None);
        assert_eq!(function("fn=(3) memcpy'2"), Some("memcpy"));
    }

    #[test]
    fn functions_have_addresses() {
        assert_eq!(symbols("00a0 t one\n00b0 D two\n                 U three\n00a0 W four"), BTreeMap::from([("one", 0xa0), ("four", 0xa0)]));
    }
}
