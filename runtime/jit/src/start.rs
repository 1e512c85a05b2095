//! Putting options into force, before any Python code runs.

use crate::deopt::look;
use crate::list_file::{List, Rules};
use crate::options::{self, Mode, Settings};
use crate::{compile, log, policy, ration, report, stress};
use std::sync::atomic::{AtomicBool, Ordering};

/// After so many calls a function is compiled if no option says otherwise: what is called less often does not win back the time that takes.
const DEFAULT_CALLS: u32 = 1000;

static IS_CONFIGURED: AtomicBool = AtomicBool::new(false);

/// Whether [`configure`] has been called.
pub fn is_configured() -> bool {
    IS_CONFIGURED.load(Ordering::Relaxed)
}

/// Does what options say from now on. The error is for the user.
pub fn configure(settings: Settings) -> Result<(), String> {
    IS_CONFIGURED.store(true, Ordering::Relaxed);
    let mode = settings.mode();
    *options::change() = settings;
    stress::start();
    look::start();
    report::count_misses(options::get().inline_cache_stats);
    let file = options::get().list_file.clone();
    if let Some(path) = file.filter(|_| mode != Mode::Off) {
        *policy::list() = Some(read_list(&path)?);
    }
    match mode {
        Mode::Off => {}
        Mode::Default => {
            compile::set_enabled(true, DEFAULT_CALLS);
            ration::begin();
        }
        Mode::After(calls) => compile::set_enabled(true, calls),
    }
    Ok(())
}

/// Writes what options want to have at the end of the process.
pub fn finish() {
    let (wants_statistics, names_file) = {
        let settings = options::get();
        (settings.dump_stats, settings.dump_compiled_functions.as_deref().map(Settings::file_name))
    };
    if wants_statistics {
        log::write(&report::text_of_events(&compile::events(false)));
    }
    if let Some(path) = names_file {
        let text: String = compile::compiled_names().into_iter().map(|name| name + "\n").collect();
        if let Err(error) = std::fs::write(&path, text) {
            log::write(&format!("JIT: {path}: {error}\n"));
        }
    }
}

fn read_list(path: &str) -> Result<List, String> {
    let mut list = List::default();
    let text = std::fs::read_to_string(path).map_err(|error| format!("Unable to open JIT list file {path}: {error}"))?;
    for line in add_lines(&mut list, &text, policy::rules()) {
        let message = format!("Failed to parse new JIT list line {line}");
        if options::get().list_errors {
            return Err(message);
        }
        log::write(&format!("JIT: {path}: {message}\n"));
    }
    Ok(list)
}

/// Adds the entries of a text. Gives the lines that are none.
pub fn add_lines<'a>(list: &mut List, text: &'a str, rules: Rules) -> Vec<&'a str> {
    text.lines().filter(|line| !list.add(line, rules)).collect()
}
