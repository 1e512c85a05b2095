//! A forked worker shares the pages of a heap that was made immortal, however much it reads
//! (`benches/fork_memory.py`, with a smaller heap than the benchmark's).

use crate::run::{run, scoria};
use std::path::Path;

#[test]
#[cfg(target_os = "linux")]
fn reading_an_immortal_heap_makes_few_pages_private() {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("../benches/fork_memory.py");
    // Compiling in the child would take memory of its own.
    for options in [&[][..], &["-X", "shadowcode=0"], &["-X", "shadowcode=1"]] {
        let outcome = run(scoria().args(["-X", "jit-disable"]).args(options).arg(&program).arg("50000"), b"");
        let numbers: Vec<u32> = outcome.stdout.split_whitespace().filter_map(|word| word.parse().ok()).collect();
        let &[grown, size] = &numbers[..] else { panic!("{outcome:?}") };
        assert!(size > 2000 && grown < 512, "{options:?}: {}", outcome.stdout);
    }
}
