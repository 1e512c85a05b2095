//! Leaving compiled code for the interpreter: values go from registers and machine stack to the frame's locals and evaluation stack.

use crate::hot;
use codegen_x64::{ExitRecord, Location};
use interp::compiled;
use interp::frame::Frame;
use object::{Object, Vm, raw};
use std::cell::Cell;

/// The registers at an exit, as the trampoline lays them.
#[repr(C)]
pub struct Saved {
    floats: [u64; 16],
    ints: [u64; 16],
    return_address: u64,
    code: u64,
    exit: u64,
}

/// The numbers of the registers that stay the same throughout.
const FRAME: usize = 3;
const FRAME_POINTER: usize = 5;
const VM: usize = 15;

/// What the interpreter needs to go on from an exit.
pub struct Point {
    /// The bytecode instruction.
    pub bytecode: u32,
    /// The bytecode instruction whose guess it was, see [`crate::hot::History`].
    pub site: u32,
    /// How often it was taken because a guard failed.
    pub failures: Cell<u32>,
    /// Whether an exception is set, so that the instruction's handler is looked for.
    pub is_raise: bool,
    /// What the exit records, in its order.
    pub values: Vec<Recorded>,
    /// Which of the values are in the locals, and on the stack; `None` is null.
    pub locals: Vec<Option<u32>>,
    pub stack: Vec<Option<u32>>,
}

/// How a recorded value becomes the word of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recorded {
    pub form: Form,
    /// Whether the reference is the function's to hand over.
    pub is_owned: bool,
}

/// What a value is in machine code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A Python value, or null.
    Word,
    Signed,
    Unsigned,
    Bool,
    Double,
}

/// What exits of a function need, found by the word in front of its code.
pub struct Exits {
    pub records: Vec<ExitRecord>,
    pub points: Vec<Point>,
    /// Whether the code is not entered any more.
    pub is_given_up: Cell<bool>,
}

/// The value of a location.
///
/// # Safety
///
/// The registers are those of a function that is at the exit whose location it is.
unsafe fn word_at(saved: &Saved, location: Location) -> u64 {
    match location {
        Location::Int(number) => saved.ints[usize::from(number)],
        Location::Float(number) => saved.floats[usize::from(number)],
        Location::Constant(word) => word,
        // SAFETY: the caller's promise: the slot is in the function's stack frame.
        Location::Stack(offset) => unsafe { *(saved.ints[FRAME_POINTER].wrapping_add_signed(i64::from(offset)) as *const u64) },
    }
}

impl Form {
    /// The Python value of a machine value, owned.
    fn boxed(self, vm: &mut Vm, word: u64) -> u64 {
        let object = match self {
            Form::Word => return word,
            Form::Signed => vm.new_int(word as i64),
            Form::Unsigned => vm.new_bigint(word.into()),
            Form::Bool => Object::bool(word as u8 != 0),
            Form::Double => vm.new_float(f64::from_bits(word)),
        };
        object.into_raw()
    }
}

/// Goes on in the interpreter; what that gives is what the function returns.
///
/// # Safety
///
/// To be called by the trampoline only.
pub unsafe extern "C" fn leave(saved: *const Saved) -> u64 {
    // SAFETY: the trampoline gives what it saved; the word in front of the code is the address of its exits, which live as long as it; the pinned registers
    // are the thread's `Vm` and the innermost frame.
    unsafe {
        let saved = &*saved;
        let exits = &**(saved.code as *const *const Exits).byte_sub(crate::memory::HEADER);
        let record = &exits.records[saved.exit as usize];
        let point = &exits.points[record.id as usize];
        let vm = &mut *(saved.ints[VM] as *mut Vm);
        let frame = saved.ints[FRAME] as *mut Frame;
        let words: Vec<u64> = record.locations.iter().map(|&location| word_at(saved, location)).collect();
        write_frame(vm, frame, point, &words);
        let code = compiled::code_of(frame);
        if point.is_raise {
            hot::raised(code)
        } else {
            hot::failed(code, exits, point)
        }
        compiled::leave_for_interpreter(vm, frame, point.bytecode as usize, point.stack.len(), point.is_raise)
    }
}

/// Writes locals and stack. Owned values move there, once each; others are counted; owned values that are nowhere are given up.
///
/// # Safety
///
/// The frame is the innermost one, and its words are empty; the values are those of the point.
unsafe fn write_frame(vm: &mut Vm, frame: *mut Frame, point: &Point, words: &[u64]) {
    let mut is_left: Vec<bool> = point.values.iter().map(|value| value.is_owned).collect();
    let mut word_of = |vm: &mut Vm, place: Option<u32>| {
        let Some(index) = place.map(|index| index as usize) else { return 0 };
        let value = point.values[index];
        if value.form != Form::Word {
            return value.form.boxed(vm, words[index]);
        }
        let word = words[index];
        if !std::mem::replace(&mut is_left[index], false) && word != 0 {
            // SAFETY: the value is alive: it is recorded at the exit.
            unsafe { raw::increment(word) };
        }
        word
    };
    let places = point.locals.iter().chain(&point.stack);
    for (index, &place) in places.enumerate() {
        let word = word_of(vm, place);
        // SAFETY: the point has as many places as the code says.
        unsafe { *compiled::locals(frame).add(index) = word };
    }
    for (index, &word) in words.iter().enumerate() {
        if is_left[index] {
            // SAFETY: the function owned the reference.
            drop(unsafe { Object::from_raw(word) });
        }
    }
}
