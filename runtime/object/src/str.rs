//! Strings: code points stored inline in the narrowest of Latin-1, UCS-2 and UCS-4.
//!
//! The storage is canonical: no string is kept wider than its greatest code point needs, so two
//! strings of different [`Kind`] are never equal and equal strings have equal bytes. A word of
//! flags and length precedes the data; the hash is cached. Lone surrogates are allowed.

use crate::class::{Payload, Type};
use crate::native::{PayloadInfo, TypeSpec, flag};
use crate::value::{Header, Object, ObjectOf, Ref, RefOf};
use crate::vm::Vm;
use rustpython_wtf8::{CodePoint, Wtf8, Wtf8Buf};
use std::borrow::Cow;
use std::cell::Cell;
use std::cmp::Ordering;

pub mod builder;
pub mod hash;
pub mod intern;
pub mod names;

pub use builder::StrBuilder;
pub use hash::set_hash_seed;

/// How many bytes a string spends on a character.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Kind {
    Latin1 = 0,
    Ucs2 = 1,
    Ucs4 = 2,
}

impl Kind {
    /// The narrowest kind that holds `code_point`.
    #[inline]
    pub const fn of(code_point: u32) -> Kind {
        match code_point {
            0..=0xFF => Kind::Latin1,
            0x100..=0xFFFF => Kind::Ucs2,
            _ => Kind::Ucs4,
        }
    }

    /// Bytes of a character.
    #[inline]
    pub const fn size(self) -> usize {
        1 << self as usize
    }
}

const KIND_MASK: u64 = 0b11;
const ASCII: u64 = 0b100;
const INTERNED: u64 = 0b1000;
/// The data does not follow at once: members of a subclass's `__slots__` stand in between.
const SHIFTED: u64 = 0b1_0000;
const LENGTH_SHIFT: u32 = 8;

/// The payload of a `str`.
#[repr(C)]
pub struct Str {
    /// -1: not computed.
    hash: Cell<i64>,
    /// Kind, flags, and the number of characters above [`LENGTH_SHIFT`].
    info: Cell<u64>,
    data: [u32; 0],
}

impl Payload for Str {
    fn class() -> &'static Type {
        &STR
    }
}

unsafe fn n_items(pointer: *const Header) -> usize {
    // SAFETY: the caller's promise.
    unsafe { item_bytes((*pointer.cast::<u8>().add(Str::OFFSET).cast::<Str>()).data_size()) }
}

/// The data's share of an instance: attributes of a subclass, which follow, stay aligned.
#[inline]
const fn item_bytes(data_size: usize) -> usize {
    data_size.next_multiple_of(8)
}

impl PayloadInfo {
    /// The layout of strings.
    pub const STR: PayloadInfo = PayloadInfo { item_size: 1, n_items: Some(n_items), drop: None, ..PayloadInfo::leaf::<Str>() };
}

/// `str`. Its methods are in the builtins crate, which fills in the rest.
pub static STR: Type = Type::new(&STR_SPEC);
static STR_SPEC: TypeSpec = TypeSpec {
    name: "str",
    flags: flag::BASE_TYPE | flag::MATCH_SELF,
    payload: PayloadInfo::STR,
    doc: "str(object='') -> str\nstr(bytes_or_buffer[, encoding[, errors]]) -> str\n\nCreate a new string object from the given object. If encoding or\nerrors is specified, then the object must expose a data buffer\nthat will be decoded using the given encoding and error handler.\nOtherwise, returns the result of object.__str__() (if defined)\nor repr(object).\nencoding defaults to 'utf-8'.\nerrors defaults to 'strict'.",
    ..TypeSpec::DEFAULT
};

