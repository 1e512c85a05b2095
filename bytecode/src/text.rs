//! Code objects as text, both ways: `Display` prints, [`parse`] reads back exactly what was printed.
//!
//! ```text
//! code <module> {
//!     qualname "<module>"
//!     filename "hello.py"
//!     first_line 1
//!     flags 0x0
//!     arguments 0 positional_only 0 keyword_only 0
//!     stack 3
//!     names {
//!         0 print
//!     }
//!     constants {
//!         0 "hello"
//!     }
//!     instructions {
//!         0 RESUME 0                    @0:-1..1:-1
//!         1 LOAD_GLOBAL 1               @1:0..1:5       ; print + NULL
//!     L1:
//!     }
//!     exceptions {
//!         L1 to L2 -> L3 depth 1 lasti
//!     }
//! }
//! ```
//!
//! Numbers at the start of a row may be left out. A label stands before the instruction it names
//! and is an operand wherever the index of an instruction is. Without `@` an instruction is where
//! the one before it is. A semicolon begins a comment.

use crate::code::{Code, CodeFlags, Constant, LocalKind, Location};
use crate::instr::Instr;
use crate::opcode::{self, Arg};
use rustpython_wtf8::Wtf8;
use std::collections::BTreeMap;
use std::fmt::{self, Write};

mod lex;
mod parse;

pub use parse::{TextError, parse};

/// The names of the flags, as printed.
const FLAG_NAMES: &[(&str, CodeFlags)] = &[
    ("OPTIMIZED", CodeFlags::OPTIMIZED),
    ("NEWLOCALS", CodeFlags::NEWLOCALS),
    ("VARARGS", CodeFlags::VARARGS),
    ("VARKEYWORDS", CodeFlags::VARKEYWORDS),
    ("NESTED", CodeFlags::NESTED),
    ("GENERATOR", CodeFlags::GENERATOR),
    ("COROUTINE", CodeFlags::COROUTINE),
    ("ITERABLE_COROUTINE", CodeFlags::ITERABLE_COROUTINE),
    ("ASYNC_GENERATOR", CodeFlags::ASYNC_GENERATOR),
    ("FUTURE_ANNOTATIONS", CodeFlags::FUTURE_ANNOTATIONS),
    ("NO_MONITORING_EVENTS", CodeFlags::NO_MONITORING_EVENTS),
    ("HAS_DOCSTRING", CodeFlags::HAS_DOCSTRING),
    ("METHOD", CodeFlags::METHOD),
];

/// The names of the kinds of locals, as printed.
const KIND_NAMES: &[(&str, LocalKind)] = &[
    ("LOCAL", LocalKind::LOCAL),
    ("CELL", LocalKind::CELL),
    ("FREE", LocalKind::FREE),
    ("HIDDEN", LocalKind::HIDDEN),
    ("ARG_POSITIONAL", LocalKind::ARG_POSITIONAL),
    ("ARG_KEYWORD", LocalKind::ARG_KEYWORD),
    ("ARG_VARIADIC", LocalKind::ARG_VARIADIC),
];

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        print_code(f, self, 0)
    }
}

impl fmt::Display for Constant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        print_constant(f, self, 0)
    }
}

fn print_code(f: &mut fmt::Formatter<'_>, code: &Code, indent: usize) -> fmt::Result {
    let (outer, inner) = (indent, indent + 4);
    f.write_str("code ")?;
    print_name(f, &code.name)?;
    f.write_str(" {\n")?;
    write!(f, "{:inner$}qualname ", "")?;
    print_string(f, Wtf8::new(code.qualname.as_str()))?;
    write!(f, "\n{:inner$}filename ", "")?;
    print_string(f, Wtf8::new(code.filename.as_str()))?;
    writeln!(f, "\n{:inner$}first_line {}", "", code.first_line)?;
    write!(f, "{:inner$}flags", "")?;
    print_bits(f, code.flags.0, &mut FLAG_NAMES.iter().map(|&(name, flag)| (name, flag.0)))?;
    writeln!(
        f,
        "\n{:inner$}arguments {} positional_only {} keyword_only {}",
        "", code.arg_count, code.positional_only_count, code.keyword_only_count
    )?;
    writeln!(f, "{:inner$}stack {}", "", code.stack_size)?;
    section(f, inner, "locals", code.locals.len(), &mut |f, index| {
        let local = &code.locals[index];
        print_name(f, &local.name)?;
        print_bits(f, local.kind.0.into(), &mut KIND_NAMES.iter().map(|&(name, kind)| (name, kind.0.into())))
    })?;
    section(f, inner, "names", code.names.len(), &mut |f, index| print_name(f, &code.names[index]))?;
    section(f, inner, "constants", code.constants.len(), &mut |f, index| print_constant(f, &code.constants[index], inner + 4))?;
    print_instructions(f, code, inner)?;
    write!(f, "{:outer$}}}", "")
}

