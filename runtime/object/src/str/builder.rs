//! Builds a string piece by piece, in storage that widens when a character needs it.

use super::{Str, StrData};
use crate::value::ObjectOf;
use crate::vm::Vm;

/// A string in the making.
#[derive(Clone, Debug)]
pub struct StrBuilder {
    units: Units,
}

#[derive(Clone, Debug)]
enum Units {
    Latin1(Vec<u8>),
    Ucs2(Vec<u16>),
    Ucs4(Vec<u32>),
}

impl Default for StrBuilder {
    fn default() -> StrBuilder {
        StrBuilder::new()
    }
}

impl StrBuilder {
    pub const fn new() -> StrBuilder {
        StrBuilder { units: Units::Latin1(Vec::new()) }
    }

    /// With room for so many characters.
    pub fn with_capacity(capacity: usize) -> StrBuilder {
        StrBuilder { units: Units::Latin1(Vec::with_capacity(capacity)) }
    }

    pub fn len(&self) -> usize {
        self.data().len()
    }

    /// Whether more characters of a string can be pushed without more memory.
    pub fn has_room_for(&self, text: StrData<'_>) -> bool {
        let (capacity, same_kind) = match &self.units {
            Units::Latin1(units) => (units.capacity(), matches!(text, StrData::Latin1(_))),
            Units::Ucs2(units) => (units.capacity(), !matches!(text, StrData::Ucs4(_))),
            Units::Ucs4(units) => (units.capacity(), true),
        };
        same_kind && capacity - self.len() >= text.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What has been written so far.
    pub fn data(&self) -> StrData<'_> {
        match &self.units {
            Units::Latin1(units) => StrData::Latin1(units),
            Units::Ucs2(units) => StrData::Ucs2(units),
            Units::Ucs4(units) => StrData::Ucs4(units),
        }
    }

    /// Appends a code point, which is at most 0x10FFFF.
    #[inline]
    pub fn push(&mut self, code_point: u32) {
        match &mut self.units {
            Units::Latin1(units) if code_point < 0x100 => units.push(code_point as u8),
            Units::Ucs2(units) if code_point < 0x1_0000 => units.push(code_point as u16),
            Units::Ucs4(units) => units.push(code_point),
            Units::Latin1(_) | Units::Ucs2(_) => {
                self.widen(code_point);
                self.push(code_point);
            }
        }
    }

    #[cold]
    fn widen(&mut self, code_point: u32) {
        fn wider<From: Copy, To: std::convert::From<From>>(units: &[From]) -> Vec<To> {
            let mut wide = Vec::with_capacity(units.len() * 2 + 16);
            wide.extend(units.iter().map(|&unit| To::from(unit)));
            wide
        }
        let units = match &self.units {
            Units::Latin1(units) if code_point < 0x1_0000 => Units::Ucs2(wider(units)),
            Units::Latin1(units) => Units::Ucs4(wider(units)),
            Units::Ucs2(units) => Units::Ucs4(wider(units)),
            Units::Ucs4(_) => return,
        };
        self.units = units;
    }

    #[inline]
    pub fn push_char(&mut self, character: char) {
        self.push(u32::from(character));
    }

    #[inline]
    pub fn push_str(&mut self, text: &str) {
        if text.is_ascii() {
            self.push_latin1(text.as_bytes());
        } else {
            text.chars().for_each(|character| self.push_char(character));
        }
    }

    /// Appends Latin-1 characters.
    #[inline]
    pub fn push_latin1(&mut self, text: &[u8]) {
        match &mut self.units {
            Units::Latin1(units) => units.extend_from_slice(text),
            Units::Ucs2(units) => units.extend(text.iter().map(|&byte| u16::from(byte))),
            Units::Ucs4(units) => units.extend(text.iter().map(|&byte| u32::from(byte))),
        }
    }

    /// Appends another string.
    #[inline]
    pub fn push_object(&mut self, string: &Str) {
        self.push_data(string.data());
    }

    /// Appends characters, those of a part of a string for example.
    pub fn push_data(&mut self, data: StrData<'_>) {
        if let StrData::Latin1(units) = data {
            return self.push_latin1(units);
        }
        let greatest = data.greatest();
        match (&self.units, greatest) {
            (Units::Latin1(_), 0x100..) | (Units::Ucs2(_), 0x1_0000..) => self.widen(greatest),
            _ => {}
        }
        match (&mut self.units, data) {
            (Units::Ucs2(units), StrData::Ucs2(more)) => units.extend_from_slice(more),
            (Units::Ucs4(units), StrData::Ucs2(more)) => units.extend(more.iter().map(|&unit| u32::from(unit))),
            (Units::Ucs4(units), StrData::Ucs4(more)) => units.extend_from_slice(more),
            _ => data.code_points().for_each(|code_point| self.push(code_point)),
        }
    }

    /// Appends a character several times.
    pub fn push_repeated(&mut self, code_point: u32, count: usize) {
        if count == 0 {
            return;
        }
        self.push(code_point);
        match &mut self.units {
            Units::Latin1(units) => units.resize(units.len() + count - 1, code_point as u8),
            Units::Ucs2(units) => units.resize(units.len() + count - 1, code_point as u16),
            Units::Ucs4(units) => units.resize(units.len() + count - 1, code_point),
        }
    }

    /// The string.
    pub fn finish(&self, vm: &Vm) -> ObjectOf<Str> {
        vm.new_str_data(self.data())
    }

    /// The last character.
    pub fn last(&self) -> Option<u32> {
        self.len().checked_sub(1).map(|last| self.data().at(last))
    }

    /// Cuts the string to `len` characters, in storage that stays as wide as it is.
    pub fn truncate(&mut self, len: usize) {
        match &mut self.units {
            Units::Latin1(units) => units.truncate(len),
            Units::Ucs2(units) => units.truncate(len),
            Units::Ucs4(units) => units.truncate(len),
        }
    }

    /// Appends the UTF-8 of a `String` built by Rust's formatting.
    pub fn push_fmt(&mut self, arguments: std::fmt::Arguments<'_>) {
        // Writing to a builder cannot fail.
        let _ = std::fmt::Write::write_fmt(self, arguments);
    }
}

impl std::fmt::Write for StrBuilder {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.push_str(text);
        Ok(())
    }
}