/// A string's characters, or some of them.
#[derive(Clone, Copy, Debug)]
pub enum StrData<'a> {
    Latin1(&'a [u8]),
    Ucs2(&'a [u16]),
    Ucs4(&'a [u32]),
}

/// Runs the same code on the slice of whichever width.
#[macro_export]
macro_rules! with_str_data {
    ($data:expr, $slice:ident => $body:expr) => {
        match $data {
            $crate::str::StrData::Latin1($slice) => $body,
            $crate::str::StrData::Ucs2($slice) => $body,
            $crate::str::StrData::Ucs4($slice) => $body,
        }
    };
}

impl<'a> StrData<'a> {
    #[inline]
    pub fn len(self) -> usize {
        with_str_data!(self, slice => slice.len())
    }

    #[inline]
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    #[inline]
    pub fn kind(self) -> Kind {
        match self {
            StrData::Latin1(_) => Kind::Latin1,
            StrData::Ucs2(_) => Kind::Ucs2,
            StrData::Ucs4(_) => Kind::Ucs4,
        }
    }

    /// The character at `index`, which must be in range.
    #[inline]
    pub fn at(self, index: usize) -> u32 {
        match self {
            StrData::Latin1(slice) => u32::from(slice[index]),
            StrData::Ucs2(slice) => u32::from(slice[index]),
            StrData::Ucs4(slice) => slice[index],
        }
    }

    /// The part from `start` to before `end`, which must be in range.
    #[inline]
    pub fn slice(self, start: usize, end: usize) -> StrData<'a> {
        match self {
            StrData::Latin1(slice) => StrData::Latin1(&slice[start..end]),
            StrData::Ucs2(slice) => StrData::Ucs2(&slice[start..end]),
            StrData::Ucs4(slice) => StrData::Ucs4(&slice[start..end]),
        }
    }

    #[inline]
    pub fn code_points(self) -> CodePoints<'a> {
        CodePoints { data: self, front: 0, back: self.len() }
    }

    /// The characters as bytes, in the machine's order.
    #[inline]
    pub fn raw(self) -> &'a [u8] {
        // SAFETY: integers may be looked at as bytes.
        with_str_data!(self, slice => unsafe { std::slice::from_raw_parts(slice.as_ptr().cast(), std::mem::size_of_val(slice)) })
    }

    /// The greatest code point, or a lower bound of it that needs the same storage.
    pub fn greatest(self) -> u32 {
        match self {
            StrData::Latin1(slice) => u32::from(!slice.is_ascii()) * 0xFF,
            StrData::Ucs2(slice) => u32::from(slice.iter().fold(0, |all, &unit| all | unit)),
            StrData::Ucs4(slice) => slice.iter().copied().max().unwrap_or(0),
        }
    }

    /// Compares by code points.
    pub fn compare(self, other: StrData<'_>) -> Ordering {
        match (self, other) {
            (StrData::Latin1(left), StrData::Latin1(right)) => left.cmp(right),
            (StrData::Ucs2(left), StrData::Ucs2(right)) => left.cmp(right),
            (StrData::Ucs4(left), StrData::Ucs4(right)) => left.cmp(right),
            _ => self.code_points().cmp(other.code_points()),
        }
    }

    /// Whether the characters are the same, whatever their width.
    pub fn equals(self, other: StrData<'_>) -> bool {
        match (self, other) {
            (StrData::Latin1(left), StrData::Latin1(right)) => left == right,
            (StrData::Ucs2(left), StrData::Ucs2(right)) => left == right,
            (StrData::Ucs4(left), StrData::Ucs4(right)) => left == right,
            _ => self.len() == other.len() && self.code_points().eq(other.code_points()),
        }
    }
}

/// The code points of a string.
#[derive(Clone)]
pub struct CodePoints<'a> {
    data: StrData<'a>,
    front: usize,
    back: usize,
}

impl Iterator for CodePoints<'_> {
    type Item = u32;

    #[inline]
    fn next(&mut self) -> Option<u32> {
        if self.front == self.back {
            return None;
        }
        self.front += 1;
        Some(self.data.at(self.front - 1))
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.back - self.front, Some(self.back - self.front))
    }
}

impl DoubleEndedIterator for CodePoints<'_> {
    #[inline]
    fn next_back(&mut self) -> Option<u32> {
        if self.front == self.back {
            return None;
        }
        self.back -= 1;
        Some(self.data.at(self.back))
    }
}

impl ExactSizeIterator for CodePoints<'_> {}

impl Str {
    /// The number of characters.
    #[inline]
    pub fn len(&self) -> usize {
        (self.info.get() >> LENGTH_SHIFT) as usize
    }

    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    #[inline]
    pub fn kind(&self) -> Kind {
        match self.info.get() & KIND_MASK {
            0 => Kind::Latin1,
            1 => Kind::Ucs2,
            _ => Kind::Ucs4,
        }
    }

    #[inline]
    pub fn is_ascii(&self) -> bool {
        self.info.get() & ASCII != 0
    }

