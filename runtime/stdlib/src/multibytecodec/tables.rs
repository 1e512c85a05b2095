//! The tables of the character sets: what `encoding_rs` has, with the differences that `data/east_asian.txt` lists.
//!
//! A table is made when it is first needed. A cell is named by two bytes, both as the 8-bit encodings write them.

use encoding_rs::{BIG5, EUC_JP, EUC_KR, Encoding, GB18030, SHIFT_JIS};
use object::str::StrBuilder;
use std::sync::OnceLock;

/// A character set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Charset {
    Gb2312,
    Gbk,
    Gb18030,
    Big5,
    Cp950,
    Big5Hkscs,
    Cp932,
    Jisx0208,
    Jisx0212,
    Jisx0213First,
    Jisx0213Second,
    Ksx1001,
    Cp949,
}

/// How a table is made.
struct Source {
    /// In the data file.
    name: &'static str,
    base: Option<&'static Encoding>,
    /// What the encoding writes before the two bytes.
    prefix: &'static [u8],
    /// Whether only the cells of two bytes above 0xA0 count.
    only_high: bool,
}

impl Charset {
    /// All of them, each at its number.
    pub const ALL: [Charset; 13] = [
        Charset::Gb2312,
        Charset::Gbk,
        Charset::Gb18030,
        Charset::Big5,
        Charset::Cp950,
        Charset::Big5Hkscs,
        Charset::Cp932,
        Charset::Jisx0208,
        Charset::Jisx0212,
        Charset::Jisx0213First,
        Charset::Jisx0213Second,
        Charset::Ksx1001,
        Charset::Cp949,
    ];

    fn source(self) -> Source {
        let whole = |name, base| Source { name, base: Some(base), prefix: b"", only_high: false };
        let high = |name, base| Source { name, base: Some(base), prefix: b"", only_high: true };
        match self {
            Charset::Gb2312 => high("gb2312", GB18030),
            Charset::Gbk => whole("gbk", GB18030),
            Charset::Gb18030 => whole("gb18030", GB18030),
            Charset::Big5 => whole("big5", BIG5),
            Charset::Cp950 => whole("cp950", BIG5),
            Charset::Big5Hkscs => whole("big5hkscs", BIG5),
            Charset::Cp932 => whole("cp932", SHIFT_JIS),
            Charset::Jisx0208 => high("jisx0208", EUC_JP),
            Charset::Jisx0212 => Source { name: "jisx0212", base: Some(EUC_JP), prefix: b"\x8f", only_high: true },
            Charset::Jisx0213First => high("jisx0213_1", EUC_JP),
            Charset::Jisx0213Second => Source { name: "jisx0213_2", base: None, prefix: b"", only_high: true },
            Charset::Ksx1001 => high("ksx1001", EUC_KR),
            Charset::Cp949 => whole("cp949", EUC_KR),
        }
    }

    /// The table, made if it has not been.
    pub fn table(self) -> &'static Table {
        static TABLES: [OnceLock<Table>; Charset::ALL.len()] = [const { OnceLock::new() }; Charset::ALL.len()];
        TABLES[self as usize].get_or_init(|| Table::make(&self.source()))
    }

    /// What a cell has.
    pub fn decode(self, lead: u8, trail: u8) -> Option<Cell> {
        self.table().decode(u16::from_be_bytes([lead, trail]))
    }

    /// The cell of a character.
    pub fn encode(self, code_point: u32) -> Option<[u8; 2]> {
        self.table().encode(code_point)
    }
}

/// What is in a cell that is not empty: a character or, packed, two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell(u32);

impl Cell {
    pub const fn single(character: u32) -> Cell {
        Cell(character)
    }

    const fn pair(first: u32, second: u32) -> Cell {
        Cell(first << 16 | second)
    }

    fn is_pair(self) -> bool {
        self.0 > 0x10_FFFF
    }

    pub fn push_to(self, out: &mut StrBuilder) {
        if self.is_pair() {
            out.push(self.0 >> 16);
            out.push(self.0 & 0xFFFF);
        } else {
            out.push(self.0);
        }
    }
}

/// Cells are counted from here.
const FIRST_CELL: u16 = 0x8000;
/// The planes of Unicode that the character sets have anything of end here.
const END: usize = 0x3_0000;
const DIFFERENCES: &str = include_str!("../../data/east_asian.txt");
const WELL_FORMED: &str = "the data file is well formed, a test reads it all";

pub struct Table {
    /// By cell; 0: empty.
    cells: Vec<u32>,
    /// By code point; 0: none.
    codes: Vec<u16>,
    /// Pairs of characters in one cell, packed, and the cell.
    pairs: Vec<(u32, u16)>,
}

