//! Walks the engine over strings as they are stored: one, two or four bytes a character.
//!
//! The engine's cursor holds a pointer that only the engine's own drives can move; the one over bytes
//! does here for units of any width. A unit is read byte by byte, which the compiler makes one load.

use object::bytes::Buffer;
use object::str::{Str, StrData};
use object::{Object, Ref, RefOf, Vm};
use rustpython_sre_engine::{Request, State, StrDrive, StringCursor};

type Bytes<'a> = &'a [u8];

/// A string of units of `WIDTH` bytes, seen as bytes.
#[derive(Clone, Copy)]
struct Units<'a, const WIDTH: usize>(&'a [u8]);

#[inline]
fn move_by(cursor: &mut StringCursor, position: usize, bytes: usize) {
    Bytes::skip(cursor, bytes);
    cursor.position = position;
}

#[inline]
fn move_back(cursor: &mut StringCursor, position: usize, bytes: usize) {
    // The drive over bytes counts bytes; the true position is set after.
    cursor.position = bytes;
    Bytes::back_skip(cursor, bytes);
    cursor.position = position;
}

impl<const WIDTH: usize> StrDrive for Units<'_, WIDTH> {
    #[inline]
    fn count(&self) -> usize {
        self.0.len() / WIDTH
    }

    #[inline]
    fn create_cursor(&self, n: usize) -> StringCursor {
        let mut cursor = self.0.create_cursor(n * WIDTH);
        cursor.position = n;
        cursor
    }

    #[inline]
    fn adjust_cursor(&self, cursor: &mut StringCursor, n: usize) {
        *cursor = self.create_cursor(n);
    }

    #[inline]
    fn advance(cursor: &mut StringCursor) -> u32 {
        let unit = Self::peek(cursor);
        Self::skip(cursor, 1);
        unit
    }

    #[inline]
    fn peek(cursor: &StringCursor) -> u32 {
        let mut bytes = [0; 4];
        let mut at = *cursor;
        for (index, byte) in bytes[..WIDTH].iter_mut().enumerate() {
            if index > 0 {
                Bytes::skip(&mut at, 1);
            }
            *byte = Bytes::peek(&at) as u8;
        }
        // Strings are stored in the machine's byte order.
        if cfg!(target_endian = "little") { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) >> (8 * (4 - WIDTH)) }
    }

    #[inline]
    fn skip(cursor: &mut StringCursor, n: usize) {
        move_by(cursor, cursor.position + n, n * WIDTH);
    }

    #[inline]
    fn back_advance(cursor: &mut StringCursor) -> u32 {
        Self::back_skip(cursor, 1);
        Self::peek(cursor)
    }

    #[inline]
    fn back_peek(cursor: &StringCursor) -> u32 {
        let mut cursor = *cursor;
        Self::back_advance(&mut cursor)
    }

    #[inline]
    fn back_skip(cursor: &mut StringCursor, n: usize) {
        move_back(cursor, cursor.position - n, n * WIDTH);
    }
}

/// What a pattern is matched against.
pub enum Subject {
    Text(Object),
    Bytes(Object, Buffer),
}

/// How to look for a match.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Match,
    FullMatch,
    Search,
}

/// Where to look for a match.
#[derive(Clone, Copy)]
pub struct Range {
    pub start: usize,
    pub end: usize,
    /// Whether an empty match at the start does not count, because the last match ended there.
    pub must_advance: bool,
}

/// A match: start and end of all groups, the whole match first.
pub struct Found {
    pub regs: Box<[Option<(usize, usize)>]>,
    pub last_index: Option<usize>,
}

impl Found {
    pub fn span(&self) -> (usize, usize) {
        self.regs[0].expect("the whole match took part in the match")
    }
}

impl Subject {
    pub fn object(&self) -> Ref<'_> {
        match self {
            Subject::Text(object) | Subject::Bytes(object, _) => object.borrow(),
        }
    }

    fn text(object: &Object) -> RefOf<'_, Str> {
        object.borrow().downcast::<Str>().expect("a text subject is a string")
    }

    pub fn len(&self) -> usize {
        match self {
            Subject::Text(object) => Subject::text(object).len(),
            Subject::Bytes(_, buffer) => buffer.len(),
        }
    }

    /// The part from `start` to before `end`; the subject itself if that is all of it.
    pub fn slice(&self, vm: &Vm, start: usize, end: usize) -> Object {
        let (start, end) = (start.min(self.len()), end.min(self.len()));
        let end = end.max(start);
        let whole = start == 0 && end == self.len();
        match self {
            Subject::Text(object) if whole && object.borrow().is_exactly(&object::str::STR) => object.clone(),
            Subject::Text(object) => vm.str_slice(Subject::text(object).get(), start, end - start).into_object(),
            Subject::Bytes(object, _) if whole && object.borrow().is_exactly(&object::bytes::BYTES) => object.clone(),
            Subject::Bytes(_, buffer) => vm.new_bytes(&buffer.bytes(vm)[start..end]).into_object(),
        }
    }

    /// Runs a pattern's code.
    pub fn run(&self, vm: &Vm, code: &[u32], groups: usize, range: Range, mode: Mode) -> Option<Found> {
        if range.start > range.end {
            return None;
        }
        match self {
            Subject::Text(object) => match Subject::text(object).get().data() {
                StrData::Latin1(units) => run(Units::<1>(units), code, groups, range, mode),
                StrData::Ucs2(units) => run(Units::<2>(bytemuck::cast_slice(units)), code, groups, range, mode),
                StrData::Ucs4(units) => run(Units::<4>(bytemuck::cast_slice(units)), code, groups, range, mode),
            },
            Subject::Bytes(_, buffer) => run(Units::<1>(buffer.bytes(vm)), code, groups, range, mode),
        }
    }
}

fn run<S: StrDrive>(string: S, code: &[u32], groups: usize, range: Range, mode: Mode) -> Option<Found> {
    let mut request = Request::new(string, range.start, range.end, code, mode == Mode::FullMatch);
    request.must_advance = range.must_advance;
    let mut state = State::default();
    let found = if mode == Mode::Search { state.search(request) } else { state.py_match(&request) };
    if !found {
        return None;
    }
    let mut regs = vec![None; groups + 1].into_boxed_slice();
    regs[0] = Some((state.start, state.cursor.position));
    for (index, reg) in regs[1..].iter_mut().enumerate() {
        let (start, end) = state.marks.get(index);
        *reg = start.into_option().zip(end.into_option());
    }
    Some(Found { regs, last_index: usize::try_from(state.marks.last_index()).ok() })
}