/// A row of a section, by its number.
type Row<'a> = dyn FnMut(&mut fmt::Formatter<'_>, usize) -> fmt::Result + 'a;

fn section(f: &mut fmt::Formatter<'_>, indent: usize, title: &str, count: usize, row: &mut Row<'_>) -> fmt::Result {
    if count == 0 {
        return Ok(());
    }
    writeln!(f, "{:indent$}{title} {{", "")?;
    for index in 0..count {
        write!(f, "{:indent$}    {index} ", "")?;
        row(f, index)?;
        f.write_char('\n')?;
    }
    writeln!(f, "{:indent$}}}", "")
}

/// Names for the bits that have one, a number for the rest.
fn print_bits(f: &mut fmt::Formatter<'_>, bits: u32, names: &mut dyn Iterator<Item = (&'static str, u32)>) -> fmt::Result {
    let mut rest = bits;
    for (name, bit) in names {
        if rest & bit == bit {
            write!(f, " {name}")?;
            rest &= !bit;
        }
    }
    if rest != 0 || bits == 0 { write!(f, " {rest:#x}") } else { Ok(()) }
}

fn print_instructions(f: &mut fmt::Formatter<'_>, code: &Code, indent: usize) -> fmt::Result {
    let labels = labels(code);
    writeln!(f, "{:indent$}instructions {{", "")?;
    let mut before = Location::NONE;
    let mut locations = code.locations.iter();
    for (index, &instruction) in code.instructions.iter().enumerate() {
        if let Some(label) = labels.get(&(index as u32)) {
            writeln!(f, "{:indent$}L{label}:", "")?;
        }
        let text = instruction_text(instruction, &labels);
        let location = locations.next().unwrap_or(before);
        let place = if location == before { String::new() } else { location_text(location) };
        before = location;
        let note = note(code, instruction);
        let mut line = format!("{:indent$}    {index:<4} {text:<32} {place:<16}", "");
        if !note.is_empty() {
            let _ = write!(line, " ; {note}");
        }
        writeln!(f, "{}", line.trim_end())?;
    }
    if let Some(label) = labels.get(&(code.instructions.len() as u32)) {
        writeln!(f, "{:indent$}L{label}:", "")?;
    }
    writeln!(f, "{:indent$}}}", "")?;
    if code.exception_table.is_empty() {
        return Ok(());
    }
    writeln!(f, "{:indent$}exceptions {{", "")?;
    for entry in &code.exception_table {
        let [start, end, target] = [entry.start, entry.end, entry.target].map(|index| index_text(index, &labels));
        let lasti = if entry.lasti { " lasti" } else { "" };
        writeln!(f, "{:indent$}    {start} to {end} -> {target} depth {}{lasti}", "", entry.depth)?;
    }
    writeln!(f, "{:indent$}}}", "")
}

/// Numbers for the instructions that jumps and the exception table name, in their order.
fn labels(code: &Code) -> BTreeMap<u32, usize> {
    let mut labels = BTreeMap::new();
    let mut add = |index: u32| {
        if index as usize <= code.instructions.len() {
            labels.insert(index, 0);
        }
    };
    for &instruction in &code.instructions {
        if is_jump(instruction) {
            add(instruction.arg());
        }
    }
    for entry in &code.exception_table {
        [entry.start, entry.end, entry.target].into_iter().for_each(&mut add);
    }
    for (number, label) in labels.values_mut().enumerate() {
        *label = number + 1;
    }
    labels
}

