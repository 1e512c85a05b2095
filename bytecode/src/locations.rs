//! The location of every instruction, kept compressed.
//!
//! Locations are needed when a traceback is made and hardly ever otherwise, so code objects hold
//! them in CPython's location table format (PEP 626, PEP 657) and decode on demand. An entry
//! covers a run of one to eight units: its first byte is `1cccclll`, form and length less one;
//! the bytes that follow have their top bit clear. In [`Locations`] a unit is an instruction; in
//! `co_linetable` it is a code unit of two bytes (see [`crate::wordcode`]).

use crate::code::Location;
use std::borrow::Cow;

const FORM_ONE_LINE: u8 = 10;
const FORM_NO_COLUMN: u8 = 13;
const FORM_LONG: u8 = 14;
const FORM_NONE: u8 = 15;

/// The locations of a code object's instructions.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Locations {
    table: Cow<'static, [u8]>,
    count: u32,
}

impl Locations {
    /// Compresses one location for each instruction. They come back normalised: a location
    /// without a line has no columns, and one of a single line has both columns or neither.
    pub fn from_vec(locations: Vec<Location>) -> Locations {
        locations.iter().copied().collect()
    }

    /// The number of instructions covered.
    pub fn len(&self) -> usize {
        self.count as usize
    }

    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The location of instruction `index`: a scan, since tracebacks are rare.
    pub fn get(&self, index: usize) -> Option<Location> {
        if index >= self.len() {
            return None;
        }
        let mut seen = 0;
        for (run, location) in runs(&self.table, 0) {
            seen += run as usize;
            if index < seen {
                return Some(location);
            }
        }
        Some(Location::NONE)
    }

    pub fn iter(&self) -> impl Iterator<Item = Location> + '_ {
        runs(&self.table, 0)
            .flat_map(|(run, location)| std::iter::repeat_n(location, run as usize))
            .chain(std::iter::repeat(Location::NONE))
            .take(self.len())
    }

    pub fn to_vec(&self) -> Vec<Location> {
        self.iter().collect()
    }

    pub(crate) fn table(&self) -> &[u8] {
        &self.table
    }

    /// Takes over a table read from outside, said to cover `count` instructions. It is not looked
    /// into: one that is malformed gives locations as far as it goes, and `NONE` from there.
    pub(crate) fn from_table(table: Cow<'static, [u8]>, count: u32) -> Locations {
        Locations { table, count }
    }
}

impl From<Vec<Location>> for Locations {
    fn from(locations: Vec<Location>) -> Locations {
        Locations::from_vec(locations)
    }
}

impl FromIterator<Location> for Locations {
    fn from_iter<I: IntoIterator<Item = Location>>(locations: I) -> Locations {
        let mut encoder = Encoder::new(0);
        let mut count = 0u32;
        for location in locations {
            encoder.push(location, 1);
            count += 1;
        }
        Locations { table: encoder.finish().into(), count }
    }
}

/// Writes a location table.
pub(crate) struct Encoder {
    out: Vec<u8>,
    line: u32,
    pending: Location,
    units: usize,
}

impl Encoder {
    pub(crate) fn new(first_line: u32) -> Encoder {
        Encoder { out: Vec::new(), line: first_line, pending: Location::NONE, units: 0 }
    }

    /// Adds `units` units at `location`, joined with those before it if they are at the same place.
    pub(crate) fn push(&mut self, location: Location, units: usize) {
        let location = normalised(location);
        if location != self.pending {
            self.flush();
            self.pending = location;
        }
        self.units += units;
    }

    pub(crate) fn finish(mut self) -> Vec<u8> {
        self.flush();
        self.out
    }

    fn flush(&mut self) {
        while self.units > 0 {
            let run = self.units.min(8);
            self.entry(run as u8 - 1);
            self.units -= run;
        }
    }

    fn first_byte(&mut self, form: u8, length: u8) {
        self.out.push(0x80 | form << 3 | length);
    }

    fn entry(&mut self, length: u8) {
        let Location { line, end_line, column, end_column } = self.pending;
        if self.pending == Location::NONE {
            return self.first_byte(FORM_NONE, length);
        }
        let delta = i64::from(line) - i64::from(self.line);
        self.line = line;
        if line == end_line && column < 0 {
            self.first_byte(FORM_NO_COLUMN, length);
            return self.signed(delta);
        }
        let width = end_column.wrapping_sub(column);
        if line == end_line && delta == 0 && column < 80 && (0..16).contains(&width) {
            self.first_byte((column >> 3) as u8, length);
            self.out.push(((column & 7) << 4 | width) as u8);
        } else if line == end_line && (0..3).contains(&delta) && column < 128 && (0..128).contains(&end_column) {
            self.first_byte(FORM_ONE_LINE + delta as u8, length);
            self.out.extend([column as u8, end_column as u8]);
        } else {
            self.first_byte(FORM_LONG, length);
            self.signed(delta);
            self.unsigned(u64::from(end_line.wrapping_sub(line)));
            self.unsigned((i64::from(column) + 1) as u64);
            self.unsigned((i64::from(end_column) + 1) as u64);
        }
    }

