//! What every function must satisfy: forms, classes, one definition for each value, definitions before uses, edges that fit.

use crate::condition::Condition;
use crate::dominators::Dominators;
use crate::function::{Block, BlockId, Function, Instr};
use crate::opcode::{Conditions, Edges, Opcode};
use crate::operand::Operand;
use crate::reg::{Class, Place, Reg};
use std::fmt;

/// A way in which a function is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    pub block: BlockId,
    /// The instruction's place in the block, if it is one instruction's fault.
    pub instr: Option<usize>,
    pub message: String,
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.instr {
            Some(instr) => write!(f, "{}, {instr}: {}", self.block, self.message),
            None => write!(f, "{}: {}", self.block, self.message),
        }
    }
}

/// Checks a function that is not allocated.
pub fn verify(function: &Function) -> Result<(), Vec<Flaw>> {
    let mut verifier = Verifier { function, flaws: Vec::new(), place: (BlockId::ENTRY, None) };
    verifier.run();
    if verifier.flaws.is_empty() { Ok(()) } else { Err(verifier.flaws) }
}

struct Verifier<'a> {
    function: &'a Function,
    flaws: Vec<Flaw>,
    place: (BlockId, Option<usize>),
}

/// Where a value is defined: the register, the block, and the instruction's place; parameters come before all.
type Definition = (Reg, BlockId, Option<usize>);

