//! Checks that a code object is fit to run: operands in range, jump targets that exist, one stack
//! depth for each instruction whatever path leads to it, no path off the end.
//!
//! The flaws it reports are bugs of whoever made the code. The checks follow every path from the
//! first instruction; the depth at a handler is what the exception table says, plus the exception
//! and, if asked for, the index of the raising instruction. Unreachable instructions have their
//! operands checked and no depth.

use crate::code::{Code, Constant, ExceptionEntry};
use crate::instr::Instr;
use crate::opcode::{self, Arg, Opcode};
use std::fmt;

/// What is wrong with a code object, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// The names of the code objects on the way to the flawed one.
    pub code: String,
    /// The instruction, if the flaw is one of an instruction.
    pub instruction: Option<u32>,
    pub kind: FlawKind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FlawKind {
    Empty,
    NotAnOpcode(u8),
    OperandOutOfRange { operand: u32, limit: u32 },
    UnknownOperand { operand: u32 },
    UnexpectedOperand { operand: u32 },
    JumpOutOfRange { target: u32 },
    JumpDirection { target: u32 },
    FallsOffTheEnd,
    Underflow { depth: u32, pops: u32 },
    DepthDisagrees { before: u32, now: u32 },
    StackTooSmall { depth: u32, declared: u32 },
    LocationCount { locations: u32, instructions: u32 },
    HandlerRange(ExceptionEntry),
    HandlerDepth { depth: u32, entry: u32 },
    HandlersNotSorted,
    ArgumentCounts,
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.code)?;
        if let Some(index) = self.instruction {
            write!(f, ", instruction {index}")?;
        }
        write!(f, ": {}", self.kind)
    }
}

impl fmt::Display for FlawKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FlawKind::Empty => write!(f, "no instructions"),
            FlawKind::NotAnOpcode(byte) => write!(f, "{byte} is not an opcode"),
            FlawKind::OperandOutOfRange { operand, limit } => {
                write!(f, "operand {operand} must be below {limit}")
            }
            FlawKind::UnknownOperand { operand } => write!(f, "operand {operand} has no meaning"),
            FlawKind::UnexpectedOperand { operand } => write!(f, "operand {operand} where none is taken"),
            FlawKind::JumpOutOfRange { target } => write!(f, "jump to {target}, which does not exist"),
            FlawKind::JumpDirection { target } => write!(f, "jump to {target} goes the wrong way"),
            FlawKind::FallsOffTheEnd => write!(f, "control falls off the end"),
            FlawKind::Underflow { depth, pops } => write!(f, "pops {pops} of {depth} values"),
            FlawKind::DepthDisagrees { before, now } => {
                write!(f, "reached with {before} values and with {now}")
            }
            FlawKind::StackTooSmall { depth, declared } => {
                write!(f, "{depth} values on a stack of {declared}")
            }
            FlawKind::LocationCount { locations, instructions } => {
                write!(f, "{locations} locations for {instructions} instructions")
            }
            FlawKind::HandlerRange(entry) => write!(f, "exception entry {} to {} -> {} is out of range", entry.start, entry.end, entry.target),
            FlawKind::HandlerDepth { depth, entry } => {
                write!(f, "{depth} values where its exception entry keeps {entry}")
            }
            FlawKind::HandlersNotSorted => write!(f, "exception entries overlap or are not sorted"),
            FlawKind::ArgumentCounts => write!(f, "fewer locals than parameters"),
        }
    }
}

/// Checks `code` and every code object among its constants.
pub fn verify(code: &Code) -> Result<(), Vec<Flaw>> {
    let mut flaws = Vec::new();
    // A list of its own instead of recursion: nesting is the input's to choose.
    let mut pending = vec![(code, code.qualname.clone())];
    while let Some((code, path)) = pending.pop() {
        verify_one(code, &path, &mut flaws);
        let mut constants: Vec<&Constant> = code.constants.iter().collect();
        while let Some(constant) = constants.pop() {
            match constant {
                Constant::Code(inner) => pending.push((inner, format!("{path} > {}", inner.name))),
                Constant::Tuple(items) | Constant::FrozenSet(items) => constants.extend(items),
                Constant::Slice(parts) => constants.extend(parts.iter()),
                Constant::None
                | Constant::False
                | Constant::True
                | Constant::Ellipsis
                | Constant::Int(_)
                | Constant::BigInt(_)
                | Constant::Float(_)
                | Constant::Complex(..)
                | Constant::Str(_)
                | Constant::Bytes(_) => {}
            }
        }
    }
    if flaws.is_empty() { Ok(()) } else { Err(flaws) }
}