    #[inline]
    pub fn is_interned(&self) -> bool {
        self.info.get() & INTERNED != 0
    }

    #[inline]
    fn data_size(&self) -> usize {
        self.len() << (self.info.get() & KIND_MASK)
    }

    #[inline]
    fn pointer(&self) -> *const u8 {
        if self.info.get() & SHIFTED == 0 { (&raw const self.data).cast() } else { self.shifted_pointer() }
    }

    #[cold]
    fn shifted_pointer(&self) -> *const u8 {
        // SAFETY: the header stands before the payload, and the data after what the class has fixed.
        unsafe {
            let start = std::ptr::from_ref(self).cast::<u8>().sub(Str::OFFSET);
            let class = &*(*start.cast::<Header>()).ty.get();
            start.add(class.fixed_size.get() as usize)
        }
    }

    /// The characters.
    #[inline]
    pub fn data(&self) -> StrData<'_> {
        let len = self.len();
        // SAFETY: `len` characters of this kind follow, written when the string was made.
        unsafe {
            match self.kind() {
                Kind::Latin1 => StrData::Latin1(std::slice::from_raw_parts(self.pointer(), len)),
                Kind::Ucs2 => StrData::Ucs2(std::slice::from_raw_parts(self.pointer().cast(), len)),
                Kind::Ucs4 => StrData::Ucs4(std::slice::from_raw_parts(self.pointer().cast(), len)),
            }
        }
    }

    /// The data as bytes, in the machine's order.
    #[inline]
    pub fn raw(&self) -> &[u8] {
        // SAFETY: the data is that long and was written when the string was made.
        unsafe { std::slice::from_raw_parts(self.pointer(), self.data_size()) }
    }

    #[inline]
    pub fn as_latin1(&self) -> Option<&[u8]> {
        if let StrData::Latin1(data) = self.data() { Some(data) } else { None }
    }

    #[inline]
    pub fn as_ucs2(&self) -> Option<&[u16]> {
        if let StrData::Ucs2(data) = self.data() { Some(data) } else { None }
    }

    #[inline]
    pub fn as_ucs4(&self) -> Option<&[u32]> {
        if let StrData::Ucs4(data) = self.data() { Some(data) } else { None }
    }

    /// The text, if it is ASCII.
    #[inline]
    pub fn as_str(&self) -> Option<&str> {
        // SAFETY: ASCII is UTF-8, and the flag is set for ASCII only.
        self.is_ascii().then(|| unsafe { std::str::from_utf8_unchecked(self.raw()) })
    }

    /// The text in UTF-8, or `None` if it has lone surrogates.
    pub fn to_utf8(&self) -> Option<Cow<'_, str>> {
        if let Some(text) = self.as_str() {
            return Some(Cow::Borrowed(text));
        }
        self.code_points().map(char::from_u32).collect::<Option<String>>().map(Cow::Owned)
    }

    /// The text in UTF-8, with U+FFFD for lone surrogates.
    pub fn to_string_lossy(&self) -> Cow<'_, str> {
        match self.as_str() {
            Some(text) => Cow::Borrowed(text),
            None => Cow::Owned(self.code_points().map(|code_point| char::from_u32(code_point).unwrap_or('\u{FFFD}')).collect()),
        }
    }

    /// The text in UTF-8 as extended to lone surrogates.
    pub fn to_wtf8(&self) -> Cow<'_, Wtf8> {
        match self.as_str() {
            Some(text) => Cow::Borrowed(Wtf8::new(text)),
            None => {
                let mut text = Wtf8Buf::with_capacity(self.len() * 2);
                for code_point in self.code_points() {
                    text.push(CodePoint::from_u32(code_point).expect("strings hold code points"));
                }
                Cow::Owned(text)
            }
        }
    }

    /// The character at `index`, which must be in range.
    #[inline]
    pub fn char_at(&self, index: usize) -> u32 {
        self.data().at(index)
    }

    #[inline]
    pub fn code_points(&self) -> CodePoints<'_> {
        self.data().code_points()
    }

    /// Whether the text is `other`.
    pub fn equals_str(&self, other: &str) -> bool {
        match self.as_str() {
            Some(text) => text == other,
            None => !other.is_ascii() && self.code_points().eq(other.chars().map(u32::from)),
        }
    }

    #[inline]
    pub fn equals(&self, other: &Str) -> bool {
        std::ptr::eq(self, other) || ((self.info.get() ^ other.info.get()) & !(INTERNED | SHIFTED) == 0 && same_bytes(self.raw(), other.raw()))
    }

    #[inline]
    pub fn compare(&self, other: &Str) -> Ordering {
        self.data().compare(other.data())
    }

    /// `hash(self)`, never -1.
    #[inline]
    pub fn hash(&self) -> i64 {
        let known = self.hash.get();
        if known != -1 { known } else { self.compute_hash() }
    }

    fn compute_hash(&self) -> i64 {
        let hash = hash::hash_bytes(self.raw());
        self.hash.set(hash);
        hash
    }

    /// Bytes of the string without attributes, as `__sizeof__` counts them.
    pub fn size_in_bytes(&self) -> usize {
        Str::OFFSET + size_of::<Str>() + self.data_size()
    }
}

