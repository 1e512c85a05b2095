//! Moves out of loops what gives the same in each turn.
//!
//! Inner loops first. An instruction moves to the end of the block in front of the loop if its operands are from outside and the loop writes nothing that it reads.
//!
//! * A guard moves if each turn executes it. It takes the state of the loop's head as it is at the first turn: phis are their inputs from outside. So a guard
//!   that fails leaves before the loop.
//! * What is safe only behind a branch or a guard it has no operand of stays: loads of items, loads of slots whose shape a branch has asked for, machine division, names for what a branch has found out.

use crate::environment::Preloaded;
use crate::function::{Dominators, FrameState, FrameStateId, Function};
use crate::instr::{Block, Heap, Instr, IntKind, Output, Value};
use rustc_hash::{FxHashMap, FxHashSet};

pub(super) struct Loop {
    pub(super) head: Block,
    pub(super) blocks: Vec<Block>,
    latches: Vec<Block>,
}

pub(super) fn run(function: &mut Function, _preloaded: &Preloaded) {
    let mut dominators = function.dominators();
    let mut loops = loops(function, &dominators);
    loops.sort_by_key(|it| it.blocks.len());
    for it in &loops {
        let blocks = function.block_limit();
        hoist(function, &dominators, it);
        if function.block_limit() != blocks {
            dominators = function.dominators();
        }
    }
}

/// All loops, with the blocks of each.
pub(super) fn loops(function: &Function, dominators: &Dominators) -> Vec<Loop> {
    let mut loops: Vec<Loop> = Vec::new();
    for &head in dominators.order() {
        let latches: Vec<Block> = function.preds(head).iter().copied().filter(|pred| dominators.dominates(head, *pred)).collect();
        if !latches.is_empty() {
            loops.push(Loop { head, blocks: body(function, head, &latches), latches });
        }
    }
    loops
}

/// The blocks from which a latch can be reached without going through the head, in reverse post order.
fn body(function: &Function, head: Block, latches: &[Block]) -> Vec<Block> {
    let mut body = FxHashSet::from_iter([head]);
    let mut work = latches.to_vec();
    while let Some(block) = work.pop() {
        if body.insert(block) {
            work.extend(function.preds(block));
        }
    }
    function.reverse_post_order().into_iter().filter(|block| body.contains(block)).collect()
}

fn hoist(function: &mut Function, dominators: &Dominators, it: &Loop) {
    // An inner loop's block in front may have been added since: look again.
    let blocks = body(function, it.head, &it.latches);
    let Some(front) = front(function, it.head, &blocks) else { return };
    let writes =
        blocks.iter().flat_map(|block| function.instrs(*block)).fold(Heap::NOTHING, |heap, value| heap.or(function.instr(*value).info().writes));
    let mut inside: FxHashSet<Value> = blocks.iter().flat_map(|block| function.instrs(*block)).copied().collect();
    let mut state: Option<Option<FrameStateId>> = None;
    for &block in &blocks {
        let each_turn = dominators.is_reachable(block) && it.latches.iter().all(|latch| dominators.dominates(block, *latch));
        let mut index = 0;
        while index < function.instrs(block).len() {
            let value = function.instrs(block)[index];
            index += 1;
            if !is_invariant(function, value, &inside, writes) {
                continue;
            }
            if function.instr(value).may_deopt() {
                let state = *state.get_or_insert_with(|| entry_state(function, it.head, front));
                if !each_turn || state.is_none() {
                    continue;
                }
                if let Some(own) = function.frame_state(value).map(|own| function.state(own).bytecode) {
                    function.blames.entry(value).or_insert(own);
                }
                function.set_frame_state(value, state);
            }
            for operand in function.operands(value) {
                if inside.contains(&operand) {
                    // A constant costs nothing in front of the loop.
                    let constant = *function.instr(operand);
                    let end = function.instrs(front).len() - 1;
                    let copy = function.insert(front, end, constant, None);
                    function.replace_operands(value, &mut |old| if old == operand { copy } else { old });
                }
            }
            index -= 1;
            function.remove(block, index);
            let end = function.instrs(front).len() - 1;
            function.place(front, end, value);
            inside.remove(&value);
        }
    }
}

