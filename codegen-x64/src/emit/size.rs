//! How big instructions can get, so that jumps over little code are short.

use lir::{Function, Instr, Opcode, Operand, Place};

/// For each block, and for the end, the size of all blocks before, at most.
pub(super) fn bounds(function: &Function) -> Vec<u32> {
    let mut bounds = Vec::with_capacity(function.blocks.len() + 1);
    let mut sum = 0;
    for block in &function.blocks {
        bounds.push(sum);
        sum += block.instrs.iter().map(|instr| bound(function, instr)).sum::<u32>();
    }
    bounds.push(sum);
    bounds
}

/// The size of code that is not worth a closer look.
const BIG: u32 = 128;

/// The size of one instruction of the machine: prefix, REX, up to three bytes of opcode, ModRM, SIB.
const PLAIN: u32 = 7;

fn bound(function: &Function, instr: &Instr) -> u32 {
    use Opcode::*;
    let operands: u32 = function.uses(instr).iter().map(|operand| extra(*operand)).sum::<u32>() + defined_in_slots(function, instr);
    let jump = 6;
    match instr.opcode {
        Arguments | EntrySwitch => BIG,
        Call | Switch | FloatNegate | FloatAbsolute => BIG,
        // Two constants, then the registers that are saved.
        Return => 20 + 7 + 10 + 2,
        LoadImm | LoadAddress => 10,
        LoadFloatImm => 15,
        Branch | Exit | Trap | Unreachable => jump,
        Patchpoint => 5 + 4,
        CompareSet | TestSet | BitSet | CompareSelect | TestSelect => 3 * PLAIN + operands,
        FloatCompareSet => 6 * PLAIN + operands,
        FloatCompareJump | GuardFloatCompare => 2 * PLAIN + operands + 3 * jump,
        CompareJump | TestJump | BitJump | AddJump | SubJump | MulJump | NegJump | AddMemoryJump | SubMemoryJump => PLAIN + operands + 2 * jump,
        GuardCompare | GuardTest | GuardBit | GuardAdd | GuardSub | GuardMul | GuardNeg => PLAIN + operands + jump,
        // Two tests of the word, a comparison and a sum in memory, jumps over them.
        Incref => 4 * PLAIN + 4 * jump,
        Decref => 4 * PLAIN + 4 * jump + 2 * jump,
        Divide | DivideUnsigned | IntToFloat => 2 * PLAIN + operands,
        _ => PLAIN + operands,
    }
}

/// The bytes of an offset or an immediate.
fn extra(operand: Operand) -> u32 {
    match operand {
        Operand::Reg(reg) if matches!(reg.place(), Place::Slot(_)) => 4,
        Operand::Reg(_) => 0,
        Operand::Imm(_) | Operand::Mem(_) | Operand::Symbol(_) => 4,
    }
}

fn defined_in_slots(function: &Function, instr: &Instr) -> u32 {
    function.defs(instr).map(|def| extra(Operand::Reg(def))).sum()
}
