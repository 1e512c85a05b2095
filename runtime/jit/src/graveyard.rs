//! Machine code whose code object has died: its memory is given back once nobody can be running it.
//!
//! A function may die while its code has still to return: where its frame is popped, or behind an exit. Then the code's address is on the stack of a thread. Before more code is
//! installed the stacks of all threads are searched for words that are addresses in dead code; what is found nowhere is freed, with all it refers to.

use crate::codes;
use crate::deopt::look;
use crate::memory::CodeMemory;
use crate::patches;
use object::{Vm, threads};
use std::any::Any;
use std::cell::Cell;
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Dead code.
struct Dead {
    code: Range<usize>,
    /// What it refers to by address.
    #[expect(dead_code, reason = "dropped with the code")]
    belongings: Box<dyn Any>,
}

// SAFETY: it is touched with the global lock only.
unsafe impl Send for Dead {}

static DEAD: Mutex<Vec<Dead>> = Mutex::new(Vec::new());

fn dead() -> MutexGuard<'static, Vec<Dead>> {
    DEAD.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Nobody will enter the code at these addresses any more.
pub fn bury(code: Range<usize>, belongings: Box<dyn Any>) {
    dead().push(Dead { code, belongings });
}

/// Frees dead code that nobody runs.
pub fn clear(vm: &mut Vm, memory: &mut CodeMemory) {
    if dead().is_empty() {
        return;
    }
    let Some(stacks) = stacks(vm) else { return };
    let (mut all, mut gone) = (std::mem::take(&mut *dead()), Vec::new());
    all.sort_by_key(|dead| dead.code.start);
    let mut is_running = vec![false; all.len()];
    let mut visit = |word: usize| {
        let index = all.partition_point(|dead| dead.code.start <= word);
        if let Some(index) = index.checked_sub(1).filter(|index| word <= all[*index].code.end) {
            is_running[index] = true;
        }
    };
    for stack in stacks {
        for place in stack.step_by(8) {
            // SAFETY: the words are those of a thread's stack, above where it stands.
            visit(unsafe { std::ptr::read_volatile(place as *const usize) });
        }
    }
    look::for_each_return_address(&mut visit);
    for (index, one) in std::mem::take(&mut all).into_iter().enumerate() {
        if is_running[index] {
            dead().push(one);
        } else {
            gone.push(one);
        }
    }
    for one in gone {
        codes::remove(one.code.start);
        patches::forget(one.code.clone());
        memory.release(one.code.start, one.code.len());
    }
}

/// What is in use of the stacks of all threads that run Python; `None` if that is not known.
fn stacks(vm: &mut Vm) -> Option<Vec<Range<usize>>> {
    let marker = 0usize;
    let here = std::hint::black_box(&raw const marker).addr();
    let mut stacks = Vec::new();
    stacks.push(here..own_end()?);
    for other in threads::others(vm) {
        if other.frame.is_null() {
            continue;
        }
        let (stands, end) = other.stack?;
        stacks.push(stands & !7..end);
    }
    Some(stacks)
}

/// Where the own stack ends.
fn own_end() -> Option<usize> {
    thread_local! {
        static END: Cell<usize> = const { Cell::new(0) };
    }
    END.with(|end| {
        if end.get() == 0 {
            end.set(threads::end_of_stack()?);
        }
        Some(end.get())
    })
}
