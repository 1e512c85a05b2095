//! CPython 3.14's visible byte forms of a code object: `co_code`, `co_exceptiontable` and
//! `co_linetable`, both ways.
//!
//! `co_code` consists of two-byte units, opcode and operand byte; `EXTENDED_ARG` units in front
//! widen the operand, `CACHE` units behind are what CPython's inline caches occupy, and jumps are
//! relative to the end of the instruction. An instruction on a pair of locals whose indices do not
//! fit four bits, which CPython does not have, shows as two instructions.

use crate::code::{Code, ExceptionEntry, Location};
use crate::instr::Instr;
use crate::locations::{Decoder, Encoder, Locations};
use crate::opcode::{Arg, Opcode};
use std::fmt;

const CACHE: u8 = 0;
const EXTENDED_ARG: u8 = 69;

/// Why bytes are not wordcode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WordCodeError {
    /// Not a whole number of units.
    OddLength,
    /// An instruction lacks units that belong to it.
    Truncated {
        offset: u32,
    },
    NotAnOpcode {
        opcode: u8,
        offset: u32,
    },
    OperandTooLarge {
        offset: u32,
    },
    /// A jump, or a bound in the exception table, to where no instruction begins.
    Target {
        offset: u32,
    },
    ExceptionTable,
    LineTable,
}

impl fmt::Display for WordCodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WordCodeError::OddLength => write!(f, "code: co_code is malformed"),
            WordCodeError::Truncated { offset } => write!(f, "co_code ends within the instruction at {offset}"),
            WordCodeError::NotAnOpcode { opcode, offset } => {
                write!(f, "unknown opcode {opcode} in co_code at {offset}")
            }
            WordCodeError::OperandTooLarge { offset } => write!(f, "operand too large in co_code at {offset}"),
            WordCodeError::Target { offset } => write!(f, "no instruction begins in co_code at {offset}"),
            WordCodeError::ExceptionTable => write!(f, "co_exceptiontable is malformed"),
            WordCodeError::LineTable => write!(f, "co_linetable is malformed"),
        }
    }
}

impl std::error::Error for WordCodeError {}

/// `co_code` and how its offsets relate to instructions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WordCode {
    pub bytes: Vec<u8>,
    /// The byte offset of each instruction, and of the end.
    offsets: Vec<u32>,
}

impl WordCode {
    /// The visible form of `code`'s instructions.
    pub fn new(code: &Code) -> WordCode {
        let instructions = &code.instructions;
        // Offsets in units. A jump's width depends on its distance and the distance on the widths
        // between; widths only grow, so this ends.
        let mut widths: Vec<u32> = instructions.iter().map(|&instruction| narrowest(instruction)).collect();
        let mut starts = starts_of(&widths);
        loop {
            let mut grown = false;
            for (index, &instruction) in instructions.iter().enumerate() {
                if let Some((_, distance)) = jump(instruction, starts[index] + widths[index], &starts) {
                    let caches = cache_units(instruction.opcode_byte());
                    let width = 1 + extensions(distance) + caches;
                    if width > widths[index] {
                        widths[index] = width;
                        grown = true;
                    }
                }
            }
            if !grown {
                break;
            }
            starts = starts_of(&widths);
        }
        let mut bytes = Vec::with_capacity(starts[instructions.len()] as usize * 2);
        for (index, &instruction) in instructions.iter().enumerate() {
            write_instruction(&mut bytes, instruction, index, &starts);
        }
        WordCode { bytes, offsets: starts.into_iter().map(|units| units * 2).collect() }
    }

    /// Where instruction `index` begins; the end for one past the last.
    pub fn offset_of(&self, index: usize) -> Option<u32> {
        self.offsets.get(index).copied()
    }

    /// The instruction whose units hold byte `offset`.
    pub fn index_of(&self, offset: u32) -> Option<usize> {
        let after = self.offsets.partition_point(|&start| start <= offset);
        if after == self.offsets.len() { None } else { after.checked_sub(1) }
    }

