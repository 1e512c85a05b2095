//! Fewer `SWAP`s: sequences of them become shorter, and some are done by reordering stores.

use super::block::{Inst, Op};
use bytecode::Opcode;

pub(super) fn optimize(insts: &mut [Inst]) {
    let mut at = 0;
    while at < insts.len() {
        if insts[at].op == Opcode::Swap {
            let last = shorten(insts, at);
            apply_static(insts, last);
            at = last;
        }
        at += 1;
    }
}

/// Replaces a run of `SWAP`s and `NOP`s by the fewest swaps with the same effect. Answers the index of its last instruction.
fn shorten(insts: &mut [Inst], start: usize) -> usize {
    let mut depth = 0;
    let mut length = 0;
    let mut more = false;
    while let Some(inst) = insts.get(start + length) {
        if inst.op == Opcode::Swap {
            depth = depth.max(inst.arg as usize);
            more |= length > 0;
            length += 1;
        } else if inst.is_nop() {
            length += 1;
        } else {
            break;
        }
    }
    if !more || depth == 0 {
        return start;
    }
    let mut stack: Vec<usize> = (0..depth).collect();
    for inst in &insts[start..start + length] {
        if inst.op == Opcode::Swap && inst.arg > 0 {
            stack.swap(0, inst.arg as usize - 1);
        }
    }
    const VISITED: usize = usize::MAX;
    let mut current = length as isize - 1;
    for i in 0..depth {
        if stack[i] == VISITED || stack[i] == i {
            continue;
        }
        let mut j = i;
        loop {
            if j != 0 {
                insts[start + current as usize].set(Opcode::Swap, j as u32 + 1);
                current -= 1;
            }
            if stack[j] == VISITED {
                break;
            }
            let next = stack[j];
            stack[j] = VISITED;
            j = next;
        }
    }
    while current >= 0 {
        insts[start + current as usize].set(Opcode::Nop, 0);
        current -= 1;
    }
    start + length - 1
}

/// The local a swappable instruction stores to, or `None` for `POP_TOP`.
fn stores_to(inst: &Inst) -> Option<u32> {
    match inst.op {
        Op::Real(Opcode::StoreFast) | Op::StoreFastMaybeNull => Some(inst.arg),
        _ => None,
    }
}

fn is_swappable(inst: &Inst) -> bool {
    matches!(inst.op, Op::Real(Opcode::StoreFast | Opcode::PopTop) | Op::StoreFastMaybeNull)
}

fn next_swappable(insts: &[Inst], from: usize, line: i32) -> Option<usize> {
    let mut at = from;
    loop {
        at += 1;
        let inst = insts.get(at)?;
        if line >= 0 && inst.span.line != line {
            return None;
        }
        if inst.is_nop() {
            continue;
        }
        return is_swappable(inst).then_some(at);
    }
}

/// `SWAP n` before stores: exchanges the stores instead.
fn apply_static(insts: &mut [Inst], last: usize) {
    for at in (0..=last).rev() {
        if insts[at].op != Opcode::Swap {
            if insts[at].is_nop() || is_swappable(&insts[at]) {
                continue;
            }
            return;
        }
        let Some(first) = next_swappable(insts, at, -1) else { return };
        let line = insts[first].span.line;
        let mut second = first;
        for _ in 1..insts[at].arg {
            match next_swappable(insts, second, line) {
                Some(next) => second = next,
                None => return,
            }
        }
        // The exchange must not change which store to the same local comes last.
        let (a, b) = (stores_to(&insts[first]), stores_to(&insts[second]));
        if a.is_some() || b.is_some() {
            if a == b {
                return;
            }
            for inst in &insts[first + 1..second] {
                let stored = stores_to(inst);
                if stored.is_some() && (stored == a || stored == b) {
                    return;
                }
            }
        }
        insts[at].set(Opcode::Nop, 0);
        insts.swap(first, second);
    }
}
