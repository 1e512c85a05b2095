//! Machine code to text that does not depend on addresses: jumps go to labels, calls and constants have the names of symbols.

use crate::code::Code;
use iced_x86::{Decoder, DecoderOptions, Formatter, GasFormatter, Instruction, NasmFormatter, OpKind, SymbolResolver, SymbolResult};
use lir::text::Remarks;
use lir::{Allocated, NO_ORIGIN, SymbolTable};
use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;

/// How instructions are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Syntax {
    #[default]
    Intel,
    Att,
}

/// The code with what it was made from, if that is at hand, and its exits and patchpoints.
pub fn disassemble(code: &Code, symbols: &SymbolTable, allocated: Option<&Allocated>) -> String {
    disassemble_with(code, symbols, allocated, &|_| Vec::new(), Syntax::Intel)
}

/// The same with lines about the origins of instructions, each in front of the first that has it.
pub fn disassemble_with(code: &Code, symbols: &SymbolTable, allocated: Option<&Allocated>, remarks: Remarks<'_>, syntax: Syntax) -> String {
    let marks = Marks::of(code, symbols, allocated, remarks);
    print(&code.bytes[..code.code_size as usize], &marks, syntax)
}

/// Bytes alone.
pub fn disassemble_bytes(bytes: &[u8]) -> String {
    print(bytes, &Marks::default(), Syntax::Intel)
}

/// What is said at which offset.
#[derive(Default)]
struct Marks {
    /// Lines before the instruction.
    before: BTreeMap<u32, Vec<String>>,
    /// Remarks behind the instruction.
    behind: HashMap<u32, String>,
    /// Names of targets of jumps that are not labels by number.
    targets: HashMap<u32, String>,
    /// Names of constants and of words in the pool.
    names: HashMap<u64, String>,
}

impl Marks {
    fn of(code: &Code, symbols: &SymbolTable, allocated: Option<&Allocated>, remarks: Remarks<'_>) -> Marks {
        let mut marks = Marks::default();
        for entry in &code.entries {
            marks.line(entry.offset, format!("entry {}:", entry.id));
        }
        for (index, exit) in code.exits.iter().enumerate() {
            marks.targets.insert(exit.stub_offset, format!("exit{index}"));
        }
        for patchpoint in &code.patchpoints {
            marks.behind.insert(patchpoint.offset, format!("patchpoint for exit{}", patchpoint.exit));
        }
        for (_, name, address) in symbols.iter() {
            marks.names.entry(address).or_insert_with(|| name.to_owned());
        }
        for (word, name) in symbols.words() {
            marks.names.entry(word).or_insert_with(|| name.to_owned());
        }
        for (index, word) in code.bytes[code.pool_offset as usize..].chunks_exact(8).enumerate() {
            let word = u64::from_le_bytes(word.try_into().expect("a chunk has eight bytes"));
            let name = marks.names.get(&word).cloned().unwrap_or_else(|| format!("{word:#x}"));
            marks.targets.insert(code.pool_offset + 8 * index as u32, name);
        }
        if let Some(allocated) = allocated {
            let mut origin = NO_ORIGIN;
            for source in &code.source_map {
                if source.origin != origin && source.origin != NO_ORIGIN {
                    origin = source.origin;
                    remarks(origin).into_iter().for_each(|line| marks.line(source.offset, format!(";; {line}")));
                }
                let block = &allocated.function.blocks[source.block as usize];
                let instr = &block.instrs[source.instr as usize];
                marks.line(source.offset, format!("; {}", allocated.function.print_instr(block, instr, Some(symbols))));
            }
        }
        marks
    }

    fn line(&mut self, offset: u32, line: String) {
        self.before.entry(offset).or_default().push(line);
    }
}

/// Gives the formatter names instead of addresses.
struct Names {
    targets: HashMap<u64, String>,
    constants: HashMap<u64, String>,
}

impl SymbolResolver for Names {
    fn symbol(&mut self, instruction: &Instruction, operand: u32, own: Option<u32>, address: u64, _: u32) -> Option<SymbolResult<'_>> {
        let kind = instruction.try_op_kind(own.unwrap_or(operand)).unwrap_or(OpKind::Register);
        let name = match kind {
            OpKind::Immediate64 | OpKind::Immediate32 | OpKind::Immediate32to64 => self.constants.get(&address)?,
            OpKind::NearBranch64 => self.targets.get(&address)?,
            OpKind::Memory if instruction.is_ip_rel_memory_operand() => self.targets.get(&address)?,
            _ => return None,
        };
        Some(SymbolResult::with_str(address, name))
    }
}

fn decode(bytes: &[u8]) -> Vec<Instruction> {
    Decoder::with_ip(64, bytes, 0, DecoderOptions::NONE).into_iter().collect()
}

/// What writes instructions.
fn formatter(names: Names, syntax: Syntax) -> Box<dyn Formatter> {
    let names: Box<dyn SymbolResolver> = Box::new(names);
    let mut formatter: Box<dyn Formatter> = match syntax {
        Syntax::Intel => Box::new(NasmFormatter::with_options(Some(names), None)),
        Syntax::Att => Box::new(GasFormatter::with_options(Some(names), None)),
    };
    let options = formatter.options_mut();
    options.set_hex_prefix("0x");
    options.set_hex_suffix("");
    options.set_uppercase_hex(false);
    options.set_small_hex_numbers_in_decimal(true);
    options.set_branch_leading_zeros(false);
    options.set_space_after_operand_separator(true);
    options.set_show_branch_size(false);
    options.set_rip_relative_addresses(false);
    formatter
}

fn print(bytes: &[u8], marks: &Marks, syntax: Syntax) -> String {
    let instructions = decode(bytes);
    let mut targets: BTreeMap<u64, String> = BTreeMap::new();
    for instruction in &instructions {
        let target = match instruction.op0_kind() {
            OpKind::NearBranch64 => instruction.near_branch_target(),
            _ if instruction.is_ip_rel_memory_operand() => instruction.ip_rel_memory_address(),
            _ => continue,
        };
        targets.insert(target, String::new());
    }
    targets.extend(marks.targets.keys().map(|offset| (u64::from(*offset), String::new())));
    let mut next = 0;
    for (offset, name) in &mut targets {
        *name = marks.targets.get(&(*offset as u32)).cloned().unwrap_or_else(|| {
            next += 1;
            format!("L{}", next - 1)
        });
    }
    let names = Names { targets: targets.clone().into_iter().collect(), constants: marks.names.clone() };
    let mut formatter = formatter(names, syntax);
    let mut out = String::new();
    let mut text = String::new();
    for instruction in &instructions {
        let offset = instruction.ip() as u32;
        for line in marks.before.get(&offset).into_iter().flatten() {
            let _ = writeln!(out, "{line}");
        }
        if let Some(label) = targets.get(&instruction.ip()) {
            let _ = writeln!(out, "{label}:");
        }
        text.clear();
        formatter.format(instruction, &mut text);
        let _ = write!(out, "    {text}");
        if let Some(remark) = marks.behind.get(&offset) {
            let _ = write!(out, " ; {remark}");
        }
        out.push('\n');
    }
    out
}