    /// `co_exceptiontable`.
    pub fn exception_table(&self, code: &Code) -> Vec<u8> {
        let unit = |index: u32| self.offsets.get(index as usize).or(self.offsets.last()).map_or(0, |o| o / 2);
        let mut out = Vec::new();
        for entry in &code.exception_table {
            let start = unit(entry.start);
            write_number(&mut out, u64::from(start), 0x80);
            write_number(&mut out, u64::from(unit(entry.end).saturating_sub(start)), 0);
            write_number(&mut out, u64::from(unit(entry.target)), 0);
            write_number(&mut out, u64::from(entry.depth) << 1 | u64::from(entry.lasti), 0);
        }
        out
    }

    /// `co_linetable`.
    pub fn line_table(&self, code: &Code) -> Vec<u8> {
        let mut encoder = Encoder::new(code.first_line);
        for (ends, location) in self.offsets.windows(2).zip(code.locations.iter()) {
            encoder.push(location, (ends[1] - ends[0]) as usize / 2);
        }
        encoder.finish()
    }
}

/// What `co_code`, `co_exceptiontable` and `co_linetable` stand for.
#[derive(Clone, Debug, PartialEq)]
pub struct Decoded {
    pub instructions: Vec<Instr>,
    pub locations: Locations,
    pub exception_table: Vec<ExceptionEntry>,
}

/// Reads wordcode and its tables. The result is well formed as bytes but still to be verified.
pub fn decode(code: &[u8], exception_table: &[u8], line_table: &[u8], first_line: u32) -> Result<Decoded, WordCodeError> {
    let units = Units::split(code)?;
    let mut instructions = Vec::with_capacity(units.parsed.len());
    for unit in &units.parsed {
        instructions.push(units.instruction(unit)?);
    }
    Ok(Decoded {
        instructions,
        locations: decode_locations(&units, line_table, first_line)?,
        exception_table: decode_exception_table(&units, exception_table)?,
    })
}

/// How many `CACHE` units CPython puts behind an instruction.
pub const fn cache_units(opcode: u8) -> u32 {
    match Opcode::from_u8(opcode) {
        Some(Opcode::LoadAttr) => 9,
        Some(Opcode::BinaryOp) => 5,
        Some(Opcode::LoadGlobal | Opcode::StoreAttr) => 4,
        Some(Opcode::Call | Opcode::CallKw | Opcode::ToBool) => 3,
        Some(
            Opcode::UnpackSequence
            | Opcode::CompareOp
            | Opcode::ContainsOp
            | Opcode::ForIter
            | Opcode::LoadSuperAttr
            | Opcode::StoreSubscr
            | Opcode::Send
            | Opcode::JumpBackward
            | Opcode::PopJumpIfTrue
            | Opcode::PopJumpIfFalse
            | Opcode::PopJumpIfNone
            | Opcode::PopJumpIfNotNone,
        ) => 1,
        _ => 0,
    }
}

fn extensions(operand: u32) -> u32 {
    match operand {
        0..=0xff => 0,
        0x100..=0xffff => 1,
        0x1_0000..=0xff_ffff => 2,
        0x100_0000.. => 3,
    }
}

/// The halves of an instruction on two locals that do not fit four bits each.
fn split_pair(instruction: Instr) -> Option<[(Opcode, u32); 2]> {
    let (first, second) = instruction.arg_pair();
    if first < 16 && second < 16 {
        return None;
    }
    let halves = match instruction.opcode()? {
        Opcode::LoadFastLoadFast => [Opcode::LoadFast, Opcode::LoadFast],
        Opcode::LoadFastBorrowLoadFastBorrow => [Opcode::LoadFastBorrow, Opcode::LoadFastBorrow],
        Opcode::StoreFastLoadFast => [Opcode::StoreFast, Opcode::LoadFast],
        Opcode::StoreFastStoreFast => [Opcode::StoreFast, Opcode::StoreFast],
        _ => return None,
    };
    Some([(halves[0], u32::from(first)), (halves[1], u32::from(second))])
}

fn kind(instruction: Instr) -> Option<Arg> {
    instruction.opcode().map(|opcode| opcode.info().arg)
}

/// The operand byte CPython shows for anything but a jump.
fn visible_operand(instruction: Instr) -> u32 {
    match kind(instruction) {
        Some(Arg::LocalPair) => {
            let (first, second) = instruction.arg_pair();
            u32::from(first) << 4 | u32::from(second)
        }
        Some(Arg::Comparison) => {
            // The comparison is in the upper bits; the low ones are a mask of outcomes that tells
            // the specialised forms what to look for.
            let operand = instruction.arg();
            (operand & 15) << 5 | operand & 16 | COMPARISON_MASKS[(operand & 7) as usize]
        }
        Some(_) | None => instruction.arg(),
    }
}

