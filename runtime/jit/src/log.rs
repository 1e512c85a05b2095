//! The log of the JIT: a file of the user's choice, or standard error.

use crate::options::{self, Settings};
use std::fs::OpenOptions;
use std::io::Write;

/// Writes text to the log.
pub fn write(text: &str) {
    let file = options::get().log_file.as_deref().map(Settings::file_name);
    // Whoever reads may be gone; there is nobody to tell.
    let _ = match file {
        Some(name) => OpenOptions::new().create(true).append(true).open(name).and_then(|mut file| file.write_all(text.as_bytes())),
        None => std::io::stderr().write_all(text.as_bytes()),
    };
}

/// Writes a line that is only wanted with `-X jit-debug`.
pub fn debug(line: impl FnOnce() -> String) {
    if options::get().debug {
        write(&format!("JIT: {}\n", line()));
    }
}
