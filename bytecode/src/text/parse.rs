//! The assembler: text to code objects.

use super::lex::{self, Spanned, Token};
use super::{FLAG_NAMES, KIND_NAMES};
use crate::code::{Code, CodeFlags, Constant, ExceptionEntry, Local, LocalKind, Location};
use crate::instr::Instr;
use crate::locations::Locations;
use crate::opcode::{Arg, Opcode};
use num_bigint::BigInt;
use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;

/// Nesting of constants and code objects that is still read.
const DEPTH_LIMIT: u32 = 2000;

/// What is wrong with a text, and on which line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextError {
    pub line: usize,
    pub message: String,
}

impl fmt::Display for TextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.message)
    }
}

impl std::error::Error for TextError {}

/// Assembles the text of one code object. It is not verified.
pub fn parse(text: &str) -> Result<Code, TextError> {
    let tokens = lex::tokens(text).map_err(|(line, message)| TextError { line, message })?;
    let mut parser = Parser { tokens, position: 0, depth: 0 };
    parser.keyword("code")?;
    let code = parser.code()?;
    match parser.next() {
        Token::End => Ok(code),
        _ => Err(parser.error("text after the code object")),
    }
}

struct Parser<'a> {
    tokens: Vec<Spanned<'a>>,
    position: usize,
    depth: u32,
}

type Parse<T> = Result<T, TextError>;

/// The index of an instruction, given directly or by a label's name.
enum Place<'a> {
    Index(u32),
    Label(&'a str, usize),
}