/// Whether two slices of one length hold the same: short ones, names and words, without a call.
#[inline]
fn same_bytes(left: &[u8], right: &[u8]) -> bool {
    match (left.first_chunk::<8>(), left.last_chunk::<8>(), right.first_chunk::<8>(), right.last_chunk::<8>()) {
        (Some(left_start), Some(left_end), Some(right_start), Some(right_end)) if left.len() <= 16 => {
            left_start == right_start && left_end == right_end
        }
        (None, None, None, None) => match (left.first_chunk::<4>(), left.last_chunk::<4>(), right.first_chunk::<4>(), right.last_chunk::<4>()) {
            (Some(left_start), Some(left_end), Some(right_start), Some(right_end)) => left_start == right_start && left_end == right_end,
            _ => left.len() == right.len() && left.iter().eq(right),
        },
        _ => left == right,
    }
}

impl PartialEq for Str {
    fn eq(&self, other: &Str) -> bool {
        self.equals(other)
    }
}

impl Eq for Str {}

/// A character of some storage kind.
///
/// # Safety
///
/// The kind is that of strings whose data are slices of this type.
unsafe trait Unit: Copy {
    const KIND: Kind;
    fn narrow(code_point: u32) -> Self;
}

// SAFETY: `StrData::Latin1` holds bytes.
unsafe impl Unit for u8 {
    const KIND: Kind = Kind::Latin1;
    #[inline]
    fn narrow(code_point: u32) -> u8 {
        code_point as u8
    }
}

// SAFETY: `StrData::Ucs2` holds 16-bit units.
unsafe impl Unit for u16 {
    const KIND: Kind = Kind::Ucs2;
    #[inline]
    fn narrow(code_point: u32) -> u16 {
        code_point as u16
    }
}

// SAFETY: `StrData::Ucs4` holds 32-bit units.
unsafe impl Unit for u32 {
    const KIND: Kind = Kind::Ucs4;
    #[inline]
    fn narrow(code_point: u32) -> u32 {
        code_point
    }
}

/// A string of `len` units that `fill` writes, in memory that has room for `capacity` units.
///
/// # Safety
///
/// `fill` writes all `len` units, as code points that need this kind; `ascii` is true.
#[inline]
unsafe fn allocate<U: Unit>(class: &Type, len: usize, capacity: usize, ascii: bool, fill: impl FnOnce(*mut U)) -> Object {
    // SAFETY: the data is written before anything can look at the string.
    unsafe {
        let items = item_bytes(capacity * size_of::<U>());
        let pointer = if std::ptr::eq(class, &STR) {
            crate::instance::allocate_plain(&STR, (Str::OFFSET + size_of::<Str>() + items).next_multiple_of(8), false)
        } else {
            crate::instance::allocate_raw(class, items)
        };
        let string = pointer.cast::<u8>().add(Str::OFFSET).cast::<Str>();
        let fixed = class.fixed_size.get() as usize;
        let shifted = if fixed > Str::OFFSET + size_of::<Str>() { SHIFTED } else { 0 };
        let info = (len as u64) << LENGTH_SHIFT | U::KIND as u64 | if ascii { ASCII } else { 0 } | shifted;
        (&raw mut (*string).hash).write(Cell::new(if len == 0 { 0 } else { -1 }));
        (&raw mut (*string).info).write(Cell::new(info));
        fill((*string).pointer().cast_mut().cast());
        Object::from_header(pointer)
    }
}

