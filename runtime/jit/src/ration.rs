//! How much time compiling may take when nobody asked for it: a part of the time the program has run, so that a short program with many functions is not much slower for being
//! compiled. What has run for a while is likely to run for a while longer, and gets more. Who sets after how many calls to compile, or asks for a function, is not rationed.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// What may be spent at once.
const ADVANCE: Duration = Duration::from_millis(4);
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

struct Ration {
    begun: Instant,
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
    *ration() = Some(Ration { begun: Instant::now(), spent: Duration::ZERO, n_instructions: 0 });
}

/// From now on it is not.
pub fn lift() {
    *ration() = None;
}

/// Whether a function of so many instructions of bytecode may be compiled now.
pub fn allows(n_instructions: usize) -> bool {
    ration().as_ref().is_none_or(|ration| {
        let (allowance, n_instructions) = (allowance(ration.begun.elapsed()), u32::try_from(n_instructions).unwrap_or(u32::MAX));
        // A function that takes more than there has been altogether is too big for a program this short, whoever else has taken what.
        ration.spent <= allowance && ration.time_of(n_instructions) <= allowance
    })
}

/// Counts time that was spent on a function of so many instructions of bytecode.
pub fn spend(time: Duration, n_instructions: usize) {
    if let Some(ration) = ration().as_mut() {
        ration.spent += time;
        ration.n_instructions = ration.n_instructions.saturating_add(u32::try_from(n_instructions).unwrap_or(u32::MAX));
    }
}

impl Ration {
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
        begin();
        assert!(allows(10));
        assert!(!allows(1_000_000));
        spend(Duration::from_secs(100), 10);
        assert!(!allows(10));
        lift();
        assert!(allows(1_000_000));
    }
}