/// Instructions and exception entries whose labels are still names.
#[derive(Default)]
struct Assembly<'a> {
    instructions: Vec<Instr>,
    locations: Vec<Location>,
    labels: HashMap<&'a str, u32>,
    jumps: Vec<(usize, Place<'a>)>,
    entries: Vec<([Place<'a>; 3], u32, bool)>,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> &Token<'a> {
        &self.tokens[self.position].0
    }

    fn line(&self) -> usize {
        self.tokens[self.position].1
    }

    fn next(&mut self) -> Token<'a> {
        let token = self.peek().clone();
        if self.position + 1 < self.tokens.len() {
            self.position += 1;
        }
        token
    }

    fn error(&self, message: impl Into<String>) -> TextError {
        let before = self.position.saturating_sub(1);
        TextError { line: self.tokens[before].1, message: message.into() }
    }

    fn accept(&mut self, mark: char) -> bool {
        let found = *self.peek() == Token::Punctuation(mark);
        if found {
            self.next();
        }
        found
    }

    fn expect(&mut self, mark: char) -> Parse<()> {
        if self.accept(mark) { Ok(()) } else { Err(self.error(format!("expected {mark:?}"))) }
    }

    fn keyword(&mut self, word: &str) -> Parse<()> {
        match self.next() {
            Token::Word(found) if found == word => Ok(()),
            _ => Err(self.error(format!("expected {word:?}"))),
        }
    }

    fn word(&mut self) -> Parse<&'a str> {
        match self.next() {
            Token::Word(word) => Ok(word),
            _ => Err(self.error("expected a word")),
        }
    }

    fn number<T: FromStr>(&mut self) -> Parse<T> {
        self.word()?.parse().map_err(|_| self.error("expected a number"))
    }

    fn name(&mut self) -> Parse<String> {
        match self.next() {
            Token::Word(word) => Ok(word.to_owned()),
            Token::Str(text) => text.into_string().map_err(|_| self.error("surrogate in a name")),
            _ => Err(self.error("expected a name")),
        }
    }

    /// The optional number at the start of a row.
    fn row_number(&mut self) {
        if matches!(self.peek(), Token::Word(word) if word.bytes().all(|b| b.is_ascii_digit())) {
            self.next();
        }
    }

    fn code(&mut self) -> Parse<Code> {
        let mut code = Code { name: self.name()?, first_line: 1, ..Code::default() };
        code.qualname.clone_from(&code.name);
        let mut assembly = Assembly::default();
        self.expect('{')?;
        while !self.accept('}') {
            self.field(&mut code, &mut assembly)?;
        }
        assembly.finish(&mut code)?;
        Ok(code)
    }

    fn field(&mut self, code: &mut Code, assembly: &mut Assembly<'a>) -> Parse<()> {
        match self.word()? {
            "qualname" => code.qualname = self.name()?,
            "filename" => code.filename = self.name()?,
            "first_line" => code.first_line = self.number()?,
            "flags" => code.flags = CodeFlags(self.bits(FLAG_NAMES.iter().map(|&(name, flag)| (name, flag.0)))?),
            "arguments" => code.arg_count = self.number()?,
            "positional_only" => code.positional_only_count = self.number()?,
            "keyword_only" => code.keyword_only_count = self.number()?,
            "stack" => code.stack_size = self.number()?,
            "locals" => code.locals = self.section(Self::local)?,
            "names" => {
                code.names = self.section(|parser| {
                    parser.row_number();
                    parser.name()
                })?;
            }
            "constants" => code.constants = self.constants()?,
            "instructions" => self.instructions(assembly)?,
            "exceptions" => assembly.entries = self.section(Self::entry)?,
            field => return Err(self.error(format!("unknown field {field:?}"))),
        }
        Ok(())
    }

    fn section<T>(&mut self, mut row: impl FnMut(&mut Self) -> Parse<T>) -> Parse<Vec<T>> {
        let mut rows = Vec::new();
        self.expect('{')?;
        while !self.accept('}') {
            rows.push(row(self)?);
        }
        Ok(rows)
    }

    /// Names of bits or numbers up to the end of the line.
    fn bits(&mut self, names: impl Iterator<Item = (&'static str, u32)> + Clone) -> Parse<u32> {
        let line = self.tokens[self.position.saturating_sub(1)].1;
        let mut bits = 0;
        while self.line() == line {
            let Token::Word(word) = *self.peek() else { break };
            self.next();
            let known = names.clone().find(|&(name, _)| name == word).map(|(_, bit)| bit);
            bits |= known.or_else(|| hexadecimal(word)).ok_or_else(|| self.error(format!("unknown flag {word:?}")))?;
        }
        Ok(bits)
    }

    fn local(&mut self) -> Parse<Local> {
        self.row_number();
        let name = self.name()?;
        let bits = self.bits(KIND_NAMES.iter().map(|&(name, kind)| (name, u32::from(kind.0))))?;
        let kind = u8::try_from(bits).map_err(|_| self.error("kind out of range"))?;
        Ok(Local { name, kind: LocalKind(kind) })
    }

    /// Rows of constants, whose numbers cannot be left out: they would be ints.
    fn constants(&mut self) -> Parse<Vec<Constant>> {
        self.section(|parser| {
            parser.number::<u32>()?;
            parser.constant()
        })
    }

    fn place(&mut self) -> Parse<Place<'a>> {
        let word = self.word()?;
        let line = self.tokens[self.position.saturating_sub(1)].1;
        Ok(word.parse().map_or(Place::Label(word, line), Place::Index))
    }

    fn entry(&mut self) -> Parse<([Place<'a>; 3], u32, bool)> {
        let start = self.place()?;
        self.keyword("to")?;
        let end = self.place()?;
        self.keyword("->")?;
        let target = self.place()?;
        self.keyword("depth")?;
        let depth = self.number()?;
        let lasti = *self.peek() == Token::Word("lasti");
        if lasti {
            self.next();
        }
        Ok(([start, end, target], depth, lasti))
    }

    fn instructions(&mut self, assembly: &mut Assembly<'a>) -> Parse<()> {
        self.expect('{')?;
        let mut location = Location::NONE;
        while !self.accept('}') {
            self.row_number();
            let line = self.line();
            let word = self.word()?;
            if self.accept(':') {
                assembly.labels.insert(word, assembly.instructions.len() as u32);
                continue;
            }
            let instruction = self.instruction(word, line, assembly)?;
            if self.accept('@') {
                location = self.location()?;
            }
            assembly.instructions.push(instruction);
            assembly.locations.push(location);
        }
        Ok(())
    }

    fn instruction(&mut self, name: &str, line: usize, assembly: &mut Assembly<'a>) -> Parse<Instr> {
        if name == "RAW" {
            let word = self.word()?;
            let bits = word.strip_prefix("0x").and_then(|digits| u64::from_str_radix(digits, 16).ok());
            return bits.map(Instr).ok_or_else(|| self.error("expected an instruction's bits"));
        }
        let opcode = Opcode::from_name(name).ok_or_else(|| self.error(format!("unknown opcode {name:?}")))?;
        if self.line() != line || !matches!(self.peek(), Token::Word(_)) {
            return Ok(Instr::new(opcode, 0));
        }
        match opcode.info().arg {
            Arg::LocalPair => Ok(Instr::pair(opcode, self.number()?, self.number()?)),
            Arg::Jump => {
                let place = self.place()?;
                assembly.jumps.push((assembly.instructions.len(), place));
                Ok(Instr::new(opcode, 0))
            }
            _ => Ok(Instr::new(opcode, self.number()?)),
        }
    }

    /// `line:column..line:column`, of which the middle is one word.
    fn location(&mut self) -> Parse<Location> {
        let line = self.number()?;
        self.expect(':')?;
        let middle = self.word()?;
        let (column, end_line) = middle.split_once("..").ok_or_else(|| self.error("expected \"..\""))?;
        let column = column.parse().map_err(|_| self.error("expected a column"))?;
        let end_line = end_line.parse().map_err(|_| self.error("expected a line"))?;
        self.expect(':')?;
        Ok(Location { line, end_line, column, end_column: self.number()? })
    }

    fn constant(&mut self) -> Parse<Constant> {
        if self.depth == DEPTH_LIMIT {
            return Err(self.error("nested too deeply"));
        }
        self.depth += 1;
        let constant = stacker::maybe_grow(64 * 1024, 1024 * 1024, || self.constant_inside());
        self.depth -= 1;
        constant
    }

    fn constant_inside(&mut self) -> Parse<Constant> {
        Ok(match self.next() {
            Token::Str(value) => Constant::Str(value),
            Token::Bytes(value) => Constant::Bytes(value),
            Token::Punctuation('(') => Constant::Tuple(self.items()?),
            Token::Word("None") => Constant::None,
            Token::Word("False") => Constant::False,
            Token::Word("True") => Constant::True,
            Token::Word("Ellipsis") => Constant::Ellipsis,
            Token::Word("code") => Constant::Code(Box::new(self.code()?)),
            Token::Word("frozenset") => {
                self.expect('(')?;
                Constant::FrozenSet(self.items()?)
            }
            Token::Word("slice") => {
                self.expect('(')?;
                let parts = <[Constant; 3]>::try_from(self.items()?);
                Constant::Slice(Box::new(parts.map_err(|_| self.error("a slice has three parts"))?))
            }
            Token::Word("complex") => {
                self.expect('(')?;
                let real = self.word()?;
                let real = self.float(real)?;
                self.expect(',')?;
                let imaginary = self.word()?;
                let imaginary = self.float(imaginary)?;
                self.expect(')')?;
                Constant::Complex(real, imaginary)
            }
            Token::Word(word) => self.numeric(word)?,
            Token::Punctuation(_) | Token::End => return Err(self.error("expected a constant")),
        })
    }

    fn numeric(&mut self, word: &str) -> Parse<Constant> {
        if let Some(digits) = word.strip_suffix('n').filter(|_| word != "nan") {
            let value = BigInt::from_str(digits).map_err(|_| self.error("bad number"))?;
            return Ok(Constant::BigInt(value));
        }
        if let Ok(value) = word.parse() {
            return Ok(Constant::Int(value));
        }
        self.float(word).map(Constant::Float)
    }

    fn float(&mut self, word: &str) -> Parse<f64> {
        if word == "nan" {
            self.expect(':')?;
            let bits = self.word()?.strip_prefix("0x").and_then(|digits| u64::from_str_radix(digits, 16).ok());
            return bits.map(f64::from_bits).ok_or_else(|| self.error("expected a float's bits"));
        }
        word.parse().map_err(|_| self.error(format!("unknown constant {word:?}")))
    }

    fn items(&mut self) -> Parse<Vec<Constant>> {
        let mut items = Vec::new();
        while !self.accept(')') {
            items.push(self.constant()?);
            if !self.accept(',') {
                self.expect(')')?;
                break;
            }
        }
        Ok(items)
    }
}

fn hexadecimal(word: &str) -> Option<u32> {
    u32::from_str_radix(word.strip_prefix("0x")?, 16).ok()
}

impl Assembly<'_> {
    fn find(&self, place: &Place<'_>) -> Parse<u32> {
        match *place {
            Place::Index(index) => Ok(index),
            Place::Label(name, line) => self.labels.get(name).copied().ok_or_else(|| TextError { line, message: format!("unknown label {name:?}") }),
        }
    }

    fn finish(mut self, code: &mut Code) -> Parse<()> {
        for (index, place) in &self.jumps {
            let target = self.find(place)?;
            self.instructions[*index] = self.instructions[*index].with_arg(target);
        }
        for (places, depth, lasti) in &self.entries {
            let [start, end, target] = places;
            let (start, end, target) = (self.find(start)?, self.find(end)?, self.find(target)?);
            code.exception_table.push(ExceptionEntry { start, end, target, depth: *depth, lasti: *lasti });
        }
        code.instructions = self.instructions;
        code.locations = Locations::from_vec(self.locations);
        Ok(())
    }
}
