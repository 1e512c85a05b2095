//! Frames whose compiled code has called something: their variables for who looks at them, and the interpreter in its place when the call returns.
//!
//! Each call that may run Python code records where the values of the frame are meanwhile: all on the machine's stack. While compiled code runs a frame, this says
//! where its part of that is ([`interp::compiled::look`]); the return address of the call, just below, says which call it is. To have a say when the call returns,
//! the return address is replaced by that of a trampoline ([`crate::trampoline`]); what becomes of the frame then is noted in [`HALTED`].

use super::{After, Location, Taken, Words};
use crate::helpers::EXHAUSTED;
use crate::{codes, trampoline};
use interp::compiled;
use interp::compiled::look::{self, Wish};
use interp::frame::Frame;
use interp::inlined::{self, Ending};
use object::{Object, Vm, raw};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A call that compiled code has made.
struct Site {
    /// The stack pointer when the call has returned.
    stack_pointer: usize,
    /// Where compiled code goes on.
    return_address: usize,
    frame_size: usize,
    epilogue: usize,
    /// The frames of the compiled function and of those it has inlined, the innermost last.
    frames: Vec<*mut Frame>,
    taken: Taken,
}

/// What becomes of a frame when what it has called returns.
enum Plan {
    /// It goes on as before, unless somebody has its object.
    Watched,
    /// The same; copies of its variables are in the words of the interpreter.
    Shown,
    /// It goes on in the interpreter.
    Left(Leaving),
}

/// What the interpreter needs to go on behind a call.
struct Leaving {
    frames: Vec<LeavingFrame>,
    /// References of the compiled function. What was called may have borrowed them.
    owned: Vec<u64>,
    after: After,
    epilogue: usize,
}

struct LeavingFrame {
    frame: *mut Frame,
    bytecode: usize,
    /// References that go on the evaluation stack. Meanwhile that may hold the call's arguments.
    stack: Vec<u64>,
}

struct Halted {
    return_address: usize,
    plan: Plan,
}

// SAFETY: what it points to is touched with the global lock only.
unsafe impl Send for Halted {}

/// By the stack pointer when the call has returned.
static HALTED: Mutex<Option<HashMap<usize, Halted>>> = Mutex::new(None);

fn with_halted<T>(use_it: impl FnOnce(&mut HashMap<usize, Halted>) -> T) -> T {
    let mut guard: MutexGuard<'_, Option<HashMap<usize, Halted>>> = HALTED.lock().unwrap_or_else(PoisonError::into_inner);
    use_it(guard.get_or_insert_default())
}

/// The addresses in compiled code that are on no stack, because they were replaced.
pub fn for_each_return_address(visit: &mut dyn FnMut(usize)) {
    with_halted(|halted| {
        for one in halted.values() {
            visit(one.return_address);
        }
    });
}

/// Registers what this file does.
pub fn start() {
    look::set_looker(looker);
}

impl Site {
    /// The call that the compiled code of a frame has made.
    ///
    /// # Safety
    ///
    /// The frame is in progress.
    unsafe fn of(vm: &mut Vm, frame: *mut Frame) -> Option<Site> {
        // SAFETY: the caller's promise; where the frame says, the return address of a call is just below, because frames are looked at by what they call.
        unsafe {
            let mut own = frame;
            while look::native(own) == look::INLINED {
                own = look::caller(own);
            }
            // It may have left already.
            if look::native(own) == 0 {
                return None;
            }
            let chain = look::chain_of(vm, frame)?;
            let stack_pointer = above(chain.below, look::native(own))?;
            let mut return_address = *((stack_pointer - 8) as *const usize);
            if return_address == trampoline::return_address() {
                return_address = with_halted(|halted| halted.get(&stack_pointer).map(|halted| halted.return_address))?;
            }
            let (start, exits) = codes::at(return_address)?;
            let offset = (return_address - start) as u32;
            // The code is running, so they are there.
            let exits = &*exits;
            let taken = exits.at_call(offset)?;
            let epilogue = start + exits.epilogue_offset;
            let mut inner: Vec<*mut Frame> = look::frames(chain).take_while(|frame| !std::ptr::eq(*frame, own)).collect();
            inner.push(own);
            inner.reverse();
            inner.truncate(1 + taken.point.n_laid);
            Some(Site { stack_pointer, return_address, frame_size: exits.frame_size, epilogue, frames: inner, taken })
        }
    }

