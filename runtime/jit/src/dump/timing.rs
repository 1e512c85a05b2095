//! The time compilations take, by stage and pass.

use crate::list_file::is_like;
use crate::{log, options};
use std::fmt::Write;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The times of one compilation, in the order of its stages.
pub struct Times {
    stages: Vec<(&'static str, Duration)>,
    since: Instant,
}

impl Times {
    /// The first stage begins now.
    pub fn start() -> Times {
        Times { stages: Vec::new(), since: Instant::now() }
    }

    /// A stage has ended, and the next one begins.
    pub fn finished(&mut self, stage: &'static str) {
        let now = Instant::now();
        self.stages.push((stage, now - self.since));
        self.since = now;
    }

    /// What was done since the last stage is not counted.
    pub fn skip(&mut self) {
        self.since = Instant::now();
    }

    pub fn total(&self) -> Duration {
        self.stages.iter().map(|(_, time)| *time).sum()
    }
}

/// The times of all compilations.
#[derive(Default)]
struct Totals {
    stages: Vec<(&'static str, u32, Duration)>,
    n_compiled: u32,
    n_refused: u32,
}

static TOTALS: Mutex<Totals> = Mutex::new(Totals { stages: Vec::new(), n_compiled: 0, n_refused: 0 });

fn totals() -> MutexGuard<'static, Totals> {
    TOTALS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Adds a compilation to the totals, and logs it if `-X jit-time` wants it.
pub fn add(name: &str, times: &Times, is_compiled: bool) {
    let mut totals = totals();
    for &(stage, time) in &times.stages {
        match totals.stages.iter_mut().find(|(known, _, _)| *known == stage) {
            Some((_, runs, total)) => {
                *runs += 1;
                *total += time;
            }
            None => totals.stages.push((stage, 1, time)),
        }
    }
    if is_compiled {
        totals.n_compiled += 1
    } else {
        totals.n_refused += 1
    }
    drop(totals);
    let patterns = options::get().time.clone();
    if patterns.is_some_and(|patterns| patterns.split(',').any(|pattern| is_like(pattern.trim(), name))) {
        let mut rows: Vec<(&'static str, u32, Duration)> = Vec::new();
        for &(stage, time) in &times.stages {
            match rows.iter_mut().find(|(known, _, _)| *known == stage) {
                Some(row) => (row.1, row.2) = (row.1 + 1, row.2 + time),
                None => rows.push((stage, 1, time)),
            }
        }
        log::write(&format!("==== timing {name}\n{}", print(&rows)));
    }
}

/// The time all compilations took.
pub fn total() -> Duration {
    totals().stages.iter().map(|(_, _, time)| *time).sum()
}

/// The table of all compilations.
pub fn table() -> String {
    let totals = totals();
    format!("==== timing of {} functions compiled, {} refused\n{}", totals.n_compiled, totals.n_refused, print(&totals.stages))
}

fn print(rows: &[(&'static str, u32, Duration)]) -> String {
    let total: Duration = rows.iter().map(|(_, _, time)| *time).sum();
    let mut text = format!("{:<36} {:>8} {:>12} {:>10} {:>7}\n", "stage", "runs", "total us", "mean us", "share");
    for &(stage, runs, time) in rows {
        let (micros, share) = (time.as_secs_f64() * 1e6, 100.0 * time.as_secs_f64() / total.as_secs_f64().max(1e-9));
        let _ = writeln!(text, "{stage:<36} {runs:>8} {micros:>12.1} {:>10.2} {share:>6.1}%", micros / f64::from(runs.max(1)));
    }
    let _ = writeln!(text, "{:<36} {:>8} {:>12.1}", "total", "", total.as_secs_f64() * 1e6);
    text
}
