//! Removes tests of shapes that earlier ones have decided.
//!
//! At each point, of each object that was tested since anything could change shapes: which few it can have. That is followed through the blocks, and joined where they meet, so that of
//! a chain of tests for the shapes that a site has seen nothing is left where another chain has found out that it is one of these.

use crate::environment::Preloaded;
use crate::function::Function;
use crate::instr::{Block, Heap, Instr, Value};
use crate::types::ShapeId;
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;
use std::rc::Rc;

/// So many shapes of an object are told apart.
const SHAPES: usize = 8;
/// Of so many objects something is known.
const OBJECTS: usize = 48;
/// So often all blocks are looked at until what is known at the heads of loops is taken for nothing.
const ROUNDS: usize = 5;

/// The shapes that objects can have, by model.
type Facts = BTreeMap<Value, Vec<ShapeId>>;

pub(super) fn run(function: &mut Function, _preloaded: &Preloaded) {
    let order = function.reverse_post_order();
    if !order.iter().any(|block| function.instrs(*block).iter().any(|value| is_test(function.instr(*value)))) {
        return;
    }
    let entries = entries(function, &order);
    let mut changed = false;
    for &block in &order {
        let mut facts = entries.get(&block).map(|facts| Facts::clone(facts)).unwrap_or_default();
        for value in function.instrs(block).to_vec() {
            changed |= decide(function, block, value, &facts);
            step(function, value, &mut facts);
        }
    }
    // The ends of chains first.
    for &block in order.iter().rev() {
        changed |= join(function, block);
    }
    if changed {
        super::clean_cfg::remove_unreachable(function);
        function.reflow_types();
    }
}

fn is_test(instr: &Instr) -> bool {
    matches!(instr, Instr::CondBranchShape { .. } | Instr::GuardShape { .. })
}

/// What is known where blocks begin.
fn entries(function: &Function, order: &[Block]) -> FxHashMap<Block, Rc<Facts>> {
    let mut exits: FxHashMap<Block, Rc<Facts>> = FxHashMap::default();
    let mut entries: FxHashMap<Block, Rc<Facts>> = FxHashMap::default();
    for round in 0..=ROUNDS {
        let mut is_first = FxHashMap::default();
        if round == ROUNDS {
            // It takes too long: from the start, believing only what is there before.
            (exits, entries) = (FxHashMap::default(), FxHashMap::default());
            is_first = order.iter().copied().zip(0..).collect();
        }
        let mut changed = false;
        for &block in order {
            let is_back = |pred: &Block| round == ROUNDS && is_first.get(pred) >= is_first.get(&block);
            let known = |pred: &Block| if is_back(pred) { Some(Facts::new()) } else { edge(function, *pred, block, exits.get(pred)?) };
            let entry = meet(function, block, &known);
            let mut exit = entry.clone();
            for &value in function.instrs(block) {
                step(function, value, &mut exit);
            }
            entries.insert(block, Rc::new(entry));
            if exits.get(&block).is_none_or(|old| **old != exit) {
                exits.insert(block, Rc::new(exit));
                changed = true;
            }
        }
        if !changed {
            break;
        }
    }
    entries
}

/// What holds on all edges to a block of which anything is known yet.
fn meet(function: &Function, block: Block, known: &dyn Fn(&Block) -> Option<Facts>) -> Facts {
    let edges: Vec<Option<Facts>> = function.preds(block).iter().map(known).collect();
    let Some(first) = edges.iter().flatten().next() else { return Facts::new() };
    let mut facts = Facts::new();
    let all = |of: &dyn Fn(usize) -> Value| {
        let mut union = Vec::new();
        for (index, edge) in edges.iter().enumerate() {
            let Some(edge) = edge else { continue };
            for shape in edge.get(&of(index))? {
                if !union.contains(shape) {
                    union.push(*shape);
                }
            }
        }
        union.sort_unstable();
        (union.len() <= SHAPES).then_some(union)
    };
    for &value in first.keys() {
        if let Some(shapes) = all(&|_| value) {
            facts.insert(value, shapes);
        }
    }
    for &phi in function.phis(block) {
        let inputs = function.phi_inputs(phi);
        match all(&|index| function.model(inputs[index])) {
            Some(shapes) if facts.len() < OBJECTS => drop(facts.insert(phi, shapes)),
            _ => drop(facts.remove(&phi)),
        }
    }
    facts
}

