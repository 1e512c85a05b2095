//! Constants are made anew where they are used instead of being kept in registers: before allocation.
//!
//! Each block makes the constants it uses, and makes them again behind a call, which would have them saved on the stack. What
//! exits and safepoints record are the constants themselves. The definitions that are left without uses go.

use crate::function::{BlockId, Draft, Function, Instr};
use crate::opcode::Opcode;
use crate::operand::Operand;
use crate::reg::Reg;

/// How a value that is constant is made.
#[derive(Clone, Copy)]
struct Constant {
    opcode: Opcode,
    value: Operand,
    /// The register that holds it, and the stretch of code between calls in which it does.
    copy: Option<(Reg, u32)>,
}

pub(crate) fn rematerialise(function: &mut Function) {
    let mut constants = Constants::collect(function);
    if constants.n_found == 0 {
        return;
    }
    for block in function.block_ids() {
        constants.block(function, block);
    }
}

struct Constants {
    /// By virtual register.
    by_reg: Vec<Option<Constant>>,
    n_found: usize,
    stretch: u32,
    /// For the next block's instructions.
    room: Vec<Instr>,
}

impl Constants {
    fn collect(function: &Function) -> Constants {
        let mut constants = Constants { by_reg: vec![None; function.n_virtual as usize], n_found: 0, stretch: 0, room: Vec::new() };
        for instr in function.blocks.iter().flat_map(|block| &block.instrs) {
            if makes_constant(instr)
                && let Some(index) = function.def(instr).and_then(Reg::index)
            {
                constants.by_reg[index] = Some(Constant { opcode: instr.opcode, value: function.uses(instr)[0], copy: None });
                constants.n_found += 1;
            }
        }
        constants
    }

    fn find(&mut self, reg: Reg) -> Option<&mut Constant> {
        self.by_reg.get_mut(reg.index()?)?.as_mut()
    }

    fn block(&mut self, function: &mut Function, id: BlockId) {
        self.stretch += 1;
        let mut old = std::mem::take(&mut function.blocks[id.index()].instrs);
        let mut new = std::mem::take(&mut self.room);
        for instr in old.drain(..) {
            if makes_constant(&instr) {
                continue;
            }
            self.use_values(function, &instr);
            // Register by register, because each may need an instruction of its own before this one.
            for place in usize::from(instr.n_defs)..function.operands(&instr).len() {
                let mut operand = function.operands(&instr)[place];
                let mut changed = false;
                operand.for_each_reg_mut(&mut |reg| changed |= self.replace(function, &mut new, reg, instr.origin));
                if changed {
                    function.operands_mut(&instr)[place] = operand;
                }
            }
            if instr.opcode.ends_block() {
                let mut edges = std::mem::take(&mut function.blocks[id.index()].edges);
                for arg in edges.iter_mut().flat_map(|edge| &mut edge.args) {
                    self.replace(function, &mut new, arg, instr.origin);
                }
                function.blocks[id.index()].edges = edges;
            }
            new.push(instr);
            if instr.opcode == Opcode::Call {
                self.stretch += 1;
            }
        }
        function.blocks[id.index()].instrs = new;
        self.room = old;
    }

    /// What is recorded, passed and returned needs no register.
    fn use_values(&mut self, function: &mut Function, instr: &Instr) {
        let n_operands = function.operands(instr).len();
        let recorded = n_operands - usize::from(instr.n_recorded);
        let from = match instr.opcode {
            Opcode::Call | Opcode::Return => usize::from(instr.n_defs),
            _ => recorded,
        };
        for place in from..n_operands {
            let operand = function.operands(instr)[place];
            let Some(constant) = operand.reg().and_then(|reg| self.find(reg)) else { continue };
            let accepted = match (instr.opcode, constant.opcode) {
                _ if place >= recorded => true,
                (_, Opcode::LoadFloatImm) => false,
                (Opcode::Return, made_by) => made_by == Opcode::LoadImm,
                // The target is an address, never a number.
                (_, made_by) => made_by == Opcode::LoadAddress || place > usize::from(instr.n_defs),
            };
            if accepted {
                function.operands_mut(instr)[place] = constant.value;
            }
        }
    }

    /// Replaces a constant by a copy of this stretch of code.
    fn replace(&mut self, function: &mut Function, instrs: &mut Vec<Instr>, reg: &mut Reg, origin: u32) -> bool {
        let stretch = self.stretch;
        let Some(constant) = self.find(*reg) else { return false };
        if let Some((copy, made_in)) = constant.copy
            && made_in == stretch
        {
            *reg = copy;
            return true;
        }
        let copy = function.new_reg(reg.class());
        constant.copy = Some((copy, stretch));
        let draft = Draft { defs: &[copy], uses: &[constant.value], origin, ..Draft::new(constant.opcode) };
        instrs.push(function.make(&draft));
        *reg = copy;
        true
    }
}

fn makes_constant(instr: &Instr) -> bool {
    matches!(instr.opcode, Opcode::LoadImm | Opcode::LoadFloatImm | Opcode::LoadAddress)
}
