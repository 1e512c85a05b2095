//! Loops over lists, tuples and ranges count instead of stepping an iterator: no object, no call, and no release of the list at the end that anything might come of.
//!
//! ```text
//! it = GetIter list            index 0
//! head: n = ListIteratorNext   head: index = Phi; LoadLength, compare
//!       branch body, exit            branch body, exit
//! body: ... n ...              body: item = LoadListItem; index + 1
//! ```
//!
//! A range that is made for the loop is not made: its arguments are guarded to be tagged ints where the call was, a step that is not known to be positive, and the machine counts from start to stop.
//!
//! So does `enumerate` of a list in a loop that takes its pairs apart.
//!
//! The iterator has that one user, at the end of the loop's head. Frame states that hold it get a description of an iterator at the index that is right there ([`Place`]): at
//! first, before the step, or behind it. Where it cannot be told which, the iterator stays.

use crate::environment::{NativeKind, Preloaded};
use crate::function::{Dominators, FrameStateId, Function, Users};
use crate::instr::{Block, Condition, Instr, IntKind, Value};
use crate::types::{Type, ty};
use rustc_hash::{FxHashMap, FxHashSet};

/// Where control is, as seen from the iterator's step.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Place {
    First,
    Before,
    Behind,
}

/// What is iterated over.
#[derive(Clone, Copy)]
enum Source {
    List(Value),
    Tuple(Value),
    /// A call of `range`, and the step if it is known; one that is not is guarded to be greater than zero.
    Range {
        call: Value,
        step: Option<i64>,
    },
    /// A call of `enumerate` with what is guarded to be a list.
    Enumerate {
        call: Value,
    },
}

/// The numbers that a loop counts with.
struct Count {
    first: Value,
    /// The state of the iterator at a number.
    of: Type,
    /// What comes behind the number among the parts of the description.
    rest: Vec<Value>,
}

struct Loop {
    iterator: Value,
    /// Another name of it, by a guard that will not be needed.
    guarded: Option<Value>,
    source: Source,
    step: Value,
    /// The second value of a step that takes pairs apart.
    second: Option<Value>,
    head: Block,
    body: Block,
    exit: Block,
    /// Whether the iterator is made in the head: then there is no loop.
    is_straight: bool,
    /// The instructions whose frame states hold the iterator.
    holders: Vec<(Value, Place)>,
}

pub(super) fn run(function: &mut Function, preloaded: &Preloaded) {
    let iterators: Vec<Value> = function.values().filter(|value| source(function, preloaded, *value).is_some()).collect();
    for iterator in iterators {
        if let Some(it) = find(function, preloaded, iterator) {
            replace(function, &it);
        }
    }
}

/// What an instruction makes an iterator of.
fn source(function: &Function, preloaded: &Preloaded, value: Value) -> Option<Source> {
    let Instr::GetIter { value } = *function.instr(value) else { return None };
    let ty = function.ty(value);
    let is_guarded = || function.names(value).any(|name| matches!(function.instr(name), Instr::GuardListIteration { .. }));
    if ty.fits(ty::ListExact) || is_guarded() {
        return Some(Source::List(value));
    }
    if ty.fits(ty::TupleExact) {
        return Some(Source::Tuple(value));
    }
    let call = function.model(value);
    range(function, preloaded, call).or_else(|| enumerate(function, preloaded, call))
}

fn enumerate(function: &Function, preloaded: &Preloaded, call: Value) -> Option<Source> {
    let Instr::VectorCall { callable, .. } = *function.instr(call) else { return None };
    let callee = function.ty(callable).known_object()?;
    if preloaded.natives.get(&callee)?.kind != NativeKind::Enumerate {
        return None;
    }
    let &[list] = &range_arguments(function, call)[..] else { return None };
    function.ty(list).could_be(ty::ListExact, &function.classes).then_some(Source::Enumerate { call })
}

fn range(function: &Function, preloaded: &Preloaded, call: Value) -> Option<Source> {
    let callee = match *function.instr(call) {
        Instr::VectorCall { callable, .. } => function.ty(callable).known_object()?,
        Instr::CallNative { callee, .. } => callee,
        _ => return None,
    };
    if preloaded.natives.get(&callee)?.kind != NativeKind::Range {
        return None;
    }
    let args = range_arguments(function, call);
    let step = match args.get(2) {
        Some(step) => function.ty(*step).known_int(),
        None => Some(1),
    };
    if step == Some(0) {
        return None;
    }
    let may_be_small = |arg: &Value| function.ty(*arg).could_be(ty::SmallInt, &function.classes);
    ((1..=3).contains(&args.len()) && args.iter().all(may_be_small)).then_some(Source::Range { call, step })
}