/// What is known on the edges from one block to another; `None` if control does not go there.
fn edge(function: &Function, pred: Block, block: Block, exit: &Facts) -> Option<Facts> {
    let mut facts = exit.clone();
    if let Some(terminator) = function.terminator(pred)
        && let Instr::CondBranchShape { value, then, otherwise, shape } = *function.instr(terminator)
        && then != otherwise
    {
        let value = function.model(value);
        let known = facts.get(&value);
        if block == then {
            if known.is_some_and(|known| !known.contains(&shape)) {
                return None;
            }
            insert(&mut facts, value, vec![shape]);
        } else if let Some(known) = known {
            let others: Vec<ShapeId> = known.iter().copied().filter(|known| *known != shape).collect();
            if others.is_empty() {
                return None;
            }
            facts.insert(value, others);
        }
    }
    Some(facts)
}

fn insert(facts: &mut Facts, value: Value, shapes: Vec<ShapeId>) {
    if facts.len() < OBJECTS || facts.contains_key(&value) {
        facts.insert(value, shapes);
    }
}

/// What an instruction finds out, or changes.
fn step(function: &Function, value: Value, facts: &mut Facts) {
    match *function.instr(value) {
        Instr::GuardShape { value: object, shape, .. } => insert(facts, function.model(object), vec![shape]),
        Instr::AllocateInstance { shape, .. } => insert(facts, value, vec![shape]),
        Instr::AddSlot { owner, shape, .. } => {
            let owner = function.model(owner);
            match facts.get(&owner).cloned() {
                // Another name may be one for the same object.
                Some(old) => {
                    for shapes in facts.values_mut().filter(|shapes| shapes.iter().any(|shape| old.contains(shape))) {
                        if !shapes.contains(&shape) {
                            shapes.push(shape);
                            shapes.sort_unstable();
                        }
                    }
                    facts.retain(|_, shapes| shapes.len() <= SHAPES);
                }
                None => facts.clear(),
            }
            insert(facts, owner, vec![shape]);
        }
        ref other if other.info().writes.meets(Heap::SHAPE) => facts.clear(),
        _ => {}
    }
}

/// Leaves out a test whose outcome is known.
fn decide(function: &mut Function, block: Block, value: Value, facts: &Facts) -> bool {
    match *function.instr(value) {
        Instr::GuardShape { value: object, shape, ty } if facts.get(&function.model(object)).is_some_and(|known| *known == [shape]) => {
            function.replace(value, Instr::refine_type(object, ty));
            true
        }
        Instr::CondBranchShape { value: object, then, otherwise, shape } if then != otherwise => {
            let Some(known) = facts.get(&function.model(object)) else { return false };
            let target = match known.as_slice() {
                [only] if *only == shape => then,
                _ if !known.contains(&shape) => otherwise,
                _ => return false,
            };
            function.set_terminator(block, Instr::branch(target), None);
            true
        }
        _ => false,
    }
}

/// A test that leads to the same block either way is none.
fn join(function: &mut Function, block: Block) -> bool {
    let Some(Instr::CondBranchShape { then, otherwise, .. }) = function.terminator(block).map(|value| *function.instr(value)) else { return false };
    let target = |way: Block| match *function.instrs(way) {
        [only] => match *function.instr(only) {
            Instr::Branch { target } if target != way => target,
            _ => way,
        },
        _ => way,
    };
    let kept = if then == otherwise || target(otherwise) == then {
        then
    } else if target(then) == otherwise {
        otherwise
    } else {
        return false;
    };
    let dropped = if kept == then { otherwise } else { then };
    let input_from = |phi: Value, pred: Block| {
        let at = function.preds(kept).iter().position(|known| *known == pred);
        at.map(|at| function.phi_inputs(phi)[at])
    };
    if then != otherwise && function.phis(kept).iter().any(|phi| input_from(*phi, block) != input_from(*phi, dropped)) {
        return false;
    }
    if then == otherwise && !function.phis(kept).is_empty() {
        return false;
    }
    function.set_terminator(block, Instr::branch(kept), None);
    true
}
