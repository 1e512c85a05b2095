//! Small improvements, before allocation: one rule looks at one instruction and at what defines its operands.
//!
//! Blocks are visited in reverse post-order, so definitions come before uses. A rule answers with a change; it is asked again until no
//! rule has one. A value that turns out to be another one becomes its alias, and its uses are replaced when they are reached, or at the end. Last,
//! what nobody uses goes. `after_allocation` has the rules that need registers.

mod addresses;
mod after_allocation;
mod branch_on_select;
mod branch_on_set;
mod branches;
mod compare_zero;
mod copies;
mod dead_code;
mod extensions;
mod fold_constants;
mod identities;
mod immediates;
mod loads;
mod powers_of_two;
mod selects;
mod sums;
mod swap_operands;
mod test_of_and;

pub(crate) use after_allocation::improve_allocated;

use crate::condition::{Condition, Width};
use crate::dominators::reverse_post_order;
use crate::function::{BlockId, Draft, Function, Instr};
use crate::opcode::{Effect, Opcode};
use crate::operand::{Address, Operand};
use crate::reg::Reg;

/// One rule.
#[derive(Clone, Copy)]
pub struct Rule {
    pub name: &'static str,
    apply: fn(&Site<'_>) -> Option<Change>,
}

macro_rules! rules {
    ($($name:ident),*) => {
        /// All rules, in the order in which they are asked.
        pub const RULES: &[Rule] = &[$(Rule { name: stringify!($name), apply: $name::apply }),*];
    };
}

rules! {
    copies, swap_operands, immediates, fold_constants, identities, sums, powers_of_two, extensions, compare_zero, test_of_and, branch_on_set,
    branch_on_select, branches, selects, addresses, loads
}

/// Applies all rules.
pub fn improve(function: &mut Function) {
    improve_by(function, RULES);
}

/// Applies these rules, and removes what is not used.
pub fn improve_by(function: &mut Function, rules: &[Rule]) {
    let mut rewriter = Rewriter::new(function);
    let order = reverse_post_order(function, &|block| function.block(block).edges.iter().map(|edge| edge.block).collect());
    for block in order {
        rewriter.block(function, block, rules);
    }
    rewriter.resolve_all(function);
    dead_code::remove(function);
    debug_assert_eq!(crate::verify::verify(function), Ok(()), "{function}");
}

/// What a rule makes of an instruction.
enum Change {
    /// Another instruction in its place, with the same results, records and origin.
    Replace(Shape),
    /// Its result is this value.
    Alias(Reg),
    /// Its result is this constant.
    Constant(i64),
    /// It does nothing.
    Remove,
    /// It goes to this edge, always.
    Take(usize),
}

/// An instruction without its results and records.
#[derive(Clone, Copy)]
struct Shape {
    opcode: Opcode,
    width: Width,
    condition: Condition,
    uses: [Operand; 4],
    n_uses: usize,
}

impl Shape {
    fn new(opcode: Opcode, like: &Instr, operands: &[Operand]) -> Shape {
        let mut uses = [Operand::Imm(0); 4];
        uses[..operands.len()].copy_from_slice(operands);
        Shape { opcode, width: like.width, condition: like.condition, uses, n_uses: operands.len() }
    }
}

/// The definition of a value, as it is after its own rewriting.
#[derive(Clone, Copy)]
struct Definition {
    instr: Instr,
    block: BlockId,
    /// How often memory had been written in the block before.
    epoch: u32,
}

struct Rewriter {
    definitions: Vec<Option<Definition>>,
    aliases: Vec<Option<Reg>>,
    n_uses: Vec<u32>,
    block: BlockId,
    epoch: u32,
    /// For the next block's instructions.
    room: Vec<Instr>,
}

/// An instruction that a rule looks at.
struct Site<'a> {
    function: &'a Function,
    rewriter: &'a Rewriter,
    instr: &'a Instr,
}

impl Rewriter {
    fn new(function: &Function) -> Rewriter {
        let n_values = function.n_virtual as usize;
        let mut n_uses = vec![0; n_values];
        let mut count = |reg: Reg| {
            if let Some(index) = reg.index() {
                n_uses[index] += 1;
            }
        };
        for block in &function.blocks {
            block.instrs.iter().for_each(|instr| function.for_each_use(instr, &mut count));
            block.edges.iter().flat_map(|edge| &edge.args).for_each(|reg| count(*reg));
        }
        Rewriter { definitions: vec![None; n_values], aliases: vec![None; n_values], n_uses, block: BlockId::ENTRY, epoch: 0, room: Vec::new() }
    }

    fn block(&mut self, function: &mut Function, id: BlockId, rules: &[Rule]) {
        self.block = id;
        self.epoch = 0;
        let mut old = std::mem::take(&mut function.blocks[id.index()].instrs);
        let mut new = std::mem::take(&mut self.room);
        for instr in old.drain(..) {
            function.for_each_use_mut(&instr, &mut |reg| *reg = self.resolve(*reg));
            let Some(instr) = self.rewrite(function, instr, rules) else { continue };
            for def in function.defs(&instr) {
                if let Some(index) = def.index() {
                    self.definitions[index] = Some(Definition { instr, block: id, epoch: self.epoch });
                }
            }
            if instr.opcode == Opcode::Call || instr.opcode.facts().effect == Effect::Writes {
                self.epoch += 1;
            }
            new.push(instr);
        }
        function.blocks[id.index()].instrs = new;
        self.room = old;
    }