impl Table {
    fn decode(&self, cell: u16) -> Option<Cell> {
        let value = *self.cells.get(usize::from(cell.checked_sub(FIRST_CELL)?))?;
        (value != 0).then_some(Cell(value))
    }

    fn encode(&self, code_point: u32) -> Option<[u8; 2]> {
        let code = *self.codes.get(code_point as usize)?;
        (code != 0).then_some(code.to_be_bytes())
    }

    /// Whether a pair begins with this character.
    pub fn begins_pair(&self, first: u32) -> bool {
        self.pairs.iter().any(|&(pair, _)| pair >> 16 == first)
    }

    /// The cell of two characters.
    pub fn encode_pair(&self, first: u32, second: u32) -> Option<[u8; 2]> {
        let wanted = Cell::pair(first, second).0;
        self.pairs.iter().find(|&&(pair, _)| second < 0x1_0000 && pair == wanted).map(|(_, cell)| cell.to_be_bytes())
    }

    fn make(source: &Source) -> Table {
        let mut table = Table { cells: vec![0; 0x8000], codes: vec![0; END], pairs: Vec::new() };
        if let Some(base) = source.base {
            table.take_from(base, source);
        }
        let own = DIFFERENCES.lines().skip_while(|line| line.strip_prefix("table ") != Some(source.name)).skip(1);
        let own: Vec<&str> = own.take_while(|line| !line.starts_with("table ")).collect();
        for line in own.iter().filter(|line| !line.starts_with("encode ")) {
            table.apply(line);
        }
        table.invert();
        for line in own.iter().filter_map(|line| line.strip_prefix("encode ")) {
            let (code_point, cell) = line.split_once(' ').expect(WELL_FORMED);
            table.codes[number(code_point) as usize] = if cell == "none" { 0 } else { number(cell) as u16 };
        }
        table
    }

    /// Fills the cells with what the crate decodes them to: all of them at once, each on a line.
    fn take_from(&mut self, base: &'static Encoding, source: &Source) {
        let first = if source.only_high { 0xA1 } else { 0x40 };
        let trails = first..=0xFE_u8;
        let mut data = Vec::new();
        for lead in 0x81..=0xFE {
            for trail in trails.clone() {
                data.extend_from_slice(source.prefix);
                data.extend_from_slice(&[lead, trail, b'\n']);
            }
        }
        let (text, _) = base.decode_without_bom_handling(&data);
        let cells = (0x81..=0xFE).flat_map(|lead| trails.clone().map(move |trail| u16::from_be_bytes([lead, trail])));
        for (cell, line) in cells.zip(text.split('\n')) {
            let mut characters = line.chars().map(u32::from);
            let value = match (characters.next(), characters.next()) {
                (Some(character), None) if character != 0xFFFD => character,
                (Some(first), Some(second)) if base == BIG5 && first != 0xFFFD && first >= 0x80 => Cell::pair(first, second).0,
                _ => 0,
            };
            let is_in = !source.only_high || cell >= 0xA1A1;
            self.cells[usize::from(cell - FIRST_CELL)] = if is_in { value } else { 0 };
        }
    }

    /// One line of the data file.
    fn apply(&mut self, line: &str) {
        let (cells, values) = line.split_once(' ').expect(WELL_FORMED);
        let place = |cell: &str| number(cell) as usize - usize::from(FIRST_CELL);
        if values == "none" {
            let (from, to) = cells.split_once('-').unwrap_or((cells, cells));
            self.cells[place(from)..=place(to)].fill(0);
            return;
        }
        let mut place = place(cells);
        for value in values.split(' ') {
            let (first, last) = value.split_once("..").unwrap_or((value, value));
            let run = match first.split_once('+') {
                Some((first, second)) => {
                    let pair = Cell::pair(number(first), number(second)).0;
                    pair..=pair
                }
                None => number(first)..=number(last),
            };
            for value in run {
                self.cells[place] = value;
                place += 1;
            }
        }
    }

    fn invert(&mut self) {
        for (cell, &value) in (FIRST_CELL..=u16::MAX).zip(&self.cells) {
            if Cell(value).is_pair() {
                self.pairs.push((value, cell));
            } else if value != 0 && self.codes[value as usize] == 0 {
                self.codes[value as usize] = cell;
            }
        }
    }
}

fn number(digits: &str) -> u32 {
    u32::from_str_radix(digits, 16).expect(WELL_FORMED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_has_as_many_cells_as_its_standard() {
        let sizes = Charset::ALL.map(|charset| charset.table().cells.iter().filter(|&&value| value != 0).count());
        assert_eq!(sizes, [7445, 21791, 23940, 13710, 13752, 18402, 9604, 6879, 6067, 8797, 2436, 8226, 17048]);
    }
}
