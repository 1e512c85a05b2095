//! A function as `regalloc2` sees it: flat tables of blocks, instructions and operands.
//!
//! The registers of an instruction are shown in the order of its operands, base before index, and the answer is read back in the
//! same order. Registers that are pinned are not shown.

use super::cold_calls::preserves_registers;
use super::machine::{clobbers_of_call, to_class, to_preg};
use crate::function::{Block as LirBlock, Function, Instr};
use crate::opcode::{Opcode, Role, Slot};
use crate::operand::Operand;
use crate::reg::{Class, Reg};
use regalloc2::{Block, Inst, InstRange, Operand as Constrained, OperandConstraint, OperandKind, OperandPos, PReg, PRegSet, RegClass, VReg};
use std::ops::Range;

pub(super) struct Adapter {
    blocks: Vec<BlockTables>,
    instrs: Vec<InstrTables>,
    operands: Vec<Constrained>,
    clobbers: Vec<PRegSet>,
    /// Successors and predecessors of all blocks.
    neighbours: Vec<Block>,
    /// Parameters of all blocks and arguments of all edges.
    values: Vec<VReg>,
    /// The arguments of each edge, in `values`.
    args: Vec<Range<u32>>,
    n_values: usize,
}

struct BlockTables {
    instrs: Range<u32>,
    successors: Range<u32>,
    predecessors: Range<u32>,
    params: Range<u32>,
    /// The first of its edges, in `args`.
    first_edge: u32,
}

struct InstrTables {
    first_operand: u32,
    n_operands: u32,
    /// Into `clobbers`, of calls.
    clobbers: Option<u32>,
    branches: bool,
    leaves: bool,
}

impl Adapter {
    pub fn new(function: &Function) -> Adapter {
        let n_instrs = function.n_instrs();
        let mut adapter = Adapter {
            blocks: Vec::with_capacity(function.blocks.len()),
            instrs: Vec::with_capacity(n_instrs),
            operands: Vec::with_capacity(n_instrs * 4),
            clobbers: Vec::new(),
            neighbours: Vec::with_capacity(function.blocks.len() * 4),
            values: Vec::new(),
            args: Vec::new(),
            n_values: function.n_virtual as usize,
        };
        let predecessors = function.predecessors();
        for (block, id) in function.blocks.iter().zip(function.block_ids()) {
            let instrs = adapter.add_instrs(function, block);
            let params = extend(&mut adapter.values, block.params.iter().map(|reg| to_vreg(*reg)));
            let successors = extend(&mut adapter.neighbours, block.edges.iter().map(|edge| Block::new(edge.block.index())));
            let predecessors = extend(&mut adapter.neighbours, predecessors.of(id).iter().map(|block| Block::new(block.index())));
            let first_edge = adapter.args.len() as u32;
            for edge in &block.edges {
                let args = extend(&mut adapter.values, edge.args.iter().map(|reg| to_vreg(*reg)));
                adapter.args.push(args);
            }
            adapter.blocks.push(BlockTables { instrs, successors, predecessors, params, first_edge });
        }
        adapter
    }

    fn add_instrs(&mut self, function: &Function, block: &LirBlock) -> Range<u32> {
        let first = self.instrs.len() as u32;
        for instr in &block.instrs {
            let first_operand = self.operands.len() as u32;
            let preserving = preserves_registers(function, block, instr);
            let constraints = Constraints { function, instr, preserving, operands: &mut self.operands };
            constraints.add();
            let n_operands = self.operands.len() as u32 - first_operand;
            let clobbers = (instr.opcode == Opcode::Call && !preserving).then(|| {
                let classes: Vec<Class> = function.defs(instr).map(Reg::class).collect();
                self.clobbers.push(clobbers_of_call(results(&classes)));
                self.clobbers.len() as u32 - 1
            });
            let leaves = instr.opcode.ends_block() && block.edges.is_empty();
            let branches = instr.opcode.ends_block() && !leaves;
            self.instrs.push(InstrTables { first_operand, n_operands, clobbers, branches, leaves });
        }
        first..self.instrs.len() as u32
    }
}