/// Copies bytes; few of them, most strings being short, without a call.
///
/// # Safety
///
/// There are so many, there is room for them, and the two places do not overlap.
#[inline]
unsafe fn copy_bytes(from: *const u8, to: *mut u8, len: usize) {
    /// The first and the last bytes, which may be the same in part.
    #[inline]
    unsafe fn ends<T: Copy>(from: *const u8, to: *mut u8, len: usize) {
        let last = len - size_of::<T>();
        // SAFETY: the caller's promise, `len` being at least the size of `T`.
        unsafe {
            let (start, end) = (from.cast::<T>().read_unaligned(), from.add(last).cast::<T>().read_unaligned());
            to.cast::<T>().write_unaligned(start);
            to.add(last).cast::<T>().write_unaligned(end);
        }
    }
    // SAFETY: the caller's promise.
    unsafe {
        match len {
            0 => {}
            1 => to.write(from.read()),
            2..4 => ends::<u16>(from, to, len),
            4..8 => ends::<u32>(from, to, len),
            8..=16 => ends::<u64>(from, to, len),
            _ => to.copy_from_nonoverlapping(from, len),
        }
    }
}

/// A new string of these units, which need their kind.
#[inline]
fn make<U: Unit>(class: &Type, units: &[U], ascii: bool) -> Object {
    // SAFETY: as many units are copied as the string is said to have.
    unsafe { allocate::<U>(class, units.len(), units.len(), ascii, |data| copy_bytes(units.as_ptr().cast(), data.cast(), size_of_val(units))) }
}

/// A new string of code points known to need `U`.
fn make_from<U: Unit>(class: &Type, len: usize, ascii: bool, code_points: impl Iterator<Item = u32>) -> Object {
    // SAFETY: what the iterator does not fill is zero; an iterator that is too long is cut.
    unsafe {
        allocate::<U>(class, len, len, ascii, |data| {
            data.write_bytes(0, len);
            for (index, code_point) in code_points.take(len).enumerate() {
                data.add(index).write(U::narrow(code_point));
            }
        })
    }
}

fn make_data(class: &Type, data: StrData<'_>) -> Object {
    let greatest = data.greatest();
    let len = data.len();
    match (data, Kind::of(greatest)) {
        (StrData::Latin1(units), _) => make(class, units, greatest < 0x80),
        (StrData::Ucs2(units), Kind::Ucs2 | Kind::Ucs4) => make(class, units, false),
        (StrData::Ucs4(units), Kind::Ucs4) => make(class, units, false),
        (StrData::Ucs2(units), Kind::Latin1) => make_from::<u8>(class, len, greatest < 0x80, units.iter().map(|&unit| u32::from(unit))),
        (StrData::Ucs4(units), Kind::Latin1) => make_from::<u8>(class, len, greatest < 0x80, units.iter().copied()),
        (StrData::Ucs4(units), Kind::Ucs2) => make_from::<u16>(class, len, false, units.iter().copied()),
    }
}

/// # Safety
///
/// The object is a `str`.
#[inline]
unsafe fn typed(object: Object) -> ObjectOf<Str> {
    // SAFETY: the caller's promise.
    unsafe { ObjectOf::from_object(object) }
}

impl Vm {
    /// A new string.
    #[inline]
    pub fn new_str(&self, text: &str) -> ObjectOf<Str> {
        if text.is_ascii() { self.new_ascii(text.as_bytes()) } else { self.new_str_not_ascii(text) }
    }

    /// A new string of text in UTF-8; `None` if it is none.
    pub fn new_str_utf8(&self, text: &[u8]) -> Option<ObjectOf<Str>> {
        if text.is_ascii() { Some(self.new_ascii(text)) } else { std::str::from_utf8(text).ok().map(|text| self.new_str_not_ascii(text)) }
    }

    fn new_str_not_ascii(&self, text: &str) -> ObjectOf<Str> {
        // Each character has one byte that is no continuation, and the greatest byte tells the kind.
        let len = text.bytes().filter(|&byte| byte & 0xC0 != 0x80).count();
        let greatest = match text.bytes().fold(0, u8::max) {
            0xF0.. => 0x10_FFFF,
            0xC4.. => 0xFFFF,
            _ => 0xFF,
        };
        self.new_str_of(len, greatest, text.chars().map(u32::from))
    }