/// The stack depth before each instruction; `None` where no path leads. For consumers that need
/// depths of code they have verified.
pub fn depths(code: &Code) -> Vec<Option<u32>> {
    let mut checker = Checker { code, path: "", flaws: &mut Vec::new(), depths: vec![None; code.instructions.len()] };
    checker.flow();
    checker.depths
}

fn verify_one(code: &Code, path: &str, flaws: &mut Vec<Flaw>) {
    let before = flaws.len();
    let mut checker = Checker { code, path, flaws, depths: vec![None; code.instructions.len()] };
    checker.shape();
    for (index, &instruction) in code.instructions.iter().enumerate() {
        checker.operand(index as u32, instruction);
    }
    // Depths make no sense where operands do not.
    if checker.flaws.len() == before {
        checker.flow();
    }
}

struct Checker<'a> {
    code: &'a Code,
    path: &'a str,
    flaws: &'a mut Vec<Flaw>,
    depths: Vec<Option<u32>>,
}

impl Checker<'_> {
    fn flaw(&mut self, instruction: Option<u32>, kind: FlawKind) {
        self.flaws.push(Flaw { code: self.path.to_owned(), instruction, kind });
    }

    fn shape(&mut self) {
        let code = self.code;
        let count = code.instructions.len();
        if count == 0 {
            self.flaw(None, FlawKind::Empty);
        }
        if code.locations.len() != count {
            let kind = FlawKind::LocationCount { locations: code.locations.len() as u32, instructions: count as u32 };
            self.flaw(None, kind);
        }
        let parameters = u64::from(code.arg_count) + u64::from(code.keyword_only_count);
        if parameters > code.locals.len() as u64 || code.positional_only_count > code.arg_count {
            self.flaw(None, FlawKind::ArgumentCounts);
        }
        let mut end = 0;
        for &entry in &code.exception_table {
            if entry.start >= entry.end || entry.end as usize > count || entry.target as usize >= count {
                self.flaw(None, FlawKind::HandlerRange(entry));
            }
            if entry.start < end {
                self.flaw(None, FlawKind::HandlersNotSorted);
            }
            end = entry.end;
        }
    }

    fn operand(&mut self, index: u32, instruction: Instr) {
        let Some(opcode) = instruction.opcode() else {
            return self.flaw(Some(index), FlawKind::NotAnOpcode(instruction.opcode_byte()));
        };
        let operand = instruction.arg();
        if let Some(kind) = self.operand_flaw(index, opcode, operand) {
            self.flaw(Some(index), kind);
        }
    }

    fn operand_flaw(&self, index: u32, opcode: Opcode, operand: u32) -> Option<FlawKind> {
        let below = |operand: u32, limit: usize| (operand as usize >= limit).then_some(FlawKind::OperandOutOfRange { operand, limit: limit as u32 });
        let known = |known: bool| (!known).then_some(FlawKind::UnknownOperand { operand });
        let (names, locals) = (self.code.names.len(), self.code.locals.len());
        match opcode.info().arg {
            Arg::None => (operand != 0).then_some(FlawKind::UnexpectedOperand { operand }),
            Arg::Count => self.count_flaw(opcode, operand),
            Arg::Flags | Arg::Int => None,
            Arg::Const => below(operand, self.code.constants.len()),
            Arg::Name => below(operand, names),
            Arg::Attr | Arg::Global => below(operand >> 1, names),
            Arg::SuperAttr => below(operand >> 2, names),
            Arg::Local => below(operand, locals),
            Arg::LocalPair => below(operand >> 16, locals).or_else(|| below(operand & 0xffff, locals)),
            Arg::Jump => self.jump_flaw(index, opcode, operand),
            Arg::BinaryOp => known(opcode::BinaryOp::from_u32(operand).is_some()),
            Arg::Comparison => known(opcode::Comparison::from_u32(operand & 15).is_some() && operand < 32),
            Arg::Invert => known(operand < 2),
            Arg::Conversion => known((1..4).contains(&operand)),
            Arg::Intrinsic1 => known(opcode::Intrinsic1::from_u32(operand).is_some()),
            Arg::Intrinsic2 => known(opcode::Intrinsic2::from_u32(operand).is_some()),
            Arg::CommonConstant => known(opcode::CommonConstant::from_u32(operand).is_some()),
            Arg::Special => known(opcode::SpecialMethod::from_u32(operand).is_some()),
            Arg::FunctionAttribute => known(opcode::FunctionAttribute::from_u32(operand).is_some()),
            Arg::UnpackEx => below(operand >> 8, 1 << 24),
            Arg::Resume => known(operand & 3 == operand || operand < 8),
        }
    }

    fn count_flaw(&self, opcode: Opcode, operand: u32) -> Option<FlawKind> {
        let lowest = match opcode {
            Opcode::Copy | Opcode::Swap => 1,
            Opcode::BuildSlice => 2,
            _ => 0,
        };
        let unknown = operand < lowest || (opcode == Opcode::BuildSlice && operand > 3) || (opcode == Opcode::RaiseVarargs && operand > 2);
        unknown.then_some(FlawKind::UnknownOperand { operand })
    }

    fn jump_flaw(&self, index: u32, opcode: Opcode, target: u32) -> Option<FlawKind> {
        if target as usize >= self.code.instructions.len() {
            return Some(FlawKind::JumpOutOfRange { target });
        }
        let backward = matches!(opcode, Opcode::JumpBackward | Opcode::JumpBackwardNoInterrupt);
        (backward != (target <= index)).then_some(FlawKind::JumpDirection { target })
    }

    /// Follows every path, noting the depth before each instruction.
    fn flow(&mut self) {
        let mut pending = Vec::new();
        self.reach(0, 0, &mut pending);
        while let Some(index) = pending.pop() {
            let Some(depth) = self.depths[index as usize] else { continue };
            self.step(index, depth, &mut pending);
        }
    }

    fn step(&mut self, index: u32, depth: u32, pending: &mut Vec<u32>) {
        let instruction = self.code.instructions[index as usize];
        let Some(opcode) = instruction.opcode() else { return };
        let (info, operand) = (opcode.info(), instruction.arg());
        self.handler(index, depth, pending);
        let pops = info.pops.at(operand);
        if pops > depth {
            return self.flaw(Some(index), FlawKind::Underflow { depth, pops });
        }
        let after = u64::from(depth - pops) + u64::from(info.pushes.at(operand));
        if after > u64::from(self.code.stack_size) {
            let kind = FlawKind::StackTooSmall { depth: u32::try_from(after).unwrap_or(u32::MAX), declared: self.code.stack_size };
            return self.flaw(Some(index), kind);
        }
        if info.jumps {
            self.reach(operand, after as u32, pending);
        }
        if !info.ends_block {
            if index as usize + 1 == self.code.instructions.len() {
                return self.flaw(Some(index), FlawKind::FallsOffTheEnd);
            }
            self.reach(index + 1, after as u32, pending);
        }
    }

    fn handler(&mut self, index: u32, depth: u32, pending: &mut Vec<u32>) {
        let Some(&entry) = entry_at(&self.code.exception_table, index) else { return };
        if depth < entry.depth {
            return self.flaw(Some(index), FlawKind::HandlerDepth { depth, entry: entry.depth });
        }
        let at_handler = entry.depth.saturating_add(1 + u32::from(entry.lasti));
        if at_handler > self.code.stack_size {
            let kind = FlawKind::StackTooSmall { depth: at_handler, declared: self.code.stack_size };
            return self.flaw(Some(index), kind);
        }
        self.reach(entry.target, at_handler, pending);
    }

    fn reach(&mut self, index: u32, depth: u32, pending: &mut Vec<u32>) {
        let Some(slot) = self.depths.get_mut(index as usize) else { return };
        match *slot {
            None => {
                *slot = Some(depth);
                pending.push(index);
            }
            Some(before) if before != depth => {
                self.flaw(Some(index), FlawKind::DepthDisagrees { before, now: depth });
            }
            Some(_) => {}
        }
    }
}

/// The entry of a sorted exception table that protects instruction `index`.
pub fn entry_at(table: &[ExceptionEntry], index: u32) -> Option<&ExceptionEntry> {
    let after = table.partition_point(|entry| entry.start <= index);
    table[..after].last().filter(|entry| index < entry.end)
}