fn range_arguments(function: &Function, call: Value) -> Vec<Value> {
    match *function.instr(call) {
        Instr::VectorCall { args, .. } | Instr::CallNative { args, .. } => function.pool.values(args).to_vec(),
        _ => Vec::new(),
    }
}

/// The iterator's only user, or the guard of its class that is.
fn only_user(function: &Function, users: &[Users], iterator: Value) -> Option<(Value, Option<Value>)> {
    let &[user] = &users[iterator.0 as usize][..] else { return None };
    match function.instr(user) {
        Instr::GuardType { .. } | Instr::RefineType { .. } => {
            let &[step] = &users[user.0 as usize][..] else { return None };
            Some((step, Some(user)))
        }
        _ => Some((user, None)),
    }
}

fn find(function: &Function, preloaded: &Preloaded, iterator: Value) -> Option<Loop> {
    let users = function.users();
    let source = source(function, preloaded, iterator)?;
    let (step, guarded) = only_user(function, &users, iterator)?;
    let is_sure = guarded.is_none_or(|name| matches!(function.instr(name), Instr::RefineType { .. }));
    let is_right = match (source, function.instr(step)) {
        (Source::List(_), Instr::ListIteratorNext { .. }) | (Source::Tuple(_), Instr::TupleIteratorNext { .. }) => is_sure,
        (Source::Range { call, .. }, Instr::RangeIteratorNext { .. }) => is_only_iterated(function, &users, call, iterator),
        (Source::Enumerate { call }, Instr::IterNextPair { .. }) => guarded.is_none() && is_only_iterated(function, &users, call, iterator),
        _ => false,
    };
    if !is_right {
        return None;
    }
    let (home, _) = function.position(iterator)?;
    let (head, index) = function.position(step)?;
    let Instr::CondBranchIterNotDone { item, then: body, otherwise: exit } = *function.instr(function.terminator(head)?) else { return None };
    let takes_apart = matches!(source, Source::Enumerate { .. });
    let second = function.instrs(head).get(index + 1).copied().filter(|_| takes_apart);
    if second.is_some_and(|second| !matches!(function.instr(second), Instr::GetSecondOutput { .. })) {
        return None;
    }
    let is_last = item == step && index + 2 + usize::from(takes_apart) == function.instrs(head).len();
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
    let mut it = Loop { iterator, guarded, source, step, second, head, body, exit, is_straight: home == head, holders: Vec::new() };
    let (held_iterator, held_step) = (holding(function, &[Some(iterator), guarded]), holding(function, &[Some(step), second]));
    for block in function.blocks().filter(|block| dominators.is_reachable(*block)) {
        for &value in function.instrs(block) {
            check_user(function, &dominators, &it, &held_step, block, value)?;
            let is_held = function.frame_state(value).is_some_and(|state| held_iterator[state.0 as usize]);
            if !is_held || Some(value) == guarded {
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

/// Whether a range has no other use, is made where a guard can stand, and is handed over to no frame.
fn is_only_iterated(function: &Function, users: &[Users], call: Value, iterator: Value) -> bool {
    // A value that was refined by another name may be held under that.
    let refined = function.operands(iterator)[0];
    let mut user = iterator;
    for name in function.names(refined) {
        if users[name.0 as usize][..] != [user] {
            return false;
        }
        user = name;
    }
    let steals = |value: Value| function.instr(value).info().steals_frame_state && [call, refined].iter().any(|held| holds(function, value, *held));
    let has_state = function.position(call).is_some_and(|(block, index)| function.state_for_guard(block, index).is_some());
    has_state && !function.values().any(steals)
}

/// The item must be used only where there is one.
fn check_user(function: &Function, dominators: &Dominators, it: &Loop, held_step: &[bool], block: Block, value: Value) -> Option<()> {
    let is_behind = |block: Block| dominators.dominates(it.body, block);
    let is_item = |value: Value| value == it.step || Some(value) == it.second;
    let is_right = if Some(value) == it.second {
        true
    } else if function.instr(value).is_phi() {
        let mut inputs = function.phi_inputs(value).iter().zip(function.preds(block));
        inputs.all(|(input, pred)| !is_item(*input) || is_behind(*pred))
    } else {
        let is_held = function.frame_state(value).is_some_and(|state| held_step[state.0 as usize]);
        let uses = is_held || function.operands(value).into_iter().any(is_item);
        !uses || is_behind(block) || function.terminator(it.head) == Some(value)
    };
    is_right.then_some(())
}

/// Which frame states hold one of the values, themselves or in a caller's.
fn holding(function: &Function, values: &[Option<Value>; 2]) -> Vec<bool> {
    let holds = |id: FrameStateId| function.state(id).values().any(|place| values.contains(&Some(place)));
    let own: Vec<bool> = (0..function.frame_state_limit() as u32).map(|id| holds(FrameStateId(id))).collect();
    let in_chain = |id: u32| function.state_chain(Some(FrameStateId(id))).any(|id| own[id.0 as usize]);
    (0..function.frame_state_limit() as u32).map(in_chain).collect()
}

fn holds(function: &Function, value: Value, held: Value) -> bool {
    function.state_chain(function.frame_state(value)).any(|id| function.state(id).values().any(|place| place == held))
}

/// The blocks that can be reached from one without entering another.
fn reachable(function: &Function, from: Block, avoided: Block) -> FxHashSet<Block> {
    let mut seen = FxHashSet::default();
    let mut work = vec![from];
    while let Some(block) = work.pop() {
        if block != avoided && seen.insert(block) {
            work.extend(function.successors(block));
        }
    }
    seen
}

fn replace(function: &mut Function, it: &Loop) {
    let dominators = function.dominators();
    let Some(count) = count(function, it) else { return };
    let first = describe(function, &count, count.first);
    function.replace(it.iterator, first);
    let number = if it.is_straight { count.first } else { function.add_phi(it.head, &[]) };
    let before = if it.is_straight {
        it.iterator
    } else {
        let (at, instr) = (function.phis(it.head).len(), describe(function, &count, number));
        function.insert(it.head, at, instr, None)
    };
    branch(function, it, number, &count);
    let (item, next) = (item(it.source, number), step_of(it.source));
    let item = function.insert(it.body, 0, item, None);
    let one = match next {
        Some(next) => function.insert_const(it.body, 1, Type::c_int(ty::CInt64, next)),
        None => count.rest[1],
    };
    let at = 1 + usize::from(next.is_some());
    let next = function.insert(it.body, at, Instr::int_binary_op(number, one, IntKind::Add), None);
    let behind = describe(function, &count, next);
    let behind = function.insert(it.body, at + 1, behind, None);
    if !it.is_straight {
        let is_turn = |pred: &Block| dominators.dominates(it.body, *pred);
        let inputs: Vec<Value> = function.preds(it.head).iter().map(|pred| if is_turn(pred) { next } else { count.first }).collect();
        function.set_phi_inputs(number, &inputs);
    }
    if let (Some(second), Source::Enumerate { .. }) = (it.second, it.source) {
        let loaded = function.insert(it.body, 0, Instr::load_list_item(count.rest[0], number), None);
        function.replace_all_uses(second, loaded);
    }
    function.replace_all_uses(it.step, item);
    replace_in_states(function, it, before, behind);
    if let Some(guarded) = it.guarded {
        function.replace_all_uses(guarded, it.iterator);
        if let Some((block, at)) = function.position(guarded) {
            function.remove(block, at);
        }
    }
    function.reflow_types();
}

fn item(source: Source, number: Value) -> Instr {
    match source {
        Source::List(list) => Instr::load_list_item(list, number),
        Source::Tuple(tuple) => Instr::load_tuple_item_at(tuple, number),
        Source::Range { .. } | Source::Enumerate { .. } => Instr::small_int_box_unchecked(number),
    }
}

fn step_of(source: Source) -> Option<i64> {
    match source {
        Source::List(_) | Source::Tuple(_) | Source::Enumerate { .. } => Some(1),
        Source::Range { step, .. } => step,
    }
}

/// Makes the numbers to count with.
fn count(function: &mut Function, it: &Loop) -> Option<Count> {
    let (home, at) = function.position(it.iterator)?;
    match it.source {
        Source::List(source) | Source::Tuple(source) => {
            let first = function.insert_const(home, at, Type::c_int(ty::CInt64, 0));
            let of = if matches!(it.source, Source::List(_)) { ty::ListIterator } else { ty::TupleIterator };
            Some(Count { first, of, rest: vec![source] })
        }
        Source::Range { call, step } => Some(count_range(function, call, step)?),
        Source::Enumerate { call } => count_list(function, call),
    }
}

/// The call becomes a guard of its argument and the description of what it would give.
fn count_list(function: &mut Function, call: Value) -> Option<Count> {
    let names: Vec<Value> = function.values().filter(|name| *name != call && function.model(*name) == call).collect();
    let (block, at) = function.position(call)?;
    let state = function.state_for_guard(block, at)?;
    let &[arg] = &range_arguments(function, call)[..] else { return None };
    function.replace_uses(&names.into_iter().map(|name| (name, call)).collect());
    let (list, at) = if function.ty(arg).fits(ty::ListExact) {
        (arg, at)
    } else {
        let exact = function.pool.add_type(ty::ListExact);
        (function.insert(block, at, Instr::guard_type(arg, exact), Some(state)), at + 1)
    };
    let first = function.insert_const(block, at, Type::c_int(ty::CInt64, 0));
    let (parts, ty) = (function.pool.add_values(&[list, first]), function.pool.add_type(ty::Enumerate));
    function.replace(call, Instr::virtual_object(parts, ty));
    Some(Count { first, of: ty::Enumerate, rest: vec![list] })
}

/// The call becomes guards of its arguments and the description of a range, for states that hold it.
fn count_range(function: &mut Function, call: Value, step: Option<i64>) -> Option<Count> {
    // States hold the description itself, not other names of it.
    let names: Vec<Value> = function.values().filter(|name| *name != call && function.model(*name) == call).collect();
    function.replace_uses(&names.into_iter().map(|name| (name, call)).collect());
    let (block, mut at) = function.position(call)?;
    let state = function.state_for_guard(block, at)?;
    let small = function.pool.add_type(ty::SmallInt);
    let mut numbers = Vec::new();
    for arg in range_arguments(function, call) {
        let is_small = function.ty(arg).fits(ty::SmallInt);
        let arg = if is_small { arg } else { function.insert(block, at, Instr::guard_type(arg, small), Some(state)) };
        at += usize::from(!is_small);
        numbers.push(function.insert(block, at, Instr::small_int_unbox(arg), None));
        at += 1;
    }
    let constant = |function: &mut Function, at: usize, value: i64| function.insert_const(block, at, Type::c_int(ty::CInt64, value));
    let step = match step {
        Some(step) => constant(function, at, step),
        None => {
            let step = *numbers.get(2)?;
            let zero = constant(function, at, 0);
            let is_forward = function.insert(block, at + 1, Instr::primitive_compare(step, zero, Condition::Greater), None);
            function.insert(block, at + 2, Instr::guard(is_forward), Some(state));
            at += 3;
            step
        }
    };
    let (first, last) = match numbers[..] {
        [last] => (constant(function, at, 0), last),
        [first, last, ..] => (first, last),
        [] => return None,
    };
    let (parts, ty) = (function.pool.add_values(&[first, last, step]), function.pool.add_type(ty::Range));
    function.replace(call, Instr::virtual_object(parts, ty));
    Some(Count { first, of: ty::RangeIterator, rest: vec![last, step] })
}

/// An iterator that comes to this number next.
fn describe(function: &mut Function, count: &Count, number: Value) -> Instr {
    let parts = match count.rest[..] {
        [source] => vec![source, number],
        _ => [vec![number], count.rest.clone()].concat(),
    };
    let (parts, ty) = (function.pool.add_values(&parts), function.pool.add_type(count.of));
    Instr::virtual_object(parts, ty)
}

/// The step becomes a comparison.
fn branch(function: &mut Function, it: &Loop, number: Value, count: &Count) {
    let Some((_, mut at)) = function.position(it.step) else { return };
    let (end, op) = match it.source {
        Source::List(source) | Source::Tuple(source) => {
            at += 1;
            (function.insert(it.head, at - 1, Instr::load_length(source), None), Condition::Less)
        }
        Source::Enumerate { .. } => {
            at += 1;
            (function.insert(it.head, at - 1, Instr::load_length(count.rest[0]), None), Condition::Less)
        }
        Source::Range { step, .. } => (count.rest[0], if step.is_none_or(|step| step > 0) { Condition::Less } else { Condition::Greater }),
    };
    let is_there = function.insert(it.head, at, Instr::primitive_compare(number, end, op), None);
    function.remove(it.head, at + 1);
    if it.second.is_some() {
        function.remove(it.head, at + 1);
    }
    function.set_terminator(it.head, Instr::cond_branch(is_there, it.body, it.exit), None);
}

fn replace_in_states(function: &mut Function, it: &Loop, before: Value, behind: Value) {
    let mut copies: FxHashMap<(FrameStateId, Place), FrameStateId> = FxHashMap::default();
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
                function.replace_in_frame_state(value, &mut |held| if held == it.iterator || Some(held) == it.guarded { name } else { held });
                function.frame_state(value).map(|copy| copies.insert((id, place), copy));
            }
        }
    }
}