fn extend<T>(table: &mut Vec<T>, items: impl Iterator<Item = T>) -> Range<u32> {
    let start = table.len() as u32;
    table.extend(items);
    start..table.len() as u32
}

fn to_vreg(reg: Reg) -> VReg {
    VReg::new(reg.index().expect("a value is a virtual register"), to_class(reg.class()))
}

/// The registers in which the C calling convention gives back results of the classes.
fn results(classes: &[Class]) -> impl Iterator<Item = PReg> + '_ {
    classes.iter().enumerate().map(|(index, class)| match (class, index) {
        (Class::Float, _) => to_preg(Reg::XMM0),
        (Class::Int, 0) => to_preg(Reg::RAX),
        (Class::Int, _) => to_preg(Reg::RDX),
    })
}

/// Writes down what one instruction wants of its registers.
struct Constraints<'a> {
    function: &'a Function,
    instr: &'a Instr,
    /// A call that is written out by `cold_calls`.
    preserving: bool,
    operands: &'a mut Vec<Constrained>,
}

impl Constraints<'_> {
    fn add(mut self) {
        match self.instr.opcode {
            Opcode::Call if self.preserving => self.cold_call(),
            Opcode::Call => self.call(),
            Opcode::Return => self.values_returned(),
            Opcode::Arguments => self.arguments(),
            _ => self.by_row(),
        }
        let late = self.instr.n_defs > 0 || self.instr.opcode == Opcode::Call;
        let position = if late { OperandPos::Late } else { OperandPos::Early };
        for operand in self.function.recorded(self.instr) {
            self.read(*operand, OperandConstraint::Any, position);
        }
    }

    fn push(&mut self, reg: Reg, constraint: OperandConstraint, kind: OperandKind, position: OperandPos) {
        if reg.is_virtual() {
            self.operands.push(Constrained::new(to_vreg(reg), constraint, kind, position));
        }
    }

    /// A use; parts of an address are in registers.
    fn read(&mut self, operand: Operand, constraint: OperandConstraint, position: OperandPos) {
        match operand {
            Operand::Reg(reg) => self.push(reg, constraint, OperandKind::Use, position),
            Operand::Mem(_) => operand.for_each_reg(&mut |reg| self.push(reg, OperandConstraint::Reg, OperandKind::Use, position)),
            Operand::Imm(_) | Operand::Symbol(_) => (),
        }
    }

    fn write(&mut self, reg: Reg, constraint: OperandConstraint) {
        self.push(reg, constraint, OperandKind::Def, OperandPos::Late);
    }

    fn by_row(&mut self) {
        let (rows, uses) = (self.instr.opcode.slots(), self.function.uses(self.instr));
        let n_defs = self.instr.opcode.n_defs();
        for (def, row) in self.function.defs(self.instr).zip(rows) {
            let constraint = match row.fixed {
                Some(fixed) => OperandConstraint::FixedReg(to_preg(fixed)),
                None if row.role == Role::Reuse => OperandConstraint::Reuse(n_defs),
                None => OperandConstraint::Reg,
            };
            self.write(def, constraint);
        }
        let may_spill = spillable(uses, &rows[n_defs..]);
        for (index, (operand, row)) in uses.iter().zip(&rows[n_defs..]).enumerate() {
            let constraint = match row.fixed {
                Some(fixed) => OperandConstraint::FixedReg(to_preg(fixed)),
                None if may_spill == Some(index) => OperandConstraint::Any,
                None => OperandConstraint::Reg,
            };
            let position = if row.role == Role::Late { OperandPos::Late } else { OperandPos::Early };
            self.read(*operand, constraint, position);
        }
    }

    fn arguments(&mut self) {
        for (def, reg) in self.function.defs(self.instr).zip(&Reg::INT_ARGUMENTS[2..]) {
            self.write(def, OperandConstraint::FixedReg(to_preg(*reg)));
        }
    }

    fn values_returned(&mut self) {
        let uses = self.function.uses(self.instr);
        let classes: Vec<Class> = uses.iter().map(|operand| operand.reg().map_or(Class::Int, Reg::class)).collect();
        for (operand, preg) in uses.iter().zip(results(&classes)) {
            self.read(*operand, OperandConstraint::FixedReg(preg), OperandPos::Early);
        }
    }

    /// A call that takes values wherever they are.
    fn cold_call(&mut self) {
        for def in self.function.defs(self.instr) {
            self.write(def, OperandConstraint::Reg);
        }
        for operand in self.function.uses(self.instr) {
            self.read(*operand, OperandConstraint::Any, OperandPos::Early);
        }
    }

    fn call(&mut self) {
        let classes: Vec<Class> = self.function.defs(self.instr).map(Reg::class).collect();
        for (def, preg) in self.function.defs(self.instr).zip(results(&classes)) {
            self.write(def, OperandConstraint::FixedReg(preg));
        }
        let (target, args) = self.function.uses(self.instr).split_first().expect("a call has a target");
        self.read(*target, OperandConstraint::Reg, OperandPos::Early);
        let (mut ints, mut floats) = (Reg::INT_ARGUMENTS.iter(), 0..Reg::N_FLOAT_ARGUMENTS);
        for operand in args {
            let in_register = match operand.reg().map_or(Class::Int, Reg::class) {
                Class::Int => ints.next().copied(),
                Class::Float => floats.next().map(|number| Reg::machine(Class::Float, number as u8)),
            };
            let constraint = in_register.map_or(OperandConstraint::Any, |reg| OperandConstraint::FixedReg(to_preg(reg)));
            self.read(*operand, constraint, OperandPos::Early);
        }
    }
}

