//! How much memory of its own a program has that does nothing but ask: heap, stacks, written data; not what it maps of files.

use crate::run::{run, scoria};

/// In KiB; about 2700 are needed. CPython 3.14 has about 2900.
const LIMIT: u32 = 3584;

const PROGRAM: &str = "
with open('/proc/self/smaps', 'rb', 0) as maps:
    print(sum(int(line.split()[1]) for line in maps.read().splitlines() if line.startswith(b'Anonymous:')))
";

#[test]
#[cfg(target_os = "linux")]
fn a_program_starts_with_little_memory() {
    let outcome = run(scoria().args(["-c", PROGRAM]), b"");
    let size: u32 = outcome.stdout.trim().parse().unwrap_or_else(|_| panic!("{outcome:?}"));
    assert!(size < LIMIT, "{size} KiB");
}
