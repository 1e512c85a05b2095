//! A function: blocks of instructions, the operands in one pool. The same type before and after allocation.
//!
//! Before allocation every value is a virtual register, written once, and blocks have parameters that edges give values to.
//! After allocation values are in registers of the machine and in slots, and blocks and edges have no parameters.

use crate::condition::{Condition, Width};
use crate::opcode::Opcode;
use crate::operand::Operand;
use crate::reg::{Class, Reg};
use smallvec::SmallVec;
use std::fmt;
use std::ops::Range;

/// A block, by its place in `Function::blocks`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlockId(pub u32);

impl BlockId {
    /// The block that control comes in by.
    pub const ENTRY: BlockId = BlockId(0);

    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// The origin of instructions that come from nowhere in particular.
pub const NO_ORIGIN: u32 = u32::MAX;

/// One instruction. Its operands are `Function::operands(&instr)`: definitions, uses, recorded values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instr {
    pub opcode: Opcode,
    pub width: Width,
    /// Of opcodes that have one.
    pub condition: Condition,
    pub n_defs: u8,
    first: u32,
    n_operands: u16,
    /// How many of the operands, the last ones, are recorded for the exit or the safepoint.
    pub n_recorded: u16,
    /// The id of the exit or of the safepoint.
    pub id: u32,
    /// Where the instruction comes from: the index of a bytecode instruction, for the source map.
    pub origin: u32,
}

/// An instruction to be, with the operands at hand.
#[derive(Clone, Copy, Debug)]
pub struct Draft<'a> {
    pub opcode: Opcode,
    pub width: Width,
    pub condition: Condition,
    pub defs: &'a [Reg],
    pub uses: &'a [Operand],
    pub recorded: &'a [Operand],
    pub id: u32,
    pub origin: u32,
}

impl Draft<'_> {
    pub const fn new(opcode: Opcode) -> Draft<'static> {
        Draft { opcode, width: Width::W64, condition: Condition::Equal, defs: &[], uses: &[], recorded: &[], id: 0, origin: NO_ORIGIN }
    }
}

impl Instr {
    /// Whether its opcode takes a condition.
    pub fn has_condition(&self) -> bool {
        self.opcode.facts().conditions != crate::opcode::Conditions::None
    }

    /// The instruction without operands; they stay behind in the pool.
    pub(crate) fn without_operands(self) -> Instr {
        Instr { n_defs: 0, n_operands: 0, n_recorded: 0, ..self }
    }

    fn range(&self) -> Range<usize> {
        self.first as usize..self.first as usize + usize::from(self.n_operands)
    }

    fn recorded_from(&self) -> usize {
        self.range().end - usize::from(self.n_recorded)
    }
}

/// Where control goes, and the values of the target's parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    pub block: BlockId,
    pub args: Vec<Reg>,
    /// The entry's id, of an edge of an `EntrySwitch`.
    pub key: u32,
}

impl Edge {
    pub fn new(block: BlockId, args: Vec<Reg>) -> Edge {
        Edge { block, args, key: 0 }
    }
}

/// Instructions that run one after the other, the last of which goes elsewhere.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Block {
    pub params: Vec<Reg>,
    /// The last one ends the block.
    pub instrs: Vec<Instr>,
    /// Where the last instruction goes.
    pub edges: SmallVec<[Edge; 2]>,
    /// Rarely run: laid out behind all others.
    pub cold: bool,
}

impl Block {
    /// The last instruction, if it ends the block.
    pub fn terminator(&self) -> Option<&Instr> {
        self.instrs.last().filter(|instr| instr.opcode.ends_block())
    }
}

/// What machine code is made of.
#[derive(Clone, Debug, Default)]
pub struct Function {
    pub name: String,
    pub blocks: Vec<Block>,
    operands: Vec<Operand>,
    /// How many virtual registers have been given out.
    pub n_virtual: u32,
    /// Words of memory in the stack frame that `Reg::AREA` points at.
    pub area: u32,
    /// Slots of the stack frame, after allocation.
    pub n_slots: u32,
}

impl Function {
    /// A function without blocks; the first one added is the entry.
    pub fn new(name: &str) -> Function {
        let name = name.replace(|c: char| c.is_whitespace() || c == '#', "_");
        Function { name, ..Function::default() }
    }

    /// Adds an empty block.
    pub fn add_block(&mut self) -> BlockId {
        self.blocks.push(Block::default());
        BlockId(self.blocks.len() as u32 - 1)
    }

    /// A register that nothing has used yet.
    pub fn new_reg(&mut self, class: Class) -> Reg {
        self.n_virtual += 1;
        Reg::virtual_reg(class, self.n_virtual - 1)
    }

    /// Adds a parameter to the block.
    pub fn add_param(&mut self, block: BlockId, class: Class) -> Reg {
        let reg = self.new_reg(class);
        self.blocks[block.index()].params.push(reg);
        reg
    }

    pub fn block(&self, id: BlockId) -> &Block {
        &self.blocks[id.index()]
    }

    /// All blocks, in the order they were added.
    pub fn block_ids(&self) -> impl DoubleEndedIterator<Item = BlockId> + ExactSizeIterator + use<> {
        (0..self.blocks.len() as u32).map(BlockId)
    }

    /// How many instructions there are.
    pub fn n_instrs(&self) -> usize {
        self.blocks.iter().map(|block| block.instrs.len()).sum()
    }