/// The one use that may be read from the stack: the last that the machine can read there, if nothing else is in memory.
fn spillable(uses: &[Operand], rows: &[Slot]) -> Option<usize> {
    if uses.iter().any(|operand| operand.mem().is_some()) {
        return None;
    }
    (0..rows.len()).rev().find(|&index| rows[index].form.accepts_slot() && uses[index].reg().is_some_and(Reg::is_virtual))
}

impl regalloc2::Function for Adapter {
    fn num_insts(&self) -> usize {
        self.instrs.len()
    }

    fn num_blocks(&self) -> usize {
        self.blocks.len()
    }

    fn entry_block(&self) -> Block {
        Block::new(0)
    }

    fn block_insns(&self, block: Block) -> InstRange {
        let range = &self.blocks[block.index()].instrs;
        InstRange::new(Inst::new(range.start as usize), Inst::new(range.end as usize))
    }

    fn block_succs(&self, block: Block) -> &[Block] {
        &self.neighbours[to_usize(&self.blocks[block.index()].successors)]
    }

    fn block_preds(&self, block: Block) -> &[Block] {
        &self.neighbours[to_usize(&self.blocks[block.index()].predecessors)]
    }

    fn block_params(&self, block: Block) -> &[VReg] {
        &self.values[to_usize(&self.blocks[block.index()].params)]
    }

    fn is_ret(&self, instr: Inst) -> bool {
        self.instrs[instr.index()].leaves
    }

    fn is_branch(&self, instr: Inst) -> bool {
        self.instrs[instr.index()].branches
    }

    fn branch_blockparams(&self, block: Block, _: Inst, successor: usize) -> &[VReg] {
        &self.values[to_usize(&self.args[self.blocks[block.index()].first_edge as usize + successor])]
    }

    fn inst_operands(&self, instr: Inst) -> &[Constrained] {
        let tables = &self.instrs[instr.index()];
        &self.operands[tables.first_operand as usize..(tables.first_operand + tables.n_operands) as usize]
    }

    fn inst_clobbers(&self, instr: Inst) -> PRegSet {
        self.instrs[instr.index()].clobbers.map_or(PRegSet::empty(), |index| self.clobbers[index as usize])
    }

    fn num_vregs(&self) -> usize {
        self.n_values
    }

    fn spillslot_size(&self, _: RegClass) -> usize {
        1
    }
}

fn to_usize(range: &Range<u32>) -> Range<usize> {
    range.start as usize..range.end as usize
}