/// Bits: unordered 1, less 2, greater 4, equal 8; indexed by comparison.
const COMPARISON_MASKS: [u32; 8] = [2, 10, 8, 7, 4, 12, 0, 0];

/// The units an instruction takes if it is no jump, or jumps nowhere far.
fn narrowest(instruction: Instr) -> u32 {
    if let Some(halves) = split_pair(instruction) {
        return halves.iter().map(|&(_, operand)| 1 + extensions(operand)).sum();
    }
    let operand = if kind(instruction) == Some(Arg::Jump) { 0 } else { visible_operand(instruction) };
    1 + extensions(operand) + cache_units(instruction.opcode_byte())
}

fn starts_of(widths: &[u32]) -> Vec<u32> {
    let mut starts = Vec::with_capacity(widths.len() + 1);
    let mut at = 0;
    starts.push(at);
    for width in widths {
        at += width;
        starts.push(at);
    }
    starts
}

/// The opcode and distance of a jump that ends at unit `end`.
fn jump(instruction: Instr, end: u32, starts: &[u32]) -> Option<(u8, u32)> {
    if kind(instruction) != Some(Arg::Jump) {
        return None;
    }
    let target = starts.get(instruction.arg() as usize).or(starts.last()).copied().unwrap_or(end);
    let backward = matches!(instruction.opcode(), Some(Opcode::JumpBackward | Opcode::JumpBackwardNoInterrupt));
    // A jump in the wrong direction is a flaw for the verifier; it shows as one to the next instruction.
    let distance = if backward { end.saturating_sub(target) } else { target.saturating_sub(end) };
    Some((instruction.opcode_byte(), distance))
}

fn write_instruction(bytes: &mut Vec<u8>, instruction: Instr, index: usize, starts: &[u32]) {
    if let Some(halves) = split_pair(instruction) {
        for (opcode, operand) in halves {
            write_unit(bytes, opcode as u8, operand, extensions(operand));
        }
        return;
    }
    let caches = cache_units(instruction.opcode_byte());
    let width = starts[index + 1] - starts[index];
    let (opcode, operand) = jump(instruction, starts[index + 1], starts).unwrap_or_else(|| (instruction.opcode_byte(), visible_operand(instruction)));
    write_unit(bytes, opcode, operand, width - 1 - caches);
    bytes.extend(std::iter::repeat_n(CACHE, caches as usize * 2));
}

fn write_unit(bytes: &mut Vec<u8>, opcode: u8, operand: u32, extensions: u32) {
    for level in (1..=extensions).rev() {
        bytes.extend([EXTENDED_ARG, (operand >> (8 * level)) as u8]);
    }
    bytes.extend([opcode, operand as u8]);
}

/// Six bits a byte, the high ones first; bit 6 says that more follow.
fn write_number(out: &mut Vec<u8>, value: u64, mark: u8) {
    let mut shift = 0;
    while value >> shift >= 64 {
        shift += 6;
    }
    let mut mark = mark;
    while shift > 0 {
        out.push((value >> shift & 0x3f) as u8 | 0x40 | mark);
        mark = 0;
        shift -= 6;
    }
    out.push((value & 0x3f) as u8 | mark);
}

/// One instruction of wordcode, extensions and caches included; positions are in units.
struct Parsed {
    start: u32,
    end: u32,
    opcode: Opcode,
    operand: u32,
}

struct Units {
    parsed: Vec<Parsed>,
    end: u32,
}

