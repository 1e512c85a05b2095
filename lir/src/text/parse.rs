//! Reading functions.

use super::cursor::{Cursor, SyntaxError};
use crate::condition::{Condition, Width};
use crate::function::{BlockId, Draft, Edge, Function, NO_ORIGIN};
use crate::opcode::{Conditions, Edges, Opcode};
use crate::operand::{Address, Operand, Scale, SymbolId};
use crate::reg::Reg;
use crate::symbols::SymbolTable;

/// There is a table with a place for each virtual register: numbers that could only come from elsewhere are refused.
const MOST_REGISTERS: usize = 1 << 20;
/// Offsets in a stack frame have to fit 32 bits, with room to spare.
const MOST_WORDS: u32 = 1 << 24;

/// Reads one function whose symbols are numbers.
pub fn parse(text: &str) -> Result<Function, SyntaxError> {
    parse_with(text, &SymbolTable::new())
}

/// Reads one function; `symbols` gives the names.
pub fn parse_with(text: &str, symbols: &SymbolTable) -> Result<Function, SyntaxError> {
    let mut parser = Parser { cursor: Cursor::new(text), symbols, function: Function::default() };
    parser.function()?;
    Ok(parser.function)
}

struct Parser<'a> {
    cursor: Cursor<'a>,
    symbols: &'a SymbolTable,
    function: Function,
}

