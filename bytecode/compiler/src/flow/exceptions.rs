//! Finds the handler of every instruction, by walking the graph with the stack of open protections.

use super::block::{BlockId, Graph, Op};
use bytecode::Opcode;

/// Set in `RESUME` after a `yield` whose only protection is that of the generator as a whole.
const RESUME_AT_DEPTH_1: u32 = 4;

pub(super) fn label_handlers(graph: &mut Graph) {
    for index in 0..graph.blocks.len() {
        for at in 0..graph.blocks[index].insts.len() {
            let inst = graph.blocks[index].insts[at];
            if let (true, Some(target)) = (inst.op.is_block_push(), inst.target) {
                graph.block_mut(target).is_handler = true;
            }
        }
    }
    let mut stacks: Vec<Option<Vec<BlockId>>> = vec![None; graph.blocks.len()];
    let mut visited = vec![false; graph.blocks.len()];
    let mut work = vec![Graph::ENTRY];
    visited[0] = true;
    stacks[0] = Some(Vec::new());
    while let Some(id) = work.pop() {
        let mut stack = stacks[id.0 as usize].take().unwrap_or_default();
        let mut reach = |target: BlockId, stack: &Vec<BlockId>, work: &mut Vec<BlockId>| {
            if !std::mem::replace(&mut visited[target.0 as usize], true) {
                stacks[target.0 as usize] = Some(stack.clone());
                work.push(target);
            }
        };
        let mut yield_depth = usize::MAX;
        for at in 0..graph.block(id).insts.len() {
            let inst = graph.block(id).insts[at];
            let handler = stack.last().copied();
            if let (true, Some(target)) = (inst.op.is_block_push(), inst.target) {
                reach(target, &stack, &mut work);
                if inst.op != Op::SetupFinally {
                    graph.block_mut(target).keeps_lasti = true;
                }
                stack.push(target);
                continue;
            }
            let inst = &mut graph.block_mut(id).insts[at];
            if inst.op == Op::PopBlock {
                stack.pop();
                inst.make_nop();
                continue;
            }
            inst.handler = handler;
            if inst.op == Opcode::Resume {
                if inst.arg != 0 && yield_depth == 1 {
                    inst.arg |= RESUME_AT_DEPTH_1;
                }
                yield_depth = usize::MAX;
            } else if inst.op == Opcode::YieldValue {
                yield_depth = stack.len();
            } else if let (true, Some(target)) = (inst.op.is_jump(), inst.target) {
                reach(target, &stack, &mut work);
            }
        }
        if let (true, Some(next)) = (graph.block(id).falls_through(), graph.block(id).next) {
            reach(next, &stack, &mut work);
        }
    }
}