impl Units {
    fn split(code: &[u8]) -> Result<Units, WordCodeError> {
        if !code.len().is_multiple_of(2) || u32::try_from(code.len()).is_err() {
            return Err(WordCodeError::OddLength);
        }
        let count = code.len() / 2;
        let mut parsed = Vec::new();
        let mut at = 0;
        while at < count {
            let start = at;
            let offset = start as u32 * 2;
            let mut operand = 0u64;
            while at < count && code[2 * at] == EXTENDED_ARG {
                operand = operand << 8 | u64::from(code[2 * at + 1]);
                if operand > 0xff_ffff {
                    return Err(WordCodeError::OperandTooLarge { offset });
                }
                at += 1;
            }
            if at == count {
                return Err(WordCodeError::Truncated { offset });
            }
            let number = code[2 * at];
            let opcode = Opcode::from_u8(number).ok_or(WordCodeError::NotAnOpcode { opcode: number, offset })?;
            let operand = (operand << 8) as u32 | u32::from(code[2 * at + 1]);
            at += 1 + cache_units(number) as usize;
            if at > count {
                return Err(WordCodeError::Truncated { offset });
            }
            parsed.push(Parsed { start: start as u32, end: at as u32, opcode, operand });
        }
        Ok(Units { parsed, end: count as u32 })
    }

    /// The instruction that begins at a unit, or one past the last for the end.
    fn index_at(&self, unit: u32) -> Result<u32, WordCodeError> {
        let index = self.parsed.partition_point(|parsed| parsed.start < unit);
        let begins = self.parsed.get(index).map_or(self.end, |parsed| parsed.start);
        if begins == unit { Ok(index as u32) } else { Err(WordCodeError::Target { offset: unit.saturating_mul(2) }) }
    }

    fn instruction(&self, parsed: &Parsed) -> Result<Instr, WordCodeError> {
        let Parsed { start, end, opcode, operand } = *parsed;
        let argument = match opcode.info().arg {
            Arg::None => 0,
            Arg::Jump => {
                let backward = matches!(opcode, Opcode::JumpBackward | Opcode::JumpBackwardNoInterrupt);
                let target = if backward { end.checked_sub(operand) } else { end.checked_add(operand) };
                self.index_at(target.ok_or(WordCodeError::Target { offset: start * 2 })?)?
            }
            Arg::LocalPair => {
                let first = u16::try_from(operand >> 4);
                let first = first.map_err(|_| WordCodeError::OperandTooLarge { offset: start * 2 })?;
                return Ok(Instr::pair(opcode, first, (operand & 15) as u16));
            }
            Arg::Comparison => operand >> 5 | operand & 16,
            _ => operand,
        };
        Ok(Instr::new(opcode, argument))
    }
}

fn decode_locations(units: &Units, table: &[u8], first_line: u32) -> Result<Locations, WordCodeError> {
    let mut decoder = Decoder::new(table, first_line);
    let mut locations = Vec::with_capacity(units.parsed.len());
    // The unit just after the run that `location` belongs to.
    let (mut covered, mut location) = (0u32, Location::NONE);
    for parsed in &units.parsed {
        while covered <= parsed.start {
            match decoder.next() {
                Some((run, next)) => {
                    covered = covered.saturating_add(run);
                    location = next;
                }
                // A table that ends early is accepted, as CPython does.
                None => {
                    covered = u32::MAX;
                    location = Location::NONE;
                }
            }
        }
        locations.push(location);
    }
    if decoder.failed { Err(WordCodeError::LineTable) } else { Ok(Locations::from_vec(locations)) }
}

fn decode_exception_table(units: &Units, table: &[u8]) -> Result<Vec<ExceptionEntry>, WordCodeError> {
    let mut bytes = table.iter().copied();
    let mut number = move || {
        let mut value = 0u32;
        loop {
            let byte = bytes.next()?;
            if value > u32::MAX >> 6 {
                return Some(Err(WordCodeError::ExceptionTable));
            }
            value = value << 6 | u32::from(byte & 0x3f);
            if byte & 0x40 == 0 {
                return Some(Ok(value));
            }
        }
    };
    let mut entries = Vec::new();
    while let Some(start) = number() {
        let start = start?;
        let mut next = || number().unwrap_or(Err(WordCodeError::ExceptionTable));
        let (length, target, packed) = (next()?, next()?, next()?);
        let end = start.checked_add(length).ok_or(WordCodeError::ExceptionTable)?;
        entries.push(ExceptionEntry {
            start: units.index_at(start)?,
            end: units.index_at(end)?,
            target: units.index_at(target)?,
            depth: packed >> 1,
            lasti: packed & 1 != 0,
        });
    }
    Ok(entries)
}