impl Parser<'_> {
    fn function(&mut self) -> Result<(), SyntaxError> {
        self.cursor.expect("fun")?;
        self.function.name = self.cursor.name()?.to_owned();
        if self.cursor.eat("(") {
            while !self.cursor.eat(")") {
                match self.cursor.word()? {
                    "area" => self.function.area = self.words()?,
                    "slots" => self.function.n_slots = self.words()?,
                    _ => return Err(self.cursor.error("expected `area` or `slots` before")),
                }
                self.cursor.eat(",");
            }
        }
        self.cursor.expect("{")?;
        while !self.cursor.eat("}") {
            self.block()?;
        }
        if self.cursor.is_at_end() { Ok(()) } else { Err(self.cursor.error("expected the end")) }
    }

    fn block(&mut self) -> Result<(), SyntaxError> {
        let id = self.block_id()?;
        if id.index() != self.function.blocks.len() {
            return Err(self.cursor.error(&format!("blocks are numbered in order, but {id} is not the next")));
        }
        self.function.add_block();
        if self.cursor.eat("(") {
            let params = self.regs_until(")")?;
            self.function.blocks[id.index()].params = params;
        }
        self.function.blocks[id.index()].cold = self.cursor.eat_word("cold");
        self.cursor.expect(":")?;
        while !self.cursor.starts_with("bb") && !self.cursor.starts_with("}") {
            self.instr(id)?;
        }
        Ok(())
    }

    /// A number of words in the stack frame.
    fn words(&mut self) -> Result<u32, SyntaxError> {
        let words = self.cursor.number()?;
        if words > MOST_WORDS { Err(self.cursor.error("a stack frame has no room for so much")) } else { Ok(words) }
    }

    fn block_id(&mut self) -> Result<BlockId, SyntaxError> {
        self.cursor.expect("bb")?;
        Ok(BlockId(self.cursor.number()?))
    }

    fn instr(&mut self, block: BlockId) -> Result<(), SyntaxError> {
        let line = self.cursor.line;
        let mut defs = Vec::new();
        while Reg::from_name(self.cursor.peek_word()).is_some() {
            defs.push(self.reg()?);
            if !self.cursor.eat(",") {
                self.cursor.expect("=")?;
                break;
            }
        }
        let name = self.cursor.word()?;
        let opcode = Opcode::from_name(name).ok_or_else(|| SyntaxError { line, message: format!("`{name}` is not an instruction") })?;
        let mut draft = Draft { defs: &defs, ..Draft::new(opcode) };
        self.width_and_condition(&mut draft)?;
        // An instruction without operands is followed by another word, which is on the next line.
        let mut uses = Vec::new();
        if self.cursor.line == line && self.at_operand() {
            uses.push(self.operand()?);
            while self.cursor.eat(",") {
                uses.push(self.operand()?);
            }
        }
        let recorded = if opcode.records() { self.recorded(&mut draft)? } else { Vec::new() };
        if opcode.ends_block() && self.cursor.eat("->") {
            self.edges(block, opcode)?;
        }
        if self.cursor.eat("@") {
            draft.origin = self.cursor.number()?;
            if draft.origin == NO_ORIGIN {
                return Err(self.cursor.error("the origin is too big before"));
            }
        }
        if defs.len() > usize::from(u8::MAX) || uses.len() + recorded.len() > usize::from(u16::MAX / 2) {
            return Err(SyntaxError { line, message: "too many operands".to_owned() });
        }
        self.function.push(block, &Draft { uses: &uses, recorded: &recorded, ..draft });
        Ok(())
    }

    fn width_and_condition(&mut self, draft: &mut Draft<'_>) -> Result<(), SyntaxError> {
        let facts = draft.opcode.facts();
        if facts.widths.len() > 1 {
            self.cursor.expect(".")?;
            let bits = self.cursor.number()?;
            draft.width =
                Width::from_bits(bits).filter(|width| facts.widths.contains(width)).ok_or_else(|| self.cursor.error("no such width before"))?;
        }
        if facts.conditions != Conditions::None {
            let condition = Condition::from_name(self.cursor.peek_word()).ok_or_else(|| self.cursor.error("expected a condition"))?;
            self.cursor.word()?;
            draft.condition = condition;
        }
        Ok(())
    }

    fn recorded(&mut self, draft: &mut Draft<'_>) -> Result<Vec<Operand>, SyntaxError> {
        self.cursor.expect(if draft.opcode == Opcode::Call { "safepoint" } else { "exit" })?;
        draft.id = self.cursor.number()?;
        let mut recorded = Vec::new();
        if self.cursor.eat("(") {
            while !self.cursor.eat(")") {
                recorded.push(self.operand()?);
                self.cursor.eat(",");
            }
        }
        Ok(recorded)
    }

    fn edges(&mut self, block: BlockId, opcode: Opcode) -> Result<(), SyntaxError> {
        loop {
            let mut key = 0;
            if opcode == Opcode::EntrySwitch {
                key = self.cursor.number()?;
                self.cursor.expect(":")?;
            }
            let target = self.block_id()?;
            let args = if self.cursor.eat("(") { self.regs_until(")")? } else { Vec::new() };
            self.function.blocks[block.index()].edges.push(Edge { block: target, args, key });
            if opcode.facts().edges == Edges::One || !self.cursor.eat(",") {
                return Ok(());
            }
        }
    }

    fn regs_until(&mut self, end: &str) -> Result<Vec<Reg>, SyntaxError> {
        let mut regs = Vec::new();
        while !self.cursor.eat(end) {
            regs.push(self.reg()?);
            self.cursor.eat(",");
        }
        Ok(regs)
    }

    fn reg(&mut self) -> Result<Reg, SyntaxError> {
        let reg = Reg::from_name(self.cursor.peek_word()).ok_or_else(|| self.cursor.error("expected a register"))?;
        if reg.index().is_some_and(|index| index >= MOST_REGISTERS) {
            return Err(self.cursor.error("the number of the register is too great"));
        }
        self.cursor.word()?;
        if let Some(index) = reg.index() {
            let next = u32::try_from(index + 1).expect("the number of a register has 29 bits");
            self.function.n_virtual = self.function.n_virtual.max(next);
        }
        Ok(reg)
    }

    fn at_operand(&self) -> bool {
        let starts = |c: char| c.is_ascii_digit() || matches!(c, '[' | '-' | '&');
        let word = self.cursor.peek_word();
        Reg::from_name(word).is_some()
            || self.cursor.starts_with("[")
            || self.cursor.starts_with("-") && !self.cursor.starts_with("->")
            || self.cursor.starts_with("&")
            || word.starts_with(starts)
    }

    fn operand(&mut self) -> Result<Operand, SyntaxError> {
        if self.cursor.starts_with("[") {
            return Ok(Operand::Mem(self.address()?));
        }
        if self.cursor.eat("&") {
            let name = self.cursor.symbol()?;
            let number = || name.parse().ok().map(SymbolId);
            let id = self.symbols.find(name).or_else(number).ok_or_else(|| self.cursor.error(&format!("no symbol `{name}` before")))?;
            return Ok(Operand::Symbol(id));
        }
        if Reg::from_name(self.cursor.peek_word()).is_some() {
            return Ok(Operand::Reg(self.reg()?));
        }
        Ok(Operand::Imm(self.cursor.number()?))
    }

    fn address(&mut self) -> Result<Address, SyntaxError> {
        self.cursor.expect("[")?;
        let base = self.reg()?;
        let mut address = Address::new(base, 0);
        if self.cursor.at_plus_name() {
            self.cursor.expect("+")?;
            let index = self.reg()?;
            self.cursor.expect("*")?;
            let factor = self.cursor.number()?;
            let scale = Scale::from_factor(factor).ok_or_else(|| self.cursor.error("a scale is 1, 2, 4 or 8, before"))?;
            address = Address::indexed(base, index, scale, 0);
        }
        if !self.cursor.starts_with("]") {
            address.offset = self.cursor.number()?;
        }
        self.cursor.expect("]")?;
        Ok(address)
    }
}