/// The block in front of the loop, which leads only there.
fn front(function: &mut Function, head: Block, blocks: &[Block]) -> Option<Block> {
    let outside: Vec<Block> = function.preds(head).iter().copied().filter(|pred| !blocks.contains(pred)).collect();
    let [pred] = outside[..] else { return None };
    if function.successors(pred).len() == 1 { Some(pred) } else { Some(function.split_edge(pred, head)) }
}

fn is_invariant(function: &Function, value: Value, inside: &FxHashSet<Value>, writes: Heap) -> bool {
    let instr = function.instr(value);
    let info = instr.info();
    let gives_same = match info.output {
        Output::Uncounted | Output::Borrowed(_) | Output::Alias => !info.is_essential || matches!(instr, Instr::GuardShape { .. }),
        Output::Nothing => matches!(instr, Instr::Guard { .. } | Instr::DeoptPatchpoint { .. }),
        Output::Owned | Output::Merged => false,
    };
    let has_effect = info.is_terminator || info.runs_python || !info.writes.is_empty() || info.deopt.raises || info.second.is_some();
    let needs_order = matches!(
        instr,
        Instr::RefineType { .. }
            | Instr::LoadTupleItem { .. }
            | Instr::LoadTupleItemAt { .. }
            | Instr::LoadListItem { .. }
            | Instr::LoadArrayItem { .. }
            | Instr::LoadItemFrom { .. }
            | Instr::VirtualObject { .. }
            | Instr::LoadConst { .. }
            | Instr::IntBinaryOp { op: IntKind::Divide | IntKind::Remainder, .. }
    );
    // Where a slot is depends on the shape: a branch on it may stand between.
    let is_unchecked = match *instr {
        Instr::LoadSlot { owner, .. } => !function.names(owner).any(|name| matches!(function.instr(name), Instr::GuardShape { .. })),
        _ => false,
    };
    let reads = super::value_numbering::memory_of(instr);
    gives_same
        && !has_effect
        && !needs_order
        && !is_unchecked
        && !reads.meets(writes)
        && function.operands(value).iter().all(|operand| !inside.contains(operand) || matches!(function.instr(*operand), Instr::LoadConst { .. }))
}

/// The state with which control comes to the loop: that of the snapshot at its head.
fn entry_state(function: &mut Function, head: Block, front: Block) -> Option<FrameStateId> {
    let position = function.preds(head).iter().position(|pred| *pred == front)?;
    let mut inputs: FxHashMap<Value, Value> = function.phis(head).iter().map(|phi| (*phi, function.phi_inputs(*phi)[position])).collect();
    let is_leading = |value: &Value| matches!(function.instr(*value), Instr::Phi { .. } | Instr::LoadConst { .. } | Instr::VirtualObject { .. });
    let n_leading = function.instrs(head).iter().take_while(|value| is_leading(value)).count();
    let first = function.instrs(head)[n_leading];
    if !matches!(function.instr(first), Instr::Snapshot {}) {
        return None;
    }
    let id = function.frame_state(first)?;
    // Constants and descriptions that the state holds are needed in front of the head, too.
    let leading: Vec<Value> = function.instrs(head)[function.phis(head).len()..n_leading].to_vec();
    for value in leading {
        let mut instr = *function.instr(value);
        if let Instr::VirtualObject { parts, .. } = &mut instr {
            let new: Vec<Value> = function.pool.values(*parts).iter().map(|part| inputs.get(part).copied().unwrap_or(*part)).collect();
            *parts = function.pool.add_values(&new);
        }
        let end = function.instrs(front).len() - 1;
        let copy = function.insert(front, end, instr, None);
        inputs.insert(value, copy);
    }
    Some(translated(function, id, &inputs))
}

fn translated(function: &mut Function, id: FrameStateId, inputs: &FxHashMap<Value, Value>) -> FrameStateId {
    let mut state: FrameState = function.state(id).clone();
    for place in state.values_mut() {
        *place = inputs.get(place).copied().unwrap_or(*place);
    }
    state.parent = state.parent.map(|parent| translated(function, parent, inputs));
    function.add_frame_state(state)
}
