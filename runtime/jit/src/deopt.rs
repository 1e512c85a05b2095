//! Leaving compiled code for the interpreter: values go from registers and machine stack to locals and evaluation stacks of frames, which are laid
//! first where inlined functions have none yet; objects that were only described are made.

use crate::hot;
use codegen_x64::Location;
use hir::instr::Opcode;
use interp::frame::Frame;
use interp::inlined::{self, Ending};
use interp::{CodeObject, compiled};
use object::{Object, Ref, Vm, raw};
use serde::{Deserialize, Serialize};

mod describe;
mod exits;
pub mod look;

pub use describe::{Description, Kind};
pub use exits::{Exits, Taken};

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
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Point {
    /// The bytecode instruction whose guess it was, see [`crate::hot::History`].
    pub site: u32,
    /// The HIR instruction that may leave by it.
    #[serde(with = "opcode")]
    pub instr: Opcode,
    /// The value whose type is to blame, among those recorded.
    pub guilty: Option<u32>,
    /// Whether an exception is set, so that the instruction's handler is looked for.
    pub is_raise: bool,
    /// What the exit records, in its order.
    pub values: Vec<Recorded>,
    /// Objects that are made here, parts before what they are parts of.
    pub objects: Vec<Description>,
    /// The function's own frame, then those of inlined calls, the innermost last.
    pub frames: Vec<FramePoint>,
    /// So many of the inlined calls have a frame while compiled code runs.
    pub n_laid: usize,
    /// How the interpreter goes on when what was called there has returned.
    pub after: After,
}

/// Instructions as their numbers.
mod opcode {
    use super::Opcode;
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(opcode: &Opcode, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(*opcode as u8)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Opcode, D::Error> {
        u8::deserialize(deserializer).map(|number| Opcode::ALL[usize::from(number)])
    }
}

/// How the interpreter goes on behind a call that compiled code has made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum After {
    /// Compiled code has more to do: the interpreter cannot go on.
    More,
    /// The result goes where the ending says, and the next instruction is executed.
    Next(Ending),
    /// The result says only that it is done, and the next instruction is executed.
    Done,
    /// The result is the next item of a loop, or says that there is none and the instruction at `end` is executed.
    Item { end: u32 },
    /// The result is a truth value, which is pushed: 1 or 2.
    Truth,
    /// The instruction is executed again: nothing has been done.
    Again,
}

/// What a frame gets.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FramePoint {
    /// The bytecode instruction: in a frame that has called another, the call.
    pub bytecode: u32,
    pub locals: Vec<Place>,
    pub stack: Vec<Place>,
    /// The function, of an inlined call.
    pub callee: Option<Callee>,
}

/// The function of an inlined call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Callee {
    /// The word of the function.
    pub function: u64,
    /// The address of its code.
    pub code: u64,
    /// What becomes of what it returns.
    pub ending: Ending,
}

impl Callee {
    /// The code, which the compiled code keeps alive.
    pub fn code(self) -> *const CodeObject {
        std::ptr::with_exposed_provenance(self.code as usize)
    }
}

/// What is in a word of a frame, or is a part of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "u64", into = "u64")]
pub enum Place {
    Null,
    /// What the exit records at this index.
    Value(u32),
    /// An object that is made.
    Object(u32),
}

/// A number each: most places take one byte.
impl From<Place> for u64 {
    fn from(place: Place) -> u64 {
        match place {
            Place::Null => 0,
            Place::Value(index) => u64::from(index) * 2 + 1,
            Place::Object(index) => u64::from(index) * 2 + 2,
        }
    }
}

impl From<u64> for Place {
    fn from(number: u64) -> Place {
        match number.checked_sub(1) {
            None => Place::Null,
            Some(rest) if rest % 2 == 0 => Place::Value((rest / 2) as u32),
            Some(rest) => Place::Object((rest / 2) as u32),
        }
    }
}

/// How a recorded value becomes the word of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recorded {
    pub form: Form,
    /// Whether the reference is the function's to hand over.
    pub is_owned: bool,
}

/// What a value is in machine code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Form {
    /// A Python value, or null.
    Word,
    Signed,
    Unsigned,
    Bool,
    Double,
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
    // are the thread's `Vm` and the function's own frame.
    unsafe {
        let saved = &*saved;
        let exits = &**(saved.code as *const *const Exits).byte_sub(crate::memory::HEADER);
        let Taken { id, point, locations } = exits.at_exit(saved.exit as usize);
        let vm = &mut *(saved.ints[VM] as *mut Vm);
        let frame = saved.ints[FRAME] as *mut Frame;
        let words: Vec<u64> = locations.iter().map(|&location| word_at(saved, location)).collect();
        let guilty = point.guilty.and_then(|index| type_name(point.values[index as usize].form, words[index as usize]));
        exits.with_tale(id, |tale| tale.left(guilty));
        write_frames(vm, frame, &point, &words);
        let code = compiled::code_of(frame);
        if point.is_raise {
            hot::raised(code, exits, &point);
            let own = &point.frames[0];
            if point.frames.len() == 1 && compiled::raising::unwind(vm, frame, own.bytecode as usize, own.stack.len()) {
                return 0;
            }
        } else {
            hot::failed(code, exits, id, &point)
        }
        let own = &point.frames[0];
        compiled::leave_for_interpreter(vm, frame, own.bytecode as usize, own.stack.len(), point.is_raise)
    }
}

