//! Code objects and constants as compact bytes: what `.pyc` files and the embedded library hold.
//!
//! The layout: a version byte; the table of distinct strings (count, then length and bytes of
//! each); the value. Numbers are varints, an instruction is its opcode byte followed by its
//! operand as a varint where the opcode takes one, names and other strings are indices into the
//! table, locations stay in their compressed form. Reading is fully checked: malformed input is an
//! error whatever it says, and what is allocated is bounded by the size of the input.

use crate::code::{Code, CodeFlags, Constant, ExceptionEntry, Local, LocalKind};
use crate::instr::Instr;
use crate::locations::Locations;
use crate::opcode::{Arg, Opcode};
use crate::varint::{self, Cursor, unzigzag, zigzag};
use num_bigint::BigInt;
use rustpython_wtf8::{Wtf8, Wtf8Buf};
use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

/// Changes whenever the layout or the instruction set does.
pub const VERSION: u8 = 1;

/// Nesting of constants and code objects that is still read, as in CPython's `marshal`.
const DEPTH_LIMIT: u32 = 2000;

/// Native stack to have at hand before going one level down, and how much to add if it is not.
const RED_ZONE: usize = 64 * 1024;
const STACK_SEGMENT: usize = 1024 * 1024;

/// Why bytes are not a stored code object or constant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MarshalError {
    /// Ends too early.
    Truncated,
    /// Written by another version.
    Version(u8),
    /// Says what cannot be.
    Malformed(&'static str),
    /// Nested too deeply.
    TooDeep,
    /// Far more strings than the input's size allows for.
    TooLarge,
}

impl fmt::Display for MarshalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MarshalError::Truncated => write!(f, "marshal data too short"),
            MarshalError::Version(version) => write!(f, "bad marshal data (version {version})"),
            MarshalError::Malformed(what) => write!(f, "bad marshal data ({what})"),
            MarshalError::TooDeep => write!(f, "bad marshal data (too deeply nested)"),
            MarshalError::TooLarge => write!(f, "bad marshal data (too large)"),
        }
    }
}

impl std::error::Error for MarshalError {}

/// The stored form of `code`.
pub fn dump_code(code: &Code) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.code(code);
    writer.finish()
}

/// Reads what [`dump_code`] wrote.
pub fn load_code(bytes: &[u8]) -> Result<Code, MarshalError> {
    Reader::new(bytes, |table| Cow::Owned(table.to_vec()))?.whole(Reader::code)
}

/// Reads what [`dump_code`] wrote, from bytes that stay: location tables, which are hardly ever looked at, are left where they are.
pub fn load_embedded_code(bytes: &'static [u8]) -> Result<Code, MarshalError> {
    Reader::new(bytes, Cow::Borrowed)?.whole(Reader::code)
}

/// The stored form of `constant`.
pub fn dump_constant(constant: &Constant) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.constant(constant);
    writer.finish()
}

/// Reads what [`dump_constant`] wrote.
pub fn load_constant(bytes: &[u8]) -> Result<Constant, MarshalError> {
    Reader::new(bytes, |table| Cow::Owned(table.to_vec()))?.whole(Reader::constant)
}

/// First bytes of constants.
mod tag {
    pub const NONE: u8 = b'N';
    pub const FALSE: u8 = b'F';
    pub const TRUE: u8 = b'T';
    pub const ELLIPSIS: u8 = b'.';
    pub const INT: u8 = b'i';
    pub const BIG_INT: u8 = b'I';
    pub const FLOAT: u8 = b'f';
    pub const COMPLEX: u8 = b'c';
    pub const STR: u8 = b's';
    pub const BYTES: u8 = b'b';
    pub const TUPLE: u8 = b'(';
    pub const FROZEN_SET: u8 = b'{';
    pub const SLICE: u8 = b':';
    pub const CODE: u8 = b'C';
}

#[derive(Default)]
struct Writer {
    strings: HashMap<Vec<u8>, u64>,
    table: Vec<u8>,
    out: Vec<u8>,
}

impl Writer {
    fn finish(self) -> Vec<u8> {
        let mut bytes = vec![VERSION];
        varint::write(&mut bytes, self.strings.len() as u64);
        bytes.extend(self.table);
        bytes.extend(self.out);
        bytes
    }