    /// A new string of the characters of `text`, which must be ASCII.
    #[inline]
    fn new_ascii(&self, text: &[u8]) -> ObjectOf<Str> {
        match text {
            [] => self.empty_str().downcast_owned(),
            &[byte] => intern::character(self, byte).downcast_owned(),
            // SAFETY: `make` makes strings.
            _ => unsafe { typed(make(&STR, text, true)) },
        }
    }

    /// A new string of `len` code points, the greatest of which is `greatest`.
    fn new_str_of(&self, len: usize, greatest: u32, code_points: impl Iterator<Item = u32>) -> ObjectOf<Str> {
        // SAFETY: `make_from` makes strings.
        unsafe {
            typed(match Kind::of(greatest) {
                Kind::Latin1 => make_from::<u8>(&STR, len, greatest < 0x80, code_points),
                Kind::Ucs2 => make_from::<u16>(&STR, len, false, code_points),
                Kind::Ucs4 => make_from::<u32>(&STR, len, false, code_points),
            })
        }
    }

    /// A new string, which may hold lone surrogates.
    pub fn new_wtf8(&self, text: &Wtf8) -> ObjectOf<Str> {
        if let Ok(text) = text.as_str() {
            return self.new_str(text);
        }
        let code_points = || text.code_points().map(|code_point| code_point.to_u32());
        let (len, greatest) = code_points().fold((0, 0), |(len, greatest): (usize, u32), code_point| (len + 1, greatest.max(code_point)));
        self.new_str_of(len, greatest, code_points())
    }

    /// A new string of Latin-1 characters.
    pub fn new_str_latin1(&self, text: &[u8]) -> ObjectOf<Str> {
        self.new_str_data(StrData::Latin1(text))
    }

    /// A new string of `len` Latin-1 characters, zeros that `fill` writes over.
    pub fn new_str_latin1_with(&self, len: usize, fill: impl FnOnce(&mut [u8])) -> ObjectOf<Str> {
        if len < 2 {
            let mut text = [0; 1];
            fill(&mut text[..len]);
            return self.new_str_latin1(&text[..len]);
        }
        // SAFETY: the data is initialised before it is lent to `fill`; the flag is set to what is
        // true before anything else sees the string.
        unsafe {
            let string = typed(allocate::<u8>(&STR, len, len, false, |data| {
                data.write_bytes(0, len);
                fill(std::slice::from_raw_parts_mut(data, len));
            }));
            if string.raw().is_ascii() {
                string.info.set(string.info.get() | ASCII);
            }
            string
        }
    }

    /// A new string of 16-bit code points; surrogates are taken as they are.
    pub fn new_str_ucs2(&self, text: &[u16]) -> ObjectOf<Str> {
        self.new_str_data(StrData::Ucs2(text))
    }

    /// A new string of code points. Numbers above 0x10FFFF must not be among them.
    pub fn new_str_from_code_points(&self, text: &[u32]) -> ObjectOf<Str> {
        debug_assert!(text.iter().all(|&code_point| code_point <= 0x10_FFFF));
        self.new_str_data(StrData::Ucs4(text))
    }

    /// A new string of these characters, stored as narrowly as they allow.
    pub fn new_str_data(&self, data: StrData<'_>) -> ObjectOf<Str> {
        match data.len() {
            0 => self.empty_str().downcast_owned(),
            1 => self.new_char(data.at(0)),
            // SAFETY: `make_data` makes strings.
            _ => unsafe { typed(make_data(&STR, data)) },
        }
    }

    /// A new instance of `class`, which is `str` or a subclass.
    pub fn new_str_in(&self, class: &Type, data: StrData<'_>) -> Object {
        if std::ptr::eq(class, &STR) { self.new_str_data(data).into_object() } else { make_data(class, data) }
    }

    /// The string of one character.
    #[inline]
    pub fn new_char(&self, code_point: u32) -> ObjectOf<Str> {
        match u8::try_from(code_point) {
            Ok(byte) => intern::character(self, byte).downcast_owned(),
            Err(_) => self.new_str_of(1, code_point, std::iter::once(code_point)),
        }
    }

