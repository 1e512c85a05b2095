//! What is known of the exits of a function, as bytes: there are hundreds of them, nearly all are never taken, and told in full they would take ten times the
//! memory of the code. An exit that is taken is read.

use super::Point;
use crate::report::Tale;
use codegen_x64::{Code, Location};
use serde::{Serialize, de::DeserializeOwned};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

/// What exits of a function need, found by the word in front of its code.
pub struct Exits {
    bytes: Box<[u8]>,
    /// Where among the bytes each point begins.
    points: Box<[u32]>,
    /// Where among them the number and the locations of each exit begin.
    exits: Box<[u32]>,
    /// Calls that may run Python code: the offset they return to, in order, and where the number of their point and their locations begin.
    safepoints: Box<[(u32, u32)]>,
    /// What is told of points that were left by.
    tales: RefCell<BTreeMap<u32, Tale>>,
    /// Whether the code is not entered any more.
    pub is_given_up: Cell<bool>,
    /// Which compilation made the code, see [`crate::hot::compilation`].
    pub compilation: u32,
    /// How many bytes lie between `rbp` and `rsp`.
    pub frame_size: usize,
    /// Where the code ends with a result.
    pub epilogue_offset: usize,
}

/// The values that a point makes frames of, where they are at one exit or call.
pub struct Taken {
    /// The number of the point.
    pub id: u32,
    pub point: Point,
    /// In step with the values that the point records.
    pub locations: Vec<Location>,
}

impl Exits {
    /// Those of code that was emitted.
    pub fn new(made: &Code, points: &[Point], compilation: u32) -> Exits {
        let mut bytes = Vec::new();
        let points = points.iter().map(|point| write(&mut bytes, point)).collect();
        let exits = made.exits.iter().map(|exit| write(&mut bytes, &(exit.id, &exit.locations))).collect();
        let safepoints = made.safepoints.iter().filter(|call| call.id > 0);
        let safepoints = safepoints.map(|call| (call.return_offset, write(&mut bytes, &(call.id - 1, &call.locations)))).collect();
        Exits {
            bytes: bytes.into_boxed_slice(),
            points,
            exits,
            safepoints,
            tales: RefCell::default(),
            is_given_up: Cell::new(false),
            compilation,
            frame_size: made.frame.size as usize,
            epilogue_offset: made.epilogue_offset as usize,
        }
    }

    /// What is needed at an exit.
    pub fn at_exit(&self, exit: usize) -> Taken {
        self.taken_at(self.exits[exit])
    }

    /// What is needed behind the call that returns to an offset in the code, if it may run Python code.
    pub fn at_call(&self, return_offset: u32) -> Option<Taken> {
        let index = self.safepoints.binary_search_by_key(&return_offset, |(offset, _)| *offset).ok()?;
        Some(self.taken_at(self.safepoints[index].1))
    }

    fn taken_at(&self, place: u32) -> Taken {
        let (id, locations): (u32, Vec<Location>) = self.read(place);
        Taken { id, point: self.read(self.points[id as usize]), locations }
    }

    fn read<T: DeserializeOwned>(&self, place: u32) -> T {
        postcard::take_from_bytes(&self.bytes[place as usize..]).expect("it is what was written").0
    }

    /// What is told of a point.
    pub fn with_tale<T>(&self, id: u32, use_it: impl FnOnce(&mut Tale) -> T) -> T {
        use_it(self.tales.borrow_mut().entry(id).or_default())
    }

    /// Everything that is told, in the order of the points.
    pub fn for_each_tale(&self, visit: &mut dyn FnMut(&Point, &Tale)) {
        for (&id, tale) in &*self.tales.borrow() {
            visit(&self.read(self.points[id as usize]), tale);
        }
    }

    /// Forgets what is told.
    pub fn forget_tales(&self) {
        self.tales.borrow_mut().values_mut().for_each(Tale::forget);
    }
}

/// Appends bytes; gives where they begin.
fn write<T: Serialize>(bytes: &mut Vec<u8>, value: &T) -> u32 {
    let start = u32::try_from(bytes.len()).expect("there are less than 4 GiB of them");
    bytes.extend(postcard::to_allocvec(value).expect("it is plain data"));
    start
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deopt::{After, Callee, Description, Form, FramePoint, Kind, Place, Recorded};
    use hir::instr::Opcode;
    use interp::inlined::Ending;

    #[test]
    fn what_was_written_is_read() {
        let frame = FramePoint {
            bytecode: 70_000,
            locals: vec![Place::Null, Place::Value(3), Place::Object(0)],
            stack: vec![Place::Value(200)],
            callee: Some(Callee { function: u64::MAX, code: 0x7fff_0000_1238, ending: Ending::Construct }),
        };
        let point = Point {
            site: 12,
            instr: Opcode::GuardType,
            guilty: Some(1),
            is_raise: true,
            values: vec![Recorded { form: Form::Word, is_owned: true }, Recorded { form: Form::Double, is_owned: false }],
            objects: vec![Description { kind: Kind::Instance { class: 1 << 60, shape: 9 }, parts: vec![Place::Value(0)] }],
            frames: vec![frame],
            n_laid: 1,
            after: After::Next(Ending::Discard),
        };
        let locations = vec![Location::Int(15), Location::Float(0), Location::Stack(-8), Location::Constant(u64::MAX)];
        let mut bytes = vec![0];
        let place = write(&mut bytes, &point) as usize;
        let behind = write(&mut bytes, &(7u32, &locations)) as usize;
        let (read, rest): (Point, &[u8]) = postcard::take_from_bytes(&bytes[place..]).expect("a point");
        assert_eq!(read, point);
        assert_eq!(rest, &bytes[behind..]);
        assert_eq!(postcard::from_bytes::<(u32, Vec<Location>)>(rest).expect("a place"), (7, locations));
    }
}