    fn number(&mut self, value: u64) {
        varint::write(&mut self.out, value);
    }

    fn string(&mut self, bytes: &[u8]) {
        let index = match self.strings.get(bytes) {
            Some(&index) => index,
            None => {
                let index = self.strings.len() as u64;
                varint::write(&mut self.table, bytes.len() as u64);
                self.table.extend(bytes);
                self.strings.insert(bytes.to_vec(), index);
                index
            }
        };
        self.number(index);
    }

    fn blob(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.out.extend(bytes);
    }

    fn code(&mut self, code: &Code) {
        self.string(code.name.as_bytes());
        self.string(code.qualname.as_bytes());
        self.string(code.filename.as_bytes());
        for value in [code.first_line, code.flags.0, code.arg_count, code.positional_only_count, code.keyword_only_count, code.stack_size] {
            self.number(u64::from(value));
        }
        self.number(code.instructions.len() as u64);
        for &instruction in &code.instructions {
            self.instruction(instruction);
        }
        self.blob(code.locations.table());
        self.exception_table(&code.exception_table);
        self.number(code.names.len() as u64);
        for name in &code.names {
            self.string(name.as_bytes());
        }
        self.number(code.locals.len() as u64);
        for local in &code.locals {
            self.string(local.name.as_bytes());
            self.out.push(local.kind.0);
        }
        self.number(code.constants.len() as u64);
        for constant in &code.constants {
            self.constant(constant);
        }
    }

    fn instruction(&mut self, instruction: Instr) {
        self.out.push(instruction.opcode_byte());
        if takes_operand(instruction.opcode_byte()) {
            self.number(u64::from(instruction.arg()));
        }
    }

    fn exception_table(&mut self, table: &[ExceptionEntry]) {
        self.number(table.len() as u64);
        for entry in table {
            self.number(u64::from(entry.start));
            self.number(zigzag(i64::from(entry.end) - i64::from(entry.start)));
            self.number(u64::from(entry.target));
            self.number(u64::from(entry.depth) << 1 | u64::from(entry.lasti));
        }
    }

    fn constant(&mut self, constant: &Constant) {
        match constant {
            Constant::None => self.out.push(tag::NONE),
            Constant::False => self.out.push(tag::FALSE),
            Constant::True => self.out.push(tag::TRUE),
            Constant::Ellipsis => self.out.push(tag::ELLIPSIS),
            Constant::Int(value) => {
                self.out.push(tag::INT);
                self.number(zigzag(*value));
            }
            Constant::BigInt(value) => {
                self.out.push(tag::BIG_INT);
                self.blob(&value.to_signed_bytes_le());
            }
            Constant::Float(value) => {
                self.out.push(tag::FLOAT);
                self.out.extend(value.to_bits().to_le_bytes());
            }
            Constant::Complex(real, imaginary) => {
                self.out.push(tag::COMPLEX);
                self.out.extend(real.to_bits().to_le_bytes());
                self.out.extend(imaginary.to_bits().to_le_bytes());
            }
            Constant::Str(value) => {
                self.out.push(tag::STR);
                self.string(value.as_bytes());
            }
            Constant::Bytes(value) => {
                self.out.push(tag::BYTES);
                self.blob(value);
            }
            Constant::Tuple(items) => self.items(tag::TUPLE, items),
            Constant::FrozenSet(items) => self.items(tag::FROZEN_SET, items),
            Constant::Slice(parts) => {
                self.out.push(tag::SLICE);
                self.nested(|writer| parts.iter().for_each(|part| writer.constant(part)));
            }
            Constant::Code(code) => {
                self.out.push(tag::CODE);
                self.nested(|writer| writer.code(code));
            }
        }
    }

    fn items(&mut self, tag: u8, items: &[Constant]) {
        self.out.push(tag);
        self.number(items.len() as u64);
        self.nested(|writer| items.iter().for_each(|item| writer.constant(item)));
    }

    fn nested(&mut self, write: impl FnOnce(&mut Writer)) {
        stacker::maybe_grow(RED_ZONE, STACK_SEGMENT, || write(self));
    }
}

/// Opcodes that are not ours are written with their operand, for the verifier to complain about.
fn takes_operand(opcode: u8) -> bool {
    TAKES_OPERAND[opcode as usize]
}

