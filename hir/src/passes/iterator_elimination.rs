//! Loops over lists and tuples count an index instead of stepping an iterator: no object, no call, and no release of the list at the end that anything might come of.
//!
//! ```text
//! it = GetIter list            index 0
//! head: n = ListIteratorNext   head: index = Phi; LoadLength, compare
//!       branch body, exit            branch body, exit
//! body: ... n ...              body: item = LoadListItem; index + 1
//! ```
//!
//! The iterator has that one user, at the end of the loop's head. Frame states that hold it get a description of an iterator at the index that is right there ([`Place`]): at
//! first, before the step, or behind it. Where it cannot be told which, the iterator stays.

use crate::environment::Preloaded;
use crate::function::{Dominators, FrameStateId, Function};
use crate::instr::{Block, Condition, Instr, IntKind, Value};
use crate::types::{Type, ty};
use std::collections::{HashMap, HashSet};

/// Where control is, as seen from the iterator's step.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Place {
    First,
    Before,
    Behind,
}

struct Loop {
    iterator: Value,
    source: Value,
    step: Value,
    head: Block,
    body: Block,
    exit: Block,
    /// Whether the iterator is made in the head: then there is no loop.
    is_straight: bool,
    /// The instructions whose frame states hold the iterator.
    holders: Vec<(Value, Place)>,
}

pub(super) fn run(function: &mut Function, _preloaded: &Preloaded) {
    let iterators: Vec<Value> = function.values().filter(|value| source(function, *value).is_some()).collect();
    for iterator in iterators {
        if let Some(it) = find(function, iterator) {
            replace(function, &it);
        }
    }
}

/// The list or tuple that an instruction makes an iterator of.
fn source(function: &Function, value: Value) -> Option<Value> {
    match *function.instr(value) {
        Instr::GetIter { value } if function.ty(value).fits(ty::ListExact) || function.ty(value).fits(ty::TupleExact) => Some(value),
        _ => None,
    }
}

fn find(function: &Function, iterator: Value) -> Option<Loop> {
    let users = function.users();
    let &[step] = &users[iterator.0 as usize][..] else { return None };
    if !matches!(function.instr(step), Instr::ListIteratorNext { .. } | Instr::TupleIteratorNext { .. }) {
        return None;
    }
    let (home, _) = function.position(iterator)?;
    let (head, index) = function.position(step)?;
    let Instr::CondBranchIterNotDone { item, then: body, otherwise: exit } = *function.instr(function.terminator(head)?) else { return None };
    let is_last = item == step && index + 2 == function.instrs(head).len();
    if !is_last || body == exit || function.preds(body) != [head] || !function.phis(body).is_empty() {
        return None;
    }
    let dominators = function.dominators();
    // What can run behind a step, and before the iterator is made again.
    let behind = reachable(function, body, home);
    let mixes = |pred: &Block| behind.contains(pred) && !dominators.dominates(body, *pred);
    if home != head && function.preds(head).iter().any(mixes) {
        return None;
    }
    let without_head = reachable(function, body, head);
    let mut it = Loop { iterator, source: source(function, iterator)?, step, head, body, exit, is_straight: home == head, holders: Vec::new() };
    for block in function.blocks().filter(|block| dominators.is_reachable(*block)) {
        for &value in function.instrs(block) {
            check_user(function, &dominators, &it, block, value)?;
            if !holds(function, value, iterator) {
                continue;
            }
            let place = if dominators.dominates(body, block) {
                Place::Behind
            } else if without_head.contains(&block) && block != head || function.instr(value).info().steals_frame_state {
                return None;
            } else if dominators.dominates(head, block) {
                Place::Before
            } else if behind.contains(&block) {
                return None;
            } else {
                Place::First
            };
            if function.instr(value).info().steals_frame_state {
                return None;
            }
            it.holders.push((value, place));
        }
    }
    Some(it)
}