fn is_jump(instruction: Instr) -> bool {
    instruction.opcode().is_some_and(|opcode| opcode.info().arg == Arg::Jump)
}

fn index_text(index: u32, labels: &BTreeMap<u32, usize>) -> String {
    labels.get(&index).map_or_else(|| index.to_string(), |label| format!("L{label}"))
}

fn instruction_text(instruction: Instr, labels: &BTreeMap<u32, usize>) -> String {
    let plain = instruction.opcode().filter(|&opcode| Instr::new(opcode, instruction.arg()) == instruction);
    let Some(opcode) = plain else { return format!("RAW {:#x}", instruction.0) };
    match opcode.info().arg {
        Arg::None if instruction.arg() == 0 => opcode.name().to_owned(),
        Arg::Jump => format!("{} {}", opcode.name(), index_text(instruction.arg(), labels)),
        Arg::LocalPair => {
            let (first, second) = instruction.arg_pair();
            format!("{} {first} {second}", opcode.name())
        }
        _ => format!("{} {}", opcode.name(), instruction.arg()),
    }
}

/// Each instruction with what its operand means, for those who print code of their own that was made from it. Constants are left out.
pub fn listing(code: &Code) -> Vec<String> {
    let row = |instruction: &Instr| {
        let text = instruction_text(*instruction, &BTreeMap::new());
        let is_constant = instruction.opcode().is_some_and(|opcode| opcode.info().arg == Arg::Const);
        let note = if is_constant { String::new() } else { note(code, *instruction) };
        if note.is_empty() { text } else { format!("{text} ({note})") }
    };
    code.instructions.iter().map(row).collect()
}

fn location_text(location: Location) -> String {
    format!("@{}:{}..{}:{}", location.line, location.column, location.end_line, location.end_column)
}

/// What an operand means, for the reader.
fn note(code: &Code, instruction: Instr) -> String {
    let Some(opcode) = instruction.opcode() else { return String::new() };
    let operand = instruction.arg();
    let name = |index: u32| code.names.get(index as usize).map_or_else(|| "?".to_owned(), |name| comment_text(name));
    let local = |index: u32| code.locals.get(index as usize).map_or_else(|| "?".to_owned(), |local| comment_text(&local.name));
    let suffix = |text: &'static str| if operand & 1 != 0 { text } else { "" };
    match opcode.info().arg {
        Arg::Const => match code.constants.get(operand as usize) {
            Some(Constant::Code(inner)) => format!("code {}", comment_text(&inner.name)),
            Some(constant) => shortened(&constant.to_string()),
            None => "?".to_owned(),
        },
        Arg::Name => name(operand),
        Arg::Attr => name(operand >> 1) + suffix(" + NULL|self"),
        Arg::Global => name(operand >> 1) + suffix(" + NULL"),
        Arg::SuperAttr => name(operand >> 2) + suffix(" + NULL|self"),
        Arg::Local => local(operand),
        Arg::LocalPair => format!("{}, {}", local(operand >> 16), local(operand & 0xffff)),
        Arg::BinaryOp => text_of(opcode::BinaryOp::from_u32(operand).map(opcode::BinaryOp::text)),
        Arg::Comparison => {
            let text = text_of(opcode::Comparison::from_u32(operand & 15).map(opcode::Comparison::text));
            if operand & 16 != 0 { format!("bool({text})") } else { text }
        }
        Arg::Invert => if operand == 1 { "not" } else { "" }.to_owned(),
        Arg::Intrinsic1 => text_of(opcode::Intrinsic1::from_u32(operand).map(opcode::Intrinsic1::text)),
        Arg::Intrinsic2 => text_of(opcode::Intrinsic2::from_u32(operand).map(opcode::Intrinsic2::text)),
        Arg::CommonConstant => text_of(opcode::CommonConstant::from_u32(operand).map(opcode::CommonConstant::text)),
        Arg::Special => text_of(opcode::SpecialMethod::from_u32(operand).map(opcode::SpecialMethod::text)),
        Arg::FunctionAttribute => text_of(opcode::FunctionAttribute::from_u32(operand).map(opcode::FunctionAttribute::text)),
        Arg::Conversion => match operand {
            1 => "str",
            2 => "repr",
            3 => "ascii",
            _ => "?",
        }
        .to_owned(),
        Arg::UnpackEx => format!("{} before, {} after", operand & 0xff, operand >> 8),
        Arg::None | Arg::Count | Arg::Flags | Arg::Jump | Arg::Int | Arg::Resume => String::new(),
    }
}