impl Verifier<'_> {
    fn flaw(&mut self, message: String) {
        let (block, instr) = self.place;
        self.flaws.push(Flaw { block, instr, message });
    }

    fn check(&mut self, holds: bool, message: impl FnOnce() -> String) {
        if !holds {
            self.flaw(message());
        }
    }

    fn run(&mut self) {
        if self.function.blocks.is_empty() {
            return self.flaw("the function has no blocks".to_owned());
        }
        for id in self.function.block_ids() {
            self.place = (id, None);
            self.block(self.function.block(id));
        }
        self.place = (BlockId::ENTRY, None);
        let entry = self.function.block(BlockId::ENTRY);
        self.check(entry.params.is_empty(), || "the entry has parameters".to_owned());
        self.check(!entry.cold, || "the entry is cold".to_owned());
        let targets = self.function.blocks.iter().flat_map(|block| &block.edges);
        let reached = targets.clone().any(|edge| edge.block == BlockId::ENTRY);
        self.check(!reached, || "the entry is the target of an edge".to_owned());
        // Definitions and dominators make sense only in a sound graph.
        if self.flaws.is_empty() {
            self.values();
        }
    }

    fn block(&mut self, block: &Block) {
        self.check(block.terminator().is_some(), || "the block does not end".to_owned());
        for edge in &block.edges {
            let Some(target) = self.function.blocks.get(edge.block.index()) else {
                self.flaw(format!("there is no {}", edge.block));
                continue;
            };
            let classes = |regs: &[Reg]| regs.iter().map(|reg| reg.class()).collect::<Vec<Class>>();
            self.check(classes(&edge.args) == classes(&target.params), || format!("the arguments do not fit the parameters of {}", edge.block));
            self.check(edge.args.iter().all(|reg| reg.is_virtual()), || format!("an argument for {} is no value", edge.block));
        }
        self.check(block.params.iter().all(|reg| reg.is_virtual()), || "a parameter is no value".to_owned());
        for (index, instr) in block.instrs.iter().enumerate() {
            self.place.1 = Some(index);
            let is_last = index + 1 == block.instrs.len();
            self.check(is_last || !instr.opcode.ends_block(), || format!("{} ends the block in the middle", instr.opcode.name()));
            self.instr(block, instr);
        }
        self.place.1 = None;
    }

    fn instr(&mut self, block: &Block, instr: &Instr) {
        let (opcode, facts) = (instr.opcode, instr.opcode.facts());
        let name = opcode.name();
        self.check(facts.widths.contains(&instr.width), || format!("{name} has no form of {} bits", instr.width.bits()));
        let condition_fits = match facts.conditions {
            Conditions::None => true,
            Conditions::Flags => !instr.condition.is_float() && flags_are_defined(opcode, instr.condition),
            Conditions::Floats => instr.condition.is_float(),
        };
        self.check(condition_fits, || format!("{name} has no condition {}", instr.condition));
        let n_edges = block.edges.len();
        let edges_fit = match facts.edges {
            Edges::Inside => true,
            Edges::Zero => n_edges == 0,
            Edges::One => n_edges == 1,
            Edges::Two => n_edges == 2,
            Edges::Many => n_edges > 0,
        };
        self.check(edges_fit, || format!("{name} does not have {n_edges} edges"));
        self.check(opcode.records() || instr.n_recorded == 0, || format!("{name} records nothing"));
        self.operands(instr);
        self.particulars(instr);
        for operand in self.function.recorded(instr) {
            let fits = match operand {
                Operand::Reg(reg) => reg.is_virtual(),
                Operand::Imm(_) | Operand::Symbol(_) => true,
                Operand::Mem(_) => false,
            };
            self.check(fits, || "memory and pinned registers are not recorded".to_owned());
        }
    }

    fn operands(&mut self, instr: &Instr) {
        let (rows, name) = (instr.opcode.slots(), instr.opcode.name());
        let (n_defs, uses) = (usize::from(instr.n_defs), self.function.uses(instr));
        let n_rows = rows.len() - instr.opcode.n_defs();
        let counts_fit = match instr.opcode.facts().variadic {
            true => uses.len() >= n_rows,
            false => n_defs == instr.opcode.n_defs() && uses.len() == n_rows,
        };
        if !counts_fit {
            return self.flaw(format!("{name} does not have {n_defs} results and {} operands", uses.len()));
        }
        for def in self.function.defs(instr) {
            self.check(def.is_virtual(), || format!("{name} writes {def}"));
        }
        if !instr.opcode.facts().variadic {
            for (def, row) in self.function.defs(instr).zip(rows) {
                self.check(def.class() == row.class, || format!("{name}: {} is of the wrong class", row.name));
            }
        }
        for (index, operand) in uses.iter().enumerate().take(n_rows) {
            self.operand(*operand, instr.opcode, index);
        }
        let in_memory = uses.iter().filter(|operand| operand.mem().is_some()).count();
        self.check(in_memory <= 1, || format!("{name}: two operands are in memory"));
    }

    fn operand(&mut self, operand: Operand, opcode: Opcode, index: usize) {
        let (row, name) = (&opcode.slots()[opcode.n_defs() + index], opcode.name());
        self.check(row.form.accepts(operand), || format!("{name}: {} has the wrong form", row.name));
        match operand {
            Operand::Reg(reg) => {
                self.check(reg.class() == row.class, || format!("{name}: {} is of the wrong class", row.name));
                self.check(reg.is_virtual() || reg.is_pinned(), || format!("{name}: {reg} is not for use"));
                self.check(reg.is_virtual() || !opcode.needs_value(index), || format!("{name}: {} must be a value", row.name));
            }
            Operand::Mem(address) => {
                let base_fits =
                    address.base.class() == Class::Int && (address.base.is_virtual() || address.base.is_pinned() || address.base == Reg::AREA);
                self.check(base_fits, || format!("{name}: {} is no base", address.base));
                if let Some((index, _)) = address.index() {
                    self.check(index.class() == Class::Int && index.is_virtual(), || format!("{name}: {index} is no index"));
                }
            }
            Operand::Imm(_) | Operand::Symbol(_) => (),
        }
    }

    /// The rules that no row can say.
    fn particulars(&mut self, instr: &Instr) {
        let uses = self.function.uses(instr);
        let classes: Vec<Class> = self.function.defs(instr).map(Reg::class).collect();
        let is_result = |classes: &[Class]| matches!(classes, [] | [Class::Int] | [Class::Int, Class::Int] | [Class::Float]);
        match instr.opcode {
            Opcode::Arguments => {
                let fits = classes.len() <= 4 && !classes.contains(&Class::Float) && uses.is_empty();
                self.check(fits, || "Arguments are up to four ints".to_owned());
                let is_first = self.place.1 == Some(0) && self.is_entry(self.place.0);
                self.check(is_first, || "Arguments are at the start of an entry".to_owned());
            }
            Opcode::Call => {
                self.check(is_result(&classes), || "a call has up to two ints or a float as results".to_owned());
                for operand in uses.iter().skip(1) {
                    let fits = match operand {
                        Operand::Reg(reg) => reg.is_virtual() || reg.is_pinned(),
                        Operand::Imm(_) | Operand::Symbol(_) => true,
                        Operand::Mem(_) => false,
                    };
                    self.check(fits, || "an argument is a value, a pinned register or a constant".to_owned());
                }
            }
            Opcode::Return => {
                let class = |operand: &Operand| operand.reg().map_or(Class::Int, Reg::class);
                let returned: Vec<Class> = uses.iter().map(class).collect();
                let fits = uses.iter().all(|operand| operand.imm().is_some() || operand.reg().is_some_and(Reg::is_virtual));
                self.check(fits && is_result(&returned) && classes.is_empty(), || "up to two ints or a float are returned".to_owned());
            }
            Opcode::EntrySwitch => {
                let alone = self.place == (BlockId::ENTRY, Some(0));
                self.check(alone, || "EntrySwitch is the entry's only instruction".to_owned());
                let entry = self.function.block(BlockId::ENTRY);
                let mut keys: Vec<u32> = entry.edges.iter().map(|edge| edge.key).collect();
                keys.sort_unstable();
                keys.dedup();
                self.check(keys.len() == entry.edges.len(), || "two entries have the same id".to_owned());
            }
            _ => (),
        }
    }

    /// Whether the block is where code starts to run.
    fn is_entry(&self, block: BlockId) -> bool {
        let entry = self.function.block(BlockId::ENTRY);
        if entry.terminator().is_none_or(|last| last.opcode != Opcode::EntrySwitch) {
            return block == BlockId::ENTRY;
        }
        let from_others = self.function.blocks.iter().skip(1).flat_map(|block| &block.edges).any(|edge| edge.block == block);
        !from_others && entry.edges.iter().filter(|edge| edge.block == block).count() == 1
    }

    fn values(&mut self) {
        let mut definitions: Vec<Option<Definition>> = vec![None; self.function.n_virtual as usize];
        for id in self.function.block_ids() {
            self.place = (id, None);
            for &param in &self.function.block(id).params {
                self.define(&mut definitions, param);
            }
            for (index, instr) in self.function.block(id).instrs.iter().enumerate() {
                self.place = (id, Some(index));
                for def in self.function.defs(instr) {
                    self.define(&mut definitions, def);
                }
            }
        }
        let dominators = Dominators::new(self.function);
        for id in self.function.block_ids().filter(|id| dominators.is_reached(*id)) {
            let block = self.function.block(id);
            for (index, instr) in block.instrs.iter().enumerate() {
                self.place = (id, Some(index));
                let mut used = Vec::new();
                self.function.for_each_use(instr, &mut |reg| used.push(reg));
                used.iter().for_each(|reg| self.reach(&definitions, &dominators, *reg, Some(index)));
            }
            self.place = (id, None);
            block.edges.iter().flat_map(|edge| &edge.args).for_each(|reg| self.reach(&definitions, &dominators, *reg, None));
        }
    }

    fn define(&mut self, definitions: &mut [Option<Definition>], reg: Reg) {
        let Place::Virtual(index) = reg.place() else { return };
        match definitions.get_mut(index as usize) {
            None => self.flaw(format!("{reg} has not been given out")),
            Some(Some(_)) => self.flaw(format!("{reg} is defined twice")),
            Some(definition) => *definition = Some((reg, self.place.0, self.place.1)),
        }
    }

    /// Checks that the definition comes before the instruction, or before the block's end.
    fn reach(&mut self, definitions: &[Option<Definition>], dominators: &Dominators, reg: Reg, instr: Option<usize>) {
        let Some(index) = reg.index() else { return };
        let Some(Some((_, block, place))) = definitions.get(index).filter(|found| found.is_none_or(|(defined, ..)| defined == reg)) else {
            return self.flaw(format!("{reg} is not defined"));
        };
        let here = self.place.0;
        let before = match (place, instr) {
            _ if *block != here => dominators.dominates(*block, here),
            (Some(place), Some(instr)) => *place < instr,
            (None, _) | (_, None) => true,
        };
        self.check(before, || format!("{reg} is used where it need not be defined"));
    }
}

/// Whether the instruction leaves something sensible in the flags that the condition reads.
fn flags_are_defined(opcode: Opcode, condition: Condition) -> bool {
    match opcode {
        Opcode::BitSet | Opcode::BitJump | Opcode::GuardBit => matches!(condition, Condition::Below | Condition::AboveEqual),
        Opcode::MulJump | Opcode::GuardMul => matches!(condition, Condition::Overflow | Condition::NoOverflow),
        _ => true,
    }
}