    /// The recorded words; `None` if one of them is in a register, which does not happen.
    unsafe fn words(&self) -> Option<Vec<u64>> {
        // SAFETY: slots are above the stack pointer, in the stack frame of the function.
        unsafe {
            let base = self.stack_pointer + self.frame_size;
            let word = |location: &Location| match *location {
                Location::Stack(offset) => Some(*(base.wrapping_add_signed(offset as isize) as *const u64)),
                Location::Constant(word) => Some(word),
                Location::Int(_) | Location::Float(_) => None,
            };
            self.taken.locations.iter().map(word).collect()
        }
    }

    /// Whether the interpreter can go on behind the call.
    fn can_leave(&self) -> bool {
        let point = &self.taken.point;
        point.after != After::More && point.frames.len() == self.frames.len()
    }

    /// Whether its variables have been shown since.
    fn is_shown(&self) -> bool {
        with_halted(|halted| halted.get(&self.stack_pointer).is_some_and(|halted| matches!(halted.plan, Plan::Shown)))
    }

    /// Has the trampoline find a plan when the call returns.
    unsafe fn halt(&self, plan: Plan) {
        with_halted(|halted| halted.insert(self.stack_pointer, Halted { return_address: self.return_address, plan }));
        // SAFETY: the place of the return address.
        unsafe { *((self.stack_pointer - 8) as *mut usize) = trampoline::return_address() };
    }

    /// Puts references to the values of locals into the frames, and gives those of the evaluation stacks.
    unsafe fn write_frames(&self, vm: &mut Vm) -> Option<Vec<Vec<u64>>> {
        let point = &self.taken.point;
        // SAFETY: the recorded values are alive while the call is made; a point has as many places for a frame as its code says, and the words there are zero.
        unsafe {
            let words = self.words()?;
            // All are borrowed: what was called goes on using what it has borrowed of the compiled function.
            let is_left = vec![false; words.len()];
            let mut words = Words { point, words: &words, is_left, made: Vec::with_capacity(point.objects.len()) };
            words.make_objects(vm);
            let mut stacks = Vec::with_capacity(self.frames.len());
            for (described, &frame) in point.frames.iter().zip(&self.frames) {
                for (index, &place) in described.locals.iter().enumerate() {
                    *compiled::locals(frame).add(index) = words.take(vm, place);
                }
                stacks.push(described.stack.iter().map(|&place| words.take(vm, place)).collect());
            }
            words.drop_rest();
            Some(stacks)
        }
    }

    /// What [`Site::write_frames`] has put into the frames goes.
    unsafe fn clear_frames(&self) {
        for (described, &frame) in self.taken.point.frames.iter().zip(&self.frames) {
            for index in 0..described.locals.len() {
                // SAFETY: the words are references or zero, and each is taken once.
                drop(unsafe { Object::from_raw(std::mem::take(&mut *compiled::locals(frame).add(index))) });
            }
        }
    }

    /// Hands the frames over to the interpreter.
    unsafe fn leave(&self, vm: &mut Vm) -> Option<Leaving> {
        // SAFETY: as for the functions that are called.
        unsafe {
            let point = &self.taken.point;
            let words = self.words()?;
            let stacks = self.write_frames(vm)?;
            let mut frames = Vec::with_capacity(stacks.len());
            for ((described, &frame), stack) in point.frames.iter().zip(&self.frames).zip(stacks) {
                if let Some(callee) = described.callee {
                    inlined::set_ending(frame, callee.ending);
                }
                look::forget_native(frame);
                frames.push(LeavingFrame { frame, bytecode: described.bytecode as usize, stack });
            }
            let owned = point.values.iter().zip(words).filter(|(value, _)| value.is_owned).map(|(_, word)| word).collect();
            Some(Leaving { frames, owned, after: point.after, epilogue: self.epilogue })
        }
    }
}

/// The address with this low half that is the first above another.
fn above(below: usize, low: u32) -> Option<usize> {
    const HALF: usize = 1 << 32;
    let address = below & !(HALF - 1) | low as usize;
    if address > below { Some(address) } else { address.checked_add(HALF) }
}

/// See [`look::Looker`].
unsafe fn looker(vm: &mut Vm, frame: *mut Frame, wish: Wish) {
    // SAFETY: the caller's promise.
    unsafe {
        let Some(site) = Site::of(vm, frame) else { return };
        match wish {
            Wish::Watch if with_halted(|halted| !halted.contains_key(&site.stack_pointer)) => site.halt(Plan::Watched),
            Wish::Show | Wish::Leave if site.can_leave() => leave_at(vm, &site),
            Wish::Show if !site.is_shown() => show_at(vm, &site),
            Wish::Watch | Wish::Show | Wish::Leave => {}
        }
    }
}