    /// `""`
    #[inline]
    pub fn empty_str(&self) -> RefOf<'static, Str> {
        intern::empty(self)
    }

    /// The character at `index`, which must be in range, as a string.
    #[inline]
    pub fn str_item(&self, string: &Str, index: usize) -> ObjectOf<Str> {
        self.new_char(string.char_at(index))
    }

    /// `len` characters from `start` on, which must be in range.
    pub fn str_slice(&self, string: &Str, start: usize, len: usize) -> ObjectOf<Str> {
        let part = string.data().slice(start, start + len);
        match part {
            StrData::Latin1(units) if string.is_ascii() => self.new_ascii(units),
            _ => self.new_str_data(part),
        }
    }

    /// `left + right`, both exact or not.
    pub fn str_concat(&self, left: RefOf<'_, Str>, right: RefOf<'_, Str>) -> ObjectOf<Str> {
        if left.is_empty() && right.object().is_exactly(&STR) {
            return right.downcast_owned();
        }
        if right.is_empty() && left.object().is_exactly(&STR) {
            return left.downcast_owned();
        }
        // SAFETY: `concat` makes strings.
        unsafe { typed(concat(&left, &right, 0)) }
    }

    /// The items one after the other with `separator` between them, or `None` if that is longer than
    /// any string can be.
    pub fn str_join(&self, separator: &Str, items: &[RefOf<'_, Str>]) -> Option<ObjectOf<Str>> {
        let [first, rest @ ..] = items else {
            return Some(self.empty_str().downcast_owned());
        };
        let used_separator = if rest.is_empty() { &*self.empty_str() } else { separator };
        let mut len = used_separator.len().checked_mul(rest.len())?;
        let (mut kind, mut ascii) = (used_separator.kind(), used_separator.is_ascii());
        for item in items {
            len = len.checked_add(item.len()).filter(|&len| len <= isize::MAX as usize / 4)?;
            kind = kind.max(item.kind());
            ascii &= item.is_ascii();
        }
        if len < 2 {
            let only = items.iter().map(|item| item.get()).chain([used_separator]).find(|part| !part.is_empty()).filter(|_| len == 1);
            return Some(only.map_or(self.empty_str().downcast_owned(), |part| self.new_char(part.char_at(0))));
        }
        if len > 1 << 20 && !crate::heap::can_allocate(len * kind.size()) {
            return None;
        }
        // SAFETY: the parts are copied one after the other and are as long as was counted.
        unsafe {
            Some(typed(match kind {
                Kind::Latin1 => allocate::<u8>(&STR, len, len, ascii, |data| join_into(data, used_separator, first, rest)),
                Kind::Ucs2 => allocate::<u16>(&STR, len, len, false, |data| join_into(data, used_separator, first, rest)),
                Kind::Ucs4 => allocate::<u32>(&STR, len, len, false, |data| join_into(data, used_separator, first, rest)),
            }))
        }
    }

    /// `string * count`, or `None` if that is longer than any string can be.
    pub fn str_repeat(&self, string: &Str, count: usize) -> Option<ObjectOf<Str>> {
        if count == 0 || string.is_empty() {
            return Some(self.empty_str().downcast_owned());
        }
        let len = string.len().checked_mul(count).filter(|&len| len <= isize::MAX as usize / 4)?;
        if len == 1 {
            return Some(self.new_char(string.char_at(0)));
        }
        if len > 1 << 20 && !crate::heap::can_allocate(len * string.kind().size()) {
            return None;
        }
        // SAFETY: `count` copies are written one after the other.
        unsafe {
            Some(typed(match string.kind() {
                Kind::Latin1 => allocate::<u8>(&STR, len, len, string.is_ascii(), |data| repeat_into(data, string, len)),
                Kind::Ucs2 => allocate::<u16>(&STR, len, len, false, |data| repeat_into(data, string, len)),
                Kind::Ucs4 => allocate::<u32>(&STR, len, len, false, |data| repeat_into(data, string, len)),
            }))
        }
    }

    /// `left + right`, in place where `left` is the only reference to an exact string with room to
    /// grow. Both are strings, `left` exactly a `str`.
    pub fn str_append(&self, left: Object, right: Ref<'_>) -> Object {
        let (Some(to), Some(from)) = (left.borrow().downcast_exact::<Str>(), right.downcast::<Str>()) else {
            return left;
        };
        if !left.borrow().is_unique() || to.is_interned() || to.is_empty() || from.kind() > to.kind() {
            return self.str_concat(to, from).into_object();
        }
        let size = to.data_size() + (from.len() << (to.info.get() & KIND_MASK));
        let room = left.borrow().address().map_or(0, crate::heap::capacity).saturating_sub(Str::OFFSET + size_of::<Str>());
        if size > room {
            return concat(&to, &from, size / 8);
        }
        // SAFETY: the caller owns the only reference, so nobody reads the string meanwhile, and
        // there is room behind the data.
        unsafe { extend(&to, &from) };
        left
    }
}