fn text_of(text: Option<&'static str>) -> String {
    text.unwrap_or("?").to_owned()
}

/// A name without anything that would end a comment.
fn comment_text(name: &str) -> String {
    name.chars().flat_map(|c| if c.is_control() { c.escape_default().collect::<Vec<_>>() } else { vec![c] }).collect()
}

fn shortened(text: &str) -> String {
    let text = text.lines().next().unwrap_or("");
    if text.chars().count() <= 40 { text.to_owned() } else { text.chars().take(37).collect::<String>() + "..." }
}

fn print_constant(f: &mut fmt::Formatter<'_>, constant: &Constant, indent: usize) -> fmt::Result {
    match constant {
        Constant::None => f.write_str("None"),
        Constant::False => f.write_str("False"),
        Constant::True => f.write_str("True"),
        Constant::Ellipsis => f.write_str("Ellipsis"),
        Constant::Int(value) => write!(f, "{value}"),
        Constant::BigInt(value) => write!(f, "{value}n"),
        Constant::Float(value) => print_float(f, *value),
        Constant::Complex(real, imaginary) => {
            f.write_str("complex(")?;
            print_float(f, *real)?;
            f.write_str(", ")?;
            print_float(f, *imaginary)?;
            f.write_str(")")
        }
        Constant::Str(value) => print_string(f, value),
        Constant::Bytes(value) => print_bytes(f, value),
        Constant::Tuple(items) => print_items(f, "(", items, indent),
        Constant::FrozenSet(items) => print_items(f, "frozenset(", items, indent),
        Constant::Slice(parts) => print_items(f, "slice(", &parts[..], indent),
        Constant::Code(code) => stacker::maybe_grow(64 * 1024, 1024 * 1024, || print_code(f, code, indent)),
    }
}

fn print_items(f: &mut fmt::Formatter<'_>, open: &str, items: &[Constant], indent: usize) -> fmt::Result {
    f.write_str(open)?;
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            f.write_str(", ")?;
        }
        stacker::maybe_grow(64 * 1024, 1024 * 1024, || print_constant(f, item, indent))?;
    }
    f.write_str(")")
}

/// A float is its shortest decimal form, which has a point or an exponent; one that is not a
/// number is its bits.
fn print_float(f: &mut fmt::Formatter<'_>, value: f64) -> fmt::Result {
    if value.is_nan() { write!(f, "nan:{:#x}", value.to_bits()) } else { write!(f, "{value:?}") }
}

/// A name is bare if it reads back as one word.
fn print_name(f: &mut fmt::Formatter<'_>, name: &str) -> fmt::Result {
    let bare = !name.is_empty() && !name.starts_with(|c: char| c.is_ascii_digit()) && name.chars().all(lex::is_word_char);
    if bare { f.write_str(name) } else { print_string(f, Wtf8::new(name)) }
}

fn print_string(f: &mut fmt::Formatter<'_>, text: &Wtf8) -> fmt::Result {
    f.write_char('"')?;
    for point in text.code_points() {
        match point.to_char() {
            Some('"') => f.write_str("\\\"")?,
            Some('\\') => f.write_str("\\\\")?,
            Some('\n') => f.write_str("\\n")?,
            Some(c) if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}') => {
                write!(f, "\\u{{{:x}}}", u32::from(c))?;
            }
            Some(c) => f.write_char(c)?,
            None => write!(f, "\\u{{{:x}}}", point.to_u32())?,
        }
    }
    f.write_char('"')
}

fn print_bytes(f: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    write!(f, "b\"{}\"", bytes.escape_ascii())
}
