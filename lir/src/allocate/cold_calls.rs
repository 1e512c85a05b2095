//! Calls in cold blocks leave all registers alone.
//!
//! The allocator looks at all code alike: for a call on a slow path it would keep values out of the registers that the call destroys, on
//! the fast path too. So it is shown calls in cold blocks as instructions that want nothing in particular and destroy nothing, and here, when it is
//! done, what such a call destroys is saved before and restored behind it, arguments are moved to where they belong, and results from there.
//!
//! Only registers whose values are used later are saved. Values that the safepoint records are where they are saved. If such values must be on
//! the stack, those in registers that calls leave alone are saved too, by calls of all blocks.

use super::SafepointValues;
use super::machine::is_destroyed_by_calls;
use crate::function::{Block, BlockId, Draft, Function, Instr};
use crate::opcode::Opcode;
use crate::operand::Operand;
use crate::reg::{Class, Place, Reg};

/// Whether a call is treated so: not if arguments go on the stack, or the target is in memory, which must be read before
/// registers are overwritten.
pub(super) fn preserves_registers(function: &Function, block: &Block, instr: &Instr) -> bool {
    if instr.opcode != Opcode::Call || !block.cold {
        return false;
    }
    let (target, args) = function.uses(instr).split_first().expect("a call has a target");
    let n_floats = args.iter().filter(|operand| class_of(**operand) == Class::Float).count();
    target.mem().is_none() && n_floats <= Reg::N_FLOAT_ARGUMENTS && args.len() - n_floats <= Reg::INT_ARGUMENTS.len()
}

fn class_of(operand: Operand) -> Class {
    operand.reg().map_or(Class::Int, Reg::class)
}

/// A set of registers: bits 0 to 15 are ints, 16 to 31 floats.
type Registers = u32;

fn bit(reg: Reg) -> Registers {
    match (reg.place(), reg.class()) {
        (Place::Machine(number), Class::Int) => 1 << number,
        (Place::Machine(number), Class::Float) => 1 << (16 + number),
        (Place::Virtual(_) | Place::Slot(_) | Place::Area, _) => 0,
    }
}

fn members(set: Registers) -> impl Iterator<Item = Reg> {
    (0..32u8).filter(move |number| set & 1 << number != 0).map(|number| match number {
        0..16 => Reg::machine(Class::Int, number),
        _ => Reg::machine(Class::Float, number - 16),
    })
}

/// Writes out the calls of cold blocks. After the allocator's answer has been written into the function.
pub(super) fn expand(function: &mut Function, safepoint_values: SafepointValues) {
    let on_stack = safepoint_values == SafepointValues::OnStack;
    let is_written_out = |block: &Block, instr: &Instr| preserves_registers(function, block, instr) || on_stack && instr.opcode == Opcode::Call;
    let is_ours = |block: &Block| block.instrs.iter().any(|instr| is_written_out(block, instr));
    let blocks: Vec<BlockId> = function.block_ids().filter(|id| is_ours(function.block(*id))).collect();
    if blocks.is_empty() {
        return;
    }
    let live_at_end = live_at_ends(function);
    let mut expansion = Expansion { slots: [None; 32], safepoint_values, up_to_date: 0 };
    for id in blocks {
        expansion.block(function, id, live_at_end[id.index()]);
    }
}

/// The registers that are live at the end of each block.
fn live_at_ends(function: &Function) -> Vec<Registers> {
    let predecessors = function.predecessors();
    let n_blocks = function.blocks.len();
    let (mut at_start, mut at_end) = (vec![0; n_blocks], vec![0; n_blocks]);
    let mut work: Vec<BlockId> = function.block_ids().collect();
    let mut waits = vec![true; n_blocks];
    while let Some(id) = work.pop() {
        waits[id.index()] = false;
        let block = function.block(id);
        let end = block.edges.iter().fold(0, |live, edge| live | at_start[edge.block.index()]);
        let start = block.instrs.iter().rev().fold(end, |live, instr| live_before(function, instr, live));
        at_end[id.index()] = end;
        if start != at_start[id.index()] {
            at_start[id.index()] = start;
            for from in predecessors.of(id) {
                if !std::mem::replace(&mut waits[from.index()], true) {
                    work.push(*from);
                }
            }
        }
    }
    at_end
}

fn live_before(function: &Function, instr: &Instr, live: Registers) -> Registers {
    let mut live = function.defs(instr).fold(live, |live, def| live & !bit(def));
    function.for_each_use(instr, &mut |reg| live |= bit(reg));
    live
}

struct Expansion {
    /// The slot that each register is saved in.
    slots: [Option<u32>; 32],
    safepoint_values: SafepointValues,
    /// The registers whose slots have their values.
    up_to_date: Registers,
}

impl Expansion {
    fn block(&mut self, function: &mut Function, id: BlockId, live_at_end: Registers) {
        let kind = Block { cold: function.block(id).cold, ..Block::default() };
        let old = std::mem::take(&mut function.blocks[id.index()].instrs);
        let mut live_behind = vec![live_at_end; old.len()];
        for index in (1..old.len()).rev() {
            live_behind[index - 1] = live_before(function, &old[index], live_behind[index]);
        }
        let mut new = Vec::with_capacity(old.len() * 2);
        self.up_to_date = 0;
        for (instr, live) in old.into_iter().zip(live_behind) {
            if preserves_registers(function, &kind, &instr) {
                self.call(function, &instr, live, &mut new);
            } else {
                if instr.opcode == Opcode::Call && self.safepoint_values == SafepointValues::OnStack {
                    self.save_recorded(function, &instr, &mut new);
                }
                new.push(instr);
            }
            // What is written is no longer what was saved.
            self.up_to_date = function.defs(&instr).fold(self.up_to_date, |set, def| set & !bit(def));
        }
        function.blocks[id.index()].instrs = new;
    }