const TAKES_OPERAND: [bool; 256] = {
    let mut takes = [true; 256];
    let mut number = 0;
    while number < 256 {
        if let Some(opcode) = Opcode::from_u8(number as u8) {
            takes[number] = !matches!(opcode.info().arg, Arg::None);
        }
        number += 1;
    }
    takes
};

/// A string of the table. Most are used several times: they are looked through once.
#[derive(Clone, Copy)]
enum Text<'a> {
    Plain(&'a str),
    WithSurrogates(&'a Wtf8),
}

struct Reader<'a> {
    cursor: Cursor<'a>,
    strings: Vec<Text<'a>>,
    depth: u32,
    /// How many bytes of strings may still be made from the table.
    budget: usize,
    /// How to keep a location table.
    keep: fn(&'a [u8]) -> Cow<'static, [u8]>,
}

type Read<T> = Result<T, MarshalError>;

impl<'a> Reader<'a> {
    fn new(bytes: &'a [u8], keep: fn(&'a [u8]) -> Cow<'static, [u8]>) -> Read<Reader<'a>> {
        let mut cursor = Cursor::new(bytes);
        let version = cursor.byte().ok_or(MarshalError::Truncated)?;
        if version != VERSION {
            return Err(MarshalError::Version(version));
        }
        let budget = bytes.len().saturating_mul(256).saturating_add(1 << 16);
        let mut reader = Reader { cursor, strings: Vec::new(), depth: 0, budget, keep };
        let count = reader.count()?;
        reader.strings.reserve(count);
        for _ in 0..count {
            let bytes = reader.blob()?;
            reader.strings.push(match std::str::from_utf8(bytes) {
                Ok(text) => Text::Plain(text),
                Err(_) => Text::WithSurrogates(Wtf8::from_bytes(bytes).ok_or(MarshalError::Malformed("string"))?),
            });
        }
        Ok(reader)
    }

    /// What all of the bytes say.
    fn whole<T>(mut self, read: impl FnOnce(&mut Self) -> Read<T>) -> Read<T> {
        let value = read(&mut self)?;
        if self.cursor.remaining() == 0 { Ok(value) } else { Err(MarshalError::Malformed("trailing bytes")) }
    }

    #[inline]
    fn number(&mut self) -> Read<u64> {
        self.cursor.varint().ok_or(MarshalError::Truncated)
    }

    #[inline]
    fn small(&mut self) -> Read<u32> {
        u32::try_from(self.number()?).map_err(|_| MarshalError::Malformed("number"))
    }

    /// A number of things each of which takes a byte at least, so that it may be allocated for.
    fn count(&mut self) -> Read<usize> {
        let count = self.number()?;
        if count > self.cursor.remaining() as u64 {
            return Err(MarshalError::Truncated);
        }
        Ok(count as usize)
    }

    fn byte(&mut self) -> Read<u8> {
        self.cursor.byte().ok_or(MarshalError::Truncated)
    }

    fn blob(&mut self) -> Read<&'a [u8]> {
        let length = self.count()?;
        self.cursor.take(length).ok_or(MarshalError::Truncated)
    }

    fn text(&mut self) -> Read<Text<'a>> {
        let index = self.number()?;
        let text = usize::try_from(index).ok().and_then(|index| self.strings.get(index)).copied();
        let text = text.ok_or(MarshalError::Malformed("string index"))?;
        let length = match text {
            Text::Plain(text) => text.len(),
            Text::WithSurrogates(text) => text.len(),
        };
        self.budget = self.budget.checked_sub(length).ok_or(MarshalError::TooLarge)?;
        Ok(text)
    }

    fn wtf8(&mut self) -> Read<Wtf8Buf> {
        Ok(match self.text()? {
            Text::Plain(text) => text.into(),
            Text::WithSurrogates(text) => text.to_wtf8_buf(),
        })
    }

    fn string(&mut self) -> Read<String> {
        match self.text()? {
            Text::Plain(text) => Ok(text.to_owned()),
            Text::WithSurrogates(_) => Err(MarshalError::Malformed("surrogate in a name")),
        }
    }

    fn float(&mut self) -> Read<f64> {
        let bytes = self.cursor.take(8).ok_or(MarshalError::Truncated)?;
        let bytes = bytes.try_into().expect("eight bytes were taken");
        Ok(f64::from_bits(u64::from_le_bytes(bytes)))
    }

    fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Read<T>) -> Read<T> {
        if self.depth == DEPTH_LIMIT {
            return Err(MarshalError::TooDeep);
        }
        self.depth += 1;
        let result = stacker::maybe_grow(RED_ZONE, STACK_SEGMENT, || read(self));
        self.depth -= 1;
        result
    }

    fn code(&mut self) -> Read<Code> {
        let (name, qualname, filename) = (self.string()?, self.string()?, self.string()?);
        let first_line = self.small()?;
        let flags = CodeFlags(self.small()?);
        let (arg_count, positional_only_count, keyword_only_count) = (self.small()?, self.small()?, self.small()?);
        let stack_size = self.small()?;
        let instructions = self.instructions()?;
        let locations = self.locations(instructions.len())?;
        let exception_table = self.exception_table()?;
        let names = self.several(Self::string)?;
        let locals = self.several(|reader| Ok(Local { name: reader.string()?, kind: LocalKind(reader.byte()?) }))?;
        let constants = self.several(Self::constant)?;
        Ok(Code {
            name,
            qualname,
            filename,
            first_line,
            flags,
            arg_count,
            positional_only_count,
            keyword_only_count,
            stack_size,
            instructions,
            locations,
            exception_table,
            constants,
            names,
            locals,
        })
    }

    fn several<T>(&mut self, mut read: impl FnMut(&mut Self) -> Read<T>) -> Read<Vec<T>> {
        let count = self.count()?;
        // Nested lists could each claim all that is left of the input.
        let mut items = Vec::with_capacity(count.min(256));
        for _ in 0..count {
            items.push(read(self)?);
        }
        Ok(items)
    }

    fn instructions(&mut self) -> Read<Vec<Instr>> {
        let count = self.count()?;
        let mut instructions = Vec::with_capacity(count);
        for _ in 0..count {
            let opcode = self.byte()?;
            let operand = if takes_operand(opcode) { self.small()? } else { 0 };
            instructions.push(Instr(u64::from(opcode) | u64::from(operand) << 32));
        }
        Ok(instructions)
    }

    /// The locations of `count` instructions.
    fn locations(&mut self, count: usize) -> Read<Locations> {
        let count = u32::try_from(count).map_err(|_| MarshalError::Malformed("locations"))?;
        let table = self.blob()?;
        Ok(Locations::from_table((self.keep)(table), count))
    }

    fn exception_table(&mut self) -> Read<Vec<ExceptionEntry>> {
        self.several(|reader| {
            let start = reader.small()?;
            let end = i64::from(start).checked_add(unzigzag(reader.number()?));
            let end = end.and_then(|end| u32::try_from(end).ok());
            let end = end.ok_or(MarshalError::Malformed("exception table"))?;
            let target = reader.small()?;
            let packed = reader.number()?;
            let depth = u32::try_from(packed >> 1).map_err(|_| MarshalError::Malformed("exception table"))?;
            Ok(ExceptionEntry { start, end, target, depth, lasti: packed & 1 != 0 })
        })
    }

    fn constant(&mut self) -> Read<Constant> {
        Ok(match self.byte()? {
            tag::NONE => Constant::None,
            tag::FALSE => Constant::False,
            tag::TRUE => Constant::True,
            tag::ELLIPSIS => Constant::Ellipsis,
            tag::INT => Constant::Int(unzigzag(self.number()?)),
            tag::BIG_INT => Constant::BigInt(BigInt::from_signed_bytes_le(self.blob()?)),
            tag::FLOAT => Constant::Float(self.float()?),
            tag::COMPLEX => Constant::Complex(self.float()?, self.float()?),
            tag::STR => Constant::Str(self.wtf8()?),
            tag::BYTES => Constant::Bytes(self.blob()?.to_vec()),
            tag::TUPLE => Constant::Tuple(self.nested(|reader| reader.several(Self::constant))?),
            tag::FROZEN_SET => Constant::FrozenSet(self.nested(|reader| reader.several(Self::constant))?),
            tag::SLICE => self.nested(|reader| Ok(Constant::Slice(Box::new([reader.constant()?, reader.constant()?, reader.constant()?]))))?,
            tag::CODE => Constant::Code(Box::new(self.nested(Self::code)?)),
            _ => return Err(MarshalError::Malformed("unknown type code")),
        })
    }
}