    fn signed(&mut self, value: i64) {
        let magnitude = value.unsigned_abs();
        self.unsigned(magnitude << 1 | u64::from(value < 0));
    }

    /// Six bits a byte, the low ones first; bit 6 says that more follow.
    fn unsigned(&mut self, mut value: u64) {
        while value >= 0x40 {
            self.out.push(value as u8 & 0x3f | 0x40);
            value >>= 6;
        }
        self.out.push(value as u8);
    }
}

fn normalised(location: Location) -> Location {
    let Location { line, end_line, column, end_column } = location;
    let (column, end_column) = (column.max(-1), end_column.max(-1));
    if line == 0 && end_line == 0 {
        Location::NONE
    } else if line == end_line && (column < 0 || end_column < 0) {
        Location { line, end_line, column: -1, end_column: -1 }
    } else {
        Location { line, end_line, column, end_column }
    }
}

/// The runs of a location table: number of units, location. Ends at the first malformed entry.
pub(crate) fn runs(table: &[u8], first_line: u32) -> Decoder<'_> {
    Decoder::new(table, first_line)
}

/// Reads a location table.
pub(crate) struct Decoder<'a> {
    bytes: std::slice::Iter<'a, u8>,
    line: i64,
    pub(crate) failed: bool,
}

impl<'a> Decoder<'a> {
    pub(crate) fn new(table: &'a [u8], first_line: u32) -> Decoder<'a> {
        Decoder { bytes: table.iter(), line: i64::from(first_line), failed: false }
    }

    fn unsigned(&mut self) -> Option<u64> {
        let mut value = 0u64;
        let mut shift = 0;
        loop {
            let byte = *self.bytes.next()?;
            if byte >= 0x80 || shift > 36 {
                return None;
            }
            value |= u64::from(byte & 0x3f) << shift;
            if byte & 0x40 == 0 {
                return Some(value);
            }
            shift += 6;
        }
    }

    fn signed(&mut self) -> Option<i64> {
        let value = self.unsigned()?;
        let magnitude = (value >> 1) as i64;
        Some(if value & 1 != 0 { -magnitude } else { magnitude })
    }

    fn data_byte(&mut self) -> Option<i32> {
        self.bytes.next().filter(|&&byte| byte < 0x80).map(|&byte| i32::from(byte))
    }

    fn column(&mut self) -> Option<i32> {
        i32::try_from(self.unsigned()? as i64 - 1).ok()
    }

    /// Moves by `delta` lines; the new line must be one, or the line 0 that a module begins on.
    fn move_line(&mut self, delta: i64) -> Option<u32> {
        self.line += delta;
        u32::try_from(self.line).ok()
    }

    fn entry(&mut self, first: u8) -> Option<(u32, Location)> {
        if first < 0x80 {
            return None;
        }
        let form = first >> 3 & 15;
        let location = match form {
            FORM_NONE => Location::NONE,
            FORM_LONG => {
                let delta = self.signed()?;
                let line = self.move_line(delta)?;
                let extent = u32::try_from(self.unsigned()?).ok()?;
                let (column, end_column) = (self.column()?, self.column()?);
                Location { line, end_line: line.wrapping_add(extent), column, end_column }
            }
            FORM_NO_COLUMN => {
                let delta = self.signed()?;
                let line = self.move_line(delta)?;
                Location { line, end_line: line, column: -1, end_column: -1 }
            }
            FORM_ONE_LINE.. => {
                let line = self.move_line(i64::from(form - FORM_ONE_LINE))?;
                Location { line, end_line: line, column: self.data_byte()?, end_column: self.data_byte()? }
            }
            _ => {
                let byte = self.data_byte()?;
                let line = self.move_line(0)?;
                let column = i32::from(form) << 3 | byte >> 4;
                Location { line, end_line: line, column, end_column: column + (byte & 15) }
            }
        };
        Some((u32::from(first & 7) + 1, location))
    }
}

impl Iterator for Decoder<'_> {
    type Item = (u32, Location);

    fn next(&mut self) -> Option<(u32, Location)> {
        if self.failed {
            return None;
        }
        let first = *self.bytes.next()?;
        let entry = self.entry(first);
        self.failed = entry.is_none();
        entry
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_comes_back() {
        let at = |line, end_line, column, end_column| Location { line, end_line, column, end_column };
        let all = vec![
            Location::NONE,
            at(3, 3, 4, 9),
            at(3, 3, 4, 9),
            at(3, 3, 79, 94),
            at(5, 5, 0, 127),
            at(4, 4, -1, -1),
            at(4, 9, 200, 3),
            at(u32::MAX, u32::MAX, i32::MAX, 0),
        ];
        let locations = Locations::from_vec(all.clone());
        assert_eq!(locations.to_vec(), all);
        assert_eq!(locations.get(6), Some(all[6]));
        assert_eq!(locations.get(8), None);
        assert_eq!(Locations::from_table(locations.table().to_vec().into(), 8), locations);
        assert_eq!(Locations::from_table(Cow::Borrowed(&[0x80]), 2).to_vec(), [Location::NONE; 2]);
    }
}