/// The name of a recorded value's type.
///
/// # Safety
///
/// A word is a live value or null.
unsafe fn type_name(form: Form, word: u64) -> Option<String> {
    match form {
        Form::Word if word == 0 => None,
        // SAFETY: the caller's promise.
        Form::Word => Some(unsafe { Ref::from_bits(word) }.class().full_name().to_owned()),
        Form::Signed | Form::Unsigned => Some("int".to_owned()),
        Form::Bool => Some("bool".to_owned()),
        Form::Double => Some("float".to_owned()),
    }
}

/// The words of a point, on their way to frames and parts of objects. Owned values move there, once each; others are counted.
struct Words<'a> {
    point: &'a Point,
    words: &'a [u64],
    /// References of the compiled function that nobody has taken over yet.
    is_left: Vec<bool>,
    /// Objects that were made, and whether their first reference has been taken.
    made: Vec<(u64, bool)>,
}

impl Words<'_> {
    /// An owned reference to what is at a place.
    ///
    /// # Safety
    ///
    /// The words are those of values that are alive at the exit.
    unsafe fn take(&mut self, vm: &mut Vm, place: Place) -> u64 {
        // SAFETY: recorded values are alive; objects that were made are, because all of them go somewhere.
        unsafe {
            match place {
                Place::Null => 0,
                Place::Value(index) => {
                    let index = index as usize;
                    let (value, word) = (self.point.values[index], self.words[index]);
                    if value.form != Form::Word {
                        return value.form.boxed(vm, word);
                    }
                    if !std::mem::replace(&mut self.is_left[index], false) && word != 0 {
                        raw::increment(word);
                    }
                    word
                }
                Place::Object(index) => {
                    let (word, is_taken) = &mut self.made[index as usize];
                    if std::mem::replace(is_taken, true) && *word != 0 {
                        raw::increment(*word);
                    }
                    *word
                }
            }
        }
    }

    /// Makes the objects that the point describes.
    ///
    /// # Safety
    ///
    /// As for [`Words::take`].
    unsafe fn make_objects(&mut self, vm: &mut Vm) {
        for description in &self.point.objects {
            // SAFETY: the caller's promise; what was made before is no part of this one only if it comes first.
            let parts: Vec<Option<Object>> = description.parts.iter().map(|part| unsafe { Object::from_raw(self.take(vm, *part)) }).collect();
            let word = description.kind.make(vm, parts).map_or(0, Object::into_raw);
            self.made.push((word, false));
        }
    }

    /// Gives up what went nowhere.
    ///
    /// # Safety
    ///
    /// As for [`Words::take`].
    unsafe fn drop_rest(self) {
        for (index, &word) in self.words.iter().enumerate() {
            if self.is_left[index] {
                // SAFETY: the function owned the reference.
                drop(unsafe { Object::from_raw(word) });
            }
        }
        for (word, is_taken) in self.made {
            if !is_taken {
                // SAFETY: the first reference.
                drop(unsafe { Object::from_raw(word) });
            }
        }
    }
}

/// The class with this word, which the compiled code keeps.
fn class_of_word(word: &u64) -> &object::Type {
    // SAFETY: descriptions have words of classes that the code object of the compiled code refers to.
    let class = unsafe { Ref::from_bits(*word) };
    // SAFETY: the class lives on, see above.
    unsafe { &*std::ptr::from_ref(class.downcast::<object::Type>().expect("it is the word of a class").get()) }
}

/// Lays the frames that are missing, and writes locals and stacks of all.
///
/// # Safety
///
/// The frame is the function's own, the words of its frames are empty, and the values are those of the point.
unsafe fn write_frames(vm: &mut Vm, own: *mut Frame, point: &Point, words: &[u64]) {
    let is_left = point.values.iter().map(|value| value.is_owned).collect();
    let mut words = Words { point, words, is_left, made: Vec::with_capacity(point.objects.len()) };
    // SAFETY: the caller's promise; a point has as many places for a frame as its code says.
    unsafe {
        words.make_objects(vm);
        let laid = inlined::frames_above(vm, own, point.n_laid);
        let mut frame = own;
        for (index, described) in point.frames.iter().enumerate() {
            if let Some(callee) = described.callee {
                frame = if index <= point.n_laid { laid[index - 1] } else { inlined::lay(vm, callee.function, callee.code()) };
                inlined::set_ending(frame, callee.ending);
            }
            let places = described.locals.iter().chain(&described.stack);
            for (index, &place) in places.enumerate() {
                *compiled::locals(frame).add(index) = words.take(vm, place);
            }
            inlined::set_position(frame, described.bytecode as usize, described.stack.len());
        }
        words.drop_rest();
    }
}