    /// Puts the operands into the pool. The instruction is in no block yet.
    pub fn make(&mut self, draft: &Draft<'_>) -> Instr {
        let first = self.operands.len() as u32;
        self.operands.extend(draft.defs.iter().map(|&def| Operand::Reg(def)));
        self.operands.extend_from_slice(draft.uses);
        self.operands.extend_from_slice(draft.recorded);
        let n_operands = u16::try_from(self.operands.len() - first as usize).expect("an instruction has thousands of operands at most");
        Instr {
            opcode: draft.opcode,
            width: draft.width,
            condition: draft.condition,
            n_defs: draft.defs.len() as u8,
            first,
            n_operands,
            n_recorded: draft.recorded.len() as u16,
            id: draft.id,
            origin: draft.origin,
        }
    }

    /// Adds an instruction to the end of a block.
    pub fn push(&mut self, block: BlockId, draft: &Draft<'_>) {
        let instr = self.make(draft);
        self.blocks[block.index()].instrs.push(instr);
    }

    /// All operands: definitions, uses, recorded values.
    pub fn operands(&self, instr: &Instr) -> &[Operand] {
        &self.operands[instr.range()]
    }

    pub fn operands_mut(&mut self, instr: &Instr) -> &mut [Operand] {
        &mut self.operands[instr.range()]
    }

    /// The registers written.
    pub fn defs(&self, instr: &Instr) -> impl ExactSizeIterator<Item = Reg> + '_ {
        let defs = &self.operands[instr.first as usize..instr.first as usize + usize::from(instr.n_defs)];
        defs.iter().map(|operand| operand.reg().expect("a definition is a register"))
    }

    /// What is read, without what is recorded.
    pub fn uses(&self, instr: &Instr) -> &[Operand] {
        &self.operands[instr.first as usize + usize::from(instr.n_defs)..instr.recorded_from()]
    }

    /// The values that its exit or safepoint records.
    pub fn recorded(&self, instr: &Instr) -> &[Operand] {
        &self.operands[instr.recorded_from()..instr.range().end]
    }

    /// Gives an instruction another operand.
    pub fn set_use(&mut self, instr: &Instr, index: usize, operand: Operand) {
        let place = instr.first as usize + usize::from(instr.n_defs) + index;
        assert!(place < instr.recorded_from());
        self.operands[place] = operand;
    }

    /// The first register that the instruction defines.
    pub fn def(&self, instr: &Instr) -> Option<Reg> {
        self.defs(instr).next()
    }

    /// Calls `visit` for every register read: uses, parts of addresses, recorded values.
    pub fn for_each_use(&self, instr: &Instr, visit: &mut dyn FnMut(Reg)) {
        for operand in &self.operands(instr)[usize::from(instr.n_defs)..] {
            operand.for_each_reg(visit);
        }
    }

    /// Calls `visit` for every register read, to replace it.
    pub fn for_each_use_mut(&mut self, instr: &Instr, visit: &mut dyn FnMut(&mut Reg)) {
        let n_defs = usize::from(instr.n_defs);
        for operand in &mut self.operands_mut(instr)[n_defs..] {
            operand.for_each_reg_mut(visit);
        }
    }

    /// The blocks from which each block is reached, once for each edge.
    pub fn predecessors(&self) -> Predecessors {
        let mut starts = vec![0; self.blocks.len() + 1];
        let edges = || self.block_ids().flat_map(|id| self.block(id).edges.iter().map(move |edge| (id, edge.block.index())));
        edges().for_each(|(_, to)| starts[to + 1] += 1);
        for block in 0..self.blocks.len() {
            starts[block + 1] += starts[block];
        }
        let mut ends = starts.clone();
        let mut from = vec![BlockId(0); starts[self.blocks.len()]];
        for (id, to) in edges() {
            from[ends[to]] = id;
            ends[to] += 1;
        }
        Predecessors { starts, from }
    }

    /// Whether the functions are the same but for the places of operands in the pool.
    pub fn same_as(&self, other: &Function) -> bool {
        let same_instr = |left: &Instr, right: &Instr| {
            let key = |i: &Instr| (i.opcode, i.width, i.n_defs, i.n_recorded, i.id, i.origin, i.has_condition().then_some(i.condition));
            key(left) == key(right) && self.operands(left) == other.operands(right)
        };
        let same_block = |(left, right): (&Block, &Block)| {
            (&left.params, &left.edges, left.cold) == (&right.params, &right.edges, right.cold)
                && left.instrs.len() == right.instrs.len()
                && left.instrs.iter().zip(&right.instrs).all(|(left, right)| same_instr(left, right))
        };
        (&self.name, self.area, self.n_slots) == (&other.name, other.area, other.n_slots)
            && self.blocks.len() == other.blocks.len()
            && self.blocks.iter().zip(&other.blocks).all(same_block)
    }
}

impl fmt::Display for BlockId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "bb{}", self.0)
    }
}

impl fmt::Debug for BlockId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// From where the blocks of a function are reached.
pub struct Predecessors {
    /// By block: where its own begin in `from`.
    starts: Vec<usize>,
    from: Vec<BlockId>,
}

impl Predecessors {
    pub fn of(&self, block: BlockId) -> &[BlockId] {
        &self.from[self.starts[block.index()]..self.starts[block.index() + 1]]
    }
}