    /// Asks the rules until none has a change. Nothing is left of an instruction whose result is another value.
    fn rewrite(&mut self, function: &mut Function, mut instr: Instr, rules: &[Rule]) -> Option<Instr> {
        // Each change makes the instruction simpler; the bound is for rules that undo each other.
        for _ in 0..16 {
            let site = Site { function, rewriter: self, instr: &instr };
            let Some(change) = rules.iter().find_map(|rule| (rule.apply)(&site)) else { break };
            match change {
                Change::Replace(shape) => instr = self.replace(function, &instr, &shape),
                Change::Constant(value) => {
                    let shape = Shape { width: Width::W64, ..Shape::new(Opcode::LoadImm, &instr, &[Operand::Imm(value)]) };
                    instr = self.replace(function, &instr, &shape);
                }
                Change::Alias(value) => {
                    let index = function.def(&instr).and_then(Reg::index).expect("an alias has a name");
                    self.aliases[index] = Some(value);
                    return None;
                }
                Change::Remove => return None,
                Change::Take(edge) => {
                    let edges = &mut function.blocks[self.block.index()].edges;
                    edges.swap(0, edge);
                    edges.truncate(1);
                    let shape = Shape { width: Width::W64, ..Shape::new(Opcode::Branch, &instr, &[]) };
                    instr = self.replace(function, &instr, &shape);
                }
            }
        }
        Some(instr)
    }

    fn replace(&mut self, function: &mut Function, instr: &Instr, shape: &Shape) -> Instr {
        let defs: Vec<Reg> = function.defs(instr).collect();
        let recorded = function.recorded(instr).to_vec();
        function.make(&Draft {
            opcode: shape.opcode,
            width: shape.width,
            condition: shape.condition,
            defs: &defs,
            uses: &shape.uses[..shape.n_uses],
            recorded: &recorded,
            id: instr.id,
            origin: instr.origin,
        })
    }

    fn resolve(&self, mut reg: Reg) -> Reg {
        while let Some(Some(value)) = reg.index().and_then(|index| self.aliases.get(index)) {
            reg = *value;
        }
        reg
    }

    /// Replaces aliases wherever they are left: in loops, and on edges.
    fn resolve_all(&self, function: &mut Function) {
        if self.aliases.iter().all(Option::is_none) {
            return;
        }
        for id in function.block_ids() {
            let instrs = std::mem::take(&mut function.blocks[id.index()].instrs);
            for instr in &instrs {
                function.for_each_use_mut(instr, &mut |reg| *reg = self.resolve(*reg));
            }
            let block = &mut function.blocks[id.index()];
            block.instrs = instrs;
            block.edges.iter_mut().flat_map(|edge| &mut edge.args).for_each(|reg| *reg = self.resolve(*reg));
        }
    }
}

impl<'a> Site<'a> {
    fn uses(&self) -> &'a [Operand] {
        self.function.uses(self.instr)
    }

    /// What defines the value; not a parameter's edges.
    fn definition(&self, operand: Operand) -> Option<&'a Definition> {
        let definitions: &'a [Option<Definition>] = &self.rewriter.definitions;
        definitions.get(operand.reg()?.index()?)?.as_ref()
    }

    /// Whether memory is certainly as it was at the definition.
    fn has_same_memory(&self, definition: &Definition) -> bool {
        definition.block == self.rewriter.block && definition.epoch == self.rewriter.epoch
    }

    /// The instruction of the opcode that defines the value, with its uses.
    fn defined_by(&self, operand: Operand, opcode: Opcode) -> Option<(&'a Instr, &'a [Operand])> {
        let definition = self.definition(operand)?;
        (definition.instr.opcode == opcode).then(|| (&definition.instr, self.function.uses(&definition.instr)))
    }

    /// The operand's value, if that is known.
    fn constant(&self, operand: Operand) -> Option<i64> {
        match operand {
            Operand::Imm(value) => Some(value),
            _ => self.defined_by(operand, Opcode::LoadImm)?.1[0].imm(),
        }
    }

    /// The same instruction with other uses.
    fn with_uses(&self, uses: &[Operand]) -> Change {
        Change::Replace(Shape::new(self.instr.opcode, self.instr, uses))
    }

    /// The same instruction with one use replaced. Not for instructions with many uses.
    fn with_use(&self, index: usize, operand: Operand) -> Option<Change> {
        let mut uses = [Operand::Imm(0); 4];
        let old = self.uses();
        let uses = uses.get_mut(..old.len())?;
        uses.copy_from_slice(old);
        uses[index] = operand;
        Some(self.with_uses(uses))
    }

    /// Whether the use's position accepts the operand.
    fn accepts(&self, index: usize, operand: Operand) -> bool {
        let slots = &self.instr.opcode.slots()[self.instr.opcode.n_defs()..];
        slots.get(index).is_some_and(|slot| slot.form.accepts(operand))
    }

    /// The address among the uses, and its place there.
    fn address(&self) -> Option<(usize, Address)> {
        self.uses().iter().enumerate().take(4).find_map(|(index, operand)| Some((index, operand.mem()?)))
    }
}
