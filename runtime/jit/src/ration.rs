//! How much time compiling may take when nobody asked for it: a part of the processor's time that the program has had, so that a short program with many functions is not much slower for being
//! compiled. What has run for a while is likely to run for a while longer, and gets more. Who sets after how many calls to compile, or asks for a function, is not rationed.

use interp::CodeObject;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What may be spent at once.
const ADVANCE: Duration = Duration::from_millis(2);
/// The time that decides whether a program is a short one.
const SHORT: Duration = Duration::from_secs(1);
/// One part in so many of this time may be spent ...
const PART_OF_SHORT: u32 = 16;
/// ... and of what comes after it.
const PART: u32 = 8;
/// What compiling takes for each instruction of bytecode, until that is known better.
const TIME_OF_INSTRUCTION: Duration = Duration::from_micros(20);
/// After so many calls more it is asked again whether a function may be compiled.
pub const CALLS_TO_WAIT: u32 = 250;

#[derive(Default)]
struct Ration {
    /// The time the process had had when compiling began, or ended, last.
    last: Duration,
    spent: Duration,
    /// How many instructions of bytecode have been compiled.
    n_instructions: u32,
}

static RATION: Mutex<Option<Ration>> = Mutex::new(None);

fn ration() -> MutexGuard<'static, Option<Ration>> {
    RATION.lock().unwrap_or_else(PoisonError::into_inner)
}

/// From now on compiling is rationed.
pub fn begin() {
    *ration() = Some(Ration::default());
}

/// From now on it is not.
pub fn lift() {
    *ration() = None;
}

/// Whether this may be compiled now.
pub fn allows(code: &CodeObject) -> bool {
    ration().as_mut().is_none_or(|ration| ration.allows(process_time(), length(code)))
}

/// Compiling begins.
pub fn start() {
    if let Some(ration) = ration().as_mut() {
        ration.last = process_time();
    }
}

/// Compiling this has ended.
pub fn spend(code: &CodeObject) {
    if let Some(ration) = ration().as_mut() {
        ration.spend(process_time(), length(code));
    }
}

/// How many instructions of bytecode there are.
fn length(code: &CodeObject) -> u32 {
    u32::try_from(code.data.instructions.len()).unwrap_or(u32::MAX)
}

/// The processor's time that this process has had.
fn process_time() -> Duration {
    Duration::try_from(rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime)).unwrap_or_default()
}

impl Ration {
    fn allows(&mut self, now: Duration, n_instructions: u32) -> bool {
        if now < self.last {
            // A process that was forked has had no time yet.
            (self.last, self.spent) = (Duration::ZERO, Duration::ZERO);
        }
        let allowance = allowance(now);
        // A function that takes more than half of all there has been is too big for a program this short, whoever else has taken what. (To ask whether it takes more
        // than what is left would have small ones always come first.)
        self.spent <= allowance && self.time_of(n_instructions) * 2 <= allowance
    }

    fn spend(&mut self, now: Duration, n_instructions: u32) {
        self.spent += now.saturating_sub(self.last);
        self.last = now;
        self.n_instructions = self.n_instructions.saturating_add(n_instructions);
    }

    /// The time that compiling so many instructions is likely to take. What is inlined is part of it.
    fn time_of(&self, n_instructions: u32) -> Duration {
        // A guess counts as much as a thousand instructions that were compiled.
        let of_instruction = (TIME_OF_INSTRUCTION * 1000 + self.spent) / self.n_instructions.saturating_add(1000);
        of_instruction.saturating_mul(n_instructions)
    }
}

/// What may have been spent after so much time.
fn allowance(elapsed: Duration) -> Duration {
    ADVANCE + elapsed.min(SHORT) / PART_OF_SHORT + elapsed.saturating_sub(SHORT) / PART
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_grows_with_time() {
        assert_eq!(allowance(Duration::ZERO), ADVANCE);
        assert_eq!(allowance(SHORT), ADVANCE + SHORT / PART_OF_SHORT);
        assert_eq!(allowance(SHORT * 2), ADVANCE + SHORT / PART_OF_SHORT + SHORT / PART);
    }

    #[test]
    fn what_is_spent_is_waited_for() {
        let mut ration = Ration::default();
        assert!(ration.allows(Duration::ZERO, 10));
        assert!(!ration.allows(Duration::ZERO, 1_000_000));
        ration.spend(SHORT, 10);
        assert_eq!((ration.n_instructions, ration.spent), (10, SHORT));
        assert!(!ration.allows(SHORT, 10));
        assert!(ration.allows(SHORT * 10, 10));
    }

    #[test]
    fn a_process_that_was_forked_has_spent_nothing() {
        let mut ration = Ration::default();
        ration.spend(SHORT, 10);
        assert!(ration.allows(Duration::ZERO, 10));
    }
}
