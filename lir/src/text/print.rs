//! Writing functions.

use crate::function::{Block, BlockId, Edge, Function, Instr, NO_ORIGIN};
use crate::opcode::Opcode;
use crate::operand::Operand;
use crate::symbols::SymbolTable;
use std::fmt;

/// A function that prints itself with the names of symbols.
pub struct PrintedFunction<'a> {
    function: &'a Function,
    symbols: Option<&'a SymbolTable>,
    remarks: Option<Remarks<'a>>,
}

/// Gives the lines to be said of an origin, in front of its instructions.
pub type Remarks<'a> = &'a dyn Fn(u32) -> Vec<String>;

/// An instruction that prints itself, with its edges where it ends a block.
pub struct PrintedInstr<'a> {
    function: &'a Function,
    instr: &'a Instr,
    edges: &'a [Edge],
    symbols: Option<&'a SymbolTable>,
}

impl Function {
    /// The text with names of symbols; `Display` has numbers.
    pub fn print_with<'a>(&'a self, symbols: &'a SymbolTable) -> PrintedFunction<'a> {
        PrintedFunction { function: self, symbols: Some(symbols), remarks: None }
    }

    /// The same with lines about the origins of instructions, each in front of the first that has another one than the one before.
    pub fn print_with_remarks<'a>(&'a self, symbols: &'a SymbolTable, remarks: Remarks<'a>) -> PrintedFunction<'a> {
        PrintedFunction { function: self, symbols: Some(symbols), remarks: Some(remarks) }
    }

    pub fn print_instr<'a>(&'a self, block: &'a Block, instr: &'a Instr, symbols: Option<&'a SymbolTable>) -> PrintedInstr<'a> {
        let edges = if instr.opcode.ends_block() { &block.edges[..] } else { &[] };
        PrintedInstr { function: self, instr, edges, symbols }
    }
}

impl fmt::Display for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        PrintedFunction { function: self, symbols: None, remarks: None }.fmt(f)
    }
}

impl fmt::Display for PrintedFunction<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "fun {} ", self.function.name)?;
        match (self.function.area, self.function.n_slots) {
            (0, 0) => (),
            (area, 0) => write!(f, "(area {area}) ")?,
            (0, slots) => write!(f, "(slots {slots}) ")?,
            (area, slots) => write!(f, "(area {area}, slots {slots}) ")?,
        }
        f.write_str("{\n")?;
        let mut origin = NO_ORIGIN;
        for id in self.function.block_ids() {
            self.block(f, id, &mut origin)?;
        }
        f.write_str("}\n")
    }
}

impl PrintedFunction<'_> {
    fn block(&self, f: &mut fmt::Formatter<'_>, id: BlockId, origin: &mut u32) -> fmt::Result {
        let block = self.function.block(id);
        write!(f, "{id}")?;
        if !block.params.is_empty() {
            f.write_str(" (")?;
            list(f, &block.params, &mut |f, reg| write!(f, "{reg}"))?;
            f.write_str(")")?;
        }
        f.write_str(if block.cold { " cold:\n" } else { ":\n" })?;
        for instr in &block.instrs {
            if let Some(remarks) = self.remarks.filter(|_| instr.origin != *origin && instr.origin != NO_ORIGIN) {
                *origin = instr.origin;
                remarks(*origin).iter().try_for_each(|line| writeln!(f, "  # {line}"))?;
            }
            writeln!(f, "  {}", self.function.print_instr(block, instr, self.symbols))?;
        }
        Ok(())
    }
}

impl fmt::Display for PrintedInstr<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (function, instr) = (self.function, self.instr);
        if instr.n_defs > 0 {
            let defs = &function.operands(instr)[..usize::from(instr.n_defs)];
            list(f, defs, &mut |f, def| self.operand(f, *def))?;
            f.write_str(" = ")?;
        }
        f.write_str(instr.opcode.name())?;
        if instr.opcode.facts().widths.len() > 1 {
            write!(f, ".{}", instr.width.bits())?;
        }
        if instr.has_condition() {
            write!(f, " {}", instr.condition)?;
        }
        if !function.uses(instr).is_empty() {
            f.write_str(" ")?;
            list(f, function.uses(instr), &mut |f, operand| self.operand(f, *operand))?;
        }
        self.recorded(f)?;
        if !self.edges.is_empty() {
            f.write_str(" -> ")?;
            list(f, self.edges, &mut |f, edge| self.edge(f, edge))?;
        }
        if instr.origin != NO_ORIGIN {
            write!(f, " @{}", instr.origin)?;
        }
        Ok(())
    }
}

impl PrintedInstr<'_> {
    fn operand(&self, f: &mut fmt::Formatter<'_>, operand: Operand) -> fmt::Result {
        match operand {
            Operand::Reg(reg) => write!(f, "{reg}"),
            Operand::Imm(imm) => match self.symbols.and_then(|symbols| symbols.word(imm as u64)) {
                Some(name) => f.write_str(name),
                None => write!(f, "{imm}"),
            },
            Operand::Mem(address) => write!(f, "{address}"),
            Operand::Symbol(id) => match self.symbols.and_then(|symbols| symbols.name(id)) {
                Some(name) => write!(f, "&{name}"),
                None => write!(f, "&{}", id.0),
            },
        }
    }

    fn recorded(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.instr.opcode.records() {
            return Ok(());
        }
        let what = if self.instr.opcode == Opcode::Call { "safepoint" } else { "exit" };
        write!(f, " {what} {}", self.instr.id)?;
        let recorded = self.function.recorded(self.instr);
        if recorded.is_empty() {
            return Ok(());
        }
        f.write_str(" (")?;
        list(f, recorded, &mut |f, operand| self.operand(f, *operand))?;
        f.write_str(")")
    }

    fn edge(&self, f: &mut fmt::Formatter<'_>, edge: &Edge) -> fmt::Result {
        if self.instr.opcode == Opcode::EntrySwitch {
            write!(f, "{}: ", edge.key)?;
        }
        write!(f, "{}", edge.block)?;
        if edge.args.is_empty() {
            return Ok(());
        }
        f.write_str("(")?;
        list(f, &edge.args, &mut |f, reg| write!(f, "{reg}"))?;
        f.write_str(")")
    }
}

/// Prints the items with commas between them.
fn list<T>(f: &mut fmt::Formatter<'_>, items: &[T], print: &mut dyn FnMut(&mut fmt::Formatter<'_>, &T) -> fmt::Result) -> fmt::Result {
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            f.write_str(", ")?;
        }
        print(f, item)?;
    }
    Ok(())
}