    fn save(&mut self, function: &mut Function, saved: Registers, call: &Instr, new: &mut Vec<Instr>) {
        for reg in members(saved & !self.up_to_date) {
            let slot = self.slot(function, reg);
            new.push(make_move(function, slot, reg, call));
        }
        self.up_to_date |= saved;
    }

    /// Before a call that the allocator has seen as it is: recorded values are in slots or in registers that it leaves alone.
    fn save_recorded(&mut self, function: &mut Function, call: &Instr, new: &mut Vec<Instr>) {
        let recorded = function.recorded(call).iter().filter_map(|operand| operand.reg()).fold(0, |set, reg| set | bit(reg));
        self.save(function, recorded, call, new);
        let first = function.operands(call).len() - usize::from(call.n_recorded);
        for place in first..function.operands(call).len() {
            if let Some(reg) = function.operands(call)[place].reg().filter(|reg| recorded & bit(*reg) != 0) {
                function.operands_mut(call)[place] = Operand::Reg(self.slot(function, reg));
            }
        }
    }

    fn call(&mut self, function: &mut Function, call: &Instr, live_behind: Registers, new: &mut Vec<Instr>) {
        let destroyed = |set: Registers| members(set).filter(|reg| is_destroyed_by_calls(*reg)).fold(0, |set, reg| set | bit(reg));
        let restored = destroyed(function.defs(call).fold(live_behind, |live, def| live & !bit(def)));
        let recorded = function.recorded(call).iter().filter_map(|operand| operand.reg()).fold(0, |set, reg| set | bit(reg));
        let saved = restored
            | match self.safepoint_values {
                SafepointValues::Anywhere => destroyed(recorded),
                SafepointValues::OnStack => recorded,
            };
        self.save(function, saved, call, new);
        let (uses, moves) = arguments(function, call);
        moves_at_once(function, moves, call, new);
        let recorded: Vec<Operand> = function.recorded(call).to_vec();
        let recorded: Vec<Operand> = recorded
            .into_iter()
            .map(|operand| match operand.reg() {
                Some(reg) if saved & bit(reg) != 0 => Operand::Reg(self.slot(function, reg)),
                _ => operand,
            })
            .collect();
        let results: Vec<Reg> = function.defs(call).collect();
        let defs = result_registers(&results);
        let draft = Draft { defs: &defs, uses: &uses, recorded: &recorded, id: call.id, origin: call.origin, ..Draft::new(Opcode::Call) };
        let made = function.make(&draft);
        new.push(made);
        moves_at_once(function, results.into_iter().zip(defs).collect(), call, new);
        for reg in members(restored) {
            let slot = self.slot(function, reg);
            new.push(make_move(function, reg, slot, call));
        }
    }

    fn slot(&mut self, function: &mut Function, reg: Reg) -> Reg {
        let slot = self.slots[bit(reg).trailing_zeros() as usize].get_or_insert_with(|| {
            function.n_slots += 1;
            function.n_slots - 1
        });
        Reg::slot(reg.class(), *slot)
    }
}

/// Where the C calling convention has results.
fn result_registers(results: &[Reg]) -> Vec<Reg> {
    let places = results.iter().enumerate().map(|(index, reg)| match (reg.class(), index) {
        (Class::Float, _) => Reg::XMM0,
        (Class::Int, 0) => Reg::RAX,
        (Class::Int, _) => Reg::RDX,
    });
    places.collect()
}

/// The call's uses in the registers of the C calling convention, and the moves there. The target goes to `rax`.
fn arguments(function: &Function, call: &Instr) -> (Vec<Operand>, Vec<(Reg, Reg)>) {
    let mut uses = function.uses(call).to_vec();
    let mut moves = Vec::new();
    let (mut n_ints, mut n_floats) = (0, 0u8);
    for (index, operand) in uses.iter_mut().enumerate() {
        let place = match class_of(*operand) {
            _ if index == 0 => Reg::RAX,
            Class::Int => {
                n_ints += 1;
                Reg::INT_ARGUMENTS[n_ints - 1]
            }
            Class::Float => {
                n_floats += 1;
                Reg::machine(Class::Float, n_floats - 1)
            }
        };
        // Constants and pinned registers are put there by the call itself.
        if let Operand::Reg(reg) = *operand
            && !reg.is_pinned()
        {
            moves.push((place, reg));
            *operand = Operand::Reg(place);
        }
    }
    (uses, moves)
}

fn make_move(function: &mut Function, to: Reg, from: Reg, call: &Instr) -> Instr {
    let opcode = if to.class() == Class::Int { Opcode::Move } else { Opcode::MoveFloat };
    function.make(&Draft { defs: &[to], uses: &[Operand::Reg(from)], origin: call.origin, ..Draft::new(opcode) })
}

/// Moves that happen at once, one after the other. No two go to the same place, and all go to registers.
fn moves_at_once(function: &mut Function, mut moves: Vec<(Reg, Reg)>, call: &Instr, new: &mut Vec<Instr>) {
    moves.retain(|(to, from)| to != from);
    while !moves.is_empty() {
        let free = moves.iter().position(|(to, _)| moves.iter().all(|(_, from)| from != to));
        if let Some(index) = free {
            let (to, from) = moves.swap_remove(index);
            new.push(make_move(function, to, from, call));
            continue;
        }
        // A cycle: what is overwritten first is kept aside.
        let (to, _) = moves[0];
        let aside = if to.class() == Class::Int { Reg::SCRATCH } else { Reg::FLOAT_SCRATCH };
        new.push(make_move(function, aside, to, call));
        moves.iter_mut().filter(|(_, from)| *from == to).for_each(|(_, from)| *from = aside);
    }
}