/// The item must be used only where there is one.
fn check_user(function: &Function, dominators: &Dominators, it: &Loop, block: Block, value: Value) -> Option<()> {
    let is_behind = |block: Block| dominators.dominates(it.body, block);
    let is_right = if function.instr(value).is_phi() {
        let mut inputs = function.phi_inputs(value).iter().zip(function.preds(block));
        inputs.all(|(input, pred)| *input != it.step || is_behind(*pred))
    } else {
        let uses = function.operands(value).contains(&it.step) || holds(function, value, it.step);
        !uses || is_behind(block) || function.terminator(it.head) == Some(value)
    };
    is_right.then_some(())
}

fn holds(function: &Function, value: Value, held: Value) -> bool {
    function.state_chain(function.frame_state(value)).any(|id| function.state(id).values().any(|place| place == held))
}

/// The blocks that can be reached from one without entering another.
fn reachable(function: &Function, from: Block, avoided: Block) -> HashSet<Block> {
    let mut seen = HashSet::new();
    let mut work = vec![from];
    while let Some(block) = work.pop() {
        if block != avoided && seen.insert(block) {
            work.extend(function.successors(block));
        }
    }
    seen
}

fn replace(function: &mut Function, it: &Loop) {
    let is_list = function.ty(it.source).fits(ty::ListExact);
    let of = if is_list { ty::ListIterator } else { ty::TupleIterator };
    let dominators = function.dominators();
    let Some((home, at)) = function.position(it.iterator) else { return };
    let zero = function.insert_const(home, at, Type::c_int(ty::CInt64, 0));
    let first = describe(function, it.source, zero, of);
    function.replace(it.iterator, first);
    let index = if it.is_straight { zero } else { function.add_phi(it.head, &[]) };
    let before = if it.is_straight {
        it.iterator
    } else {
        let (at, instr) = (function.phis(it.head).len(), describe(function, it.source, index, of));
        function.insert(it.head, at, instr, None)
    };
    branch(function, it, index);
    let load = if is_list { Instr::load_list_item(it.source, index) } else { Instr::load_tuple_item_at(it.source, index) };
    let item = function.insert(it.body, 0, load, None);
    let one = function.insert_const(it.body, 1, Type::c_int(ty::CInt64, 1));
    let next = function.insert(it.body, 2, Instr::int_binary_op(index, one, IntKind::Add), None);
    let behind = describe(function, it.source, next, of);
    let behind = function.insert(it.body, 3, behind, None);
    if !it.is_straight {
        let is_turn = |pred: &Block| dominators.dominates(it.body, *pred);
        let inputs: Vec<Value> = function.preds(it.head).iter().map(|pred| if is_turn(pred) { next } else { zero }).collect();
        function.set_phi_inputs(index, &inputs);
    }
    function.replace_all_uses(it.step, item);
    replace_in_states(function, it, before, behind);
    function.reflow_types();
}

fn describe(function: &mut Function, source: Value, index: Value, of: Type) -> Instr {
    let (parts, ty) = (function.pool.add_values(&[source, index]), function.pool.add_type(of));
    Instr::virtual_object(parts, ty)
}

/// The step becomes a comparison.
fn branch(function: &mut Function, it: &Loop, index: Value) {
    let Some((_, at)) = function.position(it.step) else { return };
    let length = function.insert(it.head, at, Instr::load_length(it.source), None);
    let is_there = function.insert(it.head, at + 1, Instr::primitive_compare(index, length, Condition::Less), None);
    function.remove(it.head, at + 2);
    function.set_terminator(it.head, Instr::cond_branch(is_there, it.body, it.exit), None);
}

fn replace_in_states(function: &mut Function, it: &Loop, before: Value, behind: Value) {
    let mut copies: HashMap<(FrameStateId, Place), FrameStateId> = HashMap::new();
    for &(value, place) in &it.holders {
        let Some(id) = function.frame_state(value) else { continue };
        let name = match place {
            Place::First => it.iterator,
            Place::Before => before,
            Place::Behind => behind,
        };
        match copies.get(&(id, place)) {
            Some(copy) => function.set_frame_state(value, Some(*copy)),
            None => {
                function.replace_in_frame_state(value, &mut |held| if held == it.iterator { name } else { held });
                function.frame_state(value).map(|copy| copies.insert((id, place), copy));
            }
        }
    }
}