unsafe fn show_at(vm: &mut Vm, site: &Site) {
    // SAFETY: the caller's promise.
    unsafe {
        let Some(stacks) = site.write_frames(vm) else { return };
        site.halt(Plan::Shown);
        for word in stacks.into_iter().flatten() {
            drop(Object::from_raw(word));
        }
    }
}

unsafe fn leave_at(vm: &mut Vm, site: &Site) {
    // SAFETY: the caller's promise.
    unsafe {
        if site.is_shown() {
            site.clear_frames();
        }
        if let Some(leaving) = site.leave(vm) {
            site.halt(Plan::Left(leaving));
        }
    }
}

/// Where the call of a frame that was halted returns to: gives the address to go on at. `result` is what the call gave, and what the code there is to find.
///
/// # Safety
///
/// To be called by the trampoline only.
pub unsafe extern "C" fn returned(result: *mut u64, vm: *mut Vm, frame: *mut Frame, stack_pointer: usize) -> usize {
    // SAFETY: the trampoline passes the pinned registers of the code whose call has returned.
    unsafe {
        let vm = &mut *vm;
        let Some(halted) = with_halted(|halted| halted.remove(&stack_pointer)) else {
            unreachable!("whose return address is replaced is noted");
        };
        // The code may be looked up again.
        *((stack_pointer - 8) as *mut usize) = halted.return_address;
        let leaving = match halted.plan {
            Plan::Left(leaving) => Some(leaving),
            Plan::Watched => stay(vm, frame, *result),
            Plan::Shown => {
                if let Some(site) = Site::of(vm, frame) {
                    site.clear_frames();
                }
                stay(vm, frame, *result)
            }
        };
        let Some(leaving) = leaving else { return halted.return_address };
        let epilogue = leaving.epilogue;
        *result = go_on(vm, leaving, *result);
        epilogue
    }
}

/// Has a frame go on as before, unless somebody has its object: then its variables must outlive it.
unsafe fn stay(vm: &mut Vm, frame: *mut Frame, result: u64) -> Option<Leaving> {
    // SAFETY: the caller's promise.
    unsafe {
        // What raised leaves compiled code anyway.
        if result == 0 {
            return None;
        }
        let site = Site::of(vm, frame).filter(Site::can_leave)?;
        let is_observed = site.frames.iter().any(|frame| look::is_observed(*frame));
        if is_observed { site.leave(vm) } else { None }
    }
}

/// Goes on in the interpreter behind a call.
unsafe fn go_on(vm: &mut Vm, leaving: Leaving, result: u64) -> u64 {
    // SAFETY: the frames are the innermost ones; each word is moved once.
    unsafe {
        let mut is_raised = result == 0;
        let mut positions = Vec::with_capacity(leaving.frames.len());
        for frame in &leaving.frames {
            for (index, &word) in frame.stack.iter().enumerate() {
                *compiled::stack(frame.frame).add(index) = word;
            }
            positions.push((frame.bytecode, frame.stack.len()));
        }
        let innermost = leaving.frames.last().expect("there is the function's own frame").frame;
        let position = positions.last_mut().expect("there is the function's own frame");
        if !is_raised {
            let pushed = match leaving.after {
                After::Again | After::Done => None,
                After::Item { .. } if result == EXHAUSTED => None,
                After::Truth => Some(raw::bool_word(result == 2)),
                After::Item { .. } | After::Next(Ending::Push) => Some(result),
                After::Next(Ending::Construct) if result == raw::NONE => None,
                After::Next(Ending::Construct) => {
                    let returned = Object::from_raw(result).unwrap_or_else(Object::none);
                    compiled::init_returned(vm, returned.borrow());
                    is_raised = true;
                    None
                }
                After::Next(_) | After::More => {
                    drop(Object::from_raw(result));
                    None
                }
            };
            if let Some(word) = pushed {
                *compiled::stack(innermost).add(position.1) = word;
                position.1 += 1;
            }
            position.0 = match leaving.after {
                After::Again => position.0,
                After::Item { end } if result == EXHAUSTED => end as usize,
                _ if is_raised => position.0,
                _ => position.0 + 1,
            };
        }
        for (frame, &(bytecode, depth)) in leaving.frames.iter().zip(&positions) {
            inlined::set_position(frame.frame, bytecode, depth);
        }
        for word in leaving.owned {
            drop(Object::from_raw(word));
        }
        vm.run_finalizers();
        let (bytecode, depth) = positions[0];
        compiled::leave_for_interpreter(vm, leaving.frames[0].frame, bytecode, depth, is_raised)
    }
}