/// Writes `from` behind the characters of `to`.
///
/// # Safety
///
/// Nobody else refers to `to`, its memory has room for the result, and its kind is wide enough.
unsafe fn extend(to: &Str, from: &Str) {
    let (info, len) = (to.info.get(), to.len() + from.len());
    // SAFETY: the caller's promise.
    unsafe {
        let end = to.pointer().add(to.data_size()).cast_mut();
        match to.kind() {
            Kind::Latin1 => widen::<u8>(from, end),
            Kind::Ucs2 => widen::<u16>(from, end.cast()),
            Kind::Ucs4 => widen::<u32>(from, end.cast()),
        }
    }
    let ascii = if from.is_ascii() { info & ASCII } else { 0 };
    to.info.set((len as u64) << LENGTH_SHIFT | info & KIND_MASK | ascii);
    to.hash.set(-1);
}

/// Copies a string's characters to `to`, whose units are wide enough.
///
/// # Safety
///
/// There is room for them.
#[inline]
#[expect(clippy::useless_conversion, reason = "useless in one of the expansions only")]
unsafe fn widen<U: Unit>(from: &Str, to: *mut U) {
    // SAFETY: the caller's promise; where the kinds are the same the bytes are.
    unsafe {
        if from.kind() == U::KIND {
            copy_bytes(from.pointer(), to.cast(), from.data_size());
            return;
        }
        with_str_data!(from.data(), slice => for (index, &unit) in slice.iter().enumerate() {
            to.add(index).write(U::narrow(u32::from(unit)));
        });
    }
}

/// # Safety
///
/// There is room for all parts, and the units are wide enough.
unsafe fn join_into<U: Unit>(mut data: *mut U, separator: &Str, first: &Str, rest: &[RefOf<'_, Str>]) {
    // SAFETY: the caller's promise.
    unsafe {
        widen(first, data);
        data = data.add(first.len());
        if separator.is_empty() {
            for item in rest {
                widen(item, data);
                data = data.add(item.len());
            }
            return;
        }
        for item in rest {
            widen(separator, data);
            data = data.add(separator.len());
            widen(item, data);
            data = data.add(item.len());
        }
    }
}

/// # Safety
///
/// There is room for `len` units, a multiple of the string's length, and they are of its kind.
unsafe fn repeat_into<U: Unit>(data: *mut U, string: &Str, len: usize) {
    // SAFETY: the caller's promise; what is copied has been written.
    unsafe {
        if string.len() == 1 && size_of::<U>() == 1 {
            data.cast::<u8>().write_bytes(string.char_at(0) as u8, len);
            return;
        }
        widen(string, data);
        let mut done = string.len();
        while done < len {
            let more = done.min(len - done);
            data.add(done).copy_from_nonoverlapping(data, more);
            done += more;
        }
    }
}

fn concat(left: &Str, right: &Str, spare: usize) -> Object {
    fn of<U: Unit>(left: &Str, right: &Str, spare: usize) -> Object {
        let len = left.len() + right.len();
        // SAFETY: both parts are copied one after the other; the greater kind is needed.
        unsafe {
            allocate::<U>(&STR, len, len + spare / size_of::<U>(), left.is_ascii() && right.is_ascii(), |data| {
                widen(left, data);
                widen(right, data.add(left.len()));
            })
        }
    }
    match left.kind().max(right.kind()) {
        Kind::Latin1 => of::<u8>(left, right, spare),
        Kind::Ucs2 => of::<u16>(left, right, spare),
        Kind::Ucs4 => of::<u32>(left, right, spare),
    }
}

impl RefOf<'_, Str> {
    /// A new owned reference to the same string.
    #[inline]
    pub fn downcast_owned(self) -> ObjectOf<Str> {
        // SAFETY: the object is a string.
        unsafe { typed(self.object().to_owned()) }
    }
}

#[cfg(test)]
mod tests;
